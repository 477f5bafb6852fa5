"""Applications in every stage, made through the services as a firm, an operator and a supplier would."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from portal.accounts.models import Organisation
from portal.accounts.rules import OrganisationKind, Role
from portal.applications import questions, service
from portal.applications.models import Application
from portal.applications.parts import Part
from portal.base import clock
from portal.base.access import SYSTEM, Actor
from portal.base.db import session
from portal.directory import queries as directory
from portal.directory import service as listings
from portal.directory.models import Listing
from portal.profiles import queries as profiles
from portal.programmes import service as programmes
from portal.programmes.models import Call, Programme
from portal.programmes.rules import CallFacts, Tier
from tests.factories.profiles import complete_profile, pdf
from tests.stages import staged

TEXT = "합성(예시) 내용입니다. 프레스 공정의 불량률이 높아 실적을 자동으로 모으려 합니다."


@staged
def a_call(programme: str = "AUTOM", **changes: Any) -> Call:
    """A published call that opened yesterday and closes in 30 days; AUTOM takes BASIC and asks for a consortium."""
    if session.scalar(sa.select(Programme.id).limit(1)) is None:
        programmes.load_catalogue(SYSTEM)
    row = session.scalar(sa.select(Programme).where(Programme.code == programme))
    now = clock.now().replace(microsecond=0)
    given: dict[str, Any] = {
        "programme": programme,
        "title_ko": "자동화 공정 지원 (합성)",
        "title_en": "Process automation (synthetic)",
        "opens_at": now - timedelta(days=1),
        "closes_at": now + timedelta(days=30),
        "tiers": frozenset(row.tiers),
        "budget_krw": 5_000_000_000,
    }
    return programmes.open_call(SYSTEM, CallFacts(**{**given, **changes}))


@staged
def a_listing(actor: Actor) -> Listing:
    """The public listing of a supplier's organisation."""
    found = directory.of_organisation(actor.organisation_id)
    if found is not None:
        return found
    listings.save_listing(
        SYSTEM,
        {
            "summary": "합성(예시) 자동화 설비와 MES를 짓습니다",
            "description": "합성(예시) 프레스와 사출 공정의 자동화 경험이 많습니다. 현장 교육과 사후관리를 함께 합니다.",
            "capabilities": {"MES": 4, "AUTO": 4},
            "sectors": ["25"],
            "regions": ["nationwide"],
            "products": [],
            "founded_year": 2010,
            "engineers": 12,
            "open_slots": 3,
            "lead_weeks": 8,
            "aftercare_hours": 24,
            "contact_name": "합성 담당",
            "contact_email": "hello@supplier.example",
            "contact_phone": "",
        },
        organisation_id=actor.organisation_id,
    )
    row = directory.of_organisation(actor.organisation_id)
    listings.submit_listing(SYSTEM, row.id)
    listings.approve_listing(SYSTEM, row.id)
    return directory.of_organisation(actor.organisation_id)


CONTENT: dict[Part, dict[str, Any]] = {
    Part.CHOICE: {"tier": Tier.BASIC.value, "target_level": 1, "same_level": False, "scope": ["AUTO", "MES"]},
    Part.NEED: {"problem": TEXT, "goal": TEXT, "build": TEXT},
    Part.PLAN: {"schedule": TEXT, "people": TEXT, "effect": TEXT},
    Part.COSTS: {
        "lines": [
            {"kind": "hardware", "item": "로봇 셀", "unit_price_krw": 60_000_000, "quantity": 1},
            {"kind": "software", "item": "실적 수집", "unit_price_krw": 10_000_000, "quantity": 2},
        ],
        "own_share_krw": 40_000_000,
        "own_share_source": "cash",
    },
    Part.KPI: {
        "rows": [
            {
                "name": "공정 불량률",
                "unit": "ppm",
                "direction": "down",
                "before": Decimal("5200"),
                "target": Decimal("3000"),
            }
        ]
    },
    Part.PLEDGES: {
        "pledges": {one.code: "no" for one in questions.exclusions()},
        "writer": "self",
        "writer_name": "",
        "writer_fee_krw": None,
        "truth_pledged": True,
    },
}


def papers(actor: Actor, application: Application) -> None:
    """Attach every paper of the checklist that a firm must bring."""
    from portal.programmes import queries as catalogue

    for kind in catalogue.documents_for(application.programme):
        if kind.made_here or kind.optional or kind.code == "consortium-agreement":
            continue
        stream = io.BytesIO(pdf(f"{actor.organisation_id} {kind.code}").getvalue())
        service.attach_paper(
            actor,
            application.key,
            kind.code,
            stream,
            f"{kind.code}.pdf",
            issued_on=clock.today() if kind.months else None,
        )


@staged
def draft(
    actor: Actor,
    *,
    call: Call | None = None,
    supplier: Actor | None = None,
    but: Mapping[Part, Mapping[str, Any]] | None = None,
    with_papers: bool = True,
    with_profile: bool = True,
) -> Application:
    """A draft that lacks nothing. `but` overrides or (None) leaves out the content of a page.

    supplier: an actor of the supplier to name; None makes one of its own
    """
    if with_profile and profiles.latest_version(actor.organisation_id) is None:
        complete_profile(actor)
    call = call or a_call()
    application = service.start(actor, call.key)
    for part, content in CONTENT.items():
        given = dict(content)
        if part is Part.CHOICE:
            given["tier"] = call.tiers[0].value
        if but and part in but:
            given.update(but[part])
        service.save_part(actor, application.key, part, given)
    if call.programme.consortium:
        listing = a_listing(supplier or a_supplier())
        service.save_part(actor, application.key, Part.PARTNER, {"supplier": listing.key})
    if with_papers:
        papers(actor, application)
    session.expire_all()
    return application


@staged
def submitted(actor: Actor, **options: Any) -> Application:
    """Handed in through `service.submit`."""
    application = draft(actor, **options)
    return service.submit(actor, application.key)


@staged
def accepted(actor: Actor, supplier: Actor, **options: Any) -> Application:
    """In evaluation: the supplier confirmed, the requirements were checked."""
    application = submitted(actor, supplier=supplier, **options)
    if application.member is not None:
        service.answer_consortium(supplier, application.member.key, takes_part=True)
    return service.accept(SYSTEM, application.id)


@staged
def a_supplier(name: str = "합성공급 (예시)") -> Actor:
    """Somebody of a supplier that is not in the cast."""
    from portal.accounts import queries as accounts
    from portal.accounts import service as people

    organisation = session.scalar(
        sa.select(Organisation).where(Organisation.name == name, Organisation.kind == OrganisationKind.SUPPLIER)
    )
    if organisation is None:
        organisation = people.add_organisation(SYSTEM, OrganisationKind.SUPPLIER, name)
        person = people.add_person(
            SYSTEM,
            email=f"s{organisation.id}@supplier.example",
            name="합성 공급",
            roles={Role.SUPPLIER_ADMIN},
            organisation=organisation,
            confirmed=True,
        )
    else:
        person = accounts.members(organisation.id)[0]
    return accounts.actor_of(person)


@staged
def a_colleague(actor: Actor, role: Role = Role.SME_STAFF) -> Actor:
    """A colleague of the same firm who may write but not hand in."""
    from portal.accounts import queries as accounts
    from portal.accounts import service as people

    organisation = session.get(Organisation, actor.organisation_id)
    person = people.add_person(
        SYSTEM,
        email=f"colleague{organisation.id}@firm.example",
        name="합성 동료",
        roles={role},
        organisation=organisation,
        confirmed=True,
    )
    return accounts.actor_of(person)


def door_values(world: Any) -> dict[str, Any]:
    """A handed-in application of hana that waits for gong's yes; pyeong reviews it and jang decides."""
    from portal.base import grants
    from portal.base.db import transaction

    hana, gong = world.actor("hana"), world.actor("gong")
    call = a_call()
    application = submitted(hana, call=call, supplier=gong)
    sketch = draft(hana, call=a_call("BASIC"), supplier=gong)
    asked = submitted(hana, call=a_call("ROBOT"), supplier=gong)
    service.return_for_supplement(
        SYSTEM, asked, "견적서의 단가 근거를 적어 주세요.", [Part.COSTS], clock.today() + timedelta(7)
    )
    with transaction():
        for name, right in (("pyeong", "review"), ("jang", "decide")):
            grants.give(SYSTEM, "application", application.id, right, person_id=world.cast[name].id, reason="doors")
    on_draft = {"key": sketch.key, "part": "need"}
    on_case = {"key": application.key, "paper_key": application.papers[0].key}
    own = "applications."
    return {
        own + "start": {"key": call.key},
        **{own + name: on_draft for name in ("edit", "autosave", "check", "submit")},
        own + "remove_paper": {"key": sketch.key, "paper_key": sketch.papers[0].key},
        own + "supplement": {"key": asked.key},
        **{
            own + name: on_case
            for name in (
                "case",
                "answers",
                "paper",
                "receipt",
                "receipt_pdf",
                "withdraw",
                "begin_check",
                "accept",
                "ask_supplement",
            )
        },
        own + "consortium_request": {"key": application.member.key},
    }
