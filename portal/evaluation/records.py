"""An evaluator's record: how much, how punctual, how often in line with the decision, how well explained, how rated.

What rests on other people's rows (decisions, ratings) moves in blocks of three, so that no single one can be told from
the figure before and after it (`fairness.BLOCK`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal.accounts.models import Person
from portal.accounts.rules import EVALUATORS, Role
from portal.base import clock
from portal.base.access import Actor, NotVisible
from portal.base.db import session
from portal.evaluation import fairness, rules
from portal.evaluation.fairness import Mark, Question, RatingMeans, Share
from portal.evaluation.models import Assignment, Decision, Panel, Rating, Review, Severity, SeverityRun
from portal.evaluation.rules import OPEN_STATES, AssignmentState, RecusalReason
from portal.evaluators import queries as pool
from portal.evaluators.queries import PoolFilters


@dataclass(frozen=True)
class SeverityLine:
    """Points by which somebody is stricter (positive) or milder than others on the same files; error: standard error."""

    points: float
    error: float
    reviews: int

    @property
    def is_clear(self) -> bool:
        """Whether it lies further from nothing than twice its error."""
        return abs(self.points) > 2 * self.error


@dataclass(frozen=True)
class Record:
    """One evaluator's figures.

    by_year  : (year, submitted reviews), the newest first
    on_time  : by the end of the due day (KST), of the submitted ones and of the seats that were freed for silence
    agreed   : final tier = decided tier, over whole blocks of decided cases; None below one block
    explained: comments of criteria that say something, of all; None in an overview, which does not read them
    rated    : the firms' marks; None below one block
    """

    person_id: int
    name: str
    since: date | None
    submitted: int
    open: int
    late_open: int
    by_year: tuple[tuple[int, int], ...]
    on_time: Share
    recused: int
    silent: int
    agreed: Share | None
    explained: Share | None
    rated: RatingMeans | None
    comments: tuple[str, ...]
    severity: SeverityLine | None
    chaired: int

    @property
    def is_empty(self) -> bool:
        return not (self.submitted or self.chaired or self.silent)


def own(actor: Actor) -> Record:
    """The actor's own record. Raises: NotVisible for who is no evaluator and never was."""
    if actor.id is None or not actor.has(*EVALUATORS, Role.CANDIDATE):
        raise NotVisible
    return _records([actor.id])[actor.id]


def of_member(actor: Actor, person_key: str) -> Record:
    """Somebody's record, for who may read the pool. Raises: NotVisible."""
    if not actor.has(*rules.PERMISSIONS["evaluation:record:read"]):
        raise NotVisible
    person = pool.entry(actor, person_key).person
    return _records([person.id])[person.id]


@dataclass(frozen=True)
class RecordLine:
    key: str
    record: Record


SORTS = ("name", "submitted", "on_time", "rated", "severity")


def overview(actor: Actor, sort: str = "name") -> list[RecordLine]:
    """Everybody in the pool with their record; figures that are missing come last."""
    people = pool.people(actor, PoolFilters(which="active"))
    records = _records([one.id for one in people], read_comments=False)
    lines = [RecordLine(one.key, records[one.id]) for one in people]
    order = {
        "submitted": lambda line: (-line.record.submitted,),
        "on_time": lambda line: (not line.record.submitted, line.record.on_time.ratio),
        "rated": lambda line: (line.record.rated is None, line.record.rated.overall if line.record.rated else 0),
        "severity": lambda line: (
            line.record.severity is None,
            -abs(line.record.severity.points) if line.record.severity else 0,
        ),
    }.get(sort, lambda line: ())
    return sorted(lines, key=lambda line: (*order(line), line.record.name, line.key))


def _records(person_ids: Sequence[int], *, read_comments: bool = True) -> dict[int, Record]:
    """The records of several people; a fixed number of statements, columns instead of rows: a pool has 30,000 seats."""
    people = {one.id: one for one in session.scalars(sa.select(Person).where(Person.id.in_(person_ids)))}
    seats: dict[int, list[Any]] = {one: [] for one in person_ids}
    for seat in session.execute(
        sa.select(
            Assignment.evaluator_id,
            Assignment.state,
            Assignment.due_on,
            Assignment.submitted_at,
            Assignment.recusal_reason,
        ).where(Assignment.evaluator_id.in_(person_ids))
    ):
        seats[seat.evaluator_id].append(seat)
    agreed = _agreed(person_ids)
    comments = _comments(person_ids) if read_comments else None
    marks, severities, chaired = _marks(person_ids), _severities(person_ids), _chaired(person_ids)
    return {
        one: _record(
            people[one], seats[one], agreed.get(one, ()), comments.get(one, ()) if read_comments else None, marks.get(one, ()),
            severities.get(one), chaired.get(one, 0),
        )
        for one in person_ids
    }  # fmt: skip


def _record(
    person: Person,
    seats: Sequence[Any],
    agreed: Sequence[bool],
    comments: Sequence[str] | None,
    marks: Sequence[Mark],
    severity: SeverityLine | None,
    chaired: int,
) -> Record:
    today = clock.today()
    submitted = [one for one in seats if one.state is AssignmentState.SUBMITTED]
    open_ = [one for one in seats if one.state in OPEN_STATES]
    days = [(clock.kst(one.submitted_at).date(), one.due_on) for one in submitted]
    years: dict[int, int] = {}
    for day, _ in days:
        years[day.year] = years.get(day.year, 0) + 1
    shown = fairness.published(marks)
    silent = sum(one.recusal_reason is RecusalReason.SILENCE for one in seats)
    return Record(
        person_id=person.id,
        name=person.name,
        since=min((day for day, _ in days), default=None),
        submitted=len(submitted),
        open=len(open_),
        late_open=sum(one.due_on < today for one in open_),
        by_year=tuple(sorted(years.items(), reverse=True)),
        on_time=Share(sum(day <= due for day, due in days), len(days) + silent),
        recused=sum(
            one.state is AssignmentState.RECUSED and one.recusal_reason not in rules.SEAT_ENDED for one in seats
        ),
        agreed=fairness.in_blocks(agreed),
        explained=None
        if comments is None
        else Share(sum(len(text.strip()) >= fairness.EXPLAINED_FROM for text in comments), len(comments)),
        rated=fairness.means_of(marks),
        comments=tuple(sorted(one.comment for one in shown if one.comment)),
        severity=severity,
        chaired=chaired,
        silent=silent,
    )


def _submitted(person_ids: Collection[int]) -> tuple[sa.ColumnElement[bool], ...]:
    return Assignment.evaluator_id.in_(person_ids), Assignment.state == AssignmentState.SUBMITTED


def _agreed(person_ids: Collection[int]) -> dict[int, list[bool]]:
    """Whether each review gave the decided tier, in the order of the first decisions."""
    rows = session.execute(
        sa.select(Assignment.evaluator_id, Review.final_tier, Decision.tier)
        .join(Review, Review.assignment_id == Assignment.id)
        .join(Decision, Decision.application_id == Assignment.application_id)
        .where(*_submitted(person_ids), Decision.sequence == 1)
        .order_by(Decision.decided_at, Decision.id)
    )
    found: dict[int, list[bool]] = {}
    for person_id, own_tier, decided in rows:
        found.setdefault(person_id, []).append(own_tier is decided)
    return found


def _comments(person_ids: Collection[int]) -> dict[int, list[str]]:
    rows = session.execute(
        sa.select(Assignment.evaluator_id, Review.scores)
        .join(Review, Review.assignment_id == Assignment.id)
        .where(*_submitted(person_ids))
    )
    found: dict[int, list[str]] = {}
    for person_id, scores in rows:
        found.setdefault(person_id, []).extend(
            row.get("comment") or "" for row in (scores or {}).values() if not row.get("na")
        )
    return found


def _marks(person_ids: Collection[int]) -> dict[int, list[Mark]]:
    rows = session.execute(
        sa.select(Assignment.evaluator_id, Rating)
        .join(Rating, Rating.application_id == Assignment.application_id)
        .where(*_submitted(person_ids))
        .order_by(Rating.at, Rating.id)
    )
    found: dict[int, list[Mark]] = {}
    for person_id, rating in rows:
        marks = {one.value: getattr(rating, one.value) for one in Question}
        found.setdefault(person_id, []).append(Mark(rating.organisation_id, marks, rating.comment))
    return found


def _severities(person_ids: Collection[int]) -> Mapping[int, SeverityLine]:
    """From the newest finished calibration; without one nobody has a figure."""
    newest = session.scalar(
        sa.select(SeverityRun.id)
        .where(SeverityRun.made_at.is_not(None))
        .order_by(SeverityRun.made_at.desc(), SeverityRun.id.desc())
        .limit(1)
    )
    rows = session.scalars(sa.select(Severity).where(Severity.run_id == newest, Severity.evaluator_id.in_(person_ids)))
    return {
        row.evaluator_id: SeverityLine(round(row.points, 1), round(row.standard_error, 1), row.reviews) for row in rows
    }


def _chaired(person_ids: Collection[int]) -> dict[int, int]:
    rows = session.execute(
        sa.select(Panel.chair_id, sa.func.count(Decision.id))
        .join(Decision, Decision.panel_id == Panel.id)
        .where(Panel.chair_id.in_(person_ids), Decision.sequence == 1)
        .group_by(Panel.chair_id)
    )
    return {person_id: count for person_id, count in rows}
