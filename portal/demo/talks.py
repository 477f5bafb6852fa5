"""Who talks to whom in the demo country, and where the two firms of the tour stand."""

from __future__ import annotations

from datetime import time, timedelta

from portal.accounts import queries as account_queries
from portal.accounts.rules import OrganisationKind
from portal.base import clock
from portal.base.access import Actor
from portal.base.workdays import next_workday
from portal.consultations import fanout, meetings, ratings, talking
from portal.consultations import service as consultations
from portal.consultations.models import Consultation
from portal.consultations.rules import DeclineReason, Outcome, Topic
from portal.demo import actors, cases, people, texts
from portal.demo.country import Country
from portal.profiles import service as profiles

PLACE = "합성(예시) 본사 2층 회의실"


def talks(country: Country) -> None:
    """Consultations in every state, with times to meet at, notes and ratings."""
    topics = list(Topic)
    ahead = [next_workday(country.now.date() + timedelta(days=days)) for days in (2, 4, 7)]
    with country.on(5):
        for supplier, _, _ in country.suppliers[:4]:
            for day in dict.fromkeys(ahead):
                meetings.offer(supplier, day=day, first=time(10), last=time(16), minutes=60, pause=60, place=PLACE)
    for number, (company, _firm) in enumerate(country.firms[4:16]):
        supplier, _, listing_key = country.suppliers[0 if number % 3 == 0 else number]
        with country.on(10 - number * 0.5):
            talk = consultations.request(
                company, listing_key, topics[number % len(topics)], texts.NEEDS[number % len(texts.NEEDS)]
            )
        if number % 4 == 0:
            continue  # waits for the supplier
        with country.on(4):
            if number % 4 == 1:
                note = "지금 진행 중인 구축이 많아 석 달 뒤에야 시작할 수 있습니다."
                consultations.decline(supplier, talk.key, next(iter(DeclineReason)), note)
                continue
            consultations.accept(supplier, talk.key)
        with country.on(3):
            talking.write(supplier, talk.key, "안녕하세요. 현장을 보고 싶습니다. 다음 주 화요일 오후는 어떠신가요?")
            talking.write(company, talk.key, "네, 오후 2시에 오시면 됩니다. 라인 배치도를 미리 보내 드리겠습니다.")
        if number % 4 == 2:
            with country.on(2):
                _meet(company, supplier, talk)
        if number % 4 == 3:
            with country.on(1):
                outcome = Outcome.CONTRACT if number % 8 == 3 else Outcome.PROPOSAL
                for side in (company, supplier):
                    consultations.close(side, talk.key, outcome, "제안서를 주고받았습니다.")
                ratings.rate(company, talk.key, 5 - number % 2, "현장을 먼저 보고 이야기해 주었습니다. (합성)")
                ratings.rate(supplier, talk.key, 4, "필요한 자료를 제때 보내 주었습니다. (합성)")


def _meet(company: Actor, supplier: Actor, talk: Consultation) -> None:
    """They have spoken once, and meet again at one of the supplier's times."""
    meetings.write_note(
        supplier,
        talk.key,
        met_on=clock.today(),
        said="화상으로 30분 이야기했습니다. 작업지시와 실적 집계를 먼저 하고 설비 연결은 다음 해에 하기로 했습니다. (합성)",
        next_step="라인 배치도를 보고 제안서 초안 작성",
    )
    free = meetings.free_slots(talk.supplier_id)
    if free:
        meetings.book(company, talk.key, free[0].key)


def cast_firms(country: Country) -> None:
    """hana's twelve-person shop has just begun; duri has been through a call and prepares a further application."""
    hana = people.draw(country.random, size="small", stage="basic", division="25")
    with country.on(2):
        organisation = actors.add_firm(country, OrganisationKind.COMPANY, "하나담정밀")
        person = actors.add_cast(country, "hana", organisation)
        actor = account_queries.actor_of(person)
        actors.fill_company(country, actor, hana, person)
        actors.fill_diagnosis(country, actor, hana, areas=4)
    duri = people.draw(country.random, size="small", stage="middle", division="30")
    with country.on(44):
        organisation = actors.add_firm(country, OrganisationKind.COMPANY, "두리솔오토텍")
        person = actors.add_cast(country, "duri", organisation)
        actor = account_queries.actor_of(person)
        actors.fill_company(country, actor, duri, person)
        actors.fill_diagnosis(country, actor, duri, areas=None)
        profiles.finish(actor)
    country.tour_firm = actor, duri
    _ask_several(country, actor)
    with country.on(1):
        cases.draft(country, actor, duri, country.calls["leading"])


def _ask_several(country: Country, company: Actor) -> None:
    """The firm of the tour asks seven suppliers; one is interested, one says no and makes room for the next."""
    suppliers = {key: supplier for supplier, _, key in country.suppliers[1:8]}
    with country.on(3):
        row = fanout.start(company, list(suppliers), Topic.QUOTE, texts.NEEDS[0])
    with country.on(2.5):
        first, second = (place.consultation.key for place in row.places[:2])
        consultations.accept(suppliers[row.places[0].listing.key], first)
        consultations.decline(suppliers[row.places[1].listing.key], second, DeclineReason.NO_CAPACITY)
