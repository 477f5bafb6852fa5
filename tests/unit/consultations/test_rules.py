"""Sides, steps, and texts without addresses."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.base.access import Actor
from portal.consultations.rules import Side, Status, can_answer, can_close, can_write, is_overdue, masked, side_of

HANA = Actor(id=1, roles=frozenset({"sme_owner"}), organisation_id=1)
GONG = Actor(id=2, roles=frozenset({"supplier_admin"}), organisation_id=2)


def test_each_side_is_its_own_organisation_in_its_own_role():
    assert side_of(HANA, 1, 2) is Side.COMPANY
    assert side_of(GONG, 1, 2) is Side.SUPPLIER
    assert side_of(HANA, 3, 1) is None
    assert side_of(Actor(id=3, roles=frozenset({"operator_national"}), organisation_id=1), 1, 2) is None


def test_only_the_supplier_answers_and_only_a_request():
    assert [can_answer(Side.SUPPLIER, status).ok for status in Status] == [True, False, False, False, False]
    assert can_answer(Side.COMPANY, Status.REQUESTED).code == "consultation_other_side"


def test_talk_and_outcome_belong_to_an_accepted_consultation():
    assert [can_write(status).ok for status in Status] == [False, True, False, False, False]
    assert [can_close(status, False).ok for status in Status] == [False, True, False, False, False]
    assert can_close(Status.ACCEPTED, True).code == "consultation_closed_already"


def test_a_request_ends_after_14_days():
    asked = datetime(2026, 7, 1, tzinfo=UTC)
    assert [is_overdue(asked, asked + timedelta(days=days)) for days in (13, 14)] == [False, True]


@pytest.mark.parametrize(
    "text",
    [
        "kim@firm.example 으로", "kim (at) firm.example", "KIM＠firm.co.kr", "010-1234-5678", "01012345678",
        "031-234-5678로 전화", "+82 10-1234-5678", "02.555.0199",
    ],
)  # fmt: skip
def test_addresses_and_numbers_are_masked(text):
    shown = masked(text)
    assert "○○○" in shown
    assert not any(secret in shown for secret in ("firm", "1234-5678", "12345678", "234-5678", "555.0199"))


@pytest.mark.parametrize("text", ["2026-11-22까지", "예산 3,000만원", "설비 12대, 불량 1.5%", "ISO 9001-2015"])
def test_other_numbers_stay(text):
    assert masked(text) == text
