"""Suggestions: made from a finished diagnosis, kept with their proof, seen by whose right it is."""

import json

import pytest
import sqlalchemy as sa

from portal.base import audit, grants
from portal.base.access import SYSTEM, Actor, RuleBroken
from portal.base.db import session, transaction
from portal.base.outbox import OutboxEvent
from portal.profiles import service as profiles
from portal.programmes.rules import Tier
from portal.scoring import queries, service
from portal.scoring.models import Opinion, Suggestion
from tests.factories.profiles import complete_profile


@pytest.fixture
def suggestion(actor):
    """hana's, at level 3 with evidence on two items."""
    complete_profile(actor("hana"), 3, evidence=["S2", "E2"])
    return queries.latest_for(actor("hana"), actor("hana").organisation_id)


def test_finishing_a_diagnosis_makes_a_suggestion_at_once(suggestion, actor):
    assert (suggestion.tier, suggestion.system_level, suggestion.capability_level) == (Tier.ADVANCED, 1, 2)
    assert suggestion.total == pytest.approx(505)
    assert suggestion.answer["reasons"]["next_tier"] == "LEADING"
    made = session.scalars(sa.select(OutboxEvent.payload).where(OutboxEvent.name == "suggestion.made")).one()
    assert json.loads(made) == {
        "suggestion_id": suggestion.id,
        "organisation_id": suggestion.organisation_id,
    }


def test_the_same_answers_again_give_the_same_suggestion(suggestion, actor):
    assert service.suggest(SYSTEM, suggestion.profile_version_id).id == suggestion.id
    assert session.scalar(sa.select(sa.func.count()).select_from(Suggestion)) == 1


def test_new_answers_give_a_new_suggestion_and_the_old_one_stays(suggestion, actor):
    complete_profile(actor("hana"), 4)
    newer = queries.latest_for(actor("hana"), suggestion.organisation_id)
    assert newer.id != suggestion.id
    assert session.get(Suggestion, suggestion.id).inputs == suggestion.inputs


def test_a_firm_can_not_have_another_firm_scored(suggestion, actor):
    with pytest.raises(RuleBroken) as refused:
        service.suggest(actor("duri"), suggestion.profile_version_id)
    assert refused.value.code == "suggestion_not_own"


@pytest.mark.parametrize(
    ("name", "sees"),
    [
        ("hana", True),
        ("duri", False),
        ("pyeong", False),
        ("nam", False),
        ("jang", False),
        ("gong", False),
        ("un", False),
        ("gam", False),
        ("anon", False),
    ],
)
def test_who_sees_a_suggestion(suggestion, actor, name, sees):
    seen = session.scalars(sa.select(Suggestion.key).where(queries.visible_to(actor(name)))).all()
    assert seen == ([suggestion.key] if sees else [])
    assert bool(queries.by_key(actor(name), suggestion.key)) is sees
    assert bool(queries.latest_for(actor(name), suggestion.organisation_id)) is sees


def test_operator_and_auditor_see_what_was_handed_in(suggestion, actor):
    profiles.mark_submitted(actor("hana"), suggestion.profile_version_id)
    seen = {
        name: bool(queries.by_key(actor(name), suggestion.key))
        for name in ("un", "gam", "duri", "pyeong", "jang", "gong")
    }
    assert seen == {"un": True, "gam": True, "duri": False, "pyeong": False, "jang": False, "gong": False}


@pytest.mark.parametrize(("region", "sees"), [("gyeonggi", True), ("gyeonggi-hwaseong", True), ("busan", False)])
def test_a_regional_operator_sees_its_own_region(suggestion, actor, region, sees):
    profiles.mark_submitted(actor("hana"), suggestion.profile_version_id)
    operator = Actor(id=999, roles=frozenset({"operator_region"}), region=region)
    assert bool(queries.by_key(operator, suggestion.key)) is sees


def test_an_evaluator_sees_it_only_while_the_right_is_granted(suggestion, actor):
    pyeong = actor("pyeong")
    with transaction():
        grants.give(SYSTEM, "suggestion", suggestion.id, "read", person_id=pyeong.id, reason="test")
    assert queries.by_key(pyeong, suggestion.key).id == suggestion.id
    assert queries.by_key(actor("nam"), suggestion.key) is None
    with transaction():
        grants.take(SYSTEM, "suggestion", suggestion.id, "read", person_id=pyeong.id, reason="test")
    assert queries.by_key(pyeong, suggestion.key) is None


def test_replay_gives_the_same_bytes(suggestion):
    assert service.replay(suggestion.id).ok


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("inputs", lambda text: text.replace('"E2":3', '"E2":4', 1)),
        ("result", lambda text: text.replace("ADVANCED", "LEADING", 1)),
    ],
)
def test_replay_notices_one_changed_byte(suggestion, column, change):
    before = getattr(suggestion, column)
    assert change(before) != before
    with transaction():
        session.execute(sa.update(Suggestion).values({column: change(before)}))
    session.expire_all()
    assert not service.replay(suggestion.id).ok


def test_replay_refuses_rules_that_are_not_in_this_release(suggestion):
    with transaction():
        session.execute(sa.update(Suggestion).values(rule_version="0"))
    session.expire_all()
    with pytest.raises(RuleBroken) as refused:
        service.replay(suggestion.id)
    assert refused.value.code == "suggestion_unknown_rules"


def test_no_identity_goes_into_the_inputs(suggestion):
    given = json.loads(suggestion.inputs)
    assert set(given) == {"answers", "evidence", "rejected", "unsure", "pains", "facts"}
    assert "하나정밀" not in suggestion.inputs


def test_an_opinion_is_kept_once_and_its_blindness_stays(suggestion, actor):
    service.record_opinion(actor("pyeong"), suggestion.id, tier=Tier.BASIC, shown_before=False)
    service.record_opinion(
        actor("pyeong"), suggestion.id, tier=Tier.ADVANCED, shown_before=True, final_tier=Tier.ADVANCED, reason="이유"
    )
    row = session.scalars(sa.select(Opinion)).one()
    assert (row.tier, row.shown_before, row.final_tier, row.reason) == (Tier.BASIC, False, Tier.ADVANCED, "이유")


def test_every_write_is_in_the_audit_log(suggestion, actor):
    service.record_opinion(actor("pyeong"), suggestion.id, tier=Tier.BASIC, shown_before=False)
    actions = session.scalars(
        sa.select(audit.AuditRow.action).where(audit.AuditRow.object_type == "suggestion").order_by(audit.AuditRow.id)
    ).all()
    assert actions == ["suggestion.make", "suggestion.opine"]
    assert audit.verify().ok


def test_the_command_replays_everything_and_names_the_first_that_differs(app, suggestion, actor):
    complete_profile(actor("hana"), 4)
    done = app.test_cli_runner().invoke(args=["portal", "replay"])
    assert done.exit_code == 0 and "2 suggestions replayed" in done.output
    with transaction():
        session.execute(
            sa.update(Suggestion)
            .where(Suggestion.id == suggestion.id)
            .values(inputs=suggestion.inputs.replace('"E2":3', '"E2":4', 1))
        )
    session.expire_all()
    failed = app.test_cli_runner().invoke(args=["portal", "replay"])
    assert failed.exit_code == 1 and f"id={suggestion.id}" in failed.output
    assert app.test_cli_runner().invoke(args=["portal", "replay", "999"]).exit_code == 1
