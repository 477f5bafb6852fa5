"""The migrations make just the schema that the models describe, and take it back, on both databases."""

import os

import pytest
import sqlalchemy as sa


@pytest.fixture
def empty_app(database_kind, tmp_path):
    from portal import create_app
    from portal.base.db import db
    from tests.conftest import SERVER
    from tests.database import create_on

    overrides = {"testing": True, "data_dir": tmp_path, "secret_key": "for the migrations' test only, long enough"}
    if database_kind == "postgresql":
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        overrides["database_url"] = create_on(os.environ[SERVER], f"migrations_{worker}")
    app = create_app(overrides)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def test_migrations_make_the_schema_of_the_models_and_take_it_back(empty_app):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from flask_migrate import downgrade, upgrade

    from portal.base.db import db

    upgrade()
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []

    downgrade(revision="base")
    assert sa.inspect(db.engine).get_table_names() == ["alembic_version"]

    upgrade()
    assert set(sa.inspect(db.engine).get_table_names()) == {*db.metadata.tables, "alembic_version"}
