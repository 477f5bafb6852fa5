"""The offline score sheet: an evaluator's open cases as one XLSX, and what came back, row by row.

Out: one row per case and criterion, and two more per case (general comment, own tier). Only points, 해당 없음 and comments
can be typed in; every row carries in hidden columns which case and criterion it is, what stood there when it left, and
a signature over all of that with the sheet's own secret.
In : nothing is taken over at once. Rows are compared with what stands online now: foreign, altered, missing, doubled and
unusable rows refuse the whole sheet; a case that was closed, locked or changed online meanwhile is left out whole.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import re
import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, lazyload

from portal.applications.models import Application
from portal.applications.rules import IN_EVALUATION
from portal.base import audit, clock, files, workbooks
from portal.base.access import YES, Actor, NotVisible, RuleBroken, Verdict, no
from portal.base.db import session, transaction
from portal.base.words import Words, define, say
from portal.evaluation import masking, plans, queries, rubric, service
from portal.evaluation.models import Assignment, Panel, Review, ScoreSheet, SheetImport
from portal.evaluation.phases import Phase, phase_at
from portal.evaluation.queries import LINES
from portal.evaluation.rubric import Criterion
from portal.evaluation.rules import TIERS, AssignmentState
from portal.programmes.models import Call
from portal.programmes.rules import Tier

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_BYTES = 8 * 1024 * 1024
MAX_ROWS = 12_000
COMMENT, TIER = "_comment", "_tier"
LENGTHS = {COMMENT: 2000}
LENGTH = 1000
YES_WORDS = frozenset({"o", "○", "ㅇ", "v", "✓", "y", "예", "해당 없음", "해당없음", "n/a"})

CODES = define(
    {
        "offline_nothing": say(
            "가져갈 평가가 없습니다. 이해충돌 확인을 마치고 아직 점수를 확정하지 않은 건만 가져갈 수 있습니다.",
            "There is nothing to take along: only opened cases whose own score is not locked.",
        ),
        "offline_unreadable": say(
            "평가표로 읽을 수 없는 파일입니다. 이 화면에서 내려받은 엑셀 파일을 올려 주세요.",
            "This file can't be read as a score sheet. Please upload the one downloaded here.",
        ),
        "offline_not_yours": say(
            "위원님이 내려받은 평가표가 아닙니다.", "This is not a score sheet that you downloaded."
        ),
        "offline_long": say("행이 너무 많습니다 ({most}행까지).", "Too many rows (at most {most})."),
        "offline_foreign": say("이 평가표에 없던 행입니다.", "This row was not in the sheet that you downloaded."),
        "offline_altered": say(
            "잠긴 칸(접수번호·기업·항목·만점)이나 숨은 칸이 바뀌었습니다.",
            "A locked or hidden cell of this row was changed.",
        ),
        "offline_twice": say("같은 행이 두 번 있습니다.", "This row stands twice."),
        "offline_missing": say("평가표에서 빠진 행입니다.", "This row is missing from the sheet."),
        "offline_points": say(
            "점수는 0부터 {most}까지 숫자로 적어 주세요.", "Points must be a number from 0 to {most}."
        ),
        "offline_na": say("이 항목에는 '해당 없음'을 쓸 수 없습니다.", "This criterion always applies."),
        "offline_na_word": say(
            "'해당 없음' 칸에는 O만 적거나 비워 주세요.", "Write O in “not applicable”, or leave it empty."
        ),
        "offline_both": say(
            "점수와 '해당 없음' 가운데 하나만 적어 주세요.", "Give either points or “not applicable”, not both."
        ),
        "offline_tier": say("유형은 선도모델·고도화·기초 가운데 하나입니다.", "The tier is one of the three."),
        "offline_text": say("{most}자까지 적을 수 있습니다.", "At most {most} characters."),
        "offline_gone": say("이 건은 이제 맡고 있지 않습니다.", "This case is not on your desk any more."),
        "offline_locked": say(
            "이미 내 점수를 확정했습니다. 확정한 점수는 바꿀 수 없습니다.",
            "Your own score is locked; it can't be changed.",
        ),
        "offline_changed_online": say(
            "내려받은 뒤에 화면에서 고친 칸입니다. 화면의 내용을 그대로 둡니다.",
            "This was changed online after the download; what stands online is kept.",
        ),
        "offline_case_left": say(
            "같은 건의 다른 행 때문에 함께 뺍니다.", "Left out together with another row of the same case."
        ),
        "offline_blocked": say(
            "쓸 수 없는 행이 있어 아무것도 반영하지 않았습니다.", "Some rows can't be used, so nothing was taken over."
        ),
        "offline_plan_changed": say(
            "그사이 온라인 내용이 바뀌어 다시 견주었습니다. 확인하고 다시 눌러 주세요.",
            "Something changed online meanwhile, so it was compared anew. Please look and press again.",
        ),
        "offline_nothing_new": say("반영할 새 내용이 없습니다.", "There is nothing new to take over."),
    }
)

BLOCKING = frozenset(
    {
        "offline_foreign",
        "offline_altered",
        "offline_twice",
        "offline_missing",
        "offline_points",
        "offline_na",
        "offline_na_word",
        "offline_both",
        "offline_tier",
        "offline_text",
    }
)
"""Refusals of a row that refuse the whole sheet; the others leave one case out."""


# --- one row --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """What one row of the sheet is about. title, firm: as they are printed; most: None where no points are given."""

    key: str
    code: str
    number: str
    firm: str
    title: str
    most: int | None
    na_allowed: bool
    now: Mapping[str, Any]

    @property
    def base(self) -> str:
        """A fingerprint of what stands there now."""
        return _digest(self.now)[:16]


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _sign(sheet: ScoreSheet, *parts: Any) -> str:
    text = json.dumps([sheet.key, *(str(part) for part in parts)], ensure_ascii=False)
    return hmac.new(sheet.secret.encode(), text.encode(), hashlib.sha256).hexdigest()[:24]


def _lines(assignment: Assignment, phase: Phase) -> list[Line]:
    sheet, review = rubric.load(assignment.panel.rubric), assignment.review
    number, firm = assignment.application.number or "", _tidy(str(masking.firm_of(assignment.application, phase)))

    def line(code: str, title: Words, most: int | None, na: bool, now: Mapping[str, Any]) -> Line:
        return Line(assignment.key, code, number, firm, _tidy(str(title)), most, na, now)

    return [
        *(
            line(one.code, one.title, one.points, one.not_applicable_allowed, _stands(review, one))
            for one in sheet.criteria
        ),
        line(COMMENT, say("종합 의견", "General comment"), None, False, {"comment": _tidy(review.comment)}),
        line(
            TIER,
            say("내가 보는 유형", "Own tier"),
            None,
            False,
            {"tier": review.own_tier.value if review.own_tier else None},
        ),
    ]


def _stands(review: Review, criterion: Criterion) -> dict[str, Any]:
    row = review.scores.get(criterion.code) or {}
    points = row.get("points")
    return {
        "points": None if points is None else float(points),
        "na": bool(row.get("na")),
        "comment": _tidy(row.get("comment")),
    }


def _tidy(text: str | None) -> str:
    """A text as it survives a workbook: composed, one kind of line break, no control characters."""
    text = unicodedata.normalize("NFC", text or "").replace("\r\n", "\n").replace("\r", "\n")
    return _UNWANTED.sub("", text).strip()


_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]|_x000D_")


# --- out ------------------------------------------------------------------------------------------------------


def portable(actor: Actor, call: str = "") -> Sequence[Assignment]:
    """The own cases that can be taken along: opened, not locked, in a running evaluation; in the evaluator's order."""
    select = (
        queries.visible_to(actor)
        .join(Application, Application.id == Assignment.application_id)
        .join(Review, Review.assignment_id == Assignment.id)
        .where(
            Assignment.state == AssignmentState.OPENED,
            Review.own_locked_at.is_(None),
            Application.status.in_(IN_EVALUATION),
        )
        .options(
            joinedload(Assignment.application).options(*map(lazyload, LINES)),
            joinedload(Assignment.review),
            joinedload(Assignment.panel),
        )
        .order_by(Assignment.place, Assignment.id)
    )
    if call:
        select = select.join(Call, Call.id == Application.call_id).where(Call.key == call)
    return session.scalars(select).unique().all()


def take_along(actor: Actor, call: str = "") -> bytes:
    """The sheet of the own open cases. Raises: RuleBroken offline_nothing. Notes: keeps what has to come back"""
    with transaction():
        cases = portable(actor, call)
        if not cases:
            raise RuleBroken("offline_nothing")
        kept = plans.phases_by_call({one.application.call_id for one in cases})
        lines = [_lines(one, phase_at(kept[one.application.call_id], one.application.status)) for one in cases]
        sheet = ScoreSheet(
            evaluator_id=actor.id,
            secret=secrets.token_hex(32),
            rows={one.key: [line.code for line in rows] for one, rows in zip(cases, lines, strict=True)},
        )
        session.add(sheet)
        session.flush()
        sheets = {one.panel.rubric: rubric.load(one.panel.rubric) for one in cases}
        audit.record(actor, "score_sheet.take", "score_sheet", sheet.id, {"cases": [one.id for one in cases]})
        return _workbook(sheet, lines, list(sheets.values()))


HEAD = (
    say("접수번호", "Receipt number"),
    say("신청기업", "Applicant"),
    say("항목", "Criterion"),
    say("만점", "Most"),
    say("점수 · 유형", "Points · tier"),
    say("해당 없음 (O)", "Not applicable (O)"),
    say("의견 (신청기업이 읽습니다)", "Comment (the firm reads it)"),
)
HELP = (
    say("노란 칸만 적을 수 있습니다: 점수·유형, 해당 없음, 의견.", "Only the yellow cells can be filled in."),
    say("행을 지우거나 더하거나 순서 밖의 내용을 붙이지 마세요. 한 행이라도 어긋나면 아무것도 반영하지 않습니다.",
        "Don't delete or add rows: when one row is wrong, nothing is taken over."),
    say("다 적으면 '내 평가 → 오프라인 평가표'에서 올려 주세요. 무엇이 바뀌는지 먼저 보여 드립니다.",
        "Upload it under “My reviews → Offline sheet”; you see first what would change."),
    say("항목 판단(인정·정정)과 점수 확정, 제출은 화면에서 합니다.",
        "Item verdicts, locking and submitting are done online."),
)  # fmt: skip


def _workbook(sheet: ScoreSheet, cases: Sequence[Sequence[Line]], sheets: Sequence[rubric.Rubric]) -> bytes:
    from openpyxl import Workbook  # only this export needs it
    from openpyxl.styles import Alignment, Font, PatternFill, Protection
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.cell_range import MultiCellRange
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook()
    book.properties.creator = ""
    page = book.active
    page.title = str(say("점수", "Scores"))
    wrap, top = Alignment(wrap_text=True, vertical="top"), Alignment(vertical="top")
    open_cell, yellow, grey = (
        Protection(locked=False),
        PatternFill("solid", fgColor="FFF7D6"),
        PatternFill("solid", fgColor="F1F3F5"),
    )
    bold = Font(bold=True)
    spots: dict[str, list[str]] = {"points": [], "mark": [], "tier": []}
    for column, words in enumerate(HEAD, start=1):
        cell = page.cell(1, column, str(words))
        cell.font, cell.fill, cell.alignment = bold, grey, wrap
    for column, text in enumerate((sheet.key, "code", "base", "sign"), start=8):
        page.cell(1, column, text)

    def text(row: int, column: int, value: str) -> Any:
        cell = page.cell(row, column)
        cell.value, cell.data_type, cell.alignment = value, "s", wrap  # a leading "=" stays a text
        return cell

    row = 1
    for place, rows in enumerate(cases):
        criteria = sum(line.most is not None for line in rows)
        spots["points"].append(f"E{row + 1}:E{row + criteria}")
        for line in rows:
            row += 1
            for column, value in ((1, line.number), (2, line.firm), (3, line.title)):
                cell = text(row, column, value)
                if place % 2:
                    cell.fill = grey
            if line.most is not None:
                page.cell(row, 4, line.most).alignment = top
            points = page.cell(row, 5)
            points.alignment = top
            if line.code != COMMENT:
                points.protection, points.fill = open_cell, yellow
            if line.most is not None:
                points.value = line.now["points"]
            elif line.code == TIER:
                points.value = str(Tier(line.now["tier"]).label) if line.now["tier"] else None
                spots["tier"].append(points.coordinate)
            if line.na_allowed:
                absent = page.cell(row, 6, "O" if line.now["na"] else None)
                absent.protection, absent.fill = open_cell, yellow
                spots["mark"].append(absent.coordinate)
            if line.code != TIER:
                comment = text(row, 7, line.now["comment"])
                comment.value = line.now["comment"] or None
                comment.protection, comment.fill = open_cell, yellow
            signed = _sign(sheet, line.key, line.code, line.number, line.firm, line.title, line.most, line.base)
            for column, value in enumerate((line.key, line.code, line.base, signed), start=8):
                text(row, column, value)
    rules = {
        "points": DataValidation(type="decimal", operator="between", formula1="0", formula2="$D2", allow_blank=True),
        "mark": DataValidation(type="list", formula1='"O"', allow_blank=True),
        "tier": DataValidation(
            type="list", formula1=f'"{",".join(str(one.label) for one in reversed(TIERS))}"', allow_blank=True
        ),
    }
    for name, rule in rules.items():
        if spots[name]:
            rule.sqref = MultiCellRange(" ".join(spots[name]))
            page.add_data_validation(rule)
    for width, column in zip((18, 24, 26, 7, 12, 10, 70), "ABCDEFG", strict=True):
        page.column_dimensions[column].width = width
    for column in range(8, 12):
        page.column_dimensions[get_column_letter(column)].hidden = True
    page.freeze_panes = "E2"
    page.protection.sheet = True
    page.protection.formatColumns = page.protection.formatRows = False  # False: allowed although the sheet is protected
    page.page_setup.orientation, page.page_setup.fitToHeight = "landscape", 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_title_rows = "1:1"
    _help_page(book, sheets)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _help_page(book: Any, sheets: Sequence[rubric.Rubric]) -> None:
    """How to fill it in, and the described bands of each score sheet."""
    page = book.create_sheet(str(say("안내", "Help")))
    page.column_dimensions["A"].width, page.column_dimensions["B"].width = 30, 100
    for words in HELP:
        page.append(["", str(words)])
    for one in sheets:
        page.append([])
        page.append([f"{one.title} ({one.reference})"])
        for criterion in one.criteria:
            page.append([f"{criterion.title} / {criterion.points}", str(criterion.question)])
            for band in criterion.bands:
                page.append([f"{band.least}–{band.most}", str(band.text)])
    page.protection.sheet = True


# --- in: reading ------------------------------------------------------------------------------------------------


def upload(actor: Actor, stream: IO[bytes], filename: str) -> SheetImport:
    """Keep a sheet that came back and read its cells; nothing of it is taken over yet.

    Raises: RuleBroken (file) file_kind, file_too_large, file_mismatch, file_bomb, offline_unreadable, offline_long,
            offline_not_yours
    """
    written = files.write(stream, filename, kinds=("xlsx",), max_bytes=MAX_BYTES, field="file")
    with files.open_blob(written.sha256) as content:  # before the transaction: nobody else's write waits for the reading
        sheet_key, cells = _cells(content)
    with transaction():
        stored = files.keep(written)
        sheet = session.scalar(sa.select(ScoreSheet).where(ScoreSheet.key == sheet_key))
        if sheet is None or sheet.evaluator_id != actor.id:
            raise RuleBroken("offline_not_yours", "file")
        row = SheetImport(
            evaluator_id=actor.id,
            sheet_id=sheet.id,
            filename=stored.filename,
            file_sha256=stored.sha256,
            cells=cells,
        )
        session.add(row)
        session.flush()
        audit.record(actor, "score_sheet.upload", "score_sheet", sheet.id, {"import": row.id, "sha256": stored.sha256})
        return row


def _cells(content: IO[bytes]) -> tuple[str, list[dict[str, Any]]]:
    """The sheet's key and its rows as plain text and numbers. Raises: RuleBroken offline_unreadable, offline_long"""
    try:
        (page,) = workbooks.read(content, pages=1, columns=11, rows=MAX_ROWS)
        head = page[0]
    except workbooks.TooLong as error:
        raise RuleBroken("offline_long", "file", most=MAX_ROWS) from error
    except (workbooks.Unreadable, ValueError, IndexError) as error:
        raise RuleBroken("offline_unreadable", "file") from error
    if not isinstance(head[7], str) or len(head[7]) > 40:
        raise RuleBroken("offline_unreadable", "file")
    names = ("number", "firm", "title", "most", "points", "na", "comment", "key", "code", "base", "sign")
    cells = []
    for number, values in enumerate(page[1:], start=2):
        values = [*map(_plain, values)]
        if any(value is not None for value in values):
            cells.append({"row": number, **dict(zip(names, values, strict=True))})
    return head[7], cells


def _plain(value: Any) -> str | float | None:
    if value is None or isinstance(value, bool):
        return None if value is None else str(value)
    if isinstance(value, int | float):
        return float(value) if value == value and abs(value) < 1e9 else str(value)
    return _tidy(str(value)[:5000]) or None


# --- in: comparing ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RowReport:
    """One row of the sheet against what stands now. row: its number, None for a missing one; changes: before → after."""

    row: int | None
    number: str
    title: str
    verdict: Verdict
    before: str = ""
    after: str = ""

    @property
    def blocks(self) -> bool:
        return self.verdict.code in BLOCKING


@dataclass(frozen=True)
class Report:
    """What taking the sheet over would do. take: assignment key → code → new content, of the cases that are taken."""

    rows: tuple[RowReport, ...]
    take: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)

    @property
    def blocked(self) -> int:
        return sum(row.blocks for row in self.rows)

    @property
    def refused(self) -> list[RowReport]:
        """Those with a reason of their own first."""
        lost = [row for row in self.rows if not row.verdict]
        return sorted(lost, key=lambda row: row.verdict.code == "offline_case_left")

    @property
    def changed(self) -> list[RowReport]:
        return [row for row in self.rows if row.verdict and row.before != row.after]

    @property
    def left_out(self) -> int:
        """Cases that stay as they are online."""
        return len({row.number for row in self.refused})

    @property
    def digest(self) -> str:
        """What a person agreed to: the same rows with the same verdicts, over the same contents."""
        return _digest([[(one.row, one.verdict.code, one.before, one.after) for one in self.rows], self.take])


def import_by_key(actor: Actor, key: str) -> SheetImport:
    """One own import. Raises: NotVisible"""
    row = session.scalar(sa.select(SheetImport).where(SheetImport.key == key))
    if row is None or row.evaluator_id != actor.id:
        raise NotVisible
    return row


def compare(actor: Actor, imported: SheetImport) -> Report:
    """Each row of a sheet that came back, and what taking it over would do now. Changes nothing."""
    sheet = session.get(ScoreSheet, imported.sheet_id)
    live = _live(actor, list(sheet.rows))
    kept = plans.phases_by_call({one.application.call_id for one in live.values()})
    closed = {
        key: _closed(one, phase_at(kept[one.application.call_id], one.application.status)) for key, one in live.items()
    }
    now = {
        (key, line.code): line
        for key, one in live.items()
        if one.review is not None
        for line in _lines(one, phase_at(kept[one.application.call_id], one.application.status))
    }
    rows: list[tuple[str, RowReport]] = []
    take: dict[str, dict[str, Mapping[str, Any]]] = {}
    seen: set[tuple[str, str]] = set()
    for cell in imported.cells:
        key, code = str(cell["key"] or ""), str(cell["code"] or "")
        shown = (str(cell["number"] or "-"), str(cell["title"] or "-"))
        verdict = _genuine(sheet, cell, seen)
        seen.add((key, code))
        if not verdict:
            rows.append((key, RowReport(cell["row"], *shown, verdict)))
            continue
        if key not in live:
            rows.append((key, RowReport(cell["row"], *shown, no("offline_gone"))))
            continue
        if not closed[key]:
            rows.append((key, RowReport(cell["row"], *shown, closed[key])))
            continue
        line = now[key, code]
        verdict, after = _read(line, cell)
        if verdict and _digest(after)[:16] == cell["base"]:
            after = line.now  # nothing was typed here: what stands online stays
        if verdict and after != line.now and cell["base"] != line.base:
            verdict = no("offline_changed_online")
        report = RowReport(cell["row"], *shown, verdict, _in_words(line.now), _in_words(after) if verdict else "")
        rows.append((key, report))
        if verdict and after != line.now:
            take.setdefault(key, {})[code] = after
    for key, codes in sheet.rows.items():
        for code in codes:
            if (key, code) not in seen:
                number = live[key].application.number if key in live else "-"
                title = now[key, code].title if (key, code) in now else code
                rows.append((key, RowReport(None, number or "-", title, no("offline_missing"))))
    refused = {key for key, one in rows if not one.verdict}
    told = tuple(
        RowReport(one.row, one.number, one.title, no("offline_case_left"), one.before, one.before)
        if key in refused and one.verdict and one.before != one.after
        else one
        for key, one in rows
    )
    return Report(told, {key: codes for key, codes in take.items() if key not in refused})


def _live(actor: Actor, keys: Sequence[str]) -> dict[str, Assignment]:
    found: dict[str, Assignment] = {}
    for start in range(0, len(keys), 400):  # a statement takes so many values
        rows = session.scalars(
            queries.visible_to(actor)
            .where(Assignment.key.in_(keys[start : start + 400]))
            .options(
                joinedload(Assignment.application).options(*map(lazyload, LINES)),
                joinedload(Assignment.review),
                joinedload(Assignment.panel).joinedload(Panel.decision),
            )
        ).unique()
        found.update({one.key: one for one in rows})
    return found


def _closed(assignment: Assignment, phase: Phase) -> Verdict:
    """Whether a score may still be written on this case: late, submitted and locked ones may not."""
    if assignment.state is AssignmentState.SUBMITTED:
        return no("evaluation_submitted")
    if assignment.panel.decision is not None:
        return no("evaluation_decided")
    if assignment.application.status not in IN_EVALUATION:
        return no("evaluation_closed")
    if assignment.review is None:
        return no("evaluation_not_opened")
    if assignment.review.own_locked_at is not None:
        return no("offline_locked")
    return phase.accepts(clock.today())


def _genuine(sheet: ScoreSheet, cell: Mapping[str, Any], seen: set[tuple[str, str]]) -> Verdict:
    """Whether a row is one of those that left, unaltered, and here for the first time."""
    key, code = str(cell["key"] or ""), str(cell["code"] or "")
    if code not in sheet.rows.get(key, ()):
        return no("offline_foreign")
    most = cell["most"]
    most = int(most) if isinstance(most, float) and most.is_integer() else most
    signed = _sign(
        sheet, key, code, cell["number"] or "", cell["firm"] or "", cell["title"] or "", most, cell["base"] or ""
    )
    if not hmac.compare_digest(signed, str(cell["sign"] or "")):
        return no("offline_altered")
    return no("offline_twice") if (key, code) in seen else YES


def _read(line: Line, cell: Mapping[str, Any]) -> tuple[Verdict, Mapping[str, Any]]:
    """What a row says now. Points keep two places."""
    comment = "" if cell["comment"] is None else _as_text(cell["comment"])
    most = LENGTHS.get(line.code, LENGTH)
    if len(comment) > most:
        return no("offline_text", most=most), line.now
    if line.code == COMMENT:
        return YES, {"comment": comment}
    if line.code == TIER:
        return _read_tier(cell["points"])
    absent, points = cell["na"], cell["points"]
    if absent is not None and _as_text(absent).lower() not in YES_WORDS:
        return no("offline_na_word"), line.now
    if absent is not None and not line.na_allowed:
        return no("offline_na"), line.now
    if absent is not None and points is not None:
        return no("offline_both"), line.now
    if points is not None:
        try:
            points = round(float(str(points).removesuffix("점").strip()), 2)
        except ValueError:
            return no("offline_points", most=line.most), line.now
        if not 0 <= points <= (line.most or 0):
            return no("offline_points", most=line.most), line.now
    return YES, {"points": points, "na": absent is not None, "comment": comment}


def _read_tier(value: Any) -> tuple[Verdict, Mapping[str, Any]]:
    if value is None:
        return YES, {"tier": None}
    for tier in TIERS:
        if str(value).strip() in (tier.value, tier.label.ko, tier.label.en):
            return YES, {"tier": tier.value}
    return no("offline_tier"), {"tier": None}


def _as_text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).strip()


def _in_words(content: Mapping[str, Any]) -> str:
    if "tier" in content:
        return str(Tier(content["tier"]).label) if content["tier"] else ""
    points = content.get("points")
    parts = [
        "" if points is None else f"{points:g}",
        str(say("해당 없음", "Not applicable")) if content.get("na") else "",
        content.get("comment") or "",
    ]
    return " · ".join(part for part in parts if part)


# --- in: taking over ----------------------------------------------------------------------------------------------


def take_over(actor: Actor, imported: SheetImport, agreed: str) -> int:
    """Write what the person saw, all cases in one step; a second click changes nothing. Returns: how many cases

    agreed: `Report.digest` of what was shown
    Raises: RuleBroken offline_blocked, offline_plan_changed, offline_nothing_new
    """
    with transaction():
        session.refresh(imported, with_for_update=True)
        if imported.applied_at is not None:
            return imported.cases_applied or 0
        report = compare(actor, imported)
        if report.blocked:
            raise RuleBroken("offline_blocked")
        if report.digest != agreed:
            raise RuleBroken("offline_plan_changed")
        if not report.take:
            raise RuleBroken("offline_nothing_new")
        cases = _live(actor, list(report.take))
        for key, changes in report.take.items():
            review = cases[key].review
            scores = {**review.scores, **{code: row for code, row in changes.items() if code not in (COMMENT, TIER)}}
            tier = changes.get(TIER, {}).get("tier")
            service.save_review(
                actor,
                cases[key],
                None,
                scores=scores,
                comment=changes.get(COMMENT, {}).get("comment"),
                own_tier=Tier(tier) if tier else None,
            )
        imported.applied_at, imported.cases_applied = clock.now(), len(report.take)
        audit.record(
            actor,
            "score_sheet.apply",
            "score_sheet",
            imported.sheet_id,
            {"import": imported.id, "cases": sorted(one.id for one in cases.values())},
        )
        return len(report.take)
