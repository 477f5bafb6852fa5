"""What every test stands on: the database option, the cast, clients, a clock that can stand still, no network."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

SERVER = "PORTAL_TEST_POSTGRES"  # address of the run's PostgreSQL server, handed to the worker processes


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--db", default="sqlite", choices=("sqlite", "postgresql", "both"), help="databases of web tests")


def pytest_configure(config: pytest.Config) -> None:
    # What the developer has set for their own portal must not reach the tests.
    for name in list(os.environ):
        if (name.startswith("PORTAL_") and name != SERVER) or name in ("DATABASE_URL", "HOST", "PORT"):
            del os.environ[name]


def pytest_unconfigure(config: pytest.Config) -> None:
    if server := config.stash.get(_server_key, None):
        server.stop()
        os.environ.pop(SERVER, None)


_server_key: pytest.StashKey[Any] = pytest.StashKey()


def pytest_sessionstart(session: pytest.Session) -> None:
    config = session.config
    is_worker = hasattr(config, "workerinput")
    if config.getoption("--db") != "sqlite" and not is_worker and not config.option.collectonly:
        from tests.postgres import Postgres

        config.stash[_server_key] = server = Postgres()
        os.environ[SERVER] = server.url()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--db")
        kinds = ("sqlite", "postgresql") if chosen == "both" else (chosen,)
        if metafunc.definition.get_closest_marker("one_database"):
            kinds = kinds[:1]
        metafunc.parametrize("database_kind", kinds, scope="session")


def pytest_runtest_setup(item: pytest.Item) -> None:
    from tests import stages

    stages.begin(is_allowed="monkeypatch" not in getattr(item, "fixturenames", ()))


# --- no network ------------------------------------------------------------------------------------------


def _is_here(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a socket file
    host = address[0]
    return host == "localhost" or ipaddress.ip_address(host).is_loopback


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Connections may only go to this machine."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: socket.socket, address: Any) -> Any:
            if not _is_here(address):
                raise RuntimeError(f"a test tried to reach {address!r}")
            return original(self, address)

        return call

    socket.socket.connect, socket.socket.connect_ex = guarded(connect), guarded(connect_ex)  # type: ignore[method-assign]
    yield
    socket.socket.connect, socket.socket.connect_ex = connect, connect_ex  # type: ignore[method-assign]


# --- application and database ----------------------------------------------------------------------------


@pytest.fixture(scope="session")
def database(database_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The application's database with its templates "empty" (tables, reference data) and "cast"."""
    from portal import create_app
    from tests import cast
    from tests.client import Client
    from tests.database import Database, database_at

    overrides: dict[str, Any] = {
        "testing": True,
        "worker": False,
        "secret_key": "a key for tests only, long enough for everybody",
        "data_dir": tmp_path_factory.mktemp(f"data-{database_kind}"),
        "base_url": "http://localhost",
    }
    if address := database_at(database_kind, "portal").get("DATABASE_URL"):
        overrides["database_url"] = address
    app = create_app(overrides)
    app.test_client_class = Client
    built = Database(app, database_kind)
    built.template("empty", None, _prepare)
    built.template("cast", "empty", cast.build)
    yield built
    with app.app_context():
        from portal.base.db import db

        db.session.remove()
        db.engine.dispose()
    built.close()


def _prepare() -> None:
    """Tables, roles, reference data and catalogue; tests/web/test_migrations.py proves that the migrations make the
    same tables."""
    from flask_migrate import stamp

    from portal import start
    from portal.base.db import db

    db.create_all()
    stamp()
    start.load()


@pytest.fixture
def cast(database: Any) -> Any:
    """name → Member, in a fresh database that holds nobody else."""
    return _fresh(database, "cast")


def _fresh(database: Any, template: str) -> Any:
    from tests import stages

    stages.use(database)
    folder = database.app.extensions["settings"].data_dir
    for name in ("mail", "models", "impressions", "worker.heartbeat", "queue.sqlite3"):
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    _rebind(database.app)
    return database.restore(template)


def _rebind(app: Any) -> None:
    """Point what is one for the whole process (letters, files, digests, queue) at this application again: a run may
    hold one application for each kind of database, and a test may make its own."""
    from portal import jobs, reactions
    from portal.base import audit, files, mail, outbox, pdf
    from portal.directory import impressions
    from portal.scoring import registry

    settings = app.extensions["settings"]
    audit.configure(settings.secret_key)
    files.configure(settings.data_dir / "files")
    pdf.configure(settings.data_dir / "fonts")
    registry.configure(settings.data_dir / "models")
    impressions.configure(settings.data_dir / "impressions")
    mail.configure(
        sender=settings.mail_from, base_url=settings.public_url, smtp_url=None, folder=settings.data_dir / "mail"
    )
    outbox.connect(reactions.EVENTS, lambda: None)
    jobs.init_app(app)


@pytest.fixture
def world(database: Any) -> Any:
    """The cast and, from every feature's factory, the objects that stand behind the doors (tests/doors.py)."""
    from tests import doors

    database.template("world", "cast", lambda: doors.World.build(database.app, database._facts["cast"]))
    return _fresh(database, "world")


@pytest.fixture
def app(database: Any, cast: Any) -> Any:
    """The application over a fresh database with the cast in it. Pushes no context: requests make their own."""
    return database.app


@pytest.fixture
def context(app: Any) -> Iterator[Any]:
    """An application context, for tests that call services and queries themselves."""
    from portal.base.db import db

    with app.app_context():
        yield app
        db.session.rollback()


@pytest.fixture
def actor(context: Any, cast: Any) -> Callable[[str], Any]:
    """actor("hana"): the Actor that she is now."""
    from portal.accounts import queries
    from portal.accounts.models import Person
    from portal.base.access import ANONYMOUS
    from portal.base.db import session

    def of(name: str) -> Any:
        return ANONYMOUS if name == "anon" else queries.actor_of(session.get(Person, cast[name].id))

    return of


@pytest.fixture
def client(app: Any) -> Any:
    """A browser of somebody who is not signed in."""
    return app.test_client()


@pytest.fixture
def client_as(app: Any, cast: Any) -> Callable[[str], Any]:
    """client_as("hana"): a browser in which she is signed in (second factor shown)."""
    from portal.accounts import service
    from portal.accounts.models import Person
    from portal.base import clock
    from portal.base.db import session

    def of(name: str) -> Any:
        browser = app.test_client()
        if name != "anon":
            token = None
            if clock._frozen is not None:  # the ready session began in the real present
                with app.app_context():
                    token = service.begin_session(session.get(Person, cast[name].id), "tests")
            browser.sign_in(cast[name], token)
        return browser

    return of


# --- clock, letters, events ------------------------------------------------------------------------------


@pytest.fixture
def frozen() -> Iterator[Any]:
    """The clock stands at 2026-07-01 12:00 KST; move it with `frozen.tick(...)`. Ask for it before `client_as`."""
    from portal.base import clock

    with clock.freeze(clock.from_kst(datetime(2026, 7, 1, 12, 0))):
        yield clock


@pytest.fixture
def drain(app: Any) -> Callable[[], list[Any]]:
    """drain(): every due event, letter and long job, as the worker does; returns the letters sent, oldest first."""
    import sqlalchemy as sa

    from portal.base import mail, outbox
    from portal.base.db import session
    from portal.evaluation import work as draws
    from portal.matchdays import work as timetables
    from portal.scoring import work

    def run() -> list[Any]:
        with app.app_context():
            before = set(session.scalars(sa.select(mail.Mail.id).where(mail.Mail.sent_at.is_not(None))))
            for _ in range(100):
                if not outbox.deliver_due() + mail.send_due() + draws.run_waiting() + timetables.run_waiting() + work.run_waiting():
                    break
            else:
                raise AssertionError("events without end")
            session.expire_all()
            sent = session.scalars(sa.select(mail.Mail).where(mail.Mail.sent_at.is_not(None)).order_by(mail.Mail.id))
            return [letter for letter in sent if letter.id not in before]

    return run


@pytest.fixture
def queries_of(app: Any) -> Callable[[Callable[[], Any]], int]:
    """queries_of(lambda: client.get(…)): how many SELECTs the call sent to the database. The mark of the database is
    left out: a process asks for it once."""
    from sqlalchemy import event

    from portal.base.db import db

    def count(call: Callable[[], Any]) -> int:
        seen: list[str] = []
        with app.app_context():
            engine = db.engine

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if statement.lstrip().upper().startswith(("SELECT", "WITH")) and "portal_mark" not in statement:
                seen.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            call()
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    return count
