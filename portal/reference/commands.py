"""Commands of the reference data; `COMMANDS` of the package hangs them under `flask portal`."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from portal.base.access import SYSTEM
from portal.reference import loading, service
from portal.reference.rules import KSIC_REVISIONS


@click.command("import-ksic")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--revision", type=click.Choice([str(number) for number in KSIC_REVISIONS]), required=True)
@with_appcontext
def import_ksic(file: Path, revision: str) -> None:
    """통계청의 5자리 산업분류표를 넣습니다 · Import the statistics office's five-digit industry table.

    열 이름 · columns: ksic1_cd,ksic1_nm,…,ksic5_cd,ksic5_nm 또는 · or code,name
    """
    try:
        rows = loading.read_ksic_import(file, int(revision))
    except loading.BrokenData as broken:
        click.echo(str(broken), err=True)
        raise click.ClickException(
            f"{len(broken.faults)}줄이 잘못되어 아무것도 넣지 않았습니다 · nothing was imported"
        ) from None
    with click.progressbar(length=len(rows), label=f"KSIC {revision}") as bar:
        done = service.import_ksic(SYSTEM, rows, bar.update)
    click.echo(
        f"추가 {done.added} · 변경 {done.changed} · 그대로 {done.same}"
        f" (added {done.added}, changed {done.changed}, same {done.same})"
    )
