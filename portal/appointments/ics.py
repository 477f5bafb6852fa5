"""A calendar file (RFC 5545) out of plain events: UTC times, folded lines, text escaped. It names only what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

MEDIA_TYPE = "text/calendar"


@dataclass(frozen=True)
class Event:
    """uid: stays the same when the event is written again; changed_at: when it was last changed."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    title: str
    place: str
    changed_at: datetime
    text: str = ""


def calendar(events: Sequence[Event]) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//smart factory portal//appointments//KO", "METHOD:PUBLISH"]
    for one in events:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{one.uid}@portal",
            f"DTSTAMP:{_moment(one.changed_at)}",
            f"DTSTART:{_moment(one.starts_at)}",
            f"DTEND:{_moment(one.ends_at)}",
            f"SUMMARY:{_text(one.title)}",
            f"LOCATION:{_text(one.place)}",
        ]
        if one.text:
            lines.append(f"DESCRIPTION:{_text(one.text)}")
        lines.append("END:VEVENT")
    lines.append("END:VCALENDAR")
    return b"".join(_folded(line) + b"\r\n" for line in lines)


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    for char, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n"), ("\r", "\\n")):
        text = text.replace(char, escaped)
    return text


def _folded(line: str) -> bytes:
    """At most 75 bytes a line, never cutting a character in two."""
    parts, current = [], b""
    for char in line:
        piece = char.encode()
        if len(current) + len(piece) > (75 if not parts else 74):
            parts.append(current)
            current = b""
        current += piece
    return b"\r\n ".join([*parts, current])
