"""What a company needs, what a supplier offers, and which suppliers can't be proposed at all. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol

from portal.accounts.rules import SME
from portal.base.words import Words, define, say
from portal.directory.rules import NATIONWIDE
from portal.reference.rules import SizeClass

RULES_VERSION = "2026-11"
KEPT = 20
NEWCOMER_EVERY = 5
# Scores that lie closer together than this say nothing about who is better.
NEAR_TIE = 1.0

PERMISSIONS: dict[str, frozenset[str]] = {
    "matching:own:read": SME,
    "matching:own:rank": SME,
}


class Cause(StrEnum):
    """Why a shortlist was made."""

    SUGGESTION = "suggestion"
    DECISION = "decision"
    ASKED = "asked"

    @property
    def label(self) -> Words:
        return CAUSE_LABELS[self]


CAUSE_LABELS = {
    Cause.SUGGESTION: say("진단 결과를 보고", "After the diagnosis"),
    Cause.DECISION: say("평가 결정을 보고", "After the decision"),
    Cause.ASKED: say("다시 찾아 달라고 해서", "Asked for again"),
}

GATES = define(
    {
        "match_no_capacity": say("지금 새 과제를 맡을 여력이 없음", "No capacity for new work now"),
        "match_not_confirmed": say("180일 넘게 내용을 확인하지 않음", "Not confirmed for more than 180 days"),
        "match_region": say("우리 지역에서 일하지 않음", "Does not serve this region"),
        "match_own": say("우리 회사와 같은 기관", "The same organisation"),
    }
)
CODES = define(
    {
        "match_needs_diagnosis": say(
            "진단을 마치면 맞는 공급기업을 찾아 드립니다.", "Finish the diagnosis and we will find fitting suppliers."
        ),
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
    """

    organisation_id: int
    technologies: Mapping[str, float] = field(default_factory=dict)
    items: Mapping[str, Sequence[str]] = field(default_factory=dict)
    regions: frozenset[str] = frozenset()
    ksic: str | None = None
    size: SizeClass | None = None
    target_level: int | None = None


@dataclass(frozen=True)
class Candidate:
    """A public supplier.

    technologies: code → own estimate 1–5
    regions     : 시도 keys that it serves, or "nationwide"
    home        : every region key that its seat lies in
    records     : verified builds
    aftercare_hours: what it promises
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
    return None


def seed_of(day: date) -> str:
    """The published seed by which near-ties rotate: the day itself, so that everybody can check the order."""
    return day.isoformat()


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
