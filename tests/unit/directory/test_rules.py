"""What a listing must say, and how two versions of it differ."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from portal.base.access import Actor
from portal.directory.rules import (
    NEXT,
    ListingStatus,
    can_edit,
    can_judge,
    can_step,
    check_listing,
    clean,
    differences,
    figures,
    is_grey,
    product_facts,
)

GOOD = {
    "summary": "소개",
    "capabilities": {"MES": 3},
    "sectors": ["25"],
    "regions": ["nationwide"],
    "products": [],
    "processes": ["casting", "toll"],
    "programmes": ["AUTO"],
    "sizes": ["small"],
    "standards": ["aas"],
    "engineers": 5,
    "engineer_grades": {"special": 2, "basic": 3},
    "contact_email": "a@b.example",
}


def check(complete=True, **changes):
    broken = check_listing(
        {**GOOD, **changes},
        technologies={"MES"},
        sectors={"25"},
        regions={"seoul"},
        programmes={"AUTO"},
        complete=complete,
    )
    return [(one.field, one.code) for one in broken]


def test_a_complete_listing_passes():
    assert check() == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"summary": ""}, ("summary", "summary_needed")),
        ({"capabilities": {}}, ("capabilities", "technology_needed")),
        ({"sectors": []}, ("sectors", "sector_needed")),
        ({"regions": []}, ("regions", "region_needed")),
        ({"contact_email": ""}, ("contact_email", "contact_needed")),
    ],
)
def test_what_the_public_needs_is_asked_at_submission_only(changes, expected):
    assert check(**changes) == [expected]
    assert check(complete=False, **changes) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"capabilities": {"NOPE": 3}}, ("capabilities", "technology_unknown")),
        ({"capabilities": {"MES": 6}}, ("capabilities", "technology_unknown")),
        ({"sectors": ["99"]}, ("sectors", "sector_unknown")),
        ({"regions": ["atlantis"]}, ("regions", "region_unknown")),
        ({"processes": ["고로"]}, ("processes", "process_unknown")),
        ({"programmes": ["NOPE"]}, ("programmes", "programme_unknown")),
        ({"sizes": ["huge"]}, ("sizes", "size_unknown")),
        ({"standards": ["morse"]}, ("standards", "standard_unknown")),
        ({"engineers": 4}, ("engineer_grades", "grades_too_many")),
        ({"products": [{"name": "x", "description": "", "price": "quote"}] * 21}, ("products", "product_too_many")),
        ({"products": [{"name": "", "description": "x", "price": "quote"}]}, ("products", "product_name_needed")),
        ({"products": [{"name": "x", "description": "x", "price": "공짜"}]}, ("products", "product_price_unknown")),
    ],
)
def test_codes_that_do_not_exist_are_refused_even_in_a_draft(changes, expected):
    assert check(complete=False, **changes) == [expected]


@pytest.mark.parametrize("now", ListingStatus)
@pytest.mark.parametrize("to", ListingStatus)
def test_only_the_table_leads_from_status_to_status(now, to):
    assert can_step(now, to).ok == (to in NEXT[now])


GONG = Actor(id=1, roles=frozenset({"supplier_admin"}), organisation_id=10)
OTHER = Actor(id=2, roles=frozenset({"supplier_admin"}), organisation_id=11)
UN = Actor(id=3, roles=frozenset({"operator_national"}), organisation_id=12)
HANA = Actor(id=4, roles=frozenset({"sme_owner"}), organisation_id=10)


def test_only_the_suppliers_own_people_edit():
    assert [can_edit(one, 10).ok for one in (GONG, OTHER, UN, HANA)] == [
        True, False, False, False,
    ]  # fmt: skip
    assert can_edit(GONG, 10, is_suspended=True).code == "listing_suspended"


def test_only_operators_judge_and_never_their_own():
    assert [can_judge(one, 10).ok for one in (GONG, OTHER, UN, HANA)] == [False, False, True, False]
    assert can_judge(UN, 12).code == "listing_own_judge"


def test_a_listing_goes_grey_after_180_days():
    now = datetime(2026, 7, 1, tzinfo=UTC)
    assert [is_grey(now - timedelta(days=days), now) for days in (0, 180, 181)] == [False, False, True]
    assert is_grey(None, now)


def test_differences_name_the_field_and_the_words():
    changes = differences(
        {"summary": "MES를 잘합니다", "engineers": "3"}, {"summary": "MES를 아주 잘합니다", "engineers": "3"}
    )
    assert [(change.field, [(piece.kind, piece.text) for piece in change.pieces]) for change in changes] == [
        ("summary", [("same", "MES를 "), ("in", "아주 "), ("same", "잘합니다")])
    ]


def test_stored_text_is_composed_and_free_of_control_characters():
    assert clean("\u1100\u1161\r\n나\x00\u202e ") == "가\n나"


def record(**facts):
    names = ("passed_first_audit", "is_on_time", "is_level_reached", "kpi_gain_ratio", "aftercare_hours")
    return SimpleNamespace(**{**dict.fromkeys(names), **facts})


def test_figures_leave_out_what_a_record_does_not_say():
    told = figures(
        [
            record(passed_first_audit=True, is_on_time=False, kpi_gain_ratio=0.1, aftercare_hours=10),
            record(passed_first_audit=False, kpi_gain_ratio=0.3),
            record(),
        ]
    )
    assert (told.builds, told.passed_first, told.on_time, told.level_reached) == (3, (1, 2), (0, 1), (0, 0))
    assert told.gain_ratio == pytest.approx(0.2)
    assert told.aftercare_hours == 10


def test_a_price_of_an_older_version_is_read_as_it_was_typed():
    assert [str(product_facts({"price": price})[0]) for price in ("turnkey", "절감액 공유 가능", "", None)] == [
        "일괄 구축", "절감액 공유 가능", "가격 방식 없음", "가격 방식 없음",
    ]  # fmt: skip
