"""The pass of `scan` compiled by numba, for very many listings. The same arithmetic in the same order."""

from __future__ import annotations

import threading

import numpy as np
from numba import njit

from portal.directory.scan import Best, Postings

_BUFFERS = threading.local()


def best(
    postings: Postings,
    spans: np.ndarray,
    scales: np.ndarray,
    dead: np.ndarray | None,
    masks: np.ndarray,
    groups: np.ndarray | None,
    least: np.float32,
    last: int,
) -> Best:
    """See `scan.best`."""
    size = len(postings.ids)
    scores = getattr(_BUFFERS, "scores", None)
    if scores is None or len(scores) != size:
        scores = _BUFFERS.scores = np.zeros(size, dtype=np.float32)  # the pass leaves it as it finds it: all zero
    counted = groups if groups is not None else np.zeros(0, dtype=np.int32)
    row_groups = np.array([counted[mask][0] if groups is not None and mask.any() else -1 for mask in masks], np.int32)
    counts = np.zeros(len(counted), dtype=np.int64)
    wanted = min(last, size)
    docs, points = np.empty(wanted, dtype=np.int64), np.empty(wanted, dtype=np.float32)
    total, kept = _pass(
        spans,
        scales,
        postings.docs,
        postings.weights,
        postings.value_starts,
        postings.values,
        dead if dead is not None else np.zeros(0, dtype=np.bool_),
        masks,
        row_groups,
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
    spans, scales, docs, weights, value_starts, values, dead, masks, row_groups, groups, least, scores, counts,
    best_docs, best_points,
):  # fmt: skip
    for term in range(len(spans)):
        scale = scales[term]
        for place in range(spans[term, 0], spans[term, 1]):
            scores[docs[place]] += weights[place] * scale
    total = kept = 0
    wanted, rows, has_dead, counting = len(best_docs), len(masks), len(dead) > 0, len(groups) > 0
    for doc in range(len(scores)):
        score = scores[doc]
        if score == 0:
            continue
        scores[doc] = 0
        if score < least or score <= 0 or (has_dead and dead[doc]):
            continue
        failing, only = 0, -1
        for row in range(rows):
            met = False
            for place in range(value_starts[doc], value_starts[doc + 1]):
                if masks[row, values[place]]:
                    met = True
                    break
            if not met:
                failing += 1
                only = row
                if failing > 1 or not counting:
                    break
        if failing:
            if failing == 1 and counting:
                group = row_groups[only]
                for place in range(value_starts[doc], value_starts[doc + 1]):
                    if groups[values[place]] == group:
                        counts[values[place]] += 1
            continue
        total += 1
        if counting:
            for place in range(value_starts[doc], value_starts[doc + 1]):
                counts[values[place]] += 1
        if kept < wanted or (wanted and score > best_points[kept - 1]):
            place = kept if kept < wanted else wanted - 1
            while place > 0 and best_points[place - 1] < score:
                best_points[place], best_docs[place] = best_points[place - 1], best_docs[place - 1]
                place -= 1
            best_points[place], best_docs[place] = score, doc
            if kept < wanted:
                kept += 1
    return total, kept
