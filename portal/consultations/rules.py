"""A consultation's life: who asks, who answers, how it ends, and what each side may see of the other. Pure."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from portal.accounts.rules import OPERATOR, SME, SUPPLIER, Role
from portal.base import clock
from portal.base.access import YES, Actor, Verdict, no
from portal.base.words import Words, define, say
from portal.base.workdays import workday_after

REMINDERS = (3, 7, 14)
"""Working days after which a supplier that has not answered is reminded."""
ANSWER_WITHIN = REMINDERS[-1]
"""Working days after which a request that nobody answered ends by itself."""
MAX_OPEN = 5
"""Open requests of one company that are not part of a fan-out."""
MAX_TEXT = 3000

AT_ONCE, ENOUGH = 5, 3
"""A fan-out stands before so many suppliers at a time, and asks no further one once so many have accepted."""
FEWEST, MOST = 2, 15
"""Suppliers that one fan-out may name."""

MAX_FILES = 30
MAX_FILE_BYTES = 10 * 1024 * 1024
FILE_KINDS = ("pdf", "png", "jpg", "xlsx", "docx", "pptx", "hwpx", "hwp", "csv", "txt")


class Status(StrEnum):
    REQUESTED = "requested"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CONCLUDED = "concluded"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"

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
    Status.WITHDRAWN: say("거둬들임", "Withdrawn"),
}

NEXT = {
    Status.REQUESTED: {Status.ACCEPTED, Status.DECLINED, Status.EXPIRED, Status.WITHDRAWN},
    Status.ACCEPTED: {Status.CONCLUDED},
    Status.DECLINED: set(),
    Status.CONCLUDED: set(),
    Status.EXPIRED: set(),
    Status.WITHDRAWN: set(),
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


class NoneReason(StrEnum):
    """Why nothing came of a consultation."""

    BUDGET = "budget"
    SCOPE = "scope"
    SCHEDULE = "schedule"
    OTHER_CHOSEN = "other_chosen"
    PROGRAMME = "programme"
    NO_CONTACT = "no_contact"
    OTHER = "other"

    @property
    def label(self) -> Words:
        return NONE_LABELS[self]


NONE_LABELS = {
    NoneReason.BUDGET: say("예산이 맞지 않음", "The budget did not fit"),
    NoneReason.SCOPE: say("필요한 일과 맞지 않음", "It did not fit the need"),
    NoneReason.SCHEDULE: say("일정이 맞지 않음", "The schedule did not fit"),
    NoneReason.OTHER_CHOSEN: say("다른 곳과 하기로 함", "Another partner was chosen"),
    NoneReason.PROGRAMME: say("지원사업에 선정되지 않음", "The programme did not select us"),
    NoneReason.NO_CONTACT: say("연락이 끊김", "Contact broke off"),
    NoneReason.OTHER: say("그 밖의 이유", "Another reason"),
}


class FanOutState(StrEnum):
    """A request to several suppliers: it goes on until enough are interested, nobody is left, or it is stopped."""

    OPEN = "open"
    ENOUGH = "enough"
    DONE = "done"
    STOPPED = "stopped"

    @property
    def label(self) -> Words:
        return FAN_OUT_LABELS[self]

    @property
    def tone(self) -> str:
        return {"open": "info", "enough": "success"}.get(self.value, "neutral")


FAN_OUT_LABELS = {
    FanOutState.OPEN: say("차례로 묻는 중", "Asking one after another"),
    FanOutState.ENOUGH: say("관심 있는 곳이 충분함", "Enough suppliers are interested"),
    FanOutState.DONE: say("모두 물음", "Everybody was asked"),
    FanOutState.STOPPED: say("그만 물음", "Stopped"),
}

PERMISSIONS: dict[str, frozenset[str]] = {
    "consultations:own:ask": SME,
    "consultations:thread:read": SME | SUPPLIER,
    "consultations:thread:write": SME | SUPPLIER,
    "consultations:request:answer": SUPPLIER,
    "consultations:slots:manage": SUPPLIER,
    "consultations:ratings:read": OPERATOR | {Role.AUDITOR},
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
        "consultation_frozen": say(
            "공급기업이 지금 상담을 이어 갈 수 없어, 읽기만 할 수 있습니다.",
            "The supplier can't go on with consultations now: this thread can only be read.",
        ),
        "consultation_reason_needed": say("이유를 골라 주세요.", "Please choose a reason."),
        "consultation_files_most": say(
            "한 상담에 파일은 {most}개까지 보낼 수 있습니다.", "One consultation holds at most {most} files."
        ),
        "fan_out_running": say(
            "여러 곳에 보낸 요청이 아직 진행 중입니다. 마치거나 그만둔 뒤 다시 보내 주세요.",
            "Another request to several suppliers is still running. Please end it first.",
        ),
        "fan_out_size": say(
            "{least}곳부터 {most}곳까지 골라 주세요.", "Please choose between {least} and {most} suppliers."
        ),
        "fan_out_over": say("이미 끝난 요청입니다.", "This request is over already."),
        "meeting_holiday": say(
            "{day}은(는) 쉬는 날입니다{name}. 일하는 날을 골라 주세요.",
            "{day} is no working day{name}. Please choose another day.",
        ),
        "meeting_note_needed": say("무슨 이야기를 나눴는지 적어 주세요.", "Please say what was talked about."),
        "meeting_note_day": say("만난 날은 오늘까지로 적어 주세요.", "The day of a meeting can't lie ahead."),
        "rating_too_early": say("상담이 끝난 뒤 평가할 수 있습니다.", "You can rate after the consultation has ended."),
        "rating_stars": say("별점을 1부터 5까지 골라 주세요.", "Please choose between 1 and 5 stars."),
        "rating_given": say("평가는 한 번만 할 수 있습니다.", "A consultation can be rated once only."),
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


def can_withdraw(side: Side | None, status: Status) -> Verdict:
    """The company takes a request back while nobody has answered it."""
    if side is not Side.COMPANY:
        return no("consultation_other_side")
    return YES if status is Status.REQUESTED else no("consultation_not_open", status=status.label)


def can_book(side: Side | None, status: Status) -> Verdict:
    """The company takes one of the supplier's times, between acceptance and conclusion."""
    if side is not Side.COMPANY:
        return no("consultation_other_side")
    return can_write(status)


def can_rate(status: Status, has_rated: bool) -> Verdict:
    """Each side rates once, after both have said what came of it."""
    if has_rated:
        return no("rating_given")
    return YES if status is Status.CONCLUDED else no("rating_too_early")


def last_day(asked_at: datetime) -> date:
    """The last day (KST) on which a request may be answered."""
    return workday_after(clock.kst(asked_at).date(), ANSWER_WITHIN)


def is_overdue(asked_at: datetime, today: date) -> bool:
    return today > last_day(asked_at)


def reminders_due(asked_at: datetime, today: date) -> int:
    """How many reminders a request that still waits should have brought by today."""
    asked_on = clock.kst(asked_at).date()
    return sum(workday_after(asked_on, days) <= today for days in REMINDERS)


def to_ask(waiting: int, interested: int) -> int:
    """How many further suppliers a fan-out may ask now."""
    return 0 if interested >= ENOUGH else max(0, AT_ONCE - waiting - interested)
