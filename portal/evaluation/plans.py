"""Reading how a call is evaluated: its plan, its phases, and what an evaluator may see of a case now."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from portal.applications.models import Application
from portal.applications.rules import Status
from portal.base.access import Verdict
from portal.base.db import session
from portal.evaluation import phases
from portal.evaluation.models import CallPlan, PhaseRow, PhaseWaiver
from portal.evaluation.phases import DEFAULT_PHASES, Phase, PhaseKind, Plan
from portal.evaluation.rules import Outcome
from portal.programmes.models import Call
from portal.programmes.rules import Tier


def plan_of(call: Call | int) -> Plan:
    """How this call is evaluated and decided; the defaults where an operator changed nothing."""
    row_of_call = session.get(Call, call) if isinstance(call, int) else call
    row = plan_row(row_of_call.id)
    if row is None:
        return Plan(row_of_call.id, row_of_call.reviews, row_of_call.budget_krw)
    return Plan(
        call_id=row_of_call.id,
        reviews=row_of_call.reviews,
        budget_krw=row.budget_krw or row_of_call.budget_krw,
        rubric=row.rubric,
        min_load=row.min_load,
        max_load=row.max_load,
        balance=row.balance,
        ranked=row.ranked,
        quotas={Tier(tier): places for tier, places in row.quotas.items()},
        tie_rule=row.tie_rule,
        bonus_cap=row.bonus_cap,
        disagreement=row.disagreement,
        remind_days=row.remind_days,
        silence_days=row.silence_days,
        appeal_days=row.appeal_days,
        version=row.version,
    )


def plan_row(call_id: int, *, lock: bool = False) -> CallPlan | None:
    select = sa.select(CallPlan).where(CallPlan.call_id == call_id)
    if lock:
        select = select.with_for_update(of=CallPlan).execution_options(populate_existing=True)
    return session.scalar(select)


def phases_of(call_id: int) -> tuple[Phase, ...]:
    """The phases of one call in their order, the waived ones too."""
    return phases_by_call([call_id])[call_id]


def phases_by_call(call_ids: Collection[int]) -> dict[int, tuple[Phase, ...]]:
    """The phases of several calls in one query, for lists."""
    kept: dict[int, list[Phase]] = {}
    for row in session.scalars(sa.select(PhaseRow).where(PhaseRow.call_id.in_(set(call_ids)))):
        kept.setdefault(row.call_id, []).append(_phase(row))
    return {one: phases.in_order(kept[one]) if one in kept else DEFAULT_PHASES for one in call_ids}


def _phase(row: PhaseRow) -> Phase:
    return Phase(
        kind=row.kind,
        opens_on=row.opens_on,
        closes_on=row.closes_on,
        sees_all=row.sees_all,
        sees_names=row.sees_names,
        others_reviews=row.others_reviews,
        suggestion=row.suggestion,
        waived=row.waived,
        waived_reason=row.waived_reason,
    )


def phase_of(application: Application) -> Phase:
    """The phase that an application is in, with what evaluators may see and do in it."""
    return phases.phase_at(phases_of(application.call_id), application.status)


def hides_names() -> sa.ColumnElement[bool]:
    """Whether evaluators may not read the names of an `Application` of the statement: for searches and sorting.

    Notes: the same answer as `phase_of`, put as a WHERE
    """
    hidden: list[sa.ColumnElement[bool]] = []
    calls = set(session.scalars(sa.select(PhaseRow.call_id).where(PhaseRow.sees_names.is_(False))))
    for call_id, kept in phases_by_call(calls).items():
        statuses = [one for one in Status if not phases.phase_at(kept, one).sees_names]
        hidden.append(sa.and_(Application.call_id == call_id, Application.status.in_(statuses)))
    return sa.or_(*hidden) if hidden else sa.false()


def waivers_of(application_id: int) -> Mapping[PhaseKind, PhaseWaiver]:
    """The phases that this application does without."""
    rows = session.scalars(sa.select(PhaseWaiver).where(PhaseWaiver.application_id == application_id))
    return {row.kind: row for row in rows}


def may_decide(application: Application, outcome: Outcome) -> Verdict:
    """Whether the chair may give this outcome now: who is selected or put in reserve has passed every phase."""
    kept = phases_of(application.call_id)
    return phases.may_decide(kept, application.status, outcome is not Outcome.REJECTED, waivers_of(application.id))


def ahead_of(application: Application) -> tuple[Phase, ...]:
    """The phases that an application in evaluation has still to pass."""
    return phases.ahead(phases_of(application.call_id), application.status, waivers_of(application.id))
