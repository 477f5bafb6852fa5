"""How suppliers answer companies: counted above, by the consultations, and kept here for cards and pages."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from portal.base.db import session
from portal.directory.models import ResponseFigures


def of(listing_ids: Collection[int]) -> dict[int, ResponseFigures]:
    """Listing → its figures; without those that nobody has asked yet."""
    rows = session.scalars(sa.select(ResponseFigures).where(ResponseFigures.listing_id.in_(listing_ids)))
    return {row.listing_id: row for row in rows}


def note(listing_id: int, *, answered: int, silent: int, median_hours: float | None) -> None:
    """Keep what was counted, in the caller's transaction."""
    row = session.get(ResponseFigures, listing_id)
    if row is None:
        row = ResponseFigures(listing_id=listing_id)
        session.add(row)
    row.answered, row.silent, row.median_hours = answered, silent, median_hours
    session.flush()
