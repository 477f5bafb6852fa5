"""The screens of a selection: what an operator, the call's chair and a firm read and press."""

import io

import pytest

from portal.evaluation import queries as evaluation
from tests.factories import evaluation as panels
from tests.factories import selection as make


@pytest.fixture
def ranking(actor, cases, call):
    return make.proposed(actor("un"), call, actor("jang"))


def rows_of(page, caption):
    table = next(one for one in page.soup.find_all("table") if one.caption and one.caption.get_text(strip=True) == caption)
    return [[cell.get_text(" ", strip=True) for cell in row.find_all(["th", "td"])] for row in table.tbody.find_all("tr")]


def test_the_operator_sees_how_far_each_call_is(client_as, actor, people, call):
    make.finalised(people, call, [0.9])
    panels.in_evaluation(actor("hana"), actor("gong"), call=call)
    [row] = rows_of(client_as("un").page("/operator/selection"), "공고별 진행")
    assert row == ["순위로 뽑는 공고 (합성)", "2", "0", "1", "0", "0", "1", "–", "순위로 선정"]


def test_the_chair_finalises_on_the_decision_page_and_may_mend_it(client_as, actor, people, call):
    case = panels.in_evaluation(actor("hana"), actor("gong"), call=call)
    two = [panels.an_evaluator("가위원"), panels.an_evaluator("나위원")]
    panels.assigned(actor("un"), case, two, actor("jang"))
    for one in two:
        panels.reviewed(one, case, tier=panels.suggested(case))
    where = f"/evaluation/decisions/{case.key}"
    browser = client_as("jang")
    data = browser.page(where).values() | {"outcome": "selected"}
    assert browser.post(where, data=data).status_code == 302
    page = browser.page(where)
    assert "순위 승인을 기다립니다" in page.text
    assert page.values()["outcome"] == "selected"
    assert evaluation.decision_of(case.id) is None
    assert case.number in browser.page("/evaluation/decisions?state=finalised").text
    assert case.number not in browser.page("/evaluation/decisions").text
    # not recommending asks for a reason, at its field
    refused = browser.post(where, data=page.values() | {"outcome": "rejected"})
    assert refused.status_code == 422 and "30자" in refused.get_data(as_text=True)


def test_the_preview_shows_order_cutoff_and_other_budgets(client_as, cases, call):
    page = client_as("un").page(f"/operator/selection/{call.key}")
    lines = rows_of(page, "순위표")
    assert [line[1] for line in lines] == [case.number for case in cases]
    assert [line[-1].split(" ")[0] for line in lines] == ["선정", "선정", "후보", "후보"]
    assert [row[1] for row in rows_of(page, "예산이 다르다면")] == ["1", "1", "2", "2", "2"]
    more = client_as("un").page(f"/operator/selection/{call.key}?budget=16,000&reserves=1")
    assert [line[-1].split(" ")[0] for line in rows_of(more, "순위표")] == ["선정"] * 4


@pytest.mark.parametrize("typed", ["-1", "십억", "1e9", "99999999999999", "²"])
def test_a_budget_that_is_none_leaves_the_plans(typed, client_as, cases, call):
    page = client_as("un").page(f"/operator/selection/{call.key}?budget={typed}&reserves={typed}")
    assert [line[-1].split(" ")[0] for line in rows_of(page, "순위표")] == ["선정", "선정", "후보", "후보"]


def test_what_was_tried_is_what_is_proposed(client_as, cases, call):
    browser = client_as("un")
    page = browser.page(f"/operator/selection/{call.key}?budget=12000&reserves=1")
    answer = browser.post(f"/operator/selection/{call.key}/propose", data=page.values("/propose"))
    assert answer.status_code == 302
    lines = rows_of(browser.page(f"/operator/selection/{call.key}"), "순위표")
    assert [line[-1].split(" ")[0] for line in lines] == ["선정", "선정", "선정", "후보"]


def test_the_chair_approves_by_the_button_alone(client_as, cases, ranking):
    browser = client_as("jang")
    where = f"/evaluation/rankings/{ranking.key}"
    assert "순위로 뽑는 공고" in browser.page("/evaluation/rankings").text
    page = browser.page(where)
    assert browser.post(where, data=page.values()).status_code == 422  # no button was pressed
    assert evaluation.decision_of(cases[0].id) is None
    assert browser.post(where, data=page.values() | {"action": "send_back", "reason": "짧음"}).status_code == 422
    assert browser.post(where, data=page.values() | {"action": "approve"}).status_code == 302
    assert make.outcomes(cases) == ["selected", "selected", "reserve", "reserve"]
    assert "확정" in browser.page(where).text


def test_the_approvers_page_names_no_firm(client_as, cases, ranking):
    page = client_as("jang").page(f"/evaluation/rankings/{ranking.key}")
    assert [name for name in ("하나정밀", "두리금속", "순위기업") if name in page.text] == []
    assert [line[1] for line in rows_of(page, "순위표")] == [case.number for case in cases]


def test_the_operator_takes_a_ranking_back(client_as, call, ranking):
    browser = client_as("un")
    where = f"/operator/selection/{call.key}"
    assert browser.post(f"{where}/take-back", data=browser.page(where).values("/take-back")).status_code == 302
    assert "지난 순위안" in browser.page(where).text


def test_more_money_is_given_on_the_page_with_a_reason(client_as, actor, cases, call):
    make.approved(actor("un"), call)
    browser = client_as("un")
    where = f"/operator/selection/{call.key}"
    data = browser.page(where).values("/budget")
    assert browser.post(f"{where}/budget", data=data | {"budget": "12,000"}).status_code == 422
    assert browser.post(f"{where}/budget", data=data | {"budget": "12,000", "reason": panels.REASON}).status_code == 302
    page = browser.page(where)
    assert "후보에서 올라옴" in page.text
    assert [row[1] for row in rows_of(page, "후보 명단")] == [cases[3].number]


def test_a_bonus_is_granted_by_ground(client_as, cases):
    browser, where = client_as("un"), f"/operator/selection/bonus/{cases[3].key}"
    data = browser.page(where).values()
    assert browser.post(where, data=data | {"exporter": "9"}).status_code == 422
    assert browser.post(where, data=data | {"exporter": "3", "note": "수출 실적"}).status_code == 302
    assert browser.page(where).values()["exporter"] == "3.0"
    assert browser.post(where, data=data | {"exporter": "2"}).status_code in (302, 409)


def test_the_ranking_as_a_spreadsheet(client_as, cases, call, ranking):
    from openpyxl import load_workbook

    browser = client_as("gam")
    where = f"/operator/selection/{call.key}"
    answer = browser.post(f"{where}/ranking.xlsx", data=browser.page(where).values("ranking.xlsx"))
    rows = list(load_workbook(io.BytesIO(answer.get_data())).active.iter_rows(values_only=True))
    assert [row[1] for row in rows[1:]] == [case.number for case in cases]
    assert [row[8] for row in rows[1:]] == ["선정", "선정", "후보", "후보"]


def test_the_auditor_reads_and_presses_nothing(client_as, call, cases):
    page = client_as("gam").page(f"/operator/selection/{call.key}")
    assert "순위안 보내기" not in page.text and "고치기" not in page.text


def test_the_firm_reads_band_and_cutoff_and_what_changed(client_as, actor, cases, call, drain):
    make.approved(actor("un"), call)
    page = client_as("duri").page(f"/evaluation/outcomes/{cases[2].key}")
    assert "90.0점 (가점을 더한 가장 낮은 선정 점수)" in page.text and "결정할 때 1번" in page.text
    assert "결정이 바뀐 기록" not in page.text
    assert [total for total in ("95.", "80.0") if total in page.text] == []  # nobody else's
    from portal.applications import service as applications

    applications.withdraw(actor("hana"), cases[1].key, "사정이 바뀜")
    drain()
    page = client_as("duri").page(f"/evaluation/outcomes/{cases[2].key}")
    assert "결정이 바뀐 기록" in page.text and "후보에서 올라옴" in page.text


def test_an_english_reader_reads_english(client_as, actor, cases, call):
    make.approved(actor("un"), call)
    page = client_as("un").page(f"/operator/selection/{call.key}?lang=en")
    assert "Approved" in page.text and "Reserve" in page.text
