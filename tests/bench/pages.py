"""Time, queries and weight of the pages that people wait for, over the demo country, through the whole application.

Each page is fetched again and again in one process, in turn with the others, so that a busy moment of the machine
falls on all of them. Measured is the WSGI call itself, not the client around it; "CPU" is the thread's own time.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from importlib import import_module
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Any
from urllib.parse import urljoin, urlsplit

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event

from portal.accounts import service as accounts
from portal.accounts.models import Person
from portal.applications.models import Application
from portal.applications.rules import Status
from portal.base.db import db, session
from portal.demo.country import DOMAIN
from portal.evaluation.models import Assignment
from portal.evaluation.rules import AssignmentState
from portal.web.limits import limiter
from tests.cast import Member
from tests.client import Client, Page

ROOT = "http://localhost"
_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "SAVEPOINT", "RELEASE")


class Meter:
    """Stands around the application and notes each answer's time and queries."""

    def __init__(self, app: Flask) -> None:
        self._wsgi, self.statements = app.wsgi_app, []
        app.wsgi_app = self  # type: ignore[method-assign, assignment]
        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", self._count)
        self.clock = self.processor = 0.0

    def _count(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.lstrip().upper().startswith(_CONTROL):
            self.statements.append(statement)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        self.statements.clear()
        clock, processor = time.perf_counter(), time.thread_time()
        answer = self._wsgi(environ, start_response)
        body = b"".join(answer)
        getattr(answer, "close", lambda: None)()
        self.clock, self.processor = time.perf_counter() - clock, time.thread_time() - processor
        return [body]


@dataclass
class Figures:
    """What one page costs. Times in milliseconds, weight in KB after gzip, with its style sheets and scripts."""

    name: str
    who: str
    path: str
    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    queries: int = 0
    weight: float = 0.0
    html: float = 0.0
    elsewhere: int = 0

    def note(self, meter: Meter) -> None:
        self.clock.append(meter.clock * 1000)
        self.processor.append(meter.processor * 1000)
        self.queries = max(self.queries, len(meter.statements))

    @property
    def p50(self) -> float:
        return median(self.clock)

    @property
    def p95(self) -> float:
        return quantiles(self.clock, n=20, method="inclusive")[18]

    @property
    def p50_processor(self) -> float:
        return median(self.processor)

    @property
    def p95_processor(self) -> float:
        return quantiles(self.processor, n=20, method="inclusive")[18]


class House:
    """The portal over a data folder with the demo country, and the people of the tour signed in to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        os.environ.update(PORTAL_DATA_DIR=str(folder), PORTAL_LOG_LEVEL="ERROR")
        self.app = import_module("app").app  # as a web worker starts it
        self.app.test_client_class = Client
        limiter.enabled = False  # one person doesn't ask this often
        self.meter = Meter(self.app)
        self._clients: dict[str, Client] = {}

    def client(self, who: str) -> Client:
        """The browser of one of the tour, or of nobody ("")."""
        if who not in self._clients:
            self._clients[who] = client = self.app.test_client()
            if who:
                with self.app.app_context():
                    person = session.scalars(sa.select(Person).where(Person.email == f"{who}@{DOMAIN}")).one()
                    token = accounts.begin_session(person, "bench")
                    client.sign_in(
                        Member(who, person.id, person.key, person.organisation_id, person.fs_uniquifier, token, None)
                    )
        return self._clients[who]

    def get(self, figures: Figures) -> Any:
        answer = self.client(figures.who).get(figures.path, check=False)
        if answer.status_code != 200:
            raise RuntimeError(f"{figures.path} as {figures.who or 'nobody'}: {answer.status}")
        figures.note(self.meter)
        return answer

    def weigh(self, figures: Figures, answer: Any) -> None:
        html = answer.get_data(as_text=True)
        figures.html = size = _packed(answer.data)
        for address in set(_parts(html)):
            if urlsplit(urljoin(ROOT, address)).netloc != urlsplit(ROOT).netloc:
                figures.elsewhere += 1
                continue
            size += sum(_packed(body) for body in self._with_imports(address))
        figures.weight = size

    def _with_imports(self, address: str, seen: set[str] | None = None) -> Iterator[bytes]:
        """A style sheet or script and, for a module, what it imports from its first line on."""
        seen = set() if seen is None else seen
        if address in seen:
            return
        seen.add(address)
        body = self.client("").get(address, check=False).data
        yield body
        for name in re.findall(rb"""(?:import|from)\s*\(?["'](\.{0,2}/[^"']+)""", body):
            yield from self._with_imports(urljoin(address, name.decode()), seen)

    def close(self) -> None:
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()


def memory() -> float:
    """What this process holds now, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmRSS:\s*(\d+)", status)[1]) / 1024  # type: ignore[index]


def _packed(body: bytes) -> float:
    return len(gzip.compress(body, 6, mtime=0)) / 1024


def _parts(html: str) -> Iterator[str]:
    """What a browser fetches for a page: style sheets, scripts, pictures, icons."""
    for tag in re.findall(r"<(?:link|script|img|source|iframe)\b[^>]*>", html):
        if (found := re.search(r'\b(?:src|href)="([^"]+)"', tag)) and not found[1].startswith("data:"):
            yield unescape(found[1])


def places(house: House) -> list[Figures]:
    """The pages. "one" and "many" are the same page with one row and with all the demo has."""
    with house.app.app_context():
        own = sa.select(Assignment).join(Person, Person.id == Assignment.evaluator_id)
        mine = session.scalars(own.where(Person.email == f"pyeong@{DOMAIN}").order_by(Assignment.id)).all()
        waiting = next(one for one in mine if one.state is AssignmentState.ASSIGNED)
        cases = sa.select(Application).order_by(Application.id)
        received = session.scalars(cases.where(Application.status == Status.SUBMITTED)).first()
        judged = session.scalars(cases.where(Application.status == Status.WRITTEN)).first()
        file, one_own = waiting.key, waiting.panel.application.number
        case, one_number, panel = received.key, received.number, judged.key
    declaration = {"no_conflict": "y"}
    house.client("pyeong").post(f"/evaluation/cases/{file}/open", data=declaration, check=False)
    return [
        Figures("front page", "", "/"),
        Figures("result page", "duri", "/result"),
        Figures("directory, one found", "", "/suppliers?q=AAS"),
        Figures("directory, all", "", "/suppliers"),
        Figures("directory, search", "duri", "/suppliers?q=MES"),
        Figures("evaluator's queue, one", "pyeong", f"/evaluation/queue?q={one_own}"),
        Figures("evaluator's queue, all", "pyeong", "/evaluation/queue?state=all"),
        Figures("evaluator's case file", "pyeong", f"/evaluation/cases/{file}"),
        Figures("operator's queue, one", "un", f"/applications/queue?q={one_number}"),
        Figures("operator's queue, all", "un", "/applications/queue"),
        Figures("operator's case", "un", f"/applications/{case}"),
        Figures("chair's list", "jang", "/evaluation/decisions"),
        Figures("chair's decision", "jang", f"/evaluation/decisions/{panel}"),
    ]


def measure(folder: Path, rounds: int) -> list[Figures]:
    """Every page `rounds` times after one warming visit, then the submission."""
    house = House(folder)
    try:
        pages = places(house)
        for page in pages:
            house.weigh(page, house.get(page))
            page.clock, page.processor, page.queries = [], [], 0  # the first visit only warms
        random = Random(1)
        for _ in range(rounds):
            for page in random.sample(pages, len(pages)):  # else a garbage collection would always meet the same page
                house.get(page)
        return [*pages, submission(house, rounds)]
    finally:
        house.close()


def submission(house: House, rounds: int) -> Figures:
    """Hand in duri's draft; each time on the same copy of the database, after a look at its last page."""
    with house.app.app_context():
        draft = session.scalars(
            sa.select(Application)
            .join(Person, Person.organisation_id == Application.organisation_id)
            .where(Person.email == f"duri@{DOMAIN}", Application.status == Status.DRAFT)
        ).one()
        key = draft.key
    database, copy = house.folder / "portal.sqlite3", house.folder / "before-submission.sqlite3"
    client = house.client("duri")
    figures = Figures("submission (POST)", "duri", f"/applications/{key}/submit")
    for turn in range(rounds + 1):
        with house.app.app_context():
            db.session.remove()
            if turn == 0:
                with db.engine.connect() as connection:
                    connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.engine.dispose()
        if turn == 0:
            shutil.copyfile(database, copy)
        else:
            for suffix in ("-wal", "-shm"):
                database.with_name(database.name + suffix).unlink(missing_ok=True)
            shutil.copyfile(copy, database)
        page = Page(client.get(f"/applications/{key}/check", check=False))
        answer = client.post(figures.path, data=page.values("/submit"), check=False)
        if answer.status_code != 302 or not answer.location.endswith("/receipt"):
            raise RuntimeError(f"the submission was refused: {answer.status} {answer.location}")
        if turn:
            figures.note(house.meter)
    return figures
