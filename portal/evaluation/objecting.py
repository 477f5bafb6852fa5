"""기피: a firm asks that somebody keep off its case; the agency answers before evaluators are named.

The firm reads the answer to what it asked and nothing else: no page, letter or refusal depends on who sits or could sit.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.accounts import queries as accounts
from portal.accounts.models import Organisation, Person
from portal.accounts.rules import OPERATOR, SME, Role
from portal.applications import queries as applications
from portal.applications.models import Application
from portal.applications.rules import DECIDED, Status
from portal.base import mail
from portal.base.access import Actor, Forbidden, NotVisible, RuleBroken
from portal.base.db import session, transaction
from portal.base.paging import Page, paginate
from portal.conflicts import queries as conflict_queries
from portal.conflicts import rules as conflict_rules
from portal.conflicts import service as conflicts
from portal.conflicts.models import Objection
from portal.conflicts.rules import ObjectionState
from portal.evaluation import queries
from portal.evaluation.conflicted import CASE
from portal.evaluation.queries import PAGE_SIZE

READERS = OPERATOR | {Role.AUDITOR}


# --- who sees what ----------------------------------------------------------------------------------------------


def visible_to(actor: Actor) -> sa.Select[tuple[Objection]]:
    """The own firm's; for operators and auditors those on applications that they may open."""
    if actor.has(*READERS) or actor.is_system:
        seen = applications.visible_to(actor).with_only_columns(Application.id)
        allowed: Any = Objection.object_id.in_(seen)
    elif actor.has(*SME) and actor.organisation_id is not None:
        allowed = Objection.organisation_id == actor.organisation_id
    else:
        allowed = sa.false()
    return sa.select(Objection).where(Objection.object_type == CASE, allowed)


def by_key(actor: Actor, key: str) -> Objection:
    """Raises: NotVisible."""
    row = session.scalar(visible_to(actor).where(Objection.key == key))
    if row is None:
        raise NotVisible
    return row


def is_open(application: Application) -> bool:
    """Whether objections are still taken: from the submission until evaluators are named."""
    return (
        application.submitted_at is not None
        and application.status not in DECIDED | {Status.DRAFT, Status.WITHDRAWN}
        and queries.panel_of(application.id) is None
    )


# --- the firm -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OwnPage:
    application: Application
    rows: Sequence[Objection]
    is_open: bool


def own_page(actor: Actor, application_key: str) -> OwnPage:
    """The firm's objections to one of its applications. Raises: NotVisible."""
    application = applications.own(actor, application_key)
    rows = session.scalars(visible_to(actor).where(Objection.object_id == application.id).order_by(Objection.id)).all()
    return OwnPage(application, rows, is_open(application))


def make(
    actor: Actor,
    application_key: str,
    *,
    is_firm: bool,
    name: str,
    belongs_to: str = "",
    reason: str,
    once_key: str | None = None,
) -> Objection:
    """Name a person, or a firm whose people, the own case should be kept clear of.

    Raises: NotVisible; RuleBroken objection_too_late; RulesBroken of `conflicts.service.object_to`
    """
    if not actor.has(*SME):
        raise Forbidden("no_right")
    with transaction():
        application = applications.own(actor, application_key, lock=True)
        if not is_open(application):
            raise RuleBroken("objection_too_late")
        return conflicts.object_to(
            actor,
            CASE,
            application.id,
            organisation_id=application.organisation_id,
            is_firm=is_firm,
            name=name,
            belongs_to="" if is_firm else belongs_to,
            reason=reason,
            once_key=once_key,
        )


def withdraw(actor: Actor, key: str) -> Objection:
    """The firm takes it back. Raises: NotVisible; RuleBroken objection_answered."""
    row = by_key(actor, key)
    if row.organisation_id != actor.organisation_id or not actor.has(*SME):
        raise NotVisible
    return conflicts.withdraw_objection(actor, row)


# --- the agency ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    objection: Objection
    application: Application


def queue(actor: Actor, state: ObjectionState | None, number: int = 1) -> Page[Line]:
    """Objections that the operator may see, those that wait longest first."""
    if not actor.has(*READERS):
        raise NotVisible
    select = visible_to(actor).options(joinedload(Objection.organisation))
    if state is not None:
        select = select.where(Objection.state == state)
    page = paginate(select.order_by(Objection.asked_at, Objection.id), number, PAGE_SIZE)
    cases = {
        row.id: row
        for row in session.scalars(
            sa.select(Application).where(Application.id.in_({one.object_id for one in page.items}))
        ).unique()
    }
    lines = [Line(one, cases[one.object_id]) for one in page.items]
    return Page(lines, page.total, page.number, page.size)


def counts(actor: Actor) -> dict[str, int]:
    """state → how many, and all of them under ""."""
    seen = visible_to(actor).subquery()
    rows = session.execute(sa.select(seen.c.state, sa.func.count()).group_by(seen.c.state))
    found = {ObjectionState(state).value: count for state, count in rows}
    return {state.value: found.get(state.value, 0) for state in ObjectionState} | {"": sum(found.values())}


def application_of(row: Objection) -> Application:
    return session.get_one(Application, row.object_id)


def application_key(row: Objection) -> str:
    return session.scalar(sa.select(Application.key).where(Application.id == row.object_id))


def waiting(actor: Actor) -> int:
    """How many objections wait for an answer."""
    select = visible_to(actor).where(Objection.state == ObjectionState.ASKED)
    return session.scalar(sa.select(sa.func.count()).select_from(select.subquery())) or 0


@dataclass(frozen=True)
class Candidate:
    """Somebody or some organisation that bears the name of an objection."""

    id: int
    name: str
    detail: str
    fits: bool


def candidates(row: Objection) -> list[Candidate]:
    """Whom a granted objection would mean: people of the pool, or organisations, of that name. For operators only."""
    if row.is_firm:
        return _firms(conflict_rules.firm_name(row.name))
    wanted, belongs = conflict_rules.person_name(row.name), conflict_rules.firm_name(row.belongs_to)
    people: dict[int, Person] = {}
    for role in (Role.EVALUATOR, Role.LEAD_EVALUATOR):
        people |= {one.id: one for one in accounts.people_with_role(role)}
    found = []
    for one in people.values():
        if conflict_rules.person_name(one.name) == wanted:
            employer = one.organisation.name if one.organisation else ""
            found.append(
                Candidate(one.id, one.name, employer, bool(belongs) and conflict_rules.firm_name(employer) == belongs)
            )
    return sorted(found, key=lambda one: (not one.fits, one.name, one.id))


def _firms(wanted: str | None) -> list[Candidate]:
    rows = session.execute(
        sa.select(Organisation.id, Organisation.name, Organisation.registration_number).where(
            Organisation.name.icontains((wanted or "")[:2], autoescape=True)
        )
    )
    return sorted(
        (
            Candidate(firm, name, number or "", False)
            for firm, name, number in rows
            if conflict_rules.firm_name(name) == wanted
        ),
        key=lambda one: one.id,
    )


def answer(actor: Actor, key: str, *, grant: bool | None, reason: str, chosen: Collection[int] = ()) -> Objection:
    """Grant or refuse.

    chosen: ids of candidates; none: whoever bears the name, now or later
    Raises: NotVisible, Forbidden; RuleBroken required (grant), conflict_reason_short (reason), objection_answered
    """
    if not actor.has(*OPERATOR):
        raise Forbidden("no_right")
    with transaction():
        row = by_key(actor, key)
        if grant is None:
            raise RuleBroken("required", "grant")
        known = {one.id for one in candidates(row)}
        ids = sorted(known & set(chosen))
        return conflicts.answer_objection(
            actor,
            row,
            grant=grant,
            reason=reason,
            person_ids=() if row.is_firm else ids,
            organisation_ids=ids if row.is_firm else (),
        )


# --- what follows from events (portal/reactions.py) ---------------------------------------------------------------


def write_answered(objection_id: int) -> None:
    """objection.answered → the firm's people learn that there is an answer."""
    row = session.get(Objection, objection_id)
    application = session.get(Application, row.object_id)
    for person in queries.people_of_firm(application):
        mail.queue(
            person.email,
            "objection_answered",
            person.language,
            f"objection-answered-{row.id}-{person.id}",
            name=person.name,
            number=application.number,
            answer=row.state.label.in_(person.language),
            path=f"/applications/{application.key}/objections",
        )


def open_ones(application_ids: Collection[int] | None = None) -> list[int]:
    """Applications on which an objection waits: a draw should wait for them."""
    return conflict_queries.open_objections(CASE, application_ids)
