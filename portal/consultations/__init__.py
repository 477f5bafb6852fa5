"""상담: a company asks a supplier (or several, one after another), they talk and meet, both say what came of it and rate.

Persons: SME owner and staff, the supplier's people; operators read the ratings. Words: Consultation 상담, Message 메시지,
Outcome 결과, FanOut 여러 곳에 요청, MeetingNote 상담 기록.
Status : REQUESTED → ACCEPTED → CONCLUDED; DECLINED; WITHDRAWN by the company; EXPIRED after 14 working days of silence.
Contacts of either side show only between acceptance and conclusion, by grants. A supplier that is not public now
(suspended) leaves its threads to be read only.
Extra rooms: `fanout` (five at a time, until three are interested), `talking` (messages, files), `meetings` (the supplier's times,
bookings, notes), `following` (reminders, release), `figures` (how a supplier answers; kept in the directory), `ratings`,
`letters`, `relay` (answers by mail, to addresses that mask both sides), `commands`; views: `meeting_views`, `fanout_views`.
"""

from __future__ import annotations

from flask import Blueprint

from portal.base.words import say
from portal.consultations import rules
from portal.consultations.commands import COMMANDS  # noqa: F401
from portal.web.pages import NavItem

bp = Blueprint("consultations", __name__)
PERMISSIONS = rules.PERMISSIONS
NAV = [
    NavItem(say("상담", "Consultations"), "consultations.index", "consultations:thread:read", order=33),
    NavItem(say("상담 평가", "Consultation ratings"), "consultations.rated", "consultations:ratings:read", order=84),
]

from portal.consultations import fanout_views, meeting_views, views  # noqa: E402, F401  (routes attach themselves to `bp`)
