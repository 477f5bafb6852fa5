"""What may happen in an evaluation, and when: who assigns, who reviews, who decides, and how far a person may move a tier.

Assigner ≠ reviewer ≠ decider. An own score comes before the machine's suggestion. A tier may be moved by one with a
reason of 30 characters and the items that changed; by two only when two experts say so.

Source: panel exclusion of 데이터 인프라 구축사업 관리지침 (2020-534); the rule of overriding is the portal's own.
"""

from __future__ import annotations

import statistics
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from portal.accounts.rules import EVALUATORS, OPERATOR, SME, Role
from portal.base.access import YES, Verdict, no
from portal.base.words import Words, define, say
from portal.programmes.rules import MOST_REVIEWS, Tier

PERMISSIONS: dict[str, frozenset[str]] = {
    "evaluation:queue:read": EVALUATORS,
    "evaluation:review:write": EVALUATORS,
    "evaluation:decision:write": frozenset({Role.LEAD_EVALUATOR}),
    "evaluation:assignment:manage": OPERATOR,
    "evaluation:draw:audit": frozenset({Role.AUDITOR}),
    "evaluation:outcome:read": SME,
    "evaluation:plan:manage": OPERATOR,
    "evaluation:visit:read": EVALUATORS | OPERATOR | {Role.AUDITOR},
    "evaluation:schedule:read": SME,
    "evaluation:conflict:read": OPERATOR | {Role.AUDITOR},
    "evaluation:conflict:overrule": frozenset({Role.OPERATOR_NATIONAL}),
    "evaluation:objection:make": SME,
    "evaluation:objection:answer": OPERATOR,
    "evaluation:rating:write": SME,
    "evaluation:record:own": EVALUATORS | {Role.CANDIDATE},
    "evaluation:record:read": frozenset({Role.OPERATOR_NATIONAL, Role.AUDITOR}),
    "evaluation:pressure:report": EVALUATORS,
    "evaluation:pressure:handle": frozenset({Role.OPERATOR_NATIONAL, Role.AUDITOR}),
    "evaluation:rubric:read": OPERATOR | {Role.AUDITOR},
    "evaluation:rubric:write": frozenset({Role.OPERATOR_NATIONAL}),
    "evaluation:severity:read": frozenset({Role.OPERATOR_NATIONAL}),
}

REVIEWERS = 2
"""Evaluators per application, and the least number of reviews that a decision rests on."""
MOST_REVIEWERS = MOST_REVIEWS
DAYS_TO_REVIEW = 14
DUE_SOON = timedelta(days=3)
REASON_LENGTH = 30
MUST_JUDGE_FROM = 3
"""A claim from this level on asks for evidence, so a person has to say whether the evidence holds."""
SCORE_SPREAD = 15
"""Points between one total and the median from which the chair's page flags a disagreement."""

TRIMMED_FROM = 5
"""Reviews from which the highest and the lowest one are left out of the mean."""

PLAIN_REASON = say("평가 점수와 산정 유형에 따라 결정했습니다.", "Decided on the scores and the suggested tier.")
"""What the firm reads when the chair confirmed the suggestion without adding words."""

TIERS = (Tier.BASIC, Tier.ADVANCED, Tier.LEADING)
"""From the lowest to the highest; being ineligible stands one step below."""


class AssignmentState(StrEnum):
    """ASSIGNED: the evaluator has still to declare that there is no conflict; nothing confidential shows before."""

    ASSIGNED = "assigned"
    OPENED = "opened"
    SUBMITTED = "submitted"
    RECUSED = "recused"

    @property
    def label(self) -> Words:
        return ASSIGNMENT_LABELS[self]


ASSIGNMENT_LABELS = {
    AssignmentState.ASSIGNED: say("이해충돌 확인 전", "Conflict check to do"),
    AssignmentState.OPENED: say("검토 중", "In review"),
    AssignmentState.SUBMITTED: say("제출함", "Submitted"),
    AssignmentState.RECUSED: say("회피함", "Stepped down"),
}
OPEN_STATES = (AssignmentState.ASSIGNED, AssignmentState.OPENED)


class ItemVerdict(StrEnum):
    """What an evaluator says of one answer of the self-assessment."""

    ACCEPT = "accept"
    REJECT = "reject"
    CORRECT = "correct"

    @property
    def label(self) -> Words:
        return VERDICT_LABELS[self]


VERDICT_LABELS = {
    ItemVerdict.ACCEPT: say("인정", "Accept"),
    ItemVerdict.REJECT: say("증빙 불인정", "Reject the evidence"),
    ItemVerdict.CORRECT: say("수준 정정", "Correct the level"),
}


# The parts of a draft, as a comparison of two versions names them.
PART_WORDS = {
    "items": say("항목 판단", "Item verdicts"),
    "scores": say("점수와 의견", "Points and comments"),
    "comment": say("종합 의견", "General comment"),
    "own_tier": say("내가 보는 유형", "Own tier"),
    "final_tier": say("최종 유형", "Final tier"),
    "reason": say("다르게 보는 까닭", "Reason"),
}


class DecisionKind(StrEnum):
    CONFIRMED = "confirmed"
    OVERRIDDEN = "overridden"

    @property
    def label(self) -> Words:
        return KIND_LABELS[self]


KIND_LABELS = {
    DecisionKind.CONFIRMED: say("산정 유형 확정", "Suggested tier confirmed"),
    DecisionKind.OVERRIDDEN: say("산정 유형 변경", "Suggested tier changed"),
}


class Cause(StrEnum):
    """What led to a decision: the first one comes from the panel or the ranking, later ones change it."""

    PANEL = "panel"
    RANKING = "ranking"
    RESERVE = "reserve"
    APPEAL = "appeal"
    WITHDRAWAL = "withdrawal"

    @property
    def label(self) -> Words:
        return CAUSE_LABELS[self]


CAUSE_LABELS = {
    Cause.PANEL: say("위원장 결정", "Decided by the chair"),
    Cause.RANKING: say("순위 확정", "Decided by rank"),
    Cause.RESERVE: say("후보에서 올라옴", "Moved up from the reserve list"),
    Cause.APPEAL: say("이의신청 결과", "Decided on appeal"),
    Cause.WITHDRAWAL: say("기업이 포기함", "Given up by the firm"),
}


class VersionCause(StrEnum):
    """What made a state of a review worth keeping: each one stays as it was, whatever follows."""

    LOCKED = "locked"
    SUBMITTED = "submitted"
    CONSENSUS = "consensus"
    PRESENTATION = "presentation"

    @property
    def label(self) -> Words:
        return VERSION_LABELS[self]


VERSION_LABELS = {
    VersionCause.LOCKED: say("내 점수 확정", "Own score locked"),
    VersionCause.SUBMITTED: say("제출", "Submitted"),
    VersionCause.CONSENSUS: say("합의 회의에서 고침", "Revised in the consensus meeting"),
    VersionCause.PRESENTATION: say("발표평가 뒤 고침", "Revised after the presentation"),
}


class RubricState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"

    @property
    def label(self) -> Words:
        return RUBRIC_LABELS[self]


RUBRIC_LABELS = {
    RubricState.DRAFT: say("작성 중", "Draft"),
    RubricState.PUBLISHED: say("확정", "Published"),
}


class Outcome(StrEnum):
    """WITHDRAWN: a firm that was selected or on the reserve list gave its place up; no chair can choose it."""

    SELECTED = "selected"
    RESERVE = "reserve"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> Words:
        return OUTCOME_LABELS[self]

    @property
    def tone(self) -> str:
        """The colour of its badge."""
        return OUTCOME_TONES[self]


OUTCOME_LABELS = {
    Outcome.SELECTED: say("선정", "Selected"),
    Outcome.RESERVE: say("후보", "Reserve"),
    Outcome.REJECTED: say("미선정", "Not selected"),
    Outcome.WITHDRAWN: say("포기", "Given up"),
}
OUTCOME_TONES = {
    Outcome.SELECTED: "success",
    Outcome.RESERVE: "outline",
    Outcome.REJECTED: "danger",
    Outcome.WITHDRAWN: "neutral",
}
CHOICES = (Outcome.SELECTED, Outcome.RESERVE, Outcome.REJECTED)
"""What a chair may choose."""


PLAIN_REASONS = {
    (Cause.RANKING, Outcome.SELECTED): say(
        "평가 점수 순위가 예산과 선정 규모 안에 들었습니다.",
        "The rank lies within the budget and the places of the call.",
    ),
    (Cause.RANKING, Outcome.RESERVE): say(
        "추천되었으나 순위가 예산 또는 유형별 선정 규모를 넘어 후보가 되었습니다.",
        "Recommended, but the rank lies beyond the budget or the places of the tier: on the reserve list.",
    ),
    (Cause.RANKING, Outcome.REJECTED): say(
        "추천되었으나 순위가 후보 규모를 넘었습니다.", "Recommended, but the rank lies beyond the reserve list."
    ),
    (Cause.RESERVE, Outcome.SELECTED): say(
        "자리가 나서 후보 순위에 따라 선정되었습니다.",
        "A place opened, and you were selected in the order of the reserve list.",
    ),
    (Cause.WITHDRAWAL, Outcome.WITHDRAWN): say("기업이 신청을 거두었습니다.", "The firm withdrew its application."),
}


def plain_reason(cause: Cause, outcome: Outcome) -> Words:
    """What the firm reads when nobody added words."""
    return PLAIN_REASONS.get((cause, outcome), PLAIN_REASON)


class RecusalReason(StrEnum):
    """Why a seat became free: the words of the exclusion rules for who steps down (회피), so that they can be counted."""

    EMPLOYMENT = "employment"
    FAMILY = "family"
    ADVICE = "advice"
    INTEREST = "interest"
    OTHER = "other"
    REMOVED = "removed"
    CONFLICT = "conflict"
    SILENCE = "silence"

    @property
    def label(self) -> Words:
        return RECUSAL_LABELS[self]


# nobody chooses these
SEAT_ENDED = frozenset({RecusalReason.REMOVED, RecusalReason.CONFLICT, RecusalReason.SILENCE})

RECUSAL_LABELS = {
    RecusalReason.EMPLOYMENT: say(
        "소속·재직 관계가 있습니다 (최근 3년 포함)", "Employed there, now or in the last 3 years"
    ),
    RecusalReason.FAMILY: say("본인 또는 친족이 당사자입니다", "I or a relative am a party"),
    RecusalReason.ADVICE: say("이 건에 자문·용역·컨설팅을 한 적이 있습니다", "I advised or worked on this case"),
    RecusalReason.INTEREST: say("지분·거래 등 이해관계가 있습니다", "Shares, trade or another interest"),
    RecusalReason.OTHER: say("그 밖에 공정하게 평가하기 어렵습니다", "For another reason I can't be impartial"),
    RecusalReason.REMOVED: say("평가위원 풀에서 나갔습니다", "Left the pool of evaluators"),
    RecusalReason.CONFLICT: say("이해충돌이 확인되었습니다", "A conflict was found"),
    RecusalReason.SILENCE: say("기한이 지나도 평가를 내지 않았습니다", "Did not review in time"),
}

CODES = define(
    {
        "evaluation_own_organisation": say(
            "{name} 위원은 신청기업 또는 공급기업과 소속이 같아 배정할 수 없습니다.",
            "{name} belongs to the applicant or its supplier and can't be assigned.",
        ),
        "evaluation_conflict": say(
            "{name} 위원은 이해충돌이 있어 배정할 수 없습니다: {kind}",
            "{name} has a conflict and can't be assigned: {kind}",
        ),
        "evaluation_conflict_found": say(
            "이해충돌이 확인되어 이 건의 배정을 거두었습니다. 까닭은 운영기관에 물어보실 수 있습니다.",
            "A conflict was found, so this case was taken off your desk. The agency can tell you why.",
        ),
        "evaluation_soft_answer": say("‘예’나 ‘아니요’로 답해 주세요.", "Please answer yes or no."),
        "evaluation_already_assigned": say(
            "{name} 위원은 이 신청에 이미 배정되었거나 회피한 위원입니다.",
            "{name} is already on this case or has stepped down from it.",
        ),
        "evaluation_not_evaluator": say(
            "평가위원 자격이 있는 사람만 배정할 수 있습니다.", "Only evaluators can be assigned."
        ),
        "evaluation_not_chair": say(
            "평가위원장 자격이 있는 사람만 위원장으로 정할 수 있습니다.", "Only a chair can be named as chair."
        ),
        "evaluation_chair_reviews": say(
            "위원장은 같은 건의 평가위원이 될 수 없습니다. 다른 사람을 골라 주세요.",
            "The chair can't review the same case. Please choose somebody else.",
        ),
        "evaluation_assigner_reviews": say(
            "배정하는 사람은 그 건을 평가하거나 결정할 수 없습니다.",
            "Who assigns a case can neither review nor decide it.",
        ),
        "evaluation_too_few": say(
            "평가위원을 {least}명 이상 골라 주세요. 지금은 {count}명입니다.",
            "Choose at least {least} evaluators; there are {count} now.",
        ),
        "evaluation_too_many": say(
            "평가위원은 {most}명까지 배정할 수 있습니다.", "At most {most} evaluators per case."
        ),
        "evaluation_due_past": say("마감일은 오늘보다 뒤여야 합니다.", "The due date must be after today."),
        "evaluation_not_ready": say(
            "접수되어 평가를 기다리는 신청만 배정할 수 있습니다.",
            "Only applications waiting for evaluation can be assigned.",
        ),
        "evaluation_decided": say(
            "이미 결정된 신청입니다. 더 바꿀 수 없습니다.", "This application is decided; nothing can be changed."
        ),
        "evaluation_closed": say(
            "신청이 철회되었거나 평가 단계가 아닙니다. 더 할 일이 없습니다.",
            "The application was withdrawn or is not in evaluation; there is nothing more to do.",
        ),
        "evaluation_not_opened": say(
            "이해충돌이 없다는 확인을 먼저 해 주세요.", "Please declare first that you have no conflict."
        ),
        "evaluation_declare": say("확인란에 표시해야 자료를 볼 수 있습니다.", "Tick the declaration to see the file."),
        "evaluation_submitted": say(
            "이미 제출한 평가입니다. 제출한 평가는 바꿀 수 없습니다.", "This review is submitted and can't be changed."
        ),
        "evaluation_locked": say(
            "내 점수를 확정한 뒤에는 점수와 항목 판단을 바꿀 수 없습니다.",
            "Points and item verdicts can't be changed once your own score is locked.",
        ),
        "evaluation_not_locked": say(
            "내 점수와 유형을 먼저 확정해 주세요.", "Please lock your own score and tier first."
        ),
        "evaluation_item_open": say(
            "{item}: 수준 3 이상이거나 앞뒤가 맞지 않는 항목은 판단을 골라 주세요.",
            "{item}: please judge items from level 3 on and items that contradict each other.",
        ),
        "evaluation_item_note": say(
            "{item}: 인정하지 않거나 정정한 까닭을 적어 주세요.", "{item}: say why you rejected or corrected it."
        ),
        "evaluation_item_level": say("{item}: 정정할 수준을 골라 주세요.", "{item}: choose the corrected level."),
        "evaluation_item_same": say(
            "{item}: 신청기업이 적은 수준과 같습니다. 같다면 '인정'을 골라 주세요.",
            "{item}: this is the level that the firm gave. If you agree, choose Accept.",
        ),
        "evaluation_points_missing": say("점수를 적어 주세요.", "Give points."),
        "evaluation_points_range": say("0점부터 {most}점까지 적을 수 있습니다.", "Between 0 and {most} points."),
        "evaluation_comment_missing": say("신청기업이 읽을 의견을 적어 주세요.", "Write a comment for the firm."),
        "evaluation_tier_missing": say("유형을 골라 주세요.", "Choose a tier."),
        "evaluation_reason_short": say(
            "까닭을 {least}자 이상 적어 주세요. 지금은 {count}자입니다.",
            "Give a reason of at least {least} characters; it has {count} now.",
        ),
        "evaluation_items_needed": say(
            "유형을 바꾸려면 근거가 되는 항목이 하나 이상 정정되거나 불인정되어 있어야 합니다.",
            "To change the tier, at least one item must have been corrected or rejected.",
        ),
        "evaluation_second_expert": say(
            "산정 유형과 두 단계 차이가 나는 결정은 위원 두 명 이상이 같은 유형을 냈을 때만 할 수 있습니다.",
            "A decision two tiers away needs two experts who gave that tier.",
        ),
        "evaluation_reviews_open": say(
            "아직 제출하지 않은 위원이 {count}명 있습니다.", "{count} evaluator(s) have not submitted yet."
        ),
        "evaluation_reviews_few": say(
            "제출된 평가가 {least}건 이상이어야 결정할 수 있습니다. 지금은 {count}건입니다.",
            "A decision needs {least} reviews; there are {count}.",
        ),
        "evaluation_below_pass": say(
            "평균 {total}점입니다. 평균 {need}점 이상이고 핵심 항목이 모두 기준을 넘어야 선정하거나 예비로 둘 수 있습니다.",
            "The mean is {total}. Selection and reserve need {need} points and every critical criterion above its floor.",
        ),
        "evaluation_chair_not_neutral": say(
            "이 건을 배정했거나 평가한 사람은 결정할 수 없습니다.",
            "Who assigned or reviewed this case can't decide it.",
        ),
        "evaluation_not_decided": say("아직 결정하지 않은 신청입니다.", "This application has not been decided yet."),
        "evaluation_ranked": say(
            "순위로 뽑는 공고입니다. 여기서는 유형과 추천 여부만 확정합니다.",
            "This call is ranked; only tier and recommendation are finalised here.",
        ),
        "evaluation_not_ranked": say(
            "순위로 뽑지 않는 공고입니다. 결과를 바로 결정해 주세요.",
            "This call is not ranked; please decide the outcome.",
        ),
        "evaluation_not_recommended": say(
            "위원장이 추천하지 않은 신청은 선정하거나 후보로 둘 수 없습니다.",
            "An application that its chair did not recommend can't be selected or put in reserve.",
        ),
        "evaluation_reader_missing": say(
            "추가 평가가 {count}건 아직 없습니다. 기다리지 않고 결정하려면 까닭을 {least}자 이상 적어 주세요.",
            "{count} additional review(s) are missing. To decide without waiting, give a reason of {least} characters.",
        ),
        "evaluation_consensus_open": say(
            "합의 회의가 아직 열려 있습니다. 회의를 마친 뒤에 결정해 주세요.",
            "The consensus meeting is still open. Please end it before deciding.",
        ),
        "evaluation_consensus_none": say("열려 있는 합의 회의가 없습니다.", "There is no open consensus meeting."),
        "evaluation_consensus_twice": say(
            "이 신청의 합의 회의는 이미 열렸습니다.", "A consensus meeting was convened for this case already."
        ),
        "evaluation_consensus_notes": say(
            "합의 내용을 30자 이상 적어 주세요. 항목별로 적은 글도 함께 셉니다.",
            "Write down what was agreed, at least 30 characters; notes per criterion count too.",
        ),
        "evaluation_not_revisable": say(
            "제출한 평가는 합의 회의가 열려 있거나 발표평가 기간일 때만 고칠 수 있습니다.",
            "A submitted review can be revised only during a consensus meeting or in the presentation phase.",
        ),
        "evaluation_nothing_revised": say("바뀐 점수가 없습니다.", "No score was changed."),
        "evaluation_recusal_reason": say("회피하는 까닭을 골라 주세요.", "Choose why you step down."),
    }
)


# --- tiers ------------------------------------------------------------------------------------------------


def step(tier: Tier | None) -> int:
    """The height of a tier: 0–2; -1 for a firm that the scorer finds ineligible."""
    return -1 if tier is None else TIERS.index(tier)


def distance(suggested: Tier | None, chosen: Tier) -> int:
    """How many tiers lie between the suggestion and a person's choice."""
    return abs(step(chosen) - step(suggested))


def can_move_tier(suggested: Tier | None, chosen: Tier, reason: str, changed_items: Collection[str]) -> Verdict:
    """Whether an expert may give another tier than the suggested one.

    changed_items: codes of items that were rejected or corrected
    Notes        : the portal's own rule: a reason of 30 characters and item-level changes
    """
    if distance(suggested, chosen) == 0:
        return YES
    long_enough = reason_is_long_enough(reason)
    if not long_enough:
        return long_enough
    if not changed_items:
        return no("evaluation_items_needed")
    return YES


def reason_is_long_enough(reason: str) -> Verdict:
    """Thirty characters that say something: runs of blanks count once."""
    count = len(" ".join(reason.split()))
    return YES if count >= REASON_LENGTH else no("evaluation_reason_short", least=REASON_LENGTH, count=count)


# --- panels -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Member:
    """An expert who could sit on a panel. load: cases still open on the desk."""

    id: int
    name: str
    organisation_id: int | None = None
    load: int = 0


@dataclass(frozen=True)
class Case:
    """An application that waits for evaluators.

    parties: ids of the organisations involved (the firm, the supplier that it names)
    taken  : ids of people who sit on the panel already or have stepped down from it
    sitting: how many of them are on the panel now
    needed : how many evaluators it still lacks
    chair  : the chair's id where one is named
    """

    id: int
    parties: frozenset[int]
    taken: frozenset[int] = frozenset()
    sitting: int = 0
    needed: int = REVIEWERS
    chair: int | None = None


def is_party(member: Member, parties: Collection[int]) -> bool:
    """Employed by the adopter or by the supplier of the case (제척). Source: 관리지침 (2020-534), panel exclusion."""
    return member.organisation_id is not None and member.organisation_id in parties


def can_assign(
    assigner_id: int | None, case: Case, evaluators: Sequence[Member], chair: Member, due: date, today: date
) -> list[tuple[str, Verdict]]:
    """What speaks against a panel, as (form field, refusal); empty when nothing does."""
    against: list[tuple[str, Verdict]] = []
    for member in evaluators:
        if is_party(member, case.parties):
            against.append(("evaluators", no("evaluation_own_organisation", name=member.name)))
        if member.id in case.taken:
            against.append(("evaluators", no("evaluation_already_assigned", name=member.name)))
    if is_party(chair, case.parties):
        against.append(("chair", no("evaluation_own_organisation", name=chair.name)))
    if chair.id in case.taken or chair.id in {member.id for member in evaluators}:
        against.append(("chair", no("evaluation_chair_reviews")))
    if assigner_id is not None and assigner_id in {chair.id, *(member.id for member in evaluators)}:
        against.append(("evaluators", no("evaluation_assigner_reviews")))
    if len(evaluators) < case.needed:
        against.append(("evaluators", no("evaluation_too_few", least=case.needed, count=len(evaluators))))
    if case.sitting + len(evaluators) > MOST_REVIEWERS:
        against.append(("evaluators", no("evaluation_too_many", most=MOST_REVIEWERS)))
    if due <= today:
        against.append(("due", no("evaluation_due_past")))
    return against


# --- reviews ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Judged:
    """An evaluator's word on one item. level: 0–5, only with CORRECT."""

    verdict: ItemVerdict
    level: int | None = None
    note: str = ""

    @property
    def is_change(self) -> bool:
        return self.verdict is not ItemVerdict.ACCEPT


@dataclass(frozen=True)
class Scored:
    """Points for one criterion; None when it does not apply."""

    points: float | None
    comment: str = ""
    not_applicable: bool = False


def scored_from(row: Mapping[str, Any]) -> Scored:
    """A kept line of a score sheet: {"points", "na", "comment"}."""
    return Scored(row.get("points"), row.get("comment") or "", bool(row.get("na")))


@dataclass(frozen=True)
class Problem:
    """One thing that a review still lacks: the form field that it is about and the refusal."""

    field: str
    verdict: Verdict


def must_judge(level: int | None, flagged: bool) -> bool:
    """Whether an item needs an explicit word; the others count as accepted, so that 60 files stay possible."""
    return flagged or (level is not None and level >= MUST_JUDGE_FROM)


def items_lacking(
    claimed: Mapping[str, int | None], flagged: Collection[str], judged: Mapping[str, Judged]
) -> list[Problem]:
    """What the item-by-item part still lacks."""
    lacking = []
    for code, level in claimed.items():
        word = judged.get(code)
        if word is None:
            if must_judge(level, code in flagged):
                lacking.append(Problem(f"{code}_verdict", no("evaluation_item_open", item=code)))
            continue
        if word.verdict is ItemVerdict.CORRECT and word.level is None:
            lacking.append(Problem(f"{code}_level", no("evaluation_item_level", item=code)))
        if word.verdict is ItemVerdict.CORRECT and word.level is not None and word.level == level:
            lacking.append(Problem(f"{code}_level", no("evaluation_item_same", item=code)))
        if word.is_change and not word.note.strip():
            lacking.append(Problem(f"{code}_note", no("evaluation_item_note", item=code)))
    return lacking


def spread_of(values: Sequence[float]) -> float | None:
    """σ of a handful of scores (population), None for a single one."""
    return round(statistics.pstdev(values), 2) if len(values) > 1 else None


def counted(totals: Sequence[float]) -> list[int]:
    """Which reviews count toward the mean: from five on, the highest and the lowest total are left out.

    Returns: positions in `totals`, ascending; of equal totals the later ones are the higher

    >>> counted([70, 90, 50, 80, 75])
    [0, 3, 4]
    """
    if len(totals) < TRIMMED_FROM:
        return list(range(len(totals)))
    order = sorted(range(len(totals)), key=lambda place: (totals[place], place))
    return sorted(order[1:-1])


def disagrees(total: float, totals: Sequence[float]) -> bool:
    """Whether one total lies further than SCORE_SPREAD from the median of all."""
    return abs(total - statistics.median(totals)) > SCORE_SPREAD


# --- decisions --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """Where an application stood in its ranked call, in what the firm may know: a band, never a place among the others.

    band    : 1–4, the quarter of the field (1 = the best); None in a field too small to hide anybody in
    cutoff  : the lowest total, bonus included, that was selected; None when none was
    bonus   : points added to the mean of the reviews, after the cap
    reserve : the own place on the reserve list, from 1
    subsidy : what the firm would get, in won
    """

    band: int | None = None
    cutoff: float | None = None
    bonus: float = 0.0
    reserve: int | None = None
    subsidy: int | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Ranked:
    """What an approved ranking says of one application."""

    application_id: int
    outcome: Outcome
    reason: str
    standing: Standing


BAND_LABELS = {
    1: say("상위 25% 안", "Top quarter"),
    2: say("상위 25~50%", "Second quarter"),
    3: say("상위 50~75%", "Third quarter"),
    4: say("하위 25%", "Last quarter"),
}


@dataclass(frozen=True)
class Basis:
    """What a decision rests on.

    suggested : the scorer's tier (None: ineligible)
    scored    : whether there is a suggestion at all; without one nothing is overridden
    tiers     : final tier of each submitted review
    total     : mean total of the submitted reviews, 0–100
    below     : codes of critical criteria whose mean is under the floor
    changed   : codes of items that a review rejected or corrected
    """

    suggested: Tier | None
    tiers: tuple[Tier, ...]
    total: float
    pass_points: int
    below: tuple[str, ...]
    changed: frozenset[str]
    scored: bool = True

    def moved_by(self, tier: Tier) -> int:
        """How many tiers a choice lies away from the suggestion."""
        return distance(self.suggested, tier) if self.scored else 0


def can_decide(
    actor_id: int | None, chair_id: int, assigner_ids: Collection[int], reviewer_ids: Collection[int]
) -> Verdict:
    """Assigner ≠ reviewer ≠ decider."""
    if actor_id != chair_id or actor_id in assigner_ids or actor_id in reviewer_ids:
        return no("evaluation_chair_not_neutral")
    return YES


def reviews_suffice(submitted: int, still_open: int, needed: int = REVIEWERS) -> Verdict:
    """Whether all opinions are in. needed: how many reviews the call asks for."""
    if still_open:
        return no("evaluation_reviews_open", count=still_open)
    if submitted < needed:
        return no("evaluation_reviews_few", least=needed, count=submitted)
    return YES


def reviews_needed(asked: int, called: bool, blind: Sequence[Tier | None]) -> int:
    """How many reviews a case needs once a second reader may have been called.

    asked : what the call asks for of every case
    called: whether the scorer or an evaluator's blind tier called a second reader
    blind : the evaluators' own tiers, given before the suggestion showed, the first one first
    """
    if not called:
        return asked
    apart = len(blind) >= REVIEWERS and blind[0] is not blind[1]
    return max(asked, min(REVIEWERS + apart, MOST_REVIEWERS))


def may_do_without(missing: int, reason: str) -> Verdict:
    """Whether the chair may decide although an additional review is not in: only with a written reason."""
    if not missing or reason_is_long_enough(reason):
        return YES
    return no("evaluation_reader_missing", count=missing, least=REASON_LENGTH)


def decision_problems(
    basis: Basis, tier: Tier | None, outcome: Outcome | None, reason: str, items: Collection[str]
) -> list[Problem]:
    """What speaks against a decision as it was filled in; empty when nothing does.

    items: codes that the chair names as the ground of an override; only such that a review changed count
    """
    lacking = []
    if tier is None:
        lacking.append(Problem("tier", no("evaluation_tier_missing")))
    if outcome is None:
        lacking.append(Problem("outcome", no("required")))
    if tier is None or outcome is None:
        return lacking
    away = basis.moved_by(tier)
    moved = can_move_tier(basis.suggested, tier, reason, basis.changed & set(items)) if away else YES
    if not moved:
        about = "items" if moved.code == "evaluation_items_needed" else "reason"
        lacking.append(Problem(about, moved))
    if away >= 2 and basis.tiers.count(tier) < 2:
        lacking.append(Problem("tier", no("evaluation_second_expert")))
    if outcome is not Outcome.REJECTED and (basis.total < basis.pass_points or basis.below):
        lacking.append(
            Problem("outcome", no("evaluation_below_pass", total=f"{basis.total:.1f}", need=basis.pass_points))
        )
    if outcome is Outcome.REJECTED and moved and not reason_is_long_enough(reason):
        lacking.append(Problem("reason", reason_is_long_enough(reason)))
    return lacking


def kind_of(basis: Basis, tier: Tier) -> DecisionKind:
    return DecisionKind.OVERRIDDEN if basis.moved_by(tier) else DecisionKind.CONFIRMED


def kind_between(suggested: Tier | None, tier: Tier) -> DecisionKind:
    """The kind of a decision that gives another tier than the one before it."""
    return DecisionKind.CONFIRMED if suggested is tier else DecisionKind.OVERRIDDEN
