"""Firms of the demo country: facts and 44 answers drawn from the official marginals.

Who adopted and at which level follows data/statistics.csv (adoption by size, levels among adopters, industries of the
builds, SMEs by province). No joint table is published, so the marginals are drawn one after the other; nothing here
says anything about real firms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from portal.profiles.questionnaire import load
from portal.reference import statistics

# Mean level of the answers by how far a firm has come; spread and area tilt come on top.
_STAGES = {"none": 0.9, "basic": 2.0, "middle": 3.1, "advanced": 4.1}
_AREA_TILT = {"STR": 0.3, "PPL": 0.0, "DEV": -0.1, "PLN": 0.1, "EXE": 0.2, "QLT": 0.2, "AST": -0.1, "LOG": -0.1}
EMPLOYEES = {
    "micro": ("1-4", "5-9"),
    "small": ("10-19", "20-49"),
    "medium": ("50-99", "100-299"),
    "midsize": ("300+",),
}
SALES = {
    "micro": ("0-5", "5-10", "10-30"),
    "small": ("10-30", "30-50", "50-100"),
    "medium": ("100-300", "300-800"),
    "midsize": ("800-1500", "1500+"),
}
_OTHER_DIVISIONS = {"10": 12, "13": 5, "20": 6, "22": 11, "24": 6, "27": 4, "28": 8}


@dataclass(frozen=True)
class Firm:
    """One drawn firm: codes as the profile form wants them; `evidence` lists the items that get a file."""

    size: str
    stage: str
    division: str
    sido: str
    employees: str
    sales: str
    answers: Mapping[str, int]
    evidence: tuple[str, ...]
    pains: tuple[str, ...]


def _by_weight(random: Random, weights: Mapping[str, float]) -> str:
    return random.choices(list(weights), [float(weight) for weight in weights.values()])[0]


def draw(random: Random, *, size: str | None = None, stage: str | None = None, division: str | None = None) -> Firm:
    """One firm from the marginals.

    size     : micro, small, medium, midsize; drawn by the population's shares when not given
    stage    : none, basic, middle, advanced; drawn by adoption at that size and levels among adopters
    division : two-digit KSIC code; drawn by the industries of the builds
    """
    share = {group: figure.value for group, figure in statistics.figures("population_share").items()}
    size = size or _by_weight(random, share)
    if stage is None:
        adopted = random.random() * 100 < statistics.figure("adoption", size).value
        levels = {"basic": "level_basic", "middle": "level_middle", "advanced": "level_advanced"}
        weights = {name: statistics.figure(measure).value for name, measure in levels.items()}
        stage = _by_weight(random, weights) if adopted else "none"
    built = {group: figure.value for group, figure in statistics.figures("built_by_division").items()}
    provinces = {group: figure.value for group, figure in statistics.figures("sme_by_region").items()}
    # Gwangju and South Jeolla became one province on 2026-07-01; the survey still counts two.
    merged = provinces.pop("gwangju", 0) + provinces.pop("jeonnam", 0)
    provinces["jeonnamgwangju"] = merged
    answers = _answers(random, stage)
    claims = [code for code, level in answers.items() if level >= 3]
    proven = 0.75 if stage in ("middle", "advanced") else 0.35
    return Firm(
        size=size,
        stage=stage,
        division=division or _by_weight(random, {**_OTHER_DIVISIONS, **built}),
        sido=_by_weight(random, provinces),
        employees=random.choice(EMPLOYEES[size]),
        sales=random.choice(SALES[size]),
        answers=answers,
        evidence=tuple(code for code in claims if random.random() < proven),
        pains=tuple(random.sample(("LABOUR", "DEFECTS", "DELIVERY", "COST", "SAFETY", "TRACEABILITY"), 2)),
    )


def _answers(random: Random, stage: str) -> dict[str, int]:
    middle = _STAGES[stage] + random.gauss(0, 0.25)
    answers = {}
    for code, item in load().items.items():
        level = middle + _AREA_TILT.get(item.area, 0.0) + random.gauss(0, 0.7)
        answers[code] = min(5, max(0, round(level)))
    return answers
