"""The page on concentration counts what happened, for the regions that its reader may see."""

import io

import pytest
from openpyxl import load_workbook

from portal.base import clock
from portal.base.db import session, transaction
from portal.directory.models import Impression
from portal.directory.rules import ImpressionKind
from tests.factories import directory
from tests.factories.made import Made


@pytest.mark.one_database
def test_builds_are_counted_by_region_and_technology_and_handed_out_as_a_sheet(app, client_as):
    make = Made(app, directory)
    one, other = (make.approved_listing(name=f"합성 {number}") for number in (1, 2))
    for listing, number in ((one, 18), (other, 6)):
        for _ in range(number):
            make.build(listing, year=2026, technologies=["MES"], region="gyeonggi")
    with app.app_context(), transaction():
        shown = {"day": clock.today(), "kind": ImpressionKind.SEARCH, "region": "gyeonggi", "technology": "MES"}
        session.add_all(
            Impression(listing_id=row.id, place=1, shown=number, **shown) for row, number in ((one, 30), (other, 10))
        )
    un = client_as("un")
    page = un.page("/operator/concentration?days=365")
    assert [text in page.text for text in ("6,250", "75.0%", "심한 집중")] == [True] * 3
    sheet = load_workbook(io.BytesIO(un.get("/operator/concentration.xlsx?days=365").data)).active
    rows = {name: [row[1:] for row in sheet.iter_rows(values_only=True) if row[0] == name] for name in ("보임", "구축")}
    assert rows["보임"][0] == ("전체", "전체", 40, 2, 2, 6250, 1, 0.75)
    assert rows["구축"] == [
        ("전체", "전체", 24, 2, 2, 6250, 1, 0.75),
        ("지역", "경기도", 24, 2, 2, 6250, 1, 0.75),
        ("기술", "제조실행시스템 (MES)", 24, 2, 2, 6250, 1, 0.75),
    ]
    assert client_as("gong").get("/operator/concentration").status_code == 403
