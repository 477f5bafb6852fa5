"""Screens of the operator and the auditor: the list on its clocks, one appeal with its panel and draws."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.accounts.rules import OPERATOR
from portal.appeals import bp, draw, queries, reckoning, rules, service
from portal.appeals.forms import RefuseForm, SupplementForm, TakeUpForm
from portal.appeals.models import Appeal
from portal.appeals.queries import STAGES, Filters
from portal.base import clock
from portal.base.access import RuleBroken
from portal.base.words import sentence
from portal.web.forms import refuse as pin
from portal.web.guard import current_actor, requires
from portal.web.pages import page_number


@bp.get("/operator/appeals")
@requires("appeals:queue:read")
def queue():
    actor = current_actor()
    stage = request.args.get("stage", "check")
    filters = Filters(
        stage="" if stage == "all" else stage if stage in STAGES else "check",
        text=request.args.get("q", "").strip(),
        call=request.args.get("call", ""),
        due=request.args.get("due", ""),
        sort=request.args.get("sort", "due"),
    )
    return render_template(
        "appeals/queue.html",
        page=queries.queue(actor, filters, page_number()),
        counts=queries.stage_counts(actor, filters),
        calls=queries.calls(actor),
        filters=filters,
    )


@bp.get("/operator/appeals/<key>")
@requires("appeals:queue:read")
def check(key: str):
    return _page(queries.for_operator(current_actor(), key))


@bp.post("/operator/appeals/<key>/take-up")
@requires("appeals:case:check")
def take_up(key: str):
    actor = current_actor()
    appeal = queries.for_operator(actor, key)
    form = TakeUpForm()
    if form.validate_on_submit():
        try:
            service.take_up(actor, key, form.reason.data or "")
            flash(_("재검토하기로 했습니다. 재심 위원을 추첨합니다."), "success")
            return redirect(url_for("appeals.check", key=key))
        except RuleBroken as broken:
            pin(form, broken)
    return _page(appeal, take_up=form), 422


@bp.post("/operator/appeals/<key>/refuse")
@requires("appeals:case:check")
def refuse(key: str):
    actor = current_actor()
    appeal = queries.for_operator(actor, key)
    form = RefuseForm()
    if form.validate_on_submit():
        try:
            service.refuse(actor, key, form.chosen, form.refusal.data or "")
            flash(_("각하했습니다. 신청기업에 까닭을 알립니다."), "success")
            return redirect(url_for("appeals.check", key=key))
        except RuleBroken as broken:
            pin(form, broken)
    return _page(appeal, refusing=form), 422


@bp.post("/operator/appeals/<key>/supplement")
@requires("appeals:case:check")
def ask_supplement(key: str):
    actor = current_actor()
    appeal = queries.for_operator(actor, key)
    form = SupplementForm()
    if form.validate_on_submit():
        try:
            service.ask_supplement(actor, key, form.message.data or "", form.due.data)
            flash(_("보완을 요청했습니다."), "success")
            return redirect(url_for("appeals.check", key=key))
        except RuleBroken as broken:
            pin(form, broken)
    return _page(appeal, supplement=form), 422


@bp.post("/operator/appeals/<key>/draw")
@requires("appeals:case:check")
def draw_again(key: str):
    actor = current_actor()
    queries.for_operator(actor, key)
    try:
        service.draw_again(actor, key)
        flash(_("다시 추첨합니다. 잠시 뒤 새로 고쳐 주세요."), "success")
    except RuleBroken as broken:
        flash(str(sentence(broken.code, **broken.values)), "error")
    return redirect(url_for("appeals.check", key=key))


@bp.post("/operator/appeals/<key>/seats/<seat_key>/replace")
@requires("appeals:case:check")
def replace(key: str, seat_key: str):
    actor = current_actor()
    queries.for_operator(actor, key)
    try:
        service.replace(actor, key, seat_key)
        flash(_("자리를 비웠습니다. 다른 위원을 추첨합니다."), "success")
    except RuleBroken as broken:
        flash(str(sentence(broken.code, **broken.values)), "error")
    return redirect(url_for("appeals.check", key=key))


def _page(
    appeal: Appeal,
    *,
    take_up: TakeUpForm | None = None,
    refusing: RefuseForm | None = None,
    supplement: SupplementForm | None = None,
) -> str:
    actor = current_actor()
    verdict = service.verdict_on(appeal)
    last = appeal.draws[-1] if appeal.draws else None
    context: dict[str, Any] = {
        "appeal": appeal,
        "application": appeal.application,
        "sheet": reckoning.sheet_of(appeal),
        "lines": [line for line in reckoning.lines(appeal) if appeal.ground(line.criterion.code)],
        "due": queries.due_of(appeal),
        "today": clock.today(),
        "may_check": actor.has(*OPERATOR) and bool(verdict),
        "waits": None if verdict or verdict.code != "appeal_supplement_waits" else verdict,
        "may_supplement": actor.has(*OPERATOR) and appeal.supplement is None,
        "may_act": actor.has(*OPERATOR),
        "take_up": take_up or TakeUpForm(formdata=None),
        "refusing": refusing or RefuseForm(formdata=None),
        "supplement_form": supplement or SupplementForm(formdata=None, data={"due": rules.check_by(clock.today())}),
        "latest": rules.supplement_by(clock.today()),
        "barred": draw.barred_counts(last) if last else {},
        "is_open": appeal.state in rules.UNDECIDED,
        "shows_seed": appeal.state not in rules.UNDECIDED,
    }
    return render_template("appeals/check.html", **context)
