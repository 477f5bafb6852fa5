"""The one condition for “public now”: approved, and no suspension in force at this moment.

Every list, count, search, ranking and open thread asks it, so a suspension works in the request in which it is decided
and ends on its day without anybody doing anything.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from portal.base import clock
from portal.base.db import session
from portal.directory.models import Listing, Suspension
from portal.directory.rules import ListingStatus


def in_force(now: datetime | None = None) -> sa.ColumnElement[bool]:
    """For a SELECT of `Suspension`: those in force at a moment."""
    now = now or clock.now()
    return sa.and_(
        Suspension.starts_at <= now,
        sa.or_(Suspension.ends_at.is_(None), Suspension.ends_at > now),
        Suspension.lifted_at.is_(None),
    )


def is_suspended(now: datetime | None = None) -> sa.ColumnElement[bool]:
    """For a SELECT of `Listing`: whether a suspension is in force."""
    return sa.exists().where(Suspension.listing_id == Listing.id, in_force(now)).correlate(Listing)


def is_published(now: datetime | None = None) -> sa.ColumnElement[bool]:
    """For a SELECT of `Listing`: whether a suspension is in force that others may know of."""
    return (
        sa.exists()
        .where(Suspension.listing_id == Listing.id, in_force(now), Suspension.published_on <= clock.today())
        .correlate(Listing)
    )


def is_public(now: datetime | None = None) -> sa.ColumnElement[bool]:
    """For a SELECT of `Listing`: whether the public finds it now."""
    return sa.and_(Listing.status == ListingStatus.APPROVED, sa.not_(is_suspended(now)))


def suspension_of(listing_id: int) -> Suspension | None:
    """The suspension in force now."""
    return session.scalar(
        sa.select(Suspension)
        .where(Suspension.listing_id == listing_id, in_force())
        .order_by(Suspension.id.desc())
        .limit(1)
    )


def of_organisation(organisation_id: int) -> Suspension | None:
    """The suspension in force now of a supplier; for threads and calls that know the organisation."""
    return session.scalar(
        sa.select(Suspension)
        .join(Listing)
        .where(Listing.organisation_id == organisation_id, in_force())
        .order_by(Suspension.id.desc())
        .limit(1)
    )
