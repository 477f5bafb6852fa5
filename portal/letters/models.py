"""Letters as they were made and sent, and the batches that send many."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation, Person
from portal.base import clock
from portal.base.db import BigId, Keyed, Stamped, UtcDateTime, db, enum_type
from portal.base.files import Blob
from portal.letters.rules import BatchState, LetterContent, LetterKind, LetterState


class Letter(Keyed, Stamped, db.Model):
    """One letter to one firm. Once it is sent nothing of it changes: the file's hash proves what it said."""

    __tablename__ = "letter"

    kind: Mapped[LetterKind] = mapped_column(enum_type(LetterKind))
    state: Mapped[LetterState] = mapped_column(enum_type(LetterState), default=LetterState.PREPARED, index=True)
    # what it is about, as the feature above names it ("decision:12"): one letter for each
    about: Mapped[str | None] = mapped_column(sa.String(60), unique=True)
    # of the feature above; letters know applications by their number alone
    application_id: Mapped[int] = mapped_column(BigId, index=True)
    number: Mapped[str] = mapped_column(sa.String(40))
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    # key of reference.Region: of the application; a regional operator reads by it
    region: Mapped[str | None] = mapped_column(sa.String(60))
    language: Mapped[str] = mapped_column(sa.String(2))
    content_kept: Mapped[dict[str, Any]] = mapped_column("content", sa.JSON)
    # SHA-256 of the content, printed on the paper
    content_sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    # SHA-256 of the file
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    blob_id: Mapped[int] = mapped_column(sa.ForeignKey("blob.id"), index=True)
    prepared_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    # None: the portal itself
    prepared_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))

    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    blob: Mapped[Blob] = relationship()

    __table_args__ = (sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="letter_sent_when_sent"),)

    @property
    def content(self) -> LetterContent:
        return LetterContent.from_dict(self.content_kept)

    @property
    def is_sent(self) -> bool:
        return self.state is LetterState.SENT

    @property
    def filename(self) -> str:
        return f"{self.kind.label.in_(self.language)} {self.number}.pdf".replace("/", "-")


class LetterBatch(Keyed, Stamped, db.Model):
    """Many letters made and sent by the worker, in the order of their ids; resumed after a crash."""

    __tablename__ = "letter_batch"

    # what the letters are about, and of which call: the feature above composes them
    purpose: Mapped[str] = mapped_column(sa.String(40))
    call_id: Mapped[int] = mapped_column(BigId, index=True)
    # what each letter is about (decision ids), frozen when it was asked
    subject_ids: Mapped[list[int]] = mapped_column(sa.JSON)
    state: Mapped[BatchState] = mapped_column(enum_type(BatchState), default=BatchState.WAITING, index=True)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    # what had changed meanwhile and gets no letter
    skipped: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(sa.String(60), default="")
    asked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    asked_by: Mapped[Person] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        # one batch of a call at a time, whoever presses first
        sa.Index(
            "uq_letter_batch_open",
            "purpose",
            "call_id",
            unique=True,
            sqlite_where=sa.text("state IN ('waiting', 'running')"),
            postgresql_where=sa.text("state IN ('waiting', 'running')"),
        ),
    )
