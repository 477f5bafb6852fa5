"""What operators vouch for in the demo country: marks, claims that wait, earlier builds, unseen edits, a suspension."""

from __future__ import annotations

import io
from datetime import date, timedelta
from random import Random

from portal.accounts import queries as account_queries
from portal.accounts.models import Organisation
from portal.accounts.rules import Role
from portal.base import clock
from portal.base.access import Actor
from portal.base.db import session
from portal.demo import texts
from portal.demo.country import DOMAIN, SEED, Country
from portal.directory import claims, queries, suspension, verification
from portal.directory import service as directory
from portal.directory.models import Listing
from portal.directory.oversight import CapabilityLevel, Certificate, Mark, SuspensionGround
from portal.directory.service import EMPTY

# Marks that are likely for a supplier of these technologies.
OF_TECHNOLOGY = {"AI": Mark.AI, "VISION": Mark.AI, "DT": Mark.DIGITAL_TWIN, "AAS": Mark.AAS, "OPCUA": Mark.AAS}
LEVELS = list(CapabilityLevel)


def vouching(country: Country) -> None:
    """Marks on most suppliers; something to do in each of the operators' queues."""
    random, today = Random(SEED + 5), clock.kst(country.now).date()
    listings = [queries.of_organisation(organisation) for _, organisation, _ in country.suppliers]
    with country.on(40):
        for number, listing in enumerate(listings):
            _marks(country, random, listing, number, today)
    with country.on(6):
        for place, kind in ((1, Mark.ISO_27001), (2, Mark.VENTURE), (4, Mark.INNOBIZ)):
            actor = country.suppliers[place][0]
            verification.claim(
                actor, kind, _certificate(place, today), _paper(), "합성_증명서.pdf", "예시 증명서입니다."
            )
    with country.on(4):
        _earlier_builds(country)
    with country.on(2):
        for place, text in (
            (1, "중소 공장의 주문부터 출하까지 한 화면으로 잇습니다"),
            (3, "현장 자료를 모아 불량과 멈춤을 줄입니다"),
        ):
            _edit(country.suppliers[place][0], listings[place], text)
    _suspension(country, listings[-1])


def _certificate(number: int, today: date) -> Certificate:
    return Certificate(
        number=f"합성-{2026_0000 + number}",
        issuer="합성 인증기관",
        issued_on=today - timedelta(days=300 + number),
        valid_until=today + timedelta(days=430 - number * 37 % 420),
    )


def _paper() -> io.BytesIO:
    return io.BytesIO(texts.PDF + "% 합성(예시) 증명서\n".encode())


def _marks(country: Country, random: Random, listing: Listing, number: int, today: date) -> None:
    def vouch(kind: Mark, paper: Certificate) -> None:
        verification.record(country.operator, listing.id, kind, paper, "합성 대장")

    vouch(Mark.REGISTERED, _certificate(number, today))
    if number == 0 or random.random() < 0.7:
        level = CapabilityLevel.TWO_PLUS if number == 0 else random.choice(LEVELS[1:8])
        vouch(Mark.CAPABILITY, Certificate(issuer="합성 진단기관", level=level, issued_on=today - timedelta(days=200)))
    for kind, chance in ((Mark.SOFTWARE, 0.6), (Mark.ISO_9001, 0.4), (Mark.DIRECT_PRODUCTION, 0.3)):
        if random.random() < chance:
            vouch(kind, _certificate(100 + number, today))
    for kind in sorted({OF_TECHNOLOGY[code] for code in listing.capabilities if code in OF_TECHNOLOGY}):
        if random.random() < 0.7:
            vouch(kind, Certificate(issuer="합성 시험기관", issued_on=today - timedelta(days=120)))


def _earlier_builds(country: Country) -> None:
    """One waits for the company, one for an operator."""
    hana = account_queries.actor_of(account_queries.person_by_email(f"hana@{DOMAIN}"))
    for place, company, year in ((0, hana, 2023), (2, country.firms[1][0], 2022)):
        organisation = session.get(Organisation, company.organisation_id)
        claim = claims.file_claim(
            country.suppliers[place][0],
            {
                "year": year,
                "technologies": ["MES", "POP"],
                "region": "gyeonggi",
                "planned_months": 6,
                "actual_months": 7,
                "target_level": 1,
                "achieved_level": 2,
                "passed_first_audit": True,
                "kpi": "납기준수율",
                "kpi_gain_ratio": 0.12,
                "programme": "스마트공장 기초(예시)",
            },
            company_name=organisation.name,
            company_number=organisation.registration_number,
            company_email="owner@company.example",
            stream=_paper(),
            filename="합성_최종감리보고서.pdf",
        )
        if company is not hana:
            claims.answer(company, claim.key, is_true=True, note="예정보다 한 달 늦었지만 잘 쓰고 있습니다.")


def _edit(actor: Actor, listing: Listing, summary: str) -> None:
    facts = {name: getattr(listing, name) for name in EMPTY}
    directory.save_listing(actor, {**facts, "summary": summary}, version=queries.own(actor).version)


def _suspension(country: Country, listing: Listing) -> None:
    """Decided by a regional operator, so that the national one can answer the appeal."""
    decider = account_queries.actor_of(account_queries.people_with_role(Role.OPERATOR_REGION)[0])
    today = clock.kst(country.now).date()
    with country.on(5):
        suspension.suspend(
            decider,
            listing.id,
            SuspensionGround.FALSE_FACTS,
            "등록한 엔지니어 12명 가운데 5명의 재직이 확인되지 않습니다. 4대보험 가입 명부를 보내 주세요. (예시)",
            last_day=today + timedelta(days=60),
            document="합성-2026-0031",
            publication_ground="합성 운영지침 제12조(예시)",
            published_on=clock.today(),
        )
    actor = next(actor for actor, organisation, _ in country.suppliers if organisation == listing.organisation_id)
    with country.on(3):
        suspension.appeal(actor, "두 명은 협력사 파견 인력입니다. 명부와 계약서를 함께 보냅니다. (예시)")
