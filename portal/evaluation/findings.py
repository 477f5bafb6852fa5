"""Every conflict that was found, declared or overruled, for operators and auditors; on screen and as a spreadsheet."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.accounts.models import Organisation, Person
from portal.applications import queries as applications
from portal.applications.models import Application
from portal.base import audit, clock
from portal.base.access import Actor, NotVisible
from portal.base.db import session, transaction
from portal.base.paging import Page, paginate
from portal.base.words import Words, say
from portal.conflicts.models import ConflictAnswer, ConflictFound
from portal.conflicts.queries import in_chunks
from portal.conflicts.rules import ConflictKind, FoundState, Moment, PartyRole, Source, Strength, TieKind
from portal.evaluation import rules
from portal.evaluation.conflicted import CASE
from portal.evaluation.models import Assignment, Panel
from portal.evaluation.rules import AssignmentState

READERS = rules.PERMISSIONS["evaluation:conflict:read"]
PAGE_SIZE = 50


def visible_to(actor: Actor) -> sa.Select[tuple[ConflictFound]]:
    """Conflicts name who judges: operators see those on applications that they may open, auditors all."""
    if not (actor.is_system or actor.has(*READERS)):
        return sa.select(ConflictFound).where(sa.false())
    seen = applications.visible_to(actor).with_only_columns(Application.id)
    return sa.select(ConflictFound).where(ConflictFound.object_type == CASE, ConflictFound.object_id.in_(seen))


@dataclass(frozen=True)
class Filters:
    state: FoundState | None = None
    strength: Strength | None = None
    kind: ConflictKind | None = None
    moment: Moment | None = None
    text: str = ""


@dataclass(frozen=True)
class Line:
    """One found conflict. seat: what the person holds on the case now."""

    row: ConflictFound
    application: Application
    evidence: tuple[Words, ...]
    seat: Words | None


def _wanted(actor: Actor, filters: Filters) -> sa.Select[tuple[ConflictFound]]:
    select = visible_to(actor)
    for column, value in (
        (ConflictFound.state, filters.state),
        (ConflictFound.strength, filters.strength),
        (ConflictFound.kind, filters.kind),
        (ConflictFound.found_by, filters.moment),
    ):
        if value is not None:
            select = select.where(column == value)
    if filters.text:
        select = (
            select.join(Person, Person.id == ConflictFound.evaluator_id)
            .join(Application, Application.id == ConflictFound.object_id)
            .join(Organisation, Organisation.id == Application.organisation_id)
        )
        for word in filters.text.split()[:8]:
            select = select.where(
                sa.or_(
                    Person.name.icontains(word, autoescape=True),
                    Application.number.icontains(word, autoescape=True),
                    Organisation.name.icontains(word, autoescape=True),
                )
            )
    return select.order_by(ConflictFound.found_at.desc(), ConflictFound.id.desc())


def found(actor: Actor, filters: Filters, number: int = 1) -> Page[Line]:
    page = paginate(_wanted(actor, filters), number, PAGE_SIZE)
    return Page(_lines(page.items), page.total, page.number, page.size)


def one(actor: Actor, key: str) -> Line:
    """Raises: NotVisible."""
    row = session.scalar(visible_to(actor).where(ConflictFound.key == key))
    if row is None:
        raise NotVisible
    return _lines([row])[0]


def counts(actor: Actor) -> dict[str, int]:
    """state → how many, under the actor's own sight."""
    seen = visible_to(actor).subquery()
    rows = session.execute(sa.select(seen.c.state, sa.func.count()).group_by(seen.c.state))
    found = {FoundState(state).value: count for state, count in rows}
    return {state.value: found.get(state.value, 0) for state in FoundState} | {"": sum(found.values())}


def _lines(rows: Sequence[ConflictFound]) -> list[Line]:
    cases: dict[int, Application] = {}
    for part in in_chunks({row.object_id for row in rows}):
        select = sa.select(Application).where(Application.id.in_(part))
        cases |= {one.id: one for one in session.scalars(select).unique()}
    names = _names(rows)
    seats = _seats(rows)
    return [
        Line(
            row,
            cases[row.object_id],
            tuple(in_words(ground, names) for ground in row.evidence),
            seats.get((row.object_id, row.evaluator_id)),
        )
        for row in rows
    ]


def _names(rows: Iterable[ConflictFound]) -> dict[tuple[str, int], str]:
    grounds = [ground for row in rows for ground in row.evidence]
    names: dict[tuple[str, int], str] = {}
    for what, model in (("organisation_id", Organisation), ("person_id", Person)):
        ids = {ground[what] for ground in grounds if ground.get(what)}
        for part in in_chunks(sorted(ids)):
            for number, name in session.execute(sa.select(model.id, model.name).where(model.id.in_(part))):
                names[what, number] = name
    return names


def _seats(rows: Iterable[ConflictFound]) -> dict[tuple[int, int], Words]:
    cases = {row.object_id for row in rows}
    held: dict[tuple[int, int], Words] = {}
    for part in in_chunks(sorted(cases)):
        for case, person, state in session.execute(
            sa.select(Assignment.application_id, Assignment.evaluator_id, Assignment.state).where(
                Assignment.application_id.in_(part)
            )
        ):
            held[case, person] = state.label if state is AssignmentState.RECUSED else SITS.format(state=state.label)
        for case, person in session.execute(
            sa.select(Panel.application_id, Panel.chair_id).where(Panel.application_id.in_(part))
        ):
            held[case, person] = CHAIRS
    return held


SITS = say("평가위원 ({state})", "Evaluator ({state})")
CHAIRS = say("위원장", "Chair")


def in_words(ground: Mapping[str, Any], names: Mapping[tuple[str, int], str]) -> Words:
    """One ground of a conflict as a line: which part, whom, what kind of tie, since when, known from where."""
    named = [
        names[what, ground[what]]
        for what in ("organisation_id", "person_id")
        if ground.get(what) and (what, ground[what]) in names
    ]
    parts: list[str | Words] = [PartyRole(ground["role"]).label, *named]
    if ground.get("tie_kind") and ground["role"] != PartyRole.CONTACT:
        parts.append(TieKind(ground["tie_kind"]).label)
    if ground.get("from_on") or ground.get("to_on"):
        parts.append(f"{ground.get('from_on', '')}~{ground.get('to_on', '')}")
    parts.append(Source(ground["source"]).label)
    return Words(
        *(
            " · ".join(part.in_(language) if isinstance(part, Words) else part for part in parts)
            for language in ("ko", "en")
        )
    )


# --- the spreadsheet ----------------------------------------------------------------------------------------------

HEAD = (
    say("접수번호", "Receipt number"),
    say("신청기업", "Firm"),
    say("위원", "Person"),
    say("이해충돌", "Conflict"),
    say("강도", "Strength"),
    say("근거", "Grounds"),
    say("처음 찾은 때(KST)", "First found (KST)"),
    say("찾은 계기", "Found by"),
    say("상태", "State"),
    say("처리한 사람", "Settled by"),
    say("처리한 때(KST)", "Settled (KST)"),
    say("까닭", "Reason"),
    say("자리", "Seat"),
)
ANSWER_HEAD = (
    say("접수번호", "Receipt number"),
    say("위원", "Person"),
    say("물은 것", "Asked"),
    say("답", "Answer"),
    say("때(KST)", "When (KST)"),
)
GENERAL = say("이해관계가 있는지", "Whether there is any conflict")
ANSWERS = {True: say("있음", "Yes"), False: say("없음", "No")}


def workbook(actor: Actor, filters: Filters) -> bytes:
    """Everything found under the filters, and every declaration. A cell that begins with = + - @ is no formula."""
    from openpyxl import Workbook  # only an export needs it
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)

    def add(title: Words, head: Sequence[Words], rows: Iterable[Sequence[Any]], widths: Sequence[int]) -> None:
        sheet = book.create_sheet(str(title))
        for width, column in zip(widths, "ABCDEFGHIJKLM", strict=False):
            sheet.column_dimensions[column].width = width
        for values in (head, *rows):
            cells = []
            for value in values:
                cell = WriteOnlyCell(sheet, value=None)
                cell.value, cell.data_type, cell.quotePrefix = str(value), "s", True
                cells.append(cell)
            sheet.append(cells)

    rows = session.scalars(_wanted(actor, filters)).all()
    add(
        say("이해충돌", "Conflicts"),
        HEAD,
        (_cells(line) for line in _lines(rows)),
        (22, 26, 14, 26, 16, 60, 20, 14, 10, 14, 20, 50, 20),
    )
    add(say("확인과 신고", "Declarations"), ANSWER_HEAD, _answers(actor), (22, 14, 30, 8, 20))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def note_export(actor: Actor) -> None:
    """Leave a trace of who took the list away."""
    with transaction():
        audit.record(actor, "conflict.export", CASE, None)


def _cells(line: Line) -> Sequence[Any]:
    row = line.row
    return (
        line.application.number,
        line.application.organisation.name,
        row.evaluator.name,
        row.kind.label,
        row.strength.label,
        " / ".join(str(ground) for ground in line.evidence),
        f"{clock.kst(row.found_at):%Y-%m-%d %H:%M:%S}",
        row.found_by.label,
        row.state.label,
        row.settled_by.name if row.settled_by else "",
        f"{clock.kst(row.settled_at):%Y-%m-%d %H:%M:%S}" if row.settled_at else "",
        row.reason,
        line.seat or "",
    )


def _answers(actor: Actor) -> Iterable[Sequence[Any]]:
    if not (actor.is_system or actor.has(*READERS)):
        return
    seen = applications.visible_to(actor).with_only_columns(Application.id)
    rows = session.execute(
        sa.select(Application.number, Person.name, ConflictAnswer.kind, ConflictAnswer.is_conflict, ConflictAnswer.at)
        .join(Application, Application.id == ConflictAnswer.object_id)
        .join(Person, Person.id == ConflictAnswer.evaluator_id)
        .where(ConflictAnswer.object_type == CASE, ConflictAnswer.object_id.in_(seen))
        .order_by(ConflictAnswer.at, ConflictAnswer.id)
    )
    for number, name, kind, is_conflict, at in rows:
        asked = kind.label if kind else GENERAL
        yield number, name, asked, ANSWERS[is_conflict], f"{clock.kst(at):%Y-%m-%d %H:%M:%S}"
