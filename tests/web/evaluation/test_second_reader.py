"""A doubtful case calls a second reader once; operator and chair see it, the evaluators never learn of it."""

import json

import pytest
import sqlalchemy as sa

from portal.base import clock
from portal.base.access import RulesBroken
from portal.base.db import session
from portal.base.outbox import OutboxEvent
from portal.evaluation import deciding, queries, seating, service, sidebyside
from portal.evaluation.models import Panel
from portal.evaluation.rules import Outcome, RecusalReason, reviews_needed
from portal.evaluation.seating import AssignmentFilters
from portal.evaluators import service as pool
from portal.profiles import questionnaire
from portal.programmes.rules import Tier
from portal.scoring import service as scoring
from portal.scoring.models import SecondReaderCall, Suggestion
from portal.scoring.rules import SecondReaderReason, disagrees, doubts
from tests.factories import evaluation as make
from tests.factories.applications import accepted
from tests.factories.profiles import complete_profile

T = Tier


@pytest.mark.parametrize(
    ("tiers", "reason"),
    [
        (None, None),
        ((T.BASIC,), None),
        ((T.BASIC, T.ADVANCED), SecondReaderReason.WIDE),
        (tuple(T), SecondReaderReason.WIDE),
        ((), SecondReaderReason.EMPTY),
    ],
)
def test_a_set_of_more_than_one_tier_or_of_none_is_a_doubt(tiers, reason):
    assert doubts(tiers) is reason


@pytest.mark.parametrize(
    ("blind", "suggested", "shown", "reason"),
    [
        (T.BASIC, T.BASIC, False, None),
        (T.BASIC, T.ADVANCED, False, SecondReaderReason.DISAGREES),
        (None, T.BASIC, False, SecondReaderReason.DISAGREES),
        (T.BASIC, T.ADVANCED, True, None),
    ],
)
def test_only_a_blind_tier_disagrees(blind, suggested, shown, reason):
    assert disagrees(blind, suggested, shown) is reason


@pytest.mark.parametrize(
    ("asked", "called", "blind", "needed"),
    [
        (1, False, (T.BASIC, T.LEADING), 1),
        (1, True, (), 2),
        (2, True, (T.BASIC,), 2),
        (2, True, (T.BASIC, T.BASIC), 2),
        (2, True, (T.BASIC, T.ADVANCED), 3),
        (2, True, (T.BASIC, T.BASIC, T.ADVANCED), 2),
        (4, True, (T.BASIC, T.ADVANCED), 4),
    ],
)
def test_how_many_reviews_a_case_needs(asked, called, blind, needed):
    assert reviews_needed(asked, called, blind) == needed


def away_from(tier):
    return T.BASIC if tier is not T.BASIC else T.ADVANCED


def calls():
    return [one.reason for one in session.scalars(sa.select(SecondReaderCall).order_by(SecondReaderCall.id))]


def events():
    rows = session.scalars(sa.select(OutboxEvent).where(OutboxEvent.name == "second_reader.called"))
    return [json.loads(row.payload) for row in rows]


@pytest.fixture
def apart(actor, case, panel, bora):
    """The two evaluators have locked two different tiers."""
    suggested = make.suggested(case)
    make.locked(actor("pyeong"), case, tier=away_from(suggested), changed={"T1": 0})
    make.locked(bora, case, tier=suggested)
    return session.get(Panel, panel.id)


def test_agreement_calls_nobody(actor, case, two_reviews):
    assert calls() == []
    assert session.get(Panel, two_reviews.id).reviews_needed is None


def test_a_blind_tier_away_from_the_suggestion_calls_once(actor, case, panel, bora):
    suggestion = queries.suggestion_of(case.id)
    for one in (actor("pyeong"), bora):
        make.locked(one, case, tier=away_from(suggestion.tier), changed={"T1": 0})
    assert calls() == [SecondReaderReason.DISAGREES]
    assert events() == [{"application_id": case.id, "suggestion_id": suggestion.id, "reason": "disagrees"}]
    assert session.get(Panel, panel.id).needed == 2  # two who agree with each other are enough


def test_two_who_differ_need_a_third(apart, actor, case, drain):
    assert (apart.needed, apart.needs_more) == (3, True)
    assert seating.readers_missing(actor("un")) == 1
    assert [one.application.id for one in seating.waiting(actor("un"), AssignmentFilters(extra=True)).items] == [case.id]
    letters = [one for one in drain() if one.once_key.startswith("evaluator-assigned")]
    assert [one.to for one in letters] == ["nam@example.kr"]
    assert "하나정밀" not in letters[0].body
    session.rollback(), session.expire_all()
    assert seating.readers_missing(actor("un")) == 0


def test_where_nobody_can_be_drawn_the_operator_is_told(apart, actor, case, drain):
    pool.add_absence(actor("nam"), clock.today(), clock.today())
    letters = [one for one in drain() if one.once_key.startswith("seat-empty")]
    assert [one.to for one in letters] == ["un@example.kr"]
    assert case.number in letters[0].body
    assert "하나정밀" not in letters[0].body
    assert seating.readers_missing(actor("un")) == 1


def test_a_wide_set_calls_before_and_after_the_panel_is_named(actor, case, panel):
    suggestion = queries.suggestion_of(case.id)
    for _ in range(2):
        scoring.call_second_reader(case.id, suggestion.id, SecondReaderReason.WIDE)
    scoring.call_second_reader(case.id, suggestion.id, SecondReaderReason.EMPTY)
    assert calls() == [SecondReaderReason.WIDE, SecondReaderReason.EMPTY]
    assert [one["reason"] for one in events()] == ["wide", "empty"]


def test_a_call_that_asks_for_one_review_gets_two(actor, bora):
    case = make.in_evaluation(actor("hana"), actor("gong"))
    case.call.reviews = 1
    session.commit()
    suggestion = queries.suggestion_of(case.id)
    scoring.call_second_reader(case.id, suggestion.id, SecondReaderReason.WIDE)
    panel = make.assigned(actor("un"), case, [actor("pyeong")], actor("jang"))
    assert session.get(Panel, panel.id).needed == 2
    assert seating.readers_missing(actor("un")) == 1
    make.assigned(actor("un"), case, [bora], actor("jang"))
    session.rollback(), session.expire_all()
    assert seating.readers_missing(actor("un")) == 0


def test_the_operator_adds_a_third_to_the_running_panel(apart, actor, case, client_as):
    un = client_as("un")
    assert "추가 평가위원 필요" in un.page("/home").text
    assert "추가 평가위원 필요" in un.page("/operator/assignments?extra=1").text
    page = un.page(f"/operator/assignments/{case.key}")
    assert "지금 2명이고 3명이 필요합니다." in page.text
    make.assigned(actor("un"), case, [make.an_evaluator("셋째위원")], actor("jang"))
    session.rollback(), session.expire_all()
    assert seating.readers_missing(actor("un")) == 0
    assert "추가 평가위원이 필요합니다" not in un.page(f"/operator/assignments/{case.key}").text


def test_the_chair_waits_for_the_third_or_says_in_writing_why_not(actor, case, panel, bora, client_as):
    suggested = make.suggested(case)
    make.reviewed(actor("pyeong"), case, tier=away_from(suggested), reason=make.REASON, changed={"T1": 0})
    make.reviewed(bora, case, tier=suggested)
    page = client_as("jang").page(f"/evaluation/decisions/{case.key}")
    assert "추가 평가위원을 불렀습니다" in page.text
    assert "2 / 3" in client_as("jang").page("/evaluation/decisions").text
    assert "위원이 제안을 보기 전에 낸 유형이 산정 유형과 다릅니다." in page.text
    given = {"tier": suggested, "outcome": Outcome.SELECTED, "reason": make.REASON}
    for waiver in ("", "  짧은 까닭  ", " " * 60):
        with pytest.raises(RulesBroken) as refused:
            deciding.decide(actor("jang"), panel, **given, waiver=waiver)
        assert [(one.field, one.code) for one in refused.value.broken] == [("waiver", "evaluation_reader_missing")]
    decision = deciding.decide(actor("jang"), panel, **given, waiver=make.REASON)
    assert decision.waiver == make.REASON


def test_with_the_third_review_no_word_is_asked(actor, case, panel, bora):
    suggested, third = make.suggested(case), make.an_evaluator("셋째위원")
    make.reviewed(actor("pyeong"), case, tier=away_from(suggested), reason=make.REASON, changed={"T1": 0})
    make.reviewed(bora, case, tier=suggested)
    make.assigned(actor("un"), case, [third], actor("jang"))
    make.reviewed(third, case, tier=suggested)
    assert sidebyside.readers_missing(queries.panel_of(case.id)) == 0
    assert make.decided(actor("jang"), case, suggested).waiver is None


def test_who_steps_down_no_longer_counts_among_the_voices(apart, actor, case):
    assignment = make.assignment_of(actor("pyeong"), case)
    service.recuse(actor("pyeong"), assignment, RecusalReason.ADVICE)
    assert queries.blind_tiers(case.id) == [make.suggested(case)]
    assert session.get(Panel, apart.id).needed == 3  # a call is never taken back


# --- what evaluators must not learn -----------------------------------------------------------------------------------

SECRETS = ("추가 평가", "추가 위원", "한 번 더", "두 번째 위원", "무엇을 확인하면", "가장 높으면", "인정되면 올라가는")


def bytes_before_the_lock(browser, key):
    paths = (f"/evaluation/cases/{key}", f"/evaluation/cases/{key}/score", f"/evaluation/cases/{key}/final")
    pages = (*paths, "/evaluation/queue", "/home")
    return "\n".join(browser.get(path, follow_redirects=True).get_data(as_text=True) for path in pages)


def test_no_byte_of_band_settlement_or_call_shows_before_the_own_score_stands(actor, case, panel, bora, client_as):
    suggested = make.suggested(case)
    make.reviewed(bora, case, tier=away_from(suggested), reason=make.REASON, changed={"T1": 0})
    assert calls() == [SecondReaderReason.DISAGREES]
    key = make.opened(actor("pyeong"), case).key
    read = bytes_before_the_lock(client_as("pyeong"), key)
    assert [one for one in SECRETS if one in read] == []


def test_the_pages_before_the_lock_are_the_same_whether_a_reader_was_called_or_not(actor, case, panel, client_as):
    key = make.opened(actor("pyeong"), case).key
    browser = client_as("pyeong")

    def read():
        text = bytes_before_the_lock(browser, key)
        return [line for line in text.splitlines() if "csrf" not in line and "nonce" not in line]

    before = read()
    scoring.call_second_reader(case.id, queries.suggestion_of(case.id).id, SecondReaderReason.WIDE)
    session.execute(sa.update(Panel).values(reviews_needed=3))
    session.execute(sa.update(Suggestion).values(tier="LEADING"))
    session.commit()
    assert read() == before


def test_an_evaluator_never_reads_that_a_reader_was_called_even_after_the_lock(apart, actor, case, client_as):
    key = make.assignment_of(actor("pyeong"), case).key
    page = client_as("pyeong").get(f"/evaluation/cases/{key}/final").get_data(as_text=True)
    assert "무엇을 확인하면 결론이 나나" in page
    assert [one for one in ("추가 평가", "위원이 제안을 보기 전에") if one in page] == []


def test_the_page_names_the_evidence_that_settles_it(actor, bora, client_as):
    complete_profile(actor("hana"), 3, evidence=[code for code in questionnaire.load().codes if code != "I3"])
    case = accepted(actor("hana"), actor("gong"))
    make.assigned(actor("un"), case, [actor("pyeong"), bora], actor("jang"))
    key = make.locked(actor("pyeong"), case, tier=make.suggested(case)).key
    box = client_as("pyeong").page(f"/evaluation/cases/{key}/final").soup.select_one(".case-settling")
    lines = [" ".join(one.get_text(" ", strip=True).split()) for one in box.select("li")]
    assert lines == ["I3 데이터 저장·품질 3단계 · 3개월 이상·코드 일관 인정 → 선도모델"]
