"""The firm's form through HTTP: begin, fill page by page, check, hand in; nothing typed is lost."""

import io
import re
from datetime import date

import pytest

from portal.applications.parts import Part
from tests.client import Page
from tests.factories import applications as make
from tests.factories.profiles import complete_profile


@pytest.fixture
def call(context):
    return make.a_call()


def _begin(browser, call):
    page = browser.page(f"/applications/new/{call.key}")
    answer = browser.submit(page)
    assert answer.status_code == 302
    return re.search(r"/applications/([^/]+)/edit/choice", answer.location)[1]


TEXT = "합성(예시) 프레스 공정의 불량을 줄이고 실적을 자동으로 모읍니다."


def _fill(browser, key, listing_key):
    """Every page as a person would, without JavaScript; returns where the last one led."""
    given = {
        "choice": {"tier": "BASIC", "target_level": "1", "scope": ["AUTO", "MES"]},
        "need": {"problem": TEXT, "goal": TEXT, "build": TEXT},
        "plan": {"schedule": TEXT, "people": TEXT, "effect": TEXT},
        "costs": {
            "lines-0-kind": "hardware",
            "lines-0-item": "로봇 셀",
            "lines-0-unit_price_krw": "60,000,000",
            "lines-0-quantity": "1",
            "own_share_krw": "30,000,000",
            "own_share_source": "cash",
        },
        "kpi": {
            "rows-0-name": "공정 불량률",
            "rows-0-unit": "ppm",
            "rows-0-direction": "down",
            "rows-0-before": "5,200",
            "rows-0-target": "3,000.5",
        },
        "partner": {"supplier": listing_key},
    }
    path = f"/applications/{key}/edit/choice"
    for part, changes in given.items():
        assert path.endswith(f"/edit/{part}")
        page = browser.page(path)
        if part == "partner":  # the page also holds the search
            answer = browser.post(path, data={**changes, "version": "0"})
        else:
            answer = browser.submit(page, changes, action=f"/edit/{part}")
        assert answer.status_code == 302, answer.get_data(as_text=True)
        path = answer.location
    page = browser.page(path)
    files = {
        field["name"]: (io.BytesIO(b"%PDF-1.4\n" + field["name"].encode()), f"{field['name']}.pdf")
        for field in page.soup.select("li.apply-paper:has(.badge--danger) input[type=file]")
    }
    issued = {field["name"]: date.today().isoformat() for field in page.soup.select("input[type=date]")}
    used = {f"issued_{name.removeprefix('file_')}" for name in files}
    answer = browser.submit(
        page,
        {**files, **{name: day for name, day in issued.items() if name in used}},
        action="/edit/papers",
        content_type="multipart/form-data",
    )
    assert answer.status_code == 302, answer.get_data(as_text=True)
    page = browser.page(answer.location)
    answers = {
        name: "no" for name in {field["name"] for field in page.soup.select("input[type=radio]")} if name[:2] == "x_"
    }
    answer = browser.submit(page, {**answers, "writer": "self", "truth_pledged": "y"}, action="/edit/pledges")
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return answer.location


def test_a_firm_applies_from_the_open_call_to_the_receipt(actor, client_as, call, drain):
    complete_profile(actor("hana"))
    listing = make.a_listing(actor("gong"))
    drain()
    hana = client_as("hana")
    assert call.title_ko in hana.page("/applications/new").text
    key = _begin(hana, call)
    check_path = _fill(hana, key, listing.key)
    assert check_path == f"/applications/{key}/check"
    check = hana.page(check_path)
    assert "모두 채웠습니다" in check.text
    assert TEXT in check.text and "3,000.5" in check.text and "60,000,000" in check.text

    once = check.values("/submit")
    first = hana.post(f"/applications/{key}/submit", data=once)
    second = hana.post(f"/applications/{key}/submit", data=once)
    third = hana.post(f"/applications/{key}/submit", data={**once, "once": "another tab"})
    assert {answer.location for answer in (first, second, third)} == {f"/applications/{key}/receipt"}
    receipt = hana.page(first.location)
    number = receipt.soup.find(id="receipt-number").text
    assert re.fullmatch(r"\d{4}-AUTOM-00001", number)
    pdf = hana.get(f"/applications/{key}/receipt.pdf")
    assert pdf.data.startswith(b"%PDF-") and number in pdf.headers["Content-Disposition"]
    assert "접수됨" in hana.page(f"/applications/{key}").text
    assert number in hana.page("/applications").text
    letters = drain()
    assert sorted(letter.to for letter in letters) == ["gong@example.kr", "hana@example.kr"]
    assert [number in letter.subject for letter in letters if letter.to == "hana@example.kr"] == [True]
    assert drain() == []


def test_every_page_of_a_fresh_draft_opens_and_says_what_is_missing(actor, client_as, call):
    hana = client_as("hana")
    key = _begin(hana, call)
    for part in Part:
        hana.page(f"/applications/{key}/edit/{part.value}")
        assert hana.get(f"/applications/{key}/edit/{part.value}?check=1").status_code == 200
        hana.page(f"/applications/{key}/edit/{part.value}?lang=en")
    hana.get("/?lang=ko")
    check = hana.page(f"/applications/{key}/check")
    assert "더 채워야 합니다" in check.text
    assert "진단을 먼저" in check.text
    assert check.soup.select_one("form[action$='/submit'] button").has_attr("disabled")


def test_a_second_start_goes_on_with_the_same_draft(client_as, call):
    hana = client_as("hana")
    assert _begin(hana, call) == _begin(hana, call)


def test_a_long_text_is_refused_at_its_field_and_kept(client_as, call):
    hana = client_as("hana")
    key = _begin(hana, call)
    long = "가😀" * 5_000
    page = hana.page(f"/applications/{key}/edit/need")
    answer = hana.submit(page, {"problem": long, "goal": "지켜야 할 글"}, action="/edit/need")
    refused = Page(answer)
    assert list(refused.errors()) == ["problem"]
    assert refused.soup.find(id="problem").text.strip() == long
    assert refused.soup.find(id="goal").text.strip() == "지켜야 할 글"
    assert "10,000" in refused.errors()["problem"]


def test_emoji_and_hostile_text_come_back_as_typed(actor, client_as, call):
    hana = client_as("hana")
    key = _begin(hana, call)
    odd = "👨‍👩‍👧 <script>alert(1)</script> {{ 7*7 }} \"'"
    hana.submit(hana.page(f"/applications/{key}/edit/need"), {"problem": odd}, action="/edit/need")
    page = hana.page(f"/applications/{key}/edit/need")
    assert page.soup.find(id="problem").text.strip() == odd
    assert odd in hana.page(f"/applications/{key}/check").text


def test_words_for_numbers_are_refused_at_their_cell(client_as, call):
    hana = client_as("hana")
    key = _begin(hana, call)
    page = hana.page(f"/applications/{key}/edit/costs")
    answer = Page(
        hana.submit(
            page,
            {"lines-0-item": "로봇", "lines-0-unit_price_krw": "많이", "own_share_krw": "-5"},
            action="/edit/costs",
        )
    )
    assert list(answer.errors()) == ["lines-0-unit_price_krw"]
    assert answer.soup.find(id="lines-0-unit_price_krw")["value"] == "많이"


def test_a_stale_tab_gets_both_texts_and_may_then_save(client_as, call):
    hana = client_as("hana")
    key = _begin(hana, call)
    path = f"/applications/{key}/edit/need"
    mine, other = hana.page(path), hana.page(path)
    hana.submit(other, {"problem": "다른 창에서 쓴 글"}, action="/edit/need")
    answer = hana.submit(mine, {"problem": "이 창에서 쓴 글"}, action="/edit/need")
    assert answer.status_code == 409
    conflict = Page(answer)
    assert "다른 창에서 쓴 글" in conflict.text and "이 창에서 쓴 글" in conflict.text
    assert hana.submit(conflict, action="/edit/need").status_code == 302
    assert hana.page(path).soup.find(id="problem").text.strip() == "이 창에서 쓴 글"


def test_two_people_on_different_pages_do_not_collide(client_as, call):
    hana = client_as("hana")
    key = _begin(hana, call)
    need, plan = hana.page(f"/applications/{key}/edit/need"), hana.page(f"/applications/{key}/edit/plan")
    assert hana.submit(need, {"problem": "가"}, action="/edit/need").status_code == 302
    assert hana.submit(plan, {"people": "나"}, action="/edit/plan").status_code == 302


def test_autosave_keeps_the_draft_and_tells_a_stale_tab(client_as, call):
    hana = client_as("hana")
    key = _begin(hana, call)
    path = f"/applications/{key}/edit/need/autosave"
    saved = hana.post(path, data={"problem": "자동으로", "goal": "", "build": "", "version": "0"})
    assert saved.json["version"] == 1 and re.fullmatch(r"\d\d:\d\d", saved.json["saved_at"])
    again = hana.post(path, data={"problem": "자동으로", "goal": "", "build": "", "version": "1"})
    assert again.json["version"] == 1
    stale = hana.post(path, data={"problem": "늦은 글", "goal": "", "build": "", "version": "0"})
    assert stale.status_code == 409
    assert hana.page(f"/applications/{key}/edit/need").soup.find(id="problem").text.strip() == "자동으로"


def test_a_row_more_without_javascript(client_as, call):
    hana = client_as("hana")
    key = _begin(hana, call)
    page = hana.page(f"/applications/{key}/edit/costs")
    before = len(page.soup.select("fieldset.apply-row"))
    given = {
        f"lines-{n}-{name}": value
        for n in range(before)
        for name, value in (("item", f"품목 {n}"), ("unit_price_krw", "1000"), ("quantity", "2"))
    }
    answer = hana.submit(page, {**given, "do": "add"}, action="/edit/costs")
    assert answer.location.endswith("#last-row")
    page = hana.page(answer.location.partition("#")[0])
    assert len(page.soup.select("fieldset.apply-row")) == before + 1
    assert page.soup.find(id=f"lines-{before - 1}-item")["value"] == f"품목 {before - 1}"


def test_the_next_application_is_prefilled_but_not_its_pledges(actor, client_as, call):
    make.submitted(actor("hana"), call=call, supplier=actor("gong"))
    other = make.a_call("BASIC")
    hana = client_as("hana")
    key = _begin(hana, other)
    page = hana.page(f"/applications/{key}/edit/need")
    assert page.soup.find(id="problem").text.strip() == make.TEXT
    assert "지난 신청에서 불러온" in page.text
    assert not hana.page(f"/applications/{key}/edit/pledges").soup.select("input:checked")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [("quotation", b"", "빈 파일"), ("quotation", b"<html>", "실제 내용"), ("quotation", b"%PDF-1.4 ok", None)],
)
def test_uploads_are_judged_by_content(client_as, call, name, content, says):
    hana = client_as("hana")
    key = _begin(hana, call)
    page = hana.page(f"/applications/{key}/edit/papers")
    answer = hana.submit(
        page,
        {f"file_{name}": (io.BytesIO(content), "견적.pdf"), "do": "upload"},
        action="/edit/papers",
        content_type="multipart/form-data",
    )
    if says is None:
        assert answer.status_code == 302
        assert "견적.pdf" in hana.page(f"/applications/{key}/edit/papers").text
    else:
        assert says in Page(answer).errors()[f"file_{name}"]


def test_a_paper_put_on_file_here_is_not_asked_again(actor, client_as, call):
    hana = client_as("hana")
    key = _begin(hana, call)
    hana.submit(
        hana.page(f"/applications/{key}/edit/papers"),
        {"file_business_registration": (io.BytesIO(b"%PDF-1.4 reg"), "등록증.pdf")},
        action="/edit/papers",
        content_type="multipart/form-data",
    )
    other = _begin(hana, make.a_call("BASIC"))
    assert "등록증.pdf" in hana.page(f"/applications/{other}/edit/papers").text


def test_a_colleague_may_write_but_not_hand_in(actor, app, client_as, call, cast):
    from portal.accounts import service as people
    from portal.accounts.models import Person
    from portal.base.db import session

    application = make.draft(actor("hana"), call=call, supplier=actor("gong"))
    staff = make.a_colleague(actor("hana"))
    token = people.begin_session(session.get(Person, staff.id), "tests")
    browser = client_as("anon")
    with browser.session_transaction() as cookie:
        import time

        cookie.update(
            _user_id=session.get(Person, staff.id).fs_uniquifier, _fresh=True, fs_cc="set", fs_paa=time.time()
        )
        cookie.update(sign_in=token)
    assert "대표 계정에서" in browser.page(f"/applications/{application.key}/check").text
    assert browser.post(f"/applications/{application.key}/submit", data={"once": "x"}).status_code == 403
    assert browser.post(f"/applications/{application.key}/withdraw").status_code == 403
    assert browser.submit(
        browser.page(f"/applications/{application.key}/edit/need"), {"problem": "동료가 쓴 글"}, action="/edit/need"
    ).location.endswith("/edit/plan")


def test_another_firm_finds_nothing(actor, client_as, call):
    application = make.draft(actor("hana"), call=call, supplier=actor("gong"))
    for name in ("duri", "un", "pyeong", "gam"):
        browser = client_as(name)
        for path in ("", "/answers", "/receipt", "/receipt.pdf"):
            assert browser.get(f"/applications/{application.key}{path}").status_code == 404, (name, path)
    duri = client_as("duri")
    for path in ("/check", "/edit/need", "/supplement", "/withdraw"):
        assert duri.get(f"/applications/{application.key}{path}").status_code == 404
    assert duri.post(f"/applications/{application.key}/submit", data={"once": "x"}).status_code == 404
