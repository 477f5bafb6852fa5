"""`flask portal replay-appeal`: draw an appeal's panel again from what was kept, for an auditor."""

from __future__ import annotations

import click
import sqlalchemy as sa

from portal.base.db import session


@click.command("replay-appeal", help="Draw the panel of an appeal again and compare it to the byte.")
@click.argument("key")
def replay_appeal(key: str) -> None:
    from portal.appeals import draw
    from portal.appeals.models import Appeal

    appeal = session.scalar(sa.select(Appeal).where(Appeal.key == key))
    if appeal is None:
        raise click.ClickException("이런 이의신청이 없습니다. / There is no such appeal.")
    failed = 0
    for row in appeal.draws:
        same = draw.replays(row)
        failed += not same
        click.echo(f"{row.number}: {row.input_sha256}  {'same' if same else 'DIFFERS'}")
    if failed:
        raise SystemExit(1)


COMMANDS = [replay_appeal]
