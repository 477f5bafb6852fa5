"""The result page: a firm reads its own result, in words, with what to do."""

import pytest

from portal.base.access import SYSTEM
from portal.profiles import questionnaire
from portal.programmes import service as programmes
from tests.factories.profiles import complete_profile

CODES = questionnaire.load().codes


@pytest.fixture
def catalogue(context):
    programmes.load_catalogue(SYSTEM)


def test_before_the_diagnosis_the_page_says_where_to_begin(client_as):
    page = client_as("hana").page("/result")
    assert page.h1 == "진단 결과"
    assert page.soup.select_one(".empty a")["href"] == "/diagnosis"


def test_the_result_in_words(actor, client_as, catalogue):
    complete_profile(actor("hana"), 3, evidence=[code for code in CODES if code != "I3"], but={"R3": "unsure"})
    page = client_as("hana").page("/result")
    verdict = page.soup.select_one(".verdict").get_text(" ", strip=True)
    assert "고도화" in verdict and "선도모델까지 남은 조건이 1개입니다." in verdict
    assert [stat.get_text(strip=True) for stat in page.soup.select(".stat__value")] == ["588.6점", "중간1", "Level 3"]
    unmet = page.soup.select("[aria-labelledby=why-title] .finding")
    assert [" ".join(one.text.split()) for one in unmet] == [
        "미충족 데이터 3단계라고 답했지만 증빙이 없어 2단계로 봅니다. 증빙(화면·로그·계약·인증·사진)을 붙이면 충족됩니다."
    ]
    moves = page.soup.select(".move")
    assert [move.h3.text for move in moves] == ["데이터 저장·품질"]
    assert "아래 1가지를 하면 선도모델 조건을 갖춥니다." in page.text
    assert "‘모르겠음’이라고 한 답 1개" in page.text


def test_the_table_beside_the_chart_has_the_same_figures(actor, client_as):
    complete_profile(actor("hana"), 3)
    page = client_as("hana").page("/result")
    rows = [
        [cell.get_text(strip=True) for cell in row]
        for row in (tr.find_all(["th", "td"]) for tr in page.soup.select(".radar tbody tr"))
    ]
    assert len(rows) == 10
    assert rows[0] == ["전략·리더십", "2.5", "3.0", "2.0"]
    assert len(page.soup.select(".radar svg text")) == 10


def test_cost_gives_subsidy_and_own_share(actor, client_as, catalogue):
    complete_profile(actor("hana"), 2)
    page = client_as("hana").page("/result?cost=20,000")
    cards = {card.h3.text.strip(): " ".join(card.text.split()) for card in page.soup.select("#programmes .card")}
    assert "예상 지원금 1억원 자부담 1억원" in cards["정부일반형 고도화"]


@pytest.mark.parametrize("wrong", ["0", "-5", "abc", "99999999999", "1e3", "²"])
def test_a_wrong_cost_is_said_and_kept(actor, client_as, wrong):
    complete_profile(actor("hana"), 2)
    page = client_as("hana").page(f"/result?cost={wrong}")
    assert page.soup.select_one("#cost")["value"] == wrong
    assert "만원 단위로 적어 주세요" in page.text


def test_another_firm_sees_nothing_of_it(actor, client_as):
    complete_profile(actor("hana"), 4)
    page = client_as("duri").page("/result")
    assert "아직 결과가 없습니다" in page.text
    assert "하나정밀" not in page.text


def test_the_page_reads_in_english(actor, client_as):
    complete_profile(actor("hana"), 1)
    page = client_as("hana").page("/result?lang=en")
    assert "The system level is No ICT; Basic is needed." in page.text


def test_the_number_of_queries_does_not_grow(actor, client_as, queries_of, catalogue):
    complete_profile(actor("hana"), 2)
    hana = client_as("hana")
    hana.get("/result")
    first = queries_of(lambda: hana.get("/result"))
    complete_profile(actor("hana"), 3, evidence=True)
    hana.get("/result")
    assert queries_of(lambda: hana.get("/result")) == first
    assert first <= 14  # two of them load the session and the person


def test_the_charts_library_is_not_loaded_at_start():
    import subprocess
    import sys

    code = (
        "import sys; from portal import create_app; create_app({'testing': True, 'secret_key': 'x' * 40});"
        "print([name for name in ('pygal', 'numpy', 'sklearn', 'scipy') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"
