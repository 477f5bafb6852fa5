"""Reading draws: who sees which, what lacks evaluators, what a plan says, whether its lot may show."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import lazyload

from portal.accounts.models import Organisation, Person
from portal.accounts.rules import Role
from portal.applications import queries as applications
from portal.applications.models import Application
from portal.applications.rules import IN_EVALUATION
from portal.base import files
from portal.base.access import Actor, NotVisible
from portal.base.db import session
from portal.base.paging import Page, paginate
from portal.base.words import Words
from portal.evaluation import lots
from portal.evaluation.lots import DrawState, ReplayState
from portal.evaluation.models import Assignment, Draw, DrawReplay, Panel
from portal.evaluation.phases import PHASE_OF, PhaseKind
from portal.evaluation.queries import LINES, PAGE_SIZE
from portal.evaluation.rules import AssignmentState
from portal.profiles.models import Profile
from portal.programmes.models import Call

ROWS = 25
"""Applications on one page of a plan."""


# --- who sees what ------------------------------------------------------------------------------------------


def visible_to(actor: Actor) -> sa.Select[tuple[Draw]]:
    """Draws that an actor may open: national operators and auditors all, regional operators what they asked for."""
    if actor.is_system or actor.has(Role.OPERATOR_NATIONAL, Role.AUDITOR):
        return sa.select(Draw)
    own = Draw.asked_by_id == actor.id if actor.has(Role.OPERATOR_REGION) else sa.false()
    return sa.select(Draw).where(own)


def by_key(actor: Actor, key: str) -> Draw:
    """Raises: NotVisible."""
    row = session.scalar(visible_to(actor).where(Draw.key == key))
    if row is None:
        raise NotVisible
    return row


def listed(actor: Actor, call: str = "", number: int = 1, *, automatic: bool = True) -> Page[Draw]:
    """Draws, the newest first."""
    wanted = visible_to(actor).order_by(Draw.asked_at.desc(), Draw.id.desc())
    if call:
        wanted = wanted.where(Draw.call_id.in_(sa.select(Call.id).where(Call.key == call)))
    if not automatic:
        wanted = wanted.where(Draw.cause == lots.DrawCause.PANELS)
    return paginate(wanted, number, PAGE_SIZE)


def calls_with_draws(actor: Actor) -> list[tuple[str, Words]]:
    ids = visible_to(actor).with_only_columns(Draw.call_id)
    rows = session.scalars(sa.select(Call).where(Call.id.in_(ids)).order_by(Call.closes_at.desc(), Call.id)).unique()
    return [(row.key, row.title) for row in rows]


def replays_of(draw: Draw) -> Sequence[DrawReplay]:
    """How the draw came out again, the newest first."""
    return session.scalars(
        sa.select(DrawReplay).where(DrawReplay.draw_id == draw.id).order_by(DrawReplay.id.desc())
    ).all()


# --- what lacks evaluators ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lacking:
    """An application whose panel is not full, with what a draw has to know of it."""

    id: int
    number: str
    organisation_id: int
    call_id: int
    sitting: int
    needed: int
    chair_id: int | None
    assigned_by_id: int | None
    text: str
    technologies: frozenset[str]
    industry: str


_TEXTS = (Application.problem, Application.goal, Application.build, Application.schedule, Application.effect)


def _sitting() -> Any:
    return (
        sa.select(sa.func.count(Assignment.id))
        .where(Assignment.application_id == Application.id, Assignment.state != AssignmentState.RECUSED)
        .correlate(Application)
        .scalar_subquery()
    )


def _lacking(
    actor: Actor, call_id: int, phase: PhaseKind | None, application_ids: Sequence[int] | None
) -> sa.Select[tuple[Application]]:
    statuses = IN_EVALUATION if phase is None else [one for one in IN_EVALUATION if PHASE_OF[one] is phase]
    wanted = (
        applications.visible_to(actor)
        .join(Call, Call.id == Application.call_id)
        .outerjoin(Panel, Panel.application_id == Application.id)
        .where(
            Application.call_id == call_id,
            Application.status.in_(statuses),
            _sitting() < sa.func.coalesce(Panel.reviews_needed, Call.reviews),
        )
    )
    return wanted if application_ids is None else wanted.where(Application.id.in_(application_ids))


def count_lacking(
    actor: Actor, call_id: int, phase: PhaseKind | None = None, application_ids: Sequence[int] | None = None
) -> int:
    select = _lacking(actor, call_id, phase, application_ids).with_only_columns(sa.func.count())
    return session.scalar(select)


def lacking(
    actor: Actor, call_id: int, phase: PhaseKind | None = None, application_ids: Sequence[int] | None = None
) -> list[Lacking]:
    """Applications of a call whose panels are not full, by id; columns only, because there may be 25,000."""
    columns = (
        Application.id,
        Application.number,
        Application.organisation_id,
        Application.call_id,
        _sitting().label("sitting"),
        sa.func.coalesce(Panel.reviews_needed, Call.reviews).label("needed"),
        Panel.chair_id,
        Panel.assigned_by_id,
        Application.scope,
        Profile.ksic,
        *_TEXTS,
    )
    select = (
        _lacking(actor, call_id, phase, application_ids)
        .outerjoin(Profile, Profile.organisation_id == Application.organisation_id)
        .with_only_columns(*columns)
        .order_by(Application.id)
    )
    return [
        Lacking(
            id=row.id,
            number=row.number,
            organisation_id=row.organisation_id,
            call_id=row.call_id,
            sitting=row.sitting,
            needed=row.needed,
            chair_id=row.chair_id,
            assigned_by_id=row.assigned_by_id,
            text="\n".join(part for part in row[-len(_TEXTS) :] if part),
            technologies=frozenset(row.scope or ()),
            industry=row.ksic or "",
        )
        for row in session.execute(select)
    ]


@dataclass(frozen=True)
class CallToDraw:
    """One call with applications that lack evaluators."""

    call: Call
    lacking: int


def calls_to_draw(actor: Actor) -> list[CallToDraw]:
    """Calls whose panels are not full, those with most first."""
    ids = set(
        session.scalars(
            applications.visible_to(actor)
            .where(Application.status.in_(IN_EVALUATION))
            .with_only_columns(Application.call_id)
        )
    )
    calls = session.scalars(sa.select(Call).where(Call.id.in_(ids)).order_by(Call.id)).unique()
    rows = [CallToDraw(call, count_lacking(actor, call.id)) for call in calls]
    return sorted([row for row in rows if row.lacking], key=lambda row: (-row.lacking, row.call.id))


def to_confirm(actor: Actor) -> list[Draw]:
    """Plans that wait for their confirmation, the oldest first."""
    return list(session.scalars(visible_to(actor).where(Draw.state == DrawState.PLANNED).order_by(Draw.id)))


def call_by_key(actor: Actor, key: str) -> Call:
    """A call of which the actor may see an application in evaluation. Raises: NotVisible."""
    seen = (
        applications.visible_to(actor)
        .where(Application.status.in_(IN_EVALUATION))
        .with_only_columns(Application.call_id)
    )
    row = session.scalar(sa.select(Call).where(Call.key == key, Call.id.in_(seen)))
    if row is None:
        raise NotVisible
    return row


def open_of(call_id: int, asked_by_id: int | None) -> Draw | None:
    """The draw of a call that its asker has still to deal with."""
    return session.scalar(
        sa.select(Draw).where(Draw.call_id == call_id, Draw.asked_by_id == asked_by_id, Draw.state.in_(lots.OPEN))
    )


def seats_in_call(call_id: int) -> list[tuple[int, int]]:
    """(application, evaluator) of everybody who sits on a panel of the call."""
    rows = session.execute(
        sa.select(Assignment.application_id, Assignment.evaluator_id)
        .join(Application, Application.id == Assignment.application_id)
        .where(Application.call_id == call_id, Assignment.state != AssignmentState.RECUSED)
        .order_by(Assignment.application_id, Assignment.evaluator_id)
    )
    return [(application_id, evaluator_id) for application_id, evaluator_id in rows]


def taken_in_call(call_id: int) -> set[tuple[int, int]]:
    """(application, evaluator) of everybody who sits on a panel of the call, or has left it."""
    rows = session.execute(
        sa.select(Assignment.application_id, Assignment.evaluator_id)
        .join(Application, Application.id == Assignment.application_id)
        .where(Application.call_id == call_id)
    )
    return {(application_id, evaluator_id) for application_id, evaluator_id in rows}


def chairs_in_call(call_id: int) -> dict[int, int]:
    """Chair → panels of the call."""
    rows = session.execute(
        sa.select(Panel.chair_id, sa.func.count())
        .join(Application, Application.id == Panel.application_id)
        .where(Application.call_id == call_id)
        .group_by(Panel.chair_id)
    )
    return {chair_id: count for chair_id, count in rows}


# --- for the worker -----------------------------------------------------------------------------------------


def next_to_work() -> int | None:
    """The oldest draw for which the worker has something to do."""
    return session.scalar(sa.select(Draw.id).where(Draw.state.in_(lots.WORKING)).order_by(Draw.id).limit(1))


def next_to_replay() -> int | None:
    return session.scalar(
        sa.select(DrawReplay.id).where(DrawReplay.state == ReplayState.WAITING).order_by(DrawReplay.id).limit(1)
    )


def kept(sha256: str | None) -> Any:
    """The data of one of a draw's files; None while there is none."""
    if not sha256:
        return None
    with files.open_blob(sha256) as file:
        return json.loads(file.read())


# --- pages ----------------------------------------------------------------------------------------------------


def shows_lot(draw: Draw) -> bool:
    """Whether the lot is published: once every case that it seated is decided, or when nothing came of the draw."""
    if draw.state in (DrawState.DISCARDED, DrawState.FAILED):
        return True
    if draw.state is not DrawState.CONFIRMED:
        return False
    undecided = (
        sa.select(Assignment.id)
        .join(Application, Application.id == Assignment.application_id)
        .where(Assignment.draw_id == draw.id, Application.status.in_(IN_EVALUATION))
        .exists()
    )
    return not session.scalar(sa.select(undecided))


@dataclass(frozen=True)
class Seat:
    """One evaluator on one line of a plan. band: how well the person fits; soft: a tie that will be asked about."""

    name: str
    band: str
    why: Mapping[str, Any]
    soft: bool


@dataclass(frozen=True)
class Line:
    """One application of a plan."""

    application: Application
    seats: tuple[Seat, ...]
    chair: str | None
    missing: int
    reason: Words | None


@dataclass(frozen=True)
class Load:
    """One evaluator's share of a plan."""

    name: str
    organisation: str
    before: int
    now: int
    most: int
    high: int

    @property
    def after(self) -> int:
        return self.before + self.now


def lines(actor: Actor, draw: Draw, number: int = 1, *, short_only: bool = False) -> Page[Line]:
    """The plan case by case; cases that could not be filled can be shown alone."""
    plan, detail = kept(draw.result_sha256), kept(draw.detail_sha256) or {}
    if plan is None:
        return Page([], 0, 1, ROWS)
    by_case: dict[int, list[int]] = {}
    for application_id, person_id in plan["pairs"]:
        by_case.setdefault(application_id, []).append(person_id)
    unmet, chairs = dict(map(tuple, plan["unmet"])), dict(map(tuple, plan["chairs"]))
    chairless = set(plan["chairless"])
    short = unmet.keys() | chairless
    ids = sorted(short if short_only else by_case.keys() | short)
    wanted = (
        applications.visible_to(actor)
        .where(Application.id.in_(ids))
        .order_by(Application.number, Application.id)
        .options(*map(lazyload, LINES))
    )
    page = paginate(wanted, number, ROWS)
    shown = [row.id for row in page.items]
    chairs |= dict(
        session.execute(
            sa.select(Panel.application_id, Panel.chair_id).where(
                Panel.application_id.in_(shown), Panel.application_id.not_in(chairs)
            )
        ).all()
    )
    people = {one for row in shown for one in by_case.get(row, ())} | {chairs[row] for row in shown if row in chairs}
    names = names_of(people)
    why = draw.summary.get("why", {})
    items = [
        Line(
            application=row,
            seats=tuple(_seat(names, detail.get(f"{row.id}:{one}", {}), one) for one in by_case.get(row.id, ())),
            chair=names.get(chairs.get(row.id, 0)),
            missing=unmet.get(row.id, 0),
            reason=lots.WHY.get(why.get(str(row.id), "")),
        )
        for row in page.items
    ]
    return Page(items, page.total, page.number, page.size)


def _seat(names: Mapping[int, str], detail: Mapping[str, Any], person_id: int) -> Seat:
    return Seat(names.get(person_id, "–"), detail.get("band", ""), detail.get("why", {}), bool(detail.get("soft")))


def loads(draw: Draw) -> list[Load]:
    """The plan evaluator by evaluator, the fullest first."""
    rows = draw.summary.get("loads", [])
    people = {
        one.id: (one.name, organisation or "–")
        for one, organisation in session.execute(
            sa.select(Person, Organisation.name)
            .outerjoin(Organisation, Organisation.id == Person.organisation_id)
            .where(Person.id.in_([row[0] for row in rows]))
        )
    }
    found = [
        Load(*people.get(person_id, ("–", "–")), before, now, most, high) for person_id, before, now, most, high in rows
    ]
    return sorted(found, key=lambda one: (-one.after, -one.now, one.name))


def chair_loads(draw: Draw) -> list[tuple[str, int]]:
    rows = draw.summary.get("chairs", [])
    names = names_of([row[0] for row in rows])
    return sorted(((names.get(person_id, "–"), count) for person_id, count in rows), key=lambda one: (-one[1], one[0]))


def names_of(ids: Any) -> dict[int, str]:
    rows = session.execute(sa.select(Person.id, Person.name).where(Person.id.in_(list(ids))))
    return {person_id: name for person_id, name in rows}
