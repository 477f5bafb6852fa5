"""The solver against an exact linear programme, and what it promises beside."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import coo_matrix, csr_matrix, lil_matrix, random

from portal.evaluation.assignment import FixKind, Shortage, assign


def table(rows):
    """A CSR where None is no entry and 0 is one."""
    entries = [(i, j, value) for i, row in enumerate(rows) for j, value in enumerate(row) if value is not None]
    i, j, value = zip(*entries, strict=True) if entries else ((), (), ())
    return csr_matrix((value, (i, j)), shape=(len(rows), len(rows[0])))


def best(affinity, demand, most, least, balance):
    """Pairs, least loads, balance (the sum of squared loads) and affinity, in this order, by HiGHS."""
    n, m = affinity.shape
    arcs = affinity.tocoo()
    slots = [(j, unit) for j in range(m) for unit in range(most[j])]
    values = arcs.data / (np.abs(arcs.data).max() + 1e-9)
    first = 4 * m + 8
    promised = first * (2 * max(most.max(), 1) + 2) if balance else first
    pair = promised * (2 * m + 6)
    prices = [(unit * first if balance else 0) - promised * float(unit < least[j]) - pair for j, unit in slots]
    of_row, of_column = lil_matrix((n, len(arcs.data) + len(slots))), lil_matrix((m, len(arcs.data) + len(slots)))
    for at, (i, j) in enumerate(zip(arcs.row, arcs.col, strict=True)):
        of_row[i, at] = of_column[j, at] = 1
    for at, (j, _) in enumerate(slots):
        of_column[j, len(arcs.data) + at] = -1
    found = linprog(
        np.concatenate([-values, prices]),
        A_ub=of_row.tocsr(),
        b_ub=np.full(n, demand),
        A_eq=of_column.tocsr(),
        b_eq=np.zeros(m),
        bounds=(0, 1),
        method="highs-ds",
    )
    x = found.x[: len(arcs.data)]
    loads = np.bincount(arcs.col, weights=x, minlength=m).round().astype(int)
    return round(x.sum()), int(np.minimum(loads, least).sum()), int((loads**2).sum()), float(x @ arcs.data)


@pytest.mark.parametrize("balance", [False, True])
@pytest.mark.parametrize("kind", ["continuous", "tied", "negative"])
def test_a_plan_equals_the_exact_optimum_in_random_worlds(kind, balance):
    generator = np.random.default_rng(["continuous", "tied", "negative"].index(kind))
    for world in range(40):
        n, m, demand = (int(generator.integers(*span)) for span in ((1, 14), (1, 8), (1, 4)))
        affinity = random(n, m, density=generator.uniform(0.2, 1), rng=generator, format="csr")
        if kind == "tied":
            affinity.data = np.round(affinity.data * 3)
        if kind == "negative":
            affinity.data = affinity.data * 10 - 5
        barred = random(n, m, density=generator.uniform(0, 0.3), rng=generator, format="csr")
        most = generator.integers(0, 8, m)
        least = np.minimum(most, generator.integers(0, 4, m))
        plan = assign(affinity, demand, most, least, forbidden=barred, seed=world, balance=balance)
        free = affinity.tocoo()
        keep = ~np.isin(free.row * m + free.col, barred.tocoo().row * m + barred.tocoo().col)
        if not keep.any():
            assert len(plan.pairs) == 0
            continue
        left = csr_matrix((free.data[keep], (free.row[keep], free.col[keep])), shape=(n, m))
        pairs, promised, squares, value = best(left, demand, most, least, balance)
        loads = np.bincount(plan.pairs[:, 1], minlength=m)
        assert (loads <= most).all()
        assert len(plan.pairs) == pairs
        assert int(np.minimum(loads, least).sum()) == promised
        assert plan.objective == pytest.approx(value, abs=1e-6)
        if balance:
            assert int((loads**2).sum()) == squares


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_lot():
    equal = csr_matrix(np.ones((40, 20)))
    first, again, other = (assign(equal, 2, 5, seed=seed) for seed in (1, 1, 2))
    assert first.pairs.tobytes() == again.pairs.tobytes()
    assert first.pairs.tobytes() != other.pairs.tobytes()
    assert json.dumps(first.explain().as_dict()) == json.dumps(again.explain().as_dict())


def test_the_lot_never_beats_an_affinity():
    clear = table([[0.5, 0.500001], [0.500001, 0.5]])
    for seed in range(50):
        assert assign(clear, 1, 1, seed=seed).pairs.tolist() == [[0, 1], [1, 0]]


def test_only_stored_entries_are_allowed_and_a_stored_zero_is_one():
    plan = assign(table([[0.0, None], [None, None]]), 1, 2, seed=0)
    assert plan.pairs.tolist() == [[0, 0]]
    assert plan.unmet.tolist() == [0, 1]
    assert plan.objective == 0.0
    assert plan.explain().short == {1: (1, Shortage.NO_ARCS)}


def test_the_number_of_pairs_comes_before_affinity():
    # the better sum would leave the second application alone
    plan = assign(table([[9.0, 1.0], [1.0, None]]), 1, 1, seed=0)
    assert plan.pairs.tolist() == [[0, 1], [1, 0]]
    assert plan.objective == 2.0


def test_what_is_short_says_why_and_the_three_ways_out():
    affinity = table([[0.9, 0.8, None], [0.7, 0.6, None], [None, None, 0.5], [0.2, 0.3, 0.1]])
    barred = table([[None, None, None], [None, None, None], [None, None, None], [1.0, 1.0, None]])
    told = assign(affinity, 2, 1, forbidden=barred, seed=3).explain()
    assert (told.needed, told.seated, told.missing, told.capacity, told.avoided) == (8, 3, 5, 3, 2)
    assert told.short == {1: (2, Shortage.FULL), 2: (1, Shortage.FEW_ARCS), 3: (2, Shortage.ALL_CONFLICTED)}
    ways = {fix.kind: fix for fix in told.fixes}
    assert ways[FixKind.LOAD].amount == 1 and ways[FixKind.LOAD].left == 2
    assert ways[FixKind.DEMAND].amount == 1 and ways[FixKind.DEMAND].left == 1
    assert ways[FixKind.EVALUATORS].amount >= 2


def test_larger_loads_as_proposed_do_help():
    generator = np.random.default_rng(5)
    affinity = csr_matrix(generator.random((60, 9)))
    short = assign(affinity, 3, 12, seed=1)
    load = next(fix for fix in short.explain().fixes if fix.kind is FixKind.LOAD)
    assert assign(affinity, 3, 12 + load.amount, seed=1).unmet.sum() == load.left == 0
    assert assign(affinity, 3, 12 + load.amount - 1, seed=1).unmet.sum() > 0


def test_balance_spreads_loads_within_one():
    generator = np.random.default_rng(8)
    affinity = csr_matrix(generator.random((101, 7)) + np.arange(7))
    assert assign(affinity, 2, 101, seed=1).explain().spread > 50
    assert assign(affinity, 2, 101, seed=1, balance=True).explain().spread == 1


def test_balance_where_some_can_take_few():
    affinity = csr_matrix(np.random.default_rng(2).random((50, 5)))
    loads = assign(affinity, 2, [3, 50, 50, 50, 50], seed=1, balance=True).explain().loads
    assert loads[0] == 3 and set(loads[1:]) == {24, 25}


def test_two_who_must_not_meet_are_parted_without_losing_a_pair():
    generator = np.random.default_rng(4)
    affinity = csr_matrix(np.column_stack([generator.random((30, 2)) + 5, generator.random((30, 4))]))
    together = assign(affinity, 2, 30, seed=1)
    assert together.pairs[:, 1].tolist() == [0, 1] * 30
    parted = assign(affinity, 2, 30, seed=1, apart=[(0, 1)])
    assert len(parted.pairs) == 60
    assert parted.explain().meeting == 0


def test_a_meeting_that_can_not_be_parted_stays_and_is_told():
    plan = assign(csr_matrix(np.ones((3, 2))), 2, 3, seed=1, apart=[(0, 1)])
    assert len(plan.pairs) == 6
    assert plan.explain().meeting == 3


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"demand": -1}, "demand"),
        ({"max_load": -1}, "max_load"),
        ({"max_load": [1, 1, 1]}, "max_load"),
        ({"max_load": 1.5}, "max_load"),
        ({"min_load": 3}, "least"),
        ({"forbidden": csr_matrix((1, 1))}, "shape"),
        ({"affinity": csr_matrix(np.array([[np.nan, 1.0]]))}, "finite"),
        ({"apart": [(0, 5)]}, "apart"),
    ],
)
def test_nonsense_is_refused(wrong, match):
    question = {"affinity": csr_matrix(np.ones((1, 2))), "demand": 1, "max_load": 1, "seed": 0} | wrong
    with pytest.raises(ValueError, match=match):
        assign(**question)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (3, 2)])
def test_empty_questions_have_empty_plans(shape):
    plan = assign(csr_matrix(shape), 2, 4, seed=0, balance=True)
    assert plan.pairs.shape == (0, 2)
    assert plan.unmet.tolist() == [2] * shape[0]
    assert plan.explain().affinity is None


def test_the_callers_matrix_stays_as_it_is():
    doubled = coo_matrix(([1.0, 2.0, 3.0], ([0, 0, 0], [1, 1, 0])), shape=(1, 2)).tocsr()
    before = doubled.nnz
    assign(doubled, 1, 1, seed=0)
    assert doubled.nnz == before
