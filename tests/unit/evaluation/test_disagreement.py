"""The index of disagreement: what is usual counts 1, and a young call is measured by long experience."""

import pytest

from portal.evaluation import disagreement


def test_a_call_without_reviews_has_the_usual_norm():
    assert disagreement.norm([]) == disagreement.USUAL
    assert disagreement.norm([[80], []]) == disagreement.USUAL


def test_the_norm_approaches_what_the_call_shows():
    quiet = [[70, 71]] * 400
    assert disagreement.norm(quiet) == pytest.approx(0.9, abs=0.1)
    assert disagreement.norm([[70, 71]]) > 5


def test_one_voice_or_none_disagrees_with_nobody():
    assert [disagreement.index(totals, 6.0) for totals in ([], [55], [80, 80, 80])] == [0.0, 0.0, 0.0]


def test_the_index_is_the_spread_over_the_norm():
    assert disagreement.index([60, 84], 6.0) == 2.83
    assert disagreement.index([60, 84], 12.0) == 1.41
    assert disagreement.index([72, 75, 70], 6.0) < 1 < disagreement.index([60, 75, 84], 6.0)
