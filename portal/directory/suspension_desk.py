"""Screens of suspension: the operator's decision and answer, the supplier's reading and appeal."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base.access import NotVisible, RuleBroken
from portal.directory import bp, queries, suspension
from portal.directory.models import Listing
from portal.directory.oversight import APPEAL_WITHIN, AppealOutcome
from portal.directory.oversight_forms import AppealAnswerForm, AppealForm, LiftForm, SuspendForm
from portal.web.forms import Form, refuse
from portal.web.guard import current_actor, requires


def _submitted(key: str) -> Listing:
    row = queries.by_key(current_actor(), key)
    if row.submitted_at is None:
        raise NotVisible
    return row


def _page(row: Listing, **typed: Form) -> str:
    actor = current_actor()
    forms = {"suspend": SuspendForm, "lift": LiftForm, "answer": AppealAnswerForm}
    return render_template(
        "directory/suspension.html",
        row=row,
        now=row.suspension,
        past=suspension.history(actor, row),
        typed=next(iter(typed.values()), None),
        forms={name: typed.get(name) or form(formdata=None) for name, form in forms.items()},
    )


@bp.route("/operator/listings/<key>/suspension", methods=["GET", "POST"])
@requires("directory:suspension:decide")
def suspend(key: str):
    row, form = _submitted(key), SuspendForm()
    if request.method == "GET":
        return _page(row)
    if form.validate():
        try:
            suspension.suspend(current_actor(), row.id, **form.facts())
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("정지했습니다. 지금부터 목록, 검색, 매칭에서 빠지고 진행 중인 대화는 읽기만 됩니다."), "success")
            return redirect(url_for(".suspend", key=key))
    return _page(_submitted(key), suspend=form), 422


@bp.post("/operator/listings/<key>/suspension/end")
@requires("directory:suspension:decide")
def restore(key: str):
    row, form = _submitted(key), LiftForm()
    if form.validate():
        try:
            suspension.lift(current_actor(), row.id, form.reason.data or "")
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("정지를 풀었습니다. 지금부터 다시 보입니다."), "success")
            return redirect(url_for(".suspend", key=key))
    return _page(_submitted(key), lift=form), 422


@bp.post("/operator/listings/<key>/suspension/answer")
@requires("directory:suspension:decide")
def answer_appeal(key: str):
    row, form = _submitted(key), AppealAnswerForm()
    if form.validate():
        try:
            suspension.answer(current_actor(), row.id, AppealOutcome(form.outcome.data), form.text.data or "")
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("이의신청에 답했습니다."), "success")
            return redirect(url_for(".suspend", key=key))
    return _page(_submitted(key), answer=form), 422


# --- the supplier ------------------------------------------------------------------------------------------


def _own_page(form: AppealForm) -> Any:
    actor = current_actor()
    row = queries.own(actor)
    return render_template(
        "directory/own_suspension.html",
        row=row,
        now=row.suspension if row else None,
        past=suspension.history(actor, row) if row else [],
        form=form,
        days=APPEAL_WITHIN.days,
    )


@bp.get("/supplier/suspension")
@requires("directory:suspension:read")
def own_suspension():
    return _own_page(AppealForm(formdata=None))


@bp.post("/supplier/suspension")
@requires("directory:suspension:appeal")
def appeal_suspension():
    form = AppealForm()
    if form.validate():
        try:
            suspension.appeal(current_actor(), form.text.data or "")
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("이의신청을 보냈습니다. 정지를 결정하지 않은 다른 담당자가 답합니다."), "success")
            return redirect(url_for(".own_suspension"))
    return _own_page(form), 422
