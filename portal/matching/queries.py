"""Reading shortlists: a company sees its own; a supplier that is no longer public is gone from every one of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from portal.accounts.rules import SME, Role
from portal.applications import tracks
from portal.base import clock
from portal.base.access import SYSTEM, Actor
from portal.base.db import session
from portal.base.words import Words, say, sentence
from portal.directory import marks, shelf
from portal.directory import queries as directory
from portal.directory.marks import Mark
from portal.directory.models import Listing
from portal.directory.thesaurus import fold
from portal.matching.models import Recommendation, Shortlist, WrittenNeed
from portal.matching.rules import Candidate, Need, weigh, with_written
from portal.matching.score import MAXIMA, Part
from portal.profiles.models import Profile
from portal.reference import queries as reference
from portal.reference.models import Technology
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
    marks: frozenset[Mark] = frozenset()

    @property
    def shown_marks(self) -> list[Mark]:
        """The marks that a card shows: what a supplier is able to do, as somebody has verified."""
        return [mark for mark in (Mark.AI, Mark.DIGITAL_TWIN, Mark.AAS) if mark in self.marks]

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
        """The technologies that the company needs, most needed first."""
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
    held = marks.standing([row.listing_id for row in rows], clock.today())
    return Matches(
        shortlist=shortlist,
        items=[_match(row, held.get(row.listing_id, frozenset())) for row in rows],
        names=directory.Names(),
        dropped=[(sentence(code), count) for code, count in sorted(shortlist.dropped.items())],
    )


def _match(row: Recommendation, held: frozenset[Mark]) -> Match:
    parts = [
        Part(part["code"], part["points"], say(part["ko"], part["en"])) for part in row.parts if part["code"] in MAXIMA
    ]
    return Match(row.listing, row.place, row.score, parts, row.is_newcomer, row.is_by_slot, held)


# --- what the ranking reads --------------------------------------------------------------------------------


def need_of(organisation_id: int) -> Need:
    """What a company needs: its profile as it stands, the newest suggestion's way up, its own words, its call's track."""
    return needs([organisation_id])[0]


def needs(organisation_ids: Sequence[int]) -> list[Need]:
    """The needs of several companies, in their order; five queries for all of them."""
    found = {row.organisation_id: row for row in _rows(Profile, organisation_ids)}
    written = {row.organisation_id: row for row in _rows(WrittenNeed, organisation_ids)}
    said = {
        row.organisation_id: row
        for row in session.execute(
            sa.select(Suggestion.organisation_id, Suggestion.result, Suggestion.system_level).where(
                Suggestion.id.in_(
                    sa.select(sa.func.max(Suggestion.id))
                    .where(Suggestion.organisation_id.in_(organisation_ids), Suggestion.application_id.is_(None))
                    .group_by(Suggestion.organisation_id)
                )
            )
        )
    }
    required = tracks.asked_marks(organisation_ids)
    lifting = [row for row in reference.technologies() if row.level_to is not None]
    regions: dict[str | None, frozenset[str]] = {}
    made = []
    for organisation_id in organisation_ids:
        profile, suggestion = found.get(organisation_id), said.get(organisation_id)
        weights, items = _of_diagnosis(json.loads(suggestion.result)["reasons"], lifting) if suggestion else ({}, {})
        own = written[organisation_id].technologies if organisation_id in written else ()
        region = profile.region if profile else None
        if region not in regions:
            regions[region] = reference.containing(region)
        made.append(
            Need(
                organisation_id=organisation_id,
                technologies=with_written(weights, own),
                items=items,
                regions=regions[region],
                ksic=profile.ksic if profile else None,
                size=profile.size if profile else None,
                target_level=min(suggestion.system_level + 1, 4) if suggestion else None,
                required=required.get(organisation_id, frozenset()),
            )
        )
    return made


def _rows(kind: Any, organisation_ids: Sequence[int]) -> Sequence[Any]:
    return session.scalars(sa.select(kind).where(kind.organisation_id.in_(organisation_ids))).all()


def _of_diagnosis(
    reasons: Mapping[str, Any], lifting: Sequence[Technology]
) -> tuple[dict[str, float], dict[str, tuple[str, ...]]]:
    return weigh(
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


def companies_with_needs() -> Sequence[int]:
    """Every company that has said where it works or what it needs."""
    wanted = sa.union(
        sa.select(Profile.organisation_id).where(Profile.region.is_not(None)),
        sa.select(WrittenNeed.organisation_id),
    ).subquery()
    return session.scalars(sa.select(wanted.c.organisation_id).order_by(wanted.c.organisation_id)).all()


def written_need(organisation_id: int | None) -> WrittenNeed | None:
    return session.scalar(sa.select(WrittenNeed).where(WrittenNeed.organisation_id == organisation_id))


def named_technologies(text: str) -> list[str]:
    """Codes of the technologies that a text names, by any of their names, in its order."""
    found, _ = shelf.thesaurus().find(fold(text))
    return list(dict.fromkeys(code for codes in found for code in sorted(codes)))


def candidates() -> list[Candidate]:
    """Every public supplier, as the ranking reads it."""
    return candidates_of(directory.public_rows(SYSTEM))


def candidates_of(rows: Sequence[Listing]) -> list[Candidate]:
    """Listings as the ranking reads them."""
    held = marks.standing([row.id for row in rows] if len(rows) < 500 else None, clock.today())
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
            marks=held.get(row.id, frozenset()),
        )
        for row in rows
    ]


def newest_suggestion(organisation_id: int) -> Suggestion | None:
    return scoring.latest_for(SYSTEM, organisation_id)
