"""What gunicorn reads as its settings, and does in each web worker once it can answer: reads the directory's index,
beside its first requests.

Else whoever searches first would wait for numpy, the dictionary of Korean and the index. Not before the fork or at the
import: a worker answers at once, and what only commands start never pays for it.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from flask import Flask
from gunicorn.http import message

limit_request_line = 128 * 1024
"""Bytes of an address: ten thousand letters pasted into the search are 90,000, and the page says that it cut them."""


def post_worker_init(worker: Any) -> None:
    """gunicorn's hook of that name: after the application has been loaded."""
    message.MAX_REQUEST_LINE = limit_request_line  # gunicorn's own bound lies below
    threading.Thread(target=warm, args=(worker.wsgi,), name="warm", daemon=True).start()


def warm(app: Flask) -> None:
    """Search once, for nobody."""
    from portal.directory import shelf  # a feature: what gunicorn reads as its settings stays light

    try:
        with app.app_context():
            shelf.warm()
    except (
        Exception
    ):  # a database that is not there yet, or being moved: the first search does it, or says what is wrong
        logging.getLogger(__name__).info("the index is not warm", exc_info=True)
