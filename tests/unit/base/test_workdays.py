"""Deadlines end on days on which offices work, with Korea's holidays and their substitutes."""

from datetime import UTC, date, datetime

import pytest

from portal.base import workdays


@pytest.mark.parametrize(
    ("start", "last", "why"),
    [
        (date(2026, 11, 23), date(2026, 12, 7), "fourteen days later is a Monday"),
        (date(2026, 11, 21), date(2026, 12, 7), "a Saturday moves to Monday"),
        (date(2026, 11, 22), date(2026, 12, 7), "a Sunday moves to Monday"),
        (date(2026, 12, 11), date(2026, 12, 28), "Christmas is a Friday: on to Monday"),
        (date(2026, 9, 10), date(2026, 9, 28), "Chuseok from Thursday to Saturday: on to Monday"),
        (date(2026, 8, 1), date(2026, 8, 18), "Liberation Day on a Saturday with its substitute on Monday"),
        (date(2027, 1, 25), date(2027, 2, 10), "the substitute of a Lunar New Year on a Sunday"),
        (date(2026, 12, 18), date(2027, 1, 4), "over the turn of the year"),
    ],
)
def test_a_period_of_fourteen_days_ends_on_a_working_day(start, last, why):
    assert workdays.last_day(start, 14) == last, why


def test_the_first_day_is_not_counted():
    assert workdays.last_day(date(2026, 11, 23), 1) == date(2026, 11, 24)


def test_working_days_left_count_today_and_the_last_day():
    assert workdays.workdays_left(date(2026, 12, 24), date(2026, 12, 28)) == 2
    assert workdays.workdays_left(date(2026, 12, 28), date(2026, 12, 28)) == 1
    assert workdays.workdays_left(date(2026, 12, 29), date(2026, 12, 28)) == 0


def test_a_day_ends_at_midnight_in_korea():
    assert workdays.end_of(date(2026, 12, 7)) == datetime(2026, 12, 7, 15, 0, tzinfo=UTC)


def test_a_holiday_has_a_name():
    assert (workdays.holiday_name(date(2026, 12, 25)), workdays.holiday_name(date(2026, 12, 26))) == ("기독탄신일", "")
