"""The way up asks for real change or for missing evidence, nothing else; the points that a page promises are exact."""

import pytest
from hypothesis import given

from portal.scoring import record
from portal.scoring.explanation import explain, settlement
from portal.scoring.instrument import load
from tests.unit.scoring.profiles import PROVE, firms

MIRI = load()


def scored(firm):
    answers, evidence, rejected = firm
    inputs = record.inputs({"answers": answers, "evidence": evidence, "rejected": rejected})
    return inputs, record.result(inputs, MIRI.version)


@PROVE
@given(firms())
def test_every_move_is_a_change_or_a_missing_proof(firm):
    _, result = scored(firm)
    answers, evidence, rejected = firm
    for move in result["reasons"]["moves"]:
        code = move["item"]
        if move["kind"] == "evidence":
            assert answers[code] >= move["target"] > 2
            assert code not in evidence or code in rejected
        else:
            assert move["target"] > answers[code]
        assert move["points"] >= 0


def test_a_firm_below_the_next_tier_is_shown_a_way_of_both_kinds():
    low = scored(({code: 1 for code in MIRI.codes}, set(), set()))[1]["reasons"]
    assert {move["kind"] for move in low["moves"]} == {"change"}
    assert low["reaches"] == "ADVANCED"
    bare = scored(({code: 3 for code in MIRI.codes}, set(), set()))[1]["reasons"]
    assert {move["kind"] for move in bare["moves"]} == {"evidence"}
    assert bare["lost"]


@PROVE
@given(firms(rejected=False))
def test_what_proof_alone_brings_is_what_the_scorer_gives_for_it(firm):
    answers, evidence, _ = firm
    _, result = scored(firm)
    before = MIRI.assess(answers, evidence).total
    for one in explain(result).lost[:5]:
        if one.by_proof:
            assert MIRI.assess(answers, {*evidence, one.item}).total - before == pytest.approx(one.by_proof, abs=1e-3)
        goal = {**answers, one.item: one.goal}
        after = MIRI.assess(goal, {*evidence, one.item}).total
        assert after - before == pytest.approx(one.points, abs=1e-3)


@PROVE
@given(firms())
def test_the_ends_of_a_settlement_hold_the_suggestion_between_them(firm):
    inputs, result = scored(firm)
    found, told = settlement(inputs, MIRI.version), explain(result)
    rank = [None, *sorted({tier for tier in told.findings}, key=list(told.findings).index)]
    assert rank.index(found.low) <= rank.index(told.tier) <= rank.index(found.high)
    assert not (found.is_firm and found.turns)
