"""The screens of an appeal, and what they must not tell: who sits on a panel, and what others said."""

import re

import pytest

from portal.appeals import service
from portal.appeals.models import Appeal
from portal.appeals.rules import AppealState
from portal.base.db import session
from tests.factories import appeals as make
from tests.factories import evaluation as cases

NAMES = ("박평가", "이보라", "정위원장", "다시1위원", "다시2위원", "다시3위원", "재심1위원장", "@panel.example")
TEXT = make.TEXT


def bytes_of(browser, *paths):
    return "\n".join(browser.get(path).get_data(as_text=True) for path in paths)


@pytest.fixture
def sign_in(app):
    """sign_in(actor): a browser of somebody who is not in the cast."""
    from portal.accounts import service as accounts
    from portal.accounts.models import Person
    from tests.cast import Member

    def of(actor):
        person = session.get(Person, actor.id)
        token = accounts.begin_session(person, "tests")
        browser = app.test_client()
        browser.sign_in(
            Member("x", person.id, person.key, person.organisation_id, person.fs_uniquifier, token, None), token
        )
        return browser

    return of


def test_a_firm_writes_files_and_follows(client_as, case):
    browser = client_as("hana")
    page = browser.page(f"/appeals/write/{case.key}")
    assert page.h1 == "이의신청하기"
    answer = browser.submit(page, {"FIT_kind": "fact", "FIT_text": "짧다", "action": "file"})
    assert answer.status_code == 422
    assert "30자 이상 적어 주세요" in answer.get_data(as_text=True)
    page = browser.page(f"/appeals/write/{case.key}")  # the draft was kept
    assert page.values()["FIT_text"] == "짧다"
    answer = browser.submit(page, {"FIT_text": TEXT, "action": "file"})
    assert answer.status_code == 302
    shown = browser.get(answer.headers["Location"]).get_data(as_text=True)
    assert "접수됨" in shown


def test_the_countdown_stands_on_both_sides(client_as, actor, case, appeal):
    assert "7일 남음" in bytes_of(client_as("hana"), f"/appeals/{appeal.key}")
    assert "7일 남음" in bytes_of(client_as("un"), "/operator/appeals", f"/operator/appeals/{appeal.key}")
    service.take_up(actor("un"), appeal.key)
    assert "14일 남음" in bytes_of(client_as("hana"), f"/appeals/{appeal.key}")
    assert "14일 남음" in bytes_of(client_as("un"), "/operator/appeals?stage=panel", f"/operator/appeals/{appeal.key}")


def test_the_firm_reads_no_person_before_or_after_the_decision(client_as, reviewed, case):
    browser = client_as("hana")
    paths = ("/home", "/appeals", f"/appeals/{reviewed.key}", f"/applications/{case.key}", f"/evaluation/outcomes/{case.key}")
    before = bytes_of(browser, *paths)
    assert [one for one in (*NAMES, "표시0", "표시1", "재심 위원 A") if one in before] == []
    make.ruled(reviewed)
    after = bytes_of(browser, *paths)
    assert [one for one in (*NAMES, "재심 위원 A", "재심 위원 B") if one in after] == []
    assert ("표시0" in after, "표시1" in after, "75.6" in after) == (True, True, True)


def _plain(text):
    """Without what differs at every reading: tokens and the time of day."""
    text = re.sub(r'(name="csrf_token" value|nonce)="[^"]*"', "", text)
    return re.sub(r'name="once" value="[^"]*"', "", text)


def test_the_firms_page_is_the_same_whatever_the_panel_does(client_as, actor, appeal):
    """Taken up; then drawn; then one has spoken; then one has left: the firm's page is equal to the byte."""
    path = f"/appeals/{appeal.key}"
    service.take_up(actor("un"), appeal.key)
    browser = client_as("hana")
    worlds = [_plain(bytes_of(browser, path, "/appeals"))]
    make.worked()
    found = session.get(Appeal, appeal.id)
    assert found.state is AppealState.REVIEW
    worlds.append(_plain(bytes_of(browser, path, "/appeals")))
    first, second = make.readers_of(found)
    make.judged(first)
    worlds.append(_plain(bytes_of(browser, path, "/appeals")))
    from portal.appeals import judging
    from portal.evaluation.rules import RecusalReason

    make.opened(second)
    judging.recuse(make.actor_of(second), second, RecusalReason.OTHER)
    make.worked()
    worlds.append(_plain(bytes_of(browser, path, "/appeals")))
    assert len(set(worlds)) == 1


def test_a_reader_sees_neither_first_points_nor_another_opinion(sign_in, drawn, case):
    first, second = make.readers_of(drawn)
    make.judged(first, mark="남의비밀표시")
    make.opened(second)
    browser = sign_in(make.actor_of(second))
    read = bytes_of(browser, "/evaluation/appeals", f"/evaluation/appeals/{second.key}")
    assert "합성 의견 FIT 처음평가" in read  # what the firm contests is quoted
    assert [one for one in ("남의비밀표시", "16.5", "9.9", "66.0", first.person.name) if one in read] == []


def test_nothing_of_the_case_shows_before_the_declaration(sign_in, drawn, case):
    seat = make.readers_of(drawn)[0]
    browser = sign_in(make.actor_of(seat))
    read = bytes_of(browser, f"/evaluation/appeals/{seat.key}")
    assert "이해충돌 확인" in read
    assert make.TEXT not in read
    assert browser.get(f"/applications/{case.key}").status_code == 404
    assert browser.get(f"/appeals/{drawn.key}/files/{drawn.files[0].key}").status_code == 404
    make.opened(seat)
    assert browser.get(f"/appeals/{drawn.key}/files/{drawn.files[0].key}").status_code == 200


def test_the_appeals_chair_reads_pseudonyms_and_no_names(sign_in, reviewed):
    seat = make.opened(make.chair_of(reviewed))
    read = bytes_of(sign_in(make.actor_of(seat)), f"/evaluation/appeals/{seat.key}/decision")
    assert ("위원 A" in read, "위원 B" in read, "75.6" in read) == (True, True, True)
    names = [one.person.name for one in make.readers_of(reviewed)]
    assert [one for one in (*names, "박평가", "이보라", "정위원장") if one in read] == []


def test_the_chair_sees_no_points_before_all_are_in(sign_in, drawn):
    make.judged(make.readers_of(drawn)[0], mark="먼저낸표시", FIT=24.5)
    seat = make.opened(make.chair_of(session.get(Appeal, drawn.id)))
    read = bytes_of(sign_in(make.actor_of(seat)), f"/evaluation/appeals/{seat.key}/decision")
    assert "아직 제출하지 않은 재심 위원이 1명" in read
    assert [one for one in ("먼저낸표시", "24.5") if one in read] == []


def test_the_first_panel_and_strangers_get_404(client_as, cast, drawn):
    key = make.readers_of(drawn)[0].key
    seated = {one.person_id for one in drawn.seats}
    for name in [name for name in ("pyeong", "nam", "jang") if cast[name].id not in seated]:
        browser = client_as(name)
        one, nothing = browser.get(f"/evaluation/appeals/{key}"), browser.get("/evaluation/appeals/nothing-here")
        assert (one.status_code, nothing.status_code) == (404, 404)
    assert client_as("duri").get(f"/appeals/{drawn.key}").status_code == 404


def test_an_auditor_reads_everything_and_changes_nothing(client_as, reviewed):
    browser = client_as("gam")
    read = bytes_of(browser, f"/operator/appeals/{reviewed.key}")
    assert (reviewed.draws[0].input_sha256 in read, reviewed.commitment in read) == (True, True)
    assert reviewed.seed not in read
    assert "재검토하기" not in read
    make.ruled(reviewed)
    assert reviewed.seed in bytes_of(browser, f"/operator/appeals/{reviewed.key}")


def test_the_command_draws_again(app, drawn):
    runner = app.test_cli_runner()
    done = runner.invoke(args=["portal", "replay-appeal", drawn.key])
    assert (done.exit_code, "same" in done.output) == (0, True)


def test_where_names_are_hidden_a_reader_reads_none(sign_in, actor, drawn, case):
    from portal.base.db import transaction
    from portal.evaluation.models import PhaseRow
    from portal.evaluation.phases import PhaseKind

    with transaction():
        session.add(PhaseRow(call_id=case.call_id, kind=PhaseKind.WRITTEN, sees_names=False))
    seat = make.opened(make.readers_of(drawn)[0])
    browser = sign_in(make.actor_of(seat))
    read = bytes_of(browser, "/evaluation/appeals", f"/evaluation/appeals/{seat.key}")
    assert [one for one in ("하나정밀", "공급솔루션", "증빙-FIT") if one in read] == []
    assert browser.get(f"/applications/{case.key}").status_code == 404
    file = browser.get(f"/appeals/{drawn.key}/files/{drawn.files[0].key}")
    assert "appeal-" in file.headers["Content-Disposition"]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_whatever_its_length(rows, queries_of, client_as, actor, people):
    panel = [actor("pyeong"), cases.an_evaluator("이보라")]
    from tests.factories.applications import a_call

    for n in range(rows):
        call = a_call(title_ko=f"공고 {n} (합성)")
        make.filed(actor("hana"), make.rejected(actor("un"), actor("hana"), actor("gong"), panel, actor("jang"), call=call))
    browser = client_as("un")
    browser.get("/operator/appeals")
    assert queries_of(lambda: browser.get("/operator/appeals")) <= 24
