"""The operator's page of how strict the evaluators are: read, and asked for anew."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from portal.evaluation import bp, calibration
from portal.web.forms import Form
from portal.web.guard import current_actor, requires


@bp.route("/operator/severity", methods=["GET", "POST"])
@requires("evaluation:severity:read")
def severity():
    form = Form()
    if form.validate_on_submit():
        calibration.ask(current_actor())
        flash(_("다시 계산하도록 했습니다. 몇 분 안에 끝납니다."), "success")
        return redirect(url_for("evaluation.severity"))
    run = calibration.newest()
    page = render_template(
        "evaluation/severity.html",
        run=run,
        lines=calibration.lines(run) if run else [],
        waiting=calibration.is_waiting(),
        form=form,
    )
    return page, 422 if form.errors else 200
