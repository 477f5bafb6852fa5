"""What SQLite must be set to on every connection, and what a visitor reads while somebody holds the database."""

from __future__ import annotations

import sqlite3

import pytest
import sqlalchemy as sa

from portal.base.db import db


@pytest.fixture
def on_sqlite(database):
    if database.kind != "sqlite":
        pytest.skip("SQLite's own settings")


def test_every_connection_is_durable_and_keeps_its_references(on_sqlite, context):
    db.engine.dispose()
    opened = [db.engine.connect() for _ in range(3)]
    try:
        found = [
            {
                name: connection.scalar(sa.text(f"PRAGMA {name}"))
                for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
            }
            for connection in opened
        ]
    finally:
        for connection in opened:
            connection.close()
    assert found == [{"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}] * 3


def test_a_database_that_somebody_holds_gives_a_designed_503(on_sqlite, app, client_as, monkeypatch):
    hana = client_as("hana")
    typed = {"name": "김하나", "phone": "", "language": "ko"}
    with app.app_context():
        file = db.engine.url.database
        db.engine.dispose()
    monkeypatch.setattr("portal.base.db.BUSY_MILLISECONDS", 100)
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        answer = hana.post("/account", data=typed)
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    with app.app_context():
        db.engine.dispose()
    assert (answer.status_code, answer.headers["Cache-Control"]) == (503, "no-store")
    assert hana.post("/account", data=typed).status_code == 302
