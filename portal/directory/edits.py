"""Edits of public listings that no operator has seen: each as the way from the last seen text to what stands now.

Every saved text counts, not only the last: what was public for an hour and taken back is shown as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.base import clock
from portal.base.access import Actor
from portal.base.db import session
from portal.base.paging import Page
from portal.directory import queries
from portal.directory.models import Listing, ListingVersion
from portal.directory.rules import Change, differences


@dataclass(frozen=True)
class Step:
    """One saved text against the one before it."""

    version: ListingVersion
    changes: Sequence[Change]


@dataclass(frozen=True)
class Edit:
    """What an operator has not seen of a listing.

    changes: the last seen text against what stands now; empty when everything was taken back
    steps  : each text in between, the earliest unseen first
    """

    listing: Listing
    changes: Sequence[Change]
    steps: Sequence[Step]

    @property
    def was_taken_back(self) -> bool:
        return bool(self.steps) and not self.changes


def edits(rows: Sequence[Listing]) -> list[Edit]:
    """The unseen edits of some listings, in their order; one query for all their texts."""
    unseen: dict[int, list[ListingVersion]] = {}
    for version in session.scalars(
        sa.select(ListingVersion)
        .where(ListingVersion.listing_id.in_([row.id for row in rows]), ListingVersion.seen_at.is_(None))
        .order_by(ListingVersion.listing_id, ListingVersion.number)
    ):
        unseen.setdefault(version.listing_id, []).append(version)
    names = queries.Names()
    return [_edit(row, unseen.get(row.id, ()), names) for row in rows]


def _edit(row: Listing, versions: Sequence[ListingVersion], names: queries.Names) -> Edit:
    seen, steps = _words(row.approved_text, names), []
    before = seen
    for version in versions:
        after = _words(version.text, names)
        changes = differences(before, after)
        if changes:
            steps.append(Step(version, changes))
        before = after
    return Edit(row, differences(seen, _words(row.text(), names)), steps)


def _words(text: Mapping[str, Any] | None, names: queries.Names) -> dict[str, str]:
    """What a text says; fields that hold nothing are left out, so that a field that is new to the form is no change."""
    return {field: words for field, words in queries.printed(text, names).items() if words}


def queue(actor: Actor, number: int) -> Page[Edit]:
    """The edits that wait, the longest waiting first."""
    page = queries.review_queue(actor, "edited", number, size=10)
    return Page(edits(page.items), page.total, page.number, page.size)


def has_unseen(listing_id: int) -> bool:
    return bool(
        session.scalar(
            sa.select(ListingVersion.id)
            .where(ListingVersion.listing_id == listing_id, ListingVersion.seen_at.is_(None))
            .limit(1)
        )
    )


def take_as_seen(listing_id: int) -> None:
    """Note that an operator has read every text so far; in the transaction of the approval."""
    session.execute(
        sa.update(ListingVersion)
        .where(ListingVersion.listing_id == listing_id, ListingVersion.seen_at.is_(None))
        .values(seen_at=clock.now())
    )
