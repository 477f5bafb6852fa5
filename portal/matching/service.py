"""Ranking suppliers for a company and keeping what was proposed, with its reasons."""

from __future__ import annotations

import hashlib
from typing import Any

from portal.accounts.rules import SME
from portal.applications import queries as applications
from portal.base import audit, clock, outbox
from portal.base.access import SYSTEM, Actor, Forbidden, RuleBroken
from portal.base.audit import canonical
from portal.base.db import session, transaction
from portal.directory import queries as directory
from portal.matching import queries
from portal.matching.models import Recommendation, Shortlist
from portal.matching.rules import KEPT, RULES_VERSION, Candidate, Cause, Need, seed_of
from portal.matching.score import Scored
from portal.matching.score import rank as rank_suppliers


def rank(
    actor: Actor,
    organisation_id: int,
    cause: Cause,
    *,
    suggestion_id: int | None = None,
    application_id: int | None = None,
) -> Shortlist:
    """Rank the public suppliers for one company and keep the first `KEPT` with their reasons.

    Returns: the new shortlist, or the newest one again when nothing that it was made from has changed.
    Raises : Forbidden for anybody but the company's own people and the system.
    Notes  : O(suppliers); deterministic in need, suppliers and the day. Writes shortlist, recommendation, audit;
             emits shortlist.made.
    """
    if not actor.is_system and (actor.organisation_id != organisation_id or not actor.has(*SME)):
        raise Forbidden("no_right")
    with transaction():
        need = queries.need_of(organisation_id, queries.newest_suggestion(organisation_id))
        offered = queries.candidates()
        seed = seed_of(clock.today())
        need_text = canonical(_need_facts(need))
        digest = _digest(need_text, offered, seed)
        newest = queries.latest(SYSTEM, organisation_id)
        if newest is not None and newest.inputs_sha256 == digest and newest.application_id == application_id:
            return newest
        ranking = rank_suppliers(need, offered, seed=seed, technology_names=directory.Names().technologies, limit=KEPT)
        made = Shortlist(
            organisation_id=organisation_id,
            cause=cause,
            suggestion_id=suggestion_id,
            application_id=application_id,
            rules_version=RULES_VERSION,
            seed=seed,
            need=need_text,
            inputs_sha256=digest,
            dropped=dict(ranking.dropped),
            considered=ranking.considered,
        )
        session.add(made)
        session.flush()
        session.add_all(_recommendation(made.id, row) for row in ranking.rows)
        session.flush()
        audit.record(
            actor,
            "shortlist.make",
            "shortlist",
            made.id,
            {"cause": cause.value, "inputs": digest, "places": len(ranking.rows), "organisation": organisation_id},
        )
        outbox.emit("shortlist.made", shortlist_id=made.id, organisation_id=organisation_id)
        return made


def rank_again(actor: Actor) -> Shortlist:
    """Look again for the own company, by its people.

    Raises: RuleBroken match_needs_diagnosis before the first suggestion; Forbidden.
    """
    if actor.organisation_id is None or queries.newest_suggestion(actor.organisation_id) is None:
        raise RuleBroken("match_needs_diagnosis")
    return rank(actor, actor.organisation_id, Cause.ASKED)


def _recommendation(shortlist_id: int, row: Scored) -> Recommendation:
    return Recommendation(
        shortlist_id=shortlist_id,
        listing_id=row.candidate.id,
        place=row.place,
        score=row.score,
        parts=[{"code": part.code, "points": part.points, **part.reason.as_dict()} for part in row.parts],
        is_newcomer=row.candidate.is_newcomer,
        is_by_slot=row.is_by_slot,
    )


def _need_facts(need: Need) -> dict[str, Any]:
    return {
        "technologies": dict(need.technologies),
        "items": {code: list(items) for code, items in need.items.items()},
        "regions": sorted(need.regions),
        "ksic": need.ksic,
        "size": need.size,
        "target_level": need.target_level,
    }


def _digest(need_text: str, offered: list[Candidate], seed: str) -> str:
    suppliers = [
        [
            row.key,
            row.open_slots,
            row.is_grey,
            row.technologies,
            list(row.sectors),
            list(row.regions),
            row.home,
            row.aftercare_hours,
            [record.id for record in row.records],
        ]
        for row in offered
    ]
    text = canonical([RULES_VERSION, seed, need_text, suppliers])
    return hashlib.sha256(text.encode()).hexdigest()


# --- after-effects -----------------------------------------------------------------------------------------


@outbox.soon
def rank_after_suggestion(suggestion_id: int, organisation_id: int) -> None:
    """The first suggestion opens the matching; each later one follows the company's new answers."""
    rank(SYSTEM, organisation_id, Cause.SUGGESTION, suggestion_id=suggestion_id)


def rank_after_decision(application_id: int, decision_id: int) -> None:
    """A decision fixes tier and programme: look again."""
    application = applications.by_id(SYSTEM, application_id)
    rank(SYSTEM, application.organisation_id, Cause.DECISION, application_id=application_id)
