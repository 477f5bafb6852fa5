"""Setting how a call is evaluated, and moving its cases from phase to phase. One transaction each, audited.

A case moves when the phase that it is in has done its work: all reviews handed in, the visit reported. An operator may do
without a phase, for the whole call or for one case, with a reason that stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from portal.accounts.rules import OPERATOR
from portal.applications import queries as application_queries
from portal.applications import service as applications
from portal.applications.models import Application
from portal.applications.rules import IN_EVALUATION, Status
from portal.base import audit, clock, grants, outbox
from portal.base.access import SYSTEM, YES, Actor, Forbidden, RuleBroken, RulesBroken, StaleVersion, Verdict, no
from portal.base.db import session, transaction
from portal.evaluation import phases, plans, queries, rubric, rules
from portal.evaluation.models import CallPlan, Panel, PhaseRow, PhaseWaiver, SiteVisit
from portal.evaluation.phases import PHASE_OF, STATUS_OF, Phase, PhaseKind, Plan
from portal.evaluation.rights import let_read, shut
from portal.evaluation.rules import OPEN_STATES, AssignmentState
from portal.programmes import service as programmes
from portal.programmes.models import Call

REASON_LENGTH = 10


# --- the plan of a call -------------------------------------------------------------------------------------


def define(actor: Actor, call: Call, plan: Plan, rows: Sequence[Phase], version: int) -> Plan:
    """Keep how a call is evaluated: its plan and its phases, replaced as a whole.

    version: of the plan that the operator saw (0: the defaults)
    Raises : RulesBroken by field (reviews, max_load, budget, rubric, <kind>_closes, <kind>_waived_reason …);
             StaleVersion; Forbidden, call_region_foreign
    Notes  : a phase with cases in it can't be taken out; panels that run keep the score sheet that they were given
    """
    _ensure_operator(actor)
    rows = phases.in_order(rows)
    with transaction():
        programmes.locked(actor, call)  # checks the region
        row = plans.plan_row(call.id, lock=True)
        if version != (row.version if row else 0):
            raise StaleVersion()
        if problems := _problems(call, plan, rows):
            raise RulesBroken(problems)
        programmes.set_reviews(actor, call, plan.reviews)
        before = plans.phases_of(call.id)
        if row is None:
            row = CallPlan(call_id=call.id)
            session.add(row)
        row.rubric, row.min_load, row.max_load, row.balance = plan.rubric, plan.min_load, plan.max_load, plan.balance
        row.ranked, row.tie_rule, row.bonus_cap = plan.ranked, plan.tie_rule, plan.bonus_cap
        row.budget_krw = plan.budget_krw if plan.budget_krw != call.budget_krw else None
        row.quotas = {tier.value: places for tier, places in plan.quotas.items()}
        row.disagreement, row.remind_days, row.silence_days = plan.disagreement, plan.remind_days, plan.silence_days
        row.appeal_days, row.updated_at = plan.appeal_days, clock.now()
        session.execute(sa.delete(PhaseRow).where(PhaseRow.call_id == call.id))
        session.add_all(PhaseRow(call_id=call.id, **vars(one)) for one in rows)
        session.flush()
        audit.record(
            actor,
            "evaluation_plan.define",
            "call",
            call.id,
            {"version": row.version, "plan": _audited(plan), "phases": [_audited(one) for one in rows]},
        )
        if {one.kind: one.sees_names for one in before} != {one.kind: one.sees_names for one in rows}:
            for panel in _panels_of_call(call.id):
                _align(actor, panel, phases.phase_at(rows, panel.application.status))
        return plans.plan_of(call)


def _problems(call: Call, plan: Plan, rows: Sequence[Phase]) -> list[RuleBroken]:
    found = []
    if not 1 <= plan.reviews <= rules.MOST_REVIEWERS:
        found.append(RuleBroken("evaluation_plan_reviews", "reviews", least=1, most=rules.MOST_REVIEWERS))
    for name, (least, most) in phases.RANGES.items():
        if not least <= getattr(plan, name) <= most:
            found.append(RuleBroken("evaluation_plan_range", name, least=least, most=most))
    for tier, places in plan.quotas.items():
        if not 0 <= places <= 100_000:
            found.append(RuleBroken("evaluation_plan_range", f"quota_{tier.value}", least=0, most="100,000"))
    if plan.max_load < plan.min_load:
        found.append(RuleBroken("evaluation_plan_loads", "max_load"))
    if plan.budget_krw > call.budget_krw:
        found.append(RuleBroken("evaluation_plan_budget", "budget", most=f"{call.budget_krw:,}"))
    if plan.rubric is not None and plan.rubric not in {one.reference for one in rubric.published()}:
        found.append(RuleBroken("evaluation_plan_rubric", "rubric"))
    if not (
        term := phases.can_grant(plan.appeal_days, plans.plan_of(call).appeal_days, queries.has_decisions(call.id))
    ):
        found.append(RuleBroken(term.code, "appeal_days", **term.values))
    if not (verdict := phases.problem_of_order(rows)):
        found.append(RuleBroken(verdict.code))
    for one in rows:
        if one.opens_on and one.closes_on and one.closes_on < one.opens_on:
            found.append(RuleBroken("evaluation_phase_window", f"{one.kind.value}_closes_on"))
        if one.waived and not _says_something(one.waived_reason):
            found.append(RuleBroken("evaluation_waiver_reason", f"{one.kind.value}_waived_reason", least=REASON_LENGTH))
    there = standing(call.id)
    kept = {one.kind for one in rows if not one.waived}
    for kind, count in there.items():
        if count and kind not in kept:
            found.append(RuleBroken("evaluation_phase_in_use", f"{kind.value}_used", count=count))
    return found


def standing(call_id: int) -> dict[PhaseKind, int]:
    """How many cases of a call are in each phase of evaluation."""
    counts = session.execute(
        sa.select(Application.status, sa.func.count())
        .where(Application.call_id == call_id, Application.status.in_(IN_EVALUATION))
        .group_by(Application.status)
    )
    return {PHASE_OF[status]: count for status, count in counts}


def _audited(part: Plan | Phase) -> dict[str, object]:
    return {name: value for name, value in vars(part).items() if value not in (None, "", {})}


# --- from phase to phase ------------------------------------------------------------------------------------


def can_leave(panel: Panel | None, application: Application, visit: SiteVisit | None) -> Verdict:
    """Whether the phase that a case is in has done its work."""
    if application.status is Status.WRITTEN:
        seats = panel.assignments if panel else []
        done = sum(one.state is AssignmentState.SUBMITTED for one in seats)
        if still := sum(one.state in OPEN_STATES for one in seats):
            return no("evaluation_phase_reviews_open", count=still)
        needed = panel.needed if panel else application.call.reviews
        if done < needed:
            return no("evaluation_phase_reviews_few", need=needed, count=done)
    if application.status is Status.SITE and (visit is None or visit.reported_at is None):
        return no("evaluation_phase_report")
    return YES


def advance(actor: Actor, application: Application) -> Application:
    """Move one case into its next phase.

    Raises: RuleBroken evaluation_phase_last, evaluation_phase_reviews_open, evaluation_phase_reviews_few,
            evaluation_phase_report, evaluation_not_ready; NotVisible, Forbidden
    """
    _ensure_operator(actor)
    with transaction():
        row = application_queries.by_id(actor, application.id, lock=True)
        if row.status not in IN_EVALUATION:
            raise RuleBroken("evaluation_not_ready")
        left = plans.ahead_of(row)
        if not left:
            raise RuleBroken("evaluation_phase_last")
        panel = queries.panel_of(row.id, lock=True)
        verdict = can_leave(panel, row, visit_of(row.id))
        if not verdict:
            raise RuleBroken(verdict.code, None, **verdict.values)
        _enter(actor, row, panel, left[0])
        return row


@dataclass(frozen=True)
class Moved:
    """What became of a whole call. held: cases that stay, with what they wait for."""

    moved: int = 0
    held: tuple[tuple[Application, Verdict], ...] = field(default=())


def advance_call(actor: Actor, call: Call, kind: PhaseKind) -> Moved:
    """Move every case of a call that has done its work in one phase into the next; the others stay where they are.

    Raises: RuleBroken evaluation_phase_unknown; Forbidden
    Notes : one transaction for the whole call
    """
    _ensure_operator(actor)
    with transaction():
        ready, held = _sorted_out(actor, call, kind, lock=True)
        for row, panel, phase in ready:
            _enter(actor, row, panel, phase)
        if ready:
            audit.record(actor, "phase.advance_call", "call", call.id, {"from": kind, "moved": len(ready)})
        return Moved(len(ready), held)


def look(actor: Actor, call: Call, kind: PhaseKind) -> Moved:
    """What `advance_call` would do now."""
    _ensure_operator(actor)
    ready, held = _sorted_out(actor, call, kind)
    return Moved(len(ready), held)


def _sorted_out(
    actor: Actor, call: Call, kind: PhaseKind, *, lock: bool = False
) -> tuple[list[tuple[Application, Panel | None, Phase]], tuple[tuple[Application, Verdict], ...]]:
    """The cases of a phase that may move on, with their panel and next phase; and those that stay, with the reason."""
    status = STATUS_OF.get(kind)
    if status is None:
        raise RuleBroken("evaluation_phase_unknown")
    wanted = application_queries.visible_to(actor).where(Application.call_id == call.id, Application.status == status)
    if lock:
        wanted = wanted.with_for_update(of=Application)
    rows = session.scalars(wanted.order_by(Application.number, Application.id)).unique().all()
    ids = [row.id for row in rows]
    panels = {panel.application_id: panel for panel in _panels_of_call(call.id)}
    visits = {one.application_id: one for one in session.scalars(_visits().where(SiteVisit.application_id.in_(ids)))}
    without: dict[int, set[PhaseKind]] = {}
    for one in session.scalars(sa.select(PhaseWaiver).where(PhaseWaiver.application_id.in_(ids))):
        without.setdefault(one.application_id, set()).add(one.kind)
    kept = plans.phases_of(call.id)
    ready, held = [], []
    for row in rows:
        left = phases.ahead(kept, row.status, without.get(row.id, ()))
        verdict = can_leave(panels.get(row.id), row, visits.get(row.id)) if left else no("evaluation_phase_last")
        if verdict:
            ready.append((row, panels.get(row.id), left[0]))
        else:
            held.append((row, verdict))
    return ready, tuple(held)


def waive(actor: Actor, application: Application, kind: PhaseKind, reason: str) -> Application:
    """Do without one phase for one case; the one that it is in is left at once.

    Raises: RuleBroken evaluation_waiver_reason (reason), evaluation_phase_unknown (kind), evaluation_not_ready
    Notes : waiving twice changes nothing
    """
    _ensure_operator(actor)
    if not _says_something(reason):
        raise RuleBroken("evaluation_waiver_reason", "reason", least=REASON_LENGTH)
    with transaction():
        row = application_queries.by_id(actor, application.id, lock=True)
        if row.status not in IN_EVALUATION:
            raise RuleBroken("evaluation_not_ready")
        if kind in plans.waivers_of(row.id):
            return row
        here = PHASE_OF[row.status] is kind
        left = plans.ahead_of(row)
        if not here and kind not in {one.kind for one in left}:
            raise RuleBroken("evaluation_phase_unknown", "kind")
        if here and not left:
            raise RuleBroken("evaluation_phase_none_left", "kind")
        reason = " ".join(reason.split())[:500]
        session.add(PhaseWaiver(application_id=row.id, kind=kind, reason=reason, by_id=actor.id))
        session.flush()
        audit.record(actor, "phase.waive", "application", row.id, {"kind": kind})
        if here:
            _enter(actor, row, queries.panel_of(row.id, lock=True), left[0], f"{kind.label.ko} 생략: {reason}")
        return row


def _enter(actor: Actor, application: Application, panel: Panel | None, phase: Phase, reason: str = "") -> None:
    before = application.status
    applications.mark_state(SYSTEM, application.id, STATUS_OF[phase.kind], reason)
    if panel is not None:
        _align(actor, panel, phase)
    audit.record(actor, "phase.enter", "application", application.id, {"from": before.value, "to": phase.kind.value})
    outbox.emit("phase.entered", application_id=application.id, kind=phase.kind.value)


@outbox.soon
def skip_waived(application_id: int) -> None:
    """application.accepted → where the call does without the written review, its first phase in force is entered."""
    application = application_queries.by_id(SYSTEM, application_id, lock=True)
    kept = plans.phases_of(application.call_id)
    written = next((one for one in kept if one.kind is PhaseKind.WRITTEN), None)
    if application.status is not Status.WRITTEN or (written is not None and not written.waived):
        return
    left = phases.ahead(kept, Status.WRITTEN, plans.waivers_of(application_id))
    if left:
        reason = f"{PhaseKind.WRITTEN.label.ko} 생략: {written.waived_reason}" if written else ""
        _enter(SYSTEM, application, None, left[0], reason)


def _align(actor: Actor, panel: Panel, phase: Phase) -> None:
    """Evaluators who have declared hold the rights that the phase gives: the named file, or only the hidden one."""
    application = panel.application
    if application.status not in IN_EVALUATION:
        return
    for one in panel.assignments:
        if one.declared_at is None or one.state is AssignmentState.RECUSED:
            continue
        reads = session.scalar(
            sa.select(sa.literal(1)).where(
                grants.Grant.object_type == "application",
                grants.Grant.object_id == application.id,
                grants.Grant.right == "review",
                grants.Grant.person_id == one.evaluator_id,
            )
        )
        if phase.sees_names and not reads:
            let_read(actor, application, one.evaluator_id, "review", "evaluation.phase")
        elif not phase.sees_names and reads:
            shut(actor, application, one.evaluator_id, "review", "evaluation.phase")


# --- rows ---------------------------------------------------------------------------------------------------


def visit_of(application_id: int) -> SiteVisit | None:
    return session.scalar(_visits().where(SiteVisit.application_id == application_id))


def _visits() -> sa.Select[tuple[SiteVisit]]:
    return sa.select(SiteVisit)


def _panels_of_call(call_id: int) -> Sequence[Panel]:
    return (
        session.scalars(
            sa.select(Panel)
            .join(Application, Application.id == Panel.application_id)
            .where(Application.call_id == call_id, Application.status.in_(IN_EVALUATION))
            .options(selectinload(Panel.assignments), selectinload(Panel.application))
        )
        .unique()
        .all()
    )


def _says_something(reason: str) -> bool:
    return len(" ".join(reason.split())) >= REASON_LENGTH


def _ensure_operator(actor: Actor) -> None:
    if not (actor.is_system or actor.has(*OPERATOR)):
        raise Forbidden("no_right")
