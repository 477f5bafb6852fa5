"""The nearest texts against a plain product."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix, random_array

from portal.matching.texts import nearest


def test_the_best_products_are_found_whichever_way_a_word_is_stored():
    draw = np.random.default_rng(3)
    texts = csr_matrix(random_array((40, 30), density=0.2, rng=draw, dtype=np.float32))
    listings = csr_matrix(random_array((150, 30), density=0.15, rng=draw, dtype=np.float32))
    listings[:, 0] = 0.5  # a word that everybody uses
    found = nearest(texts, listings, 7)
    whole = (texts @ csr_matrix(listings).T).toarray()
    for row in range(40):
        best = np.sort(whole[row][whole[row] > 0])[::-1][:7]
        assert found[[row]].data == pytest.approx(best, rel=1e-5)
        assert whole[row, found[[row]].indices] == pytest.approx(best, rel=1e-5)


def test_equal_products_come_in_the_order_of_the_listings_and_nothing_is_made_up():
    words = csr_matrix(np.eye(2, dtype=np.float32))
    listings = csr_matrix(np.array([[1, 0]] * 5 + [[0, 0]], dtype=np.float32))
    found = nearest(words, listings, 3)
    assert (found.indptr.tolist(), found.indices.tolist()) == ([0, 3, 3], [0, 1, 2])
    assert nearest(words, listings, 0).nnz == 0
    assert nearest(csr_matrix((0, 2)), listings, 3).shape == (0, 6)


@pytest.mark.parametrize(("words", "top"), [(3, 1), (2, -1)])
def test_what_does_not_fit_is_refused(words, top):
    with pytest.raises(ValueError):
        nearest(csr_matrix((1, words)), csr_matrix((4, 2)), top)
