"""People of the pool: candidates with their papers, entries in each status."""

from __future__ import annotations

import io
from typing import Any

from portal.accounts import queries as accounts
from portal.accounts import service as people
from portal.accounts.models import Person
from portal.accounts.rules import Role
from portal.base.access import SYSTEM, Actor
from portal.base.db import session
from portal.evaluators import service
from portal.evaluators.models import Membership
from portal.evaluators.rules import CareerKind, PaperKind

FACTS: dict[str, Any] = {
    "ground": "industry_bachelor",
    "years": 9,
    "region": "gyeonggi",
    "technologies": ["MES", "POP"],
    "industries": ["25", "30"],
    "text": "합성(예시) 금속가공 공장의 생산관리와 설비 데이터 수집을 아홉 해 맡았습니다. 품질 이력 추적도 했습니다.",
    "capacity": 20,
    "min_load": 2,
    "careers": [
        {
            "kind": CareerKind.EMPLOYED,
            "name": "합성 전 직장",
            "registration_number": None,
            "from_on": None,
            "to_on": None,
        }
    ],
}
PDF = b"%PDF-1.4\n% synthetic paper\n"


def a_candidate(name: str = "지원자") -> Actor:
    """Somebody who may apply and has written nothing yet."""
    email = f"candidate-{name}@pool.example"
    found = accounts.person_by_email(email)
    if found is None:
        found = people.add_person(SYSTEM, email=email, name=name, roles={Role.CANDIDATE}, confirmed=True)
    return accounts.actor_of(session.get(Person, found.id))


def actor_of(person_id: int) -> Actor:
    """The Actor that somebody is now."""
    session.expire_all()
    return accounts.actor_of(session.get(Person, person_id))


def drafted(actor: Actor, **changes: Any) -> Membership:
    """A complete draft with the papers that its ground asks for."""
    row = service.save_entry(actor, {**FACTS, **changes}, version_of(actor))
    for kind in (PaperKind.DEGREE, PaperKind.CAREER):
        service.add_paper(actor, kind, io.BytesIO(PDF + kind.value.encode()), f"합성 {kind.value}.pdf")
    return row


def version_of(actor: Actor) -> int | None:
    from portal.evaluators import queries

    row = queries.of_person(actor.id)
    return row.version if row else None


def applied(actor: Actor, **changes: Any) -> Membership:
    drafted(actor, **changes)
    return service.apply(actor, pledge=True)


def admitted(operator: Actor, actor: Actor, **changes: Any) -> Membership:
    row = applied(actor, **changes)
    return service.approve(operator, row.person.key)


def door_values(world: Any) -> dict[str, Any]:
    """A candidate's application stands behind the operators' doors; pyeong has an entry, a paper and an absence."""
    from datetime import timedelta

    from portal.base import clock

    pyeong = world.actor("pyeong")
    service.save_entry(pyeong, FACTS)
    paper = service.add_paper(pyeong, PaperKind.CAREER, io.BytesIO(PDF), "합성 경력.pdf")
    day = clock.today() + timedelta(days=100)
    absence = service.add_absence(pyeong, day, day)
    row = applied(a_candidate())
    decide = {"key": row.person.key, "paper_key": row.papers[0].key}
    return {
        "evaluators.own_paper": {"key": paper.key},
        "evaluators.remove_paper": {"key": paper.key},
        "evaluators.remove_absence": {"key": absence.key},
        **{f"evaluators.{name}": decide for name in ("member", "paper", "approve", "refuse", "remove", "restore")},
    }
