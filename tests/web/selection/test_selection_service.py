"""Proposal, approval, the reserve list and the budget: what they write, and who may not."""

import pytest
import sqlalchemy as sa

from portal.applications import service as applications
from portal.applications.models import Application
from portal.applications.rules import Status
from portal.base import audit, grants
from portal.base.access import Forbidden, NotVisible, RuleBroken, RulesBroken, StaleVersion
from portal.base.db import session
from portal.evaluation import deciding
from portal.evaluation import outcome as outcomes_of
from portal.evaluation import queries as evaluation
from portal.evaluation.models import Decision
from portal.evaluation.rules import Cause, Outcome
from portal.programmes.rules import Tier
from portal.selection import queries, service
from portal.selection.models import Ranking
from portal.selection.rules import Ground, RankingState
from tests.factories import evaluation as panels
from tests.factories import selection as make

MONEY = make.SUBSIDY


def refused(call, *args, **options):
    with pytest.raises(RuleBroken) as found:
        call(*args, **options)
    return found.value.code


# --- the chair finalises ------------------------------------------------------------------------------------


def test_a_ranked_case_is_not_decided_on_its_own(actor, people, call):
    [case] = make.finalised(people, call, [0.9])
    code = refused(panels.decided, actor("jang"), case, panels.suggested(case))
    assert (code, case.status) == ("evaluation_ranked", Status.WRITTEN)


def test_a_case_of_another_call_has_no_finding(actor, people):
    case = panels.in_evaluation(actor("hana"), actor("gong"))
    panels.assigned(actor("un"), case, [actor("pyeong"), actor("nam")], actor("jang"))
    assert refused(make.finalise, actor("jang"), case) == "evaluation_not_ranked"


def test_the_rules_of_overriding_hold_for_a_finding_too(actor, people, call):
    [case] = make.finalised(people, call, [0.9])
    other = next(tier for tier in Tier if tier is not panels.suggested(case))
    with pytest.raises(RulesBroken):
        make.finalise(actor("jang"), case, tier=other)
    with pytest.raises(RulesBroken):  # not recommending needs a reason
        deciding.finalise(actor("jang"), evaluation.panel_of(case.id), tier=panels.suggested(case), recommended=False)


@pytest.mark.parametrize("name", ["un", "pyeong", "hana", "gam"])
def test_only_the_chair_of_the_case_finalises(name, actor, people, call):
    [case] = make.finalised(people, call, [0.9])
    with pytest.raises(Forbidden):
        make.finalise(actor(name), case)


def test_a_finding_may_be_mended_but_not_over_a_newer_one(actor, people, call):
    [case] = make.finalised(people, call, [0.9])
    first = make.finalise(actor("jang"), case).version
    make.finalise(actor("jang"), case, recommended=False, version=first)
    with pytest.raises(StaleVersion):
        make.finalise(actor("jang"), case, version=first)


# --- the proposal ---------------------------------------------------------------------------------------------


def test_the_ranking_orders_by_total_and_spends_the_budget(actor, cases, call):
    ranking = make.proposed(actor("un"), call)
    assert [line[2] for line in make.entries_of(ranking)] == ["selected", "selected", "reserve", "reserve"]
    assert [line[0] for line in make.entries_of(ranking)] == [case.number for case in cases]
    assert (ranking.cutoff, ranking.terms.budget) == (90.0, 2 * MONEY)


def test_the_subsidy_is_the_ratio_of_the_cost_up_to_the_ceiling(call, cases):
    assert {row.subsidy for row in queries.candidates(call)} == {MONEY}
    assert queries.subsidy(call, 10**12, False) == call.ceiling_krw


def test_a_bonus_changes_the_order_and_stands_in_the_ranking(actor, cases, call):
    service.grant_bonus(actor("un"), cases[2].key, {Ground.EXPORTER: 3.0, Ground.ROOT_INDUSTRY: 2.0}, "수출 실적 증명")
    ranking = make.proposed(actor("un"), call)
    order = [cases[0].number, cases[2].number, cases[1].number, cases[3].number]
    assert [line[0] for line in make.entries_of(ranking)] == order
    assert make.entries_of(ranking)[1][1] == 90.1
    assert refused(service.grant_bonus, actor("un"), cases[3].key, {Ground.JOBS: 1.0}, "") == "selection_bonus_closed"


@pytest.mark.parametrize("points", [-0.5, 3.5])
def test_a_bonus_keeps_to_the_most_of_its_ground(points, actor, people, call):
    [case] = make.finalised(people, call, [0.9])
    assert refused(service.grant_bonus, actor("un"), case.key, {Ground.EXPORTER: points}, "") == "selection_bonus_points"


def test_nothing_is_proposed_while_a_case_is_open(actor, people, call):
    make.finalised(people, call, [0.9])
    panels.in_evaluation(actor("hana"), actor("gong"), call=call)
    assert refused(make.proposed, actor("un"), call) == "selection_open_cases"
    assert session.scalar(sa.select(sa.func.count()).select_from(Ranking)) == 0


def test_a_second_ranking_beside_a_running_one_is_refused(actor, cases, call):
    make.proposed(actor("un"), call)
    assert refused(make.proposed, actor("un"), call) == "selection_running"


def test_the_same_click_gives_the_same_ranking(actor, cases, call, head):
    first = make.proposed(actor("un"), call, head, once_key="click")
    assert make.proposed(actor("un"), call, head, once_key="click").id == first.id


def test_what_was_not_on_the_screen_is_not_proposed(actor, cases, call):
    assert refused(make.proposed, actor("un"), call, expected="0" * 64) == "selection_changed"


def test_an_unranked_call_has_no_ranking(actor):
    call = make.a_call()
    assert refused(make.proposed, actor("un"), call) == "selection_not_ranked"


@pytest.mark.parametrize("name", ["jang", "hana", "pyeong", "gam"])
def test_only_an_operator_proposes(name, actor, cases, call):
    with pytest.raises(Forbidden):
        make.proposed(actor(name), call)


def test_who_reviewed_or_assigned_can_not_be_named_to_approve(actor, people, call, cases):
    reviewer = panels.an_evaluator("가위원")
    assert refused(make.proposed, actor("un"), call, reviewer) == "selection_not_neutral"
    assert refused(make.proposed, actor("un"), call, actor("un")) == "selection_not_neutral"


# --- the approval -----------------------------------------------------------------------------------------------


def test_the_approval_decides_every_case_at_once(actor, cases, call, head):
    ranking = make.approved(actor("un"), call, head)
    assert make.outcomes(cases) == ["selected", "selected", "reserve", "reserve"]
    assert [session.get(Application, case.id).status.value for case in cases] == [
        "selected", "selected", "reserve", "reserve",
    ]
    last = evaluation.decision_of(cases[3].id)
    assert (last.cause, last.decided_by_id, last.total) == (Cause.RANKING, head.id, 80.0)
    assert last.standing == {"band": None, "cutoff": 90.0, "bonus": 0.0, "reserve": 2, "subsidy": MONEY}
    assert ranking.state is RankingState.APPROVED
    assert not grants.has(head, "call", call.id, "decide")
    assert audit.verify().ok


def test_the_evaluators_rights_end_with_the_approval(actor, cases, call):
    first = panels.an_evaluator("가위원")
    assert grants.has(first, "application", cases[0].id, "review")
    make.approved(actor("un"), call)
    assert not grants.has(first, "application", cases[0].id, "review")


def test_one_case_that_can_not_be_decided_stops_all(actor, cases, call, head, monkeypatch):
    ranking = make.proposed(actor("un"), call, head)
    applications.withdraw(actor("duri"), cases[2].key, "사정이 바뀜")
    assert refused(service.approve, head, ranking) == "selection_changed"
    assert session.scalar(sa.select(sa.func.count()).select_from(Decision)) == 0


def test_an_approval_is_of_what_was_proposed(actor, cases, call, head):
    ranking = make.proposed(actor("un"), call, head)
    make.finalise(actor("jang"), cases[1], recommended=False)
    assert refused(service.approve, head, ranking) == "selection_changed"


@pytest.mark.parametrize("name", ["un", "jang", "pyeong", "hana", "gam"])
def test_only_the_named_chair_approves(name, actor, cases, call, head):
    ranking = make.proposed(actor("un"), call, head)
    with pytest.raises(Forbidden):
        service.approve(actor(name), ranking)


def test_a_chair_who_came_to_review_meanwhile_can_not_approve(actor, people, call):
    make.finalised(people, call, [0.9])
    chair = panels.an_evaluator("가위원")  # the reviewer
    ranking = make.proposed(actor("un"), call)
    ranking.approver_id = chair.id
    session.commit()
    with pytest.raises(Forbidden):
        service.approve(chair, ranking)


def test_approving_twice_is_one_approval(actor, cases, call, head):
    ranking = make.proposed(actor("un"), call, head)
    service.approve(head, ranking, once_key="click")
    service.approve(head, ranking, once_key="click")
    assert refused(service.approve, head, ranking) == "selection_ended"
    assert session.scalar(sa.select(sa.func.count()).select_from(Decision)) == 4


def test_sent_back_with_a_reason_the_operator_may_propose_anew(actor, cases, call, head):
    ranking = make.proposed(actor("un"), call, head)
    assert refused(service.send_back, head, ranking, "짧음") == "selection_reason_short"
    service.send_back(head, ranking, panels.REASON)
    assert (ranking.state, ranking.note) == (RankingState.RETURNED, panels.REASON)
    assert make.proposed(actor("un"), call, head).state is RankingState.PROPOSED
    assert [row.id for row in queries.past(call)] == [ranking.id]


def test_a_ranking_taken_back_takes_the_right_with_it(actor, cases, call, head):
    ranking = make.proposed(actor("un"), call, head)
    assert grants.has(head, "call", call.id, "decide")
    service.take_back(actor("un"), ranking)
    assert not grants.has(head, "call", call.id, "decide")
    assert refused(service.approve, head, ranking) == "selection_ended"


# --- the reserve list -------------------------------------------------------------------------------------------


def test_a_withdrawal_lets_the_first_reserve_move_up_by_itself(actor, cases, call, drain):
    make.approved(actor("un"), call)
    drain()
    applications.withdraw(actor("hana"), cases[1].key, "사정이 바뀜")
    letters = drain()
    assert make.outcomes(cases) == ["selected", "withdrawn", "selected", "reserve"]
    assert session.get(Application, cases[2].id).status is Status.SELECTED
    told = [one for one in letters if one.to == "duri@example.kr"]
    assert len(told) == 1 and "선정" in told[0].subject + told[0].body
    assert [one for one in letters if one.to == "hana@example.kr"] == []
    row = evaluation.decision_of(cases[2].id)
    assert (row.cause, row.decided_by_id, row.sequence, row.standing["reserve"]) == (Cause.RESERVE, None, 2, None)


def test_a_reserve_that_withdraws_frees_nothing(actor, cases, call, drain):
    make.approved(actor("un"), call)
    applications.withdraw(actor("duri"), cases[2].key, "사정이 바뀜")
    drain()
    assert make.outcomes(cases) == ["selected", "selected", "withdrawn", "reserve"]


def test_more_money_moves_the_reserves_up_in_order(actor, cases, call):
    ranking = make.approved(actor("un"), call)
    assert refused(service.add_budget, actor("un"), ranking, MONEY, panels.REASON) == "selection_budget_spent"
    assert refused(service.add_budget, actor("un"), ranking, 3 * MONEY, "짧음") == "selection_reason_short"
    made = service.add_budget(actor("un"), ranking, 3 * MONEY, panels.REASON)
    assert [one.application_id for one in made] == [cases[2].id]
    assert make.outcomes(cases) == ["selected", "selected", "selected", "reserve"]
    with pytest.raises(Forbidden):
        service.add_budget(actor("jang"), ranking, 9 * MONEY, panels.REASON)


def test_a_full_tier_keeps_its_reserves_waiting(actor, people, drain):
    call = make.a_ranked_call(10 * MONEY, {Tier.BASIC: 1, Tier.ADVANCED: 1, Tier.LEADING: 1})
    cases = make.finalised(people, call, [0.9, 0.8], [actor("hana"), actor("duri")])
    make.approved(actor("un"), call)
    assert make.outcomes(cases) == ["selected", "reserve"]
    applications.withdraw(actor("hana"), cases[0].key, "사정이 바뀜")
    drain()
    assert make.outcomes(cases) == ["withdrawn", "selected"]


def test_on_appeal_a_rejected_case_takes_its_turn(actor, people, call):
    cases = make.finalised(people, call, [0.95, 0.9])
    low = make.finalised(people, call, [0.75], recommended=False)
    make.approved(actor("un"), call)
    tier = panels.suggested(low[0])
    assert make.outcomes([*cases, *low]) == ["selected", "selected", "rejected"]
    assert queries.outcome_on_appeal(low[0].id, 99.0, tier) is Outcome.RESERVE  # no money is left for anybody
    ranking = queries.running(call.id)
    service.add_budget(actor("un"), ranking, 3 * MONEY, panels.REASON)
    assert queries.outcome_on_appeal(low[0].id, 99.0, tier) is Outcome.SELECTED


def test_on_appeal_in_an_unranked_call_passing_is_being_selected(actor, people):
    case = panels.in_evaluation(actor("hana"), actor("gong"))
    assert queries.outcome_on_appeal(case.id, 80.0, Tier.BASIC) is Outcome.SELECTED


# --- who sees what ------------------------------------------------------------------------------------------------


def test_a_ranking_is_read_by_its_approver_and_by_nobody_else_of_the_chairs(actor, cases, call, head):
    ranking = make.proposed(actor("un"), call, head)
    assert [row.id for row in queries.rankings(head)] == [ranking.id]
    assert list(queries.rankings(actor("jang"))) == []
    with pytest.raises(NotVisible):
        queries.ranking_by_key(actor("jang"), ranking.key)


def test_a_firm_learns_its_band_and_the_cutoff_but_no_other_total(actor, people, call):
    cases = make.finalised(people, call, [0.99, 0.97, 0.91, 0.88, 0.86, 0.84, 0.82, 0.8], [actor("hana")])
    make.approved(actor("un"), call)
    view = outcomes_of.outcome_for_applicant(cases[-1].id)
    assert (view.cutoff, view.band.ko, view.standing.reserve) == (96.8, "하위 25%", 6)
    assert [step.cause for step in view.history] == [Cause.RANKING]
