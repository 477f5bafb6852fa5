"""Reading consultations: only the two sides see one, and each sees of the other what the state of things allows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from portal.accounts.models import Organisation, Person
from portal.accounts.rules import SME, SUPPLIER
from portal.base import clock, grants
from portal.base.access import SYSTEM, Actor, NotVisible, RuleBroken
from portal.base.db import session
from portal.base.masking import masked
from portal.base.paging import Page, paginate
from portal.base.words import Words, say
from portal.base.workdays import workdays_left
from portal.consultations.models import Consultation
from portal.consultations.rules import Outcome, Side, Status, Topic, last_day, side_of
from portal.directory import queries as directory
from portal.directory.models import Listing
from portal.profiles import queries as profiles
from portal.profiles.rules import FACT_LABELS, fact_text
from portal.reference import queries as reference

READ_SUMMARY = "read_summary"
PAGE_SIZE = 20


def visible_to(actor: Actor) -> sa.Select[tuple[Consultation]]:
    """The consultations of the actor's own organisation, on the side that the actor's role stands for."""
    allowed: list[sa.ColumnElement[bool]] = [sa.false()]
    if actor.is_system:
        allowed.append(sa.true())
    if actor.organisation_id is not None and actor.has(*SME):
        allowed.append(Consultation.company_id == actor.organisation_id)
    if actor.organisation_id is not None and actor.has(*SUPPLIER):
        allowed.append(Consultation.supplier_id == actor.organisation_id)
    return sa.select(Consultation).where(sa.or_(*allowed))


def by_key(actor: Actor, key: str, *, lock: bool = False) -> Consultation:
    """Raises: NotVisible."""
    wanted = visible_to(actor).where(Consultation.key == key)
    wanted = (
        wanted.with_for_update(of=Consultation)
        if lock
        else wanted.options(
            selectinload(Consultation.messages), selectinload(Consultation.notes), selectinload(Consultation.ratings)
        )
    )
    row = session.scalar(wanted)
    if row is None:
        raise NotVisible
    return row


def by_id(consultation_id: int, *, lock: bool = False) -> Consultation | None:
    """For after-effects, which act for the portal itself."""
    options = {"with_for_update": {"of": Consultation}, "populate_existing": True} if lock else {}
    return session.get(Consultation, consultation_id, **options)


TABS = {
    "open": (Status.REQUESTED, Status.ACCEPTED),
    "new": (Status.REQUESTED,),
    "running": (Status.ACCEPTED,),
    "ended": (Status.DECLINED, Status.CONCLUDED, Status.EXPIRED, Status.WITHDRAWN),
}


@dataclass(frozen=True)
class Filters:
    """What narrows an inbox; the address of the page holds all of it. name: a part of the other side's."""

    name: str = ""
    topic: Topic | None = None
    outcome: Outcome | None = None

    def on(self, wanted: sa.Select[Any], actor: Actor) -> sa.Select[Any]:
        if self.name.strip():
            other = Consultation.supplier_id if actor.has(*SME) else Consultation.company_id
            like = Organisation.name.icontains(self.name.strip()[:60], autoescape=True)
            wanted = wanted.where(other.in_(sa.select(Organisation.id).where(like)))
        if self.topic is not None:
            wanted = wanted.where(Consultation.topic == self.topic)
        if self.outcome is not None:
            wanted = wanted.where(
                sa.or_(Consultation.company_outcome == self.outcome, Consultation.supplier_outcome == self.outcome)
            )
        return wanted


def inbox(actor: Actor, which: str, number: int, filters: Filters = Filters()) -> Page[Consultation]:
    """The actor's consultations, what waits longest first; ended ones newest first."""
    wanted = filters.on(visible_to(actor), actor).where(Consultation.status.in_(TABS[which]))
    if which == "ended":
        wanted = wanted.order_by(Consultation.id.desc())
    else:
        wanted = wanted.order_by(Consultation.status.desc(), Consultation.asked_at, Consultation.id)
    return paginate(wanted, number, PAGE_SIZE)


def counts(actor: Actor, filters: Filters = Filters()) -> dict[str, int]:
    """How many consultations each tab holds, through the same WHERE as its rows."""
    seen = filters.on(visible_to(actor), actor).with_only_columns(
        *[
            sa.func.sum(sa.case((Consultation.status.in_(statuses), 1), else_=0)).label(name)
            for name, statuses in TABS.items()
        ]
    )
    row = session.execute(seen).mappings().one()
    return {name: int(row[name] or 0) for name in TABS}


def open_between(company_id: int, supplier_id: int) -> Consultation | None:
    return session.scalar(
        sa.select(Consultation).where(
            Consultation.company_id == company_id,
            Consultation.supplier_id == supplier_id,
            Consultation.status.in_(TABS["open"]),
        )
    )


def open_count(company_id: int) -> int:
    """Open consultations of a company outside of its fan-out, which counts for itself."""
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(Consultation)
            .where(
                Consultation.company_id == company_id,
                Consultation.status.in_(TABS["open"]),
                Consultation.fan_out_id.is_(None),
            )
        )
        or 0
    )


def unanswered() -> Sequence[tuple[int, datetime, int]]:
    """(id, asked at, reminders sent) of every request that waits, the longest waiting first."""
    return session.execute(
        sa.select(Consultation.id, Consultation.asked_at, Consultation.reminders)
        .where(Consultation.status == Status.REQUESTED)
        .order_by(Consultation.id)
    ).all()


# --- suppliers that can't go on ----------------------------------------------------------------------------


def frozen(rows: Collection[Consultation]) -> frozenset[int]:
    """The ids of those whose supplier is not public now: everything of theirs can be read, nothing done."""
    wanted = {row.listing_id for row in rows}
    if not wanted:
        return frozenset()
    public = set(session.scalars(directory.public(SYSTEM).where(Listing.id.in_(wanted)).with_only_columns(Listing.id)))
    return frozenset(row.id for row in rows if row.listing_id not in public)


def frozen_requests() -> frozenset[int]:
    """Requests that wait for a supplier that is not public now."""
    public = directory.public(SYSTEM).with_only_columns(Listing.id)
    return frozenset(
        session.scalars(
            sa.select(Consultation.id).where(
                Consultation.status == Status.REQUESTED, Consultation.listing_id.not_in(public)
            )
        )
    )


def ensure_running(row: Consultation) -> None:
    """Raises: RuleBroken consultation_frozen."""
    if frozen([row]):
        raise RuleBroken("consultation_frozen")


# --- what each side sees of the other ----------------------------------------------------------------------


def side(actor: Actor, row: Consultation) -> Side | None:
    return side_of(actor, row.company_id, row.supplier_id)


def own_side(actor: Actor, row: Consultation) -> Side:
    """Raises: NotVisible for who stands on neither."""
    own = side(actor, row)
    if own is None:
        raise NotVisible
    return own


def text_for(own: Side | None, row: Consultation, author: Side, text: str) -> str:
    """A text of the thread as one side reads it: the other's addresses show only while the consultation runs."""
    return text if author is own or row.status is Status.ACCEPTED else masked(text)


SUMMARY = ("ksic", "region", "size", "employees", "products", "processes", "order_type", "pains", "systems")


def company_summary(actor: Actor, row: Consultation) -> list[tuple[Words, Words | str]] | None:
    """The company's facts in words, for the supplier while it holds the right; None without it.

    Neither answers nor evidence nor contact persons are part of it.
    """
    if not grants.has(actor, "organisation", row.company_id, READ_SUMMARY):
        return None
    profile = profiles.profile_of(row.company_id)
    if profile is None:
        return []
    facts: dict[str, Any] = profile.facts
    told: list[tuple[Words, Words | str]] = []
    for name in SUMMARY:
        if not facts.get(name):
            continue
        if name == "region":
            text: Words | str = reference.region_name(facts[name]) or facts[name]
        elif name == "ksic":
            industry = reference.ksic(facts[name]) or reference.ksic(facts[name][:3]) or reference.ksic(facts[name][:2])
            text = industry.label if industry else facts[name]
        else:
            text = fact_text(name, facts[name])
        told.append((FACT_LABELS[name], text))
    return told


def company_contact(actor: Actor, row: Consultation) -> Person | None:
    """Who asked, for the supplier that accepted and while it may know."""
    if not grants.has(actor, "organisation", row.company_id, READ_SUMMARY):
        return None
    return session.get(Person, row.asked_by_id)


def may_read_supplier_contact(actor: Actor, row: Consultation) -> bool:
    return directory.may_read_contact(actor, row.listing)


def days_left(row: Consultation) -> int:
    """Working days that remain to answer, today and the last day among them."""
    return workdays_left(clock.today(), last_day(row.asked_at))


def who(row_side: Side, own: Side | None) -> Words:
    """The sender of a message as the reader sees it: a side, never a name or an address."""
    return say("우리", "We") if row_side is own else row_side.label


def person_for_letters(row: Consultation, to: Side) -> Person | None:
    """One person a side gets the letter: who asked, who answered, else the supplier's administrator."""
    if to is Side.COMPANY:
        return session.get(Person, row.asked_by_id)
    if row.answered_by_id is not None:
        return session.get(Person, row.answered_by_id)
    return directory.person_in_charge(row.supplier_id)
