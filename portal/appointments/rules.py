"""When slots may be offered and booked; times are aware, days and clock times are Korean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from portal.base import clock
from portal.base.access import YES, RuleBroken, Verdict, no
from portal.base.words import define, say

SHORTEST, LONGEST = 5, 480
"""Minutes of one slot."""
MOST_SLOTS = 60
"""Slots that one form may make at once."""

CODES = define(
    {
        "appointment_minutes": say(
            "한 번에 {least}분부터 {most}분까지 정할 수 있습니다.", "Between {least} and {most} minutes."
        ),
        "appointment_hours": say(
            "끝나는 시각은 시작하는 시각보다 뒤여야 하고, 한 번은 들어가야 합니다.",
            "The end must come after the start, with room for at least one slot.",
        ),
        "appointment_many": say("한 번에 {most}개까지 만들 수 있습니다.", "At most {most} slots at once."),
        "appointment_past": say("지난 시각입니다. 앞으로의 시각을 골라 주세요.", "That time has passed."),
        "appointment_overlap": say(
            "같은 장소에 {when}부터 이미 다른 시간이 있습니다.", "The place has another slot from {when}."
        ),
        "appointment_place": say("장소를 적어 주세요.", "Please say where."),
        "appointment_taken": say(
            "이미 예약된 시간입니다. 다른 시간을 골라 주세요.", "This slot is taken. Please choose another one."
        ),
        "appointment_busy": say(
            "{count}명이 그 시간에 다른 일정이 있습니다. 다른 시간을 골라 주세요.",
            "{count} person(s) have another appointment then. Please choose another slot.",
        ),
        "appointment_gone": say("이미 취소된 예약입니다.", "This booking was cancelled already."),
    }
)


def grid(day: date, first: time, last: time, minutes: int, pause: int = 0) -> list[tuple[datetime, datetime]]:
    """Slots of one day (KST) from `first`, each `minutes` long with `pause` between, none beyond `last`.

    Raises: RuleBroken appointment_minutes (minutes), appointment_hours (last), appointment_many (last)
    """
    if not SHORTEST <= minutes <= LONGEST or not 0 <= pause <= LONGEST:
        raise RuleBroken("appointment_minutes", "minutes", least=SHORTEST, most=LONGEST)
    start, end = (clock.from_kst(datetime.combine(day, at)) for at in (first, last))
    length, slots = timedelta(minutes=minutes), []
    while start + length <= end:
        slots.append((start, start + length))
        start += length + timedelta(minutes=pause)
    if not slots:
        raise RuleBroken("appointment_hours", "last")
    if len(slots) > MOST_SLOTS:
        raise RuleBroken("appointment_many", "last", most=MOST_SLOTS)
    return slots


def overlaps(a: tuple[datetime, datetime], b: tuple[datetime, datetime]) -> bool:
    """Whether two spans share time; one may begin when the other ends."""
    return a[0] < b[1] and b[0] < a[1]


def can_offer(
    spans: Sequence[tuple[datetime, datetime]], standing: Sequence[tuple[datetime, datetime]], moment: datetime
) -> Verdict:
    """Whether these spans may be added to those that the place has already."""
    if any(start <= moment for start, _ in spans):
        return no("appointment_past")
    for span in spans:
        if any(overlaps(span, other) for other in standing):
            return no("appointment_overlap", when=f"{clock.kst(span[0]):%m-%d %H:%M}")
    return YES
