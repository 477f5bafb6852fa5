"""Putting a learner to the test on decisions that it did not learn from; only the worker and commands load this.

Held-out rows come from a rolling origin: the decisions are put in order of time, the first two fifths only teach, and
each further fifth is judged by a model that learned from everything before it, less the firms that it judges. What is
compared is the tier as it would have been suggested (after the gates that stay binding); what is calibrated are the
probabilities themselves.

Source: docs/scorer.md, the promotion rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.base import clone

from portal.scoring import conformal, features
from portal.scoring.estimators import MonotoneOrdinalBoosting, OrdinalLogit
from portal.scoring.gates import GATES, TIERS, State, states_of, tier_for
from portal.scoring.instrument import Instrument

BINDING = tuple(i for i, gate in enumerate(GATES) if gate not in ("G1", "G2"))
"""Gates that stay binding when a learned model speaks: it only takes the place of the level gates."""
PARTS = 5
TEACHING = 2
"""Of the parts, how many only teach."""
BINS = 10
GROUP = 30
"""Rows of a group below which it is not taken for the worst one."""
RAISES = 10_000
RESAMPLES = 2_000
SEED = 20261122


@dataclass(frozen=True)
class Cases:
    """n judged readings, in any order.

    answers            : int8 (n, 44), -1 for 해당 없음; evidence, rejected: bool (n, 44)
    tier               : int (n,), what the expert gave before seeing a suggestion, 0–2
    file, firm, rater  : (n,) numbers; readings of one file share its number
    at                 : float (n,), when, seconds
    axes               : {"region" | "size" | "industry": str (n,)}, to look for gaps; never columns
    """

    instrument: Instrument
    answers: np.ndarray
    evidence: np.ndarray
    rejected: np.ndarray
    tier: np.ndarray
    file: np.ndarray
    firm: np.ndarray
    rater: np.ndarray
    at: np.ndarray
    axes: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.tier)

    @cached_property
    def columns(self) -> np.ndarray:
        return features.matrix(self.instrument, self._found)

    @cached_property
    def gates(self) -> np.ndarray:
        return states_of(self._found, self.instrument.codes)

    @cached_property
    def by_instrument(self) -> np.ndarray:
        """The tier that the instrument alone suggests, int (n,)."""
        return tier_for(self.gates).astype(int)

    def spoken(self, tier: np.ndarray) -> np.ndarray:
        """What would be suggested where a model says `tier`: the highest one up to it that no binding gate bars."""
        barred = (self.gates[:, :, BINDING] == State.UNMET).any(axis=2)
        said = np.zeros(len(self), int)
        for level in range(1, len(TIERS)):
            said = np.where((tier >= level) & ~barred[:, level], level, said)
        return said

    @property
    def _found(self):
        return self.instrument.assess_many(self.answers, self.evidence, self.rejected)


Champion = Callable[[np.ndarray], np.ndarray] | None
"""A learned champion: columns (n, p) → tiers (n,); None is the instrument."""


def prior(instrument: Instrument) -> np.ndarray:
    """What the instrument would weigh each column: its items by their printed weight, nothing else, (55,)."""
    count = {area.code: len(area.items) for area in instrument.questions.areas}
    weight = {area.code: area.weight for area in instrument.questions.areas}
    items = [weight[instrument.questions.items[code].area] for code in instrument.codes]
    shares = [w / count[instrument.questions.items[c].area] for w, c in zip(items, instrument.codes, strict=True)]
    return np.array(shares + [0.0] * (len(features.names(instrument)) - len(shares)))


def learner(kind: str, instrument: Instrument) -> OrdinalLogit | MonotoneOrdinalBoosting:
    """A fresh estimator. kind: "ordinal_logit" or "monotone_boosting". Raises: KeyError for another kind."""
    return {"ordinal_logit": OrdinalLogit, "monotone_boosting": MonotoneOrdinalBoosting}[kind](prior=prior(instrument))


def held_out(cases: Cases) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(learns, judged) masks of the rolling origin; no firm on both sides, nothing learned from what came later.

    Notes: a part whose past lacks a tier is not judged
    """
    rank = np.empty(len(cases), int)
    rank[np.lexsort((cases.file, cases.at))] = np.arange(len(cases))
    part = rank * PARTS // len(cases)
    for number in range(TEACHING, PARTS):
        judged = part == number
        # a reading of the same moment as the first judged one is not the past
        before = (part < number) & (cases.at < cases.at[judged].min()) & ~np.isin(cases.firm, cases.firm[judged])
        if len(np.unique(cases.tier[before])) == len(TIERS):
            yield before, judged


@dataclass(frozen=True)
class Trial:
    """A fitted model with everything that was found out about it.

    limits : of the conformal sets, from held-out rows
    rows   : numbers of the held-out rows; said: its tier there as it would have been suggested; p: probabilities (m, 3)
    """

    estimator: OrdinalLogit | MonotoneOrdinalBoosting
    limits: list[float]
    rows: np.ndarray
    said: np.ndarray
    p: np.ndarray
    report: dict[str, Any]


def run(cases: Cases, kind: str, champion: Champion = None, told: Callable[[int, int], None] | None = None) -> Trial:
    """Fit a learner of a kind on all cases and judge its like on held-out ones.

    champion: who speaks now, for comparison on the same rows
    told    : progress (done, of)
    Raises  : ValueError when no row can be held out (a tier appears too late)
    Returns : the trial; `report` has the keys of `portal.scoring.dossier`
    """
    parts = list(held_out(cases))
    if not parts:
        raise ValueError("no row can be held out")
    steps = len(parts) + 3
    tell = told or (lambda done, of: None)
    rows, p, alone = [], [], []
    fresh = learner(kind, cases.instrument)
    for done, (learns, judged) in enumerate(parts):
        tell(done, steps)
        model = clone(fresh).fit(cases.columns[learns], cases.tier[learns])
        rows.append(np.flatnonzero(judged))
        p.append(model.predict_proba(cases.columns[judged]))
        alone.append(model.predict(cases.columns[judged]))
    rows, p, alone = np.concatenate(rows), np.vstack(p), np.concatenate(alone)
    said = _only(cases, rows, alone)
    tell(len(parts), steps)
    estimator = fresh.fit(cases.columns, cases.tier, raters=cases.rater)
    tell(len(parts) + 1, steps)
    tier = cases.tier[rows]
    limits = conformal.quantiles(p, tier)
    champion_said = cases.by_instrument if champion is None else cases.spoken(champion(cases.columns))
    report = {
        "held_out": _sizes(cases, rows),
        "metrics": {
            "model": scores(tier, said) | probability_scores(tier, p),
            "model_without_gates": scores(tier, alone),
            "champion": scores(tier, champion_said[rows]),
            "instrument": scores(tier, cases.by_instrument[rows]),
        },
        "confusion": _table(tier, said),
        "calibration": calibration(tier, p),
        "fairness": fairness(cases, rows, said, champion_said[rows]),
        "conformal": {"alpha": conformal.ALPHA, "classes": _coverage(cases.firm[rows], tier, p)},
        "monotonicity": monotonicity(cases, estimator),
        "severity": severity(cases, estimator),
    }
    tell(steps, steps)
    return Trial(estimator, limits, rows, said, p, report)


def _only(cases: Cases, rows: np.ndarray, tier: np.ndarray) -> np.ndarray:
    whole = np.zeros(len(cases), int)
    whole[rows] = tier
    return cases.spoken(whole)[rows]


def _sizes(cases: Cases, rows: np.ndarray) -> dict[str, int]:
    numbers = {"files": cases.file, "raters": cases.rater}
    return {"decisions": len(rows)} | {name: len(np.unique(of[rows])) for name, of in numbers.items()}


# Measures ------------------------------------------------------------------------------------------------------------


def _table(tier: np.ndarray, said: np.ndarray) -> list[list[int]]:
    size = len(TIERS)
    return np.bincount(tier * size + said, minlength=size**2).reshape(size, size).tolist()


def scores(tier: np.ndarray, said: np.ndarray) -> dict[str, float]:
    """Ordinal error (MAE, tiers), agreement (quadratic kappa; printed, never a criterion), exactly right."""
    table = np.array(_table(tier, said), float) / len(tier)
    apart = np.subtract.outer(np.arange(3), np.arange(3)) ** 2
    chance = (apart * np.outer(table.sum(axis=1), table.sum(axis=0))).sum()
    return {
        "mae": float(np.abs(tier - said).mean()),
        "qwk": float(1 - (apart * table).sum() / chance) if chance else 1.0,
        "accuracy": float((tier == said).mean()),
    }


def probability_scores(tier: np.ndarray, p: np.ndarray, resamples: int = 200) -> dict[str, float]:
    """Log loss, calibration error as it is, and less what so few rows show of a perfectly calibrated model."""
    raw = calibration_error(tier, p)
    random, above = np.random.default_rng(SEED), np.cumsum(p, axis=1)
    drawn = [(random.random((len(p), 1)) > above[:, :-1]).sum(axis=1) for _ in range(resamples)]
    chance = float(np.mean([calibration_error(one, p) for one in drawn]))
    return {
        "log_loss": float(-np.log(np.maximum(p[np.arange(len(tier)), tier], 1e-12)).mean()),
        "ece": raw,
        "ece_debiased": max(0.0, raw - chance),
    }


def calibration_error(tier: np.ndarray, p: np.ndarray) -> float:
    """|said − seen| of P(tier > 0) and P(tier > 1) in ten equally filled bins, weighed by rows, mean of the two."""
    found = []
    for level in range(1, p.shape[1]):
        said, seen = p[:, level:].sum(axis=1), tier >= level
        order = np.argsort(said, kind="stable")
        bins = [part for part in np.array_split(order, BINS) if len(part)]
        found.append(sum(abs(said[part].sum() - seen[part].sum()) for part in bins) / len(tier))
    return float(np.mean(found))


def calibration(tier: np.ndarray, p: np.ndarray) -> list[dict[str, float]]:
    """For a plot: mean probability of standing higher, the share that did, rows; both questions together."""
    said = np.concatenate([p[:, level:].sum(axis=1) for level in (1, 2)])
    seen = np.concatenate([tier >= level for level in (1, 2)])
    order = np.argsort(said, kind="stable")
    return [
        {"said": float(said[part].mean()), "seen": float(seen[part].mean()), "rows": len(part)}
        for part in np.array_split(order, BINS)
        if len(part)
    ]


def fairness(cases: Cases, rows: np.ndarray, said: np.ndarray, champion: np.ndarray) -> dict[str, list[dict[str, Any]]]:
    """Each group's ordinal error, by the model and by the champion, and how often it was put too high or too low."""
    tier, found = cases.tier[rows], {}
    for axis, codes in cases.axes.items():
        found[axis] = []
        for group in np.unique(codes[rows]):
            here = codes[rows] == group
            found[axis].append(
                {
                    "group": str(group),
                    "rows": int(here.sum()),
                    "firms": len(np.unique(cases.firm[rows][here])),
                    "mae": float(np.abs(tier - said)[here].mean()),
                    "champion_mae": float(np.abs(tier - champion)[here].mean()),
                    "over": float((said > tier)[here].mean()),
                    "under": float((said < tier)[here].mean()),
                }
            )
    return found


def worst_gap(report: Mapping[str, Any], name: str) -> float:
    """How far the worst group's error lies above the whole's, tiers. name: "mae" or "champion_mae"; from 30 rows on."""
    whole = report["metrics"]["model" if name == "mae" else "champion"]["mae"]
    groups = [one for axis in report["fairness"].values() for one in axis if one["rows"] >= GROUP]
    return max((one[name] - whole for one in groups), default=0.0)


def _coverage(firm: np.ndarray, tier: np.ndarray, p: np.ndarray) -> list[dict[str, Any]]:
    """How often each tier's set holds it, the limits taken from the firms of the other half."""
    half = np.random.default_rng(SEED).permutation(int(firm.max()) + 1)[firm] % 2
    inside = np.zeros(p.shape, bool)
    for side in (0, 1):
        limits = conformal.quantiles(p[half != side], tier[half != side])
        inside[half == side] = conformal.members(p[half == side], limits)
    return [
        {
            "tier": TIERS[level].name,
            "rows": int((tier == level).sum()),
            "covered": float(inside[tier == level, level].mean()) if (tier == level).any() else None,
            "size": float(inside[tier == level].sum(axis=1).mean()) if (tier == level).any() else None,
        }
        for level in range(len(TIERS))
    ]


def monotonicity(cases: Cases, estimator: Any, raises: int = RAISES) -> dict[str, int]:
    """Raise one answer or prove one claim of a real file, again and again: how often does its tier or standing fall?"""
    random, instrument = np.random.default_rng(SEED), cases.instrument
    rows = random.integers(0, len(cases), raises)
    answers, evidence, rejected = cases.answers[rows].copy(), cases.evidence[rows].copy(), cases.rejected[rows]
    before = features.matrix(instrument, instrument.assess_many(answers, evidence, rejected))
    at, item = np.arange(raises), random.integers(0, answers.shape[1], raises)
    by_answer = (random.random(raises) < 0.5) & (answers[at, item] >= 0)
    higher = np.minimum(5, answers[at, item] + random.integers(1, 6, raises))
    answers[at, item] = np.where(by_answer, higher, answers[at, item])
    evidence[at, item] |= ~by_answer
    after = features.matrix(instrument, instrument.assess_many(answers, evidence, rejected))
    fell = (estimator.predict(after) < estimator.predict(before)) | (
        estimator.cumulative_proba(after) < estimator.cumulative_proba(before)
    ).any(axis=1)
    return {"raises": raises, "violations": int(fell.sum())}


def severity(cases: Cases, estimator: Any) -> list[dict[str, float]]:
    """By how many tiers each expert judges above (+) or below (−) the mean, with its standard error; nobody is named."""
    line = estimator if isinstance(estimator, OrdinalLogit) else estimator.line_
    above = line.cumulative_proba(cases.columns)
    tiers = float((above * (1 - above)).sum(axis=1).mean())  # tiers per logit, where the files lie
    return [
        {
            "files": int((cases.rater == rater).sum()),
            "effect": -effect * tiers,
            "error": line.rater_errors_[rater] * tiers,
        }
        for rater, effect in line.rater_effects_.items()
    ]


# Against the champion ------------------------------------------------------------------------------------------------


def paired_bootstrap(
    firm: np.ndarray, tier: np.ndarray, champion: np.ndarray, model: np.ndarray, resamples: int = RESAMPLES
) -> dict[str, float]:
    """The champion's ordinal error less the model's, resampling firms with all their readings: 95 % interval.

    Returns: {"low", "middle", "high"}; above zero the model errs less
    Notes  : seeded; one matrix product over firms for all resamples
    """
    _, place = np.unique(firm, return_inverse=True)
    better = np.bincount(place, np.abs(tier - champion) - np.abs(tier - model))
    count = np.bincount(place).astype(float)
    drawn = np.concatenate([(times @ better) / (times @ count) for times in _resampled(len(count), resamples)])
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {"low": float(low), "middle": float(better.sum() / count.sum()), "high": float(high)}


def _resampled(firms: int, resamples: int) -> Iterator[np.ndarray]:
    """How often each firm is drawn, float (≤ 250, firms) at a time; seeded."""
    random = np.random.default_rng(SEED)
    for begin in range(0, resamples, 250):
        size = min(250, resamples - begin)
        yield random.multinomial(firms, np.full(firms, 1 / firms), size=size).astype(float)


def gap_widened(
    cases: Cases, rows: np.ndarray, champion: np.ndarray, model: np.ndarray, resamples: int = RESAMPLES
) -> float:
    """By how much the worst group's gap has grown for sure: the lower end of the 95 % interval of model − champion.

    Notes: the worst of many groups is a noisy figure; without an interval chance alone would bar every second model
    """
    _, place = np.unique(cases.firm[rows], return_inverse=True)
    tier, firms = cases.tier[rows], int(place.max()) + 1
    groups = [np.ones(len(rows), bool)]
    for codes in cases.axes.values():
        groups += [codes[rows] == group for group in np.unique(codes[rows]) if (codes[rows] == group).sum() >= GROUP]
    if len(groups) == 1:
        return 0.0
    count = np.stack([np.bincount(place, here, minlength=firms) for here in groups], axis=1)
    wrong = [
        np.stack([np.bincount(place, here * np.abs(tier - said), minlength=firms) for here in groups], axis=1)
        for said in (champion, model)
    ]
    grown = []
    for times in _resampled(firms, resamples):
        seen = np.maximum(times @ count, 1)
        gaps = [((errors := times @ one / seen)[:, 1:] - errors[:, :1]).max(axis=1) for one in wrong]
        grown.append(gaps[1] - gaps[0])
    return float(np.quantile(np.concatenate(grown), 0.025))


def against(cases: Cases, trial: Trial, champion: Champion, name: str) -> dict[str, Any]:
    """The promotion report: every condition with what it needs and what was seen; a person promotes.

    name   : of the champion
    Returns: {"criteria": [{"code", "needed", "seen", "met"}, …], "interval": {…}, "against": name}
    Source : docs/scorer.md; QWK is printed elsewhere and never a criterion
    """
    rows, report = trial.rows, trial.report
    champion_said = cases.by_instrument if champion is None else cases.spoken(champion(cases.columns))
    interval = paired_bootstrap(cases.firm[rows], cases.tier[rows], champion_said[rows], trial.said)
    _, readers = np.unique(np.unique(np.column_stack([cases.file, cases.rater]), axis=0)[:, 0], return_counts=True)
    thorough = int((readers >= 3).sum())
    gap, champion_gap = worst_gap(report, "mae"), worst_gap(report, "champion_mae")
    widened = gap_widened(cases, rows, champion_said[rows], trial.said)
    violations = report["monotonicity"]["violations"]
    error = report["metrics"]["model"]["ece_debiased"]
    return {
        "against": name,
        "interval": interval,
        "criteria": [
            {
                "code": "evidence",
                "needed": "≥ 1,000 / ≥ 300",
                "seen": f"{len(cases):,} / {thorough:,}",
                "met": len(cases) >= 1_000 or thorough >= 300,
            },
            {"code": "mae", "needed": "> 0", "seen": f"{interval['low']:+.4f}", "met": interval["low"] > 0},
            {"code": "monotone", "needed": "0", "seen": f"{violations}", "met": violations == 0},
            {
                "code": "fair",
                "needed": f"≤ {champion_gap:.3f}",
                "seen": f"{gap:.3f} ({widened:+.3f})",
                "met": gap <= champion_gap or widened <= 0,
            },
            {"code": "calibrated", "needed": "≤ 0.030", "seen": f"{error:.3f}", "met": error <= 0.03},
        ],
    }
