"""How the scorer does: the month as it stands now, the frozen monthly reports, and both as files."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, render_template, request, url_for

from portal.accounts.rules import Role
from portal.base.access import NotVisible, RuleBroken
from portal.base.words import current_language
from portal.scoring import bp, handout, monitoring, queries, service
from portal.scoring.forms import MonthForm, ReportForm
from portal.scoring.models import MonthlyReport
from portal.scoring.readout import lay_out, text
from portal.scoring.rules import check_month, this_month
from portal.web import charts
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import attachment


@bp.get("/operator/monitoring", endpoint="monitoring")
@requires("scoring:monitor:read")
def monitoring_page():
    actor, form = current_actor(), MonthForm(request.args)
    month = _chosen(form)
    found = monitoring.figures(actor, month) if month else None
    return render_template(
        "scoring/monitoring.html",
        form=form,
        month=month,
        ended=bool(month) and month < this_month(),
        reports=queries.report_months(actor),
        ask=ReportForm(month=month) if month else None,
        people=monitoring.people_behind(actor, month) if month and actor.has(Role.AUDITOR) else {},
        **_shown(found),
    )


def _chosen(form: MonthForm) -> str | None:
    """The month in the address, this one when none stands there; None when it can't be read."""
    if not form.month.data:
        form.month.data = this_month()
    try:
        return check_month(form.month.data)
    except RuleBroken as broken:
        refuse(form, broken)
        form.month.render_kw = {"placeholder": "2026-11"}  # a month picker would throw away what was typed
        return None


def _shown(found: dict[str, Any] | None) -> dict[str, Any]:
    """Figures with their words and drawings."""
    if found is None:
        return {"found": None}
    trend = found["trend"]
    months = [f"{row['month'][2:4]}.{row['month'][5:]}" for row in trend]
    tiers = [[row["cells"][i] for row in trend] for i in range(len(monitoring.TIERS))]
    # what may not show stands on top without its tiers, or a month with small cells would look like a poor one
    tiers.append([(row["total"] or 0) - sum(cell or 0 for cell in row["cells"]) for row in trend])
    rates = [[row[name]["rate"] for row in trend] for name in ("blind", "shown")]
    return {
        "found": found,
        "measures": lay_out(found),
        "show": text,
        "charts": [
            charts.bars(months, tiers, stacked=True) if any(any(row) for row in tiers) else None,
            charts.bars(months, rates, percent=True) if any(any(row) for row in rates) else None,
        ],
    }


@bp.get("/operator/monitoring.xlsx")
@requires("scoring:monitor:read")
def monitoring_sheet() -> Response:
    """What the page shows of a month, as a spreadsheet."""
    month = _chosen(MonthForm(request.args))
    if month is None:
        raise NotVisible
    return _file(handout.workbook(monitoring.figures(current_actor(), month)), month, "xlsx")


@bp.post("/operator/monitoring/report")
@requires("scoring:monitor:report")
def ask_report():
    """Have the report of a month made now; a month that has one keeps it."""
    form = ReportForm()
    month = (form.month.data or "") if form.validate_on_submit() else ""
    try:
        job = service.ask_report(current_actor(), month, form.once.data)
    except RuleBroken as broken:
        shown = MonthForm(month=month)
        refuse(shown, broken)
        return render_template(
            "scoring/monitoring.html", form=shown, month=None, found=None, reports=[], people={}
        ), 422
    if job is None:
        return redirect(url_for(".monitoring_report", month=month))
    return redirect(url_for(".job", key=job.key))


def _report(month: str) -> MonthlyReport:
    report = queries.report_of(current_actor(), month)
    if report is None:
        raise NotVisible
    return report


@bp.get("/operator/monitoring/<month>")
@requires("scoring:monitor:read")
def monitoring_report(month: str):
    """The report as it was frozen; nothing in it is counted anew."""
    report = _report(month)
    return render_template("scoring/monitoring_report.html", report=report, **_shown(report.facts))


@bp.get("/operator/monitoring/<month>.xlsx")
@requires("scoring:monitor:read")
def monitoring_report_sheet(month: str) -> Response:
    return _file(handout.workbook(_report(month).facts), month, "xlsx")


@bp.get("/operator/monitoring/<month>.pdf")
@requires("scoring:monitor:read")
def monitoring_report_pdf(month: str) -> Response:
    return _file(handout.pdf(_report(month), current_language()), month, "pdf")


def _file(content: bytes, month: str, kind: str) -> Response:
    return attachment(content, handout.MEDIA_TYPES[kind], f"monitoring-{month}.{kind}")
