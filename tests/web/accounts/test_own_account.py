"""One's own account, colleagues and sessions; rights end at the next request."""

import re
from urllib.parse import urlsplit

import pytest

from portal.accounts import queries, service
from portal.accounts.models import Person, SignIn
from portal.accounts.rules import Role
from portal.base import marks
from portal.base.db import session, transaction
from tests.cast import PASSWORD
from tests.client import Page


def invite(hana, drain, email="staff@example.kr"):
    hana.submit(hana.page("/colleagues"), {"name": "이동료", "email": email})
    (letter,) = drain()
    assert letter.to == email
    return urlsplit(re.search(r"http\S+", letter.body).group()).path


def join(client, path):
    return client.submit(
        client.page(path),
        {"name": "이동료", "password": "correct horse battery", "consent_terms": "y", "consent_privacy": "y"},
    )


def test_an_invited_colleague_joins_the_same_firm_as_staff(app, cast, client, client_as, drain):
    path = invite(client_as("hana"), drain)
    assert join(client, path).headers["Location"] == "/sign-in"
    client.submit(
        client.page("/sign-in"), {"email": "staff@example.kr", "password": "correct horse battery"}, "/sign-in"
    )
    assert client.get("/home").status_code == 200
    assert client.get("/colleagues").status_code == 403
    with app.app_context():
        person = queries.person_by_email("staff@example.kr")
        assert (person.organisation_id, person.role_names) == (cast["hana"].organisation_id, {"sme_staff"})


def test_an_invitation_works_once_and_a_forged_one_never(client, client_as, drain):
    path = invite(client_as("hana"), drain)
    join(client, path)
    assert client.get(path).status_code == 410
    assert client.get("/invitation/forged").status_code == 410


def test_an_address_in_use_is_not_invited(client_as):
    hana = client_as("hana")
    page = Page(hana.submit(hana.page("/colleagues"), {"name": "이두리", "email": "duri@example.kr"}))
    assert "이미 쓰고 있는" in page.errors()["email"]


def test_a_removed_colleague_is_out_at_the_next_request(app, client, client_as, drain):
    hana = client_as("hana")
    join(client, invite(hana, drain))
    client.submit(
        client.page("/sign-in"), {"email": "staff@example.kr", "password": "correct horse battery"}, "/sign-in"
    )
    with app.app_context():
        key = queries.person_by_email("staff@example.kr").key
    assert hana.post(f"/colleagues/{key}/remove").status_code == 302
    assert client.get("/home").headers["Location"] == "/sign-in"


@pytest.mark.parametrize(("who", "met"), [("duri", 404), ("hana", 409)])
def test_nobody_removes_people_of_another_firm_or_oneself(app, cast, client_as, who, met):
    answer = client_as("hana").post(f"/colleagues/{cast[who].key}/remove")
    assert answer.status_code == met
    with app.app_context():
        assert session.get(Person, cast[who].id).active is True


def test_a_session_can_be_ended_by_its_owner_only(app, cast, client_as):
    with app.app_context():
        service.begin_session(session.get(Person, cast["hana"].id), "옛 휴대전화")
        theirs = [row.id for row in queries.own_sign_ins(queries.actor_of(session.get(Person, cast["hana"].id)))]
    client_as("duri").post(f"/account/sessions/{theirs[0]}/end")
    hana = client_as("hana")
    assert "옛 휴대전화" in hana.page("/account").text
    for one in theirs:
        hana.post(f"/account/sessions/{one}/end")
    assert hana.get("/account").headers["Location"] == "/sign-in"


def test_changing_the_password_ends_the_other_sessions(client, client_as):
    other = client_as("hana")
    client.submit(client.page("/sign-in"), {"email": "hana@example.kr", "password": PASSWORD}, "/sign-in")
    new = "아주-새로운-비밀번호-12"
    answer = client.submit(
        client.page("/change"), {"password": PASSWORD, "new_password": new, "new_password_confirm": new}, "/change"
    )
    assert answer.headers["Location"] == "/account"
    assert client.get("/account").status_code == 200
    assert other.get("/account").headers["Location"] == "/sign-in"


def test_optional_consents_are_given_and_taken_back_required_ones_stay(app, cast, client_as):
    hana = client_as("hana")
    hana.post("/account/consents/news/give")
    hana.post("/account/consents/news/give")
    assert "news" in consents(app, cast)
    hana.post("/account/consents/news/withdraw")
    assert "news" not in consents(app, cast)
    assert hana.post("/account/consents/privacy/withdraw").status_code == 404
    assert "privacy" in consents(app, cast)


def consents(app, cast):
    with app.app_context():
        return set(queries.own_consents(queries.actor_of(session.get(Person, cast["hana"].id))))


def test_a_role_with_second_factor_gives_nothing_without_one(app, cast, client_as):
    un = client_as("un")
    assert un.get("/home").status_code == 200
    with app.app_context(), transaction():
        session.get(Person, cast["un"].id).tf_totp_secret = None
    assert un.get("/home").status_code == 403


def test_a_role_taken_away_is_gone_at_the_next_request(app, cast, client_as):
    gam = client_as("gam")
    assert gam.get("/audit").status_code == 200
    with app.app_context(), transaction():
        person = session.get(Person, cast["gam"].id)
        person.roles = [service.role_row(Role.SUPPLIER_ENGINEER)]
    assert gam.get("/audit").status_code == 403


def test_the_way_back_after_sign_in_is_never_taken_from_the_address(client):
    client.get("/account?lang=en")
    assert client.get("/sign-in?next=https://evil.example/").headers["Location"] == "/sign-in"
    page = client.page("/sign-in")
    answer = client.submit(page, {"email": "hana@example.kr", "password": PASSWORD}, "/sign-in")
    assert answer.headers["Location"] == "/arrived"
    assert client.get("/arrived").headers["Location"] == "/account?lang=en"


def test_the_code_of_the_second_factor_is_on_the_screen_only_in_a_demo(app, client):
    def code_shown():
        client.submit(client.page("/sign-in"), {"email": "pyeong@example.kr", "password": PASSWORD}, "/sign-in")
        return client.page("/tf-validate").soup.find("input", {"name": "code"}).get("value", "")

    assert code_shown() == ""
    with app.app_context(), transaction():
        marks.put(marks.DEMO, "1")
    assert re.fullmatch(r"\d{6}", code_shown())


def test_letters_are_shown_only_in_a_demo(app, client, client_as, drain):
    invite(client_as("hana"), drain)
    assert (client.get("/demo/mail").status_code, client.get("/demo/mail/1").status_code) == (404, 404)
    with app.app_context(), transaction():
        marks.put(marks.DEMO, "1")
    assert "staff@example.kr" in client.page("/demo/mail").text
    assert "/invitation/" in client.page("/demo/mail/1").text


def test_guessing_is_slowed_down_for_one_account(app, client):
    from portal.web.limits import limiter

    limiter.enabled = True
    try:
        page = client.page("/sign-in")
        codes = [
            client.submit(
                page, {"email": "hana@example.kr", "password": f"guess {number} guess"}, "/sign-in"
            ).status_code
            for number in range(11)
        ]
        assert codes == [200] * 10 + [429]
        other = client.submit(page, {"email": "duri@example.kr", "password": PASSWORD}, "/sign-in")
        assert other.status_code == 302
    finally:
        limiter.reset()
        limiter.enabled = False


def test_a_wrong_address_and_a_wrong_password_get_the_same_words(client):
    page = client.page("/sign-in")
    answers = [
        Page(client.submit(page, {"email": email, "password": "wrong wrong wrong"}, "/sign-in")).text
        for email in ("hana@example.kr", "nobody@example.kr")
    ]
    assert answers[0].replace("hana", "nobody") == answers[1]


def test_reset_by_letter_sets_a_new_password_once(client, client_as, drain):
    other = client_as("hana")
    client.submit(client.page("/reset"), {"email": "hana@example.kr"}, "/reset")
    (letter,) = drain()
    path = urlsplit(re.search(r"http\S+", letter.body).group()).path
    new = "아주-새로운-비밀번호-34"
    client.submit(client.page(path), {"password": new, "password_confirm": new}, "/reset")
    assert other.get("/account").headers["Location"] == "/sign-in"
    assert "/reset" in client.get(path).headers["Location"]
    answer = client.submit(client.page("/sign-in"), {"email": "hana@example.kr", "password": new}, "/sign-in")
    assert answer.headers["Location"] == "/arrived"
    assert [one.subject for one in drain()] == ["비밀번호가 바뀌었습니다"]


def test_signing_in_while_another_process_writes_succeeds(app, cast, client, monkeypatch):
    """A snapshot that is older than somebody's commit can't become a writer on SQLite; the change is carried over."""
    import flask_security.views

    original = flask_security.views.login_user

    def later(*args, **kwargs):
        with app.app_context(), transaction():  # as the worker does between our reading and our writing
            service.touch_session(session.query(SignIn).first())
            session.get(Person, cast["duri"].id).name = "그사이"
        return original(*args, **kwargs)

    monkeypatch.setattr(flask_security.views, "login_user", later)
    answer = client.submit(client.page("/sign-in"), {"email": "hana@example.kr", "password": PASSWORD}, "/sign-in")
    assert answer.headers["Location"] == "/arrived"
    assert client.get("/home").status_code == 200


def test_half_a_sign_in_is_forgotten_and_does_not_turn_in_circles(client_as):
    hana = client_as("hana")
    with hana.session_transaction() as kept:
        kept.pop("sign_in")
    assert hana.get("/home").headers["Location"] == "/sign-in"
    assert hana.get("/sign-in").status_code == 200


def test_an_operator_invited_from_the_command_line_sets_up_the_second_factor_at_the_first_sign_in(app, client, drain):
    command = ["portal", "add-person", "--role", "operator_national", "--agency", "새 기관", "--name", "새운영"]
    runner = app.test_cli_runner()
    assert runner.invoke(args=[*command, "--email", "new-operator@example.kr"]).exit_code == 0
    again = runner.invoke(args=[*command, "--email", "new-operator@example.kr"])
    assert (again.exit_code, "이미 쓰고 있는" in again.output) == (1, True)
    (letter,) = drain()
    join(client, urlsplit(re.search(r"http\S+", letter.body).group()).path)
    page = client.page("/sign-in")
    answer = client.submit(page, {"email": "new-operator@example.kr", "password": "correct horse battery"}, "/sign-in")
    assert answer.headers["Location"].startswith("/tf-setup")
    assert client.get("/home").headers["Location"] == "/sign-in"
    page = Page(client.submit(client.page("/tf-setup"), action="/tf-setup"))
    with client.session_transaction() as kept:
        secret = kept["tf_totp_secret"]
    with app.app_context():
        code = app.extensions["security"].totp_factory.generate_totp_password(secret)
    client.submit(page, {"code": code}, "/tf-validate")
    assert client.get("/operator/calls").status_code == 200


def test_a_very_long_address_does_not_overflow_the_session(client):
    client.get("/account?q=" + "가" * 3000)
    client.submit(client.page("/sign-in"), {"email": "hana@example.kr", "password": PASSWORD}, "/sign-in")
    assert client.get("/arrived").headers["Location"] == "/account"
