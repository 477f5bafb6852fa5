"""Who is told what of an appeal, and when. What the firm gets is the same whoever sits on the panel.

Each mail and each letter is written once, however often its event is delivered. What a firm is told of a decision about
its appeal is a letter (`letters`); that the review has begun is a mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from portal.accounts.models import Person
from portal.appeals import queries, reckoning, rules
from portal.appeals.models import Appeal, AppealSeat
from portal.appeals.rules import AppealState, Ruling, SeatState
from portal.base import clock, mail
from portal.base.access import SYSTEM
from portal.base.db import session, transaction
from portal.base.words import Words, say, use_language
from portal.evaluation import plans
from portal.letters import service as letters
from portal.letters.rules import LetterContent, LetterKind, Section


def write_filed(appeal_id: int) -> None:
    """appeal.filed → a letter: received, what is contested, and by when the operator answers."""
    appeal = session.get(Appeal, appeal_id)
    with use_language(_language(appeal)):
        sheet = reckoning.sheet_of(appeal)
        grounds = [
            (reckoning.title(sheet, one.criterion), one.kind.label, str(len(appeal.files_of(one.criterion))))
            for one in appeal.grounds
        ]
        content = _content(
            appeal,
            LetterKind.APPEAL_RECEIVED,
            say("이의신청을 접수했습니다.", "Your appeal was received."),
            appeal.filed_at,
            _facts(
                say("접수", "Receipt"),
                (say("접수 시각", "Received"), _when(appeal.filed_at)),
                (say("재검토 여부 확인 (내부 목표)", "Checked by (the portal's own aim)"), appeal.check_due_on),
                (say("추첨 약속값", "Commitment of the draw"), appeal.commitment),
            ),
            _table(say("이의가 있는 항목", "Contested criteria"), _GROUNDS, grounds),
        )
    _send(appeal, LetterKind.APPEAL_RECEIVED, content)


def write_supplement_asked(appeal_id: int) -> None:
    """appeal.supplement_asked → a letter: what to add, until when."""
    appeal = session.get(Appeal, appeal_id)
    asked = appeal.supplement
    with use_language(_language(appeal)):
        content = _content(
            appeal,
            LetterKind.APPEAL_SUPPLEMENT,
            say(
                "이의신청에 더 필요한 것이 있습니다. 기한 안에 보내 주세요.",
                "Your appeal needs something more in time.",
            ),
            asked.asked_at,
            _facts(say("보완 기한", "Due"), (say("기한", "Until the end of"), asked.due_on)),
            Section(str(say("보완할 것", "What to add")), (asked.message,)),
            remedy=say(
                "포털의 이의신청에서 글과 파일을 보내 주세요. 기한이 지나면 받은 자료만으로 재검토할지 정합니다.",
                "Send text and files on the portal. After the due date it is decided on what was received.",
            ),
        )
    _send(appeal, LetterKind.APPEAL_SUPPLEMENT, content)


def write_taken_up(appeal_id: int) -> None:
    """appeal.taken_up → to the firm: judged anew, by when."""
    appeal = session.get(Appeal, appeal_id)
    _to_firm(appeal, "appeal_taken_up", due=appeal.due_on.isoformat())


def write_refused(appeal_id: int) -> None:
    """appeal.refused → a letter: not taken up, and why."""
    appeal = session.get(Appeal, appeal_id)
    with use_language(_language(appeal)):
        content = _content(
            appeal,
            LetterKind.APPEAL_INADMISSIBLE,
            say("이의신청을 재검토하지 않기로 했습니다.", "Your appeal is not taken up."),
            appeal.checked_at,
            Section(str(say("까닭", "Reason")), (str(appeal.refusal.label), appeal.check_reason)),
            remedy=_FINAL,
        )
    _send(appeal, LetterKind.APPEAL_INADMISSIBLE, content)


def write_decided(appeal_id: int, **_: Any) -> None:
    """appeal.decided → a letter: the ruling, the points before and after, every comment without a name, the outcome."""
    appeal = session.get(Appeal, appeal_id)
    kind = _RULINGS[appeal.ruling]
    with use_language(_language(appeal)):
        sheet = reckoning.sheet_of(appeal)
        judged = [(one.code, appeal.result[one.code]) for one in sheet.criteria if one.code in appeal.result]
        lines = [
            (
                reckoning.title(sheet, code),
                f"{row['before']:.1f}",
                f"{row['after']:.1f}",
                _TAKEN if row["accepted"] else _NOT_TAKEN,
            )
            for code, row in judged
        ]
        comments = [
            Section(
                str(say("의견: {title}", "Comments: {title}").format(title=reckoning.title(sheet, code))),
                tuple(row["comments"]),
            )
            for code, row in judged
        ]
        content = _content(
            appeal,
            kind,
            say("이의신청을 재검토한 결과를 알려 드립니다.", "This is the result of your appeal."),
            appeal.ruled_at,
            _facts(
                say("결정", "Decision"),
                (say("이의신청", "Appeal"), appeal.ruling.label),
                (say("처음 결과", "Outcome before"), appeal.outcome_before.label),
                (say("지금 결과", "Outcome now"), appeal.outcome_after.label),
                (say("총점", "Total"), f"{appeal.total_before:.1f} → {appeal.total_after:.1f}"),
                (say("합격선", "Pass mark"), sheet.pass_points),
            ),
            Section(str(say("결정 사유", "Reason")), (appeal.reason,)),
            _table(say("항목별 점수", "Points"), _POINTS, lines),
            *comments,
            remedy=_FINAL,
        )
    _send(appeal, kind, content)


def write_seated(seat_id: int) -> None:
    """appeal.seated → to who was drawn; the case is named by its number, never the firm."""
    seat = session.get(AppealSeat, seat_id)
    if seat is not None and seat.state is SeatState.DRAWN:
        _to_seat(seat, "appeal_seated", f"appeal-seated-{seat.id}")


def remind() -> int:
    """The daily round: who has not spoken yet is reminded once before the due date. Returns how many."""
    reminded = 0
    for appeal_id in queries.undecided_ids():
        with transaction():
            appeal = session.get(Appeal, appeal_id)
            if appeal.state is not AppealState.REVIEW:
                continue
            days = plans.plan_of(appeal.application.call).remind_days
            for seat in queries.seats_of(appeal):
                left = (seat.due_on - clock.today()).days
                if seat.state in rules.OPEN_SEATS and 0 <= left <= days:
                    _to_seat(seat, "appeal_seat_due", f"appeal-seat-due-{seat.id}")
                    reminded += 1
    return reminded


def _to_seat(seat: AppealSeat, template: str, once_key: str) -> None:
    mail.queue(
        seat.person.email,
        template,
        seat.person.language,
        once_key,
        name=seat.person.name,
        number=seat.appeal.application.number,
        due=seat.due_on.isoformat(),
        chairs=seat.role is rules.SeatRole.CHAIR,
        path=f"/evaluation/appeals/{seat.key}",
    )


def _to_firm(appeal: Appeal, template: str, **context: Any) -> None:
    for person in queries.people_of_firm(appeal.application):
        mail.queue(
            person.email,
            template,
            person.language,
            f"{template.replace('_', '-')}-{appeal.id}-{person.id}",
            name=person.name,
            number=appeal.application.number,
            path=f"/appeals/{appeal.key}",
            **context,
        )


# --- letters --------------------------------------------------------------------------------------------------

_RULINGS = {
    Ruling.UPHELD: LetterKind.APPEAL_UPHELD,
    Ruling.PARTLY: LetterKind.APPEAL_PARTLY,
    Ruling.DISMISSED: LetterKind.APPEAL_DISMISSED,
}
_GROUNDS = (say("항목", "Criterion"), say("무엇이 잘못되었는지", "What went wrong"), say("파일", "Files"))
_POINTS = (say("항목", "Criterion"), say("처음", "First"), say("재심", "New"), say("판단", "Ruling"))
_TAKEN, _NOT_TAKEN = say("받아들임", "Accepted"), say("받아들이지 않음", "Not accepted")
_FINAL = say(
    "이 결정에는 포털에서 다시 이의를 신청할 수 없습니다. 행정심판이나 행정소송은 법이 정한 기한 안에 할 수 있습니다.",
    "No further appeal can be made here. Administrative appeals and suits are open within the terms of the law.",
)
_SENDER = say("운영기관", "The operator")


def _language(appeal: Appeal) -> str:
    """The language of who filed it."""
    person = session.get(Person, appeal.filed_by_id) if appeal.filed_by_id else None
    return person.language if person else "ko"


def _content(
    appeal: Appeal, kind: LetterKind, lead: Words, dated: datetime, *sections: Section, remedy: Words | str = ""
) -> LetterContent:
    return LetterContent(
        title=kind.label,
        addressee=appeal.application.organisation.name,
        lead=lead,
        sections=sections,
        remedy=remedy,
        sender=_SENDER,
        dated=dated,
    )


def _facts(heading: Words, *pairs: tuple[Words, Any]) -> Section:
    return Section(str(heading), rows=tuple((str(name), str(value)) for name, value in pairs))


def _table(heading: Words, head: Sequence[Words], rows: Sequence[Sequence[Any]]) -> Section:
    return Section(str(heading), rows=tuple(tuple(map(str, row)) for row in rows), head=tuple(map(str, head)))


def _send(appeal: Appeal, kind: LetterKind, content: LetterContent) -> None:
    """Nobody's opinion stands between: an appeal's letter goes out with the act that it tells of."""
    letter = letters.prepare(
        SYSTEM,
        kind,
        application_id=appeal.application_id,
        number=appeal.application.number,
        region=appeal.application.region,
        organisation_id=appeal.application.organisation_id,
        language=_language(appeal),
        content=content,
        about=f"appeal:{appeal.id}:{kind.value}",
    )
    letters.send(SYSTEM, letter)


def _when(moment: datetime) -> str:
    return clock.kst(moment).strftime("%Y-%m-%d %H:%M")
