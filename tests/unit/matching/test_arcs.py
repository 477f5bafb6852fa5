"""The nightly matrix says what the sentences say."""

from __future__ import annotations

import random

import numpy as np
import pytest

from portal.directory.oversight import Mark
from portal.directory.rules import NATIONWIDE
from portal.matching import arcs
from portal.matching.rules import Need, gate
from portal.matching.score import mean_outcome, parts_of
from portal.reference.rules import SizeClass
from tests.factories.suppliers import Build, supplier

CODES = ["MES", "QMS", "WMS", "AI", "PdM"]
REGIONS = ["gyeonggi", "busan", "daegu", NATIONWIDE]


def world(seed, needs=30, suppliers=40):
    draw = random.Random(seed)
    some = lambda most, of: draw.sample(of, draw.randint(0, most))  # noqa: E731
    made = [
        supplier(
            number,
            organisation_id=draw.choice([100 + number, number]),
            open_slots=draw.choice([0, 1, 5]),
            is_grey=draw.random() < 0.1,
            technologies={code: draw.randint(1, 5) for code in some(4, CODES)},
            sectors=some(2, ["25", "26", "291"]),
            regions=some(2, REGIONS),
            home=frozenset(some(1, REGIONS[:3])),
            aftercare_hours=draw.choice([None, 12, 100]),
            marks=frozenset(some(1, [Mark.AI, Mark.AAS])),
            records=[
                Build(
                    technologies=tuple(some(2, CODES)),
                    ksic=draw.choice(["25", "26"]),
                    size=draw.choice([*SizeClass, None]),
                    achieved_level=draw.choice([1, 3]),
                    is_level_reached=draw.choice([True, False, None]),
                )
                for _ in range(draw.randint(0, 3))
            ],
        )
        for number in range(1, suppliers + 1)
    ]
    asked = []
    for number in range(1, needs + 1):
        codes = some(3, CODES)
        asked.append(
            Need(
                organisation_id=number,
                technologies={code: 1 / len(codes) for code in codes},
                regions=frozenset(some(2, REGIONS[:3])),
                ksic=draw.choice([None, "251", "29"]),
                size=draw.choice([*SizeClass, None]),
                target_level=draw.choice([None, 1, 3]),
                required=frozenset({Mark.AI} if draw.random() < 0.2 else ()),
            )
        )
    return asked, made


@pytest.mark.parametrize("seed", range(4))
def test_each_pair_has_the_points_of_its_sentences_and_gates_keep_the_rest_out(seed):
    needs, candidates = world(seed)
    table = arcs.build(needs, candidates, top=99)
    mean = mean_outcome([one for one in candidates if not one.is_grey and one.open_slots > 0])
    for row, need in enumerate(needs):
        stored = set(table[[row]].indices.tolist())
        assert stored == {at for at, one in enumerate(candidates) if gate(need, one) is None}
        for at in stored:
            points = sum(part.points for part in parts_of(need, candidates[at], mean=mean, technology_names={}))
            assert table[row, at] == pytest.approx(points, abs=0.011)


def test_only_the_best_are_kept_across_blocks(monkeypatch):
    monkeypatch.setattr(arcs, "BLOCK", 7)
    needs, candidates = world(9)
    whole, few = arcs.build(needs, candidates, top=99), arcs.build(needs, candidates, top=5)
    for row in range(len(needs)):
        best = sorted(zip(-whole[[row]].data, whole[[row]].indices, strict=True))[:5]
        assert sorted(zip(-few[[row]].data, few[[row]].indices, strict=True)) == best


def test_nobody_on_either_side_is_an_empty_table():
    needs, candidates = world(1, 3, 3)
    assert arcs.build([], candidates).shape == (0, 3)
    assert arcs.build(needs, []).shape == (3, 0)


def test_pairs_are_kept_of_suppliers_with_room_when_the_best_are_asked_for_by_everybody():
    needs = [Need(organisation_id=number, technologies={"MES": 1.0}) for number in range(1, 121)]
    made = [
        supplier(
            number,
            organisation_id=1000 + number,
            regions=[NATIONWIDE],
            technologies={"MES": 1 + number % 5},
            records=[Build(technologies=("MES",))] * (number <= 12),
        )
        for number in range(1, 61)
    ]
    by_points = arcs.build(needs, made, top=10)
    spread = arcs.build(needs, made, top=10, room=[10] * 60, each=5)
    assert len(set(by_points.indices)) == 10
    assert len(set(spread.indices)) > 20
    assert (np.diff(spread.indptr) == 10).all() and spread.has_canonical_format
    newcomers = np.array([one.is_newcomer for one in made])
    assert all(newcomers[spread[[row]].indices].any() for row in range(120))
    assert {*by_points[[0]].indices[np.argsort(-by_points[[0]].data, kind="stable")][:5]} <= {*spread[[0]].indices}
    assert (spread != arcs.build(needs, made, top=10, room=[10] * 60, each=5)).nnz == 0
