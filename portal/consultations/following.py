"""Silence: reminders on the 3rd, 7th and 14th working day, then the request is released; the worker's daily round."""

from __future__ import annotations

from portal.base import audit, clock, outbox
from portal.base.access import SYSTEM
from portal.base.db import session, transaction
from portal.consultations import figures, queries
from portal.consultations.rules import Status, is_overdue, reminders_due


def follow() -> tuple[int, int]:
    """Remind suppliers that owe an answer, and release what stayed without one.

    Returns: (reminders, requests that ended)
    Notes  : two reminders that fall due at once are one letter; a supplier that can't answer now (suspended) is not
             marked as silent, its requests are taken back. Emits consultation.reminded, .expired, .withdrawn
    """
    reminded = ended = 0
    today, frozen = clock.today(), queries.frozen_requests()
    for consultation_id, asked_at, sent in queries.unanswered():
        if is_overdue(asked_at, today) or consultation_id in frozen:
            ended += _release(consultation_id)
        elif reminders_due(asked_at, today) > sent:
            reminded += _remind(consultation_id)
    return reminded, ended


def _remind(consultation_id: int) -> bool:
    with transaction():
        row = queries.by_id(consultation_id, lock=True)
        if row is None or row.status is not Status.REQUESTED or queries.frozen([row]):
            return False
        row.reminders = reminders_due(row.asked_at, clock.today())
        audit.record(SYSTEM, "consultation.remind", "consultation", row.id, {"number": row.reminders})
        outbox.emit("consultation.reminded", consultation_id=row.id, number=row.reminders)
        return True


def _release(consultation_id: int) -> bool:
    with transaction():
        row = queries.by_id(consultation_id, lock=True)  # an answer that comes at this moment counts
        if row is None or row.status is not Status.REQUESTED:
            return False
        row.status = Status.WITHDRAWN if queries.frozen([row]) else Status.EXPIRED
        row.ended_at = clock.now()
        session.flush()
        figures.count(row.listing_id)
        audit.record(SYSTEM, "consultation.expire", "consultation", row.id, {"status": row.status.value})
        event = "consultation.expired" if row.status is Status.EXPIRED else "consultation.withdrawn"
        outbox.emit(event, consultation_id=row.id)
        return True
