"""Advice from the question to the operator's queue: ties keep experts out, an operator alone makes a level a mark."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from portal.advising import queries, service
from portal.advising.rules import AdviceState, NoteKind
from portal.base import clock
from portal.base.access import SYSTEM, NotVisible, RuleBroken
from portal.base.db import transaction
from portal.conflicts import service as conflicts
from portal.conflicts.models import Tie
from portal.conflicts.rules import Source, TieKind
from portal.directory import marks, verification
from portal.directory.models import Verification
from portal.directory.oversight import CapabilityLevel, VerificationState
from portal.evaluators.models import Career, Membership
from portal.evaluators.rules import CareerKind, PoolStatus
from tests.factories import advising as make
from tests.factories import directory as suppliers


@pytest.fixture
def listing(cast, inside):
    return inside(lambda: suppliers.approved_listing(cast["gong"].organisation_id))


def test_a_level_becomes_a_mark_by_an_operator_alone(listing, inside, actor, drain):
    gong, pyeong, un = actor("gong"), actor("pyeong"), actor("un")

    def run():
        row = make.visited(gong, pyeong)
        done = service.conclude(pyeong, row.key, "합성(예시) 결과", CapabilityLevel.TWO_PLUS)
        assert done.state is AdviceState.CONCLUDED
        assert marks.levels([listing.id], clock.today()) == {}
        claim = queries.session.query(Verification).one()
        assert (claim.state, claim.source) == (VerificationState.CLAIMED, f"advising:{row.id}")
        verification.verify(un, claim.key, verification.Certificate("1", "합성", CapabilityLevel.TWO_PLUS))
        return queries.verified_level(gong.organisation_id), queries.session.query(Tie).filter_by(
            person_id=pyeong.id
        ).count()

    assert inside(run) == (CapabilityLevel.TWO_PLUS, 1)
    assert {letter.to for letter in drain()} >= {"gong@example.kr"}


def test_one_expert_takes_a_request_and_others_lose_sight_of_it(listing, inside, actor):
    gong, pyeong, nam = actor("gong"), actor("pyeong"), actor("nam")

    def run():
        key = make.asked(gong).key
        assert queries.by_key(nam, key).key == key
        service.take(pyeong, key)
        for call in (lambda: service.take(nam, key), lambda: queries.by_key(nam, key)):
            with pytest.raises(NotVisible):
                call()
        return queries.counts(nam), queries.counts(pyeong)["running"]

    assert inside(run) == ({"open": 0, "running": 0, "ended": 0}, 1)


def test_an_expert_with_a_declared_tie_is_turned_away(listing, inside, actor):
    gong, pyeong = actor("gong"), actor("pyeong")

    def run():
        entry = Membership(person_id=pyeong.id, status=PoolStatus.ACTIVE)
        entry.careers = [Career(kind=CareerKind.EMPLOYED, name="공급솔루션 (합성)")]
        with transaction():
            queries.session.add(entry)
        with pytest.raises(RuleBroken) as refused:
            service.take(pyeong, make.asked(gong).key)
        return refused.value.code

    assert inside(run) == "advice_tie"


def test_no_result_before_the_visit_and_no_level_left_out(listing, inside, actor):
    gong, pyeong = actor("gong"), actor("pyeong")

    def run():
        row = make.planned(gong, pyeong)
        codes = []
        with pytest.raises(RuleBroken) as refused:
            service.conclude(pyeong, row.key, "합성", CapabilityLevel.ONE)
        codes.append(refused.value.code)
        day = clock.today() + timedelta(days=1)
        service.set_visit(pyeong, row.key, day=day, at=time(10), minutes=60, place="합성")
        with clock.freeze(clock.now() + timedelta(days=3)), pytest.raises(RuleBroken) as refused:
            service.conclude(pyeong, row.key, "합성")
        codes.append(refused.value.code)
        with pytest.raises(RuleBroken) as refused:
            service.write(gong, row.key, NoteKind.PLAN, "합성")
        return [*codes, refused.value.code]

    assert inside(run) == ["advice_visit", "advice_level", "no_right"]


def test_the_pages_lead_from_the_question_to_the_plan(listing, client_as):
    gong, pyeong = client_as("gong"), client_as("pyeong")
    page = gong.page("/advising/new")
    made = gong.submit(page, {"kind": "capability", "need": "합성(예시) MES 역량"})
    address = made.headers["Location"]
    assert gong.submit(gong.page("/advising/new"), {"kind": "capability", "need": "또"}).status_code == 200
    assert "공급솔루션" in pyeong.page("/advising").text
    assert pyeong.post(f"{address}/take").status_code == 302
    assert pyeong.post(f"{address}/plan", data={"plan": "합성 계획"}).status_code == 302
    assert (
        pyeong.post(
            f"{address}/visit", data={"day": "2020-01-01", "at": "10:00", "minutes": "60", "place": "합성"}
        ).status_code
        == 422
    )
    assert "합성 계획" in gong.page(address).text
    assert client_as("duri").get(address).status_code == 403


def test_an_expert_of_the_supplier_or_tied_to_it_by_the_register_is_turned_away(listing, inside, actor):
    gong, pyeong = actor("gong"), actor("pyeong")

    def run(**tie):
        with transaction():
            conflicts.note_tie(
                SYSTEM, TieKind.SHARES, Source.REGISTER, person_id=pyeong.id, organisation_id=gong.organisation_id,
                from_on=clock.today(), **tie,
            )  # fmt: skip
        key = make.asked(gong).key
        with pytest.raises(RuleBroken) as refused:
            service.take(pyeong, key)
        with pytest.raises(RuleBroken) as own:
            service.take(replace(actor("nam"), organisation_id=gong.organisation_id), key)
        return refused.value.code, own.value.code

    assert inside(run) == ("advice_tie", "advice_tie")


def test_a_supplier_is_not_stuck_with_an_expert_who_is_gone(listing, inside, actor):
    gong, pyeong = actor("gong"), actor("pyeong")

    def run():
        row = make.visited(gong, pyeong)
        with pytest.raises(RuleBroken) as early:
            service.withdraw(gong, row.key)
        with transaction():
            queries.session.add(Membership(person_id=pyeong.id, status=PoolStatus.REMOVED))
        with pytest.raises(RuleBroken, match="advice_pool"):
            service.write(pyeong, row.key, NoteKind.FOLLOW_UP, "한 달 뒤에 다시 보겠습니다.")
        taken_back = service.withdraw(gong, row.key)
        ties = queries.session.query(Tie).filter_by(person_id=pyeong.id, to_on=None).count()
        return early.value.code, taken_back.state, ties, make.asked(gong).state

    assert inside(run) == ("advice_state", AdviceState.WITHDRAWN, 0, AdviceState.REQUESTED)


def test_only_the_supplier_takes_its_request_back(listing, inside, actor):
    gong = actor("gong")
    key = inside(lambda: make.asked(gong).key)
    assert inside(lambda: service.withdraw(gong, key).state) is AdviceState.WITHDRAWN
    assert inside(lambda: queries.by_key(SYSTEM, key).state) is AdviceState.WITHDRAWN
