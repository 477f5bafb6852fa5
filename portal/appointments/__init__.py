"""일정: slots of time at a place, and who has booked them. Presentations use it, and whatever else needs an hour.

Persons: none of its own; a feature above offers slots, books them for its subject (an application, a consultation) and
checks who may. Words: Slot 시간, Booking 예약, Attendance 참석 (who has to be there and can't be elsewhere).
Statuses: a booking stands until it is cancelled; constraints keep a slot, a subject and a person from being booked twice.
Extra room: `ics` (a calendar file out of plain events). No routes: the features above show their own timetables.
"""

from __future__ import annotations
