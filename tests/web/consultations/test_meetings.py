"""Times that a supplier offers: one company takes one, whoever else presses; both get it into their calendars."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta

import pytest
import sqlalchemy as sa

from portal.accounts import service as accounts
from portal.accounts.rules import OrganisationKind, Role
from portal.appointments.models import Booking
from portal.base import clock
from portal.base.access import SYSTEM, RuleBroken
from portal.base.db import session, transaction
from portal.base.workdays import next_workday
from portal.consultations import meetings, service
from portal.consultations.models import Consultation
from portal.consultations.rules import Outcome, Status, Topic
from tests.cast import Member
from tests.client import Page
from tests.factories import consultations as talks
from tests.factories import directory as suppliers


@pytest.fixture
def running(actor, cast):
    """The thread of hana and gong, accepted."""
    return talks.accepted(actor("hana"), actor("gong"), suppliers.approved_listing(cast["gong"].organisation_id))


def path(row):
    return f"/consultations/{row.key}"


def test_a_time_is_offered_booked_moved_and_called_off(client_as, running, drain):
    hana, gong = client_as("hana"), client_as("gong")
    day = next_workday(clock.today() + timedelta(days=3))
    form = {"day": day.isoformat(), "first": "10:00", "last": "12:00", "minutes": "60", "pause": "0", "place": "합성 회의실"}
    assert gong.post("/consultations/times", data=form).status_code == 302
    drain()
    page = hana.page(path(running))
    first, second = [box["value"] for box in page.soup.select("input[name=slot]")]
    for slot in (first, second):
        assert hana.submit(page, {"slot": slot}, action="/meeting").status_code == 302
    letters = drain()
    assert [letter.to for letter in letters] == ["hana@example.kr", "gong@example.kr"] * 2
    assert "합성 회의실" in letters[-1].body and f"{day} 11:00" in letters[-1].body
    file = gong.get(f"{path(running)}/meeting.ics").get_data(as_text=True)
    assert "SUMMARY:공급기업 상담 하나정밀 (합성)" in file and f"DTSTART:{day:%Y%m%d}T020000Z" in file
    assert "example.kr" not in file
    assert "하나정밀" in gong.page("/consultations/times").text
    assert hana.get("/consultations/calendar.ics").get_data().count(b"BEGIN:VEVENT") == 1
    assert hana.post(f"{path(running)}/meeting/cancel").status_code == 302
    assert [letter.subject for letter in drain()] == ["상담 시간이 취소되었습니다"] * 2
    assert hana.get(f"{path(running)}/meeting.ics").status_code == 404


def test_who_comes_too_late_reads_the_next_free_times(client_as, running, actor, drain, inside, cast):
    gong, duri = actor("gong"), actor("duri")
    wanted, free = talks.slot(gong, hour=10), talks.slot(gong, hour=14)
    other = service.accept(gong, service.request(duri, running.listing.key, Topic.VISIT, talks.NEED).key)
    hana = client_as("hana")
    page = hana.page(path(running))
    meetings.book(duri, other.key, wanted.key)
    answer = hana.submit(page, {"slot": wanted.key}, action="/meeting")
    told = Page(answer)
    assert answer.status_code == 422
    assert "이미 예약된 시간입니다. 다른 시간을 골라 주세요." in told.soup.select_one("#slot-error").text
    assert [box["value"] for box in told.soup.select("input[name=slot]")] == [free.key]
    assert "두리금속" not in told.text


def test_a_time_in_the_past_is_refused(frozen, running, actor):
    slot = talks.slot(actor("gong"))
    frozen.tick(timedelta(days=2))
    with pytest.raises(RuleBroken) as refused:
        meetings.book(actor("hana"), running.key, slot.key)
    assert (refused.value.code, refused.value.field) == ("appointment_past", "slot")
    with pytest.raises(RuleBroken) as refused:
        offer(actor, clock.today() - timedelta(days=1))
    assert (refused.value.code, refused.value.field) == ("appointment_past", "day")


def offer(actor, day):
    return meetings.offer(
        actor("gong"), day=day, first=time(10), last=time(11), minutes=60, pause=0, place="합성 회의실"
    )


@pytest.mark.parametrize(
    ("day", "name"), [(datetime(2026, 9, 25), "추석"), (datetime(2026, 7, 4), "2026-07-04은(는) 쉬는 날입니다.")]
)
def test_times_are_offered_on_working_days_only(frozen, client_as, cast, day, name):
    form = {"day": f"{day:%Y-%m-%d}", "first": "10:00", "last": "12:00", "minutes": "60", "pause": "0", "place": "합성"}
    answer = client_as("gong").post("/consultations/times", data=form)
    assert answer.status_code == 422
    assert name in Page(answer).errors()["day"]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_out_of_reach_is_told_at_its_field(client_as, day):
    """Planted: the year 1 has no moment before it to which Korean midnight could be reckoned."""
    form = {"day": day, "first": "00:00", "last": "23:00", "minutes": "60", "pause": "0", "place": "합성"}
    answer = client_as("gong").post("/consultations/times", data=form)
    assert answer.status_code == 422
    assert set(Page(answer).errors()) == {"day"}


def test_a_meeting_ahead_is_off_when_both_have_closed(running, actor):
    hana, gong = actor("hana"), actor("gong")
    meetings.book(hana, running.key, talks.slot(gong).key)
    for side in (hana, gong):
        service.close(side, running.key, Outcome.QUOTE)
    assert meetings.booking_of(session.get(Consultation, running.id)) is None


def test_notes_are_read_by_both_and_written_once(client_as, running):
    gong, hana = client_as("gong"), client_as("hana")
    page = gong.page(path(running))
    for _ in range(2):
        gong.submit(page, {"said": "현장에서 라인을 보았습니다.", "next_step": "견적"}, action="/notes")
    told = hana.page(path(running)).text
    assert told.count("현장에서 라인을 보았습니다.") == 1 and "견적" in told
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    refused = hana.post(f"{path(running)}/notes", data={"met_on": tomorrow, "said": "합성"})
    assert refused.status_code == 422 and set(Page(refused).errors()) == {"met_on"}


def test_fifty_requests_for_one_time_have_one_winner(app, context, running, actor):
    """Fifty companies press at the same moment: one gets the time, the others read which are free."""
    gong = actor("gong")
    wanted, free = talks.slot(gong, hour=10), talks.slot(gong, hour=14)
    people = crowd(running, 50)
    keys = {member.id: key for member, key in people}
    address, slot_id = wanted.key, wanted.id
    session.remove()

    def press(member):
        browser = app.test_client()
        browser.sign_in(member)
        answer = browser.post(f"/consultations/{keys[member.id]}/meeting", data={"slot": address}, check=False)
        return answer.status_code, answer.get_data(as_text=True)

    with ThreadPoolExecutor(50) as pool:
        met = list(pool.map(press, [member for member, _ in people]))
    assert sorted(status for status, _ in met) == [302] + [422] * 49
    assert all("이미 예약된 시간입니다" in text and free.key in text for status, text in met if status == 422)
    assert session.scalar(sa.select(sa.func.count(Booking.id)).where(Booking.slot_id == slot_id)) == 1


def crowd(running, size):
    """So many companies in consultation with one supplier, each with a person who is signed in."""
    found = []
    with transaction():
        for number in range(size):
            firm = accounts.add_organisation(SYSTEM, OrganisationKind.COMPANY, f"합성 {number}")
            person = accounts.add_person(
                SYSTEM, email=f"crowd{number}@example.kr", name="합성", roles={Role.SME_OWNER},
                organisation=firm, confirmed=True, consents={"terms": "2026-11", "privacy": "2026-11"},
            )  # fmt: skip
            row = Consultation(
                company_id=firm.id, supplier_id=running.supplier_id, listing_id=running.listing_id,
                topic=Topic.QUOTE, need="합성", status=Status.ACCEPTED, asked_by_id=person.id,
            )  # fmt: skip
            session.add(row)
            session.flush()
            token = accounts.begin_session(person, "tests")
            member = Member("crowd", person.id, person.key, firm.id, person.fs_uniquifier, token, None)
            found.append((member, row.key))
    return found


