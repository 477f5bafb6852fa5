"""Calls in a context of their own: a request must not find one pushed by the test."""

import pytest


@pytest.fixture
def inside(app):
    """inside(call): what a call gives in a context of its own."""

    def run(call):
        with app.app_context():
            return call()

    return run


@pytest.fixture
def trail(app):
    """trail(action): how often an act stands in the audit log."""
    import sqlalchemy as sa

    from portal.base.audit import AuditRow
    from portal.base.db import session

    def count(action):
        with app.app_context():
            return session.scalar(sa.select(sa.func.count()).where(AuditRow.action == action))

    return count
