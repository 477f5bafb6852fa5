"""How well the learners do where the truth is known: the synthetic worlds, beside their ceilings, all in one run.

Every figure is against the hidden truth of a synthetic world (합성(예시)) unless it says otherwise; none of them says
anything about real firms. "Ours" are the two estimators with their defaults and the instrument's weights as prior.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

SIZES = (60, 200, 600, 2_000, 6_000)
METHODS = ("instrument", "multinomial", "boosting", "logit", "monotone")
LABELS = {
    "instrument": "instrument with its gates",
    "multinomial": "multinomial logit (C out of fold)",
    "boosting": "HGB, unconstrained",
    "logit": "OrdinalLogit (ours)",
    "monotone": "MonotoneOrdinalBoosting (ours)",
}
FRESH = 20_000


@dataclass(frozen=True)
class Cell:
    """One world with one seed: kappa against the truth by method and number of decisions, and its ceilings."""

    family: str
    noise: str
    seed: int
    kappa: dict[tuple[str, int], float]
    bayes: float
    expert: float


@dataclass(frozen=True)
class Care:
    """One realistic additive world with one seed: what else has to hold, from 6,000 decisions."""

    seed: int
    over: dict[str, float]
    gap: dict[str, float]
    covered: tuple[float, ...]
    size: float
    rows: tuple[int, ...]
    error: dict[str, float]
    severity: tuple[float, float]
    falls: int


def measure(seeds: int, families: tuple[str, ...] | None = None) -> tuple[list[Cell], list[Care]]:
    """Draw every world `seeds` times; as many processes as processors, one thread each."""
    from portal.demo.worlds import FAMILIES, NOISES

    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    asked = [(family, noise, seed) for seed in range(seeds) for family in families or FAMILIES for noise in NOISES]
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        cells = pool.map(_cell, *zip(*asked, strict=True))
        care = pool.map(_care, range(seeds))
        return list(cells), list(care)


def _learners(columns: int) -> dict[str, Any]:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from portal.scoring import trials
    from portal.scoring.instrument import load

    line = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    grid = {"logisticregression__C": [0.001, 0.01, 0.1, 1.0]}
    return {
        "multinomial": GridSearchCV(line, grid, scoring="neg_log_loss", cv=3),
        "boosting": HistGradientBoostingClassifier(random_state=0),
        "logit": trials.learner("ordinal_logit", load()),
        "monotone": trials.learner("monotone_boosting", load()),
    }


def _instrument(cohort: Any) -> Any:
    from portal.scoring.gates import states_of, tier_for
    from portal.scoring.instrument import load

    instrument = load()
    return tier_for(states_of(instrument.assess_many(cohort.answers, cohort.evidence), instrument.codes))


def _cell(family: str, noise: str, seed: int) -> Cell:
    import warnings

    from portal.demo.worlds import World, agreement

    warnings.simplefilter("ignore")  # few rows: a class with fewer members than folds
    world = World(family, noise, seed)
    fresh = world.firms(FRESH, draw=1)
    kappa = {("instrument", n): agreement(fresh.truth, _instrument(fresh)) for n in SIZES}
    firms = world.firms(max(SIZES))
    said = world.decide(firms, raters=150)
    for n in SIZES:
        for name, one in _learners(firms.columns.shape[1]).items():
            one.fit(firms.columns[:n], said.tier[:n].astype(int))
            kappa[name, n] = agreement(fresh.truth, one.predict(fresh.columns))
    ceilings = world.ceilings()
    return Cell(family, noise, seed, kappa, ceilings.bayes, ceilings.expert)


def _care(seed: int, n: int = 6_000) -> Care:
    """Gaming, leakage of the region, conformal sets, calibration, severity and monotonicity in one world."""
    import numpy as np

    from portal.demo.worlds import World, raised
    from portal.scoring import conformal, trials
    from portal.scoring.estimators import OrdinalLogit, folds_of

    world = World("additive", "realistic", seed)
    firms, raters = world.firms(n), n // 40
    said = world.decide(firms, raters=raters, regional_lean=0.25)
    tier, columns = said.tier.astype(int), firms.columns
    learners = {name: _learners(columns.shape[1])[name] for name in ("logit", "monotone")}
    models = {name: one.fit(columns, tier, raters=said.rater) for name, one in learners.items()}

    gamed = world.firms(FRESH, inflators=0.3, draw=2)
    told = {"instrument": _instrument(gamed)} | {name: one.predict(gamed.columns) for name, one in models.items()}
    over = {name: float((said_[gamed.inflator] > gamed.truth[gamed.inflator]).mean()) for name, said_ in told.items()}

    fresh = world.firms(FRESH, draw=1)
    judged = world.decide(fresh, raters=300, draw=1, regional_lean=0.25).tier.astype(int)
    regions = np.unique(firms.region)
    with_region = [np.hstack([one.columns, (one.region[:, None] == regions) * 1.0]) for one in (firms, fresh)]
    leaky = OrdinalLogit().fit(with_region[0], tier)
    guesses = {"without": models["logit"].predict(fresh.columns), "with": leaky.predict(with_region[1])}
    gap = {}
    for name, guess in guesses.items():
        off = [float((guess - fresh.truth)[fresh.region == one].mean()) for one in regions]
        gap[name] = max(off) - min(off)

    fold, p = folds_of(columns, tier, 5, 1), np.zeros((n, 3))
    for number in range(5):
        line = OrdinalLogit(prior=trials.prior(_load()), alpha=models["logit"].alpha_)
        p[fold == number] = line.fit(columns[fold != number], tier[fold != number]).predict_proba(
            columns[fold == number]
        )
    limits = conformal.quantiles(p, tier)
    chances = {name: one.predict_proba(fresh.columns) for name, one in models.items()}
    covered, size = conformal.coverage(chances["logit"], judged, limits)

    random = np.random.default_rng(seed)
    some = fresh.part(random.integers(0, len(fresh), 5_000))
    better = raised(some, random)
    falls = sum(int((one.predict(better.columns) < one.predict(some.columns)).sum()) for one in models.values())

    found = models["logit"].rater_effects_
    truth = said.severity[list(found)]
    effects, errors = np.array(list(found.values())), np.array(list(models["logit"].rater_errors_.values()))
    scale = (effects @ truth) / (truth @ truth)
    off = np.abs(effects - scale * (truth - truth.mean())) / errors
    return Care(
        seed=seed,
        over=over,
        gap=gap,
        covered=tuple(covered),
        size=size,
        rows=tuple(np.bincount(tier, minlength=3).tolist()),
        error={name: trials.calibration_error(judged, one) for name, one in chances.items()},
        severity=(float(np.corrcoef(effects, truth)[0, 1]), float((off < 2).mean())),
        falls=falls,
    )


def _load() -> Any:
    from portal.scoring.instrument import load

    return load()
