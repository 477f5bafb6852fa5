"""One press objects, a firm may refuse the machine, an operator says what became of it; nobody else can do either."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal.base import audit, clock
from portal.base.access import NotVisible, RuleBroken
from portal.base.db import session
from portal.evaluation import queries as evaluation
from portal.scoring import contests, queries
from portal.scoring.models import ExplanationRequest, SuggestionRefusal
from portal.scoring.rules import RequestKind, RequestOutcome
from tests.factories import evaluation as make
from tests.factories.profiles import complete_profile
from tests.factories.scoring import QUESTION, suggestion


def press(browser, page, **typed):
    form = next(one for one in page.soup.select("form") if "/result/objection/" in (one.get("action") or ""))
    data = {field["name"]: field.get("value", "") for field in form.select("input[name]")}
    return browser.post(form["action"], data={**data, **typed})


def requests():
    return session.scalars(sa.select(ExplanationRequest).order_by(ExplanationRequest.id)).all()


def test_one_press_objects_and_the_firm_follows_it_to_the_outcome(actor, client_as, drain):
    suggestion(actor("hana"))
    hana, un = client_as("hana"), client_as("un")
    answer = press(hana, hana.page("/result"))
    assert answer.headers["Location"] == "/result/explanation"
    [row] = requests()
    assert (row.kind, row.question, row.is_open) == (RequestKind.OBJECT, "", True)
    history = hana.page("/result/explanation")
    assert "이의 제기" in history.text
    assert f"{row.due_on}까지 답할 예정" in history.text
    assert "이의 제기함" in hana.page("/result").text

    page = un.page(un.page("/operator/explanations").soup.select_one("main tbody a")["href"])
    assert page.h1 == "이의에 답하기"
    un.submit(page, {"answer": "다시 보고 증빙을 인정했습니다.", "outcome": "corrected"})
    told = hana.page("/result/explanation").text
    assert "입력을 바로잡음" in told
    assert "다시 보고 증빙을 인정했습니다." in told
    assert [one.to for one in drain() if one.once_key.startswith("explanation")] == ["hana@example.kr"]


def test_an_objection_without_an_outcome_is_not_answered(actor, client_as):
    key = contests.object_to(actor("hana"), suggestion(actor("hana")).key)
    un = client_as("un")
    answer = un.submit(un.page(f"/operator/explanations/{key}"), {"answer": "그대로입니다."})
    assert "처리 결과를 골라 주세요" in answer.get_data(as_text=True)
    assert "그대로입니다." in answer.get_data(as_text=True)
    with pytest.raises(RuleBroken) as refused:
        contests.answer_explanation(actor("un"), key, "그대로")
    assert (refused.value.code, refused.value.field) == ("explanation_outcome", "outcome")
    contests.answer_explanation(actor("un"), key, "그대로", RequestOutcome.KEPT)
    assert requests()[0].outcome is RequestOutcome.KEPT


def test_a_double_press_objects_once_and_a_second_objection_waits(actor, client_as):
    key = suggestion(actor("hana")).key
    hana = client_as("hana")
    page = hana.page("/result")
    press(hana, page)
    assert press(hana, page).headers["Location"] == "/result/explanation"
    assert len(requests()) == 1
    with pytest.raises(RuleBroken, match="explanation_open"):
        contests.object_to(actor("hana"), key)


def test_an_open_question_does_not_stand_in_the_way_of_an_objection(actor):
    key = suggestion(actor("hana")).key
    contests.ask_explanation(actor("hana"), key, QUESTION)
    contests.object_to(actor("hana"), key)
    assert [one.kind for one in requests()] == [RequestKind.EXPLAIN, RequestKind.OBJECT]


def test_a_stale_page_objects_to_the_suggestion_that_it_showed(actor, client_as):
    old = suggestion(actor("hana")).id
    hana = client_as("hana")
    page = hana.page("/result")
    complete_profile(actor("hana"), 1)
    assert suggestion(actor("hana")).id != old
    press(hana, page)
    assert requests()[0].suggestion_id == old


def test_another_firms_key_and_a_made_up_one_are_the_same_nothing(actor, client_as):
    key = suggestion(actor("hana")).key
    suggestion(actor("duri"))
    duri = client_as("duri")
    form = duri.page("/result").soup.select_one("form[action*=objection]")
    data = {field["name"]: field.get("value", "") for field in form.select("input[name]")}
    for stranger in (key, "nothing-here"):
        assert duri.post(f"/result/objection/{stranger}", data=data).status_code == 404
    for name in ("un", "pyeong", "gong", "anon", "gam"):
        with pytest.raises(NotVisible):
            contests.object_to(actor(name), key)
    assert requests() == []


@pytest.mark.parametrize("text", ["👩‍🏭🔧 왜요", "가" * 2000, "a\r\nb", "<script>alert(1)</script>"])
def test_words_with_an_objection_are_kept_as_meant(actor, client_as, text):
    suggestion(actor("hana"))
    hana = client_as("hana")
    press(hana, hana.page("/result"), question=text)
    assert requests()[0].question == text.replace("\r\n", "\n")
    assert "<script>alert(1)" not in hana.get("/result/explanation").get_data(as_text=True)


def test_an_endless_text_is_refused_and_kept_on_the_page(actor, client_as):
    suggestion(actor("hana"))
    hana = client_as("hana")
    answer = press(hana, hana.page("/result"), question="가" * 2001)
    assert answer.status_code == 422
    assert "가" * 2001 in answer.get_data(as_text=True)
    assert requests() == []


def test_the_aim_of_ten_days_runs_out(actor):
    contests.object_to(actor("hana"), suggestion(actor("hana")).key)
    [row] = requests()
    assert row.due_on == clock.kst(row.asked_at).date() + timedelta(days=10)
    with clock.freeze(row.asked_at + timedelta(days=9)):
        assert not row.is_late
    with clock.freeze(row.asked_at + timedelta(days=11)):
        assert row.is_late


# --- refusing the machine ---------------------------------------------------------------------------------------------


def test_a_refusal_stands_until_it_is_taken_back(actor, client_as):
    suggestion(actor("hana"))
    hana = client_as("hana")
    page = hana.page("/result")
    token = page.soup.select_one("form[action='/result/refusal'] input[name=csrf_token]")["value"]
    for _ in range(2):
        hana.post("/result/refusal", data={"csrf_token": token, "wish": "refuse"})
    assert "산정 결과를 다시 쓰게 하기" in hana.page("/result").text
    hana.post("/result/refusal", data={"csrf_token": token, "wish": "something else"})
    assert queries.refusal_in_force(actor("hana").organisation_id) is not None
    hana.post("/result/refusal", data={"csrf_token": token, "wish": "allow"})
    assert queries.refusal_in_force(actor("hana").organisation_id) is None
    assert session.scalar(sa.select(sa.func.count()).select_from(SuggestionRefusal)) == 1
    deeds = session.scalars(
        sa.select(audit.AuditRow.action)
        .where(audit.AuditRow.action.in_(("suggestion.refuse", "suggestion.allow")))
        .order_by(audit.AuditRow.id)
    ).all()
    assert deeds == ["suggestion.refuse", "suggestion.allow"]


@pytest.mark.parametrize("name", ["un", "pyeong", "gong", "anon", "gam"])
def test_only_the_firm_refuses(actor, name):
    with pytest.raises(RuleBroken, match="refusal_not_own"):
        contests.refuse_suggestions(actor(name))
    with pytest.raises(RuleBroken, match="refusal_not_own"):
        contests.allow_suggestions(actor(name))


def test_what_held_at_the_handing_in_counts(actor):
    contests.refuse_suggestions(actor("hana"))
    refused = make.in_evaluation(actor("hana"), actor("gong"))
    contests.allow_suggestions(actor("hana"))
    allowed = make.in_evaluation(actor("duri"), actor("gong"), call=refused.call)
    contests.refuse_suggestions(actor("duri"))
    assert evaluation.suggestion_of(refused.id) is None
    assert evaluation.suggestion_of(allowed.id) is not None


def test_evaluators_and_chair_judge_a_refusing_firm_without_the_machine(actor, client_as):
    contests.refuse_suggestions(actor("hana"))
    case = make.in_evaluation(actor("hana"), actor("gong"))
    second = make.an_evaluator("이보라")
    make.assigned(actor("un"), case, [actor("pyeong"), second], actor("jang"))
    total = f"{queries.latest_for(actor('hana'), actor('hana').organisation_id).total:.0f} / 1,000"
    assignment = make.locked(actor("pyeong"), case)
    page = client_as("pyeong").page(f"/evaluation/cases/{assignment.key}/final")
    assert "이 신청에는 산정 제안이 없습니다." in page.text
    assert total not in page.text
    assert "산정 결과를 평가에" not in page.text  # that the firm refused is not the evaluator's business
    assert assignment.review.suggested_tier is None
    assert queries.second_reader_calls(case.id) == []
    assert total not in client_as("jang").page(f"/evaluation/decisions/{case.key}").text
