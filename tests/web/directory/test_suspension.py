"""Suspending a supplier: at once, with a reason, told to whom it concerns, and over on its day."""

from datetime import timedelta

import pytest

from portal.base.access import SYSTEM, RuleBroken
from portal.directory import suspension
from portal.directory.oversight import AppealOutcome, SuspensionGround

DECISION = {"ground": "false_facts", "detail": "합성 상세: 엔지니어 수가 다릅니다"}


@pytest.fixture
def row(frozen, make, cast):
    return make.approved_listing(cast["gong"].organisation_id, name="합성 공급", summary="합성요약")


def desk(row):
    return f"/operator/listings/{row.key}/suspension"


def test_a_suspension_works_at_once_and_is_lifted_at_once(client_as, row):
    un, anon, gong = client_as("un"), client_as("anon"), client_as("gong")
    assert un.submit(un.page(desk(row)), DECISION, action="/suspension").status_code == 302
    assert anon.get(f"/suppliers/{row.key}").status_code == 404
    assert "합성요약" not in anon.page("/suppliers").text
    assert "정지 중" in un.page(desk(row)).text
    assert gong.submit(gong.page("/supplier/listing"), {"summary": "몰래 고침"}, action="/listing").status_code == 403
    assert "합성 상세: 엔지니어 수가 다릅니다" in gong.page("/supplier/suspension").text
    assert un.post(desk(row), data=DECISION).status_code == 422  # there is one already
    refused = un.post(desk(row) + "/end", data={"reason": " "})
    assert (refused.status_code, "왜 해제하는지" in refused.text) == (422, True)
    assert un.post(desk(row) + "/end", data={"reason": "바로잡음"}).status_code == 302
    assert anon.get(f"/suppliers/{row.key}").status_code == 200
    assert "지난 정지" in un.page(desk(row)).text


def test_others_read_it_only_while_it_is_published_and_it_ends_on_its_day(client_as, frozen, row, drain, inside):
    un, anon = client_as("un"), client_as("anon")
    days = {"last_day": "2026-07-10", "published_on": "2026-07-05"}
    assert un.post(desk(row), data={**DECISION, **days}).status_code == 422  # a day without its ground
    assert un.post(desk(row), data={**DECISION, **days, "publication_ground": "합성법 제1조"}).status_code == 302
    told = drain()[1:]  # the first is about the approval
    assert [letter.subject for letter in told] == ["공급기업 등록이 정지되었습니다"]
    assert "합성 상세" in told[0].body
    frozen.tick(timedelta(days=3))
    assert anon.get(f"/suppliers/{row.key}").status_code == 404
    frozen.tick(timedelta(days=1))
    page = anon.page(f"/suppliers/{row.key}")
    assert ["현재 신청 불가" in page.text, "합성법 제1조" in page.text, "합성요약" in page.text] == [True, True, False]
    assert "합성 상세" not in page.text
    frozen.tick(timedelta(days=5, hours=11, minutes=59))  # 2026-07-10 23:59 in Korea
    assert "합성요약" not in anon.page("/suppliers").text
    frozen.tick(timedelta(minutes=1))
    assert "합성요약" in anon.page(f"/suppliers/{row.key}").text
    assert [inside(suspension.close_ended), inside(suspension.close_ended)] == [1, 0]
    assert [letter.subject for letter in drain()] == ["공급기업 등록 정지가 끝났습니다"]


def test_the_supplier_appeals_once_and_somebody_else_answers(client_as, row, inside):
    un, gong = client_as("un"), client_as("gong")
    un.post(desk(row), data=DECISION)
    assert gong.submit(gong.page("/supplier/suspension"), {"text": "합성 이의"}).status_code == 302
    again = gong.post("/supplier/suspension", data={"text": "또"})
    assert (again.status_code, "한 번 할 수 있습니다" in again.text) == (422, True)
    own = un.post(desk(row) + "/answer", data={"outcome": "lifted", "text": "제가 풀게요"})
    assert (own.status_code, "다른 담당자가 답합니다" in own.text) == (422, True)
    decided = inside(lambda: suspension.answer(SYSTEM, row.id, AppealOutcome.LIFTED, "맞는 말씀입니다"))
    assert (decided.appeal, decided.lifted_at is not None) == ("합성 이의", True)
    assert "맞는 말씀입니다" in gong.page("/supplier/suspension").text
    assert client_as("anon").get(f"/suppliers/{row.key}").status_code == 200


def test_an_appeal_comes_within_two_weeks(actor, frozen, make, cast):
    row = make.approved_listing(cast["gong"].organisation_id)
    suspension.suspend(SYSTEM, row.id, SuspensionGround.OTHER, "합성")
    frozen.tick(timedelta(days=14, seconds=1))
    with pytest.raises(RuleBroken) as refused:
        suspension.appeal(actor("gong"), "늦은 이의")
    assert refused.value.code == "suspension_appeal_late"
