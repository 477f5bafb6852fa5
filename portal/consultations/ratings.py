"""Ratings after the end, by both sides. The company's word on a supplier is published by the directory's own rule (a
contract that both confirmed); everything else, and every word on a company, stays with the operators.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from portal.accounts.models import Organisation
from portal.accounts.rules import Role
from portal.base import audit
from portal.base.access import Actor, RuleBroken, ensure
from portal.base.db import session, transaction
from portal.base.paging import Page, paginate
from portal.consultations import queries
from portal.consultations.models import Consultation, TalkRating
from portal.consultations.rules import MAX_TEXT, Side, can_rate
from portal.directory import ratings as published
from portal.directory.rules import clean
from portal.reference import queries as reference

STARS = range(1, 6)
PAGE_SIZE = 30


def rate(actor: Actor, key: str, stars: int, text: str = "") -> TalkRating:
    """Say once how the other side was.

    stars : 1 (poor) to 5 (very good)
    Raises: NotVisible; RuleBroken rating_too_early, rating_given, rating_stars (stars), and what `directory.ratings`
            refuses of a rating that will be published
    """
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        own = queries.own_side(actor, row)
        ensure(can_rate(row.status, row.rating_of(own) is not None))
        if stars not in STARS:
            raise RuleBroken("rating_stars", "stars")
        rating = TalkRating(
            consultation_id=row.id, side=own, person_id=actor.id, stars=stars, text=clean(text)[:MAX_TEXT]
        )
        session.add(rating)
        session.flush()
        if is_published(actor, row):
            published.rate(actor, row.listing_id, stars, rating.text)
        audit.record(actor, "consultation.rate", "consultation", row.id, {"side": own.value, "stars": stars})
        return rating


def is_published(actor: Actor, row: Consultation) -> bool:
    """Whether what the actor says now will stand on the supplier's page."""
    return queries.side(actor, row) is Side.COMPANY and published.may_rate(actor, row.listing_id)


def for_operators(actor: Actor, side: Side, number: int) -> Page[TalkRating]:
    """What one side said, newest first, of consultations in the actor's region."""
    wanted = (
        sa.select(TalkRating)
        .join(TalkRating.consultation)
        .where(TalkRating.side == side)
        .options(contains_eager(TalkRating.consultation))
        .order_by(TalkRating.id.desc())
    )
    if actor.has(Role.OPERATOR_REGION) and not actor.has(Role.OPERATOR_NATIONAL, Role.AUDITOR):
        own = sa.select(Organisation.id).where(Organisation.region.in_(reference.within(actor.region or "")))
        wanted = wanted.where(Consultation.company_id.in_(own))
    elif not actor.has(Role.OPERATOR_NATIONAL, Role.AUDITOR) and not actor.is_system:
        wanted = wanted.where(sa.false())
    return paginate(wanted, number, PAGE_SIZE)
