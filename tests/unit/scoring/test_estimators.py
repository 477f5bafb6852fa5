"""The learners keep scikit-learn's rules and their own: ordered classes, and no column ever counts against a firm."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from portal.scoring import card, conformal
from portal.scoring.estimators import MonotoneOrdinalBoosting, OrdinalLogit, folds_of

BOTH = [OrdinalLogit(), MonotoneOrdinalBoosting(max_iter=20)]
each = pytest.mark.parametrize("estimator", BOTH, ids=lambda one: type(one).__name__)


def decisions(n=400, columns=6, seed=0, noise=0.6, raters=0):
    """Whole levels 0–5, three tiers cut from a weighted sum with noise; severities when raters are asked for."""
    random = np.random.default_rng(seed)
    strength = random.normal(2.4, 1.0, n)
    levels = np.clip(np.rint(strength[:, None] + random.normal(0, 0.8, (n, columns))), 0, 5)
    index = levels @ np.linspace(1, 2, columns) / columns
    who = random.integers(0, max(raters, 1), n)
    severity = random.normal(0, 0.5, max(raters, 1)) * (raters > 0)
    index = index - severity[who] + noise * random.standard_normal(n)
    return levels, np.searchsorted([3.2, 5.0], index), who, severity


@parametrize_with_checks(BOTH)
def test_scikit_learn_s_own_checks(estimator, check):
    check(estimator)


@each
def test_raising_any_column_lowers_neither_tier_nor_standing(estimator):
    levels, tier, *_ = decisions()
    fitted = clone(estimator).fit(levels, tier)
    random = np.random.default_rng(1)
    rows = random.uniform(0, 5, (5_000, levels.shape[1]))
    better = rows.copy()
    place = random.integers(0, levels.shape[1], len(rows))
    better[np.arange(len(rows)), place] += random.exponential(1.0, len(rows))
    assert (fitted.predict(better) >= fitted.predict(rows)).all()
    assert (fitted.cumulative_proba(better) >= fitted.cumulative_proba(rows)).all()


@each
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(12, 60), columns=st.integers(1, 5))
def test_few_rows_and_odd_columns_give_ordered_probabilities(estimator, seed, n, columns):
    random = np.random.default_rng(seed)
    rows = random.exponential(random.choice([0.01, 1, 1e4]), (n, columns))
    rows[:, 0] = random.choice([0.0, rows[0, 0]])  # a column that never moves
    tier = np.append(random.integers(0, 3, n - 3), [0, 1, 2])
    fitted = clone(estimator).fit(rows, tier)
    p = fitted.predict_proba(rows)
    assert p.shape == (n, 3)
    assert (p >= 0).all()
    assert p.sum(axis=1) == pytest.approx(np.ones(n))
    assert (np.diff(fitted.cumulative_proba(rows), axis=1) <= 0).all()


@each
def test_same_rows_give_the_same_model(estimator):
    levels, tier, *_ = decisions(150)
    one, other = (clone(estimator).fit(levels, tier).predict_proba(levels) for _ in range(2))
    assert (one == other).all()


@each
def test_learns_better_than_the_commonest_tier_inside_a_pipeline(estimator):
    levels, tier, *_ = decisions(600)
    found = cross_val_score(make_pipeline(MaxAbsScaler(), clone(estimator)), levels, tier, cv=3)
    assert found.mean() > np.bincount(tier).max() / len(tier) + 0.15


@each
def test_one_class_and_no_fit_are_refused(estimator):
    with pytest.raises(ValueError, match="one class"):
        clone(estimator).fit([[1.0], [2.0], [3.0]], [1, 1, 1])
    with pytest.raises(NotFittedError):
        clone(estimator).predict([[1.0]])


def test_a_prior_must_fit_the_columns():
    levels, tier, *_ = decisions(60)
    for prior in ([1.0], [1, 1, 1, 1, 1, -1], [0] * 6):
        with pytest.raises(ValueError, match="6 weights"):
            OrdinalLogit(prior=prior).fit(levels, tier)


def test_a_strong_prior_sets_the_mix_and_the_data_its_size():
    levels, tier, *_ = decisions(800)
    prior = np.array([6.0, 5, 4, 3, 2, 1])
    fitted = OrdinalLogit(prior=prior, alpha=1e7, knots=0, ridge=1e-6).fit(levels, tier)
    assert fitted.coef_ / fitted.coef_[-1] == pytest.approx(prior, rel=0.02)
    free = OrdinalLogit(alpha=1e-6, knots=0, ridge=1e-6).fit(levels, tier)
    assert fitted.index(levels).std() == pytest.approx(free.index(levels).std(), rel=0.15)


def test_no_slope_is_negative_even_where_a_column_speaks_against():
    levels, tier, *_ = decisions(500)
    against = np.column_stack([levels, 5 - levels.mean(axis=1)])
    assert (OrdinalLogit().fit(against, tier).coef_ >= 0).all()


def test_severities_are_found_within_their_errors_and_dropped_when_scoring():
    levels, tier, who, severity = decisions(6_000, raters=30, seed=3)
    fitted = OrdinalLogit().fit(levels, tier, raters=who)
    found = np.array([fitted.rater_effects_[number] for number in range(30)])
    errors = np.array([fitted.rater_errors_[number] for number in range(30)])
    assert np.corrcoef(found, severity)[0, 1] > 0.9
    logits = 1.0 / (0.6 * 3**0.5 / np.pi)  # a normal error of 0.6 seen as a logistic one
    off = (found - (severity - severity.mean()) * logits) / errors
    assert np.mean(np.abs(off) < 2) > 0.85
    assert fitted.predict(levels).shape == tier.shape


def test_equal_rows_share_a_fold():
    rows = np.repeat(np.arange(40.0)[:, None], 3, axis=0)
    fold = folds_of(rows, np.repeat(np.arange(40) % 3, 3), 5, 0)
    assert all(len(set(fold[begin : begin + 3])) == 1 for begin in range(0, 120, 3))
    assert np.bincount(fold).tolist() == [24] * 5


@each
def test_a_card_says_what_the_estimator_says_and_many_what_one_says(estimator):
    levels, tier, *_ = decisions(900, noise=0.4)
    fitted = clone(estimator).fit(levels, tier)
    p = fitted.predict_proba(levels)
    made = card.build(fitted, [f"c{i}" for i in range(6)], conformal.quantiles(p, tier), conformal.ALPHA, note="x")
    spoken = card.Card(json.loads(json.dumps(made)))
    voices = [spoken.judge(row) for row in levels.tolist()]
    assert np.abs(np.array([one.probabilities for one in voices]) - p).max() <= 0.51e-6
    assert [one.tier for one in voices] == fitted.predict(levels).tolist()
    many, tiers, members = spoken.judge_many(levels)
    assert many.tolist() == [list(one.probabilities) for one in voices]
    assert tiers.tolist() == [one.tier for one in voices]
    assert [tuple(np.flatnonzero(row)) for row in members] == [one.tiers for one in voices]


def test_a_boosted_card_really_walks_its_trees():
    levels, tier, *_ = decisions(1_500, noise=0.2)
    bent = np.column_stack([levels, np.minimum(levels[:, 0], levels[:, 1])])
    tier = (bent[:, -1] >= 2).astype(int) + (bent[:, -1] >= 3)
    fitted = MonotoneOrdinalBoosting().fit(levels, tier)
    assert fitted.weights_[1] > 0.2
    made = card.build(fitted, [f"c{i}" for i in range(6)], [1.0, 1.0, 1.0], 0.1)
    voices = [card.Card(made).judge(row) for row in levels[:300].tolist()]
    assert np.abs(np.array([one.probabilities for one in voices]) - fitted.predict_proba(levels[:300])).max() <= 0.51e-6


@pytest.mark.parametrize(
    "wrong", [{}, {"format": "other"}, {"format": card.FORMAT}, {"format": card.FORMAT, "columns": 3}, [], "x"]
)
def test_what_is_no_card_is_refused(wrong):
    with pytest.raises(card.CardRefused):
        card.Card(wrong)


def test_a_card_refuses_other_columns_and_fewer_tiers():
    levels, tier, *_ = decisions(120)
    made = card.build(OrdinalLogit().fit(levels, tier), [f"c{i}" for i in range(6)], [1.0, 1.0, 1.0], 0.1)
    with pytest.raises(card.CardRefused):
        card.Card(made).judge([1.0] * 5)
    with pytest.raises(card.CardRefused):
        card.build(OrdinalLogit().fit(levels, tier > 0), [f"c{i}" for i in range(6)], [1.0, 1.0, 1.0], 0.1)


def test_each_tier_is_held_as_often_as_promised():
    held = []
    for seed in range(8):
        levels, tier, *_ = decisions(3_000, seed=seed)
        p = OrdinalLogit(alpha=10.0).fit(levels[:1000], tier[:1000]).predict_proba(levels[1000:])
        limits = conformal.quantiles(p[:1000], tier[1000:2000])
        held.append(conformal.coverage(p[1000:], tier[2000:], limits)[0])
    assert np.mean(held, axis=0) == pytest.approx([0.9] * 3, abs=0.03)


def test_a_tier_with_too_few_rows_is_always_in_the_set():
    p = np.array([[0.7, 0.2, 0.1]] * 30)
    assert conformal.quantiles(p, np.array([0] * 25 + [1] * 5))[1:] == [1.0, 1.0]
    assert conformal.tiers_in((0.9, 0.1, 0.0), [0.05, 0.5, 1.0]) == (2,)
    assert conformal.tiers_in((0.4, 0.3, 0.3), [0.5, 0.5, 0.5]) == ()
