"""Appeals in every stage, made through the services as firm, operator, worker, readers and chair would."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from portal.accounts.rules import Role
from portal.appeals import draw, judging, queries, reckoning, service
from portal.appeals.models import Appeal, AppealSeat
from portal.appeals.rules import GroundDraft, GroundKind, SeatRole
from portal.applications.models import Application
from portal.base import outbox
from portal.base.access import Actor
from portal.base.db import session
from portal.evaluation.rules import Outcome
from tests.factories import evaluation as cases
from tests.factories.applications import a_call, accepted
from tests.factories.profiles import pdf
from tests.stages import staged

TEXT = "합성(예시) 현장 사진과 점검 기록을 함께 냈는데, 평가 의견에는 기록이 없다고 적혀 있어 사실과 다릅니다."
REASON = (
    "합성(예시) 새로 낸 점검 기록과 재심 위원의 의견을 견주어 이렇게 결정합니다. 처음 평가는 기록을 보지 않았습니다."
)
LOW = {"FIT": 16.0, "EFFECT": 5.0}
"""Points that keep a case under the pass mark of 70 while every critical criterion stays above its floor."""


@staged
def rejected(
    operator: Actor,
    firm: Actor,
    supplier: Actor,
    evaluators: Sequence[Actor],
    chair: Actor,
    *,
    share: float = 0.66,
    outcome: Outcome = Outcome.REJECTED,
    **options: Any,
) -> Application:
    """A decided case: 66 points of 100, four below the pass mark, no critical criterion under its floor."""
    application = accepted(firm, supplier, **options)
    cases.assigned(operator, application, evaluators, chair)
    for one in evaluators:
        cases.reviewed(one, application, tier=cases.suggested(application), share=share, mark="처음평가")
    cases.decided(chair, application, cases.suggested(application), outcome, cases.REASON)
    return session.get(Application, application.id)


@staged
def fresh_people(readers: int = 3, chairs: int = 1) -> tuple[list[Actor], list[Actor]]:
    """Evaluators and chairs who had no part in anything yet."""
    return (
        [cases.an_evaluator(f"다시{n}위원") for n in range(1, readers + 1)],
        [cases.an_evaluator(f"재심{n}위원장", Role.LEAD_EVALUATOR) for n in range(1, chairs + 1)],
    )


@staged
def drafted(
    firm: Actor,
    application: Application,
    grounds: Mapping[str, GroundKind] | None = None,
    *,
    text: str = TEXT,
    files: Sequence[str] = ("FIT",),
) -> Appeal:
    wanted = grounds or {"FIT": GroundKind.EVIDENCE, "NEED": GroundKind.FACT}
    codes = [line.criterion.code for line in reckoning.first_lines(application.id)]
    return service.save_draft(
        firm,
        application.key,
        None,
        grounds=[GroundDraft(code, wanted.get(code), text if code in wanted else "") for code in codes],
        statement="합성(예시) 다시 보아 주세요.",
        uploads=[
            (code, io.BytesIO(pdf(f"appeal {application.id} {code}").getvalue()), f"증빙-{code}.pdf", f"{code}_file")
            for code in files
        ],
    )


@staged
def filed(firm: Actor, application: Application, *args: Any, **options: Any) -> Appeal:
    drafted(firm, application, *args, **options)
    return service.file(firm, application.key)


def worked() -> None:
    """What the worker does after events, letters aside."""
    while outbox.deliver_due():
        pass
    session.expire_all()


@staged
def under_review(operator: Actor, appeal: Appeal) -> Appeal:
    """Taken up, and its panel drawn."""
    service.take_up(operator, appeal.key, "합성(예시) 새 증빙이 있어 재검토합니다.")
    worked()
    return session.get(Appeal, appeal.id)


def actor_of(seat: AppealSeat) -> Actor:
    from portal.accounts import queries as accounts
    from portal.accounts.models import Person

    return accounts.actor_of(session.get(Person, seat.person_id))


def readers_of(appeal: Appeal) -> list[AppealSeat]:
    return sorted(queries.seats_of(appeal, SeatRole.READER), key=lambda one: one.pseudonym)


def chair_of(appeal: Appeal) -> AppealSeat:
    return queries.chair_seat(appeal)


@staged
def opened(seat: AppealSeat) -> AppealSeat:
    assert judging.open_seat(actor_of(seat), seat, no_conflict=True)
    return seat


@staged
def judged(seat: AppealSeat, mark: str = "", **points: float) -> AppealSeat:
    """An opinion that is handed in; points by criterion, 0.9 of the most where nothing else is said."""
    opened(seat)
    most = judging.contested(seat.appeal)
    scores = {
        code: {
            "points": points.get(code, round(limit * 0.9, 1)),
            "comment": f"합성(예시) 새 기록을 보니 처음보다 나은 근거가 있습니다. {code} {mark}".strip(),
        }
        for code, limit in most.items()
    }
    judging.save(actor_of(seat), seat, None, scores)
    return judging.submit(actor_of(seat), seat, None)


@staged
def ruled(
    appeal: Appeal,
    accepted: Sequence[str] | None = None,
    outcome: Outcome | None = Outcome.SELECTED,
    reason: str = REASON,
) -> Appeal:
    seat = opened(chair_of(appeal))
    taken = appeal.contested if accepted is None else accepted
    return judging.decide(actor_of(seat), seat, accepted=taken, outcome=outcome, reason=reason)


def seat_of(appeal: Appeal, person_id: int) -> AppealSeat | None:
    return session.scalar(
        sa.select(AppealSeat).where(AppealSeat.appeal_id == appeal.id, AppealSeat.person_id == person_id)
    )


def drawn_again(appeal: Appeal) -> bool:
    return all(draw.replays(row) for row in appeal.draws)


def door_values(world: Any) -> dict[str, Any]:
    """hana drafts one appeal, another waits for the operator; in duri's pyeong reads and jang chairs."""
    un, hana, duri, gong = (world.actor(name) for name in ("un", "hana", "duri", "gong"))
    others = [cases.an_evaluator("첫위원"), cases.an_evaluator("둘째위원")]
    head = cases.an_evaluator("첫위원장", Role.LEAD_EVALUATOR)
    first, second = (
        rejected(un, hana, gong, others, head, call=a_call(title_ko=f"이의 공고 {n} (합성)")) for n in (1, 2)
    )
    drafted(hana, first)
    waiting = filed(hana, second)
    third = rejected(un, duri, gong, others, head, call=a_call(title_ko="이의 공고 3 (합성)"))
    appeal = filed(duri, third)
    service.take_up(un, appeal.key)
    _sit(appeal, world)
    own = "appeals."
    seat, chair = seat_of(appeal, world.cast["pyeong"].id), seat_of(appeal, world.cast["jang"].id)
    return {
        own + "write": {"key": first.key},
        own + "remove_file": {"key": queries.appeal_against(first_decision(first)).key, "file_key": "nothing-here"},
        **{own + name: {"key": waiting.key} for name in ("show", "supplement", "withdraw")},
        **{own + name: {"key": waiting.key} for name in ("check", "take_up", "refuse", "ask_supplement", "draw_again")},
        own + "file": {"key": waiting.key, "file_key": waiting.files[0].key},
        own + "replace": {"key": appeal.key, "seat_key": seat.key},
        **{own + name: {"key": seat.key} for name in ("seat", "open_seat", "recuse_seat", "save_opinion")},
        own + "decide": {"key": chair.key},
    }


def first_decision(application: Application) -> int:
    from portal.evaluation import queries as evaluation

    return evaluation.decision_of(application.id).id


def _sit(appeal: Appeal, world: Any) -> None:
    """Seats for those who stand behind the doors, as a draw would give them."""
    from portal.appeals.rules import AppealState, SeatState
    from portal.base import clock
    from portal.base.db import transaction

    with transaction():
        row = session.get(Appeal, appeal.id)
        for name, role, letter in (("pyeong", SeatRole.READER, "A"), ("jang", SeatRole.CHAIR, None)):
            row.seats.append(
                AppealSeat(
                    person_id=world.cast[name].id,
                    role=role,
                    pseudonym=letter,
                    due_on=row.due_on,
                    state=SeatState.OPENED,
                    opened_at=clock.now(),
                )
            )
        row.state = AppealState.REVIEW
