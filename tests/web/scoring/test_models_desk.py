"""The model desk: who reads it, what it says of a version, what an act needs, and how long work is followed."""

import json

import pytest
import sqlalchemy as sa

from portal.accounts import queries as accounts
from portal.accounts import service as people
from portal.accounts.models import Person
from portal.accounts.rules import OrganisationKind, Role
from portal.base.access import SYSTEM
from portal.base.db import session, transaction
from portal.scoring.models import ModelEvent, ModelVersion, ScoringJob
from portal.scoring.rules import JobKind, JobState, ModelAct, ModelKind, ModelState
from tests.cast import Member
from tests.factories import scoring as make

DESK = "/operator/models"


@pytest.fixture
def made(app, cast):
    """made(make.model, …): a row's key, made in a context of its own, by the operator."""

    def build(factory, *given, **options):
        with app.app_context():
            un = accounts.actor_of(session.get(Person, cast["un"].id))
            return factory(*given, by=un, **options).key

    return build


@pytest.fixture
def ji(app, cast):
    """A browser of one region's operator."""
    with app.app_context(), transaction():
        agency = people.add_organisation(SYSTEM, OrganisationKind.AGENCY, "경기 기관 (합성)", region="gyeonggi")
        person = people.add_person(
            SYSTEM,
            email="ji@example.kr",
            name="지역",
            roles={Role.OPERATOR_REGION},
            password_hash="x",
            organisation=agency,
            confirmed=True,
            consents={"terms": "2026-11", "privacy": "2026-11"},
        )
        person.tf_totp_secret, person.tf_primary_method = "shown", "authenticator"
        token = people.begin_session(person, "tests")
        member = Member("ji", person.id, person.key, agency.id, person.fs_uniquifier, token, None)
    browser = app.test_client()
    browser.sign_in(member)
    return browser


def count(app, table):
    with app.app_context():
        return session.scalar(sa.select(sa.func.count()).select_from(table))


# --- reading -----------------------------------------------------------------------------------------------


def test_without_a_model_the_instrument_speaks_and_the_page_says_what_to_do(client_as):
    page = client_as("un").page(DESK)
    assert page.soup.select_one(".champion__name").text.split() == ["점검표", "MIRI-44", "0.1"]
    assert "처음부터" in page.text
    assert "아직 배운 모형이 없습니다" in page.text


def test_the_desk_lists_every_version_with_its_state_and_the_champion_with_who_and_why(app, cast, client_as, made):
    made(make.model, "ordinal-logit-1", state=ModelState.RETIRED)
    champion = made(make.model, "ordinal-logit-2", state=ModelState.CHAMPION)
    made(make.model, "monotone-boosting-1", kind=ModelKind.MONOTONE_BOOSTING)
    with app.app_context(), transaction():
        row = session.scalar(sa.select(ModelVersion).where(ModelVersion.key == champion))
        session.add(ModelEvent(model_id=row.id, act=ModelAct.PROMOTED, by_id=cast["un"].id, reason="덜 틀립니다."))
    page = client_as("un").page(DESK)
    rows = [[cell.get_text(" ", strip=True) for cell in row.find_all(["th", "td"])] for row in page.soup.select("tbody tr")]
    assert [(row[0].split()[0], row[1]) for row in rows] == [
        ("monotone-boosting-1", "도전 모형"),
        ("ordinal-logit-2", "현재 모형"),
        ("ordinal-logit-1", "물러난 모형"),
    ]
    assert all("합성(예시)" in row[0] for row in rows)
    assert rows[1][5:] == ["0.284", "0.331"]
    box = page.soup.select_one(".champion").get_text(" ", strip=True)
    assert "ordinal-logit-2" in box and "조운영" in box and "덜 틀립니다." in box


def test_a_champion_whose_file_is_damaged_raises_an_alarm(app, cast, client_as, made):
    fallen = made(make.model, state=ModelState.REFUSED)
    with app.app_context(), transaction():
        row = session.scalar(sa.select(ModelVersion).where(ModelVersion.key == fallen))
        session.add(ModelEvent(model_id=row.id, act=ModelAct.PROMOTED, by_id=cast["un"].id, reason="덜 틀립니다."))
        session.flush()
        session.add(ModelEvent(model_id=row.id, act=ModelAct.REFUSED, reason="model_damaged"))
        named = row.card_sha256[:12]
    page = client_as("un").page(DESK)
    assert "파일을 믿을 수 없어 점검표가 제안합니다" in page.text
    assert "model_damaged" not in page.text and named in page.text
    assert page.soup.select_one(".champion__name").text.split()[0] == "점검표"


@pytest.mark.parametrize(("name", "status"), [("un", 200), ("gam", 200), ("hana", 403), ("pyeong", 403), ("gong", 403)])
def test_operators_and_auditors_read_models_nobody_else(client_as, made, name, status):
    key = made(make.model)
    for path in (DESK, f"{DESK}/{key}", f"{DESK}/{key}/promotion"):
        assert client_as(name).get(path).status_code == status


def test_a_regions_operator_has_explanations_in_the_menu_and_no_models(ji):
    assert ji.get(DESK).status_code == 403
    page = ji.page("/operator/explanations")
    entries = [link.text for link in page.soup.select(".head__list a")]
    assert "설명 요청" in entries and "산정기" not in entries
    assert page.soup.select(".tabs") == []


def test_the_nations_operator_finds_all_of_the_scorer_under_one_entry(client_as):
    page = client_as("un").page("/operator/explanations")
    entries = {link.text: link.get("aria-current") for link in page.soup.select(".head__list a")}
    assert entries["산정기"] == "true"
    assert "설명 요청" not in entries
    assert [link.get_text(" ", strip=True) for link in page.soup.select(".tabs a[aria-current]")] == ["설명 요청"]


def test_the_auditor_reads_and_finds_no_button(client_as, made):
    key = made(make.model)
    gam = client_as("gam")
    for path in (DESK, f"{DESK}/{key}", f"{DESK}/{key}/promotion"):
        main = gam.page(path).soup.main
        assert main.select("form[method=post]") == []
        assert [link["href"] for link in main.find_all("a", href=True) if "/train" in link["href"] or "/retire" in link["href"]] == []
    assert gam.post(f"{DESK}/{key}/promotion", data={"reason": "좋아 보여서"}).status_code == 403


def test_an_unknown_version_is_a_404(client_as):
    un = client_as("un")
    for path in (f"{DESK}/nothing-here", f"{DESK}/nothing-here/promotion", "/operator/jobs/nothing-here"):
        assert un.get(path).status_code == 404


def test_a_version_shows_its_figures_beside_the_champion_and_the_instrument(client_as, made):
    page = client_as("un").page(f"{DESK}/{made(make.model)}")
    line = next(row for row in page.soup.select("tbody tr") if "순서 오차" in row.text)
    assert [cell.text.strip() for cell in line.find_all("td")] == ["0.284", "0.331", "0.331"]
    assert "채택 기준이 아님" in page.text
    assert page.soup.select_one("figure.chart svg .serie-1") is not None
    assert "지어낸 결정에서 배운 모형입니다" in page.text


def test_a_group_of_two_files_shows_no_figure(client_as, made):
    page = client_as("un").page(f"{DESK}/{made(make.model)}")
    line = next(row for row in page.soup.select("tbody tr") if "제주" in row.text)
    assert [cell.text.strip() for cell in line.find_all("td")] == ["3 미만", "–", "–", "–", "–"]


def test_coverage_of_a_class_with_few_rows_is_not_told(client_as, made):
    page = client_as("un").page(f"{DESK}/{made(make.model)}")
    line = next(row for row in page.soup.select("tbody tr") if row.select_one("td:-soup-contains('94')"))
    assert [cell.text.strip() for cell in line.find_all("td")] == ["94", "자료 부족", "–"]
    assert "93.0%" not in page.text


def test_severity_names_nobody_and_leaves_out_who_read_little(client_as, made):
    page = client_as("un").page(f"{DESK}/{made(make.model)}")
    names = [row.th.text.strip() for row in page.soup.select("tbody tr") if row.th and "평가위원" in row.th.text]
    assert names == ["평가위원 1", "평가위원 2"]
    assert "0.60" not in page.text
    assert "말하지 않은 위원 1명" in page.text


def test_a_version_without_a_report_still_opens(client_as, made):
    key = made(make.model, facts={})
    un = client_as("un")
    assert "지표가 없습니다" in un.page(f"{DESK}/{key}").text
    assert "채택 보고서가 없습니다" in un.page(f"{DESK}/{key}/promotion").text


def test_every_page_opens_in_english(client_as, made):
    key, waiting = made(make.model), made(make.job)
    un = client_as("un")
    for path in (DESK, f"{DESK}/{key}", f"{DESK}/{key}/promotion", f"{DESK}/{key}/retire", f"{DESK}/train",
                 f"{DESK}/rescore", f"{DESK}/roll-back", f"/operator/jobs/{waiting}"):
        assert un.page(f"{path}?lang=en").soup.html["lang"] == "en"


# --- promotion ---------------------------------------------------------------------------------------------


def test_the_report_says_which_condition_fails_and_offers_no_form(client_as, made):
    page = client_as("un").page(f"{DESK}/{made(make.model, facts=make.report(wins=False))}/promotion")
    marks = {row.th.text.split()[0] + row.th.text.split()[1]: row.find_all("td")[-1].text.split() for row in page.soup.select("tbody tr")}
    assert marks["지금보다덜"] == ["✗", "못", "채움"]
    assert sum(mark[0] == "✓" for mark in marks.values()) == 4
    assert "더 낫다고 말할 수 없습니다" in page.text
    assert page.soup.main.select("form") == []


def test_the_report_of_a_winner_offers_the_form(client_as, made):
    page = client_as("un").page(f"{DESK}/{made(make.model, synthetic=False)}/promotion")
    assert "모든 조건을 채웠습니다" in page.text
    assert "이 모형이 덜 틀린다고 말할 수 있습니다" in page.text
    assert page.form().find("textarea")["name"] == "reason"


def test_a_model_of_made_up_decisions_is_not_promoted_outside_a_demo(client_as, made):
    page = client_as("un").page(f"{DESK}/{made(make.model)}/promotion")
    assert "합성 결정에서 배운 모형은 채택할 수 없습니다" in page.text
    assert page.soup.main.select("form") == []


def test_a_report_against_another_champion_is_stale(client_as, made):
    key = made(make.model, synthetic=False)
    made(make.model, "ordinal-logit-2", state=ModelState.CHAMPION)
    page = client_as("un").page(f"{DESK}/{key}/promotion")
    assert "이 보고서는 다른 모형과 견준 것입니다" in page.text
    assert page.soup.main.select("textarea") == []


def test_a_stale_report_is_made_anew_once(app, client_as, made):
    key = made(make.model, synthetic=False)
    made(make.model, "ordinal-logit-2", state=ModelState.CHAMPION)
    un = client_as("un")
    page = un.page(f"{DESK}/{key}/promotion")
    first, again = (un.submit(page, action="/judge").headers["Location"] for _ in range(2))
    assert first == again and first.startswith("/operator/jobs/")
    with app.app_context():
        assert [(job.kind, job.asked) for job in session.scalars(sa.select(ScoringJob))] == [(JobKind.TRAIN, {"again": key})]


@pytest.mark.parametrize("state", [ModelState.CHAMPION, ModelState.RETIRED, ModelState.REFUSED])
def test_only_a_challenger_waits_for_promotion(client_as, made, state):
    page = client_as("un").page(f"{DESK}/{made(make.model, state=state)}/promotion")
    assert page.soup.main.select("form") == []
    assert str(state.label) in page.text


def test_promoting_needs_a_reason_and_keeps_what_was_typed(app, client_as, made):
    key = made(make.model, synthetic=False)
    un = client_as("un")
    page = un.page(f"{DESK}/{key}/promotion")
    answer = un.submit(page, {"reason": ""})
    assert list(type(page)(answer).errors()) == ["reason"]
    answer = un.submit(page, {"reason": "가" * 2001})
    again = type(page)(answer)
    assert list(again.errors()) == ["reason"]
    assert again.values()["reason"] == "가" * 2001
    with app.app_context():
        assert session.scalar(sa.select(ModelVersion.state).where(ModelVersion.key == key)) is ModelState.CHALLENGER


REASON = "순서 오차가 작고 어느 지역에서도 나쁘지 않습니다."


def states(app):
    with app.app_context():
        rows = session.execute(sa.select(ModelVersion.name, ModelVersion.state).order_by(ModelVersion.id))
        return {name: state for name, state in rows}


def acts(app):
    with app.app_context():
        rows = session.scalars(sa.select(ModelEvent).order_by(ModelEvent.id))
        return [(one.act, one.model.name if one.model else None, one.reason) for one in rows if one.act is not ModelAct.TRAINED]


def test_promoting_twice_promotes_once_and_the_desk_says_who_and_why(app, client_as, made):
    key = made(make.model, synthetic=False, files=True)
    un = client_as("un")
    page = un.page(f"{DESK}/{key}/promotion")
    for _ in range(2):
        assert un.submit(page, {"reason": REASON}).headers["Location"] == DESK
    assert states(app) == {"ordinal-logit-1": ModelState.CHAMPION}
    assert acts(app) == [(ModelAct.PROMOTED, "ordinal-logit-1", REASON)]
    box = un.page(DESK).soup.select_one(".champion").get_text(" ", strip=True)
    assert "ordinal-logit-1" in box and "조운영" in box and REASON in box


def test_a_form_left_open_while_another_was_promoted_is_refused_in_words(app, client_as, made):
    first, second = (made(make.model, f"ordinal-logit-{n}", synthetic=False, files=True) for n in (1, 2))
    un = client_as("un")
    pages = [un.page(f"{DESK}/{key}/promotion") for key in (first, second)]
    assert un.submit(pages[0], {"reason": REASON}).status_code == 302
    late = un.submit(pages[1], {"reason": REASON})
    assert late.status_code == 200
    assert "다시 만들어 주세요" in late.get_data(as_text=True)
    assert states(app) == {"ordinal-logit-1": ModelState.CHAMPION, "ordinal-logit-2": ModelState.CHALLENGER}


def test_a_short_reason_is_refused_at_its_field(app, client_as, made):
    key = made(make.model, synthetic=False, files=True)
    un = client_as("un")
    for path in (f"{DESK}/{key}/promotion", f"{DESK}/{key}/retire"):
        page = un.page(path)
        again = type(page)(un.submit(page, {"reason": "좋음"}))
        assert "10자 이상" in again.errors()["reason"]
        assert again.values()["reason"] == "좋음"
    assert states(app) == {"ordinal-logit-1": ModelState.CHALLENGER}


def test_a_model_without_its_files_is_refused_and_never_speaks(app, client_as, made):
    key = made(make.model, synthetic=False)
    un = client_as("un")
    answer = un.submit(un.page(f"{DESK}/{key}/promotion"), {"reason": REASON})
    assert answer.status_code == 200
    assert "파일" in answer.get_data(as_text=True)
    assert states(app) == {"ordinal-logit-1": ModelState.REFUSED}


def test_rolling_back_leads_to_the_one_before(app, client_as, made):
    un = client_as("un")
    first = made(make.model, synthetic=False, files=True)
    un.submit(un.page(f"{DESK}/{first}/promotion"), {"reason": REASON})
    assert "점검표 MIRI-44" in un.page(f"{DESK}/roll-back").text
    page = un.page(f"{DESK}/roll-back")
    assert list(type(page)(un.submit(page, {"reason": ""})).errors()) == ["reason"]
    for _ in range(2):
        assert un.submit(page, {"reason": "새 모형이 한 지역을 낮게 봅니다."}).headers["Location"] == DESK
    assert states(app) == {"ordinal-logit-1": ModelState.RETIRED}
    assert [act for act, _, _ in acts(app)] == [ModelAct.PROMOTED, ModelAct.RETIRED, ModelAct.ROLLED_BACK]
    assert "되돌릴 것이 없습니다" in un.page(f"{DESK}/roll-back").text


def test_retiring_takes_a_challenger_out_of_the_running(app, client_as, made):
    key = made(make.model)
    un = client_as("un")
    page = un.page(f"{DESK}/{key}/retire")
    assert un.submit(page, {"reason": "더 나은 모형이 나왔습니다."}).headers["Location"] == DESK
    assert states(app) == {"ordinal-logit-1": ModelState.RETIRED}
    assert un.page(f"{DESK}/{key}/retire").soup.main.select("form") == []


# --- long work ---------------------------------------------------------------------------------------------


def test_training_is_asked_for_once_however_often_it_is_pressed(app, client_as):
    un = client_as("un")
    page = un.page(f"{DESK}/train")
    first = un.submit(page, {"kind": "monotone-boosting", "note": "  10월까지  "})
    again = un.submit(page, {"kind": "monotone-boosting", "note": "  10월까지  "})
    assert first.headers["Location"] == again.headers["Location"]
    with app.app_context():
        jobs = session.scalars(sa.select(ScoringJob)).all()
        assert [(job.kind, job.asked) for job in jobs] == [
            (JobKind.TRAIN, {"kind": "monotone-boosting", "note": "10월까지"})
        ]


def test_an_unknown_kind_of_model_is_refused_at_its_field(app, client_as):
    un = client_as("un")
    page = un.page(f"{DESK}/train")
    answer = un.submit(page, {"kind": "oracle", "note": "남아야 합니다"})
    assert answer.status_code == 200
    assert type(page)(answer).values()["note"] == "남아야 합니다"
    assert count(app, ScoringJob) == 0


def test_scoring_everyone_needs_the_box_ticked_and_says_how_many(app, actor, client_as):
    make.suggestion(actor("hana"))
    un = client_as("un")
    page = un.page(f"{DESK}/rescore")
    assert "1곳" in page.text
    assert un.submit(page).status_code == 200
    assert count(app, ScoringJob) == 0
    assert un.submit(page, {"sure": "y"}).status_code == 302
    with app.app_context():
        assert [job.kind for job in session.scalars(sa.select(ScoringJob))] == [JobKind.SCORE_ALL]


def test_a_running_job_shows_its_bar_and_renews_itself_without_scripts(client_as, made):
    key = made(make.job, JobKind.SCORE_ALL, state=JobState.RUNNING, done=50, total=200)
    gam = client_as("gam")
    page = gam.page(f"/operator/jobs/{key}")
    bar = page.soup.main.progress
    assert (bar["value"], bar["max"]) == ("50", "200")
    assert page.soup.select_one("noscript meta[http-equiv=refresh]") is not None
    state = json.loads(gam.get(f"/operator/jobs/{key}/state").get_data(as_text=True))
    assert state == {"state": "running", "label": "하는 중", "done": 50, "total": 200, "open": True}


def test_a_failed_job_says_why_and_where_to_go(client_as, made):
    values = json.dumps({"error": "MemoryError"})
    key = made(make.job, state=JobState.FAILED, problem="job_broken", problem_values=values)
    page = client_as("un").page(f"/operator/jobs/{key}")
    assert "MemoryError" in page.text and "바뀐 것은 없습니다" in page.text
    assert page.soup.select_one("noscript meta[http-equiv=refresh]") is None
    assert page.soup.main.find("a", href=f"{DESK}/train") is not None


def test_a_finished_training_leads_to_its_model(client_as, made):
    model = made(make.model)
    key = made(make.job, state=JobState.DONE, result={"model": model})
    page = client_as("un").page(f"/operator/jobs/{key}")
    assert page.soup.main.find("a", href=f"{DESK}/{model}") is not None


@pytest.mark.parametrize("name", ["hana", "pyeong", "gong", "jang"])
def test_nobody_else_follows_a_job(client_as, made, name):
    key = made(make.job)
    assert client_as(name).get(f"/operator/jobs/{key}").status_code == 403
    assert client_as(name).get(f"/operator/jobs/{key}/state").status_code == 403
