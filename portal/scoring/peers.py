"""Where a firm stands among others, in figures that give no single firm away.

Only groups of more than five firms are drawn up, only their quartiles, rounded, once a night: nobody can tell from the
page of today and that of yesterday who joined, nor find a quartile by trying answers, because the own place is read
against the rounded figures.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from portal.base.words import Words, say

LEAST_OTHERS = 5
"""Other firms in a group, at the least; so a group needs one more than that."""
FEW = 20
"""Below this many firms the figures are rounded coarsely."""
LEVEL_STEPS, POINT_STEPS = (0.5, 0.1), (50, 10)
TOTAL = "total"

Quartiles = tuple[float, float, float]


class Place(StrEnum):
    """Where a value lies among the group's."""

    UPPER = "upper"
    MIDDLE = "middle"
    LOWER = "lower"

    @property
    def label(self) -> Words:
        return PLACE_LABELS[self]


PLACE_LABELS = {
    Place.UPPER: say("높은 쪽 4분의 1", "upper quarter"),
    Place.MIDDLE: say("가운데 절반", "middle half"),
    Place.LOWER: say("낮은 쪽 4분의 1", "lower quarter"),
}

COUNT_BANDS = (
    (500, say("500곳 이상", "500 or more")),
    (100, say("100~499곳", "100 to 499")),
    (30, say("30~99곳", "30 to 99")),
    (10, say("10~29곳", "10 to 29")),
    (0, say("6~9곳", "6 to 9")),
)
"""The group with the own firm in it, so it never reads lower than 6."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One firm as it goes into the figures. areas: code → mean 0–5."""

    division: str
    size: str
    total: float
    areas: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of one group; division and size are empty for all. quartiles: area code or TOTAL → rounded."""

    division: str
    size: str
    firms: int
    quartiles: Mapping[str, Quartiles]

    @property
    def count(self) -> Words:
        return next(words for least, words in COUNT_BANDS if self.firms >= least)

    def median(self, code: str) -> float | None:
        return self.quartiles[code][1] if code in self.quartiles else None

    def place(self, code: str, value: float) -> Place | None:
        """Where a firm's value lies; None where too few firms gave one."""
        if code not in self.quartiles:
            return None
        low, _, high = self.quartiles[code]
        return Place.UPPER if value > high else Place.LOWER if value < low else Place.MIDDLE


def groups(entries: Iterable[Entry]) -> list[Group]:
    """Draw up the groups by division and size, by division, and of all firms; those too small are left out.

    Notes: O(n log n) over the firms; 12 numbers of 4 bytes are kept of each
    """
    cells: dict[tuple[str, str], dict[str, array[float]]] = {}
    for one in entries:
        cell = cells.setdefault((one.division, one.size), {})
        for code, value in ((TOTAL, one.total), *one.areas.items()):
            cell.setdefault(code, array("f")).append(value)
    wider: dict[tuple[str, str], list[dict[str, array[float]]]] = {}
    for (division, size), cell in cells.items():
        for key in {(division, size), (division, ""), ("", "")}:
            wider.setdefault(key, []).append(cell)
    made = []
    for (division, size), parts in sorted(wider.items()):
        firms = sum(len(part[TOTAL]) for part in parts)
        if firms > LEAST_OTHERS and (division or not size):
            made.append(Group(division, size, firms, _figures(parts)))
    return made


def _figures(parts: Sequence[Mapping[str, array[float]]]) -> dict[str, Quartiles]:
    figures = {}
    for code in sorted({code for part in parts for code in part}):
        values = sorted(value for part in parts for value in part.get(code, ()))
        if len(values) > LEAST_OTHERS:
            steps = POINT_STEPS if code == TOTAL else LEVEL_STEPS
            figures[code] = quartiles(values, steps[0] if len(values) < FEW else steps[1])
    return figures


def quartiles(values: Sequence[float], step: float) -> Quartiles:
    """Lower quartile, median and upper quartile of sorted values, rounded to a step.

    Notes: nearest rank below and above, halved; extremes never enter a group of six or more
    """

    def at(share: float) -> float:
        place = share * (len(values) - 1)
        below, above = values[int(place)], values[min(int(place) + 1, len(values) - 1)]
        return round(round((below + (above - below) * (place - int(place))) / step) * step, 2)

    return at(0.25), at(0.5), at(0.75)


def stored(group: Group) -> str:
    """The figures as canonical JSON."""
    return json.dumps(dict(group.quartiles), sort_keys=True, separators=(",", ":"))


def read(division: str, size: str, firms: int, figures: str) -> Group:
    """A group from what was stored."""
    return Group(division, size, firms, {code: tuple(row) for code, row in json.loads(figures).items()})
