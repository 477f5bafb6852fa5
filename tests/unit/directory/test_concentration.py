"""The figures of concentration, reckoned by hand."""

import pytest

from portal.directory.concentration import Spread, spread


def test_the_index_and_the_top_share_by_hand():
    assert spread({1: 50, 2: 30, 3: 20, 4: 0}, 200) == Spread(100, 200, 3, 2500 + 900 + 400, 2, 0.8)
    assert spread({}, 0) == Spread(0, 0, 0, 0, 1, 0.0)
    assert spread({1: 7}, 1) == Spread(7, 1, 1, 10_000, 1, 1.0)
    assert spread({one: 1 for one in range(1000)}, 1000).hhi == 10


@pytest.mark.parametrize(
    ("counts", "tone"),
    [({1: 19}, ""), ({1: 20}, "danger"), (dict.fromkeys(range(6), 10), "warn"), (dict.fromkeys(range(7), 10), "")],
)
def test_little_is_never_called_concentrated(counts, tone):
    assert spread(counts, 500).tone == tone


def test_the_aim_holds_for_markets_with_a_hundred_suppliers():
    assert [spread({1: 8, **dict.fromkeys(range(2, 94), 1)}, size).is_above_aim for size in (99, 100)] == [False, True]
