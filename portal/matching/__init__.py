"""매칭: what a company needs → suppliers that fit, with reasons.

Persons: SME owner and staff; suppliers read why they are shown; operators and auditors read. Words: Need 필요,
Shortlist 추천 목록, Recommendation 추천, Choice 남긴 목록, NightlyPlan 오늘의 추천.
A shortlist is made after the first suggestion, again after a decision, when the company writes what it needs, and
whenever it asks. A nightly plan goes WAITING → RUNNING → DONE or FAILED; the newest that is done counts.
Extra rooms: `score` scores and orders (pure); `choices` (what stood there when a company chose, `paper` prints it),
`exposure` (why a supplier is shown or not), `night` (the recommendations of the day); for the worker alone `night_work`,
with `arcs` (the score of all at once), `plan` (the flow) and `texts` (nearest texts).
"""

from __future__ import annotations

from flask import Blueprint

from portal.base.words import say
from portal.matching import rules
from portal.web.pages import NavItem

bp = Blueprint("matching", __name__)
PERMISSIONS = rules.PERMISSIONS
NAV = [NavItem(say("맞는 공급기업", "Suppliers for us"), "matching.index", "matching:own:read", order=32)]

from portal.matching import night_views, views  # noqa: E402, F401  (routes attach themselves to `bp`)
