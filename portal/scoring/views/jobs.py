"""Long work while it runs: a page that renews itself, and its state as data for the script that makes it quicker."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, render_template, url_for

from portal.base.access import NotVisible
from portal.scoring import bp, queries
from portal.scoring.models import ScoringJob
from portal.scoring.population import MISFITS
from portal.scoring.rules import JobKind, JobState
from portal.web.guard import current_actor, requires

_ASKED_AT = {
    JobKind.TRAIN: ".train",
    JobKind.SCORE_ALL: ".rescore",
    JobKind.WHAT_IF: ".what_if",
    JobKind.REPORT: ".monitoring",
}


@bp.get("/operator/jobs/<key>")
@requires("scoring:model:read")
def job(key: str):
    row = _load(key)
    skipped = row.answer.get("skipped", {}) if row.kind is JobKind.SCORE_ALL else {}
    return render_template(
        "scoring/job.html",
        job=row,
        rescored=row.answer if row.kind is JobKind.SCORE_ALL and row.state is JobState.DONE else None,
        skipped=[(MISFITS.get(reason, reason), count) for reason, count in skipped.items()],
        result_url=_result_url(row),
        again_url=_again_url(row),
    )


@bp.get("/operator/jobs/<key>/state")
@requires("scoring:model:read")
def job_state(key: str) -> Response:
    row = _load(key)
    return jsonify(state=row.state.value, label=str(row.state.label), done=row.done, total=row.total, open=row.is_open)


def _load(key: str) -> ScoringJob:
    row = queries.job_by_key(current_actor(), key)
    if row is None:
        raise NotVisible
    return row


def _result_url(row: ScoringJob) -> str | None:
    """Where to read what came of it."""
    if row.state is not JobState.DONE:
        return None
    answer: dict[str, Any] = row.answer
    if row.kind is JobKind.TRAIN and answer.get("model"):
        return url_for(".model", key=answer["model"])
    if row.kind is JobKind.WHAT_IF:
        return url_for(".what_if_result", key=row.key)
    if row.kind is JobKind.REPORT and answer.get("month"):
        return url_for(".monitoring_report", month=answer["month"])
    return url_for(".models")


def _again_url(row: ScoringJob) -> str:
    """Where the same work can be asked for again."""
    return url_for(_ASKED_AT[row.kind])
