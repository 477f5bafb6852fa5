"""Making suggestions, keeping evaluators' opinions of them, and replaying them; never deciding."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import EllipsisType
from typing import Any

import sqlalchemy as sa

from portal.accounts import queries as accounts
from portal.accounts.rules import Role
from portal.applications import queries as applications
from portal.base import audit, mail, once, outbox
from portal.base.access import SYSTEM, Actor, Forbidden, NotVisible, RuleBroken, ensure
from portal.base.db import session, transaction
from portal.profiles import queries as profiles
from portal.programmes.rules import Tier
from portal.scoring import champions, queries, record, registry
from portal.scoring.gates import RULE_VERSION, Facts
from portal.scoring.instrument import load
from portal.scoring.models import (
    ClaimVerdict,
    MonthlyReport,
    Opinion,
    PeerGroup,
    ScoringJob,
    SecondReaderCall,
    Suggestion,
)
from portal.scoring.peers import groups, stored
from portal.scoring.population import Word
from portal.scoring.rules import (
    PERMISSIONS,
    ClaimWord,
    JobKind,
    SecondReaderReason,
    can_ask_job,
    can_score,
    check_closed,
    disagrees,
    doubts,
)
from portal.scoring.voice import Speaker

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
    with transaction():
        latest = queries.newest(profile_version_id, application_id)
        made = draft(
            snapshot,
            facts,
            snapshot["instrument"],
            latest,
            profile_version_id=profile_version_id,
            application_id=application_id,
        )
        if made is None:
            return latest
        session.add(made)
        session.flush()
        detail = {
            "tier": made.tier.name if made.tier else None,
            "inputs": made.inputs_sha256,
            "model": made.model_hash,
            "application": application_id,
        }
        audit.record(actor, "suggestion.make", "suggestion", made.id, detail)
        outbox.emit("suggestion.made", suggestion_id=made.id, organisation_id=made.organisation_id)
        if application_id is not None and (reason := doubts(_conformal(made.answer))):
            call_second_reader(application_id, made.id, reason)
    return made


def draft(
    snapshot: Mapping[str, Any],
    facts: Facts,
    version: str,
    latest: Suggestion | Word | None,
    *,
    profile_version_id: int | None,
    application_id: int | None = None,
    speaker: Speaker | EllipsisType | None = ...,
) -> Suggestion | None:
    """What the scorer says of a diagnosis under an instrument version, not stored yet.

    latest : the newest suggestion on the same diagnosis and application
    speaker: what `speaking` says of the version, for who drafts many; it is asked when left out
    Returns: None when `latest` came from the same inputs, model, instrument and rules
    Raises : ValueError naming the code of an answer that does not fit the version
    """
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
    if speaker is ...:
        speaker = champions.speaking(version)
    same = (digest, speaker.sha256 if speaker else record.model_hash(load(version)), RULE_VERSION)
    if latest and (latest.inputs_sha256, latest.model_hash, latest.rule_version) == same:
        return None
    result = record.result(given, version, speaker)
    return Suggestion(
        organisation_id=snapshot["company"]["organisation_id"],
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
        areas=record.canonical(result["areas"]),
    )


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
    application_id: int | None = None,
) -> Opinion:
    """Keep the tier that an evaluator gave beside a suggestion; called by `evaluation`, which holds the right.

    tier         : the evaluator's own tier, None for INELIGIBLE
    shown_before : whether the suggestion had been seen when the own tier was entered; only blind ones train a model
    final_tier   : the tier after the suggestion was shown; `reason` says why it differs from it
    application_id : the case that was judged; a blind tier away from the suggestion calls a second reader for it
    Raises       : NotVisible for an unknown suggestion
    Notes        : one row per evaluator and suggestion; the own tier and `shown_before` stay as first recorded
    """
    with transaction():
        suggestion = queries.by_id(suggestion_id)
        if suggestion is None:
            raise NotVisible
        opinion = queries.opinion_of(suggestion_id, actor.id)
        if opinion is None:
            opinion = Opinion(suggestion_id=suggestion_id, person_id=actor.id, tier=tier, shown_before=shown_before)
            session.add(opinion)
            doubt = disagrees(tier, suggestion.tier, shown_before)
            if doubt and application_id is not None:
                call_second_reader(application_id, suggestion_id, doubt)
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


def call_second_reader(application_id: int, suggestion_id: int, reason: SecondReaderReason) -> None:
    """A further evaluator has to read a case; `evaluation` picks it up.

    Notes: inside a transaction; once per application and reason; writes second_reader_call, audit; emits
           second_reader.called (application_id, suggestion_id, reason)
    """
    with transaction():
        queries.lock_suggestion(suggestion_id)
        if any(one.reason is reason for one in queries.second_reader_calls(application_id)):
            return
        session.add(SecondReaderCall(application_id=application_id, suggestion_id=suggestion_id, reason=reason))
        session.flush()
        detail = {"application": application_id, "reason": reason.value}
        audit.record(SYSTEM, "suggestion.call_reader", "suggestion", suggestion_id, detail)
        outbox.emit(
            "second_reader.called", application_id=application_id, suggestion_id=suggestion_id, reason=reason.value
        )


def refresh_peers() -> int:
    """Draw the peers' figures up anew, in the nightly round.

    Returns: how many groups are large enough to be shown
    Notes  : the old figures stay until the new ones are there; O(n log n) over the firms
    """
    drawn = groups(queries.peer_entries())
    with transaction():
        session.execute(sa.delete(PeerGroup))
        session.add_all(
            PeerGroup(division=one.division, size=one.size, firms=one.firms, figures=stored(one)) for one in drawn
        )
    return len(drawn)


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


def ask_report(actor: Actor, month: str, once_key: str | None = None) -> ScoringJob | None:
    """Ask the worker for the report of a month that has ended.

    Returns: the job; None when the month has its report already
    Raises : RuleBroken month_wrong, month_open (month); Forbidden
    """
    check_closed(month)
    if queries.report_of(actor, month) is not None:
        return None
    return ask_job(actor, JobKind.REPORT, {"month": month}, once_key)


def keep_report(actor: Actor, month: str, figures: Mapping[str, Any]) -> MonthlyReport:
    """Freeze the figures of a month; called by `monitoring`, which counted them.

    Returns: the report; the first one again when the month has one
    Raises : RuleBroken month_wrong, month_open (month); Forbidden
    Notes  : writes monthly_report, audit; emits monthly_report.made
    """
    if not (actor.is_system or actor.has(*PERMISSIONS["scoring:monitor:report"])):
        raise Forbidden
    check_closed(month)
    body = record.canonical(dict(figures))
    with transaction():
        if (kept := queries.report_of(actor, month)) is not None:
            return kept
        report = MonthlyReport(month=month, body=body, sha256=record.digest(body))
        session.add(report)
        session.flush()
        audit.record(
            actor, "monthly_report.make", "monthly_report", report.id, {"month": month, "sha256": report.sha256}
        )
        outbox.emit("monthly_report.made", report_id=report.id)
        return report


def write_report_made(report_id: int) -> None:
    """monthly_report.made → a letter to each national operator: where the report stands, and its fingerprint."""
    report = session.get(MonthlyReport, report_id)
    for person in accounts.people_with_role(Role.OPERATOR_NATIONAL):
        mail.queue(
            person.email,
            "monthly_report",
            person.language,
            f"monthly-report-{report.month}-{person.id}",
            name=person.name,
            month=report.month,
            sha256=report.sha256,
            path=f"/operator/monitoring/{report.month}",
        )


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

    Raises: NotVisible for an unknown id; RuleBroken suggestion_unknown_rules when another release made it;
            registry.Damaged when the card of the learned model that spoke is not whole
    """
    row = queries.by_id(suggestion_id)
    if row is None:
        raise NotVisible
    try:
        load(row.instrument_version)
    except LookupError:
        raise RuleBroken("suggestion_unknown_rules", version=row.instrument_version) from None
    if row.rule_version not in record.REPLAYED:
        raise RuleBroken("suggestion_unknown_rules", version=row.rule_version)
    speaker = registry.speaker_of(row)
    result = record.result(json.loads(row.inputs), row.instrument_version, speaker, row.rule_version)
    again = record.canonical(result)
    return Replay(
        suggestion_id=row.id,
        inputs_intact=record.digest(row.inputs) == row.inputs_sha256,
        same_result=again.encode() == row.result.encode() and result["model_hash"] == row.model_hash,
    )


def _conformal(result: Mapping[str, Any]) -> tuple[Tier, ...] | None:
    """The tiers that a learned model could not tell apart; None where the instrument spoke."""
    voice = result.get("voice")
    return None if voice is None else tuple(Tier[name] for name in voice["tiers"])


def _tier(name: str | None) -> Tier | None:
    return Tier[name] if name else None
