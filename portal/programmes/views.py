"""Screens: what is offered, the calls, and the operator's calls."""

from __future__ import annotations

from typing import Any

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base.access import RuleBroken, StaleVersion
from portal.programmes import bp, queries, service
from portal.programmes.forms import CallForm, CloseForm, CostForm, FinderForm, filled_from
from portal.programmes.models import Call
from portal.programmes.rules import Phase, ProgrammeKind, SystemLevel
from portal.reference import queries as reference
from portal.web.forms import refuse
from portal.web.guard import current_actor, may, public, requires
from portal.web.pages import page_number


def _link(endpoint: str, **values: object) -> str | None:
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None


@bp.get("/programmes")
@public
def index():
    form = FinderForm(request.args, regions=reference.sido_options())
    form.validate()
    need = form.need if not form.errors else queries.Need()
    rows = queries.programmes()
    return render_template(
        "programmes/index.html",
        form=form,
        need=need,
        fits=queries.find_programmes(need),
        others=[row for row in rows if row.kind is not ProgrammeKind.BUILD],
    )


@bp.get("/programmes/<code>")
@public
def programme(code: str):
    row = queries.programme(code)
    if row is None:
        abort(404)
    return render_template(
        "programmes/programme.html",
        programme=row,
        documents=queries.documents_for(row),
        calls=[call for call in queries.open_calls() if call.programme_id == row.id],
        scope=reference.technologies(row.scope) if row.scope else [],
        level_min=SystemLevel(row.level_min).label if row.level_min else None,
        target_level=SystemLevel(row.target_level).label if row.target_level else None,
    )


@bp.get("/calls")
@public
def calls():
    found = queries.public_calls()
    regions = reference.region_names(call.region for rows in found.values() for call in rows)
    return render_template("programmes/calls.html", found=found, regions=regions, Phase=Phase)


@bp.get("/calls/<key>")
@public
def call(key: str):
    row = queries.call(current_actor(), key)
    if row is None:
        abort(404)
    form = CostForm(request.args)
    form.validate()
    estimate = None
    if form.cost.krw and form.cost.krw > 0 and not form.errors:
        estimate = queries.expected_for(row, form.cost.krw)
    return render_template(
        "programmes/call.html",
        call=row,
        region=reference.region_name(row.region),
        documents=queries.documents_for(row.programme),
        form=form,
        estimate=estimate,
        apply_url=_apply_url(row),
        precheck_url=_link("scoring.precheck"),
    )


def _apply_url(row: Call) -> str | None:
    """The way to apply, for who may and for who has not signed in yet; None when the call takes nothing."""
    url, actor = _link("applications.start", key=row.key), current_actor()
    if url and row.is_open and (not actor.is_signed_in or may(actor, "applications:own:edit")):
        return url
    return None


# --- operators ---------------------------------------------------------------------------------------------


@bp.get("/operator/calls")
@requires("programmes:call:manage")
def operator_calls():
    asked = request.args.get("phase", "")
    phase = Phase(asked) if asked in list(Phase) else None
    page = queries.calls_page(current_actor(), phase=phase, word=request.args.get("q", "")[:100], number=page_number())
    return render_template(
        "programmes/operator_calls.html",
        page=page,
        regions=reference.region_names(row.region for row in page.items),
        phases=list(Phase),
        phase=phase,
    )


def _call_form(call: Call | None = None, **more: Any) -> CallForm:
    actor = current_actor()
    rows = queries.programmes(running=call is None, audience="sme")
    if actor.has("operator_national"):
        regions: list[tuple[str, Any]] = [("", _("전국")), *reference.sido_options()]
    else:
        own = queries.own_region(actor)
        regions = [(row.key, row.label) for row in reference.regions_on() if row.key in own]
    if call and call.region and call.region not in dict(regions):
        regions.append((call.region, reference.region_name(call.region)))
    return CallForm(programmes=rows, regions=regions, data=filled_from(call) if call else None, **more)


@bp.route("/operator/calls/new", methods=["GET", "POST"])
@requires("programmes:call:manage")
def new_call():
    form = _call_form()
    if form.validate_on_submit():
        publish = request.form.get("action") == "publish"
        try:
            row = service.open_call(current_actor(), form.facts, publish=publish, once_key=form.once.data)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("공고를 열었습니다.") if publish else _("공고를 작성 중으로 저장했습니다."), "success")
            return redirect(url_for("programmes.operator_call", key=row.key))
    return render_template("programmes/edit_call.html", form=form, call=None)


def _own_call(key: str) -> Call:
    row = queries.call_run_by(current_actor(), key)
    if row is None:
        abort(404)
    return row


@bp.get("/operator/calls/<key>")
@requires("programmes:call:manage")
def operator_call(key: str):
    row = _own_call(key)
    return render_template(
        "programmes/operator_call.html", call=row, region=reference.region_name(row.region), Phase=Phase
    )


@bp.route("/operator/calls/<key>/edit", methods=["GET", "POST"])
@requires("programmes:call:manage")
def edit_call(key: str):
    row = _own_call(key)
    form = _call_form(row)
    if form.validate_on_submit():
        try:
            service.edit_call(current_actor(), row, form.facts, form.version.data or 0)
        except StaleVersion:
            standing = _call_form(_own_call(key), formdata=None)
            raise StaleVersion(mine=form.shown(), current=standing.shown()) from None
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("저장했습니다."), "success")
            return redirect(url_for("programmes.operator_call", key=key))
    return render_template("programmes/edit_call.html", form=form, call=row)


@bp.post("/operator/calls/<key>/publish")
@requires("programmes:call:manage")
def publish_call(key: str):
    row = _own_call(key)
    try:
        service.publish_call(current_actor(), row)
    except RuleBroken as broken:
        row = _own_call(key)
        form = _call_form(row, formdata=None)
        refuse(form, broken)
        return render_template("programmes/edit_call.html", form=form, call=row)
    flash(_("공고를 열었습니다."), "success")
    return redirect(url_for("programmes.operator_call", key=key))


@bp.route("/operator/calls/<key>/close", methods=["GET", "POST"])
@requires("programmes:call:manage")
def close_call(key: str):
    row = _own_call(key)
    form = CloseForm()
    if form.validate_on_submit():
        try:
            service.close_call(current_actor(), row, form.reason.data)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("공고를 일찍 끝냈습니다."), "success")
            return redirect(url_for("programmes.operator_call", key=key))
    return render_template("programmes/close_call.html", form=form, call=row)
