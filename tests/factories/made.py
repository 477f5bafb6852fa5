"""A room of factories whose calls stand in an application context of their own."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from flask import Flask


class Made:
    """made.approved_listing(…): the factory of that name; the test itself pushes no context."""

    def __init__(self, app: Flask, room: ModuleType):
        self._app, self._room = app, room

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **changes: Any) -> Any:
            with self._app.app_context():
                return getattr(self._room, name)(*arguments, **changes)

        return call
