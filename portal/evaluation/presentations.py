"""Presentations of a call: slots, which case presents when, and who of its panel has to be there.

The firm is told day, time and place; the panel learns the case's number; the operator sees all of it. When the panel
changes, who has to attend changes with it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from portal.accounts.models import Person
from portal.accounts.rules import EVALUATORS, OPERATOR
from portal.applications import queries as application_queries
from portal.applications.models import Application
from portal.applications.rules import Status
from portal.appointments import queries as appointments
from portal.appointments import service as booking_service
from portal.appointments.ics import Event
from portal.appointments.models import Booking, Slot
from portal.appointments.rules import grid
from portal.base import audit, clock, mail, outbox
from portal.base.access import SYSTEM, Actor, Forbidden, NotVisible, RuleBroken
from portal.base.db import session, transaction
from portal.base.words import say
from portal.evaluation import masking, queries
from portal.evaluation.models import Assignment, Panel
from portal.evaluation.rules import AssignmentState
from portal.programmes import queries as programmes
from portal.programmes.models import Call

PURPOSE = "presentation"
TITLE = say("발표 평가", "Presentation")


# --- reading ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One slot of a call's timetable. missing: how many of the panel could not be put down, being elsewhere."""

    slot: Slot
    booking: Booking | None
    application: Application | None
    missing: int = 0


@dataclass(frozen=True)
class Timetable:
    lines: tuple[Line, ...]
    waiting: tuple[Application, ...]
    """Cases of the presentation phase without a slot, in the order of their numbers."""

    @property
    def free(self) -> int:
        now = clock.now()
        return sum(line.booking is None and line.slot.starts_at > now for line in self.lines)


def timetable(actor: Actor, call: Call) -> Timetable:
    """All slots of a call with the cases that the operator may see."""
    _ensure_operator(actor)
    slots = appointments.slots("call", call.id, PURPOSE)
    booked = appointments.bookings_on([one.id for one in slots])
    cases = {
        row.id: row
        for row in session.scalars(
            application_queries.visible_to(actor).where(Application.call_id == call.id).order_by(Application.number)
        ).unique()
    }
    panels = _panels({one.subject_id for one in booked.values()})
    lines = []
    for slot in slots:
        booking = booked.get(slot.id)
        case = cases.get(booking.subject_id) if booking else None
        wanted = _people(panels.get(case.id)) if case else frozenset()
        lines.append(Line(slot, booking, case, len(wanted - booking.people) if booking else 0))
    placed = {one.subject_id for one in booked.values()}
    waiting = tuple(row for row in cases.values() if row.status is Status.PRESENT and row.id not in placed)
    return Timetable(tuple(lines), waiting)


def booking_of(application_id: int) -> Booking | None:
    return appointments.booking_of(PURPOSE, "application", application_id)


@dataclass(frozen=True)
class OwnLine:
    """One presentation that an evaluator or a chair attends. key: of the assignment, or of the application for a chair."""

    booking: Booking
    number: str
    firm: str
    chairs: bool
    key: str


def own_timetable(actor: Actor) -> list[OwnLine]:
    """What the actor attends from today on, with names only where the phase shows them."""
    if not actor.has(*EVALUATORS):
        return []
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    bookings = appointments.attended_by(actor.id, PURPOSE, midnight)
    ids = [one.subject_id for one in bookings]
    seats = {
        row.application_id: row
        for row in session.scalars(
            queries.visible_to(actor)
            .where(Assignment.application_id.in_(ids))
            .options(joinedload(Assignment.application))
        )
    }
    chaired = {
        row.application_id: row
        for row in session.scalars(
            queries.panels_visible_to(actor).where(Panel.application_id.in_(ids)).options(joinedload(Panel.application))
        )
    }
    lines = []
    for booking in bookings:
        if seat := seats.get(booking.subject_id):
            declared = seat.declared_at is not None
            firm = str(masking.firm_of(seat.application)) if declared else ""
            lines.append(OwnLine(booking, seat.application.number or "", firm, False, seat.key))
        elif panel := chaired.get(booking.subject_id):
            case = panel.application
            lines.append(OwnLine(booking, case.number or "", case.organisation.name, True, case.key))
    return lines


def events_of(lines: Sequence[OwnLine]) -> list[Event]:
    """The own timetable for a calendar: numbers only, calendars travel further than pages."""
    return [_event(one.booking, one.number) for one in lines]


def event_of(application: Application, booking: Booking) -> Event:
    return _event(booking, application.number or "")


def _event(booking: Booking, number: str) -> Event:
    slot = booking.slot
    return Event(booking.key, slot.starts_at, slot.ends_at, f"{TITLE} {number}", slot.place, booking.created_at)


def may_revise(application: Application) -> bool:
    """Whether the evaluators may revise their scores: the case has presented (or nobody set a time for it)."""
    if application.status is not Status.PRESENT:
        return False
    booking = booking_of(application.id)
    return booking is None or booking.slot.starts_at <= clock.now()


# --- writing ------------------------------------------------------------------------------------------------


def offer(
    actor: Actor, call: Call, *, day: date, first: time, last: time, minutes: int, pause: int, place: str
) -> list[Slot]:
    """Add slots to a call's timetable.

    Raises: RuleBroken appointment_minutes (minutes), appointment_hours, appointment_many (last), appointment_past
            (day), appointment_overlap (first), appointment_place (place)
    """
    _ensure_runs(actor, call)
    return booking_service.offer(actor, "call", call.id, PURPOSE, grid(day, first, last, minutes, pause), place)


def withdraw(actor: Actor, call: Call, slot_key: str) -> None:
    """Take a slot back that was never booked. Raises: NotVisible, RuleBroken appointment_taken."""
    _ensure_runs(actor, call)
    booking_service.remove(actor, _slot(call, slot_key))


def place(actor: Actor, application: Application, slot_key: str) -> Booking:
    """Let a case present in a slot, or move it there.

    Raises: RuleBroken evaluation_not_presenting, appointment_taken, appointment_busy, appointment_past, all on `slot`
    Notes : emits presentation.booked (application_id, booking_id)
    """
    _ensure_operator(actor)
    with transaction():
        row = application_queries.by_id(actor, application.id, lock=True)
        if row.status is not Status.PRESENT:
            raise RuleBroken("evaluation_not_presenting", "slot")
        slot = _slot(row.call, slot_key)
        before = booking_of(row.id)
        booking = booking_service.book(actor, slot, "application", row.id, _people(queries.panel_of(row.id)))
        if before is None or before.id != booking.id:
            outbox.emit("presentation.booked", application_id=row.id, booking_id=booking.id)
        return booking


@dataclass(frozen=True)
class Placed:
    """placed: cases that got a slot; left: those for whom no slot was free for everybody."""

    placed: int
    left: tuple[Application, ...]


def place_all(actor: Actor, call: Call) -> Placed:
    """Give every waiting case, in the order of its number, the first free slot at which its whole panel is free."""
    _ensure_runs(actor, call)
    with transaction():
        table = timetable(actor, call)
        now = clock.now()
        free = [line.slot for line in table.lines if line.booking is None and line.slot.starts_at > now]
        panels = _panels({row.id for row in table.waiting})
        left, placed = [], 0
        for row in table.waiting:
            people = _people(panels.get(row.id))
            slot = next((one for one in free if not appointments.busy(people, one.starts_at, one.ends_at)), None)
            if slot is None:
                left.append(row)
                continue
            free.remove(slot)
            booking = booking_service.book(actor, slot, "application", row.id, people)
            outbox.emit("presentation.booked", application_id=row.id, booking_id=booking.id)
            placed += 1
        audit.record(actor, "presentation.place_all", "call", call.id, {"placed": placed, "left": len(left)})
        return Placed(placed, tuple(left))


def take_off(actor: Actor, application: Application, reason: str = "") -> None:
    """Give a case's slot back; nothing happens when it has none. Emits presentation.cancelled."""
    _ensure_operator(actor)
    with transaction():
        row = application_queries.by_id(actor, application.id, lock=True)
        booking = booking_of(row.id)
        if booking is None:
            return
        booking_service.cancel(actor, booking, reason)
        outbox.emit("presentation.cancelled", application_id=row.id, booking_id=booking.id)


def follow_panel(assignment_id: int, **_: Any) -> None:
    """evaluator.assigned, evaluator.recused → who has to attend the case's presentation follows its panel."""
    assignment = session.get(Assignment, assignment_id)
    booking = booking_of(assignment.application_id) if assignment else None
    if booking is not None and booking.slot.ends_at > clock.now():
        booking_service.attend(SYSTEM, booking, _people(queries.panel_of(assignment.application_id)))


def free_slot(application_id: int, **_: Any) -> None:
    """application.withdrawn, decision.made → a time that is still to come goes back."""
    booking = booking_of(application_id)
    if booking is not None and booking.slot.starts_at > clock.now():
        booking_service.cancel(SYSTEM, booking)


# --- letters ------------------------------------------------------------------------------------------------


def write_booked(application_id: int, booking_id: int) -> None:
    """presentation.booked → the firm reads when and where; the panel too, by the case's number alone."""
    booking = booking_of(application_id)
    if booking is None or booking.id != booking_id:
        return  # moved since: the newer letter says so
    application = session.get(Application, application_id)
    for person in queries.people_of_firm(application):
        _letter("presentation_booked", person, application, booking, f"/evaluation/schedule/{application.key}")
    for person in session.scalars(sa.select(Person).where(Person.id.in_(booking.people)).order_by(Person.id)):
        _letter("presentation_attend", person, application, booking, "/evaluation/timetable")


def write_cancelled(application_id: int, booking_id: int) -> None:
    """presentation.cancelled → the firm reads that its time is gone and a new one will follow."""
    booking = session.get(Booking, booking_id)
    application = session.get(Application, application_id)
    if booking_of(application_id) is not None:
        return  # it has a new time already: that letter is enough
    for person in queries.people_of_firm(application):
        _letter("presentation_cancelled", person, application, booking, f"/evaluation/schedule/{application.key}")


def _letter(template: str, person: Person, application: Application, booking: Booking, path: str) -> None:
    mail.queue(
        person.email,
        template,
        person.language,
        f"{template.replace('_', '-')}-{booking.id}-{person.id}",
        name=person.name,
        number=application.number,
        starts=f"{clock.kst(booking.slot.starts_at):%Y-%m-%d %H:%M}",
        place=booking.slot.place,
        path=path,
    )


# --- rows ---------------------------------------------------------------------------------------------------


def _slot(call: Call, key: str) -> Slot:
    slot = appointments.slot_by_key("call", call.id, PURPOSE, key)
    if slot is None:
        raise NotVisible
    return slot


def _people(panel: Panel | None) -> frozenset[int]:
    """Who of a panel has to attend: its chair and whoever sits on it."""
    if panel is None:
        return frozenset()
    seated = {one.evaluator_id for one in panel.assignments if one.state is not AssignmentState.RECUSED}
    return frozenset(seated | {panel.chair_id})


def _panels(application_ids: Collection[int]) -> dict[int, Panel]:
    rows = session.scalars(
        sa.select(Panel).where(Panel.application_id.in_(application_ids)).options(selectinload(Panel.assignments))
    )
    return {row.application_id: row for row in rows}


def _ensure_runs(actor: Actor, call: Call) -> None:
    """Another region's call does not exist for an operator, by whatever way the request came."""
    _ensure_operator(actor)
    if programmes.call_run_by(actor, call.key) is None:
        raise NotVisible


def _ensure_operator(actor: Actor) -> None:
    if not actor.has(*OPERATOR):
        raise Forbidden("no_right")
