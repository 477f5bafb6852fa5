"""Offering slots, booking and cancelling. The features above check who may; here only time, place and people count."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from portal.appointments import queries, rules
from portal.appointments.models import Attendance, Booking, Slot
from portal.base import audit, clock
from portal.base.access import Actor, RuleBroken
from portal.base.db import session, transaction


def offer(
    actor: Actor,
    owner_type: str,
    owner_id: int,
    purpose: str,
    spans: Sequence[tuple[datetime, datetime]],
    place: str,
) -> list[Slot]:
    """Add slots at one place.

    Raises: RuleBroken appointment_place (place), appointment_past (day), appointment_overlap (first)
    """
    place = " ".join(place.split())[:200]
    if not place:
        raise RuleBroken("appointment_place", "place")
    with transaction():
        standing = [one for one in queries.slots(owner_type, owner_id, purpose) if one.place == place]
        verdict = rules.can_offer(spans, [(one.starts_at, one.ends_at) for one in standing], clock.now())
        if not verdict:
            raise RuleBroken(verdict.code, "day" if verdict.code == "appointment_past" else "first", **verdict.values)
        made = [
            Slot(
                owner_type=owner_type,
                owner_id=owner_id,
                purpose=purpose,
                starts_at=start,
                ends_at=end,
                place=place,
            )
            for start, end in spans
        ]
        session.add_all(made)
        session.flush()
        audit.record(actor, "slot.offer", owner_type, owner_id, {"purpose": purpose, "slots": [one.id for one in made]})
        return made


def remove(actor: Actor, slot: Slot) -> None:
    """Take a slot back that nobody has booked and that no history needs. Raises: RuleBroken appointment_taken."""
    slot_id = slot.id
    with transaction():
        row = session.get(Slot, slot_id)
        if row is None:
            return
        if session.scalar(sa.select(Booking.id).where(Booking.slot_id == slot_id).limit(1)):
            raise RuleBroken("appointment_taken")
        audit.record(actor, "slot.remove", row.owner_type, row.owner_id, {"purpose": row.purpose, "slot": slot_id})
        session.delete(row)
        session.flush()


def book(
    actor: Actor, slot: Slot, subject_type: str, subject_id: int, people: Collection[int] = (), reason: str = ""
) -> Booking:
    """Take a slot for a subject; what the subject had booked for the same purpose is cancelled with it.

    people: ids of those who have to be there; nobody of them may be elsewhere at that time
    Raises: RuleBroken appointment_past, appointment_taken, appointment_busy, all on `slot`
    Notes : booking the slot again that one has already changes nothing; unique indexes hold it against a race
    """
    slot_id = slot.id
    with transaction():
        row = session.get(Slot, slot_id, with_for_update=True)
        if row is None or row.starts_at <= clock.now():
            raise RuleBroken("appointment_past", "slot")
        before = queries.booking_of(row.purpose, subject_type, subject_id)
        taken = queries.bookings_on([slot_id]).get(slot_id)
        if taken is not None and before is not None and taken.id == before.id:
            return before
        if taken is not None:
            raise RuleBroken("appointment_taken", "slot")
        elsewhere = queries.busy(people, row.starts_at, row.ends_at, but=before.id if before else None)
        if elsewhere:
            raise RuleBroken("appointment_busy", "slot", count=len(elsewhere))
        if before is not None:
            _cancel(actor, before, reason)
        booking = Booking(
            slot_id=slot_id,
            purpose=row.purpose,
            subject_type=subject_type,
            subject_id=subject_id,
            booked_by_id=actor.id,
        )
        booking.attendances = [Attendance(person_id=one, starts_at=row.starts_at) for one in sorted(people)]
        session.add(booking)
        try:
            session.flush()
        except sa.exc.IntegrityError:
            raise RuleBroken("appointment_taken", "slot") from None
        audit.record(
            actor,
            "booking.make",
            subject_type,
            subject_id,
            {"booking": booking.id, "slot": slot_id, "people": sorted(people), "instead_of": before and before.id},
        )
        return booking


def reserve(
    actor: Actor,
    purpose: str,
    subject_type: str,
    subject_id: int,
    span: tuple[datetime, datetime],
    place: str,
    people: Collection[int],
    reason: str = "",
) -> Booking:
    """Set a time of its own for one subject, at the subject's own place: a slot and its booking at once.

    Raises: RuleBroken appointment_place (place), appointment_past (slot), appointment_busy (slot)
    """
    place = " ".join(place.split())[:200]
    if not place:
        raise RuleBroken("appointment_place", "place")
    with transaction():
        slot = session.scalar(
            sa.select(Slot).where(
                Slot.owner_type == subject_type,
                Slot.owner_id == subject_id,
                Slot.purpose == purpose,
                Slot.place == place,
                Slot.starts_at == span[0],
            )
        )
        if slot is None:
            slot = Slot(
                owner_type=subject_type,
                owner_id=subject_id,
                purpose=purpose,
                place=place,
                starts_at=span[0],
                ends_at=span[1],
            )
            session.add(slot)
        slot.ends_at = span[1]
        session.flush()
        booking = book(actor, slot, subject_type, subject_id, people, reason)
        attend(actor, booking, people)
        return booking


def cancel(actor: Actor, booking: Booking, reason: str = "") -> None:
    """Give a slot back; cancelling twice changes nothing."""
    booking_id = booking.id
    with transaction():
        row = session.get(Booking, booking_id, with_for_update={"of": Booking})
        if row.stands:
            _cancel(actor, row, reason)


def _cancel(actor: Actor, booking: Booking, reason: str) -> None:
    booking.cancelled_at, booking.cancelled_by_id, booking.reason = clock.now(), actor.id, reason.strip()[:500]
    booking.attendances = []
    session.flush()
    audit.record(actor, "booking.cancel", booking.subject_type, booking.subject_id, {"booking": booking.id})


def attend(actor: Actor, booking: Booking, people: Collection[int]) -> frozenset[int]:
    """Set who has to be there. Returns: who could not be added, being elsewhere at that time."""
    booking_id = booking.id
    with transaction():
        row = session.get(Booking, booking_id, with_for_update={"of": Booking})
        if not row.stands:
            raise RuleBroken("appointment_gone")
        wanted = frozenset(people)
        elsewhere = queries.busy(wanted, row.slot.starts_at, row.slot.ends_at, but=row.id)
        kept = [one for one in row.attendances if one.person_id in wanted]
        new = wanted - row.people - elsewhere
        if len(kept) == len(row.attendances) and not new:
            return elsewhere
        row.attendances = kept + [Attendance(person_id=one, starts_at=row.slot.starts_at) for one in sorted(new)]
        session.flush()
        audit.record(actor, "booking.attend", row.subject_type, row.subject_id, {"people": sorted(row.people)})
        return elsewhere
