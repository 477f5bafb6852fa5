"""How far the judges of one case lie apart, against what is usual in its call.

The index of a case is the standard deviation of its totals over the call's norm: 1 is usual, 2 is twice the usual. The
norm is the pooled standard deviation within cases, drawn toward `USUAL` while a call has few reviews, so that the first
cases of a call are not measured against each other alone. Pure: no database, no numpy.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from math import sqrt

USUAL = 6.0
"""Points by which judges of the same file usually differ (standard deviation), before a call has its own experience."""
WEIGHT = 5
"""How many degrees of freedom `USUAL` counts for."""
THRESHOLD = 2.0
"""From which index a third evaluator is worth asking for, where a call sets nothing else."""


def norm(groups: Iterable[Sequence[float]]) -> float:
    """The usual spread of a call in points. groups: the totals (0–100) of each case; cases with one total say nothing.

    >>> norm([])
    6.0
    """
    squares, freedom = 0.0, 0
    for totals in groups:
        if len(totals) > 1:
            mean = statistics.fmean(totals)
            squares += sum((one - mean) ** 2 for one in totals)
            freedom += len(totals) - 1
    return norm_from(squares, freedom)


def norm_from(squares: float, freedom: int) -> float:
    """The norm from sums. squares: squared distances from each case's own mean; freedom: totals less cases."""
    return sqrt((squares + WEIGHT * USUAL**2) / (freedom + WEIGHT))


def index(totals: Sequence[float], norm: float) -> float:
    """The disagreement of one case, two places. 0 while there are fewer than two totals.

    norm: of the call, by `norm`; must be above 0

    >>> index([80, 80], 6.0)
    0.0
    >>> index([60, 84], 6.0)
    2.83
    """
    if len(totals) < 2:
        return 0.0
    return round(statistics.stdev(totals) / norm, 2)
