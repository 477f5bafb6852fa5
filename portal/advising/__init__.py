"""역량진단·자문: a supplier asks for an assessment or for advice; an expert of the pool plans, visits and reports.

Persons: the supplier's people, experts (the evaluators' pool); operators and auditors read. Words: Advice 자문,
Visit 방문, Result 결과. Status: REQUESTED → ACCEPTED → PLANNED → CONCLUDED, or WITHDRAWN. An expert who has declared a
tie to the supplier, or reviews a case that names it, can't take it; whoever advised is tied to it from that day. The
level of an assessment is laid before an operator (`directory.verification`); nothing here makes it a mark.
Extra room: `letters`.
"""

from __future__ import annotations

from flask import Blueprint

from portal.advising import rules
from portal.base.words import say
from portal.web.pages import NavItem

bp = Blueprint("advising", __name__)
PERMISSIONS = rules.PERMISSIONS
NAV = [NavItem(say("진단·자문", "Assessment and advice"), "advising.index", "advising:advice:read", order=46)]

from portal.advising import views  # noqa: E402, F401  (routes attach themselves to `bp`)
