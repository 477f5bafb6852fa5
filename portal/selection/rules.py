"""Who is funded: the order of a call's applications, the budget and the places of each tier, and who moves up.

Source: 후보 (reserve) and 가점 (bonus, 5 points at most) of domain practice; the rule for ties is data of the call and
printed on every page that shows a ranking.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from portal.accounts.rules import OPERATOR, Role
from portal.base.access import YES, Verdict, no
from portal.base.words import Words, define, say
from portal.evaluation.phases import TieRule
from portal.evaluation.rules import REASON_LENGTH, Outcome, Standing, reason_is_long_enough
from portal.programmes.rules import Tier

PERMISSIONS: dict[str, frozenset[str]] = {
    "selection:progress:read": OPERATOR | {Role.AUDITOR},
    "selection:ranking:make": OPERATOR,
    "selection:ranking:approve": frozenset({Role.LEAD_EVALUATOR}),
}

PAGE_SIZE = 100
SMALLEST_FIELD = 8
"""Below this number of ranked applications no band is told: a quarter of seven would point at somebody."""
WHAT_IFS = (0.8, 0.9, 1.0, 1.1, 1.2)
"""Shares of the budget that the page works through beside the real one."""

TOTAL_RULE = say("가점을 더한 점수가 높은 순서입니다.", "The higher total with its bonus comes first.")
ORDER_RULE = say(
    "순서대로 예산을 씁니다. 예산이 모자라는 첫 기업부터는 후보가 되고, 뒤의 기업이 앞지르지 않습니다.",
    "The budget is spent in this order. From the first firm that no longer fits, all are reserves; nobody overtakes.",
)


class RankingState(StrEnum):
    """PROPOSED by an operator, then APPROVED (it decides) or RETURNED by the call's chair, or taken BACK."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    RETURNED = "returned"
    TAKEN_BACK = "taken_back"

    @property
    def label(self) -> Words:
        return STATE_WORDS[self][0]

    @property
    def tone(self) -> str:
        """The colour of its badge."""
        return STATE_WORDS[self][1]


STATE_WORDS = {
    RankingState.PROPOSED: (say("승인 대기", "Waits for approval"), "warn"),
    RankingState.APPROVED: (say("확정", "Approved"), "success"),
    RankingState.RETURNED: (say("되돌림", "Sent back"), "danger"),
    RankingState.TAKEN_BACK: (say("거둠", "Taken back"), "neutral"),
}
RUNNING = (RankingState.PROPOSED, RankingState.APPROVED)


class Limit(StrEnum):
    """What keeps a recommended application from being selected."""

    BUDGET = "budget"
    PLACES = "places"

    @property
    def label(self) -> Words:
        return LIMIT_LABELS[self]


LIMIT_LABELS = {
    Limit.BUDGET: say("예산이 모자람", "The budget is used up"),
    Limit.PLACES: say("유형별 자리가 참", "The places of the tier are taken"),
}


class Ground(StrEnum):
    """What a bonus is given for (가점)."""

    ROOT_INDUSTRY = "root_industry"
    EXPORTER = "exporter"
    CRISIS_REGION = "crisis_region"
    JOBS = "jobs"
    SOCIAL = "social"
    AWARD = "award"
    SAFETY = "safety"
    LOCAL_STRATEGY = "local_strategy"

    @property
    def label(self) -> Words:
        return GROUNDS[self][0]

    @property
    def most(self) -> float:
        return GROUNDS[self][1]


# Kinds as printed in notices of 2019-2026; the points are the portal's own (exporters: 3, notice of 2019).
GROUNDS: dict[Ground, tuple[Words, float]] = {
    Ground.ROOT_INDUSTRY: (say("뿌리기업", "Root industry"), 2.0),
    Ground.EXPORTER: (say("수출기업", "Exporter"), 3.0),
    Ground.CRISIS_REGION: (say("산업위기·특별지역", "Region in industrial crisis"), 2.0),
    Ground.JOBS: (say("일자리·청년 고용 우수", "Jobs for young people"), 1.0),
    Ground.SOCIAL: (say("여성·장애인·사회적기업", "Firm of women, people with disabilities, or social"), 1.0),
    Ground.AWARD: (say("우수기업 포상", "Award as an excellent firm"), 1.0),
    Ground.SAFETY: (say("재해예방·탄소 감축 우수", "Safety or carbon record"), 1.0),
    Ground.LOCAL_STRATEGY: (say("지역 전략산업", "Strategic industry of the region"), 1.0),
}

CODES = define(
    {
        "selection_not_ranked": say(
            "순위로 뽑지 않는 공고입니다. 위원장이 건마다 결정합니다.",
            "This call is not ranked; the chair decides case by case.",
        ),
        "selection_open_cases": say(
            "아직 위원장이 확정하지 않은 신청이 {count}건 있습니다.",
            "{count} applications have not been finalised by their chair yet.",
        ),
        "selection_nothing": say("순위를 매길 신청이 없습니다.", "There is nothing to rank."),
        "selection_running": say("이 공고에는 이미 순위안이 있습니다.", "This call has a ranking already."),
        "selection_ended": say("이미 처리한 순위안입니다.", "This ranking has been dealt with already."),
        "selection_changed": say(
            "그사이 점수나 가점, 신청 상태가 바뀌었습니다. 순위안을 거두고 다시 만들어 주세요.",
            "Totals, bonuses or applications have changed since. Take the ranking back and make it anew.",
        ),
        "selection_not_neutral": say(
            "이 공고의 신청을 배정하거나 평가한 사람은 순위를 승인할 수 없습니다.",
            "Who assigned or reviewed applications of this call can't approve its ranking.",
        ),
        "selection_not_chair": say("평가위원장만 순위를 승인할 수 있습니다.", "Only a chair can approve a ranking."),
        "selection_budget": say("예산을 1원 이상으로 적어 주세요.", "The budget must be at least 1 won."),
        "selection_budget_spent": say(
            "이미 {spent}원을 선정 기업에 배정했습니다. 그보다 적게 줄일 수 없습니다.",
            "{spent} won are given to selected firms already; the budget can't be lower.",
        ),
        "selection_bonus_points": say("가점은 0점에서 {most}점까지입니다.", "The bonus goes from 0 to {most} points."),
        "selection_bonus_closed": say(
            "순위가 승인을 기다리거나 확정되어 가점을 바꿀 수 없습니다.",
            "The ranking waits for approval or is approved; the bonus can't change.",
        ),
        "selection_reason_short": say(
            "사유를 {least}자 이상 적어 주세요. 지금은 {count}자입니다.",
            "Give a reason of at least {least} characters; there are {count} now.",
        ),
    }
)

# --- the order ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Candidate:
    """One application with its chair's finding.

    total      : mean of the reviews, 0–100
    critical   : sum of the mean points of the critical criteria
    bonus      : as granted, before the cap
    subsidy    : what the firm would get, in won
    recommended: whether the chair finds it worth funding
    """

    id: int
    number: str
    total: float
    tier: Tier
    subsidy: int
    submitted_at: datetime
    recommended: bool = True
    critical: float = 0.0
    bonus: float = 0.0

    def with_bonus(self, cap: float) -> float:
        return round(self.total + min(max(self.bonus, 0.0), cap), 2)


@dataclass(frozen=True)
class Terms:
    """What a call's ranking goes by.

    budget  : won to give; places: the most of each tier, a tier without an entry has no limit
    cap     : the most bonus points in total; ties: who comes first when totals are equal
    reserves: how long the reserve list may be; None: everybody who was recommended
    """

    budget: int
    places: Mapping[Tier, int] = field(default_factory=dict)
    cap: float = 5.0
    ties: TieRule = TieRule.CRITICAL
    reserves: int | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "budget": self.budget,
            "places": {tier.value: most for tier, most in sorted(self.places.items())},
            "cap": self.cap,
            "ties": self.ties.value,
            "reserves": self.reserves,
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Terms:
        places = {Tier(tier): most for tier, most in kept["places"].items()}
        return cls(kept["budget"], places, kept["cap"], TieRule(kept["ties"]), kept["reserves"])


@dataclass(frozen=True)
class Place:
    """One line of a ranking. rank: None for who was not recommended; reserve: place on the reserve list, from 1."""

    candidate: Candidate
    total: float
    outcome: Outcome
    rank: int | None = None
    reserve: int | None = None
    limit: Limit | None = None


@dataclass(frozen=True)
class Result:
    """A whole ranking. cutoff: the lowest total, bonus included, that is selected; None when none is."""

    places: tuple[Place, ...]
    budget: int
    spent: int
    cutoff: float | None

    @property
    def left(self) -> int:
        return self.budget - self.spent

    def count(self, outcome: Outcome) -> int:
        return sum(place.outcome == outcome for place in self.places)

    def places_by_tier(self) -> Counter[Tier]:
        return Counter(place.candidate.tier for place in self.places if place.outcome is Outcome.SELECTED)


def in_order(candidates: Iterable[Candidate], terms: Terms) -> list[Candidate]:
    """By total with bonus; ties by the call's rule, at last by receipt number, so that the order is always the same."""
    by_points = terms.ties is TieRule.CRITICAL
    return sorted(
        candidates,
        key=lambda one: (
            -one.with_bonus(terms.cap),
            -one.critical if by_points else 0.0,
            one.submitted_at,
            one.number,
        ),
    )


def fits(
    candidates: Sequence[Candidate], budget: int, places: Mapping[Tier, int], taken: Mapping[Tier, int] | None = None
) -> list[Limit | None]:
    """For each candidate of an ordered list what keeps it out; None: it is selected.

    budget: won still to give; places: the most of each tier (a tier without an entry has no limit); taken: already used
    Notes : a full tier lets the next of another tier come; a spent budget lets nobody overtake
    """
    used = Counter(taken or {})
    left, spent, found = budget, False, []
    for one in candidates:
        if one.tier in places and used[one.tier] >= places[one.tier]:
            found.append(Limit.PLACES)
        elif spent or one.subsidy > left:
            spent = True
            found.append(Limit.BUDGET)
        else:
            left -= one.subsidy
            used[one.tier] += 1
            found.append(None)
    return found


def rank(candidates: Iterable[Candidate], terms: Terms) -> Result:
    """The ranking of a call: the recommended ones in their order, then the others in theirs."""
    everybody = list(candidates)
    ordered = in_order((one for one in everybody if one.recommended), terms)
    lines: list[Place] = []
    spent, waiting, cutoff = 0, 0, None
    for number, (one, limit) in enumerate(
        zip(ordered, fits(ordered, terms.budget, terms.places), strict=True), start=1
    ):
        total = one.with_bonus(terms.cap)
        if limit is None:
            spent += one.subsidy
            cutoff = total
            lines.append(Place(one, total, Outcome.SELECTED, number))
        elif terms.reserves is not None and waiting >= terms.reserves:
            lines.append(Place(one, total, Outcome.REJECTED, number, limit=limit))
        else:
            waiting += 1
            lines.append(Place(one, total, Outcome.RESERVE, number, waiting, limit))
    others = in_order((one for one in everybody if not one.recommended), terms)
    lines += [Place(one, one.with_bonus(terms.cap), Outcome.REJECTED) for one in others]
    return Result(tuple(lines), terms.budget, spent, cutoff)


def what_if(candidates: Sequence[Candidate], terms: Terms, budgets: Iterable[int]) -> list[Result]:
    """The same ranking under other budgets."""
    return [rank(candidates, replace(terms, budget=budget)) for budget in budgets]


def next_up(reserves: Iterable[Candidate], terms: Terms, left: int, taken: Mapping[Tier, int]) -> list[Candidate]:
    """Who moves up from the reserve list, by the same rule as the ranking itself."""
    ordered = in_order(reserves, terms)
    return [one for one, limit in zip(ordered, fits(ordered, left, terms.places, taken), strict=True) if limit is None]


def on_appeal(
    candidate: Candidate, reserves: Iterable[Candidate], terms: Terms, left: int, taken: Mapping[Tier, int]
) -> Outcome:
    """Where an application stands that passes on appeal: selected when its turn has come, else on the reserve list."""
    others = [one for one in reserves if one.id != candidate.id]
    return Outcome.SELECTED if candidate in next_up([*others, candidate], terms, left, taken) else Outcome.RESERVE


# --- what the firm is told ----------------------------------------------------------------------------------


def band(rank: int, field: int) -> int | None:
    """The quarter of the field, 1 to 4; None in a field too small to hide anybody in."""
    return None if field < SMALLEST_FIELD else min(4, (rank - 1) * 4 // field + 1)


def standings(result: Result) -> dict[int, Standing]:
    """What each firm may know of its place, by application id; the field is everybody who was judged."""
    totals = sorted((place.total for place in result.places), reverse=True)
    return {
        place.candidate.id: Standing(
            band=band(totals.index(place.total) + 1, len(totals)),
            cutoff=result.cutoff,
            bonus=round(place.total - place.candidate.total, 2),
            reserve=place.reserve,
            subsidy=place.candidate.subsidy,
        )
        for place in result.places
    }


def digest(candidates: Iterable[Candidate], terms: Terms) -> str:
    """SHA-256 over everything that the ranking depends on."""
    rows = [
        [one.id, one.total, one.critical, one.bonus, one.tier.value, one.subsidy, one.recommended, one.number]
        for one in sorted(candidates, key=lambda one: one.id)
    ]
    known = json.dumps({"rows": rows, "terms": terms.as_dict()}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(known.encode()).hexdigest()


# --- who may --------------------------------------------------------------------------------------------------


def can_approve(actor_id: int | None, approver_id: int, maker_id: int | None, took_part: bool) -> Verdict:
    """Assigner ≠ reviewer ≠ approver, over the whole call. took_part: assigned or reviewed one of its applications."""
    if actor_id != approver_id or actor_id == maker_id or took_part:
        return no("selection_not_neutral")
    return YES


def reason_suffices(reason: str) -> Verdict:
    found = reason_is_long_enough(reason)
    return YES if found else no("selection_reason_short", least=REASON_LENGTH, count=found.values["count"])
