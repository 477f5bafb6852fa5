"""The start of a web worker beside a bare Flask + Flask-SQLAlchemy application, in fresh processes in turn.

From before the first import to the end of the first answer, as one WSGI call without a client library. Processor time
says more than the clock on a machine that does other things too, so both are kept.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "sklearn",
    "ortools",
    "pandas",
    "numpy",
    "alembic",
    "fpdf",
    "pygal",
    "openpyxl",
    "huey",
    "psycopg",
    "phonenumbers",
)

PORTAL = "from app import app"

# The least that a comparable application has: a database with a table, a session, a page from a template.
BARE = """
from flask import Flask, render_template_string
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

db = SQLAlchemy(model_class=Base)

class Note(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]

app = Flask("bare")
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
db.init_app(app)

with app.app_context():
    db.create_all()

@app.get("/")
@app.get("/healthz")
def front():
    notes = db.session.scalars(db.select(Note)).all()
    return render_template_string("<h1>{{ notes|length }}</h1>", notes=notes)
"""

# The same with the libraries that every worker of ours needs, and nothing of ours: what is left over is the portal.
LIBRARIES = "import flask_babel, flask_limiter, flask_security, flask_wtf\n" + BARE

_FRAME = """
import time
clock, processor = time.perf_counter(), time.process_time()
{load}
import io, sys
environ = dict(REQUEST_METHOD="GET", PATH_INFO="{path}", SCRIPT_NAME="", QUERY_STRING="", SERVER_NAME="localhost",
    SERVER_PORT="80", HTTP_HOST="localhost", SERVER_PROTOCOL="HTTP/1.1", REMOTE_ADDR="127.0.0.1")
environ.update({{"wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr,
    "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False}})
told = []
body = b"".join(app(environ, lambda status, headers, error=None: told.append(status)))
assert told == ["200 OK"] and body, told
clock, processor = time.perf_counter() - clock, time.process_time() - processor
import json
rss = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS"))
print(json.dumps(dict(clock=clock, processor=processor, megabytes=rss / 1024, modules=list(sys.modules))))
"""


@dataclass(frozen=True)
class Start:
    """Medians of one kind of process. heavy: which of `HEAVY` it had loaded after the first answer."""

    clock: float
    processor: float
    megabytes: float
    modules: int
    heavy: list[str]


def measure(folder: Path, path: str, rounds: int) -> tuple[Start, Start, Start]:
    """(portal, libraries, bare) for a first request to `path`; the first round only warms the disk's cache."""
    seen: dict[str, list[dict]] = {PORTAL: [], LIBRARIES: [], BARE: []}
    for _ in range(rounds + 1):
        for load, runs in seen.items():
            runs.append(_once(folder, load, path))
    portal, libraries, bare = (_medians(runs[1:]) for runs in seen.values())
    return portal, libraries, bare


def _once(folder: Path, load: str, path: str) -> dict:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "FLASK_"))}
    done = subprocess.run(
        [sys.executable, "-c", _FRAME.format(load=load, path=path)],
        cwd=ROOT,
        env={**environment, "PORTAL_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def _medians(runs: list[dict]) -> Start:
    loaded = runs[-1]["modules"]
    return Start(
        **{name: median(run[name] for run in runs) for name in ("clock", "processor", "megabytes")},
        modules=len(loaded),
        heavy=[name for name in HEAVY if name in loaded],
    )
