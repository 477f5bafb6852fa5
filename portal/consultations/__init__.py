"""상담: a company asks a supplier, they talk, both say what came of it.

Persons: SME owner and staff, the supplier's people. Words: Consultation 상담, Message 메시지, Outcome 결과.
Status : REQUESTED → ACCEPTED → CONCLUDED, or DECLINED, or EXPIRED after 14 days without an answer.
Contacts of either side show only between acceptance and conclusion, by grants.
"""

from __future__ import annotations

from flask import Blueprint

from portal.base.words import say
from portal.consultations import rules
from portal.web.pages import NavItem

bp = Blueprint("consultations", __name__)
PERMISSIONS = rules.PERMISSIONS
NAV = [NavItem(say("상담", "Consultations"), "consultations.index", "consultations:thread:read", order=33)]

from portal.consultations import views  # noqa: E402, F401  (routes attach themselves to `bp`)
