"""Writing accounts: organisations and people come to be, sessions begin and end."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

import sqlalchemy as sa

from portal.accounts.models import Consent, Organisation, Person, RoleRow, SignIn
from portal.accounts.queries import organisation_by_number
from portal.accounts.rules import OrganisationKind, Role
from portal.base import audit, clock
from portal.base.access import Actor, RuleBroken
from portal.base.audit import digest
from portal.base.db import session, transaction

SEEN_EVERY = timedelta(minutes=5)


def check_registration_number(number: str) -> str:
    """The ten digits of a 사업자등록번호 whose check digit is right.

    Raises: RuleBroken("brn_invalid", "registration_number").
    Source: check-digit rule of the National Tax Service, as python-stdnum implements it.
    """
    from stdnum.kr import brn  # only sign-up needs it

    digits = brn.compact(number)
    if not brn.is_valid(digits):
        raise RuleBroken("brn_invalid", "registration_number")
    return digits


def add_organisation(
    actor: Actor,
    kind: OrganisationKind,
    name: str,
    *,
    registration_number: str | None = None,
    region: str | None = None,
) -> Organisation:
    """A new organisation.

    Raises: RuleBroken brn_invalid, brn_taken on the field registration_number.
    """
    with transaction():
        if registration_number is not None:
            registration_number = check_registration_number(registration_number)
            if organisation_by_number(registration_number, kind):
                raise RuleBroken("brn_taken", "registration_number")
        row = Organisation(kind=kind, name=name, registration_number=registration_number, region=region)
        session.add(row)
        session.flush()
        audit.record(
            actor,
            "organisation.add",
            "organisation",
            row.id,
            {"kind": kind.value, "number": digest(registration_number) if registration_number else None},
        )
        return row


def role_row(role: Role) -> RoleRow:
    row = session.scalar(sa.select(RoleRow).where(RoleRow.name == role.value))
    if row is None:
        row = RoleRow(name=role.value, description=role.label.ko)
        session.add(row)
        session.flush()
    return row


def add_person(
    actor: Actor,
    *,
    email: str,
    name: str,
    roles: set[Role],
    password_hash: str | None = None,
    phone: str | None = None,
    organisation: Organisation | None = None,
    confirmed: bool = False,
    consents: dict[str, str] | None = None,
) -> Person:
    """A new account; who calls has hashed the password (Flask-Security's `hash_password`).

    consents: purpose → version of the text that was agreed to
    """
    with transaction():
        person = Person(
            email=email.strip().lower(),
            name=name,
            password=password_hash,
            phone=phone,
            organisation_id=organisation.id if organisation else None,
            organisation=organisation,
            roles=[role_row(role) for role in sorted(roles)],
            confirmed_at=clock.now() if confirmed else None,
        )
        session.add(person)
        session.flush()
        for purpose, version in (consents or {}).items():
            session.add(Consent(person_id=person.id, purpose=purpose, text_version=version))
        audit.record(
            actor if actor.id or actor.is_system else Actor(id=person.id),
            "person.add",
            "person",
            person.id,
            {
                "email": digest(person.email),
                "roles": sorted(role.value for role in roles),
                "organisation": person.organisation_id,
                "consents": sorted(consents or {}),
            },
        )
        return person


# --- sessions ---------------------------------------------------------------------------------------------


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def begin_session(person: Person, device: str = "") -> str:
    """Open a session row; returns the token that the cookie carries (the row keeps its hash only)."""
    token = secrets.token_urlsafe(32)
    with transaction():
        row = SignIn(token_hash=token_hash(token), person_id=person.id, device=device[:80])
        session.add(row)
        session.flush()
        audit.record(Actor(id=person.id), "session.begin", "sign_in", row.id)
    return token


def end_session(actor: Actor, sign_in_id: int) -> None:
    """End one of the actor's own sessions."""
    with transaction():
        row = session.scalar(
            sa.select(SignIn).where(SignIn.id == sign_in_id, SignIn.person_id == actor.id, SignIn.ended_at.is_(None))
        )
        if row is not None:
            row.ended_at = clock.now()
            audit.record(actor, "session.end", "sign_in", row.id)


def end_all_sessions(actor: Actor, person_id: int, *, but: int | None = None) -> None:
    """End every session of a person (password change, role taken away, lost device)."""
    with transaction():
        ended = session.execute(
            sa.update(SignIn)
            .where(SignIn.person_id == person_id, SignIn.ended_at.is_(None), SignIn.id != (but or 0))
            .values(ended_at=clock.now())
        ).rowcount
        audit.record(actor, "session.end_all", "person", person_id, {"ended": ended})


def touch_session(row: SignIn) -> None:
    """Note that a session is in use, at most every few minutes: reading a page is no write otherwise."""
    if clock.now() - row.seen_at > SEEN_EVERY:
        row_id = row.id
        with transaction():
            session.execute(sa.update(SignIn).where(SignIn.id == row_id).values(seen_at=clock.now()))
