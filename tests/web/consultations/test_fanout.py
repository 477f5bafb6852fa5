"""One need laid before several suppliers: five at a time, in the company's order, until three are interested."""

import pytest

from portal.base.access import SYSTEM, RuleBroken
from portal.base.db import session
from portal.consultations import fanout, service
from portal.consultations.models import Consultation
from portal.consultations.rules import DeclineReason, FanOutState, Topic
from portal.directory import responses, suspension
from portal.directory.oversight import SuspensionGround
from tests.client import Page
from tests.factories import directory as suppliers

NEED = "합성(예시) 검사 기록을 손으로 적고 있습니다."


@pytest.fixture
def seven(context):
    return [suppliers.approved_listing(name=f"합성 공급 {number}") for number in range(1, 8)]


@pytest.fixture
def started(actor, seven):
    return fanout.start(actor("hana"), [row.key for row in seven], Topic.QUOTE, NEED)


def supplier_of(listing):
    """The actor of a made supplier's administrator."""
    from portal.accounts import queries as accounts
    from portal.directory import queries as directory

    return accounts.actor_of(directory.person_in_charge(listing.organisation_id))


def asked(row):
    session.expire_all()
    return [place.place for place in row.places if place.consultation_id is not None]


def talk(row, place):
    return row.places[place - 1].consultation.key


def test_five_are_asked_and_a_no_makes_room_for_the_next(started, seven, actor):
    assert asked(started) == [1, 2, 3, 4, 5]
    service.decline(supplier_of(seven[1]), talk(started, 2), DeclineReason.NO_CAPACITY)
    assert asked(started) == [1, 2, 3, 4, 5, 6]
    service.withdraw(actor("hana"), talk(started, 4))
    assert asked(started) == [1, 2, 3, 4, 5, 6, 7]
    counts = responses.of([row.id for row in seven])
    assert {key: (row.answered, row.silent) for key, row in counts.items()} == {seven[1].id: (1, 0)}


def test_three_that_are_interested_are_enough(started, seven):
    for place in (1, 3, 5):
        service.accept(supplier_of(seven[place - 1]), talk(started, place))
    assert asked(started) == [1, 2, 3, 4, 5]
    assert started.state is FanOutState.ENOUGH
    service.decline(supplier_of(seven[1]), talk(started, 2), DeclineReason.SCHEDULE)
    assert asked(started) == [1, 2, 3, 4, 5]


def test_who_is_suspended_or_talks_with_the_company_already_is_passed_over(actor, seven):
    hana = actor("hana")
    service.request(hana, seven[1].key, Topic.VISIT, NEED)
    row = fanout.start(hana, [one.key for one in seven], Topic.QUOTE, NEED)
    assert asked(row) == [1, 3, 4, 5, 6]
    suspension.suspend(SYSTEM, seven[6].id, SuspensionGround.CHECKING, "합성 사유")
    service.decline(supplier_of(seven[0]), talk(row, 1), DeclineReason.OTHER)
    assert asked(row) == [1, 3, 4, 5, 6]
    assert [place.place for place in row.places if place.is_skipped] == [2, 7]


def test_stopping_leaves_what_is_out(started, seven, actor):
    fanout.stop(actor("hana"), started.key)
    service.decline(supplier_of(seven[1]), talk(started, 2), DeclineReason.OTHER)
    assert asked(started) == [1, 2, 3, 4, 5]
    assert started.state is FanOutState.STOPPED


def test_a_fan_out_is_refused_by_name(actor, seven, started):
    hana = actor("hana")
    keys = [row.key for row in seven]
    for chosen, need, code in (
        (keys[:1], NEED, "fan_out_size"),
        (keys[:3], " ", "consultation_need_needed"),
        (keys[:3], NEED, "fan_out_running"),
    ):
        with pytest.raises(RuleBroken) as refused:
            fanout.start(hana, chosen, Topic.QUOTE, need)
        assert refused.value.code == code
    with pytest.raises(RuleBroken) as refused:
        fanout.start(actor("duri"), [*keys[:2], "nothing-here"], Topic.QUOTE, NEED)
    assert refused.value.code == "consultation_supplier_gone"


def test_the_page_offers_whom_the_address_names_and_shows_how_it_goes(client_as, make, drain, inside):
    rows = [make.approved_listing(name=f"합성 {number}") for number in range(3)]
    drain()
    hana = client_as("hana")
    page = hana.page("/consultations/several?" + "&".join(f"supplier={row.key}" for row in rows[:2]))
    assert [box["value"] for box in page.soup.select("input[name=suppliers][checked]")] == [row.key for row in rows[:2]]
    typed = {"suppliers": [row.key for row in rows[:2]], "topic": "quote"}
    refused = hana.post("/consultations/several", data=typed)
    assert set(Page(refused).errors()) == {"need"}
    assert len(Page(refused).soup.select("input[name=suppliers][checked]")) == 2
    answers = [
        hana.post("/consultations/several", data={**typed, "need": NEED, "once": "a"}).headers["Location"]
        for _ in range(2)
    ]
    assert len(set(answers)) == 1
    assert inside(lambda: session.query(Consultation).count()) == 2
    assert len(drain()) == 2
    assert "합성 1" in hana.page(answers[0]).text
    assert "여러 곳에 보낸 요청" in hana.page("/consultations").text
    assert client_as("duri").get(answers[0]).status_code == 404


def test_a_supplier_learns_that_others_were_asked_but_not_whom(client_as, actor, make, cast, inside):
    own = make.approved_listing(cast["gong"].organisation_id)
    other = make.approved_listing(name="합성 경쟁사")
    key = inside(lambda: talk(fanout.start(actor("hana"), [other.key, own.key], Topic.QUOTE, NEED), 2))
    page = client_as("gong").page(f"/consultations/{key}")
    assert "여러 공급기업에 함께 물었습니다" in page.text
    assert "합성 경쟁사" not in page.text


def test_whom_the_company_talks_with_is_not_offered_again(actor, seven):
    hana = actor("hana")
    keys = [seven[2].key, seven[0].key]
    assert [one.listing.key for one in fanout.choices(hana, keys)] == keys
    service.request(hana, keys[0], Topic.VISIT, NEED)
    assert [one.listing.key for one in fanout.choices(hana, keys)] == keys[1:]
