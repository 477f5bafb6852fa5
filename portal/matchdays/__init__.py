"""매칭데이: one day on which companies and suppliers meet at tables, by a timetable out of everybody's wishes.

Persons: operator (plans, asks, enters answers that came by phone or as a spreadsheet, has the timetable made, mends it,
sends it out, records who came), company and supplier (answer, rank whom they want to meet, get their own timetable).
Words: MatchDay 매칭데이, Attendee 참가, Wish 희망, Meeting 만남, Solving 일정표 만들기, Slot 시간, Table 상담석.
A day goes DRAFT → OPEN (takes wishes) → CLOSED (timetable) → PUBLISHED (booked in `appointments`), or is CANCELLED.
What a side refused and whom an operator keeps apart is told to nobody else. Suppliers under suspension are left out.
Extra rooms: `timetable` (pure: who may meet, what blocks, why a wish was not met), `solver` (OR-tools; the worker alone),
`work` (its queue), `arranging` (the timetable's writes), `sheet` (XLSX in), `papers` (XLSX, PDF, calendars out), `desk` and
`timetable_desk` (the operator's screens; `views` holds those of companies and suppliers).

Events: `matchday.invited` (attendee_id), `matchday.published`, `matchday.cancelled` (day_id), `matchday.moved`
(attendee_ids, change).
"""

from __future__ import annotations

from flask import Blueprint

from portal.base.words import say
from portal.matchdays import rules
from portal.web.pages import NavItem

bp = Blueprint("matchdays", __name__)
PERMISSIONS = rules.PERMISSIONS
NAV = [
    NavItem(say("매칭데이", "Matching days"), "matchdays.index", "matchdays:own:answer", order=33),
    NavItem(say("매칭데이", "Matching days"), "matchdays.days", "matchdays:day:read", order=62),
]

from portal.matchdays import desk, timetable_desk, views  # noqa: E402, F401  (routes attach themselves to `bp`)
