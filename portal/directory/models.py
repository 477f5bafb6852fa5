"""Supplier listings (what a supplier says of itself) and track records (what the portal has verified)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation
from portal.base import clock
from portal.base.db import BigId, Keyed, Stamped, UtcDateTime, Versioned, db, enum_type
from portal.directory.rules import REVIEWED, Figures, ListingStatus, figures, is_grey
from portal.reference.rules import SizeClass


class Listing(Keyed, Stamped, Versioned, db.Model):
    """One supplier's public page, in its own words."""

    __tablename__ = "listing"

    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), unique=True)
    status: Mapped[ListingStatus] = mapped_column(enum_type(ListingStatus), default=ListingStatus.DRAFT, index=True)
    summary: Mapped[str] = mapped_column(sa.String(120), default="")
    description: Mapped[str] = mapped_column(sa.Text, default="")
    # technology code → own estimate 1–5
    capabilities: Mapped[dict[str, int]] = mapped_column(sa.JSON, default=dict)
    # KSIC divisions or groups
    sectors: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    # 시도 keys, or "nationwide"
    regions: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    # {name, description, price}
    products: Mapped[list[dict[str, str]]] = mapped_column(sa.JSON, default=list)
    founded_year: Mapped[int | None]
    engineers: Mapped[int | None]
    open_slots: Mapped[int] = mapped_column(default=0)
    lead_weeks: Mapped[int | None]
    # hours within which the supplier promises to answer a call for help after the build
    aftercare_hours: Mapped[int | None]
    contact_name: Mapped[str] = mapped_column(sa.String(60), default="")
    contact_email: Mapped[str] = mapped_column(sa.String(254), default="")
    contact_phone: Mapped[str] = mapped_column(sa.String(20), default="")

    last_confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # the text that an operator last approved, and whether what stands now differs from it
    approved_text: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unseen_since: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    returned_reason: Mapped[str] = mapped_column(sa.Text, default="")
    suspended_reason: Mapped[str] = mapped_column(sa.Text, default="")

    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    records: Mapped[list[TrackRecord]] = relationship(
        back_populates="listing", order_by="TrackRecord.year.desc(), TrackRecord.id.desc()"
    )

    @property
    def name(self) -> str:
        return self.organisation.name

    @property
    def is_grey(self) -> bool:
        return is_grey(self.last_confirmed_at, clock.now())

    @property
    def has_capacity(self) -> bool:
        return self.open_slots > 0 and not self.is_grey

    @property
    def figures(self) -> Figures:
        return figures(self.records)

    def text(self) -> dict[str, Any]:
        """The reviewed fields as plain data."""
        return {field: getattr(self, field) for field in REVIEWED}


class TrackRecord(db.Model):
    """One finished build that the company and the final audit confirmed. Suppliers never write here."""

    __tablename__ = "track_record"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listing.id", ondelete="CASCADE"), index=True)
    year: Mapped[int]
    programme: Mapped[str] = mapped_column(sa.String(120))
    region: Mapped[str] = mapped_column(sa.String(60), default="")
    ksic: Mapped[str] = mapped_column(sa.String(5), default="")
    size: Mapped[SizeClass | None] = mapped_column(enum_type(SizeClass))
    technologies: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    planned_months: Mapped[int | None]
    actual_months: Mapped[int | None]
    # SystemLevel 0–4 of what was built
    target_level: Mapped[int | None]
    achieved_level: Mapped[int | None]
    passed_first_audit: Mapped[bool | None]
    kpi: Mapped[str] = mapped_column(sa.String(80), default="")
    # how much better the KPI became, 0.12 = 12 %
    kpi_gain_ratio: Mapped[float | None]
    # median hours until a call for help was answered after the build
    aftercare_hours: Mapped[int | None]
    # what confirmed it: "project:<id>" or the operator's own paper
    source: Mapped[str] = mapped_column(sa.String(80), default="")
    confirmed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    listing: Mapped[Listing] = relationship(back_populates="records")

    @property
    def is_on_time(self) -> bool | None:
        if self.planned_months is None or self.actual_months is None:
            return None
        return self.actual_months <= self.planned_months

    @property
    def is_level_reached(self) -> bool | None:
        if self.target_level is None or self.achieved_level is None:
            return None
        return self.achieved_level >= self.target_level
