"""What of a supplier is verified and valid on a day: read by search, matching, calls and the listing's page."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import sqlalchemy as sa

from portal.base.db import session
from portal.directory.models import Verification
from portal.directory.oversight import CapabilityLevel, Mark, VerificationState

__all__ = ["CapabilityLevel", "Mark", "holding", "levels", "standing", "stands"]


def stands(on: date) -> sa.ColumnElement[bool]:
    """For a SELECT of `Verification`: those verified and valid on a day."""
    return sa.and_(
        Verification.state == VerificationState.VERIFIED,
        sa.or_(Verification.valid_until.is_(None), Verification.valid_until >= on),
    )


def standing(listing_ids: Collection[int] | None, on: date) -> dict[int, frozenset[Mark]]:
    """listing id → its marks on a day; who has none is left out. listing_ids: None for all."""
    wanted = sa.select(Verification.listing_id, Verification.kind).where(stands(on))
    if listing_ids is not None:
        wanted = wanted.where(Verification.listing_id.in_(listing_ids))
    found: dict[int, set[Mark]] = {}
    for listing_id, kind in session.execute(wanted):
        found.setdefault(listing_id, set()).add(kind)
    return {listing_id: frozenset(kinds) for listing_id, kinds in found.items()}


def holding(mark: Mark, on: date) -> sa.Select[tuple[int]]:
    """The ids of the listings that hold a mark on a day; a subquery."""
    return sa.select(Verification.listing_id).where(Verification.kind == mark, stands(on))


def levels(listing_ids: Collection[int] | None, on: date) -> dict[int, CapabilityLevel]:
    """listing id → its verified 역량진단 level on a day."""
    wanted = sa.select(Verification.listing_id, Verification.level).where(
        Verification.kind == Mark.CAPABILITY, stands(on)
    )
    if listing_ids is not None:
        wanted = wanted.where(Verification.listing_id.in_(listing_ids))
    return {listing_id: level for listing_id, level in session.execute(wanted)}
