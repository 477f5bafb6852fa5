"""The trail of a case: for who runs or audits it, and of this case alone."""

import pytest

from portal.base import audit
from portal.base.access import Actor
from portal.base.db import transaction
from tests.factories import applications as factory


@pytest.fixture
def cases(app, cast):
    """hana's case, handed in, with a review by another person; duri's draft."""
    from portal.accounts.models import Person
    from portal.accounts.queries import actor_of
    from portal.base.db import session

    with app.app_context():
        hana, duri, gong = (actor_of(session.get(Person, cast[name].id)) for name in ("hana", "duri", "gong"))
        call = factory.a_call()
        one = factory.submitted(hana, call=call, supplier=gong)
        draft = factory.draft(duri, call=call, supplier=gong)
        with transaction():
            audit.record(Actor(id=cast["nam"].id), "review.lock", "review", 900, {"application": one.id})
            audit.record(Actor(id=cast["nam"].id), "review.lock", "review", 901, {"application": one.id * 10})
            audit.record(Actor(id=cast["nam"].id), "review.lock", "review", 902, {"application": draft.id})
        return {"hana": one.key, "duri": draft.key}


def path(key):
    return f"/operator/cases/{key}/trail"


def test_operators_and_the_auditor_read_a_trail_and_nobody_else(client_as, cases):
    names = ("hana", "duri", "pyeong", "jang", "gong", "un", "gam")
    seen = {name: client_as(name).get(path(cases["hana"])).status_code for name in names}
    assert seen == {"hana": 403, "duri": 403, "pyeong": 403, "jang": 403, "gong": 403, "un": 200, "gam": 200}


def test_a_case_that_was_never_handed_in_has_no_trail_for_an_operator(client_as, cases):
    assert client_as("un").get(path(cases["duri"])).status_code == 404


def test_a_trail_holds_what_names_this_case_and_nothing_of_another(client_as, cases):
    page = client_as("un").page(path(cases["hana"]))
    shown = [row.code.text for row in page.soup.select("tbody tr")]
    assert shown[0] == "review.lock"
    assert shown.count("review.lock") == 1
    assert shown.count("application.submit") == 1
    assert shown[-1] == "application.start"


def test_the_case_page_leads_an_operator_to_the_trail_and_the_firm_not(client_as, cases):
    address = f"/applications/{cases['hana']}"
    assert path(cases["hana"]) in client_as("un").get(address).text
    assert path(cases["hana"]) not in client_as("hana").get(address).text
