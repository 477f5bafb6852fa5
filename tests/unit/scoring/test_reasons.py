"""Reasons: exact points, missing proof, contradictions, and the cheapest way up."""

import pytest

from portal.scoring import precheck, record
from portal.scoring.instrument import load
from tests.unit.scoring.profiles import CODES

INSTRUMENT = load()


def result(level=2, evidence=CODES, **snapshot):
    answers = dict.fromkeys(CODES, level) | snapshot.pop("answers", {})
    return record.result(record.inputs({"answers": answers, "evidence": evidence, **snapshot}))


def test_points_lost_add_up_to_the_gap():
    """All at 2 is 400 points, all at 3 is 600: the items' losses are exactly the 200 between."""
    lost = result(2)["reasons"]["lost"]
    assert len(lost) == 44
    assert sum(row["points"] for row in lost) == pytest.approx(200)
    assert lost[0]["points"] == max(row["points"] for row in lost)


def test_missing_proof_is_named_with_the_points_it_would_add():
    reasons = result(2, evidence=(), answers={"E2": 4})["reasons"]
    assert reasons["unproven"] == [{"item": "E2", "level": 4, "points": 6.0}]
    assert reasons["confidence"] == 98


def test_evidence_is_the_cheapest_move_and_needs_no_technology():
    reasons = result(3, evidence=[c for c in CODES if c != "I3"])["reasons"]
    assert reasons["unmet"] == ["G6"]
    assert [(m["item"], m["kind"], m["cost_class"], m["technologies"]) for m in reasons["moves"]] == [
        ("I3", "evidence", 1, [])
    ]
    assert reasons["reaches"] == "LEADING"


def test_a_worry_lifts_the_items_that_answer_it():
    def gain(pains):
        moves = result(1, pains=pains)["reasons"]["moves"]
        return {m["item"]: m["gain"] for m in moves}["E1"]

    assert gain(["LABOUR"]) == pytest.approx(1.5 * gain([]))


@pytest.mark.parametrize("flag", INSTRUMENT.settings["contradictions"], ids=lambda flag: flag["code"])
def test_each_contradiction_is_flagged_exactly_at_its_levels(flag):
    (high, at_least), (low, at_most) = flag["high"], flag["low"]
    calm = dict.fromkeys(CODES, 3)
    hit = calm | {high: at_least, low: at_most}
    assert flag["code"] in INSTRUMENT.contradictions(hit)
    assert flag["code"] not in INSTRUMENT.contradictions(hit | {high: at_least - 1})
    assert flag["code"] not in INSTRUMENT.contradictions(hit | {low: at_most + 1})


def test_unknown_facts_are_refused():
    with pytest.raises(ValueError, match="region"):
        record.inputs({"answers": {}, "facts": {"region": "11"}})


def test_inputs_are_sorted_and_complete():
    given = record.inputs({"answers": {"E2": 1}, "evidence": {"E2": ["b", "a"]}, "unsure": ["S2", "S1"]})
    assert given["evidence"] == {"E2": ["a", "b"]}
    assert given["unsure"] == ["S1", "S2"]
    assert given["facts"]["open_project"] is None
    assert record.canonical(given) == record.canonical(record.inputs(given))


def test_precheck_gives_a_range_and_leaves_unasked_gates_open():
    found = precheck.estimate(dict.fromkeys(INSTRUMENT.questions.precheck, 3))
    assert (found.low_tier.name, found.high_tier.name) == ("ADVANCED", "LEADING")
    assert (found.low.total, found.high.total) == (500, 600)
    assert found.low.areas["EXE"] == 2.5
    assert "DEV" not in found.high.areas
    assert {"G3", "G6", "G7"} <= set(found.not_asked)
    assert len(found.proof_missing) == 12


def test_precheck_at_zero_is_basic_and_says_what_to_do():
    found = precheck.estimate(dict.fromkeys(INSTRUMENT.questions.precheck, 0))
    assert (found.low_tier.name, found.high_tier.name, found.next_tier.name) == ("BASIC", "BASIC", "ADVANCED")
    assert [f.gate for f in found.unmet] == ["G1", "G2", "G4", "G5"]
    assert len(found.moves) == 3


def test_precheck_refuses_what_it_does_not_ask():
    with pytest.raises(ValueError, match="R1"):
        precheck.estimate({"R1": 3})
    with pytest.raises(ValueError, match="E2"):
        precheck.estimate({"E2": 7})


def test_every_item_on_the_way_up_links_to_known_items_only():
    settings = INSTRUMENT.settings
    for row in settings["technologies"]:
        assert set(row["items"]) <= set(CODES), row["code"]
    for row in settings["pains"]:
        assert set(row["items"]) <= set(CODES), row["code"]
        assert min(row["items"].values()) >= 1
    assert set(settings["system_items"]) | set(settings["precheck"]) <= set(CODES)
