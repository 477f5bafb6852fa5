"""The operators' list as a spreadsheet: what is shown, nothing more; every text stays text, whatever it begins with."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from portal.applications.models import Application
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


def workbook(rows: Sequence[Application], regions: Mapping[str, Words]) -> bytes:
    """The rows in the order of the list. A cell that begins with = + - @ can't become a formula."""
    from openpyxl import Workbook  # only an export needs it
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet(str(say("신청", "Applications")))

    def text(value: Any) -> Any:
        cell = WriteOnlyCell(sheet, value=None)
        cell.value = str(value)
        cell.data_type = "s"  # openpyxl would read a leading "=" as a formula
        cell.quotePrefix = True
        return cell

    for width, column in zip((22, 28, 40, 24, 12, 20, 14, 20), "ABCDEFGH", strict=True):
        sheet.column_dimensions[column].width = width
    sheet.append([text(words) for words in HEAD])
    for row in rows:
        sheet.append(
            [
                text(value)
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
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
