"""How sure a model is, in tiers: sets that hold the expert's tier as often as promised, for each tier by itself.

Plain sets promise that only on the whole; the rarest tier's share then fell to 76 % at a promised 95 %. Here each tier
has its own limit, from the rows on which an expert gave that tier.

Source: class-conditional (Mondrian) conformal prediction, Vovk et al. (2005).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

ALPHA = 0.1
"""How often the expert's tier may lie outside its set."""
DIGITS = 6
"""Of 1 − p, so that a request and a batch draw the same line."""


def quantiles(probabilities: np.ndarray, y: np.ndarray, alpha: float = ALPHA) -> list[float]:
    """The limit of each tier: tier c belongs to a set when 1 − p_c is at most this.

    probabilities : float (n, K), of rows that the model did not learn from; y: int (n,) in 0 … K-1
    Returns       : K numbers 0–1, rounded up to six digits; 1 (always in the set) where a tier has too few rows to promise anything
    Notes         : the ⌈(n_c + 1)(1 − alpha)⌉-th smallest of 1 − p_c, which is exact for exchangeable rows
    """
    import numpy as np  # calibration runs in the worker

    limits = []
    for tier in range(probabilities.shape[1]):
        strange = np.sort(1 - probabilities[y == tier, tier])
        place = int(np.ceil((len(strange) + 1) * (1 - alpha)))
        limit = float(strange[place - 1]) if 0 < place <= len(strange) else 1.0
        limits.append(min(1.0, math.ceil(limit * 10**DIGITS) / 10**DIGITS))
    return limits


def tiers_in(probabilities: Sequence[float], limits: Sequence[float]) -> tuple[int, ...]:
    """The set of one row, lowest tier first; it may be empty, and both more than one and none call a second reader."""
    return tuple(tier for tier, p in enumerate(probabilities) if round(1 - p, DIGITS) <= limits[tier])


def members(probabilities: np.ndarray, limits: Sequence[float]) -> np.ndarray:
    """`tiers_in` of n rows: bool (n, K)."""
    import numpy as np

    return np.round(1 - probabilities, DIGITS) <= np.asarray(limits)


def coverage(probabilities: np.ndarray, y: np.ndarray, limits: Sequence[float]) -> tuple[list[float | None], float]:
    """The share of rows of each tier whose set holds it (None without rows), and the mean size of a set."""

    inside = members(probabilities, limits)
    held = [float(inside[y == tier, tier].mean()) if (y == tier).any() else None for tier in range(len(limits))]
    return held, float(inside.sum(axis=1).mean())
