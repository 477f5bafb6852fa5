"""Screens of a request to several suppliers: choose them, see how it goes, stop it."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base.access import RuleBroken
from portal.consultations import bp, fanout, queries
from portal.consultations.forms import FanOutForm
from portal.consultations.rules import MOST, Topic, last_day
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires


@bp.route("/consultations/several", methods=["GET", "POST"])
@requires("consultations:own:ask")
def ask_several():
    """Suppliers named in the address (?supplier=key, from the search or a comparison) stand first, then the shortlist."""
    actor = current_actor()
    if (running := fanout.running(actor)) and request.method == "GET":
        return redirect(url_for(".several", key=running.key))
    named, posted = request.args.getlist("supplier")[:MOST], request.form.getlist("suppliers")[: 2 * MOST]
    choices = fanout.choices(actor, named, posted)
    form = FanOutForm()
    form.offer([(one.listing.key, one.listing.name, one.why) for one in choices])
    if form.validate_on_submit():
        try:
            row = fanout.start(
                actor, form.suppliers.data, Topic(form.topic.data), form.need.data, once_key=form.once.data
            )
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("여러 공급기업에 요청했습니다. 답이 오는 대로 이메일로 알려 드립니다."), "success")
            return redirect(url_for(".several", key=row.key))
    elif request.method == "GET":
        form.suppliers.data = [one.listing.key for one in choices if one.listing.key in named]
    return render_template("consultations/ask_several.html", form=form, choices=choices)


@bp.get("/consultations/several/<key>")
@requires("consultations:own:ask")
def several(key: str):
    row = fanout.by_key(current_actor(), key)
    asked = [place.consultation for place in row.places if place.consultation]
    return render_template(
        "consultations/several.html",
        row=row,
        figures=fanout.figures(row),
        frozen=queries.frozen(asked),
        last_day=last_day,
    )


@bp.post("/consultations/several/<key>/stop")
@requires("consultations:own:ask")
def stop_several(key: str):
    fanout.stop(current_actor(), key)
    flash(_("더 묻지 않습니다. 이미 보낸 요청은 그대로 남아 있습니다."), "success")
    return redirect(url_for(".several", key=key))
