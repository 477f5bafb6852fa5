"""From answers to levels: the instrument's arithmetic, one firm at a time or many at once.

Three values of an answer are kept apart:
* face    : what the firm says, level 0–5;
* weighed : what the total counts. Up to the bare ceiling (2) in full; above it in full with evidence, by the bare
            factor (half) without, and not at all when a person rejected the evidence;
* proven  : what level thresholds and gates read. Above the ceiling only with evidence, else the ceiling. Otherwise a
            firm claiming 4 everywhere without proof would pass one that shows an honest 3.

"해당 없음" leaves the numerator and the denominator; an area without answers is left out of the total.

Source: 스마트제조혁신 two axes, 구축시스템 스마트화 수준 and 기업제조혁신역량 수준; thresholds are the portal's own
("예상 수준, 자가진단"), never a result under KS X 9001.
"""

import hashlib
import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from portal.profiles import questionnaire
from portal.profiles.questionnaire import Questionnaire

if TYPE_CHECKING:
    import numpy as np

POINT = 100
"""Values are whole hundredths of a level inside, so that sums are exact and a threshold is met exactly."""
TOTAL_PER_LEVEL = 200


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the answers amount to.

    total            : float, 0–1,000
    system_level     : int, 0 ICT 미적용 … 4 고도
    capability_level : int, 0–5
    areas            : area code → weighed mean, 0–5; absent when every item is 해당 없음
    face, weighed, proven : item code → level; 해당 없음 and unasked items are absent
    """

    total: float
    system_level: int
    capability_level: int
    areas: dict[str, float]
    face: dict[str, int]
    weighed: dict[str, float]
    proven: dict[str, int]


@dataclass(frozen=True, slots=True)
class Assessments:
    """The same for n firms: arrays of length n; `areas` (n, 10) with NaN where empty; `proven` (n, 44), -1 for N/A;
    `weighed` (n, 44) with NaN for N/A."""

    total: "np.ndarray"
    system_level: "np.ndarray"
    capability_level: "np.ndarray"
    areas: "np.ndarray"
    proven: "np.ndarray"
    weighed: "np.ndarray"


def load(version: str | None = None) -> "Instrument":
    """The instrument of one version, the newest when none is named. Raises: LookupError when there is none."""
    return _of(questionnaire.load(version).version)


@lru_cache(maxsize=8)
def _of(version: str) -> "Instrument":
    return Instrument(questionnaire.load(version))


class Instrument:
    """One version of the questions with its weights and thresholds. Stateless: the same input, the same output."""

    def __init__(self, questions: Questionnaire) -> None:
        settings: dict[str, Any] = questions.source["scoring"]
        self.questions = questions
        self.settings = settings
        self.name, self.version = questions.name, questions.version
        self.codes = questions.codes
        self.digest = hashlib.sha256(
            json.dumps(dict(questions.source), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        ).hexdigest()
        self.not_applicable = frozenset(settings["not_applicable"])
        self.system_items = tuple(settings["system_items"])
        self._ceiling: int = settings["evidence"]["bare_ceiling"]
        self._bare = round(settings["evidence"]["bare_factor"] * POINT)
        self._areas = [(area.code, area.weight, area.items) for area in questions.areas]
        # A common multiple of every possible number of answers makes each area mean a whole number.
        self._lcm = math.lcm(*range(1, max(len(items) for _, _, items in self._areas) + 1))

    # One firm ---------------------------------------------------------------------------------------------------

    def assess(
        self,
        answers: Mapping[str, int | None],
        evidence: Collection[str] = (),
        rejected: Collection[str] = (),
        face_value: bool = False,
    ) -> Assessment:
        """Assess one firm.

        answers   : item code → level 0–5, None for 해당 없음; a missing key is 0
        evidence  : codes with evidence attached
        rejected  : codes whose evidence a person rejected; wins over `evidence`
        face_value: take every claim as proven (the firm's own view, labelled 예상 수준)
        Raises    : ValueError naming the code, for an unknown code, a level outside 0–5, or N/A where it is not allowed
        """
        self._check(answers, evidence, rejected)
        face = {code: answers.get(code, 0) for code in self.codes}
        given = {code: level for code, level in face.items() if level is not None}
        return self._assess(given, frozenset(evidence), frozenset(rejected), face_value)

    def assess_asked(
        self, answers: Mapping[str, int | None], evidence: Collection[str] = (), face_value: bool = False
    ) -> Assessment:
        """Assess from the asked items only: what was not asked is left out instead of counting as 0 (pre-check)."""
        self._check(answers, evidence, ())
        given = {code: answers[code] for code in self.codes if answers.get(code) is not None}
        return self._assess(given, frozenset(evidence), frozenset(), face_value)

    def _check(self, answers: Mapping[str, int | None], evidence: Collection[str], rejected: Collection[str]) -> None:
        known = self.questions.items
        for code in (*answers, *evidence, *rejected):
            if code not in known:
                raise ValueError(f"{code}: no such item")
        for code, level in answers.items():
            if level is None:
                if code not in self.not_applicable:
                    raise ValueError(f"{code}: not applicable is not allowed here")
            elif isinstance(level, bool) or not isinstance(level, int) or level not in questionnaire.LEVELS:
                raise ValueError(f"{code}: level {level!r} is not one of 0–5")

    def _assess(
        self, face: dict[str, int], evidence: frozenset[str], rejected: frozenset[str], face_value: bool
    ) -> Assessment:
        backed = frozenset(face) if face_value else evidence - rejected
        proven = {c: level if c in backed else min(level, self._ceiling) for c, level in face.items()}
        points = {
            c: proven[c] * POINT + (0 if c in backed or c in rejected else (level - proven[c]) * self._bare)
            for c, level in face.items()
        }
        total, areas = self._total(points)
        return Assessment(
            total=total,
            system_level=self._system_level(proven),
            capability_level=self._capability_level(total, proven),
            areas=areas,
            face=face,
            weighed={c: p / POINT for c, p in points.items()},
            proven=proven,
        )

    def _total(self, points: dict[str, int]) -> tuple[float, dict[str, float]]:
        areas, numerator, weights = {}, 0, 0
        for area, weight, items in self._areas:
            values = [points[code] for code in items if code in points]
            if values:
                areas[area] = sum(values) / (POINT * len(values))
                numerator += weight * sum(values) * (self._lcm // len(values))
                weights += weight
        if not weights:
            return 0.0, areas
        return TOTAL_PER_LEVEL * numerator / (POINT * self._lcm * weights), areas

    def _system_level(self, proven: dict[str, int]) -> int:
        levels = [proven[code] for code in self.system_items if code in proven]
        for rule in self.settings["system_levels"]:
            shares = all(
                levels and sum(level >= k for level in levels) / len(levels) >= share for k, share in rule["shares"]
            )
            if shares and all(proven.get(code, 0) >= least for code, least in rule["items"].items()):
                return rule["level"]
        return 0

    def _capability_level(self, total: float, proven: dict[str, int]) -> int:
        rule = self.settings["capability"]
        reached = sum(total >= least for least in rule["totals"])
        for area, _, items in self._areas:
            values = [proven[code] for code in items if code in proven]
            if area in rule["areas"] and values:
                reached = min(reached, int(sum(values) / len(values) + rule["headroom"]))
        return reached

    # Many firms -------------------------------------------------------------------------------------------------

    def assess_many(
        self,
        answers: "np.ndarray",
        evidence: "np.ndarray | None" = None,
        rejected: "np.ndarray | None" = None,
    ) -> Assessments:
        """Assess n firms; equal to `assess` row by row, to the last bit.

        answers : int8, shape (n, 44), levels 0–5 in the order of `codes`, -1 for 해당 없음
        evidence, rejected : bool, shape (n, 44); None is nowhere
        Raises  : ValueError as `assess`, or when a shape differs
        Notes   : O(n); no Python loop over firms
        """
        import numpy as np  # not at start-up: a web worker never needs it

        answers = np.asarray(answers)
        shape = (len(answers), len(self.codes))
        evidence = np.zeros(shape, bool) if evidence is None else np.asarray(evidence, bool)
        rejected = np.zeros(shape, bool) if rejected is None else np.asarray(rejected, bool)
        if not answers.shape == evidence.shape == rejected.shape == shape:
            raise ValueError(f"answers, evidence and rejected must have shape (n, {len(self.codes)})")
        self._check_many(answers)

        face = answers.astype(np.int64)
        given = face >= 0
        backed = evidence & ~rejected
        proven = np.where(backed, face, np.minimum(face, self._ceiling))
        bare = np.where(backed | rejected, 0, face - proven)
        points = np.where(given, proven * POINT + bare * self._bare, 0)

        column = {code: i for i, code in enumerate(self.codes)}
        n = len(answers)
        areas = np.full((n, len(self._areas)), np.nan)
        numerator, weights = np.zeros(n, np.int64), np.zeros(n, np.int64)
        room = np.full(n, len(self.settings["capability"]["totals"]))
        for i, (area, weight, items) in enumerate(self._areas):
            columns = [column[code] for code in items]
            count = given[:, columns].sum(axis=1)
            present, divisor = count > 0, np.maximum(count, 1)
            sums = points[:, columns].sum(axis=1)
            areas[:, i] = np.where(present, sums / (POINT * divisor), np.nan)
            numerator += weight * sums * (self._lcm // divisor)
            weights += weight * present
            if area in self.settings["capability"]["areas"]:
                mean = np.where(given, proven, 0)[:, columns].sum(axis=1) / divisor
                headroom = (mean + self.settings["capability"]["headroom"]).astype(np.int64)
                room = np.where(present, np.minimum(room, headroom), room)
        total = TOTAL_PER_LEVEL * numerator / np.maximum(POINT * self._lcm * weights, 1)
        reached = sum((total >= least).astype(np.int64) for least in self.settings["capability"]["totals"])

        return Assessments(
            total=total,
            system_level=self._system_levels(proven, given, column),
            capability_level=np.minimum(reached, room).astype(np.int8),
            areas=areas,
            proven=proven.astype(np.int8),
            weighed=np.where(given, points / POINT, np.nan),
        )

    def _check_many(self, answers: "np.ndarray") -> None:
        outside = ((answers < -1) | (answers > max(questionnaire.LEVELS))).any(axis=0)
        absent = (answers == -1).any(axis=0)
        for i, code in enumerate(self.codes):
            if outside[i]:
                raise ValueError(f"{code}: a level is not one of 0–5")
            if absent[i] and code not in self.not_applicable:
                raise ValueError(f"{code}: not applicable is not allowed here")

    def _system_levels(self, proven: "np.ndarray", given: "np.ndarray", column: dict[str, int]) -> "np.ndarray":
        import numpy as np

        columns = [column[code] for code in self.system_items]
        levels, answered = proven[:, columns], given[:, columns]
        count = answered.sum(axis=1)
        result = np.zeros(len(proven), np.int8)
        for rule in reversed(self.settings["system_levels"]):
            holds = count > 0
            for k, share in rule["shares"]:
                holds &= (answered & (levels >= k)).sum(axis=1) / np.maximum(count, 1) >= share
            for code, least in rule["items"].items():
                holds &= np.maximum(proven[:, column[code]], 0) >= least
            result = np.where(holds, rule["level"], result).astype(np.int8)
        return result

    # What the file says beside the numbers ------------------------------------------------------------------------

    def contradictions(self, face: Mapping[str, int]) -> tuple[str, ...]:
        """Codes of the answer pairs that do not fit together; read on face values, for the evaluator's check list."""
        return tuple(
            flag["code"]
            for flag in self.settings["contradictions"]
            if face.get(flag["high"][0], -1) >= flag["high"][1] and 0 <= face.get(flag["low"][0], 9) <= flag["low"][1]
        )

    def pain_weight(self, code: str, pains: Collection[str]) -> float:
        """How much the firm's own worries lift an item, ≥ 1.0; the strongest worry counts."""
        return max((row["items"].get(code, 1.0) for row in self.settings["pains"] if row["code"] in pains), default=1.0)

    def technologies(self, code: str, now: int, target: int) -> tuple[str, ...]:
        """Technology codes that lift an item on its way from level `now` to `target`."""
        return tuple(
            row["code"]
            for row in self.settings["technologies"]
            if code in row["items"] and row["levels"][0] <= target and row["levels"][1] > now
        )

    def benchmark(self) -> float:
        """The national reference line, 0–5: adopters' official level shares moved onto the item scale."""
        rows = self.settings["benchmark"]["levels"]
        return round(sum(level * share for level, share in rows) / sum(share for _, share in rows), 2)
