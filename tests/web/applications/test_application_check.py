"""The operator's side: list, requirement check, supplement rounds, acceptance; the supplier's yes; the marks from above."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal.accounts.rules import OrganisationKind, Role
from portal.applications import queries, service
from portal.applications.parts import Consent, Part
from portal.applications.rules import NotReady, Status
from portal.base import audit, clock, grants
from portal.base.access import SYSTEM, Forbidden, NotVisible, RuleBroken
from portal.base.db import session, transaction
from portal.programmes.rules import Tier
from tests.client import Page
from tests.factories import applications as make

DUE = timedelta(days=7)
ASK = "견적서의 단가 근거를 적어 주세요."


@pytest.fixture
def handed_in(actor):
    return make.submitted(actor("hana"), supplier=actor("gong"))


def _statuses(application):
    return [change.after for change in queries.timeline(application)]


# --- supplement --------------------------------------------------------------------------------------------


def test_a_supplement_round_through_the_screens(actor, client_as, handed_in, drain):
    drain()
    key = handed_in.key
    un, hana = client_as("un"), client_as("hana")
    assert un.post(f"/applications/{key}/begin-check").status_code == 302
    page = un.page(f"/applications/{key}/return")
    answer = un.submit(
        page, {"message": ASK, "parts": ["costs"], "due_on": (clock.today() + DUE).isoformat()}, action=""
    )
    assert answer.location == f"/applications/{key}"
    letters = drain()
    assert [letter.to for letter in letters] == ["hana@example.kr"]
    assert ASK in letters[0].body

    case = hana.page(f"/applications/{key}")
    assert ASK in case.text and "고치고 보내기" in case.text
    assert hana.get(f"/applications/{key}/edit/kpi").status_code == 302
    costs = hana.page(f"/applications/{key}/edit/costs")
    answer = hana.submit(costs, {"lines-0-unit_price_krw": "55,000,000"}, action="/edit/costs")
    assert answer.location == f"/applications/{key}/supplement"
    page = hana.page(answer.location)
    assert hana.submit(page, {"answer": "단가를 낮추고 근거를 적었습니다."}).status_code == 302
    session.expire_all()
    application = queries.by_key(actor("un"), key)
    assert _statuses(application) == [
        Status.DRAFT,
        Status.SUBMITTED,
        Status.REQ_CHECK,
        Status.SUPPLEMENT,
        Status.REQ_CHECK,
    ]
    first, second = queries.snapshots(application)
    assert first.sha256 != second.sha256
    assert "60000000" in first.content and "55000000" in second.content
    assert queries.for_review(application.id).sequence == 2
    history = un.page(f"/applications/{key}")
    assert ASK in history.text and "단가를 낮추고" in history.text
    assert hana.get(f"/applications/{key}/edit/costs").status_code == 302


def test_rounds_are_kept_side_by_side(actor, handed_in):
    un, hana = actor("un"), actor("hana")
    for number in (1, 2):
        service.return_for_supplement(un, handed_in, f"{ASK} {number}", [Part.PLAN], clock.today() + DUE)
        service.answer_supplement(hana, handed_in.key, f"답 {number}")
    rounds = queries.supplements(handed_in)
    assert [(one.message, one.answer) for one in rounds] == [(f"{ASK} 2", "답 2"), (f"{ASK} 1", "답 1")]
    assert len(queries.snapshots(handed_in)) == 3


def test_a_late_answer_is_refused_and_the_operator_may_ask_again(frozen, actor, handed_in):
    un, hana = actor("un"), actor("hana")
    service.return_for_supplement(un, handed_in, ASK, [Part.PLAN], clock.today() + timedelta(days=1))
    frozen.tick(timedelta(days=3))
    with pytest.raises(RuleBroken) as refused:
        service.answer_supplement(hana, handed_in.key)
    assert refused.value.code == "supplement_late"
    with pytest.raises(RuleBroken) as refused:
        service.save_part(hana, handed_in.key, Part.PLAN, {"people": "늦게"})
    assert refused.value.code == "supplement_late"


def test_an_unfinished_part_is_not_sent_back(actor, handed_in):
    hana = actor("hana")
    service.return_for_supplement(actor("un"), handed_in, ASK, [Part.KPI], clock.today() + DUE)
    service.save_part(hana, handed_in.key, Part.KPI, {"rows": []})
    with pytest.raises(NotReady) as refused:
        service.answer_supplement(hana, handed_in.key)
    assert [problem.code for problem in refused.value.problems] == ["no_kpi"]


@pytest.mark.parametrize(
    ("message", "parts", "days", "code"),
    [
        ("짧음", [Part.PLAN], 7, "supplement_message"),
        (ASK, [], 7, "supplement_parts"),
        (ASK, [Part.PLAN], -1, "supplement_due"),
        (ASK, [Part.PLAN], 61, "supplement_due"),
    ],
)
def test_an_unclear_request_is_refused(actor, handed_in, message, parts, days, code):
    with pytest.raises(RuleBroken) as refused:
        service.return_for_supplement(actor("un"), handed_in, message, parts, clock.today() + timedelta(days=days))
    assert refused.value.code == code


def test_a_wrong_request_is_told_at_its_field(client_as, handed_in):
    un = client_as("un")
    page = un.page(f"/applications/{handed_in.key}/return")
    refused = Page(un.submit(page, {"message": ASK, "parts": ["costs"]}, action=""))
    assert list(refused.errors()) == ["due_on"]
    assert refused.soup.find(id="message").text.strip() == ASK


# --- acceptance and the supplier ---------------------------------------------------------------------------


def test_the_supplier_sees_only_who_asks_for_what_and_answers(actor, client_as, handed_in, drain):
    drain()
    gong = client_as("gong")
    assert "하나정밀" in gong.page("/consortium").text
    page = gong.page(f"/consortium/{handed_in.member.key}")
    assert "하나정밀" in page.text and "자동화 공정" in page.text
    assert make.TEXT not in page.text and "80,000,000" not in page.text and handed_in.number not in page.text
    assert gong.submit(page, {"answer": "yes"}).status_code == 302
    assert [letter.to for letter in drain()] == ["hana@example.kr"]
    assert gong.get(f"/applications/{handed_in.key}").status_code == 403
    with pytest.raises(NotVisible):
        queries.by_key(actor("gong"), handed_in.key)


def test_a_refusal_needs_a_reason_and_a_second_answer_is_refused(actor, client_as, handed_in):
    gong = client_as("gong")
    path = f"/consortium/{handed_in.member.key}"
    refused = Page(gong.submit(gong.page(path), {"answer": "no"}))
    assert list(refused.errors()) == ["reason"]
    assert gong.submit(gong.page(path), {"answer": "no", "reason": "인력이 모자랍니다"}).status_code == 302
    with pytest.raises(RuleBroken) as late:
        service.answer_consortium(actor("gong"), handed_in.member.key, takes_part=True)
    assert late.value.code == "already_answered"


def test_another_supplier_finds_nothing(actor, handed_in):
    with pytest.raises(NotVisible):
        service.answer_consortium(make.a_supplier("다른 공급 (합성)"), handed_in.member.key, takes_part=True)


def test_a_named_but_unasked_supplier_sees_nothing_yet(actor):
    application = make.draft(actor("hana"), supplier=actor("gong"))
    assert queries.consortium_requests(actor("gong")) == []
    service.ask_supplier(actor("hana"), application.key)
    assert [one.consent for one in queries.consortium_requests(actor("gong"))] == [Consent.ASKED]


def test_evaluation_waits_for_the_suppliers_yes(actor, client_as, handed_in):
    un = client_as("un")
    assert un.post(f"/applications/{handed_in.key}/accept").status_code == 302
    assert "아직 참여를 확인하지 않았습니다" in un.page(f"/applications/{handed_in.key}").soup.text
    service.answer_consortium(actor("gong"), handed_in.member.key, takes_part=True)
    un.post(f"/applications/{handed_in.key}/accept")
    session.expire_all()
    assert queries.by_key(actor("un"), handed_in.key).status is Status.WRITTEN


# --- who may -----------------------------------------------------------------------------------------------


def test_only_operators_check(actor, handed_in):
    for name in ("hana", "gam", "pyeong", "jang", "gong", "anon"):
        with pytest.raises(Forbidden):
            service.accept(actor(name), handed_in.id)
        with pytest.raises(Forbidden):
            service.return_for_supplement(actor(name), handed_in.id, ASK, [Part.PLAN], clock.today() + DUE)


def test_evaluators_see_a_case_while_a_grant_names_it(actor, cast, handed_in):
    pyeong = actor("pyeong")
    with transaction():
        grants.give(SYSTEM, "application", handed_in.id, "review", person_id=cast["pyeong"].id, reason="assigned")
    assert queries.by_key(pyeong, handed_in.key).id == handed_in.id
    for name in ("nam", "jang", "duri"):
        with pytest.raises(NotVisible):
            queries.by_key(actor(name), handed_in.key)
    with transaction():
        grants.take(SYSTEM, "application", handed_in.id, "review", person_id=cast["pyeong"].id, reason="recused")
    with pytest.raises(NotVisible):
        queries.by_key(pyeong, handed_in.key)


def test_a_regional_operator_sees_the_own_region(actor, handed_in):
    from portal.accounts import queries as accounts
    from portal.accounts import service as people

    def operator(region):
        agency = people.add_organisation(SYSTEM, OrganisationKind.AGENCY, f"{region} (합성)", region=region)
        person = people.add_person(
            SYSTEM,
            email=f"{region}@agency.example",
            name="지역",
            roles={Role.OPERATOR_REGION},
            organisation=agency,
            confirmed=True,
        )
        with transaction():
            person.tf_totp_secret = "x"
        return accounts.actor_of(person)

    assert [row.id for row in queries.queue(operator("gyeonggi"), queries.Filters()).items] == [handed_in.id]
    assert queries.queue(operator("busan"), queries.Filters()).items == []


def test_the_auditor_reads_but_changes_nothing(client_as, handed_in):
    gam = client_as("gam")
    assert "하나정밀" in gam.page("/applications/queue").text
    gam.page(f"/applications/{handed_in.key}/answers")
    assert gam.post(f"/applications/{handed_in.key}/accept").status_code == 403


def test_reading_a_paper_from_outside_leaves_a_trace(actor, client_as, handed_in):
    paper = handed_in.papers[0]
    path = f"/applications/{handed_in.key}/papers/{paper.key}"
    own = client_as("hana").get(path)
    assert (own.status_code, own.headers["X-Content-Type-Options"]) == (200, "nosniff")
    assert own.headers["Content-Disposition"].startswith("attachment")

    def traces():
        return session.scalars(sa.select(audit.AuditRow).where(audit.AuditRow.action == "application.read_paper")).all()

    assert traces() == []
    assert client_as("un").get(path).status_code == 200
    assert [row.actor_kind for row in traces()] == ["person"]
    assert client_as("duri").get(path).status_code == 404


# --- the list ----------------------------------------------------------------------------------------------


def test_filters_counts_and_rows_agree_and_drafts_stay_out(actor, client_as):
    call, other = make.a_call(), make.a_call("BASIC", title_ko="기초 공고 (합성)")
    first = make.submitted(actor("hana"), call=call, supplier=actor("gong"))
    second = make.submitted(actor("duri"), call=call, supplier=actor("gong"))
    third = make.submitted(actor("duri"), call=other, supplier=actor("gong"))
    make.draft(actor("hana"), call=other, supplier=actor("gong"))
    service.begin_check(actor("un"), second)
    un = client_as("un")

    def numbers(query):
        page = un.page(f"/applications/queue?{query}")
        return [row.text for row in page.soup.select("tbody th a")], page

    found, page = numbers("")
    assert set(found) == {first.number, second.number, third.number}
    assert "모두 3건" in page.text and "전체 3" in page.text
    assert numbers("status=req_check")[0] == [second.number]
    assert numbers(f"call={other.key}")[0] == [third.number]
    assert set(numbers("q=두리 금속")[0]) == {second.number, third.number}
    assert numbers(f"q={first.number}")[0] == [first.number]
    assert numbers("region=busan")[0] == []
    assert numbers("sort=number")[0] == sorted(found)
    assert set(numbers("tier=nonsense&status=nonsense&sort=nonsense&page=99")[0]) == set(found)
    assert numbers("status=req_check")[1].text.count("요건 검토 1") == 1


def test_the_list_costs_the_same_for_one_row_and_for_three(actor, client_as, queries_of):
    make.submitted(actor("hana"), supplier=actor("gong"))
    un = client_as("un")
    un.get("/applications/queue")
    one = queries_of(lambda: un.get("/applications/queue"))
    make.submitted(actor("duri"), call=make.a_call("BASIC"), supplier=actor("gong"))
    make.submitted(actor("duri"), call=make.a_call("ROBOT"), supplier=actor("gong"))
    assert queries_of(lambda: un.get("/applications/queue")) == one


# --- marks from above --------------------------------------------------------------------------------------


def test_a_decision_is_written_down_once_by_who_may_decide(actor, cast, client_as):
    application = make.accepted(actor("hana"), actor("gong"))
    jang = actor("jang")
    with pytest.raises(NotVisible):
        service.mark_decided(jang, application.id, Status.SELECTED, Tier.BASIC, "기준을 넘었습니다.")
    with transaction():
        grants.give(SYSTEM, "application", application.id, "decide", person_id=cast["jang"].id, reason="chair")
    with pytest.raises(Forbidden):
        service.mark_decided(actor("un"), application.id, Status.SELECTED, Tier.BASIC, "기준을 넘었습니다.")
    with pytest.raises(RuleBroken):
        service.mark_decided(jang, application.id, Status.SELECTED, Tier.BASIC, " ")
    service.mark_decided(jang, application, Status.SELECTED, Tier.BASIC, "기준을 넘었습니다.")
    assert "기준을 넘었습니다" in client_as("hana").page(f"/applications/{application.key}").text
    with pytest.raises(RuleBroken):
        service.mark_decided(jang, application.id, Status.REJECTED, None, "다시 보니 아닙니다.")


def test_a_decision_is_made_anew_with_its_line_in_the_trail(actor, cast):
    application = make.accepted(actor("hana"), actor("gong"))
    with pytest.raises(RuleBroken):
        service.mark_redecided(SYSTEM, application.id, Status.SELECTED, Tier.BASIC, "아직 결정되지 않았습니다.")
    service.mark_decided(SYSTEM, application.id, Status.REJECTED, Tier.BASIC, "기준에 못 미쳤습니다.")
    with pytest.raises(Forbidden):
        service.mark_redecided(actor("un"), application.id, Status.SELECTED, Tier.BASIC, "이의를 받아들였습니다.")
    with pytest.raises(RuleBroken):
        service.mark_redecided(SYSTEM, application.id, Status.WRITTEN, None, "되돌릴 수는 없습니다.")
    row = service.mark_redecided(SYSTEM, application.id, Status.SELECTED, Tier.ADVANCED, "이의를 받아들였습니다.")
    assert (row.status, row.decided_tier, row.decision_reason) == (
        Status.SELECTED,
        Tier.ADVANCED,
        "이의를 받아들였습니다.",
    )
    assert [change.after for change in queries.timeline(row)][-2:] == [Status.REJECTED, Status.SELECTED]


def test_a_firm_that_applied_again_keeps_one_running_application(actor):
    first = make.accepted(actor("hana"), actor("gong"))
    service.mark_decided(SYSTEM, first.id, Status.REJECTED, Tier.BASIC, "기준에 못 미쳤습니다.")
    service.start(actor("hana"), first.call.key)
    with pytest.raises(RuleBroken) as refused:
        service.mark_redecided(SYSTEM, first.id, Status.SELECTED, Tier.BASIC, "이의를 받아들였습니다.")
    assert refused.value.code == "another_application"


def test_a_selected_firm_may_still_withdraw(actor):
    application = make.accepted(actor("hana"), actor("gong"))
    service.mark_decided(SYSTEM, application.id, Status.SELECTED, Tier.BASIC, "기준을 넘었습니다.")
    assert service.withdraw(actor("hana"), application.key, "사정이 생겼습니다.").status is Status.WITHDRAWN


def test_a_mark_goes_one_step_of_the_table_and_never_decides(actor, handed_in):
    assert service.mark_state(SYSTEM, handed_in.id, Status.REQ_CHECK).status is Status.REQ_CHECK
    assert service.mark_state(SYSTEM, handed_in.id, Status.REQ_CHECK).status is Status.REQ_CHECK
    for target in (Status.SELECTED, Status.DRAFT, Status.REJECTED):
        with pytest.raises(RuleBroken):
            service.mark_state(SYSTEM, handed_in.id, target)
    with pytest.raises(Forbidden):
        service.mark_state(actor("un"), handed_in.id, Status.WRITTEN)


def test_every_write_is_in_the_audit_chain_without_personal_values(actor, handed_in):
    rows = session.scalars(sa.select(audit.AuditRow).where(audit.AuditRow.object_type == "application")).all()
    assert {"application.start", "application.edit", "application.submit", "application.ask_supplier"} <= {
        row.action for row in rows
    }
    assert all(make.TEXT not in row.detail and "하나정밀" not in row.detail for row in rows)
    assert audit.verify().ok


def test_the_export_holds_what_is_shown_and_no_formula(actor, client_as, handed_in):
    import io

    from openpyxl import load_workbook

    from portal.accounts.models import Organisation

    with transaction():
        session.get(Organisation, handed_in.organisation_id).name = "=HYPERLINK(1)"
    answer = client_as("un").post("/applications/queue.xlsx?status=submitted")
    sheet = load_workbook(io.BytesIO(answer.data)).active
    rows = list(sheet.iter_rows())
    assert [cell.value for cell in rows[1]][:2] == [handed_in.number, "=HYPERLINK(1)"]
    assert {cell.data_type for cell in rows[1]} <= {"s", "inlineStr"}
    empty = load_workbook(io.BytesIO(client_as("un").post("/applications/queue.xlsx?status=written").data)).active
    assert empty.max_row == 1
    assert client_as("hana").post("/applications/queue.xlsx").status_code == 403
