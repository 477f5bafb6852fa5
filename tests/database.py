"""Databases for tests: made once, then put back into a kept state before each test that needs it.

A template is a named state of the whole database ("empty", "cast", a feature's own). What several tests make first by
the same factories, one after the other, is kept too (`stage`, tests/stages.py): such a way is gone once or twice and
then jumped. On SQLite a state is a file, and going back costs its copy. On PostgreSQL, where CREATE DATABASE … TEMPLATE
copies seven hundred files, a state is a schema of copies of the tables that differ from the state it was built on;
going back fills those tables again. Nothing is done at all when nothing was written since.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event

from portal.base import marks
from portal.base.db import db
from portal.directory import shelf
from tests import stages
from tests.conftest import SERVER

_WRITES = re.compile(r'\s*(INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?(?:\s|$)', re.IGNORECASE)
_ENOUGH = 40  # refills until the dead rows are swept up
_READS = ("SELECT", "BEGIN", "PRAGMA", "SHOW", "COMMIT", "ROLLBACK", "WITH", "SAVEPOINT", "RELEASE", "SET ", "LOCK")
_OFTEN = 2  # a way that is gone so often is kept

Way = tuple[Any, ...]
"""How a state came about: the template's name, then each staged factory with what it was given."""


@dataclass(frozen=True, eq=False)
class State:
    """A state into which the database can be put again.

    place  : its file (SQLite) or schema (PostgreSQL)
    before : the state it was built on; None: it stands alone
    changed: the tables that differ from `before`
    facts  : what building it gave
    """

    way: Way
    place: str
    before: State | None
    changed: frozenset[str]
    facts: Any


class Database:
    """The database of one application in one test process.

    kind: "sqlite" or "postgresql"
    """

    def __init__(self, app: Flask, kind: str) -> None:
        self.app, self.kind = app, kind
        self._folder: Path = app.extensions["settings"].data_dir
        self._facts: dict[str, Any] = {}
        self._states: dict[Way, State] = {}
        self._spared: dict[Way, State] = {}  # those that the spare database holds
        self._count = 0
        self._base: State | None = None  # the state that was loaded or kept last
        self._is_clean = False  # nothing was written since
        self._is_plain = False  # nothing but rows changed since
        self._written: set[str] = set()  # tables that were written since, as far as `_is_plain`
        self._way: Way | None = None  # how the present state came about, as far as it is known
        self._is_building = False
        self._asked: Counter[Way] = Counter()
        self._refills: Counter[str] = Counter()
        self._beside: dict[str, sa.Engine] = {}
        with app.app_context():
            self._engine = db.engine
        event.listen(self._engine, "before_cursor_execute", self._watch)

    def template(self, name: str, base: str | None, build: Callable[[], Any]) -> Any:
        """The facts of the template `name`; built on top of `base` the first time it is asked for."""
        if name not in self._facts:
            if base is not None:
                self.restore(base)
            self._way = None
            with self.app.app_context():
                self._facts[name] = build()
                db.session.remove()
            self._keep((name,), None)
            self._spare()
        return self._facts[name]

    def restore(self, name: str) -> Any:
        """Put the database into the state `name`; returns its facts."""
        with self.app.app_context():
            db.session.remove()
        self._go((name,))
        return self._facts[name]

    def stage(self, step: Any, build: Callable[[], Any]) -> Any:
        """What `build` gives, in the state that it makes of the present one; jumped to where it is known.

        Needs the application context of the caller, whose session gives up what it has read.
        """
        if self._is_building or self._way is None:
            return build()
        way = (*self._way, step)
        if way in self._states:
            db.session.rollback()
            self._go(way)
            return self._again(self._states[way])
        self._is_building = True
        try:
            made = build()
        except BaseException:
            self._way = None
            raise
        finally:
            self._is_building = False
        self._way = way
        self._asked[way] += 1
        if self._asked[way] >= _OFTEN and self._is_plain:
            with suppress(stages.Unknown):
                facts = stages.frozen(made)
                db.session.rollback()
                self._keep(way, facts)
                return self._again(self._states[way])
        return made

    @property
    def is_clean(self) -> bool:
        """Whether nothing was written since the last restore."""
        return self._is_clean

    def close(self) -> None:
        """Give back what the states hold outside of the server."""
        for engine in self._beside.values():
            engine.dispose()
        if self.kind == "sqlite":
            for state in self._states.values():
                Path(state.place).unlink(missing_ok=True)

    def _watch(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.lstrip().upper().startswith(_READS):
            self._is_clean = False
            if not self._is_building:
                self._way = None
            if found := _WRITES.match(statement):
                self._written |= {found[2]} if found[1][0] in "IUiu" else _leaning_on(found[2])
            else:
                self._is_plain = False

    def _go(self, way: Way) -> None:
        state = self._states[way]
        if not (self._is_clean and self._base is state):
            if self.kind == "sqlite":
                self._copy_back(Path(state.place))
            elif not self._refill(state):
                self._take_spare()
                state = self._states[way]
                self._refill(state)
            marks._known.clear()
            shelf.forget()
        self._begin(state)

    def _keep(self, way: Way, facts: Any) -> None:
        before = self._base if self._is_plain else None
        self._count += 1
        if self.kind == "sqlite":
            place, changed = str(self._folder / f"state-{self._count}.sqlite3"), frozenset[str]()
            self._copy_away(Path(place))
        else:
            place = f"kept_{self._count}"
            changed = self._copy_tables(place, None if before is None else frozenset(self._written))
        self._states[way] = state = State(way, place, before, changed, facts)
        self._begin(state)

    def _again(self, state: State) -> Any:
        made = stages.thawed(state.facts)
        db.session.commit()  # what comes next must not read from before somebody else's write
        return made

    def _begin(self, state: State) -> None:
        self._base, self._written, self._is_plain, self._is_clean = state, set(), True, True
        self._way = state.way

    # --- SQLite: files ---

    @property
    def _file(self) -> Path:
        return self._folder / "portal.sqlite3"

    def _copy_away(self, place: Path) -> None:
        self._engine.dispose()
        with self.app.app_context(), db.engine.connect() as connection:
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._engine.dispose()
        shutil.copyfile(self._file, place)

    def _copy_back(self, place: Path) -> None:
        self._engine.dispose()
        for suffix in ("-wal", "-shm"):
            self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
        # a file of its own: who still holds the old one goes on reading that
        shutil.copyfile(place, beside := self._file.with_suffix(".next"))
        beside.replace(self._file)

    # --- PostgreSQL: copies of tables, and a spare database for when more than rows has changed ---

    def _copy_tables(self, place: str, tables: frozenset[str] | None) -> frozenset[str]:
        """Copy these tables (None: all) and the counters into a new schema; returns their names."""
        with self._aside(self._name) as connection, connection.begin():
            if tables is None:
                names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
                tables = frozenset(connection.scalars(sa.text(names)))
            counters = "SELECT sequencename AS name, last_value FROM pg_sequences WHERE schemaname = 'public'"
            _at_once(
                connection,
                f"CREATE SCHEMA {place}",
                *(f'CREATE TABLE {place}."{table}" AS TABLE public."{table}"' for table in sorted(tables)),
                f"CREATE TABLE {place}._counters AS {counters}",
            )
        return tables

    def _refill(self, target: State) -> bool:
        """Whether the tables in which the target differs could be filled again from copies."""
        if not self._is_plain or self._base is None:
            return False
        tables = sorted(self._written | _between(self._base, target))
        statements = ["SET LOCAL lock_timeout = '1s'", "SET LOCAL session_replication_role = replica"]  # no triggers
        for table in tables:
            statements += [
                f'DELETE FROM "{table}"',
                f'INSERT INTO "{table}" TABLE {_place_of(table, target)}."{table}"',
            ]
        statements.append(
            "SELECT setval(quote_ident(name)::regclass, coalesce(last_value, 1), last_value IS NOT NULL)"
            f" FROM {target.place}._counters"
        )
        try:
            with self._aside(self._name) as connection:
                with connection.begin():
                    _at_once(connection, *statements)
                self._refills.update(tables)
                if tired := [table for table in tables if self._refills[table] >= _ENOUGH]:
                    connection.execution_options(isolation_level="AUTOCOMMIT")
                    names = ", ".join(f'"{table}"' for table in tired)
                    connection.execute(sa.text(f"VACUUM (SKIP_LOCKED) {names}"))
                    for table in tired:
                        del self._refills[table]
        except sa.exc.OperationalError:  # a test has left a transaction open
            return False
        return True

    def _spare(self) -> None:
        """Keep the whole database, schemas of copies and all."""
        self._spared = dict(self._states)
        if self.kind == "postgresql":
            self._let_go()
            self._command(f'DROP DATABASE IF EXISTS "{self._name}_spare" WITH (FORCE)')
            self._command(f'CREATE DATABASE "{self._name}_spare" TEMPLATE "{self._name}"')

    def _take_spare(self) -> None:
        self._let_go()
        self._command(f'DROP DATABASE "{self._name}" WITH (FORCE)')
        self._command(f'CREATE DATABASE "{self._name}" TEMPLATE "{self._name}_spare"')
        self._states = dict(self._spared)
        self._begin(list(self._states.values())[-1])

    def _let_go(self) -> None:
        self._engine.dispose()
        if engine := self._beside.pop(self._name, None):
            engine.dispose()

    @property
    def _name(self) -> str:
        return str(self._engine.url.database)

    def _command(self, statement: str) -> None:
        with self._aside("postgres") as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text(statement))

    @contextmanager
    def _aside(self, database: str) -> Iterator[sa.Connection]:
        """A connection that `_watch` does not see."""
        if database not in self._beside:
            self._beside[database] = sa.create_engine(self._engine.url.set(database=database), pool_size=1)
        with self._beside[database].connect() as connection:
            yield connection


def _at_once(connection: sa.Connection, *statements: str) -> None:
    """Send statements in one go; on the way back and forth a hundred would take longer than in the server."""
    connection.connection.cursor().execute("; ".join(statements))


def _ways_back(state: State | None) -> list[State]:
    found = []
    while state is not None:
        found.append(state)
        state = state.before
    return found


def _between(one: State, other: State) -> set[str]:
    """The tables in which two states may differ."""
    apart = set(_ways_back(one)) ^ set(_ways_back(other))
    return set().union(*(state.changed for state in apart))


def _place_of(table: str, state: State) -> str:
    """The schema with this table as it is in the state."""
    return next(one.place for one in _ways_back(state) if table in one.changed)


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
