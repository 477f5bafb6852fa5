"""Rate limits by address and by account; kept in memory, so each web process counts for itself."""

from __future__ import annotations

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(get_remote_address, storage_uri="memory://", strategy="moving-window")


def init_app(app: Flask) -> None:
    limiter.init_app(app)
    limiter.enabled = not app.testing  # tests switch it on where they test it
