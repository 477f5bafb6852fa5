"""Registrations, certificates and levels of suppliers: claimed with a paper, judged by an operator, ended by their day.

Nothing else writes what `marks` reads: a supplier claims, an operator (or a confirmed project) vouches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.accounts.rules import OPERATOR, SUPPLIER, Role
from portal.base import audit, clock, files, mail, outbox
from portal.base.access import SYSTEM, Actor, Forbidden, NotVisible, RuleBroken, RulesBroken, StaleVersion
from portal.base.db import session, transaction
from portal.base.paging import Page, paginate
from portal.directory import marks, queries
from portal.directory.models import Listing, Verification
from portal.directory.oversight import (
    NUMBERED,
    REMIND_BEFORE,
    Certificate,
    Mark,
    VerificationState,
    check_dates,
)
from portal.directory.rules import can_judge, clean

PAPER_KINDS = ("pdf", "png", "jpg")
PAPER_BYTES = 10 * 1024 * 1024
PAGE_SIZE = 30


# --- reading -----------------------------------------------------------------------------------------------


def visible_to(actor: Actor) -> sa.Select[tuple[Verification]]:
    """The verifications that an actor may read with their papers: of the own listing; operators and auditors all."""
    allowed: list[sa.ColumnElement[bool]] = [sa.false()]
    if actor.is_system or actor.has(*OPERATOR, Role.AUDITOR):
        allowed.append(sa.true())
    if actor.organisation_id is not None and actor.has(*SUPPLIER):
        own = sa.select(Listing.id).where(Listing.organisation_id == actor.organisation_id)
        allowed.append(Verification.listing_id.in_(own))
    return sa.select(Verification).where(sa.or_(*allowed))


def by_key(actor: Actor, key: str) -> Verification:
    """Raises: NotVisible."""
    row = session.scalar(visible_to(actor).where(Verification.key == key))
    if row is None:
        raise NotVisible
    return row


def note_read(actor: Actor, key: str) -> None:
    """Leave a trace when somebody from outside the supplier opens a paper (접속기록)."""
    with transaction():
        row = by_key(actor, key)
        if row.listing.organisation_id != actor.organisation_id:
            audit.record(actor, "verification.read_paper", "verification", row.id)


def of_listing(actor: Actor, listing_id: int) -> Sequence[Verification]:
    """Every verification of a listing, newest first, for who may read its papers."""
    return session.scalars(
        visible_to(actor).where(Verification.listing_id == listing_id).order_by(Verification.id.desc())
    ).all()


def shown(listing_id: int) -> Sequence[Verification]:
    """What stands today, for everybody, in the order of the marks."""
    rows = session.scalars(
        sa.select(Verification).where(Verification.listing_id == listing_id, marks.stands(clock.today()))
    ).all()
    return sorted(rows, key=lambda row: list(Mark).index(row.kind))


QUEUES = {
    "claimed": lambda: Verification.state == VerificationState.CLAIMED,
    "ending": lambda: sa.and_(
        Verification.state == VerificationState.VERIFIED,
        Verification.valid_until <= clock.today() + REMIND_BEFORE,
    ),
    "verified": lambda: marks.stands(clock.today()),
    "all": sa.true,
}


def queue(actor: Actor, which: str, number: int) -> Page[Verification]:
    """What operators work through, the longest waiting first; what ends soon by its day."""
    order = [Verification.valid_until] if which == "ending" else []
    wanted = visible_to(actor).where(QUEUES[which]()).options(joinedload(Verification.listing))
    return paginate(wanted.order_by(*order, Verification.created_at, Verification.id), number, PAGE_SIZE)


def counts(actor: Actor) -> dict[str, int]:
    """How many verifications each tab holds, through the same WHERE as its rows."""
    row = (
        session.execute(
            visible_to(actor).with_only_columns(
                *[sa.func.sum(sa.case((condition(), 1), else_=0)).label(name) for name, condition in QUEUES.items()]
            )
        )
        .mappings()
        .one()
    )
    return {name: int(row[name] or 0) for name in QUEUES}


# --- the supplier ------------------------------------------------------------------------------------------


def _of_kind(listing_id: int, kind: Mark, state: VerificationState) -> Verification | None:
    return session.scalar(
        sa.select(Verification).where(
            Verification.listing_id == listing_id, Verification.kind == kind, Verification.state == state
        )
    )


def _check(kind: Mark, paper: Certificate) -> list[RuleBroken]:
    broken = []
    if kind in NUMBERED and not clean(paper.number):
        broken.append(RuleBroken("mark_number_needed", "number"))
    if kind is Mark.CAPABILITY and paper.level is None:
        broken.append(RuleBroken("mark_level_needed", "level"))
    dates = check_dates(paper.issued_on, paper.valid_until, clock.today())
    if not dates:
        broken.append(RuleBroken(dates.code, "issued_on" if dates.code == "mark_issued_later" else "valid_until"))
    return broken


def _put(row: Verification, paper: Certificate) -> None:
    row.number, row.issuer = clean(paper.number), clean(paper.issuer)
    row.level = paper.level if row.kind is Mark.CAPABILITY else None
    row.issued_on, row.valid_until = paper.issued_on, paper.valid_until


def claim(
    actor: Actor, kind: Mark, paper: Certificate, stream: IO[bytes] | None, filename: str, note: str = ""
) -> Verification:
    """Ask an operator to vouch for a certificate of the own company.

    Raises: RuleBroken listing_not_there, mark_already_claimed (kind), what is wrong with the file (file);
    RulesBroken for what is wrong with the certificate.
    """
    with transaction():
        listing = queries.own(actor)
        if listing is None:
            raise RuleBroken("listing_not_there")
        broken = _check(kind, paper)
        if _of_kind(listing.id, kind, VerificationState.CLAIMED):
            broken.append(RuleBroken("mark_already_claimed", "kind"))
        if stream is None:
            broken.append(RuleBroken("mark_paper_needed", "file"))
        if broken:
            raise RulesBroken(broken)
        stored = files.store(stream, filename, kinds=PAPER_KINDS, max_bytes=PAPER_BYTES, field="file")
        row = Verification(
            listing_id=listing.id,
            kind=kind,
            state=VerificationState.CLAIMED,
            blob_id=stored.blob_id,
            filename=stored.filename,
            note=clean(note),
            claimed_by_id=actor.id,
        )
        _put(row, paper)
        session.add(row)
        session.flush()
        audit.record(actor, "verification.claim", "verification", row.id, {"kind": kind.value, "sha256": stored.sha256})
        return row


def propose(actor: Actor, organisation_id: int, kind: Mark, paper: Certificate, source: str) -> Verification:
    """Lay a finding of the portal's own work (an assessment, a project) before an operator; replaces an open claim.

    actor : the system, for the feature that found it
    source: where it can be looked up, "advising:<id>"
    Raises: Forbidden for anybody else; NotVisible without a listing; RulesBroken.
    """
    if not actor.is_system:
        raise Forbidden("no_right")
    with transaction():
        listing = queries.of_organisation(organisation_id)
        if listing is None:
            raise NotVisible
        broken = [one for one in _check(kind, paper) if one.code != "mark_number_needed"]
        if broken:
            raise RulesBroken(broken)
        row = _of_kind(listing.id, kind, VerificationState.CLAIMED)
        if row is None:
            row = Verification(listing_id=listing.id, kind=kind, state=VerificationState.CLAIMED)
            session.add(row)
        _put(row, paper)
        # the supplier's own paper and words say nothing about what the portal found
        row.source, row.blob_id, row.filename, row.note, row.claimed_by_id = clean(source), None, "", "", None
        session.flush()
        audit.record(actor, "verification.propose", "verification", row.id, {"kind": kind.value, "source": row.source})
        return row


def withdraw(actor: Actor, key: str) -> Verification:
    """The supplier takes an own open claim back. Raises: NotVisible, Forbidden, RuleBroken mark_not_waiting."""
    with transaction():
        row = by_key(actor, key)
        listing = queries.own(actor)
        if listing is None or listing.id != row.listing_id:
            raise Forbidden("listing_not_yours")
        if row.source:  # found by the portal's own work, not claimed
            raise Forbidden("no_right")
        _waiting(row, None)
        row.state = VerificationState.WITHDRAWN
        audit.record(actor, "verification.withdraw", "verification", row.id)
        return row


# --- operators ---------------------------------------------------------------------------------------------


def _to_judge(actor: Actor, key: str) -> Verification:
    row = by_key(actor, key)
    verdict = can_judge(actor, row.listing.organisation_id)
    if not verdict:
        raise Forbidden(verdict.code)
    return row


def _waiting(row: Verification, version: int | None) -> None:
    if row.state is not VerificationState.CLAIMED:
        raise RuleBroken("mark_not_waiting")
    if version is not None and row.version != version:
        raise StaleVersion()


def _judge(actor: Actor, row: Verification, state: VerificationState, reason: str = "") -> None:
    row.state, row.reason = state, clean(reason)
    row.judged_by_id, row.judged_at = actor.id, clock.now()


def verify(actor: Actor, key: str, paper: Certificate, version: int | None = None) -> Verification:
    """Vouch for a claim as the operator read the paper; what stood of this kind before ends with it.

    Raises: RuleBroken mark_not_waiting; RulesBroken; StaleVersion; Forbidden.
    """
    with transaction():
        row = _to_judge(actor, key)
        _waiting(row, version)
        broken = _check(row.kind, paper)
        if broken:
            raise RulesBroken(broken)
        _replace(actor, row.listing_id, row.kind)
        _put(row, paper)
        _judge(actor, row, VerificationState.VERIFIED)
        session.flush()
        audit.record(actor, "verification.verify", "verification", row.id, {"kind": row.kind.value})
        outbox.emit("verification.judged", verification_id=row.id)
        return row


def _replace(actor: Actor, listing_id: int, kind: Mark) -> None:
    old = _of_kind(listing_id, kind, VerificationState.VERIFIED)
    if old is not None:
        old.state = VerificationState.ENDED
        session.flush()
        audit.record(actor, "verification.replace", "verification", old.id)


def record(actor: Actor, listing_id: int, kind: Mark, paper: Certificate, source: str = "") -> Verification:
    """Vouch for something without a claim: an operator from the register, or a confirmed project (the system).

    Raises: Forbidden, NotVisible, RulesBroken.
    """
    with transaction():
        listing = queries.by_id(actor, listing_id)
        verdict = can_judge(actor, listing.organisation_id)
        if not verdict:
            raise Forbidden(verdict.code)
        broken = _check(kind, paper)
        if broken:
            raise RulesBroken(broken)
        _replace(actor, listing.id, kind)
        row = Verification(listing_id=listing.id, kind=kind, source=clean(source))
        _put(row, paper)
        _judge(actor, row, VerificationState.VERIFIED)
        session.add(row)
        session.flush()
        audit.record(actor, "verification.record", "verification", row.id, {"kind": kind.value, "source": row.source})
        return row


def refuse(actor: Actor, key: str, reason: str, version: int | None = None) -> Verification:
    """Say why a claim is not vouched for. Raises: RuleBroken mark_not_waiting, mark_reason_needed (reason)."""
    with transaction():
        row = _to_judge(actor, key)
        _waiting(row, version)
        if not clean(reason):
            raise RuleBroken("mark_reason_needed", "reason")
        _judge(actor, row, VerificationState.REFUSED, reason)
        audit.record(actor, "verification.refuse", "verification", row.id, {"kind": row.kind.value})
        outbox.emit("verification.judged", verification_id=row.id)
        return row


def end(actor: Actor, key: str, reason: str) -> Verification:
    """Take a mark away before its day. Raises: RuleBroken mark_not_standing, mark_reason_needed (reason)."""
    with transaction():
        row = _to_judge(actor, key)
        if row.state is not VerificationState.VERIFIED:
            raise RuleBroken("mark_not_standing")
        if not clean(reason):
            raise RuleBroken("mark_reason_needed", "reason")
        _judge(actor, row, VerificationState.ENDED, reason)
        audit.record(actor, "verification.end", "verification", row.id, {"kind": row.kind.value})
        outbox.emit("verification.judged", verification_id=row.id)
        return row


# --- the days and the letters ------------------------------------------------------------------------------


def follow_days() -> None:
    """Close what has expired and remind of what expires within a month; the round of every morning.

    Notes: a mark is gone from every page on its day, whether this ran or not.
    """
    today = clock.today()
    with transaction():
        over = session.scalars(
            sa.select(Verification).where(
                Verification.state == VerificationState.VERIFIED, Verification.valid_until < today
            )
        ).all()
        for row in over:
            row.state = VerificationState.EXPIRED
            audit.record(SYSTEM, "verification.expire", "verification", row.id, {"kind": row.kind.value})
            _write(row, "verification_expired")
        soon = session.scalars(
            sa.select(Verification).where(
                marks.stands(today),
                Verification.valid_until <= today + REMIND_BEFORE,
                Verification.reminded_at.is_(None),
            )
        ).all()
        for row in soon:
            row.reminded_at = clock.now()
            _write(row, "verification_ending")


def _write(row: Verification, template: str) -> None:
    person = queries.person_in_charge(row.listing.organisation_id)
    if person is None:
        return
    mail.queue(
        person.email,
        template,
        person.language,
        f"{template}:{row.key}:{row.state.value}",
        supplier=row.listing.name,
        kind=getattr(row.kind.label, person.language),
        state=getattr(row.state.label, person.language),
        reason=row.reason,
        valid_until=row.valid_until,
    )


def write_judged(verification_id: int) -> None:
    _write(session.get(Verification, verification_id), "verification_judged")
