"""Pages of a list: one count, one page of rows, both over the same WHERE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from portal.base.db import session

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    items: Sequence[Row]
    total: int
    number: int
    size: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def has_next(self) -> bool:
        return self.number < self.pages

    @property
    def has_previous(self) -> bool:
        return self.number > 1


def paginate(select: sa.Select[Any], number: int = 1, size: int = 20) -> Page[Any]:
    """Run a select page by page.

    number: 1-based; out of range gives the nearest page. The select must have a total order, so that pages are stable.
    """
    total = session.scalar(sa.select(sa.func.count()).select_from(select.order_by(None).subquery())) or 0
    pages = max(1, -(-total // size))
    number = min(max(number, 1), pages)
    rows = session.scalars(select.limit(size).offset((number - 1) * size)).unique().all()
    return Page(rows, total, number, size)


def sliced(rows: Sequence[Row], number: int = 1, size: int = 20) -> Page[Row]:
    """One page of rows that are all at hand already."""
    number = min(max(number, 1), max(1, -(-len(rows) // size)))
    return Page(rows[(number - 1) * size : number * size], len(rows), number, size)
