"""Offers of large firms, their mentors, and the companies that want to join."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation, Person
from portal.base.db import Keyed, Stamped, UtcDateTime, Versioned, db, enum_type
from portal.programmes.models import Programme
from portal.winwin.rules import JoiningState, OfferState, Shares


class Offer(Keyed, Stamped, Versioned, db.Model):
    """What a large firm offers to its partners. Shares in per cent; region: of the local government that shares it."""

    __tablename__ = "winwin_offer"

    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    programme_id: Mapped[int] = mapped_column(sa.ForeignKey("programme.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(120))
    summary: Mapped[str] = mapped_column(sa.Text)
    gov: Mapped[int]
    partner: Mapped[int]
    own: Mapped[int]
    project_krw: Mapped[int] = mapped_column(sa.BigInteger)
    places: Mapped[int]
    closes_on: Mapped[date] = mapped_column(sa.Date)
    technologies: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    sectors: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    regions: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    region: Mapped[str | None] = mapped_column(sa.String(60), index=True)
    state: Mapped[OfferState] = mapped_column(enum_type(OfferState), default=OfferState.DRAFT, index=True)
    reason: Mapped[str] = mapped_column(sa.String(1000), default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))

    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    programme: Mapped[Programme] = relationship(lazy="joined", innerjoin=True)
    mentors: Mapped[list[OfferMentor]] = relationship(
        order_by="OfferMentor.id", cascade="all, delete-orphan", lazy="selectin"
    )

    __table_args__ = (
        sa.CheckConstraint("gov >= 0 AND partner >= 0 AND own >= 0 AND gov + partner + own = 100", name="shares"),
        sa.CheckConstraint("places >= 1 AND project_krw >= 1", name="size"),
    )

    @property
    def shares(self) -> Shares:
        return Shares(self.gov, self.partner, self.own)


class OfferMentor(Keyed, db.Model):
    """A mentor whom an offer promises: the field, not the name."""

    __tablename__ = "winwin_mentor"

    offer_id: Mapped[int] = mapped_column(sa.ForeignKey("winwin_offer.id", ondelete="CASCADE"), index=True)
    field: Mapped[str] = mapped_column(sa.String(120))
    technologies: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    weeks: Mapped[int]


class Joining(Keyed, Stamped, db.Model):
    """A company that wants to join an offer; one row for each pair, asked again after it was taken back."""

    __tablename__ = "winwin_joining"

    offer_id: Mapped[int] = mapped_column(sa.ForeignKey("winwin_offer.id"))
    company_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    mentor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("winwin_mentor.id", ondelete="SET NULL"))
    text: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[JoiningState] = mapped_column(enum_type(JoiningState), default=JoiningState.WAITING)
    # counts the askings: asked again is a new letter
    times: Mapped[int] = mapped_column(default=1)
    reason: Mapped[str] = mapped_column(sa.String(1000), default="")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    offer: Mapped[Offer] = relationship(lazy="joined", innerjoin=True)
    company: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    mentor: Mapped[OfferMentor | None] = relationship()
    asked_by: Mapped[Person] = relationship()

    __table_args__ = (sa.UniqueConstraint("offer_id", "company_id"),)
