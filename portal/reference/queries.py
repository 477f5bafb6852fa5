"""Reading the reference data. It is public: no actor asks in vain."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa

from portal.base import clock
from portal.base.db import session
from portal.base.words import Words, say
from portal.reference.models import Ksic, Region, Technology
from portal.reference.rules import RegionLevel, TechnologyFamily, clean_ksic

# public: codes and names that the state itself publishes

# --- industries --------------------------------------------------------------------------------------------


def newest_revision() -> int:
    """The newest revision that holds its divisions; 10 until another one is imported."""
    found = session.scalar(
        sa.select(sa.func.max(Ksic.revision)).where(
            Ksic.revision.in_(
                sa.select(Ksic.revision)
                .where(sa.func.length(Ksic.code) == 2)
                .group_by(Ksic.revision)
                .having(sa.func.count() >= 20)
            )
        )
    )
    return found or 10


def ksic(code: str, revision: int = 10) -> Ksic | None:
    return session.scalar(sa.select(Ksic).where(Ksic.revision == revision, Ksic.code == (clean_ksic(code) or "")))


def ksic_rows(digits: int = 2, revision: int = 10, under: str = "") -> list[Ksic]:
    """The industries of one level in code order. digits: 2 (중분류) to 5; under: only below this code."""
    wanted = sa.select(Ksic).where(Ksic.revision == revision, sa.func.length(Ksic.code) == digits)
    if under:
        wanted = wanted.where(Ksic.code.startswith(under, autoescape=True))
    return list(session.scalars(wanted.order_by(Ksic.code)))


def ksic_options(digits: int = 2, revision: int = 10) -> list[tuple[str, Words]]:
    """Choices of a form: (code, "C30 자동차 및 트레일러 제조업")."""
    return [
        (row.code, say(f"C{row.code} {row.ko}", f"C{row.code} {row.en or row.ko}"))
        for row in ksic_rows(digits, revision)
    ]


def ksic_path(code: str, revision: int = 10) -> list[Ksic]:
    """From the division down to the code itself; codes that are not loaded are left out."""
    code = clean_ksic(code) or ""
    steps = [code[:digits] for digits in range(2, len(code) + 1)]
    return list(
        session.scalars(sa.select(Ksic).where(Ksic.revision == revision, Ksic.code.in_(steps)).order_by(Ksic.code))
    )


def search_ksic(text: str, revision: int = 10, limit: int = 20) -> list[Ksic]:
    """Industries by code (`C303`, `30`) or by words in Korean or English; broad levels first."""
    wanted = sa.select(Ksic).where(Ksic.revision == revision)
    words = text.split()
    if not words:
        return []
    if code := clean_ksic(text):
        wanted = wanted.where(Ksic.code.startswith(code, autoescape=True))
    else:
        bare = sa.func.replace(Ksic.ko, " ", "")
        for word in words:
            wanted = wanted.where(
                sa.or_(bare.contains(word, autoescape=True), Ksic.en.icontains(word, autoescape=True))
            )
    return list(session.scalars(wanted.order_by(sa.func.length(Ksic.code), Ksic.code).limit(limit)))


# --- regions -----------------------------------------------------------------------------------------------


def _valid(day: date) -> sa.ColumnElement[bool]:
    return sa.and_(
        sa.or_(Region.valid_from.is_(None), Region.valid_from <= day),
        sa.or_(Region.valid_to.is_(None), Region.valid_to >= day),
    )


def regions_on(day: date | None = None, level: RegionLevel | None = None) -> list[Region]:
    """The regions that exist on a day (default: today in Korea), in their usual order."""
    wanted = sa.select(Region).where(_valid(day or clock.today())).order_by(Region.rank)
    if level:
        wanted = wanted.where(Region.level == level)
    return list(session.scalars(wanted))


def region(key: str | None) -> Region | None:
    return session.scalar(sa.select(Region).where(Region.key == key)) if key else None


def ancestors(key: str) -> list[Region]:
    """The region and its 시도, the smaller first; empty for an unknown key."""
    own = region(key)
    return [row for row in (own, region(own.parent) if own else None) if row]


def region_names(keys: Iterable[str | None]) -> dict[str, Words]:
    """Full names ("경기도 화성시") of many regions at once; unknown keys are left out."""
    wanted = {key for key in keys if key}
    if not wanted:
        return {}
    upper = sa.orm.aliased(Region)
    rows = session.execute(
        sa.select(Region, upper).outerjoin(upper, upper.key == Region.parent).where(Region.key.in_(wanted))
    )
    return {
        row.key: say(f"{above.ko} {row.ko}", f"{row.en}, {above.en}") if above else row.label for row, above in rows
    }


def region_name(key: str | None) -> Words | None:
    return region_names([key]).get(key or "")


def sido_options(day: date | None = None) -> list[tuple[str, Words]]:
    return [(row.key, row.label) for row in regions_on(day, RegionLevel.SIDO)]


def region_options(day: date | None = None) -> list[tuple[Words, list[tuple[str, Words]]]]:
    """Choices of a form in groups: (시도, [(key, 시군구)]). A 시도 without 시군구 (세종) offers itself."""
    rows = regions_on(day)
    below: dict[str, list[tuple[str, Words]]] = {}
    for row in rows:
        if row.level == RegionLevel.SIGUNGU:
            below.setdefault(row.parent, []).append((row.key, row.label))
    return [(row.label, below.get(row.key, [(row.key, row.label)])) for row in rows if row.level == RegionLevel.SIDO]


def within(key: str) -> frozenset[str]:
    """Every key that lies in a region: itself, its 시군구, and what they were called before a merger or split.

    A firm that registered in 광주 before 2026-07-01 lies in 전남광주통합특별시 after it.
    """
    rows = session.execute(sa.select(Region.key, Region.parent, Region.successors)).all()
    found, size = {key}, 0
    while len(found) > size:
        size = len(found)
        found |= {row.key for row in rows if row.parent in found or found.intersection(row.successors.split())}
    return frozenset(found)


def containing(key: str | None) -> frozenset[str]:
    """Every key that a region lies in: itself, its 시도, and what took them over; empty for no region.

    The counterpart of `within`: `a in containing(b)` is `b in within(a)`.
    """
    if not key:
        return frozenset()
    rows = {row.key: row for row in session.execute(sa.select(Region.key, Region.parent, Region.successors))}
    found, open_ = set(), [key]
    while open_:
        row = rows.get(open_.pop())
        if row and row.key not in found:
            found.add(row.key)
            open_ += [row.parent, *row.successors.split()]
    return frozenset(found)


def sido_of_regions() -> dict[str, str]:
    """Every region key → the key of its 시도 as it is called today, so that what merged is counted together."""
    rows = {row.key: row for row in session.execute(sa.select(Region.key, Region.parent, Region.successors))}
    found = {}
    for key in rows:
        at = key
        while (row := rows[at]).parent in rows or row.successors.split():
            at = row.parent if row.parent in rows else row.successors.split()[0]
        found[key] = at
    return found


# --- technologies ------------------------------------------------------------------------------------------


def technologies(codes: Iterable[str] | None = None) -> list[Technology]:
    wanted = sa.select(Technology).order_by(Technology.rank)
    if codes is not None:
        wanted = wanted.where(Technology.code.in_(list(codes)))
    return list(session.scalars(wanted))


def technology(code: str) -> Technology | None:
    return session.scalar(sa.select(Technology).where(Technology.code == code))


def technology_options() -> list[tuple[Words, list[tuple[str, Words]]]]:
    """Choices of a form in groups: (family, [(code, "제조실행시스템 (MES)")])."""
    groups: dict[TechnologyFamily, list[tuple[str, Words]]] = {}
    for row in technologies():
        named = say(f"{row.ko} ({row.code})", f"{row.en} ({row.code})")
        shown = row.label if row.code in row.ko else named
        groups.setdefault(row.family, []).append((row.code, shown))
    return [(family.label, groups[family]) for family in TechnologyFamily if family in groups]


def technology_names() -> dict[str, Words]:
    return {row.code: row.label for row in technologies()}
