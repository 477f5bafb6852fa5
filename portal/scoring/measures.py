"""The arithmetic of watching the scorer: shift of answers, small cells, how strict an evaluator is, and when to act.

Pure, over plain counts. The marks are the portal's own proposal, except those of the shift (0.1 and 0.25), which are
customary in credit scoring.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from portal.base.words import Words, say


class Light(StrEnum):
    """What a measure asks of its reader. UNKNOWN: too few cases to say anything."""

    CALM = "calm"
    WATCH = "watch"
    ACT = "act"
    UNKNOWN = "unknown"

    @property
    def label(self) -> Words:
        return LIGHT_LABELS[self]


LIGHT_LABELS = {
    Light.CALM: say("정상", "Normal"),
    Light.WATCH: say("지켜보기", "Watch"),
    Light.ACT: say("조치 필요", "Act"),
    Light.UNKNOWN: say("자료 부족", "Too few cases"),
}
_ORDER = (Light.UNKNOWN, Light.CALM, Light.WATCH, Light.ACT)

LEAST = 30
"""Cases below which no measure gets a light."""
FEWEST_FILES = 30
"""Files, read together with another evaluator, below which nothing is said of how strict a person is."""

PSI_MARKS = (0.1, 0.25)
BLIND_MARKS = (0.3, 0.45)
SHOWN_MARKS = (0.2, 0.35)
DOUBT_MARKS = (0.3, 0.5)
SEVERITY_MARKS = (0.25, 0.5)
COVERAGE_MARKS = (0.02, 0.05)
"""How far below the promised share the decided tiers that lay in the model's set may fall."""

_CHANCE = 22.46
"""The 99.9 % point of chi² with six degrees of freedom: seven answers (0–5, not applicable) that did not shift."""


def worst(lights: Iterable[Light]) -> Light:
    """The light that asks for most; UNKNOWN when there is none."""
    return max(lights, key=_ORDER.index, default=Light.UNKNOWN)


def mark(value: float, marks: tuple[float, float]) -> Light:
    watch, act = marks
    return Light.ACT if value >= act else Light.WATCH if value >= watch else Light.CALM


# --- shift of answers ----------------------------------------------------------------------------------------


def psi(reference: Sequence[int], current: Sequence[int], smoothing: float = 1.0) -> float:
    """Population stability index of two counts over the same bins: Σ (q − p) ln(q / p).

    smoothing: added to each bin (Laplace), so that an empty one does not make the index endless
    """
    p_all, q_all = sum(reference) + smoothing * len(reference), sum(current) + smoothing * len(current)
    found = 0.0
    for before, now in zip(reference, current, strict=True):
        p, q = (before + smoothing) / p_all, (now + smoothing) / q_all
        found += (q - p) * math.log(q / p)
    return found


def psi_by_chance(reference: int, current: int) -> float:
    """What the index reaches once in a thousand when nothing shifted, by the sizes of the two samples."""
    return _CHANCE * (1 / reference + 1 / current)


def psi_light(value: float, reference: int, current: int) -> Light:
    """A mark counts only when the value is also more than chance makes of so few answers."""
    if min(reference, current) < LEAST:
        return Light.UNKNOWN
    return mark(value, PSI_MARKS) if value > psi_by_chance(reference, current) else Light.CALM


# --- shares --------------------------------------------------------------------------------------------------


def surely_above(hits: int, of: int) -> float:
    """The lower bound (Wilson, 95 %) of a share."""
    if not of:
        return 0.0
    z = 1.96
    share = hits / of
    middle = share + z * z / (2 * of)
    return max(0.0, (middle - z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))) / (1 + z * z / of))


def share_light(hits: int, of: int, marks: tuple[float, float]) -> Light:
    """A mark counts only when the share lies above it surely, not by a handful of cases."""
    return mark(surely_above(hits, of), marks) if of >= LEAST else Light.UNKNOWN


def coverage_light(inside: int, of: int, promised: float) -> Light:
    """Whether the decided tier lay in the model's set as often as promised; only a sure shortfall counts."""
    if of < LEAST:
        return Light.UNKNOWN
    missed = surely_above(of - inside, of)
    return mark(missed - (1 - promised), COVERAGE_MARKS)


# --- small cells ---------------------------------------------------------------------------------------------


def suppress(rows: Sequence[Sequence[int]], least: int) -> list[list[int | None]]:
    """A table of counts with its sums, in which no number below `least` can be read or worked out.

    Returns: the rows, each with its sum at the end, and a last row of sums; None where a number must not show
    Notes  : cells of 1 … least − 1 are taken out; then, as long as a row or column gives a cell away by its sum, its
             next smallest cell too (complementary suppression). A zero tells nobody apart and may stay
    """
    table = [[*row, sum(row)] for row in rows]
    table.append([sum(column) for column in zip(*table, strict=True)] if table else [0])
    last_row, last_column = len(table) - 1, len(table[0]) - 1
    hidden = {(i, j) for i, row in enumerate(table) for j, value in enumerate(row) if 0 < value < least}
    lines = [[(i, j) for j in range(last_column + 1)] for i in range(last_row + 1)]
    lines += [[(i, j) for i in range(last_row + 1)] for j in range(last_column + 1)]

    def is_sum(cell: tuple[int, int], line: list[tuple[int, int]]) -> bool:
        return cell == line[-1]

    def price(cell: tuple[int, int], line: list[tuple[int, int]]) -> tuple[bool, bool, int]:
        """A zero hides nothing; a cell that stands in another broken line mends two at once; else the smallest."""
        i, j = cell
        mends = any(one != cell and one not in line and (one[0] == i or one[1] == j) for one in hidden)
        return not table[i][j], not mends, table[i][j]

    changed = bool(hidden)
    while changed:
        changed = False
        for line in lines:
            gone = [cell for cell in line if cell in hidden]
            parts = [table[i][j] for i, j in gone if not is_sum((i, j), line)]
            told = len(gone) == 1 or (gone and line[-1] not in hidden and sum(parts) < least)
            rest = [cell for cell in line if cell not in hidden]
            if told and rest:
                hidden.add(min(rest, key=lambda cell: (is_sum(cell, line), *price(cell, line))))
                changed = True
    return [[None if (i, j) in hidden else value for j, value in enumerate(row)] for i, row in enumerate(table)]


# --- how strict an evaluator is ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Severity:
    """How far a person's own tiers lie from those of others on the same files, in tiers; below zero is stricter.

    error: standard error of `value`
    """

    rater: Hashable
    files: int
    value: float
    error: float

    @property
    def light(self) -> Light:
        return mark(abs(self.value), SEVERITY_MARKS) if abs(self.value) > 2 * self.error else Light.CALM


def severities(ratings: Iterable[tuple[Hashable, Hashable, float]]) -> list[Severity]:
    """Additive two-way model: tier = file + person + noise; persons are shrunk toward the mean by their own spread.

    ratings: (file, person, tier as a number)
    Returns: every person who read at least one file that another read too, by person; `files` counts only those
    Notes  : files stand as they are (fixed), so that it does not matter who was given the good ones. Noise from the
             residuals, the spread of persons by moments, at least 0.1 tiers, lest nobody can ever differ
    """
    import numpy as np  # a page of the operators and the worker: no web worker carries it from its start

    by_file: dict[Hashable, dict[Hashable, float]] = defaultdict(dict)
    for file, rater, tier in ratings:
        by_file[file][rater] = float(tier)
    files = [row for row in by_file.values() if len(row) > 1]
    raters = sorted({rater for row in files for rater in row})
    if not raters:
        return []
    place = {rater: i for i, rater in enumerate(raters)}
    n = len(raters)
    counted, design, pull, within = np.zeros(n), np.zeros((n, n)), np.zeros(n), 0.0
    root = list(range(n))

    def find(i: int) -> int:
        while root[i] != i:
            i = root[i]
        return i

    for row in files:
        who = [place[rater] for rater in row]
        mean = sum(row.values()) / len(row)
        apart = np.array(list(row.values())) - mean
        counted[who] += 1
        pull[who] += apart
        within += float(apart @ apart)
        design[np.ix_(who, who)] -= 1 / len(row)
        for i in who[1:]:
            root[find(i)] = find(who[0])
    design[np.diag_indices(n)] += counted
    islands = [[i for i in range(n) if find(i) == top] for top in sorted({find(i) for i in range(n)})]
    grounded = design.copy()
    for island in islands:
        grounded[np.ix_(island, island)] += 1 / len(island)
    inverse = np.linalg.inv(grounded)
    plain = inverse @ pull
    free = int(counted.sum()) - len(files) - (n - len(islands))
    noise = max((within - float(pull @ plain)) / free if free > 0 else within / len(files), 1e-6)
    spread = (float(plain @ plain) - noise * (float(np.trace(inverse)) - len(islands))) / max(1, n - len(islands))
    spread = max(spread, 0.01)
    shrunk = np.linalg.inv(design + np.eye(n) * noise / spread)
    centre = np.eye(n)  # a person is compared with the mean of those whose files theirs lead to
    for island in islands:
        centre[np.ix_(island, island)] -= 1 / len(island)
    value, error = shrunk @ pull, np.sqrt(noise * np.diag(centre @ shrunk @ centre))
    return [
        Severity(rater, int(counted[i]), round(float(value[i]), 4), round(float(error[i]), 4))
        for i, rater in enumerate(raters)
    ]
