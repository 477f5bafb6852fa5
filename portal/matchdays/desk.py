"""Screens of the operator: days, who takes part, answers entered for others, spreadsheets, and calling a day off."""

from __future__ import annotations

import io
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _

from portal.accounts.rules import Role
from portal.base.access import RuleBroken, StaleVersion
from portal.matchdays import arranging, bp, queries, service, sheet
from portal.matchdays.forms import (
    AgreeForm,
    ApartForm,
    CancelForm,
    DayForm,
    InviteForm,
    SheetForm,
    fill_reply,
    reply_form,
)
from portal.matchdays.models import MatchDay
from portal.matchdays.rules import AttendeeState, Channel, DayState, Side
from portal.matchdays.views import shown
from portal.reference import queries as reference
from portal.web.forms import Form, refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import page_number

START = {"minutes": 30, "pause": 5, "slots": 8, "tables": 20, "per_company": 4, "first": "13:00"}


@bp.get("/operator/matchdays")
@requires("matchdays:day:read")
def days():
    page = queries.listed(current_actor(), page_number())
    return render_template("matchdays/days.html", page=page, counts=queries.counts(page.items))


@bp.route("/operator/matchdays/new", methods=["GET", "POST"])
@requires("matchdays:day:manage")
def new_day():
    form = _day_form(DayForm(data=START | {"region": _own_regions()[0][0]}))
    if form.validate_on_submit():
        try:
            row = service.save_day(current_actor(), form.facts(), once_key=form.once.data)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(_("매칭데이를 만들었습니다. 이제 참가할 곳을 초대해 주세요."), "success")
            return redirect(url_for(".day", key=row.key))
    return render_template("matchdays/edit.html", form=form, day=None), 422 if form.errors else 200


@bp.route("/operator/matchdays/<key>/edit", methods=["GET", "POST"])
@requires("matchdays:day:manage")
def edit_day(key: str):
    actor = current_actor()
    row = queries.by_key(actor, key)
    form = _day_form(DayForm(data=_facts(row)))
    if form.validate_on_submit():
        try:
            service.save_day(actor, form.facts(), key, form.version.data)
        except StaleVersion:
            latest = _day_form(DayForm(formdata=None, data=_facts(queries.by_key(actor, key))))
            raise StaleVersion(mine=shown(form), current=shown(latest)) from None
        except RuleBroken as broken:
            refuse(form, broken)
            row = queries.by_key(actor, key)
        else:
            flash(_("저장했습니다."), "success")
            return redirect(url_for(".day", key=key))
    return render_template("matchdays/edit.html", form=form, day=row), 422 if form.errors else 200


def _facts(row: MatchDay) -> dict[str, Any]:
    names = ("title", "day", "place", "region", "minutes", "pause", "slots", "tables", "per_company", "wishes_until", "note")
    return {name: getattr(row, name) for name in names} | {"first": f"{row.first:%H:%M}", "version": row.version}


def _day_form(form: DayForm) -> DayForm:
    form.region.choices = _own_regions()
    return form


def _own_regions() -> list[tuple[str, Any]]:
    """Regions for which the operator may hold a day."""
    actor, every = current_actor(), reference.sido_options()
    if actor.has(Role.OPERATOR_NATIONAL):
        return [("", _("전국")), *every]
    own = reference.within(actor.region) if actor.region else frozenset()
    return [one for one in every if one[0] in own] or [(actor.region or "", _("내 지역"))]


# --- one day ------------------------------------------------------------------------------------------------------


@bp.get("/operator/matchdays/<key>")
@requires("matchdays:day:read")
def day(key: str):
    return _day_page(queries.by_key(current_actor(), key))


def _day_page(row: MatchDay, form: Form | None = None) -> str:
    people = queries.attendees(row)
    table = arranging.table_of(row)
    return render_template(
        "matchdays/day.html",
        day=row,
        counts={(side, state): sum(one.side is side and one.state is state for one in people) for side in Side for state in AttendeeState},
        wishes=sum(len(one.ranks) for one in people if one.is_coming),
        table=table,
        came=arranging.figures_of_day(table.meetings),
        solving=queries.latest_solving(row),
        form=form or Form(formdata=None),
        cancel=form if isinstance(form, CancelForm) else CancelForm(formdata=None),
        Side=Side,
        AttendeeState=AttendeeState,
        DayState=DayState,
    )


def _act(key: str, verb: Any, said: str, *more: Any) -> Any:
    form = Form()
    if form.validate_on_submit():
        try:
            verb(current_actor(), key, *more)
        except RuleBroken as broken:
            refuse(form, broken)
        else:
            flash(said, "success")
            return redirect(url_for(".day", key=key))
    return _day_page(queries.by_key(current_actor(), key), form), 422


@bp.post("/operator/matchdays/<key>/open")
@requires("matchdays:day:manage")
def open_day(key: str):
    return _act(key, service.open_day, _("희망을 받기 시작했습니다. 초대한 곳에 이메일을 보냅니다."))


@bp.post("/operator/matchdays/<key>/close")
@requires("matchdays:day:manage")
def close_day(key: str):
    return _act(key, service.close_day, _("희망을 마감했습니다."))


@bp.post("/operator/matchdays/<key>/cancel")
@requires("matchdays:day:manage")
def cancel_day(key: str):
    row = queries.by_key(current_actor(), key)
    form = CancelForm()
    if form.validate_on_submit():
        try:
            service.cancel_day(current_actor(), key, form.reason.data)
        except RuleBroken as broken:
            refuse(form, broken)
            row = queries.by_key(current_actor(), key)
        else:
            flash(_("매칭데이를 취소했습니다. 참가하는 곳에 이메일을 보냅니다."), "success")
            return redirect(url_for(".day", key=key))
    return _day_page(row, form), 422


# --- who takes part -----------------------------------------------------------------------------------------------


@bp.get("/operator/matchdays/<key>/people")
@requires("matchdays:day:read")
def people(key: str):
    return _people_page(queries.by_key(current_actor(), key))


def _people_page(row: MatchDay, form: InviteForm | None = None, apart: ApartForm | None = None) -> str:
    actor = current_actor()
    rows = queries.attendees(row)
    side, text = _asked()
    apart = apart or ApartForm(formdata=None)
    apart.offer(rows)
    return render_template(
        "matchdays/people.html",
        day=row,
        side=side,
        rows=[one for one in rows if one.side is side],
        counts={one: sum(row.side is one for row in rows) for one in Side},
        names={one.id: one.name for one in rows},
        text=text,
        limit=queries.MOST_FOUND,
        found=queries.to_invite(actor, row, side, text) if row.state in (DayState.DRAFT, DayState.OPEN, DayState.CLOSED) else [],
        form=form or InviteForm(formdata=None),
        apart=apart,
        bars=queries.apart(row),
        by_id={one.id: one for one in rows},
        Side=Side,
        editable=row.state in (DayState.DRAFT, DayState.OPEN, DayState.CLOSED),
    )


def _asked() -> tuple[Side, str]:
    """Which side, and what was searched for."""
    side = Side.SUPPLIER if request.args.get("side") == Side.SUPPLIER.value else Side.COMPANY
    return side, (request.args.get("q") or "")[:80]


@bp.post("/operator/matchdays/<key>/invite")
@requires("matchdays:day:manage")
def invite(key: str):
    actor = current_actor()
    row = queries.by_key(actor, key)
    form = InviteForm()
    if form.validate_on_submit():
        try:
            chosen = form.organisations.data or []
            if request.form.get("everybody"):
                side, text = _asked()
                chosen = [one.key for one in queries.to_invite(actor, row, side, text)]
            count = service.invite(actor, key, chosen)
        except RuleBroken as broken:
            refuse(form, broken)
            row = queries.by_key(actor, key)
        else:
            flash(_("%(n)s곳을 초대했습니다.", n=count), "success")
            return redirect(url_for(".people", key=key, side=request.args.get("side") or None))
    return _people_page(row, form), 422


@bp.post("/operator/matchdays/<key>/apart")
@requires("matchdays:day:manage")
def keep_apart(key: str):
    actor = current_actor()
    row = queries.by_key(actor, key)
    form = ApartForm()
    form.offer(queries.attendees(row))
    if form.validate_on_submit():
        try:
            service.keep_apart(actor, key, form.company.data, form.supplier.data, form.reason.data)
        except RuleBroken as broken:
            refuse(form, broken)
            row = queries.by_key(actor, key)
        else:
            flash(_("두 곳이 만나지 않게 했습니다."), "success")
            return redirect(url_for(".people", key=key))
    return _people_page(row, apart=form), 422


@bp.post("/operator/matchdays/<key>/apart/<apart>/remove")
@requires("matchdays:day:manage")
def let_meet(key: str, apart: str):
    if Form().validate_on_submit():
        service.let_meet(current_actor(), key, apart)
        flash(_("다시 만날 수 있게 했습니다."), "success")
    return redirect(url_for(".people", key=key))


@bp.route("/operator/matchdays/<key>/people/<attendee>", methods=["GET", "POST"])
@requires("matchdays:day:manage")
def attendee(key: str, attendee: str):
    """An answer that came by phone or on paper."""
    actor = current_actor()
    day = queries.by_key(actor, key)
    row = queries.attendee(day, attendee)
    others = queries.choices(day, row.side)
    made = reply_form(day, row.side, others, by_operator=True)
    form = made(data=fill_reply(row, others))
    if form.validate_on_submit():
        try:
            service.enter(
                actor, key, attendee, form.reply(others), Channel(form.channel.data or Channel.PHONE.value), form.version.data
            )
        except StaleVersion:
            latest = made(formdata=None, data=fill_reply(queries.attendee(queries.by_key(actor, key), attendee), others))
            raise StaleVersion(mine=shown(form), current=shown(latest)) from None
        except RuleBroken as broken:
            refuse(form, broken)
            day = queries.by_key(actor, key)
            row = queries.attendee(day, attendee)
        else:
            flash(_("%(name)s의 답을 저장했습니다.", name=row.name), "success")
            return redirect(url_for(".people", key=key, side=row.side.value))
    page = render_template(
        "matchdays/attendee.html",
        day=day,
        row=row,
        form=form,
        others=others,
        listings=queries.listings(day) if row.side is Side.COMPANY else {},
        wished=queries.wished_by(row) if row.side is Side.SUPPLIER else frozenset(),
        editable=day.state in (DayState.DRAFT, DayState.OPEN, DayState.CLOSED),
        Side=Side,
    )
    return page, 422 if form.errors else 200


# --- spreadsheets ---------------------------------------------------------------------------------------------------


@bp.get("/operator/matchdays/<key>/sheet.xlsx")
@requires("matchdays:day:manage")
def sheet_template(key: str):
    row = queries.by_key(current_actor(), key)
    return send_file(
        io.BytesIO(sheet.template(row)), mimetype=sheet.MEDIA_TYPE, as_attachment=True,
        download_name=f"matchday-{row.day}.xlsx", max_age=0,
    )  # fmt: skip


@bp.route("/operator/matchdays/<key>/sheet", methods=["GET", "POST"])
@requires("matchdays:day:manage")
def upload_sheet(key: str):
    actor = current_actor()
    row = queries.by_key(actor, key)
    form = SheetForm()
    if form.validate_on_submit():
        try:
            kept = sheet.upload(actor, key, form.file.data.stream, form.file.data.filename or "")
            return redirect(url_for(".wish_sheet", key=key, sheet_key=kept.key))
        except RuleBroken as broken:
            refuse(form, broken)
            row = queries.by_key(actor, key)
    return render_template("matchdays/sheet.html", day=row, form=form), 422 if form.errors else 200


@bp.route("/operator/matchdays/<key>/sheet/<sheet_key>", methods=["GET", "POST"])
@requires("matchdays:day:manage")
def wish_sheet(key: str, sheet_key: str):
    """What a sheet would do, row by row; and doing it."""
    actor = current_actor()
    row = queries.by_key(actor, key)
    kept = queries.sheet(row, sheet_key)
    form = AgreeForm()
    if form.validate_on_submit():
        try:
            count = sheet.take_over(actor, key, sheet_key, form.plan.data or "")
        except RuleBroken as broken:
            refuse(form, broken)
            row = queries.by_key(actor, key)
            kept = queries.sheet(row, sheet_key)
        else:
            flash(_("%(n)s행을 반영했습니다.", n=count), "success")
            return redirect(url_for(".people", key=key))
    report = None if kept.applied_at else sheet.compare(row, kept)
    form.plan.data = report.digest if report else ""
    form.plan.raw_data = None
    page = render_template("matchdays/sheet_report.html", day=row, sheet=kept, report=report, form=form)
    return page, 422 if form.errors else 200
