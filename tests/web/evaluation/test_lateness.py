"""Silent evaluators are reminded, then lose the seat; reviews that lie apart bring a third reader, once."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal.base import clock
from portal.base.db import session, transaction
from portal.evaluation import lateness, queries
from portal.evaluation.lots import DrawCause, DrawState
from portal.evaluation.models import Assignment, CallPlan, Draw, Panel
from portal.evaluation.rules import OPEN_STATES, AssignmentState, RecusalReason
from tests.factories import evaluation as make

DUE, REMIND, SILENCE = 14, 3, 5


@pytest.fixture
def silent(frozen, actor, case, bora):
    make.assigned(actor("un"), case, [actor("pyeong"), bora], actor("jang"), days=DUE)
    return case


def states(case):
    session.rollback()
    rows = session.scalars(sa.select(Assignment).where(Assignment.application_id == case.id).order_by(Assignment.id))
    return [(one.state, one.recusal_reason) for one in rows]


def reminders(letters):
    return [one.to for one in letters if one.once_key.startswith("evaluator-reminded")]


def test_one_reminder_goes_out_before_the_due_date(silent, frozen, drain):
    drain()
    frozen.tick(timedelta(days=DUE - REMIND - 1))
    lateness.sweep()
    assert reminders(drain()) == []
    frozen.tick(timedelta(days=1))
    for _ in range(2):
        lateness.sweep()
    assert len(reminders(drain())) == 2
    frozen.tick(timedelta(days=1))
    lateness.sweep()
    assert reminders(drain()) == []


def test_a_silent_seat_is_freed_and_drawn_again(silent, frozen, actor, bora, drain):
    make.opened(bora, silent)
    frozen.tick(timedelta(days=DUE + SILENCE))
    assert lateness.sweep() == 0
    frozen.tick(timedelta(days=1))
    make.reviewed(actor("pyeong"), silent, tier=make.suggested(silent))
    assert lateness.sweep() == 1
    drain()
    assert states(silent) == [
        (AssignmentState.SUBMITTED, None),
        (AssignmentState.RECUSED, RecusalReason.SILENCE),
        (AssignmentState.ASSIGNED, None),
    ]
    again = session.scalars(sa.select(Draw)).one()
    assert (again.cause, again.state, again.due_on) == (
        DrawCause.SILENT,
        DrawState.CONFIRMED,
        clock.today() + timedelta(days=7),
    )
    sitting = {one.evaluator_id for one in queries.panel_of(silent.id).assignments if one.state in OPEN_STATES}
    assert bora.id not in sitting
    assert not make.service.grants.has(bora, "application", silent.id, "review")


def test_a_decided_case_is_left_alone(silent, frozen, actor, bora, drain):
    tier = make.suggested(silent)
    for one in (actor("pyeong"), bora):
        make.reviewed(one, silent, tier=tier)
    make.decided(actor("jang"), silent, tier)
    frozen.tick(timedelta(days=60))
    assert lateness.sweep() == 0


def test_reviews_far_apart_bring_a_third_reader_once(actor, case, panel, bora, drain):
    tier = make.suggested(case)
    make.reviewed(actor("pyeong"), case, tier=tier, share=1.0)
    make.reviewed(bora, case, tier=tier, share=0.4)
    drain()
    drain()
    seated = session.get(Panel, panel.id, populate_existing=True)
    assert seated.reviews_needed == 3
    assert [one.state for one in seated.assignments].count(AssignmentState.ASSIGNED) == 1
    assert [one.cause for one in session.scalars(sa.select(Draw))] == [DrawCause.DISAGREEMENT]
    third = next(one for one in seated.assignments if one.state is AssignmentState.ASSIGNED)
    make.reviewed(make.accounts.actor_of(third.evaluator), case, tier=tier, share=0.1)
    drain()
    assert session.get(Panel, panel.id, populate_existing=True).reviews_needed == 3


def test_reviews_close_together_bring_nobody(actor, case, panel, bora, drain):
    tier = make.suggested(case)
    make.reviewed(actor("pyeong"), case, tier=tier, share=0.8)
    make.reviewed(bora, case, tier=tier, share=0.75)
    drain()
    assert session.get(Panel, panel.id).reviews_needed is None
    assert session.scalars(sa.select(Draw)).all() == []


def test_a_case_that_was_in_early_is_held_against_its_call_later(actor, case, panel, bora, drain):
    """14 points were usual while nothing was known of the call; beside a case on which two agree they are not."""
    with transaction():
        session.add(CallPlan(call_id=case.call_id, disagreement=1.5))
    tier = make.suggested(case)
    make.reviewed(actor("pyeong"), case, tier=tier, share=0.8)
    make.reviewed(bora, case, tier=tier, share=0.66)
    drain()
    assert session.get(Panel, panel.id, populate_existing=True).reviews_needed is None
    other = make.in_evaluation(actor("duri"), actor("gong"), call=case.call)
    make.assigned(actor("un"), other, [actor("pyeong"), bora], actor("jang"))
    for one in (actor("pyeong"), bora):
        make.reviewed(one, other, tier=make.suggested(other), share=0.8)
    lateness.sweep()
    drain()
    assert session.get(Panel, panel.id, populate_existing=True).reviews_needed == 3
    assert queries.panel_of(other.id).reviews_needed is None


def test_the_page_lists_who_is_late_and_what_lies_apart(silent, frozen, client_as, actor, drain):
    frozen.tick(timedelta(days=DUE + 2))
    page = client_as("un").page("/operator/evaluation/watch")
    assert silent.number in page.text
    assert "2일" in page.text
    assert "이보라" in page.text
    tier = make.suggested(silent)
    for one, share in ((actor("pyeong"), 1.0), (make.an_evaluator("이보라"), 0.4)):
        make.reviewed(one, silent, tier=tier, share=share)
    page = client_as("un").page("/operator/evaluation/watch")
    assert "마감이 지난 평가가 없습니다" in page.text
    assert "100.0" in page.text
