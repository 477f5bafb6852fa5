"""The draw: a frozen question and its lot give the same plan to the byte; chairs, colleagues and pairs are looked after."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from portal.evaluation.drawing import MICRO, Question, answer, versions

SEED = "0123456789abcdef0123456789abcdef"


def question(n=12, m=8, need=2, most=6, chairs=2, seed=1, **changes):
    """n cases, everybody fits everybody somehow."""
    value = np.random.default_rng(seed).integers(1, MICRO, size=(n, m))
    arcs = [(row, column, int(value[row, column])) for row in range(n) for column in range(m)]
    asked = {
        "cases": [(row + 1, need, 0) for row in range(n)],
        "evaluators": [(100 + column, most, 0, 0) for column in range(m)],
        "chairs": [(900 + column, 0) for column in range(chairs)],
        "arcs": np.array(arcs, dtype=np.int64),
        "barred": [],
        "chair_barred": [],
        "apart": [],
        "met": [],
        "pair_cap": 3,
        "balance": True,
        "versions": versions(),
    }
    return Question(**{**asked, **changes})


def by_case(plan):
    cases = {}
    for case, person in plan.pairs:
        cases.setdefault(case, []).append(person)
    return cases


def test_what_was_frozen_gives_the_same_plan_to_the_byte():
    asked = question(30, 10, apart=[(0, 1)], barred=[(3, 4)])
    plan = answer(asked, SEED)
    again = answer(Question.thawed(asked.frozen()), SEED)
    assert Question.thawed(asked.frozen()).frozen() == asked.frozen()
    assert again.frozen() == plan.frozen()
    assert len(plan.pairs) == 60


def test_between_equals_the_lot_decides():
    flat = question()
    flat.arcs[:, 2] = 500_000
    plans = {answer(flat, f"{lot:032x}").frozen() for lot in range(6)}
    assert len(plans) > 1


def test_cases_that_lack_less_get_less_and_named_chairs_stay():
    cases = [(1, 2, 0), (2, 1, 900), (3, 3, 0)]
    plan = answer(question(3, cases=cases), SEED)
    assert Counter(case for case, _ in plan.pairs) == {1: 2, 2: 1, 3: 3}
    assert [case for case, _ in plan.chairs] == [1, 3]
    assert (plan.unmet, plan.chairless) == ([], [])


def test_conflicts_are_never_seated_and_are_counted():
    barred = [(row, column) for row in range(12) for column in (0, 1, 2)]
    plan = answer(question(barred=barred), SEED)
    assert {person for _, person in plan.pairs} == {103, 104, 105, 106, 107}
    assert plan.explanations[0][1].avoided == 36


def test_what_cannot_be_filled_says_so():
    plan = answer(question(10, 4, most=3), SEED)
    assert len(plan.pairs) == 12
    assert sum(count for _, count in plan.unmet) == 8
    assert [fix.kind.value for fix in plan.explanations[0][1].fixes] == ["evaluators", "load", "demand"]


def test_nobody_chairs_and_reviews_the_same_case():
    plan = answer(_with_double_roles(), SEED)
    heads = dict(plan.chairs)
    assert [case for case, people in by_case(plan).items() if heads[case] in people] == []
    assert len(plan.pairs) == 24


def _with_double_roles():
    asked = question(12, 5, most=12)
    return Question(**{**vars(asked), "chairs": [(100, 0), (101, 0)]})


def test_chairs_share_the_cases_with_what_they_hold_already():
    asked = question(10, chairs=3)
    plan = answer(Question(**{**vars(asked), "chairs": [(900, 4), (901, 0), (902, 1)]}), SEED)
    loads = Counter(chair for _, chair in plan.chairs)
    assert (loads[900] + 4, loads[901], loads[902] + 1) == (5, 5, 5)


def test_a_chair_with_a_conflict_is_passed_over_and_a_case_without_any_is_told():
    both = [(0, 0), (0, 1), (1, 0)]
    plan = answer(question(3, chair_barred=both), SEED)
    assert plan.chairless == [1]
    assert dict(plan.chairs)[2] == 901


def test_colleagues_do_not_judge_a_case_together_where_that_costs_no_seat():
    colleagues = [(0, 1), (2, 3)]
    plan = answer(question(12, 8, apart=colleagues), SEED)
    together = [
        pair for people in by_case(plan).values() for pair in combinations(sorted(people), 2)
    ]
    assert {(100, 101), (102, 103)} & set(together) == set()
    alone = answer(question(4, 2, apart=[(0, 1)]), SEED)
    assert len(alone.pairs) == 8  # a seat is worth more


@pytest.mark.parametrize("seed", range(5))
def test_the_same_two_rarely_meet_again(seed):
    plan = answer(question(24, 12, most=4, seed=seed, pair_cap=1), SEED)
    meetings = Counter(pair for people in by_case(plan).values() for pair in combinations(sorted(people), 2))
    assert max(meetings.values()) <= 2
    assert len(plan.pairs) == 48


def test_who_holds_many_cases_waits_for_the_others():
    held = [(100, 9, 0, 5), *((101 + column, 9, 0, column % 2) for column in range(5))]
    plan = answer(question(5, 6, evaluators=held), SEED)
    after = Counter(person for _, person in plan.pairs) + Counter({person: load for person, _, _, load in held})
    assert (after[100], sorted(after.values())[-2:]) == (5, [3, 5])
    assert len(plan.pairs) == 10


def test_uneven_loads_are_taken_where_conflicts_ask_for_them():
    held = [(100, 9, 0, 5), (101, 9, 0, 5), (102, 9, 0, 0)]
    plan = answer(question(3, 3, evaluators=held, barred=[(0, 2), (1, 2), (2, 2)]), SEED)
    assert (len(plan.pairs), plan.unmet) == (6, [])


def test_pairs_who_met_before_are_not_seated_together_again():
    plan = answer(question(6, 6, met=[(0, 1, 3), (2, 3, 5)]), SEED)
    pairs = {tuple(sorted(people)) for people in by_case(plan).values()}
    assert {(100, 101), (102, 103)} & pairs == set()
