"""Who stands in the pool: the own entry, the operators' lists, and what the assignment and the conflicts read."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from portal.accounts import queries as accounts
from portal.accounts.models import Organisation, Person
from portal.accounts.rules import Role
from portal.base import clock
from portal.base.db import session
from portal.evaluators import rules
from portal.evaluators.models import Absence, Career, Membership
from portal.evaluators.rules import CareerKind, PoolStatus

PAGE_SIZE = 30


# --- what the assignment reads (services only) ----------------------------------------------------------------


@dataclass(frozen=True)
class PoolMember:
    """Somebody who may be seated now.

    capacity, min_load: most and least cases in one call
    technologies      : codes of reference.Technology; industries: KSIC divisions
    text              : what the person says of the own work, for the affinity
    """

    person_id: int
    name: str
    organisation_id: int | None
    region: str | None
    capacity: int
    min_load: int
    technologies: frozenset[str]
    industries: frozenset[str]
    text: str


def available(on: date | None = None, role: Role = Role.EVALUATOR) -> list[PoolMember]:
    """Everybody in the pool who holds the role and is not absent on a day, by id.

    on  : default today in Korea
    role: EVALUATOR for reviewers, LEAD_EVALUATOR for chairs
    Notes: who holds the role without an entry counts with the defaults; three statements whatever the size
    """
    people = accounts.people_with_role(role)
    rows = {row.person_id: row for row in session.scalars(sa.select(Membership))}
    away = _absent_on(on or clock.today())
    members = []
    for person in people:
        row = rows.get(person.id)
        if person.id in away or (row is not None and row.status is not PoolStatus.ACTIVE):
            continue
        members.append(_member(person, row))
    return sorted(members, key=lambda member: member.person_id)


def _member(person: Person, row: Membership | None) -> PoolMember:
    organisation = person.organisation
    return PoolMember(
        person_id=person.id,
        name=person.name,
        organisation_id=person.organisation_id,
        region=(row.region if row else None) or (organisation.region if organisation else None),
        capacity=row.capacity if row else rules.DEFAULT_CAPACITY,
        min_load=row.min_load if row else 0,
        technologies=frozenset(row.technologies if row else ()),
        industries=frozenset(row.industries if row else ()),
        text=row.text if row else "",
    )


def _absent_on(day: date) -> frozenset[int]:
    return frozenset(
        session.scalars(sa.select(Absence.person_id).where(Absence.from_on <= day, Absence.to_on >= day))
    )


def is_available(person_id: int, on: date | None = None) -> bool:
    """Whether somebody may take a new case: in the pool (or without an entry) and not absent."""
    row = session.scalar(sa.select(Membership).where(Membership.person_id == person_id))
    return (row is None or row.status is PoolStatus.ACTIVE) and person_id not in _absent_on(on or clock.today())


@dataclass(frozen=True)
class CareerLine:
    """A declared tie of an evaluator. organisation_id: the portal's organisation of that number, where there is one."""

    person_id: int
    kind: CareerKind
    organisation_id: int | None
    name: str
    registration_number: str | None
    from_on: date | None
    to_on: date | None


def careers(person_ids: Collection[int] | None = None) -> list[CareerLine]:
    """What evaluators declared of their ties to firms; all of them without `person_ids`.

    Notes: a number that stands for two organisations (a firm that is a supplier too) gives a line for each
    """
    wanted = (
        sa.select(Career, Membership.person_id, Organisation.id)
        .join(Membership, Membership.id == Career.membership_id)
        .outerjoin(Organisation, Organisation.registration_number == Career.registration_number)
        .order_by(Membership.person_id, Career.id, Organisation.id)
    )
    if person_ids is not None:
        wanted = wanted.where(Membership.person_id.in_(list(person_ids)))
    return [
        CareerLine(person_id, row.kind, organisation_id, row.name, row.registration_number, row.from_on, row.to_on)
        for row, person_id, organisation_id in session.execute(wanted)
    ]
