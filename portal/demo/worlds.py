"""Synthetic worlds with a hidden truth: there is no labelled Korean data, so a learner is tried where the truth is known.

A world draws firms (44 answers, evidence, size, region, industry), knows the tier that each truly deserves and lets
experts judge them with error. The judging never looks at the instrument's result. Everything drawn here is 합성(예시)
and says nothing about real firms.

Families: `additive` (a weighted sum of true levels, fixed cuts), `nonadditive` (weakest area, preconditions, weights by
industry) and `shifted` (other weights and harder cuts than the instrument's). In all of them the index also holds what
no question asks. Noise: `realistic` or `low` (a quarter of its spread).

What was matched
* data/statistics.csv: sizes at each stage (population × adoption × middle level by size, inverted by Bayes), industries
  of builds, firms by province; of adopters weighted as in the nation 79 % have I1 at 2 or more (ERP: 76.3 %) and 90 %
  some Q1 (collect data: 92.4 %). PLC, MES, robots and sensors set only the order of difficulty (T5, T3 hard, E1–E5
  middling): their items ask for less than the survey's technology, so they are more frequent (17–31 against 7–17 %).
* Chosen, not matched: who turns to the portal. Nationally 80 % have not adopted and 0.6 % of adopters are advanced, too
  few to learn from; here `APPLYING` leans to adopters so that the true tiers come out at 60 / 30 / 10 % (shifted:
  70 / 24 / 6).
* The prototype's figures in the additive world with realistic noise (quadratic kappa against the truth; in brackets what
  three seeds of this world gave): instrument with fixed cuts .83 (total alone .84–.86, with its gates .81), one expert
  .78 (.78), the best that the columns allow .90 (.90).
* Errors of experts: variance shares 6.6 / 41.8 / 51.6 % of severity (one value per expert), quality (one per file, shared
  by all who read it: how well it is written up) and noise (one per reading).

What these worlds are not: hard to learn. A firm is mostly one thing, far or not far, so that an ordinal learner which may
only rise comes within .01–.03 of the ceiling after a few hundred decisions, sooner than in the prototype. They tell
whether a learner is misled (by noise, by inflated claims, by a moved standard), not how much data Korea would need.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np

from portal.reference import statistics
from portal.scoring import features
from portal.scoring.instrument import Instrument, load

Family = Literal["additive", "nonadditive", "shifted"]
Noise = Literal["low", "realistic"]
FAMILIES: tuple[Family, ...] = ("additive", "nonadditive", "shifted")
NOISES: tuple[Noise, ...] = ("low", "realistic")

SHARES = {"severity": 0.066, "quality": 0.418, "noise": 0.516}
"""Of the variance of an expert's error."""
SPREAD = {"low": 0.135, "realistic": 0.54}
"""Standard deviation of an expert's error; the true index has 1."""

SIZES = ("micro", "small", "medium", "midsize")
STAGES = ("none", "basic", "middle", "advanced")
APPLYING = (0.30, 0.43, 0.24, 0.03)
_MEAN = np.array([0.30, 1.05, 2.85, 3.9], np.float32)
_WITHIN = np.array([0.35, 0.45, 0.45, 0.35], np.float32)
_AREA_SD = {"additive": 0.25, "nonadditive": 0.50, "shifted": 0.25}
_ITEM_SD, _SAYING_SD = 0.50, 0.30
_UNSEEN = {"additive": 0.20, "nonadditive": 0.18, "shifted": 0.27}
_QUANTILES = {"additive": (0.60, 0.90), "nonadditive": (0.60, 0.90), "shifted": (0.70, 0.94)}
_TILT = {"additive": 0.4, "nonadditive": 0.4, "shifted": 0.9}
"""How far the experts' weights stand from the instrument's: standard deviation of their logarithm."""

# How much easier (+) or harder (−) an item is than its firm's stage; the hard ones follow the technologies of adopters.
_EASE = {
    "S1": 0.2, "S2": 0.7, "S3": 0.9, "S5": 0.1, "P1": 0.8, "P3": -0.2, "D2": -0.3, "N1": 0.3, "N3": 0.2, "E1": 0.1,
    "E2": 0.3, "Q1": 0.3, "Q4": 0.4, "T1": 0.0, "T3": -0.4, "T5": -1.0, "L3": -0.3, "I1": 0.9, "I3": 0.3, "I4": -0.5,
    "I5": -1.0, "R1": 0.4, "R2": 0.2,
}  # fmt: skip
_OTHER_DIVISIONS = {"10": 12, "13": 5, "20": 6, "22": 11, "24": 6, "27": 4, "28": 8}
_PROVEN, _PROVEN_FALSE, _PROVEN_INFLATED = 0.93, 0.30, 0.12
_RAISED = 0.6
_ABSENT = 0.06
_CHUNK = 50_000
_REFERENCE = 40_000


@dataclass(frozen=True)
class Cohort:
    """n drawn firms.

    answers  : int8 (n, 44), 0–5, -1 for 해당 없음; evidence: bool (n, 44)
    region, size, ksic2 : codes, str (n,); they go with maturity as in the statistics and are no columns of a model
    truth    : int8 (n,), the tier deserved: 0 BASIC, 1 ADVANCED, 2 LEADING; index: float32 (n,), what it is cut from
    inflator : bool (n,), claims more than it has; stage: int8 (n,), place in STAGES
    """

    answers: np.ndarray
    evidence: np.ndarray
    region: np.ndarray
    size: np.ndarray
    ksic2: np.ndarray
    truth: np.ndarray
    index: np.ndarray
    inflator: np.ndarray
    stage: np.ndarray

    def __len__(self) -> int:
        return len(self.truth)

    @cached_property
    def columns(self) -> np.ndarray:
        """What a model may look at: float64 (n, 55) in the order of `features.names`."""
        instrument = load()
        return features.matrix(instrument, instrument.assess_many(self.answers, self.evidence))

    def part(self, rows: np.ndarray | slice) -> Cohort:
        """Some of the firms: a mask, numbers or a slice."""
        return Cohort(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})


@dataclass(frozen=True)
class Decisions:
    """What experts said: `file` (row of the cohort), `rater` (0 …), `tier` (0–2); `seen` is the index as they saw it,
    `severity` of each expert in the index's units (raters,)."""

    file: np.ndarray
    rater: np.ndarray
    tier: np.ndarray
    seen: np.ndarray
    severity: np.ndarray

    def __len__(self) -> int:
        return len(self.tier)


@dataclass(frozen=True)
class Ceilings:
    """Beside which every figure is quoted, quadratic kappa against the truth.

    bayes  : the best that can be read out of the columns, by a reference that was shown the true index of many firms
    expert : one expert's tier
    """

    bayes: float
    expert: float


class World:
    """One synthetic world. The same family, noise and seed give the same world, the same draw the same firms."""

    def __init__(self, family: Family = "additive", noise: Noise = "realistic", seed: int = 0) -> None:
        if family not in FAMILIES or noise not in NOISES:
            raise ValueError(f"no such world: {family}, {noise}")
        self.family, self.noise, self.seed = family, noise, seed
        self._truth = _truth(family, seed)

    def firms(self, n: int, inflators: float = 0.0, draw: int = 0) -> Cohort:
        """Draw n firms; `inflators` is the share (0–1) that claims more than it has, mostly without evidence.

        draw : another number, other firms of the same world
        Notes: O(n), half a million a few seconds
        """
        return self._truth.firms(n, inflators, self._random("firms", draw))

    def decide(
        self, cohort: Cohort, raters: int, per_file: int = 1, draw: int = 0, regional_lean: float = 0.0
    ) -> Decisions:
        """Let experts judge every file, `per_file` different ones each, in the order of the files.

        raters        : how many experts there are; who is severe stays the same for the same draw
        regional_lean : favour for firms of the capital region, in standard deviations of the index (a bias to find)
        """
        if not 1 <= per_file <= raters:
            raise ValueError("per_file must lie between 1 and raters")
        random, n = self._random("decide", draw), len(cohort)
        spread = SPREAD[self.noise]
        severity = random.standard_normal(raters) * spread * SHARES["severity"] ** 0.5
        first = random.integers(0, raters, n)
        others = (
            random.random((n, raters - 1)).argsort(axis=1)[:, : per_file - 1] + 1
            if per_file > 1
            else np.zeros((n, 0), int)
        )
        rater = (first[:, None] + np.hstack([np.zeros((n, 1), int), others])) % raters
        quality = random.standard_normal(n) * spread * SHARES["quality"] ** 0.5
        noise = random.standard_normal((n, per_file)) * spread * SHARES["noise"] ** 0.5
        lean = regional_lean * np.isin(cohort.region, CAPITAL)
        seen = (cohort.index + quality + lean)[:, None] - severity[rater] + noise
        return Decisions(
            file=np.repeat(np.arange(n), per_file),
            rater=rater.ravel(),
            tier=self._truth.tier(seen.ravel()),
            seen=seen.ravel(),
            severity=severity,
        )

    def ceilings(self, n: int = 30_000, on: Cohort | None = None) -> Ceilings:
        """The two ceilings of this world, over n firms that nobody learned from.

        on   : these firms instead, the ones that the models are measured on (over a few thousand firms two cohorts of
               one world differ by half a hundredth)
        Notes: the reference is a ridge fit of the true index on the columns, their squares, 200 random ramps and the
               truth's own formula applied to what is seen; its cuts are those that agree best with the truth
        """
        learned, fresh = self.firms(max(n, _REFERENCE), draw=-1), on or self.firms(n, draw=-2)
        one = self.decide(fresh, raters=max(40, len(fresh) // 30), draw=-2)
        guess = _reference(self._truth, learned, self._random("ramps", 0))
        score = guess(learned)
        said = np.searchsorted(best_cuts(score, learned.truth), guess(fresh))
        return Ceilings(bayes=agreement(fresh.truth, said), expert=agreement(fresh.truth, one.tier))

    def _random(self, purpose: str, draw: int) -> np.random.Generator:
        names = {"firms": 1, "decide": 2, "ramps": 3}
        return np.random.default_rng(
            [
                self.seed,
                FAMILIES.index(self.family),
                NOISES.index(self.noise) * (purpose == "decide"),
                names[purpose],
                draw + 1000,
            ]
        )


CAPITAL = ("seoul", "incheon", "gyeonggi")


def raised(cohort: Cohort, random: np.random.Generator) -> Cohort:
    """The same firms, each better in one place: one answer at a higher level or one piece of evidence more.

    Notes: for trials of monotonicity; an item that is 해당 없음 is left alone, so a few firms stay as they were
    """
    n, items = cohort.answers.shape
    rows, column = np.arange(n), random.integers(0, items, n)
    answers, evidence = cohort.answers.copy(), cohort.evidence.copy()
    now = answers[rows, column]
    higher = np.minimum(5, now + random.integers(1, 6, n)).astype(np.int8)
    by_answer = (random.random(n) < 0.5) & (now >= 0)
    answers[rows, column] = np.where(by_answer, higher, now)
    evidence[rows, column] |= ~by_answer
    return replace(cohort, answers=answers, evidence=evidence)


def agreement(truth: np.ndarray, said: np.ndarray, classes: int = 3) -> float:
    """Quadratically weighted kappa of two int arrays (n,) in 0 … classes-1; 1 is full, 0 is chance."""
    table = np.bincount(np.asarray(truth, np.int64) * classes + np.asarray(said, np.int64), minlength=classes**2)
    table = table.reshape(classes, classes) / len(truth)
    apart = np.subtract.outer(np.arange(classes), np.arange(classes)) ** 2
    chance = (apart * np.outer(table.sum(axis=1), table.sum(axis=0))).sum()
    return float(1 - (apart * table).sum() / chance) if chance else 1.0


def best_cuts(score: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The two cuts of a score (n,) that agree best with the truth; searched over its percentiles."""
    grid = np.quantile(score, np.linspace(0.02, 0.995, 196))
    low, high = (float(np.quantile(score, np.mean(truth <= k))) for k in (0, 1))
    for _ in range(3):
        low = max(
            (cut for cut in grid if cut <= high), key=lambda cut: agreement(truth, np.searchsorted([cut, high], score))
        )
        high = max(
            (cut for cut in grid if cut >= low), key=lambda cut: agreement(truth, np.searchsorted([low, cut], score))
        )
    return np.array([low, high])


class _Truth:
    """What a world holds to be true: weights, cuts, and how its firms come about."""

    def __init__(self, family: Family, seed: int, instrument: Instrument) -> None:
        random = np.random.default_rng([seed, FAMILIES.index(family), 7])
        self.family = family
        self._areas = [area.code for area in instrument.questions.areas]
        self._area_of = np.array(
            [self._areas.index(instrument.questions.items[code].area) for code in instrument.codes]
        )
        self._column = {code: i for i, code in enumerate(instrument.codes)}
        self._absent = np.array([code in instrument.not_applicable for code in instrument.codes])
        count = np.bincount(self._area_of)
        printed = np.array([area.weight for area in instrument.questions.areas])[self._area_of] / count[self._area_of]
        weights = printed * np.exp(_TILT[family] * random.standard_normal(len(printed)))
        self._weights = (weights / weights.sum()).astype(np.float32)
        self._ease = np.array([_EASE.get(code, 0.0) for code in instrument.codes], np.float32)
        self._mix = _Mix()
        self._by_division = np.exp(0.5 * random.standard_normal((len(self._mix.divisions), len(self._areas)))).astype(
            np.float32
        )
        self._region_lift = (0.08 * random.standard_normal(len(self._mix.regions))).astype(np.float32)
        self._division_lift = (0.08 * random.standard_normal(len(self._mix.divisions))).astype(np.float32)
        self._means = np.zeros((len(printed), len(self._areas)), np.float32)
        self._means[np.arange(len(printed)), self._area_of] = 1 / count[self._area_of]
        self._centre, self._scale, self._cuts = 0.0, 1.0, np.zeros(2)
        self._measure(np.random.default_rng([seed, FAMILIES.index(family), 8]))

    def _measure(self, random: np.random.Generator) -> None:
        """Bring the index to mean 0 and spread 1, and cut it at the shares of the tiers."""
        raw, n = [], _REFERENCE
        stage, size, region, division = self._who(n, random)
        for begin in range(0, n, _CHUNK):
            rows = slice(begin, begin + _CHUNK)
            held = self._levels(stage[rows], size[rows], region[rows], division[rows], random)
            raw.append(self.formula(held, division[rows]))
        seen = np.concatenate(raw)
        self._centre, self._scale = float(seen.mean()), float(seen.std())
        self._cuts = np.quantile(self._index(seen, random), _QUANTILES[self.family])

    def _index(self, seen: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """The true index: what the formula says of the levels, and what no question asks."""
        unseen = _UNSEEN[self.family]
        shown = (seen - self._centre) / self._scale * (1 - unseen**2) ** 0.5
        return (shown + unseen * random.standard_normal(len(seen))).astype(np.float32)

    def _who(self, n: int, random: np.random.Generator) -> tuple[np.ndarray, ...]:
        mix = self._mix
        stage = _pick(random, APPLYING, n)
        return stage, mix.sizes_of(stage, random), _pick(random, mix.region_weights, n), mix.divisions_of(stage, random)

    def tier(self, index: np.ndarray) -> np.ndarray:
        return np.searchsorted(self._cuts, index, side="right").astype(np.int8)

    def firms(self, n: int, inflators: float, random: np.random.Generator) -> Cohort:
        mix = self._mix
        stage, size, region, division = self._who(n, random)
        inflator = random.random(n) < inflators
        answers = np.empty((n, len(self._ease)), np.int8)
        evidence = np.empty(answers.shape, bool)
        index = np.empty(n, np.float32)
        for begin in range(0, n, _CHUNK):
            rows = slice(begin, begin + _CHUNK)
            held = self._levels(stage[rows], size[rows], region[rows], division[rows], random)
            answers[rows], evidence[rows] = self._said(held, inflator[rows], random)
            index[rows] = self._index(self.formula(held, division[rows]), random)
        return Cohort(
            answers=answers,
            evidence=evidence,
            region=np.array(mix.regions)[region],
            size=np.array(SIZES)[size],
            ksic2=np.array(mix.divisions)[division],
            truth=self.tier(index),
            index=index,
            inflator=inflator,
            stage=stage.astype(np.int8),
        )

    def _levels(self, stage, size, region, division, random) -> np.ndarray:
        """True levels, float32 (n, 44) in 0–5."""
        n = len(stage)
        whole = _MEAN[stage] + _WITHIN[stage] * random.standard_normal(n, np.float32)
        whole += 0.06 * (size - 1) + self._region_lift[region] + self._division_lift[division]
        areas = whole[:, None] + np.float32(_AREA_SD[self.family]) * random.standard_normal(
            (n, len(self._areas)), np.float32
        )
        levels = np.float32(_ITEM_SD) * random.standard_normal((n, len(self._ease)), np.float32)
        levels += areas[:, self._area_of] + self._ease
        return np.clip(levels, 0, 5, out=levels)

    def _said(self, held: np.ndarray, inflator: np.ndarray, random) -> tuple[np.ndarray, np.ndarray]:
        """What the firm answers, and where it attaches evidence."""
        heard = held + np.float32(_SAYING_SD) * random.standard_normal(held.shape, np.float32)
        answers = np.clip(np.rint(heard), 0, 5).astype(np.int8)
        chance = random.random(held.shape, np.float32)
        if inflator.any():
            raised = inflator[:, None] & (random.random(held.shape, np.float32) < _RAISED)
            claims = np.minimum(5, answers + random.integers(1, 3, held.shape, np.int8))
            answers = np.where(raised, claims, answers).astype(np.int8)
        proven = np.where(
            held >= answers - 0.75, _PROVEN, np.where(inflator[:, None], _PROVEN_INFLATED, _PROVEN_FALSE)
        ).astype(np.float32)
        evidence = (answers >= 3) & (chance < proven)
        absent = self._absent & (random.random(held.shape, np.float32) < _ABSENT)
        answers[absent], evidence[absent] = -1, False
        return answers, evidence

    def formula(self, levels: np.ndarray, division: np.ndarray | None = None) -> np.ndarray:
        """The index of levels (n, 44), before it is brought to mean 0 and spread 1; `division` None is not known."""
        if self.family != "nonadditive":
            return levels @ self._weights
        areas = levels @ self._means
        by_area = np.bincount(self._area_of, self._weights).astype(np.float32)
        weights = by_area * (self._by_division.mean(axis=0) if division is None else self._by_division[division])
        weighed = (areas * weights).sum(axis=1) / weights.sum(axis=-1)
        bottleneck = np.sort(areas, axis=1)[:, :2].mean(axis=1)
        missing = sum((levels[:, self._column[code]] < least).astype(np.float32) for code, least in _PRECONDITIONS)
        return 0.4 * weighed + 0.6 * bottleneck - 0.3 * missing


_PRECONDITIONS = (("S3", 1.5), ("P1", 1.5), ("E2", 1.5), ("R1", 1.5), ("S2", 2.5), ("I3", 2.5), ("T1", 2.5))


class _Mix:
    """Who there is, from the official marginals."""

    def __init__(self) -> None:
        share, adoption, middle = (
            np.array([statistics.figure(measure, size).value for size in SIZES], float)
            for measure in ("population_share", "adoption", "level_middle_up")
        )
        adoption, middle = adoption / 100, middle / 100
        self._size_weights = np.array(
            [
                share * (1 - adoption),
                share * adoption * (1 - middle),
                share * adoption * middle,
                share * adoption * middle,
            ]
        )
        provinces = {key: float(one.value) for key, one in statistics.figures("sme_by_region").items()}
        # Gwangju and South Jeolla became one province on 2026-07-01; the survey still counts two.
        provinces["jeonnamgwangju"] = provinces.pop("gwangju", 0) + provinces.pop("jeonnam", 0)
        self.regions, self.region_weights = tuple(provinces), np.array(list(provinces.values()))
        built = {code: float(one.value) for code, one in statistics.figures("built_by_division").items()}
        self.divisions = tuple(sorted({*built, *_OTHER_DIVISIONS}))
        adopters = {**_OTHER_DIVISIONS, **built}
        everybody = {code: 4.0 + adopters[code] / 3 for code in self.divisions}
        self._division_weights = [np.array([table[code] for code in self.divisions]) for table in (everybody, adopters)]

    def sizes_of(self, stage: np.ndarray, random: np.random.Generator) -> np.ndarray:
        result = np.zeros(len(stage), np.int64)
        for number in range(len(STAGES)):
            mask = stage == number
            result[mask] = _pick(random, self._size_weights[number], int(mask.sum()))
        return result

    def divisions_of(self, stage: np.ndarray, random: np.random.Generator) -> np.ndarray:
        n = len(stage)
        newcomer, adopter = (_pick(random, weights, n) for weights in self._division_weights)
        return np.where(stage == 0, newcomer, adopter)


@lru_cache(maxsize=128)
def _truth(family: Family, seed: int) -> _Truth:
    return _Truth(family, seed, load())


def _pick(random: np.random.Generator, weights: Sequence[float] | np.ndarray, n: int) -> np.ndarray:
    edges = np.cumsum(np.asarray(weights, float))
    return np.searchsorted(edges / edges[-1], random.random(n), side="right").clip(max=len(edges) - 1)


def _reference(truth: _Truth, learned: Cohort, random: np.random.Generator):
    """A function cohort → guessed index, fitted where the true index is known."""
    ramps = random.standard_normal((learned.columns.shape[1], 200)) / 8
    knees = random.uniform(-1, 1, 200)
    centre, scale = learned.columns.mean(axis=0), learned.columns.std(axis=0)

    def basis(cohort: Cohort) -> np.ndarray:
        x = (cohort.columns - centre) / scale
        seen = truth.formula(cohort.columns[:, : cohort.answers.shape[1]].astype(np.float32))
        return np.hstack([np.ones((len(x), 1)), x, x**2, np.maximum(x @ ramps - knees, 0), seen[:, None]])

    known = basis(learned)
    square = known.T @ known
    weights = np.linalg.solve(square + 1e-3 * len(learned) * np.eye(len(square)) * 1e-2, known.T @ learned.index)
    return lambda cohort: basis(cohort) @ weights
