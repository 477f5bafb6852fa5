"""The public directory: what is found, counted and shown is what is approved, whoever looks."""

import re
from datetime import timedelta

import pytest

from portal.base.access import ANONYMOUS
from portal.directory import searching
from portal.directory.searching import Asked
from tests.cast import EVERYONE

HIDDEN = ("draft_listing", "pending_listing", "suspended_listing")


def names(page):
    return [" ".join(card.h2.get_text().split()) for card in page.soup.select("article.supplier")]


def facets(page):
    """facet heading → value label → count."""
    found = {}
    for section in page.soup.select("section.facet"):
        found[section.h2.get_text(strip=True)] = {
            link.select_one(".facet__label").get_text(strip=True): int(
                re.search(r"\d+", link.select_one(".facet__count").get_text()).group()
            )
            for link in section.select("a")
        }
    return found


@pytest.fixture
def four(make):
    """Three public listings of different kinds; a draft, a pending and a suspended one that would all match."""
    make.approved_listing(name="가온 (합성)", capabilities={"MES": 4}, summary="금속 작업지시")
    make.approved_listing(
        name="나래 (합성)",
        capabilities={"VISION": 3},
        sectors=["26"],
        regions=["busan"],
        summary="사출 외관",
        open_slots=0,
    )
    make.approved_listing(
        name="다솜 (합성)", capabilities={"MES": 2, "VISION": 2}, regions=["nationwide"], summary="종합"
    )
    for kind in HIDDEN:
        getattr(make, kind)(name=f"숨은 {kind} (합성)", capabilities={"MES": 5, "VISION": 5}, summary="숨은요약")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("MES", ["가온 (합성)", "다솜 (합성)"]),
        ("제조실행", ["가온 (합성)", "다솜 (합성)"]),
        ("생산관리시스템", ["가온 (합성)", "다솜 (합성)"]),
        ("생산 관리 시스템을 구축", ["가온 (합성)", "다솜 (합성)"]),
        ("ｍｅｓ", ["가온 (합성)", "다솜 (합성)"]),
        ("비전 검사", ["나래 (합성)", "다솜 (합성)"]),
        ("machine vision", ["나래 (합성)", "다솜 (합성)"]),
        ("가온", ["가온 (합성)"]),
        ("부산", ["나래 (합성)"]),
        ("숨은요약", []),
        ("", ["가온 (합성)", "나래 (합성)", "다솜 (합성)"]),
        ("%", ["가온 (합성)", "나래 (합성)", "다솜 (합성)"]),
    ],
)
def test_loosely_typed_korean_finds_public_listings_only(client, four, typed, expected):
    assert names(client.page("/suppliers", query_string={"q": typed})) == expected


@pytest.mark.parametrize("who", EVERYONE)
def test_hidden_listings_are_in_no_list_no_count_and_no_search_of_anybody(client_as, four, who):
    browser = client_as(who)
    for address in ("/suppliers", "/suppliers?q=숨은", "/suppliers?q=MES&capacity=1&technology=VISION"):
        page = browser.page(address)
        assert "숨은 " not in page.text
        assert "숨은요약" not in page.text
    assert facets(browser.page("/suppliers"))["기술"] == {"제조실행시스템 (MES)": 2, "머신비전 검사 (VISION)": 2}


def test_each_count_is_the_length_of_the_list_it_leads_to(client, four):
    for query in ("", "?q=MES", "?region=gyeonggi", "?q=비전&capacity=1"):
        page = client.page(f"/suppliers{query}")
        for section in page.soup.select("section.facet"):
            for link in section.select("a"):
                if link.get("aria-current"):
                    continue
                count = int(re.search(r"\d+", link.select_one(".facet__count").get_text()).group())
                other_chosen = [one for one in section.select("a") if one.get("aria-current")]
                if not other_chosen:
                    assert len(names(client.page(link["href"]))) == count, link["href"]


def test_facets_narrow_and_the_address_holds_them_all(client, four):
    page = client.page("/suppliers?q=MES&region=gyeonggi&technology=VISION&capacity=1")
    assert names(page) == ["다솜 (합성)"]
    assert "전국 서비스" in page.text


def test_a_facet_that_does_not_exist_is_ignored_and_said(client, four):
    page = client.page("/suppliers?region=atlantis&sector=99")
    assert names(page) == ["가온 (합성)", "나래 (합성)", "다솜 (합성)"]
    assert "atlantis, 99" in page.text


@pytest.mark.parametrize("typed", ["a", "가", "😀", "*", "' OR 1=1 --", "<script>"])
def test_odd_queries_get_a_helpful_page(client, four, typed):
    assert client.get("/suppliers", query_string={"q": typed}).status_code == 200


def test_a_very_long_query_is_cut_and_the_page_says_so(client, four):
    answer = client.get("/suppliers", query_string={"q": "가나다" * 4000, "region": "busan"})
    assert answer.status_code == 302
    page = client.page(answer.location)
    assert "앞의 200자만 썼습니다" in page.text and "region=busan" in answer.location


def test_every_row_says_why_it_is_there(client, make):
    row = make.approved_listing(name="가온 (합성)")
    make.build(row, technologies=["MES"])
    page = client.page("/suppliers?q=생산관리시스템&sector=25")
    assert "제조실행시스템 (MES): 확인된 실적 1건" in page.text
    assert re.search(r"금속 가공제품.* 실적 1건", page.text)


def test_the_order_and_the_pages_are_stable(client, make):
    for number in range(30):
        make.approved_listing(name=f"합성 {number:02}")
    pages = [names(client.page(f"/suppliers?q=MES&page={page}")) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [12, 12, 6]
    assert len({name for page in pages for name in page}) == 30
    assert pages == [names(client.page(f"/suppliers?q=MES&page={page}")) for page in (1, 2, 3)]


def test_the_number_of_queries_does_not_grow_with_the_listings(client, make, queries_of):
    make.build(make.approved_listing(name="합성 00"))
    client.get("/suppliers?q=MES")
    few = queries_of(lambda: client.get("/suppliers?q=MES&region=gyeonggi"))
    for number in range(29):
        make.build(make.approved_listing(name=f"합성 {number:02}"))
    client.get("/suppliers?q=MES")
    assert queries_of(lambda: client.get("/suppliers?q=MES&region=gyeonggi")) == few


def test_an_edit_is_found_at_once(client, make):
    row = make.approved_listing(name="가온 (합성)")
    assert names(client.page("/suppliers?q=옻칠")) == []
    make.draft_listing(row.organisation_id, description="옻칠 공정을 압니다")
    assert names(client.page("/suppliers?q=옻칠")) == ["가온 (합성)"]


def test_verified_and_stated_stand_apart(client, make):
    row = make.approved_listing()
    make.build(row, programme="합성 고도화 사업")
    page = client.page(f"/suppliers/{row.key}")
    verified = page.soup.select_one(".says--verified").get_text(" ")
    stated = page.soup.select_one(".says:not(.says--verified)").get_text(" ")
    assert "기초 → 중간1" in verified
    assert "합성 고도화 사업" in verified and "합성 고도화 사업" not in stated
    assert "합성 현장판" in stated and "합성 현장판" not in verified


@pytest.mark.parametrize("who", [name for name in EVERYONE if name != "un"])
def test_contacts_are_in_no_byte_before_an_accepted_consultation(client_as, make, who):
    row = make.approved_listing()
    browser = client_as(who)
    for address in (f"/suppliers/{row.key}", "/suppliers?q=reach-us", "/suppliers?q=555-0199"):
        body = browser.get(address).get_data(as_text=True)
        shown = body.replace('value="reach-us"', "").replace('value="555-0199"', "")
        assert not any(secret in shown for secret in ("reach-us@", "supplier.example", "02-555-0199", "합성 담당"))


@pytest.mark.parametrize("kind", HIDDEN)
def test_what_is_not_public_is_not_there_for_strangers(client_as, make, kind):
    row = getattr(make, kind)()
    unknown = client_as("hana").get("/suppliers/nothing-here").get_data(as_text=True)
    for who in ("anon", "hana", "gong", "pyeong"):
        answer = client_as(who).get(f"/suppliers/{row.key}")
        assert answer.status_code == 404
    hidden = client_as("hana").get(f"/suppliers/{row.key}").get_data(as_text=True)
    strip = lambda text: re.sub(r'nonce="[^"]*"|value="[^"]*"|/suppliers/[^"?]*', "", text)  # noqa: E731
    assert strip(hidden) == strip(unknown)


def test_a_listing_nobody_confirmed_for_180_days_is_grey_and_offers_no_capacity(frozen, client, make):
    make.approved_listing(name="가온 (합성)")
    frozen.tick(timedelta(days=181))
    page = client.page("/suppliers")
    assert "180일 넘게 확인되지 않음" in page.text
    assert names(client.page("/suppliers?capacity=1")) == []


def test_search_goes_through_the_same_where_as_the_list(make, inside):
    make.suspended_listing(name="숨은 (합성)")
    found = inside(lambda: searching.search(ANONYMOUS, Asked(text="MES")))
    assert (found.page.total, list(found.page.items)) == (0, [])
