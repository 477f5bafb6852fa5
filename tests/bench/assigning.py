"""How a draw does beside the plain ways, on the same arcs in the same run: seconds, memory, affinity, loads.

Synthetic calls (합성): texts, technologies and industries are put together from the project's own reference data, a few
trades more common than others, the evaluators' fields spread otherwise than the firms'. Each way runs in a fresh process
(`python -m tests.bench.assigning WAY SIZE` prints one as JSON) and gets the same arcs.
"""

from __future__ import annotations

import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, load_npz, save_npz

ROOT = Path(__file__).resolve().parents[2]
SEED = 20261123
REVIEWERS = 3
TOP = 60
ROOM = 1.05
"""Places there are, of places that are needed: a tight call, where somebody must get what is left."""
SIZES = {"small": (2_500, 100), "large": (25_000, 500)}
WAYS = ("flow", "assign", "balanced", "greedy", "arrival", "lp")
LABELS = {
    "flow": "plain OR-tools flow",
    "assign": "`assign` (ours)",
    "balanced": "`assign`, balance",
    "greedy": "greedy, best pair first",
    "arrival": "order of arrival, each the best that is left",
    "lp": "linear programme (HiGHS)",
}


@dataclass(frozen=True)
class Seen:
    """What one way did. seconds: without making the arcs; places, p5: 5th percentile of affinity over all places (an
    empty one counts 0) and over the seated pairs."""

    seconds: float
    megabytes: float
    pairs: int
    affinity: float
    places: float
    p5: float
    mean: float
    spread: int


def measure(size: str, ways: tuple[str, ...] = WAYS) -> tuple[dict[str, Seen], float, float]:
    """Every way on one call; and the seconds and megabytes that making its arcs out of texts took."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        made = _fresh("arcs", size, folder)
        seen = {way: Seen(**_fresh(way, size, folder)) for way in ways}
        return seen, made["seconds"], made["megabytes"]


def _fresh(way: str, size: str, folder: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.assigning", way, size, folder],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def load_of(shape: tuple[int, int]) -> int:
    """The largest load of an evaluator."""
    return int(np.ceil(shape[0] * REVIEWERS * ROOM / shape[1]))


# --- the call -----------------------------------------------------------------------------------------------


def call(applications: int, evaluators: int, seed: int = SEED) -> tuple[list[Any], list[Any]]:
    """A synthetic call: applicants and experts for `affinity.build`."""
    from portal.evaluation.affinity import Applicant, Expert

    random = np.random.default_rng(seed)
    technologies = list(csv.DictReader((ROOT / "data/technologies.csv").open(encoding="utf-8")))
    trades = [
        row
        for row in csv.DictReader((ROOT / "data/ksic.csv").open(encoding="utf-8"))
        if row["level"] == "group" and row["revision"] == "10"
    ]
    wanted = random.permutation(random.dirichlet(np.full(len(trades), 0.4)))
    known = 0.5 * wanted + 0.5 * random.dirichlet(np.full(len(trades), 0.4))
    asked = random.permutation(random.dirichlet(np.full(len(technologies), 0.5)))

    def words(chosen: list[dict[str, str]], trade: list[dict[str, str]], count: int) -> str:
        said = [word for row in chosen for word in [row["ko"], *row["synonyms_ko"].split(";")] if word]
        said += [word for row in trade for word in row["ko"].replace(",", " ").split()]
        return " ".join(said[at] for at in random.integers(0, len(said), count))

    def some(rows: list[dict[str, str]], share: np.ndarray, count: int) -> list[dict[str, str]]:
        return [rows[at] for at in random.choice(len(rows), count, replace=False, p=share / share.sum())]

    applicants, experts = [], []
    for number in range(applications):
        chosen, trade = some(technologies, asked, int(random.integers(2, 5))), some(trades, wanted, 1)
        codes = frozenset(row["code"] for row in chosen)
        applicants.append(Applicant(number, words(chosen, trade, 60), codes, trade[0]["code"]))
    for number in range(evaluators):
        chosen = some(technologies, np.full(len(technologies), 1.0) + asked * 20, int(random.integers(3, 7)))
        trade = some(trades, known, int(random.integers(1, 4)))
        codes = frozenset(row["code"] for row in chosen)
        experts.append(Expert(number, words(chosen, trade, 40), codes, frozenset(row["code"][:2] for row in trade)))
    return applicants, experts


def _arcs(size: str, folder: Path) -> dict[str, float]:
    from portal.evaluation import affinity

    applicants, experts = call(*SIZES[size])
    began = time.perf_counter()
    built = affinity.build(applicants, experts, TOP)
    seconds = time.perf_counter() - began
    save_npz(folder / f"{size}.npz", built.matrix)
    return {"seconds": seconds, "megabytes": _megabytes()}


# --- the ways -------------------------------------------------------------------------------------------------


def _flow(table: csr_matrix, most: int) -> np.ndarray:
    """The flow as one writes it first: source → applications → evaluators → sink."""
    from ortools.graph.python import min_cost_flow

    n, m = table.shape
    rows = np.repeat(np.arange(n), np.diff(table.indptr))
    source, sink = n + m, n + m + 1
    solver = min_cost_flow.SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(
        np.concatenate([np.full(n, source), rows, np.arange(n, n + m)]).astype(np.int32),
        np.concatenate([np.arange(n), table.indices + n, np.full(m, sink)]).astype(np.int32),
        np.concatenate([np.full(n, REVIEWERS), np.ones(table.nnz, int), np.full(m, most)]).astype(np.int64),
        np.concatenate([np.zeros(n), -np.round(table.data * 1e6), np.zeros(m)]).astype(np.int64),
    )
    solver.set_node_supply(source, n * REVIEWERS)
    solver.set_node_supply(sink, -n * REVIEWERS)
    solver.solve_max_flow_with_min_cost()
    return solver.flows(arcs[n : n + table.nnz]) > 0


def _ours(table: csr_matrix, most: int, balance: bool = False) -> np.ndarray:
    from portal.evaluation.assignment import assign

    plan = assign(table, REVIEWERS, most, seed=SEED, balance=balance)
    taken = csr_matrix((np.ones(len(plan.pairs)), (plan.pairs[:, 0], plan.pairs[:, 1])), shape=table.shape)
    rows = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr))
    return np.isin(rows * table.shape[1] + table.indices, taken.tocoo().row * table.shape[1] + taken.tocoo().col)


def _in_order(table: csr_matrix, most: int, arcs: np.ndarray) -> np.ndarray:
    """Arc by arc, each taken while both sides have room."""
    rows = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr)).tolist()
    cols = table.indices.tolist()
    need, room = [REVIEWERS] * table.shape[0], [most] * table.shape[1]
    chosen = np.zeros(table.nnz, dtype=bool)
    for arc in arcs.tolist():
        if need[rows[arc]] and room[cols[arc]]:
            need[rows[arc]] -= 1
            room[cols[arc]] -= 1
            chosen[arc] = True
    return chosen


def _greedy(table: csr_matrix, most: int) -> np.ndarray:
    return _in_order(table, most, np.argsort(-table.data, kind="stable"))


def _arrival(table: csr_matrix, most: int) -> np.ndarray:
    rows = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr))
    return _in_order(table, most, np.lexsort((-table.data, rows)))


def _lp(table: csr_matrix, most: int) -> np.ndarray:
    """The relaxation, whose corners are whole: pairs first by a price above every affinity along a path."""
    from scipy.optimize import linprog
    from scipy.sparse import vstack

    n, m = table.shape
    rows, at = np.repeat(np.arange(n), np.diff(table.indptr)), np.arange(table.nnz)
    ones = np.ones(table.nnz)
    limits = vstack([csr_matrix((ones, (rows, at))), csr_matrix((ones, (table.indices, at)), shape=(m, table.nnz))])
    room = np.concatenate([np.full(n, REVIEWERS), np.full(m, most)])
    found = linprog(-(table.data + 10.0), A_ub=limits, b_ub=room, bounds=(0, 1), method="highs")
    return found.x > 0.5


RUN: dict[str, Callable[[csr_matrix, int], np.ndarray]] = {
    "flow": _flow,
    "assign": _ours,
    "balanced": lambda table, most: _ours(table, most, True),
    "greedy": _greedy,
    "arrival": _arrival,
    "lp": _lp,
}


def _run(way: str, size: str, folder: Path) -> dict[str, Any]:
    table = load_npz(folder / f"{size}.npz").tocsr()
    if way != "lp":
        from ortools.graph.python import min_cost_flow  # noqa: F401  (its import is nobody's time)

        import portal.evaluation.assignment  # noqa: F401
    began = time.perf_counter()
    chosen = RUN[way](table, load_of(table.shape))
    seconds = time.perf_counter() - began
    loads = np.bincount(table.indices[chosen], minlength=table.shape[1])
    values = table.data[chosen]
    places = np.zeros(max(table.shape[0] * REVIEWERS, len(values)))
    places[: len(values)] = values
    return {
        "seconds": seconds,
        "megabytes": _megabytes(),
        "pairs": int(chosen.sum()),
        "affinity": float(values.sum()),
        "places": float(np.percentile(places, 5)),
        "p5": float(np.percentile(values, 5)),
        "mean": float(values.mean()),
        "spread": int(loads.max() - loads.min()),
    }


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    what, how_large, where = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    print(json.dumps(_arcs(how_large, where) if what == "arcs" else _run(what, how_large, where)))
