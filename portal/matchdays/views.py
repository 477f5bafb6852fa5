"""Screens of companies and suppliers: which days there are, the own answer and wishes, the own timetable."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from portal.appointments import ics
from portal.base.access import NotVisible, RuleBroken, StaleVersion
from portal.matchdays import arranging, bp, papers, queries, rules, service
from portal.matchdays.forms import fill_reply, reply_form
from portal.matchdays.models import Attendee, MatchDay
from portal.matchdays.rules import DayState, Side
from portal.web.forms import refuse
from portal.web.guard import current_actor, requires
from portal.web.pages import attachment, page_number


@bp.get("/matchdays")
@requires("matchdays:own:answer")
def index():
    actor = current_actor()
    page = queries.listed(actor, page_number())
    return render_template("matchdays/index.html", page=page, own=queries.own_attendances(actor, page.items))


@bp.route("/matchdays/<key>", methods=["GET", "POST"])
@requires("matchdays:own:answer")
def show(key: str):
    actor = current_actor()
    day, side = queries.by_key(actor, key), rules.side_of(actor)
    if side is None:
        raise NotVisible
    own = queries.own_attendee(actor, day)
    if not day.takes_wishes or not (own or queries.may_join(actor, day)):
        return _page(day, side, own)
    others = queries.shown_to(day, side, own)
    made = reply_form(day, side, others)
    form = made(data=fill_reply(own, others))
    if form.validate_on_submit():
        try:
            row = service.join(actor, key, form.reply(others), form.version.data)
        except StaleVersion:
            latest = made(formdata=None, data=fill_reply(queries.own_attendee(actor, queries.by_key(actor, key)), others))
            raise StaleVersion(mine=shown(form), current=shown(latest)) from None
        except RuleBroken as broken:
            refuse(form, broken)
            day = queries.by_key(actor, key)
            own = queries.own_attendee(actor, day)
        else:
            flash(_("참가와 희망을 저장했습니다.") if row.is_coming else _("참가하지 않는다고 저장했습니다."), "success")
            return redirect(url_for(".show", key=key))
    return _page(day, side, own, form, others), 422 if form.errors else 200


def shown(form: Any) -> dict[str, Any]:
    """What a comparison of two versions prints."""
    fields = [one for one in form if one.short_name not in ("csrf_token", "version", "once")]
    return {str(one.label.text): one.data for one in fields}


def _page(day: MatchDay, side: Side, own: Attendee | None, form: Any = None, others: Any = ()) -> str:
    published = day.state is DayState.PUBLISHED and own is not None
    return render_template(
        "matchdays/show.html",
        day=day,
        side=side,
        own=own,
        form=form,
        others=others,
        listings=queries.listings(day) if side is Side.COMPANY else {},
        wished=queries.wished_by(own) if own is not None and side is Side.SUPPLIER else frozenset(),
        meetings=queries.meetings_of(own) if published else [],
        unmet=arranging.own_unmet(day, own) if published and own.is_coming else [],
        time_of=lambda slot: papers.time_of(day, slot),
        Side=Side,
    )


@bp.get("/matchdays/<key>/calendar.ics")
@requires("matchdays:own:answer")
def calendar(key: str):
    day, own = _own(key)
    return attachment(papers.events(day, queries.meetings_of(own), own), ics.MEDIA_TYPE, f"matchday-{day.day}.ics")


@bp.get("/matchdays/<key>/timetable.pdf")
@requires("matchdays:own:answer")
def paper(key: str):
    day, own = _own(key)
    return attachment(papers.paper(day, queries.meetings_of(own), [], own), "application/pdf", f"matchday-{day.day}.pdf")


def _own(key: str) -> tuple[MatchDay, Attendee]:
    """A day whose timetable is out and the own place in it."""
    actor = current_actor()
    day = queries.by_key(actor, key)
    own = queries.own_attendee(actor, day)
    if own is None or day.state is not DayState.PUBLISHED:
        abort(404)
    return day, own
