"""What is gathered from accounts, careers, applications and ties, and what an assignment is told of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.accounts import service as people
from portal.accounts.models import Person
from portal.accounts.rules import OrganisationKind
from portal.base import clock
from portal.base.access import SYSTEM
from portal.base.db import session, transaction
from portal.conflicts.models import Tie
from portal.conflicts.rules import ConflictKind, Source, TieKind
from portal.evaluation import conflicted
from tests.factories import evaluation as make


@pytest.fixture
def case(actor):
    return make.in_evaluation(actor("hana"), actor("gong"))


def kinds(case, *judges, moment: str = "nightly") -> list[tuple[int, ConflictKind]]:
    return [(one.evaluator_id, one.kind) for one in conflicted.barred([case], [one.id for one in judges], moment)]


def add_tie(kind: TieKind, **facts) -> Tie:
    with transaction():
        tie = Tie(kind=kind, source=Source.OPERATOR, **facts)
        session.add(tie)
        session.flush()
        return tie


def test_a_stranger_to_everybody_is_free(actor, case):
    assert kinds(case, actor("pyeong"), actor("nam"), actor("jang")) == []


def test_an_employer_is_read_from_the_account(actor, case):
    one = make.an_evaluator("소속위원", organisation_id=case.member.organisation_id)
    assert kinds(case, one, actor("nam"), moment="assignment") == [(one.id, ConflictKind.EMPLOYER)]


def test_an_employer_that_trades_with_the_supplier_closes_the_triangle(actor, case):
    institute = people.add_organisation(SYSTEM, OrganisationKind.AGENCY, "합성 연구원")
    one = make.an_evaluator("연구위원", organisation_id=institute.id)
    add_tie(TieKind.TRADES, organisation_id=case.member.organisation_id, other_organisation_id=institute.id)
    assert kinds(case, one, moment="assignment") == [(one.id, ConflictKind.EMPLOYER_TRADE)]


def test_a_soft_kind_is_found_and_bars_nobody(actor, case):
    old = clock.today() - timedelta(days=5 * 366)
    add_tie(TieKind.ADVISED, person_id=actor("nam").id, organisation_id=case.organisation_id, from_on=old, to_on=old)
    assert kinds(case, actor("nam"), moment="opening") == [(actor("nam").id, ConflictKind.OLD_ADVICE)]
    assert conflicted.bars(case, [actor("nam").id]) == {}


def test_another_account_with_the_same_mobile_number_is_the_same_human(actor, case):
    with transaction():
        session.get(Person, actor("hana").id).phone = "+821012349876"
        session.get(Person, actor("nam").id).phone = "+821012349876"
    found = kinds(case, actor("nam"), actor("pyeong"))
    assert (actor("nam").id, ConflictKind.SELF) in found
    assert {judge for judge, _ in found} == {actor("nam").id}


def test_a_domain_of_one_firm_counts_and_a_providers_does_not(actor, case):
    with transaction():
        session.get(Person, actor("hana").id).email = "hana@hana-jeongmil.co.kr"
        session.get(Person, actor("nam").id).email = "nam@hana-jeongmil.co.kr"
    assert kinds(case, actor("nam")) == [(actor("nam").id, ConflictKind.SAME_DOMAIN)]
    for number in range(2):
        firm = people.add_organisation(SYSTEM, OrganisationKind.COMPANY, f"합성 기업 {number}")
        people.add_person(
            SYSTEM, email=f"x{number}@hana-jeongmil.co.kr", name="합성", roles=set(), organisation=firm, confirmed=True
        )
    assert kinds(case, actor("nam")) == []


def test_a_supplier_that_is_a_firm_too_is_one_firm(actor, case):
    supplier = case.member.organisation
    twin = people.add_organisation(
        SYSTEM, OrganisationKind.COMPANY, supplier.name, registration_number=supplier.registration_number
    )
    one = make.an_evaluator("쌍둥이위원", organisation_id=twin.id)
    assert kinds(case, one, moment="assignment") == [(one.id, ConflictKind.EMPLOYER)]
    add_tie(TieKind.SHARES, person_id=actor("nam").id, organisation_id=twin.id)
    assert kinds(case, actor("nam"), moment="assignment") == [(actor("nam").id, ConflictKind.SHARES)]
    somebody = people.add_person(
        SYSTEM, email="twin@firm.example", name="합성 직원", roles=set(), organisation=twin, confirmed=True
    )
    add_tie(TieKind.FAMILY, person_id=actor("pyeong").id, other_person_id=somebody.id)
    assert kinds(case, actor("pyeong"), moment="assignment") == [(actor("pyeong").id, ConflictKind.FAMILY)]
