"""Consultations: ask, accept or decline, talk, close. Rights of the other side come and go with the state."""

from __future__ import annotations

import sqlalchemy as sa

from portal.accounts.models import Organisation
from portal.accounts.rules import SME
from portal.base import audit, clock, grants, mail, once, outbox
from portal.base.access import SYSTEM, Actor, Forbidden, NotVisible, RuleBroken, ensure
from portal.base.db import session, transaction
from portal.conflicts import service as conflicts
from portal.conflicts.rules import Source, TieKind
from portal.consultations import queries
from portal.consultations.models import Consultation, Message
from portal.consultations.rules import (
    MAX_OPEN,
    MAX_TEXT,
    DeclineReason,
    Outcome,
    Side,
    Status,
    Topic,
    can_answer,
    can_close,
    can_write,
)
from portal.directory import queries as directory
from portal.directory.rules import clean
from portal.matching import queries as matching

ONCE = "consultation.request"


def request(actor: Actor, listing_key: str, topic: Topic, need: str, *, once_key: str | None = None) -> Consultation:
    """Ask one public supplier for a consultation.

    once_key: of the form; the same key, or a second request while one is open, gives the first one back
    Raises  : NotVisible for a listing that is not public; RuleBroken consultation_need_needed (need),
              consultation_too_many; Forbidden.
    Notes   : writes consultation, audit; emits consultation.requested
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
        row = Consultation(
            company_id=actor.organisation_id,
            supplier_id=listing.organisation_id,
            listing_id=listing.id,
            shortlist_id=shortlist.id if shortlist else None,
            topic=topic,
            need=clean(need)[:MAX_TEXT],
            asked_by_id=actor.id,
            status=Status.REQUESTED,
        )
        session.add(row)
        session.flush()
        once.keep(actor, once_key, ONCE, row.key)
        audit.record(
            actor,
            "consultation.request",
            "consultation",
            row.id,
            {"company": row.company_id, "supplier": row.supplier_id, "topic": topic.value},
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
        row.status, row.answered_at, row.answered_by_id = Status.DECLINED, clock.now(), actor.id
        row.decline_reason, row.decline_note = reason, clean(note)[:MAX_TEXT]
        row.ended_at = clock.now()
        audit.record(actor, "consultation.decline", "consultation", row.id, {"reason": reason.value})
        outbox.emit("consultation.declined", consultation_id=row.id)
        return row


def write(actor: Actor, key: str, text: str, *, once_key: str | None = None) -> Consultation:
    """Send one message to the other side.

    Raises: NotVisible; RuleBroken consultation_not_open, consultation_text_needed (text). Emits message.sent
    """
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        purpose = f"message:{row.id}"
        if once.claim(actor, once_key, purpose):
            return row
        ensure(can_write(row.status))
        if not clean(text):
            raise RuleBroken("consultation_text_needed", "text")
        message = Message(
            consultation_id=row.id, side=_side(actor, row), person_id=actor.id, text=clean(text)[:MAX_TEXT]
        )
        session.add(message)
        session.flush()
        once.keep(actor, once_key, purpose, str(message.id))
        audit.record(actor, "consultation.write", "consultation", row.id, {"message": message.id})
        outbox.emit("message.sent", consultation_id=row.id, message_id=message.id)
        return row


def close(actor: Actor, key: str, outcome: Outcome, note: str = "") -> Consultation:
    """Record one side's outcome; when both have, the consultation ends and the rights given for it are taken.

    Raises: NotVisible; RuleBroken consultation_not_open, consultation_closed_already, consultation_why_needed (note).
    Notes : emits consultation.closed (one side), and consultation.concluded when it is the second
    """
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        own = _side(actor, row)
        ensure(can_close(row.status, row.has_closed(own)))
        if outcome is Outcome.NONE and not clean(note):
            raise RuleBroken("consultation_why_needed", "note")
        now, note = clock.now(), clean(note)[:MAX_TEXT]
        if own is Side.COMPANY:
            row.company_outcome, row.company_note, row.company_closed_at = outcome, note, now
        else:
            row.supplier_outcome, row.supplier_note, row.supplier_closed_at = outcome, note, now
        is_last = row.has_closed(own.other)
        if outcome is Outcome.CONTRACT:
            _note_contract(actor, row)
        if is_last:
            conflicts.end_ties_from(actor, ("consultation", row.id), TieKind.ADVISED)
            row.status, row.ended_at = Status.CONCLUDED, now
            _take_rights(actor, row, "consultation.concluded")
        audit.record(actor, "consultation.close", "consultation", row.id, {"side": own.value, "outcome": outcome.value})
        if is_last:
            outbox.emit("consultation.concluded", consultation_id=row.id, side=own.value)
        else:
            outbox.emit("consultation.closed", consultation_id=row.id, side=own.value)
        return row


def expire_overdue() -> int:
    """End requests that stayed without an answer for 14 days; the worker's daily round. Returns how many."""
    ended = 0
    for consultation_id in queries.overdue(clock.now()):
        with transaction():
            row = queries.by_id(consultation_id, lock=True)  # an answer that comes at this moment counts
            if row is None or row.status is not Status.REQUESTED:
                continue
            row.status, row.ended_at = Status.EXPIRED, clock.now()
            audit.record(SYSTEM, "consultation.expire", "consultation", row.id)
            outbox.emit("consultation.expired", consultation_id=row.id)
            ended += 1
    return ended


def _side(actor: Actor, row: Consultation) -> Side:
    own = queries.side(actor, row)
    if own is None:
        raise NotVisible
    return own


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


# --- letters: one to the other side for each event ---------------------------------------------------------


def _tell(consultation_id: int, to: Side, template: str, once_suffix: str = "") -> None:
    row = queries.by_id(consultation_id)
    person = queries.person_for_letters(row, to) if row else None
    if row is None or person is None:
        return
    mail.queue(
        person.email,
        template,
        person.language,
        f"{template}:{row.id}{once_suffix}",
        other=(row.supplier if to is Side.COMPANY else row.company).name,
        topic=row.topic.label.in_(person.language),
        path=f"/consultations/{row.key}",
    )


def tell_requested(consultation_id: int) -> None:
    _tell(consultation_id, Side.SUPPLIER, "consultation_requested")


def tell_accepted(consultation_id: int) -> None:
    _tell(consultation_id, Side.COMPANY, "consultation_accepted")


def tell_declined(consultation_id: int) -> None:
    _tell(consultation_id, Side.COMPANY, "consultation_declined")


def tell_expired(consultation_id: int) -> None:
    _tell(consultation_id, Side.COMPANY, "consultation_expired")


def tell_message(consultation_id: int, message_id: int) -> None:
    message = session.get(Message, message_id)
    if message is not None:
        _tell(consultation_id, message.side.other, "consultation_message", f":{message_id}")


def tell_closed(consultation_id: int, side: str) -> None:
    _tell(consultation_id, Side(side).other, "consultation_closed", f":{side}")


def tell_concluded(consultation_id: int, side: str) -> None:
    _tell(consultation_id, Side(side).other, "consultation_concluded")
