"""A demo database with the cast only: `python -m tests.browser.seed` (PORTAL_DATA_DIR says where)."""

from __future__ import annotations

import os

from portal import create_app
from portal.base import marks
from portal.base.db import transaction
from portal.start import prepare
from tests import cast


def main() -> None:
    os.environ["FLASK_RUN_FROM_CLI"] = "true"  # as a command: with migrations
    app = create_app()
    with app.app_context():
        prepare(demo=False)
        with transaction():
            marks.put(marks.DEMO, "tests")
        cast.build()


if __name__ == "__main__":
    main()
