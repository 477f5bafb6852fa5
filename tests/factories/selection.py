"""Ranked calls at every stage, made through the services as operator, evaluators and chairs would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from portal.accounts.rules import Role
from portal.applications.models import Application
from portal.base.access import Actor
from portal.base.db import session, transaction
from portal.evaluation import deciding
from portal.evaluation import queries as evaluation
from portal.evaluation.models import CallPlan, Finding
from portal.programmes.models import Call
from portal.programmes.rules import Tier
from portal.selection import queries, service
from portal.selection.models import Ranking
from tests.factories import evaluation as make
from tests.factories.applications import a_call
from tests.stages import staged

SUBSIDY = 40_000_000
"""What each application of the factory gets: half of 80 million won."""


@staged
def a_ranked_call(budget: int = 2 * SUBSIDY, quotas: Mapping[Tier, int] | None = None, **changes: Any) -> Call:
    """A call whose cases are ranked; the default budget is for two firms."""
    call = a_call(budget_krw=budget, title_ko=changes.pop("title_ko", "순위로 뽑는 공고 (합성)"), **changes)
    with transaction():
        session.add(
            CallPlan(call_id=call.id, ranked=True, quotas={tier.value: n for tier, n in (quotas or {}).items()})
        )
    return call


@staged
def finalised(
    world: Any, call: Call, shares: Sequence[float], firms: Sequence[Actor] = (), *, recommended: bool = True
) -> list[Application]:
    """One application per share of the points, each reviewed by two and finalised by its chair.

    world: something with `.actor(name)`; firms: whose they are, further ones are made
    """
    un, gong, jang = (world.actor(name) for name in ("un", "gong", "jang"))
    first, second = make.an_evaluator("가위원"), make.an_evaluator("나위원")
    rows = []
    for number, share in enumerate(shares):
        firm = firms[number] if number < len(firms) else make.a_firm(f"순위기업{call.id}-{number} (합성)")
        case = make.in_evaluation(firm, gong, call=call)
        make.assigned(un, case, [first, second], jang)
        for one in (first, second):
            make.reviewed(one, case, tier=make.suggested(case), share=share)
        finalise(jang, case, recommended=recommended)
        rows.append(case)
    return rows


@staged
def finalise(chair: Actor, case: Application, *, recommended: bool = True, reason: str = "", **more: Any) -> Finding:
    reason = reason or ("" if recommended else make.REASON)
    return deciding.finalise(
        chair,
        evaluation.panel_of(case.id),
        tier=more.pop("tier", make.suggested(case)),
        recommended=recommended,
        reason=reason,
        **more,
    )


@staged
def head_chair() -> Actor:
    """A chair who neither assigned nor reviewed: approves rankings."""
    return make.an_evaluator("총괄위원장", role=Role.LEAD_EVALUATOR)


@staged
def proposed(operator: Actor, call: Call, chair: Actor | None = None, **options: Any) -> Ranking:
    return service.propose(operator, call, (chair or head_chair()).id, **options)


@staged
def approved(operator: Actor, call: Call, chair: Actor | None = None, **options: Any) -> Ranking:
    chair = chair or head_chair()
    return service.approve(chair, proposed(operator, call, chair, **options))


def outcomes(cases: Sequence[Application]) -> list[str]:
    """What each case became, by its newest decision."""
    session.expire_all()
    return [evaluation.decision_of(case.id).outcome.value for case in cases]


def door_values(world: Any) -> dict[str, Any]:
    """One ranked call that waits for its proposal, another whose ranking waits for jang, a third whose letters may go."""
    un = world.actor("un")
    open_call = a_ranked_call(title_ko="순위를 기다리는 공고 (합성)")
    [case] = finalised(world, open_call, [0.9])
    waiting = a_ranked_call()
    finalised(world, waiting, [0.8])
    ranking = proposed(un, waiting, world.actor("jang"))
    done = a_ranked_call()
    [told] = finalised(world, done, [0.9])
    approved(un, done)
    letters = {"key": done.key, "application_key": told.key}
    return {
        **{f"selection.{name}": letters for name in ("letter_preview", "letter_preview_paper")},
        **{f"selection.{name}": {"key": done.key} for name in ("call_letters", "letters_state", "send_letters")},
        **{f"selection.{name}": {"key": open_call.key} for name in ("call", "propose")},
        **{f"selection.{name}": {"key": waiting.key} for name in ("take_back", "budget", "export")},
        "selection.bonus": {"key": case.key},
        "selection.approve": {"key": ranking.key},
    }


def entries_of(ranking: Ranking) -> list[tuple[str, float, str]]:
    """(receipt number, total with bonus, outcome) in the order of the list."""
    session.expire_all()
    ranking = session.scalar(sa.select(Ranking).where(Ranking.id == ranking.id))
    return [
        (line.entry.application.number, line.entry.ranked_total, line.entry.outcome.value)
        for line in queries.lines(ranking)
    ]
