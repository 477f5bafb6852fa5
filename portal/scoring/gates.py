"""The conditions of the three tiers, each with its reason, its cure and its source; a human decides.

For a firm: 3 tiers × G0…G9, each MET, PENDING (not asked yet, or due only before the agreement) or UNMET. PENDING
counts as met and makes the suggestion provisional. Gates read proven levels, never bare claims.

Source: 신 디지털 제조혁신 추진전략 (2023-09-18), 역량 우수 / 보통 / 부족 → 선도모델 / 고도화 / 기초; the thresholds
per gate are the portal's own rule, versioned by `RULE_VERSION`. Figures of a programme (ceilings, shares) are not here.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from portal.base.words import Words, say
from portal.programmes.rules import SystemLevel, Tier
from portal.scoring.instrument import Assessment, Assessments, Standing

if TYPE_CHECKING:
    import numpy as np

RULE_VERSION = "2"
"""Goes up with every change of a gate, a threshold or the tier rule; stored with every suggestion."""

TIERS = (Tier.BASIC, Tier.ADVANCED, Tier.LEADING)
"""From the lowest to the highest: the first axis of a gate array."""
GATES = tuple(f"G{number}" for number in range(10))
INELIGIBLE = -1

SECURITY_FROM_TARGET = 2
"""A security solution is obligatory from 중간1, system level 2."""
OWN_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where the gates cut. The values given here are the rule; others only answer "what if".

    advanced_total     : G2 of ADVANCED, points of 1,000
    leading_capability : G2 of LEADING, level 0–5
    leading_total      : the total that this level asks for (the instrument's own threshold; here for the sentence)
    system_needed      : G1, tier → system level 0–4
    item_needed        : G3–G7, tier → gate → (item, proven level)
    security_before_agreement : G7, tier → level of R1 that is due before the agreement
    own_share          : G4, ratio 0–1 of the cost
    """

    advanced_total: float = 240
    leading_capability: int = 3
    leading_total: float = 540
    system_needed: Mapping[Tier, int] = field(default_factory=lambda: {Tier.ADVANCED: 1, Tier.LEADING: 2})
    item_needed: Mapping[Tier, Mapping[str, tuple[str, int]]] = field(
        default_factory=lambda: {
            Tier.ADVANCED: {"G4": ("S3", 2), "G5": ("P1", 2)},
            Tier.LEADING: {"G3": ("S2", 3), "G4": ("S3", 3), "G5": ("P1", 3), "G6": ("I3", 3), "G7": ("R1", 2)},
        }
    )
    security_before_agreement: Mapping[Tier, int] = field(default_factory=lambda: {Tier.ADVANCED: 2, Tier.LEADING: 3})
    own_share: float = OWN_SHARE


CUTS = Cuts()
"""The rule in force, as `RULE_VERSION` names it."""


LEVEL_GATES = frozenset({"G1", "G2"})
"""The gates that ask for a level: a learned champion's tier takes their place, every other gate stays binding."""


class State(IntEnum):
    MET = 0
    PENDING = 1
    UNMET = 2


@dataclass(frozen=True, slots=True)
class Facts:
    """What the gates need beside the answers; None is "not asked yet" and leaves its gate PENDING.

    exclusions       : codes of exclusions that apply; empty when the firm declared that none does
    own_share_ratio  : ratio 0–1 of the cost that the firm has shown it can pay
    certified_system_level : 0–4 from a 수준확인서 or a final audit
    data_person_planned    : a data or AI person is planned or at work
    target_system_level    : 0–4 the application aims at
    open_project, unpaid_clawback : of this firm, in this programme family
    """

    exclusions: tuple[str, ...] | None = None
    own_share_ratio: float | None = None
    certified_system_level: int | None = None
    data_person_planned: bool | None = None
    target_system_level: int | None = None
    open_project: bool | None = None
    unpaid_clawback: bool | None = None


@dataclass(frozen=True, slots=True)
class ManyFacts:
    """`Facts` of n firms as arrays of length n; None where nobody was asked.

    exclusions             : int8, -1 not asked, 0 none applies, 1 one applies
    own_share_ratio        : float64, NaN not asked
    certified_system_level, target_system_level : int8, -1 not asked
    data_person_planned, open_project, unpaid_clawback : int8, -1 not asked, 0 no, 1 yes
    """

    exclusions: "np.ndarray | None" = None
    own_share_ratio: "np.ndarray | None" = None
    certified_system_level: "np.ndarray | None" = None
    data_person_planned: "np.ndarray | None" = None
    target_system_level: "np.ndarray | None" = None
    open_project: "np.ndarray | None" = None
    unpaid_clawback: "np.ndarray | None" = None

    @classmethod
    def of(cls, facts: Sequence[Facts]) -> "ManyFacts":
        """The facts of firms that are known one by one."""
        import numpy as np  # not at start-up: a web worker never needs it

        def column(name: str) -> "np.ndarray | None":
            values = [getattr(one, name) for one in facts]
            if all(value is None for value in values):
                return None
            if name == "own_share_ratio":
                return np.array([math.nan if value is None else value for value in values])
            if name == "exclusions":
                values = [None if value is None else bool(value) for value in values]
            return np.array([-1 if value is None else int(value) for value in values], np.int8)

        return cls(**{name: column(name) for name in cls.__dataclass_fields__})

    def part(self, start: int, stop: int) -> "ManyFacts":
        """The firms from `start` to before `stop`."""
        columns = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return ManyFacts(**{name: None if rows is None else rows[start:stop] for name, rows in columns.items()})


@dataclass(frozen=True, slots=True)
class Finding:
    """One gate for one tier: its state and why. `values` fill the sentence of `code`."""

    gate: str
    tier: Tier
    state: State
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> Words:
        return NAMES[self.gate]

    @property
    def sentence(self) -> Words:
        return tell(REASONS[self.code][0], self.values)

    @property
    def cure(self) -> Words | None:
        cure = REASONS[self.code][1]
        return tell(cure, self.values) if cure else None

    @property
    def source(self) -> Words:
        return SOURCES[self.gate]


@dataclass(frozen=True, slots=True)
class Judgement:
    """All gates of a firm and what follows. tier: None is INELIGIBLE. near: the next tier, one gate away."""

    findings: Mapping[Tier, tuple[Finding, ...]]
    tier: Tier | None
    near: Tier | None
    provisional: bool

    @property
    def states(self) -> tuple[tuple[int, ...], ...]:
        """(3, 10) states in the order BASIC, ADVANCED, LEADING × G0…G9."""
        return tuple(tuple(int(finding.state) for finding in self.findings[tier]) for tier in TIERS)

    def unmet(self, tier: Tier) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings[tier] if finding.state is State.UNMET)

    def pending(self, tier: Tier) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings[tier] if finding.state is State.PENDING)

    @property
    def next_tier(self) -> Tier | None:
        """The tier above the suggested one; BASIC for who is ineligible, None at the top."""
        above = 0 if self.tier is None else TIERS.index(self.tier) + 1
        return TIERS[above] if above < len(TIERS) else None


def judge(
    found: Assessment,
    facts: Facts | None = None,
    rejected: Collection[str] = (),
    unasked: Collection[str] = (),
    cuts: Cuts = CUTS,
) -> Judgement:
    """Judge one firm.

    found    : what the answers amount to
    facts    : what is known beside them; None is nothing yet
    rejected : codes whose evidence a person rejected (changes the cure, not the state)
    unasked  : codes that were not asked (pre-check); their gates stay PENDING
    cuts     : the rule in force unless somebody asks "what if"
    Notes    : deterministic; raising an answer or adding evidence never makes a state worse
    Source   : 신 디지털 제조혁신 추진전략 (2023-09-18)
    """
    facts = facts or Facts()
    findings = {
        tier: (
            _exclusions(tier, facts),
            _system(tier, found, facts, cuts),
            _capability(tier, found, cuts),
            _item("G3", tier, found, rejected, unasked, cuts),
            _money(tier, found, facts, rejected, unasked, cuts),
            _people(tier, found, facts, rejected, unasked, cuts),
            _item("G6", tier, found, rejected, unasked, cuts),
            _security(tier, found, facts, rejected, unasked, cuts),
            _plain("G8", tier, State.MET, "G8_PROGRAMME"),
            _history(tier, facts),
        )
        for tier in TIERS
    }
    unmet = {tier: sum(f.state is State.UNMET for f in findings[tier]) for tier in TIERS}
    open_ = [tier for tier in TIERS if not unmet[tier]]
    tier = open_[-1] if open_ else None
    above = TIERS[TIERS.index(tier) + 1] if tier in TIERS[:-1] else None
    return Judgement(
        findings=findings,
        tier=tier,
        near=above if above and unmet[above] == 1 else None,
        provisional=tier is not None and any(f.state is State.PENDING for f in findings[tier]),
    )


def barriers(found: Standing, facts: Facts, cuts: Cuts = CUTS) -> dict[Tier, tuple[str, ...]]:
    """The UNMET gates of each tier, G0 first, and nothing else of `judge`: for trying many small changes."""
    for_all = ("G0",) if facts.exclusions else ()
    last = ("G9",) if facts.unpaid_clawback or facts.open_project else ()
    unmet = {Tier.BASIC: for_all + last}
    proven, certified = found.proven, facts.certified_system_level
    for tier in TIERS[1:]:
        needed = cuts.item_needed[tier]
        barred = [gate for gate, (item, need) in needed.items() if proven.get(item, 0) < need]
        system = cuts.system_needed[tier]
        if found.system_level < system and (certified is None or certified < system):
            barred.append("G1")
        if facts.own_share_ratio is not None and facts.own_share_ratio < cuts.own_share and "G4" not in barred:
            barred.append("G4")
        if tier is Tier.ADVANCED:
            short = found.total < cuts.advanced_total
        else:
            short = found.capability_level < cuts.leading_capability
            unplanned = facts.data_person_planned is False and proven["P1"] != 5
            if unplanned and "G5" not in barred:
                barred.append("G5")
        if short:
            barred.append("G2")
        unmet[tier] = for_all + tuple(sorted(barred)) + last
    return unmet


def highest(unmet: Mapping[Tier, Collection[str]]) -> Tier | None:
    """The highest of the given tiers without an UNMET gate; None is INELIGIBLE."""
    return next((tier for tier in reversed(TIERS) if tier in unmet and not unmet[tier]), None)


def states_of(
    found: Assessments, codes: Sequence[str], facts: "ManyFacts | None" = None, cuts: Cuts = CUTS
) -> "np.ndarray":
    """The gate array of n firms; equal to `judge(…).states` row by row.

    found  : what `Instrument.assess_many` returned
    codes  : the item order of `found.proven`
    facts  : what is known of each firm beside its answers; None is nothing of anybody
    Returns: int8, shape (n, 3, 10), as `tier_for` takes it
    """
    import numpy as np  # not at start-up: a web worker never needs it

    states = np.zeros((len(TIERS), len(GATES), len(found.total)), np.int8)  # a gate's states side by side: quicker
    column = {code: i for i, code in enumerate(codes)}
    fill_states(
        states,
        found.total,
        found.system_level,
        found.capability_level,
        lambda code: np.ascontiguousarray(found.proven[:, column[code]]),
        facts,
        cuts,
    )
    return np.ascontiguousarray(states.transpose(2, 0, 1))


def fill_states(
    states: "np.ndarray",
    total: "np.ndarray",
    system_level: "np.ndarray",
    capability_level: "np.ndarray",
    proven: Callable[[str], "np.ndarray"],
    facts: ManyFacts | None,
    cuts: Cuts,
) -> None:
    """The gates of one block of firms, written into `states` (3, 10, n), which comes full of MET."""
    import numpy as np

    known = facts or ManyFacts()
    met, pending, unmet = (np.int8(state) for state in (State.MET, State.PENDING, State.UNMET))

    def unless(short: "np.ndarray", else_: Any = met) -> "np.ndarray":
        return np.where(short, unmet, else_)

    states[:, 0] = (
        pending
        if known.exclusions is None
        else np.where(known.exclusions < 0, pending, np.where(known.exclusions > 0, unmet, met))
    )
    states[:, 9] = _histories(known, met, pending, unmet)
    for t, tier in enumerate(TIERS[1:], start=1):
        short = system_level < cuts.system_needed[tier]
        reached = pending if tier is Tier.LEADING else met
        states[t, 1] = unless(short, reached)
        if known.certified_system_level is not None:
            states[t, 1][known.certified_system_level >= cuts.system_needed[tier]] = met
        for gate, (item, need) in cuts.item_needed[tier].items():
            states[t, GATES.index(gate)] = unless(proven(item) < need)
        money = states[t, 4]
        money[(money == met) if known.own_share_ratio is None else (money == met) & np.isnan(known.own_share_ratio)] = (
            pending
        )
        if known.own_share_ratio is not None:
            money[known.own_share_ratio < cuts.own_share] = unmet
        security = states[t, 7]
        waits = (security == met) & (proven("R1") < cuts.security_before_agreement[tier])
        if tier is Tier.ADVANCED and known.target_system_level is not None:
            target = known.target_system_level
            waits &= ~((target >= 0) & (target < SECURITY_FROM_TARGET))
        security[waits] = pending
    people, planned = states[2, 5], known.data_person_planned
    open_ = (people == met) & (proven("P1") != 5)
    people[open_ if planned is None else open_ & (planned < 0)] = pending
    if planned is not None:
        people[open_ & (planned == 0)] = unmet
    states[1, 2] = unless(total < cuts.advanced_total)
    states[2, 2] = unless(capability_level < cuts.leading_capability)


def _histories(known: ManyFacts, met: Any, pending: Any, unmet: Any) -> Any:
    """G9 of n firms."""
    import numpy as np

    if known.open_project is None or known.unpaid_clawback is None:
        told = [one for one in (known.open_project, known.unpaid_clawback) if one is not None]
        return np.where(told[0] > 0, unmet, pending) if told else pending
    barred = (known.open_project > 0) | (known.unpaid_clawback > 0)
    asked = (known.open_project >= 0) & (known.unpaid_clawback >= 0)
    return np.where(barred, unmet, np.where(asked, met, pending))


def tier_for(gates: "np.ndarray") -> "np.ndarray":
    """The highest tier without an UNMET gate, for n firms at once; a human decides.

    gates  : int8 array, shape (n, 3, 10), MET / PENDING / UNMET of G0…G9 for BASIC, ADVANCED, LEADING
    Returns: int8 array, shape (n,), 0–2 as in `TIERS`; -1 (INELIGIBLE) where there is none.
    Raises : ValueError when the shape differs.
    """
    import numpy as np  # not at start-up: a web worker never needs it

    gates = np.asarray(gates)
    if gates.ndim != 3 or gates.shape[1:] != (len(TIERS), len(GATES)):
        raise ValueError(f"gates must have shape (n, {len(TIERS)}, {len(GATES)})")
    clear = (gates != State.UNMET).all(axis=2)
    return np.select([clear[:, 2], clear[:, 1], clear[:, 0]], [2, 1, 0], INELIGIBLE).astype(np.int8)


# The gates, one function each -------------------------------------------------------------------------------------


def _exclusions(tier: Tier, facts: Facts) -> Finding:
    """G0: no exclusion applies (부도·휴폐업, 체납, 참여제한 …)."""
    if facts.exclusions is None:
        return _plain("G0", tier, State.PENDING, "G0_NOT_DECLARED")
    if facts.exclusions:
        return Finding("G0", tier, State.UNMET, "G0_EXCLUDED", {"codes": sorted(facts.exclusions)})
    return _plain("G0", tier, State.MET, "G0_CLEAR")


def _system(tier: Tier, found: Assessment, facts: Facts, cuts: Cuts) -> Finding:
    """G1: the system level; for LEADING a level that is not certified yet is provisional."""
    need = cuts.system_needed.get(tier)
    if need is None:
        return _free("G1", tier)
    values = {"need": need, "have": found.system_level}
    if facts.certified_system_level is not None and facts.certified_system_level >= need:
        return Finding("G1", tier, State.MET, "G1_CERTIFIED", values | {"have": facts.certified_system_level})
    if found.system_level < need:
        return Finding("G1", tier, State.UNMET, "G1_SHORT", values)
    if tier is Tier.LEADING:
        return Finding("G1", tier, State.PENDING, "G1_NOT_CERTIFIED", values)
    return Finding("G1", tier, State.MET, "G1_REACHED", values)


def _capability(tier: Tier, found: Assessment, cuts: Cuts) -> Finding:
    """G2: the total for ADVANCED, the capability level for LEADING."""
    if tier is Tier.BASIC:
        return _free("G2", tier)
    need = cuts.leading_total if tier is Tier.LEADING else cuts.advanced_total
    values = {"need": need, "have": found.total, "gap": max(0.0, need - found.total)}
    if tier is Tier.ADVANCED:
        met = found.total >= need
        return Finding("G2", tier, State.MET if met else State.UNMET, "G2_REACHED" if met else "G2_TOTAL", values)
    values |= {"need_level": cuts.leading_capability, "have_level": found.capability_level}
    if found.capability_level >= cuts.leading_capability:
        return Finding("G2", tier, State.MET, "G2_REACHED", values)
    return Finding("G2", tier, State.UNMET, "G2_TOTAL" if values["gap"] else "G2_AREAS", values)


def _item(
    gate: str, tier: Tier, found: Assessment, rejected: Collection[str], unasked: Collection[str], cuts: Cuts
) -> Finding:
    """One answer must have reached a proven level."""
    needed = cuts.item_needed.get(tier)
    wanted = needed.get(gate) if needed else None
    if wanted is None:
        return _free(gate, tier)
    item, need = wanted
    values = {"item": item, "need": need, "have": found.proven.get(item, 0)}
    if item in unasked:
        return Finding(gate, tier, State.PENDING, "NOT_ASKED", values)
    if values["have"] >= need:
        return Finding(gate, tier, State.MET, "ITEM_REACHED", values)
    if found.face.get(item, 0) < need:
        return Finding(gate, tier, State.UNMET, f"{gate}_SHORT", values)
    return Finding(gate, tier, State.UNMET, "EVIDENCE_REJECTED" if item in rejected else "EVIDENCE_MISSING", values)


def _money(
    tier: Tier, found: Assessment, facts: Facts, rejected: Collection[str], unasked: Collection[str], cuts: Cuts
) -> Finding:
    """G4: a plan for the own share, and the share shown (정부 50 %, 자부담 50 %)."""
    plan = _item("G4", tier, found, rejected, unasked, cuts)
    if tier is Tier.BASIC or plan.state is State.UNMET:
        return plan
    if facts.own_share_ratio is None:
        return Finding("G4", tier, State.PENDING, "G4_SHARE_NOT_ASKED", plan.values)
    if facts.own_share_ratio < cuts.own_share:
        share = {"have_percent": round(facts.own_share_ratio * 100)}
        return Finding("G4", tier, State.UNMET, "G4_SHARE_NOT_SHOWN", {**plan.values, **share})
    return plan


def _people(
    tier: Tier, found: Assessment, facts: Facts, rejected: Collection[str], unasked: Collection[str], cuts: Cuts
) -> Finding:
    """G5: someone in charge; for LEADING full time, and a data or AI person planned."""
    staff = _item("G5", tier, found, rejected, unasked, cuts)
    if tier is not Tier.LEADING or staff.state is not State.MET or found.proven["P1"] == 5:
        return staff
    if facts.data_person_planned is None:
        return Finding("G5", tier, State.PENDING, "G5_DATA_PERSON_NOT_ASKED", staff.values)
    if not facts.data_person_planned:
        return Finding("G5", tier, State.UNMET, "G5_DATA_PERSON_MISSING", staff.values)
    return staff


def _security(
    tier: Tier, found: Assessment, facts: Facts, rejected: Collection[str], unasked: Collection[str], cuts: Cuts
) -> Finding:
    """G7: security; the higher level is due only before the agreement, obligatory from 중간1."""
    if tier is Tier.BASIC:
        return _free("G7", tier)
    now = _item("G7", tier, found, rejected, unasked, cuts)
    if now.state is State.UNMET:
        return now
    need, target = cuts.security_before_agreement[tier], facts.target_system_level
    values = {"item": "R1", "need": need, "have": found.proven.get("R1", 0)}
    if "R1" in unasked:
        return Finding("G7", tier, State.PENDING, "NOT_ASKED", values)
    if values["have"] >= need:
        return Finding("G7", tier, State.MET, "ITEM_REACHED", values)
    if tier is Tier.ADVANCED and target is not None and target < SECURITY_FROM_TARGET:
        return _free("G7", tier)
    return Finding("G7", tier, State.PENDING, "G7_BEFORE_AGREEMENT", values)


def _history(tier: Tier, facts: Facts) -> Finding:
    """G9: no project still open, no clawback unpaid."""
    if facts.unpaid_clawback:
        return _plain("G9", tier, State.UNMET, "G9_CLAWBACK")
    if facts.open_project:
        return _plain("G9", tier, State.UNMET, "G9_OPEN_PROJECT")
    if facts.open_project is None or facts.unpaid_clawback is None:
        return _plain("G9", tier, State.PENDING, "G9_NOT_ASKED")
    return _plain("G9", tier, State.MET, "G9_CLEAR")


def _free(gate: str, tier: Tier) -> Finding:
    return _plain(gate, tier, State.MET, "FREE")


@lru_cache(maxsize=256)
def _plain(gate: str, tier: Tier, state: State, code: str) -> Finding:
    """A finding that needs no values is always the same one."""
    return Finding(gate, tier, state, code)


# The sentences ------------------------------------------------------------------------------------------------------

NAMES: Mapping[str, Words] = {
    "G0": say("지원 제외 사유", "Exclusions"),
    "G1": say("구축시스템 수준", "System level"),
    "G2": say("제조혁신역량", "Capability"),
    "G3": say("경영진 참여", "Leadership"),
    "G4": say("자부담 재원", "Own share"),
    "G5": say("담당 인력", "People"),
    "G6": say("데이터", "Data"),
    "G7": say("보안", "Security"),
    "G8": say("사업계획", "Plan"),
    "G9": say("지원 이력", "History"),
}

_STRATEGY = say(
    "신 디지털 제조혁신 추진전략(2023-09-18), 포털 판정 규칙",
    "New digital manufacturing strategy (2023-09-18); portal rule",
)
_NOTICE = say("스마트제조혁신 지원사업 관리지침·공고", "Guideline and notices of the support programme")
SOURCES: Mapping[str, Words] = {
    "G0": _NOTICE,
    "G1": _STRATEGY,
    "G2": _STRATEGY,
    "G3": _STRATEGY,
    "G4": _NOTICE,
    "G5": _STRATEGY,
    "G6": _STRATEGY,
    "G7": say("공고: 중간1 이상은 보안 솔루션 필수", "Notice: a security solution is obligatory from intermediate 1"),
    "G8": _NOTICE,
    "G9": say(
        "중소기업 스마트제조혁신 촉진에 관한 법률 제31조·제32조",
        "Smart manufacturing innovation act, articles 31 and 32",
    ),
}

SYSTEM_LEVELS: tuple[Words, ...] = tuple(level.label for level in SystemLevel)

REASONS: Mapping[str, tuple[Words, Words | None]] = {
    "FREE": (say("이 유형에는 이 조건이 없습니다.", "This tier has no such condition."), None),
    "NOT_ASKED": (
        say("아직 묻지 않은 항목입니다.", "Not asked yet."),
        say("44문항 진단에서 답하면 확정됩니다.", "The 44-item diagnosis settles it."),
    ),
    "ITEM_REACHED": (
        say("필요한 {need}단계를 갖추었습니다(현재 {have}단계).", "Level {need} is needed and level {have} is proven."),
        None,
    ),
    "EVIDENCE_MISSING": (
        say(
            "{need}단계라고 답했지만 증빙이 없어 {have}단계로 봅니다.",
            "Claimed, but without evidence it counts as level {have} of {need}.",
        ),
        say(
            "증빙(화면·로그·계약·인증·사진)을 붙이면 충족됩니다.",
            "Attach evidence: a screen, log, contract, certificate or photo.",
        ),
    ),
    "EVIDENCE_REJECTED": (
        say(
            "붙인 증빙이 인정되지 않아 {have}단계로 봅니다(필요 {need}단계).",
            "The evidence was not accepted, so level {have} of {need} counts.",
        ),
        say("다른 증빙으로 바꾸거나 이의를 제기할 수 있습니다.", "Replace the evidence or object."),
    ),
    "G0_CLEAR": (say("지원 제외 사유가 없습니다.", "No exclusion applies."), None),
    "G0_NOT_DECLARED": (
        say("지원 제외 사유를 아직 확인하지 않았습니다.", "Exclusions have not been declared yet."),
        say(
            "신청할 때 체납·휴폐업·참여제한 여부를 확인합니다.",
            "They are declared with the application: tax arrears, closure, restriction.",
        ),
    ),
    "G0_EXCLUDED": (
        say("지원 제외 사유가 있습니다.", "An exclusion applies."),
        say(
            "사유를 해소한 뒤 증명서류(완납증명 등)를 내면 다시 신청할 수 있습니다.",
            "Clear it, then apply again with the proof (for example a tax clearance).",
        ),
    ),
    "G1_CERTIFIED": (say("확인된 수준이 {have_level_name}입니다.", "The certified level is {have_level_name}."), None),
    "G1_REACHED": (say("시스템 수준이 {have_level_name}입니다.", "The system level is {have_level_name}."), None),
    "G1_NOT_CERTIFIED": (
        say(
            "시스템 수준은 {have_level_name}이지만 아직 수준확인을 받지 않았습니다.",
            "The level is {have_level_name}, but not certified yet.",
        ),
        say(
            "스마트공장 수준확인서나 완료과제 감리 결과로 확인합니다.",
            "A level certificate or the audit of a finished project confirms it.",
        ),
    ),
    "G1_SHORT": (
        say(
            "시스템 수준이 {have_level_name}이고 {need_level_name} 이상이 필요합니다.",
            "The system level is {have_level_name}; {need_level_name} is needed.",
        ),
        say(
            "생산실적 집계와 설비 연결을 먼저 올리면 시스템 수준이 올라갑니다.",
            "Raise production counting and machine connectivity first.",
        ),
    ),
    "G2_REACHED": (
        say("역량 점수가 충분합니다({have_points}점).", "The capability is sufficient ({have_points} points)."),
        None,
    ),
    "G2_TOTAL": (
        say(
            "역량 점수가 {have_points}점으로, {need}점까지 {gap_points}점 남았습니다.",
            "{have_points} points; {gap_points} more to reach {need}.",
        ),
        say("아래에 적은 항목부터 올리면 됩니다.", "Begin with the items listed below."),
    ),
    "G2_AREAS": (
        say(
            "점수는 충분하지만 제조실행·설비·데이터 중 한 영역이 낮아 역량 Level {have_level}입니다.",
            "The points suffice, but execution, equipment or data holds the capability at level {have_level}.",
        ),
        say(
            "가장 낮은 영역의 항목을 올리거나 증빙을 붙여 주세요.",
            "Raise the weakest of these areas, or attach evidence there.",
        ),
    ),
    "G3_SHORT": (
        say(
            "경영진 참여가 {have}단계이고 {need}단계가 필요합니다.", "Leadership is at level {have}; {need} is needed."
        ),
        say(
            "대표가 매달 한 번 이상 추진 상황을 점검해 주세요(회의록이 증빙).",
            "Let the CEO review progress monthly; minutes are the evidence.",
        ),
    ),
    "G4_SHORT": (
        say(
            "투자 계획이 {have}단계이고 {need}단계가 필요합니다.",
            "The investment plan is at level {have}; {need} is needed.",
        ),
        say(
            "자부담 금액과 마련 방법을 적은 문서를 준비해 주세요. 정책자금 융자도 됩니다.",
            "Put the own share and its funding on paper; a policy loan counts.",
        ),
    ),
    "G4_SHARE_NOT_ASKED": (
        say("자부담 50% 증빙은 신청할 때 냅니다.", "Proof of the 50% own share is due with the application."),
        say("잔액증명서나 대출 확약서를 준비해 주세요.", "Prepare a balance certificate or a loan commitment."),
    ),
    "G4_SHARE_NOT_SHOWN": (
        say(
            "자부담이 사업비의 {have_percent}%입니다(50% 필요).",
            "The own share is {have_percent}% of the cost; 50% is needed.",
        ),
        say(
            "자부담을 늘리고 증빙을 붙이거나 사업비를 줄여 주세요.",
            "Raise the own share with its proof, or lower the cost.",
        ),
    ),
    "G5_SHORT": (
        say("담당 인력이 {have}단계이고 {need}단계가 필요합니다.", "Staffing is at level {have}; {need} is needed."),
        say(
            "담당자를 정해 주세요(고도화는 겸임 가능, 선도모델은 전담 1명).",
            "Name a person: part-time for 고도화, full-time for 선도모델.",
        ),
    ),
    "G5_DATA_PERSON_NOT_ASKED": (
        say(
            "데이터·AI 인력 계획은 신청할 때 확인합니다.",
            "The plan for a data or AI person is checked with the application.",
        ),
        say("채용·교육·파견 계획을 준비해 주세요.", "Prepare a plan: hiring, training or secondment."),
    ),
    "G5_DATA_PERSON_MISSING": (
        say("데이터·AI 인력 계획이 없습니다.", "No data or AI person is planned."),
        say("사업계획에 채용·교육·파견 계획을 넣어 주세요.", "Put hiring, training or secondment into the plan."),
    ),
    "G6_SHORT": (
        say(
            "데이터 이력이 {have}단계이고 {need}단계(3개월 이상, 코드 일관)가 필요합니다.",
            "Data is at level {have}; {need} is needed (3+ months, consistent codes).",
        ),
        say(
            "생산 데이터를 석 달 이상 같은 코드로 쌓아 주세요.",
            "Keep production data with the same codes for three months.",
        ),
    ),
    "G7_SHORT": (
        say(
            "보안이 {have}단계이고 {need}단계(백업·계정 관리)가 필요합니다.",
            "Security is at level {have}; {need} is needed (backup, accounts).",
        ),
        say(
            "백업과 계정 관리를 시작해 주세요. 비용이 거의 들지 않습니다.",
            "Start backups and account management; it costs little.",
        ),
    ),
    "G7_BEFORE_AGREEMENT": (
        say(
            "보안 {need}단계는 협약 전까지 갖추면 됩니다(현재 {have}단계).",
            "Security level {need} is due before the agreement (now {have}).",
        ),
        say("사업비에 보안 솔루션을 넣을 수 있습니다.", "A security solution may be part of the project cost."),
    ),
    "G8_PROGRAMME": (
        say(
            "사업계획은 유형이 아니라 신청하는 사업의 조건입니다.",
            "The plan is a condition of the programme, not of the tier.",
        ),
        None,
    ),
    "G9_CLEAR": (say("진행 중인 과제와 미납 환수금이 없습니다.", "No open project and no unpaid clawback."), None),
    "G9_NOT_ASKED": (
        say("지원 이력은 신청할 때 확인합니다.", "The support history is checked with the application."),
        None,
    ),
    "G9_OPEN_PROJECT": (
        say("아직 끝나지 않은 과제가 있습니다.", "An earlier project is still open."),
        say("진행 중인 과제를 완료하면 신청할 수 있습니다.", "Finish it first."),
    ),
    "G9_CLAWBACK": (
        say("납부하지 않은 환수금이 있습니다.", "A clawback is unpaid."),
        say("환수금을 납부하면(분납 가능) 신청할 수 있습니다.", "Pay it; instalments are possible."),
    ),
}


def tell(template: Words, values: Mapping[str, Any]) -> Words:
    """Fill a bilingual sentence; levels are named in its language, points never rounded across a threshold."""
    shown: dict[str, Any] = dict(values)
    for name in ("need", "have"):
        value = values.get(name)
        if isinstance(value, float):
            shown[f"{name}_points"] = points(value)
        elif isinstance(value, int) and 0 <= value < len(SYSTEM_LEVELS):
            shown[f"{name}_level_name"] = SYSTEM_LEVELS[value]
    if "gap" in values:
        shown["gap_points"] = _tenths(math.ceil(values["gap"] * 10))
    return template.format(**shown)


def points(value: float) -> str:
    """Points for a reader: cut after one decimal, so that nothing looks as if it had reached a threshold."""
    return _tenths(math.floor(value * 10))


def _tenths(value: int) -> str:
    return f"{value // 10}" if value % 10 == 0 else f"{value / 10:.1f}"
