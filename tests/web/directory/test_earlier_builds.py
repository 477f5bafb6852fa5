"""An earlier build goes onto the record when the company confirms it and an operator has checked the audit's paper."""

import io
import re
from datetime import timedelta

import pytest

from portal.accounts.models import Organisation
from portal.base.access import SYSTEM
from portal.base.db import session, transaction
from portal.directory import claims, queries
from tests.factories.directory import PAPER

NUMBER = "1248100998"


def typed(**changes):
    facts = {
        "year": "2023",
        "programme": "합성 기초 사업",
        "technologies": ["MES"],
        "achieved_level": "2",
        "company_name": "합성 도입",
        "company_number": NUMBER,
        "company_email": "boss@factory.example",
    }
    return {**facts, "file": (io.BytesIO(PAPER), "감리.pdf"), **changes}


@pytest.fixture
def row(frozen, make, cast, drain):
    row = make.approved_listing(cast["gong"].organisation_id)
    drain()
    return row


def records(inside, row):
    return inside(lambda: [one.source for one in queries.by_key(SYSTEM, row.key).records])


def test_a_company_without_account_confirms_by_a_link_that_works_once(client_as, row, drain, inside, frozen):
    gong, un, anon = client_as("gong"), client_as("un"), client_as("anon")
    wrong = gong.post(
        "/supplier/builds/new",
        data=typed(company_number="1", company_email="me@supplier.example", file=(io.BytesIO(), "")),
    )
    said = ("사업자등록번호가 올바르지", "같은 도메인의 주소로는", "최종 감리보고서를 올려")
    assert [text in wrong.text for text in said] == [True] * 3
    assert gong.post("/supplier/builds/new", data=typed()).status_code == 302
    assert "이미 올렸습니다" in gong.post("/supplier/builds/new", data=typed()).text
    claim = inside(lambda: claims.own(SYSTEM))[0]
    assert un.post(f"/operator/builds/{claim.key}/accept").status_code == 422  # nobody has confirmed it
    letter = drain()[0]
    assert (letter.to, claim.token_sha256 in letter.body) == ("boss@factory.example", False)
    link = re.search(r"/build-answers/\S+", letter.body).group()
    assert anon.get(link + "x").status_code == 404
    assert anon.submit(anon.page(link), {"answer": "yes", "note": "합성 귀띔"}, action=None).status_code == 302
    assert anon.post(link, data={"answer": "no"}).status_code == 200  # answered: only read
    assert "합성 귀띔" not in gong.page("/supplier/builds").text + drain()[0].body
    assert records(inside, row) == []
    page = un.page(f"/operator/builds/{claim.key}")
    assert ("합성 귀띔" in page.text, "boss@factory.example" in page.text) == (True, True)
    assert un.submit(page, action="/accept").status_code == 302
    assert records(inside, row) == [f"claim:{claim.id}"]
    assert "boss@factory.example" not in un.page(f"/operator/builds/{claim.key}").text
    assert un.post(f"/operator/builds/{claim.key}/accept").status_code == 422
    assert anon.get(link).status_code == 404


def test_a_company_with_an_account_answers_there_and_the_typed_address_gets_nothing(
    client_as, cast, row, drain, inside
):
    def number():
        with transaction():
            session.get(Organisation, cast["hana"].organisation_id).registration_number = NUMBER

    inside(number)
    gong, hana, duri = client_as("gong"), client_as("hana"), client_as("duri")
    gong.post("/supplier/builds/new", data=typed())
    claim = inside(lambda: claims.own(SYSTEM))[0]
    letters = drain()
    assert [("build-answers" in one.body, one.to == "boss@factory.example") for one in letters] == [(False, False)]
    assert "합성 기초 사업" in hana.page("/builds").text
    assert duri.get(f"/builds/{claim.key}").status_code == 404
    assert "합성 기초 사업" not in duri.page("/builds").text
    assert hana.submit(hana.page(f"/builds/{claim.key}"), {"answer": "no"}).status_code == 302
    assert "도입기업이 아니라고 함" in gong.page("/supplier/builds").text
    assert client_as("un").post(f"/operator/builds/{claim.key}/accept").status_code == 422


def test_a_link_ends_after_thirty_days_and_with_the_next_letter(client_as, row, drain, inside, frozen):
    gong, anon = client_as("gong"), client_as("anon")
    gong.post("/supplier/builds/new", data=typed())
    key = inside(lambda: claims.own(SYSTEM))[0].key
    first = re.search(r"/build-answers/\S+", drain()[0].body).group()
    gong.post(f"/supplier/builds/{key}/letter")
    second = re.search(r"/build-answers/\S+", drain()[0].body).group()
    assert [anon.get(link).status_code for link in (first, second)] == [404, 200]
    frozen.tick(timedelta(days=31))
    assert "이 물음은 끝났습니다" in anon.page(second).text
    anon.post(second, data={"answer": "yes"})
    assert inside(lambda: claims.own(SYSTEM))[0].state == "filed"
