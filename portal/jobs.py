"""Every schedule of the portal, on one screen. The worker is huey's consumer (`flask portal worker`)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask

from portal.base import files, mail, outbox

if TYPE_CHECKING:
    from huey import SqliteHuey

_app: Flask | None = None
_made: tuple[SqliteHuey, Callable[[], object]] | None = None


def init_app(app: Flask) -> None:
    """Bind the queue to this application's data folder; it is made when it is first needed."""
    global _app, _made
    _app, _made = app, None


def queue() -> SqliteHuey:
    """The queue with its schedules, as the worker runs it."""
    return _queue()[0]


def wake() -> None:
    """Ask the worker for a round now."""
    _queue()[1]()


def _queue() -> tuple[SqliteHuey, Callable[[], object]]:
    global _made
    if _made is None:
        from huey import SqliteHuey, crontab  # an eighth of a web worker's start, and its first page never needs it

        if _app is None:
            raise RuntimeError("the queue is not bound to an application yet")
        folder: Path = _app.extensions["settings"].data_dir
        huey = SqliteHuey("portal", filename=str(folder / "queue.sqlite3"), results=False)
        huey.periodic_task(crontab(minute="*"), name="every_minute")(_work)
        huey.periodic_task(crontab(minute="17", hour="3"), name="sweep_files")(_sweep)
        huey.periodic_task(crontab(minute="5", hour="21"), name="follow_consultations")(_talks)  # 06:05 KST
        huey.periodic_task(crontab(minute="40", hour="18"), name="refresh_peers")(_peers)  # 03:40 KST
        huey.periodic_task(crontab(minute="10", hour="18"), name="calibrate_evaluators")(_calibrate)  # 03:10 KST
        huey.periodic_task(crontab(minute="25", hour="21"), name="report_month")(_report)  # 06:25 KST
        huey.periodic_task(crontab(minute="10", hour="18"), name="recheck_conflicts")(_recheck)  # 03:10 KST
        huey.periodic_task(crontab(minute="15", hour="21"), name="follow_appeals")(_appeals)  # 06:15 KST
        huey.periodic_task(crontab(minute="15", hour="22"), name="sweep_seats")(_seats)  # 07:15 KST
        huey.periodic_task(crontab(minute="20", hour="19"), name="recommend_suppliers")(_night)  # 04:20 KST
        huey.periodic_task(crontab(minute="2", hour="15"), name="follow_suppliers")(_suppliers)  # 00:02 KST
        _made = huey, huey.task()(_work)
    return _made


_round = threading.Lock()


def _work() -> None:
    """One round: deliver what follows from events, send the letters; then the long work, if nobody is at it.

    The worker has two threads, so that letters do not wait behind a training that takes minutes.
    """
    with _app.app_context():
        beat()
        with _round:
            while outbox.deliver_due():
                pass
            while mail.send_due():
                pass
            _count_looks()
        _work_long()


def _count_looks() -> None:
    from portal.directory import impressions  # a feature: not needed until the worker runs

    impressions.fold()


def _work_long() -> None:
    from portal.directory import shelf  # features: not needed until the worker runs
    from portal.evaluation import work as draws
    from portal.matchdays import work as timetables
    from portal.matching import night_work as nights
    from portal.scoring import work

    shelf.build_if_needed()  # searches get slower until it is done
    timetables.run_waiting()
    draws.run_waiting()  # seconds, so it comes before what takes minutes
    nights.run_waiting()
    work.run_waiting()

    from portal.letters import work as letters
    from portal.selection import notices

    letters.run_waiting({notices.PURPOSE: notices.prepare_one})


def _sweep() -> None:
    with _app.app_context():
        files.sweep()


def _talks() -> None:
    """Remind suppliers that owe an answer, release what they left, and count anew how they answer."""
    from portal.consultations import figures, following  # a feature: not needed until the worker runs

    with _app.app_context():
        following.follow()
        figures.count_all()


def _calibrate() -> None:
    from portal.evaluation import calibration  # a feature: not needed until the worker runs

    with _app.app_context():
        calibration.nightly()


def _recheck() -> None:
    from portal.evaluation import rechecking  # a feature: not needed until the worker runs

    with _app.app_context():
        rechecking.recheck()


def _report() -> None:
    """On the first of a month; on a later day when the worker slept through it."""
    from portal.scoring import monitoring  # a feature: not needed until the worker runs

    with _app.app_context():
        monitoring.make_due_report()


def _appeals() -> None:
    from portal.appeals import judging, notices  # a feature: not needed until the worker runs

    with _app.app_context():
        notices.remind()
        judging.recheck()
        judging.free_silent()


def _seats() -> None:
    """Remind late evaluators, and give the seats of silent ones to others."""
    from portal.evaluation import lateness  # a feature: not needed until the worker runs

    with _app.app_context():
        lateness.sweep()


def _night() -> None:
    from portal.matching import night  # a feature: not needed until the worker runs

    with _app.app_context():
        night.ask_nightly()


def _suppliers() -> None:
    """Just after midnight: suspensions and certificates whose last day has passed, listings that nobody confirms."""
    from portal.directory import staleness, suspension, verification  # a feature: not needed until the worker runs

    with _app.app_context():
        suspension.close_ended()
        verification.follow_days()
        staleness.remind()


def _peers() -> None:
    from portal.scoring import service as scoring  # a feature: not needed until the worker runs

    with _app.app_context():
        scoring.refresh_peers()


def beat() -> None:
    """The worker's sign of life, read by /readyz."""
    (_app.extensions["settings"].data_dir / "worker.heartbeat").touch()
