"""Matching days, who takes part, what they wish for, and who meets whom when; constraints keep anybody from two tables."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation, Person
from portal.base import clock
from portal.base.db import BigId, Keyed, Stamped, UtcDateTime, Versioned, db, enum_type
from portal.matchdays import rules
from portal.matchdays.rules import (
    Attendance,
    AttendeeState,
    Channel,
    DayState,
    MeetingOutcome,
    Origin,
    Side,
    SolvingState,
)


class MatchDay(Keyed, Stamped, Versioned, db.Model):
    """One event: tables × slots at a place."""

    __tablename__ = "match_day"

    title: Mapped[str] = mapped_column(sa.String(120))
    day: Mapped[date] = mapped_column(index=True)
    place: Mapped[str] = mapped_column(sa.String(160))
    # 시도 whose companies may take part; "" = the whole country
    region: Mapped[str] = mapped_column(sa.String(60), default="", index=True)
    # clock time in Korea
    first: Mapped[time]
    minutes: Mapped[int]
    pause: Mapped[int]
    slots: Mapped[int]
    tables: Mapped[int]
    per_company: Mapped[int]
    wishes_until: Mapped[date]
    note: Mapped[str] = mapped_column(sa.Text, default="")
    state: Mapped[DayState] = mapped_column(enum_type(DayState), default=DayState.DRAFT, index=True)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    cancel_reason: Mapped[str] = mapped_column(sa.Text, default="")

    __table_args__ = (
        sa.CheckConstraint("slots > 0 AND tables > 0 AND minutes > 0 AND pause >= 0", name="grid"),
        sa.CheckConstraint("per_company > 0", name="share"),
    )

    @property
    def spans(self) -> list[tuple[datetime, datetime]]:
        return rules.spans(self.day, self.first, self.minutes, self.pause, self.slots)

    @property
    def takes_wishes(self) -> bool:
        return bool(rules.takes_wishes(self.state, self.wishes_until, clock.today()))


class Attendee(Keyed, Stamped, Versioned, db.Model):
    """One company or supplier at one day."""

    __tablename__ = "match_day_attendee"

    day_id: Mapped[int] = mapped_column(sa.ForeignKey("match_day.id", ondelete="CASCADE"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    side: Mapped[Side] = mapped_column(enum_type(Side))
    state: Mapped[AttendeeState] = mapped_column(enum_type(AttendeeState), default=AttendeeState.INVITED)
    # who sits at the table
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"))
    # what a company wants to talk about, as the suppliers of the day read it
    need: Mapped[str] = mapped_column(sa.String(300), default="")
    # own limit below the day's; None: the day's
    most: Mapped[int | None]
    # numbers of slots at which it is not there
    away: Mapped[list[int]] = mapped_column(sa.JSON, default=list)
    # whether it also meets somebody for whom it did not wish
    takes_others: Mapped[bool] = mapped_column(default=True)
    channel: Mapped[Channel | None] = mapped_column(enum_type(Channel))
    # who told whom, where an operator entered the answer; why it declines, where it does
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    day: Mapped[MatchDay] = relationship(lazy="joined", innerjoin=True)
    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])
    answered_by: Mapped[Person | None] = relationship(foreign_keys=[answered_by_id])
    wishes: Mapped[list[Wish]] = relationship(
        foreign_keys="Wish.attendee_id", order_by="Wish.rank", cascade="all, delete-orphan", lazy="selectin"
    )

    __table_args__ = (sa.UniqueConstraint("day_id", "organisation_id"),)

    @property
    def name(self) -> str:
        return self.organisation.name

    @property
    def is_coming(self) -> bool:
        return self.state is AttendeeState.COMING

    @property
    def ranks(self) -> dict[int, int]:
        """Other's id → place among the wishes."""
        return {one.other_id: one.rank for one in self.wishes if one.rank is not None}

    @property
    def refused(self) -> frozenset[int]:
        return frozenset(one.other_id for one in self.wishes if one.rank is None)


class Wish(db.Model):
    """Whom somebody wants to meet, by rank; without rank: whom it does not want to meet."""

    __tablename__ = "match_day_wish"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    attendee_id: Mapped[int] = mapped_column(sa.ForeignKey("match_day_attendee.id", ondelete="CASCADE"))
    other_id: Mapped[int] = mapped_column(sa.ForeignKey("match_day_attendee.id", ondelete="CASCADE"), index=True)
    rank: Mapped[int | None]

    __table_args__ = (
        sa.UniqueConstraint("attendee_id", "other_id"),
        sa.UniqueConstraint("attendee_id", "rank"),
        sa.CheckConstraint("attendee_id <> other_id", name="not_oneself"),
    )


class KeptApart(Keyed, Stamped, db.Model):
    """A company and a supplier whom an operator keeps from meeting at one day."""

    __tablename__ = "match_day_apart"

    day_id: Mapped[int] = mapped_column(sa.ForeignKey("match_day.id", ondelete="CASCADE"))
    company_id: Mapped[int] = mapped_column(sa.ForeignKey("match_day_attendee.id", ondelete="CASCADE"))
    supplier_id: Mapped[int] = mapped_column(sa.ForeignKey("match_day_attendee.id", ondelete="CASCADE"))
    reason: Mapped[str] = mapped_column(sa.String(300))
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"))

    __table_args__ = (sa.UniqueConstraint("company_id", "supplier_id"), sa.Index("ix_match_day_apart_day", "day_id"))


class Meeting(Keyed, Stamped, Versioned, db.Model):
    """One company and one supplier at one table in one slot."""

    __tablename__ = "match_day_meeting"

    day_id: Mapped[int] = mapped_column(sa.ForeignKey("match_day.id", ondelete="CASCADE"))
    company_id: Mapped[int] = mapped_column(sa.ForeignKey("match_day_attendee.id"))
    supplier_id: Mapped[int] = mapped_column(sa.ForeignKey("match_day_attendee.id"))
    # numbers of the slot from 0 and of the table from 1
    slot: Mapped[int]
    table_no: Mapped[int]
    origin: Mapped[Origin] = mapped_column(enum_type(Origin))
    attendance: Mapped[Attendance | None] = mapped_column(enum_type(Attendance))
    outcome: Mapped[MeetingOutcome | None] = mapped_column(enum_type(MeetingOutcome))
    outcome_note: Mapped[str] = mapped_column(sa.String(500), default="")
    recorded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"))
    recorded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    day: Mapped[MatchDay] = relationship()
    company: Mapped[Attendee] = relationship(foreign_keys=[company_id])
    supplier: Mapped[Attendee] = relationship(foreign_keys=[supplier_id])

    __table_args__ = (
        sa.UniqueConstraint("company_id", "slot"),
        sa.UniqueConstraint("supplier_id", "slot"),
        sa.UniqueConstraint("day_id", "slot", "table_no"),
        sa.UniqueConstraint("company_id", "supplier_id"),
        sa.CheckConstraint("outcome IS NULL OR attendance = 'both'", name="outcome_of_meeting"),
    )


class Solving(Keyed, Stamped, db.Model):
    """One time that a timetable was made: its lot, its question, what came out."""

    __tablename__ = "match_day_solving"

    day_id: Mapped[int] = mapped_column(sa.ForeignKey("match_day.id", ondelete="CASCADE"), index=True)
    state: Mapped[SolvingState] = mapped_column(enum_type(SolvingState), default=SolvingState.WAITING, index=True)
    seed: Mapped[str] = mapped_column(sa.String(32))
    # whether meetings set by hand stay where they are
    keep_hand: Mapped[bool] = mapped_column(default=False)
    question_sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    result_sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    is_best: Mapped[bool] = mapped_column(default=False)
    # attendee id → meetings, where the hall was too small for all that companies may have
    shares: Mapped[dict[str, int]] = mapped_column(sa.JSON, default=dict)
    summary: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    problem: Mapped[str] = mapped_column(sa.String(60), default="")
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    day: Mapped[MatchDay] = relationship()

    @property
    def is_working(self) -> bool:
        return self.state in (SolvingState.WAITING, SolvingState.RUNNING)


class WishSheet(Keyed, db.Model):
    """A spreadsheet of answers and wishes that an operator uploaded; taken over whole or not at all."""

    __tablename__ = "match_day_sheet"

    day_id: Mapped[int] = mapped_column(sa.ForeignKey("match_day.id", ondelete="CASCADE"), index=True)
    filename: Mapped[str] = mapped_column(sa.String(140))
    file_sha256: Mapped[str] = mapped_column(sa.String(64))
    # the rows as plain text
    cells: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)
    uploaded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rows_applied: Mapped[int | None]

    day: Mapped[MatchDay] = relationship()
