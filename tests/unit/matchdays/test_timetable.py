"""Who may meet whom, which pairs block, why a wish was not met, and that the solver's answers keep every promise."""

import random
import time
from collections import Counter
from datetime import date
from datetime import time as clock_time

import pytest

from portal.matchdays import rules
from portal.matchdays.solver import solve
from portal.matchdays.timetable import Party, Question, Seat, Unmet, blocking, closed, figures, tables_of, unmet

LOT = "0123456789abcdef" * 2


def party(key, *wanted, most=2, slots=(0, 1), refused=(), takes_others=True):
    return Party(
        key, most, frozenset(slots), {one: at for at, one in enumerate(wanted, 1)}, frozenset(refused), takes_others
    )


def question(companies, suppliers, slots=2, tables=2, **more):
    return Question(tuple(companies), tuple(suppliers), slots, tables, **more)


def crowd(companies, suppliers, slots, tables, per_company, seed, away=0.0):
    """Wishes that lean towards a few well-known suppliers, refusals, absences."""
    lot = random.Random(seed)
    ours, theirs = list(range(1, companies + 1)), list(range(1001, 1001 + suppliers))
    weights = [1 / (at + 1) ** 0.7 for at in range(suppliers)]

    def some(people, count, weights=None):
        found = []
        while len(found) < min(count, len(people)):
            one = lot.choices(people, weights)[0]
            if one not in found:
                found.append(one)
        return found

    def there():
        return frozenset(slot for slot in range(slots) if lot.random() >= away) or frozenset({0})

    def side(people, most, pick):
        for one in people:
            wanted = pick()
            yield Party(one, most, there(), {other: at for at, other in enumerate(wanted, 1)}, takes_others=lot.random() < 0.7)

    return question(
        side(ours, per_company, lambda: some(theirs, lot.randint(2, 6), weights)),
        side(theirs, slots, lambda: some(ours, lot.randint(0, 8))),
        slots,
        tables,
    )


def check(asked, seats):
    """Everything that no timetable may do."""
    allowed = set(asked.open_pairs) | {(one.company, one.supplier) for one in asked.fixed}
    assert {(seat.company, seat.supplier) for seat in seats} <= allowed
    assert len({(seat.company, seat.supplier) for seat in seats}) == len(seats)
    for kind in ("company", "supplier"):
        who = [getattr(seat, kind) for seat in seats]
        parties = getattr(asked, kind)
        assert len({(one, seat.slot) for one, seat in zip(who, seats, strict=True)}) == len(seats)
        assert all(seat.slot in parties[one].slots for one, seat in zip(who, seats, strict=True))
        assert all(count <= parties[one].most for one, count in Counter(who).items())
    assert max(Counter(seat.slot for seat in seats).values(), default=0) <= asked.tables


def test_a_pair_meets_only_when_one_wished_and_nobody_refused():
    company, supplier = party(1, 9), party(9)
    assert closed(question([company], [supplier]), company, supplier) is None
    cases = {
        Unmet.ONLY_WISHED: (party(1), party(9)),
        Unmet.REFUSED: (party(1, 9), party(9, refused=[1])),
        Unmet.NO_COMMON_TIME: (party(1, 9, slots=[0]), party(9, slots=[1])),
    }
    for why, (one, other) in cases.items():
        assert closed(question([one], [other]), one, other) is why
    shut = party(9, takes_others=False)
    assert closed(question([company], [shut]), company, shut) is Unmet.ONLY_WISHED
    kept = question([company], [supplier], barred={(1, 9): Unmet.CONFLICT})
    assert closed(kept, company, supplier) is Unmet.CONFLICT
    assert solve(kept, LOT).seats == ()


def test_a_pair_blocks_when_both_would_rather_and_could_sit():
    asked = question([party(1, 9, 8, most=1), party(2, 9, most=1)], [party(8, most=1), party(9, 1, 2, most=1)])
    worse = [Seat(1, 8, 0), Seat(2, 9, 0)]
    (block,) = blocking(asked, worse)
    assert (block.company, block.supplier, block.dropped) == (1, 9, frozenset(worse))
    assert blocking(asked, worse, held=worse) == []
    assert blocking(asked, [Seat(1, 9, 0)]) == []
    assert blocking(question(asked.companies, asked.suppliers, 2, 0), []) == []


def test_what_was_not_met_is_explained():
    asked = question(
        [party(1, 9, 7, most=1), party(2, 9, most=1, slots=[0]), party(3, 8, 9, most=1)],
        [party(8), party(9, 1, most=1, slots=[0])],
        tables=3,
    )
    told = unmet(asked, [Seat(1, 9, 0), Seat(3, 8, 0)])
    assert told == {(1, 7): Unmet.NOT_COMING, (2, 9): Unmet.OTHER_FULL, (3, 9): Unmet.OTHER_FULL}
    assert unmet(asked, [Seat(2, 9, 0)])[3, 8] is Unmet.COULD_SIT
    hall = question([party(1, 8), party(2, 9)], [party(8), party(9)], slots=2, tables=1)
    assert unmet(hall, [Seat(2, 9, 0)])[1, 8] is Unmet.COULD_SIT
    small = question([party(1, 8, slots=[0]), party(2, 9)], [party(8), party(9)], slots=2, tables=1)
    assert unmet(small, [Seat(2, 9, 0)])[1, 8] is Unmet.HALL_FULL
    assert Unmet.REFUSED.told == Unmet.OTHER_FULL.label


@pytest.mark.parametrize(
    "world", [(12, 6, 4, 6, 3, 1, 0.0), (12, 6, 4, 6, 3, 2, 0.3), (14, 6, 4, 3, 3, 3, 0.0), (14, 6, 4, 3, 3, 4, 0.2)]
)
def test_an_answer_keeps_every_promise_and_comes_again(world):
    asked = crowd(*world)
    answer = solve(asked, LOT)
    check(asked, answer.seats)
    assert blocking(asked.with_shares(answer.shares), answer.seats) == []
    assert solve(asked, LOT) == answer
    assert bool(answer.shares) is (world[3] == 3)
    assert sum(answer.shares.values()) <= asked.slots * asked.tables
    assert figures(asked, answer.seats).served >= min(len(asked.companies), asked.slots * asked.tables) - 2


def test_forty_companies_and_twenty_suppliers_are_seated_in_seconds():
    asked, began = crowd(40, 20, 8, 20, 4, 1), time.process_time()
    answer = solve(asked, LOT)
    took = time.process_time() - began
    check(asked, answer.seats)
    found = figures(asked, answer.seats)
    assert (found.blocks, found.served) == (0, 40)
    assert found.meetings > 100 and took < 30


def test_what_was_set_by_hand_stays():
    asked = crowd(8, 4, 4, 4, 2, 5)
    company, supplier = asked.open_pairs[-1]
    fixed = Seat(company, supplier, min(asked.company[company].slots & asked.supplier[supplier].slots))
    kept = question(asked.companies, asked.suppliers, 4, 4, fixed=(fixed,))
    answer = solve(kept, LOT)
    check(kept, answer.seats)
    assert fixed in answer.seats
    assert kept.frozen() != asked.frozen()


def test_a_supplier_keeps_its_table_while_there_are_enough():
    seats = [Seat(1, 8, 0), Seat(2, 9, 0), Seat(2, 8, 1), Seat(1, 9, 1)]
    assert tables_of(seats, 2, [8, 9]) == {seats[0]: 1, seats[1]: 2, seats[2]: 1, seats[3]: 2}
    crowded = [Seat(1, 7, 0), Seat(2, 8, 0), Seat(3, 9, 1)]
    found = tables_of(crowded, 2, [7, 8, 9])
    assert sorted(found[one] for one in crowded[:2]) == [1, 2]


def test_a_plan_is_checked_as_a_whole():
    today = date(2026, 11, 23)
    good = dict(day=date(2026, 12, 8), first=clock_time(13), minutes=30, pause=5, slots=8, tables=20, until=date(2026, 12, 1))
    assert rules.problems_of(**good, today=today) == []
    bad = good | {"day": today, "minutes": 5, "slots": 0, "tables": 500, "until": date(2026, 11, 1)}
    assert [field for field, _ in rules.problems_of(**bad, today=today)] == [
        "day", "minutes", "slots", "tables", "wishes_until"
    ]  # fmt: skip
    late = good | {"first": clock_time(22), "minutes": 60}
    assert [(field, no.code) for field, no in rules.problems_of(**late, today=today)] == [("slots", "matchday_midnight")]
