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
