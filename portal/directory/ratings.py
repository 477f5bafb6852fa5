"""Ratings of suppliers: by companies with a finished project, once each; the supplier may answer, once.

What opens a rating stands in one place, `opened_by`. The features above open one with `open_for` when something that
both sides confirmed has ended.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import contains_eager

from portal.accounts import queries as accounts
from portal.accounts.rules import SME, SUPPLIER, Role
from portal.base import audit, clock, grants, mail, outbox
from portal.base.access import Actor, Forbidden, NotVisible, RuleBroken
from portal.base.db import session, transaction
from portal.base.paging import Page, paginate
from portal.base.words import define, say
from portal.directory import queries
from portal.directory.esteem import STARS, Esteem, common_mean, esteem
from portal.directory.models import Listing, Rating, TrackRecord
from portal.directory.rules import clean

RATE = "rate"
MAX_TEXT = 3000
PAGE_SIZE = 5

CODES = define(
    {
        "supplier_rating_not_open": say(
            "과제를 마친 기업만 평가할 수 있습니다.",
            "Only companies that finished a project with it can rate a supplier.",
        ),
        "supplier_rating_given": say("이 공급기업은 이미 평가했습니다.", "You have rated this supplier already."),
        "supplier_rating_stars": say("별점을 1부터 5까지 골라 주세요.", "Please choose between 1 and 5 stars."),
        "supplier_rating_text": say("{most}자까지 적을 수 있습니다.", "At most {most} characters."),
        "supplier_reply_empty": say("답글을 적어 주세요.", "Please write a reply."),
        "supplier_reply_given": say("답글은 한 번만 쓸 수 있습니다.", "You can reply once only."),
    }
)


# --- who may --------------------------------------------------------------------------------------------------


def opened_by(listing_id: int, organisation_id: int) -> str | None:
    """What lets a company rate a supplier, None when nothing does: a verified build of its own, or a finished matter
    that both confirmed (`open_for`)."""
    record = session.scalar(
        sa.select(TrackRecord.id)
        .where(TrackRecord.listing_id == listing_id, TrackRecord.company_id == organisation_id)
        .order_by(TrackRecord.id)
        .limit(1)
    )
    if record is not None:
        return f"record:{record}"
    return session.scalar(
        sa.select(grants.Grant.reason)
        .where(
            grants.Grant.object_type == "listing",
            grants.Grant.object_id == listing_id,
            grants.Grant.right == RATE,
            grants.Grant.organisation_id == organisation_id,
        )
        .order_by(grants.Grant.id)
        .limit(1)
    )


def open_for(actor: Actor, listing_id: int, organisation_id: int, source: str) -> None:
    """Let a company rate a supplier. source: "consultation:<key>" and the like; a second call changes nothing."""
    with transaction():
        if opened_by(listing_id, organisation_id) is None:
            grants.give(actor, "listing", listing_id, RATE, organisation_id=organisation_id, reason=source)


def _given(listing_id: int, organisation_id: int) -> Rating | None:
    return session.scalar(
        sa.select(Rating).where(Rating.listing_id == listing_id, Rating.organisation_id == organisation_id)
    )


def may_rate(actor: Actor, listing_id: int) -> bool:
    """Whether the actor's company can rate this supplier now."""
    owner = actor.organisation_id
    if owner is None or not actor.has(*SME):
        return False
    return opened_by(listing_id, owner) is not None and _given(listing_id, owner) is None


# --- the company ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chance:
    """A supplier that the own company can rate, or has rated."""

    listing: Listing
    rating: Rating | None


def chances(actor: Actor) -> Sequence[Chance]:
    """The suppliers with whom the own company finished something; those not yet rated first."""
    owner = actor.organisation_id
    if owner is None or not actor.has(*SME):
        return []
    wanted = (
        sa.select(Listing, Rating)
        .outerjoin(Rating, sa.and_(Rating.listing_id == Listing.id, Rating.organisation_id == owner))
        .where(
            sa.or_(
                Listing.id.in_(sa.select(TrackRecord.listing_id).where(TrackRecord.company_id == owner)),
                Listing.id.in_(grants.granted_ids(actor, "listing", RATE)),
            )
        )
        .order_by(Rating.id.is_not(None), Listing.id)
    )
    return [Chance(listing, rating) for listing, rating in session.execute(wanted)]


def to_rate(actor: Actor, key: str) -> Listing:
    """A supplier that the own company may rate, public or not. Raises: NotVisible"""
    row = session.scalar(sa.select(Listing).where(Listing.key == key))
    if row is None or actor.organisation_id is None or not opened_by(row.id, actor.organisation_id):
        raise NotVisible
    return row


def rate(actor: Actor, listing_id: int, stars: int, text: str = "") -> Rating:
    """Say once, in public, how a supplier was.

    stars : 1 (poor) to 5 (very good)
    Raises: Forbidden; RuleBroken supplier_rating_not_open, supplier_rating_given, supplier_rating_stars (stars),
            supplier_rating_text (text)
    """
    owner = actor.organisation_id
    if owner is None or not actor.has(*SME):
        raise Forbidden("no_right")
    try:
        with transaction():
            source = opened_by(listing_id, owner)
            if source is None:
                raise RuleBroken("supplier_rating_not_open")
            if _given(listing_id, owner) is not None:
                raise RuleBroken("supplier_rating_given")
            if stars not in STARS:
                raise RuleBroken("supplier_rating_stars", "stars")
            if len(clean(text)) > MAX_TEXT:
                raise RuleBroken("supplier_rating_text", "text", most=MAX_TEXT)
            row = Rating(
                listing_id=listing_id,
                organisation_id=owner,
                stars=stars,
                text=clean(text),
                source=source,
                rated_by_id=actor.id,
            )
            session.add(row)
            session.flush()
            audit.record(actor, "rating.give", "rating", row.id, {"listing": listing_id, "stars": stars})
            outbox.emit("rating.given", rating_id=row.id)
            return row
    except IntegrityError as error:  # two people of one company at the same moment
        raise RuleBroken("supplier_rating_given") from error


# --- the supplier ---------------------------------------------------------------------------------------------


def own(actor: Actor, number: int) -> Page[Rating]:
    """What companies said of the actor's own supplier, newest first."""
    listing = queries.own(actor)
    listing_id = listing.id if listing is not None and actor.has(*SUPPLIER) else 0
    return paginate(_of(listing_id), number, 20)


def unanswered(actor: Actor) -> int:
    """How many ratings of the own supplier wait for a reply, should it want to."""
    mine = sa.select(Listing.id).where(Listing.organisation_id == actor.organisation_id).scalar_subquery()
    counted = sa.select(sa.func.count()).where(Rating.listing_id == mine, Rating.replied_at.is_(None))
    return session.scalar(counted) or 0 if actor.has(*SUPPLIER) else 0


def by_key(actor: Actor, key: str) -> Rating:
    """One rating of the own supplier. Raises: NotVisible"""
    listing = queries.own(actor)
    row = session.scalar(sa.select(Rating).where(Rating.key == key))
    if row is None or listing is None or row.listing_id != listing.id or not actor.has(*SUPPLIER):
        raise NotVisible
    return row


def reply(actor: Actor, key: str, text: str) -> Rating:
    """Answer a rating of the own supplier in public.

    Raises: NotVisible; RuleBroken supplier_reply_given, supplier_reply_empty, supplier_rating_text (reply)
    """
    with transaction():
        row = by_key(actor, key)
        session.refresh(row, with_for_update=True)
        if row.replied_at is not None:
            raise RuleBroken("supplier_reply_given")
        if not clean(text):
            raise RuleBroken("supplier_reply_empty", "reply")
        if len(clean(text)) > MAX_TEXT:
            raise RuleBroken("supplier_rating_text", "reply", most=MAX_TEXT)
        row.reply, row.replied_at, row.replied_by_id = clean(text), clock.now(), actor.id
        audit.record(actor, "rating.reply", "rating", row.id)
        outbox.emit("rating.replied", rating_id=row.id)
        return row


# --- everybody ------------------------------------------------------------------------------------------------


def _of(listing_id: int) -> sa.Select[tuple[Rating]]:
    return sa.select(Rating).where(Rating.listing_id == listing_id).order_by(Rating.created_at.desc(), Rating.id.desc())


def shown(actor: Actor, listing: Listing, number: int = 1) -> Page[Rating]:
    """The ratings on a listing's page, for whoever sees the listing."""
    visible = queries.visible_to(actor).with_only_columns(Listing.id)
    return paginate(_of(listing.id).where(Rating.listing_id.in_(visible)), number, PAGE_SIZE)


def of(listing_ids: Collection[int]) -> dict[int, Esteem]:
    """Listing → its rating; without those that nobody has rated. Two queries, however many."""
    counted = session.execute(
        sa.select(Rating.listing_id, sa.func.sum(Rating.stars), sa.func.count())
        .where(Rating.listing_id.in_(listing_ids))
        .group_by(Rating.listing_id)
    ).all()
    if not counted:
        return {}
    total, count = session.execute(sa.select(sa.func.sum(Rating.stars), sa.func.count()).select_from(Rating)).one()
    common = common_mean(int(total or 0), count)
    return {listing_id: esteem(int(stars), n, common) for listing_id, stars, n in counted}


# --- letters --------------------------------------------------------------------------------------------------


def _row(rating_id: int) -> Rating | None:
    return session.scalar(
        sa.select(Rating).join(Rating.listing).options(contains_eager(Rating.listing)).where(Rating.id == rating_id)
    )


def tell_supplier(rating_id: int) -> None:
    """The letter that somebody has rated the supplier."""
    row = _row(rating_id)
    person = queries.person_in_charge(row.listing.organisation_id) if row else None
    if person is not None:
        mail.queue(
            person.email,
            "rating_given",
            person.language,
            f"rating_given:{row.key}",
            supplier=row.listing.name,
            stars=row.stars,
        )


def tell_company(rating_id: int) -> None:
    """The letter that the supplier has answered."""
    row = _row(rating_id)
    people = accounts.members(row.organisation_id) if row else []
    person = next((one for one in people if Role.SME_OWNER in one.role_names), None)
    if person is not None:
        mail.queue(
            person.email,
            "rating_replied",
            person.language,
            f"rating_replied:{row.key}",
            supplier=row.listing.name,
            key=row.listing.key,
        )
