"""The facets of the directory: what a listing can be narrowed by, and which of their values it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from portal.base.words import Words, say
from portal.directory.models import Listing
from portal.directory.oversight import Mark
from portal.directory.queries import Names
from portal.directory.rules import NATIONWIDE, PROCESSES, SIZES
from portal.programmes.rules import SystemLevel

LABELS = {
    "capacity": say("여력", "Capacity"),
    "region": say("서비스 지역", "Region served"),
    "technology": say("기술", "Technology"),
    "sector": say("업종", "Industry"),
    "field": say("확인된 전문 분야", "Verified field"),
    "level": say("달성한 수준", "Level achieved"),
    "process": say("공정", "Process"),
    "size": say("맡아 본 기업 규모", "Company size served"),
    "programme": say("지원사업 경험", "Programme experience"),
}
"""Every facet in the order of the page; its name stands in the address."""

FIELDS = {
    Mark.AI: say("제조AI", "Manufacturing AI"),
    Mark.DIGITAL_TWIN: say("디지털트윈", "Digital twin"),
    Mark.AAS: say("AAS 적합", "AAS-conformant"),
}
READING = "1"
"""How a listing becomes text and values; to be raised when that changes, so that files made before are left aside."""


@dataclass(frozen=True)
class Value:
    facet: str
    code: str
    label: Words


class Layout:
    """All values of all facets, numbered as the index knows them."""

    def __init__(self, names: Names):
        self._names = names
        self.facets = tuple(LABELS)

    @cached_property
    def values(self) -> tuple[Value, ...]:
        names = self._names
        options: dict[str, Iterable[tuple[str, Words]]] = {
            "capacity": [("1", say("지금 맡을 수 있음", "Can start now"))],
            "region": ((key, label) for key, label in names.regions.items() if key != NATIONWIDE),
            "technology": names.technologies.items(),
            "sector": names.sectors.items(),
            "field": ((mark.value, label) for mark, label in FIELDS.items()),
            "level": ((str(int(level)), level.label) for level in SystemLevel if level),
            "process": PROCESSES.items(),
            "size": SIZES.items(),
            "programme": names.programmes.items(),
        }
        return tuple(Value(facet, code, label) for facet in LABELS for code, label in options[facet])

    @cached_property
    def numbers(self) -> Mapping[tuple[str, str], int]:
        return {(one.facet, one.code): number for number, one in enumerate(self.values)}

    @cached_property
    def groups(self) -> tuple[int, ...]:
        """The number of each value's facet."""
        return tuple(self.facets.index(one.facet) for one in self.values)

    @cached_property
    def digest(self) -> str:
        text = "\n".join([READING, *(f"{one.facet}:{one.code}" for one in self.values)])
        return hashlib.sha256(text.encode()).hexdigest()

    def held_by(self, row: Listing, marks: Collection[Mark]) -> frozenset[int]:
        """The numbers of the values that a listing holds today."""
        regions = [one.code for one in self.values if one.facet == "region"]
        held: dict[str, Iterable[str]] = {
            "capacity": ["1"] if row.has_capacity else [],
            "region": regions if NATIONWIDE in row.regions else row.regions,
            "technology": row.capabilities,
            "sector": {part for code in row.sectors for part in (code, code[:2])},
            "field": [mark.value for mark in marks],
            "level": {str(one.achieved_level) for one in row.records if one.achieved_level},
            "process": row.processes,
            "size": {*row.sizes, *(one.size.value for one in row.records if one.size)},
            "programme": {*row.programmes, *(one.programme for one in row.records)},
        }
        return frozenset(
            self.numbers[facet, code]
            for facet, codes in held.items()
            for code in codes
            if (facet, code) in self.numbers
        )
