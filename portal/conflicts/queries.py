"""Reading ties, found conflicts and objections. All of it is for operators and auditors; a firm sees its objections."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, selectinload

from portal.accounts import queries as accounts
from portal.accounts.models import Organisation, Person
from portal.base import clock
from portal.base.access import Actor, NotVisible
from portal.base.db import session
from portal.base.paging import Page, paginate
from portal.conflicts import rules
from portal.conflicts.models import ConflictFound, Objection, Tie
from portal.conflicts.rules import ConflictKind, FoundState, ObjectionState, Source, TieKind

PAGE_SIZE = 50
CHUNK = 900  # SQLite takes so many parameters in one statement


def in_chunks(ids: Iterable[Any], size: int = CHUNK) -> list[list[Any]]:
    rows = list(ids)
    return [rows[start : start + size] for start in range(0, len(rows), size)]


# --- who sees what ----------------------------------------------------------------------------------------------


def ties_visible_to(actor: Actor) -> sa.Select[tuple[Tie]]:
    return sa.select(Tie).where(sa.true() if actor.is_system or actor.has(*rules.READERS) else sa.false())


def found_visible_to(actor: Actor) -> sa.Select[tuple[ConflictFound]]:
    """Found conflicts name who judges: nobody but operators of the agency and auditors reads them."""
    may = actor.is_system or actor.has(*rules.READERS)
    return sa.select(ConflictFound).where(sa.true() if may else sa.false())


def tie_by_key(actor: Actor, key: str) -> Tie:
    """Raises: NotVisible."""
    row = session.scalar(ties_visible_to(actor).where(Tie.key == key))
    if row is None:
        raise NotVisible
    return row


@dataclass(frozen=True)
class TieFilters:
    """text: in the names of either side; state: standing, ended, pinned or "" for all."""

    text: str = ""
    kind: TieKind | None = None
    source: Source | None = None
    state: str = ""


def ties(actor: Actor, filters: TieFilters, number: int = 1) -> Page[Tie]:
    """The ties that the actor may read, the newest first."""
    person, other_person = aliased(Person), aliased(Person)
    firm, other_firm = aliased(Organisation), aliased(Organisation)
    select = ties_visible_to(actor)
    if filters.text:
        select = (
            select.outerjoin(person, person.id == Tie.person_id)
            .outerjoin(other_person, other_person.id == Tie.other_person_id)
            .outerjoin(firm, firm.id == Tie.organisation_id)
            .outerjoin(other_firm, other_firm.id == Tie.other_organisation_id)
        )
        names = (person.name, other_person.name, firm.name, other_firm.name)
        for word in filters.text.split()[:8]:
            select = select.where(sa.or_(*(name.icontains(word, autoescape=True) for name in names)))
    if filters.kind:
        select = select.where(Tie.kind == filters.kind)
    if filters.source:
        select = select.where(Tie.source == filters.source)
    today = clock.today()
    if filters.state == "standing":
        select = select.where(sa.or_(Tie.to_on.is_(None), Tie.to_on > today))
    elif filters.state == "ended":
        select = select.where(Tie.to_on <= today)
    elif filters.state == "pinned":
        select = select.where(Tie.pinned.is_(True))
    select = select.order_by(Tie.id.desc()).options(
        *(selectinload(one) for one in (Tie.person, Tie.other_person, Tie.organisation, Tie.other_organisation))
    )
    return paginate(select, number, PAGE_SIZE)


def person_id_of(email: str) -> int | None:
    found = accounts.person_by_email(email)
    return found.id if found else None


def organisation_id_of(registration_number: str) -> int | None:
    """The organisation of a registration number, however it is typed; a supplier's row where a firm has two."""
    digits = "".join(char for char in registration_number if char.isdigit())
    return session.scalar(
        sa.select(Organisation.id)
        .where(Organisation.registration_number == digits)
        .order_by(Organisation.kind.desc(), Organisation.id)
        .limit(1)
    )


# --- what the detection reads (services only) ---------------------------------------------------------------------


def plain(row: Tie) -> rules.Tie:
    return rules.Tie(
        kind=row.kind,
        source=row.source,
        person_id=row.person_id,
        organisation_id=row.organisation_id,
        other_person_id=row.other_person_id,
        other_organisation_id=row.other_organisation_id,
        from_on=row.from_on,
        to_on=row.to_on,
        id=row.id,
        pinned=row.pinned,
    )


def ties_of(person_ids: Collection[int], organisation_ids: Collection[int]) -> list[rules.Tie]:
    """Every tie that touches one of these people, or stands between one of these organisations and another."""
    columns = (
        Tie.kind, Tie.source, Tie.person_id, Tie.organisation_id, Tie.other_person_id, Tie.other_organisation_id,
        Tie.from_on, Tie.to_on, Tie.id, Tie.pinned,
    )  # fmt: skip
    found: dict[int, rules.Tie] = {}
    wanted = [
        sa.or_(Tie.person_id.in_(part), Tie.other_person_id.in_(part)) for part in in_chunks(sorted(person_ids))
    ] + [
        sa.and_(
            Tie.other_organisation_id.is_not(None),
            sa.or_(Tie.organisation_id.in_(part), Tie.other_organisation_id.in_(part)),
        )
        for part in in_chunks(sorted(organisation_ids))
    ]
    for condition in wanted:
        for row in session.execute(sa.select(*columns).where(condition).order_by(Tie.id)):
            found[row.id] = rules.Tie(
                row.kind, row.source, row.person_id, row.organisation_id, row.other_person_id,
                row.other_organisation_id, None, row.from_on, row.to_on, row.id, row.pinned,
            )  # fmt: skip
    return [found[key] for key in sorted(found)]


def tie_from(origin: tuple[str, int], kind: TieKind, sides: Mapping[str, int | None]) -> Tie | None:
    """The tie that was written from one origin between the same sides."""
    return session.scalar(
        sa.select(Tie)
        .where(
            Tie.origin_type == origin[0],
            Tie.origin_id == origin[1],
            Tie.kind == kind,
            *(getattr(Tie, name) == value for name, value in sides.items()),
        )
        .limit(1)
    )


def is_tied(kind: TieKind, person_id: int, organisation_id: int) -> bool:
    """Whether the tie is known and has not ended."""
    return bool(
        session.scalar(
            sa.select(Tie.id)
            .where(
                Tie.kind == kind,
                Tie.person_id == person_id,
                Tie.organisation_id == organisation_id,
                Tie.to_on.is_(None),
            )
            .limit(1)
        )
    )


def open_ties_from(origin: tuple[str, int], kind: TieKind | None = None) -> Sequence[Tie]:
    return session.scalars(
        sa.select(Tie)
        .where(
            Tie.origin_type == origin[0],
            Tie.origin_id == origin[1],
            Tie.to_on.is_(None),
            Tie.pinned.is_(False),
            Tie.kind == kind if kind else sa.true(),
        )
        .order_by(Tie.id)
    ).all()


def found_rows(
    object_type: str, evaluator_ids: Collection[int], object_ids: Collection[int]
) -> dict[tuple[int, int, ConflictKind], ConflictFound]:
    """(evaluator, object, kind) → what was found before."""
    rows: dict[tuple[int, int, ConflictKind], ConflictFound] = {}
    wanted = set(object_ids)
    few = sorted(wanted) if len(wanted) <= CHUNK // 2 else None
    for part in in_chunks(sorted(evaluator_ids), CHUNK // 2):
        select = sa.select(ConflictFound).where(
            ConflictFound.object_type == object_type, ConflictFound.evaluator_id.in_(part)
        )
        if few is not None:
            select = select.where(ConflictFound.object_id.in_(few))
        for row in session.scalars(select):
            if row.object_id in wanted:
                rows[row.evaluator_id, row.object_id, row.kind] = row
    return rows


def objections_of(object_type: str, object_id: int) -> Sequence[Objection]:
    return session.scalars(
        sa.select(Objection)
        .where(Objection.object_type == object_type, Objection.object_id == object_id)
        .order_by(Objection.id)
    ).all()


def overruled(object_type: str, object_ids: Collection[int] | None = None) -> dict[tuple[int, int, str], list[dict]]:
    """(object, evaluator, kind) → the grounds that an operator overruled."""
    select = sa.select(
        ConflictFound.object_id, ConflictFound.evaluator_id, ConflictFound.kind, ConflictFound.evidence
    ).where(ConflictFound.object_type == object_type, ConflictFound.state == FoundState.OVERRULED)
    wanted = None if object_ids is None else set(object_ids)
    return {
        (row.object_id, row.evaluator_id, row.kind): row.evidence
        for row in session.execute(select)
        if wanted is None or row.object_id in wanted
    }


def granted_objections(object_type: str, object_ids: Collection[int]) -> Sequence[Objection]:
    wanted = set(object_ids)
    rows = session.scalars(
        sa.select(Objection).where(Objection.object_type == object_type, Objection.state == ObjectionState.GRANTED)
    )
    return [row for row in rows if row.object_id in wanted]


def open_objections(object_type: str, object_ids: Collection[int] | None = None) -> list[int]:
    """Ids of the objects on which an objection waits for its answer; a draw should wait for it too."""
    rows = session.scalars(
        sa.select(Objection.object_id)
        .where(Objection.object_type == object_type, Objection.state == ObjectionState.ASKED)
        .distinct()
        .order_by(Objection.object_id)
    )
    wanted = None if object_ids is None else set(object_ids)
    return [one for one in rows if wanted is None or one in wanted]
