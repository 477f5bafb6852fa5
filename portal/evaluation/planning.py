"""Screens of the operator: how a call is evaluated, where its cases stand, and one case's way through the phases."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.applications import queries as application_queries
from portal.applications.models import Application
from portal.applications.rules import IN_EVALUATION
from portal.base.access import RuleBroken, StaleVersion
from portal.evaluation import bp, phases, phasing, plans, presentations, queries, rubric, visits
from portal.evaluation.phase_forms import KINDS, PlanForm, WaiveForm, fill_plan, plan_form
from portal.evaluation.phases import PHASE_OF, PhaseKind
from portal.programmes import queries as programmes
from portal.programmes.models import Call
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires


def own_call(key: str) -> Call:
    """A call that the operator runs; another region's does not exist."""
    row = programmes.call_run_by(current_actor(), key)
    if row is None:
        abort(404)
    return row


@bp.route("/operator/calls/<key>/evaluation", methods=["GET", "POST"])
@requires("evaluation:plan:manage")
def plan(key: str):
    """How a call is evaluated, as data."""
    call = own_call(key)
    form = _plan_form(call)
    if form.validate_on_submit():
        try:
            standing = plans.plan_of(call)
            phasing.define(current_actor(), call, form.plan(call, standing), form.phases, form.version.data or 0)
            flash(_("평가 계획을 저장했습니다."), "success")
            return redirect(url_for("evaluation.plan", key=key))
        except StaleVersion:
            raise StaleVersion(mine=_shown(form), current=_shown(_plan_form(own_call(key), formdata=None))) from None
        except RuleBroken as broken:
            refuse(form, broken)
            call = own_call(key)
    page = render_template(
        "evaluation/plan.html",
        call=call,
        form=form,
        kinds=KINDS,
        standing=phasing.standing(call.id),
        kind_of=PhaseKind,
    )
    return page, 422 if form.errors or form.form_errors else 200


def _plan_form(call: Call, **more: Any) -> PlanForm:
    made = plan_form(call, rubric.published())
    return made(data=fill_plan(call, plans.plan_of(call), plans.phases_of(call.id)), **more)


def _shown(form: PlanForm) -> dict[str, Any]:
    """What a comparison of two versions prints."""
    return {
        f"{field.label.text} ({name})": field.data
        for name, field in form._fields.items()
        if name not in ("csrf_token", "version")
    }


@bp.get("/operator/calls/<key>/phases")
@requires("evaluation:plan:manage")
def phase_board(key: str):
    """Where the cases of a call stand: how many may move on, and what the others wait for."""
    actor, call = current_actor(), own_call(key)
    kept = [one for one in plans.phases_of(call.id) if one.kind in KINDS]
    looks = {one.kind: phasing.look(actor, call, one.kind) for one in kept if not one.waived}
    return render_template(
        "evaluation/phases.html",
        call=call,
        phases=kept,
        looks=looks,
        standing=phasing.standing(call.id),
        last=next((one.kind for one in reversed(kept) if not one.waived), None),
        PhaseKind=PhaseKind,
    )


@bp.post("/operator/calls/<key>/phases/<kind>/advance")
@requires("evaluation:plan:manage")
def advance_call(key: str, kind: str):
    call = own_call(key)
    if kind not in {one.value for one in KINDS}:
        abort(404)
    moved = phasing.advance_call(current_actor(), call, PhaseKind(kind))
    flash(
        _("%(n)s건을 다음 단계로 넘겼습니다. %(m)s건은 그대로 있습니다.", n=moved.moved, m=len(moved.held)), "success"
    )
    return redirect(url_for("evaluation.phase_board", key=key))


# --- one case -------------------------------------------------------------------------------------------------


def own_case(key: str) -> Application:
    """An application that the operator sees and that has come to its evaluation. Raises: NotVisible."""
    return application_queries.by_key(current_actor(), key)


@bp.get("/operator/cases/<key>/phase")
@requires("evaluation:plan:manage")
def case_phase(key: str):
    return _case_page(own_case(key), WaiveForm())


@bp.post("/operator/cases/<key>/advance")
@requires("evaluation:plan:manage")
def advance_case(key: str):
    application = own_case(key)
    try:
        row = phasing.advance(current_actor(), application)
    except RuleBroken as broken:
        form = WaiveForm(formdata=None)
        refuse(form, broken)
        return _case_page(own_case(key), form), 422
    flash(_("%(phase)s 단계로 넘겼습니다.", phase=PHASE_OF[row.status].label), "success")
    return redirect(url_for("evaluation.case_phase", key=key))


@bp.post("/operator/cases/<key>/waive")
@requires("evaluation:plan:manage")
def waive_phase(key: str):
    application = own_case(key)
    form = WaiveForm()
    form.offer(_waivable(application))
    if form.validate_on_submit():
        try:
            phasing.waive(current_actor(), application, PhaseKind(form.kind.data), form.reason.data or "")
            flash(_("생략했습니다."), "success")
            return redirect(url_for("evaluation.case_phase", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
            application = own_case(key)
    return _case_page(application, form), 422


def _waivable(application: Application) -> list[phases.Phase]:
    """The phase that a case is in (when another follows) and those ahead."""
    if application.status not in IN_EVALUATION:
        return []
    left = list(plans.ahead_of(application))
    return [plans.phase_of(application), *left] if left else []


def _case_page(application: Application, form: WaiveForm) -> str:
    form.offer(_waivable(application))
    panel = queries.panel_of(application.id)
    visit = visits.visit_of(application.id)
    live = application.status in IN_EVALUATION
    left = plans.ahead_of(application) if live else ()
    return render_template(
        "evaluation/case_phase.html",
        application=application,
        panel=panel,
        live=live,
        current=plans.phase_of(application) if live else None,
        phases=[one for one in plans.phases_of(application.call_id) if one.kind in KINDS],
        left=left,
        waivers=plans.waivers_of(application.id),
        ready=phasing.can_leave(panel, application, visit) if live else None,
        visit=visit,
        visit_booking=visits.booking_of(application.id),
        booking=presentations.booking_of(application.id),
        form=form,
        PhaseKind=PhaseKind,
        error=bool(request.method == "POST"),
    )
