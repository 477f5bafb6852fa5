"""The synthetic worlds: reproducible, with the shares they promise, and experts whose errors are the ones described."""

import numpy as np
import pytest

from portal.demo import worlds
from portal.demo.worlds import FAMILIES, NOISES, SHARES, SPREAD, World, agreement, raised
from portal.scoring.instrument import load

FIRMS = 20_000
EVERY = [(family, noise) for family in FAMILIES for noise in NOISES]


@pytest.fixture(scope="module")
def additive():
    return World("additive", "realistic", 3).firms(FIRMS)


@pytest.mark.parametrize(("family", "noise"), EVERY)
def test_the_same_seed_gives_the_same_firms_and_decisions(family, noise):
    one, two = (World(family, noise, 5) for _ in range(2))
    first, second = one.firms(300, 0.2), two.firms(300, 0.2)
    for name in worlds.Cohort.__dataclass_fields__:
        assert np.array_equal(getattr(first, name), getattr(second, name)), name
    assert np.array_equal(one.decide(first, 7, 2).tier, two.decide(second, 7, 2).tier)


def test_another_draw_or_seed_gives_other_firms():
    world = World("additive", "low", 5)
    first = world.firms(300).answers
    assert not np.array_equal(first, world.firms(300, draw=1).answers)
    assert not np.array_equal(first, World("additive", "low", 6).firms(300).answers)


def test_the_noise_of_experts_changes_no_firm():
    low, realistic = (World("shifted", noise, 5).firms(300) for noise in NOISES)
    assert np.array_equal(low.answers, realistic.answers)
    assert np.array_equal(low.truth, realistic.truth)


@pytest.mark.parametrize(
    ("family", "shares"), [("additive", (60, 30, 10)), ("nonadditive", (60, 30, 10)), ("shifted", (70, 24, 6))]
)
def test_shares_of_the_true_tiers(family, shares):
    truth = World(family, "realistic", 3).firms(FIRMS).truth
    assert 100 * np.bincount(truth, minlength=3) / FIRMS == pytest.approx(shares, abs=1.5)


def test_answers_are_what_the_instrument_takes(additive):
    load().assess_many(additive.answers, additive.evidence)  # refuses levels and 해당 없음 where they are not allowed
    assert not (additive.evidence & (additive.answers < 3)).any()
    assert additive.columns.shape == (FIRMS, 55)


def test_size_and_industry_go_with_maturity_and_are_no_columns(additive):
    means = [additive.index[additive.size == size].mean() for size in worlds.SIZES]
    assert means == sorted(means)
    other = worlds.replace(additive, size=additive.size[::-1], region=additive.region[::-1], ksic2=additive.ksic2[::-1])
    assert np.array_equal(other.columns, additive.columns)


def test_inflators_claim_more_without_being_better():
    cohort = World("additive", "realistic", 3).firms(FIRMS, inflators=0.3)
    claims, liars = np.where(cohort.answers < 0, 0, cohort.answers).mean(axis=1), cohort.inflator
    assert liars.mean() == pytest.approx(0.3, abs=0.02)
    assert claims[liars].mean() > claims[~liars].mean() + 0.5
    assert cohort.index[liars].mean() == pytest.approx(cohort.index[~liars].mean(), abs=0.05)
    high = cohort.answers >= 3
    assert cohort.evidence[liars][high[liars]].mean() < 0.75 * cohort.evidence[~liars][high[~liars]].mean()


def test_the_errors_of_experts_have_the_described_shares():
    """Two experts read each file, so the crossed parts can be told apart: expert, file, the rest."""
    world = World("additive", "realistic", 4)
    cohort = world.firms(FIRMS)
    said = world.decide(cohort, raters=400, per_file=2)
    error = (said.seen - cohort.index[said.file]).reshape(-1, 2)
    whole = error.var()
    assert whole == pytest.approx(SPREAD["realistic"] ** 2, rel=0.05)
    severity = np.bincount(said.rater, error.ravel()) / np.bincount(said.rater)
    readings = FIRMS * 2 / 400
    by_rater = severity.var() - (whole - severity.var()) / readings
    by_file = np.cov(error.T)[0, 1]
    found = {"severity": by_rater / whole, "quality": by_file / whole, "noise": 1 - (by_rater + by_file) / whole}
    assert found == pytest.approx(SHARES, abs=0.03)


def test_a_regional_lean_favours_the_capital_region_alone(additive):
    world = World("additive", "realistic", 3)
    plain, leaning = world.decide(additive, 50), world.decide(additive, 50, regional_lean=0.5)
    moved = leaning.seen - plain.seen
    there = np.isin(additive.region, worlds.CAPITAL)
    assert moved[there] == pytest.approx(0.5, abs=1e-6)
    assert moved[~there] == pytest.approx(0, abs=1e-6)
    assert np.array_equal(leaning.rater, plain.rater)


def test_every_file_gets_different_experts():
    world = World("shifted", "low", 1)
    said = world.decide(world.firms(500), raters=5, per_file=4)
    assert all(len(set(row)) == 4 for row in said.rater.reshape(-1, 4))
    assert np.array_equal(said.file, np.repeat(np.arange(500), 4))
    assert set(said.rater) == set(range(5))


def test_more_experts_than_there_are_is_refused():
    world = World()
    with pytest.raises(ValueError, match="per_file"):
        world.decide(world.firms(10), raters=2, per_file=3)


@pytest.mark.parametrize("wrong", [("linear", "low"), ("additive", "none")])
def test_an_unknown_world_is_refused(wrong):
    with pytest.raises(ValueError, match="no such world"):
        World(*wrong)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_best_reading_beats_one_noisy_expert_and_is_not_perfect(family):
    found = World(family, "realistic", 2).ceilings(8_000)
    assert found.expert < found.bayes < 0.97
    assert found.expert == pytest.approx(0.78, abs=0.04)
    assert World(family, "low", 2).ceilings(8_000).expert > 0.92


def test_a_raise_changes_one_place_and_lowers_no_column(additive):
    some = additive.part(slice(2_000))
    better = raised(some, np.random.default_rng(1))
    changed = (better.answers != some.answers) | (better.evidence != some.evidence)
    assert changed.sum(axis=1).max() == 1
    assert changed.any(axis=1).mean() > 0.5
    assert (better.columns >= some.columns).all()


def test_agreement_is_the_quadratic_kappa():
    truth, said = np.array([0, 0, 1, 2, 2, 1]), np.array([0, 1, 1, 2, 0, 2])
    assert agreement(truth, truth) == 1.0
    # worked by hand: observed (1 + 4 + 1) / 6; by chance (2·2·1 + 2·2·4 + 2·2·1 + 2·2·1 + 2·2·4 + 2·2·1) / 36
    assert agreement(truth, said) == pytest.approx(1 - 1 / (48 / 36))
