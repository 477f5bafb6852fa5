"""A company's draft (profile, one sheet of answers for each area, evidence), its frozen versions, its papers."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation, Person
from portal.base import clock
from portal.base.db import BigId, Keyed, Stamped, UtcDateTime, Versioned, db, enum_type
from portal.base.files import Blob
from portal.profiles.rules import FACT_LABELS, Employees, EvidenceTag, OrderType, Sales
from portal.reference.rules import SizeClass


class Profile(Keyed, Stamped, Versioned, db.Model):
    """What a company says about itself now; one row for each organisation. `version` counts the saves of its facts."""

    __tablename__ = "profile"

    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), unique=True)
    # empty while only the diagnosis was begun
    facts_saved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # 2 to 5 digits of KSIC section C
    ksic: Mapped[str | None] = mapped_column(sa.String(5), index=True)
    # key of reference.Region
    region: Mapped[str | None] = mapped_column(sa.String(60), index=True)
    size: Mapped[SizeClass | None] = mapped_column(enum_type(SizeClass))
    employees: Mapped[Employees | None] = mapped_column(enum_type(Employees))
    sales: Mapped[Sales | None] = mapped_column(enum_type(Sales))
    products: Mapped[str] = mapped_column(sa.String(200), default="")
    processes: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    order_type: Mapped[OrderType | None] = mapped_column(enum_type(OrderType))
    pains: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    systems: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    systems_note: Mapped[str] = mapped_column(sa.String(500), default="")
    # [{"name", "address"}]
    plants: Mapped[list[dict[str, str]]] = mapped_column(sa.JSON, default=list)
    contact_name: Mapped[str] = mapped_column(sa.String(60), default="")
    contact_phone: Mapped[str] = mapped_column(sa.String(20), default="")  # E.164
    contact_email: Mapped[str] = mapped_column(sa.String(254), default="")

    organisation: Mapped[Organisation] = relationship()

    @property
    def facts(self) -> dict[str, Any]:
        """Every fact by name, enums by value: what `rules.clean_facts` gave."""
        return {name: _plain(getattr(self, name)) for name in FACT_LABELS}


def _plain(value: Any) -> Any:
    return getattr(value, "value", value)


class AreaSheet(Stamped, Versioned, db.Model):
    """The answers of one area. A sheet for each area, so that colleagues can fill different pages at once."""

    __tablename__ = "area_sheet"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    profile_id: Mapped[int] = mapped_column(sa.ForeignKey("profile.id", ondelete="CASCADE"))
    area: Mapped[str] = mapped_column(sa.String(8))
    # item code → 0–5, "unsure" or "na"
    answers: Mapped[dict[str, int | str]] = mapped_column(sa.JSON, default=dict)

    __table_args__ = (sa.UniqueConstraint("profile_id", "area"),)


class Evidence(Keyed, db.Model):
    """A file that shows one answer. Taken off the draft it disappears, unless a version has frozen it."""

    __tablename__ = "evidence"

    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    item: Mapped[str] = mapped_column(sa.String(8))
    tag: Mapped[EvidenceTag] = mapped_column(enum_type(EvidenceTag))
    blob_id: Mapped[int] = mapped_column(sa.ForeignKey("blob.id"), index=True)
    filename: Mapped[str] = mapped_column(sa.String(140))
    uploaded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    blob: Mapped[Blob] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (sa.Index("ix_evidence_item", "organisation_id", "item"),)


version_evidence = sa.Table(
    "profile_version_evidence",
    db.metadata,
    sa.Column("version_id", sa.ForeignKey("profile_version.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("evidence_id", sa.ForeignKey("evidence.id"), primary_key=True, index=True),
)


class ProfileVersion(Keyed, db.Model):
    """A finished diagnosis with the facts of its day. Never changed: suggestions and applications point at it."""

    __tablename__ = "profile_version"

    profile_id: Mapped[int] = mapped_column(sa.ForeignKey("profile.id"))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    # 1, 2, 3 … within the profile
    number: Mapped[int]
    instrument_version: Mapped[str] = mapped_column(sa.String(20))
    # canonical JSON: company, answers, unsure, evidence, instrument
    snapshot: Mapped[str] = mapped_column(sa.Text)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    # the firm's region on that day, for the regional operators' view
    region: Mapped[str | None] = mapped_column(sa.String(60), index=True)
    finished_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"))
    finished_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    # set when an application hands it in: from then on operators and auditors read it
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    organisation: Mapped[Organisation] = relationship()
    finished_by: Mapped[Person | None] = relationship()
    evidence: Mapped[list[Evidence]] = relationship(secondary=version_evidence, order_by=Evidence.id, viewonly=True)

    __table_args__ = (sa.UniqueConstraint("profile_id", "number"),)

    @property
    def content(self) -> dict[str, Any]:
        return json.loads(self.snapshot)


class Paper(Keyed, db.Model):
    """A paper that is asked once: kept until it expires or a newer one takes its place. Rows are never removed."""

    __tablename__ = "paper"

    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    # code of data/documents.toml
    kind: Mapped[str] = mapped_column(sa.String(40))
    blob_id: Mapped[int] = mapped_column(sa.ForeignKey("blob.id"), index=True)
    filename: Mapped[str] = mapped_column(sa.String(140))
    issued_on: Mapped[date | None]
    # the last day it is good for; empty = until it changes
    expires_on: Mapped[date | None]
    uploaded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    # a newer paper of the same kind came, or the firm took it off
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    blob: Mapped[Blob] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (sa.Index("ix_paper_kind", "organisation_id", "kind"),)
