"""Loading reference data: whole files only, and loading twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from portal.base import audit
from portal.base.access import Actor, Forbidden
from portal.base.db import db, session, transaction
from portal.reference import loading
from portal.reference.loading import KsicRow
from portal.reference.models import Ksic, Region, Technology
from portal.reference.rules import can_load


@dataclass(frozen=True)
class Loaded:
    """What a load did: rows added, rows changed, rows that already stood so."""

    added: int = 0
    changed: int = 0
    same: int = 0

    def __add__(self, other: Loaded) -> Loaded:
        return Loaded(self.added + other.added, self.changed + other.changed, self.same + other.same)


def _nothing(_done: int) -> None:
    pass


def load_all(actor: Actor) -> Loaded:
    """Bring industries, regions and technologies to what the files of `data/` say.

    Rows that a file no longer names stay, because firms may refer to them.
    Raises: BrokenData naming each broken line; then nothing is written. Forbidden.
    """
    _ensure_may_load(actor)
    industries, regions, technologies = loading.read_ksic(), loading.read_regions(), loading.read_technologies()
    with transaction():
        done = _bring(Ksic, ("revision", "code"), map(_ksic_values, industries))
        done += _bring(
            Region,
            ("key",),
            (
                {
                    "key": row.key,
                    "level": row.level,
                    "parent": row.parent,
                    "ko": row.ko,
                    "en": row.en,
                    "official_code": row.official_code,
                    "valid_from": row.valid_from,
                    "valid_to": row.valid_to,
                    "successors": " ".join(row.successors),
                    "rank": rank,
                }
                for rank, row in enumerate(regions)
            ),
        )
        done += _bring(
            Technology,
            ("code",),
            (
                {
                    "code": row.code,
                    "family": row.family,
                    "ko": row.ko,
                    "en": row.en,
                    "level_from": row.level_from,
                    "level_to": row.level_to,
                    "items_text": " ".join(row.items),
                    "synonyms_ko_text": ";".join(row.synonyms_ko),
                    "synonyms_en_text": ";".join(row.synonyms_en),
                    "rank": rank,
                }
                for rank, row in enumerate(technologies)
            ),
        )
        _record(actor, "reference.load", done)
    return done


def import_ksic(actor: Actor, rows: list[KsicRow], progress: Callable[[int], None] = _nothing) -> Loaded:
    """Load the statistics office's full table, read and checked by `loading.read_ksic_import`.

    A row without an English name keeps the one that stands, or takes that of the same industry in the other revision.
    progress: called with the number of rows done since the last call
    """
    _ensure_may_load(actor)
    with transaction():
        english = {(row.code, row.ko): row.en for row in session.scalars(sa.select(Ksic).where(Ksic.en != ""))}
        named = [row if row.en else replace(row, en=english.get((row.code, row.ko), "")) for row in rows]
        done = _bring(Ksic, ("revision", "code"), map(_ksic_values, named), progress)
        _record(actor, "ksic.import", done, revision=rows[0].revision if rows else None)
    return done


def _ensure_may_load(actor: Actor) -> None:
    verdict = can_load(actor)
    if not verdict:
        raise Forbidden(verdict.code)


def _ksic_values(row: KsicRow) -> dict[str, Any]:
    values: dict[str, Any] = {"revision": row.revision, "code": row.code, "ko": row.ko}
    return {**values, "en": row.en} if row.en else values


def _bring(
    table: type[db.Model],
    identity: tuple[str, ...],
    rows: Iterable[Mapping[str, Any]],
    progress: Callable[[int], None] = _nothing,
) -> Loaded:
    standing = {tuple(getattr(row, name) for name in identity): row for row in session.scalars(sa.select(table))}
    added = changed = same = 0
    for values in rows:
        row = standing.get(tuple(values[name] for name in identity))
        if row is None:
            session.add(table(**values))
            added += 1
        elif any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            changed += 1
        else:
            same += 1
        progress(1)
    session.flush()
    return Loaded(added, changed, same)


def _record(actor: Actor, action: str, done: Loaded, **detail: Any) -> None:
    if done.added or done.changed:
        audit.record(actor, action, "reference", None, {"added": done.added, "changed": done.changed, **detail})
