"""What the firm knows of its way through the evaluation: phases still to come, the day of a visit, its time to present."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.applications import queries as application_queries
from portal.applications import stages
from portal.applications.models import Application
from portal.applications.rules import IN_EVALUATION, Status
from portal.appointments.models import Booking
from portal.base import clock
from portal.base.access import Actor, NotVisible
from portal.base.words import Words, say
from portal.evaluation import phases, plans, presentations, visits
from portal.evaluation.models import SiteVisit
from portal.evaluation.phases import STATUS_OF, Phase

BEFORE = frozenset({Status.DRAFT, Status.SUBMITTED, Status.REQ_CHECK, Status.SUPPLEMENT})


def ahead(application: Application) -> Sequence[Words]:
    """The phases that this application has still to pass, as its timeline names them."""
    if application.status in BEFORE:
        kept = plans.phases_of(application.call_id)
        return [one.kind.label for one in kept if one.kind in STATUS_OF and not one.waived]
    if application.status in IN_EVALUATION:
        return [one.kind.label for one in plans.ahead_of(application)]
    return []


def notices(application: Application) -> Sequence[stages.Notice]:
    """The day that is set in the phase that the application is in."""
    booking = _booking(application)
    if booking is None:
        return []
    title = (
        say("현장 확인 일정이 정해졌습니다", "Your site visit is scheduled")
        if application.status is Status.SITE
        else say("발표 일정이 정해졌습니다", "Your presentation is scheduled")
    )
    slot = booking.slot
    text = f"{clock.kst(slot.starts_at):%Y-%m-%d %H:%M}–{clock.kst(slot.ends_at):%H:%M} · {slot.place}"
    return [stages.Notice(title, text, f"/evaluation/schedule/{application.key}")]


def _booking(application: Application) -> Booking | None:
    if application.status is Status.SITE:
        return visits.booking_of(application.id)
    return presentations.booking_of(application.id) if application.status is Status.PRESENT else None


@dataclass(frozen=True)
class Schedule:
    """The firm's page: no person stands in it, and nothing that depends on who they are."""

    phases: tuple[Phase, ...]
    current: Phase | None
    ahead: tuple[Phase, ...]
    visit: SiteVisit | None
    visit_booking: Booking | None
    presentation: Booking | None


def own_schedule(actor: Actor, application_key: str) -> tuple[Application, Schedule]:
    """Raises: NotVisible for other firms' applications and before the evaluation."""
    application = application_queries.own(actor, application_key)
    if application.status not in IN_EVALUATION:
        raise NotVisible
    kept, without = plans.phases_of(application.call_id), plans.waivers_of(application.id)
    return application, Schedule(
        tuple(one for one in kept if not one.waived and one.kind not in without),
        phases.phase_at(kept, application.status),
        plans.ahead_of(application),
        visits.visit_of(application.id),
        visits.booking_of(application.id),
        presentations.booking_of(application.id),
    )


stages.AHEAD.append(ahead)
stages.NOTICES.append(notices)
