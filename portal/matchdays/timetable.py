"""The timetable of a matching day as plain data: who may meet whom, what a wish became, which pairs would rather meet. Pure.

A pair may meet when one of them wished for the other, the other is open to it, nobody refused, nothing keeps them apart
and there is a time at which both are there. A party prefers its wishes in their order; all others come after them, alike.
A pair *blocks* when it does not meet although both would rather have it than what they have (a free meeting, or one with
somebody who comes later in their order) and it could sit: at a time that both could give it, with a table.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

from portal.base.words import Words, say

UNRANKED = 1_000


class Seat(NamedTuple):
    """One meeting: the attendees' ids and the number of the slot, from 0."""

    company: int
    supplier: int
    slot: int


class Unmet(StrEnum):
    """What became of a wish that was not met."""

    NOT_COMING = "not_coming"
    REFUSED = "refused"
    ONLY_WISHED = "only_wished"
    APART = "apart"
    CONFLICT = "conflict"
    NO_COMMON_TIME = "no_common_time"
    OTHER_FULL = "other_full"
    OWN_FULL = "own_full"
    HALL_FULL = "hall_full"
    CLASHES = "clashes"
    COULD_SIT = "could_sit"

    @property
    def label(self) -> Words:
        return UNMET_LABELS[self]

    @property
    def told(self) -> Words:
        """As the party itself reads it: a no of the other side and what keeps two apart stay between the operators."""
        return UNMET_LABELS[Unmet.OTHER_FULL] if self in _DISCREET else UNMET_LABELS[self]


_DISCREET = (Unmet.REFUSED, Unmet.ONLY_WISHED, Unmet.APART, Unmet.CONFLICT, Unmet.COULD_SIT)
UNMET_LABELS = {
    Unmet.NOT_COMING: say("상대가 참가하지 않습니다", "The other side does not take part"),
    Unmet.REFUSED: say("둘 가운데 한쪽이 만나지 않겠다고 했습니다", "One of the two does not want to meet"),
    Unmet.ONLY_WISHED: say("한쪽이 자기가 고른 곳만 만나겠다고 했습니다", "One of the two meets only whom it chose"),
    Unmet.APART: say("운영자가 만나지 않게 했습니다", "Kept apart by the operator"),
    Unmet.CONFLICT: say("이해관계가 있어 만나지 않게 했습니다", "Kept apart: they are tied to each other"),
    Unmet.NO_COMMON_TIME: say("둘 다 있는 시간이 없습니다", "There is no time at which both are there"),
    Unmet.OTHER_FULL: say("상대의 자리가 다른 만남으로 찼습니다", "The other side has no meeting left"),
    Unmet.OWN_FULL: say("더 바란 곳들로 자리가 찼습니다", "All own meetings went to whom it wished for more"),
    Unmet.HALL_FULL: say("빈 상담석이 없습니다", "There is no table left"),
    Unmet.CLASHES: say("서로 비는 시간이 어긋납니다", "Their free times do not meet"),
    Unmet.COULD_SIT: say("아직 만날 수 있습니다", "They could still meet"),
}


@dataclass(frozen=True)
class Party:
    """One side of meetings. most: meetings; slots: when it is there; ranks: other's id → its place among the wishes."""

    id: int
    most: int
    slots: frozenset[int]
    ranks: Mapping[int, int] = field(default_factory=dict)
    refused: frozenset[int] = frozenset()
    takes_others: bool = True

    @property
    def quota(self) -> int:
        return min(self.most, len(self.slots))

    def rank(self, other: int) -> int:
        return self.ranks.get(other, UNRANKED)


@dataclass(frozen=True)
class Question:
    """Everything that decides a timetable, beside its lot.

    barred: (company, supplier) → why they are kept apart; fixed: meetings set by hand that must stay
    """

    companies: tuple[Party, ...]
    suppliers: tuple[Party, ...]
    slots: int
    tables: int
    barred: Mapping[tuple[int, int], Unmet] = field(default_factory=dict)
    fixed: tuple[Seat, ...] = ()

    @cached_property
    def company(self) -> Mapping[int, Party]:
        return {one.id: one for one in self.companies}

    @cached_property
    def supplier(self) -> Mapping[int, Party]:
        return {one.id: one for one in self.suppliers}

    @cached_property
    def open_pairs(self) -> tuple[tuple[int, int], ...]:
        """Every pair that may meet."""
        return tuple(
            (one.id, other.id) for one in self.companies for other in self.suppliers if closed(self, one, other) is None
        )

    def with_shares(self, shares: Mapping[int, int]) -> Question:
        """The same with fewer meetings for each company, where the hall is too small for all that they may have."""
        if not shares:
            return self
        return replace(
            self, companies=tuple(replace(one, most=min(one.most, shares.get(one.id, 0))) for one in self.companies)
        )

    def frozen(self) -> str:
        """Its hash: the same question with the same lot has the same timetable."""
        return digest(
            [
                [[p.id, p.most, sorted(p.slots), sorted(p.ranks.items()), sorted(p.refused), p.takes_others] for p in side]
                for side in (self.companies, self.suppliers)
            ],
            self.slots,
            self.tables,
            sorted((*pair, why.value) for pair, why in self.barred.items()),
            sorted(self.fixed),
        )


def digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()


def closed(question: Question, company: Party, supplier: Party) -> Unmet | None:
    """Why a pair can't meet whatever the timetable, None when it may."""
    if why := question.barred.get((company.id, supplier.id)):
        return why
    if supplier.id in company.refused or company.id in supplier.refused:
        return Unmet.REFUSED
    wished = supplier.id in company.ranks, company.id in supplier.ranks
    if not any(wished) or not (wished[0] or company.takes_others) or not (wished[1] or supplier.takes_others):
        return Unmet.ONLY_WISHED
    if not company.slots & supplier.slots:
        return Unmet.NO_COMMON_TIME
    return None


class Board:
    """Meetings looked up by who and when."""

    def __init__(self, seats: Iterable[Seat]) -> None:
        self.seats = frozenset(seats)
        self.of: dict[int, dict[int, Seat]] = defaultdict(dict)
        self.used: Counter[int] = Counter()
        for seat in self.seats:
            self.of[seat.company][seat.slot] = seat
            self.of[seat.supplier][seat.slot] = seat
            self.used[seat.slot] += 1
        self.pairs = {(seat.company, seat.supplier) for seat in self.seats}

    def partners(self, party: int) -> list[int]:
        return [seat.supplier if seat.company == party else seat.company for seat in self.of[party].values()]


@dataclass(frozen=True)
class Block:
    """A pair that would rather meet at `slot`; dropped: the meetings that it would give up for that."""

    company: int
    supplier: int
    slot: int
    dropped: frozenset[Seat]


def blocking(question: Question, seats: Collection[Seat], held: Collection[Seat] = ()) -> list[Block]:
    """Every blocking pair, each with its best time: the one that gives up least. held: meetings that can't be given up."""
    board, kept = Board(seats), frozenset(held)
    found = []
    for pair in question.open_pairs:
        if pair not in board.pairs and (block := _block(question, board, kept, *pair)):
            found.append(block)
    return found


def _block(question: Question, board: Board, kept: frozenset[Seat], company_id: int, supplier_id: int) -> Block | None:
    company, supplier = question.company[company_id], question.supplier[supplier_id]
    best: Block | None = None
    for slot in sorted(company.slots & supplier.slots):
        first = _makes_room(company, supplier_id, slot, board, kept)
        second = _makes_room(supplier, company_id, slot, board, kept)
        if first is None or second is None:
            continue
        dropped = frozenset(first + second)
        if board.used[slot] >= question.tables and not any(seat.slot == slot for seat in dropped):
            continue
        if best is None or len(dropped) < len(best.dropped):
            best = Block(company_id, supplier_id, slot, dropped)
    return best


def _makes_room(party: Party, other: int, slot: int, board: Board, kept: frozenset[Seat]) -> list[Seat] | None:
    """What a party would give up to meet `other` at that time: nothing, one meeting, or None when it would not."""
    own = board.of[party.id]
    rank = party.rank(other)

    def worth(seat: Seat) -> int:
        return party.rank(seat.supplier if seat.company == party.id else seat.company)

    if (now := own.get(slot)) is not None:
        return [now] if now not in kept and worth(now) > rank else None
    if len(own) < party.quota:
        return []
    worse = [seat for seat in own.values() if seat not in kept and worth(seat) > rank]
    return [max(worse, key=lambda seat: (worth(seat), seat))] if worse else None


def unmet(question: Question, seats: Collection[Seat]) -> dict[tuple[int, int], Unmet]:
    """(who wished, for whom) → why it was not met, of every wish of both sides that was not."""
    board = Board(seats)
    found: dict[tuple[int, int], Unmet] = {}
    for side, others, flipped in (
        (question.companies, question.supplier, False),
        (question.suppliers, question.company, True),
    ):
        for party in side:
            for other_id in party.ranks:
                pair = (other_id, party.id) if flipped else (party.id, other_id)
                if pair not in board.pairs:
                    other = others.get(other_id)
                    found[party.id, other_id] = (
                        Unmet.NOT_COMING if other is None else _why(question, board, party, other, pair)
                    )
    return found


def _why(question: Question, board: Board, party: Party, other: Party, pair: tuple[int, int]) -> Unmet:
    company, supplier = question.company[pair[0]], question.supplier[pair[1]]
    if (why := closed(question, company, supplier)) is not None:
        return why
    if _block(question, board, frozenset(), *pair):
        return Unmet.COULD_SIT
    if _is_full(board, other, party.id):
        return Unmet.OTHER_FULL
    if _is_full(board, party, other.id):
        return Unmet.OWN_FULL
    free = [
        slot for slot in company.slots & supplier.slots if slot not in board.of[company.id] and slot not in board.of[supplier.id]
    ]
    return Unmet.HALL_FULL if free else Unmet.CLASHES


def _is_full(board: Board, party: Party, other: int) -> bool:
    """Whether all its meetings are with somebody it wants at least as much."""
    partners = board.partners(party.id)
    return len(partners) >= party.quota and all(party.rank(one) <= party.rank(other) for one in partners)


@dataclass(frozen=True)
class Figures:
    """What a timetable is worth. wishes, met: of both sides; first: companies that meet their first wish."""

    meetings: int
    places: int
    companies: int
    served: int
    wishes: int
    met: int
    first_wishes: int
    first_met: int
    suppliers: int
    busy: int
    blocks: int


def figures(question: Question, seats: Collection[Seat]) -> Figures:
    board = Board(seats)
    wishes = [(one.id, other) for one in question.companies for other in one.ranks]
    wishes += [(other, one.id) for one in question.suppliers for other in one.ranks]
    first = [(one.id, min(one.ranks, key=one.rank)) for one in question.companies if one.ranks]
    return Figures(
        meetings=len(board.seats),
        places=question.slots * question.tables,
        companies=len(question.companies),
        served=sum(bool(board.of[one.id]) for one in question.companies),
        wishes=len(wishes),
        met=sum(pair in board.pairs for pair in wishes),
        first_wishes=len(first),
        first_met=sum(pair in board.pairs for pair in first),
        suppliers=len(question.suppliers),
        busy=sum(bool(board.of[one.id]) for one in question.suppliers),
        blocks=len(blocking(question, seats)),
    )


def tables_of(seats: Sequence[Seat], tables: int, suppliers: Sequence[int]) -> dict[Seat, int]:
    """A table for each meeting: a supplier keeps its own as long as there are enough, else the nearest free one."""
    home = {supplier: at % tables + 1 for at, supplier in enumerate(suppliers)}
    taken: dict[int, set[int]] = defaultdict(set)
    found: dict[Seat, int] = {}
    for seat in sorted(seats, key=lambda seat: (seat.slot, suppliers.index(seat.supplier))):
        wanted = home[seat.supplier]
        free = [one for one in range(1, tables + 1) if one not in taken[seat.slot]]
        table = min(free, key=lambda one: (abs(one - wanted), one))
        taken[seat.slot].add(table)
        found[seat] = home[seat.supplier] = table
    return found
