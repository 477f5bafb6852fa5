"""Shortlists: which suppliers were proposed to a company, when, why, from what. Never changed, only followed."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.base import clock
from portal.base.db import BigId, Keyed, UtcDateTime, db, enum_type
from portal.directory.models import Listing
from portal.matching.rules import Cause


class Shortlist(Keyed, db.Model):
    """One ranking for one company."""

    __tablename__ = "shortlist"

    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    cause: Mapped[Cause] = mapped_column(enum_type(Cause))
    suggestion_id: Mapped[int | None] = mapped_column(sa.ForeignKey("suggestion.id"))
    application_id: Mapped[int | None] = mapped_column(BigId)
    rules_version: Mapped[str] = mapped_column(sa.String(20))
    seed: Mapped[str] = mapped_column(sa.String(40))
    # the need as canonical JSON; the hash covers need, suppliers as they stood, rules and seed
    need: Mapped[str] = mapped_column(sa.Text)
    inputs_sha256: Mapped[str] = mapped_column(sa.String(64))
    # gate code → suppliers kept out
    dropped: Mapped[dict[str, int]] = mapped_column(sa.JSON, default=dict)
    considered: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    recommendations: Mapped[list[Recommendation]] = relationship(order_by="Recommendation.place")

    @property
    def need_facts(self) -> dict[str, Any]:
        return json.loads(self.need)


class Recommendation(db.Model):
    """One supplier's place in a shortlist, with the parts of its score as they were said."""

    __tablename__ = "recommendation"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    shortlist_id: Mapped[int] = mapped_column(sa.ForeignKey("shortlist.id", ondelete="CASCADE"))
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listing.id"), index=True)
    place: Mapped[int]
    score: Mapped[float]
    # [{code, points, ko, en}]
    parts: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)
    is_newcomer: Mapped[bool]
    is_by_slot: Mapped[bool]

    listing: Mapped[Listing] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("shortlist_id", "place"),
        sa.UniqueConstraint("shortlist_id", "listing_id"),
    )
