"""What a company writes that it needs, and what is kept of the moment in which it chose."""

import pytest

from portal.base.db import session
from portal.matching.models import Choice, Shortlist, WrittenNeed
from portal.matching.rules import draw_of

pytestmark = pytest.mark.one_database


def test_loose_words_become_needed_technologies_and_a_ranking(client_as, make, inside):
    make.approved_listing(name="생산 (합성)", capabilities={"MES": 4})
    make.approved_listing(name="회계 (합성)", capabilities={"ERP": 4})
    hana = client_as("hana")
    assert (
        hana.submit(hana.page("/matching/need"), {"text": "작업지시를 제조 실행시스템으로 보고 싶어요"}).status_code
        == 302
    )
    assert inside(lambda: session.query(WrittenNeed).one().technologies) == ["MES"]
    page = hana.page("/matching")
    assert "작업지시를 제조 실행시스템으로 보고 싶어요" in page.text
    # the region is not known yet, so nobody is proposed who does not serve the whole country
    assert inside(lambda: session.query(Shortlist).one().need_facts["technologies"]) == {"MES": 1.0}
    assert "작업지시" not in client_as("duri").page("/matching").text


def test_an_older_form_shows_both_texts_and_a_long_one_is_told(client_as):
    hana = client_as("hana")
    stale = hana.page("/matching/need")
    hana.submit(hana.page("/matching/need"), {"text": "MES"})
    answer = hana.submit(stale, {"text": "비전검사"})
    assert answer.status_code == 409 and "비전검사" in answer.text and "MES" in answer.text
    answer = hana.submit(hana.page("/matching/need"), {"text": "가" * 1001})
    assert answer.status_code == 422 and "가" * 1001 in answer.text


def test_asking_keeps_the_list_as_it_stood(client_as, make, inside, cast):
    first = make.approved_listing(name="가온 (합성)", regions=["nationwide"])
    make.approved_listing(name="나래 (합성)", regions=["nationwide"])
    hana = client_as("hana")
    hana.submit(hana.page("/matching/need"), {"text": "MES"})
    hana.submit(hana.page(f"/suppliers/{first.key}/consultation"), {"topic": "what_fits", "need": "합성 문의"})
    row = inside(lambda: session.query(Choice).one())
    kept = [one["name"] for one in row.facts["lists"][0]["suppliers"]]
    assert sorted(kept) == ["가온 (합성)", "나래 (합성)"]
    assert [one["name"] for one in row.facts["chosen"]] == ["가온 (합성)"]
    make.build(first)
    client_as("un").post(f"/operator/listings/{first.key}/suspension", data={"ground": "other", "detail": "합성 사유"})
    page = hana.page(f"/choices/{row.key}")
    assert "가온 (합성)" in page.text and row.sha256 in page.text and "증거로 쓰지 마세요" not in page.text
    paper = hana.get(f"/choices/{row.key}.pdf")
    assert paper.data.startswith(b"%PDF-") and paper.data == hana.get(f"/choices/{row.key}.pdf").data
    assert client_as("duri").get(f"/choices/{row.key}.pdf").status_code == 404
    assert client_as("duri").get(f"/choices/{row.key}").status_code == 404
    assert client_as("gong").get(f"/choices/{row.key}").status_code == 403


def test_anybody_can_work_out_the_order_of_a_day(client_as):
    keys = ["A" * 22, "B" * 22, "C" * 22]
    typed = "%0A".join(f"https://portal.example/suppliers/{key}" for key in keys)
    page = client_as("anon").page(f"/matching/order?day=2026-11-20&suppliers={typed}")
    listed = [cell.get_text(strip=True) for cell in page.soup.select("td a code")]
    assert listed == sorted(keys, key=lambda key: draw_of("2026-11-20", key))
    assert "주소를 찾지 못했습니다" in client_as("anon").page("/matching/order?day=x&suppliers=%F0%9F%98%80").text
