"""A firm asks a person to explain or look again at its suggestion; an operator answers."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from portal.base.access import NotVisible, RuleBroken
from portal.scoring import bp, queries, service
from portal.scoring.explanation import explain
from portal.scoring.forms import AnswerForm, AskForm
from portal.web.forms import refuse
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
            service.ask_explanation(actor, suggestion.key, form.question.data, once_key=form.once.data)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("요청을 보냈습니다. 담당자가 답하면 이메일로 알려 드립니다."), "success")
            return redirect(url_for(".ask_explanation"))
    asked = queries.own_explanations(actor)
    return render_template(
        "scoring/explanation_ask.html", form=form, asked=asked, waiting=any(one.is_open for one in asked)
    )


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
            service.answer_explanation(actor, key, form.answer.data)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("답을 보냈습니다."), "success")
            return redirect(url_for(".explanations"))
    return render_template("scoring/explanation_answer.html", row=row, form=form, told=explain(row.suggestion.answer))
