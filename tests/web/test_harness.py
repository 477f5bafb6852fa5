"""The ground that the other web tests stand on: restores, sign-in, the checking client."""

import secrets

import pytest
from flask import Response

from portal.accounts.models import Organisation
from portal.base.db import session, transaction
from tests.cast import NAMES, PASSWORD
from tests.client import page_faults
from tests.stages import staged


def test_every_member_of_the_cast_is_signed_in(client_as):
    assert [client_as(name).get("/home").status_code for name in NAMES] == [200] * len(NAMES)


def test_nobody_is_sent_to_sign_in(client):
    answer = client.get("/home")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in")


@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_test_writes_is_gone_in_the_next(context, turn):
    names = [row.name for row in session.query(Organisation).order_by(Organisation.id)]
    assert names == ["운영기관 (합성)", "하나정밀 (합성)", "두리금속 (합성)", "공급솔루션 (합성)"]
    with transaction():
        session.query(Organisation).update({"name": "바뀐 이름"})


def test_a_real_sign_in_with_password_leads_home(client):
    page = client.page("/sign-in")
    answer = client.submit(page, {"email": "hana@example.kr", "password": PASSWORD}, action="/sign-in")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/arrived")
    assert client.get("/arrived").headers["Location"] == "/home"
    assert client.get("/home").status_code == 200


def test_an_evaluator_needs_the_code_of_the_second_factor(app, client, cast):
    page = client.page("/sign-in")
    answer = client.submit(page, {"email": "pyeong@example.kr", "password": PASSWORD}, action="/sign-in")
    assert client.get("/home").headers["Location"] == "/sign-in"
    assert answer.headers["Location"].startswith("/tf-validate")
    page = client.page("/tf-validate")
    with app.app_context():
        code = app.extensions["security"].totp_factory.generate_totp_password(cast["pyeong"].totp_secret)
    wrong = client.submit(page, {"code": f"{(int(code) + 1) % 1000000:06d}"})
    assert wrong.status_code == 200
    assert client.get("/home").headers["Location"] == "/sign-in"
    answer = client.submit(page, {"code": code})
    assert answer.status_code == 302
    assert client.get("/home").status_code == 200


def test_an_ended_session_is_out_at_its_next_request(app, cast, client_as):
    from portal.accounts import service
    from portal.base.access import SYSTEM

    hana = client_as("hana")
    assert hana.get("/home").status_code == 200
    with app.app_context():
        service.end_all_sessions(SYSTEM, cast["hana"].id)
    assert hana.get("/home").status_code == 302


PLANTED = {
    "no language": ("<html><title>a · b</title><main><h1>a</h1></main>", "html has no lang"),
    "title": ('<html lang="ko"><title>x · b</title><main><h1>a</h1></main>', "title 'x · b'"),
    "two h1": ('<html lang="ko"><title>a · b</title><main><h1>a</h1><h1>b</h1></main>', "2 h1"),
    "inline style": ('<html lang="ko"><title>a · b</title><main><h1 style="x">a</h1></main>', "inline style"),
    "handler": ('<html lang="ko"><title>a · b</title><main><h1 onclick="x">a</h1></main>', "inline style"),
    "script": ('<html lang="ko"><title>a · b</title><main><h1>a</h1><script>x</script></main>', "script without"),
    "label": ('<html lang="ko"><title>a · b</title><main><h1>a</h1><input name="q"></main>', "no label"),
    "token": (
        '<html lang="ko"><title>a · b</title><main><h1>a</h1><form method="post"></form></main>',
        "without a token",
    ),
    "elsewhere": (
        '<html lang="ko"><title>a · b</title><main><h1>a</h1><img alt="" src="https://x.kr/a"></main>',
        "elsewhere",
    ),
    "twice": ('<html lang="ko"><title>a · b</title><main id="m"><h1 id="m">a</h1></main>', "stands twice"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_of_a_page_is_found(name):
    html, fault = PLANTED[name]
    answer = Response(html, headers={"Content-Security-Policy": "script-src 'nonce-abc'"})
    faults = page_faults(answer)
    assert len(faults) == 1
    assert fault in faults[0]


def test_a_request_to_the_network_is_refused():
    import socket

    with socket.socket() as plug, pytest.raises(RuntimeError, match="tried to reach"):
        plug.connect(("192.0.2.1", 80))


# --- kept states: what many tests make first is made once (tests/stages.py) ---


@pytest.fixture
def naming():
    """(a staged factory that renames hana's firm, the names that it has really given)"""
    given = []

    def name(title):
        given.append(title)
        with transaction():
            session.query(Organisation).filter_by(id=2).update({"name": title})
        return session.get(Organisation, 2)

    name.__name__ = f"naming {secrets.token_hex(8)}"  # what another test has kept is not ours
    return staged(name), given


def test_what_is_made_often_is_kept_with_all_that_it_wrote(database, context, naming):
    name, given = naming
    for _ in range(3):
        database.restore("cast")
        assert [name("먼저").name, name("다음").name] == ["먼저", "다음"]
    session.expire_all()
    assert (session.get(Organisation, 2).name, given) == ("다음", ["먼저", "다음"] * 2)


def test_what_comes_in_another_order_or_after_another_write_is_made_anew(database, context, naming):
    name, given = naming
    for _ in range(3):
        database.restore("cast")
        name("먼저")
        name("다음")
    given.clear()
    database.restore("cast")
    name("다음")
    name("먼저")
    assert (session.get(Organisation, 2).name, given) == ("먼저", ["다음", "먼저"])
    database.restore("cast")
    with transaction():
        session.query(Organisation).filter_by(id=3).update({"name": "다른 회사"})
    name("먼저")
    session.expire_all()
    assert [session.get(Organisation, n).name for n in (2, 3)] == ["먼저", "다른 회사"]
    assert given == ["다음", "먼저", "먼저"]


def test_a_test_that_changes_the_code_makes_everything_itself(database, context, monkeypatch, naming):
    name, given = naming
    for _ in range(3):
        database.restore("cast")
        name("바뀐 코드")
    assert given == ["바뀐 코드"] * 3
