"""A stored result in words: what the firm, the evaluator and the operator read, in their language."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from portal.base.words import Words, say
from portal.programmes.rules import Tier
from portal.scoring.gates import LEVEL_GATES, SYSTEM_LEVELS, TIERS, Facts, Finding, State, judge
from portal.scoring.instrument import Instrument, load
from portal.scoring.settle import Turn, settle
from portal.scoring.voice import Speaker

CAPABILITY_LEVELS: tuple[Words, ...] = (
    say("시작 전", "Not begun"),
    say("점검", "Noticed"),
    say("디지털화", "Digitised"),
    say("실시간 수집·분석", "Real-time collection"),
    say("실시간 제어·최적화", "Real-time control"),
    say("자율", "Autonomous"),
)


# what a learned model's word means beside the gates on levels and points, by the code in its voice
NOTES: Mapping[str, Words] = {
    "MODEL_ABOVE": say(
        "수준과 점수의 조건으로 보면 더 낮지만 모형이 더 높게 보았습니다. 그래서 잠정이고, 사람이 확인합니다.",
        "By the conditions on levels and points it would be lower; the model sees more. So it is provisional, and a "
        "person checks it.",
    ),
    "MODEL_BELOW": say(
        "수준과 점수의 조건은 갖추었지만 모형이 더 낮게 보았습니다. 동의하지 않으면 이의를 제기하세요.",
        "The conditions on levels and points are met, but the model sees less. Object if you disagree.",
    ),
}


@dataclass(frozen=True, slots=True)
class AreaLine:
    """One area on the chart: `value` as weighed, `claimed` as the firm says, both 0–5."""

    code: str
    title: Words
    value: float
    claimed: float
    benchmark: float


@dataclass(frozen=True, slots=True)
class MoveLine:
    """One thing to do: from where, to where, what it brings and costs, and with which technologies."""

    item: str
    area: str
    title: Words
    now: Words
    target: Words
    now_level: int
    target_level: int
    proof_only: bool
    points: float
    cost: Words
    cost_class: int
    technologies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An item that deserves a remark: claimed without proof, rejected, 모르겠음."""

    item: str
    area: str
    title: Words
    level: int
    anchor: Words


@dataclass(frozen=True, slots=True)
class Band:
    """How far evidence can move a suggestion: every bare claim rejected (low), every claim proven (high)."""

    low_tier: Tier | None
    low_total: float
    high_tier: Tier | None
    high_total: float

    @property
    def is_narrow(self) -> bool:
        return self.low_tier is self.high_tier


@dataclass(frozen=True, slots=True)
class Heard:
    """What a learned model said: a probability per tier, lowest first, and the tiers that it can't tell apart.

    note: where it parts from the gates
    """

    model: str
    tier: Tier
    probabilities: tuple[tuple[Tier, float], ...]
    tiers: tuple[Tier, ...]
    note: Words | None

    @property
    def is_sure(self) -> bool:
        return len(self.tiers) == 1


@dataclass(frozen=True, slots=True)
class LostLine:
    """Points that one answer still loses to the next tier's goal. by_proof: what evidence alone brings now."""

    item: str
    area: str
    title: Words
    now: float
    goal: int
    points: float
    by_proof: float

    @property
    def by_change(self) -> float:
        return max(0.0, self.points - self.by_proof)


@dataclass(frozen=True, slots=True)
class TurnLine:
    """Items whose proof (or rejection) turns the suggested tier into another; has_file: the firm attached something."""

    items: tuple[ItemLine, ...]
    is_proof: bool
    has_file: bool
    tier: Tier | None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What evidence would settle a case. is_complete: every single item and pair was tried."""

    turns: tuple[TurnLine, ...]
    low: Tier | None
    high: Tier | None
    is_complete: bool

    @property
    def is_firm(self) -> bool:
        return self.low is self.high


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything a page says about one suggestion."""

    tier: Tier | None
    near: Tier | None
    next_tier: Tier | None
    reaches: Tier | None
    provisional: bool
    total: float
    system_level: int
    capability_level: int
    claimed_tier: Tier | None
    claimed_total: float
    claimed_system_level: int
    areas: tuple[AreaLine, ...]
    findings: Mapping[Tier, tuple[Finding, ...]]
    moves: tuple[MoveLine, ...]
    lost: tuple[LostLine, ...]
    band: Band | None
    heard: Heard | None
    unproven: tuple[ItemLine, ...]
    rejected: tuple[ItemLine, ...]
    unsure: tuple[ItemLine, ...]
    contradictions: tuple[Words, ...]
    confidence: int
    benchmark_title: Words
    benchmark_source: str
    instrument: str
    rules: str
    model: str

    @property
    def is_learned(self) -> bool:
        """A learned model spoke, not the instrument alone."""
        return self.heard is not None

    @property
    def system_name(self) -> Words:
        return SYSTEM_LEVELS[self.system_level]

    @property
    def capability_name(self) -> Words:
        return CAPABILITY_LEVELS[self.capability_level]

    @property
    def waits_for_model(self) -> bool:
        """The model itself does not see the next tier yet, whatever the other conditions say."""
        return self.heard is not None and self.next_tier in TIERS[TIERS.index(self.heard.tier) + 1 :]

    def unmet(self, tier: Tier | None) -> tuple[Finding, ...]:
        """What bars a tier; where a learned model spoke, it spoke instead of the gates on levels and points."""
        free = LEVEL_GATES if self.heard else frozenset()
        return tuple(f for f in self.findings.get(tier, ()) if f.state is State.UNMET and f.gate not in free)

    def pending(self, tier: Tier | None) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings.get(tier, ()) if f.state is State.PENDING)

    def conditions(self, tier: Tier | None) -> tuple[Finding, ...]:
        """The gates that really ask something of this tier, G0 first."""
        return tuple(f for f in self.findings.get(tier, ()) if f.code not in ("FREE", "G8_PROGRAMME"))


def explain(result: Mapping[str, Any]) -> Explanation:
    """Put a stored result into words.

    result : what `record.result` returned, or read back from JSON
    Raises : LookupError when its instrument version is not on file
    """
    instrument = load(result["instrument"]["version"])
    reasons = result["reasons"]
    questions = instrument.questions
    flags = {row["code"]: say(row["ko"], row["en"]) for row in instrument.settings["contradictions"]}
    benchmark = instrument.settings["benchmark"]
    line = instrument.benchmark()
    proof = {row["item"]: row["points"] for row in reasons["unproven"]}
    return Explanation(
        tier=_tier(result["tier"]),
        near=_tier(result["near"]),
        next_tier=_tier(reasons["next_tier"]),
        reaches=_tier(reasons["reaches"]),
        provisional=result["provisional"],
        total=result["total"],
        system_level=result["system_level"],
        capability_level=result["capability_level"],
        claimed_tier=_tier(result["claimed"]["tier"]),
        claimed_total=result["claimed"]["total"],
        claimed_system_level=result["claimed"]["system_level"],
        areas=tuple(
            AreaLine(area.code, area.title, result["areas"][area.code], result["claimed"]["areas"][area.code], line)
            for area in questions.areas
            if area.code in result["areas"]
        ),
        findings={
            tier: tuple(
                Finding(row["gate"], tier, State[row["state"]], row["code"], row["values"])
                for row in result["gates"][tier.name]
            )
            for tier in TIERS
        },
        moves=tuple(_move(instrument, row) for row in reasons["moves"]),
        lost=tuple(_lost(instrument, row, proof.get(row["item"], 0.0)) for row in reasons["lost"]),
        band=_band(result),
        heard=_heard(result),
        unproven=tuple(_item(instrument, row["item"], row["level"]) for row in reasons["unproven"]),
        rejected=tuple(_item(instrument, code, 2) for code in reasons["rejected"]),
        unsure=tuple(_item(instrument, code, 0) for code in reasons["unsure"]),
        contradictions=tuple(flags[code] for code in reasons["contradictions"]),
        confidence=reasons["confidence"],
        benchmark_title=say(benchmark["ko"], benchmark["en"]),
        benchmark_source=benchmark["source"],
        instrument=f"{result['instrument']['name']} {result['instrument']['version']}",
        rules=result["rules"],
        model=result["model"],
    )


def settlement(given: Mapping[str, Any], version: str, speaker: Speaker | None = None) -> Settlement:
    """Which evidence would settle a case, from the stored inputs of its suggestion.

    speaker: the learned model that made it; None is the instrument
    Raises : LookupError when the instrument version is not on file
    """
    instrument = load(version)
    facts = dict(given["facts"])
    if facts["exclusions"] is not None:
        facts["exclusions"] = tuple(facts["exclusions"])
    answers, evidence, known = given["answers"], frozenset(given["evidence"]), Facts(**facts)
    judging = speaker.judging(instrument) if speaker else judge

    def tier_of(proven: Collection[str], rejected: Collection[str]) -> Tier | None:
        return judging(instrument.assess(answers, proven, rejected), known, rejected).tier

    found = settle(instrument, answers, evidence, given["rejected"], known, tier_of)
    turns = tuple(
        TurnLine(
            items=tuple(_item(instrument, code, answers[code]) for code in one.items),
            is_proof=one.turn is Turn.PROVE,
            has_file=all(code in evidence for code in one.items),
            tier=one.tier,
        )
        for one in found.turns
    )
    return Settlement(turns, found.low, found.high, found.complete)


def _band(result: Mapping[str, Any]) -> Band | None:
    """Results of the first rule version have none."""
    band = result.get("band")
    if band is None:
        return None
    low, high = band["low"], band["high"]
    return Band(_tier(low["tier"]), low["total"], _tier(high["tier"]), high["total"])


def _heard(result: Mapping[str, Any]) -> Heard | None:
    """None where the instrument alone spoke."""
    voice = result.get("voice")
    if voice is None:
        return None
    return Heard(
        model=result["model"],
        tier=Tier[voice["tier"]],
        probabilities=tuple(zip(TIERS, voice["probabilities"], strict=True)),
        tiers=tuple(Tier[name] for name in voice["tiers"]),
        note=NOTES.get(voice.get("note")),
    )


def _lost(instrument: Instrument, row: Mapping[str, Any], by_proof: float) -> LostLine:
    item = instrument.questions.items[row["item"]]
    return LostLine(item.code, item.area, item.title, row["now"], row["goal"], row["points"], by_proof)


def _move(instrument: Instrument, row: Mapping[str, Any]) -> MoveLine:
    item = instrument.questions.items[row["item"]]
    proof_only = row["kind"] == "evidence"
    cost = next(c for c in instrument.settings["cost_classes"] if c["class"] == row["cost_class"])
    return MoveLine(
        item=item.code,
        area=item.area,
        title=item.title,
        now=item.anchors[row["claimed"] if proof_only else row["now"]],
        target=item.anchors[max(row["target"], row["claimed"]) if proof_only else row["target"]],
        now_level=row["now"],
        target_level=row["target"],
        proof_only=proof_only,
        points=row["points"],
        cost=say(cost["ko"], cost["en"]),
        cost_class=row["cost_class"],
        technologies=tuple(row["technologies"]),
    )


def _item(instrument: Instrument, code: str, level: int) -> ItemLine:
    item = instrument.questions.items[code]
    return ItemLine(code, item.area, item.title, level, item.anchors[level])


def _tier(name: str | None) -> Tier | None:
    return Tier[name] if name else None
