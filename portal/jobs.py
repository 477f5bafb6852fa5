"""Every schedule of the portal, on one screen. The worker is huey's consumer (`flask portal worker`)."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from huey import SqliteHuey, crontab

from portal.base import files, mail, outbox

_app: Flask | None = None
huey: SqliteHuey | None = None


def init_app(app: Flask) -> None:
    """Bind the queue to this application's data folder and register the tasks."""
    global _app, huey, _round
    _app = app
    folder: Path = app.extensions["settings"].data_dir
    huey = SqliteHuey("portal", filename=str(folder / "queue.sqlite3"), results=False)
    _round = huey.task()(_work)
    huey.periodic_task(crontab(minute="*"), name="every_minute")(_work)
    huey.periodic_task(crontab(minute="17", hour="3"), name="sweep_files")(_sweep)
    huey.periodic_task(crontab(minute="5", hour="21"), name="expire_consultations")(_expire)  # 06:05 KST


def wake() -> None:
    """Ask the worker for a round now."""
    _round()


def _work() -> None:
    """One round: deliver what follows from events, then send the letters."""
    with _app.app_context():
        beat()
        while outbox.deliver_due():
            pass
        while mail.send_due():
            pass


def _sweep() -> None:
    with _app.app_context():
        files.sweep()


def _expire() -> None:
    from portal.consultations import service as consultations  # a feature: not needed until the worker runs

    with _app.app_context():
        consultations.expire_overdue()


def beat() -> None:
    """The worker's sign of life, read by /readyz."""
    (_app.extensions["settings"].data_dir / "worker.heartbeat").touch()


def _round() -> None:
    raise RuntimeError("the queue is not bound to an application yet")
