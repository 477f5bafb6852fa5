"""The timetable: asked for, made by the worker, mended by hand, sent out with bookings; what came of each meeting."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from portal.appointments import queries as appointments
from portal.appointments import service as booking
from portal.appointments.models import Slot
from portal.base import audit, clock, once, outbox
from portal.base.access import SYSTEM, YES, Actor, NotVisible, RuleBroken, StaleVersion, Verdict, ensure, no
from portal.base.db import session, transaction
from portal.base.words import Words
from portal.matchdays import queries, rules, timetable
from portal.matchdays.models import Attendee, MatchDay, Meeting, Solving
from portal.matchdays.rules import Attendance, DayState, MeetingOutcome, Note, Origin, SolvingState
from portal.matchdays.service import ensure_operator
from portal.matchdays.timetable import Board, Question

SOLVE = "matchday.solve"


# --- reading ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """A timetable as its operators see it. rows: slot → table → meeting; unmet: (who, for whom) → why."""

    day: MatchDay
    meetings: Sequence[Meeting]
    question: Question
    figures: timetable.Figures
    unmet: Mapping[tuple[int, int], timetable.Unmet]
    blocks: Sequence[timetable.Block]
    attendees: Mapping[int, Attendee]
    solving: Solving | None
    is_outdated: bool

    @property
    def grid(self) -> list[dict[int, Meeting]]:
        rows: list[dict[int, Meeting]] = [{} for _ in range(self.day.slots)]
        for one in self.meetings:
            rows[one.slot][one.table_no] = one
        return rows

    @property
    def tables(self) -> list[int]:
        """Numbers of the tables that somebody uses."""
        return sorted({one.table_no for one in self.meetings})

    @property
    def digest(self) -> str:
        """What a person saw when they sent the timetable out."""
        return digest_of(self.meetings)

    @property
    def without(self) -> list[Attendee]:
        """Companies that come and meet nobody."""
        placed = {one.company_id for one in self.meetings}
        return [self.attendees[one.id] for one in self.question.companies if one.id not in placed]

    @property
    def gone(self) -> list[Meeting]:
        """Meetings of somebody who does not come any more, or whose listing was suspended."""
        return [
            one
            for one in self.meetings
            if one.company_id not in self.question.company or one.supplier_id not in self.question.supplier
        ]


def digest_of(rows: Sequence[Meeting]) -> str:
    return timetable.digest(sorted([one.company_id, one.supplier_id, one.slot, one.table_no] for one in rows))


def table_of(day: MatchDay) -> Table:
    rows, solving = queries.meetings(day), queries.last_solved(day)
    question = queries.question_of(day, shares=solving.shares if solving else None)
    known = [
        seat for seat in queries.seats(rows) if seat.company in question.company and seat.supplier in question.supplier
    ]
    is_outdated = bool(
        solving and rows and solving.question_sha256 and solving.question_sha256 != queries.question_of(day).frozen()
    )
    return Table(
        day=day,
        meetings=rows,
        question=question,
        figures=timetable.figures(question, known),
        unmet=timetable.unmet(question, known),
        blocks=timetable.blocking(question, known),
        attendees={one.id: one for one in queries.attendees(day)},
        solving=solving,
        is_outdated=is_outdated and day.state is not DayState.PUBLISHED,
    )


def own_unmet(day: MatchDay, own: Attendee) -> list[tuple[str, Words]]:
    """Whom a party wished for and does not meet, in the order of its wishes, with as much of the why as it may know."""
    solving = queries.last_solved(day)
    rows, question = queries.meetings(day), queries.question_of(day, shares=solving.shares if solving else None)
    known = [
        seat for seat in queries.seats(rows) if seat.company in question.company and seat.supplier in question.supplier
    ]
    told = timetable.unmet(question, known)
    names = {one.id: one.name for one in queries.attendees(day)}
    return [
        (names[other], told[own.id, other].told)
        for other in sorted(own.ranks, key=lambda one: own.ranks[one])
        if (own.id, other) in told and other in names
    ]


# --- solving ------------------------------------------------------------------------------------------------------


def ask(actor: Actor, key: str, *, keep_hand: bool = False, once_key: str | None = None) -> Solving:
    """Ask the worker for a timetable; wishes are closed by it.

    keep_hand: meetings set by hand stay where they are
    Raises   : RuleBroken matchday_state, matchday_nobody, matchday_no_wishes; NotVisible
    """
    ensure_operator(actor)
    with transaction():
        day = queries.by_key(actor, key, lock=True)
        if done := once.claim(actor, once_key, f"{SOLVE}:{day.id}"):
            return session.scalars(sa.select(Solving).where(Solving.key == done)).one()
        ensure(rules.in_state(day.state, DayState.OPEN, DayState.CLOSED))
        running = queries.latest_solving(day)
        if running is not None and running.is_working:
            return running
        question = queries.question_of(day)
        if not question.companies or not question.suppliers:
            raise RuleBroken("matchday_nobody")
        if not question.open_pairs:
            raise RuleBroken("matchday_no_wishes")
        day.state = DayState.CLOSED
        row = Solving(day_id=day.id, seed=secrets.token_hex(16), keep_hand=keep_hand, asked_by_id=actor.id)
        session.add(row)
        session.flush()
        audit.record(actor, SOLVE, "match_day", day.id, {"solving": row.id, "seed": row.seed, "keep_hand": keep_hand})
        once.keep(actor, once_key, f"{SOLVE}:{day.id}", row.key)
        session.info["wake_worker"] = True
        return row


def solve(solving_id: int) -> None:
    """Make one timetable and put it in place of what stood there; the worker's part.

    Raises: RuleBroken matchday_state when the timetable was sent out or the day called off meanwhile
    """
    from portal.matchdays import solver  # OR-tools: only the worker pays for it

    with transaction():
        row = session.get_one(Solving, solving_id)
        row.state = SolvingState.RUNNING
    day = session.get_one(MatchDay, row.day_id)
    by_hand = [one for one in queries.meetings(day) if one.origin is Origin.HAND] if row.keep_hand else []
    question = queries.question_of(day)
    held = [
        seat
        for seat in queries.seats(by_hand)
        if seat.company in question.company
        and seat.supplier in question.supplier
        and seat.slot in question.company[seat.company].slots & question.supplier[seat.supplier].slots
    ]
    question = queries.question_of(day, held)
    answer = solver.solve(question, row.seed)
    with transaction():
        row = session.get_one(Solving, solving_id)
        day = session.get_one(MatchDay, row.day_id, with_for_update={"of": MatchDay}, populate_existing=True)
        ensure(rules.in_state(day.state, DayState.CLOSED))
        now = queries.question_of(day, held)
        if now.frozen() != question.frozen():
            return  # somebody's wishes changed meanwhile: it still waits, and is made anew
        before = {(one.company_id, one.supplier_id): one.origin for one in queries.meetings(day)}
        session.execute(sa.delete(Meeting).where(Meeting.day_id == day.id))
        tables = timetable.tables_of(answer.seats, day.tables, [one.id for one in question.suppliers])
        session.add_all(
            Meeting(
                day_id=day.id,
                company_id=seat.company,
                supplier_id=seat.supplier,
                slot=seat.slot,
                table_no=tables[seat],
                origin=before.get((seat.company, seat.supplier), Origin.SOLVER) if seat in held else Origin.SOLVER,
            )
            for seat in answer.seats
        )
        row.state, row.finished_at, row.is_best = SolvingState.DONE, clock.now(), answer.is_best
        row.shares = {str(key): most for key, most in answer.shares.items()}
        row.question_sha256 = queries.question_of(day).frozen()
        row.result_sha256 = timetable.digest(sorted(answer.seats))
        row.summary = asdict(timetable.figures(question.with_shares(answer.shares), answer.seats))
        session.flush()
        audit.record(
            SYSTEM,
            "matchday.solved",
            "match_day",
            day.id,
            {"solving": row.id, "question": row.question_sha256, "result": row.result_sha256},
        )


def fail(solving_id: int, problem: str) -> None:
    with transaction():
        row = session.get_one(Solving, solving_id)
        row.state, row.problem, row.finished_at = SolvingState.FAILED, problem, clock.now()
        audit.record(SYSTEM, "matchday.not_solved", "match_day", row.day_id, {"solving": row.id, "problem": problem})


def clear(actor: Actor, key: str) -> None:
    """Throw the timetable away, so that times and tables can be changed. Raises: RuleBroken matchday_state,
    matchday_solving; NotVisible."""
    ensure_operator(actor)
    with transaction():
        day = _arranged(actor, key)
        ensure(rules.in_state(day.state, DayState.CLOSED))
        session.execute(sa.delete(Meeting).where(Meeting.day_id == day.id))
        audit.record(actor, "matchday.clear", "match_day", day.id)


# --- by hand ------------------------------------------------------------------------------------------------------


def can_place(
    question: Question, rows: Sequence[Meeting], company: Attendee, supplier: Attendee, slot: int, but: frozenset[int]
) -> Verdict:
    """Whether two may meet in a slot, meetings of `but` (ids) left aside."""
    first, second = question.company.get(company.id), question.supplier.get(supplier.id)
    if first is None or second is None:
        return no("matchday_not_coming")
    if not 0 <= slot < question.slots:
        return no("matchday_slot")
    if (why := question.barred.get((company.id, supplier.id))) is not None:
        return no("matchday_apart", why=why.label)
    if supplier.id in first.refused or company.id in second.refused:
        return no("matchday_apart", why=timetable.Unmet.REFUSED.label)
    board = Board(queries.seats([one for one in rows if one.id not in but]))
    if (company.id, supplier.id) in board.pairs:
        return no("matchday_twice")
    for party, of in ((first, "company"), (second, "supplier")):
        if slot not in party.slots:
            return no(f"matchday_{of}_away")
        if slot in board.of[party.id]:
            return no(f"matchday_{of}_busy")
        if len(board.of[party.id]) >= party.most:
            return no(f"matchday_{of}_most", most=party.most)
    return YES if board.used[slot] < question.tables else no("matchday_hall_full")


def add(actor: Actor, key: str, company_key: str, supplier_key: str, slot: int) -> Meeting:
    """Set a meeting by hand. Raises: RuleBroken of `can_place` (slot), matchday_state, matchday_solving; NotVisible."""
    ensure_operator(actor)
    with transaction():
        day = _arranged(actor, key)
        company, supplier = queries.attendee(day, company_key), queries.attendee(day, supplier_key)
        rows, question = queries.meetings(day), queries.question_of(day)
        ensure(can_place(question, rows, company, supplier, slot, frozenset()), "slot")
        _ensure_ahead(day, slot)
        row = Meeting(
            day_id=day.id,
            company_id=company.id,
            supplier_id=supplier.id,
            slot=slot,
            table_no=_free_table(day, rows, slot, supplier.id),
            origin=Origin.HAND,
        )
        session.add(row)
        session.flush()
        _follow(actor, day, [row], [company.id, supplier.id])
        audit.record(
            actor, "matchday.add", "match_day", day.id, {"meeting": row.id, "company": company.id, "supplier": supplier.id, "slot": slot}
        )
        return row


def move(actor: Actor, key: str, meeting_key: str, slot: int, version: int | None = None) -> Meeting:
    """Give a meeting another time. Raises: as `add`; StaleVersion when it was changed since it was shown."""
    ensure_operator(actor)
    with transaction():
        day = _arranged(actor, key)
        row = queries.meeting(day, meeting_key)
        if version is not None and version != row.version:
            raise StaleVersion
        if row.slot == slot:
            return row
        rows, question = queries.meetings(day), queries.question_of(day)
        ensure(can_place(question, rows, row.company, row.supplier, slot, frozenset({row.id})), "slot")
        _ensure_ahead(day, row.slot)
        _ensure_ahead(day, slot)
        was = row.slot
        row.table_no = _free_table(day, [one for one in rows if one.id != row.id], slot, row.supplier_id, row.table_no)
        row.slot, row.origin = slot, Origin.HAND
        session.flush()
        _follow(actor, day, [row], [row.company_id, row.supplier_id])
        audit.record(actor, "matchday.move", "match_day", day.id, {"meeting": row.id, "from": was, "to": slot})
        return row


def swap(actor: Actor, key: str, meeting_key: str, other_key: str, version: int | None = None) -> None:
    """Let two meetings change their times (and tables). Raises: as `move`."""
    ensure_operator(actor)
    with transaction():
        day = _arranged(actor, key)
        one, other = queries.meeting(day, meeting_key), queries.meeting(day, other_key)
        if version is not None and version != one.version:
            raise StaleVersion
        if one.id == other.id or one.slot == other.slot:
            raise RuleBroken("matchday_slot", "other")
        rows, question = queries.meetings(day), queries.question_of(day)
        aside = frozenset({one.id, other.id})
        ensure(can_place(question, rows, one.company, one.supplier, other.slot, aside), "other")
        ensure(can_place(question, rows, other.company, other.supplier, one.slot, aside), "other")
        for slot in (one.slot, other.slot):
            _ensure_ahead(day, slot)
        places = (one.slot, one.table_no), (other.slot, other.table_no)
        one.slot, other.slot = -1, -2  # aside first: no two rows may hold one place even for a moment
        session.flush()
        (other.slot, other.table_no), (one.slot, one.table_no) = places
        one.origin = other.origin = Origin.HAND
        session.flush()
        _follow(
            actor, day, [one, other], [one.company_id, one.supplier_id, other.company_id, other.supplier_id]
        )
        audit.record(actor, "matchday.swap", "match_day", day.id, {"meetings": [one.id, other.id]})


def remove(actor: Actor, key: str, meeting_key: str) -> None:
    """Take a meeting out of the timetable. Raises: RuleBroken matchday_state, matchday_over; NotVisible."""
    ensure_operator(actor)
    with transaction():
        day = _arranged(actor, key)
        row = queries.meeting(day, meeting_key)
        _ensure_ahead(day, row.slot)
        told = [row.company_id, row.supplier_id]
        if booked := appointments.booking_of(queries.PURPOSE, queries.SUBJECT, row.id):
            booking.cancel(actor, booked, "matchday.remove")
        audit.record(
            actor,
            "matchday.remove",
            "match_day",
            day.id,
            {"meeting": row.id, "company": row.company_id, "supplier": row.supplier_id, "slot": row.slot},
        )
        session.delete(row)
        session.flush()
        _follow(actor, day, [], told)


def _arranged(actor: Actor, key: str) -> MatchDay:
    """The day, locked, while its timetable may be changed."""
    day = queries.by_key(actor, key, lock=True)
    ensure(rules.may_arrange(day.state))
    running = queries.latest_solving(day)
    if running is not None and running.is_working:
        raise RuleBroken("matchday_solving")
    return day


def _ensure_ahead(day: MatchDay, slot: int) -> None:
    if day.spans[slot][0] <= clock.now():
        raise RuleBroken("matchday_over", "slot")


def _free_table(day: MatchDay, rows: Sequence[Meeting], slot: int, supplier_id: int, wanted: int | None = None) -> int:
    """The table that the supplier has at other times, else the first free one."""
    taken = {one.table_no for one in rows if one.slot == slot}
    own = [one.table_no for one in rows if one.supplier_id == supplier_id]
    for table in [*([wanted] if wanted else []), *own, *range(1, day.tables + 1)]:
        if table not in taken:
            return table
    raise RuleBroken("matchday_hall_full", "slot")


def _follow(actor: Actor, day: MatchDay, changed: Sequence[Meeting], told: Sequence[int]) -> None:
    """After a change of a timetable that was sent out: bookings anew, and letters. told: attendees."""
    if day.state is not DayState.PUBLISHED:
        return
    for row in changed:
        if booked := appointments.booking_of(queries.PURPOSE, queries.SUBJECT, row.id):
            booking.cancel(actor, booked, "matchday.move")
    _book(actor, day, changed)
    outbox.emit("matchday.moved", attendee_ids=sorted(set(told)), change=secrets.token_hex(6))


# --- sending out ----------------------------------------------------------------------------------------------------


def publish(actor: Actor, key: str, agreed: str, once_key: str | None = None) -> MatchDay:
    """Send the timetable out: every meeting is booked, everybody who comes gets a letter.

    agreed: `Table.digest` of what was shown
    Raises: RuleBroken matchday_state, matchday_solving, matchday_empty, matchday_changed, matchday_not_coming,
            matchday_elsewhere; NotVisible. Emits matchday.published
    """
    ensure_operator(actor)
    with transaction():
        day = queries.by_key(actor, key, lock=True)
        if once.claim(actor, once_key, f"matchday.publish:{day.id}"):
            return day
        day = _arranged(actor, key)
        ensure(rules.in_state(day.state, DayState.CLOSED))
        rows = queries.meetings(day)
        if not rows:
            raise RuleBroken("matchday_empty")
        if digest_of(rows) != agreed:
            raise RuleBroken("matchday_changed")
        question = queries.question_of(day)
        if any(one.company_id not in question.company or one.supplier_id not in question.supplier for one in rows):
            raise RuleBroken("matchday_not_coming")
        late = {
            row.name
            for one in rows
            for row, party in (
                (one.company, question.company[one.company_id]),
                (one.supplier, question.supplier[one.supplier_id]),
            )
            if one.slot not in party.slots
        }
        if late:
            raise RuleBroken("matchday_elsewhere", names=", ".join(sorted(late)[:5]))
        day.state, day.published_at, day.published_by_id = DayState.PUBLISHED, clock.now(), actor.id
        _book(actor, day, rows)
        once.keep(actor, once_key, f"matchday.publish:{day.id}", day.key)
        audit.record(actor, "matchday.publish", "match_day", day.id, {"meetings": len(rows), "plan": agreed})
        outbox.emit("matchday.published", day_id=day.id)
        return day


def _book(actor: Actor, day: MatchDay, rows: Sequence[Meeting]) -> None:
    """A slot and a booking for each meeting, with who sits there."""
    spans = day.spans
    made = {
        (one.starts_at, one.place): one for one in appointments.slots(queries.OWNER, day.id, queries.PURPOSE)
    }
    for row in rows:
        place = f"{day.place} {row.table_no}"[:200]
        span = spans[row.slot]
        slot: Slot | None = made.get((span[0], place))
        if slot is None:
            slot = booking.offer(actor, queries.OWNER, day.id, queries.PURPOSE, [span], place)[0]
            made[span[0], place] = slot
        people = {one.person_id for one in (row.company, row.supplier) if one.person_id}
        booking.book(actor, slot, queries.SUBJECT, row.id, people)


# --- the day itself -------------------------------------------------------------------------------------------------


def record(actor: Actor, key: str, notes: Mapping[str, Note]) -> int:
    """Write down who came and what came of it; meeting key → note. Returns: how many meetings changed

    Raises: RuleBroken matchday_state, matchday_not_yet, matchday_outcome_needs_meeting (outcome_<key>); NotVisible
    """
    ensure_operator(actor)
    with transaction():
        day = queries.by_key(actor, key, lock=True)
        ensure(rules.may_record(day.state, day.day, clock.today()))
        rows = {one.key: one for one in queries.meetings(day)}
        changed = 0
        for meeting_key, note in notes.items():
            row = rows.get(meeting_key)
            if row is None:
                raise NotVisible
            if note.outcome is not None and note.attendance is not Attendance.BOTH:
                raise RuleBroken("matchday_outcome_needs_meeting", f"outcome_{meeting_key}")
            text = " ".join(note.text.split())[: rules.MAX_NOTE]
            if (row.attendance, row.outcome, row.outcome_note) == (note.attendance, note.outcome, text):
                continue
            row.attendance, row.outcome, row.outcome_note = note.attendance, note.outcome, text
            row.recorded_by_id, row.recorded_at = actor.id, clock.now()
            audit.record(
                actor,
                "matchday.record",
                "match_day_meeting",
                row.id,
                {"attendance": note.attendance, "outcome": note.outcome},
            )
            changed += 1
        return changed


@dataclass(frozen=True)
class DayFigures:
    """What came of a day."""

    meetings: int
    recorded: int
    met: int
    no_company: int
    no_supplier: int
    outcomes: Mapping[MeetingOutcome, int]

    @property
    def going_on(self) -> int:
        return sum(count for outcome, count in self.outcomes.items() if outcome is not MeetingOutcome.NONE)


def figures_of_day(rows: Sequence[Meeting]) -> DayFigures:
    came = [one.attendance for one in rows if one.attendance]
    return DayFigures(
        meetings=len(rows),
        recorded=len(came),
        met=came.count(Attendance.BOTH),
        no_company=sum(one in (Attendance.NO_COMPANY, Attendance.NOBODY) for one in came),
        no_supplier=sum(one in (Attendance.NO_SUPPLIER, Attendance.NOBODY) for one in came),
        outcomes={kind: count for kind in MeetingOutcome if (count := sum(one.outcome is kind for one in rows))},
    )

