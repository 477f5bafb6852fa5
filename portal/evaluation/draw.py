"""The draw of a call's panels: asked for, planned by the worker, looked at, carried out; and the seats that free up.

The worker does what is slow (`plan_draw`, `seat_draw`, `replay`); a web request only asks and confirms. What the portal
asks for itself (a seat that was given up, one that stayed silent, a further reader) is carried out without a click and
tells who assigned the panel only where nobody could be found.
"""

from __future__ import annotations

import hashlib
import io
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.accounts import queries as accounts
from portal.accounts.models import Person
from portal.accounts.rules import OPERATOR, Role
from portal.applications.models import Application
from portal.applications.rules import IN_EVALUATION
from portal.base import audit, clock, files, mail, once, outbox
from portal.base.access import SYSTEM, Actor, Forbidden, RuleBroken, RulesBroken
from portal.base.db import session, transaction
from portal.base.words import Words
from portal.conflicts import queries as conflict_queries
from portal.conflicts import service as conflicts
from portal.conflicts.models import Objection
from portal.conflicts.rules import AT_A_DRAW, HARD_KINDS, Found, Moment
from portal.evaluation import conflicted, draws, lots, plans, queries, seating, service
from portal.evaluation.draws import Lacking
from portal.evaluation.lots import DrawCause, DrawState, ReplayState, Step, Wish
from portal.evaluation.models import Assignment, Draw, DrawReplay
from portal.evaluation.phases import PhaseKind
from portal.evaluation.rules import MOST_REVIEWERS, RecusalReason
from portal.evaluators import queries as pool
from portal.evaluators.queries import PoolMember
from portal.programmes.models import Call

if TYPE_CHECKING:
    from portal.evaluation.affinity import Affinity
    from portal.evaluation.drawing import Answer, Question

log = logging.getLogger("portal.evaluation")

ASK, CONFIRM = "draw.ask", "draw.confirm"
EXPLAINED = 3_000
"""Pairs whose evidence is kept beside their band; in a larger call the bands have to do."""
MAX_BYTES = 1024 * 1024 * 1024

Told = Callable[[Step, int, int], None]


# --- asked on a screen ----------------------------------------------------------------------------------------


def ask(actor: Actor, call: Call, wish: Wish, *, phase: PhaseKind | None = None, once_key: str | None = None) -> Draw:
    """Ask the worker for a plan of a call's panels.

    phase : only applications that are in this phase
    Raises: RulesBroken by field (demand, max_load, due); RuleBroken draw_open, draw_nothing; Forbidden
    Notes : draws the lot and records its hash before anybody knows what it leads to; the same again for a second click
    """
    _ensure_operator(actor)
    if wrong := lots.problems_of(wish, call.reviews, clock.today()):
        raise RulesBroken([RuleBroken(verdict.code, field, **verdict.values) for field, verdict in wrong])
    with transaction():
        if done := once.claim(actor, once_key, ASK):
            return draws.by_key(actor, done)
        if draws.open_of(call.id, actor.id):
            raise RuleBroken("draw_open")
        if not draws.count_lacking(actor, call.id, phase):
            raise RuleBroken("draw_nothing")
        draw = _new(actor, call.id, wish, DrawCause.PANELS, phase=phase)
        once.keep(actor, once_key, ASK, draw.key)
        return draw


def _new(actor: Actor, call_id: int, wish: Wish, cause: DrawCause, **values: Any) -> Draw:
    seed = secrets.token_hex(16)
    draw = Draw(
        call_id=call_id,
        cause=cause,
        demand=wish.demand,
        min_load=wish.min_load,
        max_load=wish.max_load,
        balance=wish.balance,
        due_on=wish.due,
        seed=seed,
        seed_sha256=hashlib.sha256(seed.encode()).hexdigest(),
        asked_by_id=actor.id,
        **values,
    )
    session.add(draw)
    session.flush()
    audit.record(
        actor,
        ASK,
        "draw",
        draw.id,
        {"call": call_id, "cause": cause, "seed_sha256": draw.seed_sha256, "demand": wish.demand},
    )
    session.info["wake_worker"] = True
    return draw


def confirm(actor: Actor, draw: Draw, *, partial: bool, once_key: str | None = None) -> None:
    """Carry a plan out; the worker seats the people.

    partial: the operator wants what could be filled although seats stay empty
    Raises : RuleBroken draw_not_planned, draw_partial (partial), draw_changed; Forbidden
    """
    _ensure_operator(actor)
    with transaction():
        session.refresh(draw, with_for_update={"of": Draw})
        if once.claim(actor, once_key, CONFIRM):
            return
        may = lots.may_carry_out(draw.state, draw.missing, partial)
        if not may:
            raise RuleBroken(may.code, "partial" if may.code == "draw_partial" else None, **may.values)
        if draws.count_lacking(actor, draw.call_id, draw.phase) != draw.summary["lacking"]:
            raise RuleBroken("draw_changed")
        draw.state, draw.step, draw.done, draw.total = DrawState.SEATING, Step.SEATING, 0, draw.summary["cases"]
        draw.settled_by_id, draw.settled_at = actor.id, clock.now()
        audit.record(actor, CONFIRM, "draw", draw.id, {"result": draw.result_sha256, "missing": draw.missing})
        once.keep(actor, once_key, CONFIRM, draw.key)
        session.info["wake_worker"] = True


def discard(actor: Actor, draw: Draw) -> None:
    """Throw a plan away; it stays on the list. Raises: RuleBroken draw_not_planned; Forbidden."""
    _ensure_operator(actor)
    with transaction():
        session.refresh(draw, with_for_update={"of": Draw})
        if draw.state is DrawState.DISCARDED:
            return
        if draw.state is not DrawState.PLANNED:
            raise RuleBroken("draw_not_planned")
        draw.state, draw.settled_by_id, draw.settled_at = DrawState.DISCARDED, actor.id, clock.now()
        audit.record(actor, "draw.discard", "draw", draw.id, {"result": draw.result_sha256})


def ask_replay(actor: Actor, draw: Draw) -> DrawReplay:
    """Ask the worker to draw again and to compare. Raises: RuleBroken draw_not_replayable; Forbidden."""
    if not (actor.is_system or actor.has(Role.AUDITOR)):
        raise Forbidden("no_right")
    if not draw.result_sha256:
        raise RuleBroken("draw_not_replayable")
    with transaction():
        replay = session.scalar(
            sa.select(DrawReplay).where(DrawReplay.draw_id == draw.id, DrawReplay.state == ReplayState.WAITING)
        )
        if replay is None:  # a second click waits for the first
            replay = DrawReplay(draw_id=draw.id, asked_by_id=actor.id)
            session.add(replay)
            session.flush()
            audit.record(actor, "draw.ask_replay", "draw", draw.id, {"replay": replay.id})
            session.info["wake_worker"] = True
        return replay


# --- asked by the portal itself ---------------------------------------------------------------------------------


def fill(application_id: int, cause: DrawCause) -> Draw | None:
    """Draw somebody for a case that lacks evaluators, and seat them without a click.

    Returns: None when the case lacks nobody, is decided or was never assigned (its call's draw takes care of it)
    """
    panel = queries.panel_of(application_id, lock=True)
    if panel is None or panel.decision is not None or not panel.assignments:
        return None
    application = panel.application
    if not draws.count_lacking(SYSTEM, application.call_id, None, [application_id]):
        return None
    plan = plans.plan_of(application.call)
    due = max(panel.due_on, clock.today() + timedelta(days=lots.DAYS_AFTER_REDRAW))
    wish = Wish(application.call.reviews, 0, plan.max_load, plan.balance, due)
    return _new(SYSTEM, application.call_id, wish, cause, application_ids=[application_id])


def on_recused(assignment_id: int, **_: Any) -> None:
    """evaluator.recused → somebody else is drawn for the seat."""
    seat = session.get(Assignment, assignment_id)
    if seat is not None:
        cause = DrawCause.SILENT if seat.recusal_reason is RecusalReason.SILENCE else DrawCause.RECUSED
        fill(seat.application_id, cause)


def on_panel_widened(application_id: int, reason: str, **_: Any) -> None:
    """panel.widened → a further reader is drawn."""
    fill(application_id, DrawCause(reason))


def on_objection_answered(objection_id: int, **_: Any) -> None:
    """objection.answered → a seat that freed up meanwhile is drawn now: a draw waits while an objection is open."""
    objection = session.get(Objection, objection_id)
    if objection is not None and objection.object_type == conflicted.CASE:
        fill(objection.object_id, DrawCause.RECUSED)


# --- planning (the worker) ----------------------------------------------------------------------------------------


def plan_draw(draw_id: int, told: Told) -> None:
    """Make the plan of a draw and keep question, plan and figures; a draw of the portal goes on to its seats.

    Raises: RuleBroken draw_nothing, draw_nobody, draw_no_chairs
    """
    from portal.evaluation import drawing  # numpy and OR-tools: only the worker pays for them

    draw = session.get(Draw, draw_id)
    gathered = _gather(draw, told)
    question = gathered.question
    told(Step.DRAWING, 0, len(question.cases))
    answer = drawing.answer(question, draw.seed)
    told(Step.KEEPING, len(question.cases), len(question.cases))
    detail = drawing.canonical(_details(answer, gathered))
    summary = _summary(draw, answer, gathered)
    with transaction():
        draw = session.get(Draw, draw_id)
        conflicts.keep_found(SYSTEM, conflicted.CASE, gathered.found, Moment.ASSIGNMENT)
        draw.input_sha256 = _keep(question.frozen(), "question")
        draw.result_sha256 = _keep(answer.frozen(), "plan")
        draw.detail_sha256 = _keep(detail, "detail")
        draw.summary, draw.planned_at, draw.state = summary, clock.now(), DrawState.PLANNED
        if draw.is_automatic:
            if not answer.pairs:
                raise RuleBroken("draw_nobody_left")
            draw.state, draw.step, draw.done, draw.total = DrawState.SEATING, Step.SEATING, 0, summary["cases"]
        audit.record(
            SYSTEM,
            "draw.plan",
            "draw",
            draw.id,
            {"input": draw.input_sha256, "result": draw.result_sha256, "missing": summary["missing"]},
        )


def _keep(content: bytes, name: str) -> str:
    return files.store(io.BytesIO(content), f"draw-{name}.txt", kinds=("txt",), max_bytes=MAX_BYTES).sha256


@dataclass(frozen=True)
class Gathered:
    """The question as things stand now, and beside it what only the page of the plan tells.

    soft   : (application, evaluator) with a soft conflict; kinds: hard conflicts by kind
    found  : conflicts to be kept for the auditor
    lacking: applications that lacked evaluators; waiting: those of them on which an objection waits for its answer
    """

    question: Question
    fit: Affinity
    soft: set[tuple[int, int]]
    kinds: Counter[str]
    found: list[Found]
    lacking: int
    waiting: int


def _gather(draw: Draw, told: Told) -> Gathered:
    import numpy as np
    from scipy.sparse import csr_matrix

    from portal.evaluation import affinity, drawing

    told(Step.READING, 0, 0)
    asker = accounts.actor_of(session.get(Person, draw.asked_by_id)) if draw.asked_by_id else SYSTEM
    rows = draws.lacking(asker, draw.call_id, draw.phase, draw.application_ids)
    objected = set(conflict_queries.open_objections(conflicted.CASE, [row.id for row in rows]))
    cases = [(row, need) for row in rows if row.id not in objected and (need := _need(row, draw)) > 0]
    if not cases:
        raise RuleBroken("draw_objections" if objected else "draw_nothing", count=len(objected))
    people = [one for one in pool.available(clock.today()) if one.person_id != draw.asked_by_id]
    heads = [one for one in pool.available(clock.today(), Role.LEAD_EVALUATOR) if one.person_id != draw.asked_by_id]
    if not people:
        raise RuleBroken("draw_nobody")
    if not heads and any(row.chair_id is None for row, _ in cases):
        raise RuleBroken("draw_no_chairs")
    row_of = {row.id: at for at, (row, _) in enumerate(cases)}
    column_of = {one.person_id: at for at, one in enumerate(people)}
    head_of = {one.person_id: at for at, one in enumerate(heads)}

    told(Step.CONFLICTS, 0, len(cases))
    wanted = AT_A_DRAW if len(cases) <= lots.SOFT_UP_TO else HARD_KINDS
    found = conflicted.barred(list(row_of), sorted({*column_of, *head_of}), Moment.ASSIGNMENT, kinds=wanted)
    hard = {(one.case_id, one.evaluator_id) for one in conflicted.hard(found)}
    soft = {(one.case_id, one.evaluator_id) for one in found} - hard
    kinds = Counter(one.kind.value for one in conflicted.hard(found) if one.evaluator_id in column_of)
    out = draws.taken_in_call(draw.call_id)
    out |= {(row.id, one) for row, _ in cases for one in (row.chair_id, row.assigned_by_id) if one}

    told(Step.FITTING, 0, len(cases))
    barred = sorted((row_of[case], column_of[one]) for case, one in hard if one in column_of)
    closed = {(row_of[case], column_of[one]) for case, one in out if case in row_of and one in column_of}
    shape = (len(cases), len(people))
    shut = sorted({*barred, *closed})
    mask = csr_matrix((np.ones(len(shut), dtype=bool), _columns(shut)), shape=shape)
    fit = affinity.build(
        [affinity.Applicant(row.id, row.text, row.technologies, row.industry) for row, _ in cases],
        [affinity.Expert(one.person_id, one.text, one.technologies, one.industries) for one in people],
        forbidden=mask,
        seed=int(draw.seed, 16),
        told=lambda done, total: told(Step.FITTING, done, total),
    )
    table = fit.matrix.tocoo()
    arcs = np.column_stack([table.row, table.col, np.array(drawing.micro(table.data), dtype=np.int64)]).astype(np.int64)
    keys = arcs[:, 0] * shape[1] + arcs[:, 1]
    arcs[np.isin(keys, _keys([(row_of[a], column_of[b]) for a, b in soft if b in column_of], shape[1])), 2] //= round(
        1 / lots.SOFT_SHARE
    )
    arcs = arcs[~np.isin(keys, _keys(closed, shape[1]))]
    arcs = arcs[np.lexsort((arcs[:, 1], arcs[:, 0]))]

    before = draws.seats_in_call(draw.call_id)
    held = Counter(one for _, one in before)
    led = draws.chairs_in_call(draw.call_id)
    question = drawing.Question(
        cases=[(row.id, need, row.chair_id or 0) for row, need in cases],
        evaluators=[(one.person_id, *_room(one, draw, held[one.person_id]), held[one.person_id]) for one in people],
        chairs=[(one.person_id, led.get(one.person_id, 0)) for one in heads],
        arcs=arcs,
        barred=barred,
        chair_barred=sorted(
            {(row_of[case], head_of[one]) for case, one in hard | soft | out if case in row_of and one in head_of}
        ),
        apart=_colleagues(people),
        met=_met(before, column_of),
        pair_cap=_pair_cap(cases, len(people)),
        balance=draw.balance,
        versions=drawing.versions(),
    )
    few = len(cases) <= lots.SOFT_UP_TO
    return Gathered(question, fit, soft, kinds, conflicted.hard(found) if few else [], len(rows), len(objected))


def _need(row: Lacking, draw: Draw) -> int:
    """Evaluators that the draw adds to a case: what it lacks, less where the operator asked for fewer."""
    most = row.needed if draw.is_automatic or draw.demand >= draw.call.reviews else min(row.needed, draw.demand)
    return min(most, MOST_REVIEWERS) - row.sitting


def _room(one: PoolMember, draw: Draw, held: int) -> tuple[int, int]:
    """Most and least cases that may be added to an evaluator's share of the call."""
    most = max(min(draw.max_load, one.capacity) - held, 0)
    return most, min(max(max(draw.min_load, one.min_load) - held, 0), most)


def _columns(cells: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    return [row for row, _ in cells], [column for _, column in cells]


def _keys(cells: Collection[tuple[int, int]], m: int) -> list[int]:
    return [row * m + column for row, column in cells]


def _colleagues(people: Sequence[PoolMember]) -> list[tuple[int, int]]:
    """Pairs from one organisation: they should not judge a case together."""
    by_house: dict[int, list[int]] = {}
    for column, one in enumerate(people):
        if one.organisation_id is not None:
            by_house.setdefault(one.organisation_id, []).append(column)
    return sorted((a, b) for house in by_house.values() for at, a in enumerate(house) for b in house[at + 1 :])


def _met(before: Sequence[tuple[int, int]], column_of: Mapping[int, int]) -> list[tuple[int, int, int]]:
    by_case: dict[int, list[int]] = {}
    for application_id, person_id in before:
        if person_id in column_of:
            by_case.setdefault(application_id, []).append(column_of[person_id])
    met = Counter(
        (a, b) for columns in map(sorted, by_case.values()) for at, a in enumerate(columns) for b in columns[at + 1 :]
    )
    return [(a, b, count) for (a, b), count in sorted(met.items())]


def _pair_cap(cases: Sequence[tuple[Lacking, int]], people: int) -> int:
    """`PAIR_CAP`, or what a fair spread over all pairs of the pool cannot go below."""
    meetings = sum((row.sitting + need) * (row.sitting + need - 1) // 2 for row, need in cases)
    pairs = max(people * (people - 1) // 2, 1)
    return max(lots.PAIR_CAP, -(-2 * meetings // pairs))


def _details(answer: Answer, gathered: Gathered) -> dict[str, dict[str, Any]]:
    """Band and evidence of each pair, for the page of the plan."""
    question, fit, soft = gathered.question, gathered.fit, gathered.soft
    rows = {case: at for at, (case, _, _) in enumerate(question.cases)}
    columns = {row[0]: at for at, row in enumerate(question.evaluators)}
    found = {}
    for case, one in answer.pairs:
        row, column = rows[case], columns[one]
        detail: dict[str, Any] = {"band": fit.band(float(fit.matrix[row, column])).value}
        if len(answer.pairs) <= EXPLAINED:
            detail["why"] = fit.evidence(row, column)
        if (case, one) in soft:
            detail["soft"] = True
        found[f"{case}:{one}"] = detail
    return found


def _summary(draw: Draw, answer: Answer, gathered: Gathered) -> dict[str, Any]:
    """The figures of the plan's page."""
    question, fit = gathered.question, gathered.fit
    rows = {case: at for at, (case, _, _) in enumerate(question.cases)}
    columns = {row[0]: at for at, row in enumerate(question.evaluators)}
    bands: Counter[str] = Counter()
    high: Counter[int] = Counter()
    now: Counter[int] = Counter()
    for case, one in answer.pairs:
        band = fit.band(float(fit.matrix[rows[case], columns[one]])).value
        bands[band] += 1
        now[one] += 1
        high[one] += band == "high"
    loads = [[one, held, now[one], held + most, high[one]] for one, most, _, held in question.evaluators]
    sums = Counter()
    why, fixes = {}, []
    for at, explanation in answer.explanations:
        sums.update(
            needed=explanation.needed,
            seated=explanation.seated,
            avoided=explanation.avoided,
            meeting=explanation.meeting,
            under=explanation.under,
        )
        why |= {str(question.cases[at[row]][0]): reason.value for row, (_, reason) in explanation.short.items()}
        if explanation.fixes and not fixes:
            fixes = [[fix.kind.value, fix.amount, fix.left] for fix in explanation.fixes]
    after = [before + added for _, before, added, _, _ in loads]
    return {
        "cases": len(question.cases),
        "evaluators": len(question.evaluators),
        "needed": sums["needed"],
        "seated": len(answer.pairs),
        "missing": sum(count for _, count in answer.unmet),
        "short": len(answer.unmet),
        "chairless": len(answer.chairless),
        "capacity": sum(row[1] for row in question.evaluators),
        "avoided": sums["avoided"],
        "meeting": sums["meeting"],
        "under": sums["under"],
        "spread": max(after) - min(after) if after else 0,
        "bands": dict(sorted(bands.items())),
        "kinds": sorted(gathered.kinds.items()),
        "lacking": gathered.lacking,
        "waiting": gathered.waiting,
        "loads": loads,
        "chairs": [[chair, count] for chair, count in sorted(Counter(one for _, one in answer.chairs).items())],
        "why": why,
        "fixes": fixes,
        "versions": question.versions,
    }


# --- seating (the worker) -------------------------------------------------------------------------------------------


def seat_draw(draw_id: int, told: Told) -> None:
    """Carry the plan out, some cases at a time; what is seated already is left alone, so that it can be resumed.

    Notes: a case that was decided, filled or withdrawn meanwhile is skipped, and so is a pair with a conflict that came
           up meanwhile; emits draw.carried_out
    """
    draw = session.get(Draw, draw_id)
    actor = accounts.actor_of(session.get(Person, draw.settled_by_id)) if draw.settled_by_id else SYSTEM
    plan = draws.kept(draw.result_sha256)
    chairs = dict(map(tuple, plan["chairs"]))
    by_case: dict[int, list[int]] = {}
    for application_id, person_id in plan["pairs"]:
        by_case.setdefault(application_id, []).append(person_id)
    cases = sorted(by_case)
    for start in range(0, len(cases), lots.BATCH):
        batch = cases[start : start + lots.BATCH]
        with transaction():
            draw = session.get(Draw, draw_id, with_for_update={"of": Draw})
            people = {one for case in batch for one in (*by_case[case], chairs.get(case)) if one}
            fresh = _fresh_conflicts(batch, people)
            for case in batch:
                _seat_case(actor, draw, case, by_case[case], chairs.get(case), fresh.get(case, {}))
        told(Step.SEATING, min(start + lots.BATCH, len(cases)), len(cases))
    with transaction():
        draw = session.get(Draw, draw_id, with_for_update={"of": Draw})
        draw.state, draw.finished_at = DrawState.CONFIRMED, clock.now()
        draw.seated = session.scalar(sa.select(sa.func.count()).where(Assignment.draw_id == draw.id))
        draw.skipped = len(plan["pairs"]) - draw.seated
        audit.record(actor, "draw.carry_out", "draw", draw.id, {"seated": draw.seated, "skipped": draw.skipped})
        outbox.emit("draw.carried_out", draw_id=draw.id)
        if draw.is_automatic and (draw.missing or draw.skipped):
            _tell_operators(draw)


def _fresh_conflicts(cases: Sequence[int], people: Collection[int]) -> dict[int, dict[int, list[Found]]]:
    """Hard conflicts as things stand now, by case and person: days may lie between the plan and its confirmation."""
    fresh: dict[int, dict[int, list[Found]]] = {}
    for one in conflicted.barred(list(cases), sorted(people), Moment.ASSIGNMENT, kinds=HARD_KINDS):
        fresh.setdefault(one.case_id, {}).setdefault(one.evaluator_id, []).append(one)
    return fresh


def _seat_case(
    actor: Actor,
    draw: Draw,
    case: int,
    people: Sequence[int],
    chair_id: int | None,
    bars: Mapping[int, Sequence[Found]],
) -> None:
    """One panel; nothing where it changed meanwhile."""
    application = session.get(Application, case)
    panel = queries.panel_of(case)
    there = {one.evaluator_id for one in panel.assignments} if panel else set()
    missing = seating.case_of(application, panel).needed
    wanted = [one for one in people if one not in there and one not in bars][:missing]
    chair = panel.chair_id if panel else chair_id
    if not wanted or chair is None or application.status not in IN_EVALUATION:
        return
    chosen = seating.people(wanted), seating.people([chair])[0]
    try:
        service.assign(actor, application, *chosen, draw.due_on, bars=bars, draw=draw)
    except RuleBroken as broken:
        log.info("a case of a draw was left alone", extra={"draw": draw.id, "case": case, "code": broken.code})


def fail(draw_id: int, code: str, values: Mapping[str, Any]) -> None:
    """Close a draw from which nothing comes; of a draw of the portal the operator who assigned the panel hears."""
    with transaction():
        draw = session.get(Draw, draw_id, with_for_update={"of": Draw})
        draw.state, draw.finished_at = DrawState.FAILED, clock.now()
        draw.problem = code
        draw.problem_values = {name: one.as_dict() if isinstance(one, Words) else one for name, one in values.items()}
        audit.record(SYSTEM, "draw.fail", "draw", draw.id, {"problem": code})
        if draw.is_automatic and code != "draw_nothing":
            _tell_operators(draw)


def _tell_operators(draw: Draw) -> None:
    for application_id in draw.application_ids or ():
        panel = queries.panel_of(application_id)
        operator = _operator_of(application_id)
        if panel is None or operator is None:
            continue
        mail.queue(
            operator.email,
            "second_reader_needed",
            operator.language,
            f"seat-empty-{panel.id}-{draw.id}",
            name=operator.name,
            number=panel.application.number,
            path=f"/operator/assignments/{panel.application.key}",
        )


def _operator_of(application_id: int) -> Person | None:
    """Who last assigned somebody to the case."""
    return session.scalar(
        sa.select(Person)
        .join(Assignment, Assignment.assigned_by_id == Person.id)
        .where(Assignment.application_id == application_id)
        .order_by(Assignment.id.desc())
        .limit(1)
    )


def write_to_seated(draw_id: int) -> None:
    """draw.carried_out → one letter to each evaluator, however many cases it brought."""
    seats = session.scalars(
        sa.select(Assignment).where(Assignment.draw_id == draw_id).order_by(Assignment.evaluator_id, Assignment.id)
    ).all()
    by_person: dict[int, list[Assignment]] = {}
    for seat in seats:
        by_person.setdefault(seat.evaluator_id, []).append(seat)
    for own in by_person.values():
        if len(own) == 1:
            service.write_assigned(own[0])
            continue
        person = own[0].evaluator
        mail.queue(
            person.email,
            "evaluator_drawn",
            person.language,
            f"evaluator-drawn-{draw_id}-{person.id}",
            name=person.name,
            count=len(own),
            due=own[0].due_on.isoformat(),
            path="/evaluation/queue",
        )


# --- replaying ------------------------------------------------------------------------------------------------------


def replay(draw: Draw) -> tuple[ReplayState, str | None, dict[str, list[str]]]:
    """Draw again from what was kept. Returns: how it came out, the plan's SHA-256, the libraries that differ."""
    from portal.evaluation import drawing

    kept = {}
    for name, sha256 in (("question", draw.input_sha256), ("plan", draw.result_sha256)):
        try:
            with files.open_blob(sha256 or "") as file:
                kept[name] = file.read()
        except OSError:
            return ReplayState.DAMAGED, None, {}
        if hashlib.sha256(kept[name]).hexdigest() != sha256:
            return ReplayState.DAMAGED, None, {}
    if hashlib.sha256(draw.seed.encode()).hexdigest() != draw.seed_sha256:
        return ReplayState.DAMAGED, None, {}
    try:
        question = drawing.Question.thawed(kept["question"])
    except (ValueError, TypeError):  # written by a release that this one can't read
        return ReplayState.DAMAGED, None, {}
    again = drawing.answer(question, draw.seed).frozen()
    now = drawing.versions()
    changed = {name: [then, now.get(name, "")] for name, then in question.versions.items() if now.get(name) != then}
    state = ReplayState.SAME if again == kept["plan"] else ReplayState.DIFFERENT
    return state, hashlib.sha256(again).hexdigest(), changed


def run_replay(replay_id: int) -> None:
    """Do one replay that an auditor asked for (the worker)."""
    row = session.get(DrawReplay, replay_id)
    state, sha256, versions = replay(row.draw)
    with transaction():
        row = session.get(DrawReplay, replay_id)
        row.state, row.result_sha256, row.versions, row.finished_at = state, sha256, versions, clock.now()
        audit.record(SYSTEM, "draw.replay", "draw", row.draw_id, {"state": state, "result": sha256})


def _ensure_operator(actor: Actor) -> None:
    if not (actor.is_system or actor.has(*OPERATOR)):
        raise Forbidden("no_right")
