"""Consultations between hana and gong."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

from portal.appointments.models import Slot
from portal.base import clock
from portal.base.access import Actor
from portal.base.workdays import next_workday
from portal.consultations import fanout, meetings, service
from portal.consultations.models import Consultation
from portal.consultations.rules import Topic
from portal.directory import queries as directory
from portal.directory.models import Listing
from tests.factories import directory as suppliers

NEED = "합성(예시) 작업지시를 종이로 하고 있어 실적이 늦게 모입니다."


def requested(company: Actor, listing: Listing, need: str = NEED) -> Consultation:
    return service.request(company, listing.key, Topic.WHAT_FITS, need)


def accepted(company: Actor, supplier: Actor, listing: Listing) -> Consultation:
    return service.accept(supplier, requested(company, listing).key)


def slot(supplier: Actor, days: int = 1, hour: int = 10) -> Slot:
    """One free time of a supplier, on the first working day from so many days ahead."""
    day = next_workday(clock.today() + timedelta(days=days))
    return meetings.offer(
        supplier, day=day, first=time(hour), last=time(hour + 1), minutes=60, pause=0, place="합성(예시) 2층 회의실"
    )[0]


def door_values(world: Any) -> dict[str, Any]:
    """Hana has asked gong and waits for the answer; gong offers a time; hana's fan-out to others goes on."""
    gong, hana = world.actor("gong"), world.actor("hana")
    listing = directory.own(gong)
    row = requested(hana, listing)
    others = [suppliers.approved_listing(name=f"합성 문밖 {number}").key for number in range(2)]
    several = fanout.start(hana, others, Topic.QUOTE, NEED)
    endpoints = (
        "thread", "accept", "decline", "withdraw", "write", "close", "rate", "book", "call_off", "meeting_file", "note",
    )  # fmt: skip
    return {
        "consultations.ask": {"key": listing.key},
        "consultations.remove_time": {"slot": slot(gong).key},
        "consultations.several": {"key": several.key},
        "consultations.stop_several": {"key": several.key},
        "consultations.file": {"key": row.key},
        **{f"consultations.{name}": {"key": row.key} for name in endpoints},
    }
