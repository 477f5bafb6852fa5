"""이해충돌: who is tied to whom, since when, known from where; and which of it keeps whom off which case.

Persons: whoever judges (asked before a file opens), the firm (may object: 기피), an operator of the agency (keeps ties,
decides on objections, overrules a wrong finding with a reason), the auditor (reads all of it).
Words: Tie 관계, ConflictFound 이해충돌, hard 제척 (bars), soft (is asked), declared 회피, Objection 기피 신청.
A conflict stands, is overruled, or has ended; an objection is asked, then granted or refused.
A case is named by type and number only: the features above say what stands behind it (`rules.Parties`), write ties down
through `service.note_tie` and ask through `rules.find`. A conflict bars the person who judges and never the supplier, so
that no recommendation and no search can give a panel away.

Events: `tie.changed` (tie_id), `objection.made` and `objection.answered` (objection_id).
"""

from __future__ import annotations

from flask import Blueprint

from portal.conflicts import rules

bp = Blueprint("conflicts", __name__)
PERMISSIONS = rules.PERMISSIONS

from portal.conflicts import views  # noqa: E402, F401  (routes attach themselves to `bp`)
