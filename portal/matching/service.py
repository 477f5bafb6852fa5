"""Ranking suppliers for a company and keeping what was proposed, with its reasons."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from portal.accounts.rules import SME
from portal.applications import queries as applications
from portal.base import audit, clock, outbox
from portal.base.access import SYSTEM, Actor, Forbidden, RuleBroken, StaleVersion
from portal.base.audit import canonical
from portal.base.db import session, transaction
from portal.directory import queries as directory
from portal.directory.marks import Mark
from portal.directory.rules import clean
from portal.matching import queries
from portal.matching.models import Recommendation, Shortlist, WrittenNeed
from portal.matching.rules import KEPT, MAX_WRITTEN, RULES_VERSION, Candidate, Cause, Need, seed_of
from portal.matching.score import Scored
from portal.matching.score import rank as rank_suppliers
from portal.reference.rules import SizeClass


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
        need = queries.need_of(organisation_id)
        offered = queries.candidates()
        seed = seed_of(clock.today())
        need_text = canonical(need_facts(need))
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

    Raises: RuleBroken match_needs_diagnosis before the first suggestion and written need; Forbidden.
    """
    own = actor.organisation_id
    if own is None or (queries.newest_suggestion(own) is None and queries.written_need(own) is None):
        raise RuleBroken("match_needs_diagnosis")
    return rank(actor, actor.organisation_id, Cause.ASKED)


def write_need(actor: Actor, text: str, *, version: int | None = None) -> WrittenNeed | None:
    """Keep what a company says in its own words that it needs, and rank by it; an empty text takes it back.

    version: that the writer saw; None for the first text
    Raises : Forbidden; RuleBroken match_written_long (text); StaleVersion when a colleague saved in between.
    Notes  : the technologies that the text names count as much as the whole diagnosis. Writes written_need, audit.
    """
    if not actor.has(*SME) or actor.organisation_id is None:
        raise Forbidden("no_right")
    text = clean(text)
    if len(text) > MAX_WRITTEN:
        raise RuleBroken("match_written_long", "text", limit=MAX_WRITTEN)
    with transaction():
        row = queries.written_need(actor.organisation_id)
        if (row.version if row else None) != version:
            raise StaleVersion(mine={"text": text}, current={"text": row.text if row else ""})
        named = queries.named_technologies(text)
        if not text:
            if row is not None:
                session.delete(row)
        elif row is None:
            row = WrittenNeed(organisation_id=actor.organisation_id, text=text)
            session.add(row)
        if text:
            row.text, row.technologies, row.written_by_id = text, named, actor.id
        session.flush()
        detail = {"technologies": named, "text": audit.digest(text)}
        audit.record(actor, "written_need.save", "organisation", actor.organisation_id, detail)
        if text or queries.newest_suggestion(actor.organisation_id) is not None:
            rank(actor, actor.organisation_id, Cause.WRITTEN)
        return row if text else None


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


def need_facts(need: Need) -> dict[str, Any]:
    return {
        "technologies": dict(need.technologies),
        "items": {code: list(items) for code, items in need.items.items()},
        "regions": sorted(need.regions),
        "ksic": need.ksic,
        "size": need.size,
        "target_level": need.target_level,
        "required": sorted(need.required),
    }


def need_from(organisation_id: int, facts: Mapping[str, Any]) -> Need:
    """The need that `need_facts` wrote down."""
    return Need(
        organisation_id=organisation_id,
        technologies=facts["technologies"],
        items=facts["items"],
        regions=frozenset(facts["regions"]),
        ksic=facts["ksic"],
        size=SizeClass(facts["size"]) if facts["size"] else None,
        target_level=facts["target_level"],
        required=frozenset(map(Mark, facts.get("required", ()))),
    )


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
            sorted(row.marks),
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
