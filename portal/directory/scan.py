"""Going through postings: scores, filters, facet counts and the best few in one pass. Pure arithmetic on arrays.

Below `MANY` listings numpy does it, which costs a web worker 15 MB; above, the same arithmetic compiled by numba, which
is several times quicker and costs 130 MB. Both add the same 32-bit floats in the same order: equal results to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

MANY = 20_000
"""Listings from which the compiled pass is worth its memory."""
BLOCK = 32
"""Listings that are looked at together: many blocks hold nothing good enough and are left at once."""


@dataclass(frozen=True)
class Postings:
    """Which listings hold which unit, and how much that says.

    ids         : int64, sorted; a listing's place in it is its number below
    keys        : uint64, sorted, the units
    starts      : int64, shape (units + 1,), where each unit's listings begin
    docs        : int32, listings by unit, rising within each
    weights     : float32, their BM25
    common      : uint64, sorted, units that too many texts hold to be looked up
    value_starts: int64, shape (listings + 1,); values: int32, the facet values of each listing
    bits        : uint64, shape (words, listings and what fills the last block), the same values, one bit each
    """

    ids: np.ndarray
    keys: np.ndarray
    starts: np.ndarray
    docs: np.ndarray
    weights: np.ndarray
    common: np.ndarray
    value_starts: np.ndarray
    values: np.ndarray
    bits: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        return {one.name: getattr(self, one.name) for one in fields(self)}

    def spans(self, asked: np.ndarray) -> np.ndarray:
        """Where the listings of units begin and end, int64, shape (n, 2); empty spans for units that nobody holds."""
        at = np.searchsorted(self.keys, asked)
        inside = np.minimum(at, max(len(self.keys) - 1, 0))
        known = (self.keys[inside] == asked) if len(self.keys) else np.zeros(len(asked), dtype=np.bool_)
        start = np.where(known, self.starts[inside], 0)
        return np.stack([start, np.where(known, self.starts[inside + known], 0)], axis=1)


@dataclass(frozen=True)
class Best:
    """ids, scores: best first; total: of all found; counts: for each facet value, of all found."""

    ids: np.ndarray
    scores: np.ndarray
    total: int
    counts: np.ndarray


@dataclass(frozen=True)
class Choice:
    """What is chosen, by facet with a choice.

    groups: int32, the facets
    masks : uint64, shape (facets with a choice, words), the values chosen, one bit each
    """

    groups: np.ndarray
    masks: np.ndarray

    @classmethod
    def of(cls, chosen: Mapping[int, frozenset[int]], groups: np.ndarray) -> Choice:
        """groups: the facet of each value. A facet's foreign values, and facets that are not there, are nobody's."""
        known = set(groups.tolist())
        rows = [group for group in sorted(chosen) if group in known]
        masks = np.zeros((len(rows), words(len(groups))), dtype=np.uint64)
        for row, group in enumerate(rows):
            for one in chosen[group]:
                if 0 <= one < len(groups) and groups[one] == group:
                    masks[row, one // 64] |= np.uint64(1 << (one % 64))
        return cls(np.array(rows, dtype=np.int32), masks)


def words(values: int) -> int:
    """How many words of 64 bits hold a bit for each value."""
    return -(-values // 64)


def best(
    postings: Postings,
    spans: np.ndarray,
    scales: np.ndarray,
    dead: np.ndarray | None,
    choice: Choice,
    groups: np.ndarray | None,
    least: np.float32,
    last: int,
) -> Best:
    """The best listings of one layer.

    spans, scales: of the units asked for, int64 (n, 2) and float32 (n,)
    dead  : bool for each listing, those that are not there any more; None: all are
    choice: see there; a listing has to hold one value of each facet in it
    groups: the facet of each value, when counts are asked for
    least : lower scores are not found; nothing with a score of 0 is
    last  : how many of the best
    """
    used = np.flatnonzero(spans[:, 1] > spans[:, 0])
    if len(postings.ids) >= MANY:
        from portal.directory import compiled  # numba: see above

        return compiled.best(postings, spans[used], scales[used], dead, choice, groups, least, last)
    scores = np.zeros(len(postings.ids), dtype=np.float32)
    for (start, stop), scale in zip(spans[used].tolist(), scales[used], strict=True):
        scores[postings.docs[start:stop]] += postings.weights[start:stop] * scale
    alive = (scores >= least) & (scores > 0)
    if dead is not None:
        alive &= ~dead
    return _chosen(postings, scores, alive, choice, groups, last)


def all_of(postings: Postings, dead: np.ndarray | None, choice: Choice, groups: np.ndarray | None, last: int) -> Best:
    """Every listing of one layer, by its id."""
    alive = ~dead if dead is not None else np.ones(len(postings.ids), dtype=np.bool_)
    return _chosen(postings, np.zeros(len(postings.ids), dtype=np.float32), alive, choice, groups, last)


def _chosen(
    postings: Postings,
    scores: np.ndarray,
    alive: np.ndarray,
    choice: Choice,
    groups: np.ndarray | None,
    last: int,
) -> Best:
    docs = np.flatnonzero(alive)
    failing, only = _failing(postings, docs, choice)
    found = docs[failing == 0]
    counts = np.zeros(0, dtype=np.int64)
    if groups is not None:
        counts = _count(postings, found, len(groups))
        for row, group in enumerate(choice.groups):
            # what fails by this facet alone would be found with another of its values
            near = _count(postings, docs[(failing == 1) & (only == row)], len(groups))
            counts += np.where(groups == group, near, 0)
    order = _first(scores[found], last)
    return Best(postings.ids[found[order]], scores[found[order]], len(found), counts)


def _failing(postings: Postings, docs: np.ndarray, choice: Choice) -> tuple[np.ndarray, np.ndarray]:
    """By how many facets each listing fails, and the last one of them."""
    failing, only = np.zeros(len(docs), dtype=np.int64), np.full(len(docs), -1, dtype=np.int64)
    for row, mask in enumerate(choice.masks):
        met = np.zeros(len(docs), dtype=np.bool_)
        for word in np.flatnonzero(mask):
            met |= (postings.bits[word][docs] & mask[word]) != 0
        failing += ~met
        only[~met] = row
    return failing, only


def _count(postings: Postings, docs: np.ndarray, values: int) -> np.ndarray:
    """How many of some listings hold each value."""
    starts = postings.value_starts[docs]
    sizes = postings.value_starts[docs + 1] - starts
    within = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.bincount(postings.values[np.repeat(starts, sizes) + within], minlength=values)


def _first(scores: np.ndarray, last: int) -> np.ndarray:
    """The places of the `last` highest scores, equal ones in their order."""
    if last <= 0:
        return np.zeros(0, dtype=np.int64)
    if len(scores) > last:
        bar = np.partition(scores, len(scores) - last)[len(scores) - last]
        near = np.flatnonzero(scores >= bar)
    else:
        near = np.arange(len(scores))
    return near[np.argsort(-scores[near], kind="stable")][:last]
