"""Products and capabilities from a workbook: a template out, its rows shown one by one, all of them taken over or none."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import IO, Any

import sqlalchemy as sa

from portal.base import audit, clock, files, workbooks
from portal.base.access import Actor, NotVisible, RuleBroken
from portal.base.db import session, transaction
from portal.directory import queries, service
from portal.directory.models import Listing, ListingImport
from portal.directory.rules import MAX_PRODUCTS, MAX_TECHNOLOGIES, PRODUCT_FACTS, PriceModel, clean, price_model
from portal.directory.sheets import COLUMNS, HEADS, MAX_ROWS, PRODUCTS, SHEETS, TECHNOLOGIES, Report, compare

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_BYTES = 2 * 1024 * 1024


# --- out ------------------------------------------------------------------------------------------------------


def template(actor: Actor) -> bytes:
    """A workbook with every technology and the own products, as they stand now. Raises: RuleBroken listing_not_there."""
    from openpyxl import Workbook  # only this export needs it
    from openpyxl.styles import Alignment, Font
    from openpyxl.worksheet.datavalidation import DataValidation

    row = queries.own_to_edit(actor)
    book, bold, wrap = Workbook(), Font(bold=True), Alignment(wrap_text=True, vertical="top")
    book.properties.creator = ""
    listed: dict[str, Iterable[Sequence[Any]]] = {
        TECHNOLOGIES: [
            (code, str(words), row.capabilities.get(code)) for code, words in queries.Names().technologies.items()
        ],
        PRODUCTS: [
            (
                one["name"],
                one["description"],
                str((price_model(one) or PriceModel.QUOTE).label),
                *("O" if one.get(fact) else None for fact in PRODUCT_FACTS),
            )
            for one in row.products
        ],
    }
    for sheet, lines in listed.items():
        page = book.active if sheet == TECHNOLOGIES else book.create_sheet()
        page.title = str(SHEETS[sheet])
        page.append([str(words) for words in HEADS[sheet]])
        for cell in page[1]:
            cell.font = bold
        for number, line in enumerate(lines, start=2):
            for column, value in enumerate(line, start=1):
                cell = page.cell(number, column, value)
                if isinstance(value, str):
                    cell.data_type, cell.alignment = "s", wrap  # a leading "=" stays a text
        page.freeze_panes = "A2"
        widths = (14, 40, 14) if sheet == TECHNOLOGIES else (28, 60, 18, 16, 12)
        for width, column in zip(widths, "ABCDE", strict=False):
            page.column_dimensions[column].width = width
    levels = DataValidation(type="whole", operator="between", formula1="0", formula2="5", allow_blank=True)
    levels.add(f"C2:C{MAX_ROWS}")
    book.worksheets[0].add_data_validation(levels)
    prices = DataValidation(
        type="list", formula1=f'"{",".join(str(one.label) for one in PriceModel)}"', allow_blank=True
    )
    prices.add(f"C2:C{MAX_ROWS}")
    book.worksheets[1].add_data_validation(prices)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


# --- in: reading ----------------------------------------------------------------------------------------------


def upload(actor: Actor, stream: IO[bytes], filename: str) -> ListingImport:
    """Keep a workbook and read its cells; nothing of it is taken over yet.

    Raises: RuleBroken (file) file_kind, file_too_large, file_mismatch, file_bomb, import_unreadable, import_long,
            import_empty; Forbidden.
    """
    queries.own_to_edit(actor)
    written = files.write(stream, filename, kinds=("xlsx",), max_bytes=MAX_BYTES, field="file")
    with files.open_blob(written.sha256) as content:  # before the transaction: nobody else's write waits for the reading
        cells = _cells(content)
    if not cells:
        raise RuleBroken("import_empty", "file")
    with transaction():
        listing = queries.own_to_edit(actor)
        stored = files.keep(written)
        row = ListingImport(
            listing_id=listing.id,
            blob_id=stored.blob_id,
            filename=stored.filename,
            cells=cells,
            uploaded_by_id=actor.id,
        )
        session.add(row)
        session.flush()
        audit.record(actor, "listing_import.upload", "listing", listing.id, {"import": row.id, "rows": len(cells)})
        return row


def _cells(content: IO[bytes]) -> list[dict[str, Any]]:
    """The rows of both sheets that say something. Raises: RuleBroken import_unreadable, import_long"""
    try:
        pages = workbooks.read(content, pages=len(COLUMNS), columns=max(map(len, COLUMNS.values())), rows=MAX_ROWS + 1)
    except workbooks.TooLong as error:
        raise RuleBroken("import_long", "file", most=MAX_ROWS) from error
    except workbooks.Unreadable as error:
        raise RuleBroken("import_unreadable", "file") from error
    if len(pages) < len(COLUMNS):
        raise RuleBroken("import_unreadable", "file")
    found: list[dict[str, Any]] = []
    for (sheet, columns), page in zip(COLUMNS.items(), pages, strict=True):
        told = columns[2:] if sheet == TECHNOLOGIES else columns
        for number, values in enumerate(page[1:], start=2):
            line = dict(zip(columns, map(_plain, values), strict=False))
            # the template lists every technology: one without a level says nothing
            if any(line[column] for column in told):
                found.append({"sheet": sheet, "row": number, **line})
    return found


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return clean(str(value)[:1000]).replace("_x000D_", "")


# --- in: comparing and taking over -----------------------------------------------------------------------------


def by_key(actor: Actor, key: str) -> ListingImport:
    """One own import. Raises: NotVisible"""
    listing = queries.own(actor)
    row = session.scalar(sa.select(ListingImport).where(ListingImport.key == key))
    if row is None or listing is None or row.listing_id != listing.id:
        raise NotVisible
    return row


def preview(actor: Actor, row: ListingImport) -> Report:
    """What taking an own workbook over would do now."""
    return _report(row, queries.own_to_edit(actor))


def _report(row: ListingImport, listing: Listing) -> Report:
    return compare(row.cells, listing.capabilities, listing.products, queries.Names().technologies)


def take(actor: Actor, key: str, agreed: str) -> Listing:
    """Take all rows of an own workbook over into the listing.

    agreed: the digest of the report that the person saw
    Raises: NotVisible; RuleBroken import_changed, import_blocked, import_too_many, import_nothing; RulesBroken for what
            a public listing must say; Forbidden.
    Notes : a second click finds it taken and does nothing more
    """
    with transaction():
        row = by_key(actor, key)
        listing = queries.own_to_edit(actor)
        if row.taken_at is not None:
            return listing
        report = _report(row, listing)
        if report.digest != agreed:
            raise RuleBroken("import_changed")
        if report.refused:
            raise RuleBroken("import_blocked")
        if report.problem is not None:
            is_products = len(report.products) > MAX_PRODUCTS
            raise RuleBroken(
                "import_too_many",
                what=SHEETS[PRODUCTS if is_products else TECHNOLOGIES],
                limit=MAX_PRODUCTS if is_products else MAX_TECHNOLOGIES,
            )
        if not report.changing:
            raise RuleBroken("import_nothing")
        facts = {name: getattr(listing, name) for name in service.EMPTY}
        facts |= {"capabilities": dict(report.capabilities), "products": [dict(one) for one in report.products]}
        service.save_listing(actor, facts, version=listing.version)
        row.taken_at = clock.now()
        audit.record(actor, "listing_import.take", "listing", listing.id, {"import": row.id, "rows": report.changing})
        return listing
