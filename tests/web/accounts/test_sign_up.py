"""Signing up: what is typed wrong is told at its place and kept, and nobody learns who is a member."""

import re
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from portal.accounts.models import Consent, Organisation, Person
from portal.base.audit import AuditRow
from portal.base.db import session
from tests.client import Page

GOOD = {
    "kind": "company",
    "registration_number": "998-81-00045",
    "organisation_name": "새벽담정밀 (합성)",
    "name": "새 사람",
    "email": "new@example.kr",
    "phone": "010-2000-1234",
    "password": "correct horse battery",
    "consent_terms": "y",
    "consent_privacy": "y",
}


def sign_up(client, **changes):
    page = client.page("/sign-up")
    return client.submit(page, {**GOOD, **changes}, action="")


def test_a_firm_signs_up_confirms_and_signs_in(app, client, drain):
    answer = sign_up(client, consent_news="y")
    assert answer.headers["Location"] == "/sign-up/mail"
    assert "new@example.kr" in client.page("/sign-up/mail").text

    before = client.submit(client.page("/sign-in"), {"email": GOOD["email"], "password": GOOD["password"]}, "/sign-in")
    assert before.status_code == 200

    (letter,) = drain()
    assert (letter.to, letter.subject) == ("new@example.kr", "이메일 주소를 확인해 주세요")
    client.get(urlsplit(re.search(r"http\S+", letter.body).group()).path)
    answer = client.submit(client.page("/sign-in"), {"email": GOOD["email"], "password": GOOD["password"]}, "/sign-in")
    assert answer.headers["Location"] == "/arrived"
    assert client.get("/home").status_code == 200

    with app.app_context():
        person = session.scalars(sa.select(Person).where(Person.email == "new@example.kr")).one()
        assert person.role_names == {"sme_owner"}
        assert person.phone == "+821020001234"
        assert person.organisation.registration_number == "9988100045"
        given = session.scalars(sa.select(Consent.purpose).where(Consent.person_id == person.id)).all()
        assert sorted(given) == ["news", "privacy", "terms"]


def test_the_audit_row_of_a_new_account_holds_no_personal_value(app, client):
    sign_up(client)
    with app.app_context():
        told = " ".join(session.scalars(sa.select(AuditRow.detail)))
    for value in ("new@example.kr", "새 사람", "01020001234", "1020001234", "9988100045"):
        assert value not in told


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("registration_number", "998-81-00049"),
        ("registration_number", ""),
        ("email", "nobody"),
        ("phone", "12"),
        ("password", "short"),
        ("organisation_name", ""),
        ("organisation_name", "가" * 10_000),
        ("name", ""),
        ("consent_privacy", None),
        ("kind", None),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_the_rest_is_kept(app, client, field, value):
    answer = sign_up(client, **{field: value})
    page = Page(answer)
    assert answer.status_code == 200
    assert set(page.errors()) | {tag["id"] for tag in page.soup.select("fieldset.field--error")} == {field}
    assert page.soup.select_one("#errors a")["href"].startswith(f"#{field}")
    kept = page.values("")
    for name in ("organisation_name", "name", "email"):
        if name != field:
            assert kept[name] == GOOD[name]
    assert kept["password"] == ""
    with app.app_context():
        assert session.scalar(sa.select(sa.func.count()).where(Organisation.name == GOOD["organisation_name"])) == 0


def test_several_mistakes_are_told_at_once(client):
    page = Page(sign_up(client, registration_number="1", email="x", phone="1", password="short", consent_terms=None))
    assert set(page.errors()) == {"registration_number", "email", "phone", "password", "consent_terms"}


def test_a_registered_business_is_told_to_ask_a_colleague(client):
    page = Page(sign_up(client, registration_number="9998100015"))
    assert "초대를 요청" in page.errors()["registration_number"]


def test_an_address_that_has_an_account_gets_the_same_screen_and_a_letter(app, client, drain):
    answer = sign_up(client, email="hana@example.kr")
    assert answer.headers["Location"] == "/sign-up/mail"
    (letter,) = drain()
    assert (letter.to, letter.subject) == ("hana@example.kr", "이미 가입되어 있습니다")
    with app.app_context():
        assert session.scalar(sa.select(sa.func.count()).where(Person.email == "hana@example.kr")) == 1


def test_names_with_emoji_and_markup_are_shown_as_text(client, drain):
    sign_up(client, name="김<b>하</b>나 👩‍🏭", organisation_name="<script>alert(1)</script> 정밀")
    (letter,) = drain()
    client.get(urlsplit(re.search(r"http\S+", letter.body).group()).path)
    client.submit(client.page("/sign-in"), {"email": GOOD["email"], "password": GOOD["password"]}, "/sign-in")
    text = client.get("/account").get_data(as_text=True)
    assert "<b>하</b>" not in text
    assert "<script>alert(1)" not in text
    assert "김&lt;b&gt;하&lt;/b&gt;나 👩‍🏭" in text
