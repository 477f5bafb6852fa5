"""Text and numbers as they are kept; the lists of the form's file."""

from decimal import Decimal

import pytest

from portal.applications import questions
from portal.applications.filling import clean, plain, tidy
from portal.applications.parts import Part
from portal.base.access import RulesBroken


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  가\r\n나\r ", "가\n나"),
        ("👨‍👩‍👧", "👨‍👩‍👧"),
        ("a\x00b\x1bc", "abc"),
        ("\u202egnp.exe", "gnp.exe"),
        ("가", "가"),
        (None, ""),
    ],
)
def test_text_is_tidied_without_losing_what_people_write(typed, kept):
    assert tidy(typed, lines=True) == kept


def test_one_line_texts_lose_their_line_breaks():
    assert tidy("가\n나\t다") == "가 나 다"


def test_blank_rows_fall_away_and_half_filled_ones_stay():
    line = {"kind": "hardware", "item": "", "unit_price_krw": None, "quantity": 1}
    kept = clean(
        Part.COSTS,
        {"lines": [line, {**line, "item": "로봇"}], "own_share_krw": None, "own_share_source": None},
    )
    assert [row["item"] for row in kept["lines"]] == ["로봇"]


@pytest.mark.parametrize(
    ("field", "value"), [("unit_price_krw", -1), ("unit_price_krw", 10**12), ("quantity", -1), ("quantity", 10**6)]
)
def test_numbers_out_of_range_are_refused_at_their_cell(field, value):
    line = {"kind": "hardware", "item": "로봇", "unit_price_krw": 1, "quantity": 1, field: value}
    with pytest.raises(RulesBroken) as refused:
        clean(Part.COSTS, {"lines": [line], "own_share_krw": None, "own_share_source": None})
    assert [(one.code, one.field) for one in refused.value.broken] == [("number_range", f"lines-0-{field}")]


def test_kpi_values_keep_three_decimals():
    row = {"name": "불량률", "unit": "%", "direction": "down", "before": Decimal("1.23456"), "target": Decimal("1000")}
    kept = clean(Part.KPI, {"rows": [row]})["rows"][0]
    assert (plain(kept["before"]), plain(kept["target"])) == ("1.235", "1,000")


def test_unknown_choices_are_refused():
    with pytest.raises(RulesBroken) as refused:
        clean(Part.CHOICE, {"tier": "GOLD", "target_level": 9, "same_level": False, "scope": ["X"] * 30})
    assert [one.field for one in refused.value.broken] == ["tier", "target_level"]


def test_only_exclusions_read_in_a_source_bar_a_submission():
    """A recalled rule may advise, never bar."""
    assert {one.code for one in questions.exclusions() if one.bars and one.sureness != "V"} == set()
    assert all(one.source for one in questions.exclusions() if one.bars)
    assert len({one.code for one in questions.exclusions()}) == len(questions.exclusions())


def test_the_kpi_seeds_stand_in_both_languages():
    assert len(questions.kpi_seeds()) == 12
    assert all(seed.label.ko and seed.label.en and seed.unit for seed in questions.kpi_seeds())
