"""What evidence would settle a case: every listed turn is true, and nothing that turns alone is missing."""

import time
from itertools import combinations

import pytest

from portal.programmes.rules import Tier
from portal.scoring.gates import Facts, judge
from portal.scoring.instrument import load
from portal.scoring.settle import MOST_TRIALS, Settling, Turn, settle

MIRI = load()
EVERY = frozenset(MIRI.codes)


def tier(answers, evidence=(), rejected=()):
    return judge(MIRI.assess(answers, evidence, rejected), Facts(), rejected).tier


def settled(answers, evidence=(), rejected=()):
    return settle(MIRI, answers, evidence, rejected, Facts())


def flat(level, **but):
    return dict.fromkeys(MIRI.codes, level) | but


def test_one_missing_proof_is_named_with_the_tier_that_it_opens():
    found = settled(flat(3), EVERY - {"I3"})
    assert found.turns[0] == Settling(("I3",), Turn.PROVE, Tier.LEADING)
    assert (found.low, found.high) == (Tier.ADVANCED, Tier.LEADING)
    assert {one.items for one in found.turns if one.turn is Turn.PROVE} == {("I3",)}


def test_a_proof_that_carries_the_tier_is_named_when_it_could_fall():
    found = settled(flat(3), EVERY)
    assert tier(flat(3), EVERY) is Tier.LEADING
    rejections = {one.items: one.tier for one in found.turns if one.turn is Turn.REJECT}
    assert rejections[("S2",)] is Tier.ADVANCED
    assert ("R3",) not in rejections


def test_a_case_that_no_evidence_changes_says_so():
    found = settled(flat(2))
    assert found.turns == ()
    assert found.is_firm
    assert found.complete


def test_pairs_are_tried_when_no_single_item_turns():
    answers, evidence = flat(3), EVERY - {"I3", "S2"}
    assert settled(answers, evidence).turns[0] == Settling(("S2", "I3"), Turn.PROVE, Tier.LEADING)


@pytest.mark.parametrize(
    ("answers", "evidence", "rejected"),
    [
        (flat(3), EVERY - {"I3"}, ()),
        (flat(3), (), ()),
        (flat(5, S3=2, P1=2), ("S2", "I3"), ("R1",)),
        (flat(2, E1=4, E5=4, I3=3), ("E1",), ()),
        (flat(0), (), ()),
    ],
)
def test_every_turn_is_what_the_scorer_says_and_no_single_one_is_missing(answers, evidence, rejected):
    found, now = settled(answers, evidence, rejected), tier(answers, evidence, rejected)
    for one in found.turns:
        if one.turn is Turn.PROVE:
            assert tier(answers, {*evidence, *one.items}, rejected) is one.tier
        else:
            assert tier(answers, set(evidence) - set(one.items), {*rejected, *one.items}) is one.tier
        assert one.tier is not now
    bare = [c for c, level in answers.items() if level > 2 and c not in evidence and c not in rejected]
    turning = {(c,) for c in bare if tier(answers, {*evidence, c}, rejected) is not now}
    assert turning == {one.items for one in found.turns if one.turn is Turn.PROVE and len(one.items) == 1}


def test_another_scorer_may_be_asked_and_is_asked_a_bounded_number_of_times():
    asked = []

    def ask(evidence, rejected):
        asked.append(1)
        return Tier.LEADING if len(evidence) == 44 else Tier.BASIC

    found = settle(MIRI, flat(3), (), (), Facts(), ask)
    assert (found.turns, found.complete) == ((), False)
    assert len(asked) <= MOST_TRIALS


def test_the_worst_case_keeps_the_page_quick():
    start = time.perf_counter()
    for _ in range(5):
        settled(flat(3))
    assert (time.perf_counter() - start) / 5 < 0.05  # 5 ms on a free machine


def test_the_pairs_cover_all_when_there_are_few():
    answers, evidence = flat(2, S2=3, I3=3, P1=3, S3=3), ()
    now = tier(answers, evidence)
    found = settled(answers, evidence)
    pairs = {pair for pair in combinations(("S2", "I3", "P1", "S3"), 2) if tier(answers, pair) is not now}
    assert found.complete
    assert bool(pairs) == any(len(one.items) == 2 for one in found.turns)
