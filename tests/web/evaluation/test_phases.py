"""Phases as data: what they let an evaluator see, how cases move through them, what is refused."""

from datetime import timedelta

import pytest

from portal.applications import queries as applications
from portal.applications.rules import Status
from portal.base import clock
from portal.base.access import Forbidden, NotVisible, RuleBroken, RulesBroken, StaleVersion
from portal.base.db import session
from portal.evaluation import casefile, masking, phasing, plans, queues, service
from portal.evaluation.models import SiteVisit
from portal.evaluation.phases import OthersReviews, PhaseKind, SuggestionView
from portal.evaluation.rules import Outcome
from portal.programmes.rules import Tier
from tests.factories import evaluation as make
from tests.factories.applications import a_call
from tests.factories.phases import ALL, but, with_phases


def status_of(case):
    return session.get(type(case), case.id, populate_existing=True).status


def fields(refused):
    return {one.field for one in refused.value.broken}


# --- the plan ------------------------------------------------------------------------------------------------


def test_a_call_without_rows_is_evaluated_as_ever(case):
    plan = plans.plan_of(case.call)
    assert (plan.reviews, plan.version, plan.ranked) == (case.call.reviews, 0, False)
    assert plan.budget_krw == case.call.budget_krw
    assert [one.kind for one in plans.phases_of(case.call_id)] == [PhaseKind.REQUIREMENT, PhaseKind.WRITTEN]
    phase = plans.phase_of(case)
    assert phase.sees_names and not phase.sees_all and phase.shows_suggestion


def test_a_plan_is_kept_and_a_stale_one_refused(actor, case):
    first = with_phases(case.call, actor=actor("un"), reviews=3, ranked=True, quotas={Tier.BASIC: 7})
    assert (first.version, first.reviews, first.ranked, first.quotas) == (1, 3, True, {Tier.BASIC: 7})
    second = with_phases(case.call, actor=actor("un"), reviews=3, ranked=True, max_load=9)
    assert (second.version, second.max_load) == (2, 9)
    with pytest.raises(StaleVersion):
        phasing.define(actor("un"), case.call, second, ALL, 1)


def test_everything_wrong_with_a_plan_is_said_at_once(actor, case):
    today = clock.today()
    with pytest.raises(RulesBroken) as refused:
        with_phases(
            case.call,
            *but(PhaseKind.SITE, waived=True, opens_on=today, closes_on=today - timedelta(days=1)),
            reviews=9 - 2,
            min_load=5,
            max_load=4,
            budget_krw=case.call.budget_krw + 1,
            rubric="none-1",
        )
    assert fields(refused) == {
        "reviews",
        "max_load",
        "budget",
        "rubric",
        "site_closes_on",
        "site_waived_reason",
    }


def test_a_phase_with_cases_in_it_cant_go(actor, case):
    with pytest.raises(RulesBroken) as refused:
        with_phases(case.call, *but(PhaseKind.WRITTEN, waived=True, waived_reason="서면은 생략합니다 (합성)"))
    assert fields(refused) == {"written_used"}
    assert refused.value.broken[0].code == "evaluation_phase_in_use"


def test_only_operators_of_the_region_set_a_plan(actor, case):
    for name in ("jang", "pyeong", "hana"):
        with pytest.raises(Forbidden):
            with_phases(case.call, actor=actor(name))


# --- from phase to phase -------------------------------------------------------------------------------------


def reported(case):
    session.add(SiteVisit(application_id=case.id, reported_at=clock.now(), checklist={}, report="합성"))
    session.commit()


def test_a_case_moves_only_when_its_phase_has_done_its_work(actor, case, panel, bora):
    un = actor("un")
    with_phases(case.call)
    with pytest.raises(RuleBroken) as refused:
        phasing.advance(un, case)
    assert refused.value.code == "evaluation_phase_reviews_open"
    for one in (actor("pyeong"), bora):
        make.reviewed(one, case, tier=make.suggested(case))
    assert phasing.advance(un, case).status is Status.SITE
    with pytest.raises(RuleBroken) as refused:
        phasing.advance(un, case)
    assert refused.value.code == "evaluation_phase_report"
    reported(case)
    assert phasing.advance(un, case).status is Status.PRESENT
    with pytest.raises(RuleBroken) as refused:
        phasing.advance(un, case)
    assert refused.value.code == "evaluation_phase_last"


def test_a_whole_call_moves_and_says_what_stays(actor, case, panel, bora):
    un = actor("un")
    other = make.in_evaluation(actor("duri"), actor("gong"), call=case.call)
    with_phases(case.call)
    for one in (actor("pyeong"), bora):
        make.reviewed(one, case, tier=make.suggested(case))
    look = phasing.look(un, case.call, PhaseKind.WRITTEN)
    assert (look.moved, status_of(case)) == (1, Status.WRITTEN)
    moved = phasing.advance_call(un, case.call, PhaseKind.WRITTEN)
    assert moved.moved == 1
    assert [(row.id, verdict.code) for row, verdict in moved.held] == [(other.id, "evaluation_phase_reviews_few")]
    assert (status_of(case), status_of(other)) == (Status.SITE, Status.WRITTEN)
    assert phasing.advance_call(un, case.call, PhaseKind.WRITTEN).moved == 0


def test_a_phase_is_waived_for_one_case_with_a_reason(actor, case, two_reviews):
    un = actor("un")
    with_phases(case.call)
    with pytest.raises(RuleBroken):
        phasing.waive(un, case, PhaseKind.SITE, "짧음")
    phasing.waive(un, case, PhaseKind.SITE, "지난달 다른 사업에서 이미 확인했습니다")
    assert [one.kind for one in plans.ahead_of(case)] == [PhaseKind.PRESENTATION]
    assert phasing.advance(un, case).status is Status.PRESENT
    with pytest.raises(RuleBroken) as refused:
        phasing.waive(un, case, PhaseKind.SITE, "지난 단계는 생략할 수 없습니다")
        phasing.waive(un, case, PhaseKind.WRITTEN, "지난 단계는 생략할 수 없습니다")
    assert refused.value.code == "evaluation_phase_unknown"
    with pytest.raises(RuleBroken) as refused:
        phasing.waive(un, case, PhaseKind.PRESENTATION, "남는 단계가 없어 생략할 수 없습니다")
    assert refused.value.code == "evaluation_phase_none_left"


def test_the_phase_that_a_case_is_in_is_left_when_it_is_waived(actor, case):
    with_phases(case.call)
    assert phasing.waive(actor("un"), case, PhaseKind.WRITTEN, "현장부터 보기로 했습니다 (합성)").status is Status.SITE
    assert applications.timeline(case)[-1].reason == "서면 평가 생략: 현장부터 보기로 했습니다 (합성)"


def test_a_call_without_a_written_review_begins_with_the_next_phase(actor):
    call = a_call()
    with_phases(call, *but(PhaseKind.WRITTEN, waived=True, waived_reason="현장과 발표로만 봅니다 (합성)"))
    case = make.in_evaluation(actor("hana"), actor("gong"), call=call)
    assert status_of(case) is Status.SITE


def test_nobody_is_selected_before_every_phase_and_anybody_may_be_rejected(actor, case, two_reviews):
    with_phases(case.call)
    jang = actor("jang")
    with pytest.raises(RulesBroken) as refused:
        make.decided(jang, case, make.suggested(case))
    assert [(one.code, one.field) for one in refused.value.broken] == [("evaluation_phase_ahead", "outcome")]
    make.decided(jang, case, make.suggested(case), Outcome.REJECTED, "서면에서 목표와 계획이 맞지 않아 더 보지 않기로 합니다. (합성 사유)")
    assert status_of(case) is Status.REJECTED


def test_other_people_move_nothing(actor, case):
    for name in ("hana", "pyeong", "jang", "gam"):
        with pytest.raises((Forbidden, NotVisible)):
            phasing.advance(actor(name), case)
        with pytest.raises((Forbidden, NotVisible)):
            phasing.waive(actor(name), case, PhaseKind.WRITTEN, "할 수 없는 일입니다 (합성)")


# --- what a phase lets an evaluator do and see ------------------------------------------------------------------


def test_a_closed_or_coming_phase_refuses_work_with_its_day(actor, case, panel):
    pyeong, today = actor("pyeong"), clock.today()
    assignment = make.opened(pyeong, case)
    with_phases(case.call, *but(PhaseKind.WRITTEN, closes_on=today - timedelta(days=1)))
    with pytest.raises(RuleBroken) as refused:
        service.save_review(pyeong, assignment, None, scores=make.points())
    assert refused.value.code == "evaluation_phase_over"
    with_phases(case.call, *but(PhaseKind.WRITTEN, opens_on=today + timedelta(days=1)))
    with pytest.raises(RuleBroken) as refused:
        service.save_review(pyeong, assignment, None, scores=make.points())
    assert refused.value.code == "evaluation_phase_not_open"
    with_phases(case.call, *but(PhaseKind.WRITTEN, opens_on=today, closes_on=today))
    service.save_review(pyeong, assignment, None, scores=make.points())


def test_a_phase_may_never_show_the_suggestion(client_as, actor, case, panel):
    with_phases(case.call, *but(PhaseKind.WRITTEN, suggestion=SuggestionView.NEVER))
    far = Tier.LEADING if make.suggested(case) is not Tier.LEADING else Tier.BASIC
    assignment = make.locked(actor("pyeong"), case, tier=far)
    assert assignment.review.suggestion_shown_at is None
    assert casefile.own_suggestion(assignment) is None
    found = casefile.suggestion_in_words(case.id)
    page = client_as("pyeong").get(f"/evaluation/cases/{assignment.key}/final").get_data(as_text=True)
    assert f"{found.total:.0f} / 1,000" not in page
    # no refusal gives away that the own tier differs from the suggested one
    assert service.submit_review(actor("pyeong"), assignment, None, final_tier=far, reason="").submitted_at


@pytest.fixture
def hidden(case):
    with_phases(case.call, *but(PhaseKind.WRITTEN, sees_names=False))


def evaluator_pages(browser, case, assignment):
    paths = ["/home", "/evaluation/queue", f"/evaluation/cases/{assignment.key}"]
    paths += [f"/evaluation/cases/{assignment.key}/{step}" for step in ("score", "final")]
    paths += [f"/applications/{case.key}{more}" for more in ("", "/answers", "/receipt", "/receipt.pdf")]
    return "\n".join(browser.get(path, follow_redirects=True).get_data(as_text=True) for path in paths)


def test_hidden_names_stand_on_no_page_of_the_evaluator(client_as, actor, case, hidden, panel):
    from portal.base.db import transaction

    firm, supplier = case.organisation.name, case.member.organisation.name
    with transaction():
        row = session.get(type(case), case.id)
        row.problem = f"저희 {firm}은 {supplier}와 함께 합니다. 문의 010-1234-5678, ceo@hidden-firm.example"
    browser = client_as("pyeong")
    before = evaluator_pages(browser, case, make.assignment_of(actor("pyeong"), case))
    assignment = make.locked(actor("pyeong"), case, tier=make.suggested(case))
    after = evaluator_pages(browser, case, assignment)
    for name in (firm, supplier, "010-1234-5678", "hidden-firm"):
        assert name not in before
        assert name not in after
    assert "이름을 가린 평가입니다" in after and "저희 신청기업" in after
    assert browser.get(f"/applications/{case.key}").status_code == 404


def test_a_search_confirms_no_hidden_name(actor, case, hidden, panel):
    pyeong = actor("pyeong")
    assert queues.queue(pyeong, queues.QueueFilters(text=case.organisation.name[:2])).total == 0
    assert queues.queue(pyeong, queues.QueueFilters(text=case.number)).total == 1


def test_evidence_of_a_hidden_case_comes_under_another_name(client_as, actor, case, hidden, panel):
    browser = client_as("pyeong")
    assignment = make.assignment_of(actor("pyeong"), case)
    key = next(iter(casefile.diagnosis_of(case.id).evidence.values()))[0]["evidence_key"]
    path = f"/evaluation/cases/{assignment.key}/evidence/{key}"
    assert browser.get(path).status_code == 404
    make.opened(actor("pyeong"), case)
    answer = browser.get(path)
    assert answer.status_code == 200
    assert "S2-1." in answer.headers["Content-Disposition"]
    assert browser.get(f"/evidence/{key}").status_code == 404
    assert client_as("nam").get(path).status_code == 404


def test_names_come_back_with_the_phase_that_shows_them(client_as, actor, case, hidden, two_reviews):
    browser = client_as("pyeong")
    assert browser.get(f"/applications/{case.key}").status_code == 404
    phasing.advance(actor("un"), case)
    assert browser.get(f"/applications/{case.key}").status_code == 200
    with_phases(case.call, *but(PhaseKind.SITE, sees_names=False))
    assert browser.get(f"/applications/{case.key}").status_code == 404
    with_phases(case.call)
    assert browser.get(f"/applications/{case.key}").status_code == 200


def test_a_name_is_found_in_every_spelling():
    pattern = masking.pattern_of("(주)한결 정밀")
    for text in ("한결정밀", "주식회사 한결 정밀", "(주)한결정밀", "㈜ 한결정밀", "한결정밀(주)"):
        assert pattern.sub("X", f"우리 {text}은").replace(" ", "") == "우리X은"
    assert masking.pattern_of("(주) 한") is None


# --- a phase in which evaluators see all cases -------------------------------------------------------------------


@pytest.fixture
def other(actor, case):
    """duri's case in the same call, with nobody on it."""
    return make.in_evaluation(actor("duri"), actor("gong"), call=case.call)


def test_other_cases_are_read_only_where_the_phase_shows_all_and_after_a_declaration(
    client_as, actor, case, panel, other
):
    browser, path = client_as("pyeong"), f"/evaluation/others/{other.key}"
    make.opened(actor("pyeong"), case)
    assert browser.get(path).status_code == 404
    with_phases(case.call, *but(PhaseKind.WRITTEN, sees_all=True, sees_names=False))
    assert "같은 공고의 다른 신청" in browser.page("/evaluation/queue").text
    listed = browser.page("/evaluation/others").text
    assert other.number in listed and case.number not in listed
    before = browser.page(path)
    assert "프레스 공정의 불량률" not in before.text and other.organisation.name not in before.text
    assert browser.submit(before).status_code == 422
    assert browser.submit(before, {"no_conflict": "y"}).status_code == 302
    after = browser.page(path).text
    assert "프레스 공정의 불량률" in after and other.organisation.name not in after
    assert client_as("nam").get(path).status_code == 404
    assert client_as("jang").get(path).status_code == 404
    with_phases(case.call)
    assert browser.get(path).status_code == 404


def test_a_case_that_a_conflict_bars_is_not_read(actor, case, panel, other):
    from portal.accounts.models import Person
    from portal.base.db import transaction
    from portal.evaluation import reading

    make.opened(actor("pyeong"), case)
    with_phases(case.call, *but(PhaseKind.WRITTEN, sees_all=True))
    with transaction():
        session.get(Person, actor("pyeong").id).organisation_id = other.organisation_id
    with pytest.raises(RuleBroken) as refused:
        reading.open_file(actor("pyeong"), other, no_conflict=True)
    assert refused.value.code == "evaluation_reading_barred"


def test_who_has_not_declared_for_an_own_case_reads_no_other(actor, case, panel, other):
    from portal.evaluation import reading

    with_phases(case.call, *but(PhaseKind.WRITTEN, sees_all=True))
    assert reading.cases(actor("pyeong")) == []
    assert not reading.is_open_to(actor("pyeong"))


@pytest.mark.parametrize(("when", "before", "after"), [("never", 404, 404), ("after_own", 404, 200), ("always", 200, 200)])
def test_when_the_others_reviews_show_is_the_phases_word(client_as, actor, case, panel, bora, when, before, after):
    with_phases(case.call, *but(PhaseKind.WRITTEN, others_reviews=OthersReviews(when)))
    make.reviewed(bora, case, tier=make.suggested(case), mark="다른위원의비밀표시")
    assignment = make.locked(actor("pyeong"), case, tier=make.suggested(case))
    browser, path = client_as("pyeong"), f"/evaluation/cases/{assignment.key}"
    shown = browser.get(f"{path}/consensus")
    assert (shown.status_code, "다른위원의비밀표시" in shown.get_data(as_text=True)) == (before, before == 200)
    assert ("다른 위원의 평가를 볼 수 있습니다" in browser.page(f"{path}/score").text) is (before == 200)
    service.submit_review(actor("pyeong"), assignment, None, final_tier=make.suggested(case), reason="")
    shown = browser.get(f"{path}/consensus")
    assert (shown.status_code, "이보라" in shown.get_data(as_text=True)) == (after, False)
