"""What waits for whom: each home says the next step of its own person and nothing of anybody else's."""

from datetime import timedelta

import pytest

from portal.applications import service as applications
from portal.applications.parts import Part
from portal.base import clock
from tests.factories import applications as factory
from tests.factories import evaluation
from tests.factories.profiles import complete_profile


@pytest.fixture
def person(app, cast):
    """person("hana"): the Actor, inside an application context that the test opens."""
    from portal.accounts.models import Person
    from portal.accounts.queries import actor_of
    from portal.base.db import session

    return lambda name: actor_of(session.get(Person, cast[name].id))


def todo(page):
    link = page.soup.select_one(".todo a")
    return link["href"] if link else None


def figures(page):
    """label → value, as shown on the cards."""
    return {
        card.select_one(".stat__label").get_text(strip=True): card.select_one(".stat__value").get_text(strip=True)
        for card in page.soup.select(".stat")
    }


def test_a_firm_with_a_finished_diagnosis_is_led_to_the_calls(client_as, app, person):
    with app.app_context():
        complete_profile(person("hana"))
    page = client_as("hana").page("/home")
    assert todo(page) == "/applications/new"
    assert figures(page)["역량 점수"] == "500점"


def test_a_supplement_comes_before_everything_else(client_as, app, person):
    with app.app_context():
        case = factory.submitted(person("hana"), supplier=person("gong"))
        due = clock.today() + timedelta(days=7)
        applications.return_for_supplement(person("un"), case, "합성 계획을 더 적어 주세요", [Part.PLAN], due)
        key = case.key
    assert todo(client_as("hana").page("/home")) == f"/applications/{key}/supplement"


def test_a_submitted_case_waits_at_the_operator_and_shows_at_no_other_firm(client_as, app, person):
    with app.app_context():
        number = factory.submitted(person("hana"), supplier=person("gong")).number
    page = client_as("un").page("/home")
    assert figures(page)["접수됨"] == "1건"
    assert number in page.text
    assert number in client_as("hana").page("/home").text
    assert number not in client_as("duri").page("/home").text


def test_a_named_supplier_finds_the_request(client_as, app, person):
    with app.app_context():
        factory.submitted(person("hana"), supplier=person("gong"))
    page = client_as("gong").page("/home")
    assert todo(page) == "/consortium"
    assert figures(page)["참여 요청"] == "1건"


@pytest.fixture
def case(app, person):
    """hana's case sits with pyeong and another evaluator under jang; due in two days."""
    with app.app_context():
        row = evaluation.in_evaluation(person("hana"), person("gong"))
        evaluators = [person("pyeong"), evaluation.an_evaluator()]
        evaluation.assigned(person("un"), row, evaluators, person("jang"), days=2)
        return {"number": row.number, "key": row.key, "seat": evaluation.assignment_of(evaluators[0], row).key}


def test_an_evaluator_is_led_to_the_case_that_is_due_first(client_as, case):
    page = client_as("pyeong").page("/home")
    assert todo(page) == f"/evaluation/cases/{case['seat']}"
    shown = figures(page)
    assert (shown["맡은 평가"], shown["마감 임박"], shown["마감 지남"]) == ("1건", "1건", "0건")


def test_an_evaluator_without_the_case_sees_nothing_of_it(client_as, case):
    page = client_as("nam").page("/home")
    assert todo(page) is None
    assert figures(page)["맡은 평가"] == "0건"
    assert case["number"] not in page.text


def test_a_chair_sees_how_many_reviews_are_in(client_as, case):
    page = client_as("jang").page("/home")
    assert figures(page)["결정할 신청"] == "1건"
    assert page.soup.select_one(f'a[href="/evaluation/decisions/{case["key"]}"]').text == case["number"]
    assert "0 / 2" in page.text
