"""Letters of the consultations: one to the other side for each event, without a word of what was said."""

from __future__ import annotations

from portal.appointments.models import Booking
from portal.base import clock, mail
from portal.base.db import session
from portal.consultations import queries, relay
from portal.consultations.models import Message
from portal.consultations.rules import REMINDERS, Side, Status, last_day


def _tell(consultation_id: int, to: Side, template: str, once_suffix: str = "", booking_id: int | None = None) -> None:
    row = queries.by_id(consultation_id)
    person = queries.person_for_letters(row, to) if row else None
    if row is None or person is None:
        return
    booking = session.get(Booking, booking_id) if booking_id else None
    mail.queue(
        person.email,
        template,
        person.language,
        f"{template}:{row.id}{once_suffix}",
        reply_to=relay.address_of(row, person.id) if row.status is Status.ACCEPTED else "",
        other=(row.supplier if to is Side.COMPANY else row.company).name,
        topic=row.topic.label.in_(person.language),
        path=f"/consultations/{row.key}",
        last_day=last_day(row.asked_at).isoformat(),
        is_last=row.reminders >= len(REMINDERS),
        goes_on=row.fan_out_id is not None,
        when=f"{clock.kst(booking.slot.starts_at):%Y-%m-%d %H:%M}" if booking else "",
        place=booking.slot.place if booking else "",
    )


def tell_requested(consultation_id: int) -> None:
    _tell(consultation_id, Side.SUPPLIER, "consultation_requested")


def tell_accepted(consultation_id: int) -> None:
    _tell(consultation_id, Side.COMPANY, "consultation_accepted")


def tell_declined(consultation_id: int) -> None:
    _tell(consultation_id, Side.COMPANY, "consultation_declined")


def tell_expired(consultation_id: int) -> None:
    """Both sides: the company may ask somebody else, the supplier reads what its figures will say."""
    _tell(consultation_id, Side.COMPANY, "consultation_expired")
    _tell(consultation_id, Side.SUPPLIER, "consultation_silent")


def tell_withdrawn(consultation_id: int) -> None:
    """The supplier; or the company, when its request was taken back because the supplier can't answer now."""
    row = queries.by_id(consultation_id)
    if row is not None and queries.frozen([row]):
        _tell(consultation_id, Side.COMPANY, "consultation_released")
    else:
        _tell(consultation_id, Side.SUPPLIER, "consultation_withdrawn")


def remind(consultation_id: int, number: int) -> None:
    """consultation.reminded → the supplier; the last letter says that today is the last day."""
    _tell(consultation_id, Side.SUPPLIER, "consultation_reminder", f":{number}")


def tell_message(consultation_id: int, message_id: int) -> None:
    message = session.get(Message, message_id)
    if message is not None:
        _tell(consultation_id, message.side.other, "consultation_message", f":{message_id}")


def tell_closed(consultation_id: int, side: str) -> None:
    _tell(consultation_id, Side(side).other, "consultation_closed", f":{side}")


def tell_concluded(consultation_id: int, side: str) -> None:
    _tell(consultation_id, Side(side).other, "consultation_concluded")


def tell_booked(consultation_id: int, booking_id: int) -> None:
    """meeting.booked → both sides: when and where."""
    for side in Side:
        _tell(consultation_id, side, "consultation_booked", f":{booking_id}:{side}", booking_id)


def tell_called_off(consultation_id: int, booking_id: int) -> None:
    for side in Side:
        _tell(consultation_id, side, "consultation_called_off", f":{booking_id}:{side}", booking_id)
