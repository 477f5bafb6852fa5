"""What stood before a company when it chose, kept so that it can later show how it chose.

Kept when a company asks a supplier (the consultations call `keep`), and whenever it wants. Names, reasons and scores
are copied; what happens to listings later does not change them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from portal.accounts.rules import SME, Role
from portal.base import audit, clock
from portal.base.access import Actor, Forbidden, NotVisible, RuleBroken
from portal.base.audit import canonical
from portal.base.db import session, transaction
from portal.directory.models import Listing
from portal.matching import night, queries
from portal.matching.models import Choice
from portal.matching.queries import Match

KEPT_PLACES = 10
"""As many as the page shows at first."""


def visible_to(actor: Actor) -> sa.Select[tuple[Choice]]:
    """The kept lists of the own company; national operators and auditors all."""
    allowed: list[sa.ColumnElement[bool]] = [sa.false()]
    if actor.is_system or actor.has(Role.OPERATOR_NATIONAL, Role.AUDITOR):
        allowed.append(sa.true())
    if actor.has(*SME) and actor.organisation_id is not None:
        allowed.append(Choice.organisation_id == actor.organisation_id)
    return sa.select(Choice).where(sa.or_(*allowed))


def by_key(actor: Actor, key: str) -> Choice:
    """Raises: NotVisible."""
    row = session.scalar(visible_to(actor).where(Choice.key == key))
    if row is None:
        raise NotVisible
    return row


def newest(actor: Actor, limit: int = 20) -> Sequence[Choice]:
    """The own company's kept lists, newest first."""
    return session.scalars(
        visible_to(actor).where(Choice.organisation_id == actor.organisation_id).order_by(Choice.id.desc()).limit(limit)
    ).all()


def is_intact(row: Choice) -> bool:
    """Whether what is kept is what was kept."""
    return hashlib.sha256(row.body.encode()).hexdigest() == row.sha256


def keep(actor: Actor, chosen: Collection[int] = ()) -> Choice:
    """Keep what stands before the actor's company now.

    chosen: listings that it asks with this, whether they stand on a list or not
    Raises: Forbidden; RuleBroken match_nothing_to_keep when there is no list and nobody is chosen.
    Notes : joins the caller's transaction; the same list and choice give the row that is there already. Writes
            matching_choice, audit.
    """
    if not actor.has(*SME) or actor.organisation_id is None:
        raise Forbidden("no_right")
    with transaction():
        matches, today = queries.matches_for(actor, limit=KEPT_PLACES), night.tonight(actor)
        if matches is None and today is None and not chosen:
            raise RuleBroken("match_nothing_to_keep")
        body = canonical(_body(matches, today, chosen))
        sha256 = hashlib.sha256(body.encode()).hexdigest()
        there = session.scalar(
            sa.select(Choice).where(Choice.organisation_id == actor.organisation_id, Choice.sha256 == sha256)
        )
        if there is not None:
            return there
        row = Choice(
            organisation_id=actor.organisation_id,
            shortlist_id=matches.shortlist.id if matches else None,
            made_by_id=actor.id,
            body=body,
            sha256=sha256,
        )
        session.add(row)
        session.flush()
        audit.record(
            actor, "matching_choice.keep", "matching_choice", row.id, {"sha256": sha256, "chosen": sorted(chosen)}
        )
        return row


def _body(matches: queries.Matches | None, today: night.Tonight | None, chosen: Collection[int]) -> dict[str, Any]:
    asked = session.scalars(sa.select(Listing).where(Listing.id.in_(chosen)).order_by(Listing.id)).all()
    body: dict[str, Any] = {
        "day": clock.today().isoformat(),
        "chosen": [{"key": row.key, "name": row.name} for row in asked],
        "lists": [],
    }
    if matches:
        shortlist = matches.shortlist
        body["lists"].append(
            {
                "kind": "shortlist",
                "made_at": shortlist.created_at.isoformat(),
                "seed": shortlist.seed,
                "rules": shortlist.rules_version,
                "inputs": shortlist.inputs_sha256,
                "considered": shortlist.considered,
                "dropped": shortlist.dropped,
                "needed": [name.as_dict() for name in matches.needed],
                "suppliers": [_supplier(match) for match in matches.items],
            }
        )
    if today:
        needs = today.need["technologies"]
        body["lists"].append(
            {
                "kind": "nightly",
                "made_at": today.plan.finished_at.isoformat(),
                "seed": today.plan.seed,
                "rules": today.plan.rules_version,
                "needed": [
                    today.names.technology(code).as_dict()
                    for code in sorted(needs, key=lambda code: (-needs[code], code))
                ],
                "suppliers": [_supplier(match) for match in today.items],
            }
        )
    return body


def _supplier(match: Match) -> dict[str, Any]:
    return {
        "key": match.listing.key,
        "name": match.listing.name,
        "place": match.place,
        "score": match.score,
        "newcomer": match.is_newcomer,
        "by_slot": match.is_by_slot,
        "marks": sorted(match.marks),
        "parts": [{"code": part.code, "points": part.points, **part.reason.as_dict()} for part in match.parts],
    }
