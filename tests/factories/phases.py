"""Calls whose evaluation has more phases than the default, set through the service as an operator would."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from portal.base.access import SYSTEM, Actor
from portal.evaluation import phasing, plans
from portal.evaluation.phases import Phase, PhaseKind, Plan
from portal.programmes.models import Call

ALL = (
    Phase(PhaseKind.REQUIREMENT),
    Phase(PhaseKind.WRITTEN),
    Phase(PhaseKind.SITE),
    Phase(PhaseKind.PRESENTATION),
)


def with_phases(call: Call, *rows: Phase, actor: Actor = SYSTEM, **plan: Any) -> Plan:
    """Give a call these phases (all four of them by default) and change parts of its plan."""
    standing = plans.plan_of(call)
    return phasing.define(actor, call, replace(standing, **plan), rows or ALL, standing.version)


def but(kind: PhaseKind, **changes: Any) -> tuple[Phase, ...]:
    """All four phases, one of them changed."""
    return tuple(replace(one, **changes) if one.kind is kind else one for one in ALL)
