"""`make bench` = `python -m tests.bench [--rounds N]`: one table, printed; nothing is asserted."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# What the developer has set for their own portal must not reach the figures, and compiled files are kept as they
# are where the portal serves: else every start would compile the portal again.
for _name in [*(name for name in os.environ if name.startswith(("PORTAL_", "FLASK_"))), "DATABASE_URL", "HOST", "PORT"]:
    os.environ.pop(_name, None)
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

from tests.bench import instrument, pages, start  # noqa: E402  (they import the portal)

AIMS = {"start": 1.3, "megabytes": 120, "milliseconds": 50, "queries": 12, "kilobytes": 60}


def main() -> None:
    options = argparse.ArgumentParser(prog="make bench", description=__doc__)
    options.add_argument("--rounds", type=int, default=20, help="visits to each page")
    options.add_argument("--starts", type=int, default=7, help="starts of each kind of process")
    given = options.parse_args()
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    print(f"Figures of the portal (load {load:.1f} for each processor at the start; above 1, trust ratios and CPU)\n")
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        data = Path(folder)
        _demo(data)
        _start(data, given.starts)
        _pages(data, given.rounds)
    _instrument()


def _row(*cells: object) -> None:
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def _head(*cells: str) -> None:
    _row(*cells)
    _row(*("---" for _ in cells))


def _against(value: float, aim: float, digits: int = 0) -> str:
    """The value, with a mark where it misses its aim."""
    return f"{value:.{digits}f}" + (" (!)" if round(value, digits) > aim else "")


def _demo(data: Path) -> None:
    began, before = time.perf_counter(), os.times()
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "portal", "init", "--demo"],
        cwd=start.ROOT,
        env={**os.environ, "PORTAL_DATA_DIR": str(data)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    seconds, after = time.perf_counter() - began, os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    print(f"demo country, from nothing: {seconds:.1f} s (aim 20), {processor:.1f} s CPU\n", flush=True)


def _start(data: Path, rounds: int) -> None:
    _head("start of a web worker", "portal", "its libraries", "bare Flask-SQLAlchemy", "ratio to bare", "aim")
    for path, label in (("/healthz", "to the first answer"), ("/", "to the first page")):
        portal, libraries, bare = start.measure(data, path, rounds)
        for name, what in (("processor", "CPU"), ("clock", "clock")):
            values = [getattr(one, name) for one in (portal, libraries, bare)]
            ratio = _against(values[0] / values[2], AIMS["start"], 2)
            _row(f"{label}, {what}", *(f"{value:.2f} s" for value in values), ratio, f"≤ {AIMS['start']}")
    kinds = (portal, libraries, bare)
    memory = [
        f"{_against(kinds[0].megabytes, AIMS['megabytes'])} MB",
        *(f"{one.megabytes:.0f} MB" for one in kinds[1:]),
    ]
    _row("memory after it (RSS)", *memory, f"{portal.megabytes / bare.megabytes:.2f}", f"≤ {AIMS['megabytes']} MB")
    _row("modules loaded", *(one.modules for one in kinds), f"{portal.modules / bare.modules:.2f}", "")
    print(f"\nmedians of {rounds} fresh processes each, in turn")
    print(f"heavy libraries in the worker: {', '.join(portal.heavy) or 'none'} (of {', '.join(start.HEAVY)})\n")


def _instrument() -> None:
    seconds = instrument.measure()
    rate = instrument.PROFILES / seconds
    print(f"instrument, gates and tiers of {instrument.PROFILES:,} diagnoses: {seconds:.2f} s ({rate:,.0f} a second)")


def _pages(data: Path, rounds: int) -> None:
    _head("page", "p50 ms", "p95 ms", "p50 CPU", "p95 CPU", "queries", "HTML KB", "page KB", "external requests")
    for page in pages.measure(data, rounds):
        _row(
            page.name,
            f"{page.p50:.0f}",
            _against(page.p95, AIMS["milliseconds"]),
            f"{page.p50_processor:.0f}",
            _against(page.p95_processor, AIMS["milliseconds"]),
            _against(page.queries, AIMS["queries"]),
            f"{page.html:.1f}" if page.weight else "-",
            _against(page.weight, AIMS["kilobytes"], 1) if page.weight else "-",
            _against(page.elsewhere, 0) if page.weight else "-",
        )
    print(f"\nmemory after all these visits, with the client that made them: {pages.memory():.0f} MB")
    print(f"aims: p95 ≤ {AIMS['milliseconds']} ms, queries ≤ {AIMS['queries']} and the same for one row and for many, "
          f"page ≤ {AIMS['kilobytes']} KB after gzip with style sheets and scripts, no external request; (!) misses.\n"
          f"{rounds} visits each. A submission counts all that stands before its answer goes out: frozen file, audit, "
          f"suggestion and ranked suppliers.\n")  # fmt: skip


if __name__ == "__main__":
    main()
