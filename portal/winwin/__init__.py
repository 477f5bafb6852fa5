"""상생형: a large firm offers its partners money and mentors, companies join, operators approve and watch.

Persons: people of a large firm (partner), SME owner and staff, operators; auditors read. Words: Offer 모집, Mentor 멘토,
Joining 참여 신청. Offer: DRAFT → WAITING → OPEN → CLOSED; an operator may send it back (RETURNED). Joining: WAITING →
ACCEPTED or DECLINED; the company may take it back. A local government's operator sees and judges what its own region
shares, nothing else. Offers and mentors stand before a company in the order of the gates and parts that rank suppliers.
Extra room: `letters` (one to the other side for each event).
"""

from __future__ import annotations

from flask import Blueprint

from portal.base.words import say
from portal.web.pages import NavItem
from portal.winwin import rules

bp = Blueprint("winwin", __name__)
PERMISSIONS = rules.PERMISSIONS
NAV = [NavItem(say("상생형", "Win-win"), "winwin.index", "winwin:offer:read", order=34)]

from portal.winwin import views  # noqa: E402, F401  (routes attach themselves to `bp`)
