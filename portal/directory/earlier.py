"""Claims of builds that were finished before the portal knew of them: their states and what a refusal says. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from portal.accounts.rules import OPERATOR, SME, SUPPLIER, Role
from portal.base.access import YES, Verdict, no
from portal.base.words import Words, define, say

LINK_LASTS = timedelta(days=30)
MOST_OPEN = 20
MOST_LETTERS = 3


class ClaimState(StrEnum):
    """The company confirms first, then an operator checks the audit's paper; each may say no."""

    FILED = "filed"
    CONFIRMED = "confirmed"
    DENIED = "denied"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> Words:
        return STATE_LABELS[self]

    @property
    def tone(self) -> str:
        tones = {
            "filed": "info",
            "confirmed": "primary",
            "accepted": "success",
            "denied": "danger",
            "refused": "danger",
        }
        return tones.get(self.value, "neutral")


STATE_LABELS = {
    ClaimState.FILED: say("도입기업 확인 대기", "Waiting for the company"),
    ClaimState.CONFIRMED: say("감리 서류 확인 대기", "Audit paper to be checked"),
    ClaimState.DENIED: say("도입기업이 아니라고 함", "Denied by the company"),
    ClaimState.ACCEPTED: say("구축실적이 됨", "On the record"),
    ClaimState.REFUSED: say("인정하지 않음", "Refused"),
    ClaimState.WITHDRAWN: say("거두어들임", "Withdrawn"),
}
OPEN = (ClaimState.FILED, ClaimState.CONFIRMED)

PERMISSIONS: dict[str, frozenset[str]] = {
    "directory:claims:read": SUPPLIER,
    "directory:claims:file": frozenset({Role.SUPPLIER_ADMIN}),
    "directory:claims:confirm": SME,
    "directory:claims:paper": SUPPLIER | SME | OPERATOR | {Role.AUDITOR},
    "directory:claims:queue": OPERATOR | {Role.AUDITOR},
    "directory:claims:judge": OPERATOR,
}

CODES = define(
    {
        "claim_own_company": say(
            "우리 회사가 우리 회사에 구축한 실적은 올릴 수 없습니다.", "A build in the own company can't be claimed."
        ),
        "claim_twice": say("같은 기업, 연도, 사업의 실적을 이미 올렸습니다.", "This build has been claimed already."),
        "claim_too_many": say(
            "확인을 기다리는 실적이 {limit}건입니다. 답이 온 뒤 올려 주세요.",
            "{limit} claims are waiting. Please wait for answers first.",
        ),
        "claim_paper_needed": say("최종 감리보고서를 올려 주세요.", "Please upload the final audit's report."),
        "claim_not_open": say(
            "‘{status}’ 상태에서는 할 수 없는 일입니다.", "This can't be done while the claim is “{status}”."
        ),
        "claim_letters": say(
            "확인 편지는 {limit}번까지 보낼 수 있습니다.", "The letter can be sent {limit} times at most."
        ),
        "claim_reason_needed": say("이유를 적어 주세요.", "Please give a reason."),
        "claim_number": say(
            "사업자등록번호가 올바르지 않습니다. 숫자 10자리를 다시 확인해 주세요.",
            "This is not a valid business registration number. Please check the 10 digits.",
        ),
        "claim_email": say("이메일 주소를 다시 확인해 주세요.", "Please check the e-mail address."),
        "claim_same_address": say(
            "공급기업과 같은 도메인의 주소로는 확인을 받을 수 없습니다. 도입기업 담당자의 주소를 적어 주세요.",
            "An address of the supplier's own domain can't confirm. Please give one of the company.",
        ),
    }
)


def may_step(state: ClaimState, *wanted: ClaimState) -> Verdict:
    return YES if state in wanted else no("claim_not_open", status=state.label)


def is_link_alive(sent_at: datetime | None, state: ClaimState, now: datetime) -> bool:
    """A link works once, for thirty days."""
    return state is ClaimState.FILED and sent_at is not None and now - sent_at <= LINK_LASTS


FREE_MAIL = frozenset(
    "gmail.com naver.com daum.net hanmail.net kakao.com nate.com outlook.com hotmail.com yahoo.com icloud.com".split()
)


def is_same_domain(address: str, own: str) -> bool:
    """Whether two addresses lie at one company; at the great mail houses only the address itself tells."""
    one, other = (text.rsplit("@", 1)[-1].lower() for text in (address, own))
    return address.lower() == own.lower() or (one == other and one not in FREE_MAIL)
