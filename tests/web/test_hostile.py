"""What a hostile visitor tries on every page: names that mean something to the framework, numbers too large for the
database, text that no database keeps, other people's addresses."""

from __future__ import annotations

import pytest

PAGES = {
    "anon": ("/", "/suppliers", "/calls", "/programmes", "/precheck", "/sign-in"),
    "hana": ("/home", "/applications", "/consultations", "/diagnosis"),
    "un": ("/applications/queue", "/operator/listings", "/operator/assignments", "/operator/calls"),
    "pyeong": ("/evaluation/queue",),
    "jang": ("/evaluation/decisions",),
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
    "person=99999999999999999999&action=%00&object=%00&since=0000-00-00&until=9999-12-31",
)


@pytest.mark.parametrize("name", PAGES)
def test_no_query_breaks_a_page(world, name):
    """Unknown filters, framework words, NUL and numbers without end: a page or a refusal, never an error."""
    browser = world.app.test_client()
    if name in world.cast:
        browser.sign_in(world.cast[name])
    met = {f"{path}?{query}": browser.get(f"{path}?{query}") for path in PAGES[name] for query in QUERIES}
    assert {address: answer.status_code for address, answer in met.items() if answer.status_code not in (200, 400)} == {}
    assert [address for address, answer in met.items() if "javascript:" in answer.get_data(as_text=True)] == []


def test_the_link_to_the_other_language_keeps_what_was_asked(client):
    page = client.page("/suppliers?q=MES&region=busan&region=daegu&endpoint=x")
    link = page.soup.find("a", attrs={"hreflang": "en"})["href"]
    assert link == "/suppliers?q=MES&region=busan&region=daegu&endpoint=x&lang=en"


def test_a_number_that_no_column_holds_leads_nowhere(client_as):
    hana = client_as("hana")
    answers = [hana.post("/account/sessions/99999999999999999999999/end"), hana.get("/demo/mail/99999999999999999999999")]
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
