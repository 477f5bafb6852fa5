"""Writing offers: a firm writes and sends, an operator judges, companies join, the firm answers."""

from __future__ import annotations

from portal.accounts.rules import OPERATOR, SME, Role
from portal.base import audit, clock, once, outbox
from portal.base.access import Actor, Forbidden, RuleBroken, RulesBroken, StaleVersion
from portal.base.db import session, transaction
from portal.directory.rules import clean
from portal.matching import queries as matching
from portal.programmes import queries as programmes
from portal.reference import queries as reference
from portal.winwin import queries
from portal.winwin.models import Joining, Offer, OfferMentor
from portal.winwin.rules import (
    EDITABLE,
    MAX_TEXT,
    Facts,
    JoiningState,
    OfferState,
    broken_facts,
    can_run,
)


def _require_partner(actor: Actor) -> int:
    if not actor.has(Role.PARTNER) or actor.organisation_id is None:
        raise Forbidden("no_right")
    return actor.organisation_id


def save_offer(
    actor: Actor,
    facts: Facts,
    *,
    key: str | None = None,
    version: int | None = None,
    send: bool = False,
    once_key: str | None = None,
) -> Offer:
    """Write a new offer or change one that is not with an operator; `send` lays it before the operator.

    Raises: NotVisible; RuleBroken offer_locked; RulesBroken by field; StaleVersion.
    """
    organisation_id = _require_partner(actor)
    with transaction():
        if key is None and (done := once.claim(actor, once_key, "offer.save")):
            return queries.by_key(actor, done)
        row = queries.by_key(actor, key, lock=True) if key else None
        if row is not None:
            _ensure_state(row, EDITABLE)
            if version is not None and version != row.version:
                raise StaleVersion(mine={"title": facts.title}, current={"title": row.title})
        programme = programmes.programme(facts.programme)
        within = reference.within(facts.region) if facts.region else None
        broken = broken_facts(facts, queries.terms_of(programme), within=within, today=clock.today())
        if broken or programme is None or facts.closes_on is None:
            raise RulesBroken(broken)
        if row is None:
            row = Offer(organisation_id=organisation_id)
            session.add(row)
        row.programme_id, row.title, row.summary = programme.id, clean(facts.title), clean(facts.summary)
        row.gov, row.partner, row.own = facts.shares.gov, facts.shares.partner, facts.shares.own
        row.project_krw, row.places, row.closes_on = facts.project_krw, facts.places, facts.closes_on
        row.technologies, row.sectors = list(facts.technologies), list(facts.sectors)
        row.regions, row.region = list(facts.regions), facts.region
        row.mentors = [
            OfferMentor(field=one.field[:120], technologies=list(one.technologies), weeks=one.weeks)
            for one in facts.mentors
        ]
        if send:
            row.state, row.reason = OfferState.WAITING, ""
        session.flush()
        if key is None:
            once.keep(actor, once_key, "offer.save", row.key)
        audit.record(actor, "offer.send" if send else "offer.save", "offer", row.id, {"programme": facts.programme})
        return row


def _ensure_state(row: Offer, states: frozenset[OfferState]) -> None:
    if row.state not in states:
        raise RuleBroken("offer_locked", state=row.state.label)


def judge_offer(actor: Actor, key: str, *, approve: bool, reason: str = "") -> Offer:
    """Open an offer to companies, or send it back with what to mend.

    Raises: NotVisible, Forbidden; RuleBroken offer_locked, offer_reason (reason). Emits offer.judged.
    """
    if not actor.has(*OPERATOR):
        raise Forbidden("no_right")
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        wanted = OfferState.OPEN if approve else OfferState.RETURNED
        if row.state is wanted:
            return row  # a double click
        verdict = can_run(actor, row.region, programmes.own_region(actor))
        if not verdict:
            raise Forbidden(verdict.code)
        _ensure_state(row, frozenset({OfferState.WAITING}))
        if not approve and not clean(reason):
            raise RuleBroken("offer_reason", "reason")
        row.state, row.reason = wanted, clean(reason)[:1000]
        row.decided_at, row.decided_by_id = clock.now(), actor.id
        session.flush()
        audit.record(actor, "offer.judge", "offer", row.id, {"state": wanted.value})
        outbox.emit("offer.judged", offer_id=row.id)
        return row


def close_offer(actor: Actor, key: str) -> Offer:
    """Take no more companies. Raises: NotVisible; RuleBroken offer_locked."""
    _require_partner(actor)
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        if row.state is OfferState.CLOSED:
            return row
        _ensure_state(row, frozenset({OfferState.OPEN}))
        row.state = OfferState.CLOSED
        session.flush()
        audit.record(actor, "offer.close", "offer", row.id)
        return row


# --- companies ---------------------------------------------------------------------------------------------


def join(actor: Actor, key: str, text: str, mentor_key: str = "", *, once_key: str | None = None) -> Joining:
    """Ask a firm to take the own company in.

    once_key: of the form; a second request while one stands gives that one back
    Raises  : NotVisible; Forbidden; RuleBroken joining_text (text), joining_gate, offer_locked. Emits joining.asked.
    """
    if not actor.has(*SME) or actor.organisation_id is None or actor.id is None:
        raise Forbidden("no_right")
    with transaction():
        if done := once.claim(actor, once_key, "joining.ask"):
            return queries.joining(actor, done)
        offer = queries.by_key(actor, key, lock=True)
        row = next(iter(queries.joinings(actor, offer)), None)
        if row is not None and row.state is not JoiningState.WITHDRAWN:
            return row
        if offer.state is not OfferState.OPEN or offer.closes_on < clock.today():
            raise RuleBroken("offer_locked", state=OfferState.CLOSED.label)
        if not clean(text):
            raise RuleBroken("joining_text", "text")
        gate = queries.match_of(actor, offer).ranked.gate
        if gate:
            raise RuleBroken("joining_full" if gate == "match_no_capacity" else "joining_gate")
        if row is None:
            row = Joining(offer_id=offer.id, company_id=actor.organisation_id, times=0)
            session.add(row)
        mentor = next((one for one in offer.mentors if one.key == mentor_key), None)
        row.asked_by_id, row.text, row.mentor_id = actor.id, clean(text)[:MAX_TEXT], mentor.id if mentor else None
        row.state, row.times, row.reason = JoiningState.WAITING, row.times + 1, ""
        session.flush()
        once.keep(actor, once_key, "joining.ask", row.key)
        audit.record(actor, "joining.ask", "joining", row.id, {"offer": offer.id, "company": row.company_id})
        outbox.emit("joining.asked", joining_id=row.id, time=row.times)
        return row


def withdraw_joining(actor: Actor, key: str) -> Joining:
    """The company takes its request back. Raises: NotVisible; Forbidden; RuleBroken joining_not_open."""
    if not actor.has(*SME):
        raise Forbidden("no_right")
    with transaction():
        row = queries.joining(actor, key, lock=True)
        if row.state is JoiningState.WITHDRAWN:
            return row
        if row.state is not JoiningState.WAITING:
            raise RuleBroken("joining_not_open")
        row.state = JoiningState.WITHDRAWN
        session.flush()
        audit.record(actor, "joining.withdraw", "joining", row.id)
        return row


def answer_joining(actor: Actor, key: str, *, accept: bool, reason: str = "") -> Joining:
    """The firm takes a company in, or says why not; never more companies than places.

    Raises: NotVisible; Forbidden; RuleBroken joining_not_open, joining_full, joining_reason (reason).
    Emits joining.answered.
    """
    _require_partner(actor)
    with transaction():
        row = queries.joining(actor, key)
        offer = queries.by_key(actor, row.offer.key, lock=True)  # answers to one offer queue up: places are counted
        row = queries.joining(actor, key, lock=True)
        wanted = JoiningState.ACCEPTED if accept else JoiningState.DECLINED
        if row.state is wanted:
            return row
        if row.state is not JoiningState.WAITING:
            raise RuleBroken("joining_not_open")
        if accept and queries.taken([offer.id]).get(offer.id, 0) >= offer.places:
            raise RuleBroken("joining_full")
        if not accept and not clean(reason):
            raise RuleBroken("joining_reason", "reason")
        row.state, row.reason, row.answered_at = wanted, clean(reason)[:1000], clock.now()
        session.flush()
        audit.record(actor, "joining.answer", "joining", row.id, {"state": wanted.value})
        outbox.emit("joining.answered", joining_id=row.id, time=row.times)
        return row


def read_mentors(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """The lines in which a firm names its mentors' fields, with the technologies that each names."""
    lines = [clean(line)[:120] for line in text.splitlines()]
    return [(line, tuple(matching.named_technologies(line))) for line in lines if line]
