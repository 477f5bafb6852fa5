"""Assign, step down, open, review, decide: what each writes, and what it refuses."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal.applications import service as applications
from portal.applications.rules import Status
from portal.base import audit, clock, grants
from portal.base.access import Forbidden, NotVisible, RuleBroken, RulesBroken, StaleVersion
from portal.base.db import session, transaction
from portal.base.outbox import OutboxEvent
from portal.evaluation import deciding, queries, service
from portal.evaluation.models import Assignment, Decision, Panel
from portal.evaluation.rules import AssignmentState, DecisionKind, Outcome, RecusalReason
from portal.profiles import queries as profiles
from portal.programmes.rules import Tier
from portal.scoring.models import ClaimVerdict, Opinion
from tests.factories import evaluation as make
from tests.factories.applications import a_call, submitted


def refusals(error):
    return [(one.field, one.code) for one in (error.broken if isinstance(error, RulesBroken) else [error])]


def events():
    return session.scalars(sa.select(OutboxEvent.name).order_by(OutboxEvent.id)).all()


def other_than(tier):
    return Tier.ADVANCED if tier is Tier.BASIC else Tier.BASIC


# --- assigning ------------------------------------------------------------------------------------------------


def test_assigning_seats_evaluators_under_letters_and_gives_nothing_to_read_yet(actor, case, panel):
    assert sorted(one.pseudonym for one in panel.assignments) == ["A", "B"]
    assert {one.state for one in panel.assignments} == {AssignmentState.ASSIGNED}
    assert events()[-2:] == ["evaluator.assigned", "evaluator.assigned"]
    assert not grants.has(actor("pyeong"), "application", case.id, "review")
    assert grants.has(actor("jang"), "application", case.id, "decide")


def test_assigning_is_audited_with_ids(actor, case, panel):
    row = session.scalar(sa.select(audit.AuditRow).where(audit.AuditRow.action == "panel.assign"))
    assert (row.object_id, row.facts["chair"]) == (case.id, actor("jang").id)


def test_an_application_before_the_requirement_check_can_not_be_assigned(actor, bora):
    application = submitted(actor("hana"), supplier=actor("gong"))
    with pytest.raises(RuleBroken) as refused:
        make.assigned(actor("un"), application, [actor("pyeong"), bora], actor("jang"))
    assert refused.value.code == "evaluation_not_ready"


@pytest.mark.parametrize("name", ["hana", "pyeong", "jang", "gong", "gam", "anon"])
def test_only_operators_assign(name, actor, case, bora):
    with pytest.raises(Forbidden):
        make.assigned(actor(name), case, [actor("pyeong"), bora], actor("jang"))


def test_people_of_the_firm_or_its_supplier_are_never_assigned(actor, case, bora):
    insider = make.an_evaluator("내부인", organisation_id=actor("hana").organisation_id)
    seller = make.an_evaluator("판매인", organisation_id=actor("gong").organisation_id)
    with pytest.raises(RulesBroken) as refused:
        make.assigned(actor("un"), case, [insider, seller], actor("jang"))
    assert refusals(refused.value) == [("evaluators", "evaluation_own_organisation")] * 2
    assert session.scalar(sa.select(sa.func.count()).select_from(Panel)) == 0


def test_who_is_no_evaluator_or_no_chair_is_refused(actor, case, bora):
    with pytest.raises(RulesBroken) as refused:
        make.assigned(actor("un"), case, [actor("gong"), bora], actor("nam"))
    assert refusals(refused.value) == [("evaluators", "evaluation_not_evaluator"), ("chair", "evaluation_not_chair")]


def test_a_double_click_assigns_once(actor, case, bora):
    people = [make.person(actor("pyeong")), make.person(bora)]
    due = clock.today() + timedelta(days=5)
    for _ in range(2):
        service.assign(actor("un"), case, people, make.person(actor("jang")), due, once_key="the same click")
    assert session.scalar(sa.select(sa.func.count()).select_from(Assignment)) == 2


def test_the_seat_of_who_stepped_down_can_be_filled_with_somebody_else(actor, case, panel, bora):
    service.recuse(bora, make.assignment_of(bora, case), RecusalReason.ADVICE)
    third = make.an_evaluator("최위원")
    make.assigned(actor("un"), case, [third], actor("jang"))
    states = {one.evaluator_id: one.state for one in queries.panel_of(case.id).assignments}
    assert states == {
        actor("pyeong").id: AssignmentState.ASSIGNED,
        bora.id: AssignmentState.RECUSED,
        third.id: AssignmentState.ASSIGNED,
    }


def test_another_chair_takes_over_and_the_first_reads_nothing_more(actor, case, panel):
    second = make.an_evaluator("오위원장", role=make.Role.LEAD_EVALUATOR)
    make.assigned(actor("un"), case, [], second)
    held = [grants.has(one, "application", case.id, "decide") for one in (actor("jang"), second)]
    assert held == [False, True]


# --- opening and stepping down ----------------------------------------------------------------------------------


def test_declaring_no_conflict_opens_the_file_and_its_evidence(actor, case, panel):
    pyeong = actor("pyeong")
    version = queries.profile_version_id(case.id)
    assert profiles.version(pyeong, version) is None
    make.opened(pyeong, case)
    assert profiles.version(pyeong, version).id == version
    assert grants.has(pyeong, "application", case.id, "review")


def test_without_the_declaration_nothing_opens(actor, case, panel):
    assignment = make.assignment_of(actor("pyeong"), case)
    with pytest.raises(RuleBroken) as refused:
        service.open_file(actor("pyeong"), assignment, no_conflict=False)
    assert (refused.value.field, refused.value.code) == ("no_conflict", "evaluation_declare")
    assert session.get(Assignment, assignment.id).state is AssignmentState.ASSIGNED


def test_who_has_joined_the_firm_meanwhile_can_not_open_its_file(actor, case, panel):
    with transaction():
        make.person(actor("pyeong")).organisation_id = actor("hana").organisation_id
    with pytest.raises(RuleBroken) as refused:
        service.open_file(actor("pyeong"), make.assignment_of(actor("pyeong"), case), no_conflict=True)
    assert refused.value.code == "evaluation_own_organisation"


def test_stepping_down_takes_every_right_at_once(actor, case, panel):
    pyeong = actor("pyeong")
    assignment = make.locked(pyeong, case, tier=make.suggested(case))
    service.recuse(pyeong, assignment, RecusalReason.FAMILY)
    assert profiles.version(pyeong, queries.profile_version_id(case.id)) is None
    assert not grants.has(pyeong, "application", case.id, "review")
    assert not grants.has(pyeong, "suggestion", queries.suggestion_of(case.id).id, "read")
    with pytest.raises(NotVisible):
        queries.case_by_key(pyeong, assignment.key)
    with pytest.raises(NotVisible):
        service.save_review(pyeong, assignment, None, comment="더")


def test_stepping_down_from_one_case_leaves_the_same_firms_other_case_readable(actor, case, panel, bora):
    pyeong, version = actor("pyeong"), queries.profile_version_id(case.id)
    other = make.accepted(actor("hana"), actor("gong"), call=a_call(title_ko="다른 공고 (합성)"))
    make.assigned(actor("un"), other, [pyeong, bora], actor("jang"))
    for one in (case, other):
        make.opened(pyeong, one)
    assert queries.profile_version_id(other.id) == version
    service.recuse(pyeong, make.assignment_of(pyeong, other), RecusalReason.OTHER)
    assert profiles.version(pyeong, version).id == version


@pytest.mark.parametrize("name", ["nam", "jang", "un", "hana"])
def test_nobody_else_writes_on_an_assignment(name, actor, case, panel):
    assignment = make.opened(actor("pyeong"), case)
    with pytest.raises(NotVisible):
        service.save_review(actor(name), assignment, None, comment="남의 평가")


# --- the review ---------------------------------------------------------------------------------------------------


def test_a_draft_may_lack_everything_and_keeps_what_it_has(actor, case, panel):
    pyeong = actor("pyeong")
    assignment = make.opened(pyeong, case)
    service.save_review(pyeong, assignment, 1, items={"S2": {"verdict": None, "level": None, "note": "확인"}})
    review = service.save_review(pyeong, assignment, 2, scores={"FIT": {"points": 20.0, "comment": ""}})
    assert (review.items["S2"]["note"], review.scores["FIT"]["points"], review.version) == ("확인", 20.0, 3)


def test_a_stale_save_is_refused_with_both_texts(actor, case, panel):
    pyeong = actor("pyeong")
    assignment = make.opened(pyeong, case)
    service.save_review(pyeong, assignment, 1, comment="첫째 화면")
    with pytest.raises(StaleVersion) as refused:
        service.save_review(pyeong, assignment, 1, comment="둘째 화면")
    assert (refused.value.mine, refused.value.current) == ({"종합 의견": "둘째 화면"}, {"종합 의견": "첫째 화면"})


def test_saving_the_same_again_is_no_change(actor, case, panel):
    pyeong = actor("pyeong")
    assignment = make.opened(pyeong, case)
    service.save_review(pyeong, assignment, 1, comment="같은 말")
    assert service.save_review(pyeong, assignment, 1, comment="같은 말").version == 2


@pytest.mark.parametrize("points", [-0.5, 25.5])
def test_points_outside_the_criterion_are_refused_at_their_field(points, actor, case, panel):
    pyeong = actor("pyeong")
    assignment = make.opened(pyeong, case)
    with pytest.raises(RuleBroken) as refused:
        service.save_review(pyeong, assignment, None, scores=make.points(FIT=points))
    assert (refused.value.field, refused.value.code) == ("FIT_points", "evaluation_points_range")


def test_locking_names_everything_that_is_missing(actor, case, panel):
    pyeong = actor("pyeong")
    assignment = make.opened(pyeong, case)
    scores = make.points()
    scores["FIT"]["comment"] = ""
    del scores["AFTER"]
    service.save_review(pyeong, assignment, None, scores=scores)
    with pytest.raises(RulesBroken) as refused:
        service.lock_own_score(pyeong, assignment, None)
    assert refusals(refused.value) == [
        ("S2_verdict", "evaluation_item_open"),
        ("E5_verdict", "evaluation_item_open"),
        ("T1_verdict", "evaluation_item_open"),
        ("FIT_comment", "evaluation_comment_missing"),
        ("AFTER_points", "evaluation_points_missing"),
        ("own_tier", "evaluation_tier_missing"),
    ]


def test_the_lock_closes_scores_but_not_items_and_marks_what_changes_after(actor, case, panel):
    pyeong = actor("pyeong")
    assignment = make.locked(pyeong, case, tier=Tier.BASIC)
    with pytest.raises(RuleBroken) as refused:
        service.save_review(pyeong, assignment, None, scores=make.points(0.5))
    assert refused.value.code == "evaluation_locked"
    review = service.save_review(pyeong, assignment, None, items=make.words(assignment, {"T1": 0}))
    assert [code for code, row in review.items.items() if row.get("after")] == ["T1"]


def test_the_own_tier_is_recorded_as_given_blindly(actor, case, panel):
    tier = make.suggested(case)
    make.reviewed(actor("pyeong"), case, tier=tier)
    opinion = session.scalar(sa.select(Opinion))
    found = (opinion.person_id, opinion.tier, opinion.final_tier, opinion.shown_before)
    assert found == (actor("pyeong").id, tier, tier, False)


def test_item_verdicts_go_down_to_the_scorer_with_the_review_and_not_before(actor, case, panel):
    pyeong, tier = actor("pyeong"), make.suggested(case)
    assignment = make.locked(pyeong, case, tier=tier, changed={"T1": 0})
    assert session.scalars(sa.select(ClaimVerdict)).all() == []
    service.submit_review(pyeong, assignment, None, final_tier=tier, reason="")
    rows = session.scalars(sa.select(ClaimVerdict).order_by(ClaimVerdict.item)).all()
    assert [(row.item, row.word.value, row.person_id) for row in rows] == [
        ("E5", "accept", pyeong.id),
        ("S2", "accept", pyeong.id),
        ("T1", "correct", pyeong.id),
    ]


def test_an_opinion_away_from_the_suggestion_needs_reason_and_changed_items(actor, case, panel):
    pyeong, other = actor("pyeong"), other_than(make.suggested(case))
    assignment = make.locked(pyeong, case, tier=other)
    with pytest.raises(RuleBroken) as short:
        service.submit_review(pyeong, assignment, None, final_tier=other, reason="짧음")
    with pytest.raises(RuleBroken) as bare:
        service.submit_review(pyeong, assignment, None, final_tier=other, reason=make.REASON)
    assert [(one.value.field, one.value.code) for one in (short, bare)] == [
        ("reason", "evaluation_reason_short"),
        ("final_tier", "evaluation_items_needed"),
    ]
    service.save_review(pyeong, assignment, None, items=make.words(assignment, {"T1": 0}))
    assert service.submit_review(pyeong, assignment, None, final_tier=other, reason=make.REASON).final_tier is other


def test_a_submitted_review_never_changes(actor, case, panel):
    pyeong = actor("pyeong")
    make.reviewed(pyeong, case, tier=make.suggested(case))
    assignment = make.assignment_of(pyeong, case)
    for act in (
        lambda: service.save_review(pyeong, assignment, None, items={}),
        lambda: service.recuse(pyeong, assignment, RecusalReason.OTHER),
    ):
        with pytest.raises(RuleBroken) as refused:
            act()
        assert refused.value.code == "evaluation_submitted"
    again = service.submit_review(pyeong, assignment, None, final_tier=Tier.LEADING, reason=make.REASON)
    assert again.final_tier is make.suggested(case)


def test_a_withdrawn_application_closes_its_reviews(actor, case, panel):
    pyeong = actor("pyeong")
    assignment = make.opened(pyeong, case)
    applications.withdraw(actor("hana"), case.key, "사정이 바뀜")
    with pytest.raises(RuleBroken) as refused:
        service.save_review(pyeong, assignment, None, comment="더")
    assert refused.value.code == "evaluation_closed"
    held = [
        grants.has(one, "application", case.id, right) for one, right in ((pyeong, "review"), (actor("jang"), "decide"))
    ]
    assert held == [False, False]


# --- the decision -------------------------------------------------------------------------------------------------


def test_the_chair_confirms_and_the_application_is_decided(actor, case, two_reviews):
    tier = make.suggested(case)
    decision = make.decided(actor("jang"), case, tier)
    session.refresh(case)
    assert (decision.kind, decision.outcome, decision.total) == (DecisionKind.CONFIRMED, Outcome.SELECTED, 80.0)
    assert (case.status, case.decided_tier) == (Status.SELECTED, tier)
    assert events().count("decision.made") == 1


def test_after_the_decision_the_evaluators_read_the_files_no_more(actor, case, two_reviews):
    make.decided(actor("jang"), case, make.suggested(case))
    assert profiles.version(actor("pyeong"), queries.profile_version_id(case.id)) is None
    assert not grants.has(actor("pyeong"), "application", case.id, "review")


def test_a_second_decision_is_refused_and_the_same_click_gives_the_first(actor, case, two_reviews):
    jang, tier = actor("jang"), make.suggested(case)
    first = deciding.decide(jang, two_reviews, tier=tier, outcome=Outcome.SELECTED, once_key="click")
    again = deciding.decide(jang, two_reviews, tier=tier, outcome=Outcome.SELECTED, once_key="click")
    with pytest.raises(RuleBroken) as refused:
        deciding.decide(jang, two_reviews, tier=tier, outcome=Outcome.REJECTED, reason=make.REASON, once_key="another")
    assert (again.id, refused.value.code) == (first.id, "evaluation_decided")
    assert session.scalar(sa.select(sa.func.count()).select_from(Decision)) == 1


@pytest.mark.parametrize("name", ["un", "pyeong", "nam", "hana", "gam"])
def test_only_the_chair_of_the_panel_decides(name, actor, case, two_reviews):
    with pytest.raises(Forbidden):
        make.decided(actor(name), case, make.suggested(case))


def test_another_panels_chair_does_not_decide(actor, case, two_reviews):
    with pytest.raises(Forbidden):
        make.decided(make.an_evaluator("오위원장", role=make.Role.LEAD_EVALUATOR), case, make.suggested(case))


def test_no_decision_before_every_review_is_in(actor, case, panel):
    make.reviewed(actor("pyeong"), case, tier=make.suggested(case))
    with pytest.raises(RuleBroken) as refused:
        make.decided(actor("jang"), case, make.suggested(case))
    assert refused.value.code == "evaluation_reviews_open"


def test_one_review_after_a_recusal_is_not_enough(actor, case, panel, bora):
    make.reviewed(actor("pyeong"), case, tier=make.suggested(case))
    service.recuse(bora, make.assignment_of(bora, case), RecusalReason.OTHER)
    with pytest.raises(RuleBroken) as refused:
        make.decided(actor("jang"), case, make.suggested(case))
    assert refused.value.code == "evaluation_reviews_few"


def test_an_override_is_kept_with_reason_and_items(actor, case, panel, bora):
    suggested = make.suggested(case)
    other = other_than(suggested)
    make.reviewed(actor("pyeong"), case, tier=other, reason=make.REASON, changed={"T1": 0})
    make.reviewed(bora, case, tier=suggested)
    decision = deciding.decide(
        actor("jang"),
        panel,
        tier=other,
        outcome=Outcome.SELECTED,
        reason=make.REASON,
        items=["T1", "S1"],
        waiver=make.REASON,  # the two disagreed, so a third was called for
    )
    assert (decision.kind, decision.suggested_tier, decision.items) == (DecisionKind.OVERRIDDEN, suggested, ["T1"])


def test_a_low_mean_can_not_be_selected(actor, case, panel, bora):
    for one in (actor("pyeong"), bora):
        make.reviewed(one, case, tier=make.suggested(case), share=0.6)
    with pytest.raises(RulesBroken) as refused:
        make.decided(actor("jang"), case, make.suggested(case))
    assert refusals(refused.value) == [("outcome", "evaluation_below_pass")]


# --- letters ------------------------------------------------------------------------------------------------------


def test_the_firm_is_told_without_evaluators(actor, case, two_reviews, drain):
    make.decided(actor("jang"), case, make.suggested(case))
    [letter] = [one for one in drain() if one.to == "hana@example.kr" and "평가 결과" in one.subject]
    assert case.number in letter.subject
    assert all(name not in letter.subject + letter.body for name in ("박평가", "이보라", "정위원장"))


def test_a_new_assignment_is_told_once_by_number_only(actor, case, panel, drain):
    [letter] = [one for one in drain() if one.to == "pyeong@example.kr"]
    assert case.number in letter.subject
    assert "하나정밀" not in letter.subject + letter.body
    assert drain() == []
