"""Commands of the scorer; `COMMANDS` of the package hangs them under `flask portal`."""

from __future__ import annotations

import sys
from typing import Any

import click
from flask.cli import with_appcontext

from portal.accounts import queries as accounts
from portal.base.access import ANONYMOUS, SYSTEM, Actor, NotVisible, RuleBroken
from portal.base.alone import alone
from portal.base.words import Words, sentence
from portal.scoring import champions, dossier, queries, record, rescoring, service, work
from portal.scoring.models import ModelVersion
from portal.scoring.population import MISFITS
from portal.scoring.registry import Damaged
from portal.scoring.rules import PERMISSIONS, JobKind, JobState, ModelKind, ModelState


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
    with alone(work.NAME) as mine:
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


def _acting(address: str | None) -> Actor:
    """Who acts: the operator of an address, with the roles that person holds now; SYSTEM where none is named."""
    if address is None:
        return SYSTEM
    person = accounts.person_by_email(address)
    actor = accounts.actor_of(person) if person else ANONYMOUS
    if not actor.has(*PERMISSIONS["scoring:model:manage"]):
        raise click.ClickException(f"{address}: 전국 운영자가 아닙니다 · not a national operator")
    return actor


def _named(name: str) -> ModelVersion:
    row = queries.model_by_name(SYSTEM, name)
    if row is None:
        raise click.ClickException(f"모형 {name}이(가) 없습니다 · there is no model {name}")
    return row


def _run(kind: JobKind, params: dict[str, Any], actor: Actor, label: str) -> dict[str, Any]:
    """Do long work here and now, as the worker would, with a progress bar; exit 1 says why it failed."""
    with alone(work.NAME) as mine:
        if not mine:
            raise click.ClickException("다른 긴 작업이 진행 중입니다 · other long work is running; try again later")
        job_id = service.ask_job(actor, kind, params).id
        with click.progressbar(length=1, label=label) as bar:

            def told(done: int, total: int) -> None:
                bar.length = total or 1
                bar.update(done - bar.pos)

            work.run(job_id, told)
    job = queries.job(job_id)
    if job.state is not JobState.DONE:
        raise click.ClickException(f"{job.refusal.ko} · {job.refusal.en}")
    return job.answer


AS = click.option("--as", "address", metavar="EMAIL", help="이 운영자로서 · as this national operator")
REASON = click.option("--reason", help="이유, 10자 이상 · why, 10 characters or more")


@click.command("train")
@click.option("--kind", type=click.Choice([one.value for one in ModelKind]), default=ModelKind.ORDINAL_LOGIT.value)
@click.option("--note", default="", help="기록에 남길 말 · a word for the record")
@AS
@with_appcontext
def train_model(kind: str, note: str, address: str | None) -> None:
    """제안을 보기 전에 낸 결정으로 도전 모형을 학습합니다 · Train a challenger on the blind decisions."""
    answer = _run(JobKind.TRAIN, {"kind": kind, "note": note}, _acting(address), "train")
    _print_model(queries.model_by_key(SYSTEM, answer["model"]))


@click.command("models")
@click.argument("name", required=False)
@with_appcontext
def show_models(name: str | None) -> None:
    """모형 목록, 또는 한 모형의 보고서 · The registry of models, or one model with its report."""
    if name:
        _print_model(_named(name))
        return
    champion = queries.champion()
    click.echo(f"{record.CHAMPION:24} {'' if champion else '현재 모형 · champion'}".rstrip())
    for row in queries.models(SYSTEM):
        mae, against = dossier.main_metric(row.facts)
        state = f"{row.state.label.ko} · {row.state.label.en}"
        click.echo(f"{row.name:24} {state:24} n={row.decisions:<6,} MAE {mae} ({against})  {row.card_sha256[:12]}")


@click.command("promote")
@click.argument("name")
@REASON
@click.option("--report", "only_report", is_flag=True, help="보고서만 봅니다 · print the report and change nothing")
@AS
@with_appcontext
def promote_model(name: str, reason: str | None, only_report: bool, address: str | None) -> None:
    """사람이 도전 모형을 채택합니다 · A person lets a challenger speak, when its report allows; exit 1 when it does not."""
    row = _named(name)
    champion = queries.champion()
    now = champion.card_sha256 if champion else record.CHAMPION
    if row.state is ModelState.CHALLENGER and row.facts.get("against_sha256") != now:
        click.echo("다른 모형과 견준 보고서라 다시 만듭니다 · the report is against another champion; making it anew")
        _run(JobKind.TRAIN, {"again": row.key}, SYSTEM, "report")
        row = _named(name)
    _print_promotion(row)
    if only_report:
        return
    if address is None or reason is None:
        raise click.UsageError(
            "채택은 사람이 합니다: --as 와 --reason · a person promotes: --as and --reason are needed"
        )
    try:
        champions.promote(_acting(address), row.key, reason)
    except RuleBroken as broken:
        raise click.ClickException(_both(broken)) from None
    click.echo(f"\n{name}을(를) 채택했습니다. 새 제안은 이 모형이 합니다 · {name} speaks from now on")


@click.command("rollback")
@REASON
@AS
@with_appcontext
def roll_back(reason: str | None, address: str | None) -> None:
    """이전 모형이나 점검표로 되돌립니다 · Go back to what spoke before: the earlier model, or the instrument."""
    try:
        before = champions.roll_back(_acting(address), reason or "")
    except RuleBroken as broken:
        raise click.ClickException(_both(broken)) from None
    name = before.name if before else record.CHAMPION
    click.echo(f"되돌렸습니다. 새 제안은 {name}이(가) 합니다 · rolled back; {name} speaks from now on")


def _print_model(row: ModelVersion) -> None:
    click.echo(f"{row.name}  {row.kind.label.ko} · {row.kind.label.en}")
    click.echo(f"  상태 · state        {row.state.label.ko} · {row.state.label.en}")
    click.echo(f"  배운 기간 · window  {row.trained_from:%Y-%m-%d} … {row.trained_until:%Y-%m-%d}")
    click.echo(f"  결정 · decisions    {row.decisions:,} (files {row.files:,}, raters {row.raters:,})")
    if row.synthetic:
        click.echo("  합성(예시) 결정으로 배움 · learned from synthetic decisions")
    click.echo(f"  data  {row.data_sha256}\n  card  {row.card_sha256}\n  skops {row.artefact_sha256}")
    sheet = dossier.sheet(row.facts)
    click.echo(f"\n  {'':36}{'model':>9}{'champion':>10}{'instrument':>12}")
    for line in sheet.metrics:
        model, champion, instrument = line.cells
        click.echo(f"  {line.name.en:36}{model:>9}{champion:>10}{instrument:>12}   {line.name.ko}")
    click.echo(f"\n  단조 위반 · violations of monotonicity: {sheet.violations} / {sheet.raises:,}")
    for line in sheet.coverage:
        rows, covered, size = (one.en if isinstance(one, Words) else one for one in line.cells)
        click.echo(f"  {line.name.en:10} rows {rows:>6}  covered {covered:>8} of {sheet.promised}  mean set {size}")
    for axis, groups in sheet.fairness:
        click.echo(f"\n  {axis.ko} · {axis.en}")
        for line in groups:
            cells = [one.en if isinstance(one, Words) else one for one in line.cells]
            click.echo(f"    {line.name!s:16} rows {cells[0]:>7}  MAE {cells[1]:>6}  champion {cells[2]:>6}")
    _print_promotion(row)


def _print_promotion(row: ModelVersion) -> None:
    verdict = dossier.promotion(row.facts)
    click.echo(f"\n{row.name} ↔ {verdict.against}")
    if verdict.interval:
        one = verdict.interval
        click.echo(f"  순서 오차 차이 · champion's MAE − model's: {one.middle} [{one.low}, {one.high}] 95 %")
    for one in verdict.criteria:
        name = f"{one.name.ko} · {one.name.en}" if isinstance(one.name, Words) else one.name
        click.echo(f"  {'O' if one.met else 'X'} {name}: {one.seen} ({one.needed})")
    click.echo("  채택할 수 있음 · may be promoted" if verdict.ok else "  채택할 수 없음 · may not be promoted")
