"""How alembic runs here: with the application's own engine and metadata, on both databases, in both directions."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context
from flask import current_app

migrate = current_app.extensions["migrate"]


def render(kind: str, value: Any, _autogen: Any) -> str | bool:
    """Write plain column types: a migration must not change when our own types do."""
    if kind == "type" and isinstance(value, sa.Enum):
        return f"sa.String(length={value.length})"
    if kind == "type" and isinstance(value, sa.TypeDecorator):
        return f"sa.{value.impl_instance!r}"
    return False


def run() -> None:
    with migrate.db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # batch mode rebuilds tables; dropping the old one must not cascade into its children
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
        context.configure(
            connection=connection,
            target_metadata=migrate.db.metadata,
            render_item=render,
            **migrate.configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()
        if connection.dialect.name == "sqlite":
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=ON")


run()
