"""How a learner is put to the test: nothing learned from later or from the same firm, and figures that can be checked."""

import numpy as np
import pytest

from portal.demo.worlds import World
from portal.scoring import trials
from portal.scoring.gates import TIERS
from portal.scoring.instrument import load

INSTRUMENT = load()


def cases(n=420, per_file=2, tier=None):
    world = World("additive", "realistic", 3)
    firms = world.firms(n)
    said = world.decide(firms, raters=12, per_file=per_file)
    here = said.file
    return trials.Cases(
        instrument=INSTRUMENT,
        answers=firms.answers[here],
        evidence=firms.evidence[here],
        rejected=np.zeros((len(here), 44), bool),
        tier=said.tier.astype(int) if tier is None else tier(said.tier.astype(int)),
        file=here,
        firm=here // 2,  # two files of each firm
        rater=said.rater,
        at=np.random.default_rng(0).permutation(n).astype(float)[here],
        axes={"region": firms.region[here], "size": firms.size[here], "industry": firms.ksic2[here]},
    )


@pytest.fixture(scope="module")
def drawn():
    return cases(900)


@pytest.fixture(scope="module")
def trial(drawn):
    return trials.run(drawn, "ordinal_logit")


def test_no_firm_stands_on_both_sides_and_nothing_is_learned_from_later(drawn):
    parts = list(trials.held_out(drawn))
    assert len(parts) == 3
    for learns, judged in parts:
        assert not set(drawn.firm[learns]) & set(drawn.firm[judged])
        assert drawn.at[learns].max() < drawn.at[judged].min()
    every = np.concatenate([np.flatnonzero(judged) for _, judged in parts])
    assert len(every) == len(set(every.tolist())) == len(drawn) * 3 // 5


def test_a_tier_that_comes_too_late_can_t_be_tried(drawn):
    late = trials.Cases(**{**vars_of(drawn), "tier": np.where(drawn.at > np.quantile(drawn.at, 0.9), drawn.tier, 0)})
    with pytest.raises(ValueError, match="held out"):
        trials.run(late, "ordinal_logit")


def vars_of(found):
    return {name: getattr(found, name) for name in trials.Cases.__dataclass_fields__}


def test_what_is_said_never_passes_a_binding_gate(drawn):
    said = drawn.spoken(np.full(len(drawn), 2))
    for level in (1, 2):
        here = said == level
        assert (drawn.gates[here][:, level][:, trials.BINDING] != 2).all()
    assert (drawn.spoken(drawn.by_instrument) == drawn.by_instrument).all()


def test_a_report_tells_all_that_the_desk_shows(trial, drawn):
    report = trial.report
    assert report["held_out"]["decisions"] == len(trial.rows)
    assert set(report["metrics"]) == {"model", "model_without_gates", "champion", "instrument"}
    assert report["metrics"]["champion"] == report["metrics"]["instrument"]
    assert report["monotonicity"] == {"raises": trials.RAISES, "violations": 0}
    assert np.array(report["confusion"]).sum() == len(trial.rows)
    assert sum(one["rows"] for one in report["fairness"]["size"]) == len(trial.rows)
    assert [one["tier"] for one in report["conformal"]["classes"]] == [tier.name for tier in TIERS]
    assert len(report["severity"]) == 12
    assert report["metrics"]["model"]["qwk"] > 0.5


def test_an_expert_who_judges_low_stands_below_zero(drawn):
    low = np.where(drawn.rater == 3, np.maximum(drawn.tier - 1, 0), drawn.tier)
    strict = trials.Cases(**{**vars_of(drawn), "tier": low})
    fitted = trials.learner("ordinal_logit", INSTRUMENT).fit(strict.columns, low, raters=strict.rater)
    found = trials.severity(strict, fitted)
    assert min(found, key=lambda one: one["effect"]) == found[3]
    assert found[3]["effect"] < -0.2 < 0 < max(one["effect"] for one in found)


def test_decisions_dealt_at_random_teach_nothing():
    random = np.random.default_rng(5)
    found = trials.run(cases(250, tier=random.permutation), "ordinal_logit").report
    assert abs(found["metrics"]["model_without_gates"]["qwk"]) < 0.12


def test_calibration_error_of_a_perfect_and_of_a_boastful_model():
    random = np.random.default_rng(0)
    p = random.dirichlet([2, 1, 1], 4_000)
    tier = (random.random((len(p), 1)) > np.cumsum(p, axis=1)[:, :-1]).sum(axis=1)
    assert trials.probability_scores(tier, p)["ece_debiased"] < 0.005
    sure = p**4 / (p**4).sum(axis=1, keepdims=True)
    assert trials.probability_scores(tier, sure)["ece_debiased"] > 0.1


def test_a_paired_bootstrap_knows_better_equal_and_worse():
    random = np.random.default_rng(0)
    tier = random.integers(0, 3, 600)
    firm = np.arange(600) // 2
    wrong = np.where(random.random(600) < 0.4, (tier + 1) % 3, tier)
    right = np.where(random.random(600) < 0.1, (tier + 1) % 3, tier)
    assert trials.paired_bootstrap(firm, tier, wrong, right)["low"] > 0
    assert trials.paired_bootstrap(firm, tier, right, wrong)["high"] < 0
    assert trials.paired_bootstrap(firm, tier, wrong, wrong) == {"low": 0.0, "middle": 0.0, "high": 0.0}


def test_a_challenger_that_wins_and_one_that_loses(trial, drawn):
    winner = trials.against(drawn, trial, None, "instrument")
    met = {one["code"]: one["met"] for one in winner["criteria"]}
    assert met == {"evidence": True, "mae": True, "monotone": True, "fair": True, "calibrated": True}
    loser = trials.against(drawn, trial, lambda columns: trial.estimator.predict(columns), "itself, told everything")
    assert not next(one["met"] for one in loser["criteria"] if one["code"] == "mae")


def test_a_group_that_is_treated_worse_bars_a_model(drawn, trial):
    rows, tier = trial.rows, drawn.tier[trial.rows]
    small = drawn.axes["size"][rows] == "small"
    unfair = np.where(small, (tier + 1) % 3, tier)
    assert trials.gap_widened(drawn, rows, tier, unfair) > 0.3
    assert trials.gap_widened(drawn, rows, unfair, tier) < 0
