"""Screens of the firm: what can be appealed against and until when, the draft, the running appeal and its result."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.appeals import bp, queries, reckoning, rules, service
from portal.appeals.forms import AnswerForm, appeal_form, fill_appeal
from portal.appeals.models import Appeal
from portal.appeals.queries import Remedy
from portal.appeals.rules import AppealState
from portal.base import clock
from portal.base.access import RuleBroken
from portal.base.words import sentence
from portal.evaluation import masking
from portal.web.forms import VersionedForm, refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import download


@bp.get("/appeals")
@requires("appeals:own:read")
def own():
    actor = current_actor()
    return render_template("appeals/own.html", remedies=queries.remedies(actor), appeals=queries.own_appeals(actor))


@bp.route("/appeals/write/<key>", methods=["GET", "POST"])
@requires("appeals:own:write")
def write(key: str):
    """The draft of an appeal against the newest decision on an application; saving keeps it, filing hands it in."""
    actor, arrived_at = current_actor(), clock.now()
    remedy = queries.own_remedy(actor, key)
    appeal = _appeal_of(remedy)
    if appeal is not None and appeal.state is not AppealState.DRAFT:
        return redirect(url_for("appeals.show", key=appeal.key))
    if not remedy.is_open or remedy.clock.is_over:
        return render_template("appeals/closed.html", remedy=remedy), 200 if request.method == "GET" else 422
    lines = [line for line in reckoning.first_lines(remedy.application.id) if line.before is not None]
    form = appeal_form(lines)(data=fill_appeal(appeal))
    if form.validate_on_submit():
        try:
            appeal = service.save_draft(
                actor,
                key,
                form.version.data,
                grounds=form.grounds,
                statement=form.statement.data or "",
                uploads=form.uploads,
            )
            form.version.raw_data, form.version.data = None, appeal.version
            if request.form.get("action") == "file":
                service.file(actor, key, once_key=form.once.data, arrived_at=arrived_at)
                flash(_("이의신청을 접수했습니다."), "success")
                return redirect(url_for("appeals.show", key=appeal.key))
            flash(_("저장했습니다. 아직 제출하지 않았습니다."), "success")
            return redirect(url_for("appeals.write", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
            remedy = queries.own_remedy(actor, key)
            appeal = _appeal_of(remedy)
            if appeal is not None:  # what was saved just now is what the next try starts from
                form.version.raw_data, form.version.data = None, appeal.version
    return _write_page(form, remedy, appeal, lines), 422 if form.errors else 200


def _write_page(form: VersionedForm, remedy: Remedy, appeal: Appeal | None, lines: list[Any]) -> str:
    return render_template(
        "appeals/write.html",
        form=form,
        remedy=remedy,
        appeal=appeal,
        application=remedy.application,
        lines=lines,
        sheet=reckoning.sheet_of_application(remedy.application.id),
        kinds=rules.FILE_KINDS,
    )


def _appeal_of(remedy: Remedy) -> Appeal | None:
    """The appeal against the newest decision, not one against a decision before it."""
    found = remedy.appeal
    return found if found is not None and found.decision_id == remedy.decision.id else None


@bp.post("/appeals/<key>/files/<file_key>/remove")
@requires("appeals:own:write")
def remove_file(key: str, file_key: str):
    actor = current_actor()
    appeal = queries.own(actor, key)
    try:
        service.remove_file(actor, key, file_key)
        flash(_("파일을 뺐습니다."), "success")
    except RuleBroken as broken:
        flash(str(sentence(broken.code, **broken.values)), "error")
    return redirect(url_for("appeals.write", key=appeal.application.key))


@bp.get("/appeals/<key>")
@requires("appeals:own:read")
def show(key: str):
    appeal = queries.own(current_actor(), key)
    if appeal.state is AppealState.DRAFT:
        return redirect(url_for("appeals.write", key=appeal.application.key))
    return _show_page(appeal, AnswerForm())


@bp.post("/appeals/<key>/supplement")
@requires("appeals:own:file")
def supplement(key: str):
    actor, arrived_at = current_actor(), clock.now()
    appeal = queries.own(actor, key)
    form = AnswerForm()
    if form.validate_on_submit():
        try:
            service.answer_supplement(actor, key, form.answer.data or "", form.uploads, arrived_at=arrived_at)
            flash(_("보완 내용을 보냈습니다."), "success")
            return redirect(url_for("appeals.show", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
    return _show_page(appeal, form), 422


@bp.post("/appeals/<key>/withdraw")
@requires("appeals:own:file")
def withdraw(key: str):
    actor = current_actor()
    queries.own(actor, key)
    try:
        service.withdraw(actor, key)
        flash(_("이의신청을 거두었습니다."), "success")
    except RuleBroken as broken:
        flash(str(sentence(broken.code, **broken.values)), "error")
    return redirect(url_for("appeals.show", key=key))


def _show_page(appeal: Appeal, form: AnswerForm) -> str:
    return render_template(
        "appeals/show.html",
        appeal=appeal,
        application=appeal.application,
        sheet=reckoning.sheet_of(appeal),
        due=queries.due_of(appeal),
        form=form,
        steps=steps_of(appeal),
        withdrawable=rules.in_state(appeal.state, *rules.UNDECIDED),
    )


def steps_of(appeal: Appeal) -> list[dict[str, Any]]:
    """The way of an appeal as the firm sees it: never when or how its panel came about."""
    found: list[dict[str, Any]] = [{"title": _("접수"), "when": appeal.filed_at, "state": "done"}]
    asked = appeal.supplement
    if asked is not None:
        found.append({"title": _("보완 요청"), "when": asked.asked_at, "state": "done"})
        if asked.answered_at:
            found.append({"title": _("보완함"), "when": asked.answered_at, "state": "done"})
    if appeal.state is AppealState.WITHDRAWN:
        return [*found, {"title": _("취하"), "when": appeal.updated_at, "state": "warn"}]
    if appeal.state is AppealState.REFUSED:
        return [*found, {"title": _("각하"), "when": appeal.checked_at, "state": "error"}]
    if appeal.checked_at is None:
        now = {"title": _("운영기관 확인"), "when": None, "state": "now"}
        return [*found, now, {"title": _("재검토"), "state": ""}, {"title": _("결정"), "state": ""}]
    found.append({"title": _("재검토하기로 함"), "when": appeal.checked_at, "state": "done"})
    if appeal.ruled_at is None:
        return [*found, {"title": _("재검토"), "when": None, "state": "now"}, {"title": _("결정"), "state": ""}]
    return [*found, {"title": _("결정"), "when": appeal.ruled_at, "state": "done"}]


@bp.get("/appeals/<key>/files/<file_key>")
@requires("appeals:file:read")
def file(key: str, file_key: str):
    """A piece of evidence; where the call hides names from evaluators, its file name is hidden too."""
    actor = current_actor()
    row = queries.file_by_key(actor, key, file_key)
    name = row.filename
    if actor.has(*rules.EVALUATORS) and not queries.is_of_firm(actor, row.appeal):
        name = masking.shown(row.appeal.application).file_name(name, f"appeal-{row.id}")
    answer = download(row.blob.sha256, name, row.blob.media_type)
    service.note_file_read(actor, row)
    return answer
