"""Which listings speak of what companies write: the exact nearest texts of many by many, compiled.

Only the worker, commands and tests import this room (numpy, scipy, numba).
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange
from scipy.sparse import csr_array, csr_matrix

Matrix = csr_matrix | csr_array
DENSE_SHARE = 0.1
"""A word in more than this share of the listings is added as a whole row, which a processor does many at a time."""
BLOCK = 64


def nearest(texts: Matrix, listings: Matrix, top: int) -> csr_matrix:
    """The largest products of each text with the listings.

    texts, listings: CSR, shapes (n, words) and (m, words); float32 (float64 is computed in float64)
    top    : how many for each text at most
    Returns: CSR, shape (n, m), within each row the best first, equal ones by listing; only products above 0
    Raises : ValueError for different words or top < 0
    Notes  : exact. O(sum over texts and their words of the listings that hold the word), on as many threads as numba
             is given. Source: row-wise sparse product (Gustavson 1978) with the best kept as they are found.
    """
    if texts.shape[1] != listings.shape[1]:
        raise ValueError(f"texts know {texts.shape[1]} words, listings {listings.shape[1]}")
    if top < 0:
        raise ValueError("top is negative")
    n, m = texts.shape[0], listings.shape[0]
    top = min(top, m)
    kind = np.result_type(texts.dtype, listings.dtype, np.float32)
    if not top or not n:
        return csr_matrix((n, m), dtype=kind)
    by_word = csr_matrix(listings.astype(kind)).tocsc()
    by_word.sum_duplicates()
    holding = np.diff(by_word.indptr)
    whole = np.flatnonzero(holding > DENSE_SHARE * m)
    width = -(-m // BLOCK) * BLOCK
    rows = np.zeros((len(whole), width), dtype=kind)
    for place, word in enumerate(whole):
        span = slice(by_word.indptr[word], by_word.indptr[word + 1])
        rows[place, by_word.indices[span]] = by_word.data[span]
    row_of = np.full(listings.shape[1], -1, dtype=np.int64)
    row_of[whole] = np.arange(len(whole))
    asked = csr_matrix(texts.astype(kind))
    cols, values, kept = _nearest(
        asked.indptr.astype(np.int64),
        asked.indices.astype(np.int64),
        asked.data,
        by_word.indptr.astype(np.int64),
        by_word.indices.astype(np.uint32),
        by_word.data,
        row_of,
        rows,
        top,
    )
    stored = np.arange(top) < kept[:, None]
    starts = np.concatenate([[0], np.cumsum(kept)])
    return csr_matrix((values[stored], cols[stored], starts), shape=(n, m))


@njit(cache=True, parallel=True, nogil=True)
def _nearest(starts, words, weights, word_starts, holders, held, row_of, rows, top):
    count, width = len(starts) - 1, rows.shape[1]
    cols = np.zeros((count, top), np.int64)
    values = np.zeros((count, top), weights.dtype)
    kept = np.zeros(count, np.int64)
    chunks = 64
    for chunk in prange(chunks):
        products = np.zeros(width, weights.dtype)
        for text in range(count * chunk // chunks, count * (chunk + 1) // chunks):
            for place in range(starts[text], starts[text + 1]):
                word, weight = words[place], weights[place]
                row = row_of[word]
                if row >= 0:
                    whole = rows[row]
                    for at in range(width):
                        products[at] += whole[at] * weight
                else:
                    for at in range(word_starts[word], word_starts[word + 1]):
                        products[holders[at]] += held[at] * weight
            kept[text] = _best(products, cols[text], values[text])
    return cols, values, kept


@njit(cache=True, nogil=True)
def _best(products, cols, values):
    """Take the best out, first ones first, and leave zeros."""
    kept, top = 0, len(cols)
    bar = products.dtype.type(0)
    for start in range(0, len(products), 64):
        here = products[start : start + 64]
        above = 0
        for at in range(64):
            above += here[at] > bar
        if above:
            for at in range(64):
                value = here[at]
                if value > bar:
                    spot = kept if kept < top else top - 1
                    while spot > 0 and values[spot - 1] < value:
                        values[spot], cols[spot] = values[spot - 1], cols[spot - 1]
                        spot -= 1
                    values[spot], cols[spot] = value, start + at
                    if kept < top:
                        kept += 1
                    if kept == top:
                        bar = values[top - 1]
        for at in range(64):
            here[at] = 0
    return kept
