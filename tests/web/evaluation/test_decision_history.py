"""Decisions as a history: who may add one, and that the newest counts everywhere."""

import pytest
import sqlalchemy as sa

from portal.applications.rules import Status
from portal.base import grants
from portal.base.access import SYSTEM, Forbidden, RuleBroken
from portal.base.db import session, transaction
from portal.evaluation import deciding, outcome, queries
from portal.evaluation.models import Decision
from portal.evaluation.rules import Cause, Outcome
from tests.factories import evaluation as make


@pytest.fixture
def decided(actor, case, two_reviews):
    return make.decided(actor("jang"), case, make.suggested(case), Outcome.RESERVE)


@pytest.fixture
def second_chair(case, decided):
    """A chair who had nothing to do with the first panel and was given the appeal."""
    chair = make.an_evaluator("오위원장", role=make.Role.LEAD_EVALUATOR)
    with transaction():
        grants.give(SYSTEM, "application", case.id, "decide", person_id=chair.id, reason="appeal")
    return chair


def again(actor, case, **changes):
    values = {"cause": Cause.APPEAL, "tier": None, "outcome": Outcome.SELECTED, "reason": make.REASON, "total": 91.0}
    return deciding.decide_again(actor, case.id, **{**values, **changes})


def test_the_newest_decision_counts_and_the_first_one_stays(case, decided, second_chair):
    first_id, tier = decided.id, decided.tier
    new = again(second_chair, case)
    rows = [(one.id, one.sequence, one.outcome, one.total) for one in queries.decisions_of(case.id)]
    assert rows == [(first_id, 1, Outcome.RESERVE, 80.0), (new.id, 2, Outcome.SELECTED, 91.0)]
    session.expire_all()
    panel = queries.panel_of(case.id)
    assert (queries.decision_of(case.id).id, panel.decision.id, new.tier) == (new.id, new.id, tier)
    assert (case.status, outcome.outcome_for_applicant(case.id).total) == (Status.SELECTED, 91.0)


def test_the_chairs_list_counts_a_case_once_however_often_it_was_decided(client_as, case, second_chair):
    again(second_chair, case)
    page = client_as("jang").page("/evaluation/decisions?state=decided")
    assert page.text.count(case.number) == 1


@pytest.mark.parametrize("name", ["jang", "un", "pyeong", "nam", "hana", "gam"])
def test_nobody_of_the_first_panel_changes_the_decision(name, actor, case, decided):
    with pytest.raises(Forbidden):
        again(actor(name), case)
    assert session.scalar(sa.select(sa.func.count()).select_from(Decision)) == 1


def test_a_chair_without_the_right_on_this_case_changes_nothing(case, decided):
    with pytest.raises(Exception) as refused:
        again(make.an_evaluator("오위원장", role=make.Role.LEAD_EVALUATOR), case)
    assert type(refused.value).__name__ in ("Forbidden", "NotVisible")
    assert session.scalar(sa.select(sa.func.count()).select_from(Decision)) == 1


@pytest.mark.parametrize("cause", [Cause.RESERVE, Cause.WITHDRAWAL, Cause.RANKING, Cause.PANEL])
def test_what_the_portal_does_by_itself_is_no_persons_act(cause, case, second_chair):
    with pytest.raises(Forbidden):
        again(second_chair, case, cause=cause)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"reason": "짧음"}, "evaluation_reason_short"),
        ({"total": 69.9}, "evaluation_below_pass"),
        ({"below": ["fit"]}, "evaluation_below_pass"),
    ],
)
def test_an_appeal_can_not_pass_what_does_not_pass(changes, code, case, second_chair):
    with pytest.raises(RuleBroken) as refused:
        again(second_chair, case, **changes)
    assert refused.value.code == code


def test_the_same_click_gives_the_same_decision(case, second_chair):
    first = again(second_chair, case, once_key="click")
    assert again(second_chair, case, once_key="click").id == first.id
    assert len(queries.decisions_of(case.id)) == 2


def test_two_newest_decisions_can_not_stand(case, decided):
    def row(**more):
        values = {"application_id": case.id, "panel_id": decided.panel_id, "tier": decided.tier, "total": 1.0}
        return Decision(**values, kind=decided.kind, outcome=Outcome.SELECTED, **more)

    session.add(row(sequence=2, superseded_at=decided.decided_at))
    session.flush()
    session.add(row(sequence=3))
    with pytest.raises(sa.exc.IntegrityError):
        session.flush()
    session.rollback()
