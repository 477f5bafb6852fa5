"""What of the directory has changed since a moment, so that every worker's index can follow within the next search.

A row for each changed listing is written in the change's own transaction, whoever changes it: nobody can forget it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from portal.accounts.models import Organisation
from portal.base import clock
from portal.base.db import session
from portal.directory.models import CapacityMonth, Listing, ListingChange, Suspension, TrackRecord, Verification

_PARTS = (CapacityMonth, Suspension, TrackRecord, Verification)


def note(*listing_ids: int) -> None:
    """Say that listings have changed; for writes that go past the objects (bulk statements). Joins the transaction."""
    if listing_ids:
        session.execute(
            sa.insert(ListingChange), [{"listing_id": one, "at": clock.now()} for one in sorted(set(listing_ids))]
        )


@event.listens_for(session, "after_flush")
def _note_flushed(flushed: Any, _context: Any) -> None:
    changed: set[int] = set()
    renamed: list[int] = []
    for row in (*flushed.new, *flushed.dirty, *flushed.deleted):
        if isinstance(row, Listing):
            changed.add(row.id)
        elif isinstance(row, _PARTS):
            changed.add(row.listing_id)
        elif isinstance(row, Organisation) and row not in flushed.new:
            renamed.append(row.id)
    if renamed:
        found = flushed.execute(sa.select(Listing.id).where(Listing.organisation_id.in_(renamed)))
        changed.update(found.scalars())
    note(*changed)
