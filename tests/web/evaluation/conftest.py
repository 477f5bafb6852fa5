"""Shared people of the evaluation tests; pyeong and bora review, jang chairs, un assigns."""

import pytest

from tests.factories import evaluation as make


@pytest.fixture
def bora(context):
    """A second evaluator."""
    return make.an_evaluator("이보라")


@pytest.fixture
def case(actor):
    """hana's application in evaluation, without a panel."""
    return make.in_evaluation(actor("hana"), actor("gong"))


@pytest.fixture
def panel(actor, case, bora):
    return make.assigned(actor("un"), case, [actor("pyeong"), bora], actor("jang"))


@pytest.fixture
def two_reviews(actor, case, panel, bora):
    """Both reviews are in and give the suggested tier."""
    for one, mark in ((actor("pyeong"), "표시가나다"), (bora, "표시라마바")):
        make.reviewed(one, case, tier=make.suggested(case), mark=mark)
    return panel
