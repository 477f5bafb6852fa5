"""Reading letters: a firm its own once they are sent, operators and auditors all that concern them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from portal.accounts.models import Organisation, Person
from portal.accounts.rules import SME, Role
from portal.base.access import Actor, NotVisible
from portal.base.db import session
from portal.base.paging import Page, paginate
from portal.letters.models import Letter, LetterBatch
from portal.letters.rules import BatchState, LetterKind, LetterState
from portal.reference import queries as reference

PER_PAGE = 30


def visible_to(actor: Actor) -> sa.Select[tuple[Letter]]:
    """The letters that an actor may open: sent ones of the own firm; of every firm or of the region for the agency."""
    allowed = []
    if actor.is_system:
        allowed.append(sa.true())
    if actor.has(*SME) and actor.organisation_id is not None:
        allowed.append(sa.and_(Letter.organisation_id == actor.organisation_id, Letter.state == LetterState.SENT))
    if actor.has(Role.OPERATOR_NATIONAL, Role.AUDITOR):
        allowed.append(sa.true())
    elif actor.has(Role.OPERATOR_REGION) and actor.region:
        allowed.append(Letter.region.in_(reference.within(actor.region)))
    return sa.select(Letter).where(sa.or_(*allowed) if allowed else sa.false())


def by_key(actor: Actor, key: str) -> Letter:
    """Raises: NotVisible."""
    row = session.scalar(visible_to(actor).where(Letter.key == key))
    if row is None:
        raise NotVisible
    return row


def own(actor: Actor) -> Sequence[Letter]:
    """The letters to the actor's firm, the newest first."""
    if not actor.has(*SME):
        return []
    return session.scalars(visible_to(actor).order_by(Letter.sent_at.desc(), Letter.id.desc())).all()


def of_application(actor: Actor, application_id: int) -> Sequence[Letter]:
    """The letters about one application that the actor may open, the oldest first."""
    return session.scalars(visible_to(actor).where(Letter.application_id == application_id).order_by(Letter.id)).all()


def register(actor: Actor, *, text: str = "", kind: LetterKind | None = None, page: int = 1) -> Page[Letter]:
    """Every letter that the agency may see, the newest first. text: part of a receipt number or of a firm's name."""
    select = visible_to(actor)
    if kind is not None:
        select = select.where(Letter.kind == kind)
    if text:
        firms = sa.select(Organisation.id).where(Organisation.name.contains(text, autoescape=True))
        select = select.where(sa.or_(Letter.number.contains(text, autoescape=True), Letter.organisation_id.in_(firms)))
    return paginate(select.order_by(Letter.id.desc()), page, PER_PAGE)


def about(names: Collection[str]) -> Mapping[str, Letter]:
    """What a letter is about → the letter. Who calls has checked the reader."""
    return {row.about: row for row in session.scalars(sa.select(Letter).where(Letter.about.in_(list(names))))}


def by_about(name: str, *, lock: bool = False) -> Letter | None:
    select = sa.select(Letter).where(Letter.about == name)
    if lock:
        select = select.with_for_update(of=Letter).execution_options(populate_existing=True)
    return session.scalar(select)


def genuine(digest: str) -> Letter | None:
    """The sent letter of a hash, of its file or of its content."""
    # public: who holds the hash holds the letter, and the page says its kind and its day alone
    return session.scalar(
        sa.select(Letter)
        .where(Letter.state == LetterState.SENT, sa.or_(Letter.sha256 == digest, Letter.content_sha256 == digest))
        .order_by(Letter.sent_at)
        .limit(1)
    )


def people_of(organisation_id: int) -> Sequence[Person]:
    """Who of a firm gets its letters: active people with a confirmed address."""
    return session.scalars(
        sa.select(Person)
        .where(Person.organisation_id == organisation_id, Person.active.is_(True), Person.confirmed_at.is_not(None))
        .order_by(Person.id)
    ).all()


def language_of(organisation_id: int) -> str:
    """In which language a firm is written to: that of whoever has its account the longest."""
    people = people_of(organisation_id)
    return people[0].language if people else "ko"


# --- batches ----------------------------------------------------------------------------------------------------


def batches(purpose: str, call_id: int, limit: int = 5) -> Sequence[LetterBatch]:
    """The batches of a call, the newest first. Who calls has checked the reader."""
    return session.scalars(
        sa.select(LetterBatch)
        .where(LetterBatch.purpose == purpose, LetterBatch.call_id == call_id)
        .order_by(LetterBatch.id.desc())
        .limit(limit)
    ).all()


def open_batch(purpose: str, call_id: int) -> LetterBatch | None:
    return session.scalar(
        sa.select(LetterBatch).where(
            LetterBatch.purpose == purpose,
            LetterBatch.call_id == call_id,
            LetterBatch.state.in_([BatchState.WAITING, BatchState.RUNNING]),
        )
    )


def next_batch_id(purposes: Collection[str]) -> int | None:
    """The oldest batch that is not at its end."""
    return session.scalar(
        sa.select(LetterBatch.id)
        .where(
            LetterBatch.purpose.in_(list(purposes)),
            LetterBatch.state.in_([BatchState.WAITING, BatchState.RUNNING]),
        )
        .order_by(LetterBatch.id)
        .limit(1)
    )
