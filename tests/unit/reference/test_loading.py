"""The files of `data/`: sound as shipped, and every broken row refused by its line."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from portal.base.words import use_language
from portal.reference import loading
from portal.reference.loading import BrokenData
from portal.reference.rules import clean_ksic, is_valid_on

REGION_HEADER = "key,level,parent,ko,en,official_code,valid_from,valid_to,successors,note\n"
WIDE = ",".join(loading.WIDE_KSIC) + "\n"


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def faults_of(read, path, *more) -> list[tuple[int, str]]:
    with pytest.raises(BrokenData) as refused:
        read(path, *more)
    assert {fault.file for fault in refused.value.faults} == {path.name}
    return [(fault.line, fault.message.en) for fault in refused.value.faults]


def regions_on(day: date, level: str) -> list[loading.RegionRow]:
    return [r for r in loading.read_regions() if r.level == level and is_valid_on(r.valid_from, r.valid_to, day)]


# --- the shipped files -------------------------------------------------------------------------------------


def test_ksic_has_every_division_and_its_groups():
    rows = loading.read_ksic()
    divisions = {row.code for row in rows if row.level == "division"}
    assert divisions == {str(n) for n in range(10, 35)}
    assert {row.code[:2] for row in rows if row.level == "group"} == divisions
    assert len(rows) == 110


def test_regions_are_17_provinces_before_the_merger_and_16_after():
    assert len(regions_on(date(2026, 6, 30), "sido")) == 17
    assert len(regions_on(date(2026, 7, 1), "sido")) == 16
    assert len(regions_on(date(2026, 6, 30), "sigungu")) == 228
    assert len(regions_on(date(2026, 7, 1), "sigungu")) == 229


def test_each_region_that_ended_names_who_took_over_with_the_same_districts():
    rows = loading.read_regions()
    ended = [row for row in rows if row.valid_to]
    assert all(row.successors for row in ended)
    after = {row.ko for row in rows if row.parent == "jeonnamgwangju"}
    assert after == {row.ko for row in rows if row.parent in ("gwangju", "jeonnam")}
    assert len([row for row in rows if row.parent == "jeonnamgwangju"]) == 27


def test_regions_keep_one_official_code_per_day():
    for day in (date(2026, 6, 30), date(2026, 7, 1)):
        codes = [row.official_code for level in ("sido", "sigungu") for row in regions_on(day, level)]
        assert len(codes) == len(set(codes))


def test_technologies_know_the_words_people_type():
    found = {row.code: row for row in loading.read_technologies()}
    assert {"제조실행시스템", "생산관리시스템"} <= {found["MES"].ko, *found["MES"].synonyms_ko}
    assert "machine vision" in found["VISION"].synonyms_en
    assert (found["MES"].level_from, found["MES"].level_to) == (2, 3)
    assert found["CONS"].level_from is None
    assert len(found) == 49


def test_statistics_carry_value_and_source():
    found = {(f.measure, f.group): f for f in loading.read_statistics()}
    assert found["adoption", "all"].value == Decimal("19.5")
    assert found["mean_cost", "sme"].value == Decimal("750000000")
    assert all(figure.source for figure in found.values())


# --- broken rows -------------------------------------------------------------------------------------------


def test_broken_ksic_rows_are_each_named_by_line(tmp_path):
    path = write(
        tmp_path,
        "ksic.csv",
        "revision,code,level,ko,en\n10,10,division,식료품,Food\n9,11,division,음료,Drinks\n10,45,division,자동차,Cars\n"
        "10,101,division,도축,Meat\n10,10,division,식료품,Food\n10,12,division,,Tobacco\n10,13,division\n",
    )
    assert faults_of(loading.read_ksic, path) == [
        (3, "the revision must be 10 or 11."),
        (4, "'45' is no manufacturing code (10-34)."),
        (5, "'101' is a group."),
        (6, "code '10' appears twice."),
        (7, "column 'ko' is empty."),
        (8, "expected 5 cells, found 3."),
    ]


def test_a_fault_reads_in_both_languages(tmp_path):
    path = write(tmp_path, "ksic.csv", "revision,code,level,ko,en\n10,9,division,식료품,Food\n")
    with pytest.raises(BrokenData) as refused:
        loading.read_ksic(path)
    assert str(refused.value) == "ksic.csv:2: ‘9’은(는) 제조업(10~34) 코드가 아닙니다."
    with use_language("en"):
        assert str(refused.value) == "ksic.csv:2: '9' is no manufacturing code (10-34)."


def test_lines_are_counted_through_quoted_line_breaks(tmp_path):
    path = write(
        tmp_path, "ksic.csv", 'revision,code,level,ko,en\n10,10,division,"식료\n품",Food\n\n10,99,division,x,y\n'
    )
    assert faults_of(loading.read_ksic, path) == [(5, "'99' is no manufacturing code (10-34).")]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("Seoul,sido,,서울,Seoul,11,,,,", "key 'Seoul' takes lower case and one hyphen."),
        ("seoul,county,,서울,Seoul,11,,,,", "level must be sido or sigungu."),
        ("seoul,sido,,서울,Seoul,1,,,,", "the official code has 2 or 5 digits."),
        ("seoul,sido,,서울,Seoul,11,2026-13-01,,,", "'2026-13-01' in 'valid_from' is not a date (YYYY-MM-DD)."),
        ("seoul,sido,,서울,Seoul,11,2026-07-01,2026-06-30,,", "valid_to is before valid_from."),
        ("seoul,sido,korea,서울,Seoul,11,,,,", "a sido has no parent."),
        ("seoul-jung,sigungu,seoul,중구,Jung,11140,,,,", "there is no sido 'seoul'."),
        ("gwangju,sido,,광주,Gwangju,,,2026-06-30,jeonnamgwangju,", "there is no successor 'jeonnamgwangju'."),
    ],
)
def test_broken_region_row_is_refused(tmp_path, row, message):
    path = write(tmp_path, "regions.csv", REGION_HEADER + row + "\n")
    assert faults_of(loading.read_regions, path) == [(2, message)]


def test_region_without_official_code_is_taken(tmp_path):
    path = write(
        tmp_path, "regions.csv", REGION_HEADER + "jeonnamgwangju,sido,,전남광주통합특별시,J-G,,2026-07-01,,,\n"
    )
    assert [row.official_code for row in loading.read_regions(path)] == [""]


def test_broken_technology_and_statistic_rows_are_refused(tmp_path):
    path = write(
        tmp_path,
        "technologies.csv",
        "code,family,ko,en,level_from,level_to,items,synonyms_ko,synonyms_en\nMES,manage,제조실행,MES,3,2,E1 e2,,\n",
    )
    assert faults_of(loading.read_technologies, path) == [
        (2, "levels are 0-5 and in order."),
        (2, "'e2' is no item code."),
    ]
    path = write(
        tmp_path,
        "statistics.csv",
        "series,year,measure,group,unit,value,ko,en,source\ns,2024,m,all,pct,NaN,가,a,x\ns,2024,m,b,grams,many,가,a,\n",
    )
    assert faults_of(loading.read_statistics, path) == [
        (2, "is not a finite number."),
        (3, "column 'source' is empty."),
        (3, "'many' in 'value' is not a number."),
        (3, "unknown unit 'grams'."),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the header lacks revision, code, level, ko, en."),
        (b"\x00\x01binary", "this is a binary file; save it as CSV."),
        (b"revision,code\n\xff\xfe\xff", "cannot decode; save as UTF-8 or CP949."),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, content, message):
    assert [text for _, text in faults_of(loading.read_ksic, write(tmp_path, "ksic.csv", content))] == [message]


def test_a_quote_that_never_ends_is_refused_in_header_and_row(tmp_path):
    for text, line in (('"code,name\n10,x\n', 1), ('code,name\n10,식료품\n11,"음료\n', 3)):
        with pytest.raises(BrokenData) as refused:
            loading.read_ksic_import(write(tmp_path, "k.csv", text), 10)
        assert [fault.line for fault in refused.value.faults] == [line]


# --- the statistics office's full table --------------------------------------------------------------------


def test_wide_layout_gives_every_level_once(tmp_path):
    path = write(
        tmp_path,
        "ksic11.csv",
        "\ufeff" + WIDE + "A,농업,01,농업,011,작물,0111,곡물,01110,벼\n"
        'C,제조업,10,식료품,101,"도축, 육류",1011,도축업,10111,육류 도축업\n'
        'C,제조업,10,식료품,101,"도축, 육류",1011,도축업,10112,가금류 도축업\n',
    )
    rows = loading.read_ksic_import(path, 11)
    assert [(row.revision, row.code, row.ko) for row in rows] == [
        (11, "10", "식료품"),
        (11, "101", "도축, 육류"),
        (11, "1011", "도축업"),
        (11, "10111", "육류 도축업"),
        (11, "10112", "가금류 도축업"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
@pytest.mark.parametrize("header", ["code,name", "분류코드,항목명,영문명", "코드,명칭"])
def test_plain_layout_is_taken_in_both_encodings(tmp_path, encoding, header):
    body = "".join(
        f"{code},{name}{',' * (header.count(',') - 1)}\n"
        for code, name in [("C", "제조업"), ("10", "식료품"), ("C101", "도축업"), ("01110", "벼"), ("45", "자동차")]
    )
    path = write(tmp_path, "plain.csv", (header + "\n" + body).encode(encoding))
    assert [(row.code, row.ko) for row in loading.read_ksic_import(path, 10)] == [("10", "식료품"), ("101", "도축업")]


def test_every_broken_import_row_is_named(tmp_path):
    path = write(
        tmp_path,
        "wide.csv",
        WIDE + "C,제조업,10,식료품,101,도축,1011,도축업,10111,육류\n"
        "C,제조업,10,식료품,101,도축,1011,도축업,10111,육류\n"
        "C,제조업,10,식료,101,도축,1011,도축업,10112,가금\n"
        "C,제조업,10,식료품,102,수산,1011,도축업,10113,생선\n"
        "X,x,10,식료품,101,도축,1011,도축업,10119,기타\n"
        "C,제조업,10,식료품,101,도축,1011,도축업\n",
    )
    assert faults_of(loading.read_ksic_import, path, 10) == [
        (3, "code '10111' repeats line 2."),
        (4, "the name of '10' differs from line 2 ('식료품')."),
        (5, "'10113' does not belong under '102'."),
        (6, "unknown section 'X'."),
        (7, "expected 10 cells, found 8."),
    ]
    path = write(tmp_path, "plain.csv", "code,name\n10,식료품\n10,식료품\n1x,가\n11,\n")
    assert faults_of(loading.read_ksic_import, path, 10) == [
        (3, "code '10' repeats line 2."),
        (4, "'1x' is no industry code."),
        (5, "column 'name' is empty."),
    ]


def test_import_without_manufacturing_or_with_an_unknown_header_is_refused(tmp_path):
    assert faults_of(loading.read_ksic_import, write(tmp_path, "a.csv", "code,name\n45,자동차\n"), 10) == [
        (1, "there is no manufacturing (C) code in it.")
    ]
    assert faults_of(loading.read_ksic_import, write(tmp_path, "b.csv", "x,y\n10,식료품\n"), 10) == [
        (1, "unknown header; expected ksic1_cd…ksic5_nm or code,name.")
    ]
    with pytest.raises(ValueError, match="12"):
        loading.read_ksic_import(tmp_path / "a.csv", 12)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("C303", "303"),
        (" 30 3 ", "303"),
        ("c10111", "10111"),
        ("34", "34"),
        ("35", None),
        ("9", None),
        ("101111", None),
        ("", None),
    ],
)
def test_clean_ksic(typed, code):
    assert clean_ksic(typed) == code
