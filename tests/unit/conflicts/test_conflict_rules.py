"""Who may not judge whom: each kind by itself, its dates, its normal forms, and random worlds against a plain oracle."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

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

TODAY = date(2026, 11, 23)
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


def _world(seed: int):
    draw = random.Random(seed)
    organisations, people = range(1, 13), range(100, 112)
    judges = [
        Judge(one, draw.choice([None, *organisations]), frozenset(draw.sample([200, 201, 202], draw.choice([0, 0, 1]))))
        for one in people
    ]
    ties = []
    for _ in range(draw.randint(0, 25)):
        end = draw.choice([None, None, TODAY - timedelta(days=draw.randint(0, 2200))])
        kind = draw.choice(list(TieKind))
        shape = draw.choice(sorted(rules.TIE_SIDES[kind]))
        sides = {
            "person_organisation": lambda: {
                "person_id": draw.choice([*people, 200, 201]), "organisation_id": draw.choice(organisations)},
            "person_person": lambda: dict(
                zip(("person_id", "other_person_id"), draw.sample([*people, 200, 201, 202], 2), strict=True)),
            "organisation_organisation": lambda: dict(
                zip(("organisation_id", "other_organisation_id"), draw.sample(organisations, 2), strict=True)),
        }[shape]()  # fmt: skip
        ties.append(Tie(kind, Source.OPERATOR, to_on=end, **sides))
    suppliers = frozenset(draw.sample(organisations, 4))
    cases = [
        Parties(
            number,
            draw.choice(organisations),
            draw.choice([None, *sorted(suppliers)]),
            suppliers,
            frozenset(draw.sample([200, 201, 202], draw.randint(0, 2))),
        )
        for number in range(6)
    ]
    objections = [Objected(draw.randint(0, 5), person_id=draw.choice(people)) for _ in range(draw.randint(0, 2))]
    return cases, judges, ties, objections


def _is_barred(case: Parties, judge: Judge, ties, objections) -> bool:
    """The hard kinds, said again as plainly as can be."""
    me = {judge.id, *judge.alias_ids}
    limit = rules.years_before(TODAY, 3)
    parties = {case.firm_id, case.supplier_id} - {None}
    rivals = case.rival_ids - parties
    if me & case.people_ids or judge.employer_id in parties | rivals:
        return True
    if any(one.case_id == case.case_id and one.person_id in me for one in objections):
        return True
    for tie in ties:
        now, fresh = tie.to_on is None or tie.to_on >= TODAY, tie.to_on is None or tie.to_on >= limit
        if tie.person_id in me and tie.organisation_id is not None:
            if tie.organisation_id in parties and fresh and tie.kind is not TieKind.WORKED_WITH:
                return True
            if tie.organisation_id in rivals and (
                (tie.kind is TieKind.EMPLOYED and fresh) or (tie.kind is TieKind.SHARES and now)
            ):
                return True
        for mine, other in ((tie.person_id, tie.other_person_id), (tie.other_person_id, tie.person_id)):
            close = tie.kind is TieKind.FAMILY or (fresh and tie.kind in (TieKind.ADVISED, TieKind.OTHER))
            if mine in me and other in case.people_ids and close:
                return True
        for mine, other in (
            (tie.organisation_id, tie.other_organisation_id),
            (tie.other_organisation_id, tie.organisation_id),
        ):
            trade = tie.kind in (TieKind.TRADES, TieKind.SHARES, TieKind.OTHER)
            if mine is not None and mine == judge.employer_id and other in parties and trade and fresh:
                return True
    return False


def test_in_random_worlds_exactly_the_barred_pairs_are_found():
    barred_pairs = 0
    for seed in range(400):
        cases, judges, ties, objections = _world(seed)
        found = rules.find(cases, judges, ties, objections, on=TODAY)
        hard = {(one.case_id, one.evaluator_id) for one in found if one.strength is Strength.HARD}
        expected = {
            (case.case_id, judge.id)
            for case in cases
            for judge in judges
            if _is_barred(case, judge, ties, objections)
        }
        assert hard == expected, seed
        without_soft = rules.find(cases, judges, ties, objections, on=TODAY, kinds=rules.HARD_KINDS)
        assert {(one.case_id, one.evaluator_id) for one in without_soft} == expected
        barred_pairs += len(expected)
    assert barred_pairs > 1000
