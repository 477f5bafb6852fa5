"""Grids of slots, overlaps, and the calendar file."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from portal.appointments.ics import Event, calendar
from portal.appointments.rules import MOST_SLOTS, can_offer, grid, overlaps
from portal.base import clock
from portal.base.access import RuleBroken

DAY = date(2026, 12, 7)


def at(hour, minute=0):
    return clock.from_kst(datetime.combine(DAY, time(hour, minute)))


def test_a_day_is_cut_into_slots_with_pauses_and_none_beyond_its_end():
    slots = grid(DAY, time(9, 30), time(11, 0), 30, 10)
    assert slots == [(at(9, 30), at(10)), (at(10, 10), at(10, 40))]
    assert grid(DAY, time(9), time(10), 30) == [(at(9), at(9, 30)), (at(9, 30), at(10))]


@pytest.mark.parametrize(
    ("first", "last", "minutes", "pause", "field"),
    [
        (time(9), time(10), 4, 0, "minutes"),
        (time(9), time(10), 481, 0, "minutes"),
        (time(9), time(10), 30, -1, "minutes"),
        (time(10), time(9), 30, 0, "last"),
        (time(9), time(9, 20), 30, 0, "last"),
        (time(0), time(23, 59), 5, 0, "last"),
    ],
)
def test_what_makes_no_day_is_refused_at_its_field(first, last, minutes, pause, field):
    with pytest.raises(RuleBroken) as refused:
        grid(DAY, first, last, minutes, pause)
    assert refused.value.field == field
    assert MOST_SLOTS == 60


def test_spans_may_touch_but_not_overlap():
    assert not overlaps((at(9), at(10)), (at(10), at(11)))
    assert overlaps((at(9), at(10)), (at(9, 59), at(11)))
    standing = [(at(9), at(10))]
    assert can_offer([(at(10), at(11))], standing, at(8))
    assert can_offer([(at(9, 30), at(11))], standing, at(8)).code == "appointment_overlap"
    assert can_offer([(at(10), at(11))], standing, at(10)).code == "appointment_past"


def test_a_calendar_file_escapes_and_folds():
    start = datetime(2026, 12, 7, 0, 30, tzinfo=UTC)
    text = calendar(
        [Event("key", start, start + timedelta(minutes=30), "발표 평가, 1;2\\3", "본관\n3층 " + "가" * 60, start)]
    )
    lines = text.split(b"\r\n")
    assert lines[0] == b"BEGIN:VCALENDAR" and lines[-2:] == [b"END:VCALENDAR", b""]
    assert max(map(len, lines)) <= 75
    whole = text.replace(b"\r\n ", b"").decode()
    assert "SUMMARY:발표 평가\\, 1\\;2\\\\3\r\n" in whole
    assert "LOCATION:본관\\n3층 " + "가" * 60 in whole
    assert "DTSTART:20261207T003000Z" in whole and "DTEND:20261207T010000Z" in whole
