"""Somebody leaves the pool: every seat that is still open becomes free, and every right on a case ends with it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from portal.accounts.models import Person
from portal.base import audit, clock, grants, mail, outbox
from portal.base.access import SYSTEM
from portal.base.db import session
from portal.evaluation import queries
from portal.evaluation.models import Assignment, Decision, Panel
from portal.evaluation.rules import OPEN_STATES, AssignmentState, RecusalReason
from portal.scoring import rules as scoring_rules


@outbox.soon
def free_seats(person_id: int, **_: Any) -> None:
    """evaluator.removed → open seats are free again, nothing can be read any more; who assigned hears of chairs lost.

    Notes: what was handed in stays, as it does when somebody dies; emits evaluator.recused for each seat
    """
    seats = session.scalars(
        sa.select(Assignment)
        .where(Assignment.evaluator_id == person_id, Assignment.state != AssignmentState.RECUSED)
        .order_by(Assignment.id)
        .with_for_update(of=Assignment)
    ).all()
    for seat in seats:
        _shut(seat.application_id, person_id, "review")
        if seat.state not in OPEN_STATES:
            continue
        seat.state, seat.recusal_reason, seat.recused_at = AssignmentState.RECUSED, RecusalReason.REMOVED, clock.now()
        audit.record(
            SYSTEM,
            "assignment.free",
            "assignment",
            seat.id,
            {"application": seat.application_id, "reason": RecusalReason.REMOVED},
        )
        outbox.emit("evaluator.recused", assignment_id=seat.id)
    decided = sa.exists().where(Decision.panel_id == Panel.id)
    for panel in session.scalars(
        sa.select(Panel).where(Panel.chair_id == person_id, ~decided).order_by(Panel.id)
    ).unique():
        _shut(panel.application_id, person_id, "decide")
        audit.record(SYSTEM, "panel.lose_chair", "application", panel.application_id, {"panel": panel.id})
        operator = session.get(Person, panel.assigned_by_id) if panel.assigned_by_id else None
        if operator is not None:
            mail.queue(
                operator.email,
                "chair_needed",
                operator.language,
                f"chair-needed-{panel.id}-{person_id}",
                name=operator.name,
                number=panel.application.number,
                path=f"/operator/assignments/{panel.application.key}",
            )


def _shut(application_id: int, person_id: int, right: str) -> None:
    reason = "evaluation.left_pool"
    grants.take(SYSTEM, "application", application_id, right, person_id=person_id, reason=reason)
    if version_id := queries.profile_version_id(application_id):
        grants.take(SYSTEM, "profile_version", version_id, "read", person_id=person_id, reason=reason)
    if suggestion := queries.suggestion_of(application_id):
        grants.take(SYSTEM, "suggestion", suggestion.id, scoring_rules.READ, person_id=person_id, reason=reason)
