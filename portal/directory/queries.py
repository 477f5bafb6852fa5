"""Reading the directory. What the public finds is what is approved: list, counts, search and facets share one WHERE."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from portal.accounts import queries as accounts
from portal.accounts.models import Person
from portal.accounts.rules import OPERATOR, SUPPLIER, Role
from portal.base import grants
from portal.base.access import Actor, Forbidden, NotVisible, RuleBroken
from portal.base.db import session
from portal.base.paging import Page, paginate
from portal.base.words import Words, say
from portal.directory import standing
from portal.directory.models import Listing, ListingVersion
from portal.directory.rules import (
    GRADES,
    NATIONWIDE,
    PROCESSES,
    SIZES,
    STANDARDS,
    ListingStatus,
    can_edit,
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


def public_by_keys(actor: Actor, keys: Sequence[str]) -> list[Listing]:
    """The public ones of these listings with their records, in the order of the keys."""
    wanted = public(actor).where(Listing.key.in_(keys)).options(selectinload(Listing.records))
    found = {row.key: row for row in session.scalars(wanted)}
    return [found[key] for key in keys if key in found]


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
