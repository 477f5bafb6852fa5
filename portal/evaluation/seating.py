"""Who may sit on a panel, how far the panels are, and the simple plan: what the operator assigns from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from portal.accounts.models import Organisation, Person
from portal.accounts.rules import OPERATOR, Role
from portal.applications import queries as applications
from portal.applications.models import Application
from portal.applications.rules import IN_EVALUATION
from portal.base import clock
from portal.base.access import Actor, NotVisible
from portal.base.db import session
from portal.base.paging import Page, paginate
from portal.base.words import Words
from portal.evaluation import rules
from portal.evaluation.models import Assignment, Decision, Panel
from portal.evaluation.queries import PAGE_SIZE, parties_of
from portal.evaluation.rules import OPEN_STATES, AssignmentState, Member
from portal.evaluators import queries as pool
from portal.programmes.models import Call
from portal.programmes.rules import Tier


def case_of(application: Application, panel: Panel | None) -> rules.Case:
    """What the assignment rules look at."""
    assignments = panel.assignments if panel else []
    sitting = [one for one in assignments if one.state is not AssignmentState.RECUSED]
    return rules.Case(
        id=application.id,
        parties=parties_of(application),
        taken=frozenset(one.evaluator_id for one in assignments),
        sitting=len(sitting),
        needed=max((panel.needed if panel else application.call.reviews) - len(sitting), 0),
        chair=panel.chair_id if panel else None,
    )


def _loads(column: Any, *conditions: Any) -> dict[int, int]:
    rows = session.execute(sa.select(column, sa.func.count()).where(*conditions).group_by(column))
    return {person_id: count for person_id, count in rows}


def evaluators() -> list[Member]:
    """Everybody in the pool who may review and is not away, with the cases open on their desk; the least loaded first."""
    load = _loads(Assignment.evaluator_id, Assignment.state.in_(OPEN_STATES))
    return _members(pool.available(role=Role.EVALUATOR), load)


def chairs() -> list[Member]:
    """Everybody in the pool who may chair and is not away, with the panels that they have not decided."""
    undecided = Panel.id.not_in(sa.select(Decision.panel_id))
    return _members(pool.available(role=Role.LEAD_EVALUATOR), _loads(Panel.chair_id, undecided))


def _members(people: Iterable[pool.PoolMember], load: Mapping[int, int]) -> list[Member]:
    members = [Member(one.person_id, one.name, one.organisation_id, load.get(one.person_id, 0)) for one in people]
    return sorted(members, key=lambda member: (member.load, member.name, member.id))


def people(ids: Iterable[int]) -> list[Person]:
    """People by id, in the order asked for; unknown ids are left out."""
    found = {one.id: one for one in session.scalars(sa.select(Person).where(Person.id.in_(list(ids))))}
    return [found[one] for one in ids if one in found]


@dataclass(frozen=True)
class Waiting:
    """One line of the operators' list."""

    application: Application
    panel: Panel | None
    sitting: int
    submitted: int
    needed: int
    due_on: date | None
    late: int

    @property
    def lacks_reader(self) -> bool:
        """A second reader was called and nobody has the seat yet."""
        return self.panel is not None and self.panel.needs_more and self.sitting < self.needed

    @property
    def stage(self) -> str:
        return stage_of(self.sitting, self.submitted, self.needed)


def stage_of(sitting: int, submitted: int, needed: int) -> str:
    if sitting < needed:
        return "waiting"
    return "ready" if submitted >= needed else "reviewing"


@dataclass(frozen=True)
class AssignmentFilters:
    """stage: waiting, reviewing, ready or "" for all; late: only with an overdue review; extra: only where a second
    reader was called and has no seat yet."""

    text: str = ""
    call: str = ""
    tier: Tier | None = None
    stage: str = "waiting"
    late: bool = False
    extra: bool = False
    sort: str = "submitted"


def _seats(*conditions: Any) -> Any:
    return (
        sa.select(sa.func.count(Assignment.id))
        .where(Assignment.application_id == Application.id, *conditions)
        .correlate(Application)
        .scalar_subquery()
    )


def waiting(actor: Actor, filters: AssignmentFilters, number: int = 1) -> Page[Waiting]:
    """Applications in evaluation that the operator may see, with how far their panels are."""
    page = paginate(_in_evaluation(actor, filters), number, PAGE_SIZE)
    panels = _panels_of([row.id for row in page.items])
    items = [_waiting(row, panels.get(row.id)) for row in page.items]
    return Page(items, page.total, page.number, page.size)


def _in_evaluation(actor: Actor, filters: AssignmentFilters) -> sa.Select[tuple[Application]]:
    sitting = _seats(Assignment.state != AssignmentState.RECUSED)
    submitted = _seats(Assignment.state == AssignmentState.SUBMITTED)
    late = _seats(Assignment.state.in_(OPEN_STATES), Assignment.due_on < clock.today())
    wanted = (
        applications.visible_to(actor)
        .join(Organisation, Organisation.id == Application.organisation_id)
        .join(Call, Call.id == Application.call_id)
        .outerjoin(Panel, Panel.application_id == Application.id)
        .where(Application.status.in_(IN_EVALUATION))
    )
    needed = sa.func.coalesce(Panel.reviews_needed, Call.reviews)
    for word in filters.text.split()[:8]:
        wanted = wanted.where(
            sa.or_(
                Organisation.name.icontains(word, autoescape=True), Application.number.icontains(word, autoescape=True)
            )
        )
    if filters.call:
        wanted = wanted.where(Call.key == filters.call)
    if filters.tier:
        wanted = wanted.where(Application.tier == filters.tier)
    if filters.stage == "waiting":
        wanted = wanted.where(sitting < needed)
    elif filters.stage == "reviewing":
        wanted = wanted.where(sitting >= needed, submitted < needed)
    elif filters.stage == "ready":
        wanted = wanted.where(submitted >= needed)
    if filters.late:
        wanted = wanted.where(late > 0)
    if filters.extra:
        wanted = wanted.where(Panel.reviews_needed > Call.reviews, sitting < needed)
    column = {"submitted": Application.submitted_at, "number": Application.number, "name": Organisation.name}.get(
        filters.sort.removeprefix("-"), Application.submitted_at
    )
    order = column.desc() if filters.sort.startswith("-") else column.asc()
    return wanted.order_by(order, Application.id)


def stage_counts(actor: Actor, filters: AssignmentFilters) -> dict[str, int]:
    """How many rows each stage holds under the other filters: the numbers on the tabs."""
    counts = {}
    for stage in ("waiting", "reviewing", "ready", ""):
        select = _in_evaluation(actor, AssignmentFilters(**{**vars(filters), "stage": stage}))
        counts[stage] = session.scalar(sa.select(sa.func.count()).select_from(select.order_by(None).subquery()))
    return counts


def readers_missing(actor: Actor) -> int:
    """How many running cases wait for an additional evaluator: the figure of the operator's home."""
    select = _in_evaluation(actor, AssignmentFilters(stage="", extra=True))
    return session.scalar(sa.select(sa.func.count()).select_from(select.order_by(None).subquery()))


def calls_in_evaluation(actor: Actor) -> list[tuple[str, Words]]:
    ids = (
        applications.visible_to(actor)
        .where(Application.status.in_(IN_EVALUATION))
        .with_only_columns(Application.call_id)
    )
    rows = session.scalars(sa.select(Call).where(Call.id.in_(ids)).order_by(Call.closes_at.desc(), Call.id)).unique()
    return [(row.key, row.title) for row in rows]


def _panels_of(application_ids: Sequence[int]) -> dict[int, Panel]:
    rows = session.scalars(
        sa.select(Panel)
        .where(Panel.application_id.in_(application_ids))
        .options(
            selectinload(Panel.assignments).joinedload(Assignment.evaluator),
            joinedload(Panel.chair),
            joinedload(Panel.decision),
        )
    )
    return {row.application_id: row for row in rows.unique()}


def _waiting(application: Application, panel: Panel | None) -> Waiting:
    seats = [one for one in (panel.assignments if panel else []) if one.state is not AssignmentState.RECUSED]
    today = clock.today()
    return Waiting(
        application=application,
        panel=panel,
        sitting=len(seats),
        submitted=sum(one.state is AssignmentState.SUBMITTED for one in seats),
        needed=panel.needed if panel else application.call.reviews,
        due_on=panel.due_on if panel else None,
        late=sum(one.state in OPEN_STATES and one.due_on < today for one in seats),
    )


def waiting_one(actor: Actor, application_key: str) -> Waiting:
    """One application in evaluation or decided, for the operator's page. Raises: NotVisible."""
    if not actor.has(*OPERATOR):
        raise NotVisible
    application = applications.by_key(actor, application_key)
    return _waiting(application, _panels_of([application.id]).get(application.id))
