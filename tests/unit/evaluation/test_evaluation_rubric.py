"""The score sheet: what is on file, and how points add up."""

import pytest

from portal.evaluation import rubric


@pytest.fixture
def sheet():
    return rubric.newest()


def full(sheet, share=1.0):
    return {one.code: one.points * share for one in sheet.criteria}


def test_the_default_sheet_has_a_hundred_points_over_seven_criteria(sheet):
    assert [(one.code, one.points) for one in sheet.criteria] == [
        ("NEED", 15),
        ("FIT", 25),
        ("FIRM", 15),
        ("SUPPLIER", 15),
        ("DATA", 10),
        ("EFFECT", 10),
        ("AFTER", 10),
    ]


def test_the_bands_of_each_criterion_cover_every_point_once(sheet):
    for one in sheet.criteria:
        points = [n for band in one.bands for n in range(band.least, band.most + 1)]
        assert sorted(points) == list(range(one.points + 1))


def test_everything_is_said_in_both_languages(sheet):
    words = [w for one in sheet.criteria for w in (one.title, one.question, *(band.text for band in one.bands))]
    assert all(word.ko.strip() and word.en.strip() and word.ko != word.en for word in words)


def test_full_points_make_a_hundred(sheet):
    assert sheet.result(full(sheet)).total == 100


def test_what_does_not_apply_leaves_both_sums(sheet):
    points = {**full(sheet, 0.8), "SUPPLIER": None, "DATA": None}
    assert sheet.result(points).total == 80


def test_seventy_passes_and_less_does_not(sheet):
    assert sheet.result(full(sheet, 0.7)).passed
    assert not sheet.result({**full(sheet, 0.7), "AFTER": 6.9}).passed


def test_a_critical_criterion_under_its_floor_fails_a_high_total(sheet):
    found = sheet.result({**full(sheet), "FIT": 14.5})
    assert (found.total, found.below, found.passed) == (89.5, ("FIT",), False)


def test_a_sheet_without_points_has_no_total(sheet):
    with pytest.raises(ValueError):
        sheet.result({one.code: None for one in sheet.criteria})


def test_an_unknown_sheet_is_refused():
    with pytest.raises(LookupError):
        rubric.load("nothing")
