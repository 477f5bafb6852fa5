"""How a supplier answers: counted over a year, told to its own people, on its listing and beside its cards.

An honest no is an answer like any other; a request that the company took back counts for nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

import sqlalchemy as sa

from portal.base import clock
from portal.base.db import session, transaction
from portal.base.workdays import working_hours
from portal.consultations.models import Consultation
from portal.consultations.rules import Status
from portal.directory import responses
from portal.directory.models import Listing

SPAN = timedelta(days=365)
ANSWERED = (Status.ACCEPTED, Status.DECLINED, Status.CONCLUDED)


@dataclass(frozen=True)
class Counted:
    answered: int
    silent: int
    median_hours: float | None


def counted(requests: Iterable[tuple[Status, datetime, datetime | None]]) -> Counted:
    """Figures of requests given as (status, asked at, answered at)."""
    hours, silent = [], 0
    for status, asked_at, answered_at in requests:
        if status in ANSWERED and answered_at is not None:
            hours.append(working_hours(asked_at, answered_at))
        elif status is Status.EXPIRED:
            silent += 1
    return Counted(len(hours), silent, round(median(hours), 1) if hours else None)


def count(listing_id: int) -> None:
    """Count one listing anew, in the caller's transaction."""
    _keep({listing_id: list(session.execute(_ended(clock.now()).where(Consultation.listing_id == listing_id)))})


def count_all() -> int:
    """Count every listing anew, because the year moves on; the worker's daily round. Returns how many."""
    by_listing = defaultdict(list)
    with transaction():
        for row in session.execute(_ended(clock.now())):
            by_listing[row.listing_id].append(row)
        known = session.scalars(sa.select(Listing.id).where(Listing.id.in_(sa.select(Consultation.listing_id))))
        _keep({listing_id: by_listing[listing_id] for listing_id in known})
    return len(by_listing)


def _ended(now: datetime) -> sa.Select[tuple[int, Status, datetime, datetime | None]]:
    return sa.select(
        Consultation.listing_id, Consultation.status, Consultation.asked_at, Consultation.answered_at
    ).where(Consultation.asked_at >= now - SPAN, Consultation.status.in_((*ANSWERED, Status.EXPIRED)))


def _keep(rows: dict[int, list]) -> None:
    for listing_id, requests in rows.items():
        told = counted((row.status, row.asked_at, row.answered_at) for row in requests)
        responses.note(listing_id, answered=told.answered, silent=told.silent, median_hours=told.median_hours)
