"""The page on concentration counts what happened, for the regions that its reader may see."""

import io

import pytest
from openpyxl import load_workbook

from tests.factories import directory
from tests.factories.made import Made


@pytest.mark.one_database
def test_builds_are_counted_by_region_and_technology_and_handed_out_as_a_sheet(app, client_as):
    make = Made(app, directory)
    one, other = (make.approved_listing(name=f"합성 {number}") for number in (1, 2))
    for listing, number in ((one, 18), (other, 6)):
        for _ in range(number):
            make.build(listing, year=2026, technologies=["MES"], region="gyeonggi")
    un = client_as("un")
    page = un.page("/operator/concentration?days=365")
    assert [text in page.text for text in ("6,250", "75.0%", "심한 집중")] == [True] * 3
    sheet = load_workbook(io.BytesIO(un.get("/operator/concentration.xlsx?days=365").data)).active
    rows = [row for row in sheet.iter_rows(values_only=True) if row[0] == "구축"]
    assert [row[1:] for row in rows] == [
        ("전체", "전체", 24, 2, 2, 6250, 1, 0.75),
        ("지역", "경기도", 24, 2, 2, 6250, 1, 0.75),
        ("기술", "제조실행시스템 (MES)", 24, 2, 2, 6250, 1, 0.75),
    ]
    assert client_as("gong").get("/operator/concentration").status_code == 403
