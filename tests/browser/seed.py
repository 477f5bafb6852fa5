"""A demo database with the cast, one open call and one approved supplier: `python -m tests.browser.seed`."""

from __future__ import annotations

import os

from portal import create_app
from portal.base import marks
from portal.base.db import transaction
from portal.start import prepare
from tests import cast
from tests.doors import World
from tests.factories import applications


def main() -> None:
    os.environ["FLASK_RUN_FROM_CLI"] = "true"  # as a command: with migrations
    app = create_app()
    with app.app_context():
        prepare(demo=False)
        with transaction():
            marks.put(marks.DEMO, "tests")
        members = cast.build()
        world = World(app, members)
        applications.a_call()
        applications.a_listing(world.actor("gong"))


if __name__ == "__main__":
    main()
