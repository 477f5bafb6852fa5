"""What an appeal's panel does: declare, step down, give points and comments, and the chair's decision.

A right on the case exists from the declaration to the end of the appeal, for whoever sits and nobody else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from portal.appeals import draw, queries, reckoning, rules
from portal.appeals.models import Appeal, AppealSeat
from portal.appeals.rules import AppealState, Ruling, SeatRole, SeatState
from portal.base import audit, clock, once, outbox
from portal.base.access import SYSTEM, Actor, Forbidden, NotVisible, RuleBroken, RulesBroken, StaleVersion, ensure
from portal.base.db import session, transaction
from portal.conflicts import service as conflicts
from portal.conflicts.rules import ConflictKind, Moment
from portal.evaluation import conflicted, deciding, declaring, plans
from portal.evaluation import queries as evaluation
from portal.evaluation.conflicted import CASE
from portal.evaluation.rights import let_read, shut
from portal.evaluation.rules import Cause, Outcome, RecusalReason

OBJECT = "appeal"
DECIDE = "appeal.decide"


# --- a seat -------------------------------------------------------------------------------------------------


def open_seat(
    actor: Actor,
    seat: AppealSeat,
    *,
    no_conflict: bool,
    answers: Mapping[ConflictKind, bool] | None = None,
) -> bool:
    """The person declares that there is no conflict; only then do grounds, evidence and the application show.

    answers: soft kind that was found → whether it is a conflict
    Returns: whether the seat stays with the person; it is free after a "yes"
    Raises : RuleBroken appeal_declare (no_conflict), evaluation_soft_answer (soft_<kind>), appeal_seat_closed;
             appeal_seat_barred when a conflict bars: the seat is free then, and what was found is kept
    Notes  : writes grants; opening twice changes nothing
    """
    with transaction():
        appeal = _locked(actor, seat)
        if seat.state is not SeatState.DRAWN:
            return True
        _ensure_live(appeal)
        if not no_conflict:
            raise RuleBroken("appeal_declare", "no_conflict")
        screening = declaring.screen_person(appeal.application_id, actor.id)
        if not screening.barred:
            return _declare(actor, appeal, seat, screening, answers or {})
        conflicts.keep_found(SYSTEM, CASE, screening.found, Moment.OPENING)
        leave(SYSTEM, seat, SeatState.BARRED)
    # the seat is given up for good, so this refusal comes after the commit
    raise RuleBroken("appeal_seat_barred")


def _declare(
    actor: Actor,
    appeal: Appeal,
    seat: AppealSeat,
    screening: declaring.Screening,
    answers: Mapping[ConflictKind, bool],
) -> bool:
    lacking = [kind for kind in screening.asked if kind not in answers]
    if lacking:
        raise RulesBroken([RuleBroken("evaluation_soft_answer", f"soft_{kind.value}") for kind in lacking])
    given = {kind: answers[kind] for kind in screening.asked}
    conflicts.keep_found(SYSTEM, CASE, screening.found, Moment.OPENING)
    conflicts.declare(actor, CASE, appeal.application_id, {None: False, **given})
    declared = [kind for kind, is_conflict in given.items() if is_conflict]
    if declared:
        _step_down(actor, seat, declaring.REASONS[declared[0]])
        return False
    seat.state, seat.opened_at = SeatState.OPENED, clock.now()
    session.flush()
    if seat.role is SeatRole.CHAIR or plans.phase_of(appeal.application).sees_names:
        # else the seat's own page shows the plan without names
        let_read(actor, appeal.application, actor.id, _right(seat), "appeals.opened")
    audit.record(actor, "appeal_seat.open", "appeal_seat", seat.id, _about(seat))
    return True


def recuse(actor: Actor, seat: AppealSeat, reason: RecusalReason | None) -> None:
    """The person steps down (회피): every right on the case ends, the tie is remembered, another one is drawn.

    Raises: RuleBroken evaluation_recusal_reason (reason), appeal_seat_submitted, appeal_seat_closed
    """
    with transaction():
        appeal = _locked(actor, seat)
        if seat.state is SeatState.SUBMITTED:
            raise RuleBroken("appeal_seat_submitted")
        _ensure_live(appeal)
        if reason is None:
            raise RuleBroken("evaluation_recusal_reason", "reason")
        _step_down(actor, seat, reason)


def _step_down(actor: Actor, seat: AppealSeat, reason: RecusalReason) -> None:
    seat.recusal_reason = reason
    leave(actor, seat, SeatState.RECUSED)
    declaring.remember(actor, seat.appeal.application, reason, ("appeal_seat", seat.id))


def leave(actor: Actor, seat: AppealSeat, state: SeatState) -> None:
    """Free a seat and ask for a draw of whoever takes it."""
    shut(actor, seat.appeal.application, seat.person_id, _right(seat), "appeals.left")
    seat.state, seat.left_at, seat.scores = state, clock.now(), {}
    session.flush()
    detail = {**_about(seat), "state": state.value}
    if seat.recusal_reason:
        detail["reason"] = seat.recusal_reason.value
    audit.record(actor, "appeal_seat.leave", "appeal_seat", seat.id, detail)
    draw.ask(seat.appeal)


def save(actor: Actor, seat: AppealSeat, version: int | None, scores: Mapping[str, Mapping[str, Any]]) -> AppealSeat:
    """Keep a draft of the opinion; it may lack anything.

    scores: criterion → {"points", "comment"}; only contested criteria are kept
    Raises: StaleVersion; RuleBroken appeal_points_range on "<code>_points", appeal_not_opened, appeal_seat_submitted,
            appeal_seat_closed
    """
    with transaction():
        appeal = _locked(actor, seat)
        _ensure_writable(appeal, seat)
        most = contested(appeal)
        kept: dict[str, Any] = {}
        for code, limit in most.items():
            row = scores.get(code) or {}
            points, comment = row.get("points"), (row.get("comment") or "").strip()[: rules.TEXT_MAX]
            if points is not None and not 0 <= points <= limit:
                raise RuleBroken("appeal_points_range", f"{code}_points", most=limit)
            if points is not None or comment:
                kept[code] = {"points": points, "comment": comment}
        if kept == seat.scores:
            return seat
        if version is not None and version != seat.version:
            sheet = reckoning.sheet_of(appeal)
            raise StaleVersion(mine=_in_words(sheet, kept), current=_in_words(sheet, seat.scores))
        seat.scores = kept
        session.flush()
        audit.record(actor, "appeal_seat.save", "appeal_seat", seat.id, {**_about(seat), "version": seat.version})
        return seat


def _in_words(sheet: Any, scores: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {
        str(reckoning.title(sheet, code)): " · ".join(str(one) for one in row.values() if one not in (None, ""))
        for code, row in scores.items()
    }


def submit(actor: Actor, seat: AppealSeat, version: int | None) -> AppealSeat:
    """Hand the opinion in; it can't be changed afterwards.

    Raises: RulesBroken with what is missing, by field; StaleVersion; as `save`
    Notes : submitting twice changes nothing; emits appeal.judged
    """
    with transaction():
        appeal = _locked(actor, seat)
        if seat.state is SeatState.SUBMITTED:
            return seat
        _ensure_writable(appeal, seat)
        if version is not None and version != seat.version:
            raise StaleVersion()
        lacking = rules.opinion_lacking(contested(appeal), seat.given)
        if lacking:
            raise RulesBroken([RuleBroken(one.verdict.code, one.field, **one.verdict.values) for one in lacking])
        seat.state, seat.submitted_at = SeatState.SUBMITTED, clock.now()
        session.flush()
        audit.record(actor, "appeal_seat.submit", "appeal_seat", seat.id, _about(seat))
        outbox.emit("appeal.judged", appeal_id=appeal.id, seat_id=seat.id)
        return seat


def contested(appeal: Appeal) -> dict[str, int]:
    """Contested criteria in the order of the score sheet → their points at most."""
    named = set(appeal.contested)
    return {one.code: one.points for one in reckoning.sheet_of(appeal).criteria if one.code in named}


# --- the chair ----------------------------------------------------------------------------------------------


def decide(
    actor: Actor,
    seat: AppealSeat,
    *,
    accepted: Collection[str],
    outcome: Outcome | None,
    reason: str,
    once_key: str | None = None,
) -> Appeal:
    """The appeal's chair says which contested criteria are accepted and what becomes of the application.

    accepted: criteria whose new points take the place of the first ones
    outcome : never below the one that stands
    Raises  : RulesBroken by field (accepted, outcome, reason); RuleBroken appeal_opinions_open, appeal_opinions_few,
              appeal_seat_closed; Forbidden for who is not the chair of this appeal
    Notes   : where something is accepted the decision changes by `evaluation.deciding.decide_again` and nothing else;
              the same once_key gives the same appeal; takes the panel's rights; emits appeal.decided
    """
    with transaction():
        appeal = _locked(actor, seat)
        if once_key and once.claim(actor, once_key, DECIDE) == appeal.key:
            return appeal
        if seat.role is not SeatRole.CHAIR:
            raise Forbidden("appeal_not_chair")
        _ensure_live(appeal)
        if seat.state is not SeatState.OPENED:
            raise RuleBroken("appeal_not_opened")
        ensure(queries.opinions_in(appeal))
        known = set(accepted) & set(appeal.contested)
        basis, reckoned = reckoning.basis(appeal, known, lock=True)
        problems = rules.decision_problems(basis, known, outcome, reason)
        if problems:
            raise RulesBroken([RuleBroken(one.verdict.code, one.field, **one.verdict.values) for one in problems])
        standing = evaluation.decision_of(appeal.application_id)
        ruling = rules.ruling_of(basis.contested, known)
        appeal.result = {
            line.criterion.code: {
                "before": line.before,
                "after": line.after,
                "accepted": line.criterion.code in known,
                "comments": sorted(filter(None, line.said.values())),
            }
            for line in reckoning.lines(appeal)
            if line.criterion.code in basis.contested
        }
        appeal.total_before, appeal.total_after = standing.total, reckoned.total
        appeal.outcome_before, appeal.outcome_after = standing.outcome, outcome
        if ruling is not Ruling.DISMISSED:
            changed = deciding.decide_again(
                actor,
                appeal.application_id,
                cause=Cause.APPEAL,
                tier=None,
                outcome=outcome,
                reason=reason,
                total=reckoned.total,
                below=reckoned.below,
            )
            appeal.new_decision_id = changed.id
        appeal.ruling, appeal.ruled_at, appeal.reason = ruling, clock.now(), reason.strip()[: rules.TEXT_MAX]
        appeal.state, seat.state, seat.submitted_at = AppealState.DECIDED, SeatState.SUBMITTED, clock.now()
        session.flush()
        close_seats(actor, appeal)
        once.keep(actor, once_key, DECIDE, appeal.key)
        detail = {
            "application": appeal.application_id,
            "ruling": ruling.value,
            "accepted": sorted(known),
            "before": standing.id,
            "decision": appeal.new_decision_id,
            "outcome": outcome.value,
        }
        audit.record(actor, DECIDE, OBJECT, appeal.id, detail)
        outbox.emit(
            "appeal.decided",
            appeal_id=appeal.id,
            application_id=appeal.application_id,
            ruling=ruling.value,
            reversed=outcome is not standing.outcome,
        )
        return appeal


def close_seats(actor: Actor, appeal: Appeal) -> None:
    """Files go back: nobody on the appeal's panel reads the case any more."""
    for seat in queries.seats_of(appeal):
        if seat.opened_at:
            shut(actor, appeal.application, seat.person_id, _right(seat), "appeals.closed")


# --- who may not go on --------------------------------------------------------------------------------------


@outbox.soon
def on_evaluator_removed(person_id: int, **_: Any) -> None:
    """evaluator.removed → the person's open seats on appeals are free, and other people are drawn."""
    for seat in queries.open_seats_of(person_id):
        leave(SYSTEM, seat, SeatState.BARRED)


def recheck() -> int:
    """The nightly search: a hard conflict that came up since the draw frees the seat. Returns how many."""
    freed = 0
    for appeal_id in queries.undecided_ids():
        with transaction():
            appeal = queries.locked(appeal_id)
            if appeal is None or appeal.state is not AppealState.REVIEW:
                continue
            seats = [one for one in queries.seats_of(appeal) if one.state in rules.OPEN_SEATS]
            found = conflicted.barred([appeal.application_id], [one.person_id for one in seats], Moment.NIGHTLY)
            barred = conflicted.hard(found)
            conflicts.keep_found(SYSTEM, CASE, barred, Moment.NIGHTLY)
            for seat in seats:
                if seat.person_id in {one.evaluator_id for one in barred}:
                    leave(SYSTEM, seat, SeatState.BARRED)
                    freed += 1
    return freed


# --- the daily round ----------------------------------------------------------------------------------------


def free_silent() -> int:
    """Free the seats of readers who let the due date pass by the call's days of silence. Returns how many."""
    freed = 0
    for appeal_id in queries.undecided_ids():
        with transaction():
            appeal = queries.locked(appeal_id)
            if appeal is None or appeal.state is not AppealState.REVIEW:
                continue
            patience = timedelta(days=plans.plan_of(appeal.application.call).silence_days)
            for seat in queries.seats_of(appeal):
                late = seat.due_on + patience < clock.today()
                waiting_for_readers = seat.role is SeatRole.CHAIR and not queries.opinions_in(appeal)
                if seat.state in rules.OPEN_SEATS and late and not waiting_for_readers:
                    leave(SYSTEM, seat, SeatState.REPLACED)
                    freed += 1
    return freed


# --- shared -------------------------------------------------------------------------------------------------


def _locked(actor: Actor, seat: AppealSeat) -> Appeal:
    """The appeal, locked, with this seat as it is now. Raises: NotVisible for who does not sit (any more)."""
    appeal = queries.locked(seat.appeal_id)
    session.refresh(seat)
    if actor.id is None or seat.person_id != actor.id or seat.state not in rules.SITTING:
        raise NotVisible
    return appeal


def _ensure_live(appeal: Appeal) -> None:
    if appeal.state is not AppealState.REVIEW:
        raise RuleBroken("appeal_seat_closed")


def _ensure_writable(appeal: Appeal, seat: AppealSeat) -> None:
    if seat.role is not SeatRole.READER:
        raise NotVisible
    if seat.state is SeatState.SUBMITTED:
        raise RuleBroken("appeal_seat_submitted")
    _ensure_live(appeal)
    if seat.state is not SeatState.OPENED:
        raise RuleBroken("appeal_not_opened")


def _about(seat: AppealSeat) -> dict[str, Any]:
    """What every audit row of a seat names, so that the case's trail shows it."""
    return {"application": seat.appeal.application_id, "appeal": seat.appeal_id}


def _right(seat: AppealSeat) -> str:
    return "decide" if seat.role is SeatRole.CHAIR else "review"
