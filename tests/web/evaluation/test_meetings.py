"""Site visits and presentations: planned without booking anybody twice, read by those who may, told without a name."""

import io
from dataclasses import replace
from datetime import date, time, timedelta

import pytest
import sqlalchemy as sa

from portal.accounts.rules import Role
from portal.applications.rules import Status
from portal.appointments import queries as appointments
from portal.base import clock, mail, outbox
from portal.base.access import NotVisible, RuleBroken, RulesBroken, StaleVersion
from portal.base.db import session, transaction
from portal.evaluation import consensus, phasing, plans, presentations, service, visits
from portal.evaluation.checklist import CHECKS
from portal.evaluation.phases import PhaseKind
from portal.evaluation.rules import RecusalReason
from portal.programmes.models import Call
from tests.client import Page
from tests.factories import evaluation as make
from tests.factories.phases import ALL, but, with_phases

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffe10010") + b"Exif\x00\x00OwnerHan" + bytes.fromhex(
    "ffda0008010100003f00"
) + b"pixels" + bytes.fromhex("ffd9")
REPORT = "합성(예시) 설비와 화면을 함께 보았고 신청서와 거의 같았습니다. 데이터는 하루 한 번 모입니다."


def a_day(days=14):
    return clock.today() + timedelta(days=days)


def letters(template_word):
    outbox.deliver_due()
    return [one for one in session.scalars(sa.select(mail.Mail).order_by(mail.Mail.id)) if template_word in one.subject]


def afterwards(case):
    """Three hours after the visit of a case began."""
    return clock.freeze(visits.booking_of(case.id).slot.starts_at + timedelta(hours=3))


@pytest.fixture
def at_site(actor, case, two_reviews):
    with_phases(case.call)
    return phasing.advance(actor("un"), case)


@pytest.fixture
def presenting(actor, at_site):
    phasing.waive(actor("un"), at_site, PhaseKind.SITE, "지난달에 이미 확인했습니다 (합성)")
    return at_site


def planned(un, case, **changes):
    given = {"day": a_day(), "at": time(10, 0), "minutes": 120, "place": "부산 사하구 예시로 1", "visitors": [un.id]}
    return visits.plan(un, case, **{**given, **changes})


def answers(but=()):
    return {
        one.code: {"answer": "no" if one.code in but else "yes", "note": "현장 메모 (합성)" if one.code in but else ""}
        for one in CHECKS
    }


# --- visits ---------------------------------------------------------------------------------------------------


def test_a_visit_is_planned_moved_and_told_without_a_name(actor, at_site):
    un = actor("un")
    first = planned(un, at_site, request="작년 생산 실적 화면")
    (letter,) = letters("현장 확인 일정")
    assert "부산 사하구 예시로 1" in letter.body and "작년 생산 실적 화면" in letter.body
    assert un.name not in letter.body
    second = planned(un, at_site, at=time(14, 0))
    assert (visits.booking_of(at_site.id).id, second.id != first.id) == (second.id, True)
    assert len(letters("현장 확인 일정")) == 2


def test_a_visitor_is_in_one_place_at_a_time_and_never_of_the_panel(actor, at_site):
    un, gong = actor("un"), actor("gong")
    other = make.in_evaluation(actor("duri"), gong, call=at_site.call)
    phasing.waive(un, other, PhaseKind.WRITTEN, "현장부터 봅니다 (합성 사유)")
    planned(un, at_site)
    with pytest.raises(RuleBroken) as refused:
        planned(un, other, at=time(11, 0), place="다른 곳")
    assert (refused.value.code, refused.value.field) == ("appointment_busy", "visitors")
    planned(un, other, at=time(12, 0), place="다른 곳")
    for people in ([], [actor("pyeong").id], [actor("hana").id]):
        with pytest.raises(RuleBroken) as refused:
            planned(un, other, visitors=people)
        assert refused.value.code == "site_visitors"


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"day": date(2020, 1, 6)}, "appointment_past", "day"),
        ({"minutes": 1}, "appointment_minutes", "minutes"),
        ({"place": "  "}, "appointment_place", "place"),
    ],
)
def test_what_cant_be_a_visit_is_refused_at_its_field(actor, at_site, changes, code, field):
    with pytest.raises(RuleBroken) as refused:
        planned(actor("un"), at_site, **changes)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_a_report_is_kept_then_handed_in_whole(actor, at_site):
    un = actor("un")
    with pytest.raises(RuleBroken):
        visits.save_report(un, at_site, answers={}, report="", version=None, hand_in=False)
    planned(un, at_site)
    draft = visits.save_report(un, at_site, answers={}, report="초안", version=None, hand_in=False)
    with pytest.raises(StaleVersion):
        visits.save_report(un, at_site, answers={}, report="x", version=draft.version - 1, hand_in=False)
    with pytest.raises(RuleBroken) as refused:
        visits.save_report(un, at_site, answers=answers(), report=REPORT, version=None, hand_in=True)
    assert refused.value.code == "site_early"
    lacking = {**answers(), "data": {"answer": "no", "note": ""}, "plant": {}}
    with afterwards(at_site):
        with pytest.raises(RulesBroken) as refused:
            visits.save_report(un, at_site, answers=lacking, report="짧음", version=None, hand_in=True)
        assert {one.field for one in refused.value.broken} == {"plant_answer", "data_note", "report"}
        visits.save_report(un, at_site, answers=answers(["data"]), report=REPORT, version=None, hand_in=True)
    with pytest.raises(RuleBroken) as refused:
        planned(un, at_site)
    assert refused.value.code == "site_reported"
    assert phasing.advance(un, at_site).status is Status.PRESENT


@pytest.fixture
def reported(actor, at_site):
    un = actor("un")
    planned(un, at_site)
    visits.add_photo(un, at_site, io.BytesIO(JPEG), "한결정밀 현장.jpg", "프레스 앞")
    with afterwards(at_site):
        return visits.save_report(un, at_site, answers=answers(), report=REPORT, version=None, hand_in=True)


def test_who_reads_a_report(client_as, actor, at_site, reported, bora):
    photo = reported.photos[0]
    paths = [f"/evaluation/visits/{reported.key}", f"/evaluation/visits/{reported.key}/photos/{photo.key}"]
    for name in ("un", "gam", "jang", "pyeong"):
        assert [client_as(name).get(path).status_code for path in paths] == [200, 200], name
    for name, code in (("nam", 404), ("hana", 403), ("duri", 403), ("gong", 403)):
        assert [client_as(name).get(path).status_code for path in paths] == [code, code], name
    page = client_as("pyeong").get(paths[0]).get_data(as_text=True)
    assert "설비와 화면을 함께 보았고" in page and actor("un").name not in page


def test_a_picture_tells_nothing_of_its_camera_or_its_name(client_as, reported):
    answer = client_as("pyeong").get(f"/evaluation/visits/{reported.key}/photos/{reported.photos[0].key}")
    assert b"OwnerHan" not in answer.data and b"pixels" in answer.data
    assert "한결" not in answer.headers["Content-Disposition"]


def test_a_draft_is_not_read_by_the_panel(client_as, actor, at_site):
    un = actor("un")
    planned(un, at_site)
    visit = visits.save_report(un, at_site, answers={}, report="초안의 말", version=None, hand_in=False)
    assert client_as("pyeong").get(f"/evaluation/visits/{visit.key}").status_code == 404
    assert client_as("jang").get(f"/evaluation/visits/{visit.key}").status_code == 404


def test_a_report_hides_the_name_where_the_phase_does(client_as, actor, at_site):
    un, firm = actor("un"), at_site.organisation.name
    with_phases(at_site.call, *but(PhaseKind.SITE, sees_names=False))
    planned(un, at_site)
    told = f"{firm} 공장은 신청서와 같았습니다. {REPORT}"
    with afterwards(at_site):
        visit = visits.save_report(un, at_site, answers=answers(), report=told, version=None, hand_in=True)
    page = client_as("pyeong").get(f"/evaluation/visits/{visit.key}").get_data(as_text=True)
    assert firm not in page and "신청기업" in page
    assert firm in client_as("jang").get(f"/evaluation/visits/{visit.key}").get_data(as_text=True)


# --- presentations ------------------------------------------------------------------------------------------------


def slots(un, case, **changes):
    given = {"day": a_day(), "first": time(9, 30), "last": time(11, 0), "minutes": 30, "pause": 10, "place": "3층 회의실"}
    return presentations.offer(un, case.call, **{**given, **changes})


def test_slots_are_offered_once_per_place(actor, presenting):
    un = actor("un")
    made = slots(un, presenting)
    assert [f"{clock.kst(one.starts_at):%H:%M}" for one in made] == ["09:30", "10:10"]
    with pytest.raises(RuleBroken) as refused:
        slots(un, presenting, first=time(10, 0))
    assert refused.value.code == "appointment_overlap"
    assert len(slots(un, presenting, place="5층")) == 2


def test_a_case_presents_once_and_a_slot_is_taken_once(actor, presenting):
    un = actor("un")
    first, second = slots(un, presenting)
    booking = presentations.place(un, presenting, first.key)
    assert presentations.place(un, presenting, first.key).id == booking.id
    other = make.in_evaluation(actor("duri"), actor("gong"), call=presenting.call)
    with pytest.raises(RuleBroken) as refused:
        presentations.place(un, other, first.key)
    assert refused.value.code == "evaluation_not_presenting"
    for kind in (PhaseKind.WRITTEN, PhaseKind.SITE):
        phasing.waive(un, other, kind, "발표만 듣기로 했습니다 (합성)")
    with pytest.raises(RuleBroken) as refused:
        presentations.place(un, other, first.key)
    assert refused.value.code == "appointment_taken"
    presentations.place(un, presenting, second.key)
    assert presentations.place(un, other, first.key).subject_id == other.id
    with pytest.raises(RuleBroken):
        presentations.withdraw(un, presenting.call, first.key)


def test_the_whole_panel_attends_and_nobody_is_in_two_places(actor, presenting, bora):
    un, pyeong, jang = actor("un"), actor("pyeong"), actor("jang")
    other = make.in_evaluation(actor("duri"), actor("gong"), call=presenting.call)
    make.assigned(un, other, [pyeong, make.an_evaluator("다른위원")], jang)
    for kind in (PhaseKind.WRITTEN, PhaseKind.SITE):
        phasing.waive(un, other, kind, "발표만 듣기로 했습니다 (합성)")
    here, there = slots(un, presenting)[0], slots(un, presenting, place="5층")[0]
    assert presentations.place(un, presenting, here.key).people == {pyeong.id, bora.id, jang.id}
    with pytest.raises(RuleBroken) as refused:
        presentations.place(un, other, there.key)
    assert (refused.value.code, refused.value.values) == ("appointment_busy", {"count": 2})
    done = presentations.place_all(un, other.call)
    assert (done.placed, done.left) == (1, ())
    assert presentations.booking_of(other.id).slot.starts_at != here.starts_at


def test_who_leaves_the_panel_need_not_come(actor, presenting, bora):
    un = actor("un")
    third = make.an_evaluator("셋째위원")
    presentations.place(un, presenting, slots(un, presenting)[0].key)
    make.assigned(un, presenting, [third, make.an_evaluator("넷째위원")], actor("jang"))
    outbox.deliver_due()
    assert third.id in presentations.booking_of(presenting.id).people
    service.recuse(third, make.assignment_of(third, presenting), RecusalReason.OTHER)
    outbox.deliver_due()
    assert third.id not in presentations.booking_of(presenting.id).people


def test_the_firm_is_told_time_and_place_and_nobody(client_as, actor, presenting, bora):
    un = actor("un")
    browser, path = client_as("hana"), f"/evaluation/schedule/{presenting.key}"
    assert "아직 발표 시간이 정해지지 않았습니다" in browser.page(path).text
    assert browser.get(f"{path}/presentation.ics").status_code == 404
    presentations.place(un, presenting, slots(un, presenting)[0].key)
    letter = next(one for one in letters("발표 일정") if "발표 평가 일정을 알려" in one.body)
    ics = browser.get(f"{path}/presentation.ics")
    told = "\n".join([browser.page(path).text, browser.page(f"/applications/{presenting.key}").text, letter.body])
    told += ics.get_data(as_text=True)
    assert "3층 회의실" in told and "09:30" in told
    for name in ("박평가", "이보라", "정위원장", un.name):
        assert name not in told
    assert ics.mimetype == "text/calendar" and b"BEGIN:VEVENT\r\n" in ics.data
    assert client_as("duri").get(path).status_code == 404


def test_the_panel_sees_its_own_timetable(client_as, actor, presenting, bora):
    un = actor("un")
    presentations.place(un, presenting, slots(un, presenting)[0].key)
    for name in ("pyeong", "jang"):
        assert presenting.number in client_as(name).page("/evaluation/timetable").text
        assert presenting.number.encode() in client_as(name).get("/evaluation/timetable.ics").data
    assert presenting.number not in client_as("nam").page("/evaluation/timetable").text
    letter = next(one for one in letters("발표 평가 일정") if "맡으신 건" in one.body)
    assert presenting.organisation.name not in letter.body


def test_a_withdrawn_firm_gives_its_time_back(actor, presenting):
    from portal.applications import service as applications

    presentations.place(actor("un"), presenting, slots(actor("un"), presenting)[0].key)
    applications.withdraw(actor("hana"), presenting.key, "합성 사유")
    outbox.deliver_due()
    assert presentations.booking_of(presenting.id) is None
    assert appointments.attended_by(actor("pyeong").id, "presentation", clock.now()) == []


def test_slots_of_another_call_and_cases_out_of_sight_are_not_there(actor, presenting):
    from tests.factories.applications import a_call

    other = a_call(title_ko="다른 공고 (합성)")
    slot = presentations.offer(
        actor("un"), other, day=a_day(), first=time(9, 0), last=time(10, 0), minutes=30, pause=0, place="x"
    )[0]
    with pytest.raises(NotVisible):
        presentations.place(actor("un"), presenting, slot.key)


# --- the operator's pages -----------------------------------------------------------------------------------------


def test_a_plan_is_saved_on_its_page_and_wrong_input_stays_typed(client_as, actor, case):
    browser, path = client_as("un"), f"/operator/calls/{case.call.key}/evaluation"
    page = browser.page(path)
    answer = browser.submit(
        page, {"reviews": "3", "max_load": "-1", "site_used": "y", "site_waived": "y", "disagreement": "many"}
    )
    assert answer.status_code == 422
    again = Page(answer)
    assert {"max_load", "disagreement"} >= set(again.errors()) - {"site_waived_reason"}
    assert again.values()["reviews"] == "3" and again.values()["max_load"] == "-1"
    changes = {"max_load": "12", "disagreement": "1.5", "site_waived": None, "site_hides_names": "y", "ranked": "y"}
    assert browser.submit(again, changes).status_code == 302
    plan, kept = plans.plan_of(session.get(Call, case.call_id)), plans.phases_of(case.call_id)
    assert (plan.reviews, plan.max_load, plan.disagreement, plan.ranked) == (3, 12, 1.5, True)
    assert [(one.kind, one.sees_names) for one in kept if one.kind is PhaseKind.SITE] == [(PhaseKind.SITE, False)]
    stale = browser.submit(page, {"reviews": "4"})
    assert stale.status_code == 409 and "4" in stale.get_data(as_text=True)


def test_the_operators_pages_open_in_every_phase(client_as, actor, case, two_reviews):
    un = client_as("un")
    call, key = case.call.key, case.key
    pages = [
        f"/operator/calls/{call}",
        f"/operator/calls/{call}/evaluation",
        f"/operator/calls/{call}/phases",
        f"/operator/calls/{call}/presentations",
        f"/operator/cases/{key}/phase",
        f"/operator/cases/{key}/visit",
    ]
    for path in pages:
        un.page(path)
    with_phases(case.call)
    un.page(pages[2])
    assert un.post(f"/operator/calls/{call}/phases/written/advance").status_code == 302
    for path in pages:
        un.page(path)
    assert client_as("hana").page(f"/evaluation/schedule/{key}")
    planned(actor("un"), case)
    un.page(pages[-1])
    assert un.post(f"/operator/cases/{key}/advance").status_code == 422
    data = {"kind": "site", "reason": "다른 사업에서 확인했습니다"}
    assert un.post(f"/operator/cases/{key}/waive", data=data).status_code == 302
    data = {"day": a_day().isoformat(), "first": "09:00", "last": "12:00", "minutes": "30", "pause": "0", "place": "3층"}
    assert un.post(pages[3], data=data).status_code == 302
    un.page(pages[3])
    assert un.post(f"/operator/calls/{call}/presentations/place-all").status_code == 302
    for path in pages:
        un.page(path)
    assert len(ALL) == 4


# --- after the presentation -----------------------------------------------------------------------------------------


def test_scores_may_be_revised_once_the_case_has_presented(client_as, actor, presenting, bora):
    un, pyeong = actor("un"), actor("pyeong")
    assignment = make.assignment_of(pyeong, presenting)
    path = f"/evaluation/cases/{assignment.key}"
    booking = presentations.place(un, presenting, slots(un, presenting)[0].key)
    assert consensus.revision_cause(assignment) is None
    with transaction():  # the hour has come
        slot = session.get(type(booking.slot), booking.slot_id)
        slot.starts_at = clock.now() - timedelta(minutes=5)
    browser = client_as("pyeong")
    assert "발표를 들은 뒤 평가를 고칠 수 있습니다" in browser.page(path).text
    page = browser.page(f"{path}/revise")
    first = make.rubric.newest().criteria[0]
    assert browser.submit(page, {f"{first.code}_points": "1", "why": "짧음"}).status_code == 422
    why = "발표에서 설비가 아직 계약되지 않았다고 들어 낮춥니다. 합성(예시) 까닭입니다."
    assert browser.submit(page, {f"{first.code}_points": "1", "why": why}).status_code == 302
    session.expire_all()
    review = make.assignment_of(pyeong, presenting).review
    assert review.scores[first.code]["points"] == 1


def test_an_operator_of_another_region_gives_no_slots_by_any_door(actor, presenting):
    un = actor("un")
    elsewhere = replace(un, roles=frozenset({Role.OPERATOR_REGION}), region="busan")
    hours = {"day": a_day(), "first": time(9, 0), "last": time(10, 0), "minutes": 30, "pause": 0, "place": "합성 회의실"}
    with pytest.raises(NotVisible):
        presentations.offer(elsewhere, presenting.call, **hours)
    slot = presentations.offer(un, presenting.call, **hours)[0]
    with pytest.raises(NotVisible):
        presentations.withdraw(elsewhere, presenting.call, slot.key)
    with pytest.raises(NotVisible):
        presentations.place_all(elsewhere, presenting.call)
