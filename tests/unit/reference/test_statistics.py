"""Official figures as others ask for them."""

from decimal import Decimal

import pytest

from portal.reference.statistics import figure, figures


def test_a_figure_is_found_by_measure_and_group():
    assert figure("adoption").value == Decimal("19.5")
    assert figure("adoption", "small").label.en == "Smart-factory adoption"
    assert set(figures("adoption")) == {"all", "sme", "micro", "small", "medium", "midsize"}


def test_the_newest_year_of_a_figure_counts():
    assert (figure("establishments_10").year, figure("establishments_10").value) == (2023, Decimal("73384"))


def test_a_figure_that_is_not_known_is_an_error():
    with pytest.raises(KeyError):
        figure("adoption", "moon")
