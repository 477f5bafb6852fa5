"""How strict the evaluators are, as the newest calibration found it: asked for, kept, and read beside the raw totals.

The raw totals decide; what stands here is only shown. The model itself (`severity`) runs in the worker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import sqlalchemy as sa

from portal.accounts.models import Person
from portal.applications.models import Application
from portal.base import audit, clock, outbox
from portal.base.access import SYSTEM, Actor
from portal.base.db import session, transaction
from portal.evaluation.models import Assignment, Review, Severity, SeverityRun
from portal.evaluation.rules import AssignmentState, counted


@dataclass(frozen=True)
class Adjusted:
    """The mean of a case if every judge were as strict as the average one. error: its standard error from that."""

    total: float
    error: float


@dataclass(frozen=True)
class SeverityLine:
    person: Person
    points: float
    error: float
    reviews: int

    @property
    def stands_out(self) -> bool:
        """Further from the average than two standard errors."""
        return abs(self.points) > 2 * self.error


def newest() -> SeverityRun | None:
    """The newest finished calibration."""
    return session.scalar(
        sa.select(SeverityRun).where(SeverityRun.made_at.is_not(None)).order_by(SeverityRun.id.desc()).limit(1)
    )


def is_waiting() -> bool:
    """Whether a calibration was asked for that is not finished."""
    last = session.scalar(sa.select(SeverityRun).order_by(SeverityRun.id.desc()).limit(1))
    return last is not None and last.made_at is None


def adjusted(votes: Sequence[tuple[int, float]]) -> Adjusted | None:
    """The adjusted mean of one case. votes: evaluator id and total of each review that counts.

    Returns: None without votes, or while no calibration knows all of the judges
    """
    run = newest()
    if run is None or not votes:
        return None
    ids = [person_id for person_id, _ in votes]
    rows = session.scalars(sa.select(Severity).where(Severity.run_id == run.id, Severity.evaluator_id.in_(ids)))
    return _adjusted(votes, {row.evaluator_id: row for row in rows})


def adjusted_of_call(call_id: int) -> dict[int, Adjusted]:
    """The adjusted means of a call, by application, for lists; who has none is left out."""
    run = newest()
    if run is None:
        return {}
    known = {row.evaluator_id: row for row in session.scalars(sa.select(Severity).where(Severity.run_id == run.id))}
    votes: dict[int, list[tuple[int, float]]] = {}
    rows = session.execute(
        sa.select(Review.application_id, Assignment.evaluator_id, Review.total)
        .join(Assignment, Assignment.id == Review.assignment_id)
        .join(Application, Application.id == Review.application_id)
        .where(
            Application.call_id == call_id,
            Assignment.state == AssignmentState.SUBMITTED,
            Review.total.is_not(None),
        )
        .order_by(Review.application_id, Assignment.pseudonym)
    )
    for application_id, person_id, total in rows:
        votes.setdefault(application_id, []).append((person_id, total))
    found = {}
    for application_id, given in votes.items():
        counting = [given[place] for place in counted([total for _, total in given])]
        if (one := _adjusted(counting, known)) is not None:
            found[application_id] = one
    return found


def _adjusted(votes: Sequence[tuple[int, float]], known: Mapping[int, Severity]) -> Adjusted | None:
    ids = [person_id for person_id, _ in votes]
    if set(ids) - known.keys():
        return None
    total = sum(points + known[person_id].points for person_id, points in votes) / len(votes)
    error = sqrt(sum(known[person_id].standard_error ** 2 for person_id in ids)) / len(votes)
    return Adjusted(round(min(max(total, 0.0), 100.0), 2), round(error, 2))


def severity_of(evaluator_id: int) -> Severity | None:
    """One evaluator in the newest calibration; for the own record. Who calls has checked the right."""
    run = newest()
    if run is None:
        return None
    return session.scalar(sa.select(Severity).where(Severity.run_id == run.id, Severity.evaluator_id == evaluator_id))


def lines(run: SeverityRun) -> list[SeverityLine]:
    """All evaluators of a calibration, the strictest first; only for operators."""
    rows = session.execute(
        sa.select(Severity, Person)
        .join(Person, Person.id == Severity.evaluator_id)
        .where(Severity.run_id == run.id)
        .order_by(Severity.points.desc(), Person.id)
    )
    return [SeverityLine(person, row.points, row.standard_error, row.reviews) for row, person in rows]


# --- making one ---------------------------------------------------------------------------------------------


def ask(actor: Actor) -> SeverityRun:
    """Ask the worker for a calibration; one that waits already is not asked for twice. Notes: emits severity.asked"""
    with transaction():
        waiting = session.scalar(
            sa.select(SeverityRun).where(SeverityRun.made_at.is_(None)).order_by(SeverityRun.id.desc()).limit(1)
        )
        if waiting is not None:
            return waiting
        run = SeverityRun(asked_by_id=actor.id)
        session.add(run)
        session.flush()
        audit.record(actor, "severity.ask", "severity_run", run.id)
        outbox.emit("severity.asked", run_id=run.id)
        return run


def calibrate(run_id: int) -> None:
    """severity.asked → the model over every submitted review; in the worker."""
    from portal.evaluation import severity  # numpy: only the worker pays for it

    rows = session.execute(
        sa.select(Review.application_id, Assignment.evaluator_id, Review.total)
        .join(Assignment, Assignment.id == Review.assignment_id)
        .where(Review.submitted_at.is_not(None), Review.total.is_not(None))
        .order_by(Review.id)
    ).all()
    cases = {one: place for place, one in enumerate(dict.fromkeys(row[0] for row in rows))}
    judges = {one: place for place, one in enumerate(sorted({row[1] for row in rows}))}
    with transaction():
        run = session.get(SeverityRun, run_id)
        if run is None or run.made_at is not None:
            return
        if rows:
            model = severity.fit(
                [cases[row[0]] for row in rows], [judges[row[1]] for row in rows], [row[2] for row in rows], len(judges)
            )
            counts = dict.fromkeys(judges, 0)
            for row in rows:
                counts[row[1]] += 1
            session.execute(
                sa.insert(Severity),
                [
                    {
                        "run_id": run.id,
                        "evaluator_id": person_id,
                        "points": round(float(model.points[place]), 3),
                        "standard_error": round(float(model.errors[place]), 3),
                        "reviews": counts[person_id],
                    }
                    for person_id, place in judges.items()
                ],
            )
            run.noise, run.spread = round(model.noise, 3), round(model.spread, 3)
        session.execute(sa.delete(Severity).where(Severity.run_id < run.id))  # only the newest one is ever read
        run.reviews, run.evaluators, run.made_at = len(rows), len(judges), clock.now()
        audit.record(SYSTEM, "severity.calibrate", "severity_run", run.id, {"reviews": len(rows)})


def nightly() -> None:
    """Calibrate when reviews came in since the last time; by the worker's schedule."""
    last = newest()
    count = session.scalar(
        sa.select(sa.func.count()).where(Review.submitted_at.is_not(None), Review.total.is_not(None))
    )
    if not is_waiting() and count and (last is None or last.reviews != count):
        ask(SYSTEM)
