"""The operators' page of the night's plans, and the supplier's page of why it is shown or not."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from portal.base import words
from portal.base.access import RuleBroken
from portal.matching import bp, exposure, night
from portal.matching.rules import TALKS_PER_SLOT
from portal.web.guard import current_actor, requires


@bp.get("/operator/recommendations")
@requires("matching:night:read")
def nights():
    actor = current_actor()
    rows = night.plans(actor)
    current = next((row for row in rows if row.state == "done"), None)
    return render_template(
        "matching/nights.html",
        rows=rows,
        current=current,
        running=night.running(),
        reasons=words.sentence,
        talks_per_slot=TALKS_PER_SLOT,
    )


@bp.post("/operator/recommendations")
@requires("matching:night:run")
def ask_night():
    try:
        night.ask(current_actor())
    except RuleBroken as broken:
        flash(str(words.sentence(broken.code)), "warning")
    else:
        flash(_("새 추천을 만들도록 맡겼습니다. 끝날 때까지 지금 추천이 그대로 쓰입니다."), "success")
    return redirect(url_for(".nights"))


@bp.get("/supplier/exposure")
@requires("matching:shown:read")
def shown():
    return render_template("matching/shown.html", exposure=exposure.own(current_actor()), fewest=exposure.FEWEST)
