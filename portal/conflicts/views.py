"""Screens of the ties: what is known of who is tied to whom, one entered by hand, one pinned or ended."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base.access import RuleBroken
from portal.conflicts import bp, queries, service
from portal.conflicts.forms import EndForm, PinForm, TieForm
from portal.conflicts.queries import TieFilters
from portal.conflicts.rules import Source, TieKind
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import page_number


@bp.get("/operator/ties")
@requires("conflicts:tie:read")
def ties():
    kind, source, state = (request.args.get(name, "") for name in ("kind", "source", "state"))
    filters = TieFilters(
        text=request.args.get("q", "").strip(),
        kind=TieKind(kind) if kind in set(TieKind) else None,
        source=Source(source) if source in set(Source) else None,
        state=state if state in ("standing", "ended", "pinned") else "",
    )
    return render_template(
        "conflicts/ties.html",
        page=queries.ties(current_actor(), filters, page_number()),
        filters=filters,
        kinds=tuple(TieKind),
        sources=tuple(Source),
    )


@bp.route("/operator/ties/new", methods=["GET", "POST"])
@requires("conflicts:tie:manage")
def enter_tie():
    form = TieForm()
    if form.validate_on_submit():
        try:
            tie = service.enter_tie_of(
                current_actor(),
                TieKind(form.kind.data),
                person=form.person.data or "",
                organisation=form.organisation.data or "",
                other_person=form.other_person.data or "",
                other_organisation=form.other_organisation.data or "",
                from_on=form.from_on.data,
                to_on=form.to_on.data,
                note=form.note.data or "",
                once_key=form.once.data,
            )
            flash(_("관계를 적고 고정했습니다."), "success")
            return redirect(url_for("conflicts.tie", key=tie.key))
        except RuleBroken as broken:
            refuse(form, broken)
    return render_template("conflicts/enter.html", form=form), 422 if form.errors else 200


@bp.get("/operator/ties/<key>")
@requires("conflicts:tie:read")
def tie(key: str):
    return _page(key, EndForm())


@bp.post("/operator/ties/<key>")
@requires("conflicts:tie:manage")
def end_tie(key: str):
    form = EndForm()
    if form.validate_on_submit():
        try:
            service.end_tie(current_actor(), key, form.to_on.data, form.reason.data or "")
            flash(_("끝난 관계로 적었습니다."), "success")
            return redirect(url_for("conflicts.tie", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
    return _page(key, form), 422


@bp.post("/operator/ties/<key>/pin")
@requires("conflicts:tie:manage")
def pin_tie(key: str):
    actor = current_actor()
    tie = queries.tie_by_key(actor, key)
    form = PinForm()
    if form.validate_on_submit() and form.pinned.data in ("0", "1"):
        service.pin_tie(actor, tie.key, form.pinned.data == "1")
        flash(_("고정했습니다.") if form.pinned.data == "1" else _("고정을 풀었습니다."), "success")
    return redirect(url_for("conflicts.tie", key=key))


def _page(key: str, form: EndForm) -> str:
    return render_template("conflicts/tie.html", tie=queries.tie_by_key(current_actor(), key), form=form)
