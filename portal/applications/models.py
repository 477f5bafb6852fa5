"""The application with its lines, consortium, papers, rounds of supplement, trail and frozen snapshots."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation, Person
from portal.applications.parts import Consent, CostKind, Direction, OwnShareSource, Part, Writer
from portal.applications.rules import LIVE, Status
from portal.base import clock
from portal.base.db import BigId, Keyed, Stamped, UtcDateTime, Versioned, db, enum_type
from portal.base.files import Blob
from portal.programmes.models import Call, Programme
from portal.programmes.rules import Tier


class Thousandths(sa.TypeDecorator[Decimal]):
    """A decimal with three places, kept as a whole number: SQLite knows no decimals and would round."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> int | None:
        return None if value is None else int(value * 1000)

    def process_result_value(self, value: int | None, dialect: Any) -> Decimal | None:
        return None if value is None else (Decimal(value) / 1000).normalize()


class Application(Keyed, Stamped, Versioned, db.Model):
    """One firm's application to one call. A draft is seen by the firm alone; once submitted its answers are locked."""

    __tablename__ = "application"

    # 접수번호, given at submission
    number: Mapped[str | None] = mapped_column(sa.String(30), unique=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    call_id: Mapped[int] = mapped_column(sa.ForeignKey("call.id"), index=True)
    status: Mapped[Status] = mapped_column(enum_type(Status), default=Status.DRAFT, index=True)
    created_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    submitted_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    # the firm's region on the day of submission (before: of its creation), for the regional operators' WHERE
    region: Mapped[str | None] = mapped_column(sa.String(60), index=True)
    # version of each page (Part → count): two people on different pages do not stand in each other's way
    part_versions: Mapped[dict[str, int]] = mapped_column(sa.JSON, default=dict)

    tier: Mapped[Tier | None] = mapped_column(enum_type(Tier), index=True)
    target_level: Mapped[int | None]
    same_level: Mapped[bool] = mapped_column(default=False)
    scope: Mapped[list[str]] = mapped_column(sa.JSON, default=list)

    problem: Mapped[str] = mapped_column(sa.Text, default="")
    goal: Mapped[str] = mapped_column(sa.Text, default="")
    build: Mapped[str] = mapped_column(sa.Text, default="")
    schedule: Mapped[str] = mapped_column(sa.Text, default="")
    people: Mapped[str] = mapped_column(sa.Text, default="")
    effect: Mapped[str] = mapped_column(sa.Text, default="")

    own_share_krw: Mapped[int | None] = mapped_column(sa.BigInteger)
    own_share_source: Mapped[OwnShareSource | None] = mapped_column(enum_type(OwnShareSource))

    # exclusion code → Answer
    pledges: Mapped[dict[str, str]] = mapped_column(sa.JSON, default=dict)
    writer: Mapped[Writer | None] = mapped_column(enum_type(Writer))
    writer_name: Mapped[str] = mapped_column(sa.String(120), default="")
    writer_fee_krw: Mapped[int | None] = mapped_column(sa.BigInteger)
    truth_pledged: Mapped[bool] = mapped_column(default=False)

    # the application that this one was prefilled from
    prefilled_from_id: Mapped[int | None] = mapped_column(BigId)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_tier: Mapped[Tier | None] = mapped_column(enum_type(Tier))
    decision_reason: Mapped[str] = mapped_column(sa.Text, default="")

    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    call: Mapped[Call] = relationship(lazy="joined", innerjoin=True)
    costs: Mapped[list[CostLine]] = relationship(
        cascade="all, delete-orphan", order_by="CostLine.position", lazy="selectin"
    )
    kpis: Mapped[list[KpiRow]] = relationship(cascade="all, delete-orphan", order_by="KpiRow.position", lazy="selectin")
    member: Mapped[ConsortiumMember | None] = relationship(cascade="all, delete-orphan", lazy="selectin")
    papers: Mapped[list[AttachedPaper]] = relationship(
        cascade="all, delete-orphan", order_by="AttachedPaper.id", lazy="selectin"
    )

    __table_args__ = (
        # one live application of a firm to a call; withdrawn and rejected ones stay beside it
        sa.Index(
            "uq_application_live",
            "organisation_id",
            "call_id",
            unique=True,
            sqlite_where=sa.text("status NOT IN ('withdrawn', 'rejected')"),
            postgresql_where=sa.text("status NOT IN ('withdrawn', 'rejected')"),
        ),
    )

    @property
    def programme(self) -> Programme:
        return self.call.programme

    @property
    def cost_krw(self) -> int:
        return sum(line.amount_krw for line in self.costs)

    @property
    def is_draft(self) -> bool:
        return self.status is Status.DRAFT

    @property
    def is_live(self) -> bool:
        return self.status in LIVE


class CostLine(db.Model):
    __tablename__ = "application_cost"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    kind: Mapped[CostKind] = mapped_column(enum_type(CostKind))
    item: Mapped[str] = mapped_column(sa.String(120))
    # both may be empty while drafting
    unit_price_krw: Mapped[int | None] = mapped_column(sa.BigInteger)
    quantity: Mapped[int | None]

    @property
    def amount_krw(self) -> int:
        return (self.unit_price_krw or 0) * (self.quantity or 0)


class KpiRow(db.Model):
    __tablename__ = "application_kpi"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(80))
    unit: Mapped[str] = mapped_column(sa.String(20), default="")
    direction: Mapped[Direction] = mapped_column(enum_type(Direction))
    before: Mapped[Decimal | None] = mapped_column(Thousandths)
    target: Mapped[Decimal | None] = mapped_column(Thousandths)


class ConsortiumMember(Keyed, Stamped, db.Model):
    """The supplier named in an application. Its people see name, programme and role, and say yes or no."""

    __tablename__ = "application_member"

    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id", ondelete="CASCADE"), unique=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    consent: Mapped[Consent] = mapped_column(enum_type(Consent), default=Consent.NAMED)
    # counts the askings: a new question after a change is a new letter
    asked_times: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(sa.String(500), default="")

    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    application: Mapped[Application] = relationship(viewonly=True)


class AttachedPaper(Keyed, db.Model):
    """One file attached to this application; papers kept on file with the profile are not copied until submission."""

    __tablename__ = "application_paper"

    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id", ondelete="CASCADE"), index=True)
    code: Mapped[str] = mapped_column(sa.String(40))
    blob_id: Mapped[int] = mapped_column(sa.ForeignKey("blob.id"))
    filename: Mapped[str] = mapped_column(sa.String(140))
    # taken over from the papers on file at submission
    from_file: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    blob: Mapped[Blob] = relationship(lazy="joined", innerjoin=True)


class Snapshot(db.Model):
    """What was handed in, frozen: canonical JSON and its hash; one at submission and one after each supplement."""

    __tablename__ = "application_snapshot"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id", ondelete="CASCADE"), index=True)
    sequence: Mapped[int]
    profile_version_id: Mapped[int | None] = mapped_column(BigId)
    content: Mapped[str] = mapped_column(sa.Text)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    __table_args__ = (sa.UniqueConstraint("application_id", "sequence"),)


class Supplement(Keyed, db.Model):
    """One round of supplement: what the operator asks, until when, and the firm's answer. Never deleted."""

    __tablename__ = "application_supplement"

    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id", ondelete="CASCADE"), index=True)
    message: Mapped[str] = mapped_column(sa.Text)
    parts: Mapped[list[str]] = mapped_column(sa.JSON)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    asked_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    answer: Mapped[str] = mapped_column(sa.Text, default="")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))

    @property
    def asked_parts(self) -> tuple[Part, ...]:
        return tuple(part for part in Part if part.value in self.parts)

    @property
    def is_open(self) -> bool:
        return self.answered_at is None


class StatusChange(db.Model):
    """The trail that the firm reads as its timeline."""

    __tablename__ = "application_status_change"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id", ondelete="CASCADE"), index=True)
    before: Mapped[Status | None] = mapped_column(enum_type(Status))
    after: Mapped[Status] = mapped_column(enum_type(Status))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    actor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    # shown to the firm
    reason: Mapped[str] = mapped_column(sa.Text, default="")

    actor: Mapped[Person | None] = relationship()


class ReceiptCounter(db.Model):
    """The last number given in one series (year and programme)."""

    __tablename__ = "application_counter"

    series: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    last: Mapped[int] = mapped_column(default=0)
