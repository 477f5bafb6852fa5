"""A ranking as a spreadsheet: what is shown, nothing more; every text stays text, whatever it begins with."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from portal.base.words import say
from portal.selection.queries import Line

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEAD = (
    say("순위", "Rank"),
    say("접수번호", "Receipt number"),
    say("기업", "Firm"),
    say("유형", "Tier"),
    say("평가 점수", "Total"),
    say("가점", "Bonus"),
    say("합계", "With bonus"),
    say("지원금(원)", "Subsidy (won)"),
    say("순위안의 결과", "Outcome as ranked"),
    say("지금 결과", "Outcome now"),
    say("후보 순위", "Place on the reserve list"),
)


def workbook(rows: Sequence[Line]) -> bytes:
    """The lines in their order."""
    from openpyxl import Workbook  # only an export needs it
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet(str(say("순위", "Ranking")))

    def text(value: Any) -> Any:
        cell = WriteOnlyCell(sheet, value=None)
        cell.value = str(value)
        cell.data_type = "s"  # openpyxl would read a leading "=" as a formula
        cell.quotePrefix = True
        return cell

    for width, column in zip((8, 22, 28, 12, 12, 8, 10, 16, 16, 14, 16), "ABCDEFGHIJK", strict=True):
        sheet.column_dimensions[column].width = width
    sheet.append([text(words) for words in HEAD])
    for row in rows:
        entry = row.entry
        sheet.append(
            [
                entry.rank,
                text(entry.application.number or ""),
                text(entry.application.organisation.name),
                text(entry.tier.label),
                entry.total,
                round(entry.ranked_total - entry.total, 2),
                entry.ranked_total,
                entry.subsidy_krw,
                text(entry.outcome.label),
                text(row.outcome.label),
                entry.reserve,
            ]
        )
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
