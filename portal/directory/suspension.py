"""Suspending a supplier as one reversible act: ground, term, letter, publication, appeal and answer.

It works in the request in which it is decided (`standing`), and ends on its day by itself; the nightly round only tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import sqlalchemy as sa

from portal.accounts import queries as accounts
from portal.accounts.rules import OPERATOR, Role
from portal.base import audit, clock, mail, outbox
from portal.base.access import SYSTEM, Actor, Forbidden, NotVisible, RuleBroken, RulesBroken, ensure
from portal.base.db import session, transaction
from portal.base.words import Words, say
from portal.directory import queries, standing
from portal.directory.models import Listing, Suspension
from portal.directory.oversight import (
    LONGEST_TERM,
    NOT_NOW,
    AppealOutcome,
    SuspensionGround,
    can_answer_appeal,
    can_appeal,
    can_suspend,
)
from portal.directory.rules import can_judge, clean

# --- reading -----------------------------------------------------------------------------------------------


def history(actor: Actor, listing: Listing) -> Sequence[Suspension]:
    """Every suspension of a listing, newest first, for the operators and for its own people; of others none."""
    if not can_judge(actor, listing.organisation_id) and not actor.has(Role.AUDITOR):
        own = queries.own(actor)
        if own is None or own.id != listing.id:
            return []
    return session.scalars(
        sa.select(Suspension)
        .where(Suspension.listing_id == listing.id)
        .order_by(Suspension.starts_at.desc(), Suspension.id.desc())
    ).all()


def published(key: str) -> tuple[Listing, Suspension]:
    """A supplier that others may read is suspended, and why; by the address of its page. Raises: NotVisible."""
    row = session.scalar(sa.select(Listing).where(Listing.key == key, standing.is_published()))
    found = row and row.suspension
    if row is None or found is None or not found.is_published:
        raise NotVisible
    return row, found


def notice_for(actor: Actor, organisation_id: int) -> Words | None:
    """What somebody who deals with a supplier reads while it is suspended; None while it is not.

    The ground only when the decision is published; its own people and operators read it on their own pages.
    """
    row = standing.of_organisation(organisation_id)
    if row is None:
        return None
    if row.is_published or actor.organisation_id == organisation_id:
        return say("현재 신청 불가: {ground}", "Can't be asked now: {ground}").format(ground=row.ground.label)
    return NOT_NOW


def appeals_waiting(actor: Actor) -> int:
    """How many appeals an operator may answer: not those against the own decision."""
    if not actor.has(*OPERATOR):
        return 0
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(Suspension)
            .where(
                standing.in_force(),
                Suspension.appealed_at.is_not(None),
                Suspension.answered_at.is_(None),
                sa.or_(Suspension.decided_by_id.is_(None), Suspension.decided_by_id != actor.id),
            )
        )
        or 0
    )


# --- deciding ----------------------------------------------------------------------------------------------


def _judged(actor: Actor, listing_id: int) -> Listing:
    row = queries.by_id(actor, listing_id)
    verdict = can_judge(actor, row.organisation_id)
    if not verdict:
        raise Forbidden(verdict.code)
    # one decision at a time for one supplier
    session.execute(sa.select(Listing.id).where(Listing.id == row.id).with_for_update())
    return row


def suspend(
    actor: Actor,
    listing_id: int,
    ground: SuspensionGround,
    detail: str,
    *,
    last_day: date | None = None,
    document: str = "",
    publication_ground: str = "",
    published_on: date | None = None,
) -> Suspension:
    """Take a supplier out of directory, search, matching and open threads at once.

    detail            : what the supplier is told
    last_day          : the last day of the term; None: until somebody lifts it
    publication_ground: law and clause that let others know, with the day from which; without them only the supplier
                        and the operators know
    Raises: RuleBroken suspension_already; RulesBroken for what is wrong with the decision; Forbidden.
    """
    with transaction():
        row = _judged(actor, listing_id)
        ensure(can_suspend(standing.suspension_of(row.id) is not None))
        detail, publication_ground, today = clean(detail), clean(publication_ground), clock.today()
        broken = []
        if not detail:
            broken.append(RuleBroken("suspension_detail_needed", "detail"))
        if last_day is not None and not today <= last_day <= today + LONGEST_TERM:
            broken.append(RuleBroken("suspension_term", "last_day"))
        if bool(publication_ground) != (published_on is not None):
            field = "published_on" if publication_ground else "publication_ground"
            broken.append(RuleBroken("suspension_publication", field))
        if published_on is not None and (published_on < today or (last_day is not None and published_on > last_day)):
            broken.append(RuleBroken("suspension_publication_day", "published_on"))
        if broken:
            raise RulesBroken(broken)
        decision = Suspension(
            listing_id=row.id,
            ground=ground,
            detail=detail,
            document=clean(document),
            starts_at=clock.now(),
            ends_at=_day_after(last_day) if last_day else None,
            decided_by_id=actor.id,
            publication_ground=publication_ground,
            published_on=published_on,
        )
        session.add(decision)
        session.flush()
        audit.record(
            actor,
            "suspension.decide",
            "listing",
            row.id,
            {"suspension": decision.id, "ground": ground.value, "detail": audit.digest(detail)},
        )
        outbox.emit("suspension.decided", suspension_id=decision.id)
        return decision


def _day_after(day: date) -> datetime:
    return clock.from_kst(datetime.combine(day + timedelta(days=1), time()))


def _in_force(actor: Actor, listing_id: int) -> Suspension:
    row = _judged(actor, listing_id)
    found = standing.suspension_of(row.id)
    if found is None:
        raise RuleBroken("suspension_none")
    return found


def lift(actor: Actor, listing_id: int, reason: str) -> Suspension:
    """End a suspension before its day; the supplier is back in the same request.

    Raises: RuleBroken suspension_none, suspension_lift_reason (reason); Forbidden.
    """
    with transaction():
        decision = _in_force(actor, listing_id)
        if not clean(reason):
            raise RuleBroken("suspension_lift_reason", "reason")
        _end(actor, decision, clean(reason))
        return decision


def _end(actor: Actor, decision: Suspension, reason: str) -> None:
    decision.lifted_at, decision.lifted_by_id, decision.lift_reason = clock.now(), actor.id, reason
    audit.record(actor, "suspension.lift", "listing", decision.listing_id, {"suspension": decision.id})
    outbox.emit("suspension.lifted", suspension_id=decision.id)


# --- appeal ------------------------------------------------------------------------------------------------


def appeal(actor: Actor, text: str) -> Suspension:
    """The supplier's one appeal against the suspension in force.

    Raises: RuleBroken suspension_none, suspension_appeal_once, suspension_appeal_late, suspension_appeal_text_needed (text).
    """
    with transaction():
        row = queries.own(actor)
        if row is None:
            raise NotVisible
        session.execute(sa.select(Listing.id).where(Listing.id == row.id).with_for_update())
        decision = standing.suspension_of(row.id)
        if decision is None:
            raise RuleBroken("suspension_none")
        ensure(can_appeal(decision.starts_at, decision.appealed_at is not None, clock.now()))
        if not clean(text):
            raise RuleBroken("suspension_appeal_text_needed", "text")
        decision.appeal, decision.appealed_at, decision.appealed_by_id = clean(text), clock.now(), actor.id
        audit.record(actor, "suspension.appeal", "listing", row.id, {"suspension": decision.id})
        outbox.emit("suspension.appealed", suspension_id=decision.id)
        return decision


def answer(actor: Actor, listing_id: int, outcome: AppealOutcome, text: str) -> Suspension:
    """Another operator's answer to the appeal; one that lifts the suspension lifts it at once.

    Raises: RuleBroken suspension_none, suspension_appeal_none, suspension_appeal_own_decision, suspension_appeal_answer_needed (text); Forbidden.
    """
    with transaction():
        decision = _in_force(actor, listing_id)
        is_open = decision.appealed_at is not None and decision.answered_at is None
        ensure(can_answer_appeal(actor, decision.decided_by_id, is_open))
        if not clean(text):
            raise RuleBroken("suspension_appeal_answer_needed", "text")
        decision.appeal_outcome, decision.appeal_answer = outcome, clean(text)
        decision.answered_at, decision.answered_by_id = clock.now(), actor.id
        audit.record(
            actor,
            "suspension.answer",
            "listing",
            decision.listing_id,
            {"suspension": decision.id, "outcome": outcome.value},
        )
        outbox.emit("suspension.answered", suspension_id=decision.id)
        if outcome is AppealOutcome.LIFTED:
            _end(actor, decision, clean(text))
        return decision


# --- letters and the end by time ---------------------------------------------------------------------------


def close_ended() -> int:
    """Note the suspensions whose day has passed, and tell their suppliers; the round of every morning."""
    with transaction():
        ended = session.scalars(
            sa.select(Suspension)
            .where(Suspension.ends_at <= clock.now(), Suspension.lifted_at.is_(None), Suspension.closed_at.is_(None))
            .order_by(Suspension.id)
            .with_for_update()
        ).all()
        for row in ended:
            row.closed_at = clock.now()
            audit.record(SYSTEM, "suspension.end", "listing", row.listing_id, {"suspension": row.id})
            outbox.emit("suspension.ended", suspension_id=row.id)
        return len(ended)


def _write(suspension_id: int, template: str) -> None:
    row = session.get(Suspension, suspension_id)
    person = queries.person_in_charge(row.listing.organisation_id)
    if person is None:
        return
    mail.queue(
        person.email,
        template,
        person.language,
        f"{template}:{row.key}",
        supplier=row.listing.name,
        ground=getattr(row.ground.label, person.language),
        detail=row.detail,
        document=row.document,
        last_day=row.last_day,
        is_published=row.published_on is not None,
        publication_ground=row.publication_ground,
        published_on=row.published_on,
        reason=row.lift_reason,
        outcome=getattr(row.appeal_outcome.label, person.language) if row.appeal_outcome else "",
        answer=row.appeal_answer,
    )


def write_decided(suspension_id: int) -> None:
    _write(suspension_id, "suspension_decided")


def write_lifted(suspension_id: int) -> None:
    row = session.get(Suspension, suspension_id)
    if row.appeal_outcome is not AppealOutcome.LIFTED:  # the answer to the appeal has said so already
        _write(suspension_id, "suspension_lifted")


def write_answered(suspension_id: int) -> None:
    _write(suspension_id, "suspension_answered")


def write_ended(suspension_id: int) -> None:
    _write(suspension_id, "suspension_ended")


def write_appealed(suspension_id: int) -> None:
    """Tell the operators, without what was written: it is read in the portal."""
    row = session.get(Suspension, suspension_id)
    for person in accounts.people_with_role(Role.OPERATOR_NATIONAL):
        if person.id != row.decided_by_id:
            mail.queue(
                person.email,
                "suspension_appealed",
                person.language,
                f"suspension_appealed:{row.key}:{person.id}",
                supplier=row.listing.name,
                key=row.listing.key,
            )
