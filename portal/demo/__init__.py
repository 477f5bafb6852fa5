"""예시: a believable synthetic country, made through the services; nothing imports it.

Everything here is invented and labelled 합성(예시) on every screen. Extra rooms: `names.py` (invented names and numbers),
`people.py` (answers and facts drawn from the official marginals), `country.py` (the story: who did what, when),
`cohort.py` (the diagnosed firms and blind opinions of a year and a half), `worlds.py` (firms with a hidden truth and
experts who err: where a learner can be measured; needs no database), `vouching.py` (marks, claims and a suspension), `partners.py` (win-win
offers, advice, a call for AI suppliers).
Its one screen is the mailbox that shows the letters which a demo does not send.
"""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("demo", __name__, url_prefix="/demo")

from portal.demo import views  # noqa: E402, F401  (routes attach themselves to `bp`)
