"""Scoring everybody again under another instrument version, other rules or another champion.

Each firm's newest finished diagnosis gets a new suggestion beside the old ones, which stay as they are; so do the
suggestions on what was handed in with an application. Who would get the same again (same inputs, model, version) gets
none. A block of firms is one transaction with its place to go on from, its counts and one audit row; killed anywhere,
it goes on with the next block.

Nobody is written to and no suppliers are ranked anew: `suggestion.rescored` tells of a block, not of a firm, and has no
handlers. The firm sees the new suggestion on its page; its ranking follows with its next diagnosis or decision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from portal.accounts.queries import actor_of
from portal.base import audit, outbox
from portal.base.access import SYSTEM, Actor, RuleBroken
from portal.base.db import session, transaction
from portal.base.words import define, say
from portal.profiles.questionnaire import versions
from portal.scoring import champions, population, record, service
from portal.scoring.gates import Facts
from portal.scoring.instrument import Instrument, load
from portal.scoring.models import ScoringJob, Suggestion

BLOCK = 200
"""Firms in one transaction: a fifth of a second, in which other writers wait."""

CODES = define(
    {
        "rescoring_version": say("점검표 판 {version}이(가) 없습니다.", "There is no instrument version {version}."),
        "rescoring_limit": say("1 이상의 수를 적어 주세요.", "Please give a number from 1 on."),
    }
)


def check(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The params of a job as they will be run.

    asked : instrument (a version; empty is the newest), limit (firms; empty is all)
    Raises: RuleBroken rescoring_version (instrument), rescoring_limit (limit)
    """
    version = str(asked.get("instrument") or versions()[-1])
    if version not in versions():
        raise RuleBroken("rescoring_version", "instrument", version=version)
    limit = asked.get("limit") or None
    if limit is not None:
        try:
            limit = int(limit)
        except (TypeError, ValueError):
            limit = 0
        if limit < 1:
            raise RuleBroken("rescoring_limit", "limit")
    return {"instrument": version, "limit": limit}


def run_job(job: ScoringJob, progress: Callable[..., None]) -> dict[str, Any]:
    """JobKind.SCORE_ALL, params as `check` gives them.

    Returns: made, moved (new suggestions of another tier than the one before), same, skipped (reason → firms),
             instrument
    Notes  : writes suggestion, one audit row for each block; emits suggestion.rescored (job_id, first, last, made:
             firms from … to … in the order of their numbers). O(n)
    """
    asked = check(job.asked)
    instrument = load(asked["instrument"])
    actor = actor_of(job.asked_by) if job.asked_by else SYSTEM
    job_id, done, cursor = job.id, job.done, job.cursor
    counts = job.answer or {"made": 0, "moved": 0, "same": 0, "skipped": {}, "instrument": instrument.version}
    total = done + population.firms_with_versions(cursor)
    if asked["limit"]:
        total = min(total, asked["limit"])
    while done < total:
        with transaction():
            seen, cursor = _block(actor, job_id, instrument, cursor, min(BLOCK, total - done), counts)
            done += seen
            progress(done, total, cursor)
            session.get(ScoringJob, job_id).result = record.canonical(counts)
        if not seen:
            break
    return counts


def _block(
    actor: Actor, job_id: int, instrument: Instrument, after: int, firms: int, counts: dict[str, Any]
) -> tuple[int, int]:
    """Score some firms again, counting into `counts`. Returns how many, and the last of them."""
    rows = population.newest_versions(after, firms)
    if not rows:
        return 0, after
    latest = population.newest_words([row.id for row in rows])
    speaker = champions.speaking(instrument.version)
    made: list[Suggestion] = []
    for row in rows:
        snapshot, before = row.content, latest.get(row.id)
        reason = instrument.misfit(snapshot["answers"], snapshot["instrument"])
        if reason:
            counts["skipped"][reason] = counts["skipped"].get(reason, 0) + 1
            continue
        drafted = service.draft(
            snapshot, Facts(), instrument.version, before, profile_version_id=row.id, speaker=speaker
        )
        if drafted is None:
            counts["same"] += 1
            continue
        made.append(drafted)
        counts["moved"] += before is not None and before.tier is not drafted.tier
    counts["made"] += len(made)
    first, last = rows[0].organisation_id, rows[-1].organisation_id
    if made:
        session.execute(sa.insert(Suggestion), [_columns(one) for one in made])
    detail = {"instrument": instrument.version, "first": first, "last": last, "firms": len(rows), "made": len(made)}
    audit.record(actor, "suggestion.rescore", "scoring_job", job_id, detail)
    outbox.emit("suggestion.rescored", job_id=job_id, first=first, last=last, made=len(made))
    return len(rows), last


def _columns(row: Suggestion) -> dict[str, Any]:
    """A row that is written with many others, past the session."""
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}
