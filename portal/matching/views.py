"""Suppliers that fit, with every reason."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base import words
from portal.base.access import RuleBroken
from portal.matching import bp, queries, service
from portal.web.guard import current_actor, requires

SHOWN = 10


@bp.get("/matching")
@requires("matching:own:read")
def index():
    is_all = request.args.get("all") == "1"
    matches = queries.matches_for(current_actor(), limit=None if is_all else SHOWN)
    return render_template("matching/index.html", matches=matches, has_more=not is_all)


@bp.post("/matching")
@requires("matching:own:rank")
def again():
    try:
        service.rank_again(current_actor())
    except RuleBroken as broken:
        flash(str(words.sentence(broken.code)), "warning")
    else:
        flash(_("다시 찾았습니다."), "success")
    return redirect(url_for(".index"))
