"""Monitoring: who reads it, what is counted, what may not show, and a report that stays as it was made."""

import io
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook

from portal.accounts import service as accounts
from portal.accounts.models import Person
from portal.accounts.rules import OrganisationKind, Role
from portal.base import clock
from portal.base.access import SYSTEM, Forbidden, RuleBroken
from portal.base.audit import AuditRow
from portal.base.db import session, transaction
from portal.programmes.rules import Tier
from portal.scoring import handout, monitoring, queries, record, service, work
from portal.scoring.models import ModelVersion, MonthlyReport, SecondReaderCall, Suggestion
from portal.scoring.rules import ClaimWord, JobKind, ModelKind, ModelState, SecondReaderReason, span
from portal.web.guard import may
from tests.factories import evaluation
from tests.factories.evaluation import an_evaluator
from tests.factories.monitoring import said, watched
from tests.factories.scoring import explanation, no_figures

MONTH = "2026-06"  # `frozen` stands in July
PAGE = f"/operator/monitoring?month={MONTH}"


@pytest.fixture
def june(frozen):
    """The first moments of June 2026 in Korea, one for each call."""
    start = span(MONTH)[0]

    def moment(days=0):
        return start + timedelta(days=days, hours=1)

    return moment


def figures(actor, least=3):
    return monitoring.figures(actor, MONTH, least)


# --- what is counted ------------------------------------------------------------------------------------------


def test_a_firm_counts_once_by_its_newest_suggestion_and_only_when_it_brought_it_forward(actor, june):
    for _ in range(5):
        watched(june(), tier=Tier.BASIC)
    twice = watched(june(1), tier=Tier.BASIC)
    watched(june(2), tier=Tier.LEADING, firm=twice.organisation_id)
    watched(june(), tier=Tier.LEADING, brought=False)
    assert figures(actor("un"), least=1)["trend"][-1] == {
        "month": MONTH,
        "cells": [5, 0, 1, 0],
        "total": 6,
        "blind": {"of": 0, "hits": None, "rate": None},
        "shown": {"of": 0, "hits": None, "rate": None},
    }


def test_scoring_everybody_again_moves_no_month(actor, june):
    """A new word on answers of May counts for no other month, nor for May once it had ended."""
    old = watched(span("2026-05")[0], tier=Tier.BASIC)
    new = watched(june(1), tier=Tier.BASIC)
    for row in (old, new):
        copy = {name: value for name, value in vars(row).items() if not name.startswith("_") and name not in ("id", "key")}
        with transaction():
            session.add(Suggestion(**copy | {"tier": Tier.LEADING, "model": "ordinal-logit-1", "created_at": june(9)}))
    found = figures(actor("un"), least=1)
    assert [row["cells"] for row in found["trend"][-2:]] == [[1, 0, 0, 0], [0, 0, 1, 0]]
    assert [(one["model"], one["firms"]) for one in found["models"]] == [("ordinal-logit-1", 1)]


def test_the_month_ends_in_korea(actor, june):
    first, end = span(MONTH)
    for moment in (first - timedelta(seconds=1), first, end - timedelta(seconds=1), end):
        watched(moment)
    assert figures(actor("un"), least=1)["trend"][-1]["total"] == 2


def test_the_mix_by_region_size_and_industry_and_its_small_cells(actor, june):
    for region, size, ksic, tier, firms in (
        ("gyeonggi-suwon", "small", "25999", Tier.BASIC, 6),
        ("gyeonggi-hwaseong", "small", "25111", Tier.ADVANCED, 4),
        ("busan-saha", "medium", "10111", Tier.BASIC, 5),
        ("busan-saha", "medium", "10111", Tier.ADVANCED, 2),
        ("daegu-dalseo", "medium", "10111", Tier.BASIC, 4),
        ("daegu-dalseo", "medium", "10111", Tier.ADVANCED, 5),
    ):
        for _ in range(firms):
            watched(june(), region=region, size=size, ksic=ksic, tier=tier)
    found = figures(actor("un"))["mix"]
    assert found["all"] == [15, 11, 0, 0, 26]
    by_name = {row["name"][0]: (row["cells"], row["total"]) for row in found["region"]}
    # 부산's 2 firms may not show; cells beside and below go along, so that no sum gives them away
    assert by_name == {
        "경기도": ([6, 4, 0, 0], 10),
        "대구광역시": ([None, None, 0, 0], 9),
        "부산광역시": ([None, None, 0, 0], 7),
    }
    assert [(row["key"], row["cells"], row["total"]) for row in found["size"]] == [
        ("small", [6, 4, 0, 0], 10),
        ("medium", [9, 7, 0, 0], 16),
    ]
    assert [(row["key"], row["name"][0][:3]) for row in found["division"]] == [("10", "식료품"), ("25", "금속 ")]


def test_answers_that_shift_light_up_and_those_that_stay_do_not(actor, june):
    before = span("2026-03")[0]
    for _ in range(90):
        watched(before, but={"S1": 1})
    for _ in range(90):
        watched(june(), but={"S1": 4})
    found = figures(actor("un"))["drift"]
    shifted = {row["code"]: row for row in found["items"] if row["light"] != "calm"}
    assert list(shifted) == ["S1"]
    assert (shifted["S1"]["light"], shifted["S1"]["before"], shifted["S1"]["now"]) == ("act", 1.0, 4.0)
    assert {row["psi"] for row in found["items"] if row["code"] != "S1"} == {0.0}
    assert (found["reference"], found["before"], found["now"], found["light"]) == ("before", 90, 90, "act")


def test_missing_and_inapplicable_answers_have_their_bins(actor, june):
    for _ in range(40):
        watched(span("2026-02")[0])
        watched(june(), but={"D3": None})
    row = next(row for row in figures(actor("un"))["drift"]["items"] if row["code"] == "D3")
    assert (row["na_before"], row["na_now"], row["now"], row["light"]) == (0.0, 1.0, None, "act")


def test_a_learned_champion_is_compared_with_what_it_learned_from(actor, june):
    for _ in range(31):
        watched(span("2025-11")[0], level=1)
        watched(span("2026-04")[0], level=3)
        watched(june(), level=3)
    with transaction():
        session.add(
            ModelVersion(
                name="ordinal-logit-1",
                kind=ModelKind.ORDINAL_LOGIT,
                state=ModelState.CHAMPION,
                instrument_version="0.1",
                feature_version="1",
                rule_version="1",
                trained_from=span("2025-10")[0],
                trained_until=span("2026-01")[0],
                decisions=1000,
                files=500,
                raters=9,
                synthetic=True,
                data_sha256="0" * 64,
                artefact_sha256="0" * 64,
                card_sha256="0" * 64,
                report="{}",
            )
        )
    found = figures(actor("un"))["drift"]
    assert (found["reference"], found["before"], found["light"]) == ("training", 31, "act")


def test_overrides_stand_apart_by_whether_the_suggestion_was_seen(actor, june):
    people = [an_evaluator(f"위원{i}").id for i in range(2)]
    for number in range(20):
        row = watched(june(), tier=Tier.ADVANCED)
        said(row, people[0], june(2), own=Tier.BASIC, final=Tier.ADVANCED)
        said(row, people[1], june(2), own=Tier.ADVANCED, final=Tier.BASIC if number < 5 else Tier.ADVANCED, shown=True)
    found = figures(actor("un"))["overrides"]
    assert (found["blind"]["of"], found["blind"]["hits"], found["blind"]["rate"]) == (20, 20, 1.0)
    assert (found["shown"]["of"], found["shown"]["hits"], found["shown"]["rate"]) == (40, 5, 0.125)
    assert (found["up"], found["down"]) == (0, 20)
    assert (found["blind"]["light"], found["shown"]["light"]) == ("unknown", "calm")


def test_a_rate_of_a_handful_does_not_show(actor, june):
    person = an_evaluator().id
    for number in range(8):
        row = watched(june(), tier=Tier.ADVANCED)
        said(row, person, june(2), own=Tier.BASIC if number else Tier.ADVANCED)
    found = figures(actor("un"))["overrides"]
    assert found["blind"] == {"of": 8, "hits": None, "rate": None, "light": "unknown"}
    assert (found["up"], found["down"]) == (None, None)


def test_a_strict_evaluator_is_seen_from_thirty_shared_files_and_never_by_name(actor, june):
    strict, usual, seldom = (an_evaluator(name).id for name in ("엄격", "보통", "드문"))
    for number in range(60):
        row = watched(june(number % 25), tier=Tier.LEADING)
        said(row, strict, june(26), own=Tier.BASIC if number % 4 else Tier.ADVANCED)
        said(row, usual, june(26), own=Tier.ADVANCED)
        if number < 29:
            said(row, seldom, june(26), own=Tier.ADVANCED)
    found = figures(actor("un"))["severity"]
    assert [row["code"] for row in found["evaluators"]] == [monitoring.code_of(strict), monitoring.code_of(usual)]
    first = found["evaluators"][0]
    assert (first["files"], first["light"]) == (60, "watch")
    assert -0.75 < first["value"] < -0.3
    assert 0 < first["error"] < 0.15
    assert found["too_few"] == 1
    assert "엄격" not in json.dumps(found, ensure_ascii=False)


def test_evidence_is_counted_by_question(actor, june):
    people = [an_evaluator(f"위원{i}").id for i in range(4)]
    row = watched(june())
    for person, word in zip(people, (ClaimWord.ACCEPTED, ClaimWord.ACCEPTED, ClaimWord.ACCEPTED, ClaimWord.REJECTED), strict=True):
        said(row, person, june(1), own=Tier.BASIC, words={"S2": word})
    found = figures(actor("un"), least=1)["claims"]["items"]
    assert [(one["code"], one["cells"], one["total"]) for one in found] == [("S2", [3, 1, 0], 4)]
    hidden = figures(actor("un"))["claims"]["items"][0]
    assert hidden["cells"].count(None) >= 2


def test_requests_and_second_readers_are_counted(actor, frozen, june):
    explanation(actor("hana"))
    row = watched(june())
    from tests.factories.applications import submitted

    application = submitted(actor("duri"))
    with transaction():
        session.add(
            SecondReaderCall(
                application_id=application.id,
                suggestion_id=row.id,
                reason=SecondReaderReason.DISAGREES,
                called_at=clock.now(),
            )
        )
    found = monitoring.figures(actor("un"), "2026-07", 1)["requests"]
    assert (found["explanations"], found["objections"], found["answered"], found["changed"]) == (1, 0, 0, 0)
    assert found["second_readers"] == {"disagrees": 1}


@pytest.mark.parametrize(("named", "hits"), [(["BASIC", "ADVANCED", "LEADING"], 1), ([], 0)])
def test_decided_tiers_are_set_against_what_a_learned_model_named(actor, frozen, named, hits):
    case = evaluation.in_evaluation(actor("hana"), actor("gong"))
    readers, tier = [actor("pyeong"), an_evaluator()], evaluation.suggested(case)
    evaluation.assigned(actor("un"), case, readers, actor("jang"))
    for one in readers:
        evaluation.reviewed(one, case, tier=tier)
    evaluation.decided(actor("jang"), case, tier)
    assert monitoring.figures(actor("un"), "2026-07", 1)["coverage"]["of"] == 0
    with transaction():
        said_so = record.canonical({"voice": {"tiers": named}})
        session.execute(sa.update(Suggestion).values(model="ordinal-logit-1", result=said_so))
    found = monitoring.figures(actor("un"), "2026-07", 1)["coverage"]
    assert (found["models"], found["of"], found["hits"]) == (["ordinal-logit-1"], 1, hits)


# --- the page -------------------------------------------------------------------------------------------------


def test_an_empty_month_says_so(frozen, client_as):
    page = client_as("un").page(PAGE)
    assert page.h1 == "산정 모니터링"
    assert "견줄 기업이 두 기간 모두 30곳을 넘으면 나옵니다." in page.text
    assert "결정에 대한 이의신청: 인용" in page.text


@pytest.mark.parametrize("wrong", ["2026-13", "2026-6", "2026-08", "2023-08", "x", "2026-06-01", "٢٠٢٦-٠٦", "9999-12"])
def test_a_month_that_can_not_be_read_is_an_error_that_keeps_what_was_typed(frozen, client_as, wrong):
    page = client_as("un").page(f"/operator/monitoring?month={wrong}")
    assert list(page.errors()) == ["month"]
    assert page.soup.select_one("#month")["value"] == wrong
    assert page.soup.select_one("table") is None
    assert client_as("un").get(f"/operator/monitoring.xlsx?month={wrong}").status_code == 404


def test_without_a_month_the_present_one_shows(frozen, client_as):
    assert client_as("un").page("/operator/monitoring").soup.select_one("#month")["value"] == "2026-07"


def test_lights_are_words(app, frozen, client_as, june):
    with app.app_context():
        for _ in range(60):
            watched(span("2026-03")[0], but={"S1": 0})
            watched(june(), but={"S1": 5})
    page = client_as("un").page(PAGE)
    assert next(" ".join(one.text.split()) for one in page.soup.select(".stat")) == "답의 변화 조치 필요"
    assert "문항이나 안내 문구, 모집 공고가 바뀌었는지 먼저 확인하세요." in page.text
    row = page.soup.select("#drift tbody tr")[0]
    assert row.th.text.startswith("S1")
    assert row.select_one(".badge").text == "조치 필요"


def test_a_regional_operator_has_no_access(app, frozen, client_as, context):
    """What one region has, taken from the nation's figures, would tell the small cells."""
    agency = accounts.add_organisation(SYSTEM, OrganisationKind.AGENCY, "경기 (합성)", region="gyeonggi")
    person = accounts.add_person(
        SYSTEM, email="g@example.kr", name="경기", roles={Role.OPERATOR_REGION}, organisation=agency, confirmed=True
    )
    with transaction():
        session.get(Person, person.id).tf_totp_secret = "a secret"
    from portal.accounts.queries import actor_of

    regional = actor_of(session.get(Person, person.id))
    with transaction():
        session.add(MonthlyReport(month=MONTH, body="{}", sha256="0" * 64))
    assert not may(regional, "scoring:monitor:read")
    assert queries.report_of(regional, MONTH) is None
    assert list(queries.report_months(regional)) == []
    with pytest.raises(Forbidden):
        service.keep_report(regional, "2026-05", {})
    with pytest.raises(Forbidden):
        service.ask_report(regional, "2026-05")


def test_only_the_auditor_sees_whose_code_it_is(app, frozen, client_as, june):
    with app.app_context():
        people = [an_evaluator(f"위원{i}").id for i in range(2)]
        for _ in range(30):
            row = watched(june())
            for person in people:
                said(row, person, june(1), own=Tier.BASIC)
        code = monitoring.code_of(people[0])
    auditor, operator = client_as("gam").page(PAGE), client_as("un").page(PAGE)
    assert code in operator.text
    assert "사람 번호" not in operator.text
    rows = {row.dt.text: row.dd.text for row in auditor.soup.select("#severity .deflist > div")}
    assert rows[code] == str(people[0])


def test_a_page_of_a_busy_country_takes_few_queries(app, frozen, client_as, june, queries_of):
    with app.app_context():
        people = [an_evaluator(f"위원{i}").id for i in range(3)]
        for number in range(40):
            row = watched(june(number % 20), tier=list(Tier)[number % 3])
            for person in people[:2]:
                said(row, person, june(21), own=Tier.BASIC, words={"S1": ClaimWord.ACCEPTED})
    un = client_as("un")
    un.page(PAGE)
    assert queries_of(lambda: un.page(PAGE)) <= 12


# --- files ----------------------------------------------------------------------------------------------------


def cells_of(content):
    book = load_workbook(io.BytesIO(content))
    return {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in book}, book


def test_the_spreadsheet_holds_the_numbers_of_the_page(app, frozen, client_as, june):
    with app.app_context():
        for number in range(9):
            watched(june(), tier=Tier.ADVANCED if number < 4 else Tier.BASIC)
    answer = client_as("un").get(f"/operator/monitoring.xlsx?month={MONTH}")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="monitoring-{MONTH}.xlsx"'
    sheets, _ = cells_of(answer.data)
    assert ["전국", 5, 4, 0, 0, 9] in [row[:6] for row in sheets["유형 분포"]]
    assert next(iter(sheets)) == "답의 변화"


def test_no_cell_of_the_spreadsheet_is_a_formula():
    found = no_figures()
    found["models"][0]["model"] = "=HYPERLINK(1)"
    _, book = cells_of(handout.workbook(found))
    kinds = {(cell.value, cell.data_type) for sheet in book for row in sheet.iter_rows() for cell in row if cell.value}
    assert ("=HYPERLINK(1)", "s") in kinds
    assert not [one for one in kinds if one[1] == "f"]


# --- the monthly report ---------------------------------------------------------------------------------------


def test_the_report_of_a_month_is_made_once_and_stays_as_it_was(actor, app, client_as, june, drain):
    for _ in range(7):
        watched(june())
    un = client_as("un")
    answer = un.submit(un.page(PAGE), action="report")
    assert "/operator/jobs/" in answer.headers["Location"]
    assert work.run_waiting() == 1
    session.expire_all()
    report = queries.report_of(SYSTEM, MONTH)
    assert report.sha256 == record.digest(report.body)
    assert report.facts["least"] == 5
    page = un.page(f"/operator/monitoring/{MONTH}")
    assert page.h1 == f"산정 모니터링 보고서 {MONTH}"
    assert report.sha256 in page.text

    for _ in range(9):
        watched(june(), tier=Tier.LEADING)
    assert un.page(f"/operator/monitoring/{MONTH}").text == page.text
    assert monitoring.figures(actor("un"), MONTH)["trend"][-1]["total"] == 16
    again = monitoring.make_report(actor("un"), MONTH)
    assert (again.id, again.body) == (report.id, report.body)
    assert monitoring.make_due_report() is None

    letters = [one for one in drain() if one.once_key.startswith("monthly-report")]
    assert [one.to for one in letters] == ["un@example.kr"]
    assert f"/operator/monitoring/{MONTH}" in letters[0].body
    assert report.sha256 in letters[0].body
    actions = session.scalars(sa.select(AuditRow.action).where(AuditRow.object_type == "monthly_report")).all()
    assert actions == ["monthly_report.make"]


def test_a_month_with_its_report_leads_to_it(actor, client_as, june):
    watched(june())
    un = client_as("un")
    page = un.page(PAGE)
    monitoring.make_report(actor("un"), MONTH)
    assert un.submit(page, action="report").headers["Location"] == f"/operator/monitoring/{MONTH}"


def test_the_worker_makes_the_report_of_the_month_before_when_there_is_anything_to_count(actor, june):
    assert monitoring.make_due_report() is None
    watched(june())
    report = monitoring.make_due_report()
    assert report.month == MONTH
    assert session.scalar(sa.select(sa.func.count()).select_from(MonthlyReport)) == 1


def test_a_running_month_has_no_report_yet(actor, frozen, client_as):
    un = client_as("un")
    with pytest.raises(RuleBroken, match="month_open"):
        service.ask_report(actor("un"), "2026-07")
    page = un.page("/operator/monitoring")
    assert "이 달은 아직 끝나지 않았습니다." in page.text
    answer = un.post("/operator/monitoring/report", data={"month": "2026-07", "once": "x"})
    assert answer.status_code == 422
    assert "아직 끝나지 않은 달입니다." in answer.get_data(as_text=True)
    job = service.ask_job(actor("un"), JobKind.REPORT, {"month": "2026-07"})
    work.run_waiting()
    session.expire_all()
    assert queries.job_by_key(actor("un"), job.key).problem == "month_open"


def test_a_report_that_was_not_made_is_not_there(frozen, client_as):
    for path in ("", ".xlsx", ".pdf"):
        assert client_as("un").get(f"/operator/monitoring/{MONTH}{path}").status_code == 404
        assert client_as("un").get(f"/operator/monitoring/2026-99{path}").status_code == 404


def test_the_paper_is_the_same_to_the_byte_and_in_both_languages(actor, client_as, june):
    for _ in range(6):
        watched(june())
    report = monitoring.make_report(actor("un"), MONTH)
    korean, english = handout.pdf(report, "ko"), handout.pdf(report, "en")
    assert korean[:5] == b"%PDF-"
    assert korean == handout.pdf(report, "ko") != english
    gam = client_as("gam")
    assert gam.get(f"/operator/monitoring/{MONTH}.pdf").data == korean
    sheets, _ = cells_of(gam.get(f"/operator/monitoring/{MONTH}.xlsx").data)
    assert ["전국", 6, 0, 0, 0, 6] in [row[:6] for row in sheets["유형 분포"]]
