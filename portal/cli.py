"""The command line: `flask portal …`. Thin: each command calls one service function and says what happened."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from portal.base import audit

portal = AppGroup("portal", help="제조혁신포털 운영 명령 · Commands of the portal.")


@portal.command("init")
@click.option("--demo", is_flag=True, help="예시 나라를 함께 만듭니다 · with a synthetic demo country")
def init(demo: bool) -> None:
    """데이터베이스를 만들고 기준정보를 넣습니다 · Create the database and load the reference data."""
    from portal.start import prepare

    prepare(demo=demo)


@portal.command("verify-audit")
def verify_audit() -> None:
    """감사 기록의 사슬을 검증합니다 · Verify the audit chain; exit 1 names the first wrong row."""
    report = audit.verify()
    if report.ok:
        click.echo(
            f"감사 기록 {report.rows}건이 온전합니다 · {report.rows} audit rows are intact. head {report.head[:16]}"
        )
        return
    click.echo(f"감사 기록 id={report.broken_at} 손상 · audit row id={report.broken_at}: {report.problem}", err=True)
    sys.exit(1)


@portal.command("worker")
def worker() -> None:
    """작업 처리기를 실행합니다 · Run the background worker (letters, after-effects, schedules)."""
    from portal import jobs

    jobs.beat()
    jobs.wake()
    consumer = jobs.queue().create_consumer(
        workers=2, initial_delay=0.1, max_delay=1.0, check_worker_health=True, graceful_signal="TERM"
    )
    consumer.run()


@portal.command("run")
def run() -> None:
    """웹 서버와 작업 처리기를 함께 실행합니다 · Run web server and worker together until Ctrl-C."""
    from portal import serving

    settings = current_app.extensions["settings"]
    click.echo(f"\n  제조혁신포털  http://{settings.host}:{settings.port}   (Ctrl-C: 끝내기 · stop)\n")
    sys.exit(serving.serve(settings.host, settings.port))


@portal.command("permissions")
def permissions() -> None:
    """경로별 권한표를 출력합니다 · Print docs/permissions.md from the routes themselves."""
    from portal.web import guard

    click.echo(
        "# 경로와 권한 · Routes and permissions\n\n만든 것: `flask portal permissions`. 손으로 고치지 않습니다.\n"
    )
    click.echo("| path | methods | permission | roles |\n|---|---|---|---|")
    for rule in sorted(current_app.url_map.iter_rules(), key=lambda rule: (rule.rule, sorted(rule.methods))):
        access = guard.access_of(current_app, rule.endpoint) or "-"
        roles = ", ".join(sorted(guard.permissions().get(access, ())))
        methods = ", ".join(sorted(rule.methods - {"HEAD", "OPTIONS"}))
        click.echo(f"| `{rule.rule}` | {methods} | `{access}` | {roles} |")


@portal.command("map")
def show_map() -> None:
    """꾸러미 지도를 출력합니다 · Print docs/map.md from the packages themselves."""
    from portal import FEATURES, reactions

    here = Path(__file__).resolve().parent
    click.echo("# 지도 · Map of the code\n\n만든 것: `flask portal map`. 손으로 고치지 않습니다.\n")
    click.echo(
        "위에서 아래로 신청의 여정입니다. 방 이름은 어디나 같습니다: rules < models < queries < service < forms < views.\n"
    )
    click.echo("| package | purpose | rooms |\n|---|---|---|")
    for name in ("base", "web", *FEATURES):
        module = import_module(f"portal.{name}")
        purpose = " ".join((module.__doc__ or "").strip().split("\n\n")[0].split())
        rooms = ", ".join(sorted(path.stem for path in (here / name).iterdir() if path.stem[0] not in "_."))
        click.echo(f"| `{name}` | {purpose} | {rooms} |")
    click.echo("\n## 사건과 뒷일 · Events and what follows\n\n| event | handlers |\n|---|---|")
    for event, handlers in reactions.EVENTS.items():
        names = ", ".join(f"`{handler.__module__.removeprefix('portal.')}.{handler.__name__}`" for handler in handlers)
        click.echo(f"| `{event}` | {names or '-'} |")


def init_app(app: Flask) -> None:
    app.cli.add_command(portal)
