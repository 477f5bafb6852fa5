"""How a learned champion stands among the gates: its tier takes the place of G1 and G2, every other gate stays binding.

Where the gates would say less, the suggestion is provisional and tells MODEL_ABOVE; where they would say more, it
tells MODEL_BELOW. A person decides either way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from portal.scoring import features
from portal.scoring.gates import LEVEL_GATES, TIERS, Facts, Finding, Judgement, State, judge
from portal.scoring.instrument import Assessment, Instrument

Judging = Callable[[Assessment, Facts, Collection[str]], Judgement]

if TYPE_CHECKING:
    from portal.programmes.rules import Tier
    from portal.scoring.card import Card, Voice

ABOVE, BELOW = "MODEL_ABOVE", "MODEL_BELOW"


@dataclass(frozen=True, slots=True)
class Speaker:
    """A learned model that speaks, as loaded from the registry. sha256: of the card's file, it names every byte."""

    name: str
    sha256: str
    card: Card

    def voice(self, instrument: Instrument, found: Assessment) -> Voice:
        return self.card.judge(features.row(instrument, found))

    def heard(self, columns: Sequence[float]) -> int:
        return self.card.judge(columns).tier

    def judging(self, instrument: Instrument) -> Judging:
        """Judge as this model would, gates included: for trying what a change would bring."""

        def judged(found: Assessment, facts: Facts, rejected: Collection[str]) -> Judgement:
            return among_gates(judge(found, facts, rejected), self.voice(instrument, found).tier)

        return judged


@dataclass(frozen=True, slots=True)
class Spoken(Judgement):
    """A judgement in which the model spoke instead of G1 and G2: their states are told, but bar no tier."""

    note: str | None = None

    def unmet(self, tier: Tier) -> tuple[Finding, ...]:
        return tuple(finding for finding in Judgement.unmet(self, tier) if finding.gate not in LEVEL_GATES)


def among_gates(judged: Judgement, level: int) -> Spoken:
    """The highest tier up to the model's that no other gate bars.

    judged: by the gates alone
    level : the model's tier, 0–2 as in `TIERS`
    Notes : near: the next tier lacks one thing only, a gate or the model's word
    """
    spoken = Spoken(**{one.name: getattr(judged, one.name) for one in fields(Judgement)})
    open_ = [tier for tier in TIERS[: level + 1] if not spoken.unmet(tier)]
    tier = open_[-1] if open_ else None
    above = TIERS[TIERS.index(tier) + 1] if tier in TIERS[:-1] else None
    lacking = len(spoken.unmet(above)) + (TIERS.index(above) > level) if above else 0
    overruled = tier is not None and len(judged.unmet(tier)) > 0
    falls_short = tier is not None and judged.tier is not None and TIERS.index(judged.tier) > TIERS.index(tier)
    waits = tier is not None and any(finding.state is State.PENDING for finding in judged.findings[tier])
    return Spoken(
        findings=judged.findings,
        tier=tier,
        near=above if lacking == 1 else None,
        provisional=waits or overruled,
        note=ABOVE if overruled else BELOW if falls_short else None,
    )
