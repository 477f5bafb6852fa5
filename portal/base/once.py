"""Idempotency: a key that a form carries makes a double click, a retry and a resubmit one single act."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.base import clock
from portal.base.access import Actor
from portal.base.db import BigId, UtcDateTime, db, session


class OnceKey(db.Model):
    __tablename__ = "once_key"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    actor_id: Mapped[int] = mapped_column(BigId)
    purpose: Mapped[str] = mapped_column(sa.String(60))
    key: Mapped[str] = mapped_column(sa.String(64))
    result: Mapped[str] = mapped_column(sa.String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    __table_args__ = (sa.UniqueConstraint("actor_id", "purpose", "key"),)


def claim(actor: Actor, key: str | None, purpose: str) -> str | None:
    """What this key already led to for this actor (usually a public key), or None when it is new."""
    if not key:
        return None
    return session.scalar(
        sa.select(OnceKey.result).where(
            OnceKey.actor_id == (actor.id or 0), OnceKey.purpose == purpose, OnceKey.key == key[:64]
        )
    )


def keep(actor: Actor, key: str | None, purpose: str, result: str) -> None:
    """Store what the key led to, in the use case's transaction; the unique constraint settles a race."""
    if key:
        session.add(OnceKey(actor_id=actor.id or 0, purpose=purpose, key=key[:64], result=result))
        session.flush()
