"""Days on which Korean offices work, and periods that end on one: deadlines of appeals, supplements, payments.

A period counts from the day after the one on which it begins (민법 제157조); one that would end on a Saturday or a public
holiday ends on the next working day (민법 제161조). Public holidays with their substitutes come from the package
`holidays` (대한민국, 관공서의 공휴일에 관한 규정).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache

from portal.base import clock


@cache
def _holidays(year: int) -> dict[date, str]:
    # 0.1 s and some megabytes: paid by who first asks for a deadline, not by every worker at its start
    import holidays

    return dict(holidays.country_holidays("KR", years=year, language="ko"))


def holiday_name(day: date) -> str:
    """What a public holiday is called in Korean; "" on other days, weekends among them."""
    return _holidays(day.year).get(day, "")


def is_workday(day: date) -> bool:
    return day.weekday() < 5 and day not in _holidays(day.year)


def next_workday(day: date) -> date:
    """The day itself when offices work on it, else the first one after it on which they do."""
    while not is_workday(day):
        day += timedelta(days=1)
    return day


def last_day(start: date, days: int) -> date:
    """The last day of a period of `days` calendar days that begins with something that happened on `start`."""
    return next_workday(start + timedelta(days=days))


def workday_after(start: date, days: int) -> date:
    """The `days`-th working day after `start`: a period that counts working days only."""
    day = start
    while days:
        day += timedelta(days=1)
        days -= is_workday(day)
    return day


def working_hours(start: datetime, end: datetime) -> float:
    """Hours between two moments, those of weekends and public holidays (in Korea) left out."""
    hours, moment = 0.0, clock.kst(start)
    while moment < end:
        midnight = clock.kst(end_of(moment.date()))
        if is_workday(moment.date()):
            hours += (min(midnight, clock.kst(end)) - moment).total_seconds() / 3600
        moment = midnight
    return hours


def workdays_left(today: date, last: date) -> int:
    """How many working days remain, today and the last day among them; 0 when it is over."""
    return sum(is_workday(today + timedelta(days=step)) for step in range((last - today).days + 1))


def end_of(day: date) -> datetime:
    """The first moment after a day in Korea (aware UTC): what happens before it is in time."""
    return clock.from_kst(datetime.combine(day + timedelta(days=1), time.min))
