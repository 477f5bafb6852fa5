"""Commands of the scorer; `COMMANDS` of the package hangs them under `flask portal`."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext

from portal.base.access import SYSTEM, NotVisible, RuleBroken
from portal.base.words import sentence
from portal.scoring import queries, rescoring, service, work
from portal.scoring.population import MISFITS
from portal.scoring.registry import Damaged
from portal.scoring.rules import JobKind, JobState


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
                if suggestion_id is not None or isinstance(broken, Damaged):
                    raise click.ClickException(_both(broken, one)) from None
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


@click.command("score")
@click.option("--all", "everybody", is_flag=True, help="모든 기업의 최신 진단 · the newest diagnosis of every firm")
@click.option("--instrument", help="점검표 판, 비우면 최신 · instrument version, the newest when left out")
@click.option("--limit", type=int, help="앞에서부터 이만큼만 · only so many firms")
@click.option("--resume", is_flag=True, help="멈춘 작업을 이어서 · go on where an earlier run stopped")
@with_appcontext
def score(everybody: bool, instrument: str | None, limit: int | None, resume: bool) -> None:
    """모든 기업을 다시 산정해 새 결과를 더합니다(옛 결과는 그대로) · Score every firm again, beside the old suggestions."""
    if not everybody:
        raise click.UsageError("--all 을 붙여 주세요 · say --all")
    with work.alone() as mine:
        if not mine:
            raise click.ClickException("다른 긴 작업이 진행 중입니다 · other long work is running; try again later")
        left = queries.unfinished_job(JobKind.SCORE_ALL)
        if left and left.is_open and not resume:
            raise click.ClickException(
                "끝나지 않은 작업이 있습니다. --resume 으로 이어 주세요 · an earlier run has not ended: use --resume"
            )
        if not left and resume:
            raise click.ClickException("이어서 할 작업이 없습니다 · there is nothing to go on with")
        try:
            asked = rescoring.check({"instrument": instrument, "limit": limit})
        except RuleBroken as broken:
            raise click.ClickException(str(sentence(broken.code, **broken.values))) from None
        job_id = left.id if left and resume else service.ask_job(SYSTEM, JobKind.SCORE_ALL, asked).id
        with click.progressbar(length=queries.job(job_id).total or 1, label="score") as bar:
            bar.pos = queries.job(job_id).done

            def told(done: int, total: int) -> None:
                bar.length = total or 1
                bar.update(done - bar.pos)

            work.run(job_id, told)
    job = queries.job(job_id)
    if job.state is not JobState.DONE:
        raise click.ClickException(str(job.refusal))
    found = job.answer
    skipped = sum(found["skipped"].values())
    click.echo(
        f"새 산정 {found['made']}건(유형이 바뀐 기업 {found['moved']}곳), 그대로 {found['same']}곳, 건너뜀 {skipped}곳 · "
        f"{found['made']} new suggestions ({found['moved']} of another tier), {found['same']} unchanged, {skipped} skipped"
    )
    for reason, firms in sorted(found["skipped"].items()):
        click.echo(f"  {firms}: {MISFITS[reason].ko} · {MISFITS[reason].en}")


def _both(broken: RuleBroken, suggestion_id: int | None = None) -> str:
    """A refusal in both languages."""
    said = sentence(broken.code, **broken.values)
    return (f"산정 id={suggestion_id}: " if suggestion_id is not None else "") + f"{said.ko} · {said.en}"
