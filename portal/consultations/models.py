"""Consultations between one company and one supplier: their thread, files, meeting notes, ratings; and fan-outs."""

from __future__ import annotations

import secrets
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation, Person
from portal.base import clock
from portal.base.db import BigId, Keyed, Stamped, UtcDateTime, Versioned, db, enum_type
from portal.base.files import Blob
from portal.consultations.rules import DeclineReason, FanOutState, NoneReason, Outcome, Side, Status, Topic
from portal.directory.models import Listing

_OPEN = "status IN ('requested', 'accepted')"


class Consultation(Keyed, Stamped, Versioned, db.Model):
    __tablename__ = "consultation"

    company_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    supplier_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listing.id"))
    # the shortlist that the company had before it when it chose
    shortlist_id: Mapped[int | None] = mapped_column(sa.ForeignKey("shortlist.id"))
    # the request to several suppliers that this one is part of
    fan_out_id: Mapped[int | None] = mapped_column(sa.ForeignKey("consultation_fan_out.id"), index=True)
    topic: Mapped[Topic] = mapped_column(enum_type(Topic))
    need: Mapped[str] = mapped_column(sa.Text)
    status: Mapped[Status] = mapped_column(enum_type(Status), default=Status.REQUESTED, index=True)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    # how many reminders of `rules.REMINDERS` have gone out
    reminders: Mapped[int] = mapped_column(default=0, server_default="0")
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decline_reason: Mapped[DeclineReason | None] = mapped_column(enum_type(DeclineReason))
    decline_note: Mapped[str] = mapped_column(sa.Text, default="")
    company_outcome: Mapped[Outcome | None] = mapped_column(enum_type(Outcome))
    company_reason: Mapped[NoneReason | None] = mapped_column(enum_type(NoneReason))
    company_note: Mapped[str] = mapped_column(sa.Text, default="")
    company_closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    supplier_outcome: Mapped[Outcome | None] = mapped_column(enum_type(Outcome))
    supplier_reason: Mapped[NoneReason | None] = mapped_column(enum_type(NoneReason))
    supplier_note: Mapped[str] = mapped_column(sa.Text, default="")
    supplier_closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    company: Mapped[Organisation] = relationship(foreign_keys=company_id, lazy="joined", innerjoin=True)
    supplier: Mapped[Organisation] = relationship(foreign_keys=supplier_id, lazy="joined", innerjoin=True)
    listing: Mapped[Listing] = relationship()
    asked_by: Mapped[Person] = relationship(foreign_keys=asked_by_id)
    answered_by: Mapped[Person | None] = relationship(foreign_keys=answered_by_id)
    messages: Mapped[list[Message]] = relationship(order_by="Message.id", back_populates="consultation")
    notes: Mapped[list[MeetingNote]] = relationship(order_by="MeetingNote.id")
    ratings: Mapped[list[TalkRating]] = relationship(back_populates="consultation")

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

    @property
    def is_contract(self) -> bool:
        """Whether both sides say that they agreed on a contract."""
        return self.company_outcome is Outcome.CONTRACT and self.supplier_outcome is Outcome.CONTRACT

    def rating_of(self, side: Side) -> TalkRating | None:
        return next((one for one in self.ratings if one.side is side), None)


class Message(db.Model):
    __tablename__ = "consultation_message"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    consultation_id: Mapped[int] = mapped_column(sa.ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    side: Mapped[Side] = mapped_column(enum_type(Side))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    text: Mapped[str] = mapped_column(sa.Text)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    consultation: Mapped[Consultation] = relationship(back_populates="messages")
    files: Mapped[list[ThreadFile]] = relationship(order_by="ThreadFile.id", lazy="selectin")


class ThreadFile(Keyed, db.Model):
    """A file that was sent with a message."""

    __tablename__ = "consultation_file"

    message_id: Mapped[int] = mapped_column(sa.ForeignKey("consultation_message.id", ondelete="CASCADE"), index=True)
    blob_id: Mapped[int] = mapped_column(sa.ForeignKey("blob.id"))
    filename: Mapped[str] = mapped_column(sa.String(140))

    blob: Mapped[Blob] = relationship(lazy="joined", innerjoin=True)


class MeetingNote(db.Model):
    """What one side wrote down after a meeting; both read it, nobody changes it."""

    __tablename__ = "consultation_note"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    consultation_id: Mapped[int] = mapped_column(sa.ForeignKey("consultation.id", ondelete="CASCADE"), index=True)
    side: Mapped[Side] = mapped_column(enum_type(Side))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    met_on: Mapped[date]
    text: Mapped[str] = mapped_column(sa.Text)
    next_step: Mapped[str] = mapped_column(sa.String(300), default="")
    written_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


class ReplyAddress(db.Model):
    """The word in the address by which one person answers a thread by mail; it masks the addresses of both sides."""

    __tablename__ = "consultation_reply_address"

    token: Mapped[str] = mapped_column(sa.String(32), primary_key=True, default=lambda: secrets.token_hex(16))
    consultation_id: Mapped[int] = mapped_column(sa.ForeignKey("consultation.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))

    __table_args__ = (sa.UniqueConstraint("consultation_id", "person_id"),)


class TalkRating(db.Model):
    """How one side found the other, after the end. The supplier's word on a company stays with the operators."""

    __tablename__ = "consultation_rating"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    consultation_id: Mapped[int] = mapped_column(sa.ForeignKey("consultation.id", ondelete="CASCADE"))
    side: Mapped[Side] = mapped_column(enum_type(Side))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    stars: Mapped[int]
    text: Mapped[str] = mapped_column(sa.Text, default="")
    given_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    consultation: Mapped[Consultation] = relationship(back_populates="ratings")

    __table_args__ = (
        sa.UniqueConstraint("consultation_id", "side"),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
    )


class FanOut(Keyed, Stamped, db.Model):
    """One need that goes to several suppliers, in the company's order."""

    __tablename__ = "consultation_fan_out"

    company_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    shortlist_id: Mapped[int | None] = mapped_column(sa.ForeignKey("shortlist.id"))
    topic: Mapped[Topic] = mapped_column(enum_type(Topic))
    need: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[FanOutState] = mapped_column(enum_type(FanOutState), default=FanOutState.OPEN)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    places: Mapped[list[FanOutPlace]] = relationship(order_by="FanOutPlace.place", lazy="selectin")

    __table_args__ = (
        sa.Index(
            "uq_consultation_fan_out_open",
            "company_id",
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        ),
    )


class FanOutPlace(db.Model):
    """One supplier of a fan-out. consultation: its request, None until its turn; is_skipped: it could not be asked."""

    __tablename__ = "consultation_fan_out_place"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    fan_out_id: Mapped[int] = mapped_column(sa.ForeignKey("consultation_fan_out.id", ondelete="CASCADE"))
    place: Mapped[int]
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listing.id"), index=True)
    consultation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("consultation.id"), unique=True)
    is_skipped: Mapped[bool] = mapped_column(default=False)

    listing: Mapped[Listing] = relationship(lazy="joined", innerjoin=True)
    consultation: Mapped[Consultation | None] = relationship()

    __table_args__ = (sa.UniqueConstraint("fan_out_id", "place"), sa.UniqueConstraint("fan_out_id", "listing_id"))
