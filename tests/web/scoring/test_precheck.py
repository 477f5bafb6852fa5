"""The pre-check on the screen: nobody signs in, nothing is kept, wrong input costs nothing."""

import pytest
import sqlalchemy as sa

from portal.base.db import db, session
from portal.profiles import questionnaire

ASKED = questionnaire.load().precheck


def address(level=2, **changed):
    return "/precheck?" + "&".join(f"{code}={changed.get(code, level)}" for code in ASKED)


def test_twelve_questions_with_six_answers_each(client):
    page = client.page("/precheck")
    assert page.h1 == "3분 진단"
    groups = {}
    for radio in page.soup.select("main input[type=radio]"):
        groups.setdefault(radio["name"], []).append(radio["value"])
    assert groups == {code: list("012345") for code in ASKED}


@pytest.mark.parametrize(
    ("level", "tiers"), [(0, ["기초"]), (2, ["고도화"]), (3, ["고도화", "선도모델"]), (5, ["고도화", "선도모델"])]
)
def test_the_range_of_tiers(client, level, tiers):
    page = client.page(address(level))
    assert page.h1 == "3분 진단 결과"
    assert [" ".join(tier.text.split()) for tier in page.soup.select(".verdict .tier")] == tiers


def test_what_bars_the_next_tier_comes_with_its_cure(client):
    page = client.page(address(2, P1=1))
    why = [" ".join(one.text.split()) for one in page.soup.select(".finding")]
    assert why == [
        "미충족 담당 인력 담당 인력이 1단계이고 2단계가 필요합니다. "
        "담당자를 정해 주세요(고도화는 겸임 가능, 선도모델은 전담 1명)."
    ]


def test_a_missing_answer_keeps_the_others_and_names_itself(client):
    page = client.page(address(4).replace("E2=4", ""))
    assert page.h1 == "3분 진단"
    assert page.soup.select_one("fieldset.field--error")["id"] == "E2"
    checked = [radio["name"] for radio in page.soup.select("input[checked]")]
    assert checked == [code for code in ASKED if code != "E2"]


@pytest.mark.parametrize("wrong", ["9", "-1", "x", "", "1e1", "٣"])
def test_a_wrong_answer_is_an_error_and_no_crash(client, wrong):
    page = client.page(address(2, E2=wrong))
    assert [one["id"] for one in page.soup.select("fieldset.field--error")] == ["E2"]


def test_editing_shows_what_was_chosen(client):
    page = client.page(address(3) + "&edit=1")
    assert page.h1 == "3분 진단"
    assert [radio["value"] for radio in page.soup.select("input[checked]")] == ["3"] * 12


def test_nothing_is_kept(app, client):
    def rows():
        with app.app_context():
            return {
                t.name: session.scalar(sa.select(sa.func.count()).select_from(t)) for t in db.metadata.sorted_tables
            }

    before = rows()
    answer = client.get(address(3))
    assert rows() == before
    assert "Set-Cookie" not in answer.headers


def test_in_english(client):
    page = client.page(address(2, P1=1) + "&lang=en")
    assert "Staffing is at level 1; 2 is needed." in page.text
