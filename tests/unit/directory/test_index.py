"""The directory's index against a slow reading of its own definition, in both of its passes."""

from __future__ import annotations

import unicodedata
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.directory import scan, tokens
from portal.directory.index import ListingIndex

TEXTS = [
    (3, "금형 사출 공장의 제조실행시스템(MES)을 구축합니다. 생산실적을 실시간으로 집계합니다."),
    (5, "머신비전 검사 장비와 딥러닝 불량 판정. 식품·화장품 업종 실적이 많습니다."),
    (8, "설비 예지보전: 진동 센서와 게이트웨이, 이상 탐지. 정비 이력을 관리합니다."),
    (13, "창고관리 WMS, 바코드와 RFID 로 입출고를 관리합니다. MES 연계 가능."),
    (21, "Robot cells and AGV for small machine shops. 협동로봇 티칭 교육."),
]
# two facets: region 0–2, technology 3–5
GROUPS = (0, 0, 0, 1, 1, 1)
VALUES = {3: (0, 3), 5: (1, 4), 8: (0, 1, 5), 13: (2, 3, 5), 21: (2,)}


@pytest.fixture(params=["numpy", "numba"])
def index(request, monkeypatch):
    monkeypatch.setattr(scan, "MANY", 0 if request.param == "numba" else 10**9)
    return ListingIndex.build(TEXTS, VALUES, GROUPS)


def first(index, query):
    found = index.search(query, 1)
    return found[0][0] if found else None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("머신비전", 5),
        ("머신 비전으로 검사하는 업체", 5),
        ("머신비전검사장비", 5),
        (unicodedata.normalize("NFD", "머신비전"), 5),
        ("ㅁㅓㅅㅣㄴㅂㅣㅈㅓㄴ", 5),
        ("ＷＭＳ", 13),
        ("협동 로봇 티칭", 21),
        ("ROBOT", 21),
        ("예지 보전을 하고 싶어요", 8),
        ("제조실행시스탬", 3),  # a slip of the finger
    ],
)
def test_what_people_type_is_found(index, typed, meant):
    assert first(index, typed) == meant


@pytest.mark.parametrize("typed", ["", " ", "🙂🙂", "***", "%_%", "\x00"])
def test_what_asks_for_nothing_finds_everything_in_its_order(index, typed):
    assert index.search(typed, 5) == []
    assert index.find(typed, limit=3).ids == (3, 5, 8)
    assert index.find(typed, limit=3).total == 5


def test_a_page_of_characters_is_answered(index):
    assert index.find("머신비전 검사 " * 2_000).ids[0] == 5


def slow(index, query, chosen):
    """Facets by their definition, over the listings that the query finds without any."""
    ids = index.find(query, limit=99).ids
    met = {key: {group for group, some in chosen.items() if not set(some) & set(VALUES[key])} for key in ids}
    counts = [sum(value in VALUES[key] and met[key] <= {GROUPS[value]} for key in ids) for value in range(len(GROUPS))]
    return [key for key in ids if not met[key]], counts


@pytest.mark.parametrize("query", ["", "관리", "MES 실시간"])
def test_facets_narrow_and_their_counts_are_exact(index, query):
    for region, technology in product([(), (0,), (1, 2)], [(), (3,), (4, 5)]):
        chosen = {0: region, 1: technology}
        found = index.find(query, chosen=chosen, limit=99)
        ids, counts = slow(index, query, {group: some for group, some in chosen.items() if some})
        assert (list(found.ids), found.total, list(found.counts)) == (ids, len(ids), counts)


def test_pages_join_without_gaps(index):
    whole = index.find("관리", limit=99)
    assert sum((index.find("관리", limit=1, offset=at).ids for at in range(whole.total)), ()) == whole.ids


def test_a_listing_says_which_words_it_holds(index):
    assert index.terms("머신비전을 검사하는 로봇", 5) == ("머신비전", "검사")
    assert index.terms("머신비전", 3) == index.terms("머신비전", 99) == ()


def test_a_change_is_found_at_once_and_what_is_gone_is_not(index):
    later = index.changed({21: ("용접 자동화 전문", (0,)), 34: ("머신비전 검사", (1, 4))}, gone=[5])
    assert (first(later, "용접"), first(later, "협동로봇"), first(later, "머신비전 검사")) == (21, None, 34)
    assert first(index, "협동로봇") == 21
    assert later.find("").ids == (3, 8, 13, 21, 34)
    assert later.find("", chosen={0: (0, 1)}).counts == (3, 2, 1, 1, 1, 1)
    again = later.changed({5: TEXTS[1][1:] and (TEXTS[1][1], (1,))}, gone=[34])
    assert (first(again, "머신비전 검사"), len(again), again.changes) == (5, 5, 3)
    assert again.terms("용접", 21) == ("용접",)


def test_a_file_gives_the_same_answers(index, tmp_path):
    index.save(tmp_path / "listings")
    loaded = ListingIndex.load(tmp_path / "listings")
    for query in ("MES", "머신비전 검사", ""):
        assert loaded.find(query, chosen={0: (0, 2)}) == index.find(query, chosen={0: (0, 2)})
    with pytest.raises(ValueError, match="build it anew"):
        loaded.changed({1: ("로봇", ())}).save(tmp_path / "other")
    whole = (tmp_path / "listings").read_bytes()
    for broken in (b"", whole[:-1], b"x" * 100):
        (tmp_path / "broken").write_bytes(broken)
        with pytest.raises(ValueError):
            ListingIndex.load(tmp_path / "broken")


def test_an_empty_directory_is_searched(tmp_path):
    index = ListingIndex.build([], {}, GROUPS)
    index.save(tmp_path / "listings")
    loaded = ListingIndex.load(tmp_path / "listings")
    assert (loaded.search("MES", 5), loaded.find("").total, loaded.find("MES").counts) == ([], 0, (0,) * 6)
    grown = loaded.changed({1: ("MES 구축", (0,)), 2: ("로봇 티칭", (1,))})
    assert (grown.find("MES").ids, grown.find("로봇").ids, len(grown)) == ((1,), (2,), 2)


def test_values_that_no_facet_has_are_refused():
    with pytest.raises(ValueError, match="no facet"):
        ListingIndex.build([(1, "MES")], {1: (6,)}, GROUPS)


WORDS = "금형 사출 검사 로봇 센서 창고 생산 관리 시스템 mes 품질 용접".split()
some_text = st.lists(st.sampled_from(WORDS), min_size=0, max_size=8).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(some_text, st.sets(st.integers(0, 5))), max_size=12),
    some_text,
    st.dictionaries(st.integers(0, 1), st.sets(st.integers(0, 5)), max_size=2),
    st.integers(0, 5),
)
def test_both_passes_agree_to_the_bit(listings, query, chosen, changed):
    texts = [(key * 7, text) for key, (text, _) in enumerate(listings)]
    values = {key * 7: some for key, (_, some) in enumerate(listings)}
    whole = ListingIndex.build(texts, values, GROUPS)
    laid = whole.changed({14: ("용접 로봇", (1,))}, gone=[0, changed * 7])
    seen = []
    for many in (0, 10**9):
        scan.MANY, kept = many, scan.MANY
        try:
            seen.append([one.find(query, chosen=chosen, limit=4) for one in (whole, laid)] + [laid.search(query, 3)])
        finally:
            scan.MANY = kept
    assert seen[0] == seen[1]


def test_units_are_told_apart_by_kind():
    read = tokens.units("용접 로봇")
    assert read.lengths == (2, 3, 2, 1)
    assert sorted(tokens.kind_of(read.keys).tolist()) == [0, 0, 1, 1, 1, 2, 2, 3]
