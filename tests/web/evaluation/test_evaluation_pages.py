"""The pages as evaluator, chair and operator meet them: forms without JavaScript, refusals at their fields, stale tabs."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal.base import clock
from portal.base.db import session
from portal.evaluation import casefile, consensus, deciding, queries, queues, service
from portal.evaluation.models import Assignment, Decision, Panel, Review
from portal.evaluation.rules import TIERS, AssignmentState, Outcome, distance
from tests.client import Page
from tests.factories import evaluation as make

JSON = {"Accept": "application/json"}


def fresh(row):
    """The row as it stands in the database now."""
    session.rollback()
    return session.get(type(row), row.id)


def review_of(assignment):
    session.rollback()
    return session.scalar(sa.select(Review).where(Review.assignment_id == assignment.id))


def path(assignment, step=""):
    return f"/evaluation/cases/{assignment.key}{step}"


def score_fields(share=0.8):
    fields = {}
    for code, row in make.points(share).items():
        fields[f"{code}_points"] = str(row["points"])
        fields[f"{code}_comment"] = row["comment"]
    return fields


# --- the evaluator's way ------------------------------------------------------------------------------------------


def test_a_whole_review_by_forms_alone(client_as, actor, case, panel):
    browser, assignment = client_as("pyeong"), make.assignment_of(actor("pyeong"), case)
    queue = browser.page("/evaluation/queue")
    assert case.number in queue.text
    declaration = browser.page(path(assignment))
    refused = browser.submit(declaration, action="/open")
    assert refused.status_code == 422
    assert "확인란에 표시해야" in refused.get_data(as_text=True)
    browser.submit(declaration, {"no_conflict": "y"}, action="/open")

    items = browser.page(path(assignment))
    assert items.h1 == "자료 확인"
    answer = browser.post(
        path(assignment),
        data={
            "version": items.soup.select_one("#items input[name=version]")["value"],
            "S2_verdict": "accept",
            "E5_verdict": "correct",
            "E5_level": "2",
            "E5_note": "현황판 없음",
            "T1_verdict": "accept",
            "action": "next",
        },
    )
    assert answer.headers["Location"].endswith("/score")

    tier = make.suggested(case)
    version = review_of(assignment).version
    answer = browser.post(
        path(assignment, "/score"),
        data={**score_fields(), "comment": "합성 종합", "own_tier": tier.value, "version": version, "action": "lock"},
    )
    assert answer.headers["Location"].endswith("/final")
    final = browser.page(path(assignment, "/final"))
    assert "산정 제안" in final.text
    answer = browser.post(
        path(assignment, "/final"),
        data={"final_tier": tier.value, "reason": "", "version": review_of(assignment).version, "action": "submit"},
    )
    assert answer.headers["Location"].endswith("/evaluation/queue")
    assert fresh(assignment).state is AssignmentState.SUBMITTED
    assert browser.page(path(assignment)).h1 == "제출한 평가"


def test_what_is_missing_is_named_at_its_field_and_nothing_typed_is_lost(client_as, actor, case, panel):
    assignment = make.opened(actor("pyeong"), case)
    data = {
        **score_fields(),
        "FIT_comment": "",
        "NEED_points": "16",
        "comment": "남아야 할 글",
        "action": "lock",
        "version": "1",
    }
    page = Page(client_as("pyeong").post(path(assignment, "/score"), data=data))
    assert page.answer.status_code == 422
    assert list(page.errors()) == ["NEED_points"]
    assert "남아야 할 글" in page.text
    page = Page(client_as("pyeong").post(path(assignment, "/score"), data={**data, "NEED_points": "15"}))
    assert set(page.errors()) == {"FIT_comment", "own_tier"} or set(page.errors()) == {"FIT_comment"}
    assert "유형을 골라 주세요" in page.text
    assert "수준 3 이상이거나" in page.text  # the items that still wait are told too


def test_a_short_reason_is_refused_at_its_field(client_as, actor, case, panel):
    suggested = make.suggested(case)
    other = next(tier for tier in TIERS if distance(suggested, tier) == 1)
    assignment = make.locked(actor("pyeong"), case, tier=other, changed={"T1": 0})
    data = {
        "final_tier": other.value,
        "reason": "짧은 까닭",
        "version": review_of(assignment).version,
        "action": "submit",
    }
    page = Page(client_as("pyeong").post(path(assignment, "/final"), data=data))
    assert page.answer.status_code == 422
    assert "30자 이상" in page.errors()["reason"]
    assert "짧은 까닭" in page.text
    assert fresh(assignment).state is AssignmentState.OPENED


def test_a_stale_tab_gets_409_with_both_texts(client_as, actor, case, panel):
    assignment = make.opened(actor("pyeong"), case)
    browser = client_as("pyeong")
    first = {**score_fields(), "comment": "먼저 저장한 글", "version": "1"}
    assert browser.post(path(assignment, "/score"), data=first).status_code == 302
    answer = browser.post(path(assignment, "/score"), data={**first, "comment": "나중 화면의 글"})
    assert answer.status_code == 409
    text = answer.get_data(as_text=True)
    assert ("먼저 저장한 글" in text, "나중 화면의 글" in text) == (True, True)
    assert review_of(assignment).comment == "먼저 저장한 글"


def test_autosave_answers_with_time_and_version_and_a_stale_one_with_409(client_as, actor, case, panel, frozen):
    assignment = make.opened(actor("pyeong"), case)
    browser = client_as("pyeong")
    data = {"version": "1", "S1_note": "메모"}
    answer = browser.post(path(assignment), data=data, headers=JSON)
    assert answer.get_json() == {"saved_at": "12:00", "version": 2}
    assert review_of(assignment).items == {"S1": {"verdict": None, "level": None, "note": "메모"}}
    assert browser.post(path(assignment), data={**data, "S1_note": "다른 메모"}, headers=JSON).status_code == 409


def test_the_rest_of_an_area_is_accepted_by_one_button(client_as, actor, case, panel):
    assignment = make.opened(actor("pyeong"), case)
    data = {"version": "1", "S1_verdict": "reject", "S1_note": "화면이 없음", "accept": "STR"}
    answer = client_as("pyeong").post(path(assignment), data=data)
    assert answer.headers["Location"].endswith("#area-STR")
    words = {code: row["verdict"] for code, row in review_of(assignment).items.items()}
    area = next(one for one in casefile.case_file(assignment).areas if one.area.code == "STR")
    assert words == {line.item.code: "reject" if line.item.code == "S1" else "accept" for line in area.lines}


def test_a_locked_score_can_not_be_posted_again(client_as, actor, case, panel):
    assignment = make.locked(actor("pyeong"), case, tier=make.suggested(case))
    before = review_of(assignment).scores
    data = {**score_fields(0.2), "own_tier": "LEADING", "version": review_of(assignment).version}
    answer = client_as("pyeong").post(path(assignment, "/score"), data=data)
    assert "확정한 뒤에는" in answer.get_data(as_text=True)
    assert review_of(assignment).scores == before


def test_the_final_step_is_shut_before_the_lock(client_as, actor, case, panel):
    assignment = make.opened(actor("pyeong"), case)
    answer = client_as("pyeong").get(path(assignment, "/final"))
    assert answer.headers["Location"].endswith(path(assignment))


def test_stepping_down_asks_for_a_reason(client_as, actor, case, panel):
    assignment = make.assignment_of(actor("pyeong"), case)
    browser = client_as("pyeong")
    assert "회피하는 까닭을 골라" in browser.post(path(assignment, "/recuse"), data={}).get_data(as_text=True)
    answer = browser.post(path(assignment, "/recuse"), data={"reason": "advice"}, follow_redirects=True)
    assert "회피를 알렸습니다" in answer.get_data(as_text=True)
    assert fresh(assignment).state is AssignmentState.RECUSED


def test_clocks_and_filters_of_the_queue_agree_with_its_rows(frozen, client_as, actor, case, bora):
    others = [make.in_evaluation(make.a_firm(f"기업{n} (합성)"), actor("gong"), call=case.call) for n in range(2)]
    for one, days in zip((case, *others), (1, 3, 10), strict=True):
        make.assigned(actor("un"), one, [actor("pyeong"), bora], actor("jang"), days=days)
    frozen.tick(timedelta(days=2))
    browser = client_as("pyeong")
    for query, numbers in (
        ("due=late", [case.number]),
        ("due=soon", [others[0].number]),
        ("q=기업1", [others[1].number]),
        ("state=submitted", []),
    ):
        page = browser.page(f"/evaluation/queue?{query}")
        rows = [row.find("a").text for row in page.soup.select("table[data-queue] tbody tr")]
        assert rows == numbers, query
        if numbers:
            assert f"모두 {len(numbers)}건" in page.text


@pytest.mark.parametrize("count", [1, 3])
def test_the_queue_costs_the_same_queries_whatever_it_holds(count, client_as, actor, case, bora, queries_of):
    more = [make.in_evaluation(make.a_firm(f"기업{n} (합성)"), actor("gong"), call=case.call) for n in range(count - 1)]
    for one in (case, *more):
        make.assigned(actor("un"), one, [actor("pyeong"), bora], actor("jang"))
        make.opened(actor("pyeong"), one)
    browser = client_as("pyeong")
    browser.get("/evaluation/queue")
    session.expunge_all()
    assert queries_of(lambda: browser.get("/evaluation/queue")) <= 16


# --- the chair's way ----------------------------------------------------------------------------------------------


def decision_data(**changes):
    return {"tier": "BASIC", "outcome": "selected", "reason": "", "once": "a click", **changes}


def test_the_chair_decides_by_form_and_a_second_click_changes_nothing(client_as, actor, case, two_reviews):
    browser, tier = client_as("jang"), make.suggested(case)
    where = f"/evaluation/decisions/{case.key}"
    page = browser.page(where)
    assert "표시가나다" in page.text
    for _ in range(2):
        answer = browser.post(where, data=decision_data(tier=tier.value))
        assert answer.status_code == 302
    session.rollback()
    assert session.scalar(sa.select(sa.func.count()).select_from(Decision)) == 1
    late = browser.post(
        where, data=decision_data(tier=tier.value, outcome="rejected", reason=make.REASON, once="other")
    )
    assert "이미 결정된 신청입니다" in late.get_data(as_text=True)
    session.rollback()
    assert session.scalar(sa.select(Decision)).outcome.value == "selected"


def test_an_override_without_words_is_refused_at_its_fields(client_as, actor, case, panel, bora):
    tier = make.suggested(case)
    other = next(one for one in TIERS if distance(tier, one) == 1)
    for one in (actor("pyeong"), bora):
        make.reviewed(one, case, tier=tier, changed={"T1": 0})
    where = f"/evaluation/decisions/{case.key}"
    page = Page(client_as("jang").post(where, data=decision_data(tier=other.value, reason="짧음", items="T1")))
    assert page.answer.status_code == 422
    assert "30자 이상" in page.errors()["reason"]
    page = Page(client_as("jang").post(where, data=decision_data(tier=other.value, reason=make.REASON)))
    assert "정정되거나 불인정" in page.text


def test_before_all_reviews_the_page_says_who_is_missing_and_shows_no_form(client_as, actor, case, panel):
    make.reviewed(actor("pyeong"), case, tier=make.suggested(case))
    page = client_as("jang").page(f"/evaluation/decisions/{case.key}")
    assert "아직 제출하지 않은 위원이 1명" in page.text
    assert page.soup.find("form", id="decision") is None


# --- the operator's way -------------------------------------------------------------------------------------------


def test_the_operator_assigns_by_hand(client_as, actor, case, bora):
    browser = client_as("un")
    assert case.number in browser.page("/operator/assignments").text
    where = f"/operator/assignments/{case.key}"
    page = browser.page(where)
    assert "지금 맡은 건 0" in page.text
    data = {
        "evaluators": [str(actor("pyeong").id), str(bora.id)],
        "chair": str(actor("jang").id),
        "due": (clock.today() + timedelta(days=10)).isoformat(),
        "once": "a click",
    }
    assert browser.post(where, data={**data, "evaluators": [str(bora.id)]}).status_code == 422
    assert browser.post(where, data=data).status_code == 302
    session.rollback()
    assert len(session.scalar(sa.select(Panel)).assignments) == 2
    assert case.number not in browser.page("/operator/assignments").text
    assert case.number in browser.page("/operator/assignments?stage=reviewing").text


def test_who_has_a_tie_is_not_even_offered(client_as, actor, case, bora):
    insider = make.an_evaluator("내부인", organisation_id=actor("hana").organisation_id)
    where = f"/operator/assignments/{case.key}"
    page = client_as("un").page(where)
    assert "내부인" not in page.text
    assert "1명은 목록에서 뺐습니다" in page.text
    data = {
        "evaluators": [str(insider.id), str(bora.id)],
        "chair": str(actor("jang").id),
        "due": (clock.today() + timedelta(days=10)).isoformat(),
    }
    assert client_as("un").post(where, data=data).status_code == 422


# --- languages ----------------------------------------------------------------------------------------------------


def test_every_page_opens_in_english(client_as, actor, case, two_reviews):
    key = make.assignment_of(actor("pyeong"), case).key
    deciding.decide(
        actor("jang"),
        queries.panel_of(case.id),
        tier=make.suggested(case),
        outcome=Outcome.SELECTED,
    )
    for name, where in (
        ("pyeong", "/evaluation/queue?state=all"),
        ("pyeong", f"/evaluation/cases/{key}"),
        ("jang", f"/evaluation/decisions/{case.key}"),
        ("un", "/operator/assignments?stage=all"),
        ("un", f"/operator/assignments/{case.key}"),
        ("hana", f"/evaluation/outcomes/{case.key}"),
    ):
        assert client_as(name).get(f"{where}{'&' if '?' in where else '?'}lang=en").status_code == 200
    assert session.scalar(sa.select(sa.func.count()).select_from(Assignment)) == 2


# --- a desk of many files -------------------------------------------------------------------------------------------


def test_the_way_back_leads_to_the_row_and_the_filters_that_were_left(client_as, actor, case, panel):
    assignment = make.opened(actor("pyeong"), case)
    browser = client_as("pyeong")
    queue = browser.page("/evaluation/queue?sort=due&step=review")
    assert queue.soup.find(id=f"case-{assignment.key}")
    back = browser.page(path(assignment)).soup.select_one("a[href*='#case-']")["href"]
    assert back == f"/evaluation/queue?sort=due&step=review#case-{assignment.key}"
    assert "조건에 맞는 평가가 없습니다" in browser.page("/evaluation/queue?step=locked").text
    assert browser.page("/evaluation/queue?step=nonsense").text.count(case.number) == 1


def test_a_case_tells_its_place_among_the_open_ones_and_the_queue_what_was_written_last(client_as, actor, case, panel):
    pyeong = actor("pyeong")
    other = make.in_evaluation(make.a_firm("둘째기업 (합성)"), actor("gong"), call=case.call)
    make.assigned(actor("un"), other, [pyeong, make.an_evaluator("이보라")], actor("jang"))
    first, second = make.opened(pyeong, case), make.opened(pyeong, other)
    browser = client_as("pyeong")
    assert browser.page("/evaluation/queue").soup.select_one(".queue-on") is None
    service.save_review(pyeong, second, None, comment="쓰던 글")
    on = browser.page("/evaluation/queue").soup.select_one(".queue-on a")
    assert (on["href"], other.number in on.text) == (path(second), True)
    by_place = sorted((first, second), key=lambda one: one.place)
    links = [
        {link["rel"][0]: link["href"] for link in browser.page(path(one)).soup.select(".case-place a")} for one in by_place
    ]
    assert links == [{"next": path(by_place[1])}, {"prev": path(by_place[0])}]


def test_an_open_meeting_stands_under_its_own_tab(client_as, actor, case, two_reviews):
    browser = client_as("pyeong")
    assert case.number not in browser.page("/evaluation/queue?state=meeting").text
    consensus.convene(actor("jang"), two_reviews, question="", due=clock.today())
    page = browser.page("/evaluation/queue?state=meeting")
    assert case.number in page.text
    assert queues.queue_counts(actor("pyeong"))["meeting"] == 1
