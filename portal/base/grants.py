"""Grants: rights on one object for one person or organisation, written downward by the features above.

Every lower `visible_to` joins them; a right is cached nowhere else, so taking it away works at the next request.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.base import audit, clock
from portal.base.access import Actor
from portal.base.db import BigId, UtcDateTime, db, session


class Grant(db.Model):
    __tablename__ = "access_grant"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int | None] = mapped_column(BigId, index=True)
    organisation_id: Mapped[int | None] = mapped_column(BigId, index=True)
    object_type: Mapped[str] = mapped_column(sa.String(40))
    object_id: Mapped[int] = mapped_column(BigId)
    right: Mapped[str] = mapped_column(sa.String(40))
    reason: Mapped[str] = mapped_column(sa.String(60))
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    __table_args__ = (
        sa.Index("ix_access_grant_object", "object_type", "object_id", "right"),
        sa.CheckConstraint("(person_id IS NULL) <> (organisation_id IS NULL)", name="one_grantee"),
    )


def give(
    actor: Actor,
    object_type: str,
    object_id: int,
    right: str,
    *,
    person_id: int | None = None,
    organisation_id: int | None = None,
    reason: str,
    until: datetime | None = None,
) -> Grant:
    """Give one right on one object, in the use case's transaction (audited)."""
    grant = Grant(
        person_id=person_id,
        organisation_id=organisation_id,
        object_type=object_type,
        object_id=object_id,
        right=right,
        reason=reason,
        until=until,
    )
    session.add(grant)
    audit.record(
        actor,
        "grant.give",
        object_type,
        object_id,
        {"right": right, "person": person_id, "organisation": organisation_id, "reason": reason},
    )
    return grant


def take(
    actor: Actor,
    object_type: str,
    object_id: int,
    right: str,
    *,
    person_id: int | None = None,
    organisation_id: int | None = None,
    reason: str,
) -> None:
    """Take a right away; it is gone at the grantee's next request."""
    session.execute(
        sa.delete(Grant).where(
            Grant.object_type == object_type,
            Grant.object_id == object_id,
            Grant.right == right,
            Grant.person_id == person_id if person_id else Grant.organisation_id == organisation_id,
        )
    )
    audit.record(
        actor,
        "grant.take",
        object_type,
        object_id,
        {"right": right, "person": person_id, "organisation": organisation_id, "reason": reason},
    )


def granted_ids(actor: Actor, object_type: str, right: str) -> sa.Select[tuple[int]]:
    """The ids of the objects on which the actor holds the right now; a subquery for `visible_to`."""
    who = [Grant.person_id == actor.id]
    if actor.organisation_id is not None:
        who.append(Grant.organisation_id == actor.organisation_id)
    return sa.select(Grant.object_id).where(
        Grant.object_type == object_type,
        Grant.right == right,
        sa.or_(*who) if actor.id is not None else sa.false(),
        sa.or_(Grant.until.is_(None), Grant.until > clock.now()),
    )


def has(actor: Actor, object_type: str, object_id: int, right: str) -> bool:
    return bool(session.scalar(granted_ids(actor, object_type, right).where(Grant.object_id == object_id).limit(1)))
