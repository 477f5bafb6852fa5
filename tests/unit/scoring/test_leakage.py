"""What must never reach a model: who the firm is, and what was said after the decision."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone

from portal.demo.worlds import World, agreement
from portal.scoring import features, record, trials
from portal.scoring.estimators import MonotoneOrdinalBoosting, OrdinalLogit
from portal.scoring.instrument import load

INSTRUMENT = load()
FIRMS = 2_000

COLUMNS = (
    "S1 S2 S3 S4 S5 P1 P2 P3 P4 D1 D2 D3 D4 N1 N2 N3 N4 E1 E2 E3 E4 E5 Q1 Q2 Q3 Q4 T1 T2 T3 T4 T5 L1 L2 L3 L4 "
    "I1 I2 I3 I4 I5 R1 R2 R3 R4 area:STR area:PPL area:DEV area:PLN area:EXE area:QLT area:AST area:LOG area:DAT "
    "area:RES weakest"
)
"""Written out, so that whoever adds a column has to read the sentence above."""
INPUTS = {"answers", "evidence", "rejected", "unsure", "pains", "facts"}
FACTS = {
    "exclusions",
    "own_share_ratio",
    "certified_system_level",
    "data_person_planned",
    "target_system_level",
    "open_project",
    "unpaid_clawback",
}


@pytest.fixture(scope="module")
def cohort():
    return World("additive", "realistic", 11).firms(FIRMS, inflators=0.1)


def test_a_model_sees_these_columns_and_no_other():
    assert features.names(INSTRUMENT) == tuple(COLUMNS.split())


def test_a_suggestion_is_made_from_these_inputs_and_no_other():
    given = record.inputs({"answers": {}, "company": {"region": "seoul-jongno", "ksic": "25"}, "name": "합성(예시)"})
    assert set(given) == INPUTS
    assert set(given["facts"]) == FACTS


def test_firms_that_differ_only_in_place_size_and_industry_give_the_same_columns(cohort):
    elsewhere = replace(
        cohort, region=cohort.region[::-1].copy(), size=cohort.size[::-1].copy(), ksic2=cohort.ksic2[::-1].copy()
    )
    assert (elsewhere.region != cohort.region).any()
    assert elsewhere.columns.tobytes() == cohort.columns.tobytes()


def test_firms_that_differ_only_in_who_they_are_get_the_same_suggestion(cohort):
    for row in range(20):
        answers = {
            code: None if level < 0 else level
            for code, level in zip(INSTRUMENT.codes, cohort.answers[row].tolist(), strict=True)
        }
        proven = [code for code, held in zip(INSTRUMENT.codes, cohort.evidence[row], strict=True) if held]
        said = []
        for company in ({"name": "가", "region": "seoul-jongno", "size": "micro"}, {"name": "나", "ksic": "30"}):
            given = record.inputs({"answers": answers, "evidence": proven, "company": company, **company})
            said.append((record.canonical(given), record.canonical(record.result(given))))
        assert said[0] == said[1]


def test_the_hidden_truth_of_a_world_is_not_in_the_columns(cohort):
    """A plant: were the true index among them, some column would follow it exactly."""
    together = np.corrcoef(np.column_stack([cohort.columns, cohort.index]).T)[-1, :-1]
    assert np.nanmax(np.abs(together)) < 0.97


@pytest.mark.parametrize(
    ("learner", "shuffles"), [(OrdinalLogit(), 8), (MonotoneOrdinalBoosting(max_iter=40, folds=3), 3)]
)
def test_shuffled_decisions_teach_nothing(cohort, learner, shuffles):
    """With the decisions dealt out anew nothing is left to learn: kappa at chance, and no row surer than the shares.

    The learners may only rise in their columns, so their index still ranks the firms; what counts is that they know
    how little it says. The same rows with their own decisions are the counter-proof that the trial could have failed.
    """
    world, rows = World("additive", "realistic", 11), 500
    decisions = world.decide(cohort, raters=12)
    known, fresh = cohort.columns[:rows], cohort.columns[rows:]
    tiers, truth = decisions.tier[:rows], cohort.truth[rows:]
    assert agreement(truth, clone(learner).fit(known, tiers).predict(fresh)) > 0.8
    shares = np.bincount(tiers, minlength=3) / rows
    kappas = []
    for seed in range(shuffles):
        dealt = np.random.default_rng(seed).permutation(tiers)
        model = clone(learner).fit(known, dealt)
        kappas.append(agreement(truth, model.predict(fresh)))
        assert np.abs(model.predict_proba(fresh).mean(axis=0) - shares).max() < 0.05
        assert model.predict_proba(fresh).std(axis=0).max() < 0.10
    error = np.std(kappas, ddof=1) / shuffles**0.5
    assert abs(np.mean(kappas)) <= 0.02 + 2 * error
    assert np.mean(kappas) + 2 * error < 0.1


def readings(seed: int, firms: int = 300) -> trials.Cases:
    """Two readings of each firm's one or two files, at moments that many readings share."""
    random, world = np.random.default_rng(seed), World("additive", "realistic", seed)
    drawn = world.firms(firms)
    said = world.decide(drawn, raters=8, per_file=2)
    at = random.integers(0, 90, len(said)).astype(float)
    return trials.Cases(
        instrument=INSTRUMENT,
        answers=drawn.answers[said.file],
        evidence=drawn.evidence[said.file],
        rejected=np.zeros((len(said), len(INSTRUMENT.codes)), bool),
        tier=said.tier.astype(int),
        file=said.file,
        firm=said.file // 2,
        rater=said.rater,
        at=at,
    )


@pytest.mark.parametrize("seed", range(5))
def test_no_firm_is_learned_from_and_judged(seed):
    cases = readings(seed)
    parts = list(trials.held_out(cases))
    assert len(parts) == trials.PARTS - trials.TEACHING
    for learns, judged in parts:
        assert learns.any()
        assert set(cases.firm[learns]) & set(cases.firm[judged]) == set()


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_learned_from_that_came_later(seed):
    cases = readings(seed)
    for learns, judged in trials.held_out(cases):
        assert cases.at[learns].max() < cases.at[judged].min()


def test_every_later_reading_is_judged_once():
    cases = readings(1)
    judged = np.sum([judged for _, judged in trials.held_out(cases)], axis=0)
    assert set(judged) == {0, 1}
    assert cases.at[judged == 0].max() <= cases.at[judged == 1].min()
    assert judged.mean() == pytest.approx(1 - trials.TEACHING / trials.PARTS, abs=0.01)
