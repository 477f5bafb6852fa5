"""Ratings and agreements show in blocks of three, so that the step from one figure to the next tells nobody's answer."""

import random
from datetime import date

from portal.evaluation import fairness
from portal.evaluation.fairness import Mark, Question, Share


def mark(firm, value=4):
    return Mark(firm, {one.value: value for one in Question})


def firms(ratings):
    return [one.firm_id for one in fairness.published(ratings)]


def test_below_three_firms_nothing_shows():
    assert fairness.means_of([]) is None
    assert fairness.means_of([mark(1, 1), mark(2, 5)]) is None


def test_a_fourth_answer_changes_nothing_until_the_sixth():
    first = [mark(1, 3), mark(2, 3), mark(3, 3)]
    seen = fairness.means_of(first)
    assert (seen.firms, seen.overall) == (3, 3.0)
    assert fairness.means_of([*first, mark(4, 1)]) == seen
    assert fairness.means_of([*first, mark(4, 1), mark(5, 1)]) == seen
    assert fairness.means_of([*first, mark(4, 1), mark(5, 1), mark(6, 1)]).overall == 2.0


def test_one_firm_fills_no_block_alone():
    assert firms([mark(1), mark(1), mark(1), mark(2)]) == []
    assert firms([mark(1), mark(1), mark(2), mark(3)]) == [1, 2, 3]
    assert firms([mark(1), mark(1), mark(2), mark(3), mark(4), mark(5)]) == [1, 2, 3, 1, 4, 5]


def test_what_shows_stays_when_more_comes_and_each_block_holds_three_firms():
    source = random.Random(4)
    for _ in range(300):
        ratings = [mark(source.randint(1, 6), source.randint(1, 5)) for _ in range(source.randint(0, 14))]
        whole = fairness.published(ratings)
        for count in range(len(ratings)):
            part = fairness.published(ratings[:count])
            assert whole[: len(part)] == part
        assert all(len({one.firm_id for one in whole[at : at + 3]}) == 3 for at in range(0, len(whole), 3))


def test_agreement_counts_whole_blocks():
    assert fairness.in_blocks([True, True]) is None
    assert fairness.in_blocks([True, False, True, False]) == Share(2, 3)


def test_a_rating_needs_every_mark():
    full = {one.value: 3 for one in Question}
    assert fairness.rating_problems(full) == []
    assert [one.field for one in fairness.rating_problems({**full, "conduct": None, "fairness": 6})] == [
        "fairness",
        "conduct",
    ]


def test_a_report_of_pressure_says_what_happened_and_not_tomorrow():
    today = date(2026, 7, 1)
    assert fairness.pressure_problems("합성(예시) 점수를 올려 달라는 전화를 받았습니다.", today, today) == []
    found = fairness.pressure_problems("짧음", date(2026, 7, 2), today)
    assert [(one.field, one.code) for one in found] == [("text", "pressure_text"), ("happened_on", "pressure_future")]
