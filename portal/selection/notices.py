"""What a firm is told on paper of a decision: composed from its outcome, which names no person, and sent in one go.

One letter for each decision. What the ranking or the chair decided is sent by the operator; who moves up from the reserve
list is written to at once. A decision on appeal is told by the appeal's own letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, lazyload

from portal.accounts.rules import OPERATOR
from portal.applications.models import Application
from portal.base import clock, workdays
from portal.base.access import SYSTEM, Actor, Forbidden, NotVisible
from portal.base.db import session
from portal.base.words import Words, say, use_language
from portal.evaluation import plans
from portal.evaluation.models import Decision, Panel
from portal.evaluation.outcome import OutcomeView, outcome_for_applicant
from portal.evaluation.rules import Cause, Outcome
from portal.letters import queries as letters
from portal.letters import service as writing
from portal.letters.models import Letter, LetterBatch
from portal.letters.rules import LetterContent, LetterKind, Section
from portal.programmes.models import Call
from portal.selection.queries import LINES

PURPOSE = "outcomes"

KINDS = {
    Outcome.SELECTED: LetterKind.SELECTED,
    Outcome.RESERVE: LetterKind.RESERVE,
    Outcome.REJECTED: LetterKind.REJECTED,
}
LEADS = {
    LetterKind.SELECTED: say(
        "신청하신 {call}에 선정되었음을 알려 드립니다.",
        "We are pleased to tell you that your application to {call} is selected.",
    ),
    LetterKind.PROMOTED: say(
        "자리가 나서, 후보였던 귀사가 {call}에 선정되었음을 알려 드립니다.",
        "A place has opened, and your firm moves up from the reserve list of {call}: your application is selected.",
    ),
    LetterKind.RESERVE: say(
        "신청하신 {call}에서 후보가 되었음을 알려 드립니다. 자리가 나면 후보 순위대로 선정되고, 따로 신청하지 않아도 바로 알려 드립니다.",
        "Your application to {call} is on the reserve list. When a place opens it goes to the next in order; "
        "you need not ask again and are told at once.",
    ),
    LetterKind.REJECTED: say(
        "신청하신 {call}에 선정되지 않았음을 알려 드립니다. 아래에 점수와 의견을 그대로 적었습니다.",
        "Your application to {call} was not selected. The scores and comments are below, as they were given.",
    ),
}
REMEDY = say(
    "결정을 받아들이기 어려우면 {last}까지 포털의 ‘이의신청’에서 항목을 짚어 한 번 이의를 신청할 수 있습니다. "
    "새 증빙을 붙일 수 있고, 처음 평가에 참여하지 않은 사람들이 다시 봅니다. 이의신청 때문에 불리해지지 않습니다.",
    "If you disagree, you may appeal once, criterion by criterion, until {last}, on the portal's page for appeals. "
    "New evidence may be added, and people who had no part in the first evaluation judge anew. "
    "Nobody is worse off for having appealed.",
)
MOVED_UP_REMEDY = say(
    "다음 절차는 운영기관이 따로 안내합니다. 사업을 하지 않으려면 포털의 신청 화면에서 포기할 수 있습니다.",
    "The agency tells you what comes next. If you do not want the place, you can give it up on your application's page.",
)
SENDER = say("제조혁신포털 운영기관", "The operating agency of the manufacturing innovation portal")


def kind_of(decision: Decision) -> LetterKind | None:
    """Which letter tells of a decision; None where another one does, or none is due."""
    if decision.cause is Cause.RESERVE and decision.outcome is Outcome.SELECTED:
        return LetterKind.PROMOTED
    return KINDS.get(decision.outcome) if decision.cause in (Cause.PANEL, Cause.RANKING) else None


def about(decision: Decision) -> str:
    return f"decision:{decision.id}"


def appeal_until(decision: Decision, call: Call) -> date:
    """The last day for an appeal, counted from the day of the decision."""
    return workdays.last_day(clock.kst(decision.decided_at).date(), plans.plan_of(call).appeal_days)


# --- what it says -------------------------------------------------------------------------------------------


def compose(decision: Decision, language: str) -> tuple[LetterKind, LetterContent]:
    """The letter about a decision that stands. Raises: NotVisible where none is due."""
    kind = kind_of(decision)
    application = decision.panel.application
    found = outcome_for_applicant(application.id) if decision.superseded_at is None else None
    if kind is None or found is None:
        raise NotVisible
    call = application.call
    with use_language(language):
        content = LetterContent(
            title=kind.label.in_(language),
            addressee=application.organisation.name,
            lead=LEADS[kind].format(call=call.title).in_(language),
            sections=tuple(_sections(call, found, language)),
            remedy=_remedy(kind, decision, call).in_(language),
            sender=f"{SENDER.in_(language)}{' · ' + call.contact if call.contact else ''}",
            dated=decision.decided_at,
        )
    return kind, content


def _remedy(kind: LetterKind, decision: Decision, call: Call) -> Words:
    if kind is LetterKind.PROMOTED:
        return MOVED_UP_REMEDY
    return REMEDY.format(last=appeal_until(decision, call).isoformat())


def _sections(call: Call, found: OutcomeView, language: str) -> list[Section]:
    def words(ko: str, en: str) -> str:
        return say(ko, en).in_(language)

    made = [
        Section(words("결정", "Decision"), rows=tuple(_facts(call, found, words))),
        Section(words("결정한 까닭", "Reason"), tuple(filter(None, (found.reason,)))),
        Section(
            words("항목별 점수", "Scores"),
            (
                words(
                    "점수는 위원 평균입니다. 핵심 항목은 ‘넘어야 할 점수’ 이상이어야 합니다.",
                    "The scores are means. A critical criterion has to reach its floor.",
                ),
            ),
            tuple(
                (
                    line.title.in_(language),
                    words("해당 없음", "n/a") if line.points is None else f"{line.points:.1f}",
                    f"{line.most:g}",
                    "–" if line.floor is None else f"{line.floor:g}",
                )
                for line in found.lines
            ),
            (
                words("항목", "Criterion"),
                words("점수", "Points"),
                words("배점", "Of"),
                words("넘어야 할 점수", "Floor"),
            ),
        ),
    ]
    comments = [f"{line.title.in_(language)}: {text}" for line in found.lines for text in line.comments]
    if comments:
        made.append(Section(words("항목별 의견", "Comments on the criteria"), tuple(comments)))
    if found.comments:
        made.append(Section(words("종합 의견", "Overall comments"), found.comments))
    return made


def _facts(call: Call, found: OutcomeView, words) -> list[tuple[str, str]]:
    standing = found.standing
    facts = [
        (words("공고", "Call"), str(call.title)),
        (words("결과", "Outcome"), str(found.outcome.label)),
        (words("결정 유형", "Tier"), str(found.tier.label)),
        (words("평가 점수", "Total"), words("{n}점", "{n} points").format(n=f"{found.total:.1f}")),
        (words("합격선", "To pass"), words("{n}점", "{n} points").format(n=found.pass_points)),
    ]
    if standing is not None:
        if standing.bonus:
            facts.append((words("가점", "Bonus"), words("{n}점", "{n} points").format(n=f"{standing.bonus:g}")))
        if standing.cutoff is not None:
            note = words("{n}점 (가점 포함)", "{n} points (bonus included)")
            facts.append((words("선정 점수", "Cut-off"), note.format(n=f"{standing.cutoff:.1f}")))
        if found.band is not None:
            facts.append((words("순위 구간", "Rank band"), str(found.band)))
        if standing.reserve and found.outcome is Outcome.RESERVE:
            facts.append(
                (words("후보 순위", "Place on the reserve list"), words("{n}번", "{n}").format(n=standing.reserve))
            )
        if standing.subsidy and found.outcome is Outcome.SELECTED:
            facts.append((words("지원금", "Subsidy"), words("{n}원", "{n} won").format(n=f"{standing.subsidy:,}")))
    facts.append((words("결정한 날", "Decided on"), f"{clock.kst(found.decided_at):%Y-%m-%d}"))
    return facts


# --- who gets which -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One decided application of a call and the letter about its decision. letter: None before it is made."""

    application: Application
    decision: Decision
    kind: LetterKind
    letter: Letter | None

    @property
    def is_sent(self) -> bool:
        return self.letter is not None and self.letter.is_sent


def lines(call: Call) -> list[Line]:
    """The decisions of a call that stand and are told by a letter, by receipt number. Who calls has checked the reader."""
    rows = session.scalars(
        _standing()
        .where(Application.call_id == call.id)
        .order_by(Application.number, Decision.id)
        .options(joinedload(Decision.panel).joinedload(Panel.application).options(*[lazyload(part) for part in LINES]))
    ).all()
    kept = letters.about([about(row) for row in rows])
    return [
        Line(row.panel.application, row, kind, kept.get(about(row)))
        for row in rows
        if (kind := kind_of(row)) is not None
    ]


def _standing() -> sa.Select[tuple[Decision]]:
    return (
        sa.select(Decision)
        .join(Application, Application.id == Decision.application_id)
        .where(Decision.superseded_at.is_(None))
    )


def line_of(call: Call, application_key: str) -> Line:
    """Raises: NotVisible."""
    decision = session.scalar(_standing().where(Application.call_id == call.id, Application.key == application_key))
    kind = kind_of(decision) if decision is not None else None
    if kind is None:
        raise NotVisible
    return Line(decision.panel.application, decision, kind, letters.by_about(about(decision)))


def batches(call: Call) -> Sequence[LetterBatch]:
    """The batches of a call, the newest first."""
    return letters.batches(PURPOSE, call.id)


def send_all(actor: Actor, call: Call, once_key: str | None = None) -> LetterBatch:
    """Ask the worker to make and send every letter of the call that is not sent yet.

    Raises: RuleBroken letter_nothing, letter_batch_runs; Forbidden
    """
    if not actor.has(*OPERATOR):
        raise Forbidden("no_right")
    waiting = [line.decision.id for line in lines(call) if not line.is_sent]
    return writing.ask_batch(actor, PURPOSE, call.id, waiting, once_key)


def prepare_one(actor: Actor, decision_id: int) -> Letter | None:
    """The letter about one decision, made ready; None when the decision no longer stands or was told already."""
    decision = session.get(Decision, decision_id)
    if decision is None or decision.superseded_at is not None or kind_of(decision) is None:
        return None
    kept = letters.by_about(about(decision))
    if kept is not None and kept.is_sent:
        return None
    application = decision.panel.application
    language = letters.language_of(application.organisation_id)
    kind, content = compose(decision, language)
    return writing.prepare(
        actor,
        kind,
        application_id=application.id,
        number=application.number or "",
        organisation_id=application.organisation_id,
        language=language,
        content=content,
        about=about(decision),
        region=application.region,
    )


def write_moved_up(application_id: int, decision_id: int) -> None:
    """decision.changed → who moves up from the reserve list gets the letter at once."""
    decision = session.get(Decision, decision_id)
    if decision is not None and decision.cause is Cause.RESERVE:
        letter = prepare_one(SYSTEM, decision_id)
        if letter is not None:
            writing.send(SYSTEM, letter, by_mail=False)  # `evaluation` mails the decision itself
