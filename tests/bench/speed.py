"""How quickly firms are scored: a whole country at once, one in a request, everybody again out of the database.

Each figure comes from processes of its own (`python -m tests.bench.speed NAME` prints one as JSON) with one thread of
arithmetic; processor time, because the clock tells of the neighbours too, and the most memory that the process held.
The firms are synthetic: any level is as likely as another, so that every path is walked.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SEED = 20261122
PROFILES = 600_000
FIRMS = 2_000
"""Firms scored one by one, and firms in the database that is scored again."""
DECISIONS = 2_000
"""What the learned champions of the figures were trained on."""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def measure(name: str, rounds: int = 3) -> dict[str, float]:
    """Medians over fresh processes of one of `FIGURES`; of memory the most."""
    runs = [_fresh(name) for _ in range(rounds)]
    return {key: (max if key == "megabytes" else median)(run[key] for run in runs) for key in runs[0]}


def _fresh(name: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.speed", name],
        cwd=ROOT,
        env={**os.environ, **ONE_THREAD},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _country(firms: int = PROFILES) -> Any:
    """Synthetic diagnoses as arrays."""
    import numpy as np

    from portal.scoring.batch import Profiles
    from portal.scoring.instrument import BLOCK, load

    instrument, random = load(), np.random.default_rng(SEED)
    codes = instrument.codes
    answers = np.empty((firms, len(codes)), np.int8)
    marks = np.empty((3, firms, len(codes)), bool)
    for start in range(0, firms, BLOCK):
        part = answers[start : start + BLOCK]
        part[:] = random.integers(0, 6, part.shape, dtype=np.int8)
        for code in sorted(instrument.not_applicable):
            part[random.random(len(part)) < 0.1, codes.index(code)] = -1
        for mark, share in zip(marks, (0.4, 0.03, 0.03), strict=True):
            mark[start : start + BLOCK] = random.random(part.shape, dtype=np.float32) < share
    return Profiles(answers, *marks)


def reasons_of_a_country() -> dict[str, float]:
    """Instrument, gates and reasons. inputs: what the process held before."""
    from portal.scoring import batch
    from portal.scoring.instrument import load

    instrument, country = load(), _country()
    inputs, began = _megabytes(), time.process_time()
    found = batch.score(instrument, country)
    seconds = time.process_time() - began
    if len(found.tier) != PROFILES or not found.lost.any():
        raise RuntimeError("a profile was lost")
    return {"seconds": seconds, "megabytes": _megabytes(), "inputs": inputs}


def tiers_of_a_country() -> dict[str, float]:
    """Instrument and gates through the functions that hand arrays from one to the other."""
    from portal.scoring.gates import states_of, tier_for
    from portal.scoring.instrument import load

    instrument, country = load(), _country()
    began = time.process_time()
    found = instrument.assess_many(country.answers, country.evidence, country.rejected)
    tiers = tier_for(states_of(found, instrument.codes))
    seconds = time.process_time() - began
    if len(tiers) != PROFILES:
        raise RuntimeError("a profile was lost")
    return {"seconds": seconds, "megabytes": _megabytes()}


def columns_of_a_country() -> dict[str, float]:
    """What a learned model would be shown, from the assessed answers on."""
    from portal.scoring import features
    from portal.scoring.instrument import load

    instrument, country = load(), _country()
    found = instrument.assess_many(country.answers, country.evidence, country.rejected)
    began = time.process_time()
    if len(features.matrix(instrument, found)) != PROFILES:
        raise RuntimeError("a profile was lost")
    return {"seconds": time.process_time() - began, "megabytes": _megabytes()}


def _card(kind: str, country: Any) -> Any:
    """A learned model of the country's first firms, as a card; what it learned is of no matter here, its size is."""
    import numpy as np

    from portal.scoring import estimators, features
    from portal.scoring.card import Card, build
    from portal.scoring.instrument import load

    instrument, random = load(), np.random.default_rng(SEED)
    rows = slice(0, DECISIONS)
    found = instrument.assess_many(country.answers[rows], country.evidence[rows], country.rejected[rows])
    judged = found.total + random.normal(0, 30, DECISIONS)
    model = getattr(estimators, kind)().fit(
        features.matrix(instrument, found), np.digitize(judged, np.quantile(judged, (0.5, 0.85)))
    )
    return Card(json.loads(json.dumps(build(model, features.names(instrument), (0.9, 0.9, 0.9), 0.1))))


def _champion_of_a_country(kind: str) -> dict[str, float]:
    """Instrument, gates and reasons with a learned champion in the place of the level gates."""
    from portal.scoring import batch
    from portal.scoring.instrument import load

    instrument, country = load(), _country()
    card = _card(kind, country)
    began = time.process_time()
    found = batch.score(instrument, country, champion=lambda columns: card.judge_many(columns)[1])
    seconds = time.process_time() - began
    if len(found.tier) != PROFILES:
        raise RuntimeError("a profile was lost")
    return {"seconds": seconds, "megabytes": _megabytes()}


def logit_of_a_country() -> dict[str, float]:
    return _champion_of_a_country("OrdinalLogit")


def boosting_of_a_country() -> dict[str, float]:
    return _champion_of_a_country("MonotoneOrdinalBoosting")


def _firms() -> list[dict[str, Any]]:
    import random

    from portal.scoring import record
    from portal.scoring.instrument import load

    instrument, dice = load(), random.Random(SEED)
    found = []
    for _ in range(FIRMS):
        centre, shown = dice.randint(0, 5), dice.choice((0.2, 0.6, 1))
        answers = {code: min(5, max(0, centre + dice.randint(-1, 1))) for code in instrument.codes}
        evidence = [code for code in instrument.codes if dice.random() < shown]
        found.append(record.inputs({"answers": answers, "evidence": evidence, "pains": ["DEFECTS"]}))
    return found


def one_suggestion() -> dict[str, float]:
    """One firm with everything that is stored, moves and canonical text included, as a web request makes it.

    imported : seconds to import the scorer with the portal's package; first : seconds of the first suggestion, which
               reads the instrument; p50, p95 : milliseconds of those after it
    """
    began = time.process_time()
    from portal.scoring import record

    imported, began = time.process_time() - began, time.process_time()
    given = record.inputs({"answers": {"E2": 3, "S3": 2, "P1": 2}, "evidence": ["E2"], "pains": ["DEFECTS"]})
    record.canonical(record.result(given))
    first = time.process_time() - began
    if "numpy" in sys.modules:
        raise RuntimeError("a suggestion loads numpy")
    return {"imported": imported, "first": first, **_warm(record, None), "megabytes": _megabytes()}


def _warm(record: Any, speaker: Any) -> dict[str, float]:
    """Milliseconds of a suggestion after the first ones."""
    times = []
    for firm in _firms():
        began = time.process_time_ns()
        record.canonical(record.result(firm, None, speaker))
        times.append((time.process_time_ns() - began) / 1e6)
    times.sort()
    return {"p50": times[len(times) // 2], "p95": times[len(times) * 95 // 100]}


def _suggestion_by(kind: str) -> dict[str, float]:
    """The same with a learned champion, whose card is read from its JSON."""
    from portal.scoring import record
    from portal.scoring.voice import Speaker

    country = _country(DECISIONS)
    return _warm(record, Speaker(kind, "0" * 64, _card(kind, country)))


def suggestion_by_logit() -> dict[str, float]:
    return _suggestion_by("OrdinalLogit")


def suggestion_by_boosting() -> dict[str, float]:
    return _suggestion_by("MonotoneOrdinalBoosting")


def everybody_again() -> dict[str, float]:
    """`score --all` over firms in an SQLite file: firms a second of processor and of clock, and of a run that has
    nothing to do."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        from portal import create_app, start
        from portal.base.access import SYSTEM
        from portal.base.db import db
        from portal.scoring import queries, service, work
        from portal.scoring.rules import JobKind
        from tests.factories.population import firms

        with create_app({"data_dir": Path(folder), "worker": False}).app_context():
            db.create_all()
            start.load()
            firms([{code: level for code, level in one["answers"].items()} for one in _firms()])
            rates = []
            for wanted in ("made", "same"):
                job = service.ask_job(SYSTEM, JobKind.SCORE_ALL, {})
                clock, processor = time.perf_counter(), time.process_time()
                work.run(job.id)
                rates += [FIRMS / (time.process_time() - processor), FIRMS / (time.perf_counter() - clock)]
                if queries.job(job.id).answer[wanted] != FIRMS:
                    raise RuntimeError(f"a firm was lost: {queries.job(job.id).result}")
    return dict(zip(("made", "made_clock", "same", "same_clock"), rates, strict=True)) | {"megabytes": _megabytes()}


FIGURES: dict[str, Callable[[], dict[str, float]]] = {
    one.__name__: one
    for one in (
        reasons_of_a_country,
        tiers_of_a_country,
        columns_of_a_country,
        logit_of_a_country,
        boosting_of_a_country,
        one_suggestion,
        suggestion_by_logit,
        suggestion_by_boosting,
        everybody_again,
    )
}

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    print(json.dumps(FIGURES[sys.argv[1]]()))
