"""The web side of a session: cookie token ↔ `sign_in` row ↔ actor. (An extra room: it needs Flask, views use it.)

Flask-Security signs people in; this room adds the row that makes each session visible and revocable at once.
Idle end: the signed cookie is renewed at each answer and dies after `IDLE`; absolute end: `ABSOLUTE` after sign-in.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, g, session
from flask_login import logout_user, user_logged_in, user_logged_out
from flask_security import current_user

from portal.accounts import queries, service
from portal.base import clock
from portal.base.access import ANONYMOUS, Actor
from portal.web import guard

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
KEY = "sign_in"


def _began(_app: Flask, user, **_extra) -> None:
    from flask import request

    session.permanent = True
    session[KEY] = service.begin_session(user, _device(request.user_agent.string))


def _ended(_app: Flask, user, **_extra) -> None:
    token = session.pop(KEY, None)
    row = queries.open_sign_in(service.token_hash(token)) if token else None
    if row is not None:
        service.end_session(Actor(id=row.person_id), row.id)


def _device(agent: str) -> str:
    browser = next((name for name in ("Edg", "Whale", "Chrome", "Firefox", "Safari") if name in agent), "?")
    system = next((name for name in ("Android", "iPhone", "Windows", "Mac", "Linux") if name in agent), "?")
    return f"{browser} · {system}"


def load_actor() -> Actor:
    """The actor of this request: anonymous unless cookie, account and session row all agree."""
    if not current_user.is_authenticated:
        return ANONYMOUS
    token = session.get(KEY)
    row = queries.open_sign_in(service.token_hash(token)) if token else None
    if row is None or row.person_id != current_user.id or clock.now() - row.began_at > ABSOLUTE:
        # signed in for Flask-Login but not for us: both must forget it, or the way to sign-in turns in circles
        logout_user()
        session.clear()
        return ANONYMOUS
    actor = queries.actor_of(current_user._get_current_object())
    g.sign_in_id = row.id
    service.touch_session(row)
    return actor


def init_app(app: Flask) -> None:
    app.permanent_session_lifetime = IDLE
    user_logged_in.connect(_began, app)
    user_logged_out.connect(_ended, app)
    guard.set_actor_loader(load_actor)
