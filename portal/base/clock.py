"""The one clock: UTC inside, KST on the screen. Deadlines are judged by it, tests set it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

KST = ZoneInfo("Asia/Seoul")

_frozen: datetime | None = None


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _frozen or datetime.now(UTC)


def today() -> date:
    """Today's date as the calendar on a Korean wall shows it."""
    return now().astimezone(KST).date()


def kst(moment: datetime) -> datetime:
    return moment.astimezone(KST)


def from_kst(naive: datetime) -> datetime:
    """A wall-clock time typed in Korea, as an aware UTC moment."""
    return naive.replace(tzinfo=KST).astimezone(UTC)


@contextmanager
def freeze(moment: datetime) -> Iterator[None]:
    """Stand still at `moment` (aware); for tests and for building the demo's past."""
    global _frozen
    before, _frozen = _frozen, moment.astimezone(UTC)
    try:
        yield
    finally:
        _frozen = before


def tick(delta: timedelta) -> None:
    """Move a frozen clock on."""
    global _frozen
    if _frozen is None:
        raise RuntimeError("only a frozen clock can be moved")
    _frozen += delta
