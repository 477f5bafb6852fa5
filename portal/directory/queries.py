"""Reading the directory. What the public finds is what is approved: list, counts, search and facets share one WHERE."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from portal.accounts import queries as accounts
from portal.accounts.models import Organisation, Person
from portal.accounts.rules import OPERATOR, SUPPLIER, Role
from portal.base import clock, grants
from portal.base.access import Actor, Forbidden, NotVisible, RuleBroken
from portal.base.db import session
from portal.base.paging import Page, paginate
from portal.base.words import Words, say
from portal.directory import search as text_search
from portal.directory import standing
from portal.directory.models import Listing, ListingVersion, TrackRecord
from portal.directory.rules import (
    GRADES,
    NATIONWIDE,
    PROCESSES,
    SIZES,
    STANDARDS,
    ListingStatus,
    can_edit,
    is_grey,
    product_facts,
)
from portal.programmes import queries as programmes
from portal.reference import queries as reference

PAGE_SIZE = 12
SORTS = ("best", "record", "lead", "name")
READ_CONTACT = "read_contact"


# --- who sees what -----------------------------------------------------------------------------------------


def visible_to(actor: Actor) -> sa.Select[tuple[Listing]]:
    """The listings that an actor may open: public ones, the own one, and for operators and auditors every one
    that was ever submitted."""
    allowed = [standing.is_public()]
    if actor.organisation_id is not None and actor.has(*SUPPLIER):
        allowed.append(Listing.organisation_id == actor.organisation_id)
    if actor.has(*OPERATOR, Role.AUDITOR):
        allowed.append(Listing.submitted_at.is_not(None))
    if actor.is_system:
        allowed.append(sa.true())
    return sa.select(Listing).where(sa.or_(*allowed))


def public(actor: Actor) -> sa.Select[tuple[Listing]]:
    """What the directory, its search, its counts and the matching show, whoever looks."""
    return sa.select(Listing).where(standing.is_public())


def by_key(actor: Actor, key: str) -> Listing:
    """Raises: NotVisible."""
    row = session.scalar(visible_to(actor).where(Listing.key == key).options(selectinload(Listing.records)))
    if row is None:
        raise NotVisible
    return row


def by_id(actor: Actor, listing_id: int) -> Listing:
    """Raises: NotVisible."""
    row = session.scalar(visible_to(actor).where(Listing.id == listing_id))
    if row is None:
        raise NotVisible
    return row


def public_by_key(actor: Actor, key: str) -> Listing:
    """Raises: NotVisible."""
    row = session.scalar(public(actor).where(Listing.key == key))
    if row is None:
        raise NotVisible
    return row


def own(actor: Actor) -> Listing | None:
    """The listing of the actor's own organisation, None while nobody has begun it."""
    if actor.organisation_id is None:
        return None
    return of_organisation(actor.organisation_id)


def own_to_edit(actor: Actor) -> Listing:
    """The own listing, for a write. Raises: RuleBroken listing_not_there; Forbidden listing_not_yours, listing_suspended."""
    row = own(actor)
    if row is None:
        raise RuleBroken("listing_not_there")
    verdict = can_edit(actor, row.organisation_id, is_suspended=row.suspension is not None)
    if not verdict:
        raise Forbidden(verdict.code)
    return row


def of_organisation(organisation_id: int) -> Listing | None:
    return session.scalar(sa.select(Listing).where(Listing.organisation_id == organisation_id))


def public_rows(actor: Actor, ids: Collection[int] | None = None) -> Sequence[Listing]:
    """Public listings with their records (all of them, or those named), by id; for the matching."""
    wanted = public(actor).options(selectinload(Listing.records)).order_by(Listing.id)
    if ids is not None:
        wanted = wanted.where(Listing.id.in_(ids))
    return session.scalars(wanted).all()


def person_in_charge(organisation_id: int) -> Person | None:
    """Who gets a supplier's letters: its first administrator, else its first member."""
    people = accounts.members(organisation_id)
    return next((one for one in people if Role.SUPPLIER_ADMIN in one.role_names), people[0] if people else None)


def may_read_contact(actor: Actor, listing: Listing) -> bool:
    """Contacts show to the own people, to operators, and to a company whose consultation was accepted."""
    if actor.has(*OPERATOR) or (actor.organisation_id == listing.organisation_id and actor.has(*SUPPLIER)):
        return True
    return actor.is_signed_in and grants.has(actor, "listing", listing.id, READ_CONTACT)


# --- the operators' queue ----------------------------------------------------------------------------------


def is_unseen() -> sa.ColumnElement[bool]:
    """For a SELECT of `Listing`: whether it holds a text, now or in between, that no operator has seen."""
    version = sa.exists().where(ListingVersion.listing_id == Listing.id, ListingVersion.seen_at.is_(None))
    return sa.or_(Listing.unseen_since.is_not(None), version.correlate(Listing))


QUEUES: dict[str, Callable[[], sa.ColumnElement[bool]]] = {
    "pending": lambda: Listing.status == ListingStatus.PENDING,
    "edited": lambda: sa.and_(Listing.status == ListingStatus.APPROVED, is_unseen()),
    "public": standing.is_public,
    "suspended": standing.is_suspended,
    "all": sa.true,
}


def _queue(actor: Actor) -> sa.Select[tuple[Listing]]:
    # a draft that was never submitted is its supplier's own business
    return visible_to(actor).where(Listing.submitted_at.is_not(None))


def review_queue(actor: Actor, which: str, number: int, size: int = 30) -> Page[Listing]:
    """What operators work through, the longest waiting first."""
    waiting = sa.func.coalesce(Listing.unseen_since, Listing.submitted_at)
    wanted = _queue(actor).where(QUEUES[which]()).options(selectinload(Listing.suspensions))
    return paginate(wanted.order_by(waiting, Listing.id), number, size)


def review_counts(actor: Actor) -> dict[str, int]:
    """How many listings each tab of the queue holds, through the same WHERE as its rows."""
    seen = _queue(actor).with_only_columns(
        *[sa.func.sum(sa.case((condition(), 1), else_=0)).label(name) for name, condition in QUEUES.items()]
    )
    row = session.execute(seen).mappings().one()
    return {name: int(row[name] or 0) for name in QUEUES}


# --- words for codes ---------------------------------------------------------------------------------------


class Names:
    """Codes in words; each kind is loaded when a page first asks for it, all of it at once."""

    @cached_property
    def technologies(self) -> Mapping[str, Words]:
        return {code: words for _, options in reference.technology_options() for code, words in options}

    @cached_property
    def sectors(self) -> Mapping[str, Words]:
        """Divisions and groups of industry."""
        return {row.code: row.label for digits in (2, 3) for row in reference.ksic_rows(digits)}

    @cached_property
    def regions(self) -> Mapping[str, Words]:
        """시도, and the word for all of them."""
        return {NATIONWIDE: say("전국", "Nationwide"), **dict(reference.sido_options())}

    @cached_property
    def programmes(self) -> Mapping[str, Words]:
        """The whole catalogue, ended programmes included: experience does not end."""
        return {row.code: row.label for row in programmes.programmes(running=False)}

    def technology(self, code: str) -> Words:
        return self.technologies.get(code, say(code, code))

    def sector(self, code: str) -> Words:
        return self.sectors.get(code, say(code, code))

    def region(self, key: str) -> Words:
        return self.regions.get(key, say(key, key))

    def programme(self, code: str) -> Words:
        return self.programmes.get(code, say(code, code))


def printed(text: Mapping[str, Any] | None, words: Names) -> dict[str, str]:
    """A listing's reviewed fields as lines of text, for the difference that an operator reads."""
    if not text:
        return {}
    level = say("수준 {n}", "level {n}")
    products = [
        f"{one['name']} ({', '.join(map(str, product_facts(one)))}): {one['description']}"
        for one in text.get("products", [])
    ]
    return {
        "summary": text.get("summary", ""),
        "description": text.get("description", ""),
        "capabilities": "\n".join(
            f"{words.technology(code)} · {level.format(n=own_level)}"
            for code, own_level in sorted(text.get("capabilities", {}).items())
        ),
        "sectors": "\n".join(str(words.sector(code)) for code in sorted(text.get("sectors", []))),
        "regions": "\n".join(str(words.region(key)) for key in sorted(text.get("regions", []))),
        "processes": _in_words(PROCESSES, text.get("processes", [])),
        "programmes": "\n".join(str(words.programme(code)) for code in text.get("programmes", [])),
        "sizes": _in_words(SIZES, text.get("sizes", [])),
        "standards": _in_words(STANDARDS, text.get("standards", [])),
        "products": "\n".join(products),
        "founded_year": str(text.get("founded_year") or ""),
        "engineers": str(text.get("engineers") or ""),
        "engineer_grades": "\n".join(
            f"{label} {text['engineer_grades'][code]}"
            for code, label in GRADES.items()
            if text.get("engineer_grades", {}).get(code)
        ),
    }


def _in_words(labels: Mapping[str, Words], codes: Collection[str]) -> str:
    return "\n".join(str(label) for code, label in labels.items() if code in codes)


# --- search ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """What a visitor asks of the directory; the address of the page holds all of it."""

    text: str = ""
    regions: tuple[str, ...] = ()
    sectors: tuple[str, ...] = ()
    technologies: tuple[str, ...] = ()
    has_capacity: bool = False
    sort: str = ""


@dataclass(frozen=True)
class FacetValue:
    code: str
    label: Words
    count: int
    is_chosen: bool


@dataclass(frozen=True)
class Found:
    """One page of the directory."""

    page: Page[Listing]
    facets: Mapping[str, Sequence[FacetValue]]
    # listing id → why it is in the list
    why: Mapping[int, Sequence[Words]]
    names: Names
    asked: Asked
    was_cut: bool = False
    # typed facet codes that do not exist: ignored, and said
    ignored: tuple[str, ...] = ()
    read_as: tuple[Words, ...] = ()


@dataclass
class _Light:
    """The few columns of a listing that filters and facets need."""

    id: int
    name: str
    technologies: frozenset[str]
    sectors: frozenset[str]
    regions: frozenset[str]
    has_capacity: bool
    lead_weeks: int
    records: int
    passes: dict[str, bool] = field(default_factory=dict)


# Read documents by listing id; a document is replaced when its listing's version or record moves on.
_documents: dict[int, tuple[tuple[Any, ...], text_search.Document]] = {}


def search(actor: Actor, asked: Asked, number: int = 1) -> Found:
    """One page of public listings for a typed text and facets.

    Facets: values of one facet widen (or), different facets narrow (and); each count says how many listings the page
    would hold with that value alone in its facet, all else as it stands.
    Notes : the order is total and depends on nothing but the asked and the rows; a constant number of queries.
    """
    words = Names()
    asked, ignored = _known(asked, words)
    thesaurus = _thesaurus()
    question = text_search.read(asked.text, thesaurus)
    rows = _light_rows(actor)
    hits: dict[int, text_search.Hit] = {}
    if not question.is_empty:
        documents = _read_documents(actor, rows, thesaurus, words)
        hits = {hit.id: hit for hit in text_search.rank(question, documents)}
    for row in rows:
        row.passes = {
            "text": question.is_empty or row.id in hits,
            "region": not asked.regions or bool(row.regions.intersection([*asked.regions, NATIONWIDE])),
            "sector": not asked.sectors or not row.sectors.isdisjoint(asked.sectors),
            "technology": not asked.technologies or not row.technologies.isdisjoint(asked.technologies),
            "capacity": not asked.has_capacity or row.has_capacity,
        }
    listed = sorted((row for row in rows if all(row.passes.values())), key=_order(asked, hits))
    page = _page(actor, [row.id for row in listed], number)
    return Found(
        page=page,
        facets=_facets(rows, asked, words),
        why={row.id: _why(hits.get(row.id), asked, row, words) for row in page.items},
        names=words,
        asked=asked,
        was_cut=question.was_cut,
        ignored=ignored,
        read_as=tuple(words.technology(code) for codes in question.technologies for code in sorted(codes)),
    )


def _known(asked: Asked, words: Names) -> tuple[Asked, tuple[str, ...]]:
    """Drop facet values that do not exist."""
    kept, ignored = {}, []
    for name, known in (
        ("regions", words.regions),
        ("sectors", words.sectors),
        ("technologies", words.technologies),
    ):
        values = tuple(dict.fromkeys(getattr(asked, name)))
        kept[name] = tuple(value for value in values if value in known and value != NATIONWIDE)
        ignored += [value[:40] for value in values if value not in kept[name]]
    sort = asked.sort if asked.sort in SORTS else ("best" if asked.text.strip() else "name")
    return replace(asked, sort=sort, **kept), tuple(ignored)


def _thesaurus() -> text_search.Thesaurus:
    return text_search.thesaurus_of(tuple((row.code, row.words) for row in reference.technologies()))


def _light_rows(actor: Actor) -> list[_Light]:
    counted = (
        sa.select(TrackRecord.listing_id, sa.func.count().label("records")).group_by(TrackRecord.listing_id).subquery()
    )
    rows = session.execute(
        public(actor)
        .join(Organisation, Organisation.id == Listing.organisation_id)
        .outerjoin(counted, counted.c.listing_id == Listing.id)
        .with_only_columns(
            Listing.id,
            Organisation.name,
            Listing.capabilities,
            Listing.sectors,
            Listing.regions,
            Listing.open_slots,
            Listing.lead_weeks,
            Listing.last_confirmed_at,
            sa.func.coalesce(counted.c.records, 0).label("records"),
        )
        .order_by(Listing.id)
    )
    now = clock.now()
    return [
        _Light(
            id=row.id,
            name=row.name,
            technologies=frozenset(row.capabilities),
            sectors=frozenset(row.sectors) | frozenset(code[:2] for code in row.sectors),
            regions=frozenset(row.regions),
            has_capacity=row.open_slots > 0 and not is_grey(row.last_confirmed_at, now),
            lead_weeks=row.lead_weeks if row.lead_weeks is not None else 999,
            records=row.records,
        )
        for row in rows
    ]


def _read_documents(
    actor: Actor, rows: Sequence[_Light], thesaurus: text_search.Thesaurus, words: Names
) -> dict[int, tuple[str, text_search.Document]]:
    """The documents of the public listings; only what changed since the last query is read again."""
    records = {row.id: row.records for row in rows}
    stamps = {
        row.id: (thesaurus, row.key, row.version, records.get(row.id, 0))
        for row in session.execute(public(actor).with_only_columns(Listing.id, Listing.key, Listing.version))
    }
    missing = [key for key, stamp in stamps.items() if _documents.get(key, ((),))[0] != stamp]
    if missing:
        texts = public(actor).with_only_columns(
            Listing.id,
            Listing.summary,
            Listing.description,
            Listing.products,
            Listing.capabilities,
            Listing.sectors,
            Listing.regions,
        )
        if len(missing) < 500:
            texts = texts.where(Listing.id.in_(missing))
        proven: dict[int, Counter[str]] = {}
        built = sa.select(TrackRecord.listing_id, TrackRecord.technologies).where(
            TrackRecord.listing_id.in_(missing) if len(missing) < 500 else sa.true()
        )
        for listing_id, technologies in session.execute(built):
            proven.setdefault(listing_id, Counter()).update(technologies)
        for row in session.execute(texts):
            parts = [row.summary, row.description]
            parts += [f"{one['name']} {one['description']}" for one in row.products]
            labels = [*map(words.sector, row.sectors), *map(words.region, row.regions)]
            _documents[row.id] = (
                stamps[row.id],
                text_search.document(
                    row.capabilities,
                    "\n".join(parts),
                    "\n".join(f"{label.ko} {label.en}" for label in labels),
                    thesaurus,
                    proven.get(row.id),
                ),
            )
    return {row.id: (text_search.fold(row.name).replace(" ", ""), _documents[row.id][1]) for row in rows}


def _order(asked: Asked, hits: Mapping[int, text_search.Hit]) -> Callable[[_Light], tuple[Any, ...]]:
    def best(row: _Light) -> tuple[Any, ...]:
        return (-hits[row.id].score if row.id in hits else 0.0,)

    def record(row: _Light) -> tuple[Any, ...]:
        return (-row.records,)

    def lead(row: _Light) -> tuple[Any, ...]:
        return (not row.has_capacity, row.lead_weeks)

    chosen = {"best": best, "record": record, "lead": lead}.get(asked.sort)
    return lambda row: ((*chosen(row),) if chosen else ()) + (row.name, row.id)


def _page(actor: Actor, ids: Sequence[int], number: int) -> Page[Listing]:
    pages = max(1, -(-len(ids) // PAGE_SIZE))
    number = min(max(number, 1), pages)
    wanted = ids[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    rows = {row.id: row for row in public_rows(actor, wanted)}
    return Page([rows[key] for key in wanted if key in rows], len(ids), number, PAGE_SIZE)


def _facets(rows: Sequence[_Light], asked: Asked, words: Names) -> dict[str, list[FacetValue]]:
    def counted(facet: str, values: Mapping[str, Words], chosen: Collection[str], holds: Callable[[_Light, str], bool]):
        open_ = [row for row in rows if all(ok for name, ok in row.passes.items() if name != facet)]
        found = []
        for code, label in values.items():
            count = sum(holds(row, code) for row in open_)
            if count or code in chosen:
                found.append(FacetValue(code, label, count, code in chosen))
        return found

    regions = {key: label for key, label in words.regions.items() if key != NATIONWIDE}
    divisions = {code: label for code, label in words.sectors.items() if len(code) == 2 or code in asked.sectors}
    return {
        "region": counted(
            "region", regions, asked.regions, lambda row, key: key in row.regions or NATIONWIDE in row.regions
        ),
        "sector": counted("sector", divisions, asked.sectors, lambda row, code: code in row.sectors),
        "technology": counted(
            "technology", words.technologies, asked.technologies, lambda row, code: code in row.technologies
        ),
        "capacity": counted(
            "capacity",
            {"1": say("지금 맡을 수 있음", "Can start now")},
            ("1",) if asked.has_capacity else (),
            lambda row, _: row.has_capacity,
        ),
    }


def _why(hit: text_search.Hit | None, asked: Asked, row: Listing, words: Names) -> list[Words]:
    """Why a listing is in the list, in sentences."""
    said = []
    own = say("{name}: 스스로 적은 수준 {level}", "{name}: level {level} by its own account")
    mentioned = say("소개에서 {name}을(를) 다룹니다", "Its text speaks of {name}")
    proven = say("{name}: 확인된 실적 {n}건", "{name}: {n} verified builds")
    for code in dict.fromkeys([*(hit.technologies if hit else ()), *asked.technologies]):
        builds = sum(code in record.technologies for record in row.records)
        if builds:
            said.append(proven.format(name=words.technology(code), n=builds))
        elif code in row.capabilities:
            said.append(own.format(name=words.technology(code), level=row.capabilities[code]))
        elif hit and code in hit.technologies:
            said.append(mentioned.format(name=words.technology(code)))
    if hit and hit.words:
        said.append(say("‘{words}’ 포함", "Contains “{words}”").format(words=", ".join(hit.words)))
    for key in asked.regions:
        if key in row.regions:
            said.append(say("{name} 서비스", "Serves {name}").format(name=words.region(key)))
        elif NATIONWIDE in row.regions:
            said.append(say("전국 서비스", "Serves the whole country"))
            break
    for code in asked.sectors:
        builds = sum(record.ksic.startswith(code) for record in row.records)
        if builds:
            said.append(say("{name} 실적 {n}건", "{n} builds in {name}").format(name=words.sector(code), n=builds))
    return said
