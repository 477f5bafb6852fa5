"""The directory's own index: Korean text, exact facet counts, one file that every web worker maps. No search server.

A listing's score is BM25 (k1 0.9, b 0.4) over the four kinds of units of `tokens`; what each kind earns is divided by
what the query could earn in it, so that the parts can be added: score 1 means about "everything that was asked, once".
A change is laid over the mapped file in milliseconds and is searched like the rest; the statistics (how rare a unit
is, how long texts are) stay those of the file until the next build, so that all workers give the same order.

Rooms: `tokens` reads texts, `scan` goes through the postings.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from portal.directory import scan, tokens
from portal.directory.scan import Postings
from portal.directory.tokens import WEIGHTS, Kind

K1, B = 0.9, 0.4
ENOUGH = 0.35
"""The least score of a listing that `find` calls found: about a third of what was asked, rare words weighing more."""
COMMON_SHARE, COMMON_LEAST = 0.1, 500
"""In more texts than that only the morphemes still say something; the other kinds would only cost time."""
MOST_ASKED = 1_000
"""Characters of a query that are read."""

_MAGIC = b"LISTINGS"
_VERSION = 1
_ALIGN = 64


@dataclass(frozen=True)
class Found:
    """One stretch of the listings found.

    ids, scores: best first; equal scores by id
    total      : of all that were found
    counts     : for each facet value, how many would be found with it alone in its facet; empty unless asked for
    """

    ids: tuple[int, ...]
    scores: tuple[float, ...]
    total: int
    counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Text:
    """A listing read once: its units with how often each stands there, and how long it is in each kind."""

    keys: np.ndarray
    times: np.ndarray
    lengths: tuple[int, int, int, int]
    values: tuple[int, ...]


@dataclass(frozen=True)
class _Statistics:
    """What weighs a unit: texts, and their mean length in each kind."""

    texts: int
    means: np.ndarray

    def rarity(self, holding: np.ndarray) -> np.ndarray:
        """For units that so many texts hold. Source: BM25 as in Lucene, never negative."""
        return np.log(1 + (self.texts - holding + 0.5) / (holding + 0.5))

    def weights(self, times: np.ndarray, lengths: np.ndarray, kinds: np.ndarray, rarity: np.ndarray) -> np.ndarray:
        room = K1 * (1 - B + B * lengths / self.means[kinds])
        return (rarity * times * (K1 + 1) / (times + room)).astype(np.float32)


class ListingIndex:
    """Listings to search, never changed: `changed` gives another one over the same file."""

    def __init__(
        self,
        base: Postings,
        statistics: _Statistics,
        groups: np.ndarray,
        overlay: Mapping[int, _Text] | None = None,
        gone: frozenset[int] = frozenset(),
    ):
        self._base, self._statistics, self._groups = base, statistics, groups
        self._overlay, self._gone = dict(overlay or {}), gone

    @classmethod
    def build(
        cls,
        pairs: Iterable[tuple[int, str]],
        values: Mapping[int, Collection[int]] | None = None,
        groups: Sequence[int] = (),
    ) -> ListingIndex:
        """Read all listings.

        pairs : (id, text); of an id that comes twice the last text counts
        values: id → numbers of the facet values that it holds, 0 … len(groups) − 1
        groups: the facet that each value belongs to
        Raises: ValueError for a value that no facet has
        Notes : O(characters); about 1 ms for a text of 500 characters. Deterministic.
        """
        held = _held(values or {}, groups)
        texts = {int(key): _read(text, held.get(int(key), ())) for key, text in pairs}
        return cls._of(texts, np.asarray(groups, dtype=np.int32))

    @classmethod
    def _of(cls, texts: Mapping[int, _Text], groups: np.ndarray) -> ListingIndex:
        lengths = np.array([one.lengths for one in texts.values()], dtype=np.float64).reshape(-1, len(Kind))
        means = np.maximum(lengths.mean(axis=0) if len(texts) else np.ones(len(Kind)), 1e-9)
        statistics = _Statistics(len(texts), means)
        return cls(_postings(texts, statistics, len(groups), None), statistics, groups)

    def __len__(self) -> int:
        return len(self._base.ids) - int(self._dead.sum()) + len(self._overlay)

    @property
    def changes(self) -> int:
        """How many listings lie over the file; a build takes them in."""
        return len(self._overlay) + len(self._gone)

    # --- asking -------------------------------------------------------------------------------------------

    def search(self, query: str, limit: int) -> list[tuple[int, float]]:
        """The listings that hold anything of the query. Returns: (id, score), best first, equal scores by id."""
        found = self._scan(query, {}, max(limit, 0), least=0.0, counts=False)
        return list(zip(found.ids, found.scores, strict=True)) if found else []

    def find(
        self,
        query: str,
        *,
        chosen: Mapping[int, Collection[int]] | None = None,
        limit: int = 20,
        offset: int = 0,
        counts: bool = True,
    ) -> Found:
        """One page of the listings that answer a query.

        query : a text without letters and digits asks for nothing: every listing is found, by id
        chosen: facet → values; one of a facet's values is enough, every facet has to be met
        Notes : numbers that no facet has are nobody's; O(postings of the query's units + listings)
        """
        wanted = {group: frozenset(some) for group, some in (chosen or {}).items() if some}
        last = max(offset, 0) + max(limit, 0)
        found = self._scan(query, wanted, last, least=ENOUGH, counts=counts)
        if found is None:
            found = self._everything(wanted, last, counts)
        start = max(offset, 0)
        return Found(found.ids[start:last], found.scores[start:last], found.total, found.counts)

    def terms(self, query: str, key: int) -> tuple[str, ...]:
        """The words of a query that a listing holds, without their particles, in the order typed."""
        held = []
        for word in dict.fromkeys(tokens.words(tokens.fold(query[:MOST_ASKED]))):
            parts = [tokens.key_of(Kind.MORPHEME, part) for part in tokens.morphemes(word)]
            if self._holds(key, [tokens.key_of(Kind.WORD, word)]) or (parts and self._holds(key, parts)):
                held.append(word)
        return tuple(held)

    def changed(self, upserts: Mapping[int, tuple[str, Collection[int]]], gone: Collection[int] = ()) -> ListingIndex:
        """This index with some listings new or otherwise, and some gone; milliseconds, nothing is written.

        upserts: id → (text, facet values)
        Raises : ValueError for a value that no facet has
        """
        held = _held({key: some for key, (_, some) in upserts.items()}, self._groups)
        overlay = {key: one for key, one in self._overlay.items() if key not in gone}
        overlay |= {int(key): _read(text, held[int(key)]) for key, (text, _) in upserts.items()}
        if not len(self._base.ids):  # nothing says yet how rare a word is
            return self._of(overlay, self._groups)
        return ListingIndex(
            self._base, self._statistics, self._groups, overlay, (self._gone | frozenset(gone)) - frozenset(overlay)
        )

    # --- the file -----------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write one file, in place of an older one at once. Raises: ValueError when changes lie over the index."""
        if self.changes:
            raise ValueError("changes lie over the index; build it anew")
        arrays = {**self._base.arrays(), "means": self._statistics.means, "groups": self._groups}
        heads, place = {}, 0
        for name, array in arrays.items():
            place = -(-place // _ALIGN) * _ALIGN
            heads[name] = {"type": array.dtype.str, "shape": array.shape, "at": place}
            place += array.nbytes
        head = json.dumps({"version": _VERSION, "arrays": heads, "bytes": place}).encode()
        start = -(-(len(_MAGIC) + 4 + len(head)) // _ALIGN) * _ALIGN
        path = Path(path)
        waiting = path.with_name(f"{path.name}.{os.getpid()}.part")
        with waiting.open("wb") as file:
            file.write(_MAGIC + struct.pack("<I", len(head)) + head)
            for name, array in arrays.items():
                file.seek(start + heads[name]["at"])
                file.write(np.ascontiguousarray(array).data)
            file.truncate(start + place)
            file.flush()
            os.fsync(file.fileno())
        waiting.replace(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> ListingIndex:
        """Map a file; pages that no query touches take no memory. Raises: ValueError for a file that is none."""
        if os.path.getsize(path) < len(_MAGIC) + 4:
            raise ValueError(f"{path} is no index")
        mapped = np.memmap(path, dtype=np.uint8, mode="r")
        if mapped[: len(_MAGIC)].tobytes() != _MAGIC:
            raise ValueError(f"{path} is no index")
        (size,) = struct.unpack("<I", mapped[len(_MAGIC) : len(_MAGIC) + 4].tobytes())
        head: dict[str, Any] = json.loads(mapped[len(_MAGIC) + 4 : len(_MAGIC) + 4 + size].tobytes())
        start = -(-(len(_MAGIC) + 4 + size) // _ALIGN) * _ALIGN
        if head["version"] != _VERSION or len(mapped) != start + head["bytes"]:
            raise ValueError(f"{path} is of another version or cut off")
        arrays = {}
        for name, one in head["arrays"].items():
            kind, count = np.dtype(one["type"]), int(np.prod(one["shape"], dtype=np.int64))
            at = start + one["at"]
            # a plain view: numpy.memmap's own bookkeeping would cost every slice of a query microseconds
            arrays[name] = np.asarray(mapped[at : at + count * kind.itemsize]).view(kind).reshape(one["shape"])
        means, groups = arrays.pop("means"), arrays.pop("groups")
        base = Postings(**arrays)
        return cls(base, _Statistics(len(base.ids), means), groups)

    # --- inside -------------------------------------------------------------------------------------------

    @cached_property
    def _dead(self) -> np.ndarray:
        """Which listings of the file are gone or written anew."""
        dead = np.zeros(len(self._base.ids), dtype=np.bool_)
        for key in (*self._overlay, *self._gone):
            at = int(np.searchsorted(self._base.ids, key))
            if at < len(dead) and self._base.ids[at] == key:
                dead[at] = True
        return dead

    @cached_property
    def _over(self) -> Postings | None:
        return _postings(self._overlay, self._statistics, len(self._groups), self._base) if self._overlay else None

    @property
    def _layers(self) -> list[tuple[Postings, np.ndarray | None]]:
        layers: list[tuple[Postings, np.ndarray | None]] = [(self._base, self._dead if self.changes else None)]
        return [*layers, (self._over, None)] if self._over is not None else layers

    def _scan(
        self, query: str, chosen: Mapping[int, frozenset[int]], last: int, *, least: float, counts: bool
    ) -> Found | None:
        """None when the query asks for nothing."""
        asked = np.unique(tokens.units(query[:MOST_ASKED]).keys)
        if not len(asked):
            return None
        layers = self._layers
        spans = [postings.spans(asked) for postings, _ in layers]
        scales = self._scales(asked, spans)
        choice = scan.Choice.of(chosen, self._groups)
        parts = [
            scan.best(postings, span, scales, dead, choice, self._groups if counts else None, np.float32(least), last)
            for (postings, dead), span in zip(layers, spans, strict=True)
        ]
        return _joined(parts, last)

    def _scales(self, asked: np.ndarray, spans: Sequence[np.ndarray]) -> np.ndarray:
        """What one point of BM25 is worth in each unit, float32: kinds in which nothing is known have no say."""
        base, *over = spans
        holding = base[:, 1] - base[:, 0]
        known = holding > 0
        for span in over:
            known = known | (span[:, 1] > span[:, 0])
        kinds = tokens.kind_of(asked)
        rarity = np.where(known, self._statistics.rarity(holding), 0.0)
        mass = np.bincount(kinds, weights=rarity, minlength=len(Kind))
        say = np.where(mass > 0, WEIGHTS, 0.0)
        share = np.divide(say, mass, out=np.zeros(len(Kind)), where=mass > 0) / max(say.sum(), 1e-9)
        return share[kinds].astype(np.float32)

    def _everything(self, chosen: Mapping[int, frozenset[int]], last: int, counts: bool) -> Found:
        choice = scan.Choice.of(chosen, self._groups)
        parts = [
            scan.all_of(postings, dead, choice, self._groups if counts else None, last)
            for postings, dead in self._layers
        ]
        return _joined(parts, last)

    def _holds(self, key: int, keys: Sequence[int]) -> bool:
        postings = self._over if key in self._overlay else self._base
        at = int(np.searchsorted(postings.ids, key))
        if at == len(postings.ids) or postings.ids[at] != key or (postings is self._base and self._dead[at]):
            return False
        for start, stop in postings.spans(np.array(keys, dtype=np.uint64)):
            place = start + int(np.searchsorted(postings.docs[start:stop], at))
            if place == stop or postings.docs[place] != at:
                return False
        return True


def _held(values: Mapping[int, Collection[int]], groups: Sequence[int] | np.ndarray) -> dict[int, tuple[int, ...]]:
    held = {int(key): tuple(sorted({int(one) for one in some})) for key, some in values.items()}
    if any(some and (some[0] < 0 or some[-1] >= len(groups)) for some in held.values()):
        raise ValueError("a listing holds a value that no facet has")
    return held


def _read(text: str, values: tuple[int, ...]) -> _Text:
    read = tokens.units(text)
    keys, times = np.unique(read.keys, return_counts=True)
    return _Text(keys, times.astype(np.float32), read.lengths, values)


def _postings(texts: Mapping[int, _Text], statistics: _Statistics, values: int, base: Postings | None) -> Postings:
    """Turn texts into postings, by unit and then by listing.

    values: how many facet values there are
    base  : what tells how rare a unit is; None: the texts themselves
    """
    ids = np.array(sorted(texts), dtype=np.int64)
    ordered = [texts[int(key)] for key in ids]
    sizes = np.array([len(one.keys) for one in ordered], dtype=np.int64)
    keys = np.concatenate([one.keys for one in ordered]) if ordered else np.zeros(0, dtype=np.uint64)
    order = np.argsort(keys, kind="stable")  # listings stay in their order within a unit
    docs = np.repeat(np.arange(len(ids), dtype=np.int32), sizes)[order]
    times = (np.concatenate([one.times for one in ordered]) if ordered else np.zeros(0, dtype=np.float32))[order]
    keys = keys[order]
    del order
    distinct, holding = np.unique(keys, return_counts=True)
    if base is not None:
        spans = base.spans(distinct)
        weighing = spans[:, 1] - spans[:, 0]
    else:
        weighing = holding
    kinds = tokens.kind_of(distinct)
    lengths = np.array([one.lengths for one in ordered], dtype=np.float64).reshape(-1, len(Kind))
    each = np.repeat(kinds, holding)
    weights = statistics.weights(times, lengths[docs, each], each, np.repeat(statistics.rarity(weighing), holding))
    if base is None:
        kept = (kinds == Kind.MORPHEME) | (holding <= max(COMMON_LEAST, COMMON_SHARE * len(ids)))
    else:
        kept = ~np.isin(distinct, base.common)
    common = distinct[~kept]
    still = np.repeat(kept, holding)
    distinct, holding, docs, weights = distinct[kept], holding[kept], docs[still], weights[still]
    return Postings(
        ids=ids,
        keys=distinct,
        starts=np.concatenate([[0], np.cumsum(holding)]).astype(np.int64),
        docs=docs,
        weights=weights,
        common=common,
        value_starts=np.concatenate([[0], np.cumsum([len(one.values) for one in ordered])]).astype(np.int64),
        values=np.array([value for one in ordered for value in one.values], dtype=np.int32),
        bits=_bits([one.values for one in ordered], values),
    )


def _bits(held: Sequence[tuple[int, ...]], values: int) -> np.ndarray:
    bits = np.zeros((scan.words(values), -(-len(held) // scan.BLOCK) * scan.BLOCK), dtype=np.uint64)
    for doc, some in enumerate(held):
        for value in some:
            bits[value // 64, doc] |= np.uint64(1 << (value % 64))
    return bits


def _joined(parts: Sequence[scan.Best], last: int) -> Found:
    ids = np.concatenate([part.ids for part in parts])
    scores = np.concatenate([part.scores for part in parts])
    order = np.lexsort((ids, -scores))[:last]
    counts = parts[0].counts if len(parts) == 1 else np.sum([part.counts for part in parts], axis=0)
    return Found(
        tuple(ids[order].tolist()),
        tuple(scores[order].tolist()),
        sum(part.total for part in parts),
        tuple(counts.tolist()),
    )
