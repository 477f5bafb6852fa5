"""What a company needs, what a supplier offers, and which suppliers can't be proposed at all. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol

from portal.accounts.rules import SME, SUPPLIER, Role
from portal.base.words import Words, define, say
from portal.directory.oversight import Mark
from portal.directory.rules import NATIONWIDE
from portal.reference.rules import SizeClass

RULES_VERSION = "2026-11c"
KEPT = 20
NEWCOMER_EVERY = 5
# Scores that lie closer together than this say nothing about who is better.
NEAR_TIE = 1.0

PERMISSIONS: dict[str, frozenset[str]] = {
    "matching:own:read": SME,
    "matching:own:rank": SME,
    "matching:choice:read": SME | {Role.OPERATOR_NATIONAL, Role.AUDITOR},
    "matching:shown:read": SUPPLIER,
    "matching:night:read": frozenset({Role.OPERATOR_NATIONAL, Role.AUDITOR}),
    "matching:night:run": frozenset({Role.OPERATOR_NATIONAL}),
}

# The recommended five of a night; a company that is shown among them is a lead.
PER_COMPANY = 5
# Recommendations that one place for a project is worth: half of the companies ask, and one of five asked is built for.
TALKS_PER_SLOT = 10
# No supplier gets more than this many times its even share of a night, however many places it states.
MOST_SHARES = 3
MAX_WRITTEN = 1000


class Cause(StrEnum):
    """Why a shortlist was made."""

    SUGGESTION = "suggestion"
    DECISION = "decision"
    ASKED = "asked"
    WRITTEN = "written"

    @property
    def label(self) -> Words:
        return CAUSE_LABELS[self]


CAUSE_LABELS = {
    Cause.SUGGESTION: say("진단 결과를 보고", "After the diagnosis"),
    Cause.DECISION: say("평가 결정을 보고", "After the decision"),
    Cause.ASKED: say("다시 찾아 달라고 해서", "Asked for again"),
    Cause.WRITTEN: say("적어 주신 필요를 보고", "After you wrote what you need"),
}


class NightState(StrEnum):
    """Of one nightly plan."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"

    @property
    def label(self) -> Words:
        return NIGHT_LABELS[self]

    @property
    def tone(self) -> str:
        return {"done": "success", "failed": "danger", "running": "info"}.get(self.value, "neutral")


NIGHT_LABELS = {
    NightState.WAITING: say("차례를 기다림", "Waiting"),
    NightState.RUNNING: say("만드는 중", "Running"),
    NightState.DONE: say("끝남", "Done"),
    NightState.FAILED: say("끝내지 못함", "Failed"),
}


class NightStep(StrEnum):
    """What a nightly plan is at."""

    NEEDS = "needs"
    ARCS = "arcs"
    FLOW = "flow"
    KEEPING = "keeping"

    @property
    def label(self) -> Words:
        return STEP_LABELS[self]


STEP_LABELS = {
    NightStep.NEEDS: say("기업의 필요를 모으는 중", "Gathering what companies need"),
    NightStep.ARCS: say("기업마다 공급기업에 점수를 매기는 중", "Scoring suppliers for each company"),
    NightStep.FLOW: say("상담 자리를 나누는 중", "Sharing out consultations"),
    NightStep.KEEPING: say("추천을 바꾸어 넣는 중", "Putting the recommendations in place"),
}

GATES = define(
    {
        "match_no_capacity": say("지금 새 과제를 맡을 여력이 없음", "No capacity for new work now"),
        "match_not_confirmed": say("180일 넘게 내용을 확인하지 않음", "Not confirmed for more than 180 days"),
        "match_region": say("우리 지역에서 일하지 않음", "Does not serve this region"),
        "match_own": say("우리 회사와 같은 기관", "The same organisation"),
        "match_mark": say(
            "신청한 사업이 요구하는 확인된 표시가 없음", "Lacks a verified mark that the programme asks for"
        ),
    }
)
CODES = define(
    {
        "match_needs_diagnosis": say(
            "진단을 마치거나 필요한 것을 적으면 맞는 공급기업을 찾아 드립니다.",
            "Finish the diagnosis, or write what you need, and we will find fitting suppliers.",
        ),
        "match_written_long": say("{limit}자까지 적을 수 있습니다.", "At most {limit} characters."),
        "match_nothing_to_keep": say("남길 추천 목록이 없습니다.", "There is no list to keep."),
        "night_nobody_fits": say("맡을 수 있는 공급기업이 없음", "No supplier can take it on"),
        "night_full": say("맞는 공급기업의 상담 자리가 모두 참", "Every fitting supplier's consultations are given"),
        "night_running": say("이미 만들고 있습니다. 끝나면 이 화면에 나옵니다.", "It is being made already."),
    }
)


class Record(Protocol):
    """A verified build, as `directory.models.TrackRecord` holds it."""

    region: str
    ksic: str
    size: SizeClass | None
    technologies: Sequence[str]
    achieved_level: int | None
    passed_first_audit: bool | None
    aftercare_hours: int | None

    @property
    def is_on_time(self) -> bool | None: ...

    @property
    def is_level_reached(self) -> bool | None: ...


@dataclass(frozen=True)
class Need:
    """What a company looks for.

    technologies: code → weight; the weights sum to 1, or nothing is known
    items       : code → the diagnosis items that it would lift
    regions     : every region key that the company lies in (시군구, 시도, successors)
    target_level: system level (0–4) that it wants to reach
    required    : marks that the programme it has applied for asks of a supplier
    """

    organisation_id: int
    technologies: Mapping[str, float] = field(default_factory=dict)
    items: Mapping[str, Sequence[str]] = field(default_factory=dict)
    regions: frozenset[str] = frozenset()
    ksic: str | None = None
    size: SizeClass | None = None
    target_level: int | None = None
    required: frozenset[Mark] = frozenset()


@dataclass(frozen=True)
class Candidate:
    """A public supplier.

    technologies: code → own estimate 1–5
    regions     : 시도 keys that it serves, or "nationwide"
    home        : every region key that its seat lies in
    records     : verified builds
    aftercare_hours: what it promises
    marks       : verified and valid today
    """

    id: int
    key: str
    organisation_id: int
    open_slots: int
    is_grey: bool
    technologies: Mapping[str, int]
    sectors: Sequence[str]
    regions: Sequence[str]
    home: frozenset[str]
    records: Sequence[Record]
    aftercare_hours: int | None = None
    marks: frozenset[Mark] = frozenset()

    @property
    def is_newcomer(self) -> bool:
        return not self.records


def gate(need: Need, candidate: Candidate) -> str | None:
    """The code of why a supplier can't be proposed, None when it can. A gate is never a lower rank.

    Suspended suppliers and those under a sanction never get here: they are no longer public.
    """
    if candidate.organisation_id == need.organisation_id:
        return "match_own"
    if candidate.is_grey:
        return "match_not_confirmed"
    if candidate.open_slots <= 0:
        return "match_no_capacity"
    if NATIONWIDE not in candidate.regions and need.regions.isdisjoint(candidate.regions):
        return "match_region"
    if not need.required <= candidate.marks:
        return "match_mark"
    return None


def seed_of(day: date) -> str:
    """The published seed by which near-ties rotate: the day itself, so that everybody can check the order."""
    return day.isoformat()


def draw_of(seed: str, key: str) -> str:
    """The draw by which near-ties are ordered, smallest first: anybody can work it out (SHA-256 of "seed:key")."""
    return hashlib.sha256(f"{seed}:{key}".encode()).hexdigest()


def number_of(seed: str) -> int:
    """A published seed as the whole number that the nightly plan draws by."""
    return int(hashlib.sha256(seed.encode()).hexdigest()[:12], 16)


def talks(open_slots: Sequence[int], companies: int) -> list[int]:
    """How many companies each supplier may be recommended to in one night.

    open_slots: places for projects this month, of each supplier that can be proposed
    Notes     : a supplier that states very many places gets `MOST_SHARES` even shares at most, so that stating more
                does not bring more; with few companies everybody may have `PER_COMPANY`
    """
    able = sum(slots > 0 for slots in open_slots)
    if not able:
        return [0] * len(open_slots)
    most = max(PER_COMPANY, -(-MOST_SHARES * companies * PER_COMPANY // able))
    return [min(max(slots, 0) * TALKS_PER_SLOT, most) for slots in open_slots]


MOST_TECHNOLOGIES = 8


def weigh(
    moves: Sequence[tuple[str, float, Sequence[str]]], lost: Sequence[tuple[str, float, Sequence[str]]]
) -> tuple[dict[str, float], dict[str, tuple[str, ...]]]:
    """Turn a diagnosis into needed technologies.

    moves, lost: (item, weight, technologies that lift it); moves are the steps that the result page proposes and
    count double. The weight of an item is shared by its technologies.
    Returns: code → weight (the `MOST_TECHNOLOGIES` heaviest, summing to 1), code → items.
    """
    weights: dict[str, float] = {}
    items: dict[str, dict[str, None]] = {}
    for factor, rows in ((2.0, moves), (1.0, lost)):
        total = sum(weight for _, weight, codes in rows if codes)
        for item, weight, codes in rows:
            for code in codes:
                weights[code] = weights.get(code, 0.0) + factor * weight / total / len(codes)
                items.setdefault(code, {}).setdefault(item)
    kept = sorted(weights, key=lambda code: (-weights[code], code))[:MOST_TECHNOLOGIES]
    total = sum(weights[code] for code in kept)
    if not total:
        return {}, {}
    return {code: round(weights[code] / total, 6) for code in kept}, {code: tuple(items[code]) for code in kept}


def with_written(weights: Mapping[str, float], written: Sequence[str]) -> dict[str, float]:
    """Add what a company wrote itself: its own words weigh as much as the whole diagnosis.

    weights: of the diagnosis, summing to 1, or nothing
    written: codes of technologies found in its text
    """
    if not written:
        return dict(weights)
    half = 0.5 if weights else 1.0
    mixed = {code: weight * half for code, weight in weights.items()}
    for code in written:
        mixed[code] = mixed.get(code, 0.0) + half / len(written)
    kept = sorted(mixed, key=lambda code: (-mixed[code], code))[:MOST_TECHNOLOGIES]
    total = sum(mixed[code] for code in kept)
    return {code: round(mixed[code] / total, 6) for code in kept}
