"""What a firm may do against a suggestion, and the answers to it: explain, object, refuse (개인정보 보호법 제37조의2)."""

from __future__ import annotations

from typing import Any

from portal.accounts.rules import OPERATOR
from portal.base import audit, clock, mail, once, outbox
from portal.base.access import Actor, Forbidden, NotVisible, RuleBroken, ensure
from portal.base.db import session, transaction
from portal.scoring import queries
from portal.scoring.models import AppealCount, ExplanationRequest, SuggestionRefusal
from portal.scoring.rules import RequestKind, RequestOutcome, can_refuse, can_score, check_text

ASK = "explanation.ask"


def ask_explanation(actor: Actor, suggestion_key: str, question: str, *, once_key: str | None = None) -> str:
    """A firm asks a person to explain its suggestion.

    Returns: the request's key; the same again for a second click
    Raises : NotVisible for another firm's suggestion; RuleBroken explanation_empty, explanation_long (question),
             explanation_open while an earlier request waits
    Notes  : writes explanation_request, audit; emits explanation.asked
    Source : 개인정보 보호법 제37조의2 (자동화된 결정에 대한 거부·설명·검토)
    """
    return _ask(actor, suggestion_key, RequestKind.EXPLAIN, question, once_key)


def object_to(actor: Actor, suggestion_key: str, question: str = "", *, once_key: str | None = None) -> str:
    """A firm objects to its suggestion: a person looks at it again. Pressing the button is enough, words are optional.

    Returns: as `ask_explanation`
    Raises : as `ask_explanation`, but an empty text is fine
    Notes  : writes explanation_request, audit; emits explanation.asked
    Source : 개인정보 보호법 제37조의2 제1항·제2항
    """
    return _ask(actor, suggestion_key, RequestKind.OBJECT, question, once_key)


def _ask(actor: Actor, suggestion_key: str, kind: RequestKind, question: str, once_key: str | None) -> str:
    with transaction():
        if done := once.claim(actor, once_key, ASK):
            return done
        suggestion = queries.by_key(actor, suggestion_key)
        if suggestion is None or not can_score(actor, suggestion.organisation_id):
            raise NotVisible
        queries.lock_firm(suggestion.organisation_id)
        question = check_text(question, "question", may_be_empty=kind is RequestKind.OBJECT)
        if queries.open_explanation(suggestion.organisation_id, kind):
            raise RuleBroken("explanation_open")
        row = ExplanationRequest(suggestion_id=suggestion.id, kind=kind, question=question, asked_by_id=actor.id)
        session.add(row)
        session.flush()
        audit.record(actor, ASK, "explanation", row.id, {"suggestion": suggestion.id, "kind": kind.value})
        outbox.emit("explanation.asked", explanation_id=row.id)
        once.keep(actor, once_key, ASK, row.key)
        return row.key


def answer_explanation(actor: Actor, key: str, answer: str, outcome: RequestOutcome | None = None) -> None:
    """An operator answers; the firm gets a letter.

    outcome: what became of the suggestion; an objection needs one
    Raises : NotVisible; Forbidden for who is no operator; RuleBroken explanation_empty, explanation_long (answer),
             explanation_outcome (outcome), explanation_answered
    Notes  : writes explanation_request, audit; emits explanation.answered
    """
    if not actor.has(*OPERATOR):
        raise Forbidden
    with transaction():
        row = queries.explanation(actor, key)
        if row is None:
            raise NotVisible
        answer = check_text(answer, "answer")
        if not row.is_open:
            raise RuleBroken("explanation_answered")
        if outcome is None and row.kind is RequestKind.OBJECT:
            raise RuleBroken("explanation_outcome", "outcome")
        row.answer, row.outcome, row.answered_by_id, row.answered_at = answer, outcome, actor.id, clock.now()
        session.flush()
        detail = {"suggestion": row.suggestion_id, "outcome": outcome.value if outcome else None}
        audit.record(actor, "explanation.answer", "explanation", row.id, detail)
        outbox.emit("explanation.answered", explanation_id=row.id)


def refuse_suggestions(actor: Actor) -> None:
    """A firm says that no machine's suggestion may be used in judging what it hands in from now on.

    Raises: RuleBroken refusal_not_own
    Notes : writes suggestion_refusal, audit; saying it twice changes nothing
    Source: 개인정보 보호법 제37조의2 제1항
    """
    ensure(can_refuse(actor))
    with transaction():
        queries.lock_firm(actor.organisation_id)
        if queries.refusal_in_force(actor.organisation_id):
            return
        row = SuggestionRefusal(organisation_id=actor.organisation_id, refused_by_id=actor.id)
        session.add(row)
        session.flush()
        audit.record(actor, "suggestion.refuse", "organisation", actor.organisation_id, {"refusal": row.id})


def allow_suggestions(actor: Actor) -> None:
    """A firm takes its refusal back; what it handed in meanwhile stays without a suggestion.

    Raises: RuleBroken refusal_not_own
    Notes : writes suggestion_refusal, audit; without a refusal it changes nothing
    """
    ensure(can_refuse(actor))
    with transaction():
        row = queries.refusal_in_force(actor.organisation_id)
        if row is None:
            return
        row.withdrawn_at, row.withdrawn_by_id = clock.now(), actor.id
        session.flush()
        audit.record(actor, "suggestion.allow", "organisation", actor.organisation_id, {"refusal": row.id})


def write_answered(explanation_id: int, **_: Any) -> None:
    """explanation.answered → a letter to who asked; the answer itself stays in the portal."""
    row = session.get(ExplanationRequest, explanation_id)
    mail.queue(
        row.asked_by.email,
        "explanation_answered",
        row.asked_by.language,
        f"explanation-answered-{row.id}",
        name=row.asked_by.name,
        path="/result/explanation",
    )


def count_appeal(appeal_id: int, application_id: int, ruling: str, reversed: bool, **_: Any) -> None:
    """appeal.decided → one more for the monitoring, which counts how often a decision did not hold."""
    session.add(AppealCount(appeal_id=appeal_id, application_id=application_id, ruling=ruling, reversed=reversed))
