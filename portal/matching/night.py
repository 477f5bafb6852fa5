"""The recommendations of the day: asked for, read by the company that they are for and by operators.

The worker makes them (`night_work`). Only the newest plan that is done counts, and every reading asks at last which
suppliers are public now, so that one suspended since is gone at once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from portal.accounts.rules import SME, Role
from portal.base import audit, clock, outbox
from portal.base.access import SYSTEM, Actor, Forbidden, RuleBroken
from portal.base.db import in_turn, session, transaction
from portal.directory import queries as directory
from portal.directory.models import Listing
from portal.matching import queries
from portal.matching.models import NightlyCompany, NightlyPair, NightlyPlan
from portal.matching.queries import Match
from portal.matching.rules import RULES_VERSION, NightState, seed_of
from portal.matching.score import parts_of
from portal.matching.service import need_from

_ASKING = 0x4E494748  # an arbitrary constant, like the audit chain's
OPEN = (NightState.WAITING, NightState.RUNNING)


def visible_to(actor: Actor) -> sa.Select[tuple[NightlyPlan]]:
    """Plans with their figures: national operators and auditors."""
    sees = actor.is_system or actor.has(Role.OPERATOR_NATIONAL, Role.AUDITOR)
    return sa.select(NightlyPlan).where(sa.true() if sees else sa.false())


def plans(actor: Actor, limit: int = 30) -> Sequence[NightlyPlan]:
    """The newest plans first."""
    return session.scalars(visible_to(actor).order_by(NightlyPlan.id.desc()).limit(limit)).all()


def current() -> NightlyPlan | None:
    """The plan that counts."""
    return session.scalar(
        sa.select(NightlyPlan).where(NightlyPlan.state == NightState.DONE).order_by(NightlyPlan.id.desc()).limit(1)
    )


def running() -> NightlyPlan | None:
    """The plan that waits or is being made."""
    return session.scalar(sa.select(NightlyPlan).where(NightlyPlan.state.in_(OPEN)).order_by(NightlyPlan.id).limit(1))


@dataclass(frozen=True)
class Tonight:
    """What a company is recommended today."""

    plan: NightlyPlan
    items: Sequence[Match]
    names: directory.Names
    need: dict[str, Any]


def tonight(actor: Actor) -> Tonight | None:
    """The recommendations of the day for the actor's own company; None when there are none.

    Notes: parts and sentences are worked out from the suppliers as they stand now; places are the plan's.
    """
    plan = current() if actor.has(*SME) and actor.organisation_id is not None else None
    seen = _company(plan, actor.organisation_id) if plan else None
    if plan is None or seen is None:
        return None
    rows = session.scalars(
        sa.select(NightlyPair)
        .join(Listing, Listing.id == NightlyPair.listing_id)
        .where(
            NightlyPair.plan_id == plan.id,
            NightlyPair.organisation_id == actor.organisation_id,
            Listing.id.in_(directory.public(actor).with_only_columns(Listing.id)),
        )
        .order_by(NightlyPair.place)
        .options(contains_eager(NightlyPair.listing).selectinload(Listing.records))
    ).all()
    if not rows:
        return None
    names, facts = directory.Names(), json.loads(seen.need)
    need = need_from(actor.organisation_id, facts)
    items = []
    for row, one in zip(rows, queries.candidates_of([row.listing for row in rows]), strict=True):
        parts = parts_of(need, one, mean=plan.figures["mean"], technology_names=names.technologies)
        score = round(sum(part.points for part in parts), 2)
        items.append(Match(row.listing, row.place, score, parts, one.is_newcomer, False, one.marks))
    return Tonight(plan, items, names, facts)


def _company(plan: NightlyPlan, organisation_id: int) -> NightlyCompany | None:
    return session.scalar(
        sa.select(NightlyCompany).where(
            NightlyCompany.plan_id == plan.id, NightlyCompany.organisation_id == organisation_id
        )
    )


# --- asking ------------------------------------------------------------------------------------------------


def ask(actor: Actor) -> NightlyPlan:
    """Ask the worker for a new plan with the day's published seed.

    Raises: Forbidden; RuleBroken night_running while one waits or is being made.
    Notes : emits nightly_plan.asked, which wakes the worker; it takes the plan from its table
    """
    if not actor.is_system and not actor.has(Role.OPERATOR_NATIONAL):
        raise Forbidden("no_right")
    with transaction():
        in_turn(_ASKING)
        if running() is not None:
            raise RuleBroken("night_running")
        row = NightlyPlan(
            day=clock.today(),
            seed=seed_of(clock.today()),
            rules_version=RULES_VERSION,
            state=NightState.WAITING,
            asked_by_id=actor.id,
        )
        session.add(row)
        session.flush()
        audit.record(actor, "nightly_plan.ask", "nightly_plan", row.id, {"seed": row.seed})
        outbox.emit("nightly_plan.asked", plan_id=row.id)
        session.info["wake_worker"] = True
        return row


def ask_nightly() -> None:
    """The schedule's own asking; a plan that waits already will do."""
    if running() is None:
        ask(SYSTEM)
