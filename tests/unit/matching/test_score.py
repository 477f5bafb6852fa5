"""Gates before scores, parts that add up to sentences, a place for newcomers, turns for near-ties, no hidden part."""

import random
from dataclasses import replace

import pytest

from portal.directory.oversight import Mark
from portal.directory.rules import NATIONWIDE
from portal.matching.rules import Need, gate, talks, weigh, with_written
from portal.matching.score import MAXIMA, PRIOR, mean_outcome, outcome, parts_of, rank, technology
from portal.reference.rules import SizeClass
from tests.factories.suppliers import Build, supplier

NEED = Need(
    organisation_id=1,
    technologies={"MES": 0.75, "QMS": 0.25},
    regions=frozenset({"gyeonggi", "gyeonggi-hwaseong"}),
    ksic="251",
    size=SizeClass.SMALL,
    target_level=2,
)


def ranked(candidates, seed="2026-11-22", need=NEED, limit=20):
    return rank(need, candidates, seed=seed, technology_names={}, limit=limit)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"open_slots": 0}, "match_no_capacity"),
        ({"is_grey": True}, "match_not_confirmed"),
        ({"regions": ["busan"]}, "match_region"),
        ({"regions": [NATIONWIDE]}, None),
        ({"organisation_id": 1}, "match_own"),
    ],
)
def test_a_gate_keeps_a_supplier_out_and_says_why(changes, code):
    assert gate(NEED, supplier(1, **changes)) == code


def test_who_is_kept_out_is_counted_not_ranked_lower():
    best = supplier(1, open_slots=0, records=tuple(Build() for _ in range(30)))
    ranking = ranked([best, supplier(2), supplier(3, regions=["busan"])])
    assert [row.candidate.id for row in ranking.rows] == [2]
    assert ranking.dropped == {"match_no_capacity": 1, "match_region": 1}
    assert ranking.considered == 3


def test_parts_keep_to_their_maxima_and_sum_to_100():
    assert sum(MAXIMA.values()) == 100
    perfect = supplier(1, records=tuple(Build(technologies=("MES", "QMS")) for _ in range(500)))
    parts = parts_of(NEED, perfect, technology_names={})
    assert [part.code for part in parts] == list(MAXIMA)
    assert all(0 <= part.points <= part.maximum for part in parts)
    assert sum(part.points for part in parts) > 98


def test_every_part_says_why_in_both_languages():
    for candidate in (supplier(1), supplier(2, records=(Build(),)), supplier(3, technologies={}, sectors=[])):
        for need in (NEED, Need(organisation_id=1)):
            for part in parts_of(need, candidate, technology_names={}):
                assert part.reason.ko.strip() and part.reason.en.strip()
                assert "{" not in part.reason.ko + part.reason.en


def test_a_verified_build_counts_more_than_the_own_word():
    points = [
        technology(NEED, candidate, {}).points
        for candidate in (
            supplier(1, technologies={}),
            supplier(2, technologies={"MES": 1}),
            supplier(3, technologies={"MES": 5}),
            supplier(4, technologies={}, records=(Build(),)),
        )
    ]
    assert points == [0, pytest.approx(12.38, abs=0.01), pytest.approx(16.88, abs=0.01), 22.5]


def test_one_lucky_build_is_drawn_to_the_mean():
    one, many = supplier(1, records=(Build(),)), supplier(2, records=tuple(Build() for _ in range(40)))
    assert outcome(one, 0.5).points < outcome(many, 0.5).points
    assert outcome(one, 0.5).points == pytest.approx(15 * (3 + 6 * 0.5) / (3 + 6))
    assert outcome(supplier(3), 0.5).points == pytest.approx(7.5)


def test_the_mean_of_nobody_is_the_prior():
    assert mean_outcome([]) == PRIOR


def test_more_good_builds_never_lower_the_score():
    scores = [
        sum(
            part.points
            for part in parts_of(NEED, supplier(1, records=tuple(Build() for _ in range(n))), technology_names={})
        )
        for n in range(12)
    ]
    assert scores == sorted(scores)


def test_the_order_does_not_depend_on_the_order_of_the_suppliers():
    candidates = [supplier(n, technologies={"MES": 1 + n % 5}) for n in range(1, 40)]
    first = [row.candidate.id for row in ranked(candidates).rows]
    random.Random(7).shuffle(candidates)
    assert [row.candidate.id for row in ranked(candidates).rows] == first


def test_equals_take_turns_by_the_published_seed():
    candidates = [supplier(n) for n in range(1, 9)]
    orders = {
        tuple(row.candidate.id for row in ranked(candidates, seed=f"2026-11-{day:02}").rows) for day in range(1, 29)
    }
    assert len(orders) > 20
    leaders = {order[0] for order in orders}
    assert len(leaders) > 4


def test_a_clearly_better_supplier_never_takes_turns():
    good = supplier(99, records=tuple(Build() for _ in range(10)))
    for day in range(1, 29):
        assert ranked([supplier(1), good, supplier(2)], seed=f"2026-11-{day:02}").rows[0].candidate.id == 99


def test_every_fifth_place_is_a_newcomers():
    old = [supplier(n, records=tuple(Build() for _ in range(5))) for n in range(1, 21)]
    new = [supplier(n) for n in range(50, 53)]
    rows = ranked(old + new, limit=15).rows
    assert [row.place for row in rows if row.candidate.is_newcomer] == [5, 10, 15]
    assert all(row.is_by_slot for row in rows if row.candidate.is_newcomer)
    assert [row.place for row in rows] == list(range(1, 16))
    assert len({row.candidate.id for row in rows}) == 15


def test_a_newcomer_who_is_good_enough_needs_no_slot():
    rows = ranked([supplier(n) for n in range(1, 9)]).rows
    assert not any(row.is_by_slot for row in rows)


def test_a_diagnosis_becomes_weighted_technologies():
    weights, items = weigh(
        moves=[("E1", 3.0, ["MES"]), ("Q1", 1.0, ["QMS", "SPC"])],
        lost=[("E1", 10.0, ["MES"]), ("P1", 5.0, [])],
    )
    assert sum(weights.values()) == pytest.approx(1.0, abs=1e-5)
    assert list(weights) == ["MES", "QMS", "SPC"]
    assert weights["MES"] == pytest.approx((2 * 0.75 + 1.0) / 3.0, abs=1e-5)
    assert items == {"MES": ("E1",), "QMS": ("Q1",), "SPC": ("Q1",)}


def test_no_diagnosis_needs_nothing():
    assert weigh([], []) == ({}, {})
    assert technology(Need(organisation_id=1), supplier(1), {}).points == 15


def test_what_a_company_writes_weighs_as_much_as_its_diagnosis():
    assert with_written({}, ()) == {}
    assert with_written({"MES": 1.0}, ()) == {"MES": 1.0}
    assert with_written({}, ("ERP", "MES")) == {"ERP": 0.5, "MES": 0.5}
    assert with_written({"MES": 0.5, "QMS": 0.5}, ("ERP",)) == {"ERP": 0.5, "MES": 0.25, "QMS": 0.25}


def test_stating_very_many_places_brings_no_more_than_three_even_shares():
    assert talks([0, 1, 2, 999], companies=3) == [0, 10, 15, 15]
    assert talks([0, 0], companies=10) == [0, 0]
    assert talks([1, 999], companies=0) == [5, 5]


def test_a_programme_may_ask_for_a_mark():
    asked = replace(NEED, required=frozenset({Mark.AI}))
    assert gate(asked, supplier(1)) == "match_mark"
    assert gate(asked, replace(supplier(1), marks=frozenset({Mark.AI, Mark.AAS}))) is None
