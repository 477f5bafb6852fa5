"""Scoring everybody again: new beside old, once, resumable, nobody skipped without a reason, nobody written to."""

import json

import pytest
import sqlalchemy as sa

from portal.base import audit, mail
from portal.base.access import SYSTEM
from portal.base.alone import alone
from portal.base.db import session, transaction
from portal.base.outbox import OutboxEvent
from portal.profiles import questionnaire
from portal.profiles import service as profiles
from portal.programmes.rules import Tier
from portal.scoring import queries, record, rescoring, service, work
from portal.scoring.instrument import load
from portal.scoring.models import ScoringJob, Suggestion
from portal.scoring.rules import JobKind, JobState
from tests.factories import population
from tests.factories.applications import submitted
from tests.factories.profiles import answered, complete_profile


def rows(**where):
    session.expire_all()
    return session.scalars(sa.select(Suggestion).filter_by(**where).order_by(Suggestion.id)).all()


def rescore(actor=SYSTEM, **asked):
    """Ask and do; returns the job."""
    job = service.ask_job(actor, JobKind.SCORE_ALL, asked)
    work.run(job.id)
    return queries.job(job.id)


@pytest.fixture
def newer(monkeypatch, tmp_path):
    """newer(change): a further instrument version 0.2, the file of 0.1 with a change made to it."""

    def add(change=lambda source: None):
        for path in questionnaire.DIRECTORY.glob("*.json"):
            (tmp_path / path.name).write_bytes(path.read_bytes())
        source = json.loads(next(tmp_path.glob("*.json")).read_text(encoding="utf-8"))
        source["version"] = "0.2"
        change(source)
        (tmp_path / "next.json").write_text(json.dumps(source), encoding="utf-8")
        monkeypatch.setattr(questionnaire, "DIRECTORY", tmp_path)
        for one in (questionnaire._load, questionnaire._versions, load.__globals__["_of"]):
            one.cache_clear()
        return "0.2"

    yield add
    monkeypatch.undo()
    for one in (questionnaire._load, questionnaire._versions, load.__globals__["_of"]):
        one.cache_clear()


def test_a_new_version_adds_beside_the_old_and_a_second_run_adds_nothing(context, newer):
    versions = population.firms([2, 1, 3])
    old = [service.suggest(SYSTEM, one.id) for one in versions]
    texts = {one.id: (one.result, one.inputs) for one in old}
    harder = newer(lambda source: source["scoring"]["system_levels"][-1].update(shares=[[2, 0.4], [3, 0.1]]))
    job = rescore(instrument=harder)
    assert job.state is JobState.DONE, job.refusal
    assert job.answer == {"made": 3, "moved": 1, "same": 0, "skipped": {}, "instrument": "0.2"}
    assert {one.id: (one.result, one.inputs) for one in rows(instrument_version="0.1")} == texts
    new = rows(instrument_version="0.2")
    assert [one.organisation_id for one in new] == [one.organisation_id for one in versions]
    assert [one.tier for one in new] == [Tier.BASIC, Tier.BASIC, Tier.LEADING]
    assert [service.replay(one.id).ok for one in [*rows(instrument_version="0.1"), *new]] == [True] * 6
    assert len({one.key for one in rows()}) == 6
    again = rescore(instrument=harder)
    assert (again.answer["made"], again.answer["same"], len(rows())) == (0, 3, 6)


def test_a_rescored_suggestion_is_what_the_single_path_says(context, newer):
    [version] = population.firms([{"E2": 4, "D1": None, "I3": 3}], evidence=False)
    newer()
    rescore()
    [made] = rows(profile_version_id=version.id)
    assert made.result == record.canonical(record.result(json.loads(made.inputs), "0.2"))
    assert (made.tier.name, made.total) == (made.answer["tier"], made.answer["total"])


def test_killed_between_blocks_it_goes_on_and_counts_everybody_once(context, monkeypatch):
    monkeypatch.setattr(rescoring, "BLOCK", 2)
    versions = population.firms([2] * 5)
    service.suggest(SYSTEM, versions[0].id)
    job = service.ask_job(SYSTEM, JobKind.SCORE_ALL, {})
    blocks, whole = [], rescoring._block

    def dies(*given):
        if len(blocks) == 2:
            raise KeyboardInterrupt
        blocks.append(given[3])
        return whole(*given)

    monkeypatch.setattr(rescoring, "_block", dies)
    with pytest.raises(KeyboardInterrupt):
        work.run(job.id)
    left = queries.job(job.id)
    assert (left.state, left.done, left.total, left.cursor) == (JobState.RUNNING, 4, 5, versions[3].organisation_id)
    monkeypatch.setattr(rescoring, "_block", whole)
    assert work.run_waiting() == 1
    done = queries.job(job.id)
    assert (done.state, done.done, done.answer) == (
        JobState.DONE,
        5,
        {"made": 4, "moved": 0, "same": 1, "skipped": {}, "instrument": "0.1"},
    )
    assert [one.organisation_id for one in rows()] == [one.organisation_id for one in versions]


def test_a_failing_block_leaves_nothing_of_itself(context, monkeypatch):
    monkeypatch.setattr(rescoring, "BLOCK", 2)
    population.firms([2] * 3)
    real = audit.record

    def full(actor, action, *given):
        if action == "suggestion.rescore" and given[2]["made"] == 1:
            raise OSError("disk full")
        real(actor, action, *given)

    monkeypatch.setattr(audit, "record", full)
    job = rescore()
    assert (job.state, job.problem, len(rows()), job.done) == (JobState.FAILED, "job_broken", 2, 2)
    monkeypatch.setattr(audit, "record", real)
    work.run(job.id)
    job = queries.job(job.id)
    assert (job.state, job.problem, job.answer["made"], len(rows())) == (JobState.DONE, "", 3, 3)


def test_answers_that_do_not_fit_are_skipped_with_the_reason(context, newer):
    whole = dict.fromkeys(load().codes, 2)
    population.firms([whole, {**whole, "D1": None}])

    def change(source):
        source["scoring"]["not_applicable"].remove("D1")

    newer(change)
    job = rescore()
    assert job.answer["skipped"] == {"not_applicable": 1}
    assert (job.answer["made"], len(rows())) == (1, 1)


def test_retired_and_added_items_are_told_apart(context, newer):
    population.firms([2])

    def retire(source):
        gone = source["items"].pop()["code"]
        source["scoring"]["contradictions"] = [
            flag for flag in source["scoring"]["contradictions"] if gone not in (flag["high"][0], flag["low"][0])
        ]

    newer(retire)
    assert rescore().answer["skipped"] == {"retired": 1}

    def add(source):
        source["items"].append({**source["items"][-1], "code": "X9"})

    newer(add)
    assert rescore().answer["skipped"] == {"added": 1}
    assert rows() == []


def test_what_was_handed_in_with_an_application_is_left_alone(context, actor, newer, drain):
    application = submitted(actor("hana"))
    drain()
    frozen = [(one.id, one.result) for one in rows() if one.application_id]
    newer()
    rescore()
    assert [(one.id, one.result) for one in rows() if one.application_id] == frozen
    assert len(frozen) == 1 and application is not None


def test_one_audit_row_and_one_event_for_a_block_and_no_letter(context, monkeypatch, drain):
    monkeypatch.setattr(rescoring, "BLOCK", 3)
    population.firms([2] * 7)
    rescore()
    actions = session.scalars(sa.select(audit.AuditRow.action).where(audit.AuditRow.object_type == "scoring_job")).all()
    assert actions.count("suggestion.rescore") == 3
    events = session.scalars(sa.select(OutboxEvent.name)).all()
    assert events.count("suggestion.rescored") == 3
    assert events.count("suggestion.made") == 0
    assert drain() == []
    assert session.scalar(sa.select(sa.func.count()).select_from(mail.Mail)) == 0
    assert audit.verify().ok


def test_the_newest_diagnosis_counts_and_an_older_one_stays(context, actor, newer):
    hana = actor("hana")
    first = complete_profile(hana, 1)
    answered(hana, 2)
    second = profiles.finish(hana)
    assert first.id != second.id
    rescore(instrument=newer())
    assert [one.profile_version_id for one in rows(instrument_version="0.2")] == [second.id]


def test_the_command_says_what_it_did_and_goes_on(app, context):
    population.firms([2] * 3)
    run = app.test_cli_runner().invoke
    found = run(args=["portal", "score", "--all", "--limit", "2"])
    assert found.exit_code == 0, found.output
    assert "2 new suggestions (0 of another tier), 0 unchanged, 0 skipped" in found.output
    assert run(args=["portal", "score"]).exit_code == 2
    assert "nothing to go on with" in run(args=["portal", "score", "--all", "--resume"]).output
    assert "점검표 판 9.9" in run(args=["portal", "score", "--all", "--instrument", "9.9"]).output
    with transaction():
        session.add(ScoringJob(kind=JobKind.SCORE_ALL, params="{}", state=JobState.RUNNING))
    assert "use --resume" in run(args=["portal", "score", "--all"]).output
    found = run(args=["portal", "score", "--all", "--resume"])
    assert found.exit_code == 0 and "1 new suggestions (0 of another tier), 2 unchanged, 0 skipped" in found.output
    with alone(work.NAME):
        assert "other long work" in run(args=["portal", "score", "--all"]).output
