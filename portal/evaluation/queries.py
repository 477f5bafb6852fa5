"""Who sees what of an evaluation, by `visible_to` and `panels_visible_to`; and the rows that the services start from.

An evaluator sees the own cases and never another's review; the chair sees submitted reviews under their pseudonyms;
the operator sees who sits where; the firm sees scores, comments and reasons once the decision is made, and no person.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, lazyload, selectinload

from portal.accounts.models import Person
from portal.accounts.rules import Role
from portal.applications import queries as applications
from portal.applications.models import Application, Snapshot
from portal.base.access import SYSTEM, Actor, NotVisible
from portal.base.db import session
from portal.evaluation import disagreement, rules
from portal.evaluation.models import Assignment, CallPlan, Decision, Finding, Panel, Review
from portal.evaluation.rules import AssignmentState
from portal.programmes.rules import Tier
from portal.scoring import queries as suggestions
from portal.scoring.models import SecondReaderCall, Suggestion

PAGE_SIZE = 30
LINES = (Application.costs, Application.kpis, Application.member, Application.papers)


# --- who sees what ------------------------------------------------------------------------------------------


def visible_to(actor: Actor) -> sa.Select[tuple[Assignment]]:
    """The assignments of the actor as an evaluator; one that was stepped down from is gone."""
    return sa.select(Assignment).where(
        Assignment.evaluator_id == actor.id if actor.has(*rules.EVALUATORS) else sa.false(),
        Assignment.state != AssignmentState.RECUSED,
    )


def panels_visible_to(actor: Actor) -> sa.Select[tuple[Panel]]:
    """Panels that the actor chairs."""
    return sa.select(Panel).where(Panel.chair_id == actor.id if actor.has(Role.LEAD_EVALUATOR) else sa.false())


def case_by_key(actor: Actor, key: str) -> Assignment:
    """One own assignment with its application. Raises: NotVisible."""
    row = session.scalar(
        visible_to(actor)
        .where(Assignment.key == key)
        .options(joinedload(Assignment.application), joinedload(Assignment.panel), joinedload(Assignment.review))
    )
    if row is None:
        raise NotVisible
    return row


def panel_by_application(actor: Actor, application_key: str) -> Panel:
    """One panel of the chair. Raises: NotVisible."""
    row = session.scalar(
        panels_visible_to(actor)
        .join(Application, Application.id == Panel.application_id)
        .where(Application.key == application_key)
        .options(
            joinedload(Panel.application),
            joinedload(Panel.decision),
            selectinload(Panel.assignments).joinedload(Assignment.review),
        )
    )
    if row is None:
        raise NotVisible
    return row


# --- rows for services (who calls has checked the right) ------------------------------------------------------


def panel_of(application_id: int, *, lock: bool = False) -> Panel | None:
    select = sa.select(Panel).where(Panel.application_id == application_id)
    if lock:
        select = select.with_for_update(of=Panel).execution_options(populate_existing=True)
    return session.scalar(select)


def panels_to_decide(application_ids: Collection[int]) -> dict[int, Panel]:
    """The panels of many applications by their ids, locked in one order, with what a decision looks at."""
    rows = session.scalars(
        sa.select(Panel)
        .where(Panel.application_id.in_(application_ids))
        .options(
            joinedload(Panel.application).options(*map(lazyload, LINES)),
            selectinload(Panel.assignments),
            selectinload(Panel.finding),
            selectinload(Panel.decision),
        )
        .order_by(Panel.id)
        .with_for_update(of=Panel)
        .execution_options(populate_existing=True)
    )
    return {row.application_id: row for row in rows}


def lock(row: Panel | Assignment) -> None:
    """One writer at a time on a panel or an assignment."""
    session.refresh(row, with_for_update={"of": type(row)})  # PostgreSQL locks no outer join


def locked_application(actor: Actor, application_id: int) -> Application:
    """The application, so that two operators can't name two panels for it at once. Raises: NotVisible."""
    return applications.by_id(actor, application_id, lock=True)


def decision_of(application_id: int) -> Decision | None:
    """The decision that counts: the newest one."""
    return session.scalar(
        sa.select(Decision).where(Decision.application_id == application_id, Decision.superseded_at.is_(None))
    )


def has_decisions(call_id: int) -> bool:
    """Whether firms of a call were told a decision and rely on its terms."""
    # public: a yes or no about a call, for services and the plan's own page
    select = sa.select(Decision.id).join(Application, Application.id == Decision.application_id)
    return bool(session.scalar(select.where(Application.call_id == call_id).limit(1)))


def decisions_of(application_id: int) -> Sequence[Decision]:
    """Every decision on the application, the first one first."""
    return session.scalars(
        sa.select(Decision).where(Decision.application_id == application_id).order_by(Decision.sequence)
    ).all()


def finding_of(application_id: int) -> Finding | None:
    """What the chair finalised in a ranked call."""
    return session.scalar(sa.select(Finding).where(Finding.application_id == application_id))


def is_ranked(call_id: int) -> bool:
    """Whether the call's cases are ranked and selected together, not decided one by one."""
    return bool(session.scalar(sa.select(CallPlan.ranked).where(CallPlan.call_id == call_id)))


def suggestion_of(application_id: int) -> Suggestion | None:
    """The suggestion on the application's frozen answers: with the application's own facts where these were scored.

    None while nothing was scored, and when the firm refused to be judged with a machine's suggestion.
    """
    if suggestions.is_refused(application_id):
        return None
    found = suggestions.latest_for_application(SYSTEM, application_id)
    version_id = None if found else profile_version_id(application_id)
    return suggestions.latest_for_version(SYSTEM, version_id) if version_id else found


def second_reader_calls(application_id: int) -> Sequence[SecondReaderCall]:
    """Why an additional evaluator was called, the first reason first."""
    return suggestions.second_reader_calls(application_id)


def blind_tiers(application_id: int) -> list[Tier | None]:
    """The own tiers of the evaluators who sit on the case, in the order in which they were locked."""
    return list(
        session.scalars(
            sa.select(Review.own_tier)
            .join(Assignment, Assignment.id == Review.assignment_id)
            .where(
                Review.application_id == application_id,
                Review.own_locked_at.is_not(None),
                Assignment.state != AssignmentState.RECUSED,
            )
            .order_by(Review.own_locked_at, Review.id)
        )
    )


def spread_norm(call_id: int) -> float:
    """By how many points the judges of one case usually differ in this call (`disagreement.norm`), summed up by SQL."""
    case = (
        sa.select(
            sa.func.count().label("n"),
            sa.func.sum(Review.total).label("sum"),
            sa.func.sum(Review.total * Review.total).label("squares"),
        )
        .join(Application, Application.id == Review.application_id)
        .where(Application.call_id == call_id, Review.submitted_at.is_not(None), Review.total.is_not(None))
        .group_by(Review.application_id)
        .having(sa.func.count() > 1)
        .subquery()
    )
    squares, freedom = session.execute(
        sa.select(sa.func.sum(case.c.squares - case.c.sum * case.c.sum / case.c.n), sa.func.sum(case.c.n - 1))
    ).one()
    return disagreement.norm_from(max(float(squares or 0), 0.0), int(freedom or 0))


def profile_version_id(application_id: int) -> int | None:
    """The frozen diagnosis that the application handed in."""
    return session.scalar(
        sa.select(Snapshot.profile_version_id)
        .where(Snapshot.application_id == application_id)
        .order_by(Snapshot.sequence.desc())
        .limit(1)
    )


def still_reads_version(person_id: int, version_id: int, *, beside: int) -> bool:
    """Whether a person holds the same frozen diagnosis through another running case (two calls, one firm)."""
    other = sa.and_(Snapshot.profile_version_id == version_id, Snapshot.application_id != beside)
    reviewing = (
        sa.select(Assignment.id)
        .join(Snapshot, Snapshot.application_id == Assignment.application_id)
        .outerjoin(
            Decision,
            sa.and_(Decision.application_id == Assignment.application_id, Decision.superseded_at.is_(None)),
        )
        .where(
            other,
            Assignment.evaluator_id == person_id,
            Assignment.state.in_((AssignmentState.OPENED, AssignmentState.SUBMITTED)),
            Decision.id.is_(None),
        )
    )
    chairing = (
        sa.select(Panel.id)
        .join(Snapshot, Snapshot.application_id == Panel.application_id)
        .where(other, Panel.chair_id == person_id)
    )
    return session.scalar(sa.select(sa.or_(reviewing.exists(), chairing.exists())))


def parties_of(application: Application) -> frozenset[int]:
    """Organisations of the case: the firm and the supplier that it names."""
    named = {application.member.organisation_id} if application.member else set()
    return frozenset({application.organisation_id} | named)


def people_of_firm(application: Application) -> Sequence[Person]:
    return applications.people_of(application.organisation_id)
