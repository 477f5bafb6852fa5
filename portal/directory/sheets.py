"""The rows of a workbook of products and capabilities against a listing, one by one. Pure.

Rows add and change, they never take away: a technology that stands in no row keeps its level, a product that stands in
none stays. Level 0 takes a technology out. One row that can't be used refuses the whole file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.base.access import RuleBroken
from portal.base.words import Words, define, say
from portal.directory.rules import (
    LEVEL_LABELS,
    MAX_PRODUCTS,
    MAX_TECHNOLOGIES,
    PRODUCT_FACTS,
    PriceModel,
    product_facts,
)

MAX_ROWS = 500
YES_WORDS = frozenset({"o", "○", "ㅇ", "v", "✓", "y", "yes", "예", "1", "true"})
NO_WORDS = frozenset({"", "x", "n", "no", "아니오", "아니요", "0", "false", "-"})
LENGTHS = {"name": 60, "description": 300}

CODES = define(
    {
        "import_unreadable": say(
            "읽을 수 없는 파일입니다. 이 화면에서 내려받은 엑셀 파일에 적어서 올려 주세요.",
            "This file can't be read. Please fill in the workbook downloaded here.",
        ),
        "import_long": say("행이 너무 많습니다 ({most}행까지).", "Too many rows (at most {most})."),
        "import_empty": say("적힌 행이 없습니다.", "There is no row in it."),
        "import_technology": say(
            "목록에 없는 기술입니다. 코드나 이름을 그대로 적어 주세요.",
            "Unknown technology. Please write its code or its name as listed.",
        ),
        "import_level": say("수준은 0부터 5까지 숫자로 적어 주세요.", "The level must be a number from 0 to 5."),
        "import_twice": say("같은 것이 두 번 있습니다.", "This stands twice."),
        "import_name": say("제품 이름이 없습니다.", "The product has no name."),
        "import_text": say("{most}자까지 적을 수 있습니다.", "At most {most} characters."),
        "import_price": say("가격 방식은 다음 가운데 하나입니다: {choices}", "The price model is one of: {choices}"),
        "import_yes_no": say("O만 적거나 비워 주세요.", "Write O, or leave it empty."),
        "import_blocked": say(
            "쓸 수 없는 행이 있어 아무것도 옮기지 않았습니다.", "Some rows can't be used, so nothing was taken over."
        ),
        "import_too_many": say(
            "옮기면 {what}이(가) {limit}개를 넘습니다.", "This would make more than {limit}: {what}."
        ),
        "import_nothing": say("새로 바뀌는 것이 없습니다.", "Nothing would change."),
        "import_changed": say(
            "그사이 등록정보가 바뀌어 다시 견주었습니다. 확인하고 다시 눌러 주세요.",
            "The listing changed meanwhile, so it was compared anew. Please look and press again.",
        ),
    }
)

TECHNOLOGIES, PRODUCTS = "technologies", "products"
SHEETS = {TECHNOLOGIES: say("기술", "Technologies"), PRODUCTS: say("제품", "Products")}
HEADS = {
    TECHNOLOGIES: (say("코드", "Code"), say("기술", "Technology"), say("수준 (1–5)", "Level (1–5)")),
    PRODUCTS: (
        say("제품", "Product"),
        say("설명", "Description"),
        say("가격 방식", "Price model"),
        say("GS인증 (O)", "GS certified (O)"),
        say("SaaS (O)", "SaaS (O)"),
    ),
}
COLUMNS = {TECHNOLOGIES: ("code", "name", "level"), PRODUCTS: ("name", "description", "price", "gs", "saas")}


@dataclass(frozen=True)
class Line:
    """One row against what stands now. kind: new, changed, same, out, refused; before, after: as printed."""

    sheet: str
    row: int
    title: str
    kind: str
    before: str = ""
    after: str = ""
    problem: Words | None = None

    @property
    def sheet_label(self) -> Words:
        return SHEETS[self.sheet]

    @property
    def kind_label(self) -> Words:
        return KINDS[self.kind][0]

    @property
    def kind_order(self) -> int:
        """What needs a look stands first."""
        return list(KINDS).index(self.kind)

    @property
    def tone(self) -> str:
        return KINDS[self.kind][1]


KINDS = {
    "refused": (say("쓸 수 없음", "Refused"), "danger"),
    "new": (say("새로", "New"), "success"),
    "changed": (say("바뀜", "Changed"), "info"),
    "out": (say("뺌", "Taken out"), "warn"),
    "same": (say("그대로", "As it is"), "neutral"),
}


@dataclass(frozen=True)
class Report:
    """What taking the rows over would do."""

    lines: tuple[Line, ...]
    capabilities: Mapping[str, int] = field(default_factory=dict)
    products: Sequence[Mapping[str, Any]] = ()
    # what is wrong with all of them together
    problem: Words | None = None

    @property
    def refused(self) -> int:
        return sum(line.kind == "refused" for line in self.lines)

    @property
    def changing(self) -> int:
        return sum(line.kind in ("new", "changed", "out") for line in self.lines)

    @property
    def may_take(self) -> bool:
        return self.changing > 0 and not self.refused and self.problem is None

    @property
    def digest(self) -> str:
        """What a person agreed to."""
        rows = [[line.sheet, line.row, line.kind] for line in self.lines]
        agreed = [rows, dict(self.capabilities), list(self.products)]
        return hashlib.sha256(json.dumps(agreed, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:32]


def compare(
    cells: Sequence[Mapping[str, Any]],
    capabilities: Mapping[str, int],
    products: Sequence[Mapping[str, Any]],
    technologies: Mapping[str, Words],
) -> Report:
    """Each row of a workbook, and what taking it over would do to a listing's capabilities and products.

    cells: {sheet, row, and the sheet's `COLUMNS` as text}; technologies: code → words of all that exist
    """
    capabilities, products = dict(capabilities), [dict(one) for one in products]
    codes = {
        _folded(form): code
        for code, words in technologies.items()
        for name in (code, words.ko, words.en)
        for form in (name, name.partition("(")[0])
    }
    seen: set[tuple[str, str]] = set()
    lines = []
    for cell in cells:
        title = str(cell.get("name") or cell.get("code") or "")
        try:
            if cell["sheet"] == TECHNOLOGIES:
                lines.append(_technology(cell, codes, technologies, capabilities, seen))
            else:
                lines.append(_product(cell, products, seen))
        except RuleBroken as broken:
            problem = CODES[broken.code].format(**broken.values)
            lines.append(Line(cell["sheet"], cell["row"], title[:80], "refused", problem=problem))
    problem = None
    for what, there, limit in (
        (SHEETS[TECHNOLOGIES], capabilities, MAX_TECHNOLOGIES),
        (SHEETS[PRODUCTS], products, MAX_PRODUCTS),
    ):
        if len(there) > limit:
            problem = CODES["import_too_many"].format(what=what, limit=limit)
    return Report(tuple(lines), capabilities, tuple(products), problem)


def _folded(text: str) -> str:
    return "".join(text.casefold().split())


def _once(seen: set[tuple[str, str]], sheet: str, name: str) -> None:
    if (sheet, name) in seen:
        raise RuleBroken("import_twice")
    seen.add((sheet, name))


def _technology(
    cell: Mapping[str, Any],
    codes: Mapping[str, str],
    technologies: Mapping[str, Words],
    capabilities: dict[str, int],
    seen: set[tuple[str, str]],
) -> Line:
    typed = cell["code"] or cell["name"]
    code = codes.get(_folded(typed))
    if code is None:
        raise RuleBroken("import_technology")
    _once(seen, TECHNOLOGIES, code)
    # "3" and the words of a level ("3 · 실시간 관리") alike
    level = cell["level"].split("·")[0].strip()
    if level not in {"0", *map(str, LEVEL_LABELS)}:
        raise RuleBroken("import_level")
    before, after = capabilities.get(code), int(level) or None
    if after is None:
        capabilities.pop(code, None)
    else:
        capabilities[code] = after
    return Line(TECHNOLOGIES, cell["row"], str(technologies[code]), _kind(before, after), _level(before), _level(after))


def _level(level: int | None) -> str:
    return str(LEVEL_LABELS[level]) if level else ""


def _kind(before: Any, after: Any) -> str:
    if before == after:
        return "same"
    if before is None:
        return "new"
    return "out" if after is None else "changed"


def _product(cell: Mapping[str, Any], products: list[dict[str, Any]], seen: set[tuple[str, str]]) -> Line:
    if not cell["name"]:
        raise RuleBroken("import_name")
    for part, most in LENGTHS.items():
        if len(cell[part]) > most:
            raise RuleBroken("import_text", most=most)
    _once(seen, PRODUCTS, _folded(cell["name"]))
    after: dict[str, Any] = {
        "name": cell["name"],
        "description": cell["description"],
        "price": _price(cell["price"]).value,
    }
    for fact in PRODUCT_FACTS:
        if _folded(cell[fact]) in YES_WORDS:
            after[fact] = True
        elif _folded(cell[fact]) not in NO_WORDS:
            raise RuleBroken("import_yes_no")
    place = next((at for at, one in enumerate(products) if _folded(one["name"]) == _folded(cell["name"])), None)
    before = products[place] if place is not None else None
    if place is None:
        products.append(after)
    else:
        products[place] = after
    return Line(PRODUCTS, cell["row"], cell["name"], _kind(before, after), _printed(before), _printed(after))


def _price(typed: str) -> PriceModel:
    if not typed:
        return PriceModel.QUOTE
    for one in PriceModel:
        if _folded(typed) in {_folded(form) for form in (one.value, one.label.ko, one.label.en)}:
            return one
    raise RuleBroken("import_price", choices=", ".join(str(one.label) for one in PriceModel))


def _printed(product: Mapping[str, Any] | None) -> str:
    if product is None:
        return ""
    facts = ", ".join(map(str, product_facts(product)))
    return f"{product['description']} ({facts})" if product["description"] else facts
