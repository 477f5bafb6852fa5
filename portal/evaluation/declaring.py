"""What an evaluator is asked before a file opens, and what becomes of a seat where a conflict is found or declared.

Everything here stands in the transaction of who calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from portal.applications.models import Application
from portal.base import audit, clock, outbox
from portal.base.access import SYSTEM, Actor
from portal.conflicts import queries as conflict_queries
from portal.conflicts import service as conflicts
from portal.conflicts.rules import ConflictKind, Evidence, Found, Moment, PartyRole, Source, Strength, TieKind
from portal.evaluation import conflicted
from portal.evaluation.conflicted import CASE
from portal.evaluation.models import Assignment
from portal.evaluation.rights import shut
from portal.evaluation.rules import AssignmentState, RecusalReason

_TIES = {
    RecusalReason.EMPLOYMENT: TieKind.EMPLOYED,
    RecusalReason.FAMILY: TieKind.FAMILY,
    RecusalReason.ADVICE: TieKind.ADVISED,
    RecusalReason.INTEREST: TieKind.TRADES,
    RecusalReason.OTHER: TieKind.OTHER,
}
REASONS = {
    ConflictKind.OLD_ADVICE: RecusalReason.ADVICE,
    ConflictKind.EMPLOYER_ADVICE: RecusalReason.INTEREST,
    ConflictKind.RIVAL_ADVICE: RecusalReason.INTEREST,
    ConflictKind.SAME_NAME: RecusalReason.EMPLOYMENT,
    ConflictKind.SAME_ADDRESS: RecusalReason.INTEREST,
    ConflictKind.CO_WORK: RecusalReason.OTHER,
}


@dataclass(frozen=True)
class Screening:
    """What stands between one evaluator and one case now. asked: soft kinds, in the order of the questions."""

    barred: tuple[Found, ...]
    asked: tuple[ConflictKind, ...]
    found: tuple[Found, ...]


def screen(assignment: Assignment) -> Screening:
    """Look for conflicts of a seat now; a soft one that an operator overruled is not asked."""
    return screen_person(assignment.application_id, assignment.evaluator_id)


def screen_person(application_id: int, person_id: int) -> Screening:
    """The same for somebody whose seat is another one: on an appeal."""
    found = conflicted.barred([application_id], [person_id], Moment.OPENING)
    asked = {one.kind for one in found if one.strength is Strength.SOFT}
    return Screening(tuple(conflicted.hard(found)), tuple(kind for kind in ConflictKind if kind in asked), tuple(found))


def bar(assignment: Assignment, found: Sequence[Found], moment: Moment) -> None:
    """A conflict that bars was found: it is kept, and the seat is free."""
    conflicts.keep_found(SYSTEM, CASE, found, moment)
    free_for_conflict(assignment, moment)


def free_for_conflict(assignment: Assignment, moment: Moment) -> None:
    free_seat(SYSTEM, assignment, RecusalReason.CONFLICT, moment=moment)


def free_seat(actor: Actor, assignment: Assignment, reason: RecusalReason, **detail: object) -> None:
    """The evaluator leaves the case, with every right on it. Emits evaluator.recused."""
    assignment.state, assignment.recusal_reason = AssignmentState.RECUSED, reason
    assignment.recused_at = clock.now()
    shut(actor, assignment.application, assignment.evaluator_id, "review", "evaluation.recused")
    audit.record(
        actor,
        "assignment.recuse",
        "assignment",
        assignment.id,
        {"application": assignment.application_id, "reason": reason.value, **detail},
    )
    outbox.emit("evaluator.recused", assignment_id=assignment.id)


def declare(actor: Actor, assignment: Assignment, screening: Screening, answers: Mapping[ConflictKind, bool]) -> bool:
    """Keep the declaration of who opens a file. Returns whether the case stays with the evaluator."""
    conflicts.keep_found(SYSTEM, CASE, screening.found, Moment.OPENING)
    given = {kind: answers[kind] for kind in screening.asked}
    conflicts.declare(actor, CASE, assignment.application_id, {None: False, **given})
    declared = [kind for kind, is_conflict in given.items() if is_conflict]
    if not declared:
        return True
    step_down(actor, assignment, REASONS[declared[0]])
    return False


def step_down(actor: Actor, assignment: Assignment, reason: RecusalReason) -> None:
    """회피: the seat is free, and the tie is known from now on."""
    free_seat(actor, assignment, reason)
    remember(actor, assignment.application, reason, ("assignment", assignment.id))


def remember(actor: Actor, application: Application, reason: RecusalReason, origin: tuple[str, int]) -> None:
    """Keep the tie for which somebody steps down, wherever the seat was; origin: the seat.

    Notes: another reason names no relation, so it ties to the firm alone: with the supplier it would shut the
           evaluator out of every case of that supplier
    """
    today = clock.today()
    parties = [application.organisation_id]
    if application.member and reason is not RecusalReason.OTHER:
        parties.append(application.member.organisation_id)
    kind = _TIES[reason]
    for organisation_id in parties:
        if conflict_queries.is_tied(kind, actor.id, organisation_id):
            continue
        conflicts.note_tie(
            actor,
            kind,
            Source.DECLARED,
            person_id=actor.id,
            organisation_id=organisation_id,
            to_on=_until(kind, today),
            origin=origin,
        )
    ground = Evidence(PartyRole.CASE, Source.DECLARED, person_id=actor.id, tie_kind=kind, from_on=today)
    declared = Found(application.id, actor.id, ConflictKind.DECLARED, Strength.HARD, (ground,))
    conflicts.keep_found(actor, CASE, [declared], Moment.DECLARED)
    conflicts.declare(actor, CASE, application.id, {None: True})


def _until(kind: TieKind, today: date) -> date | None:
    """Kinship lasts. The rest was true on the day of the declaration, and ages from there."""
    return None if kind is TieKind.FAMILY else today
