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
from portal.base import audit, clock, grants, once, outbox
from portal.base.access import SYSTEM, Actor, Forbidden, NotVisible, RuleBroken, RulesBroken, StaleVersion, ensure
from portal.base.db import session, transaction
from portal.evaluation import plans
from portal.evaluation import queries as evaluation
from portal.evaluation import service as decisions
from portal.evaluation.rules import Cause, Outcome, RecusalReason

OBJECT = "appeal"
DECIDE = "appeal.decide"


# --- a seat -------------------------------------------------------------------------------------------------


def open_seat(actor: Actor, seat: AppealSeat, *, no_conflict: bool) -> AppealSeat:
    """The person declares that there is no conflict; only then do grounds, evidence and the application show.

    Raises: RuleBroken appeal_declare (no_conflict), appeal_seat_closed; appeal_seat_barred after a conflict was found
            just now: then the seat is free already and another person is drawn
    Notes : writes grants; opening twice changes nothing
    """
    with transaction():
        appeal = _locked(actor, seat)
        if seat.state is not SeatState.DRAWN:
            return seat
        _ensure_live(appeal)
        if not no_conflict:
            raise RuleBroken("appeal_declare", "no_conflict")
        barred = actor.id in draw.conflicted(appeal.application, [actor.id], "opening")
        if barred:
            leave(SYSTEM, seat, SeatState.BARRED)
        else:
            seat.state, seat.opened_at = SeatState.OPENED, clock.now()
            session.flush()
            _let_read(actor, appeal, seat)
            audit.record(actor, "appeal_seat.open", "appeal_seat", seat.id, {"appeal": appeal.id})
    if barred:
        raise RuleBroken("appeal_seat_barred")
    return seat


def recuse(actor: Actor, seat: AppealSeat, reason: RecusalReason | None) -> None:
    """The person steps down (회피); every right on the case ends with it and another one is drawn.

    Raises: RuleBroken evaluation_recusal_reason (reason), appeal_seat_submitted, appeal_seat_closed
    """
    with transaction():
        appeal = _locked(actor, seat)
        if seat.state is SeatState.SUBMITTED:
            raise RuleBroken("appeal_seat_submitted")
        _ensure_live(appeal)
        if reason is None:
            raise RuleBroken("evaluation_recusal_reason", "reason")
        seat.recusal_reason = reason
        leave(actor, seat, SeatState.RECUSED)


def leave(actor: Actor, seat: AppealSeat, state: SeatState) -> None:
    """Free a seat and ask for a draw of whoever takes it."""
    _shut(actor, seat.appeal, seat, "appeals.left")
    seat.state, seat.left_at, seat.scores = state, clock.now(), {}
    session.flush()
    detail = {"appeal": seat.appeal_id, "state": state.value}
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
        audit.record(actor, "appeal_seat.save", "appeal_seat", seat.id, {"version": seat.version})
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
        audit.record(actor, "appeal_seat.submit", "appeal_seat", seat.id, {"appeal": appeal.id})
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
    Notes   : where something is accepted the decision changes by `evaluation.service.decide_again` and nothing else;
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
        basis, reckoned = reckoning.basis(appeal, known)
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
            changed = decisions.decide_again(
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
            _shut(actor, appeal, seat, "appeals.closed")


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


def _right(seat: AppealSeat) -> str:
    return "decide" if seat.role is SeatRole.CHAIR else "review"


def _let_read(actor: Actor, appeal: Appeal, seat: AppealSeat) -> None:
    """The application and the frozen diagnosis; a reader only where the call shows names (else the seat's own page
    shows the plan without them)."""
    application = appeal.application
    if seat.role is SeatRole.READER and not plans.phase_of(application).sees_names:
        return
    reason = "appeals.opened"
    grants.give(actor, "application", application.id, _right(seat), person_id=seat.person_id, reason=reason)
    if version_id := evaluation.profile_version_id(application.id):
        grants.give(actor, "profile_version", version_id, "read", person_id=seat.person_id, reason=reason)


def _shut(actor: Actor, appeal: Appeal, seat: AppealSeat, reason: str) -> None:
    application_id = appeal.application_id
    grants.take(actor, "application", application_id, _right(seat), person_id=seat.person_id, reason=reason)
    version_id = evaluation.profile_version_id(application_id)
    if version_id and not evaluation.still_reads_version(seat.person_id, version_id, beside=application_id):
        grants.take(actor, "profile_version", version_id, "read", person_id=seat.person_id, reason=reason)
