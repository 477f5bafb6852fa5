"""Screens of the operator: the timetable made, mended, sent out, printed; and who came on the day."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.appointments import ics
from portal.base import clock
from portal.base.access import RuleBroken, StaleVersion
from portal.matchdays import arranging, bp, papers, queries, rules, service
from portal.matchdays.forms import (
    AddForm,
    AgreeForm,
    MoveForm,
    SolveForm,
    SwapForm,
    fill_record,
    notes_of,
    record_form,
)
from portal.matchdays.models import MatchDay, Meeting
from portal.matchdays.rules import AttendeeState, DayState, Side
from portal.web.forms import Form, refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import attachment


@bp.get("/operator/matchdays/<key>/timetable")
@requires("matchdays:day:read")
def timetable(key: str):
    return _page(queries.by_key(current_actor(), key))


def _page(day: MatchDay, **forms: Any) -> str:
    table = arranging.table_of(day)
    named = table.attendees
    add = forms.get("add") or AddForm(formdata=None)
    add.offer(
        day,
        [named[one.id] for one in sorted(table.question.companies, key=lambda one: named[one.id].name)],
        [named[one.id] for one in sorted(table.question.suppliers, key=lambda one: named[one.id].name)],
    )
    publish = forms.get("publish") or AgreeForm(formdata=None)
    publish.plan.data = table.digest
    publish.plan.raw_data = None
    solving = queries.latest_solving(day)
    return render_template(
        "matchdays/timetable.html",
        day=day,
        table=table,
        solving=solving,
        time_of=lambda slot: papers.time_of(day, slot),
        add=add,
        publish=publish,
        solve=forms.get("solve") or SolveForm(formdata=None),
        unmet=[
            (named[who], named[other], why)
            for (who, other), why in sorted(
                table.unmet.items(), key=lambda one: (named[one[0][0]].side, named[one[0][0]].name)
            )
            if other in named
        ],
        by_hand=sum(one.origin is rules.Origin.HAND for one in table.meetings),
        may_solve=bool(rules.in_state(day.state, DayState.OPEN, DayState.CLOSED)),
        may_arrange=bool(rules.may_arrange(day.state)) and not (solving and solving.is_working),
        is_over=day.spans[-1][0] <= clock.now(),
        DayState=DayState,
        Side=Side,
    )


def _acted(key: str, form: Form, verb: Callable[[], Any], said: str, again: Callable[[], str]) -> Any:
    """One press of the operator: to the timetable when it is done, what was typed with the refusal when it is not."""
    if form.validate_on_submit():
        try:
            verb()
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            if said:
                flash(said, "success")
            return redirect(url_for(".timetable", key=key))
    return again(), 422


@bp.get("/operator/matchdays/<key>/timetable/state")
@requires("matchdays:day:read")
def solving_state(key: str) -> Response:
    solving = queries.latest_solving(queries.by_key(current_actor(), key))
    if solving is None:
        return jsonify(state="", done=0, total=0, open=False)
    return jsonify(state=solving.state.value, done=0, total=0, open=solving.is_working)


@bp.post("/operator/matchdays/<key>/timetable/solve")
@requires("matchdays:day:manage")
def solve(key: str):
    actor, form = current_actor(), SolveForm()
    return _acted(
        key,
        form,
        lambda: arranging.ask(actor, key, keep_hand=bool(form.keep_hand.data), once_key=form.once.data),
        "",
        lambda: _page(queries.by_key(actor, key), solve=form),
    )


@bp.post("/operator/matchdays/<key>/timetable/clear")
@requires("matchdays:day:manage")
def clear(key: str):
    actor, form = current_actor(), SolveForm()
    return _acted(
        key,
        form,
        lambda: arranging.clear(actor, key),
        _("일정표를 비웠습니다."),
        lambda: _page(queries.by_key(actor, key), solve=form),
    )


@bp.post("/operator/matchdays/<key>/timetable/publish")
@requires("matchdays:day:manage")
def publish(key: str):
    actor, form = current_actor(), AgreeForm()
    return _acted(
        key,
        form,
        lambda: arranging.publish(actor, key, form.plan.data or "", form.once.data),
        _("일정표를 알렸습니다. 참가하는 곳에 이메일이 갑니다."),
        lambda: _page(queries.by_key(actor, key), publish=form),
    )


@bp.post("/operator/matchdays/<key>/timetable/add")
@requires("matchdays:day:manage")
def add_meeting(key: str):
    actor = current_actor()
    day = queries.by_key(actor, key)
    form = AddForm()
    people = queries.attendees(day, AttendeeState.COMING)
    form.offer(
        day, [one for one in people if one.side is Side.COMPANY], [one for one in people if one.side is Side.SUPPLIER]
    )
    return _acted(
        key,
        form,
        lambda: arranging.add(actor, key, form.company.data, form.supplier.data, form.slot.data),
        _("만남을 넣었습니다."),
        lambda: _page(queries.by_key(actor, key), add=form),
    )


# --- one meeting --------------------------------------------------------------------------------------------------


@bp.get("/operator/matchdays/<key>/meetings/<meeting>")
@requires("matchdays:day:manage")
def meeting(key: str, meeting: str):
    day = queries.by_key(current_actor(), key)
    return _meeting_page(day, queries.meeting(day, meeting))


def _meeting_page(day: MatchDay, row: Meeting, move: MoveForm | None = None, swap: SwapForm | None = None) -> str:
    rows, question = queries.meetings(day), queries.question_of(day)
    move, swap = (
        move or MoveForm(formdata=None, obj=row),
        swap or SwapForm(formdata=None, data={"version": row.version}),
    )
    move.offer(day)
    swap.offer(day, row, rows)
    but = frozenset({row.id})
    return render_template(
        "matchdays/meeting.html",
        day=day,
        row=row,
        move=move,
        swap=swap,
        verdicts=[
            (
                papers.time_of(day, slot),
                slot == row.slot,
                arranging.can_place(question, rows, row.company, row.supplier, slot, but),
            )
            for slot in range(day.slots)
        ],
        time_of=lambda slot: papers.time_of(day, slot),
        editable=bool(rules.may_arrange(day.state)) and day.spans[row.slot][0] > clock.now(),
    )


def _again(key: str, meeting: str, **forms: Any) -> str:
    """The meeting's page as things stand after a refusal."""
    day = queries.by_key(current_actor(), key)
    return _meeting_page(day, queries.meeting(day, meeting), **forms)


@bp.post("/operator/matchdays/<key>/meetings/<meeting>/move")
@requires("matchdays:day:manage")
def move_meeting(key: str, meeting: str):
    actor = current_actor()
    day = queries.by_key(actor, key)
    queries.meeting(day, meeting)
    form = MoveForm()
    form.offer(day)

    def move() -> None:
        try:
            arranging.move(actor, key, meeting, form.slot.data, form.version.data)
        except StaleVersion:
            row = queries.meeting(queries.by_key(actor, key), meeting)
            raise StaleVersion(
                mine={str(form.slot.label.text): papers.time_of(day, form.slot.data)},
                current={str(form.slot.label.text): papers.time_of(row.day, row.slot)},
            ) from None

    return _acted(key, form, move, _("시간을 옮겼습니다."), lambda: _again(key, meeting, move=form))


@bp.post("/operator/matchdays/<key>/meetings/<meeting>/swap")
@requires("matchdays:day:manage")
def swap_meetings(key: str, meeting: str):
    actor = current_actor()
    day = queries.by_key(actor, key)
    row = queries.meeting(day, meeting)
    form = SwapForm()
    form.offer(day, row, queries.meetings(day))
    return _acted(
        key,
        form,
        lambda: arranging.swap(actor, key, meeting, form.other.data, form.version.data),
        _("두 만남의 시간을 맞바꿨습니다."),
        lambda: _again(key, meeting, swap=form),
    )


@bp.post("/operator/matchdays/<key>/meetings/<meeting>/remove")
@requires("matchdays:day:manage")
def remove_meeting(key: str, meeting: str):
    actor = current_actor()
    day = queries.by_key(actor, key)
    row = queries.meeting(day, meeting)
    form = MoveForm()
    form.offer(day)
    try:
        arranging.remove(actor, key, meeting)
        flash(_("만남을 뺐습니다."), "success")
        return redirect(url_for(".timetable", key=key))
    except RuleBroken as broken:
        refuse(form, broken)
        day = queries.by_key(actor, key)
        row = queries.meeting(day, meeting)
    return _meeting_page(day, row, move=form), 422


# --- paper and calendars ------------------------------------------------------------------------------------------


@bp.get("/operator/matchdays/<key>/timetable.<any(xlsx, pdf, ics):kind>")
@requires("matchdays:day:read")
def export(key: str, kind: str):
    service.note_export(current_actor(), key, kind)
    day = queries.by_key(current_actor(), key)
    rows = queries.meetings(day)
    name = f"matchday-{day.day}.{kind}"
    if kind == "ics":
        return attachment(papers.events(day, rows), ics.MEDIA_TYPE, name)
    people = queries.attendees(day, AttendeeState.COMING)
    if kind == "pdf":
        return attachment(papers.paper(day, rows, people), "application/pdf", name)
    return attachment(papers.workbook(day, rows, people), papers.XLSX, name)


@bp.get("/operator/matchdays/<key>/people/<attendee>/calendar.ics")
@requires("matchdays:day:read")
def attendee_calendar(key: str, attendee: str):
    service.note_export(current_actor(), key, "ics", attendee)
    day = queries.by_key(current_actor(), key)
    row = queries.attendee(day, attendee)
    return attachment(papers.events(day, queries.meetings_of(row), row), ics.MEDIA_TYPE, f"matchday-{day.day}.ics")


# --- the day itself -----------------------------------------------------------------------------------------------


@bp.route("/operator/matchdays/<key>/hall", methods=["GET", "POST"])
@requires("matchdays:day:manage")
def hall(key: str):
    """Who came to one slot, and what came of it."""
    actor = current_actor()
    day = queries.by_key(actor, key)
    every = queries.meetings(day)
    slot = request.args.get("slot", 0, type=int)
    slot = slot if 0 <= slot < day.slots else 0
    rows = [one for one in every if one.slot == slot]
    form = record_form(rows)(data=fill_record(rows))
    if form.validate_on_submit():
        try:
            count = arranging.record(actor, key, notes_of(form, rows))
        except RuleBroken as broken:
            refuse(form, broken)
            day = queries.by_key(actor, key)
            every = queries.meetings(day)
            rows = [one for one in every if one.slot == slot]
        else:
            flash(_("%(n)s건을 저장했습니다.", n=count), "success")
            return redirect(url_for(".hall", key=key, slot=slot))
    page = render_template(
        "matchdays/hall.html",
        day=day,
        slot=slot,
        rows=rows,
        form=form,
        figures=arranging.figures_of_day(every),
        verdict=rules.may_record(day.state, day.day, clock.today()),
        left={at: sum(one.slot == at and one.attendance is None for one in every) for at in range(day.slots)},
        time_of=lambda at: papers.time_of(day, at),
    )
    return page, 422 if form.errors else 200
