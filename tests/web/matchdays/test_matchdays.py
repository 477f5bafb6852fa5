"""A matching day from its plan to what came of it: wishes by themselves, by phone and by sheet, the timetable, its papers."""

import io
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook

from portal.accounts import queries as accounts
from portal.accounts.models import Person
from portal.appointments import queries as appointments
from portal.base import clock
from portal.base.access import SYSTEM, RuleBroken
from portal.base.audit import AuditRow
from portal.base.db import session
from portal.directory import suspension
from portal.directory.oversight import SuspensionGround
from portal.matchdays import arranging, queries, service, sheet
from portal.matchdays.models import Attendee, Meeting, Wish
from portal.matchdays.rules import Attendance, Channel, DayState, MeetingOutcome, Reply
from tests.client import Page
from tests.factories import matchdays

NEED = "합성(예시) 재고가 맞지 않습니다"


def attendees(day):
    return {one.name.split()[0]: one for one in queries.attendees(day)}


def answer(browser, day, wanted, **more):
    """Send the own answer; wanted: name → what is chosen."""
    page = browser.page(f"/matchdays/{day.key}")
    labels = {
        label.text.split(":")[0].split()[0]: page.soup.find(id=label["for"])["name"]
        for label in page.soup.select(".wish label")
    }
    return browser.submit(
        page, {"coming": "yes", **{labels[name]: rank for name, rank in wanted.items()}, **more}, action=None
    )


def test_wishes_come_in_and_are_seen_by_whom_they_concern(client_as, day, inside):
    hana, gong = client_as("hana"), client_as("gong")
    refused = answer(hana, day, {"공급솔루션": "1"})
    assert refused.status_code == 422
    assert "need" in Page(refused).errors()
    assert answer(hana, day, {"공급솔루션": "1"}, need=NEED).status_code == 302
    assert answer(gong, day, {"하나정밀": "x"}).status_code == 302
    stored = inside(lambda: [(one.rank, one.attendee_id) for one in session.query(Wish).order_by(Wish.id)])
    assert [rank for rank, _ in stored] == [1, None]
    page = gong.page(f"/matchdays/{day.key}")
    assert NEED in page.text and "만나고 싶어" in page.text
    assert "두리금속" not in page.text  # asked, but it has not said that it comes
    people = client_as("un").page(f"/operator/matchdays/{day.key}/people?side=supplier")
    assert "만나지 않음 1곳" in people.text


def test_a_supplier_that_nobody_asked_reads_of_companies_only_when_it_comes(client_as, day, inside, cast):
    answer(client_as("hana"), day, {"공급솔루션": "1"}, need=NEED)

    def leave():
        own = session.query(Attendee).filter_by(organisation_id=cast["gong"].organisation_id).one()
        session.delete(own)
        session.commit()

    inside(leave)
    gong = client_as("gong")
    page = gong.page(f"/matchdays/{day.key}")
    assert (NEED in page.text, "하나정밀" in page.text) == (False, False)
    assert gong.submit(page, {"coming": "yes"}, action=None).status_code == 302
    assert NEED in gong.page(f"/matchdays/{day.key}").text
    assert answer(gong, day, {}, coming="no").status_code == 302
    assert NEED not in gong.page(f"/matchdays/{day.key}").text


def test_a_stale_answer_and_a_late_one_are_refused(client_as, cast, frozen, day, inside):
    hana = client_as("hana")
    page = hana.page(f"/matchdays/{day.key}")
    assert answer(hana, day, {}, need=NEED).status_code == 302
    page = hana.page(f"/matchdays/{day.key}")
    assert answer(hana, day, {}, need="합성 다른 일").status_code == 302
    assert hana.submit(page, {"coming": "yes", "need": "합성 늦은 글"}, action=None).status_code == 409
    clock.tick(timedelta(days=8))
    assert not client_as("hana").page(f"/matchdays/{day.key}").soup.select("form[method=post] [name=coming]")
    with pytest.raises(RuleBroken, match="matchday_closed"):
        reply = Reply(coming=True, ranks={}, need=NEED)
        inside(lambda: service.join(accounts.actor_of(session.get(Person, cast["hana"].id)), day.key, reply))
    assert inside(lambda: attendees(day)["하나정밀"].need) == "합성 다른 일"


def test_from_wishes_by_phone_to_letters_calendars_and_outcomes(client_as, frozen, day, drain, inside):
    un = client_as("un")
    rows = inside(lambda: attendees(day))
    for name, wanted in (("공급솔루션", ()), ("하나정밀", ("공급솔루션",)), ("두리금속", ("공급솔루션",))):
        page = un.page(f"/operator/matchdays/{day.key}/people/{rows[name].key}")
        typed = {"coming": "yes", "note": "대표와 통화", **{f"rank_{rows[one].key}": "1" for one in wanted}}
        if name != "공급솔루션":
            typed["need"] = NEED
        assert un.submit(page, typed, action=None).status_code == 302
    assert inside(lambda: {one.channel for one in queries.attendees(day)}) == {Channel.PHONE}
    address = f"/operator/matchdays/{day.key}/timetable"
    assert un.submit(un.page(address), {}, action="/solve").status_code == 302
    assert un.get(f"{address}/state").json["open"] is True
    drain()
    assert un.get(f"{address}/state").json["open"] is False
    page = un.page(address)
    assert "하나정밀" in page.text and "두리금속" in page.text
    # moved by hand: only where both are free, and the free time takes it
    first = inside(lambda: queries.meetings(queries.by_key(SYSTEM, day.key)))[0]
    busy = inside(lambda: queries.meetings(queries.by_key(SYSTEM, day.key)))[1].slot
    free = next(slot for slot in range(day.slots) if slot not in (first.slot, busy))
    own = f"/operator/matchdays/{day.key}/meetings/{first.key}"
    assert un.submit(un.page(own), {"slot": str(busy)}, action="/move").status_code == 422
    assert un.submit(un.page(own), {"slot": str(free)}, action="/move").status_code == 302
    stale = un.page(address)
    other = inside(lambda: queries.meetings(queries.by_key(SYSTEM, day.key)))
    assert un.submit(un.page(own), {"other": next(one.key for one in other if one.id != first.id)}, action="/swap").status_code == 302
    assert un.submit(stale, {}, action="/publish").status_code == 422
    assert un.submit(un.page(address), {}, action="/publish").status_code == 302
    letters = drain()
    assert sorted(one.to for one in letters) == ["duri@example.kr", "gong@example.kr", "hana@example.kr"]
    assert "공급솔루션" in next(one.body for one in letters if one.to.startswith("hana"))
    booked = inside(lambda: appointments.bookings_of(queries.PURPOSE, queries.SUBJECT, [one.id for one in other]))
    assert {one.slot.starts_at for one in booked.values()} == {
        day.spans[one.slot][0] for one in inside(lambda: queries.meetings(queries.by_key(SYSTEM, day.key)))
    }
    calendar = client_as("hana").get(f"/matchdays/{day.key}/calendar.ics").text
    assert calendar.count("BEGIN:VEVENT") == 1 and "공급솔루션" in calendar and "두리금속" not in calendar
    assert un.get(f"{address}.ics").text.count("BEGIN:VEVENT") == 2
    assert un.get(f"{address}.pdf").data.startswith(b"%PDF-")
    book = load_workbook(io.BytesIO(un.get(f"{address}.xlsx").data))
    traces = inside(lambda: session.scalars(sa.select(AuditRow.detail).where(AuditRow.action == "matchday.export").order_by(AuditRow.id)).all())
    assert [json.loads(one) for one in traces] == [{"kind": "ics"}, {"kind": "pdf"}, {"kind": "xlsx"}]
    assert [sheet.title for sheet in book] == ["일정표", "시간×상담석", "도입기업", "공급기업"]
    assert book["일정표"].max_row == 3
    # the day itself
    hall = f"/operator/matchdays/{day.key}/hall?slot={first.slot}"
    assert "당일부터" in un.page(hall).text
    clock.tick(timedelta(days=14))
    un = client_as("un")
    slot = inside(lambda: queries.meeting(queries.by_key(SYSTEM, day.key), first.key).slot)
    hall = f"/operator/matchdays/{day.key}/hall?slot={slot}"
    wrong = {f"came_{first.key}": "no_company", f"outcome_{first.key}": "quote"}
    assert un.submit(un.page(hall), wrong, action=None).status_code == 422
    assert un.submit(un.page(hall), {f"outcome_{first.key}": "quote"}, action=None).status_code == 302
    kept = inside(lambda: session.get(Meeting, first.id))
    assert (kept.attendance, kept.outcome) == (Attendance.BOTH, MeetingOutcome.QUOTE)
    assert "견적을 받기로 함" in un.page(f"/operator/matchdays/{day.key}").text
    verbs = inside(lambda: {row.action for row in session.query(AuditRow) if row.action.startswith("matchday.")})
    assert {"matchday.answer", "matchday.solve", "matchday.move", "matchday.swap", "matchday.publish", "matchday.record"} <= verbs


def test_a_sheet_is_taken_over_whole_or_not_at_all(client_as, day, inside):
    un = client_as("un")
    book = load_workbook(io.BytesIO(un.get(f"/operator/matchdays/{day.key}/sheet.xlsx").data))
    page = book.worksheets[0]
    by_name = {str(page.cell(row, 3).value).split()[0]: row for row in range(2, page.max_row + 1)}
    assert set(by_name) == {"하나정밀", "두리금속", "공급솔루션"}
    for row in by_name.values():
        page.cell(row, 4).value = "예"
        page.cell(row, 5).value = NEED
    page.cell(by_name["하나정밀"], 8).value = "공급솔루션 (합성)"
    page.cell(by_name["두리금속"], 8).value = "999-81-00034"
    page.cell(by_name["공급솔루션"], 8).value = 9998100029.0
    page.cell(page.max_row + 1, 1).value = "도입기업"

    def send():
        out = io.BytesIO()
        book.save(out)
        return un.post(
            f"/operator/matchdays/{day.key}/sheet",
            data={**un.page(f"/operator/matchdays/{day.key}/sheet").values(), "file": (io.BytesIO(out.getvalue()), "희망.xlsx")},
        )

    address = send().headers["Location"]
    report = un.page(address)
    assert "아무것도 반영하지 않습니다" in report.text and "사업자등록번호 10자리" in report.text
    with pytest.raises(RuleBroken, match="matchday_sheet_blocked"):
        inside(lambda: sheet.take_over(SYSTEM, day.key, address.rsplit("/", 1)[1], "whatever"))
    assert inside(lambda: session.query(Wish).count()) == 0
    page.delete_rows(page.max_row)
    address = send().headers["Location"]
    report = un.page(address)
    assert "1 공급솔루션" in report.text
    assert un.submit(report, {}, action=None).status_code == 302
    assert un.submit(report, {}, action=None).status_code == 302
    assert inside(lambda: session.query(Wish).count()) == 3
    assert inside(lambda: {one.channel for one in queries.attendees(day)}) == {Channel.SHEET}
    broken = un.post(
        f"/operator/matchdays/{day.key}/sheet",
        data={**un.page(f"/operator/matchdays/{day.key}/sheet").values(), "file": (io.BytesIO(b"PK\x03\x04xl/"), "x.xlsx")},
    )
    assert broken.status_code == 422


def test_a_supplier_reads_of_companies_without_addresses_and_only_while_it_is_public(client_as, day, inside, cast):
    inside(lambda: matchdays.said(day, attendees(day)["하나정밀"], need="공정 자동화, 010-9999-1111 또는 hana 골뱅이 firm.com"))
    gong = client_as("gong")
    page = gong.page(f"/matchdays/{day.key}")
    assert "하나정밀" in page.text and "공정 자동화" in page.text
    assert "9999" not in page.text and "firm" not in page.text
    listing = inside(lambda: matchdays.directory.queries.of_organisation(cast["gong"].organisation_id))
    inside(lambda: suspension.suspend(SYSTEM, listing.id, SuspensionGround.CHECKING, "합성 사유"))
    assert "하나정밀" not in gong.page(f"/matchdays/{day.key}").text


@pytest.mark.one_database
def test_a_timetable_that_could_not_be_made_leaves_its_trace(day, inside):
    def broken():
        rows = attendees(day)
        matchdays.said(day, rows["공급솔루션"])
        matchdays.said(day, rows["하나정밀"], rows["공급솔루션"])
        arranging.fail(arranging.ask(SYSTEM, day.key).id, "matchday_broken")
        return [row.action for row in session.query(AuditRow) if row.action == "matchday.not_solved"]

    assert inside(broken) == ["matchday.not_solved"]


def test_a_suspended_supplier_is_gone_at_once(client_as, day, inside, make, cast, drain):
    def arrange():
        rows = attendees(day)
        matchdays.said(day, rows["공급솔루션"])
        matchdays.said(day, rows["하나정밀"], rows["공급솔루션"])
        return matchdays.solved(day).figures.meetings

    assert inside(arrange) == 1
    listing = inside(lambda: matchdays.directory.queries.of_organisation(cast["gong"].organisation_id))
    inside(lambda: suspension.suspend(SYSTEM, listing.id, SuspensionGround.CHECKING, "합성 사유"))
    page = client_as("un").page(f"/operator/matchdays/{day.key}/timetable")
    assert "참가하지 않게 된 곳의 만남이 1번" in page.text
    table = inside(lambda: arranging.table_of(queries.by_key(SYSTEM, day.key)))
    with pytest.raises(RuleBroken, match="matchday_not_coming"):
        inside(lambda: arranging.publish(SYSTEM, day.key, table.digest))
    with pytest.raises(RuleBroken, match="matchday_nobody"):
        inside(lambda: arranging.ask(SYSTEM, day.key))


def test_a_day_of_another_place_does_not_exist(client_as, make, inside, day):
    draft = make.planned()
    assert client_as("hana").get(f"/matchdays/{draft.key}").status_code == 404
    assert "합성 매칭데이" in client_as("hana").page("/matchdays").text
    inside(lambda: service.cancel_day(SYSTEM, day.key, "합성 까닭"))
    assert "합성 까닭" in client_as("hana").page(f"/matchdays/{day.key}").text
    assert inside(lambda: queries.by_key(SYSTEM, day.key).state) is DayState.CANCELLED


@pytest.mark.one_database
def test_everybody_who_comes_is_booked_at_one_table_at_a_time(make, inside):
    day = make.crowd(8, 4, slots=4)
    table = inside(lambda: matchdays.solved(queries.by_key(SYSTEM, day.key)))
    assert (table.figures.blocks, table.figures.busy) == (0, 4)
    inside(lambda: arranging.publish(SYSTEM, day.key, table.digest))
    booked = inside(lambda: appointments.bookings_of(queries.PURPOSE, queries.SUBJECT, [m.id for m in table.meetings]))
    assert len(booked) == len(table.meetings) > 8
    assert len({(one.slot.starts_at, one.slot.place) for one in booked.values()}) == len(booked)
