"""Liveness and readiness: `/healthz` says that the process answers, `/readyz` that it can do its work."""

from __future__ import annotations

import time
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from flask import Blueprint, Flask, current_app, jsonify

from portal.base.db import db, session
from portal.web.guard import public

bp = Blueprint("health", __name__)
HEARTBEAT_SECONDS = 180


@bp.get("/healthz")
@public
def alive():
    return jsonify(status="ok")


@bp.get("/readyz")
@public
def ready():
    checks = {"database": _database(), "migrations": _migrated(), "worker": _worker()}
    good = all(checks.values())
    return jsonify(status="ok" if good else "not ready", **checks), 200 if good else 503


def _database() -> bool:
    try:
        return session.scalar(sa.text("SELECT 1")) == 1
    except sa.exc.SQLAlchemyError:
        return False


@cache
def _head() -> str | None:
    from alembic.script import ScriptDirectory  # alembic is slow to import and only readiness needs it

    return ScriptDirectory(str(Path(__file__).resolve().parents[1] / "migrations")).get_current_head()


def _migrated() -> bool:
    try:
        with db.engine.connect() as connection:
            return connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == _head()
    except sa.exc.SQLAlchemyError:
        return False


def _worker() -> bool:
    settings = current_app.extensions["settings"]
    if not settings.worker:
        return True
    beat = settings.data_dir / "worker.heartbeat"
    return beat.exists() and time.time() - beat.stat().st_mtime < HEARTBEAT_SECONDS


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
