"""A fitted model as plain data, and how it speaks of one firm: the standard library only, because a web request asks.

A card is canonical JSON and is named by its SHA-256, which every suggestion keeps: years later the same card gives the
same bytes. It is made from an estimator in the worker (`build`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portal.scoring import conformal

if TYPE_CHECKING:
    import numpy as np

FORMAT = "portal-card-1"
DIGITS = 6
"""Of probabilities: more would only show in which order a processor adds."""
_SURE = 1e-4  # as in `estimators`: where the trees' probabilities are cut off before their logit


class CardRefused(ValueError):
    """The data is no card of this format, or of other columns."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What a model says of one firm.

    probabilities : of BASIC, ADVANCED, LEADING, 0–1, six digits
    tier          : 0–2, the most probable one; raising an answer never lowers it
    tiers         : the conformal set, lowest first; may be empty
    """

    probabilities: tuple[float, ...]
    tier: int
    tiers: tuple[int, ...]


def build(
    estimator: Any, columns: Sequence[str], limits: Sequence[float], alpha: float, **named: Any
) -> dict[str, Any]:
    """The card of a fitted estimator of `portal.scoring.estimators`.

    columns : names of the columns it learned from, in their order
    limits  : as `conformal.quantiles` gives them; alpha: what they were made for
    named   : further plain data that the card carries (versions, data hash)
    Raises  : CardRefused when it did not learn all three tiers
    """
    if [int(one) for one in estimator.classes_] != [0, 1, 2]:
        raise CardRefused("a card needs a model of the three tiers")
    return {
        **named,
        "format": FORMAT,
        "columns": list(columns),
        "model": estimator.to_card(),
        "conformal": {"alpha": alpha, "limits": list(limits)},
    }


class Card:
    """A card that is ready to speak."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        """Raises: CardRefused when the data is of another format."""
        try:
            if data["format"] != FORMAT:
                raise CardRefused(f"format {data['format']!r} instead of {FORMAT!r}")
            self.columns = tuple(data["columns"])
            self._limits = tuple(data["conformal"]["limits"])
            self._model = data["model"]
            self._thresholds = tuple(self._model["thresholds"])
            self._line = self._model if self._model["kind"] == "ordinal-logit" else self._model["line"]
            self._terms = [
                (j, -math.inf if low is None else low, math.inf if high is None else high, slope)
                for j, low, high, slope in self._line["terms"]
            ]
            self._questions = self._model.get("questions", ())
            if len(self._thresholds) != 2 or len(self._limits) != 3:
                raise CardRefused("a card needs two thresholds and three limits")
        except (KeyError, TypeError, ValueError) as wrong:
            if isinstance(wrong, CardRefused):
                raise
            raise CardRefused(f"no card: {wrong!r}") from None
        self.data = data

    def judge(self, columns: Sequence[float]) -> Voice:
        """Speak of one firm. columns: as `features.row` gives them. Raises: CardRefused for another number of them."""
        if len(columns) != len(self.columns):
            raise CardRefused(f"{len(columns)} columns instead of {len(self.columns)}")
        index = 0.0
        for j, low, high, slope in self._terms:  # the innermost loop of a suggestion: no call of min and max
            value = columns[j]
            index += slope * (low if value < low else high if value > high else value)
        if self._questions:
            index = self._model["weights"][0] * (index - sum(self._line["thresholds"]) / 2)
            index += self._model["weights"][1] * sum(_asked(one, columns) for one in self._questions) / 2
        above = [_sigma(index - threshold) for threshold in self._thresholds]
        return self._voice((1 - above[0], above[0] - above[1], above[1]))

    def _voice(self, probabilities: Sequence[float]) -> Voice:
        rounded = tuple(round(p, DIGITS) for p in probabilities)
        tier = max(range(3), key=lambda one: (rounded[one], -one))
        return Voice(rounded, tier, conformal.tiers_in(rounded, self._limits))

    def judge_many(self, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Speak of n firms at once, in the worker.

        columns: float (n, p), as `features.matrix` gives them
        Returns: probabilities (n, 3), tiers int8 (n,), membership of the conformal sets bool (n, 3); equal to `judge`
        Notes  : O(n · terms), no scikit-learn; quickest in blocks of some 10,000 rows
        """
        import numpy as np  # never in a web request

        index = np.zeros(len(columns))
        for j, low, high, slope in self._terms:
            index += slope * np.minimum(np.maximum(columns[:, j], low), high)
        if self._questions:
            index = self._model["weights"][0] * (index - sum(self._line["thresholds"]) / 2)
            index += self._model["weights"][1] * sum(_asked_many(one, columns) for one in self._questions) / 2
        above = [1 / (1 + np.exp(-(index - threshold))) for threshold in self._thresholds]
        probabilities = np.round(np.column_stack([1 - above[0], above[0] - above[1], above[1]]), DIGITS)
        return (
            probabilities,
            probabilities.argmax(axis=1).astype(np.int8),
            conformal.members(probabilities, self._limits),
        )


def _sigma(value: float) -> float:
    if value >= 0:
        return 1 / (1 + math.exp(-value))
    grown = math.exp(value)
    return grown / (1 + grown)


def _asked(question: Mapping[str, Any] | float, columns: Sequence[float]) -> float:
    """The logit of one ordered question by its trees, held within what `estimators` holds it."""
    top = math.log((1 - _SURE) / _SURE)
    if isinstance(question, float | int):
        return top if question else -top
    value = question["start"]
    for nodes in question["trees"]:
        node = nodes[0]
        while len(node) > 1:
            node = nodes[node[2] if columns[node[0]] <= node[1] else node[3]]
        value += node[0]
    return min(max(value, -top), top)


def _asked_many(question: Mapping[str, Any] | float, columns: np.ndarray) -> np.ndarray:
    import numpy as np

    top = math.log((1 - _SURE) / _SURE)
    if isinstance(question, float | int):
        return np.full(len(columns), top if question else -top)
    value = np.full(len(columns), float(question["start"]))
    sides = np.ascontiguousarray(columns.T)  # a column's values side by side: compared many at a time
    for nodes in question["trees"]:
        value += _leaf_of(nodes, 0, sides)
    return np.clip(value, -top, top)


def _leaf_of(nodes: Sequence[Sequence[float]], at: int, sides: np.ndarray) -> Any:
    """What a tree says of n rows, from the node `at` down."""
    import numpy as np

    node = nodes[at]
    if len(node) == 1:
        return node[0]
    low, high = (_leaf_of(nodes, side, sides) for side in node[2:4])
    return np.where(sides[node[0]] <= node[1], low, high)
