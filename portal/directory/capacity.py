"""How many new projects a supplier can begin, month by month. The running month is what search and matching read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import sqlalchemy as sa

from portal.base.db import session
from portal.directory.models import CapacityMonth, Listing, running_month
from portal.directory.rules import MONTHS_AHEAD


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
