"""Screens of the operator's draws: what to ask, how far it is, the plan and its confirmation; and who is late."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base.access import RuleBroken
from portal.base.words import Words, sentence
from portal.conflicts.rules import ConflictKind
from portal.evaluation import bp, draw, draws, lateness, plans, seating, service
from portal.evaluation.forms import CarryOutForm, DrawForm
from portal.evaluation.lots import DrawState
from portal.evaluation.models import Draw
from portal.evaluation.phases import PhaseKind
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import page_number


@bp.get("/operator/draws")
@requires("evaluation:assignment:manage")
def draw_list():
    actor = current_actor()
    call = request.args.get("call", "")
    return render_template(
        "evaluation/draws.html",
        page=draws.listed(actor, call, page_number()),
        waiting=draws.calls_to_draw(actor),
        calls=draws.calls_with_draws(actor),
        call=call,
    )


@bp.route("/operator/draws/new/<key>", methods=["GET", "POST"])
@requires("evaluation:assignment:manage")
def draw_ask(key: str):
    actor = current_actor()
    call = draws.call_by_key(actor, key)
    plan = plans.plan_of(call)
    phases = [one.kind for one in plans.phases_of(call.id) if one.kind is not PhaseKind.REQUIREMENT and not one.waived]
    form = DrawForm(
        data={
            "demand": call.reviews,
            "min_load": plan.min_load,
            "max_load": plan.max_load,
            "balance": plan.balance,
            "due": service.days_from_now(),
        }
    )
    form.offer(phases)
    if form.validate_on_submit():
        try:
            asked = draw.ask(actor, call, form.wish, phase=form.chosen_phase, once_key=form.once.data)
            return redirect(url_for("evaluation.draw_page", key=asked.key))
        except RuleBroken as broken:
            refuse(form, broken)
    page = render_template(
        "evaluation/draw_ask.html",
        call=call,
        form=form,
        phases=phases,
        lacking=draws.count_lacking(actor, call.id),
        evaluators=len(seating.evaluators()),
        chairs=len(seating.chairs()),
        unfinished=draws.open_of(call.id, actor.id),
    )
    return page, 422 if form.errors else 200


@bp.get("/operator/draws/<key>")
@requires("evaluation:assignment:manage")
def draw_page(key: str):
    row = draws.by_key(current_actor(), key)
    return _page(row, CarryOutForm())


@bp.get("/operator/draws/<key>/state")
@requires("evaluation:assignment:manage")
def draw_state(key: str) -> Response:
    row = draws.by_key(current_actor(), key)
    return jsonify(state=state_of(row), done=row.done, total=row.total, open=row.is_working)


@bp.post("/operator/draws/<key>/confirm")
@requires("evaluation:assignment:manage")
def draw_confirm(key: str):
    actor = current_actor()
    row = draws.by_key(actor, key)
    form = CarryOutForm()
    if form.validate_on_submit():
        try:
            draw.confirm(actor, row, partial=bool(form.partial.data), once_key=form.once.data)
            return redirect(url_for("evaluation.draw_page", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
            row = draws.by_key(actor, key)
    return _page(row, form), 422


@bp.post("/operator/draws/<key>/discard")
@requires("evaluation:assignment:manage")
def draw_discard(key: str):
    actor = current_actor()
    row = draws.by_key(actor, key)
    try:
        draw.discard(actor, row)
        flash(_("계획을 버렸습니다. 아무도 배정하지 않았습니다."), "success")
    except RuleBroken as broken:
        flash(str(sentence(broken.code, **broken.values)), "error")
        return redirect(url_for("evaluation.draw_page", key=key))
    return redirect(url_for("evaluation.draw_list"))


@bp.get("/operator/evaluation/watch")
@requires("evaluation:assignment:manage")
def watch():
    """Who is late, and whose reviews lie apart."""
    actor = current_actor()
    call = request.args.get("call", "")
    return render_template(
        "evaluation/watch.html",
        late=lateness.late(actor, call, page_number()),
        apart=lateness.apart(actor, call, 20),
        counts=lateness.counts(actor, call),
        calls=seating.calls_in_evaluation(actor),
        call=call,
    )


# --- parts (the auditor's pages use them too) -----------------------------------------------------------------


def state_of(row: Draw) -> str:
    """State and step in one word: when it changes, the page is loaded anew."""
    return f"{row.state.value}:{row.step.value if row.step else ''}"


def refusal_of(row: Draw) -> Words | None:
    if not row.problem:
        return None
    values = {name: Words(**one) if isinstance(one, dict) else one for name, one in row.problem_values.items()}
    return sentence(row.problem, **values)


def plan_parts(row: Draw) -> dict[str, Any]:
    """What both the operator's and the auditor's page of a plan show."""
    short = request.args.get("show") == "short"
    planned = bool(row.result_sha256)
    return {
        "draw": row,
        "state": state_of(row),
        "refusal": refusal_of(row),
        "lines": draws.lines(current_actor(), row, page_number(), short_only=short) if planned else None,
        "short": short,
        "loads": draws.loads(row) if planned else [],
        "chairs": draws.chair_loads(row) if planned else [],
        "kinds": [(ConflictKind(kind).label, count) for kind, count in row.summary.get("kinds", [])],
        "lot": row.seed if draws.shows_lot(row) else None,
    }


def _page(row: Draw, form: CarryOutForm) -> str:
    open_for = row.state is DrawState.PLANNED
    return render_template("evaluation/draw.html", form=form, to_confirm=open_for, **plan_parts(row))
