"""Small random worlds of judges, ties and cases, and the hard kinds said once more as plainly as can be."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date, timedelta

from portal.conflicts import rules
from portal.conflicts.rules import Judge, Objected, Parties, Source, Tie, TieKind

TODAY = date(2026, 11, 23)


def world(seed: int) -> tuple[list[Parties], list[Judge], list[Tie], list[Objected]]:
    """Twelve judges, six cases of one call, up to 25 ties of every kind and age."""
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


def is_barred(case: Parties, judge: Judge, ties: Iterable[Tie], objections: Iterable[Objected]) -> bool:
    """Whether anything hard stands between the two: compares everybody with everything."""
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
            if tie.organisation_id in rivals and now and tie.kind in (TieKind.EMPLOYED, TieKind.SHARES):
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
