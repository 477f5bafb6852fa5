"""Making suggestions, keeping evaluators' opinions of them, and replaying them; never deciding."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from portal.accounts.rules import OPERATOR
from portal.applications import queries as applications
from portal.base import audit, clock, mail, once, outbox
from portal.base.access import SYSTEM, Actor, Forbidden, NotVisible, RuleBroken, ensure
from portal.base.db import session, transaction
from portal.profiles import queries as profiles
from portal.programmes.rules import Tier
from portal.scoring import queries, record
from portal.scoring.gates import RULE_VERSION, Facts
from portal.scoring.instrument import load
from portal.scoring.models import ClaimVerdict, ExplanationRequest, Opinion, ScoringJob, Suggestion
from portal.scoring.rules import ClaimWord, JobKind, can_ask_job, can_score, check_text

ASK = "explanation.ask"
ASK_JOB = "scoring_job.ask"


def suggest(actor: Actor, profile_version_id: int) -> Suggestion:
    """Score a finished diagnosis of a firm; nothing of an application is known yet, so its gates stay PENDING.

    Returns: the suggestion; the newest one again when it came from the same inputs, instrument and rules
    Raises : RuleBroken suggestion_not_own; LookupError for an unknown version
    Notes  : writes suggestion, audit; emits suggestion.made (suggestion_id, organisation_id)
    """
    snapshot = profiles.diagnosis_snapshot(profile_version_id)
    ensure(can_score(actor, snapshot["company"]["organisation_id"]))
    return _keep(actor, snapshot, Facts(), profile_version_id=profile_version_id)


def suggest_for_application(actor: Actor, application_id: int) -> Suggestion | None:
    """Score the frozen file of an application: its diagnosis with what the application declares.

    Returns: as `suggest`; None when the application was handed in without a diagnosis
    Raises : NotVisible when it was never handed in; Forbidden for who is not the portal itself
    """
    if not actor.is_system:
        raise Forbidden
    file = applications.for_review(application_id)
    if file.profile_version_id is None:
        return None
    return _keep(
        actor,
        profiles.diagnosis_snapshot(file.profile_version_id),
        queries.facts_of(file.application),
        profile_version_id=file.profile_version_id,
        application_id=application_id,
    )


def _keep(
    actor: Actor,
    snapshot: Mapping[str, Any],
    facts: Facts,
    *,
    profile_version_id: int,
    application_id: int | None = None,
) -> Suggestion:
    version, organisation_id = snapshot["instrument"], snapshot["company"]["organisation_id"]
    given = record.inputs(
        {
            "answers": snapshot["answers"],
            "evidence": {code: [one["sha256"] for one in files] for code, files in snapshot["evidence"].items()},
            "unsure": snapshot["unsure"],
            "pains": snapshot["company"].get("pains"),
            "facts": asdict(facts),
        }
    )
    text = record.canonical(given)
    digest = record.digest(text)
    with transaction():
        latest = queries.newest(profile_version_id, application_id)
        same = (digest, record.model_hash(load(version)))
        if latest and (latest.inputs_sha256, latest.model_hash) == same:
            return latest
        result = record.result(given, version)
        made = Suggestion(
            organisation_id=organisation_id,
            profile_version_id=profile_version_id,
            application_id=application_id,
            model=result["model"],
            model_hash=result["model_hash"],
            instrument_version=version,
            rule_version=result["rules"],
            inputs=text,
            inputs_sha256=digest,
            result=record.canonical(result),
            tier=_tier(result["tier"]),
            near=_tier(result["near"]),
            provisional=result["provisional"],
            total=result["total"],
            system_level=result["system_level"],
            capability_level=result["capability_level"],
        )
        session.add(made)
        session.flush()
        audit.record(
            actor,
            "suggestion.make",
            "suggestion",
            made.id,
            {"tier": result["tier"], "inputs": digest, "model": made.model_hash, "application": application_id},
        )
        outbox.emit("suggestion.made", suggestion_id=made.id, organisation_id=organisation_id)
    return made


@outbox.soon
def on_diagnosis_completed(profile_version_id: int, **_: Any) -> None:
    """diagnosis.completed → a suggestion, before the firm's next page opens."""
    suggest(SYSTEM, profile_version_id)


@outbox.soon
def on_application_handed_in(application_id: int, **_: Any) -> None:
    """application.submitted, application.supplemented → a suggestion on the frozen file, ready for its evaluators."""
    suggest_for_application(SYSTEM, application_id)


def record_opinion(
    actor: Actor,
    suggestion_id: int,
    *,
    tier: Tier | None,
    shown_before: bool,
    final_tier: Tier | None = None,
    reason: str = "",
) -> Opinion:
    """Keep the tier that an evaluator gave beside a suggestion; called by `evaluation`, which holds the right.

    tier         : the evaluator's own tier, None for INELIGIBLE
    shown_before : whether the suggestion had been seen when the own tier was entered; only blind ones train a model
    final_tier   : the tier after the suggestion was shown; `reason` says why it differs from it
    Raises       : NotVisible for an unknown suggestion
    Notes        : one row per evaluator and suggestion; the own tier and `shown_before` stay as first recorded
    """
    with transaction():
        if queries.by_id(suggestion_id) is None:
            raise NotVisible
        opinion = queries.opinion_of(suggestion_id, actor.id)
        if opinion is None:
            opinion = Opinion(suggestion_id=suggestion_id, person_id=actor.id, tier=tier, shown_before=shown_before)
            session.add(opinion)
        opinion.final_tier, opinion.reason = final_tier, reason
        session.flush()
        audit.record(
            actor,
            "suggestion.opine",
            "suggestion",
            suggestion_id,
            {"shown_before": opinion.shown_before, "tier": tier.name if tier else None},
        )
    return opinion


def record_claim_verdicts(actor: Actor, suggestion_id: int, words: Mapping[str, ClaimWord]) -> None:
    """Keep what an evaluator found of the answers behind a suggestion; called by `evaluation` as a review is handed in.

    words : item code → what was found; items that nobody looked at are left out
    Raises: NotVisible for an unknown suggestion
    Notes : a second call of the same evaluator changes nothing
    """
    with transaction():
        if queries.by_id(suggestion_id) is None:
            raise NotVisible
        if queries.has_claim_verdicts(suggestion_id, actor.id):
            return
        session.add_all(
            ClaimVerdict(suggestion_id=suggestion_id, person_id=actor.id, item=code, word=word)
            for code, word in sorted(words.items())
        )
        session.flush()
        changed = sorted(code for code, word in words.items() if word is not ClaimWord.ACCEPTED)
        audit.record(actor, "claim.judge", "suggestion", suggestion_id, {"items": len(words), "changed": changed})


def ask_explanation(actor: Actor, suggestion_key: str, question: str, *, once_key: str | None = None) -> str:
    """A firm asks a person to explain or to look again at its suggestion.

    Returns: the request's key; the same again for a second click
    Raises : NotVisible for another firm's suggestion; RuleBroken explanation_empty, explanation_long (question),
             explanation_open while an earlier request waits
    Notes  : writes explanation_request, audit; emits explanation.asked
    Source : 개인정보 보호법 제37조의2 (자동화된 결정에 대한 거부·설명·검토)
    """
    with transaction():
        if done := once.claim(actor, once_key, ASK):
            return done
        suggestion = queries.by_key(actor, suggestion_key)
        if suggestion is None or not can_score(actor, suggestion.organisation_id):
            raise NotVisible
        question = check_text(question, "question")
        if queries.open_explanation(suggestion.organisation_id):
            raise RuleBroken("explanation_open")
        row = ExplanationRequest(suggestion_id=suggestion.id, question=question, asked_by_id=actor.id)
        session.add(row)
        session.flush()
        audit.record(actor, ASK, "explanation", row.id, {"suggestion": suggestion.id})
        outbox.emit("explanation.asked", explanation_id=row.id)
        once.keep(actor, once_key, ASK, row.key)
        return row.key


def answer_explanation(actor: Actor, key: str, answer: str) -> None:
    """An operator answers; the firm gets a letter.

    Raises: NotVisible; Forbidden for who is no operator; RuleBroken explanation_empty, explanation_long (answer),
            explanation_answered
    Notes : writes explanation_request, audit; emits explanation.answered
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
        row.answer, row.answered_by_id, row.answered_at = answer, actor.id, clock.now()
        session.flush()
        audit.record(actor, "explanation.answer", "explanation", row.id, {"suggestion": row.suggestion_id})
        outbox.emit("explanation.answered", explanation_id=row.id)


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


def ask_job(actor: Actor, kind: JobKind, params: Mapping[str, Any], once_key: str | None = None) -> ScoringJob:
    """Ask the worker for long work; never done in a web request.

    params : what its runner reads (`work.RUNNERS`); ids, codes and numbers only
    Returns: the job; the same again for a second click
    Raises : Forbidden
    Notes  : writes scoring_job, audit; emits scoring_job.asked
    """
    if not can_ask_job(actor, kind):
        raise Forbidden
    with transaction():
        if done := once.claim(actor, once_key, ASK_JOB):
            return queries.job_by_key(actor, done)
        job = ScoringJob(kind=kind, params=record.canonical(dict(params)), asked_by_id=actor.id)
        session.add(job)
        session.flush()
        audit.record(actor, ASK_JOB, "scoring_job", job.id, {"kind": kind.value})
        outbox.emit("scoring_job.asked", job_id=job.id)
        session.info["wake_worker"] = True
        once.keep(actor, once_key, ASK_JOB, job.key)
        return job


@dataclass(frozen=True, slots=True)
class Replay:
    """A suggestion computed again from what was stored. ok: inputs intact and the same result to the byte."""

    suggestion_id: int
    inputs_intact: bool
    same_result: bool

    @property
    def ok(self) -> bool:
        return self.inputs_intact and self.same_result


def replay(suggestion_id: int) -> Replay:
    """Compute a suggestion again from its stored inputs and versions and compare the bytes.

    Raises: NotVisible for an unknown id; RuleBroken suggestion_unknown_rules when another release made it
    """
    row = queries.by_id(suggestion_id)
    if row is None:
        raise NotVisible
    try:
        instrument = load(row.instrument_version)
    except LookupError:
        raise RuleBroken("suggestion_unknown_rules", version=row.instrument_version) from None
    if row.rule_version != RULE_VERSION:
        raise RuleBroken("suggestion_unknown_rules", version=row.rule_version)
    again = record.canonical(record.result(json.loads(row.inputs), row.instrument_version))
    return Replay(
        suggestion_id=row.id,
        inputs_intact=record.digest(row.inputs) == row.inputs_sha256,
        same_result=again.encode() == row.result.encode() and record.model_hash(instrument) == row.model_hash,
    )


def _tier(name: str | None) -> Tier | None:
    return Tier[name] if name else None
