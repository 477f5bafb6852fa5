"""Screens about conflicts: a firm's objections, the agency's answers, and everything found for operators and auditors."""

from __future__ import annotations

import io

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _

from portal.applications.export import MEDIA_TYPE
from portal.base import clock
from portal.base.access import RuleBroken
from portal.conflicts import service as conflicts
from portal.conflicts.rules import (
    ConflictKind,
    FoundState,
    Moment,
    ObjectionState,
    Strength,
    can_overrule,
)
from portal.evaluation import bp, findings, objecting
from portal.evaluation.findings import Filters
from portal.evaluation.forms import ObjectionAnswerForm, ObjectionForm, OverruleForm
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import page_number

# --- the firm ---------------------------------------------------------------------------------------------------


@bp.route("/applications/<key>/objections", methods=["GET", "POST"])
@requires("evaluation:objection:make")
def objections(key: str):
    """기피: whom the firm asks to be kept off its case, and what became of it."""
    actor = current_actor()
    page = objecting.own_page(actor, key)
    form = ObjectionForm()
    if form.validate_on_submit():
        try:
            objecting.make(
                actor,
                key,
                is_firm=form.is_firm.data == "firm",
                name=form.name.data or "",
                belongs_to=form.belongs_to.data or "",
                reason=form.reason.data or "",
                once_key=form.once.data,
            )
            flash(_("기피 신청을 냈습니다. 결정되면 알려 드립니다."), "success")
            return redirect(url_for("evaluation.objections", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
            page = objecting.own_page(actor, key)
    answer = render_template("evaluation/objections.html", page=page, application=page.application, form=form)
    return answer, 422 if form.errors else 200


@bp.post("/applications/objections/<key>/withdraw")
@requires("evaluation:objection:make")
def withdraw_objection(key: str):
    actor = current_actor()
    row = objecting.by_key(actor, key)
    application_key = objecting.application_key(row)
    try:
        objecting.withdraw(actor, key)
        flash(_("기피 신청을 거두었습니다."), "success")
    except RuleBroken:
        flash(_("이미 결정한 기피 신청입니다."), "error")
    return redirect(url_for("evaluation.objections", key=application_key))


# --- the agency ---------------------------------------------------------------------------------------------------


@bp.get("/operator/objections")
@requires("evaluation:conflict:read")
def objection_queue():
    actor = current_actor()
    state = request.args.get("state", ObjectionState.ASKED.value)
    chosen = ObjectionState(state) if state in set(ObjectionState) else None
    return render_template(
        "evaluation/objection_queue.html",
        page=objecting.queue(actor, chosen, page_number()),
        counts=objecting.counts(actor),
        state=chosen,
        states=tuple(ObjectionState),
    )


@bp.route("/operator/objections/<key>", methods=["GET", "POST"])
@requires("evaluation:objection:answer")
def objection(key: str):
    actor = current_actor()
    row = objecting.by_key(actor, key)
    known = objecting.candidates(row)
    form = ObjectionAnswerForm(data={"chosen": [one.id for one in known if one.fits or len(known) == 1]})
    form.chosen.choices = [(one.id, one.name) for one in known]
    if form.validate_on_submit():
        try:
            objecting.answer(
                actor, key, grant=form.granted, reason=form.reason.data or "", chosen=form.chosen.data or ()
            )
            flash(_("결정을 기업에 알립니다."), "success")
            return redirect(url_for("evaluation.objection_queue"))
        except RuleBroken as broken:
            refuse(form, broken)
    page = render_template(
        "evaluation/objection.html",
        row=row,
        application=objecting.application_of(row),
        known=known,
        form=form,
        is_open=row.state is ObjectionState.ASKED,
    )
    return page, 422 if form.errors else 200


def _filters() -> Filters:
    given = request.args
    state, strength, kind, moment = (given.get(name, "") for name in ("state", "strength", "kind", "moment"))
    return Filters(
        state=FoundState(state) if state in set(FoundState) else None,
        strength=Strength(strength) if strength in set(Strength) else None,
        kind=ConflictKind(kind) if kind in set(ConflictKind) else None,
        moment=Moment(moment) if moment in set(Moment) else None,
        text=given.get("q", "").strip(),
    )


@bp.get("/operator/conflicts")
@requires("evaluation:conflict:read")
def conflicts_found():
    actor = current_actor()
    filters = _filters()
    return render_template(
        "evaluation/conflicts.html",
        page=findings.found(actor, filters, page_number()),
        counts=findings.counts(actor),
        filters=filters,
        states=tuple(FoundState),
        strengths=tuple(Strength),
        kinds=tuple(ConflictKind),
        moments=tuple(Moment),
    )


@bp.post("/operator/conflicts.xlsx")
@requires("evaluation:conflict:read")
def conflicts_sheet():
    """A POST, because who takes the list away leaves a trace; the filters stay in the address."""
    actor = current_actor()
    content = findings.workbook(actor, _filters())
    findings.note_export(actor)
    return send_file(
        io.BytesIO(content),
        mimetype=MEDIA_TYPE,
        as_attachment=True,
        download_name=f"conflicts-{clock.today():%Y%m%d}.xlsx",
    )


@bp.get("/operator/conflicts/<key>")
@requires("evaluation:conflict:read")
def conflict(key: str):
    return _conflict_page(findings.one(current_actor(), key), OverruleForm())


@bp.post("/operator/conflicts/<key>")
@requires("evaluation:conflict:overrule")
def overrule_conflict(key: str):
    actor = current_actor()
    line = findings.one(actor, key)
    form = OverruleForm()
    if form.validate_on_submit():
        try:
            conflicts.overrule(actor, line.row, form.reason.data or "")
            flash(_("이해충돌이 아닌 것으로 적었습니다."), "success")
            return redirect(url_for("evaluation.conflict", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
    return _conflict_page(line, form), 422


def _conflict_page(line: findings.Line, form: OverruleForm) -> str:
    row = line.row
    return render_template(
        "evaluation/conflict.html",
        line=line,
        row=row,
        form=form,
        verdict=can_overrule(row.state, row.kind, row.evidence),
    )
