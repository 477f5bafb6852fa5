"""이의신청: a firm contests a decision criterion by criterion; people who had no part in it judge anew.

Persons: the firm (files once, supplements, follows), operator (takes up or refuses, never chooses the panel), readers
(give points and a comment for the contested criteria), the appeal's chair (decides; never the first chair), auditor
(reads all of it, replays the draw). Words: Appeal 이의신청, Ground 이의 사유, to take up 재검토하기로 함, to refuse 각하, Seat 재심 위원 자리,
Ruling 인용·일부 인용·기각.
Statuses: DRAFT → FILED ⇄ SUPPLEMENT (once) → ADMITTED (panel to be drawn) → REVIEW → DECIDED; or REFUSED, WITHDRAWN.
Deadlines are days in Korea that end on a working day (`base.workdays`): 14 days to file (`CallPlan.appeal_days`), a
supplement of at most a month, 14 days for the re-inspection.
Extra rooms: `reckoning` (the total with what was judged anew), `draw` (the panel, drawn by the worker and replayable),
`judging` (what the panel does; `service` holds the firm's and the operator's acts), `notices` (mails and letters).
Screens: `views` (the firm), `checking` (operator and auditor), `sitting` (readers and chair).

Events: `appeal.filed`, `appeal.supplement_asked`, `appeal.taken_up`, `appeal.refused`, `appeal.withdrawn`,
`appeal.seats_free` (appeal_id), `appeal.seated` (seat_id), `appeal.judged` (appeal_id, seat_id), `appeal.decided` (appeal_id,
application_id, ruling, reversed). It follows `application.withdrawn`.
"""

from __future__ import annotations

from flask import Blueprint

from portal.appeals import rules
from portal.appeals.commands import COMMANDS
from portal.base.words import say
from portal.web.pages import NavItem

__all__ = ["COMMANDS"]

bp = Blueprint("appeals", __name__)
PERMISSIONS = rules.PERMISSIONS
NAV = [
    NavItem(say("이의신청", "Appeals"), "appeals.own", "appeals:own:read", order=39),
    NavItem(say("이의신청", "Appeals"), "appeals.queue", "appeals:queue:read", order=45),
    NavItem(say("재심", "Appeals"), "appeals.seats", "appeals:seat:write", order=43),
]

from portal.appeals import checking, sitting, views  # noqa: E402, F401  (routes attach themselves to `bp`)
