"""What the chair decides on: the submitted reviews next to each other under their pseudonyms, and the own panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, lazyload, selectinload

from portal.applications.models import Application
from portal.applications.rules import IN_EVALUATION
from portal.base.access import Actor, Verdict
from portal.base.db import session
from portal.base.paging import Page, paginate
from portal.evaluation import calibration, disagreement, plans, queries, rubric, rules
from portal.evaluation.casefile import diagnosis_of
from portal.evaluation.models import Assignment, Consensus, Decision, Finding, Panel
from portal.evaluation.queries import LINES, PAGE_SIZE, panels_visible_to, second_reader_calls, suggestion_of
from portal.evaluation.rubric import Criterion, Rubric
from portal.evaluation.rules import OPEN_STATES, AssignmentState, Judged
from portal.profiles.questionnaire import Item
from portal.programmes.models import Call
from portal.programmes.rules import Tier
from portal.scoring.models import SecondReaderCall


@dataclass(frozen=True)
class Voice:
    """One submitted review under its pseudonym: never a name, never a key that leads to one.

    counts: whether it goes into the mean; from five reviews on the highest and the lowest one do not
    """

    pseudonym: str
    total: float
    own_tier: Tier | None
    final_tier: Tier
    reason: str
    comment: str
    points: Mapping[str, float | None]
    comments: Mapping[str, str]
    changed: Mapping[str, Judged]
    disagrees: bool
    submitted_at: datetime
    counts: bool = True


@dataclass(frozen=True)
class CriterionLine:
    """One criterion over all reviews. mean: over those that count; None where nobody gave points."""

    criterion: Criterion
    points: tuple[float | None, ...]
    mean: float | None
    spread: float | None
    below: bool


@dataclass(frozen=True)
class ChangedItem:
    """An item that somebody rejected or corrected. level: what the firm said."""

    item: Item
    level: int | None
    words: tuple[tuple[str, Judged], ...]


@dataclass(frozen=True)
class SideBySide:
    """What the chair decides on."""

    voices: tuple[Voice, ...]
    lines: tuple[CriterionLine, ...]
    changed: tuple[ChangedItem, ...]
    total: float | None
    total_spread: float | None
    basis: rules.Basis | None
    rubric: Rubric
    still_open: int
    ready: Verdict
    calls: tuple[SecondReaderCall, ...]
    readers_missing: int
    # against the call's usual spread; None while there are fewer than two reviews
    disagreement: float | None
    threshold: float
    adjusted: calibration.Adjusted | None
    consensus: Consensus | None

    @property
    def is_trimmed(self) -> bool:
        return not all(voice.counts for voice in self.voices)

    @property
    def disagrees(self) -> bool:
        return self.disagreement is not None and self.disagreement >= self.threshold


def reviews_suffice(panel: Panel) -> Verdict:
    still = sum(one.state in OPEN_STATES for one in panel.assignments)
    done = sum(one.state is AssignmentState.SUBMITTED for one in panel.assignments)
    return rules.reviews_suffice(done, still, panel.application.call.reviews)


def readers_missing(panel: Panel) -> int:
    """How many of the additional reviews that were called for are not in."""
    done = sum(one.state is AssignmentState.SUBMITTED for one in panel.assignments)
    return max(panel.needed - done, 0) if panel.needs_more else 0


def _submitted(panel: Panel) -> list[Assignment]:
    return [one for one in panel.assignments if one.state is AssignmentState.SUBMITTED and one.review is not None]


def side_by_side(panel: Panel) -> SideBySide:
    """The submitted reviews of a panel next to each other."""
    sheet = rubric.load(panel.rubric)
    seats = _submitted(panel)
    totals = [one.review.total for one in seats]
    counting = set(rules.counted(totals))
    voices = tuple(
        Voice(
            pseudonym=one.pseudonym,
            total=one.review.total,
            own_tier=one.review.own_tier,
            final_tier=one.review.final_tier,
            reason=one.review.reason,
            comment=one.review.comment,
            points=one.review.points,
            comments={code: scored.comment for code, scored in one.review.scored.items()},
            changed={code: word for code, word in one.review.judged.items() if word.is_change},
            disagrees=rules.disagrees(one.review.total, totals),
            submitted_at=one.submitted_at,
            counts=place in counting,
        )
        for place, one in enumerate(seats)
    )
    return SideBySide(
        voices=voices,
        lines=tuple(_line(sheet, criterion, voices) for criterion in sheet.criteria),
        changed=_changed_items(panel.application_id, voices),
        total=_mean([totals[place] for place in counting]),
        total_spread=rules.spread_of(totals),
        basis=basis_of(panel) if seats else None,
        rubric=sheet,
        still_open=sum(one.state in OPEN_STATES for one in panel.assignments),
        ready=reviews_suffice(panel),
        calls=tuple(second_reader_calls(panel.application_id)),
        readers_missing=readers_missing(panel),
        disagreement=disagreement.index(totals, queries.spread_norm(panel.application.call_id)) if seats[1:] else None,
        threshold=plans.plan_of(panel.application.call).disagreement,
        adjusted=calibration.adjusted([(one.evaluator_id, one.review.total) for one in _counting(panel)]),
        consensus=panel.consensus,
    )


def _counting(panel: Panel) -> list[Assignment]:
    """The submitted reviews that go into the mean."""
    seats = _submitted(panel)
    return [seats[place] for place in rules.counted([one.review.total for one in seats])]


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 2) if values else None


def _line(sheet: Rubric, criterion: Criterion, voices: Sequence[Voice]) -> CriterionLine:
    points = tuple(voice.points.get(criterion.code) for voice in voices)
    given = [one for one in points if one is not None]
    counting = [voice.points.get(criterion.code) for voice in voices if voice.counts]
    mean = _mean([one for one in counting if one is not None])
    below = criterion.critical and mean is not None and mean < criterion.floor(sheet.critical_floor_ratio)
    return CriterionLine(criterion, points, mean, rules.spread_of(given), below)


def _changed_items(application_id: int, voices: Sequence[Voice]) -> tuple[ChangedItem, ...]:
    codes = {code for voice in voices for code in voice.changed}
    if not codes:
        return ()
    found = diagnosis_of(application_id)
    return tuple(
        ChangedItem(
            found.questions.items[code],
            found.levels.get(code),
            tuple((voice.pseudonym, voice.changed[code]) for voice in voices if code in voice.changed),
        )
        for code in found.questions.codes
        if code in codes
    )


def basis_of(panel: Panel) -> rules.Basis:
    """What a decision rests on, from the submitted reviews."""
    sheet = rubric.load(panel.rubric)
    reviews = [one.review for one in _submitted(panel)]
    counting = [one.review for one in _counting(panel)]
    suggestion = suggestion_of(panel.application_id)
    below = []
    for criterion in sheet.criteria:
        given = [one.points[criterion.code] for one in counting if one.points.get(criterion.code) is not None]
        if criterion.critical and given and sum(given) / len(given) < criterion.floor(sheet.critical_floor_ratio):
            below.append(criterion.code)
    return rules.Basis(
        suggested=suggestion.tier if suggestion else None,
        scored=suggestion is not None,
        tiers=tuple(one.final_tier for one in reviews),
        total=_mean([one.total for one in counting]) or 0.0,
        pass_points=sheet.pass_points,
        below=tuple(below),
        changed=frozenset(code for one in reviews for code, word in one.judged.items() if word.is_change),
    )


def critical_sum(panel: Panel) -> float:
    """The mean points of the critical criteria, added up: what parts two equal totals in a ranking."""
    return round(sum(line.mean or 0.0 for line in side_by_side(panel).lines if line.criterion.critical), 2)


@dataclass(frozen=True)
class DecisionRow:
    """One line of the chair's list. total: mean of the reviews, shown only when all are in."""

    panel: Panel
    submitted: int
    sitting: int
    total: float | None

    @property
    def readers_missing(self) -> int:
        return readers_missing(self.panel)

    @property
    def is_ready(self) -> bool:
        return bool(reviews_suffice(self.panel)) and self.panel.decision is None and self.panel.finding is None


def decisions(actor: Actor, state: str = "open", call: str = "", number: int = 1) -> Page[DecisionRow]:
    """The panels that the actor chairs. state: open, finalised (its call's ranking is to come), decided or all."""
    select = (
        _decisions(actor, state, call)
        .options(
            # a line of the list says nothing of the application's own lines
            joinedload(Panel.application).options(*map(lazyload, LINES)),
            joinedload(Panel.decision),
            joinedload(Panel.finding),
            selectinload(Panel.assignments).joinedload(Assignment.review),
        )
        .order_by(Panel.due_on, Panel.id)
    )
    page = paginate(select, number, PAGE_SIZE)
    return Page([_decision_row(one) for one in page.items], page.total, page.number, page.size)


def _decisions(actor: Actor, state: str, call: str = "") -> sa.Select[tuple[Panel]]:
    select = (
        panels_visible_to(actor)
        .join(Application, Application.id == Panel.application_id)
        .join(Call, Call.id == Application.call_id)
        .outerjoin(Decision, sa.and_(Decision.panel_id == Panel.id, Decision.superseded_at.is_(None)))
        .outerjoin(Finding, Finding.panel_id == Panel.id)
    )
    if state in ("open", "finalised"):
        final = Finding.id.is_not(None) if state == "finalised" else Finding.id.is_(None)
        select = select.where(Decision.id.is_(None), final, Application.status.in_(IN_EVALUATION))
    elif state == "decided":
        select = select.where(Decision.id.is_not(None))
    if call:
        select = select.where(Call.key == call)
    return select


def _decision_row(panel: Panel) -> DecisionRow:
    seats = [one for one in panel.assignments if one.state is not AssignmentState.RECUSED]
    done = _submitted(panel)
    total = _mean([one.review.total for one in _counting(panel)]) if bool(reviews_suffice(panel)) else None
    return DecisionRow(panel, len(done), len(seats), total)


def decision_counts(actor: Actor) -> dict[str, int]:
    return {
        state: session.scalar(sa.select(sa.func.count()).select_from(_decisions(actor, state).subquery())) or 0
        for state in ("open", "finalised", "decided")
    }
