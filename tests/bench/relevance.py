"""A Korean relevance set that the project makes of its own texts: no answer is judged by a machine, each follows from
how the texts belong together. Nothing of the text that is asked stands in the text that answers it.

items        the questions of the diagnosis: an entry holds the title, the question and the descriptions of levels 0, 2
             and 4; asked are the descriptions of levels 1, 3 and 5
criteria     the score sheet: an entry holds title and question; asked are the descriptions of its bands of points
technologies an entry holds the Korean name, every second other name and the questions of the diagnosis that the
             technology answers; asked are the other names
exclusions   an entry says how the ground is cured; asked is the ground
papers       an entry is the hint of a paper; asked is its name
programmes   an entry is the summary of a programme; asked is its name
plans        asked are problem, goal and effect of the demo's plans and the sentences that suppliers say of themselves;
             right are the entries of the technologies that they need or name

All entries lie in one pool, sectors and regions beside them as straw. Each question is asked as written and once more
loosely (particles, words of asking, spaces away or wrong; seeded).
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass

import numpy as np

from tests.bench.listings import ASKS, PARTICLES, ROOT, SEED, loosely, rows_of

SHORT = 5
"""Shorter texts ("없음") ask for nothing."""


@dataclass(frozen=True)
class Question:
    section: str
    text: str
    right: frozenset[int]


@dataclass
class Pool:
    """Entries by number, and what is asked of them."""

    entries: list[str]
    questions: list[Question]

    def add(self, text: str) -> int:
        self.entries.append(text)
        return len(self.entries) - 1

    def ask(self, section: str, text: str, *right: int) -> None:
        if len(text) >= SHORT:
            self.questions.append(Question(section, text, frozenset(right)))


def pool() -> Pool:
    made = Pool([], [])
    items = _items(made)
    technologies = _technologies(made, items)
    _criteria(made)
    _by_name(made)
    _plans(made, technologies)
    for file in ("ksic.csv", "regions.csv"):
        for row in rows_of(file):
            made.add(row["ko"])
    return made


def loose(questions: list[Question], seed: int = SEED) -> list[Question]:
    """The same questions as people would type them."""
    random = np.random.default_rng(seed)
    found = []
    for one in questions:
        ending = PARTICLES[int(random.integers(len(PARTICLES)))]
        asking = ASKS[int(random.integers(len(ASKS)))]
        found.append(Question(one.section, loosely(f"{one.text}{ending} {asking}".strip(), random), one.right))
    return found


def _items(made: Pool) -> dict[str, dict[str, str]]:
    from portal.profiles import questionnaire

    items = questionnaire.load().items
    for item in items.values():
        even = [item.anchors[level].ko for level in (0, 2, 4)]
        entry = made.add(" ".join([item.title.ko, item.question.ko, *even]))
        for level in (1, 3, 5):
            made.ask("items", item.anchors[level].ko, entry)
    return {code: {"title": item.title.ko, "question": item.question.ko} for code, item in items.items()}


def _technologies(made: Pool, items: dict[str, dict[str, str]]) -> dict[str, int]:
    entries = {}
    for row in rows_of("technologies.csv"):
        others = [name for name in row["synonyms_ko"].split(";") if name]
        known, asked = others[::2], others[1::2]
        helped = [items[code]["question"] for code in row["items"].split() if code in items]
        entries[row["code"]] = made.add(" ".join([row["ko"], *known, *helped]))
        for name in asked:
            if not any(name in one for one in (row["ko"], *known)):
                made.ask("technologies", name, entries[row["code"]])
    return entries


def _criteria(made: Pool) -> None:
    sheet = json.loads((ROOT / "data/rubric/default-1.json").read_text(encoding="utf-8"))
    for one in sheet["criteria"]:
        entry = made.add(f"{one['ko']} {one['question_ko']}")
        for band in one["anchors"]:
            made.ask("criteria", band["ko"], entry)


def _by_name(made: Pool) -> None:
    for file, table, name, text in (
        ("application.toml", "exclusion", "ko", "cure_ko"),
        ("documents.toml", "document", "ko", "hint_ko"),
        ("programmes.toml", "programme", "ko", "summary_ko"),
    ):
        rows = tomllib.loads((ROOT / "data" / file).read_text(encoding="utf-8"))[table]
        section = {"exclusion": "exclusions", "document": "papers", "programme": "programmes"}[table]
        for row in rows:
            if row.get(text):
                made.ask(section, row[name], made.add(row[text]))


def _plans(made: Pool, technologies: dict[str, int]) -> None:
    from portal.demo.texts import PLANS, SUPPLIER_KINDS

    for plan in PLANS:
        right = [technologies[code] for code in plan.technologies if code in technologies]
        for text in (plan.problem, plan.goal, plan.build, plan.effect):
            made.ask("plans", text, *right)
    for kind in SUPPLIER_KINDS:
        right = [technologies[code] for code in kind.technologies if code in technologies]
        for text in (kind.summary, kind.description, kind.product_text):
            made.ask("plans", text, *right)


def reciprocal(ranked: list[int], right: frozenset[int], depth: int = 10) -> float:
    """1 over the place of the first right answer among the first ten, 0 without one."""
    return next((1 / place for place, one in enumerate(ranked[:depth], start=1) if one in right), 0.0)
