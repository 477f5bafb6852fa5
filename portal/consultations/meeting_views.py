"""Screens of meetings: the supplier's times, taking one from the thread, calendar files, notes."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from portal.appointments import ics
from portal.base import clock
from portal.base.access import NotVisible, RuleBroken
from portal.base.words import sentence
from portal.consultations import bp, meetings, queries
from portal.consultations.forms import BookForm, NoteForm, SlotsForm
from portal.consultations.views import done, thread_page
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import attachment


@bp.route("/consultations/times", methods=["GET", "POST"])
@requires("consultations:slots:manage")
def times():
    actor = current_actor()
    form = SlotsForm()
    if form.validate_on_submit():
        try:
            made = meetings.offer(
                actor,
                day=form.day.data,
                first=form.first.data,
                last=form.last.data,
                minutes=form.minutes.data,
                pause=form.pause.data,
                place=form.place.data or "",
            )
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("상담 시간 %(n)s개를 열었습니다.", n=len(made)), "success")
            return redirect(url_for(".times"))
    return render_template(
        "consultations/times.html", form=form, lines=meetings.timetable(actor), now=clock.now()
    ), 422 if form.errors else 200


@bp.post("/consultations/times/<slot>/remove")
@requires("consultations:slots:manage")
def remove_time(slot: str):
    try:
        meetings.take_back(current_actor(), slot)
    except RuleBroken as broken:
        flash(str(sentence(broken.code, **broken.values)), "error")
    return redirect(url_for(".times"))


@bp.get("/consultations/calendar.ics")
@requires("consultations:thread:read")
def calendar():
    return _calendar(ics.calendar(meetings.own_events(current_actor())), "consultations.ics")


@bp.post("/consultations/<key>/meeting")
@requires("consultations:own:ask")
def book(key: str):
    queries.by_key(current_actor(), key)
    form = BookForm()
    form.offer([])
    if form.validate_on_submit():
        try:
            meetings.book(current_actor(), key, form.slot.data)
        except RuleBroken as broken:
            refuse(form, broken)
            form.slot.data = None  # the next free times stand below the refusal
        else:
            return done(key, _("시간을 예약했습니다. 달력 파일을 받아 두세요."))
    return thread_page(key, book=form), 422


@bp.post("/consultations/<key>/meeting/cancel")
@requires("consultations:thread:write")
def call_off(key: str):
    meetings.call_off(current_actor(), key)
    return done(key, _("예약을 취소하고 상대에게 알렸습니다."))


@bp.get("/consultations/<key>/meeting.ics")
@requires("consultations:thread:read")
def meeting_file(key: str):
    actor = current_actor()
    row = queries.by_key(actor, key)
    booking = meetings.booking_of(row)
    if booking is None:
        raise NotVisible
    event = meetings.event_of(row, booking, queries.own_side(actor, row))
    return _calendar(ics.calendar([event]), "consultation.ics")


def _calendar(content: bytes, filename: str) -> Response:
    return attachment(content, ics.MEDIA_TYPE, filename)


@bp.post("/consultations/<key>/notes")
@requires("consultations:thread:write")
def note(key: str):
    queries.by_key(current_actor(), key)
    form = NoteForm()
    if form.validate_on_submit():
        try:
            meetings.write_note(
                current_actor(),
                key,
                met_on=form.met_on.data,
                said=form.said.data or "",
                next_step=form.next_step.data or "",
                once_key=form.once.data,
            )
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            return done(key, _("상담 기록을 남겼습니다. 상대도 볼 수 있습니다."))
    return thread_page(key, note=form), 422
