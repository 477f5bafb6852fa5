"""The grounds of qualification as rows, and what an entry and days of absence must hold."""

from datetime import date, timedelta

import pytest

from portal.accounts.rules import Role
from portal.evaluators import rules
from portal.evaluators.rules import GROUNDS, PaperKind, PoolStatus

GOOD = {
    "technologies": ["MES"],
    "industries": ["25"],
    "text": "합성(예시) 금속가공 공장의 생산관리와 설비 데이터 수집을 아홉 해 맡았습니다.",
    "capacity": 10,
    "min_load": 0,
    "careers": [],
}


def codes(broken):
    return [(one.field, one.code) for one in broken]


def problems(**changes):
    return codes(rules.facts_problems({**GOOD, **changes}, technologies={"MES"}, industries={"25"}, complete=True))


@pytest.mark.parametrize("ground", GROUNDS, ids=lambda one: one.code)
def test_each_ground_holds_with_its_years_and_papers_and_breaks_without_any_of_them(ground):
    assert rules.qualification_problems(ground.code, ground.years, ground.papers) == []
    for paper in ground.papers:
        assert codes(rules.qualification_problems(ground.code, ground.years, ground.papers - {paper})) == [
            ("file", "pool_paper_missing")
        ]
    if ground.years:
        assert codes(rules.qualification_problems(ground.code, ground.years - 1, ground.papers)) == [
            ("years", "pool_years_short")
        ]
        assert codes(rules.qualification_problems(ground.code, None, ground.papers)) == [("years", "pool_years_needed")]
    assert all(line.is_met for line in rules.check_qualification(ground.code, ground.years, ground.papers))
    assert not any(line.is_met for line in rules.check_qualification(ground.code, None, set()))


def test_without_a_ground_nothing_qualifies():
    assert codes(rules.qualification_problems(None, 30, set(PaperKind))) == [("ground", "pool_ground_needed")]
    assert codes(rules.qualification_problems("gone", 30, set(PaperKind))) == [("ground", "pool_ground_needed")]
    assert rules.check_qualification(None, 30, set(PaperKind)) == []


def test_an_entry_is_told_everything_at_once():
    assert problems() == []
    assert problems(technologies=[], industries=[], text="짧음", capacity=0) == [
        ("technologies", "pool_technology_needed"),
        ("industries", "pool_industry_needed"),
        ("text", "pool_text_short"),
        ("capacity", "pool_capacity_range"),
    ]
    assert problems(technologies=["MES"] * 21) == [("technologies", "pool_too_many")]
    assert problems(industries=["99"]) == [("industries", "pool_unknown")]
    assert problems(min_load=11) == [("min_load", "pool_least_range")]
    career = {"name": "", "from_on": date(2024, 2, 1), "to_on": date(2024, 1, 1)}
    assert problems(careers=[career]) == [("careers", "pool_career_name"), ("careers", "pool_career_dates")]


def test_a_draft_may_lack_everything():
    empty = {**GOOD, "technologies": [], "industries": [], "text": ""}
    assert rules.facts_problems(empty, technologies=set(), industries=set(), complete=False) == []


def test_days_of_absence():
    today = date(2026, 7, 1)

    def against(first, last, standing=()):
        found = rules.can_be_absent(today + timedelta(first), today + timedelta(last), today, standing)
        return found and (found[0], found[1].code)

    assert against(0, 0) is None
    assert against(-5, 0) is None
    assert against(3, 2) == ("to_on", "pool_absence_dates")
    assert against(-5, -1) == ("to_on", "pool_absence_past")
    assert against(0, 731) == ("to_on", "pool_absence_long")
    noted = [(today + timedelta(10), today + timedelta(12))]
    assert against(12, 14, noted) == ("from_on", "pool_absence_overlap")
    assert against(13, 14, noted) is None


@pytest.mark.parametrize("role", sorted(rules.OTHER_SIDE))
def test_a_party_an_assigner_or_an_auditor_judges_nothing(role):
    assert rules.can_apply({role, Role.CANDIDATE}).code == "pool_other_side"


def test_candidates_and_evaluators_may_apply():
    assert rules.can_apply({Role.CANDIDATE, Role.EVALUATOR, Role.LEAD_EVALUATOR})


def test_every_status_has_words_and_no_step_skips_the_operator():
    assert set(rules.STATUS_LABELS) == set(rules.STATUS_TONES) == set(rules.STEPS) == set(PoolStatus)
    assert [before for before, after in rules.STEPS.items() if PoolStatus.ACTIVE in after] == [
        PoolStatus.APPLIED,
        PoolStatus.REMOVED,
    ]


def test_a_calendar_marks_the_days_away_and_goes_over_the_year():
    pages = rules.calendar_of(date(2026, 11, 23), [(date(2026, 11, 28), date(2026, 12, 1))])
    assert [(page.year, page.month) for page in pages] == [(2026, 11), (2026, 12), (2027, 1)]
    days = [day for page in pages for week in page.weeks for day in week if day]
    assert [day.on.isoformat() for day in days if day.is_away] == [
        "2026-11-28", "2026-11-29", "2026-11-30", "2026-12-01",
    ]  # fmt: skip
    assert [sum(day is not None for week in page.weeks for day in week) for page in pages] == [30, 31, 31]
    assert max(day.on for day in days if day.is_past) == date(2026, 11, 22)
