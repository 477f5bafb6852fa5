"""Factories whose outcome is kept: what many tests make first, in the same order, is made once or twice and then
jumped to (tests/database.py).

A step is known by the factory, by what it was given and by the state that it starts from; so nothing is ever jumped
when anything else was written since the test began. A test that asks for `monkeypatch` makes everything itself, because
what is made may depend on what it changed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

import sqlalchemy as sa

from portal.base import clock, words
from portal.base import db as transactions
from portal.base.access import Actor
from portal.base.db import db, session

Make = TypeVar("Make", bound=Callable[..., Any])

_database: Any = None
_is_allowed = False
_PLAIN = (str, bytes, int, float, bool, type(None), Enum, Decimal, date, timedelta, Actor)


class Unknown(Exception):
    """Something that can't be told from its like, or not be kept."""


def begin(*, is_allowed: bool) -> None:
    """A test begins; it has asked for no database yet."""
    global _database, _is_allowed
    _database, _is_allowed = None, is_allowed


def use(database: Any) -> None:
    """The database of this test."""
    global _database
    _database = database


def staged(make: Make) -> Make:
    """Keep what this factory makes."""

    @functools.wraps(make)
    def call(*given: Any, **options: Any) -> Any:
        if _database is None or not _is_allowed or transactions._depth.get():
            return make(*given, **options)  # within a transaction nothing stands yet
        try:
            step = (make.__module__, make.__name__, _told(given), _told(options), _told(clock._frozen))
        except Unknown:
            return make(*given, **options)
        return _database.stage((*step, words.current_language()), lambda: make(*given, **options))

    return call  # type: ignore[return-value]


def _told(value: Any) -> Any:
    """The value as something that can be compared: a row by its number, the cast by its being the cast."""
    if isinstance(value, db.Model):
        return type(value).__name__, *_number(value)
    if isinstance(value, _PLAIN):
        return type(value).__name__, value
    if isinstance(value, Mapping):
        return "mapping", *((_told(key), _told(each)) for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return "list", *(_told(each) for each in value)
    if isinstance(value, (set, frozenset)):
        return "set", frozenset(_told(each) for each in value)
    if is_dataclass(value) and type(value).__hash__ is not None and not hasattr(value, "actor"):
        return type(value).__name__, value
    if callable(getattr(value, "actor", None)):
        return "cast"
    raise Unknown


def _number(row: Any) -> tuple[Any, ...]:
    number = sa.inspect(row).identity
    if number is None:
        raise Unknown
    return number


def frozen(made: Any) -> Any:
    """What a factory gave, without its rows: their classes and numbers."""
    if isinstance(made, db.Model):
        return _Row(type(made), sa.inspect(made).identity)
    if isinstance(made, (list, tuple)):
        return type(made)(frozen(each) for each in made)
    if not isinstance(made, _PLAIN):
        raise Unknown
    return made


def thawed(kept: Any) -> Any:
    if isinstance(kept, _Row):
        return session.get(kept.kind, kept.number)
    if isinstance(kept, (list, tuple)):
        return type(kept)(thawed(each) for each in kept)
    return kept


class _Row:
    def __init__(self, kind: type[Any], number: Any) -> None:
        self.kind, self.number = kind, number
