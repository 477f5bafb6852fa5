"""Who may not judge whom: each kind by itself, its dates, its normal forms, and random worlds against a plain oracle."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from scipy.sparse import csr_matrix

from portal.conflicts import rules
from portal.conflicts.rules import (
    ConflictKind,
    FoundState,
    Judge,
    Objected,
    Parties,
    PartyRole,
    Source,
    Strength,
    Tie,
    TieKind,
)
from portal.evaluation import assignment
from tests.factories.conflict_worlds import TODAY, is_barred, world

FIRM, SUPPLIER, RIVAL, OTHER, EMPLOYER = 1, 2, 3, 4, 5
JUDGE, OWNER, STRANGER = 100, 200, 300
CASE = Parties(7, FIRM, SUPPLIER, frozenset({SUPPLIER, RIVAL}), frozenset({OWNER}))


def kinds(*ties: Tie, case: Parties = CASE, judge: Judge | None = None, **options) -> list[ConflictKind]:
    judges = [judge or Judge(JUDGE, EMPLOYER), Judge(STRANGER)]
    found = rules.find([case], judges, ties, on=TODAY, **options)
    assert all(one.evaluator_id == JUDGE for one in found)
    return [one.kind for one in found]


def own(kind: TieKind, organisation: int, to_on: date | None = None, from_on: date | None = None) -> Tie:
    return Tie(kind, Source.CAREER, person_id=JUDGE, organisation_id=organisation, from_on=from_on, to_on=to_on)


def of_employer(kind: TieKind, other: int, to_on: date | None = None) -> Tie:
    return Tie(kind, Source.APPLICATION, organisation_id=EMPLOYER, other_organisation_id=other, to_on=to_on)


def years_ago(years: int, days: int = 0) -> date:
    return rules.years_before(TODAY, years) - timedelta(days=days)


@pytest.mark.parametrize(
    ("tie", "expected"),
    [
        (own(TieKind.EMPLOYED, FIRM), [ConflictKind.EMPLOYER]),
        (own(TieKind.EMPLOYED, SUPPLIER), [ConflictKind.EMPLOYER]),
        (own(TieKind.EMPLOYED, FIRM, from_on=TODAY + timedelta(days=30)), [ConflictKind.EMPLOYER]),
        (own(TieKind.EMPLOYED, FIRM, to_on=TODAY - timedelta(days=1)), [ConflictKind.FORMER_EMPLOYER]),
        (own(TieKind.EMPLOYED, FIRM, to_on=years_ago(3)), [ConflictKind.FORMER_EMPLOYER]),
        (own(TieKind.EMPLOYED, FIRM, to_on=years_ago(3, days=1)), []),
        (own(TieKind.EMPLOYED, RIVAL), [ConflictKind.RIVAL_EMPLOYER]),
        (own(TieKind.EMPLOYED, RIVAL, to_on=years_ago(1)), [ConflictKind.RIVAL_ADVICE]),
        (own(TieKind.EMPLOYED, OTHER), []),
        (own(TieKind.SHARES, SUPPLIER), [ConflictKind.SHARES]),
        (own(TieKind.SHARES, RIVAL), [ConflictKind.RIVAL_EMPLOYER]),
        (own(TieKind.FAMILY, FIRM), [ConflictKind.FAMILY]),
        (own(TieKind.ADVISED, SUPPLIER, to_on=years_ago(1)), [ConflictKind.ADVICE]),
        (own(TieKind.ADVISED, SUPPLIER, to_on=years_ago(4)), [ConflictKind.OLD_ADVICE]),
        (own(TieKind.ADVISED, RIVAL, to_on=years_ago(1)), [ConflictKind.RIVAL_ADVICE]),
        (own(TieKind.ADVISED, RIVAL, to_on=years_ago(4)), []),
        (own(TieKind.OTHER, FIRM), [ConflictKind.DECLARED]),
        (of_employer(TieKind.TRADES, FIRM), [ConflictKind.EMPLOYER_TRADE]),
        (of_employer(TieKind.TRADES, SUPPLIER, to_on=years_ago(4)), []),
        (of_employer(TieKind.SHARES, SUPPLIER), [ConflictKind.EMPLOYER_TRADE]),
        (of_employer(TieKind.ADVISED, FIRM), [ConflictKind.EMPLOYER_ADVICE]),
        (of_employer(TieKind.TRADES, RIVAL), [ConflictKind.RIVAL_ADVICE]),
        (Tie(TieKind.FAMILY, Source.OPERATOR, person_id=OWNER, other_person_id=JUDGE), [ConflictKind.FAMILY]),
        (Tie(TieKind.WORKED_WITH, Source.EVALUATION, person_id=JUDGE, other_person_id=OWNER), [ConflictKind.CO_WORK]),
    ],
)
def test_a_tie_is_found_as_what_it_is(tie, expected):
    assert kinds(tie) == expected


def test_an_employer_of_the_register_is_found_without_a_tie():
    assert kinds(judge=Judge(JUDGE, FIRM)) == [ConflictKind.EMPLOYER]
    assert kinds(judge=Judge(JUDGE, RIVAL)) == [ConflictKind.RIVAL_EMPLOYER]
    assert kinds(judge=Judge(JUDGE, OTHER)) == []


def test_the_suppliers_of_a_call_are_nobodys_rivals_where_a_case_names_them_itself():
    alone = Parties(8, FIRM, RIVAL, frozenset({RIVAL}))
    assert kinds(own(TieKind.EMPLOYED, RIVAL), case=alone) == [ConflictKind.EMPLOYER]


def test_another_account_of_the_same_human_counts():
    judge = Judge(JUDGE, EMPLOYER, alias_ids=frozenset({OWNER}))
    assert kinds(judge=judge) == [ConflictKind.SELF]
    tie = Tie(TieKind.ADVISED, Source.CONSULTATION, person_id=OWNER, organisation_id=FIRM)
    without_owner = Parties(7, FIRM, SUPPLIER)
    assert kinds(tie, judge=judge, case=without_owner) == [ConflictKind.ADVICE]


def test_the_same_contact_is_found_and_says_no_value():
    judge = Judge(JUDGE, phones=frozenset({"0212345678"}), domains=frozenset({"firm.kr"}), addresses=frozenset({"서울1"}))
    case = Parties(
        7, FIRM, phones=frozenset({"0212345678"}), domains=frozenset({"firm.kr"}), addresses=frozenset({"서울1"})
    )
    found = rules.find([case], [judge], [], on=TODAY)
    assert {one.kind: one.strength for one in found} == {
        ConflictKind.SAME_PHONE: Strength.HARD,
        ConflictKind.SAME_DOMAIN: Strength.HARD,
        ConflictKind.SAME_ADDRESS: Strength.SOFT,
    }
    assert {one.evidence for one in found} == {(rules.Evidence(PartyRole.CONTACT, Source.CONTACT),)}


def test_a_career_firm_that_is_no_member_is_asked_about_by_its_name():
    tie = Tie(TieKind.EMPLOYED, Source.CAREER, person_id=JUDGE, name=rules.firm_name("(주) 합성 정밀"))
    case = Parties(7, FIRM, names={rules.firm_name("합성정밀 주식회사"): FIRM})
    assert kinds(tie, case=case) == [ConflictKind.SAME_NAME]


def test_a_granted_objection_bars_the_person_or_the_whole_organisation():
    assert kinds(objections=[Objected(7, person_id=JUDGE)]) == [ConflictKind.OBJECTION]
    assert kinds(objections=[Objected(7, organisation_id=EMPLOYER)]) == [ConflictKind.OBJECTION]
    assert kinds(objections=[Objected(8, person_id=JUDGE)]) == []


def test_without_soft_kinds_only_what_bars_is_found():
    ties = [own(TieKind.ADVISED, RIVAL), own(TieKind.ADVISED, SUPPLIER, to_on=years_ago(5)), own(TieKind.SHARES, FIRM)]
    assert kinds(*ties, kinds=rules.HARD_KINDS) == [ConflictKind.SHARES]


def test_every_kind_has_words_a_strength_and_a_soft_one_its_question():
    for kind in ConflictKind:
        assert str(kind.label) and kind.strength in Strength
    assert set(rules.QUESTIONS) == rules.SOFT_KINDS


@pytest.mark.parametrize(
    ("email", "domain"),
    [
        ("kim@Hansung.co.kr", "hansung.co.kr"),
        ("kim@mail.hansung.co.kr", "hansung.co.kr"),
        ("kim@lab.hansung.kr", "hansung.kr"),
        ("kim@hansung", None),
        ("kim@naver.com", None),
        ("kim@panel.example", None),
        ("", None),
        (None, None),
    ],
)
def test_a_domain_says_something_unless_it_is_a_providers(email, domain):
    assert rules.domain_of(email) == domain


def test_numbers_and_addresses_are_compared_in_one_shape():
    assert rules.phone_of("+82-10-1234-5678") == rules.phone_of("010 1234 5678") == "01012345678"
    assert rules.phone_of("119") is None
    one = rules.address_of("경기도 안산시 단원구 산단로 12 (원시동), 3층 301호")
    assert one == rules.address_of("경기 안산시 단원구  산단로 12")
    assert one != rules.address_of("경기 안산시 단원구 산단로 13")
    assert rules.address_of("경기도 안산시") is None
    assert rules.person_name("김민수 교수님") == rules.person_name("김 민수") == "김민수"
    assert rules.person_name("남위원") == "남위원"
    assert rules.person_name("김") is None


def test_overruling_is_for_what_the_register_does_not_say():
    assert rules.can_overrule(FoundState.STANDING, ConflictKind.SAME_DOMAIN, [])
    assert rules.can_overrule(FoundState.ENDED, ConflictKind.SAME_DOMAIN, []).code == "conflict_not_standing"
    assert rules.can_overrule(FoundState.STANDING, ConflictKind.EMPLOYER, []).code == "conflict_not_to_overrule"
    pinned = [{"role": "firm", "pinned": True}]
    assert rules.can_overrule(FoundState.STANDING, ConflictKind.ADVICE, pinned).code == "conflict_pinned"


# --- random worlds against an oracle that compares everybody with everything ----------------------------------


def test_in_random_worlds_exactly_the_barred_pairs_are_found():
    barred_pairs = 0
    for seed in range(400):
        cases, judges, ties, objections = world(seed)
        found = rules.find(cases, judges, ties, objections, on=TODAY)
        hard = {(one.case_id, one.evaluator_id) for one in found if one.strength is Strength.HARD}
        expected = {
            (case.case_id, judge.id)
            for case in cases
            for judge in judges
            if is_barred(case, judge, ties, objections)
        }
        assert hard == expected, seed
        without_soft = rules.find(cases, judges, ties, objections, on=TODAY, kinds=rules.HARD_KINDS)
        assert {(one.case_id, one.evaluator_id) for one in without_soft} == expected
        barred_pairs += len(expected)
    assert barred_pairs > 1000


def test_a_draw_over_random_worlds_seats_nobody_with_a_hard_conflict():
    """The bench does the same over 10,000 worlds."""
    seated = 0
    for seed in range(300):
        cases, judges, ties, objections = world(seed)
        found = rules.find(cases, judges, ties, objections, on=TODAY, kinds=rules.HARD_KINDS)
        rows, columns = [one.case_id for one in found], [one.evaluator_id - judges[0].id for one in found]
        shape = (len(cases), len(judges))
        forbidden = csr_matrix(([1] * len(rows), (rows, columns)), shape=shape)
        plan = assignment.assign(csr_matrix([[1.0] * shape[1]] * shape[0]), 2, 2, forbidden=forbidden, seed=seed)
        for row, column in plan.pairs.tolist():
            seated += 1
            assert not is_barred(cases[row], judges[column], ties, objections), seed
    assert seated > 2000
