"""Ties, findings and objections, as the services write them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from portal.applications.models import Application
from portal.base.access import SYSTEM, Actor
from portal.base.db import session
from portal.conflicts import service
from portal.conflicts.models import ConflictFound, Objection, Tie
from portal.conflicts.rules import Moment, Source, TieKind
from portal.evaluation import conflicted, objecting

REASON = "합성(예시) 작년에 같은 일로 다툼이 있어 공정하게 평가받기 어렵다고 생각합니다."


def a_tie(kind: TieKind = TieKind.ADVISED, **facts: Any) -> Tie:
    return service.note_tie(SYSTEM, kind, Source.OPERATOR, **facts)


def found(application: Application, judge: Actor) -> ConflictFound:
    """The first conflict of somebody with a case, kept as a draw would keep it."""
    rows = conflicted.barred([application], [judge.id], "assignment")
    service.keep_found(SYSTEM, conflicted.CASE, rows, Moment.ASSIGNMENT)
    return session.scalar(
        sa.select(ConflictFound)
        .where(ConflictFound.object_id == application.id, ConflictFound.evaluator_id == judge.id)
        .order_by(ConflictFound.id)
    )


def an_objection(firm: Actor, application: Application, name: str = "남위원", **facts: Any) -> Objection:
    return objecting.make(
        firm, application.key, **{"is_firm": False, "name": name, "belongs_to": "", "reason": REASON, **facts}
    )


def door_values(world: Any) -> dict[str, Any]:
    """nam once advised duri's firm; the tie stands."""
    tie = a_tie(person_id=world.actor("nam").id, organisation_id=world.actor("duri").organisation_id)
    return {f"conflicts.{name}": {"key": tie.key} for name in ("tie", "end_tie", "pin_tie")}
