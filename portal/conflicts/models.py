"""Ties between people and organisations, the conflicts that were found from them, and the objections of firms."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation, Person
from portal.base import clock
from portal.base.db import BigId, Keyed, Stamped, UtcDateTime, Versioned, db, enum_type
from portal.conflicts.rules import (
    ConflictKind,
    FoundState,
    Moment,
    ObjectionState,
    Source,
    Strength,
    TieKind,
)

_ONE_SHAPE = """
(person_id IS NOT NULL AND organisation_id IS NOT NULL AND other_person_id IS NULL AND other_organisation_id IS NULL)
OR (person_id IS NOT NULL AND other_person_id IS NOT NULL AND organisation_id IS NULL AND other_organisation_id IS NULL)
OR (organisation_id IS NOT NULL AND other_organisation_id IS NOT NULL AND person_id IS NULL AND other_person_id IS NULL)
"""


class Tie(Keyed, Stamped, Versioned, db.Model):
    """One relation: person and organisation, person and other person, or organisation and other organisation.

    It is ended, never deleted: what was found from it must stay explicable.
    """

    __tablename__ = "tie"

    kind: Mapped[TieKind] = mapped_column(enum_type(TieKind), index=True)
    source: Mapped[Source] = mapped_column(enum_type(Source))
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), index=True)
    other_person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    other_organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    # empty = for as long as anybody knows; still so
    from_on: Mapped[date | None] = mapped_column(sa.Date)
    to_on: Mapped[date | None] = mapped_column(sa.Date)
    # entered or confirmed by an operator: no register and no event changes it
    pinned: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(sa.Text, default="")
    # what the tie was written from ("consultation", 12), so that a second writing finds it again
    origin_type: Mapped[str | None] = mapped_column(sa.String(40))
    origin_id: Mapped[int | None] = mapped_column(BigId)
    noted_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"))

    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])
    other_person: Mapped[Person | None] = relationship(foreign_keys=[other_person_id])
    organisation: Mapped[Organisation | None] = relationship(foreign_keys=[organisation_id])
    other_organisation: Mapped[Organisation | None] = relationship(foreign_keys=[other_organisation_id])
    noted_by: Mapped[Person | None] = relationship(foreign_keys=[noted_by_id])

    __table_args__ = (
        sa.CheckConstraint(_ONE_SHAPE, name="tie_one_shape"),
        sa.CheckConstraint("to_on IS NULL OR from_on IS NULL OR to_on >= from_on", name="tie_in_order"),
        sa.Index("ix_tie_origin", "origin_type", "origin_id"),
    )


class ConflictFound(Keyed, Stamped, db.Model):
    """One conflict between a person who judges and a case, from the first time it was found. Never deleted.

    object_type, object_id: the case ("application"); this package knows none of them
    """

    __tablename__ = "conflict_found"

    evaluator_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"))
    object_type: Mapped[str] = mapped_column(sa.String(40))
    object_id: Mapped[int] = mapped_column(BigId)
    kind: Mapped[ConflictKind] = mapped_column(enum_type(ConflictKind), index=True)
    strength: Mapped[Strength] = mapped_column(enum_type(Strength))
    # rules.Evidence.as_dict() of each ground: ids and dates
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, index=True)
    found_by: Mapped[Moment] = mapped_column(enum_type(Moment))
    state: Mapped[FoundState] = mapped_column(enum_type(FoundState), default=FoundState.STANDING, index=True)
    # of an overruling or an ending
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"))
    reason: Mapped[str] = mapped_column(sa.Text, default="")

    evaluator: Mapped[Person] = relationship(foreign_keys=[evaluator_id])
    settled_by: Mapped[Person | None] = relationship(foreign_keys=[settled_by_id])

    __table_args__ = (
        sa.UniqueConstraint("evaluator_id", "object_type", "object_id", "kind"),
        sa.Index("ix_conflict_found_object", "object_type", "object_id", "state"),
    )


class ConflictAnswer(Keyed, db.Model):
    """What a person declared about one soft conflict before the file was opened. Written once."""

    __tablename__ = "conflict_answer"

    evaluator_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), index=True)
    object_type: Mapped[str] = mapped_column(sa.String(40))
    object_id: Mapped[int] = mapped_column(BigId)
    # empty: the general declaration
    kind: Mapped[ConflictKind | None] = mapped_column(enum_type(ConflictKind))
    is_conflict: Mapped[bool]
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    __table_args__ = (sa.Index("ix_conflict_answer_object", "object_type", "object_id", "evaluator_id"),)


class Objection(Keyed, Stamped, Versioned, db.Model):
    """기피: a firm asks that a person or a firm's people keep off its case. It is told yes or no, never who sits."""

    __tablename__ = "conflict_objection"

    object_type: Mapped[str] = mapped_column(sa.String(40))
    object_id: Mapped[int] = mapped_column(BigId)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    # whether the name is a firm's or an institution's
    is_firm: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str] = mapped_column(sa.String(120))
    # where the person works, as far as the firm knows
    belongs_to: Mapped[str] = mapped_column(sa.String(120), default="")
    reason: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[ObjectionState] = mapped_column(enum_type(ObjectionState), default=ObjectionState.ASKED, index=True)
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # as the firm reads it
    answer: Mapped[str] = mapped_column(sa.Text, default="")
    # to whom a granted one applies; both empty: to whoever bears the name
    person_ids: Mapped[list[int]] = mapped_column(sa.JSON, default=list)
    organisation_ids: Mapped[list[int]] = mapped_column(sa.JSON, default=list)

    organisation: Mapped[Organisation] = relationship()
    asked_by: Mapped[Person | None] = relationship(foreign_keys=[asked_by_id])
    answered_by: Mapped[Person | None] = relationship(foreign_keys=[answered_by_id])

    __table_args__ = (sa.Index("ix_conflict_objection_object", "object_type", "object_id", "state"),)
