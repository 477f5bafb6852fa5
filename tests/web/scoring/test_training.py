"""Training: what may teach, what stops it, and the challenger that is kept."""

import json

import pytest
import sqlalchemy as sa

from portal.base import audit
from portal.base.access import SYSTEM, RuleBroken
from portal.base.db import session, transaction
from portal.programmes.rules import Tier
from portal.scoring import queries, record, registry, service, training
from portal.scoring.models import ModelEvent, ModelVersion, Opinion, Suggestion
from portal.scoring.rules import JobKind, JobState, ModelAct, ModelKind, ModelState
from tests.factories import scoring as make


def _refused() -> RuleBroken:
    with pytest.raises(RuleBroken) as broken:
        training.training_set()
    return broken.value


def _change(**values):
    with transaction():
        session.execute(sa.update(Opinion).values(**values))


def test_nothing_to_learn_from(context):
    broken = _refused()
    assert (broken.code, broken.values) == ("training_few", {"had": 0, "needed": 200})


def test_decisions_that_were_not_blind_do_not_teach(context):
    make.decisions(90, shown=True)
    broken = _refused()
    assert (broken.code, broken.values) == ("training_not_blind", {"had": 270, "needed": 200})


def test_too_few_of_a_tier(context):
    make.decisions(90)
    _change(tier=Tier.BASIC)
    broken = _refused()
    assert (broken.code, broken.values["had"], broken.values["needed"]) == ("training_class_few", 0, 20)
    assert broken.values["tier"].en == "Advanced"


def test_one_evaluator_is_not_enough(context):
    make.decisions(210, 1)
    assert (_refused().code, _refused().values) == ("training_no_raters", {"had": 1, "needed": 2})


def test_answers_to_retired_questions_do_not_teach(context):
    make.decisions(90)
    with transaction():
        session.execute(sa.update(Suggestion).values(inputs=sa.func.replace(Suggestion.inputs, '"E2":', '"OLD":')))
    broken = _refused()
    assert (broken.code, broken.values) == (
        "training_versions",
        {"had": 270, "usable": 0, "version": "0.1", "needed": 200},
    )


def test_what_came_after_the_suggestion_was_shown_changes_nothing(context):
    make.decisions(90)
    before = training.training_set()
    _change(final_tier=Tier.LEADING, reason="다시 보니 다릅니다")
    after = training.training_set()
    assert (after.sha256, after.cases.tier.tolist()) == (before.sha256, before.cases.tier.tolist())
    _change(tier=None)
    assert _refused().code == "training_few"


def test_a_job_trains_a_challenger_and_keeps_two_whole_files(actor, drain):
    make.decisions()
    un = actor("un")
    job = service.ask_job(un, JobKind.TRAIN, {"kind": "ordinal-logit", "note": "첫 모형"})
    drain()
    session.expire_all()
    assert (job.state, job.refusal) == (JobState.DONE, None)
    model = queries.model_by_key(un, job.answer["model"])
    assert (model.name, model.state, model.kind) == ("ordinal-logit-1", ModelState.CHALLENGER, ModelKind.ORDINAL_LOGIT)
    assert (model.decisions, model.files, model.raters, model.made_by_id) == (390, 130, 3, un.id)
    assert [one["code"] for one in model.facts["criteria"]] == ["evidence", "mae", "monotone", "fair", "calibrated"]
    assert model.facts["against_sha256"] == "instrument"
    assert model.facts["monotonicity"] == {"raises": 10_000, "violations": 0}
    registry.check(model.card_sha256, model.artefact_sha256)
    event = session.scalars(sa.select(ModelEvent)).one()
    assert (event.act, event.model_id, event.by_id) == (ModelAct.TRAINED, model.id, un.id)
    assert event.reason == "첫 모형"
    assert audit.verify().ok
    # the same decisions once more: the same card, no second model
    again = service.ask_job(un, JobKind.TRAIN, {"kind": "ordinal-logit"})
    drain()
    session.expire_all()
    assert again.answer == {"model": model.key}
    assert session.scalar(sa.select(sa.func.count()).select_from(ModelVersion)) == 1


def test_a_refused_training_tells_the_numbers(actor, drain):
    job = service.ask_job(actor("un"), JobKind.TRAIN, {"kind": "ordinal-logit"})
    drain()
    session.expire_all()
    assert (job.state, job.problem) == (JobState.FAILED, "training_few")
    assert job.refusal.en == "There are 0 blind decisions; training needs 200."


def test_a_skops_file_with_a_foreign_type_is_not_opened(context):
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier().fit([[0], [1]], [0, 1])
    with pytest.raises(registry.Damaged) as refused:
        registry.unpack(registry.put(registry.pack(tree), ".skops"))
    assert refused.value.code == "model_format"
    with pytest.raises(registry.Damaged):
        registry.unpack(registry.put(b"\x80\x04K\x01.", ".skops"))


def test_a_learned_champion_suggests_and_replays_to_the_byte_after_a_restart(context):
    rows = make.decisions()
    model = training.train(ModelKind.ORDINAL_LOGIT)
    with transaction():
        session.get(ModelVersion, model.id).state = ModelState.CHAMPION
    with transaction():
        snapshot = json.loads(rows[0].inputs) | {"company": {"organisation_id": rows[0].organisation_id}}
        snapshot["evidence"] = {code: [] for code in snapshot["evidence"]}
        made = service.draft(snapshot, make.Facts(), "0.1", rows[0], profile_version_id=None)
        session.add(made)
    assert (made.model, made.model_hash) == (model.name, model.card_sha256)
    assert sum(made.answer["voice"]["probabilities"]) == pytest.approx(1, abs=1e-5)
    with transaction():
        session.get(ModelVersion, model.id).state = ModelState.RETIRED
    registry.forget()
    assert service.replay(made.id).ok
    assert all(service.replay(row.id).ok for row in rows[:5])
    assert record.digest(made.inputs) == made.inputs_sha256
    assert training.judge_anew(model, actor=SYSTEM).facts["against"] == "instrument"
