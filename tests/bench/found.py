"""The directory's own pages at 10,000 public listings: whole answers of the application, an edit, a worker's memory.

Listings are generated (tests/bench/listings.py) and written into a database as suppliers' forms would leave them; one
fresh process (`python -m tests.bench.found FOLDER`) asks as a web worker does and prints JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode

from tests.bench import listings
from tests.bench.start import ROOT

LISTINGS, QUERIES, EDITS, AT_ONCE = 10_000, 150, 20, 500


def measure(folder: Path) -> dict[str, Any]:
    """Milliseconds and MB of one web worker over a new database in `folder`."""
    environment = {**os.environ, "PORTAL_DATA_DIR": str(folder), "PORTAL_LOG_LEVEL": "ERROR"}
    for part in ("write", "ask"):
        done = subprocess.run(
            [sys.executable, "-m", "tests.bench.found", part], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def _write() -> None:
    """The tables, the listings with their months and builds, and the file of the index."""
    import sqlalchemy as sa

    from portal import start
    from portal.accounts.models import Organisation
    from portal.accounts.rules import OrganisationKind
    from portal.base import clock
    from portal.base.db import db, session, transaction
    from portal.directory import shelf
    from portal.directory.models import CapacityMonth, Listing, TrackRecord
    from portal.directory.rules import ListingStatus

    words, made = listings.Vocabulary(), listings.listings(LISTINGS)
    now = clock.now()
    with import_module("app").app.app_context():
        db.create_all()
        start.load()
        for first in range(0, LISTINGS, AT_ONCE):
            part = range(first, min(first + AT_ONCE, LISTINGS))
            with transaction():
                session.execute(
                    sa.insert(Organisation),
                    [{"id": at + 1, "kind": OrganisationKind.SUPPLIER, "name": f"합성 {at:05}"} for at in part],
                )
                session.execute(sa.insert(Listing), [_listing(words, made, at, now) for at in part])
                session.execute(
                    sa.insert(CapacityMonth),
                    [{"listing_id": at + 1, "month": clock.today().replace(day=1), "slots": at % 3} for at in part],
                )
                session.execute(sa.insert(TrackRecord), [_build(words, made, at) for at in part if at % 2])
        assert session.scalar(sa.select(sa.func.count()).where(Listing.status == ListingStatus.APPROVED)) == LISTINGS
        shelf.build()


def _held(words: listings.Vocabulary, made: listings.Listings, at: int, facet: int) -> list[str]:
    """Codes of the technologies, sectors or regions (facets 0, 1, 2) that a listing holds."""
    rows = (words.technologies, words.sectors, words.regions)[facet]
    column = "key" if facet == 2 else "code"
    return [rows[value - words.first[facet]][column] for value in made.values[at] if made.groups[value] == facet]


def _listing(words: listings.Vocabulary, made: listings.Listings, at: int, now: Any) -> dict[str, Any]:
    from portal.directory.rules import ListingStatus

    technologies = _held(words, made, at, 0)
    return {
        "id": at + 1,
        "organisation_id": at + 1,
        "status": ListingStatus.APPROVED,
        "summary": made.texts[at][:100],
        "description": made.texts[at],
        "capabilities": {code: 1 + (at + place) % 5 for place, code in enumerate(technologies)},
        "sectors": _held(words, made, at, 1),
        "regions": _held(words, made, at, 2),
        "contact_name": "합성 담당",
        "contact_email": "reach-us@supplier.example",
        "contact_phone": "02-555-0199",
        "last_confirmed_at": now,
        "submitted_at": now,
        "approved_at": now,
    }


def _build(words: listings.Vocabulary, made: listings.Listings, at: int) -> dict[str, Any]:
    return {
        "listing_id": at + 1,
        "year": 2025,
        "programme": "합성 사업",
        "technologies": _held(words, made, at, 0)[:2],
        "achieved_level": at % 5,
    }


def _ask() -> None:
    from portal.base.access import SYSTEM
    from portal.base.db import db, session
    from portal.directory import service, shelf
    from portal.directory.models import Listing
    from portal.web.limits import limiter
    from tests.bench.pages import memory

    app = import_module("app").app
    limiter.enabled = False  # one person doesn't ask this often
    client = app.test_client()
    client.get("/healthz")
    before = memory()
    began = time.perf_counter()
    with app.app_context():
        shelf.warm()
    warmed = (time.perf_counter() - began) * 1000

    def ask(text: str, **chosen: str) -> float:
        began = time.thread_time()
        answer = client.get("/suppliers?" + urlencode({"q": text, **chosen}))
        assert answer.status_code == 200, answer.status
        return (time.thread_time() - began) * 1000

    asked = [one.text for one in listings.queries(QUERIES)]
    first = ask(asked[0])
    pages = {
        "search": [ask(text) for text in asked],
        "search, two facets": [ask(text, region="gyeonggi", capacity="1") for text in asked],
        "all": [ask("") for _ in range(EDITS)],
        "by name": [ask(text, sort="name") for text in asked[:EDITS]],
    }
    edits = []
    for number in range(EDITS):
        with app.app_context():
            row = session.get(Listing, number * 7 + 1)
            facts = {name: getattr(row, name) for name in service.EMPTY} | {
                "description": f"옻칠공정 {number} 합성",
                "regions": ["gyeonggi"],  # some of the generated ones have ended
            }
            organisation = row.organisation_id
            service.save_listing(SYSTEM, facts, organisation_id=organisation)
            db.session.remove()
        edits.append(ask("옻칠공정"))
    print(
        json.dumps(
            {
                "before": before,
                "after": memory(),
                "warm": warmed,
                "first": first,
                "edits": _spread(edits),
                "pages": {name: _spread(times) for name, times in pages.items()},
            }
        )
    )


def _spread(times: list[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    return median(times), quantiles(times, n=20, method="inclusive")[18]


if __name__ == "__main__":
    {"write": _write, "ask": _ask}[sys.argv[1]]()
