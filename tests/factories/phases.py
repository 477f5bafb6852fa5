"""Calls whose evaluation has more phases than the default, set through the service as an operator would."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import sqlalchemy as sa

from portal.accounts.models import Person
from portal.appointments.models import Slot
from portal.base import clock
from portal.base.access import SYSTEM, Actor
from portal.base.db import session, transaction
from portal.evaluation import phasing, plans, presentations, service, visits
from portal.evaluation.checklist import CHECKS
from portal.evaluation.models import Assignment
from portal.evaluation.phases import Phase, PhaseKind, Plan
from portal.programmes.models import Call
from tests.factories.applications import a_call, accepted

ALL = (
    Phase(PhaseKind.REQUIREMENT),
    Phase(PhaseKind.WRITTEN),
    Phase(PhaseKind.SITE),
    Phase(PhaseKind.PRESENTATION),
)


def with_phases(call: Call, *rows: Phase, actor: Actor = SYSTEM, **plan: Any) -> Plan:
    """Give a call these phases (all four of them by default) and change parts of its plan."""
    standing = plans.plan_of(call)
    return phasing.define(actor, call, replace(standing, **plan), rows or ALL, standing.version)


def but(kind: PhaseKind, **changes: Any) -> tuple[Phase, ...]:
    """All four phases, one of them changed."""
    return tuple(replace(one, **changes) if one.kind is kind else one for one in ALL)


def phase_doors(world: Any, evaluators: Sequence[Actor]) -> dict[str, Any]:
    """A call with all four phases: duri's plant was visited and reported, hana presents; pyeong reviews, jang chairs."""
    from tests.factories.evaluation import a_firm, in_evaluation  # which itself opens these doors

    un, gong, jang, hana, duri = (world.actor(name) for name in ("un", "gong", "jang", "hana", "duri"))
    call = a_call(title_ko="현장과 발표가 있는 공고 (합성)")
    with_phases(call, *but(PhaseKind.WRITTEN, sees_all=True))
    read = in_evaluation(a_firm("읽을기업 (합성)"), gong, call=call)
    day = clock.today() + timedelta(days=14)
    visited, presenting = (accepted(firm, gong, call=call) for firm in (duri, hana))
    for one in (visited, presenting):
        panel = [session.get(Person, actor.id) for actor in evaluators]
        service.assign(un, one, panel, session.get(Person, jang.id), day)
        seat = session.scalar(
            sa.select(Assignment).where(
                Assignment.application_id == one.id, Assignment.evaluator_id == evaluators[0].id
            )
        )
        service.open_file(evaluators[0], seat, no_conflict=True)
        phasing.waive(un, one, PhaseKind.WRITTEN, "현장과 발표로만 봅니다 (합성)")
    phasing.waive(un, presenting, PhaseKind.SITE, "지난달에 이미 확인했습니다 (합성)")
    booking = visits.plan(un, visited, day=day, at=time(10, 0), minutes=60, place="합성 공장", visitors=[un.id])
    photo = visits.add_photo(un, visited, io.BytesIO(PNG), "사진.png")
    with transaction():  # the hour has come
        session.get(Slot, booking.slot_id).starts_at = clock.now() - timedelta(hours=1)
    answers = {one.code: {"answer": "yes"} for one in CHECKS}
    visit = visits.save_report(
        un,
        visited,
        answers=answers,
        report="합성(예시) 신청서와 현장이 같았습니다. 화면과 데이터를 함께 보았습니다.",
        version=None,
        hand_in=True,
    )
    first, second = presentations.offer(
        un, call, day=day, first=time(9, 0), last=time(10, 0), minutes=30, pause=0, place="합성 회의실"
    )
    presentations.place(un, presenting, first.key)
    calls = ("plan", "phase_board", "timetable", "place_all")
    cases = ("case_phase", "advance_case", "waive_phase", "plan_visit", "report_visit", "add_photo", "take_off")
    own = {"key": presenting.key}
    return {
        **{f"evaluation.{name}": {"key": call.key} for name in calls},
        "evaluation.advance_call": {"key": call.key, "kind": "site"},
        **{f"evaluation.{name}": {"key": call.key, "slot": second.key} for name in ("place", "remove_slot")},
        **{f"evaluation.{name}": {"key": visited.key} for name in cases},
        "evaluation.remove_photo": {"key": visited.key, "photo": photo.key},
        "evaluation.visit": {"key": visit.key},
        "evaluation.visit_photo": {"key": visit.key, "photo": photo.key},
        "evaluation.other_case": {"key": read.key},
        "evaluation.own_schedule": own,
        "evaluation.own_presentation": own,
    }


# one pixel
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==")
