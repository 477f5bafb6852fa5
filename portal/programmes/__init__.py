"""사업공고: what is offered, when it can be applied for, and how far the country has come.

Persons: everybody reads programmes and calls; operators open, edit and close calls (regional ones their own
region's). Words: Programme 사업, Call 공고, Tier 유형, Level 수준, Target 목표.
Statuses: a call is DRAFT → OPEN (published; upcoming, open or ended by its window) → CLOSED early.
Extra room: `catalogue` (reads and checks `data/programmes.toml`, `documents.toml`, `targets.toml`).
"""

from __future__ import annotations

from flask import Blueprint

from portal.base.words import say
from portal.programmes import rules
from portal.web.pages import NavItem

bp = Blueprint("programmes", __name__)
PERMISSIONS = rules.PERMISSIONS
NAV = (
    NavItem(say("지원사업", "Programmes"), "programmes.index", order=10),
    NavItem(say("공고", "Calls"), "programmes.calls", order=12),
    NavItem(say("공고 운영", "Run calls"), "programmes.operator_calls", "programmes:call:manage", order=60),
)

from portal.programmes import views  # noqa: E402, F401  (routes attach themselves to `bp`)
