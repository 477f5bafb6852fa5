"""선정: how far a call is, the ranking of its applications, the reserve list that moves up by itself.

Persons: operator (sees the progress, grants bonuses, proposes a ranking, adds money), the call's chair (approves), the
firm (reads its band and the cut-off with its outcome, in `evaluation`). Words: Ranking 순위, Entry 순위의 한 줄,
Bonus 가점, cut-off 선정 점수, Reserve 후보.
A ranking goes PROPOSED → APPROVED, RETURNED or TAKEN_BACK; approval decides every case of the call at once.
Calls without ranking (`evaluation.plans`) are decided case by case and only shown here.
Extra rooms: `approving` (views of the call's chair; `views` holds the operator's), `notices` (letters about decisions:
what they say, who gets which), `posting` (their views).

Events: `ranking.proposed`, `ranking.approved`, `ranking.returned` (ranking_id). It follows `decision.changed` of
`evaluation`: a place that was given up, or lost on appeal, goes to the next on the reserve list, who gets a letter.
"""

from __future__ import annotations

from flask import Blueprint

from portal.base.words import say
from portal.selection import rules
from portal.web.pages import NavItem

bp = Blueprint("selection", __name__)
PERMISSIONS = rules.PERMISSIONS
NAV = [
    NavItem(
        say("선정", "Selection"), "selection.calls", "selection:progress:read", order=43, covers=("/operator/letters",)
    ),
    NavItem(say("순위 승인", "Rankings"), "selection.rankings", "selection:ranking:approve", order=42),
]

from portal.selection import approving, posting, views  # noqa: E402, F401  (routes attach themselves to `bp`)
