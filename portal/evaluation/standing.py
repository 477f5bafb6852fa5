"""Screens around the evaluation: an evaluator's record and certificate, reports of pressure, the firm's rating."""

from __future__ import annotations

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base import clock
from portal.base.access import RuleBroken, StaleVersion
from portal.base.words import current_language, sentence
from portal.evaluation import bp, certificates, pressure, ratings, records
from portal.evaluation.fairness import BLOCK, PressureSource, Question, ReportState
from portal.evaluation.forms import CertificateForm, PressureAnswerForm, PressureForm, RatingForm
from portal.web.forms import refuse
from portal.web.guard import current_actor, public, requires
from portal.web.limits import limiter
from portal.web.pages import attachment, page_number

# --- the evaluator's record -------------------------------------------------------------------------------------


@bp.get("/evaluation/record")
@requires("evaluation:record:own")
def record():
    actor = current_actor()
    return render_template(
        "evaluation/record.html", record=records.own(actor), certificates=certificates.own(actor), block=BLOCK
    )


@bp.post("/evaluation/record/certificates")
@requires("evaluation:record:own")
def issue_certificate():
    try:
        row = certificates.issue(current_actor())
    except RuleBroken as broken:
        flash(str(sentence(broken.code, **broken.values)), "error")
        return redirect(url_for(".record"))
    flash(_("증명서를 만들었습니다."), "success")
    return redirect(url_for(".record", _anchor=f"certificate-{row.key}"))


@bp.get("/evaluation/record/certificates/<key>.pdf")
@requires("evaluation:record:own")
def certificate(key: str) -> Response:
    row = certificates.own_by_key(current_actor(), key)
    # from the settings: a Host header must not print itself on a paper
    verify_url = current_app.extensions["settings"].public_url.rstrip("/") + url_for(".verify_certificate")
    paper = certificates.pdf(row, current_language(), verify_url)
    return attachment(paper, "application/pdf", f"evaluator-record-{row.content['issued_on']}.pdf")


@bp.route("/evaluation/certificates/verify", methods=["GET", "POST"])
@public
@limiter.limit("60/hour", methods=["POST"])
def verify_certificate():
    """Anybody who holds the paper reads what was issued; who holds none learns nothing."""
    form = CertificateForm()
    row, asked = None, False
    if form.validate_on_submit():
        row, asked = certificates.verified(form.hash.data), True
    page = render_template(
        "evaluation/certificate_check.html",
        form=form,
        row=row,
        lines=certificates.lines(row) if row else [],
        asked=asked,
    )
    return page, 422 if form.errors else 200


@bp.get("/operator/records")
@requires("evaluation:record:read")
def member_records():
    """Everybody of the pool side by side."""
    sort = request.args.get("sort", "name").removeprefix("-")
    return render_template(
        "evaluation/records.html",
        lines=records.overview(current_actor(), sort if sort in records.SORTS else "name"),
        block=BLOCK,
    )


@bp.get("/operator/evaluators/<key>/record")
@requires("evaluation:record:read")
def member_record(key: str):
    return render_template(
        "evaluation/member_record.html", record=records.of_member(current_actor(), key), key=key, block=BLOCK
    )


# --- pressure ---------------------------------------------------------------------------------------------------


@bp.route("/evaluation/pressure", methods=["GET", "POST"])
@requires("evaluation:pressure:report")
def report_pressure():
    """The evaluator's form and what became of earlier reports; `?case=` fills in the case that the button stood on."""
    actor = current_actor()
    cases = pressure.own_cases(actor)
    asked = request.args.get("case", "")
    form = PressureForm(data={"case": asked if asked in dict(cases) else ""})
    form.offer(cases)
    if form.validate_on_submit():
        try:
            pressure.report(
                actor,
                source=PressureSource(form.source.data),
                text=form.text.data or "",
                happened_on=form.happened_on.data,
                case_key=form.case.data or "",
                nameless=form.nameless.data,
                once_key=form.once.data,
            )
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("신고를 받았습니다. 결과는 이메일로 알려 드립니다."), "success")
            return redirect(url_for(".report_pressure"))
    page = render_template(
        "evaluation/pressure.html", form=form, reports=pressure.own_reports(actor), today=clock.today()
    )
    return page, 422 if form.errors else 200


@bp.get("/operator/pressure")
@requires("evaluation:pressure:handle")
def pressure_reports():
    actor = current_actor()
    state = "closed" if request.args.get("state") == "closed" else "open"
    return render_template(
        "evaluation/pressure_reports.html",
        page=pressure.reports(actor, state, page_number()),
        counts=pressure.counts(actor),
        state=state,
        shows_reporter=lambda row: pressure.shows_reporter(actor, row),
    )


@bp.route("/operator/pressure/<key>", methods=["GET", "POST"])
@requires("evaluation:pressure:handle")
def pressure_report(key: str):
    actor = current_actor()
    row = pressure.by_key(actor, key)
    form = PressureAnswerForm(data={"version": row.version})
    if form.validate_on_submit():
        try:
            pressure.close(actor, key, form.answer.data or "", form.version.data)
        except StaleVersion as stale:
            now = pressure.by_key(actor, key)
            label = str(form.answer.label.text)
            raise StaleVersion(mine={label: form.answer.data}, current={label: now.answer}) from stale
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("마쳤습니다. 신고한 위원에게 알립니다."), "success")
            return redirect(url_for(".pressure_reports"))
    page = render_template(
        "evaluation/pressure_report.html",
        row=row,
        form=form,
        names_reporter=pressure.shows_reporter(actor, row),
        is_open=row.state is ReportState.OPEN,
    )
    return page, 422 if form.errors else 200


# --- the firm ---------------------------------------------------------------------------------------------------


@bp.route("/evaluation/outcomes/<key>/rating", methods=["GET", "POST"])
@requires("evaluation:rating:write")
def rate(key: str):
    """역평가: how the firm saw its evaluation; once, and nobody on the panel learns which firm said what."""
    actor = current_actor()
    application = ratings.ratable(actor, key)
    form = RatingForm()
    if form.validate_on_submit():
        try:
            ratings.rate(actor, key, form.marks, form.comment.data or "")
        except RuleBroken as broken:
            refuse(form, broken)
            application = ratings.ratable(actor, key)
        else:
            flash(_("고맙습니다. 평가를 더 낫게 하는 데 쓰겠습니다."), "success")
            return redirect(url_for(".rate", key=key))
    page = render_template(
        "evaluation/rating.html",
        application=application,
        form=form,
        given=ratings.of_application(application),
        questions=list(Question),
        block=BLOCK,
    )
    return page, 422 if form.errors else 200
