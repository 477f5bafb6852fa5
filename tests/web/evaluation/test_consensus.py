"""The consensus meeting: others' scores only after one's own, revisions with a reason, every state kept, chair ends it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal.base import clock
from portal.base.access import Forbidden, NotVisible, RuleBroken
from portal.base.db import session
from portal.evaluation import consensus, history, queries, service
from portal.evaluation.models import Consensus, Review
from portal.evaluation.rules import Outcome, VersionCause
from tests.client import Page
from tests.factories import evaluation as make

WHY = "합성(예시) 회의에서 현장 증빙을 다시 보고 필요성 점수를 낮추었습니다."


def convened(actor, panel):
    return consensus.convene(actor("jang"), panel, question="필요성에서 갈렸습니다", due=clock.today() + timedelta(days=7))


def revise(who, case, *, share=0.8, why=WHY, **given):
    assignment = make.assignment_of(who, case)
    return consensus.revise(
        who,
        assignment,
        None,
        scores=make.points(share, **given),
        comment="합성 종합 의견",
        final_tier=assignment.review.final_tier,
        tier_reason=assignment.review.reason,
        reason=why,
    )


def test_a_meeting_needs_all_reviews_and_the_own_chair(actor, case, panel, bora):
    make.reviewed(actor("pyeong"), case, tier=make.suggested(case))
    with pytest.raises(RuleBroken, match="evaluation_reviews_open"):
        convened(actor, panel)
    make.reviewed(bora, case, tier=make.suggested(case))
    with pytest.raises(Forbidden):
        consensus.convene(make.an_evaluator("남위원장", make.Role.LEAD_EVALUATOR), panel, question="", due=clock.today())
    first = convened(actor, panel)
    assert convened(actor, panel).id == first.id
    assert session.scalar(sa.select(sa.func.count()).select_from(Consensus)) == 1


def test_no_decision_while_the_meeting_is_open_and_one_after_it(actor, case, two_reviews):
    convened(actor, two_reviews)
    with pytest.raises(RuleBroken, match="evaluation_consensus_open"):
        make.decided(actor("jang"), case, make.suggested(case))
    with pytest.raises(RuleBroken, match="evaluation_consensus_notes"):
        consensus.note(actor("jang"), two_reviews, None, notes={}, summary="짧음", end=True)
    consensus.note(actor("jang"), two_reviews, None, notes={"NEED": "합성(예시) 손실 자료를 함께 보고 필요성을 인정했습니다."}, summary="", end=True)
    with pytest.raises(RuleBroken, match="evaluation_not_revisable"):
        revise(actor("pyeong"), case, NEED=12)
    assert make.decided(actor("jang"), case, make.suggested(case)).outcome is Outcome.SELECTED


def test_the_meetings_last_day_is_its_last_day(actor, case, two_reviews):
    meeting = convened(actor, two_reviews)
    session.execute(sa.update(Consensus).values(due_on=clock.today() - timedelta(days=1)))
    session.commit()
    with pytest.raises(RuleBroken, match="evaluation_not_revisable"):
        revise(actor("pyeong"), case, NEED=9)
    assert meeting.is_open


def test_a_revision_counts_and_the_state_before_it_stays(actor, case, two_reviews):
    before = queries.panel_of(case.id).assignments
    totals = {one.evaluator_id: one.review.total for one in before}
    convened(actor, two_reviews)
    for wrong, code in (({"why": "짧음"}, "evaluation_reason_short"), ({"NEED": 99}, "evaluation_points_range")):
        with pytest.raises(RuleBroken, match=code):
            revise(actor("pyeong"), case, **wrong)
    review = revise(actor("pyeong"), case, NEED=9)
    assert review.total == totals[actor("pyeong").id] - 3
    kept = history.versions_of([review.id])[review.id]
    assert [(one.cause, one.total) for one in kept] == [
        (VersionCause.LOCKED, review.total + 3),
        (VersionCause.SUBMITTED, review.total + 3),
        (VersionCause.CONSENSUS, review.total),
    ]
    assert kept[-1].reason == WHY
    assert kept[0].own_tier is kept[-1].own_tier is review.own_tier
    with pytest.raises(RuleBroken, match="evaluation_nothing_revised"):
        revise(actor("pyeong"), case, NEED=9)


def test_without_a_meeting_nothing_is_revised_and_nobody_sees_the_others(actor, client_as, case, two_reviews):
    with pytest.raises(RuleBroken, match="evaluation_not_revisable"):
        revise(actor("pyeong"), case, NEED=9)
    with pytest.raises(NotVisible):
        consensus.meeting_for(make.assignment_of(actor("pyeong"), case))
    key = make.assignment_of(actor("pyeong"), case).key
    assert client_as("pyeong").get(f"/evaluation/cases/{key}/consensus").status_code == 404


def test_at_the_table_people_are_letters(actor, client_as, case, two_reviews, bora):
    convened(actor, two_reviews)
    mine = make.assignment_of(actor("pyeong"), case)
    theirs = make.assignment_of(bora, case)
    page = client_as("pyeong").page(f"/evaluation/cases/{mine.key}/consensus")
    assert f"위원 {theirs.pseudonym}" in page.text
    assert "표시라마바" in page.text
    for secret in (bora.name, theirs.key, session.get(Review, theirs.review.id).key):
        assert secret not in page.answer.get_data(as_text=True)
    assert client_as("nam").get(f"/evaluation/cases/{mine.key}/consensus").status_code == 404


def test_who_comes_later_sees_the_others_only_after_the_own_review(actor, case, two_reviews):
    convened(actor, two_reviews)
    third = make.an_evaluator("박셋째")
    service.assign(
        actor("un"), case, [make.person(third)], make.person(actor("jang")), clock.today() + timedelta(days=7)
    )
    assignment = make.opened(third, case)
    with pytest.raises(NotVisible):
        consensus.meeting_for(assignment)
    make.locked(third, case, tier=make.suggested(case))
    with pytest.raises(NotVisible):
        consensus.meeting_for(make.assignment_of(third, case))
    service.submit_review(third, make.assignment_of(third, case), None, final_tier=make.suggested(case), reason="")
    assert len(consensus.meeting_for(make.assignment_of(third, case)).sides.voices) == 3


def test_the_meeting_by_forms_alone(actor, client_as, case, two_reviews):
    chair, mine = client_as("jang"), make.assignment_of(actor("pyeong"), case)
    path = f"/evaluation/decisions/{case.key}/consensus"
    opening = chair.page(path)
    answer = chair.submit(opening, {"question": "필요성을 다시 봐 주세요"}, action=None)
    assert answer.status_code == 302
    evaluator = client_as("pyeong")
    page = evaluator.page(f"/evaluation/cases/{mine.key}/consensus")
    assert "필요성을 다시 봐 주세요" in page.text
    refused = Page(evaluator.post(f"/evaluation/cases/{mine.key}/consensus", data={**page.values(), "NEED_points": "9", "why": "짧음"}))
    assert (refused.answer.status_code, "30자 이상" in refused.errors()["why"]) == (422, True)
    answer = evaluator.post(
        f"/evaluation/cases/{mine.key}/consensus", data={**page.values(), "NEED_points": "9", "why": WHY}
    )
    assert answer.status_code == 302
    table = chair.page(path)
    assert "합의 회의에서 고침" in table.text
    assert WHY in table.text


def test_from_five_reviews_on_the_extremes_are_left_out(actor, case):
    judges = [make.an_evaluator(f"다섯{n}") for n in range(5)]
    panel = make.assigned(actor("un"), case, judges, actor("jang"))
    for judge, need in zip(judges, (15, 0, 12, 12, 9), strict=True):
        assignment = make.opened(judge, case)
        service.save_review(
            judge, assignment, None, items=make.words(assignment), scores=make.points(0.8, NEED=need),
            comment="합성", own_tier=make.suggested(case),
        )
        service.lock_own_score(judge, assignment, None)
        service.submit_review(judge, assignment, None, final_tier=make.suggested(case), reason="")
    session.expire_all()
    from portal.evaluation.sidebyside import basis_of, side_by_side

    sides = side_by_side(panel)
    need = next(line for line in sides.lines if line.criterion.code == "NEED")
    assert need.mean == 11
    assert sides.total == basis_of(panel).total == 79
    assert basis_of(panel).below == ()
    assert sum(not voice.counts for voice in sides.voices) == 2
