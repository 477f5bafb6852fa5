"""Shares against the catalogue, and the order of offers before a company."""

import pytest

from portal.matching.rules import Candidate, Need
from portal.winwin.rules import Shares, Terms, broken_shares, rank

WIN1 = Terms(gov=0.3, partner=0.3, own=0.4, ceiling_krw=120_000_000)


@pytest.mark.parametrize(
    ("shares", "project", "codes"),
    [
        (Shares(30, 30, 40), 400_000_000, []),
        (Shares(30, 70, 0), 100_000_000, []),
        (Shares(31, 30, 39), 100_000_000, ["offer_gov_high"]),
        (Shares(30, 29, 41), 100_000_000, ["offer_partner_low", "offer_own_high"]),
        (Shares(30, 30, 39), 100_000_000, ["offer_shares_sum"]),
        (Shares(30, 30, 40), 400_000_010, ["offer_ceiling"]),
        (Shares(-1, 101, 0), 0, ["offer_share_range", "offer_share_range", "offer_project"]),
    ],
)
def test_shares_are_held_to_the_catalogue(shares, project, codes):
    assert [one.code for one in broken_shares(shares, project, WIN1)] == codes


def test_what_the_catalogue_does_not_know_binds_nobody():
    assert broken_shares(Shares(90, 10, 0), 10**9, Terms()) == []


def offer(number, **changes):
    given = {
        "id": number, "key": str(number), "organisation_id": 100 + number, "open_slots": 1, "is_grey": False,
        "technologies": {}, "sectors": (), "regions": ("nationwide",), "home": frozenset(), "records": (),
    }  # fmt: skip
    return Candidate(**{**given, **changes})


def test_offers_stand_by_need_and_those_behind_a_gate_come_last():
    need = Need(1, {"MES": 0.75, "POP": 0.25}, regions=frozenset({"gyeonggi"}), ksic="25910")
    rows = rank(
        need,
        [
            offer(1, technologies={"POP": 5}),
            offer(2, technologies={"MES": 5}, sectors=("25",)),
            offer(3, technologies={"MES": 5}, regions=("busan",)),
            offer(4, technologies={"MES": 5}, open_slots=0),
        ],
        seed="2026-11-23",
        technology_names={},
    )
    assert [row.candidate.id for row in rows[:2]] == [2, 1]
    assert {row.candidate.id: row.gate for row in rows[2:]} == {3: "match_region", 4: "match_no_capacity"}
