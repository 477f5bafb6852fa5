"""The score sheet of an evaluation: data, not code. The first one stands in `data/rubric`, further ones are published
by operators (`RubricVersion`) and never change from then on; a panel pins the one that it judges by.

100 points over seven criteria with described bands; a total of 70 passes, and each critical criterion needs 60 % of
its points. A criterion that does not apply leaves the numerator and the denominator.

Source: no official table of points was found; this sheet is the portal's own default, and a further file may replace it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from portal.base.db import session
from portal.base.words import Words, say
from portal.evaluation.models import RubricVersion
from portal.evaluation.rules import RubricState

DIRECTORY = Path(__file__).resolve().parents[2] / "data" / "rubric"


@dataclass(frozen=True, slots=True)
class Band:
    """From how many points a description holds."""

    least: int
    most: int
    text: Words


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of the score sheet; `bands` from the best to the worst."""

    code: str
    title: Words
    question: Words
    points: int
    critical: bool
    not_applicable_allowed: bool
    bands: tuple[Band, ...]

    def floor(self, ratio: float) -> float:
        return self.points * ratio


@dataclass(frozen=True, slots=True)
class Result:
    """What a set of points amounts to. total: 0–100; below: codes of critical criteria under their floor."""

    total: float
    below: tuple[str, ...]
    passed: bool


@dataclass(frozen=True)
class Rubric:
    name: str
    version: str
    title: Words
    pass_points: int
    critical_floor_ratio: float
    criteria: tuple[Criterion, ...]

    @property
    def reference(self) -> str:
        """How a panel remembers its sheet: name and version."""
        return f"{self.name}-{self.version}"

    def criterion(self, code: str) -> Criterion:
        return next(criterion for criterion in self.criteria if criterion.code == code)

    def result(self, points: Mapping[str, float | None]) -> Result:
        """Add up a sheet.

        points : criterion code → points, None where the criterion does not apply
        Returns: the total on a scale of 100, rounded to two places
        Raises : ValueError when no criterion applies
        """
        counted = [criterion for criterion in self.criteria if points.get(criterion.code) is not None]
        if not counted:
            raise ValueError("a sheet without any points has no total")
        total = round(100 * sum(points[c.code] for c in counted) / sum(c.points for c in counted), 2)
        below = tuple(c.code for c in counted if c.critical and points[c.code] < c.floor(self.critical_floor_ratio))
        return Result(total, below, total >= self.pass_points and not below)


DEFAULT = "default-1"


def newest() -> Rubric:
    """The sheet that panels get whose call names none."""
    return load(DEFAULT)


def load(reference: str) -> Rubric:
    """Read one published sheet by name and version. It never changes, so it is read once per database session.

    Raises: LookupError for a sheet that is not on file.
    """
    if (found := _filed().get(reference)) is not None:
        return found
    name, _, number = reference.rpartition("-")
    if not number.isdecimal():
        raise LookupError(f"no score sheet {reference}")
    known: dict[str, Rubric] = session.info.setdefault("rubrics", {})
    if reference not in known:
        known[reference] = build(source_of(_row(name, int(number))))
    return known[reference]


def _row(name: str, number: int) -> RubricVersion:
    row = session.scalar(_published().where(RubricVersion.name == name, RubricVersion.number == number))
    if row is None:
        raise LookupError(f"no score sheet {name}-{number}")
    return row


def published() -> list[Rubric]:
    """Every sheet that a call may name, those of `data/rubric` first."""
    rows = session.scalars(_published().order_by(RubricVersion.name, RubricVersion.number))
    return [*_filed().values(), *(build(source_of(row)) for row in rows)]


def _published() -> sa.Select[tuple[RubricVersion]]:
    return sa.select(RubricVersion).where(RubricVersion.state == RubricState.PUBLISHED)


def source(reference: str) -> dict[str, Any]:
    """A published sheet as data, for drafting the next one from it. Raises: LookupError"""
    if reference in _sources():
        return _sources()[reference]
    name, _, number = reference.rpartition("-")
    if not number.isdecimal():
        raise LookupError(f"no score sheet {reference}")
    return source_of(_row(name, int(number)))


def source_of(row: RubricVersion) -> dict[str, Any]:
    """A version as a file of `data/rubric` would hold it."""
    return {
        "name": row.name,
        "version": str(row.number),
        "ko": row.title_ko,
        "en": row.title_en or row.title_ko,
        "pass_points": row.pass_points,
        "critical_floor_ratio": row.critical_floor_ratio,
        "criteria": row.criteria,
    }


@lru_cache(maxsize=1)
def _filed() -> dict[str, Rubric]:
    return {reference: build(source) for reference, source in _sources().items()}


@lru_cache(maxsize=1)
def _sources() -> dict[str, dict[str, Any]]:
    """The sheets that come with a release; the files change only with one."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(DIRECTORY.glob("*.json"))]
    return {f"{one['name']}-{one['version']}": one for one in found}


def build(source: Mapping[str, Any]) -> Rubric:
    return Rubric(
        name=source["name"],
        version=source["version"],
        title=say(source["ko"], source["en"]),
        pass_points=source["pass_points"],
        critical_floor_ratio=source["critical_floor_ratio"],
        criteria=tuple(_criterion(row) for row in source["criteria"]),
    )


def _criterion(row: dict[str, Any]) -> Criterion:
    bands, most = [], row["points"]
    for anchor in row["anchors"]:
        bands.append(Band(anchor["from"], most, say(anchor["ko"], anchor["en"])))
        most = anchor["from"] - 1
    return Criterion(
        code=row["code"],
        title=say(row["ko"], row["en"]),
        question=say(row["question_ko"], row["question_en"]),
        points=row["points"],
        critical=row["critical"],
        not_applicable_allowed=row["not_applicable_allowed"],
        bands=tuple(bands),
    )
