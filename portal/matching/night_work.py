"""Making the night's plan, by the worker alone: needs of all companies, best arcs, a flow over consultations, rows.

Being alone is a lock on a file, which the system takes back when the process dies: a plan found RUNNING by who holds
the lock was left behind, and is made anew. The old plan counts until the new one is in place, all at once.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.base import audit, clock
from portal.base.access import SYSTEM
from portal.base.alone import alone
from portal.base.audit import canonical
from portal.base.db import session, transaction
from portal.directory import queries as directory
from portal.directory.models import Listing
from portal.matching import night, queries
from portal.matching.models import NightlyCompany, NightlyListing, NightlyPair, NightlyPlan
from portal.matching.rules import (
    PER_COMPANY,
    Candidate,
    Need,
    NightState,
    NightStep,
    gate,
    number_of,
    talks,
)
from portal.matching.score import mean_outcome
from portal.matching.service import need_facts

if TYPE_CHECKING:
    import numpy as np
    from scipy.sparse import csr_matrix

log = logging.getLogger("portal.matching")

BLOCK = 500
ROWS = 5_000
_NOBODY = -1
Told = Callable[[NightStep, int, int], None]


def run_waiting() -> int:
    """Make every plan that waits; nothing when another process is at it. Returns how many ended."""
    ended = 0
    with alone("night") as mine:
        while mine and (plan := night.running()) is not None:
            run(plan.id)
            ended += 1
    return ended


def run(plan_id: int) -> None:
    """Make one plan to its end: DONE with its figures, or FAILED, and the one before it goes on counting."""
    with transaction():
        row = session.get(NightlyPlan, plan_id)
        row.state, row.started_at = NightState.RUNNING, clock.now()
    try:
        _make(plan_id, _told(plan_id))
    except Exception as error:  # whatever it is, the page must say that it ended
        log.exception("a nightly plan failed", extra={"plan": plan_id})
        with transaction():
            row = session.get(NightlyPlan, plan_id)
            row.state, row.finished_at, row.problem = NightState.FAILED, clock.now(), type(error).__name__
            audit.record(SYSTEM, "nightly_plan.end", "nightly_plan", plan_id, {"problem": row.problem})


def _make(plan_id: int, told: Told) -> None:
    from portal.matching import arcs, plan  # numpy, scipy, OR-tools: only the worker pays for them

    needs = _needs(told)
    candidates = queries.candidates()
    session.expunge_all()  # each step told ends a transaction, and rows of the session would then be read again
    able = [one for one in candidates if not one.is_grey and one.open_slots > 0]
    mean = mean_outcome(able)
    room = talks([0 if one.is_grey else one.open_slots for one in candidates], len(needs))
    score = arcs.build(
        needs, candidates, mean=mean, room=room, told=lambda done, total: told(NightStep.ARCS, done, total)
    )
    told(NightStep.FLOW, 0, len(needs))
    seed = session.get(NightlyPlan, plan_id).seed
    allocation = plan.recommend(score, room, PER_COMPANY, number_of(seed), [one.is_newcomer for one in candidates])
    told(NightStep.KEEPING, 0, len(needs))
    _keep(plan_id, needs, candidates, score, room, allocation.pairs, mean)


def _needs(told: Told) -> list[Need]:
    everybody = queries.companies_with_needs()
    needs: list[Need] = []
    for start in range(0, len(everybody), BLOCK):
        needs += queries.needs(everybody[start : start + BLOCK])
        session.expunge_all()
        told(NightStep.NEEDS, len(needs), len(everybody))
    return needs


def _keep(
    plan_id: int,
    needs: Sequence[Need],
    candidates: Sequence[Candidate],
    score: csr_matrix,
    room: Sequence[int],
    pairs: np.ndarray,
    mean: float,
) -> None:
    """Put the new rows in the place of the old ones, in one transaction."""
    given = Counter(pairs[:, 1].tolist())
    near = Counter(score.indices.tolist())
    placed = _placed(needs, candidates, score, pairs)
    served = {row["organisation_id"] for row in placed}
    reasons = [_why_nobody(score, at) if need.organisation_id not in served else "" for at, need in enumerate(needs)]
    kept_out = _kept_out(needs, candidates)
    with transaction():
        # who was suspended or left while this was worked out must not come back
        public = set(session.scalars(directory.public(SYSTEM).with_only_columns(Listing.id)))
        for kind in (NightlyPair, NightlyCompany, NightlyListing):
            session.execute(sa.delete(kind))
        _insert(NightlyPair, [{"plan_id": plan_id, **row} for row in placed if row["listing_id"] in public])
        _insert(
            NightlyCompany,
            [
                {
                    "plan_id": plan_id,
                    "organisation_id": need.organisation_id,
                    "need": canonical(need_facts(need)),
                    "threshold": _threshold(score, at),
                    "unserved": reason,
                }
                for at, (need, reason) in enumerate(zip(needs, reasons, strict=True))
            ],
        )
        _insert(
            NightlyListing,
            [
                {
                    "plan_id": plan_id,
                    "listing_id": one.id,
                    "talks": room[at],
                    "given": given[at],
                    "near": near[at],
                    "kept_out": kept_out[at],
                }
                for at, one in enumerate(candidates)
                if one.id in public
            ],
        )
        row = session.get(NightlyPlan, plan_id)
        row.state, row.finished_at = NightState.DONE, clock.now()
        row.figures = {
            "companies": len(needs),
            "suppliers": len(candidates),
            "talks": sum(room),
            "pairs": len(placed),
            "served": len(served),
            "unserved": dict(Counter(reason for reason in reasons if reason)),
            "top_share": top_share([given[at] for at in range(len(candidates))]),
            "none": sum(not given[at] for at in range(len(candidates))),
            "mean": mean,
        }
        audit.record(
            SYSTEM,
            "nightly_plan.end",
            "nightly_plan",
            plan_id,
            {"seed": row.seed, "pairs": len(placed), "served": len(served)},
        )


def _insert(kind: Any, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), ROWS):
        session.execute(sa.insert(kind), rows[start : start + ROWS])


def _placed(
    needs: Sequence[Need], candidates: Sequence[Candidate], score: csr_matrix, pairs: np.ndarray
) -> list[dict[str, Any]]:
    """The pairs with their places: best score first, equal ones by the supplier's public key."""
    found: dict[int, list[tuple[float, str, int]]] = {}
    for company, supplier in pairs.tolist():
        row = slice(score.indptr[company], score.indptr[company + 1])
        points = float(score.data[row][score.indices[row] == supplier][0])
        found.setdefault(company, []).append((-points, candidates[supplier].key, candidates[supplier].id))
    return [
        {"organisation_id": needs[company].organisation_id, "listing_id": listing_id, "place": place, "score": -points}
        for company, some in found.items()
        for place, (points, _, listing_id) in enumerate(sorted(some), 1)
    ]


def _threshold(score: csr_matrix, at: int) -> float | None:
    """The points of the last of the first five."""
    points = score.data[score.indptr[at] : score.indptr[at + 1]]
    return float(sorted(points)[-PER_COMPANY]) if len(points) >= PER_COMPANY else None


def _why_nobody(score: csr_matrix, at: int) -> str:
    return "night_full" if score.indptr[at + 1] > score.indptr[at] else "night_nobody_fits"


def _kept_out(needs: Sequence[Need], candidates: Sequence[Candidate]) -> list[dict[str, int]]:
    """For each supplier: gate → companies. Companies of one place and call are alike, but for a supplier's own."""
    places = Counter((need.regions, need.required) for need in needs)
    seats = {need.organisation_id: (need.regions, need.required) for need in needs}
    found = []
    for one in candidates:
        counted: Counter[str] = Counter()
        own = seats.get(one.organisation_id)
        for alike, companies in places.items():
            if code := gate(Need(_NOBODY, regions=alike[0], required=alike[1]), one):
                counted[code] += companies - (alike == own)
        found.append({code: count for code, count in counted.items() if count})
    return found


def top_share(given: Sequence[int]) -> float:
    """The share of all recommendations that the first hundredth of the suppliers gets (at least one supplier)."""
    total = sum(given)
    return sum(sorted(given, reverse=True)[: max(1, len(given) // 100)]) / total if total else 0.0


def _told(plan_id: int) -> Told:
    def told(step: NightStep, done: int, total: int) -> None:
        with transaction():
            row = session.get(NightlyPlan, plan_id)
            row.step, row.done, row.total = step, done, total

    return told
