"""How often suppliers were shown: noted in a file while a page is made, folded into daily figures by the worker.

A page that is only read must not wait for the database's one writer, so a visit appends one line to a file; the worker
takes the file aside each minute and adds it up. Who looked is not kept: only day, kind, place, province and technology.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import sqlalchemy as sa

from portal.accounts.rules import SME, Role
from portal.base import clock
from portal.base.access import Actor
from portal.base.db import session, transaction
from portal.directory.models import Impression, Listing
from portal.directory.rules import ImpressionKind
from portal.reference.models import Region

LAST_PLACE = 50
"""Places behind it are counted as this one."""
_NOTES = "notes.log"
_ASIDE = "aside-"
_folder: Path | None = None

_COLUMNS = ("day", "kind", "listing_id", "place", "region", "technology")
Key = tuple[date, ImpressionKind, int, int, str, str]


def configure(folder: Path) -> None:
    """Say where notes are kept until they are added up."""
    global _folder
    _folder = folder


def note(
    actor: Actor,
    kind: ImpressionKind,
    listing_ids: Sequence[int],
    *,
    first_place: int = 1,
    technology: str = "",
) -> None:
    """Note that these listings were shown, in this order.

    first_place: of the first listing, counted over all pages
    technology : the one that was asked for, or that the company needs most; "" when none is known
    Notes      : one appended line, no database. Only looks of companies, partners and visitors count: suppliers
                 looking at each other, operators and auditors would bend the figures.
    """
    if not listing_ids or (actor.roles and not actor.has(*SME, Role.PARTNER)):
        return
    line = json.dumps(
        [clock.today().isoformat(), kind.value, technology, actor.region or "", first_place, list(listing_ids)]
    )
    folder = _ready()
    held = os.open(folder / _NOTES, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(held, line.encode() + b"\n")  # one write: lines of several workers do not mix
    finally:
        os.close(held)


def fold() -> int:
    """Add the noted looks up into `Impression` rows. Returns how many looks there were.

    Notes: what was taken aside in one round is added up in the next, when nobody can still be writing to it.
    """
    folder, seen = _ready(), 0
    for path in sorted(folder.glob(f"{_ASIDE}*")):
        counted = _read(path)
        with transaction():
            seen += _add(counted)
        path.unlink()
    notes = folder / _NOTES
    if notes.exists():
        notes.rename(folder / f"{_ASIDE}{clock.now():%Y%m%dT%H%M%S%f}")
    return seen


def _ready() -> Path:
    if _folder is None:
        raise RuntimeError("the folder of the noted looks is not set yet")
    _folder.mkdir(parents=True, exist_ok=True)
    return _folder


def _read(path: Path) -> Counter[Key]:
    provinces = {row.key: row.parent or row.key for row in session.execute(sa.select(Region.key, Region.parent))}
    counted: Counter[Key] = Counter()
    for line in path.read_text().splitlines():
        try:
            day, kind, technology, region, first_place, listing_ids = json.loads(line)
            where = provinces.get(region, "")
            for place, listing_id in enumerate(listing_ids, first_place):
                key = (date.fromisoformat(day), ImpressionKind(kind), listing_id, min(place, LAST_PLACE))
                counted[(*key, where, technology)] += 1
        except ValueError:
            continue  # the machine stopped in the middle of a line
    return counted


def _add(counted: Counter[Key]) -> int:
    if not counted:
        return 0
    there = {
        (row.day, row.kind, row.listing_id, row.place, row.region, row.technology): row
        for row in session.scalars(sa.select(Impression).where(Impression.day.in_({key[0] for key in counted})))
    }
    known = set(session.scalars(sa.select(Listing.id)))
    kept = {key: count for key, count in counted.items() if key[2] in known}
    for key, count in kept.items():
        if key in there:
            there[key].shown += count
    fresh = [
        dict(zip(_COLUMNS, key, strict=True)) | {"shown": count} for key, count in kept.items() if key not in there
    ]
    if fresh:
        session.execute(sa.insert(Impression), fresh)
    return sum(kept.values())
