"""Files in a thread, suppliers that are suspended, ratings, figures."""

from datetime import timedelta
from email.message import EmailMessage
from io import BytesIO

import pytest

from portal.base import clock, mail
from portal.base.access import SYSTEM, RuleBroken
from portal.base.db import session
from portal.consultations import fanout, figures, following, meetings, ratings, relay, service, talking
from portal.consultations.models import Consultation
from portal.consultations.rules import DeclineReason, Outcome, Side, Status, Topic
from portal.directory import ratings as published
from portal.directory import responses, suspension
from portal.directory.oversight import SuspensionGround
from tests.client import Page
from tests.factories import consultations as talks
from tests.factories import directory as suppliers

PDF = b"%PDF-1.7 synthetic"


@pytest.fixture
def listing(context, cast):
    return suppliers.approved_listing(cast["gong"].organisation_id)


@pytest.fixture
def running(actor, listing):
    return talks.accepted(actor("hana"), actor("gong"), listing)


def path(row):
    return f"/consultations/{row.key}"


def suspend(listing):
    suspension.suspend(SYSTEM, listing.id, SuspensionGround.CHECKING, "합성 사유")


def test_a_file_goes_to_the_other_side_and_to_nobody_else(client_as, running):
    gong, hana = client_as("gong"), client_as("hana")
    page = gong.page(path(running))
    sent = {"text": "", "files": (BytesIO(PDF), "제안서.pdf")}
    gong.submit(page, sent, action="/messages", content_type="multipart/form-data")
    link = hana.page(path(running)).soup.find("a", string="제안서.pdf")["href"]
    answer = hana.get(link)
    assert (answer.status_code, answer.data, answer.headers["X-Content-Type-Options"]) == (200, PDF, "nosniff")
    assert client_as("duri").get(link).status_code == 404
    wrong = {"text": "합성 글", "files": (BytesIO(b"MZ"), "제안서.pdf")}
    refused = gong.submit(page, {**wrong, "once": "b"}, action="/messages", content_type="multipart/form-data")
    assert refused.status_code == 422
    assert set(Page(refused).errors()) == {"files"} and "합성 글" in Page(refused).text


def test_what_was_said_stays_without_addresses_after_the_end(client_as, running, actor):
    hana, gong = actor("hana"), actor("gong")
    talking.write(gong, running.key, "제 번호는 010-9999-1111입니다", [(BytesIO(PDF), "견적 010-9999-1111.pdf")])
    talks.slot(gong, place="본사(010-9999-1111)")
    meetings.book(hana, running.key, meetings.free_slots(gong.organisation_id)[0].key)
    assert client_as("hana").page(path(running)).text.count("010-9999-1111") == 3
    with clock.freeze(clock.now() + timedelta(days=10)):  # the two have met
        for side in (hana, gong):
            service.close(side, running.key, Outcome.QUOTE)
        company = client_as("hana")
        page = company.page(path(running))
        links = [link["href"] for link in page.soup.main.select("a[href*='/files/'], a[href$='.ics']")]
        answers = [company.get(link) for link in links]
    assert "010-9999-1111" not in page.text
    assert "010-9999-1111" in client_as("gong").page(path(running)).text
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer for answer in answers if "9999" in f"{answer.headers}{answer.text}"] == []


def test_a_suspended_supplier_leaves_its_threads_to_be_read(client_as, running, listing, actor):
    """Within the same request: whatever was open a moment ago can only be read."""
    hana, gong = client_as("hana"), client_as("gong")
    open_page, slot = hana.page(path(running)), talks.slot(actor("gong")).key
    suspend(listing)
    assert hana.submit(open_page, {"text": "합성 늦은 말"}, action="/messages").status_code == 422
    for side in (hana, gong):
        page = side.page(path(running))
        assert [form["action"] for form in page.soup.main.select("form[action$='/messages'], form[action$='/meeting']")] == []
        assert "지난 이야기는 읽을 수 있습니다" in page.text
        assert "합성 늦은 말" not in page.text
        assert "읽기만" in side.page("/consultations").text
    for refused in (
        lambda: talking.write(actor("gong"), running.key, "합성"),
        lambda: meetings.book(actor("hana"), running.key, slot),
        lambda: meetings.write_note(actor("gong"), running.key, met_on=clock.today(), said="합성"),
        lambda: service.close(actor("gong"), running.key, Outcome.QUOTE),
    ):
        with pytest.raises(RuleBroken) as broken:
            refused()
        assert broken.value.code == "consultation_frozen"
    suspension.lift(SYSTEM, listing.id, "합성 확인")
    assert hana.submit(hana.page(path(running)), {"text": "다시"}, action="/messages").status_code == 302


def test_a_request_before_a_suspended_supplier_moves_on_without_a_mark(actor, listing, drain):
    others = [suppliers.approved_listing(name=f"합성 {number}") for number in range(5)]
    row = fanout.start(actor("hana"), [listing.key, *[one.key for one in others]], Topic.QUOTE, talks.NEED)
    suspend(listing)
    drain()
    with pytest.raises(RuleBroken):
        service.accept(actor("gong"), row.places[0].consultation.key)
    assert following.follow() == (0, 1)
    session.expire_all()
    assert row.places[0].consultation.status is Status.WITHDRAWN
    assert row.places[5].consultation.status is Status.REQUESTED
    assert responses.of([listing.id])[listing.id].silent == 0
    assert "공급기업이 지금 상담을 받을 수 없습니다" in [letter.subject for letter in drain()]


def test_both_rate_once_after_the_end_and_only_operators_read_it(client_as, running, actor):
    hana, gong = client_as("hana"), client_as("gong")
    assert gong.post(f"{path(running)}/rating", data={"stars": "4"}).status_code == 422
    for side in ("hana", "gong"):
        service.close(actor(side), running.key, Outcome.PROPOSAL)
    page = gong.page(path(running))
    assert gong.submit(page, {"stars": "2", "text": "답이 늦은 편입니다"}, action="/rating").status_code == 302
    assert gong.post(f"{path(running)}/rating", data={"stars": "5"}).status_code == 422
    assert "답이 늦은 편" in gong.page(path(running)).text
    assert "답이 늦은 편" not in hana.page(path(running)).text
    assert "답이 늦은 편" in client_as("un").page("/operator/consultations/ratings").text
    assert ratings.for_operators(actor("hana"), Side.SUPPLIER, 1).total == 0


def test_a_contract_that_both_confirm_opens_the_public_rating(client_as, running, actor, listing):
    hana, gong = actor("hana"), actor("gong")
    for side in (hana, gong):
        service.close(side, running.key, Outcome.CONTRACT)
    ratings.rate(gong, running.key, 1, "합성 속말")
    ratings.rate(hana, running.key, 5, "합성 바깥말")
    assert published.of([listing.id])[listing.id].n == 1
    page = client_as("anon").page(f"/suppliers/{listing.key}").text
    assert "합성 바깥말" in page and "합성 속말" not in page


def test_figures_are_kept_for_the_listing_and_move_on_with_the_year(frozen, actor, listing):
    hana, gong = actor("hana"), actor("gong")
    row = talks.requested(hana, listing)
    frozen.tick(timedelta(hours=5))
    service.decline(gong, row.key, DeclineReason.SCHEDULE)
    kept = responses.of([listing.id])[listing.id]
    assert (kept.answered, kept.silent, kept.median_hours) == (1, 0, 5.0)
    frozen.tick(timedelta(days=366))
    figures.count_all()
    session.expire_all()
    assert responses.of([listing.id])[listing.id].asked == 0


def test_the_inbox_is_narrowed_by_name_and_topic_with_counts_that_match(client_as, actor, listing):
    for name in ("hana", "duri"):
        service.request(actor(name), listing.key, Topic.QUOTE if name == "hana" else Topic.VISIT, talks.NEED)
    gong = client_as("gong")
    page = gong.page("/consultations?name=하나")
    assert "하나정밀" in page.text and "두리금속" not in page.text and "진행 중 모두 1" in page.text
    assert "두리금속" in gong.page("/consultations?topic=visit&outcome=nothing").text
    assert "맞는 상담이 없습니다" in gong.page("/consultations?name=%25").text
    assert session.query(Consultation).count() == 2


def mail_from(address, to, text, **more):
    message = EmailMessage()
    message["From"], message["To"], message["Message-ID"] = address, to, more.pop("number", "<1@x>")
    for name, value in more.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    message.add_attachment(PDF, maintype="application", subtype="pdf", filename="도면.pdf")
    return bytes(message)


def test_an_answer_by_mail_reaches_the_thread_and_masks_both_addresses(app, client_as, running, actor, drain):
    folder = app.extensions["settings"].data_dir / "mail"
    mail.configure(
        sender="no-reply@portal.example", base_url="", smtp_url=None, folder=folder, reply_box="talk@portal.example"
    )
    talking.write(actor("gong"), running.key, "언제 볼까요?")
    letter = drain()[-1]
    assert (letter.to, "gong@" in letter.body) == ("hana@example.kr", False)
    to = letter.reply_to
    answer = "화요일에 오세요.\n\n2026-11-23 제조혁신포털님이 작성:\n> 새 상담 메시지가 왔습니다\n"
    taken = [
        relay.take_in(mail_from("hana@example.kr", to, answer)),
        relay.take_in(mail_from("hana@example.kr", to, answer)),  # the mail server tries again
        relay.take_in(mail_from("duri@example.kr", to, "남의 말", number="<2@x>")),
        relay.take_in(mail_from("hana@example.kr", to, "자리를 비웁니다", number="<3@x>", Auto_Submitted="auto-replied")),
        relay.take_in(mail_from("hana@example.kr", "talk+" + "0" * 32 + "@portal.example", "길 잃은 말", number="<4@x>")),
    ]
    assert taken == ["written", "written", "ignored", "ignored", "ignored"]
    thread = client_as("gong").page(path(running)).soup.select("ol.thread li")
    assert [item.select_one(".thread__text").text for item in thread] == ["언제 볼까요?", "화요일에 오세요."]
    assert thread[1].a.text == "도면.pdf"
    for side in ("hana", "gong"):
        service.close(actor(side), running.key, Outcome.QUOTE)
    drain()
    assert relay.take_in(mail_from("hana@example.kr", to, "늦은 말", number="<5@x>")) == "refused"
    assert "‘마침’ 상태에서는 할 수 없는 일입니다." in drain()[-1].body
