"""통지서: what a firm is told on paper: decided, to be mended, appealed; made once, sent, and provable by its hash.

Persons: the firm's people (read and keep their letters), the agency (register), anybody who holds a letter (checks it).
Words: Letter 통지서, LetterContent its text in one language, LetterBatch 일괄 발송, register 발송 대장.
Statuses: PREPARED → SENT; a sent letter never changes. Batches: WAITING → RUNNING → DONE or FAILED.
It knows no feature: `applications`, `selection` and `appeals` give the content (`service.prepare`) and say when to send
(`service.send`). Extra rooms: `paper` (the PDF), `work` (batches in the worker; the feature above composes each letter).
"""

from __future__ import annotations

from flask import Blueprint

from portal.base.words import say
from portal.letters import rules
from portal.web.pages import NavItem

bp = Blueprint("letters", __name__)
PERMISSIONS = rules.PERMISSIONS
NAV = [
    NavItem(say("통지서", "Letters"), "letters.own", "letters:own:read", order=38),
]

from portal.letters import views  # noqa: E402, F401  (routes attach themselves to `bp`)
