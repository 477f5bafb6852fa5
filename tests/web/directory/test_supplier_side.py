"""The supplier's side: every public text kept, capacity by month, workbooks, staleness, ratings and replies."""

import io
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from portal.accounts import queries as accounts
from portal.accounts.models import Person
from portal.base import clock
from portal.base.access import SYSTEM, NotVisible, RuleBroken
from portal.base.db import session
from portal.directory import capacity, importing, queries, ratings, service, staleness, versions
from portal.directory.models import Listing, Rating, running_month
from portal.directory.rules import GREY_AFTER
from tests.factories.directory import FACTS, workbook


@pytest.fixture
def listing(make, cast):
    """gong's public listing."""
    return make.approved_listing(cast["gong"].organisation_id)


@pytest.fixture
def actor(inside, cast):
    """actor("gong"): who that is now."""
    return lambda name: inside(lambda: accounts.actor_of(session.get(Person, cast[name].id)))


def test_what_the_form_says_of_experience_is_kept_shown_and_becomes_a_version(client_as, listing, inside, actor):
    gong = client_as("gong")
    typed = {
        "processes": ["casting", "assembly"],
        "sizes": ["micro", "small"],
        "standards": ["opcua"],
        "programmes": ["AUTO"],
        "engineer_grades-special": "2",
        "engineer_grades-basic": "6",
        "products-0-gs": "1",
    }
    assert gong.submit(gong.page("/supplier/listing"), typed, action="/supplier/listing").status_code == 302
    row = inside(lambda: queries.by_id(SYSTEM, listing.id))
    assert (row.processes, row.sizes, row.standards, row.programmes, row.engineer_grades) == (
        ["casting", "assembly"], ["micro", "small"], ["opcua"], ["AUTO"], {"special": 2, "basic": 6},
    )  # fmt: skip
    assert row.products == [{**FACTS["products"][0], "gs": True}]
    shown = client_as("hana").page(f"/suppliers/{listing.key}").text
    assert all(word in shown for word in ("주조", "조립", "소기업", "OPC UA", "자율형공장", "특급 2", "GS인증"))

    kept = inside(lambda: versions.page_of(actor("gong"), row, 1))
    assert [(step.version.number, step.version.seen_at is not None) for step in kept.items] == [(2, False), (1, True)]
    assert {change.field for change in kept.items[0].changes} == {
        "processes", "sizes", "standards", "programmes", "engineer_grades", "products",
    }  # fmt: skip
    page = gong.page(f"/suppliers/{listing.key}/versions").text
    assert ("주조" in page, "합성 현장판" in page) == (True, True)
    assert client_as("hana").get(f"/suppliers/{listing.key}/versions").status_code == 403
    assert "주조" in client_as("un").page(f"/suppliers/{listing.key}/versions").text


def test_grades_must_be_numbers_and_fit_and_stay_as_typed(client_as, listing):
    gong = client_as("gong")
    for typed, said in (
        ({"engineer_grades-high": "여섯"}, "인원은 숫자로"),
        ({"engineer_grades-high": "13"}, "엔지니어 수(12명)보다"),
    ):
        answer = gong.submit(gong.page("/supplier/listing"), typed, action="/supplier/listing")
        text = answer.get_data(as_text=True)
        assert (said in text, f'value="{typed["engineer_grades-high"]}"' in text) == (True, True)


def test_capacity_is_stated_by_month_and_the_running_month_is_what_everybody_reads(client_as, listing, inside, actor):
    gong = client_as("gong")
    first, second, third = inside(lambda: capacity.months()[:3])
    page = gong.page("/supplier/capacity")
    typed = {f"months-{first:%Y-%m}": "7", f"months-{second:%Y-%m}": "0"}
    assert gong.submit(page, typed, action="/supplier/capacity").status_code == 302
    assert inside(lambda: queries.by_id(SYSTEM, listing.id).open_slots) == 7
    assert inside(lambda: capacity.outlook(listing.id)[:3]) == [(first, 7), (second, 0), (third, 0)]
    # the month turns without anybody doing anything, in Python and in SQL
    later = clock.now().replace(day=15) + timedelta(days=31)

    def next_month():
        with clock.freeze(later):
            return queries.by_id(SYSTEM, listing.id).open_slots, session.scalars(
                sa.select(Listing.id).where(Listing.open_slots > 0)
            ).all()

    assert inside(next_month) == (0, [])
    assert inside(lambda: session.scalars(sa.select(Listing.id).where(Listing.open_slots > 0)).all()) == [listing.id]
    # an older page does not overwrite, and what is no number is said at its month
    assert gong.submit(page, {f"months-{first:%Y-%m}": "1"}, action="/supplier/capacity").status_code == 409
    answer = gong.submit(gong.page("/supplier/capacity"), {f"months-{third:%Y-%m}": "많이"}, action="/supplier/capacity")
    assert answer.status_code == 422
    assert 'value="많이"' in answer.get_data(as_text=True)


@pytest.mark.one_database
def test_a_workbook_is_shown_row_by_row_and_taken_over_whole_or_not_at_all(client_as, listing, inside, actor):
    gong = client_as("gong")
    template = gong.get("/supplier/import/template")
    assert template.status_code == 200
    cells = inside(lambda: importing._cells(io.BytesIO(template.data)))
    assert [(one["sheet"], one["code"] if "code" in one else one["name"]) for one in cells] == [
        ("technologies", "MES"), ("technologies", "POP"), ("products", "합성 현장판"),
    ]  # fmt: skip

    def send(content):
        page = gong.page("/supplier/import")
        return gong.submit(page, {"file": (content, "제품.xlsx")}, action="/supplier/import")

    bad = send(workbook(("MES", "", 9), ("APS", "", 4), products=(("새 제품", "", "월 구독", "", "O"),)))
    page = gong.page(bad.headers["Location"])
    assert ("0부터 5까지" in page.text, "등록정보에 옮기기" in page.text) == (True, False)
    key = bad.headers["Location"].rpartition("/")[2]
    assert gong.post(f"/supplier/import/{key}", data={"agreed": "x"}).status_code == 422
    with pytest.raises(RuleBroken, match="import_blocked"):
        inside(
            lambda: importing.take(
                actor("gong"), key, importing.preview(actor("gong"), importing.by_key(actor("gong"), key)).digest
            )
        )
    assert inside(lambda: queries.by_id(SYSTEM, listing.id).capabilities) == {"MES": 3, "POP": 2}

    good = send(workbook(("MES", "", 5), ("APS", "", 4), products=(("새 제품", "설명", "월 구독", "", "O"),)))
    page = gong.page(good.headers["Location"])
    # the listing moves on between looking and pressing: compared anew
    inside(
        lambda: service.save_listing(
            SYSTEM, {**FACTS, "capabilities": {"MES": 4}}, organisation_id=listing.organisation_id
        )
    )
    answer = gong.submit(page, action=good.headers["Location"])
    assert (answer.status_code, "다시 견주었습니다" in answer.get_data(as_text=True)) == (422, True)
    page = gong.page(good.headers["Location"])
    assert gong.submit(page, action=good.headers["Location"]).status_code == 302
    row = inside(lambda: queries.by_id(SYSTEM, listing.id))
    assert row.capabilities == {"MES": 5, "APS": 4}
    assert row.products[1] == {"name": "새 제품", "description": "설명", "price": "subscription", "saas": True}
    # a double click finds it taken
    assert gong.submit(page, action=good.headers["Location"]).status_code == 302
    assert inside(lambda: queries.by_id(SYSTEM, listing.id).version) == row.version
    # nobody else opens it
    with pytest.raises(NotVisible):
        inside(lambda: importing.by_key(actor("hana"), key))


@pytest.mark.one_database
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"a,b,c\n1,2,3\n"])
def test_what_is_no_workbook_is_refused_at_its_field(client_as, listing, content):
    gong = client_as("gong")
    answer = gong.submit(
        gong.page("/supplier/import"), {"file": (io.BytesIO(content), "제품.xlsx")}, action="/supplier/import"
    )
    assert (answer.status_code, "field__error" in answer.get_data(as_text=True)) == (422, True)


@pytest.mark.one_database
def test_a_letter_comes_before_a_listing_goes_grey_and_one_when_it_does(listing, inside, drain):
    start = inside(lambda: queries.by_id(SYSTEM, listing.id).last_confirmed_at)
    drain()

    def round_twice():
        staleness.remind()
        staleness.remind()

    said = []
    for days in (100, 167, 170, 181, 185, 300):
        with clock.freeze(start + timedelta(days=days)):
            inside(round_twice)
            said.append([letter.subject for letter in drain()])
    assert said == [
        [], ["등록정보가 지금도 맞는지 확인해 주세요"], [], ["등록정보가 회색으로 바뀌었습니다"], [], [],
    ]  # fmt: skip
    assert GREY_AFTER.days == 180


def test_only_a_company_with_something_finished_rates_and_only_once(client_as, listing, make, cast, inside, actor, drain):
    drain()
    hana, gong = client_as("hana"), client_as("gong")
    assert hana.get(f"/ratings/{listing.key}").status_code == 404
    with pytest.raises(RuleBroken, match="supplier_rating_not_open"):
        inside(lambda: ratings.rate(actor("hana"), listing.id, 5))
    make.build(listing, company_id=cast["hana"].organisation_id)
    assert "평가하기" in hana.page(f"/suppliers/{listing.key}").text
    assert "평가하기" not in client_as("duri").page(f"/suppliers/{listing.key}").text
    page = hana.page(f"/ratings/{listing.key}")
    assert hana.submit(page, {"stars": "9"}, action=f"/ratings/{listing.key}").status_code == 422
    typed = {"stars": "5", "text": "합성(예시) 제때 끝났습니다"}
    assert hana.submit(page, typed, action=f"/ratings/{listing.key}").status_code == 302
    assert hana.submit(page, typed, action=f"/ratings/{listing.key}").status_code == 422
    assert inside(lambda: ratings.of([listing.id])[listing.id].n) == 1
    assert [letter.subject for letter in drain()] == ["도입기업이 평가를 남겼습니다"]

    own = gong.page("/supplier/ratings")
    assert "하나" not in own.text
    key = inside(lambda: session.query(Rating).one().key)
    assert gong.submit(own, {"reply": "합성(예시) 고맙습니다"}, action=f"/supplier/ratings/{key}/reply").status_code == 302
    assert gong.submit(own, {"reply": "또"}, action=f"/supplier/ratings/{key}/reply").status_code == 422
    assert [letter.subject for letter in drain()] == ["공급기업이 평가에 답했습니다"]
    with client_as("anon") as anyone:
        shown = anyone.get(f"/suppliers/{listing.key}").get_data(as_text=True)
    assert all(word in shown for word in ("3.8점", "제때 끝났습니다", "고맙습니다"))


def test_a_month_begins_on_its_first_day_in_korea(inside):
    with clock.freeze(datetime(2026, 11, 30, 15, 30, tzinfo=UTC)):
        assert running_month().isoformat() == "2026-12-01"
