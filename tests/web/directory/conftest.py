"""Factories that stand in their own application context: a request must not find one pushed by the test."""

import pytest

from tests.factories import directory
from tests.factories.made import Made


@pytest.fixture
def make(app):
    """make.approved_listing(…) and the other factories of tests/factories/directory.py."""
    return Made(app, directory)


@pytest.fixture
def inside(app):
    """inside(call): what a call gives in a context of its own."""

    def run(call):
        with app.app_context():
            return call()

    return run
