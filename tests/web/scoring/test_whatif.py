"""What if a cut were another: exact counts, nobody who may not be counted, no small cell, refusals at their field."""

import pytest
import sqlalchemy as sa

from portal.base.access import SYSTEM, RuleBroken, RulesBroken
from portal.base.db import session
from portal.scoring import service, whatif
from portal.scoring.models import Suggestion
from portal.scoring.rules import JobKind, JobState
from tests.factories import population


def suggested(versions):
    return [service.suggest(SYSTEM, version.id) for version in versions]


@pytest.fixture
def country(context):
    """Ten firms at 400 points (ADVANCED) in Hwaseong, four at 200 (BASIC) in Busan, one at 200 elsewhere."""
    suggested(population.firms([2] * 10))
    suggested(population.firms([1] * 4, region="busan-gangseo", size="micro", ksic="292"))
    suggested(population.firms([1], region="daegu-dalseo", size="medium", ksic="303"))


def test_a_lower_cut_lifts_exactly_those_whom_nothing_else_holds_back(country, actor):
    """At 200 points the total is enough now, but S3, P1 and E2 still bar the way: nobody moves."""
    found = whatif.run(actor("un"), whatif.check({"advanced_total": 200}))
    assert found["changed"] == {"up": 0, "down": 0}
    easier = {"advanced_total": 200, "item_needed:ADVANCED:G4": 1, "item_needed:ADVANCED:G5": 1}
    found = whatif.run(actor("un"), whatif.check({**easier, "system_needed:ADVANCED": 0}))
    assert found["changed"] == {"up": 5, "down": 0}
    assert found["matrix"] == [[0, 0, 0, 0], [0, 0, 5, 0], [0, 0, 10, 0], [0, 0, 0, 0]]
    assert (found["firms"], found["skipped"]) == (15, {})
    assert {row["to"] for row in found["border"][:5]} == {"ADVANCED"}
    assert [row["from"] for row in found["border"]] == ["BASIC"] * 5 + ["ADVANCED"] * 10


def test_a_higher_cut_lowers_and_a_weight_moves_the_mean(country, actor):
    found = whatif.run(actor("un"), whatif.check({"advanced_total": 401}))
    assert found["changed"] == {"up": 0, "down": 10}
    assert found["total"] == {"before": 333.33, "after": 333.33, "raised": 0, "lowered": 0}
    # all items at one level: weights can't move the total
    assert whatif.run(actor("un"), whatif.check({"weight:EXE": 300}))["changed"] == {"up": 0, "down": 0}


def test_small_cells_and_what_gives_them_away_do_not_show(country, actor):
    easier = {"item_needed:ADVANCED:G4": 1, "item_needed:ADVANCED:G5": 1, "system_needed:ADVANCED": 0}
    found = whatif.run(actor("un"), whatif.check({"advanced_total": 200, **easier}))
    by_region = {row["key"]: row for row in found["groups"]["region"]}
    assert by_region["daegu"]["firms"] is None and by_region["daegu"]["up"] is None
    shown = [row["firms"] for key, row in by_region.items() if key != "ALL"]
    assert shown.count(None) >= 2 or by_region["ALL"]["firms"] is None


def test_only_firms_whose_suggestion_may_be_read_are_counted(country, actor):
    suggested(population.firms([2] * 3, handed_in=False))
    assert whatif.run(actor("un"), whatif.check({"advanced_total": 401}))["firms"] == 15
    with pytest.raises(RuleBroken) as refused:
        whatif.run(actor("hana"), whatif.check({"advanced_total": 401}))
    assert refused.value.code == "whatif_nobody"


def test_a_firm_counts_once_and_nothing_is_stored(country, actor):
    [version] = population.firms([2])
    suggested([version, version])
    before = session.scalar(sa.select(sa.func.count()).select_from(Suggestion))
    assert whatif.run(actor("un"), whatif.check({"advanced_total": 401}))["firms"] == 16
    assert session.scalar(sa.select(sa.func.count()).select_from(Suggestion)) == before


def test_the_job_keeps_the_answer_and_its_links_follow_the_right_to_read(country, actor, drain):
    job = service.ask_job(actor("un"), JobKind.WHAT_IF, {"changes": {"advanced_total": 401}})
    drain()
    session.expire_all()
    assert job.state is JobState.DONE, job.refusal
    assert job.answer["changed"] == {"up": 0, "down": 10}
    assert len(whatif.border_firms(actor("un"), job.answer)) == 15
    assert whatif.border_firms(actor("hana"), job.answer) == []


@pytest.mark.parametrize(
    ("asked", "refusals"),
    [
        ({}, [(None, "whatif_empty")]),
        ({"advanced_total": "240"}, [(None, "whatif_empty")]),
        ({"advanced_total": " "}, [(None, "whatif_empty")]),
        ({"colour": 3}, [("colour", "whatif_unknown")]),
        ({"advanced_total": "many"}, [("advanced_total", "whatif_number")]),
        ({"advanced_total": float("nan")}, [("advanced_total", "whatif_number")]),
        ({"advanced_total": "1e999"}, [("advanced_total", "whatif_number")]),
        ({"advanced_total": 240.5}, [("advanced_total", "whatif_whole")]),
        (
            {"advanced_total": 1001, "bare_factor": 1.5},
            [("advanced_total", "whatif_range"), ("bare_factor", "whatif_range")],
        ),
        ({"weight:EXE": 0}, [("weight:EXE", "whatif_range")]),
        ({"capability_total:3": 720}, [("capability_total:3", "whatif_order")]),
        ({"capability_total:3": 340}, [("capability_total:3", "whatif_order")]),
    ],
)
def test_a_wrong_change_is_refused_at_its_field(context, asked, refusals):
    with pytest.raises(RuleBroken) as refused:
        whatif.check(asked)
    broken = refused.value.broken if isinstance(refused.value, RulesBroken) else [refused.value]
    assert [(one.field, one.code) for one in broken] == refusals


def test_too_many_changes_at_once_are_refused(context):
    weights = {one.name: one.now + 1 for one in whatif.settings() if one.group == "weight"}
    cuts = {"advanced_total": 250, "leading_capability": 2, "headroom": 1}
    with pytest.raises(RuleBroken) as refused:
        whatif.check(weights | cuts)
    assert refused.value.code == "whatif_many"


def test_every_setting_takes_its_bounds_and_has_a_name(context):
    known = whatif.settings()
    assert len({one.name for one in known}) == len(known)
    assert len({(one.label.ko, one.label.en) for one in known}) == len(known)
    for one in known:
        assert one.low <= one.now <= one.high, one.name
        if one.name.startswith("capability_total"):
            continue
        for value in {one.low, one.high} - {one.now}:
            whatif.varied(whatif.check({one.name: str(value)}), whatif.load())
