"""Reading for the page on concentration: who was shown, asked and chosen, by region and technology."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

import sqlalchemy as sa

from portal.accounts.models import Organisation
from portal.accounts.rules import Role
from portal.base import clock
from portal.base.access import SYSTEM, Actor
from portal.base.db import session
from portal.base.words import Words, say
from portal.consultations.models import Consultation
from portal.directory import queries as directory
from portal.directory.concentration import Spread, spread
from portal.directory.models import Impression, Listing, TrackRecord
from portal.directory.rules import NATIONWIDE
from portal.reference import queries as reference

MOST_NAMED = 10


@dataclass(frozen=True)
class Line:
    """One market: a region, a technology, or everything (key "")."""

    key: str
    label: Words
    spread: Spread


@dataclass(frozen=True)
class Table:
    """One measure: impressions, leads or builds."""

    code: str
    label: Words
    hint: Words
    whole: Spread
    regions: Sequence[Line]
    technologies: Sequence[Line]
    # the suppliers with the most: (listing key, name, count)
    most: Sequence[tuple[str, str, int]]


@dataclass(frozen=True)
class _Supply:
    """Who could be chosen: listing → technologies and 시도 served."""

    technologies: Mapping[int, frozenset[str]]
    regions: Mapping[int, frozenset[str]]

    def in_region(self, key: str) -> int:
        return sum(key in served or NATIONWIDE in served for served in self.regions.values())

    def offering(self, code: str) -> int:
        return sum(code in offered for offered in self.technologies.values())


# how often, where and for what: (listing, 시도 of the company or "", technologies, count)
Count = tuple[int, str, Iterable[str], int]


def own_region(actor: Actor) -> str | None:
    """The 시도 that a regional operator's page is about; None for who sees the whole country."""
    if actor.is_system or actor.has(Role.OPERATOR_NATIONAL, Role.AUDITOR):
        return None
    return reference.sido_of_regions().get(actor.region or "", "")


def own_region_name(actor: Actor) -> Words | None:
    only = own_region(actor)
    return directory.Names().region(only) if only else None


def tables(actor: Actor, since: date) -> list[Table]:
    """Every measure since a day, for the regions that an actor may see."""
    supply, only = _supply(), own_region(actor)
    made = [
        (
            "impressions",
            say("보임", "Shown"),
            say("검색과 추천에 나온 수", "In search and recommendations"),
            _shown(since),
        ),
        (
            "leads",
            say("상담 요청", "Requests"),
            say("기업이 상담을 요청한 수", "How often companies asked"),
            _leads(since),
        ),
        (
            "builds",
            say("구축", "Builds"),
            say("확인된 구축실적의 수", "Verified builds"),
            _builds(since),
        ),
    ]
    names = directory.Names()
    return [_table(code, label, hint, counts, supply, names, only) for code, label, hint, counts in made]


def _supply() -> _Supply:
    rows = session.execute(
        directory.public(SYSTEM).with_only_columns(Listing.id, Listing.capabilities, Listing.regions)
    ).all()
    return _Supply(
        {row.id: frozenset(row.capabilities) for row in rows}, {row.id: frozenset(row.regions) for row in rows}
    )


def _from(day: date) -> datetime:
    return clock.from_kst(datetime.combine(day, time()))


def _shown(since: date) -> list[Count]:
    sido = reference.sido_of_regions()
    rows = session.execute(
        sa.select(Impression.listing_id, Impression.region, Impression.technology, sa.func.sum(Impression.shown))
        .where(Impression.day >= since)
        .group_by(Impression.listing_id, Impression.region, Impression.technology)
    )
    return [
        (listing, sido.get(region, region), (technology,) if technology else (), int(shown))
        for listing, region, technology, shown in rows
    ]


def _leads(since: date) -> list[Count]:
    """Requests for consultation; one counts for each technology that the asked supplier offers."""
    sido = reference.sido_of_regions()
    rows = session.execute(
        sa.select(Consultation.listing_id, Organisation.region, Listing.capabilities, sa.func.count())
        .join(Organisation, Organisation.id == Consultation.company_id)
        .join(Listing, Listing.id == Consultation.listing_id)
        .where(Consultation.asked_at >= _from(since))
        .group_by(Consultation.listing_id, Organisation.region, Listing.id)
    )
    return [(listing, sido.get(region or "", ""), capabilities, count) for listing, region, capabilities, count in rows]


def _builds(since: date) -> list[Count]:
    sido = reference.sido_of_regions()
    rows = session.execute(
        sa.select(TrackRecord.listing_id, TrackRecord.region, TrackRecord.technologies).where(
            TrackRecord.year >= since.year
        )
    )
    return [(listing, sido.get(region, region), technologies, 1) for listing, region, technologies in rows]


def _table(
    code: str,
    label: Words,
    hint: Words,
    counts: Sequence[Count],
    supply: _Supply,
    names: directory.Names,
    only: str | None,
) -> Table:
    if only is not None:
        counts = [one for one in counts if one[1] == only]
    whole: Counter[int] = Counter()
    by_region: dict[str, Counter[int]] = {}
    by_technology: dict[str, Counter[int]] = {}
    for listing, region, technologies, count in counts:
        whole[listing] += count
        if region:
            by_region.setdefault(region, Counter())[listing] += count
        for technology in technologies:
            by_technology.setdefault(technology, Counter())[listing] += count
    return Table(
        code=code,
        label=label,
        hint=hint,
        whole=spread(whole, supply.in_region(only) if only else len(supply.regions)),
        regions=_lines({key: (names.region(key), supply.in_region(key), found) for key, found in by_region.items()}),
        technologies=_lines(
            {key: (names.technology(key), supply.offering(key), found) for key, found in by_technology.items()}
        ),
        most=_most(whole),
    )


def _lines(markets: Mapping[str, tuple[Words, int, Mapping[int, int]]]) -> list[Line]:
    """The markets, the most concentrated of those with enough first."""
    lines = [Line(key, label, spread(found, suppliers)) for key, (label, suppliers, found) in markets.items()]
    return sorted(lines, key=lambda line: (not line.spread.is_enough, -line.spread.hhi, line.key))


def _most(counts: Counter[int]) -> list[tuple[str, str, int]]:
    top = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_NAMED]
    rows = session.execute(
        sa.select(Listing.id, Listing.key, Organisation.name)
        .join(Organisation, Organisation.id == Listing.organisation_id)
        .where(Listing.id.in_([listing for listing, _ in top]))
    )
    named = {row.id: (row.key, row.name) for row in rows}
    return [(*named[listing], count) for listing, count in top]
