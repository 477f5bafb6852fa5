"""Screens beside the supplier's own listing: capacity by month, its versions, a workbook of products and technologies."""

from __future__ import annotations

import io

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _

from portal.base.access import RuleBroken, StaleVersion
from portal.directory import bp, capacity, importing, queries, versions
from portal.directory.models import ListingImport
from portal.directory.own_forms import CapacityForm, TakeForm, WorkbookForm
from portal.directory.sheets import Report
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import page_number


@bp.route("/supplier/capacity", methods=["GET", "POST"])
@requires("directory:own:edit")
def capacity_months():
    actor = current_actor()
    row = queries.own(actor)
    if row is None:
        return redirect(url_for(".edit"))
    figures = capacity.ahead(row.id)
    form = CapacityForm(figures, request.form if request.method == "POST" else None, obj=row)
    if form.validate_on_submit():
        try:
            capacity.state_months(actor, form.months.data, form.version.data)
        except RuleBroken as broken:
            refuse(form, broken)
        except StaleVersion as stale:
            raise StaleVersion(
                mine={f"{month:%Y-%m}": form.months.typed[month] for month in form.months.data},
                current={f"{month:%Y-%m}": "" if n is None else str(n) for month, n in figures.items()},
            ) from stale
        else:
            flash(_("저장했습니다."), "success")
            return redirect(url_for(".capacity_months"))
    return render_template(
        "directory/capacity.html", form=form, row=row, outlook=capacity.outlook(row.id)
    ), 422 if form.errors else 200


@bp.get("/suppliers/<key>/versions")
@requires("directory:versions:read")
def version_list(key: str):
    actor = current_actor()
    row = queries.by_key(actor, key)
    return render_template("directory/versions.html", row=row, page=versions.page_of(actor, row, page_number()))


# --- a workbook --------------------------------------------------------------------------------------------


@bp.get("/supplier/import/template")
@requires("directory:own:edit")
def import_template():
    content = importing.template(current_actor())
    return send_file(
        io.BytesIO(content), mimetype=importing.MEDIA_TYPE, as_attachment=True, download_name="listing.xlsx"
    )


@bp.route("/supplier/import", methods=["GET", "POST"])
@requires("directory:own:edit")
def import_upload():
    actor = current_actor()
    if queries.own(actor) is None:
        return redirect(url_for(".edit"))
    form = WorkbookForm()
    if form.validate_on_submit():
        try:
            row = importing.upload(actor, form.file.data.stream, form.file.data.filename)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            return redirect(url_for(".import_check", key=row.key))
    return render_template("directory/import.html", form=form), 422 if form.errors else 200


@bp.get("/supplier/import/<key>")
@requires("directory:own:edit")
def import_check(key: str):
    row = importing.by_key(current_actor(), key)
    return _check_page(row, importing.preview(current_actor(), row), TakeForm(formdata=None))


def _check_page(row: ListingImport, report: Report, form: TakeForm) -> str:
    form.agreed.data = report.digest
    return render_template("directory/import_check.html", row=row, report=report, form=form)


@bp.post("/supplier/import/<key>")
@requires("directory:own:edit")
def import_take(key: str):
    actor, form = current_actor(), TakeForm()
    row = importing.by_key(actor, key)
    if form.validate():
        try:
            importing.take(actor, key, form.agreed.data or "")
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("옮겼습니다. 고칠 것이 있으면 여기에서 고쳐 주세요."), "success")
            return redirect(url_for(".edit"))
    return _check_page(row, importing.preview(actor, row), form), 422
