"""Matching days of the demo country: one that takes wishes, one whose timetable is out, one that is over."""

from __future__ import annotations

from datetime import time, timedelta

from portal.accounts.models import Organisation
from portal.base import clock
from portal.base.db import session
from portal.demo.country import Country
from portal.matchdays import arranging, queries, service, work
from portal.matchdays.models import Attendee, MatchDay
from portal.matchdays.rules import Attendance, Channel, MeetingOutcome, Note, Reply, Side

NEEDS = (
    "작업지시가 종이라 실적이 하루 늦게 모입니다. (합성)",
    "재고가 맞지 않아 자재를 두 번 삽니다. (합성)",
    "불량을 눈으로 찾는데 놓치는 것이 많습니다. (합성)",
    "설비가 왜 섰는지 남지 않습니다. (합성)",
)
PLACE = "합성(예시) 상공회의소 2층 강당"


def gatherings(country: Country) -> None:
    """Companies and suppliers meet at tables."""
    with country.on(1):
        _day(country, "가을 매칭데이 (합성)", ahead=21, companies=8, suppliers=5)
    with country.on(6):
        sent = _day(country, "설비·품질 매칭데이 (합성)", ahead=9, companies=12, suppliers=6)
        _timetable(country, sent)
    with country.on(40):
        over = _day(country, "여름 매칭데이 (합성)", ahead=20, companies=10, suppliers=5)
        _timetable(country, over)
    with country.on(20):
        kinds = [*MeetingOutcome]
        notes = {
            one.key: Note(Attendance.NO_COMPANY)
            if at % 9 == 8
            else Note(Attendance.BOTH, kinds[at % len(kinds)], "합성 메모")
            for at, one in enumerate(queries.meetings(over))
        }
        arranging.record(country.operator, over.key, notes)


def _day(country: Country, title: str, ahead: int, companies: int, suppliers: int) -> MatchDay:
    today = clock.today()
    facts = {
        "title": title,
        "day": today + timedelta(days=ahead),
        "place": PLACE,
        "region": "",
        "first": time(13, 0),
        "minutes": 30,
        "pause": 5,
        "slots": 6,
        "tables": suppliers,
        "per_company": 3,
        "wishes_until": today + timedelta(days=ahead - 2),
        "note": "주차는 건물 뒤편입니다. 자료는 10분 안에 볼 수 있는 것만 가져오세요. (합성)",
    }
    day = service.save_day(country.operator, facts)
    houses = [one.organisation_id for one, _ in country.firms[:companies]]
    houses += [one.organisation_id for one, _, _ in country.suppliers if service.is_public(one.organisation_id)][:suppliers]
    keys = [session.get_one(Organisation, one).key for one in houses]
    service.invite(country.operator, day.key, keys)
    rows = queries.attendees(day)
    offering = [one for one in rows if one.side is Side.SUPPLIER]
    seeking = [one for one in rows if one.side is Side.COMPANY]
    for row in offering:
        _say(country, day, row, [])
    for at, row in enumerate(seeking[: companies - 1]):
        _say(country, day, row, country.random.sample(offering, min(4, len(offering))), NEEDS[at % len(NEEDS)])
    for row in offering[:-1]:
        _say(country, day, row, country.random.sample(seeking[:-1], 3))
    return service.open_day(country.operator, day.key)


def _say(country: Country, day: MatchDay, row: Attendee, wanted: list[Attendee], need: str = "") -> None:
    reply = Reply(
        coming=True, ranks={one.id: at for at, one in enumerate(wanted, start=1)}, need=need, note="합성 통화 기록"
    )
    service.enter(country.operator, day.key, row.key, reply, Channel.PHONE)


def _timetable(country: Country, day: MatchDay) -> None:
    work.run(arranging.ask(country.operator, day.key).id)
    arranging.publish(country.operator, day.key, arranging.table_of(day).digest)
