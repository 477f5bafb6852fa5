"""Who is recommended to whom at night: a flow over consultation slots, so that good suppliers are not buried in leads.

As many companies as can be served come first, then the sum of scores. Only the worker, commands and tests import this
room: it needs numpy, scipy and OR-tools.

Source: the method is the portal's own; the flow solver is OR-tools' SimpleMinCostFlow (cost scaling).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ortools.graph.python import max_flow, min_cost_flow
from scipy.sparse import csr_array, csr_matrix

from portal.matching.rules import NEWCOMER_EVERY

STEPS = 2**16
"""Steps between no score and the best one: a pair's score is off by less than a ten-thousandth of the best."""
DRAW = 4
"""The lot's share of a cost, in steps: equal scores are drawn."""
BONUS = 4
"""What a company's first supplier is worth more than any other, in best scores; more where that is seen not to do."""


@dataclass(frozen=True)
class Allocation:
    """Which suppliers each company is shown.

    pairs    : int64, shape (m, 2), company and supplier, sorted
    unserved : int64, sorted, companies without any supplier
    objective: the sum of scores over the pairs
    seed     : of the lot between equals
    """

    pairs: np.ndarray
    unserved: np.ndarray
    objective: float
    seed: int


def allocate(
    score: csr_matrix | csr_array, slots: np.ndarray | Sequence[int], per_company: int, seed: int
) -> Allocation:
    """Give consultation slots to companies.

    score      : CSR, shape (n companies, m suppliers), ≥ 0; only stored entries, zeros too, are allowed
    slots      : consultations that each supplier can take, shape (m,), ≥ 0
    per_company: suppliers for each company at most, ≥ 0
    seed       : of the lot between equals; the same question and seed give the same allocation to the byte
    Returns    : as many companies served as can be, then the largest sum of scores
    Raises     : ValueError for another shape, negative numbers, scores that are not finite
    Notes      : O(arcs · log) in practice, about as long as a plain flow over the same arcs. The same library version
                 is needed to replay an allocation.
    """
    table = csr_matrix(score)
    if not table.has_canonical_format:
        table = table.copy()
        table.sum_duplicates()
    n, m = table.shape
    room = np.asarray(slots)
    if room.shape != (m,):
        raise ValueError(f"slots has shape {room.shape}, there are {m} suppliers")
    if per_company < 0 or (room < 0).any() or (room.size and not np.equal(np.mod(room, 1), 0).all()):
        raise ValueError("slots and per_company are whole numbers, not negative")
    if not np.isfinite(table.data).all() or (table.data < 0).any():
        raise ValueError("a score is negative or not finite")
    rows = np.repeat(np.arange(n, dtype=np.int64), np.diff(table.indptr))
    cols = table.indices.astype(np.int64)
    open_arcs = room[cols] > 0
    rows, cols, value = rows[open_arcs], cols[open_arcs], table.data[open_arcs].astype(np.float64)
    taken = _flow(rows, cols, value, n, room.astype(np.int64), per_company, seed)
    pairs = np.stack([rows[taken], cols[taken]], axis=1)
    unserved = np.setdiff1d(np.arange(n, dtype=np.int64), pairs[:, 0])
    return Allocation(pairs, unserved, float(value[taken].sum()), seed)


def recommend(
    score: csr_matrix | csr_array,
    slots: np.ndarray | Sequence[int],
    per_company: int,
    seed: int,
    newcomers: np.ndarray | Sequence[bool],
) -> Allocation:
    """As `allocate`, with a company's last place for a newcomer unless one is among the others by its score.

    newcomers: which suppliers are new, shape (m,)
    Returns  : as many companies served as can be; where no newcomer fits, the last place goes to anybody
    Raises   : as `allocate`
    Notes    : three flows, each over the arcs and slots that the one before left
    """
    fresh = np.asarray(newcomers, dtype=bool)
    if fresh.shape != (score.shape[1],):
        raise ValueError(f"newcomers has shape {fresh.shape}, there are {score.shape[1]} suppliers")
    if per_company < NEWCOMER_EVERY:
        return allocate(score, slots, per_company, seed)
    found = allocate(score, slots, per_company - 1, seed)
    has_new = np.bincount(found.pairs[:, 0], weights=fresh[found.pairs[:, 1]], minlength=score.shape[0]) > 0
    found = _with_more(found, score, slots, ~has_new, fresh)
    has_room = np.bincount(found.pairs[:, 0], minlength=score.shape[0]) < per_company
    return _with_more(found, score, slots, has_room, np.ones(len(fresh), dtype=bool))


def _with_more(
    found: Allocation,
    score: csr_matrix | csr_array,
    slots: np.ndarray | Sequence[int],
    rows: np.ndarray,
    cols: np.ndarray,
) -> Allocation:
    """One more supplier, of these columns, for each of these rows that can have one."""
    arcs = csr_matrix(score).tocoo()
    width = score.shape[1]
    taken = np.isin(arcs.row * np.int64(width) + arcs.col, found.pairs[:, 0] * np.int64(width) + found.pairs[:, 1])
    kept = rows[arcs.row] & cols[arcs.col] & ~taken
    left = csr_matrix((arcs.data[kept], (arcs.row[kept], arcs.col[kept])), shape=score.shape)
    more = allocate(left, np.asarray(slots) - np.bincount(found.pairs[:, 1], minlength=width), 1, found.seed)
    pairs = np.concatenate([found.pairs, more.pairs])
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    unserved = np.setdiff1d(found.unserved, more.pairs[:, 0])
    return Allocation(pairs, unserved, found.objective + more.objective, found.seed)


def _flow(
    rows: np.ndarray, cols: np.ndarray, value: np.ndarray, n: int, room: np.ndarray, per_company: int, seed: int
) -> np.ndarray:
    """Which arcs carry a pair, as a mask.

    What serving a company may cost others is bounded by the longest chain of exchanges, but a price that high makes
    the solver slow; a low one nearly always does, and whether it did is counted.
    """
    wanted = np.minimum(np.bincount(rows, minlength=n), per_company)
    if not wanted.any():
        return np.zeros(len(rows), dtype=bool)
    unit, bonus, servable = _costs(value, seed), BONUS, None
    while True:
        taken = _solve(rows, cols, unit, wanted, room, bonus)
        served = len(np.unique(rows[taken]))
        if served == min(np.count_nonzero(wanted), int(room.sum())) or bonus > len(room):
            return taken
        servable = _servable(rows, cols, wanted, room) if servable is None else servable
        if served == servable:
            return taken
        bonus *= 32


def _solve(
    rows: np.ndarray, cols: np.ndarray, unit: np.ndarray, wanted: np.ndarray, room: np.ndarray, bonus: int
) -> np.ndarray:
    """The cheapest flow; not forced through where no score is to be had."""
    n, m = len(wanted), len(room)
    some, more, takers = np.flatnonzero(wanted), np.flatnonzero(wanted > 1), np.flatnonzero(room)
    source, sink = n + m, n + m + 1
    tails = [rows, np.full(len(some) + len(more), source), takers + n, [source]]
    heads = [cols + n, some, more, np.full(len(takers), sink), [sink]]
    rooms = [np.ones(len(rows) + len(some), dtype=np.int64), wanted[more] - 1, room[takers], [int(wanted.sum())]]
    first = np.full(len(some), bonus * int(unit.min()), dtype=np.int64)
    costs = [unit, first, np.zeros(len(more) + len(takers) + 1, dtype=np.int64)]
    solver = min_cost_flow.SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(
        np.concatenate(tails).astype(np.int32),
        np.concatenate(heads).astype(np.int32),
        np.concatenate(rooms),
        np.concatenate(costs),
    )
    solver.set_node_supply(source, int(wanted.sum()))
    solver.set_node_supply(sink, -int(wanted.sum()))
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise RuntimeError(f"the flow solver says {status}")
    return np.asarray(solver.flows(arcs[: len(rows)])) > 0


def _servable(rows: np.ndarray, cols: np.ndarray, wanted: np.ndarray, room: np.ndarray) -> int:
    """How many companies can have a supplier at all."""
    n, m = len(wanted), len(room)
    some, takers = np.flatnonzero(wanted), np.flatnonzero(room)
    solver = max_flow.SimpleMaxFlow()
    solver.add_arcs_with_capacity(
        np.concatenate([rows, np.full(len(some), n + m), takers + n]).astype(np.int32),
        np.concatenate([cols + n, some, np.full(len(takers), n + m + 1)]).astype(np.int32),
        np.concatenate([np.ones(len(rows) + len(some), dtype=np.int64), room[takers]]),
    )
    if (status := solver.solve(n + m, n + m + 1)) != solver.OPTIMAL:
        raise RuntimeError(f"the flow solver says {status}")
    return int(solver.optimal_flow())


def _costs(value: np.ndarray, seed: int) -> np.ndarray:
    """Scores as whole costs, all negative, with a lot for equals that belongs to the arc."""
    top = float(value.max(initial=0.0))
    steps = np.round(value * ((STEPS - DRAW) / top)).astype(np.int64) if top else np.zeros(len(value), dtype=np.int64)
    lot = np.random.default_rng(seed % 2**64).integers(1, DRAW + 1, size=len(value), dtype=np.int64)
    return -(steps + lot)
