"""기준정보: the codes that every other package speaks in.

Industries (KSIC, by revision), regions (with the days they are valid), technologies (with the words
people use for them) and official statistics. Read by everybody, written only by loading a file.
Extra rooms: `loading` (reads and checks the files of `data/`), `statistics` (official figures),
`commands` (the command line).
"""

from __future__ import annotations

from portal.reference import models, rules  # noqa: F401  (the tables must be known)
from portal.reference.commands import import_ksic

PERMISSIONS = rules.PERMISSIONS
COMMANDS = [import_ksic]
