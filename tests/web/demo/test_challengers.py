"""The demo's model desk: a challenger that loses and one that wins on its report, and nobody has promoted either."""

from __future__ import annotations

from random import Random

import sqlalchemy as sa

from portal.accounts.rules import Role
from portal.base import clock
from portal.base.db import session
from portal.demo import actors
from portal.demo.cohort import cohort
from portal.demo.country import EVALUATORS, Country
from portal.demo.names import Names
from portal.scoring import queries
from portal.scoring.models import ModelEvent, ModelVersion
from portal.scoring.rules import ModelAct, ModelState


def test_the_demo_holds_a_challenger_that_loses_and_one_that_wins(actor):
    random = Random(1)
    made = Country(random, Names(random), clock.now(), "no password", lambda: "no secret")
    made.operator = actor("un")
    with made.on(600):
        made.evaluators = [
            actors.add_person(made, f"reader{number}", made.names.person(), {Role.EVALUATOR})
            for number in range(EVALUATORS)
        ]
    cohort(made)
    early, late = session.scalars(sa.select(ModelVersion).order_by(ModelVersion.id)).all()
    assert early.decisions < 1_000 <= late.decisions
    assert [one["code"] for one in early.facts["criteria"] if not one["met"]] == ["evidence"]
    assert [one["code"] for one in late.facts["criteria"] if not one["met"]] == []
    assert {one.state for one in (early, late)} == {ModelState.CHALLENGER}
    assert early.synthetic is late.synthetic is False  # only a marked demo database makes them synthetic
    assert queries.champion() is None
    assert set(session.scalars(sa.select(ModelEvent.act))) == {ModelAct.TRAINED}
