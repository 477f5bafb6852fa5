"""Silence and disagreement: evaluators who are late hear of it, lose the seat in the end, and a further one is drawn;
reviews that lie too far apart bring one more reader.

Run daily by the worker (`sweep`) and after each review (`on_review_submitted`). Nothing here tells an evaluator or a firm
why a seat was filled anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, lazyload

from portal.applications import queries as applications
from portal.applications.models import Application
from portal.applications.rules import IN_EVALUATION
from portal.base import audit, clock, mail, outbox
from portal.base.access import SYSTEM, Actor
from portal.base.db import session, transaction
from portal.base.paging import Page, paginate
from portal.evaluation import declaring, disagreement, plans, queries
from portal.evaluation.lots import DrawCause
from portal.evaluation.models import Assignment, CallPlan, Consensus, Draw, Finding, Panel, Review
from portal.evaluation.phases import Plan
from portal.evaluation.queries import LINES, PAGE_SIZE
from portal.evaluation.rules import MOST_REVIEWERS, OPEN_STATES, AssignmentState, RecusalReason
from portal.programmes.models import Call


def sweep() -> int:
    """Once a day: remind who is nearly late, free the seats of who stayed silent, and look once more at reviews that lie
    apart. Returns how many seats were freed."""
    today, freed = clock.today(), 0
    for assignment_id in _open_seats():
        with transaction():
            seat = session.get(Assignment, assignment_id)
            queries.lock(seat)
            if seat.state not in OPEN_STATES or seat.application.status not in IN_EVALUATION:
                continue
            plan = plans.plan_of(seat.application.call)
            if today > seat.due_on + timedelta(days=plan.silence_days):
                declaring.free_seat(SYSTEM, seat, RecusalReason.SILENCE)
                freed += 1
            elif seat.reminded_at is None and today >= seat.due_on - timedelta(days=plan.remind_days):
                _remind(seat)
    _look_again()
    return freed


def _open_seats() -> Sequence[int]:
    """Seats that may be due: overdue ones, and those near their date who were not reminded yet."""
    longest = max(session.scalar(sa.select(sa.func.max(CallPlan.remind_days))) or 0, Plan.remind_days)
    today = clock.today()
    near = sa.and_(Assignment.reminded_at.is_(None), Assignment.due_on <= today + timedelta(days=longest))
    return session.scalars(
        sa.select(Assignment.id)
        .join(Application, Application.id == Assignment.application_id)
        .where(
            Assignment.state.in_(OPEN_STATES),
            Application.status.in_(IN_EVALUATION),
            sa.or_(near, Assignment.due_on < today),
        )
        .order_by(Assignment.id)
    ).all()


def _remind(seat: Assignment) -> None:
    seat.reminded_at = clock.now()
    person = seat.evaluator
    mail.queue(
        person.email,
        "evaluator_reminded",
        person.language,
        f"evaluator-reminded-{seat.id}",
        name=person.name,
        number=seat.application.number,
        due=seat.due_on.isoformat(),
        path=f"/evaluation/cases/{seat.key}",
    )
    audit.record(SYSTEM, "assignment.remind", "assignment", seat.id, {"application": seat.application_id})


# --- reviews that lie apart ---------------------------------------------------------------------------------------


def on_review_submitted(application_id: int, **_: Any) -> None:
    """review.submitted → once all opinions are in and lie too far apart, the panel needs one reader more (once)."""
    panel = queries.panel_of(application_id, lock=True)
    if panel is None or panel.decision is not None or panel.application.status not in IN_EVALUATION:
        return
    asked = panel.application.call.reviews
    sitting = [one for one in panel.assignments if one.state is not AssignmentState.RECUSED]
    if any(one.state in OPEN_STATES for one in sitting) or len(sitting) < panel.needed:
        return
    if panel.needed > asked or len(sitting) >= MOST_REVIEWERS:
        return
    found = index_of(application_id, panel.application.call_id)
    if found < plans.plan_of(panel.application.call).disagreement:
        return
    panel.reviews_needed = len(sitting) + 1
    audit.record(
        SYSTEM,
        "panel.widen",
        "application",
        application_id,
        {"panel": panel.id, "needed": panel.reviews_needed, "index": found},
    )
    outbox.emit("panel.widened", application_id=application_id, reason=DrawCause.DISAGREEMENT.value)


def _look_again() -> None:
    """Cases that were in before their call showed how far judges usually lie apart are held against it now."""
    waiting = session.scalars(
        sa.select(Panel.application_id)
        .join(Application, Application.id == Panel.application_id)
        .outerjoin(Finding, Finding.application_id == Panel.application_id)
        .outerjoin(Consensus, Consensus.panel_id == Panel.id)
        .where(
            Application.status.in_(IN_EVALUATION),
            Panel.reviews_needed.is_(None),
            # who has met or finalised has dealt with it already
            Finding.id.is_(None),
            Consensus.id.is_(None),
        )
        .order_by(Panel.id)
    ).all()
    for application_id in waiting:
        with transaction():
            on_review_submitted(application_id)


def index_of(application_id: int, call_id: int) -> float:
    """How far the reviews of a case lie apart, against what is usual in its call."""
    totals = totals_of([call_id])
    own = totals.get(application_id, [])
    return disagreement.index(own, disagreement.norm(totals.values()))


def totals_of(call_ids: Sequence[int]) -> dict[int, list[float]]:
    """application → totals of the submitted reviews, for every case of these calls."""
    rows = session.execute(
        sa.select(Review.application_id, Review.total)
        .join(Assignment, Assignment.id == Review.assignment_id)
        .join(Application, Application.id == Review.application_id)
        .where(
            Application.call_id.in_(call_ids),
            Assignment.state == AssignmentState.SUBMITTED,
            Review.total.is_not(None),
        )
        .order_by(Review.id)
    )
    found: dict[int, list[float]] = {}
    for application_id, total in rows:
        found.setdefault(application_id, []).append(total)
    return found


# --- the operator's page ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Late:
    """A seat whose review is overdue. frees_on: the day on which the portal gives the seat to somebody else."""

    assignment: Assignment
    days: int
    frees_on: date


@dataclass(frozen=True)
class Apart:
    """A case whose reviews lie apart. index: 1 is usual in the call; threshold: from where one more reader is called."""

    application: Application
    totals: tuple[float, ...]
    index: float
    threshold: float
    extra: bool

    @property
    def is_over(self) -> bool:
        return self.index >= self.threshold


def late(actor: Actor, call: str = "", number: int = 1) -> Page[Late]:
    """Overdue reviews of cases that the operator may see, the longest overdue first."""
    page = paginate(_late(actor, call).order_by(Assignment.due_on, Assignment.id), number, PAGE_SIZE)
    today = clock.today()
    plans_by_call = {one.application.call_id: plans.plan_of(one.application.call) for one in page.items}
    items = [
        Late(
            one,
            (today - one.due_on).days,
            one.due_on + timedelta(days=plans_by_call[one.application.call_id].silence_days + 1),
        )
        for one in page.items
    ]
    return Page(items, page.total, page.number, page.size)


def _late(actor: Actor, call: str) -> sa.Select[tuple[Assignment]]:
    cases = _cases(actor, call)
    return (
        sa.select(Assignment)
        .where(
            Assignment.application_id.in_(cases.with_only_columns(Application.id)),
            Assignment.state.in_(OPEN_STATES),
            Assignment.due_on < clock.today(),
        )
        .options(joinedload(Assignment.application).options(*map(lazyload, LINES)), joinedload(Assignment.evaluator))
    )


def _cases(actor: Actor, call: str) -> sa.Select[tuple[Application]]:
    cases = applications.visible_to(actor).where(Application.status.in_(IN_EVALUATION))
    return cases.where(Application.call_id.in_(sa.select(Call.id).where(Call.key == call))) if call else cases


def apart(actor: Actor, call: str = "", most: int = 100) -> list[Apart]:
    """Cases with two reviews or more, those that lie furthest apart first."""
    cases = _cases(actor, call)
    call_of = {
        application_id: call_id
        for application_id, call_id in session.execute(
            cases.where(
                Application.id.in_(sa.select(Review.application_id).where(Review.total.is_not(None)))
            ).with_only_columns(Application.id, Application.call_id)
        )
    }
    plan_of = {one: plans.plan_of(one) for one in set(call_of.values())}
    found: dict[int, tuple[float, list[float]]] = {}
    for call_id in plan_of:
        totals = totals_of([call_id])
        norm = disagreement.norm(totals.values())
        for application_id, own in totals.items():
            if len(own) > 1 and application_id in call_of:
                found[application_id] = (disagreement.index(own, norm), sorted(own))
    furthest = sorted(found, key=lambda one: (-found[one][0], one))[:most]
    rows = {
        row.id: (row, extra)
        for row, extra in session.execute(
            sa.select(Application, Panel.reviews_needed > Call.reviews)
            .join(Panel, Panel.application_id == Application.id)
            .join(Call, Call.id == Application.call_id)
            .where(Application.id.in_(furthest))
            .options(*map(lazyload, LINES))
        ).unique()
    }
    return [
        Apart(
            application=rows[one][0],
            totals=tuple(found[one][1]),
            index=found[one][0],
            threshold=plan_of[call_of[one]].disagreement,
            extra=bool(rows[one][1]),
        )
        for one in furthest
    ]


def counts(actor: Actor, call: str = "") -> dict[str, int]:
    """Figures of the page: late reviews, cases that lie apart, seats freed and redrawn."""
    select = _late(actor, call).with_only_columns(sa.func.count()).order_by(None)
    cases = _cases(actor, call).with_only_columns(Application.id)
    freed = session.scalar(
        sa.select(sa.func.count())
        .select_from(Assignment)
        .where(Assignment.application_id.in_(cases), Assignment.recusal_reason == RecusalReason.SILENCE)
    )
    redrawn = session.scalar(
        sa.select(sa.func.count())
        .select_from(Assignment)
        .join(Draw, Draw.id == Assignment.draw_id)
        .where(Assignment.application_id.in_(cases), Draw.cause != DrawCause.PANELS)
    )
    return {"late": session.scalar(select), "freed": freed, "redrawn": redrawn}
