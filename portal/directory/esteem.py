"""What stars come to: the Bayesian mean with its n, so that one glad customer does not outrank twenty. Pure."""

from __future__ import annotations

from dataclasses import dataclass

STARS = range(1, 6)
# The mean of all ratings counts like this many ratings of the supplier's own.
WEIGHT = 5
# While there are few ratings in all, their mean says little: this stands for it.
START_MEAN = 3.5
ENOUGH = 30


@dataclass(frozen=True)
class Esteem:
    """A supplier's rating. mean: Bayesian, 1 to 5; plain: the bare mean of its own n ratings."""

    n: int
    mean: float
    plain: float


def common_mean(total: int, count: int) -> float:
    """The mean towards which every supplier's is drawn. total: sum of the stars of all ratings, count: how many"""
    return total / count if count >= ENOUGH else START_MEAN


def esteem(total: int, n: int, common: float) -> Esteem:
    """total: sum of the supplier's stars; n: how many, at least one"""
    return Esteem(n, (WEIGHT * common + total) / (WEIGHT + n), total / n)
