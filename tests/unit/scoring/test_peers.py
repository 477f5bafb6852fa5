"""Peers' figures: small groups are never drawn up, extremes never show, the own place is read on rounded figures."""

import random

import pytest

from portal.scoring.peers import TOTAL, Entry, Group, Place, groups, quartiles, read, stored


def firms(count, division="25", size="small", total=300.0, area=2.0):
    return [Entry(division, size, total, {"EXE": area}) for _ in range(count)]


def keys(entries):
    return [(one.division, one.size) for one in groups(entries)]


def test_five_firms_are_too_few_and_six_are_a_group():
    assert keys(firms(5)) == []
    assert keys(firms(6)) == [("", ""), ("25", ""), ("25", "small")]


def test_a_small_cell_is_told_only_within_a_wider_one():
    assert keys(firms(4) + firms(4, size="micro")) == [("", ""), ("25", "")]
    assert keys(firms(3) + firms(4, division="10")) == [("", "")]


def test_an_area_that_too_few_answered_has_no_figures():
    entries = firms(6) + [Entry("25", "small", 300.0, {}) for _ in range(3)]
    few = [Entry("25", "small", 300.0, {"EXE": 2.0, "LOG": 5.0})] * 5 + firms(4)
    assert all(set(one.quartiles) == {TOTAL, "EXE"} for one in groups(entries))
    assert all("LOG" not in one.quartiles for one in groups(few))


def test_the_highest_and_the_lowest_firm_leave_no_trace():
    middle = [200.0, 250.0, 300.0, 350.0, 400.0]
    for odd in (0.0, 199.0):
        entries = [Entry("25", "small", total, {}) for total in (*middle, odd)]
        assert groups(entries)[0].quartiles[TOTAL] == (200.0, 300.0, 350.0)


def test_one_firm_more_or_less_seldom_shows_and_only_by_a_step():
    draw = random.Random(7)
    values = sorted(draw.uniform(0, 5) for _ in range(12))
    before = quartiles(values, 0.5)
    for left_out in range(12):
        after = quartiles(values[:left_out] + values[left_out + 1 :], 0.5)
        assert all(abs(a - b) in (0.0, 0.5) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("value", "place"), [(1.4, Place.LOWER), (1.5, Place.MIDDLE), (2.5, Place.MIDDLE), (2.6, Place.UPPER)]
)
def test_the_place_is_read_on_the_rounded_figures(value, place):
    assert Group("25", "small", 6, {"EXE": (1.5, 2.0, 2.5)}).place("EXE", value) is place


def test_an_area_without_figures_has_no_place():
    assert Group("25", "small", 6, {}).place("EXE", 3.0) is None


@pytest.mark.parametrize(
    ("count", "words"), [(6, "6~9곳"), (9, "6~9곳"), (10, "10~29곳"), (100, "100~499곳"), (9999, "500곳 이상")]
)
def test_the_number_of_firms_is_told_as_a_band(count, words):
    assert Group("", "", count, {}).count.ko == words


def test_what_is_stored_reads_back():
    group = groups(firms(7))[2]
    assert read(group.division, group.size, group.firms, stored(group)) == group


def test_many_firms_are_rounded_finely():
    entries = [Entry("25", "small", 100.0 + n, {"EXE": n / 40}) for n in range(100)]
    assert groups(entries)[0].quartiles == {"EXE": (0.6, 1.2, 1.9), TOTAL: (120, 150, 170)}
