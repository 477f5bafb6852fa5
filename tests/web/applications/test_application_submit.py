"""Handing in: in time, complete, once; frozen afterwards. What bars it, and what does not."""

import json
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from portal.applications import queries, service
from portal.applications.models import Application, Snapshot
from portal.applications.parts import Part
from portal.applications.rules import NotReady, Status
from portal.base import clock
from portal.base.access import Forbidden, NotVisible, RuleBroken
from portal.base.db import session
from tests.client import Page
from tests.factories import applications as make
from tests.factories.profiles import answered, complete_profile
from tests.factories.profiles import paper as put_on_file


def _codes(refused):
    return [problem.code for problem in refused.value.problems]


def test_submit_gives_numbers_in_a_row_and_freezes(actor, cast):
    call = make.a_call()
    hana = make.submitted(actor("hana"), call=call, supplier=actor("gong"))
    duri = make.submitted(actor("duri"), call=call, supplier=actor("gong"))
    year = clock.today().year
    assert [hana.number, duri.number] == [f"{year}-AUTOM-00001", f"{year}-AUTOM-00002"]
    snapshot = queries.snapshots(hana)[0]
    content = json.loads(snapshot.content)
    version = queries.profile_version(cast["hana"].organisation_id)
    assert content["number"] == hana.number
    assert content["profile"]["version_id"] == snapshot.profile_version_id == version.id
    assert content["profile"]["sha256"] == version.sha256
    assert content["plan"]["problem"] == make.TEXT
    assert content["kpis"][0]["target"] == "3000"
    assert {paper["code"] for paper in content["papers"]} >= {"business-registration", "quotation"}
    assert all(len(paper["sha256"]) == 64 for paper in content["papers"])


def test_what_was_handed_in_does_not_move_with_the_profile_or_the_file(actor):
    hana = actor("hana")
    application = make.submitted(hana, supplier=actor("gong"))
    before = queries.for_review(application.id)
    answered(hana, 5)
    put_on_file(hana, words="a newer registration")
    session.expire_all()
    after = queries.for_review(application.id)
    assert (after.sha256, after.profile_version_id) == (before.sha256, before.profile_version_id)
    assert [paper.blob.sha256 for paper in after.papers] == [paper.blob.sha256 for paper in before.papers]


def test_double_submit_gives_the_same_number_and_one_snapshot(actor):
    hana = actor("hana")
    application = make.draft(hana, supplier=actor("gong"))
    numbers = {service.submit(hana, application.key, once_key=key).number for key in ("a", "a", "b", None)}
    assert len(numbers) == 1
    assert session.scalar(sa.select(sa.func.count()).select_from(Snapshot)) == 1


@pytest.mark.parametrize(
    ("arrived", "is_in"),
    [
        ("2026-07-09 23:59:59.999", True),
        ("2026-07-10 00:00:00.000", False),
        ("2026-06-30 12:00:00.000", True),
        ("2026-06-30 11:59:59.999", False),
    ],
)
def test_the_window_is_judged_by_the_arrival_on_the_server(frozen, actor, arrived, is_in):
    hana = actor("hana")
    call = make.a_call(
        opens_at=frozen.from_kst(datetime(2026, 6, 30, 12)),
        closes_at=frozen.from_kst(datetime(2026, 7, 9, 23, 59, 59, 999_000)),
    )
    application = make.draft(hana, call=call, supplier=actor("gong"))
    moment = frozen.from_kst(datetime.fromisoformat(arrived))
    if is_in:
        assert service.submit(hana, application.key, arrived_at=moment).submitted_at == moment
    else:
        with pytest.raises(NotReady) as refused:
            service.submit(hana, application.key, arrived_at=moment)
        assert _codes(refused) == ["call_ended" if moment > call.closes_at else "call_not_yet"]
        assert queries.own(hana, application.key).number is None


def test_a_closed_window_says_so_on_the_page_and_keeps_the_draft(frozen, actor, client_as):
    application = make.draft(actor("hana"), supplier=actor("gong"))
    frozen.tick(timedelta(days=31))
    hana = client_as("hana")
    check = hana.page(f"/applications/{application.key}/check")
    assert "접수 기간이 끝났습니다" in check.text
    answer = hana.post(f"/applications/{application.key}/submit", data={"once": "x"})
    assert "접수 기간이 끝났습니다" in Page(answer).text
    assert make.TEXT in hana.page(f"/applications/{application.key}/edit/need").text


@pytest.mark.parametrize("code", ["closed", "tax-arrears", "restricted", "large-group"])
def test_an_exclusion_bars_and_says_what_to_do(actor, client_as, code):
    pledges = {**make.CONTENT[Part.PLEDGES]["pledges"], code: "yes"}
    application = make.draft(actor("hana"), supplier=actor("gong"), but={Part.PLEDGES: {"pledges": pledges}})
    with pytest.raises(NotReady) as refused:
        service.submit(actor("hana"), application.key)
    assert _codes(refused) == ["excluded"]
    check = client_as("hana").page(f"/applications/{application.key}/check")
    assert "지원 제외에 해당하여 제출할 수 없습니다" in check.text


@pytest.mark.parametrize(
    ("code", "answer"), [("insolvency", "excepted"), ("open-project", "yes"), ("duplicate", "yes")]
)
def test_what_is_no_exclusion_does_not_bar(actor, code, answer):
    pledges = {**make.CONTENT[Part.PLEDGES]["pledges"], code: answer}
    application = make.submitted(actor("hana"), supplier=actor("gong"), but={Part.PLEDGES: {"pledges": pledges}})
    assert application.status is Status.SUBMITTED


def test_a_missing_paper_bars_and_is_named(actor, client_as):
    application = make.draft(actor("hana"), supplier=actor("gong"), with_papers=False)
    with pytest.raises(NotReady) as refused:
        service.submit(actor("hana"), application.key)
    assert set(_codes(refused)) == {"paper_missing"}
    assert "business-registration" in [problem.field for problem in refused.value.problems]
    page = client_as("hana").page(f"/applications/{application.key}/edit/papers?check=1")
    assert "file_business_registration" in page.errors()


def test_an_expired_paper_is_asked_again(frozen, actor):
    hana = actor("hana")
    application = make.draft(hana, supplier=actor("gong"), call=make.a_call(closes_at=clock.now() + timedelta(days=90)))
    frozen.tick(timedelta(days=45))
    with pytest.raises(NotReady) as refused:
        service.submit(hana, application.key)
    assert {(problem.code, problem.field) for problem in refused.value.problems} == {
        ("paper_out_of_date", "national-tax-clearance"),
        ("paper_out_of_date", "local-tax-clearance"),
        ("paper_out_of_date", "own-share-proof"),
    }


def test_without_a_diagnosis_nothing_is_handed_in(actor):
    application = make.draft(actor("hana"), supplier=actor("gong"), with_profile=False)
    with pytest.raises(NotReady) as refused:
        service.submit(actor("hana"), application.key)
    assert _codes(refused) == ["no_profile"]


def test_an_unmet_gate_warns_with_its_cure_and_never_bars(actor, client_as):
    hana = actor("hana")
    complete_profile(hana, 0)
    call = make.a_call("GOV")
    application = make.draft(hana, call=call, supplier=actor("gong"), but={Part.CHOICE: {"target_level": 2}})
    service.attach_paper(
        hana, application.key, "level-certificate", make.pdf("level"), "a.pdf", issued_on=clock.today()
    )
    browser = client_as("hana")
    check = browser.page(f"/applications/{application.key}/check")
    assert "제출에는 문제가 없지만 알아 두세요" in check.text
    assert browser.submit(check, action="/submit").location.endswith("/receipt")


def test_a_declined_supplier_bars_until_another_is_named(actor):
    hana, gong = actor("hana"), actor("gong")
    application = make.draft(hana, supplier=gong)
    service.ask_supplier(hana, application.key)
    member = queries.own(hana, application.key).member
    service.answer_consortium(gong, member.key, takes_part=False, reason="인력이 모자랍니다")
    with pytest.raises(NotReady) as refused:
        service.submit(hana, application.key)
    assert _codes(refused) == ["supplier_declined"]
    listing = make.a_listing(make.a_supplier())
    service.save_part(hana, application.key, Part.PARTNER, {"supplier": listing.key})
    assert service.submit(hana, application.key).status is Status.SUBMITTED


def test_after_handing_in_the_answers_are_locked(actor, client_as):
    hana = actor("hana")
    application = make.submitted(hana, supplier=actor("gong"))
    with pytest.raises(RuleBroken) as refused:
        service.save_part(hana, application.key, Part.NEED, {"problem": "나중에 고친 글"})
    assert refused.value.code == "locked"
    answer = client_as("hana").get(f"/applications/{application.key}/edit/need")
    assert answer.location == f"/applications/{application.key}"


def test_withdrawing_ends_it_and_the_call_may_be_tried_again(actor, client_as):
    hana, call = actor("hana"), make.a_call()
    application = make.submitted(hana, call=call, supplier=actor("gong"))
    browser = client_as("hana")
    page = browser.page(f"/applications/{application.key}/withdraw")
    assert browser.submit(page, {"reason": "계획이 바뀌었습니다"}).status_code == 302
    assert browser.get(f"/applications/{application.key}/withdraw").status_code == 302
    assert "철회" in browser.page(f"/applications/{application.key}").text
    again = service.start(hana, call.key)
    assert (again.key != application.key, again.problem) == (True, make.TEXT)


def test_nobody_else_hands_in_or_sees_a_draft(actor):
    hana = actor("hana")
    application = make.draft(hana, supplier=actor("gong"))
    with pytest.raises(Forbidden):
        service.submit(make.a_colleague(hana), application.key)
    for name in ("duri", "un", "gam", "pyeong", "jang", "gong", "anon"):
        with pytest.raises(NotVisible):
            queries.by_key(actor(name), application.key)


def test_two_live_applications_to_one_call_are_impossible(actor, cast):
    from sqlalchemy.exc import IntegrityError

    hana = actor("hana")
    application = make.draft(hana, supplier=actor("gong"))
    session.add(
        Application(organisation_id=application.organisation_id, call_id=application.call_id, status=Status.DRAFT)
    )
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


def test_many_clicks_at_once_give_one_number(app, actor, client_as, cast):
    """Eight presses from eight threads: one submission, one snapshot, one letter's event."""
    from concurrent.futures import ThreadPoolExecutor

    from portal.base.outbox import OutboxEvent

    application = make.draft(actor("hana"), supplier=actor("gong"))
    path = f"/applications/{application.key}/submit"
    session.rollback()

    def press(n):
        browser = app.test_client()
        browser.sign_in(cast["hana"])
        answer = browser.post(path, data={"once": "same" if n % 2 else f"own {n}"}, check=False)
        return answer.status_code, answer.location

    with ThreadPoolExecutor(8) as pool:
        met = set(pool.map(press, range(8)))
    assert met == {(302, f"/applications/{application.key}/receipt")}
    assert session.scalar(sa.select(sa.func.count()).select_from(Snapshot)) == 1
    events = session.scalars(sa.select(OutboxEvent).where(OutboxEvent.name == "application.submitted")).all()
    assert len(events) == 1
