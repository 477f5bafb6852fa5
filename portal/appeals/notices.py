"""Who is told what of an appeal, and when. What the firm gets is the same whoever sits on the panel.

Each mail is written once, however often its event is delivered.
"""

from __future__ import annotations

from typing import Any

from portal.appeals import queries, rules
from portal.appeals.models import Appeal, AppealSeat
from portal.appeals.rules import AppealState, SeatState
from portal.base import clock, mail
from portal.base.db import session, transaction
from portal.evaluation import plans


def write_filed(appeal_id: int) -> None:
    """appeal.filed → to the firm: received, and by when the operator answers."""
    appeal = session.get(Appeal, appeal_id)
    _to_firm(appeal, "appeal_filed", filed=_when(appeal.filed_at), due=appeal.check_due_on.isoformat())


def write_supplement_asked(appeal_id: int) -> None:
    """appeal.supplement_asked → to the firm: what to add, until when."""
    appeal = session.get(Appeal, appeal_id)
    asked = appeal.supplement
    _to_firm(appeal, "appeal_supplement", message=asked.message, due=asked.due_on.isoformat())


def write_taken_up(appeal_id: int) -> None:
    """appeal.taken_up → to the firm: judged anew, by when."""
    appeal = session.get(Appeal, appeal_id)
    _to_firm(appeal, "appeal_taken_up", due=appeal.due_on.isoformat())


def write_refused(appeal_id: int) -> None:
    """appeal.refused → to the firm: not taken up, and why."""
    appeal = session.get(Appeal, appeal_id)
    _to_firm(appeal, "appeal_refused", reason=appeal.check_reason)


def write_decided(appeal_id: int, **_: Any) -> None:
    """appeal.decided → to the firm: the ruling and where its reason stands."""
    appeal = session.get(Appeal, appeal_id)
    for person in queries.people_of_firm(appeal.application):
        mail.queue(
            person.email,
            "appeal_decided",
            person.language,
            f"appeal-decided-{appeal.id}-{person.id}",
            name=person.name,
            number=appeal.application.number,
            ruling=appeal.ruling.label.in_(person.language),
            outcome=appeal.outcome_after.label.in_(person.language),
            path=f"/appeals/{appeal.key}",
        )


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


def _when(moment: Any) -> str:
    return clock.kst(moment).strftime("%Y-%m-%d %H:%M")
