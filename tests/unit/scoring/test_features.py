"""What a learned model sees: nothing about who the firm is, and never less for a better answer."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.scoring import features
from portal.scoring.instrument import load
from tests.unit.scoring.profiles import CODES, PROVE, firms

INSTRUMENT = load()


def test_columns_are_the_items_the_area_means_and_the_weakest_area():
    areas = tuple(f"area:{area.code}" for area in INSTRUMENT.questions.areas)
    assert features.names(INSTRUMENT) == (*CODES, *areas, "weakest")


@settings(PROVE, max_examples=60)
@given(st.lists(firms(), min_size=1, max_size=6))
def test_many_rows_equal_one_by_one(rows):
    answers = np.array([[-1 if a[c] is None else a[c] for c in CODES] for a, _, _ in rows], np.int8)
    evidence = np.array([[c in e for c in CODES] for _, e, _ in rows])
    rejected = np.array([[c in r for c in CODES] for _, _, r in rows])
    many = features.matrix(INSTRUMENT, INSTRUMENT.assess_many(answers, evidence, rejected))
    assert many.tolist() == [features.row(INSTRUMENT, INSTRUMENT.assess(*row)) for row in rows]


@settings(PROVE, max_examples=100)
@given(firms(), st.data())
def test_a_better_answer_or_more_evidence_lowers_no_column(firm, data):
    answers, evidence, rejected = firm
    code = data.draw(st.sampled_from([c for c in CODES if answers[c] is not None] or ["E2"]))
    raised = answers | {code: data.draw(st.integers(answers[code] or 0, 5))}
    more = evidence | data.draw(st.sets(st.sampled_from(CODES)))
    before = features.row(INSTRUMENT, INSTRUMENT.assess(answers, evidence, rejected))
    after = features.row(INSTRUMENT, INSTRUMENT.assess(raised, more, rejected))
    assert all(b <= a for b, a in zip(before, after, strict=True))
