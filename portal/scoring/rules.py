"""Who may see and ask for suggestions, and what the machine may never do: decide."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from portal.accounts.rules import EVALUATORS, OPERATOR, SME, Role
from portal.applications.parts import Answer
from portal.base import clock
from portal.base.access import YES, Actor, RuleBroken, Verdict, no
from portal.base.words import Words, define, say
from portal.programmes.rules import Tier
from portal.scoring.gates import OWN_SHARE, Facts

PERMISSIONS: dict[str, frozenset[str]] = {
    "scoring:suggestion:read": SME | OPERATOR | EVALUATORS | {Role.AUDITOR},
    "scoring:explanation:ask": SME,
    "scoring:explanation:answer": OPERATOR,
    # not for one region's operator: what the region has, taken from the nation's figures, would tell the small cells
    "scoring:monitor:read": frozenset({Role.OPERATOR_NATIONAL, Role.AUDITOR}),
    "scoring:monitor:report": frozenset({Role.OPERATOR_NATIONAL}),
    "scoring:model:read": frozenset({Role.OPERATOR_NATIONAL, Role.AUDITOR}),
    "scoring:model:manage": frozenset({Role.OPERATOR_NATIONAL}),
    "scoring:whatif:run": frozenset({Role.OPERATOR_NATIONAL}),
}


class ModelState(StrEnum):
    """Where a trained model stands. Without a CHAMPION row the instrument speaks."""

    CHALLENGER = "challenger"
    CHAMPION = "champion"
    RETIRED = "retired"
    REFUSED = "refused"

    @property
    def label(self) -> Words:
        return MODEL_STATE_LABELS[self]


MODEL_STATE_LABELS: dict[ModelState, Words] = {
    ModelState.CHALLENGER: say("도전 모형", "Challenger"),
    ModelState.CHAMPION: say("현재 모형", "Champion"),
    ModelState.RETIRED: say("물러난 모형", "Retired"),
    ModelState.REFUSED: say("거부된 모형", "Refused"),
}


class ModelKind(StrEnum):
    ORDINAL_LOGIT = "ordinal-logit"
    MONOTONE_BOOSTING = "monotone-boosting"

    @property
    def label(self) -> Words:
        return MODEL_KIND_LABELS[self]


MODEL_KIND_LABELS: dict[ModelKind, Words] = {
    ModelKind.ORDINAL_LOGIT: say("순서형 로짓", "Ordinal logit"),
    ModelKind.MONOTONE_BOOSTING: say("단조 부스팅", "Monotone boosting"),
}


class ModelAct(StrEnum):
    """What happened to a model, or to the instrument when no model is named."""

    TRAINED = "trained"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled-back"
    RETIRED = "retired"
    REFUSED = "refused"

    @property
    def label(self) -> Words:
        return MODEL_ACT_LABELS[self]


MODEL_ACT_LABELS: dict[ModelAct, Words] = {
    ModelAct.TRAINED: say("학습", "Trained"),
    ModelAct.PROMOTED: say("채택", "Promoted"),
    ModelAct.ROLLED_BACK: say("되돌림", "Rolled back"),
    ModelAct.RETIRED: say("물러남", "Retired"),
    ModelAct.REFUSED: say("거부", "Refused"),
}


class JobKind(StrEnum):
    """Long work that only the worker does."""

    TRAIN = "train"
    SCORE_ALL = "score-all"
    WHAT_IF = "what-if"
    REPORT = "report"

    @property
    def label(self) -> Words:
        return JOB_KIND_LABELS[self]


JOB_KIND_LABELS: dict[JobKind, Words] = {
    JobKind.TRAIN: say("모형 학습", "Training a model"),
    JobKind.SCORE_ALL: say("모두 다시 산정", "Scoring everyone again"),
    JobKind.WHAT_IF: say("가정 계산", "What-if"),
    JobKind.REPORT: say("월간 보고서", "Monthly report"),
}


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"

    @property
    def label(self) -> Words:
        return JOB_STATE_LABELS[self]


JOB_STATE_LABELS: dict[JobState, Words] = {
    JobState.WAITING: say("차례를 기다리는 중", "Waiting for its turn"),
    JobState.RUNNING: say("하는 중", "Running"),
    JobState.DONE: say("끝남", "Done"),
    JobState.FAILED: say("실패", "Failed"),
}

MANAGERS = PERMISSIONS["scoring:model:manage"]
WHO_ASKS: dict[JobKind, frozenset[str]] = {
    JobKind.TRAIN: MANAGERS,
    JobKind.SCORE_ALL: MANAGERS,
    JobKind.WHAT_IF: PERMISSIONS["scoring:whatif:run"],
    JobKind.REPORT: PERMISSIONS["scoring:monitor:report"],
}

READ = "read"
"""The right that `evaluation` grants on a suggestion once an evaluator's own score is in, never before."""

OWN_SHARE_PROOF = "own-share-proof"
OPEN_PROJECT, UNPAID_CLAWBACK = "open-project", "unpaid-clawback"

LONGEST_TEXT = 2_000
SHORTEST_REASON = 10
LONGEST_NOTE = 200
TIME_TO_ANSWER = timedelta(days=10)
"""Within which a person answers a firm: the portal's own aim, not a term of the law."""


class RequestKind(StrEnum):
    """What a firm asks of a person. Source: 개인정보 보호법 제37조의2 (거부, 설명, 검토)."""

    EXPLAIN = "explain"
    OBJECT = "object"

    @property
    def label(self) -> Words:
        return KIND_LABELS[self]


KIND_LABELS = {
    RequestKind.EXPLAIN: say("설명 요청", "Explanation"),
    RequestKind.OBJECT: say("이의 제기", "Objection"),
}


class RequestOutcome(StrEnum):
    """What became of a suggestion after a person looked at it again."""

    KEPT = "kept"
    CORRECTED = "corrected"
    RESCORED = "rescored"

    @property
    def label(self) -> Words:
        return OUTCOME_LABELS[self]


OUTCOME_LABELS = {
    RequestOutcome.KEPT: say("추천 유지", "Suggestion kept"),
    RequestOutcome.CORRECTED: say("입력을 바로잡음", "Input corrected"),
    RequestOutcome.RESCORED: say("다시 산정함", "Scored anew"),
}


class SecondReaderReason(StrEnum):
    """Why a further evaluator has to read a case."""

    WIDE = "wide"
    EMPTY = "empty"
    DISAGREES = "disagrees"

    @property
    def label(self) -> Words:
        return SECOND_READER_LABELS[self]


SECOND_READER_LABELS = {
    SecondReaderReason.WIDE: say(
        "모형이 유형을 하나로 좁히지 못했습니다.", "The model could not narrow it down to one tier."
    ),
    SecondReaderReason.EMPTY: say(
        "모형이 비슷한 기업을 본 적이 없어 어느 유형도 자신하지 못합니다.",
        "The model has not seen firms like this one and is sure of no tier.",
    ),
    SecondReaderReason.DISAGREES: say(
        "위원이 제안을 보기 전에 낸 유형이 산정 유형과 다릅니다.",
        "An evaluator's tier, given before the suggestion was shown, differs from it.",
    ),
}


class ClaimWord(StrEnum):
    """What an evaluator found of one answer: it holds, its evidence doesn't, or its level is another."""

    ACCEPTED = "accept"
    REJECTED = "reject"
    CORRECTED = "correct"


CODES = define(
    {
        "explanation_empty": say("내용을 적어 주세요.", "Please write something."),
        "explanation_long": say("{limit}자 이하로 줄여 주세요.", "Please shorten this to {limit} characters."),
        "explanation_open": say(
            "이미 요청하셨습니다. 답을 받은 뒤에 다시 물을 수 있습니다.",
            "You have already asked. You may ask again once it is answered.",
        ),
        "month_wrong": say(
            "{first}부터 이번 달까지의 달을 2026-11처럼 적어 주세요.",
            "Give a month such as 2026-11, from {first} until now.",
        ),
        "month_open": say(
            "아직 끝나지 않은 달입니다. 보고서는 다음 달 1일부터 만들 수 있습니다.",
            "This month has not ended. Its report can be made from the first day of the next one.",
        ),
        "explanation_answered": say("이미 답한 요청입니다.", "This request is already answered."),
        "explanation_outcome": say(
            "이의 제기에는 처리 결과를 골라 주세요.", "Please choose what became of the objection."
        ),
        "refusal_not_own": say(
            "우리 회사의 산정 결과만 거부할 수 있습니다.", "You may only refuse your own firm's suggestions."
        ),
        "suggestion_not_own": say(
            "우리 회사의 진단만 산정할 수 있습니다.", "You may only have your own firm's answers scored."
        ),
        "suggestion_unknown_rules": say(
            "이 결과를 만든 규칙 판({version})이 지금 프로그램에 없어 다시 계산할 수 없습니다.",
            "The rules that made this result (version {version}) are not in this release; it can't be recomputed.",
        ),
        "model_reason_short": say(
            "이유를 {least}자 이상 적어 주세요.", "Please give a reason of at least {least} characters."
        ),
        "model_not_challenger": say(
            "도전 모형만 이렇게 할 수 있습니다. 이 모형은 지금 '{state}'입니다.",
            "Only a challenger allows this. This model is: {state}.",
        ),
        "model_other_version": say(
            "이 모형은 점검표 {version} 판으로 배웠습니다. 지금 판으로 다시 학습해 주세요.",
            "This model learned from version {version} of the questions. Please train one on the present version.",
        ),
        "model_synthetic": say(
            "합성 결정으로 배운 모형은 실제 포털에서 쓸 수 없습니다.",
            "A model that learned from synthetic decisions may not speak outside a demo.",
        ),
        "model_none_learned": say(
            "지금 점검표가 제안하고 있어 되돌릴 모형이 없습니다.",
            "The instrument speaks already; there is nothing to roll back.",
        ),
        "model_missing": say("모형 파일({sha256})이 없습니다.", "The model file ({sha256}) is missing."),
        "model_damaged": say(
            "모형 파일의 내용이 등록된 해시({sha256})와 다릅니다.",
            "The model file is not what its registered hash ({sha256}) says.",
        ),
        "model_format": say(
            "모형 파일({sha256})의 형식을 알 수 없습니다.", "The model file ({sha256}) is of an unknown format."
        ),
        "promotion_missing": say("채택 보고서가 없습니다.", "There is no promotion report."),
        "promotion_stale": say(
            "채택 보고서가 다른 모형({against})과 견준 것입니다. 다시 만들어 주세요.",
            "The promotion report compares with another champion ({against}). Please make it anew.",
        ),
        "promotion_unmet": say(
            "채택 기준을 채우지 못했습니다: {criteria}", "The criteria of promotion are not met: {criteria}"
        ),
        "model_data_changed": say(
            "이 모형이 배운 결정이 그 사이 달라졌습니다. 새로 학습해 주세요.",
            "The decisions that this model learned from have changed since. Please train a new one.",
        ),
        "training_late": say(
            "세 유형이 모두 나오는 앞선 결정이 없어 떼어 놓고 검증할 수 없습니다. 결정이 더 쌓인 뒤 다시 해 주세요.",
            "No earlier decisions hold all three tiers, so none can be held out. Please try again when there are more.",
        ),
        "training_few": say(
            "제안을 보기 전에 낸 결정이 {had}건입니다. {needed}건 이상이어야 배웁니다.",
            "There are {had} blind decisions; training needs {needed}.",
        ),
        "training_class_few": say(
            "'{tier}' 결정이 {had}건입니다. 유형마다 {needed}건 이상이어야 합니다.",
            "There are {had} decisions for the tier “{tier}”; each tier needs {needed}.",
        ),
        "training_not_blind": say(
            "결정 {had}건이 모두 제안을 본 뒤에 나왔습니다. 보기 전에 낸 결정 {needed}건 이상이 필요합니다.",
            "All {had} decisions were made with the suggestion in sight; training needs {needed} blind ones.",
        ),
        "training_no_raters": say(
            "결정을 낸 평가위원이 {had}명입니다. {needed}명 이상이어야 합니다.",
            "The decisions come from {had} evaluators; training needs {needed}.",
        ),
        "training_firms_few": say(
            "결정이 기업 {had}곳에만 있습니다. {needed}곳 이상이어야 나누어 검증합니다.",
            "The decisions are about {had} firms; {needed} are needed to hold some out.",
        ),
        "training_versions": say(
            "결정 {had}건이 지금 점검표({version} 판)로 산정할 수 없는 답에 관한 것입니다. 쓸 수 있는 것은 {usable}건, 필요한 것은 {needed}건입니다.",
            "{had} decisions are about answers that the present questions (version {version}) can't score. {usable} are usable, {needed} are needed.",
        ),
        "job_broken": say(
            "계산하는 동안 오류({error})가 났습니다. 기록을 확인하고 다시 시작해 주세요.",
            "An error ({error}) stopped the work. Please look at the log and start it again.",
        ),
    }
)


def can_score(actor: Actor, organisation_id: int) -> Verdict:
    """A firm asks for its own suggestion; the portal asks for everyone's after an event."""
    if actor.is_system or (actor.organisation_id == organisation_id and actor.has(*SME)):
        return YES
    return no("suggestion_not_own")


def can_ask_job(actor: Actor, kind: JobKind) -> bool:
    """Long work is asked for by who holds its permission, or by the portal itself."""
    return actor.is_system or actor.has(*WHO_ASKS[kind])


def check_reason(text: str) -> str:
    """Why a person changes which model speaks. Raises: RuleBroken model_reason_short, explanation_long (reason)."""
    text = " ".join(text.split())
    if len(text) < SHORTEST_REASON:
        raise RuleBroken("model_reason_short", "reason", least=SHORTEST_REASON)
    return check_text(text, "reason")


def facts_from(
    *,
    pledges: Mapping[str, Answer],
    barring: Collection[str],
    cost_krw: int,
    own_share_krw: int | None,
    own_share_proven: bool,
    target_level: int | None,
) -> Facts:
    """What an application's declarations mean to the gates; what is not answered yet stays None.

    pledges          : exclusion code → answer
    barring          : the codes that exclude (G0); open project and unpaid clawback are G9
    own_share_proven : the proof of the own share is attached or on file
    Notes            : an own share below half is believed without proof, half or more only with it
    """
    ratio = own_share_krw / cost_krw if cost_krw and own_share_krw is not None else None
    if ratio is not None and ratio >= OWN_SHARE and not own_share_proven:
        ratio = None
    answered = all(code in pledges for code in barring)
    hit = tuple(sorted(code for code in barring if pledges.get(code) is Answer.YES))
    return Facts(
        exclusions=hit if hit or answered else None,
        own_share_ratio=ratio,
        target_system_level=target_level,
        open_project=_said(pledges.get(OPEN_PROJECT)),
        unpaid_clawback=_said(pledges.get(UNPAID_CLAWBACK)),
    )


def _said(answer: Answer | None) -> bool | None:
    return None if answer is None else answer is Answer.YES


def can_refuse(actor: Actor) -> Verdict:
    """The people of a firm speak for it, nobody else."""
    return YES if actor.organisation_id is not None and actor.has(*SME) else no("refusal_not_own")


def check_text(text: str, field: str, *, may_be_empty: bool = False) -> str:
    """A question or an answer as it is kept. Raises: RuleBroken explanation_empty, explanation_long on the field."""
    text = text.replace("\r\n", "\n").strip()
    if not text and not may_be_empty:
        raise RuleBroken("explanation_empty", field)
    if len(text) > LONGEST_TEXT:
        raise RuleBroken("explanation_long", field, limit=LONGEST_TEXT)
    return text


def doubts(tiers: Collection[Tier] | None) -> SecondReaderReason | None:
    """Whether a suggestion itself asks for a second reader.

    tiers: the model's conformal set; None where the instrument spoke, which has none
    """
    if tiers is None or len(tiers) == 1:
        return None
    return SecondReaderReason.WIDE if tiers else SecondReaderReason.EMPTY


def disagrees(blind: Tier | None, suggested: Tier | None, shown_before: bool) -> SecondReaderReason | None:
    """Whether an evaluator's own tier, entered before the suggestion was seen, asks for a second reader."""
    return SecondReaderReason.DISAGREES if not shown_before and blind is not suggested else None


FIRST_MONTH = "2023-09"
"""The strategy that named the tiers is of September 2023; nothing was suggested before."""
_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")


def check_month(text: str) -> str:
    """A month as people type it ("2026-11"). Raises: RuleBroken month_wrong (month)."""
    text = text.strip()
    if not _MONTH.fullmatch(text) or not FIRST_MONTH <= text <= this_month():
        raise RuleBroken("month_wrong", "month", first=FIRST_MONTH)
    return text


def check_closed(month: str) -> str:
    """A month whose report can be made. Raises: RuleBroken month_wrong, month_open (month)."""
    if check_month(month) == this_month():
        raise RuleBroken("month_open", "month")
    return month


def this_month() -> str:
    return f"{clock.today():%Y-%m}"


def month_before(month: str, by: int = 1) -> str:
    years, months = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 - by, 12)
    return f"{years:04d}-{months + 1:02d}"


def span(month: str) -> tuple[datetime, datetime]:
    """From the first moment of a month in Korea to the first of the next one."""
    following = month_before(month, -1)
    first, end = (clock.from_kst(datetime(int(one[:4]), int(one[5:]), 1)) for one in (month, following))
    return first, end
