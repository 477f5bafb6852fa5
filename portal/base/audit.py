"""The audit log: append-only, hash-chained, written in the same transaction as the change it tells of.

Rows hold ids, field names and keyed digests of personal values, never the values, so that erasure and an
append-only chain can both be true (security.md 0). The chain: hash = SHA-256 over the previous row's hash and the
canonical JSON of this row's columns.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.base import clock
from portal.base.access import Actor
from portal.base.db import BigId, before_commit, db, in_transaction, in_turn, session

_PENDING = "audit_pending"
_LOCK = 0x4A554449  # an arbitrary constant: the chain's own advisory lock on PostgreSQL
GENESIS = "0" * 64

_digest_key = b""


class AuditRow(db.Model):
    __tablename__ = "audit_log"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    at: Mapped[str] = mapped_column(sa.String(32), index=True)
    actor_id: Mapped[int | None] = mapped_column(BigId, index=True)
    actor_kind: Mapped[str] = mapped_column(sa.String(16))
    action: Mapped[str] = mapped_column(sa.String(80), index=True)
    object_type: Mapped[str] = mapped_column(sa.String(40))
    object_id: Mapped[int | None] = mapped_column(BigId)
    detail: Mapped[str] = mapped_column(sa.Text)
    previous_hash: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64))

    __table_args__ = (sa.Index("ix_audit_log_object", "object_type", "object_id"),)

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at)

    @property
    def facts(self) -> dict[str, Any]:
        return json.loads(self.detail)


def configure(secret_key: str) -> None:
    """Derive the key of the digests from the portal's secret."""
    global _digest_key
    _digest_key = hashlib.sha256(b"audit-digest:" + secret_key.encode()).digest()


def digest(value: object) -> str:
    """A keyed digest of a personal value: the same value can be recognised, not read."""
    return hmac.new(_digest_key, str(value).encode(), hashlib.sha256).hexdigest()[:24]


def canonical(value: Any) -> str:
    """JSON with sorted keys, no spaces and plain text: the same facts give the same bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if hasattr(value, "value"):
        return value.value
    raise TypeError(f"{type(value).__name__} can't stand in an audit row")


def record(
    actor: Actor, action: str, object_type: str, object_id: int | None, detail: dict[str, Any] | None = None
) -> None:
    """Note who did what to which row; the row is chained and written just before the use case commits.

    action : "noun.verb"
    detail : ids, codes, field names, `digest()` of personal values. Never a personal value.
    Raises : RuntimeError outside of a transaction, TypeError for a detail that JSON can't hold.
    """
    if not in_transaction():
        raise RuntimeError(f"the audit row {action} has no transaction to stand in")
    session.info.setdefault(_PENDING, []).append(
        {
            "at": clock.now().isoformat(timespec="microseconds"),
            "actor_id": actor.id,
            "actor_kind": "system" if actor.is_system else "person" if actor.id else "anonymous",
            "action": action,
            "object_type": object_type,
            "object_id": object_id,
            "detail": canonical(detail or {}),
        }
    )


def chain_hash(previous_hash: str, row: dict[str, Any]) -> str:
    return hashlib.sha256((previous_hash + canonical(row)).encode()).hexdigest()


_COLUMNS = ("id", "at", "actor_id", "actor_kind", "action", "object_type", "object_id", "detail")


def _write_pending() -> None:
    """Chain the noted rows under the chain's lock; held only for the last moment of the transaction."""
    pending = session.info.pop(_PENDING, None)
    if not pending:
        return
    in_turn(_LOCK)
    last = session.execute(sa.select(AuditRow.id, AuditRow.hash).order_by(AuditRow.id.desc()).limit(1)).first()
    row_id, previous = (last.id, last.hash) if last else (0, GENESIS)
    rows = []
    for noted in pending:
        row_id += 1
        row = {"id": row_id, **noted}
        current = chain_hash(previous, row)
        rows.append({**row, "previous_hash": previous, "hash": current})
        previous = current
    session.execute(sa.insert(AuditRow), rows)


before_commit.append(_write_pending)


@dataclass(frozen=True)
class ChainReport:
    rows: int
    head: str
    broken_at: int | None = None
    problem: str = ""

    @property
    def ok(self) -> bool:
        return self.broken_at is None


def verify() -> ChainReport:
    """Walk the chain from the first row; name the first row whose contents, place or link is wrong."""
    previous, expected, count = GENESIS, 1, 0
    columns = [getattr(AuditRow, name) for name in (*_COLUMNS, "previous_hash", "hash")]
    for row in session.execute(sa.select(*columns).order_by(AuditRow.id).execution_options(yield_per=5000)).mappings():
        facts = {name: row[name] for name in _COLUMNS}
        if row["id"] != expected:
            return ChainReport(count, previous, row["id"], f"row {expected} is missing before it")
        if row["previous_hash"] != previous:
            return ChainReport(count, previous, row["id"], "its link to the row before does not match")
        if chain_hash(previous, facts) != row["hash"]:
            return ChainReport(count, previous, row["id"], "its contents do not match its hash")
        previous, expected, count = row["hash"], expected + 1, count + 1
    return ChainReport(count, previous)
