"""The portal for tailored smart-factory support (제조혁신포털): one Flask application out of feature packages.

`FEATURES` lists the packages in journey order; it drives blueprints, permissions, navigation and docs/map.md.
"""

from __future__ import annotations

import dataclasses
import os
from importlib import import_module
from pathlib import Path
from typing import Any

from flask import Flask
from flask_wtf import CSRFProtect

from portal import cli
from portal.base import audit, files, logs, mail, marks, outbox, pdf
from portal.base.db import db
from portal.settings import ROOT, Settings
from portal.web import errors, guard, health, limits, pages

# Journey order. A package appears here when an issue has filled it.
FEATURES = (
    "reference",
    "accounts",
    "conflicts",
    "evaluators",
    "letters",
    "appointments",
    "programmes",
    "profiles",
    "directory",
    "applications",
    "scoring",
    "evaluation",
    "selection",
    "appeals",
    "matching",
    "consultations",
    "matchdays",
    "winwin",
    "advising",
    "desk",
    "demo",
)


class DemoRefused(RuntimeError):
    """A demo database may only be served on loopback."""


def create_app(overrides: dict[str, Any] | None = None) -> Flask:
    """Build the application.

    overrides: fields of `Settings` that replace what the environment says (tests, commands)
    Raises   : DemoRefused when the database is a demo and the portal would listen beyond loopback.
    """
    settings = dataclasses.replace(Settings.from_environment(), **(overrides or {}))
    app = Flask("portal", root_path=str(ROOT), template_folder="templates", static_folder="static")
    app.extensions["settings"] = settings
    secret = settings.ready_secret_key()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    app.config.update(
        TESTING=settings.testing,
        SECRET_KEY=secret,
        SQLALCHEMY_DATABASE_URI=settings.database_uri,
        SQLALCHEMY_ENGINE_OPTIONS={"hide_parameters": True},  # errors go to the log, personal values don't
        SESSION_COOKIE_NAME="__Host-portal" if settings.https else "portal",
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=64 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        TRUSTED_HOSTS=["localhost", "127.0.0.1", "[::1]", *settings.hosts],
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session; a form left open overnight must not lose its text
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "portal" / "translations"),
        BABEL_DEFAULT_LOCALE="ko",
    )
    if not settings.testing:
        logs.configure(settings.log_level)
    if settings.proxies:
        from werkzeug.middleware.proxy_fix import ProxyFix

        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=settings.proxies
        )
    audit.configure(secret)
    files.configure(settings.data_dir / "files")
    pdf.configure(settings.data_dir / "fonts")
    mail.configure(
        sender=settings.mail_from,
        reply_box=settings.mail_reply,
        base_url=settings.public_url,
        smtp_url=settings.smtp_url or None,
        folder=settings.data_dir / "mail",
    )
    db.init_app(app)
    if settings.testing or os.environ.get("FLASK_RUN_FROM_CLI") == "true":
        _add_migrations(app)
    CSRFProtect(app)
    pages.init_app(app)
    guard.init_app(app)
    limits.init_app(app)
    errors.init_app(app)
    health.init_app(app)
    for name in FEATURES:
        _add_feature(app, import_module(f"portal.{name}"))

    from portal import jobs, reactions  # they look at every feature, so they come last

    outbox.connect(reactions.EVENTS, None if settings.testing else jobs.wake)
    jobs.init_app(app)
    cli.init_app(app)
    _refuse_public_demo(app, settings)
    return app


def _add_migrations(app: Flask) -> None:
    """Only commands and tests migrate; alembic would cost a web worker a quarter of its start."""
    from flask_migrate import Migrate

    Migrate(app, db, directory=str(Path(__file__).parent / "migrations"), render_as_batch=True, compare_type=True)


def _add_feature(app: Flask, package: Any) -> None:
    """A feature may bring: `PERMISSIONS`, `NAV`, `init_app(app)`, `bp`, `COMMANDS`. All optional."""
    guard.add_permissions(getattr(package, "PERMISSIONS", {}))
    app.extensions["navigation"].extend(getattr(package, "NAV", ()))
    if hasattr(package, "init_app"):
        package.init_app(app)
    if hasattr(package, "bp"):
        app.register_blueprint(package.bp)
    for command in getattr(package, "COMMANDS", ()):
        cli.portal.add_command(command)


def _refuse_public_demo(app: Flask, settings: Settings) -> None:
    if settings.is_loopback and not settings.hosts:
        return
    with app.app_context():
        try:
            is_demo = marks.is_demo()
        except Exception:  # no tables yet: nothing to protect
            return
    if is_demo:
        raise DemoRefused(
            "이 데이터베이스는 예시(demo)용입니다. 127.0.0.1에서만 열 수 있습니다. / "
            "This database is a demo: it may only be served on 127.0.0.1."
        )
