"""Panels, their assignments, the reviews that evaluators write, and the decision of the chair."""

from __future__ import annotations

import json
import secrets
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Person
from portal.applications.models import Application
from portal.base import clock
from portal.base.db import BigId, Keyed, Stamped, UtcDateTime, Versioned, db, enum_type
from portal.base.files import Blob
from portal.evaluation.fairness import PressureSource, ReportState
from portal.evaluation.lots import DrawCause, DrawState, ReplayState, Step
from portal.evaluation.phases import OthersReviews, PhaseKind, SuggestionView, TieRule
from portal.evaluation.rules import (
    AssignmentState,
    Cause,
    DecisionKind,
    ItemVerdict,
    Judged,
    Outcome,
    RecusalReason,
    RubricState,
    Scored,
    VersionCause,
    scored_from,
)
from portal.programmes.models import Call
from portal.programmes.rules import Tier


def _draw() -> int:
    return secrets.randbelow(2**31)


class CallPlan(Stamped, Versioned, db.Model):
    """How one call is evaluated and decided; a call without a row has the defaults of `phases.Plan`.

    How many evaluators read each application stands in the call itself (`Call.reviews`).
    """

    __tablename__ = "evaluation_plan"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    call_id: Mapped[int] = mapped_column(sa.ForeignKey("call.id"), unique=True)
    rubric: Mapped[str | None] = mapped_column(sa.String(40))
    min_load: Mapped[int] = mapped_column(default=0)
    max_load: Mapped[int] = mapped_column(default=30)
    balance: Mapped[bool] = mapped_column(default=True)
    ranked: Mapped[bool] = mapped_column(default=False)
    # None: the whole budget of the call
    budget_krw: Mapped[int | None] = mapped_column(sa.BigInteger)
    # tier → places
    quotas: Mapped[dict[str, int]] = mapped_column(sa.JSON, default=dict)
    tie_rule: Mapped[TieRule] = mapped_column(enum_type(TieRule), default=TieRule.CRITICAL)
    bonus_cap: Mapped[float] = mapped_column(default=5.0)
    disagreement: Mapped[float] = mapped_column(default=2.0)
    remind_days: Mapped[int] = mapped_column(default=3)
    silence_days: Mapped[int] = mapped_column(default=5)
    appeal_days: Mapped[int] = mapped_column(default=14)

    __table_args__ = (
        sa.CheckConstraint("min_load >= 0 AND max_load >= min_load AND max_load > 0", name="loads"),
        sa.CheckConstraint("budget_krw IS NULL OR budget_krw > 0", name="budget"),
    )


class PhaseRow(db.Model):
    """One phase of a call, in the procedure's order; see `phases.Phase`."""

    __tablename__ = "evaluation_phase"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    call_id: Mapped[int] = mapped_column(sa.ForeignKey("call.id"))
    kind: Mapped[PhaseKind] = mapped_column(enum_type(PhaseKind))
    opens_on: Mapped[date | None] = mapped_column(sa.Date)
    closes_on: Mapped[date | None] = mapped_column(sa.Date)
    sees_all: Mapped[bool] = mapped_column(default=False)
    sees_names: Mapped[bool] = mapped_column(default=True)
    others_reviews: Mapped[OthersReviews] = mapped_column(enum_type(OthersReviews), default=OthersReviews.NEVER)
    suggestion: Mapped[SuggestionView] = mapped_column(enum_type(SuggestionView), default=SuggestionView.AFTER_OWN)
    waived: Mapped[bool] = mapped_column(default=False)
    waived_reason: Mapped[str] = mapped_column(sa.String(500), default="")

    __table_args__ = (
        sa.UniqueConstraint("call_id", "kind"),
        sa.CheckConstraint("closes_on IS NULL OR opens_on IS NULL OR closes_on >= opens_on", name="window"),
    )


class PhaseWaiver(db.Model):
    """One application does without one phase, and why."""

    __tablename__ = "evaluation_phase_waiver"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id"))
    kind: Mapped[PhaseKind] = mapped_column(enum_type(PhaseKind))
    reason: Mapped[str] = mapped_column(sa.String(500))
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    __table_args__ = (sa.UniqueConstraint("application_id", "kind"),)


class CaseReading(db.Model):
    """Somebody declared for a case that they may read without reviewing it."""

    __tablename__ = "case_reading"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    declared_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    __table_args__ = (sa.UniqueConstraint("application_id", "person_id"),)


class SiteVisit(Keyed, Stamped, Versioned, db.Model):
    """What was seen at the plant of one application. When, where and by whom stands in its booking."""

    __tablename__ = "site_visit"

    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id"), unique=True)
    # check code → {"answer", "note"}; a draft until `reported_at`
    checklist: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    report: Mapped[str] = mapped_column(sa.Text, default="")
    # what the firm is asked to have ready
    request: Mapped[str] = mapped_column(sa.String(500), default="")
    reported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reported_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))

    application: Mapped[Application] = relationship()
    photos: Mapped[list[SitePhoto]] = relationship(order_by="SitePhoto.id")


class SitePhoto(Keyed, db.Model):
    """One picture of a visit. Its own file name is not kept: it could name people."""

    __tablename__ = "site_photo"

    visit_id: Mapped[int] = mapped_column(sa.ForeignKey("site_visit.id"), index=True)
    blob_id: Mapped[int] = mapped_column(sa.ForeignKey("blob.id"))
    caption: Mapped[str] = mapped_column(sa.String(200), default="")
    added_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    blob: Mapped[Blob] = relationship(lazy="joined", innerjoin=True)


class Panel(Keyed, Stamped, Versioned, db.Model):
    """Who judges one application: its chair, its score sheet and the date by which reviews are due."""

    __tablename__ = "panel"

    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id"), unique=True)
    chair_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    assigned_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    rubric: Mapped[str] = mapped_column(sa.String(40))
    due_on: Mapped[date] = mapped_column(sa.Date)
    # set when a second reader was called and the case needs more reviews than its call asks for
    reviews_needed: Mapped[int | None]

    application: Mapped[Application] = relationship()
    chair: Mapped[Person] = relationship(foreign_keys=[chair_id])
    assignments: Mapped[list[Assignment]] = relationship(back_populates="panel", order_by="Assignment.pseudonym")
    consensus: Mapped[Consensus | None] = relationship(back_populates="panel")
    finding: Mapped[Finding | None] = relationship(viewonly=True)
    # the newest one
    decision: Mapped[Decision | None] = relationship(
        primaryjoin="and_(Decision.panel_id == Panel.id, Decision.superseded_at.is_(None))", viewonly=True
    )

    @property
    def needed(self) -> int:
        """How many reviews the case needs: what its call asks for, more when a second reader was called."""
        return self.reviews_needed or self.application.call.reviews

    @property
    def needs_more(self) -> bool:
        """A second reader was called who is not among those that the call asks for anyway."""
        return self.needed > self.application.call.reviews


class Assignment(Keyed, Stamped, db.Model):
    """One evaluator on one panel. What others see of the person is the pseudonym (위원 A), which says nothing."""

    __tablename__ = "assignment"

    panel_id: Mapped[int] = mapped_column(sa.ForeignKey("panel.id"), index=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id"))
    evaluator_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    assigned_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    pseudonym: Mapped[str] = mapped_column(sa.String(2))
    due_on: Mapped[date] = mapped_column(sa.Date)
    state: Mapped[AssignmentState] = mapped_column(enum_type(AssignmentState), default=AssignmentState.ASSIGNED)
    # drawn once: each evaluator meets the cases in an order of their own that stays the same
    place: Mapped[int] = mapped_column(default=_draw)
    declared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recusal_reason: Mapped[RecusalReason | None] = mapped_column(enum_type(RecusalReason))
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # None: by hand
    draw_id: Mapped[int | None] = mapped_column(sa.ForeignKey("draw.id"), index=True)

    panel: Mapped[Panel] = relationship(back_populates="assignments")
    application: Mapped[Application] = relationship()
    evaluator: Mapped[Person] = relationship(foreign_keys=[evaluator_id])
    review: Mapped[Review | None] = relationship(back_populates="assignment")

    __table_args__ = (
        sa.UniqueConstraint("application_id", "evaluator_id"),
        sa.UniqueConstraint("application_id", "pseudonym"),
        sa.Index("ix_assignment_desk", "evaluator_id", "state", "due_on"),
    )


class Review(Keyed, Stamped, Versioned, db.Model):
    """One evaluator's opinion. A draft is one document that is saved as a whole, hence the two JSON columns.

    items : item code → {"verdict", "level", "note"}
    scores: criterion code → {"points", "na", "comment"}
    """

    __tablename__ = "review"

    assignment_id: Mapped[int] = mapped_column(sa.ForeignKey("assignment.id"), unique=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id"), index=True)
    items: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    scores: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    comment: Mapped[str] = mapped_column(sa.Text, default="")
    own_tier: Mapped[Tier | None] = mapped_column(enum_type(Tier))
    own_locked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # 0–100, set when the own score is locked
    total: Mapped[float | None]
    suggested_tier: Mapped[Tier | None] = mapped_column(enum_type(Tier))
    suggestion_shown_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    final_tier: Mapped[Tier | None] = mapped_column(enum_type(Tier))
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    assignment: Mapped[Assignment] = relationship(back_populates="review")

    @property
    def judged(self) -> dict[str, Judged]:
        """The verdicts that are set, by item code."""
        return {
            code: Judged(ItemVerdict(row["verdict"]), row.get("level"), row.get("note") or "")
            for code, row in self.items.items()
            if row.get("verdict")
        }

    @property
    def scored(self) -> dict[str, Scored]:
        return {code: scored_from(row) for code, row in self.scores.items()}

    @property
    def points(self) -> dict[str, float | None]:
        return {code: None if row.get("na") else row.get("points") for code, row in self.scores.items()}


class ReviewVersion(db.Model):
    """One state of a review that counted: own score locked, submitted, or revised later with a reason. Only added."""

    __tablename__ = "review_version"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    review_id: Mapped[int] = mapped_column(sa.ForeignKey("review.id"))
    sequence: Mapped[int]
    cause: Mapped[VersionCause] = mapped_column(enum_type(VersionCause))
    items: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    scores: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    comment: Mapped[str] = mapped_column(sa.Text)
    own_tier: Mapped[Tier | None] = mapped_column(enum_type(Tier))
    final_tier: Mapped[Tier | None] = mapped_column(enum_type(Tier))
    total: Mapped[float | None]
    # why it was revised; what the evaluator said of the tier stands in `tier_reason`
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    tier_reason: Mapped[str] = mapped_column(sa.Text, default="")
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    __table_args__ = (sa.UniqueConstraint("review_id", "sequence"),)


class Consensus(Keyed, Stamped, Versioned, db.Model):
    """The panel's meeting on one case: convened by the chair once all reviews are in, ended by the chair.

    notes: criterion code → what the panel agreed on it, in the chair's words
    """

    __tablename__ = "consensus"

    panel_id: Mapped[int] = mapped_column(sa.ForeignKey("panel.id"), unique=True)
    convened_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    convened_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    due_on: Mapped[date] = mapped_column(sa.Date)
    # what the chair asks the evaluators to look at again
    question: Mapped[str] = mapped_column(sa.Text, default="")
    notes: Mapped[dict[str, str]] = mapped_column(sa.JSON, default=dict)
    summary: Mapped[str] = mapped_column(sa.Text, default="")
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    panel: Mapped[Panel] = relationship(back_populates="consensus")

    @property
    def is_open(self) -> bool:
        return self.ended_at is None


class RubricVersion(Keyed, Stamped, Versioned, db.Model):
    """One version of a score sheet, beside those in `data/rubric`. A published one never changes: panels pin it.

    criteria: the rows as a file of `data/rubric` holds them
    """

    __tablename__ = "rubric_version"

    name: Mapped[str] = mapped_column(sa.String(30))
    number: Mapped[int]
    title_ko: Mapped[str] = mapped_column(sa.String(80))
    title_en: Mapped[str] = mapped_column(sa.String(80), default="")
    pass_points: Mapped[int] = mapped_column(default=70)
    critical_floor_ratio: Mapped[float] = mapped_column(default=0.6)
    criteria: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)
    state: Mapped[RubricState] = mapped_column(enum_type(RubricState), default=RubricState.DRAFT)
    made_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    published_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # of the contents at publication, so that a later change of the row would show
    sha256: Mapped[str | None] = mapped_column(sa.String(64))

    __table_args__ = (sa.UniqueConstraint("name", "number"),)

    @property
    def reference(self) -> str:
        """How a panel remembers it."""
        return f"{self.name}-{self.number}"


class SeverityRun(Keyed, db.Model):
    """One calibration of the evaluators over all submitted reviews; the newest finished one is shown."""

    __tablename__ = "severity_run"

    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    made_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reviews: Mapped[int] = mapped_column(default=0)
    evaluators: Mapped[int] = mapped_column(default=0)
    # points: how far judges of one case differ, and how far evaluators differ as persons (standard deviations)
    noise: Mapped[float | None]
    spread: Mapped[float | None]


class Severity(db.Model):
    """How many points one evaluator gives less than others would on the same files (negative: more), with its error."""

    __tablename__ = "severity"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("severity_run.id"))
    evaluator_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    points: Mapped[float]
    standard_error: Mapped[float]
    reviews: Mapped[int]

    __table_args__ = (sa.UniqueConstraint("run_id", "evaluator_id"),)


class ScoreSheet(Keyed, db.Model):
    """A score sheet that an evaluator took along. secret: what its rows are signed with."""

    __tablename__ = "score_sheet"

    evaluator_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    secret: Mapped[str] = mapped_column(sa.String(64))
    # assignment key → criterion codes, in the order of the sheet: what has to come back
    rows: Mapped[dict[str, list[str]]] = mapped_column(sa.JSON)


class SheetImport(Keyed, db.Model):
    """A score sheet that came back: looked at first, then taken over in one step or left."""

    __tablename__ = "sheet_import"

    evaluator_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    sheet_id: Mapped[int | None] = mapped_column(sa.ForeignKey("score_sheet.id"))
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    filename: Mapped[str] = mapped_column(sa.String(140))
    file_sha256: Mapped[str] = mapped_column(sa.String(64))
    # the cells as they were read; checked anew when they are taken over
    cells: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cases_applied: Mapped[int | None]


class Finding(Keyed, Versioned, db.Model):
    """What the chair of a case in a ranked call finalised: tier and recommendation. The call's ranking then decides."""

    __tablename__ = "finding"

    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id"), unique=True)
    panel_id: Mapped[int] = mapped_column(sa.ForeignKey("panel.id"), unique=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    kind: Mapped[DecisionKind] = mapped_column(enum_type(DecisionKind))
    suggested_tier: Mapped[Tier | None] = mapped_column(enum_type(Tier))
    tier: Mapped[Tier] = mapped_column(enum_type(Tier))
    recommended: Mapped[bool]
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    items: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    # mean total of the reviews, 0–100
    total: Mapped[float]
    # sum of the mean points of the critical criteria, for ties
    critical: Mapped[float] = mapped_column(default=0.0)
    waiver: Mapped[str | None] = mapped_column(sa.Text)


class Decision(Keyed, db.Model):
    """One act that says what becomes of an application. Nothing in it is changed later: the next act is the next row.

    The newest row of an application counts; `superseded_at` tells from when on an older one no longer did.
    """

    __tablename__ = "decision"

    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id"), index=True)
    panel_id: Mapped[int] = mapped_column(sa.ForeignKey("panel.id"), index=True)
    # 1 for the first decision on the application
    sequence: Mapped[int] = mapped_column(default=1)
    cause: Mapped[Cause] = mapped_column(enum_type(Cause), default=Cause.PANEL)
    # None: the portal itself (a reserve that moves up, a place that was given up)
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    kind: Mapped[DecisionKind] = mapped_column(enum_type(DecisionKind))
    suggested_tier: Mapped[Tier | None] = mapped_column(enum_type(Tier))
    tier: Mapped[Tier] = mapped_column(enum_type(Tier))
    outcome: Mapped[Outcome] = mapped_column(enum_type(Outcome))
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    # codes of the items that ground an override
    items: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    # mean total of the reviews, 0–100; after an appeal the total with what was judged anew
    total: Mapped[float]
    # where the application stood in its call when this was decided (`rules.Standing`); None: the call was not ranked
    standing: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    # why the chair did not wait for an additional review that was called for
    waiver: Mapped[str | None] = mapped_column(sa.Text)

    panel: Mapped[Panel] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("application_id", "sequence"),
        # one decision counts at a time, whoever comes first
        sa.Index(
            "uq_decision_newest",
            "application_id",
            unique=True,
            sqlite_where=sa.text("superseded_at IS NULL"),
            postgresql_where=sa.text("superseded_at IS NULL"),
        ),
    )


class Draw(Keyed, Stamped, db.Model):
    """One draw of evaluators: what was asked, its lot, the frozen question, the plan and what became of it.

    The files are content-addressed and never change: the question (`input_sha256`), the plan (`result_sha256`) and, not
    part of the proof, why each pair fits (`detail_sha256`).
    """

    __tablename__ = "draw"

    call_id: Mapped[int] = mapped_column(sa.ForeignKey("call.id"), index=True)
    cause: Mapped[DrawCause] = mapped_column(enum_type(DrawCause), default=DrawCause.PANELS)
    # None: every application of the call that lacks evaluators, in whatever phase it is
    phase: Mapped[PhaseKind | None] = mapped_column(enum_type(PhaseKind))
    # the cases of a draw that the portal asked for itself; None: see `phase`
    application_ids: Mapped[list[int] | None] = mapped_column(sa.JSON)
    state: Mapped[DrawState] = mapped_column(enum_type(DrawState), default=DrawState.ASKED, index=True)

    demand: Mapped[int]
    min_load: Mapped[int]
    max_load: Mapped[int]
    balance: Mapped[bool]
    due_on: Mapped[date] = mapped_column(sa.Date)

    # the lot, hexadecimal: shown once the cases are decided; its hash stands from the first moment
    seed: Mapped[str] = mapped_column(sa.String(32))
    seed_sha256: Mapped[str] = mapped_column(sa.String(64))
    input_sha256: Mapped[str | None] = mapped_column(sa.String(64))
    result_sha256: Mapped[str | None] = mapped_column(sa.String(64))
    detail_sha256: Mapped[str | None] = mapped_column(sa.String(64))
    # figures of the plan for its page (`draw.summary_of`)
    summary: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)

    step: Mapped[Step | None] = mapped_column(enum_type(Step))
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    # seats that were filled, and cases that had changed meanwhile and were left alone
    seated: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(sa.String(60), default="")
    problem_values: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)

    # None: the portal itself
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    planned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    call: Mapped[Call] = relationship(lazy="joined", innerjoin=True)
    asked_by: Mapped[Person | None] = relationship(foreign_keys=[asked_by_id], lazy="joined")
    settled_by: Mapped[Person | None] = relationship(foreign_keys=[settled_by_id], lazy="joined")

    __table_args__ = (
        # an operator looks at one plan of a call at a time
        sa.Index(
            "uq_draw_open",
            "call_id",
            "asked_by_id",
            unique=True,
            sqlite_where=sa.text("state IN ('asked', 'running', 'planned', 'seating')"),
            postgresql_where=sa.text("state IN ('asked', 'running', 'planned', 'seating')"),
        ),
    )

    @property
    def is_automatic(self) -> bool:
        return self.cause is not DrawCause.PANELS

    @property
    def is_working(self) -> bool:
        return self.state in (DrawState.ASKED, DrawState.RUNNING, DrawState.SEATING)

    @property
    def missing(self) -> int:
        """Seats that the plan leaves empty."""
        return self.summary.get("missing", 0)


class DrawReplay(Keyed, db.Model):
    """An auditor's question whether a draw still comes out to the byte, and the answer."""

    __tablename__ = "draw_replay"

    draw_id: Mapped[int] = mapped_column(sa.ForeignKey("draw.id"), index=True)
    state: Mapped[ReplayState] = mapped_column(enum_type(ReplayState), default=ReplayState.WAITING, index=True)
    # of the plan that came out this time
    result_sha256: Mapped[str | None] = mapped_column(sa.String(64))
    # libraries that differ from those of the draw: name → [then, now]
    versions: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    draw: Mapped[Draw] = relationship()
    asked_by: Mapped[Person | None] = relationship(lazy="joined")


class Rating(Keyed, db.Model):
    """What a firm says of how it was evaluated (역평가), once for each application; of the panel, never of a person."""

    __tablename__ = "evaluation_rating"

    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id"), unique=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    # 1–5
    fairness: Mapped[int]
    expertise: Mapped[int]
    explanation: Mapped[int]
    conduct: Mapped[int]
    comment: Mapped[str] = mapped_column(sa.Text, default="")

    __table_args__ = (
        sa.CheckConstraint(
            " AND ".join(f"{name} BETWEEN 1 AND 5" for name in ("fairness", "expertise", "explanation", "conduct")),
            name="marks",
        ),
    )


class PressureReport(Keyed, Stamped, Versioned, db.Model):
    """An evaluator's report that somebody pressed or solicited."""

    __tablename__ = "pressure_report"

    reporter_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    # where it concerns one case
    application_id: Mapped[int | None] = mapped_column(sa.ForeignKey("application.id"))
    source: Mapped[PressureSource] = mapped_column(enum_type(PressureSource))
    happened_on: Mapped[date | None] = mapped_column(sa.Date)
    text: Mapped[str] = mapped_column(sa.Text)
    # operators then don't read who reported
    nameless: Mapped[bool] = mapped_column(default=False)
    state: Mapped[ReportState] = mapped_column(enum_type(ReportState), default=ReportState.OPEN, index=True)
    answer: Mapped[str] = mapped_column(sa.Text, default="")
    closed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    reporter: Mapped[Person] = relationship(foreign_keys=[reporter_id])
    closed_by: Mapped[Person | None] = relationship(foreign_keys=[closed_by_id])
    application: Mapped[Application | None] = relationship()


class Certificate(Keyed, db.Model):
    """An evaluator's record as it was on one day, to be carried elsewhere. Never changed.

    facts : canonical JSON; sha256: of the key and the facts, so that nobody can guess it from the figures
    """

    __tablename__ = "evaluator_certificate"

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    facts: Mapped[str] = mapped_column(sa.Text)
    sha256: Mapped[str] = mapped_column(sa.String(64), unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    @property
    def content(self) -> dict[str, Any]:
        return json.loads(self.facts)
