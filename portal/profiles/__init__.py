"""기업정보: what a company tells about itself, the diagnosis of 44 questions, evidence, papers on file.

Persons: people of the company write; everybody else reads a frozen version, and only by right (see `queries.visible_to`).
Words: Profile 기업정보 · AreaSheet 영역 답안 · Evidence 증빙 · ProfileVersion 확정본 (never changed) · Paper 보관 서류.
Statuses: the draft (profile, sheets, evidence) is edited freely and is never complete by force; `finish` freezes a version.
Extra rooms: `questionnaire` (the questions, read from data/instrument), `company` (views of the company's facts and
papers; `views` holds the diagnosis and its evidence).

Events: `profile.changed` (profile_id, organisation_id), `diagnosis.completed` (profile_version_id).
"""

from __future__ import annotations

from flask import Blueprint

from portal.base.words import say
from portal.profiles import rules
from portal.web.pages import NavItem

bp = Blueprint("profiles", __name__)
PERMISSIONS = rules.PERMISSIONS
NAV = [
    NavItem(say("기업정보", "Company"), "profiles.profile", "profiles:own:read", order=20),
    NavItem(say("수준 진단", "Diagnosis"), "profiles.diagnosis", "profiles:own:read", order=21),
]

from portal.profiles import company, views  # noqa: E402, F401  (routes attach themselves to `bp`)
