"""Suggestions that the previous release stored replay to the byte; new ones say how sure they are."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings

from portal.scoring import record
from portal.scoring.gates import TIERS
from portal.scoring.instrument import load
from portal.scoring.voice import ABOVE, BELOW, Speaker
from tests.unit.scoring.profiles import CODES, PROVE, firms

STORED = json.loads((Path(__file__).parent / "stored" / "rules-1.json").read_text(encoding="utf-8"))
RANK = {None: -1, "BASIC": 0, "ADVANCED": 1, "LEADING": 2}


@pytest.mark.parametrize("row", STORED, ids=range(len(STORED)))
def test_the_first_rules_replay_to_the_byte(row):
    again = record.result(json.loads(row["inputs"]), row["instrument_version"], rules=row["rule_version"])
    assert record.canonical(again).encode() == row["result"].encode()
    assert again["model_hash"] == row["model_hash"] == record.model_hash(load("0.1"), "1")


def test_rules_of_another_release_are_refused():
    with pytest.raises(LookupError):
        record.result(json.loads(STORED[0]["inputs"]), rules="99")


@settings(PROVE, max_examples=60)
@given(firms())
def test_the_band_holds_the_suggestion(firm):
    answers, evidence, rejected = firm
    said = record.result(record.inputs({"answers": answers, "evidence": evidence, "rejected": rejected}))
    low, high = said["band"]["low"], said["band"]["high"]
    assert low["total"] <= said["total"] <= high["total"]
    assert RANK[low["tier"]] <= RANK[said["tier"]] <= RANK[high["tier"]]


class Fixed:
    """A card that always says the same tier."""

    def __init__(self, tier):
        self.tier = tier

    def judge(self, columns):
        from types import SimpleNamespace

        return SimpleNamespace(probabilities=(0.2, 0.3, 0.5), tier=self.tier, tiers=(1, 2))


def _said(tier, **snapshot):
    return record.result(record.inputs(snapshot), speaker=Speaker("fixed-1", "f" * 64, Fixed(tier)))


ALL = {"evidence": CODES, "facts": {"exclusions": [], "own_share_ratio": 0.6, "data_person_planned": True}}


def test_the_model_takes_the_place_of_level_and_total_but_opens_no_other_gate():
    answers = dict.fromkeys(CODES, 1) | {"S2": 3, "S3": 3, "P1": 3, "I3": 3, "R1": 3}
    said = _said(2, answers=answers, **ALL)
    assert (said["tier"], said["provisional"], said["voice"]["note"]) == ("LEADING", True, ABOVE)
    assert _said(2, answers=answers | {"P1": 1}, **ALL)["tier"] == "BASIC"
    excluded = ALL | {"facts": {"exclusions": ["tax"]}}
    assert _said(2, answers=answers, **excluded)["tier"] is None


def test_a_model_below_the_gates_says_so_and_the_next_tier_lacks_only_its_word():
    said = _said(0, answers=dict.fromkeys(CODES, 4), **ALL)
    assert (said["tier"], said["near"], said["voice"]["note"]) == ("BASIC", "ADVANCED", BELOW)
    assert said["reasons"]["unmet"] == []


def test_the_voice_stands_in_place_of_the_band():
    said = _said(1, answers=dict.fromkeys(CODES, 2), **ALL)
    assert said["voice"] == {
        "probabilities": [0.2, 0.3, 0.5],
        "tiers": ["ADVANCED", "LEADING"],
        "tier": "ADVANCED",
        "note": None,
    }
    assert "band" not in said and (said["model"], said["model_hash"]) == ("fixed-1", "f" * 64)


@settings(PROVE, max_examples=60)
@given(firms())
def test_a_model_that_agrees_with_the_gates_changes_no_tier(firm):
    answers, evidence, rejected = firm
    snapshot = {"answers": answers, "evidence": evidence, "rejected": rejected}
    plain = record.result(record.inputs(snapshot))
    said = _said(RANK[plain["tier"]], **snapshot)
    assert (said["tier"], said["gates"], said["voice"]["note"]) == (plain["tier"], plain["gates"], None)
    assert [one.name for one in TIERS][RANK[plain["tier"]]] == said["voice"]["tier"]


class Summing:
    """A card that rises with the sum of the columns, and changes its tier in the middle of a path."""

    def judge(self, columns):
        from types import SimpleNamespace

        tier = sum(sum(columns[:44]) >= cut for cut in (95, 140))
        return SimpleNamespace(probabilities=(0.3, 0.3, 0.4), tier=tier, tiers=(tier,))


@settings(PROVE, max_examples=80)
@given(firms())
def test_all_moves_done_the_model_says_what_was_promised_and_one_less_does_not(firm):
    answers, evidence, rejected = firm
    speaker = Speaker("summing-1", "e" * 64, Summing())
    snapshot = {"answers": answers, "evidence": evidence, "rejected": rejected}
    reasons = record.result(record.inputs(snapshot), speaker=speaker)["reasons"]
    moves = reasons["moves"]

    def after(done):
        raised = answers | {one["item"]: max(one["target"], answers[one["item"]]) for one in done}
        items = {one["item"] for one in done}
        changed = {"answers": raised, "evidence": {*evidence, *items}, "rejected": set(rejected) - items}
        return record.result(record.inputs(changed), speaker=speaker)["tier"]

    assert after(moves) == reasons["reaches"]
    if reasons["next_tier"] and moves:
        dearest = min(moves, key=lambda one: one["gain"])
        reached = RANK[reasons["reaches"]] >= RANK[reasons["next_tier"]]
        assert RANK[after([one for one in moves if one is not dearest])] <= RANK[reasons["reaches"]]
        assert not reached or RANK[after([])] < RANK[reasons["next_tier"]]
