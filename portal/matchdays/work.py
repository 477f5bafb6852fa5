"""Timetables, made by the worker alone: one at a time, outside of any web request, made anew after a crash.

Being alone is a lock on a file, which the system takes back when the process dies: a timetable found half-way by who holds
the lock was left behind. Nothing of it is kept before its end, so it is simply made again.
"""

from __future__ import annotations

import logging

from portal.base.access import RuleBroken
from portal.base.alone import alone
from portal.matchdays import arranging, queries

log = logging.getLogger("portal.matchdays")


def run_waiting() -> int:
    """Make every timetable that waits, oldest first; nothing when another process is at it. Returns how many."""
    made = 0
    with alone("timetable") as mine:
        while mine and (solving_id := queries.next_to_solve()) is not None:
            run(solving_id)
            made += 1
    return made


def run(solving_id: int) -> None:
    try:
        arranging.solve(solving_id)
    except RuleBroken as broken:
        arranging.fail(solving_id, broken.code)
    except Exception:  # whatever it is, the page must say that it ended
        log.exception("a timetable failed", extra={"solving": solving_id})
        arranging.fail(solving_id, "matchday_broken")
