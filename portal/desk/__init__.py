"""업무: pages composed of many features: the front page, a person's home, the result page, queues, the case page."""

from __future__ import annotations

from flask import Blueprint

from portal.desk import rules

bp = Blueprint("desk", __name__)
PERMISSIONS = rules.PERMISSIONS

from portal.desk import home  # noqa: E402, F401  (routes attach themselves to `bp`)
