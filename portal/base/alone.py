"""Being alone at long work: a lock on a file, which the system takes back when the process dies.

Work that is found half-way by who holds the lock was therefore left behind, and can be taken up or made anew.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from portal.base import files


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Whether this thread is the only one, of all processes over the same data folder, at the work of this name.

    Notes: does not wait; the file `<name>.lock` in the data folder holds nothing.
    """
    folder = files.data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
