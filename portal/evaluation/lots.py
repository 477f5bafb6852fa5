"""The words and verdicts of a draw (배정 추첨): what it is asked, how far it is, who may take it up.

A draw is asked for, planned by the worker, looked at, and only then carried out. Its lot is drawn when it is asked for
and named by its hash before anybody knows what it leads to; the lot itself shows once its cases are decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portal.base.access import YES, Verdict, no
from portal.base.words import Words, define, say

PAIR_CAP = 3
"""Cases of one call that the same two evaluators should judge together at most; more where there are too few people."""
SOFT_SHARE = 0.5
"""What is left of an affinity where a soft conflict stands: somebody else comes first when anybody fits as well."""
SOFT_UP_TO = 3_000
"""Cases up to which a draw looks at soft conflicts too; in a larger call they are asked at the declaration alone."""
DAYS_AFTER_REDRAW = 7
"""Days that an evaluator has at least who takes over a seat."""
BATCH = 25
"""Cases that are seated in one transaction."""


class DrawState(StrEnum):
    """ASKED → RUNNING → PLANNED → SEATING → CONFIRMED; DISCARDED or FAILED on the way."""

    ASKED = "asked"
    RUNNING = "running"
    PLANNED = "planned"
    SEATING = "seating"
    CONFIRMED = "confirmed"
    DISCARDED = "discarded"
    FAILED = "failed"

    @property
    def label(self) -> Words:
        return STATE_LABELS[self]

    @property
    def tone(self) -> str:
        return STATE_TONES[self]


STATE_LABELS = {
    DrawState.ASKED: say("차례를 기다림", "Waiting"),
    DrawState.RUNNING: say("계획 세우는 중", "Planning"),
    DrawState.PLANNED: say("확인 필요", "To be confirmed"),
    DrawState.SEATING: say("배정하는 중", "Seating"),
    DrawState.CONFIRMED: say("배정함", "Carried out"),
    DrawState.DISCARDED: say("버림", "Discarded"),
    DrawState.FAILED: say("하지 못함", "Failed"),
}
STATE_TONES = {
    DrawState.ASKED: "neutral",
    DrawState.RUNNING: "info",
    DrawState.PLANNED: "warn",
    DrawState.SEATING: "info",
    DrawState.CONFIRMED: "success",
    DrawState.DISCARDED: "outline",
    DrawState.FAILED: "danger",
}
WORKING = (DrawState.ASKED, DrawState.RUNNING, DrawState.SEATING)
"""The worker has something to do."""
OPEN = (*WORKING, DrawState.PLANNED)


class DrawCause(StrEnum):
    """Why a draw was made; all but PANELS are asked for by the portal and carried out without a click."""

    PANELS = "panels"
    RECUSED = "recused"
    SILENT = "silent"
    SECOND_READER = "second_reader"
    DISAGREEMENT = "disagreement"

    @property
    def label(self) -> Words:
        return CAUSE_LABELS[self]


CAUSE_LABELS = {
    DrawCause.PANELS: say("공고 배정", "Panels of a call"),
    DrawCause.RECUSED: say("회피한 자리", "A seat that was stepped down from"),
    DrawCause.SILENT: say("기한을 넘긴 자리", "A seat that stayed silent"),
    DrawCause.SECOND_READER: say("추가 평가위원", "An additional evaluator"),
    DrawCause.DISAGREEMENT: say("평가 차이", "Reviews that lie apart"),
}


class Step(StrEnum):
    """Where the worker is, for the page that follows it."""

    READING = "reading"
    CONFLICTS = "conflicts"
    FITTING = "fitting"
    DRAWING = "drawing"
    KEEPING = "keeping"
    SEATING = "seating"

    @property
    def label(self) -> Words:
        return STEP_LABELS[self]


STEP_LABELS = {
    Step.READING: say("신청과 위원을 모으는 중", "Reading applications and evaluators"),
    Step.CONFLICTS: say("이해충돌을 찾는 중", "Looking for conflicts"),
    Step.FITTING: say("전문 분야를 견주는 중", "Comparing expertise"),
    Step.DRAWING: say("위원을 나누는 중", "Seating evaluators"),
    Step.KEEPING: say("계획을 적는 중", "Writing the plan down"),
    Step.SEATING: say("배정하는 중", "Carrying the plan out"),
}


class ReplayState(StrEnum):
    WAITING = "waiting"
    SAME = "same"
    DIFFERENT = "different"
    DAMAGED = "damaged"

    @property
    def label(self) -> Words:
        return REPLAY_LABELS[self]


REPLAY_LABELS = {
    ReplayState.WAITING: say("다시 추첨하는 중", "Drawing again"),
    ReplayState.SAME: say("바이트까지 같음", "Equal to the byte"),
    ReplayState.DIFFERENT: say("결과가 다름", "The result differs"),
    ReplayState.DAMAGED: say("보관한 자료가 바뀜", "What was kept was changed"),
}

WHY = {
    "no_arcs": say("맞는 위원이 없습니다", "Nobody fits"),
    "few_arcs": say("맞는 위원이 모자랍니다", "Too few evaluators fit"),
    "all_conflicted": say("이해충돌로 앉을 위원이 없습니다", "All who fit have a conflict"),
    "full": say("맞는 위원이 모두 찼습니다", "All who fit are full"),
}
"""Why an application lacks reviewers (`assignment.Shortage`)."""


@dataclass(frozen=True)
class Wish:
    """What an operator asks of a draw.

    demand : evaluators for each application; min_load, max_load: cases for each evaluator in this call
    balance: even loads before affinity; due: by whose end (KST) reviews are due
    """

    demand: int
    min_load: int
    max_load: int
    balance: bool
    due: date


def problems_of(wish: Wish, asked: int, today: date) -> list[tuple[str, Verdict]]:
    """What is wrong with a wish, by field. asked: evaluators that the call asks for of each application."""
    wrong: list[tuple[str, Verdict]] = []
    if not 1 <= wish.demand <= asked:
        wrong.append(("demand", no("draw_demand", most=asked)))
    if wish.max_load < 1 or wish.min_load < 0 or wish.min_load > wish.max_load:
        wrong.append(("max_load", no("draw_loads")))
    if wish.due <= today:
        wrong.append(("due", no("evaluation_due_past")))
    return wrong


def may_carry_out(state: DrawState, missing: int, partial: bool) -> Verdict:
    """Whether a plan may be carried out as it stands. partial: the operator wants what can be had."""
    if state is not DrawState.PLANNED:
        return no("draw_not_planned")
    return YES if partial or not missing else no("draw_partial", count=missing)


CODES = define(
    {
        "draw_demand": say("한 건에 1명부터 {most}명까지 정할 수 있습니다.", "Between 1 and {most} evaluators."),
        "draw_loads": say(
            "가장 많이 맡는 건수는 1 이상이고, 가장 적게 맡는 건수보다 작을 수 없습니다.",
            "The largest load must be at least 1 and no smaller than the smallest.",
        ),
        "draw_open": say(
            "이 공고에 아직 끝나지 않은 추첨이 있습니다. 먼저 그 추첨을 확인하거나 버려 주세요.",
            "This call has a draw that has not ended. Confirm or discard it first.",
        ),
        "draw_not_planned": say(
            "확인할 수 있는 계획이 아닙니다. 이미 처리했거나 아직 세우고 있습니다.",
            "There is no plan to confirm: it was dealt with already or is still being made.",
        ),
        "draw_partial": say(
            "자리가 {count}개 비어 있습니다. 채운 만큼만 배정하려면 아래에 표시해 주세요.",
            "{count} seat(s) are empty. Tick the box to carry out what could be filled.",
        ),
        "draw_changed": say(
            "계획을 세운 뒤 신청이나 배정이 바뀌었습니다. 이 계획을 버리고 다시 추첨해 주세요.",
            "Applications or panels changed after the plan was made. Discard it and draw again.",
        ),
        "draw_nothing": say("지금 평가위원이 모자란 신청이 없습니다.", "No application lacks evaluators now."),
        "draw_objections": say(
            "남은 신청 {count}건에 아직 답하지 않은 기피 신청이 있습니다. 먼저 답해 주세요.",
            "{count} application(s) have an objection that waits for its answer. Answer it first.",
        ),
        "draw_nobody": say("지금 배정할 수 있는 평가위원이 없습니다.", "There is no evaluator to seat now."),
        "draw_no_chairs": say("지금 맡길 수 있는 평가위원장이 없습니다.", "There is no chair to seat now."),
        "draw_nobody_left": say(
            "이 신청에 더 앉힐 수 있는 위원이 없습니다. 손으로 배정해 주세요.",
            "Nobody is left for this case. Please assign somebody by hand.",
        ),
        "draw_broken": say(
            "계획을 세우다 멈췄습니다({error}). 다시 추첨해 주세요.", "Planning stopped ({error}). Please draw again."
        ),
        "draw_not_replayable": say(
            "계획이 없는 추첨은 다시 해 볼 수 없습니다.", "A draw without a plan can't be replayed."
        ),
    }
)
