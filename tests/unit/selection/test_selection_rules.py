"""The order, the budget, the places of each tier, and who moves up, on plain values."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portal.evaluation.phases import TieRule
from portal.evaluation.rules import Outcome
from portal.programmes.rules import Tier
from portal.selection import rules
from portal.selection.rules import Candidate, Limit, Terms

NINE = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)


def one(number, total, *, tier=Tier.BASIC, subsidy=100, **more):
    return Candidate(
        id=number, number=f"2026-AUTOM-{number:05d}", total=total, tier=tier, subsidy=subsidy,
        submitted_at=more.pop("submitted_at", NINE + timedelta(minutes=number)), **more,
    )


def outcomes(result):
    return [(place.candidate.id, place.outcome.value, place.rank, place.reserve) for place in result.places]


def test_the_budget_is_spent_in_the_order_of_the_totals():
    result = rules.rank([one(1, 80.0), one(2, 90.0), one(3, 85.0)], Terms(budget=200))
    assert outcomes(result) == [(2, "selected", 1, None), (3, "selected", 2, None), (1, "reserve", 3, 1)]
    assert (result.cutoff, result.spent, result.left) == (85.0, 200, 0)


def test_nobody_overtakes_the_first_who_no_longer_fits():
    """The third would fit into what is left; it waits all the same."""
    result = rules.rank([one(1, 90.0), one(2, 85.0, subsidy=500), one(3, 80.0, subsidy=10)], Terms(budget=200))
    assert outcomes(result) == [(1, "selected", 1, None), (2, "reserve", 2, 1), (3, "reserve", 3, 2)]
    assert [place.limit for place in result.places] == [None, Limit.BUDGET, Limit.BUDGET]


def test_a_full_tier_lets_the_next_of_another_tier_come():
    rows = [one(1, 90.0), one(2, 89.0), one(3, 88.0, tier=Tier.ADVANCED)]
    result = rules.rank(rows, Terms(budget=1000, places={Tier.BASIC: 1}))
    assert outcomes(result) == [(1, "selected", 1, None), (2, "reserve", 2, 1), (3, "selected", 3, None)]
    assert result.places[1].limit is Limit.PLACES


def test_the_bonus_lifts_but_only_up_to_its_cap():
    rows = [one(1, 84.0), one(2, 80.0, bonus=9.0)]
    result = rules.rank(rows, Terms(budget=100, cap=5.0))
    assert [(place.candidate.id, place.total) for place in result.places] == [(2, 85.0), (1, 84.0)]
    assert result.cutoff == 85.0


def test_who_is_not_recommended_is_rejected_whatever_the_total():
    result = rules.rank([one(1, 99.0, recommended=False), one(2, 70.0)], Terms(budget=1000))
    assert outcomes(result) == [(2, "selected", 1, None), (1, "rejected", None, None)]


def test_a_short_reserve_list_rejects_the_rest():
    rows = [one(n, 90.0 - n) for n in range(1, 6)]
    result = rules.rank(rows, Terms(budget=100, reserves=2))
    assert [place.outcome.value for place in result.places] == [
        "selected", "reserve", "reserve", "rejected", "rejected",
    ]


@pytest.mark.parametrize(("ties", "first"), [(TieRule.CRITICAL, 2), (TieRule.EARLIER, 1)])
def test_ties_go_by_the_published_rule(ties, first):
    rows = [one(1, 80.0, critical=30.0), one(2, 80.0, critical=35.0)]
    assert rules.in_order(rows, Terms(budget=1, ties=ties))[0].id == first


def test_equal_in_everything_goes_by_receipt_number_however_the_rows_come():
    rows = [one(n, 80.0, submitted_at=NINE) for n in range(1, 30)]
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        assert [row.id for row in rules.in_order(rows, Terms(budget=1))] == list(range(1, 30))


def test_nothing_is_ever_overspent_and_the_order_always_holds():
    """Five hundred random calls: money, places, and no selected one behind a budget reserve of the same list."""
    dice = random.Random(11)
    for _ in range(500):
        rows = [
            one(
                n, round(dice.uniform(60, 100), 2), tier=dice.choice(list(Tier)), subsidy=dice.randint(1, 300),
                bonus=dice.choice([0.0, 2.0, 7.0]), recommended=dice.random() > 0.2, critical=dice.uniform(0, 60),
            )
            for n in range(1, dice.randint(2, 40))
        ]
        terms = Terms(budget=dice.randint(1, 3000), places={Tier.BASIC: dice.randint(0, 5)})
        result = rules.rank(rows, terms)
        chosen = [place for place in result.places if place.outcome is Outcome.SELECTED]
        assert sum(place.candidate.subsidy for place in chosen) == result.spent <= terms.budget
        assert result.places_by_tier()[Tier.BASIC] <= terms.places[Tier.BASIC]
        broke = next((place.rank for place in result.places if place.limit is Limit.BUDGET), None)
        assert broke is None or all(place.rank < broke for place in chosen)
        assert len(result.places) == len(rows)
        # who moves up when nothing is free: nobody
        waiting = [place.candidate for place in result.places if place.outcome is Outcome.RESERVE]
        assert rules.next_up(waiting, terms, result.left, result.places_by_tier()) == []


def test_who_is_next_moves_up_into_what_a_withdrawal_frees():
    waiting = [one(3, 80.0, subsidy=100), one(4, 79.0, subsidy=40)]
    terms = Terms(budget=200)
    assert [row.id for row in rules.next_up(waiting, terms, 140, Counter())] == [3, 4]
    assert [row.id for row in rules.next_up(waiting, terms, 100, Counter())] == [3]
    assert [row.id for row in rules.next_up(waiting, terms, 60, Counter())] == []


def test_a_place_of_a_tier_goes_to_its_own_tier():
    waiting = [one(3, 90.0, tier=Tier.BASIC), one(4, 80.0, tier=Tier.ADVANCED)]
    terms = Terms(budget=1000, places={Tier.BASIC: 1, Tier.ADVANCED: 1})
    assert [row.id for row in rules.next_up(waiting, terms, 500, Counter({Tier.BASIC: 1}))] == [4]


def test_an_appeal_takes_its_turn_and_pushes_nobody_out():
    terms, waiting = Terms(budget=300), [one(5, 80.0)]
    better, worse = one(9, 95.0), one(9, 75.0)
    assert rules.on_appeal(better, waiting, terms, 100, Counter()) is Outcome.SELECTED
    assert rules.on_appeal(better, waiting, terms, 50, Counter()) is Outcome.RESERVE
    assert rules.on_appeal(worse, waiting, terms, 100, Counter()) is Outcome.RESERVE


def test_a_band_points_at_nobody_in_a_small_field():
    assert rules.band(1, 7) is None
    assert [rules.band(rank, 8) for rank in (1, 2, 3, 4, 5, 6, 7, 8)] == [1, 1, 2, 2, 3, 3, 4, 4]


def test_what_a_firm_may_know_holds_no_other_firms_total_but_the_cutoff():
    rows = [one(n, 100.0 - n) for n in range(1, 11)]
    told = rules.standings(rules.rank(rows, Terms(budget=300)))
    assert told[10].as_dict() == {"band": 4, "cutoff": 97.0, "bonus": 0.0, "reserve": 7, "subsidy": 100}


def test_other_budgets_are_worked_through_without_touching_the_real_one():
    rows = [one(n, 100.0 - n) for n in range(1, 11)]
    tried = rules.what_if(rows, Terms(budget=300), [100, 300, 900])
    assert [(row.count(Outcome.SELECTED), row.cutoff) for row in tried] == [(1, 99.0), (3, 97.0), (9, 91.0)]


def test_the_digest_changes_with_everything_that_counts():
    rows, terms = [one(1, 80.0), one(2, 70.0)], Terms(budget=100)
    first = rules.digest(rows, terms)
    assert rules.digest(list(reversed(rows)), terms) == first
    changed = [
        rules.digest([replace(rows[0], **change), rows[1]], terms)
        for change in ({"total": 80.1}, {"bonus": 1.0}, {"subsidy": 99}, {"recommended": False}, {"tier": Tier.LEADING})
    ]
    assert first not in changed
    assert rules.digest(rows, Terms(budget=101)) != first


def test_terms_come_back_as_they_were_kept():
    terms = Terms(500, {Tier.LEADING: 3}, 4.0, TieRule.EARLIER, 7)
    assert Terms.of(terms.as_dict()) == terms


@pytest.mark.parametrize(
    ("actor", "maker", "took_part", "allowed"),
    [(5, 2, False, True), (6, 2, False, False), (5, 5, False, False), (5, 2, True, False), (None, 2, False, False)],
)
def test_only_the_named_chair_who_had_no_other_part_approves(actor, maker, took_part, allowed):
    assert bool(rules.can_approve(actor, 5, maker, took_part)) is allowed
