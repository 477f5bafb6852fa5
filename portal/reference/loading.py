"""Read the files of `data/` and refuse every broken row by file and line number.

Pure: a path in, frozen rows out. Nothing is returned unless the whole file is sound, so that a load is
never half done.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

from portal.base.words import Words, say
from portal.reference.rules import (
    KSIC_LEVELS,
    KSIC_REVISIONS,
    RegionLevel,
    TechnologyFamily,
    clean_ksic,
    is_valid_on,
)

Cell = TypeVar("Cell")

DATA = Path(__file__).resolve().parents[2] / "data"
MAX_BYTES = 20_000_000
MAX_FAULTS = 50


@dataclass(frozen=True)
class Fault:
    """One broken row: where it is and what is wrong with it."""

    file: str
    line: int
    message: Words

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class BrokenData(ValueError):
    """A file was refused; `faults` names each broken row."""

    def __init__(self, faults: list[Fault]):
        self.faults = faults
        super().__init__(faults)

    def __str__(self) -> str:
        shown = [str(fault) for fault in self.faults[:MAX_FAULTS]]
        more = len(self.faults) - len(shown)
        if more > 0:
            shown.append(str(say(f"그 밖에 {more}줄이 더 잘못되었습니다.", f"{more} more broken rows.")))
        return "\n".join(shown)


@dataclass(frozen=True)
class KsicRow:
    revision: int
    code: str
    ko: str
    en: str

    @property
    def level(self) -> str:
        return KSIC_LEVELS[len(self.code)]


@dataclass(frozen=True)
class RegionRow:
    key: str
    level: RegionLevel
    parent: str
    ko: str
    en: str
    official_code: str
    valid_from: date | None
    valid_to: date | None
    successors: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class TechnologyRow:
    code: str
    family: TechnologyFamily
    ko: str
    en: str
    level_from: int | None
    level_to: int | None
    items: tuple[str, ...]
    synonyms_ko: tuple[str, ...]
    synonyms_en: tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    series: str
    year: int
    measure: str
    group: str
    unit: str
    value: Decimal
    ko: str
    en: str
    source: str

    @property
    def label(self) -> Words:
        return say(self.ko, self.en)


@dataclass
class Reading:
    """The faults met so far in one file."""

    file: str
    faults: list[Fault] = field(default_factory=list)

    def refuse(self, line: int, ko: str, en: str) -> None:
        self.faults.append(Fault(self.file, line, say(ko, en)))

    def stop_if_broken(self) -> None:
        if self.faults:
            raise BrokenData(self.faults)


class Row(dict[str, str]):
    """One line of a table, its cells stripped; a missing or odd cell is noted as a fault."""

    def __init__(self, cells: dict[str, str], line: int, reading: Reading):
        super().__init__(cells)
        self.line = line
        self.reading = reading

    def refuse(self, ko: str, en: str) -> None:
        self.reading.refuse(self.line, ko, en)

    def must(self, name: str) -> str:
        if not self[name]:
            self.refuse(f"‘{name}’ 칸이 비어 있습니다.", f"column '{name}' is empty.")
        return self[name]

    def parsed(self, name: str, kind: Callable[[str], Cell], ko: str, en: str) -> Cell | None:
        """Give the cell through `kind`, None when it is empty or does not parse (noted)."""
        if not self[name]:
            return None
        try:
            return kind(self[name])
        except (ValueError, InvalidOperation):
            self.refuse(f"‘{name}’ 칸의 ‘{self[name]}’은(는) {ko}", f"'{self[name]}' in '{name}' {en}")
            return None

    def day(self, name: str) -> date | None:
        return self.parsed(name, date.fromisoformat, "날짜(YYYY-MM-DD)가 아닙니다.", "is not a date (YYYY-MM-DD).")

    def whole(self, name: str) -> int | None:
        return self.parsed(name, _whole, "정수가 아닙니다.", "is not a whole number.")

    def words(self, name: str, separator: str | None = None) -> tuple[str, ...]:
        return tuple(part.strip() for part in self[name].split(separator) if part.strip())


def _whole(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,12}", text):
        raise ValueError(text)
    return int(text)


def read_text(path: Path) -> str:
    """Give the text of a table, UTF-8 (with or without BOM) or the statistics office's CP949.

    Raises: BrokenData when it is too large, binary, or in neither encoding.
    """
    reading = Reading(path.name)
    raw = path.read_bytes()
    if len(raw) > MAX_BYTES:
        reading.refuse(0, "파일이 너무 큽니다 (20 MB까지).", "the file is too large (20 MB at most).")
    elif b"\x00" in raw:
        reading.refuse(0, "표가 아니라 이진 파일입니다. CSV로 저장해 주세요.", "this is a binary file; save it as CSV.")
    reading.stop_if_broken()
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError as error:
            bad = raw.count(b"\n", 0, error.start) + 1
    reading.refuse(
        bad, "글자를 읽을 수 없습니다. UTF-8 또는 CP949로 저장해 주세요.", "cannot decode; save as UTF-8 or CP949."
    )
    raise BrokenData(reading.faults)


def rows_of(path: Path, columns: tuple[str, ...], reading: Reading) -> Iterator[Row]:
    """Yield the rows of a table whose header must hold exactly `columns`; odd rows are noted, not yielded."""
    text = read_text(path)
    table = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = _header(table, reading)
    missing = [name for name in columns if name not in header]
    if missing:
        reading.refuse(1, f"머리글에 {', '.join(missing)} 칸이 없습니다.", f"the header lacks {', '.join(missing)}.")
        return
    yield from _rows(table, header, reading)


def _header(table: Iterator[list[str]], reading: Reading) -> list[str]:
    try:
        return [name.strip() for name in next(table, [])]
    except csv.Error as error:
        reading.refuse(1, f"머리글을 읽을 수 없습니다 ({error}).", f"cannot read the header ({error}).")
        raise BrokenData(reading.faults) from None


def _rows(table: Iterator[list[str]], header: list[str], reading: Reading) -> Iterator[Row]:
    line = table.line_num + 1
    while True:
        try:
            cells = next(table, None)
        except csv.Error as error:
            reading.refuse(line, f"줄을 읽을 수 없습니다 ({error}).", f"cannot read the row ({error}).")
            return
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            if len(cells) == len(header):
                pairs = zip(header, (cell.strip() for cell in cells), strict=True)
                yield Row(dict(pairs), line, reading)
            else:
                reading.refuse(
                    line,
                    f"칸이 {len(header)}개여야 하는데 {len(cells)}개입니다.",
                    f"expected {len(header)} cells, found {len(cells)}.",
                )
        line = table.line_num + 1


def read_ksic(path: Path = DATA / "ksic.csv") -> list[KsicRow]:
    """Read the project's own table of divisions and groups.

    Raises: BrokenData naming each broken line.
    """
    reading = Reading(path.name)
    found: dict[tuple[int, str], KsicRow] = {}
    for row in rows_of(path, ("revision", "code", "level", "ko", "en"), reading):
        before = len(reading.faults)
        revision = row.whole("revision")
        if revision not in KSIC_REVISIONS:
            row.refuse("개정 차수는 10 또는 11이어야 합니다.", "the revision must be 10 or 11.")
        code = row.must("code")
        if code and clean_ksic(code) != code:
            row.refuse(f"‘{code}’은(는) 제조업(10~34) 코드가 아닙니다.", f"'{code}' is no manufacturing code (10-34).")
        elif code and row["level"] != KSIC_LEVELS[len(code)]:
            row.refuse(f"‘{code}’의 단계는 {KSIC_LEVELS[len(code)]}입니다.", f"'{code}' is a {KSIC_LEVELS[len(code)]}.")
        row.must("ko"), row.must("en")
        if (revision, code) in found:
            row.refuse(f"코드 ‘{code}’이(가) 두 번 나옵니다.", f"code '{code}' appears twice.")
        if len(reading.faults) == before:
            found[revision, code] = KsicRow(revision, code, row["ko"], row["en"])
    reading.stop_if_broken()
    return list(found.values())


WIDE_KSIC = tuple(f"ksic{n}_{part}" for n in range(1, 6) for part in ("cd", "nm"))
PLAIN_CODE = ("code", "코드", "분류코드", "산업코드")
PLAIN_NAME = ("name", "ko", "이름", "명칭", "분류명", "항목명")
PLAIN_ENGLISH = ("english", "en", "영문", "영문명")


def read_ksic_import(path: Path, revision: int) -> list[KsicRow]:
    """Read the statistics office's full table in either layout: wide (`ksic1_cd` … `ksic5_nm`) or `code,name`.

    Rows of other sections than C are passed over.
    Returns: rows of every level found (2 to 5 digits), each code once, in code order; `en` may be empty.
    Raises: BrokenData naming each broken line; ValueError when the revision is unknown.
    """
    if revision not in KSIC_REVISIONS:
        raise ValueError(revision)
    reading = Reading(path.name)
    header = _header(csv.reader(io.StringIO(read_text(path), newline=""), strict=True), reading)
    names: dict[str, tuple[str, str, int]] = {}
    if set(WIDE_KSIC) <= set(header):
        for row in rows_of(path, WIDE_KSIC, reading):
            _take_wide(row, names)
    else:
        columns = [next((name for name in header if name.lower() in kind), "") for kind in (PLAIN_CODE, PLAIN_NAME)]
        if not all(columns):
            reading.refuse(
                1,
                "머리글을 알 수 없습니다. ksic1_cd…ksic5_nm 또는 code,name 이어야 합니다.",
                "unknown header; expected ksic1_cd…ksic5_nm or code,name.",
            )
        else:
            english = next((name for name in header if name.lower() in PLAIN_ENGLISH), "")
            for row in rows_of(path, tuple(columns), reading):
                _take_plain(row, *columns, english, names)
    if not reading.faults and not names:
        reading.refuse(1, "제조업(C) 코드가 한 줄도 없습니다.", "there is no manufacturing (C) code in it.")
    reading.stop_if_broken()
    return [KsicRow(revision, code, ko, en) for code, (ko, en, _) in sorted(names.items())]


def _take_wide(row: Row, names: dict[str, tuple[str, str, int]]) -> None:
    if re.fullmatch(r"[ABD-U]", row["ksic1_cd"]):
        return
    if row["ksic1_cd"] != "C":
        row.refuse(f"대분류 ‘{row['ksic1_cd']}’을(를) 알 수 없습니다.", f"unknown section '{row['ksic1_cd']}'.")
        return
    leaf = row["ksic5_cd"]
    if leaf in names:
        row.refuse(
            f"코드 ‘{leaf}’이(가) {names[leaf][2]}번째 줄과 겹칩니다.", f"code '{leaf}' repeats line {names[leaf][2]}."
        )
        return
    for digits in range(2, 6):
        code, name = row[f"ksic{digits}_cd"], row.must(f"ksic{digits}_nm")
        if clean_ksic(code) != code or len(code) != digits:
            row.refuse(
                f"‘{code}’은(는) {digits}자리 제조업 코드가 아닙니다.",
                f"'{code}' is no {digits}-digit manufacturing code.",
            )
        elif not leaf.startswith(code):
            row.refuse(f"‘{leaf}’이(가) ‘{code}’ 아래에 있지 않습니다.", f"'{leaf}' does not belong under '{code}'.")
        elif name and names.setdefault(code, (name, "", row.line))[0] != name:
            row.refuse(
                f"‘{code}’의 이름이 {names[code][2]}번째 줄(‘{names[code][0]}’)과 다릅니다.",
                f"the name of '{code}' differs from line {names[code][2]} ('{names[code][0]}').",
            )


def _take_plain(
    row: Row, code_column: str, name_column: str, english: str, names: dict[str, tuple[str, str, int]]
) -> None:
    typed = row.must(code_column)
    if not typed or re.fullmatch(r"[A-U]|[ABD-U]\d{1,5}|0\d{1,4}|(3[5-9]|[4-9]\d)\d{0,3}", typed):
        return
    code, name = clean_ksic(typed), row.must(name_column)
    if code is None or len(code) < 2:
        row.refuse(f"‘{typed}’은(는) 산업분류 코드가 아닙니다.", f"'{typed}' is no industry code.")
    elif code in names:
        row.refuse(
            f"코드 ‘{code}’이(가) {names[code][2]}번째 줄과 겹칩니다.", f"code '{code}' repeats line {names[code][2]}."
        )
    elif name:
        names[code] = (name, row[english] if english else "", row.line)


REGION_KEY = re.compile(r"[a-z]+(-[a-z]+)?")


def read_regions(path: Path = DATA / "regions.csv") -> list[RegionRow]:
    """Read the regions with the days they are valid.

    Raises: BrokenData for a bad key, level, date order, unknown parent or successor, or a second row of a key.
    """
    reading = Reading(path.name)
    columns = (
        "key", "level", "parent", "ko", "en", "official_code", "valid_from", "valid_to", "successors", "note",
    )  # fmt: skip
    found: dict[str, tuple[RegionRow, Row]] = {}
    for row in rows_of(path, columns, reading):
        before = len(reading.faults)
        key = row.must("key")
        if key and not REGION_KEY.fullmatch(key):
            row.refuse(f"키 ‘{key}’은(는) 소문자와 붙임표만 씁니다.", f"key '{key}' takes lower case and one hyphen.")
        if key in found:
            row.refuse(f"키 ‘{key}’이(가) 두 번 나옵니다.", f"key '{key}' appears twice.")
        if row["level"] not in list(RegionLevel):
            row.refuse("level은 sido 또는 sigungu입니다.", "level must be sido or sigungu.")
        row.must("ko"), row.must("en")
        if row["official_code"] and not re.fullmatch(r"\d{2}|\d{5}", row["official_code"]):
            row.refuse("행정표준코드는 2자리 또는 5자리 숫자입니다.", "the official code has 2 or 5 digits.")
        start, end = row.day("valid_from"), row.day("valid_to")
        if start and end and end < start:
            row.refuse("valid_to가 valid_from보다 빠릅니다.", "valid_to is before valid_from.")
        if len(reading.faults) == before:
            region = RegionRow(
                key, RegionLevel(row["level"]), row["parent"], row["ko"], row["en"], row["official_code"],
                start, end, row.words("successors"), row["note"],
            )  # fmt: skip
            found[key] = region, row
    if not reading.faults:
        _check_family(found)
    reading.stop_if_broken()
    return [region for region, _ in found.values()]


def _check_family(found: dict[str, tuple[RegionRow, Row]]) -> None:
    for region, row in found.values():
        parent = found.get(region.parent)
        if region.level == RegionLevel.SIDO and region.parent:
            row.refuse("시도에는 상위 지역을 적지 않습니다.", "a sido has no parent.")
        elif region.level == RegionLevel.SIGUNGU and (parent is None or parent[0].level != RegionLevel.SIDO):
            row.refuse(f"상위 시도 ‘{region.parent}’이(가) 없습니다.", f"there is no sido '{region.parent}'.")
        elif parent and not is_valid_on(parent[0].valid_from, parent[0].valid_to, region.valid_from or date.min):
            row.refuse("시작일이 상위 시도의 기간 밖입니다.", "it starts outside its sido's days.")
        for key in region.successors:
            if key not in found:
                row.refuse(f"이어받은 지역 ‘{key}’이(가) 없습니다.", f"there is no successor '{key}'.")
            elif region.valid_to is None:
                row.refuse("이어받은 지역이 있으면 valid_to가 있어야 합니다.", "a row with successors needs valid_to.")


def read_technologies(path: Path = DATA / "technologies.csv") -> list[TechnologyRow]:
    """Read the technologies, the levels they lift and the words people use for them.

    Raises: BrokenData naming each broken line.
    """
    reading = Reading(path.name)
    columns = ("code", "family", "ko", "en", "level_from", "level_to", "items", "synonyms_ko", "synonyms_en")
    found: dict[str, TechnologyRow] = {}
    for row in rows_of(path, columns, reading):
        before = len(reading.faults)
        code = row.must("code")
        if code and not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,15}", code):
            row.refuse(f"‘{code}’은(는) 기술 코드가 아닙니다.", f"'{code}' is no technology code.")
        if code in found:
            row.refuse(f"코드 ‘{code}’이(가) 두 번 나옵니다.", f"code '{code}' appears twice.")
        if row["family"] not in list(TechnologyFamily):
            row.refuse(f"분류 ‘{row['family']}’을(를) 알 수 없습니다.", f"unknown family '{row['family']}'.")
        row.must("ko"), row.must("en")
        low, high = row.whole("level_from"), row.whole("level_to")
        if (low is None) != (high is None) or (low is not None and not 0 <= low <= high <= 5):
            row.refuse("수준은 0~5이고 순서대로여야 합니다.", "levels are 0-5 and in order.")
        items = row.words("items")
        for item in items:
            if not re.fullmatch(r"[A-Z][1-9]", item):
                row.refuse(f"‘{item}’은(는) 진단 문항 코드가 아닙니다.", f"'{item}' is no item code.")
        if len(reading.faults) == before:
            found[code] = TechnologyRow(
                code, TechnologyFamily(row["family"]), row["ko"], row["en"], low, high, items,
                row.words("synonyms_ko", ";"), row.words("synonyms_en", ";"),
            )  # fmt: skip
    reading.stop_if_broken()
    return list(found.values())


UNITS = ("count", "pct", "krw", "persons", "years")


def read_statistics(path: Path = DATA / "statistics.csv") -> list[Figure]:
    """Read the official figures; each carries its source.

    Raises: BrokenData naming each broken line.
    """
    reading = Reading(path.name)
    columns = ("series", "year", "measure", "group", "unit", "value", "ko", "en", "source")
    found: dict[tuple[str, int, str, str], Figure] = {}
    for row in rows_of(path, columns, reading):
        before = len(reading.faults)
        for name in columns:
            row.must(name)
        year = row.whole("year")
        value = row.parsed("value", Decimal, "수가 아닙니다.", "is not a number.")
        if value is not None and not value.is_finite():
            row.refuse("유한한 수가 아닙니다.", "is not a finite number.")
        if row["unit"] not in UNITS:
            row.refuse(f"단위 ‘{row['unit']}’을(를) 알 수 없습니다.", f"unknown unit '{row['unit']}'.")
        key = (row["series"], year, row["measure"], row["group"])
        if key in found:
            row.refuse("같은 통계가 두 번 나옵니다.", "the same figure appears twice.")
        if len(reading.faults) == before:
            found[key] = Figure(
                row["series"], year, row["measure"], row["group"], row["unit"], value, row["ko"], row["en"],
                row["source"],
            )  # fmt: skip
    reading.stop_if_broken()
    return list(found.values())
