"""Who sees what: each test plants what could leak and reads the bytes that go out."""

import pytest
import sqlalchemy as sa

from portal.base.db import session
from portal.evaluation import casefile, outcome, queues, service
from portal.evaluation.models import Assignment
from portal.evaluation.rules import RecusalReason
from tests.factories import evaluation as make

NAMES = ("박평가", "이보라", "정위원장", "최남은")


def bytes_of(browser, *paths):
    return "\n".join(browser.get(path, follow_redirects=True).get_data(as_text=True) for path in paths)


def pages_of(key):
    return [f"/evaluation/cases/{key}", f"/evaluation/cases/{key}/score", f"/evaluation/cases/{key}/final"]


def suggestion_marks(case):
    """Words that only the suggestion puts on a page."""
    found = casefile.suggestion_in_words(case.id)
    return [f"{found.total:.0f} / 1,000", str(found.capability_name), "산정 제안대로", "기업 주장대로면"]


def test_the_suggestion_is_not_in_the_bytes_before_the_own_score_is_locked(client_as, actor, case, panel):
    assignment = make.opened(actor("pyeong"), case)
    service.save_review(actor("pyeong"), assignment, None, items=make.words(assignment), scores=make.points())
    browser, marks = client_as("pyeong"), suggestion_marks(case)
    before = bytes_of(browser, "/evaluation/queue", *pages_of(assignment.key), f"/applications/{case.key}")
    assert [mark for mark in marks if mark in before] == []
    service.save_review(actor("pyeong"), assignment, None, own_tier=make.suggested(case))
    service.lock_own_score(actor("pyeong"), assignment, None)
    after = bytes_of(browser, f"/evaluation/cases/{assignment.key}/final")
    assert marks[0] in after


def test_the_score_page_says_the_same_bytes_whatever_the_machine_suggests(client_as, actor, case, panel):
    from portal.scoring.models import Suggestion

    assignment = make.opened(actor("pyeong"), case)
    browser = client_as("pyeong")
    paths = [f"/evaluation/cases/{assignment.key}", f"/evaluation/cases/{assignment.key}/score", "/evaluation/queue"]

    def read():
        text = bytes_of(browser, *paths)
        return [line for line in text.splitlines() if "csrf" not in line and "nonce" not in line]

    one_world = read()
    row = session.scalar(sa.select(Suggestion).order_by(Suggestion.id.desc()))
    session.execute(
        sa.update(Suggestion).where(Suggestion.id == row.id).values(tier="LEADING", total=987.0, capability_level=5)
    )
    session.commit()
    assert read() == one_world


def test_an_evaluator_sees_nothing_of_the_other_review(client_as, actor, case, panel, bora):
    make.reviewed(bora, case, tier=make.suggested(case), mark="다른위원의비밀표시", share=0.77)
    assignment = make.locked(actor("pyeong"), case, tier=make.suggested(case))
    read = bytes_of(client_as("pyeong"), "/evaluation/queue", *pages_of(assignment.key), f"/applications/{case.key}")
    assert "다른위원의비밀표시" not in read
    assert "이보라" not in read


def test_before_the_declaration_no_answer_evidence_or_plan_shows(client_as, actor, case, panel):
    assignment = make.assignment_of(actor("pyeong"), case)
    read = bytes_of(client_as("pyeong"), *pages_of(assignment.key))
    assert "이해충돌 확인" in read
    assert "프레스 공정의 불량률" not in read
    assert "디지털 목표" not in read
    assert client_as("pyeong").get(f"/applications/{case.key}").status_code == 404


@pytest.mark.parametrize("name", ["nam", "jang"])
def test_who_is_not_assigned_gets_the_same_404_as_for_nothing(name, client_as, actor, case, panel):
    key = make.opened(actor("pyeong"), case).key
    browser = client_as(name)
    for there, nowhere in zip(pages_of(key), pages_of("nothing-here"), strict=True):
        one, other = browser.get(there), browser.get(nowhere)
        assert (one.status_code, other.status_code) == (404, 404)
    assert case.number not in bytes_of(browser, "/evaluation/queue")


def test_who_stepped_down_gets_404_at_the_next_request(client_as, actor, case, panel):
    assignment = make.opened(actor("pyeong"), case)
    browser = client_as("pyeong")
    assert browser.get(f"/evaluation/cases/{assignment.key}").status_code == 200
    service.recuse(actor("pyeong"), assignment, RecusalReason.ADVICE)
    assert [browser.get(path).status_code for path in pages_of(assignment.key)] == [404] * 3
    assert browser.get(f"/applications/{case.key}").status_code == 404
    assert case.number not in bytes_of(browser, "/evaluation/queue?state=all")


def test_evidence_opens_with_the_declaration_and_shuts_with_the_recusal(client_as, actor, case, panel):
    assignment = make.opened(actor("pyeong"), case)
    browser = client_as("pyeong")
    [file] = [one for line in casefile.case_file(assignment).lines for one in line.evidence]
    path = f"/evidence/{file.key}"
    assert (browser.get(path).status_code, client_as("nam").get(path).status_code) == (200, 404)
    service.recuse(actor("pyeong"), session.get(Assignment, assignment.id), RecusalReason.ADVICE)
    assert browser.get(path).status_code == 404


def test_the_chair_reads_pseudonyms_and_no_names(client_as, actor, case, two_reviews):
    read = bytes_of(client_as("jang"), "/evaluation/decisions", f"/evaluation/decisions/{case.key}")
    assert "위원 A" in read
    assert "위원 B" in read
    assert [name for name in ("박평가", "이보라") if name in read] == []


def test_another_chair_gets_404(app, client_as, actor, case, two_reviews):
    assert client_as("jang").get(f"/evaluation/decisions/{case.key}").status_code == 200
    assert client_as("jang").get("/evaluation/decisions/nothing").status_code == 404
    make.assigned(actor("un"), case, [], make.an_evaluator("오위원장", role=make.Role.LEAD_EVALUATOR))
    assert client_as("jang").get(f"/evaluation/decisions/{case.key}").status_code == 404


def test_the_firm_learns_nothing_before_the_decision(client_as, case, two_reviews):
    browser = client_as("hana")
    assert browser.get(f"/evaluation/outcomes/{case.key}").status_code == 404
    read = bytes_of(browser, "/home", "/applications", f"/applications/{case.key}")
    assert [one for one in (*NAMES, "표시가나다", "위원 A") if one in read] == []


def test_the_firm_reads_every_score_and_comment_and_no_person_after_it(client_as, actor, case, two_reviews):
    make.decided(actor("jang"), case, make.suggested(case))
    read = bytes_of(client_as("hana"), f"/evaluation/outcomes/{case.key}", f"/applications/{case.key}", "/applications")
    for code in ("NEED", "FIT", "FIRM", "SUPPLIER", "DATA", "EFFECT", "AFTER"):
        assert (f"합성 의견 {code} 표시가나다" in read, f"합성 의견 {code} 표시라마바" in read) == (True, True)
    assert [one for one in (*NAMES, "위원 A", "위원 B", "@panel.example") if one in read] == []
    assert "80.0" in read


def test_another_firm_reads_nothing(client_as, actor, case, two_reviews):
    make.decided(actor("jang"), case, make.suggested(case))
    assert client_as("duri").get(f"/evaluation/outcomes/{case.key}").status_code == 404


def test_comments_stand_in_an_order_that_follows_nobody(actor, case, panel, bora):
    tier = make.suggested(case)
    for one, mark in ((actor("pyeong"), "힣"), (bora, "가")):
        make.reviewed(one, case, tier=tier, mark=mark)
    make.decided(actor("jang"), case, tier)
    for line in outcome.outcome_for_applicant(case.id).lines:
        assert list(line.comments) == sorted(line.comments)


def test_each_evaluator_meets_the_cases_in_an_own_stable_order(actor, case, bora):
    more = [make.in_evaluation(make.a_firm(f"기업{n} (합성)"), actor("gong"), call=case.call) for n in range(7)]
    for one in (case, *more):
        make.assigned(actor("un"), one, [actor("pyeong"), bora], actor("jang"))

    def order(one):
        rows = queues.queue(one, queues.QueueFilters()).items
        return [row.assignment.application_id for row in rows]

    assert order(actor("pyeong")) == order(actor("pyeong"))
    assert order(actor("pyeong")) != order(bora)  # equal in 1 of 40,320 draws
    assert sorted(order(bora)) == sorted(order(actor("pyeong")))
