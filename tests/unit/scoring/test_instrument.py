"""The instrument's arithmetic: fixed points, the half, 해당 없음, one firm against many."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.scoring.instrument import Standing, load
from tests.unit.scoring.profiles import CODES, NOT_APPLICABLE, PROVE, firms

INSTRUMENT = load()


@pytest.mark.parametrize(
    ("level", "total", "system", "capability"),
    [(0, 0, 0, 0), (1, 200, 0, 1), (2, 400, 1, 2), (3, 600, 2, 3), (4, 800, 3, 4), (5, 1000, 4, 5)],
)
def test_every_item_at_one_level_with_evidence_gives_the_fixed_points(level, total, system, capability):
    found = INSTRUMENT.assess(dict.fromkeys(CODES, level), evidence=CODES)
    assert (found.total, found.system_level, found.capability_level) == (total, system, capability)
    assert found.areas == dict.fromkeys((area.code for area in INSTRUMENT.questions.areas), level)


def test_every_item_at_one_level_without_evidence_counts_half_above_two():
    found = INSTRUMENT.assess(dict.fromkeys(CODES, 5))
    assert found.total == 700
    assert (found.system_level, found.capability_level) == (1, 3)
    assert set(found.proven.values()) == {2}


def test_rejected_evidence_counts_nothing_above_two_even_when_attached():
    found = INSTRUMENT.assess(dict.fromkeys(CODES, 5), evidence=CODES, rejected=CODES)
    assert (found.total, set(found.proven.values())) == (400, {2})


def test_face_value_takes_every_claim_as_proven():
    assert INSTRUMENT.assess(dict.fromkeys(CODES, 4), face_value=True) == INSTRUMENT.assess(
        dict.fromkeys(CODES, 4), evidence=CODES
    )


def test_a_missing_answer_is_zero_and_nothing_is_zero():
    assert INSTRUMENT.assess({}) == INSTRUMENT.assess(dict.fromkeys(CODES, 0))


def test_not_applicable_leaves_numerator_and_denominator():
    answers = dict.fromkeys(CODES, 2) | {"D1": None, "D2": None, "D3": None}
    found = INSTRUMENT.assess(answers)
    assert (found.total, found.areas["DEV"]) == (400, 2)
    assert "D1" not in found.proven


def test_bare_claims_never_prove_an_area_for_the_capability_level():
    answers = dict.fromkeys(CODES, 5) | dict.fromkeys(["E1", "E2", "E3", "E4", "E5"], 4)
    evidence = [code for code in CODES if not code.startswith("E")]
    found = INSTRUMENT.assess(answers, evidence)
    assert (found.total, found.areas["EXE"], found.capability_level) == (940, 3, 3)


@pytest.mark.parametrize(
    ("answers", "named"),
    [
        ({"S1": None}, "S1"),
        ({"E2": 6}, "E2"),
        ({"E2": -1}, "E2"),
        ({"E2": True}, "E2"),
        ({"E2": 2.5}, "E2"),
        ({"X9": 1}, "X9"),
    ],
)
def test_a_wrong_answer_is_refused_by_its_code(answers, named):
    with pytest.raises(ValueError, match=named):
        INSTRUMENT.assess(answers)


def test_not_applicable_is_allowed_exactly_where_the_instrument_says():
    allowed = set()
    for code in CODES:
        try:
            INSTRUMENT.assess({code: None})
        except ValueError:
            continue
        allowed.add(code)
    assert allowed == {"D1", "D2", "D3", "L3", "L4", "T5"} == set(NOT_APPLICABLE)


def test_an_unknown_version_is_a_lookup_error():
    with pytest.raises(LookupError):
        load("9.9")


def test_assess_many_refuses_a_wrong_shape_and_a_wrong_level():
    with pytest.raises(ValueError, match="shape"):
        INSTRUMENT.assess_many(np.zeros((2, 43), np.int8))
    with pytest.raises(ValueError, match="S1"):
        INSTRUMENT.assess_many(np.full((1, 44), -1, np.int8))
    with pytest.raises(ValueError, match="S2"):
        INSTRUMENT.assess_many(np.array([[0, 6] + [0] * 42], np.int8))


@settings(PROVE, max_examples=60)
@given(st.lists(firms(), min_size=1, max_size=8))
def test_assess_many_equals_assess(rows):
    answers = np.array([[-1 if a[c] is None else a[c] for c in CODES] for a, _, _ in rows], np.int8)
    evidence = np.array([[c in e for c in CODES] for _, e, _ in rows])
    rejected = np.array([[c in r for c in CODES] for _, _, r in rows])
    many = INSTRUMENT.assess_many(answers, evidence, rejected)
    for i, row in enumerate(rows):
        one = INSTRUMENT.assess(*row)
        assert many.total[i] == one.total
        assert many.system_level[i] == one.system_level
        assert many.capability_level[i] == one.capability_level
        areas = {a.code: v for a, v in zip(INSTRUMENT.questions.areas, many.areas[i], strict=True) if v == v}
        assert areas == one.areas
        assert {c: v for c, v in zip(CODES, many.proven[i], strict=True) if v >= 0} == one.proven


@settings(PROVE, max_examples=40)
@given(firms(), st.randoms())
def test_the_order_of_answers_does_not_matter(firm, random):
    answers, evidence, rejected = firm
    shuffled = list(answers.items())
    random.shuffle(shuffled)
    assert INSTRUMENT.assess(dict(shuffled), sorted(evidence), sorted(rejected)) == INSTRUMENT.assess(*firm)


@settings(PROVE, max_examples=100)
@given(firms(), st.lists(st.tuples(st.sampled_from(CODES), st.integers(0, 5)), min_size=1, max_size=6))
def test_rising_item_by_item_equals_assessing_anew(firm, moves):
    answers, evidence, rejected = firm
    standing = Standing(INSTRUMENT, INSTRUMENT.assess(answers, evidence, rejected))
    for code, level in moves:
        if answers[code] is None:
            continue
        standing.prove(code, level)
        answers, evidence, rejected = answers | {code: level}, evidence | {code}, rejected - {code}
    anew = INSTRUMENT.assess(answers, evidence, rejected)
    for name in ("total", "system_level", "capability_level", "areas", "weighed", "proven"):
        assert getattr(standing, name) == getattr(anew, name), name


def test_the_scalar_path_imports_no_numpy():
    code = (
        "import sys; from portal.scoring.instrument import load; load().assess({'E2': 3}, ['E2']);"
        "print('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
