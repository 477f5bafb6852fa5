"""Ask, answer, talk, close: who sees what when, one of everything, one letter to the other side for each event."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from portal.base import grants
from portal.base.db import session
from portal.consultations import following, service
from portal.consultations.models import Consultation, Message
from portal.consultations.rules import Outcome, Status
from portal.directory import responses
from tests.cast import NAMES
from tests.client import Page

NEED = "작업지시가 종이입니다. 연락은 boss@hana.example, 010-2345-6789"
SECRETS = ("reach-us@", "02-555-0199", "합성 담당")


@pytest.fixture
def listing(make, cast, drain):
    row = make.approved_listing(cast["gong"].organisation_id)
    drain()
    return row


def ask(browser, listing, need=NEED):
    return browser.submit(
        browser.page(f"/suppliers/{listing.key}/consultation"), {"topic": "what_fits", "need": need}, action=None
    )


@pytest.fixture
def asked(client_as, listing, drain):
    """The address of the thread that hana opened with gong; its letter is sent."""
    address = ask(client_as("hana"), listing).headers["Location"]
    drain()
    return address


@pytest.fixture
def running(client_as, asked, drain):
    client_as("gong").post(f"{asked}/accept")
    drain()
    return asked


@pytest.fixture
def row(inside):
    return lambda: inside(lambda: session.query(Consultation).one())


def test_a_request_reaches_the_suppliers_inbox_and_letterbox(client_as, listing, drain):
    answer = ask(client_as("hana"), listing)
    assert answer.status_code == 302
    assert [(letter.to, letter.subject) for letter in drain()] == [("gong@example.kr", "상담 요청이 왔습니다")]
    page = client_as("gong").page("/consultations")
    assert "하나정밀 (합성)" in page.text
    assert "작업지시가 종이입니다" in client_as("gong").page(answer.headers["Location"]).text


def test_a_double_click_makes_one_consultation_and_one_letter(client_as, listing, inside, drain):
    hana = client_as("hana")
    page = hana.page(f"/suppliers/{listing.key}/consultation")
    answers = [hana.submit(page, {"topic": "quote", "need": NEED}) for _ in range(3)]
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert inside(lambda: session.query(Consultation).count()) == 1
    assert len(drain()) == 1


def test_a_second_tab_finds_the_open_consultation(client_as, listing, inside):
    hana = client_as("hana")
    first, second = (hana.page(f"/suppliers/{listing.key}/consultation") for _ in range(2))
    addresses = {hana.submit(page, {"topic": "quote", "need": NEED}).headers["Location"] for page in (first, second)}
    assert len(addresses) == 1
    assert inside(lambda: session.query(Consultation).count()) == 1
    assert hana.get(f"/suppliers/{listing.key}/consultation").headers["Location"] == addresses.pop()


def test_many_requests_at_once_make_one_consultation(client_as, listing, inside):
    browsers = [client_as("hana") for _ in range(16)]

    def click(number):
        typed = {"topic": "quote", "need": NEED, "once": f"key-{number % 2}"}
        return browsers[number].post(f"/suppliers/{listing.key}/consultation", data=typed).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(click, range(16))) == {302}
    assert inside(lambda: session.query(Consultation).count()) == 1


def test_what_was_typed_stays_when_it_is_refused(client_as, listing):
    hana = client_as("hana")
    answer = hana.submit(hana.page(f"/suppliers/{listing.key}/consultation"), {"need": "필요한 일"})
    page = Page(answer)
    assert answer.status_code == 200
    assert page.values()["need"] == "필요한 일"
    assert page.soup.select(".errors")


def test_a_listing_that_is_not_public_can_not_be_asked(client_as, make):
    row = make.suspended_listing()
    assert client_as("hana").get(f"/suppliers/{row.key}/consultation").status_code == 404


@pytest.mark.parametrize("who", [name for name in NAMES if name not in ("hana", "gong")])
def test_strangers_find_nothing(client_as, running, who):
    browser = client_as(who)
    refused = {403, 404} if who != "duri" else {404}
    assert browser.get(running).status_code in refused
    for act in ("messages", "outcome"):
        assert browser.post(f"{running}/{act}", data={"text": "x", "outcome": "none"}).status_code in refused


def test_contacts_are_in_no_byte_before_acceptance_nor_after_conclusion(client_as, listing, asked, drain):
    hana, gong = client_as("hana"), client_as("gong")

    def seen_by_hana():
        return hana.get(asked).get_data(as_text=True) + hana.get(f"/suppliers/{listing.key}").get_data(as_text=True)

    def seen_by_gong():
        return gong.get(asked).get_data(as_text=True)

    hanas = ("boss@hana.example", "010-2345-6789", "hana@example.kr")
    assert [secret for secret in SECRETS if secret in seen_by_hana()] == []
    assert [secret for secret in hanas if secret in seen_by_gong()] == []
    gong.post(f"{asked}/accept")
    assert [secret for secret in SECRETS if secret not in seen_by_hana()] == []
    assert [secret for secret in hanas if secret not in seen_by_gong()] == []
    for browser in (hana, gong):
        assert browser.post(f"{asked}/outcome", data={"outcome": "quote"}).status_code == 302
    assert [secret for secret in SECRETS if secret in seen_by_hana()] == []
    assert [secret for secret in hanas if secret in seen_by_gong()] == []


def test_acceptance_lets_only_this_company_see_the_contact(client_as, listing, running):
    assert "reach-us@" in client_as("hana").get(f"/suppliers/{listing.key}").get_data(as_text=True)
    for who in ("anon", "duri", "pyeong"):
        assert "reach-us@" not in client_as(who).get(f"/suppliers/{listing.key}").get_data(as_text=True)


def test_rights_come_with_acceptance_and_go_with_conclusion(client_as, asked, inside, cast, row, actor):
    gong = actor("gong")
    held = lambda: grants.has(gong, "organisation", cast["hana"].organisation_id, "read_summary")  # noqa: E731
    assert not held()
    service.accept(gong, row().key)
    assert held()
    service.close(gong, row().key, Outcome.PROPOSAL)
    assert held()
    service.close(actor("hana"), row().key, Outcome.PROPOSAL)
    assert not held()


def test_a_decline_says_why_and_costs_nothing(client_as, asked, drain, row):
    gong = client_as("gong")
    assert gong.post(f"{asked}/decline", data={}).status_code == 422
    assert gong.post(f"{asked}/decline", data={"reason": "no_capacity", "note": "내년 봄에"}).status_code == 302
    assert [(letter.to, letter.subject) for letter in drain()] == [
        ("hana@example.kr", "공급기업이 이번에는 어렵다고 답했습니다")
    ]
    page = client_as("hana").page(asked)
    assert "지금은 여력이 없습니다" in page.text and "내년 봄에" in page.text
    assert row().status is Status.DECLINED


def test_only_the_supplier_answers(client_as, asked):
    assert client_as("hana").post(f"{asked}/accept").status_code == 403


def test_accepting_twice_is_accepting_once(client_as, asked, drain):
    gong = client_as("gong")
    assert [gong.post(f"{asked}/accept").status_code for _ in range(2)] == [302, 302]
    assert [letter.subject for letter in drain()] == ["공급기업이 상담을 수락했습니다"]


def test_each_message_is_one_letter_to_the_other_side(client_as, running, drain, inside):
    hana, gong = client_as("hana"), client_as("gong")
    page = hana.page(running)
    for _ in range(2):
        hana.submit(page, {"text": "언제 오실 수 있나요?"}, action="/messages")
    assert [letter.to for letter in drain()] == ["gong@example.kr"]
    gong.submit(gong.page(running), {"text": "다음 주 화요일입니다."}, action="/messages")
    letters = drain()
    assert [letter.to for letter in letters] == ["hana@example.kr"]
    assert "다음 주" not in letters[0].body
    assert inside(lambda: [message.text for message in session.query(Message).order_by(Message.id)]) == [
        "언제 오실 수 있나요?",
        "다음 주 화요일입니다.",
    ]
    thread = gong.page(running).soup.select("ol.thread li")
    assert [item.b.get_text() for item in thread] == ["도입기업 담당자", "우리"]


def test_an_empty_message_is_refused_at_its_field(client_as, running):
    hana = client_as("hana")
    answer = hana.submit(hana.page(running), {"text": "  "}, action="/messages")
    assert answer.status_code == 422
    assert set(Page(answer).errors()) == {"text"}


def test_both_sides_close_and_the_other_is_told_each_time(client_as, running, drain, row):
    hana, gong = client_as("hana"), client_as("gong")
    assert hana.post(f"{running}/outcome", data={"outcome": "none"}).status_code == 422
    hana.post(f"{running}/outcome", data={"outcome": "none", "reason": "budget", "note": "생각보다 두 배 비쌈"})
    assert [(letter.to, letter.subject) for letter in drain()] == [("gong@example.kr", "상대가 상담 결과를 적었습니다")]
    assert row().status is Status.ACCEPTED
    assert "생각보다 두 배 비쌈" not in gong.page(running).text
    gong.post(f"{running}/outcome", data={"outcome": "proposal"})
    assert [(letter.to, letter.subject) for letter in drain()] == [("hana@example.kr", "상담이 끝났습니다")]
    assert row().status is Status.CONCLUDED
    assert hana.post(f"{running}/messages", data={"text": "늦은 말"}).status_code == 422


def test_silence_brings_three_reminders_and_then_an_end_that_is_marked(frozen, client_as, listing, inside, drain, row):
    """2026-07-01 is a Wednesday; 17 July (제헌절) is a holiday again."""
    ask(client_as("hana"), listing)
    drain()
    told = []
    for _ in range(30):
        frozen.tick(timedelta(days=1))
        inside(following.follow)
        told += [(frozen.today().isoformat()[5:], letter.to, letter.subject) for letter in drain()]
    assert told == [
        ("07-06", "gong@example.kr", "상담 요청이 답을 기다립니다"),
        ("07-10", "gong@example.kr", "상담 요청이 답을 기다립니다"),
        ("07-22", "gong@example.kr", "오늘이 상담 요청에 답할 마지막 날입니다"),
        ("07-23", "hana@example.kr", "상담 요청에 답이 없어 끝났습니다"),
        ("07-23", "gong@example.kr", "답하지 않은 상담 요청이 끝났습니다"),
    ]
    assert row().status is Status.EXPIRED
    assert inside(lambda: responses.of([listing.id])[listing.id].silent) == 1


def test_the_inbox_takes_a_constant_number_of_queries(client_as, make, queries_of):
    hana = client_as("hana")
    ask(hana, make.approved_listing(name="합성 0"))
    hana.get("/consultations")
    few = queries_of(lambda: hana.get("/consultations"))
    for number in range(1, 5):
        ask(hana, make.approved_listing(name=f"합성 {number}"))
    assert "진행 중 모두 5" in hana.page("/consultations").text
    assert queries_of(lambda: hana.get("/consultations")) == few


def test_six_open_consultations_are_too_many(client_as, make):
    hana = client_as("hana")
    for number in range(5):
        assert ask(hana, make.approved_listing(name=f"합성 {number}")).status_code == 302
    answer = ask(hana, make.approved_listing(name="합성 6"))
    assert answer.status_code == 200
    assert "상담이 5건입니다" in answer.get_data(as_text=True)
