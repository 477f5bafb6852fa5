"""Every reading of an evaluation; who may see what is decided in `visible_to` and `panels_visible_to`.

An evaluator sees the own cases and never another's review; the chair sees submitted reviews under their pseudonyms;
the operator sees who sits where; the firm sees scores, comments and reasons once the decision is made, and no person.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, lazyload, selectinload

from portal.accounts import queries as accounts
from portal.accounts.models import Organisation, Person
from portal.accounts.rules import OPERATOR, SME, Role
from portal.applications import queries as applications
from portal.applications.models import Application, Snapshot
from portal.applications.rules import Status
from portal.base import clock
from portal.base.access import SYSTEM, Actor, NotVisible, Verdict
from portal.base.db import session
from portal.base.paging import Page, paginate
from portal.base.words import Words
from portal.evaluation import rubric, rules
from portal.evaluation.models import Assignment, Decision, Panel, Review
from portal.evaluation.rubric import Criterion, Rubric
from portal.evaluation.rules import OPEN_STATES, AssignmentState, Judged, Member, Outcome, Problem, Scored
from portal.profiles import queries as profiles
from portal.profiles import questionnaire
from portal.profiles.questionnaire import Area, Item
from portal.profiles.rules import EvidenceTag
from portal.programmes.models import Call
from portal.programmes.rules import Tier
from portal.scoring import explanation, instrument, record
from portal.scoring import queries as suggestions
from portal.scoring.explanation import Explanation
from portal.scoring.models import Suggestion

PAGE_SIZE = 30


# --- who sees what ------------------------------------------------------------------------------------------


def visible_to(actor: Actor) -> sa.Select[tuple[Assignment]]:
    """The assignments of the actor as an evaluator; one that was stepped down from is gone."""
    return sa.select(Assignment).where(
        Assignment.evaluator_id == actor.id if actor.has(*rules.EVALUATORS) else sa.false(),
        Assignment.state != AssignmentState.RECUSED,
    )


def panels_visible_to(actor: Actor) -> sa.Select[tuple[Panel]]:
    """Panels that the actor chairs."""
    return sa.select(Panel).where(Panel.chair_id == actor.id if actor.has(Role.LEAD_EVALUATOR) else sa.false())


def case_by_key(actor: Actor, key: str) -> Assignment:
    """One own assignment with its application. Raises: NotVisible."""
    row = session.scalar(
        visible_to(actor)
        .where(Assignment.key == key)
        .options(joinedload(Assignment.application), joinedload(Assignment.panel), joinedload(Assignment.review))
    )
    if row is None:
        raise NotVisible
    return row


def panel_by_application(actor: Actor, application_key: str) -> Panel:
    """One panel of the chair. Raises: NotVisible."""
    row = session.scalar(
        panels_visible_to(actor)
        .join(Application, Application.id == Panel.application_id)
        .where(Application.key == application_key)
        .options(
            joinedload(Panel.application),
            joinedload(Panel.decision),
            selectinload(Panel.assignments).joinedload(Assignment.review),
        )
    )
    if row is None:
        raise NotVisible
    return row


# --- rows for services (who calls has checked the right) ------------------------------------------------------


def panel_of(application_id: int, *, lock: bool = False) -> Panel | None:
    select = sa.select(Panel).where(Panel.application_id == application_id)
    if lock:
        select = select.with_for_update(of=Panel).execution_options(populate_existing=True)
    return session.scalar(select)


def lock(row: Panel | Assignment) -> None:
    """One writer at a time on a panel or an assignment."""
    session.refresh(row, with_for_update=True)


def decision_of(application_id: int) -> Decision | None:
    return session.scalar(sa.select(Decision).where(Decision.application_id == application_id))


def suggestion_of(application_id: int) -> Suggestion | None:
    """The suggestion on the application's frozen answers: with the application's own facts where these were scored.

    None while nothing was scored.
    """
    found = suggestions.latest_for_application(SYSTEM, application_id)
    version_id = None if found else profile_version_id(application_id)
    return suggestions.latest_for_version(SYSTEM, version_id) if version_id else found


def profile_version_id(application_id: int) -> int | None:
    """The frozen diagnosis that the application handed in."""
    return session.scalar(
        sa.select(Snapshot.profile_version_id)
        .where(Snapshot.application_id == application_id)
        .order_by(Snapshot.sequence.desc())
        .limit(1)
    )


def still_reads_version(person_id: int, version_id: int, *, beside: int) -> bool:
    """Whether a person holds the same frozen diagnosis through another running case (two calls, one firm)."""
    other = sa.and_(Snapshot.profile_version_id == version_id, Snapshot.application_id != beside)
    reviewing = (
        sa.select(Assignment.id)
        .join(Snapshot, Snapshot.application_id == Assignment.application_id)
        .outerjoin(Decision, Decision.application_id == Assignment.application_id)
        .where(
            other,
            Assignment.evaluator_id == person_id,
            Assignment.state.in_((AssignmentState.OPENED, AssignmentState.SUBMITTED)),
            Decision.id.is_(None),
        )
    )
    chairing = (
        sa.select(Panel.id)
        .join(Snapshot, Snapshot.application_id == Panel.application_id)
        .where(other, Panel.chair_id == person_id)
    )
    return session.scalar(sa.select(sa.or_(reviewing.exists(), chairing.exists())))


def parties_of(application: Application) -> frozenset[int]:
    """Organisations of the case: the firm and the supplier that it names."""
    named = {application.member.organisation_id} if application.member else set()
    return frozenset({application.organisation_id} | named)


def people_of_firm(application: Application) -> Sequence[Person]:
    return applications.people_of(application.organisation_id)


# --- assignment -----------------------------------------------------------------------------------------------


def case_of(application: Application, panel: Panel | None) -> rules.Case:
    """What the assignment rules look at."""
    assignments = panel.assignments if panel else []
    sitting = [one for one in assignments if one.state is not AssignmentState.RECUSED]
    return rules.Case(
        id=application.id,
        parties=parties_of(application),
        taken=frozenset(one.evaluator_id for one in assignments),
        sitting=len(sitting),
        needed=max(application.call.reviews - len(sitting), 0),
        chair=panel.chair_id if panel else None,
    )


def _loads(column: Any, *conditions: Any) -> dict[int, int]:
    rows = session.execute(sa.select(column, sa.func.count()).where(*conditions).group_by(column))
    return {person_id: count for person_id, count in rows}


def evaluators() -> list[Member]:
    """Everybody who may review, with the cases open on their desk; the least loaded first."""
    load = _loads(Assignment.evaluator_id, Assignment.state.in_(OPEN_STATES))
    return _members(accounts.people_with_role(Role.EVALUATOR), load)


def chairs() -> list[Member]:
    """Everybody who may chair, with the panels that they have not decided."""
    undecided = Panel.id.not_in(sa.select(Decision.panel_id))
    return _members(accounts.people_with_role(Role.LEAD_EVALUATOR), _loads(Panel.chair_id, undecided))


def _members(people: Iterable[Person], load: Mapping[int, int]) -> list[Member]:
    members = [Member(one.id, one.name, one.organisation_id, load.get(one.id, 0)) for one in people]
    return sorted(members, key=lambda member: (member.load, member.name, member.id))


def people(ids: Iterable[int]) -> list[Person]:
    """People by id, in the order asked for; unknown ids are left out."""
    found = {one.id: one for one in session.scalars(sa.select(Person).where(Person.id.in_(list(ids))))}
    return [found[one] for one in ids if one in found]


@dataclass(frozen=True)
class Waiting:
    """One line of the operators' list."""

    application: Application
    panel: Panel | None
    sitting: int
    submitted: int
    needed: int
    due_on: date | None
    late: int

    @property
    def stage(self) -> str:
        return stage_of(self.sitting, self.submitted, self.needed)


def stage_of(sitting: int, submitted: int, needed: int) -> str:
    if sitting < needed:
        return "waiting"
    return "ready" if submitted >= needed else "reviewing"


@dataclass(frozen=True)
class AssignmentFilters:
    """stage: waiting, reviewing, ready or "" for all; late: only with an overdue review."""

    text: str = ""
    call: str = ""
    tier: Tier | None = None
    stage: str = "waiting"
    late: bool = False
    sort: str = "submitted"


def _seats(*conditions: Any) -> Any:
    return (
        sa.select(sa.func.count(Assignment.id))
        .where(Assignment.application_id == Application.id, *conditions)
        .correlate(Application)
        .scalar_subquery()
    )


def waiting(actor: Actor, filters: AssignmentFilters, number: int = 1) -> Page[Waiting]:
    """Applications in evaluation that the operator may see, with how far their panels are."""
    page = paginate(_in_evaluation(actor, filters), number, PAGE_SIZE)
    panels = _panels_of([row.id for row in page.items])
    items = [_waiting(row, panels.get(row.id)) for row in page.items]
    return Page(items, page.total, page.number, page.size)


def _in_evaluation(actor: Actor, filters: AssignmentFilters) -> sa.Select[tuple[Application]]:
    sitting = _seats(Assignment.state != AssignmentState.RECUSED)
    submitted = _seats(Assignment.state == AssignmentState.SUBMITTED)
    late = _seats(Assignment.state.in_(OPEN_STATES), Assignment.due_on < clock.today())
    wanted = (
        applications.visible_to(actor)
        .join(Organisation, Organisation.id == Application.organisation_id)
        .join(Call, Call.id == Application.call_id)
        .where(Application.status == Status.WRITTEN)
    )
    for word in filters.text.split()[:8]:
        wanted = wanted.where(
            sa.or_(
                Organisation.name.icontains(word, autoescape=True), Application.number.icontains(word, autoescape=True)
            )
        )
    if filters.call:
        wanted = wanted.where(Call.key == filters.call)
    if filters.tier:
        wanted = wanted.where(Application.tier == filters.tier)
    if filters.stage == "waiting":
        wanted = wanted.where(sitting < Call.reviews)
    elif filters.stage == "reviewing":
        wanted = wanted.where(sitting >= Call.reviews, submitted < Call.reviews)
    elif filters.stage == "ready":
        wanted = wanted.where(submitted >= Call.reviews)
    if filters.late:
        wanted = wanted.where(late > 0)
    column = {"submitted": Application.submitted_at, "number": Application.number, "name": Organisation.name}.get(
        filters.sort.removeprefix("-"), Application.submitted_at
    )
    order = column.desc() if filters.sort.startswith("-") else column.asc()
    return wanted.order_by(order, Application.id)


def stage_counts(actor: Actor, filters: AssignmentFilters) -> dict[str, int]:
    """How many rows each stage holds under the other filters: the numbers on the tabs."""
    counts = {}
    for stage in ("waiting", "reviewing", "ready", ""):
        select = _in_evaluation(actor, AssignmentFilters(**{**vars(filters), "stage": stage}))
        counts[stage] = session.scalar(sa.select(sa.func.count()).select_from(select.order_by(None).subquery()))
    return counts


def to_fill(actor: Actor, call: str = "", limit: int = 500) -> Sequence[Application]:
    """Applications that still lack evaluators, in the order in which they came in."""
    filters = AssignmentFilters(call=call, stage="waiting")
    return session.scalars(_in_evaluation(actor, filters).limit(limit)).unique().all()


def calls_in_evaluation(actor: Actor) -> list[tuple[str, Words]]:
    ids = applications.visible_to(actor).where(Application.status == Status.WRITTEN).with_only_columns(Application.call_id)
    rows = session.scalars(sa.select(Call).where(Call.id.in_(ids)).order_by(Call.closes_at.desc(), Call.id)).unique()
    return [(row.key, row.title) for row in rows]


def _panels_of(application_ids: Sequence[int]) -> dict[int, Panel]:
    rows = session.scalars(
        sa.select(Panel)
        .where(Panel.application_id.in_(application_ids))
        .options(
            selectinload(Panel.assignments).joinedload(Assignment.evaluator),
            joinedload(Panel.chair),
            joinedload(Panel.decision),
        )
    )
    return {row.application_id: row for row in rows.unique()}


def _waiting(application: Application, panel: Panel | None) -> Waiting:
    seats = [one for one in (panel.assignments if panel else []) if one.state is not AssignmentState.RECUSED]
    today = clock.today()
    return Waiting(
        application=application,
        panel=panel,
        sitting=len(seats),
        submitted=sum(one.state is AssignmentState.SUBMITTED for one in seats),
        needed=application.call.reviews,
        due_on=panel.due_on if panel else None,
        late=sum(one.state in OPEN_STATES and one.due_on < today for one in seats),
    )


def waiting_one(actor: Actor, application_key: str) -> Waiting:
    """One application in evaluation or decided, for the operator's page. Raises: NotVisible."""
    if not actor.has(*OPERATOR):
        raise NotVisible
    application = applications.by_key(actor, application_key)
    return _waiting(application, _panels_of([application.id]).get(application.id))


def plan(actor: Actor, to_assign: Sequence[Application]) -> list[rules.Seat]:
    """The simple plan for these applications as things stand; see `rules.spread`."""
    panels = _panels_of([row.id for row in to_assign])
    cases = [case_of(row, panels.get(row.id)) for row in to_assign if row.status is Status.WRITTEN]
    return rules.spread([case for case in cases if case.needed], evaluators(), chairs(), actor.id)


def plan_digest(seats: Sequence[rules.Seat]) -> str:
    """Names a plan, so that what is confirmed is what was shown."""
    facts = [[seat.case.id, [one.id for one in seat.evaluators], seat.chair.id if seat.chair else None] for seat in seats]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


# --- an evaluator's queue ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class QueueRow:
    """One case on an evaluator's desk. done, whole: what is filled in, of what has to be."""

    assignment: Assignment
    done: int
    whole: int
    days_left: int

    @property
    def is_late(self) -> bool:
        return self.days_left < 0 and self.assignment.state in OPEN_STATES

    @property
    def is_soon(self) -> bool:
        return 0 <= self.days_left <= rules.DUE_SOON.days and self.assignment.state in OPEN_STATES


@dataclass(frozen=True)
class QueueFilters:
    """state: open, submitted or all; due: late, soon or ""; sort: place (the own random order), due, number."""

    state: str = "open"
    due: str = ""
    call: str = ""
    text: str = ""
    sort: str = "place"


def queue(actor: Actor, filters: QueueFilters, number: int = 1, size: int = PAGE_SIZE) -> Page[QueueRow]:
    """The own cases. Their order is drawn for each evaluator, so that no case is always read last."""
    column = {"due": Assignment.due_on, "number": Application.number}.get(
        filters.sort.removeprefix("-"), Assignment.place
    )
    order = column.desc() if filters.sort.startswith("-") else column.asc()
    select = (
        _queue(actor, filters)
        .order_by(order, Assignment.place, Assignment.id)
        .options(
            joinedload(Assignment.application).options(*map(lazyload, LINES)),
            joinedload(Assignment.review),
            joinedload(Assignment.panel),
        )
    )
    page = paginate(select, number, size)
    rows = [queue_row(one) for one in page.items]
    return Page(rows, page.total, page.number, page.size)


def _queue(actor: Actor, filters: QueueFilters) -> sa.Select[tuple[Assignment]]:
    wanted = (
        visible_to(actor)
        .join(Application, Application.id == Assignment.application_id)
        .join(Organisation, Organisation.id == Application.organisation_id)
        .join(Call, Call.id == Application.call_id)
    )
    tabs = _tabs()
    if filters.state in ("open", "submitted"):
        wanted = wanted.where(tabs[filters.state])
    if filters.due in ("late", "soon"):
        wanted = wanted.where(tabs[filters.due])
    if filters.call:
        wanted = wanted.where(Call.key == filters.call)
    for word in filters.text.split()[:8]:
        wanted = wanted.where(
            sa.or_(
                Organisation.name.icontains(word, autoescape=True), Application.number.icontains(word, autoescape=True)
            )
        )
    return wanted


def _tabs() -> dict[str, sa.ColumnElement[bool]]:
    """What has to hold under each tab and clock, for an assignment joined with its application."""
    today = clock.today()
    live = sa.and_(Assignment.state.in_(OPEN_STATES), Application.status == Status.WRITTEN)
    return {
        "open": live,
        "submitted": Assignment.state == AssignmentState.SUBMITTED,
        "late": sa.and_(live, Assignment.due_on < today),
        "soon": sa.and_(live, Assignment.due_on >= today, Assignment.due_on <= today + rules.DUE_SOON),
    }


def queue_counts(actor: Actor) -> dict[str, int]:
    """The numbers on the tabs and in the clocks: open, submitted, late, soon; in one query."""
    counts = [sa.func.count().filter(condition).label(name) for name, condition in _tabs().items()]
    select = _queue(actor, QueueFilters(state="all")).with_only_columns(*counts)
    return dict(session.execute(select).mappings().one())


def queue_calls(actor: Actor) -> list[tuple[str, Words]]:
    ids = (
        visible_to(actor)
        .join(Application, Application.id == Assignment.application_id)
        .with_only_columns(Application.call_id)
    )
    rows = session.scalars(sa.select(Call).where(Call.id.in_(ids)).order_by(Call.closes_at.desc(), Call.id)).unique()
    return [(row.key, row.title) for row in rows]


def next_open(actor: Actor, assignment: Assignment) -> Assignment | None:
    """The next case on the desk after this one, in the evaluator's own order, round the end."""
    live = _queue(actor, QueueFilters()).where(Assignment.id != assignment.id)
    after = live.where(Assignment.place > assignment.place).order_by(Assignment.place).limit(1)
    return session.scalar(after) or session.scalar(live.order_by(Assignment.place).limit(1))


def queue_row(assignment: Assignment) -> QueueRow:
    sheet = rubric.load(assignment.panel.rubric)
    review = assignment.review
    done = 0
    if review is not None:
        done = bool(review.judged) + sum(_is_filled(review.scored.get(one.code)) for one in sheet.criteria)
        done += (review.own_locked_at is not None) + (review.own_tier is not None) + (review.submitted_at is not None)
    return QueueRow(assignment, done, len(sheet.criteria) + 4, (assignment.due_on - clock.today()).days)


def _is_filled(one: Scored | None) -> bool:
    return one is not None and (one.not_applicable or one.points is not None) and bool(one.comment)


# --- the case file ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EvidenceFile:
    """key: for the download of `profiles`. tag: what kind of proof the firm calls it."""

    key: str
    filename: str
    tag: str

    @property
    def label(self) -> Words | str:
        return EvidenceTag(self.tag).label if self.tag in set(EvidenceTag) else ""


@dataclass(frozen=True)
class ItemLine:
    """One answer beside its evidence and the evaluator's word. level: None for 해당 없음."""

    item: Item
    level: int | None
    unsure: bool
    evidence: tuple[EvidenceFile, ...]
    flags: tuple[Words, ...]
    word: Judged | None
    after: bool = False

    @property
    def must_judge(self) -> bool:
        return rules.must_judge(self.level, bool(self.flags))

    @property
    def is_bare(self) -> bool:
        """A high claim without a file."""
        return self.level is not None and self.level >= rules.MUST_JUDGE_FROM and not self.evidence


@dataclass(frozen=True)
class AreaLines:
    area: Area
    lines: tuple[ItemLine, ...]

    @property
    def open(self) -> int:
        """How many lines still wait for a word."""
        return sum(line.must_judge and line.word is None for line in self.lines)


@dataclass(frozen=True)
class CaseFile:
    """Answers and evidence of a case as they were handed in, beside what this evaluator said of them."""

    areas: tuple[AreaLines, ...]
    flags: tuple[Words, ...]

    @property
    def lines(self) -> list[ItemLine]:
        return [line for area in self.areas for line in area.lines]

    @property
    def open(self) -> int:
        return sum(area.open for area in self.areas)


@dataclass(frozen=True)
class Diagnosis:
    """A frozen diagnosis: levels by item (None: not applicable), 모르겠음, files, and the flags on it."""

    questions: questionnaire.Questionnaire
    levels: Mapping[str, int | None]
    unsure: frozenset[str]
    evidence: Mapping[str, Sequence[Mapping[str, Any]]]
    flags: tuple[Words, ...]
    flagged: Mapping[str, tuple[Words, ...]]


def diagnosis_of(application_id: int) -> Diagnosis:
    """The answers that the application handed in. Who calls has checked the right. Raises: NotVisible."""
    version_id = profile_version_id(application_id)
    if version_id is None:
        raise NotVisible
    kept = profiles.diagnosis_snapshot(version_id)
    scorer = instrument.load(kept["instrument"])
    levels = {code: kept["answers"][code] for code in scorer.questions.codes if code in kept["answers"]}
    raised = set(scorer.contradictions({code: level for code, level in levels.items() if level is not None}))
    flags, flagged = [], {}
    for row in scorer.settings["contradictions"]:
        if row["code"] in raised:
            words = Words(row["ko"], row["en"])
            flags.append(words)
            for code in (row["high"][0], row["low"][0]):
                flagged[code] = (*flagged.get(code, ()), words)
    return Diagnosis(
        scorer.questions, levels, frozenset(kept.get("unsure") or ()), kept.get("evidence") or {}, tuple(flags), flagged
    )


def case_file(assignment: Assignment) -> CaseFile:
    """What an evaluator works on. Only for an opened case; who calls got it by `case_by_key`."""
    found = diagnosis_of(assignment.application_id)
    review = assignment.review
    words = review.judged if review else {}
    drafts = review.items if review else {}
    areas = []
    for area in found.questions.areas:
        lines = tuple(
            ItemLine(
                item=found.questions.items[code],
                level=found.levels[code],
                unsure=code in found.unsure,
                evidence=tuple(
                    EvidenceFile(one.get("evidence_key", ""), one["filename"], one.get("tag", ""))
                    for one in found.evidence.get(code, ())
                ),
                flags=found.flagged.get(code, ()),
                word=words.get(code),
                after=bool(drafts.get(code, {}).get("after")),
            )
            for code in area.items
            if code in found.levels
        )
        areas.append(AreaLines(area, lines))
    return CaseFile(tuple(areas), found.flags)


def what_is_missing(assignment: Assignment, review: Review) -> list[Problem]:
    """Everything that an own score still lacks, by field of the pages: items, points, comments, tier."""
    found = diagnosis_of(assignment.application_id)
    problems = rules.items_lacking(found.levels, found.flagged, review.judged)
    problems += sheet_lacking(rubric.load(assignment.panel.rubric), review.scored)
    if review.own_tier is None:
        problems.append(Problem("own_tier", Verdict(False, "evaluation_tier_missing")))
    return problems


def sheet_lacking(sheet: Rubric, scored: Mapping[str, Scored]) -> list[Problem]:
    lacking = []
    for criterion in sheet.criteria:
        one = scored.get(criterion.code)
        if one is None or (one.points is None and not one.not_applicable):
            lacking.append(Problem(f"{criterion.code}_points", Verdict(False, "evaluation_points_missing")))
        elif not one.comment:
            lacking.append(Problem(f"{criterion.code}_comment", Verdict(False, "evaluation_comment_missing")))
    return lacking


def own_suggestion(assignment: Assignment) -> Explanation | None:
    """The suggestion in words, and only once this evaluator's own score is locked."""
    review = assignment.review
    if review is None or review.own_locked_at is None:
        return None
    return suggestion_in_words(assignment.application_id)


def suggestion_in_words(application_id: int) -> Explanation | None:
    suggestion = suggestion_of(application_id)
    return explanation.explain(suggestion.answer) if suggestion else None


def as_reviewed(assignment: Assignment) -> Explanation | None:
    """What the scorer says when this evaluator's verdicts replace the firm's claims; None when no word was said."""
    review = assignment.review
    if review is None or review.own_locked_at is None:
        return None
    return _rescored(assignment.application_id, review.judged)


def _rescored(application_id: int, judged: Mapping[str, Judged]) -> Explanation | None:
    suggestion = suggestion_of(application_id)
    if suggestion is None or not judged:
        return None
    given = json.loads(suggestion.inputs)
    for code, word in judged.items():
        if word.verdict is rules.ItemVerdict.REJECT:
            given["rejected"] = sorted({*given["rejected"], code})
            continue
        if word.verdict is rules.ItemVerdict.CORRECT and word.level is not None:
            given["answers"][code] = word.level
        # a level that an expert accepted or set stands on the expert's word: it counts as shown
        given["evidence"].setdefault(code, [])
    return explanation.explain(record.result(given, suggestion.instrument_version))


def in_words(value: Any) -> str:
    """A part of a review as a person reads it in the comparison of two versions."""
    if isinstance(value, Tier):
        return str(value.label)
    if isinstance(value, dict):
        return "\n".join(f"{code}: {_row_in_words(row)}" for code, row in value.items())
    return "" if value is None else str(value)


def _row_in_words(row: Mapping[str, Any]) -> str:
    verdict = rules.ItemVerdict(row["verdict"]).label if row.get("verdict") else ""
    parts = [verdict, row.get("level"), row.get("points"), row.get("note"), row.get("comment")]
    return " · ".join(str(part) for part in parts if part not in (None, ""))


# --- the chair -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Voice:
    """One submitted review under its pseudonym: never a name, never a key that leads to one."""

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


@dataclass(frozen=True)
class CriterionLine:
    """One criterion over all reviews. mean: None where nobody gave points."""

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


def reviews_suffice(panel: Panel) -> Verdict:
    still = sum(one.state in OPEN_STATES for one in panel.assignments)
    done = sum(one.state is AssignmentState.SUBMITTED for one in panel.assignments)
    return rules.reviews_suffice(done, still, panel.application.call.reviews)


def _submitted(panel: Panel) -> list[Assignment]:
    return [one for one in panel.assignments if one.state is AssignmentState.SUBMITTED and one.review is not None]


def side_by_side(panel: Panel) -> SideBySide:
    """The submitted reviews of a panel next to each other."""
    sheet = rubric.load(panel.rubric)
    seats = _submitted(panel)
    totals = [one.review.total for one in seats]
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
        )
        for one in seats
    )
    return SideBySide(
        voices=voices,
        lines=tuple(_line(sheet, criterion, voices) for criterion in sheet.criteria),
        changed=_changed_items(panel.application_id, voices),
        total=_mean(totals),
        total_spread=rules.spread_of(totals),
        basis=basis_of(panel) if seats else None,
        rubric=sheet,
        still_open=sum(one.state in OPEN_STATES for one in panel.assignments),
        ready=reviews_suffice(panel),
    )


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 2) if values else None


def _line(sheet: Rubric, criterion: Criterion, voices: Sequence[Voice]) -> CriterionLine:
    points = tuple(voice.points.get(criterion.code) for voice in voices)
    given = [one for one in points if one is not None]
    mean = _mean(given)
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
    suggestion = suggestion_of(panel.application_id)
    below = []
    for criterion in sheet.criteria:
        given = [one.points[criterion.code] for one in reviews if one.points.get(criterion.code) is not None]
        if criterion.critical and given and sum(given) / len(given) < criterion.floor(sheet.critical_floor_ratio):
            below.append(criterion.code)
    return rules.Basis(
        suggested=suggestion.tier if suggestion else None,
        scored=suggestion is not None,
        tiers=tuple(one.final_tier for one in reviews),
        total=_mean([one.total for one in reviews]) or 0.0,
        pass_points=sheet.pass_points,
        below=tuple(below),
        changed=frozenset(code for one in reviews for code, word in one.judged.items() if word.is_change),
    )


@dataclass(frozen=True)
class DecisionRow:
    """One line of the chair's list. total: mean of the reviews, shown only when all are in."""

    panel: Panel
    submitted: int
    sitting: int
    total: float | None

    @property
    def is_ready(self) -> bool:
        return bool(reviews_suffice(self.panel)) and self.panel.decision is None


def decisions(actor: Actor, state: str = "open", call: str = "", number: int = 1) -> Page[DecisionRow]:
    """The panels that the actor chairs. state: open, decided or all."""
    select = (
        _decisions(actor, state, call)
        .options(
            # a line of the list says nothing of the application's own lines
            joinedload(Panel.application).options(*map(lazyload, LINES)),
            joinedload(Panel.decision),
            selectinload(Panel.assignments).joinedload(Assignment.review),
        )
        .order_by(Panel.due_on, Panel.id)
    )
    page = paginate(select, number, PAGE_SIZE)
    return Page([_decision_row(one) for one in page.items], page.total, page.number, page.size)


LINES = (Application.costs, Application.kpis, Application.member, Application.papers)


def _decisions(actor: Actor, state: str, call: str = "") -> sa.Select[tuple[Panel]]:
    select = (
        panels_visible_to(actor)
        .join(Application, Application.id == Panel.application_id)
        .join(Call, Call.id == Application.call_id)
        .outerjoin(Decision, Decision.panel_id == Panel.id)
    )
    if state == "open":
        select = select.where(Decision.id.is_(None), Application.status == Status.WRITTEN)
    elif state == "decided":
        select = select.where(Decision.id.is_not(None))
    if call:
        select = select.where(Call.key == call)
    return select


def _decision_row(panel: Panel) -> DecisionRow:
    seats = [one for one in panel.assignments if one.state is not AssignmentState.RECUSED]
    done = _submitted(panel)
    total = _mean([one.review.total for one in done]) if bool(reviews_suffice(panel)) else None
    return DecisionRow(panel, len(done), len(seats), total)


def decision_counts(actor: Actor) -> dict[str, int]:
    return {
        state: session.scalar(sa.select(sa.func.count()).select_from(_decisions(actor, state).subquery())) or 0
        for state in ("open", "decided")
    }


# --- the firm --------------------------------------------------------------------------------------------------


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


def outcome_for_applicant(application_id: int) -> OutcomeView | None:
    """The outcome without any trace of who said what; None before the decision. Who calls has checked the reader.

    Notes: comments of each criterion are ordered by their text, not by evaluator, so that one voice can't be followed
           from line to line.
    """
    decision = session.scalar(
        sa.select(Decision)
        .where(Decision.application_id == application_id)
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
        reason=decision.reason or str(rules.PLAIN_REASON),
        decided_at=decision.decided_at,
        total=decision.total,
        pass_points=sides.rubric.pass_points,
        reviews=len(sides.voices),
        lines=lines,
        comments=tuple(sorted(filter(None, (voice.comment for voice in sides.voices)))),
        items=items,
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
