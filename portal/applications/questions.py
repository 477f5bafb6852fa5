"""The lists a form asks from (data/application.toml): exclusions and usual KPIs. Operators edit the file, not the code."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from portal.applications.parts import Direction
from portal.base.words import Words, say

FILE = Path(__file__).resolve().parents[2] / "data" / "application.toml"


@dataclass(frozen=True)
class Exclusion:
    """One question of the exclusion list.

    bars     : "yes" stands in the way of a submission; otherwise it only brings advice
    excepted : the wording of "yes, but …" that does not exclude, or None
    sureness : V read in a source … R recalled; only V is shown with its source
    """

    code: str
    question: Words
    cure: Words
    bars: bool
    excepted: Words | None
    source: str
    sureness: str


@dataclass(frozen=True)
class KpiSeed:
    code: str
    label: Words
    unit: str
    direction: Direction


@cache
def _file() -> dict:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


@cache
def exclusions() -> tuple[Exclusion, ...]:
    """The exclusion list in the file's order."""
    return tuple(
        Exclusion(
            row["code"],
            say(row["ko"], row["en"]),
            say(row["cure_ko"], row["cure_en"]),
            row["bars"],
            say(row["except_ko"], row["except_en"]) if "except_ko" in row else None,
            row["source"],
            row["sureness"],
        )
        for row in _file()["exclusion"]
    )


def exclusion(code: str) -> Exclusion | None:
    return next((one for one in exclusions() if one.code == code), None)


@cache
def kpi_seeds() -> tuple[KpiSeed, ...]:
    """KPIs that firms usually choose."""
    return tuple(
        KpiSeed(row["code"], say(row["ko"], row["en"]), row["unit"], Direction(row["direction"]))
        for row in _file()["kpi"]
    )
