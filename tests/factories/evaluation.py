"""Cases in evaluation at every stage, made through the services as operator, evaluators and chair would."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from portal.accounts import queries as accounts
from portal.accounts import service as people
from portal.accounts.models import Organisation, Person
from portal.accounts.rules import OrganisationKind, Role
from portal.applications.models import Application
from portal.base import clock
from portal.base.access import SYSTEM, Actor
from portal.base.db import session, transaction
from portal.evaluation import (
    casefile,
    certificates,
    consensus,
    deciding,
    drafting,
    draw,
    pressure,
    queries,
    rubric,
    service,
    takeaway,
    work,
)
from portal.evaluation.fairness import PressureSource
from portal.evaluation.lots import Wish
from portal.evaluation.models import Assignment, Decision, Draw, Panel, Review, SheetImport
from portal.evaluation.rules import Outcome
from portal.programmes.models import Call
from portal.programmes.rules import Tier
from tests.factories import conflicts
from tests.factories.applications import a_call, accepted
from tests.factories.phases import phase_doors
from tests.factories.profiles import complete_profile
from tests.stages import staged

REASON = "합성(예시) 현장 화면과 증빙을 견주어 보니 적은 수준과 달라 한 단계 다르게 봅니다."


@staged
def in_evaluation(firm: Actor, supplier: Actor, *, but: Mapping[str, int] | None = None, **options: Any) -> Application:
    """An application whose requirements are checked; level 2 throughout but E5 = 4 over T1 = 1, which contradict.

    S2 carries evidence at level 3. but: further answers.
    """
    complete_profile(firm, 2, evidence=["S2"], but={"S2": 3, "E5": 4, "T1": 1, **(but or {})})
    return accepted(firm, supplier, **options)


@staged
def an_evaluator(name: str = "이위원", role: Role = Role.EVALUATOR, organisation_id: int | None = None) -> Actor:
    """Somebody who may review (or, with another role, chair), with a second factor set up."""
    email = f"{role.value}-{name}@panel.example"
    found = accounts.person_by_email(email)
    if found is None:
        organisation = session.get(Organisation, organisation_id) if organisation_id else None
        found = people.add_person(
            SYSTEM, email=email, name=name, roles={role}, organisation=organisation, confirmed=True
        )
        with transaction():
            session.get(Person, found.id).tf_totp_secret = "a secret"
    return accounts.actor_of(session.get(Person, found.id))


@staged
def a_firm(name: str) -> Actor:
    """The owner of a further firm."""
    organisation = people.add_organisation(SYSTEM, OrganisationKind.COMPANY, name)
    person = people.add_person(
        SYSTEM,
        email=f"owner{organisation.id}@firm.example",
        name="합성 대표",
        roles={Role.SME_OWNER},
        organisation=organisation,
        confirmed=True,
    )
    return accounts.actor_of(person)


def person(actor: Actor) -> Person:
    return session.get(Person, actor.id)


@staged
def assigned(
    operator: Actor, application: Application, evaluators: Sequence[Actor], chair: Actor, days: int = 14
) -> Panel:
    return service.assign(
        operator,
        application,
        [person(one) for one in evaluators],
        person(chair),
        clock.today() + timedelta(days=days),
    )


def assignment_of(evaluator: Actor, application: Application) -> Assignment:
    return session.scalar(
        sa.select(Assignment).where(
            Assignment.evaluator_id == evaluator.id, Assignment.application_id == application.id
        )
    )


@staged
def opened(evaluator: Actor, application: Application) -> Assignment:
    assignment = assignment_of(evaluator, application)
    service.open_file(evaluator, assignment, no_conflict=True)
    return assignment


def words(assignment: Assignment, changed: Mapping[str, int] | None = None) -> dict[str, dict[str, Any]]:
    """A word on every item that asks for one; `changed` corrects levels."""
    given = {
        line.item.code: {"verdict": "accept", "level": None, "note": ""}
        for line in casefile.case_file(assignment).lines
        if line.must_judge
    }
    for code, level in (changed or {}).items():
        given[code] = {"verdict": "correct", "level": level, "note": f"합성 까닭 {code}"}
    return given


def points(share: float = 0.8, mark: str = "", **given: float) -> dict[str, dict[str, Any]]:
    """A full score sheet; `mark` is put into every comment, `given` replaces points by criterion."""
    return {
        one.code: {
            "points": given.get(one.code, round(one.points * share, 1)),
            "na": False,
            "comment": f"합성 의견 {one.code} {mark}".strip(),
        }
        for one in rubric.newest().criteria
    }


@staged
def locked(
    evaluator: Actor,
    application: Application,
    *,
    tier: Tier = Tier.ADVANCED,
    share: float = 0.8,
    changed: Mapping[str, int] | None = None,
    mark: str = "",
) -> Assignment:
    """A case whose own score stands; the suggestion shows from now on."""
    assignment = opened(evaluator, application)
    service.save_review(
        evaluator,
        assignment,
        None,
        items=words(assignment, changed),
        scores=points(share, mark),
        comment=f"합성 종합 의견 {mark}".strip(),
        own_tier=tier,
    )
    service.lock_own_score(evaluator, assignment, None)
    return assignment


@staged
def reviewed(
    evaluator: Actor, application: Application, *, tier: Tier = Tier.ADVANCED, reason: str = "", **options: Any
) -> Review:
    """A submitted review."""
    assignment = locked(evaluator, application, tier=tier, **options)
    return service.submit_review(evaluator, assignment, None, final_tier=tier, reason=reason)


@staged
def decided(
    chair: Actor, application: Application, tier: Tier, outcome: Outcome = Outcome.SELECTED, reason: str = ""
) -> Decision:
    return deciding.decide(chair, queries.panel_of(application.id), tier=tier, outcome=outcome, reason=reason)


def suggested(application: Application) -> Tier | None:
    return queries.suggestion_of(application.id).tier


def a_plan(operator: Actor, call: Call) -> Draw:
    """A draw of a call that waits for its confirmation."""
    wish = Wish(call.reviews, 0, 30, True, clock.today() + timedelta(days=14))
    row = draw.ask(operator, call, wish)
    work.run_waiting()
    session.refresh(row)
    return row


def in_meeting(operator: Actor, chair: Actor, supplier: Actor, call: Any, evaluators: Sequence[Actor]) -> Application:
    """A case whose reviews are in and whose panel meets."""
    application = in_evaluation(a_firm("다섯째기업 (합성)"), supplier, call=call)
    panel = assigned(operator, application, evaluators, chair)
    for one in evaluators:
        reviewed(one, application, tier=suggested(application))
    consensus.convene(
        chair, panel, question="합성(예시) 필요성을 다시 봐 주세요.", due=clock.today() + timedelta(days=7)
    )
    return application


def brought_back(evaluator: Actor) -> SheetImport:
    """The offline sheet of the own open cases, uploaded as it left."""
    return takeaway.upload(evaluator, io.BytesIO(takeaway.take_along(evaluator)), "평가표.xlsx")


def door_values(world: Any) -> dict[str, Any]:
    """hana's case sits with pyeong under jang, opened; another of hers is decided; duri's waits for evaluators; with a
    third firm's pyeong has locked the own score."""
    un, pyeong, jang, gong = (world.actor(name) for name in ("un", "pyeong", "jang", "gong"))
    second = an_evaluator()
    case = in_evaluation(world.actor("hana"), gong)
    done = accepted(world.actor("hana"), gong, call=a_call(title_ko="지난 공고 (합성)"))
    waiting = in_evaluation(world.actor("duri"), gong, call=case.call)
    scored = in_evaluation(a_firm("셋째기업 (합성)"), gong, call=case.call)
    for one in (case, done, scored):
        assigned(un, one, [pyeong, second], jang)
    for one in (pyeong, second):
        reviewed(one, done, tier=suggested(done))
    decided(jang, done, suggested(done))
    opened(pyeong, case)
    key = assignment_of(pyeong, case).key
    met = in_meeting(un, jang, gong, case.call, [pyeong, second])
    objection = conflicts.an_objection(world.actor("duri"), waiting)
    conflict = conflicts.found(waiting, world.actor("nam"))
    in_evaluation(a_firm("넷째기업 (합성)"), gong, call=case.call)
    plan = {"key": a_plan(un, case.call).key}
    return {
        **{f"evaluation.{name}": {"key": key} for name in ("case", "open_case", "recuse", "save_items", "score")},
        "evaluation.final": {"key": locked(pyeong, scored, tier=suggested(scored)).key},
        "evaluation.decide": {"key": case.key},
        "evaluation.assign": {"key": waiting.key},
        "evaluation.outcome": {"key": done.key},
        "evaluation.rate": {"key": done.key},
        "evaluation.certificate": {"key": certificates.issue(pyeong).key},
        "evaluation.pressure_report": {
            "key": pressure.report(
                pyeong, source=PressureSource.FIRM, text="합성(예시) 점수를 올려 달라고 전화했습니다."
            ).key
        },
        "evaluation.draw_ask": {"key": case.call.key},
        **{f"evaluation.draw_{name}": plan for name in ("page", "state", "confirm", "discard")},
        **{f"evaluation.{name}": plan for name in ("audited_draw", "audited_state", "replay_draw")},
        "evaluation.draw_file": {**plan, "part": "plan"},
        "evaluation.objections": {"key": waiting.key},
        **{f"evaluation.{name}": {"key": objection.key} for name in ("objection", "withdraw_objection")},
        **{f"evaluation.{name}": {"key": conflict.key} for name in ("conflict", "overrule_conflict")},
        "evaluation.case_consensus": {"key": assignment_of(pyeong, met).key},
        "evaluation.chair_consensus": {"key": met.key},
        "evaluation.rubric_version": {"reference": "default-1"},
        "evaluation.edit_rubric": {"key": drafting.start(un, "default-1").key},
        "evaluation.sheet_import": {"key": brought_back(pyeong).key},
        "evaluation.member_record": {"key": world.cast["pyeong"].key},
        **{
            f"evaluation.{name}": {
                "key": key,
                "evidence": casefile.diagnosis_of(case.id).evidence["S2"][0]["evidence_key"],
            }
            for name in ("evidence", "revise")
        },
        **phase_doors(world, [pyeong, second]),
    }
