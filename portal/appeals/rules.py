"""What an appeal may be and do: its states, its clock, who may judge it anew, and what a new judgement changes.

One appeal against one decision, within 14 days; a supplement of at most a month; a re-inspection within 14 days by people
who had no part in the first one. Nobody is worse off for having appealed.

Source: 데이터 인프라 구축사업 관리지침 (2020-534): one appeal within 14 days, supplement ≤ 1 month, re-inspection within 14 days
        (written for the finding of 불성실 수행; the portal takes it as the default for decisions; a call may set other days to file)
        행정심판법 제47조 제2항 불이익변경금지, by analogy
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from portal.accounts.rules import EVALUATORS, OPERATOR, SME, Role
from portal.base import workdays
from portal.base.access import YES, Verdict, no
from portal.base.words import Words, define, say
from portal.evaluation.rules import Outcome, Problem

PERMISSIONS: dict[str, frozenset[str]] = {
    "appeals:own:read": SME,
    "appeals:own:write": SME,
    "appeals:own:file": frozenset({Role.SME_OWNER}),
    "appeals:queue:read": OPERATOR | {Role.AUDITOR},
    "appeals:case:check": OPERATOR,
    "appeals:seat:write": EVALUATORS,
    "appeals:decision:write": frozenset({Role.LEAD_EVALUATOR}),
    "appeals:file:read": SME | OPERATOR | EVALUATORS | {Role.AUDITOR},
}

DAYS_TO_FILE = 14
DAYS_TO_SUPPLEMENT = 30
"""The longest supplement: one month."""
DAYS_TO_REVIEW = 14
DAYS_TO_CHECK = 7
"""Within how many days the operator says whether an appeal is taken up: the portal's own aim, not a term of the rules."""
DUE_SOON = timedelta(days=3)
TEXT_LENGTH = 30
"""Fewest characters of a ground, of a refusal and of the chair's reason: enough to be answered."""
TEXT_MAX = 3000
FILES_MOST = 20
FILE_KINDS = ("pdf", "png", "jpg", "xlsx", "docx", "pptx", "hwpx", "hwp")


class AppealState(StrEnum):
    """DRAFT is the firm's own; ADMITTED waits for its panel, which is drawn by itself."""

    DRAFT = "draft"
    FILED = "filed"
    SUPPLEMENT = "supplement"
    ADMITTED = "admitted"
    REVIEW = "review"
    DECIDED = "decided"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> Words:
        return STATE_WORDS[self][0]

    @property
    def for_firm(self) -> Words:
        """The same word for what waits for a panel and what is before one: how a panel came about is nobody's clue."""
        return STATE_WORDS[AppealState.REVIEW if self is AppealState.ADMITTED else self][0]

    @property
    def explanation(self) -> Words:
        """What it means for the firm and what comes next."""
        return STATE_WORDS[AppealState.REVIEW if self is AppealState.ADMITTED else self][1]

    @property
    def tone(self) -> str:
        return STATE_TONES[self]


STATE_WORDS: dict[AppealState, tuple[Words, Words]] = {
    AppealState.DRAFT: (
        say("작성 중", "Draft"),
        say("아직 제출하지 않았습니다. 기한 안에 제출해 주세요.", "Not filed yet. Please file it in time."),
    ),
    AppealState.FILED: (
        say("접수됨", "Received"),
        say(
            "운영기관이 재검토할 이의인지 확인하고 있습니다.",
            "The operator is checking whether the appeal can be taken up.",
        ),
    ),
    AppealState.SUPPLEMENT: (
        say("보완 요청", "Supplement asked"),
        say(
            "더 보내 주셔야 할 것이 있습니다. 기한 안에 보내 주세요.",
            "Something more is needed. Please send it in time.",
        ),
    ),
    AppealState.ADMITTED: (
        say("위원 추첨 대기", "Panel to be drawn"),
        say("", ""),
    ),
    AppealState.REVIEW: (
        say("재검토 중", "Under review"),
        say(
            "처음 평가에 참여하지 않은 위원들이 이의가 제기된 항목을 다시 보고 있습니다.",
            "People who had no part in the first evaluation are judging the contested criteria anew.",
        ),
    ),
    AppealState.DECIDED: (
        say("결정됨", "Decided"),
        say(
            "재검토가 끝났습니다. 결과와 까닭을 확인해 주세요.",
            "The review is finished. Please see the result and its reason.",
        ),
    ),
    AppealState.REFUSED: (
        say("각하", "Not taken up"),
        say("재검토하지 않기로 했습니다. 까닭을 확인해 주세요.", "The appeal is not taken up. Please see the reason."),
    ),
    AppealState.WITHDRAWN: (
        say("취하", "Withdrawn"),
        say("이의신청을 거두었습니다.", "The appeal was withdrawn."),
    ),
}
STATE_TONES = {
    AppealState.DRAFT: "neutral",
    AppealState.FILED: "info",
    AppealState.SUPPLEMENT: "warn",
    AppealState.ADMITTED: "primary",
    AppealState.REVIEW: "primary",
    AppealState.DECIDED: "success",
    AppealState.REFUSED: "danger",
    AppealState.WITHDRAWN: "neutral",
}
UNDECIDED = (AppealState.FILED, AppealState.SUPPLEMENT, AppealState.ADMITTED, AppealState.REVIEW)
"""Filed, and still without an answer."""


class GroundKind(StrEnum):
    """What the firm says went wrong with one criterion. Disagreeing with a judgement is no ground by itself."""

    FACT = "fact"
    OVERLOOKED = "overlooked"
    PROCEDURE = "procedure"
    EVIDENCE = "evidence"

    @property
    def label(self) -> Words:
        return GROUND_WORDS[self]


GROUND_WORDS = {
    GroundKind.FACT: say("사실을 잘못 보았습니다", "A fact was taken wrongly"),
    GroundKind.OVERLOOKED: say("낸 자료를 보지 않았습니다", "What we handed in was overlooked"),
    GroundKind.PROCEDURE: say(
        "절차나 배점 기준을 지키지 않았습니다", "The procedure or the score sheet was not followed"
    ),
    GroundKind.EVIDENCE: say("새 증빙이 있습니다", "There is new evidence"),
}


class RefusalReason(StrEnum):
    """Why an appeal is not taken up (각하)."""

    NO_GROUND = "no_ground"
    NO_EVIDENCE = "no_evidence"
    NOT_SUPPLEMENTED = "not_supplemented"
    NO_INTEREST = "no_interest"

    @property
    def label(self) -> Words:
        return REFUSAL_WORDS[self]


REFUSAL_WORDS = {
    RefusalReason.NO_GROUND: say(
        "사실이나 절차의 잘못, 새 증빙을 들지 않았습니다", "It names no error of fact or procedure and no new evidence"
    ),
    RefusalReason.NO_EVIDENCE: say("주장을 뒷받침하는 자료가 없습니다", "Nothing supports what it says"),
    RefusalReason.NOT_SUPPLEMENTED: say("보완 기한까지 보완하지 않았습니다", "It was not supplemented in time"),
    RefusalReason.NO_INTEREST: say(
        "결과가 바뀌어도 얻을 것이 없습니다", "No result could change anything for the firm"
    ),
}


class Ruling(StrEnum):
    """What the appeal's chair finds."""

    UPHELD = "upheld"
    PARTLY = "partly"
    DISMISSED = "dismissed"

    @property
    def label(self) -> Words:
        return RULING_WORDS[self]

    @property
    def tone(self) -> str:
        return {Ruling.UPHELD: "success", Ruling.PARTLY: "info", Ruling.DISMISSED: "warn"}[self]


RULING_WORDS = {
    Ruling.UPHELD: say("인용", "Upheld"),
    Ruling.PARTLY: say("일부 인용", "Partly upheld"),
    Ruling.DISMISSED: say("기각", "Dismissed"),
}


class SeatRole(StrEnum):
    READER = "reader"
    CHAIR = "chair"

    @property
    def label(self) -> Words:
        return SEAT_ROLE_WORDS[self]


SEAT_ROLE_WORDS = {
    SeatRole.READER: say("재심 위원", "Reader"),
    SeatRole.CHAIR: say("재심 위원장", "Chair"),
}


class SeatState(StrEnum):
    """DRAWN: the person has still to declare that there is no conflict; nothing of the case shows before."""

    DRAWN = "drawn"
    OPENED = "opened"
    SUBMITTED = "submitted"
    RECUSED = "recused"
    BARRED = "barred"
    REPLACED = "replaced"

    @property
    def label(self) -> Words:
        return SEAT_WORDS[self]

    @property
    def tone(self) -> str:
        return {SeatState.DRAWN: "neutral", SeatState.OPENED: "info", SeatState.SUBMITTED: "success"}.get(
            self, "outline"
        )


SEAT_WORDS = {
    SeatState.DRAWN: say("이해충돌 확인 전", "Conflict check to do"),
    SeatState.OPENED: say("검토 중", "In review"),
    SeatState.SUBMITTED: say("제출함", "Submitted"),
    SeatState.RECUSED: say("회피함", "Stepped down"),
    SeatState.BARRED: say("이해충돌로 빠짐", "Taken off for a conflict"),
    SeatState.REPLACED: say("기한이 지나 바꿈", "Replaced after the due date"),
}
SITTING = (SeatState.DRAWN, SeatState.OPENED, SeatState.SUBMITTED)
OPEN_SEATS = (SeatState.DRAWN, SeatState.OPENED)

CODES = define(
    {
        "appeal_none_to_make": say(
            "이의를 신청할 수 있는 결정이 아닙니다.", "This decision can't be appealed against."
        ),
        "appeal_final": say(
            "이의신청을 거쳐 나온 결정입니다. 포털에서 다시 이의를 신청할 수 없습니다.",
            "This decision followed an appeal; it can't be appealed against again here.",
        ),
        "appeal_made": say(
            "이 결정에는 이미 이의를 신청했습니다. 결정 하나에 한 번만 신청할 수 있습니다.",
            "An appeal against this decision was made already; there is one for each decision.",
        ),
        "appeal_late": say(
            "이의신청 기한이 지났습니다. 기한은 {day}이었습니다.", "The time for an appeal is over; it ended on {day}."
        ),
        "appeal_locked": say("제출한 이의신청은 고칠 수 없습니다.", "A filed appeal can't be changed."),
        "appeal_no_grounds": say(
            "이의가 있는 항목을 하나 이상 골라 주세요.", "Choose at least one criterion that you contest."
        ),
        "appeal_kind_missing": say("무엇이 잘못되었는지 골라 주세요.", "Choose what went wrong."),
        "appeal_text_short": say(
            "{least}자 이상 적어 주세요. 지금은 {count}자입니다.",
            "Write at least {least} characters; there are {count} now.",
        ),
        "appeal_evidence_missing": say(
            "새 증빙이 있다고 하셨습니다. 그 파일을 올려 주세요.", "You say there is new evidence: please upload it."
        ),
        "appeal_files_most": say("파일은 {most}개까지 올릴 수 있습니다.", "At most {most} files."),
        "appeal_criterion_unknown": say(
            "점수가 매겨진 항목에만 이의를 신청할 수 있습니다.",
            "Only criteria that were given points can be contested.",
        ),
        "appeal_state": say("지금은 할 수 없습니다. 현재 상태: {state}", "This can't be done now. State: {state}"),
        "appeal_supplement_due": say(
            "보완 기한은 내일부터 {day}까지(한 달 이내)에서 골라 주세요.",
            "The supplement is due between tomorrow and {day} (within a month).",
        ),
        "appeal_supplement_once": say("보완은 한 번만 요청할 수 있습니다.", "A supplement can be asked for once."),
        "appeal_supplement_late": say("보완 기한이 지났습니다.", "The supplement's due date has passed."),
        "appeal_supplement_waits": say(
            "보완을 기다리는 중입니다. 기한은 {day}입니다.", "The firm has until {day} to supplement it."
        ),
        "appeal_refusal_reason": say("재검토하지 않는 까닭을 골라 주세요.", "Choose why it is not taken up."),
        "appeal_seat_closed": say(
            "재검토가 끝났거나 취하된 이의신청입니다. 더 할 일이 없습니다.",
            "The appeal is decided or withdrawn; there is nothing more to do.",
        ),
        "appeal_seat_submitted": say(
            "이미 제출한 의견입니다. 제출한 의견은 바꿀 수 없습니다.", "This opinion is submitted and can't be changed."
        ),
        "appeal_not_opened": say(
            "이해충돌이 없다는 확인을 먼저 해 주세요.", "Please declare first that you have no conflict."
        ),
        "appeal_declare": say("확인란에 표시해야 자료를 볼 수 있습니다.", "Tick the declaration to see the file."),
        "appeal_seat_barred": say(
            "이 건과 이해관계가 확인되어 맡을 수 없습니다. 다른 위원이 맡습니다.",
            "A conflict with this case was found, so you can't take it. Somebody else will.",
        ),
        "appeal_points_missing": say("점수를 적어 주세요.", "Give points."),
        "appeal_points_range": say("0점부터 {most}점까지 적을 수 있습니다.", "Between 0 and {most} points."),
        "appeal_comment_short": say(
            "신청기업이 읽을 의견을 {least}자 이상 적어 주세요. 지금은 {count}자입니다.",
            "Write a comment for the firm of at least {least} characters; it has {count} now.",
        ),
        "appeal_opinions_open": say(
            "아직 제출하지 않은 재심 위원이 {count}명 있습니다.", "{count} reader(s) have not submitted yet."
        ),
        "appeal_opinions_few": say(
            "재심 의견이 {least}건 있어야 결정할 수 있습니다. 지금은 {count}건입니다.",
            "A decision needs {least} opinions; there are {count}.",
        ),
        "appeal_not_raised": say(
            "{title}: 재심 점수가 처음보다 높지 않아 받아들일 수 없습니다.",
            "{title}: the new points are not above the first ones, so it can't be accepted.",
        ),
        "appeal_outcome_below": say(
            "다시 계산하면 {total}점입니다. {need}점 이상이고 핵심 항목이 모두 기준을 넘어야 선정하거나 후보로 둘 수 있습니다.",
            "The new total is {total}. Selection and reserve need {need} and every critical criterion above its floor.",
        ),
        "appeal_outcome_turn": say(
            "순위와 남은 예산으로는 아직 선정될 차례가 아닙니다. 후보까지 올릴 수 있습니다.",
            "By rank and what is left of the budget its turn has not come: reserve at most.",
        ),
        "appeal_outcome_worse": say(
            "이의신청 때문에 결과가 나빠질 수는 없습니다. 지금 결과: {now}",
            "An appeal can't make the result worse. It is now: {now}",
        ),
        "appeal_outcome_needs_ground": say(
            "기각하면서 결과를 바꿀 수는 없습니다.", "A dismissed appeal can't change the outcome."
        ),
        "appeal_not_chair": say(
            "이 이의신청의 재심 위원장만 결정할 수 있습니다.", "Only the chair of this appeal can decide it."
        ),
        "appeal_draw_none": say(
            "처음 평가와 무관하고 이해관계가 없는 위원이 {found}명뿐입니다. {needed}명이 필요합니다.",
            "There are only {found} evaluators without a part in the first evaluation or a conflict; {needed} are needed.",
        ),
        "appeal_draw_no_chair": say(
            "처음 평가와 무관하고 이해관계가 없는 위원장이 없습니다.",
            "There is no chair without a part in the first evaluation or a conflict.",
        ),
        "appeal_seat_not_late": say(
            "기한이 지난 위원만 바꿀 수 있습니다. 기한은 {day}입니다.",
            "Only somebody who is late can be replaced; the due date is {day}.",
        ),
    }
)


# --- the clock --------------------------------------------------------------------------------------------


def file_by(told_on: date, days: int = DAYS_TO_FILE) -> date:
    """The last day for an appeal against a decision that the firm was told of on a day; days: what its call grants."""
    return workdays.last_day(told_on, days)


def supplement_by(asked_on: date) -> date:
    """The latest day to which a supplement may be granted."""
    return workdays.last_day(asked_on, DAYS_TO_SUPPLEMENT)


def check_by(filed_on: date) -> date:
    """By when the operator means to say whether the appeal is taken up."""
    return workdays.last_day(filed_on, DAYS_TO_CHECK)


def review_by(taken_up_on: date) -> date:
    """By when the re-inspection ends."""
    return workdays.last_day(taken_up_on, DAYS_TO_REVIEW)


@dataclass(frozen=True)
class Countdown:
    """A due date as both sides see it. days: calendar days left, negative when over; workdays: today among them."""

    last: date
    days: int
    workdays: int

    @property
    def is_over(self) -> bool:
        return self.days < 0

    @property
    def tone(self) -> str:
        return "danger" if self.days <= 0 else "warn" if self.days <= DUE_SOON.days else "neutral"


def countdown(today: date, last: date) -> Countdown:
    return Countdown(last, (last - today).days, workdays.workdays_left(today, last))


def can_appeal(*, is_appealable: bool, is_final: bool, has_appeal: bool, last: date, arrived_at: datetime) -> Verdict:
    """Whether an appeal may be filed now.

    is_appealable: it is the newest decision, it was made by a panel or a ranking, and the application still stands
    is_final     : the decision followed an appeal itself
    last         : the last day of the term
    arrived_at   : when the request reached the server
    """
    if is_final:
        return no("appeal_final")
    if has_appeal:
        return no("appeal_made")
    if not is_appealable:
        return no("appeal_none_to_make")
    if arrived_at >= workdays.end_of(last):
        return no("appeal_late", day=last.isoformat())
    return YES


# --- filing -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GroundDraft:
    """What the firm wrote against one criterion. files: how many pieces of evidence it attached to it."""

    criterion: str
    kind: GroundKind | None
    text: str
    files: int = 0

    @property
    def is_empty(self) -> bool:
        return self.kind is None and not self.text.strip() and not self.files


def length(text: str) -> int:
    """Characters that say something: runs of blanks count once."""
    return len(" ".join(text.split()))


def grounds_lacking(grounds: Sequence[GroundDraft]) -> list[Problem]:
    """What an appeal still lacks before it can be filed, by field of the form."""
    given = [one for one in grounds if not one.is_empty]
    if not given:
        return [Problem("", no("appeal_no_grounds"))]
    lacking = []
    for one in given:
        if one.kind is None:
            lacking.append(Problem(f"{one.criterion}_kind", no("appeal_kind_missing")))
        if (count := length(one.text)) < TEXT_LENGTH:
            lacking.append(Problem(f"{one.criterion}_text", no("appeal_text_short", least=TEXT_LENGTH, count=count)))
        if one.kind is GroundKind.EVIDENCE and not one.files:
            lacking.append(Problem(f"{one.criterion}_file", no("appeal_evidence_missing")))
    return lacking


def long_enough(text: str, code: str = "appeal_text_short") -> Verdict:
    count = length(text)
    return YES if count >= TEXT_LENGTH else no(code, least=TEXT_LENGTH, count=count)


def in_state(state: AppealState, *wanted: AppealState) -> Verdict:
    return YES if state in wanted else no("appeal_state", state=state.label)


def can_ask_supplement(state: AppealState, asked_before: bool, due: date, today: date) -> Verdict:
    """One supplement, of at most a month."""
    if asked_before:
        return no("appeal_supplement_once")
    if not (verdict := in_state(state, AppealState.FILED)):
        return verdict
    latest = supplement_by(today)
    return YES if today < due <= latest else no("appeal_supplement_due", day=latest.isoformat())


def can_answer_supplement(state: AppealState, due: date | None, arrived_at: datetime) -> Verdict:
    if state is not AppealState.SUPPLEMENT or due is None:
        return in_state(state, AppealState.SUPPLEMENT)
    return YES if arrived_at < workdays.end_of(due) else no("appeal_supplement_late")


def can_check(state: AppealState, supplement_due: date | None, today: date) -> Verdict:
    """Whether the operator may take up or refuse an appeal now: not while the firm still has time to supplement it."""
    if state is AppealState.SUPPLEMENT and supplement_due is not None:
        return YES if today > supplement_due else no("appeal_supplement_waits", day=supplement_due.isoformat())
    return in_state(state, AppealState.FILED)


# --- the fresh panel ----------------------------------------------------------------------------------------


class Bar(StrEnum):
    """Why somebody can't sit on an appeal's panel; in the order in which it is asked."""

    FIRST_PANEL = "first_panel"
    SAT_BEFORE = "sat_before"
    SAME_FIRM = "same_firm"
    HANDLED = "handled"
    CONFLICT = "conflict"
    FULL = "full"

    @property
    def label(self) -> Words:
        return BAR_WORDS[self]


BAR_WORDS = {
    Bar.FIRST_PANEL: say("처음 평가에 참여함", "Took part in the first evaluation"),
    Bar.SAT_BEFORE: say("이 이의신청에 이미 뽑힌 적이 있음", "Drawn for this appeal before"),
    Bar.SAME_FIRM: say("같은 기업의 다른 건을 맡고 있음", "Has another case of the same firm"),
    Bar.HANDLED: say("이 건을 운영한 사람", "Handled the case as an operator"),
    Bar.CONFLICT: say("이해충돌", "Conflict of interest"),
    Bar.FULL: say("맡을 수 있는 건수를 채움", "No capacity left"),
}


def bars(
    candidates: Iterable[int],
    *,
    first_panel: Collection[int],
    sat_before: Collection[int],
    same_firm: Collection[int],
    handled: Collection[int],
    conflicted: Collection[int],
    room: Mapping[int, int],
) -> dict[int, Bar]:
    """Who of the candidates can't sit, and the first reason why.

    first_panel: everybody of the first evaluation, who stepped down too, and its chair
    sat_before : who was drawn for this appeal before
    same_firm  : who has an open case of the same firm
    handled    : who assigned, admitted or decided in the matter
    room       : how many further cases somebody may take; absent = no limit
    """
    asked = (
        (Bar.FIRST_PANEL, frozenset(first_panel)),
        (Bar.SAT_BEFORE, frozenset(sat_before)),
        (Bar.SAME_FIRM, frozenset(same_firm)),
        (Bar.HANDLED, frozenset(handled)),
        (Bar.CONFLICT, frozenset(conflicted)),
        (Bar.FULL, frozenset(one for one, places in room.items() if places <= 0)),
    )
    found = {}
    for person in candidates:
        bar = next((bar for bar, people in asked if person in people), None)
        if bar is not None:
            found[person] = bar
    return found


def commitment(seed: str) -> str:
    """What is told of a seed before the draw, so that nobody can choose it afterwards."""
    return hashlib.sha256(seed.encode()).hexdigest()


def seed_of_round(seed: str, number: int) -> int:
    """The number that draw `number` (1, 2 …: a replacement is a further draw) of an appeal starts from."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{number}".encode()).digest()[:4], "big") >> 1


def pick_chair(free: Mapping[int, int], seed: int) -> int | None:
    """One of those with the fewest cases, by lot. free: person → cases on the desk."""
    if not free:
        return None
    return min(free, key=lambda one: (free[one], hashlib.sha256(f"{seed}:chair:{one}".encode()).hexdigest()))


def deal_letters(people: Sequence[int], used: Collection[str], seed: int) -> dict[int, str]:
    """Pseudonyms by lot, so that A is not always who stood first."""
    letters = [one for one in "ABCDEFGHJKLMNPQRSTUVWXYZ" if one not in used][: len(people)]
    drawn = sorted(people, key=lambda one: hashlib.sha256(f"{seed}:letter:{one}".encode()).hexdigest())
    return dict(zip(drawn, letters, strict=True))


# --- judging anew -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Given:
    """One reader's word on one contested criterion."""

    points: float | None
    comment: str = ""


def opinion_lacking(contested: Mapping[str, int], given: Mapping[str, Given]) -> list[Problem]:
    """What an opinion still lacks, by field. contested: criterion → its points at most."""
    lacking = []
    for code, most in contested.items():
        one = given.get(code, Given(None))
        if one.points is None:
            lacking.append(Problem(f"{code}_points", no("appeal_points_missing")))
        elif not 0 <= one.points <= most:
            lacking.append(Problem(f"{code}_points", no("appeal_points_range", most=most)))
        if not (said := long_enough(one.comment, "appeal_comment_short")):
            lacking.append(Problem(f"{code}_comment", said))
    return lacking


def opinions_suffice(submitted: int, still_open: int, needed: int) -> Verdict:
    if still_open:
        return no("appeal_opinions_open", count=still_open)
    if submitted < needed:
        return no("appeal_opinions_few", least=needed, count=submitted)
    return YES


def ruling_of(contested: Collection[str], accepted: Collection[str]) -> Ruling:
    """Upheld when every contested criterion is accepted, partly when some are."""
    taken = set(contested) & set(accepted)
    if not taken:
        return Ruling.DISMISSED
    return Ruling.UPHELD if taken == set(contested) else Ruling.PARTLY


HEIGHT = {Outcome.REJECTED: 0, Outcome.RESERVE: 1, Outcome.SELECTED: 2}


@dataclass(frozen=True)
class Judged:
    """What the chair of an appeal decides on.

    raised : contested criteria whose new mean is above the first one
    titles : criterion → its title, for refusals
    total  : the total with the accepted criteria judged anew, 0–100
    passes : the total reaches the pass mark and no critical criterion is under its floor
    now    : the outcome that stands
    turn   : what a case that passes with this total becomes: in a ranked call its turn decides, elsewhere it is selected
    """

    contested: frozenset[str]
    raised: frozenset[str]
    titles: Mapping[str, Words]
    total: float
    pass_points: int
    passes: bool
    now: Outcome
    turn: Outcome = Outcome.SELECTED


def proposed_outcome(best: Judged, raised: Collection[str]) -> Outcome:
    """What the chair's form offers: what would have come out with these points from the start."""
    if not raised or not best.passes or best.now is Outcome.SELECTED:
        return best.now
    return max(best.turn, best.now, key=HEIGHT.__getitem__)


def decision_problems(basis: Judged, accepted: Collection[str], outcome: Outcome | None, reason: str) -> list[Problem]:
    """What speaks against an appeal's decision as it was filled in; empty when nothing does.

    Notes: a raised criterion may be left out (with the reason that is asked anyway); one that was not raised can't be
           accepted. No outcome below the one that stands.
    """
    lacking = []
    for code in sorted(set(accepted) - basis.raised):
        lacking.append(Problem("accepted", no("appeal_not_raised", title=basis.titles.get(code, code))))
    if not (said := long_enough(reason)):
        lacking.append(Problem("reason", said))
    if outcome is None:
        return [*lacking, Problem("outcome", no("required"))]
    if HEIGHT[outcome] < HEIGHT[basis.now]:
        lacking.append(Problem("outcome", no("appeal_outcome_worse", now=basis.now.label)))
    elif outcome is not basis.now:
        if ruling_of(basis.contested, accepted) is Ruling.DISMISSED:
            lacking.append(Problem("outcome", no("appeal_outcome_needs_ground")))
        elif not basis.passes:
            need = basis.pass_points
            lacking.append(Problem("outcome", no("appeal_outcome_below", total=f"{basis.total:.1f}", need=need)))
        elif HEIGHT[outcome] > HEIGHT[basis.turn]:
            lacking.append(Problem("outcome", no("appeal_outcome_turn")))
    return lacking


STATEMENT = say("하고 싶은 말", "Anything else")
