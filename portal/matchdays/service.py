"""Holding a matching day: plan it, ask companies and suppliers, take their answers and wishes, call it off; the letters."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from portal.accounts.models import Organisation
from portal.accounts.rules import OrganisationKind, Role
from portal.appointments import queries as appointments
from portal.appointments import service as booking
from portal.base import audit, clock, mail, once, outbox
from portal.base.access import Actor, Forbidden, NotVisible, RuleBroken, RulesBroken, StaleVersion, ensure
from portal.base.db import session, transaction
from portal.directory import queries as directory
from portal.matchdays import queries, rules
from portal.matchdays.models import Attendee, KeptApart, MatchDay, Wish
from portal.matchdays.rules import AttendeeState, Channel, DayState, Reply, Side
from portal.reference import queries as reference

CREATE, JOIN = "matchday.create", "matchday.join"
GRID = ("day", "first", "minutes", "pause", "slots", "tables")


# --- the day ----------------------------------------------------------------------------------------------------


def save_day(
    actor: Actor, facts: Mapping[str, Any], key: str | None = None, version: int | None = None, once_key: str | None = None
) -> MatchDay:
    """Plan a new day, or change one whose timetable is not out yet.

    facts : title, day, place, region, first, minutes, pause, slots, tables, per_company, wishes_until, note
    Raises: RulesBroken by field; RuleBroken matchday_state, matchday_has_timetable (slots); StaleVersion; NotVisible
    """
    ensure_operator(actor)
    facts = {name: _tidy(value) for name, value in facts.items()}
    with transaction():
        if key is None and (done := once.claim(actor, once_key, CREATE)):
            return queries.by_key(actor, done)
        row = queries.by_key(actor, key, lock=True) if key else MatchDay(created_by_id=actor.id)
        wrong = [
            RuleBroken(verdict.code, field, **verdict.values)
            for field, verdict in rules.problems_of(
                *(facts[name] for name in (*GRID, "wishes_until")), today=clock.today()
            )
        ]
        if not 1 <= facts["per_company"] <= max(facts["slots"], 1):
            wrong.append(RuleBroken("matchday_count", "per_company", most=facts["slots"]))
        if not _may_hold(actor, facts["region"]):
            wrong.append(RuleBroken("matchday_region", "region"))
        if wrong:
            raise RulesBroken(wrong)
        if key:
            if version is not None and version != row.version:
                raise StaleVersion
            ensure(rules.in_state(row.state, DayState.DRAFT, DayState.OPEN, DayState.CLOSED))
            if any(getattr(row, name) != facts[name] for name in GRID) and queries.meetings(row):
                raise RuleBroken("matchday_has_timetable", "slots")
        for name, value in facts.items():
            setattr(row, name, value)
        session.add(row)
        session.flush()
        if key is None:
            once.keep(actor, once_key, CREATE, row.key)
        audit.record(actor, "matchday.save" if key else CREATE, "match_day", row.id, {"fields": sorted(facts)})
        return row


def open_day(actor: Actor, key: str) -> MatchDay:
    """Let companies and suppliers see the day and state their wishes (again). Raises: RuleBroken matchday_state,
    matchday_until; NotVisible."""
    ensure_operator(actor)
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        if row.state is DayState.OPEN:
            return row
        ensure(rules.in_state(row.state, DayState.DRAFT, DayState.CLOSED))
        if row.wishes_until < clock.today():
            raise RuleBroken("matchday_until")
        row.state = DayState.OPEN
        audit.record(actor, "matchday.open", "match_day", row.id)
        for one in queries.attendees(row, AttendeeState.INVITED):
            outbox.emit("matchday.invited", attendee_id=one.id)
        return row


def close_day(actor: Actor, key: str) -> MatchDay:
    """Take no more wishes from outside. Raises: RuleBroken matchday_state; NotVisible."""
    ensure_operator(actor)
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        if row.state is DayState.CLOSED:
            return row
        ensure(rules.in_state(row.state, DayState.OPEN))
        row.state = DayState.CLOSED
        audit.record(actor, "matchday.close", "match_day", row.id)
        return row


def cancel_day(actor: Actor, key: str, reason: str) -> MatchDay:
    """Call the day off; bookings are given back and everybody who comes is told.

    Raises: RuleBroken matchday_why (reason), matchday_state; NotVisible. Emits matchday.cancelled
    """
    ensure_operator(actor)
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        if row.state is DayState.CANCELLED:
            return row
        if not _tidy(reason):
            raise RuleBroken("required", "reason")
        was_shown = row.state is not DayState.DRAFT
        rows = queries.meetings(row)
        booked = appointments.bookings_of(queries.PURPOSE, queries.SUBJECT, [one.id for one in rows])
        for one in booked.values():
            booking.cancel(actor, one, "matchday.cancelled")
        row.state, row.cancel_reason = DayState.CANCELLED, _tidy(reason)[: rules.MAX_NOTE]
        audit.record(actor, "matchday.cancel", "match_day", row.id, {"bookings": len(booked)})
        if was_shown:
            outbox.emit("matchday.cancelled", day_id=row.id)
        return row


# --- who takes part -----------------------------------------------------------------------------------------------


def invite(actor: Actor, key: str, organisation_keys: Collection[str]) -> int:
    """Ask organisations to take part; who was asked already is left alone. Returns: how many were asked

    Raises: RuleBroken matchday_state, matchday_pick, matchday_full, matchday_not_fit (organisations); NotVisible
    """
    ensure_operator(actor)
    with transaction():
        row = queries.by_key(actor, key, lock=True)
        ensure(rules.may_enter(row.state))
        if not organisation_keys:
            raise RuleBroken("matchday_pick", "organisations")
        found = list(
            session.scalars(
                sa.select(Organisation).where(Organisation.key.in_(set(organisation_keys))).order_by(Organisation.id)
            )
        )
        asked = 0
        for organisation in found:
            one = _attendee(row, organisation)
            if one.id is None:
                session.add(one)
                session.flush()
                asked += 1
                if row.state is DayState.OPEN:
                    outbox.emit("matchday.invited", attendee_id=one.id)
        audit.record(actor, "matchday.invite", "match_day", row.id, {"asked": asked})
        return asked


def _attendee(day: MatchDay, organisation: Organisation) -> Attendee:
    """The row of an organisation at a day, new when there is none. Raises: RuleBroken matchday_full, matchday_not_fit"""
    row = session.scalar(
        sa.select(Attendee).where(Attendee.day_id == day.id, Attendee.organisation_id == organisation.id)
    )
    if row is not None:
        return row
    side = {OrganisationKind.COMPANY: Side.COMPANY, OrganisationKind.SUPPLIER: Side.SUPPLIER}.get(organisation.kind)
    if side is None or organisation.closed_at is not None:
        raise RuleBroken("matchday_not_fit", "organisations")
    if side is Side.SUPPLIER and not is_public(organisation.id):
        raise RuleBroken("matchday_not_fit", "organisations")
    if side is Side.COMPANY and day.region and day.region not in reference.containing(organisation.region):
        raise RuleBroken("matchday_not_fit", "organisations")
    count = session.scalar(sa.select(sa.func.count()).select_from(Attendee).where(Attendee.day_id == day.id))
    if count >= rules.MOST_ATTENDEES:
        raise RuleBroken("matchday_full", "organisations", most=rules.MOST_ATTENDEES)
    person = queries.person_for(organisation.id)
    return Attendee(
        day_id=day.id,
        organisation_id=organisation.id,
        side=side,
        state=AttendeeState.INVITED,
        person_id=person.id if person else None,
    )


def is_public(organisation_id: int) -> bool:
    """Whether a supplier stands in the directory now."""
    own = directory.of_organisation(organisation_id)
    return own is not None and bool(directory.public_rows(Actor(), [own.id]))


# --- answers and wishes ---------------------------------------------------------------------------------------------


def join(actor: Actor, key: str, reply: Reply, version: int | None = None) -> Attendee:
    """Answer for the own organisation: whether it comes, and whom it wants to meet.

    Raises: NotVisible; RuleBroken matchday_closed, matchday_suspended, matchday_not_fit and what `_check` names;
            StaleVersion
    """
    side = rules.side_of(actor)
    if side is None:
        raise NotVisible
    with transaction():
        day = queries.by_key(actor, key, lock=True)
        ensure(rules.takes_wishes(day.state, day.wishes_until, clock.today()))
        row = queries.own_attendee(actor, day)
        if (reply.ranks or reply.refused) and not queries.shown_to(day, side, row):
            raise RuleBroken("matchday_not_coming")
        if side is Side.SUPPLIER and not is_public(actor.organisation_id):
            raise RuleBroken("matchday_suspended" if row else "matchday_not_fit")
        if row is None:
            if not queries.may_join(actor, day):
                raise RuleBroken("matchday_not_fit")
            row = _attendee(day, session.get_one(Organisation, actor.organisation_id))
        row.person_id = actor.id
        return _answer(actor, day, row, reply, Channel.SELF, version)


def enter(
    actor: Actor, key: str, attendee_key: str, reply: Reply, channel: Channel, version: int | None = None
) -> Attendee:
    """An operator enters what a company or supplier said by phone or on paper.

    Raises: RuleBroken matchday_state, matchday_why (note) and what `_check` names; StaleVersion; NotVisible
    """
    ensure_operator(actor)
    with transaction():
        day = queries.by_key(actor, key, lock=True)
        ensure(rules.may_enter(day.state))
        row = queries.attendee(day, attendee_key)
        if not _tidy(reply.note):
            raise RuleBroken("matchday_why", "note")
        return _answer(actor, day, row, reply, channel, version)


def take(actor: Actor, day: MatchDay, organisation: Organisation, reply: Reply) -> Attendee:
    """One row of a spreadsheet; for the import, which stands in its own transaction."""
    row = _attendee(day, organisation)
    return _answer(actor, day, row, reply, Channel.SHEET, None)


def seat_at(actor: Actor, day: MatchDay, organisation: Organisation) -> Attendee:
    """The attendee of an organisation, new when there is none; for the import, before it reads anybody's wishes."""
    row = _attendee(day, organisation)
    if row.id is None:
        session.add(row)
        session.flush()
    return row


def _answer(
    actor: Actor, day: MatchDay, row: Attendee, reply: Reply, channel: Channel, version: int | None
) -> Attendee:
    if version is not None and row.id is not None and version != row.version:
        raise StaleVersion
    _check(day, row, reply)
    if reply.coming and row.side is Side.SUPPLIER and not is_public(row.organisation_id):
        raise RuleBroken("matchday_not_fit")
    row.state = AttendeeState.COMING if reply.coming else AttendeeState.DECLINED
    row.need, row.most = _tidy(reply.need)[:300], reply.most
    row.away = sorted(set(reply.away))
    row.takes_others, row.note = reply.takes_others, _tidy(reply.note)[: rules.MAX_NOTE]
    row.channel, row.answered_by_id, row.answered_at = channel, actor.id, clock.now()
    if row.person_id is None and (person := queries.person_for(row.organisation_id)):
        row.person_id = person.id
    session.add(row)
    row.wishes = []
    session.flush()  # the old ones are gone before new ones take their places
    if reply.coming:
        ordered = sorted(reply.ranks, key=lambda other: reply.ranks[other])
        row.wishes = [Wish(other_id=other, rank=place) for place, other in enumerate(ordered, start=1)]
        row.wishes += [Wish(other_id=other, rank=None) for other in sorted(set(reply.refused))]
    session.flush()
    audit.record(
        actor,
        "matchday.answer",
        "match_day_attendee",
        row.id,
        {"coming": reply.coming, "channel": channel, "wishes": len(reply.ranks), "refused": len(reply.refused)},
    )
    return row


def _check(day: MatchDay, row: Attendee, reply: Reply) -> None:
    """Raises: RulesBroken matchday_need (need), matchday_no_time (away), matchday_count (most), matchday_rank_twice,
    matchday_not_coming (rank_<key> of the other)."""
    if not reply.coming:
        return
    wrong: list[RuleBroken] = []
    if row.side is Side.COMPANY and not _tidy(reply.need):
        wrong.append(RuleBroken("matchday_need", "need"))
    if len(set(reply.away) & set(range(day.slots))) >= day.slots:
        wrong.append(RuleBroken("matchday_no_time", "away"))
    if reply.most is not None and not 1 <= reply.most <= day.slots:
        wrong.append(RuleBroken("matchday_count", "most", most=day.slots))
    offered = {one.id: one for one in queries.choices(day, row.side)}
    taken: dict[int, int] = {}
    for other, rank in sorted(reply.ranks.items()):
        field = f"rank_{offered[other].key}" if other in offered else None
        if field is None and other not in row.ranks:
            wrong.append(RuleBroken("matchday_not_coming"))
        elif rank in taken:
            wrong.append(RuleBroken("matchday_rank_twice", field, rank=rank))
        taken[rank] = other
    if wrong:
        raise RulesBroken(wrong)


def keep_apart(actor: Actor, key: str, company_key: str, supplier_key: str, reason: str) -> None:
    """Keep a company and a supplier from meeting at this day. Raises: RuleBroken required (reason), matchday_state;
    NotVisible."""
    ensure_operator(actor)
    with transaction():
        day = queries.by_key(actor, key, lock=True)
        ensure(rules.may_enter(day.state))
        company, supplier = queries.attendee(day, company_key), queries.attendee(day, supplier_key)
        if company.side is not Side.COMPANY or supplier.side is not Side.SUPPLIER:
            raise NotVisible
        if not _tidy(reason):
            raise RuleBroken("required", "reason")
        if any((one.company_id, one.supplier_id) == (company.id, supplier.id) for one in queries.apart(day)):
            return
        session.add(
            KeptApart(
                day_id=day.id,
                company_id=company.id,
                supplier_id=supplier.id,
                reason=_tidy(reason)[:300],
                by_id=actor.id,
            )
        )
        audit.record(actor, "matchday.keep_apart", "match_day", day.id, {"company": company.id, "supplier": supplier.id})


def let_meet(actor: Actor, key: str, apart_key: str) -> None:
    """Take an operator's bar back."""
    ensure_operator(actor)
    with transaction():
        day = queries.by_key(actor, key, lock=True)
        ensure(rules.may_enter(day.state))
        for one in queries.apart(day):
            if one.key == apart_key:
                audit.record(
                    actor, "matchday.let_meet", "match_day", day.id, {"company": one.company_id, "supplier": one.supplier_id}
                )
                session.delete(one)


def ensure_operator(actor: Actor) -> None:
    """Raises: Forbidden."""
    if not (actor.is_system or actor.has(*rules.PERMISSIONS["matchdays:day:manage"])):
        raise Forbidden("no_right")


def _may_hold(actor: Actor, region: str) -> bool:
    if actor.is_system or actor.has(Role.OPERATOR_NATIONAL):
        return True
    return bool(actor.region) and bool(region) and region in reference.within(actor.region)


def _tidy(value: Any) -> Any:
    return " ".join(value.split()) if isinstance(value, str) and "\n" not in value else (
        value.strip() if isinstance(value, str) else value
    )


# --- letters ------------------------------------------------------------------------------------------------------


def _tell(row: Attendee, template: str, once_suffix: str = "", **more: Any) -> None:
    person = row.person or queries.person_for(row.organisation_id)
    if person is None or not person.active:
        return
    mail.queue(
        person.email,
        template,
        person.language,
        f"{template}:{row.id}{once_suffix}",
        title=row.day.title,
        day=row.day.day.isoformat(),
        place=row.day.place,
        path=f"/matchdays/{row.day.key}",
        **more,
    )


def tell_invited(attendee_id: int) -> None:
    row = session.get(Attendee, attendee_id)
    if row is not None and row.state is AttendeeState.INVITED and row.day.state is DayState.OPEN:
        _tell(row, "matchday_invited", until=row.day.wishes_until.isoformat())


def tell_published(day_id: int) -> None:
    """Everybody who comes: the own times, or that there was no place."""
    day = queries.by_id(day_id)
    if day is None or day.state is not DayState.PUBLISHED:
        return
    for row in queries.attendees(day, AttendeeState.COMING):
        _tell(row, "matchday_published", f":{day.published_at:%Y%m%d%H%M%S}", lines=_lines(row))


def tell_moved(attendee_ids: list[int], change: str) -> None:
    """Who meets at another time, or somebody else, since the timetable was sent."""
    for attendee_id in attendee_ids:
        row = session.get(Attendee, attendee_id)
        if row is not None and row.day.state is DayState.PUBLISHED:
            _tell(row, "matchday_changed", f":{change}", lines=_lines(row))


def tell_cancelled(day_id: int) -> None:
    day = queries.by_id(day_id)
    if day is not None:
        for row in queries.attendees(day, AttendeeState.COMING, AttendeeState.INVITED):
            _tell(row, "matchday_cancelled", reason=day.cancel_reason)


def _lines(row: Attendee) -> list[dict[str, Any]]:
    spans = row.day.spans
    return [
        {
            "begins": f"{clock.kst(spans[one.slot][0]):%H:%M}",
            "ends": f"{clock.kst(spans[one.slot][1]):%H:%M}",
            "table": one.table_no,
            "other": (one.supplier if row.side is Side.COMPANY else one.company).name,
        }
        for one in queries.meetings_of(row)
    ]


# --- papers -----------------------------------------------------------------------------------------------------


def note_export(actor: Actor, key: str, kind: str, attendee: str | None = None) -> None:
    """Leave a trace of who took companies' timetables away (접속기록): all of a day, or one attendee's."""
    with transaction():
        day = queries.by_key(actor, key)
        of = {"attendee": queries.attendee(day, attendee).id} if attendee else {}
        audit.record(actor, "matchday.export", "match_day", day.id, {"kind": kind, **of})
