"""Who sees what of an appeal, by `visible_to` and `seats_visible_to`; and the rows that the services start from.

The firm sees its own appeals and no person; the operator sees who sits where; a reader sees the grounds, the new evidence
and what the first evaluation said without names, and nobody else's points; the chair sees pseudonyms; the auditor sees
everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, lazyload, selectinload

from portal.accounts.models import Organisation, Person
from portal.accounts.rules import EVALUATORS, OPERATOR, SME, Role
from portal.appeals import rules
from portal.appeals.models import Appeal, AppealFile, AppealSeat, AppealSupplement
from portal.appeals.rules import UNDECIDED, AppealState, Countdown, SeatRole, SeatState
from portal.applications import queries as applications
from portal.applications.models import Application
from portal.applications.rules import DECIDED
from portal.base import clock
from portal.base.access import SYSTEM, Actor, NotVisible, Verdict, no
from portal.base.db import session
from portal.base.paging import Page, paginate
from portal.base.words import Words
from portal.evaluation import plans
from portal.evaluation import queries as evaluation
from portal.evaluation.models import Assignment, Decision, Panel
from portal.evaluation.rules import OPEN_STATES, Cause
from portal.profiles import queries as profiles
from portal.programmes.models import Call

PAGE_SIZE = 30
LINES = (Application.costs, Application.kpis, Application.member, Application.papers)
APPEALABLE = (Cause.PANEL, Cause.RANKING)
"""Decisions that people made of the firm's case; what the portal does by itself afterwards takes nothing away."""


# --- who sees what ------------------------------------------------------------------------------------------


def visible_to(actor: Actor) -> sa.Select[tuple[Appeal]]:
    """The appeals that an actor may open: the own firm's, drafts too; operators' and auditors' what was filed on what
    they see; those on whose panel the actor sits and has declared that there is no conflict, until they are decided."""
    allowed = []
    filed = Appeal.state != AppealState.DRAFT
    if actor.is_system:
        allowed.append(sa.true())
    if actor.has(*SME) and actor.organisation_id is not None:
        allowed.append(Application.organisation_id == actor.organisation_id)
    if actor.has(*OPERATOR, Role.AUDITOR):
        seen = applications.visible_to(_as_staff(actor)).with_only_columns(Application.id)
        allowed.append(sa.and_(filed, Application.id.in_(seen)))
    if actor.has(*EVALUATORS):
        opened = sa.select(AppealSeat.appeal_id).where(
            AppealSeat.person_id == actor.id, AppealSeat.state.in_((SeatState.OPENED, SeatState.SUBMITTED))
        )
        allowed.append(sa.and_(Appeal.state == AppealState.REVIEW, Appeal.id.in_(opened)))
    return (
        sa.select(Appeal)
        .join(Application, Application.id == Appeal.application_id)
        .where(sa.or_(*allowed) if allowed else sa.false())
    )


def _as_staff(actor: Actor) -> Actor:
    """The same person with the staff's roles alone: who also evaluates must not see as an operator through a grant."""
    return Actor(actor.id, actor.roles & (OPERATOR | {Role.AUDITOR}), actor.organisation_id, actor.region, actor.name)


def seats_visible_to(actor: Actor) -> sa.Select[tuple[AppealSeat]]:
    """The seats that the actor holds; one that was left is gone."""
    return sa.select(AppealSeat).where(
        AppealSeat.person_id == actor.id if actor.has(*EVALUATORS) else sa.false(),
        AppealSeat.state.in_(rules.SITTING),
    )


def by_key(actor: Actor, key: str) -> Appeal:
    """Raises: NotVisible."""
    return _one(visible_to(actor).where(Appeal.key == key))


def own(actor: Actor, key: str, *, lock: bool = False) -> Appeal:
    """An appeal of the actor's own firm. Raises: NotVisible."""
    return _one(_own(actor).where(Appeal.key == key), lock)


def _own(actor: Actor) -> sa.Select[tuple[Appeal]]:
    mine = actor.organisation_id is not None and actor.has(*SME)
    return (
        sa.select(Appeal)
        .join(Application, Application.id == Appeal.application_id)
        .where(Application.organisation_id == actor.organisation_id if mine else sa.false())
    )


def for_operator(actor: Actor, key: str, *, lock: bool = False) -> Appeal:
    """A filed appeal in the operator's sight. Raises: NotVisible."""
    if not actor.has(*OPERATOR, Role.AUDITOR):
        raise NotVisible
    staff = _as_staff(actor)
    return _one(visible_to(staff).where(Appeal.key == key), lock)


def _one(select: sa.Select[tuple[Appeal]], lock: bool = False) -> Appeal:
    if lock:
        select = select.with_for_update(of=Appeal).execution_options(populate_existing=True)
    row = session.scalar(select)
    if row is None:
        raise NotVisible
    return row


def locked(appeal_id: int) -> Appeal | None:
    """For services, which have checked the right."""
    return session.scalar(
        sa.select(Appeal)
        .where(Appeal.id == appeal_id)
        .with_for_update(of=Appeal)
        .execution_options(populate_existing=True)
    )


def seat_by_key(actor: Actor, key: str, role: SeatRole | None = None) -> AppealSeat:
    """One own seat with its appeal. Raises: NotVisible."""
    wanted = seats_visible_to(actor).where(AppealSeat.key == key).options(joinedload(AppealSeat.appeal))
    if role is not None:
        wanted = wanted.where(AppealSeat.role == role)
    row = session.scalar(wanted)
    if row is None:
        raise NotVisible
    return row


def file_by_key(actor: Actor, key: str, file_key: str) -> AppealFile:
    """One piece of evidence of an appeal that the actor may open. Raises: NotVisible."""
    appeal = by_key(actor, key)
    found = next((one for one in appeal.files if one.key == file_key), None)
    if found is None:
        raise NotVisible
    return found


# --- the firm -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Remedy:
    """What a firm can do against the newest decision on one application."""

    application: Application
    decision: Decision
    appeal: Appeal | None
    last: date
    clock: Countdown
    verdict: Verdict

    @property
    def is_open(self) -> bool:
        """A draft may be written now, or goes on."""
        return bool(self.verdict) or (self.appeal is not None and self.appeal.state is AppealState.DRAFT)


def remedies(actor: Actor) -> list[Remedy]:
    """One line for each decided application of the own firm, the newest decision first."""
    rows = [row for row in applications.mine(actor) if row.status in DECIDED]
    found = [one for one in (remedy_of(row) for row in rows) if one is not None]
    return sorted(found, key=lambda one: one.decision.decided_at, reverse=True)


def remedy_of(application: Application) -> Remedy | None:
    """What can be done against the decision on an application of the own firm; None before it is decided.

    Notes: an appeal stays with the decision that it was made against, also when a later one took its place
    """
    decision = evaluation.decision_of(application.id)
    if decision is None:
        return None
    appeal = session.scalar(
        sa.select(Appeal).where(Appeal.application_id == application.id).order_by(Appeal.id.desc()).limit(1)
    )
    last = rules.file_by(clock.kst(decision.decided_at).date(), plans.plan_of(application.call).appeal_days)
    verdict = rules.can_appeal(
        is_appealable=decision.cause in APPEALABLE and application.status in DECIDED,
        is_final=decision.cause is Cause.APPEAL,
        has_appeal=appeal is not None and appeal.decision_id == decision.id,
        last=last,
        arrived_at=clock.now(),
    )
    return Remedy(application, decision, appeal, last, rules.countdown(clock.today(), last), verdict)


def own_remedy(actor: Actor, application_key: str) -> Remedy:
    """Raises: NotVisible, also before the decision."""
    if not actor.has(*SME):
        raise NotVisible
    found = remedy_of(applications.own(actor, application_key))
    if found is None:
        raise NotVisible
    return found


def appeal_against(decision_id: int) -> Appeal | None:
    """For services."""
    return session.scalar(sa.select(Appeal).where(Appeal.decision_id == decision_id))


def own_appeals(actor: Actor) -> Sequence[Appeal]:
    """The own firm's appeals, the newest first."""
    return session.scalars(
        _own(actor).order_by(Appeal.id.desc()).options(joinedload(Appeal.application).options(*map(lazyload, LINES)))
    ).all()


def is_of_firm(actor: Actor, appeal: Appeal) -> bool:
    return actor.organisation_id == appeal.application.organisation_id


def standing_of(appeal: Appeal) -> Decision:
    """The decision that counts now: the contested one, or one that took its place meanwhile."""
    return evaluation.decision_of(appeal.application_id)


# --- the operator -------------------------------------------------------------------------------------------

STAGES = ("check", "supplement", "panel", "review", "ready", "done")


@dataclass(frozen=True)
class Filters:
    """stage: one of STAGES or "" for all; due: late or soon; call: key of a call."""

    stage: str = "check"
    text: str = ""
    call: str = ""
    due: str = ""
    sort: str = "due"


@dataclass(frozen=True)
class Line:
    """One line of the operators' list. due: what the clock runs for now; None when nothing waits."""

    appeal: Appeal
    due: Countdown | None
    submitted: int
    sitting: int


def _due_column() -> sa.ColumnElement[date]:
    """What the clock runs for, as `due_of`; nothing when the appeal is over."""
    asked = (
        sa.select(AppealSupplement.due_on)
        .where(AppealSupplement.appeal_id == Appeal.id)
        .correlate(Appeal)
        .scalar_subquery()
    )
    return sa.case(
        (Appeal.state == AppealState.FILED, Appeal.check_due_on),
        (Appeal.state == AppealState.SUPPLEMENT, asked),
        (Appeal.state.in_((AppealState.ADMITTED, AppealState.REVIEW)), Appeal.due_on),
    )


def _stage(stage: str) -> list[sa.ColumnElement[bool]]:
    seats = sa.select(AppealSeat.appeal_id).where(
        AppealSeat.appeal_id == Appeal.id, AppealSeat.role == SeatRole.READER, AppealSeat.state.in_(rules.OPEN_SEATS)
    )
    return {
        "check": [Appeal.state == AppealState.FILED],
        "supplement": [Appeal.state == AppealState.SUPPLEMENT],
        "panel": [Appeal.state == AppealState.ADMITTED],
        "review": [Appeal.state == AppealState.REVIEW, seats.exists()],
        "ready": [Appeal.state == AppealState.REVIEW, ~seats.exists()],
        "done": [Appeal.state.not_in((*UNDECIDED, AppealState.DRAFT))],
    }.get(stage, [])


def _filtered(actor: Actor, filters: Filters) -> sa.Select[tuple[Appeal]]:
    wanted = (
        visible_to(_as_staff(actor))
        .join(Organisation, Organisation.id == Application.organisation_id)
        .join(Call, Call.id == Application.call_id)
        .where(*_stage(filters.stage))
    )
    for word in filters.text.split()[:8]:
        wanted = wanted.where(
            sa.or_(
                Organisation.name.icontains(word, autoescape=True), Application.number.icontains(word, autoescape=True)
            )
        )
    if filters.call:
        wanted = wanted.where(Call.key == filters.call)
    today = clock.today()
    if filters.due in ("late", "soon"):
        wanted = wanted.where(Appeal.state.in_(UNDECIDED))
        wanted = wanted.where(
            _due_column() < today if filters.due == "late" else _due_column().between(today, today + rules.DUE_SOON)
        )
    return wanted


def queue(actor: Actor, filters: Filters, number: int = 1) -> Page[Line]:
    """Filed appeals that the actor may see; the most urgent first."""
    column = {"filed": Appeal.filed_at, "number": Application.number, "name": Organisation.name}.get(
        filters.sort.removeprefix("-"), _due_column()
    )
    order = column.desc() if filters.sort.startswith("-") else column.asc()
    select = (
        _filtered(actor, filters)
        .order_by(column.is_(None), order, Appeal.filed_at.desc(), Appeal.id)
        .options(
            joinedload(Appeal.application).options(*map(lazyload, LINES)),
            selectinload(Appeal.seats),
            joinedload(Appeal.supplement),
        )
    )
    page = paginate(select, number, PAGE_SIZE)
    return Page([line_of(one) for one in page.items], page.total, page.number, page.size)


def line_of(appeal: Appeal) -> Line:
    readers = [one for one in appeal.seats if one.role is SeatRole.READER and one.state in rules.SITTING]
    return Line(appeal, due_of(appeal), sum(one.state is SeatState.SUBMITTED for one in readers), len(readers))


def due_of(appeal: Appeal) -> Countdown | None:
    """What the clock runs for now: the check, the supplement or the re-inspection."""
    last = {
        AppealState.FILED: appeal.check_due_on,
        AppealState.SUPPLEMENT: appeal.supplement.due_on if appeal.supplement else None,
        AppealState.ADMITTED: appeal.due_on,
        AppealState.REVIEW: appeal.due_on,
    }.get(appeal.state)
    return rules.countdown(clock.today(), last) if last else None


def stage_counts(actor: Actor, filters: Filters) -> dict[str, int]:
    """How many rows each stage holds under the other filters: the numbers on the tabs."""
    counts = {}
    for stage in (*STAGES, ""):
        select = _filtered(actor, Filters(**{**vars(filters), "stage": stage}))
        counts[stage] = session.scalar(sa.select(sa.func.count()).select_from(select.order_by(None).subquery())) or 0
    return counts


def late_count(actor: Actor) -> int:
    """How many clocks ran out: the figure of the operator's home."""
    select = _filtered(actor, Filters(stage="", due="late"))
    return session.scalar(sa.select(sa.func.count()).select_from(select.subquery())) or 0


def calls(actor: Actor) -> list[tuple[str, Words]]:
    """The calls that have filed appeals in the actor's list, for its filter."""
    ids = _filtered(actor, Filters(stage="")).with_only_columns(Application.call_id)
    rows = session.scalars(sa.select(Call).where(Call.id.in_(ids)).order_by(Call.closes_at.desc(), Call.id)).unique()
    return [(row.key, row.title) for row in rows]


# --- the panel ----------------------------------------------------------------------------------------------


def seats(actor: Actor, state: str = "open") -> Sequence[AppealSeat]:
    """The actor's seats, the first due first. state: open (something to do), done, or all."""
    wanted = (
        seats_visible_to(actor)
        .join(Appeal, Appeal.id == AppealSeat.appeal_id)
        .options(joinedload(AppealSeat.appeal).joinedload(Appeal.application).options(*map(lazyload, LINES)))
        .order_by(AppealSeat.due_on, AppealSeat.id)
    )
    is_open = sa.and_(AppealSeat.state.in_(rules.OPEN_SEATS), Appeal.state == AppealState.REVIEW)
    if state in ("open", "done"):
        wanted = wanted.where(is_open if state == "open" else ~is_open)
    return session.scalars(wanted).unique().all()


def seat_counts(actor: Actor) -> dict[str, int]:
    open_now = len(seats(actor, "open"))
    return {"open": open_now, "done": len(seats(actor, "all")) - open_now}


def seats_of(appeal: Appeal, role: SeatRole | None = None, *, sitting: bool = True) -> list[AppealSeat]:
    return [
        one
        for one in appeal.seats
        if (role is None or one.role is role) and (not sitting or one.state in rules.SITTING)
    ]


def chair_seat(appeal: Appeal) -> AppealSeat | None:
    return next(iter(seats_of(appeal, SeatRole.CHAIR)), None)


def opinions_in(appeal: Appeal) -> Verdict:
    """Whether every reader has spoken."""
    readers = seats_of(appeal, SeatRole.READER)
    done = sum(one.state is SeatState.SUBMITTED for one in readers)
    if appeal.state is not AppealState.REVIEW:
        return no("appeal_seat_closed")
    return rules.opinions_suffice(done, len(readers) - done, appeal.readers)


# --- what the draw starts from (services only) ----------------------------------------------------------------


def first_panel_people(application_id: int) -> set[int]:
    """Everybody of the first evaluation: who reviewed, who stepped down, who chairs, who made any decision."""
    panel = evaluation.panel_of(application_id)
    people = {one.evaluator_id for one in panel.assignments} | {panel.chair_id} if panel else set()
    return people | {one.decided_by_id for one in evaluation.decisions_of(application_id) if one.decided_by_id}


def handlers(appeal: Appeal) -> set[int]:
    """Who assigned the first panel or checked the appeal."""
    panel = evaluation.panel_of(appeal.application_id)
    people = {panel.assigned_by_id, *(one.assigned_by_id for one in panel.assignments)} if panel else set()
    return {one for one in people | {appeal.checked_by_id} if one is not None}


def on_cases_of(organisation_id: int, *, beside: int) -> set[int]:
    """Who has another undecided case of the same firm on the desk, as evaluator, chair or on an appeal."""
    others = sa.select(Application.id).where(Application.organisation_id == organisation_id, Application.id != beside)
    decided = sa.select(Decision.application_id).where(Decision.superseded_at.is_(None))
    reviewing = sa.select(Assignment.evaluator_id).where(
        Assignment.application_id.in_(others), Assignment.application_id.not_in(decided)
    )
    chairing = sa.select(Panel.chair_id).where(
        Panel.application_id.in_(others), Panel.application_id.not_in(decided), Panel.chair_id.is_not(None)
    )
    judging = (
        sa.select(AppealSeat.person_id)
        .join(Appeal, Appeal.id == AppealSeat.appeal_id)
        .where(
            Appeal.application_id.in_(others),
            Appeal.state == AppealState.REVIEW,
            AppealSeat.state.in_(rules.SITTING),
        )
    )
    return set(session.scalars(sa.union(reviewing, chairing, judging)))


def loads() -> dict[int, int]:
    """Person → open cases on the desk: reviews and appeals."""
    found: dict[int, int] = {}
    for select in (
        sa.select(Assignment.evaluator_id, sa.func.count())
        .where(Assignment.state.in_(OPEN_STATES))
        .group_by(Assignment.evaluator_id),
        sa.select(AppealSeat.person_id, sa.func.count())
        .join(Appeal, Appeal.id == AppealSeat.appeal_id)
        .where(AppealSeat.state.in_(rules.OPEN_SEATS), Appeal.state == AppealState.REVIEW)
        .group_by(AppealSeat.person_id),
    ):
        for person, count in session.execute(select):
            found[person] = found.get(person, 0) + count
    return found


def undecided_of(application_id: int) -> Appeal | None:
    """The running appeal on an application, locked. For services."""
    return session.scalar(
        sa.select(Appeal)
        .where(Appeal.application_id == application_id, Appeal.state.in_(UNDECIDED))
        .with_for_update(of=Appeal)
        .execution_options(populate_existing=True)
    )


def industry_of(application: Application) -> str:
    """The firm's industry (KSIC) as it was handed in; "" where unknown."""
    version_id = evaluation.profile_version_id(application.id)
    version = profiles.version(SYSTEM, version_id) if version_id else None
    return (version.content["company"].get("ksic") if version else None) or ""


def people_of_firm(application: Application) -> Sequence[Person]:
    return applications.people_of(application.organisation_id)


def open_seats_of(person_id: int) -> Sequence[AppealSeat]:
    """Seats of a person that still wait for something. For services."""
    return session.scalars(
        sa.select(AppealSeat)
        .join(Appeal, Appeal.id == AppealSeat.appeal_id)
        .where(
            AppealSeat.person_id == person_id,
            AppealSeat.state.in_(rules.OPEN_SEATS),
            Appeal.state == AppealState.REVIEW,
        )
        .order_by(AppealSeat.id)
    ).all()


def undecided_ids() -> Sequence[int]:
    """Appeals under review, for the daily round."""
    return session.scalars(sa.select(Appeal.id).where(Appeal.state == AppealState.REVIEW).order_by(Appeal.id)).all()
