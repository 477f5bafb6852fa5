"""The writes of panels and reviews: assign, step down, open, save, lock, submit. One transaction each, audited.

A right on a case exists only while it is needed: it is granted when the evaluator has declared that there is no
conflict, and taken on recusal and at the decision (files go back after the meeting).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from portal.accounts.models import Person
from portal.accounts.rules import OPERATOR, Role
from portal.applications import queries as application_queries
from portal.applications.models import Application
from portal.applications.rules import IN_EVALUATION
from portal.base import audit, clock, grants, mail, once, outbox
from portal.base.access import (
    SYSTEM,
    Actor,
    Forbidden,
    NotVisible,
    RuleBroken,
    RulesBroken,
    StaleVersion,
    Verdict,
    ensure,
    no,
)
from portal.base.db import session, transaction
from portal.conflicts.rules import ConflictKind, Found, Moment
from portal.evaluation import (
    casefile,
    conflicted,
    deciding,
    declaring,
    history,
    plans,
    queries,
    rubric,
    rules,
    seating,
)
from portal.evaluation.models import Assignment, Decision, Draw, Panel, Review
from portal.evaluation.rights import let_read, shut
from portal.evaluation.rules import AssignmentState, Cause, ItemVerdict, Outcome, RecusalReason, VersionCause
from portal.programmes.rules import Tier
from portal.scoring import rules as scoring_rules
from portal.scoring import service as scoring

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


# --- panels -----------------------------------------------------------------------------------------------


def assign(
    actor: Actor,
    application: Application,
    evaluators: Sequence[Person],
    chair: Person,
    due: date,
    *,
    once_key: str | None = None,
    bars: Mapping[int, Sequence[Found]] | None = None,
    draw: Draw | None = None,
) -> Panel:
    """Name the panel of an application, or add evaluators to it; the chair of an undecided panel may change.

    due    : the day (KST) by whose end reviews are due
    bars   : person → hard conflicts with the application, when the caller has just looked (many cases in one go)
    draw   : the draw that seats them; it may leave seats empty, and writes one letter to each evaluator at its end
    Raises : RulesBroken with a refusal per field (evaluators, chair, due); RuleBroken evaluation_not_ready,
             evaluation_decided; NotVisible, Forbidden
    Notes  : writes panel, assignment, grants for the chair; emits evaluator.assigned per new evaluator
    """
    _ensure_operator(actor)
    with transaction():
        application_queries.by_id(actor, application.id)  # a regional operator stays in the region
        if once_key and once.claim(actor, once_key, "evaluation.assign"):
            return queries.panel_of(application.id)
        application = queries.locked_application(actor, application.id)
        if application.status not in IN_EVALUATION:
            raise RuleBroken("evaluation_not_ready")
        panel = queries.panel_of(application.id, lock=True)
        if panel is not None and panel.decision is not None:
            raise RuleBroken("evaluation_decided")
        case = seating.case_of(application, panel)
        wrong = _wrong_people(evaluators, chair)
        against = wrong or rules.can_assign(
            actor.id, case, [_member(person) for person in evaluators], _member(chair), due, clock.today()
        )
        if draw is not None:
            against = [one for one in against if one[1].code != "evaluation_too_few"]
        against = against or _conflicts(application, evaluators, chair, bars)
        if against:
            raise RulesBroken([RuleBroken(verdict.code, field, **verdict.values) for field, verdict in against])
        if panel is None:
            panel = Panel(
                application_id=application.id,
                chair_id=chair.id,
                assigned_by_id=actor.id,
                rubric=plans.plan_of(application.call).rubric or rubric.newest().reference,
                due_on=due,
            )
            session.add(panel)
            session.flush()
            _ask_for_readers(panel)
            let_read(actor, application, chair.id, "decide", "evaluation.chair")
        elif panel.chair_id != chair.id:
            shut(actor, application, panel.chair_id, "decide", "evaluation.chair_changed")
            panel.chair_id = chair.id
            let_read(actor, application, chair.id, "decide", "evaluation.chair")
        panel.due_on = due
        for assignment in _seat(actor, panel, application, evaluators, due, draw):
            outbox.emit("evaluator.assigned", assignment_id=assignment.id)
        audit.record(
            actor,
            "panel.assign",
            "application",
            application.id,
            {
                "panel": panel.id,
                "chair": chair.id,
                "evaluators": [person.id for person in evaluators],
                "due": due,
                "draw": draw.id if draw else None,
            },
        )
        once.keep(actor, once_key, "evaluation.assign", panel.key)
        session.flush()
        session.expire(panel, ["assignments"])
        return panel


def _seat(
    actor: Actor,
    panel: Panel,
    application: Application,
    evaluators: Sequence[Person],
    due: date,
    draw: Draw | None,
) -> list[Assignment]:
    """New assignments; letters are dealt at random, so that 위원 A is not always the first on the list."""
    used = {assignment.pseudonym for assignment in panel.assignments}
    letters = [letter for letter in LETTERS if letter not in used][: len(evaluators)]
    secrets.SystemRandom().shuffle(letters)
    seated = [
        Assignment(
            panel_id=panel.id,
            application_id=application.id,
            evaluator_id=person.id,
            assigned_by_id=actor.id,
            pseudonym=letter,
            due_on=due,
            draw_id=draw.id if draw else None,
        )
        for person, letter in zip(evaluators, letters, strict=True)
    ]
    session.add_all(seated)
    session.flush()
    return seated


def _wrong_people(evaluators: Sequence[Person], chair: Person) -> list[tuple[str, Verdict]]:
    wrong = []
    if any(Role.EVALUATOR not in person.role_names or not person.active for person in evaluators):
        wrong.append(("evaluators", Verdict(False, "evaluation_not_evaluator")))
    if Role.LEAD_EVALUATOR not in chair.role_names or not chair.active:
        wrong.append(("chair", Verdict(False, "evaluation_not_chair")))
    return wrong


def _conflicts(
    application: Application, evaluators: Sequence[Person], chair: Person, bars: Mapping[int, Sequence[Found]] | None
) -> list[tuple[str, Verdict]]:
    """Nobody with a conflict that bars is seated, whoever picked them."""
    people = [("evaluators", person) for person in evaluators] + [("chair", chair)]
    found = conflicted.bars(application, {person.id for _, person in people}) if bars is None else bars
    return [
        (field, no("evaluation_conflict", name=person.name, kind=found[person.id][0].kind.label))
        for field, person in people
        if found.get(person.id)
    ]


def _member(person: Person) -> rules.Member:
    return rules.Member(person.id, person.name, person.organisation_id)


# --- one evaluator's case -----------------------------------------------------------------------------------


def open_file(
    actor: Actor,
    assignment: Assignment,
    *,
    no_conflict: bool,
    answers: Mapping[ConflictKind, bool] | None = None,
) -> Review | None:
    """The evaluator declares that there is no conflict; only then do answers and papers show.

    answers: soft kind that was found → whether it is a conflict
    Returns: the draft; None when an answer was yes: the seat is free then
    Raises : RuleBroken evaluation_declare (no_conflict), evaluation_soft_answer (soft_<kind>), evaluation_closed,
             evaluation_submitted; evaluation_own_organisation or evaluation_conflict_found when a conflict bars: the
             seat is free then, and what was found is kept
    Notes  : writes review and grants; opening twice changes nothing
    """
    with transaction():
        queries.lock(assignment)
        _own(actor, assignment)
        if assignment.state is AssignmentState.OPENED:
            return assignment.review
        _ensure_open(assignment)
        ensure(plans.phase_of(assignment.application).accepts(clock.today()))
        if not no_conflict:
            raise RuleBroken("evaluation_declare", "no_conflict")
        application = assignment.application
        screening = declaring.screen(assignment)
        if screening.barred:
            declaring.bar(assignment, screening.found, Moment.OPENING)
        else:
            given = answers or {}
            lacking = [kind for kind in screening.asked if kind not in given]
            if lacking:
                raise RulesBroken([RuleBroken("evaluation_soft_answer", f"soft_{kind.value}") for kind in lacking])
            if not declaring.declare(actor, assignment, screening, given):
                return None
            assignment.state, assignment.declared_at = AssignmentState.OPENED, clock.now()
            review = Review(assignment_id=assignment.id, application_id=application.id, items={}, scores={})
            session.add(review)
            session.flush()
            if plans.phase_of(application).sees_names:  # else the pages of the evaluation show the case without names
                let_read(actor, application, actor.id, "review", "evaluation.opened")
            audit.record(actor, "assignment.open", "assignment", assignment.id, {"application": application.id})
            return review
    # the seat is given up for good, so this refusal comes after the commit
    if screening.barred[0].kind is ConflictKind.EMPLOYER:
        raise RuleBroken("evaluation_own_organisation", name=actor.name)
    raise RuleBroken("evaluation_conflict_found")


def note_evidence_read(actor: Actor, evidence_id: int) -> None:
    """Leave a trace when an evaluator opens a firm's evidence (접속기록)."""
    with transaction():
        audit.record(actor, "evidence.read", "evidence", evidence_id)


def recuse(actor: Actor, assignment: Assignment, reason: RecusalReason | None) -> None:
    """The evaluator steps down (회피); every right on the case ends with it.

    Raises: RuleBroken evaluation_recusal_reason (reason), evaluation_submitted, evaluation_closed
    Notes : emits evaluator.recused
    """
    with transaction():
        queries.lock(assignment)
        _own(actor, assignment)
        _ensure_open(assignment)
        if reason is None:
            raise RuleBroken("evaluation_recusal_reason", "reason")
        declaring.step_down(actor, assignment, reason)


def save_review(
    actor: Actor,
    assignment: Assignment,
    version: int | None,
    *,
    items: Mapping[str, Mapping[str, Any]] | None = None,
    scores: Mapping[str, Mapping[str, Any]] | None = None,
    comment: str | None = None,
    own_tier: Tier | None = None,
    final_tier: Tier | None = None,
    reason: str | None = None,
) -> Review:
    """Keep a draft; what is handed in replaces that part, what is None stays. Drafts may lack anything.

    version: of the review that the evaluator saw; None takes whatever stands (the command line)
    items  : item code → {"verdict", "level", "note"}
    scores : criterion code → {"points", "na", "comment"}
    Raises : StaleVersion with both texts; RuleBroken evaluation_points_range on "<code>_points", evaluation_locked,
             evaluation_not_opened, evaluation_submitted, evaluation_closed
    Notes  : an item verdict that changes after the suggestion was shown is marked so
    """
    with transaction():
        queries.lock(assignment)
        review = _review(actor, assignment)
        given = {
            "items": None if items is None else _clean_items(review, items),
            "scores": None if scores is None else clean_scores(assignment.panel, scores),
            "comment": None if comment is None else comment.strip(),
            "own_tier": own_tier,
            "final_tier": final_tier,
            "reason": None if reason is None else reason.strip(),
        }
        changed = {name: value for name, value in given.items() if value is not None and value != getattr(review, name)}
        if not changed:
            return review
        if version is not None and version != review.version:
            raise StaleVersion(
                mine={str(rules.PART_WORDS[name]): casefile.in_words(value) for name, value in changed.items()},
                current={str(rules.PART_WORDS[name]): casefile.in_words(getattr(review, name)) for name in changed},
            )
        if review.own_locked_at and changed.keys() & {"scores", "comment", "own_tier"}:
            raise RuleBroken("evaluation_locked")
        if not review.own_locked_at and changed.keys() & {"final_tier", "reason"}:
            raise RuleBroken("evaluation_not_locked")
        for name, value in changed.items():
            setattr(review, name, value)
        session.flush()
        audit.record(actor, "review.save", "review", review.id, {"parts": sorted(changed), "version": review.version})
        return review


def _clean_items(review: Review, items: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Only what says something is kept; a word that is new after the suggestion showed carries a mark."""
    kept: dict[str, Any] = {}
    for code, row in items.items():
        verdict = ItemVerdict(row["verdict"]) if row.get("verdict") else None
        level = row.get("level") if verdict is ItemVerdict.CORRECT else None
        note = (row.get("note") or "").strip()
        if verdict is None and not note:
            continue
        clean = {"verdict": verdict.value if verdict else None, "level": level, "note": note}
        before = review.items.get(code) or {}
        same = all(before.get(name) == value for name, value in clean.items())
        if (review.own_locked_at and not same) or (same and before.get("after")):
            clean["after"] = True
        kept[code] = clean
    return kept


def clean_scores(panel: Panel, scores: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What a review keeps of a score sheet. Raises: RuleBroken evaluation_points_range on "<code>_points"."""
    kept: dict[str, Any] = {}
    for criterion in rubric.load(panel.rubric).criteria:
        row = scores.get(criterion.code) or {}
        points, comment = row.get("points"), (row.get("comment") or "").strip()
        absent = bool(row.get("na")) and criterion.not_applicable_allowed
        if points is not None and not 0 <= points <= criterion.points:
            raise RuleBroken("evaluation_points_range", f"{criterion.code}_points", most=criterion.points)
        if points is None and not comment and not absent:
            continue
        kept[criterion.code] = {"points": None if absent else points, "na": absent, "comment": comment}
    return kept


def lock_own_score(actor: Actor, assignment: Assignment, version: int | None) -> Review:
    """Close the own score: points, comments and own tier stand, and from now on the suggestion shows.

    Raises: RulesBroken with everything that is still missing, by field; StaleVersion
    Notes : locking twice changes nothing; grants the reading of the suggestion; records the blind opinion
    """
    with transaction():
        queries.lock(assignment)
        review = _review(actor, assignment)
        if review.own_locked_at:
            return review
        _ensure_version(review, version)
        sheet = rubric.load(assignment.panel.rubric)
        problems = casefile.what_is_missing(assignment, review)
        if problems:
            raise RulesBroken([RuleBroken(one.verdict.code, one.field, **one.verdict.values) for one in problems])
        suggestion = queries.suggestion_of(assignment.application_id)
        phase = plans.phase_of(assignment.application)
        moment = clock.now()
        review.total = sheet.result(review.points).total
        review.own_locked_at = moment
        if suggestion is not None:
            review.suggested_tier = suggestion.tier
            if phase.shows_suggestion:
                review.suggestion_shown_at = moment
            if phase.shows_suggestion and phase.sees_names:  # its own page names the firm
                grants.give(
                    actor,
                    "suggestion",
                    suggestion.id,
                    scoring_rules.READ,
                    person_id=actor.id,
                    reason="evaluation.own_score_locked",
                )
            scoring.record_opinion(
                actor,
                suggestion.id,
                tier=review.own_tier,
                shown_before=False,
                application_id=assignment.application_id,
            )
        session.flush()
        _ask_for_readers(queries.panel_of(assignment.application_id, lock=True))
        audit.record(
            actor,
            "review.lock",
            "review",
            review.id,
            {"own_tier": review.own_tier, "total": review.total, "suggestion": suggestion.id if suggestion else None},
        )
        history.keep(review, VersionCause.LOCKED)
        return review


def _ask_for_readers(panel: Panel) -> None:
    """How many reviews the case needs now that a second reader may have been called; it never needs fewer again.

    Notes: emits panel.widened; evaluators learn nothing of it
    """
    called = bool(queries.second_reader_calls(panel.application_id))
    asked = panel.application.call.reviews
    needed = rules.reviews_needed(asked, called, queries.blind_tiers(panel.application_id))
    if needed <= panel.needed:
        return
    panel.reviews_needed = needed
    session.flush()
    audit.record(SYSTEM, "panel.widen", "application", panel.application_id, {"panel": panel.id, "needed": needed})
    outbox.emit("panel.widened", application_id=panel.application_id, reason="second_reader")


@outbox.soon
def on_second_reader_called(application_id: int, **_: Any) -> None:
    """second_reader.called → the running panel needs one evaluator more, where it has too few."""
    panel = queries.panel_of(application_id, lock=True)
    if panel is not None and panel.decision is None:
        _ask_for_readers(panel)


def submit_review(
    actor: Actor, assignment: Assignment, version: int | None, *, final_tier: Tier | None, reason: str
) -> Review:
    """Hand the review in; it can't be changed afterwards.

    Raises: RuleBroken evaluation_not_locked, evaluation_tier_missing (final_tier), evaluation_reason_short (reason),
            evaluation_items_needed, evaluation_item_*; StaleVersion
    Notes : submitting twice changes nothing; emits review.submitted
    """
    with transaction():
        queries.lock(assignment)
        _own(actor, assignment)
        if assignment.state is AssignmentState.SUBMITTED:
            return assignment.review
        review = _review(actor, assignment)
        if not review.own_locked_at:
            raise RuleBroken("evaluation_not_locked")
        _ensure_version(review, version)
        if final_tier is None:
            raise RuleBroken("evaluation_tier_missing", "final_tier")
        problems = casefile.what_is_missing(assignment, review)
        if problems:
            raise RulesBroken([RuleBroken(one.verdict.code, one.field, **one.verdict.values) for one in problems])
        suggestion = queries.suggestion_of(assignment.application_id)
        if suggestion is not None:
            changed = {code for code, word in review.judged.items() if word.is_change}
            moved = rules.can_move_tier(review.suggested_tier, final_tier, reason, changed)
            if not moved and review.suggestion_shown_at:  # who never saw it moves nothing, and learns nothing of it
                about = "reason" if moved.code == "evaluation_reason_short" else "final_tier"
                raise RuleBroken(moved.code, about, **moved.values)
            scoring.record_opinion(
                actor,
                suggestion.id,
                tier=review.own_tier,
                shown_before=False,
                final_tier=final_tier,
                reason=reason.strip(),
            )
            found = {code: scoring_rules.ClaimWord(word.verdict.value) for code, word in review.judged.items()}
            scoring.record_claim_verdicts(actor, suggestion.id, found)
        moment = clock.now()
        review.final_tier, review.reason, review.submitted_at = final_tier, reason.strip(), moment
        assignment.state, assignment.submitted_at = AssignmentState.SUBMITTED, moment
        session.flush()
        audit.record(
            actor,
            "review.submit",
            "review",
            review.id,
            {"application": assignment.application_id, "tier": final_tier, "own_tier": review.own_tier},
        )
        history.keep(review, VersionCause.SUBMITTED)
        outbox.emit("review.submitted", application_id=assignment.application_id, assignment_id=assignment.id)
        return review


# --- what follows from events (portal/reactions.py) ---------------------------------------------------------


@outbox.soon
def close_withdrawn(application_id: int) -> None:
    """application.withdrawn → nobody on the panel reads the firm's files any more, the chair neither.

    Notes: a place that was won already is given up by a further decision, so that the next in line may have it
    """
    panel = queries.panel_of(application_id, lock=True)
    if panel is None:
        return
    made = queries.decision_of(application_id)
    if made is not None and made.outcome in (Outcome.SELECTED, Outcome.RESERVE):
        deciding.decide_again(
            SYSTEM,
            application_id,
            cause=Cause.WITHDRAWAL,
            tier=None,
            outcome=Outcome.WITHDRAWN,
            reason="",
        )
    deciding.close_files(SYSTEM, panel)
    shut(SYSTEM, panel.application, panel.chair_id, "decide", "evaluation.withdrawn")


def write_to_evaluator(assignment_id: int) -> None:
    """A letter to a newly assigned evaluator; who was drawn gets one at the end of the draw, for all cases."""
    assignment = session.get(Assignment, assignment_id)
    if assignment is not None and assignment.draw_id is None:
        write_assigned(assignment)


def write_assigned(assignment: Assignment) -> None:
    """The letter names the case by its number, never the firm."""
    if assignment.state is not AssignmentState.ASSIGNED:
        return
    mail.queue(
        assignment.evaluator.email,
        "evaluator_assigned",
        assignment.evaluator.language,
        f"evaluator-assigned-{assignment.id}",
        name=assignment.evaluator.name,
        number=assignment.application.number,
        due=assignment.due_on.isoformat(),
        path=f"/evaluation/cases/{assignment.key}",
    )


def write_to_firm(application_id: int, decision_id: int) -> None:
    """A letter to the firm's people: decided, and where scores, comments and reasons stand."""
    decision = session.get(Decision, decision_id)
    if decision.cause in (Cause.WITHDRAWAL, Cause.APPEAL):  # the firm's own act; an appeal writes its own letter
        return
    for person in queries.people_of_firm(decision.panel.application):
        mail.queue(
            person.email,
            "decision_made",
            person.language,
            f"decision-made-{decision_id}-{person.id}",
            name=person.name,
            number=decision.panel.application.number,
            outcome=decision.outcome.label.in_(person.language),
            path=f"/evaluation/outcomes/{decision.panel.application.key}",
        )


# --- shared checks ------------------------------------------------------------------------------------------


def _ensure_operator(actor: Actor) -> None:
    if not (actor.is_system or actor.has(*OPERATOR)):
        raise Forbidden("no_right")


def _own(actor: Actor, assignment: Assignment) -> None:
    """Only the evaluator of the assignment, and not after stepping down."""
    if actor.id is None or assignment.evaluator_id != actor.id or assignment.state is AssignmentState.RECUSED:
        raise NotVisible


def _ensure_open(assignment: Assignment) -> None:
    if assignment.state is AssignmentState.SUBMITTED:
        raise RuleBroken("evaluation_submitted")
    if queries.decision_of(assignment.application_id) is not None:
        raise RuleBroken("evaluation_decided")
    if assignment.application.status not in IN_EVALUATION:
        raise RuleBroken("evaluation_closed")


def _review(actor: Actor, assignment: Assignment) -> Review:
    """The draft that may be written on now."""
    _own(actor, assignment)
    _ensure_open(assignment)
    if assignment.state is AssignmentState.ASSIGNED or assignment.review is None:
        raise RuleBroken("evaluation_not_opened")
    ensure(plans.phase_of(assignment.application).accepts(clock.today()))
    return assignment.review


def _ensure_version(review: Review, version: int | None) -> None:
    if version is not None and version != review.version:
        raise StaleVersion()


def days_from_now(days: int = rules.DAYS_TO_REVIEW) -> date:
    """The due date that forms offer."""
    return clock.today() + timedelta(days=days)
