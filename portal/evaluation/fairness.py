"""What keeps an evaluation honest afterwards: ratings by the firms, reports of pressure, an evaluator's record. Pure.

A firm's rating reaches the evaluators only in blocks of three firms, so that no answer can be told from a moving mean.

Source: 데이터 인프라 구축사업 관리지침 (2020-534) 제8조: evaluators may be rated by the firms that they judged (역평가).
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from portal.base.access import RuleBroken
from portal.base.words import Words, define, say

BLOCK = 3
"""From how many firms (or cases) a figure about a person is shown, and by how many it moves on."""
MARKS = (1, 2, 3, 4, 5)
MARK_LABELS = {
    1: say("전혀 그렇지 않다", "Not at all"),
    2: say("그렇지 않다", "Rather not"),
    3: say("보통이다", "Partly"),
    4: say("그렇다", "Rather yes"),
    5: say("매우 그렇다", "Fully"),
}
COMMENT_LENGTH = 1000
EXPLAINED_FROM = 20
"""Characters from which a comment counts as an explanation."""
LOW_MEAN = 2.5
"""A mean below it is shown to operators as a reason to look (a ground of removal needs a person's word)."""
REPORT_LENGTH = 20
ANSWER_LENGTH = 10


class Question(StrEnum):
    """What a firm is asked after the decision."""

    FAIRNESS = "fairness"
    EXPERTISE = "expertise"
    EXPLANATION = "explanation"
    CONDUCT = "conduct"

    @property
    def label(self) -> Words:
        return QUESTION_LABELS[self]


QUESTION_LABELS = {
    Question.FAIRNESS: say("평가가 공정했습니다", "The evaluation was fair"),
    Question.EXPERTISE: say("우리 업종과 기술을 알고 평가했습니다", "They knew our industry and technology"),
    Question.EXPLANATION: say("점수의 까닭을 알 수 있게 설명했습니다", "The comments explain the scores"),
    Question.CONDUCT: say("절차와 태도가 바르고 성실했습니다", "Procedure and conduct were proper and diligent"),
}


class PressureSource(StrEnum):
    """Who pressed or solicited."""

    FIRM = "firm"
    SUPPLIER = "supplier"
    BROKER = "broker"
    COLLEAGUE = "colleague"
    AGENCY = "agency"
    OTHER = "other"

    @property
    def label(self) -> Words:
        return SOURCE_LABELS[self]


SOURCE_LABELS = {
    PressureSource.FIRM: say("신청기업", "The applicant"),
    PressureSource.SUPPLIER: say("공급기업", "A supplier"),
    PressureSource.BROKER: say("브로커·대행업체", "A broker or agent"),
    PressureSource.COLLEAGUE: say("다른 평가위원", "Another evaluator"),
    PressureSource.AGENCY: say("운영기관·공무원", "The agency or an official"),
    PressureSource.OTHER: say("그 밖의 사람", "Somebody else"),
}


class ReportState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"

    @property
    def label(self) -> Words:
        return REPORT_LABELS[self]


REPORT_LABELS = {ReportState.OPEN: say("확인 중", "Being looked at"), ReportState.CLOSED: say("마침", "Closed")}

CODES = define(
    {
        "rating_mark": say("하나를 골라 주세요.", "Choose one."),
        "rating_done": say("이미 평가해 주셨습니다. 고맙습니다.", "You have rated this evaluation already. Thank you."),
        "pressure_text": say(
            "있었던 일을 {least}자 이상 적어 주세요.", "Say what happened in at least {least} characters."
        ),
        "pressure_future": say("오늘보다 뒤의 날짜입니다.", "This day is yet to come."),
        "pressure_closed": say("이미 마친 신고입니다.", "This report is closed."),
        "pressure_answer": say(
            "신고한 위원이 읽을 답을 {least}자 이상 적어 주세요.",
            "Give an answer of at least {least} characters; the evaluator reads it.",
        ),
        "certificate_empty": say(
            "제출한 평가가 없어 이력을 증명할 것이 없습니다.", "There is no submitted review to certify yet."
        ),
    }
)


def rating_problems(marks: Mapping[str, int | None]) -> list[RuleBroken]:
    """Every question needs a mark of 1 to 5."""
    return [RuleBroken("rating_mark", one.value) for one in Question if marks.get(one.value) not in MARKS]


def pressure_problems(text: str, happened_on: date | None, today: date) -> list[RuleBroken]:
    broken = []
    if len(" ".join(text.split())) < REPORT_LENGTH:
        broken.append(RuleBroken("pressure_text", "text", least=REPORT_LENGTH))
    if happened_on is not None and happened_on > today:
        broken.append(RuleBroken("pressure_future", "happened_on"))
    return broken


@dataclass(frozen=True)
class Mark:
    """One firm's rating as it counts for an evaluator, in the order in which ratings came in."""

    firm_id: int
    marks: Mapping[str, int]
    comment: str = ""


def published(ratings: Iterable[Mark]) -> list[Mark]:
    """The ratings that may show: whole blocks of `BLOCK` different firms, the first ones first.

    Notes: a second rating of a firm waits for a later block; what is in no full block shows nowhere
    """
    shown: list[Mark] = []
    block: list[Mark] = []
    waiting = list(ratings)
    while waiting:
        taken = {one.firm_id for one in block}
        following = next((one for one in waiting if one.firm_id not in taken), None)
        if following is None:
            break
        waiting.remove(following)
        block.append(following)
        if len(block) == BLOCK:
            shown += block
            block = []
    return shown


@dataclass(frozen=True)
class RatingMeans:
    """Means of published ratings. firms: how many ratings they rest on; means: by question, one place."""

    firms: int
    overall: float
    means: Mapping[str, float]

    @property
    def is_low(self) -> bool:
        return self.overall < LOW_MEAN


def means_of(ratings: Sequence[Mark]) -> RatingMeans | None:
    """The means of what is published; None while there is no full block."""
    shown = published(ratings)
    if not shown:
        return None
    means = {one.value: round(statistics.fmean(mark.marks[one.value] for mark in shown), 1) for one in Question}
    overall = round(statistics.fmean(value for mark in shown for value in mark.marks.values()), 1)
    return RatingMeans(len(shown), overall, means)


@dataclass(frozen=True)
class Share:
    """x of y."""

    count: int
    of: int

    @property
    def ratio(self) -> float:
        return self.count / self.of if self.of else 0.0

    @property
    def percent(self) -> int:
        return round(self.ratio * 100)

    def as_dict(self) -> dict[str, Any]:
        return {"count": self.count, "of": self.of}


def in_blocks(agreed: Sequence[bool]) -> Share | None:
    """How many of the cases, counted in whole blocks of `BLOCK` in the order of their decisions; None without one."""
    whole = len(agreed) // BLOCK * BLOCK
    return Share(sum(agreed[:whole]), whole) if whole else None
