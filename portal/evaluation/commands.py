"""Commands of the evaluation; `COMMANDS` of the package hangs them under `flask portal`."""

from __future__ import annotations

import sys

import click
import sqlalchemy as sa
from flask.cli import with_appcontext

from portal.base.access import SYSTEM, NotVisible
from portal.base.db import session
from portal.evaluation import draw as service
from portal.evaluation import draws
from portal.evaluation.lots import ReplayState
from portal.evaluation.models import Draw


@click.command("replay-draw")
@click.argument("key", required=False)
@with_appcontext
def replay_draw(key: str | None) -> None:
    """배정 추첨을 다시 해서 바이트까지 견줍니다 · Draw panels again from what was kept; exit 1 names the first that differs."""
    try:
        rows = [draws.by_key(SYSTEM, key)] if key else _all()
    except NotVisible:
        raise click.ClickException(f"추첨 {key}이(가) 없습니다 · there is no draw {key}") from None
    for row in rows:
        if not row.result_sha256:
            raise click.ClickException("계획이 없는 추첨입니다 · this draw has no plan")
        state, sha256, changed = service.replay(row)
        if state is not ReplayState.SAME:
            click.echo(f"추첨 {row.key}: {state.label.ko} · {state.label.en} ({sha256 or '-'})", err=True)
            for name, (then, now) in changed.items():
                click.echo(f"  {name} {then} → {now}", err=True)
            sys.exit(1)
        click.echo(f"{row.key}  plan {sha256}  {state.label.ko} · {state.label.en}")
    click.echo(f"추첨 {len(rows)}건이 그대로 재현되었습니다 · {len(rows)} draws replayed")


def _all() -> list[Draw]:
    return list(session.scalars(sa.select(Draw).where(Draw.result_sha256.is_not(None)).order_by(Draw.id)))


COMMANDS = [replay_draw]
