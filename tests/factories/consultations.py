"""Consultations between hana and gong."""

from __future__ import annotations

from typing import Any

from portal.base.access import Actor
from portal.consultations import service
from portal.consultations.models import Consultation
from portal.consultations.rules import Topic
from portal.directory import queries as directory
from portal.directory.models import Listing

NEED = "합성(예시) 작업지시를 종이로 하고 있어 실적이 늦게 모입니다."


def requested(company: Actor, listing: Listing, need: str = NEED) -> Consultation:
    return service.request(company, listing.key, Topic.WHAT_FITS, need)


def accepted(company: Actor, supplier: Actor, listing: Listing) -> Consultation:
    return service.accept(supplier, requested(company, listing).key)


def door_values(world: Any) -> dict[str, Any]:
    """Hana has asked gong and waits for the answer."""
    gong = world.actor("gong")
    listing = directory.own(gong)
    row = requested(world.actor("hana"), listing)
    endpoints = ("thread", "accept", "decline", "write", "close")
    return {
        "consultations.ask": {"key": listing.key},
        **{f"consultations.{name}": {"key": row.key} for name in endpoints},
    }
