"""A letter on paper: A4, selectable text, neither author nor writer's name; the same content gives the same bytes."""

from __future__ import annotations

import hashlib
from datetime import datetime

from portal.base import audit, clock, marks
from portal.base.pdf import Pdf
from portal.base.words import say, use_language
from portal.letters.rules import LetterContent, LetterKind


def digest(kind: LetterKind, number: str, content: LetterContent) -> str:
    """SHA-256 of what the letter says; printed on it, so that a paper copy can be checked too."""
    facts = audit.canonical({"kind": kind, "number": number, **content.as_dict()})
    return hashlib.sha256(facts.encode()).hexdigest()


def pdf(kind: LetterKind, number: str, content: LetterContent, language: str, made_at: datetime) -> bytes:
    """The file. made_at: printed as the day when the content names no moment of its own."""
    with use_language(language):
        dated = content.dated or made_at
        sheet = Pdf(content.title, language, dated, f"{number} · {kind.label}")
        if marks.is_demo():
            sheet.paragraph(marks.SYNTHETIC)
        sheet.facts(
            [
                (say("받는 곳", "To"), content.addressee),
                (say("접수번호", "Receipt number"), number),
                (say("날짜", "Date"), f"{clock.kst(dated):%Y-%m-%d}"),
            ]
        )
        sheet.paragraph(content.lead)
        for section in content.sections:
            sheet.heading(section.heading)
            for text in section.paragraphs:
                sheet.paragraph(text)
            if section.rows and section.head:
                sheet.table(section.head, section.rows, widths=_widths(len(section.head)))
            elif section.rows:
                sheet.facts([(row[0], row[1] if len(row) > 1 else "") for row in section.rows])
        if content.remedy:
            sheet.heading(say("할 수 있는 것", "What you can do"))
            sheet.paragraph(content.remedy)
        if content.sender:
            sheet.paragraph(content.sender)
        sheet.heading(say("진위 확인", "How to check it"))
        sheet.paragraph(f"SHA-256 {digest(kind, number, content)}", quiet=True)
        sheet.paragraph(
            say(
                "포털의 ‘통지서 진위 확인’(/letters/verify)에서 위 값을 넣거나 이 파일을 올리면 확인할 수 있습니다.",
                "Enter this value or upload this file on the portal's page for checking letters (/letters/verify).",
            ),
            quiet=True,
        )
        return sheet.bytes()


def _widths(columns: int) -> tuple[int, ...]:
    """The first column holds names, the others figures."""
    return (3, *(1,) * (columns - 1)) if columns > 1 else (1,)
