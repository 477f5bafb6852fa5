"""A month's figures as files: a spreadsheet and a paper. Every text stays text, whatever it begins with."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

from portal.base import clock, marks
from portal.base.pdf import Pdf
from portal.base.words import Words, say, use_language
from portal.scoring.measures import Light
from portal.scoring.models import MonthlyReport
from portal.scoring.readout import Cell, Percent, Signed, lay_out, text

MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


def title_of(found: Mapping[str, Any]) -> Words:
    return say(f"산정 모니터링 {found['month']}", f"Monitoring of the scorer {found['month']}")


def workbook(found: Mapping[str, Any]) -> bytes:
    """A sheet for each measure, in the current language; numbers are numbers, what may not show is —."""
    from openpyxl import Workbook  # only a download needs it
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)

    def cell(sheet: Any, value: Cell) -> Any:
        made = WriteOnlyCell(sheet, value=None)
        number = value.value if isinstance(value, Percent | Signed) else value
        if isinstance(number, int | float) and not isinstance(number, Light):
            made.value = number
            made.number_format = {Percent: "0.0%", Signed: "+0.00;-0.00", float: "0.00"}.get(type(value), "#,##0")
            return made
        made.value = text(value)
        made.data_type = "s"  # openpyxl would read a leading "=" as a formula
        made.quotePrefix = True
        return made

    def write(sheet: Any, *values: Cell) -> None:
        sheet.append([cell(sheet, value) for value in values])

    for section in lay_out(found):
        sheet = book.create_sheet(str(section.title)[:31])
        sheet.column_dimensions["A"].width = 44
        for column in "BCDEFGHI":
            sheet.column_dimensions[column].width = 16
        write(sheet, title_of(found))
        if found.get("synthetic"):
            write(sheet, marks.SYNTHETIC)
        write(sheet, section.meaning)
        if section.light is not None:
            write(sheet, say("판단", "Light"), section.light)
        if section.cure is not None:
            write(sheet, say("조치", "What to do"), section.cure)
        for table in section.tables:
            sheet.append([])
            write(sheet, table.caption)
            write(sheet, *(column.name for column in table.columns))
            for row in table.rows:
                write(sheet, *row)
        if not section.tables and section.empty is not None:
            write(sheet, section.empty)
        for note in section.notes:
            write(sheet, note)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def pdf(report: MonthlyReport, language: str) -> bytes:
    """A frozen report on paper; the same report gives the same bytes in the same language."""
    found = json.loads(report.body)
    with use_language(language):
        sheet = Pdf(
            str(title_of(found)),
            language,
            report.made_at,
            str(
                say("제조혁신포털 · 이름과 기업이 들어 있지 않은 집계", "Manufacturing innovation portal · counts only")
            ),
        )
        if found.get("synthetic"):
            sheet.paragraph(marks.SYNTHETIC)
        sections = lay_out(found)
        sheet.facts(
            [
                (say("만든 때", "Made at"), f"{clock.kst(report.made_at):%Y-%m-%d %H:%M} (KST)"),
                *((one.title, one.light.label) for one in sections if one.light is not None),
            ]
        )
        for section in sections:
            sheet.heading(section.title if section.light is None else f"{section.title} — {section.light.label}")
            sheet.paragraph(section.meaning)
            if section.cure is not None and section.light in (Light.WATCH, Light.ACT):
                sheet.paragraph(say(f"조치: {section.cure.ko}", f"What to do: {section.cure.en}"))
            if not section.tables and section.empty is not None:
                sheet.paragraph(section.empty)
            for table in section.tables:
                sheet.paragraph(table.caption, quiet=True)
                sheet.table(
                    [column.name for column in table.columns],
                    [[text(value) for value in row] for row in table.rows],
                    widths=(30, *(60 // (len(table.columns) - 1) for _ in table.columns[1:])),
                )
            for note in section.notes:
                sheet.paragraph(note, quiet=True)
        sheet.heading(say("보고서의 지문", "Fingerprint of the report"))
        sheet.paragraph(f"SHA-256 {report.sha256}")
        return sheet.bytes()
