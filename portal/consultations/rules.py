"""A consultation's life: who asks, who answers, how it ends, and what each side may see of the other. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum

from portal.accounts.rules import SME, SUPPLIER
from portal.base.access import YES, Actor, Verdict, no
from portal.base.words import Words, define, say

# A request that nobody answers ends by itself.
EXPIRES_AFTER = timedelta(days=14)
MAX_OPEN = 5
MAX_TEXT = 3000


class Status(StrEnum):
    REQUESTED = "requested"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CONCLUDED = "concluded"
    EXPIRED = "expired"

    @property
    def label(self) -> Words:
        return STATUS_LABELS[self]

    @property
    def tone(self) -> str:
        tones = {"requested": "info", "accepted": "primary", "declined": "neutral", "concluded": "success"}
        return tones.get(self.value, "neutral")

    @property
    def is_open(self) -> bool:
        return self in (Status.REQUESTED, Status.ACCEPTED)


STATUS_LABELS = {
    Status.REQUESTED: say("답을 기다림", "Waiting for an answer"),
    Status.ACCEPTED: say("상담 중", "In consultation"),
    Status.DECLINED: say("거절됨", "Declined"),
    Status.CONCLUDED: say("마침", "Concluded"),
    Status.EXPIRED: say("답이 없어 끝남", "Ended without an answer"),
}

NEXT = {
    Status.REQUESTED: {Status.ACCEPTED, Status.DECLINED, Status.EXPIRED},
    Status.ACCEPTED: {Status.CONCLUDED},
    Status.DECLINED: set(),
    Status.CONCLUDED: set(),
    Status.EXPIRED: set(),
}


class Side(StrEnum):
    COMPANY = "company"
    SUPPLIER = "supplier"

    @property
    def label(self) -> Words:
        return SIDE_LABELS[self]

    @property
    def other(self) -> Side:
        return Side.SUPPLIER if self is Side.COMPANY else Side.COMPANY


SIDE_LABELS = {
    Side.COMPANY: say("도입기업 담당자", "The company"),
    Side.SUPPLIER: say("공급기업 담당자", "The supplier"),
}


class Topic(StrEnum):
    WHAT_FITS = "what_fits"
    PROPOSAL = "proposal"
    QUOTE = "quote"
    VISIT = "visit"
    AFTERCARE = "aftercare"

    @property
    def label(self) -> Words:
        return TOPIC_LABELS[self]


TOPIC_LABELS = {
    Topic.WHAT_FITS: say("무엇이 맞는지 상의", "What would fit us"),
    Topic.PROPOSAL: say("구축 제안 요청", "Ask for a proposal"),
    Topic.QUOTE: say("견적 요청", "Ask for a quote"),
    Topic.VISIT: say("현장 방문 요청", "Ask for a visit"),
    Topic.AFTERCARE: say("사후관리·고도화", "After-care, upgrade"),
}


class DeclineReason(StrEnum):
    """An honest no is never held against a supplier."""

    NO_CAPACITY = "no_capacity"
    NOT_OUR_FIELD = "not_our_field"
    TOO_FAR = "too_far"
    SCHEDULE = "schedule"
    OTHER = "other"

    @property
    def label(self) -> Words:
        return DECLINE_LABELS[self]


DECLINE_LABELS = {
    DeclineReason.NO_CAPACITY: say("지금은 여력이 없습니다", "No capacity at the moment"),
    DeclineReason.NOT_OUR_FIELD: say("우리 분야가 아닙니다", "Not our field"),
    DeclineReason.TOO_FAR: say("지역이 멀어 맡기 어렵습니다", "Too far away"),
    DeclineReason.SCHEDULE: say("바라는 일정에 맞추기 어렵습니다", "The schedule can't be met"),
    DeclineReason.OTHER: say("그 밖의 이유", "Another reason"),
}


class Outcome(StrEnum):
    PROPOSAL = "proposal"
    QUOTE = "quote"
    CONTRACT = "contract"
    NONE = "none"

    @property
    def label(self) -> Words:
        return OUTCOME_LABELS[self]


OUTCOME_LABELS = {
    Outcome.PROPOSAL: say("제안을 주고받음", "A proposal was made"),
    Outcome.QUOTE: say("견적을 주고받음", "A quote was given"),
    Outcome.CONTRACT: say("계약하기로 함", "Agreed on a contract"),
    Outcome.NONE: say("이번에는 함께하지 않음", "Nothing came of it"),
}

PERMISSIONS: dict[str, frozenset[str]] = {
    "consultations:own:ask": SME,
    "consultations:thread:read": SME | SUPPLIER,
    "consultations:thread:write": SME | SUPPLIER,
    "consultations:request:answer": SUPPLIER,
}

CODES = define(
    {
        "consultation_supplier_gone": say(
            "지금은 상담을 받지 않는 공급기업입니다.", "This supplier does not take consultations now."
        ),
        "consultation_too_many": say(
            "답을 기다리거나 진행 중인 상담이 {limit}건입니다. 하나를 마친 뒤 요청해 주세요.",
            "You have {limit} open consultations. Please finish one first.",
        ),
        "consultation_not_open": say(
            "‘{status}’ 상태에서는 할 수 없는 일입니다.", "This can't be done while the state is “{status}”."
        ),
        "consultation_need_needed": say("무엇이 필요한지 적어 주세요.", "Please say what you need."),
        "consultation_why_needed": say("왜 함께하지 않게 되었는지 적어 주세요.", "Please say why nothing came of it."),
        "consultation_text_needed": say("보낼 내용을 적어 주세요.", "Please write a message."),
        "consultation_closed_already": say(
            "우리 쪽 결과는 이미 적었습니다.", "Your side has recorded its outcome already."
        ),
        "consultation_other_side": say("이 일은 상대편이 합니다.", "This is for the other side to do."),
    }
)


def side_of(actor: Actor, company_id: int, supplier_id: int) -> Side | None:
    """On which side an actor stands; None for strangers."""
    if actor.organisation_id is None:
        return None
    if actor.organisation_id == company_id and actor.has(*SME):
        return Side.COMPANY
    if actor.organisation_id == supplier_id and actor.has(*SUPPLIER):
        return Side.SUPPLIER
    return None


def can_answer(side: Side | None, status: Status) -> Verdict:
    """Only the supplier answers, and only once."""
    if side is not Side.SUPPLIER:
        return no("consultation_other_side")
    return YES if status is Status.REQUESTED else no("consultation_not_open", status=status.label)


def can_write(status: Status) -> Verdict:
    """Messages are exchanged between acceptance and conclusion."""
    return YES if status is Status.ACCEPTED else no("consultation_not_open", status=status.label)


def can_close(status: Status, has_closed: bool) -> Verdict:
    """Each side records its own outcome once."""
    if has_closed:
        return no("consultation_closed_already")
    return YES if status is Status.ACCEPTED else no("consultation_not_open", status=status.label)


def is_overdue(requested_at: datetime, now: datetime) -> bool:
    return now - requested_at >= EXPIRES_AFTER


_EMAIL = re.compile(r"[\w.+-]+\s*(?:@|＠|\(at\)|\[at\])\s*[\w-]+(?:\s*\.\s*[\w-]+)+", re.IGNORECASE)
_PHONE = re.compile(
    r"(?<![\d-])(?:\+?82[-.\s]?)?\(?0?\d{1,3}\)?[-.\s]\d{3,4}[-.\s]\d{4}(?![\d-])|(?<!\d)01\d{8,9}(?!\d)"
)


def masked(text: str) -> str:
    """A text without e-mail addresses and telephone numbers, for who may not yet know how to reach the other."""
    return _PHONE.sub("○○○-○○○○", _EMAIL.sub("○○○@○○○", text))
