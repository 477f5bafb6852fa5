"""The severity model on worlds whose truth is known: it finds who is strict, says how sure it is, and invents nothing."""

import numpy as np
import pytest

from portal.evaluation import severity


def world(seed, cases=200, judges=25, each=2, spread=4.0, noise=5.0):
    rng = np.random.default_rng(seed)
    truth, worth = rng.normal(0, spread, judges), rng.normal(70, 9, cases)
    case = np.repeat(np.arange(cases), each)
    judge = np.concatenate([rng.choice(judges, each, replace=False) for _ in range(cases)])
    return case, judge, worth[case] - truth[judge] + rng.normal(0, noise, case.size), truth


def test_it_finds_the_strict_ones_and_its_errors_hold():
    found, within = [], []
    for seed in range(20):
        case, judge, totals, truth = world(seed)
        model = severity.fit(case, judge, totals, truth.size)
        found.append(np.corrcoef(model.points, truth)[0, 1])
        within.append(np.mean(np.abs(model.points - truth) < 2 * model.errors))
    assert np.mean(found) > 0.85
    assert 0.92 <= np.mean(within) <= 0.98


def test_where_nobody_is_strict_the_estimates_shrink_to_nothing():
    case, judge, totals, _ = world(3, spread=0.0)
    model = severity.fit(case, judge, totals, 25)
    assert np.abs(model.points).max() < 2.5
    assert model.spread < 2


def test_how_good_the_files_are_says_nothing_of_the_judges():
    case, judge, totals, truth = world(5)
    shifted = totals + np.where(case % 2, 20.0, -15.0)
    assert severity.fit(case, judge, shifted, truth.size).points == pytest.approx(
        severity.fit(case, judge, totals, truth.size).points
    )


def test_judges_without_comparison_stay_at_zero_with_the_whole_error():
    model = severity.fit([0, 1], [0, 1], [40, 95], 3)
    assert list(model.points) == [0, 0, 0]
    assert list(model.errors) == pytest.approx([severity.USUAL_SPREAD] * 3)
    assert severity.fit([], [], [], 0).points.size == 0


def test_few_comparisons_move_little():
    model = severity.fit([0, 0], [0, 1], [50, 80], 2)
    assert model.points[0] == -model.points[1] > 0
    assert model.points[0] < 6
