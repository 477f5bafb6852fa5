"""What a letter is: its kinds, its contents as plain data, and who reads and sends it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from portal.accounts.rules import OPERATOR, SME, Role
from portal.base.words import Words, define, say

READERS = OPERATOR | {Role.AUDITOR}
PERMISSIONS: dict[str, frozenset[str]] = {
    "letters:own:read": SME,
    "letters:register:read": READERS,
}

MOST_BYTES = 5 * 1024 * 1024
"""Largest file that somebody may ask about."""


class LetterKind(StrEnum):
    SELECTED = "selected"
    RESERVE = "reserve"
    REJECTED = "rejected"
    PROMOTED = "promoted"
    SUPPLEMENT = "supplement"
    APPEAL_RECEIVED = "appeal_received"
    APPEAL_INADMISSIBLE = "appeal_inadmissible"
    APPEAL_SUPPLEMENT = "appeal_supplement"
    APPEAL_UPHELD = "appeal_upheld"
    APPEAL_PARTLY = "appeal_partly"
    APPEAL_DISMISSED = "appeal_dismissed"

    @property
    def label(self) -> Words:
        return KIND_LABELS[self]

    @property
    def tone(self) -> str:
        return KIND_TONES.get(self, "info")


KIND_LABELS = {
    LetterKind.SELECTED: say("선정 통지서", "Letter of selection"),
    LetterKind.RESERVE: say("후보 통지서", "Letter of the reserve list"),
    LetterKind.REJECTED: say("미선정 통지서", "Letter of rejection"),
    LetterKind.PROMOTED: say("추가 선정 통지서", "Letter of selection from the reserve list"),
    LetterKind.SUPPLEMENT: say("보완 요청서", "Request for supplements"),
    LetterKind.APPEAL_RECEIVED: say("이의신청 접수 통지서", "Receipt of an appeal"),
    LetterKind.APPEAL_INADMISSIBLE: say("이의신청 각하 통지서", "Letter of an inadmissible appeal"),
    LetterKind.APPEAL_SUPPLEMENT: say("이의신청 보완 요청서", "Request for supplements to an appeal"),
    LetterKind.APPEAL_UPHELD: say("이의신청 인용 통지서", "Letter of an upheld appeal"),
    LetterKind.APPEAL_PARTLY: say("이의신청 일부 인용 통지서", "Letter of a partly upheld appeal"),
    LetterKind.APPEAL_DISMISSED: say("이의신청 기각 통지서", "Letter of a dismissed appeal"),
}
KIND_TONES = {
    LetterKind.SELECTED: "success",
    LetterKind.PROMOTED: "success",
    LetterKind.APPEAL_UPHELD: "success",
    LetterKind.RESERVE: "warn",
    LetterKind.SUPPLEMENT: "warn",
    LetterKind.APPEAL_SUPPLEMENT: "warn",
    LetterKind.REJECTED: "neutral",
    LetterKind.APPEAL_INADMISSIBLE: "neutral",
    LetterKind.APPEAL_DISMISSED: "neutral",
}


class LetterState(StrEnum):
    PREPARED = "prepared"
    SENT = "sent"

    @property
    def label(self) -> Words:
        return STATE_LABELS[self]

    @property
    def tone(self) -> str:
        return "success" if self is LetterState.SENT else "info"


STATE_LABELS = {
    LetterState.PREPARED: say("보내기 전", "Not sent yet"),
    LetterState.SENT: say("보냄", "Sent"),
}


class BatchState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"

    @property
    def label(self) -> Words:
        return BATCH_LABELS[self]

    @property
    def tone(self) -> str:
        return BATCH_TONES[self]

    @property
    def is_working(self) -> bool:
        return self in (BatchState.WAITING, BatchState.RUNNING)


BATCH_LABELS = {
    BatchState.WAITING: say("차례를 기다림", "Waiting"),
    BatchState.RUNNING: say("보내는 중", "Sending"),
    BatchState.DONE: say("모두 보냄", "All sent"),
    BatchState.FAILED: say("멈춤", "Stopped"),
}
BATCH_TONES = {
    BatchState.WAITING: "neutral",
    BatchState.RUNNING: "info",
    BatchState.DONE: "success",
    BatchState.FAILED: "danger",
}


@dataclass(frozen=True)
class Section:
    """One part of a letter under its heading: running text, then a table.

    head: names of the table's columns; without it the rows are pairs of name and value
    """

    heading: str
    paragraphs: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    head: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: Section | Sequence[Any] | Mapping[str, Any]) -> Section:
        """From itself, from what was kept, or from (heading, paragraphs or rows)."""
        if isinstance(given, Section):
            return given
        if isinstance(given, Mapping):
            return cls(
                given["heading"],
                tuple(given["paragraphs"]),
                tuple(tuple(row) for row in given["rows"]),
                tuple(given["head"]),
            )
        heading, parts = given
        parts = [parts] if isinstance(parts, str | Words) else list(parts)
        plain = [part for part in parts if isinstance(part, str | Words)]
        rows = [part for part in parts if not isinstance(part, str | Words)]
        return cls(str(heading), tuple(map(str, plain)), tuple(tuple(map(str, row)) for row in rows))

    def as_dict(self) -> dict[str, Any]:
        return {"heading": self.heading, "paragraphs": self.paragraphs, "rows": self.rows, "head": self.head}


@dataclass(frozen=True)
class LetterContent:
    """What a letter says, ready in its language. The same content gives the same paper to the byte.

    sections: each a `Section`, or (heading, paragraphs or rows of a table of name and value)
    remedy  : what the firm can do now, and until when
    dated   : the moment of the act that the letter tells of; None: when it is prepared
    """

    title: str
    addressee: str
    lead: str
    sections: tuple[Any, ...] = ()
    remedy: str = ""
    sender: str = ""
    dated: datetime | None = None

    def __post_init__(self) -> None:
        for name in ("title", "addressee", "lead", "remedy", "sender"):
            object.__setattr__(self, name, str(getattr(self, name)))
        object.__setattr__(self, "sections", tuple(Section.of(one) for one in self.sections))

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> LetterContent:
        dated = kept.get("dated")
        return cls(**{**kept, "dated": datetime.fromisoformat(dated) if dated else None})

    def as_dict(self) -> dict[str, Any]:
        """Plain data for the row and for the content's own hash."""
        return {
            "title": self.title,
            "addressee": self.addressee,
            "lead": self.lead,
            "sections": [one.as_dict() for one in self.sections],
            "remedy": self.remedy,
            "sender": self.sender,
            "dated": self.dated.isoformat() if self.dated else None,
        }


CODES = define(
    {
        "letter_sent": say("이미 보낸 통지서는 바꿀 수 없습니다.", "A letter that was sent can't be changed."),
        "letter_hash": say(
            "통지서에 적힌 확인값 64자리를 넣거나 PDF 파일을 올려 주세요.",
            "Enter the 64 characters printed on the letter, or upload the PDF file.",
        ),
        "letter_batch_runs": say(
            "이 공고의 통지서를 이미 보내고 있습니다.", "The letters of this call are being sent already."
        ),
        "letter_nothing": say("보낼 통지서가 없습니다.", "There is no letter to send."),
        "letter_broken": say(
            "통지서를 만들다가 멈췄습니다. 이미 보낸 것은 그대로입니다. 다시 보내면 남은 것부터 이어집니다.",
            "Stopped while making the letters. What was sent stays sent. Sending again goes on with the rest.",
        ),
    }
)


def read_hash(typed: str) -> str | None:
    """A SHA-256 as it is printed or pasted, with blanks and hyphens; None when it is none."""
    digits = re.sub(r"[\s\-]", "", typed or "").lower().removeprefix("sha256:").removeprefix("sha256")
    return digits if re.fullmatch(r"[0-9a-f]{64}", digits) else None
