"""How strict each judge is: an additive model of all totals, shrunk toward nobody being stricter than the others.

    total(case i, judge j) = worth(i) − severity(j) + noise,   severity ~ N(0, τ²),   noise ~ N(0, σ²)

The worths are absorbed (fixed effects), so only comparisons within one case speak of a judge; λ = σ²/τ² is found by
restricted maximum likelihood, and each severity comes with its posterior standard error. A judge who sat with nobody
stays at 0 with the error of the population. numpy: for the worker and commands, never in a web request.

Source: many-facet rating models (Linacre); BLUP and REML of mixed models (Henderson; Patterson & Thompson).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

USUAL_SPREAD = 3.0
"""τ in points where the reviews can't tell it: too few comparisons."""
LEAST_FREEDOM = 10
_RATIOS = np.geomspace(1e-3, 1e4, 141)


@dataclass(frozen=True)
class Model:
    """points: severity by judge (positive: gives fewer points); errors: standard errors; noise, spread: σ and τ."""

    points: np.ndarray
    errors: np.ndarray
    noise: float
    spread: float


def fit(cases: Sequence[int], judges: Sequence[int], totals: Sequence[float], n_judges: int) -> Model:
    """Estimate the severities.

    cases, judges: 0-based codes, one row per review; totals: 0–100
    n_judges     : how many judges there are; those without a review come out at 0 with the error τ
    """
    case, judge = np.asarray(cases, dtype=np.int64), np.asarray(judges, dtype=np.int64)
    y = np.asarray(totals, dtype=float)
    n_cases = int(case.max()) + 1 if case.size else 0
    size = np.bincount(case, minlength=n_cases).astype(float)
    within = y - (np.bincount(case, y, n_cases) / np.maximum(size, 1))[case]
    # Gram matrix of the judges after the cases are absorbed: diag(n) − Σ 1ᵢ1ᵢᵀ/kᵢ
    gram = np.zeros((n_judges, n_judges))
    np.add.at(gram, (judge, judge), 1.0)
    for one, other in _pairs(case, size):
        np.subtract.at(gram, (judge[one], judge[other]), 1 / size[case[one]])
    right = -np.bincount(judge, within, n_judges)  # a low total speaks of a strict judge
    values, vectors = np.linalg.eigh(gram)
    values, turned = np.maximum(values, 0.0), vectors.T @ right
    squares, freedom = float(within @ within), case.size - n_cases
    if freedom < LEAST_FREEDOM:
        noise2, spread2 = _usual(squares, freedom), USUAL_SPREAD**2
    else:
        noise2, spread2 = _restricted(values, turned, squares, freedom)
    ratio = noise2 / spread2 if spread2 > 0 else np.inf
    scale = 1 / (values + ratio) if np.isfinite(ratio) else np.zeros_like(values)
    points = vectors @ (scale * turned)
    errors = np.sqrt(noise2 * np.einsum("ij,j,ij->i", vectors, scale, vectors))
    return Model(points, errors, float(np.sqrt(noise2)), float(np.sqrt(spread2)))


def _pairs(case: np.ndarray, size: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows of the same case, each with each, itself included: as arrays, one pair of arrays per shift."""
    order = np.argsort(case, kind="stable")
    start = np.concatenate(([0], np.cumsum(size.astype(np.int64))))[case[order]]
    place, count = np.arange(case.size) - start, size[case[order]].astype(np.int64)
    found = []
    for shift in range(int(size.max()) if size.size else 0):
        has = shift < count
        found.append((order[has], order[(start + (place + shift) % count)[has]]))
    return found


def _usual(squares: float, freedom: int) -> float:
    """σ² from few comparisons, drawn toward six points."""
    return (squares + 5 * 36.0) / (freedom + 5)


def _restricted(values: np.ndarray, turned: np.ndarray, squares: float, freedom: int) -> tuple[float, float]:
    """σ² and τ² of the largest restricted likelihood, on a grid of λ refined once."""

    def profile(ratio: float) -> tuple[float, float]:
        noise2 = max((squares - float(np.sum(turned**2 / (values + ratio)))) / freedom, 1e-9)
        return float(np.sum(np.log1p(values / ratio))) + freedom * np.log(noise2), noise2

    best = int(np.argmin([profile(one)[0] for one in _RATIOS]))
    fine = np.geomspace(_RATIOS[max(best - 1, 0)], _RATIOS[min(best + 1, len(_RATIOS) - 1)], 41)
    ratio = float(min(fine, key=lambda one: profile(one)[0]))
    noise2 = profile(ratio)[1]
    return noise2, noise2 / ratio
