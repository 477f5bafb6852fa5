"""An evaluator's queue with 60 and with 600 files, through the whole application, and the offline sheet of as many.

The files are copies of one application of the demo country, with panels, assignments and half-written reviews of their
own, put into its database in bulk: the page is measured, not the way there.
"""

from __future__ import annotations

import gc
import io
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import sqlalchemy as sa

from portal.accounts import queries as accounts
from portal.accounts import service as people
from portal.accounts.models import Person
from portal.accounts.rules import OrganisationKind
from portal.applications.models import Application
from portal.applications.rules import Status
from portal.base.access import SYSTEM
from portal.base.db import db, new_key, session, transaction
from portal.demo.country import DOMAIN
from portal.evaluation import rubric, takeaway
from portal.evaluation.models import Assignment, Panel, Review
from portal.evaluation.rules import AssignmentState
from tests.bench.pages import Figures, House

SIZES = (60, 600)
WHO = "pyeong"


@dataclass
class Offline:
    """Seconds to write, to read and to compare a sheet; megabytes of the file."""

    files: int
    rows: int
    out: float
    back: float
    compare: float
    kilobytes: float


def measure(folder: Path, rounds: int) -> tuple[list[Figures], list[Offline]]:
    """The pages in the order of the sizes. folder: with the demo country; it is changed."""
    house = House(folder)
    pages: list[Figures] = []
    sheets: list[Offline] = []
    try:
        for size in SIZES:
            fill(house, size)
            here = [
                Figures(f"queue, {size} files", WHO, "/evaluation/queue"),
                Figures(f"queue, {size} files, filtered", WHO, "/evaluation/queue?step=review&sort=due"),
                Figures(f"queue, {size} files, last page", WHO, "/evaluation/queue?page=99"),
                Figures(f"a case among {size}", WHO, case_path(house)),
            ]
            for page in here:
                house.weigh(page, house.get(page))
                page.clock, page.processor, page.queries = [], [], 0  # the first visit only warms
            for _ in range(rounds):
                for page in here:
                    house.get(page)
            pages += here
            sheets.append(offline(house, size))
    finally:
        house.close()
    return pages, sheets


def fill(house: House, size: int) -> None:
    """As many open cases on the desk of one evaluator as asked, half of them opened with a draft."""
    with house.app.app_context(), transaction():
        person = session.scalars(sa.select(Person).where(Person.email == f"{WHO}@{DOMAIN}")).one()
        chair = session.scalars(sa.select(Person).where(Person.email == f"jang@{DOMAIN}")).one()
        pattern = session.scalars(
            sa.select(Application).where(Application.status == Status.WRITTEN).order_by(Application.id)
        ).first()
        own = (
            sa.select(Assignment)
            .join(Application, Application.id == Assignment.application_id)
            .where(
                Assignment.evaluator_id == person.id,
                Assignment.state.in_((AssignmentState.ASSIGNED, AssignmentState.OPENED)),
                Application.status == Status.WRITTEN,
            )
        )
        have = session.scalar(sa.select(sa.func.count()).select_from(own.subquery())) or 0
        values = {
            column.key: getattr(pattern, column.key)
            for column in sa.inspect(Application).column_attrs
            if column.key not in ("id", "key", "number")
        }
        panel_due = session.scalar(sa.select(sa.func.max(Panel.due_on)))
        sheet = rubric.newest()
        for n in range(have, size):
            firm = people.add_organisation(SYSTEM, OrganisationKind.COMPANY, f"벤치 {n:05d} (합성)")
            values |= {"organisation_id": firm.id, "number": f"BENCH-{n:05d}"}
            case = Application(**values, key=new_key())
            session.add(case)
            session.flush()
            panel = Panel(application_id=case.id, chair_id=chair.id, rubric=sheet.reference, due_on=panel_due)
            session.add(panel)
            session.flush()
            opened = bool(n % 2)
            assignment = Assignment(
                panel_id=panel.id,
                application_id=case.id,
                evaluator_id=person.id,
                pseudonym="A",
                due_on=panel_due,
                state=AssignmentState.OPENED if opened else AssignmentState.ASSIGNED,
            )
            session.add(assignment)
            session.flush()
            if opened:
                scores = {
                    one.code: {"points": one.points - 3, "na": False, "comment": "합성(예시) 의견"}
                    for one in sheet.criteria[: n % 7]
                }
                session.add(Review(assignment_id=assignment.id, application_id=case.id, scores=scores))


def case_path(house: House) -> str:
    """A case of the demo itself that can be opened: its diagnosis is there."""
    with house.app.app_context():
        own = (
            sa.select(Assignment)
            .join(Person, Person.id == Assignment.evaluator_id)
            .join(Application, Application.id == Assignment.application_id)
            .where(Person.email == f"{WHO}@{DOMAIN}", Application.status == Status.WRITTEN)
            .where(Assignment.state.in_((AssignmentState.ASSIGNED, AssignmentState.OPENED)))
            .order_by(Assignment.id)
            .limit(10)
        )
        paths = [f"/evaluation/cases/{one.key}" for one in session.scalars(own)]
    client = house.client(WHO)
    for path in paths:
        client.post(f"{path}/open", data={"no_conflict": "y"}, check=False)
        if b"case-item" in client.get(path, check=False).data:
            return path
    raise RuntimeError(f"{WHO} has no case that can be opened")


def offline(house: House, size: int) -> Offline:
    """The sheet of all opened cases: out, back and compared."""
    with house.app.app_context():
        actor: Any = accounts.actor_of(session.scalars(sa.select(Person).where(Person.email == f"{WHO}@{DOMAIN}")).one())
        content, out = _timed(lambda: takeaway.take_along(actor))
        row, back = _timed(lambda: takeaway.upload(actor, io.BytesIO(content), "sheet.xlsx"))
        report, compare = _timed(lambda: takeaway.compare(actor, row))
        if report.refused:
            raise RuntimeError(f"a sheet that nobody touched is refused: {report.refused[0]}")
        db.session.remove()
    return Offline(size, len(report.rows), out, back, compare, len(content) / 1024)


def _timed(act: Any) -> tuple[Any, float]:
    gc.collect()
    times = []
    for _ in range(3):
        began = time.perf_counter()
        found = act()
        times.append(time.perf_counter() - began)
    return found, median(times)
