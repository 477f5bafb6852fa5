"""The draw of an appeal's panel: by the same solver as the first evaluation's, from a seed that was fixed at filing.

The worker draws (the solver needs numpy); what the draw read is kept as canonical JSON, so that anybody can do it again
and get the same people. Nobody chooses: an operator can only ask for a further draw.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from portal.accounts.models import Person
from portal.accounts.rules import Role
from portal.appeals import queries, rules
from portal.appeals.models import Appeal, AppealDraw, AppealSeat
from portal.appeals.rules import AppealState, Bar, SeatRole
from portal.applications.models import Application
from portal.base import audit, clock, outbox
from portal.base.access import SYSTEM
from portal.base.db import session
from portal.evaluation import conflicted as conflicts
from portal.evaluators import queries as pool

DECIMALS = 6


def ask(appeal: Appeal) -> None:
    """Ask the worker for a draw; it does nothing when no seat is free."""
    outbox.emit("appeal.seats_free", appeal_id=appeal.id)


def conflicted(application: Application, people: Collection[int], moment: str) -> set[int]:
    """Whom a hard conflict keeps off this case."""
    return {one.evaluator_id for one in conflicts.hard(conflicts.barred([application], people, moment))}


def fill(appeal_id: int, **_: Any) -> None:
    """appeal.taken_up, appeal.seats_free → draw who is missing; all of them or nobody.

    Notes: writes appeal_draw, appeal_seat, audit; emits appeal.seated for each person; when the panel can't be filled
           the reason stands on the operator's page and no seat is given
    """
    appeal = queries.locked(appeal_id)
    if appeal is None or appeal.state not in (AppealState.ADMITTED, AppealState.REVIEW):
        return
    needed = appeal.readers - len(queries.seats_of(appeal, SeatRole.READER))
    needs_chair = queries.chair_seat(appeal) is None
    if needed <= 0 and not needs_chair:
        return
    number = len(appeal.draws) + 1
    asked = question(appeal, number, max(needed, 0), needs_chair)
    drawn = answer(asked)
    kept = audit.canonical(asked)
    row = AppealDraw(
        number=number,
        input=kept,
        input_sha256=hashlib.sha256(kept.encode()).hexdigest(),
        result=audit.canonical(drawn),
    )
    appeal.draws.append(row)
    problem, values = _problem(asked, drawn)
    appeal.draw_problem, appeal.draw_values = problem, values
    detail = {"application": appeal.application_id, "draw": number, "input": row.input_sha256, "problem": problem}
    if not problem:
        _seat(appeal, drawn)
        appeal.state = AppealState.REVIEW
        detail |= {"readers": drawn["readers"], "chair": drawn["chair"]}
    session.flush()
    audit.record(SYSTEM, "appeal.draw", "appeal", appeal.id, detail)


def _problem(asked: Mapping[str, Any], drawn: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if len(drawn["readers"]) < asked["needed"]:
        return "appeal_draw_none", {"found": len(asked["readers"]), "needed": asked["needed"]}
    if asked["needs_chair"] and drawn["chair"] is None:
        return "appeal_draw_no_chair", {}
    return "", {}


def _seat(appeal: Appeal, drawn: Mapping[str, Any]) -> None:
    # a late replacement gets a week, whatever is left of the clock
    due = max(appeal.due_on, rules.check_by(clock.today())) if appeal.seats else appeal.due_on
    rows = [
        AppealSeat(person_id=person, role=SeatRole.READER, pseudonym=letter, due_on=due)
        for person, letter in drawn["readers"]
    ]
    if drawn["chair"] is not None:
        rows.append(AppealSeat(person_id=drawn["chair"], role=SeatRole.CHAIR, due_on=due))
    for row in rows:
        appeal.seats.append(row)
    session.flush()
    for row in rows:
        outbox.emit("appeal.seated", seat_id=row.id)


# --- the question: everything that the draw reads -------------------------------------------------------------


def question(appeal: Appeal, number: int, needed: int, needs_chair: bool) -> dict[str, Any]:
    """Who may sit, how well each fits, and the seed, as plain data.

    readers: [person, affinity] of whoever may read; chairs: [person, open cases] of whoever may chair
    barred : why others may not → their ids
    """
    today, application = clock.today(), appeal.application
    loads = queries.loads()
    readers = {one.person_id: one for one in pool.available(today, Role.EVALUATOR)} if needed else {}
    chairs = {one.person_id: one for one in pool.available(today, Role.LEAD_EVALUATOR)} if needs_chair else {}
    everybody = sorted(readers.keys() | chairs.keys())
    bars = rules.bars(
        everybody,
        first_panel=queries.first_panel_people(application.id),
        sat_before={one.person_id for one in appeal.seats},
        same_firm=queries.on_cases_of(application.organisation_id, beside=application.id),
        handled=queries.handlers(appeal),
        conflicted=conflicted(application, everybody, "assignment"),
        room={one.person_id: one.capacity - loads.get(one.person_id, 0) for one in readers.values()},
    )
    free = [one for person, one in sorted(readers.items()) if person not in bars]
    return {
        "appeal": appeal.id,
        "number": number,
        "seed": rules.seed_of_round(appeal.seed, number),
        # another version of the solver may choose otherwise between equals
        "solver": version("ortools"),
        "needed": needed,
        "needs_chair": needs_chair,
        "readers": _fits(application, free),
        "chairs": [[person, loads.get(person, 0)] for person in sorted(chairs) if person not in bars],
        "letters": sorted(one.pseudonym for one in appeal.seats if one.pseudonym),
        "barred": {
            bar.value: sorted(one for one, why in bars.items() if why is bar) for bar in Bar if bar in bars.values()
        },
    }


def _fits(application: Application, people: Sequence[pool.PoolMember]) -> list[list[Any]]:
    from portal.evaluation import affinity  # numpy and scikit-learn: only the worker pays for them

    if not people:
        return []
    texts = (application.problem, application.goal, application.build, application.effect)
    applicant = affinity.Applicant(
        application.id, "\n".join(texts), frozenset(application.scope), queries.industry_of(application)
    )
    experts = [affinity.Expert(one.person_id, one.text, one.technologies, one.industries) for one in people]
    found = affinity.build([applicant], experts, top=len(experts)).matrix.toarray()[0]
    return [[one.person_id, round(float(value), DECIMALS)] for one, value in zip(people, found, strict=True)]


# --- the answer: a function of the question alone -------------------------------------------------------------


def answer(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Who is drawn, from the question alone: the same question gives the same answer on every machine.

    Returns: {"readers": [[person, letter] …] in the order of their letters, "chair": person or None}
    """
    from portal.evaluation.assignment import assign  # OR-tools

    chair = rules.pick_chair({person: load for person, load in asked["chairs"]}, asked["seed"])
    chair = chair if asked["needs_chair"] else None
    # who chairs doesn't read: somebody may hold both roles
    free = [(person, fit) for person, fit in asked["readers"] if person != chair]
    chosen: list[int] = []
    if free and asked["needed"]:
        import numpy as np
        from scipy.sparse import csr_matrix

        columns = np.arange(len(free))
        fits = csr_matrix(
            (np.array([fit for _, fit in free], dtype=float), (np.zeros(len(free), dtype=int), columns)),
            shape=(1, len(free)),
        )
        plan = assign(fits, asked["needed"], 1, seed=asked["seed"])
        chosen = [free[int(column)][0] for _, column in plan.pairs]
    letters = rules.deal_letters(chosen, asked["letters"], asked["seed"])
    return {
        "readers": sorted(([one, letter] for one, letter in letters.items()), key=lambda row: row[1]),
        "chair": chair,
    }


def replays(row: AppealDraw) -> bool:
    """Whether the draw, done again from what was kept, gives the same people to the byte."""
    same_input = hashlib.sha256(row.input.encode()).hexdigest() == row.input_sha256
    return same_input and audit.canonical(answer(json.loads(row.input))) == row.result


def barred_counts(row: AppealDraw) -> Counter[Bar]:
    """How many people each reason kept off, for the operator's page."""
    return Counter({Bar(bar): len(people) for bar, people in json.loads(row.input)["barred"].items()})


def names(ids: Collection[int]) -> dict[int, str]:
    # public: called for the operator's and the auditor's page alone, with ids out of a draw that they may read
    people = [session.get(Person, one) for one in ids]
    return {one.id: one.name for one in people if one is not None}
