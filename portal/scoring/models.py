"""Suggestions with all that is needed to explain, contest and replay them; evaluators' own tiers beside them; the
registry of learned models, what happened to each, and the long work that the worker does."""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation, Person
from portal.base import clock
from portal.base.db import BigId, Keyed, UtcDateTime, db, enum_type
from portal.base.words import Words, sentence
from portal.programmes.rules import Tier
from portal.scoring.rules import (
    TIME_TO_ANSWER,
    ClaimWord,
    JobKind,
    JobState,
    ModelAct,
    ModelKind,
    ModelState,
    RequestKind,
    RequestOutcome,
    SecondReaderReason,
)


class Suggestion(Keyed, db.Model):
    """What the machine said, once, about one version of a firm's answers. Never changed."""

    __tablename__ = "suggestion"

    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    profile_version_id: Mapped[int | None] = mapped_column(sa.ForeignKey("profile_version.id"), index=True)
    # set when the frozen snapshot of an application was scored
    application_id: Mapped[int | None] = mapped_column(sa.ForeignKey("application.id"), index=True)
    model: Mapped[str] = mapped_column(sa.String(40))
    model_hash: Mapped[str] = mapped_column(sa.String(64))
    instrument_version: Mapped[str] = mapped_column(sa.String(20))
    rule_version: Mapped[str] = mapped_column(sa.String(20))
    # canonical JSON, and its SHA-256
    inputs: Mapped[str] = mapped_column(sa.Text)
    inputs_sha256: Mapped[str] = mapped_column(sa.String(64))
    result: Mapped[str] = mapped_column(sa.Text)
    # repeated from the result, to filter and count by
    tier: Mapped[Tier | None] = mapped_column(enum_type(Tier))
    near: Mapped[Tier | None] = mapped_column(enum_type(Tier))
    provisional: Mapped[bool]
    total: Mapped[float]
    system_level: Mapped[int]
    capability_level: Mapped[int]
    # area code → mean as canonical JSON, repeated for the peers' figures; empty in rows older than these
    areas: Mapped[str | None] = mapped_column(sa.String(400))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)

    @cached_property
    def answer(self) -> dict[str, Any]:
        """The result as data."""
        return json.loads(self.result)


class Opinion(db.Model):
    """The tier an evaluator gave, and whether the suggestion had been seen before: what a learner may train on."""

    __tablename__ = "scoring_opinion"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    suggestion_id: Mapped[int] = mapped_column(sa.ForeignKey("suggestion.id"), index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    tier: Mapped[Tier | None] = mapped_column(enum_type(Tier))
    shown_before: Mapped[bool]
    # the tier after the suggestion was shown, and why it differs from it
    final_tier: Mapped[Tier | None] = mapped_column(enum_type(Tier))
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    __table_args__ = (sa.UniqueConstraint("suggestion_id", "person_id"),)


class ClaimVerdict(db.Model):
    """What an evaluator said of one answer behind a suggestion, as handed in with the review; written once."""

    __tablename__ = "scoring_claim_verdict"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    suggestion_id: Mapped[int] = mapped_column(sa.ForeignKey("suggestion.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    # of the questionnaire
    item: Mapped[str] = mapped_column(sa.String(8))
    word: Mapped[ClaimWord] = mapped_column(enum_type(ClaimWord))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, index=True)

    __table_args__ = (sa.UniqueConstraint("suggestion_id", "person_id", "item"),)


class ExplanationRequest(Keyed, db.Model):
    """A firm asks a person to explain a suggestion, or to look at it again (개인정보 보호법 제37조의2); never deleted."""

    __tablename__ = "explanation_request"

    suggestion_id: Mapped[int] = mapped_column(sa.ForeignKey("suggestion.id"), index=True)
    kind: Mapped[RequestKind] = mapped_column(
        enum_type(RequestKind), default=RequestKind.EXPLAIN, server_default=RequestKind.EXPLAIN.value
    )
    # may be empty in an objection: pressing the button is enough
    question: Mapped[str] = mapped_column(sa.Text)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    answer: Mapped[str] = mapped_column(sa.Text, default="")
    # what became of the suggestion; an objection always has one when it is answered
    outcome: Mapped[RequestOutcome | None] = mapped_column(enum_type(RequestOutcome))
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)

    suggestion: Mapped[Suggestion] = relationship(lazy="joined", innerjoin=True)
    asked_by: Mapped[Person] = relationship(foreign_keys=[asked_by_id], lazy="joined", innerjoin=True)

    @property
    def is_open(self) -> bool:
        return self.answered_at is None

    @property
    def due_on(self) -> date:
        """The day (KST) by which the portal means to answer."""
        return clock.kst(self.asked_at + TIME_TO_ANSWER).date()

    @property
    def is_late(self) -> bool:
        return self.is_open and clock.today() > self.due_on


class SuggestionRefusal(Keyed, db.Model):
    """A firm says that no machine's suggestion may be used in judging it (개인정보 보호법 제37조의2); never deleted.

    An application goes by what held when it was handed in.
    """

    __tablename__ = "suggestion_refusal"

    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    refused_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    refused_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))

    __table_args__ = (
        # one refusal of a firm in force
        sa.Index(
            "uq_suggestion_refusal_live",
            "organisation_id",
            unique=True,
            sqlite_where=sa.text("withdrawn_at IS NULL"),
            postgresql_where=sa.text("withdrawn_at IS NULL"),
        ),
    )


class SecondReaderCall(db.Model):
    """A case was found doubtful: a further evaluator has to read it; once per application and reason."""

    __tablename__ = "second_reader_call"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id"))
    suggestion_id: Mapped[int] = mapped_column(sa.ForeignKey("suggestion.id"), index=True)
    reason: Mapped[SecondReaderReason] = mapped_column(enum_type(SecondReaderReason))
    called_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    __table_args__ = (sa.UniqueConstraint("application_id", "reason"),)


class AppealCount(db.Model):
    """An appeal against a decision that was decided; kept here for the monitoring, which counts reversals.

    ruling: upheld, partly, dismissed; reversed: whether the outcome of the application changed
    """

    __tablename__ = "appeal_count"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # of the package above; one row each, however often its event is delivered
    appeal_id: Mapped[int] = mapped_column(BigId, unique=True)
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id"), index=True)
    ruling: Mapped[str] = mapped_column(sa.String(20))
    reversed: Mapped[bool]
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, index=True)


class PeerGroup(db.Model):
    """Where the firms of one industry and size stand, drawn up every night; only for groups that are large enough.

    division, size: empty for all; figures: canonical JSON of rounded quartiles, never of single firms
    """

    __tablename__ = "peer_group"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    division: Mapped[str] = mapped_column(sa.String(2), default="")
    size: Mapped[str] = mapped_column(sa.String(20), default="")
    firms: Mapped[int]
    figures: Mapped[str] = mapped_column(sa.Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    __table_args__ = (sa.UniqueConstraint("division", "size"),)


class ModelVersion(Keyed, db.Model):
    """A trained model as it is kept: what it learned from, how it did, which bytes speak. Never deleted."""

    __tablename__ = "model_version"

    # "ordinal-logit-3"
    name: Mapped[str] = mapped_column(sa.String(40), unique=True)
    kind: Mapped[ModelKind] = mapped_column(enum_type(ModelKind))
    state: Mapped[ModelState] = mapped_column(enum_type(ModelState), index=True)
    instrument_version: Mapped[str] = mapped_column(sa.String(20))
    feature_version: Mapped[str] = mapped_column(sa.String(20))
    rule_version: Mapped[str] = mapped_column(sa.String(20))
    # of the decisions it learned from, first and last
    trained_from: Mapped[datetime] = mapped_column(UtcDateTime)
    trained_until: Mapped[datetime] = mapped_column(UtcDateTime)
    decisions: Mapped[int]
    files: Mapped[int]
    raters: Mapped[int]
    # made-up decisions were among them; such a model may never leave a demo
    synthetic: Mapped[bool]
    data_sha256: Mapped[str] = mapped_column(sa.String(64))
    # the scikit-learn object, and the JSON that speaks
    artefact_sha256: Mapped[str] = mapped_column(sa.String(64))
    card_sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    # canonical JSON: metrics, fairness, calibration, conformal sets, monotonicity, held-out rows
    report: Mapped[str] = mapped_column(sa.Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    made_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    note: Mapped[str] = mapped_column(sa.String(200), default="")

    made_by: Mapped[Person | None] = relationship(lazy="joined")

    __table_args__ = (
        # whoever promotes second finds the seat taken
        sa.Index(
            "uq_model_version_champion",
            "state",
            unique=True,
            sqlite_where=sa.text("state = 'champion'"),
            postgresql_where=sa.text("state = 'champion'"),
        ),
    )

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The report as data."""
        return json.loads(self.report)


class ModelEvent(db.Model):
    """What happened to a model, by whom and why; without a model it happened to the instrument. Never changed."""

    __tablename__ = "model_event"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    model_id: Mapped[int | None] = mapped_column(sa.ForeignKey("model_version.id"), index=True)
    act: Mapped[ModelAct] = mapped_column(enum_type(ModelAct))
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    # the promotion report as it was read, canonical JSON; empty where there is none
    report: Mapped[str] = mapped_column(sa.Text, default="")

    model: Mapped[ModelVersion | None] = relationship(lazy="joined")
    by: Mapped[Person | None] = relationship(lazy="joined")

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The report as data, empty where there is none."""
        return json.loads(self.report) if self.report else {}


class ScoringJob(Keyed, db.Model):
    """Long work asked for on a screen or by a schedule; the worker does it, one at a time, and resumes after a crash."""

    __tablename__ = "scoring_job"

    kind: Mapped[JobKind] = mapped_column(enum_type(JobKind))
    state: Mapped[JobState] = mapped_column(enum_type(JobState), default=JobState.WAITING, index=True)
    # canonical JSON
    params: Mapped[str] = mapped_column(sa.Text)
    result: Mapped[str] = mapped_column(sa.Text, default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    # where to go on after a crash: the last row that is done
    cursor: Mapped[int] = mapped_column(BigId, default=0)
    # code of the refusal, and what fills its sentence as canonical JSON
    problem: Mapped[str] = mapped_column(sa.String(60), default="")
    problem_values: Mapped[str] = mapped_column(sa.Text, default="")
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    asked_by: Mapped[Person | None] = relationship(lazy="joined")

    @property
    def asked(self) -> dict[str, Any]:
        """The parameters as data."""
        return json.loads(self.params)

    @property
    def answer(self) -> dict[str, Any]:
        """The result as data, empty until it is there."""
        return json.loads(self.result) if self.result else {}

    @property
    def refusal(self) -> Words | None:
        """Why it failed, in words."""
        if not self.problem:
            return None
        values = json.loads(self.problem_values or "{}")
        words = {name: Words(**one) if isinstance(one, dict) else one for name, one in values.items()}
        return sentence(self.problem, **words)

    @property
    def is_open(self) -> bool:
        return self.state in (JobState.WAITING, JobState.RUNNING)


class MonthlyReport(Keyed, db.Model):
    """The scorer's report of one month as it was made; never made anew."""

    __tablename__ = "monthly_report"

    # "2026-11"
    month: Mapped[str] = mapped_column(sa.String(7), unique=True)
    # canonical JSON, and its SHA-256
    body: Mapped[str] = mapped_column(sa.Text)
    sha256: Mapped[str] = mapped_column(sa.String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The report as data."""
        return json.loads(self.body)
