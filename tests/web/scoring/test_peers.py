"""Peers on the result page: only groups of six or more, never another firm's value, one row read."""

import pytest
import sqlalchemy as sa

from portal.base.db import session
from portal.scoring import queries, service
from portal.scoring.models import PeerGroup, Suggestion
from tests.factories import evaluation as make
from tests.factories.profiles import complete_profile


def neighbours(count, level=3, **facts):
    for number in range(count):
        complete_profile(make.a_firm(f"이웃{level}-{number}-{len(facts)} (합성)"), level, evidence=True, facts=facts)


def test_five_neighbours_are_a_group_and_four_are_none(actor, client_as):
    complete_profile(actor("hana"), 2)
    neighbours(4)
    assert service.refresh_peers() == 0
    assert queries.peers(actor("hana")) is None
    assert "전국 통계와만 견주었습니다" in client_as("hana").page("/result").text
    neighbours(1, level=4)
    assert service.refresh_peers() == 3
    group = queries.peers(actor("hana"))
    assert (group.division, group.size, group.firms) == ("25", "small", 6)
    page = client_as("hana").page("/result")
    assert "같은 규모(소기업)의 기업 6~9곳과 견주었습니다." in page.text
    rows = [[cell.get_text(strip=True) for cell in tr.find_all(["th", "td"])] for tr in page.soup.select(".radar tbody tr")]
    assert rows[0] == ["전략·리더십", "2.0", "2.0", "2.0", "3.0", "낮은 쪽 4분의 1"]
    assert "전국" in page.text


def test_the_group_widens_until_it_is_large_enough(actor):
    complete_profile(actor("hana"), 2)
    neighbours(5, size="micro")
    neighbours(5, ksic="101")
    service.refresh_peers()
    group = queries.peers(actor("hana"))
    assert (group.division, group.size) == ("25", "")
    complete_profile(actor("duri"), 2, facts={"ksic": "301", "size": "medium"})
    service.refresh_peers()
    group = queries.peers(actor("duri"))
    assert (group.division, group.size, group.firms) == ("", "", 12)


def test_a_newer_diagnosis_takes_the_older_ones_place(actor):
    complete_profile(actor("hana"), 2)
    neighbours(5, level=2)
    service.refresh_peers()
    assert queries.peers(actor("hana")).median("total") == 400
    for one in ("hana",):
        complete_profile(actor(one), 4, evidence=True)
    service.refresh_peers()
    assert queries.peers(actor("hana")).firms == 6


def test_no_single_firm_can_be_read_from_what_is_stored(actor):
    complete_profile(actor("hana"), 2)
    neighbours(5, level=3)
    odd = make.a_firm("남다른기업 (합성)")
    complete_profile(odd, 5, evidence=True)
    service.refresh_peers()
    stored = session.scalars(sa.select(PeerGroup.figures)).all()
    assert all("5.0" not in one and "1000" not in one for one in stored)


def test_suggestions_from_before_the_column_count_too(actor):
    complete_profile(actor("hana"), 2)
    neighbours(5)
    session.execute(sa.update(Suggestion).values(areas=None))
    session.commit()
    service.refresh_peers()
    assert queries.peers(actor("hana")).median("EXE") == 3.0


@pytest.mark.parametrize("name", ["un", "pyeong", "gong", "gam", "anon"])
def test_only_firms_have_peers(actor, name):
    complete_profile(actor("hana"), 2)
    neighbours(5)
    service.refresh_peers()
    assert queries.peers(actor(name)) is None


def test_one_row_is_read_by_index_whatever_the_number_of_groups(actor, queries_of):
    complete_profile(actor("hana"), 2)
    neighbours(5)
    service.refresh_peers()
    hana = actor("hana")
    assert queries_of(lambda: queries.peers(hana)) == 1
    if session.bind is None and session.get_bind().dialect.name == "sqlite":
        wanted = "SELECT division FROM peer_group WHERE division = '25' AND size IN ('small', '')"
        plan = " ".join(str(row) for row in session.execute(sa.text(f"EXPLAIN QUERY PLAN {wanted}")))
        assert "USING COVERING INDEX" in plan or "USING INDEX" in plan


def test_the_public_guide_says_who_decides_and_what_is_synthetic(client_as):
    page = client_as("anon").page("/scorer")
    for words in ("결정은 언제나 사람이 합니다", "지역, 업종, 기업 규모", "합성(예시) 자료", "개인정보 보호법 제37조의2"):
        assert words in page.text
