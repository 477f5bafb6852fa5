"""Reading slots and bookings. Who calls has checked who reads: a booking means nothing without its subject."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from portal.appointments.models import Attendance, Booking, Slot
from portal.base.db import session


def slots(owner_type: str, owner_id: int, purpose: str) -> Sequence[Slot]:
    """Every slot of an owner, in the order of time."""
    return session.scalars(
        sa.select(Slot)
        .where(Slot.owner_type == owner_type, Slot.owner_id == owner_id, Slot.purpose == purpose)
        .order_by(Slot.starts_at, Slot.place, Slot.id)
    ).all()


def slot_by_key(owner_type: str, owner_id: int, purpose: str, key: str) -> Slot | None:
    return session.scalar(
        sa.select(Slot).where(
            Slot.owner_type == owner_type, Slot.owner_id == owner_id, Slot.purpose == purpose, Slot.key == key
        )
    )


def bookings_on(slot_ids: Collection[int]) -> dict[int, Booking]:
    """Slot → the booking that stands on it."""
    rows = session.scalars(sa.select(Booking).where(Booking.slot_id.in_(slot_ids), Booking.cancelled_at.is_(None)))
    return {row.slot_id: row for row in rows}


def booking_of(purpose: str, subject_type: str, subject_id: int) -> Booking | None:
    """The booking of a subject that stands."""
    return bookings_of(purpose, subject_type, [subject_id]).get(subject_id)


def bookings_of(purpose: str, subject_type: str, subject_ids: Collection[int]) -> dict[int, Booking]:
    """Subject → its booking that stands."""
    rows = session.scalars(
        sa.select(Booking).where(
            Booking.purpose == purpose,
            Booking.subject_type == subject_type,
            Booking.subject_id.in_(subject_ids),
            Booking.cancelled_at.is_(None),
        )
    )
    return {row.subject_id: row for row in rows}


def attended_by(person_id: int, purpose: str, since: datetime) -> Sequence[Booking]:
    """What a person has to attend from a moment on, in the order of time."""
    return (
        session.scalars(
            sa.select(Booking)
            .join(Slot, Slot.id == Booking.slot_id)
            .join(Attendance, Attendance.booking_id == Booking.id)
            .where(
                Attendance.person_id == person_id,
                Booking.purpose == purpose,
                Booking.cancelled_at.is_(None),
                Slot.ends_at >= since,
            )
            .order_by(Slot.starts_at, Booking.id)
        )
        .unique()
        .all()
    )


def busy(people: Collection[int], starts_at: datetime, ends_at: datetime, *, but: int | None = None) -> frozenset[int]:
    """Who of these people has to be elsewhere in that span. but: a booking that does not count."""
    return frozenset(
        session.scalars(
            sa.select(Attendance.person_id)
            .join(Booking, Booking.id == Attendance.booking_id)
            .join(Slot, Slot.id == Booking.slot_id)
            .where(
                Attendance.person_id.in_(people),
                Booking.cancelled_at.is_(None),
                Booking.id != (but or 0),
                Slot.starts_at < ends_at,
                Slot.ends_at > starts_at,
            )
        )
    )
