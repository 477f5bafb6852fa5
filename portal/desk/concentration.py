"""How evenly suppliers are shown, asked and chosen: the operators' page and its spreadsheet."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import Response, render_template, request, send_file

from portal.base import clock
from portal.base.words import say
from portal.desk import bp, shares
from portal.desk.shares import Table
from portal.directory.concentration import ENOUGH, TOP_SHARE_AIM
from portal.web.guard import current_actor, requires

PERIODS = {
    30: say("30일", "30 days"),
    90: say("90일", "90 days"),
    365: say("1년", "A year"),
    1095: say("3년", "3 years"),
}
DEFAULT = 90
HEAD = (
    say("지표", "Measure"),
    say("나눔", "By"),
    say("구분", "Market"),
    say("건수", "Count"),
    say("고를 수 있는 공급기업", "Suppliers to choose from"),
    say("한 번이라도 있는 공급기업", "Suppliers reached"),
    say("HHI", "HHI"),
    say("상위 1% 기업 수", "Suppliers in the top 1 %"),
    say("상위 1% 비중", "Share of the top 1 %"),
)
WHOLE, REGION, TECHNOLOGY = say("전체", "All"), say("지역", "Region"), say("기술", "Technology")


def _days() -> int:
    days = request.args.get("days", DEFAULT, type=int)
    return days if days in PERIODS else DEFAULT


@bp.get("/operator/concentration")
@requires("desk:concentration:read")
def concentration():
    actor, days = current_actor(), _days()
    return render_template(
        "desk/concentration.html",
        tables=shares.tables(actor, clock.today() - timedelta(days=days)),
        days=days,
        periods=PERIODS,
        region=shares.own_region_name(actor),
        enough=ENOUGH,
        aim=TOP_SHARE_AIM,
    )


@bp.get("/operator/concentration.xlsx")
@requires("desk:concentration:read")
def concentration_sheet() -> Response:
    days = _days()
    tables = shares.tables(current_actor(), clock.today() - timedelta(days=days))
    return send_file(
        io.BytesIO(_workbook(tables)),
        mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        as_attachment=True,
        download_name=f"concentration-{clock.today().isoformat()}-{days}.xlsx",
        max_age=0,
    )


def _workbook(tables: Sequence[Table]) -> bytes:
    from openpyxl import Workbook  # only a download needs it
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet(str(say("집중도", "Concentration")))

    def text(value: Any) -> Any:
        cell = WriteOnlyCell(sheet, value=None)
        cell.value, cell.data_type, cell.quotePrefix = str(value), "s", True  # a leading "=" is no formula
        return cell

    for width, column in zip((14, 10, 32, 10, 14, 14, 10, 14, 14), "ABCDEFGHI", strict=True):
        sheet.column_dimensions[column].width = width
    sheet.append([text(words) for words in HEAD])
    for table in tables:
        lines = [(WHOLE, WHOLE, table.whole)]
        lines += [(REGION, line.label, line.spread) for line in table.regions]
        lines += [(TECHNOLOGY, line.label, line.spread) for line in table.technologies]
        for kind, label, one in lines:
            figures = [one.total, one.suppliers, one.reached, one.hhi, one.top_count, round(one.top_ratio, 4)]
            sheet.append([text(table.label), text(kind), text(label), *figures])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
