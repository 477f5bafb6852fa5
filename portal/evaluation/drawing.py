"""The draw itself: a frozen question and its lot in, the plan out, the same to the byte whenever it is asked again.

The question holds numbers and ids only: who may sit where, how well they fit, how much they can take. What it was made
from (texts, registers, declarations) is not needed to replay. Only the worker, commands and tests import this room.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from itertools import combinations
from typing import Any

import numpy as np
import ortools
import scipy
from scipy.sparse import csr_matrix

from portal.evaluation import assignment
from portal.evaluation.assignment import AssignmentPlan, Explanation

VERSION = 1
MICRO = 1_000_000
"""Affinities are frozen as whole millionths."""
ROUNDS, FEW_ROUNDS, MANY_ARCS = 6, 2, 300_000
"""How often the repair tries to spread pairs of evaluators who meet too often; less often in the largest calls."""


@dataclass(frozen=True)
class Question:
    """Everything that decides a draw, beside its lot; rows of tuples, sorted by id.

    cases     : (application, evaluators it lacks, chair already named or 0)
    evaluators: (person, most cases, least cases, cases of the call held already); most and least of what is added now
    chairs    : (person, panels of the call that the person chairs already)
    arcs      : int64, shape (k, 3): case index, evaluator index, affinity in millionths: who may be seated at all,
                conflicts included
    barred    : (case index, evaluator index) that a hard conflict takes out
    chair_barred: (case index, chair index) that may not chair
    apart     : (evaluator index, evaluator index) who should not sit together
    met       : (evaluator index, evaluator index, cases of this call that they judge together already)
    pair_cap  : cases that two evaluators should judge together at most
    """

    cases: list[tuple[int, int, int]]
    evaluators: list[tuple[int, int, int, int]]
    chairs: list[tuple[int, int]]
    arcs: np.ndarray
    barred: list[tuple[int, int]]
    chair_barred: list[tuple[int, int]]
    apart: list[tuple[int, int]]
    met: list[tuple[int, int, int]]
    pair_cap: int
    balance: bool
    versions: dict[str, str]

    def frozen(self) -> bytes:
        """The one text of the question: canonical JSON. Tables of figures go by column, which is half as long."""
        data = {one.name: getattr(self, one.name) for one in fields(self)}
        data["arcs"] = self.arcs.T.tolist()
        return canonical({**data, "version": VERSION})

    @classmethod
    def thawed(cls, content: bytes) -> Question:
        data = json.loads(content)
        if data.pop("version") != VERSION:
            raise ValueError("the question of the draw has another version")
        data["arcs"] = np.array(data["arcs"], dtype=np.int64).T.reshape(-1, 3)
        tables = {
            name: [tuple(row) for row in data[name]]
            for name in ("cases", "evaluators", "chairs", "barred", "chair_barred", "apart", "met")
        }
        return cls(**{**data, **tables})


@dataclass(frozen=True)
class Answer:
    """The plan. pairs: (application, evaluator); chairs: (application, chair) that were newly named; unmet:
    (application, evaluators still missing); chairless: applications that no chair could take.

    explanations: of each round (cases that lack equally many), with the indexes of its cases; not part of the bytes
    """

    pairs: list[tuple[int, int]]
    chairs: list[tuple[int, int]]
    unmet: list[tuple[int, int]]
    chairless: list[int]
    explanations: list[tuple[list[int], Explanation]]

    def frozen(self) -> bytes:
        """The one text of the plan."""
        return canonical(
            {
                "pairs": self.pairs,
                "chairs": self.chairs,
                "unmet": self.unmet,
                "chairless": self.chairless,
                "version": VERSION,
            }
        )


def canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def versions() -> dict[str, str]:
    """The libraries that a draw depends on."""
    return {"numpy": np.__version__, "ortools": ortools.__version__, "scipy": scipy.__version__}


def micro(values: np.ndarray) -> list[int]:
    return np.round(np.asarray(values) * MICRO).astype(np.int64).tolist()


def answer(question: Question, seed: str, told: Callable[[int, int], None] | None = None) -> Answer:
    """Draw.

    seed   : the lot, hexadecimal
    told   : hears (rounds done, all)
    Returns: the same for the same question and lot
    Notes  : chairs come first, so that nobody both chairs and reviews a case; cases that lack equally many are seated
             together, those that lack most first
    """
    lot = int(seed, 16)
    chairs, chairless = _chairs(question, lot)
    heads = {**{case: chair for case, _, chair in question.cases if chair}, **dict(chairs)}
    seated = _Seats(question, heads)
    demands = sorted({need for _, need, _ in question.cases if need}, reverse=True)
    explanations = []
    for at, demand in enumerate(demands):
        rows = [row for row, (_, need, _) in enumerate(question.cases) if need == demand]
        explanations.append((rows, seated.add(rows, demand, lot)))
        if told:
            told(at + 1, len(demands))
    cases, people = question.cases, question.evaluators
    pairs = sorted((cases[row][0], people[column][0]) for row, column in seated.pairs)
    filled = Counter(application for application, _ in pairs)
    unmet = [(case, need - filled[case]) for case, need, _ in cases if need > filled[case]]
    return Answer(pairs, sorted(chairs), unmet, chairless, explanations)


def _chairs(question: Question, lot: int) -> tuple[list[tuple[int, int]], list[int]]:
    """A chair for each case without one: evenly, never one with a conflict."""
    rows = [row for row, (_, _, chair) in enumerate(question.cases) if not chair]
    if not rows:
        return [], []
    n, m = len(rows), len(question.chairs)
    if not m:
        return [], [question.cases[row][0] for row in rows]
    place = {row: at for at, row in enumerate(rows)}
    barred = [(place[row], column) for row, column in question.chair_barred if row in place]
    held = np.array([load for _, load in question.chairs], dtype=np.int64)
    level = _level(held, n)
    plan = None
    for spare in (0, 1, n):  # as even as can be; looser only where conflicts ask for it
        most = np.maximum(level + spare - held, 0)
        plan = assignment.assign(csr_matrix(np.ones((n, m))), 1, most, forbidden=_mask(barred, n, m), seed=lot)
        if not plan.unmet.any():
            break
    chairs = [(question.cases[rows[row]][0], question.chairs[column][0]) for row, column in plan.pairs.tolist()]
    return chairs, [question.cases[rows[row]][0] for row in np.flatnonzero(plan.unmet)]


def _level(held: np.ndarray, more: int) -> int:
    """The lowest load up to which the held and `more` further cases fit."""
    low, high = int(held.min()), int(held.max()) + more
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if np.maximum(middle - held, 0).sum() >= more else (middle + 1, high)
    return low


class _Seats:
    """Seats as they fill, round by round."""

    def __init__(self, question: Question, heads: dict[int, int]) -> None:
        self.question = question
        self.pairs: list[tuple[int, int]] = []
        people = {row[0]: column for column, row in enumerate(question.evaluators)}
        heading = [(row, people.get(heads.get(case, 0), -1)) for row, (case, _, _) in enumerate(question.cases)]
        rows, columns, values = question.arcs.T
        shape = (len(question.cases), len(people))
        everybody = csr_matrix((values / MICRO, (rows, columns)), shape=shape)
        self.affinity = _without(everybody, [pair for pair in heading if pair[1] >= 0])
        self.most, self.least, self.held = np.array([row[1:] for row in question.evaluators], dtype=np.int64).T
        self.barred_by_row: dict[int, list[int]] = {}
        for row, column in question.barred:
            self.barred_by_row.setdefault(row, []).append(column)
        self.met = Counter({(min(a, b), max(a, b)): count for a, b, count in question.met})

    def add(self, rows: list[int], demand: int, lot: int) -> Explanation:
        """Seat these cases, all of which lack `demand`; what they take is gone for the next ones."""
        n, m = len(rows), len(self.question.evaluators)
        affinity = self.affinity[rows]
        forbidden = _mask(
            [(at, column) for at, row in enumerate(rows) for column in self.barred_by_row.get(row, ())], n, m
        )
        apart = [*self.question.apart, *(pair for pair, count in self.met.items() if count >= self.question.pair_cap)]

        def ask(table: csr_matrix, most: np.ndarray) -> AssignmentPlan:
            return assignment.assign(
                table,
                demand,
                most,
                np.minimum(self.least, most),
                forbidden=forbidden,
                seed=lot,
                balance=self.question.balance,
                apart=apart,
            )

        most = self._room(affinity, demand * n, ask)
        plan = self._spread(affinity, lambda table: ask(table, most))
        for at, column in plan.pairs.tolist():
            self.pairs.append((rows[at], column))
        taken = np.bincount(plan.pairs[:, 1], minlength=m) if len(plan.pairs) else np.zeros(m, dtype=np.int64)
        self.most, self.least, self.held = self.most - taken, np.maximum(self.least - taken, 0), self.held + taken
        self.met += _meetings(plan.pairs)
        return plan.explain()

    def _room(
        self, affinity: csr_matrix, seats: int, ask: Callable[[csr_matrix, np.ndarray], AssignmentPlan]
    ) -> np.ndarray:
        """How many cases each may get now: where loads shall be even, who holds many already waits for the others, as
        far as that leaves no further seat empty."""
        if not self.question.balance or (self.held == self.held[:1]).all():
            return self.most
        unmet = int(ask(affinity, self.most).unmet.sum())
        if unmet:
            return self.most
        level = _level(self.held, seats)
        for spare in (0, 1, 2):
            most = np.minimum(np.maximum(level + spare - self.held, 0), self.most)
            if not ask(affinity, most).unmet.any():
                return most
        return self.most

    def _spread(self, affinity: csr_matrix, ask: Callable[[csr_matrix], AssignmentPlan]) -> AssignmentPlan:
        """Where two people meet more often than they should, the later meetings lose the arc that fits less."""
        best = ask(affinity)
        worst = self._surplus(best)
        table, trial = affinity, best
        for _ in range(ROUNDS if affinity.nnz < MANY_ARCS else FEW_ROUNDS):
            losers = self._too_often(trial, table)
            if not losers:
                break
            table = _without(table, losers)
            trial = ask(table)
            surplus = self._surplus(trial)
            if trial.unmet.sum() > best.unmet.sum():
                break  # a seat is worth more than a fresh pair
            if surplus < worst:
                best, worst = trial, surplus
        return best

    def _surplus(self, plan: AssignmentPlan) -> int:
        cap = self.question.pair_cap
        met = self.met + _meetings(plan.pairs)
        return sum(max(count - cap, 0) for count in met.values())

    def _too_often(self, plan: AssignmentPlan, table: csr_matrix) -> list[tuple[int, int]]:
        held, losers = Counter(self.met), set()
        by_case: dict[int, list[int]] = {}
        for row, column in plan.pairs.tolist():
            by_case.setdefault(row, []).append(column)
        for row, columns in by_case.items():
            for pair in combinations(sorted(columns), 2):
                held[pair] += 1
                if held[pair] > self.question.pair_cap:
                    losers.add((row, min(pair, key=lambda column: (table[row, column], column))))
        return sorted(losers)


def _meetings(pairs: np.ndarray) -> Counter[tuple[int, int]]:
    by_case: dict[int, list[int]] = {}
    for row, column in pairs.tolist():
        by_case.setdefault(row, []).append(column)
    return Counter(pair for columns in by_case.values() for pair in combinations(sorted(columns), 2))


def _without(table: csr_matrix, losers: Iterable[tuple[int, int]]) -> csr_matrix:
    """The table without some arcs; an arc of value 0 is still an arc, so the entries themselves go."""
    n, m = table.shape
    rows = np.repeat(np.arange(n), np.diff(table.indptr))
    keep = ~np.isin(rows * m + table.indices, [row * m + column for row, column in losers])
    pointers = np.concatenate([[0], np.cumsum(np.bincount(rows[keep], minlength=n))])
    return csr_matrix((table.data[keep], table.indices[keep], pointers), shape=(n, m))


def _mask(cells: Iterable[tuple[int, int]], n: int, m: int) -> csr_matrix:
    rows, cols = np.array(sorted(set(cells)), dtype=np.int64).reshape(-1, 2).T
    return csr_matrix((np.ones(len(rows), dtype=bool), (rows, cols)), shape=(n, m))
