"""Commands of the scorer; `COMMANDS` of the package hangs them under `flask portal`."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext

from portal.base.access import NotVisible, RuleBroken
from portal.base.words import sentence
from portal.scoring import queries, service


@click.command("replay")
@click.argument("suggestion_id", type=int, required=False)
@with_appcontext
def replay(suggestion_id: int | None) -> None:
    """저장된 산정을 다시 계산해 바이트까지 견줍니다 · Compute stored suggestions again; exit 1 names the first that differs."""
    wanted = [suggestion_id] if suggestion_id is not None else queries.ids()
    skipped = 0
    with click.progressbar(wanted, label="replay") as bar:
        for one in bar:
            try:
                again = service.replay(one)
            except NotVisible:
                raise click.ClickException(f"산정 {one}이(가) 없습니다 · there is no suggestion {one}") from None
            except RuleBroken as broken:
                if suggestion_id is not None:
                    raise click.ClickException(str(sentence(broken.code, **broken.values))) from None
                skipped += 1
                continue
            if not again.ok:
                what = "입력이 바뀌었습니다 · its inputs were changed"
                if again.inputs_intact:
                    what = "결과가 다릅니다 · its result differs"
                click.echo(f"\n산정 id={one}: {what}", err=True)
                sys.exit(1)
    click.echo(
        f"산정 {len(wanted) - skipped}건이 그대로 재현되었습니다 · {len(wanted) - skipped} suggestions replayed"
        + (f", 다른 규칙 판 {skipped}건 · {skipped} of other rule versions" if skipped else "")
    )
