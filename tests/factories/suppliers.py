"""Suppliers and their builds as the matching reads them: plain values, no database."""

from __future__ import annotations

from dataclasses import dataclass

from portal.matching.rules import Candidate
from portal.reference.rules import SizeClass


@dataclass
class Build:
    technologies: tuple = ("MES",)
    ksic: str = "25"
    size: SizeClass | None = SizeClass.SMALL
    region: str = "gyeonggi"
    achieved_level: int | None = 2
    passed_first_audit: bool | None = True
    is_on_time: bool | None = True
    is_level_reached: bool | None = True
    aftercare_hours: int | None = 24


def supplier(number, **changes):
    facts = {
        "id": number,
        "key": f"key-{number:03}",
        "organisation_id": 100 + number,
        "open_slots": 2,
        "is_grey": False,
        "technologies": {"MES": 3},
        "sectors": ["25"],
        "regions": ["gyeonggi"],
        "home": frozenset({"gyeonggi"}),
        "records": (),
        "aftercare_hours": 24,
    }
    return Candidate(**{**facts, **changes})
