"""What operators vouch for and decide about suppliers: marks, suspensions, claims of earlier builds. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from portal.accounts.rules import OPERATOR, SUPPLIER, Role
from portal.base.access import YES, Actor, Verdict, no
from portal.base.words import Words, define, say

# The default of the agency's appeals: once, within two weeks.
APPEAL_WITHIN = timedelta(days=14)
LONGEST_TERM = timedelta(days=5 * 366)
REMIND_BEFORE = timedelta(days=30)


class Mark(StrEnum):
    """What an operator can vouch for: a registration, a certificate, a level, a field of work."""

    REGISTERED = "registered"
    SPECIALIST = "specialist"
    SOFTWARE = "software"
    DIRECT_PRODUCTION = "direct_production"
    VENTURE = "venture"
    INNOBIZ = "innobiz"
    MAINBIZ = "mainbiz"
    ISO_9001 = "iso_9001"
    ISO_27001 = "iso_27001"
    CAPABILITY = "capability"
    AI = "ai"
    DIGITAL_TWIN = "digital_twin"
    AAS = "aas"

    @property
    def label(self) -> Words:
        return MARK_LABELS[self]


MARK_LABELS = {
    Mark.REGISTERED: say("공급기업 등록", "Registered supplier"),
    Mark.SPECIALIST: say("스마트제조 전문기업", "Smart-manufacturing specialist"),
    Mark.SOFTWARE: say("SW사업자", "Software business"),
    Mark.DIRECT_PRODUCTION: say("직접생산증명", "Direct-production certificate"),
    Mark.VENTURE: say("벤처기업", "Venture company"),
    Mark.INNOBIZ: say("이노비즈", "Inno-Biz"),
    Mark.MAINBIZ: say("메인비즈", "Main-Biz"),
    Mark.ISO_9001: say("ISO 9001", "ISO 9001"),
    Mark.ISO_27001: say("ISO 27001", "ISO 27001"),
    Mark.CAPABILITY: say("역량진단", "Capability assessment"),
    Mark.AI: say("제조AI", "Manufacturing AI"),
    Mark.DIGITAL_TWIN: say("디지털트윈", "Digital twin"),
    Mark.AAS: say("AAS 적합", "AAS conformant"),
}


class CapabilityLevel(StrEnum):
    """The level of a 역량진단, lowest first."""

    ONE_MINUS = "1-"
    ONE = "1"
    ONE_PLUS = "1+"
    TWO_MINUS = "2-"
    TWO = "2"
    TWO_PLUS = "2+"
    THREE_MINUS = "3-"
    THREE = "3"
    THREE_PLUS = "3+"

    @property
    def rank(self) -> int:
        """1 for the lowest."""
        return list(CapabilityLevel).index(self) + 1

    @property
    def is_good(self) -> bool:
        """Level 2+ and above is what the ministry calls good."""
        return self.rank >= CapabilityLevel.TWO_PLUS.rank


@dataclass(frozen=True)
class Certificate:
    """What a paper says."""

    number: str = ""
    issuer: str = ""
    level: CapabilityLevel | None = None
    issued_on: date | None = None
    valid_until: date | None = None


class VerificationState(StrEnum):
    CLAIMED = "claimed"
    VERIFIED = "verified"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"
    EXPIRED = "expired"

    @property
    def label(self) -> Words:
        return STATE_LABELS[self]

    @property
    def tone(self) -> str:
        return {"claimed": "info", "verified": "success", "refused": "danger"}.get(self.value, "neutral")


STATE_LABELS = {
    VerificationState.CLAIMED: say("확인 대기", "Awaiting verification"),
    VerificationState.VERIFIED: say("확인됨", "Verified"),
    VerificationState.REFUSED: say("확인 안 됨", "Not verified"),
    VerificationState.WITHDRAWN: say("거두어들임", "Withdrawn"),
    VerificationState.ENDED: say("끝남", "Ended"),
    VerificationState.EXPIRED: say("기간이 지남", "Expired"),
}


class SuspensionGround(StrEnum):
    CHECKING = "checking"
    FALSE_FACTS = "false_facts"
    NO_RESPONSE = "no_response"
    POOR_WORK = "poor_work"
    COLLUSION = "collusion"
    SANCTION = "sanction"
    CLOSED = "closed"
    OTHER = "other"

    @property
    def label(self) -> Words:
        return GROUND_LABELS[self]


GROUND_LABELS = {
    SuspensionGround.CHECKING: say("사실 확인 중", "Facts being checked"),
    SuspensionGround.FALSE_FACTS: say("사실과 다른 등록 내용", "False facts in the listing"),
    SuspensionGround.NO_RESPONSE: say("연락이 닿지 않음", "Can't be reached"),
    SuspensionGround.POOR_WORK: say("구축 또는 사후관리 부실", "Poor work or after-care"),
    SuspensionGround.COLLUSION: say("자부담 대납 등 부정한 거래", "Paying a company's own share or other collusion"),
    SuspensionGround.SANCTION: say("참여제한 처분", "Barred by a sanction"),
    SuspensionGround.CLOSED: say("휴업 또는 폐업", "Business closed"),
    SuspensionGround.OTHER: say("그 밖의 사유", "Another ground"),
}


class AppealOutcome(StrEnum):
    KEPT = "kept"
    LIFTED = "lifted"

    @property
    def label(self) -> Words:
        return OUTCOME_LABELS[self]


OUTCOME_LABELS = {
    AppealOutcome.KEPT: say("정지를 유지", "The suspension stays"),
    AppealOutcome.LIFTED: say("정지를 해제", "The suspension is lifted"),
}

# What others read of a supplier that can't be asked now, whatever the ground.
NOT_NOW = say("현재 신청 불가", "Can't be asked now")

PERMISSIONS: dict[str, frozenset[str]] = {
    "directory:marks:read": SUPPLIER,
    "directory:marks:claim": frozenset({Role.SUPPLIER_ADMIN}),
    "directory:marks:paper": SUPPLIER | OPERATOR | {Role.AUDITOR},
    "directory:marks:queue": OPERATOR | {Role.AUDITOR},
    "directory:marks:judge": OPERATOR,
    "directory:suspension:read": SUPPLIER,
    "directory:suspension:appeal": frozenset({Role.SUPPLIER_ADMIN}),
    "directory:suspension:decide": OPERATOR,
}

CODES = define(
    {
        "suspension_already": say("이미 정지 중입니다.", "It is suspended already."),
        "suspension_none": say("정지 중이 아닙니다.", "It is not suspended."),
        "suspension_detail_needed": say(
            "공급기업이 알 수 있게 무엇 때문인지 적어 주세요.",
            "Please say what it is about, so that the supplier knows.",
        ),
        "suspension_term": say(
            "마지막 날은 오늘부터 5년 안으로 골라 주세요.",
            "The last day must lie between today and five years from now.",
        ),
        "suspension_publication": say(
            "공개하려면 근거와 공개일을 함께 적어 주세요.",
            "To publish it, give both the legal ground and the day.",
        ),
        "suspension_publication_day": say(
            "공개일은 정지 기간 안의 날이어야 합니다.", "The day of publication must lie within the term."
        ),
        "suspension_lift_reason": say("왜 해제하는지 적어 주세요.", "Please say why it is lifted."),
        "suspension_appeal_text_needed": say("이의 내용을 적어 주세요.", "Please write your appeal."),
        "suspension_appeal_once": say("이의신청은 한 번 할 수 있습니다.", "You can appeal once."),
        "suspension_appeal_late": say(
            "이의신청 기간({days}일)이 지났습니다.", "The {days} days for an appeal are over."
        ),
        "suspension_appeal_none": say("답할 이의신청이 없습니다.", "There is no appeal to answer."),
        "suspension_appeal_own_decision": say(
            "정지를 결정한 사람은 그 이의에 답할 수 없습니다. 다른 담당자가 답합니다.",
            "Who decided the suspension can't answer the appeal. Somebody else does.",
        ),
        "suspension_appeal_answer_needed": say("답변을 적어 주세요.", "Please write the answer."),
        "mark_already_claimed": say("이미 확인을 기다리고 있습니다.", "It awaits verification already."),
        "mark_not_waiting": say("확인을 기다리는 항목이 아닙니다.", "This does not await verification."),
        "mark_not_standing": say("확인된 항목이 아닙니다.", "This is not verified."),
        "mark_number_needed": say("증명서 번호를 적어 주세요.", "Please give the certificate's number."),
        "mark_paper_needed": say("증명서 파일을 올려 주세요.", "Please upload the certificate."),
        "mark_level_needed": say("수준을 골라 주세요.", "Please choose the level."),
        "mark_days": say("유효기간이 발급일보다 빠릅니다.", "It ends before it begins."),
        "mark_over": say("유효기간이 이미 지났습니다.", "It has expired already."),
        "mark_issued_later": say("발급일이 오늘보다 늦습니다.", "The day of issue lies in the future."),
        "mark_reason_needed": say("이유를 적어 주세요.", "Please give a reason."),
    }
)

# Marks that a dated certificate with a number proves; the others rest on a report.
NUMBERED = frozenset(set(Mark) - {Mark.CAPABILITY, Mark.AI, Mark.DIGITAL_TWIN, Mark.AAS})


def can_suspend(is_suspended: bool) -> Verdict:
    return no("suspension_already") if is_suspended else YES


def can_appeal(starts_at: datetime, has_appealed: bool, now: datetime) -> Verdict:
    """The supplier appeals once, within two weeks of the decision."""
    if has_appealed:
        return no("suspension_appeal_once")
    return no("suspension_appeal_late", days=APPEAL_WITHIN.days) if now - starts_at > APPEAL_WITHIN else YES


def can_answer_appeal(actor: Actor, decided_by_id: int | None, is_open: bool) -> Verdict:
    """Somebody else than who decided answers an appeal."""
    if not is_open:
        return no("suspension_appeal_none")
    if actor.id is not None and actor.id == decided_by_id:
        return no("suspension_appeal_own_decision")
    return YES


def check_dates(issued_on: date | None, valid_until: date | None, today: date) -> Verdict:
    """Whether a certificate's days make sense and it is valid today."""
    if issued_on is not None and issued_on > today:
        return no("mark_issued_later")
    if valid_until is not None and issued_on is not None and valid_until < issued_on:
        return no("mark_days")
    return no("mark_over") if valid_until is not None and valid_until < today else YES
