"""Reading shortlists: a company sees its own; a supplier that is no longer public is gone from every one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from portal.accounts.rules import SME, Role
from portal.base.access import SYSTEM, Actor
from portal.base.db import session
from portal.base.words import Words, say, sentence
from portal.directory import queries as directory
from portal.directory.models import Listing
from portal.matching.models import Recommendation, Shortlist
from portal.matching.rules import Candidate, Need, weigh
from portal.matching.score import MAXIMA, Part
from portal.profiles import queries as profiles
from portal.reference import queries as reference
from portal.scoring import queries as scoring
from portal.scoring.models import Suggestion


def visible_to(actor: Actor) -> sa.Select[tuple[Shortlist]]:
    """The shortlists that an actor may read: those of the own company; operators and auditors all."""
    allowed: list[sa.ColumnElement[bool]] = [sa.false()]
    if actor.is_system or actor.has(Role.OPERATOR_NATIONAL, Role.AUDITOR):
        allowed.append(sa.true())
    if actor.has(*SME) and actor.organisation_id is not None:
        allowed.append(Shortlist.organisation_id == actor.organisation_id)
    return sa.select(Shortlist).where(sa.or_(*allowed))


def latest(actor: Actor, organisation_id: int | None = None) -> Shortlist | None:
    """The newest shortlist of a company (the actor's own when none is named)."""
    return session.scalar(
        visible_to(actor)
        .where(Shortlist.organisation_id == (organisation_id or actor.organisation_id))
        .order_by(Shortlist.id.desc())
        .limit(1)
    )


@dataclass(frozen=True)
class Match:
    """One proposed supplier as a card shows it."""

    listing: Listing
    place: int
    score: float
    parts: Sequence[Part]
    is_newcomer: bool
    is_by_slot: bool

    @property
    def best_reasons(self) -> list[Words]:
        """The three parts that earned most of what they could, as sentences."""
        earned = [part for part in self.parts if part.points >= part.maximum / 4]
        return [part.reason for part in sorted(earned, key=lambda part: -part.points)[:3]]


@dataclass(frozen=True)
class Matches:
    """What a company is shown."""

    shortlist: Shortlist
    items: Sequence[Match]
    names: directory.Names
    dropped: Sequence[tuple[Words, int]]

    @property
    def needed(self) -> list[Words]:
        """The technologies that the diagnosis asks for, most needed first."""
        weights = self.shortlist.need_facts["technologies"]
        return [self.names.technology(code) for code in sorted(weights, key=lambda code: (-weights[code], code))]


def matches_for(actor: Actor, organisation_id: int | None = None, limit: int | None = None) -> Matches | None:
    """The newest shortlist of a company with its suppliers as they stand now; None before the first diagnosis.

    limit: only so many, best first. A supplier suspended since is left out at once.
    Notes: a constant number of queries, whatever the number of suppliers.
    """
    shortlist = latest(actor, organisation_id)
    if shortlist is None:
        return None
    rows = session.scalars(
        sa.select(Recommendation)
        .join(Listing, Listing.id == Recommendation.listing_id)
        .where(
            Recommendation.shortlist_id == shortlist.id,
            Listing.id.in_(directory.public(actor).with_only_columns(Listing.id)),
        )
        .order_by(Recommendation.place)
        .limit(limit)
        .options(contains_eager(Recommendation.listing).selectinload(Listing.records))
    ).all()
    return Matches(
        shortlist=shortlist,
        items=[_match(row) for row in rows],
        names=directory.Names(),
        dropped=[(sentence(code), count) for code, count in sorted(shortlist.dropped.items())],
    )


def _match(row: Recommendation) -> Match:
    parts = [
        Part(part["code"], part["points"], say(part["ko"], part["en"])) for part in row.parts if part["code"] in MAXIMA
    ]
    return Match(row.listing, row.place, row.score, parts, row.is_newcomer, row.is_by_slot)


# --- what the ranking reads --------------------------------------------------------------------------------


def need_of(organisation_id: int, suggestion: Suggestion | None) -> Need:
    """What a company needs: its profile as it stands, and the newest suggestion's way up."""
    profile = profiles.profile_of(organisation_id)
    weights: dict[str, float] = {}
    items: dict[str, tuple[str, ...]] = {}
    target = None
    if suggestion is not None:
        reasons = suggestion.answer["reasons"]
        lifting = [row for row in reference.technologies() if row.level_to is not None]
        weights, items = weigh(
            [(move["item"], move["gain"], move["technologies"]) for move in reasons["moves"]],
            [
                (
                    lost["item"],
                    lost["points"],
                    [row.code for row in lifting if lost["item"] in row.items and row.level_from <= lost["goal"]],
                )
                for lost in reasons["lost"]
            ],
        )
        target = min(suggestion.system_level + 1, 4)
    region = profile.region if profile else None
    return Need(
        organisation_id=organisation_id,
        technologies=weights,
        items=items,
        regions=reference.containing(region),
        ksic=profile.ksic if profile else None,
        size=profile.size if profile else None,
        target_level=target,
    )


def candidates() -> list[Candidate]:
    """Every public supplier, as the ranking reads it."""
    rows = directory.public_rows(SYSTEM)
    homes: dict[str | None, frozenset[str]] = {}
    for row in rows:
        key = row.organisation.region
        if key not in homes:
            homes[key] = reference.containing(key)
    return [
        Candidate(
            id=row.id,
            key=row.key,
            organisation_id=row.organisation_id,
            open_slots=row.open_slots,
            is_grey=row.is_grey,
            technologies=row.capabilities,
            sectors=row.sectors,
            regions=row.regions,
            home=homes[row.organisation.region],
            records=row.records,
            aftercare_hours=row.aftercare_hours,
        )
        for row in rows
    ]


def newest_suggestion(organisation_id: int) -> Suggestion | None:
    return scoring.latest_for(SYSTEM, organisation_id)
