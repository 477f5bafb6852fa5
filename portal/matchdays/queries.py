"""Reading matching days: operators their region's, companies and suppliers those that are open to them, and of those only
what concerns themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.accounts import queries as accounts
from portal.accounts.models import Organisation, Person
from portal.accounts.rules import SME, SUPPLIER, OrganisationKind, Role
from portal.appointments.models import Attendance, Booking, Slot
from portal.base import clock
from portal.base.access import Actor, NotVisible
from portal.base.db import session
from portal.base.paging import Page, paginate
from portal.conflicts import queries as conflicts
from portal.conflicts.rules import TieKind
from portal.directory import queries as directory
from portal.directory.models import Listing
from portal.matchdays.models import Attendee, KeptApart, MatchDay, Meeting, Solving, Wish, WishSheet
from portal.matchdays.rules import SHOWN, AttendeeState, Side, SolvingState, side_of
from portal.matchdays.timetable import Party, Question, Seat, Unmet
from portal.reference import queries as reference

OWNER, PURPOSE, SUBJECT = "match_day", "match_day", "match_day_meeting"
PAGE_SIZE = 20
MOST_FOUND = 60
"""Organisations to choose from at once."""
TIED = (TieKind.SHARES, TieKind.FAMILY, TieKind.EMPLOYED)
"""Ties between two firms that make a meeting of theirs no use to anybody else."""


# --- days -------------------------------------------------------------------------------------------------------


def visible_to(actor: Actor) -> sa.Select[tuple[MatchDay]]:
    """Days that an actor may open: a national operator and an auditor all, a regional operator the own region's, a
    company or supplier those that were opened for its region or to which it was asked."""
    allowed: list[sa.ColumnElement[bool]] = [sa.false()]
    if actor.is_system or actor.has(Role.OPERATOR_NATIONAL, Role.AUDITOR):
        allowed.append(sa.true())
    if actor.has(Role.OPERATOR_REGION) and actor.region:
        allowed.append(MatchDay.region.in_(reference.within(actor.region)))
    if actor.organisation_id is not None and actor.has(*SME, *SUPPLIER):
        here = MatchDay.region.in_(["", *reference.containing(actor.region)])
        asked = MatchDay.id.in_(sa.select(Attendee.day_id).where(Attendee.organisation_id == actor.organisation_id))
        anywhere = sa.true() if actor.has(*SUPPLIER) else sa.false()  # suppliers serve more than their own region
        allowed.append(sa.and_(MatchDay.state.in_(SHOWN), sa.or_(here, asked, anywhere)))
    return sa.select(MatchDay).where(sa.or_(*allowed))


def by_key(actor: Actor, key: str, *, lock: bool = False) -> MatchDay:
    """Raises: NotVisible."""
    wanted = visible_to(actor).where(MatchDay.key == key)
    row = session.scalar(wanted.with_for_update(of=MatchDay) if lock else wanted)
    if row is None:
        raise NotVisible
    return row


def by_id(day_id: int) -> MatchDay | None:
    """For after-effects, which act for the portal itself."""
    return session.get(MatchDay, day_id)


def listed(actor: Actor, number: int = 1) -> Page[MatchDay]:
    """Days by date: those to come first, the next one on top; past ones after them, newest first."""
    today = clock.today()
    is_ahead = MatchDay.day >= today
    return paginate(
        visible_to(actor).order_by(
            sa.case((is_ahead, 0), else_=1), sa.case((is_ahead, MatchDay.day)), MatchDay.day.desc(), MatchDay.id.desc()
        ),
        number,
        PAGE_SIZE,
    )


def counts(days: Sequence[MatchDay]) -> dict[int, dict[str, int]]:
    """Day → how many take part by side, and how many meetings there are."""
    found: dict[int, dict[str, int]] = {one.id: defaultdict(int) for one in days}
    rows = session.execute(
        sa.select(Attendee.day_id, Attendee.side, sa.func.count())
        .where(Attendee.day_id.in_(found), Attendee.state == AttendeeState.COMING)
        .group_by(Attendee.day_id, Attendee.side)
    )
    for day_id, side, count in rows:
        found[day_id][side.value] = count
    for day_id, count in session.execute(
        sa.select(Meeting.day_id, sa.func.count()).where(Meeting.day_id.in_(found)).group_by(Meeting.day_id)
    ):
        found[day_id]["meetings"] = count
    return found


# --- who takes part ---------------------------------------------------------------------------------------------


def attendees(day: MatchDay, *states: AttendeeState) -> list[Attendee]:
    """Everybody of a day by side and name (only those in these states, when some are named); for its operators."""
    wanted = sa.select(Attendee).join(Organisation).where(Attendee.day_id == day.id)
    if states:
        wanted = wanted.where(Attendee.state.in_(states))
    return list(
        session.scalars(
            wanted.options(joinedload(Attendee.person)).order_by(Attendee.side, Organisation.name, Attendee.id)
        ).unique()
    )


def attendee(day: MatchDay, key: str) -> Attendee:
    """One of a day that its operator opens. Raises: NotVisible."""
    row = session.scalar(sa.select(Attendee).where(Attendee.day_id == day.id, Attendee.key == key))
    if row is None:
        raise NotVisible
    return row


def own_attendee(actor: Actor, day: MatchDay) -> Attendee | None:
    """The actor's own organisation at a day."""
    return session.scalar(
        sa.select(Attendee).where(Attendee.day_id == day.id, Attendee.organisation_id == actor.organisation_id)
    )


def own_attendances(actor: Actor, days: Sequence[MatchDay]) -> dict[int, Attendee]:
    rows = session.scalars(
        sa.select(Attendee).where(
            Attendee.organisation_id == actor.organisation_id, Attendee.day_id.in_([one.id for one in days])
        )
    )
    return {row.day_id: row for row in rows}


def choices(day: MatchDay, side: Side) -> list[Attendee]:
    """Whom a party of this side may wish for: suppliers that were asked or come and are public now; companies that come."""
    if side is Side.SUPPLIER:
        return [one for one in attendees(day, AttendeeState.COMING) if one.side is Side.COMPANY]
    public = set(listings(day))
    return [
        one
        for one in attendees(day, AttendeeState.COMING, AttendeeState.INVITED)
        if one.side is Side.SUPPLIER and one.organisation_id in public
    ]


def listings(day: MatchDay) -> dict[int, Listing]:
    """Organisation → its listing, of the day's suppliers that the directory shows now."""
    # public: what the directory shows to everybody
    ours = sa.select(Attendee.organisation_id).where(Attendee.day_id == day.id)
    rows = session.scalars(directory.public(Actor()).where(Listing.organisation_id.in_(ours)))
    return {row.organisation_id: row for row in rows}


def wished_by(row: Attendee) -> frozenset[int]:
    """Ids of those who wish to meet this one; told to suppliers, so that they can answer."""
    return frozenset(
        session.scalars(
            sa.select(Wish.attendee_id)
            .join(Attendee, Attendee.id == Wish.attendee_id)
            .where(Wish.other_id == row.id, Wish.rank.is_not(None), Attendee.state == AttendeeState.COMING)
        )
    )


def to_invite(actor: Actor, day: MatchDay, side: Side, text: str = "", limit: int = MOST_FOUND) -> list[Organisation]:
    """Organisations that could be asked and were not yet, by name: companies of the day's region, public suppliers."""
    kind = OrganisationKind.COMPANY if side is Side.COMPANY else OrganisationKind.SUPPLIER
    asked = sa.select(Attendee.organisation_id).where(Attendee.day_id == day.id)
    wanted = sa.select(Organisation).where(
        Organisation.kind == kind, Organisation.closed_at.is_(None), Organisation.id.not_in(asked)
    )
    if side is Side.SUPPLIER:
        public = directory.public(actor).with_only_columns(Listing.organisation_id)
        wanted = wanted.where(Organisation.id.in_(public))
    elif day.region:
        wanted = wanted.where(Organisation.region.in_(reference.within(day.region)))
    for word in text.split()[:5]:
        digits = "".join(char for char in word if char.isdigit())
        named = Organisation.name.icontains(word, autoescape=True)
        wanted = wanted.where(sa.or_(named, Organisation.registration_number == digits) if digits else named)
    return list(session.scalars(wanted.order_by(Organisation.name, Organisation.id).limit(limit)))


def person_for(organisation_id: int) -> Person | None:
    """Who sits at the table unless somebody else answered."""
    return next(iter(accounts.members(organisation_id)), None)


def shown_to(day: MatchDay, side: Side, own: Attendee | None) -> list[Attendee]:
    """Whom a party reads by name with what they need: companies every taker of part and who was asked; a supplier that
    nobody asked, that does not come, or that the directory does not show now reads of no company."""
    if side is Side.SUPPLIER and (
        own is None or own.state is AttendeeState.DECLINED or own.organisation_id not in listings(day)
    ):
        return []
    return choices(day, side)


def may_join(actor: Actor, day: MatchDay) -> bool:
    """Whether the actor's organisation may register by itself: a company of the region, a supplier that is public."""
    side = side_of(actor)
    if side is Side.SUPPLIER:
        own = directory.public(actor).where(Listing.organisation_id == actor.organisation_id)
        return session.scalar(own.with_only_columns(Listing.id)) is not None
    return side is Side.COMPANY and (not day.region or day.region in reference.containing(actor.region))


# --- keeping apart ------------------------------------------------------------------------------------------------


def apart(day: MatchDay) -> list[KeptApart]:
    return list(session.scalars(sa.select(KeptApart).where(KeptApart.day_id == day.id).order_by(KeptApart.id)))


def barred(day: MatchDay, rows: Sequence[Attendee]) -> dict[tuple[int, int], Unmet]:
    """(company, supplier) → why they are kept apart: by an operator, or because they are one house or tied."""
    of = {one.organisation_id: one for one in rows}
    found: dict[tuple[int, int], Unmet] = {}
    by_number: dict[str, list[Attendee]] = defaultdict(list)
    for one in rows:
        if one.organisation.registration_number:
            by_number[one.organisation.registration_number].append(one)
    pairs = [(a, b) for same in by_number.values() for a in same for b in same]
    for tie in conflicts.ties_of([], list(of)):
        if tie.kind in TIED and (tie.to_on is None or tie.to_on >= clock.today()):
            a, b = of.get(tie.organisation_id), of.get(tie.other_organisation_id)
            if a and b:
                pairs += [(a, b), (b, a)]
    for a, b in pairs:
        if a.side is Side.COMPANY and b.side is Side.SUPPLIER:
            found[a.id, b.id] = Unmet.CONFLICT
    return found | {(one.company_id, one.supplier_id): Unmet.APART for one in apart(day)}


def elsewhere(day: MatchDay, people: Collection[int]) -> dict[int, list[tuple[datetime, datetime]]]:
    """Person → when they have to be elsewhere during the day: other appointments than the day's own."""
    spans = day.spans
    rows = session.execute(
        sa.select(Attendance.person_id, Slot.starts_at, Slot.ends_at)
        .join(Booking, Booking.id == Attendance.booking_id)
        .join(Slot, Slot.id == Booking.slot_id)
        .where(
            Attendance.person_id.in_(people),
            Booking.cancelled_at.is_(None),
            sa.not_(sa.and_(Slot.owner_type == OWNER, Slot.owner_id == day.id)),
            Slot.starts_at < spans[-1][1],
            Slot.ends_at > spans[0][0],
        )
    )
    found: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    for person_id, starts_at, ends_at in rows:
        found[person_id].append((starts_at, ends_at))
    return found


# --- the timetable ------------------------------------------------------------------------------------------------


def meetings(day: MatchDay) -> list[Meeting]:
    """Every meeting of a day, by slot and table; for its operators."""
    return list(
        session.scalars(
            sa.select(Meeting)
            .where(Meeting.day_id == day.id)
            .options(joinedload(Meeting.company), joinedload(Meeting.supplier))
            .order_by(Meeting.slot, Meeting.table_no)
        )
    )


def meetings_of(row: Attendee) -> list[Meeting]:
    """The meetings of one attendee, in the order of time."""
    return list(
        session.scalars(
            sa.select(Meeting)
            .where(sa.or_(Meeting.company_id == row.id, Meeting.supplier_id == row.id))
            .options(joinedload(Meeting.company), joinedload(Meeting.supplier))
            .order_by(Meeting.slot)
        )
    )


def meeting(day: MatchDay, key: str) -> Meeting:
    """Raises: NotVisible."""
    row = session.scalar(
        sa.select(Meeting)
        .where(Meeting.day_id == day.id, Meeting.key == key)
        .options(joinedload(Meeting.company), joinedload(Meeting.supplier))
    )
    if row is None:
        raise NotVisible
    return row


def question_of(day: MatchDay, fixed: Sequence[Seat] = (), shares: Mapping[str, int] | None = None) -> Question:
    """Everything that decides the timetable, as things stand now; suppliers that are not public now are left out."""
    public = set(listings(day))
    rows = [
        one
        for one in attendees(day, AttendeeState.COMING)
        if one.side is Side.COMPANY or one.organisation_id in public
    ]
    busy = elsewhere(day, [one.person_id for one in rows if one.person_id])
    spans = day.spans
    known = {one.id for one in attendees(day)}

    def party(row: Attendee) -> Party:
        taken = busy.get(row.person_id or 0, ())
        slots = frozenset(
            at
            for at, (start, end) in enumerate(spans)
            if at not in row.away and not any(start < b and a < end for a, b in taken)
        )
        most = day.per_company if row.side is Side.COMPANY else day.slots
        return Party(
            id=row.id,
            most=min(most, row.most or most),
            slots=slots,
            ranks={other: rank for other, rank in row.ranks.items() if other in known},
            refused=row.refused,
            takes_others=row.takes_others,
        )

    question = Question(
        companies=tuple(party(one) for one in sorted(rows, key=lambda one: one.id) if one.side is Side.COMPANY),
        suppliers=tuple(party(one) for one in sorted(rows, key=lambda one: one.id) if one.side is Side.SUPPLIER),
        slots=day.slots,
        tables=day.tables,
        barred=barred(day, rows),
        fixed=tuple(fixed),
    )
    return question.with_shares({int(key): most for key, most in (shares or {}).items()})


def seats(rows: Sequence[Meeting]) -> list[Seat]:
    return [Seat(one.company_id, one.supplier_id, one.slot) for one in rows]


def latest_solving(day: MatchDay) -> Solving | None:
    return session.scalar(sa.select(Solving).where(Solving.day_id == day.id).order_by(Solving.id.desc()).limit(1))


def last_solved(day: MatchDay) -> Solving | None:
    """The solving whose result stands."""
    return session.scalar(
        sa.select(Solving)
        .where(Solving.day_id == day.id, Solving.state == SolvingState.DONE)
        .order_by(Solving.id.desc())
        .limit(1)
    )


def next_to_solve() -> int | None:
    """For the worker: the oldest solving that waits, or that was left behind half-way."""
    return session.scalar(
        sa.select(Solving.id)
        .where(Solving.state.in_([SolvingState.WAITING, SolvingState.RUNNING]))
        .order_by(Solving.id)
        .limit(1)
    )


def sheet(day: MatchDay, key: str) -> WishSheet:
    """Raises: NotVisible."""
    row = session.scalar(sa.select(WishSheet).where(WishSheet.day_id == day.id, WishSheet.key == key))
    if row is None:
        raise NotVisible
    return row
