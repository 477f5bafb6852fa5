"""How well an evaluator fits: parts, bands, evidence, and which arcs are kept."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from portal.evaluation.affinity import Applicant, Band, Expert, band_of, build, industry_fit, shared_words

PRESS = Applicant(1, "프레스 금형 불량을 비전 검사로 줄이고 MES로 실적을 모읍니다", frozenset({"MES", "VISION"}), "25913")
BREAD = Applicant(2, "제빵 공정의 온도 이력과 위생 점검을 자동으로 기록합니다", frozenset({"HACCP"}), "10712")
DIES = Expert(11, "금형과 프레스 공정, 머신비전 검사 자동화", frozenset({"VISION", "ROBOT"}), frozenset({"25"}))
FOOD = Expert(12, "식품 제조 위생과 온도 이력 관리", frozenset({"HACCP", "MES"}), frozenset({"10"}))
ROADS = Expert(13, "도로 포장", frozenset(), frozenset({"42"}))


def test_each_application_fits_the_evaluator_of_its_field():
    found = build([PRESS, BREAD], [DIES, FOOD, ROADS])
    assert found.matrix.toarray().argmax(axis=1).tolist() == [0, 1]
    assert found.matrix[0, 0] > found.matrix[0, 1] > found.matrix[0, 2]
    assert (found.matrix.data >= 0).all() and (found.matrix.data <= 1).all()


def test_evidence_says_what_fits():
    told = build([PRESS, BREAD], [DIES, FOOD, ROADS]).evidence(0, 0)
    assert told["technology"] == 0.5
    assert told["industry"] == 1.0
    assert told["technologies"] == ["VISION"]
    assert told["industries"] == ["25"]
    assert set(told["words"]) >= {"금형과", "프레스"}
    assert told["text"] > 0


@pytest.mark.parametrize(
    ("code", "known", "fit"),
    [
        ("25913", {"25"}, 1.0),
        ("25", {"25913"}, 1.0),
        ("25913", {"25914"}, 0.8),
        ("25913", {"25929"}, 0.6),
        ("25913", {"25111"}, 0.4),
        ("25913", {"29"}, 0.0),
        ("", {"25"}, 0.0),
        ("25913", set(), 0.0),
    ],
)
def test_industries_by_their_common_digits(code, known, fit):
    assert industry_fit(code, known) == fit


def test_shared_words_look_past_endings():
    assert shared_words("금형을 만드는 공정에서 온도를", "금형과 온도계 그리고 공기") == ["금형과", "온도계"]


def test_bands_are_quantiles():
    assert [band_of(value, 0.3, 0.6) for value in (0.1, 0.3, 0.59, 0.6)] == [
        Band.LOW,
        Band.MIDDLE,
        Band.MIDDLE,
        Band.HIGH,
    ]


def test_only_the_best_arcs_are_kept_and_conflicts_do_not_take_their_place():
    experts = [Expert(at, "금형 프레스 비전" if at < 5 else "다른 분야 이야기", industries=frozenset({"25"})) for at in range(40)]
    barred = csr_matrix(([True] * 3, ([0] * 3, [0, 1, 2])), shape=(2, 40))
    found = build([PRESS, BREAD], experts, top=6, forbidden=barred)
    kept = set(found.matrix[0].indices.tolist())
    assert {0, 1, 2, 3, 4} <= kept  # the conflicts stay in sight: the plan counts what it avoided
    assert len(kept - {0, 1, 2}) == 6
    assert found.matrix[1].nnz == 6


def test_equal_evaluators_are_kept_by_lot():
    experts = [Expert(at, "금형") for at in range(30)]
    kept = {tuple(build([PRESS], experts, top=3, seed=seed).matrix.indices) for seed in range(5)}
    assert len(kept) > 1
    once, again = (build([PRESS], experts, top=3, seed=9).matrix for _ in range(2))
    assert np.array_equal(once.indices, again.indices)


def test_nobody_wrote_anything():
    found = build([Applicant(1, "", frozenset({"MES"}), "25")], [Expert(2, "", frozenset({"MES"}), frozenset({"25"}))])
    assert found.matrix.toarray().tolist() == [[0.45]]


def test_no_applications_or_no_evaluators():
    assert build([], [DIES]).matrix.shape == (0, 1)
    assert build([PRESS], []).matrix.shape == (1, 0)
