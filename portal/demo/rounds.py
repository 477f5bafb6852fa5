"""One call of the demo country from its plan to the last letter: ranked, drawn, decided, told, appealed against.

What evaluators have to do with firms, who wants to join the pool, and what a firm can do when it disagrees, is found here.
"""

from __future__ import annotations

import io
from datetime import time, timedelta

import sqlalchemy as sa

from portal.accounts import queries as account_queries
from portal.accounts.models import Organisation, Person
from portal.accounts.rules import Role
from portal.appeals import draw as appeal_draw
from portal.appeals import judging, reckoning
from portal.appeals import queries as appeal_queries
from portal.appeals import service as appeals
from portal.appeals.models import AppealSeat
from portal.appeals.rules import GroundDraft, GroundKind, SeatRole
from portal.applications import service as applications
from portal.applications.models import Application
from portal.base import clock
from portal.base.access import Actor
from portal.base.db import session
from portal.conflicts import service as conflicts
from portal.conflicts.models import ConflictFound
from portal.conflicts.rules import FoundState, Strength, TieKind, can_overrule
from portal.demo import actors, cases, people, texts
from portal.demo.country import Country
from portal.evaluation import (
    checklist,
    consensus,
    deciding,
    draw,
    objecting,
    phasing,
    plans,
    pressure,
    ratings,
    sidebyside,
    visits,
)
from portal.evaluation import queries as evaluation_queries
from portal.evaluation import service as evaluation
from portal.evaluation import work as draws
from portal.evaluation.fairness import PressureSource, Question
from portal.evaluation.lots import Wish
from portal.evaluation.phases import Phase, PhaseKind, Plan
from portal.evaluation.rules import Outcome
from portal.evaluators import service as pool
from portal.evaluators.rules import CareerKind, PaperKind
from portal.letters import work as letters
from portal.programmes.models import Call
from portal.programmes.rules import Tier
from portal.selection import notices
from portal.selection import service as selection

FIELDS = (
    ("금속가공 공장의 생산관리를", ["25", "30"], ["MES", "POP"]),
    ("전자부품 공장의 품질과 공정 데이터를", ["26", "29"], ["MES", "QMS"]),
    ("플라스틱 사출 공장의 설비 보전을", ["22", "20"], ["CMMS", "POP"]),
    ("식품 공장의 이력 추적과 위생 관리를", ["10", "20"], ["MES", "QMS"]),
    ("자동차 부품 공장의 일정 계획을", ["30", "29"], ["APS", "MES"]),
    ("기계 조립 공장의 설비 데이터 수집을", ["29", "25"], ["IIOT", "POP"]),
)
"""What the evaluators of the pool know, in turn: field, industries, technologies."""
MOST = 8
"""Applications beside the tour firm's."""
VISITED = (0, 1)
MET = 2
RATED = 9
SEEN = "(예시) 신청서의 설비와 화면을 현장에서 확인했습니다. 데이터 수집은 일부 설비에만 이루어지고 있습니다."
BUDGET_KRW = 210_000_000
PLEA = "(예시) 설비 목록과 점검 기록을 냈는데 의견에는 기록이 없다고 적혀 있습니다. 다시 보아 주시기 바랍니다."
DISSENT = "(예시) 점수는 넘었으나 신청한 유형의 수준으로 보기 어려워 추천하지 않습니다. 맞는 유형의 공고에 다시 신청해 주십시오."


def candidates(country: Country) -> None:
    """The pool: what the evaluators of the tour keep of themselves, who is away, who waits to be checked, who was refused."""
    facts = {
        "ground": "industry_bachelor",
        "years": 11,
        "region": "gyeonggi",
        "technologies": ["MES", "POP"],
        "industries": ["25", "30"],
        "text": "합성(예시) 금속가공과 자동차 부품 공장에서 생산관리와 설비 데이터 수집을 열한 해 맡았습니다.",
        "capacity": 20,
        "min_load": 0,
        "careers": [],
    }
    former = session.get(Organisation, country.suppliers[1][1])
    career = {
        "kind": CareerKind.EMPLOYED,
        "name": former.name,
        "registration_number": former.registration_number,
        "from_on": country.now.date() - timedelta(days=900),
        "to_on": country.now.date() - timedelta(days=300),
    }
    with country.on(45):
        for number, person in enumerate(country.evaluators):
            field, industries, technologies = FIELDS[number % len(FIELDS)]
            own = {
                "years": 8 + number,
                "industries": industries,
                "technologies": technologies,
                "text": f"합성(예시) {field} {8 + number}년 맡았고, 현장 개선과 시스템 도입을 여러 공장에서 이끌었습니다.",
                "careers": [career] if number == 1 else [],
            }
            pool.save_entry(account_queries.actor_of(person), {**facts, **(own if number else {})})
    with country.on(6):
        away = clock.today() + timedelta(days=12)
        pool.add_absence(account_queries.actor_of(country.evaluators[0]), away, away + timedelta(days=4))
    for number, years in ((1, 9), (2, 8)):
        with country.on(4 - number):
            person = actors.add_person(country, f"candidate{number}", country.names.person(), {Role.CANDIDATE})
            actor = account_queries.actor_of(person)
            pool.save_entry(actor, {**facts, "years": years})
            for kind in (PaperKind.DEGREE, PaperKind.CAREER):
                content = texts.PDF + f"% 합성(예시) {kind.value} {number}\n".encode()
                pool.add_paper(actor, kind, io.BytesIO(content), f"{kind.label.ko}(예시).pdf")
            pool.apply(actor, pledge=True)
    with country.on(1):
        reason = "(예시) 경력증명서에 일한 기간이 적혀 있지 않습니다. 기간이 적힌 증명서를 붙여 다시 내 주십시오."
        pool.refuse(country.operator, person.key, reason)


def ranked_call(country: Country) -> None:
    """Handed in, kept clear of conflicts, drawn by lot, reviewed and finalised."""
    with country.on(66):
        cases.open_call(
            country, "ranked", "GOV", "2026년 상반기 고도화 지원(예시)", "Upgrade support, first half of 2026 (demo)",
            {Tier.ADVANCED}, (-62, -31), 1_000_000_000,
        )  # fmt: skip
        call = country.calls["ranked"]
        phasing.define(
            country.operator,
            call,
            Plan(call.id, 2, BUDGET_KRW, ranked=True, quotas={Tier.ADVANCED: 4}, max_load=6),
            [*plans.phases_of(call.id), Phase(PhaseKind.SITE)],
            plans.plan_of(call).version,
        )
    rows = []
    for number, (actor, firm) in enumerate([*_unspoken(country)[:MOST], country.tour_firm]):
        with country.on(40 - number * 0.8):
            rows.append(cases.hand_in(country, actor, firm, call))
    for row in rows:
        with country.on(30):
            applications.begin_check(country.operator, row)
            applications.accept(country.operator, row)
    country.applications["ranked"] = rows
    _keep_clear(country, rows)
    _draw(country, call)
    chair_of = {}
    for row in rows:
        panel = evaluation_queries.panel_of(row.id)
        for seat in panel.assignments:
            with country.on(16):
                cases.review(country, seat.evaluator, row, Tier.ADVANCED)
        chair_of[row.id] = panel.chair
    _visit(country, rows)
    _meet(country, rows[MET])
    for row in rows:
        with country.on(12):
            panel = evaluation_queries.panel_of(row.id)
            found = sidebyside.basis_of(panel)
            fits = found.suggested is row.tier and not found.below and found.total >= 72
            deciding.finalise(
                account_queries.actor_of(chair_of[row.id]),
                panel,
                tier=found.suggested,
                recommended=fits,
                reason="" if fits else DISSENT,
            )


def _visit(country: Country, rows: list[Application]) -> None:
    """Two plants are seen; for the others the operator does without."""
    for number, row in enumerate(rows):
        if number not in VISITED:
            with country.on(15.5):
                reason = "(예시) 올해 진단 때 현장을 보았고 그 뒤에 바뀐 것이 없어 현장 확인을 생략합니다."
                phasing.waive(country.operator, row, PhaseKind.SITE, reason)
            continue
        with country.on(15.5):
            phasing.advance(country.operator, row)
            visits.plan(
                country.operator,
                row,
                day=clock.kst(country.now - timedelta(days=14)).date(),
                at=time(9 + 4 * VISITED.index(number), 0),
                minutes=90,
                place="신청서에 적은 공장 (예시)",
                visitors=[country.operator.id],
                request="(예시) 생산관리 화면과 최근 석 달의 점검 기록을 볼 수 있게 해 주십시오.",
            )
        answers = {one.code: {"answer": checklist.CheckAnswer.YES.value} for one in checklist.CHECKS}
        answers["data"] = {
            "answer": checklist.CheckAnswer.PARTLY.value,
            "note": "(예시) 설비 여섯 대 가운데 네 대의 데이터만 자동으로 쌓입니다.",
        }
        with country.on(13):
            visits.save_report(country.operator, row, answers=answers, report=SEEN, version=None, hand_in=True)


def _meet(country: Country, row: Application) -> None:
    """One panel looks at its case together before its chair finalises."""
    panel = evaluation_queries.panel_of(row.id)
    chair = account_queries.actor_of(panel.chair)
    with country.on(14):
        question = "(예시) 데이터 활용 계획을 두고 의견이 갈렸습니다. 현장 기록을 함께 보고 다시 살펴 주십시오."
        consensus.convene(chair, panel, question=question, due=clock.today() + timedelta(days=5))
    with country.on(13):
        seat = panel.assignments[0]
        review = seat.review
        code, given = next((code, one) for code, one in review.scores.items() if (one.get("points") or 0) > 1)
        consensus.revise(
            account_queries.actor_of(seat.evaluator),
            seat,
            None,
            scores={**review.scores, code: {**given, "points": given["points"] - 1}},
            comment=review.comment,
            final_tier=review.final_tier,
            tier_reason=review.reason,
            reason="(예시) 회의에서 현장 기록을 다시 보니 준비가 덜 된 부분이 있어 한 점 낮춥니다.",
        )
    with country.on(12.6):
        agreed = "(예시) 현장 기록을 함께 보고, 계획은 인정하되 준비가 덜 된 부분을 점수에 반영하기로 했습니다."
        consensus.note(chair, panel, None, notes={code: agreed}, summary=agreed, end=True)


def afterwards(country: Country) -> None:
    """What is said about the evaluation itself: a firm's objection that waits, a conflict that was none, ratings, pressure."""
    waiting = country.applications["closed"][-1]
    with country.on(1):
        objecting.make(
            account_queries.actor_of(cases.owner(waiting)),
            waiting.key,
            is_firm=False,
            name=country.evaluators[4].name,
            reason="(예시) 두 해 전까지 경쟁 업체에서 함께 일한 분이라 공정하게 볼지 걱정됩니다.",
        )
    _overrule(country)
    decided = [
        row
        for row in country.applications["closed"] + country.applications["ranked"]
        if row.organisation_id != country.tour_firm[0].organisation_id and evaluation_queries.decision_of(row.id)
    ]
    for number, row in enumerate(decided[:RATED]):
        with country.on(1):
            marks = {one.value: 5 - (number + place) % 3 for place, one in enumerate(Question)}
            said = "" if number % 2 else "(예시) 점수마다 까닭이 적혀 있어 무엇을 고칠지 알 수 있었습니다."
            ratings.rate(account_queries.actor_of(cases.owner(row)), row.key, marks, said)
    tour, _, third, *_ = country.evaluators
    with country.on(3):
        answered = pressure.report(
            account_queries.actor_of(third),
            source=PressureSource.SUPPLIER,
            text="(예시) 공급기업 직원이라는 사람이 전화로 어느 기업을 평가하는지 물었습니다. 답하지 않았습니다.",
            happened_on=clock.today() - timedelta(days=1),
        )
    with country.on(2):
        answer = "(예시) 해당 공급기업에 경위를 확인하고 서면으로 주의를 주었습니다. 알려 주셔서 고맙습니다."
        pressure.close(country.operator, answered.key, answer)
    with country.on(1):
        pressure.report(
            account_queries.actor_of(tour),
            source=PressureSource.BROKER,
            text="(예시) 대행업체라는 곳에서 점수를 잘 주면 사례하겠다는 문자를 보내왔습니다. 문자를 보관하고 있습니다.",
            happened_on=clock.today() - timedelta(days=1),
            nameless=True,
        )


def _overrule(country: Country) -> None:
    """The operator looks at a soft conflict and says why it is none."""
    standing = session.scalars(
        sa.select(ConflictFound)
        .where(ConflictFound.state == FoundState.STANDING, ConflictFound.strength == Strength.SOFT)
        .order_by(ConflictFound.id)
    )
    found = next((one for one in standing if can_overrule(one.state, one.kind, one.evidence)), None)
    if found is not None:
        with country.on(1):
            reason = "(예시) 한 번 만나 일반 상담을 했을 뿐 이해가 걸린 일이 아님을 상담 기록으로 확인했습니다."
            conflicts.overrule(country.operator, found, reason)


def _unspoken(country: Country) -> list[tuple[Actor, people.Firm]]:
    """Firms that have applied to no call yet."""
    spoken = {row.organisation_id for name in country.applications for row in country.applications[name]}
    waiting = {actor.organisation_id for actor, _ in country.firms[26:38]}
    return [
        (actor, firm)
        for actor, firm in country.firms[:46]
        if firm.stage in ("middle", "basic") and actor.organisation_id not in spoken | waiting
    ]


def _keep_clear(country: Country, rows: list[Application]) -> None:
    """Ties that the agency knows of, and two firms that ask to be kept clear of somebody."""
    tour, second, third, *_ = country.evaluators
    with country.on(29.5):
        supplier = next(row.member.organisation_id for row in rows if row.member is not None)
        conflicts.enter_tie(
            country.operator,
            TieKind.EMPLOYED,
            person_id=third.id,
            organisation_id=supplier,
            from_on=clock.today() - timedelta(days=400),
            to_on=clock.today() - timedelta(days=100),
            note="(예시) 본인이 낸 재직증명서와 경력증명서로 언제부터 언제까지 일했는지 확인했습니다.",
        )
        conflicts.enter_tie(
            country.operator,
            TieKind.FAMILY,
            person_id=second.id,
            organisation_id=rows[1].organisation_id,
            note="(예시) 본인이 전화로 알려 온 가족 관계이며, 가족관계증명서로 확인했습니다.",
        )
    for row, name, grant in ((rows[0], tour.name, True), (rows[2], third.name, False)):
        with country.on(29.3):
            firm = account_queries.actor_of(cases.owner(row))
            asked = objecting.make(
                firm,
                row.key,
                is_firm=False,
                name=name,
                reason="(예시) 지난해 우리 회사와 자문료를 두고 다툰 적이 있어 공정하게 볼지 걱정됩니다.",
            )
        with country.on(29):
            reason = (
                "(예시) 함께 낸 내용증명 우편으로 다툼이 있었던 것이 확인되어 받아들입니다."
                if grant
                else "(예시) 다툼을 보여 주는 자료가 없고, 이름만으로는 까닭이 되지 않아 받아들이지 않습니다."
            )
            objecting.answer(country.operator, asked.key, grant=grant, reason=reason)


def _draw(country: Country, call: Call) -> None:
    """The lot: asked, planned and carried out, as the worker does it."""
    with clock.freeze(country.day(28)):
        asked = draw.ask(country.operator, call, Wish(2, 0, 6, True, clock.today() + timedelta(days=14)))
        draws.run_waiting()
        session.refresh(asked)
        draw.confirm(country.operator, asked, partial=True)
        draws.run_waiting()


def decided_and_told(country: Country) -> None:
    """Ranked and approved, told by letter; one firm gives its place up and the next moves up; two firms appeal."""
    call, rows = country.calls["ranked"], country.applications["ranked"]
    with country.on(9):
        heads = [
            actors.add_person(country, f"chair{number}", country.names.person(), {Role.LEAD_EVALUATOR})
            for number in (2, 3)
        ]
    with country.on(8.5):
        ranking = selection.propose(country.operator, call, heads[0].id)
    with country.on(8):
        selection.approve(account_queries.actor_of(heads[0]), ranking)
    with clock.freeze(country.day(7)):
        notices.send_all(country.operator, call)
        letters.run_waiting({notices.PURPOSE: notices.prepare_one})
    given_up = _first(rows, Outcome.SELECTED, but=country.tour_firm[0].organisation_id)
    if given_up is not None:
        with country.on(5):
            firm = account_queries.actor_of(cases.owner(given_up))
            applications.withdraw(firm, given_up.key, "(예시) 공장 이전으로 이번에는 사업을 할 수 없습니다.")
            evaluation.close_withdrawn(given_up.id)
            for made in selection.move_up(call.id):
                notices.write_moved_up(made.application_id, made.id)
    _appeals(country, rows)


def _first(rows: list[Application], *outcomes: Outcome, but: int | None = None) -> Application | None:
    return next(
        (
            row
            for row in rows
            if row.organisation_id != but and evaluation_queries.decision_of(row.id).outcome in outcomes
        ),
        None,
    )


def _appeals(country: Country, rows: list[Application]) -> None:
    """One waits for the operator, one is before its panel with all opinions in: its chair's next job."""
    found = {row.id: evaluation_queries.decision_of(row.id).outcome for row in rows}
    losers = [row for outcome in (Outcome.REJECTED, Outcome.RESERVE) for row in rows if found[row.id] is outcome]
    for number, row in enumerate(losers[:2]):
        with country.on(4 - number):
            actor = account_queries.actor_of(cases.owner(row))
            codes = [line.criterion.code for line in reckoning.first_lines(row.id)]
            appeals.save_draft(
                actor,
                row.key,
                None,
                grounds=[
                    GroundDraft(code, GroundKind.OVERLOOKED if place == 0 else None, PLEA if place == 0 else "")
                    for place, code in enumerate(codes)
                ],
                statement="(예시) 낸 자료를 다시 보아 주시기 바랍니다.",
            )
            appeal = appeals.file(actor, row.key)
        if number:
            continue
        with country.on(2.5):
            appeals.take_up(country.operator, appeal.key, "(예시) 신청서에 붙은 점검 기록을 다시 봅니다.")
            appeal_draw.fill(appeal.id)
        for seat in appeal_queries.seats_of(appeal, SeatRole.READER):
            with country.on(1):
                _judge(seat)


def _judge(seat: AppealSeat) -> None:
    actor = account_queries.actor_of(session.get(Person, seat.person_id))
    if not judging.open_seat(
        actor, seat, no_conflict=True, answers=cases.no_soft_conflict(seat.appeal.application_id, seat.person_id)
    ):
        return
    scores = {
        code: {"points": round(most * 0.85, 1), "comment": "(예시) 점검 기록을 보니 처음보다 높게 볼 근거가 있습니다."}
        for code, most in judging.contested(seat.appeal).items()
    }
    judging.save(actor, seat, None, scores)
    judging.submit(actor, seat, None)
