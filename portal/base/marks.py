"""Marks of this database, set once at its creation: above all whether it is a demo."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.base.db import db, session
from portal.base.words import say

DEMO = "demo"
SYNTHETIC = say("합성(예시) 자료입니다.", "Synthetic (example) data.")
"""Stands on every paper and workbook of a demo."""
_known: dict[str, bool] = {}


class Mark(db.Model):
    __tablename__ = "portal_mark"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    value: Mapped[str] = mapped_column(sa.String(200))


def put(name: str, value: str) -> None:
    session.merge(Mark(name=name, value=value))
    _known.clear()


def get(name: str) -> str | None:
    return session.scalar(sa.select(Mark.value).where(Mark.name == name))


def is_demo() -> bool:
    """Whether the database was marked as a demo when it was made; a mark never changes, so it is read once."""
    if str(db.engine.url) not in _known:
        _known[str(db.engine.url)] = get(DEMO) is not None
    return _known[str(db.engine.url)]
