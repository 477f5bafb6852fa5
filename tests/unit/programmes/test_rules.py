"""When a call takes applications, what an operator may write, what the state pays."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.base.access import ANONYMOUS, SYSTEM, Actor
from portal.base.words import sentence
from portal.programmes.rules import (
    CODES,
    CallFacts,
    CallStatus,
    Phase,
    SystemLevel,
    Tier,
    broken_facts,
    can_apply,
    can_manage,
    expected_subsidy,
    level_fits,
    phase,
)

OPENS = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
CLOSES = datetime(2026, 12, 20, 9, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
FACTS = CallFacts("GOV", "2027년 고도화", OPENS, CLOSES, frozenset({Tier.ADVANCED}), 5_000_000_000)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (OPENS - SECOND, Phase.UPCOMING),
        (OPENS, Phase.OPEN),
        (CLOSES, Phase.OPEN),
        (CLOSES + SECOND, Phase.ENDED),
    ],
)
def test_window_is_inclusive_on_both_ends(at, expected):
    assert phase(CallStatus.OPEN, OPENS, CLOSES, at) is expected


def test_draft_and_closed_calls_never_take_applications():
    assert phase(CallStatus.DRAFT, OPENS, CLOSES, OPENS) is Phase.DRAFT
    assert phase(CallStatus.CLOSED, OPENS, CLOSES, OPENS) is Phase.CLOSED


@pytest.mark.parametrize(
    ("status", "at", "code", "told"),
    [
        (CallStatus.OPEN, OPENS, "", ""),
        (CallStatus.OPEN, NOW, "call_not_yet", "아직 접수 기간이 아닙니다. 2026-12-01 09:00부터 신청할 수 있습니다."),
        (CallStatus.OPEN, CLOSES + SECOND, "call_ended", "접수 기간이 끝났습니다 (2026-12-20 18:00 마감)."),
        (CallStatus.CLOSED, OPENS, "call_closed", "운영기관이 접수를 일찍 끝낸 공고입니다."),
    ],
)
def test_refusal_tells_the_times_in_korean_time(status, at, code, told):
    verdict = can_apply(status, OPENS, CLOSES, at)
    assert (verdict.code, bool(verdict)) == (code, not code)
    if code:
        assert sentence(code, **verdict.values).ko == told


def codes(facts, **more):
    more = {"programme_tiers": (Tier.ADVANCED,), "programme_runs": True, "at": NOW, **more}
    return {(broken.field, broken.code) for broken in broken_facts(facts, **more)}


def test_sound_facts_pass():
    assert codes(FACTS) == set()


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"title_ko": "  "}, "title_ko", "call_title_missing"),
        ({"closes_at": OPENS}, "closes_at", "call_window_order"),
        ({"closes_at": OPENS + timedelta(days=732)}, "closes_at", "call_window_long"),
        ({"opens_at": NOW - timedelta(days=9), "closes_at": NOW}, "closes_at", "call_window_past"),
        ({"opens_at": datetime(1999, 1, 1, tzinfo=UTC)}, "opens_at", "call_date_range"),
        ({"closes_at": datetime(9999, 1, 1, tzinfo=UTC)}, "closes_at", "call_date_range"),
        ({"tiers": frozenset()}, "tiers", "call_tiers_empty"),
        ({"tiers": frozenset({Tier.LEADING})}, "tiers", "call_tiers_foreign"),
        ({"budget_krw": 0}, "budget", "call_budget_positive"),
        ({"budget_krw": -1}, "budget", "call_budget_positive"),
        ({"budget_krw": 10**15}, "budget", "call_budget_large"),
        ({"reviews": 0}, "reviews", "call_reviews_range"),
        ({"reviews": 6}, "reviews", "call_reviews_range"),
        ({"ceiling_krw": 6_000_000_000}, "ceiling", "call_ceiling_range"),
        ({"subsidy_ratio": 1.5}, "ratio", "call_ratio_range"),
        ({"months": 61}, "months", "call_months_range"),
    ],
)
def test_broken_fact_is_told_at_its_field(change, field, code):
    assert codes(replace(FACTS, **change)) == {(field, code)}


def test_every_refusal_is_told_at_once():
    broken = replace(FACTS, title_ko="", closes_at=OPENS - SECOND, budget_krw=0, tiers=frozenset())
    assert codes(broken, programme_runs=False) == {
        ("title_ko", "call_title_missing"),
        ("programme", "call_programme_ended"),
        ("closes_at", "call_window_order"),
        ("budget", "call_budget_positive"),
        ("tiers", "call_tiers_empty"),
    }


@pytest.mark.parametrize(
    ("at", "change", "expected"),
    [
        (OPENS, {"closes_at": CLOSES + timedelta(days=7)}, set()),
        (OPENS, {"closes_at": CLOSES - SECOND}, {("closes_at", "call_end_earlier")}),
        (OPENS, {"opens_at": OPENS + SECOND}, {("opens_at", "call_start_fixed")}),
        (OPENS, {"region": "seoul"}, {("region", "call_region_fixed")}),
        (NOW, {"opens_at": OPENS + SECOND, "closes_at": CLOSES - SECOND}, set()),
        (CLOSES + SECOND, {"closes_at": CLOSES + timedelta(days=7)}, {("closes_at", "call_over")}),
        (CLOSES + SECOND, {"title_ko": "오타 고침"}, set()),
    ],
)
def test_what_firms_rely_on_does_not_shrink_once_published(at, change, expected):
    assert codes(replace(FACTS, **change), before=FACTS, published=True, at=at) == expected


def test_tiers_stay_while_a_call_is_open_and_may_grow():
    both = replace(FACTS, tiers=frozenset({Tier.ADVANCED, Tier.BASIC}))
    tiers = (Tier.ADVANCED, Tier.BASIC)
    assert codes(both, before=FACTS, published=True, at=OPENS, programme_tiers=tiers) == set()
    assert codes(FACTS, before=both, published=True, at=OPENS, programme_tiers=tiers) == {("tiers", "call_tiers_fixed")}


NATIONAL = Actor(id=1, roles=frozenset({"operator_national"}))
REGIONAL = Actor(id=2, roles=frozenset({"operator_region"}), region="seoul")


@pytest.mark.parametrize(
    ("actor", "region", "code"),
    [
        (NATIONAL, None, ""),
        (NATIONAL, "busan", ""),
        (SYSTEM, None, ""),
        (REGIONAL, "seoul-jung", ""),
        (REGIONAL, "busan", "call_region_foreign"),
        (REGIONAL, None, "call_region_foreign"),
        (Actor(id=3, roles=frozenset({"sme_owner"})), "seoul", "no_right"),
        (Actor(id=4, roles=frozenset({"auditor", "sysadmin"})), "seoul", "no_right"),
        (ANONYMOUS, None, "no_right"),
    ],
)
def test_regional_operators_run_their_own_region_only(actor, region, code):
    assert can_manage(actor, {"seoul", "seoul-jung"}, region).code == code


@pytest.mark.parametrize(
    ("cost", "ceiling", "ratio", "partner", "expected"),
    [
        (100_000_000, 200_000_000, 0.5, 0.0, (50_000_000, 50_000_000)),
        (600_000_000, 200_000_000, 0.5, 0.0, (200_000_000, 400_000_000)),
        (100_000_000, None, 0.3, 0.3, (30_000_000, 40_000_000)),
        (100_000_000, 20_000_000, 0.5, 0.5, (20_000_000, 30_000_000)),
        (12_345_678, None, 0.29, 0.0, (3_580_000, 8_765_678)),
        (0, 1, 0.5, 0.0, (0, 0)),
        (100, 1, None, 0.0, (None, None)),
    ],
)
def test_expected_subsidy(cost, ceiling, ratio, partner, expected):
    assert expected_subsidy(cost, ceiling, ratio, partner) == expected


@given(st.integers(0, 10**12), st.one_of(st.none(), st.integers(1, 10**10)), st.integers(0, 100), st.integers(0, 100))
def test_subsidy_never_passes_ceiling_or_cost(cost, ceiling, percent, partner):
    subsidy, own = expected_subsidy(cost, ceiling, percent / 100, partner / 100)
    assert 0 <= subsidy <= cost * percent // 100
    assert ceiling is None or subsidy <= ceiling
    assert own >= 0


def test_level_gate_lets_the_unknown_pass():
    assert level_fits(None, SystemLevel.MIDDLE1)
    assert level_fits(SystemLevel.BASIC, None)
    assert not level_fits(SystemLevel.BASIC, SystemLevel.MIDDLE1)


def test_every_code_speaks_both_languages():
    assert all(words.ko and words.en and words.ko != words.en for words in CODES.values())
