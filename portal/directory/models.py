"""Supplier listings (what a supplier says of itself) and track records (what the portal has verified)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from portal.accounts.models import Organisation, Person
from portal.base import clock
from portal.base.db import BigId, Keyed, Stamped, UtcDateTime, Versioned, db, enum_type
from portal.base.files import Blob
from portal.directory.earlier import ClaimState
from portal.directory.oversight import AppealOutcome, CapabilityLevel, Mark, SuspensionGround, VerificationState
from portal.directory.rules import REVIEWED, Figures, ImpressionKind, ListingStatus, figures, is_grey
from portal.reference.rules import SizeClass

_OPEN_CLAIM = "state IN ('filed', 'confirmed', 'accepted')"
_ONE_OF_A_KIND = "state IN ('claimed', 'verified')"


class Listing(Keyed, Stamped, Versioned, db.Model):
    """One supplier's public page, in its own words."""

    __tablename__ = "listing"

    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), unique=True)
    status: Mapped[ListingStatus] = mapped_column(enum_type(ListingStatus), default=ListingStatus.DRAFT, index=True)
    summary: Mapped[str] = mapped_column(sa.String(120), default="")
    description: Mapped[str] = mapped_column(sa.Text, default="")
    # technology code → own estimate 1–5
    capabilities: Mapped[dict[str, int]] = mapped_column(sa.JSON, default=dict)
    # KSIC divisions or groups
    sectors: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    # 시도 keys, or "nationwide"
    regions: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    # codes of rules.PROCESSES, of the catalogue of programmes, of rules.SIZES and rules.STANDARDS
    processes: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    programmes: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    sizes: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    standards: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    # {name, description, price}, and those of rules.PRODUCT_FACTS that hold
    products: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)
    founded_year: Mapped[int | None]
    engineers: Mapped[int | None]
    # code of rules.GRADES → how many of the engineers
    engineer_grades: Mapped[dict[str, int]] = mapped_column(sa.JSON, default=dict)
    lead_weeks: Mapped[int | None]
    # hours within which the supplier promises to answer a call for help after the build
    aftercare_hours: Mapped[int | None]
    contact_name: Mapped[str] = mapped_column(sa.String(60), default="")
    contact_email: Mapped[str] = mapped_column(sa.String(254), default="")
    contact_phone: Mapped[str] = mapped_column(sa.String(20), default="")

    last_confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # the text that an operator last approved, and whether what stands now differs from it
    approved_text: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unseen_since: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    returned_reason: Mapped[str] = mapped_column(sa.Text, default="")

    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    records: Mapped[list[TrackRecord]] = relationship(
        back_populates="listing", order_by="TrackRecord.year.desc(), TrackRecord.id.desc()"
    )
    suspensions: Mapped[list[Suspension]] = relationship(
        back_populates="listing", order_by="Suspension.starts_at.desc(), Suspension.id.desc()"
    )

    @property
    def name(self) -> str:
        return self.organisation.name

    @property
    def is_grey(self) -> bool:
        return is_grey(self.last_confirmed_at, clock.now())

    @property
    def suspension(self) -> Suspension | None:
        """The suspension in force now."""
        return next((one for one in self.suspensions if one.is_in_force), None)

    @property
    def has_capacity(self) -> bool:
        return self.open_slots > 0 and not self.is_grey

    @property
    def figures(self) -> Figures:
        return figures(self.records)

    def text(self) -> dict[str, Any]:
        """The reviewed fields as plain data."""
        return {field: getattr(self, field) for field in REVIEWED}


def running_month() -> date:
    """The first day of the month that runs in Korea."""
    return clock.today().replace(day=1)


class CapacityMonth(db.Model):
    """How many new projects a supplier can begin in a month. A month without a row is as the last one before it."""

    __tablename__ = "capacity_month"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listing.id", ondelete="CASCADE"))
    # its first day
    month: Mapped[date]
    slots: Mapped[int]

    __table_args__ = (
        sa.UniqueConstraint("listing_id", "month", name="uq_capacity_month_once"),
        sa.CheckConstraint("slots BETWEEN 0 AND 999", name="slots_range"),
    )


# The running month's figure, in Python and in SQL; `capacity` writes it.
Listing.open_slots = column_property(
    sa.func.coalesce(
        sa.select(CapacityMonth.slots)
        .where(
            CapacityMonth.listing_id == Listing.id,
            CapacityMonth.month <= sa.bindparam(None, callable_=running_month, type_=sa.Date),
        )
        .order_by(CapacityMonth.month.desc())
        .limit(1)
        .correlate_except(CapacityMonth)
        .scalar_subquery(),
        0,
    )
)


class ListingVersion(db.Model):
    """One saved public text of a listing. Every one is kept."""

    __tablename__ = "listing_version"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listing.id", ondelete="CASCADE"))
    # 1, 2, 3 … of this listing
    number: Mapped[int]
    # the fields of rules.REVIEWED
    text: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    saved_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    # when an operator approved this text, or took it as seen
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    saved_by: Mapped[Person | None] = relationship()

    __table_args__ = (sa.UniqueConstraint("listing_id", "number", name="uq_listing_version_number"),)


class Rating(Keyed, Stamped, db.Model):
    """What a company with a finished project says of its supplier, once; the supplier may answer, once."""

    __tablename__ = "listing_rating"

    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listing.id", ondelete="CASCADE"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    stars: Mapped[int]
    text: Mapped[str] = mapped_column(sa.Text, default="")
    # what opened it: "record:<id>", "consultation:<key>"
    source: Mapped[str] = mapped_column(sa.String(80))
    rated_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    reply: Mapped[str] = mapped_column(sa.Text, default="")
    replied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    replied_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))

    listing: Mapped[Listing] = relationship()
    organisation: Mapped[Organisation] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("listing_id", "organisation_id", name="uq_listing_rating_once"),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name="stars_range"),
        sa.CheckConstraint("(reply = '') = (replied_at IS NULL)", name="reply_whole"),
    )


class ListingImport(Keyed, Stamped, db.Model):
    """One uploaded workbook of products and capabilities: read, shown row by row, taken over or not."""

    __tablename__ = "listing_import"

    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listing.id", ondelete="CASCADE"), index=True)
    blob_id: Mapped[int] = mapped_column(sa.ForeignKey("blob.id"), index=True)
    filename: Mapped[str] = mapped_column(sa.String(140))
    # its rows as plain text and numbers: {sheet, row, …}
    cells: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)
    uploaded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    blob: Mapped[Blob] = relationship()


class TrackRecord(db.Model):
    """One finished build that the company and the final audit confirmed. Suppliers never write here."""

    __tablename__ = "track_record"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listing.id", ondelete="CASCADE"), index=True)
    # the company, where it has an account; it may rate
    company_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    year: Mapped[int]
    programme: Mapped[str] = mapped_column(sa.String(120))
    region: Mapped[str] = mapped_column(sa.String(60), default="")
    ksic: Mapped[str] = mapped_column(sa.String(5), default="")
    size: Mapped[SizeClass | None] = mapped_column(enum_type(SizeClass))
    technologies: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    planned_months: Mapped[int | None]
    actual_months: Mapped[int | None]
    # SystemLevel 0–4 of what was built
    target_level: Mapped[int | None]
    achieved_level: Mapped[int | None]
    passed_first_audit: Mapped[bool | None]
    kpi: Mapped[str] = mapped_column(sa.String(80), default="")
    # how much better the KPI became, 0.12 = 12 %
    kpi_gain_ratio: Mapped[float | None]
    # median hours until a call for help was answered after the build
    aftercare_hours: Mapped[int | None]
    # what confirmed it: "project:<id>" or the operator's own paper
    source: Mapped[str] = mapped_column(sa.String(80), default="")
    confirmed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    listing: Mapped[Listing] = relationship(back_populates="records")

    @property
    def is_on_time(self) -> bool | None:
        if self.planned_months is None or self.actual_months is None:
            return None
        return self.actual_months <= self.planned_months

    @property
    def is_level_reached(self) -> bool | None:
        if self.target_level is None or self.achieved_level is None:
            return None
        return self.achieved_level >= self.target_level


class Suspension(Keyed, Stamped, db.Model):
    """One time that a supplier was taken out of directory, search and matching. Ends on its day, or when it is lifted."""

    __tablename__ = "listing_suspension"

    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listing.id", ondelete="CASCADE"), index=True)
    ground: Mapped[SuspensionGround] = mapped_column(enum_type(SuspensionGround))
    # what the supplier is told
    detail: Mapped[str] = mapped_column(sa.Text)
    # number of the decision's paper
    document: Mapped[str] = mapped_column(sa.String(80), default="")
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # the first moment after the term; None: until somebody lifts it
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    # law and clause that let others know, and from which day; both or neither
    publication_ground: Mapped[str] = mapped_column(sa.String(200), default="")
    published_on: Mapped[date | None]

    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lifted_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    lift_reason: Mapped[str] = mapped_column(sa.Text, default="")
    # when the end by time was noticed and told
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    appeal: Mapped[str] = mapped_column(sa.Text, default="")
    appealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    appealed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    appeal_outcome: Mapped[AppealOutcome | None] = mapped_column(enum_type(AppealOutcome))
    appeal_answer: Mapped[str] = mapped_column(sa.Text, default="")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))

    listing: Mapped[Listing] = relationship(back_populates="suspensions")

    __table_args__ = (
        sa.CheckConstraint("(publication_ground = '') = (published_on IS NULL)", name="publication_whole"),
        sa.CheckConstraint("ends_at IS NULL OR ends_at > starts_at", name="term_forward"),
        sa.CheckConstraint("(appeal = '') = (appealed_at IS NULL)", name="appeal_whole"),
        sa.CheckConstraint("(appeal_outcome IS NULL) = (answered_at IS NULL)", name="answer_whole"),
        sa.Index("ix_listing_suspension_term", "listing_id", "starts_at", "ends_at", "lifted_at"),
    )

    @property
    def is_in_force(self) -> bool:
        now = clock.now()
        return self.starts_at <= now and (self.ends_at is None or self.ends_at > now) and (self.lifted_at is None)

    @property
    def is_published(self) -> bool:
        """Whether others may know of it now."""
        return self.is_in_force and self.published_on is not None and self.published_on <= clock.today()

    @property
    def last_day(self) -> date | None:
        """The last day of the term, in Korea."""
        return (self.ends_at - timedelta(days=1)).astimezone(clock.KST).date() if self.ends_at else None


class Verification(Keyed, Stamped, Versioned, db.Model):
    """One registration, certificate or level of a supplier: claimed with a paper, then judged by an operator."""

    __tablename__ = "listing_verification"

    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listing.id", ondelete="CASCADE"), index=True)
    kind: Mapped[Mark] = mapped_column(enum_type(Mark))
    state: Mapped[VerificationState] = mapped_column(enum_type(VerificationState), index=True)
    number: Mapped[str] = mapped_column(sa.String(60), default="")
    issuer: Mapped[str] = mapped_column(sa.String(80), default="")
    level: Mapped[CapabilityLevel | None] = mapped_column(enum_type(CapabilityLevel))
    issued_on: Mapped[date | None]
    # the last day; None: without end
    valid_until: Mapped[date | None]
    blob_id: Mapped[int | None] = mapped_column(sa.ForeignKey("blob.id"), index=True)
    filename: Mapped[str] = mapped_column(sa.String(140), default="")
    note: Mapped[str] = mapped_column(sa.Text, default="")
    # "project:<id>" when a confirmed project brought it
    source: Mapped[str] = mapped_column(sa.String(80), default="")
    claimed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    judged_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    judged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # why it was refused, or ended before its time
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    listing: Mapped[Listing] = relationship()
    blob: Mapped[Blob | None] = relationship()

    __table_args__ = (
        # one open claim and one standing mark of a kind for each supplier, whoever clicks how often
        sa.Index(
            "uq_listing_verification_one_of_a_kind",
            "listing_id",
            "kind",
            "state",
            unique=True,
            sqlite_where=sa.text(_ONE_OF_A_KIND),
            postgresql_where=sa.text(_ONE_OF_A_KIND),
        ),
        sa.Index("ix_listing_verification_standing", "kind", "state", "valid_until"),
        sa.CheckConstraint("valid_until IS NULL OR issued_on IS NULL OR valid_until >= issued_on", name="term_forward"),
        sa.CheckConstraint("(kind = 'capability') = (level IS NOT NULL)", name="level_of_capability"),
        sa.CheckConstraint("state = 'claimed' OR judged_at IS NOT NULL OR state = 'withdrawn'", name="judged"),
    )


class ResponseFigures(db.Model):
    """How a supplier answers companies that ask it, over the last year; counted by the consultations."""

    __tablename__ = "response_figures"

    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listing.id", ondelete="CASCADE"), primary_key=True)
    # requests that were accepted or declined: an honest no is an answer like any other
    answered: Mapped[int]
    # requests that ended because nobody answered
    silent: Mapped[int]
    # working hours until an answer
    median_hours: Mapped[float | None]
    counted_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, onupdate=clock.now)

    @property
    def asked(self) -> int:
        return self.answered + self.silent

    @property
    def answered_ratio(self) -> float | None:
        return self.answered / self.asked if self.asked else None


class BuildClaim(Keyed, Stamped, Versioned, db.Model):
    """A build finished before the portal knew of it: filed by the supplier, confirmed by the company, then checked."""

    __tablename__ = "build_claim"

    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listing.id", ondelete="CASCADE"), index=True)
    state: Mapped[ClaimState] = mapped_column(enum_type(ClaimState), default=ClaimState.FILED, index=True)
    year: Mapped[int]
    programme: Mapped[str] = mapped_column(sa.String(120))
    # the other facts of a TrackRecord, as plain data
    facts: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    company_name: Mapped[str] = mapped_column(sa.String(120))
    company_number: Mapped[str] = mapped_column(sa.String(10), index=True)
    company_email: Mapped[str] = mapped_column(sa.String(254))
    blob_id: Mapped[int] = mapped_column(sa.ForeignKey("blob.id"), index=True)
    filename: Mapped[str] = mapped_column(sa.String(140))
    filed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))

    # of the one-time link; None where the company answers in its account
    token_sha256: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    letter_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    letters: Mapped[int] = mapped_column(default=0)

    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # None: by the link
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    company_note: Mapped[str] = mapped_column(sa.Text, default="")

    judged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    judged_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    record_id: Mapped[int | None] = mapped_column(sa.ForeignKey("track_record.id"), unique=True)

    listing: Mapped[Listing] = relationship()
    blob: Mapped[Blob] = relationship()

    __table_args__ = (
        sa.Index(
            "uq_build_claim_once",
            "listing_id",
            "company_number",
            "year",
            "programme",
            unique=True,
            sqlite_where=sa.text(_OPEN_CLAIM),
            postgresql_where=sa.text(_OPEN_CLAIM),
        ),
        sa.CheckConstraint("(state = 'accepted') = (record_id IS NOT NULL)", name="accepted_is_recorded"),
        sa.CheckConstraint("state NOT IN ('confirmed', 'denied') OR answered_at IS NOT NULL", name="answered"),
    )


class Impression(db.Model):
    """How often a listing was shown on a day, at a place of a kind of list, to companies of a province."""

    __tablename__ = "impression"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    day: Mapped[date]
    kind: Mapped[ImpressionKind] = mapped_column(enum_type(ImpressionKind))
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listing.id", ondelete="CASCADE"))
    place: Mapped[int]
    # 시도 of who looked; "" when not known
    region: Mapped[str] = mapped_column(sa.String(60), default="")
    # asked for, or needed most; "" when none is known
    technology: Mapped[str] = mapped_column(sa.String(16), default="")
    shown: Mapped[int]

    __table_args__ = (
        sa.UniqueConstraint("day", "kind", "listing_id", "place", "region", "technology"),
        sa.Index("ix_impression_listing_day", "listing_id", "day"),
    )


class ListingChange(db.Model):
    """A listing shows otherwise than before; read by every worker's index and pruned when the index is built anew."""

    __tablename__ = "listing_change"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    listing_id: Mapped[int] = mapped_column(BigId)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class SearchFile(db.Model):
    """The file of the directory's index that all workers map: the newest row counts."""

    __tablename__ = "search_file"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    # of the facets' values and of how texts are read: a file made otherwise is of no use
    layout: Mapped[str] = mapped_column(sa.String(64))
    listings: Mapped[int]
    # changes up to here are in the file; earlier than its reading, because a transaction may end later than it began
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # the day in Korea whose capacity, marks and staleness are in the file
    day: Mapped[date]
