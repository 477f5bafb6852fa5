"""An offer from the draft to the last place: who sees it, who decides, who gets in."""

import pytest

from portal.base.access import Forbidden, NotVisible, RuleBroken, RulesBroken
from portal.winwin import queries, service
from portal.winwin.models import Offer
from portal.winwin.rules import JoiningState, OfferState, Shares
from tests.client import Page
from tests.factories import winwin as make


def test_an_offer_goes_through_an_operator_to_companies_and_back(app, actor, client_as, drain, inside):
    hana = actor("hana")
    key = inside(lambda: make.sent_offer(make.a_partner()).key)
    assert client_as("hana").get(f"/winwin/{key}").status_code == 404
    assert client_as("un").post(f"/winwin/{key}/judge", data={"action": "return"}).status_code == 422
    assert client_as("un").post(f"/winwin/{key}/judge", data={"action": "approve"}).status_code == 302
    assert "partner-1@large.example" in [letter.to for letter in drain()]
    browser = client_as("hana")
    assert "협력사 MES 함께 짓기" in browser.page("/winwin").text
    answers = [
        browser.submit(browser.page(f"/winwin/{key}"), {"text": "필요한 도움"}, action=f"/winwin/{key}/join")
        for _ in range(1)
    ]
    assert answers[0].status_code == 302
    again = inside(lambda: service.join(hana, key, "두 번째 창").text)
    assert again == "필요한 도움"
    letters = drain()
    assert [letter.to for letter in letters] == ["partner-1@large.example"]
    assert "hana@example.kr" not in letters[0].body

    def answer():
        partner = make.a_partner()
        row = queries.joinings(partner, queries.by_key(partner, key))[0]
        assert queries.contact_of(row) is None
        done = service.answer_joining(partner, row.key, accept=True)
        return queries.contact_of(done).email, done.state

    assert inside(answer) == ("hana@example.kr", JoiningState.ACCEPTED)
    assert [letter.to for letter in drain()] == ["hana@example.kr"]


def test_never_more_companies_than_places(inside, actor):
    def run():
        partner = make.a_partner()
        offer = make.open_offer(partner, places=1)
        first, second = (make.joined(one, offer) for one in (actor("hana"), actor("duri")))
        service.answer_joining(partner, first.key, accept=True)
        with pytest.raises(RuleBroken) as refused:
            service.answer_joining(partner, second.key, accept=True)
        with pytest.raises(RuleBroken) as late:
            service.join(make.other_company(1), offer.key, "합성")
        return refused.value.code, late.value.code

    assert inside(run) == ("joining_full", "joining_full")


def test_a_local_government_sees_and_judges_its_own_region_alone(inside):
    def run():
        partner, local = make.a_partner(), make.a_local_operator("gyeonggi")
        own = make.sent_offer(partner, region="gyeonggi", regions=("gyeonggi",))
        for other in (make.sent_offer(partner), make.sent_offer(partner, region="busan", regions=("busan",))):
            with pytest.raises(NotVisible):
                service.judge_offer(local, other.key, approve=True)
        assert [row.id for row in queries.offers(local, "all", 1).items] == [own.id]
        assert queries.counts(local) == {"waiting": 1, "open": 0, "all": 1}
        return service.judge_offer(local, own.key, approve=True).state

    assert inside(run) is OfferState.OPEN


def test_what_the_catalogue_forbids_is_refused_at_its_field_and_nothing_is_kept(inside, actor):
    def run():
        partner = make.a_partner()
        with pytest.raises(RulesBroken) as refused:
            service.save_offer(partner, make.facts(shares=Shares(50, 20, 30), region="busan"))
        with pytest.raises(Forbidden):
            service.save_offer(actor("hana"), make.facts())
        return [(one.code, one.field) for one in refused.value.broken], queries.session.query(Offer).count()

    assert inside(run) == (
        [("offer_gov_high", "gov"), ("offer_partner_low", "partner"), ("offer_foreign_region", "regions")],
        0,
    )


def test_one_large_firm_knows_nothing_of_another(inside):
    def run():
        key = make.open_offer(make.a_partner()).key
        with pytest.raises(NotVisible):
            queries.by_key(make.a_partner("다른 대기업", 2), key)

    inside(run)


def test_an_empty_request_keeps_the_page_and_says_why(client_as, inside):
    key = inside(lambda: make.open_offer(make.a_partner()).key)
    answer = client_as("hana").post(f"/winwin/{key}/join", data={"text": " "})
    assert answer.status_code == 422
    assert Page(answer).soup.select(".errors")
