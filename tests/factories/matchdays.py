"""A matching day of hana, duri and gong, and larger ones with companies and suppliers of their own."""

from __future__ import annotations

import io
import random
from datetime import time, timedelta
from typing import Any

from portal.accounts import service as accounts
from portal.accounts.models import Organisation
from portal.accounts.rules import OrganisationKind, Role
from portal.base import clock
from portal.base.access import SYSTEM, Actor
from portal.base.db import session, transaction
from portal.matchdays import arranging, queries, service, sheet, work
from portal.matchdays.models import Attendee, MatchDay
from portal.matchdays.rules import Channel, Reply, Side
from tests.factories import directory

NEED = "합성(예시) 작업지시를 종이로 합니다"


def facts(**changes: Any) -> dict[str, Any]:
    today = clock.today()
    return {
        "title": "합성 매칭데이",
        "day": today + timedelta(days=14),
        "place": "합성 회의장",
        "region": "",
        "first": time(13, 0),
        "minutes": 30,
        "pause": 0,
        "slots": 4,
        "tables": 3,
        "per_company": 2,
        "wishes_until": today + timedelta(days=7),
        "note": "",
        **changes,
    }


def planned(actor: Actor = SYSTEM, **changes: Any) -> MatchDay:
    return service.save_day(actor, facts(**changes))


def company(name: str, number: str | None = None) -> Organisation:
    """A company with its owner."""
    with transaction():
        row = accounts.add_organisation(SYSTEM, OrganisationKind.COMPANY, name, registration_number=number)
        accounts.add_person(
            SYSTEM,
            email=f"owner-{row.id}@company.example",
            name="합성 대표",
            roles={Role.SME_OWNER},
            organisation=row,
            confirmed=True,
        )
    return row


def invited(day: MatchDay, *organisations: Organisation) -> list[Attendee]:
    service.invite(SYSTEM, day.key, [one.key for one in organisations])
    rows = {one.organisation_id: one for one in queries.attendees(day)}
    return [rows[one.id] for one in organisations]


def said(day: MatchDay, row: Attendee, *wanted: Attendee, refused: tuple[Attendee, ...] = (), **more: Any) -> Attendee:
    """An answer that came by phone; wishes in their order."""
    reply = Reply(
        coming=more.pop("coming", True),
        ranks={one.id: at for at, one in enumerate(wanted, start=1)},
        refused=[one.id for one in refused],
        need=more.pop("need", NEED if row.side is Side.COMPANY else ""),
        note="합성 통화",
        **more,
    )
    return service.enter(SYSTEM, day.key, row.key, reply, Channel.PHONE)


def solved(day: MatchDay, **options: Any) -> arranging.Table:
    arranging.ask(SYSTEM, day.key, **options)
    work.run_waiting()
    session.expire_all()
    return arranging.table_of(queries.by_key(SYSTEM, day.key))


def crowd(companies: int, suppliers: int, *, seed: int = 1, **changes: Any) -> MatchDay:
    """An open day with that many of both sides, each with some wishes."""
    lot = random.Random(seed)
    day = planned(**{"slots": 8, "tables": suppliers, "per_company": 4, **changes})
    houses = [company(f"합성 기업 {at:02}") for at in range(1, companies + 1)]
    listings = [
        directory.approved_listing(name=f"합성 공급 {at:02}", regions=["nationwide"]) for at in range(1, suppliers + 1)
    ]
    firms = [session.get_one(Organisation, one.organisation_id) for one in listings]
    seeking, offering = invited(day, *houses), invited(day, *firms)
    for row in offering:
        said(day, row)
    for row in seeking:
        said(day, row, *lot.sample(offering, min(6, suppliers)))
    for row in offering:
        said(day, row, *lot.sample(seeking, min(5, companies)))
    service.open_day(SYSTEM, day.key)
    return day


def door_values(world: Any) -> dict[str, Any]:
    """Hana and gong meet at a day whose timetable is made and not sent out yet."""
    un = world.actor("un")
    own = directory.queries.own(world.actor("gong")) or directory.approved_listing(world.cast["gong"].organisation_id)
    day = planned(un)
    houses = [session.get_one(Organisation, world.cast[name].organisation_id) for name in ("hana", "duri")]
    hana, duri = invited(day, *houses)
    (gong,) = invited(day, session.get_one(Organisation, own.organisation_id))
    said(day, gong)
    said(day, hana, gong)
    said(day, duri, gong)
    service.open_day(un, day.key)
    service.keep_apart(un, day.key, duri.key, gong.key, "합성 까닭")
    (apart,) = queries.apart(day)
    meeting = solved(day).meetings[0].key
    kept = sheet.upload(un, day.key, io.BytesIO(sheet.template(day)), "희망.xlsx")
    open_one = planned(un, title="합성 열린 날")
    service.open_day(un, open_one.key)
    sent = planned(un, title="합성 알린 날", slots=1, per_company=1)
    ours = invited(sent, houses[0], session.get_one(Organisation, own.organisation_id))
    said(sent, ours[1])
    said(sent, *ours)
    service.open_day(un, sent.key)
    arranging.publish(un, sent.key, solved(sent).digest)
    names = (
        "day edit_day open_day close_day cancel_day people invite keep_apart upload_sheet "
        "sheet_template timetable solving_state solve clear publish add_meeting hall"
    )
    return {
        **{f"matchdays.{name}": {"key": day.key} for name in names.split()},
        "matchdays.export": {"key": day.key, "kind": "ics"},
        "matchdays.attendee": {"key": day.key, "attendee": hana.key},
        "matchdays.attendee_calendar": {"key": day.key, "attendee": hana.key},
        "matchdays.let_meet": {"key": day.key, "apart": apart.key},
        "matchdays.wish_sheet": {"key": day.key, "sheet_key": kept.key},
        "matchdays.show": {"key": open_one.key},
        **{f"matchdays.{name}": {"key": sent.key} for name in ("calendar", "paper")},
        **{
            f"matchdays.{name}": {"key": day.key, "meeting": meeting}
            for name in ("meeting", "move_meeting", "swap_meetings", "remove_meeting")
        },
    }
