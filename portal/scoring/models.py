"""Suggestions with all that is needed to explain, contest and replay them; evaluators' own tiers beside them."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation, Person
from portal.base import clock
from portal.base.db import BigId, Keyed, UtcDateTime, db, enum_type
from portal.programmes.rules import Tier
from portal.scoring.rules import ClaimWord


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
    question: Mapped[str] = mapped_column(sa.Text)
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    answer: Mapped[str] = mapped_column(sa.Text, default="")
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)

    suggestion: Mapped[Suggestion] = relationship(lazy="joined", innerjoin=True)
    asked_by: Mapped[Person] = relationship(foreign_keys=[asked_by_id], lazy="joined", innerjoin=True)

    @property
    def is_open(self) -> bool:
        return self.answered_at is None
