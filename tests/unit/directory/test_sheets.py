"""The rows of a workbook against a listing: what is new, changed, taken out, refused; and what stars come to."""

import pytest

from portal.base.words import say
from portal.directory.completeness import PARTS, completeness
from portal.directory.esteem import ENOUGH, START_MEAN, common_mean, esteem
from portal.directory.rules import MAX_PRODUCTS, MAX_TECHNOLOGIES
from portal.directory.sheets import PRODUCTS, TECHNOLOGIES, compare

KNOWN = {"MES": say("제조실행시스템", "MES"), "APS": say("생산계획 (APS)", "Planning (APS)"), "POP": say("생산시점관리", "POP")}
HAVE = {"MES": 3, "POP": 2}
OWN = [{"name": "현장판", "description": "작업 현황", "price": "subscription"}]


def technology(code="", level="", name="", row=2):
    return {"sheet": TECHNOLOGIES, "row": row, "code": code, "name": name, "level": level}


def product(name="", description="", price="", gs="", saas="", row=2):
    return {
        "sheet": PRODUCTS, "row": row, "name": name, "description": description, "price": price, "gs": gs, "saas": saas
    }  # fmt: skip


def report(*cells):
    return compare(cells, HAVE, OWN, KNOWN)


def test_rows_add_change_and_take_out_and_what_stands_in_no_row_stays():
    found = report(
        technology("MES", "4"),
        technology(name="생산 계획", level="2 · 기본 기능"),
        technology("pop", "0"),
        product("현장 판", "새 설명", "월 구독", gs="O"),
        product("예지보전 상자", "", ""),
    )
    assert [line.kind for line in found.lines] == ["changed", "new", "out", "changed", "new"]
    assert found.capabilities == {"MES": 4, "APS": 2}
    assert list(found.products) == [
        {"name": "현장 판", "description": "새 설명", "price": "subscription", "gs": True},
        {"name": "예지보전 상자", "description": "", "price": "quote"},
    ]
    assert found.may_take
    assert (HAVE, OWN[0]["description"]) == ({"MES": 3, "POP": 2}, "작업 현황")


def test_the_same_again_changes_nothing():
    found = report(technology("MES", "3"), product("현장판", "작업 현황", "월 구독"))
    assert ([line.kind for line in found.lines], found.changing, found.may_take) == (["same", "same"], 0, False)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([technology("없는기술", "3")], "목록에 없는 기술"),
        ([technology("MES", "6")], "0부터 5까지"),
        ([technology("MES", "많이")], "0부터 5까지"),
        ([technology("MES", "2"), technology("mes", "3")], "두 번"),
        ([product("", "이름 없음")], "제품 이름이 없습니다"),
        ([product("가" * 61)], "60자까지"),
        ([product("상자", "", "공짜")], "가격 방식은 다음 가운데"),
        ([product("상자", gs="아마")], "O만 적거나"),
        ([product("상자"), product(" 상 자 ")], "두 번"),
    ],
)
def test_one_row_that_can_not_be_used_refuses_all(cells, words):
    found = report(technology("APS", "1", row=9), *cells)
    assert [line.problem.ko for line in found.lines if words in str(line.problem)] != []
    assert (found.refused, found.may_take) == (1, False)


def test_more_than_a_listing_holds_is_said_before_taking_over():
    many = {f"T{n}": say(f"기술{n}", f"Technology {n}") for n in range(MAX_TECHNOLOGIES + 1)}
    found = compare([technology(code, "1") for code in many], {}, [], many)
    assert ("기술" in found.problem.ko, found.may_take) == (True, False)
    found = report(*[product(f"제품 {n}") for n in range(MAX_PRODUCTS)])
    assert ("제품" in found.problem.ko, found.may_take) == (True, False)


def test_the_agreement_holds_for_the_same_listing_only():
    cells = [technology("APS", "1")]
    assert compare(cells, HAVE, OWN, KNOWN).digest == compare(cells, HAVE, OWN, KNOWN).digest
    assert compare(cells, HAVE, OWN, KNOWN).digest != compare(cells, {**HAVE, "MES": 5}, OWN, KNOWN).digest


def test_few_ratings_are_drawn_to_the_mean_and_many_speak_for_themselves():
    assert common_mean(5, 1) == START_MEAN
    assert common_mean(4 * ENOUGH, ENOUGH) == 4.0
    one, twenty = esteem(5, 1, 3.5), esteem(20 * 5 - 10, 20, 3.5)
    assert (one.plain, twenty.plain) == (5.0, 4.5)
    assert one.mean == pytest.approx(3.75)
    assert one.mean < twenty.mean < twenty.plain


def test_completeness_counts_what_is_there_and_names_the_weightiest_gap_first():
    assert sum(part.weight for part in PARTS) == 100
    nothing = completeness({}, records=(), marks=())
    assert (nothing.share, len(nothing.missing), nothing.missing[0].field) == (0, len(PARTS), "capabilities")
    full = {part.field: "x" for part in PARTS}
    assert completeness(full, records=["x"], marks=["x"]).missing == ()
    gap = completeness({**full, "open_slots": 0}, records=["x"], marks=["x"])
    assert (gap.share, [part.field for part in gap.missing]) == (92, ["open_slots"])
