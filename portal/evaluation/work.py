"""Draws and their replays, done by the worker alone: one at a time, outside of any web request, resumed after a crash.

Being alone is a lock on a file, which the system takes back when the process dies: a draw found half-way by who holds
the lock was left behind. A plan is then made anew, and seats are filled from where they stood.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from portal.base.access import RuleBroken
from portal.base.alone import alone
from portal.base.db import session, transaction
from portal.evaluation import draw as service
from portal.evaluation import draws
from portal.evaluation.lots import DrawState, Step
from portal.evaluation.models import Draw

log = logging.getLogger("portal.evaluation")


def run_waiting() -> int:
    """Do every draw and every replay that waits, oldest first; nothing when another process is at it. Returns how many
    steps were done."""
    ended = 0
    with alone("draw") as mine:
        while mine and (draw_id := draws.next_to_work()) is not None:
            run(draw_id)
            ended += 1
        while mine and (replay_id := draws.next_to_replay()) is not None:
            service.run_replay(replay_id)
            ended += 1
    return ended


def run(draw_id: int) -> None:
    """Do the next part of one draw: its plan, or its seats."""
    draw = session.get(Draw, draw_id)
    seats = draw.state is DrawState.SEATING
    if not seats:
        with transaction():
            session.get(Draw, draw_id).state = DrawState.RUNNING
    try:
        if seats:
            service.seat_draw(draw_id, _told(draw_id))
        else:
            service.plan_draw(draw_id, _told(draw_id))
    except RuleBroken as broken:
        service.fail(draw_id, broken.code, broken.values)
    except Exception as error:  # whatever it is, the page must say that it ended
        log.exception("a draw failed", extra={"draw": draw_id})
        service.fail(draw_id, "draw_broken", {"error": type(error).__name__})


def _told(draw_id: int) -> Callable[[Step, int, int], None]:
    def told(step: Step, done: int, total: int) -> None:
        with transaction():
            draw = session.get(Draw, draw_id)
            draw.step, draw.done, draw.total = step, done, total

    return told
