"""Requests of gong for advice, in each state."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

from portal.advising import service
from portal.advising.models import Advice
from portal.advising.rules import AdviceKind, NoteKind
from portal.base import clock
from portal.base.access import Actor

NEED = "합성(예시) MES와 설비 데이터 수집 역량을 진단받고 싶습니다."


def asked(supplier: Actor, kind: AdviceKind = AdviceKind.CAPABILITY) -> Advice:
    return service.request(supplier, kind, NEED)


def planned(supplier: Actor, expert: Actor, kind: AdviceKind = AdviceKind.CAPABILITY) -> Advice:
    row = service.take(expert, asked(supplier, kind).key)
    return service.write(expert, row.key, NoteKind.PLAN, "합성(예시) 사업수행 기록과 인력을 봅니다.")


def visited(supplier: Actor, expert: Actor) -> Advice:
    """A request whose visit was yesterday."""
    with clock.freeze(clock.now() - timedelta(days=2)):
        row = planned(supplier, expert)
        day = clock.today() + timedelta(days=1)
        service.set_visit(expert, row.key, day=day, at=time(10), minutes=120, place="합성 본사")
    return row


def door_values(world: Any) -> dict[str, Any]:
    """Gong waits for an expert with one request; nam has visited it for another (pyeong reviews a case that names gong)."""
    gong = world.actor("gong")
    row = visited(gong, world.actor("nam"))
    waiting = asked(gong, AdviceKind.CONSULTING)
    return {
        **{
            f"advising.{name}": {"key": row.key} for name in ("show", "plan", "follow", "visit", "calendar", "conclude")
        },
        **{f"advising.{name}": {"key": waiting.key} for name in ("take", "withdraw")},
    }
