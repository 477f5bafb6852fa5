"""The pages of a company: what it types stays, what is refused says why, and nobody else finds it."""

import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from portal.accounts import queries as accounts
from portal.accounts.models import Person
from portal.base import grants
from portal.base.access import SYSTEM
from portal.base.db import session, transaction
from portal.profiles import queries, questionnaire, service
from tests.client import Page
from tests.factories.profiles import complete_profile, evidenced, paper, pdf

PROFILE = {
    "ksic": "251",
    "region": "gyeonggi-hwaseong",
    "size": "small",
    "employees": "20-49",
    "processes": ["assembly", "machining"],
    "pains": ["DEFECTS"],
}


@pytest.fixture
def hana(client_as):
    return client_as("hana")


@pytest.fixture
def acting(app, cast):
    """with acting("hana") as actor: an application context of its own, so that requests around it share nothing."""

    @contextmanager
    def enter(name):
        with app.app_context():
            yield accounts.actor_of(session.get(Person, cast[name].id))

    return enter


@pytest.fixture
def draft(acting):
    """draft(): what is kept of hana's answers now."""

    def read():
        with acting("hana") as actor:
            profile = queries.current_profile(actor)
            return queries.draft_answers(profile.id if profile else None)

    return read


# --- facts


def test_a_company_fills_its_profile_and_reads_it(hana):
    assert "아직 적은 기업정보가 없습니다" in hana.page("/profile").text
    answer = hana.submit(hana.page("/profile/edit"), {**PROFILE, "contact_phone": "031 234 5678"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/profile")
    text = hana.page("/profile").text
    assert "구조용 금속제품" in text and "경기도 화성시" in text and "조립, 가공" in text and "031-234-5678" in text


def test_an_empty_draft_is_saved_and_says_what_is_missing(hana):
    assert hana.submit(hana.page("/profile/edit")).status_code == 302
    assert "업종, 소재지, 기업 규모, 종사자 수, 공정 유형, 가장 급한 문제" in hana.page("/profile").text


def test_a_full_code_is_shown_where_it_was_typed(hana):
    hana.submit(hana.page("/profile/edit"), {**PROFILE, "ksic": "251", "ksic_code": "C25112"})
    values = hana.page("/profile/edit").values()
    assert (values["ksic"], values["ksic_code"]) == ("251", "25112")


def test_what_was_typed_survives_a_refusal(hana):
    typed = {
        **PROFILE,
        "ksic_code": "철강",
        "products": "👩‍🏭 <b>굵은</b> 'OR 1=1 --",
        "contact_email": "wrong",
        "plants-1-name": "둘째 공장",
    }
    page = hana.submit(hana.page("/profile/edit"), typed)
    assert page.status_code == 200
    kept = Page(page).values()
    assert {name: kept[name] for name in typed} == {**typed, "pains": "DEFECTS"}
    assert list(Page(page).errors()) == ["ksic_code"]
    assert "확인이 필요한 항목이 있습니다" in Page(page).text


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"products": "가" * 10_000}, "products"),
        ({"systems_note": "😀" * 501}, "systems_note"),
        ({"contact_phone": "12"}, "contact_phone"),
        ({"contact_email": "a@b@c"}, "contact_email"),
        ({"region": "nowhere"}, "region"),
        ({"employees": "many"}, "employees"),
        ({"ksic": "251", "ksic_code": "30110"}, "ksic_code"),
        ({"plants-0-name": "가" * 121}, "plants-0-name"),
    ],
)
def test_a_bad_value_is_told_at_its_field(hana, changes, field):
    answer = hana.submit(hana.page("/profile/edit"), {**PROFILE, **changes})
    assert answer.status_code == 200
    assert list(Page(answer).errors()) == [field]
    assert "아직 적은 기업정보가 없습니다" in hana.page("/profile").text


def test_more_than_three_pains_are_refused(hana):
    answer = hana.submit(hana.page("/profile/edit"), {**PROFILE, "pains": ["DEFECTS", "COST", "SAFETY", "ENERGY"]})
    assert "3개까지 고를 수 있습니다" in answer.get_data(as_text=True)


def test_a_stale_tab_gets_both_texts_and_may_send_its_own_again(hana):
    hana.submit(hana.page("/profile/edit"), PROFILE)
    old = hana.page("/profile/edit")
    hana.submit(hana.page("/profile/edit"), {"products": "동료가 적은 것"})
    answer = hana.submit(old, {"products": "내가 적은 것"})
    assert answer.status_code == 409
    page = Page(answer)
    assert "동료가 적은 것" in page.text and "내가 적은 것" in page.text
    assert hana.submit(page, action="/profile/edit").status_code == 302
    assert "내가 적은 것" in hana.page("/profile").text


def test_scripts_in_a_profile_are_only_text(hana):
    hana.submit(hana.page("/profile/edit"), {**PROFILE, "products": "<script>alert(1)</script>"})
    assert "<script>alert(1)" not in hana.get("/profile").get_data(as_text=True)


# --- diagnosis


def test_ten_pages_lead_to_the_result(hana, drain):
    hana.submit(hana.page("/profile/edit"), PROFILE)
    areas = [area.code for area in questionnaire.load().areas]
    path = f"/diagnosis/{areas[0]}"
    for area in areas:
        page = hana.page(path)
        codes = questionnaire.load().area(area).items
        answer = hana.submit(page, {**{f"answer_{code}": "2" for code in codes}, "action": "next"})
        path = answer.headers["Location"]
    assert path == "/diagnosis"
    page = hana.page("/diagnosis")
    assert "모두 답했습니다" in page.text
    answer = hana.submit(page, action="/diagnosis/finish")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/result")
    drain()
    assert hana.get("/result").status_code == 200


def test_the_finish_says_what_is_open(hana):
    hana.post("/diagnosis/STR", data={"answer_S1": "1", "version": "0"})
    answer = hana.post("/diagnosis/finish")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "아직 답하지 않은 질문이 43개" in text and "기업정보에서 다음을 먼저 채워 주세요" in text


def test_a_draft_stays_on_its_page(hana, draft):
    answer = hana.submit(hana.page("/diagnosis/STR"), {"answer_S1": "unsure", "action": "draft"})
    assert answer.headers["Location"] == "/diagnosis/STR"
    assert draft() == {"S1": "unsure"}
    assert hana.page("/diagnosis/STR").values()["answer_S1"] == "unsure"
    assert "모르겠음 1개" in hana.page("/diagnosis").text


@pytest.mark.parametrize("value", ["9", "na", "<script>", "3;drop", "😀"])
def test_an_answer_outside_the_choices_is_refused_and_the_others_stay(hana, draft, value):
    answer = hana.post("/diagnosis/STR", data={"answer_S1": value, "answer_S2": "4", "version": "0"})
    assert answer.status_code == 200
    assert Page(answer).values()["answer_S2"] == "4"
    assert draft() == {}


def test_not_applicable_is_offered_only_where_it_is_allowed(hana):
    offered = {
        field["name"]
        for area in questionnaire.load().areas
        for field in hana.page(f"/diagnosis/{area.code}").soup.find_all("input", attrs={"value": "na"})
    }
    assert offered == {f"answer_{code}" for code in ("D1", "D2", "D3", "L3", "L4", "T5")}


def test_a_stale_page_of_answers_gets_409_with_both(hana, draft):
    old = hana.page("/diagnosis/STR")
    hana.submit(hana.page("/diagnosis/STR"), {"answer_S1": "1"})
    answer = hana.submit(old, {"answer_S1": "5"})
    assert answer.status_code == 409
    assert draft() == {"S1": 1}
    page = Page(answer)
    assert "5 ·" in page.text and "1 ·" in page.text
    hana.submit(page, action="/diagnosis/STR")
    assert draft() == {"S1": 5}


def test_a_double_click_is_one_save(hana, draft):
    page = hana.page("/diagnosis/STR")
    answers = [hana.submit(page, {"answer_S1": "3"}).status_code for _ in range(2)]
    assert answers == [302, 302]
    assert draft() == {"S1": 3}


# --- autosave


def test_autosave_keeps_answers_and_tells_the_version(hana, draft):
    first = hana.post("/diagnosis/STR/autosave", data={"answer_S1": "3", "version": "0"})
    assert first.status_code == 200
    second = hana.post("/diagnosis/STR/autosave", data={"answer_S1": "4", "version": first.json["version"]})
    assert second.json["version"] > first.json["version"]
    assert draft() == {"S1": 4}


def test_a_stale_autosave_gets_409_and_changes_nothing(hana, draft):
    version = hana.post("/diagnosis/STR/autosave", data={"answer_S1": "3", "version": "0"}).json["version"]
    hana.post("/diagnosis/STR/autosave", data={"answer_S1": "4", "version": version})
    stale = hana.post("/diagnosis/STR/autosave", data={"answer_S1": "5", "version": version})
    assert (stale.status_code, stale.json["error"]) == (409, "stale")
    assert draft() == {"S1": 4}


@pytest.mark.parametrize(
    "data",
    [{"answer_S1": "9", "version": "0"}, {"answer_S1": "1", "version": "x"}, {"answer_S1": "na", "version": "0"}],
)
def test_a_senseless_autosave_is_refused(hana, draft, data):
    assert hana.post("/diagnosis/STR/autosave", data=data).status_code == 422
    assert draft() == {}


@pytest.mark.parametrize("body", ['{"answer_S1": "3", "version": 0}', "[1]", "3", "null", "{", '"\\ud800"'])
def test_json_without_a_token_changes_nothing(hana, draft, body):
    answer = hana.post("/diagnosis/STR/autosave", data=body, content_type="application/json", csrf=False)
    assert answer.status_code == 400
    assert draft() == {}


@pytest.mark.parametrize("body", ["[1]", "3", "null", '"a"'])
def test_odd_json_with_a_token_is_no_crash(hana, draft, body):
    answer = hana.post(
        "/diagnosis/STR/autosave",
        data=body,
        content_type="application/json",
        headers={"X-CSRFToken": hana.token()},
        csrf=False,
    )
    assert answer.status_code < 500
    assert draft() == {}


def test_an_unknown_area_is_not_there(hana):
    for path in ("/diagnosis/XXX", "/diagnosis/finish", "/diagnosis/str"):
        assert hana.get(path).status_code == 404
    assert hana.post("/diagnosis/XXX/autosave", data={}).status_code == 404


# --- evidence


def upload(client, content, filename, **more):
    return client.post(
        "/diagnosis/STR",
        data={"answer_S1": "3", "version": "0", "tag_S1": "screen", "file_S1": (content, filename), **more},
        content_type="multipart/form-data",
    )


def test_evidence_goes_up_and_comes_down_as_an_attachment(hana):
    assert upload(hana, pdf("up"), "../../현장 화면.pdf").status_code == 302
    link = hana.page("/diagnosis/STR").soup.find("a", string="현장 화면.pdf")
    answer = hana.get(link["href"])
    assert answer.data == pdf("up").getvalue()
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "content, filename, reason",
    [
        (b"", "빈.pdf", "빈 파일입니다"),
        (b"<html>", "보고서.pdf", "실제 내용이 다릅니다"),
        (b"MZ", "설치.exe", "받을 수 없는 파일 형식"),
        (b"%PDF-" + b"0" * (20 * 1024 * 1024), "큰.pdf", "20 MB 이하"),
    ],
)
def test_a_refused_file_says_why_and_the_answers_stay(hana, draft, content, filename, reason):
    page = Page(upload(hana, io.BytesIO(content), filename, answer_S2="4"))
    assert page.answer.status_code == 200
    assert reason in page.errors()["file_S1"]
    assert draft() == {"S1": 3, "S2": 4}
    again = hana.submit(page, {"answer_S2": "5"})
    assert again.status_code == 302 and draft() == {"S1": 3, "S2": 5}


def test_a_file_without_its_kind_is_refused(hana):
    page = Page(upload(hana, pdf(), "a.pdf", tag_S1=""))
    assert "어떤 증빙인지" in page.errors()["file_S1"]


def test_removing_a_file_keeps_what_was_just_chosen(hana, draft):
    upload(hana, pdf(), "a.pdf")
    page = hana.page("/diagnosis/STR")
    key = page.soup.find("button", attrs={"name": "remove"})["value"]
    answer = hana.submit(page, {"answer_S2": "2", "remove": key})
    assert answer.headers["Location"] == "/diagnosis/STR"
    assert draft() == {"S1": 3, "S2": 2}
    assert hana.page("/diagnosis/STR").soup.find("button", attrs={"name": "remove"}) is None


def test_nobody_else_finds_evidence_or_papers(acting, client_as):
    with acting("hana") as hana:
        file, document = complete_profile(hana, 3, ["S1"]).evidence[0].key, paper(hana).key
    statuses = {
        name: tuple(
            client_as(name).get(path).status_code for path in (f"/evidence/{file}", f"/papers/files/{document}")
        )
        for name in ("hana", "duri", "pyeong", "nam", "jang", "gong", "un", "gam", "anon")
    }
    assert statuses == {
        "hana": (200, 200),
        "duri": (404, 404),
        "pyeong": (404, 403),
        "nam": (404, 403),
        "jang": (404, 403),
        "gong": (403, 403),
        "un": (404, 403),
        "gam": (404, 403),
        "anon": (302, 302),
    }


def test_an_assigned_evaluator_opens_the_evidence_until_recused(acting, cast, client_as):
    with acting("hana") as hana, transaction():
        version = complete_profile(hana, 3, ["S1"])
        key, number = version.evidence[0].key, version.id
        grants.give(SYSTEM, "profile_version", number, "read", person_id=cast["pyeong"].id, reason="assigned")
    assert client_as("pyeong").get(f"/evidence/{key}").status_code == 200
    assert client_as("nam").get(f"/evidence/{key}").status_code == 404
    with acting("hana"), transaction():
        grants.take(SYSTEM, "profile_version", number, "read", person_id=cast["pyeong"].id, reason="recused")
    assert client_as("pyeong").get(f"/evidence/{key}").status_code == 404


def test_a_company_cannot_remove_what_belongs_to_another(acting, client_as, hana):
    with acting("duri") as duri:
        file, document = evidenced(duri, "S1").key, paper(duri).key
    hana.post("/diagnosis/STR", data={"version": "0", "remove": file})
    assert hana.post(f"/papers/files/{document}/remove").status_code == 404
    assert client_as("duri").get(f"/evidence/{file}").status_code == 200


# --- papers


def send_paper(client, kind="business-registration", content=None, filename="등록증.pdf", **more):
    return client.post(
        f"/papers/{kind}",
        data={"file": (content or pdf(), filename), **more},
        content_type="multipart/form-data",
    )


def test_a_paper_goes_on_file_and_comes_off(hana):
    assert "사업자등록증" in hana.page("/papers").text
    assert send_paper(hana).headers["Location"] == "/papers"
    page = hana.page("/papers")
    assert "등록증.pdf" in page.text and "바뀔 때까지 유효" in page.text
    action = page.soup.find("form", action=lambda value: value and value.endswith("/remove"))["action"]
    hana.post(action)
    assert "등록증.pdf" not in hana.page("/papers").text


def test_papers_that_expire_ask_for_their_day(hana, frozen):
    page = Page(send_paper(hana, "national-tax-clearance"))
    assert "발급일을 적어 주세요" in page.errors()["issued_on"]
    page = Page(send_paper(hana, "national-tax-clearance", issued_on="2026-05-01"))
    assert "유효기간이 지난 서류입니다" in page.errors()["issued_on"]


@pytest.mark.parametrize("day", ["2026-13-40", "어제", "0000-00-00", "9" * 50])
def test_a_day_that_is_none_is_refused(hana, day):
    page = Page(send_paper(hana, "national-tax-clearance", issued_on=day))
    assert list(page.errors()) == ["issued_on"]


def test_a_paper_without_a_file_is_refused(hana):
    page = Page(hana.post("/papers/business-registration", data={}))
    assert "파일을 골라 주세요" in page.errors()["file"]


@pytest.mark.parametrize("kind", ["application-form", "nonsense"])
def test_only_kinds_that_stay_on_file_have_a_page(hana, kind):
    assert hana.get(f"/papers/{kind}").status_code == 404


# --- figures


def test_the_overview_asks_the_database_the_same_with_one_and_with_many_files(hana, acting, queries_of):
    with acting("hana") as actor:
        complete_profile(actor, 3, ["S1"])
    hana.get("/diagnosis")  # what a process asks for once
    few = queries_of(lambda: hana.get("/diagnosis"))
    with acting("hana") as actor:
        for code in ("S1", "S2", "S3"):
            for number in range(3):
                evidenced(actor, code, f"{code} {number}")
        service.finish(actor)
    assert queries_of(lambda: hana.get("/diagnosis")) == few
    assert few <= 12


@pytest.mark.parametrize(
    "path", ["/profile", "/profile/edit", "/diagnosis", "/diagnosis/EXE", "/papers", "/papers/bonus-proof"]
)
def test_every_page_speaks_english(hana, path):
    assert hana.page(f"{path}?lang=en").soup.html["lang"] == "en"


@pytest.mark.parametrize("path", ["/profile", "/profile/edit", "/diagnosis/EXE", "/papers"])
def test_a_page_needs_few_questions_of_the_database(hana, acting, queries_of, path):
    with acting("hana") as actor:
        complete_profile(actor, 3, ["S1", "E1"])
        paper(actor)
    assert queries_of(lambda: hana.get(path)) <= 12


def test_many_at_once_make_one_profile_and_one_version(app, acting, client_as):
    codes = [area.code for area in questionnaire.load().areas]
    browsers = [client_as("hana") for _ in codes]

    def save(at):
        items = questionnaire.load().area(codes[at]).items
        return (
            browsers[at]
            .post(
                f"/diagnosis/{codes[at]}/autosave", data={"version": "0", **{f"answer_{code}": "2" for code in items}}
            )
            .status_code
        )

    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(save, range(len(codes)))) == [200] * len(codes)
        hana = client_as("hana")
        assert hana.submit(hana.page("/profile/edit"), PROFILE).status_code == 302
        assert set(pool.map(lambda browser: browser.post("/diagnosis/finish").status_code, browsers)) == {302}
    with acting("hana") as actor:
        assert [version.number for version in queries.versions(actor)] == [1]
        assert len(queries.draft_answers(queries.current_profile(actor).id)) == 44


def test_the_overview_offers_the_finish_again_only_after_a_change(hana, acting):
    with acting("hana") as actor:
        complete_profile(actor, 3, ["S1"])
    page = hana.page("/diagnosis")
    assert "그 뒤로 바뀐 답이 없습니다" in page.text and page.soup.find("form", action="/diagnosis/finish") is None
    hana.submit(hana.page("/diagnosis/STR"), {"answer_S1": "4"})
    assert hana.page("/diagnosis").form("/diagnosis/finish")
