"""A matching day's life: who may do what when, its times and limits, and what is recorded at a table. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from portal.accounts.rules import OPERATOR, SME, SUPPLIER, Role
from portal.base import clock
from portal.base.access import YES, Actor, Verdict, no
from portal.base.words import Words, define, say

MOST_WISHES = 10
MOST_SLOTS, MOST_TABLES = 24, 100
MOST_ATTENDEES = 400
"""Of both sides together; a larger event is two days."""
MINUTES = (10, 120)
MAX_NOTE = 500
REFUSED = "x"
"""What stands in place of a wish's number for somebody whom one does not want to meet."""


class DayState(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    PUBLISHED = "published"
    CANCELLED = "cancelled"

    @property
    def label(self) -> Words:
        return DAY_LABELS[self]

    @property
    def tone(self) -> str:
        return {"open": "primary", "closed": "info", "published": "success", "cancelled": "danger"}.get(self.value, "neutral")


DAY_LABELS = {
    DayState.DRAFT: say("준비 중", "In preparation"),
    DayState.OPEN: say("희망 받는 중", "Taking wishes"),
    DayState.CLOSED: say("일정표 만드는 중", "Timetable in the making"),
    DayState.PUBLISHED: say("일정표 알림", "Timetable sent"),
    DayState.CANCELLED: say("취소됨", "Cancelled"),
}
SHOWN = (DayState.OPEN, DayState.CLOSED, DayState.PUBLISHED, DayState.CANCELLED)
"""States in which companies and suppliers see the day."""


class Side(StrEnum):
    COMPANY = "company"
    SUPPLIER = "supplier"

    @property
    def label(self) -> Words:
        return SIDE_LABELS[self]

    @property
    def other(self) -> Side:
        return Side.SUPPLIER if self is Side.COMPANY else Side.COMPANY


SIDE_LABELS = {Side.COMPANY: say("도입기업", "Company"), Side.SUPPLIER: say("공급기업", "Supplier")}


class AttendeeState(StrEnum):
    INVITED = "invited"
    COMING = "coming"
    DECLINED = "declined"

    @property
    def label(self) -> Words:
        return ATTENDEE_LABELS[self]

    @property
    def tone(self) -> str:
        return {"invited": "info", "coming": "success"}.get(self.value, "neutral")


ATTENDEE_LABELS = {
    AttendeeState.INVITED: say("답을 기다림", "Asked"),
    AttendeeState.COMING: say("참가", "Takes part"),
    AttendeeState.DECLINED: say("불참", "Does not take part"),
}


class Channel(StrEnum):
    """How an answer came in."""

    SELF = "self"
    PHONE = "phone"
    PAPER = "paper"
    SHEET = "sheet"

    @property
    def label(self) -> Words:
        return CHANNEL_LABELS[self]


CHANNEL_LABELS = {
    Channel.SELF: say("직접 입력", "Entered by itself"),
    Channel.PHONE: say("전화로 받음", "By phone"),
    Channel.PAPER: say("서면·이메일로 받음", "On paper or by e-mail"),
    Channel.SHEET: say("엑셀로 올림", "From a spreadsheet"),
}
BY_OPERATOR = (Channel.PHONE, Channel.PAPER)


class SolvingState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Origin(StrEnum):
    """Who set a meeting."""

    SOLVER = "solver"
    HAND = "hand"


class Attendance(StrEnum):
    BOTH = "both"
    NO_COMPANY = "no_company"
    NO_SUPPLIER = "no_supplier"
    NOBODY = "nobody"

    @property
    def label(self) -> Words:
        return ATTENDANCE_LABELS[self]


ATTENDANCE_LABELS = {
    Attendance.BOTH: say("만남", "Met"),
    Attendance.NO_COMPANY: say("도입기업 불참", "The company did not come"),
    Attendance.NO_SUPPLIER: say("공급기업 불참", "The supplier did not come"),
    Attendance.NOBODY: say("둘 다 불참", "Neither came"),
}


class MeetingOutcome(StrEnum):
    TALKS = "talks"
    VISIT = "visit"
    PROPOSAL = "proposal"
    QUOTE = "quote"
    CONTRACT = "contract"
    NONE = "none"

    @property
    def label(self) -> Words:
        return OUTCOME_LABELS[self]


OUTCOME_LABELS = {
    MeetingOutcome.TALKS: say("상담을 이어 가기로 함", "They go on talking"),
    MeetingOutcome.VISIT: say("현장 방문 약속", "A visit was arranged"),
    MeetingOutcome.PROPOSAL: say("제안을 받기로 함", "A proposal will follow"),
    MeetingOutcome.QUOTE: say("견적을 받기로 함", "A quote will follow"),
    MeetingOutcome.CONTRACT: say("계약하기로 함", "They agreed on a contract"),
    MeetingOutcome.NONE: say("이어 가지 않음", "Nothing follows"),
}


@dataclass(frozen=True)
class Reply:
    """What a party says. ranks: other attendee's id → its place; refused: whom it does not want to meet."""

    coming: bool
    ranks: Mapping[int, int]
    refused: Collection[int] = ()
    need: str = ""
    most: int | None = None
    away: Collection[int] = ()
    takes_others: bool = True
    note: str = ""


@dataclass(frozen=True)
class Note:
    """What somebody writes down about one meeting."""

    attendance: Attendance | None
    outcome: MeetingOutcome | None = None
    text: str = ""


PERMISSIONS: dict[str, frozenset[str]] = {
    "matchdays:day:manage": OPERATOR,
    "matchdays:day:read": OPERATOR | {Role.AUDITOR},
    "matchdays:own:answer": SME | SUPPLIER,
}

CODES = define(
    {
        "matchday_state": say("‘{state}’ 상태에서는 할 수 없는 일입니다.", "This can't be done while the state is “{state}”."),
        "matchday_past": say("앞으로의 날짜를 골라 주세요.", "Please choose a day to come."),
        "matchday_minutes": say("{least}분부터 {most}분까지 정할 수 있습니다.", "Between {least} and {most} minutes."),
        "matchday_midnight": say("마지막 시간이 자정을 넘습니다.", "The last slot would end after midnight."),
        "matchday_count": say("1부터 {most}까지 정할 수 있습니다.", "Between 1 and {most}."),
        "matchday_until": say("희망 마감은 오늘부터 행사 전날까지입니다.", "Wishes must end between today and the day before."),
        "matchday_region": say("맡은 지역의 매칭데이만 열 수 있습니다.", "You can only hold days in your own region."),
        "matchday_has_timetable": say(
            "일정표가 이미 있습니다. 시간과 상담석을 바꾸려면 먼저 일정표를 비워 주세요.",
            "There is a timetable already. Clear it before you change times or tables.",
        ),
        "matchday_nobody": say(
            "참가하는 도입기업과 공급기업이 하나씩은 있어야 합니다.",
            "At least one company and one supplier have to take part.",
        ),
        "matchday_no_wishes": say("아직 만나고 싶다는 희망이 하나도 없습니다.", "Nobody has wished for anybody yet."),
        "matchday_solving": say("일정표를 만드는 중입니다. 끝난 뒤에 해 주세요.", "The timetable is being made. Please wait."),
        "matchday_broken": say(
            "일정표를 만들지 못했습니다. 다시 시도해 주세요.", "The timetable could not be made. Please try again."
        ),
        "matchday_empty": say("일정표에 만남이 하나도 없습니다.", "There is no meeting in the timetable."),
        "matchday_changed": say(
            "그사이 일정표가 바뀌었습니다. 다시 보고 눌러 주세요.", "The timetable changed meanwhile. Please look again."
        ),
        "matchday_elsewhere": say(
            "{names}의 담당자에게 그 시간에 다른 일정이 있습니다.", "People of {names} have to be elsewhere at that time."
        ),
        "matchday_closed": say("희망을 받는 기간이 아닙니다.", "Wishes are not taken now."),
        "matchday_rank_twice": say("{rank}순위를 두 번 골랐습니다.", "You chose place {rank} twice."),
        "matchday_need": say("무엇을 상의하고 싶은지 적어 주세요.", "Please say what you want to talk about."),
        "matchday_no_time": say("적어도 한 시간은 올 수 있어야 합니다.", "You have to be there at some time."),
        "matchday_why": say("누구에게 어떻게 들었는지 적어 주세요.", "Please say who told you, and how."),
        "matchday_full": say("한 번에 {most}곳까지 참가할 수 있습니다.", "At most {most} can take part."),
        "matchday_not_fit": say("참가할 수 없는 기업입니다.", "This organisation can't take part."),
        "matchday_suspended": say(
            "지금은 효력정지 중이라 참가할 수 없습니다.", "You can't take part while your listing is suspended."
        ),
        "matchday_pick": say("초대할 곳을 골라 주세요.", "Please choose whom to invite."),
        # placing by hand
        "matchday_slot": say("없는 시간입니다.", "There is no such slot."),
        "matchday_company_busy": say("도입기업이 그 시간에 다른 만남이 있습니다.", "The company has another meeting then."),
        "matchday_supplier_busy": say("공급기업이 그 시간에 다른 만남이 있습니다.", "The supplier has another meeting then."),
        "matchday_company_away": say("도입기업이 그 시간에 오지 못합니다.", "The company can't come at that time."),
        "matchday_supplier_away": say("공급기업이 그 시간에 오지 못합니다.", "The supplier can't come at that time."),
        "matchday_hall_full": say("그 시간에는 빈 상담석이 없습니다.", "There is no free table at that time."),
        "matchday_apart": say("만나지 않게 한 두 곳입니다: {why}", "These two are kept apart: {why}"),
        "matchday_twice": say("두 곳은 이미 만나기로 되어 있습니다.", "These two meet already."),
        "matchday_company_most": say("도입기업의 만남이 {most}번을 넘습니다.", "The company would have more than {most} meetings."),
        "matchday_supplier_most": say(
            "공급기업의 만남이 {most}번을 넘습니다.", "The supplier would have more than {most} meetings."
        ),
        "matchday_over": say("이미 시작한 만남은 옮길 수 없습니다.", "A meeting that has begun can't be moved."),
        "matchday_not_coming": say("참가하지 않는 곳입니다.", "It does not take part."),
        # the day itself
        "matchday_not_yet": say("행사 당일부터 적을 수 있습니다.", "This can be recorded from the day itself."),
        "matchday_outcome_needs_meeting": say(
            "만나지 않은 자리에는 결과를 적을 수 없습니다.", "There is no outcome where nobody met."
        ),
    }
)


def spans(day: date, first: time, minutes: int, pause: int, slots: int) -> list[tuple[datetime, datetime]]:
    """When each slot begins and ends (UTC); the clock is Korean."""
    start, length = clock.from_kst(datetime.combine(day, first)), timedelta(minutes=minutes)
    step = length + timedelta(minutes=pause)
    return [(start + at * step, start + at * step + length) for at in range(slots)]


def problems_of(
    day: date, first: time, minutes: int, pause: int, slots: int, tables: int, until: date, today: date
) -> list[tuple[str, Verdict]]:
    """What is wrong with the plan of a day: (field, why)."""
    found = []
    if day <= today:
        found.append(("day", no("matchday_past")))
    if not MINUTES[0] <= minutes <= MINUTES[1]:
        found.append(("minutes", no("matchday_minutes", least=MINUTES[0], most=MINUTES[1])))
    if not 0 <= pause <= MINUTES[1]:
        found.append(("pause", no("matchday_minutes", least=0, most=MINUTES[1])))
    if not 1 <= slots <= MOST_SLOTS:
        found.append(("slots", no("matchday_count", most=MOST_SLOTS)))
    if not 1 <= tables <= MOST_TABLES:
        found.append(("tables", no("matchday_count", most=MOST_TABLES)))
    if not found and clock.kst(spans(day, first, minutes, pause, slots)[-1][1]) > clock.kst(
        clock.from_kst(datetime.combine(day + timedelta(days=1), time.min))
    ):
        found.append(("slots", no("matchday_midnight")))
    if not today <= until < day:
        found.append(("wishes_until", no("matchday_until")))
    return found


def in_state(state: DayState, *wanted: DayState) -> Verdict:
    return YES if state in wanted else no("matchday_state", state=state.label)


def takes_wishes(state: DayState, until: date, today: date) -> Verdict:
    """Whether companies and suppliers may still answer by themselves."""
    return YES if state is DayState.OPEN and today <= until else no("matchday_closed")


def may_enter(state: DayState) -> Verdict:
    """Whether an operator may still enter somebody's answer."""
    return in_state(state, DayState.DRAFT, DayState.OPEN, DayState.CLOSED)


def may_arrange(state: DayState) -> Verdict:
    return in_state(state, DayState.CLOSED, DayState.PUBLISHED)


def may_record(state: DayState, day: date, today: date) -> Verdict:
    if state is not DayState.PUBLISHED:
        return no("matchday_state", state=state.label)
    return YES if today >= day else no("matchday_not_yet")


def side_of(actor: Actor) -> Side | None:
    """On which side an actor would take part."""
    if actor.organisation_id is None:
        return None
    if actor.has(*SME):
        return Side.COMPANY
    return Side.SUPPLIER if actor.has(*SUPPLIER) else None
