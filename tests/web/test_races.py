"""Twenty presses at once: one effect, everybody gets an answer, and the audit chain stays whole."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from portal.accounts.models import Organisation, Person
from portal.applications.models import Application
from portal.base import audit, clock
from portal.base.access import SYSTEM, Forbidden, RuleBroken, StaleVersion
from portal.base.db import session
from portal.base.outbox import OutboxEvent
from portal.evaluation import deciding, queries, service
from portal.evaluation.models import Assignment, Decision, Panel
from portal.evaluation.rules import Outcome
from portal.matching import night
from portal.matching.models import NightlyPlan
from portal.programmes.models import Call
from portal.programmes.rules import Tier
from portal.scoring import contests
from portal.scoring import service as scoring
from portal.scoring.models import ExplanationRequest, SecondReaderCall, SuggestionRefusal
from portal.scoring.rules import SecondReaderReason
from portal.selection import service as selection
from portal.selection.models import Ranking
from tests.factories import applications
from tests.factories import consultations as talks
from tests.factories import evaluation as make
from tests.factories import selection as rankings
from tests.factories.scoring import suggestion

CLICKS = 20
REFUSED = "refused"


@pytest.fixture
def at_once(app, context):
    """at_once(call): call(n) for n in 0…19 from as many threads, each with a context of its own."""

    def run(call):
        session.rollback()

        def one(number):
            with app.app_context():
                try:
                    return call(number)
                except (RuleBroken, Forbidden, StaleVersion):
                    return REFUSED

        with ThreadPoolExecutor(CLICKS) as pool:
            met = list(pool.map(one, range(CLICKS)))
        session.expire_all()
        session.rollback()
        assert audit.verify().ok
        return met

    return run


def _count(model, *conditions):
    return session.scalar(sa.select(sa.func.count()).select_from(model).where(*conditions))


def _acts(action):
    return _count(audit.AuditRow, audit.AuditRow.action == action)


def test_a_case_is_decided_once(at_once, actor):
    hana, jang, other = actor("hana"), actor("jang"), make.an_evaluator("이보라")
    case = make.in_evaluation(hana, actor("gong"))
    panel = make.assigned(actor("un"), case, [actor("pyeong"), other], jang)
    tier = make.suggested(case)
    for one in (actor("pyeong"), other):
        make.reviewed(one, case, tier=tier)
    panel_id, case_id = panel.id, case.id

    def press(number):
        given = {"outcome": Outcome.SELECTED if number % 2 else Outcome.RESERVE, "once_key": f"key {number % 4}"}
        return deciding.decide(jang, session.get(Panel, panel_id), tier=tier, **given).key

    met = at_once(press)
    decision = session.scalars(sa.select(Decision).where(Decision.application_id == case_id)).one()
    assert set(met) <= {decision.key, REFUSED}
    assert _acts("decision.make") == 1


def test_a_panel_is_named_once(at_once, actor):
    un, other = actor("un"), make.an_evaluator("이보라")
    case = make.in_evaluation(actor("hana"), actor("gong"))
    ids = (case.id, actor("pyeong").id, other.id, actor("jang").id)

    def press(number):
        row, first, second, chair = (session.get(Application, ids[0]), *(session.get(Person, one) for one in ids[1:]))
        return service.assign(un, row, [first, second], chair, clock.today() + timedelta(days=7), once_key=None).id

    met = at_once(press)
    assert _count(Panel, Panel.application_id == ids[0]) == 1
    assert _count(Assignment, Assignment.application_id == ids[0]) == 2
    assert len([one for one in met if one != REFUSED]) == 1
    assert queries.panel_of(ids[0]).chair_id == ids[3]


def test_a_consultation_is_answered_once(at_once, app, actor, cast):
    company, gong = actor("hana"), actor("gong")
    row = talks.requested(company, applications.a_listing(gong))
    path = f"/consultations/{row.key}"

    def press(number):
        browser = app.test_client()
        browser.sign_in(cast["gong"])
        if number % 2:
            return browser.post(f"{path}/accept", check=False).status_code
        return browser.post(f"{path}/decline", data={"reason": "schedule"}, check=False).status_code

    met = at_once(press)
    assert set(met) <= {302, 409}
    assert _acts("consultation.accept") + _acts("consultation.decline") == 1


def test_a_firm_begins_one_draft(at_once, app, actor, cast):
    hana = actor("hana")
    applications.complete_profile(hana)
    key = applications.a_call().key

    def press(_number):
        browser = app.test_client()
        browser.sign_in(cast["hana"])
        return browser.post(f"/applications/new/{key}", check=False).status_code

    assert set(at_once(press)) <= {302, 409}
    assert _count(Application, Application.organisation_id == hana.organisation_id) == 1


def test_a_firm_signs_up_once(at_once, app):
    def press(number):
        browser = app.test_client()
        data = {
            "kind": "company",
            "registration_number": "999-81-00048",
            "organisation_name": "같은 회사 (합성)",
            "name": "김처음",
            "email": f"first{number % 2}@same.example.kr",
            "phone": "010-1234-5678",
            "password": "매우-긴-시험용-비밀번호-9",
            "consent_terms": "y",
            "consent_privacy": "y",
        }
        return browser.post("/sign-up", data=data, check=False).status_code

    assert set(at_once(press)) <= {200, 302, 409}
    assert _count(Organisation, Organisation.registration_number == "9998100048") == 1
    assert _count(Person, Person.email.like("first%@same.example.kr")) == 1


def test_a_listing_is_begun_once(at_once, app, actor, cast):
    from portal.directory.models import Listing

    def press(_number):
        browser = app.test_client()
        browser.sign_in(cast["gong"])
        return browser.post("/supplier/listing", data={"summary": "합성 요약"}, check=False).status_code

    assert set(at_once(press)) <= {200, 302, 409}
    assert _count(Listing) <= 1

def test_a_firm_objects_and_refuses_once(at_once, actor):
    hana = actor("hana")
    key = suggestion(hana).key

    def press(number):
        if number % 2:
            contests.refuse_suggestions(hana)
            return "refused the machine"
        return contests.object_to(hana, key, once_key=f"key {number % 4}")

    met = at_once(press)
    objection = session.scalars(sa.select(ExplanationRequest)).one()
    assert set(met) <= {objection.key, REFUSED, "refused the machine"}
    assert _count(SuggestionRefusal) == 1
    assert (_acts("explanation.ask"), _acts("suggestion.refuse")) == (1, 1)


def test_a_second_reader_is_called_once(at_once, actor):
    case = make.in_evaluation(actor("hana"), actor("gong"))
    case_id, suggestion_id = case.id, queries.suggestion_of(case.id).id
    at_once(lambda number: scoring.call_second_reader(case_id, suggestion_id, SecondReaderReason.WIDE))
    assert _count(SecondReaderCall) == 1
    assert _count(OutboxEvent, OutboxEvent.name == "second_reader.called") == 1


def test_two_who_lock_different_tiers_at_once_call_a_third(at_once, actor):
    pyeong, other = actor("pyeong"), make.an_evaluator("이보라")
    case = make.in_evaluation(actor("hana"), actor("gong"))
    panel_id = make.assigned(actor("un"), case, [pyeong, other], actor("jang")).id
    suggested = make.suggested(case)
    own = {pyeong: suggested, other: Tier.BASIC if suggested is not Tier.BASIC else Tier.ADVANCED}
    ids = {}
    for one, tier in own.items():
        assignment = make.opened(one, case)
        service.save_review(
            one, assignment, None, items=make.words(assignment), scores=make.points(), comment="합성", own_tier=tier
        )
        ids[one] = assignment.id

    def press(number):
        one = (pyeong, other)[number % 2]
        return service.lock_own_score(one, session.get(Assignment, ids[one]), None).id

    assert REFUSED not in at_once(press)
    assert session.get(Panel, panel_id).reviews_needed == 3
    assert _count(SecondReaderCall) == 1
    assert _acts("panel.widen") == 1


def test_twenty_approvals_of_one_ranking_decide_each_case_once(actor, at_once):
    """Proposed, approved and moved up by twenty presses each: one ranking, one decision a case, one who moves up."""
    call = rankings.a_ranked_call()
    un, head = actor("un"), rankings.head_chair()
    cases = rankings.finalised(SimpleNamespace(actor=actor), call, [0.95, 0.9, 0.85, 0.8], [actor("hana")])
    ids = [case.id for case in cases]
    at_once(lambda number: selection.propose(un, session.get(Call, call.id), head.id).id)
    ranking_id = session.scalars(sa.select(Ranking.id)).one()
    at_once(lambda number: selection.approve(head, session.get(Ranking, ranking_id)).id)
    assert _count(Decision) == len(ids)
    at_once(
        lambda number: selection.add_budget(
            un, session.get(Ranking, ranking_id), 3 * rankings.SUBSIDY, make.REASON, once_key=f"press-{number}"
        )
    )
    outcomes = session.scalars(
        sa.select(Decision.outcome).where(Decision.superseded_at.is_(None)).order_by(Decision.application_id)
    ).all()
    assert [one.value for one in outcomes] == ["selected", "selected", "selected", "reserve"]
    assert _count(Decision) == len(ids) + 1


def test_no_finding_changes_between_the_ranking_and_its_decisions(at_once, actor):
    """Nineteen times the chair changes the recommendation while the ranking is approved: what is decided is what stands."""
    call = rankings.a_ranked_call()
    world = SimpleNamespace(actor=actor)
    [case] = rankings.finalised(world, call, [0.9])
    head = rankings.head_chair()
    ranking = rankings.proposed(actor("un"), call, head)
    jang, case_id, ranking_id = actor("jang"), case.id, ranking.id

    def press(number):
        if number == 3:
            return selection.approve(head, session.get(Ranking, ranking_id)).state.value
        recommended = number % 2 == 0
        return rankings.finalise(jang, session.get(Application, case_id), recommended=recommended).recommended

    met = at_once(press)
    decided = queries.decision_of(case_id)
    assert (decided is not None) == (met[3] == "approved")
    if decided is not None:
        assert (decided.outcome is Outcome.SELECTED) == queries.finding_of(case_id).recommended


def test_one_plan_of_the_night_is_asked_for(at_once):
    met = at_once(lambda number: night.ask(SYSTEM).id)
    assert (len({*met} - {REFUSED}), met.count(REFUSED)) == (1, CLICKS - 1)
    assert (_count(NightlyPlan), _acts("nightly_plan.ask")) == (1, 1)
