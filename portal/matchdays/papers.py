"""A timetable on paper and in calendars: workbook, PDF, calendar files. Names and times; no addresses, no telephone."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

from portal.appointments.ics import Event, calendar
from portal.base import clock, pdf
from portal.base.words import Words, current_language, say
from portal.matchdays.models import Attendee, MatchDay, Meeting
from portal.matchdays.rules import Side

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEAD = (
    say("시간", "Time"),
    say("상담석", "Table"),
    say("도입기업", "Company"),
    say("공급기업", "Supplier"),
    say("참석", "Attendance"),
    say("결과", "Outcome"),
    say("메모", "Note"),
)


def time_of(day: MatchDay, slot: int) -> str:
    starts_at, ends_at = day.spans[slot]
    return f"{clock.kst(starts_at):%H:%M}–{clock.kst(ends_at):%H:%M}"


def events(day: MatchDay, rows: Sequence[Meeting], own: Attendee | None = None) -> bytes:
    """A calendar of these meetings. own: whose calendar it is; without, both names stand in each title."""
    spans, found = day.spans, []
    for row in rows:
        if own is None:
            title = f"{row.company.name} – {row.supplier.name}"
        else:
            title = str((row.supplier if own.side is Side.COMPANY else row.company).name)
        table = say("상담석 {n}", "table {n}").format(n=row.table_no)
        found.append(
            Event(row.key, *spans[row.slot], f"{day.title}: {title}", f"{day.place}, {table}", row.updated_at)
        )
    return calendar(found)


def workbook(day: MatchDay, rows: Sequence[Meeting], people: Sequence[Attendee]) -> bytes:
    """The whole timetable, the table of slots by tables, and one line for each party that comes."""
    from openpyxl import Workbook  # only an export needs it
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)

    def page(title: Words, widths: Sequence[int]) -> Callable[[Sequence[Any]], None]:
        sheet = book.create_sheet(str(title))
        sheet.freeze_panes = "A2"
        sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        for at, width in enumerate(widths, start=1):
            sheet.column_dimensions[get_column_letter(at)].width = width

        def add(values: Sequence[Any]) -> None:
            line = []
            for value in values:
                if isinstance(value, int):
                    line.append(value)
                    continue
                cell = WriteOnlyCell(sheet, value=None)
                cell.value, cell.data_type, cell.quotePrefix = str(value or ""), "s", True  # never a formula
                line.append(cell)
            sheet.append(line)

        return add

    add = page(say("일정표", "Timetable"), (14, 8, 26, 26, 14, 22, 40))
    add(HEAD)
    for row in rows:
        add(
            (
                time_of(day, row.slot), row.table_no, row.company.name, row.supplier.name,
                row.attendance.label if row.attendance else "", row.outcome.label if row.outcome else "", row.outcome_note,
            )
        )
    tables = sorted({row.table_no for row in rows})
    at = {(row.slot, row.table_no): row for row in rows}
    add = page(say("시간×상담석", "Slots by tables"), (14, *[26] * len(tables)))
    add((HEAD[0], *tables))
    for slot in range(day.slots):
        cells = (at.get((slot, table)) for table in tables)
        add((time_of(day, slot), *(f"{one.company.name} / {one.supplier.name}" if one else "" for one in cells)))
    for side in Side:
        add = page(side.label, (26, *[26] * day.slots))
        add((side.label, *(time_of(day, slot) for slot in range(day.slots))))
        for one in people:
            if one.side is side:
                own = {row.slot: row for row in rows if one.id in (row.company_id, row.supplier_id)}
                add(
                    (
                        one.name,
                        *(
                            f"{(own[slot].supplier if side is Side.COMPANY else own[slot].company).name} ({own[slot].table_no})"
                            if slot in own
                            else ""
                            for slot in range(day.slots)
                        ),
                    )
                )
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def paper(day: MatchDay, rows: Sequence[Meeting], people: Sequence[Attendee], own: Attendee | None = None) -> bytes:
    """The timetable to print: by time for the hall, then a slip for each party; or only the own one."""
    sheet = pdf.document(day.title, current_language(), footer=f"{day.title} · {day.day.isoformat()} · {day.place}")
    sheet.paragraph(f"{day.day.isoformat()} · {day.place}")
    if own is not None:
        sheet.heading(own.name)
        _slip(sheet, day, own, rows)
        return sheet.bytes()
    for slot in range(day.slots):
        now = [row for row in rows if row.slot == slot]
        if now:
            sheet.heading(time_of(day, slot))
            sheet.table(HEAD[1:4], [(row.table_no, row.company.name, row.supplier.name) for row in now], widths=(1, 4, 4))
    for one in people:
        if any(one.id in (row.company_id, row.supplier_id) for row in rows):
            sheet.heading(f"{one.side.label} · {one.name}")
            _slip(sheet, day, one, rows)
    return sheet.bytes()


def _slip(sheet: pdf.Pdf, day: MatchDay, own: Attendee, rows: Sequence[Meeting]) -> None:
    mine = [row for row in rows if own.id in (row.company_id, row.supplier_id)]
    if not mine:
        sheet.paragraph(say("잡힌 만남이 없습니다.", "No meetings."))
        return
    other = own.side.other.label
    sheet.table(
        (HEAD[0], HEAD[1], other),
        [
            (time_of(day, row.slot), row.table_no, (row.supplier if own.side is Side.COMPANY else row.company).name)
            for row in mine
        ],
        widths=(2, 1, 5),
    )
