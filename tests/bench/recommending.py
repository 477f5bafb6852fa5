"""What a night costs: the arcs of all companies, and the plan beside a plain flow over the same arcs in the same run.

Synthetic companies and suppliers (합성) out of the project's own technologies, industries and regions; a few suppliers have
many builds, most have none. Each way runs in a fresh process (`python -m tests.bench.recommending WAY` prints it as JSON).
"""

from __future__ import annotations

import csv
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, load_npz, save_npz

from portal.matching import arcs, plan
from portal.matching.rules import Need
from portal.reference.rules import SizeClass
from tests.factories.suppliers import Build, supplier

ROOT = Path(__file__).resolve().parents[2]
SEED = 20261123
COMPANIES, SUPPLIERS, EACH = 25_000, 5_000, 5
ROOMS = {"roomy": (5, 60), "tight": (1, 9)}
"""Consultations that a supplier takes: drawn between the two."""


def measure() -> dict[str, dict[str, Any]]:
    """Way → what it did, in the order in which it ran."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        ways = [f"{way} {room}" for room in ROOMS for way in ("arcs", "plain", "allocate", "recommend", "ranking")]
        return {way: _fresh(way, folder) for way in ways}


def _fresh(way: str, folder: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.recommending", *way.split(), folder],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def world() -> tuple[list[Need], list[Any]]:
    dice = random.Random(SEED)
    with (ROOT / "data" / "technologies.csv").open(encoding="utf-8") as lines:
        codes = [row["code"] for row in csv.DictReader(lines)]
    provinces, districts = [f"sido-{n}" for n in range(17)], [f"sigungu-{n}" for n in range(229)]
    divisions = [str(code) for code in range(10, 35)]
    common = [1 / (place + 1) for place in range(len(codes))]
    offered = []
    for number in range(SUPPLIERS):
        builds = min(int(dice.paretovariate(0.9)) - 1, 30)
        offered.append(
            supplier(
                number,
                organisation_id=COMPANIES + number,
                technologies={code: dice.randint(1, 5) for code in dice.choices(codes, common, k=dice.randint(1, 8))},
                sectors=dice.sample(divisions, 3),
                regions=dice.sample(provinces, dice.randint(1, 4)) if dice.random() < 0.6 else ["nationwide"],
                home=frozenset({dice.choice(provinces)}),
                records=[
                    Build(
                        technologies=tuple(dice.choices(codes, common, k=2)),
                        ksic=dice.choice(divisions),
                        size=dice.choice(list(SizeClass)),
                    )
                    for _ in range(builds)
                ],
            )
        )
    needs = []
    for number in range(COMPANIES):
        wanted, place = dict.fromkeys(dice.choices(codes, common, k=8)), dice.randrange(len(districts))
        needs.append(
            Need(
                organisation_id=number,
                technologies={code: 1 / len(wanted) for code in wanted},
                regions=frozenset({provinces[place % 17], districts[place]}),
                ksic=dice.choice(divisions) + "1",
                size=dice.choice(list(SizeClass)),
                target_level=dice.randint(1, 4),
            )
        )
    return needs, offered


def _plain(score: csr_matrix, room: np.ndarray) -> np.ndarray:
    """A flow that knows nothing of being served: the most pairs, then the sum."""
    from ortools.graph.python import min_cost_flow

    n, m = score.shape
    rows = np.repeat(np.arange(n), np.diff(score.indptr))
    solver = min_cost_flow.SimpleMinCostFlow()
    made = solver.add_arcs_with_capacity_and_unit_cost(
        np.concatenate([rows, np.arange(m) + n]).astype(np.int32),
        np.concatenate([score.indices + n, np.full(m, n + m)]).astype(np.int32),
        np.concatenate([np.ones(len(rows), dtype=np.int64), room]),
        np.concatenate([-np.round(score.data * 1000).astype(np.int64), np.zeros(m, dtype=np.int64)]),
    )
    solver.set_nodes_supplies(np.arange(n), np.full(n, EACH))
    solver.set_node_supply(n + m, -n * EACH)
    assert solver.solve_max_flow_with_min_cost() == solver.OPTIMAL
    taken = np.asarray(solver.flows(made[: len(rows)])) > 0
    return np.stack([rows[taken], score.indices[taken]], axis=1)


def _ranking(score: csr_matrix) -> np.ndarray:
    """Everybody's own best, whoever else wants them."""
    pairs = []
    for row in range(score.shape[0]):
        span = slice(score.indptr[row], score.indptr[row + 1])
        best = score.indices[span][np.argsort(-score.data[span], kind="stable")[:EACH]]
        pairs += [(row, col) for col in best]
    return np.array(pairs)


def main(way: str, *rest: str) -> None:
    file = Path(rest[-1]) / f"{rest[0]}.npz"
    low, high = ROOMS[rest[0]]
    room = np.random.default_rng(SEED).integers(low, high, SUPPLIERS)
    if way == "arcs":
        needs, offered = world()
        start, used = time.perf_counter(), time.process_time()
        score = arcs.build(needs, offered, room=room)
        seconds, processor = time.perf_counter() - start, time.process_time() - used
        save_npz(file, score)
        np.save(file.with_suffix(".npy"), [one.is_newcomer for one in offered])
        seen = {"seconds": seconds, "processor": processor, "pairs": int(score.nnz)}
    else:
        score = csr_matrix(load_npz(file))
        fresh = np.load(file.with_suffix(".npy"))
        start = time.perf_counter()
        if way == "allocate":
            pairs = plan.allocate(score, room, EACH, SEED).pairs
        elif way == "recommend":
            pairs = plan.recommend(score, room, EACH, SEED, fresh).pairs
        else:
            pairs = _plain(score, room) if way == "plain" else _ranking(score)
        seconds = time.perf_counter() - start
        leads = np.sort(np.bincount(pairs[:, 1], minlength=SUPPLIERS))[::-1]
        seen = {
            "seconds": seconds,
            "pairs": len(pairs),
            "served": len(np.unique(pairs[:, 0])),
            "points": float(score[pairs[:, 0], pairs[:, 1]].sum()),
            "top": float(leads[: SUPPLIERS // 100].sum() / leads.sum()),
            "none": int((leads == 0).sum()),
            "new": float(fresh[pairs[:, 1]].mean()),
        }
    seen["megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
