"""The pass of `scan` compiled by numba, for very many listings. The same arithmetic in the same order."""

from __future__ import annotations

import threading

import numpy as np
from numba import njit

from portal.directory.scan import Best, Choice, Postings

BLOCK = 32
"""Listings that are looked at together: most blocks hold nothing good enough and are left at once."""

_BUFFERS = threading.local()
_NOBODY = np.zeros(0, dtype=np.bool_)
_NO_VALUES = np.zeros(0, dtype=np.int32)
# Where the only bit of a 64-bit number is: multiplied by this sequence its six highest bits are all different.
_SEQUENCE = 0x03F79D71B4CB0A89
_PLACES = np.zeros(64, dtype=np.int64)
for _place in range(64):
    _PLACES[((_SEQUENCE << _place) & (2**64 - 1)) >> 58] = _place


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
    """See `scan.best`."""
    size = len(postings.ids)
    scores = getattr(_BUFFERS, "scores", None)
    if scores is None or len(scores) != size:
        scores = _BUFFERS.scores = np.zeros(size, dtype=np.float32)  # the pass leaves it as it finds it: all zero
    counted = groups if groups is not None else _NO_VALUES
    counts = np.zeros(len(counted), dtype=np.int64)
    wanted = min(last, size)
    docs, points = np.empty(wanted, dtype=np.int64), np.empty(wanted, dtype=np.float32)
    total, kept = _pass(
        spans,
        scales,
        postings.docs.view(np.uint32),  # no sign, hence no check for it
        postings.weights,
        postings.bits,
        dead if dead is not None else _NOBODY,
        choice.masks,
        choice.groups,
        counted,
        least,
        scores,
        counts,
        docs,
        points,
    )
    return Best(postings.ids[docs[:kept]], points[:kept], total, counts)


@njit(cache=True, nogil=True)
def _pass(
    spans, scales, docs, weights, bits, dead, masks, chosen, groups, least, scores, counts, best_docs, best_points
):  # fmt: skip
    for term in range(len(spans)):
        scale = scales[term]
        for place in range(spans[term, 0], spans[term, 1]):
            scores[docs[place]] += weights[place] * scale
    total = kept = 0
    wanted, rows, words = len(best_docs), len(masks), len(bits)
    has_dead, most = len(dead) > 0, 1 if len(groups) else 0
    failing, only, met = np.zeros(BLOCK, np.uint8), np.zeros(BLOCK, np.uint8), np.zeros(BLOCK, np.uint64)
    found = np.zeros(BLOCK, np.int64)
    for start in range(0, len(scores), BLOCK):
        size = min(BLOCK, len(scores) - start)
        highest = np.float32(0)
        for at in range(size):
            highest = max(highest, scores[start + at])
        if highest < least or highest <= 0:
            for at in range(size):
                scores[start + at] = 0
            continue
        failing[:] = 0
        for row in range(rows):
            met[:] = 0
            for word in range(words):
                mask = masks[row, word]
                if mask != 0:
                    for at in range(size):
                        met[at] |= bits[word, start + at] & mask
            for at in range(size):
                failing[at] += met[at] == 0
                if met[at] == 0:
                    only[at] = row
        # without branches that nobody can foretell
        near = 0
        for at in range(size):
            score = scores[start + at]
            found[near] = at
            near += (score >= least) & (score > 0) & (failing[at] <= most)
        for place in range(near):
            at = found[place]
            doc = start + at
            if has_dead and dead[doc]:
                continue
            if most:
                for word in range(words):
                    left = bits[word, doc]
                    while left:
                        lowest = left & (~left + np.uint64(1))
                        value = word * 64 + _PLACES[(lowest * np.uint64(_SEQUENCE)) >> np.uint64(58)]
                        if failing[at] == 0 or groups[value] == chosen[only[at]]:
                            counts[value] += 1
                        left ^= lowest
                if failing[at]:
                    continue
            total += 1
            score = scores[doc]
            if kept < wanted or (wanted and score > best_points[kept - 1]):
                spot = kept if kept < wanted else wanted - 1
                while spot > 0 and best_points[spot - 1] < score:
                    best_points[spot], best_docs[spot] = best_points[spot - 1], best_docs[spot - 1]
                    spot -= 1
                best_points[spot], best_docs[spot] = score, doc
                if kept < wanted:
                    kept += 1
        for at in range(size):
            scores[start + at] = 0
    return total, kept
