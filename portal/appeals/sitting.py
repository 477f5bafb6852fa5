"""Screens of an appeal's panel: the own seats, the declaration, a reader's opinion, the chair's decision."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.appeals import bp, judging, queries, reckoning, rules
from portal.appeals.forms import (
    OpinionForm,
    RulingForm,
    SeatForm,
    fill_opinion,
    opinion_form,
    seat_form,
)
from portal.appeals.models import AppealSeat
from portal.appeals.rules import AppealState, SeatRole, SeatState
from portal.base import clock
from portal.base.access import RuleBroken
from portal.base.words import sentence
from portal.evaluation import declaring, masking
from portal.evaluation.forms import RecuseForm
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires


@bp.get("/evaluation/appeals")
@requires("appeals:seat:write")
def seats():
    actor = current_actor()
    state = request.args.get("state", "open")
    state = state if state in ("open", "done") else "open"
    rows = [
        (one, masking.firm_of(one.appeal.application), rules.countdown(clock.today(), one.due_on))
        for one in queries.seats(actor, state)
    ]
    return render_template("appeals/seats.html", rows=rows, counts=queries.seat_counts(actor), state=state)


@bp.get("/evaluation/appeals/<key>")
@requires("appeals:seat:write")
def seat(key: str):
    """The right page for the state of the seat: declaration, opinion or decision, or what was handed in."""
    row = queries.seat_by_key(current_actor(), key)
    if row.appeal.state is not AppealState.REVIEW:
        return render_template("appeals/seat_closed.html", seat=row, appeal=row.appeal)
    if row.state is SeatState.DRAWN:
        return _declaration_page(row, _seat_form(row), RecuseForm(formdata=None))
    if row.role is SeatRole.CHAIR:
        return redirect(url_for("appeals.decide", key=key))
    return _opinion_page(row, _opinion_form(row))


@bp.post("/evaluation/appeals/<key>/open")
@requires("appeals:seat:write")
def open_seat(key: str):
    actor = current_actor()
    row = queries.seat_by_key(actor, key)
    form = _seat_form(row)
    if form.validate_on_submit():
        try:
            if not judging.open_seat(actor, row, no_conflict=form.no_conflict.data, answers=form.answers):
                flash(_("이해관계를 밝혀 주셔서 이 건에서 빠졌습니다. 다른 위원이 맡습니다."), "success")
                return redirect(url_for("appeals.seats"))
            return redirect(url_for("appeals.seat", key=key))
        except RuleBroken as broken:
            if broken.code == "appeal_seat_barred":
                flash(str(sentence(broken.code)), "warn")
                return redirect(url_for("appeals.seats"))
            refuse(form, broken)
    return _declaration_page(row, form, RecuseForm(formdata=None)), 422


@bp.post("/evaluation/appeals/<key>/recuse")
@requires("appeals:seat:write")
def recuse_seat(key: str):
    actor = current_actor()
    row = queries.seat_by_key(actor, key)
    form = RecuseForm()
    if form.validate_on_submit():
        try:
            judging.recuse(actor, row, form.chosen)
            flash(_("회피를 알렸습니다. 이 건은 더 이상 보이지 않습니다."), "success")
            return redirect(url_for("appeals.seats"))
        except RuleBroken as broken:
            refuse(form, broken)
    return _declaration_page(row, seat_form(())(formdata=None), form), 422


@bp.post("/evaluation/appeals/<key>")
@requires("appeals:seat:write")
def save_opinion(key: str):
    actor = current_actor()
    row = queries.seat_by_key(actor, key, SeatRole.READER)
    if row.state is not SeatState.OPENED or row.appeal.state is not AppealState.REVIEW:
        return redirect(url_for("appeals.seat", key=key))
    form = _opinion_form(row)
    if form.validate_on_submit():
        try:
            row = judging.save(actor, row, form.version.data, form.given)
            if request.accept_mimetypes.best == "application/json":
                return jsonify(saved_at=clock.kst(clock.now()).strftime("%H:%M"), version=row.version)
            form.version.raw_data, form.version.data = None, row.version
            if request.form.get("action") == "submit":
                judging.submit(actor, row, row.version)
                flash(_("재심 의견을 제출했습니다."), "success")
            else:
                flash(_("저장했습니다."), "success")
            return redirect(url_for("appeals.seat", key=key))
        except RuleBroken as broken:
            refuse(form, broken)
    return _opinion_page(row, form), 422


@bp.route("/evaluation/appeals/<key>/decision", methods=["GET", "POST"])
@requires("appeals:decision:write")
def decide(key: str):
    actor = current_actor()
    row = queries.seat_by_key(actor, key, SeatRole.CHAIR)
    if row.state is not SeatState.OPENED or row.appeal.state is not AppealState.REVIEW:
        return redirect(url_for("appeals.seat", key=key))
    appeal = row.appeal
    lines = [line for line in reckoning.lines(appeal) if appeal.ground(line.criterion.code)]
    raised = [line.criterion.code for line in lines if line.is_raised]
    best, _reckoned = reckoning.basis(appeal, raised)
    form = RulingForm(data={"accepted": raised, "outcome": rules.proposed_outcome(best, raised)})
    form.accepted.choices = [(line.criterion.code, str(line.criterion.title)) for line in lines if line.is_raised]
    if form.validate_on_submit():
        try:
            judging.decide(
                actor,
                row,
                accepted=form.accepted.data or (),
                outcome=form.chosen_outcome,
                reason=form.reason.data or "",
                once_key=form.once.data,
            )
            flash(_("결정했습니다. 신청기업에 알립니다."), "success")
            return redirect(url_for("appeals.seats", state="done"))
        except RuleBroken as broken:
            refuse(form, broken)
    page = render_template(
        "appeals/decide.html",
        seat=row,
        appeal=appeal,
        application=appeal.application,
        lines=lines,
        standing=queries.standing_of(appeal),
        best=best,
        gains=reckoning.gains(appeal),
        ready=queries.opinions_in(appeal),
        form=form,
        recusal=RecuseForm(formdata=None),
        due=rules.countdown(clock.today(), row.due_on),
    )
    return page, 422 if form.errors else 200


# --- parts --------------------------------------------------------------------------------------------------


def _declaration_page(row: AppealSeat, form: SeatForm, recusal: RecuseForm) -> str:
    return render_template(
        "appeals/declaration.html",
        seat=row,
        application=row.appeal.application,
        form=form,
        recusal=recusal,
        shown=_shown(row),
        due=rules.countdown(clock.today(), row.due_on),
    )


def _seat_form(row: AppealSeat) -> SeatForm:
    return seat_form(declaring.screen_person(row.appeal.application_id, row.person_id).asked)()


def _opinion_form(row: AppealSeat) -> OpinionForm:
    sheet = reckoning.sheet_of(row.appeal)
    return opinion_form(sheet, tuple(judging.contested(row.appeal)))(data=fill_opinion(row))


def _opinion_page(row: AppealSeat, form: OpinionForm) -> str:
    appeal = row.appeal
    context: dict[str, Any] = {
        "seat": row,
        "appeal": appeal,
        "application": appeal.application,
        "lines": [line for line in reckoning.lines(appeal) if appeal.ground(line.criterion.code)],
        "sheet": reckoning.sheet_of(appeal),
        "form": form,
        "recusal": RecuseForm(formdata=None),
        "shown": _shown(row),
        "due": rules.countdown(clock.today(), row.due_on),
    }
    return render_template("appeals/opinion.html", **context)


def _shown(row: AppealSeat) -> masking.Shown | None:
    """Names as a reader may read them; the chair decides and reads them all."""
    return None if row.role is SeatRole.CHAIR else masking.shown(row.appeal.application)
