"""Nobody carries the directory away: distinct suppliers and pages in an hour are counted for each visitor."""

import pytest

from portal.directory import budget
from portal.web.limits import limiter


@pytest.fixture
def counted(app, monkeypatch):
    limiter.enabled = True
    limiter.reset()
    monkeypatch.setattr(
        budget,
        "BUDGETS",
        {"listing": ("2/hour", "3/hour", "9/hour"), "search": ("9/hour",) * 3, "further_page": ("1/hour",) * 3},
    )
    yield
    limiter.reset()
    limiter.enabled = False


@pytest.mark.one_database
def test_a_visitor_opens_so_many_suppliers_an_hour_and_what_was_seen_stays_open(client_as, make, counted, cast):
    keys = [make.approved_listing(name=f"합성 {number}").key for number in range(4)]
    anon, hana, un = client_as("anon"), client_as("hana"), client_as("un")

    def opened(browser):
        return [browser.get(f"/suppliers/{key}").status_code for key in [keys[0], keys[0], *keys]]

    assert opened(anon) == [200, 200, 200, 200, 429, 429]
    assert opened(hana) == [200, 200, 200, 200, 200, 429]
    assert opened(un) == [200] * 6
    stopped = anon.get(f"/suppliers/{keys[3]}")
    assert (int(stopped.headers["Retry-After"]) > 3000, "이미 본 곳은 지금도 열립니다" in stopped.text) == (True, True)
    further = [anon.get(f"/suppliers?q=MES&page={number}").status_code for number in (1, 2, 2, 3)]
    assert further == [200, 200, 200, 429]
