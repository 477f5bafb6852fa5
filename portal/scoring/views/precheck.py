"""The public pre-check, and explanations of a suggestion by a person."""

from __future__ import annotations

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base.access import NotVisible, RuleBroken
from portal.profiles import questionnaire
from portal.reference import queries as reference
from portal.scoring import bp, precheck, queries, service
from portal.scoring.explanation import explain
from portal.scoring.forms import AnswerForm, AskForm, precheck_form
from portal.scoring.gates import SYSTEM_LEVELS, points
from portal.web.forms import refuse
from portal.web.guard import current_actor, public, requires
from portal.web.pages import address, page_number

bp.add_app_template_filter(points)


@bp.get("/precheck", endpoint="precheck")
@public
def precheck_page():
    questions = questionnaire.load()
    form = precheck_form(questions.version)(request.args)
    answered = any(code in request.args for code in questions.precheck)
    if answered and "edit" not in request.args and form.validate():
        answers = {code: int(form[code].data) for code in questions.precheck}
        found = precheck.estimate(answers, questions.version)
        return render_template(
            "scoring/precheck_result.html",
            found=found,
            questions=questions,
            answers=answers,
            technologies=reference.technology_names(),
            system_levels=SYSTEM_LEVELS,
            edit_url=address(edit=1),
            start_url=_start_url(),
        )
    return render_template("scoring/precheck.html", form=form, questions=questions)


def _start_url() -> str:
    """Where the full diagnosis begins: signing up, or the questionnaire for who is signed in."""
    if current_actor().is_signed_in and "profiles.diagnosis" in current_app.view_functions:
        return url_for("profiles.diagnosis")
    return url_for("accounts.sign_up")


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
