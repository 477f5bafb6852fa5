"""What may be said, what is kept of it, and when a diagnosis is complete."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.base.access import Actor, RuleBroken
from portal.profiles import questionnaire, rules

ASKED = questionnaire.load()
FACTS = {
    "ksic": "251",
    "region": "gyeonggi-hwaseong",
    "size": "small",
    "employees": "20-49",
    "processes": ["machining"],
    "pains": ["DEFECTS"],
}


def refused(call, *args, **kwargs):
    with pytest.raises(RuleBroken) as caught:
        call(*args, **kwargs)
    return caught.value.code, caught.value.field


def test_blank_facts_are_kept_as_blanks():
    facts = rules.clean_facts({})
    assert list(facts) == list(rules.FACT_LABELS)
    assert not any(facts.values())
    assert rules.missing_facts(facts) == list(rules.NEEDED)
    assert rules.missing_facts(None) == list(rules.NEEDED)


@pytest.mark.parametrize(
    "typed, kept", [("C25", "25"), ("251", "251"), ("25112", "25112"), (" c34 ", "34"), ("", None)]
)
def test_an_industry_is_kept_as_bare_digits(typed, kept):
    assert rules.clean_facts({"ksic": typed})["ksic"] == kept


@pytest.mark.parametrize("typed", ["9", "35", "01", "251123", "C", "철강", "２５", "25a", "-25-"])
def test_what_is_no_manufacturing_code_is_refused(typed):
    if typed == "-25-":  # separators are forgiven
        assert rules.clean_facts({"ksic": typed})["ksic"] == "25"
        return
    assert refused(rules.clean_facts, {"ksic": typed}) == ("fact_ksic_invalid", "ksic")


@pytest.mark.parametrize(
    "given_, refusal",
    [
        ({"size": "giant"}, ("fact_unknown", "size")),
        ({"employees": "7"}, ("fact_unknown", "employees")),
        ({"processes": ["machining", "magic"]}, ("fact_unknown", "processes")),
        ({"pains": list(rules.Pain)[:4]}, ("fact_too_many", "pains")),
        ({"products": "가" * 201}, ("fact_too_long", "products")),
        ({"systems_note": "가" * 10_000}, ("fact_too_long", "systems_note")),
        ({"plants": [{"name": "가" * 121}]}, ("fact_too_long", "plants")),
        ({"plants": [{"name": "가"}] * 4}, ("fact_too_many", "plants")),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(given_, refusal):
    assert refused(rules.clean_facts, given_) == refusal


@given(st.text())
def test_tidied_text_is_safe_to_store_and_stays_tidy(text):
    kept = rules.tidy(text, lines=True)
    kept.encode()
    assert "\x00" not in kept and "\u202e" not in kept
    assert rules.tidy(kept, lines=True) == kept


def test_emoji_and_joined_letters_survive():
    assert rules.tidy("👩‍🏭 공장\t1\x00") == "👩‍🏭 공장 1"


def test_the_same_pain_twice_counts_once():
    assert rules.clean_facts({"pains": ["COST", "COST", "SAFETY"]})["pains"] == ["COST", "SAFETY"]


def test_pains_are_those_that_the_instrument_weighs():
    assert [row["code"] for row in ASKED.source["scoring"]["pains"]] == [pain.value for pain in rules.Pain]


def test_every_choice_says_itself_in_both_languages():
    for kind in (
        rules.Employees,
        rules.Sales,
        rules.Process,
        rules.OrderType,
        rules.Pain,
        rules.System,
        rules.EvidenceTag,
    ):
        for member in kind:
            assert member.label.ko and member.label.en


# --- answers


@pytest.mark.parametrize("text", ["6", "-1", "3.0", "", "９", "unsure ", "N/A", "10"])
def test_an_answer_outside_the_choices_is_refused(text):
    assert refused(rules.read_answer, ASKED.items["S1"], text) == ("diagnosis_answer_unknown", "answer_S1")


def test_not_applicable_is_only_for_items_that_allow_it():
    allowed = {code for code, item in ASKED.items.items() if item.not_applicable_allowed}
    assert allowed == {"D1", "D2", "D3", "L3", "L4", "T5"}
    assert rules.read_answer(ASKED.items["D1"], "na") == "na"
    assert refused(rules.read_answer, ASKED.items["S1"], "na") == ("diagnosis_not_applicable", "answer_S1")


def test_unsure_counts_as_nothing_and_not_applicable_is_left_out():
    assert rules.levels({"S1": "unsure", "D1": "na", "E1": 4}) == {"S1": 0, "D1": None, "E1": 4}


def test_evidence_is_asked_from_the_level_of_the_instrument():
    assert [answer for answer in (None, "unsure", "na", 0, 2, 3, 5) if rules.needs_evidence(ASKED, answer)] == [3, 5]


answers = st.dictionaries(st.sampled_from(ASKED.codes), st.sampled_from([0, 1, 2, 3, 4, 5, "unsure"]))


@given(answers, st.sets(st.sampled_from(ASKED.codes)))
def test_progress_adds_up(given_, proven):
    found = rules.progress(ASKED, given_, proven)
    assert [area.code for area in found] == [area.code for area in ASKED.areas]
    assert sum(area.total for area in found) == 44
    assert sum(area.answered for area in found) == len(given_)
    assert {code for area in found for code in area.open} == set(ASKED.codes) - set(given_)
    assert {code for area in found for code in area.unsure} == {c for c, answer in given_.items() if answer == "unsure"}
    bare = {code for area in found for code in area.bare}
    assert not bare & proven
    assert bare == {c for c, answer in given_.items() if answer in (3, 4, 5)} - proven


@given(answers)
def test_finishing_asks_for_every_answer(given_):
    broken = rules.check_finished(ASKED, FACTS, given_)
    left = 44 - len(given_)
    assert [(one.code, one.values) for one in broken] == (
        [("diagnosis_answers_missing", {"count": left})] if left else []
    )


def test_finishing_asks_for_the_needed_facts():
    full = dict.fromkeys(ASKED.codes, 1)
    assert rules.check_finished(ASKED, FACTS, full) == []
    broken = rules.check_finished(ASKED, {**FACTS, "ksic": None, "pains": []}, full)
    assert [one.code for one in broken] == ["diagnosis_company_needed"]
    assert broken[0].values["names"].ko == "업종, 가장 급한 문제"


# --- papers

TODAY = date(2026, 7, 1)


@pytest.mark.parametrize(
    "issued, months, until",
    [
        (date(2026, 6, 15), 1, date(2026, 7, 15)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2023, 11, 30), 36, date(2026, 11, 30)),
        (date(2020, 1, 1), 0, None),
    ],
)
def test_a_paper_expires_by_its_kind(issued, months, until):
    assert rules.expiry(issued, months) == until


@given(st.dates(date(1990, 1, 1), date(2200, 1, 1)), st.integers(1, 60))
def test_a_paper_always_expires_after_its_issue(issued, months):
    assert (rules.expiry(issued, months) - issued).days >= 28 * months


def test_a_printed_expiry_date_wins():
    assert rules.check_paper_dates(date(2026, 6, 1), date(2026, 7, 1), 12, TODAY) == date(2026, 7, 1)
    assert rules.check_paper_dates(None, date(2026, 7, 1), 12, TODAY) == date(2026, 7, 1)
    assert rules.check_paper_dates(None, None, 0, TODAY) is None


@pytest.mark.parametrize(
    "issued, expires, months, refusal",
    [
        (None, None, 1, ("paper_issued_needed", "issued_on")),
        (date(2026, 7, 2), None, 1, ("paper_issued_future", "issued_on")),
        (date(1926, 7, 1), None, 0, ("paper_issued_old", "issued_on")),
        (date(2026, 5, 31), None, 1, ("paper_expired", "issued_on")),
        (date(2026, 6, 1), date(2026, 6, 30), 12, ("paper_expired", "expires_on")),
        (date(2026, 6, 1), date(2026, 5, 1), 12, ("paper_expiry_before_issue", "expires_on")),
    ],
)
def test_dates_that_do_not_fit_are_refused(issued, expires, months, refusal):
    assert refused(rules.check_paper_dates, issued, expires, months, TODAY) == refusal


# --- who may


@pytest.mark.parametrize(
    "actor, may",
    [
        (Actor(1, frozenset({"sme_owner"}), 7), True),
        (Actor(1, frozenset({"sme_staff"}), 7), True),
        (Actor(1, frozenset({"sme_owner"}), None), False),
        (Actor(1, frozenset({"supplier_admin"}), 7), False),
        (Actor(1, frozenset({"operator_national"}), 7), False),
        (Actor(), False),
    ],
)
def test_only_people_of_a_company_write_its_profile(actor, may):
    assert rules.can_edit(actor).ok is may
