"""What stands around an evaluation: records, certificates, ratings by firms, reports of pressure."""

import re
from datetime import timedelta

import pytest

from portal.base.access import NotVisible, RuleBroken, RulesBroken
from portal.base.db import session
from portal.desk import queries as desk
from portal.evaluation import certificates, pressure, ratings, records
from portal.evaluation.fairness import PressureSource, Question, Share
from portal.evaluation.models import Certificate, Rating
from portal.evaluation.rules import AssignmentState, RecusalReason
from tests.client import Page
from tests.factories import evaluation as made
from tests.papers import pages_of

MARKS = {one.value: 4 for one in Question}
STORY = "합성(예시) 공급기업 영업 담당이 점수를 올려 달라고 전화했습니다."


@pytest.fixture
def decided(actor, case, two_reviews):
    """hana's case, decided as suggested."""
    made.decided(actor("jang"), case, made.suggested(case))
    return case


def decided_cases(actor, count, evaluators):
    """Further decided cases of as many firms."""
    rows = []
    for number in range(count):
        firm = made.a_firm(f"합성 기업 {number}")
        row = made.in_evaluation(firm, actor("gong"))
        made.assigned(actor("un"), row, evaluators, actor("jang"))
        for one in evaluators:
            made.reviewed(one, row, tier=made.suggested(row))
        made.decided(actor("jang"), row, made.suggested(row))
        rows.append((firm, row))
    return rows


# --- ratings ------------------------------------------------------------------------------------------------------


def test_a_firm_rates_once_after_the_decision(actor, decided, client_as):
    hana = client_as("hana")
    page = hana.page(f"/evaluation/outcomes/{decided.key}/rating")
    answer = hana.submit(page, {"fairness": "5"}, action="/rating")
    assert answer.status_code == 422
    typed = {one.value: "4" for one in Question} | {"comment": "합성(예시) 설명이 좋았습니다."}
    assert hana.submit(Page(answer), typed, action="/rating").status_code == 302
    row = session.query(Rating).one()
    assert (row.application_id, row.fairness, row.comment) == (decided.id, 4, "합성(예시) 설명이 좋았습니다.")
    assert "고맙습니다" in hana.page(f"/evaluation/outcomes/{decided.key}/rating").text
    with pytest.raises(RuleBroken) as refused:
        ratings.rate(actor("hana"), decided.key, MARKS)
    assert refused.value.code == "rating_done"


def test_every_question_is_asked_for(actor, decided):
    with pytest.raises(RulesBroken) as refused:
        ratings.rate(actor("hana"), decided.key, {**MARKS, "conduct": None})
    assert [(one.field, one.code) for one in refused.value.broken] == [("conduct", "rating_mark")]


def test_before_the_decision_and_by_others_there_is_nothing_to_rate(actor, case, two_reviews):
    for name in ("hana", "duri", "gong", "pyeong", "un"):
        with pytest.raises(NotVisible):
            ratings.rate(actor(name), case.key, MARKS)
    made.decided(actor("jang"), case, made.suggested(case))
    with pytest.raises(NotVisible):
        ratings.rate(actor("duri"), case.key, MARKS)


def test_ratings_reach_the_record_from_three_firms_on(actor, bora):
    pyeong = actor("pyeong")
    for number, (firm, row) in enumerate(decided_cases(actor, 3, [pyeong, bora])):
        assert records.own(pyeong).rated is None
        ratings.rate(firm, row.key, {**MARKS, "fairness": number + 1}, f"합성 말 {number}")
    found = records.own(pyeong)
    assert (found.rated.firms, found.rated.means["fairness"], found.rated.means["conduct"]) == (3, 2.0, 4.0)
    assert found.comments == ("합성 말 0", "합성 말 1", "합성 말 2")


# --- the record ---------------------------------------------------------------------------------------------------


def test_a_record_counts_what_was_handed_in_and_when(actor, bora, frozen):
    pyeong = actor("pyeong")
    first = made.in_evaluation(actor("hana"), actor("gong"))
    second = made.in_evaluation(actor("duri"), actor("gong"))
    for row in (first, second):
        made.assigned(actor("un"), row, [pyeong, bora], actor("jang"), days=3)
    made.reviewed(pyeong, first, tier=made.suggested(first))
    frozen.tick(timedelta(days=4))
    assert records.own(pyeong).late_open == 1
    made.reviewed(pyeong, second, tier=made.suggested(second))
    found = records.own(pyeong)
    assert (found.submitted, found.on_time, found.open, found.by_year) == (2, Share(1, 2), 0, ((2026, 2),))
    assert found.agreed is None
    assert found.explained.count == 0  # the factory's comments are short
    assert found.explained.of == 14


def test_a_seat_freed_for_silence_counts_against_punctuality(actor, panel, case):
    seat = made.assignment_of(actor("pyeong"), case)
    seat.state, seat.recusal_reason = AssignmentState.RECUSED, RecusalReason.SILENCE
    session.commit()
    found = records.own(actor("pyeong"))
    assert (found.silent, found.recused, found.on_time) == (1, 0, Share(0, 1))


def test_agreement_shows_from_three_decided_cases_on(actor, bora):
    pyeong = actor("pyeong")
    decided_cases(actor, 3, [pyeong, bora])
    assert records.own(pyeong).agreed == Share(3, 3)


def test_a_record_is_for_its_owner_and_those_who_run_the_pool(actor, decided, cast, client_as):
    key = cast["pyeong"].key
    for name in ("un", "gam"):
        assert records.of_member(actor(name), key).submitted == 1
    for name in ("hana", "duri", "nam", "jang", "gong", "pyeong"):
        with pytest.raises(NotVisible):
            records.of_member(actor(name), key)
    assert "박평가 위원의 이력" in client_as("un").page(f"/operator/evaluators/{key}/record").text
    assert "박평가" in client_as("gam").page("/operator/records?sort=rated").text
    page = client_as("pyeong").page("/evaluation/record")
    assert "하나정밀" not in page.text and decided.number not in page.text


def test_records_of_many_cost_as_many_queries_as_of_one(actor, decided, client_as, queries_of):
    un = client_as("un")
    un.get("/operator/records")
    before = queries_of(lambda: un.get("/operator/records"))
    for number in range(5):
        made.an_evaluator(f"합성 위원 {number}")
    assert queries_of(lambda: un.get("/operator/records")) == before


# --- certificates -------------------------------------------------------------------------------------------------


def test_a_certificate_is_carried_elsewhere_and_checked_by_its_hash(actor, decided, client, client_as):
    pyeong = client_as("pyeong")
    assert pyeong.submit(pyeong.page("/evaluation/record"), action="/certificates").status_code == 302
    row = session.query(Certificate).one()
    paper = pyeong.get(f"/evaluation/record/certificates/{row.key}.pdf")
    assert paper.mimetype == "application/pdf"
    text = "".join(pages_of(paper.data))
    assert row.sha256 in text and "박평가" in text
    for secret in ("하나정밀", decided.number, "공급솔루션"):
        assert secret.replace(" ", "") not in text
    assert paper.data == pyeong.get(f"/evaluation/record/certificates/{row.key}.pdf").data

    check = client.page("/evaluation/certificates/verify")
    spaced = " ".join(re.findall(".{8}", row.sha256)).upper()
    assert "발급한 증명서가 맞습니다" in Page(client.submit(check, {"hash": spaced}, action="/verify")).text
    wrong = row.sha256[:-1] + ("0" if row.sha256[-1] != "0" else "1")
    told = Page(client.submit(check, {"hash": wrong}, action="/verify")).text
    assert "이 값으로 발급한 증명서가 없습니다" in told and "박평가" not in told


def test_altered_facts_are_no_certificate(actor, decided):
    row = certificates.issue(actor("pyeong"))
    assert certificates.verified(row.sha256) is not None
    row.facts = row.facts.replace('"submitted":1', '"submitted":9')
    session.commit()
    assert certificates.verified(row.sha256) is None


def test_twice_on_one_day_is_one_certificate_and_nobody_takes_anothers(actor, decided):
    first, again = certificates.issue(actor("pyeong")), certificates.issue(actor("pyeong"))
    assert first.key == again.key
    with pytest.raises(NotVisible):
        certificates.own_by_key(actor("nam"), first.key)
    with pytest.raises(RuleBroken) as refused:
        certificates.issue(actor("nam"))
    assert refused.value.code == "certificate_empty"


# --- pressure -----------------------------------------------------------------------------------------------------


def test_a_report_reaches_the_operator_and_its_answer_the_evaluator(actor, panel, case, client_as, drain):
    drain()
    pyeong = client_as("pyeong")
    key = made.assignment_of(actor("pyeong"), case).key
    page = pyeong.page(f"/evaluation/pressure?case={key}")
    typed = {"source": "supplier", "text": STORY}
    assert page.values("/evaluation/pressure")["case"] == key
    assert pyeong.submit(page, typed, action="/evaluation/pressure").status_code == 302
    assert pyeong.submit(page, typed, action="/evaluation/pressure").status_code == 302  # the same once key
    (letter,) = drain()
    assert (letter.to, STORY in letter.body) == ("un@example.kr", False)

    un = client_as("un")
    (row,) = pressure.reports(actor("un")).items
    shown = un.page(f"/operator/pressure/{row.key}")
    assert STORY in shown.text and "박평가" in shown.text and case.number in shown.text
    assert un.submit(shown, {"answer": "합성(예시) 공급기업에 경고했습니다."}).status_code == 302
    assert [one.to for one in drain()] == ["pyeong@example.kr"]
    assert "공급기업에 경고했습니다" in pyeong.page("/evaluation/pressure").text


def test_who_wants_no_name_is_named_to_the_auditor_only(actor, client_as):
    row = pressure.report(actor("pyeong"), source=PressureSource.FIRM, text=STORY, nameless=True)
    assert "박평가" not in client_as("un").page("/operator/pressure").text
    assert "박평가" not in client_as("un").page(f"/operator/pressure/{row.key}").text
    assert "박평가" in client_as("gam").page(f"/operator/pressure/{row.key}").text


def test_a_report_leaves_no_trace_in_the_trail_that_operators_read(actor, panel, case):
    seat = made.assignment_of(actor("pyeong"), case)
    for source, nameless in ((PressureSource.FIRM, True), (PressureSource.AGENCY, False)):
        pressure.report(actor("pyeong"), source=source, text=STORY, nameless=nameless, case_key=seat.key)
    trail = desk.trail_of(actor("un"), case)
    assert [row.action for row in trail.items if row.action.startswith("pressure.")] == []


def test_what_concerns_the_agency_goes_to_the_auditor_alone(actor, client_as, drain):
    row = pressure.report(actor("pyeong"), source=PressureSource.AGENCY, text=STORY)
    assert [one.to for one in drain()] == ["gam@example.kr"]
    assert client_as("un").get(f"/operator/pressure/{row.key}").status_code == 404
    assert pressure.counts(actor("un")) == {"open": 0, "closed": 0}
    with pytest.raises(NotVisible):
        pressure.close(actor("un"), row.key, "합성(예시) 아무 일도 없었습니다.")


def test_a_case_of_somebody_else_can_not_be_named(actor, panel, case):
    seat = made.assignment_of(actor("pyeong"), case)
    with pytest.raises(NotVisible):
        pressure.report(actor("nam"), source=PressureSource.FIRM, text=STORY, case_key=seat.key)


def test_neither_the_firm_nor_another_evaluator_learns_of_a_report(actor, panel, case, client_as, drain):
    drain()
    hana, nam = client_as("hana"), client_as("nam")
    paths = (f"/applications/{case.key}", "/applications", "/home")

    def seen():
        return [hana.page(path).text for path in paths] + [nam.page("/evaluation/pressure").text]

    before = seen()
    key = made.assignment_of(actor("pyeong"), case).key
    pressure.report(actor("pyeong"), source=PressureSource.FIRM, text=STORY, case_key=key)
    assert [one.to for one in drain()] == ["un@example.kr"]
    assert seen() == before


# --- blindness ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["", "/rating"])
def test_the_firms_pages_do_not_depend_on_who_evaluated(actor, bora, frozen, client_as, page):
    """Two panels of other people who say the same: what two firms read differs in nothing but their own numbers."""
    panels = ([actor("pyeong"), bora], [made.an_evaluator("다른 위원"), actor("nam")])
    seen = []
    for name, people in zip(("hana", "duri"), panels, strict=True):
        case = made.in_evaluation(actor(name), actor("gong"), call=seen[0][1] if seen else None)
        made.assigned(actor("un"), case, people, actor("jang"))
        for one in people:
            made.reviewed(one, case, tier=made.suggested(case))
        made.decided(actor("jang"), case, made.suggested(case))
        text = client_as(name).page(f"/evaluation/outcomes/{case.key}{page}").text
        seen.append((text.replace(case.number, "NUMBER"), case.call))
    assert seen[0][0] == seen[1][0]
