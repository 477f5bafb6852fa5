"""The evaluators of the hall whom no browser plays hand in their reviews: `python -m tests.browser.desks [quarrel KEY]`.

Everybody judges by the same hidden strength of a file and a little of their own; on the file of `quarrel` the two lie far
apart, so that a third is called.
"""

from __future__ import annotations

import os
import random
import sys

import sqlalchemy as sa

from portal import create_app
from portal.accounts import queries as accounts
from portal.applications.models import Application
from portal.base.db import session
from portal.evaluation.models import Assignment
from portal.evaluation.rules import OPEN_STATES
from portal.programmes.rules import Tier
from tests.cast import EMAIL
from tests.factories import evaluation

PLAYED = {EMAIL.format(name) for name in ("pyeong", "nam")}


def main(quarrel: str = "") -> None:
    os.environ["FLASK_RUN_FROM_CLI"] = "true"
    app = create_app({"worker": False})
    with app.app_context():
        done = 0
        for assignment_id in waiting():
            assignment = session.get(Assignment, assignment_id)
            review(assignment, quarrel)
            done += 1
            session.expire_all()
        print(done)


def waiting() -> list[int]:
    return list(
        session.scalars(
            sa.select(Assignment.id).where(Assignment.state.in_(OPEN_STATES)).order_by(Assignment.id)
        )
    )


def review(assignment: Assignment, quarrel: str) -> None:
    person, application = assignment.evaluator, assignment.application
    if person.email in PLAYED:
        return
    evaluation.reviewed(
        accounts.actor_of(person),
        application,
        tier=evaluation.suggested(application) or Tier.BASIC,
        share=share_of(application, person.id, quarrel),
    )


def share_of(application: Application, person_id: int, quarrel: str) -> float:
    """The share of the points that somebody gives: a file's strength and a little of their own."""
    if application.key == quarrel:
        return 0.62 if person_id % 2 else 0.98
    own = random.Random(application.id * 1000 + person_id).uniform(-0.03, 0.03)
    return round(random.Random(application.id).uniform(0.62, 0.95) + own, 3)


if __name__ == "__main__":
    main(*sys.argv[2:])
