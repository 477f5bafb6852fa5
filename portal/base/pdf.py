"""Paper: receipts, letters and result sheets that a firm can keep, print and search.

The text stays text (Noto Sans KR, SIL OFL 1.1, from the package pylopdf-fonts-ko, only the used glyphs embedded),
and the file names neither author nor program version: the same content at the same time gives the same bytes.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from portal.base import clock

_FONT = "noto-kr"
_WHOLE = "noto-kr-whole"
_COMMON = "noto-kr-common-1.otf"
"""The glyphs of everyday Korean, cut out of the font once: a letter takes a fifth of the time. The number changes with
what is cut."""
_folder: Path | None = None


def configure(folder: Path | None) -> None:
    """Where the cut font is kept; without a folder every paper reads the whole font."""
    global _folder
    _folder = folder


@lru_cache(maxsize=1)
def _everyday() -> frozenset[str]:
    """Latin letters, and the syllables and signs of KS X 1001; hanja and rare syllables are not among them."""
    rows = (*range(0xA1, 0xAD), *range(0xB0, 0xC9))
    korean = bytes(byte for row in rows for cell in range(0xA1, 0xFF) for byte in (row, cell))
    signs = (*range(0x20, 0x180), *range(0x2010, 0x2040), *range(0x20A0, 0x20C0), *range(0x2190, 0x21A0))
    return frozenset(korean.decode("euc-kr", errors="ignore")) | {chr(sign) for sign in signs}


def _common_font() -> str | None:
    if _folder is None:
        return None
    path = _folder / _COMMON
    if not path.exists():
        _cut(path)
    return str(path)


def _cut(path: Path) -> None:
    """Keep the everyday glyphs; written under another name and renamed, so that two processes may do it at once."""
    import pylopdf_fonts_ko
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    options = Options(notdef_outline=True, glyph_names=False, layout_features=[])
    options.drop_tables += ["GSUB", "GPOS", "vhea", "vmtx", "VORG", "BASE"]
    font = TTFont(pylopdf_fonts_ko.sans_path(), recalcTimestamp=False)
    cutter = Subsetter(options)
    cutter.populate(unicodes=[ord(sign) for sign in _everyday()])
    cutter.subset(font)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}")
    font.save(beside)
    beside.replace(path)


_INK = (26, 32, 44)
_QUIET = (90, 99, 112)
_LINE = (203, 210, 219)
_SHADE = (243, 245, 248)


def clean(text: object) -> str:
    """One line of plain NFC text: no control characters, no direction overrides that could disguise a name."""
    normal = unicodedata.normalize("NFC", str(text))
    return "".join(c for c in normal if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf"))


class Pdf:
    """A4 pages with a title, filled from top to bottom; `bytes()` closes it."""

    def __init__(self, title: str, language: str, made_at: datetime | None, footer: str) -> None:
        # fpdf loads Pillow and fontTools (60 MB); a web worker that prints nothing must not carry them.
        import pylopdf_fonts_ko
        from fpdf import FPDF

        class Sheet(FPDF):
            def footer(self) -> None:
                self.set_y(-14)
                self.set_font(_FONT, size=8)
                self.set_text_color(*_QUIET)
                left = self.epw * 0.8
                self.cell(left, 5, footer)
                self.cell(self.epw - left, 5, f"{self.page_no()} / {{nb}}", align="R")

        sheet = Sheet(format="A4")
        common = _common_font()
        self._whole = common is None
        sheet.add_font(_FONT, "", common or pylopdf_fonts_ko.sans_path())
        sheet.set_title(clean(title))
        sheet.set_lang("ko-KR" if language == "ko" else "en-GB")
        sheet.set_producer("portal")
        sheet.set_creation_date(made_at or clock.now())
        sheet.set_margins(20, 20)
        sheet.set_auto_page_break(True, 22)
        sheet.add_page()
        self._sheet: Any = sheet
        self._prepare(footer)
        self._write(clean(title), 18, after=4)

    def heading(self, text: object) -> Pdf:
        """A section title with a rule under it."""
        self._sheet.ln(3)
        if self._sheet.will_page_break(24):
            self._sheet.add_page()
        self._write(clean(text), 12.5, after=1)
        y = self._sheet.get_y()
        self._sheet.set_draw_color(*_LINE)
        self._sheet.line(self._sheet.l_margin, y, self._sheet.l_margin + self._sheet.epw, y)
        self._sheet.ln(2)
        return self

    def paragraph(self, text: object, *, quiet: bool = False) -> Pdf:
        """Running text; `quiet` prints it small and grey (notes, legal lines)."""
        self._write(clean(text), 8.5 if quiet else 10, colour=_QUIET if quiet else _INK, after=2)
        return self

    def facts(self, pairs: Iterable[tuple[object, object]]) -> Pdf:
        """A two-column table of name and value, the names on grey."""
        rows = [(clean(name), clean(value) or "–") for name, value in pairs]
        return self._table(rows, widths=(28, 72), first_row_is_head=False, shade_first_column=True)

    def table(
        self, head: Sequence[object], rows: Iterable[Sequence[object]], widths: Sequence[int] | None = None
    ) -> Pdf:
        """A table with a head row that is repeated on each page. widths: relative, one for each column."""
        body = [tuple(clean(cell) for cell in row) for row in rows]
        return self._table(
            [tuple(clean(cell) for cell in head), *body],
            widths=tuple(widths or (1,) * len(head)),
            first_row_is_head=True,
            shade_first_column=False,
        )

    def bytes(self) -> bytes:
        """The finished file."""
        return bytes(self._sheet.output())

    def _prepare(self, text: str) -> None:
        """Have the whole font at hand from the first rare sign on."""
        if self._whole or _everyday().issuperset(text.replace("\n", "")):
            return
        import pylopdf_fonts_ko

        self._sheet.add_font(_WHOLE, "", pylopdf_fonts_ko.sans_path())
        self._sheet.set_fallback_fonts([_WHOLE])
        self._whole = True

    def _write(self, text: str, size: float, *, colour: tuple[int, int, int] = _INK, after: float) -> None:
        self._prepare(text)
        self._sheet.set_font(_FONT, size=size)
        self._sheet.set_text_color(*colour)
        self._sheet.multi_cell(0, size * 0.55, text, align="L", new_x="LMARGIN", new_y="NEXT")
        self._sheet.ln(after)

    def _table(
        self,
        rows: Sequence[Sequence[str]],
        *,
        widths: Sequence[int],
        first_row_is_head: bool,
        shade_first_column: bool,
    ) -> Pdf:
        from fpdf.fonts import FontFace

        if not rows:
            return self
        self._prepare("".join(cell for row in rows for cell in row))
        self._sheet.set_font(_FONT, size=9.5)
        self._sheet.set_text_color(*_INK)
        self._sheet.set_draw_color(*_LINE)
        shaded = FontFace(fill_color=_SHADE, color=_INK)
        with self._sheet.table(
            col_widths=widths,
            text_align="L",
            line_height=5.6,
            padding=1.4,
            borders_layout="ALL",
            first_row_as_headings=first_row_is_head,
            headings_style=shaded,
        ) as table:
            for values in rows:
                row = table.row()
                for column, value in enumerate(values):
                    row.cell(value, style=shaded if shade_first_column and column == 0 else None)
        self._sheet.ln(2)
        return self


def document(title: str, language: str, *, made_at: datetime | None = None, footer: str = "") -> Pdf:
    """Begin a document.

    title   : printed on top and written as the file's title
    language: "ko" or "en", declared in the file for screen readers
    made_at : aware time written as the creation date (now); the time of the act that the paper records
    footer  : a short line at the foot of each page, before the page number
    """
    return Pdf(title, language, made_at, clean(footer))
