"""Looks are noted without touching the database, and added up by the worker without knowing who looked."""


import pytest

from portal.accounts.models import Organisation
from portal.base.access import ANONYMOUS
from portal.base.db import session, transaction
from portal.directory import impressions
from portal.directory.models import Impression
from portal.directory.rules import ImpressionKind

pytestmark = pytest.mark.one_database


@pytest.fixture
def rows(app):
    def read():
        with app.app_context():
            impressions.fold()  # takes the notes aside
            impressions.fold()
            found = session.query(Impression).order_by(Impression.listing_id, Impression.region)
            return [(row.listing_id, row.place, row.region, row.technology, row.shown) for row in found]

    return read


def test_what_companies_and_visitors_see_is_added_up_by_province(app, client_as, cast, make, rows):
    with app.app_context(), transaction():
        session.get(Organisation, cast["hana"].organisation_id).region = "gyeonggi-hwaseong"
    first = make.approved_listing(name="가온 (합성)")
    second = make.approved_listing(name="나래 (합성)")
    for who in ("anon", "hana", "hana"):
        client_as(who).get("/suppliers?q=제조실행시스템")
    for who in ("gong", "un", "gam"):
        client_as(who).get("/suppliers?technology=MES")
    assert rows() == [
        (first.id, 1, "", "MES", 1),
        (first.id, 1, "gyeonggi", "MES", 2),
        (second.id, 2, "", "MES", 1),
        (second.id, 2, "gyeonggi", "MES", 2),
    ]


def test_a_second_round_adds_to_the_day_and_a_torn_line_is_left_out(app, make, rows):
    listing = make.approved_listing()
    with app.app_context():
        impressions.note(ANONYMOUS, ImpressionKind.NIGHTLY, [listing.id, 10**9], first_place=80)
    assert rows() == [(listing.id, impressions.LAST_PLACE, "", "", 1)]
    with app.app_context():
        impressions.note(ANONYMOUS, ImpressionKind.NIGHTLY, [listing.id], first_place=80)
        with (impressions._ready() / "notes.log").open("a") as notes:
            notes.write('["2026-11-')
    assert rows() == [(listing.id, impressions.LAST_PLACE, "", "", 2)]
