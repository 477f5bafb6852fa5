"""What a company may say about itself, and when a diagnosis is complete. Drafts are lenient; finishing is strict.

Source: enums of domain.md 7.5; answers by the instrument's own file (data/instrument).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from portal.accounts.rules import EVALUATORS, OPERATOR, SME, Role
from portal.base.access import YES, Actor, RuleBroken, Verdict, no
from portal.base.words import Words, define, say
from portal.profiles.questionnaire import Item, Questionnaire
from portal.reference.rules import SizeClass, clean_ksic

PERMISSIONS: dict[str, frozenset[str]] = {
    "profiles:own:read": SME,
    "profiles:own:edit": SME,
    # the file itself is chosen by `queries.evidence_visible_to`
    "profiles:evidence:read": SME | EVALUATORS | OPERATOR | {Role.AUDITOR},
}

# Who reads every version that was handed in with an application (regional operators: of their own region).
READS_SUBMITTED = frozenset({Role.OPERATOR_NATIONAL, Role.AUDITOR})

MAX_PAINS = 3
MAX_PLANTS = 3
MAX_FILES_PER_ITEM = 5
MAX_FILE_BYTES = 20 * 1024 * 1024
# All evidence and papers of one organisation together.
QUOTA_BYTES = 500 * 1024 * 1024


class Employees(StrEnum):
    """종사자 수."""

    E1 = "1-4"
    E5 = "5-9"
    E10 = "10-19"
    E20 = "20-49"
    E50 = "50-99"
    E100 = "100-299"
    E300 = "300+"

    @property
    def label(self) -> Words:
        if self is Employees.E300:
            return say("300명 이상", "300 or more")
        low, high = self.value.split("-")
        return say(f"{low}~{high}명", f"{low}-{high}")


class Sales(StrEnum):
    """연 매출, 억원."""

    S0 = "0-5"
    S5 = "5-10"
    S10 = "10-30"
    S30 = "30-50"
    S50 = "50-100"
    S100 = "100-300"
    S300 = "300-800"
    S800 = "800-1500"
    S1500 = "1500+"

    @property
    def label(self) -> Words:
        if self is Sales.S0:
            return say("5억원 미만", "under KRW 0.5bn")
        if self is Sales.S1500:
            return say("1,500억원 이상", "KRW 150bn or more")
        low, high = (int(part) for part in self.value.split("-"))
        return say(f"{low:,}억~{high:,}억원", f"KRW {low / 10:g}-{high / 10:g}bn")


class Process(StrEnum):
    """공정 유형."""

    ASSEMBLY = "assembly"
    MACHINING = "machining"
    CONTINUOUS = "continuous"
    BATCH = "batch"
    ENGINEER_TO_ORDER = "eto"
    TOLL = "toll"

    @property
    def label(self) -> Words:
        return _PROCESS[self]


_PROCESS = {
    Process.ASSEMBLY: say("조립", "Assembly"),
    Process.MACHINING: say("가공", "Machining"),
    Process.CONTINUOUS: say("장치·연속", "Continuous process"),
    Process.BATCH: say("배치", "Batch"),
    Process.ENGINEER_TO_ORDER: say("수주생산", "Engineered to order"),
    Process.TOLL: say("임가공", "Toll processing"),
}


class OrderType(StrEnum):
    """생산 방식."""

    MTS = "MTS"
    MTO = "MTO"
    ATO = "ATO"
    ETO = "ETO"

    @property
    def label(self) -> Words:
        return _ORDER[self]


_ORDER = {
    OrderType.MTS: say("미리 만들어 두고 팝니다 (MTS)", "We make to stock (MTS)"),
    OrderType.MTO: say("주문을 받고 만듭니다 (MTO)", "We make to order (MTO)"),
    OrderType.ATO: say("부품을 두고 주문에 맞춰 조립합니다 (ATO)", "We assemble to order (ATO)"),
    OrderType.ETO: say("주문마다 새로 설계합니다 (ETO)", "We engineer to order (ETO)"),
}


class Pain(StrEnum):
    """가장 급한 문제. The codes are those of the instrument, which weighs the next moves by them."""

    LABOUR = "LABOUR"
    DEFECTS = "DEFECTS"
    DELIVERY = "DELIVERY"
    COST = "COST"
    SAFETY = "SAFETY"
    ENERGY = "ENERGY"
    TRACEABILITY = "TRACEABILITY"
    CUSTOMER = "CUSTOMER"
    BREAKDOWN = "BREAKDOWN"

    @property
    def label(self) -> Words:
        return _PAIN[self]


_PAIN = {
    Pain.LABOUR: say("인력난", "Labour shortage"),
    Pain.DEFECTS: say("불량", "Defects"),
    Pain.DELIVERY: say("납기", "Delivery"),
    Pain.COST: say("원가", "Cost"),
    Pain.SAFETY: say("안전", "Safety"),
    Pain.ENERGY: say("에너지·탄소", "Energy and carbon"),
    Pain.TRACEABILITY: say("추적성·규제", "Traceability and regulation"),
    Pain.CUSTOMER: say("고객 요구(EDI)", "Customer demands (EDI)"),
    Pain.BREAKDOWN: say("설비 고장", "Machine breakdowns"),
}


class System(StrEnum):
    """Systems that a firm may have; the codes are those of data/technologies.csv."""

    ERP = "ERP"
    MES = "MES"
    POP = "POP"
    APS = "APS"
    QMS = "QMS"
    PLM = "PLM"
    SCM = "SCM"
    WMS = "WMS"
    CMMS = "CMMS"
    SCADA = "SCADA"
    EMS = "EMS"
    GW = "GW"

    @property
    def label(self) -> Words:
        return _SYSTEM[self]


_SYSTEM = {
    System.ERP: say("ERP 전사자원관리", "ERP"),
    System.MES: say("MES 제조실행", "MES"),
    System.POP: say("POP 생산시점관리", "POP (production counting)"),
    System.APS: say("APS 생산계획", "APS (planning)"),
    System.QMS: say("QMS 품질관리", "QMS (quality)"),
    System.PLM: say("PLM·PDM 도면·제품정보", "PLM / PDM"),
    System.SCM: say("SCM 공급망", "SCM (supply chain)"),
    System.WMS: say("WMS 창고", "WMS (warehouse)"),
    System.CMMS: say("CMMS 설비보전", "CMMS (maintenance)"),
    System.SCADA: say("SCADA·HMI 감시제어", "SCADA / HMI"),
    System.EMS: say("EMS 에너지관리", "EMS (energy)"),
    System.GW: say("그룹웨어·전자결재", "Groupware"),
}


class EvidenceTag(StrEnum):
    """What kind of proof a file is."""

    SCREEN = "screen"
    LOG = "log"
    CONTRACT = "contract"
    CERTIFICATE = "certificate"
    PHOTO = "photo"

    @property
    def label(self) -> Words:
        return _TAG[self]


_TAG = {
    EvidenceTag.SCREEN: say("화면", "Screen"),
    EvidenceTag.LOG: say("로그", "Log"),
    EvidenceTag.CONTRACT: say("계약", "Contract"),
    EvidenceTag.CERTIFICATE: say("인증", "Certificate"),
    EvidenceTag.PHOTO: say("사진", "Photo"),
}

# --- the company's facts ----------------------------------------------------------------------------------

FACT_LABELS: dict[str, Words] = {
    "ksic": say("업종", "Industry"),
    "region": say("소재지", "Location"),
    "size": say("기업 규모", "Size class"),
    "employees": say("종사자 수", "Employees"),
    "sales": say("연 매출", "Annual sales"),
    "products": say("주요 생산품", "Main products"),
    "processes": say("공정 유형", "Process types"),
    "order_type": say("생산 방식", "Way of production"),
    "pains": say("가장 급한 문제", "Most urgent problems"),
    "systems": say("쓰고 있는 시스템", "Systems in use"),
    "systems_note": say("시스템 설명", "About these systems"),
    "plants": say("공장", "Plants"),
    "contact_name": say("담당자 이름", "Contact person"),
    "contact_phone": say("담당자 전화", "Contact phone"),
    "contact_email": say("담당자 이메일", "Contact e-mail"),
}
# Not part of a frozen version: a version outlives the person, and no reviewer needs it.
CONTACT = ("contact_name", "contact_phone", "contact_email")
# Without these nobody can be compared with peers, nor be matched.
NEEDED = ("ksic", "region", "size", "employees", "processes", "pains")

_ENUMS: dict[str, type[StrEnum]] = {
    "size": SizeClass,
    "employees": Employees,
    "sales": Sales,
    "processes": Process,
    "order_type": OrderType,
    "pains": Pain,
    "systems": System,
}
_LISTS = ("processes", "pains", "systems")
_LENGTHS = {"products": 200, "systems_note": 500, "contact_name": 60, "contact_phone": 40, "contact_email": 254}

CODES = define(
    {
        "fact_ksic_invalid": say(
            "제조업 업종코드(10~34로 시작하는 2~5자리)가 아닙니다. 예: 25, 251, 25112",
            "This is no manufacturing code (2-5 digits beginning with 10-34), e.g. 25, 251, 25112.",
        ),
        "fact_region_unknown": say("목록에 있는 시·군·구를 골라 주세요.", "Please choose a place from the list."),
        "fact_unknown": say("목록에 있는 것을 골라 주세요.", "Please choose from the list."),
        "fact_too_long": say("{limit}자 이하로 줄여 주세요.", "Please shorten this to {limit} characters."),
        "fact_too_many": say("{limit}개까지 고를 수 있습니다.", "Choose at most {limit}."),
        "diagnosis_answer_unknown": say("보기 가운데 하나를 골라 주세요.", "Please choose one of the answers."),
        "diagnosis_not_applicable": say(
            "이 질문에는 ‘해당 없음’을 고를 수 없습니다.", "“Not applicable” is not allowed on this question."
        ),
        "diagnosis_company_needed": say(
            "기업정보에서 다음을 먼저 채워 주세요: {names}", "Please complete the company profile first: {names}"
        ),
        "diagnosis_answers_missing": say(
            "아직 답하지 않은 질문이 {count}개 있습니다. 잘 모르면 ‘모르겠음’을 고르세요.",
            "{count} questions are still open. Choose “I don't know” where you are unsure.",
        ),
        "evidence_too_many": say("질문 하나에 파일은 {limit}개까지입니다.", "At most {limit} files for one question."),
        "evidence_tag_needed": say("어떤 증빙인지 골라 주세요.", "Please say what kind of evidence this is."),
        "paper_file_needed": say("파일을 골라 주세요.", "Please choose a file."),
        "paper_unknown": say("보관하는 서류가 아닙니다.", "This kind of paper is not kept on file."),
        "paper_issued_needed": say("발급일을 적어 주세요.", "Please enter the date of issue."),
        "paper_issued_future": say("발급일은 오늘 이후일 수 없습니다.", "The date of issue can't lie in the future."),
        "paper_issued_old": say("1990년 이후의 날짜를 적어 주세요.", "Please enter a date after 1990."),
        "paper_expired": say(
            "유효기간이 지난 서류입니다({until}까지). 새로 발급받아 올려 주세요.",
            "This paper expired on {until}. Please upload a new one.",
        ),
        "paper_expiry_before_issue": say("만료일이 발급일보다 빠릅니다.", "It expires before it was issued."),
    }
)


# Marks that turn the direction of writing: they let a name look like another one.
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def tidy(text: object, *, lines: bool = False) -> str:
    """Text as it may be kept: NFC, trimmed, without control characters (`lines` keeps line breaks)."""
    plain = unicodedata.normalize("NFC", str(text or "")).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(_kept(char, lines) for char in plain).strip()


def _kept(char: str, lines: bool) -> str:
    if char == "\n" and lines:
        return char
    if char in "\n\t":
        return " "
    return "" if char in _DIRECTION or unicodedata.category(char) in ("Cc", "Cs") else char


def clean_facts(given: Mapping[str, Any]) -> dict[str, Any]:
    """A company's facts as they are kept: known names only, codes checked, texts tidied. Blank is allowed.

    given  : any of FACT_LABELS' names; enums by value; lists for processes, pains, systems; plants as a list of
             {"name", "address"}
    Returns: every name of FACT_LABELS; None, "" or [] where nothing was said
    Raises : RuleBroken fact_ksic_invalid, fact_unknown, fact_too_long, fact_too_many on the field.
    Notes  : region, phone and e-mail are only tidied here; the service checks them.
    """
    facts: dict[str, Any] = {}
    for name, kind in _ENUMS.items():
        if name in _LISTS:
            facts[name] = list(dict.fromkeys(_member(kind, value, name) for value in given.get(name) or ()))
        else:
            facts[name] = _member(kind, given.get(name), name) if given.get(name) else None
    if len(facts["pains"]) > MAX_PAINS:
        raise RuleBroken("fact_too_many", "pains", limit=MAX_PAINS)
    for name, limit in _LENGTHS.items():
        facts[name] = tidy(given.get(name), lines=name == "systems_note")
        if len(facts[name]) > limit:
            raise RuleBroken("fact_too_long", name, limit=limit)
    facts["ksic"] = _ksic(given.get("ksic"))
    facts["region"] = tidy(given.get("region"))[:60] or None
    facts["plants"] = _plants(given.get("plants") or ())
    return {name: facts[name] for name in FACT_LABELS}


def _member(kind: type[StrEnum], value: object, name: str) -> str:
    try:
        return kind(str(value)).value
    except ValueError:
        raise RuleBroken("fact_unknown", name) from None


def _ksic(given: object) -> str | None:
    if not tidy(given):
        return None
    code = clean_ksic(tidy(given))
    if code is None or not code.isascii():
        raise RuleBroken("fact_ksic_invalid", "ksic")
    return code


def _plants(given: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    plants = []
    for row in given:
        plant = {"name": tidy(row.get("name")), "address": tidy(row.get("address"))}
        if any(len(text) > 120 for text in plant.values()):
            raise RuleBroken("fact_too_long", "plants", limit=120)
        if any(plant.values()):
            plants.append(plant)
    if len(plants) > MAX_PLANTS:
        raise RuleBroken("fact_too_many", "plants", limit=MAX_PLANTS)
    return plants


def missing_facts(facts: Mapping[str, Any] | None) -> list[str]:
    """The names of the needed facts that are still blank, in the order of the form."""
    return [name for name in NEEDED if not (facts or {}).get(name)]


def phone_text(number: str) -> str:
    """An E.164 number as people in Korea write it; foreign ones stay as they are."""
    if not number.startswith("+82"):
        return number
    digits = "0" + number[3:]
    area = 2 if digits.startswith("02") else 3
    if len(digits) - area < 7:
        return digits
    return f"{digits[:area]}-{digits[area:-4]}-{digits[-4:]}"


def fact_text(name: str, value: Any) -> Words | str:
    """A fact in words; industry and region stay codes here, since their names stand in the database."""
    if not value:
        return ""
    if name in _LISTS:
        labels = [_ENUMS[name](one).label for one in value]
        return say(", ".join(label.ko for label in labels), ", ".join(label.en for label in labels))
    if name in _ENUMS:
        return _ENUMS[name](value).label
    if name == "contact_phone":
        return phone_text(value)
    if name == "plants":
        return " / ".join(" ".join(text for text in (one["name"], one["address"]) if text) for one in value)
    return str(value)


# --- answers ----------------------------------------------------------------------------------------------

UNSURE = "unsure"
NOT_APPLICABLE = "na"
Answer = int | str
"""A level 0–5, UNSURE (counts as 0, but flagged) or NOT_APPLICABLE (left out where the item allows it)."""


def read_answer(item: Item, text: object) -> Answer:
    """An answer as it is kept.

    Raises: RuleBroken diagnosis_answer_unknown, diagnosis_not_applicable on the field of the item.
    """
    value = str(text)
    if value == UNSURE:
        return UNSURE
    if value == NOT_APPLICABLE:
        if not item.not_applicable_allowed:
            raise RuleBroken("diagnosis_not_applicable", answer_field(item.code))
        return NOT_APPLICABLE
    if not re.fullmatch("[0-5]", value):
        raise RuleBroken("diagnosis_answer_unknown", answer_field(item.code))
    return int(value)


def answer_field(code: str) -> str:
    return f"answer_{code}"


def answer_text(item: Item, answer: Answer | None) -> Words | str:
    if answer is None:
        return ""
    if answer == UNSURE:
        return say("모르겠음", "I don't know")
    if answer == NOT_APPLICABLE:
        return say("해당 없음", "Not applicable")
    anchor = item.anchors[int(answer)]
    return say(f"{answer} · {anchor.ko}", f"{answer} · {anchor.en}")


def needs_evidence(questionnaire: Questionnaire, answer: Answer | None) -> bool:
    return isinstance(answer, int) and answer >= questionnaire.evidence_from


@dataclass(frozen=True)
class AreaProgress:
    """How far one page of the diagnosis is. open: codes without an answer; bare: high levels without evidence."""

    code: str
    title: Words
    total: int
    open: tuple[str, ...]
    unsure: tuple[str, ...]
    bare: tuple[str, ...]

    @property
    def answered(self) -> int:
        return self.total - len(self.open)

    @property
    def is_done(self) -> bool:
        return not self.open


def progress(
    questionnaire: Questionnaire, answers: Mapping[str, Answer], evidenced: Iterable[str]
) -> list[AreaProgress]:
    """How far each area is, in the questionnaire's order."""
    proven = set(evidenced)
    return [
        AreaProgress(
            area.code,
            area.title,
            len(area.items),
            tuple(code for code in area.items if code not in answers),
            tuple(code for code in area.items if answers.get(code) == UNSURE),
            tuple(
                code for code in area.items if needs_evidence(questionnaire, answers.get(code)) and code not in proven
            ),
        )
        for area in questionnaire.areas
    ]


def levels(answers: Mapping[str, Answer]) -> dict[str, int | None]:
    """Answers as the scorer reads them: unsure is 0, not applicable is None."""
    return {
        code: 0 if answer == UNSURE else None if answer == NOT_APPLICABLE else int(answer)
        for code, answer in answers.items()
    }


def check_finished(
    questionnaire: Questionnaire, facts: Mapping[str, Any] | None, answers: Mapping[str, Answer]
) -> list[RuleBroken]:
    """What still stands between the draft and a result; empty when it can be frozen.

    An open question is never counted as 0 behind somebody's back: it must be answered, if only by 모르겠음.
    """
    broken = []
    if missing := missing_facts(facts):
        labels = [FACT_LABELS[name] for name in missing]
        names = say(", ".join(label.ko for label in labels), ", ".join(label.en for label in labels))
        broken.append(RuleBroken("diagnosis_company_needed", names=names))
    if left := [code for code in questionnaire.codes if code not in answers]:
        broken.append(RuleBroken("diagnosis_answers_missing", count=len(left)))
    return broken


# --- papers -----------------------------------------------------------------------------------------------


def expiry(issued_on: date, months: int) -> date | None:
    """The last day a paper is good for; None for one that is good until it changes (months 0)."""
    if months <= 0:
        return None
    years, month = divmod(issued_on.month - 1 + months, 12)
    year, month = issued_on.year + years, month + 1
    for day in range(issued_on.day, 27, -1):
        try:
            return date(year, month, day)
        except ValueError:
            continue
    return date(year, month, min(issued_on.day, 27))


def check_paper_dates(issued_on: date | None, expires_on: date | None, months: int, today: date) -> date | None:
    """The day until which a paper counts.

    issued_on : date on the paper; needed where the kind expires
    expires_on: date printed on the paper, when it has one; else the kind's own months count
    Raises    : RuleBroken paper_issued_*, paper_expiry_before_issue, paper_expired on the field.
    """
    if issued_on is None:
        if months > 0 and expires_on is None:
            raise RuleBroken("paper_issued_needed", "issued_on")
    elif issued_on > today:
        raise RuleBroken("paper_issued_future", "issued_on")
    elif issued_on.year < 1990:
        raise RuleBroken("paper_issued_old", "issued_on")
    if expires_on is None:
        until, field = (expiry(issued_on, months) if issued_on else None), "issued_on"
    else:
        until, field = expires_on, "expires_on"
        if issued_on and expires_on < issued_on:
            raise RuleBroken("paper_expiry_before_issue", "expires_on")
    if until is not None and until < today:
        raise RuleBroken("paper_expired", field, until=until.isoformat())
    return until


# --- who may ----------------------------------------------------------------------------------------------


def can_edit(actor: Actor) -> Verdict:
    """Only people of a company write its profile."""
    if actor.organisation_id is None or not (actor.is_system or actor.has(*SME)):
        return no("no_right")
    return YES
