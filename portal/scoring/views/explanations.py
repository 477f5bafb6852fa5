"""A firm asks a person to explain or look again at its suggestion, or refuses it; an operator answers."""

from __future__ import annotations

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base.access import NotVisible, RuleBroken
from portal.scoring import bp, contests, queries
from portal.scoring.explanation import explain
from portal.scoring.forms import AnswerForm, AskForm, ObjectForm
from portal.scoring.rules import RequestKind
from portal.web.forms import refuse as refuse_form
from portal.web.guard import current_actor, requires
from portal.web.pages import page_number


@bp.route("/result/explanation", methods=["GET", "POST"])
@requires("scoring:explanation:ask")
def ask_explanation():
    actor = current_actor()
    suggestion = queries.latest_for(actor, actor.organisation_id) if actor.organisation_id else None
    if suggestion is None:
        raise NotVisible
    form = AskForm()
    if form.validate_on_submit():
        try:
            contests.ask_explanation(actor, suggestion.key, form.question.data, once_key=form.once.data)
        except RuleBroken as broken:
            refuse_form(form, broken)
        else:
            flash(_("요청을 보냈습니다. 담당자가 답하면 이메일로 알려 드립니다."), "success")
            return redirect(url_for(".ask_explanation"))
    return _asked_page(form)


def _asked_page(form: AskForm, objection: ObjectForm | None = None) -> str:
    asked = queries.own_explanations(current_actor())
    waiting = any(one.is_open and one.kind is RequestKind.EXPLAIN for one in asked)
    return render_template("scoring/explanation_ask.html", form=form, objection=objection, asked=asked, waiting=waiting)


@bp.post("/result/objection/<key>")
@requires("scoring:explanation:ask")
def object_to(key: str):
    """The button on the result page: one press, and a person looks again at exactly the suggestion that was shown."""
    form = ObjectForm()
    if form.validate_on_submit():
        try:
            contests.object_to(current_actor(), key, form.question.data or "", once_key=form.once.data)
        except RuleBroken as broken:
            refuse_form(form, broken)
        else:
            flash(_("이의를 접수했습니다. 사람이 다시 보고 이메일로 알려 드립니다."), "success")
            return redirect(url_for(".ask_explanation"))
    return _asked_page(AskForm(formdata=None), form), 422


@bp.post("/result/refusal")
@requires("scoring:explanation:ask")
def refuse():
    """The firm's word on whether suggestions may be used in judging it; `wish` is refuse or allow."""
    wish = request.form.get("wish")
    if wish == "refuse":
        contests.refuse_suggestions(current_actor())
        flash(_("앞으로 내는 신청의 평가에는 산정 결과를 쓰지 않습니다."), "success")
    elif wish == "allow":
        contests.allow_suggestions(current_actor())
        flash(_("앞으로 내는 신청의 평가에 산정 결과를 다시 씁니다."), "success")
    home = "desk.result" if "desk.result" in current_app.view_functions else ".ask_explanation"
    return redirect(url_for(home, _anchor="right-title"))


@bp.get("/operator/explanations")
@requires("scoring:explanation:answer")
def explanations():
    return render_template("scoring/explanations.html", page=queries.explanations(current_actor(), page_number()))


@bp.route("/operator/explanations/<key>", methods=["GET", "POST"])
@requires("scoring:explanation:answer")
def answer_explanation(key: str):
    actor = current_actor()
    row = queries.explanation(actor, key)
    if row is None:
        raise NotVisible
    form = AnswerForm()
    if form.validate_on_submit():
        try:
            contests.answer_explanation(actor, key, form.answer.data, form.chosen_outcome)
        except RuleBroken as broken:
            refuse_form(form, broken)
        else:
            flash(_("답을 보냈습니다."), "success")
            return redirect(url_for(".explanations"))
    return render_template("scoring/explanation_answer.html", row=row, form=form, told=explain(row.suggestion.answer))
