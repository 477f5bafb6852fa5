"""A whole country at once: instrument, gates and reasons of n firms, equal to one firm at a time, to the last digit.

Firms pass in blocks that fit the processor's cache; small types keep the arrays of 600,000 firms in a third of a
gigabyte. What only one firm needs, the moves that lift it, is left to `reasons.explain`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from portal.scoring import features
from portal.scoring.gates import CUTS, GATES, INELIGIBLE, LEVEL_GATES, TIERS, Cuts, ManyFacts, State, fill_states
from portal.scoring.instrument import BLOCK, POINT, Block, Instrument
from portal.scoring.reasons import GOAL, Firm, points_between

if TYPE_CHECKING:
    import numpy as np

NONE = -1
"""No tier is near."""


@dataclass(frozen=True, slots=True)
class Profiles:
    """What n firms answered: int8 and bool arrays of shape (n, items) in the instrument's order, -1 for 해당 없음."""

    answers: np.ndarray
    evidence: np.ndarray | None = None
    rejected: np.ndarray | None = None
    unsure: np.ndarray | None = None
    facts: ManyFacts | None = None


@dataclass(frozen=True, slots=True)
class Scores:
    """What follows from it, as arrays of n rows.

    total            : float64, 0–1,000
    system_level, capability_level : int8
    areas            : float64 (n, 10), NaN where every item is 해당 없음
    gates            : int8 (n, 3, 10), as `gates.tier_for` takes it
    tier             : int8, position in TIERS, INELIGIBLE; near: int8, NONE
    provisional      : bool
    lost             : float32 (n, 44), points lost per item to the next tier's level; 0 where nothing is
    unmet            : bool (n, 10), the UNMET gates of the next tier
    unproven         : bool (n, 44), claimed above the ceiling without evidence
    contradictions   : bool (n, pairs), in the instrument's order
    unsure           : bool (n, 44) or None, as given
    confidence       : int16, 0–100
    """

    total: np.ndarray
    system_level: np.ndarray
    capability_level: np.ndarray
    areas: np.ndarray
    gates: np.ndarray
    tier: np.ndarray
    near: np.ndarray
    provisional: np.ndarray
    lost: np.ndarray
    unmet: np.ndarray
    unproven: np.ndarray
    contradictions: np.ndarray
    unsure: np.ndarray | None
    confidence: np.ndarray


def pack(instrument: Instrument, firms: Sequence[Firm]) -> Profiles:
    """Firms that are known one by one, as arrays; a missing answer is 0."""
    import numpy as np  # not at start-up: a web worker never needs it

    def flags(name: str) -> np.ndarray:
        return np.array([[code in getattr(firm, name) for code in instrument.codes] for firm in firms], bool).reshape(
            len(firms), len(instrument.codes)
        )

    answers = [[firm.answers.get(code, 0) for code in instrument.codes] for firm in firms]
    return Profiles(
        answers=np.array([[NONE if level is None else level for level in row] for row in answers], np.int8).reshape(
            len(firms), len(instrument.codes)
        ),
        evidence=flags("evidence"),
        rejected=flags("rejected"),
        unsure=flags("unsure"),
        facts=ManyFacts.of([firm.facts for firm in firms]),
    )


Voices = Callable[["np.ndarray"], "np.ndarray"]
"""Columns as `features.matrix` gives them → int tiers 0–2 of a learned champion."""


def score(instrument: Instrument, profiles: Profiles, cuts: Cuts = CUTS, champion: Voices | None = None) -> Scores:
    """Score n firms; equal to `Instrument.assess`, `gates.judge` and `reasons.explain` row by row.

    champion: a learned model that speaks in the place of the level gates; equal to `voice.among_gates`
    Raises: ValueError as `Instrument.assess_many`
    Notes : O(n); no Python loop over firms
    """
    import numpy as np

    answers, evidence, rejected = instrument.checked(profiles.answers, profiles.evidence, profiles.rejected)
    unsure = None if profiles.unsure is None else np.asarray(profiles.unsure, bool)
    if unsure is not None and unsure.shape != answers.shape:
        raise ValueError(f"unsure must have shape (n, {len(instrument.codes)})")
    n, items = answers.shape
    found = Scores(
        total=np.empty(n),
        system_level=np.empty(n, np.int8),
        capability_level=np.empty(n, np.int8),
        areas=np.empty((n, len(instrument.areas))),
        gates=np.empty((n, len(TIERS), len(GATES)), np.int8),
        tier=np.empty(n, np.int8),
        near=np.empty(n, np.int8),
        provisional=np.empty(n, bool),
        lost=np.empty((n, items), np.float32),
        unmet=np.empty((n, len(GATES)), bool),
        unproven=np.empty((n, items), bool),
        contradictions=np.empty((n, len(instrument.settings["contradictions"])), bool),
        unsure=unsure,
        confidence=np.empty(n, np.int16),
    )
    tables = _Tables(instrument)
    for start in range(0, n, BLOCK):
        rows = slice(start, min(start + BLOCK, n))
        block = instrument.assess_block(
            answers[rows], None if evidence is None else evidence[rows], None if rejected is None else rejected[rows]
        )
        facts = profiles.facts.part(rows.start, rows.stop) if profiles.facts else None
        doubtful = None if unsure is None else unsure[rows].sum(axis=1)
        _block(instrument, found, rows, block, facts, cuts, tables, doubtful, champion)
    return found


def _block(
    instrument: Instrument,
    found: Scores,
    rows: slice,
    block: Block,
    facts: ManyFacts | None,
    cuts: Cuts,
    tables: _Tables,
    doubtful: np.ndarray | None,
    champion: Voices | None,
) -> None:
    import numpy as np

    column = {code: i for i, code in enumerate(instrument.codes)}
    n = len(block.total)
    states = np.zeros((len(TIERS), len(GATES), n), np.int8)
    fill_states(
        states,
        block.total,
        block.system_level,
        block.capability_level,
        lambda code: block.proven[column[code]],
        facts,
        cuts,
    )
    barred = states == State.UNMET
    above = np.zeros((len(TIERS), n), bool)  # tiers that a learned model does not see the firm at
    overruled = np.zeros((len(TIERS), n), bool)
    if champion is not None:
        columns = np.empty((n, len(instrument.codes) + len(instrument.areas) + 1))
        features.fill(instrument, columns, np.where(block.face.T < 0, -1, block.proven.T))
        level = champion(columns)
        above = np.arange(len(TIERS))[:, None] > level
        replaced = [GATES.index(gate) for gate in sorted(LEVEL_GATES)]
        overruled = barred[:, replaced].any(axis=1)
        barred[:, replaced] = False
    tier = np.full(n, INELIGIBLE, np.int8)
    for t in range(len(TIERS)):
        tier[~(barred[t].any(axis=0) | above[t])] = t
    unmet, waits, beyond = np.zeros((len(GATES), n), bool), np.zeros(n, bool), np.zeros(n, bool)
    for t in range(len(TIERS)):
        unmet |= barred[t] & (tier == t - 1)
        beyond |= above[t] & (tier == t - 1)
        waits |= ((states[t] == State.PENDING).any(axis=0) | overruled[t]) & (tier == t)
    has_next = (tier >= 0) & (tier < len(TIERS) - 1)
    unproven = block.above > 0

    found.total[rows], found.areas[rows] = block.total, block.areas
    found.system_level[rows], found.capability_level[rows] = block.system_level, block.capability_level
    found.gates[rows] = states.transpose(2, 0, 1)
    found.tier[rows], found.provisional[rows] = tier, waits
    found.near[rows] = np.where(has_next & (unmet.sum(axis=0) + beyond == 1), tier + 1, NONE)
    found.unmet[rows], found.unproven[rows] = unmet.T, unproven.T
    found.lost[rows] = tables.lost(block, tier).T
    for i, flag in enumerate(instrument.settings["contradictions"]):
        (high, least), (low, most) = flag["high"], flag["low"]
        against = block.face[column[low]]
        found.contradictions[rows, i] = (block.face[column[high]] >= least) & (against >= 0) & (against <= most)
    cost = instrument.settings["confidence"]
    doubt = cost["contradiction"] * found.contradictions[rows].sum(axis=1) + cost["bare"] * unproven.sum(axis=0)
    if doubtful is not None:
        doubt = doubt + cost["unsure"] * doubtful
    found.confidence[rows] = np.maximum(0, 100 - doubt)


class _Tables:
    """Points lost, looked up: an item can stand at a few values only, so each loss is reckoned once, as for one firm.

    An item's value is proven + 6 × (levels claimed above the ceiling), -1 for 해당 없음; a table holds them from there.
    """

    GOALS = tuple(sorted(set(GOAL.values())))
    LEVELS = 6

    def __init__(self, instrument: Instrument) -> None:
        import numpy as np

        self._np = np
        self._areas = [
            (area.weight, [instrument.codes.index(code) for code in area.items]) for area in instrument.areas
        ]
        self._bare = round(instrument.settings["evidence"]["bare_factor"] * POINT)
        self._width = 1 + self.LEVELS * self.LEVELS
        self._known: dict[tuple[int, int, int], np.ndarray] = {}
        next_tiers = (*TIERS, None)  # of INELIGIBLE, BASIC, ADVANCED, LEADING
        self._goal = np.array([self.GOALS.index(GOAL[tier]) * self._width for tier in next_tiers])

    def lost(self, block: Block, tier: np.ndarray) -> np.ndarray:
        """float32 (44, n)."""
        np = self._np
        lost = np.empty(block.face.shape, np.float32)
        value = block.proven + block.above * np.int8(self.LEVELS)
        goal = self._goal[tier.astype(np.intp) - INELIGIBLE] + 1
        # Nearly always the same for all: only a firm without any answer in a whole area weighs differently.
        kinds, kind = np.unique(block.weights, return_inverse=True)
        for at, (weight, rows) in enumerate(self._areas):
            tables = np.concatenate([self._table(weight, len(rows), int(weights)) for weights in kinds])
            case = kind * (len(rows) + 1) + block.counts[at]
            begin = case * (self._width * len(self.GOALS)) + goal
            lost[rows] = tables.take(begin + value[rows])
        return lost

    def _table(self, weight: int, items: int, weights: int) -> np.ndarray:
        """Losses of an item of one area: by answered items, then by goal, then by value."""
        key = (weight, items, weights)
        if key not in self._known:
            table = self._np.zeros((items + 1, len(self.GOALS), self._width), self._np.float32)
            for counted in range(1, items + 1):
                for row, goal in enumerate(self.GOALS):
                    for value in range(self.LEVELS * self.LEVELS):
                        above, proven = divmod(value, self.LEVELS)
                        now = (proven * POINT + above * self._bare) / POINT
                        if now < goal and weights:
                            table[counted, row, value + 1] = points_between(weight, counted, weights, now, goal)
            self._known[key] = table.ravel()
        return self._known[key]
