"""Words are read past the library's slow way, and as it reads them."""

from __future__ import annotations

import pytest
from mecab import MeCab

from portal.directory import tokens

TEXTS = (
    "비전검사 설비로 불량을 찾아내고, MES와 연결했습니다.",
    "금형 온도를 재는 센서(IoT) 12개를 설치했다",
    "ㄱㅡㅁ형 😀 ａｂ１２, \"따옴표\"와 , 쉼표\n새 줄",
    "",
    "가" * 500,
)


@pytest.mark.parametrize("text", TEXTS)
def test_morphemes_are_the_librarys(text):
    folded = tokens.fold(text)
    wanted = [part for part, tag in MeCab().pos(folded) if tag.startswith(tokens._KEPT)]
    assert tokens.morphemes(folded) == wanted


@pytest.mark.parametrize(
    ("word", "bare"),
    [("공장에서는", "공장"), ("설비를", "설비"), ("은는", "은는"), ("mes와", "mes"), ("검사", "검사"), ("", "")],
)
def test_the_longest_particle_goes_and_two_letters_stay(word, bare):
    assert tokens.words(word) == ([bare] if word else [])
