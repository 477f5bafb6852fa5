"""Advice step by step: asked, taken by an expert, planned, visited, followed up, concluded."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import sqlalchemy as sa

from portal.accounts.models import Organisation
from portal.accounts.rules import EVALUATORS, SUPPLIER
from portal.advising import queries
from portal.advising.models import Advice, AdviceNote
from portal.advising.rules import MAX_TEXT, AdviceKind, AdviceState, NoteKind, can_take, can_write
from portal.appointments import service as appointments
from portal.appointments.models import Booking
from portal.base import audit, clock, once, outbox
from portal.base.access import SYSTEM, Actor, Forbidden, RuleBroken, ensure
from portal.base.db import session, transaction
from portal.conflicts import service as conflicts
from portal.conflicts.rules import Source, TieKind
from portal.directory import queries as directory
from portal.directory import verification
from portal.directory.oversight import CapabilityLevel, Certificate, Mark
from portal.directory.rules import clean
from portal.matching import queries as matching

ISSUER = "제조혁신포털 역량진단"


def request(actor: Actor, kind: AdviceKind, need: str, *, once_key: str | None = None) -> Advice:
    """Ask for an assessment or for advice.

    Raises: Forbidden; RuleBroken advice_need (need), advice_listing, advice_open (kind).
    """
    if not actor.has(*SUPPLIER) or actor.organisation_id is None or actor.id is None:
        raise Forbidden("no_right")
    with transaction():
        session.execute(sa.select(Organisation.id).where(Organisation.id == actor.organisation_id).with_for_update())
        if done := once.claim(actor, once_key, "advice.request"):
            return queries.by_key(actor, done)
        if not clean(need):
            raise RuleBroken("advice_need", "need")
        if directory.own(actor) is None:
            raise RuleBroken("advice_listing")
        if queries.open_of(actor.organisation_id, kind):
            raise RuleBroken("advice_open", "kind")
        row = Advice(
            supplier_id=actor.organisation_id,
            asked_by_id=actor.id,
            kind=kind,
            need=clean(need)[:MAX_TEXT],
            technologies=matching.named_technologies(need),
        )
        session.add(row)
        session.flush()
        once.keep(actor, once_key, "advice.request", row.key)
        audit.record(actor, "advice.request", "advice", row.id, {"kind": kind.value})
        return row


def withdraw(actor: Actor, key: str) -> Advice:
    """The supplier takes a request back before the visit has begun; a visit that was set is called off.

    Raises: NotVisible; Forbidden; RuleBroken advice_state.
    """
    if not actor.has(*SUPPLIER):
        raise Forbidden("no_right")
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        if row.state is AdviceState.WITHDRAWN:
            return row
        ensure(queries.may_withdraw(row))
        if (visit := queries.visit_of(row)) is not None:
            appointments.cancel(actor, visit, "advice.withdraw")
        _move(actor, row, AdviceState.WITHDRAWN, "withdraw")
        return row


def take(actor: Actor, key: str) -> Advice:
    """An expert takes a request; from this day both are tied, for the search for conflicts of interest.

    Raises: NotVisible; Forbidden; RuleBroken advice_taken, advice_pool, advice_tie.
    """
    if not actor.has(*EVALUATORS) or actor.id is None:
        raise Forbidden("no_right")
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        if row.expert_id == actor.id:
            return row  # a double click
        found = list(queries.ties(actor.id, row.supplier))
        if actor.organisation_id == row.supplier_id:
            found.append("own")
        if queries.reviews_a_case_of(actor, row.supplier_id):
            found.append("reviews")
        ensure(can_take(row.state, is_member=queries.is_member(actor.id), ties=found))
        row.expert_id, row.accepted_at = actor.id, clock.now()
        conflicts.note_tie(
            SYSTEM,
            TieKind.ADVISED,
            Source.CONSULTATION,
            person_id=actor.id,
            organisation_id=row.supplier_id,
            from_on=clock.today(),
            origin=("advice", row.id),
        )
        _move(actor, row, AdviceState.ACCEPTED, "take")
        return row


def write(actor: Actor, key: str, kind: NoteKind, text: str, *, once_key: str | None = None) -> Advice:
    """Write the plan (the expert), or a follow-up (either side). A first plan starts the work.

    Raises: NotVisible; RuleBroken advice_text (text), advice_state, no_right.
    """
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        purpose = f"advice_note:{row.id}"
        if once.claim(actor, once_key, purpose):
            return row
        is_expert = _side(actor, row)
        ensure(can_write(row.state, kind, is_expert=is_expert, is_visited=queries.is_visited(row)))
        note = _note(actor, row, kind, text, is_expert)
        once.keep(actor, once_key, purpose, str(note.id))
        if kind is NoteKind.PLAN and row.state is AdviceState.ACCEPTED:
            _move(actor, row, AdviceState.PLANNED, "plan")
        else:
            audit.record(actor, "advice.note", "advice", row.id, {"note": note.id, "kind": kind.value})
        return row


def set_visit(actor: Actor, key: str, *, day: date, at: time, minutes: int, place: str) -> Booking:
    """Set or move the visit; the expert and who asked have to be there.

    Raises: NotVisible; RuleBroken no_right, advice_state; appointment_* on `place`, `slot`.
    """
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        if not _side(actor, row):
            raise RuleBroken("no_right")
        if row.state is not AdviceState.PLANNED:
            raise RuleBroken("advice_state", state=row.state.label)
        start = clock.from_kst(datetime.combine(day, at))
        span = (start, start + timedelta(minutes=minutes))
        people = {row.expert_id or 0, row.asked_by_id}
        booking = appointments.reserve(actor, queries.PURPOSE, "advice", row.id, span, place, people)
        outbox.emit("advice.moved", advice_id=row.id, step=f"visit:{booking.id}", by_expert=True)
        return booking


def conclude(
    actor: Actor, key: str, text: str, level: CapabilityLevel | None = None, *, once_key: str | None = None
) -> Advice:
    """Write the result. The level of an assessment is laid before an operator, who alone makes it a mark.

    Raises: NotVisible; RuleBroken advice_text (text), advice_level (level), advice_state, advice_visit, no_right.
    """
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        is_expert = _side(actor, row)
        if row.state is AdviceState.CONCLUDED and once.claim(actor, once_key, f"advice_result:{row.id}"):
            return row
        ensure(can_write(row.state, NoteKind.RESULT, is_expert=is_expert, is_visited=queries.is_visited(row)))
        if row.kind is AdviceKind.CAPABILITY and level is None:
            raise RuleBroken("advice_level", "level")
        _note(actor, row, NoteKind.RESULT, text, is_expert)
        once.keep(actor, once_key, f"advice_result:{row.id}", row.key)
        row.concluded_at = clock.now()
        if row.kind is AdviceKind.CAPABILITY:
            row.level = level
            paper = Certificate(number=f"advice-{row.id}", issuer=ISSUER, level=level, issued_on=clock.today())
            verification.propose(SYSTEM, row.supplier_id, Mark.CAPABILITY, paper, f"advising:{row.id}")
        _move(actor, row, AdviceState.CONCLUDED, "conclude")
        return row


def _side(actor: Actor, row: Advice) -> bool:
    """Whether the actor is the request's expert; False for the supplier.

    Raises: Forbidden for anybody else; RuleBroken advice_pool for an expert who left the pool or is kept out of it.
    """
    if actor.id is not None and actor.id == row.expert_id:
        if not queries.is_expert_still(row):
            raise RuleBroken("advice_pool")
        return True
    if actor.has(*SUPPLIER) and actor.organisation_id == row.supplier_id:
        return False
    raise Forbidden("no_right")


def _note(actor: Actor, row: Advice, kind: NoteKind, text: str, is_expert: bool) -> AdviceNote:
    if not clean(text):
        raise RuleBroken("advice_text", "text")
    note = AdviceNote(advice_id=row.id, kind=kind, by_expert=is_expert, person_id=actor.id, text=clean(text)[:MAX_TEXT])
    session.add(note)
    session.flush()
    session.expire(row, ["notes"])
    return note


def _move(actor: Actor, row: Advice, state: AdviceState, verb: str) -> None:
    row.state = state
    session.flush()
    if state in (AdviceState.CONCLUDED, AdviceState.WITHDRAWN):
        conflicts.end_ties_from(SYSTEM, ("advice", row.id), TieKind.ADVISED)
    audit.record(actor, f"advice.{verb}", "advice", row.id)
    outbox.emit("advice.moved", advice_id=row.id, step=state.value, by_expert=actor.id == row.expert_id)
