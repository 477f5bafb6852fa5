"""Meetings of a consultation: the supplier offers times, the company takes one, both write down what was said.

Times are the supplier's own (one owner for all of its consultations); constraints below keep one from being taken twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time

import sqlalchemy as sa

from portal.accounts.rules import SUPPLIER
from portal.appointments import queries as appointments
from portal.appointments import service as booking_service
from portal.appointments.ics import Event
from portal.appointments.models import Booking, Slot
from portal.appointments.rules import grid
from portal.base import audit, clock, once, outbox
from portal.base.access import SYSTEM, Actor, Forbidden, NotVisible, RuleBroken, ensure
from portal.base.db import session, transaction
from portal.base.words import say
from portal.base.workdays import holiday_name, is_workday
from portal.consultations import queries
from portal.consultations.models import Consultation, MeetingNote
from portal.consultations.rules import MAX_TEXT, Side, can_book, can_write
from portal.directory.rules import clean

PURPOSE = "consultation"
TITLE = say("공급기업 상담", "Consultation")
WEEKDAYS = (
    say("월", "Mon"), say("화", "Tue"), say("수", "Wed"), say("목", "Thu"), say("금", "Fri"), say("토", "Sat"), say("일", "Sun"),
)  # fmt: skip
SHOWN = 12
"""Free times that a thread shows at once."""


# --- reading -----------------------------------------------------------------------------------------------


def booking_of(row: Consultation) -> Booking | None:
    return appointments.booking_of(PURPOSE, "consultation", row.id)


def bookings_of(rows: Sequence[Consultation]) -> dict[int, Booking]:
    """Consultation → its booking, for lists."""
    return appointments.bookings_of(PURPOSE, "consultation", [row.id for row in rows])


def free_slots(supplier_id: int, limit: int = SHOWN) -> list[Slot]:
    """The supplier's next times that nobody has taken."""
    now = clock.now()
    ahead = [one for one in appointments.slots("organisation", supplier_id, PURPOSE) if one.starts_at > now]
    taken = appointments.bookings_on([one.id for one in ahead])
    return [one for one in ahead if one.id not in taken][:limit]


@dataclass(frozen=True)
class Line:
    """One of the supplier's times, and who comes."""

    slot: Slot
    consultation: Consultation | None


def timetable(actor: Actor) -> list[Line]:
    """The own times from today on, with the companies that took them."""
    _ensure_supplier(actor)
    midnight = clock.kst(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    slots = [
        one for one in appointments.slots("organisation", actor.organisation_id, PURPOSE) if one.starts_at >= midnight
    ]
    booked = appointments.bookings_on([one.id for one in slots])
    wanted = {one.subject_id for one in booked.values()}
    rows = {
        row.id: row for row in session.scalars(queries.visible_to(actor).where(Consultation.id.in_(wanted))).unique()
    }
    return [Line(one, rows.get(booked[one.id].subject_id) if one.id in booked else None) for one in slots]


def event_of(row: Consultation, booking: Booking, own: Side) -> Event:
    """The meeting in one side's calendar; it names the other side and the place, nobody's address."""
    other = row.supplier if own is Side.COMPANY else row.company
    slot = booking.slot
    place = queries.text_for(own, row, Side.SUPPLIER, slot.place)
    return Event(booking.key, slot.starts_at, slot.ends_at, f"{TITLE} {other.name}", place, booking.created_at)


def own_events(actor: Actor) -> list[Event]:
    """Every meeting of the actor's organisation that still stands."""
    rows = session.scalars(
        queries.visible_to(actor)
        .join(Booking, sa.and_(Booking.subject_type == "consultation", Booking.subject_id == Consultation.id))
        .where(Booking.purpose == PURPOSE, Booking.cancelled_at.is_(None))
    ).all()
    booked = bookings_of(rows)
    return [
        event_of(row, booked[row.id], queries.own_side(actor, row))
        for row in sorted(rows, key=lambda row: booked[row.id].slot.starts_at)
    ]


# --- the supplier's times ----------------------------------------------------------------------------------


def offer(actor: Actor, *, day: date, first: time, last: time, minutes: int, pause: int, place: str) -> list[Slot]:
    """Offer the times of one working day.

    Raises: Forbidden; RuleBroken meeting_holiday (day) and what `appointments.offer` and `grid` refuse
    """
    _ensure_supplier(actor)
    if not is_workday(day):
        name = holiday_name(day)
        raise RuleBroken("meeting_holiday", "day", day=day.isoformat(), name=f" ({name})" if name else "")
    return booking_service.offer(
        actor, "organisation", actor.organisation_id, PURPOSE, grid(day, first, last, minutes, pause), place
    )


def take_back(actor: Actor, slot_key: str) -> None:
    """Offer a time no longer that was never taken. Raises: NotVisible, RuleBroken appointment_taken."""
    _ensure_supplier(actor)
    booking_service.remove(actor, _slot(actor.organisation_id, slot_key))


# --- taking one, and calling it off ------------------------------------------------------------------------


def book(actor: Actor, key: str, slot_key: str) -> Booking:
    """Meet at one of the supplier's times, or move the meeting there.

    Raises: NotVisible; RuleBroken consultation_other_side, consultation_not_open, consultation_frozen,
            appointment_past, appointment_taken, appointment_busy (all three on `slot`)
    Notes : who asked has to be there; emits meeting.booked
    """
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        ensure(can_book(queries.side(actor, row), row.status))
        queries.ensure_running(row)
        before = booking_of(row)
        slot = _slot(row.supplier_id, slot_key)
        booking = booking_service.book(actor, slot, "consultation", row.id, {row.asked_by_id})
        if before is None or before.id != booking.id:
            outbox.emit("meeting.booked", consultation_id=row.id, booking_id=booking.id)
        return booking


def call_off(actor: Actor, key: str) -> None:
    """Give the time back; nothing happens when there is none. Emits meeting.called_off. Raises: NotVisible."""
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        queries.own_side(actor, row)
        booking = booking_of(row)
        if booking is not None and booking.slot.ends_at > clock.now():
            _call_off(actor, row, booking)


@outbox.soon
def free_slot(consultation_id: int, **_: object) -> None:
    """consultation.concluded → a meeting that still lies ahead is off."""
    row = queries.by_id(consultation_id)
    booking = booking_of(row) if row else None
    if booking is not None and booking.slot.starts_at > clock.now():
        _call_off(SYSTEM, row, booking)


def _call_off(actor: Actor, row: Consultation, booking: Booking) -> None:
    booking_service.cancel(actor, booking)
    outbox.emit("meeting.called_off", consultation_id=row.id, booking_id=booking.id)


# --- notes -------------------------------------------------------------------------------------------------


def write_note(
    actor: Actor, key: str, *, met_on: date, said: str, next_step: str = "", once_key: str | None = None
) -> Consultation:
    """Write down what was talked about; the other side reads it.

    Raises: NotVisible; RuleBroken consultation_not_open, consultation_frozen, meeting_note_needed (said),
            meeting_note_day (met_on)
    """
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        purpose = f"meeting_note:{row.id}"
        if once.claim(actor, once_key, purpose):
            return row
        ensure(can_write(row.status))
        queries.ensure_running(row)
        if not clean(said):
            raise RuleBroken("meeting_note_needed", "said")
        if met_on > clock.today():
            raise RuleBroken("meeting_note_day", "met_on")
        note = MeetingNote(
            consultation_id=row.id,
            side=queries.own_side(actor, row),
            person_id=actor.id,
            met_on=met_on,
            text=clean(said)[:MAX_TEXT],
            next_step=clean(next_step)[:300],
        )
        session.add(note)
        session.flush()
        once.keep(actor, once_key, purpose, str(note.id))
        audit.record(actor, "consultation.note", "consultation", row.id, {"note": note.id})
        return row


def _ensure_supplier(actor: Actor) -> None:
    if not actor.has(*SUPPLIER) or actor.organisation_id is None:
        raise Forbidden("no_right")


def _slot(supplier_id: int, key: str) -> Slot:
    slot = appointments.slot_by_key("organisation", supplier_id, PURPOSE, key)
    if slot is None:
        raise NotVisible
    return slot
