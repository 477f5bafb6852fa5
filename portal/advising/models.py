"""What suppliers ask of experts, and what was said and found on the way."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation, Person
from portal.advising.rules import AdviceKind, AdviceState, NoteKind
from portal.base import clock
from portal.base.db import BigId, Keyed, Stamped, UtcDateTime, Versioned, db, enum_type
from portal.directory.oversight import CapabilityLevel


class Advice(Keyed, Stamped, Versioned, db.Model):
    """One request of a supplier, from the question to the result."""

    __tablename__ = "advice"

    supplier_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    kind: Mapped[AdviceKind] = mapped_column(enum_type(AdviceKind))
    need: Mapped[str] = mapped_column(sa.Text)
    technologies: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    state: Mapped[AdviceState] = mapped_column(enum_type(AdviceState), default=AdviceState.REQUESTED, index=True)
    expert_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    level: Mapped[CapabilityLevel | None] = mapped_column(enum_type(CapabilityLevel))
    concluded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    supplier: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    expert: Mapped[Person | None] = relationship(foreign_keys=[expert_id])
    notes: Mapped[list[AdviceNote]] = relationship(order_by="AdviceNote.id", lazy="selectin")

    __table_args__ = (
        sa.Index(
            "uq_advice_open",
            "supplier_id",
            "kind",
            unique=True,
            sqlite_where=sa.text("state NOT IN ('concluded', 'withdrawn')"),
            postgresql_where=sa.text("state NOT IN ('concluded', 'withdrawn')"),
        ),
        sa.CheckConstraint("state IN ('requested', 'withdrawn') OR expert_id IS NOT NULL", name="expert"),
    )


class AdviceNote(db.Model):
    """Plan, follow-up or result, as it was written; never changed."""

    __tablename__ = "advice_note"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    advice_id: Mapped[int] = mapped_column(sa.ForeignKey("advice.id", ondelete="CASCADE"), index=True)
    kind: Mapped[NoteKind] = mapped_column(enum_type(NoteKind))
    by_expert: Mapped[bool]
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    text: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
