"""Why a supplier was shown or not, for its own people: places, gates, and what verified evidence would change.

Each proposed change is put into the same score for the same companies: what is promised here is what would happen.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import sqlalchemy as sa

from portal.accounts.rules import SUPPLIER
from portal.base import clock
from portal.base.access import Actor
from portal.base.db import session
from portal.base.words import Words, say, sentence
from portal.directory import queries as directory
from portal.directory.models import Impression, Listing
from portal.directory.rules import NATIONWIDE, ImpressionKind
from portal.matching import night, queries
from portal.matching.models import NightlyCompany, NightlyListing, NightlyPlan
from portal.matching.rules import PER_COMPANY, Candidate, Need, gate
from portal.matching.score import parts_of
from portal.matching.service import need_from
from portal.reference.rules import SizeClass

DAYS = 30
ASKED = 200
"""So many companies are looked at: evenly over all, the same ones for every change of a page."""
BUILDS_TRIED = 3
FEWEST = 5
"""Looks, and companies behind a gate or a proposed change, that are told; fewer could be one company."""


@dataclass(frozen=True)
class Shown:
    """How often a listing stood on lists of a kind, and on which places."""

    kind: ImpressionKind
    times: int
    first_five: int
    median_place: int


@dataclass(frozen=True)
class Chance:
    """A change that verified evidence would bring, and for how many companies more it would stand in the first five."""

    what: Words
    how: Words
    before: int
    after: int

    @property
    def gain(self) -> int:
        return self.after - self.before


@dataclass(frozen=True)
class Exposure:
    """What a supplier reads about itself."""

    listing: Listing
    since: timedelta
    shown: Sequence[Shown]
    technologies: Sequence[tuple[Words, int]]
    regions: Sequence[tuple[Words, int]]
    plan: NightlyPlan | None
    planned: NightlyListing | None
    # how many companies each gate kept it from; None for fewer than FEWEST
    kept_out: Sequence[tuple[Words, int | None]]
    is_public: bool
    looked_at: int
    # of them: where it stands among the first five as it is
    now: int
    chances: Sequence[Chance]


@dataclass(frozen=True)
class _Build:
    """A verified build that is not there yet; see rules.Record."""

    region: str
    ksic: str
    size: SizeClass | None
    technologies: Sequence[str]
    achieved_level: int | None
    passed_first_audit: bool | None = True
    aftercare_hours: int | None = None
    is_on_time: bool | None = True
    is_level_reached: bool | None = True


def own(actor: Actor) -> Exposure | None:
    """The exposure of the actor's own listing; None while there is none."""
    listing = directory.own(actor) if actor.has(*SUPPLIER) else None
    if listing is None:
        return None
    plan = night.current()
    planned = plan and session.scalar(
        sa.select(NightlyListing).where(NightlyListing.plan_id == plan.id, NightlyListing.listing_id == listing.id)
    )
    names, rows = directory.Names(), _impressions(listing.id)
    is_public = listing.id in {row.id for row in directory.public_rows(actor, [listing.id])}
    asked = _companies(plan) if plan and is_public else []
    one = queries.candidates_of([listing])[0]
    return Exposure(
        listing=listing,
        since=timedelta(days=DAYS),
        shown=_by_kind(rows),
        technologies=_most(rows, "technology", names.technology),
        regions=_most(rows, "region", names.region),
        plan=plan,
        planned=planned,
        kept_out=[
            (sentence(code), count if count >= FEWEST else None)
            for code, count in sorted((planned.kept_out if planned else {}).items())
        ],
        is_public=is_public,
        looked_at=len(asked),
        now=_among_first(one, asked, plan) if asked else 0,
        chances=_chances(one, asked, plan, names) if asked else [],
    )


def _impressions(listing_id: int) -> Sequence[Impression]:
    since = clock.today() - timedelta(days=DAYS)
    return session.scalars(
        sa.select(Impression).where(Impression.listing_id == listing_id, Impression.day > since)
    ).all()


def _by_kind(rows: Sequence[Impression]) -> list[Shown]:
    found = []
    for kind in ImpressionKind:
        places: Counter[int] = Counter()
        for row in rows:
            if row.kind is kind:
                places[row.place] += row.shown
        times = places.total()
        first = sum(count for place, count in places.items() if place <= PER_COMPANY)
        middle = sorted(places.elements())[times // 2] if times else 0
        found.append(Shown(kind, times, first, middle))
    return found


def _most(rows: Sequence[Impression], field: str, name: Callable[[str], Words]) -> list[tuple[Words, int]]:
    counted: Counter[str] = Counter()
    for row in rows:
        if code := getattr(row, field):
            counted[code] += row.shown
    told = [one for one in counted.items() if one[1] >= FEWEST]
    return [(name(code), count) for code, count in sorted(told, key=lambda one: (-one[1], one[0]))[:5]]


def _companies(plan: NightlyPlan) -> list[tuple[Need, float | None]]:
    """Some companies of the plan, evenly over all, with what it takes to stand in their first five."""
    ids = session.scalars(
        sa.select(NightlyCompany.id).where(NightlyCompany.plan_id == plan.id).order_by(NightlyCompany.id)
    ).all()
    step = max(1, len(ids) // ASKED)
    rows = session.scalars(sa.select(NightlyCompany).where(NightlyCompany.id.in_(ids[::step][:ASKED])))
    return [(need_from(row.organisation_id, json.loads(row.need)), row.threshold) for row in rows]


def _chances(
    one: Candidate, asked: Sequence[tuple[Need, float | None]], plan: NightlyPlan, names: directory.Names
) -> list[Chance]:
    """What would bring the listing to more companies, the most first; what would not is left out."""
    before = _among_first(one, asked, plan)
    found = []
    for what, how, changed in _changes(one, asked, names):
        after = _among_first(changed, asked, plan)
        if after > before:
            found.append(Chance(what, how, before, after))
    return sorted(found, key=lambda chance: (-chance.gain, chance.what.ko))


def _among_first(one: Candidate, asked: Sequence[tuple[Need, float | None]], plan: NightlyPlan) -> int:
    """For how many companies it reaches the score of their first five."""
    count = 0
    for need, threshold in asked:
        if gate(need, one) is None:
            points = sum(part.points for part in parts_of(need, one, mean=plan.figures["mean"], technology_names={}))
            count += threshold is None or round(points, 2) >= threshold
    return count


def _changes(
    one: Candidate, asked: Sequence[tuple[Need, float | None]], names: directory.Names
) -> list[tuple[Words, Words, Candidate]]:
    changes: list[tuple[Words, Words, Candidate]] = []
    if one.is_grey:
        how = say("우리 등록정보에서 ‘지금도 맞습니다’를 누르세요.", "Press “still right” on your listing.")
        what = say("내용이 지금도 맞다고 확인하기", "Confirm that your listing is still right")
        changes.append((what, how, replace(one, is_grey=False)))
    if one.open_slots <= 0:
        what = say("이번 달에 맡을 수 있는 과제 수 적기", "State capacity for this month")
        how = say("맡을 수 있을 때만 적어 주세요.", "Only state it when you can take work on.")
        changes.append((what, how, replace(one, open_slots=1, is_grey=False)))
    if NATIONWIDE not in one.regions:
        what = say("서비스 지역을 전국으로 넓히기", "Serve the whole country")
        how = say("정말로 갈 수 있는 곳만 적어 주세요.", "Only state where you really go.")
        changes.append((what, how, replace(one, regions=[*one.regions, NATIONWIDE])))
    able = replace(one, is_grey=False, open_slots=max(one.open_slots, 1))
    start = able if one.is_grey or one.open_slots <= 0 else one
    reachable = [need for need, _ in asked if gate(need, start) is None]
    for code, division, size, level in _wanted(one, reachable):
        build = _Build("", division, size, (code,), level)
        what = say(
            "{sector}에서 {technology} 구축을 한 건 더 확인받기", "One more verified build: {technology} in {sector}"
        )
        how = say(
            "감리를 한 번에 통과하고 기한과 목표 수준을 지킨 구축이면 그렇습니다. 지난 구축도 확인받을 수 있습니다.",
            "If it passes its audit at once, on time and at its level. An earlier build can be verified, too.",
        )
        named = what.format(sector=names.sector(division), technology=names.technology(code))
        changes.append((named, how, replace(one, records=[*one.records, build])))
    if one.records:
        what = say(
            "구축 뒤 도움 요청에 24시간 안에 답한 기록 한 건", "One record of help within 24 hours after a build"
        )
        how = say("사후관리 기록이 확인되면 약속보다 크게 셉니다.", "Verified after-care counts more than a promise.")
        quick = [_with_help(record) for record in one.records]
        changes.append((what, how, replace(one, records=quick)))
    elif not one.aftercare_hours or one.aftercare_hours > 24:
        what = say("24시간 안에 돕겠다고 약속하기", "Promise help within 24 hours")
        how = say("지킬 수 있을 때만 적어 주세요. 확인되기 전에는 절반만 셉니다.", "Until verified it counts by half.")
        changes.append((what, how, replace(one, aftercare_hours=24)))
    return changes


def _wanted(one: Candidate, needs: Sequence[Need]) -> list[tuple[str, str, SizeClass | None, int]]:
    """The technologies that it says it can do and that are needed most, each with its commonest kind of company.

    Notes: what fewer than FEWEST companies of a sector need is nobody else's to know
    """
    weights: Counter[str] = Counter()
    kinds: dict[str, Counter[tuple[str, SizeClass | None, int]]] = {}
    needing = Counter((code, need.ksic[:2]) for need in needs if need.ksic for code in need.technologies)
    for need in needs:
        for code, weight in need.technologies.items():
            if code in one.technologies and need.ksic and needing[code, need.ksic[:2]] >= FEWEST:
                weights[code] += weight
                kind = (need.ksic[:2], need.size, need.target_level or 1)
                kinds.setdefault(code, Counter())[kind] += 1
    most = sorted(weights, key=lambda code: (-weights[code], code))[:BUILDS_TRIED]
    return [(code, *min(kinds[code], key=lambda kind: (-kinds[code][kind], str(kind)))) for code in most]


def _with_help(record: object) -> _Build:
    return _Build(
        record.region,
        record.ksic,
        record.size,
        record.technologies,
        record.achieved_level,
        record.passed_first_audit,
        24,
        record.is_on_time,
        record.is_level_reached,
    )
