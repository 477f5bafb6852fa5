"""Calls, and the regional operator that some tests need beside the cast."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from portal.base import clock
from portal.base.access import SYSTEM, Actor
from portal.programmes import service
from portal.programmes.models import Call
from portal.programmes.rules import CallFacts, Tier

DAY = timedelta(days=1)


def facts(**changes: Any) -> CallFacts:
    """A sound national call for GOV that opened yesterday and ends in 30 days."""
    now = clock.now().replace(second=0, microsecond=0)
    given: dict[str, Any] = {
        "programme": "GOV",
        "title_ko": "정부일반형 고도화 지원 (합성)",
        "title_en": "General government programme (synthetic)",
        "opens_at": now - DAY,
        "closes_at": now + 30 * DAY,
        "tiers": frozenset({Tier.ADVANCED}),
        "budget_krw": 5_000_000_000,
    }
    return CallFacts(**{**given, **changes})


def an_open_call(actor: Actor = SYSTEM, **changes: Any) -> Call:
    return service.open_call(actor, facts(**changes))


def a_draft_call(actor: Actor = SYSTEM, **changes: Any) -> Call:
    return service.open_call(actor, facts(**changes), publish=False)


def an_ended_call(**changes: Any) -> Call:
    """A call whose window is past: made while it was still to come."""
    with clock.freeze(clock.now() - 60 * DAY):
        return service.open_call(SYSTEM, facts(**changes))


def door_values(world: Any) -> dict[str, Any]:
    """What stands behind the doors of programmes: one open call, one draft."""
    is_open, draft = an_open_call(), a_draft_call()
    return {
        "programmes.programme": {"code": "GOV"},
        "programmes.call": {"key": is_open.key},
        "programmes.operator_call": {"key": is_open.key},
        "programmes.edit_call": {"key": is_open.key},
        "programmes.close_call": {"key": is_open.key},
        "programmes.publish_call": {"key": draft.key},
    }
