"""One rejected case and the people around it, at the stages that the tests of appeals start from."""

import pytest

from portal.appeals.models import Appeal
from portal.base.db import session
from tests.factories import appeals as make
from tests.factories import evaluation as cases


@pytest.fixture
def people(context):
    return make.fresh_people()


@pytest.fixture
def case(actor, people):
    """hana's rejected case, judged by pyeong and bora under jang."""
    panel = [actor("pyeong"), cases.an_evaluator("이보라")]
    return make.rejected(actor("un"), actor("hana"), actor("gong"), panel, actor("jang"))


@pytest.fixture
def appeal(actor, case):
    return make.filed(actor("hana"), case)


@pytest.fixture
def drawn(actor, appeal):
    """Taken up, with a panel that has not opened anything yet."""
    return make.under_review(actor("un"), appeal)


@pytest.fixture
def reviewed(actor, drawn):
    """Under review, with every reader's opinion in."""
    for n, seat in enumerate(make.readers_of(drawn)):
        make.judged(seat, mark=f"표시{n}")
    return session.get(Appeal, drawn.id)
