"""Solving a timetable: first who meets whom, then when. Only the worker, tests and figures import this room (OR-tools).

Shares: when the hall has fewer seats than the companies may take, the seats are dealt out evenly, the last ones by lot.
Who: among the stable choices (no pair would rather have each other) the one that serves most companies and then meets
most wishes, found by CP-SAT from the choice that deferred acceptance gives. When: a colouring of the chosen pairs with the
times at which both are there, a table for each. Where absences keep a pair out, others move up until nobody blocks.
One thread, a limit counted in steps and not in seconds, everything sorted: the same question and lot give the same answer.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ortools.sat.python import cp_model

from portal.matchdays.timetable import UNRANKED, Party, Question, Seat, blocking

STEPS_TO_CHOOSE, STEPS_TO_SEAT = 3.0, 4.0
"""Deterministic time of CP-SAT; about seconds of one core."""
MOST_REPAIRS = 400
SERVED, STABLE = 40_000, 400_000
"""What a company's first meeting and a pair that does not block are worth beside wishes (some thousand each)."""

Pair = tuple[int, int]


@dataclass(frozen=True)
class Answer:
    """seats: in order; is_best: whether the choice of pairs is proved to be the best stable one.

    shares: company → the meetings that are its share of a hall that is too small; empty when it is not
    """

    seats: tuple[Seat, ...]
    is_best: bool
    shares: Mapping[int, int]


def solve(question: Question, seed: str) -> Answer:
    """The timetable of a question under a lot."""
    lot = random.Random(seed)
    shares, whole = _shares(question, lot), question
    question = question.with_shares(shares)
    values = {pair: _value(question, pair) * 16 + lot.randrange(16) for pair in question.open_pairs}
    values |= {(one.company, one.supplier): 0 for one in question.fixed if (one.company, one.supplier) not in values}
    offered = _accepted(question, lot)
    chosen, is_best = _choose(question, values, offered, int(seed[:8], 16) % 2**31)
    seats = _seat(question, chosen, values, int(seed[8:16] or "0", 16) % 2**31)
    seats = _repaired(question, seats, values)
    if shares:
        seats = _filled(whole, question, seats, values)
    return Answer(tuple(sorted(seats)), is_best, shares)


def _shares(question: Question, lot: random.Random) -> dict[int, int]:
    """The seats of the hall dealt out: one each, round by round, in the last round to whom the lot names."""
    asked = {one.id: one.quota for one in question.companies}
    left = question.slots * question.tables
    if min(sum(asked.values()), sum(one.quota for one in question.suppliers)) <= left:
        return {}
    shares = dict.fromkeys(asked, 0)
    while left and (hungry := sorted(one for one, most in asked.items() if shares[one] < most)):
        lot.shuffle(hungry)
        for one in hungry[:left]:
            shares[one] += 1
        left -= min(left, len(hungry))
    return shares


def _value(question: Question, pair: Pair) -> int:
    """Wishes of both sides; a company's counts double, because it is the one that seeks."""
    company, supplier = question.company[pair[0]], question.supplier[pair[1]]
    return 10 + 2 * _worth(company, supplier.id) + _worth(supplier, company.id)


def _worth(party: Party, other: int) -> int:
    rank = party.rank(other)
    return 0 if rank == UNRANKED else max(20, 120 - 10 * rank)


# --- who meets whom -----------------------------------------------------------------------------------------------


def _accepted(question: Question, lot: random.Random) -> set[Pair]:
    """Deferred acceptance: companies ask in the order of their wishes, suppliers keep whom they want most."""
    draw = {pair: lot.random() for pair in question.open_pairs}
    fixed = {(one.company, one.supplier) for one in question.fixed}
    room = {one.id: one.quota for one in (*question.companies, *question.suppliers)}
    for company, supplier in fixed:
        room[company] -= 1
        room[supplier] -= 1
    lists: dict[int, list[int]] = defaultdict(list)
    for company, supplier in question.open_pairs:
        if (company, supplier) not in fixed:
            lists[company].append(supplier)
    for company, asked in lists.items():
        asked.sort(key=lambda one, own=question.company[company]: (own.rank(one), draw[own.id, one]), reverse=True)
    held: dict[int, list[int]] = defaultdict(list)
    count = defaultdict(int)
    waiting = sorted(lists, reverse=True)
    while waiting:
        company = waiting[-1]
        if count[company] >= room[company] or not lists[company]:
            waiting.pop()
            continue
        supplier = lists[company].pop()
        if room[supplier] <= 0:
            continue
        own = question.supplier[supplier]
        held[supplier].append(company)
        count[company] += 1
        if len(held[supplier]) > room[supplier]:
            out = max(held[supplier], key=lambda one: (own.rank(one), draw[one, own.id]))
            held[supplier].remove(out)
            count[out] -= 1
            if out != company:
                waiting.append(out)
    return fixed | {(company, supplier) for supplier, companies in held.items() for company in companies}


def _choose(question: Question, values: Mapping[Pair, int], offered: set[Pair], seed: int) -> tuple[set[Pair], bool]:
    """The best stable choice of pairs, times left aside."""
    model = cp_model.CpModel()
    fixed = {(one.company, one.supplier) for one in question.fixed}
    pairs = sorted(values)
    meets = {pair: model.new_bool_var("") for pair in pairs}
    of: dict[int, list[Pair]] = defaultdict(list)
    for pair in pairs:
        of[pair[0]].append(pair)
        of[pair[1]].append(pair)
    party = {**question.company, **question.supplier}
    for key in sorted(of):
        mine = sum(pair in fixed for pair in of[key])
        model.add(sum(meets[pair] for pair in of[key]) <= max(party[key].quota, mine))
    for pair in fixed:
        model.add(meets[pair] == 1)
    model.add(sum(meets.values()) <= max(question.slots * question.tables, len(fixed)))

    blocks, hints = [], []
    satisfied = {
        key: _satisfied(model, meets, of[key], party[key], at, hints, offered)
        for at, side in ((1, question.companies), (0, question.suppliers))
        for key in (one.id for one in side)
        if of[key]
    }
    for pair in pairs:
        if pair in fixed:
            continue
        company, supplier = pair
        block = model.new_bool_var("")
        model.add_bool_or([meets[pair], satisfied[company][pair], satisfied[supplier][pair], block])
        blocks.append(block)
    served = []
    for one in question.companies:
        if of[one.id]:
            has = model.new_bool_var("")
            model.add(sum(meets[pair] for pair in of[one.id]) >= has)
            served.append(has)
    model.maximize(
        sum(values[pair] * meets[pair] for pair in pairs) + SERVED * sum(served) - STABLE * sum(blocks)
    )
    for pair in pairs:
        model.add_hint(meets[pair], pair in offered)
    for variable, value in hints:
        model.add_hint(variable, value)
    solver = _solver(STEPS_TO_CHOOSE, seed)
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return offered, False
    return {pair for pair in pairs if solver.value(meets[pair])}, status == cp_model.OPTIMAL


def _satisfied(
    model: cp_model.CpModel,
    meets: Mapping[Pair, cp_model.IntVar],
    own: Sequence[Pair],
    party: Party,
    other_at: int,
    hints: list[tuple[cp_model.IntVar, bool]],
    offered: set[Pair],
) -> dict[Pair, cp_model.IntVar]:
    """pair → whether the party's meetings are all taken by others that it wants at least as much."""
    found: dict[Pair, cp_model.IntVar] = {}
    by_rank: dict[int, cp_model.IntVar] = {}
    for rank in sorted({party.rank(pair[other_at]) for pair in own}):
        better = [pair for pair in own if party.rank(pair[other_at]) <= rank]
        by_rank[rank] = model.new_bool_var("")
        model.add(sum(meets[pair] for pair in better) >= party.quota).only_enforce_if(by_rank[rank])
        hints.append((by_rank[rank], sum(pair in offered for pair in better) >= party.quota))
    for pair in own:
        found[pair] = by_rank[party.rank(pair[other_at])]
    return found


def _solver(steps: float, seed: int) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2  # the bounds of the relaxation prove it; without them it searches for long
    solver.parameters.random_seed = seed
    solver.parameters.max_deterministic_time = steps
    return solver


# --- when ---------------------------------------------------------------------------------------------------------


def _seat(question: Question, chosen: Iterable[Pair], values: Mapping[Pair, int], seed: int) -> set[Seat]:
    """A time for each pair; where absences don't let all of them sit, for as many as can."""
    pairs = sorted(chosen)
    for everybody in (True, False):
        found = _coloured(question, pairs, values, seed, everybody)
        if found is not None:
            return found
    return set(question.fixed)


def _coloured(
    question: Question, pairs: Sequence[Pair], values: Mapping[Pair, int], seed: int, everybody: bool
) -> set[Seat] | None:
    model = cp_model.CpModel()
    at: dict[Seat, cp_model.IntVar] = {}
    fixed = {(one.company, one.supplier): one for one in question.fixed}
    by_party: dict[tuple[int, int], list[cp_model.IntVar]] = defaultdict(list)
    by_slot: dict[int, list[cp_model.IntVar]] = defaultdict(list)
    for pair in pairs:
        company, supplier = pair
        slots = [fixed[pair].slot] if pair in fixed else sorted(question.company[company].slots & question.supplier[supplier].slots)
        own = []
        for slot in slots:
            seat = Seat(company, supplier, slot)
            at[seat] = model.new_bool_var("")
            own.append(at[seat])
            by_party[company, slot].append(at[seat])
            by_party[supplier, slot].append(at[seat])
            by_slot[slot].append(at[seat])
        if everybody or pair in fixed:
            model.add_exactly_one(own)
        else:
            model.add_at_most_one(own)
    for key in sorted(by_party):
        model.add_at_most_one(by_party[key])
    for slot in sorted(by_slot):
        model.add(sum(by_slot[slot]) <= question.tables)
    if not everybody:
        model.maximize(sum((1_000 + values[seat.company, seat.supplier]) * used for seat, used in at.items()))
    solver = _solver(STEPS_TO_SEAT, seed)
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return {seat for seat, used in at.items() if solver.value(used)}


def _repaired(question: Question, seats: set[Seat], values: Mapping[Pair, int]) -> set[Seat]:
    """Let pairs that block sit down, the most wanted first, those that displace nobody before all others."""
    now, seen = set(seats), set()
    for _ in range(MOST_REPAIRS):
        blocks = blocking(question, now, question.fixed)
        if not blocks:
            break
        block = min(
            blocks, key=lambda one: (len(one.dropped), -values[one.company, one.supplier], one.company, one.supplier)
        )
        after = (now - block.dropped) | {Seat(block.company, block.supplier, block.slot)}
        state = frozenset(after)
        if state in seen:  # it goes round in a circle: what stands is as good as what would follow
            break
        seen.add(state)
        now = after
    return now




def _filled(whole: Question, question: Question, seats: set[Seat], values: Mapping[Pair, int]) -> set[Seat]:
    """Seats that some shares left empty go to others who may have more, most wanted first, as long as nobody blocks."""
    now, blocks = set(seats), len(blocking(question, seats, question.fixed))
    free = [one for one in blocking(whole, now, question.fixed) if not one.dropped]
    for one in sorted(free, key=lambda one: (-values[one.company, one.supplier], one.company, one.supplier)):
        again = next(
            (b for b in blocking(whole, now, now) if (b.company, b.supplier) == (one.company, one.supplier)), None
        )
        if again is None:
            continue
        after = now | {Seat(again.company, again.supplier, again.slot)}
        if len(blocking(question, after, question.fixed)) <= blocks:
            now = after
    return now
