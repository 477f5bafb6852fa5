"""Writing accounts: organisations and people come to be, sessions begin and end."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection
from datetime import timedelta

import sqlalchemy as sa
from itsdangerous import BadData, URLSafeTimedSerializer

from portal.accounts.models import Consent, Organisation, Person, RoleRow, SignIn
from portal.accounts.queries import agency_by_name, organisation_by_number, person_by_email
from portal.accounts.rules import (
    COLLEAGUE_ROLE,
    INVITATION_DAYS,
    OWNER_ROLE,
    PURPOSES,
    OrganisationKind,
    Role,
    check_registration_number,
    normal_email,
    normal_phone,
)
from portal.base import audit, clock, mail
from portal.base.access import ANONYMOUS, Actor, NotVisible, RuleBroken, RulesBroken
from portal.base.audit import digest
from portal.base.db import session, transaction

SEEN_EVERY = timedelta(minutes=5)


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


def sign_up(
    *,
    kind: OrganisationKind,
    registration_number: str,
    organisation_name: str,
    email: str,
    name: str,
    phone: str,
    password_hash: str,
    consents: set[str],
) -> Person | None:
    """A firm's first person signs up: organisation and account in one go; the e-mail still waits for confirmation.

    Returns: the person; None when the e-mail already has an account (its owner gets a letter, the screen says the
             same as for a new one, so that nobody can find out who is a member).
    Raises : RulesBroken with every refusal at once (number, e-mail, phone, missing required consent).
    """
    broken: list[RuleBroken] = []

    def tried(check: Callable[[str], str], value: str) -> str:
        try:
            return check(value)
        except RuleBroken as refusal:
            broken.append(refusal)
            return value

    number = tried(check_registration_number, registration_number)
    email, phone = tried(normal_email, email), tried(normal_phone, phone)
    broken += [
        RuleBroken("consent_needed", f"consent_{purpose.code}")
        for purpose in PURPOSES
        if purpose.required and purpose.code not in consents
    ]
    with transaction():
        if not broken and (member := person_by_email(email)):
            mail.queue(member.email, "already_member", "ko", f"already_member:{member.id}:{clock.today()}")
            return None
        if organisation_by_number(number, kind):
            broken.append(RuleBroken("brn_taken", "registration_number"))
        if broken:
            raise RulesBroken(broken)
        organisation = add_organisation(ANONYMOUS, kind, organisation_name, registration_number=number)
        return add_person(
            ANONYMOUS,
            email=email,
            name=name,
            roles={OWNER_ROLE[kind]},
            password_hash=password_hash,
            phone=phone,
            organisation=organisation,
            consents={purpose.code: purpose.text_version for purpose in PURPOSES if purpose.code in consents},
        )


def set_second_factor(actor: Actor, person: Person, totp_secret: str) -> None:
    """Set up the second factor of an account that is prepared for somebody (the demo's people).

    totp_secret: as Flask-Security's TOTP factory makes it
    """
    with transaction():
        person.tf_totp_secret, person.tf_primary_method = totp_secret, "authenticator"
        audit.record(actor, "person.set_second_factor", "person", person.id)


def edit_person(actor: Actor, *, name: str, phone: str, language: str) -> None:
    """The actor's own name, phone and language. Raises: RuleBroken phone_invalid."""
    phone = normal_phone(phone) if phone else ""
    with transaction():
        person = session.get(Person, actor.id)
        before = (person.name, person.phone or "", person.language)
        person.name, person.phone, person.language = name, phone or None, language
        changed = [
            field
            for field, old, new in zip(("name", "phone", "language"), before, (name, phone, language), strict=True)
            if old != new
        ]
        audit.record(actor, "person.edit", "person", person.id, {"fields": changed})


def change_roles(actor: Actor, person: Person, *, give: Collection[Role] = (), take: Collection[Role] = ()) -> None:
    """Give and take roles of one person; who calls has checked the right to do so.

    Notes: every session of the person ends, so that the next one begins with the rights (and the second factor) of now
    """
    with transaction():
        before = person.role_names
        after = (before | {role.value for role in give}) - {role.value for role in take}
        if after == before:
            return
        person.roles = [role_row(Role(name)) for name in sorted(after)]
        end_all_sessions(actor, person.id)
        audit.record(
            actor,
            "person.change_roles",
            "person",
            person.id,
            {"given": sorted(after - before), "taken": sorted(before - after)},
        )


def change_consent(actor: Actor, code: str, given: bool) -> None:
    """Give or take back an optional consent; a required one ends only with the account."""
    purpose = next((purpose for purpose in PURPOSES if purpose.code == code and not purpose.required), None)
    if purpose is None:
        raise NotVisible
    with transaction():
        running = session.scalar(
            sa.select(Consent).where(
                Consent.person_id == actor.id, Consent.purpose == code, Consent.withdrawn_at.is_(None)
            )
        )
        if given == (running is not None):
            return
        if given:
            session.add(Consent(person_id=actor.id, purpose=code, text_version=purpose.text_version))
        else:
            running.withdrawn_at = clock.now()
        audit.record(actor, "consent.give" if given else "consent.withdraw", "person", actor.id, {"purpose": code})


def invite_colleague(actor: Actor, *, email: str, name: str) -> Person:
    """Add a colleague to the actor's own organisation; a letter carries the link by which they set a password.

    Raises: RuleBroken email_invalid, email_taken.
    """
    email = normal_email(email)
    with transaction():
        if person_by_email(email):
            raise RuleBroken("email_taken", "email")
        organisation = session.get(Organisation, actor.organisation_id)
        person = add_person(
            actor, email=email, name=name, roles={COLLEAGUE_ROLE[organisation.kind]}, organisation=organisation
        )
        send_invitation(person, organisation.name)
        return person


def invite_person(
    actor: Actor, *, email: str, name: str, role: Role, agency: str = "", region: str | None = None
) -> Person:
    """Invite somebody who can't sign up alone: evaluators, chairs, operators, auditors.

    agency: name of the agency that the person works for; made when there is none of that name (operators, auditors)
    Raises: RuleBroken email_invalid, email_taken.
    """
    email = normal_email(email)
    with transaction():
        if person_by_email(email):
            raise RuleBroken("email_taken", "email")
        organisation = None
        if agency:
            organisation = agency_by_name(agency) or add_organisation(
                actor, OrganisationKind.AGENCY, agency, region=region
            )
        person = add_person(actor, email=email, name=name, roles={role}, organisation=organisation)
        send_invitation(person, agency or "제조혁신포털")
        return person


def send_invitation(person: Person, inviter: str) -> None:
    """Queue the letter with the invitation's link, in the current transaction."""
    mail.queue(
        person.email,
        "invitation",
        person.language,
        f"invitation:{person.id}:{clock.now():%Y%m%d%H%M%S}",
        name=person.name,
        inviter=inviter,
        days=INVITATION_DAYS,
        path=f"/invitation/{invitation_token(person)}",
    )


def _invitations() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(audit.digest("invitation"), salt="invitation")


def invitation_token(person: Person) -> str:
    return _invitations().dumps([person.key, person.fs_uniquifier])


def invited_person(token: str) -> Person:
    """Whom an invitation's link is for. Raises: RuleBroken("invitation_invalid") when expired, forged or used."""
    try:
        key, uniquifier = _invitations().loads(token, max_age=INVITATION_DAYS * 86400)
    except BadData:
        raise RuleBroken("invitation_invalid") from None
    person = session.scalar(
        sa.select(Person).where(Person.key == key, Person.fs_uniquifier == uniquifier, Person.password.is_(None))
    )
    if person is None or not person.active:
        raise RuleBroken("invitation_invalid")
    return person


def accept_invitation(token: str, *, name: str, password_hash: str, consents: set[str]) -> Person:
    """The invited person sets name, password and consents; the link proves the e-mail.

    Raises: RuleBroken invitation_invalid, consent_needed.
    """
    missing = [
        RuleBroken("consent_needed", f"consent_{purpose.code}")
        for purpose in PURPOSES
        if purpose.required and purpose.code not in consents
    ]
    if missing:
        raise RulesBroken(missing)
    with transaction():
        person = invited_person(token)
        person.name, person.password, person.confirmed_at = name, password_hash, clock.now()
        for purpose in PURPOSES:
            if purpose.code in consents:
                session.add(Consent(person_id=person.id, purpose=purpose.code, text_version=purpose.text_version))
        audit.record(
            Actor(id=person.id), "person.accept_invitation", "person", person.id, {"consents": sorted(consents)}
        )
        return person


def remove_colleague(actor: Actor, key: str) -> None:
    """Close a colleague's account: rights and sessions end at their next request.

    Raises: NotVisible for other firms' people; RuleBroken("not_a_colleague") for oneself.
    """
    with transaction():
        person = session.scalar(
            sa.select(Person).where(
                Person.key == key, Person.organisation_id == actor.organisation_id, Person.active.is_(True)
            )
        )
        if person is None or actor.organisation_id is None:
            raise NotVisible
        if person.id == actor.id:
            raise RuleBroken("not_a_colleague")
        person.active = False
        person.fs_uniquifier = secrets.token_hex(32)
        end_all_sessions(actor, person.id)
        audit.record(actor, "person.remove", "person", person.id)


# --- sessions ---------------------------------------------------------------------------------------------


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def begin_session(person: Person, device: str = "") -> str:
    """Open a session row; returns the token that the cookie carries (the row keeps its hash only)."""
    token = secrets.token_urlsafe(32)
    with transaction(keep_pending=True):  # Flask-Security may have upgraded the password's hash just before
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
