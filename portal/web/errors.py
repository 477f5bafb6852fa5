"""Errors: each has a page in Korean and English that says what to do next; strangers learn nothing from them."""

from __future__ import annotations

import errno
import logging
from typing import Any

from flask import Flask, Response, abort, g, jsonify, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, SecurityError

from portal.base import words
from portal.base.access import ANONYMOUS, Forbidden, NotVisible, RuleBroken, StaleVersion
from portal.base.db import session

log = logging.getLogger("portal.errors")
DESIGNED = (400, 401, 403, 404, 405, 409, 413, 429, 500, 503)


def page(code: int, reason: str = "", **context: Any) -> tuple[Any, int]:
    """The page of an error (JSON for the API)."""
    session.rollback()
    if request.path.startswith("/api/"):
        return jsonify(error=code, reason=reason), code
    return render_template("errors/error.html", code=code, reason=reason, **context), code


def _http(error: HTTPException) -> Any:
    if error.response is not None:
        return error.response
    return page(error.code if error.code in DESIGNED else 400)


def _unknown_host(_error: SecurityError) -> Any:
    """No page: every link in it would be built from a host name that we do not know."""
    return Response("알 수 없는 주소입니다. / Unknown host.\n", 400, mimetype="text/plain")


def _stale(error: StaleVersion) -> Any:
    session.rollback()
    return render_template("errors/conflict.html", mine=error.mine, current=error.current), 409


def _down(_error: Exception) -> Any:
    """The database does not answer: the page must be drawn without asking it who is here."""
    log.exception("the database does not answer", extra={"endpoint": request.endpoint})
    g.actor, g.without_database = ANONYMOUS, True
    return page(503)


def _beside(_error: Exception) -> Any:
    """Two requests made the same row at once and a constraint let one through: the other is told to look again."""
    log.warning("a constraint settled a race", extra={"endpoint": request.endpoint})
    return _stale(StaleVersion())


def _holds_nothing(_error: Exception) -> Any:
    """A number or a text that no column can hold: as an address it leads nowhere, in a form it is bad input."""
    return page(404 if request.method in ("GET", "HEAD") or request.view_args else 400)


def _refuse_nul() -> None:
    """No keyboard writes NUL and PostgreSQL keeps none: refused before anybody reads it."""
    if "\x00" in request.path:
        abort(404)
    for values in (request.args, request.form):
        if any("\x00" in text for pair in values.items(multi=True) for text in pair):
            abort(400)


def _unexpected(error: Exception) -> Any:
    log.exception("unexpected error", extra={"endpoint": request.endpoint})
    return page(500)


def _disk(error: OSError) -> Any:
    """A full disk is a passing trouble of ours, told as such; nothing half-written stays (see base.files)."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        raise error
    log.error("the disk is full", extra={"endpoint": request.endpoint})
    return page(503)


def init_app(app: Flask) -> None:
    app.before_request(_refuse_nul)
    app.register_error_handler(OSError, _disk)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(SecurityError, _unknown_host)
    app.register_error_handler(CSRFError, lambda _: page(400, "csrf"))
    app.register_error_handler(NotVisible, lambda _: page(404))
    app.register_error_handler(Forbidden, lambda error: page(403, str(words.sentence(error.code))))
    app.register_error_handler(RuleBroken, lambda error: page(409, str(words.sentence(error.code, **error.values))))
    app.register_error_handler(StaleVersion, _stale)
    app.register_error_handler(StaleDataError, lambda _: _stale(StaleVersion()))
    app.register_error_handler(OperationalError, _down)
    app.register_error_handler(IntegrityError, _beside)
    app.register_error_handler(DataError, _holds_nothing)
    app.register_error_handler(OverflowError, _holds_nothing)  # what SQLite's driver says of such a number
    if not app.testing:
        app.register_error_handler(Exception, _unexpected)
