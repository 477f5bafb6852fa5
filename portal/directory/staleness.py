"""Listings that nobody has confirmed for long: a letter two weeks before they go grey, and one on the day they do."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from portal.base import clock, mail
from portal.base.db import session, transaction
from portal.directory import queries, standing
from portal.directory.models import Listing
from portal.directory.rules import GREY_AFTER, REMIND_BEFORE

# a worker that slept through the day still tells
LATE = timedelta(days=14)


def remind() -> None:
    """Write to suppliers whose public listing goes grey soon, or has just gone; the round of every morning.

    Notes: one letter for each confirmation, however often the round runs.
    """
    now = clock.now()
    for template, since, until in (
        ("listing_stale_soon", now - GREY_AFTER, now - GREY_AFTER + REMIND_BEFORE),
        ("listing_grey", now - GREY_AFTER - LATE, now - GREY_AFTER),
    ):
        with transaction():
            rows = session.scalars(
                sa.select(Listing)
                .where(standing.is_public(), Listing.last_confirmed_at >= since, Listing.last_confirmed_at < until)
                .order_by(Listing.id)
            ).all()
            for row in rows:
                _write(row, template)


def _write(row: Listing, template: str) -> None:
    person = queries.person_in_charge(row.organisation_id)
    if person is None:
        return
    mail.queue(
        person.email,
        template,
        person.language,
        f"{template}:{row.id}:{row.last_confirmed_at.isoformat()}",
        supplier=row.name,
        grey_on=(row.last_confirmed_at + GREY_AFTER).astimezone(clock.KST).date(),
    )
