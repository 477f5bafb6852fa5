"""Who reads which application: a min-cost flow that answers "partial, and why", never "no solution".

As many pairs as can be seated come first, then the least loads that were promised, then (when asked) even loads, then
the sum of affinity. Conflicts are arcs that are not there. Only the worker, commands and tests import this room: it
needs numpy, scipy and OR-tools.

Source: the method is the portal's own; the flow solver is OR-tools' SimpleMinCostFlow (cost scaling).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
from ortools.graph.python import max_flow, min_cost_flow
from scipy.sparse import csr_array, csr_matrix

RESOLUTION = 2**33
"""Steps between the smallest and the largest affinity; fewer where the solver's whole numbers would overflow."""
DRAW = 64
"""The lot's share of a cost, in steps: equal affinities are drawn, and a difference above 1e-8 of the range never is."""
LARGEST_COST = 2**62
EXACT_STEPS = 16
"""Around the even load each unit has a price of its own; further away they double in width."""
ROUNDS = 12
"""How often the repair tries to part evaluators who must not meet."""

Matrix = csr_matrix | csr_array


class Shortage(StrEnum):
    """Why an application lacks reviewers."""

    NO_ARCS = "no_arcs"
    FEW_ARCS = "few_arcs"
    ALL_CONFLICTED = "all_conflicted"
    FULL = "full"


class FixKind(StrEnum):
    """The three ways to make a call feasible."""

    EVALUATORS = "evaluators"
    LOAD = "load"
    DEMAND = "demand"


@dataclass(frozen=True)
class Fix:
    """One way out. amount: evaluators to add, cases more for each evaluator, or reviewers for each application;
    left: reviewers that would still be missing; 0 where the way leads all the way."""

    kind: FixKind
    amount: int
    left: int = 0


@dataclass(frozen=True)
class Explanation:
    """What a plan did and could not do, in numbers; `as_dict` is plain data for JSON.

    needed, seated, missing: reviewers; capacity: the sum of the largest loads
    avoided  : pairs that a conflict took out
    meeting  : pairs of evaluators that should not meet and do
    under    : evaluators below their least load
    loads    : cases for each evaluator, by column
    affinity : 5th percentile, median, mean and least of the seated pairs; None where nobody is seated
    short    : application → (missing, why)
    fixes    : empty where nothing is missing
    """

    needed: int
    seated: int
    missing: int
    capacity: int
    avoided: int
    meeting: int
    under: int
    loads: tuple[int, ...]
    affinity: dict[str, float] | None
    short: dict[int, tuple[int, Shortage]]
    fixes: tuple[Fix, ...]

    @property
    def spread(self) -> int:
        """The largest load less the smallest."""
        return max(self.loads) - min(self.loads) if self.loads else 0

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "spread": self.spread}


@dataclass(frozen=True)
class AssignmentPlan:
    """Who reads what.

    pairs    : int64, shape (m, 2), application and evaluator, sorted
    unmet    : int64, shape (n,), reviewers missing for each application
    objective: the sum of affinity over the pairs
    seed     : of the lot that decided between equals
    """

    pairs: np.ndarray
    unmet: np.ndarray
    objective: float
    seed: int
    _task: _Task = field(repr=False, compare=False)

    def explain(self) -> Explanation:
        """The plan in numbers, with the reasons of every shortage and the three ways out (computed when asked)."""
        return self._explanation

    @cached_property
    def _explanation(self) -> Explanation:
        return _explain(self, self._task)


@dataclass(frozen=True)
class _Task:
    """The question in plain arrays. rows, cols, value: the allowed arcs, in row order; stored, barred: arcs for each
    application before conflicts went out, and how many of them did."""

    shape: tuple[int, int]
    rows: np.ndarray
    cols: np.ndarray
    value: np.ndarray
    stored: np.ndarray
    barred: np.ndarray
    demand: int
    most: np.ndarray
    least: np.ndarray
    balance: bool
    apart: np.ndarray

    @property
    def arcs(self) -> np.ndarray:
        """Allowed evaluators for each application, shape (n,)."""
        return np.bincount(self.rows, minlength=self.shape[0])


def assign(
    affinity: Matrix,
    demand: int,
    max_load: int | np.ndarray | Sequence[int],
    min_load: int | np.ndarray | Sequence[int] = 0,
    *,
    forbidden: Matrix | None = None,
    seed: int,
    balance: bool = False,
    apart: np.ndarray | Sequence[tuple[int, int]] | None = None,
) -> AssignmentPlan:
    """Seat evaluators on applications.

    affinity : CSR, shape (n applications, m evaluators); only stored entries, zeros and negatives too, are allowed
    demand   : reviewers for each application, ≥ 0
    max_load : cases that an evaluator may get at most: one number, or one for each evaluator
    min_load : cases that an evaluator should get at least; given way to only where there are no pairs to give
    forbidden: CSR of the same shape; its non-zero entries are conflicts and never seated
    seed     : of the lot between equals; the same question and seed give the same plan to the byte
    balance  : even loads come before affinity (as even as the largest loads and the allowed pairs let them be)
    apart    : pairs of evaluators who should not meet on one application, shape (p, 2); repaired as far as it goes
               without losing a pair
    Returns  : the most pairs first, then the least loads, then balance, then the largest sum of affinity
    Raises   : ValueError for negative or crossed loads, another shape, affinities that are not finite
    Notes    : O(arcs · log) in practice; 25,000 × 500 × 3 on 60 arcs each takes about as long as a plain flow. The
               same library version is needed to replay a plan (the draw keeps the version).
    Source   : the portal's own evaluation rules (k reviewers, least and largest load, conflict arcs out).
    """
    task = _task(affinity, demand, max_load, min_load, forbidden, balance, apart)
    chosen = _solve(task, seed)
    if len(task.apart):
        chosen = _part(task, chosen, seed)
    return _plan(task, chosen, seed)


# --- the question -----------------------------------------------------------------------------------------


def _task(
    affinity: Matrix,
    demand: int,
    max_load: int | np.ndarray | Sequence[int],
    min_load: int | np.ndarray | Sequence[int],
    forbidden: Matrix | None,
    balance: bool,
    apart: np.ndarray | Sequence[tuple[int, int]] | None,
) -> _Task:
    table = _canonical(affinity)
    n, m = table.shape
    if demand < 0:
        raise ValueError("demand is negative")
    if not np.isfinite(table.data).all():
        raise ValueError("an affinity is not finite")
    most, least = _loads(max_load, m, "max_load"), _loads(min_load, m, "min_load")
    if (least > most).any():
        raise ValueError("a least load is above its largest load")
    stored = np.diff(table.indptr).astype(np.int64)
    rows = np.repeat(np.arange(n, dtype=np.int64), stored)
    cols = table.indices.astype(np.int64)
    value = table.data.astype(np.float64)
    barred = np.zeros(n, dtype=np.int64)
    if forbidden is not None:
        if forbidden.shape != (n, m):
            raise ValueError(f"forbidden has shape {forbidden.shape}, affinity {(n, m)}")
        out = _among(rows * m + cols, forbidden, m)
        barred = np.bincount(rows[out], minlength=n)
        rows, cols, value = rows[~out], cols[~out], value[~out]
    pairs = np.asarray(apart if apart is not None else [], dtype=np.int64).reshape(-1, 2)
    if pairs.size and (pairs.min() < 0 or pairs.max() >= m):
        raise ValueError("apart names an evaluator who is not there")
    return _Task((n, m), rows, cols, value, stored, barred, int(demand), most, least, balance, pairs)


def _canonical(affinity: Matrix) -> csr_matrix:
    """Sorted, without doubles, explicit zeros kept; the caller's matrix stays as it is."""
    table = csr_matrix(affinity)
    if not table.has_canonical_format:
        table = table.copy()
        table.sum_duplicates()
    return table


def _loads(given: int | np.ndarray | Sequence[int], m: int, name: str) -> np.ndarray:
    loads = np.asarray(given)
    if loads.size and not np.equal(np.mod(loads, 1), 0).all():
        raise ValueError(f"{name} is not a whole number")
    if loads.ndim and loads.shape != (m,):
        raise ValueError(f"{name} has shape {loads.shape}, there are {m} evaluators")
    if (loads < 0).any():
        raise ValueError(f"{name} is negative")
    return np.ascontiguousarray(np.broadcast_to(loads, (m,)), dtype=np.int64)


def _among(keys: np.ndarray, forbidden: Matrix, m: int) -> np.ndarray:
    """Which arcs are forbidden."""
    table = forbidden.tocoo()
    barred = table.row[table.data != 0].astype(np.int64) * m + table.col[table.data != 0]
    return np.isin(keys, barred)


# --- the flow ---------------------------------------------------------------------------------------------


def _solve(task: _Task, seed: int, open_arcs: np.ndarray | None = None) -> np.ndarray:
    """Which arcs carry a pair, as a mask over the task's arcs. open_arcs: a mask of those that may be used."""
    usable = np.flatnonzero(open_arcs) if open_arcs is not None else np.arange(len(task.rows))
    chosen = np.zeros(len(task.rows), dtype=bool)
    if not len(usable) or not task.demand:
        return chosen
    chosen[usable] = _balanced(task, usable, seed) if task.balance else _flow(task, usable, seed, _promised(task))
    return chosen


def _balanced(task: _Task, usable: np.ndarray, seed: int) -> np.ndarray:
    """Even loads by capacities alone where they can be had, which is quicker; by convex prices where they can't."""
    rows, cols = task.rows[usable], task.cols[usable]
    bound = _bound(task, rows, cols)
    level = _even(task.most, bound)
    if (task.least <= level).all():
        flows = _flow(task, usable, seed, _levelled(task, level, bound))
        if int(flows.sum()) == bound:
            return flows
    flows = _flow(task, usable, seed, _convex(task, level))
    reached = _even(task.most, int(flows.sum()))
    if reached != level:  # conflicts left fewer pairs than the loads promised
        flows = _flow(task, usable, seed, _convex(task, reached))
    return flows


def _flow(task: _Task, usable: np.ndarray, seed: int, lanes: _Lanes) -> np.ndarray:
    """The pairs of the cheapest of the largest flows, as a mask over the usable arcs."""
    n, m = task.shape
    rows, cols, value = task.rows[usable], task.cols[usable], task.value[usable]
    wanted = np.minimum(task.demand, np.bincount(rows, minlength=n))
    sink = n + m
    top = int(lanes.price.max(initial=0)) - int(lanes.price.min(initial=0)) + 1
    steps = min(RESOLUTION, LARGEST_COST // ((n + m + 3) * (m + 2) * top))
    unit = _unit(value, steps, usable, seed, len(task.rows))
    # one whole price outweighs every affinity along a path, and a path or circle enters and leaves the sink once
    whole = (m + 2) * int(unit.max(initial=1))
    solver = min_cost_flow.SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(
        np.concatenate([rows, lanes.tail + n]).astype(np.int32),
        np.concatenate([cols + n, lanes.head + n]).astype(np.int32),
        np.concatenate([np.ones(len(rows), dtype=np.int64), lanes.width]),
        np.concatenate([unit, lanes.price * whole]),
    )
    supplies = np.zeros(n + m + 2, dtype=np.int64)
    supplies[:n], supplies[sink] = wanted, -wanted.sum()
    solver.set_nodes_supplies(np.arange(n + m + 2, dtype=np.int32), supplies)
    status = solver.solve_max_flow_with_min_cost()
    if status != solver.OPTIMAL:
        raise RuntimeError(f"the flow solver says {status}")
    return np.asarray(solver.flows(arcs[: len(rows)])) > 0


def _unit(value: np.ndarray, steps: int, ids: np.ndarray, seed: int, total: int) -> np.ndarray:
    """Affinities as whole costs, the best the cheapest, with a lot for equals: the lot belongs to the arc, not to the
    order in which the solver meets it."""
    low, high = float(value.min()), float(value.max())
    scale = max(steps - DRAW, 1) / (high - low) if high > low else 0.0
    cost = np.round((high - value) * scale).astype(np.int64)
    lot = np.random.default_rng(seed % 2**64).integers(0, min(DRAW, max(steps // 2, 1)), size=total, dtype=np.int64)
    return cost + lot[ids]


@dataclass(frozen=True)
class _Lanes:
    """Arcs behind the evaluators: from an evaluator (0 … m-1) or the pool (m + 1) to the sink (m) or the pool, how many
    cases fit, and the price of each in whole prices."""

    tail: np.ndarray
    head: np.ndarray
    width: np.ndarray
    price: np.ndarray


def _lanes(m: int, parts: Sequence[tuple[np.ndarray, int]]) -> _Lanes:
    """One band of every evaluator's cases after the other: how many fit, and the price."""
    width = np.concatenate([band for band, _ in parts])
    price = np.repeat([price for _, price in parts], m)
    tail = np.tile(np.arange(m), len(parts))
    used = width > 0
    return _Lanes(tail[used], np.full(int(used.sum()), m), width[used], price[used].astype(np.int64))


def _promised(task: _Task) -> _Lanes:
    """The cases up to the least load come first."""
    return _lanes(task.shape[1], [(task.least, -1), (task.most - task.least, 0)])


def _levelled(task: _Task, level: int, pairs: int) -> _Lanes:
    """Everybody's cases up to the even load, and a pool with the few that are left over, one for each evaluator."""
    m = task.shape[1]
    first = np.minimum(task.most, level)
    over = np.flatnonzero(task.most > level)
    left = pairs - int(first.sum())
    return _Lanes(
        np.concatenate([np.arange(m), over, [m + 1]]),
        np.concatenate([np.full(m, m), np.full(len(over), m + 1), [m]]),
        np.concatenate([first, np.ones(len(over), dtype=np.int64), [left]]).astype(np.int64),
        np.zeros(m + len(over) + 1, dtype=np.int64),
    )


def _convex(task: _Task, level: int) -> _Lanes:
    """The nearer to the even load the cheaper, so that an extra case goes to who has fewest; promised cases before."""
    bands, prices = _steps(level, int(task.most.max(initial=0)))
    before = min(prices, default=0) - 1 - max(prices, default=0)
    parts = []
    for (start, stop), price in zip(bands, prices, strict=True):
        width = np.clip(task.most - start, 0, stop - start)
        promised = np.minimum(np.clip(task.least - start, 0, stop - start), width)
        parts += [(promised, price + before), (width - promised, price)]
    return _lanes(task.shape[1], parts)


def _steps(level: int, most: int) -> tuple[list[tuple[int, int]], list[int]]:
    """Bands of an evaluator's cases and their rising prices: single cases around the even load, doubling further out."""
    below, above = [], []
    stop, width = level, 1
    while stop > 0:
        width = 1 if level - stop < EXACT_STEPS else width * 2
        below.append((max(stop - width, 0), stop))
        stop = below[-1][0]
    start, width = level, 1
    while start < most:
        width = 1 if start - level < EXACT_STEPS else width * 2
        above.append((start, min(start + width, most)))
        start = above[-1][1]
    return below[::-1] + above, list(range(-len(below), len(above)))


def _bound(task: _Task, rows: np.ndarray, cols: np.ndarray) -> int:
    """At most so many pairs: what the applications want, what the evaluators can take."""
    n, m = task.shape
    wanted = int(np.minimum(task.demand, np.bincount(rows, minlength=n)).sum())
    return min(wanted, int(np.minimum(task.most, np.bincount(cols, minlength=m)).sum()))


def _even(most: np.ndarray, pairs: int) -> int:
    """The highest whole load that everybody can have, with those who may take fewer full before: water filling."""
    low, high = 0, int(most.max(initial=0))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if np.minimum(most, middle).sum() <= pairs else (low, middle - 1)
    return low


# --- evaluators who must not meet ----------------------------------------------------------------------------


def _part(task: _Task, chosen: np.ndarray, seed: int) -> np.ndarray:
    """Repair: where two meet who should not, the one who fits less loses the arc, and the flow is asked again.

    A round that would lose a pair is not taken: the meeting then stays, and the plan says so.
    """
    allowed = np.ones(len(task.rows), dtype=bool)
    best, seated = chosen, int(chosen.sum())
    for _ in range(ROUNDS):
        losers = _losers(task, best)
        if not len(losers):
            break
        trial = allowed.copy()
        trial[losers] = False
        again = _solve(task, seed, trial)
        if int(again.sum()) < seated:
            again, trial = _part_singly(task, best, allowed, losers, seed)
            if again is None:
                break
        better = len(_losers(task, again)) < len(losers)
        allowed = trial
        if better:
            best = again
    return best


def _part_singly(
    task: _Task, best: np.ndarray, allowed: np.ndarray, losers: np.ndarray, seed: int
) -> tuple[np.ndarray | None, np.ndarray]:
    """The same, a half of the meetings at a time, for where some of them can't be parted."""
    kept: np.ndarray | None = None
    queue = [losers[: len(losers) // 2], losers[len(losers) // 2 :]] if len(losers) > 1 else []
    tries = 0
    while queue and tries < ROUNDS:
        tries += 1
        part = queue.pop(0)
        trial = allowed.copy()
        trial[part] = False
        again = _solve(task, seed, trial)
        if again.sum() >= best.sum():
            kept, allowed = again, trial
        elif len(part) > 1:
            queue += [part[: len(part) // 2], part[len(part) // 2 :]]
    return kept, allowed


def _losers(task: _Task, chosen: np.ndarray) -> np.ndarray:
    """The arc to give up in each meeting: of the two, the one with the lower affinity."""
    n, m = task.shape
    at = np.flatnonzero(chosen)
    seats = csr_matrix((at + 1, (task.rows[at], task.cols[at])), shape=(n, m)).tocsc()
    losers: set[int] = set()
    for one, other in task.apart:
        if one == other:
            continue
        first = dict(zip(seats.indices[slice(*seats.indptr[one : one + 2])], _data(seats, one), strict=True))
        second = dict(zip(seats.indices[slice(*seats.indptr[other : other + 2])], _data(seats, other), strict=True))
        for row in first.keys() & second.keys():
            pair = (int(first[row]) - 1, int(second[row]) - 1)
            losers.add(min(pair, key=lambda arc: (task.value[arc], arc)))
    return np.array(sorted(losers), dtype=np.int64)


def _data(seats: Any, column: int) -> np.ndarray:
    return seats.data[seats.indptr[column] : seats.indptr[column + 1]]


# --- the answer -----------------------------------------------------------------------------------------------


def _plan(task: _Task, chosen: np.ndarray, seed: int) -> AssignmentPlan:
    n, _ = task.shape
    rows, cols = task.rows[chosen], task.cols[chosen]
    unmet = task.demand - np.bincount(rows, minlength=n).astype(np.int64)
    return AssignmentPlan(np.column_stack([rows, cols]), unmet, float(task.value[chosen].sum()), seed, task)


def _explain(plan: AssignmentPlan, task: _Task) -> Explanation:
    n, m = task.shape
    loads = np.bincount(plan.pairs[:, 1], minlength=m)
    seated = csr_matrix((np.ones(len(plan.pairs), dtype=bool), (plan.pairs[:, 0], plan.pairs[:, 1])), shape=(n, m))
    chosen = _among(task.rows * m + task.cols, seated, m)
    values = task.value[chosen]
    missing = int(plan.unmet.sum())
    return Explanation(
        needed=n * task.demand,
        seated=len(plan.pairs),
        missing=missing,
        capacity=int(task.most.sum()),
        avoided=int(task.barred.sum()),
        meeting=len(_losers(task, chosen)),
        under=int((loads < task.least).sum()),
        loads=tuple(int(load) for load in loads),
        affinity=_affinity(values),
        short={int(row): (int(plan.unmet[row]), _why(task, int(row))) for row in np.flatnonzero(plan.unmet)},
        fixes=_fixes(plan, task) if missing else (),
    )


def _affinity(values: np.ndarray) -> dict[str, float] | None:
    if not len(values):
        return None
    p5, median = np.percentile(values, [5, 50])
    named = {"least": values.min(), "p5": p5, "median": median, "mean": values.mean()}
    return {name: round(float(value), 6) for name, value in named.items()}


def _why(task: _Task, row: int) -> Shortage:
    stored, barred = int(task.stored[row]), int(task.barred[row])
    if stored == 0:
        return Shortage.NO_ARCS
    if stored - barred >= task.demand:
        return Shortage.FULL
    return Shortage.ALL_CONFLICTED if stored >= task.demand else Shortage.FEW_ARCS


def _fixes(plan: AssignmentPlan, task: _Task) -> tuple[Fix, ...]:
    """More evaluators, larger loads, fewer reviewers: for each the least that helps, and what it would leave."""
    missing = int(plan.unmet.sum())
    typical = int(np.median(task.most)) if len(task.most) else task.demand
    fresh = max(int(plan.unmet.max()), -(-missing // typical)) if typical else 0
    return (
        Fix(FixKind.EVALUATORS, fresh, 0 if typical else missing),
        _larger_loads(task),
        _fewer_reviewers(task),
    )


def _larger_loads(task: _Task) -> Fix:
    n = task.shape[0]
    whole = n * task.demand
    limit = int(np.bincount(task.cols, minlength=task.shape[1]).max(initial=0))
    unlimited = _most_pairs(task, task.demand, task.most + limit)
    low, high = 1, max(limit, 1)
    while low < high:
        middle = (low + high) // 2
        low, high = (
            (low, middle) if _most_pairs(task, task.demand, task.most + middle) >= unlimited else (middle + 1, high)
        )
    helps = unlimited > _most_pairs(task, task.demand, task.most)
    return Fix(FixKind.LOAD, low if helps else 0, whole - unlimited)


def _fewer_reviewers(task: _Task) -> Fix:
    n = task.shape[0]
    for demand in range(task.demand - 1, 0, -1):
        if _most_pairs(task, demand, task.most) == n * demand:
            return Fix(FixKind.DEMAND, demand)
    one = _most_pairs(task, 1, task.most) if task.demand > 1 else 0
    return Fix(FixKind.DEMAND, 1 if task.demand > 1 else 0, n - one)


def _most_pairs(task: _Task, demand: int, most: np.ndarray) -> int:
    """How many pairs could be seated with another demand or other loads."""
    n, m = task.shape
    if not len(task.rows) or not demand:
        return 0
    source, sink = n + m, n + m + 1
    solver = max_flow.SimpleMaxFlow()
    solver.add_arcs_with_capacity(
        np.concatenate([np.full(n, source), task.rows, np.arange(n, n + m)]).astype(np.int32),
        np.concatenate([np.arange(n), task.cols + n, np.full(m, sink)]).astype(np.int32),
        np.concatenate([np.full(n, demand), np.ones(len(task.rows), dtype=np.int64), most]).astype(np.int64),
    )
    solver.solve(source, sink)
    return int(solver.optimal_flow())
