"""Trying out other cuts and weights: what is typed, what comes of it, and that nothing is changed by it."""

import pytest
import sqlalchemy as sa

from portal.accounts import queries as accounts
from portal.accounts.models import Person
from portal.base.db import session
from portal.scoring.models import ScoringJob, Suggestion
from portal.scoring.rules import JobKind, JobState
from tests.factories import scoring as make

PAGE = "/operator/what-if"


@pytest.fixture
def un(client_as):
    return client_as("un")


@pytest.fixture
def tried(app, cast):
    """tried(state=…): the key of a try-out with made-up figures."""

    def build(**options):
        with app.app_context():
            by = accounts.actor_of(session.get(Person, cast["un"].id))
            return make.job(JobKind.WHAT_IF, by=by, **{"state": JobState.DONE, "result": make.TRIED, **options}).key

    return build


def jobs(app):
    with app.app_context():
        return [(job.state, job.asked) for job in session.scalars(sa.select(ScoringJob).order_by(ScoringJob.id))]


@pytest.mark.parametrize(("name", "status"), [("un", 200), ("gam", 200), ("hana", 403), ("pyeong", 403), ("gong", 403)])
def test_operators_and_auditors_read_try_outs_nobody_else(client_as, tried, name, status):
    key = tried()
    for path in (PAGE, f"{PAGE}/{key}"):
        assert client_as(name).get(path).status_code == status


def test_the_auditor_reads_and_runs_nothing(app, client_as, tried):
    gam = client_as("gam")
    tried()
    assert gam.page(PAGE).soup.main.select("form") == []
    assert gam.post(PAGE, data={"advanced_total": "300"}).status_code == 403
    assert len(jobs(app)) == 1


def test_every_value_says_what_it_is_now_and_how_far_it_may_go(un):
    page = un.page(PAGE)
    box = page.soup.find("input", attrs={"name": "advanced_total"})
    assert box["placeholder"] == "240"
    assert "지금 240" in page.soup.find(id=f"{box['id']}-hint").text
    assert len(page.soup.select(".dials input")) > 20


def test_a_try_is_reckoned_by_the_worker_and_changes_no_suggestion(app, actor, cast, un, drain):
    make.suggestion(actor("hana"))
    make.explanation(actor("hana"))  # brings the diagnosis before the operator
    with app.app_context():
        before = session.execute(sa.select(Suggestion.id, Suggestion.result)).all()
    answer = un.submit(un.page(PAGE), {"advanced_total": "900"})
    assert answer.status_code == 302 and "/operator/jobs/" in answer.headers["Location"]
    drain()
    followed = un.page(answer.headers["Location"])
    result = un.page(followed.soup.main.find("a", class_="button")["href"])
    assert "바뀐 것은 없습니다" in result.text
    assert "240 → 900" in result.text
    assert result.soup.select_one(".stat__value").text == "1곳"
    assert "하나정밀 (합성)" in result.text
    moved = [cell.text for cell in result.soup.select("td.table__moved")]
    assert moved == ["1"]
    with app.app_context():
        assert session.execute(sa.select(Suggestion.id, Suggestion.result)).all() == before


def test_pressing_twice_tries_once(app, un):
    page = un.page(PAGE)
    first, again = (un.submit(page, {"advanced_total": "300"}) for _ in range(2))
    assert first.headers["Location"] == again.headers["Location"]
    assert jobs(app) == [(JobState.WAITING, {"changes": {"advanced_total": 300}})]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"advanced_total": "많이"}, "advanced_total"),
        ({"advanced_total": "5000"}, "advanced_total"),
        ({"advanced_total": "240.5"}, "advanced_total"),
        ({"leading_capability": "9"}, "leading_capability"),
        ({"item_needed:ADVANCED:G5": "7"}, "item_needed:ADVANCED:G5"),
    ],
)
def test_a_wrong_value_is_refused_at_its_box_and_nothing_typed_is_lost(app, un, typed, field):
    page = un.page(PAGE)
    answer = type(page)(un.submit(page, {**typed, "system_needed:LEADING": "3"}))
    assert list(answer.errors()) == [field]
    values = answer.values()
    assert values[field] == typed[field]
    assert values["system_needed:LEADING"] == "3"
    assert jobs(app) == []


@pytest.mark.parametrize("typed", [{}, {"advanced_total": "240"}, {"advanced_total": "   "}])
def test_a_try_that_changes_nothing_is_refused(app, un, typed):
    answer = un.submit(un.page(PAGE), typed)
    assert "바꿔 볼 값을 하나 이상 적어 주세요." in answer.get_data(as_text=True)
    assert jobs(app) == []


def test_a_small_cell_and_what_gives_it_away_are_hidden(un, tried):
    page = un.page(f"{PAGE}/{tried()}")
    lines = {row.th.text.strip(): [cell.text.strip() for cell in row.find_all("td")] for row in page.soup.select("tbody tr")}
    assert lines["제주특별자치도"] == ["0", "가림", "가림", "가림"]
    assert lines["경기도"] == ["0", "5", "20", "25"]
    assert "빼놓은 기업 3곳: 지금 점검표에 없는 문항에 답함" in page.text


def test_a_try_that_is_not_done_leads_to_its_progress(un, tried):
    key = tried(state=JobState.RUNNING, result=None)
    assert un.get(f"{PAGE}/{key}").headers["Location"] == f"/operator/jobs/{key}"


def test_other_work_is_no_try_out(un, tried, app):
    with app.app_context():
        key = make.job(JobKind.TRAIN, state=JobState.DONE, result={}).key
    assert un.get(f"{PAGE}/{key}").status_code == 404
    assert un.get(f"{PAGE}/nothing-here").status_code == 404


def test_earlier_tries_stand_beside_the_new_one(un, tried):
    first, second = tried(), tried(state=JobState.WAITING, result=None, params={"changes": {"advanced_total": 280}})
    page = un.page(f"{PAGE}/{first}")
    assert page.soup.main.find("a", href=f"{PAGE}/{second}").text == "고도화 총점 → 280"
    row = un.page(PAGE).soup.main.find("a", href=f"{PAGE}/{first}").find_parent("tr")
    assert row.th.get_text(strip=True) == "고도화 총점 240 → 300"
    assert [cell.get_text(strip=True) for cell in row.find_all("td")][2:4] == ["0", "7"]


def test_the_pages_open_in_english(un, tried):
    for path in (PAGE, f"{PAGE}/{tried()}"):
        assert un.page(f"{path}?lang=en").soup.html["lang"] == "en"
