"""What a hostile visitor tries on every page: names that mean something to the framework, numbers too large for the
database, text that no database keeps, other people's addresses."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import urljoin, urlsplit

import pytest

from tests import doors
from tests.cast import EVERYONE, PASSWORD
from tests.client import Page

PAGES = {
    "anon": ("/", "/suppliers", "/calls", "/programmes", "/precheck", "/sign-in"),
    "hana": ("/home", "/applications", "/appeals", "/consultations", "/diagnosis"),
    "un": (
        "/applications/queue",
        "/operator/listings",
        "/operator/assignments",
        "/operator/calls",
        "/operator/evaluators",
        "/operator/records",
        "/operator/pressure",
        "/operator/appeals",
        "/operator/selection",
        "/operator/conflicts",
        "/operator/objections",
        "/operator/ties",
    ),
    "pyeong": ("/evaluation/queue", "/evaluation/appeals", "/evaluation/pressure", "/evaluators/apply"),
    "jang": ("/evaluation/decisions", "/evaluation/rankings"),
    "gam": ("/audit", "/applications/queue"),
}
QUERIES = (
    "endpoint=x",
    "_external=1&_scheme=javascript",
    "_method=POST&_anchor=x",
    "page=-1",
    "page=999999",
    "page=abc",
    "page=99999999999999999999999",
    "q=%00&sort=%00&call=%00&region=%00",
    "q=%FF%FE&sort=--x",
    "q=%27%22%3B--%25_",
    "status=x&tier=x&call=x&region=x&stage=x&which=x&state=x&due=x&late=x",
    "technology=%00&industry=%27%22&case=%00&sort=%00&name=%00&supplier=%00&topic=%00",
    "person=99999999999999999999&action=%00&object=%00&since=0000-00-00&until=9999-12-31",
)


@pytest.mark.parametrize("name", PAGES)
def test_no_query_breaks_a_page(world, name):
    """Unknown filters, framework words, NUL and numbers without end: a page or a refusal, never an error."""
    browser = world.app.test_client()
    if name in world.cast:
        browser.sign_in(world.cast[name])
    met = {f"{path}?{query}": browser.get(f"{path}?{query}") for path in PAGES[name] for query in QUERIES}
    assert {
        address: answer.status_code for address, answer in met.items() if answer.status_code not in (200, 400)
    } == {}
    assert [address for address, answer in met.items() if "javascript:" in answer.get_data(as_text=True)] == []


def test_the_link_to_the_other_language_keeps_what_was_asked(client):
    page = client.page("/suppliers?q=MES&region=busan&region=daegu&endpoint=x")
    link = page.soup.find("a", attrs={"hreflang": "en"})["href"]
    assert link == "/suppliers?q=MES&region=busan&region=daegu&endpoint=x&lang=en"


def test_a_number_that_no_column_holds_leads_nowhere(client_as):
    hana = client_as("hana")
    answers = [
        hana.post("/account/sessions/99999999999999999999999/end"),
        hana.get("/demo/mail/99999999999999999999999"),
    ]
    assert [answer.status_code for answer in answers] == [404, 404]


def test_nul_is_refused_wherever_it_stands(client_as):
    hana = client_as("hana")
    profile = {"name": "김\x00하나", "phone": "", "language": "ko"}
    met = [
        hana.get("/applications/%00"),
        hana.get("/suppliers?q=a%00b"),
        hana.post("/account", data=profile),
        hana.post("/sign-in", data={"email": "hana\x00@example.kr", "password": "x"}),
    ]
    assert [answer.status_code for answer in met] == [404, 400, 400, 400]


def test_a_race_that_a_constraint_settles_asks_to_look_again(app):
    """Planted: a view whose row another request has made a moment before."""
    from sqlalchemy.exc import IntegrityError

    from portal.web import guard

    @guard.public
    def second():
        raise IntegrityError("INSERT", {}, Exception("UNIQUE"))

    rules = app.view_functions
    original, rules["health.alive"] = rules["health.alive"], second
    try:
        answer = app.test_client().get("/healthz")
    finally:
        rules["health.alive"] = original
    assert answer.status_code == 409


def test_guessing_the_second_step_counts_for_the_account_whatever_e_mail_is_sent_along(app, client):
    from portal.web.limits import limiter

    limiter.enabled = True
    try:
        first = client.submit(client.page("/sign-in"), {"email": "pyeong@example.kr", "password": PASSWORD}, "/sign-in")
        assert first.headers["Location"].startswith("/tf-validate")
        codes = [
            client.post("/tf-validate", data={"code": "000000", "email": f"{n}@example.kr"}).status_code
            for n in range(11)
        ]
    finally:
        limiter.reset()
        limiter.enabled = False
    assert codes[-1] == 429


def test_signing_up_again_with_a_very_long_address_writes_its_owner_one_letter(actor, cast, drain):
    from portal.accounts import service
    from portal.accounts.models import Person
    from portal.accounts.rules import OrganisationKind
    from portal.base.db import session, transaction

    address = f"{'a' * 60}@{'b' * 60}.{'c' * 60}.example.kr"
    with transaction():
        session.get(Person, cast["hana"].id).email = address
    for _ in range(2):
        service.sign_up(
            kind=OrganisationKind.COMPANY,
            registration_number="999-81-00048",
            organisation_name="다른 회사",
            email=address,
            name="누구",
            phone="010-1234-5678",
            password_hash="x",
            consents={"terms", "privacy"},
        )
    assert [letter.to for letter in drain()] == [address]


@pytest.mark.parametrize(("name", "path"), [("anon", "/sign-in"), ("anon", "/nothing"), ("hana", "/home")])
def test_pages_with_somebodys_own_token_are_kept_by_no_cache(client_as, name, path):
    assert client_as(name).get(path).headers["Cache-Control"] == "no-store"


def test_a_page_for_everybody_is_asked_for_anew(client):
    assert client.get("/programmes").headers["Cache-Control"] == "private, no-cache"


def test_contents_that_came_again_are_young_for_the_sweep(context):
    import io
    import os

    from portal.base import files
    from portal.base.db import transaction

    with transaction():
        stored = files.store(io.BytesIO(b"%PDF-1.7 the same"), "a.pdf")
    path = files.path_of(stored.sha256)
    os.utime(path, (0, 0))
    with transaction():
        files.store(io.BytesIO(b"%PDF-1.7 the same"), "b.pdf")
    assert path.stat().st_mtime > 1_000_000_000


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("하나\x0b정밀\x1b[31m", "하나정밀[31m"),
        ("\u202efdp.exe", "fdp.exe"),
        ("\u1112\u1161\u1102\u1161", "하나"),
        ("정밀 👩\u200d🏭", "정밀 👩\u200d🏭"),
        ("{{7*7}}<script>alert(1)</script>", "{{7*7}}<script>alert(1)</script>"),
    ],
)
def test_a_name_is_kept_as_people_mean_it(client_as, typed, kept):
    hana = client_as("hana")
    hana.post("/account", data={"name": typed, "phone": "", "language": "ko"})
    assert hana.page("/account").soup.find("input", attrs={"name": "name"})["value"] == kept


def test_an_export_names_known_filters_only(world):
    from portal.base import audit
    from portal.base.db import session

    un = world.app.test_client()
    un.sign_in(world.cast["un"])
    assert un.post("/applications/queue.xlsx?q=x&hana@example.kr=1", check=False).status_code == 200
    with world.app.app_context():
        row = session.query(audit.AuditRow).filter_by(action="application.export").one()
        assert row.facts["filters"] == ["q"]


# --- other people's things ---------------------------------------------------------------------------------


def _masked(answer, own):
    """Status, headers and body without what differs at every request: nonce, token, the asked address itself."""
    body = re.sub(rb'nonce="[^"]+"|name="csrf_token" value="[^"]+"', b"", answer.data).replace(own.encode(), b"KEY")
    headers = {
        name: re.sub(r"nonce-[^']+", "", value) for name, value in answer.headers if name not in ("Set-Cookie", "Date")
    }
    return answer.status_code, headers, body


DOORS = sorted(
    (endpoint, method, name)
    for (endpoint, method), met in doors.expected().items()
    for name, status in met.items()
    if status == "404" and set(met.values()) & {"200", "302", "409", "422"}
)


@pytest.mark.one_database  # test_doors asks who is let in on both
def test_strangers_meet_the_same_answer_as_for_what_does_not_exist(world):
    """To the byte, whoever asks: what belongs to others, and what nobody has."""
    told_apart = []
    for endpoint, method, name in DOORS:
        path = doors.path_of(world, endpoint)
        key = next((part for part in path.split("/") if re.fullmatch(r"[\w-]{22}", part)), None)
        if key is None:
            continue
        browser = world.app.test_client()
        if name in world.cast:
            browser.sign_in(world.cast[name])
        unknown = "z" * 22
        real = browser.open(path, method=method, check=False)
        none = browser.open(path.replace(key, unknown), method=method, check=False)
        parts = zip(("status", "headers", "body"), _masked(real, key), _masked(none, unknown), strict=True)
        told_apart += [(endpoint, method, name, part, one, other) for part, one, other in parts if one != other]
    assert told_apart == []


# --- everything that a person can reach --------------------------------------------------------------------


def _links(page, path):
    """The addresses of this site that a page leads to."""
    for tag in page.soup.find_all("a", href=True):
        target = urlsplit(urljoin(f"http://localhost{path}", tag["href"]))
        if target.netloc == "localhost" and not target.path.startswith("/static/"):
            yield target.path + (f"?{target.query}" if target.query else "")


def _shape(path):
    """Pages that differ only in which thing or which filter they show are looked at twice."""
    return re.sub(r"=[^&]*", "=", re.sub(r"/[\w-]{22}(?=/|$|\?)", "/KEY", path))


@pytest.mark.one_database  # both databases stand behind every door in test_doors and every query above
@pytest.mark.parametrize("name", EVERYONE)
def test_every_page_that_a_person_finds_is_whole(database, world, name):
    """Follow every link from every door: no error, guarded headers, nothing written but what reading must leave."""
    browser = world.app.test_client()
    if name in world.cast:
        browser.sign_in(world.cast[name])
    waiting = [doors.path_of(world, endpoint) for endpoint, method in doors.routes(world.app) if method == "GET"]
    waiting = [path for path in waiting if not path.startswith("/tf-validate")]  # ends a sign-in that is not waiting
    seen, shapes, wrong = set(), Counter(), []
    while waiting:
        path = waiting.pop(0)
        if path in seen or shapes[_shape(path)] >= (1 if "?" in path else 2) or path.count("&") > 1:
            continue
        seen.add(path)
        shapes[_shape(path)] += 1
        answer = browser.get(path)
        policy = answer.headers.get("Content-Security-Policy", "")
        if answer.status_code >= 500:
            wrong.append((path, answer.status_code))
        if "unsafe-inline" in policy or not policy or answer.headers.get("X-Content-Type-Options") != "nosniff":
            wrong.append((path, "headers"))
        if name in world.cast and "/static/" not in path and answer.headers.get("Cache-Control") != "no-store":
            wrong.append((path, answer.headers.get("Cache-Control")))
        if answer.mimetype == "text/html" and answer.status_code == 200:
            waiting += _links(Page(answer), path)
    assert wrong == []
    assert len(seen) > 30


# --- uploads -----------------------------------------------------------------------------------------------


def test_a_text_in_place_of_a_file_is_no_file(world):
    hana = world.app.test_client()
    hana.sign_in(world.cast["hana"])
    area = "RES"
    met = [
        hana.post("/papers/business-registration", data={"file": "no file", "issued_on": "2026-11-01"}),
        hana.post(f"/diagnosis/{area}", data={"file_R1": "no file"}),
    ]
    assert [answer.status_code in (200, 302, 409, 422) for answer in met] == [True, True]
    assert met[0].status_code == 200
    assert Page(met[0]).soup.find("input", attrs={"name": "issued_on"})["value"] == "2026-11-01"


@pytest.mark.parametrize("head", [b"\xef\xbb\xbf<html>", b" \n<svg onload=x>", b"<!DOCTYPE html>", b"a\x00b"])
def test_a_page_is_no_plain_text(context, head):
    import io

    from portal.base import files
    from portal.base.access import RuleBroken
    from portal.base.db import transaction

    with pytest.raises(RuleBroken, match="file_mismatch"), transaction():
        files.store(io.BytesIO(head), "notes.txt")


def test_the_trace_of_a_track_record_holds_no_text_that_somebody_typed(world):
    from portal.base import audit
    from portal.base.access import SYSTEM
    from portal.base.db import session
    from portal.directory import service
    from tests.factories import applications

    with world.app.app_context():
        gong = world.actor("gong")
        applications.a_listing(gong)
        service.add_track_record(
            SYSTEM, gong.organisation_id, year=2025, programme="기초", source="담당 김철수 010-1234-5678"
        )
        row = (
            session.query(audit.AuditRow)
            .filter_by(action="track_record.add")
            .order_by(audit.AuditRow.id.desc())
            .first()
        )
        assert "김철수" not in row.detail


# --- values that no form offers ----------------------------------------------------------------------------


def test_a_year_to_come_is_told_at_its_field(client_as):
    answer = client_as("gong").post("/supplier/listing", data={"summary": "합성 요약", "founded_year": "2099"})
    assert answer.status_code in (200, 422)
    page = Page(answer)
    assert "올해보다 늦은 연도입니다." in page.errors()["founded_year"]
    assert page.values("/supplier/listing")["summary"] == "합성 요약"


@pytest.mark.parametrize(
    "typed", [{"verdict": "x"}, {"verdict": "correct", "level": "12"}, {"verdict": "correct", "level": "-1"}]
)
def test_a_verdict_or_level_that_no_form_offers_is_none(app, actor, client_as, typed):
    from portal.base.db import session
    from tests.factories import evaluation as make

    other = make.an_evaluator("이보라")
    case = make.in_evaluation(actor("hana"), actor("gong"))
    make.assigned(actor("un"), case, [actor("pyeong"), other], actor("jang"))
    assignment = make.opened(actor("pyeong"), case)
    key, version = assignment.key, assignment.review.version
    data = {f"P1_{name}": value for name, value in typed.items()}
    answer = client_as("pyeong").post(f"/evaluation/cases/{key}", data={**data, "P1_note": "합성", "version": version})
    assert answer.status_code in (302, 422)
    session.expire_all()
    word = make.assignment_of(actor("pyeong"), case).review.items.get("P1", {})
    assert word.get("level") is None
    assert word.get("verdict") in (None, "correct")
