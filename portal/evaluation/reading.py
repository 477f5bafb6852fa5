"""Cases that an evaluator may read without reviewing them, where the phase of a call shows all of its cases.

Only who judges in that call reads, each case after a declaration of its own, and never one that a conflict bars. Answers
and plan are read; evidence, reviews and the suggestion are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from portal.accounts.rules import Role
from portal.applications.models import Application
from portal.applications.rules import IN_EVALUATION, Status
from portal.base import audit
from portal.base.access import Actor, NotVisible, RuleBroken
from portal.base.db import session, transaction
from portal.evaluation import casefile, declaring, masking, phases, plans
from portal.evaluation.casefile import Diagnosis
from portal.evaluation.models import Assignment, CaseReading, PhaseRow
from portal.evaluation.rules import AssignmentState

LIMIT = 500


def visible_to(actor: Actor) -> sa.Select[tuple[Application]]:
    """The cases of the calls in which the actor judges whose phase shows all cases; own ones are not among them."""
    if not actor.has(Role.EVALUATOR):
        return sa.select(Application).where(sa.false())
    own = sa.select(Assignment.application_id).where(Assignment.evaluator_id == actor.id)
    judged_in = (
        sa.select(Application.call_id)
        .join(Assignment, Assignment.application_id == Application.id)
        .where(
            Assignment.evaluator_id == actor.id,
            Assignment.state != AssignmentState.RECUSED,
            Assignment.declared_at.is_not(None),
        )
    )
    return sa.select(Application).where(
        Application.call_id.in_(judged_in),
        Application.id.not_in(own),
        Application.status.in_(IN_EVALUATION),
        _shows_all(),
    )


def _shows_all() -> sa.ColumnElement[bool]:
    calls = set(session.scalars(sa.select(PhaseRow.call_id).where(PhaseRow.sees_all.is_(True))))
    ways: list[sa.ColumnElement[bool]] = []
    for call_id, kept in plans.phases_by_call(calls).items():
        statuses: list[Status] = [one for one in IN_EVALUATION if phases.phase_at(kept, one).sees_all]
        ways.append(sa.and_(Application.call_id == call_id, Application.status.in_(statuses)))
    return sa.or_(*ways) if ways else sa.false()


def is_open_to(actor: Actor) -> bool:
    """Whether there is any case to read, for the link on the desk."""
    return session.scalar(sa.select(visible_to(actor).exists())) is True


@dataclass(frozen=True)
class ReadableCase:
    application: Application
    firm: str
    is_open: bool


def cases(actor: Actor) -> list[ReadableCase]:
    """The cases that may be read, by number."""
    rows = session.scalars(visible_to(actor).order_by(Application.number).limit(LIMIT)).unique().all()
    opened = _opened(actor, [row.id for row in rows])
    kept = plans.phases_by_call({row.call_id for row in rows})
    return [
        ReadableCase(
            row,
            str(masking.firm_of(row, phases.phase_at(kept[row.call_id], row.status))),
            row.id in opened,
        )
        for row in rows
    ]


def _opened(actor: Actor, ids: Sequence[int]) -> frozenset[int]:
    found = session.scalars(
        sa.select(CaseReading.application_id).where(
            CaseReading.person_id == actor.id, CaseReading.application_id.in_(ids)
        )
    )
    return frozenset(found)


def case_by_key(actor: Actor, key: str) -> Application:
    """Raises: NotVisible."""
    row = session.scalar(visible_to(actor).where(Application.key == key))
    if row is None:
        raise NotVisible
    return row


@dataclass(frozen=True)
class ReadFile:
    """What stands on the page: the plan and the answers, with names struck out where the phase hides them."""

    application: Application
    shown: masking.Shown
    diagnosis: Diagnosis


def file_of(actor: Actor, application: Application) -> ReadFile | None:
    """The case, once the actor has declared; None before. A conflict that came up since shuts it again."""
    if application.id not in _opened(actor, [application.id]):
        return None
    if declaring.screen_person(application.id, actor.id).barred:
        raise NotVisible
    return ReadFile(application, masking.shown(application), casefile.diagnosis_of(application.id))


def open_file(actor: Actor, application: Application, *, no_conflict: bool) -> None:
    """The evaluator declares for this one case, too. Opening twice changes nothing.

    Raises: RuleBroken evaluation_declare (no_conflict), evaluation_reading_barred; NotVisible
    """
    with transaction():
        row = case_by_key(actor, application.key)
        if row.id in _opened(actor, [row.id]):
            return
        if not no_conflict:
            raise RuleBroken("evaluation_declare", "no_conflict")
        screening = declaring.screen_person(row.id, actor.id)
        if screening.barred or screening.asked:  # nobody has to read it: what would be asked is enough to stay out
            raise RuleBroken("evaluation_reading_barred")
        session.add(CaseReading(application_id=row.id, person_id=actor.id))
        session.flush()
        audit.record(actor, "case.read", "application", row.id)
