"""The outbox: what happened is written with the change itself; what follows from it runs afterwards.

`emit` stores the event and one delivery per handler in the use case's transaction. Handlers marked `soon` run right
after the commit in the same process (a suggestion takes milliseconds); the others run in the worker. Each handler
runs in a transaction of its own together with its delivery's `done_at`, so that it takes effect exactly once;
a failing one is tried again with growing pauses.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.base import clock
from portal.base.audit import canonical
from portal.base.db import BigId, UtcDateTime, after_commit, db, in_transaction, session, transaction

log = logging.getLogger("portal.outbox")

Handler = Callable[..., None]
_handlers: dict[str, list[Handler]] = {}
_by_name: dict[str, Handler] = {}
_wake_worker: Callable[[], None] | None = None

MAX_ATTEMPTS = 48


class OutboxEvent(db.Model):
    __tablename__ = "outbox_event"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(60))
    payload: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


class OutboxDelivery(db.Model):
    __tablename__ = "outbox_delivery"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("outbox_event.id", ondelete="CASCADE"), index=True)
    handler: Mapped[str] = mapped_column(sa.String(160))
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(sa.String(200))

    __table_args__ = (
        sa.UniqueConstraint("event_id", "handler"),
        sa.Index("ix_outbox_delivery_open", "done_at", "next_try_at"),
    )


def soon(handler: Handler) -> Handler:
    """Mark a handler that is quick enough to run right after the commit, before the answer goes out."""
    handler.runs_soon = True  # type: ignore[attr-defined]
    return handler


def _name(handler: Handler) -> str:
    return f"{handler.__module__}.{handler.__qualname__}"


def connect(events: Mapping[str, list[Handler]], wake_worker: Callable[[], None] | None = None) -> None:
    """Tell the outbox which handlers follow which event (portal/reactions.py), and how to wake the worker."""
    global _wake_worker
    _handlers.clear()
    _handlers.update(events)
    _by_name.clear()
    _by_name.update({_name(handler): handler for handlers in events.values() for handler in handlers})
    if wake_worker is not None:
        _wake_worker = wake_worker


def emit(name: str, **payload: Any) -> None:
    """Note in this transaction that `name` ("noun.past") happened.

    payload: ids and codes only; it is stored as text.
    Raises : RuntimeError outside of a transaction.
    """
    if not in_transaction():
        raise RuntimeError(f"the event {name} has no transaction to stand in")
    happened = OutboxEvent(name=name, payload=canonical(payload))
    session.add(happened)
    session.flush()
    for handler in _handlers.get(name, []):
        delivery = OutboxDelivery(event_id=happened.id, handler=_name(handler))
        session.add(delivery)
        session.flush()
        key = "outbox_soon" if getattr(handler, "runs_soon", False) else "outbox_later"
        session.info.setdefault(key, []).append(delivery.id)


def _after_commit() -> None:
    now, later = session.info.pop("outbox_soon", []), session.info.pop("outbox_later", [])
    for delivery_id in now:
        if not _deliver(delivery_id):
            later.append(delivery_id)
    if (session.info.pop("wake_worker", False) or later) and _wake_worker:
        try:
            _wake_worker()
        except Exception:  # the change is durable; the worker's own round picks the delivery up
            log.exception("the worker could not be woken")


after_commit.append(_after_commit)


def _deliver(delivery_id: int) -> bool:
    """Run one delivery; True when it is done. An error is stored and tried again later, never lost."""
    try:
        with transaction():
            delivery = session.execute(
                sa.select(OutboxDelivery).where(OutboxDelivery.id == delivery_id).with_for_update()
            ).scalar_one()
            if delivery.done_at is not None:
                return True
            happened = session.get(OutboxEvent, delivery.event_id)
            _by_name[delivery.handler](**json.loads(happened.payload))
            delivery.done_at = clock.now()
        return True
    except Exception as error:
        log.exception("delivery failed", extra={"delivery": delivery_id})
        with transaction():
            delivery = session.get(OutboxDelivery, delivery_id)
            delivery.attempts += 1
            delivery.last_error = type(error).__name__
            delivery.next_try_at = clock.now() + timedelta(seconds=min(5 * 2**delivery.attempts, 1800))
        return False


def deliver_due(limit: int = 200) -> int:
    """Run what is due; the worker's round. Returns how many deliveries were done."""
    due = session.scalars(
        sa.select(OutboxDelivery.id)
        .where(
            OutboxDelivery.done_at.is_(None),
            OutboxDelivery.next_try_at <= clock.now(),
            OutboxDelivery.attempts < MAX_ATTEMPTS,
        )
        .order_by(OutboxDelivery.id)
        .limit(limit)
    ).all()
    return sum(_deliver(delivery_id) for delivery_id in due)
