"""합의 회의: the panel looks at a case together after everybody has judged alone, and a submitted review is revised.

The chair convenes; evaluators who submitted see one another's scores under pseudonyms and may revise their own with a
reason; the chair writes down what was agreed and ends the meeting, and only then decides. Every state of a review that
counted stays (`history`). Own blind tiers never change: they were given alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.accounts.rules import Role
from portal.applications.rules import IN_EVALUATION
from portal.base import audit, clock, mail, outbox
from portal.base.access import Actor, Forbidden, NotVisible, RuleBroken, RulesBroken, StaleVersion
from portal.base.db import session, transaction
from portal.evaluation import casefile, history, plans, presentations, queries, rubric, rules, service, sidebyside
from portal.evaluation.models import Assignment, Consensus, Panel, Review, ReviewVersion
from portal.evaluation.rules import AssignmentState, VersionCause
from portal.evaluation.sidebyside import SideBySide
from portal.programmes.rules import Tier
from portal.scoring import service as scoring

DAYS = 7
"""How long a meeting is open where the chair says nothing else."""


# --- the chair ------------------------------------------------------------------------------------------------


def convene(actor: Actor, panel: Panel, *, question: str, due: date) -> Consensus:
    """Open the meeting on a case whose reviews are all in.

    question: what the evaluators should look at again; they read it
    Raises  : Forbidden; RuleBroken evaluation_decided, evaluation_consensus_twice, evaluation_reviews_open,
              evaluation_reviews_few, evaluation_closed, evaluation_due_past (due)
    Notes   : emits consensus.convened; convening an open meeting again changes nothing
    """
    with transaction():
        queries.lock(panel)
        _ensure_chair(actor, panel)
        if panel.consensus is not None:
            if panel.consensus.is_open:
                return panel.consensus
            raise RuleBroken("evaluation_consensus_twice")
        _ensure_undecided(panel)
        ready = sidebyside.reviews_suffice(panel)
        if not ready:
            raise RuleBroken(ready.code, None, **ready.values)
        if due < clock.today():
            raise RuleBroken("evaluation_due_past", "due")
        row = Consensus(panel_id=panel.id, convened_by_id=actor.id, question=question.strip(), due_on=due, notes={})
        session.add(row)
        session.flush()
        session.expire(panel, ["consensus"])
        audit.record(actor, "consensus.convene", "application", panel.application_id, {"consensus": row.id, "due": due})
        outbox.emit("consensus.convened", consensus_id=row.id)
        return row


def note(
    actor: Actor, panel: Panel, version: int | None, *, notes: Mapping[str, str], summary: str, end: bool = False
) -> Consensus:
    """Keep what was agreed; `end` closes the meeting.

    Raises: Forbidden; StaleVersion; RuleBroken evaluation_consensus_none, evaluation_consensus_notes (summary),
            evaluation_decided
    """
    with transaction():
        queries.lock(panel)
        _ensure_chair(actor, panel)
        row = panel.consensus
        if row is None or not row.is_open:
            raise RuleBroken("evaluation_consensus_none")
        _ensure_undecided(panel)
        sheet = rubric.load(panel.rubric)
        kept = {one.code: text for one in sheet.criteria if (text := (notes.get(one.code) or "").strip())}
        summary = summary.strip()
        if (kept, summary) != (row.notes, row.summary):
            if version is not None and version != row.version:
                raise StaleVersion(
                    mine={"": casefile.in_words(summary), **kept}, current={"": row.summary, **row.notes}
                )
            row.notes, row.summary = kept, summary
        if end:
            if not rules.reason_is_long_enough(" ".join((summary, *kept.values()))):
                raise RuleBroken("evaluation_consensus_notes", "summary")
            row.ended_at = clock.now()
        session.flush()
        audit.record(
            actor,
            "consensus.end" if end else "consensus.note",
            "application",
            panel.application_id,
            {"consensus": row.id, "criteria": sorted(kept), "version": row.version},
        )
        return row


# --- the evaluator ----------------------------------------------------------------------------------------------


def revision_cause(assignment: Assignment) -> VersionCause | None:
    """Why a submitted review may be revised now; None when it may not."""
    panel = assignment.panel
    if assignment.state is not AssignmentState.SUBMITTED or _is_finished(panel):
        return None
    if panel.consensus is not None and panel.consensus.is_open and clock.today() <= panel.consensus.due_on:
        return VersionCause.CONSENSUS
    heard = presentations.may_revise(assignment.application)
    if heard and plans.phase_of(assignment.application).accepts(clock.today()):
        return VersionCause.PRESENTATION
    return None


def shows_others(assignment: Assignment) -> bool:
    """Whether this evaluator may read the others' reviews now, under their pseudonyms.

    Before the own one is in only where the call's phase says so; a meeting is for those who have submitted.
    """
    submitted = assignment.state is AssignmentState.SUBMITTED
    if not submitted and assignment.state is not AssignmentState.OPENED:
        return False
    if assignment.application.status not in IN_EVALUATION or assignment.panel.decision is not None:
        return False  # files go back after the decision
    meets = submitted and assignment.panel.consensus is not None
    return meets or plans.phase_of(assignment.application).shows_others(submitted)


def revise(
    actor: Actor,
    assignment: Assignment,
    version: int | None,
    *,
    scores: Mapping[str, Mapping[str, Any]],
    comment: str,
    final_tier: Tier | None,
    tier_reason: str,
    reason: str,
) -> Review:
    """Change a submitted review, with a reason that stays beside the state that it had.

    tier_reason: why the tier differs from the suggestion; reason: why the review is revised
    Raises     : RulesBroken by field; RuleBroken evaluation_not_revisable, evaluation_nothing_revised, evaluation_decided;
                 StaleVersion; NotVisible
    """
    with transaction():
        queries.lock(assignment)
        if actor.id is None or assignment.evaluator_id != actor.id or assignment.state is AssignmentState.RECUSED:
            raise NotVisible
        queries.panel_of(assignment.application_id, lock=True)
        _ensure_undecided(assignment.panel)
        cause = revision_cause(assignment)
        review = assignment.review
        if cause is None or review is None:
            raise RuleBroken("evaluation_not_revisable")
        sheet = rubric.load(assignment.panel.rubric)
        clean = service.clean_scores(assignment.panel, scores)
        given = {
            "scores": clean,
            "comment": comment.strip(),
            "final_tier": final_tier,
            "reason": tier_reason.strip(),
        }
        changed = {name: value for name, value in given.items() if value != getattr(review, name)}
        if not changed:
            raise RuleBroken("evaluation_nothing_revised")
        if version is not None and version != review.version:
            raise StaleVersion(
                mine={str(rules.PART_WORDS[name]): casefile.in_words(value) for name, value in changed.items()},
                current={str(rules.PART_WORDS[name]): casefile.in_words(getattr(review, name)) for name in changed},
            )
        lacking = casefile.sheet_lacking(sheet, {code: rules.scored_from(row) for code, row in clean.items()})
        if final_tier is None:
            lacking.append(rules.Problem("final_tier", rules.no("evaluation_tier_missing")))
        elif queries.suggestion_of(assignment.application_id) is not None and review.suggestion_shown_at:
            items = {code for code, word in review.judged.items() if word.is_change}
            moved = rules.can_move_tier(review.suggested_tier, final_tier, tier_reason, items)
            if not moved:
                about = "tier_reason" if moved.code == "evaluation_reason_short" else "final_tier"
                lacking.append(rules.Problem(about, moved))
        if not (said := rules.reason_is_long_enough(reason)):
            lacking.append(rules.Problem("why", said))
        if lacking:
            raise RulesBroken([RuleBroken(one.verdict.code, one.field, **one.verdict.values) for one in lacking])
        for name, value in changed.items():
            setattr(review, name, value)
        review.total = sheet.result(review.points).total
        session.flush()
        if "final_tier" in changed or "reason" in changed:
            suggestion = queries.suggestion_of(assignment.application_id)
            if suggestion is not None:
                scoring.record_opinion(
                    actor,
                    suggestion.id,
                    tier=review.own_tier,
                    shown_before=False,
                    final_tier=final_tier,
                    reason=review.reason,
                )
        kept = history.keep(review, cause, reason.strip())
        audit.record(
            actor,
            "review.revise",
            "review",
            review.id,
            {
                "application": assignment.application_id,
                "cause": cause,
                "parts": sorted(changed),
                "total": review.total,
                "sequence": kept.sequence,
            },
        )
        outbox.emit("review.revised", application_id=assignment.application_id, assignment_id=assignment.id)
        return review


# --- readings ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Meeting:
    """What the people at the table see: all reviews under their pseudonyms, and the states that each one had.

    own: the pseudonym of who looks, None for the chair
    """

    sides: SideBySide
    consensus: Consensus | None
    versions: Mapping[str, tuple[ReviewVersion, ...]]
    own: str | None


def versions_of(panel: Panel) -> dict[str, tuple[ReviewVersion, ...]]:
    """The states that the submitted reviews of a panel had, by pseudonym; for the chair and the people at the table."""
    seats = [one for one in panel.assignments if one.state is AssignmentState.SUBMITTED and one.review is not None]
    kept = history.versions_of([one.review.id for one in seats])
    return {one.pseudonym: tuple(kept[one.review.id]) for one in seats}


def meeting_for_chair(panel: Panel) -> Meeting:
    return _meeting(panel, None)


def meeting_for(assignment: Assignment) -> Meeting:
    """Raises: NotVisible unless the evaluator has submitted and the others' reviews may be read now."""
    if not shows_others(assignment):
        raise NotVisible
    return _meeting(assignment.panel, assignment.pseudonym)


def _meeting(panel: Panel, own: str | None) -> Meeting:
    return Meeting(sidebyside.side_by_side(panel), panel.consensus, versions_of(panel), own)


# --- letters ----------------------------------------------------------------------------------------------------


def write_convened(consensus_id: int) -> None:
    """consensus.convened → a letter to each evaluator of the case; it names the case by its number."""
    row = session.get(Consensus, consensus_id)
    if row is None or not row.is_open:
        return
    for seat in row.panel.assignments:
        if seat.state is AssignmentState.SUBMITTED:
            mail.queue(
                seat.evaluator.email,
                "consensus_convened",
                seat.evaluator.language,
                f"consensus-{row.id}-{seat.id}",
                name=seat.evaluator.name,
                number=row.panel.application.number,
                due=row.due_on.isoformat(),
                path=f"/evaluation/cases/{seat.key}/consensus",
            )


def _is_finished(panel: Panel) -> bool:
    """Decided, or found upon by the chair of a ranked call: what the reviews said stands."""
    return panel.decision is not None or queries.finding_of(panel.application_id) is not None


# --- shared checks ------------------------------------------------------------------------------------------------


def _ensure_chair(actor: Actor, panel: Panel) -> None:
    if actor.id is None or not actor.has(Role.LEAD_EVALUATOR) or panel.chair_id != actor.id:
        raise Forbidden("evaluation_chair_not_neutral")


def _ensure_undecided(panel: Panel) -> None:
    if _is_finished(panel):
        raise RuleBroken("evaluation_decided")
    if panel.application.status not in IN_EVALUATION:
        raise RuleBroken("evaluation_closed")
