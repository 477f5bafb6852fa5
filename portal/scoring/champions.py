"""Which model speaks, and the acts upon models: kept, promoted, rolled back, retired, refused; a person promotes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.accounts import queries as accounts
from portal.accounts.rules import Role
from portal.base import audit, mail, marks, once, outbox
from portal.base.access import SYSTEM, Actor, Forbidden, NotVisible, RuleBroken
from portal.base.db import session, transaction
from portal.base.words import sentence
from portal.scoring import features, queries, record, registry
from portal.scoring.instrument import load
from portal.scoring.models import ModelEvent, ModelVersion
from portal.scoring.rules import PERMISSIONS, ModelAct, ModelState, check_reason
from portal.scoring.voice import Speaker


def speaking(version: str) -> Speaker | None:
    """The learned champion, where it learned from this instrument version; None: the instrument speaks.

    Notes: a champion whose file is not what the registry says is refused here, and the instrument speaks
    """
    row = queries.champion()
    if row is None or (row.instrument_version, row.feature_version) != (version, features.VERSION):
        return None
    try:
        return registry.speaker(row.name, row.card_sha256)
    except registry.Damaged as broken:
        refuse_model(row.id, broken.code)
        return None


def refuse_model(model_id: int, code: str) -> None:
    """A model's file is missing, changed or of another format: it may never speak again.

    Notes: writes model_version, model_event, audit; emits model.refused
    """
    with transaction():
        row = queries.lock_model(model_id)
        if row.state is ModelState.REFUSED:
            return
        _settle(SYSTEM, row, ModelState.REFUSED, ModelAct.REFUSED, code)
        outbox.emit("model.refused", model_id=row.id, code=code)


def write_model_refused(model_id: int, code: str) -> None:
    """model.refused → a letter to each national operator."""
    row = session.get(ModelVersion, model_id)
    for person in accounts.people_with_role(Role.OPERATOR_NATIONAL):
        mail.queue(
            person.email,
            "model_refused",
            person.language,
            f"model-refused-{row.id}-{person.id}",
            name=person.name,
            model=row.name,
            why=sentence(code, sha256=row.card_sha256[:12]).in_(person.language),
            path=f"/operator/models/{row.key}",
        )


def promote(actor: Actor, key: str, reason: str, *, once_key: str | None = None) -> ModelVersion:
    """A person lets a challenger speak, on its promotion report; the champion before it retires.

    Raises: NotVisible; Forbidden; RuleBroken model_reason_short (reason), model_not_challenger, model_other_version,
            model_synthetic, promotion_missing, promotion_stale (made against another champion), promotion_unmet with
            the failing criteria; registry.Damaged, after which the model is refused
    Notes : of two promotions at once one wins; writes model_version, model_event, audit
    """
    _ensure_manages(actor)
    reason = check_reason(reason)
    _ensure_whole(_model(actor, key))
    with transaction():
        queries.lock_models()
        row = _model(actor, key)
        if once.claim(actor, once_key, "model.promote"):
            return row
        if row.state is not ModelState.CHALLENGER:
            raise RuleBroken("model_not_challenger", state=row.state.label)
        if (row.instrument_version, row.feature_version) != (load().version, features.VERSION):
            raise RuleBroken("model_other_version", version=row.instrument_version)
        if row.synthetic and not marks.is_demo():
            raise RuleBroken("model_synthetic")
        champion = queries.champion()
        report = row.facts
        if not report.get("criteria"):
            raise RuleBroken("promotion_missing")
        if report.get("against_sha256") != (champion.card_sha256 if champion else record.CHAMPION):
            raise RuleBroken("promotion_stale", against=report.get("against"))
        if unmet := [one for one in report["criteria"] if not one["met"]]:
            told = ", ".join(f"{one['code']} {one['seen']} ({one['needed']})" for one in unmet)
            raise RuleBroken("promotion_unmet", criteria=told)
        if champion:
            _settle(actor, champion, ModelState.RETIRED, ModelAct.RETIRED, reason)
        read = {name: report[name] for name in ("criteria", "interval", "against", "against_sha256")}
        _settle(actor, row, ModelState.CHAMPION, ModelAct.PROMOTED, reason, read)
        once.keep(actor, once_key, "model.promote", row.key)
        return row


def roll_back(actor: Actor, reason: str, *, once_key: str | None = None) -> ModelVersion | None:
    """One act back: the model that spoke before the champion speaks again, or the instrument.

    Returns: what speaks now; None is the instrument
    Raises : Forbidden; RuleBroken model_reason_short (reason), model_none_learned when the instrument speaks already;
             registry.Damaged, after which that model is refused
    Notes  : needs no report; writes model_version, model_event, audit
    """
    _ensure_manages(actor)
    reason = check_reason(reason)
    if wanted := queries.champion_before():
        _ensure_whole(wanted)
    with transaction():
        queries.lock_models()
        if done := once.claim(actor, once_key, "model.roll_back"):
            return queries.model_by_key(actor, done)
        champion, before = queries.champion(), queries.champion_before()
        if champion is None and before is None:
            raise RuleBroken("model_none_learned")
        if champion:
            _settle(actor, champion, ModelState.RETIRED, ModelAct.RETIRED, reason)
        if before:
            _settle(actor, before, ModelState.CHAMPION, ModelAct.ROLLED_BACK, reason)
        else:
            session.add(ModelEvent(act=ModelAct.ROLLED_BACK, by_id=actor.id, reason=reason))
            audit.record(actor, "model.rolled-back", "model", None, {"to": record.CHAMPION})
        once.keep(actor, once_key, "model.roll_back", before.key if before else record.CHAMPION)
        return before


def retire(actor: Actor, key: str, reason: str, *, once_key: str | None = None) -> ModelVersion:
    """Take a challenger out of the running; what it was stays in the registry.

    Raises: NotVisible; Forbidden; RuleBroken model_reason_short (reason), model_not_challenger
    Notes : writes model_version, model_event, audit
    """
    _ensure_manages(actor)
    reason = check_reason(reason)
    with transaction():
        queries.lock_models()
        row = _model(actor, key)
        if once.claim(actor, once_key, "model.retire"):
            return row
        if row.state is not ModelState.CHALLENGER:
            raise RuleBroken("model_not_challenger", state=row.state.label)
        _settle(actor, row, ModelState.RETIRED, ModelAct.RETIRED, reason)
        once.keep(actor, once_key, "model.retire", row.key)
        return row


def keep_model(actor: Actor, row: ModelVersion) -> ModelVersion:
    """Store what a training made, as a challenger. Notes: writes model_version, model_event, audit"""
    with transaction():
        row.name = queries.next_model_name(row.kind)
        session.add(row)
        session.flush()
        _settle(actor, row, ModelState.CHALLENGER, ModelAct.TRAINED, row.note)
    return row


def _settle(
    actor: Actor,
    row: ModelVersion,
    state: ModelState,
    act: ModelAct,
    reason: str,
    report: Mapping[str, Any] | None = None,
) -> None:
    """One step in a model's life, with its trace."""
    row.state = state
    text = record.canonical(report) if report else ""
    by_id = row.made_by_id if act is ModelAct.TRAINED else actor.id  # the portal trains, but a person asked for it
    session.add(ModelEvent(model_id=row.id, act=act, by_id=by_id, reason=reason, report=text))
    session.flush()
    audit.record(actor, f"model.{act.value}", "model", row.id, {"card": row.card_sha256, "data": row.data_sha256})


def _ensure_manages(actor: Actor) -> None:
    if not actor.is_system and not actor.has(*PERMISSIONS["scoring:model:manage"]):
        raise Forbidden


def _model(actor: Actor, key: str) -> ModelVersion:
    row = queries.model_by_key(actor, key)
    if row is None:
        raise NotVisible
    return row


def _ensure_whole(row: ModelVersion) -> None:
    """Read a model's files anew, in a transaction of its own: a refusal must outlive the act that it stops."""
    try:
        registry.check(row.card_sha256, row.artefact_sha256)
    except registry.Damaged as broken:
        refuse_model(row.id, broken.code)
        raise
