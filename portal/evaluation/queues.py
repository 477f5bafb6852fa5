"""An evaluator's own cases in their drawn order, with the counts on the tabs; through `queries.visible_to`."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, lazyload

from portal.accounts.models import Organisation
from portal.applications.models import Application
from portal.applications.rules import IN_EVALUATION
from portal.base import clock
from portal.base.access import Actor
from portal.base.db import session
from portal.base.paging import Page, paginate
from portal.base.words import Words, say
from portal.evaluation import masking, plans, rubric, rules
from portal.evaluation.models import Assignment, Consensus, Panel, Review
from portal.evaluation.phases import Phase, phase_at
from portal.evaluation.queries import LINES, visible_to
from portal.evaluation.rules import OPEN_STATES, AssignmentState, Scored
from portal.programmes.models import Call


@dataclass(frozen=True)
class QueueRow:
    """One case on an evaluator's desk. done, whole: what is filled in, of what has to be."""

    assignment: Assignment
    done: int
    whole: int
    days_left: int
    # as this evaluator may read it: the name, or 신청기업 where the phase hides names
    firm: str | Words = ""

    @property
    def is_late(self) -> bool:
        return self.days_left < 0 and self.assignment.state in OPEN_STATES

    @property
    def is_soon(self) -> bool:
        return 0 <= self.days_left <= rules.DUE_SOON.days and self.assignment.state in OPEN_STATES


@dataclass(frozen=True)
class QueueFilters:
    """state: open, meeting, submitted or all; due: late, soon or ""; sort: place (the own random order), due, number.

    step: how far an open case is: declare, review, locked or ""
    """

    state: str = "open"
    due: str = ""
    step: str = ""
    call: str = ""
    text: str = ""
    sort: str = "place"


PAGE_SIZE = 60
"""A usual share of cases on one page, so that nobody turns pages for them."""


def queue(actor: Actor, filters: QueueFilters, number: int = 1, size: int = PAGE_SIZE) -> Page[QueueRow]:
    """The own cases. Their order is drawn for each evaluator, so that no case is always read last."""
    column = {"due": Assignment.due_on, "number": Application.number}.get(
        filters.sort.removeprefix("-"), Assignment.place
    )
    order = column.desc() if filters.sort.startswith("-") else column.asc()
    select = (
        _queue(actor, filters)
        .order_by(order, Assignment.place, Assignment.id)
        .options(
            joinedload(Assignment.application).options(*map(lazyload, LINES)),
            joinedload(Assignment.review),
            joinedload(Assignment.panel).joinedload(Panel.consensus),
        )
    )
    page = paginate(select, number, size)
    kept = plans.phases_by_call({one.application.call_id for one in page.items})
    rows = [queue_row(one, phase_at(kept[one.application.call_id], one.application.status)) for one in page.items]
    return Page(rows, page.total, page.number, page.size)


def _queue(actor: Actor, filters: QueueFilters) -> sa.Select[tuple[Assignment]]:
    wanted = (
        visible_to(actor)
        .join(Application, Application.id == Assignment.application_id)
        .join(Organisation, Organisation.id == Application.organisation_id)
        .join(Call, Call.id == Application.call_id)
        .outerjoin(Review, Review.assignment_id == Assignment.id)
        .outerjoin(Consensus, sa.and_(Consensus.panel_id == Assignment.panel_id, Consensus.ended_at.is_(None)))
    )
    tabs = _tabs()
    if filters.state in ("open", "meeting", "submitted"):
        wanted = wanted.where(tabs[filters.state])
    if filters.step in STEPS:
        wanted = wanted.where(tabs["open"], STEPS[filters.step]())
    if filters.due in ("late", "soon"):
        wanted = wanted.where(tabs[filters.due])
    if filters.call:
        wanted = wanted.where(Call.key == filters.call)
    for word in filters.text.split()[:8]:
        wanted = wanted.where(
            sa.or_(
                # a search must not confirm a name that the page hides
                sa.and_(Organisation.name.icontains(word, autoescape=True), sa.not_(plans.hides_names())),
                Application.number.icontains(word, autoescape=True),
            )
        )
    return wanted


def _tabs() -> dict[str, sa.ColumnElement[bool]]:
    """What has to hold under each tab and clock, for an assignment joined with its application."""
    today = clock.today()
    live = sa.and_(Assignment.state.in_(OPEN_STATES), Application.status.in_(IN_EVALUATION))
    return {
        "open": live,
        "meeting": sa.and_(
            Assignment.state == AssignmentState.SUBMITTED,
            Consensus.id.is_not(None),
            Application.status.in_(IN_EVALUATION),
        ),
        "submitted": Assignment.state == AssignmentState.SUBMITTED,
        "late": sa.and_(live, Assignment.due_on < today),
        "soon": sa.and_(live, Assignment.due_on >= today, Assignment.due_on <= today + rules.DUE_SOON),
    }


STEPS = {
    "declare": lambda: Assignment.state == AssignmentState.ASSIGNED,
    "review": lambda: sa.and_(Assignment.state == AssignmentState.OPENED, Review.own_locked_at.is_(None)),
    "locked": lambda: Review.own_locked_at.is_not(None),
}
STEP_WORDS = {
    "declare": say("이해충돌 확인 전", "Conflict check to do"),
    "review": say("점수를 적는 중", "Scores being written"),
    "locked": say("점수 확정, 제출 전", "Score locked, not submitted"),
}


def queue_counts(actor: Actor) -> dict[str, int]:
    """The numbers on the tabs and in the clocks: open, meeting, submitted, late, soon; in one query."""
    counts = [sa.func.count().filter(condition).label(name) for name, condition in _tabs().items()]
    select = _queue(actor, QueueFilters(state="all")).with_only_columns(*counts)
    return dict(session.execute(select).mappings().one())


def queue_calls(actor: Actor) -> list[tuple[str, Words]]:
    ids = (
        visible_to(actor)
        .join(Application, Application.id == Assignment.application_id)
        .with_only_columns(Application.call_id)
    )
    rows = session.scalars(sa.select(Call).where(Call.id.in_(ids)).order_by(Call.closes_at.desc(), Call.id)).unique()
    return [(row.key, row.title) for row in rows]


def next_open(actor: Actor, assignment: Assignment) -> Assignment | None:
    """The next case on the desk after this one, in the evaluator's own order, round the end."""
    live = _queue(actor, QueueFilters()).where(Assignment.id != assignment.id)
    after = live.where(Assignment.place > assignment.place).order_by(Assignment.place).limit(1)
    return session.scalar(after) or session.scalar(live.order_by(Assignment.place).limit(1))


@dataclass(frozen=True)
class Place:
    """Where an open case stands on the own desk. before, after: keys of the neighbours, None at the ends."""

    number: int
    total: int
    before: str | None
    after: str | None


def place_of(actor: Actor, assignment: Assignment) -> Place | None:
    """Where a case stands among the open ones, in the evaluator's own order; None for one that is not open."""
    keys = list(
        session.scalars(
            _queue(actor, QueueFilters()).with_only_columns(Assignment.key).order_by(Assignment.place, Assignment.id)
        )
    )
    if assignment.key not in keys:
        return None
    here = keys.index(assignment.key)
    return Place(
        here + 1,
        len(keys),
        keys[here - 1] if here else None,
        keys[here + 1] if here + 1 < len(keys) else None,
    )


def last_touched(actor: Actor) -> Assignment | None:
    """The draft that this evaluator wrote on last, to go on with."""
    return session.scalar(
        _queue(actor, QueueFilters())
        .where(Assignment.state == AssignmentState.OPENED, Review.version > 1)
        .order_by(Review.updated_at.desc(), Review.id.desc())
        .limit(1)
    )


def queue_row(assignment: Assignment, phase: Phase | None = None) -> QueueRow:
    """One line of the desk. phase: of the case, when the caller has it already."""
    sheet = rubric.load(assignment.panel.rubric)
    review = assignment.review
    done = 0
    if review is not None:
        done = bool(review.judged) + sum(_is_filled(review.scored.get(one.code)) for one in sheet.criteria)
        done += (review.own_locked_at is not None) + (review.own_tier is not None) + (review.submitted_at is not None)
    return QueueRow(
        assignment,
        done,
        len(sheet.criteria) + 4,
        (assignment.due_on - clock.today()).days,
        masking.firm_of(assignment.application, phase),
    )


def _is_filled(one: Scored | None) -> bool:
    return one is not None and (one.not_applicable or one.points is not None) and bool(one.comment)
