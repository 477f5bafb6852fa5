"""Where Flask-Security meets the house: its letters go through our outbox, its events into our audit, its doors are
rate-limited, and in a demo the second factor is filled in on the screen. (An extra room: it needs Flask.)
"""

from __future__ import annotations

import secrets
from typing import Any

from flask import Flask, redirect, request, session
from flask_babel import lazy_gettext as _l
from flask_security import MailUtil, SQLAlchemyUserDatastore
from flask_security.proxies import _datastore, _security
from flask_security.signals import password_changed, password_reset, tf_profile_changed, user_confirmed

from portal.accounts import queries, service, sessions
from portal.base import audit, mail, marks
from portal.base.access import Actor
from portal.base.db import transaction
from portal.web.limits import limiter


class Accounts(SQLAlchemyUserDatastore):
    """Flask-Security's datastore, committing the way every use case here does."""

    def commit(self) -> None:
        with transaction(keep_pending=True):
            pass


class SecurityMail(MailUtil):
    """Flask-Security's letters as rows of our mail table; the worker sends them."""

    def send_mail(
        self,
        template: str,
        subject: str,
        recipient: str | tuple[str, str],
        sender: Any,
        body: str | None,
        html: str | None,
        **_context: Any,
    ) -> None:
        to = recipient if isinstance(recipient, str) else recipient[1]
        with transaction(keep_pending=True):
            mail.write(to, f"{subject}\n\n{body}", f"security:{template.rsplit('/', 1)[-1]}:{secrets.token_hex(12)}")


def _note(action: str) -> Any:
    def handler(_app: Flask, user: Any, **_extra: Any) -> None:
        with transaction(keep_pending=True):
            audit.record(Actor(id=user.id), action, "person", user.id)
            if action in ("person.change_password", "person.reset_password"):
                here = queries.open_sign_in(service.token_hash(session.get(sessions.KEY, "")))
                service.end_all_sessions(Actor(id=user.id), user.id, but=here.id if here else None)

    return handler


def _demo_code() -> dict[str, Any]:
    """In a demo: the code that the authenticator would show now, so that one person can play every role."""
    if not marks.is_demo():
        return {}
    secret = session.get("tf_totp_secret") if session.get("tf_state") == "validating_profile" else None
    if secret is None and (uniquifier := session.get("tf_user_id")):
        person = _datastore.find_user(fs_uniquifier=uniquifier)
        secret = person.tf_totp_secret if person else None
    return {"demo_code": _security.totp_factory.generate_totp_password(secret)} if secret else {}


def _no_next() -> Any:
    """Where to go after sign-in is kept in the session (`after_sign_in`), never taken from an address."""
    if (request.endpoint or "").startswith("security.") and "next" in request.args:
        return redirect(request.path)
    return None


def _account_tried() -> str:
    """Whose account is being tried. The second step counts for who stands in it, whatever the form says of an e-mail."""
    if request.endpoint != "security.login" and (waiting := session.get("tf_user_id")):
        return waiting
    return request.form.get("email", "").strip().lower() or request.remote_addr or ""


def init_app(app: Flask) -> None:
    app.before_request(_no_next)
    handlers = {
        user_confirmed: "person.confirm_email",
        password_changed: "person.change_password",
        password_reset: "person.reset_password",
        tf_profile_changed: "person.set_second_factor",
    }
    for signal, action in handlers.items():
        signal.connect(_note(action), app, weak=False)
    app.extensions["security"].tf_token_validation_context_processor(_demo_code)
    app.extensions["security"].tf_setup_context_processor(_demo_code)
    too_many = _l("시도가 너무 많았습니다. 10분 뒤에 다시 해 주세요.")
    for name in ("login", "two_factor_token_validation", "forgot_password", "send_confirmation", "mf_recovery"):
        view = app.view_functions[f"security.{name}"]
        limited = limiter.limit("10/10minutes", key_func=_account_tried, methods=["POST"], error_message=too_many)(view)
        limited = limiter.limit("200/10minutes", methods=["POST"], error_message=too_many)(limited)
        app.view_functions[f"security.{name}"] = limited
