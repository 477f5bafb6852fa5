"""Why this tier, and what would move the firm up: exact, because the score is additive.

Only codes and numbers are produced here, so that a stored suggestion replays to the byte whatever the wording becomes;
sentences are made when a page is rendered.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from portal.programmes.rules import Tier
from portal.scoring.gates import ITEM_NEEDED, SYSTEM_NEEDED, TIERS, Facts, Judgement, judge
from portal.scoring.instrument import TOTAL_PER_LEVEL, Assessment, Instrument

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


def explain(instrument: Instrument, firm: Firm, found: Assessment, judged: Judgement) -> dict[str, Any]:
    """The reasons of one suggestion as plain data.

    Returns: lost           points lost per item to the next tier's level, most first
             unmet, pending gates of the next tier and of the suggested one
             unproven       items claimed above the ceiling without evidence, with the points that proof would add
             rejected, unsure, contradictions : codes
             confidence     0–100, lowered by contradictions, bare claims and 모르겠음
             moves          what moves the firm up, cheapest first
             reaches        the tier when all moves are done
    """
    goal = GOAL[judged.next_tier]
    unproven = [
        {"item": code, "level": level, "points": _points(instrument, found, code, level)}
        for code, level in found.face.items()
        if level > found.proven[code] and code not in firm.rejected
    ]
    contradictions = instrument.contradictions(found.face)
    moves, reaches = _moves(instrument, firm, found, judged, goal)
    cost = instrument.settings["confidence"]
    doubt = (
        cost["contradiction"] * len(contradictions) + cost["bare"] * len(unproven) + cost["unsure"] * len(firm.unsure)
    )
    return {
        "next_tier": judged.next_tier.name if judged.next_tier else None,
        "lost": _lost(instrument, found, goal),
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


def _points(instrument: Instrument, found: Assessment, code: str, level: int) -> float:
    """How many points of 1,000 an item gains when it counts as `level`."""
    area = instrument.questions.area(instrument.questions.items[code].area)
    counted = sum(other in found.weighed for other in area.items)
    weights = sum(a.weight for a in instrument.questions.areas if a.code in found.areas)
    return round(TOTAL_PER_LEVEL * area.weight * (level - found.weighed[code]) / (counted * weights), 4)


def _lost(instrument: Instrument, found: Assessment, goal: int) -> list[dict[str, Any]]:
    rows = [
        {"item": code, "now": value, "goal": goal, "points": _points(instrument, found, code, goal)}
        for code, value in found.weighed.items()
        if value < goal
    ]
    return sorted(rows, key=lambda row: -row["points"])


def _moves(
    instrument: Instrument, firm: Firm, found: Assessment, judged: Judgement, goal: int
) -> tuple[list[dict[str, Any]], Tier | None]:
    """A short path to the next tier: gates first, then the best gain for its cost, until the tier is reached.

    Each step is tried on the instrument itself, so what the page promises is what the scorer would say.
    gain = area weight × (target − now) ÷ items × worry chosen by the firm ÷ cost class
    """
    after, tier = firm, judged.next_tier
    chosen: list[dict[str, Any]] = []
    state, verdict = found, judged
    candidates = _candidates(instrument, firm, found, goal, tier)
    while candidates and (len(chosen) < MOVES_SHOWN if tier is None else tier in _below(verdict, tier)):
        wanted = _wanted(instrument, state, verdict, tier, candidates)
        if not wanted:
            break
        move = max(wanted, key=lambda row: row["gain"])
        candidates = [row for row in candidates if row is not move]
        chosen.append(move)
        after = Firm(
            answers=after.answers | {move["item"]: max(move["target"], found.face[move["item"]])},
            evidence=after.evidence | {move["item"]},
            rejected=after.rejected - {move["item"]},
            facts=after.facts,
        )
        state = instrument.assess(after.answers, after.evidence, after.rejected)
        verdict = judge(state, after.facts, after.rejected)
    chosen.sort(key=lambda row: (row["cost_class"], row["kind"] != "evidence", -row["gain"]))
    return chosen, verdict.tier


def _below(verdict: Judgement, tier: Tier) -> tuple[Tier, ...]:
    """The tiers that a judgement has not reached."""
    return TIERS[TIERS.index(verdict.tier) + 1 :] if verdict.tier else TIERS


def _candidates(
    instrument: Instrument, firm: Firm, found: Assessment, goal: int, tier: Tier | None
) -> list[dict[str, Any]]:
    rows = []
    needed = {item: need for item, need in ITEM_NEEDED.get(tier, {}).values()}
    for code, proven in found.proven.items():
        target = max(goal, needed.get(code, 0))
        if proven >= target:
            continue
        proof_only = found.face[code] >= target
        item = instrument.questions.items[code]
        area = instrument.questions.area(item.area)
        counted = sum(other in found.weighed for other in area.items)
        cost_class = 1 if proof_only else item.cost_class
        gain = area.weight * (target - found.weighed[code]) / counted
        rows.append(
            {
                "item": code,
                "kind": "evidence" if proof_only else "change",
                "now": proven,
                "claimed": found.face[code],
                "target": target,
                "points": _points(instrument, found, code, max(target, found.face[code]) if proof_only else target),
                "gain": round(gain * instrument.pain_weight(code, firm.pains) / cost_class, 4),
                "cost_class": cost_class,
                "technologies": [] if proof_only else list(instrument.technologies(code, proven, target)),
            }
        )
    return rows


def _wanted(
    instrument: Instrument, state: Assessment, verdict: Judgement, tier: Tier | None, candidates: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The candidates that help with what stands in the way first; empty when only facts stand in the way."""
    if tier is None:
        return candidates
    unmet = {finding.gate for finding in verdict.unmet(tier)}
    blockers = {item for gate, (item, _) in ITEM_NEEDED.get(tier, {}).items() if gate in unmet}
    if direct := [row for row in candidates if row["item"] in blockers]:
        return direct
    if "G1" in unmet:
        needed = SYSTEM_NEEDED[tier]
        rule = next(row for row in instrument.settings["system_levels"] if row["level"] == needed)
        must = {code for code, least in rule["items"].items() if state.proven[code] < least}
        if direct := [row for row in candidates if row["item"] in must]:
            return direct
        return [row for row in candidates if row["item"] in instrument.system_items]
    if "G2" in unmet:
        weak = _weak_areas(instrument, state) if not verdict_gap(verdict, tier) else ()
        return [row for row in candidates if not weak or instrument.questions.items[row["item"]].area in weak]
    return []


def verdict_gap(verdict: Judgement, tier: Tier) -> float:
    """Points that the total still lacks for a tier's G2."""
    return next(f.values.get("gap", 0.0) for f in verdict.findings[tier] if f.gate == "G2")


def _weak_areas(instrument: Instrument, state: Assessment) -> Collection[str]:
    means = {}
    for area in instrument.settings["capability"]["areas"]:
        values = [state.proven[code] for code in instrument.questions.area(area).items if code in state.proven]
        if values:
            means[area] = sum(values) / len(values)
    return [area for area, mean in means.items() if mean == min(means.values())]
