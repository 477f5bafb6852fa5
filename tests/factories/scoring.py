"""Suggestions and requests to explain them."""

from __future__ import annotations

from typing import Any

from portal.base.access import Actor
from portal.profiles import queries as profiles
from portal.scoring import queries, service
from portal.scoring.models import Suggestion
from tests.factories.profiles import complete_profile

QUESTION = "합성(예시) 생산실적 집계를 왜 2단계로 보는지 알고 싶습니다."


def suggestion(actor: Actor, **options: Any) -> Suggestion:
    """The newest suggestion of the actor's firm; its diagnosis is finished first when it has none."""
    if options or profiles.latest_version(actor.organisation_id) is None:
        complete_profile(actor, **options)
    return queries.latest_for(actor, actor.organisation_id)


def explanation(actor: Actor, question: str = QUESTION) -> str:
    """The key of a request that waits for its answer."""
    return service.ask_explanation(actor, suggestion(actor).key, question)


def door_values(world: Any) -> dict[str, Any]:
    """Behind the operators' door: what hana asked."""
    return {"scoring.answer_explanation": {"key": explanation(world.actor("hana"))}}
