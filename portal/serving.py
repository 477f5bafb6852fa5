"""Web server and background worker as one: `flask portal run` starts both, watches both, and ends both in order.

Asked to stop (SIGTERM, SIGINT), the web server finishes the requests it has begun and the worker its task; a second
request to stop ends them at once. A worker that fails is started again with growing pauses; without its web server
the portal ends, so that whoever started it (systemd, a container) can see it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[1]
GRACE_SECONDS = 25
LONGEST_PAUSE = 30


def web_command(host: str, port: int) -> list[str]:
    """gunicorn with one process and threads: SQLite has one writer, and one process keeps the memory small."""
    return [
        *(sys.executable, "-m", "gunicorn", "app:app", "--chdir", str(ROOT), "--bind", f"{host}:{port}"),
        *("--workers", os.environ.get("PORTAL_WEB_PROCESSES", "1"), "--threads", "8", "--timeout", "60"),
        *("--graceful-timeout", str(GRACE_SECONDS - 5), "--log-level", "warning"),
        *("--config", "python:portal.web_worker"),
    ]


def worker_command() -> list[str]:
    return [sys.executable, "-m", "flask", "--app", str(ROOT / "app.py"), "portal", "worker"]


class Pair:
    """The two processes. Each has a process group of its own, so that Ctrl-C reaches us alone and we end them in order."""

    def __init__(self, web: Sequence[str], worker: Sequence[str], environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._commands = {"web": list(web), "worker": list(worker)}
        self._running = {name: self._start(name) for name in self._commands}
        self._asked = 0
        self._pause, self._next_start = 1.0, 0.0

    def ask_to_stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        self._asked += 1
        for process in self._running.values():
            if process.poll() is None:
                process.kill() if self._asked > 1 else process.terminate()

    def wait(self) -> int:
        """Until both have ended. Returns the exit code: 0 after a request to stop."""
        while not self._asked:
            if (code := self._running["web"].poll()) is not None:
                self.ask_to_stop()
                self._end()
                return code or 1
            self._keep_worker()
            time.sleep(0.2)
        self._end()
        return 0

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._commands[name], env=self._environment, cwd=ROOT, process_group=0)

    def _keep_worker(self) -> None:
        if self._running["worker"].poll() is None:
            return
        if not self._next_start:
            self._next_start = time.monotonic() + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
        elif time.monotonic() >= self._next_start:
            self._next_start = 0.0
            self._running["worker"] = self._start("worker")

    def _end(self) -> None:
        until = time.monotonic() + GRACE_SECONDS
        for process in self._running.values():
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def serve(host: str, port: int) -> int:
    """Run until asked to stop; returns the exit code."""
    # FLASK_RUN_FROM_CLI would make the web worker load what only commands need
    environment = {name: value for name, value in os.environ.items() if name != "FLASK_RUN_FROM_CLI"}
    pair = Pair(web_command(host, port), worker_command(), {**environment, "PORT": str(port)})
    signal.signal(signal.SIGTERM, pair.ask_to_stop)
    signal.signal(signal.SIGINT, pair.ask_to_stop)
    return pair.wait()
