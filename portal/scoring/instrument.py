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
from collections.abc import Collection, Mapping, Sequence
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
NOT_GIVEN = -1
"""Stands for 해당 없음 in arrays of numbers that are never negative."""
BLOCK = 16_384
"""Firms at a time: small enough that a block stays in the processor's cache, large enough that numpy is not idle."""


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
    """The same for n firms: arrays of length n; `areas` (n, 10) with NaN where empty; `proven` (n, 44), -1 for N/A.

    hundredths : int16 (n, 44), `weighed` in hundredths of a level; NOT_GIVEN for N/A
    """

    total: "np.ndarray"
    system_level: "np.ndarray"
    capability_level: "np.ndarray"
    areas: "np.ndarray"
    proven: "np.ndarray"
    hundredths: "np.ndarray"

    @property
    def weighed(self) -> "np.ndarray":
        """float64 (n, 44) with NaN for N/A, made when it is asked for: for a whole country it is most of the memory."""
        import numpy as np

        weighed = self.hundredths / POINT
        weighed[self.hundredths == NOT_GIVEN] = np.nan
        return weighed


@dataclass(frozen=True, slots=True)
class Block:
    """What is found of some thousand firms, an item's values side by side: (44, n) arrays, one row for each item.

    above  : levels claimed above the ceiling that nothing proves and nobody rejected
    counts : answered items of each area, (10, n); weights : the weights of a firm's areas together
    """

    face: "np.ndarray"
    refused: "np.ndarray | None"
    above: "np.ndarray"
    proven: "np.ndarray"
    hundredths: "np.ndarray"
    counts: "np.ndarray"
    weights: "np.ndarray"
    total: "np.ndarray"
    system_level: "np.ndarray"
    capability_level: "np.ndarray"
    areas: "np.ndarray"


class Standing:
    """An assessment that rises item by item: what each move would change, without assessing all answers again.

    Reads like an `Assessment`, but for `face`.
    """

    __slots__ = ("_instrument", "_sums", "_system", "capability_level", "proven", "system_level", "total", "weighed")

    def __init__(self, instrument: "Instrument", found: Assessment) -> None:
        self._instrument = instrument
        self.proven, self.weighed = dict(found.proven), dict(found.weighed)
        self._sums = instrument.sums(
            {code: round(level * POINT) for code, level in found.weighed.items()}, found.proven
        )
        self._system = instrument.reached(found.proven)
        self.total, self.system_level, self.capability_level = found.total, found.system_level, found.capability_level

    @property
    def areas(self) -> dict[str, float]:
        return self._instrument.means(self._sums)

    def prove(self, code: str, level: int) -> None:
        """Take an answered item as proven at a level."""
        area = self._sums[self._instrument.place[code]]
        area[0] += level * POINT - round(self.weighed[code] * POINT)
        area[1] += level - self.proven[code]
        if code in self._instrument.system_items:
            self._system[self.proven[code]] -= 1
            self._system[level] += 1
        self.proven[code], self.weighed[code] = level, float(level)
        self.total = self._instrument.total_of(self._sums)
        self.system_level = self._instrument.system_level_of(self._system, self.proven)
        self.capability_level = self._instrument.capability_level_of(self.total, self._sums)


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
        self.areas = questions.areas
        self.place = {code: at for at, area in enumerate(self.areas) for code in area.items}
        """Item code → position of its area."""
        self._known = frozenset(self.codes)
        self._ceiling: int = settings["evidence"]["bare_ceiling"]
        self._bare = round(settings["evidence"]["bare_factor"] * POINT)
        # What a level counts, as (proven, hundredths, weighed): with evidence, rejected, and while it is bare.
        self._shown, self._rejected, self._claimed = (
            tuple(self._counts(level, shown, factor) for level in questionnaire.LEVELS)
            for shown, factor in ((True, 0), (False, 0), (False, self._bare))
        )
        # A common multiple of every possible number of answers makes each area mean a whole number.
        self._lcm = math.lcm(*range(1, max(len(area.items) for area in self.areas) + 1))
        self._capability_areas = tuple(
            at for at, area in enumerate(self.areas) if area.code in settings["capability"]["areas"]
        )
        self._pains: dict[str, list[tuple[str, float]]] = {}
        for row in settings["pains"]:
            for code, lift in row["items"].items():
                self._pains.setdefault(code, []).append((row["code"], lift))
        self._technologies: dict[str, list[tuple[int, int, str]]] = {}
        for row in settings["technologies"]:
            for code in row["items"]:
                self._technologies.setdefault(code, []).append((*row["levels"], row["code"]))

    def _counts(self, level: int, shown: bool, factor: int) -> tuple[int, int, float]:
        proven = level if shown else min(level, self._ceiling)
        hundredths = proven * POINT + (level - proven) * factor
        return proven, hundredths, hundredths / POINT

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
        for codes in (answers, evidence, rejected):
            if not self._known.issuperset(codes):
                raise ValueError(f"{next(code for code in codes if code not in self._known)}: no such item")
        for code, level in answers.items():
            if level is None:
                if code not in self.not_applicable:
                    raise ValueError(f"{code}: not applicable is not allowed here")
            elif isinstance(level, bool) or not isinstance(level, int) or level not in questionnaire.LEVELS:
                raise ValueError(f"{code}: level {level!r} is not one of 0–5")

    def _assess(
        self, face: dict[str, int], evidence: frozenset[str], rejected: frozenset[str], face_value: bool
    ) -> Assessment:
        backed = face if face_value else evidence - rejected
        shown, refused, claimed = self._shown, self._rejected, self._claimed
        proven, points, weighed = {}, {}, {}
        for code, level in face.items():
            counts = shown if code in backed else refused if code in rejected else claimed
            proven[code], points[code], weighed[code] = counts[level]
        sums = self.sums(points, proven)
        total = self.total_of(sums)
        return Assessment(
            total=total,
            system_level=self.system_level_of(self.reached(proven), proven),
            capability_level=self.capability_level_of(total, sums),
            areas=self.means(sums),
            face=face,
            weighed=weighed,
            proven=proven,
        )

    def sums(self, points: Mapping[str, int], proven: Mapping[str, int]) -> list[list[int]]:
        """For each area its hundredths, its proven levels and its number of answers."""
        sums = [[0, 0, 0] for _ in self.areas]
        place = self.place
        for code, value in points.items():
            area = sums[place[code]]
            area[0] += value
            area[1] += proven[code]
            area[2] += 1
        return sums

    def means(self, sums: Sequence[Sequence[int]]) -> dict[str, float]:
        """Area code → weighed mean, of the areas that have answers."""
        return {
            area.code: points / (POINT * count)
            for area, (points, _, count) in zip(self.areas, sums, strict=True)
            if count
        }

    def total_of(self, sums: Sequence[Sequence[int]]) -> float:
        """0–1,000 from the areas' sums; an area without answers is left out."""
        numerator = weights = 0
        for area, (points, _, count) in zip(self.areas, sums, strict=True):
            if count:
                numerator += area.weight * points * (self._lcm // count)
                weights += area.weight
        return TOTAL_PER_LEVEL * numerator / (POINT * self._lcm * weights) if weights else 0.0

    def reached(self, proven: Mapping[str, int]) -> list[int]:
        """How many system items stand at each level 0–5."""
        counts = [0] * len(questionnaire.LEVELS)
        for code in self.system_items:
            if code in proven:
                counts[proven[code]] += 1
        return counts

    def system_level_of(self, reached: Sequence[int], proven: Mapping[str, int]) -> int:
        """0–4 from the levels that the system items have reached, and from the items that a level names."""
        answered = sum(reached)
        if not answered:
            return 0
        for rule in self.settings["system_levels"]:
            for code, least in rule["items"].items():
                if proven.get(code, 0) < least:
                    break
            else:
                if all(sum(reached[k:]) / answered >= share for k, share in rule["shares"]):
                    return rule["level"]
        return 0

    def capability_level_of(self, total: float, sums: Sequence[Sequence[int]]) -> int:
        """0–5 from the total, held back by the weakest of the areas that it needs."""
        rule = self.settings["capability"]
        reached = sum(total >= least for least in rule["totals"])
        for at in self._capability_areas:
            _, proven, count = sums[at]
            if count:
                reached = min(reached, int(proven / count + rule["headroom"]))
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

        answers, evidence, rejected = self.checked(answers, evidence, rejected)
        n = len(answers)
        found = Assessments(
            total=np.empty(n),
            system_level=np.empty(n, np.int8),
            capability_level=np.empty(n, np.int8),
            areas=np.empty((n, len(self.areas))),
            proven=np.empty(answers.shape, np.int8),
            hundredths=np.empty(answers.shape, np.int16),
        )
        for start in range(0, n, BLOCK):
            rows = slice(start, start + BLOCK)
            block = self.assess_block(
                answers[rows],
                None if evidence is None else evidence[rows],
                None if rejected is None else rejected[rows],
            )
            found.total[rows], found.system_level[rows] = block.total, block.system_level
            found.capability_level[rows], found.areas[rows] = block.capability_level, block.areas
            found.proven[rows], found.hundredths[rows] = block.proven.T, block.hundredths.T
        return found

    def checked(
        self, answers: "np.ndarray", evidence: "np.ndarray | None", rejected: "np.ndarray | None"
    ) -> "tuple[np.ndarray, np.ndarray | None, np.ndarray | None]":
        """The arrays of `assess_many` as int8 and bool. Raises: ValueError as `assess_many`."""
        import numpy as np

        answers = np.asarray(answers)
        evidence = None if evidence is None else np.asarray(evidence, bool)
        rejected = None if rejected is None else np.asarray(rejected, bool)
        shape = (len(answers), len(self.codes))
        if any(array is not None and array.shape != shape for array in (answers, evidence, rejected)):
            raise ValueError(f"answers, evidence and rejected must have shape (n, {len(self.codes)})")
        if len(answers):
            self._check_many(answers)
        return answers.astype(np.int8, copy=False), evidence, rejected

    def _check_many(self, answers: "np.ndarray") -> None:
        lowest, highest = answers.min(axis=0), answers.max(axis=0)
        for i, code in enumerate(self.codes):
            if not (lowest[i] >= NOT_GIVEN and highest[i] <= max(questionnaire.LEVELS)):
                raise ValueError(f"{code}: a level is not one of 0–5")
            if lowest[i] < 0 and code not in self.not_applicable:
                raise ValueError(f"{code}: not applicable is not allowed here")

    def assess_block(
        self, answers: "np.ndarray", evidence: "np.ndarray | None", rejected: "np.ndarray | None"
    ) -> "Block":
        """Assess some thousand firms whose arrays are `checked`."""
        import numpy as np

        face = np.ascontiguousarray(answers.T)  # an item's answers side by side: quicker by far
        given = face >= 0
        shown = np.zeros_like(given) if evidence is None else np.ascontiguousarray(evidence.T)
        refused = None if rejected is None else np.ascontiguousarray(rejected.T)
        if refused is not None:
            shown = shown & ~refused
        proven = np.where(shown, face, np.minimum(face, np.int8(self._ceiling)))
        above = face - proven  # what is claimed above the ceiling without evidence
        if refused is not None:
            above *= ~refused
        hundredths = proven.astype(np.int16)
        hundredths *= np.int16(POINT)
        if self._bare:
            hundredths += above * np.int16(self._bare)
        hundredths *= given  # 해당 없음 adds nothing while the areas are summed

        column = {code: i for i, code in enumerate(self.codes)}
        n = face.shape[1]
        areas, counts = np.empty((n, len(self.areas))), np.empty((len(self.areas), n), np.int8)
        numerator, weights = np.zeros(n, np.int64), np.zeros(n, np.int64)
        room = np.full(n, len(self.settings["capability"]["totals"]))
        for i, area in enumerate(self.areas):
            rows = [column[code] for code in area.items]
            count = given[rows].sum(axis=0, dtype=np.int8)
            counts[i] = count
            present, divisor = count > 0, np.maximum(count, 1).astype(np.int64)
            sums = hundredths[rows].sum(axis=0, dtype=np.int64)
            areas[:, i] = np.where(present, sums / (POINT * divisor), np.nan)
            numerator += area.weight * sums * (self._lcm // divisor)
            weights += area.weight * present
            if i in self._capability_areas:
                mean = np.maximum(proven[rows], 0).sum(axis=0, dtype=np.int64) / divisor
                headroom = (mean + self.settings["capability"]["headroom"]).astype(np.int64)
                room = np.where(present, np.minimum(room, headroom), room)
        total = TOTAL_PER_LEVEL * numerator / np.maximum(POINT * self._lcm * weights, 1)
        reached = np.zeros(n, np.int64)
        for least in self.settings["capability"]["totals"]:
            reached += total >= least
        hundredths[~given] = NOT_GIVEN
        return Block(
            face=face,
            refused=refused,
            above=above,
            proven=proven,
            hundredths=hundredths,
            counts=counts,
            weights=weights,
            total=total,
            system_level=self._system_levels(proven, given, column),
            capability_level=np.minimum(reached, room).astype(np.int8),
            areas=areas,
        )

    def _system_levels(self, proven: "np.ndarray", given: "np.ndarray", column: dict[str, int]) -> "np.ndarray":
        import numpy as np

        rows = [column[code] for code in self.system_items]
        levels, count = proven[rows], given[rows].sum(axis=0, dtype=np.int8)
        divisor = np.maximum(count, 1)
        result = np.zeros(proven.shape[1], np.int8)
        for rule in reversed(self.settings["system_levels"]):
            holds = count > 0
            for k, share in rule["shares"]:
                reached = ((levels >= k) & (levels >= 0)).sum(axis=0, dtype=np.int8)
                holds &= reached.astype(float) / divisor >= share
            for code, least in rule["items"].items():
                holds &= np.maximum(proven[column[code]], 0) >= least
            result[holds] = rule["level"]
        return result

    def misfit(self, answers: Mapping[str, int | None], version: str) -> str | None:
        """Why answers given to a version of the questions can't be carried over to this one; None when they can.

        Returns: "retired" an answered item is not asked any more, "added" an asked item was not answered,
                 "not_applicable" a 해당 없음 is not allowed any more
        """
        if not self._known.issuperset(answers):
            return "retired"
        if version != self.version and len(answers) < len(self.codes):
            return "added"
        if any(level is None and code not in self.not_applicable for code, level in answers.items()):
            return "not_applicable"
        return None

    # Another instrument -------------------------------------------------------------------------------------------

    def varied(self, changes: Mapping[str, float]) -> "Instrument":
        """The same instrument with some settings changed, for asking "what if"; nothing is stored.

        changes: setting → value; the settings are those that `adjustable` names
        Raises : KeyError for an unknown setting
        """
        source = json.loads(json.dumps(dict(self.questions.source)))
        for name, value in changes.items():
            _change(source, name, value)
        changed = hashlib.sha256(json.dumps(dict(changes), sort_keys=True).encode()).hexdigest()
        source["version"] = f"{self.version}+{changed[:8]}"
        return Instrument(questionnaire.build(source))

    def adjustable(self) -> dict[str, float]:
        """Every setting that `varied` can change, with its present value.

        bare_factor; weight:AREA; capability_total:LEVEL; headroom; share:LEVEL:K (of system items at level K or above)
        """
        scoring = self.settings
        return {
            "bare_factor": scoring["evidence"]["bare_factor"],
            **{f"weight:{area.code}": area.weight for area in self.areas},
            **{f"capability_total:{level}": least for level, least in enumerate(scoring["capability"]["totals"], 1)},
            "headroom": scoring["capability"]["headroom"],
            **{f"share:{rule['level']}:{k}": share for rule in scoring["system_levels"] for k, share in rule["shares"]},
        }

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
        return max((lift for pain, lift in self._pains.get(code, ()) if pain in pains), default=1.0)

    def technologies(self, code: str, now: int, target: int) -> tuple[str, ...]:
        """Technology codes that lift an item on its way from level `now` to `target`."""
        return tuple(
            name for lowest, highest, name in self._technologies.get(code, ()) if lowest <= target and highest > now
        )

    def benchmark(self) -> float:
        """The national reference line, 0–5: adopters' official level shares moved onto the item scale."""
        rows = self.settings["benchmark"]["levels"]
        return round(sum(level * share for level, share in rows) / sum(share for _, share in rows), 2)


def _change(source: dict[str, Any], name: str, value: float) -> None:
    """Set one of the `adjustable` settings in an instrument's file as read. Raises: KeyError for another name."""
    scoring = source["scoring"]
    match name.split(":"):
        case ["bare_factor"]:
            scoring["evidence"]["bare_factor"] = value
        case ["headroom"]:
            scoring["capability"]["headroom"] = value
        case ["weight", code] if any(area["code"] == code for area in source["areas"]):
            next(area for area in source["areas"] if area["code"] == code)["weight"] = value
        case ["capability_total", level] if 1 <= int(level) <= len(scoring["capability"]["totals"]):
            scoring["capability"]["totals"][int(level) - 1] = value
        case ["share", level, k] if any(
            rule["level"] == int(level) and int(k) in dict(rule["shares"]) for rule in scoring["system_levels"]
        ):
            rule = next(rule for rule in scoring["system_levels"] if rule["level"] == int(level))
            rule["shares"] = [[at, value if at == int(k) else share] for at, share in rule["shares"]]
        case _:
            raise KeyError(name)
