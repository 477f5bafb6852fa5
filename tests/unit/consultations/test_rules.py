"""Sides, steps, and texts without addresses."""

from datetime import UTC, date, datetime, timedelta

from portal.base.access import Actor
from portal.consultations.figures import Counted, counted
from portal.consultations.rules import (
    Side,
    Status,
    can_answer,
    can_book,
    can_close,
    can_rate,
    can_withdraw,
    can_write,
    is_overdue,
    last_day,
    reminders_due,
    side_of,
    to_ask,
)

HANA = Actor(id=1, roles=frozenset({"sme_owner"}), organisation_id=1)
GONG = Actor(id=2, roles=frozenset({"supplier_admin"}), organisation_id=2)


def test_each_side_is_its_own_organisation_in_its_own_role():
    assert side_of(HANA, 1, 2) is Side.COMPANY
    assert side_of(GONG, 1, 2) is Side.SUPPLIER
    assert side_of(HANA, 3, 1) is None
    assert side_of(Actor(id=3, roles=frozenset({"operator_national"}), organisation_id=1), 1, 2) is None


def test_only_the_supplier_answers_and_only_a_request():
    assert [can_answer(Side.SUPPLIER, status).ok for status in Status] == [True, *[False] * 5]
    assert can_answer(Side.COMPANY, Status.REQUESTED).code == "consultation_other_side"


def test_talk_and_outcome_belong_to_an_accepted_consultation():
    assert [can_write(status).ok for status in Status] == [False, True, *[False] * 4]
    assert [can_close(status, False).ok for status in Status] == [False, True, *[False] * 4]
    assert can_close(Status.ACCEPTED, True).code == "consultation_closed_already"


def test_silence_is_counted_in_working_days():
    # Wednesday 2026-09-16; 추석 (24–26 September), 개천절 with its substitute and 한글날 lie between
    asked = datetime(2026, 9, 16, 3, tzinfo=UTC)
    assert last_day(asked) == date(2026, 10, 12)
    assert [is_overdue(asked, date(2026, 10, day)) for day in (12, 13)] == [False, True]
    days = [date(2026, 9, 18), date(2026, 9, 20), date(2026, 9, 21), date(2026, 9, 29), date(2026, 10, 12)]
    assert [reminders_due(asked, day) for day in days] == [0, 0, 1, 2, 3]


def test_a_fan_out_stands_before_five_until_three_are_interested():
    assert [to_ask(waiting, interested) for waiting, interested in [(0, 0), (5, 0), (4, 0), (2, 2), (0, 3), (1, 3)]] == [
        5, 0, 1, 1, 0, 0,
    ]  # fmt: skip


def test_figures_leave_out_holidays_and_what_was_withdrawn():
    friday = datetime(2026, 7, 3, 8, tzinfo=UTC)  # 17:00 in Korea
    requests = [
        (Status.ACCEPTED, friday, friday + timedelta(hours=64)),  # Monday 09:00
        (Status.DECLINED, friday, friday + timedelta(hours=2)),
        (Status.EXPIRED, friday, None),
        (Status.WITHDRAWN, friday, None),
    ]
    assert counted(requests) == Counted(answered=2, silent=1, median_hours=9.0)
    assert counted([]) == Counted(0, 0, None)


def test_only_the_company_withdraws_and_books_and_only_an_ended_talk_is_rated():
    assert [can_withdraw(side, Status.REQUESTED).ok for side in Side] == [True, False]
    assert [can_book(side, Status.ACCEPTED).ok for side in Side] == [True, False]
    assert [can_rate(status, False).ok for status in Status] == [False, False, False, True, False, False]
    assert can_rate(Status.CONCLUDED, True).code == "rating_given"
