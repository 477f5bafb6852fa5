"""Screens of advice: the list of each side, the request form, and one request with what each side may do."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.advising import bp, queries, service
from portal.advising.forms import AskForm, FollowForm, PlanForm, ResultForm, VisitForm
from portal.advising.rules import AdviceKind, AdviceState, NoteKind
from portal.appointments import ics
from portal.base import clock
from portal.base.access import NotVisible, RuleBroken
from portal.reference import queries as reference
from portal.web.forms import refuse
from portal.web.guard import current_actor, may, requires
from portal.web.pages import attachment, page_number


@bp.get("/advising")
@requires("advising:advice:read")
def index():
    actor = current_actor()
    counts = queries.counts(actor)
    which = request.args.get("which", "running" if counts["running"] and not counts["open"] else "open")
    if which not in queries.TABS:
        which = "open"
    return render_template(
        "advising/index.html", which=which, page=queries.page(actor, which, page_number()), counts=counts
    )


@bp.route("/advising/new", methods=["GET", "POST"])
@requires("advising:advice:ask")
def ask():
    actor, form = current_actor(), AskForm()
    if form.validate_on_submit():
        try:
            row = service.request(actor, AdviceKind(form.kind.data), form.need.data or "", once_key=form.once.data)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("요청했습니다. 전문가가 맡으면 이메일로 알려 드립니다."), "success")
            return redirect(url_for(".show", key=row.key))
    return render_template("advising/ask.html", form=form)


@bp.get("/advising/<key>")
@requires("advising:advice:read")
def show(key: str):
    return _page(key)


def _page(key: str, **forms: Any) -> str:
    actor = current_actor()
    row = queries.by_key(actor, key)
    visit = queries.visit_of(row)
    is_expert = actor.id is not None and actor.id == row.expert_id
    return render_template(
        "advising/show.html",
        row=row,
        is_expert=is_expert,
        is_supplier=actor.organisation_id == row.supplier_id,
        may_take=row.state is AdviceState.REQUESTED and may(actor, "advising:advice:give"),
        visit=visit,
        may_withdraw=actor.organisation_id == row.supplier_id and bool(queries.may_withdraw(row)),
        is_visited=queries.is_visited(row),
        level=queries.verified_level(row.supplier_id),
        technologies=[found.label for found in reference.technologies(row.technologies)],
        forms={
            "plan": PlanForm(formdata=None),
            "follow": FollowForm(formdata=None),
            "visit": VisitForm(formdata=None),
            "result": ResultForm(formdata=None),
            **forms,
        },
    )


def _done(key: str, said: str) -> Any:
    flash(said, "success")
    return redirect(url_for(".show", key=key))


@bp.post("/advising/<key>/take")
@requires("advising:advice:give")
def take(key: str):
    try:
        service.take(current_actor(), key)
    except RuleBroken as broken:
        form = PlanForm(formdata=None)
        refuse(form, broken)
        return _page(key, plan=form), 422
    return _done(key, _("맡았습니다. 계획을 적어 주세요."))


@bp.post("/advising/<key>/withdraw")
@requires("advising:advice:ask")
def withdraw(key: str):
    service.withdraw(current_actor(), key)
    return _done(key, _("요청을 거둬들였습니다."))


@bp.post("/advising/<key>/plan")
@requires("advising:advice:give")
def plan(key: str):
    return _written(key, "plan", PlanForm(), NoteKind.PLAN)


@bp.post("/advising/<key>/follow")
@requires("advising:advice:write")
def follow(key: str):
    return _written(key, "follow", FollowForm(), NoteKind.FOLLOW_UP)


def _written(key: str, name: str, form: Any, kind: NoteKind) -> Any:
    queries.by_key(current_actor(), key)
    if form.validate_on_submit():
        try:
            service.write(current_actor(), key, kind, form[name].data or "", once_key=form.once.data)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            return _done(key, _("적었습니다."))
    return _page(key, **{name: form}), 422


@bp.post("/advising/<key>/visit")
@requires("advising:advice:give")
def visit(key: str):
    queries.by_key(current_actor(), key)
    form = VisitForm()
    if form.validate_on_submit():
        try:
            service.set_visit(
                current_actor(),
                key,
                day=form.day.data,
                at=form.at.data,
                minutes=form.minutes.data,
                place=form.place.data or "",
            )
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            return _done(key, _("방문 일정을 정했습니다."))
    return _page(key, visit=form), 422


@bp.get("/advising/<key>/visit.ics")
@requires("advising:advice:read")
def calendar(key: str):
    """The visit for both sides' calendars; it names the supplier and the place."""
    row = queries.by_key(current_actor(), key)
    booking = queries.visit_of(row)
    if booking is None:
        raise NotVisible
    slot = booking.slot
    title = f"{row.kind.label} {row.supplier.name}"
    event = ics.Event(booking.key, slot.starts_at, slot.ends_at, title, slot.place, booking.created_at)
    return attachment(ics.calendar([event]), ics.MEDIA_TYPE, f"visit-{clock.kst(slot.starts_at):%Y%m%d}.ics")


@bp.post("/advising/<key>/result")
@requires("advising:advice:give")
def conclude(key: str):
    queries.by_key(current_actor(), key)
    form = ResultForm()
    if form.validate_on_submit():
        try:
            service.conclude(current_actor(), key, form.result.data or "", form.chosen, once_key=form.once.data)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            return _done(key, _("결과를 적었습니다."))
    return _page(key, result=form), 422
