"""How evenly suppliers are shown, asked and chosen: HHI and the share of the top one per cent. Pure.

HHI is the sum of the squared shares in per cent: 10,000 when one supplier has everything, near 0 when it is spread.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

# Below this a share says nothing about how evenly work is spread.
ENOUGH = 20
# The portal's own aim for who is shown and asked.
TOP_SHARE_AIM = 0.07
CONCENTRATED, HIGHLY_CONCENTRATED = 1500, 2500


@dataclass(frozen=True)
class Spread:
    """One market: how `total` falls to its suppliers.

    suppliers: who could have been chosen; reached: how many of them were
    top_count: how many suppliers one per cent is; top_ratio: what those with the most have of the total
    """

    total: int
    suppliers: int
    reached: int
    hhi: int
    top_count: int
    top_ratio: float

    @property
    def is_enough(self) -> bool:
        return self.total >= ENOUGH

    @property
    def reached_ratio(self) -> float:
        return self.reached / self.suppliers if self.suppliers else 0.0

    @property
    def tone(self) -> str:
        """How worrying it is: the HHI's usual thresholds, seen only where there is enough to see."""
        if not self.is_enough or self.hhi < CONCENTRATED:
            return ""
        return "danger" if self.hhi >= HIGHLY_CONCENTRATED else "warn"

    @property
    def is_above_aim(self) -> bool:
        # one supplier alone may be more than one per cent of a small market
        return self.is_enough and self.suppliers >= 100 and self.top_ratio > TOP_SHARE_AIM


def spread(counts: Mapping[int, int], suppliers: int) -> Spread:
    """counts: supplier → how often, zeros may be left out; suppliers: how many there were to choose from."""
    found = sorted((count for count in counts.values() if count > 0), reverse=True)
    total = sum(found)
    suppliers = max(suppliers, len(found))
    top_count = max(1, math.ceil(suppliers / 100))
    return Spread(
        total=total,
        suppliers=suppliers,
        reached=len(found),
        hhi=round(sum((100 * count / total) ** 2 for count in found)) if total else 0,
        top_count=top_count,
        top_ratio=sum(found[:top_count]) / total if total else 0.0,
    )
