"""Who stands in the pool: the own entry, the operators' lists, and what the assignment and the conflicts read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from portal.accounts import queries as accounts
from portal.accounts.models import Organisation, Person, RoleRow, person_role
from portal.accounts.rules import EVALUATORS, Role
from portal.base import clock
from portal.base.access import Actor, NotVisible
from portal.base.db import session
from portal.base.paging import Page, paginate
from portal.evaluators import rules
from portal.evaluators.models import Absence, Career, Membership, PoolPaper
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
    return frozenset(session.scalars(sa.select(Absence.person_id).where(Absence.from_on <= day, Absence.to_on >= day)))


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


# --- the own entry --------------------------------------------------------------------------------------------

FACTS = ("ground", "years", "region", "technologies", "industries", "text", "capacity", "min_load")


def of_person(person_id: int, *, lock: bool = False) -> Membership | None:
    wanted = sa.select(Membership).where(Membership.person_id == person_id)
    if lock:
        wanted = wanted.with_for_update(of=Membership).execution_options(populate_existing=True)
    return session.scalar(wanted)


def career_facts(row: Career) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "name": row.name,
        "registration_number": row.registration_number,
        "from_on": row.from_on,
        "to_on": row.to_on,
    }


def facts_of(row: Membership) -> dict[str, Any]:
    """The entry as plain data, as `service.save_entry` takes it."""
    return {
        **{name: getattr(row, name) for name in FACTS},
        "careers": [career_facts(one) for one in row.careers],
    }


def own(actor: Actor) -> Membership | None:
    """The actor's own entry."""
    if actor.id is None:
        return None
    return session.scalar(
        sa.select(Membership)
        .where(Membership.person_id == actor.id)
        .options(selectinload(Membership.papers), selectinload(Membership.careers))
    )


def own_paper(actor: Actor, key: str) -> PoolPaper:
    """Raises: NotVisible."""
    row = session.scalar(
        sa.select(PoolPaper)
        .join(Membership, Membership.id == PoolPaper.membership_id)
        .where(PoolPaper.key == key, Membership.person_id == actor.id)
    )
    if row is None:
        raise NotVisible
    return row


def own_absences(actor: Actor) -> Sequence[Absence]:
    """The actor's own days of absence that are not over, the next ones first."""
    return session.scalars(
        sa.select(Absence)
        .where(Absence.person_id == actor.id, Absence.to_on >= clock.today())
        .order_by(Absence.from_on, Absence.id)
    ).all()


def own_absence(actor: Actor, key: str) -> Absence:
    """Raises: NotVisible."""
    row = session.scalar(sa.select(Absence).where(Absence.key == key, Absence.person_id == actor.id))
    if row is None:
        raise NotVisible
    return row


# --- the operators' list --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One person as operators see them: with an entry, or an evaluator without one."""

    person: Person
    row: Membership | None
    is_away: bool = False

    @property
    def status(self) -> PoolStatus:
        return self.row.status if self.row else PoolStatus.ACTIVE

    @property
    def is_checked(self) -> bool:
        return self.row is not None and self.row.checked_at is not None


@dataclass(frozen=True)
class PoolFilters:
    """which: applied, active, unchecked, away, refused, removed or all."""

    which: str = "applied"
    text: str = ""
    technology: str = ""
    industry: str = ""
    region: str = ""


WHICH = ("applied", "active", "unchecked", "away", "refused", "removed", "all")


def visible_to(actor: Actor) -> sa.Select[tuple[Person]]:
    """People of the pool, for operators of the agency and auditors: who handed in an entry, and every evaluator.

    A draft is nobody's business but its writer's.
    """
    holds = sa.exists(
        sa.select(person_role.c.person_id)
        .join(RoleRow, RoleRow.id == person_role.c.role_id)
        .where(person_role.c.person_id == Person.id, RoleRow.name.in_([role.value for role in EVALUATORS]))
    )
    return (
        sa.select(Person)
        .outerjoin(Membership, Membership.person_id == Person.id)
        .where(
            sa.true() if actor.is_system or actor.has(*rules.READERS) else sa.false(),
            sa.or_(Membership.status != PoolStatus.DRAFT, sa.and_(Membership.id.is_(None), holds)),
        )
    )


def _pool(actor: Actor, filters: PoolFilters) -> sa.Select[tuple[Person]]:
    wanted = visible_to(actor)
    in_pool = sa.or_(Membership.id.is_(None), Membership.status == PoolStatus.ACTIVE)
    today = clock.today()
    away = sa.exists().where(Absence.person_id == Person.id, Absence.from_on <= today, Absence.to_on >= today)
    if filters.which == "active":
        wanted = wanted.where(in_pool)
    elif filters.which == "unchecked":
        wanted = wanted.where(in_pool, Membership.checked_at.is_(None))
    elif filters.which == "away":
        wanted = wanted.where(in_pool, away)
    elif filters.which in set(PoolStatus):
        wanted = wanted.where(Membership.status == PoolStatus(filters.which))
    for word in filters.text.split()[:8]:
        wanted = wanted.where(Person.name.icontains(word, autoescape=True))
    if filters.technology:
        wanted = wanted.where(_names(Membership.technologies, filters.technology))
    if filters.industry:
        wanted = wanted.where(_names(Membership.industries, filters.industry))
    if filters.region:
        wanted = wanted.where(Membership.region == filters.region)
    return wanted


def _names(column: Any, code: str) -> sa.ColumnElement[bool]:
    """Whether a JSON list holds a code; codes hold no quotes, so its text tells."""
    return sa.cast(column, sa.String).contains(f'"{code}"', autoescape=True)


def pool(actor: Actor, filters: PoolFilters, number: int = 1) -> Page[Entry]:
    """The operators' list: applications in the order in which they came in, the others by name."""
    order = (Membership.applied_at, Person.id) if filters.which == "applied" else (Person.name, Person.id)
    page = paginate(_pool(actor, filters).order_by(*order), number, PAGE_SIZE)
    return Page(_entries(page.items), page.total, page.number, page.size)


def _entries(people: Sequence[Person]) -> list[Entry]:
    ids = [one.id for one in people]
    rows = {row.person_id: row for row in session.scalars(sa.select(Membership).where(Membership.person_id.in_(ids)))}
    away = _absent_on(clock.today())
    return [Entry(one, rows.get(one.id), one.id in away) for one in people]


def counts(actor: Actor, filters: PoolFilters) -> dict[str, int]:
    """How many people each tab holds under the other filters."""
    found = {}
    for which in WHICH:
        wanted = _pool(actor, replace(filters, which=which)).order_by(None)
        found[which] = session.scalar(sa.select(sa.func.count()).select_from(wanted.subquery()))
    return found


def waiting_count(actor: Actor) -> int:
    """Applications to the pool that nobody has decided: the figure of the operator's home."""
    wanted = _pool(actor, PoolFilters(which="applied")).order_by(None)
    return session.scalar(sa.select(sa.func.count()).select_from(wanted.subquery()))


def entry(actor: Actor, person_key: str) -> Entry:
    """One person of the pool. Raises: NotVisible."""
    person = session.scalar(visible_to(actor).where(Person.key == person_key))
    if person is None:
        raise NotVisible
    return _entries([person])[0]


def absences_of(actor: Actor, person: Person) -> Sequence[Absence]:
    """Days of absence that are not over, for who may read the pool."""
    if not actor.has(*rules.READERS):
        return ()
    return session.scalars(
        sa.select(Absence)
        .where(Absence.person_id == person.id, Absence.to_on >= clock.today())
        .order_by(Absence.from_on, Absence.id)
    ).all()


def paper(actor: Actor, person_key: str, paper_key: str) -> PoolPaper:
    """Raises: NotVisible."""
    person = entry(actor, person_key).person
    row = session.scalar(
        sa.select(PoolPaper)
        .join(Membership, Membership.id == PoolPaper.membership_id)
        .where(PoolPaper.key == paper_key, Membership.person_id == person.id)
    )
    if row is None:
        raise NotVisible
    return row


def people(actor: Actor, filters: PoolFilters) -> Sequence[Person]:
    """Everybody under the filters, by name, without pages: for figures over the whole pool."""
    return session.scalars(_pool(actor, filters).order_by(Person.name, Person.id)).unique().all()
