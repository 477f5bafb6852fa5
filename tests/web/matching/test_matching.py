"""From a finished diagnosis to suppliers with reasons, and who may see them."""

import pytest

from portal.accounts.models import Person
from portal.accounts.queries import actor_of
from portal.base.access import SYSTEM, Forbidden, RuleBroken
from portal.base.db import session
from portal.matching import queries, service
from portal.matching.models import Recommendation, Shortlist
from portal.matching.rules import Cause
from portal.matching.score import MAXIMA
from tests.factories.profiles import complete_profile


@pytest.fixture
def diagnosed(inside, cast, drain):
    """diagnosed("hana"): she has finished the diagnosis, everything at level 1."""

    def run(name="hana", level=1):
        inside(lambda: complete_profile(actor_of(session.get(Person, cast[name].id)), level))
        drain()

    return run


def shown(page):
    return [" ".join(card.h3.get_text().split()) for card in page.soup.select("article.supplier")]


def test_before_a_diagnosis_the_page_says_what_to_do(client_as):
    page = client_as("hana").page("/matching")
    assert "진단을 마치면 여기에 나옵니다" in page.text


def test_the_first_suggestion_opens_the_matching_with_reasons(client_as, make, diagnosed, inside):
    good = make.approved_listing(name="가온 (합성)", capabilities={"MES": 4, "QMS": 3, "IIOT": 3})
    for _ in range(3):
        make.build(good)
    make.approved_listing(name="먼곳 (합성)", regions=["jeju"])
    make.approved_listing(name="바쁨 (합성)", open_slots=0)
    make.suspended_listing(name="정지 (합성)")
    make.draft_listing(name="초안 (합성)")
    diagnosed()
    page = client_as("hana").page("/matching")
    assert shown(page) == ["가온 (합성)"]
    assert "확인된 실적이 있는 기술" in page.text
    assert "같은 업종에서 확인된 실적 3건" in page.text
    assert "우리 지역에서 일하지 않음: 1" in page.text
    assert "지금 새 과제를 맡을 여력이 없음: 1" in page.text
    assert "정지 (합성)" not in page.text and "초안 (합성)" not in page.text


def test_a_shortlist_keeps_every_part_with_its_sentence(make, diagnosed, inside):
    make.build(make.approved_listing())
    diagnosed()

    def stored():
        row = session.query(Recommendation).one()
        return [part["code"] for part in row.parts], row.score, sum(part["points"] for part in row.parts)

    codes, score, total = inside(stored)
    assert codes == list(MAXIMA)
    assert score == pytest.approx(total)


def test_a_supplier_suspended_since_is_gone_at_the_next_request(client_as, make, diagnosed, cast):
    first = make.approved_listing(name="가온 (합성)")
    make.approved_listing(name="나래 (합성)")
    diagnosed()
    hana = client_as("hana")
    assert sorted(shown(hana.page("/matching"))) == ["가온 (합성)", "나래 (합성)"]
    client_as("un").post(f"/operator/listings/{first.key}/suspension", data={"ground": "other", "detail": "합성 사유"})
    assert shown(hana.page("/matching")) == ["나래 (합성)"]


def test_nobody_sees_the_shortlist_of_another(client_as, make, diagnosed, inside, cast):
    make.approved_listing(name="가온 (합성)")
    diagnosed("hana")
    assert shown(client_as("duri").page("/matching")) == []
    for who in ("gong", "pyeong", "nam", "jang"):
        assert client_as(who).get("/matching").status_code == 403
        actor = inside(lambda who=who: actor_of(session.get(Person, cast[who].id)))
        assert inside(lambda actor=actor: queries.matches_for(actor, cast["hana"].organisation_id)) is None


def test_looking_again_without_news_makes_no_second_shortlist(client_as, make, diagnosed, inside):
    make.approved_listing(name="가온 (합성)")
    diagnosed()
    hana = client_as("hana")
    assert hana.submit(hana.page("/matching"), action="/matching").status_code == 302
    assert inside(lambda: session.query(Shortlist).count()) == 1
    make.approved_listing(name="나래 (합성)")
    hana.submit(hana.page("/matching"), action="/matching")
    assert inside(lambda: [row.cause for row in session.query(Shortlist).order_by(Shortlist.id)]) == [
        Cause.SUGGESTION,
        Cause.ASKED,
    ]
    assert sorted(shown(hana.page("/matching"))) == ["가온 (합성)", "나래 (합성)"]


def test_ranking_for_another_company_is_refused(actor, cast):
    with pytest.raises(Forbidden):
        service.rank(actor("duri"), cast["hana"].organisation_id, Cause.ASKED)
    with pytest.raises(RuleBroken) as refused:
        service.rank_again(actor("hana"))
    assert refused.value.code == "match_needs_diagnosis"


def test_the_number_of_queries_does_not_grow_with_the_suppliers(client_as, make, diagnosed, inside, cast, queries_of):
    make.build(make.approved_listing(name="합성 00"))
    diagnosed()
    hana = client_as("hana")
    hana.get("/matching")
    few = queries_of(lambda: hana.get("/matching"))
    for number in range(1, 20):
        make.build(make.approved_listing(name=f"합성 {number:02}"))
    inside(lambda: service.rank(SYSTEM, cast["hana"].organisation_id, Cause.ASKED))
    assert len(shown(hana.page("/matching"))) == 10
    assert len(shown(hana.page("/matching?all=1"))) == 20
    assert queries_of(lambda: hana.get("/matching?all=1")) == few


def test_the_result_page_shows_the_first_three(client_as, make, diagnosed):
    for name in ("가온", "나래", "다솜", "라온"):
        make.approved_listing(name=f"{name} (합성)")
    diagnosed()
    page = client_as("hana").page("/result")
    assert len(page.soup.select("article.supplier")) == 3


def test_a_decision_ranks_the_suppliers_anew_once(inside, actor, drain):
    from tests.factories import evaluation

    def story():
        application = evaluation.in_evaluation(actor("hana"), actor("gong"))
        second = evaluation.an_evaluator()
        evaluation.assigned(actor("un"), application, [actor("pyeong"), second], actor("jang"))
        tier = evaluation.suggested(application)
        for one in (actor("pyeong"), second):
            evaluation.reviewed(one, application, tier=tier)
        evaluation.decided(actor("jang"), application, tier)
        return application.id, application.organisation_id

    application_id, firm = inside(story)
    drain()
    drain()
    rows = inside(
        lambda: [
            (row.cause, row.application_id)
            for row in session.query(Shortlist).filter_by(organisation_id=firm).order_by(Shortlist.id)
        ]
    )
    assert rows[-1] == (Cause.DECISION, application_id)
    assert [cause for cause, _ in rows].count(Cause.DECISION) == 1
