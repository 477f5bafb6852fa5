"""Reading loosely typed Korean: the same thing under all its names, and nothing that is not there."""

import unicodedata

import pytest

from portal.directory.index import ListingIndex
from portal.directory.thesaurus import MAX_QUERY, Thesaurus, fold, read, sign_of
from portal.reference.loading import read_technologies


@pytest.fixture(scope="module")
def thesaurus():
    return Thesaurus(
        (row.code, (row.code, row.ko, row.en, *row.synonyms_ko, *row.synonyms_en)) for row in read_technologies()
    )


SAME = {
    "MES": [
        "MES", "mes", "ＭＥＳ", "m e s", "엠이에스", "제조실행", "제조 실행", "제조실행시스템", "제조 실행시스템을",
        "생산관리시스템", "생산관리 시스템", "생산 관리 시스템", "manufacturing execution system",
        "MES 업체 추천", "MES를 잘하는 회사", unicodedata.normalize("NFD", "제조실행시스템"),
    ],
    "VISION": ["비전 검사", "비전검사", "비젼검사", "machine vision", "Machine  Vision", "머신비전", "외관 검사"],
    "AI": ["제조AI", "제조 ai", "인공지능", "딥러닝", "불량 예측"],
    "SEC-OT": ["공장보안", "OT security"],
}  # fmt: skip


@pytest.mark.parametrize(("code", "typed"), [(code, typed) for code, names in SAME.items() for typed in names])
def test_every_name_of_a_technology_is_read_as_that_technology(thesaurus, code, typed):
    question = read(typed, thesaurus)
    assert question.technologies == (frozenset({code}),)
    assert question.words == ()


@pytest.mark.parametrize(
    ("typed", "codes", "words"),
    [
        ("maintenance", [], ["maintenance"]),  # "ai" stands inside the word only
        ("자동 화재 경보", [], ["자동", "화재", "경보"]),  # 자동화 would bridge two words
        ("클라우드MES", ["CLOUD", "MES"], []),
        ("용접로봇대구", ["ROBOT"], ["대구"]),
        ("안산에서 사출 AI", ["AI"], ["안산", "사출"]),
        ("시스템", [], ["시스템"]),
    ],
)
def test_words_around_a_technology_stay_words(thesaurus, typed, codes, words):
    question = read(typed, thesaurus)
    assert [sorted(group) for group in question.technologies] == [[code] for code in codes]
    assert list(question.words) == words


@pytest.mark.parametrize("typed", ["", "   ", "!!!", "%_*", "😀", "\x00"])
def test_a_query_without_letters_asks_nothing(thesaurus, typed):
    assert read(typed, thesaurus).is_empty


def test_a_very_long_query_is_cut_and_says_so(thesaurus):
    question = read("사출 " * 5000, thesaurus)
    assert question.was_cut
    assert question.words == ("사출",)
    assert not read("가" * MAX_QUERY, thesaurus).was_cut


def found(thesaurus, typed, listings):
    """What the index gives for a typed text, when listings and query speak of technologies by their signs."""
    texts = {}
    for key, (name, levels, text) in listings.items():
        named = {code for codes in thesaurus.find(fold(text))[0] for code in codes}
        texts[key] = " ".join([name, text, *map(sign_of, sorted(named | set(levels))), *map(sign_of, levels)])
    question = read(typed, thesaurus)
    signs = [sign_of(code) for codes in question.technologies for code in sorted(codes)]
    return list(ListingIndex.build(texts.items()).find(" ".join([*signs, *question.words])).ids)


LISTINGS = {
    1: ("가온", {"MES": 2}, "금속 가공"),
    2: ("나래", {"MES": 4}, "사출 성형"),
    3: ("다솜", {}, "생산관리시스템을 만들어 본 적이 있습니다"),
    4: ("라온", {"VISION": 3}, "사출 외관"),
    5: ("마루", {"AGV": 3}, "물류"),
}


def test_names_of_one_technology_find_the_same_list_in_the_same_order(thesaurus):
    answers = [found(thesaurus, typed, LISTINGS) for typed in SAME["MES"]]
    assert answers == [[1, 2, 3]] * len(answers)


def test_what_matches_more_of_the_question_comes_first(thesaurus):
    assert found(thesaurus, "사출 MES", LISTINGS)[0] == 2


def test_a_name_is_found_with_a_typing_error(thesaurus):
    listings = {1: ("가온제조솔루션", {}, ""), 2: ("나래정보기술", {}, "")}
    assert found(thesaurus, "가온제조솔류션", listings) == [1]


def test_nothing_is_found_where_nothing_matches(thesaurus):
    assert found(thesaurus, "반도체", LISTINGS) == []


def test_equal_scores_are_ordered_by_id(thesaurus):
    listings = {key: ("이름", {"MES": 3}, "같은 글") for key in (9, 3, 7)}
    assert found(thesaurus, "MES", listings) == [3, 7, 9]
