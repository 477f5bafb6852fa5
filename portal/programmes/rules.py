"""Tiers, levels, programmes and calls: what they are called, when a call takes applications, what it pays.

Source: 신 디지털 제조혁신 추진전략 (2023-09-18) for the tiers; the levels are those of the level confirmation
(중소벤처기업부고시 2023-80). Ceilings and shares are data (`data/programmes.toml`), never code.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum

from portal.base import clock
from portal.base.access import YES, Actor, RuleBroken, Verdict, no
from portal.base.words import Words, define, say


class Tier(StrEnum):
    """유형: the track of support a firm gets; never mixed with its level."""

    LEADING = "LEADING"
    ADVANCED = "ADVANCED"
    BASIC = "BASIC"

    @property
    def label(self) -> Words:
        return TIER_LABELS[self]


TIER_LABELS: dict[Tier, Words] = {
    Tier.LEADING: say("선도모델", "Leading model"),
    Tier.ADVANCED: say("고도화", "Advanced"),
    Tier.BASIC: say("기초", "Basic"),
}

# The higher the rank, the more a firm has achieved.
TIER_RANK: dict[Tier, int] = {Tier.BASIC: 1, Tier.ADVANCED: 2, Tier.LEADING: 3}


class SystemLevel(IntEnum):
    """구축시스템 스마트화 수준, the official axis of what the system can do."""

    NONE = 0
    BASIC = 1
    MIDDLE1 = 2
    MIDDLE2 = 3
    ADVANCED = 4

    @property
    def label(self) -> Words:
        return SYSTEM_LEVEL_LABELS[self]


SYSTEM_LEVEL_LABELS: dict[SystemLevel, Words] = {
    SystemLevel.NONE: say("ICT 미적용", "No ICT"),
    SystemLevel.BASIC: say("기초", "Basic"),
    SystemLevel.MIDDLE1: say("중간1", "Intermediate 1"),
    SystemLevel.MIDDLE2: say("중간2", "Intermediate 2"),
    SystemLevel.ADVANCED: say("고도", "Advanced"),
}


class ProgrammeKind(StrEnum):
    BUILD = "build"
    SERVICE = "service"
    AFTERCARE = "aftercare"

    @property
    def label(self) -> Words:
        return KIND_LABELS[self]


KIND_LABELS: dict[ProgrammeKind, Words] = {
    ProgrammeKind.BUILD: say("구축", "Building"),
    ProgrammeKind.SERVICE: say("진단·컨설팅", "Diagnosis and advice"),
    ProgrammeKind.AFTERCARE: say("사후관리", "After-care"),
}


class ProgrammeStatus(StrEnum):
    ACTIVE = "active"
    ENDED = "ended"

    @property
    def label(self) -> Words:
        return say("운영 중", "Running") if self is ProgrammeStatus.ACTIVE else say("종료", "Ended")


class Sureness(StrEnum):
    """How well a figure of the catalogue is known; R is never shown as an official rule."""

    VERIFIED = "V"
    WEAK = "W"
    RECALLED = "R"
    PROPOSED = "P"
    NOT_FOUND = ""

    @property
    def label(self) -> Words:
        return SURENESS_LABELS[self]


SURENESS_LABELS: dict[Sureness, Words] = {
    Sureness.VERIFIED: say("공개 자료에서 확인", "Read in a public source"),
    Sureness.WEAK: say("참고 자료 기준, 공고문 확인 필요", "From a secondary source: check the notice"),
    Sureness.RECALLED: say("확인 필요", "To be checked"),
    Sureness.PROPOSED: say("포털의 제안", "The portal's proposal"),
    Sureness.NOT_FOUND: say("공고문에서 확인", "See the notice"),
}


class CallStatus(StrEnum):
    """What an operator did with the call; whether it takes applications is `phase`."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class Phase(StrEnum):
    """Where a call stands at a moment."""

    DRAFT = "draft"
    UPCOMING = "upcoming"
    OPEN = "open"
    ENDED = "ended"
    CLOSED = "closed"

    @property
    def label(self) -> Words:
        return PHASE_LABELS[self]


PHASE_LABELS: dict[Phase, Words] = {
    Phase.DRAFT: say("작성 중", "Draft"),
    Phase.UPCOMING: say("접수 예정", "Upcoming"),
    Phase.OPEN: say("접수 중", "Open"),
    Phase.ENDED: say("접수 마감", "Ended"),
    Phase.CLOSED: say("조기 종료", "Closed early"),
}


class SupplierTrack(StrEnum):
    """A call of its own for suppliers of one field: who is named in an application must hold the verified mark."""

    AI = "ai"
    DIGITAL_TWIN = "digital_twin"

    @property
    def label(self) -> Words:
        return TRACK_LABELS[self]


TRACK_LABELS: dict[SupplierTrack, Words] = {
    SupplierTrack.AI: say("제조AI 공급기업", "Suppliers of manufacturing AI"),
    SupplierTrack.DIGITAL_TWIN: say("디지털트윈 공급기업", "Suppliers of digital twins"),
}

OPERATORS = frozenset({"operator_national", "operator_region"})

PERMISSIONS: dict[str, frozenset[str]] = {
    "programmes:call:manage": OPERATORS,
    "programmes:catalogue:load": frozenset({"operator_national", "sysadmin"}),
}

EARLIEST = datetime(2023, 9, 18, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
LONGEST = timedelta(days=731)
LARGEST_BUDGET_KRW = 10_000_000_000_000
MOST_REVIEWS = 5

CODES = define(
    {
        "call_not_yet": say(
            "아직 접수 기간이 아닙니다. {opens_at}부터 신청할 수 있습니다.",
            "Not open yet: applications from {opens_at}.",
        ),
        "call_ended": say("접수 기간이 끝났습니다 ({closes_at} 마감).", "The call has ended ({closes_at})."),
        "call_closed": say("운영기관이 접수를 일찍 끝낸 공고입니다.", "The operator closed this call early."),
        "call_tier_not_offered": say("이 공고에서 뽑지 않는 유형입니다.", "This call does not offer that tier."),
        "call_region_other": say(
            "공장이 이 공고의 지역에 있지 않습니다.", "Your factory does not stand in this call's region."
        ),
        "call_title_missing": say("공고 제목을 적어 주세요.", "Give the call a title."),
        "call_window_order": say("마감은 시작보다 뒤여야 합니다.", "The end must be after the start."),
        "call_window_past": say("마감 시각이 이미 지났습니다.", "The end is already past."),
        "call_window_long": say("접수 기간은 2년을 넘을 수 없습니다.", "A call may be open for two years at most."),
        "call_date_range": say(
            "2023-09-18부터 2099년까지의 날짜를 적어 주세요.", "Give a date between 2023-09-18 and 2099."
        ),
        "call_start_fixed": say(
            "이미 시작한 공고의 시작 시각은 바꿀 수 없습니다.", "The start of a call that has opened is fixed."
        ),
        "call_end_earlier": say(
            "접수 중에는 마감을 늦출 수만 있습니다. 일찍 끝내려면 ‘조기 종료’를 쓰세요.",
            "While a call is open its end can only be moved later. To end it early use “close early”.",
        ),
        "call_over": say(
            "이미 마감된 공고의 기간은 바꿀 수 없습니다. 새 공고를 열어 주세요.",
            "The window of a call that has ended is fixed. Please open a new call.",
        ),
        "call_tiers_fixed": say("접수 중에는 유형을 뺄 수 없습니다.", "While a call is open no tier can be removed."),
        "call_programme_fixed": say(
            "공고를 연 뒤에는 사업을 바꿀 수 없습니다.", "The programme of a published call is fixed."
        ),
        "call_region_fixed": say(
            "공고를 연 뒤에는 지역을 바꿀 수 없습니다.", "The region of a published call is fixed."
        ),
        "call_track_fixed": say(
            "공고를 연 뒤에는 공급기업 조건을 바꿀 수 없습니다.",
            "The condition for suppliers of a published call is fixed.",
        ),
        "call_track_no_supplier": say(
            "이 사업은 신청할 때 공급기업을 고르지 않아 조건을 걸 수 없습니다.",
            "Applications to this programme name no supplier, so none can be asked for.",
        ),
        "call_budget_positive": say("예산은 0보다 커야 합니다.", "The budget must be above zero."),
        "call_budget_large": say(
            "예산이 너무 큽니다. 단위(만원)를 확인해 주세요.", "The budget is too large. Check the unit (10,000 won)."
        ),
        "call_tiers_empty": say("유형을 하나 이상 고르세요.", "Choose at least one tier."),
        "call_tiers_foreign": say(
            "이 사업에 없는 유형이 있습니다: {tiers}", "The programme does not have these tiers: {tiers}"
        ),
        "call_programme_unknown": say("사업을 고르세요.", "Choose a programme."),
        "call_programme_ended": say(
            "끝난 사업으로는 공고를 열 수 없습니다.", "An ended programme can't have a new call."
        ),
        "call_region_unknown": say("지역을 다시 고르세요.", "Choose the region again."),
        "call_region_foreign": say("우리 지역의 공고만 열 수 있습니다.", "You may only open calls of your own region."),
        "call_reviews_range": say("평가위원 수는 1~5명입니다.", "Between 1 and 5 reviewers."),
        "call_ratio_range": say("지원 비율은 1~100%입니다.", "The share is between 1 and 100 %."),
        "call_ceiling_range": say(
            "지원 한도는 0보다 크고 예산을 넘지 않아야 합니다.", "The ceiling must be above zero and within the budget."
        ),
        "call_months_range": say("사업 기간은 1~60개월입니다.", "Between 1 and 60 months."),
        "call_reason_missing": say("끝내는 이유를 적어 주세요.", "Say why it is closed."),
        "call_not_draft": say("이미 연 공고입니다.", "This call is already published."),
        "call_not_running": say(
            "열려 있거나 예정된 공고만 끝낼 수 있습니다.", "Only an open or upcoming call can be closed."
        ),
    }
)


def phase(status: CallStatus, opens_at: datetime, closes_at: datetime, at: datetime) -> Phase:
    """Where a call stands; the window is inclusive on both ends.

    at: the moment the server received the request (aware UTC), never what the browser says
    """
    if status is CallStatus.DRAFT:
        return Phase.DRAFT
    if status is CallStatus.CLOSED:
        return Phase.CLOSED
    if at < opens_at:
        return Phase.UPCOMING
    return Phase.OPEN if at <= closes_at else Phase.ENDED


def can_apply(status: CallStatus, opens_at: datetime, closes_at: datetime, at: datetime) -> Verdict:
    """Whether an application that reached the server at `at` is in time; the refusal tells the times in KST."""
    now = phase(status, opens_at, closes_at, at)
    if now is Phase.OPEN:
        return YES
    if now in (Phase.DRAFT, Phase.UPCOMING):
        return no("call_not_yet", opens_at=_kst(opens_at))
    return no("call_closed") if now is Phase.CLOSED else no("call_ended", closes_at=_kst(closes_at))


def _kst(moment: datetime) -> str:
    return f"{clock.kst(moment):%Y-%m-%d %H:%M}"


def can_manage(actor: Actor, own_region: Collection[str], region: str | None) -> Verdict:
    """Whether an operator may open or change a call of this region (None = national).

    own_region: every key inside the operator's region
    Source: 지자체 operators run the calls of their own region only.
    """
    if actor.is_system or actor.has("operator_national"):
        return YES
    if not actor.has("operator_region"):
        return no("no_right")
    return YES if region is not None and region in own_region else no("call_region_foreign")


@dataclass(frozen=True)
class CallFacts:
    """What an operator writes about a call. Money in won, times aware UTC, region None = national.

    ceiling, ratio and months override the programme's own figures for this call; None keeps the programme's.
    track: the mark that the named supplier must hold; None = any supplier
    """

    programme: str
    title_ko: str
    opens_at: datetime
    closes_at: datetime
    tiers: frozenset[Tier]
    budget_krw: int
    title_en: str = ""
    summary_ko: str = ""
    summary_en: str = ""
    region: str | None = None
    contact: str = ""
    reviews: int = 2
    ceiling_krw: int | None = None
    subsidy_ratio: float | None = None
    months: int | None = None
    track: SupplierTrack | None = None


def broken_facts(
    facts: CallFacts,
    *,
    programme_tiers: Collection[Tier],
    programme_runs: bool,
    programme_names_supplier: bool = True,
    at: datetime,
    before: CallFacts | None = None,
    published: bool = False,
) -> list[RuleBroken]:
    """Everything that is wrong with a call's facts, each pinned to its field; empty when all is well.

    before   : the facts that stand, for an edit
    published: the call is visible to firms, so that what they rely on can't shrink under them
    """
    wrong: list[RuleBroken] = []

    def refuse(code: str, field: str, **values: object) -> None:
        wrong.append(RuleBroken(code, field, **values))

    if not facts.title_ko.strip():
        refuse("call_title_missing", "title_ko")
    if not programme_runs and (before is None or before.programme != facts.programme):
        refuse("call_programme_ended", "programme")
    if not facts.tiers:
        refuse("call_tiers_empty", "tiers")
    elif foreign := [tier for tier in Tier if tier in facts.tiers and tier not in programme_tiers]:
        names = [tier.label for tier in foreign]
        refuse(
            "call_tiers_foreign",
            "tiers",
            tiers=say(", ".join(name.ko for name in names), ", ".join(name.en for name in names)),
        )
    if facts.track is not None and not programme_names_supplier:
        refuse("call_track_no_supplier", "track")
    in_range = True
    for name in ("opens_at", "closes_at"):
        if not EARLIEST <= getattr(facts, name) < LATEST:
            refuse("call_date_range", name)
            in_range = False
    if in_range:
        wrong += _broken_window(facts, at, before, published)
    if facts.budget_krw <= 0:
        refuse("call_budget_positive", "budget")
    elif facts.budget_krw > LARGEST_BUDGET_KRW:
        refuse("call_budget_large", "budget")
    if not 1 <= facts.reviews <= MOST_REVIEWS:
        refuse("call_reviews_range", "reviews")
    if facts.ceiling_krw is not None and not 0 < facts.ceiling_krw <= max(facts.budget_krw, 0):
        refuse("call_ceiling_range", "ceiling")
    if facts.subsidy_ratio is not None and not 0.01 <= facts.subsidy_ratio <= 1:
        refuse("call_ratio_range", "ratio")
    if facts.months is not None and not 1 <= facts.months <= 60:
        refuse("call_months_range", "months")
    if before and published:
        if facts.programme != before.programme:
            refuse("call_programme_fixed", "programme")
        if facts.region != before.region:
            refuse("call_region_fixed", "region")
        if facts.track != before.track:
            refuse("call_track_fixed", "track")
        if at >= before.opens_at and not before.tiers <= facts.tiers:
            refuse("call_tiers_fixed", "tiers")
    return wrong


def _broken_window(facts: CallFacts, at: datetime, before: CallFacts | None, published: bool) -> list[RuleBroken]:
    if facts.closes_at <= facts.opens_at:
        return [RuleBroken("call_window_order", "closes_at")]
    if facts.closes_at - facts.opens_at > LONGEST:
        return [RuleBroken("call_window_long", "closes_at")]
    if before is None or not published:
        return [RuleBroken("call_window_past", "closes_at")] if facts.closes_at <= at else []
    wrong = []
    if at > before.closes_at:
        moved = (facts.opens_at, facts.closes_at) != (before.opens_at, before.closes_at)
        return [RuleBroken("call_over", "closes_at")] if moved else []
    if at >= before.opens_at:
        if facts.opens_at != before.opens_at:
            wrong.append(RuleBroken("call_start_fixed", "opens_at"))
        if facts.closes_at < before.closes_at:
            wrong.append(RuleBroken("call_end_earlier", "closes_at"))
    elif facts.closes_at <= at:
        wrong.append(RuleBroken("call_window_past", "closes_at"))
    return wrong


def expected_subsidy(
    cost_krw: int, ceiling_krw: int | None, ratio: float | None, other_ratio: float = 0.0
) -> tuple[int | None, int | None]:
    """What the state would pay and what stays with the firm, in won, rounded down to 1,000 won.

    cost_krw    : cost of the project without VAT, >= 0
    ceiling_krw : the most the state pays; None = not known
    ratio       : the state's share, 0-1; None = not known
    other_ratio : the share of a lead firm (win-win), 0-1
    Returns: (min(ceiling, ratio × cost), the rest after the lead firm's share); (None, None) without a ratio.
    Source: domain of 지원 한도·비율 as printed in the notices.
    """
    if ratio is None or cost_krw < 0:
        return None, None
    subsidy = cost_krw * round(ratio * 10_000) // 10_000
    if ceiling_krw is not None:
        subsidy = min(subsidy, ceiling_krw)
    subsidy -= subsidy % 1000
    partner = cost_krw * round(other_ratio * 10_000) // 10_000
    return subsidy, max(0, cost_krw - subsidy - partner)


def level_fits(level: int | None, level_min: int | None) -> bool:
    """Whether a firm at this system level passes the programme's gate; an unknown level passes."""
    return level is None or level_min is None or level >= level_min
