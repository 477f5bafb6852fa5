"""How many planted conflicts are found, how many decoys bar, in which time; and whether a draw ever seats a barred pair.

A synthetic call (합성) is written into a database as people and features would write it: numbers with and without hyphens,
addresses with floors, names with titles, ties of every kind and age. `python -m tests.bench.conflicts SIZE` prints one
measurement as JSON from a fresh process.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SEED = 20261123
SIZES = {"small": (2_500, 100), "large": (25_000, 500)}
SUPPLIERS = 600
INSTITUTES = 60
PLANTED = 2_000
WORLDS = 10_000


@dataclass(frozen=True)
class Seen:
    """What one search did. ways: how many of each planted kind there were and were found."""

    seconds: float
    processor: float
    megabytes: float
    pairs: int
    planted: int
    found: int
    decoys: int
    decoys_barred: int
    ways: dict[str, list[int]]


def measure(size: str) -> Seen:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.conflicts", size], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return Seen(**json.loads(done.stdout.splitlines()[-1]))


@dataclass(frozen=True)
class Worlds:
    worlds: int
    seated: int
    barred_pairs: int
    hard_seated: int
    seconds: float


def random_worlds(count: int = WORLDS) -> Worlds:
    """A draw over each of many small worlds, judged by the oracle that compares everybody with everything."""
    from scipy.sparse import csr_matrix

    from portal.conflicts import rules
    from portal.evaluation import assignment
    from tests.factories.conflict_worlds import TODAY, is_barred, world

    seated = barred = wrong = 0
    began = time.perf_counter()
    for seed in range(count):
        cases, judges, ties, objections = world(seed)
        found = rules.find(cases, judges, ties, objections, on=TODAY, kinds=rules.HARD_KINDS)
        arcs = {(one.case_id, one.evaluator_id - judges[0].id) for one in found}
        shape = (len(cases), len(judges))
        rows, columns = zip(*sorted(arcs), strict=True) if arcs else ((), ())
        forbidden = csr_matrix(([1] * len(arcs), (rows, columns)), shape=shape)
        plan = assignment.assign(csr_matrix([[1.0] * shape[1]] * shape[0]), 2, 2, forbidden=forbidden, seed=seed)
        barred += len(arcs)
        for row, column in plan.pairs.tolist():
            seated += 1
            wrong += is_barred(cases[row], judges[column], ties, objections)
    return Worlds(count, seated, barred, wrong, time.perf_counter() - began)


# --- the world ----------------------------------------------------------------------------------------------------


class _World:
    """Rows for bulk inserts, with what was planted and what only looks like it."""

    def __init__(self, cases: int, judges: int) -> None:
        self.draw = random.Random(SEED)
        self.today = date(2026, 11, 23)
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.planted: dict[tuple[int, int], str] = {}
        self.decoys: set[tuple[int, int]] = set()
        self.ids: dict[str, int] = {}
        self.touched: set[int] = set()
        self._cast(cases, judges)

    def add(self, table: str, **facts: Any) -> int:
        self.ids[table] = self.ids.get(table, 0) + 1
        self.rows.setdefault(table, []).append({"id": self.ids[table], **facts})
        return self.ids[table]

    def _cast(self, cases: int, judges: int) -> None:
        number = iter(range(1_000_000_000, 2_000_000_000))
        self.institutes = [
            self.add("organisation", kind="agency", name=f"합성 연구원 {one}", registration_number=str(next(number)))
            for one in range(INSTITUTES)
        ]
        self.suppliers = [
            self.add("organisation", kind="supplier", name=f"합성 공급 {one}", registration_number=str(next(number)))
            for one in range(SUPPLIERS)
        ]
        self.firms = [
            self.add("organisation", kind="company", name=f"합성 기업 {one}", registration_number=str(next(number)))
            for one in range(cases)
        ]
        self.number_of = {row["id"]: row["registration_number"] for row in self.rows["organisation"]}
        self.owners = {firm: self._person(f"o{firm}@firm{firm}.co.kr", firm) for firm in (*self.firms, *self.suppliers)}
        self.judges = []
        for one in range(judges):
            employer = self.draw.choice([None, *self.institutes]) if one % 2 else self.institutes[one % INSTITUTES]
            judge = self._person(f"j{one}@naver.com", employer)
            self.judges.append(judge)
        self.employer = {row["id"]: row["organisation_id"] for row in self.rows["person"]}
        self.membership = {judge: self._membership(judge) for judge in self.judges}
        self.cases = [(firm, self.draw.choice(self.suppliers)) for firm in self.firms]
        self.case_ids = list(range(1, cases + 1))
        for firm in self.firms:
            self.add("profile", organisation_id=firm, plants=[], contact_phone="", contact_email="")

    def _person(self, email: str, firm: int | None, name: str = "합성") -> int:
        number = self.ids.get("person", 0) + 1
        phone = f"+8210{20_000_000 + number}"
        return self.add(
            "person", email=email, name=f"{name}{number}", phone=phone, organisation_id=firm, fs_uniquifier=f"u{number}"
        )

    def _membership(self, judge: int) -> int:
        return self.add("pool_membership", person_id=judge, status="active", capacity=60, min_load=0)

    def person(self, number: int) -> dict[str, Any]:
        return self.rows["person"][number - 1]

    def career(self, judge: int, kind: str, firm: int, until: date | None) -> None:
        number = self.number_of[firm]
        self.add(
            "pool_career", membership_id=self.membership[judge], kind=kind, name="합성", registration_number=number,
            from_on=None, to_on=until,
        )  # fmt: skip

    def tie(self, kind: str, until: date | None = None, **sides: int) -> None:
        self.add("tie", kind=kind, source="operator", to_on=until, version=1, **sides)

    def ago(self, years: float) -> date:
        return self.today - timedelta(days=round(365.25 * years))

    # how a conflict comes into the records, for a case (number, firm, supplier) and a judge

    def plant(self) -> None:
        ways: dict[str, Callable[[int, int, int, int], None]] = {
            "employer now, by career": lambda case, firm, supplier, judge: self.career(judge, "employed", firm, None),
            "employer until 2 years ago": lambda case, firm, supplier, judge: self.career(
                judge, "employed", supplier, self.ago(2)
            ),
            "shares of the supplier": lambda case, firm, supplier, judge: self.career(judge, "shares", supplier, None),
            "family works at the firm": lambda case, firm, supplier, judge: self.career(judge, "family", firm, None),
            "family of the owner": lambda case, firm, supplier, judge: self.tie(
                "family", person_id=self.owners[firm], other_person_id=judge
            ),
            "advised the firm last year": lambda case, firm, supplier, judge: self.tie(
                "advised", self.ago(1), person_id=judge, organisation_id=firm
            ),
            "employer trades with the firm": self._employer_trades,
            "the firm's telephone, with hyphens": self._telephone,
            "the firm's e-mail domain": self._domain,
            "the owner's mobile: one human": self._mobile,
            "objection granted by name": self._objection,
        }
        decoys: tuple[Callable[[int, int, int, int], None], ...] = (
            lambda case, firm, supplier, judge: self.career(judge, "employed", firm, self.ago(3.2)),
            lambda case, firm, supplier, judge: self.tie("advised", self.ago(5), person_id=judge, organisation_id=firm),
            lambda case, firm, supplier, judge: self.tie("worked_with", person_id=judge, other_person_id=self.owners[firm]),
        )
        names = list(ways)
        cases = self.draw.sample(range(len(self.cases)), min(PLANTED, len(self.cases) // 2) * 2)
        for place, index in enumerate(cases):
            judge = self.draw.choice(self.judges[len(self.judges) // 20 :])
            firm, supplier = self.cases[index]
            case = self.case_ids[index]
            if place % 2:
                decoys[place // 2 % len(decoys)](case, firm, supplier, judge)
                self.decoys.add((case, judge))
                continue
            way = names[place // 2 % len(names)]
            if way == "employer trades with the firm":
                judge = self.draw.choice([one for one in self.judges if self.employer[one]])
            elif way == "shares of the supplier":  # few: who owns one supplier is out of the whole call
                judge = self.draw.choice(self.judges[: len(self.judges) // 20])
            ways[way](case, firm, supplier, judge)
            self.planted[case, judge] = way

    def _employer_trades(self, case: int, firm: int, supplier: int, judge: int) -> None:
        self.tie("trades", organisation_id=firm, other_organisation_id=self.employer[judge])

    def _telephone(self, case: int, firm: int, supplier: int, judge: int) -> None:
        digits = self.person(judge)["phone"].removeprefix("+82")
        self.rows["profile"][firm - self.firms[0]]["contact_phone"] = f"0{digits[:2]}-{digits[2:6]}-{digits[6:]}"

    def _domain(self, case: int, firm: int, supplier: int, judge: int) -> None:
        if judge in self.touched:
            domain = self.person(judge)["email"].rpartition("@")[2]
        else:
            domain = f"house{judge}.co.kr"
            self.person(judge)["email"] = f"j{judge}@{domain}"
            self.touched.add(judge)
        self.rows["profile"][firm - self.firms[0]]["contact_email"] = f"Info@Mail.{domain.upper()}"

    def _mobile(self, case: int, firm: int, supplier: int, judge: int) -> None:
        self.person(self.owners[firm])["phone"] = self.person(judge)["phone"]

    def _objection(self, case: int, firm: int, supplier: int, judge: int) -> None:
        self.add(
            "conflict_objection", object_type="application", object_id=case, organisation_id=firm, is_firm=False,
            name=f"{self.person(judge)['name'][:1]} {self.person(judge)['name'][1:]} 교수님", reason="합성(예시)", state="granted",
            person_ids=[], organisation_ids=[], version=1,
        )  # fmt: skip


def _write(world: _World) -> None:
    import sqlalchemy as sa

    from portal.accounts.models import Organisation, Person
    from portal.applications.models import Application, ConsortiumMember
    from portal.base import clock
    from portal.base.db import session, transaction
    from portal.conflicts.models import Objection, Tie
    from portal.evaluators.models import Career, Membership
    from portal.profiles.models import Profile
    from portal.programmes.models import Call
    from tests.factories.applications import a_call

    call = a_call()
    now = clock.now()
    with transaction():
        for table, model in (
            ("organisation", Organisation), ("person", Person), ("pool_membership", Membership),
            ("pool_career", Career), ("profile", Profile), ("tie", Tie), ("conflict_objection", Objection),
        ):  # fmt: skip
            rows = world.rows.get(table, [])
            if rows:
                if hasattr(model, "version"):
                    rows = [{"version": 1, **row} for row in rows]
                session.execute(sa.insert(model), rows)
        session.execute(
            sa.insert(Application),
            [
                {
                    "id": case, "organisation_id": firm, "call_id": session.get(Call, call.id).id, "status": "written",
                    "number": f"합성-{case}", "submitted_at": now, "version": 1,
                }
                for case, (firm, _) in zip(world.case_ids, world.cases, strict=True)
            ],
        )  # fmt: skip
        session.execute(
            sa.insert(ConsortiumMember),
            [
                {"application_id": case, "organisation_id": supplier}
                for case, (_, supplier) in zip(world.case_ids, world.cases, strict=True)
            ],
        )


def _one(size: str) -> Seen:
    from portal import create_app
    from portal.base.db import db, session
    from portal.evaluation import conflicted

    world = _World(*SIZES[size])
    world.plant()
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        os.environ["PORTAL_DATA_DIR"] = folder
        app = create_app({"testing": True, "data_dir": Path(folder)})
        with app.app_context():
            db.create_all()
            _write(world)
            session.expunge_all()
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            began, processor = time.perf_counter(), time.process_time()
            found = conflicted.barred(world.case_ids, world.judges, "assignment", on=world.today)
            seconds, processor = time.perf_counter() - began, time.process_time() - processor
            after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            session.remove()
    hard = {(one.case_id, one.evaluator_id) for one in conflicted.hard(found)}
    ways: dict[str, list[int]] = {}
    for pair, way in world.planted.items():
        seen = ways.setdefault(way, [0, 0])
        seen[0] += 1
        seen[1] += pair in hard
    supplier_of = dict(zip(world.case_ids, (supplier for _, supplier in world.cases), strict=True))
    known = {(supplier_of[case], judge) for case, judge in world.planted}
    decoys = {(case, judge) for case, judge in world.decoys if (supplier_of[case], judge) not in known}
    return Seen(
        seconds=seconds,
        processor=processor,
        megabytes=(after - before) / 1024,
        pairs=len(hard),
        planted=len(world.planted),
        found=sum(one for _, one in ways.values()),
        decoys=len(decoys),
        decoys_barred=len(decoys & hard),
        ways=ways,
    )


if __name__ == "__main__":
    print(json.dumps(vars(_one(sys.argv[1]))))
