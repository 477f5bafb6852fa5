"""Consultations between one company and one supplier, and the messages of their thread."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation, Person
from portal.base import clock
from portal.base.db import BigId, Keyed, Stamped, UtcDateTime, Versioned, db, enum_type
from portal.consultations.rules import DeclineReason, Outcome, Side, Status, Topic
from portal.directory.models import Listing

_OPEN = "status IN ('requested', 'accepted')"


class Consultation(Keyed, Stamped, Versioned, db.Model):
    __tablename__ = "consultation"

    company_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    supplier_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listing.id"))
    # the shortlist that the company had before it when it chose
    shortlist_id: Mapped[int | None] = mapped_column(sa.ForeignKey("shortlist.id"))
    topic: Mapped[Topic] = mapped_column(enum_type(Topic))
    need: Mapped[str] = mapped_column(sa.Text)
    status: Mapped[Status] = mapped_column(enum_type(Status), default=Status.REQUESTED, index=True)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decline_reason: Mapped[DeclineReason | None] = mapped_column(enum_type(DeclineReason))
    decline_note: Mapped[str] = mapped_column(sa.Text, default="")
    company_outcome: Mapped[Outcome | None] = mapped_column(enum_type(Outcome))
    company_note: Mapped[str] = mapped_column(sa.Text, default="")
    company_closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    supplier_outcome: Mapped[Outcome | None] = mapped_column(enum_type(Outcome))
    supplier_note: Mapped[str] = mapped_column(sa.Text, default="")
    supplier_closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    company: Mapped[Organisation] = relationship(foreign_keys=company_id, lazy="joined", innerjoin=True)
    supplier: Mapped[Organisation] = relationship(foreign_keys=supplier_id, lazy="joined", innerjoin=True)
    listing: Mapped[Listing] = relationship()
    asked_by: Mapped[Person] = relationship(foreign_keys=asked_by_id)
    answered_by: Mapped[Person | None] = relationship(foreign_keys=answered_by_id)
    messages: Mapped[list[Message]] = relationship(order_by="Message.id", back_populates="consultation")

    __table_args__ = (
        # two open consultations of the same pair can't be, whoever clicks how often
        sa.Index(
            "uq_consultation_open_pair",
            "company_id",
            "supplier_id",
            unique=True,
            sqlite_where=sa.text(_OPEN),
            postgresql_where=sa.text(_OPEN),
        ),
    )

    def has_closed(self, side: Side) -> bool:
        return (self.company_closed_at if side is Side.COMPANY else self.supplier_closed_at) is not None


class Message(db.Model):
    __tablename__ = "consultation_message"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    consultation_id: Mapped[int] = mapped_column(sa.ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    side: Mapped[Side] = mapped_column(enum_type(Side))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    text: Mapped[str] = mapped_column(sa.Text)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    consultation: Mapped[Consultation] = relationship(back_populates="messages")
