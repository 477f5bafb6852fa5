"""What an application may be and do: statuses and their transitions, the parts of the form, what bars a submission.

Source of the states: 신 디지털 제조혁신 추진전략 절차 (2025~, 8 steps), 데이터 인프라 구축사업 관리지침 (2020-534).
Later stages (site visit, presentation, agreement …) are added as rows of `TRANSITIONS` by the issue that builds them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from portal.accounts.rules import EVALUATORS, OPERATOR, SME, SUPPLIER, Role
from portal.base.access import YES, RuleBroken, Verdict, no
from portal.base.words import Words, define, say


class Status(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    REQ_CHECK = "req_check"
    SUPPLEMENT = "supplement"
    WRITTEN = "written"
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
    SELECT = "select"
    RESERVE = "reserve"
    REJECT = "reject"
    WITHDRAW = "withdraw"


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
    (Status.WRITTEN, Action.SELECT): Status.SELECTED,
    (Status.WRITTEN, Action.RESERVE): Status.RESERVE,
    (Status.WRITTEN, Action.REJECT): Status.REJECTED,
    (Status.WRITTEN, Action.WITHDRAW): Status.WITHDRAWN,
    (Status.RESERVE, Action.SELECT): Status.SELECTED,
    (Status.RESERVE, Action.WITHDRAW): Status.WITHDRAWN,
}

DECISIONS: dict[Status, Action] = {
    Status.SELECTED: Action.SELECT,
    Status.RESERVE: Action.RESERVE,
    Status.REJECTED: Action.REJECT,
}
DECIDED = frozenset(DECISIONS)
CLOSED = frozenset({Status.REJECTED, Status.WITHDRAWN})
# Where a second application of the same firm to the same call makes no sense.
LIVE = frozenset(Status) - CLOSED


def next_status(status: Status, action: Action) -> Status | None:
    return TRANSITIONS.get((status, action))


def can(status: Status, action: Action) -> Verdict:
    """Whether the status machine lets this happen now."""
    return YES if (status, action) in TRANSITIONS else no("wrong_status", status=status.label)


def action_to(status: Status, target: Status) -> Action | None:
    """The action that leads from one status to another, or None when no single one does."""
    for (start, action), end in TRANSITIONS.items():
        if start is status and end is target:
            return action
    return None


class Part(StrEnum):
    """One topic a page. The same names are the steps of the wizard and the parts that a supplement may ask for."""

    CHOICE = "choice"
    NEED = "need"
    PLAN = "plan"
    COSTS = "costs"
    KPI = "kpi"
    PARTNER = "partner"
    PAPERS = "papers"
    PLEDGES = "pledges"

    @property
    def label(self) -> Words:
        return PART_WORDS[self]


PART_WORDS: dict[Part, Words] = {
    Part.CHOICE: say("유형과 목표", "Tier and goal"),
    Part.NEED: say("현황과 과제", "Need"),
    Part.PLAN: say("추진 계획", "Plan"),
    Part.COSTS: say("비용과 자부담", "Costs"),
    Part.KPI: say("성과지표", "KPIs"),
    Part.PARTNER: say("공급기업", "Supplier"),
    Part.PAPERS: say("서류", "Papers"),
    Part.PLEDGES: say("확인과 서약", "Declarations"),
}


def parts_of(consortium: bool) -> tuple[Part, ...]:
    """The pages of a form; a programme without consortium asks for no supplier."""
    return tuple(part for part in Part if consortium or part is not Part.PARTNER)


@dataclass(frozen=True)
class PlanText:
    """One of the six short texts. max_length counts characters as a person does (code points, line ends as one)."""

    name: str
    part: Part
    label: Words
    hint: Words
    max_length: int = 1_000
    min_length: int = 20


PLAN_TEXTS: tuple[PlanText, ...] = (
    PlanText(
        "problem",
        Part.NEED,
        say("지금 무엇이 문제입니까?", "What is the problem now?"),
        say(
            "어느 공정에서 무엇이 얼마나 불편한지 숫자와 함께 적어 주세요.",
            "Which step, what hurts and how much; with figures if you can.",
        ),
    ),
    PlanText(
        "goal",
        Part.NEED,
        say("무엇을 이루고 싶습니까?", "What do you want to reach?"),
        say("구축이 끝난 뒤 공장이 어떻게 달라지는지 적어 주세요.", "How the factory will be different afterwards."),
    ),
    PlanText(
        "build",
        Part.NEED,
        say("무엇을 만들거나 놓습니까?", "What will be built or installed?"),
        say("시스템과 설비, 서로 주고받을 데이터를 적어 주세요.", "Systems, equipment and the data between them."),
        1_500,
    ),
    PlanText(
        "schedule",
        Part.PLAN,
        say("어떤 순서와 일정으로 합니까?", "How and when will it be done?"),
        say("예: 1~2월 설계, 3~5월 구축, 6월 시험 운영", "Example: Jan-Feb design, Mar-May build, Jun trial run"),
    ),
    PlanText(
        "people",
        Part.PLAN,
        say("누가 맡고 누가 씁니까?", "Who is in charge and who will use it?"),
        say(
            "담당자와 실제로 쓸 작업자, 교육 계획을 적어 주세요. 이름 대신 직책이면 충분합니다.",
            "The person in charge, the workers who use it, training. Job titles are enough.",
        ),
    ),
    PlanText(
        "effect",
        Part.PLAN,
        say("무엇이 좋아지고 어떻게 이어 갑니까?", "What gets better and how will it last?"),
        say("기대 효과와 끝난 뒤의 유지·관리 방법을 적어 주세요.", "Expected effect and after-care."),
    ),
)
PLAN_FIELDS = tuple(text.name for text in PLAN_TEXTS)

MAX_COST_LINES = 40
MAX_KPIS = 12
MAX_KRW = 100_000_000_000
MAX_SCOPE = 15
MIN_SUPPLEMENT_MESSAGE = 10
LONGEST_SUPPLEMENT = timedelta(days=60)


class CostKind(StrEnum):
    HARDWARE = "hardware"
    SOFTWARE = "software"
    NETWORK = "network"
    SERVICE = "service"

    @property
    def label(self) -> Words:
        return COST_WORDS[self]


COST_WORDS: dict[CostKind, Words] = {
    CostKind.HARDWARE: say("하드웨어·설비", "Hardware, equipment"),
    CostKind.SOFTWARE: say("소프트웨어", "Software"),
    CostKind.NETWORK: say("네트워크", "Network"),
    CostKind.SERVICE: say("컨설팅·교육", "Consulting, training"),
}


class OwnShareSource(StrEnum):
    CASH = "cash"
    LOAN = "loan"
    POLICY_LOAN = "policy_loan"
    MIXED = "mixed"

    @property
    def label(self) -> Words:
        return OWN_SHARE_WORDS[self]


OWN_SHARE_WORDS: dict[OwnShareSource, Words] = {
    OwnShareSource.CASH: say("회사 예금", "Company savings"),
    OwnShareSource.LOAN: say("은행 대출", "Bank loan"),
    OwnShareSource.POLICY_LOAN: say("정책자금", "Policy loan"),
    OwnShareSource.MIXED: say("여러 가지를 함께", "A mix"),
}


class Direction(StrEnum):
    UP = "up"
    DOWN = "down"

    @property
    def label(self) -> Words:
        return (
            say("클수록 좋음", "Higher is better") if self is Direction.UP else say("작을수록 좋음", "Lower is better")
        )


class Writer(StrEnum):
    """Who wrote the plan: asked openly, because brokers who take a share of the grant hide here."""

    SELF = "self"
    HELP_FREE = "help_free"
    HELP_PAID = "help_paid"

    @property
    def label(self) -> Words:
        return WRITER_WORDS[self]


WRITER_WORDS: dict[Writer, Words] = {
    Writer.SELF: say("우리 회사가 직접 썼습니다", "We wrote it ourselves"),
    Writer.HELP_FREE: say("무료로 도움을 받았습니다", "We had free help"),
    Writer.HELP_PAID: say("돈을 주고 도움을 받았습니다", "We paid for help"),
}


PLEDGE = say(
    "적은 내용과 서류가 사실이며, 거짓이면 선정이 취소되고 지원금을 돌려줄 수 있음을 알고 있습니다. "
    "개인정보와 기업정보를 심사에 쓰는 데 동의하고, 청렴하게 참여하겠습니다.",
    "What we wrote and attached is true; we know that selection is cancelled and support reclaimed if it is false. "
    "We agree that our data are used for the review and will take part with integrity.",
)


class Answer(StrEnum):
    """The answer to one question of the exclusion list."""

    NO = "no"
    YES = "yes"
    EXCEPTED = "excepted"


class Consent(StrEnum):
    CONFIRMED = "confirmed"
    ASKED = "asked"
    NAMED = "named"
    DECLINED = "declined"

    @property
    def label(self) -> Words:
        return CONSENT_WORDS[self]

    @property
    def tone(self) -> str:
        return {"confirmed": "success", "asked": "info", "named": "neutral", "declined": "danger"}[self.value]


CONSENT_WORDS: dict[Consent, Words] = {
    Consent.CONFIRMED: say("참여 확인", "Confirmed"),
    Consent.ASKED: say("확인 기다리는 중", "Waiting for an answer"),
    Consent.NAMED: say("아직 묻지 않음", "Not asked yet"),
    Consent.DECLINED: say("참여하지 않음", "Declined"),
}


class PaperState(StrEnum):
    """Where a paper of the checklist stands."""

    ATTACHED = "attached"
    ON_FILE = "on_file"
    MADE_HERE = "made_here"
    CONFIRMED_HERE = "confirmed_here"
    EXPIRED = "expired"
    OPTIONAL = "optional"
    MISSING = "missing"

    @property
    def label(self) -> Words:
        return PAPER_WORDS[self]

    @property
    def is_enough(self) -> bool:
        return self not in (PaperState.MISSING, PaperState.EXPIRED)

    @property
    def tone(self) -> str:
        if self is PaperState.OPTIONAL:
            return "outline"
        return "success" if self.is_enough else "danger"


PAPER_WORDS: dict[PaperState, Words] = {
    PaperState.ATTACHED: say("올림", "Attached"),
    PaperState.ON_FILE: say("보관 중인 서류 사용", "On file"),
    PaperState.MADE_HERE: say("포털에서 작성", "Made here"),
    PaperState.CONFIRMED_HERE: say("공급기업 확인으로 대신", "Replaced by the supplier's confirmation"),
    PaperState.EXPIRED: say("유효기간 지남", "Expired"),
    PaperState.OPTIONAL: say("선택", "Optional"),
    PaperState.MISSING: say("필요함", "Missing"),
}
CONSORTIUM_PAPER = "consortium-agreement"
OWN_SHARE_PAPER = "own-share-proof"


@dataclass(frozen=True)
class Problem:
    """One thing that stands in the way of submission: where it is mended and what it says."""

    code: str
    part: Part | None = None
    field: str = ""
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Filled:
    """The answers of an application as plain values: what the rules look at, and what the snapshot keeps.

    costs : (kind, item, unit_price_krw, quantity) per line
    kpis  : (name, before, target, direction) per row; before and target are None while empty
    pledges : exclusion code → Answer value
    papers  : paper code → PaperState
    """

    tier: str | None = None
    tiers_of_call: frozenset[str] = frozenset()
    target_level: int | None = None
    current_level: int | None = None
    same_level: bool = False
    scope: tuple[str, ...] = ()
    texts: Mapping[str, str] = dataclasses.field(default_factory=dict)
    costs: Sequence[tuple[str, str, int | None, int | None]] = ()
    own_share_krw: int | None = None
    own_share_source: str | None = None
    kpis: Sequence[tuple[str, Decimal | None, Decimal | None, str]] = ()
    consortium: bool = False
    supplier_id: int | None = None
    consent: Consent | None = None
    exclusions: tuple[str, ...] = ()
    barring: frozenset[str] = frozenset()
    pledges: Mapping[str, str] = dataclasses.field(default_factory=dict)
    writer: str | None = None
    writer_name: str = ""
    writer_fee_krw: int | None = None
    truth_pledged: bool = False
    papers: Mapping[str, PaperState] = dataclasses.field(default_factory=dict)
    has_profile: bool = True

    @property
    def cost_krw(self) -> int:
        return sum((price or 0) * (quantity or 0) for _, _, price, quantity in self.costs)

    @property
    def excluded(self) -> tuple[str, ...]:
        """The exclusions that bar a submission and apply."""
        return tuple(code for code in self.exclusions if code in self.barring and self.pledges.get(code) == Answer.YES)


def problems_of(part: Part, filled: Filled) -> list[Problem]:
    """What a page still lacks. Drafts may lack anything; submission may lack nothing."""
    return _CHECKS[part](filled)


def _choice(filled: Filled) -> list[Problem]:
    found = []
    if not filled.tier:
        found.append(Problem("choose_tier", Part.CHOICE, "tier"))
    elif filled.tier not in filled.tiers_of_call:
        found.append(Problem("call_tier_not_offered", Part.CHOICE, "tier"))
    if filled.target_level is None:
        found.append(Problem("choose_target", Part.CHOICE, "target_level"))
    elif filled.current_level is not None and filled.target_level < filled.current_level:
        found.append(Problem("target_below_current", Part.CHOICE, "target_level"))
    if not filled.scope:
        found.append(Problem("choose_scope", Part.CHOICE, "scope"))
    return found


def _texts(part: Part, filled: Filled) -> list[Problem]:
    found = []
    for text in PLAN_TEXTS:
        if text.part is not part:
            continue
        length = len((filled.texts.get(text.name) or "").strip())
        if length == 0:
            found.append(Problem("required", part, text.name))
        elif length < text.min_length:
            found.append(Problem("text_too_short", part, text.name, {"least": text.min_length, "now": length}))
        elif length > text.max_length:
            found.append(Problem("plan_too_long", part, text.name, {"most": text.max_length, "now": length}))
    return found


def _costs(filled: Filled) -> list[Problem]:
    found = []
    if not filled.costs:
        found.append(Problem("no_cost_lines", Part.COSTS, "lines"))
    for position, (_, item, price, quantity) in enumerate(filled.costs):
        if not item or price is None or not quantity:
            found.append(Problem("row_incomplete", Part.COSTS, f"lines-{position}-item"))
    if filled.own_share_krw is None:
        found.append(Problem("required", Part.COSTS, "own_share_krw"))
    elif filled.costs and filled.own_share_krw > filled.cost_krw:
        found.append(Problem("own_share_over_cost", Part.COSTS, "own_share_krw"))
    if filled.own_share_krw and not filled.own_share_source:
        found.append(Problem("required", Part.COSTS, "own_share_source"))
    return found


def _kpis(filled: Filled) -> list[Problem]:
    if not filled.kpis:
        return [Problem("no_kpi", Part.KPI, "rows")]
    found = []
    for position, (name, before, target, direction) in enumerate(filled.kpis):
        if not name or before is None or target is None:
            found.append(Problem("kpi_incomplete", Part.KPI, f"rows-{position}-name"))
        elif (target <= before) if direction == Direction.UP else (target >= before):
            found.append(Problem("kpi_no_better", Part.KPI, f"rows-{position}-target", {"name": name}))
    return found


def _partner(filled: Filled) -> list[Problem]:
    if not filled.consortium:
        return []
    if filled.supplier_id is None:
        return [Problem("no_supplier", Part.PARTNER, "supplier")]
    if filled.consent is Consent.DECLINED:
        return [Problem("supplier_declined", Part.PARTNER, "supplier")]
    return []


def _papers(filled: Filled) -> list[Problem]:
    return [
        Problem(
            "paper_out_of_date" if state is PaperState.EXPIRED else "paper_missing", Part.PAPERS, code, {"paper": code}
        )
        for code, state in filled.papers.items()
        if not state.is_enough
    ]


def _pledges(filled: Filled) -> list[Problem]:
    found = []
    for code in filled.exclusions:
        if code not in filled.pledges:
            found.append(Problem("answer_needed", Part.PLEDGES, code))
        elif code in filled.excluded:
            found.append(Problem("excluded", Part.PLEDGES, code))
    if not filled.writer:
        found.append(Problem("answer_needed", Part.PLEDGES, "writer"))
    elif filled.writer != Writer.SELF and not filled.writer_name.strip():
        found.append(Problem("writer_name_needed", Part.PLEDGES, "writer_name"))
    if filled.writer == Writer.HELP_PAID and filled.writer_fee_krw is None:
        found.append(Problem("writer_fee_needed", Part.PLEDGES, "writer_fee_krw"))
    if not filled.truth_pledged:
        found.append(Problem("pledge_needed", Part.PLEDGES, "truth_pledged"))
    return found


_CHECKS = {
    Part.CHOICE: _choice,
    Part.NEED: lambda filled: _texts(Part.NEED, filled),
    Part.PLAN: lambda filled: _texts(Part.PLAN, filled),
    Part.COSTS: _costs,
    Part.KPI: _kpis,
    Part.PARTNER: _partner,
    Part.PAPERS: _papers,
    Part.PLEDGES: _pledges,
}


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

CODES = define(
    {
        "wrong_status": say(
            "지금 상태({status})에서는 할 수 없습니다.", "This can't be done in the status “{status}”."
        ),
        "already_applied": say(
            "이 공고에는 이미 신청이 있습니다.", "Your firm already has an application for this call."
        ),
        "no_profile": say(
            "기업정보와 진단을 먼저 저장해 주세요.", "Please fill in your company profile and diagnosis first."
        ),
        "locked": say(
            "제출한 신청서는 고칠 수 없습니다. 고칠 것이 있으면 운영기관에 보완을 요청해 주세요.",
            "A submitted application is locked. Ask the operator if something must be changed.",
        ),
        "part_not_asked": say(
            "보완을 요청받은 부분만 고칠 수 있습니다.", "Only the parts that were asked for can be edited."
        ),
        "supplement_late": say(
            "보완 기한이 지났습니다. 운영기관에 연락해 주세요.", "The due date has passed. Please contact the operator."
        ),
        "choose_tier": say("신청할 유형을 골라 주세요.", "Please choose a tier."),
        "choose_target": say("구축 뒤의 목표 수준을 골라 주세요.", "Please choose the level you aim at."),
        "target_below_current": say(
            "목표 수준은 지금 수준보다 낮을 수 없습니다.", "The target can't be below the current level."
        ),
        "choose_scope": say("도입할 기술을 하나 이상 골라 주세요.", "Please choose at least one technology."),
        "scope_too_many": say("기술은 {most}개까지 고를 수 있습니다.", "You can choose up to {most} technologies."),
        "text_too_short": say(
            "{least}자 이상 적어 주세요. 지금 {now}자입니다.", "Please write at least {least} characters; now {now}."
        ),
        "plan_too_long": say(
            "{most}자까지 적을 수 있습니다. 지금 {now}자입니다.", "Up to {most} characters; now {now}."
        ),
        "no_cost_lines": say("비용을 한 줄 이상 적어 주세요.", "Please enter at least one cost line."),
        "too_many_rows": say("{most}줄까지 적을 수 있습니다.", "Up to {most} rows."),
        "own_share_over_cost": say("자부담이 총사업비보다 큽니다.", "Your own share exceeds the total cost."),
        "no_kpi": say("성과지표를 하나 이상 적어 주세요.", "Please enter at least one KPI."),
        "kpi_incomplete": say(
            "지표 이름, 구축 전 값, 목표 값을 모두 적어 주세요.", "Fill in the name, the value before and the target."
        ),
        "kpi_no_better": say(
            "‘{name}’의 목표가 지금보다 나아지지 않습니다.", "The target of “{name}” is no improvement."
        ),
        "no_supplier": say("함께할 공급기업을 골라 주세요.", "Please choose your supplier."),
        "supplier_unknown": say("공급기업 명부에 없는 기업입니다.", "This supplier is not in the directory."),
        "supplier_declined": say(
            "공급기업이 참여하지 않겠다고 답했습니다. 다른 공급기업을 골라 주세요.",
            "The supplier declined. Please choose another one.",
        ),
        "supplier_not_confirmed": say(
            "공급기업이 아직 참여를 확인하지 않았습니다. 확인되거나 참여확약서를 받은 뒤 평가에 넘길 수 있습니다.",
            "The supplier has not confirmed yet. It can go to evaluation after confirmation or with a signed commitment.",
        ),
        "already_answered": say("이미 답한 요청입니다.", "This request has been answered already."),
        "decline_reason": say("사유를 짧게 적어 주세요.", "Please give a short reason."),
        "paper_missing": say("{paper}: 올려 주세요.", "{paper}: please attach it."),
        "paper_out_of_date": say(
            "{paper}: 유효기간이 지났습니다. 새로 발급받아 올려 주세요.", "{paper}: expired. Please attach a new one."
        ),
        "paper_not_asked": say("이 사업에서 받지 않는 서류입니다.", "This programme does not take that paper."),
        "answer_needed": say("하나를 골라 주세요.", "Please choose an answer."),
        "excluded": say("지원 제외에 해당하여 제출할 수 없습니다.", "An exclusion applies: it can't be submitted."),
        "writer_name_needed": say("누가 도왔는지 적어 주세요.", "Please say who helped you."),
        "writer_fee_needed": say("얼마를 주었거나 주기로 했는지 적어 주세요.", "Please enter the fee paid or agreed."),
        "pledge_needed": say("내용을 확인하고 서약해 주세요.", "Please confirm the pledge."),
        "supplement_message": say(
            "무엇을 어떻게 고치면 되는지 {least}자 이상 적어 주세요.",
            "Say what to mend and how, in at least {least} characters.",
        ),
        "supplement_parts": say("보완할 부분을 하나 이상 골라 주세요.", "Choose at least one part."),
        "supplement_due": say(
            "보완 기한은 내일부터 60일 안으로 정해 주세요.", "The due date must be within 60 days from tomorrow."
        ),
        "unfinished": say(
            "아직 마치지 않은 부분이 있어 제출하지 않았습니다.", "Not submitted: some parts are not finished yet."
        ),
        "reason_needed": say("사유를 적어 주세요.", "Please give a reason."),
        "number_invalid": say("숫자로 적어 주세요. 예: 1,500,000", "Please enter a number, for example 1,500,000."),
        "number_range": say("0 이상 {most} 이하로 적어 주세요.", "Enter a number from 0 to {most}."),
        "row_incomplete": say("품명, 단가, 수량을 모두 적어 주세요.", "Please fill in item, unit price and quantity."),
    }
)
