"""The night's plan: asked for, made by the worker, read by its company; what a supplier learns from it."""

import pytest

from portal.base import clock
from portal.base.access import SYSTEM, RuleBroken
from portal.base.db import session, transaction
from portal.directory import suspension
from portal.directory.models import Impression
from portal.directory.oversight import SuspensionGround
from portal.directory.rules import ImpressionKind
from portal.matching import exposure, night, night_work
from portal.matching.models import NightlyCompany, NightlyListing, NightlyPair, NightlyPlan
from portal.matching.rules import NightState
from portal.profiles.models import Profile


@pytest.fixture
def located(app, cast):
    """Hana and duri have said where they are and what they make; duri where no supplier goes."""
    with app.app_context(), transaction():
        for name, region in (("hana", "gyeonggi-hwaseong"), ("duri", "jeju-jeju")):
            row = session.query(Profile).filter_by(organisation_id=cast[name].organisation_id).one_or_none()
            if row is None:
                row = Profile(organisation_id=cast[name].organisation_id)
                session.add(row)
            row.region, row.ksic = region, "25"


@pytest.fixture
def planned(inside, located):
    def run():
        inside(lambda: night.ask(SYSTEM) and night_work.run_waiting())

    return run


def shown(page):
    return [" ".join(card.h3.get_text().split()) for card in page.soup.select("article.supplier")]


@pytest.mark.one_database
def test_the_plan_serves_whom_it_can_and_says_why_not_the_others(client_as, make, planned, inside, cast):
    for name in ("가온", "나래", "다솜"):
        make.approved_listing(name=f"{name} (합성)")
    make.approved_listing(name="바쁨 (합성)", open_slots=0)
    planned()
    plan = inside(night.current)
    figures = plan.figures
    assert (plan.state, figures["companies"], figures["served"], figures["pairs"]) == (NightState.DONE, 2, 1, 3)
    assert figures["unserved"] == {"night_nobody_fits": 1}
    assert sorted(shown(client_as("hana").page("/matching"))) == ["가온 (합성)", "나래 (합성)", "다솜 (합성)"]
    assert shown(client_as("duri").page("/matching")) == []
    page = client_as("un").page("/operator/recommendations")
    assert "맡을 수 있는 공급기업이 없음" in page.text and plan.seed in page.text
    gates = inside(lambda: {row.listing_id: row.kept_out for row in session.query(NightlyListing)})
    assert sorted(gates.values(), key=str) == [{"match_no_capacity": 2}, *[{"match_region": 1}] * 3]


def test_a_new_plan_takes_the_place_of_the_old_and_a_suspended_supplier_is_gone_at_once(
    client_as, make, planned, inside
):
    first = make.approved_listing(name="가온 (합성)")
    make.approved_listing(name="나래 (합성)")
    planned()
    inside(lambda: suspension.suspend(SYSTEM, first.id, SuspensionGround.CHECKING, "합성 사유"))
    assert shown(client_as("hana").page("/matching")) == ["나래 (합성)"]
    planned()
    counts = inside(lambda: [session.query(kind).count() for kind in (NightlyPair, NightlyCompany, NightlyPlan)])
    assert counts == [1, 2, 2]


@pytest.mark.one_database
def test_only_one_plan_waits_and_a_broken_one_leaves_the_last_standing(inside, make, planned, monkeypatch, client_as):
    make.approved_listing(name="가온 (합성)")
    planned()
    inside(lambda: night.ask(SYSTEM))
    with pytest.raises(RuleBroken) as refused:
        inside(lambda: night.ask(SYSTEM))
    assert refused.value.code == "night_running"

    def break_down(*args):
        raise MemoryError

    monkeypatch.setattr(night_work, "_make", break_down)
    inside(night_work.run_waiting)
    assert inside(lambda: [row.state for row in session.query(NightlyPlan).order_by(NightlyPlan.id)]) == [
        NightState.DONE,
        NightState.FAILED,
    ]
    assert shown(client_as("hana").page("/matching")) == ["가온 (합성)"]
    assert "MemoryError" in client_as("un").page("/operator/recommendations").text


@pytest.mark.one_database
def test_a_supplier_learns_what_would_bring_it_forward(client_as, cast, make, planned, inside, actor):
    own = make.approved_listing(cast["gong"].organisation_id)
    for number in range(5):
        strong = make.approved_listing(name=f"합성 {number}")
        make.build(strong)
    planned()
    client_as("hana").get("/matching")
    told = inside(lambda: exposure.own(actor("gong")))
    assert (told.listing.id, told.looked_at, told.now) == (own.id, 2, 0)
    # duri's five places are free: it is the region that keeps it out; hana's five go by records
    assert {chance.what.en.split(":")[0]: chance.gain for chance in told.chances}["Serve the whole country"] == 1
    page = client_as("gong").page("/supplier/exposure")
    assert "우리 지역에서 일하지 않음: 기업 5곳 미만" in page.text
    assert "서비스 지역을 전국으로 넓히기" in page.text
    assert client_as("hana").get("/supplier/exposure").status_code == 403


def test_fewer_looks_than_five_are_told_of_no_region(inside, actor, make, cast):
    """Planted: one company's four looks beside five of everybody else."""

    listing_id = make.approved_listing(cast["gong"].organisation_id).id

    def look():
        for region, times in (("busan", 4), ("gyeonggi", 5)):
            session.add(
                Impression(
                    day=clock.today(), kind=ImpressionKind.SEARCH, listing_id=listing_id, place=1,
                    region=region, technology="", shown=times,
                )
            )  # fmt: skip
        session.commit()
        return [count for _, count in exposure.own(actor("gong")).regions]

    assert inside(look) == [5]
