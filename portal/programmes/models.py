"""Tables of programmes, calls, national targets and the firms that count toward them."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.base import clock
from portal.base.db import BigId, Keyed, Stamped, UtcDateTime, Versioned, db, enum_type
from portal.base.words import Words, say
from portal.programmes.rules import (
    CallFacts,
    CallStatus,
    Phase,
    ProgrammeKind,
    ProgrammeStatus,
    SupplierTrack,
    Sureness,
    Tier,
    phase,
)
from portal.reference.rules import SizeClass


def _tiers(text: str) -> tuple[Tier, ...]:
    return tuple(Tier(code) for code in text.split())


class Programme(db.Model):
    """One row of the catalogue; loaded from `data/programmes.toml`, never edited on a screen."""

    __tablename__ = "programme"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(12), unique=True)
    ko: Mapped[str] = mapped_column(sa.String(80))
    en: Mapped[str] = mapped_column(sa.String(80))
    summary_ko: Mapped[str] = mapped_column(sa.String(400))
    summary_en: Mapped[str] = mapped_column(sa.String(400))
    # lists are kept as words in one column: short, always read whole
    tiers_text: Mapped[str] = mapped_column(sa.String(60))
    kind: Mapped[ProgrammeKind] = mapped_column(enum_type(ProgrammeKind))
    audience: Mapped[str] = mapped_column(sa.String(12))
    status: Mapped[ProgrammeStatus] = mapped_column(enum_type(ProgrammeStatus))
    level_min: Mapped[int | None]
    target_level: Mapped[int | None]
    ceiling_krw: Mapped[int | None] = mapped_column(sa.BigInteger)
    ceiling_same_level_krw: Mapped[int | None] = mapped_column(sa.BigInteger)
    ceiling_note_ko: Mapped[str] = mapped_column(sa.String(200), default="")
    ceiling_note_en: Mapped[str] = mapped_column(sa.String(200), default="")
    subsidy_ratio: Mapped[float | None]
    partner_ratio: Mapped[float | None]
    own_ratio: Mapped[float | None]
    months: Mapped[int | None]
    months_same_level: Mapped[int | None]
    consortium: Mapped[bool]
    scope_text: Mapped[str] = mapped_column(sa.String(120), default="")
    sizes_text: Mapped[str] = mapped_column(sa.String(60), default="")
    regional: Mapped[bool]
    documents_text: Mapped[str] = mapped_column(sa.String(800), default="")
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    source: Mapped[str] = mapped_column(sa.String(300))
    sureness: Mapped[Sureness] = mapped_column(enum_type(Sureness))
    figures: Mapped[Sureness] = mapped_column(enum_type(Sureness))
    rank: Mapped[int]

    @property
    def label(self) -> Words:
        return say(self.ko, self.en)

    @property
    def summary(self) -> Words:
        return say(self.summary_ko, self.summary_en)

    @property
    def ceiling_note(self) -> Words | None:
        return say(self.ceiling_note_ko, self.ceiling_note_en) if self.ceiling_note_ko else None

    @property
    def tiers(self) -> tuple[Tier, ...]:
        return _tiers(self.tiers_text)

    @property
    def scope(self) -> tuple[str, ...]:
        """Technologies that a project must contain."""
        return tuple(self.scope_text.split())

    @property
    def sizes(self) -> tuple[SizeClass, ...]:
        """Size classes that may apply; empty = all."""
        return tuple(SizeClass(size) for size in self.sizes_text.split())

    @property
    def documents(self) -> tuple[str, ...]:
        return tuple(self.documents_text.split())

    @property
    def is_running(self) -> bool:
        return self.status is ProgrammeStatus.ACTIVE

    @property
    def shows_figures(self) -> bool:
        """Whether the figures are known well enough to be printed as what the programme pays."""
        return self.figures in (Sureness.VERIFIED, Sureness.WEAK)


class Call(Keyed, Stamped, Versioned, db.Model):
    """공고: one window in which firms may apply for one programme."""

    __tablename__ = "call"

    programme_id: Mapped[int] = mapped_column(sa.ForeignKey("programme.id"), index=True)
    title_ko: Mapped[str] = mapped_column(sa.String(120))
    title_en: Mapped[str] = mapped_column(sa.String(120), default="")
    summary_ko: Mapped[str] = mapped_column(sa.Text, default="")
    summary_en: Mapped[str] = mapped_column(sa.Text, default="")
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tiers_text: Mapped[str] = mapped_column(sa.String(60))
    budget_krw: Mapped[int] = mapped_column(sa.BigInteger)
    # key of reference.Region; None = the whole country
    region: Mapped[str | None] = mapped_column(sa.String(60), index=True)
    contact: Mapped[str] = mapped_column(sa.String(200), default="")
    # the field of suppliers that the call is for; None = any
    track: Mapped[SupplierTrack | None] = mapped_column(enum_type(SupplierTrack))
    # how many evaluators read each application
    reviews: Mapped[int] = mapped_column(default=2)
    # override the programme's own figures; None keeps them
    ceiling_override_krw: Mapped[int | None] = mapped_column(sa.BigInteger)
    ratio_override: Mapped[float | None]
    months_override: Mapped[int | None]
    status: Mapped[CallStatus] = mapped_column(enum_type(CallStatus), default=CallStatus.DRAFT)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_early_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_reason: Mapped[str] = mapped_column(sa.String(300), default="")
    # the person who made it; no foreign key, because the audit row is what counts and people can be erased
    made_by: Mapped[int | None] = mapped_column(BigId)

    programme: Mapped[Programme] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        sa.CheckConstraint("closes_at > opens_at", name="window"),
        sa.CheckConstraint("budget_krw > 0", name="budget"),
        sa.Index("ix_call_window", "status", "closes_at", "opens_at"),
    )

    @property
    def title(self) -> Words:
        return say(self.title_ko, self.title_en or self.title_ko)

    @property
    def summary(self) -> Words:
        return say(self.summary_ko, self.summary_en or self.summary_ko)

    @property
    def tiers(self) -> tuple[Tier, ...]:
        return _tiers(self.tiers_text)

    @property
    def ceiling_krw(self) -> int | None:
        return self.ceiling_override_krw or self.programme.ceiling_krw

    @property
    def subsidy_ratio(self) -> float | None:
        return self.ratio_override if self.ratio_override is not None else self.programme.subsidy_ratio

    @property
    def months(self) -> int | None:
        return self.months_override or self.programme.months

    def phase_at(self, at: datetime) -> Phase:
        return phase(self.status, self.opens_at, self.closes_at, at)

    @property
    def phase(self) -> Phase:
        """Where the call stands now."""
        return self.phase_at(clock.now())

    @property
    def is_open(self) -> bool:
        return self.phase is Phase.OPEN

    @property
    def days_left(self) -> int | None:
        """Calendar days in Korea until the end; None when the call does not take applications."""
        if not self.is_open:
            return None
        return (clock.kst(self.closes_at).date() - clock.today()).days

    @property
    def facts(self) -> CallFacts:
        return CallFacts(
            programme=self.programme.code,
            title_ko=self.title_ko,
            title_en=self.title_en,
            summary_ko=self.summary_ko,
            summary_en=self.summary_en,
            opens_at=self.opens_at,
            closes_at=self.closes_at,
            tiers=frozenset(self.tiers),
            budget_krw=self.budget_krw,
            region=self.region,
            contact=self.contact,
            reviews=self.reviews,
            ceiling_krw=self.ceiling_override_krw,
            subsidy_ratio=self.ratio_override,
            months=self.months_override,
            track=self.track,
        )


class Target(db.Model):
    """One goal of one national target set."""

    __tablename__ = "target"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    set_code: Mapped[str] = mapped_column(sa.String(40))
    set_ko: Mapped[str] = mapped_column(sa.String(80))
    set_en: Mapped[str] = mapped_column(sa.String(80))
    announced_on: Mapped[date]
    count_from: Mapped[date]
    due_on: Mapped[date]
    is_primary: Mapped[bool]
    code: Mapped[str] = mapped_column(sa.String(40))
    ko: Mapped[str] = mapped_column(sa.String(80))
    en: Mapped[str] = mapped_column(sa.String(80))
    unit: Mapped[str] = mapped_column(sa.String(12))
    start: Mapped[int | None]
    value: Mapped[int]
    tiers_text: Mapped[str] = mapped_column(sa.String(60), default="")
    source: Mapped[str] = mapped_column(sa.String(300))
    sureness: Mapped[Sureness] = mapped_column(enum_type(Sureness))
    rank: Mapped[int]

    __table_args__ = (sa.UniqueConstraint("set_code", "code"),)

    @property
    def label(self) -> Words:
        return say(self.ko, self.en)

    @property
    def set_label(self) -> Words:
        return say(self.set_ko, self.set_en)

    @property
    def tiers(self) -> tuple[Tier, ...]:
        return _tiers(self.tiers_text)


class CountedFirm(db.Model):
    """A firm whose level was fixed: one row for each firm, at its best tier. What the targets count."""

    __tablename__ = "counted_firm"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), unique=True)
    tier: Mapped[Tier] = mapped_column(enum_type(Tier))
    fixed_on: Mapped[date]
    # gov | local | private: who paid (domain of the count: government, local, private or policy finance)
    paid_by: Mapped[str] = mapped_column(sa.String(12))
