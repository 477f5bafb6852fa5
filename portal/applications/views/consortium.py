"""The named supplier: who asks, for which programme, in which role; yes or no. Nothing else of the application."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.applications import bp, forms, queries, service
from portal.base.access import RuleBroken
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires


@bp.get("/consortium")
@requires("applications:consortium:answer")
def consortium():
    return render_template("applications/consortium.html", requests=queries.consortium_requests(current_actor()))


@bp.route("/consortium/<key>", methods=["GET", "POST"])
@requires("applications:consortium:answer")
def consortium_request(key: str):
    actor = current_actor()
    asked = queries.consortium_request(actor, key)
    form = forms.ConsortiumForm()
    if form.validate_on_submit():
        takes_part = request.form.get("answer") == "yes"
        try:
            service.answer_consortium(actor, key, takes_part=takes_part, reason=form.reason.data or "")
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("참여를 확인했습니다.") if takes_part else _("참여하지 않는다고 알렸습니다."), "success")
            return redirect(url_for("applications.consortium"))
    return render_template("applications/consortium_request.html", asked=asked, form=form)
