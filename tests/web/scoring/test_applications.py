"""Suggestions on applications: made from the frozen file, and advice while the form is filled in."""

import pytest

from portal.applications import advice
from portal.applications.parts import Part
from portal.base.access import SYSTEM, Forbidden
from portal.desk.advice import on_gates
from portal.programmes.rules import Tier
from portal.scoring import queries, service
from tests.factories.applications import a_call, draft, submitted
from tests.factories.profiles import complete_profile


def test_handing_in_makes_a_suggestion_with_what_was_declared(actor):
    application = submitted(actor("hana"))
    made = queries.latest_for_application(SYSTEM, application.id)
    states = {row["gate"]: (row["state"], row["code"]) for row in made.answer["gates"]["BASIC"]}
    assert states["G0"] == ("MET", "G0_CLEAR")
    assert states["G9"] == ("MET", "G9_CLEAR")
    assert service.replay(made.id).ok


def test_the_firms_own_result_stays_the_one_of_its_profile(actor):
    submitted(actor("hana"))
    own = queries.latest_for(actor("hana"), actor("hana").organisation_id)
    assert own.application_id is None


def test_answers_changed_after_submission_do_not_touch_the_applications_suggestion(actor):
    application = submitted(actor("hana"))
    before = queries.latest_for_application(SYSTEM, application.id)
    complete_profile(actor("hana"), 5)
    assert service.suggest_for_application(SYSTEM, application.id).id == before.id


def test_an_open_project_is_ineligible_however_good_the_answers(actor):
    complete_profile(actor("hana"), 5, evidence=True)
    pledges = {Part.PLEDGES: {"pledges": _pledges("open-project")}}
    application = submitted(actor("hana"), but=pledges)
    made = queries.latest_for_application(SYSTEM, application.id)
    assert made.tier is None
    assert made.answer["reasons"]["unmet"] == ["G9"]


def _pledges(yes):
    from portal.applications import questions

    return {one.code: "yes" if one.code == yes else "no" for one in questions.exclusions()}


def test_only_the_portal_scores_applications(actor):
    application = submitted(actor("hana"))
    with pytest.raises(Forbidden):
        service.suggest_for_application(actor("hana"), application.id)


def test_advice_names_the_tiers_unmet_conditions_with_their_cure(app, actor):
    complete_profile(actor("hana"), 2)
    application = draft(actor("hana"), call=a_call("AUTO"))
    assert application.tier is Tier.LEADING
    with app.test_request_context():
        found = on_gates(actor("hana"), application)
    assert [one.text.ko for one in found] == [
        "선도모델 · 구축시스템 수준: 시스템 수준이 기초이고 중간1 이상이 필요합니다.",
        "선도모델 · 제조혁신역량: 역량 점수가 400점으로, 540점까지 140점 남았습니다.",
        "선도모델 · 경영진 참여: 경영진 참여가 2단계이고 3단계가 필요합니다.",
        "선도모델 · 자부담 재원: 투자 계획이 2단계이고 3단계가 필요합니다.",
        "선도모델 · 담당 인력: 담당 인력이 2단계이고 3단계가 필요합니다.",
        "선도모델 · 데이터: 데이터 이력이 2단계이고 3단계(3개월 이상, 코드 일관)가 필요합니다.",
    ]
    assert all(one.cure.ko and one.cure.en for one in found)


def test_advice_is_silent_when_nothing_is_missing(actor):
    complete_profile(actor("hana"), 3)
    assert on_gates(actor("hana"), draft(actor("hana"))) == []


def test_the_check_page_shows_the_advice_and_still_lets_submit(actor, client_as):
    complete_profile(actor("hana"), 2)
    application = draft(actor("hana"), call=a_call("AUTO"))
    assert on_gates in advice.ADVISORS
    page = client_as("hana").page(f"/applications/{application.key}/check")
    assert "시스템 수준이 기초이고 중간1 이상이 필요합니다." in page.text
