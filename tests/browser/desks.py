"""What people do at desks without a browser: `python -m tests.browser.desks others|everybody|chairs|readers`.

others, everybody: hand in the reviews that wait (all but pyeong's and nam's, or all). Everybody judges by the same hidden
strength of a file and a little of their own; about one file the first two lie far apart, so that a third is called.
chairs: finalise what is ready. readers: judge the appeal that waits, a little better than before; says who chairs it.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable

import sqlalchemy as sa

from portal import create_app
from portal.accounts import queries as accounts
from portal.appeals.models import AppealSeat
from portal.appeals.rules import SeatRole, SeatState
from portal.applications.models import Application
from portal.base.db import session
from portal.evaluation import deciding, sidebyside
from portal.evaluation.models import Assignment, Finding, Panel
from portal.evaluation.rules import OPEN_STATES
from portal.programmes.rules import Tier
from tests.browser import hall
from tests.cast import EMAIL
from tests.factories import appeals, evaluation

PLAYED = [EMAIL.format(name) for name in ("pyeong", "nam")]


def others() -> int:
    return _review([one for one in _waiting() if one.evaluator.email not in PLAYED])


def everybody() -> int:
    return _review(_waiting())


def _waiting() -> list[Assignment]:
    return list(session.scalars(sa.select(Assignment).where(Assignment.state.in_(OPEN_STATES)).order_by(Assignment.id)))


def _review(assignments: list[Assignment]) -> int:
    for assignment in assignments:
        application = assignment.application
        tier = evaluation.suggested(application) or Tier.BASIC
        evaluation.reviewed(
            accounts.actor_of(assignment.evaluator), application, tier=tier, share=_share_of(application, assignment)
        )
    return len(assignments)


def _share_of(application: Application, assignment: Assignment) -> float:
    """The share of the points that somebody gives."""
    if application.organisation.name == hall.QUARREL:
        seats = sorted(one.id for one in assignment.panel.assignments)
        return (0.6, 0.98, 0.8)[min(seats.index(assignment.id), 2)]
    known = {"하나정밀 (합성)": hall.WEAK, "두리금속 (합성)": hall.STRONG}
    strength = known.get(application.organisation.name) or random.Random(application.id).uniform(0.62, 0.93)
    own = random.Random(application.id * 1000 + assignment.evaluator_id).uniform(-0.02, 0.02)
    return round(strength + own, 3)


def chairs() -> int:
    """Finalise every panel that is ready: the suggested tier, recommended where the points suffice."""
    ready = session.scalars(
        sa.select(Panel).outerjoin(Finding, Finding.panel_id == Panel.id).where(Finding.id.is_(None)).order_by(Panel.id)
    )
    done = 0
    for panel in ready.unique().all():
        if not sidebyside.reviews_suffice(panel):
            continue
        basis = sidebyside.basis_of(panel)
        good = basis.total >= basis.pass_points and not basis.below
        deciding.finalise(
            accounts.actor_of(panel.chair),
            panel,
            tier=basis.suggested or Tier.BASIC,
            recommended=good,
            reason="" if good else "합성(예시) 평균 점수가 기준에 미치지 못하여 이번에는 추천하지 않습니다. 의견을 참고해 주세요.",
        )
        done += 1
    return done


def readers() -> str:
    """Everybody drawn for the appeal judges anew; returns the e-mail of the chair."""
    chair = ""
    seats = session.scalars(sa.select(AppealSeat).where(AppealSeat.state == SeatState.DRAWN).order_by(AppealSeat.id))
    for seat in seats.unique().all():
        if seat.role is SeatRole.CHAIR:
            chair = seat.person.email
            continue
        appeals.judged(seat)
    return chair


COMMANDS: dict[str, Callable[[], object]] = {
    "others": others,
    "everybody": everybody,
    "chairs": chairs,
    "readers": readers,
}


if __name__ == "__main__":
    os.environ["FLASK_RUN_FROM_CLI"] = "true"
    app = create_app({"worker": False})
    with app.app_context():
        print(COMMANDS[sys.argv[1]]())
