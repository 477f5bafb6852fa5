"""매칭: what a company needs → suppliers that fit, with reasons.

Persons: SME owner and staff; operators and auditors read. Words: Need 필요, Shortlist 추천 목록, Recommendation 추천.
A shortlist is made after the first suggestion, again after a decision, and whenever the company asks.
Extra room: `score` scores and orders (pure).
"""

from __future__ import annotations

from flask import Blueprint

from portal.base.words import say
from portal.matching import rules
from portal.web.pages import NavItem

bp = Blueprint("matching", __name__)
PERMISSIONS = rules.PERMISSIONS
NAV = [NavItem(say("맞는 공급기업", "Suppliers for us"), "matching.index", "matching:own:read", order=32)]

from portal.matching import views  # noqa: E402, F401  (routes attach themselves to `bp`)
