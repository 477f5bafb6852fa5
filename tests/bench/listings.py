"""Synthetic listings, queries and facets (합성), put together from the project's own vocabulary, seeded.

A listing speaks as the demo country's suppliers do: a summary and a description, the technologies that it builds in one
of their names, its sectors, regions and products. Technologies and sectors are spread unevenly, as in life. A query
names one to three of these things loosely: another name of the technology, particles, no spaces or wrong ones, sometimes
a sentence of need. Nothing is about real firms.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SEED = 20261123
FACETS = ("technology", "sector", "region", "level", "size", "capacity", "mark")
PARTICLES = ("을", "으로", "이", "에서", "의", "와", "")
ASKS = ("구축 잘하는 곳", "도입하려고 합니다", "업체 찾습니다", "가능한가요", "")
ENDS = (
    "합성(예시) 현장 교육과 사후관리를 함께 합니다.",
    "합성(예시) 소규모 공장에 맞추어 두 달 안에 가동합니다.",
    "합성(예시) 오래된 설비에도 붙일 수 있습니다.",
    "합성(예시) 설계부터 검수까지 한 팀이 맡습니다.",
)


@dataclass(frozen=True)
class Listings:
    """texts[i] is listing i; values[i] its facet values, numbers below len(groups); groups: the facet of each value."""

    texts: list[str]
    values: list[tuple[int, ...]]
    groups: list[int]


@dataclass(frozen=True)
class Asked:
    """text, and the chosen values by facet."""

    text: str
    chosen: dict[int, tuple[int, ...]]


def rows_of(file: str) -> list[dict[str, str]]:
    with (ROOT / "data" / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def names_of(technology: dict[str, str]) -> list[str]:
    """Every Korean and English name of a technology."""
    parts = (technology["ko"], *technology["synonyms_ko"].split(";"), technology["code"], *technology["synonyms_en"].split(";"))
    return [name for name in dict.fromkeys(part.strip() for part in parts) if name]


class Vocabulary:
    """What listings and queries are made of."""

    def __init__(self) -> None:
        from portal.demo.texts import NEEDS, PLANS, PRODUCTS, SUPPLIER_KINDS

        self.technologies = rows_of("technologies.csv")
        trades = [row for row in rows_of("ksic.csv") if row["revision"] == "10"]
        self.sectors = [row for row in trades if row["level"] == "division"]
        self.groups_of = {
            sector["code"]: [row["ko"] for row in trades if row["level"] == "group" and row["code"].startswith(sector["code"])]
            for sector in self.sectors
        }
        self.regions = [row for row in rows_of("regions.csv") if row["level"] == "sido"]
        self.products = list(PRODUCTS.values())
        self.kinds = SUPPLIER_KINDS
        self.sentences = [
            *(sentence for plan in PLANS for sentence in (plan.goal, plan.build, plan.effect)),
            *(kind.product_text for kind in SUPPLIER_KINDS),
            *ENDS,
        ]
        self.needs = [*NEEDS, *(plan.problem for plan in PLANS)]
        sizes = (len(self.technologies), len(self.sectors), len(self.regions), 5, 4, 2, 3)
        self.groups = [group for group, size in enumerate(sizes) for _ in range(size)]
        self.first = [sum(sizes[:group]) for group in range(len(sizes))]


def listings(count: int, seed: int = SEED) -> Listings:
    """`count` listings; the first ones of a longer list are those of a shorter one."""
    words, random = Vocabulary(), np.random.default_rng(seed)
    common = np.random.default_rng(seed + 1)
    shares = [common.dirichlet(np.full(len(rows), 0.8)) for rows in (words.technologies, words.sectors, words.regions)]

    def some(group: int, least: int, most: int) -> list[int]:
        share = shares[group]
        wanted = min(int(random.integers(least, most + 1)), int((share > 0).sum()))
        return sorted(int(one) for one in random.choice(len(share), wanted, replace=False, p=share))

    def one_of(rows: list[str] | tuple[str, ...]) -> str:
        return rows[int(random.integers(len(rows)))]

    texts, values = [], []
    for number in range(count):
        kind = words.kinds[int(random.integers(len(words.kinds)))]
        technologies, sectors, regions = some(0, 2, 6), some(1, 1, 3), some(2, 1, 3)
        said = [
            f"{one_of(words.products)} 합성{number % 997:03d}",
            kind.summary,
            kind.description if random.random() < 0.5 else one_of(words.sentences),
            ", ".join(one_of(names_of(words.technologies[at])) for at in technologies),
            *(one_of(words.groups_of[words.sectors[at]["code"]] or [words.sectors[at]["ko"]]) for at in sectors),
            one_of(words.sentences),
            *(words.regions[at]["ko"] for at in regions),
        ]
        texts.append(" ".join(said))
        rest = (int(random.integers(5)), int(random.integers(4)), int(random.integers(2)), int(random.integers(3)))
        held = [words.first[0] + at for at in technologies]
        held += [words.first[1] + at for at in sectors] + [words.first[2] + at for at in regions]
        held += [words.first[3 + place] + at for place, at in enumerate(rest)]
        values.append(tuple(sorted(held)))
    return Listings(texts, values, words.groups)


def queries(count: int, seed: int = SEED) -> list[Asked]:
    """What people type and choose: one or two facets are always chosen."""
    words, random = Vocabulary(), np.random.default_rng(seed + 2)
    found = []
    for _ in range(count):
        parts = []
        for _ in range(int(random.integers(1, 3))):
            names = names_of(words.technologies[int(random.integers(len(words.technologies)))])
            parts.append(names[int(random.integers(len(names)))] + PARTICLES[int(random.integers(len(PARTICLES)))])
        if random.random() < 0.4:
            parts.insert(0, words.products[int(random.integers(len(words.products)))])
        if random.random() < 0.15:
            parts = [words.needs[int(random.integers(len(words.needs)))]]
        text = " ".join([*parts, ASKS[int(random.integers(len(ASKS)))]]).strip()
        chosen = {2: tuple(sorted({words.first[2] + int(at) for at in random.integers(0, len(words.regions), 3)}))}
        if random.random() < 0.5:
            facet = int(random.choice([3, 4, 5]))
            chosen[facet] = (words.first[facet] + int(random.integers(2)),)
        found.append(Asked(loosely(text, random), chosen))
    return found


def loosely(text: str, random: np.random.Generator) -> str:
    """As people type: a third as it stands, a third without spaces, a third with a space more."""
    way = int(random.integers(3))
    if way == 1:
        return text.replace(" ", "")
    if way == 2 and len(text) > 3:
        place = int(random.integers(1, len(text) - 1))
        return f"{text[:place]} {text[place:]}"
    return text
