"""Screens of visits and presentations: the operator plans and reports, the panel reads, the firm sees day and place."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.applications.models import Application
from portal.applications.rules import Status
from portal.appointments import ics
from portal.base import clock
from portal.base.access import NotVisible, RuleBroken, StaleVersion
from portal.evaluation import (
    bp,
    consensus,
    masking,
    plans,
    presentations,
    queries,
    queues,
    reading,
    rubric,
    schedule,
    visits,
)
from portal.evaluation.checklist import CHECKS
from portal.evaluation.forms import OpenForm, fill_revision, revise_form
from portal.evaluation.phase_forms import PhotoForm, ReportForm, SlotsForm, VisitForm, next_working_day
from portal.evaluation.planning import own_call, own_case
from portal.evaluation.rules import VersionCause
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import attachment, download

# --- the operator's visit ---------------------------------------------------------------------------------------


@bp.route("/operator/cases/<key>/visit", methods=["GET", "POST"])
@requires("evaluation:plan:manage")
def plan_visit(key: str):
    """The day of the visit, and what was seen there."""
    application = own_case(key)
    form = _visit_form(application)
    if form.validate_on_submit():
        try:
            visits.plan(
                current_actor(),
                application,
                day=form.day.data,
                at=form.at.time,
                minutes=form.minutes.data,
                place=form.place.data,
                visitors=form.visitors.data or (),
                request=form.request.data or "",
            )
            flash(_("방문 일정을 정했습니다. 신청기업에 알립니다."), "success")
            return redirect(url_for("evaluation.plan_visit", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
            application = own_case(key)
    return _visit_page(application, form=form), 422 if form.errors or form.form_errors else 200


@bp.post("/operator/cases/<key>/visit/report")
@requires("evaluation:plan:manage")
def report_visit(key: str):
    application = own_case(key)
    form = _report_form(application)
    if form.validate_on_submit():
        hand_in = request.form.get("action") == "hand_in"
        try:
            visits.save_report(
                current_actor(),
                application,
                answers=form.answers,
                report=form.report.data or "",
                version=form.version.data,
                hand_in=hand_in,
            )
            flash(_("현장 확인 결과를 냈습니다.") if hand_in else _("저장했습니다."), "success")
            return redirect(url_for("evaluation.plan_visit", key=key))
        except StaleVersion:
            current = visits.visit_of(own_case(key).id)
            raise StaleVersion(
                mine={str(form.report.label.text): form.report.data},
                current={str(form.report.label.text): current.report if current else ""},
            ) from None
        except RuleBroken as broken:
            refuse(form, broken)
            application = own_case(key)
    return _visit_page(application, report=form), 422


@bp.post("/operator/cases/<key>/visit/photos")
@requires("evaluation:plan:manage")
def add_photo(key: str):
    application = own_case(key)
    form = PhotoForm()
    given = form.photo.data
    if form.validate_on_submit() and given:
        try:
            visits.add_photo(current_actor(), application, given.stream, given.filename or "", form.caption.data or "")
            flash(_("사진을 올렸습니다."), "success")
            return redirect(url_for("evaluation.plan_visit", key=key, _anchor="photos"))
        except RuleBroken as broken:
            refuse(form, broken)
            application = own_case(key)
    elif not given:
        form.photo.errors = [_("올릴 사진을 골라 주세요.")]
    return _visit_page(application, photo=form), 422


@bp.post("/operator/cases/<key>/visit/photos/<photo>/remove")
@requires("evaluation:plan:manage")
def remove_photo(key: str, photo: str):
    try:
        visits.remove_photo(current_actor(), own_case(key), photo)
        flash(_("사진을 뺐습니다."), "success")
    except RuleBroken as broken:
        form = PhotoForm(formdata=None)
        refuse(form, broken)
        return _visit_page(own_case(key), photo=form), 422
    return redirect(url_for("evaluation.plan_visit", key=key, _anchor="photos"))


def _visit_form(application: Application, **more: object) -> VisitForm:
    """The plan as it stands, or a first proposal."""
    booking, visit = visits.booking_of(application.id), visits.visit_of(application.id)
    start = clock.kst(booking.slot.starts_at) if booking else None
    form = VisitForm(
        data={
            "day": start.date() if start else next_working_day(clock.today()),
            "at": f"{start:%H:%M}" if start else "10:00",
            "minutes": (booking.slot.ends_at - booking.slot.starts_at).seconds // 60 if booking else 120,
            "place": booking.slot.place if booking else "",
            "visitors": sorted(booking.people) if booking else [],
            "request": visit.request if visit else "",
        },
        **more,
    )
    form.offer(visits.possible_visitors())
    return form


def _report_form(application: Application, **more: object) -> ReportForm:
    visit = visits.visit_of(application.id)
    data: dict[str, object] = {"report": visit.report, "version": visit.version} if visit else {}
    for check in CHECKS if visit else ():
        row = visit.checklist.get(check.code) or {}
        data |= {f"{check.code}_answer": row.get("answer"), f"{check.code}_note": row.get("note")}
    return ReportForm(data=data, **more)


def _visit_page(
    application: Application,
    form: VisitForm | None = None,
    report: ReportForm | None = None,
    photo: PhotoForm | None = None,
) -> str:
    visit, booking = visits.visit_of(application.id), visits.booking_of(application.id)
    return render_template(
        "evaluation/visit_plan.html",
        application=application,
        live=application.status is Status.SITE,
        visit=visit,
        booking=booking,
        started=booking is not None and booking.slot.starts_at <= clock.now(),
        read=visits.report_of(visit) if visit and visit.reported_at else None,
        names_hidden=not plans.phase_of(application).sees_names,
        checks=CHECKS,
        form=form or _visit_form(application, formdata=None),
        report=report or _report_form(application, formdata=None),
        photo=photo or PhotoForm(formdata=None),
    )


# --- the report, for who may read it -------------------------------------------------------------------------------


@bp.get("/evaluation/visits/<key>")
@requires("evaluation:visit:read")
def visit(key: str):
    return render_template("evaluation/visit.html", read=visits.report_for(current_actor(), key))


@bp.get("/evaluation/visits/<key>/photos/<photo>")
@requires("evaluation:visit:read")
def visit_photo(key: str, photo: str):
    found, filename = visits.photo_of(visits.report_for(current_actor(), key), photo)
    if request.args.get("as") != "picture":
        return download(found.blob.sha256, filename, found.blob.media_type)
    answer = download(found.blob.sha256, filename, found.blob.media_type)
    answer.headers["Content-Disposition"] = "inline"
    return answer


# --- presentations -------------------------------------------------------------------------------------------------


@bp.route("/operator/calls/<key>/presentations", methods=["GET", "POST"])
@requires("evaluation:plan:manage")
def timetable(key: str):
    """A call's slots, who presents when, and who still waits for a slot."""
    actor, call = current_actor(), own_call(key)
    day = next_working_day(clock.today())
    form = SlotsForm(data={"day": day, "first": "09:30", "last": "17:30", "minutes": 30, "pause": 10})
    if form.validate_on_submit():
        try:
            made = presentations.offer(
                actor,
                call,
                day=form.day.data,
                first=form.first.time,
                last=form.last.time,
                minutes=form.minutes.data,
                pause=form.pause.data,
                place=form.place.data,
            )
            flash(_("시간 %(n)s개를 만들었습니다.", n=len(made)), "success")
            return redirect(url_for("evaluation.timetable", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
    return _timetable_page(key, form), 422 if form.errors or form.form_errors else 200


def _timetable_page(key: str, form: SlotsForm) -> str:
    call = own_call(key)
    return render_template(
        "evaluation/timetable.html",
        call=call,
        table=presentations.timetable(current_actor(), call),
        now=clock.now(),
        form=form,
    )


def _refused(key: str, broken: RuleBroken) -> tuple[str, int]:
    form = SlotsForm(formdata=None)
    refuse(form, broken)
    return _timetable_page(key, form), 422


@bp.post("/operator/calls/<key>/presentations/place-all")
@requires("evaluation:plan:manage")
def place_all(key: str):
    done = presentations.place_all(current_actor(), own_call(key))
    flash(_("%(n)s건의 시간을 정했습니다. 남은 건 %(m)s건입니다.", n=done.placed, m=len(done.left)), "success")
    return redirect(url_for("evaluation.timetable", key=key))


@bp.post("/operator/calls/<key>/presentations/<slot>/remove")
@requires("evaluation:plan:manage")
def remove_slot(key: str, slot: str):
    try:
        presentations.withdraw(current_actor(), own_call(key), slot)
    except RuleBroken as broken:
        return _refused(key, broken)
    flash(_("시간을 없앴습니다."), "success")
    return redirect(url_for("evaluation.timetable", key=key))


@bp.post("/operator/calls/<key>/presentations/<slot>/place")
@requires("evaluation:plan:manage")
def place(key: str, slot: str):
    """Put the case chosen in the form into this slot."""
    call = own_call(key)
    try:
        application = own_case(request.form.get("case", ""))
        if application.call_id != call.id:
            raise NotVisible
        presentations.place(current_actor(), application, slot)
    except RuleBroken as broken:
        return _refused(key, broken)
    flash(_("발표 시간을 정했습니다. 신청기업과 위원에게 알립니다."), "success")
    return redirect(url_for("evaluation.timetable", key=key))


@bp.post("/operator/cases/<key>/presentation/cancel")
@requires("evaluation:plan:manage")
def take_off(key: str):
    application = own_case(key)
    call_key = application.call.key
    presentations.take_off(current_actor(), application)
    flash(_("발표 시간을 취소했습니다. 신청기업에 알립니다."), "success")
    return redirect(url_for("evaluation.timetable", key=call_key))


# --- the panel -------------------------------------------------------------------------------------------------------


@bp.get("/evaluation/timetable")
@requires("evaluation:queue:read")
def own_timetable():
    return render_template("evaluation/own_timetable.html", lines=presentations.own_timetable(current_actor()))


@bp.get("/evaluation/timetable.ics")
@requires("evaluation:queue:read")
def own_calendar():
    lines = presentations.own_timetable(current_actor())
    return _calendar(ics.calendar(presentations.events_of(lines)), "presentations.ics")


def _calendar(content: bytes, filename: str) -> Response:
    return attachment(content, ics.MEDIA_TYPE, filename)


@bp.route("/evaluation/cases/<key>/revise", methods=["GET", "POST"])
@requires("evaluation:review:write")
def revise(key: str):
    """A submitted review once more, after the case has presented."""
    actor = current_actor()
    assignment = queries.case_by_key(actor, key)
    if consensus.revision_cause(assignment) is not VersionCause.PRESENTATION:
        return redirect(url_for("evaluation.case", key=key))
    sheet, review = rubric.load(assignment.panel.rubric), assignment.review
    form = revise_form(sheet)(data=fill_revision(sheet, review))
    if form.validate_on_submit():
        try:
            consensus.revise(actor, assignment, form.version.data, **form.revision)
            flash(_("평가를 고쳤습니다. 고치기 전의 점수도 남아 있습니다."), "success")
            return redirect(url_for("evaluation.case", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
    page = render_template(
        "evaluation/revise.html",
        assignment=assignment,
        application=assignment.application,
        shown=masking.shown(assignment.application),
        visit=visits.report_beside(assignment.application),
        sheet=sheet,
        row=queues.queue_row(assignment),
        form=form,
    )
    return page, 422 if form.errors or form.form_errors else 200


# --- cases that are read, not reviewed --------------------------------------------------------------------------------


@bp.get("/evaluation/others")
@requires("evaluation:queue:read")
def other_cases():
    """The further cases of the calls in which the evaluator judges, where the phase shows them."""
    return render_template("evaluation/others.html", cases=reading.cases(current_actor()))


@bp.route("/evaluation/others/<key>", methods=["GET", "POST"])
@requires("evaluation:review:write")
def other_case(key: str):
    actor = current_actor()
    application = reading.case_by_key(actor, key)
    form = OpenForm()
    if form.validate_on_submit():
        try:
            reading.open_file(actor, application, no_conflict=form.no_conflict.data)
            return redirect(url_for("evaluation.other_case", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
            application = reading.case_by_key(actor, key)
    page = render_template(
        "evaluation/other.html",
        application=application,
        shown=masking.shown(application),
        file=reading.file_of(actor, application),
        form=form,
    )
    return page, 422 if form.errors or form.form_errors else 200


# --- the firm --------------------------------------------------------------------------------------------------------


@bp.get("/evaluation/schedule/<key>")
@requires("evaluation:schedule:read")
def own_schedule(key: str):
    application, found = schedule.own_schedule(current_actor(), key)
    return render_template("evaluation/schedule.html", application=application, schedule=found)


@bp.get("/evaluation/schedule/<key>/presentation.ics")
@requires("evaluation:schedule:read")
def own_presentation(key: str):
    application, found = schedule.own_schedule(current_actor(), key)
    if found.presentation is None:
        raise NotVisible
    event = presentations.event_of(application, found.presentation)
    return _calendar(ics.calendar([event]), f"presentation-{application.number}.ics")
