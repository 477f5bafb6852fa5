"""A call's ranking with its lines, and the bonus points of applications."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Person
from portal.applications.models import Application
from portal.base.db import BigId, Keyed, Stamped, UtcDateTime, Versioned, db, enum_type
from portal.evaluation.rules import Outcome
from portal.programmes.models import Call
from portal.programmes.rules import Tier
from portal.selection.rules import Ground, Limit, RankingState, Terms


class Ranking(Keyed, Stamped, Versioned, db.Model):
    """순위: what an operator proposes for a whole call and the call's chair approves. Its lines never change."""

    __tablename__ = "ranking"

    call_id: Mapped[int] = mapped_column(sa.ForeignKey("call.id"), index=True)
    state: Mapped[RankingState] = mapped_column(enum_type(RankingState), default=RankingState.PROPOSED)
    made_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    approver_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    # `rules.Terms`; its budget is what the ranking was made with
    terms_kept: Mapped[dict[str, Any]] = mapped_column("terms", sa.JSON)
    # what may be given now: grows when money is added later
    budget_krw: Mapped[int] = mapped_column(sa.BigInteger)
    # SHA-256 over totals, bonuses and terms, so that an approval is of what was proposed
    digest: Mapped[str] = mapped_column(sa.String(64))
    cutoff: Mapped[float | None]
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # why it was sent back or taken back
    note: Mapped[str] = mapped_column(sa.Text, default="")

    call: Mapped[Call] = relationship()
    approver: Mapped[Person] = relationship(foreign_keys=[approver_id])

    __table_args__ = (
        # one running or approved ranking of a call, whoever comes first
        sa.Index(
            "uq_ranking_running",
            "call_id",
            unique=True,
            sqlite_where=sa.text("state IN ('proposed', 'approved')"),
            postgresql_where=sa.text("state IN ('proposed', 'approved')"),
        ),
        sa.CheckConstraint("budget_krw > 0", name="budget"),
    )

    @property
    def terms(self) -> Terms:
        return Terms.of(self.terms_kept)


class RankingEntry(db.Model):
    """One line of a ranking as it was proposed."""

    __tablename__ = "ranking_entry"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ranking_id: Mapped[int] = mapped_column(sa.ForeignKey("ranking.id"))
    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id"), index=True)
    # the order of the list, from 1; `rank` counts the recommended ones alone
    line: Mapped[int]
    rank: Mapped[int | None]
    # mean of the reviews, and with the bonus after its cap
    total: Mapped[float]
    ranked_total: Mapped[float]
    critical: Mapped[float]
    bonus: Mapped[float]
    tier: Mapped[Tier] = mapped_column(enum_type(Tier))
    subsidy_krw: Mapped[int] = mapped_column(sa.BigInteger)
    recommended: Mapped[bool]
    outcome: Mapped[Outcome] = mapped_column(enum_type(Outcome))
    reserve: Mapped[int | None]
    limit: Mapped[Limit | None] = mapped_column("kept_out_by", enum_type(Limit))

    application: Mapped[Application] = relationship()

    __table_args__ = (
        sa.UniqueConstraint("ranking_id", "application_id"),
        sa.UniqueConstraint("ranking_id", "line"),
    )


class Bonus(Keyed, Stamped, Versioned, db.Model):
    """가점 of one application: points by ground, as an operator granted them on the papers."""

    __tablename__ = "bonus"

    application_id: Mapped[int] = mapped_column(sa.ForeignKey("application.id"), unique=True)
    # ground → points
    kept: Mapped[dict[str, float]] = mapped_column("points", sa.JSON, default=dict)
    # before the cap
    total: Mapped[float] = mapped_column(default=0.0)
    note: Mapped[str] = mapped_column(sa.Text, default="")
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))

    @property
    def points(self) -> dict[Ground, float]:
        return {Ground(ground): points for ground, points in self.kept.items()}
