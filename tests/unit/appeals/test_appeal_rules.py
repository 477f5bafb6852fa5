"""What an appeal may be and do, without a database."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.appeals import rules
from portal.appeals.rules import AppealState, Bar, Given, GroundDraft, GroundKind, Judged, Ruling
from portal.base import workdays
from portal.base.words import say
from portal.evaluation.rules import Outcome

LONG = "기록을 함께 냈는데 의견에는 기록이 없다고 적혀 있어 사실과 다릅니다."


def basis(**changes) -> Judged:
    given_values = {
        "contested": frozenset({"FIT", "NEED"}),
        "raised": frozenset({"FIT"}),
        "titles": {"FIT": say("목표", "Goal"), "NEED": say("필요", "Need")},
        "total": 75.0,
        "pass_points": 70,
        "passes": True,
        "now": Outcome.REJECTED,
    }
    return Judged(**{**given_values, **changes})


def codes(problems):
    return [(one.verdict.code, one.field) for one in problems]


# --- the term -----------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.dates(date(2020, 1, 1), date(2030, 12, 1)), st.integers(7, 60))
def test_a_term_never_ends_early_and_always_on_a_working_day(told, days):
    last = rules.file_by(told, days)
    assert last >= told + timedelta(days=days)
    assert workdays.is_workday(last)
    assert (last - told).days - days <= 10  # the longest run of holidays with its weekends


def can_appeal(**changes):
    last = date(2026, 12, 7)
    values = {
        "is_appealable": True,
        "is_final": False,
        "has_appeal": False,
        "last": last,
        "arrived_at": datetime(2026, 12, 7, 14, 59, 59, tzinfo=UTC),
    }
    return rules.can_appeal(**{**values, **changes})


def test_the_last_second_of_the_last_day_in_korea_is_in_time():
    assert can_appeal()
    assert can_appeal(arrived_at=datetime(2026, 12, 7, 15, 0, tzinfo=UTC)).code == "appeal_late"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"is_final": True}, "appeal_final"),
        ({"has_appeal": True}, "appeal_made"),
        ({"is_appealable": False}, "appeal_none_to_make"),
    ],
)
def test_what_bars_an_appeal(changes, code):
    assert can_appeal(**changes).code == code


@pytest.mark.parametrize(
    ("today", "days", "tone", "over"),
    [
        (date(2026, 12, 1), 6, "neutral", False),
        (date(2026, 12, 4), 3, "warn", False),
        (date(2026, 12, 7), 0, "danger", False),
        (date(2026, 12, 8), -1, "danger", True),
    ],
)
def test_a_countdown_warns_before_it_is_over(today, days, tone, over):
    clock = rules.countdown(today, date(2026, 12, 7))
    assert (clock.days, clock.tone, clock.is_over) == (days, tone, over)


def test_the_firm_can_not_tell_a_drawn_panel_from_one_that_waits():
    one, other = AppealState.ADMITTED, AppealState.REVIEW
    assert (one.for_firm, one.explanation, one.tone) == (other.for_firm, other.explanation, other.tone)


# --- grounds ------------------------------------------------------------------------------------------------


def test_criteria_that_are_left_empty_are_no_grounds():
    grounds = [GroundDraft("FIT", GroundKind.FACT, LONG), GroundDraft("NEED", None, " ")]
    assert rules.grounds_lacking(grounds) == []


def test_blanks_do_not_make_a_text_longer():
    assert codes(rules.grounds_lacking([GroundDraft("FIT", GroundKind.FACT, "짧다" + " " * 40)])) == [
        ("appeal_text_short", "FIT_text")
    ]


def test_new_evidence_needs_a_file():
    assert codes(rules.grounds_lacking([GroundDraft("FIT", GroundKind.EVIDENCE, LONG)])) == [
        ("appeal_evidence_missing", "FIT_file")
    ]
    assert rules.grounds_lacking([GroundDraft("FIT", GroundKind.EVIDENCE, LONG, 1)]) == []


# --- the panel ----------------------------------------------------------------------------------------------


def test_each_person_is_barred_for_the_first_reason_that_holds():
    found = rules.bars(
        range(1, 8),
        first_panel={1, 2},
        sat_before={2, 3},
        same_firm={4},
        handled={5},
        conflicted={5, 6},
        room={7: 0, 6: 3},
    )
    assert found == {
        1: Bar.FIRST_PANEL,
        2: Bar.FIRST_PANEL,
        3: Bar.SAT_BEFORE,
        4: Bar.SAME_FIRM,
        5: Bar.HANDLED,
        6: Bar.CONFLICT,
        7: Bar.FULL,
    }


@given(st.text(min_size=1, max_size=40), st.integers(1, 50))
def test_the_commitment_holds_the_seed_and_every_round_has_its_own_lot(seed, number):
    assert rules.commitment(seed) == rules.commitment(seed)
    assert rules.commitment(seed) != rules.commitment(seed + "x")
    assert 0 <= rules.seed_of_round(seed, number) < 2**31
    assert rules.seed_of_round(seed, number) != rules.seed_of_round(seed, number + 1)


def test_the_chair_is_drawn_among_those_with_the_fewest_cases():
    free = {1: 2, 2: 0, 3: 0}
    drawn = {rules.pick_chair(free, seed) for seed in range(50)}
    assert drawn == {2, 3}
    assert rules.pick_chair({}, 1) is None


@given(st.sets(st.integers(1, 999), min_size=1, max_size=5), st.integers(0, 2**31))
def test_letters_are_dealt_once_each_and_the_same_again(people, seed):
    dealt = rules.deal_letters(sorted(people), {"A"}, seed)
    assert sorted(dealt.values()) == list("BCDEF"[: len(people)])
    assert dealt == rules.deal_letters(sorted(people, reverse=True), {"A"}, seed)


# --- judging anew -------------------------------------------------------------------------------------------


def test_an_opinion_is_whole_when_every_contested_criterion_has_points_and_words():
    contested = {"FIT": 25}
    assert codes(rules.opinion_lacking(contested, {})) == [
        ("appeal_points_missing", "FIT_points"),
        ("appeal_comment_short", "FIT_comment"),
    ]
    assert codes(rules.opinion_lacking(contested, {"FIT": Given(25.5, LONG)})) == [("appeal_points_range", "FIT_points")]
    assert rules.opinion_lacking(contested, {"FIT": Given(0, LONG)}) == []


@pytest.mark.parametrize(
    ("accepted", "ruling"),
    [((), Ruling.DISMISSED), (("FIT",), Ruling.PARTLY), (("FIT", "NEED"), Ruling.UPHELD), (("X",), Ruling.DISMISSED)],
)
def test_the_ruling_follows_from_what_is_accepted(accepted, ruling):
    assert rules.ruling_of({"FIT", "NEED"}, accepted) is ruling


@pytest.mark.parametrize(
    ("changes", "accepted", "outcome", "expected"),
    [
        ({}, ("FIT",), Outcome.SELECTED, []),
        ({}, ("FIT",), Outcome.REJECTED, []),
        ({}, ("NEED",), Outcome.REJECTED, [("appeal_not_raised", "accepted")]),
        ({}, (), Outcome.SELECTED, [("appeal_outcome_needs_ground", "outcome")]),
        ({"passes": False}, ("FIT",), Outcome.RESERVE, [("appeal_outcome_below", "outcome")]),
        ({"turn": Outcome.RESERVE}, ("FIT",), Outcome.SELECTED, [("appeal_outcome_turn", "outcome")]),
        ({"turn": Outcome.RESERVE}, ("FIT",), Outcome.RESERVE, []),
        ({"now": Outcome.SELECTED}, ("FIT",), Outcome.RESERVE, [("appeal_outcome_worse", "outcome")]),
        ({"now": Outcome.RESERVE}, (), Outcome.RESERVE, []),
        ({}, ("FIT",), None, [("required", "outcome")]),
    ],
)
def test_what_speaks_against_a_decision(changes, accepted, outcome, expected):
    assert codes(rules.decision_problems(basis(**changes), accepted, outcome, LONG)) == expected


@pytest.mark.parametrize(
    ("changes", "raised", "proposed"),
    [
        ({}, {"FIT"}, Outcome.SELECTED),
        ({"turn": Outcome.RESERVE}, {"FIT"}, Outcome.RESERVE),
        ({"passes": False}, {"FIT"}, Outcome.REJECTED),
        ({}, set(), Outcome.REJECTED),
        ({"now": Outcome.SELECTED, "turn": Outcome.RESERVE}, {"FIT"}, Outcome.SELECTED),
    ],
)
def test_the_form_offers_what_would_have_come_out_from_the_start(changes, raised, proposed):
    assert rules.proposed_outcome(basis(**changes), raised) is proposed
