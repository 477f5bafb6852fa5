"""A person explains: the firm asks, an operator answers, nobody else reads it."""

import pytest
import sqlalchemy as sa

from portal.accounts import queries as accounts
from portal.accounts.models import Person
from portal.base import audit
from portal.base.access import Forbidden, NotVisible, RuleBroken
from portal.base.db import session
from portal.scoring import contests, queries
from portal.scoring.models import ExplanationRequest
from tests.factories.scoring import QUESTION, explanation, suggestion


def test_the_firm_asks_and_the_operator_answers(app, cast, client_as, drain):
    with app.app_context():
        suggestion(accounts.actor_of(session.get(Person, cast["hana"].id)))
    hana, un = client_as("hana"), client_as("un")
    answer = hana.submit(hana.page("/result/explanation"), {"question": QUESTION})
    assert answer.headers["Location"] == "/result/explanation"
    assert "답을 기다림" in hana.page("/result/explanation").text

    row = un.page("/operator/explanations").soup.select_one("main tbody a")
    assert row.text == "하나정밀 (합성)"
    page = un.page(row["href"])
    assert QUESTION in page.text
    answer = un.submit(page, {"answer": "증빙이 없어서입니다."})
    assert answer.headers["Location"] == "/operator/explanations"
    assert "증빙이 없어서입니다." in hana.page("/result/explanation").text
    letters = [letter for letter in drain() if letter.once_key.startswith("explanation")]
    assert [letter.to for letter in letters] == ["hana@example.kr"]
    assert "증빙이 없어서입니다." not in letters[0].body


def test_a_double_click_asks_once(actor):
    key = suggestion(actor("hana")).key
    first = contests.ask_explanation(actor("hana"), key, QUESTION, once_key="one")
    assert contests.ask_explanation(actor("hana"), key, QUESTION, once_key="one") == first
    assert session.scalar(sa.select(sa.func.count()).select_from(ExplanationRequest)) == 1


def test_a_second_question_waits_for_the_first_answer(actor):
    key = explanation(actor("hana"))
    with pytest.raises(RuleBroken, match="explanation_open"):
        explanation(actor("hana"), "또 하나")
    contests.answer_explanation(actor("un"), key, "답")
    assert explanation(actor("hana"), "또 하나") != key


@pytest.mark.parametrize(("text", "code"), [("  \n ", "explanation_empty"), ("가" * 2001, "explanation_long")])
def test_empty_and_endless_texts_are_refused_at_their_field(actor, text, code):
    with pytest.raises(RuleBroken) as refused:
        explanation(actor("hana"), text)
    assert (refused.value.code, refused.value.field) == (code, "question")


def test_what_was_typed_stays_when_it_is_refused(actor, client_as):
    suggestion(actor("hana"))
    hana = client_as("hana")
    answer = hana.submit(hana.page("/result/explanation"), {"question": "가" * 2001})
    assert answer.status_code == 200
    assert "가" * 2001 in answer.get_data(as_text=True)


def test_nobody_asks_about_another_firms_suggestion(actor):
    key = suggestion(actor("hana")).key
    for name in ("duri", "un", "pyeong", "gong", "anon"):
        with pytest.raises(NotVisible):
            contests.ask_explanation(actor(name), key, QUESTION)


@pytest.mark.parametrize(
    ("name", "sees"),
    [("hana", True), ("duri", False), ("pyeong", False), ("gong", False), ("un", True), ("gam", True), ("anon", False)],
)
def test_who_reads_a_request(actor, name, sees):
    key = explanation(actor("hana"))
    assert bool(queries.explanation(actor(name), key)) is sees
    assert queries.explanations(actor(name)).total == (1 if sees else 0)
    assert queries.explanations_waiting(actor(name)) == (1 if sees else 0)
    contests.answer_explanation(actor("un"), key, "답")
    assert queries.explanations_waiting(actor(name)) == 0


def test_only_operators_answer_and_only_once(actor):
    key = explanation(actor("hana"))
    for name in ("hana", "gam", "pyeong"):
        with pytest.raises(Forbidden):
            contests.answer_explanation(actor(name), key, "답")
    contests.answer_explanation(actor("un"), key, "답")
    with pytest.raises(RuleBroken, match="explanation_answered"):
        contests.answer_explanation(actor("un"), key, "다른 답")
    row = session.scalars(sa.select(ExplanationRequest)).one()
    assert row.answer == "답"
    actions = session.scalars(
        sa.select(audit.AuditRow.action).where(audit.AuditRow.object_type == "explanation").order_by(audit.AuditRow.id)
    ).all()
    assert actions == ["explanation.ask", "explanation.answer"]


def test_a_firm_without_a_result_has_nothing_to_ask_about(client_as):
    assert client_as("hana").get("/result/explanation").status_code == 404


def test_an_empty_list_says_so(client_as):
    assert "들어온 요청이 없습니다" in client_as("un").page("/operator/explanations").text


def test_a_second_answer_is_refused_aloud_and_not_lost(actor, client_as):
    key = explanation(actor("hana"))
    un = client_as("un")
    stale = un.page(f"/operator/explanations/{key}")
    contests.answer_explanation(actor("un"), key, "먼저 보낸 답")
    answer = un.submit(stale, {"answer": "늦게 보낸 답"})
    text = answer.get_data(as_text=True)
    for words in ("이미 답한 요청입니다.", "먼저 보낸 답", "보내지 않은 내 글", "늦게 보낸 답"):
        assert words in text
