"""How sure a suggestion is: the band or the model's words on the firm's page; results from before still read."""

import json

import pytest
import sqlalchemy as sa

from portal.base.db import session
from portal.scoring import record
from portal.scoring.models import Suggestion
from tests.factories.scoring import suggestion

VOICE = {"probabilities": [0.112, 0.548, 0.34], "tier": "ADVANCED", "tiers": ["ADVANCED", "LEADING"], "note": None}
BAND = {"low": {"tier": "BASIC", "total": 231.46}, "high": {"tier": "LEADING", "total": 612.0}}


def stored(actor, band=None, voice=None):
    """The newest suggestion of hana's firm as if it had been stored with this band or voice."""
    row = suggestion(actor("hana"))
    result = {key: value for key, value in json.loads(row.result).items() if key not in ("band", "voice")}
    result |= ({"band": band} if band else {}) | ({"voice": voice, "model": "ordinal-logit-3"} if voice else {})
    session.execute(sa.update(Suggestion).values(result=record.canonical(result)))
    session.commit()


def box(client_as):
    found = client_as("hana").page("/result").soup.select_one(".verdict__sure")
    return " ".join(found.get_text(" ", strip=True).split()) if found else None


def test_a_result_of_the_first_rules_says_nothing_of_it_and_still_reads(actor, client_as):
    stored(actor)
    assert box(client_as) is None


def test_the_band_in_words_never_rounded_up(actor, client_as):
    stored(actor, band=BAND)
    said = box(client_as)
    assert "가장 낮으면 기초 231.4점" in said
    assert "가장 높으면 선도모델 612점" in said
    assert "증빙에 따라 유형이 달라질 수 있습니다." in said


def test_no_tier_at_the_lower_end_is_said(actor, client_as):
    stored(actor, band={"low": {"tier": None, "total": 0.0}, "high": {"tier": "BASIC", "total": 1000.0}})
    assert "유형 없음 0점" in box(client_as)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "고도화 또는 선도모델 : 모형이 하나로 좁히지 못했습니다. 사람이 한 번 더 봅니다."),
        ({"tiers": ["ADVANCED"]}, "모형은 고도화 하나로 봅니다."),
        ({"tiers": []}, "비슷한 기업이 적어 모형이 자신하지 못합니다. 사람이 한 번 더 봅니다."),
        ({"note": "MODEL_ABOVE"}, "모형이 더 높게 보았습니다. 그래서 잠정이고, 사람이 확인합니다."),
        ({"note": "MODEL_BELOW"}, "동의하지 않으면 이의를 제기하세요."),
    ],
)
def test_a_learned_model_speaks_in_probabilities_and_words(actor, client_as, change, words):
    stored(actor, voice=VOICE | change)
    said = box(client_as)
    assert "선도모델 34% 고도화 55% 기초 11%" in said
    assert words in said
    assert "모형 ordinal-logit-3이(가) 함께 냈습니다." in client_as("hana").page("/result").text
