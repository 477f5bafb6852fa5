"""The portal as it is really started: both processes come up, say when they are ready, and end without cutting anybody off."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def free_port():
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        return plug.getsockname()[1]


def environment(folder, port):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    return {**kept, "PORTAL_DATA_DIR": str(folder), "PORT": str(port)}


def flask(*command, env):
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "portal", *command],
        cwd=ROOT, env=env, capture_output=True, text=True,
    )  # fmt: skip


def status(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def wait_for(what, seconds=40):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    done = flask("init", env=environment(folder, 0))
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def portal(prepared):
    """(process, address, log) of a running portal on an empty database."""
    port = free_port()
    log = (prepared / "log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "app", "portal", "run"],
        cwd=ROOT, env=environment(prepared, port), stdout=log, stderr=log,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    wait_for(lambda: process.poll() is not None or status(f"{address}/readyz") == 200)
    yield process, address, port
    if process.poll() is None:
        process.terminate()
        process.wait(30)
    log.close()


def children_of(pid):
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True).stdout.split()
    pairs = zip(listed[::2], listed[1::2], strict=True)
    return [int(child) for child, parent in pairs if int(parent) == pid]


def test_it_comes_up_alive_and_ready(portal):
    _, address, _ = portal
    assert [status(f"{address}{path}") for path in ("/healthz", "/readyz", "/")] == [200, 200, 200]


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_a_request_that_has_begun_is_answered_before_the_end(portal, asked):
    process, address, port = portal
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(b"POST /sign-up HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                     b"Content-Length: 20\r\n\r\nfirst=half")  # fmt: skip
        time.sleep(0.5)
        process.send_signal(asked)
        time.sleep(1)
        line.sendall(b"&then=rest")
        answer = line.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert process.wait(30) == 0
    assert status(f"{address}/healthz") == 0


def test_a_worker_that_fails_is_started_again(portal):
    process, address, _ = portal
    before = children_of(process.pid)
    names = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in before} if Path("/proc").exists() else {}
    workers = [pid for pid, line in names.items() if b"worker" in line.split(b"\0")]
    if not workers:
        pytest.skip("no /proc to tell the worker by")
    os.kill(workers[0], signal.SIGKILL)
    wait_for(lambda: len(set(children_of(process.pid)) - set(before)) == 1)
    assert process.poll() is None
    assert status(f"{address}/healthz") == 200


def test_a_taken_port_is_said_and_ends_it(portal, prepared):
    _, _, port = portal
    second = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "portal", "run"],
        cwd=ROOT, env=environment(prepared, port), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert second.returncode != 0
    assert "in use" in second.stderr


def test_readyz_says_what_is_missing(tmp_path):
    env = {**environment(tmp_path, 0)}
    code = "from portal import create_app; c = create_app().test_client(); r = c.get('/readyz'); print(r.status_code, r.json)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.stdout.strip().startswith("503"), done.stdout + done.stderr
    assert "'migrations': False" in done.stdout
    assert "'worker': False" in done.stdout


def test_verify_audit_passes_and_names_a_changed_row(tmp_path):
    import sqlite3

    env = environment(tmp_path, 0)
    assert flask("init", env=env).returncode == 0
    passed = flask("verify-audit", env=env)
    assert passed.returncode == 0, passed.stderr
    with sqlite3.connect(tmp_path / "portal.sqlite3") as rows:
        ids = [row[0] for row in rows.execute("SELECT id FROM audit_log ORDER BY id")]
        assert len(ids) > 1
        middle = ids[len(ids) // 2]
        (detail,) = rows.execute("SELECT detail FROM audit_log WHERE id = ?", (middle,)).fetchone()
        changed = detail[:-2] + chr(ord(detail[-2]) ^ 1) + detail[-1]
        rows.execute("UPDATE audit_log SET detail = ? WHERE id = ?", (changed, middle))
    failed = flask("verify-audit", env=env)
    assert failed.returncode == 1
    assert f"id={middle}" in failed.stderr
