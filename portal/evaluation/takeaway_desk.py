"""Screens of the offline score sheet: take it along, bring it back, look at what would change, take it over."""

from __future__ import annotations

import io

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _

from portal.base import clock
from portal.base.access import RuleBroken
from portal.evaluation import bp, queues, takeaway
from portal.evaluation.forms import SheetForm, TakeOverForm
from portal.web.forms import Form, refuse
from portal.web.guard import current_actor, requires


@bp.get("/evaluation/offline")
@requires("evaluation:review:write")
def offline():
    return _page(SheetForm())


@bp.post("/evaluation/offline/sheet")
@requires("evaluation:review:write")
def take_sheet():
    """The own open cases as XLSX; a POST, because it writes down what has to come back."""
    form = Form()
    if form.validate_on_submit():
        try:
            content = takeaway.take_along(current_actor(), request.form.get("call", ""))
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            name = f"{_('평가표')}-{clock.today().isoformat()}.xlsx"
            return send_file(
                io.BytesIO(content), mimetype=takeaway.MEDIA_TYPE, as_attachment=True, download_name=name, max_age=0
            )
    return _page(SheetForm(formdata=None), taking=form), 422


@bp.post("/evaluation/offline")
@requires("evaluation:review:write")
def upload_sheet():
    form = SheetForm()
    if form.validate_on_submit():
        try:
            row = takeaway.upload(current_actor(), form.file.data.stream, form.file.data.filename)
            return redirect(url_for("evaluation.sheet_import", key=row.key))
        except RuleBroken as broken:
            refuse(form, broken)
    return _page(form), 422


@bp.route("/evaluation/offline/<key>", methods=["GET", "POST"])
@requires("evaluation:review:write")
def sheet_import(key: str):
    """What taking a sheet over would do, row by row; and doing it."""
    actor = current_actor()
    imported = takeaway.import_by_key(actor, key)
    form = TakeOverForm()
    if form.validate_on_submit():
        try:
            count = takeaway.take_over(actor, imported, form.plan.data or "")
            flash(_("%(n)s건의 점수를 옮겼습니다. 확정과 제출은 화면에서 해 주세요.", n=count), "success")
            return redirect(url_for("evaluation.sheet_import", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
    report = None if imported.applied_at else takeaway.compare(actor, imported)
    form.plan.data = report.digest if report else ""
    form.plan.raw_data = None
    page = render_template("evaluation/sheet_import.html", imported=imported, report=report, form=form)
    return page, 422 if form.errors or form.form_errors else 200


def _page(form: SheetForm, taking: Form | None = None) -> str:
    actor = current_actor()
    return render_template(
        "evaluation/offline.html",
        form=form,
        taking=taking,
        count=len(takeaway.portable(actor)),
        calls=queues.queue_calls(actor),
    )
