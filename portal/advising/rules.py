"""Advice for suppliers: what may be asked, who may take it, and in which order it goes. Pure."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from portal.accounts.rules import EVALUATORS, OPERATOR, SUPPLIER, Role
from portal.base.access import YES, Verdict, no
from portal.base.words import Words, define, say

MAX_TEXT = 3000


class AdviceKind(StrEnum):
    CAPABILITY = "capability"
    CONSULTING = "consulting"

    @property
    def label(self) -> Words:
        return KIND_LABELS[self]


KIND_LABELS = {
    AdviceKind.CAPABILITY: say("역량진단", "Capability assessment"),
    AdviceKind.CONSULTING: say("경영·기술 자문", "Business consulting"),
}


class AdviceState(StrEnum):
    """REQUESTED → ACCEPTED → PLANNED → CONCLUDED; the supplier may take it back before the plan."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    PLANNED = "planned"
    CONCLUDED = "concluded"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> Words:
        return STATE_LABELS[self]

    @property
    def tone(self) -> str:
        return {"requested": "info", "accepted": "primary", "planned": "primary", "concluded": "success"}.get(
            self.value, "neutral"
        )


STATE_LABELS = {
    AdviceState.REQUESTED: say("전문가를 기다림", "Waiting for an expert"),
    AdviceState.ACCEPTED: say("계획을 세우는 중", "Being planned"),
    AdviceState.PLANNED: say("진행 중", "Under way"),
    AdviceState.CONCLUDED: say("마침", "Concluded"),
    AdviceState.WITHDRAWN: say("거둬들임", "Withdrawn"),
}


class NoteKind(StrEnum):
    PLAN = "plan"
    FOLLOW_UP = "follow_up"
    RESULT = "result"

    @property
    def label(self) -> Words:
        return NOTE_LABELS[self]


NOTE_LABELS = {
    NoteKind.PLAN: say("계획", "Plan"),
    NoteKind.FOLLOW_UP: say("후속 기록", "Follow-up"),
    NoteKind.RESULT: say("결과", "Result"),
}

PERMISSIONS: dict[str, frozenset[str]] = {
    "advising:advice:read": SUPPLIER | EVALUATORS | OPERATOR | {Role.AUDITOR},
    "advising:advice:ask": SUPPLIER,
    "advising:advice:give": frozenset(EVALUATORS),
    "advising:advice:write": SUPPLIER | EVALUATORS,
}

CODES = define(
    {
        "advice_need": say("무엇을 도와 드리면 되는지 적어 주세요.", "Please say what you need."),
        "advice_open": say(
            "같은 요청이 이미 진행 중입니다. 마친 뒤 다시 요청해 주세요.", "The same request is still under way."
        ),
        "advice_state": say("지금 상태({state})에서는 할 수 없습니다.", "This can't be done in the state “{state}”."),
        "advice_taken": say("다른 전문가가 먼저 맡았습니다.", "Another expert has taken it."),
        "advice_tie": say(
            "이 기업과 관계가 있다고 적으셨습니다. 다른 전문가가 맡아야 합니다.",
            "You declared a tie to this company: another expert has to take it.",
        ),
        "advice_pool": say("평가위원 등록이 끝난 전문가만 맡을 수 있습니다.", "Only experts in the pool can take it."),
        "advice_text": say("내용을 적어 주세요.", "Please write something."),
        "advice_level": say("진단한 수준을 골라 주세요.", "Please choose the level that you found."),
        "advice_listing": say("먼저 우리 등록정보를 만들어 주세요.", "Please make your listing first."),
        "advice_visit": say("방문을 마친 뒤 결과를 적을 수 있습니다.", "The result can be written after the visit."),
    }
)


def can_take(state: AdviceState, *, is_member: bool, ties: Collection[str]) -> Verdict:
    """Whether an expert may take a request. ties: what the expert declared about this supplier."""
    if state is not AdviceState.REQUESTED:
        return no("advice_taken")
    if not is_member:
        return no("advice_pool")
    return no("advice_tie") if ties else YES


def can_withdraw(state: AdviceState, *, is_visited: bool, has_expert: bool) -> Verdict:
    """Whether the supplier may take a request back: until the visit has begun, later when its expert is there no more."""
    if state in (AdviceState.CONCLUDED, AdviceState.WITHDRAWN) or (is_visited and has_expert):
        return no("advice_state", state=state.label)
    return YES


def can_write(state: AdviceState, kind: NoteKind, *, is_expert: bool, is_visited: bool) -> Verdict:
    """Whether a side may write this: plan and result are the expert's, follow-ups both sides'."""
    open_for = {
        NoteKind.PLAN: (AdviceState.ACCEPTED, AdviceState.PLANNED),
        NoteKind.FOLLOW_UP: (AdviceState.PLANNED, AdviceState.CONCLUDED),
        NoteKind.RESULT: (AdviceState.PLANNED,),
    }
    if kind is not NoteKind.FOLLOW_UP and not is_expert:
        return no("no_right")
    if state not in open_for[kind]:
        return no("advice_state", state=state.label)
    return no("advice_visit") if kind is NoteKind.RESULT and not is_visited else YES
