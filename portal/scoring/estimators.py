"""The learners: ordinal, never falling in any column, scikit-learn estimators; only the worker and commands load them.

Both read any real columns and end in one index s(x) that no column can lower, cut by thresholds: P(y > k | x) =
σ(s(x) − θ_k). So raising a column never lowers a probability of standing higher, and not the most probable class
either: the likelihood ratios of neighbouring classes rise with s (with a separate index for each class they need not).

Source: cumulative link model, McCullagh (1980); decomposition into ordered questions, Frank & Hall (2001); stacking by
out-of-fold predictions, Wolpert (1992), with non-negative weights, Breiman (1996).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Self

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

DIGITS = 12
"""Cumulative probabilities are rounded here: below lies only the noise of summing in another order."""
ALPHAS = tuple(10.0 ** (power / 2) for power in range(-2, 9))
"""What the pull toward the prior is chosen from, 0.1 … 10,000."""
_SURE = 1e-4
"""Trees' probabilities are cut off here before their logit, so that a few sure leaves don't drown the line."""
_GAP = 1e-3
_EVEN, _LIGHT = 4.0, 0.1
"""How strongly line and trees are drawn to equal weights, and their weights to 0; both only matter with few rows."""


class _Ordinal(ClassifierMixin, BaseEstimator):
    """What both learners share: checked input, ordered classes, probabilities from the cumulated ones."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        # Blobs whose labels stand in no order can't be told apart by a model that may only rise.
        tags.classifier_tags.poor_score = True
        return tags

    def _checked(self, X, y) -> tuple[np.ndarray, np.ndarray]:
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        check_classification_targets(y)
        self.classes_, place = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"{type(self).__name__} needs at least two classes, got one class: {self.classes_}")
        return X, place

    def _new(self, X) -> np.ndarray:
        check_is_fitted(self)
        return validate_data(self, X, dtype=np.float64, reset=False)

    def index(self, X) -> np.ndarray:
        """s(x) of each row (n,), the one number that the thresholds cut."""
        return self._index(self._new(X))

    def cumulative_proba(self, X) -> np.ndarray:
        """P(y > classes_[k]) for k = 0 … K-2: float (n, K-1), falling along each row, rising in every column of X."""
        return np.round(expit(self.index(X)[:, None] - self.thresholds_), DIGITS)

    def predict_proba(self, X) -> np.ndarray:
        """Probability of each class: float (n, K), rows sum to 1."""
        above = self.cumulative_proba(X)
        ends = np.ones((len(above), 1)), np.zeros((len(above), 1))
        return np.hstack([ends[0], above]) - np.hstack([above, ends[1]])

    def predict(self, X) -> np.ndarray:
        """The most probable class of each row (n,)."""
        place = self.predict_proba(X).argmax(axis=1)
        return self.classes_[place]

    def _index(self, X: np.ndarray) -> np.ndarray:
        raise NotImplementedError


class OrdinalLogit(_Ordinal):
    """Cumulative logit whose terms only rise, drawn toward a direction instead of toward nothing.

    P(y > k | x) = σ(Σ f_j(x_j) − θ_k), each f_j linear plus `knots` ramps between quantiles of its column, slopes ≥ 0.
    The penalty ½·alpha·‖w − s·prior‖² (s free) leaves the size of the effect to the data and takes only the mix of the
    columns from the prior, so a few dozen decisions already say something.

    prior       : float (p,) ≥ 0, weights of the columns in their own units (the instrument's); None takes what each
                  column says by itself: its squared positive covariance with y
    alpha       : strength of the pull toward the prior, > 0; None chooses it out of fold by log loss
    ridge       : strength of the pull of everything toward 0, > 0; keeps separable data finite
    knots       : ramps between quantiles of a column, 0 for straight lines
    folds       : of the choice of alpha; rows that are equal stay together (several experts read the same file)
    random_state: int, of the folds

    Learned: `coef_` (p,) mean slope in units of the column, ≥ 0 · `thresholds_` (K-1,) · `alpha_` · `classes_` ·
    `rater_effects_` {rater: how much severer than the mean, in logits}, `rater_errors_` {rater: standard error}
    (empty without raters)
    """

    def __init__(
        self,
        prior: Any = None,
        alpha: float | None = None,
        ridge: float = 1.0,
        knots: int = 3,
        folds: int = 5,
        random_state: int = 0,
    ) -> None:
        self.prior = prior
        self.alpha = alpha
        self.ridge = ridge
        self.knots = knots
        self.folds = folds
        self.random_state = random_state

    @threadpool_limits.wrap(limits=1)
    def fit(self, X, y, raters=None) -> Self:
        """Learn from n rows.

        X      : float (n, p); y: (n,), classes in their natural order
        raters : (n,) who judged, to estimate severities jointly; they are dropped when a new row is scored
        Raises : ValueError for a prior of another length or with a negative weight, for raters of another length
        Notes  : O(iterations · n · p); deterministic; on one thread (see `MonotoneOrdinalBoosting.fit`)
        """
        X, y = self._checked(X, y)
        self._ramps = _Ramps(X, self.knots)
        columns = self._ramps.columns(X)
        given = self._given_prior(X)
        count = len(self.classes_)
        self.alpha_ = float(self.alpha) if self.alpha is not None else self._choose(X, columns, y, given)
        toward = _direction(columns, y, given)
        self.rater_effects_, self.rater_errors_ = {}, {}
        seats = None
        if raters is not None:
            names, seats = np.unique(np.asarray(raters), return_inverse=True)
            if len(seats) != len(y):
                raise ValueError("raters must have one entry for each row")
        found = _fit(columns, y, count, self.alpha_, self.ridge, toward, seats=seats, tight=True)
        self.thresholds_ = found.thresholds + found.slopes @ self._ramps.means
        self.slopes_ = found.slopes / self._ramps.scales
        self.coef_ = self._ramps.mean_slopes(self.slopes_)
        if seats is not None:
            self.rater_effects_ = dict(zip(names.tolist(), found.severity.tolist(), strict=True))
            self.rater_errors_ = dict(zip(names.tolist(), found.errors.tolist(), strict=True))
        return self

    def _given_prior(self, X: np.ndarray) -> np.ndarray | None:
        if self.prior is None:
            return None
        prior = np.asarray(self.prior, np.float64)
        if prior.shape != (X.shape[1],) or (prior < 0).any() or not prior.any():
            raise ValueError(f"prior must hold {X.shape[1]} weights, none negative and not all 0")
        return self._ramps.straight(prior * np.where(X.std(axis=0) > 0, X.std(axis=0), 0))

    def _choose(self, X: np.ndarray, columns: np.ndarray, y: np.ndarray, given: np.ndarray | None) -> float:
        """The alpha with the least log loss out of fold; 10 when the rows are too few to part."""
        fold = folds_of(X, y, self.folds, self.random_state)
        if fold is None:
            return 10.0
        loss, count = np.zeros(len(ALPHAS)), len(self.classes_)
        for number in range(self.folds):
            inside, outside = fold != number, fold == number
            toward, start = _direction(columns[inside], y[inside], given), None
            for i in range(len(ALPHAS) - 1, -1, -1):
                start = _fit(columns[inside], y[inside], count, ALPHAS[i], self.ridge, toward, start=start)
                loss[i] -= _log_likelihood(columns[outside] @ start.slopes, start.thresholds, y[outside])[0].sum()
        return ALPHAS[int(loss.argmin())]

    def _index(self, X: np.ndarray) -> np.ndarray:
        return self._ramps.raw(X) @ self.slopes_

    def to_card(self) -> dict[str, Any]:
        """The fitted model as plain data for `portal.scoring.card`: terms [column, low, high, slope] and thresholds."""
        check_is_fitted(self)
        return {
            "kind": "ordinal-logit",
            "terms": self._ramps.terms(self.slopes_),
            "thresholds": [float(value) for value in self.thresholds_],
        }


class MonotoneOrdinalBoosting(_Ordinal):
    """Boosted trees that only rise, two ordered questions after Frank & Hall, steadied by an `OrdinalLogit`.

    For each k a `HistGradientBoostingClassifier` with every column constrained upward learns P(y > k); the mean of their
    logits is the trees' index. Trees alone need thousands of rows before they beat a line, so a cumulative logit over
    both indexes, weights ≥ 0, fitted out of fold, has the last word: with few rows the line speaks, with many the trees
    do, and the thresholds come out calibrated.

    learning_rate, max_iter, max_leaf_nodes, min_samples_leaf, l2_regularization : of the trees
    prior, ridge, knots : of the line, as in `OrdinalLogit`
    folds, random_state : of the out-of-fold predictions

    Learned: `weights_` (2,) of the line and the trees · `thresholds_` (K-1,) · `line_` · `trees_` · `classes_` ·
    `n_iter_` rounds of the longest question
    """

    def __init__(
        self,
        learning_rate: float = 0.1,
        max_iter: int = 150,
        max_leaf_nodes: int = 8,
        min_samples_leaf: int = 5,
        l2_regularization: float = 1.0,
        prior: Any = None,
        ridge: float = 1.0,
        knots: int = 3,
        folds: int = 5,
        random_state: int = 0,
    ) -> None:
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.prior = prior
        self.ridge = ridge
        self.knots = knots
        self.folds = folds
        self.random_state = random_state

    @threadpool_limits.wrap(limits=1)
    def fit(self, X, y, raters=None) -> Self:
        """Learn from n rows; shapes as in `OrdinalLogit.fit`. `raters` reach the line only.

        Notes: fits the trees `folds` + 1 times for each question, on one thread, since for some thousand rows more
               threads wait for each other (forty times as long on a busy machine); deterministic
        """
        X, y = self._checked(X, y)
        count = len(self.classes_)
        self.line_ = self._line().fit(X, y, raters=raters)
        self.trees_ = self._grow(X, y, count)
        self.n_iter_ = max((one.n_iter_ for one in self.trees_ if not isinstance(one, float)), default=1)
        fold = folds_of(X, y, self.folds, self.random_state)
        if fold is None:
            self.weights_ = np.array([1.0, 0.0])
            self.thresholds_ = self.line_.thresholds_ - self.line_.thresholds_.mean()
            return self
        voices = np.zeros((len(y), 2))
        for number in range(self.folds):
            inside, outside = fold != number, fold == number
            line = self._line(self.line_.alpha_).fit(X[inside], y[inside])
            voices[outside, 0] = line.index(X[outside]) - line.thresholds_.mean()
            voices[outside, 1] = self._ask(self._grow(X[inside], y[inside], count), X[outside])
        found = _fit(voices, y, count, _EVEN, _LIGHT, _direction(voices, y, np.ones(2)), tight=True)
        self.weights_, self.thresholds_ = found.slopes, found.thresholds
        return self

    def _line(self, alpha: float | None = None) -> OrdinalLogit:
        return OrdinalLogit(self.prior, alpha, self.ridge, self.knots, self.folds, self.random_state)

    def _grow(self, X: np.ndarray, y: np.ndarray, count: int) -> list[HistGradientBoostingClassifier | float]:
        grown: list[HistGradientBoostingClassifier | float] = []
        for k in range(count - 1):
            above = y > k
            if above.all() or not above.any():
                grown.append(float(above[0]))
                continue
            trees = HistGradientBoostingClassifier(
                learning_rate=self.learning_rate,
                max_iter=self.max_iter,
                max_leaf_nodes=self.max_leaf_nodes,
                min_samples_leaf=self.min_samples_leaf,
                l2_regularization=self.l2_regularization,
                monotonic_cst=np.ones(X.shape[1], int),
                early_stopping=False,
                random_state=self.random_state,
            )
            grown.append(trees.fit(X, above))
        return grown

    @staticmethod
    def _ask(grown: list[HistGradientBoostingClassifier | float], X: np.ndarray) -> np.ndarray:
        """The mean over k of the trees' logits of P(y > k), (n,)."""
        with threadpool_limits(1):
            asked = [np.full(len(X), one) if isinstance(one, float) else one.predict_proba(X)[:, 1] for one in grown]
        return logit(np.clip(asked, _SURE, 1 - _SURE)).mean(axis=0)

    def _index(self, X: np.ndarray) -> np.ndarray:
        line = self.line_.index(X) - self.line_.thresholds_.mean()
        return self.weights_[0] * line + self.weights_[1] * self._ask(self.trees_, X)

    def to_card(self) -> dict[str, Any]:
        """The fitted model as plain data for `portal.scoring.card`.

        Notes: reads scikit-learn's fitted predictors, which are not public; a test holds the card against predict_proba
        """
        check_is_fitted(self)
        return {
            "kind": "monotone-boosting",
            "line": self.line_.to_card(),
            "questions": [one if isinstance(one, float) else _tree_card(one) for one in self.trees_],
            "weights": [float(value) for value in self.weights_],
            "thresholds": [float(value) for value in self.thresholds_],
        }


# The parts -----------------------------------------------------------------------------------------------------------


class _Ramps:
    """Columns drawn apart into a straight term and ramps between their quantiles, each rising.

    A term is [column, low, high]: clip(x, low, high), without bounds for the straight one.
    """

    def __init__(self, X: np.ndarray, knots: int) -> None:
        self.column, self.low, self.high = [], [], []
        self.width = X.shape[1]
        for j in range(self.width):
            self._add(j, -np.inf, np.inf)
        for j in range(self.width):
            steps = np.unique(np.quantile(X[:, j], np.linspace(0, 1, knots + 1))) if knots else ()
            if len(steps) > 2:
                for low, high in pairwise(steps):
                    self._add(j, float(low), float(high))
        self.column, self.low, self.high = np.array(self.column), np.array(self.low), np.array(self.high)
        self.range = X.max(axis=0) - X.min(axis=0)
        self.bottom, self.top = X.min(axis=0), X.max(axis=0)
        raw = self.raw(X)
        self.means, deviation = raw.mean(axis=0), raw.std(axis=0)
        # a column that never moved says nothing, whatever it will be later
        self.flat = deviation <= 1e-12 * (1 + np.abs(self.means))
        self.scales = np.where(self.flat, np.inf, deviation)
        self.means = self.means / self.scales

    def _add(self, column: int, low: float, high: float) -> None:
        self.column.append(column)
        self.low.append(low)
        self.high.append(high)

    def raw(self, X: np.ndarray) -> np.ndarray:
        return np.clip(X[:, self.column], self.low, self.high)

    def columns(self, X: np.ndarray) -> np.ndarray:
        """Terms with mean 0 and spread 1, (n, terms)."""
        return self.raw(X) / self.scales - self.means

    def straight(self, weights: np.ndarray) -> np.ndarray:
        """A direction of the straight terms alone."""
        return np.concatenate([weights, np.zeros(len(self.column) - self.width)])

    def mean_slopes(self, slopes: np.ndarray) -> np.ndarray:
        """Rise over the seen range of each column divided by that range, (p,)."""
        low, high = np.maximum(self.low, self.bottom[self.column]), np.minimum(self.high, self.top[self.column])
        rise = np.bincount(self.column, slopes * (high - low), minlength=self.width)
        return np.divide(rise, self.range, out=np.zeros(self.width), where=self.range > 0)

    def terms(self, slopes: np.ndarray) -> list[list[float | None]]:
        return [
            [int(j), *(None if np.isinf(end) else float(end) for end in (low, high)), float(slope)]
            for j, low, high, slope in zip(self.column, self.low, self.high, slopes, strict=True)
            if slope > 0
        ]


class _Found:
    def __init__(self, slopes, thresholds, severity=None, errors=None) -> None:
        self.slopes, self.thresholds, self.severity, self.errors = slopes, thresholds, severity, errors


def _direction(columns: np.ndarray, y: np.ndarray, given: np.ndarray | None) -> np.ndarray:
    """The unit vector that the mix of the terms is drawn toward; zeros when nothing points up."""
    toward = given if given is not None else np.maximum(columns.T @ (y - y.mean()) / len(y), 0) ** 2
    length = np.linalg.norm(toward)
    return toward / length if length > 0 else np.zeros(columns.shape[1])


def _log_likelihood(eta: np.ndarray, thresholds: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
    """log P(y | eta) of each row, F at the lower and at the upper threshold, and what the gap between them pushes.

    Notes: σ(b) − σ(a) = σ(b)·σ(−a)·(1 − e^(a−b)), which neither overflows nor cancels
    """
    low, high = np.append(-np.inf, thresholds)[y], np.append(thresholds, np.inf)[y]
    gap = high - low
    between = np.isfinite(gap)
    shrunk = np.zeros(len(y))
    shrunk[between] = np.exp(-gap[between])
    value = log_expit(high - eta) + log_expit(eta - low)
    value[between] += np.log1p(-shrunk[between])
    return value, expit(low - eta), expit(high - eta), shrunk / (1 - shrunk)


def _fit(
    columns: np.ndarray,
    y: np.ndarray,
    count: int,
    alpha: float,
    ridge: float,
    toward: np.ndarray,
    *,
    start: _Found | None = None,
    seats: np.ndarray | None = None,
    tight: bool = False,
) -> _Found:
    """Least penalised negative log likelihood by L-BFGS-B; severities of raters are estimated with it when given."""
    terms = columns.shape[1]
    raters = int(seats.max()) + 1 if seats is not None else 0
    spread = 4.0  # 1 / variance of the severities, re-estimated below

    def cost(at: np.ndarray) -> tuple[float, np.ndarray]:
        slopes, steps, severity = at[:terms], at[terms : terms + count - 1], at[terms + count - 1 :]
        thresholds = steps[0] + np.concatenate([[0.0], np.cumsum(steps[1:])])
        eta = columns @ slopes
        if raters:
            eta = eta - severity[seats]
        value, low, high, push = _log_likelihood(eta, thresholds, y)
        pull = 1 - low - high
        off = slopes - (slopes @ toward) * toward
        by_threshold = np.bincount(y + 1, high - 1 - push, minlength=count + 1)
        by_threshold = (by_threshold + np.bincount(y, low + push, minlength=count + 1))[1:count]
        total = -value.sum() + 0.5 * alpha * (off @ off) + 0.5 * ridge * (slopes @ slopes)
        slope = [columns.T @ pull + alpha * off + ridge * slopes, np.cumsum(by_threshold[::-1])[::-1]]
        if raters:
            total += 0.5 * spread * (severity @ severity)
            slope.append(spread * severity - np.bincount(seats, pull, minlength=raters))
        return total, np.concatenate(slope)

    if start is None:
        share = np.clip(np.cumsum(np.bincount(y, minlength=count))[:-1] / len(y), 1e-3, 1 - 1e-3)
        begin = logit(share)
        at = np.concatenate([np.full(terms, 0.05), begin[:1], np.maximum(np.diff(begin), 10 * _GAP), np.zeros(raters)])
    else:
        at = np.concatenate([start.slopes, start.thresholds[:1], np.diff(start.thresholds), np.zeros(raters)])
    bounds = [(0, None)] * terms + [(None, None)] + [(_GAP, None)] * (count - 2) + [(None, None)] * raters
    options = {"maxiter": 500, "maxcor": 20, "ftol": 1e-10 if tight else 1e-7, "gtol": 1e-5 if tight else 1e-3}
    for _ in range(4 if raters else 1):
        at = minimize(cost, at, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
        if raters:
            slopes, steps, severity = at[:terms], at[terms : terms + count - 1], at[terms + count - 1 :]
            thresholds = steps[0] + np.concatenate([[0.0], np.cumsum(steps[1:])])
            _, low, high, _ = _log_likelihood(columns @ slopes - severity[seats], thresholds, y)
            bend = np.bincount(seats, low * (1 - low) + high * (1 - high), minlength=raters)
            errors = (bend + spread) ** -0.5
            spread = float(np.clip(1 / np.mean(severity**2 + errors**2), 0.5, 400.0))
    slopes, steps, severity = at[:terms], at[terms : terms + count - 1], at[terms + count - 1 :]
    thresholds = steps[0] + np.concatenate([[0.0], np.cumsum(steps[1:])])
    if not raters:
        return _Found(slopes, thresholds)
    return _Found(slopes, thresholds + severity.mean(), severity - severity.mean(), errors)


def folds_of(X: np.ndarray, y: np.ndarray, folds: int, seed: int) -> np.ndarray | None:
    """The fold of each row (n,), classes spread evenly, equal rows together; None when a class has fewer files."""
    _, first, row = np.unique(X, axis=0, return_index=True, return_inverse=True)
    row = row.ravel()
    leading = y[first]
    if folds < 2 or np.bincount(leading, minlength=int(y.max()) + 1).min() < folds:
        return None
    shuffled = np.random.default_rng(seed).permutation(len(first))
    order = shuffled[np.argsort(leading[shuffled], kind="stable")]
    fold = np.empty(len(first), int)
    fold[order] = np.arange(len(first)) % folds
    return fold[row]


def _tree_card(trees: HistGradientBoostingClassifier) -> dict[str, Any]:
    """Start value and trees, each a list of nodes: [column, threshold, left, right], or [value] for a leaf."""
    grown = []
    for (predictor,) in trees._predictors:
        grown.append(
            [
                [float(node["value"])]
                if node["is_leaf"]
                else [int(node["feature_idx"]), float(node["num_threshold"]), int(node["left"]), int(node["right"])]
                for node in predictor.nodes
            ]
        )
    return {"start": float(trees._baseline_prediction.ravel()[0]), "trees": grown}
