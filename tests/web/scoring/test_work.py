"""Long work: asked once, done by the worker alone, resumed after a crash, its failure told."""

import json

import pytest

from portal.base import audit, clock
from portal.base.access import Forbidden, RuleBroken
from portal.base.db import session, transaction
from portal.scoring import queries, service, work
from portal.scoring.models import ScoringJob
from portal.scoring.rules import JobKind, JobState


@pytest.fixture
def runner(monkeypatch):
    """runner(f): what the worker does for a what-if."""
    return lambda call: monkeypatch.setitem(work.RUNNERS, JobKind.WHAT_IF, call)


def _job(job) -> ScoringJob:
    session.expire_all()
    return session.get(ScoringJob, job.id)


def test_a_job_is_asked_once_and_done_by_the_worker(actor, drain, runner):
    runner(lambda job, progress: progress(2, 2) or {"moved": job.asked["cut"]})
    un = actor("un")
    job = service.ask_job(un, JobKind.WHAT_IF, {"cut": 3}, "a click")
    assert service.ask_job(un, JobKind.WHAT_IF, {"cut": 3}, "a click").id == job.id
    assert (job.state, job.answer) == (JobState.WAITING, {})
    drain()
    job = _job(job)
    assert (job.state, job.answer, job.done, job.total) == (JobState.DONE, {"moved": 3}, 2, 2)
    assert job.finished_at is not None and job.asked_by_id == un.id
    assert audit.verify().ok


def test_a_refusal_is_kept_as_code_and_values(actor, drain, runner):
    def refuse(job, progress):
        raise RuleBroken("file_too_large", limit="3 MB")

    runner(refuse)
    job = service.ask_job(actor("un"), JobKind.WHAT_IF, {})
    drain()
    job = _job(job)
    assert (job.state, job.problem, job.refusal.en) == (
        JobState.FAILED,
        "file_too_large",
        "The file may be at most 3 MB.",
    )


def test_an_error_ends_the_job_and_the_next_one_is_done(actor, drain, runner):
    runner(lambda job, progress: {"share": 1 / job.asked["by"]})
    first = service.ask_job(actor("un"), JobKind.WHAT_IF, {"by": 0})
    second = service.ask_job(actor("un"), JobKind.WHAT_IF, {"by": 2})
    drain()
    assert (_job(first).state, _job(first).problem, json.loads(_job(first).problem_values)) == (
        JobState.FAILED,
        "job_broken",
        {"error": "ZeroDivisionError"},
    )
    assert (_job(second).state, _job(second).answer) == (JobState.DONE, {"share": 0.5})


def test_a_job_left_by_a_crash_goes_on_from_its_cursor(actor, runner):
    job = service.ask_job(actor("un"), JobKind.WHAT_IF, {})
    with transaction():
        left = session.get(ScoringJob, job.id)
        left.state, left.started_at, left.cursor = JobState.RUNNING, clock.now(), 41
    begun = _job(job).started_at
    runner(lambda job, progress: progress(42, 42, cursor=42) or {"from": job.cursor})
    assert work.run_waiting() == 1
    job = _job(job)
    assert (job.state, job.cursor, job.started_at) == (JobState.DONE, 42, begun)


def test_only_one_at_a_time(actor, runner):
    runner(lambda job, progress: {"inner": work.run_waiting()})
    job = service.ask_job(actor("un"), JobKind.WHAT_IF, {})
    assert work.run_waiting() == 1
    assert _job(job).answer == {"inner": 0}


@pytest.mark.parametrize("name", ["anon", "hana", "pyeong", "gong", "gam"])
@pytest.mark.parametrize("kind", JobKind)
def test_only_the_national_operator_asks(actor, name, kind):
    with pytest.raises(Forbidden):
        service.ask_job(actor(name), kind, {})


def test_strangers_do_not_see_a_job(actor):
    job = service.ask_job(actor("un"), JobKind.TRAIN, {})
    seen = {name: queries.job_by_key(actor(name), job.key) is not None for name in ("un", "gam", "hana", "anon")}
    assert seen == {"un": True, "gam": True, "hana": False, "anon": False}
