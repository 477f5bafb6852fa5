"""Screens of consultations: ask from a supplier's card, the inbox of both sides, one thread and the answers to it."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.base import clock
from portal.base.access import RuleBroken
from portal.base.masking import masked
from portal.consultations import bp, fanout, meetings, queries, ratings, service, talking
from portal.consultations.forms import (
    AskForm,
    BookForm,
    CloseForm,
    DeclineForm,
    MessageForm,
    NoteForm,
    RateForm,
)
from portal.consultations.models import Consultation
from portal.consultations.rules import DeclineReason, Outcome, Side, Topic, last_day
from portal.directory import queries as directory
from portal.directory import responses, suspension
from portal.profiles.rules import phone_text
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import download, page_number


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
    return render_template(
        "consultations/ask.html", form=form, listing=listing, answers=responses.of([listing.id]).get(listing.id)
    )


def _filters() -> queries.Filters:
    """What the address asks for; what does not exist is left out."""
    topic, outcome = request.args.get("topic"), request.args.get("outcome")
    return queries.Filters(
        name=request.args.get("name", ""),
        topic=Topic(topic) if topic in set(Topic) else None,
        outcome=Outcome(outcome) if outcome in set(Outcome) else None,
    )


@bp.get("/consultations")
@requires("consultations:thread:read")
def index():
    actor, which, filters = current_actor(), request.args.get("which", "open"), _filters()
    if which not in queries.TABS:
        which = "open"
    page = queries.inbox(actor, which, page_number(), filters)
    own = directory.own(actor)
    return render_template(
        "consultations/index.html",
        which=which,
        page=page,
        filters=filters,
        topics=list(Topic),
        outcomes=list(Outcome),
        counts=queries.counts(actor, filters),
        side=lambda row: queries.side(actor, row),
        bookings=meetings.bookings_of(page.items),
        frozen=queries.frozen(page.items),
        last_day=last_day,
        today=clock.today(),
        answers=responses.of([own.id]).get(own.id) if own else None,
        fan_out=fanout.latest(actor),
        fan_out_figures=fanout.figures,
        Side=Side,
    )


@bp.get("/consultations/<key>")
@requires("consultations:thread:read")
def thread(key: str):
    return thread_page(key)


def thread_page(key: str, **forms: Any) -> str:
    """The thread as the actor's side sees it; `forms` replace the empty ones by what was typed."""
    actor = current_actor()
    row = queries.by_key(actor, key)
    own = queries.side(actor, row)
    summary = queries.company_summary(actor, row) if own is Side.SUPPLIER else None
    asker = queries.company_contact(actor, row) if own is Side.SUPPLIER else None
    is_frozen = bool(queries.frozen([row]))
    booking = meetings.booking_of(row)
    free = meetings.free_slots(row.supplier_id) if _may_book(row, own, is_frozen) else []
    book = forms.setdefault("book", BookForm(formdata=None))
    book.offer([(one.key, _when(one), one.place) for one in free])
    return render_template(
        "consultations/thread.html",
        row=row,
        side=own,
        Side=Side,
        other=row.supplier if own is Side.COMPANY else row.company,
        need=queries.text_for(own, row, Side.COMPANY, row.need),
        decline_note=masked(row.decline_note) if own is Side.COMPANY else row.decline_note,
        who=lambda author: queries.who(author, own),
        shown=lambda author, text: queries.text_for(own, row, author, text),
        summary=summary,
        company_contact=asker,
        company_phone=phone_text(asker.phone) if asker and asker.phone else "",
        supplier_contact=row.listing if own is Side.COMPANY and queries.may_read_supplier_contact(actor, row) else None,
        days_left=queries.days_left(row),
        last_day=last_day(row.asked_at),
        is_frozen=is_frozen,
        frozen_why=suspension.notice_for(actor, row.supplier_id) if is_frozen else None,
        booking=booking,
        booking_is_ahead=booking is not None and booking.slot.starts_at > clock.now(),
        has_slots=bool(free),
        fan_out_key=fanout.key_of(actor, row),
        will_be_public=ratings.is_published(actor, row),
        own_rating=row.rating_of(own) if own else None,
        forms={
            "decline": DeclineForm(formdata=None),
            "message": MessageForm(formdata=None),
            "close": CloseForm(formdata=None),
            "note": NoteForm(formdata=None),
            "rate": RateForm(formdata=None),
            **forms,
        },
    )


def _may_book(row: Consultation, own: Side | None, is_frozen: bool) -> bool:
    return own is Side.COMPANY and row.status.value == "accepted" and not is_frozen


def _when(slot: Any) -> str:
    start, end = clock.kst(slot.starts_at), clock.kst(slot.ends_at)
    return f"{start:%m-%d} ({meetings.WEEKDAYS[start.weekday()]}) {start:%H:%M}–{end:%H:%M}"


def done(key: str, said: str) -> Any:
    flash(said, "success")
    return redirect(url_for(".thread", key=key))


# --- the supplier's answer, the company's second thoughts ---------------------------------------------------


@bp.post("/consultations/<key>/accept")
@requires("consultations:request:answer")
def accept(key: str):
    service.accept(current_actor(), key)
    return done(key, _("상담을 수락했습니다. 이제 서로의 연락처가 보입니다."))


@bp.post("/consultations/<key>/decline")
@requires("consultations:request:answer")
def decline(key: str):
    queries.by_key(current_actor(), key)
    form = DeclineForm()
    if form.validate_on_submit():
        service.decline(current_actor(), key, DeclineReason(form.reason.data), form.note.data or "")
        return done(key, _("거절을 알렸습니다. 솔직한 거절은 불이익이 없습니다."))
    return thread_page(key, decline=form), 422


@bp.post("/consultations/<key>/withdraw")
@requires("consultations:own:ask")
def withdraw(key: str):
    service.withdraw(current_actor(), key)
    return done(key, _("요청을 거둬들였습니다."))


# --- talk, outcome, rating ---------------------------------------------------------------------------------


@bp.post("/consultations/<key>/messages")
@requires("consultations:thread:write")
def write(key: str):
    queries.by_key(current_actor(), key)
    form = MessageForm()
    if form.validate_on_submit():
        try:
            talking.write(current_actor(), key, form.text.data or "", form.uploads, once_key=form.once.data)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            return redirect(url_for(".thread", key=key, _anchor="latest"))
    return thread_page(key, message=form), 422


@bp.get("/consultations/<key>/files/<file_key>")
@requires("consultations:thread:read")
def file(key: str, file_key: str):
    actor = current_actor()
    row, filename = talking.file_of(actor, key, file_key)
    answer = download(row.blob.sha256, filename, row.blob.media_type)
    talking.note_read(actor, key, row)
    return answer


@bp.post("/consultations/<key>/outcome")
@requires("consultations:thread:write")
def close(key: str):
    queries.by_key(current_actor(), key)
    form = CloseForm()
    if form.validate_on_submit():
        try:
            service.close(current_actor(), key, Outcome(form.outcome.data), form.note.data or "", form.why)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            return done(key, _("결과를 적었습니다."))
    return thread_page(key, close=form), 422


@bp.post("/consultations/<key>/rating")
@requires("consultations:thread:write")
def rate(key: str):
    queries.by_key(current_actor(), key)
    form = RateForm()
    if form.validate_on_submit():
        try:
            ratings.rate(current_actor(), key, form.stars.data, form.text.data or "")
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            return done(key, _("평가를 남겼습니다. 고맙습니다."))
    return thread_page(key, rate=form), 422


@bp.get("/operator/consultations/ratings")
@requires("consultations:ratings:read")
def rated():
    """What both sides said of each other; nobody but operators and auditors reads it."""
    which = Side.SUPPLIER if request.args.get("of") != "suppliers" else Side.COMPANY
    return render_template(
        "consultations/ratings.html",
        which=which,
        page=ratings.for_operators(current_actor(), which, page_number()),
        Side=Side,
    )
