"""The operator: the list of everything handed in, the requirement check, the request for supplement."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.accounts.rules import OPERATOR
from portal.applications import bp, export, forms, queries, service
from portal.applications.parts import Part
from portal.applications.rules import Action, Status, can
from portal.base import clock, words
from portal.base.access import RuleBroken
from portal.programmes.rules import Tier
from portal.reference import queries as reference
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import address, attachment, page_number

Kind = TypeVar("Kind", bound=StrEnum)
FILTERS = ("q", "call", "tier", "status", "region")


def _member(kind: type[Kind], name: str) -> Kind | None:
    """A filter's value from the address; what is unknown filters nothing."""
    value = request.args.get(name, "")
    return kind(value) if value in {member.value for member in kind} else None


def _filters() -> queries.Filters:
    sort = request.args.get("sort", "-submitted")
    return queries.Filters(
        text=request.args.get("q", "").strip()[:80],
        call=request.args.get("call", "")[:22],
        tier=_member(Tier, "tier"),
        status=_member(Status, "status"),
        region=request.args.get("region", "")[:60],
        sort=sort if sort.removeprefix("-") in queries.SORTS else "-submitted",
    )


@bp.get("/applications/queue")
@requires("applications:queue:read")
def queue():
    actor, filters = current_actor(), _filters()
    form = forms.QueueForm(request.args)
    form.fit(queries.queue_calls(actor))
    page = queries.queue(actor, filters, page_number())
    counts = queries.queue_counts(actor, filters)
    return render_template(
        "applications/queue.html",
        form=form,
        page=page,
        chips=_chips(counts, filters),
        regions=reference.region_names(row.region for row in page.items),
        may_check=actor.has(*OPERATOR),
    )


@bp.post("/applications/queue.xlsx")
@requires("applications:queue:read")
def export_queue() -> Response:
    """The list as it is filtered and sorted now, as a spreadsheet."""
    actor = current_actor()
    rows = queries.queue_rows(actor, _filters())
    book = export.workbook(rows, reference.region_names(row.region for row in rows))
    service.note_export(actor, len(rows), [name for name in FILTERS if request.args.get(name)])
    return attachment(book, export.MEDIA_TYPE, f"applications-{clock.today():%Y%m%d}.xlsx")


def _chips(counts: dict[Status, int], filters: queries.Filters) -> list[dict[str, Any]]:
    """One chip for each status that occurs, with its count; a press narrows to it, another frees it."""

    def url(status: str | None) -> str:
        return address(status=status, page=None)

    chips = [
        {"label": f"{_('전체')} {sum(counts.values()):,}", "url": url(None), "on": filters.status is None},
    ]
    for status in Status:
        if counts.get(status):
            chips.append(
                {
                    "label": f"{status.label} {counts[status]:,}",
                    "url": url(status.value),
                    "on": filters.status is status,
                }
            )
    return chips


@bp.post("/applications/<key>/begin-check")
@requires("applications:case:check")
def begin_check(key: str):
    return _act(key, service.begin_check, _("요건 검토를 시작했습니다."))


@bp.post("/applications/<key>/accept")
@requires("applications:case:check")
def accept(key: str):
    return _act(key, service.accept, _("평가로 넘겼습니다."))


def _act(key: str, verb: Any, done: str) -> Any:
    """One press, one step; a second press finds the step done and says so."""
    queries.by_key(current_actor(), key)
    try:
        verb(current_actor(), key)
    except RuleBroken as broken:
        flash(str(words.sentence(broken.code, **broken.values)), "error")
    else:
        flash(done, "success")
    return redirect(url_for("applications.case", key=key))


@bp.route("/applications/<key>/return", methods=["GET", "POST"])
@requires("applications:case:check")
def ask_supplement(key: str):
    actor = current_actor()
    application = queries.by_key(actor, key)
    form = forms.ReturnForm()
    form.fit(application)
    if form.validate_on_submit():
        if form.due_on.data is None:
            refuse(form, RuleBroken("supplement_due", "due_on"))
        else:
            try:
                service.return_for_supplement(
                    actor,
                    key,
                    form.message.data or "",
                    [Part(one) for one in form.parts.data or ()],
                    form.due_on.data,
                )
            except RuleBroken as broken:
                refuse(form, broken)
            else:
                flash(_("보완을 요청했습니다. 신청 기업에 메일을 보냅니다."), "success")
                return redirect(url_for("applications.case", key=key))
    return render_template(
        "applications/return.html",
        application=application,
        form=form,
        verdict=can(application.status, Action.ASK_SUPPLEMENT),
    )
