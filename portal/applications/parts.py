"""The parts of the form, one a page: their texts, choices, states of papers and consents, and the words of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portal.base.words import Words, say


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
