"""Reading accounts: the actor of a session, people of an organisation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from portal.accounts.models import Consent, Organisation, Person, RoleRow, SignIn, person_role
from portal.accounts.rules import OrganisationKind, Role, needs_second_factor
from portal.base.access import Actor
from portal.base.db import session


def actor_of(person: Person) -> Actor:
    """The actor that a person is now: roles from the rows, never from the session.

    A role that asks for a second factor gives nothing while none is set up.
    """
    roles = person.role_names
    if needs_second_factor(roles) and not person.tf_totp_secret:
        roles = frozenset()
    return Actor(
        id=person.id,
        roles=roles,
        organisation_id=person.organisation_id,
        region=person.organisation.region if person.organisation else None,
        name=person.name,
    )


def open_sign_in(token_hash: str) -> SignIn | None:
    """The running session of a cookie's token."""
    return session.scalar(sa.select(SignIn).where(SignIn.token_hash == token_hash, SignIn.ended_at.is_(None)))


def person_by_email(email: str) -> Person | None:
    return session.scalar(sa.select(Person).where(sa.func.lower(Person.email) == email.strip().lower()))


def people_with_role(role: Role) -> Sequence[Person]:
    """Active people who hold a role, by name."""
    return session.scalars(
        sa.select(Person)
        .join(person_role, person_role.c.person_id == Person.id)
        .join(RoleRow, RoleRow.id == person_role.c.role_id)
        .where(RoleRow.name == role, Person.active.is_(True))
        .order_by(Person.name, Person.id)
    ).all()


def members(organisation_id: int) -> Sequence[Person]:
    """Active people of an organisation (for letters to a firm and for its own list of colleagues)."""
    return session.scalars(
        sa.select(Person).where(Person.organisation_id == organisation_id, Person.active.is_(True)).order_by(Person.id)
    ).all()


def organisation_by_number(registration_number: str, kind: str) -> Organisation | None:
    return session.scalar(
        sa.select(Organisation).where(
            Organisation.registration_number == registration_number, Organisation.kind == kind
        )
    )


def agency_by_name(name: str) -> Organisation | None:
    return session.scalar(
        sa.select(Organisation)
        .where(Organisation.kind == OrganisationKind.AGENCY, Organisation.name == name)
        .order_by(Organisation.id)
        .limit(1)
    )


def own_sign_ins(actor: Actor) -> Sequence[SignIn]:
    """The actor's own running sessions, newest first."""
    return session.scalars(
        sa.select(SignIn)
        .where(SignIn.person_id == actor.id, SignIn.ended_at.is_(None))
        .order_by(SignIn.seen_at.desc(), SignIn.id.desc())
    ).all()


def own_consents(actor: Actor) -> dict[str, datetime]:
    """purpose → since when the actor agrees to it."""
    rows = session.execute(
        sa.select(Consent.purpose, Consent.given_at).where(
            Consent.person_id == actor.id, Consent.withdrawn_at.is_(None)
        )
    )
    return {purpose: since for purpose, since in rows}


def own_account(actor: Actor) -> Person:
    return session.get_one(Person, actor.id)


def accounts_exist() -> bool:
    """Whether anybody has an account here."""
    return session.scalar(sa.select(Person.id).limit(1)) is not None
