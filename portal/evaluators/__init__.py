"""평가위원 풀: who may judge: qualification, absence, capacity, expertise, and how somebody leaves the pool.

Persons: a candidate applies, an operator of the agency decides on the papers, an evaluator keeps the own entry up to
date. Words: Membership 위원 등록 (one for each person), Ground 자격 요건, Career 경력 (what conflicts are computed from),
Absence 부재 기간, PoolMember: what the assignment reads.
Status: DRAFT → APPLIED → ACTIVE → REMOVED; an application that is refused or given back can be mended and handed in again.
A candidate becomes an evaluator only by the operator's approval; with a removal the role, the sessions and the seats end.
Whoever was made an evaluator without an entry (before there was a pool) counts with the defaults until they write one.

Events: `evaluator.applied`, `evaluator.approved`, `evaluator.refused`, `evaluator.removed` (membership_id, person_id),
`evaluator.profile_changed` (person_id).
"""

from __future__ import annotations

from flask import Blueprint

from portal.base.words import say
from portal.evaluators import rules
from portal.web.pages import NavItem

bp = Blueprint("evaluators", __name__)
PERMISSIONS = rules.PERMISSIONS
NAV = [
    NavItem(
        say("위원 등록", "My pool entry"),
        "evaluators.apply",
        "evaluators:own:edit",
        order=46,
        covers=("/evaluators",),
    ),
    NavItem(
        say("평가위원 풀", "Evaluator pool"),
        "evaluators.pool",
        "evaluators:pool:read",
        order=61,
        covers=("/operator/records", "/operator/pressure"),
    ),
]

from portal.evaluators import views  # noqa: E402, F401  (routes attach themselves to `bp`)
