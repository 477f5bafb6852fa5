"""Reading offers and who joins: a firm its own, a company what is open, a local government its own region's."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.accounts import queries as accounts
from portal.accounts.models import Person
from portal.accounts.rules import SME, Role
from portal.base import clock
from portal.base.access import Actor, NotVisible
from portal.base.db import session
from portal.base.paging import Page, paginate
from portal.directory import queries as directory
from portal.matching import queries as matching
from portal.matching.rules import Candidate, seed_of
from portal.programmes import queries as programmes
from portal.programmes.models import Programme
from portal.reference import queries as reference
from portal.winwin.models import Joining, Offer, OfferMentor
from portal.winwin.rules import PROGRAMMES, JoiningState, OfferState, Ranked, Terms, rank

PAGE_SIZE = 20


def _is_open() -> sa.ColumnElement[bool]:
    return sa.and_(Offer.state == OfferState.OPEN, Offer.closes_on >= clock.today())


def visible_to(actor: Actor) -> sa.Select[tuple[Offer]]:
    """The offers that an actor may read; companies keep seeing those that they asked to join."""
    sent = Offer.state != OfferState.DRAFT
    allowed: list[sa.ColumnElement[bool]] = [sa.true()] if actor.is_system else []
    if actor.has(Role.OPERATOR_NATIONAL, Role.AUDITOR):
        allowed.append(sent)
    elif actor.has(Role.OPERATOR_REGION) and actor.region:
        allowed.append(sa.and_(sent, Offer.region.in_(reference.within(actor.region))))
    if actor.organisation_id is not None:
        if actor.has(Role.PARTNER):
            allowed.append(Offer.organisation_id == actor.organisation_id)
        if actor.has(*SME):
            joined = sa.select(Joining.offer_id).where(Joining.company_id == actor.organisation_id)
            allowed += [_is_open(), Offer.id.in_(joined)]
    return sa.select(Offer).where(sa.or_(sa.false(), *allowed))


def by_key(actor: Actor, key: str, *, lock: bool = False) -> Offer:
    """Raises: NotVisible."""
    wanted = visible_to(actor).where(Offer.key == key)
    if lock:
        wanted = wanted.with_for_update(of=Offer).execution_options(populate_existing=True)
    row = session.scalar(wanted)
    if row is None:
        raise NotVisible
    return row


TABS = {
    "waiting": lambda: Offer.state == OfferState.WAITING,
    "open": _is_open,
    "all": sa.true,
}


def offers(actor: Actor, which: str, number: int) -> Page[Offer]:
    """The offers that an actor may read, the newest first."""
    return paginate(visible_to(actor).where(TABS[which]()).order_by(Offer.id.desc()), number, PAGE_SIZE)


def counts(actor: Actor) -> dict[str, int]:
    """How many offers each tab holds."""
    columns = [sa.func.coalesce(sa.func.sum(sa.case((one(), 1), else_=0)), 0).label(name) for name, one in TABS.items()]
    return dict(session.execute(visible_to(actor).with_only_columns(*columns)).mappings().one())


def joinings_to(actor: Actor) -> sa.Select[tuple[Joining]]:
    """The joinings that an actor may read: of the own company; of the own offers; operators those of visible offers."""
    allowed: list[sa.ColumnElement[bool]] = []
    if actor.has(*SME) and actor.organisation_id is not None:
        allowed.append(Joining.company_id == actor.organisation_id)
    if actor.is_system or not actor.has(*SME):
        allowed.append(Joining.offer_id.in_(visible_to(actor).with_only_columns(Offer.id)))
    return sa.select(Joining).where(sa.or_(sa.false(), *allowed))


def joinings(actor: Actor, offer: Offer) -> Sequence[Joining]:
    """Who wants to join an offer, in the order in which they asked."""
    wanted = joinings_to(actor).where(Joining.offer_id == offer.id).options(joinedload(Joining.asked_by))
    return session.scalars(wanted.order_by(Joining.id)).all()


def joining(actor: Actor, key: str, *, lock: bool = False) -> Joining:
    """Raises: NotVisible."""
    wanted = joinings_to(actor).where(Joining.key == key)
    if lock:
        wanted = wanted.with_for_update(of=Joining).execution_options(populate_existing=True)
    row = session.scalar(wanted)
    if row is None:
        raise NotVisible
    return row


def taken(offer_ids: Collection[int]) -> dict[int, int]:
    """Offer → how many of its places are given."""
    rows = session.execute(
        sa.select(Joining.offer_id, sa.func.count())
        .where(Joining.offer_id.in_(offer_ids), Joining.state == JoiningState.ACCEPTED)
        .group_by(Joining.offer_id)
    )
    return {offer_id: count for offer_id, count in rows}


def contact_of(row: Joining) -> Person | None:
    """Who of the company asked, for the firm that has accepted it."""
    return row.asked_by if row.state is JoiningState.ACCEPTED else None


def people_for_letters(organisation_id: int) -> Sequence[Person]:
    return accounts.members(organisation_id)


# --- what an offer is checked against ----------------------------------------------------------------------


def win_programmes() -> Sequence[Programme]:
    """The running win-win programmes of the catalogue."""
    return [row for row in programmes.programmes() if row.code in PROGRAMMES and row.is_running]


def terms_of(programme: Programme | None) -> Terms | None:
    """What binds an offer under a programme; None when it is no win-win programme."""
    if programme is None or programme.code not in PROGRAMMES:
        return None
    return Terms(programme.subsidy_ratio, programme.partner_ratio, programme.own_ratio, programme.ceiling_krw)


# --- offers before a company -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Match:
    """One offer as a company's card shows it; mentors: the fitting ones first, as (mentor, its place in words)."""

    offer: Offer
    ranked: Ranked
    mentors: Sequence[tuple[OfferMentor, Ranked]]
    left: int


def matches(actor: Actor) -> list[Match]:
    """Every open offer for the actor's company, best first; those that a gate keeps out come last, with the reason."""
    rows = session.scalars(visible_to(actor).where(_is_open())).unique().all()
    return _matched(actor, rows)


def match_of(actor: Actor, offer: Offer) -> Match:
    """How one offer fits the actor's company."""
    return _matched(actor, [offer])[0]


def _matched(actor: Actor, rows: Sequence[Offer]) -> list[Match]:
    need, names = matching.need_of(actor.organisation_id), directory.Names().technologies
    seed, given = seed_of(clock.today()), taken([row.id for row in rows])
    by_id = {row.id: row for row in rows}
    order: dict[str, Any] = {"seed": seed, "technology_names": names}
    made = []
    for one in rank(need, [_candidate(row, row.places - given.get(row.id, 0)) for row in rows], **order):
        row = by_id[one.candidate.id]
        mentors = {mentor.id: mentor for mentor in row.mentors}
        ranked = rank(need, [_candidate(row, 1, mentor) for mentor in row.mentors], **order)
        made.append(Match(row, one, [(mentors[each.candidate.id], each) for each in ranked], one.candidate.open_slots))
    return made


def _candidate(row: Offer, left: int, mentor: OfferMentor | None = None) -> Candidate:
    """An offer (or one of its mentors) as the ranking reads a supplier: by its own account, without builds."""
    source = mentor or row
    return Candidate(
        id=source.id,
        key=source.key,
        organisation_id=row.organisation_id,
        open_slots=left,
        is_grey=False,
        technologies=dict.fromkeys(source.technologies, 5),
        sectors=row.sectors,
        regions=row.regions,
        home=reference.containing(row.organisation.region),
        records=(),
    )
