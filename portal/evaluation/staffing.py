"""Screens of the operator: applications that wait for evaluators, a panel by hand."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base.access import RuleBroken
from portal.evaluation import bp, conflicted, queries, rules, seating, service
from portal.evaluation.forms import AssignForm
from portal.evaluation.seating import AssignmentFilters
from portal.programmes.rules import Tier
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import page_number

STAGES = ("waiting", "reviewing", "ready", "")


@bp.get("/operator/assignments")
@requires("evaluation:assignment:manage")
def assignments():
    actor = current_actor()
    stage, tier = request.args.get("stage", "waiting"), request.args.get("tier", "")
    filters = AssignmentFilters(
        text=request.args.get("q", "").strip(),
        call=request.args.get("call", ""),
        tier=Tier(tier) if tier in set(Tier) else None,
        stage="" if stage == "all" else stage if stage in STAGES else "waiting",
        late=request.args.get("late") == "1",
        extra=request.args.get("extra") == "1",
        sort=request.args.get("sort", "submitted"),
    )
    return render_template(
        "evaluation/assignments.html",
        page=seating.waiting(actor, filters, page_number()),
        counts=seating.stage_counts(actor, filters),
        calls=seating.calls_in_evaluation(actor),
        tiers=tuple(reversed(rules.TIERS)),
        filters=filters,
    )


@bp.route("/operator/assignments/<key>", methods=["GET", "POST"])
@requires("evaluation:assignment:manage")
def assign(key: str):
    actor = current_actor()
    waiting = seating.waiting_one(actor, key)
    panel = waiting.panel
    taken = {one.evaluator_id for one in panel.assignments} if panel else set()
    everybody, chairs = seating.evaluators(), seating.chairs()
    bars = conflicted.bars(waiting.application, {one.id for one in (*everybody, *chairs)})
    out = {actor.id, *taken, *bars}
    free = [one for one in everybody if one.id not in out]
    heads = [one for one in chairs if one.id not in out]
    form = AssignForm(
        data={"due": panel.due_on if panel else service.days_from_now(), "chair": panel.chair_id if panel else None}
    )
    form.offer(free, heads)
    if form.validate_on_submit():
        try:
            service.assign(
                actor,
                waiting.application,
                seating.people(form.evaluators.data or ()),
                seating.people([form.chair.data])[0],
                form.due.data,
                once_key=form.once.data,
            )
            flash(_("배정했습니다. 평가위원에게 알립니다."), "success")
            return redirect(url_for("evaluation.assign", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
            waiting = seating.waiting_one(actor, key)
    page = render_template(
        "evaluation/assign.html",
        waiting=waiting,
        application=waiting.application,
        panel=waiting.panel,
        loads={str(one.id): one for one in free},
        calls=queries.second_reader_calls(waiting.application.id),
        blocked=len([one for one in everybody if one.id in bars]),
        form=form,
    )
    return page, 422 if form.errors else 200
