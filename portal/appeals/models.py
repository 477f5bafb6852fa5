"""Appeals with their grounds, files and supplement; the draws of their panels; the seats and what was said from them."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Person
from portal.appeals.rules import (
    AppealState,
    Given,
    GroundKind,
    RefusalReason,
    Ruling,
    SeatRole,
    SeatState,
    commitment,
)
from portal.applications.models import Application
from portal.base import clock
from portal.base.db import BigId, Keyed, Stamped, UtcDateTime, Versioned, db, enum_type
from portal.base.files import Blob
from portal.evaluation.models import Decision
from portal.evaluation.rules import Outcome, RecusalReason


class Appeal(Keyed, Stamped, Versioned, db.Model):
    """One firm's appeal against one decision. A draft is the firm's own; what was filed is never edited."""

    __tablename__ = "appeal"

    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id"), index=True)
    # one appeal against one decision, held against a race
    decision_id: Mapped[int] = mapped_column(sa.ForeignKey("decision.id"), unique=True)
    state: Mapped[AppealState] = mapped_column(enum_type(AppealState), default=AppealState.DRAFT, index=True)
    statement: Mapped[str] = mapped_column(sa.Text, default="")
    started_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    filed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    filed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    # days in Korea, each to its end: for the operator's check and for the re-inspection
    check_due_on: Mapped[date | None] = mapped_column(sa.Date)
    due_on: Mapped[date | None] = mapped_column(sa.Date)

    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    checked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    refusal: Mapped[RefusalReason | None] = mapped_column(enum_type(RefusalReason))
    # what the operator tells the firm: why the appeal is (not) taken up
    check_reason: Mapped[str] = mapped_column(sa.Text, default="")

    # drawn at filing; its hash is told before, the seed itself after the decision
    seed: Mapped[str] = mapped_column(sa.String(64), default=lambda: secrets.token_hex(16))
    readers: Mapped[int] = mapped_column(default=2)
    # why the last draw could not fill the panel, for the operator
    draw_problem: Mapped[str] = mapped_column(sa.String(40), default="")
    draw_values: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)

    ruling: Mapped[Ruling | None] = mapped_column(enum_type(Ruling))
    ruled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    # criterion → {"before", "after", "accepted"}
    result: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    total_before: Mapped[float | None]
    total_after: Mapped[float | None]
    outcome_before: Mapped[Outcome | None] = mapped_column(enum_type(Outcome))
    outcome_after: Mapped[Outcome | None] = mapped_column(enum_type(Outcome))
    # the decision that took the place of the contested one, where something changed
    new_decision_id: Mapped[int | None] = mapped_column(sa.ForeignKey("decision.id"))

    application: Mapped[Application] = relationship()
    decision: Mapped[Decision] = relationship(foreign_keys=[decision_id])
    grounds: Mapped[list[AppealGround]] = relationship(
        back_populates="appeal", cascade="all, delete-orphan", order_by="AppealGround.id"
    )
    files: Mapped[list[AppealFile]] = relationship(
        back_populates="appeal", cascade="all, delete-orphan", order_by="AppealFile.id"
    )
    supplement: Mapped[AppealSupplement | None] = relationship(back_populates="appeal")
    draws: Mapped[list[AppealDraw]] = relationship(back_populates="appeal", order_by="AppealDraw.number")
    seats: Mapped[list[AppealSeat]] = relationship(back_populates="appeal", order_by="AppealSeat.id")

    @property
    def commitment(self) -> str:
        return commitment(self.seed)

    @property
    def contested(self) -> tuple[str, ...]:
        return tuple(one.criterion for one in self.grounds)

    def ground(self, criterion: str) -> AppealGround | None:
        return next((one for one in self.grounds if one.criterion == criterion), None)

    def files_of(self, criterion: str | None) -> list[AppealFile]:
        return [one for one in self.files if one.criterion == criterion]


class AppealGround(db.Model):
    """What the firm says against one criterion of the score sheet. A draft may lack kind and text."""

    __tablename__ = "appeal_ground"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    appeal_id: Mapped[int] = mapped_column(sa.ForeignKey("appeal.id", ondelete="CASCADE"))
    criterion: Mapped[str] = mapped_column(sa.String(40))
    kind: Mapped[GroundKind | None] = mapped_column(enum_type(GroundKind))
    text: Mapped[str] = mapped_column(sa.Text, default="")

    appeal: Mapped[Appeal] = relationship(back_populates="grounds")

    __table_args__ = (sa.UniqueConstraint("appeal_id", "criterion"),)


class AppealFile(Keyed, db.Model):
    """One piece of evidence. criterion: what it belongs to; None for what came with the supplement."""

    __tablename__ = "appeal_file"

    appeal_id: Mapped[int] = mapped_column(sa.ForeignKey("appeal.id", ondelete="CASCADE"), index=True)
    criterion: Mapped[str | None] = mapped_column(sa.String(40))
    blob_id: Mapped[int] = mapped_column(sa.ForeignKey("blob.id"))
    filename: Mapped[str] = mapped_column(sa.String(140))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    added_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))

    appeal: Mapped[Appeal] = relationship(back_populates="files")
    blob: Mapped[Blob] = relationship(lazy="joined", innerjoin=True)


class AppealSupplement(db.Model):
    """What the operator asks the firm to add, and the answer. One for each appeal."""

    __tablename__ = "appeal_supplement"

    appeal_id: Mapped[int] = mapped_column(sa.ForeignKey("appeal.id", ondelete="CASCADE"), primary_key=True)
    message: Mapped[str] = mapped_column(sa.Text)
    due_on: Mapped[date] = mapped_column(sa.Date)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    answer: Mapped[str] = mapped_column(sa.Text, default="")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))

    appeal: Mapped[Appeal] = relationship(back_populates="supplement")


class AppealDraw(db.Model):
    """One draw of an appeal's panel (the first, and one for each vacancy), kept so that anybody can do it again.

    input : canonical JSON of everything that the draw read; its hash is stored beside
    result: canonical JSON of who was drawn
    """

    __tablename__ = "appeal_draw"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    appeal_id: Mapped[int] = mapped_column(sa.ForeignKey("appeal.id", ondelete="CASCADE"))
    number: Mapped[int]
    input: Mapped[str] = mapped_column(sa.Text)
    input_sha256: Mapped[str] = mapped_column(sa.String(64))
    result: Mapped[str] = mapped_column(sa.Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    appeal: Mapped[Appeal] = relationship(back_populates="draws")

    __table_args__ = (sa.UniqueConstraint("appeal_id", "number"),)


class AppealSeat(Keyed, Stamped, Versioned, db.Model):
    """One person on an appeal's panel, and the opinion given from there.

    scores: criterion → {"points", "comment"}
    """

    __tablename__ = "appeal_seat"

    appeal_id: Mapped[int] = mapped_column(sa.ForeignKey("appeal.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    role: Mapped[SeatRole] = mapped_column(enum_type(SeatRole))
    # what others see of a reader; the chair has none
    pseudonym: Mapped[str | None] = mapped_column(sa.String(2))
    state: Mapped[SeatState] = mapped_column(enum_type(SeatState), default=SeatState.DRAWN)
    due_on: Mapped[date] = mapped_column(sa.Date)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recusal_reason: Mapped[RecusalReason | None] = mapped_column(enum_type(RecusalReason))
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    scores: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)

    appeal: Mapped[Appeal] = relationship(back_populates="seats")
    person: Mapped[Person] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("appeal_id", "person_id"),
        sa.UniqueConstraint("appeal_id", "pseudonym"),
    )

    @property
    def given(self) -> dict[str, Given]:
        return {code: Given(row.get("points"), row.get("comment") or "") for code, row in self.scores.items()}
