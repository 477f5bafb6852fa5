"""계정: people, organisations, roles, sign-in, consent.

Persons: everybody. Words: Person 사람, Organisation 기관·기업, Role 역할, SignIn 접속, Consent 동의.
Extra room: `sessions.py`, the web side of a session (cookie ↔ row ↔ actor).
"""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Flask
from flask_security import Security, SQLAlchemyUserDatastore

from portal.accounts import rules, sessions
from portal.accounts.models import Person, RoleRow
from portal.base import clock
from portal.base.db import db
from portal.web import guard

bp = Blueprint("accounts", __name__)
PERMISSIONS = rules.PERMISSIONS

PUBLIC_ENDPOINTS = (
    "login",
    "logout",
    "static",
    "forgot_password",
    "reset_password",
    "send_confirmation",
    "confirm_email",
    "two_factor_token_validation",
    "two_factor_setup",
    "two_factor_rescue",
    "two_factor_select",
)


def init_app(app: Flask) -> None:
    settings = app.extensions["settings"]
    app.config.update(
        SECURITY_PASSWORD_HASH="argon2",
        SECURITY_PASSWORD_SALT=settings.ready_secret_key(),
        SECURITY_PASSWORD_LENGTH_MIN=10,
        SECURITY_PASSWORD_NORMALIZE_FORM="NFKC",
        SECURITY_CONFIRMABLE=True,
        SECURITY_RECOVERABLE=True,
        SECURITY_CHANGEABLE=True,
        SECURITY_TWO_FACTOR=True,
        SECURITY_TWO_FACTOR_ENABLED_METHODS=["authenticator"],
        SECURITY_TWO_FACTOR_ALWAYS_VALIDATE=True,
        SECURITY_TOTP_SECRETS={"1": settings.ready_secret_key()},
        SECURITY_TOTP_ISSUER="제조혁신포털",
        SECURITY_MULTI_FACTOR_RECOVERY_CODES=True,
        SECURITY_RESET_PASSWORD_WITHIN="30 minutes",
        SECURITY_CONFIRM_EMAIL_WITHIN="3 days",
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_DATETIME_FACTORY=clock.now,
        SECURITY_POST_LOGIN_VIEW="accounts.arrived",
        SECURITY_POST_LOGOUT_VIEW="/",
        SECURITY_LOGIN_URL="/sign-in",
        SECURITY_LOGOUT_URL="/sign-out",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_FRESHNESS=timedelta(hours=12),
        SECURITY_EMAIL_SENDER=settings.mail_from,
        SECURITY_CSRF_COOKIE_NAME=None,
    )
    for name in PUBLIC_ENDPOINTS:
        guard.declare(f"security.{name}", guard.PUBLIC)
    Security(app, SQLAlchemyUserDatastore(db, Person, RoleRow))
    sessions.init_app(app)


from portal.accounts import views  # noqa: E402, F401  (routes attach themselves to `bp`)
