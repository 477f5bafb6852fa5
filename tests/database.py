"""Databases for tests: made once from the migrations, then restored from a template before each test that needs it.

A template is a named state of the whole database ("empty", "cast", a feature's own). Restoring costs a file copy on
SQLite and a CREATE DATABASE … TEMPLATE on PostgreSQL, and is left out when nothing was written since the last time.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event

from portal.base import marks
from portal.base.db import db

_READS = ("SELECT", "BEGIN", "PRAGMA", "SHOW", "COMMIT", "ROLLBACK", "WITH")


class Database:
    """The database of one application in one test process.

    kind: "sqlite" or "postgresql"
    """

    def __init__(self, app: Flask, kind: str) -> None:
        self.app, self.kind = app, kind
        self._folder: Path = app.extensions["settings"].data_dir
        self._facts: dict[str, Any] = {}
        self._now: str | None = None
        with app.app_context():
            self._engine = db.engine
        event.listen(self._engine, "before_cursor_execute", self._watch)

    def template(self, name: str, base: str | None, build: Callable[[], Any]) -> Any:
        """The facts of the template `name`; built on top of `base` the first time it is asked for."""
        if name not in self._facts:
            if base is not None:
                self.restore(base)
            self._now = None
            with self.app.app_context():
                self._facts[name] = build()
                db.session.remove()
            self._save(name)
            self._now = name
        return self._facts[name]

    def restore(self, name: str) -> Any:
        """Put the database into the state `name`; returns its facts."""
        with self.app.app_context():
            db.session.remove()
        if self._now != name:
            self._load(name)
            self._now = name
            marks._known.clear()
        return self._facts[name]

    @property
    def is_clean(self) -> bool:
        """Whether nothing was written since the last restore."""
        return self._now is not None

    def _watch(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.lstrip().upper().startswith(_READS):
            self._now = None

    # --- SQLite: files ---

    @property
    def _file(self) -> Path:
        return self._folder / "portal.sqlite3"

    def _save(self, name: str) -> None:
        self._engine.dispose()
        if self.kind == "sqlite":
            with self.app.app_context(), db.engine.connect() as connection:
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._engine.dispose()
            shutil.copyfile(self._file, self._folder / f"template-{name}.sqlite3")
        else:
            self._command(f'CREATE DATABASE "{self._name}_{name}" TEMPLATE "{self._name}"')

    def _load(self, name: str) -> None:
        self._engine.dispose()
        if self.kind == "sqlite":
            for suffix in ("-wal", "-shm"):
                self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
            shutil.copyfile(self._folder / f"template-{name}.sqlite3", self._file)
        else:
            self._command(f'DROP DATABASE "{self._name}" WITH (FORCE)')
            self._command(f'CREATE DATABASE "{self._name}" TEMPLATE "{self._name}_{name}"')

    # --- PostgreSQL: databases ---

    @property
    def _name(self) -> str:
        return str(self._engine.url.database)

    def _command(self, statement: str) -> None:
        server = sa.create_engine(
            self._engine.url.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
        )
        with server.connect() as connection:
            connection.execute(sa.text(statement))


def create_on(server_url: str, name: str) -> str:
    """Create an empty database on a server; returns its address."""
    url = sa.make_url(server_url)
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with server.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    return url.set(database=name).render_as_string(hide_password=False)
