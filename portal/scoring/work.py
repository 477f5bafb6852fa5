"""Long work, done by the worker alone: one job at a time, outside of any web request, resumed after a crash.

A runner commits its own steps, so it stands in no transaction; that is why jobs are taken from their table and not
delivered like the quick after-effects of an event. Being alone is a lock on a file, which the system takes back when
the process dies: a job found RUNNING by who holds the lock was left behind, and is run again from its cursor.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from portal.base import audit, clock
from portal.base.access import SYSTEM, RuleBroken
from portal.base.alone import alone
from portal.base.db import session, transaction
from portal.base.words import Words
from portal.scoring import queries, record
from portal.scoring.models import ScoringJob
from portal.scoring.rules import JobKind, JobState

log = logging.getLogger("portal.scoring")

NAME = "scoring"
"""Of the lock that who does long work holds."""

Progress = Callable[..., None]
"""progress(done, total, cursor=None): told after each step; commits, so that the page moves and a crash costs a step."""
Runner = Callable[[ScoringJob, Progress], dict[str, Any]]


def _train(job: ScoringJob, progress: Progress) -> dict[str, Any]:
    from portal.scoring import training  # scikit-learn and numpy: only a job pays for them

    return training.run_job(job, progress)


def _score_all(job: ScoringJob, progress: Progress) -> dict[str, Any]:
    from portal.scoring import rescoring

    return rescoring.run_job(job, progress)


def _what_if(job: ScoringJob, progress: Progress) -> dict[str, Any]:
    from portal.scoring import whatif

    return whatif.run_job(job, progress)


def _report(job: ScoringJob, progress: Progress) -> dict[str, Any]:
    from portal.scoring import monitoring

    return monitoring.run_job(job, progress)


RUNNERS: dict[JobKind, Runner] = {
    JobKind.TRAIN: _train,
    JobKind.SCORE_ALL: _score_all,
    JobKind.WHAT_IF: _what_if,
    JobKind.REPORT: _report,
}


def run_waiting() -> int:
    """Do every job that waits, oldest first; nothing when another process is at it. Returns how many ended."""
    ended = 0
    with alone(NAME) as mine:
        while mine and (job_id := queries.open_job_id()) is not None:
            run(job_id)
            ended += 1
    return ended


def run(job_id: int, told: Callable[[int, int], None] | None = None) -> None:
    """Do one job to its end: DONE with its result, or FAILED with the code and values of what stood in the way.

    told: hears of each step too (done, total); a command's progress bar
    """
    with transaction():
        job = session.get(ScoringJob, job_id)
        job.state, job.started_at = JobState.RUNNING, job.started_at or clock.now()
        job.problem = job.problem_values = ""  # of an earlier try
    try:
        result = RUNNERS[job.kind](job, _progress_of(job_id, told))
    except RuleBroken as broken:
        _end(job_id, JobState.FAILED, problem=broken.code, problem_values=_plain(broken.values))
    except Exception as error:  # whatever it is, the page must say that it ended
        log.exception("a job failed", extra={"job": job_id})
        values = record.canonical({"error": type(error).__name__})
        _end(job_id, JobState.FAILED, problem="job_broken", problem_values=values)
    else:
        _end(job_id, JobState.DONE, result=record.canonical(result))


def _progress_of(job_id: int, told: Callable[[int, int], None] | None) -> Progress:
    def progress(done: int, total: int, cursor: int | None = None) -> None:
        with transaction():
            job = session.get(ScoringJob, job_id)
            job.done, job.total = done, total
            if cursor is not None:
                job.cursor = cursor
        if told:
            told(done, total)

    return progress


def _plain(values: dict[str, Any]) -> str:
    """What fills a refusal's sentence, as canonical JSON; words keep both languages."""
    return record.canonical({name: one.as_dict() if isinstance(one, Words) else one for name, one in values.items()})


def _end(job_id: int, state: JobState, **values: str) -> None:
    with transaction():
        job = session.get(ScoringJob, job_id)
        job.state, job.finished_at = state, clock.now()
        for name, value in values.items():
            setattr(job, name, value)
        audit.record(SYSTEM, "scoring_job.end", "scoring_job", job_id, {"state": state.value, "problem": job.problem})
