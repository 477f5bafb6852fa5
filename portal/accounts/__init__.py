"""계정: people, organisations, roles, sign-in, consent.

Persons: everybody. Words: Person 사람, Organisation 기관·기업, Role 역할, SignIn 접속, Consent 동의.
Extra rooms: `sessions.py`, the web side of a session (cookie ↔ row ↔ actor); `letters.py`, how Flask-Security's
letters, events and limits meet our outbox, audit and demo mode.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Flask
from flask_babel import lazy_gettext as _l
from flask_security import Security

from portal.accounts import letters, rules, sessions
from portal.accounts.commands import COMMANDS  # noqa: F401
from portal.accounts.models import Person, RoleRow
from portal.base import clock
from portal.base.db import db
from portal.base.words import say
from portal.settings import ROOT
from portal.web import guard
from portal.web.pages import NavItem

bp = Blueprint("accounts", __name__)
PERMISSIONS = rules.PERMISSIONS

# Flask-Security's routes: open ones guard themselves (they are the way in), the others need a signed-in person.
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
    "tf_select",
    "mf_recovery",
)
OWN_ENDPOINTS = ("change_password", "verify", "two_factor_setup_validate", "mf_recovery_codes")
NAV = [NavItem(say("동료", "Colleagues"), "accounts.colleagues", "accounts:colleague:manage", order=85)]


def init_app(app: Flask) -> None:
    settings = app.extensions["settings"]
    app.config.update(
        SECURITY_PASSWORD_HASH="argon2",
        SECURITY_PASSWORD_SCHEMES=["argon2"],  # no older kind of hash is taken, nor its code loaded
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
        SECURITY_RESET_PASSWORD_WITHIN=timedelta(minutes=30),
        SECURITY_CONFIRM_EMAIL_WITHIN=timedelta(days=3),
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_DATETIME_FACTORY=clock.now,
        SECURITY_POST_LOGIN_VIEW="accounts.arrived",
        SECURITY_POST_LOGOUT_VIEW="/",
        SECURITY_POST_CONFIRM_VIEW="/sign-in",
        SECURITY_POST_RESET_VIEW="/sign-in",
        SECURITY_POST_CHANGE_VIEW="/account",
        SECURITY_TWO_FACTOR_POST_SETUP_VIEW="/account",
        SECURITY_TWO_FACTOR_ERROR_VIEW="/sign-in",
        SECURITY_TWO_FACTOR_RESCUE_MAIL=settings.mail_from,
        SECURITY_LOGIN_URL="/sign-in",
        SECURITY_LOGOUT_URL="/sign-out",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_FRESHNESS=timedelta(hours=12),
        SECURITY_EMAIL_SENDER=settings.mail_from,
        SECURITY_EMAIL_HTML=False,
        # no look-up of other people's mail servers while somebody waits; the confirmation letter proves the address
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},
        SECURITY_EMAIL_SUBJECT_CONFIRM=_l("이메일 주소를 확인해 주세요"),
        SECURITY_EMAIL_SUBJECT_PASSWORD_RESET=_l("비밀번호를 다시 정하는 방법"),
        SECURITY_EMAIL_SUBJECT_PASSWORD_NOTICE=_l("비밀번호가 바뀌었습니다"),
        SECURITY_EMAIL_SUBJECT_PASSWORD_CHANGE_NOTICE=_l("비밀번호가 바뀌었습니다"),
        SECURITY_EMAIL_SUBJECT_TWO_FACTOR_RESCUE=_l("2단계 인증 도움 요청"),
        SECURITY_I18N_DIRNAME=["builtin", str(ROOT / "portal" / "translations")],
        SECURITY_CSRF_COOKIE_NAME=None,
    )
    if settings.testing:  # the same scheme, made cheap: a suite hashes hundreds of passwords that protect nothing
        app.config["SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS"] = {
            "argon2__time_cost": 1,
            "argon2__memory_cost": 8,
            "argon2__parallelism": 1,
        }
    for name in PUBLIC_ENDPOINTS:
        guard.declare(f"security.{name}", guard.PUBLIC)
    for name in OWN_ENDPOINTS:
        guard.declare(f"security.{name}", "accounts:own:edit")
    Security(app, letters.Accounts(db, Person, RoleRow), mail_util_cls=letters.SecurityMail)
    letters.init_app(app)
    sessions.init_app(app)


from portal.accounts import views  # noqa: E402, F401  (routes attach themselves to `bp`)
