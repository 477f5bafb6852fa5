"""The auditor's reading room: whose it is, what the filters do, and that it never changes the log."""

from datetime import timedelta

import pytest

from portal.base import audit, clock
from portal.base.access import Actor
from portal.base.db import transaction


@pytest.fixture
def deeds(app, cast):
    """Three deeds after those of the cast: two of hana on the same firm, one of un on another thing."""
    hana, un = Actor(id=cast["hana"].id), Actor(id=cast["un"].id)
    with app.app_context(), transaction():
        audit.record(hana, "listing.submit", "listing", 71, {"field": "name"})
        audit.record(hana, "listing.withdraw", "listing", 71)
        audit.record(un, "call.open", "call", 72)


def rows(page):
    """(action, object) of each row shown, from the top."""
    found = []
    for row in page.soup.select("tbody tr"):
        found.append((row.code.text, row.a.text))
    return found


def test_only_the_auditor_reads_the_log(client_as, deeds):
    seen = {name: client_as(name).get("/audit").status_code for name in ("hana", "pyeong", "jang", "gong", "un", "gam")}
    assert seen == {"hana": 403, "pyeong": 403, "jang": 403, "gong": 403, "un": 403, "gam": 200}


def test_the_newest_deed_stands_first_with_its_person_and_words(client_as, deeds):
    page = client_as("gam").page("/audit")
    assert rows(page)[:3] == [
        ("call.open", "call #72"),
        ("listing.withdraw", "listing #71"),
        ("listing.submit", "listing #71"),
    ]
    assert "공급기업 등록 · 제출" in page.text
    assert "김하나" in page.text


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"action": "call.open"}, [("call.open", "call #72")]),
        (
            {"object_type": "listing", "object_id": "71"},
            [("listing.withdraw", "listing #71"), ("listing.submit", "listing #71")],
        ),
        ({"object_type": "listing", "object_id": "72"}, []),
    ],
)
def test_filters_narrow_the_list(client_as, deeds, query, shown):
    assert rows(client_as("gam").page("/audit", query_string=query)) == shown


def test_the_last_day_of_the_window_is_included_and_the_next_not(client_as, deeds):
    today = clock.today()
    gam = client_as("gam")
    inside = gam.page("/audit", query_string={"action": "call.open", "since": today, "until": today})
    before = gam.page("/audit", query_string={"action": "call.open", "until": today - timedelta(days=1)})
    assert (rows(inside), rows(before)) == ([("call.open", "call #72")], [])


def test_a_date_that_is_none_is_told_at_its_field(client_as, deeds):
    page = client_as("gam").page("/audit", query_string={"since": "2026-13-40"})
    assert list(page.errors()) == ["since"]
    assert rows(page) == []


def test_the_log_asks_the_same_number_of_questions_for_one_row_and_for_many(client_as, queries_of, deeds):
    gam = client_as("gam")
    gam.get("/audit")  # what is read once for a process
    one = queries_of(lambda: gam.get("/audit?action=call.open"))
    assert queries_of(lambda: gam.get("/audit")) == one


def test_text_in_a_detail_is_shown_as_text(client_as, app, cast):
    with app.app_context(), transaction():
        audit.record(Actor(id=cast["hana"].id), "listing.submit", "listing", 1, {"field": "<script>alert(1)</script>"})
    page = client_as("gam").page("/audit?action=listing.submit")
    assert "<script>alert(1)</script>" in page.text
