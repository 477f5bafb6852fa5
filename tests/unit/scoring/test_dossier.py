"""A model's report laid out: small groups and what tells them by difference, few rows, intervals around zero."""

import pytest

from portal.base.words import use_language
from portal.scoring import dossier


def group(name, rows, **more):
    return {"group": name, "rows": rows, "mae": 0.3, "champion_mae": 0.35, "over": 0.1, "under": 0.2, **more}


def figures_of(*groups):
    ((_, rows),) = dossier.sheet({"fairness": {"region": list(groups)}}).fairness
    return {row.name: [str(cell) for cell in row.cells] for row in rows}


def test_a_small_group_takes_the_next_smallest_along():
    found = figures_of(group("a", 100), group("b", 2), group("c", 9))
    assert found["a"] == ["100", "0.300", "0.350", "10.0%", "20.0%"]
    assert found["b"] == ["3 미만", "–", "–", "–", "–"]
    assert found["c"] == ["가림", "–", "–", "–", "–"]


def test_two_small_groups_that_hide_each_other_leave_the_rest():
    found = figures_of(group("a", 100), group("b", 2), group("c", 2))
    assert [name for name, cells in found.items() if cells[1] == "–"] == ["b", "c"]


def test_many_readings_of_one_firm_are_still_one_firm():
    found = figures_of(group("a", 100, firms=40), group("b", 12, firms=1), group("c", 30, firms=9))
    assert found["b"][0] == "3 미만"


def test_nothing_is_hidden_when_every_group_is_large():
    assert all(cells[1] == "0.300" for cells in figures_of(group("a", 3), group("b", 40)).values())


def test_an_evaluator_above_zero_in_the_report_is_severer_and_shows_below_zero():
    sheet = dossier.sheet({"severity": [{"files": 30, "effect": 0.25, "error": 0.1}, {"files": 29, "effect": 1, "error": 1}]})
    assert [row.cells for row in sheet.severity] == [("30", "−0.25", "±0.10")]
    assert sheet.severity_left_out == 1


@pytest.mark.parametrize(("rows", "covered"), [(299, "자료 부족"), (300, "91.0%")])
def test_coverage_is_told_from_300_rows_on(rows, covered):
    classes = [{"tier": "BASIC", "rows": rows, "covered": 0.91, "size": 1.2}]
    (row,) = dossier.sheet({"conformal": {"alpha": 0.1, "classes": classes}}).coverage
    assert str(row.cells[1]) == covered


def test_an_empty_report_makes_an_empty_sheet():
    sheet = dossier.sheet({})
    assert (sheet.metrics, sheet.fairness, sheet.coverage, sheet.raises) == ((), (), (), None)
    assert not dossier.promotion({}).ok


@pytest.mark.parametrize(("low", "high", "above"), [(0.01, 0.05, True), (-0.01, 0.05, False), (0.0, 0.05, False)])
def test_the_interval_is_drawn_around_zero(low, high, above):
    found = dossier.promotion({"interval": {"low": low, "middle": 0.02, "high": high}}).interval
    assert found.above_zero is above
    assert found.left >= 0 and found.left + found.width <= 100
    assert (found.left > 50) is above


def test_a_group_speaks_english_on_an_english_page():
    with use_language("en"):
        assert figures_of(group("a", 2))["a"][0] == "under 3"
