"""Win-win offers, advice for suppliers and a call for AI suppliers in the demo country. All 합성(예시)."""

from __future__ import annotations

from datetime import time, timedelta

from portal.accounts import queries as account_queries
from portal.accounts.rules import OrganisationKind, Role
from portal.advising import service as advising
from portal.advising.rules import AdviceKind, NoteKind
from portal.base import clock
from portal.base.access import Actor
from portal.base.workdays import next_workday
from portal.demo.actors import add_firm, add_person
from portal.demo.country import Country
from portal.directory.oversight import CapabilityLevel
from portal.programmes import service as programmes
from portal.programmes.rules import CallFacts, SupplierTrack, Tier
from portal.winwin import service as winwin
from portal.winwin.models import Offer
from portal.winwin.rules import Facts, Mentor, Shares


def partners(country: Country) -> None:
    """A large firm with offers in each state, companies that join, requests for advice on their way."""
    with country.on(30):
        firm = add_firm(country, OrganisationKind.PARTNER, "한빛중공업(예시)", "gyeongnam")
        actor = account_queries.actor_of(add_person(country, "sang", "상지원", {Role.PARTNER}, firm))
    _offers(country, actor)
    _advice(country)
    with country.on(3):
        _track_call(country)


def _facts(title: str, summary: str, shares: Shares, technologies: tuple[str, ...], **more: object) -> Facts:
    given = {
        "programme": "WIN1",
        "project_krw": 200_000_000,
        "places": 12,
        "closes_on": clock.today() + timedelta(days=40),
        "regions": ("nationwide",),
        **more,
    }
    return Facts(title=title, summary=summary, shares=shares, technologies=technologies, **given)  # type: ignore[arg-type]


def _offers(country: Country, actor: Actor) -> None:
    mentors = (
        Mentor("MES·품질관리 20년, 8주", ("MES", "QMS"), 8),
        Mentor("설비보전·예지보전 15년, 6주", ("PDM", "CMMS"), 6),
    )
    with country.on(14):
        first = winwin.save_offer(
            actor,
            _facts(
                "협력사 현장관리 함께 짓기(예시)",
                "거래 관계가 없어도 신청할 수 있습니다. 멘토가 8주 동안 현장에서 함께하고, 구축 뒤 반년을 더 돕습니다.",
                Shares(30, 40, 30), ("MES", "POP", "QMS"), sectors=("25", "29", "30"), mentors=mentors,
            ),
            send=True,
        )  # fmt: skip
        winwin.save_offer(
            actor,
            _facts(
                "경남 소기업 자동화 나눔(예시)",
                "경남에 공장이 있는 소기업의 첫 자동화를 돕습니다.",
                Shares(50, 50, 0), ("AUTO", "ROBOT"), programme="WIN2", project_krw=20_000_000, places=30,
                regions=("gyeongnam",), region="gyeongnam",
            ),
            send=True,
        )  # fmt: skip
    with country.on(12):
        winwin.judge_offer(country.operator, first.key, approve=True)
    _joinings(country, actor, first)


def _joinings(country: Country, actor: Actor, offer: Offer) -> None:
    wishes = (
        "작업지시를 종이로 하고 있어 실적이 이틀 늦게 모입니다. 품질 이력도 함께 잡고 싶습니다.",
        "납품 불량을 줄이라는 요청을 받았습니다. 멘토와 함께 공정을 다시 보고 싶습니다.",
        "기초 단계를 마쳤고 설비 자료를 잇는 일이 남았습니다.",
    )
    for number, (company, _firm) in enumerate(country.firms[5:11]):
        with country.on(9 - number * 0.5):
            if winwin.queries.match_of(company, offer).ranked.gate:
                continue
            row = winwin.join(company, offer.key, wishes[number % len(wishes)], offer.mentors[number % 2].key)
        if number == 1:
            with country.on(4):
                winwin.answer_joining(actor, row.key, accept=True)
        if number == 2:
            with country.on(4):
                winwin.answer_joining(actor, row.key, accept=False, reason="이번에는 금속가공 기업부터 함께합니다.")


def _advice(country: Country) -> None:
    expert = account_queries.actor_of(country.evaluators[-1])
    needs = "MES와 설비 자료 수집을 하고 있습니다. 사업수행과 품질 활동의 수준을 객관적으로 알고 싶습니다."
    suppliers = [actor for actor, _, _ in country.suppliers]
    with country.on(20):
        done = advising.request(suppliers[2], AdviceKind.CAPABILITY, needs)
        under_way = advising.request(suppliers[0], AdviceKind.CAPABILITY, needs)
        advising.request(suppliers[1], AdviceKind.CONSULTING, "구독형 가격을 어떻게 정할지 상의하고 싶습니다.")
    with country.on(18):
        for row, day in ((done, clock.today() + timedelta(days=7)), (under_way, clock.today() + timedelta(days=26))):
            advising.take(expert, row.key)
            advising.write(
                expert, row.key, NoteKind.PLAN, "인력과 사업수행 기록, 품질 절차, 사후관리 기록을 차례로 봅니다."
            )
            advising.set_visit(expert, row.key, day=next_workday(day), at=time(14), minutes=120, place="공급기업 본사")
    with country.on(5):
        advising.conclude(
            expert, done.key, "사업수행 절차는 갖추었고, 요구사항 추적과 재발 방지 기록을 보강하면 좋습니다.",
            CapabilityLevel.TWO,
        )  # fmt: skip


def _track_call(country: Country) -> None:
    programmes.open_call(
        country.operator,
        CallFacts(
            programme="AUTO",
            title_ko="자율형공장 AI 트랙(예시)",
            title_en="Autonomous factories, AI track (synthetic)",
            summary_ko="제조AI를 확인받은 공급기업과 함께 짓는 자율형공장을 뽑습니다.",
            summary_en="Autonomous factories built with suppliers verified in manufacturing AI.",
            opens_at=clock.now(),
            closes_at=clock.now() + timedelta(days=45),
            tiers=frozenset({Tier.LEADING}),
            budget_krw=6_000_000_000,
            track=SupplierTrack.AI,
        ),
    )
