"""The screens of ties, objections and findings, as firm, operator and auditor meet them."""

from __future__ import annotations

import io

import pytest
import sqlalchemy as sa

from portal.accounts.models import Person
from portal.base.access import Actor
from portal.base.db import session
from portal.conflicts.models import ConflictFound, Objection, Tie
from portal.conflicts.rules import ConflictKind, FoundState, ObjectionState, TieKind
from portal.evaluation import conflicted, findings, objecting, service
from portal.evaluation.rules import AssignmentState
from tests.factories import conflicts as made
from tests.factories import evaluation as make

REASON = made.REASON


@pytest.fixture
def case(actor):
    return make.in_evaluation(actor("hana"), actor("gong"))


def text_of(answer):
    return answer.get_data(as_text=True)


def rows(model):
    session.rollback()
    session.expire_all()
    return session.scalars(sa.select(model).order_by(model.id)).all()


# --- objections -------------------------------------------------------------------------------------------------


def test_a_firm_objects_and_reads_the_answer_and_nothing_else(client_as, actor, case):
    hana, un = client_as("hana"), client_as("un")
    path = f"/applications/{case.key}/objections"
    page = hana.page(path)
    assert page.h1 == "기피 신청"
    refused = hana.submit(page, {"name": "", "reason": "짧음"})
    assert refused.status_code == 422
    sent = {"is_firm": "person", "name": session.get(Person, actor("nam").id).name, "reason": REASON}
    hana.submit(hana.page(path), sent)
    (row,) = rows(Objection)
    queue = un.page("/operator/objections")
    assert row.name in queue.text
    answer = un.page(f"/operator/objections/{row.key}")
    told = "합성(예시) 적으신 까닭이 기피 요건에 해당하여 받아들입니다. 이 신청의 평가에서 제외합니다."
    un.submit(answer, {"grant": "yes", "reason": told})
    assert [one.state for one in rows(Objection)] == [ObjectionState.GRANTED]
    assert told in hana.page(path).text
    assert set(conflicted.bars(case.id, [actor("nam").id, actor("pyeong").id])) == {actor("nam").id}


def test_the_firm_reads_the_same_whether_or_not_the_person_judges(client_as, actor, case):
    """Two worlds that differ only in who is in the pool give equal bytes to the firm."""
    row = made.an_objection(actor("hana"), case, name="나무위원")
    told = "합성(예시) 적으신 까닭을 살펴 받아들입니다. 이 신청의 평가에서 제외합니다."
    path = f"/applications/{case.key}/objections"
    before = client_as("hana").page(path).text
    somebody = make.an_evaluator("나무위원")
    assert client_as("hana").page(path).text == before
    assert [one.id for one in objecting.candidates(row)] == [somebody.id]
    objecting.answer(actor("un"), row.key, grant=True, reason=told, chosen=[somebody.id])
    with_person = client_as("hana").page(path).text
    session.get(Objection, row.id).person_ids = []
    session.commit()
    assert client_as("hana").page(path).text == with_person


def test_objections_end_when_evaluators_are_named(client_as, actor, case):
    make.assigned(actor("un"), case, [actor("pyeong"), actor("nam")], actor("jang"))
    page = client_as("hana").page(f"/applications/{case.key}/objections")
    assert "평가위원을 정하기 전까지만" in page.text
    answer = client_as("hana").post(
        f"/applications/{case.key}/objections", data={"name": "홍길동", "reason": REASON}
    )
    assert answer.status_code == 422
    assert "기피 신청 기간이 끝났습니다" in text_of(answer)
    assert rows(Objection) == []


def test_a_double_click_objects_once_and_the_same_name_is_refused(client_as, actor, case):
    hana = client_as("hana")
    path = f"/applications/{case.key}/objections"
    sent = {"is_firm": "firm", "name": "(주)합성 연구", "reason": REASON, "once": "abc"}
    assert hana.post(path, data=sent).status_code == 302
    assert hana.post(path, data=sent).status_code == 302
    refused = hana.post(path, data={**sent, "name": "합성연구 주식회사", "once": "def"})
    assert refused.status_code == 422
    assert len(rows(Objection)) == 1


def test_a_firm_can_take_its_objection_back_until_it_is_answered(client_as, actor, case):
    row = made.an_objection(actor("hana"), case)
    client_as("hana").post(f"/applications/objections/{row.key}/withdraw")
    assert [one.state for one in rows(Objection)] == [ObjectionState.WITHDRAWN]
    other = made.an_objection(actor("hana"), case, name="다른이름")
    objecting.answer(actor("un"), other.key, grant=False, reason="합성(예시) 적으신 까닭만으로는 기피 요건에 해당하지 않습니다.")
    client_as("hana").post(f"/applications/objections/{other.key}/withdraw")
    assert [one.state for one in rows(Objection)] == [ObjectionState.WITHDRAWN, ObjectionState.REFUSED]


def test_a_granted_objection_frees_a_seat_that_was_taken_meanwhile(actor, case, drain):
    row = made.an_objection(actor("hana"), case, name=session.get(Person, actor("nam").id).name)
    make.assigned(actor("un"), case, [actor("pyeong"), actor("nam")], actor("jang"))
    told = "합성(예시) 적으신 까닭이 기피 요건에 해당하여 받아들입니다."
    objecting.answer(actor("un"), row.key, grant=True, reason=told)
    letters = drain()
    assert make.assignment_of(actor("nam"), case).state is AssignmentState.RECUSED
    assert [one.subject for one in letters if "기피" in one.subject] == [f"기피 신청의 답이 나왔습니다 ({case.number})"]


# --- findings ---------------------------------------------------------------------------------------------------


def test_operators_overrule_with_a_reason_and_auditors_only_read(client_as, actor, case):
    made.a_tie(person_id=actor("nam").id, organisation_id=case.organisation_id)
    row = made.found(case, actor("nam"))
    listed = client_as("gam").page("/operator/conflicts")
    assert "최근 3년 안에 자문" in listed.text
    assert "이해충돌이 아니라면" not in client_as("gam").page(f"/operator/conflicts/{row.key}").text
    assert client_as("gam").post(f"/operator/conflicts/{row.key}", data={"reason": REASON}).status_code == 403
    un = client_as("un")
    page = un.page(f"/operator/conflicts/{row.key}")
    assert un.submit(page, {"reason": "짧음"}).status_code == 422
    un.submit(un.page(f"/operator/conflicts/{row.key}"), {"reason": REASON})
    assert [one.state for one in rows(ConflictFound)] == [FoundState.OVERRULED]
    assert conflicted.bars(case.id, [actor("nam").id]) == {}


def test_the_spreadsheet_lists_what_was_found_and_declared(client_as, actor, case):
    from openpyxl import load_workbook

    make.assigned(actor("un"), case, [actor("pyeong"), actor("nam")], actor("jang"))
    made.a_tie(TieKind.WORKED_WITH, person_id=actor("nam").id, other_person_id=actor("hana").id)
    seat = make.assignment_of(actor("nam"), case)
    service.open_file(actor("nam"), seat, no_conflict=True, answers={ConflictKind.CO_WORK: False})
    answer = client_as("gam").post("/operator/conflicts.xlsx")
    book = load_workbook(io.BytesIO(answer.data))
    found, said = (list(sheet.values) for sheet in book.worksheets)
    assert [line[3] for line in found[1:]] == ["함께 일한 사이"]
    assert sorted(line[3] for line in said[1:]) == ["없음", "없음"]


def test_a_regional_operator_sees_only_the_own_region(client_as, actor, case):
    made.a_tie(person_id=actor("nam").id, organisation_id=case.organisation_id)
    made.found(case, actor("nam"))
    assert rows(ConflictFound)
    elsewhere = Actor(id=999, roles=frozenset({"operator_region"}), region="jeju")
    assert findings.found(elsewhere, findings.Filters()).total == 0
    assert findings.found(actor("pyeong"), findings.Filters()).total == 0


# --- ties -------------------------------------------------------------------------------------------------------


def test_an_operator_enters_a_tie_pins_and_ends_it(client_as, actor, case):
    un = client_as("un")
    person = session.get(Person, actor("nam").id).email
    firm = case.organisation.registration_number
    page = un.page("/operator/ties/new")
    refused = un.post("/operator/ties/new", data={"kind": "shares", "person": "no@body.example", "note": REASON})
    assert refused.status_code == 422
    assert "이 이메일의 회원이 없습니다" in text_of(refused)
    un.submit(page, {"kind": "shares", "person": person, "organisation": firm, "note": REASON})
    (tie,) = [one for one in rows(Tie) if one.kind is TieKind.SHARES]
    assert tie.pinned
    assert set(conflicted.bars(case.id, [actor("nam").id])) == {actor("nam").id}
    un.post(f"/operator/ties/{tie.key}/pin", data={"pinned": "0"})
    un.post(f"/operator/ties/{tie.key}", data={"reason": REASON, "to_on": "2020-01-01"})
    (tie,) = [one for one in rows(Tie) if one.kind is TieKind.SHARES]
    assert (tie.pinned, tie.to_on.isoformat()) == (False, "2020-01-01")
    assert conflicted.bars(case.id, [actor("nam").id]) == {}
    assert client_as("gam").page("/operator/ties").h1 == "관계"


# --- the declaration --------------------------------------------------------------------------------------------


def test_the_declaration_asks_and_a_yes_takes_the_case_away(client_as, actor, case):
    make.assigned(actor("un"), case, [actor("pyeong"), actor("nam")], actor("jang"))
    made.a_tie(TieKind.WORKED_WITH, person_id=actor("nam").id, other_person_id=actor("hana").id)
    nam = client_as("nam")
    path = f"/evaluation/cases/{make.assignment_of(actor('nam'), case).key}"
    page = nam.page(path)
    assert "함께 일한 기록이 있습니다" in page.text
    refused = nam.submit(page, {"no_conflict": "y"}, action="/open")
    assert refused.status_code == 422
    answer = nam.submit(nam.page(path), {"no_conflict": "y", "soft_co_work": "yes"}, action="/open")
    assert answer.headers["Location"].endswith("/evaluation/queue")
    assert make.assignment_of(actor("nam"), case).state is AssignmentState.RECUSED
