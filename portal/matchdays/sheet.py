"""Answers and wishes as a spreadsheet: a template out, a filled one in, row by row; taken over whole or not at all.

One row for each company or supplier, named by its registration number; who has none, by its name. Wishes name others by registration number or by
their exact name; they may come from the same sheet. What the rows would do is shown first; nothing is written before
somebody agrees to exactly that.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

import sqlalchemy as sa

from portal.accounts.models import Organisation
from portal.accounts.rules import OrganisationKind
from portal.base import audit, clock, files, workbooks
from portal.base.access import YES, Actor, RuleBroken, RulesBroken, Verdict, ensure, no
from portal.base.db import session, transaction
from portal.base.words import define, say
from portal.matchdays import queries, rules, service, timetable
from portal.matchdays.models import Attendee, MatchDay, WishSheet
from portal.matchdays.rules import MOST_WISHES, AttendeeState, Reply, Side
from portal.reference import queries as reference

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_BYTES = 4 * 1024 * 1024
MAX_ROWS = 1_000
FIXED = (
    say("구분", "Side"),
    say("사업자등록번호", "Registration number"),
    say("기업 이름", "Name"),
    say("참가", "Takes part"),
    say("상담하고 싶은 일", "What to talk about"),
    say("가장 많이 만날 수", "Meetings at most"),
    say("못 오는 시간", "Away at"),
)
REFUSES, REMARK = say("만나지 않을 곳", "Does not meet"), say("비고", "Remark")
COLUMNS = len(FIXED) + MOST_WISHES + 2
YES_WORDS = frozenset({"예", "네", "참가", "o", "○", "y", "yes", "1"})
NO_WORDS = frozenset({"아니요", "아니오", "불참", "x", "n", "no", "0"})

CODES = define(
    {
        "matchday_sheet_unreadable": say(
            "읽을 수 없는 파일입니다. 이 화면에서 받은 엑셀 양식을 채워 올려 주세요.",
            "This file can't be read. Please fill in the template from this page.",
        ),
        "matchday_sheet_long": say("행이 너무 많습니다 ({most}행까지).", "Too many rows (at most {most})."),
        "matchday_sheet_empty": say("채워진 행이 없습니다.", "No row is filled in."),
        "matchday_sheet_side": say("구분은 도입기업이나 공급기업으로 적어 주세요.", "The side is company or supplier."),
        "matchday_sheet_number": say(
            "사업자등록번호 10자리를 적어 주세요.", "Please give the registration number (10 digits)."
        ),
        "matchday_sheet_unknown": say(
            "포털에 등록되지 않은 사업자등록번호나 이름입니다.", "The portal doesn't know this registration number or name."
        ),
        "matchday_sheet_not_fit": say(
            "이 매칭데이에 참가할 수 없는 곳입니다 (지역, 공개되지 않은 공급기업).",
            "It can't take part in this day (region, or a supplier that is not public).",
        ),
        "matchday_sheet_coming": say("참가는 예나 아니요로 적어 주세요.", "Say yes or no under “takes part”."),
        "matchday_sheet_twice": say("같은 기업이 두 번 있습니다.", "The same organisation stands twice."),
        "matchday_sheet_most": say("가장 많이 만날 수는 1부터 {most}까지입니다.", "Meetings at most: 1 to {most}."),
        "matchday_sheet_away": say(
            "못 오는 시간은 1부터 {most}까지의 번호를 쉼표로 나누어 적어 주세요.",
            "Away at: numbers from 1 to {most}, with commas.",
        ),
        "matchday_sheet_wish": say("‘{text}’은(는) 이 날 참가하는 상대가 아닙니다.", "“{text}” does not take part on the other side."),
        "matchday_sheet_wish_twice": say("‘{text}’을(를) 두 번 적었습니다.", "“{text}” stands twice."),
        "matchday_sheet_blocked": say(
            "쓸 수 없는 행이 있어 아무것도 반영하지 않았습니다.", "Some rows can't be used, so nothing was taken over."
        ),
    }
)


# --- out ----------------------------------------------------------------------------------------------------------


def template(day: MatchDay) -> bytes:
    """A sheet to fill in, with everybody who was asked and what they said so far; beside it the list of names."""
    from openpyxl import Workbook  # only an export needs it
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    rows = queries.attendees(day)
    number = {one.id: shown_number(one.organisation) for one in rows}
    called = {one.id: number[one.id] or one.name for one in rows}

    def text(sheet: Any, value: Any) -> Any:
        cell = WriteOnlyCell(sheet, value=None)
        cell.value, cell.data_type, cell.quotePrefix = str(value if value is not None else ""), "s", True
        return cell

    page = book.create_sheet(str(say("참가와 희망", "Answers and wishes")))
    page.freeze_panes = "D2"
    widths = (12, 18, 26, 8, 36, 12, 12, *[18] * MOST_WISHES, 24, 30)
    for at, width in enumerate(widths, start=1):
        page.column_dimensions[get_column_letter(at)].width = width
    wishes = [say("희망 {n}", "Wish {n}").format(n=at) for at in range(1, MOST_WISHES + 1)]
    page.append([text(page, one) for one in (*FIXED, *wishes, REFUSES, REMARK)])
    for one in rows:
        ranked = [called[other] for other in sorted(one.ranks, key=one.ranks.get)][:MOST_WISHES]
        coming = {AttendeeState.COMING: say("예", "yes"), AttendeeState.DECLINED: say("아니요", "no")}.get(one.state, "")
        line = [
            one.side.label, number[one.id], one.name, coming, one.need, one.most or "",
            ", ".join(str(slot + 1) for slot in one.away), *ranked, *[""] * (MOST_WISHES - len(ranked)),
            ", ".join(called[other] for other in sorted(one.refused)), "",
        ]  # fmt: skip
        page.append([text(page, value) for value in line])
    names = book.create_sheet(str(say("참가 목록", "Who takes part")))
    for column, width in zip("ABCD", (12, 18, 30, 40), strict=True):
        names.column_dimensions[column].width = width
    names.append([text(names, one) for one in FIXED[:3]])
    for one in rows:
        names.append([text(names, value) for value in (one.side.label, number[one.id], one.name)])
    times = book.create_sheet(str(say("시간 번호", "Numbers of the slots")))
    for at, (starts_at, ends_at) in enumerate(day.spans, start=1):
        times.append([at, text(times, f"{clock.kst(starts_at):%H:%M}–{clock.kst(ends_at):%H:%M}")])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def shown_number(organisation: Organisation) -> str:
    digits = organisation.registration_number or ""
    return f"{digits[:3]}-{digits[3:5]}-{digits[5:]}" if len(digits) == 10 else ""


# --- in: reading --------------------------------------------------------------------------------------------------


def upload(actor: Actor, key: str, stream: IO[bytes], filename: str) -> WishSheet:
    """Keep a filled sheet and read its cells; nothing of it is taken over yet.

    Raises: RuleBroken (file) file_kind, file_too_large, file_mismatch, file_bomb, matchday_sheet_unreadable,
            matchday_sheet_long, matchday_sheet_empty; matchday_state; NotVisible
    """
    service.ensure_operator(actor)
    ensure(rules.may_enter(queries.by_key(actor, key).state))
    written = files.write(stream, filename, kinds=("xlsx",), max_bytes=MAX_BYTES, field="file")
    with files.open_blob(written.sha256) as content:  # before the transaction: nobody else's write waits for the reading
        cells = _cells(content)
    with transaction():
        day = queries.by_key(actor, key)
        ensure(rules.may_enter(day.state))
        stored = files.keep(written)
        row = WishSheet(
            day_id=day.id, filename=stored.filename, file_sha256=stored.sha256, cells=cells, uploaded_by_id=actor.id
        )
        session.add(row)
        session.flush()
        audit.record(actor, "matchday.sheet_upload", "match_day", day.id, {"sheet": row.id, "sha256": stored.sha256})
        return row


def _cells(content: IO[bytes]) -> list[dict[str, Any]]:
    try:
        (page,) = workbooks.read(content, pages=1, columns=COLUMNS, rows=MAX_ROWS + 1)
    except workbooks.TooLong as error:
        raise RuleBroken("matchday_sheet_long", "file", most=MAX_ROWS) from error
    except (workbooks.Unreadable, ValueError) as error:
        raise RuleBroken("matchday_sheet_unreadable", "file") from error
    found = []
    for number, values in enumerate(page[1:], start=2):
        plain = [*map(_plain, values)]
        if any(plain):
            found.append({"row": number, "cells": plain})
    if not found:
        raise RuleBroken("matchday_sheet_empty", "file")
    return found


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return " ".join(str(value)[:400].split())


# --- in: comparing ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One row: what is wrong with it, or what it would do."""

    row: int
    name: str
    verdict: Verdict
    says: str = ""


@dataclass(frozen=True)
class Report:
    lines: tuple[Line, ...]
    replies: Mapping[int, Reply] = field(default_factory=dict)
    """Organisation → its reply, with the organisations that it wishes for in place of attendees."""

    @property
    def wrong(self) -> list[Line]:
        return [one for one in self.lines if not one.verdict]

    @property
    def right(self) -> list[Line]:
        return [one for one in self.lines if one.verdict]

    @property
    def digest(self) -> str:
        return timetable.digest([[one.row, one.name, one.verdict.code, one.says] for one in self.lines])


def compare(day: MatchDay, sheet: WishSheet) -> Report:
    """Each row, and what taking the sheet over would do now. Changes nothing."""
    known = queries.attendees(day)
    sides = {one.organisation_id: one for one in known if one.state is not AttendeeState.DECLINED}
    read = [_Row(day, cell["row"], cell["cells"]) for cell in sheet.cells]
    coming: dict[Side, dict[str, int]] = {side: {} for side in Side}
    names: dict[int, str] = {one.organisation_id: one.name for one in known}
    for one in sides.values():
        _know(coming[one.side], one.organisation)
    seen: set[int] = set()
    for row in read:
        row.find(day)
        if row.organisation is not None:
            if row.organisation.id in seen:
                row.verdict = no("matchday_sheet_twice")
            seen.add(row.organisation.id)
            names[row.organisation.id] = row.organisation.name
            if row.coming and row.side:
                _know(coming[row.side], row.organisation)
            elif row.coming is False and row.side:
                _forget(coming[row.side], row.organisation)
    lines, replies = [], {}
    for row in read:
        reply = row.reply(day, coming[row.side.other] if row.side else {}) if row.verdict else None
        lines.append(Line(row.number, row.name, row.verdict, _in_words(reply, names) if reply else ""))
        if reply and row.organisation:
            replies[row.organisation.id] = reply
    return Report(tuple(lines), replies if all(one.verdict for one in lines) else {})


def _know(names: dict[str, int], organisation: Organisation) -> None:
    names[organisation.name] = organisation.id
    if organisation.registration_number:
        names[organisation.registration_number] = organisation.id


def _forget(names: dict[str, int], organisation: Organisation) -> None:
    for name in [name for name, key in names.items() if key == organisation.id]:
        del names[name]


class _Row:
    """One row on its way from cells to a reply; `verdict` says the first thing that is wrong with it."""

    def __init__(self, day: MatchDay, number: int, cells: Sequence[str]) -> None:
        self.number = number
        self.side_text, self.digits, self.name, self.coming_text, self.need, self.most_text, self.away_text = cells[:7]
        self.wishes = [one for one in cells[7 : 7 + MOST_WISHES] if one]
        self.refuses = [one.strip() for one in cells[7 + MOST_WISHES].replace(";", ",").split(",") if one.strip()]
        self.remark = cells[8 + MOST_WISHES]
        self.verdict: Verdict = YES
        self.organisation: Organisation | None = None
        self.side = next(
            (
                side
                for side in Side
                if self.side_text.lower() in (side.value, side.label.ko, side.label.en.lower())
            ),
            None,
        )
        said = self.coming_text.lower()
        self.coming = True if said in YES_WORDS else False if said in NO_WORDS else None

    def find(self, day: MatchDay) -> None:
        digits = "".join(char for char in self.digits if char.isdigit())
        if self.side is None:
            self.verdict = no("matchday_sheet_side")
        elif len(digits) != 10 and (digits or not self.name):
            self.verdict = no("matchday_sheet_number")
        elif self.coming is None:
            self.verdict = no("matchday_sheet_coming")
        else:
            kind = OrganisationKind.COMPANY if self.side is Side.COMPANY else OrganisationKind.SUPPLIER
            named = Organisation.registration_number == digits if digits else Organisation.name == self.name
            found = session.scalars(sa.select(Organisation).where(named, Organisation.kind == kind).limit(2)).all()
            if len(found) != 1:  # a name that two bear names nobody
                self.verdict = no("matchday_sheet_number" if found else "matchday_sheet_unknown")
                return
            self.organisation = found[0]
            self.name = self.organisation.name
            if self.coming and not self._fits(day):
                self.verdict = no("matchday_sheet_not_fit")

    def _fits(self, day: MatchDay) -> bool:
        if self.organisation.closed_at is not None:
            return False
        if self.side is Side.SUPPLIER:
            return service.is_public(self.organisation.id)
        return not day.region or day.region in reference.containing(self.organisation.region)

    def reply(self, day: MatchDay, others: Mapping[str, int]) -> Reply | None:
        """The row's reply, or None with `verdict` set. Wishes stand as organisations."""
        most = None
        if self.most_text:
            if not self.most_text.isdigit() or not 1 <= int(self.most_text) <= day.slots:
                self.verdict = no("matchday_sheet_most", most=day.slots)
                return None
            most = int(self.most_text)
        away: list[int] = []
        for part in self.away_text.replace(";", ",").split(","):
            if part.strip():
                if not part.strip().isdigit() or not 1 <= int(part) <= day.slots:
                    self.verdict = no("matchday_sheet_away", most=day.slots)
                    return None
                away.append(int(part) - 1)
        if self.coming and len(set(away)) >= day.slots:
            self.verdict = no("matchday_no_time")
            return None
        if self.coming and self.side is Side.COMPANY and not self.need:
            self.verdict = no("matchday_need")
            return None
        found: list[int] = []
        for text in (*self.wishes, *self.refuses):
            digits = "".join(char for char in text if char.isdigit())
            other = others.get(text) or others.get(digits if len(digits) == 10 else "")
            if self.coming and other is None:
                self.verdict = no("matchday_sheet_wish", text=text[:40])
                return None
            if other in found:
                self.verdict = no("matchday_sheet_wish_twice", text=text[:40])
                return None
            found.append(other or 0)
        return Reply(
            coming=bool(self.coming),
            ranks={other: at for at, other in enumerate(found[: len(self.wishes)], start=1)} if self.coming else {},
            refused=found[len(self.wishes) :] if self.coming else (),
            need=self.need,
            most=most,
            away=away,
            note=self.remark,
        )


def _in_words(reply: Reply, names: Mapping[int, str]) -> str:
    if not reply.coming:
        return str(AttendeeState.DECLINED.label)
    parts = [f"{rank} {names[other]}" for other, rank in sorted(reply.ranks.items(), key=lambda pair: pair[1])]
    parts += [f"× {names[other]}" for other in reply.refused]
    return " · ".join([str(AttendeeState.COMING.label), *parts])


# --- in: taking over ------------------------------------------------------------------------------------------------


def take_over(actor: Actor, key: str, sheet_key: str, agreed: str) -> int:
    """Write every row in one step, or nothing; a second click changes nothing. Returns: how many rows

    agreed: `Report.digest` of what was shown
    Raises: RuleBroken matchday_state, matchday_sheet_blocked, matchday_changed, matchday_full; NotVisible
    """
    service.ensure_operator(actor)
    with transaction():
        day = queries.by_key(actor, key, lock=True)
        sheet = queries.sheet(day, sheet_key)
        if sheet.applied_at is not None:
            return sheet.rows_applied or 0
        ensure(rules.may_enter(day.state))
        report = compare(day, sheet)
        if report.wrong:
            raise RuleBroken("matchday_sheet_blocked")
        if report.digest != agreed:
            raise RuleBroken("matchday_changed")
        houses = {
            one.id: one for one in session.scalars(sa.select(Organisation).where(Organisation.id.in_(report.replies)))
        }
        seats: dict[int, Attendee] = {
            one.organisation_id: one for one in queries.attendees(day)
        }
        for house in sorted(report.replies):
            if house not in seats:
                seats[house] = service.seat_at(actor, day, houses[house])
        # who comes first, so that everybody may be wished for
        for house, reply in report.replies.items():
            seats[house].state = AttendeeState.COMING if reply.coming else AttendeeState.DECLINED
        session.flush()
        for house, reply in report.replies.items():
            try:
                service.take(
                    actor,
                    day,
                    houses[house],
                    Reply(
                        **{
                            **reply.__dict__,
                            "ranks": {seats[other].id: rank for other, rank in reply.ranks.items()},
                            "refused": [seats[other].id for other in reply.refused],
                        }
                    ),
                )
            except RulesBroken as broken:  # the report says what it found; what only the answer's own rules find stops all
                raise RuleBroken("matchday_sheet_blocked") from broken
        sheet.applied_at, sheet.rows_applied = clock.now(), len(report.replies)
        audit.record(
            actor, "matchday.sheet_apply", "match_day", day.id, {"sheet": sheet.id, "rows": len(report.replies)}
        )
        return len(report.replies)
