"""Read `data/programmes.toml`, `documents.toml` and `targets.toml`, and refuse every broken entry by its line.

Pure, like `reference.loading`: nothing is returned unless the whole file is sound.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from portal.base.words import Words, say
from portal.programmes.rules import ProgrammeKind, ProgrammeStatus, Sureness, SystemLevel, Tier
from portal.reference.loading import DATA, BrokenData, Reading, read_technologies
from portal.reference.rules import SizeClass


@dataclass(frozen=True)
class ProgrammeRow:
    code: str
    ko: str
    en: str
    summary_ko: str
    summary_en: str
    tiers: tuple[Tier, ...]
    kind: ProgrammeKind
    audience: str
    status: ProgrammeStatus
    level_min: int | None
    target_level: int | None
    ceiling_krw: int | None
    ceiling_same_level_krw: int | None
    ceiling_note_ko: str
    ceiling_note_en: str
    subsidy_ratio: float | None
    partner_ratio: float | None
    own_ratio: float | None
    months: int | None
    months_same_level: int | None
    consortium: bool
    scope: tuple[str, ...]
    sizes: tuple[SizeClass, ...]
    regional: bool
    documents: tuple[str, ...]
    valid_from: date | None
    valid_to: date | None
    source: str
    sureness: Sureness
    figures: Sureness


@dataclass(frozen=True)
class DocumentKind:
    """A paper that an application may ask for.

    on_file: kept and reused while valid · made_here: made by the portal itself · months: 0 = valid until it changes
    """

    code: str
    ko: str
    en: str
    hint_ko: str
    hint_en: str
    on_file: bool
    made_here: bool
    months: int
    optional: bool
    sureness: Sureness

    @property
    def label(self) -> Words:
        return say(self.ko, self.en)

    @property
    def hint(self) -> Words:
        return say(self.hint_ko, self.hint_en)


@dataclass(frozen=True)
class GoalRow:
    set_code: str
    set_ko: str
    set_en: str
    announced_on: date
    count_from: date
    due_on: date
    is_primary: bool
    code: str
    ko: str
    en: str
    unit: str
    start: int | None
    value: int
    tiers: tuple[Tier, ...]
    source: str
    sureness: Sureness


class Entry:
    """One table of a TOML file; what is missing, odd or unknown in it is noted with the line it begins on."""

    def __init__(self, values: dict[str, Any], line: int, reading: Reading):
        self.values, self.line, self.reading = dict(values), line, reading

    def refuse(self, ko: str, en: str) -> None:
        name = self.values.get("code", "")
        self.reading.refuse(self.line, f"{name}: {ko}" if name else ko, f"{name}: {en}" if name else en)

    def take(self, name: str, kind: type | tuple[type, ...], default: Any = ...) -> Any:
        value = self.values.get(name, default)
        if value is ...:
            self.refuse(f"‘{name}’이(가) 없습니다.", f"'{name}' is missing.")
            return None
        if value is not default and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
            self.refuse(f"‘{name}’의 값이 알맞지 않습니다.", f"'{name}' has the wrong kind of value.")
            return None
        return value

    def text(self, name: str, default: Any = ...) -> str:
        value = self.take(name, str, default)
        if value == "" and default is ...:
            self.refuse(f"‘{name}’이(가) 비어 있습니다.", f"'{name}' is empty.")
        return value or ""

    def one_of(self, name: str, kind: Any, default: Any = ...) -> Any:
        value = self.take(name, str, default)
        if value is None or value not in [str(member.value) for member in kind]:
            if value is not None:
                self.refuse(f"‘{name}’의 ‘{value}’을(를) 알 수 없습니다.", f"unknown '{value}' in '{name}'.")
            return None
        return kind(value)

    def some_of(self, name: str, known: Collection[str]) -> tuple[str, ...]:
        found = self.take(name, list, [])
        for value in found or []:
            if value not in known:
                self.refuse(f"‘{name}’의 ‘{value}’을(를) 알 수 없습니다.", f"unknown '{value}' in '{name}'.")
        return tuple(value for value in found or [] if value in known)

    def number(self, name: str, low: float, high: float, *, whole: bool = True, default: Any = None) -> Any:
        value = self.take(name, int if whole else (int, float), default)
        if value is not None and not low <= value <= high:
            self.refuse(f"‘{name}’은(는) {low}~{high}이어야 합니다.", f"'{name}' must be within {low}-{high}.")
        return value

    def day(self, name: str, default: Any = None) -> date | None:
        return self.take(name, date, default)

    def stop_at_unknown(self, known: Collection[str]) -> None:
        for name in self.values:
            if name not in known:
                self.refuse(f"‘{name}’은(는) 모르는 항목입니다.", f"unknown key '{name}'.")


def _entries(path: Path, table: str, reading: Reading) -> list[Entry]:
    """The tables `[[table]]` of a file with the line each begins on."""
    text = path.read_text(encoding="utf-8")
    try:
        found = tomllib.loads(text).get(table, [])
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        reading.refuse(int(line[1]) if line else 0, f"TOML 문법이 틀렸습니다 ({error}).", f"not valid TOML ({error}).")
        reading.stop_if_broken()
    lines = [n for n, line in enumerate(text.splitlines(), 1) if re.match(rf"\s*\[\[\s*{table}\s*\]\]", line)]
    if not found:
        reading.refuse(1, f"[[{table}]]이(가) 하나도 없습니다.", f"there is no [[{table}]].")
    return [Entry(values, line, reading) for values, line in zip(found, lines, strict=False)]


def _refuse_twice(entries: list[Entry]) -> None:
    seen: set[str] = set()
    for entry in entries:
        code = entry.values.get("code")
        if code in seen:
            entry.refuse("코드가 두 번 나옵니다.", "the code appears twice.")
        seen.add(str(code))


MOST_KRW = 10**12


def read_programmes(
    path: Path = DATA / "programmes.toml",
    technologies: Collection[str] | None = None,
    documents: Collection[str] | None = None,
) -> list[ProgrammeRow]:
    """Read the catalogue of programmes.

    technologies, documents: the codes that `scope` and `documents` may name; default: those of `data/`
    Raises: BrokenData naming each broken entry.
    """
    reading = Reading(path.name)
    technologies = technologies if technologies is not None else {row.code for row in read_technologies()}
    documents = documents if documents is not None else {row.code for row in read_documents()}
    entries = _entries(path, "programme", reading)
    _refuse_twice(entries)
    rows = [_programme(entry, technologies, documents) for entry in entries]
    reading.stop_if_broken()
    return rows


def _programme(entry: Entry, technologies: Collection[str], documents: Collection[str]) -> ProgrammeRow:
    entry.stop_at_unknown(ProgrammeRow.__dataclass_fields__)
    code = entry.text("code")
    if code and not re.fullmatch(r"[A-Z][A-Z0-9]{1,11}", code):
        entry.refuse("코드는 대문자와 숫자 2~12자입니다.", "a code is 2-12 capitals and digits.")
    levels = (SystemLevel.NONE, SystemLevel.ADVANCED)
    row = ProgrammeRow(
        code=code,
        ko=entry.text("ko"),
        en=entry.text("en"),
        summary_ko=entry.text("summary_ko"),
        summary_en=entry.text("summary_en"),
        tiers=tuple(Tier(tier) for tier in entry.some_of("tiers", list(Tier))),
        kind=entry.one_of("kind", ProgrammeKind),
        audience=entry.text("audience"),
        status=entry.one_of("status", ProgrammeStatus),
        level_min=entry.number("level_min", *levels),
        target_level=entry.number("target_level", *levels),
        ceiling_krw=entry.number("ceiling_krw", 1, MOST_KRW),
        ceiling_same_level_krw=entry.number("ceiling_same_level_krw", 1, MOST_KRW),
        ceiling_note_ko=entry.text("ceiling_note_ko", ""),
        ceiling_note_en=entry.text("ceiling_note_en", ""),
        subsidy_ratio=entry.number("subsidy_ratio", 0, 1, whole=False),
        partner_ratio=entry.number("partner_ratio", 0, 1, whole=False),
        own_ratio=entry.number("own_ratio", 0, 1, whole=False),
        months=entry.number("months", 1, 60),
        months_same_level=entry.number("months_same_level", 1, 60),
        consortium=bool(entry.take("consortium", bool)),
        scope=entry.some_of("scope", technologies),
        sizes=tuple(SizeClass(size) for size in entry.some_of("sizes", list(SizeClass))),
        regional=bool(entry.take("regional", bool)),
        documents=entry.some_of("documents", documents),
        valid_from=entry.day("valid_from"),
        valid_to=entry.day("valid_to"),
        source=entry.text("source"),
        sureness=entry.one_of("sureness", Sureness),
        figures=entry.one_of("figures", Sureness, ""),
    )
    if row.audience not in ("sme", "supplier"):
        entry.refuse("audience는 sme 또는 supplier입니다.", "audience must be sme or supplier.")
    if row.audience == "sme" and not row.tiers:
        entry.refuse("유형(tiers)이 없습니다.", "tiers are missing.")
    if row.valid_from and row.valid_to and row.valid_to < row.valid_from:
        entry.refuse("valid_to가 valid_from보다 빠릅니다.", "valid_to is before valid_from.")
    shares = [share for share in (row.subsidy_ratio, row.partner_ratio, row.own_ratio) if share is not None]
    if sum(shares) > 1.0001:
        entry.refuse("비율을 더하면 1을 넘습니다.", "the shares add up to more than 1.")
    return row


@cache
def _shipped_documents() -> tuple[DocumentKind, ...]:
    return tuple(_read_documents(DATA / "documents.toml"))


def read_documents(path: Path | None = None) -> tuple[DocumentKind, ...]:
    """Read the kinds of papers; the project's own file is read once.

    Raises: BrokenData naming each broken entry.
    """
    return _shipped_documents() if path is None else tuple(_read_documents(path))


def document_kinds(codes: Collection[str] | None = None) -> list[DocumentKind]:
    """The kinds of papers with these codes, in the file's order; all when none are named."""
    return [kind for kind in read_documents() if codes is None or kind.code in codes]


def _read_documents(path: Path) -> list[DocumentKind]:
    reading = Reading(path.name)
    entries = _entries(path, "document", reading)
    _refuse_twice(entries)
    rows = []
    for entry in entries:
        entry.stop_at_unknown(DocumentKind.__dataclass_fields__)
        rows.append(
            DocumentKind(
                code=entry.text("code"),
                ko=entry.text("ko"),
                en=entry.text("en"),
                hint_ko=entry.text("hint_ko", ""),
                hint_en=entry.text("hint_en", ""),
                on_file=bool(entry.take("on_file", bool)),
                made_here=bool(entry.take("made_here", bool)),
                months=entry.number("months", 0, 120, default=...) or 0,
                optional=bool(entry.take("optional", bool, False)),
                sureness=entry.one_of("sureness", Sureness),
            )
        )
    reading.stop_if_broken()
    return rows


def read_targets(path: Path = DATA / "targets.toml") -> list[GoalRow]:
    """Read the national target sets, one row for each goal.

    Raises: BrokenData naming each broken entry, or a file without exactly one primary set.
    """
    reading = Reading(path.name)
    entries = _entries(path, "set", reading)
    _refuse_twice(entries)
    rows: list[GoalRow] = []
    for entry in entries:
        shared: dict[str, Any] = {
            "set_code": entry.text("code"),
            "set_ko": entry.text("ko"),
            "set_en": entry.text("en"),
            "announced_on": entry.day("announced_on", ...),
            "count_from": entry.day("count_from", ...),
            "due_on": entry.day("due_on", ...),
            "is_primary": bool(entry.take("primary", bool)),
            "source": entry.text("source"),
            "sureness": entry.one_of("sureness", Sureness),
        }
        for values in entry.take("goal", list) or []:
            goal = Entry(values, entry.line, reading)
            rows.append(
                GoalRow(
                    **shared,
                    code=goal.text("code"),
                    ko=goal.text("ko"),
                    en=goal.text("en"),
                    unit=goal.text("unit"),
                    start=goal.take("start", int, None),
                    value=goal.take("value", int),
                    tiers=tuple(Tier(tier) for tier in goal.some_of("tiers", list(Tier))),
                )
            )
    primary = {row.set_code for row in rows if row.is_primary}
    if not reading.faults and len(primary) != 1:
        reading.refuse(1, "primary인 묶음은 하나여야 합니다.", "exactly one set must be primary.")
    reading.stop_if_broken()
    return rows


__all__ = [
    "BrokenData",
    "DocumentKind",
    "GoalRow",
    "ProgrammeRow",
    "document_kinds",
    "read_documents",
    "read_programmes",
    "read_targets",
]
