"""Offers of a large firm, its people, and companies that want to join."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from portal.accounts import queries as accounts
from portal.accounts import service as people
from portal.accounts.models import Person
from portal.accounts.rules import OrganisationKind, Role
from portal.base import clock
from portal.base.access import SYSTEM, Actor
from portal.base.db import session
from portal.programmes import service as programmes
from portal.programmes.models import Programme
from portal.winwin import service
from portal.winwin.models import Joining, Offer
from portal.winwin.rules import Facts, Mentor, Shares


def a_partner(name: str = "합성대기업", number: int = 1) -> Actor:
    """Somebody of a large firm."""
    email = f"partner-{number}@large.example"
    found = accounts.person_by_email(email)
    if found is None:
        firm = people.add_organisation(SYSTEM, OrganisationKind.PARTNER, f"{name} (합성)", region="gyeonggi")
        found = people.add_person(
            SYSTEM, email=email, name="합성 상생팀", roles={Role.PARTNER}, organisation=firm, confirmed=True
        )
    return accounts.actor_of(session.get(Person, found.id))


def a_local_operator(region: str = "gyeonggi") -> Actor:
    office = people.add_organisation(SYSTEM, OrganisationKind.AGENCY, f"{region} 합성 기관", region=region)
    person = people.add_person(
        SYSTEM, email=f"office-{region}@agency.example", name="합성 지역", roles={Role.OPERATOR_REGION},
        organisation=office, confirmed=True,
    )  # fmt: skip
    return Actor(id=person.id, roles=frozenset({Role.OPERATOR_REGION}), organisation_id=office.id, region=region)


def facts(**changes: Any) -> Facts:
    """A sound offer under WIN1 for companies anywhere."""
    if session.scalar(sa.select(Programme.id).limit(1)) is None:
        programmes.load_catalogue(SYSTEM)
    given: dict[str, Any] = {
        "programme": "WIN1",
        "title": "협력사 MES 함께 짓기 (합성)",
        "summary": "합성(예시) 거래 관계가 없어도 됩니다. 멘토가 8주 함께합니다.",
        "shares": Shares(30, 40, 30),
        "project_krw": 200_000_000,
        "places": 2,
        "closes_on": clock.today() + timedelta(days=30),
        "technologies": ("MES", "POP"),
        "sectors": ("25",),
        "regions": ("nationwide",),
        "mentors": (Mentor("품질관리 20년", ("SPC",), 8), Mentor("MES 15년", ("MES",), 6)),
    }
    return Facts(**{**given, **changes})


def sent_offer(actor: Actor, **changes: Any) -> Offer:
    return service.save_offer(actor, facts(**changes), send=True)


def open_offer(actor: Actor, **changes: Any) -> Offer:
    row = sent_offer(actor, **changes)
    return service.judge_offer(Actor(id=1, roles=frozenset({Role.OPERATOR_NATIONAL})), row.key, approve=True)


def joined(company: Actor, offer: Offer) -> Joining:
    return service.join(company, offer.key, "합성(예시) 실적을 종이로 모읍니다.")


def other_company(number: int) -> Actor:
    firm = people.add_organisation(SYSTEM, OrganisationKind.COMPANY, f"합성 참여기업 {number}", region="gyeonggi")
    person = people.add_person(
        SYSTEM, email=f"joiner-{number}@company.example", name="합성 대표", roles={Role.SME_OWNER},
        organisation=firm, confirmed=True,
    )  # fmt: skip
    return accounts.actor_of(session.get(Person, person.id))


def door_values(world: Any) -> dict[str, Any]:
    """A large firm's open offer that hana asks to join, and one that waits for an operator."""
    partner = a_partner()
    offer = open_offer(partner)
    row = joined(world.actor("hana"), offer)
    waiting = sent_offer(partner, title="심사를 기다리는 모집 (합성)")
    return {
        **{f"winwin.{name}": {"key": offer.key} for name in ("show", "edit", "close", "join")},
        **{f"winwin.{name}": {"key": row.key} for name in ("withdraw", "answer")},
        "winwin.judge": {"key": waiting.key},
    }
