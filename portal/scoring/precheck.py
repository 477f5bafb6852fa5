"""Twelve questions, three minutes, no sign-in: a provisional range, never a result.

The lower end takes every claim above level 2 as unproven, the upper end takes every claim at its word. Each area is the
mean of its asked items, areas without one are left out, gates that were not asked stay PENDING. Nothing is stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.programmes.rules import Tier
from portal.scoring.gates import Finding, Judgement, State, judge
from portal.scoring.instrument import Assessment, Instrument, load
from portal.scoring.reasons import GOAL

MOVES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Move:
    """An asked item that would lift the firm, and the technologies that do it."""

    item: str
    now: int
    target: int
    technologies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """예상 범위: `low` without any proof, `high` with all of it. unmet: what still bars the tier above `high`."""

    low: Assessment
    high: Assessment
    low_tier: Tier
    high_tier: Tier
    next_tier: Tier | None
    unmet: tuple[Finding, ...]
    proof_missing: tuple[str, ...]
    not_asked: tuple[str, ...]
    moves: tuple[Move, ...]


def estimate(answers: Mapping[str, int], version: str | None = None) -> Estimate:
    """Estimate from the twelve answers.

    answers : item code → level 0–5, only items of the pre-check; an unanswered one is left out
    Raises  : ValueError naming the code, for an item that the pre-check does not ask or a level outside 0–5
    """
    instrument = load(version)
    for code in answers:
        if code not in instrument.questions.precheck:
            raise ValueError(f"{code}: not asked in the pre-check")
    unasked = [code for code in instrument.codes if code not in answers]
    low, high = instrument.assess_asked(answers), instrument.assess_asked(answers, face_value=True)
    below, above = judge(low, unasked=unasked), judge(high, unasked=unasked)
    return Estimate(
        low=low,
        high=high,
        low_tier=below.tier or Tier.BASIC,
        high_tier=above.tier or Tier.BASIC,
        next_tier=above.next_tier,
        unmet=above.unmet(above.next_tier) if above.next_tier else (),
        proof_missing=tuple(code for code, level in high.face.items() if level > low.proven[code]),
        not_asked=tuple(finding.gate for finding in _open(above)),
        moves=_moves(instrument, high, GOAL[above.next_tier]),
    )


def _open(judged: Judgement) -> tuple[Finding, ...]:
    top = judged.findings[judged.next_tier or Tier.LEADING]
    return tuple(finding for finding in top if finding.state is State.PENDING)


def _moves(instrument: Instrument, high: Assessment, goal: int) -> tuple[Move, ...]:
    gains = {}
    for code, level in high.face.items():
        item = instrument.questions.items[code]
        if level < goal:
            gains[code] = instrument.questions.area(item.area).weight * (goal - level) / item.cost_class
    best = sorted(gains, key=lambda code: -gains[code])[:MOVES_SHOWN]
    return tuple(
        Move(code, high.face[code], goal, instrument.technologies(code, high.face[code], goal)) for code in best
    )
