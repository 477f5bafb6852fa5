"""Shortlists and what was kept of them, what companies write that they need, the nightly plan.

A shortlist is never changed, only followed; of nightly plans the newest that is done counts.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.base import clock
from portal.base.db import BigId, Keyed, Stamped, UtcDateTime, Versioned, db, enum_type
from portal.directory.models import Listing
from portal.matching.rules import Cause, NightState, NightStep


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


class WrittenNeed(Stamped, Versioned, db.Model):
    """What a company says in its own words that it needs; one for each, `version` counts the saves."""

    __tablename__ = "written_need"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), unique=True)
    written_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    text: Mapped[str] = mapped_column(sa.Text)
    # codes found in the text
    technologies: Mapped[list[str]] = mapped_column(sa.JSON, default=list)


class Choice(Keyed, db.Model):
    """What stood before a company when it chose: written once, so that it can later show how it chose."""

    __tablename__ = "matching_choice"

    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    shortlist_id: Mapped[int | None] = mapped_column(sa.ForeignKey("shortlist.id"), index=True)
    made_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    # canonical JSON, and its SHA-256
    body: Mapped[str] = mapped_column(sa.Text)
    sha256: Mapped[str] = mapped_column(sa.String(64))

    @property
    def facts(self) -> dict[str, Any]:
        return json.loads(self.body)


class NightlyPlan(Keyed, db.Model):
    """One night's recommendations for all companies; the rows of an older one go when a newer one is done."""

    __tablename__ = "nightly_plan"

    day: Mapped[date]
    seed: Mapped[str] = mapped_column(sa.String(40))
    rules_version: Mapped[str] = mapped_column(sa.String(20))
    state: Mapped[NightState] = mapped_column(enum_type(NightState), default=NightState.WAITING, index=True)
    step: Mapped[NightStep | None] = mapped_column(enum_type(NightStep))
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    # who asked for it; None: the portal, at night
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # what it came to: counts, shares, the mean outcome that the scores were drawn to
    figures: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    problem: Mapped[str] = mapped_column(sa.String(200), default="")


class NightlyCompany(db.Model):
    """A company as the plan saw it."""

    __tablename__ = "nightly_company"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("nightly_plan.id", ondelete="CASCADE"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    # the need as canonical JSON
    need: Mapped[str] = mapped_column(sa.Text)
    # the score that a supplier had to reach to stand among the first five; None where fewer than five fit
    threshold: Mapped[float | None]
    # code of why nobody was recommended; "" when somebody was
    unserved: Mapped[str] = mapped_column(sa.String(40), default="")

    __table_args__ = (sa.UniqueConstraint("plan_id", "organisation_id"),)


class NightlyPair(db.Model):
    """A supplier recommended to a company for the day."""

    __tablename__ = "nightly_pair"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("nightly_plan.id", ondelete="CASCADE"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listing.id", ondelete="CASCADE"), index=True)
    place: Mapped[int]
    score: Mapped[float]

    listing: Mapped[Listing] = relationship()

    __table_args__ = (sa.UniqueConstraint("plan_id", "organisation_id", "place"),)


class NightlyListing(db.Model):
    """A supplier as the plan saw it."""

    __tablename__ = "nightly_listing"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("nightly_plan.id", ondelete="CASCADE"))
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listing.id", ondelete="CASCADE"), index=True)
    # companies it may be recommended to, and to how many it was
    talks: Mapped[int]
    given: Mapped[int]
    # companies for which it stood among the best arcs
    near: Mapped[int]
    # gate code → companies for which it was kept out
    kept_out: Mapped[dict[str, int]] = mapped_column(sa.JSON, default=dict)

    __table_args__ = (sa.UniqueConstraint("plan_id", "listing_id"),)
