"""Screens of consultations: ask from a supplier's card, the inbox of both sides, one thread."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base.access import RuleBroken
from portal.consultations import bp, queries, service
from portal.consultations.forms import AskForm, CloseForm, DeclineForm, MessageForm
from portal.consultations.rules import DeclineReason, Outcome, Side, Topic, masked
from portal.directory import queries as directory
from portal.profiles.rules import phone_text
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import page_number


@bp.route("/suppliers/<key>/consultation", methods=["GET", "POST"])
@requires("consultations:own:ask")
def ask(key: str):
    actor = current_actor()
    listing = directory.public_by_key(actor, key)
    form = AskForm()
    if form.validate_on_submit():
        try:
            row = service.request(actor, key, Topic(form.topic.data), form.need.data, once_key=form.once.data)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("상담을 요청했습니다. 답이 오면 이메일로 알려 드립니다."), "success")
            return redirect(url_for(".thread", key=row.key))
    elif standing := queries.open_between(actor.organisation_id, listing.organisation_id):
        return redirect(url_for(".thread", key=standing.key))
    return render_template("consultations/ask.html", form=form, listing=listing)


@bp.get("/consultations")
@requires("consultations:thread:read")
def index():
    actor, which = current_actor(), request.args.get("which", "open")
    if which not in queries.TABS:
        which = "open"
    return render_template(
        "consultations/index.html",
        which=which,
        page=queries.inbox(actor, which, page_number()),
        counts=queries.counts(actor),
        side=lambda row: queries.side(actor, row),
        Side=Side,
    )


@bp.get("/consultations/<key>")
@requires("consultations:thread:read")
def thread(key: str):
    return _thread_page(key)


def _thread_page(key: str, **forms: Any) -> str:
    actor = current_actor()
    row = queries.by_key(actor, key)
    own = queries.side(actor, row)
    listing_contact = queries.may_read_supplier_contact(actor, row) and own is Side.COMPANY
    summary = queries.company_summary(actor, row) if own is Side.SUPPLIER else None
    asker = queries.company_contact(actor, row) if own is Side.SUPPLIER else None
    return render_template(
        "consultations/thread.html",
        row=row,
        side=own,
        Side=Side,
        other=row.supplier if own is Side.COMPANY else row.company,
        need=row.need if summary is not None or own is Side.COMPANY else masked(row.need),
        who=lambda message: queries.who(message.side, own),
        summary=summary,
        company_contact=asker,
        company_phone=phone_text(asker.phone) if asker and asker.phone else "",
        supplier_contact=row.listing if listing_contact else None,
        days_left=queries.days_left(row),
        forms={
            "decline": DeclineForm(formdata=None),
            "message": MessageForm(formdata=None),
            "close": CloseForm(formdata=None),
            **forms,
        },
    )


def _done(key: str, said: str) -> Any:
    flash(said, "success")
    return redirect(url_for(".thread", key=key))


@bp.post("/consultations/<key>/accept")
@requires("consultations:request:answer")
def accept(key: str):
    service.accept(current_actor(), key)
    return _done(key, _("상담을 수락했습니다. 이제 서로의 연락처가 보입니다."))


@bp.post("/consultations/<key>/decline")
@requires("consultations:request:answer")
def decline(key: str):
    queries.by_key(current_actor(), key)
    form = DeclineForm()
    if form.validate_on_submit():
        service.decline(current_actor(), key, DeclineReason(form.reason.data), form.note.data or "")
        return _done(key, _("거절을 알렸습니다. 솔직한 거절은 불이익이 없습니다."))
    return _thread_page(key, decline=form), 422


@bp.post("/consultations/<key>/messages")
@requires("consultations:thread:write")
def write(key: str):
    queries.by_key(current_actor(), key)
    form = MessageForm()
    if form.validate_on_submit():
        try:
            service.write(current_actor(), key, form.text.data, once_key=form.once.data)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            return redirect(url_for(".thread", key=key, _anchor="latest"))
    return _thread_page(key, message=form), 422


@bp.post("/consultations/<key>/outcome")
@requires("consultations:thread:write")
def close(key: str):
    queries.by_key(current_actor(), key)
    form = CloseForm()
    if form.validate_on_submit():
        try:
            service.close(current_actor(), key, Outcome(form.outcome.data), form.note.data or "")
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            return _done(key, _("결과를 적었습니다."))
    return _thread_page(key, close=form), 422
