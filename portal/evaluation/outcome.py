"""What the firm is told after the decision: scores, comments and reasons, and no person."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.accounts.rules import SME
from portal.applications import queries as applications
from portal.applications.models import Application
from portal.base.access import Actor, NotVisible
from portal.base.db import session
from portal.base.words import Words
from portal.evaluation import queries, rules
from portal.evaluation.models import Assignment, Decision, Panel
from portal.evaluation.rules import Outcome
from portal.evaluation.sidebyside import side_by_side
from portal.programmes.rules import Tier


@dataclass(frozen=True)
class OutcomeLine:
    """One criterion as the firm reads it: mean points and every comment, no person. points: None: not applicable.

    floor: the points that a critical criterion needs; None for the others
    """

    title: Words
    question: Words
    points: float | None
    most: int
    floor: float | None
    below: bool
    comments: tuple[str, ...]


@dataclass(frozen=True)
class OutcomeItem:
    """An answer that the evaluation saw differently. level: what the firm said; notes without author."""

    code: str
    title: Words
    level: int | None
    rejected: bool
    corrected: tuple[int, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """One decision of the history: when, what led to it, and what it said."""

    at: datetime
    cause: rules.Cause
    outcome: Outcome
    tier: Tier
    total: float


@dataclass(frozen=True)
class OutcomeView:
    """What the firm is told after the decision: every score, every comment, the decision and its reason."""

    number: str
    outcome: Outcome
    tier: Tier
    suggested_tier: Tier | None
    kind: rules.DecisionKind
    reason: str
    decided_at: datetime
    total: float
    pass_points: int
    reviews: int
    lines: tuple[OutcomeLine, ...]
    comments: tuple[str, ...]
    items: tuple[OutcomeItem, ...] = field(default_factory=tuple)
    standing: rules.Standing | None = None
    history: tuple[Step, ...] = field(default_factory=tuple)

    @property
    def cutoff(self) -> float:
        """The total that had to be reached: the lowest selected one of a ranked call, else the pass points."""
        found = self.standing.cutoff if self.standing else None
        return float(self.pass_points) if found is None else found

    @property
    def band(self) -> Words | None:
        """The quarter of the field; None where the call was not ranked or its field is too small."""
        return rules.BAND_LABELS.get(self.standing.band) if self.standing and self.standing.band else None


def outcome_for_applicant(application_id: int) -> OutcomeView | None:
    """The outcome without any trace of who said what; None before the decision. Who calls has checked the reader.

    Notes: comments of each criterion are ordered by their text, not by evaluator, so that one voice can't be followed
           from line to line.
    """
    decision = session.scalar(
        sa.select(Decision)
        .where(Decision.application_id == application_id, Decision.superseded_at.is_(None))
        .options(
            joinedload(Decision.panel).joinedload(Panel.application),
            joinedload(Decision.panel).selectinload(Panel.assignments).joinedload(Assignment.review),
        )
    )
    if decision is None:
        return None
    sides = side_by_side(decision.panel)
    lines = tuple(
        OutcomeLine(
            line.criterion.title,
            line.criterion.question,
            line.mean,
            line.criterion.points,
            line.criterion.floor(sides.rubric.critical_floor_ratio) if line.criterion.critical else None,
            line.below,
            tuple(sorted(filter(None, (voice.comments.get(line.criterion.code) for voice in sides.voices)))),
        )
        for line in sides.lines
    )
    items = tuple(
        OutcomeItem(
            one.item.code,
            one.item.title,
            one.level,
            any(word.verdict is rules.ItemVerdict.REJECT for _, word in one.words),
            tuple(sorted({word.level for _, word in one.words if word.level is not None})),
            tuple(sorted(word.note for _, word in one.words if word.note)),
        )
        for one in sides.changed
    )
    return OutcomeView(
        number=decision.panel.application.number or "",
        outcome=decision.outcome,
        tier=decision.tier,
        suggested_tier=decision.suggested_tier,
        kind=decision.kind,
        reason=decision.reason or str(rules.plain_reason(decision.cause, decision.outcome)),
        decided_at=decision.decided_at,
        total=decision.total,
        pass_points=sides.rubric.pass_points,
        reviews=len(sides.voices),
        lines=lines,
        comments=tuple(sorted(filter(None, (voice.comment for voice in sides.voices)))),
        items=items,
        standing=rules.Standing(**decision.standing) if decision.standing else None,
        history=tuple(
            Step(one.decided_at, one.cause, one.outcome, one.tier, one.total)
            for one in queries.decisions_of(application_id)
        ),
    )


def own_outcome(actor: Actor, application_key: str) -> tuple[Application, OutcomeView]:
    """The outcome of an application of the actor's own firm. Raises: NotVisible, also before the decision."""
    if not actor.has(*SME):
        raise NotVisible
    application = applications.own(actor, application_key)
    outcome = outcome_for_applicant(application.id)
    if outcome is None:
        raise NotVisible
    return application, outcome
