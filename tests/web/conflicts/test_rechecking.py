"""Conflicts that come up after the seats were drawn."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal.accounts.models import Person
from portal.base import clock, grants
from portal.base.access import SYSTEM, RuleBroken, RulesBroken
from portal.base.db import session, transaction
from portal.base.outbox import OutboxEvent
from portal.conflicts import service as conflicts
from portal.conflicts.models import ConflictAnswer, ConflictFound, Tie
from portal.conflicts.rules import ConflictKind, FoundState, Moment, Source, TieKind
from portal.evaluation import conflicted, declaring, rechecking, service
from portal.evaluation.rules import AssignmentState, RecusalReason
from tests.factories import evaluation as make


@pytest.fixture
def case(actor):
    return make.in_evaluation(actor("hana"), actor("gong"))


@pytest.fixture
def bora(actor):
    return make.an_evaluator("보라")


@pytest.fixture
def panel(actor, case, bora):
    return make.assigned(actor("un"), case, [actor("pyeong"), bora], actor("jang"))


def tie(kind, **facts):
    return conflicts.note_tie(SYSTEM, kind, Source.OPERATOR, **facts)


def kept():
    rows = session.scalars(sa.select(ConflictFound).order_by(ConflictFound.id)).all()
    return [(one.evaluator_id, one.kind, one.found_by, one.state) for one in rows]


def test_a_conflict_that_comes_up_frees_the_seat_and_ends_every_right(actor, case, panel, bora):
    seat = make.opened(bora, case)
    tie(TieKind.SHARES, person_id=bora.id, organisation_id=case.member.organisation_id)
    assert rechecking.recheck() == 1
    assert (seat.state, seat.recusal_reason) == (AssignmentState.RECUSED, RecusalReason.CONFLICT)
    assert not grants.has(bora, "application", case.id, "review")
    assert kept() == [(bora.id, ConflictKind.SHARES, Moment.NIGHTLY, FoundState.STANDING)]
    assert "evaluator.recused" in session.scalars(sa.select(OutboxEvent.name)).all()
    assert rechecking.recheck() == 0


def test_a_review_that_was_handed_in_stays_for_the_operator_to_judge(actor, case, panel, bora):
    make.reviewed(bora, case, tier=make.suggested(case))
    tie(TieKind.SHARES, person_id=bora.id, organisation_id=case.organisation_id)
    assert rechecking.recheck() == 0
    assert make.assignment_of(bora, case).state is AssignmentState.SUBMITTED
    assert [row[1] for row in kept()] == [ConflictKind.SHARES]


def test_what_is_not_found_any_more_ends(actor, case, panel, bora):
    made = tie(TieKind.WORKED_WITH, person_id=bora.id, other_person_id=actor("hana").id)
    rechecking.recheck()
    with transaction():
        session.delete(session.get(Tie, made.id))
    rechecking.recheck()
    assert kept() == [(bora.id, ConflictKind.CO_WORK, Moment.NIGHTLY, FoundState.ENDED)]


def test_an_employer_that_somebody_left_is_remembered(actor, case, panel, bora):
    with transaction():
        session.get(Person, bora.id).organisation_id = actor("duri").organisation_id
    rechecking.recheck()
    with transaction():
        session.get(Person, bora.id).organisation_id = None
    rechecking.recheck()
    other = make.in_evaluation(actor("duri"), actor("gong"))
    tomorrow = clock.today() + timedelta(days=1)
    found = conflicted.barred([other], [bora.id], "assignment", on=tomorrow)
    assert [one.kind for one in found] == [ConflictKind.FORMER_EMPLOYER]


def test_nobody_with_a_conflict_is_seated_by_hand(actor, case, bora):
    tie(TieKind.FAMILY, person_id=bora.id, organisation_id=case.organisation_id)
    with pytest.raises(RulesBroken) as refused:
        make.assigned(actor("un"), case, [actor("pyeong"), bora], actor("jang"))
    assert [(one.field, one.code) for one in refused.value.broken] == [("evaluators", "evaluation_conflict")]
    tie(TieKind.FAMILY, person_id=actor("jang").id, organisation_id=case.organisation_id)
    with pytest.raises(RulesBroken) as refused:
        make.assigned(actor("un"), case, [actor("pyeong"), actor("nam")], actor("jang"))
    assert [(one.field, one.code) for one in refused.value.broken] == [("chair", "evaluation_conflict")]


def test_a_conflict_at_the_opening_refuses_and_frees_the_seat(actor, case, panel, bora):
    tie(TieKind.SHARES, person_id=bora.id, organisation_id=case.organisation_id)
    with pytest.raises(RuleBroken) as refused:
        make.opened(bora, case)
    assert refused.value.code == "evaluation_conflict_found"
    assert make.assignment_of(bora, case).state is AssignmentState.RECUSED
    assert kept() == [(bora.id, ConflictKind.SHARES, Moment.OPENING, FoundState.STANDING)]


def test_soft_kinds_are_asked_and_a_no_opens_the_file(actor, case, panel, bora):
    tie(TieKind.WORKED_WITH, person_id=bora.id, other_person_id=actor("hana").id)
    seat = make.assignment_of(bora, case)
    assert declaring.screen(seat).asked == (ConflictKind.CO_WORK,)
    with pytest.raises(RulesBroken) as refused:
        service.open_file(bora, seat, no_conflict=True)
    assert [(one.field, one.code) for one in refused.value.broken] == [("soft_co_work", "evaluation_soft_answer")]
    assert service.open_file(bora, seat, no_conflict=True, answers={ConflictKind.CO_WORK: False})
    answers = session.execute(sa.select(ConflictAnswer.kind, ConflictAnswer.is_conflict)).all()
    assert sorted(answers, key=str) == [(ConflictKind.CO_WORK, False), (None, False)]


def test_a_yes_to_a_soft_kind_frees_the_seat_and_is_known_from_now_on(actor, case, panel, bora):
    tie(TieKind.WORKED_WITH, person_id=bora.id, other_person_id=actor("hana").id)
    seat = make.assignment_of(bora, case)
    assert service.open_file(bora, seat, no_conflict=True, answers={ConflictKind.CO_WORK: True}) is None
    assert seat.state is AssignmentState.RECUSED
    assert (bora.id, ConflictKind.DECLARED, Moment.DECLARED, FoundState.STANDING) in kept()
    assert bora.id in conflicted.bars(case, [bora.id])


def test_stepping_down_bars_from_the_firms_next_case_too(actor, case, panel, bora):
    service.recuse(bora, make.assignment_of(bora, case), RecusalReason.FAMILY)
    assert [one.kind for one in conflicted.bars(case, [bora.id])[bora.id]] == [ConflictKind.FAMILY]


def test_an_overruled_conflict_bars_no_more_until_a_new_ground_comes_up(actor, case, bora):
    made = tie(TieKind.ADVISED, person_id=bora.id, organisation_id=case.organisation_id)
    found = conflicted.barred([case], [bora.id], "assignment")
    conflicts.keep_found(actor("un"), conflicted.CASE, found, Moment.ASSIGNMENT)
    row = session.scalar(sa.select(ConflictFound))
    with pytest.raises(RuleBroken) as refused:
        conflicts.overrule(actor("un"), row, "짧음")
    assert (refused.value.field, refused.value.code) == ("reason", "conflict_reason_short")
    conflicts.overrule(actor("un"), row, "합성(예시) 같은 이름의 다른 기업에 한 자문으로, 이 기업과는 관계가 없음을 확인했습니다.")
    assert conflicted.bars(case, [bora.id]) == {}
    tie(TieKind.ADVISED, person_id=bora.id, organisation_id=case.member.organisation_id)
    again = conflicted.barred([case], [bora.id], "assignment")
    assert [ground.tie_id != made.id for one in again for ground in one.evidence] == [True]
    conflicts.keep_found(actor("un"), conflicted.CASE, again, Moment.ASSIGNMENT)
    assert row.state is FoundState.STANDING
