"""What the firm and the operator do with an appeal: write, file, supplement, withdraw; take up, ask, refuse.

What the panel does stands in `judging`, how it is drawn in `draw`, who is told what in `notices`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import IO

from portal.accounts.rules import OPERATOR, SME, Role
from portal.appeals import draw, judging, queries, reckoning, rules
from portal.appeals.models import Appeal, AppealFile, AppealGround, AppealSupplement
from portal.appeals.rules import UNDECIDED, AppealState, GroundDraft, GroundKind, RefusalReason
from portal.applications import queries as applications
from portal.applications.rules import DECIDED
from portal.base import audit, clock, files, once, outbox
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
)
from portal.base.db import session, transaction
from portal.evaluation.rules import Problem

OBJECT = "appeal"
FILE = "appeal.file"

Upload = tuple[str | None, IO[bytes], str, str]
"""(criterion or None, stream, file name, form field)."""


# --- the firm -----------------------------------------------------------------------------------------------


def save_draft(
    actor: Actor,
    application_key: str,
    version: int | None,
    *,
    grounds: Sequence[GroundDraft],
    statement: str,
    uploads: Sequence[Upload] = (),
) -> Appeal:
    """Begin or go on writing an appeal against the newest decision; what is there may be unfinished.

    version: of the draft that the person saw, 0 when there was none yet; None takes whatever stands
    grounds: one for each criterion of the score sheet, empty ones too
    Raises : NotVisible; Forbidden; RuleBroken of `rules.can_appeal`, appeal_locked, appeal_criterion_unknown,
             appeal_files_most, file_*; StaleVersion with both texts
    Notes  : writes appeal, appeal_ground, appeal_file, audit; saving the same again is no change
    """
    _require(actor, SME)
    with transaction():
        application = applications.own(actor, application_key, lock=True)
        remedy = queries.remedy_of(application)
        if remedy is None:
            raise NotVisible
        appeal = queries.appeal_against(remedy.decision.id)
        is_new = appeal is None
        if is_new:
            ensure(remedy.verdict)
            appeal = Appeal(
                application_id=application.id,
                decision_id=remedy.decision.id,
                started_by_id=actor.id,
                state=AppealState.DRAFT,
            )
            session.add(appeal)
            session.flush()
            audit.record(actor, "appeal.start", OBJECT, appeal.id, {"application": application.id})
        elif appeal.state is not AppealState.DRAFT:
            raise RuleBroken("appeal_locked")
        sheet = reckoning.sheet_of(appeal)
        allowed = {line.criterion.code for line in reckoning.lines(appeal) if line.before is not None}
        before = {one.criterion: one for one in appeal.grounds}
        wanted = {one.criterion: one for one in grounds if one.kind or one.text.strip()}
        if not wanted.keys() <= allowed:
            raise RuleBroken("appeal_criterion_unknown")
        now = {code: (one.kind, one.text) for code, one in before.items()}
        then = {code: (one.kind, _tidy(one.text)) for code, one in wanted.items()}
        changed = now != then or appeal.statement != _tidy(statement)
        if changed and not is_new and version is not None and version != appeal.version:
            raise StaleVersion(
                mine=_in_words(sheet, then, _tidy(statement)), current=_in_words(sheet, now, appeal.statement)
            )
        if changed:
            for code in before.keys() - then.keys():
                appeal.grounds.remove(before[code])
            for code, (kind, text) in then.items():
                row = before.get(code)
                if row is None:
                    appeal.grounds.append(AppealGround(criterion=code, kind=kind, text=text))
                else:
                    row.kind, row.text = kind, text
            appeal.statement = _tidy(statement)
            appeal.updated_at = clock.now()
        _keep_files(actor, appeal, [one for one in uploads if one[0] in allowed])
        session.flush()
        if changed:
            audit.record(
                actor,
                "appeal.edit",
                OBJECT,
                appeal.id,
                {"application": appeal.application_id, "criteria": sorted(then), "version": appeal.version},
            )
        return appeal


def _in_words(sheet: object, given: Mapping[str, tuple[GroundKind | None, str]], statement: str) -> dict[str, str]:
    words = {
        str(reckoning.title(sheet, code)): f"{kind.label if kind else ''} {text}".strip()
        for code, (kind, text) in given.items()
    }
    return {**words, str(rules.STATEMENT): statement}


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())[: rules.TEXT_MAX]


def _keep_files(actor: Actor, appeal: Appeal, uploads: Sequence[Upload]) -> None:
    if uploads and len(appeal.files) + len(uploads) > rules.FILES_MOST:
        raise RuleBroken("appeal_files_most", uploads[0][3], most=rules.FILES_MOST)
    for criterion, stream, filename, field in uploads:
        stored = files.store(stream, filename, kinds=rules.FILE_KINDS, field=field)
        row = AppealFile(criterion=criterion, blob_id=stored.blob_id, filename=stored.filename, added_by_id=actor.id)
        appeal.files.append(row)
        session.flush()
        audit.record(
            actor,
            "appeal.add_file",
            OBJECT,
            appeal.id,
            {"application": appeal.application_id, "file": row.id, "criterion": criterion},
        )


def remove_file(actor: Actor, appeal_key: str, file_key: str) -> None:
    """Take a file out of a draft; one that is gone already is no error. Raises: NotVisible, RuleBroken appeal_locked."""
    _require(actor, SME)
    with transaction():
        appeal = queries.own(actor, appeal_key, lock=True)
        if appeal.state is not AppealState.DRAFT:
            raise RuleBroken("appeal_locked")
        for row in [one for one in appeal.files if one.key == file_key]:
            audit.record(
                actor, "appeal.remove_file", OBJECT, appeal.id, {"application": appeal.application_id, "file": row.id}
            )
            appeal.files.remove(row)


def file(
    actor: Actor, application_key: str, *, once_key: str | None = None, arrived_at: datetime | None = None
) -> Appeal:
    """Hand the draft in; from now on it can't be changed and the operator's clock runs.

    arrived_at: when the request reached the server; the term is judged by it. Default: now
    Raises    : NotVisible; Forbidden for a colleague who may not file; RulesBroken with what is missing, by field;
                RuleBroken of `rules.can_appeal`
    Notes     : the same once_key gives the same appeal; emits appeal.filed
    """
    arrived_at = arrived_at or clock.now()
    with transaction():
        application = applications.own(actor, application_key, lock=True)
        _require(actor, frozenset({Role.SME_OWNER}))
        remedy = queries.remedy_of(application)
        appeal = queries.appeal_against(remedy.decision.id) if remedy else None
        if appeal is None:
            raise NotVisible
        if once_key and once.claim(actor, once_key, FILE) == appeal.key:
            return appeal
        ensure(
            rules.can_appeal(
                is_appealable=application.status in DECIDED,
                is_final=False,
                has_appeal=appeal.state is not AppealState.DRAFT,
                last=remedy.last,
                arrived_at=arrived_at,
            )
        )
        for one in [one for one in appeal.files if appeal.ground(one.criterion) is None]:
            appeal.grounds.append(AppealGround(criterion=one.criterion, kind=None, text=""))
        drafts = [
            GroundDraft(one.criterion, one.kind, one.text, len(appeal.files_of(one.criterion)))
            for one in appeal.grounds
        ]
        _refuse(rules.grounds_lacking(drafts))
        filed_on = clock.kst(arrived_at).date()
        appeal.state, appeal.filed_at, appeal.filed_by_id = AppealState.FILED, arrived_at, actor.id
        appeal.check_due_on = rules.check_by(filed_on)
        appeal.readers = application.call.reviews
        session.flush()
        once.keep(actor, once_key, FILE, appeal.key)
        audit.record(
            actor,
            FILE,
            OBJECT,
            appeal.id,
            {
                "application": application.id,
                "decision": appeal.decision_id,
                "criteria": sorted(appeal.contested),
                "files": [one.id for one in appeal.files],
                "commitment": appeal.commitment,
            },
        )
        outbox.emit("appeal.filed", appeal_id=appeal.id)
        return appeal


def answer_supplement(
    actor: Actor,
    appeal_key: str,
    answer: str,
    uploads: Sequence[Upload] = (),
    *,
    arrived_at: datetime | None = None,
) -> Appeal:
    """The firm sends what the operator asked for; the operator's clock runs anew.

    Raises: NotVisible; Forbidden; RuleBroken appeal_state, appeal_supplement_late, appeal_text_short (answer), file_*
    """
    arrived_at = arrived_at or clock.now()
    with transaction():
        appeal = queries.own(actor, appeal_key, lock=True)
        _require(actor, frozenset({Role.SME_OWNER}))
        asked = appeal.supplement
        ensure(rules.can_answer_supplement(appeal.state, asked.due_on if asked else None, arrived_at))
        ensure(rules.long_enough(answer), "answer")
        _keep_files(actor, appeal, [(None, *one[1:]) for one in uploads])
        asked.answer, asked.answered_at, asked.answered_by_id = _tidy(answer), arrived_at, actor.id
        appeal.state = AppealState.FILED
        appeal.check_due_on = rules.check_by(clock.kst(arrived_at).date())
        session.flush()
        audit.record(actor, "appeal.answer_supplement", OBJECT, appeal.id, {"application": appeal.application_id})
        return appeal


def withdraw(actor: Actor, appeal_key: str) -> Appeal:
    """The firm takes its appeal back; a second click is no error. It can't be made again.

    Raises: NotVisible; Forbidden; RuleBroken appeal_state
    Notes : emits appeal.withdrawn
    """
    with transaction():
        appeal = queries.own(actor, appeal_key, lock=True)
        _require(actor, frozenset({Role.SME_OWNER}))
        if appeal.state is AppealState.WITHDRAWN:
            return appeal
        ensure(rules.in_state(appeal.state, *UNDECIDED))
        end(actor, appeal, AppealState.WITHDRAWN)
        audit.record(actor, "appeal.withdraw", OBJECT, appeal.id, {"application": appeal.application_id})
        outbox.emit("appeal.withdrawn", appeal_id=appeal.id)
        return appeal


def end(actor: Actor, appeal: Appeal, state: AppealState) -> None:
    """Close an appeal: whoever sits on its panel reads the case no more."""
    appeal.state = state
    session.flush()
    judging.close_seats(actor, appeal)


@outbox.soon
def on_application_withdrawn(application_id: int, **_: object) -> None:
    """application.withdrawn → an appeal that is still open has nothing to decide."""
    appeal = queries.undecided_of(application_id)
    if appeal is not None:
        end(SYSTEM, appeal, AppealState.WITHDRAWN)
        audit.record(
            SYSTEM, "appeal.withdraw", OBJECT, appeal.id, {"application": appeal.application_id, "with": "application"}
        )


# --- the operator -------------------------------------------------------------------------------------------


def take_up(actor: Actor, appeal_key: str, reason: str = "") -> Appeal:
    """The appeal names something that can be judged anew: its panel is drawn, and the re-inspection's clock runs.

    reason: told to the firm; may be empty
    Raises: NotVisible; Forbidden; RuleBroken appeal_state, appeal_supplement_waits
    Notes : a second click changes nothing; emits appeal.taken_up
    """
    with transaction():
        appeal = _checked(actor, appeal_key)
        if appeal.state is AppealState.ADMITTED:
            return appeal
        _ensure_checkable(appeal)
        moment = clock.now()
        appeal.state, appeal.checked_at, appeal.checked_by_id = AppealState.ADMITTED, moment, actor.id
        appeal.check_reason = _tidy(reason)
        appeal.due_on = rules.review_by(clock.today())
        session.flush()
        audit.record(
            actor, "appeal.take_up", OBJECT, appeal.id, {"application": appeal.application_id, "due": appeal.due_on}
        )
        outbox.emit("appeal.taken_up", appeal_id=appeal.id)
        return appeal


def refuse(actor: Actor, appeal_key: str, ground: RefusalReason | None, reason: str) -> Appeal:
    """The appeal is not taken up (각하); the firm gets a letter with the reason.

    Raises: NotVisible; Forbidden; RuleBroken appeal_refusal_reason (ground), appeal_text_short (reason), appeal_state,
            appeal_supplement_waits
    Notes : emits appeal.refused
    """
    with transaction():
        appeal = _checked(actor, appeal_key)
        _ensure_checkable(appeal)
        if ground is None:
            raise RuleBroken("appeal_refusal_reason", "ground")
        ensure(rules.long_enough(reason), "refusal")
        appeal.checked_at, appeal.checked_by_id = clock.now(), actor.id
        appeal.refusal, appeal.check_reason = ground, _tidy(reason)
        end(actor, appeal, AppealState.REFUSED)
        audit.record(
            actor, "appeal.refuse", OBJECT, appeal.id, {"application": appeal.application_id, "ground": ground.value}
        )
        outbox.emit("appeal.refused", appeal_id=appeal.id)
        return appeal


def ask_supplement(actor: Actor, appeal_key: str, message: str, due: date) -> Appeal:
    """Ask the firm for what is missing, once and for at most a month.

    Raises: NotVisible; Forbidden; RuleBroken appeal_text_short (message), appeal_supplement_due (due),
            appeal_supplement_once, appeal_state
    Notes : emits appeal.supplement_asked
    """
    with transaction():
        appeal = _checked(actor, appeal_key)
        verdict = rules.can_ask_supplement(appeal.state, appeal.supplement is not None, due, clock.today())
        ensure(verdict, "due" if verdict.code == "appeal_supplement_due" else None)
        ensure(rules.long_enough(message), "message")
        session.add(AppealSupplement(appeal_id=appeal.id, message=_tidy(message), due_on=due, asked_by_id=actor.id))
        appeal.state = AppealState.SUPPLEMENT
        session.flush()
        session.expire(appeal, ["supplement"])
        audit.record(
            actor, "appeal.ask_supplement", OBJECT, appeal.id, {"application": appeal.application_id, "due": due}
        )
        outbox.emit("appeal.supplement_asked", appeal_id=appeal.id)
        return appeal


def draw_again(actor: Actor, appeal_key: str) -> Appeal:
    """Ask for a further draw: after people joined the pool, when the last one could not fill the panel.

    Raises: NotVisible; Forbidden; RuleBroken appeal_state
    Notes : emits appeal.seats_free; nobody chooses who is drawn
    """
    with transaction():
        appeal = _checked(actor, appeal_key)
        ensure(rules.in_state(appeal.state, AppealState.ADMITTED, AppealState.REVIEW))
        audit.record(actor, "appeal.draw_again", OBJECT, appeal.id, {"application": appeal.application_id})
        draw.ask(appeal)
        return appeal


def replace(actor: Actor, appeal_key: str, seat_key: str) -> Appeal:
    """Free the seat of somebody who let the due date pass; another one is drawn.

    Raises: NotVisible; Forbidden; RuleBroken appeal_state, appeal_seat_not_late
    """
    with transaction():
        appeal = _checked(actor, appeal_key)
        ensure(rules.in_state(appeal.state, AppealState.REVIEW))
        seat = next((one for one in appeal.seats if one.key == seat_key), None)
        if seat is None:
            raise NotVisible
        if seat.state not in rules.OPEN_SEATS or seat.due_on >= clock.today():
            raise RuleBroken("appeal_seat_not_late", day=seat.due_on.isoformat())
        judging.leave(actor, seat, rules.SeatState.REPLACED)
        return appeal


def note_file_read(actor: Actor, row: AppealFile) -> None:
    """Leave a trace when somebody from outside the firm opens a piece of evidence (접속기록)."""
    if actor.organisation_id == row.appeal.application.organisation_id:
        return
    appeal_id, detail = row.appeal_id, {"application": row.appeal.application_id, "file": row.id}
    with transaction():
        audit.record(actor, "appeal.read_file", OBJECT, appeal_id, detail)


# --- shared checks ------------------------------------------------------------------------------------------


def _require(actor: Actor, roles: frozenset[str]) -> None:
    if not actor.has(*roles):
        raise Forbidden("no_right")


def _checked(actor: Actor, appeal_key: str) -> Appeal:
    """The operator's own sight of an appeal, locked. Raises: Forbidden, NotVisible."""
    _require(actor, OPERATOR)
    return queries.for_operator(actor, appeal_key, lock=True)


def _ensure_checkable(appeal: Appeal) -> None:
    due = appeal.supplement.due_on if appeal.supplement else None
    ensure(rules.can_check(appeal.state, due, clock.today()))


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise RulesBroken([RuleBroken(one.verdict.code, one.field or None, **one.verdict.values) for one in problems])


def verdict_on(appeal: Appeal) -> Verdict:
    """Whether the operator may take the appeal up or refuse it now, for the page."""
    due = appeal.supplement.due_on if appeal.supplement else None
    return rules.can_check(appeal.state, due, clock.today())
