"""The database: one session, one transaction per use case, types and mixins that every table shares.

SQLite runs in WAL mode with synchronous=FULL and foreign keys on; a use case begins with BEGIN IMMEDIATE behind
one lock of the process, so that writers queue instead of failing half-way. PostgreSQL needs none of it.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, declared_attr, mapped_column

from portal.base import clock


class Base(DeclarativeBase):
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
session = db.session


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An aware UTC moment; SQLite would drop the zone and hand back a naive one."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone was about to be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def enum_type(kind: type[Enum]) -> sa.Enum:
    """Store an enum by its value as text, so that a new member needs no type migration."""
    return sa.Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=40,
        values_callable=lambda members: [str(member.value) for member in members],
    )


def enum_column(kind: type[Enum], **options: Any) -> Mapped[Any]:
    return mapped_column(enum_type(kind), **options)


def new_key() -> str:
    """A random public id (16 bytes): what URLs carry instead of the row number."""
    return secrets.token_urlsafe(16)


# 64 bits on PostgreSQL; SQLite only counts up by itself on a plain INTEGER.
BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Keyed:
    """`id` for joins, `key` for URLs."""

    id: Mapped[int] = mapped_column(BigId, primary_key=True)

    @declared_attr
    def key(cls) -> Mapped[str]:  # noqa: N805
        return mapped_column(sa.String(22), unique=True, default=new_key)


class Stamped:
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, onupdate=clock.now)


class Versioned:
    """`version` counts the edits: a stale save is refused instead of overwriting (see `check_version`)."""

    version: Mapped[int] = mapped_column(sa.Integer)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805
        return {"version_id_col": cls.version}


# --- one transaction per use case -------------------------------------------------------------------------

_writing: ContextVar[bool] = ContextVar("writing", default=False)
_depth: ContextVar[int] = ContextVar("depth", default=0)
_write_lock = threading.Lock()
_WROTE = "wrote"
# How long a statement waits for another process that writes, before the visitor reads a 503.
BUSY_MILLISECONDS = 15_000

# Filled by audit and outbox: what must be written last in the transaction, and what may run once it is durable.
before_commit: list[Any] = []
after_commit: list[Any] = []


def in_turn(number: int) -> None:
    """Wait until no other transaction that named this number is under way; let go at its end.

    Notes: for a rule that no row stands for yet ("one at a time"); on SQLite a writing transaction is alone already
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


@contextmanager
def transaction(*, keep_pending: bool = False) -> Iterator[Any]:
    """One use case, all or nothing: its rows, its audit rows and its outbox rows commit together.

    Nested use joins the outer one. The read snapshot taken so far is given up first, so that rules are checked
    against the newest rows.

    keep_pending: keep what a library changed in the session before (Flask-Security edits an account and commits it
                  itself at the end of the request); then it commits here, together with our rows. The changes are
                  carried over into the new transaction, because SQLite can't turn an old snapshot into a writer
    """
    if _depth.get():
        token = _depth.set(_depth.get() + 1)
        try:
            yield session
        finally:
            _depth.reset(token)
        return
    lock = _write_lock if db.engine.dialect.name == "sqlite" else None
    carried = None
    if keep_pending and session.info.get(_WROTE):
        lock = None  # the library's writes stand in the running transaction already: it is the writer
    else:
        carried = _pending() if keep_pending else None
        session.rollback()
    if lock:
        lock.acquire()
    writing, depth = _writing.set(True), _depth.set(1)
    committed = False
    try:
        if carried:
            carried()
        yield session
        session.flush()
        for hook in before_commit:
            hook()
        session.commit()
        committed = True
    except BaseException:
        session.rollback()
        session.info.clear()
        raise
    finally:
        _writing.reset(writing)
        _depth.reset(depth)
        if lock:
            lock.release()
    if committed:
        for hook in after_commit:
            hook()


def _pending() -> Callable[[], None]:
    """What is changed in the session and not yet written, as a function that changes it again."""
    changed = [
        (row, {one.key: one.value for one in sa.inspect(row).attrs if one.history.has_changes()})
        for row in session.dirty
    ]
    added, removed = list(session.new), list(session.deleted)

    def again() -> None:
        for row, values in changed:
            for name, value in values.items():
                setattr(row, name, value)
        session.add_all(added)
        for row in removed:
            session.delete(row)

    return again


@event.listens_for(Session, "after_flush")
def _note_write(written: Session, _context: Any) -> None:
    written.info[_WROTE] = True


@event.listens_for(Session, "after_commit")
@event.listens_for(Session, "after_rollback")
def _forget_write(ended: Session) -> None:
    ended.info.pop(_WROTE, None)


def in_transaction() -> bool:
    return _depth.get() > 0


@event.listens_for(Engine, "connect")
def _settle_sqlite(connection: Any, _record: Any) -> None:
    if not type(connection).__module__.startswith("sqlite3"):
        return
    connection.isolation_level = None  # SQLAlchemy's "begin" event below opens transactions, not the driver
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MILLISECONDS}",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if _writing.get() else "BEGIN")
