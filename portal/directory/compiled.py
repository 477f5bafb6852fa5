"""The pass of `scan` compiled by numba, for very many listings. The same arithmetic in the same order."""

from __future__ import annotations

import threading

import numpy as np
from numba import njit

from portal.directory.scan import BLOCK, Best, Choice, Postings

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
    size = postings.bits.shape[1]
    scores = getattr(_BUFFERS, "scores", None)
    if scores is None or len(scores) != size:
        scores = _BUFFERS.scores = np.zeros(size, dtype=np.float32)  # the pass leaves it as it finds it: all zero
    counted = groups if groups is not None else _NO_VALUES
    counts = np.zeros(len(counted), dtype=np.int64)
    wanted = min(last, len(postings.ids))
    docs, points = np.empty(wanted, dtype=np.int64), np.empty(wanted, dtype=np.float32)
    rows, rows_words = np.nonzero(choice.masks)
    steps = np.searchsorted(rows, np.arange(len(choice.masks) + 1))
    total, kept = _pass(
        spans,
        scales,
        postings.docs.view(np.uint32),  # no sign, hence no check for it
        postings.weights,
        postings.bits,
        dead if dead is not None else _NOBODY,
        steps,
        rows_words,
        choice.masks[rows, rows_words],
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
    spans, scales, docs, weights, bits, dead, steps, step_words, step_masks, chosen, groups, least, scores, counts,
    best_docs, best_points,
):  # fmt: skip
    for term in range(len(spans)):
        scale = scales[term]
        for place in range(spans[term, 0], spans[term, 1]):
            scores[docs[place]] += weights[place] * scale
    total = kept = 0
    wanted, rows, words = len(best_docs), len(steps) - 1, len(bits)
    has_dead, most = len(dead) > 0, 1 if len(groups) else 0
    failing, found = np.zeros(BLOCK, np.int64), np.zeros(BLOCK, np.int64)
    for block in range(len(scores) // BLOCK):
        start = block * BLOCK
        here = scores[start : start + BLOCK]
        near = 0
        for at in range(BLOCK):
            near += here[at] >= least
        if near == 0:
            for at in range(BLOCK):
                here[at] = 0
            continue
        # without branches that nobody can foretell: first by score, then by facets
        near = 0
        for at in range(BLOCK):
            found[near] = at
            near += (here[at] >= least) & (here[at] > 0)
        if rows:
            kept_near = 0
            for place in range(near):
                at = found[place]
                fails = 0
                for row in range(rows):
                    held = np.uint64(0)
                    for step in range(steps[row], steps[row + 1]):
                        held |= bits[step_words[step], start + at] & step_masks[step]
                    fails += held == 0
                failing[at] = fails
                found[kept_near] = at
                kept_near += fails <= most
            near = kept_near
        for place in range(near):
            at = found[place]
            doc = start + at
            if has_dead and dead[doc]:
                continue
            if most:
                only = 0
                if failing[at]:
                    held = np.uint64(1)
                    while held:
                        held = np.uint64(0)
                        for step in range(steps[only], steps[only + 1]):
                            held |= bits[step_words[step], doc] & step_masks[step]
                        only += held != 0
                for word in range(words):
                    left = bits[word, doc]
                    while left:
                        lowest = left & (~left + np.uint64(1))
                        value = word * 64 + _PLACES[(lowest * np.uint64(_SEQUENCE)) >> np.uint64(58)]
                        if failing[at] == 0 or groups[value] == chosen[only]:
                            counts[value] += 1
                        left ^= lowest
                if failing[at]:
                    continue
            total += 1
            score = here[at]
            if kept < wanted or (wanted and score > best_points[kept - 1]):
                spot = kept if kept < wanted else wanted - 1
                while spot > 0 and best_points[spot - 1] < score:
                    best_points[spot], best_docs[spot] = best_points[spot - 1], best_docs[spot - 1]
                    spot -= 1
                best_points[spot], best_docs[spot] = score, doc
                if kept < wanted:
                    kept += 1
        for at in range(BLOCK):
            here[at] = 0
    return total, kept
