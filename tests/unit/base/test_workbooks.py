"""A workbook is read by a process of its own, and hostile ones end there."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import pytest
from openpyxl import Workbook

from portal.base import workbook_reader, workbooks

ROW = b'<row r="1"><c r="A1" t="inlineStr"><is><t>%s</t></is></c></row>'
SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'


def book(*rows):
    made, file = Workbook(), io.BytesIO()
    for row in rows:
        made.active.append(row)
    made.save(file)
    file.seek(0)
    return file


def forged(sheet, head=b""):
    """A workbook whose first page is this XML."""
    found, file = zipfile.ZipFile(book(["x"])), io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in found.infolist():
            page = entry.filename == "xl/worksheets/sheet1.xml"
            archive.writestr(entry.filename, head + sheet if page else found.read(entry))
    file.seek(0)
    return file


def read(file, rows=10):
    return workbooks.read(file, pages=1, columns=3, rows=rows)


def test_cells_come_as_plain_values_and_rows_are_filled_up():
    rows = read(book(["이름", 3, 2.5], [True, None, date(2026, 11, 23)], ["=1+1"], ["가" * 6000, 1, 2, 3]))
    assert rows == [
        [
            ["이름", 3, 2.5],
            [True, None, "2026-11-23 00:00:00"],
            [None, None, None],
            ["가" * workbook_reader.MAX_CELL, 1, 2],
        ]
    ]


def test_more_rows_or_letters_than_asked_for_are_too_long(monkeypatch):
    assert len(read(book(*[["x"]] * 10))[0]) == 10
    with pytest.raises(workbooks.TooLong):
        read(book(*[["x"]] * 11))
    wide = "가" * workbook_reader.MAX_CELL
    with pytest.raises(workbooks.TooLong):
        read(book(*[[wide + str(at)] * 3 for at in range(workbook_reader.MAX_TEXT // len(wide) // 3 + 2)]), rows=10_000)


GROWING = b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY lol0 "lollollol!">' + b"".join(
    b'<!ENTITY lol%d "%s">' % (at, b"&lol%d;" % (at - 1) * 10) for at in range(1, 9)
)
HOSTILE = {
    "no archive": lambda: io.BytesIO(b"PK\x03\x04 no archive"),
    "nothing": lambda: io.BytesIO(b""),
    "broken": lambda: forged(b"<worksheet><sheetData>"),
    "ten letters that grow into 10^9": lambda: forged(SHEET % ROW % b"&lol8;", GROWING + b"]>"),
    "300 MB in one cell": lambda: forged(SHEET % ROW % (b"x" * 300_000_000)),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_workbooks_end_in_their_own_process(what):
    with pytest.raises(workbooks.Unreadable):
        read(HOSTILE[what]())


def test_an_outside_entity_is_not_fetched(tmp_path):
    (tmp_path / "secret").write_text("top secret")
    outside = b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY outside SYSTEM "file://%s/secret">]>' % bytes(tmp_path)
    try:
        found = read(forged(SHEET % ROW % b"a&outside;b", outside))
    except workbooks.Unreadable:
        return
    assert "secret" not in str(found)


def test_who_waits_too_long_gives_up(monkeypatch):
    monkeypatch.setattr(workbooks, "PATIENCE", 0.01)
    with pytest.raises(workbooks.Unreadable):
        read(book(["x"]))
