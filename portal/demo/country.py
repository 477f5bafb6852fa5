"""The story of the demo country, told through the services: who did what, and when.

The clock is set back and moves forward stage by stage, so that times, windows and due dates are believable. Each firm's
acts are one transaction, which keeps the whole under twenty seconds.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

import click

from portal.accounts import queries as account_queries
from portal.accounts import service as accounts
from portal.accounts.models import Organisation, Person
from portal.accounts.rules import OrganisationKind, Role
from portal.applications import questions
from portal.applications import service as applications
from portal.applications.models import Application
from portal.applications.rules import CostKind, OwnShareSource, Part, Status, Writer
from portal.base import clock, marks
from portal.base.access import SYSTEM, Actor, RuleBroken
from portal.base.db import session, transaction
from portal.consultations import queries as consultation_queries
from portal.consultations import service as consultations
from portal.consultations.rules import Outcome as TalkOutcome
from portal.demo import people, texts
from portal.demo.names import Names
from portal.directory import service as directory
from portal.evaluation import queries as evaluation_queries
from portal.evaluation import rubric
from portal.evaluation import service as evaluation
from portal.evaluation.rules import ItemVerdict, Outcome, RecusalReason
from portal.profiles import service as profiles
from portal.programmes import service as programmes
from portal.programmes.models import Call
from portal.programmes.rules import CallFacts, Tier
from portal.reference import queries as reference
from portal.reference.rules import SizeClass

SEED = 20261122
FIRMS = 60
SUPPLIERS = 40
EVALUATORS = 12

# The cast: the people of the tour. Address → (name, roles).
CAST = {
    "hana": ("김하나", {Role.SME_OWNER}),
    "duri": ("이두리", {Role.SME_OWNER}),
    "gong": ("공대현", {Role.SUPPLIER_ADMIN}),
    "pyeong": ("평윤서", {Role.EVALUATOR}),
    "nam": ("남도현", {Role.EVALUATOR}),
    "jang": ("장혜원", {Role.LEAD_EVALUATOR}),
    "un": ("운서진", {Role.OPERATOR_NATIONAL}),
    "gam": ("감우성", {Role.AUDITOR}),
}
DOMAIN = "demo.example"


@dataclass
class Country:
    """What has been built so far; later stages look their people up here."""

    random: Random
    names: Names
    now: datetime
    password_hash: str
    second_factor: Callable[[], str]
    operator: Actor = field(init=False)
    chair: Person = field(init=False)
    evaluators: list[Person] = field(default_factory=list)
    suppliers: list[tuple[Actor, int, str]] = field(default_factory=list)
    firms: list[tuple[Actor, people.Firm]] = field(default_factory=list)
    calls: dict[str, Call] = field(default_factory=dict)
    applications: dict[str, list[Application]] = field(default_factory=dict)

    def day(self, days_ago: float) -> datetime:
        """A moment of the past, in office hours, never the same second twice."""
        moment = self.now - timedelta(days=days_ago)
        morning = clock.kst(moment).replace(hour=9, minute=0, second=0, microsecond=0)
        return min(morning + timedelta(seconds=self.random.randrange(8 * 3600)), self.now)

    @contextmanager
    def on(self, days_ago: float) -> Iterator[None]:
        with clock.freeze(self.day(days_ago)), transaction():
            yield


def build(password_hash: str, second_factor: Callable[[], str]) -> None:
    """Build the country on a prepared, empty database and mark it as a demo.

    second_factor: makes a TOTP secret (Flask-Security's own), one per person who needs one
    """
    random = Random(SEED)
    country = Country(random, Names(random), clock.now(), password_hash, second_factor)
    with transaction():
        marks.put(marks.DEMO, clock.now().isoformat())
    stages = (_offices, _suppliers, _calls, _firms, _closed_call, _reviews, _open_calls, _talks, _cast_firms)
    with click.progressbar(stages, label="예시 나라를 만드는 중 · building the demo country") as bar:
        for stage in bar:
            stage(country)


# --- people -----------------------------------------------------------------------------------------------


def _person(
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
    if accounts.needs_second_factor(person.role_names):
        accounts.set_second_factor(SYSTEM, person, country.second_factor())
    return person


def _cast(country: Country, who: str, organisation: Organisation | None = None) -> Person:
    name, roles = CAST[who]
    return _person(country, who, name, roles, organisation)


def _organisation(country: Country, kind: OrganisationKind, name: str, region: str | None = None) -> Organisation:
    number = country.names.registration_number() if kind is not OrganisationKind.AGENCY else None
    return accounts.add_organisation(SYSTEM, kind, name, registration_number=number, region=region)


def _offices(country: Country) -> None:
    """The operator, the auditor, the chair and the pool of evaluators."""
    with country.on(75):
        agency = _organisation(country, OrganisationKind.AGENCY, "제조혁신 운영기관(예시)")
        country.operator = account_queries.actor_of(_cast(country, "un", agency))
        _cast(country, "gam", agency)
        country.chair = _cast(country, "jang")
        country.evaluators = [_cast(country, "pyeong"), _cast(country, "nam")]
        for number in range(3, EVALUATORS + 1):
            country.evaluators.append(
                _person(country, f"evaluator{number}", country.names.person(), {Role.EVALUATOR})
            )
        for key in ("gyeonggi", "gyeongnam"):
            office = _organisation(country, OrganisationKind.AGENCY, f"{reference.region_name(key).ko} 운영기관(예시)", key)
            _person(country, f"operator.{key}", country.names.person(), {Role.OPERATOR_REGION}, office)


# --- suppliers --------------------------------------------------------------------------------------------


def _suppliers(country: Country) -> None:
    """Forty suppliers with listings in every state; most approved, with verified builds behind some."""
    random, names = country.random, country.names
    sidos = [key for key, _ in reference.sido_options()]
    for number in range(SUPPLIERS):
        kind = texts.SUPPLIER_KINDS[number % len(texts.SUPPLIER_KINDS)]
        with country.on(74 - number * 0.2):
            name = "가온누리솔루션" if number == 0 else names.supplier()
            organisation = _organisation(country, OrganisationKind.SUPPLIER, name)
            person = (
                _cast(country, "gong", organisation)
                if number == 0
                else _person(country, f"supplier{number + 1:02d}", names.person(), {Role.SUPPLIER_ADMIN}, organisation)
            )
            actor = account_queries.actor_of(person)
            home = random.choice(sidos)
            regions = ["nationwide"] if number == 0 or random.random() < 0.35 else sorted({home, *random.sample(sidos, 3)})
            listing = directory.save_listing(
                actor,
                {
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
                },
            )
            if number in (SUPPLIERS - 1, SUPPLIERS - 2):
                continue  # still writing
            directory.submit_listing(actor)
            if number in (SUPPLIERS - 3, SUPPLIERS - 4, SUPPLIERS - 5):
                continue  # waits for the operator
            if number == SUPPLIERS - 6:
                directory.return_listing(country.operator, listing.id, "제품 설명에 적용 공정과 가격 방식을 적어 주세요.")
                continue
            directory.approve_listing(country.operator, listing.id)
            for _ in range(random.choice((0, 0, 1, 2, 4, 7)) if number else 5):
                _record(country, organisation.id, kind.technologies)
            if number == SUPPLIERS - 7:
                directory.suspend_listing(country.operator, listing.id, "소재지와 엔지니어 수를 확인하고 있습니다. (예시)")
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


# --- calls ------------------------------------------------------------------------------------------------


def _calls(country: Country) -> None:
    """Three calls: one closed and under review, one open to everybody, one open for leading factories."""

    def open_one(name: str, programme: str, title: str, title_en: str, tiers: set[Tier], days: tuple[int, int], budget: int):
        opens, closes = country.now + timedelta(days=days[0]), country.now + timedelta(days=days[1])
        country.calls[name] = programmes.open_call(
            country.operator,
            CallFacts(
                programme=programme,
                title_ko=title,
                title_en=title_en,
                summary_ko="합성(예시) 공고입니다. 실제 공고가 아닙니다.",
                summary_en="A synthetic call of the demo, not a real one.",
                opens_at=opens.replace(hour=0, minute=0, second=0, microsecond=0),
                closes_at=closes.replace(hour=9, minute=0, second=0, microsecond=0),
                tiers=frozenset(tiers),
                budget_krw=budget,
                contact="운영기관(예시) 02-0000-0000",
            ),
        )

    with country.on(66):
        open_one("closed", "GOV", "2026년 하반기 고도화 지원(예시)", "Upgrade support, second half of 2026 (demo)",
                 {Tier.ADVANCED}, (-60, -8), 3_000_000_000)  # fmt: skip
        open_one("basic", "BASIC", "2027년 기초단계 스마트공장 1차(예시)", "Basic smart factories 2027, first round (demo)",
                 {Tier.BASIC}, (-20, 25), 2_000_000_000)  # fmt: skip
        open_one("leading", "AUTO", "2027년 자율형공장(예시)", "Autonomous factories 2027 (demo)",
                 {Tier.LEADING}, (-15, 40), 6_000_000_000)  # fmt: skip


# --- firms ------------------------------------------------------------------------------------------------


def _firms(country: Country) -> None:
    """Firms drawn from the marginals; a third is drawn from the adopters so that every tier and status appears."""
    for number in range(FIRMS - 2):
        stage = ("basic", "middle", "advanced")[(0, 0, 1, 1, 2)[number % 5]] if number < 26 else None
        size = country.random.choice(("small", "small", "medium")) if number < 26 else None
        firm = people.draw(country.random, size=size, stage=stage)
        with country.on(58 - number * 0.4):
            organisation = _organisation(country, OrganisationKind.COMPANY, country.names.company(firm.division))
            person = _person(
                country, f"sme{number + 1:02d}", country.names.person(), {Role.SME_OWNER}, organisation
            )
            actor = account_queries.actor_of(person)
            _company(country, actor, firm, person)
            finished = number < 46
            _diagnosis(country, actor, firm, areas=None if finished else country.random.randint(1, 8))
            if finished:
                profiles.finish(actor)
        country.firms.append((actor, firm))


def _company(country: Country, actor: Actor, firm: people.Firm, person: Person) -> None:
    towns = [key for group, options in reference.region_options() for key, _ in options if key.startswith(f"{firm.sido}-")]
    profiles.save_company(
        actor,
        {
            "ksic": firm.division,
            "region": country.random.choice(towns) if towns else firm.sido,
            "size_class": firm.size,
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


def _diagnosis(country: Country, actor: Actor, firm: people.Firm, areas: int | None) -> None:
    from portal.profiles.questionnaire import load

    asked = load()
    for area in asked.areas[:areas]:
        profiles.save_answers(actor, area.code, {code: str(firm.answers[code]) for code in area.items})
        for code in area.items:
            if code in firm.evidence:
                text = f"합성(예시) 증빙\n문항 {code} {asked.items[code].title.ko}\n수준 {firm.answers[code]}\n"
                profiles.add_evidence(
                    actor, code, country.random.choice(("screen", "log")), io.BytesIO(text.encode()), f"예시_{code}.txt"
                )


# --- applications -----------------------------------------------------------------------------------------


def _draft(country: Country, actor: Actor, firm: people.Firm, call: Call) -> Application:
    """A complete draft: every page filled, papers attached, the supplier asked where one is needed."""
    row = applications.start(actor, call.key)
    random, key = country.random, row.key
    words = texts.PLANS[random.randrange(len(texts.PLANS))]
    cost = random.randrange(60, 180) * 1_000_000 if call.programme.code != "AUTO" else random.randrange(600, 1200) * 1_000_000
    save = applications.save_part
    save(actor, key, Part.CHOICE, {
        "tier": next(iter(sorted(call.tiers))).value,
        "target_level": max(call.programme.target_level or 1, 3 if call.programme.code == "AUTO" else 2 if call.programme.code == "GOV" else 1),
        "scope": sorted({*call.programme.scope, *words.technologies}),
        "same_level": False,
    })  # fmt: skip
    save(actor, key, Part.NEED, {"problem": words.problem, "goal": words.goal, "build": words.build})
    save(actor, key, Part.PLAN, {"schedule": words.schedule, "people": words.people, "effect": words.effect})
    save(actor, key, Part.COSTS, {
        "lines": [
            {"kind": CostKind.SOFTWARE.value, "item": words.item, "unit_price_krw": cost // 2, "quantity": 1},
            {"kind": CostKind.HARDWARE.value, "item": "현장 단말과 수집 장치", "unit_price_krw": cost // 10, "quantity": 5},
        ],
        "own_share_krw": cost // 2,
        "own_share_source": OwnShareSource.CASH.value,
    })  # fmt: skip
    save(actor, key, Part.KPI, {"rows": [
        {"name": "납기준수율", "unit": "%", "direction": "up", "before": Decimal(random.randint(78, 88)), "target": Decimal(95)},
        {"name": "공정불량률", "unit": "ppm", "direction": "down", "before": Decimal(random.randint(2500, 6000)), "target": Decimal(1500)},
    ]})  # fmt: skip
    if call.programme.consortium:
        save(actor, key, Part.PARTNER, {"supplier": random.choice(country.suppliers)[2]})
    for code in call.programme.documents:
        _paper(country, actor, row, code)
    save(actor, key, Part.PLEDGES, {
        "pledges": {one.code: "no" for one in questions.exclusions()},
        "writer": Writer.SELF.value,
        "truth_pledged": True,
    })  # fmt: skip
    return row


def _paper(country: Country, actor: Actor, row: Application, code: str) -> None:
    kind = texts.paper_name(code)
    stream = io.BytesIO(texts.PDF + f"% 합성(예시) {code} {actor.organisation_id}\n".encode())
    issued = clock.today() - timedelta(days=country.random.randint(3, 20))
    applications.attach_paper(actor, row.key, code, stream, f"{kind}(예시).pdf", issued_on=issued)


def _hand_in(country: Country, actor: Actor, firm: people.Firm, call: Call) -> Application:
    row = _draft(country, actor, firm, call)
    applications.submit(actor, row.key)
    if row.member is not None:
        supplier = next(actor for actor, organisation, _ in country.suppliers if organisation == row.member.organisation_id)
        applications.answer_consortium(supplier, row.member.key, takes_part=True)
    return row


def _adopters(country: Country, stages: tuple[str, ...]) -> list[tuple[Actor, people.Firm]]:
    return [(actor, firm) for actor, firm in country.firms[:46] if firm.stage in stages]


def _closed_call(country: Country) -> None:
    """The closed call: fourteen applications, all of them past the requirement check but one withdrawn."""
    call = country.calls["closed"]
    rows = []
    for number, (actor, firm) in enumerate(_adopters(country, ("basic", "middle"))[:14]):
        with country.on(30 - number):
            rows.append(_hand_in(country, actor, firm, call))
    with country.on(9):
        applications.withdraw(account_queries.actor_of(_owner(rows[-1])), rows[-1].key, "내부 사정으로 거두어들입니다.")
    for row in rows[:-1]:
        with country.on(7.5):
            applications.begin_check(country.operator, row)
            applications.accept(country.operator, row)
    country.applications["closed"] = rows[:-1]


def _owner(row: Application) -> Person:
    return account_queries.members(row.organisation_id)[0]


def _reviews(country: Country) -> None:
    """Assigned, under review, waiting for the chair, decided: every station of the written review."""
    rows = country.applications["closed"]
    pool = country.evaluators
    for number, row in enumerate(rows):
        if number == len(rows) - 1:
            continue  # accepted, not assigned yet: the operator's next job
        pair = [pool[0], pool[1 + number % (len(pool) - 1)]] if number % 2 else [pool[1 + number % (len(pool) - 1)], pool[2 + number % (len(pool) - 2)]]
        if pair[0].id == pair[1].id:
            pair[1] = pool[(number + 5) % len(pool)]
        with country.on(6):
            panel = evaluation.assign(country.operator, row, pair, country.chair, clock.today() + timedelta(days=12))
        done = 2 if number < 8 else 1 if number < 10 else 0
        for assignment in panel.assignments[:done]:
            with country.on(4):
                _review(country, assignment.evaluator, row)
        if number == 10:
            with country.on(3):
                last = panel.assignments[-1]
                evaluation.recuse(account_queries.actor_of(last.evaluator), last, next(iter(RecusalReason)))
        if number < 6:
            with country.on(2):
                _decide(country, row, (Outcome.SELECTED, Outcome.SELECTED, Outcome.RESERVE, Outcome.REJECTED, Outcome.SELECTED, Outcome.REJECTED)[number])


def _review(country: Country, evaluator: Person, row: Application) -> None:
    actor = account_queries.actor_of(evaluator)
    panel = evaluation_queries.panel_of(row.id)
    assignment = next(one for one in panel.assignments if one.evaluator_id == evaluator.id)
    review = evaluation.open_file(actor, assignment, no_conflict=True)
    sheet = rubric.load(panel.rubric)
    strength = country.random.uniform(0.68, 0.95)
    scores = {
        one.code: {"points": max(1, round(one.points * min(1.0, strength + country.random.uniform(-0.08, 0.06)))),
                   "na": False, "comment": country.random.choice(texts.COMMENTS)}
        for one in sheet.criteria
    }  # fmt: skip
    diagnosis = evaluation_queries.diagnosis_of(row.id)
    items = {code: {"verdict": ItemVerdict.ACCEPT.value, "level": None, "note": ""} for code in texts.claims(diagnosis)}
    evaluation.save_review(
        actor, assignment, None, items=items, scores=scores, comment=country.random.choice(texts.SUMMARIES), own_tier=Tier.ADVANCED
    )
    evaluation.lock_own_score(actor, assignment, None)
    suggested = assignment.review.suggested_tier or Tier.ADVANCED
    evaluation.submit_review(actor, assignment, None, final_tier=suggested, reason="자가진단과 증빙이 서로 맞아 제안을 따릅니다.")
    session.refresh(review)


def _decide(country: Country, row: Application, outcome: Outcome) -> None:
    panel = evaluation_queries.panel_of(row.id)
    basis = evaluation_queries.basis_of(panel)
    evaluation.decide(
        account_queries.actor_of(country.chair),
        panel,
        tier=basis.suggested,
        outcome=outcome,
        reason=texts.DECISIONS[outcome.value],
    )


def _open_calls(country: Country) -> None:
    """The two open calls: drafts, fresh submissions, checks, a supplement that waits and one that came back."""
    call = country.calls["basic"]
    firms = [(actor, firm) for actor, firm in country.firms[26:46]]
    for number, (actor, firm) in enumerate(firms[:12]):
        with country.on(12 - number * 0.7):
            if number < 3:
                _draft(country, actor, firm, call)
                continue
            row = _hand_in(country, actor, firm, call)
        if number < 6:
            continue  # received, nobody has looked yet
        with country.on(3):
            applications.begin_check(country.operator, row)
        if number in (8, 9):
            with country.on(2):
                applications.return_for_supplement(
                    country.operator, row, "비용 항목의 수량 근거와 성과지표의 측정 방법을 적어 주세요.",
                    [Part.COSTS, Part.KPI], clock.today() + timedelta(days=10),
                )  # fmt: skip
            if number == 9:
                with country.on(1):
                    applications.answer_supplement(actor, row.key, "견적서 기준으로 수량을 고치고 측정 방법을 적었습니다.")
        if number >= 10:
            with country.on(1):
                applications.accept(country.operator, row)
    call = country.calls["leading"]
    for number, (actor, firm) in enumerate(_adopters(country, ("advanced",))[:5]):
        with country.on(9 - number):
            if number == 0:
                _draft(country, actor, firm, call)
            else:
                _hand_in(country, actor, firm, call)


# --- consultations ----------------------------------------------------------------------------------------


def _talks(country: Country) -> None:
    """Consultations in every state."""
    for number, (actor, _firm) in enumerate(country.firms[4:16]):
        supplier, organisation_id, listing_key = country.suppliers[0 if number % 3 == 0 else number]
        with country.on(10 - number * 0.5):
            talk = consultations.request(
                actor, listing_key, topic=texts.TOPICS[number % len(texts.TOPICS)], need=texts.NEEDS[number % len(texts.NEEDS)]
            )
        if number % 4 == 0:
            continue
        with country.on(4):
            if number % 4 == 1:
                consultations.decline(supplier, talk.key, reason="지금 진행 중인 구축이 많아 석 달 뒤에야 시작할 수 있습니다.")
                continue
            consultations.accept(supplier, talk.key)
        with country.on(3):
            consultations.write(supplier, talk.key, "안녕하세요. 현장을 한 번 보고 싶습니다. 다음 주 화요일 오후는 어떠신가요?")
            consultations.write(actor, talk.key, "네, 오후 2시에 오시면 됩니다. 라인 배치도를 미리 보내 드리겠습니다.")
        if number % 4 == 3:
            with country.on(1):
                for side in (actor, supplier):
                    consultations.conclude(side, talk.key, outcome=TalkOutcome.PROPOSAL, note="제안서를 주고받았습니다.")


# --- hana and duri ----------------------------------------------------------------------------------------


def _cast_firms(country: Country) -> None:
    """hana's twelve-person shop has just begun; duri has finished the diagnosis and looks at suppliers."""
    random = country.random
    hana = people.draw(random, size="small", stage="basic", division="25")
    with country.on(2):
        organisation = _organisation(country, OrganisationKind.COMPANY, "하나담정밀")
        person = _cast(country, "hana", organisation)
        actor = account_queries.actor_of(person)
        _company(country, actor, hana, person)
        _diagnosis(country, actor, hana, areas=4)
    duri = people.draw(random, size="small", stage="middle", division="30")
    with country.on(2):
        organisation = _organisation(country, OrganisationKind.COMPANY, "두리솔오토텍")
        person = _cast(country, "duri", organisation)
        actor = account_queries.actor_of(person)
        _company(country, actor, duri, person)
        _diagnosis(country, actor, duri, areas=None)
        profiles.finish(actor)
    with country.on(1):
        _draft(country, actor, duri, country.calls["leading"])


__all__ = ["CAST", "DOMAIN", "RuleBroken", "Status", "build", "consultation_queries"]
