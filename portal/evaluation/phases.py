"""The phases that a call's evaluation passes, and what an evaluator may see and do in each: data of the call, not code.

A call without rows of its own has the portal's default: the requirement check, then a written review in which evaluators
see their assigned cases by name, never one another's reviews, and the suggestion after their own score.

Source of the order: 신 디지털 제조혁신 추진전략 절차 (요건검토 → 서면 → 현장 → 발표); a phase may be waived per call.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from portal.applications.rules import Status
from portal.base.access import YES, Verdict, no
from portal.base.words import Words, define, say
from portal.programmes.rules import Tier


class PhaseKind(StrEnum):
    REQUIREMENT = "requirement"
    WRITTEN = "written"
    SITE = "site"
    PRESENTATION = "presentation"

    @property
    def label(self) -> Words:
        return KIND_WORDS[self]

    @property
    def status(self) -> Status | None:
        """The application's status while it is in this phase; None for the requirement check, which has several."""
        return STATUS_OF.get(self)


KIND_WORDS = {
    PhaseKind.REQUIREMENT: say("요건 검토", "Requirement check"),
    PhaseKind.WRITTEN: say("서면 평가", "Written review"),
    PhaseKind.SITE: say("현장 확인", "Site visit"),
    PhaseKind.PRESENTATION: say("발표 평가", "Presentation"),
}
STATUS_OF = {
    PhaseKind.WRITTEN: Status.WRITTEN,
    PhaseKind.SITE: Status.SITE,
    PhaseKind.PRESENTATION: Status.PRESENT,
}
PHASE_OF = {status: kind for kind, status in STATUS_OF.items()}
ORDER = tuple(PhaseKind)
"""The order of the procedure; a call leaves kinds out, it does not turn them round."""


class OthersReviews(StrEnum):
    """When an evaluator sees the submitted reviews of the others on the case, under their pseudonyms."""

    NEVER = "never"
    AFTER_OWN = "after_own"
    ALWAYS = "always"

    @property
    def label(self) -> Words:
        return OTHERS_WORDS[self]


OTHERS_WORDS = {
    OthersReviews.NEVER: say("보이지 않음", "Never"),
    OthersReviews.AFTER_OWN: say("내 평가를 낸 뒤", "After the own review"),
    OthersReviews.ALWAYS: say("언제나", "Always"),
}


class SuggestionView(StrEnum):
    """When an evaluator sees the machine's suggestion."""

    NEVER = "never"
    AFTER_OWN = "after_own"

    @property
    def label(self) -> Words:
        return SUGGESTION_WORDS[self]


SUGGESTION_WORDS = {
    SuggestionView.NEVER: say("보이지 않음", "Never"),
    SuggestionView.AFTER_OWN: say("내 점수를 확정한 뒤", "After the own score is locked"),
}


class TieRule(StrEnum):
    """Who comes first in the ranking when totals are equal; published with the call."""

    CRITICAL = "critical"
    EARLIER = "earlier"

    @property
    def label(self) -> Words:
        return TIE_WORDS[self]


TIE_WORDS = {
    TieRule.CRITICAL: say(
        "핵심 항목 점수의 합이 높은 쪽, 그래도 같으면 먼저 접수한 쪽",
        "The higher sum of the critical criteria, then the earlier application",
    ),
    TieRule.EARLIER: say("먼저 접수한 쪽", "The earlier application"),
}


@dataclass(frozen=True)
class Phase:
    """One phase of a call.

    opens_on, closes_on: first and last day (KST) on which reviews are written; None leaves that side open
    sees_all           : evaluators of the call may read its other cases too, after declaring for each
    sees_names         : evaluators read the firm's and the supplier's names
    waived             : the call does without this phase; `waived_reason` says why
    """

    kind: PhaseKind
    opens_on: date | None = None
    closes_on: date | None = None
    sees_all: bool = False
    sees_names: bool = True
    others_reviews: OthersReviews = OthersReviews.NEVER
    suggestion: SuggestionView = SuggestionView.AFTER_OWN
    waived: bool = False
    waived_reason: str = ""

    def accepts(self, today: date) -> Verdict:
        """Whether reviews may be written on this day."""
        if self.opens_on is not None and today < self.opens_on:
            return no("evaluation_phase_not_open", phase=self.kind.label, day=self.opens_on.isoformat())
        if self.closes_on is not None and today > self.closes_on:
            return no("evaluation_phase_over", phase=self.kind.label, day=self.closes_on.isoformat())
        return YES

    def shows_others(self, own_submitted: bool) -> bool:
        if self.others_reviews is OthersReviews.AFTER_OWN:
            return own_submitted
        return self.others_reviews is OthersReviews.ALWAYS

    @property
    def shows_suggestion(self) -> bool:
        """Whether an evaluator ever sees the suggestion (always after the own score)."""
        return self.suggestion is SuggestionView.AFTER_OWN


SHORTEST_APPEAL, LONGEST_APPEAL = 7, 60
DEFAULT_PHASES = (Phase(PhaseKind.REQUIREMENT), Phase(PhaseKind.WRITTEN))


@dataclass(frozen=True)
class Plan:
    """How one call is evaluated and decided.

    rubric      : reference of the score sheet that new panels get; None takes the newest
    reviews     : evaluators per application (k)
    min_load, max_load: cases per evaluator; balance: spread the load as evenly as possible
    ranked      : cases are ranked and selected within budget and quotas, not one by one
    budget_krw  : what may be granted; quotas: places per tier, a tier that is missing has no limit
    bonus_cap   : most bonus points in total
    disagreement: from how many times the call's usual spread on a third evaluator is called
    remind_days : days before the due date on which a silent evaluator is reminded
    silence_days: days after the due date after which a silent evaluator's seat is freed
    appeal_days : days within which a firm may appeal
    version     : 0 while the call has no row of its own
    """

    call_id: int
    reviews: int
    budget_krw: int
    rubric: str | None = None
    min_load: int = 0
    max_load: int = 30
    balance: bool = True
    ranked: bool = False
    quotas: Mapping[Tier, int] = field(default_factory=dict)
    tie_rule: TieRule = TieRule.CRITICAL
    bonus_cap: float = 5.0
    disagreement: float = 2.0
    remind_days: int = 3
    silence_days: int = 5
    appeal_days: int = 14
    version: int = 0


RANGES: dict[str, tuple[float, float]] = {
    "min_load": (0, 500),
    "max_load": (1, 500),
    "bonus_cap": (0, 20),
    "disagreement": (1, 10),
    "remind_days": (0, 30),
    "silence_days": (0, 60),
    "appeal_days": (1, 60),
}
"""What the numbers of a plan may be."""

CODES = define(
    {
        "evaluation_phase_not_open": say(
            "{phase} 기간이 아직 아닙니다. {day}부터 할 수 있습니다.",
            "The phase “{phase}” has not begun. It opens on {day}.",
        ),
        "evaluation_phase_over": say(
            "{phase} 기간이 {day}에 끝나 더 적거나 낼 수 없습니다.",
            "The phase “{phase}” ended on {day}; nothing can be written or handed in any more.",
        ),
        "evaluation_phase_last": say(
            "마지막 단계입니다. 이제 위원장이 결정합니다.", "This is the last phase. The chair decides now."
        ),
        "evaluation_phase_reviews_open": say(
            "서면 평가를 아직 내지 않은 위원이 {count}명 있어 다음 단계로 넘길 수 없습니다.",
            "{count} evaluator(s) have not submitted the written review, so the case can't move on.",
        ),
        "evaluation_phase_reviews_few": say(
            "서면 평가가 {need}건 필요한데 {count}건뿐이라 다음 단계로 넘길 수 없습니다.",
            "{need} written reviews are needed and there are {count}, so the case can't move on.",
        ),
        "evaluation_phase_report": say(
            "현장 확인 결과를 아직 적지 않아 다음 단계로 넘길 수 없습니다.",
            "There is no report of the site visit yet, so the case can't move on.",
        ),
        "evaluation_phase_ahead": say(
            "아직 거치지 않은 단계({phase})가 있습니다. 거치거나 생략한 뒤에 선정하거나 예비로 둘 수 있습니다.",
            "The phase “{phase}” is still ahead. The case can be selected or put in reserve after it, or once it is waived.",
        ),
        "evaluation_appeal_days": say(
            "이의신청 기한은 {least}일부터 {most}일까지 정할 수 있습니다.",
            "The time for appeals is between {least} and {most} days.",
        ),
        "evaluation_appeal_shorter": say(
            "이미 결정이 난 공고의 이의신청 기한은 줄일 수 없습니다. 지금은 {days}일입니다.",
            "A call with decisions can't get a shorter time for appeals; it is {days} days now.",
        ),
        "evaluation_phase_unknown": say(
            "이 공고에 없거나 이미 지난 단계입니다.", "The call has no such phase, or it has passed."
        ),
        "evaluation_phase_none_left": say(
            "평가하는 단계를 하나는 남겨 두어야 합니다.", "At least one phase of evaluation must remain."
        ),
        "evaluation_waiver_reason": say(
            "생략하는 까닭을 {least}자 이상 적어 주세요.", "Say why it is waived, in at least {least} characters."
        ),
        "evaluation_phase_window": say(
            "끝나는 날은 시작하는 날보다 앞설 수 없습니다.", "The last day can't lie before the first day."
        ),
        "evaluation_phase_in_use": say(
            "이 단계에 있는 신청이 {count}건 있어 없애거나 생략할 수 없습니다.",
            "{count} application(s) are in this phase, so it can't be removed or waived.",
        ),
        "evaluation_not_presenting": say(
            "발표 평가 단계의 신청이 아닙니다.", "The application is not in the presentation phase."
        ),
        "evaluation_reading_barred": say(
            "이 신청과 이해관계가 있을 수 있어 볼 수 없습니다.",
            "There may be a conflict of interest with this case; it can't be read.",
        ),
        "evaluation_plan_range": say("{least}부터 {most}까지 정할 수 있습니다.", "Between {least} and {most}."),
        "evaluation_plan_loads": say(
            "가장 많이 맡는 건수는 가장 적게 맡는 건수보다 작을 수 없습니다.",
            "The largest load can't be smaller than the smallest.",
        ),
        "evaluation_plan_budget": say(
            "공고의 예산({most}원)보다 클 수 없습니다.", "It can't exceed the call's budget ({most} KRW)."
        ),
        "evaluation_plan_reviews": say(
            "신청마다 {least}명부터 {most}명까지 정할 수 있습니다.",
            "Between {least} and {most} evaluators per application.",
        ),
        "evaluation_plan_rubric": say("쓸 수 있는 배점표가 아닙니다.", "This score sheet can't be used."),
    }
)


def problem_of_order(phases: Sequence[Phase]) -> Verdict:
    """Whether these rows can be a call's phases; the order is the procedure's own, so only contents can be wrong."""
    if not any(not one.waived for one in phases if one.kind is not PhaseKind.REQUIREMENT):
        return no("evaluation_phase_none_left")
    return YES


def in_order(phases: Collection[Phase]) -> tuple[Phase, ...]:
    return tuple(sorted(phases, key=lambda one: ORDER.index(one.kind)))


def phase_at(phases: Sequence[Phase], status: Status) -> Phase:
    """The phase of an application with this status.

    Notes: outside evaluation (decided, withdrawn) the first phase in force counts, which shows least; a phase that the
           call has no row for has the default's rights
    """
    if status in PHASE_OF:
        kind = PHASE_OF[status]
        return next((one for one in phases if one.kind is kind), Phase(kind))
    return first_of(phases)


def can_grant(days: int, now: int, has_decisions: bool) -> Verdict:
    """Whether a call may grant so many days for an appeal. now: what it grants; has_decisions: firms rely on it."""
    if not SHORTEST_APPEAL <= days <= LONGEST_APPEAL:
        return no("evaluation_appeal_days", least=SHORTEST_APPEAL, most=LONGEST_APPEAL)
    if has_decisions and days < now:
        return no("evaluation_appeal_shorter", days=now)
    return YES


def first_of(phases: Sequence[Phase]) -> Phase:
    """The first phase of evaluation that the call does not do without."""
    in_force = (one for one in phases if one.kind in STATUS_OF and not one.waived)
    return next(in_force, Phase(PhaseKind.WRITTEN))


def ahead(phases: Sequence[Phase], status: Status, waived: Collection[PhaseKind] = ()) -> tuple[Phase, ...]:
    """The phases that an application with this status has still to pass.

    waived: kinds that this application does without
    """
    here = PHASE_OF.get(status)
    reached = ORDER.index(here) if here else 0
    return tuple(one for one in phases if ORDER.index(one.kind) > reached and not one.waived and one.kind not in waived)


def may_decide(phases: Sequence[Phase], status: Status, positive: bool, waived: Collection[PhaseKind] = ()) -> Verdict:
    """Whether the chair may decide now. positive: selected or reserve; a rejection needs no further phase."""
    left = ahead(phases, status, waived)
    return no("evaluation_phase_ahead", phase=left[0].kind.label) if positive and left else YES
