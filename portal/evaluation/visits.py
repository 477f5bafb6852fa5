"""The site visit of a case: who goes when, what they look at, what they saw. The panel and the chair read the report.

Visitors are people of the operator, never of the panel: a firm must not meet its evaluators. The firm is told day and
place and what to have ready, and no name.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from portal.accounts import queries as accounts
from portal.accounts.models import Person
from portal.accounts.rules import EVALUATORS, OPERATOR, Role
from portal.applications import queries as application_queries
from portal.applications.models import Application
from portal.applications.rules import IN_EVALUATION, Status
from portal.appointments import queries as appointments
from portal.appointments import rules as appointment_rules
from portal.appointments import service as booking_service
from portal.appointments.models import Booking
from portal.base import audit, clock, files, mail, outbox
from portal.base.access import Actor, Forbidden, NotVisible, RuleBroken, RulesBroken, StaleVersion
from portal.base.db import session, transaction
from portal.evaluation import checklist, masking, pictures, queries
from portal.evaluation.checklist import CHECKS, MOST_PHOTOS, PHOTO_BYTES, Check, CheckAnswer
from portal.evaluation.models import Assignment, Panel, SitePhoto, SiteVisit

PURPOSE = "site_visit"
PHOTO_KINDS = ("jpg", "png")


# --- reading ------------------------------------------------------------------------------------------------


def booking_of(application_id: int) -> Booking | None:
    """When and where the visit takes place; None while it is not planned."""
    return appointments.booking_of(PURPOSE, "application", application_id)


def visit_of(application_id: int) -> SiteVisit | None:
    return session.scalar(
        sa.select(SiteVisit).where(SiteVisit.application_id == application_id).options(selectinload(SiteVisit.photos))
    )


def possible_visitors() -> list[Person]:
    """Active people of the operators, by name."""
    found = {one.id: one for role in sorted(OPERATOR) for one in accounts.people_with_role(Role(role))}
    return sorted(found.values(), key=lambda one: (one.name, one.id))


@dataclass(frozen=True)
class CheckLine:
    check: Check
    answer: CheckAnswer | None
    note: str


@dataclass(frozen=True)
class Report:
    """A visit as it is read: with names struck out where the reader may not know them."""

    visit: SiteVisit
    booking: Booking | None
    lines: tuple[CheckLine, ...]
    text: str
    firm: str
    number: str
    photos: tuple[SitePhoto, ...]


def report_of(visit: SiteVisit, shown: masking.Shown | None = None) -> Report:
    """shown: what stands in the place of names; None for readers who may know them."""
    hide = shown.hide if shown else str
    lines = tuple(
        CheckLine(
            check,
            CheckAnswer(row["answer"]) if (row := visit.checklist.get(check.code) or {}).get("answer") else None,
            hide(row.get("note") or ""),
        )
        for check in CHECKS
    )
    return Report(
        visit,
        booking_of(visit.application_id),
        lines,
        hide(visit.report),
        str(shown.firm) if shown else visit.application.organisation.name,
        visit.application.number or "",
        tuple(visit.photos),
    )


def report_for(actor: Actor, visit_key: str) -> Report:
    """A visit's report for who may read it. Raises: NotVisible.

    Operators and auditors: of the applications that they see. The chair and evaluators who have declared: of their own
    cases, once it is handed in; evaluators only while the case is in evaluation.
    """
    visit = session.scalar(
        sa.select(SiteVisit)
        .where(SiteVisit.key == visit_key)
        .options(selectinload(SiteVisit.photos), joinedload(SiteVisit.application))
    )
    if visit is None:
        raise NotVisible
    if actor.has(*OPERATOR, Role.AUDITOR):
        application_queries.by_id(actor, visit.application_id)
        return report_of(visit)
    if visit.reported_at is None or not actor.has(*EVALUATORS):
        raise NotVisible
    chairs = sa.select(Panel.id).where(Panel.application_id == visit.application_id, Panel.chair_id == actor.id)
    if actor.has(Role.LEAD_EVALUATOR) and session.scalar(chairs):
        return report_of(visit)
    seat = session.scalar(
        queries.visible_to(actor).where(
            Assignment.application_id == visit.application_id, Assignment.declared_at.is_not(None)
        )
    )
    if seat is None or visit.application.status not in IN_EVALUATION:
        raise NotVisible
    return report_of(visit, masking.shown(visit.application))


def report_beside(application: Application) -> SiteVisit | None:
    """The handed-in visit of a case, for the link beside an evaluator's or the chair's pages."""
    visit = visit_of(application.id)
    return visit if visit is not None and visit.reported_at is not None else None


def photo_of(report: Report, photo_key: str) -> tuple[SitePhoto, str]:
    """One picture and the name of its download, which says the case's number alone. Raises: NotVisible."""
    for place, one in enumerate(report.photos, start=1):
        if one.key == photo_key:
            extension = "png" if one.blob.media_type == "image/png" else "jpg"
            return one, f"site-{report.number}-{place}.{extension}"
    raise NotVisible


# --- writing ------------------------------------------------------------------------------------------------


def plan(
    actor: Actor,
    application: Application,
    *,
    day: date,
    at: time,
    minutes: int,
    place: str,
    visitors: Collection[int],
    request: str = "",
) -> Booking:
    """Set the day of a visit, or move it.

    request: what the firm should have ready
    Raises : RuleBroken site_status, site_visitors (visitors), site_reported, appointment_* on day, at, minutes, place
             or visitors; NotVisible, Forbidden
    Notes  : emits visit.planned (application_id, booking_id)
    """
    _ensure_operator(actor)
    (span,) = _span(day, at, minutes)
    with transaction():
        row, visit = _open_visit(actor, application)
        allowed = {one.id for one in possible_visitors()}
        if not visitors or not set(visitors) <= allowed:
            raise RuleBroken("site_visitors", "visitors")
        panel = queries.panel_of(row.id)
        if panel is not None:  # somebody may hold two roles
            seated = {one.evaluator_id for one in panel.assignments} | {panel.chair_id}
            if seated & set(visitors):
                raise RuleBroken("site_visitors", "visitors")
        visit.request = " ".join(request.split())[:500]
        try:
            booking = booking_service.reserve(actor, PURPOSE, "application", row.id, span, place, visitors)
        except RuleBroken as broken:
            at_fault = {"appointment_busy": "visitors", "appointment_past": "day", "appointment_place": "place"}
            raise RuleBroken(broken.code, at_fault.get(broken.code, broken.field), **broken.values) from None
        session.flush()
        audit.record(actor, "visit.plan", "application", row.id, {"booking": booking.id})
        outbox.emit("visit.planned", application_id=row.id, booking_id=booking.id)
        return booking


def _span(day: date, at: time, minutes: int) -> list[tuple[datetime, datetime]]:
    if not appointment_rules.SHORTEST <= minutes <= appointment_rules.LONGEST:
        raise RuleBroken(
            "appointment_minutes", "minutes", least=appointment_rules.SHORTEST, most=appointment_rules.LONGEST
        )
    start = clock.from_kst(datetime.combine(day, at))
    return [(start, start + timedelta(minutes=minutes))]


def save_report(
    actor: Actor,
    application: Application,
    *,
    answers: Mapping[str, Mapping[str, Any]],
    report: str,
    version: int | None,
    hand_in: bool,
) -> SiteVisit:
    """Keep what was seen; handed in, the panel and the chair read it and it can't be changed.

    Raises: RulesBroken by field when something lacks at the handing in; RuleBroken site_not_planned, site_early,
            site_reported, site_status; StaleVersion
    """
    _ensure_operator(actor)
    with transaction():
        row, visit = _open_visit(actor, application)
        if version is not None and version != visit.version:
            raise StaleVersion()
        booking = booking_of(row.id)
        if booking is None:
            raise RuleBroken("site_not_planned")
        kept = {}
        for check in CHECKS:
            given = answers.get(check.code) or {}
            answer, note = given.get("answer"), " ".join((given.get("note") or "").split())[:500]
            if answer in set(CheckAnswer) or note:
                kept[check.code] = {"answer": answer if answer in set(CheckAnswer) else None, "note": note}
        visit.checklist, visit.report = kept, report.strip()[:5000]
        if hand_in:
            if booking.slot.starts_at > clock.now():
                raise RuleBroken("site_early")
            if lacks := checklist.lacking(kept, visit.report):
                raise RulesBroken([RuleBroken(one.code, field, **one.values) for field, one in lacks])
            visit.reported_at, visit.reported_by_id = clock.now(), actor.id
        session.flush()
        audit.record(
            actor,
            "visit.report" if hand_in else "visit.save",
            "application",
            row.id,
            {"visit": visit.id, "report": audit.digest(visit.report)},
        )
        return visit


def add_photo(actor: Actor, application: Application, stream: IO[bytes], filename: str, caption: str = "") -> SitePhoto:
    """Keep a picture, without its file name and without what the camera wrote into it.

    Raises: RuleBroken site_photos (photo), site_reported, file_*; NotVisible, Forbidden
    """
    _ensure_operator(actor)
    with transaction():
        row, visit = _open_visit(actor, application)
        if len(visit.photos) >= MOST_PHOTOS:
            raise RuleBroken("site_photos", "photo", most=MOST_PHOTOS)
        content = stream.read(PHOTO_BYTES + 1)  # one byte more, so that the store refuses what is too large
        try:
            content = pictures.without_traces(content) if len(content) <= PHOTO_BYTES else content
        except ValueError:
            raise RuleBroken("file_mismatch", "photo") from None
        stored = files.store(io.BytesIO(content), filename, kinds=PHOTO_KINDS, max_bytes=PHOTO_BYTES, field="photo")
        if any(one.blob_id == stored.blob_id for one in visit.photos):  # the same picture once more
            return next(one for one in visit.photos if one.blob_id == stored.blob_id)
        photo = SitePhoto(
            visit_id=visit.id,
            blob_id=stored.blob_id,
            caption=" ".join(caption.split())[:200],
            added_by_id=actor.id,
        )
        visit.photos.append(photo)
        session.flush()
        audit.record(actor, "visit.add_photo", "application", row.id, {"visit": visit.id, "sha256": stored.sha256})
        return photo


def remove_photo(actor: Actor, application: Application, photo_key: str) -> None:
    """Take a picture off before the report is handed in; one that is gone already is no error."""
    _ensure_operator(actor)
    with transaction():
        row, visit = _open_visit(actor, application)
        for photo in [one for one in visit.photos if one.key == photo_key]:
            audit.record(actor, "visit.remove_photo", "application", row.id, {"visit": visit.id, "photo": photo.id})
            visit.photos.remove(photo)
            session.delete(photo)
        session.flush()


def _open_visit(actor: Actor, application: Application) -> tuple[Application, SiteVisit]:
    """The visit that may be worked on now; its row is made at the first touch."""
    row = application_queries.by_id(actor, application.id, lock=True)
    if row.status is not Status.SITE:
        raise RuleBroken("site_status")
    visit = visit_of(row.id)
    if visit is None:
        visit = SiteVisit(application_id=row.id, checklist={}, report="", request="")
        session.add(visit)
        session.flush()
    if visit.reported_at is not None:
        raise RuleBroken("site_reported")
    return row, visit


def _ensure_operator(actor: Actor) -> None:
    if not actor.has(*OPERATOR):
        raise Forbidden("no_right")


# --- letters ------------------------------------------------------------------------------------------------


def write_planned(application_id: int, booking_id: int) -> None:
    """visit.planned → the firm reads when and where, and what to have ready."""
    booking = booking_of(application_id)
    if booking is None or booking.id != booking_id:
        return  # moved since: the newer letter says so
    application = session.get(Application, application_id)
    visit = visit_of(application_id)
    for person in queries.people_of_firm(application):
        mail.queue(
            person.email,
            "visit_planned",
            person.language,
            f"visit-planned-{booking_id}-{person.id}",
            name=person.name,
            number=application.number,
            starts=f"{clock.kst(booking.slot.starts_at):%Y-%m-%d %H:%M}",
            place=booking.slot.place,
            request=visit.request if visit else "",
            path=f"/evaluation/schedule/{application.key}",
        )
