"""The pool: one entry for each person, with its papers, careers, absences and what was decided about it."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Person
from portal.base import clock
from portal.base.db import BigId, Keyed, Stamped, UtcDateTime, Versioned, db, enum_type
from portal.base.files import Blob
from portal.evaluators.rules import DEFAULT_CAPACITY, CareerKind, PaperKind, PoolStatus, RemovalGround


class Membership(Keyed, Stamped, Versioned, db.Model):
    """One person's entry: how they qualify, what they know, how much they take on."""

    __tablename__ = "pool_membership"

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), unique=True)
    status: Mapped[PoolStatus] = mapped_column(enum_type(PoolStatus), default=PoolStatus.DRAFT, index=True)
    # code of rules.GROUNDS
    ground: Mapped[str | None] = mapped_column(sa.String(40))
    years: Mapped[int | None]
    # key of reference.Region, a 시도
    region: Mapped[str | None] = mapped_column(sa.String(60))
    technologies: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    # KSIC divisions, two digits
    industries: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    text: Mapped[str] = mapped_column(sa.Text, default="")
    # most and least cases in one call
    capacity: Mapped[int] = mapped_column(default=DEFAULT_CAPACITY)
    min_load: Mapped[int] = mapped_column(default=0)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # when an operator last found the qualification good; empty for who was an evaluator before there was a pool
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # of the last refusal or removal, as the person reads it
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    removal_ground: Mapped[RemovalGround | None] = mapped_column(enum_type(RemovalGround))

    person: Mapped[Person] = relationship(lazy="joined", innerjoin=True)
    papers: Mapped[list[PoolPaper]] = relationship(
        back_populates="membership", order_by="PoolPaper.id", cascade="all, delete-orphan"
    )
    careers: Mapped[list[Career]] = relationship(
        back_populates="membership", order_by="Career.id", cascade="all, delete-orphan"
    )
    acts: Mapped[list[PoolAct]] = relationship(order_by="PoolAct.id.desc()", viewonly=True)

    __table_args__ = (
        sa.CheckConstraint("capacity >= 1 AND min_load >= 0 AND min_load <= capacity", name="pool_load_in_range"),
    )


class PoolPaper(Keyed, db.Model):
    """A paper that proves the qualification."""

    __tablename__ = "pool_paper"

    membership_id: Mapped[int] = mapped_column(sa.ForeignKey("pool_membership.id", ondelete="CASCADE"), index=True)
    kind: Mapped[PaperKind] = mapped_column(enum_type(PaperKind))
    blob_id: Mapped[int] = mapped_column(sa.ForeignKey("blob.id"), index=True)
    filename: Mapped[str] = mapped_column(sa.String(140))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    membership: Mapped[Membership] = relationship(back_populates="papers")
    blob: Mapped[Blob] = relationship(lazy="joined", innerjoin=True)


class Career(db.Model):
    """A firm that somebody is or was tied to, as they declare it."""

    __tablename__ = "pool_career"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    membership_id: Mapped[int] = mapped_column(sa.ForeignKey("pool_membership.id", ondelete="CASCADE"), index=True)
    kind: Mapped[CareerKind] = mapped_column(enum_type(CareerKind))
    name: Mapped[str] = mapped_column(sa.String(120))
    # ten digits where the person knows them
    registration_number: Mapped[str | None] = mapped_column(sa.String(10), index=True)
    # empty = long ago; still so
    from_on: Mapped[date | None]
    to_on: Mapped[date | None]

    membership: Mapped[Membership] = relationship(back_populates="careers")


class Absence(Keyed, db.Model):
    """Days on which a person takes no new case, first and last included. Also for evaluators without an entry."""

    __tablename__ = "pool_absence"

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"))
    from_on: Mapped[date] = mapped_column(sa.Date)
    to_on: Mapped[date] = mapped_column(sa.Date)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    __table_args__ = (
        sa.Index("ix_pool_absence_days", "person_id", "from_on"),
        sa.CheckConstraint("to_on >= from_on", name="pool_absence_in_order"),
    )


class PoolAct(db.Model):
    """What was done about an entry, by whom and why; written once."""

    __tablename__ = "pool_act"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    membership_id: Mapped[int] = mapped_column(sa.ForeignKey("pool_membership.id", ondelete="CASCADE"), index=True)
    before: Mapped[PoolStatus | None] = mapped_column(enum_type(PoolStatus))
    after: Mapped[PoolStatus] = mapped_column(enum_type(PoolStatus))
    ground: Mapped[RemovalGround | None] = mapped_column(enum_type(RemovalGround))
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    by: Mapped[Person | None] = relationship()
