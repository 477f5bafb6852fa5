"""Letters from preparing to checking: who reads which, that nothing changes after sending, and that a hash proves it."""

import hashlib
import io

import pytest

from portal.base import files
from portal.base.access import NotVisible, RuleBroken
from portal.letters import paper, queries, service
from portal.letters.rules import LetterKind, LetterState
from tests.client import Page
from tests.factories.letters import DATED, content, prepared, sent


def read(row):
    with files.open_blob(row.sha256) as file:
        return file.read()


def test_the_same_content_gives_the_same_bytes(actor):
    first = paper.pdf(LetterKind.SELECTED, "2026-합성-0001", content(), "ko", DATED)
    row = prepared(actor("hana"))
    assert read(row) == first
    assert row.sha256 == hashlib.sha256(first).hexdigest()
    assert paper.pdf(LetterKind.SELECTED, "2026-합성-0001", content(lead="달라짐"), "ko", DATED) != first


def test_the_paper_is_text_in_both_languages_and_names_no_writer(actor):
    from pypdf import PdfReader

    korean = PdfReader(io.BytesIO(read(prepared(actor("hana")))))
    text = "".join(page.extract_text() for page in korean.pages).replace("\x00", "")
    assert "선정되었음을" in text and "추진 의지" in text and "이의를 신청할 수 있습니다" in text
    english = prepared(
        actor("hana"), language="en", content=content(title="Letter of selection", lead="You are selected.")
    )
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(read(english))).pages).replace("\x00", "")
    assert "You are selected." in text and "How to check it" in text
    assert set(korean.metadata) == {"/Title", "/Producer", "/CreationDate"}


def test_a_firm_reads_its_letter_only_once_it_is_sent(actor):
    hana, duri = actor("hana"), actor("duri")
    row = prepared(hana)
    assert list(queries.own(hana)) == []
    with pytest.raises(NotVisible):
        queries.by_key(hana, row.key)
    assert queries.by_key(actor("un"), row.key).state is LetterState.PREPARED
    assert service.send(actor("un"), [row]) == 1
    assert [one.key for one in queries.own(hana)] == [row.key]
    assert list(queries.own(duri)) == []
    for stranger in ("duri", "pyeong", "jang", "gong"):
        with pytest.raises(NotVisible):
            queries.by_key(actor(stranger), row.key)


def test_a_regional_operator_reads_the_letters_of_the_region(actor):
    from portal.accounts.rules import Role
    from portal.base.access import Actor

    here = prepared(actor("hana"), region="gyeonggi-ansan")
    prepared(actor("duri"), number="2026-합성-0002", region="busan-saha")
    prepared(actor("duri"), number="2026-합성-0003")
    operator = Actor(id=actor("un").id, roles=frozenset({Role.OPERATOR_REGION}), region="gyeonggi")
    assert [row.key for row in queries.register(operator).items] == [here.key]


def test_sending_twice_sends_once_and_writes_once(actor, drain, app):
    with app.app_context():
        un = actor("un")
        row = prepared(actor("hana"))
        assert [service.send(un, [row], "once-a"), service.send(un, [row], "once-a"), service.send(un, [row])] == [
            1,
            1,
            0,
        ]
    letters = [one for one in drain() if "통지서" in one.subject]
    assert [one.to for one in letters] == ["hana@example.kr"]


def test_an_unsent_letter_is_made_anew_and_a_sent_one_never(actor):
    hana = actor("hana")
    first = prepared(hana, about="decision:1")
    again = prepared(hana, about="decision:1", content=content(lead="고쳐 썼습니다."))
    assert (again.id, again.content.lead) == (first.id, "고쳐 썼습니다.")
    service.send(actor("un"), again)
    with pytest.raises(RuleBroken) as refused:
        prepared(hana, about="decision:1")
    assert refused.value.code == "letter_sent"


def test_pages_of_the_firm(client_as, actor, app):
    with app.app_context():
        row = sent(actor("hana"))
    hana = client_as("hana")
    assert "2026-합성-0001" in Page(hana.get("/letters")).text
    page = Page(hana.get(f"/letters/{row.key}")).text
    assert "선정되었음을" in page and row.sha256 in page
    answer = hana.get(f"/letters/{row.key}/letter.pdf")
    assert (answer.mimetype, hashlib.sha256(answer.data).hexdigest()) == ("application/pdf", row.sha256)
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert client_as("duri").get(f"/letters/{row.key}").status_code == 404
    assert client_as("duri").get(f"/letters/{row.key}/letter.pdf").status_code == 404


def test_the_register_finds_by_number_firm_and_kind(client_as, actor, app):
    with app.app_context():
        sent(actor("hana"), number="2026-합성-0001")
        prepared(actor("duri"), LetterKind.REJECTED, number="2026-합성-0002")
    un = client_as("un")
    assert "2026-합성-0002" in Page(un.get("/operator/letters")).text
    found = Page(un.get("/operator/letters?kind=rejected&q=0002")).text
    assert "2026-합성-0002" in found and "2026-합성-0001" not in found
    assert "통지서가 없습니다" in Page(un.get("/operator/letters?q=%25")).text


def test_anybody_checks_a_letter_by_hash_or_file(client, actor, app):
    with app.app_context():
        row = sent(actor("hana"))
        unsent = prepared(actor("hana"), number="2026-합성-0009")
        data = read(row)
    for digest in (row.sha256, row.content_sha256.upper(), f"SHA-256 {row.sha256}".replace("-256", "256")):
        text = Page(client.submit(client.page("/letters/verify"), {"hash": digest})).text
        assert "포털이 보낸 통지서가 맞습니다" in text and "하나정밀" not in text and row.number not in text
    page = client.page("/letters/verify")
    assert "맞습니다" in Page(client.submit(page, {"file": (io.BytesIO(data), "letter.pdf")})).text
    page = client.page("/letters/verify")
    assert "내용이 바뀌었습니다" in Page(client.submit(page, {"file": (io.BytesIO(data + b" "), "letter.pdf")})).text
    assert "내용이 바뀌었습니다" in Page(client.submit(client.page("/letters/verify"), {"hash": unsent.sha256})).text
    assert client.submit(client.page("/letters/verify"), {"hash": "짧은 값"}).status_code == 422
