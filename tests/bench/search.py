"""The directory's search beside the engines that one would take instead, on the same listings in the same run.

Each engine runs in processes of its own (`python -m tests.bench.search ENGINE SIZE FOLDER` prints one as JSON): one
builds and keeps its index, another opens it and answers the queries. Listings and queries are generated
(tests/bench/listings.py), the relevance set is the project's own (tests/bench/relevance.py). CPU time, one thread.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench import listings, relevance
from tests.bench.listings import ROOT, Asked, Listings
from tests.bench.peers import ENGINES, LIMIT, Engine

SIZES = (10_000, 100_000)
QUERIES, LEAST, WARM, PATIENCE = 300, 30, 10, 20.0
"""A slow engine is asked until its patience (seconds of CPU) ends, but the least number of queries at any rate."""
NEAREST = (25_000, 5_000)
RELEVANCE = 0
"""The size that stands for the relevance set."""


@dataclass(frozen=True)
class Seen:
    """What one engine did at one size. CPU in milliseconds; facets None: it counts none."""

    build: float
    analysis: float
    opened: float
    p50: float
    p95: float
    facets: tuple[float, float] | None
    megabytes: float
    asked: int


def measure(size: int, engines: tuple[str, ...] = tuple(ENGINES)) -> dict[str, Seen]:
    """Every engine on the same listings."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        _fresh("listings", size, folder)
        found = {name: _fresh(name, size, folder) for name in engines}
    return {
        name: Seen(**{**one, "facets": tuple(one["facets"]) if one["facets"] else None}) for name, one in found.items()
    }


def judge(engines: tuple[str, ...] = tuple(ENGINES)) -> dict[str, dict[str, dict[str, float]]]:
    """MRR@10 of every engine on the project's own set: engine → "written" or "loose" → section."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        _fresh("listings", RELEVANCE, folder)
        return {name: _fresh(name, RELEVANCE, folder) for name in engines}


def nearest(threads: int) -> dict[str, float]:
    """The exact 20 nearest of 5,000 listings to each of 25,000 texts: seconds of the clock, and whether they agree."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        return _fresh("nearest", 0, folder, threads)


def _fresh(name: str, size: int, folder: str, threads: int = 1) -> Any:
    one = str(threads)
    limits = {key: one for key in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS")}
    said = None
    for step in ("build", "ask") if name in ENGINES and not name.startswith("postgresql") else ("all",):
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.search", name, str(size), folder, step],
            cwd=ROOT, env={**os.environ, **limits}, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr)
        said = {**(said or {}), **json.loads(done.stdout.splitlines()[-1])}
    return said


# --- one process ----------------------------------------------------------------------------------------------


def _make(size: int, folder: Path) -> dict[str, float]:
    """Listings (or the pool) and their morphemes, for everybody."""
    from portal.directory import tokens

    if size == RELEVANCE:
        pool = relevance.pool()
        made = Listings(pool.entries, [() for _ in pool.entries], [])
    else:
        made = listings.listings(size)
    began = time.process_time()
    analysed = [" ".join(tokens.morphemes(tokens.fold(text))) for text in made.texts]
    seconds = time.process_time() - began
    file = {"texts": made.texts, "values": made.values, "groups": made.groups, "words": analysed, "seconds": seconds}
    (folder / "listings.json").write_text(json.dumps(file))
    return {"seconds": seconds}


def _build(engine: Engine, folder: Path) -> dict[str, float]:
    file = json.loads((folder / "listings.json").read_text())
    made = Listings(file["texts"], [tuple(some) for some in file["values"]], file["groups"])
    if engine.analysed:
        from portal.directory import tokens

        tokens.morphemes("합성")  # loading it is nobody's time
    before = engine.processor()
    engine.build(made, file["words"] if engine.analysed else made.texts)
    analysis = file["seconds"] if engine.analysed else 0.0
    return {"build": engine.processor() - before + analysis, "analysis": analysis}


def _ask(engine: Engine, size: int) -> dict[str, Any]:
    if size == RELEVANCE:
        return _relevance(engine)
    import portal.directory  # noqa: F401  (the web worker has it anyway)

    asked = listings.queries(QUERIES)
    before, began = engine.megabytes(), engine.processor()
    engine.open()
    engine.find(asked[0], True)
    opened = engine.processor() - began
    plain = _times(engine, asked, False)
    facets = _times(engine, asked, True) if engine.counts else None
    return {
        "opened": opened * 1e3,
        "p50": statistics.median(plain),
        "p95": _p95(plain),
        "facets": (statistics.median(facets), _p95(facets)) if facets else None,
        "megabytes": engine.megabytes() - before,
        "asked": len(plain),
    }


def _times(engine: Engine, asked: list[Asked], counts: bool) -> list[float]:
    for one in asked[:WARM]:
        engine.find(one, counts)
    times, spent = [], 0.0
    for one in asked:
        began = engine.processor()
        engine.find(one, counts)
        times.append((engine.processor() - began) * 1e3)
        spent += times[-1] / 1e3
        if spent > PATIENCE and len(times) >= LEAST:
            break
    return times


def _p95(times: list[float]) -> float:
    return float(np.percentile(times, 95))


def _relevance(engine: Engine) -> dict[str, Any]:
    engine.open()
    questions = relevance.pool().questions
    found: dict[str, dict[str, float]] = {}
    for way, asked in (("written", questions), ("loose", relevance.loose(questions))):
        by_section: dict[str, list[float]] = {}
        for one in asked:
            ranked = engine.find(Asked(one.text, {}), False)
            by_section.setdefault(one.section, []).append(relevance.reciprocal(ranked, one.right))
        found[way] = {section: statistics.fmean(values) for section, values in by_section.items()}
    return found


def _nearest(threads: int) -> dict[str, float]:
    """TF-IDF of morphemes; both warm, in turn, the median of three."""
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sparse_dot_topn import sp_matmul_topn

    from portal.directory import tokens
    from portal.matching import texts

    n, m = NEAREST
    said = [" ".join(tokens.morphemes(tokens.fold(text))) for text in listings.listings(n + m, listings.SEED + 9).texts]
    table = csr_matrix(TfidfVectorizer(token_pattern=r"\S+", dtype=np.float32).fit_transform(said))
    asked, held = table[:n], table[n:]
    turned = csr_matrix(held.T)
    ways = {
        "ours": lambda: texts.nearest(asked, held, LIMIT),
        "peer": lambda: sp_matmul_topn(asked, turned, top_n=LIMIT, sort=True, n_threads=threads),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    found = {name: way() for name, way in ways.items()}
    for _ in range(3):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - began)
    sums = [np.asarray(one.sum(axis=1)).ravel() for one in found.values()]
    apart = float(np.abs(sums[0] - sums[1]).max())
    return {**{name: statistics.median(some) for name, some in seconds.items()}, "apart": apart}


def main(name: str, size: int, folder: Path, step: str) -> dict[str, Any]:
    if name == "listings":
        return _make(size, folder)
    if name == "nearest":
        return _nearest(int(os.environ["NUMBA_NUM_THREADS"]))
    engine = ENGINES[name](folder)
    own = folder / name
    own.mkdir(exist_ok=True)
    engine.folder = own
    said: dict[str, Any] = {}
    if step in ("build", "all"):
        said |= _build(engine, folder)
    if step in ("ask", "all"):
        said |= _ask(engine, size)
    engine.close()
    return said


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])))
