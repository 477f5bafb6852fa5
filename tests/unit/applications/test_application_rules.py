"""The status machine, every state and action; what bars a submission, rule by rule."""

from dataclasses import replace
from decimal import Decimal

import pytest

from portal.applications.completeness import Filled, problems_of
from portal.applications.parts import PLAN_TEXTS, Consent, PaperState, Part, parts_of
from portal.applications.rules import (
    DECIDED,
    IN_EVALUATION,
    LIVE,
    STATUS_TONES,
    STATUS_WORDS,
    TRANSITIONS,
    Action,
    Status,
    action_to,
    can,
    can_accept,
    can_edit,
    can_redecide,
    can_submit,
    next_status,
)
from portal.base import clock
from portal.base.access import YES, no

D, S, C, P, W = Status.DRAFT, Status.SUBMITTED, Status.REQ_CHECK, Status.SUPPLEMENT, Status.WRITTEN
SITE, TALK = Status.SITE, Status.PRESENT
SEL, RES, REJ, OFF = Status.SELECTED, Status.RESERVE, Status.REJECTED, Status.WITHDRAWN

DECIDE = {Action.SELECT: SEL, Action.RESERVE: RES, Action.REJECT: REJ, Action.WITHDRAW: OFF}
# Written out a second time on purpose: a change of the machine must be made twice.
EXPECTED = {
    D: {Action.SUBMIT: S, Action.WITHDRAW: OFF},
    S: {Action.BEGIN_CHECK: C, Action.ASK_SUPPLEMENT: P, Action.ACCEPT: W, Action.WITHDRAW: OFF},
    C: {Action.ASK_SUPPLEMENT: P, Action.ACCEPT: W, Action.WITHDRAW: OFF},
    P: {Action.ANSWER_SUPPLEMENT: C, Action.WITHDRAW: OFF},
    W: {Action.VISIT: SITE, Action.PRESENT: TALK, **DECIDE},
    SITE: {Action.PRESENT: TALK, **DECIDE},
    TALK: DECIDE,
    RES: {Action.SELECT: SEL, Action.WITHDRAW: OFF},
    SEL: {Action.WITHDRAW: OFF},
    REJ: {},
    OFF: {},
}


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("action", [one for one in Action if one is not Action.REDECIDE])
def test_every_state_and_action(status, action):
    wanted = EXPECTED[status].get(action)
    assert next_status(status, action) is wanted
    verdict = can(status, action)
    assert (verdict.ok, verdict.code) == ((True, "") if wanted else (False, "wrong_status"))


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("outcome", list(Status))
def test_only_what_was_decided_is_decided_anew(status, outcome):
    wanted = status in (SEL, RES, REJ) and outcome in (SEL, RES, REJ)
    assert can_redecide(status, outcome).ok is wanted
    assert can(status, Action.REDECIDE).ok is (status in (SEL, RES, REJ))


def test_the_table_has_words_and_colours_for_every_status():
    assert set(STATUS_WORDS) == set(STATUS_TONES) == set(Status)
    assert set(TRANSITIONS.values()) | {D} == set(Status)


def test_the_way_to_a_status_is_found_only_when_one_step_leads_there():
    assert action_to(S, W) is Action.ACCEPT
    assert action_to(D, W) is None
    assert {status for status in Status if action_to(status, SEL)} == {W, SITE, TALK, RES}


def test_live_and_decided():
    assert Status.WITHDRAWN not in LIVE and Status.REJECTED not in LIVE
    assert {SEL, RES, REJ} == DECIDED
    assert {W, SITE, TALK} == IN_EVALUATION
    assert IN_EVALUATION < LIVE and not IN_EVALUATION & DECIDED


TEXT = "서른 글자가 넘는 합성(예시) 문장을 여기에 적어 둡니다."
FULL = Filled(
    tier="BASIC",
    tiers_of_call=frozenset({"BASIC"}),
    target_level=1,
    scope=("MES",),
    texts={text.name: TEXT for text in PLAN_TEXTS},
    costs=(("hardware", "로봇", 1_000_000, 2),),
    own_share_krw=1_000_000,
    own_share_source="cash",
    kpis=(("불량률", Decimal(5), Decimal(3), "down"),),
    consortium=True,
    supplier_id=7,
    consent=Consent.NAMED,
    exclusions=("closed", "duplicate"),
    barring=frozenset({"closed"}),
    pledges={"closed": "no", "duplicate": "no"},
    writer="self",
    truth_pledged=True,
    papers={"quotation": PaperState.ATTACHED, "bonus-proof": PaperState.OPTIONAL},
)


def _barred(**changes):
    return [(problem.code, problem.field) for problem in can_submit(D, YES, replace(FULL, **changes))]


def test_what_is_complete_may_be_handed_in():
    assert can_submit(D, YES, FULL) == []


@pytest.mark.parametrize("status", [status for status in Status if status is not D])
def test_only_a_draft_is_handed_in(status):
    assert [problem.code for problem in can_submit(status, YES, FULL)] == ["wrong_status"]


def test_the_window_comes_first():
    assert [problem.code for problem in can_submit(D, no("call_ended", closes_at="-"), Filled())] == ["call_ended"]


@pytest.mark.parametrize(
    ("changes", "barred"),
    [
        ({"has_profile": False}, [("no_profile", "")]),
        ({"tier": None}, [("choose_tier", "tier")]),
        ({"tier": "LEADING"}, [("call_tier_not_offered", "tier")]),
        ({"target_level": None}, [("choose_target", "target_level")]),
        ({"target_level": 1, "current_level": 2}, [("target_below_current", "target_level")]),
        ({"scope": ()}, [("choose_scope", "scope")]),
        ({"texts": {**FULL.texts, "goal": "  "}}, [("required", "goal")]),
        ({"texts": {**FULL.texts, "goal": "짧음"}}, [("text_too_short", "goal")]),
        ({"texts": {**FULL.texts, "effect": "😀" * 1_001}}, [("plan_too_long", "effect")]),
        ({"costs": (), "own_share_krw": 0, "own_share_source": None}, [("no_cost_lines", "lines")]),
        ({"costs": (*FULL.costs, ("hardware", "무값", None, 1))}, [("row_incomplete", "lines-1-item")]),
        ({"own_share_krw": None}, [("required", "own_share_krw")]),
        ({"own_share_krw": 2_000_001}, [("own_share_over_cost", "own_share_krw")]),
        ({"own_share_source": None}, [("required", "own_share_source")]),
        ({"own_share_krw": 0, "own_share_source": None}, []),
        ({"kpis": ()}, [("no_kpi", "rows")]),
        ({"kpis": (("불량률", Decimal(5), None, "down"),)}, [("kpi_incomplete", "rows-0-name")]),
        ({"kpis": (("불량률", Decimal(5), Decimal(5), "down"),)}, [("kpi_no_better", "rows-0-target")]),
        ({"kpis": (("생산량", Decimal(5), Decimal(4), "up"),)}, [("kpi_no_better", "rows-0-target")]),
        ({"supplier_id": None, "consent": None}, [("no_supplier", "supplier")]),
        ({"consent": Consent.DECLINED}, [("supplier_declined", "supplier")]),
        ({"consent": Consent.ASKED}, []),
        ({"consortium": False, "supplier_id": None, "consent": None}, []),
        ({"papers": {"quotation": PaperState.MISSING}}, [("paper_missing", "quotation")]),
        ({"papers": {"quotation": PaperState.EXPIRED}}, [("paper_out_of_date", "quotation")]),
        ({"pledges": {"closed": "no"}}, [("answer_needed", "duplicate")]),
        ({"pledges": {"closed": "yes", "duplicate": "no"}}, [("excluded", "closed")]),
        ({"pledges": {"closed": "excepted", "duplicate": "yes"}}, []),
        ({"writer": None}, [("answer_needed", "writer")]),
        ({"writer": "help_free"}, [("writer_name_needed", "writer_name")]),
        ({"writer": "help_paid", "writer_name": "누구"}, [("writer_fee_needed", "writer_fee_krw")]),
        ({"writer": "help_paid", "writer_name": "누구", "writer_fee_krw": 0}, []),
        ({"truth_pledged": False}, [("pledge_needed", "truth_pledged")]),
    ],
)
def test_each_thing_that_bars(changes, barred):
    assert _barred(**changes) == barred


def test_every_page_of_an_empty_form_lacks_something_but_what_is_not_asked():
    empty = Filled(consortium=True, exclusions=("closed",), papers={"quotation": PaperState.MISSING})
    assert all(problems_of(part, empty) for part in Part)
    assert Part.PARTNER not in parts_of(False)


@pytest.mark.parametrize(
    ("status", "consortium", "consent", "paper", "code"),
    [
        (S, True, Consent.CONFIRMED, False, ""),
        (C, True, Consent.ASKED, True, ""),
        (C, True, Consent.ASKED, False, "supplier_not_confirmed"),
        (C, True, Consent.DECLINED, False, "supplier_not_confirmed"),
        (C, False, None, False, ""),
        (P, True, Consent.CONFIRMED, True, "wrong_status"),
        (D, False, None, False, "wrong_status"),
    ],
)
def test_evaluation_begins_only_with_a_confirmed_supplier(status, consortium, consent, paper, code):
    assert can_accept(status, consortium, consent, paper).code == code


@pytest.mark.parametrize("status", list(Status))
def test_only_a_draft_and_the_asked_parts_of_a_supplement_may_be_edited(status):
    now, asked = clock.now(), frozenset({Part.COSTS})
    verdicts = {part: can_edit(status, part, asked, None, now).code for part in (Part.COSTS, Part.KPI)}
    if status is D:
        assert verdicts == {Part.COSTS: "", Part.KPI: ""}
    elif status is P:
        assert verdicts == {Part.COSTS: "", Part.KPI: "part_not_asked"}
        assert can_edit(status, Part.COSTS, asked, now, now).code == "supplement_late"
    else:
        assert verdicts == {Part.COSTS: "locked", Part.KPI: "locked"}
