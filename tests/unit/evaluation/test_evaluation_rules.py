"""The rules of panels, reviews and decisions, on plain values."""

from datetime import date

import pytest

from portal.evaluation.rules import (
    Basis,
    Case,
    DecisionKind,
    ItemVerdict,
    Judged,
    Member,
    Outcome,
    can_assign,
    can_decide,
    can_move_tier,
    decision_problems,
    disagrees,
    distance,
    items_lacking,
    kind_of,
    reason_is_long_enough,
    reviews_suffice,
    spread_of,
)
from portal.programmes.rules import Tier

TODAY, DUE = date(2026, 7, 1), date(2026, 7, 15)
LONG = "현장 확인 결과 설비 데이터가 실시간으로 모이지 않아 한 단계 낮춰 봅니다."


def codes(found):
    return sorted(one.verdict.code for one in found)


# --- tiers ------------------------------------------------------------------------------------------------


def test_the_distance_between_tiers_counts_ineligible_as_one_step_below_basic():
    tiers = (None, Tier.BASIC, Tier.ADVANCED, Tier.LEADING)
    assert [[distance(one, other) for other in tiers[1:]] for one in tiers] == [
        [1, 2, 3],
        [0, 1, 2],
        [1, 0, 1],
        [2, 1, 0],
    ]


def test_the_suggested_tier_needs_neither_reason_nor_items():
    assert can_move_tier(Tier.BASIC, Tier.BASIC, "", ())


@pytest.mark.parametrize(
    ("reason", "items", "code"),
    [("짧음", {"S1"}, "evaluation_reason_short"), (LONG, (), "evaluation_items_needed"), (LONG, {"S1"}, "")],
)
def test_another_tier_needs_a_reason_and_an_item(reason, items, code):
    assert can_move_tier(Tier.BASIC, Tier.ADVANCED, reason, items).code == code


def test_blanks_do_not_make_a_reason_longer():
    assert (bool(reason_is_long_enough("가 " * 15)), bool(reason_is_long_enough("가" + " " * 60 + "나"))) == (
        False,
        False,
    )
    assert reason_is_long_enough("가" * 30)


# --- panels -----------------------------------------------------------------------------------------------


def against(case, evaluators, chair=Member(9, "위원장"), assigner=100, due=DUE):
    return [(field, verdict.code) for field, verdict in can_assign(assigner, case, evaluators, chair, due, TODAY)]


def test_a_panel_without_ties_is_accepted():
    assert against(Case(1, frozenset({50})), [Member(1, "가", 7), Member(2, "나")]) == []


def test_who_works_for_the_firm_or_its_supplier_is_refused():
    found = against(Case(1, frozenset({50, 60})), [Member(1, "가", 50), Member(2, "나", 60)], Member(9, "위원장", 60))
    assert found == [
        ("evaluators", "evaluation_own_organisation"),
        ("evaluators", "evaluation_own_organisation"),
        ("chair", "evaluation_own_organisation"),
    ]


def test_assigner_reviewer_and_decider_are_three_people():
    case = Case(1, frozenset())
    two = [Member(1, "가"), Member(2, "나")]
    assert against(case, two, assigner=1) == [("evaluators", "evaluation_assigner_reviews")]
    assert against(case, two, assigner=9) == [("evaluators", "evaluation_assigner_reviews")]
    assert against(case, two, chair=Member(1, "가")) == [("chair", "evaluation_chair_reviews")]


def test_who_stepped_down_can_neither_come_back_nor_chair():
    case = Case(1, frozenset(), taken=frozenset({3}), sitting=0)
    assert against(case, [Member(3, "다"), Member(2, "나")]) == [("evaluators", "evaluation_already_assigned")]
    assert against(case, [Member(1, "가"), Member(2, "나")], chair=Member(3, "다")) == [
        ("chair", "evaluation_chair_reviews")
    ]


def test_too_few_too_many_and_a_past_due_date_are_refused():
    many = [Member(n, str(n)) for n in range(1, 7)]
    assert against(Case(1, frozenset()), many[:1]) == [("evaluators", "evaluation_too_few")]
    assert against(Case(1, frozenset()), many) == [("evaluators", "evaluation_too_many")]
    assert against(Case(1, frozenset(), taken=frozenset({11, 12}), sitting=2, needed=0), []) == []
    assert against(Case(1, frozenset()), many[:2], due=TODAY) == [("due", "evaluation_due_past")]


# --- reviews ------------------------------------------------------------------------------------------------


def test_high_claims_and_contradictions_need_a_word_and_the_rest_does_not():
    claimed = {"S1": 2, "S2": 3, "S3": None, "T1": 1}
    assert [one.field for one in items_lacking(claimed, {"T1"}, {})] == ["S2_verdict", "T1_verdict"]


@pytest.mark.parametrize(
    ("word", "lacking"),
    [
        (Judged(ItemVerdict.ACCEPT), []),
        (Judged(ItemVerdict.REJECT), ["S2_note"]),
        (Judged(ItemVerdict.REJECT, note="화면이 다른 회사 것"), []),
        (Judged(ItemVerdict.CORRECT, note="수기"), ["S2_level"]),
        (Judged(ItemVerdict.CORRECT, 3, "같은 수준"), ["S2_level"]),
        (Judged(ItemVerdict.CORRECT, 1), ["S2_note"]),
        (Judged(ItemVerdict.CORRECT, 1, "수기"), []),
    ],
)
def test_a_rejection_needs_a_note_and_a_correction_another_level_too(word, lacking):
    assert [one.field for one in items_lacking({"S2": 3}, (), {"S2": word})] == lacking


def test_the_spread_of_scores_is_the_population_deviation():
    assert (spread_of([70, 80]), spread_of([70]), spread_of([])) == (5.0, None, None)


def test_a_total_far_from_the_median_is_a_disagreement():
    assert [disagrees(one, [60, 78, 80]) for one in (60, 78, 80)] == [True, False, False]


# --- decisions ------------------------------------------------------------------------------------------------


def basis(**changes):
    given = {
        "suggested": Tier.ADVANCED,
        "tiers": (Tier.ADVANCED, Tier.ADVANCED),
        "total": 80.0,
        "pass_points": 70,
        "below": (),
        "changed": frozenset({"T1"}),
    }
    return Basis(**{**given, **changes})


def test_confirming_a_good_case_needs_no_words():
    assert decision_problems(basis(), Tier.ADVANCED, Outcome.SELECTED, "", ()) == []


def test_an_override_needs_reason_and_items_each_at_its_field():
    [short] = decision_problems(basis(), Tier.BASIC, Outcome.SELECTED, "짧음", {"T1"})
    [bare] = decision_problems(basis(), Tier.BASIC, Outcome.SELECTED, LONG, {"S1"})
    assert (short.field, short.verdict.code) == ("reason", "evaluation_reason_short")
    assert (bare.field, bare.verdict.code) == ("items", "evaluation_items_needed")
    assert decision_problems(basis(), Tier.BASIC, Outcome.SELECTED, LONG, {"T1"}) == []


def test_two_tiers_need_two_experts_who_gave_that_tier():
    far = {"suggested": Tier.BASIC}
    one = basis(**far, tiers=(Tier.LEADING, Tier.ADVANCED))
    two = basis(**far, tiers=(Tier.LEADING, Tier.LEADING))
    assert codes(decision_problems(one, Tier.LEADING, Outcome.SELECTED, LONG, {"T1"})) == ["evaluation_second_expert"]
    assert decision_problems(two, Tier.LEADING, Outcome.SELECTED, LONG, {"T1"}) == []


@pytest.mark.parametrize("outcome", [Outcome.SELECTED, Outcome.RESERVE])
@pytest.mark.parametrize("change", [{"total": 69.99}, {"below": ("FIT",)}])
def test_below_the_line_nobody_is_selected(outcome, change):
    assert codes(decision_problems(basis(**change), Tier.ADVANCED, outcome, LONG, ())) == ["evaluation_below_pass"]


def test_a_rejection_says_why():
    assert codes(decision_problems(basis(), Tier.ADVANCED, Outcome.REJECTED, "", ())) == ["evaluation_reason_short"]
    assert decision_problems(basis(total=10.0), Tier.ADVANCED, Outcome.REJECTED, LONG, ()) == []


def test_an_empty_decision_names_both_fields():
    assert [one.field for one in decision_problems(basis(), None, None, "", ())] == ["tier", "outcome"]


def test_without_a_suggestion_nothing_is_overridden():
    unscored = basis(suggested=None, scored=False)
    assert decision_problems(unscored, Tier.LEADING, Outcome.SELECTED, "", ()) == []
    assert kind_of(unscored, Tier.LEADING) is DecisionKind.CONFIRMED


def test_the_kind_follows_the_distance():
    assert [kind_of(basis(), tier) for tier in (Tier.ADVANCED, Tier.BASIC)] == [
        DecisionKind.CONFIRMED,
        DecisionKind.OVERRIDDEN,
    ]


@pytest.mark.parametrize(
    ("actor", "assigners", "reviewers", "ok"),
    [(9, {1}, {2, 3}, True), (8, {1}, {2, 3}, False), (9, {9}, {2, 3}, False), (9, {1}, {2, 9}, False)],
)
def test_only_a_chair_who_neither_assigned_nor_reviewed_decides(actor, assigners, reviewers, ok):
    assert bool(can_decide(actor, 9, assigners, reviewers)) is ok


def test_a_decision_waits_for_all_and_for_enough_reviews():
    assert reviews_suffice(2, 1).code == "evaluation_reviews_open"
    assert reviews_suffice(1, 0).code == "evaluation_reviews_few"
    assert reviews_suffice(2, 0)
