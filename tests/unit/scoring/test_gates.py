"""Gate by gate: the same firm with one thing changed."""

import numpy as np
import pytest

from portal.programmes.rules import Tier
from portal.scoring.gates import GATES, REASONS, TIERS, Facts, State, judge, tier_for
from portal.scoring.instrument import load
from tests.unit.scoring.profiles import CODES

INSTRUMENT = load()
CLEAR = Facts(
    exclusions=(),
    own_share_ratio=0.5,
    certified_system_level=2,
    data_person_planned=True,
    target_system_level=3,
    open_project=False,
    unpaid_clawback=False,
)


def facts(**changed):
    return Facts(**{name: changed.get(name, getattr(CLEAR, name)) for name in Facts.__dataclass_fields__})


def judged(level=3, given=CLEAR, rejected=(), evidence=CODES, **answers):
    found = INSTRUMENT.assess(dict.fromkeys(CODES, level) | answers, evidence, rejected)
    return judge(found, given, rejected)


def finding(verdict, tier, gate):
    return next(f for f in verdict.findings[tier] if f.gate == gate)


def test_all_at_three_with_everything_shown_is_leading_and_only_security_is_due_later():
    verdict = judged(given=CLEAR)
    assert (verdict.tier, verdict.near, verdict.provisional) == (Tier.LEADING, None, False)
    assert verdict.states == ((State.MET,) * 10,) * 3


@pytest.mark.parametrize(
    ("gate", "code", "answers", "given"),
    [
        ("G3", "G3_SHORT", {"S2": 2}, CLEAR),
        ("G4", "G4_SHORT", {"S3": 2}, CLEAR),
        ("G4", "G4_SHARE_NOT_SHOWN", {}, facts(own_share_ratio=0.49)),
        ("G5", "G5_SHORT", {"P1": 2}, CLEAR),
        ("G5", "G5_DATA_PERSON_MISSING", {}, facts(data_person_planned=False)),
        ("G6", "G6_SHORT", {"I3": 2}, CLEAR),
        ("G7", "G7_SHORT", {"R1": 1}, CLEAR),
    ],
)
def test_one_gate_short_of_leading_is_near(gate, code, answers, given):
    verdict = judged(given=given, **answers)
    assert [(f.gate, f.code) for f in verdict.unmet(Tier.LEADING)] == [(gate, code)]
    if code == "G4_SHARE_NOT_SHOWN":
        assert (verdict.tier, verdict.near) == (Tier.BASIC, Tier.ADVANCED)
    else:
        assert (verdict.tier, verdict.near) == (Tier.ADVANCED, Tier.LEADING)


def test_two_gates_short_is_not_near():
    verdict = judged(S2=2, I3=2)
    assert (verdict.tier, verdict.near) == (Tier.ADVANCED, None)


def test_a_bare_claim_is_told_apart_from_a_low_answer_and_from_rejected_evidence():
    bare = judged(evidence=[c for c in CODES if c != "S2"])
    assert finding(bare, Tier.LEADING, "G3").code == "EVIDENCE_MISSING"
    assert finding(judged(rejected=["S2"]), Tier.LEADING, "G3").code == "EVIDENCE_REJECTED"
    assert finding(judged(S2=2), Tier.LEADING, "G3").code == "G3_SHORT"


def test_nothing_asked_is_pending_and_provisional():
    verdict = judged(given=None)
    assert (verdict.tier, verdict.provisional) == (Tier.LEADING, True)
    assert [f.gate for f in verdict.pending(Tier.LEADING)] == ["G0", "G1", "G4", "G5", "G9"]
    assert [f.gate for f in verdict.pending(Tier.BASIC)] == ["G0", "G9"]


def test_security_two_is_enough_until_the_agreement():
    verdict = judged(R1=2)
    assert (verdict.tier, verdict.provisional) == (Tier.LEADING, True)
    assert finding(verdict, Tier.LEADING, "G7").code == "G7_BEFORE_AGREEMENT"


@pytest.mark.parametrize(("target", "code"), [(None, "G7_BEFORE_AGREEMENT"), (2, "G7_BEFORE_AGREEMENT"), (1, "FREE")])
def test_advanced_needs_security_only_when_it_aims_at_intermediate(target, code):
    found = finding(judged(2, facts(target_system_level=target), R1=0), Tier.ADVANCED, "G7")
    assert found.code == code and found.state is not State.UNMET


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (facts(exclusions=("TAX_ARREARS",)), "G0_EXCLUDED"),
        (facts(open_project=True), "G9_OPEN_PROJECT"),
        (facts(unpaid_clawback=True), "G9_CLAWBACK"),
    ],
)
def test_exclusion_or_history_is_ineligible_with_its_cure(given, code):
    verdict = judged(5, given)
    assert (verdict.tier, verdict.near, verdict.next_tier) == (None, None, Tier.BASIC)
    assert [f.code for f in verdict.unmet(Tier.BASIC)] == [code]
    assert verdict.unmet(Tier.BASIC)[0].cure.ko


def test_a_certificate_lifts_the_system_gate_and_settles_it():
    low = dict.fromkeys(["E2"], 2)
    assert finding(judged(given=facts(certified_system_level=None), **low), Tier.LEADING, "G1").code == "G1_SHORT"
    assert finding(judged(given=CLEAR, **low), Tier.LEADING, "G1").code == "G1_CERTIFIED"


def test_advanced_begins_at_240_points_exactly():
    """Every answer at 1 is 200; execution one level up adds 30, T1 5.2, I1 4.8."""
    raised = dict.fromkeys(["E1", "E2", "E3", "E4", "E5", "T1"], 2)
    at_least = judged(1, evidence=(), I1=2, **raised)
    assert finding(at_least, Tier.ADVANCED, "G2").values["have"] == 240
    assert finding(at_least, Tier.ADVANCED, "G2").code == "G2_REACHED"
    below = judged(1, evidence=(), **raised)
    gap = finding(below, Tier.ADVANCED, "G2")
    assert gap.code == "G2_TOTAL"
    assert gap.values["gap"] == pytest.approx(4.8)


def test_every_gate_of_every_tier_has_words_in_both_languages():
    for code, (sentence, cure) in REASONS.items():
        for words in filter(None, (sentence, cure)):
            assert words.ko and words.en, code
    for level in range(6):
        for given in (None, CLEAR, facts(own_share_ratio=0.1, data_person_planned=False, open_project=True)):
            for evidence in ((), CODES):
                verdict = judged(level, given, evidence=evidence)
                for tier in TIERS:
                    assert tuple(f.gate for f in verdict.findings[tier]) == GATES
                    for f in verdict.findings[tier]:
                        assert "{" not in f.sentence.ko + f.sentence.en + f.source.ko
                        assert f.state is not State.UNMET or f.cure.en


def test_points_are_never_rounded_across_a_threshold():
    """One 해당 없음 of four makes a mean of thirds: 204.66… points, 35.33… short."""
    sentence = finding(judged(1, evidence=(), D1=None, D4=2), Tier.ADVANCED, "G2").sentence
    assert sentence.ko == "역량 점수가 204.6점으로, 240점까지 35.4점 남았습니다."


def test_tier_for_many_equals_judging_one_by_one():
    verdicts = [judged(level, given) for level in range(6) for given in (None, CLEAR, facts(exclusions=("X",)))]
    many = tier_for(np.array([v.states for v in verdicts], np.int8))
    assert many.tolist() == [TIERS.index(v.tier) if v.tier else -1 for v in verdicts]
    with pytest.raises(ValueError, match="shape"):
        tier_for(np.zeros((2, 3, 9), np.int8))
