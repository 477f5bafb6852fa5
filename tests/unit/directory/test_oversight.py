"""The rules of the operator's side: who answers an appeal and when, what a certificate's days mean, whose address it is."""

from datetime import UTC, date, datetime, timedelta

import pytest

from portal.base.access import Actor
from portal.directory.earlier import LINK_LASTS, ClaimState, is_link_alive, is_same_domain
from portal.directory.oversight import CapabilityLevel, can_answer_appeal, can_appeal, check_dates

NOW = datetime(2026, 7, 1, tzinfo=UTC)
TODAY = NOW.date()


def test_an_appeal_is_made_once_within_two_weeks_and_answered_by_somebody_else():
    begun = [NOW - timedelta(days=14), NOW - timedelta(days=14, seconds=1)]
    assert [can_appeal(moment, False, NOW).code for moment in begun] == ["", "suspension_appeal_late"]
    assert can_appeal(NOW, True, NOW).code == "suspension_appeal_once"
    un, other = Actor(id=1), Actor(id=2)
    assert [can_answer_appeal(one, 1, True).ok for one in (un, other)] == [False, True]
    assert can_answer_appeal(other, 1, False).code == "suspension_appeal_none"


@pytest.mark.parametrize(
    ("issued", "until", "code"),
    [
        (None, None, ""),
        (date(2026, 7, 1), date(2026, 7, 1), ""),
        (date(2026, 7, 2), None, "mark_issued_later"),
        (date(2026, 6, 2), date(2026, 6, 1), "mark_days"),
        (date(2025, 6, 2), date(2026, 6, 30), "mark_over"),
    ],
)
def test_a_certificate_is_valid_on_its_last_day(issued, until, code):
    assert check_dates(issued, until, TODAY).code == code


def test_levels_of_the_assessment_are_ordered_and_two_plus_is_good():
    assert [level.value for level in CapabilityLevel if level.is_good] == ["2+", "3-", "3", "3+"]
    assert sorted(CapabilityLevel, key=lambda level: level.rank)[0] is CapabilityLevel.ONE_MINUS


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a@firm.example", "b@FIRM.example", True),
        ("a@firm.example", "a@other.example", False),
        ("a@naver.com", "b@naver.com", False),
        ("A@naver.com", "a@naver.com", True),
    ],
)
def test_a_company_does_not_confirm_from_its_suppliers_address(one, other, same):
    assert is_same_domain(one, other) is same


def test_a_link_lives_thirty_days_while_nobody_has_answered():
    assert is_link_alive(NOW - LINK_LASTS, ClaimState.FILED, NOW)
    assert not is_link_alive(NOW - LINK_LASTS - timedelta(seconds=1), ClaimState.FILED, NOW)
    assert not is_link_alive(NOW, ClaimState.CONFIRMED, NOW)
    assert not is_link_alive(None, ClaimState.FILED, NOW)
