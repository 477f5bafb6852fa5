"""What the tests of this feature share."""

import pytest


@pytest.fixture
def inside(app):
    """Run something in an application context of its own."""

    def run(call):
        with app.app_context():
            return call()

    return run
