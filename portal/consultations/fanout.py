"""Fan-out: one need laid before several suppliers, five at a time, the next only while fewer than three are interested.

Whoever declines, stays silent or is asked no more makes room for the next one in the company's own order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from portal.accounts.models import Organisation
from portal.accounts.rules import SME
from portal.base import audit, clock, once, outbox
from portal.base.access import SYSTEM, Actor, Forbidden, NotVisible, RuleBroken
from portal.base.db import session, transaction
from portal.consultations import queries, service
from portal.consultations.models import Consultation, FanOut, FanOutPlace
from portal.consultations.rules import ENOUGH, FEWEST, MAX_TEXT, MOST, FanOutState, Status, Topic, to_ask
from portal.directory import queries as directory
from portal.directory.models import Listing
from portal.directory.rules import clean
from portal.matching import choices as matching_choices
from portal.matching import queries as matching

ONCE = "consultation.fan_out"


# --- reading -----------------------------------------------------------------------------------------------


def visible_to(actor: Actor) -> sa.Select[tuple[FanOut]]:
    """The fan-outs of the actor's own company; a supplier never learns who else was asked."""
    own = actor.organisation_id is not None and actor.has(*SME)
    wanted = sa.select(FanOut).options(
        selectinload(FanOut.places).joinedload(FanOutPlace.consultation),
    )
    return wanted.where(FanOut.company_id == actor.organisation_id if own else sa.false())


def by_key(actor: Actor, key: str) -> FanOut:
    """Raises: NotVisible."""
    row = session.scalar(visible_to(actor).where(FanOut.key == key))
    if row is None:
        raise NotVisible
    return row


def key_of(actor: Actor, row: Consultation) -> str | None:
    """The key of the fan-out that a request is part of, for the company that made it."""
    if row.fan_out_id is None:
        return None
    return session.scalar(visible_to(actor).where(FanOut.id == row.fan_out_id).with_only_columns(FanOut.key))


def running(actor: Actor) -> FanOut | None:
    return session.scalar(visible_to(actor).where(FanOut.state == FanOutState.OPEN))


def latest(actor: Actor) -> FanOut | None:
    return session.scalar(visible_to(actor).order_by(FanOut.id.desc()).limit(1))


@dataclass(frozen=True)
class Choice:
    """A supplier that may be asked, and why it is proposed."""

    listing: Listing
    why: str


def choices(actor: Actor, named: Collection[str], posted: Collection[str] = ()) -> list[Choice]:
    """Public suppliers to choose from: those named by key first, then the newest shortlist; not those asked already.

    posted: what came back with the form; it stays in the list even when it was asked a moment ago
    """
    talking = set(
        session.scalars(
            queries.visible_to(actor)
            .where(Consultation.status.in_(queries.TABS["open"]))
            .with_only_columns(Consultation.listing_id)
        )
    )
    matches = matching.matches_for(actor)
    proposed = {match.listing.key: match for match in matches.items if match.listing.key not in named} if matches else {}
    first = list(dict.fromkeys([*named, *[key for key in posted if key not in proposed]]))
    rows = {row.key: row for row in session.scalars(directory.public(actor).where(Listing.key.in_(first)))}
    found = [Choice(rows[key], rows[key].summary) for key in first if key in rows]
    for match in proposed.values():
        why = " · ".join(str(reason) for reason in match.best_reasons[:2])
        found.append(Choice(match.listing, why or match.listing.summary))
    return [one for one in found if one.listing.key in posted or one.listing.id not in talking][: 2 * MOST]


def figures(row: FanOut) -> dict[str, int]:
    """How many were asked, wait, are interested, said no or nothing, and stand in line."""
    asked = [place.consultation for place in row.places if place.consultation is not None]
    interested = sum(_is_interested(one) for one in asked)
    waiting = sum(one.status is Status.REQUESTED for one in asked)
    return {
        "asked": len(asked),
        "interested": interested,
        "waiting": waiting,
        "gone": len(asked) - interested - waiting,
        "in_line": sum(place.consultation is None and not place.is_skipped for place in row.places),
    }


def _is_interested(row: Consultation) -> bool:
    return row.status in (Status.ACCEPTED, Status.CONCLUDED)


# --- writing -----------------------------------------------------------------------------------------------


def start(actor: Actor, listing_keys: Sequence[str], topic: Topic, need: str, *, once_key: str | None = None) -> FanOut:
    """Ask several public suppliers, in the order of their keys.

    Raises: Forbidden; RuleBroken consultation_need_needed (need), fan_out_size and consultation_supplier_gone
            (suppliers), fan_out_running.
    Notes : a supplier with which the company talks already is passed over; emits consultation.requested for each asked
    """
    if not actor.has(*SME) or actor.organisation_id is None:
        raise Forbidden("no_right")
    with transaction():
        session.execute(sa.select(Organisation.id).where(Organisation.id == actor.organisation_id).with_for_update())
        if done := once.claim(actor, once_key, ONCE):
            return by_key(actor, done)
        if not clean(need):
            raise RuleBroken("consultation_need_needed", "need")
        keys = list(dict.fromkeys(listing_keys))
        if not FEWEST <= len(keys) <= MOST:
            raise RuleBroken("fan_out_size", "suppliers", least=FEWEST, most=MOST)
        if running(actor) is not None:
            raise RuleBroken("fan_out_running")
        listings = {row.key: row for row in session.scalars(directory.public(actor).where(Listing.key.in_(keys)))}
        if set(keys) - set(listings):
            raise RuleBroken("consultation_supplier_gone", "suppliers")
        shortlist = matching.latest(actor)
        row = FanOut(
            company_id=actor.organisation_id,
            asked_by_id=actor.id,
            shortlist_id=shortlist.id if shortlist else None,
            topic=topic,
            need=clean(need)[:MAX_TEXT],
            state=FanOutState.OPEN,
            places=[FanOutPlace(place=place, listing=listings[key]) for place, key in enumerate(keys, 1)],
        )
        session.add(row)
        session.flush()
        matching_choices.keep(actor, [one.listing_id for one in row.places])
        once.keep(actor, once_key, ONCE, row.key)
        audit.record(actor, "fan_out.start", "fan_out", row.id, {"listings": [one.listing_id for one in row.places]})
        _go_on(actor, row)
        return row


def stop(actor: Actor, key: str) -> FanOut:
    """Ask nobody further; requests that are out stay. Stopping twice changes nothing. Raises: NotVisible."""
    with transaction():
        row = session.scalar(visible_to(actor).where(FanOut.key == key).with_for_update(of=FanOut))
        if row is None:
            raise NotVisible
        if row.state is FanOutState.OPEN:
            row.state, row.ended_at = FanOutState.STOPPED, clock.now()
            audit.record(actor, "fan_out.stop", "fan_out", row.id)
        return row


@outbox.soon
def go_on(consultation_id: int) -> None:
    """consultation.accepted, .declined, .expired, .withdrawn → the next supplier's turn, if it is one."""
    answered = queries.by_id(consultation_id)
    if answered is None or answered.fan_out_id is None:
        return
    # a company's requests queue up here, as in `request` and `start`
    session.execute(sa.select(Organisation.id).where(Organisation.id == answered.company_id).with_for_update())
    row = session.scalar(
        sa.select(FanOut)
        .where(FanOut.id == answered.fan_out_id)
        .options(selectinload(FanOut.places).joinedload(FanOutPlace.consultation))
        .with_for_update(of=FanOut)
        .execution_options(populate_existing=True)
    )
    if row.state is FanOutState.OPEN:
        _go_on(SYSTEM, row)


def _go_on(actor: Actor, row: FanOut) -> None:
    counts = figures(row)
    free = to_ask(counts["waiting"], counts["interested"])
    for place in row.places:
        if not free:
            break
        if place.consultation is not None or place.is_skipped:
            continue
        listing = session.scalar(directory.public(SYSTEM).where(Listing.id == place.listing_id))
        if listing is None or queries.open_between(row.company_id, listing.organisation_id):
            place.is_skipped = True
            continue
        place.consultation = service.put(
            actor,
            listing,
            Consultation(
                company_id=row.company_id,
                asked_by_id=row.asked_by_id,
                shortlist_id=row.shortlist_id,
                fan_out_id=row.id,
                topic=row.topic,
                need=row.need,
            ),
        )
        free -= 1
    counts = figures(row)
    if counts["interested"] >= ENOUGH:
        row.state = FanOutState.ENOUGH
    elif not counts["in_line"] and not counts["waiting"]:
        row.state = FanOutState.DONE
    if row.state is not FanOutState.OPEN:
        row.ended_at = clock.now()
    session.flush()
    audit.record(actor, "fan_out.go_on", "fan_out", row.id, {"state": row.state.value, **counts})
