"""신청: an SME applies to an open call; the application, its frozen snapshot, its statuses and its supplements.

Persons: SME (writes, submits, follows), operator (checks, asks for supplement, accepts), supplier (confirms a role),
evaluator and auditor (read). Words: Application 신청, 접수번호 receipt number, Supplement 보완, Consortium 컨소시엄,
Snapshot 동결본. Statuses: `rules.Status`; transitions: `rules.TRANSITIONS`.
Extra rooms beside `rules` (statuses and verdicts): `parts` (of the form), `completeness` (what a part still lacks) and
`refusals` (sentences by code); `questions` (lists of data/application.toml), `advice` (hints that floors above bring to
the check page), `stages` (what floors above know of the way: phases to come, days that are set), `tracks` (calls for
suppliers of one field), `participation` (how far those take part), `letters` (what people are told by mail), `receipt` (the PDF), `export` (the list as a spreadsheet),
`filling` (the pages of the form as plain values). The screens stand in `views/`, by who sits before them.
"""

from __future__ import annotations

from flask import Blueprint

from portal.applications import rules
from portal.web.pages import NavItem

bp = Blueprint("applications", __name__)
PERMISSIONS = rules.PERMISSIONS
NAV = [
    NavItem(rules.say("내 신청", "My applications"), "applications.mine", "applications:own:read", 30),
    NavItem(rules.say("신청 접수", "Applications"), "applications.queue", "applications:queue:read", 30),
    NavItem(
        rules.say("참여 요청", "Consortium requests"), "applications.consortium", "applications:consortium:answer", 45
    ),
]

from portal.applications import refusals, views  # noqa: E402, F401  (sentences define themselves, routes attach to `bp`)
