"""The nightly flow against a linear programme, and its promises."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from portal.matching.plan import allocate, recommend


def world(seed, companies=12, suppliers=7, share=0.4):
    draw = np.random.default_rng(seed)
    score = np.round(draw.uniform(0, 100, (companies, suppliers)), 2) * (draw.random((companies, suppliers)) < share)
    return csr_matrix(score), draw.integers(0, 4, suppliers)


def best_sum(score, slots, per_company):
    """The largest sum of scores that serves as many companies as can be, by HiGHS."""
    arcs = score.tocoo()
    n, m, k = *score.shape, len(arcs.data)
    rows = csr_matrix((np.ones(k), (arcs.row, np.arange(k))), shape=(n, k))
    cols = csr_matrix((np.ones(k), (arcs.col, np.arange(k))), shape=(m, k))
    wide = np.zeros((n, n))
    np.fill_diagonal(wide, -1)
    limits = np.block(
        [[rows.toarray(), np.zeros((n, n))], [cols.toarray(), np.zeros((m, n))], [-rows.toarray(), -wide]]
    )
    most = np.concatenate([np.full(n, per_company), slots, np.zeros(n)])
    cost = np.concatenate([-arcs.data, np.full(n, -1e5)])  # the second half: is this company served?
    found = linprog(cost, A_ub=limits, b_ub=most, bounds=(0, 1))
    served = round(found.x[k:].sum())
    return served, float(arcs.data @ found.x[:k])


@pytest.mark.parametrize("seed", range(12))
def test_as_many_as_can_be_are_served_and_then_the_sum_is_the_largest(seed):
    score, slots = world(seed)
    plan = allocate(score, slots, 3, seed)
    served, total = best_sum(score, slots, 3)
    assert score.shape[0] - len(plan.unserved) == served
    assert plan.objective == pytest.approx(total, rel=1e-3)
    assert plan.objective == pytest.approx(sum(score[i, j] for i, j in plan.pairs))


def test_only_stored_pairs_within_slots_and_each_once():
    score, slots = world(99, companies=60, suppliers=20)
    plan = allocate(score, slots, 2, 5)
    assert len(np.unique(plan.pairs, axis=0)) == len(plan.pairs)
    assert all(score[i, j] > 0 for i, j in plan.pairs)
    assert (np.bincount(plan.pairs[:, 1], minlength=20) <= slots).all()
    assert np.bincount(plan.pairs[:, 0]).max() <= 2
    assert sorted({*plan.pairs[:, 0], *plan.unserved}) == list(range(60))


def test_a_stored_zero_serves_and_a_missing_one_does_not():
    score = csr_matrix((np.array([0.0, 5.0]), (np.array([0, 1]), np.array([0, 0]))), shape=(3, 1))
    plan = allocate(score, [2], 1, 0)
    assert (plan.pairs.tolist(), plan.unserved.tolist(), plan.objective) == ([[0, 0], [1, 0]], [2], 5.0)


def test_a_company_is_served_rather_than_another_twice():
    score = csr_matrix(np.array([[100.0, 100.0], [0.0, 1.0]]))
    assert allocate(score, [1, 1], 2, 0).pairs.tolist() == [[0, 0], [1, 1]]


def test_a_long_chain_of_exchanges_is_followed():
    """Serving the last company pushes everybody else on to a supplier that suits them less, by far more than a bonus."""
    size = 40
    score = np.zeros((size, size))
    score[np.arange(size - 1), np.arange(size - 1)] = 100.0
    score[np.arange(size - 1), np.arange(1, size)] = 0.01
    score[size - 1, 0] = 0.01
    plan = allocate(csr_matrix(score), np.ones(size), 1, 0)
    assert (len(plan.unserved), plan.objective) == (0, pytest.approx(0.01 * size))


def test_equals_are_drawn_by_the_seed():
    score = csr_matrix(np.full((6, 12), 50.0))
    plans = [allocate(score, np.ones(12), 1, seed).pairs.tolist() for seed in (1, 1, 2)]
    assert plans[0] == plans[1] != plans[2]


@pytest.mark.parametrize(
    ("score", "slots", "per_company"),
    [
        ([[1.0]], [1, 1], 1),
        ([[1.0]], [-1], 1),
        ([[1.0]], [0.5], 1),
        ([[-1.0]], [1], 1),
        ([[np.nan]], [1], 1),
        ([[1.0]], [1], -1),
    ],
)
def test_a_senseless_question_is_refused(score, slots, per_company):
    with pytest.raises(ValueError):
        allocate(csr_matrix(np.array(score)), slots, per_company, 0)


def test_nothing_to_give_is_a_plan_too():
    plan = allocate(csr_matrix((3, 2)), [0, 0], 5, 0)
    assert (plan.pairs.shape, plan.unserved.tolist(), plan.objective) == ((0, 2), [0, 1, 2], 0.0)


@pytest.mark.parametrize("seed", range(6))
def test_the_last_place_is_for_a_newcomer_unless_one_is_there_by_its_score(seed):
    score, slots = world(seed, companies=40, suppliers=30, share=0.6)
    slots = slots + 6
    fresh = np.arange(30) % 3 == 0
    score = csr_matrix(score.multiply(np.where(fresh, 0.1, 1.0)))  # by points alone newcomers come last
    before, plan = allocate(score, slots, 4, seed), recommend(score, slots, 5, seed, fresh)
    new = np.bincount(plan.pairs[:, 0], weights=fresh[plan.pairs[:, 1]], minlength=40)
    left = slots - np.bincount(plan.pairs[:, 1], minlength=30)
    for company in np.flatnonzero(new == 0):
        span = slice(score.indptr[company], score.indptr[company + 1])
        able = [at for at in score.indices[span] if fresh[at] and left[at]]
        assert not able
    assert (new > 0).sum() > 30
    assert len(np.unique(plan.pairs, axis=0)) == len(plan.pairs)
    assert (left >= 0).all() and np.bincount(plan.pairs[:, 0]).max() == 5
    assert len(plan.unserved) == len(before.unserved)
    assert plan.objective == pytest.approx(sum(score[i, j] for i, j in plan.pairs))
    assert (plan.pairs == recommend(score, slots, 5, seed, fresh).pairs).all()
