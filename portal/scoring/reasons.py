"""Why this tier, and what would move the firm up: exact, because the score is additive.

Only codes and numbers are produced here, so that a stored suggestion replays to the byte whatever the wording becomes;
sentences are made when a page is rendered.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import EllipsisType
from typing import Any

from portal.programmes.rules import Tier
from portal.scoring import features
from portal.scoring.gates import CUTS, LEVEL_GATES, TIERS, Cuts, Facts, Judgement, barriers
from portal.scoring.instrument import TOTAL_PER_LEVEL, Assessment, Instrument, Standing

GOAL = {Tier.BASIC: 2, Tier.ADVANCED: 2, Tier.LEADING: 3, None: 4}
"""The level every item would have at the next tier; beyond LEADING the goal is 중간2."""
MOVES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Firm:
    """What is known of a firm when it is scored: the frozen input of a suggestion."""

    answers: dict[str, int | None]
    evidence: frozenset[str] = frozenset()
    rejected: frozenset[str] = frozenset()
    unsure: frozenset[str] = frozenset()
    pains: tuple[str, ...] = ()
    facts: Facts = field(default_factory=Facts)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Firm":
        """The firm in the stored inputs of a suggestion (`record.inputs`, or the same read back from JSON)."""
        facts = dict(given["facts"])
        if facts["exclusions"] is not None:
            facts["exclusions"] = tuple(facts["exclusions"])
        return cls(
            answers=dict(given["answers"]),
            evidence=frozenset(given["evidence"]),
            rejected=frozenset(given["rejected"]),
            unsure=frozenset(given["unsure"]),
            pains=tuple(given["pains"]),
            facts=Facts(**facts),
        )


Heard = Callable[[Sequence[float]], int]
"""Columns of a firm (`features.row`) → the tier that a learned champion says, 0–2 as in `TIERS`."""


def explain(
    instrument: Instrument,
    firm: Firm,
    found: Assessment,
    judged: Judgement,
    cuts: Cuts = CUTS,
    heard: Heard | None = None,
) -> dict[str, Any]:
    """The reasons of one suggestion as plain data.

    heard : the learned champion that speaks, if one does
    Returns: lost           points lost per item to the next tier's level, most first
             unmet, pending gates of the next tier and of the suggested one
             unproven       items claimed above the ceiling without evidence, with the points that proof would add
             rejected, unsure, contradictions : codes
             confidence     0–100, lowered by contradictions, bare claims and 모르겠음
             moves          what moves the firm up, cheapest first
             reaches        the tier when all moves are done
    """
    goal = GOAL[judged.next_tier]
    gain = Gains(instrument, found)
    unproven = [
        {"item": code, "level": level, "points": gain.points(code, level)}
        for code, level in found.face.items()
        if level > found.proven[code] and code not in firm.rejected
    ]
    contradictions = instrument.contradictions(found.face)
    moves, reaches = _moves(instrument, firm, found, judged, gain, cuts, heard)
    cost = instrument.settings["confidence"]
    doubt = (
        cost["contradiction"] * len(contradictions) + cost["bare"] * len(unproven) + cost["unsure"] * len(firm.unsure)
    )
    return {
        "next_tier": judged.next_tier.name if judged.next_tier else None,
        "lost": _lost(found, goal, gain),
        "unmet": [finding.gate for finding in judged.unmet(judged.next_tier)] if judged.next_tier else [],
        "pending": [finding.gate for finding in judged.pending(judged.tier)] if judged.tier else [],
        "unproven": unproven,
        "rejected": [code for code in found.face if code in firm.rejected],
        "unsure": [code for code in found.face if code in firm.unsure],
        "contradictions": list(contradictions),
        "confidence": max(0, 100 - doubt),
        "moves": moves,
        "reaches": reaches.name if reaches else None,
    }


class Gains:
    """What one firm gains by each item: its area's weight spread over the items that count."""

    def __init__(self, instrument: Instrument, found: Assessment) -> None:
        self._weighed, self._place = found.weighed, instrument.place
        self._weights = sum(area.weight for area in instrument.areas if area.code in found.areas)
        self.areas = [(area.weight, sum(code in found.weighed for code in area.items)) for area in instrument.areas]

    def points(self, code: str, level: float) -> float:
        """How many points of 1,000 an item gains when it counts as `level`."""
        weight, counted = self.areas[self._place[code]]
        return points_between(weight, counted, self._weights, self._weighed[code], level)

    def levels(self, code: str, level: float) -> float:
        """The same before it is made points: area weight × levels ÷ items."""
        weight, counted = self.areas[self._place[code]]
        return weight * (level - self._weighed[code]) / counted


def points_between(weight: int, counted: int, weights: int, now: float, level: float) -> float:
    """Points of 1,000 between two levels of an item; the one place that rounds them."""
    return round(TOTAL_PER_LEVEL * weight * (level - now) / (counted * weights), 4)


def _lost(found: Assessment, goal: int, gain: Gains) -> list[dict[str, Any]]:
    rows = [
        {"item": code, "now": value, "goal": goal, "points": gain.points(code, goal)}
        for code, value in found.weighed.items()
        if value < goal
    ]
    return sorted(rows, key=lambda row: -row["points"])


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """One item that could be raised. gain = area weight × (target − now) ÷ items × worry of the firm ÷ cost class."""

    item: str
    target: int
    proof_only: bool
    cost_class: int
    gain: float


def _moves(
    instrument: Instrument,
    firm: Firm,
    found: Assessment,
    judged: Judgement,
    gain: Gains,
    cuts: Cuts,
    heard: Heard | None,
) -> tuple[list[dict[str, Any]], Tier | None]:
    """A short path to the next tier: gates first, then the best gain for its cost, until the tier is reached.

    Each step is tried on the instrument itself, so what the page promises is what the scorer would say.
    """
    tier = judged.next_tier
    trial = _Trial(instrument, firm, found, judged, cuts, heard)
    ways = _ways(instrument, firm, found, GOAL[tier], tier, gain, cuts)
    chosen: list[_Way] = []
    while ways and (len(chosen) < MOVES_SHOWN if tier is None else trial.is_below(tier)):
        wanted = _wanted(instrument, trial, tier, ways, cuts)
        if not wanted:
            break
        if heard and tier is not None and not trial.unmet(tier):
            chosen += trial.convince(sorted(wanted, key=lambda one: -one.gain), tier)
            break
        way = max(wanted, key=lambda one: one.gain)
        ways.remove(way)
        chosen.append(way)
        trial.prove(way.item, max(way.target, found.face[way.item]))
    chosen.sort(key=lambda way: (way.cost_class, not way.proof_only, -way.gain))
    return [_shown(instrument, found, way, gain) for way in chosen], trial.tier


def _shown(instrument: Instrument, found: Assessment, way: _Way, gain: Gains) -> dict[str, Any]:
    now, claimed = found.proven[way.item], found.face[way.item]
    return {
        "item": way.item,
        "kind": "evidence" if way.proof_only else "change",
        "now": now,
        "claimed": claimed,
        "target": way.target,
        "points": gain.points(way.item, max(way.target, claimed) if way.proof_only else way.target),
        "gain": way.gain,
        "cost_class": way.cost_class,
        "technologies": [] if way.proof_only else list(instrument.technologies(way.item, now, way.target)),
    }


class _Trial:
    """The firm as it would be after the moves chosen so far, and how it would be judged."""

    def __init__(
        self,
        instrument: Instrument,
        firm: Firm,
        found: Assessment,
        judged: Judgement,
        cuts: Cuts,
        heard: Heard | None,
    ) -> None:
        self._instrument, self._facts, self._cuts, self._heard = instrument, firm.facts, cuts, heard
        self._face = found.face
        self.state = Standing(instrument, found)
        self._unmet = {tier: tuple(finding.gate for finding in judged.unmet(tier)) for tier in TIERS}
        self._tier: Tier | EllipsisType | None = judged.tier

    @property
    def tier(self) -> Tier | None:
        if self._tier is ...:
            level = self._heard(self._columns()) if self._heard else len(TIERS) - 1
            self._tier = _up_to(level, self._unmet)
        return self._tier

    def _columns(self) -> list[float]:
        return features.row(self._instrument, self.state)

    def is_below(self, tier: Tier) -> bool:
        if all(self._unmet[one] for one in TIERS[TIERS.index(tier) :]):
            return True  # whatever the champion says
        return self.tier is None or TIERS.index(self.tier) < TIERS.index(tier)

    def unmet(self, tier: Tier) -> tuple[str, ...]:
        return self._unmet[tier]

    def prove(self, code: str, level: int) -> None:
        """Raise one item, with its evidence."""
        self.state.prove(code, level)
        barred = barriers(self.state, self._facts, self._cuts)
        if self._heard:
            barred = {tier: tuple(gate for gate in gates if gate not in LEVEL_GATES) for tier, gates in barred.items()}
        self._unmet, self._tier = barred, ...

    def convince(self, ways: list[_Way], tier: Tier) -> list[_Way]:
        """The first of these ways that bring the champion to a tier whose gates are open; all when they don't.

        Notes: it never falls when an item rises, so it is asked O(log n) times
        """
        steps = []
        for way in ways:
            self.prove(way.item, max(way.target, self._face[way.item]))
            steps.append((self._columns(), self._unmet))
        taken = bisect_left(steps, TIERS.index(tier), hi=len(steps) - 1, key=lambda step: self._heard(step[0]))
        columns, self._unmet = steps[taken]
        self._tier = _up_to(self._heard(columns), self._unmet)
        return ways[: taken + 1]


def _up_to(level: int, unmet: Mapping[Tier, Collection[str]]) -> Tier | None:
    """The highest tier up to a level without a gate that bars it."""
    return next((tier for tier in reversed(TIERS[: level + 1]) if not unmet[tier]), None)


def _ways(
    instrument: Instrument,
    firm: Firm,
    found: Assessment,
    goal: int,
    tier: Tier | None,
    gain: Gains,
    cuts: Cuts,
) -> list[_Way]:
    ways = []
    needed = {item: need for item, need in cuts.item_needed.get(tier, {}).values()}
    for code, proven in found.proven.items():
        target = max(goal, needed.get(code, 0))
        if proven >= target:
            continue
        proof_only = found.face[code] >= target
        cost_class = 1 if proof_only else instrument.questions.items[code].cost_class
        lifted = gain.levels(code, target) * instrument.pain_weight(code, firm.pains)
        ways.append(_Way(code, target, proof_only, cost_class, round(lifted / cost_class, 4)))
    return ways


def _wanted(instrument: Instrument, trial: _Trial, tier: Tier | None, ways: list[_Way], cuts: Cuts) -> list[_Way]:
    """The ways that help with what stands in the way first; empty when only facts stand in the way."""
    if tier is None:
        return ways
    unmet = trial.unmet(tier)
    if not unmet:  # the gates are open, a learned champion still is not convinced
        return ways
    blockers = {item for gate, (item, _) in cuts.item_needed.get(tier, {}).items() if gate in unmet}
    if direct := [way for way in ways if way.item in blockers]:
        return direct
    if "G1" in unmet:
        needed = cuts.system_needed[tier]
        rule = next(row for row in instrument.settings["system_levels"] if row["level"] == needed)
        must = {code for code, least in rule["items"].items() if trial.state.proven[code] < least}
        if direct := [way for way in ways if way.item in must]:
            return direct
        return [way for way in ways if way.item in instrument.system_items]
    if "G2" in unmet:
        need = cuts.leading_total if tier is Tier.LEADING else cuts.advanced_total
        weak = () if trial.state.total < need else _weak_areas(instrument, trial.state)
        return [way for way in ways if not weak or instrument.questions.items[way.item].area in weak]
    return []


def _weak_areas(instrument: Instrument, state: Standing) -> Collection[str]:
    means = {}
    for area in instrument.settings["capability"]["areas"]:
        values = [state.proven[code] for code in instrument.questions.area(area).items if code in state.proven]
        if values:
            means[area] = sum(values) / len(values)
    return [area for area, mean in means.items() if mean == min(means.values())]
