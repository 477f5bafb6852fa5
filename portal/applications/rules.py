"""What an application may be and do: statuses and their transitions, what bars a submission, who may do what.

Source of the states: 신 디지털 제조혁신 추진전략 절차 (2025~, 8 steps), 데이터 인프라 구축사업 관리지침 (2020-534).
Later stages (agreement, building …) are added as rows of `TRANSITIONS` by the issue that builds them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from portal.accounts.rules import EVALUATORS, OPERATOR, SME, SUPPLIER, Role
from portal.applications.completeness import Filled, Problem, problems_of
from portal.applications.parts import Consent, Part, parts_of
from portal.base.access import YES, RuleBroken, Verdict, no
from portal.base.words import Words, say


class Status(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    REQ_CHECK = "req_check"
    SUPPLEMENT = "supplement"
    WRITTEN = "written"
    SITE = "site"
    PRESENT = "present"
    SELECTED = "selected"
    RESERVE = "reserve"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> Words:
        return STATUS_WORDS[self][0]

    @property
    def explanation(self) -> Words:
        """What it means for the firm and what comes next."""
        return STATUS_WORDS[self][1]

    @property
    def tone(self) -> str:
        """The colour of its badge."""
        return STATUS_TONES[self]

    @property
    def is_in_evaluation(self) -> bool:
        """Accepted and not decided yet."""
        return self in IN_EVALUATION


STATUS_WORDS: dict[Status, tuple[Words, Words]] = {
    Status.DRAFT: (
        say("작성 중", "Draft"),
        say(
            "아직 제출하지 않았습니다. 마감 전에 제출해 주세요.",
            "Not submitted yet. Please submit before the deadline.",
        ),
    ),
    Status.SUBMITTED: (
        say("접수됨", "Received"),
        say("접수했습니다. 운영기관이 요건을 검토합니다.", "Received. The operator will check the requirements."),
    ),
    Status.REQ_CHECK: (
        say("요건 검토", "Requirement check"),
        say("서류와 자격을 확인하고 있습니다.", "Papers and eligibility are being checked."),
    ),
    Status.SUPPLEMENT: (
        say("보완 요청", "Supplement asked"),
        say(
            "고칠 부분이 있습니다. 기한 안에 고쳐 보내 주세요.",
            "Something needs mending. Please send it by the due date.",
        ),
    ),
    Status.WRITTEN: (
        say("서면 평가", "Written review"),
        say("평가위원이 신청서를 읽고 있습니다.", "Evaluators are reading your application."),
    ),
    Status.SITE: (
        say("현장 확인", "Site visit"),
        say(
            "운영기관이 공장을 찾아가 신청한 내용을 확인합니다.",
            "The operator visits your plant and checks what you wrote.",
        ),
    ),
    Status.PRESENT: (
        say("발표 평가", "Presentation"),
        say(
            "평가위원 앞에서 발표하는 단계입니다. 일정을 확인해 주세요.",
            "You present your plan. Please see your time slot.",
        ),
    ),
    Status.SELECTED: (
        say("선정", "Selected"),
        say("선정되었습니다. 협약 절차를 안내해 드립니다.", "Selected. We will guide you to the agreement."),
    ),
    Status.RESERVE: (
        say("후보", "Reserve"),
        say(
            "추천되었으나 예산이 모두 찼습니다. 자리가 나면 순위대로 알려 드립니다.",
            "Recommended, but the budget is used up. We will tell you in order of rank when a place opens.",
        ),
    ),
    Status.REJECTED: (
        say("미선정", "Not selected"),
        say("이번에는 선정되지 않았습니다. 사유를 확인해 주세요.", "Not selected this time. Please see the reasons."),
    ),
    Status.WITHDRAWN: (
        say("철회", "Withdrawn"),
        say("신청을 거두었습니다.", "The application was withdrawn."),
    ),
}
STATUS_TONES: dict[Status, str] = {
    Status.DRAFT: "neutral",
    Status.SUBMITTED: "info",
    Status.REQ_CHECK: "info",
    Status.SUPPLEMENT: "warn",
    Status.WRITTEN: "primary",
    Status.SITE: "primary",
    Status.PRESENT: "primary",
    Status.SELECTED: "success",
    Status.RESERVE: "outline",
    Status.REJECTED: "danger",
    Status.WITHDRAWN: "neutral",
}


class Action(StrEnum):
    SUBMIT = "submit"
    BEGIN_CHECK = "begin_check"
    ASK_SUPPLEMENT = "ask_supplement"
    ANSWER_SUPPLEMENT = "answer_supplement"
    ACCEPT = "accept"
    VISIT = "visit"
    PRESENT = "present"
    SELECT = "select"
    RESERVE = "reserve"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    REDECIDE = "redecide"


# (state, action) → state. What is not here is refused with `wrong_status`.
TRANSITIONS: dict[tuple[Status, Action], Status] = {
    (Status.DRAFT, Action.SUBMIT): Status.SUBMITTED,
    (Status.DRAFT, Action.WITHDRAW): Status.WITHDRAWN,
    (Status.SUBMITTED, Action.BEGIN_CHECK): Status.REQ_CHECK,
    (Status.SUBMITTED, Action.ASK_SUPPLEMENT): Status.SUPPLEMENT,
    (Status.SUBMITTED, Action.ACCEPT): Status.WRITTEN,
    (Status.SUBMITTED, Action.WITHDRAW): Status.WITHDRAWN,
    (Status.REQ_CHECK, Action.ASK_SUPPLEMENT): Status.SUPPLEMENT,
    (Status.REQ_CHECK, Action.ACCEPT): Status.WRITTEN,
    (Status.REQ_CHECK, Action.WITHDRAW): Status.WITHDRAWN,
    (Status.SUPPLEMENT, Action.ANSWER_SUPPLEMENT): Status.REQ_CHECK,
    (Status.SUPPLEMENT, Action.WITHDRAW): Status.WITHDRAWN,
    (Status.WRITTEN, Action.VISIT): Status.SITE,
    (Status.WRITTEN, Action.PRESENT): Status.PRESENT,
    (Status.WRITTEN, Action.SELECT): Status.SELECTED,
    (Status.WRITTEN, Action.RESERVE): Status.RESERVE,
    (Status.WRITTEN, Action.REJECT): Status.REJECTED,
    (Status.WRITTEN, Action.WITHDRAW): Status.WITHDRAWN,
    (Status.SITE, Action.PRESENT): Status.PRESENT,
    (Status.SITE, Action.SELECT): Status.SELECTED,
    (Status.SITE, Action.RESERVE): Status.RESERVE,
    (Status.SITE, Action.REJECT): Status.REJECTED,
    (Status.SITE, Action.WITHDRAW): Status.WITHDRAWN,
    (Status.PRESENT, Action.SELECT): Status.SELECTED,
    (Status.PRESENT, Action.RESERVE): Status.RESERVE,
    (Status.PRESENT, Action.REJECT): Status.REJECTED,
    (Status.PRESENT, Action.WITHDRAW): Status.WITHDRAWN,
    (Status.SELECTED, Action.WITHDRAW): Status.WITHDRAWN,
    (Status.RESERVE, Action.SELECT): Status.SELECTED,
    (Status.RESERVE, Action.WITHDRAW): Status.WITHDRAWN,
}

IN_EVALUATION = frozenset({Status.WRITTEN, Status.SITE, Status.PRESENT})
"""Accepted and not decided yet: a panel may read, review and decide it."""

DECISIONS: dict[Status, Action] = {
    Status.SELECTED: Action.SELECT,
    Status.RESERVE: Action.RESERVE,
    Status.REJECTED: Action.REJECT,
}
DECIDED = frozenset(DECISIONS)
# A decision may be made anew from each of these (Action.REDECIDE): an appeal, a place that became free.
REDECISIONS: dict[Status, frozenset[Status]] = {status: DECIDED for status in DECIDED}
CLOSED = frozenset({Status.REJECTED, Status.WITHDRAWN})
# Where a second application of the same firm to the same call makes no sense.
LIVE = frozenset(Status) - CLOSED


def next_status(status: Status, action: Action) -> Status | None:
    return TRANSITIONS.get((status, action))


def can(status: Status, action: Action) -> Verdict:
    """Whether the status machine lets this happen now."""
    if action is Action.REDECIDE:  # leads to more than one status, hence no row of TRANSITIONS
        return YES if status in REDECISIONS else no("wrong_status", status=status.label)
    return YES if (status, action) in TRANSITIONS else no("wrong_status", status=status.label)


def can_redecide(status: Status, outcome: Status) -> Verdict:
    """Whether a decided application may be decided anew with this outcome; the same outcome may come out again."""
    return YES if outcome in REDECISIONS.get(status, ()) else no("wrong_status", status=status.label)


def action_to(status: Status, target: Status) -> Action | None:
    """The action that leads from one status to another, or None when no single one does."""
    for (start, action), end in TRANSITIONS.items():
        if start is status and end is target:
            return action
    return None


MIN_SUPPLEMENT_MESSAGE = 10
LONGEST_SUPPLEMENT = timedelta(days=60)


def can_submit(status: Status, window: Verdict, filled: Filled) -> list[Problem]:
    """Everything that bars a submission; an empty list lets it in.

    window : `programmes.rules.can_apply` at the moment the request reached the server
    Notes  : barred by the status, the window, an exclusion, a missing paper, an unfinished page. Gates of a tier never
             bar: they are shown as advice.
    """
    if not can(status, Action.SUBMIT):
        return [Problem("wrong_status", None, "", {"status": status.label})]
    if not window:
        return [Problem(window.code, None, "", window.values)]
    found = [] if filled.has_profile else [Problem("no_profile")]
    for part in parts_of(filled.consortium):
        found += problems_of(part, filled)
    return found


def can_accept(status: Status, consortium: bool, consent: Consent | None, paper: bool) -> Verdict:
    """Whether an application may enter evaluation.

    paper: the firm uploaded a signed commitment of the supplier
    """
    if not (verdict := can(status, Action.ACCEPT)):
        return verdict
    if consortium and consent is not Consent.CONFIRMED and not paper:
        return no("supplier_not_confirmed")
    return YES


def can_edit(status: Status, part: Part, asked: frozenset[Part], due_at: datetime | None, moment: datetime) -> Verdict:
    """A draft may be edited anywhere; a supplement only in the asked parts and until its due time; else it is locked."""
    if status is Status.DRAFT:
        return YES
    if status is not Status.SUPPLEMENT:
        return no("locked")
    if due_at is not None and moment >= due_at:
        return no("supplement_late")
    return YES if part in asked else no("part_not_asked")


READERS = SME | OPERATOR | EVALUATORS | {Role.AUDITOR}


class NotReady(RuleBroken):
    """A submission is barred; `problems` names everything that stands in its way."""

    def __init__(self, problems: Sequence[Problem]):
        first = problems[0]
        super().__init__(first.code if first.part is None else "unfinished", **first.values)
        self.problems = tuple(problems)


PERMISSIONS: dict[str, frozenset[str]] = {
    "applications:own:read": SME,
    "applications:own:edit": SME,
    "applications:own:submit": frozenset({Role.SME_OWNER}),
    "applications:case:read": READERS,
    "applications:queue:read": OPERATOR | {Role.AUDITOR},
    "applications:case:check": OPERATOR,
    "applications:consortium:answer": SUPPLIER,
}
