"""Consultations between hana and gong."""

from __future__ import annotations

from datetime import time, timedelta
from io import BytesIO
from typing import Any

from portal.appointments.models import Slot
from portal.base import clock
from portal.base.access import Actor
from portal.base.workdays import next_workday
from portal.consultations import fanout, meetings, queries, service, talking
from portal.consultations.models import Consultation
from portal.consultations.rules import Outcome, Topic
from portal.directory import queries as directory
from portal.directory.models import Listing
from tests.factories import directory as suppliers

NEED = "합성(예시) 작업지시를 종이로 하고 있어 실적이 늦게 모입니다."


def requested(company: Actor, listing: Listing, need: str = NEED) -> Consultation:
    return service.request(company, listing.key, Topic.WHAT_FITS, need)


def accepted(company: Actor, supplier: Actor, listing: Listing) -> Consultation:
    return service.accept(supplier, requested(company, listing).key)


def slot(supplier: Actor, days: int = 1, hour: int = 10, place: str = "합성(예시) 2층 회의실") -> Slot:
    """One free time of a supplier, on the first working day from so many days ahead."""
    day = next_workday(clock.today() + timedelta(days=days))
    times = {"first": time(hour), "last": time(hour + 1), "minutes": 60, "pause": 0}
    return meetings.offer(supplier, day=day, **times, place=place)[0]


def ended(company: Actor, supplier: Actor, listing: Listing) -> Consultation:
    """A consultation of last month: a file was sent, the two met, both said that they made a proposal."""
    with clock.freeze(clock.now() - timedelta(days=30)):
        row = accepted(company, supplier, listing)
        talking.write(supplier, row.key, "합성(예시) 소개서", [(BytesIO(b"%PDF-1.7 synthetic"), "소개서.pdf")])
        meetings.book(company, row.key, slot(supplier).key)
    for side in (company, supplier):
        row = service.close(side, row.key, Outcome.PROPOSAL)
    return row


def door_values(world: Any) -> dict[str, Any]:
    """Hana and gong have ended one consultation and hana asks again; gong offers a time; hana's fan-out goes on."""
    gong, hana = world.actor("gong"), world.actor("hana")
    listing = directory.own(gong)
    past = ended(hana, gong, listing).key
    row = requested(hana, listing)
    others = [suppliers.approved_listing(name=f"합성 문밖 {number}").key for number in range(2)]
    several = fanout.start(hana, others, Topic.QUOTE, NEED)
    endpoints = (
        "thread", "accept", "decline", "withdraw", "write", "close", "book", "call_off", "note",
    )  # fmt: skip
    return {
        "consultations.ask": {"key": listing.key},
        "consultations.remove_time": {"slot": slot(gong).key},
        "consultations.several": {"key": several.key},
        "consultations.stop_several": {"key": several.key},
        "consultations.file": {"key": past, "file_key": queries.by_key(gong, past).messages[0].files[0].key},
        "consultations.meeting_file": {"key": past},
        "consultations.rate": {"key": past},
        **{f"consultations.{name}": {"key": row.key} for name in endpoints},
    }
