"""Who talks to whom in the demo country, and where the two firms of the tour stand."""

from __future__ import annotations

from portal.accounts import queries as account_queries
from portal.accounts.rules import OrganisationKind
from portal.consultations import service as consultations
from portal.consultations.rules import DeclineReason, Outcome, Topic
from portal.demo import actors, cases, people, texts
from portal.demo.country import Country
from portal.profiles import service as profiles


def talks(country: Country) -> None:
    """Consultations in every state."""
    topics = list(Topic)
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
            consultations.write(
                supplier, talk.key, "안녕하세요. 현장을 보고 싶습니다. 다음 주 화요일 오후는 어떠신가요?"
            )
            consultations.write(
                company, talk.key, "네, 오후 2시에 오시면 됩니다. 라인 배치도를 미리 보내 드리겠습니다."
            )
        if number % 4 == 3:
            with country.on(1):
                for side in (company, supplier):
                    consultations.close(side, talk.key, Outcome.PROPOSAL, "제안서를 주고받았습니다.")


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
    with country.on(1):
        cases.draft(country, actor, duri, country.calls["leading"])
