"""The public page that says what the scorer is, what it looks at, what it can't know, and how to contest it."""

from __future__ import annotations

from flask import render_template

from portal.profiles import questionnaire
from portal.scoring import bp
from portal.scoring.gates import RULE_VERSION
from portal.web.guard import public


@bp.get("/scorer")
@public
def guide():
    return render_template("scoring/guide.html", questions=questionnaire.load(), rules=RULE_VERSION)
