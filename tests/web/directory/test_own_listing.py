"""A supplier's own form: nothing typed is lost, two tabs do not overwrite each other, approval is asked and given."""

import pytest

from portal.base.access import SYSTEM, Forbidden, RuleBroken
from portal.base.db import session
from portal.directory import queries, service
from portal.directory.models import TrackRecord
from portal.directory.rules import ListingStatus
from tests.client import Page
from tests.factories.directory import FACTS

TYPED = {
    "summary": "합성(예시) 한 줄",
    "description": "합성(예시) 긴 소개",
    "capabilities-MES": "3",
    "capabilities-QMS": "2",
    "sectors": ["25", "30"],
    "sector_groups": "303",
    "regions": ["incheon", "gyeonggi"],
    "products-0-name": "합성 제품",
    "products-0-description": "설명",
    "products-0-price": "subscription",
    "founded_year": "2012",
    "engineers": "7",
    "open_slots": "2",
    "lead_weeks": "4",
    "aftercare_hours": "48",
    "contact_name": "합성 담당",
    "contact_email": "reach-us@supplier.example",
    "contact_phone": "02-555-0199",
}


@pytest.fixture
def own(inside, cast):
    """own(): gong's listing as it stands now."""
    return lambda: inside(lambda: queries.of_organisation(cast["gong"].organisation_id))


def test_a_supplier_writes_saves_and_asks_for_approval(client_as, drain, own):
    gong = client_as("gong")
    answer = gong.submit(gong.page("/supplier/listing"), TYPED, action="/supplier/listing")
    assert answer.status_code == 302
    row = own()
    assert (row.status, row.capabilities, row.sectors, row.regions) == (
        ListingStatus.DRAFT, {"MES": 3, "QMS": 2}, ["25", "30", "303"], ["incheon", "gyeonggi"],
    )  # fmt: skip
    assert row.products == [{"name": "합성 제품", "description": "설명", "price": "subscription"}]
    page = gong.page("/supplier/listing")
    shown = page.values("/supplier/listing")
    assert {name: shown[name] for name in TYPED} == {**TYPED, "sector_groups": "303"}
    assert gong.post("/supplier/approval").status_code == 302
    assert own().status is ListingStatus.PENDING

    un = client_as("un")
    review = un.page(f"/operator/listings/{row.key}")
    assert un.submit(review, action="/approve").status_code == 302
    assert own().status is ListingStatus.APPROVED
    assert [letter.subject for letter in drain()] == ["등록정보가 승인되었습니다"]
    assert "공급솔루션 (합성)" in client_as("anon").page("/suppliers?q=품질관리").text


def test_a_wrong_entry_keeps_everything_that_was_typed(client_as, own):
    gong = client_as("gong")
    wrong = {**TYPED, "founded_year": "내년", "contact_email": "no-address", "sector_groups": "999"}
    answer = gong.submit(gong.page("/supplier/listing"), wrong, action="/supplier/listing")
    assert answer.status_code == 200
    page = Page(answer)
    assert set(page.errors()) == {"founded_year", "contact_email"}
    shown = page.values("/supplier/listing")
    assert {name: shown[name] for name in wrong} == wrong
    assert own() is None


def test_what_is_missing_is_named_at_submission(client_as, own):
    gong = client_as("gong")
    gong.submit(gong.page("/supplier/listing"), {"summary": "합성 한 줄"}, action="/supplier/listing")
    answer = gong.post("/supplier/approval")
    assert answer.status_code == 422
    text = answer.get_data(as_text=True)
    for words in ("기술을 하나 이상", "업종을 하나 이상", "서비스 지역을 하나 이상", "연락받을 이메일"):
        assert words in text
    assert own().status is ListingStatus.DRAFT


def test_a_stale_tab_gets_409_with_both_texts_and_changes_nothing(client_as, own):
    gong, other = client_as("gong"), client_as("gong")
    gong.submit(gong.page("/supplier/listing"), TYPED, action="/supplier/listing")
    stale = other.page("/supplier/listing")
    gong.submit(gong.page("/supplier/listing"), {"summary": "먼저 저장한 소개"}, action="/supplier/listing")
    answer = other.submit(stale, {"summary": "나중에 온 소개"}, action="/supplier/listing")
    body = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "먼저 저장한 소개" in body and "나중에 온 소개" in body
    assert own().summary == "먼저 저장한 소개"


def test_two_tabs_that_both_begin_the_listing_do_not_overwrite_each_other(client_as, own):
    gong = client_as("gong")
    first, second = gong.page("/supplier/listing"), gong.page("/supplier/listing")
    assert gong.submit(first, {**TYPED, "summary": "먼저"}, action="/supplier/listing").status_code == 302
    answer = gong.submit(second, {**TYPED, "summary": "나중", "capabilities-MES": "5"}, action="/supplier/listing")
    assert answer.status_code == 409
    assert "제조실행시스템 (MES) · 수준 5" in answer.get_data(as_text=True)
    assert own().summary == "먼저"


def test_an_edit_of_a_public_listing_shows_at_once_and_waits_as_a_difference(client_as, cast, make):
    row = make.approved_listing(cast["gong"].organisation_id)
    gong, un = client_as("gong"), client_as("un")
    gong.submit(
        gong.page("/supplier/listing"),
        {"summary": "합성(예시) 로봇 공장의 생산관리를 맡습니다"},
        action="/supplier/listing",
    )
    assert "로봇 공장" in client_as("anon").page(f"/suppliers/{row.key}").text
    assert "고친 내용 확인 1" in un.page("/operator/listings").text
    diff = un.page(f"/operator/listings/{row.key}").soup.select_one(".diff")
    assert [(piece.name, piece.contents[-1].strip()) for piece in diff.find_all(["del", "ins"])] == [
        ("del", "금속가공"), ("ins", "로봇"),
    ]  # fmt: skip
    un.submit(un.page(f"/operator/listings/{row.key}"), action="/approve")
    assert "고친 내용 확인 0" in un.page("/operator/listings").text


def test_capacity_changes_without_a_review(client_as, cast, make, own):
    make.approved_listing(cast["gong"].organisation_id)
    gong = client_as("gong")
    gong.submit(gong.page("/supplier/listing"), {"open_slots": "9"}, action="/supplier/listing")
    assert (own().open_slots, own().unseen_since) == (9, None)


def test_an_edit_that_came_in_between_is_not_approved_unseen(client_as, cast, make, own):
    row = make.pending_listing(cast["gong"].organisation_id)
    un, gong = client_as("un"), client_as("gong")
    review = un.page(f"/operator/listings/{row.key}")
    gong.submit(gong.page("/supplier/listing"), {"summary": "몰래 바꾼 소개"}, action="/supplier/listing")
    assert un.submit(review, action="/approve").status_code == 409
    assert own().status is ListingStatus.PENDING


def test_a_listing_is_returned_with_a_reason_and_only_with_one(client_as, cast, drain, make, own):
    row = make.pending_listing(cast["gong"].organisation_id)
    drain()
    un = client_as("un")
    answer = un.submit(un.page(f"/operator/listings/{row.key}"), {"reason": " "}, action="/return")
    assert answer.status_code == 422
    assert own().status is ListingStatus.PENDING
    un.submit(un.page(f"/operator/listings/{row.key}"), {"reason": "지역을 더 적어 주세요"}, action="/return")
    assert own().status is ListingStatus.DRAFT
    assert "지역을 더 적어 주세요" in client_as("gong").page("/supplier/listing").text
    assert [letter.subject for letter in drain()] == ["등록정보를 조금 고쳐 주세요"]


def test_the_queue_takes_a_constant_number_of_queries(client_as, queries_of, make):
    un = client_as("un")
    make.pending_listing(name="합성 0")
    un.get("/operator/listings")
    few = queries_of(lambda: un.get("/operator/listings"))
    for number in range(10):
        make.pending_listing(name=f"합성 {number}")
    assert queries_of(lambda: un.get("/operator/listings")) == few


def test_an_operator_does_not_see_drafts_that_were_never_submitted(client_as, make):
    row = make.draft_listing(name="합성 초안")
    un = client_as("un")
    assert un.get(f"/operator/listings/{row.key}").status_code == 404
    assert "합성 초안" not in un.page("/operator/listings?which=all").text


@pytest.mark.parametrize("who", ["hana", "gong", "pyeong", "gam"])
def test_nobody_but_operators_and_projects_writes_the_record(actor, cast, who, make):
    row = make.approved_listing(cast["gong"].organisation_id)
    with pytest.raises(Forbidden):
        service.add_track_record(actor(who), row.organisation_id, year=2025, programme="합성")
    assert session.query(TrackRecord).count() == 0


def test_an_operator_adds_a_verified_build(client_as, cast, make, inside):
    row = make.approved_listing(cast["gong"].organisation_id)
    un = client_as("un")
    answer = un.submit(
        un.page(f"/operator/listings/{row.key}"),
        {
            "year": "2025",
            "programme": "합성 사업",
            "technologies": ["MES"],
            "source": "합성 감리 1",
            "kpi_gain_percent": "12",
        },
        action="/records",
    )
    assert answer.status_code == 302
    told = inside(lambda: [(one.year, one.technologies, one.kpi_gain_ratio) for one in session.query(TrackRecord)])
    assert told == [(2025, ["MES"], 0.12)]


def test_a_stranger_can_not_write_the_listing_of_another(actor, cast, make):
    make.approved_listing(cast["gong"].organisation_id)
    with pytest.raises(Forbidden):
        service.save_listing(actor("hana"), FACTS)
    with pytest.raises(RuleBroken):
        service.submit_listing(actor("hana"))


def test_a_public_listing_can_not_be_emptied(context, cast, make):
    row = make.approved_listing(cast["gong"].organisation_id)
    with pytest.raises(RuleBroken) as refused:
        service.save_listing(SYSTEM, {**FACTS, "regions": []}, organisation_id=row.organisation_id)
    assert refused.value.code == "region_needed"
