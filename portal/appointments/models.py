"""Slots, bookings and who attends; the constraints are what keeps anything from being booked twice."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.base.db import BigId, Keyed, Stamped, UtcDateTime, db

_STANDS = sa.text("cancelled_at IS NULL")


class Slot(Keyed, Stamped, db.Model):
    """A span of time at a place, offered by its owner (a call, an application) for one purpose."""

    __tablename__ = "appointment_slot"

    owner_type: Mapped[str] = mapped_column(sa.String(40))
    owner_id: Mapped[int] = mapped_column(BigId)
    purpose: Mapped[str] = mapped_column(sa.String(40))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    place: Mapped[str] = mapped_column(sa.String(200))

    __table_args__ = (
        sa.UniqueConstraint("owner_type", "owner_id", "purpose", "place", "starts_at"),
        sa.CheckConstraint("ends_at > starts_at", name="span"),
    )


class Booking(Keyed, Stamped, db.Model):
    """One slot taken for one subject; cancelled ones stay as history."""

    __tablename__ = "appointment_booking"

    slot_id: Mapped[int] = mapped_column(sa.ForeignKey("appointment_slot.id"))
    purpose: Mapped[str] = mapped_column(sa.String(40))
    subject_type: Mapped[str] = mapped_column(sa.String(40))
    subject_id: Mapped[int] = mapped_column(BigId)
    booked_by_id: Mapped[int | None] = mapped_column(BigId)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_by_id: Mapped[int | None] = mapped_column(BigId)
    reason: Mapped[str] = mapped_column(sa.String(500), default="")

    slot: Mapped[Slot] = relationship(lazy="joined", innerjoin=True)
    attendances: Mapped[list[Attendance]] = relationship(cascade="all, delete-orphan", lazy="selectin")

    __table_args__ = (
        sa.Index("uq_appointment_booking_slot", "slot_id", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS),
        sa.Index(
            "uq_appointment_booking_subject",
            "purpose",
            "subject_type",
            "subject_id",
            unique=True,
            sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
    )

    @property
    def stands(self) -> bool:
        return self.cancelled_at is None

    @property
    def people(self) -> frozenset[int]:
        return frozenset(one.person_id for one in self.attendances)


class Attendance(db.Model):
    """A person who has to be there; the row goes when the booking is cancelled."""

    __tablename__ = "appointment_attendance"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    booking_id: Mapped[int] = mapped_column(sa.ForeignKey("appointment_booking.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    # of the slot, so that one person can't begin two appointments at once whatever races
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (sa.UniqueConstraint("person_id", "starts_at"),)
