"""Factories that stand in their own application context, and a day of hana, duri and gong."""

import pytest

from portal.base.db import session
from tests.factories import directory, matchdays
from tests.factories.made import Made


@pytest.fixture
def make(app):
    return Made(app, matchdays)


@pytest.fixture
def inside(app):
    """inside(call): what a call gives in a context of its own."""

    def run(call):
        with app.app_context():
            session.expire_all()
            return call()

    return run


@pytest.fixture
def day(app, cast, drain):
    """An open day to which hana, duri and gong are asked; letters are sent."""
    from portal.accounts.models import Organisation
    from portal.base.access import SYSTEM
    from portal.matchdays import service

    with app.app_context():
        directory.approved_listing(cast["gong"].organisation_id)
        row = matchdays.planned()
        houses = [session.get_one(Organisation, cast[name].organisation_id) for name in ("hana", "duri", "gong")]
        matchdays.invited(row, *houses)
        service.open_day(SYSTEM, row.key)
    drain()
    return row
