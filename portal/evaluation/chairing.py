"""Screens of the chair: the panels that wait, the reviews side by side, the decision."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base.access import RuleBroken
from portal.evaluation import bp, casefile, consensus, queries, service, sidebyside
from portal.evaluation.forms import DecisionForm
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import page_number


@bp.get("/evaluation/decisions")
@requires("evaluation:decision:write")
def decisions():
    actor = current_actor()
    state = request.args.get("state", "open")
    state = state if state in ("open", "decided", "all") else "open"
    return render_template(
        "evaluation/decisions.html",
        page=sidebyside.decisions(actor, state, request.args.get("call", ""), page_number()),
        counts=sidebyside.decision_counts(actor),
        state=state,
    )


@bp.route("/evaluation/decisions/<key>", methods=["GET", "POST"])
@requires("evaluation:decision:write")
def decide(key: str):
    actor = current_actor()
    panel = queries.panel_by_application(actor, key)
    sides = sidebyside.side_by_side(panel)
    form = DecisionForm(
        data={
            "tier": sides.basis.suggested if sides.basis else None,
            "items": [one.item.code for one in sides.changed],
        }
    )
    form.items.choices = [(one.item.code, f"{one.item.code} {one.item.title}") for one in sides.changed]
    if form.validate_on_submit():
        try:
            service.decide(
                actor,
                panel,
                tier=form.tier.data,
                outcome=form.chosen_outcome,
                reason=form.reason.data or "",
                items=form.items.data or (),
                waiver=form.waiver.data or "",
                once_key=form.once.data,
            )
            flash(_("결정했습니다. 신청기업에 알립니다."), "success")
            return redirect(url_for("evaluation.decide", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
    page = render_template(
        "evaluation/decide.html",
        panel=panel,
        application=panel.application,
        sides=sides,
        versions=consensus.versions_of(panel),
        suggestion=casefile.suggestion_in_words(panel.application_id),
        form=form,
    )
    return page, 422 if form.errors else 200
