"""The directory's index in each process: one mapped file that the worker builds, with what changed since laid over it.

Whatever was committed before a search is in its answer: what changed is read from `listing_change` at each search, and
only those listings are read again. Nothing is built in a request but a directory that no worker has built yet.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.base import clock, files
from portal.base.access import SYSTEM
from portal.base.alone import alone
from portal.base.db import session, transaction
from portal.directory import marks, queries, standing
from portal.directory.facets import Layout
from portal.directory.models import Listing, ListingChange, SearchFile, Suspension
from portal.directory.queries import Names
from portal.directory.thesaurus import Thesaurus, fold, sign_of
from portal.reference import queries as reference

if TYPE_CHECKING:
    from portal.directory.index import ListingIndex

OVERLAP = timedelta(seconds=60)
"""A transaction may commit so long after it wrote its change."""
MANY_CHANGES = 300
"""Then a new file is worth its making."""
MOST_BUILDS = 3
"""Verified builds with a technology that lift a listing in its search; more would let size alone win."""
_AT_ONCE = 400


@dataclass
class _Shelf:
    """What one process knows of one database."""

    index: ListingIndex
    file: int
    layout: str
    top: int
    read_at: datetime
    seen: set[int] = field(default_factory=set)


_shelves: dict[str, _Shelf] = {}
_lock = threading.Lock()


def forget() -> None:
    """Know nothing: for tests, which put another database under the same address."""
    _shelves.clear()


def warm() -> None:
    """Load all that a search needs, so that no visitor waits for it."""
    index(Layout(Names())).find(sign_of("MES"), limit=1)


def index(layout: Layout) -> ListingIndex:
    """The index as of now: of the newest file, with all changes that this transaction sees."""
    now = clock.now()
    newest = session.execute(
        sa.select(SearchFile.id, SearchFile.name, SearchFile.read_at)
        .where(SearchFile.layout == layout.digest)
        .order_by(SearchFile.id.desc())
        .limit(1)
    ).one_or_none()
    with _lock:
        address = str(session.get_bind().url)
        shelf = _shelves.get(address)
        if shelf is None or shelf.layout != layout.digest or shelf.file != (newest.id if newest else 0):
            shelf = _shelves[address] = _opened(layout, newest, now)
        _follow(shelf, layout, now)
        return shelf.index


def _opened(layout: Layout, newest: sa.Row | None, now: datetime) -> _Shelf:
    from portal.directory.index import ListingIndex  # numpy and the dictionary of Korean: only who searches needs them

    if newest is not None:
        with suppress(OSError, ValueError):  # a restored database without its files: as if none had been built
            known = sa.select(sa.func.max(ListingChange.id)).where(ListingChange.at <= newest.read_at)
            built = ListingIndex.load(_folder() / newest.name)
            return _Shelf(built, newest.id, layout.digest, session.scalar(known) or 0, newest.read_at)
    top = session.scalar(sa.select(sa.func.max(ListingChange.id))) or 0
    return _Shelf(_read_all(layout), newest.id if newest else 0, layout.digest, top, now)


def _read_all(layout: Layout) -> ListingIndex:
    from portal.directory.index import ListingIndex  # see above

    texts: list[tuple[int, str]] = []
    values: dict[int, frozenset[int]] = {}
    for block in _blocks(layout, None):
        texts += [(key, text) for key, (text, _) in block.items()]
        values |= {key: held for key, (_, held) in block.items()}
    return ListingIndex.build(texts, values, layout.groups)


def _follow(shelf: _Shelf, layout: Layout, now: datetime) -> None:
    """Lay what changed since the last look over the index."""
    since = shelf.read_at - OVERLAP
    noted = sa.select(ListingChange.id, ListingChange.listing_id).where(
        sa.or_(ListingChange.id > shelf.top, ListingChange.at > since)
    )
    # a suspension begins and ends at its moment, and nobody writes anything then
    turned = sa.select(sa.literal(0), Suspension.listing_id).where(
        sa.or_(
            sa.and_(Suspension.starts_at > since, Suspension.starts_at <= now),
            sa.and_(Suspension.ends_at > since, Suspension.ends_at <= now),
        )
    )
    rows = session.execute(sa.union_all(noted, turned)).all()
    changed = {listing_id for change, listing_id in rows if change not in shelf.seen}
    if changed:
        documents = {key: one for block in _blocks(layout, changed) for key, one in block.items()}
        shelf.index = shelf.index.changed(documents, changed - documents.keys())
    shelf.seen = {change for change, _ in rows if change}
    shelf.top = max(shelf.top, *shelf.seen) if shelf.seen else shelf.top
    shelf.read_at = now


# --- listings as texts -------------------------------------------------------------------------------------


def _blocks(layout: Layout, ids: Collection[int] | None) -> Iterator[dict[int, tuple[str, frozenset[int]]]]:
    """The public listings (of those named) as the index takes them, some hundred at a time."""
    if ids is None:
        ids = session.scalars(sa.select(Listing.id).where(standing.is_public()).order_by(Listing.id)).all()
    ordered, today, names, known = sorted(ids), clock.today(), Names(), thesaurus()
    for start in range(0, len(ordered), _AT_ONCE):
        part = ordered[start : start + _AT_ONCE]
        held = marks.standing(part, today)
        yield {
            row.id: (text_of(row, names, known), layout.held_by(row, held.get(row.id, frozenset())))
            for row in queries.public_rows(SYSTEM, part)
        }


def thesaurus() -> Thesaurus:
    return _thesaurus_of(tuple((row.code, row.words) for row in reference.technologies()))


@lru_cache(maxsize=2)
def _thesaurus_of(technologies: tuple[tuple[str, tuple[str, ...]], ...]) -> Thesaurus:
    return Thesaurus(technologies)


def text_of(row: Listing, names: Names, thesaurus: Thesaurus) -> str:
    """All that a listing is found by. The level that a supplier gives itself counts nothing: exaggerating must not
    lead upwards."""
    own = [row.name, row.summary, row.description, *(f"{one['name']} {one['description']}" for one in row.products)]
    labels = [*map(names.sector, row.sectors), *map(names.region, row.regions), *map(names.programme, row.programmes)]
    named = {code for codes in mentioned(row, thesaurus) for code in codes}
    builds = Counter(code for record in row.records for code in set(record.technologies))
    signs = [sign_of(code) for code in sorted(named | set(row.capabilities) | set(builds))]
    signs += [sign_of(code) for code in sorted(row.capabilities)]
    signs += [sign_of(code) for code in sorted(builds) for _ in range(min(builds[code], MOST_BUILDS))]
    return "\n".join([*own, *(f"{label.ko} {label.en}" for label in labels), " ".join(signs)])


def mentioned(row: Listing, thesaurus: Thesaurus) -> list[frozenset[str]]:
    """The technologies that a listing's own words name."""
    parts = [row.summary, row.description, *(f"{one['name']} {one['description']}" for one in row.products)]
    return thesaurus.find(fold("\n".join(parts)))[0]


# --- the worker's part -------------------------------------------------------------------------------------


def needs_building(layout: Layout, today: date) -> bool:
    """Whether the newest file is of another day or layout, or much has changed since."""
    newest = session.scalar(
        sa.select(SearchFile).where(SearchFile.layout == layout.digest).order_by(SearchFile.id.desc()).limit(1)
    )
    if newest is None or newest.day != today or not (_folder() / newest.name).exists():
        return True
    changes = sa.select(sa.func.count(sa.distinct(ListingChange.listing_id))).where(ListingChange.at > newest.read_at)
    return session.scalar(changes) > MANY_CHANGES


def build(layout: Layout | None = None) -> SearchFile:
    """Build the file anew and let the workers turn to it; for the worker, minutes at 100,000 listings.

    Notes: not in one transaction: what changes meanwhile is read again over the new file.
    """
    layout = layout or Layout(Names())
    read_at, today = clock.now(), clock.today()
    made = _read_all(layout)
    _folder().mkdir(parents=True, exist_ok=True)
    name = f"listings-{read_at:%Y%m%d%H%M%S%f}.index"
    made.save(_folder() / name)
    with transaction():
        row = SearchFile(name=name, layout=layout.digest, listings=len(made), read_at=read_at - OVERLAP, day=today)
        session.add(row)
        session.execute(sa.delete(ListingChange).where(ListingChange.at < read_at - timedelta(days=1)))
        session.execute(sa.delete(SearchFile).where(SearchFile.read_at < read_at - timedelta(days=1)))
    _sweep()
    return row


def build_if_needed() -> bool:
    """The worker's look, each minute. Returns whether a file was built; another thread or process may be at it."""
    layout = Layout(Names())
    with alone("search") as mine:
        if not mine or not needs_building(layout, clock.today()):
            return False
        build(layout)
        return True


def _sweep() -> None:
    """Take away files that no row names any more; who still maps one keeps it until it lets go."""
    named = set(session.scalars(sa.select(SearchFile.name)))
    for path in _folder().glob("listings-*"):
        if path.name not in named:
            path.unlink(missing_ok=True)


def _folder() -> Path:
    return files.data_folder() / "search"
