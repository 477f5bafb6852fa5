"""Conflicts that come up after the seats were drawn: the nightly search, and what a common panel leaves behind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from typing import Any

import sqlalchemy as sa

from portal.accounts import queries as accounts
from portal.accounts.models import Person
from portal.accounts.rules import Role
from portal.applications.models import Application
from portal.applications.rules import IN_EVALUATION
from portal.base import clock, mail
from portal.base.access import SYSTEM
from portal.base.db import session, transaction
from portal.conflicts import service as conflicts
from portal.conflicts.models import Objection
from portal.conflicts.rules import AT_A_DRAW, Found, Moment, ObjectionState, Source, Strength, TieKind
from portal.evaluation import conflicted, declaring, queries
from portal.evaluation.conflicted import CASE
from portal.evaluation.models import Assignment, Panel
from portal.evaluation.rules import OPEN_STATES, AssignmentState


def recheck(application_id: int | None = None) -> int:
    """Look for conflicts of everybody who sits on a running case. Returns how many seats were freed.

    application_id: only this case; default all
    Notes: an open seat with a conflict that bars becomes free; a review that was handed in and a chair's seat are for
           the operator to judge, who gets a letter; what is not found any more is closed
    """
    if application_id is None:
        _remember_employers()
    wanted = Application.status.in_(IN_EVALUATION)
    if application_id is not None:
        wanted = sa.and_(wanted, Application.id == application_id)
    seats, chairs = _seats(wanted), _chairs(wanted)
    sitting: dict[int, set[int]] = defaultdict(set)
    for seat in seats:
        sitting[seat.application_id].add(seat.evaluator_id)
    for application_id, chair_id in chairs:
        sitting[application_id].add(chair_id)
    if not sitting:
        return 0
    people = set().union(*sitting.values())
    found = [
        one
        for one in conflicted.barred(sitting, people, Moment.NIGHTLY, kinds=AT_A_DRAW)
        if one.evaluator_id in sitting[one.case_id]
    ]
    with transaction():
        conflicts.keep_found(SYSTEM, CASE, found, Moment.NIGHTLY)
        conflicts.end_missing(SYSTEM, CASE, sitting, people, found, kinds=AT_A_DRAW)
    return _free(seats, found)


def _seats(wanted: Any) -> list[Any]:
    return list(
        session.execute(
            sa.select(Assignment.id, Assignment.application_id, Assignment.evaluator_id, Assignment.state)
            .join(Application, Application.id == Assignment.application_id)
            .where(wanted, Assignment.state != AssignmentState.RECUSED)
            .order_by(Assignment.id)
        )
    )


def _chairs(wanted: Any) -> list[tuple[int, int]]:
    rows = session.execute(
        sa.select(Panel.application_id, Panel.chair_id)
        .join(Application, Application.id == Panel.application_id)
        .where(wanted)
    )
    return [(application_id, chair_id) for application_id, chair_id in rows]


def _free(seats: Iterable[Any], found: Iterable[Found]) -> int:
    hard = {(one.case_id, one.evaluator_id) for one in found if one.strength is Strength.HARD}
    freed = 0
    for seat in seats:
        pair = (seat.application_id, seat.evaluator_id)
        if pair not in hard or seat.state not in OPEN_STATES:
            continue
        hard.discard(pair)
        with transaction():
            assignment = session.get(Assignment, seat.id)
            queries.lock(assignment)
            if assignment.state in OPEN_STATES:
                declaring.free_for_conflict(assignment, Moment.NIGHTLY)
                freed += 1
    for application_id, _person_id in sorted(hard):
        _write_to_operator(application_id)
    return freed


def _write_to_operator(application_id: int) -> None:
    """One letter for each case whose review or chair stands in doubt."""
    with transaction():
        panel = queries.panel_of(application_id)
        operator = session.get(Person, panel.assigned_by_id) if panel and panel.assigned_by_id else None
        if operator is not None:
            mail.queue(
                operator.email,
                "conflict_found",
                operator.language,
                f"conflict-found-{panel.id}",
                name=operator.name,
                number=panel.application.number,
                path="/operator/conflicts?state=standing",
            )


def _remember_employers() -> None:
    """Keep where evaluators work, because an employer that somebody left still counts for three years."""
    people: dict[int, Person] = {}
    for role in (Role.EVALUATOR, Role.LEAD_EVALUATOR):
        people |= {one.id: one for one in accounts.people_with_role(role)}
    employers = {one.id: one.organisation_id for one in people.values()}
    with transaction():
        for person_id, organisation_id in sorted(employers.items()):
            origin = ("register", person_id)
            conflicts.end_ties_from(SYSTEM, origin, TieKind.EMPLOYED, but=organisation_id)
            if organisation_id is not None:
                conflicts.note_tie(
                    SYSTEM,
                    TieKind.EMPLOYED,
                    Source.REGISTER,
                    person_id=person_id,
                    organisation_id=organisation_id,
                    origin=origin,
                )


def on_objection_answered(objection_id: int) -> None:
    """objection.answered → a granted one takes effect at once, also where the panel was named meanwhile."""
    row = session.get(Objection, objection_id)
    if row.object_type == CASE and row.state is ObjectionState.GRANTED:
        recheck(row.object_id)


def note_panel(application_id: int, **_: Any) -> None:
    """decision.made → those who sat on one panel have worked together: one tie for each two people, with its last day."""
    panel = queries.panel_of(application_id)
    if panel is None:
        return
    sat = {one.evaluator_id for one in panel.assignments if one.state is AssignmentState.SUBMITTED} | {panel.chair_id}
    for one, other in combinations(sorted(sat), 2):
        _note_coworkers(one, other)


def _note_coworkers(one: int, other: int) -> None:
    conflicts.note_tie(
        SYSTEM,
        TieKind.WORKED_WITH,
        Source.EVALUATION,
        person_id=one,
        other_person_id=other,
        to_on=clock.today(),
        origin=("panel_pair", one),
    )
