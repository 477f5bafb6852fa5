"""Who lives in the demo country: offices, evaluators, suppliers and firms, made through the services."""

from __future__ import annotations

import io
from datetime import timedelta

from portal.accounts import queries as account_queries
from portal.accounts import service as accounts
from portal.accounts.models import Organisation, Person
from portal.accounts.rules import OrganisationKind, Role, needs_second_factor
from portal.base import clock
from portal.base.access import SYSTEM, Actor
from portal.demo import offers, people, texts
from portal.demo.country import CAST, DOMAIN, EVALUATORS, FIRMS, SUPPLIERS, Country
from portal.directory import service as directory
from portal.directory import suspension
from portal.directory.oversight import SuspensionGround
from portal.profiles import questionnaire
from portal.profiles import service as profiles
from portal.programmes import service as programmes
from portal.programmes.rules import Tier
from portal.reference import queries as reference
from portal.reference.rules import SizeClass


def add_person(
    country: Country, email: str, name: str, roles: set[Role], organisation: Organisation | None = None
) -> Person:
    person = accounts.add_person(
        SYSTEM,
        email=f"{email}@{DOMAIN}",
        name=name,
        roles=roles,
        password_hash=country.password_hash,
        phone=None,
        organisation=organisation,
        confirmed=True,
        consents={"terms": "2026-11", "privacy": "2026-11"},
    )
    if needs_second_factor(person.role_names):
        accounts.set_second_factor(SYSTEM, person, country.second_factor())
    return person


def add_cast(country: Country, who: str, organisation: Organisation | None = None) -> Person:
    name, roles = CAST[who]
    return add_person(country, who, name, roles, organisation)


def add_firm(country: Country, kind: OrganisationKind, name: str, region: str | None = None) -> Organisation:
    number = country.names.registration_number() if kind is not OrganisationKind.AGENCY else None
    return accounts.add_organisation(SYSTEM, kind, name, registration_number=number, region=region)


def offices(country: Country) -> None:
    """The operator, the auditor, the chair and the pool of evaluators; there since the first diagnoses of the past."""
    with country.on(600):
        agency = add_firm(country, OrganisationKind.AGENCY, "제조혁신 운영기관(예시)")
        country.operator = account_queries.actor_of(add_cast(country, "un", agency))
        add_cast(country, "gam", agency)
        country.chair = add_cast(country, "jang")
        country.evaluators = [add_cast(country, "pyeong"), add_cast(country, "nam")]
        for number in range(3, EVALUATORS + 1):
            country.evaluators.append(
                add_person(country, f"evaluator{number}", country.names.person(), {Role.EVALUATOR})
            )
        for key in ("gyeonggi", "gyeongnam"):
            office = add_firm(country, OrganisationKind.AGENCY, f"{reference.region_name(key).ko} 운영기관(예시)", key)
            add_person(country, f"operator.{key}", country.names.person(), {Role.OPERATOR_REGION}, office)


def suppliers(country: Country) -> None:
    """Forty suppliers with listings in every state; most approved, with verified builds behind some."""
    random, names = country.random, country.names
    sidos = [key for key, _ in reference.sido_options()]
    for number in range(SUPPLIERS):
        kind = texts.SUPPLIER_KINDS[number % len(texts.SUPPLIER_KINDS)]
        with country.on(74 - number * 0.2):
            name = "가온누리솔루션" if number == 0 else names.supplier()
            organisation = add_firm(country, OrganisationKind.SUPPLIER, name)
            person = (
                add_cast(country, "gong", organisation)
                if number == 0
                else add_person(
                    country, f"supplier{number + 1:02d}", names.person(), {Role.SUPPLIER_ADMIN}, organisation
                )
            )
            actor = account_queries.actor_of(person)
            home = random.choice(sidos)
            regions = (
                ["nationwide"] if number == 0 or random.random() < 0.35 else sorted({home, *random.sample(sidos, 3)})
            )
            said = {
                "summary": kind.summary,
                "description": kind.description,
                "capabilities": {code: random.randint(2, 5) for code in kind.technologies},
                "sectors": sorted(random.sample(texts.SECTORS, 4) if number else ["25", "26", "29", "30"]),
                "regions": regions,
                "products": [{"name": kind.product, "description": kind.product_text, "price": kind.price}],
                "founded_year": random.randint(1998, 2021),
                "engineers": random.randint(4, 60),
                "open_slots": 4 if number == 0 else random.choice((0, 1, 2, 3, 5)),
                "lead_weeks": random.choice((2, 4, 6, 8)),
                "aftercare_hours": random.choice((4, 8, 24, 48)),
                "contact_name": person.name,
                "contact_email": person.email,
                "contact_phone": names.phone(),
            }
            listing = directory.save_listing(
                actor, said | offers.facts(number, kind.technologies, said["engineers"])
            )
            if number in (SUPPLIERS - 1, SUPPLIERS - 2):
                continue  # still writing
            directory.submit_listing(actor)
            if number in (SUPPLIERS - 3, SUPPLIERS - 4, SUPPLIERS - 5):
                continue  # waits for the operator
            if number == SUPPLIERS - 6:
                directory.return_listing(
                    country.operator, listing.id, "제품 설명에 적용 공정과 가격 방식을 적어 주세요."
                )
                continue
            directory.approve_listing(country.operator, listing.id)
            for _ in range(random.choice((0, 0, 1, 2, 4, 7)) if number else 5):
                _record(country, organisation.id, kind.technologies)
            if number == SUPPLIERS - 7:
                suspension.suspend(
                    country.operator,
                    listing.id,
                    SuspensionGround.CHECKING,
                    "소재지와 엔지니어 수를 확인하고 있습니다. (예시)",
                )
            else:
                country.suppliers.append((actor, organisation.id, listing.key))


def _record(country: Country, organisation_id: int, technologies: tuple[str, ...]) -> None:
    random = country.random
    planned = random.choice((5, 6, 8, 9))
    target = random.choice((1, 1, 2))
    directory.add_track_record(
        SYSTEM,
        organisation_id,
        year=random.randint(2020, 2025),
        programme=random.choice(("스마트공장 기초(예시)", "스마트공장 고도화(예시)", "대중소 상생형(예시)")),
        region=random.choice(("gyeonggi", "gyeongnam", "incheon", "chungnam", "daegu")),
        ksic=random.choice(texts.SECTORS),
        size=random.choice((SizeClass.MICRO, SizeClass.SMALL, SizeClass.SMALL, SizeClass.MEDIUM)),
        technologies=random.sample(technologies, min(2, len(technologies))),
        planned_months=planned,
        actual_months=planned + random.choice((-1, 0, 0, 0, 1, 2)),
        target_level=target,
        achieved_level=max(1, target - (random.random() < 0.15)),
        passed_first_audit=random.random() < 0.8,
        kpi=random.choice(("납기준수율", "공정불량률", "시간당 생산량")),
        kpi_gain_ratio=round(random.uniform(0.03, 0.35), 2),
        aftercare_hours=random.choice((3, 6, 12, 30)),
        source="합성(예시)",
    )


def firms(country: Country) -> None:
    """Firms drawn from the marginals; a third is drawn from the adopters so that every tier and status appears."""
    for number in range(FIRMS - 2):
        stage = ("middle", "middle", "middle", "basic", "advanced")[number % 5] if number < 26 else None
        size = country.random.choice(("small", "small", "medium")) if number < 26 else None
        firm = people.draw(country.random, size=size, stage=stage)
        with country.on(58 - number * 0.4):
            organisation = add_firm(country, OrganisationKind.COMPANY, country.names.company(firm.division))
            person = add_person(country, f"sme{number + 1:02d}", country.names.person(), {Role.SME_OWNER}, organisation)
            actor = account_queries.actor_of(person)
            fill_company(country, actor, firm, person)
            finished = number < 46
            fill_diagnosis(country, actor, firm, areas=None if finished else country.random.randint(1, 8))
            if finished:
                profiles.finish(actor)
        country.firms.append((actor, firm))


def counted(country: Country) -> None:
    """Adopters whose level was fixed in earlier years: what the progress line on the front page counts."""
    tiers = {"basic": Tier.BASIC, "middle": Tier.ADVANCED, "advanced": Tier.LEADING}
    adopters = [(actor, tiers[firm.stage]) for actor, firm in country.firms if firm.stage in tiers]
    with country.on(40):
        for number, (actor, tier) in enumerate(adopters[::2]):
            fixed_on = clock.today() - timedelta(days=90 + 37 * number)
            programmes.count_firm(
                SYSTEM, actor.organisation_id, tier, fixed_on, ("gov", "local", "private")[number % 3]
            )


def fill_company(country: Country, actor: Actor, firm: people.Firm, person: Person) -> None:
    towns = [
        key for group, options in reference.region_options() for key, _ in options if key.startswith(f"{firm.sido}-")
    ]
    profiles.save_company(
        actor,
        {
            "ksic": firm.division,
            "region": country.random.choice(towns) if towns else firm.sido,
            "size": firm.size,
            "employees": firm.employees,
            "sales": firm.sales,
            "processes": [country.random.choice(("assembly", "machining", "batch"))],
            "order_type": country.random.choice(("MTO", "MTS")),
            "pains": list(firm.pains),
            "systems": ["ERP"] if firm.answers["I1"] >= 2 else [],
            "contact_name": person.name,
            "contact_phone": country.names.phone(),
            "contact_email": person.email,
            "products": texts.PRODUCTS.get(firm.division, "산업용 부품"),
        },
    )


def fill_diagnosis(country: Country, actor: Actor, firm: people.Firm, areas: int | None) -> None:
    asked = questionnaire.load()
    for area in asked.areas[:areas]:
        profiles.save_answers(actor, area.code, {code: str(firm.answers[code]) for code in area.items})
        for code in area.items:
            if code in firm.evidence:
                text = f"합성(예시) 증빙\n문항 {code} {asked.items[code].title.ko}\n수준 {firm.answers[code]}\n"
                profiles.add_evidence(
                    actor, code, country.random.choice(("screen", "log")), io.BytesIO(text.encode()), f"예시_{code}.txt"
                )
