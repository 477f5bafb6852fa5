"""Marks: a supplier claims with a paper, an operator vouches, the day ends them; papers are nobody else's business."""

import io
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from portal.base import clock
from portal.base.access import SYSTEM, Forbidden
from portal.base.audit import AuditRow
from portal.base.db import session
from portal.directory import marks, verification
from portal.directory.oversight import CapabilityLevel, Certificate, Mark
from tests.factories.directory import PAPER


@pytest.fixture
def row(frozen, make, cast):
    return make.approved_listing(cast["gong"].organisation_id)


def typed(**changes):
    facts = {"kind": "iso_9001", "number": "Q-합성-1", "issued_on": "2025-01-01", "valid_until": "2026-07-20"}
    return {**facts, "file": (io.BytesIO(PAPER), "인증서.pdf"), **changes}


def test_a_certificate_is_claimed_verified_shown_and_gone_after_its_day(client_as, frozen, row, inside, drain):
    gong, un, anon = client_as("gong"), client_as("un"), client_as("anon")
    wrong = gong.post("/supplier/marks", data=typed(number="", valid_until="2024-01-01", file=(io.BytesIO(), "")))
    assert [text in wrong.text for text in ("번호를 적어", "발급일보다 빠릅니다", "파일을 올려")] == [True] * 3
    assert gong.post("/supplier/marks", data=typed()).status_code == 302
    assert gong.post("/supplier/marks", data=typed()).status_code == 422  # it waits already
    claim = inside(lambda: verification.of_listing(SYSTEM, row.id))[0]
    assert "ISO 9001" not in anon.page(f"/suppliers/{row.key}").text
    page = un.page(f"/operator/marks/{claim.key}")
    assert un.submit(page, {"valid_until": "2026-07-10"}, action="/verify").status_code == 302
    assert "ISO 9001" in anon.page(f"/suppliers/{row.key}").text
    assert inside(lambda: marks.standing(None, date(2026, 7, 10))) == {row.id: {Mark.ISO_9001}}
    assert "확인됨" in [letter.subject.split(": ")[-1] for letter in drain()]
    inside(verification.follow_days)
    assert [letter.subject for letter in drain()] == ["ISO 9001 유효기간이 곧 끝납니다"]
    frozen.tick(timedelta(days=10))
    assert "ISO 9001" not in anon.page(f"/suppliers/{row.key}").text
    inside(verification.follow_days)
    assert [letter.subject for letter in drain()] == ["ISO 9001 유효기간이 지났습니다"]


def test_a_refusal_says_why_and_a_mark_is_taken_away_with_a_reason(client_as, row, inside):
    gong, un = client_as("gong"), client_as("un")
    gong.post("/supplier/marks", data=typed())
    claim = inside(lambda: verification.of_listing(SYSTEM, row.id))[0]
    assert un.post(f"/operator/marks/{claim.key}/refuse", data={}).status_code == 422
    assert un.post(f"/operator/marks/{claim.key}/refuse", data={"reason": "글자가 안 보임"}).status_code == 302
    assert "글자가 안 보임" in gong.page("/supplier/marks").text
    mark = inside(
        lambda: verification.record(SYSTEM, row.id, Mark.CAPABILITY, Certificate(level=CapabilityLevel.TWO_PLUS))
    )
    assert inside(lambda: marks.levels([row.id], date(2026, 7, 1))) == {row.id: CapabilityLevel.TWO_PLUS}
    assert un.post(f"/operator/marks/{mark.key}/end", data={"reason": "재진단"}).status_code == 302
    assert inside(lambda: marks.levels(None, date(2026, 7, 1))) == {}


def test_papers_are_read_by_the_supplier_operators_and_auditors_only(client_as, row, inside):
    client_as("gong").post("/supplier/marks", data=typed())
    key = inside(lambda: verification.of_listing(SYSTEM, row.id))[0].key
    answers = {who: client_as(who).get(f"/marks/{key}/paper").status_code for who in ("gong", "un", "gam", "hana")}
    assert answers == {"gong": 200, "un": 200, "gam": 200, "hana": 403}
    # who is not the supplier leaves a trace
    traces = sa.select(AuditRow.actor_id).where(AuditRow.action == "verification.read_paper")
    assert inside(lambda: len(session.scalars(traces).all())) == 2


def test_what_the_portal_found_is_no_claim_to_take_back(client_as, row, inside, actor):
    client_as("gong").post("/supplier/marks", data=typed(kind="capability", level="1"))

    def propose():
        found = verification.Certificate(
            number="advice-1", issuer="합성", level=CapabilityLevel.TWO, issued_on=clock.today()
        )
        return verification.propose(SYSTEM, row.organisation_id, Mark.CAPABILITY, found, "advising:1")

    proposed = inside(propose)
    assert (proposed.blob_id, proposed.note, proposed.level) == (None, "", CapabilityLevel.TWO)
    assert client_as("gong").post(f"/supplier/marks/{proposed.key}/withdrawal").status_code == 403


def test_nobody_but_an_operator_or_a_project_vouches(actor, make, cast):
    row = make.approved_listing(cast["gong"].organisation_id)
    for who in ("gong", "hana", "pyeong", "gam"):
        with pytest.raises(Forbidden):
            verification.record(actor(who), row.id, Mark.AI, Certificate())
    assert marks.standing(None, date(2026, 7, 1)) == {}
