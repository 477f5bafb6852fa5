"""Suggestions with all that is needed to explain, contest and replay them; evaluators' own tiers beside them."""

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
from portal.programmes.rules import Tier
from portal.scoring.rules import TIME_TO_ANSWER, ClaimWord, RequestKind, RequestOutcome, SecondReaderReason


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
