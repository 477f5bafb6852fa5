"""Databases for tests: made once from the migrations, then restored from a template before each test that needs it.

A template is a named state of the whole database ("empty", "cast", a feature's own). Restoring costs a file copy on
SQLite, and is left out when nothing was written since the last time. On PostgreSQL a CREATE DATABASE … TEMPLATE copies
seven hundred files; so where only rows were added or changed, those tables alone are filled again, from copies that
stand in a schema of their own.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event

from portal.base import marks
from portal.base.db import db
from tests.conftest import SERVER

_WRITES = re.compile(r'\s*(INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?(?:\s|$)', re.IGNORECASE)
_ENOUGH = 40  # refills until the database is made anew, because nobody sweeps up the dead rows
_READS = ("SELECT", "BEGIN", "PRAGMA", "SHOW", "COMMIT", "ROLLBACK", "WITH", "SAVEPOINT", "RELEASE", "SET ", "LOCK")


class Database:
    """The database of one application in one test process.

    kind: "sqlite" or "postgresql"
    """

    def __init__(self, app: Flask, kind: str) -> None:
        self.app, self.kind = app, kind
        self._folder: Path = app.extensions["settings"].data_dir
        self._facts: dict[str, Any] = {}
        self._now: str | None = None
        self._base = ""  # the template that was loaded last
        self._written: set[str] = set()  # tables that were written since, as far as `_is_plain`
        self._is_plain = False  # nothing but rows changed since
        self._refills = 0
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
            if found := _WRITES.match(statement):
                self._written |= {found[2]} if found[1][0] in "IUiu" else _leaning_on(found[2])
            else:
                self._is_plain = False

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
            self._keep_copies()
            self._command(f'CREATE DATABASE "{self._name}_{name}" TEMPLATE "{self._name}"')
            self._begin(name)

    def _load(self, name: str) -> None:
        self._engine.dispose()
        if self.kind == "sqlite":
            for suffix in ("-wal", "-shm"):
                self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
            shutil.copyfile(self._folder / f"template-{name}.sqlite3", self._file)
        elif not self._refill(name):
            self._command(f'DROP DATABASE "{self._name}" WITH (FORCE)')
            self._command(f'CREATE DATABASE "{self._name}" TEMPLATE "{self._name}_{name}"')
            self._begin(name)

    # --- PostgreSQL: databases, and copies of the tables in the schema "kept" ---

    def _begin(self, name: str) -> None:
        self._base, self._written, self._is_plain, self._refills = name, set(), True, 0

    def _keep_copies(self) -> None:
        names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        with self._aside(self._name) as connection, connection.begin():
            connection.execute(sa.text("DROP SCHEMA IF EXISTS kept CASCADE"))
            connection.execute(sa.text("CREATE SCHEMA kept"))
            for table in connection.scalars(sa.text(names)).all():
                connection.execute(sa.text(f'CREATE TABLE kept."{table}" AS TABLE public."{table}"'))
            counters = "SELECT sequencename AS name, last_value FROM pg_sequences WHERE schemaname = 'public'"
            connection.execute(sa.text(f"CREATE TABLE kept._counters AS {counters}"))

    def _refill(self, name: str) -> bool:
        """Whether the written tables could be filled again from their copies."""
        if name != self._base or not self._is_plain or self._refills == _ENOUGH:
            return False
        statements = ["SET lock_timeout = '1s'", "SET session_replication_role = replica"]  # no triggers, no order
        for table in sorted(self._written):
            statements += [f'DELETE FROM "{table}"', f'INSERT INTO "{table}" TABLE kept."{table}"']
        statements.append(
            "SELECT setval(quote_ident(name)::regclass, coalesce(last_value, 1), last_value IS NOT NULL)"
            " FROM kept._counters"
        )
        try:
            with self._aside(self._name) as connection, connection.begin():
                for statement in statements:
                    connection.execute(sa.text(statement))
        except sa.exc.OperationalError:  # a test has left a transaction open
            return False
        self._written, self._refills = set(), self._refills + 1
        return True

    @property
    def _name(self) -> str:
        return str(self._engine.url.database)

    def _command(self, statement: str) -> None:
        with self._aside("postgres") as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text(statement))

    @contextmanager
    def _aside(self, database: str) -> Iterator[sa.Connection]:
        """A connection that `_watch` does not see."""
        engine = sa.create_engine(self._engine.url.set(database=database), poolclass=sa.NullPool)
        with engine.connect() as connection:
            yield connection


def _leaning_on(table: str) -> set[str]:
    """The table and all from which rows may vanish when one of its own is deleted."""
    found, before = {table}, set()
    while found != before:
        before = set(found)
        for one in db.metadata.tables.values():
            if any(key.column.table.name in before for key in one.foreign_keys):
                found.add(one.name)
    return found


def create_on(server_url: str, name: str) -> str:
    """Create an empty database on a server; returns its address."""
    url = sa.make_url(server_url)
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with server.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    return url.set(database=name).render_as_string(hide_password=False)


def database_at(kind: str, name: str) -> dict[str, str]:
    """The environment of a portal in a process of its own: nothing for SQLite, an empty database on the run's server."""
    if kind == "sqlite":
        return {}
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return {"DATABASE_URL": create_on(os.environ[SERVER], f"{name}_{worker}")}
