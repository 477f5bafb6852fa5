"""The arithmetic of monitoring: known values, planted effects, and cells that can't be worked out."""

import math
import random

import pytest

from portal.scoring import measures
from portal.scoring.measures import Light


def test_equal_distributions_have_no_shift():
    assert measures.psi([10, 20, 30, 0, 5, 0, 1], [10, 20, 30, 0, 5, 0, 1]) == 0
    assert measures.psi([10, 90], [100, 900], smoothing=0) == pytest.approx(0)


def test_the_shift_of_a_known_pair():
    # (0.5, 0.5) → (0.9, 0.1): 0.4 ln 1.8 + (-0.4) ln 0.2
    known = 0.4 * math.log(1.8) - 0.4 * math.log(0.2)
    assert measures.psi([50, 50], [90, 10], smoothing=0) == pytest.approx(known)
    assert measures.psi([90, 10], [50, 50], smoothing=0) == pytest.approx(known)


def test_an_empty_bin_does_not_make_the_shift_endless():
    # Laplace: (1, 11)/12 and (11, 1)/12
    assert measures.psi([0, 10], [10, 0]) == pytest.approx(2 * (10 / 12) * math.log(11))


@pytest.mark.parametrize(
    ("value", "light"), [(0.09, Light.CALM), (0.1, Light.WATCH), (0.249, Light.WATCH), (0.25, Light.ACT)]
)
def test_the_marks_of_the_shift(value, light):
    assert measures.psi_light(value, 10_000, 10_000) is light


def test_a_shift_that_chance_makes_of_few_answers_is_calm():
    assert measures.psi_light(0.3, 100, 40) is Light.CALM
    assert measures.psi_light(0.3, 29, 10_000) is Light.UNKNOWN


def test_samples_of_one_population_rarely_pass_the_marks():
    """False alarms: 2,000 pairs of samples of 60 and 200 from the same answers."""
    rng, alarms = random.Random(7), 0
    weights = (5, 15, 35, 25, 12, 5, 3)
    for _ in range(2000):
        counts = []
        for size in (200, 60):
            drawn = rng.choices(range(7), weights, k=size)
            counts.append([drawn.count(level) for level in range(7)])
        alarms += measures.psi_light(measures.psi(*counts), 200, 60) is not Light.CALM
    assert alarms <= 8


def test_a_share_needs_more_than_a_handful_above_the_mark():
    assert measures.share_light(12, 30, (0.3, 0.45)) is Light.CALM  # 40 %, but 24 % is possible
    assert measures.share_light(120, 300, (0.3, 0.45)) is Light.WATCH
    assert measures.share_light(200, 300, (0.3, 0.45)) is Light.ACT
    assert measures.share_light(29, 29, (0.3, 0.45)) is Light.UNKNOWN


def test_the_bound_of_a_share():
    assert measures.surely_above(0, 0) == 0
    assert measures.surely_above(50, 100) == pytest.approx(0.4038, abs=1e-4)  # Wilson's interval of 50 in 100


def test_coverage_below_the_promise_asks_to_act():
    assert measures.coverage_light(900, 1000, 0.9) is Light.CALM
    assert measures.coverage_light(700, 1000, 0.9) is Light.ACT
    assert measures.coverage_light(10, 20, 0.9) is Light.UNKNOWN


def test_the_worst_light_wins():
    assert measures.worst([Light.CALM, Light.ACT, Light.WATCH]) is Light.ACT
    assert measures.worst([Light.UNKNOWN, Light.CALM]) is Light.CALM
    assert measures.worst([]) is Light.UNKNOWN


# --- small cells ---------------------------------------------------------------------------------------------


def test_a_table_without_small_cells_stays_whole():
    assert measures.suppress([[5, 0], [7, 9]], 3) == [[5, 0, 5], [7, 9, 16], [12, 9, 21]]


def test_a_small_cell_takes_a_second_one_along_in_its_row_and_column():
    found = measures.suppress([[2, 10, 20], [15, 11, 30], [40, 50, 60]], 3)
    assert found[0][0] is None
    for row in found:
        assert row.count(None) != 1
    for column in zip(*found, strict=True):
        assert column.count(None) != 1
    assert found[-1][-1] == 238


def test_hidden_cells_never_add_up_to_less_than_the_limit():
    found = measures.suppress([[1, 1, 20], [30, 40, 50], [30, 40, 50]], 3)
    hidden = [value for value, shown in zip((1, 1, 20), found[0], strict=False) if shown is None]
    assert sum(hidden) >= 3


def test_a_table_of_nearly_nobody_shows_nothing():
    assert measures.suppress([[1, 0], [0, 1]], 3)[-1][-1] is None
    assert measures.suppress([], 3) == [[0]]


@pytest.mark.parametrize("seed", range(200))
def test_no_line_of_a_random_table_gives_a_small_cell_away(seed):
    rng = random.Random(seed)
    rows = [[rng.choice((0, 0, 1, 2, 3, 7, 20)) for _ in range(rng.randint(2, 4))] for _ in range(rng.randint(1, 9))]
    rows = [row[: min(map(len, rows))] for row in rows]
    least = rng.choice((3, 5))
    full = [[*row, sum(row)] for row in rows]
    full.append([sum(column) for column in zip(*full, strict=True)])
    found = measures.suppress(rows, least)
    for values, shown in [
        *zip(full, found, strict=True),
        *zip(zip(*full, strict=True), zip(*found, strict=True), strict=True),
    ]:
        assert all(one is None or one == value for value, one in zip(values, shown, strict=True))
        assert all(one is None for value, one in zip(values, shown, strict=True) if 0 < value < least)
        gone = [value for value, one in zip(values[:-1], shown[:-1], strict=True) if one is None]
        if shown[-1] is not None:
            assert not gone or (len(gone) > 1 and sum(gone) >= least)
        else:
            assert gone or sum(values) == 0


# --- how strict an evaluator is ------------------------------------------------------------------------------


def planted(seed, raters=12, files=400, noise=0.45, spread=0.4, rounded=False):
    rng = random.Random(seed)
    truth = [rng.gauss(0, spread) for _ in range(raters)]
    ratings = []
    for file in range(files):
        worth = rng.gauss(1.8, 0.8)
        for rater in rng.sample(range(raters), 2):
            score = worth + truth[rater] + rng.gauss(0, noise)
            ratings.append((file, rater, min(3, max(1, round(score))) if rounded else score))
    mean = sum(truth) / raters
    return [one - mean for one in truth], ratings


def test_planted_severity_is_recovered_within_its_error():
    apart = []
    for seed in range(20):
        truth, ratings = planted(seed)
        found = measures.severities(ratings)
        assert [one.rater for one in found] == list(range(12))
        apart += [abs(one.value - truth[one.rater]) / one.error for one in found]
    assert max(apart) < 4.5
    inside = sum(one <= 2 for one in apart) / len(apart)
    assert 0.91 <= inside <= 0.99


def test_tiers_rounded_to_whole_ones_keep_the_order_of_the_strict():
    truth, ratings = planted(3, spread=0.6, files=1200, rounded=True)
    found = {one.rater: one.value for one in measures.severities(ratings)}
    by_truth = sorted(found, key=lambda rater: truth[rater])
    assert found[by_truth[0]] < -0.2 < 0.2 < found[by_truth[-1]]


def test_who_got_the_better_files_is_not_called_lenient():
    """A reads only strong firms with B, C only weak ones with D: nobody is stricter than anybody."""
    rng = random.Random(1)
    ratings = []
    for file in range(200):
        worth, pair = (3, "AB") if file % 2 else (1, "CD")
        ratings += [(file, rater, worth + rng.gauss(0, 0.3)) for rater in pair]
    assert max(abs(one.value) for one in measures.severities(ratings)) < 0.1


def test_files_that_one_person_read_alone_say_nothing():
    assert measures.severities([(1, "A", 3), (2, "A", 1)]) == []
    found = measures.severities([(1, "A", 3), (1, "B", 3), (2, "A", 1)])
    assert [(one.rater, one.files) for one in found] == [("A", 1), ("B", 1)]


def test_a_strict_persons_light_needs_size_and_sureness():
    assert measures.Severity("A", 40, -0.6, 0.1).light is Light.ACT
    assert measures.Severity("A", 40, -0.3, 0.1).light is Light.WATCH
    assert measures.Severity("A", 40, -0.6, 0.4).light is Light.CALM
