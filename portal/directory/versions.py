"""Every saved public text of a listing: kept when it changes, marked when an operator has seen it, read as differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.accounts.rules import OPERATOR, SUPPLIER, Role
from portal.base import clock
from portal.base.access import Actor, NotVisible
from portal.base.db import session
from portal.base.paging import Page, paginate
from portal.directory import queries
from portal.directory.models import Listing, ListingVersion
from portal.directory.rules import Change, differences

PAGE_SIZE = 10


def keep(actor: Actor, row: Listing) -> None:
    """Keep the text that stands now, inside the transaction that saved it; the same text twice is one version."""
    last = session.scalar(
        sa.select(ListingVersion)
        .where(ListingVersion.listing_id == row.id)
        .order_by(ListingVersion.number.desc())
        .limit(1)
    )
    if last is not None and last.text == row.text():
        return
    session.add(
        ListingVersion(
            listing_id=row.id,
            number=last.number + 1 if last else 1,
            text=row.text(),
            saved_at=clock.now(),
            saved_by_id=actor.id,
        )
    )
    session.flush()


@dataclass(frozen=True)
class Step:
    """One version against the one before it."""

    version: ListingVersion
    changes: Sequence[Change]


def may_read(actor: Actor, row: Listing) -> bool:
    """The own people, operators and auditors read what a listing used to say."""
    is_own = actor.has(*SUPPLIER) and actor.organisation_id == row.organisation_id
    return is_own or actor.has(*OPERATOR, Role.AUDITOR)


def page_of(actor: Actor, row: Listing, number: int) -> Page[Step]:
    """The versions of a listing, the newest first, each with what it changed.

    Raises: NotVisible for anybody but the own people, operators and auditors.
    """
    if not may_read(actor, row):
        raise NotVisible
    mine = (
        sa.select(ListingVersion)
        .where(ListingVersion.listing_id == row.id)
        .options(joinedload(ListingVersion.saved_by))
    )
    page = paginate(mine.order_by(ListingVersion.number.desc()), number, PAGE_SIZE)
    shown = page.items
    before: dict[int, Mapping[str, Any]] = {one.number: one.text for one in shown}
    if shown and shown[-1].number > 1:
        previous = shown[-1].number - 1
        before[previous] = session.scalar(
            sa.select(ListingVersion.text).where(ListingVersion.listing_id == row.id, ListingVersion.number == previous)
        )
    names = queries.Names()
    steps = [
        Step(
            one,
            differences(queries.printed(before.get(one.number - 1), names), queries.printed(one.text, names)),
        )
        for one in shown
    ]
    return Page(steps, page.total, page.number, page.size)
