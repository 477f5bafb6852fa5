"""The questions a firm answers, read from `data/instrument`, so that a new version of them is data and not code.

Areas, items, level descriptions in both languages, where "해당 없음" is allowed, what the pre-check asks and from
which level evidence is asked for. `portal.scoring.instrument` adds weights, thresholds and rules to the same file.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from portal.base.words import Words, say

DIRECTORY = Path(__file__).resolve().parents[2] / "data" / "instrument"
LEVELS = range(6)
"""Every item is answered by a level from 0 (none) to 5 (autonomous)."""


@dataclass(frozen=True, slots=True)
class Item:
    """One question: `anchors[k]` describes level k, k = 0…5."""

    code: str
    area: str
    title: Words
    question: Words
    anchors: tuple[Words, ...]
    not_applicable_allowed: bool
    in_precheck: bool
    cost_class: int


@dataclass(frozen=True, slots=True)
class Area:
    """One of the ten pages of the questionnaire; `items` are codes in their order."""

    code: str
    title: Words
    weight: int
    items: tuple[str, ...]


@dataclass(frozen=True)
class Questionnaire:
    """One version of the questions. `items` and `areas` keep the order of the file; `source` is the file as read."""

    name: str
    version: str
    areas: tuple[Area, ...]
    items: Mapping[str, Item]
    precheck: tuple[str, ...]
    evidence_from: int
    source: Mapping[str, Any]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(self.items)

    def area(self, code: str) -> Area:
        return next(area for area in self.areas if area.code == code)

    def items_of(self, area: str) -> tuple[Item, ...]:
        return tuple(self.items[code] for code in self.area(area).items)


def versions() -> tuple[str, ...]:
    """Every version on file, oldest first."""
    return _versions(DIRECTORY, DIRECTORY.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _versions(directory: Path, _changed: int) -> tuple[str, ...]:
    """Read once for each state of the folder: every suggestion asks for the newest."""
    found = {json.loads(path.read_text(encoding="utf-8"))["version"] for path in directory.glob("*.json")}
    return tuple(sorted(found, key=lambda version: [int(part) for part in version.split(".")]))


def load(version: str | None = None) -> Questionnaire:
    """Read one version, the newest when none is named.

    Raises: LookupError when there is no such version.
    Notes : read once per process; the files change only with a new release.
    """
    return _load(version or versions()[-1])


@lru_cache(maxsize=8)
def _load(version: str) -> Questionnaire:
    for path in sorted(DIRECTORY.glob("*.json")):
        source = json.loads(path.read_text(encoding="utf-8"))
        if source["version"] == version:
            return build(source)
    raise LookupError(f"no instrument version {version}")


def build(source: dict[str, Any]) -> Questionnaire:
    """The questions out of a version's file as read."""
    settings = source["scoring"]
    items = {
        row["code"]: Item(
            code=row["code"],
            area=row["area"],
            title=say(row["ko"], row["en"]),
            question=say(row["question_ko"], row["question_en"]),
            anchors=tuple(say(ko, en) for ko, en in zip(row["anchors_ko"], row["anchors_en"], strict=True)),
            not_applicable_allowed=row["code"] in settings["not_applicable"],
            in_precheck=row["code"] in settings["precheck"],
            cost_class=row["cost_class"],
        )
        for row in source["items"]
    }
    areas = tuple(
        Area(
            code=row["code"],
            title=say(row["ko"], row["en"]),
            weight=row["weight"],
            items=tuple(item.code for item in items.values() if item.area == row["code"]),
        )
        for row in source["areas"]
    )
    return Questionnaire(
        name=source["name"],
        version=source["version"],
        areas=areas,
        items=MappingProxyType(items),
        precheck=tuple(settings["precheck"]),
        evidence_from=settings["evidence"]["from_level"],
        source=MappingProxyType(source),
    )
