"""Who may not judge which case: the parties of applications and the ties of evaluators, handed to `conflicts.rules`.

It gathers in bulk (a dozen statements whatever the size) and finds by look-ups: 25,000 applications against 500
evaluators take seconds. It reads only; `service` and the nightly sweep keep what was found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import sqlalchemy as sa

from portal.accounts.models import Organisation, Person
from portal.applications.models import Application, ConsortiumMember
from portal.applications.rules import Status
from portal.base import clock
from portal.base.db import session
from portal.conflicts import queries as conflicts
from portal.conflicts import rules as conflict_rules
from portal.conflicts.models import Objection
from portal.conflicts.rules import ConflictKind, Found, Judge, Moment, Objected, Parties, Source, Strength, Tie, TieKind
from portal.directory.models import Listing
from portal.evaluators import queries as pool
from portal.evaluators.rules import CareerKind
from portal.profiles.models import Profile

CASE = "application"
_CAREER_TIES = {
    CareerKind.EMPLOYED: TieKind.EMPLOYED,
    CareerKind.SHARES: TieKind.SHARES,
    CareerKind.ADVISED: TieKind.ADVISED,
    CareerKind.FAMILY: TieKind.FAMILY,
}


def barred(
    applications: Iterable[Application | int],
    evaluator_ids: Collection[int],
    moment: Moment | str,
    *,
    kinds: frozenset[ConflictKind] | None = None,
    on: date | None = None,
) -> list[Found]:
    """Every conflict between these applications and these people (evaluators or chairs), by application.

    moment : "assignment" | "opening" | "nightly"
    kinds  : what is looked for; default everything, but at an assignment not what ties one person softly to a whole call
    on     : the day for which it is asked, default today (KST)
    Returns: hard ones bar (`strength`), soft ones are asked at the declaration; what an operator overruled on the same
             grounds is left out
    """
    moment = Moment(moment)
    ids = sorted({one if isinstance(one, int) else one.id for one in applications})
    judge_ids = sorted(set(evaluator_ids))
    if not ids or not judge_ids:
        return []
    day = on or clock.today()
    people = _people(judge_ids)
    judges = _judges(people)
    twins = _Twins()
    employers = twins.all_of({judge.employer_id for judge in judges if judge.employer_id})
    everybody = {judge.id for judge in judges}.union(*(judge.alias_ids for judge in judges))
    ties = [*conflicts.ties_of(everybody, employers), *_career_ties(judge_ids), *_alias_ties(judges)]
    cases = [twins.case(one) for one in _parties(ids, judges, {tie.name for tie in ties if tie.name}, twins)]
    judges, ties = [twins.judge(one) for one in judges], [twins.tie(one) for one in ties]
    if kinds is None:
        kinds = conflict_rules.AT_A_DRAW if moment is Moment.ASSIGNMENT else frozenset(ConflictKind)
    found = conflict_rules.find(cases, judges, ties, twins.objected(_objected(ids, people)), on=day, kinds=kinds)
    return _without_overruled(found, ids)


def hard(found: Iterable[Found]) -> list[Found]:
    return [one for one in found if one.strength is Strength.HARD]


def bars(application: Application | int, evaluator_ids: Collection[int]) -> dict[int, list[Found]]:
    """evaluator → the hard conflicts with one application; who may judge it is not in it."""
    rows: dict[int, list[Found]] = defaultdict(list)
    for one in barred([application], evaluator_ids, Moment.ASSIGNMENT, kinds=conflict_rules.HARD_KINDS):
        rows[one.evaluator_id].append(one)
    return dict(rows)


# --- the judges -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Human:
    id: int
    name: str
    email: str
    phone: str | None
    organisation_id: int | None


def _people(ids: Sequence[int]) -> list[_Human]:
    rows: list[_Human] = []
    for part in conflicts.in_chunks(ids):
        rows += [_Human(*row) for row in session.execute(_humans().where(Person.id.in_(part)).order_by(Person.id))]
    return rows


def _humans() -> sa.Select[tuple[int, str, str, str | None, int | None]]:
    return sa.select(Person.id, Person.name, Person.email, Person.phone, Person.organisation_id)


def _judges(people: Sequence[_Human]) -> list[Judge]:
    """The people with their other accounts (the same mobile number) and how they and their employers are reached."""
    aliases = _aliases(people)
    domains = {one.id: conflict_rules.domain_of(one.email) for one in people}
    shared = _shared_domains({domain for domain in domains.values() if domain})
    addresses = _addresses({one.organisation_id for one in people if one.organisation_id})
    return [
        Judge(
            id=one.id,
            employer_id=one.organisation_id,
            alias_ids=aliases.get(one.id, frozenset()),
            addresses=addresses.get(one.organisation_id or 0, frozenset()),
            phones=_some(conflict_rules.phone_of(one.phone)),
            domains=_some(domains[one.id]) - shared,
        )
        for one in people
    ]


def _some(value: str | None) -> frozenset[str]:
    return frozenset({value}) if value else frozenset()


def _aliases(people: Sequence[_Human]) -> dict[int, frozenset[int]]:
    """Other accounts with the same mobile number: one human can't be evaluator here and a firm's owner there."""
    phones = {one.phone for one in people if (conflict_rules.phone_of(one.phone) or "").startswith("01")}
    accounts: dict[str, set[int]] = defaultdict(set)
    for part in conflicts.in_chunks(sorted(phones)):
        for person_id, phone in session.execute(sa.select(Person.id, Person.phone).where(Person.phone.in_(part))):
            accounts[phone].add(person_id)
    return {one.id: frozenset(accounts[one.phone] - {one.id}) for one in people if one.phone in accounts}


def _alias_ties(judges: Iterable[Judge]) -> list[Tie]:
    """The employers of a judge's other accounts."""
    aliases = sorted({one for judge in judges for one in judge.alias_ids})
    return [
        Tie(TieKind.EMPLOYED, Source.CONTACT, person_id=one.id, organisation_id=one.organisation_id)
        for one in (_people(aliases) if aliases else ())
        if one.organisation_id
    ]


def _shared_domains(domains: Collection[str]) -> frozenset[str]:
    """Domains under which people of many organisations write: a provider's, whatever its name."""
    if not domains:
        return frozenset()
    users: dict[str, set[int]] = defaultdict(set)
    for start in range(0, len(domains), 50):
        part = sorted(domains)[start : start + 50]
        rows = session.execute(
            sa.select(Person.email, Person.organisation_id).where(
                Person.organisation_id.is_not(None), sa.or_(*(Person.email.iendswith(one) for one in part))
            )
        )
        for email, organisation_id in rows:
            users[conflict_rules.domain_of(email) or ""].add(organisation_id)
    return frozenset(one for one, firms in users.items() if len(firms) >= conflict_rules.SHARED_DOMAIN)


def _addresses(organisation_ids: Collection[int]) -> dict[int, frozenset[str]]:
    rows: dict[int, frozenset[str]] = {}
    for part in conflicts.in_chunks(sorted(organisation_ids)):
        for firm, plants in session.execute(
            sa.select(Profile.organisation_id, Profile.plants).where(Profile.organisation_id.in_(part))
        ):
            rows[firm] = _of_plants(plants)
    return rows


def _of_plants(plants: Sequence[Mapping[str, str]] | None) -> frozenset[str]:
    found = {conflict_rules.address_of(plant.get("address")) for plant in plants or ()}
    return frozenset(one for one in found if one)


def _career_ties(person_ids: Collection[int]) -> list[Tie]:
    """What evaluators declared of their careers, as ties; a firm that is no member counts by its name."""
    few = person_ids if len(person_ids) <= conflicts.CHUNK else None
    wanted = set(person_ids)
    return [
        Tie(
            kind=_CAREER_TIES[line.kind],
            source=Source.CAREER,
            person_id=line.person_id,
            organisation_id=line.organisation_id,
            name=None if line.organisation_id else conflict_rules.firm_name(line.name),
            from_on=line.from_on,
            to_on=line.to_on,
        )
        for line in pool.careers(few)
        if line.person_id in wanted
    ]


# --- one firm, two rows ---------------------------------------------------------------------------------------


class _Twins:
    """A firm that is a supplier too has two rows with one registration number: for a conflict it is one firm."""

    def __init__(self) -> None:
        several = (
            sa.select(Organisation.registration_number)
            .where(Organisation.registration_number.is_not(None))
            .group_by(Organisation.registration_number)
            .having(sa.func.count() > 1)
        )
        rows = session.execute(
            sa.select(Organisation.id, Organisation.registration_number)
            .where(Organisation.registration_number.in_(several))
            .order_by(Organisation.id)
        )
        firms: dict[str, list[int]] = defaultdict(list)
        for firm, number in rows:
            firms[number].append(firm)
        self._first = {firm: twins[0] for twins in firms.values() for firm in twins}
        self._all = {firm: twins for twins in firms.values() for firm in twins}
        self._rivals: dict[frozenset[int], frozenset[int]] = {}

    @property
    def groups(self) -> list[list[int]]:
        return [twins for firm, twins in self._all.items() if firm == twins[0]]

    def all_of(self, ids: Collection[int]) -> set[int]:
        return {twin for one in ids for twin in self._all.get(one, [one])}

    def _one(self, firm: int | None) -> int | None:
        return self._first.get(firm, firm) if firm is not None else None

    def judge(self, judge: Judge) -> Judge:
        return replace(judge, employer_id=self._one(judge.employer_id)) if judge.employer_id in self._first else judge

    def tie(self, tie: Tie) -> Tie:
        if tie.organisation_id not in self._first and tie.other_organisation_id not in self._first:
            return tie
        return replace(
            tie,
            organisation_id=self._one(tie.organisation_id),
            other_organisation_id=self._one(tie.other_organisation_id),
        )

    def case(self, case: Parties) -> Parties:
        if not self._first:
            return case
        rivals = self._rivals.get(case.rival_ids)
        if rivals is None:
            rivals = self._rivals[case.rival_ids] = frozenset(self._first.get(one, one) for one in case.rival_ids)
        return replace(
            case,
            firm_id=self._first.get(case.firm_id, case.firm_id),
            supplier_id=self._one(case.supplier_id),
            rival_ids=rivals,
            names={name: self._first.get(firm, firm) for name, firm in case.names.items()},
        )

    def objected(self, rows: Iterable[Objected]) -> list[Objected]:
        return [replace(row, organisation_id=self._one(row.organisation_id)) for row in rows]


# --- the cases ------------------------------------------------------------------------------------------------


def _parties(ids: Sequence[int], judges: Sequence[Judge], names: Collection[str], twins: _Twins) -> list[Parties]:
    """The parties of applications; contacts and names only as far as a judge has the same."""
    rows = _cases(ids)
    rivals = _rivals({call_id for _, _, call_id, _ in rows})
    firms = {firm for _, firm, _, _ in rows} | {supplier for _, _, _, supplier in rows if supplier}
    cases = _Contacts(judges, names).of(twins.all_of(firms)).shared_by(twins.groups)
    return [
        Parties(
            case_id=case_id,
            firm_id=firm,
            supplier_id=supplier,
            rival_ids=rivals.get(call_id, frozenset()) if supplier else frozenset(),
            people_ids=_joined(cases.people, firm, supplier),
            addresses=_joined(cases.addresses, firm, supplier),
            phones=_joined(cases.phones, firm, supplier),
            domains=_joined(cases.domains, firm, supplier),
            names={name: one for one in (firm, supplier) if one for name in cases.names.get(one, ())},
        )
        for case_id, firm, call_id, supplier in rows
    ]


def _cases(ids: Sequence[int]) -> list[tuple[int, int, int, int | None]]:
    """(application, firm, call, supplier) by application."""
    rows: list[tuple[int, int, int, int | None]] = []
    for part in conflicts.in_chunks(ids):
        rows += [
            tuple(row)
            for row in session.execute(
                sa.select(
                    Application.id,
                    Application.organisation_id,
                    Application.call_id,
                    ConsortiumMember.organisation_id,
                )
                .outerjoin(ConsortiumMember, ConsortiumMember.application_id == Application.id)
                .where(Application.id.in_(part))
                .order_by(Application.id)
            )
        ]
    return rows


def _rivals(call_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """call → every supplier that an application to it names, unless it was withdrawn; one set shared by its cases."""
    named: dict[int, set[int]] = defaultdict(set)
    for part in conflicts.in_chunks(sorted(call_ids)):
        rows = session.execute(
            sa.select(Application.call_id, ConsortiumMember.organisation_id)
            .join(ConsortiumMember, ConsortiumMember.application_id == Application.id)
            .where(
                Application.call_id.in_(part),
                Application.submitted_at.is_not(None),
                Application.status != Status.WITHDRAWN,
            )
            .distinct()
        )
        for call_id, supplier in rows:
            named[call_id].add(supplier)
    return {call_id: frozenset(suppliers) for call_id, suppliers in named.items()}


def _joined(found: Mapping[int, frozenset], firm: int, supplier: int | None) -> frozenset:
    rows, more = found.get(firm), found.get(supplier or 0)
    if rows and more:
        return rows | more
    return rows or more or frozenset()


class _Contacts:
    """How firms and suppliers are reached, kept only where a judge is reached in the same way."""

    def __init__(self, judges: Sequence[Judge], names: Collection[str]) -> None:
        self._known_people = {judge.id for judge in judges}.union(*(judge.alias_ids for judge in judges))
        self._known = {
            "phones": frozenset().union(*(judge.phones for judge in judges)),
            "domains": frozenset().union(*(judge.domains for judge in judges)),
            "addresses": frozenset().union(*(judge.addresses for judge in judges)),
        }
        self._known_names = frozenset(names)
        self.people: dict[int, frozenset[int]] = {}
        self.phones: dict[int, frozenset[str]] = {}
        self.domains: dict[int, frozenset[str]] = {}
        self.addresses: dict[int, frozenset[str]] = {}
        self.names: dict[int, frozenset[str]] = {}

    def of(self, organisation_ids: Collection[int]) -> _Contacts:
        for part in conflicts.in_chunks(sorted(organisation_ids)):
            self._of_people(part)
            self._of_profiles(part)
            self._of_listings(part)
            self._of_names(part)
        return self

    def shared_by(self, groups: Iterable[Sequence[int]]) -> _Contacts:
        """Let the rows of one firm share their people and contacts."""
        for kept in (self.people, self.phones, self.domains, self.addresses, self.names):
            for group in groups:
                together = frozenset().union(*(kept.get(firm, frozenset()) for firm in group))
                if together:
                    kept.update(dict.fromkeys(group, together))
        return self

    def _add(self, what: str, firm: int, value: object) -> None:
        if value is None or (what in self._known and value not in self._known[what]):
            return
        kept = getattr(self, what)
        kept[firm] = kept.get(firm, frozenset()) | {value}

    def _reach(self, firm: int, phone: str | None, email: str | None) -> None:
        if self._known["phones"]:
            self._add("phones", firm, conflict_rules.phone_of(phone))
        if self._known["domains"]:
            self._add("domains", firm, conflict_rules.domain_of(email))

    def _of_people(self, firms: Sequence[int]) -> None:
        for person_id, _, email, phone, firm in session.execute(_humans().where(Person.organisation_id.in_(firms))):
            self._add("people", firm, person_id)
            self._reach(firm, phone, email)

    def _of_profiles(self, firms: Sequence[int]) -> None:
        columns = (Profile.organisation_id, Profile.contact_phone, Profile.contact_email, Profile.plants)
        for firm, phone, email, plants in session.execute(
            sa.select(*columns).where(Profile.organisation_id.in_(firms))
        ):
            self._reach(firm, phone, email)
            if self._known["addresses"]:
                for address in _of_plants(plants):
                    self._add("addresses", firm, address)

    def _of_listings(self, firms: Sequence[int]) -> None:
        columns = (Listing.organisation_id, Listing.contact_phone, Listing.contact_email)
        for firm, phone, email in session.execute(sa.select(*columns).where(Listing.organisation_id.in_(firms))):
            self._reach(firm, phone, email)

    def _of_names(self, firms: Sequence[int]) -> None:
        if not self._known_names:
            return
        rows = session.execute(sa.select(Organisation.id, Organisation.name).where(Organisation.id.in_(firms)))
        for firm, name in rows:
            plain = conflict_rules.firm_name(name)
            if plain in self._known_names:
                self._add("names", firm, plain)


# --- objections and what was overruled ------------------------------------------------------------------------


def _objected(ids: Collection[int], people: Sequence[_Human]) -> list[Objected]:
    """Granted objections. One that names nobody in particular applies to whoever bears the name."""
    rows = conflicts.granted_objections(CASE, ids)
    if not rows:
        return []
    by_name: dict[str, set[int]] = defaultdict(set)
    for one in people:
        by_name[conflict_rules.person_name(one.name) or ""].add(one.id)
    employers = sorted({one.organisation_id for one in people if one.organisation_id})
    firms: dict[str, set[int]] = defaultdict(set)
    for part in conflicts.in_chunks(employers):
        for firm, name in session.execute(
            sa.select(Organisation.id, Organisation.name).where(Organisation.id.in_(part))
        ):
            firms[conflict_rules.firm_name(name) or ""].add(firm)
    found: list[Objected] = []
    for row in rows:
        found += _whom(row, by_name, firms)
    return found


def _whom(row: Objection, by_name: Mapping[str, set[int]], firms: Mapping[str, set[int]]) -> Iterable[Objected]:
    person_ids, firm_ids = set(row.person_ids), set(row.organisation_ids)
    if not person_ids and not firm_ids:
        plain: Callable[[str | None], str | None] = (
            conflict_rules.firm_name if row.is_firm else conflict_rules.person_name
        )
        name = plain(row.name)
        if name and row.is_firm:
            firm_ids = set(firms.get(name, ()))
        elif name:
            person_ids = set(by_name.get(name, ()))
    for person_id in sorted(person_ids):
        yield Objected(row.object_id, person_id=person_id, id=row.id)
    for firm in sorted(firm_ids):
        yield Objected(row.object_id, organisation_id=firm, id=row.id)


def _without_overruled(found: list[Found], ids: Collection[int]) -> list[Found]:
    """An overruled conflict stays overruled on the same grounds; a new ground makes it stand again."""
    settled = conflicts.overruled(CASE, ids)
    if not settled:
        return found
    kept = []
    for one in found:
        old = settled.get((one.case_id, one.evaluator_id, one.kind))
        if old is not None:
            new = tuple(ground for ground in one.evidence if ground.as_dict() not in old)
            if not new:
                continue
            one = one._replace(evidence=new)
        kept.append(one)
    return kept
