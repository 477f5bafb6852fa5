"""Every company's best suppliers at once: the score of `score.parts_of` in blocks of a matrix, for the nightly plan.

What a pair's parts depend on takes few values (a division, a level, a size, a region), so each becomes a small table;
only the technologies are multiplied out. Only the worker, commands and tests import this room (numpy, scipy).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_matrix

from portal.directory.rules import NATIONWIDE
from portal.matching import score
from portal.matching.rules import Candidate, Need, gate

BLOCK = 512
"""Companies in a block: 5,000 suppliers then take 20 MB for each table."""
_NOBODY = -1.0


def build(
    needs: Sequence[Need],
    candidates: Sequence[Candidate],
    *,
    top: int = 60,
    mean: float | None = None,
    told: Callable[[int, int], None] | None = None,
) -> csr_matrix:
    """The best suppliers of each company.

    top    : how many for each company at most
    mean   : share of good outcomes over all suppliers; None: of these
    told   : is told how many companies are done, and of how many
    Returns: CSR, shape (needs, candidates), float64, points 0–100; pairs that a gate keeps apart are not stored. Of
             suppliers with equal points at the edge those with the lower place in `candidates` stay.
    Notes  : O(needs · candidates · technologies) in blocks, some 100 MB for 5,000 candidates. A part differs from
             `parts_of` by at most the last digit of its rounding.
    """
    open_cols = np.array([at for at, one in enumerate(candidates) if not one.is_grey and one.open_slots > 0], dtype=int)
    there = [candidates[at] for at in open_cols]
    mean = score.mean_outcome(there) if mean is None else mean
    tables = _Tables(there, mean)
    cols, points, sizes = [], [], []
    for block in _blocks(needs):
        best, value = _best(tables.points(block), top)
        kept = value > _NOBODY
        sizes.append(kept.sum(axis=1))
        cols.append(open_cols[best[kept]] if len(there) else best[kept])
        points.append(value[kept])
        if told is not None:
            told(sum(map(len, sizes)), len(needs))
    starts = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]) if sizes else np.zeros(1, dtype=int)
    shape = (len(needs), len(candidates))
    if not sizes:
        return csr_matrix(shape)
    made = csr_matrix((np.concatenate(points), np.concatenate(cols), starts), shape=shape)
    made.sort_indices()
    return made


def _blocks(needs: Sequence[Need]) -> Iterator[Sequence[Need]]:
    for start in range(0, len(needs), BLOCK):
        yield needs[start : start + BLOCK]


def _best(points: np.ndarray, top: int) -> tuple[np.ndarray, np.ndarray]:
    """The columns with the most points of each row, and their points."""
    if points.shape[1] > top:
        # the lower column first among equals, whatever the partition does: a hair less for each column
        hair = np.linspace(0, 1e-6, points.shape[1])
        best = np.argpartition(hair - points, top - 1, axis=1)[:, :top] if top else np.zeros((len(points), 0), int)
    else:
        best = np.broadcast_to(np.arange(points.shape[1]), points.shape)
    return best, np.take_along_axis(points, best, axis=1)


class _Tables:
    """Points of each part by what a company can be; a row is made when a company first asks for it."""

    def __init__(self, candidates: Sequence[Candidate], mean: float):
        self._candidates = candidates
        self._always = np.array(
            [score.outcome(one, mean).points + score.aftercare(one).points for one in candidates], dtype=float
        )
        self._of = {one.organisation_id: at for at, one in enumerate(candidates)}
        self._codes: dict[str, int] = {}
        for one in candidates:
            for code in (*one.technologies, *(code for record in one.records for code in record.technologies)):
                self._codes.setdefault(code, len(self._codes))
        # how far a supplier covers a technology: 1 by a verified build, 0.55–0.75 by its own account
        self._covers = np.zeros((len(self._codes), len(candidates)))
        for at, one in enumerate(candidates):
            for code, own in one.technologies.items():
                self._covers[self._codes[code], at] = 0.5 + own / 20
            for record in one.records:
                for code in record.technologies:
                    self._covers[self._codes[code], at] = 1.0
        self._homes = _holding([one.home for one in candidates])
        self._served = _holding([one.regions for one in candidates])
        self._rows: dict[object, np.ndarray] = {}

    def points(self, needs: Sequence[Need]) -> np.ndarray:
        """Shape (needs, candidates); `_NOBODY` where a gate keeps a pair apart."""
        weights = np.zeros((len(needs), len(self._codes)))
        for row, need in enumerate(needs):
            for code, weight in need.technologies.items():
                if code in self._codes:
                    weights[row, self._codes[code]] = weight
        most = score.MAXIMA["technology"]
        points = np.round(np.minimum(weights @ self._covers, 1.0) * most, 2)
        points[[row for row, need in enumerate(needs) if not need.technologies]] = most / 2
        for row, need in enumerate(needs):
            points[row] += self._rest(need)
        points[np.isneginf(points)] = _NOBODY
        for row, need in enumerate(needs):
            if (own := self._of.get(need.organisation_id)) is not None:
                points[row, own] = _NOBODY
            if need.required:
                points[row, [not need.required <= one.marks for one in self._candidates]] = _NOBODY
        return np.round(points, 2)

    def _rest(self, need: Need) -> np.ndarray:
        """All but the technologies; minus infinity where the region is not served."""
        anybody = replace(need, organisation_id=0, required=frozenset())  # a row is for every company that is alike
        row = self._always.copy()
        row += self._row(("sector", (need.ksic or "")[:2]), lambda: self._each(score.sector, anybody))
        row += self._row(("level", need.target_level), lambda: self._each(score.level, anybody))
        row += self._row(("size", need.size), lambda: self._each(score.size, anybody))
        row += self._row(("region", need.regions), lambda: self._region(anybody))
        return row

    def _row(self, key: object, make: Callable[[], np.ndarray]) -> np.ndarray:
        if key not in self._rows:
            self._rows[key] = make()
        return self._rows[key]

    def _each(self, part: Callable[[Need, Candidate], score.Part], need: Need) -> np.ndarray:
        return np.array([part(need, one).points for one in self._candidates], dtype=float)

    def _region(self, need: Need) -> np.ndarray:
        """One supplier of each sort is asked: seated there or not, serving it by name, serving the whole country."""
        nobody = np.zeros(len(self._candidates), dtype=int)
        homes = sum((self._homes.get(key, nobody) for key in need.regions), start=nobody) > 0
        served = sum((self._served.get(key, nobody) for key in need.regions), start=nobody) > 0
        sorts = 4 * homes + 2 * served + self._served.get(NATIONWIDE, nobody)
        row = np.zeros(len(self._candidates))
        for sort in np.unique(sorts):
            one = self._candidates[int(np.argmax(sorts == sort))]
            # the other gates are judged elsewhere: grey and full suppliers never get here, own firm and marks come last
            row[sorts == sort] = -np.inf if gate(need, one) else score.region(need, one).points
        return row


def _holding(sets: Sequence[Collection[str]]) -> dict[str, np.ndarray]:
    """For each key, which of the sets hold it, as 0 and 1."""
    found: dict[str, np.ndarray] = {}
    for at, some in enumerate(sets):
        for key in some:
            found.setdefault(key, np.zeros(len(sets), dtype=int))[at] = 1
    return found
