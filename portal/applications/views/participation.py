"""How far suppliers of manufacturing AI and digital twins take part: the operators' page and its spreadsheet."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, render_template, request

from portal.applications import bp, export, participation
from portal.base import clock
from portal.base.words import say
from portal.web.guard import current_actor, requires
from portal.web.pages import attachment

PERIODS = {
    90: say("90일", "90 days"),
    365: say("1년", "A year"),
    1095: say("3년", "3 years"),
}
DEFAULT = 365


def _days() -> int:
    days = request.args.get("days", DEFAULT, type=int)
    return days if days in PERIODS else DEFAULT


def _tables() -> list[participation.TrackFigures]:
    return participation.figures(current_actor(), clock.today() - timedelta(days=_days()))


@bp.get("/operator/participation", endpoint="participation")
@requires("applications:queue:read")
def show_participation():
    return render_template("applications/participation.html", tables=_tables(), days=_days(), periods=PERIODS)


@bp.get("/operator/participation.xlsx")
@requires("applications:queue:read")
def participation_sheet() -> Response:
    name = f"participation-{clock.today().isoformat()}-{_days()}.xlsx"
    return attachment(export.share_workbook(_tables()), export.MEDIA_TYPE, name)
