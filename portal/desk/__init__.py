"""업무: pages composed of many features: the front page, a person's home, the result page, queues, the case page.

Views stand by page, not in one `views.py`: `home.py` (front page, home; `tasks.py` says what waits for whom), `audit.py` (the auditor's log),
`result.py` (a firm's diagnosis result), `advice.py` (unmet conditions on the application's check page),
`concentration.py` (how evenly suppliers are shown, asked and chosen; `shares.py` counts it).
"""

from __future__ import annotations

from flask import Blueprint

from portal.base.words import say
from portal.desk import rules
from portal.web.pages import NavItem

bp = Blueprint("desk", __name__)
PERMISSIONS = rules.PERMISSIONS
NAV = (
    NavItem(say("내 업무", "My work"), "desk.home", "desk:home:read", order=1),
    NavItem(say("진단 결과", "Result"), "desk.result", "desk:result:read", order=22),
    NavItem(say("감사 기록", "Audit log"), "desk.audit_log", "audit:log:read", order=80),
)

from portal.desk import advice, audit, concentration, home, result  # noqa: E402, F401  (routes attach themselves to `bp`)
