"""The chair's acts: decide or finalise a case, decide a ranked call at once, and the one way in which a decision changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from portal.accounts.rules import Role
from portal.applications import service as applications
from portal.applications.rules import IN_EVALUATION, Status
from portal.base import audit, clock, grants, once, outbox
from portal.base.access import (
    Actor,
    Forbidden,
    RuleBroken,
    RulesBroken,
    StaleVersion,
    ensure,
)
from portal.base.db import session, transaction
from portal.evaluation import (
    plans,
    queries,
    rubric,
    rules,
    sidebyside,
)
from portal.evaluation.models import Decision, Finding, Panel
from portal.evaluation.rights import shut
from portal.evaluation.rules import AssignmentState, Cause, Outcome, Ranked
from portal.programmes.rules import Tier


def decide(
    actor: Actor,
    panel: Panel,
    *,
    tier: Tier | None,
    outcome: Outcome | None,
    reason: str = "",
    items: Collection[str] = (),
    waiver: str = "",
    once_key: str | None = None,
) -> Decision:
    """The chair confirms or overrides the suggested tier and says what becomes of the application.

    items  : codes of the changed items that ground an override
    waiver : why the chair does not wait for an additional review that was called for
    Raises : RulesBroken by field (tier, outcome, reason, items, waiver); RuleBroken evaluation_decided,
             evaluation_chair_not_neutral, evaluation_reviews_open, evaluation_reviews_few, evaluation_not_ready,
             evaluation_consensus_open
    Notes  : one decision per application (a constraint holds it against a race); the same once_key gives the same
             decision; takes the panel's rights on the files; emits decision.made
    """
    with transaction():
        queries.lock(panel)
        made = queries.decision_of(panel.application_id)
        if made is not None and once_key and once.claim(actor, once_key, "evaluation.decide") == made.key:
            return made
        if queries.is_ranked(panel.application.call_id):
            raise RuleBroken("evaluation_ranked")
        basis, missing = _grounds(actor, panel, tier, outcome, reason, items, waiver)
        decision = _add_decision(
            actor,
            panel,
            kind=rules.kind_of(basis, tier),
            suggested_tier=basis.suggested,
            tier=tier,
            outcome=outcome,
            reason=reason.strip(),
            items=sorted(basis.changed & set(items)),
            total=basis.total,
            waiver=waiver.strip() if missing else None,
        )
        applications.mark_decided(
            actor, panel.application_id, Status(outcome.value), tier, decision.reason or rules.PLAIN_REASON.ko
        )
        close_files(actor, panel)
        once.keep(actor, once_key, "evaluation.decide", decision.key)
        audit.record(
            actor,
            "decision.make",
            "application",
            panel.application_id,
            {
                "decision": decision.id,
                "kind": decision.kind,
                "tier": tier,
                "outcome": outcome,
                "items": decision.items,
                "readers_missing": missing,
            },
        )
        outbox.emit("decision.made", application_id=panel.application_id, decision_id=decision.id)
        return decision


def finalise(
    actor: Actor,
    panel: Panel,
    *,
    tier: Tier | None,
    recommended: bool | None,
    reason: str = "",
    items: Collection[str] = (),
    waiver: str = "",
    version: int | None = None,
) -> Finding:
    """In a ranked call the chair finalises tier and recommendation of a case; the call's ranking decides later.

    Raises: as `decide`; RuleBroken evaluation_not_ranked; StaleVersion
    Notes : the same rules of overriding; may be changed until the ranking is approved, each time with an audit row
    """
    with transaction():
        queries.lock(panel)
        if not queries.is_ranked(panel.application.call_id):
            raise RuleBroken("evaluation_not_ranked")
        outcome = None if recommended is None else Outcome.SELECTED if recommended else Outcome.REJECTED
        basis, missing = _grounds(actor, panel, tier, outcome, reason, items, waiver)
        row = queries.finding_of(panel.application_id)
        if version is not None and row is not None and version != row.version:
            raise StaleVersion()
        if row is None:
            row = Finding(application_id=panel.application_id, panel_id=panel.id)
            session.add(row)
        row.by_id, row.at = actor.id, clock.now()
        row.kind, row.suggested_tier, row.tier = rules.kind_of(basis, tier), basis.suggested, tier
        row.recommended, row.reason, row.total = recommended, reason.strip(), basis.total
        row.critical = sidebyside.critical_sum(panel)
        row.items, row.waiver = sorted(basis.changed & set(items)), waiver.strip() if missing else None
        session.flush()
        audit.record(
            actor,
            "finding.make",
            "application",
            panel.application_id,
            {"kind": row.kind, "tier": tier, "recommended": recommended, "total": row.total, "items": row.items},
        )
        return row


def decide_by_rank(actor: Actor, call_id: int, rows: Sequence[Ranked]) -> list[Decision]:
    """Decide the cases of a ranked call at once, as the approved ranking says; called by selection.

    Raises: Forbidden evaluation_chair_not_neutral for who assigned or reviewed one of them, or holds no right on the
            call; RuleBroken evaluation_decided, evaluation_closed, evaluation_not_recommended
    Notes : all or none; emits decision.made for each
    """
    with transaction():
        if not actor.has(Role.LEAD_EVALUATOR) or not grants.has(actor, "call", call_id, "decide"):
            raise Forbidden("evaluation_chair_not_neutral")
        made = []
        panels = queries.panels_to_decide([row.application_id for row in rows])
        for row in rows:
            panel = panels.get(row.application_id)
            found = panel.finding if panel else None
            if panel is None or found is None or (row.outcome is not Outcome.REJECTED and not found.recommended):
                raise RuleBroken("evaluation_not_recommended")
            if panel.decision is not None:
                raise RuleBroken("evaluation_decided")
            if panel.application.status not in IN_EVALUATION:
                raise RuleBroken("evaluation_closed")
            if actor.id in _assigners(panel) or actor.id in {one.evaluator_id for one in panel.assignments}:
                raise Forbidden("evaluation_chair_not_neutral")
            decision = _add_decision(
                actor,
                panel,
                cause=Cause.RANKING,
                kind=found.kind,
                suggested_tier=found.suggested_tier,
                tier=found.tier,
                outcome=row.outcome,
                reason=row.reason,
                items=found.items,
                total=found.total,
                standing=row.standing.as_dict(),
                waiver=found.waiver,
            )
            words = row.reason or rules.plain_reason(Cause.RANKING, row.outcome).ko
            applications.mark_decided(actor, row.application_id, Status(row.outcome.value), found.tier, words)
            close_files(actor, panel)
            audit.record(
                actor,
                "decision.make",
                "application",
                row.application_id,
                {"decision": decision.id, "kind": found.kind, "tier": found.tier, "outcome": row.outcome},
            )
            outbox.emit("decision.made", application_id=row.application_id, decision_id=decision.id)
            made.append(decision)
        return made


def decide_again(
    actor: Actor,
    application_id: int,
    *,
    cause: Cause,
    tier: Tier | None,
    outcome: Outcome,
    reason: str,
    total: float | None = None,
    below: Collection[str] = (),
    standing: Mapping[str, Any] | None = None,
    once_key: str | None = None,
) -> Decision:
    """Change what was decided, by a new row on top of the old ones: the only way in which a decision changes.

    cause   : APPEAL needs a chair who neither sat on the first panel, nor chaired, assigned or decided it, and who holds
              the right `decide` on the application; RESERVE and WITHDRAWAL are the portal's own
    tier    : None keeps the tier
    total   : with what was judged anew; None keeps the total
    below   : critical criteria that stay under their floor
    standing: where the application now stands in its call (`rules.Standing.as_dict`); None keeps it
    Raises  : RuleBroken evaluation_not_decided, evaluation_below_pass (outcome), evaluation_reason_short (reason),
              wrong_status; Forbidden
    Notes   : the same once_key gives the same decision; emits decision.changed
    """
    with transaction():
        panel = queries.panel_of(application_id, lock=True)
        made = queries.decision_of(application_id)
        if panel is None or made is None:
            raise RuleBroken("evaluation_not_decided")
        if once_key and once.claim(actor, once_key, "evaluation.decide_again") == made.key:
            return made
        _ensure_may_change(actor, panel, made, cause)
        if cause is Cause.APPEAL:
            ensure(rules.reason_is_long_enough(reason), "reason")
        tier, total = tier or made.tier, made.total if total is None else total
        need = rubric.load(panel.rubric).pass_points
        if outcome in (Outcome.SELECTED, Outcome.RESERVE) and (total < need or below):
            raise RuleBroken("evaluation_below_pass", "outcome", total=f"{total:.1f}", need=need)
        decision = _add_decision(
            actor,
            panel,
            cause=cause,
            kind=made.kind if tier is made.tier else rules.kind_between(made.suggested_tier, tier),
            suggested_tier=made.suggested_tier,
            tier=tier,
            outcome=outcome,
            reason=reason.strip(),
            items=made.items,
            total=total,
            standing=made.standing if standing is None else dict(standing),
        )
        if cause is not Cause.WITHDRAWAL:  # the firm itself has moved its application then
            words = decision.reason or rules.plain_reason(cause, outcome).ko
            applications.mark_redecided(actor, application_id, Status(outcome.value), tier, words)
        once.keep(actor, once_key, "evaluation.decide_again", decision.key)
        audit.record(
            actor,
            "decision.change",
            "application",
            application_id,
            {
                "decision": decision.id,
                "before": made.id,
                "cause": cause,
                "tier": tier,
                "outcome": outcome,
                "total": total,
            },
        )
        outbox.emit("decision.changed", application_id=application_id, decision_id=decision.id)
        return decision


def _grounds(
    actor: Actor,
    panel: Panel,
    tier: Tier | None,
    outcome: Outcome | None,
    reason: str,
    items: Collection[str],
    waiver: str,
) -> tuple[rules.Basis, int]:
    """What the chair's act rests on, when nothing speaks against it: the reviews, and how many called readers lack."""
    neutral = rules.can_decide(
        actor.id, panel.chair_id, _assigners(panel), {assignment.evaluator_id for assignment in panel.assignments}
    )
    if not actor.has(Role.LEAD_EVALUATOR) or not neutral:
        raise Forbidden("evaluation_chair_not_neutral")
    if queries.decision_of(panel.application_id) is not None:
        raise RuleBroken("evaluation_decided")
    if panel.application.status not in IN_EVALUATION:
        raise RuleBroken("evaluation_closed")
    if panel.consensus is not None and panel.consensus.is_open:
        raise RuleBroken("evaluation_consensus_open")
    ensure(sidebyside.reviews_suffice(panel))
    basis = sidebyside.basis_of(panel)
    problems = rules.decision_problems(basis, tier, outcome, reason, items)
    if outcome is not None and not (passed := plans.may_decide(panel.application, outcome)):
        problems.append(rules.Problem("outcome", passed))
    missing = sidebyside.readers_missing(panel)
    if not (alone := rules.may_do_without(missing, waiver)):
        problems.append(rules.Problem("waiver", alone))
    if problems:
        raise RulesBroken([RuleBroken(one.verdict.code, one.field, **one.verdict.values) for one in problems])
    return basis, missing


def _assigners(panel: Panel) -> set[int | None]:
    return {panel.assigned_by_id, *(assignment.assigned_by_id for assignment in panel.assignments)}


def _add_decision(actor: Actor, panel: Panel, **values: Any) -> Decision:
    """The next row of the history; the one before it counts no longer."""
    before = queries.decision_of(panel.application_id)
    moment = clock.now()
    if before is not None:
        before.superseded_at = moment
        session.flush()  # the index lets one newest row stand at a time
    decision = Decision(
        application_id=panel.application_id,
        panel_id=panel.id,
        sequence=before.sequence + 1 if before else 1,
        decided_by_id=actor.id,
        decided_at=moment,
        **values,
    )
    session.add(decision)
    session.flush()
    session.expire(panel, ["decision"])
    return decision


def _ensure_may_change(actor: Actor, panel: Panel, made: Decision, cause: Cause) -> None:
    if actor.is_system:
        return
    seated = {one.evaluator_id for one in panel.assignments}
    if (
        cause is not Cause.APPEAL
        or not actor.has(Role.LEAD_EVALUATOR)
        or actor.id in {panel.chair_id, made.decided_by_id} | seated | _assigners(panel)
    ):
        raise Forbidden("evaluation_chair_not_neutral")


def close_files(actor: Actor, panel: Panel) -> None:
    """Files go back: nobody on the panel reads the case any more."""
    for assignment in panel.assignments:
        if assignment.declared_at and assignment.state is not AssignmentState.RECUSED:
            shut(actor, panel.application, assignment.evaluator_id, "review", "evaluation.decided")
