"""Who may enter where: every route × method × person, against the checked-in table (tests/web/doors/*.csv).

A new route fails here until somebody has decided, row by row, who may enter: `python -m tests.doors <feature>` prints
what is measured now.
"""

import pytest
import sqlalchemy as sa

from portal.accounts.models import SignIn
from portal.base import clock
from portal.base.db import db, session
from portal.web import guard
from tests import doors
from tests.cast import EVERYONE


def _routes():
    """The routes are listed once at collection, from an application without a database."""
    import tempfile
    from pathlib import Path

    from portal import create_app

    with tempfile.TemporaryDirectory() as folder:
        app = create_app({"testing": True, "worker": False, "secret_key": "x" * 40, "data_dir": Path(folder)})
        return doors.routes(app)


ROUTES = _routes()
EXPECTED = doors.expected()

# Behind these doors stands nobody's page: a token in a letter opens them, or there is nothing to look at.
# A large firm's doors: nobody of the cast is one; tests/web/winwin/test_pages.py goes through them.
ONLY_A_LARGE_FIRM = {"winwin.answer", "winwin.close", "winwin.edit", "winwin.new"}
ONLY_WITH_A_LETTER = {
    "evaluation.place",  # names the case in its form
    "accounts.invitation",
    "security.confirm_email",
    "security.reset_password",
    "security.two_factor_setup_validate",
    "security.static",
    # the second step of a sign-in, for who is in the middle of one
    "security.tf_select",
    "security.two_factor_token_validation",
    # pages of a demo database
    "demo.letter",
    "demo.mailbox",
}


# The link in a letter is the act itself; a second step that nobody waits for ends the session that asks for it.
ACTS_ON_LOOKING = {"security.confirm_email", "security.reset_password", "security.two_factor_token_validation"}
# Opening somebody else's paper leaves its trace in the audit log (접속기록): that row is meant.
ACTS_ON_LOOKING |= {
    "appeals.file",
    "consultations.file",
    "applications.paper",
    "directory.build_paper",
    "directory.mark_paper",
    "evaluation.evidence",
    "evaluators.paper",
    "matchdays.attendee_calendar",
    "matchdays.export",
    "profiles.evidence",
}


def test_every_route_has_a_row_and_every_row_a_route():
    assert set(EXPECTED) == set(ROUTES), "run `python -m tests.doors <feature>`, read the rows, check them in"


@pytest.fixture
def just_signed_in(world):
    """The clock stands where the cast signed in: later, a session's sign of life would be a row that looking writes."""
    with world.app.app_context():
        moment = session.scalar(sa.select(sa.func.max(SignIn.seen_at)))
        session.rollback()
    with clock.freeze(moment):
        yield


@pytest.mark.parametrize(("endpoint", "method"), ROUTES, ids=[f"{method} {endpoint}" for endpoint, method in ROUTES])
def test_each_person_meets_what_the_table_says(database, world, just_signed_in, endpoint, method):
    """And a GET writes no row, whoever looks. The second database is asked where its rows can matter."""
    if (endpoint, method) not in EXPECTED:
        pytest.fail("no row in tests/web/doors")
    expected = EXPECTED[endpoint, method]
    names = EVERYONE if database.kind == "sqlite" else doors.whose_rows_count(expected)
    met, wrote = {}, []
    for name, status in doors.visits(database, world, endpoint, method, names):
        met[name] = status
        if not database.is_clean:
            wrote.append(name)
    assert met == {name: expected[name] for name in names}
    if method == "GET" and endpoint not in ACTS_ON_LOOKING:
        assert wrote == []


def test_no_door_is_shut_to_everybody():
    """A row of 404 only would mean that no factory made what stands behind the door."""
    shut = [
        key
        for key, met in EXPECTED.items()
        if key[0] not in ONLY_WITH_A_LETTER | ONLY_A_LARGE_FIRM and set(met.values()) <= {"404", "403", "signin"}
    ]
    assert shut == []


def test_strangers_never_see_a_server_error():
    broken = [key for key, met in EXPECTED.items() if any(value.startswith("5") for value in met.values())]
    assert broken == []


def test_who_holds_no_permission_is_refused_at_every_door(app):
    """The table agrees with the permissions: who lacks the right never gets further than 403 or 404."""
    from portal.accounts.models import Person
    from portal.accounts.queries import actor_of
    from portal.base.db import session

    wrong = []
    with app.app_context():
        actors = {person.email.partition("@")[0]: actor_of(person) for person in session.query(Person)}
        for (endpoint, method), met in EXPECTED.items():
            access = guard.access_of(app, endpoint)
            if access in (guard.PUBLIC, guard.MACHINE) or access is None:
                continue
            for name in EVERYONE:
                refused = met[name] == "signin" if name == "anon" else met[name] in ("403", "404")
                allowed = name in actors and guard.may(actors[name], access)
                if not allowed and not refused:
                    wrong.append((endpoint, method, name, met[name]))
    assert wrong == []


# --- planted: the guards themselves are tried ---------------------------------------------------------------


@pytest.fixture
def planted(tmp_path):
    """An application with one route more that forgot to say who may enter."""
    from portal import create_app

    app = create_app({"testing": True, "worker": False, "secret_key": "x" * 40, "data_dir": tmp_path})
    app.add_url_rule("/planted", "planted", lambda: "open", methods=["GET", "POST"])
    with app.app_context():
        db.create_all()
    return app


def test_a_planted_route_without_a_permission_stays_shut(planted):
    answer = planted.test_client().get("/planted")
    assert (answer.status_code, b"open" in answer.data) == (403, False)


def test_a_planted_route_without_a_permission_is_named(planted):
    undeclared = [
        rule.endpoint for rule in planted.url_map.iter_rules() if guard.access_of(planted, rule.endpoint) is None
    ]
    assert undeclared == ["planted"]
    assert set(doors.routes(planted)) - set(EXPECTED) == {("planted", "GET"), ("planted", "POST")}


def test_every_route_says_who_may_enter(app):
    known = {guard.PUBLIC, guard.MACHINE, *guard.permissions()}
    wrong = [rule.endpoint for rule in app.url_map.iter_rules() if guard.access_of(app, rule.endpoint) not in known]
    assert wrong == []


# --- tokens --------------------------------------------------------------------------------------------------

CHANGING = [(endpoint, method) for endpoint, method in ROUTES if method != "GET"]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("endpoint", "method"), CHANGING, ids=[f"{method} {endpoint}" for endpoint, method in CHANGING]
)
def test_without_a_token_nothing_is_changed(database, world, just_signed_in, endpoint, method):
    """Every person, without a token and with another session's token: refused, and not one row is written."""
    if guard.access_of(world.app, endpoint) == guard.MACHINE:
        pytest.skip("authenticated by key, not by cookie")
    path = doors.path_of(world, endpoint)
    foreign = world.app.test_client().token()[:-3] + "abc"
    met = {}
    for name in EVERYONE:
        browser = world.app.test_client()
        if name in world.cast:
            browser.sign_in(world.cast[name])
        for data in ({}, {"csrf_token": foreign}):
            met[name, len(data)] = browser.open(path, method=method, csrf=False, data=data, check=False).status_code
    assert set(met.values()) == {400}
    assert database.is_clean


def test_a_planted_route_that_skips_the_token_is_noticed(planted):
    """The check above would see it: a view that is exempt from the token answers without one."""

    @planted.post("/careful")
    @guard.public
    def careful():
        return "changed"

    @planted.post("/careless")
    @planted.extensions["csrf"].exempt
    @guard.public
    def careless():
        return "changed"

    browser = planted.test_client()
    assert [browser.post(path).status_code for path in ("/careful", "/careless")] == [400, 200]
