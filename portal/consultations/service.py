"""A consultation's states: ask, accept, decline, withdraw, close. Rights of the other side come and go with them."""

from __future__ import annotations

import sqlalchemy as sa

from portal.accounts.models import Organisation
from portal.accounts.rules import SME
from portal.base import audit, clock, grants, once, outbox
from portal.base.access import Actor, Forbidden, RuleBroken, ensure
from portal.base.db import session, transaction
from portal.conflicts import service as conflicts
from portal.conflicts.rules import Source, TieKind
from portal.consultations import figures, queries
from portal.consultations.models import Consultation
from portal.consultations.rules import (
    MAX_OPEN,
    MAX_TEXT,
    DeclineReason,
    NoneReason,
    Outcome,
    Side,
    Status,
    Topic,
    can_answer,
    can_close,
    can_withdraw,
)
from portal.directory import queries as directory
from portal.directory import ratings
from portal.directory.models import Listing
from portal.directory.rules import clean
from portal.matching import choices
from portal.matching import queries as matching

ONCE = "consultation.request"


def request(actor: Actor, listing_key: str, topic: Topic, need: str, *, once_key: str | None = None) -> Consultation:
    """Ask one public supplier for a consultation.

    once_key: of the form; the same key, or a second request while one is open, gives the first one back
    Raises  : NotVisible for a listing that is not public; RuleBroken consultation_need_needed (need),
              consultation_too_many; Forbidden.
    Notes   : keeps what stood before the company; writes consultation, audit; emits consultation.requested
    """
    if not actor.has(*SME) or actor.organisation_id is None:
        raise Forbidden("no_right")
    with transaction():
        # one company's requests queue up here, so that a double click finds what the first one made
        session.execute(sa.select(Organisation.id).where(Organisation.id == actor.organisation_id).with_for_update())
        if done := once.claim(actor, once_key, ONCE):
            return queries.by_key(actor, done)
        listing = directory.public_by_key(actor, listing_key)
        if standing := queries.open_between(actor.organisation_id, listing.organisation_id):
            once.keep(actor, once_key, ONCE, standing.key)
            return standing
        if not clean(need):
            raise RuleBroken("consultation_need_needed", "need")
        if queries.open_count(actor.organisation_id) >= MAX_OPEN:
            raise RuleBroken("consultation_too_many", limit=MAX_OPEN)
        shortlist = matching.latest(actor)
        row = put(
            actor,
            listing,
            Consultation(
                company_id=actor.organisation_id,
                asked_by_id=actor.id,
                shortlist_id=shortlist.id if shortlist else None,
                topic=topic,
                need=clean(need)[:MAX_TEXT],
            ),
        )
        choices.keep(actor, [listing.id])
        once.keep(actor, once_key, ONCE, row.key)
        return row


def put(actor: Actor, listing: Listing, row: Consultation) -> Consultation:
    """Lay a request before a supplier, in the caller's transaction. Emits consultation.requested."""
    row.listing_id, row.supplier_id, row.status = listing.id, listing.organisation_id, Status.REQUESTED
    session.add(row)
    session.flush()
    audit.record(
        actor,
        "consultation.request",
        "consultation",
        row.id,
        {
            "company": row.company_id,
            "supplier": row.supplier_id,
            "topic": row.topic.value,
            "fan_out": row.fan_out_id,
        },
    )
    outbox.emit("consultation.requested", consultation_id=row.id)
    return row


def accept(actor: Actor, key: str) -> Consultation:
    """Take a request: both sides now see whom they talk to.

    Raises: NotVisible; RuleBroken consultation_other_side, consultation_not_open.
    Notes : gives the company the supplier's contact, the supplier the company's summary; emits consultation.accepted
    """
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        own = queries.side(actor, row)
        if own is Side.SUPPLIER and row.status is Status.ACCEPTED:
            return row  # a double click
        ensure(can_answer(own, row.status))
        queries.ensure_running(row)
        row.status, row.answered_at, row.answered_by_id = Status.ACCEPTED, clock.now(), actor.id
        session.flush()
        grants.give(
            actor,
            "listing",
            row.listing_id,
            directory.READ_CONTACT,
            organisation_id=row.company_id,
            reason="consultation.accepted",
        )
        grants.give(
            actor,
            "organisation",
            row.company_id,
            queries.READ_SUMMARY,
            organisation_id=row.supplier_id,
            reason="consultation.accepted",
        )
        _note_advice(actor, row)
        figures.count(row.listing_id)
        audit.record(actor, "consultation.accept", "consultation", row.id)
        outbox.emit("consultation.accepted", consultation_id=row.id)
        return row


def decline(actor: Actor, key: str, reason: DeclineReason, note: str = "") -> Consultation:
    """Say no, with a reason. Raises: as `accept`. Emits consultation.declined."""
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        own = queries.side(actor, row)
        if own is Side.SUPPLIER and row.status is Status.DECLINED:
            return row  # a double click
        ensure(can_answer(own, row.status))
        queries.ensure_running(row)
        row.status, row.answered_at, row.answered_by_id = Status.DECLINED, clock.now(), actor.id
        row.decline_reason, row.decline_note = reason, clean(note)[:MAX_TEXT]
        row.ended_at = clock.now()
        session.flush()
        figures.count(row.listing_id)
        audit.record(actor, "consultation.decline", "consultation", row.id, {"reason": reason.value})
        outbox.emit("consultation.declined", consultation_id=row.id)
        return row


def withdraw(actor: Actor, key: str) -> Consultation:
    """Take a request back that nobody has answered; it leaves no trace in the supplier's figures.

    Raises: NotVisible; RuleBroken consultation_other_side, consultation_not_open.
    Notes : emits consultation.withdrawn
    """
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        if row.status is Status.WITHDRAWN:
            return row  # a double click
        ensure(can_withdraw(queries.side(actor, row), row.status))
        row.status, row.ended_at = Status.WITHDRAWN, clock.now()
        audit.record(actor, "consultation.withdraw", "consultation", row.id)
        outbox.emit("consultation.withdrawn", consultation_id=row.id)
        return row


def close(actor: Actor, key: str, outcome: Outcome, note: str = "", reason: NoneReason | None = None) -> Consultation:
    """Record one side's outcome; when both have, the consultation ends and the rights given for it are taken.

    reason: why nothing came of it, and only then
    Raises: NotVisible; RuleBroken consultation_not_open, consultation_closed_already, consultation_frozen,
            consultation_reason_needed (reason), consultation_why_needed (note, for another reason).
    Notes : emits consultation.closed (one side), and consultation.concluded when it is the second
    """
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        own = queries.own_side(actor, row)
        ensure(can_close(row.status, row.has_closed(own)))
        if own is Side.SUPPLIER:  # a company may always say how it ended
            queries.ensure_running(row)
        if outcome is not Outcome.NONE:
            reason = None
        elif reason is None:
            raise RuleBroken("consultation_reason_needed", "reason")
        elif reason is NoneReason.OTHER and not clean(note):
            raise RuleBroken("consultation_why_needed", "note")
        now, note = clock.now(), clean(note)[:MAX_TEXT]
        if own is Side.COMPANY:
            row.company_outcome, row.company_reason, row.company_note, row.company_closed_at = (
                outcome,
                reason,
                note,
                now,
            )
        else:
            row.supplier_outcome, row.supplier_reason, row.supplier_note, row.supplier_closed_at = (
                outcome, reason, note, now,
            )  # fmt: skip
        is_last = row.has_closed(own.other)
        if outcome is Outcome.CONTRACT:
            _note_contract(actor, row)
        if is_last:
            conflicts.end_ties_from(actor, ("consultation", row.id), TieKind.ADVISED)
            row.status, row.ended_at = Status.CONCLUDED, now
            if row.is_contract:
                ratings.open_for(actor, row.listing_id, row.company_id, f"consultation:{row.key}")
            _take_rights(actor, row, "consultation.concluded")
        audit.record(actor, "consultation.close", "consultation", row.id, {"side": own.value, "outcome": outcome.value})
        if is_last:
            outbox.emit("consultation.concluded", consultation_id=row.id, side=own.value)
        else:
            outbox.emit("consultation.closed", consultation_id=row.id, side=own.value)
        return row


def _note_advice(actor: Actor, row: Consultation) -> None:
    """Who gives and takes advice can't judge the other one's case: for the search for conflicts, on both levels."""
    source = Source.MATCHING if row.shortlist_id else Source.CONSULTATION
    origin, today = ("consultation", row.id), clock.today()
    conflicts.note_tie(
        actor,
        TieKind.ADVISED,
        source,
        organisation_id=row.company_id,
        other_organisation_id=row.supplier_id,
        from_on=today,
        origin=origin,
    )
    for person_id, organisation_id in ((row.answered_by_id, row.company_id), (row.asked_by_id, row.supplier_id)):
        conflicts.note_tie(
            actor,
            TieKind.ADVISED,
            source,
            person_id=person_id,
            organisation_id=organisation_id,
            from_on=today,
            origin=origin,
        )


def _note_contract(actor: Actor, row: Consultation) -> None:
    conflicts.note_tie(
        actor,
        TieKind.TRADES,
        Source.CONSULTATION,
        organisation_id=row.company_id,
        other_organisation_id=row.supplier_id,
        from_on=clock.today(),
        origin=("consultation", row.id),
    )


def _take_rights(actor: Actor, row: Consultation, reason: str) -> None:
    grants.take(actor, "listing", row.listing_id, directory.READ_CONTACT, organisation_id=row.company_id, reason=reason)
    grants.take(
        actor,
        "organisation",
        row.company_id,
        queries.READ_SUMMARY,
        organisation_id=row.supplier_id,
        reason=reason,
    )
