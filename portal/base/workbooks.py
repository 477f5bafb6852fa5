"""Reading somebody's workbook: never in this process.

A workbook is a zip of XML, and what its reader does with a hostile one nobody can promise; so a process of its own reads
it, with bounds on memory, time and what it may write.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO

from portal.base import workbook_reader

PASSED = ("LD_LIBRARY_PATH", "PATH")
"""Of the environment: what an interpreter may need to start, and no secret."""
PATIENCE = 20
"""Seconds by the clock, for a process whose processor's time is bounded already."""
Cell = str | int | float | bool | None


class Unreadable(Exception):
    """No workbook, a broken one, or one that would take more than the bounds."""


class TooLong(Exception):
    """More rows than were asked for, or very much text."""


def read(content: IO[bytes], *, pages: int, columns: int, rows: int) -> list[list[list[Cell]]]:
    """The first pages of a workbook as plain values.

    columns: of each row, shorter rows are filled up with None
    rows   : of a page at most, the head among them
    Returns: page → row → cell; dates as ISO text, texts cut at 5,000 letters; fewer pages when it has fewer
    Raises : Unreadable, TooLong
    """
    try:
        done = subprocess.run(
            [sys.executable, "-I", workbook_reader.__file__, str(pages), str(columns), str(rows)],
            input=content.read(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            cwd=Path(workbook_reader.__file__).parent,
            env={name: os.environ[name] for name in PASSED if name in os.environ},
        )
    except subprocess.TimeoutExpired as error:
        raise Unreadable from error
    if done.returncode == workbook_reader.TOO_LONG:
        raise TooLong
    if done.returncode:
        raise Unreadable
    found = json.loads(done.stdout)
    return [[[*row, *[None] * (columns - len(row))] for row in page] for page in found]
