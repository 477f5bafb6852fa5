"""One call of the demo country from its plan to the last letter: ranked, drawn, decided, told, appealed against.

What evaluators have to do with firms, who wants to join the pool, and what a firm can do when it disagrees, is found here.
"""

from __future__ import annotations

import io
from datetime import timedelta

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
from portal.conflicts.rules import TieKind
from portal.demo import actors, cases, people, texts
from portal.demo.country import Country
from portal.evaluation import draw, objecting, phasing, plans, sidebyside
from portal.evaluation import queries as evaluation_queries
from portal.evaluation import service as evaluation
from portal.evaluation import work as draws
from portal.evaluation.lots import Wish
from portal.evaluation.phases import Plan
from portal.evaluation.rules import Outcome
from portal.evaluators import service as pool
from portal.evaluators.rules import CareerKind, PaperKind
from portal.letters import work as letters
from portal.programmes.models import Call
from portal.programmes.rules import Tier
from portal.selection import notices
from portal.selection import service as selection

MOST = 8
"""Applications beside the tour firm's."""
BUDGET_KRW = 210_000_000
PLEA = "(예시) 설비 목록과 점검 기록을 냈는데 의견에는 기록이 없다고 적혀 있습니다. 다시 보아 주시기 바랍니다."
DISSENT = "(예시) 점수는 넘었으나 신청한 유형의 수준으로 보기 어려워 추천하지 않습니다. 맞는 유형의 공고에 다시 신청해 주십시오."


def candidates(country: Country) -> None:
    """The pool: what the evaluators of the tour keep of themselves, who is away, and two who wait to be checked."""
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
        tour, second, *_ = country.evaluators
        pool.save_entry(account_queries.actor_of(tour), facts)
        pool.save_entry(account_queries.actor_of(second), {**facts, "careers": [career], "industries": ["26", "29"]})
    with country.on(6):
        away = clock.today() + timedelta(days=12)
        pool.add_absence(account_queries.actor_of(tour), away, away + timedelta(days=4))
    for number, years in ((1, 9), (2, 8)):
        with country.on(4 - number):
            person = actors.add_person(country, f"candidate{number}", country.names.person(), {Role.CANDIDATE})
            actor = account_queries.actor_of(person)
            pool.save_entry(actor, {**facts, "years": years})
            for kind in (PaperKind.DEGREE, PaperKind.CAREER):
                content = texts.PDF + f"% 합성(예시) {kind.value} {number}\n".encode()
                pool.add_paper(actor, kind, io.BytesIO(content), f"{kind.label.ko}(예시).pdf")
            pool.apply(actor, pledge=True)


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
            plans.phases_of(call.id),
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
    for row in rows:
        with country.on(12):
            panel = evaluation_queries.panel_of(row.id)
            found = sidebyside.basis_of(panel)
            fits = found.suggested is row.tier and not found.below and found.total >= 72
            evaluation.finalise(
                account_queries.actor_of(chair_of[row.id]),
                panel,
                tier=found.suggested,
                recommended=fits,
                reason="" if fits else DISSENT,
            )


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
