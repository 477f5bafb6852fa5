"""`make bench` = `python -m tests.bench [--only SECTION] [--rounds N]`: tables, printed; nothing is asserted."""

from __future__ import annotations

import argparse
import os
import statistics
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

from tests.bench import (  # noqa: E402  (they import the portal)
    assigning,
    conflicts,
    found,
    pages,
    peers,
    queue,
    recommending,
    scorer,
    search,
    speed,
    start,
)

AIMS = {
    "start": 1.3,
    "megabytes": 120,
    "milliseconds": 50,
    "queries": 12,
    "kilobytes": 60,
    "country": 5,
    "country_megabytes": 1024,
    "suggestion": 2,
    "flow": 1.5,
    "flow_megabytes": 1024,
    "gain": 0.2,
    "recall": 0.99,
    "search": 0.5,
    "facets": 0.2,
    "index_megabytes": 150,
    "nearest": 0.5,
    "arcs": 10,
    "top": 0.07,
}


SECTIONS = ("start", "pages", "speed", "scorer", "assigning", "queue", "conflicts", "search", "found", "recommending")


def main() -> None:
    options = argparse.ArgumentParser(prog="make bench", description=__doc__)
    options.add_argument("--only", choices=SECTIONS, action="append", help="these sections alone; may be repeated")
    options.add_argument("--rounds", type=int, default=20, help="visits to each page")
    options.add_argument("--starts", type=int, default=7, help="starts of each kind of process")
    options.add_argument("--seeds", type=int, default=20, help="draws of each synthetic world")
    given = options.parse_args()
    wanted = given.only or SECTIONS
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    print(f"Figures of the portal (load {load:.1f} for each processor at the start; above 1, trust ratios and CPU)\n")
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        data = Path(folder)
        if {"start", "pages", "queue"} & set(wanted):
            _demo(data)
        if "start" in wanted:
            _start(data, given.starts)
        if "pages" in wanted:
            _pages(data, given.rounds)
        if "queue" in wanted:
            _queue(data, given.rounds)
    if "speed" in wanted:
        _scorer_speed()
    if "scorer" in wanted:
        _scorer(given.seeds)
    if "assigning" in wanted:
        _assigning()
    if "conflicts" in wanted:
        _conflicts()
    if "search" in wanted:
        _search()
    if "found" in wanted:
        _found()
    if "recommending" in wanted:
        _recommending()


def _recommending() -> None:
    seen_of = recommending.measure()
    print(f"## Recommending at night\n\n{recommending.COMPANIES:,} companies × {recommending.SUPPLIERS:,} suppliers\n")
    for way in [way for way in seen_of if way.startswith("arcs")]:
        made = seen_of.pop(way)
        print(f"{way}: {made['pairs']:,} (60 each at most) in {made['seconds']:.1f} s ({made['processor']:.1f} s CPU; "
              f"aim {AIMS['arcs']} s), {made['megabytes']:.0f} MB")  # fmt: skip
    print()
    _row("way", "s", "× plain flow", "MB", "pairs", "served", "points", "top 1 % of suppliers", "without a lead", "to newcomers")
    _row(*["---"] * 10)
    for way, seen in seen_of.items():
        plain = seen_of[f"plain {way.split()[1]}"]["seconds"]
        _row(way, f"{seen['seconds']:.1f}", f"{seen['seconds'] / plain:.2f}", f"{seen['megabytes']:.0f}",
             f"{seen['pairs']:,}", f"{seen['served']:,}", f"{seen['points']:,.0f}", f"{seen['top']:.1%}", f"{seen['none']:,}",
             f"{seen['new']:.0%}")  # fmt: skip
    print(f"\nAims: ≤ {AIMS['flow']} × a plain flow, top 1 % ≤ {AIMS['top']:.0%}\n")


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


def _scorer_speed() -> None:
    many = f"{speed.PROFILES:,} diagnoses"
    _head("speed of the scorer", "CPU", "rate", "most memory (RSS)", "aim")
    reasons = speed.measure("reasons_of_a_country")
    _row(
        f"{many}: instrument, gates, reasons",
        f"{_against(reasons['seconds'], AIMS['country'], 2)} s",
        f"{speed.PROFILES / reasons['seconds']:,.0f}/s",
        f"{_against(reasons['megabytes'], AIMS['country_megabytes'])} MB ({reasons['inputs']:.0f} MB before)",
        f"≤ {AIMS['country']} s, ≤ {AIMS['country_megabytes']} MB",
    )
    for name, what in (
        ("tiers_of_a_country", "instrument, gates"),
        ("columns_of_a_country", "columns for a model"),
        ("logit_of_a_country", "instrument, gates, reasons, `OrdinalLogit` as champion"),
        ("boosting_of_a_country", "the same with `MonotoneOrdinalBoosting`"),
    ):
        found = speed.measure(name)
        memory, rate = f"{found['megabytes']:.0f} MB", f"{speed.PROFILES / found['seconds']:,.0f}/s"
        _row(f"{many}: {what}", f"{found['seconds']:.2f} s", rate, memory, "")
    one = speed.measure("one_suggestion", 5)
    memory = f"{one['megabytes']:.0f} MB"
    _row("one suggestion, the first of a process", f"{one['first'] * 1e3:.1f} ms", "", memory, "")
    for name, what in (
        ("one_suggestion", "the instrument speaks"),
        ("suggestion_by_logit", "`OrdinalLogit` as champion"),
        ("suggestion_by_boosting", "`MonotoneOrdinalBoosting` as champion"),
    ):
        found = one if name == "one_suggestion" else speed.measure(name)
        p50, p95 = (_against(found[key], AIMS["suggestion"], 2) for key in ("p50", "p95"))
        cells = (f"p50 {p50}, p95 {p95} ms", f"{1000 / found['p50']:,.0f}/s", "", f"≤ {AIMS['suggestion']} ms")
        _row(f"one suggestion, warm, {what}", *cells)
    again = speed.measure("everybody_again")
    for name, what in (("made", "all new"), ("same", "nothing new")):
        rate = f"{again[name]:,.0f}/s CPU, {again[name + '_clock']:,.0f}/s clock"
        memory = f"{again['megabytes']:.0f} MB"
        _row(f"`score --all`, {speed.FIRMS:,} firms, {what}", f"{speed.FIRMS / again[name]:.2f} s", rate, memory, "")
    print(f"\nmedians of fresh processes with one thread; a suggestion counts its moves and its stored text.\n"
          f"importing the scorer with the portal's package takes {one['imported']:.2f} s CPU before the first.\n")  # fmt: skip


def _mean(values: list[float], digits: int = 3) -> str:
    """Mean with its 95 % interval over the seeds."""
    half = 1.96 * statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return f"{statistics.fmean(values):.{digits}f} ± {half:.{digits}f}"


def _scorer(seeds: int) -> None:
    cells, care = scorer.measure(seeds)
    for family, noise in dict.fromkeys((one.family, one.noise) for one in cells):
        here = [one for one in cells if (one.family, one.noise) == (family, noise)]
        ceilings = f"Bayes proxy {_mean([one.bayes for one in here])}, one expert {_mean([one.expert for one in here])}"
        print(f"world {family}, noise {noise}: kappa against the truth; ceilings: {ceilings}\n")
        _head("decisions learned from", *(f"{n:,}" for n in scorer.SIZES))
        for name in scorer.METHODS:
            _row(scorer.LABELS[name], *(_mean([one.kappa[name, n] for one in here]) for n in scorer.SIZES))
        others = ("instrument", "multinomial", "boosting")
        best = {
            n: max(others, key=lambda name: statistics.fmean(one.kappa[name, n] for one in here)) for n in scorer.SIZES
        }
        _row(
            "OrdinalLogit less the best other",
            *(_mean([one.kappa["logit", n] - one.kappa[best[n], n] for one in here]) for n in scorer.SIZES),
        )
        print(flush=True)
    _scorer_care(care)
    print(
        f"\n{seeds} seeds; ± is the 95 % interval over them. Synthetic worlds (합성); nothing here is about real firms.\n"
    )


def _scorer_care(care: list[scorer.Care]) -> None:
    print("realistic additive world, 6,000 decisions, 150 experts who lean to the capital region by 0.25 deviations\n")
    _head("what else has to hold", "seen", "aim")
    for name in ("instrument", "logit", "monotone"):
        _row(f"30 % inflators: put too high by {scorer.LABELS[name]}", _mean([one.over[name] for one in care]), "")
    ratio = statistics.fmean(one.gap["with"] for one in care) / statistics.fmean(one.gap["without"] for one in care)
    _row("widest gap between regions, tiers, OrdinalLogit", _mean([one.gap["without"] for one in care]), "")
    _row("the same with the region as a column", f"{_mean([one.gap['with'] for one in care])} ({ratio:.1f} ×)", "")
    for level, tier in enumerate(("BASIC", "ADVANCED", "LEADING")):
        few = min(one.rows[level] for one in care)
        seen = _mean([one.covered[level] for one in care]) if few >= 300 else f"too few ({few} rows)"
        _row(f"conformal sets hold {tier}, promised 0.9", seen, "0.88–0.92")
    _row("mean size of a set", _mean([one.size for one in care], 2), "")
    for name in ("logit", "monotone"):
        _row(f"calibration error (ECE), {scorer.LABELS[name]}", _mean([one.error[name] for one in care]), "≤ 0.03")
    _row("severity of experts: correlation with the truth", _mean([one.severity[0] for one in care], 2), "")
    _row("severity within two standard errors", _mean([one.severity[1] for one in care], 2), "0.95")
    _row(f"falls in {len(care) * 10_000:,} raises, both models", sum(one.falls for one in care), "0")


def _assigning() -> None:
    for size, (n, m) in assigning.SIZES.items():
        ways = assigning.WAYS if size == "small" else tuple(way for way in assigning.WAYS if way != "lp")
        seen, seconds, megabytes = assigning.measure(size, ways)
        flow, arrival, needed = seen["flow"], seen["arrival"], n * assigning.REVIEWERS
        print(f"{n:,} applications × {m} evaluators × {assigning.REVIEWERS}, {assigning.TOP} arcs each, loads ≤ "
              f"{assigning.load_of((n, m))}; arcs out of texts: {seconds:.1f} s, {megabytes:.0f} MB\n")  # fmt: skip
        _head("way", "s", "× plain flow", "MB", "empty places", "affinity", "mean", "p5 of pairs", "p5 of places", "loads")
        for way, one in seen.items():
            ours = way in ("assign", "balanced")
            ratio, memory = one.seconds / flow.seconds, AIMS["flow_megabytes"] if ours else 1e9
            _row(
                assigning.LABELS[way],
                f"{one.seconds:.2f}",
                _against(ratio, AIMS["flow"] if ours else 1e9, 2),
                _against(one.megabytes, memory),
                needed - one.pairs,
                f"{one.affinity:.4f}",
                f"{one.mean:.3f} ({one.mean / arrival.mean - 1:+.1%})",
                f"{one.p5:.3f} ({one.p5 / arrival.p5 - 1:+.1%})",
                f"{one.places:.3f} ({one.places / arrival.places - 1:+.1%})",
                one.spread,
            )
        print(flush=True)
    print(
        f"in brackets: against the order of arrival; aims: ≤ {AIMS['flow']} × plain flow and ≤ 1 GB, 5th percentile ≥ "
        f"+{AIMS['gain']:.0%}, spread of loads ≤ 1 with balance, affinity equal to the linear programme's.\n"
        f"How much is gained depends on how tight the call is: {assigning.ROOM - 1:.0%} more places than needed here.\n"
    )


def _queue(data: Path, rounds: int) -> None:
    found, sheets = queue.measure(data, rounds)
    _head("evaluator's desk", "p50 ms", "p95 ms", "p50 CPU", "p95 CPU", "queries", "HTML KB", "page KB")
    for page in found:
        _row(
            page.name,
            f"{page.p50:.0f}",
            _against(page.p95, AIMS["milliseconds"]),
            f"{page.p50_processor:.0f}",
            _against(page.p95_processor, AIMS["milliseconds"]),
            _against(page.queries, AIMS["queries"]),
            f"{page.html:.1f}",
            _against(page.weight, AIMS["kilobytes"], 1),
        )
    print()
    _head("offline sheet of the opened half", "rows", "written", "read back", "compared", "file")
    for one in sheets:
        _row(f"{one.files} files", one.rows, *(f"{t:.2f} s" for t in (one.out, one.back, one.compare)), f"{one.kilobytes:.0f} KB")
    print(f"\n{rounds} visits to each page; up to 60 files stand on one page, half of them opened with a draft.\n")


def _conflicts() -> None:
    _head("conflicts of interest", "s", "s CPU", "MB", "pairs barred", "planted", "found", "decoys", "barred of them")
    for size, (n, m) in conflicts.SIZES.items():
        seen = conflicts.measure(size)
        share = seen.found / seen.planted
        _row(
            f"{n:,} applications × {m} people",
            f"{seen.seconds:.1f}",
            f"{seen.processor:.1f}",
            f"{seen.megabytes:.0f}",
            f"{seen.pairs:,}",
            f"{seen.planted:,}",
            f"{share:.1%}" + ("" if share >= AIMS["recall"] else " (!)"),
            f"{seen.decoys:,}",
            seen.decoys_barred,
        )
        if seen.found < seen.planted:
            print("missed: " + ", ".join(f"{way} {got}/{all_}" for way, (all_, got) in seen.ways.items() if got < all_))
    worlds = conflicts.random_worlds()
    print(
        f"\nplanted hard conflicts found: aim ≥ {AIMS['recall']:.0%}. In {worlds.worlds:,} random worlds a draw seated "
        f"{worlds.seated:,} pairs, {worlds.hard_seated} of them with a hard conflict (aim 0; {worlds.barred_pairs:,} pairs "
        f"were barred); {worlds.seconds:.0f} s.\n"
    )


def _found() -> None:
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        seen = found.measure(Path(folder))
    _head(f"the directory's page at {found.LISTINGS:,} listings", "p50 ms CPU", "p95 ms CPU")
    for name, (middle, high) in (*seen["pages"].items(), ("the first search that shows an edit", seen["edits"])):
        _row(name, f"{middle:.0f}", f"{high:.0f}")
    print(
        f"\nreading the index once {seen['warm']:.0f} ms, the first page after it {seen['first']:.0f} ms; the worker holds "
        f"{seen['before']:.0f} MB before and {seen['after']:.0f} MB after all of it (the mapped file counted in)\n"
    )


def _search() -> None:
    names = tuple(peers.ENGINES)
    for size in search.SIZES:
        seen = search.measure(size, names)
        tantivy = seen["tantivy"]
        _head(
            f"{size:,} listings", "build s", "of it words", "first answer ms", "p50 ms", "p95 ms", "p95 × tantivy",
            "with counts p50", "p95", "p95 × tantivy", "MB", "queries",
        )  # fmt: skip
        for name, one in seen.items():
            best = name == "ours"
            ratio = _against(one.p95 / tantivy.p95, AIMS["search"] if best and size > 50_000 else 1e9, 2)
            counted = ("none", "", "")
            if one.facets and tantivy.facets:
                aim = AIMS["facets"] if best and size > 50_000 else 1e9
                counted = (f"{one.facets[0]:.2f}", f"{one.facets[1]:.2f}", _against(one.facets[1] / tantivy.facets[1], aim, 2))
            memory = "-" if one.megabytes != one.megabytes else _against(one.megabytes, AIMS["index_megabytes"] if best else 1e9)
            _row(
                peers.LABELS[name], f"{one.build:.1f}", f"{one.analysis:.1f}" if one.analysis else "-", f"{one.opened:.0f}",
                f"{one.p50:.2f}", f"{one.p95:.2f}", ratio, *counted, memory, one.asked,
            )  # fmt: skip
        print(flush=True)
    _relevance(names)
    n, m = search.NEAREST
    for threads in (1, 2):
        found = search.nearest(threads)
        ratio = _against(found["ours"] / found["peer"], AIMS["nearest"], 2)
        print(f"exact top {peers.LIMIT} of {n:,} texts over {m:,}, {threads} threads, clock: `matching.texts` {found['ours']:.2f} s, "
              f"sparse_dot_topn {found['peer']:.2f} s, ratio {ratio}; sums of a row differ by {found['apart']:.1e} at most")  # fmt: skip
    print(
        f"\none run, CPU; one or two facets are chosen in every query, the words of a query count. Aims at 100,000: p95 ≤ "
        f"{AIMS['search']:.0%} of tantivy's, with facet counts ≤ {AIMS['facets']:.0%}; ≤ {AIMS['index_megabytes']} MB; nearest "
        f"texts ≤ {AIMS['nearest']:.0%} of sparse_dot_topn's time.\n"
    )


def _relevance(names: tuple[str, ...]) -> None:
    found = search.judge(names)
    sections = list(found["ours"]["written"])
    _head("MRR@10 on the project's own texts", *sections, "mean", "typed loosely, mean")
    for name, ways in found.items():
        written, loose = ways["written"], ways["loose"]
        _row(
            peers.LABELS[name],
            *(f"{written[one]:.3f}" for one in sections),
            f"{statistics.fmean(written.values()):.3f}",
            f"{statistics.fmean(loose.values()):.3f}",
        )
    print(flush=True)


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
