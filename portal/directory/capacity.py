"""How many new projects a supplier can begin, month by month. The running month is what search and matching read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import sqlalchemy as sa

from portal.base import audit, clock
from portal.base.access import Actor, RuleBroken, StaleVersion
from portal.base.db import session, transaction
from portal.directory import queries
from portal.directory.models import CapacityMonth, Listing, running_month
from portal.directory.rules import MAX_SLOTS, MONTHS_AHEAD


def months(start: date | None = None, count: int = MONTHS_AHEAD) -> list[date]:
    """The first days of the months that a supplier can speak of, the running one first."""
    start = start or running_month()
    return [date(start.year + (start.month - 1 + n) // 12, (start.month - 1 + n) % 12 + 1, 1) for n in range(count)]


def ahead(listing_id: int) -> dict[date, int | None]:
    """Month → figure, None where the supplier has said nothing and the month before it holds."""
    told = dict(
        session.execute(
            sa.select(CapacityMonth.month, CapacityMonth.slots).where(
                CapacityMonth.listing_id == listing_id, CapacityMonth.month >= running_month()
            )
        ).all()
    )
    return {month: told.get(month) for month in months()}


def outlook(listing_id: int) -> list[tuple[date, int]]:
    """Every coming month with the figure that holds in it."""
    before = session.scalar(
        sa.select(CapacityMonth.slots)
        .where(CapacityMonth.listing_id == listing_id, CapacityMonth.month < running_month())
        .order_by(CapacityMonth.month.desc())
        .limit(1)
    )
    found, holds = [], before or 0
    for month, told in ahead(listing_id).items():
        holds = holds if told is None else told
        found.append((month, holds))
    return found


def state_months(actor: Actor, slots: Mapping[date, int | None], version: int | None) -> Listing:
    """Say for the coming months how many new projects can begin; nobody reviews it.

    slots  : first day of a month → figure; None: as the month before
    version: of the listing, as the person saw it
    Raises : RuleBroken listing_not_there, capacity_month; StaleVersion; Forbidden.
    """
    with transaction():
        row = queries.own_to_edit(actor)
        if row.version != version:
            raise StaleVersion()
        if not set(slots) <= set(months()) or any(
            one is not None and not 0 <= one <= MAX_SLOTS for one in slots.values()
        ):
            raise RuleBroken("capacity_month")
        state(row, slots)
        row.updated_at = clock.now()  # the next save of an older page is stale
        session.flush()
        audit.record(actor, "listing.state_capacity", "listing", row.id, {"months": len(slots), "version": row.version})
        return row


def state(row: Listing, slots: Mapping[date, int | None]) -> None:
    """Write figures of months, inside the transaction of the use case; None takes a month back."""
    rows = {one.month: one for one in session.scalars(sa.select(CapacityMonth).filter_by(listing_id=row.id))}
    for month, figure in slots.items():
        if figure is None:
            if month in rows:
                session.delete(rows[month])
        elif month in rows:
            rows[month].slots = figure
        else:
            session.add(CapacityMonth(listing_id=row.id, month=month, slots=figure))
    session.flush()
    session.expire(row, ["open_slots"])
