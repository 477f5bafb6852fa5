"""Reading for the composed pages; what belongs to one feature stays in that feature's queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from portal.accounts.models import Person
from portal.accounts.rules import Role
from portal.applications.models import Application
from portal.base.access import Actor
from portal.base.audit import AuditRow
from portal.base.db import session
from portal.base.paging import Page, paginate
from portal.desk import rules


def audit_visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """Which rows of the log an actor may read: the auditor all of them, anybody else none."""
    return sa.true() if actor.has(Role.AUDITOR) else sa.false()


def audit_page(actor: Actor, criteria: Mapping[str, Any], number: int = 1, size: int = 50) -> Page[AuditRow]:
    """The newest rows first, page by page.

    criteria: any of action, object_type, object_id, person, since, until (moments; since included, until not)
    """
    where = [audit_visible_to(actor)]
    columns = {"action": AuditRow.action, "object_type": AuditRow.object_type, "object_id": AuditRow.object_id,
               "person": AuditRow.actor_id}  # fmt: skip
    where += [column == criteria[name] for name, column in columns.items() if name in criteria]
    if "since" in criteria:
        where.append(AuditRow.at >= criteria["since"].isoformat())
    if "until" in criteria:
        where.append(AuditRow.at < criteria["until"].isoformat())
    return paginate(sa.select(AuditRow).where(*where).order_by(AuditRow.id.desc()), number, size)


def audit_actions(actor: Actor) -> Sequence[str]:
    """The kinds of deed that occur in the log, for the filter."""
    return session.scalars(
        sa.select(AuditRow.action).where(audit_visible_to(actor)).distinct().order_by(AuditRow.action)
    ).all()


def trail_of(actor: Actor, application: Application, number: int = 1, size: int = 100) -> Page[AuditRow]:
    """What happened to a case that the actor may see, newest first: its own rows and those that name it.

    application: fetched through `applications.queries.visible_to` before; who may not read trails gets no rows
    """
    named = f'"application":{application.id}'
    own = sa.and_(AuditRow.object_type == "application", AuditRow.object_id == application.id)
    mentioned = sa.or_(AuditRow.detail.contains(f"{named},"), AuditRow.detail.contains(f"{named}}}"))
    # nothing names a case before its first row, and that row is found by the index
    first = sa.select(sa.func.min(AuditRow.id)).where(own).scalar_subquery()
    wanted = sa.select(AuditRow).where(
        sa.true() if actor.has(*rules.TRAIL_READERS) else sa.false(), AuditRow.id >= first, sa.or_(own, mentioned)
    )
    return paginate(wanted.order_by(AuditRow.id.desc()), number, size)


def names_of(rows: Iterable[AuditRow]) -> dict[int, str]:
    """The names of the people who acted in these rows, by id; who was erased is missing."""
    ids = {row.actor_id for row in rows if row.actor_id}
    if not ids:
        return {}
    return dict(session.execute(sa.select(Person.id, Person.name).where(Person.id.in_(ids))).all())
