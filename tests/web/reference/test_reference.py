"""Loading codes into the database and asking for them."""

from datetime import date

import pytest

from portal.base import audit
from portal.base.access import SYSTEM, Actor, Forbidden
from portal.base.db import session
from portal.base.words import use_language
from portal.reference import loading, queries, service
from portal.reference.models import Ksic, Region
from portal.reference.rules import RegionLevel

pytestmark = pytest.mark.usefixtures("context")

WIDE = ",".join(loading.WIDE_KSIC) + "\n"
GOOD = WIDE + (
    "C,제조업,30,자동차 및 트레일러 제조업,303,자동차 신품 부품 제조업,3033,섀시,30331,조향장치\n"
    "C,제조업,30,자동차 및 트레일러 제조업,303,자동차 신품 부품 제조업,3033,섀시,30332,제동장치\n"
)


def test_loading_twice_changes_nothing():
    assert service.load_all(SYSTEM) == service.Loaded(same=110 + 277 + 49)


def test_a_changed_row_is_brought_back_and_noted():
    row = queries.region("seoul")
    row.ko = "서울시"
    session.commit()
    rows = audit.verify().rows
    assert service.load_all(SYSTEM).changed == 1
    assert queries.region("seoul").ko == "서울특별시"
    assert audit.verify().rows == rows + 1


def test_only_operators_load(actor):
    for name in ("hana", "pyeong", "gong", "gam", "anon"):
        with pytest.raises(Forbidden):
            service.load_all(actor(name))
    assert service.load_all(actor("un")).added == 0


def test_regions_of_a_day():
    before, after = date(2026, 6, 30), date(2026, 7, 1)
    assert len(queries.regions_on(before, RegionLevel.SIDO)) == 17
    assert len(queries.regions_on(after, RegionLevel.SIDO)) == 16
    assert "jeonnamgwangju" in dict(queries.sido_options(after))
    assert "gwangju" not in dict(queries.sido_options(after))


def test_a_region_knows_what_it_lies_in_and_what_lies_in_it():
    assert queries.within("gyeonggi") >= {"gyeonggi", "gyeonggi-hwaseong"}
    assert "gwangju-gwangsan" in queries.within("jeonnamgwangju")
    assert "busan-jung" not in queries.within("seoul")
    assert queries.containing("gwangju-gwangsan") == {
        "gwangju-gwangsan",
        "gwangju",
        "jeonnamgwangju-gwangsan",
        "jeonnamgwangju",
    }
    assert queries.containing(None) == frozenset()
    for key in ("incheon-seohae", "gwangju-dong", "sejong", "jeonnam"):
        inside = {row.key for row in session.query(Region) if key in queries.containing(row.key)}
        assert inside == queries.within(key)


def test_region_names_carry_the_province():
    assert queries.region_name("gyeonggi-hwaseong").ko == "경기도 화성시"
    assert queries.region_name("sejong").ko == "세종특별자치시"
    assert queries.region_name("atlantis") is None
    assert [row.key for row in queries.ancestors("incheon-geomdan")] == ["incheon-geomdan", "incheon"]


def test_region_choices_hold_every_region_of_the_day_once():
    keys = [key for _, group in queries.region_options(date(2026, 7, 1)) for key, _ in group]
    assert (len(keys), len(set(keys))) == (230, 230)
    assert "sejong" in keys


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("자동차 부품", ["303", "304"]),
        ("자동차부품", []),
        ("C30", ["30", "301", "302", "303", "304"]),
        ("footwear", ["15", "152"]),
        ("", []),
        ("100%", []),
        ("_", []),
    ],
)
def test_search_for_an_industry(typed, codes):
    assert [row.code for row in queries.search_ksic(typed)] == codes


def test_technology_choices_are_grouped_and_complete():
    codes = [code for _, group in queries.technology_options() for code, _ in group]
    assert sorted(codes) == sorted(row.code for row in queries.technologies())
    assert "machine vision" in queries.technology("VISION").words


def run(app, tmp_path, text, revision="11"):
    path = tmp_path / "ksic.csv"
    path.write_text(text, encoding="utf-8")
    return app.test_cli_runner().invoke(args=["portal", "import-ksic", str(path), "--revision", revision])


def test_command_imports_the_full_table(app, tmp_path):
    answer = run(app, tmp_path, GOOD)
    assert (answer.exit_code, "추가 5" in answer.output) == (0, True)
    assert queries.ksic("C30331", 11).label.ko == "조향장치"
    assert [row.code for row in queries.ksic_path("30331", 11)] == ["30", "303", "3033", "30331"]
    with use_language("en"):
        assert str(queries.ksic("303", 11).label) == "New parts for motor vehicles"
    assert "추가 0" in run(app, tmp_path, GOOD).output


def test_command_refuses_a_broken_table_whole(app, tmp_path):
    before = session.query(Ksic).count()
    answer = run(app, tmp_path, GOOD + "C,제조업,30,자동차,303,자동차 신품 부품 제조업,3033,섀시,30339,기타\n")
    assert answer.exit_code == 1
    assert "ksic.csv:4:" in answer.output
    assert "아무것도 넣지 않았습니다" in answer.output
    assert session.query(Ksic).count() == before


def test_command_knows_two_revisions(app, tmp_path):
    assert run(app, tmp_path, GOOD, "9").exit_code == 2


def test_newest_revision_waits_for_a_whole_table(app, tmp_path):
    assert queries.newest_revision() == 10
    run(app, tmp_path, GOOD)
    assert queries.newest_revision() == 10
    run(app, tmp_path, "code,name\n" + "".join(f"{n},업종 {n}\n" for n in range(10, 35)))
    assert queries.newest_revision() == 11


def test_sysadmin_loads():
    assert service.load_all(Actor(id=1, roles=frozenset({"sysadmin"}))).added == 0
