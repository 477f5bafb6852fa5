"""What must hold for every firm: no answer or proof ever hurts, order does not matter, the same bytes come back."""

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.scoring import record
from portal.scoring.gates import TIERS, Facts, judge, states_of, tier_for
from portal.scoring.instrument import load
from tests.unit.scoring.profiles import CODES, PROVE, firms

INSTRUMENT = load()
FACTS = st.builds(
    Facts,
    exclusions=st.sampled_from([None, (), ("TAX_ARREARS",)]),
    own_share_ratio=st.sampled_from([None, 0.3, 0.5, 1.0]),
    certified_system_level=st.sampled_from([None, 0, 1, 2, 3]),
    data_person_planned=st.sampled_from([None, True, False]),
    target_system_level=st.sampled_from([None, 1, 2, 3]),
    open_project=st.sampled_from([None, True, False]),
    unpaid_clawback=st.sampled_from([None, True, False]),
)


def standing(answers, evidence, rejected, facts):
    found = INSTRUMENT.assess(answers, evidence, rejected)
    tier = judge(found, facts, rejected).tier
    return found.total, found.system_level, found.capability_level, TIERS.index(tier) if tier else -1


@settings(PROVE, max_examples=250)
@given(firms(), FACTS, st.data())
def test_raising_an_answer_never_lowers_total_level_or_tier(firm, facts, data):
    answers, evidence, rejected = firm
    code = data.draw(st.sampled_from([c for c in CODES if answers[c] is not None and answers[c] < 5] or ["E2"]))
    raised = answers | {code: data.draw(st.integers(answers[code], 5))}
    before, after = standing(answers, evidence, rejected, facts), standing(raised, evidence, rejected, facts)
    assert all(b <= a for b, a in zip(before, after, strict=True))


@settings(PROVE, max_examples=250)
@given(firms(), FACTS, st.sets(st.sampled_from(CODES)))
def test_attaching_evidence_never_lowers_total_level_or_tier(firm, facts, more):
    answers, evidence, rejected = firm
    before, after = standing(answers, evidence, rejected, facts), standing(answers, evidence | more, rejected, facts)
    assert all(b <= a for b, a in zip(before, after, strict=True))


@settings(PROVE, max_examples=40)
@given(st.lists(firms(), min_size=1, max_size=8))
def test_judging_many_equals_judging_one_by_one(rows):
    answers = np.array([[-1 if a[c] is None else a[c] for c in CODES] for a, _, _ in rows], np.int8)
    evidence = np.array([[c in e for c in CODES] for _, e, _ in rows])
    rejected = np.array([[c in r for c in CODES] for _, _, r in rows])
    states = states_of(INSTRUMENT.assess_many(answers, evidence, rejected), CODES)
    one_by_one = [judge(INSTRUMENT.assess(*row), None, row[2]) for row in rows]
    assert states.tolist() == [[list(tier) for tier in verdict.states] for verdict in one_by_one]
    assert tier_for(states).tolist() == [TIERS.index(verdict.tier) for verdict in one_by_one]


@settings(PROVE, max_examples=100)
@given(FACTS)
def test_claiming_four_everywhere_never_beats_an_honest_three(facts):
    bare = standing(dict.fromkeys(CODES, 4), (), (), facts)
    shown = standing(dict.fromkeys(CODES, 3), CODES, (), facts)
    assert all(b <= s for b, s in zip(bare[1:], shown[1:], strict=True))


@settings(PROVE, max_examples=60)
@given(firms(), st.randoms())
def test_a_suggestion_replays_to_the_byte_in_any_order(firm, random):
    answers, evidence, rejected = firm
    given_ = record.inputs({"answers": answers, "evidence": evidence, "rejected": rejected, "pains": ["DEFECTS"]})
    stored, first = record.canonical(given_), record.canonical(record.result(given_))
    shuffled = list(answers.items())
    random.shuffle(shuffled)
    again = record.inputs(
        {"answers": dict(shuffled), "evidence": sorted(evidence), "rejected": sorted(rejected), "pains": ("DEFECTS",)}
    )
    assert record.canonical(again) == stored
    assert record.canonical(record.result(json.loads(stored))).encode() == first.encode()


@settings(PROVE, max_examples=80)
@given(firms())
def test_doing_every_move_reaches_what_the_page_promises(firm):
    answers, evidence, rejected = firm
    result = record.result(record.inputs({"answers": answers, "evidence": evidence, "rejected": rejected}))
    reasons = result["reasons"]
    for move in reasons["moves"]:
        answers = answers | {move["item"]: max(move["target"], answers[move["item"]])}
        evidence, rejected = evidence | {move["item"]}, rejected - {move["item"]}
    tier = judge(INSTRUMENT.assess(answers, evidence, rejected), None, rejected).tier
    assert tier.name == reasons["reaches"]
    assert reasons["next_tier"] in (None, reasons["reaches"])
    classes = [move["cost_class"] for move in reasons["moves"]]
    assert classes == sorted(classes)
    assert all(move["now"] < move["target"] for move in reasons["moves"])
