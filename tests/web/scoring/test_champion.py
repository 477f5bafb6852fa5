"""Which model speaks: promotion on a report, one back, a damaged file, two at once; and what the web worker loads."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from portal.base import audit, marks
from portal.base.access import SYSTEM, Forbidden, NotVisible, RuleBroken
from portal.base.db import session, transaction
from portal.scoring import champions, features, queries, record, registry, service
from portal.scoring.gates import RULE_VERSION
from portal.scoring.instrument import load
from portal.scoring.models import ModelEvent, ModelVersion, Suggestion
from portal.scoring.rules import ModelAct, ModelKind, ModelState
from tests.factories import scoring as make
from tests.factories.profiles import complete_profile

WHY = "검증 표를 보고 정했습니다"


def card(shift: float = 0.0) -> dict:
    """A card that adds up the columns; no training needed."""
    names = features.names(load())
    return {
        "format": "portal-card-1",
        "columns": list(names),
        "model": {
            "kind": "ordinal-logit",
            "terms": [[place, None, None, 0.05] for place in range(44)],
            "thresholds": [3.0 + shift, 6.0 + shift],
        },
        "conformal": {"alpha": 0.1, "limits": [0.6, 0.6, 0.6]},
    }


def challenger(shift: float = 0.0, *, wins: bool = True, **changes) -> ModelVersion:
    """A model with two whole files and a made-up report."""
    sha256 = registry.put(record.canonical(card(shift)).encode(), ".json")
    artefact = registry.put(b"never opened in these tests", ".skops")
    champion = queries.champion()
    against = {"against": champion.name, "against_sha256": champion.card_sha256} if champion else {}
    row = make.model(f"made-{sha256[:6]}", facts=make.report(wins=wins, **(against | changes)))
    with transaction():
        row = session.get(ModelVersion, row.id)
        row.card_sha256, row.artefact_sha256 = sha256, artefact
    return row


@pytest.fixture(autouse=True)
def demo(context):
    registry.forget()
    with transaction():
        marks.put(marks.DEMO, "tests")
    yield
    marks._known.clear()


def _state(row) -> ModelState:
    session.expire_all()
    return session.get(ModelVersion, row.id).state


def _acts():
    return [(event.act, event.model_id) for event in session.scalars(sa.select(ModelEvent).order_by(ModelEvent.id))]


def test_a_person_promotes_and_rolls_back_step_by_step(actor):
    un = actor("un")
    first = challenger(0.0)
    champions.promote(un, first.key, WHY)
    second = challenger(0.5)
    champions.promote(un, second.key, WHY)
    assert (_state(first), _state(second)) == (ModelState.RETIRED, ModelState.CHAMPION)
    assert champions.roll_back(un, WHY).id == first.id
    assert (_state(first), _state(second)) == (ModelState.CHAMPION, ModelState.RETIRED)
    assert champions.roll_back(un, WHY) is None
    assert (_state(first), queries.champion()) == (ModelState.RETIRED, None)
    with pytest.raises(RuleBroken) as refused:
        champions.roll_back(un, WHY)
    assert refused.value.code == "model_none_learned"
    assert [one for one in _acts() if one[0] in (ModelAct.PROMOTED, ModelAct.ROLLED_BACK)] == [
        (ModelAct.PROMOTED, first.id),
        (ModelAct.PROMOTED, second.id),
        (ModelAct.ROLLED_BACK, first.id),
        (ModelAct.ROLLED_BACK, None),
    ]
    promoted = session.scalars(sa.select(ModelEvent).where(ModelEvent.act == ModelAct.PROMOTED)).first()
    assert (promoted.reason, promoted.by_id, promoted.facts["against"]) == (WHY, un.id, "instrument")
    assert audit.verify().ok


def test_a_report_that_does_not_allow_it_names_the_failing_rows(actor):
    row = challenger(wins=False)
    with pytest.raises(RuleBroken) as refused:
        champions.promote(actor("un"), row.key, WHY)
    assert (refused.value.code, refused.value.values) == ("promotion_unmet", {"criteria": "mae -0.034 (> 0)"})
    assert _state(row) is ModelState.CHALLENGER


@pytest.mark.parametrize(
    ("changes", "reason", "code"),
    [
        ({}, "짧음", "model_reason_short"),
        ({"criteria": []}, WHY, "promotion_missing"),
        ({"against": "made-x", "against_sha256": "f" * 64}, WHY, "promotion_stale"),
    ],
)
def test_what_stops_a_promotion(actor, changes, reason, code):
    row = challenger(**changes)
    with pytest.raises(RuleBroken) as refused:
        champions.promote(actor("un"), row.key, reason)
    assert refused.value.code == code
    assert _state(row) is ModelState.CHALLENGER


def test_what_learned_from_synthetic_decisions_never_speaks_outside_a_demo(actor):
    with transaction():
        session.execute(sa.delete(marks.Mark).where(marks.Mark.name == marks.DEMO))
    marks._known.clear()
    with pytest.raises(RuleBroken) as refused:
        champions.promote(actor("un"), challenger().key, WHY)
    assert refused.value.code == "model_synthetic"


@pytest.mark.parametrize("name", ["hana", "gam", "pyeong", "anon"])
def test_nobody_else_changes_who_speaks(actor, name):
    row = challenger()
    for act in (
        lambda: champions.promote(actor(name), row.key, WHY),
        lambda: champions.roll_back(actor(name), WHY),
        lambda: champions.retire(actor(name), row.key, WHY),
    ):
        with pytest.raises((Forbidden, NotVisible)):
            act()
    assert _state(row) is ModelState.CHALLENGER


def test_a_challenger_retires_but_not_the_champion(actor):
    un, row = actor("un"), challenger()
    champions.retire(un, row.key, WHY)
    assert _state(row) is ModelState.RETIRED
    with pytest.raises(RuleBroken) as refused:
        champions.promote(un, row.key, WHY)
    assert refused.value.code == "model_not_challenger"


def test_two_promotions_at_once_one_wins(app, actor):
    un, rows = actor("un"), [challenger(shift / 10) for shift in range(4)]
    keys = [row.key for row in rows]
    session.rollback()

    def press(key):
        with app.app_context():
            try:
                return champions.promote(un, key, WHY).key
            except RuleBroken as refused:
                return refused.code

    with ThreadPoolExecutor(4) as pool:
        met = list(pool.map(press, keys))
    session.expire_all()
    assert sorted(one for one in met if one not in keys) == ["promotion_stale"] * 3
    assert [row.state for row in rows].count(ModelState.CHAMPION) == 1
    assert audit.verify().ok


def _suggest(actor) -> Suggestion:
    complete_profile(actor("hana"), 3, evidence=["S2", "E2"])
    return queries.latest_for(actor("hana"), actor("hana").organisation_id)


def test_the_champion_speaks_and_after_a_roll_back_the_instrument(actor):
    un, row = actor("un"), challenger()
    champions.promote(un, row.key, WHY)
    said = _suggest(actor)
    assert (said.model, said.model_hash, said.rule_version) == (row.name, row.card_sha256, RULE_VERSION)
    assert said.answer["voice"]["tier"] in ("BASIC", "ADVANCED", "LEADING")
    champions.roll_back(un, WHY)
    again = service.suggest(SYSTEM, said.profile_version_id)
    assert (again.id != said.id, again.model) == (True, "instrument")
    registry.forget()
    assert service.replay(said.id).ok and service.replay(again.id).ok


def test_a_champion_of_other_questions_or_columns_stays_silent(actor):
    row = challenger()
    champions.promote(actor("un"), row.key, WHY)
    assert champions.speaking("0.1").name == row.name
    assert champions.speaking("0.2") is None
    with transaction():
        session.get(ModelVersion, row.id).feature_version = "0"
    assert champions.speaking("0.1") is None
    assert _state(row) is ModelState.CHAMPION


def _file(row):
    return registry.folder() / f"{row.card_sha256}.json"


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda path: path.write_bytes(path.read_bytes().replace(b"0.05", b"0.95", 1)), "model_damaged"),
        (lambda path: path.unlink(), "model_missing"),
    ],
)
def test_a_damaged_champion_is_refused_and_the_instrument_speaks(actor, drain, damage, code):
    row = challenger()
    champions.promote(actor("un"), row.key, WHY)
    damage(_file(row))
    registry.forget()
    said = _suggest(actor)
    assert (said.model, _state(row), queries.champion()) == ("instrument", ModelState.REFUSED, None)
    assert _acts()[-1] == (ModelAct.REFUSED, row.id)
    letters = [letter for letter in drain() if row.name in letter.subject]
    assert len(letters) == 1 and letters[0].to == "un@example.kr"


def test_a_card_of_another_format_is_refused_at_promotion_and_stays_refused(actor):
    row = challenger()
    with transaction():
        changed = session.get(ModelVersion, row.id)
        changed.card_sha256 = registry.put(b'{"format": "other"}', ".json")
    with pytest.raises(registry.Damaged) as refused:
        champions.promote(actor("un"), row.key, WHY)
    assert refused.value.code == "model_format"
    assert _state(row) is ModelState.REFUSED


def test_a_damaged_card_fails_the_replay(actor, app):
    row = challenger()
    champions.promote(actor("un"), row.key, WHY)
    said = _suggest(actor)
    _file(row).write_text("{}")
    registry.forget()
    found = app.test_cli_runner().invoke(args=["portal", "replay"])
    assert (found.exit_code, f"id={said.id}" in found.output) == (1, True)


def test_a_web_worker_that_suggests_with_a_learned_champion_loads_no_numerics(tmp_path):
    """In a process of its own: create the application, make a suggestion, look at what was imported."""
    program = f"""
import json, sys
from portal import create_app
app = create_app({{"data_dir": __import__("pathlib").Path({str(tmp_path)!r}), "secret_key": "x" * 40, "worker": False}})
from portal.base.db import db, session, transaction
from portal.scoring import registry, service, queries
from portal.scoring.models import ModelVersion
from portal.scoring.gates import Facts
from portal.scoring.rules import ModelKind, ModelState
from portal.base import clock
with app.app_context():
    db.create_all()
    card = json.loads({json.dumps(json.dumps(card()))})
    sha = registry.put(json.dumps(card).encode(), ".json")
    now = clock.now()
    with transaction():
        session.add(ModelVersion(name="made-1", kind=ModelKind.ORDINAL_LOGIT, state=ModelState.CHAMPION,
            instrument_version="0.1", feature_version={features.VERSION!r}, rule_version="2", trained_from=now,
            trained_until=now, decisions=1, files=1, raters=1, synthetic=True, data_sha256="0" * 64,
            artefact_sha256="0" * 64, card_sha256=sha, report="{{}}"))
    snapshot = {{"company": {{"organisation_id": 1}}, "answers": {{"E2": 3}}, "evidence": {{}}, "unsure": []}}
    for _ in range(3):
        made = service.draft(snapshot, Facts(), "0.1", None, profile_version_id=None)
    assert made.model == "made-1", made.model
heavy = sorted(set(sys.modules) & {{"numpy", "scipy", "sklearn", "skops"}})
print("loaded", heavy)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip().splitlines()[-1:] == ["loaded []"], done.stderr


def test_the_desk_by_command(app, actor, cast):
    row = challenger()
    run = app.test_cli_runner().invoke
    listed = run(args=["portal", "models"])
    assert listed.exit_code == 0 and row.name in listed.output
    told = run(args=["portal", "models", row.name])
    assert told.exit_code == 0 and "may be promoted" in told.output
    assert run(args=["portal", "promote", row.name, "--report"]).exit_code == 0
    assert _state(row) is ModelState.CHALLENGER
    assert run(args=["portal", "promote", row.name, "--reason", WHY]).exit_code == 2  # a person promotes
    other = run(args=["portal", "promote", row.name, "--reason", WHY, "--as", "hana@example.kr"])
    assert (other.exit_code, _state(row)) == (1, ModelState.CHALLENGER)
    assert run(args=["portal", "promote", row.name, "--reason", WHY, "--as", "un@example.kr"]).exit_code == 0
    assert _state(row) is ModelState.CHAMPION
    assert run(args=["portal", "rollback", "--reason", WHY]).exit_code == 0
    assert (_state(row), queries.champion()) == (ModelState.RETIRED, None)
    few = run(args=["portal", "train", "--kind", ModelKind.ORDINAL_LOGIT.value])
    assert few.exit_code == 1 and "training needs 200" in few.output
