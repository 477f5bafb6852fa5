"""Every company's best suppliers at once: the score of `score.parts_of` in blocks of a matrix, for the nightly plan.

What a pair's parts depend on takes few values (a division, a level, a size, a region), so each becomes a small table;
only the technologies are multiplied out. Only the worker, commands and tests import this room (numpy, scipy).

The best of all companies are the same few suppliers, who can't serve them all. So half of what is kept is best by
points; the rest is best by points less a price, which rises while a supplier is asked for more often than it has room
(the dual prices of the flow to come), and a tenth is for newcomers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

import numpy as np
from scipy.sparse import csr_matrix

from portal.directory.rules import NATIONWIDE
from portal.matching import score
from portal.matching.rules import NEAR_TIE, PER_COMPANY, Candidate, Need, gate

BLOCK = 512
"""Companies in a block: 5,000 suppliers then take 20 MB for each table."""
TOP = 60
PRICED = 2
"""One in so many of the pairs kept is best by its price."""
NEW = 10
"""One in so many of the pairs kept is a newcomer."""
_STEPS = 24
"""Samples of companies by which the prices are found; each moves a price by `_STRIDE` points at most, less and less."""
_STRIDE = 6.0
_GOLDEN, _SILVER = (5**0.5 - 1) / 2, 2**0.5 - 1
_NOBODY = -1.0


def build(
    needs: Sequence[Need],
    candidates: Sequence[Candidate],
    *,
    top: int = TOP,
    mean: float | None = None,
    room: Sequence[int] | None = None,
    each: int = PER_COMPANY,
    told: Callable[[int, int], None] | None = None,
) -> csr_matrix:
    """The best suppliers of each company.

    top    : how many for each company at most
    mean   : share of good outcomes over all suppliers; None: of these
    room   : how many companies each candidate can be given; None: only points decide who is kept
    each   : suppliers that a company is to be given
    told   : is told how many companies are done, and of how many
    Returns: CSR, shape (needs, candidates), float64, points 0–100; pairs that a gate keeps apart are not stored. Of
             suppliers with equal points at the edge those with the lower place in `candidates` stay.
    Notes  : O(needs · candidates · technologies) in blocks, some 100 MB for 5,000 candidates. A part differs from
             `parts_of` by at most the last digit of its rounding. Prices are found by subgradient steps on samples of
             the companies, so they don't depend on the companies' order in time. Deterministic.
    """
    open_cols = np.array([at for at, one in enumerate(candidates) if not one.is_grey and one.open_slots > 0], dtype=int)
    there = [candidates[at] for at in open_cols]
    mean = score.mean_outcome(there) if mean is None else mean
    tables = _Tables(there, mean)
    choose = _chooser(tables, needs, None if room is None else np.asarray(room)[open_cols], top, each)
    cols, points, sizes, done = [], [], [], 0
    for block in _blocks(needs):
        table = tables.points(block)
        kept = choose(block, table)
        sizes.append(kept.sum(axis=1))
        cols.append(open_cols[np.nonzero(kept)[1]])
        points.append(table[kept])
        done += len(block)
        if told is not None:
            told(done, len(needs))
    shape = (len(needs), len(candidates))
    if not sizes:
        return csr_matrix(shape)
    starts = np.concatenate([[0], np.cumsum(np.concatenate(sizes))])
    return csr_matrix((np.concatenate(points), np.concatenate(cols), starts), shape=shape)


def _blocks(needs: Sequence[Need]) -> Iterator[Sequence[Need]]:
    for start in range(0, len(needs), BLOCK):
        yield needs[start : start + BLOCK]


Choose = Callable[[Sequence[Need], np.ndarray], np.ndarray]


def _chooser(tables: _Tables, needs: Sequence[Need], room: np.ndarray | None, top: int, each: int) -> Choose:
    """Which pairs of a block to keep, as a mask over its points."""
    if room is None or len(tables.candidates) <= top:
        return lambda block, points: _among(_best(points, top), points) & (points > _NOBODY)
    price = _prices(tables, needs, room, each)
    new = np.flatnonzero([one.is_newcomer for one in tables.candidates])
    fresh, priced = top // NEW, top // PRICED

    def choose(block: Sequence[Need], points: np.ndarray) -> np.ndarray:
        kept = _among(_best(points, top - priced), points)
        cheap = (points - price).astype(np.float32)
        cheap += _lots(block, len(price))
        cheap[kept | (points == _NOBODY)] = -np.inf
        kept |= _among(new[_best(cheap[:, new], fresh)], points)
        cheap[kept] = -np.inf
        kept |= _among(_best(cheap, priced - fresh), points)
        return kept & (points > _NOBODY)

    return choose


def _prices(tables: _Tables, needs: Sequence[Need], room: np.ndarray, each: int) -> np.ndarray:
    """What each supplier's points are lowered by, so that companies ask for no more than there is."""
    stride = max(1, len(needs) // BLOCK)
    asked = max(1, min(each, int(room.sum()) // max(1, len(needs))))
    price, steps = np.zeros(len(room)), []
    for step in range(_STEPS):
        sample = needs[step % stride :: stride][:BLOCK]
        points = tables.points(sample)
        best = _best(np.where(points == _NOBODY, -np.inf, points - price), asked)
        wanted = np.bincount(best[np.take_along_axis(points, best, axis=1) > _NOBODY], minlength=len(room))
        share = room * (len(sample) / len(needs))
        over = np.clip((wanted - share) / np.maximum(share, 1.0), -1.0, 1.0)
        price = np.maximum(price + over * (_STRIDE / np.sqrt(step + 1)), 0.0)
        steps.append(price)
    return np.mean(steps[_STEPS // 2 :], axis=0)


def _lots(block: Sequence[Need], width: int) -> np.ndarray:
    """Up to a near-tie for each pair: companies that are alike would else all be kept beside the same suppliers."""
    rows = np.array([need.organisation_id for need in block]) * _GOLDEN % 1.0
    lots = (rows[:, None] + np.arange(width) * _SILVER % 1.0).astype(np.float32)
    return np.where(lots < 1, lots, lots - 1) * np.float32(NEAR_TIE)


def _best(points: np.ndarray, top: int) -> np.ndarray:
    """The columns with the most points of each row, as many as `top` and the columns allow."""
    if points.shape[1] <= top:
        return np.broadcast_to(np.arange(points.shape[1]), points.shape)
    if not top:
        return np.zeros((len(points), 0), dtype=int)
    # the lower column first among equals, whatever the partition does: a hair less for each column
    hair = np.linspace(0, 1e-6, points.shape[1], dtype=points.dtype)
    return np.argpartition(hair - points, top - 1, axis=1)[:, :top]


def _among(best: np.ndarray, points: np.ndarray) -> np.ndarray:
    kept = np.zeros(points.shape, dtype=bool)
    np.put_along_axis(kept, best, True, axis=1)
    return kept


class _Tables:
    """Points of each part by what a company can be; a row is made when a company first asks for it."""

    def __init__(self, candidates: Sequence[Candidate], mean: float):
        self.candidates = candidates
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
                points[row, [not need.required <= one.marks for one in self.candidates]] = _NOBODY
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
        return np.array([part(need, one).points for one in self.candidates], dtype=float)

    def _region(self, need: Need) -> np.ndarray:
        """One supplier of each sort is asked: seated there or not, serving it by name, serving the whole country."""
        nobody = np.zeros(len(self.candidates), dtype=int)
        homes = sum((self._homes.get(key, nobody) for key in need.regions), start=nobody) > 0
        served = sum((self._served.get(key, nobody) for key in need.regions), start=nobody) > 0
        sorts = 4 * homes + 2 * served + self._served.get(NATIONWIDE, nobody)
        row = np.zeros(len(self.candidates))
        for sort in np.unique(sorts):
            one = self.candidates[int(np.argmax(sorts == sort))]
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
