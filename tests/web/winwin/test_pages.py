"""The large firm's own pages: write an offer, mend it, answer who asks, end it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.accounts import service as accounts
from portal.accounts.models import Person
from portal.base import clock
from portal.base.db import session
from tests.factories import winwin as make

OFFER = {
    "title": "협력사 함께 짓기 (합성)",
    "programme": "WIN1",
    "summary": "합성(예시) 멘토가 8주 함께합니다.",
    "gov": "30",
    "partner": "40",
    "own": "30",
    "project": "20000",
    "places": "1",
    "technologies": ["MES"],
    "regions": ["nationwide"],
    "mentors": "MES 15년, 8주",
}


@pytest.fixture
def firm(app, cast, inside):
    """A browser of the large firm's own person."""

    def enter():
        make.facts()  # the catalogue
        person = session.get(Person, make.a_partner().id)
        person.password = session.get(Person, cast["hana"].id).password
        token = accounts.begin_session(person, "tests")
        session.commit()
        return person.fs_uniquifier, token

    browser = app.test_client()
    uniquifier, token = inside(enter)
    browser.sign_in(type("One", (), {"uniquifier": uniquifier, "token": token})())
    return browser


def test_a_large_firm_writes_mends_and_ends_an_offer_and_answers_who_asks(firm, client_as):
    page = firm.page("/winwin/new")
    closes = str(clock.today() + timedelta(days=30))
    wrong = firm.submit(page, {**OFFER, "closes_on": closes, "own": "50", "action": "save"})
    assert wrong.status_code == 200 and OFFER["title"] in wrong.text  # the shares do not add up; nothing typed is lost
    kept = firm.submit(page, {**OFFER, "closes_on": closes, "action": "save"})
    assert kept.status_code == 302
    address = kept.headers["Location"]
    assert client_as("hana").get(address).status_code == 404
    mended = firm.submit(firm.page(f"{address}/edit"), {"title": "고친 모집 (합성)", "action": "send"})
    assert mended.status_code == 302
    assert client_as("un").post(f"{address}/judge", data={"action": "approve"}).status_code == 302
    hana = client_as("hana")
    assert hana.submit(hana.page(address), {"text": "필요한 도움, 010-9999-1111"}, action=f"{address}/join").status_code == 302
    assert "필요한 도움" in firm.page(address).text and "010-9999-1111" not in firm.page(address).text
    form = firm.page(address).soup.select_one("form[action*='/joinings/'][action$='/answer']")
    assert firm.post(form["action"], data={"action": "accept"}).status_code == 302
    assert "hana@example.kr" in firm.page(address).text and "010-9999-1111" in firm.page(address).text
    assert firm.post(f"{address}/close").status_code == 302
    assert "고친 모집 (합성)" in firm.page("/winwin").text
