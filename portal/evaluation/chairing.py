"""Screens of the chair: the panels that wait, the reviews side by side, the decision."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base.access import Actor, RuleBroken
from portal.evaluation import bp, casefile, consensus, deciding, queries, sidebyside, visits
from portal.evaluation.forms import DecisionForm, FinaliseForm
from portal.evaluation.models import Finding, Panel
from portal.evaluation.rules import Outcome
from portal.evaluation.sidebyside import SideBySide
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import page_number


@bp.get("/evaluation/decisions")
@requires("evaluation:decision:write")
def decisions():
    actor = current_actor()
    state = request.args.get("state", "open")
    state = state if state in ("open", "finalised", "decided", "all") else "open"
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
    if queries.is_ranked(panel.application.call_id):
        return _finalise(actor, panel)
    sides = sidebyside.side_by_side(panel)
    form = DecisionForm(data=_suggested(sides))
    form.items.choices = _changed_items(sides)
    if form.validate_on_submit():
        try:
            deciding.decide(
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
    return _decision_page(panel, sides, form)


def _finalise(actor: Actor, panel: Panel) -> tuple[str, int] | Response:
    """In a ranked call: tier and recommendation, which may be mended until the ranking is approved."""
    sides, kept = sidebyside.side_by_side(panel), panel.finding
    form = FinaliseForm(data=_finalised(kept) if kept else _suggested(sides))
    form.items.choices = _changed_items(sides)
    if form.validate_on_submit():
        try:
            deciding.finalise(
                actor,
                panel,
                tier=form.tier.data,
                recommended=form.recommended,
                reason=form.reason.data or "",
                items=form.items.data or (),
                waiver=form.waiver.data or "",
                version=form.version.data,
            )
            flash(_("확정했습니다. 순위가 승인될 때 결과가 정해집니다."), "success")
            return redirect(url_for("evaluation.decide", key=panel.application.key))
        except RuleBroken as broken:
            refuse(form, broken)
    return _decision_page(panel, sides, form)


def _finalised(kept: Finding) -> dict[str, Any]:
    outcome = Outcome.SELECTED if kept.recommended else Outcome.REJECTED
    return {
        "tier": kept.tier,
        "outcome": outcome.value,
        "reason": kept.reason,
        "items": kept.items,
        "waiver": kept.waiver,
        "version": kept.version,
    }


def _suggested(sides: SideBySide) -> dict[str, Any]:
    return {
        "tier": sides.basis.suggested if sides.basis else None,
        "items": [one.item.code for one in sides.changed],
    }


def _changed_items(sides: SideBySide) -> list[tuple[str, str]]:
    return [(one.item.code, f"{one.item.code} {one.item.title}") for one in sides.changed]


def _decision_page(panel: Panel, sides: SideBySide, form: DecisionForm) -> tuple[str, int]:
    page = render_template(
        "evaluation/decide.html",
        panel=panel,
        application=panel.application,
        visit=visits.report_beside(panel.application),
        sides=sides,
        versions=consensus.versions_of(panel),
        suggestion=casefile.suggestion_in_words(panel.application_id),
        form=form,
    )
    return page, 422 if form.errors else 200
