"""Many firms at once against one at a time: every number of a suggestion but its moves, for the same firms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.scoring import batch, features, reasons
from portal.scoring.gates import CUTS, GATES, TIERS, Cuts, Facts, ManyFacts, barriers, highest, judge, states_of
from portal.scoring.instrument import BLOCK, load
from portal.scoring.reasons import Firm
from portal.scoring.voice import among_gates
from tests.unit.scoring.profiles import CODES, PROVE, firms
from tests.unit.scoring.test_properties import FACTS

INSTRUMENT = load()
AREAS = [area.code for area in INSTRUMENT.areas]
FLAGS = [flag["code"] for flag in INSTRUMENT.settings["contradictions"]]
OTHER = INSTRUMENT.varied({"bare_factor": 0.33, "weight:EXE": 90, "headroom": 1.25, "share:2:3": 0.4})
OTHER_CUTS = Cuts(advanced_total=301.5, leading_capability=2, own_share=0.25)


@st.composite
def scored_firms(draw):
    answers, evidence, rejected = draw(firms())
    return Firm(
        answers=answers,
        evidence=frozenset(evidence),
        rejected=frozenset(rejected),
        unsure=frozenset(draw(st.sets(st.sampled_from(CODES), max_size=5))),
        facts=draw(st.one_of(st.just(Facts()), FACTS)),
    )


def plain(found, i):
    """Row i of a batch as one firm's suggestion tells it."""
    lost = {code: points for code, points in zip(CODES, found.lost[i].tolist(), strict=True) if points}
    return {
        "total": found.total[i],
        "levels": (found.system_level[i], found.capability_level[i]),
        "areas": {code: mean for code, mean in zip(AREAS, found.areas[i].tolist(), strict=True) if mean == mean},
        "gates": found.gates[i].tolist(),
        "tier": found.tier[i],
        "near": found.near[i],
        "provisional": found.provisional[i],
        "lost": lost,
        "unmet": [gate for gate, barred in zip(GATES, found.unmet[i], strict=True) if barred],
        "unproven": [code for code, bare in zip(CODES, found.unproven[i], strict=True) if bare],
        "contradictions": [code for code, hit in zip(FLAGS, found.contradictions[i], strict=True) if hit],
        "unsure": [code for code, doubtful in zip(CODES, found.unsure[i], strict=True) if doubtful],
        "confidence": found.confidence[i],
    }


def one(instrument, firm, cuts):
    """The same from the path of a single suggestion."""
    found = instrument.assess(firm.answers, firm.evidence, firm.rejected)
    judged = judge(found, firm.facts, firm.rejected, cuts=cuts)
    told = reasons.explain(instrument, firm, found, judged, cuts)
    return {
        "total": found.total,
        "levels": (found.system_level, found.capability_level),
        "areas": found.areas,
        "gates": [list(tier) for tier in judged.states],
        "tier": TIERS.index(judged.tier) if judged.tier else -1,
        "near": TIERS.index(judged.near) if judged.near else -1,
        "provisional": judged.provisional,
        "lost": {row["item"]: float(np.float32(row["points"])) for row in told["lost"]},
        "unmet": told["unmet"],
        "unproven": [row["item"] for row in told["unproven"]],
        "contradictions": told["contradictions"],
        "unsure": [code for code in CODES if code in firm.unsure],
        "confidence": told["confidence"],
    }


@pytest.mark.parametrize(("instrument", "cuts"), [(INSTRUMENT, CUTS), (OTHER, OTHER_CUTS)], ids=["in force", "what if"])
@settings(PROVE, max_examples=80)
@given(rows=st.lists(scored_firms(), min_size=1, max_size=6))
def test_many_equal_one_by_one(instrument, cuts, rows):
    found = batch.score(instrument, batch.pack(instrument, rows), cuts)
    assert [plain(found, i) for i in range(len(rows))] == [one(instrument, firm, cuts) for firm in rows]


@settings(PROVE, max_examples=60)
@given(st.lists(scored_firms(), min_size=1, max_size=6))
def test_states_of_equals_judge_with_facts_too(rows):
    profiles = batch.pack(INSTRUMENT, rows)
    found = INSTRUMENT.assess_many(profiles.answers, profiles.evidence, profiles.rejected)
    states = states_of(found, CODES, ManyFacts.of([firm.facts for firm in rows]))
    verdicts = [judge(INSTRUMENT.assess(f.answers, f.evidence, f.rejected), f.facts, f.rejected) for f in rows]
    assert states.tolist() == [[list(tier) for tier in verdict.states] for verdict in verdicts]


@settings(PROVE, max_examples=200)
@given(scored_firms(), st.sampled_from([CUTS, OTHER_CUTS]))
def test_barriers_are_the_unmet_gates_of_judge(firm, cuts):
    found = INSTRUMENT.assess(firm.answers, firm.evidence, firm.rejected)
    judged = judge(found, firm.facts, firm.rejected, cuts=cuts)
    unmet = barriers(found, firm.facts, cuts)
    assert unmet == {tier: tuple(finding.gate for finding in judged.unmet(tier)) for tier in TIERS}
    assert highest(unmet) == judged.tier


@settings(PROVE, max_examples=100)
@given(scored_firms())
def test_moves_lead_where_the_whole_firm_assessed_again_stands(firm):
    """The quick trial of a move against assessing and judging the whole firm again."""
    found = INSTRUMENT.assess(firm.answers, firm.evidence, firm.rejected)
    told = reasons.explain(INSTRUMENT, firm, found, judge(found, firm.facts, firm.rejected))
    raised = {one["item"]: max(one["target"], found.face[one["item"]]) for one in told["moves"]}
    rejected = firm.rejected - raised.keys()
    again = INSTRUMENT.assess(firm.answers | raised, firm.evidence | raised.keys(), rejected)
    tier = judge(again, firm.facts, rejected).tier
    assert told["reaches"] == (tier.name if tier else None)


def seen_at(columns):
    """A made-up learned model that rises in every column: tier by the sum of the areas."""
    areas = np.asarray(columns)[..., len(CODES) :]
    return np.digitize(areas.sum(axis=-1), (18, 30))


@settings(PROVE, max_examples=60)
@given(st.lists(scored_firms(), min_size=1, max_size=6))
def test_a_learned_champion_speaks_to_many_as_to_one(rows):
    found = batch.score(INSTRUMENT, batch.pack(INSTRUMENT, rows), champion=seen_at)
    for i, firm in enumerate(rows):
        assessed = INSTRUMENT.assess(firm.answers, firm.evidence, firm.rejected)
        level = int(seen_at(features.row(INSTRUMENT, assessed)))
        judged = among_gates(judge(assessed, firm.facts, firm.rejected), level)
        told = reasons.explain(INSTRUMENT, firm, assessed, judged, heard=seen_at)
        assert found.tier[i] == (TIERS.index(judged.tier) if judged.tier else -1)
        assert found.near[i] == (TIERS.index(judged.near) if judged.near else -1)
        assert found.provisional[i] == judged.provisional
        assert [gate for gate, barred in zip(GATES, found.unmet[i], strict=True) if barred] == told["unmet"]
        assert {row["item"]: float(np.float32(row["points"])) for row in told["lost"]} == plain(found, i)["lost"]


def test_blocks_do_not_show():
    """One row more than a block, each firm other than its neighbour: every row is where it belongs."""
    random = np.random.default_rng(7)
    n = BLOCK + 3
    answers = random.integers(0, 6, (n, len(CODES)), dtype=np.int8)
    answers[::5, CODES.index("D1")] = -1
    evidence, rejected = random.random((2, n, len(CODES))) < 0.3
    whole = batch.score(INSTRUMENT, batch.Profiles(answers, evidence, rejected))
    tail = batch.score(INSTRUMENT, batch.Profiles(answers[-5:], evidence[-5:], rejected[-5:]))
    for name in (
        "total",
        "areas",
        "gates",
        "tier",
        "near",
        "lost",
        "unmet",
        "unproven",
        "contradictions",
        "confidence",
    ):
        assert np.array_equal(getattr(whole, name)[-5:], getattr(tail, name), equal_nan=name == "areas"), name
    many = INSTRUMENT.assess_many(answers, evidence, rejected)
    assert np.array_equal(many.total, whole.total)
    assert np.array_equal(many.proven[-5:], INSTRUMENT.assess_many(answers[-5:], evidence[-5:], rejected[-5:]).proven)


def test_nobody_is_scored_too():
    found = batch.score(INSTRUMENT, batch.pack(INSTRUMENT, []))
    assert (found.total.shape, found.lost.shape, found.gates.shape) == ((0,), (0, 44), (0, 3, 10))


def test_wrong_levels_and_shapes_are_refused():
    with pytest.raises(ValueError, match="S1"):
        batch.score(INSTRUMENT, batch.Profiles(np.full((1, 44), -1, np.int8)))
    with pytest.raises(ValueError, match="shape"):
        batch.score(INSTRUMENT, batch.Profiles(np.zeros((2, 44), np.int8), np.zeros((1, 44), bool)))
    with pytest.raises(ValueError, match="unsure"):
        batch.score(INSTRUMENT, batch.Profiles(np.zeros((2, 44), np.int8), unsure=np.zeros((1, 44), bool)))


def test_a_varied_instrument_changes_only_what_was_asked():
    assert OTHER.adjustable() == INSTRUMENT.adjustable() | {
        "bare_factor": 0.33,
        "weight:EXE": 90,
        "headroom": 1.25,
        "share:2:3": 0.4,
    }
    assert OTHER.digest != INSTRUMENT.digest
    assert OTHER.version.startswith(f"{INSTRUMENT.version}+")
    assert INSTRUMENT.varied({}).assess({"E2": 4}) == INSTRUMENT.assess({"E2": 4})
    for unknown in ("weight:XXX", "share:9:9", "capability_total:9", "colour"):
        with pytest.raises(KeyError):
            INSTRUMENT.varied({unknown: 1})
