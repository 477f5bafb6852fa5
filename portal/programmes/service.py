"""Writing programmes: the catalogue is loaded, calls are opened, edited, published and closed, firms are counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal.base import audit, clock, once, outbox
from portal.base.access import Actor, Forbidden, RuleBroken, RulesBroken, StaleVersion
from portal.base.db import db, session, transaction
from portal.programmes import catalogue, queries
from portal.programmes.models import Call, CountedFirm, Programme, Target
from portal.programmes.rules import (
    MOST_REVIEWS,
    PERMISSIONS,
    TIER_RANK,
    CallFacts,
    CallStatus,
    Phase,
    Tier,
    broken_facts,
    can_manage,
)
from portal.reference import queries as reference

# --- the catalogue -----------------------------------------------------------------------------------------


def load_catalogue(actor: Actor) -> int:
    """Bring programmes and targets to what `data/` says; nothing that a call refers to is removed.

    Returns: how many rows were added or changed. Raises: BrokenData naming each broken entry; Forbidden.
    """
    if not actor.is_system and not actor.roles & PERMISSIONS["programmes:catalogue:load"]:
        raise Forbidden("no_right")
    programmes, targets = catalogue.read_programmes(), catalogue.read_targets()
    with transaction():
        touched = _bring(Programme, ("code",), (_programme_values(row, n) for n, row in enumerate(programmes)))
        touched += _bring(Target, ("set_code", "code"), (_plain(row, rank=n) for n, row in enumerate(targets)))
        if touched:
            audit.record(actor, "catalogue.load", "programme", None, {"touched": touched})
    return touched


def _programme_values(row: catalogue.ProgrammeRow, rank: int) -> dict[str, Any]:
    return _plain(row, rank=rank)


def _plain(row: Any, **more: Any) -> dict[str, Any]:
    """The columns of a row of a file; a tuple becomes the words of its `…_text` column."""
    values = {}
    for name in (field.name for field in fields(row)):
        value = getattr(row, name)
        if isinstance(value, tuple):
            values[f"{name}_text"] = " ".join(str(part) for part in value)
        else:
            values[name] = value
    return {**values, **more}


def _bring(table: type[db.Model], identity: tuple[str, ...], rows: Iterable[Mapping[str, Any]]) -> int:
    standing = {tuple(getattr(row, name) for name in identity): row for row in session.scalars(sa.select(table))}
    touched = 0
    for values in rows:
        row = standing.get(tuple(values[name] for name in identity))
        if row is None:
            session.add(table(**values))
            touched += 1
        elif any(getattr(row, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(row, name, value)
            touched += 1
    session.flush()
    return touched


# --- calls -------------------------------------------------------------------------------------------------


def open_call(actor: Actor, facts: CallFacts, *, publish: bool = True, once_key: str | None = None) -> Call:
    """Make a call, as a draft or published at once; a published one opens by itself at its start.

    once_key: a double click with the same key gives back the call of the first one
    Raises: RulesBroken with every refusal, each on its field; RuleBroken call_region_foreign, no_right.
    Notes: writes call and audit rows; emits call.published when published.
    """
    with transaction():
        if known := once.claim(actor, once_key, "call.open"):
            return session.scalar(sa.select(Call).where(Call.key == known))
        programme = _checked(actor, facts)
        row = Call(made_by=actor.id, status=CallStatus.DRAFT)
        _write(row, facts, programme)
        session.add(row)
        session.flush()
        once.keep(actor, once_key, "call.open", row.key)
        audit.record(actor, "call.open", "call", row.id, _audited(facts))
        if publish:
            _publish(actor, row)
        return row


def edit_call(actor: Actor, call: Call, facts: CallFacts, version: int) -> Call:
    """Change a call; what firms rely on can't shrink once it is published.

    version: the version the person saw
    Raises: StaleVersion when somebody saved before; RulesBroken with every refusal; RuleBroken no_right.
    """
    with transaction():
        row = locked(actor, call)
        if row.version != version:
            raise StaleVersion()
        before = row.facts
        programme = _checked(actor, facts, before=before, published=row.status is CallStatus.OPEN)
        if row.status is CallStatus.CLOSED:
            raise RuleBroken("call_not_running")
        changed = sorted(name for name in before.__dataclass_fields__ if getattr(before, name) != getattr(facts, name))
        _write(row, facts, programme)
        session.flush()
        if changed:
            audit.record(actor, "call.edit", "call", row.id, {"changed": changed, **_audited(facts)})
        return row


def set_reviews(actor: Actor, call: Call, reviews: int) -> Call:
    """How many evaluators read each application; part of the evaluation's plan, hence also after the window.

    Raises: RuleBroken call_reviews_range (reviews), no_right.
    """
    if not 1 <= reviews <= MOST_REVIEWS:
        raise RuleBroken("call_reviews_range", "reviews")
    with transaction():
        row = locked(actor, call)
        if row.reviews != reviews:
            row.reviews = reviews
            session.flush()
            audit.record(actor, "call.set_reviews", "call", row.id, {"reviews": reviews})
        return row


def publish_call(actor: Actor, call: Call) -> Call:
    """Publish a draft. Raises: RuleBroken call_not_draft, or what is no longer right with it (the window passed)."""
    with transaction():
        row = locked(actor, call)
        if row.status is not CallStatus.DRAFT:
            raise RuleBroken("call_not_draft")
        _checked(actor, row.facts)
        _publish(actor, row)
        return row


def close_call(actor: Actor, call: Call, reason: str) -> Call:
    """End an open or upcoming call early; final. What was submitted stays.

    Raises: RuleBroken call_reason_missing on `reason`, call_not_running.
    Notes: emits call.closed.
    """
    if not reason.strip():
        raise RuleBroken("call_reason_missing", "reason")
    with transaction():
        row = locked(actor, call)
        if row.phase not in (Phase.OPEN, Phase.UPCOMING):
            raise RuleBroken("call_not_running")
        row.status, row.closed_early_at, row.closed_reason = CallStatus.CLOSED, clock.now(), reason.strip()
        session.flush()
        audit.record(actor, "call.close", "call", row.id)
        outbox.emit("call.closed", call_id=row.id)
        return row


def locked(actor: Actor, call: Call) -> Call:
    """The call as it is now, held until the end of the transaction. Raises: RuleBroken no_right, call_region_foreign."""
    row = session.execute(
        sa.select(Call).where(Call.id == call.id).with_for_update(of=Call).execution_options(populate_existing=True)
    ).scalar_one()
    _ensure_manages(actor, row.region)
    return row


def _ensure_manages(actor: Actor, region: str | None) -> None:
    verdict = can_manage(actor, queries.own_region(actor), region)
    if not verdict:
        raise RuleBroken(verdict.code, "region" if verdict.code == "call_region_foreign" else None)


def _checked(actor: Actor, facts: CallFacts, *, before: CallFacts | None = None, published: bool = False) -> Programme:
    """The programme of the facts, when everything is right with them."""
    wrong: list[RuleBroken] = []
    programme = queries.programme(facts.programme)
    if programme is None:
        wrong.append(RuleBroken("call_programme_unknown", "programme"))
    if facts.region is not None and reference.region(facts.region) is None:
        wrong.append(RuleBroken("call_region_unknown", "region"))
    try:
        _ensure_manages(actor, facts.region)
    except RuleBroken as broken:
        wrong.append(broken)
    wrong += broken_facts(
        facts,
        programme_tiers=programme.tiers if programme else tuple(Tier),
        programme_runs=programme.is_running if programme else True,
        programme_names_supplier=programme.consortium if programme else True,
        at=clock.now(),
        before=before,
        published=published,
    )
    if wrong or programme is None:
        raise RulesBroken(wrong)
    return programme


def _write(row: Call, facts: CallFacts, programme: Programme) -> None:
    row.programme = programme
    row.title_ko, row.title_en = facts.title_ko.strip(), facts.title_en.strip()
    row.summary_ko, row.summary_en = facts.summary_ko.strip(), facts.summary_en.strip()
    row.opens_at, row.closes_at = facts.opens_at, facts.closes_at
    row.tiers_text = " ".join(tier for tier in Tier if tier in facts.tiers)
    row.budget_krw, row.region, row.contact = facts.budget_krw, facts.region, facts.contact.strip()
    row.reviews = facts.reviews
    row.ceiling_override_krw, row.ratio_override = facts.ceiling_krw, facts.subsidy_ratio
    row.months_override = facts.months
    row.track = facts.track


def _publish(actor: Actor, row: Call) -> None:
    row.status, row.published_at = CallStatus.OPEN, clock.now()
    session.flush()
    audit.record(actor, "call.publish", "call", row.id)
    outbox.emit("call.published", call_id=row.id)


def _audited(facts: CallFacts) -> dict[str, Any]:
    return {
        "programme": facts.programme,
        "opens_at": facts.opens_at,
        "closes_at": facts.closes_at,
        "tiers": sorted(facts.tiers),
        "budget_krw": facts.budget_krw,
        "region": facts.region,
        "reviews": facts.reviews,
        "track": facts.track,
    }


# --- the count toward the targets --------------------------------------------------------------------------


def count_firm(actor: Actor, organisation_id: int, tier: Tier, fixed_on: date, paid_by: str = "gov") -> CountedFirm:
    """Count a firm whose level was fixed by a final audit or a certificate; a better tier replaces a lower one.

    paid_by: gov | local | private. Called by `projects` in its own transaction.
    Source: counting rule: distinct 사업자등록번호, best audited result.
    """
    with transaction():
        row = session.scalar(sa.select(CountedFirm).where(CountedFirm.organisation_id == organisation_id))
        if row is None:
            row = CountedFirm(organisation_id=organisation_id, tier=tier, fixed_on=fixed_on, paid_by=paid_by)
            session.add(row)
        elif TIER_RANK[tier] > TIER_RANK[row.tier]:
            row.tier, row.fixed_on, row.paid_by = tier, fixed_on, paid_by
        else:
            return row
        session.flush()
        audit.record(actor, "firm.count", "organisation", organisation_id, {"tier": tier, "paid_by": paid_by})
        return row
