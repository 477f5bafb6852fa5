"""The operators' list as a spreadsheet: what is shown, nothing more; every text stays text, whatever it begins with."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from portal.applications.models import Application
from portal.applications.participation import TrackFigures
from portal.base import clock
from portal.base.words import Words, say

HEAD = (
    say("접수번호", "Receipt number"),
    say("기업", "Firm"),
    say("공고", "Call"),
    say("사업", "Programme"),
    say("유형", "Tier"),
    say("지역", "Region"),
    say("상태", "Status"),
    say("접수 시각(KST)", "Received (KST)"),
)
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


SHARE_HEAD = (
    say("분야", "Field"),
    say("공고", "Call"),
    say("신청", "Applications"),
    say("확인된 공급기업과 함께", "With a verified supplier"),
    say("비율", "Share"),
    say("선정", "Selected"),
    say("선정 가운데 확인된 공급기업과 함께", "Selected with a verified supplier"),
)


def share_workbook(tables: Sequence[TrackFigures]) -> bytes:
    """How far suppliers of each field take part: all calls, the field's own, the others, then one by one."""
    from openpyxl import Workbook  # only an export needs it

    book = Workbook(write_only=True)
    sheet = book.create_sheet(str(say("참여 비율", "Participation")))
    for width, column in zip((24, 44, 10, 22, 10, 10, 30), "ABCDEFG", strict=True):
        sheet.column_dimensions[column].width = width
    sheet.append([_text(sheet, words) for words in SHARE_HEAD])
    for table in tables:
        lines = [
            (say("모든 공고", "All calls"), table.whole),
            (say("이 분야만 받는 공고", "Calls for this field"), table.own_calls),
            (say("그 밖의 공고", "Other calls"), table.other_calls),
            *((line.title, line.share) for line in table.calls),
        ]
        for title, one in lines:
            ratio = None if one.ratio is None else round(one.ratio, 4)
            figures = [one.total, one.marked, ratio, one.selected, one.selected_marked]
            sheet.append([_text(sheet, table.track.label), _text(sheet, title), *figures])
    return _saved(book)


def _text(sheet: Any, value: Any) -> Any:
    from openpyxl.cell import WriteOnlyCell  # as above

    cell = WriteOnlyCell(sheet, value=None)
    cell.value, cell.data_type, cell.quotePrefix = str(value), "s", True  # a leading "=" is no formula
    return cell


def _saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def workbook(rows: Sequence[Application], regions: Mapping[str, Words]) -> bytes:
    """The rows in the order of the list. A cell that begins with = + - @ can't become a formula."""
    from openpyxl import Workbook  # only an export needs it

    book = Workbook(write_only=True)
    sheet = book.create_sheet(str(say("신청", "Applications")))
    for width, column in zip((22, 28, 40, 24, 12, 20, 14, 20), "ABCDEFGH", strict=True):
        sheet.column_dimensions[column].width = width
    sheet.append([_text(sheet, words) for words in HEAD])
    for row in rows:
        sheet.append(
            [
                _text(sheet, value)
                for value in (
                    row.number,
                    row.organisation.name,
                    row.call.title,
                    row.programme.label,
                    row.tier.label if row.tier else "",
                    regions.get(row.region or "", row.region or ""),
                    row.status.label,
                    f"{clock.kst(row.submitted_at):%Y-%m-%d %H:%M:%S}",
                )
            ]
        )
    return _saved(book)
