"""Suggestions and requests to explain them."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from random import Random
from typing import Any

from portal.accounts import queries as accounts
from portal.accounts import service as account_service
from portal.accounts.models import Organisation
from portal.accounts.rules import OrganisationKind, Role
from portal.base import clock
from portal.base.access import SYSTEM, Actor
from portal.base.db import session, transaction
from portal.profiles import queries as profiles
from portal.profiles.models import Profile
from portal.programmes.rules import Tier
from portal.reference import queries as reference
from portal.reference.rules import SizeClass
from portal.scoring import contests, features, queries, record, registry, service
from portal.scoring.card import FORMAT
from portal.scoring.gates import RULE_VERSION, Facts
from portal.scoring.instrument import load
from portal.scoring.models import ModelEvent, ModelVersion, MonthlyReport, Opinion, ScoringJob, Suggestion
from portal.scoring.rules import JobKind, JobState, ModelAct, ModelKind, ModelState
from tests.factories.profiles import complete_profile

QUESTION = "합성(예시) 생산실적 집계를 왜 2단계로 보는지 알고 싶습니다."


def suggestion(actor: Actor, **options: Any) -> Suggestion:
    """The newest suggestion of the actor's firm; its diagnosis is finished first when it has none."""
    if options or profiles.latest_version(actor.organisation_id) is None:
        complete_profile(actor, **options)
    return queries.latest_for(actor, actor.organisation_id)


def explanation(actor: Actor, question: str = QUESTION) -> str:
    """The key of a request that waits for its answer."""
    return contests.ask_explanation(actor, suggestion(actor).key, question)


def decisions(
    firms: int = 130, readers: int = 3, *, shown: bool = False, seed: int = 1, version: str | None = None
) -> list[Suggestion]:
    """Firms with a suggestion each and tiers that evaluators gave: written in bulk, with a truth to be learned.

    readers: how many gave a tier for each firm; shown: with the suggestion in sight
    Notes  : the truth leans on the claims that have proof and on where the instrument looks least
    """
    random, instrument = Random(seed), load(version)
    people = [_reader(number) for number in range(readers)]
    begun, regions = clock.now() - timedelta(days=300), [key for key, _ in reference.sido_options()]
    made = []
    with transaction():
        for number in range(firms):
            firm = Organisation(kind=OrganisationKind.COMPANY, name=f"합성 기업 {seed}-{number}")
            session.add(firm)
            session.flush()
            facts = {"region": random.choice(regions[:4]), "size": random.choice(list(SizeClass)), "ksic": "25"}
            session.add(Profile(organisation_id=firm.id, **facts))
            stage = random.triangular(0.2, 4.6, 1.6)
            answers = {code: min(5, max(0, round(stage + random.gauss(0, 0.8)))) for code in instrument.codes}
            proven = {code: [{"sha256": f"{number:064x}"}] for code, level in answers.items() if random.random() < 0.6}
            snapshot = {"company": {"organisation_id": firm.id}, "answers": answers, "evidence": proven, "unsure": []}
            row = service.draft(snapshot, Facts(), instrument.version, None, profile_version_id=None)
            row.created_at = begun + timedelta(days=number * 200 / firms)
            session.add(row)
            made.append((row, stage))
        session.flush()
        for row, stage in made:
            for person_id in people:
                judged = stage + random.gauss(0, 0.35)
                tier = Tier.LEADING if judged > 3.1 else Tier.ADVANCED if judged > 1.9 else Tier.BASIC
                at = row.created_at + timedelta(days=1, seconds=person_id)
                session.add(
                    Opinion(suggestion_id=row.id, person_id=person_id, tier=tier, shown_before=shown, created_at=at)
                )
    return [row for row, _ in made]


def _reader(number: int) -> int:
    email = f"reader{number}@example.kr"
    known = accounts.person_by_email(email)
    person = known or account_service.add_person(
        SYSTEM, email=email, name=f"위원 {number}", roles={Role.EVALUATOR}, confirmed=True
    )
    return person.id


TRIED: dict[str, Any] = {
    "changes": {"advanced_total": {"from": 240, "to": 300}},
    "instrument": "0.1",
    "rules": "1",
    "firms": 40,
    "skipped": {"retired": 3},
    "matrix": [[0, 0, 0, 0], [0, 12, 0, 0], [0, 7, 14, 0], [0, 0, 0, 7]],
    "changed": {"up": 0, "down": 7},
    "total": {"before": 388.5, "after": 388.5, "raised": 0, "lowered": 0},
    "groups": {
        "region": [
            {"key": "gyeonggi", "up": 0, "down": 5, "same": 20, "firms": 25},
            {"key": "jeju", "up": 0, "down": None, "same": None, "firms": None},
            {"key": None, "up": 0, "down": None, "same": None, "firms": None},
            {"key": "ALL", "up": 0, "down": 7, "same": 33, "firms": 40},
        ],
        "size": [{"key": "small", "up": 0, "down": 7, "same": 33, "firms": 40}],
        "division": [{"key": "25", "up": 0, "down": 7, "same": 33, "firms": 40}],
    },
    "border": [],
}
"""What a try-out comes to, every figure made up (`whatif.run`)."""


def report(*, wins: bool = True, **changes: Any) -> dict[str, Any]:
    """A model's report in the shape of `dossier`, every figure made up; wins: whether it meets the promotion rule."""
    own, champion = (0.284, 0.331) if wins else (0.338, 0.331)
    interval = (
        {"low": 0.021, "middle": 0.047, "high": 0.073} if wins else {"low": -0.034, "middle": -0.007, "high": 0.019}
    )
    return {
        "metrics": {
            "model": {
                "mae": own,
                "qwk": 0.812,
                "accuracy": 0.731,
                "ece": 0.021,
                "ece_debiased": 0.014,
                "log_loss": 0.642,
            },
            "champion": {"mae": champion, "qwk": 0.774, "accuracy": 0.692},
            "instrument": {"mae": 0.331, "qwk": 0.774, "accuracy": 0.692},
        },
        "held_out": {"decisions": 412, "files": 206, "raters": 9},
        "confusion": [[180, 31, 2], [27, 96, 14], [1, 19, 42]],
        "calibration": [
            {"said": said / 100, "seen": (said + lean) / 100, "rows": rows}
            for said, lean, rows in ((8, -2, 310), (27, 4, 140), (48, -3, 96), (69, 2, 154), (92, -1, 536))
        ],
        "fairness": {
            "region": [
                {"group": "seoul", "rows": 61, "mae": 0.27, "champion_mae": 0.34, "over": 0.11, "under": 0.13},
                {"group": "gyeonggi", "rows": 140, "mae": 0.29, "champion_mae": 0.33, "over": 0.12, "under": 0.14},
                {"group": "jeju", "rows": 2, "mae": 0.5, "champion_mae": 0.5, "over": 0.5, "under": 0.0},
            ],
            "size": [
                {"group": "micro", "rows": 120, "mae": 0.31, "champion_mae": 0.36, "over": 0.10, "under": 0.17},
                {"group": "small", "rows": 210, "mae": 0.28, "champion_mae": 0.32, "over": 0.13, "under": 0.12},
            ],
            "industry": [{"group": "25", "rows": 88, "mae": 0.26, "champion_mae": 0.31, "over": 0.12, "under": 0.11}],
        },
        "conformal": {
            "alpha": 0.1,
            "classes": [
                {"tier": "BASIC", "rows": 613, "covered": 0.912, "size": 1.21},
                {"tier": "ADVANCED", "rows": 402, "covered": 0.894, "size": 1.64},
                {"tier": "LEADING", "rows": 94, "covered": 0.93, "size": 1.4},
            ],
        },
        "monotonicity": {"raises": 100_000, "violations": 0},
        "severity": [
            {"files": 61, "effect": -0.24, "error": 0.07},
            {"files": 44, "effect": 0.15, "error": 0.09},
            {"files": 12, "effect": 0.6, "error": 0.3},
        ],
        "criteria": [
            {"code": "evidence", "needed": "1,000", "seen": "1,204", "met": True},
            {"code": "mae", "needed": "> 0", "seen": f"{interval['low']:+.3f}", "met": wins},
            {"code": "monotone", "needed": "0", "seen": "0", "met": True},
            {"code": "fair", "needed": "≤ 0.041", "seen": "0.038", "met": True},
            {"code": "calibrated", "needed": "≤ 0.030", "seen": "0.021", "met": True},
        ],
        "interval": interval,
        "against": "instrument",
        "against_sha256": "instrument",
        **changes,
    }


def card(name: str) -> str:
    """The text of a small but whole card."""
    columns = features.names(load())
    return record.canonical(
        {
            "format": FORMAT,
            "name": name,
            "columns": columns,
            "model": {
                "kind": "ordinal-logit",
                "terms": [[j, 0.0, 5.0, 0.05] for j in range(len(columns))],
                "thresholds": [4.0, 9.0],
            },
            "conformal": {"alpha": 0.1, "limits": [0.9, 0.9, 0.9]},
        }
    )


def model(
    name: str = "ordinal-logit-1",
    *,
    state: ModelState = ModelState.CHALLENGER,
    kind: ModelKind = ModelKind.ORDINAL_LOGIT,
    facts: dict[str, Any] | None = None,
    synthetic: bool = True,
    files: bool = False,
    by: Actor | None = None,
) -> ModelVersion:
    """A trained model as a row. files: with a card that speaks by the sum of the levels; else its hashes name nothing."""
    now = clock.now()
    hashes = [hashlib.sha256(f"{name} {part}".encode()).hexdigest() for part in ("data", "artefact", "card")]
    if files:
        hashes[1:] = registry.put(f"{name} skops".encode(), ".skops"), registry.put(card(name).encode(), ".json")
    with transaction():
        row = ModelVersion(
            name=name,
            kind=kind,
            state=state,
            instrument_version=load().version,
            feature_version=features.VERSION,
            rule_version=RULE_VERSION,
            trained_from=now - timedelta(days=400),
            trained_until=now - timedelta(days=30),
            decisions=1204,
            files=612,
            raters=14,
            synthetic=synthetic,
            data_sha256=hashes[0],
            artefact_sha256=hashes[1],
            card_sha256=hashes[2],
            report=record.canonical(report() if facts is None else facts),
            made_by_id=by.id if by else None,
            note="합성(예시) 시험용",
        )
        session.add(row)
        session.flush()
        session.add(ModelEvent(model_id=row.id, act=ModelAct.TRAINED, by_id=row.made_by_id, reason=row.note))
    return row


def job(
    kind: JobKind = JobKind.TRAIN,
    *,
    state: JobState = JobState.WAITING,
    by: Actor | None = None,
    params: dict[str, Any] | None = None,
    result: dict[str, Any] | None = None,
    **more: Any,
) -> ScoringJob:
    """Long work in any state, done by nobody."""
    with transaction():
        row = ScoringJob(
            kind=kind,
            state=state,
            asked_by_id=by.id if by else None,
            params=record.canonical(params or {}),
            result=record.canonical(result) if result is not None else "",
            **more,
        )
        session.add(row)
    return row


def no_figures(month: str = "2026-01") -> dict[str, Any]:
    """A month's figures in which nearly everything is empty."""
    rate = {"of": 0, "hits": None, "rate": None, "light": "unknown"}
    return {
        "month": month,
        "least": 3,
        "synthetic": True,
        "drift": {"items": [], "reference": "before", "light": "unknown"},
        "mix": {"all": [0] * 5, "region": [], "size": [], "division": []},
        "overrides": {"blind": rate, "shown": rate, "up": 0, "down": 0, "light": "unknown"},
        "severity": {"evaluators": [], "least_files": 30, "too_few": 0, "light": "unknown"},
        "claims": {"items": [], "all": [0] * 4, "light": "unknown"},
        "models": [{"model": "m", "instrument": "1", "rules": "1", "hash": "a", "firms": 4, "share": 1.0}],
        "coverage": {"models": [], "light": "unknown"},
        "requests": {"explanations": 0, "objections": 0, "answered": 0, "changed": 0, "second_readers": {}},
        "trend": [],
    }


def door_values(world: Any) -> dict[str, Any]:
    """Behind the operators' door: what hana asked, a model that waits, long work that waits, a month's report."""
    un = world.actor("un")
    challenger = model(by=un).key
    waiting = job(by=un).key
    tried = job(JobKind.WHAT_IF, state=JobState.DONE, by=un, result=TRIED).key
    with transaction():
        session.add(MonthlyReport(month="2026-01", body=record.canonical(no_figures()), sha256="0" * 64))
    return {
        **{f"scoring.monitoring_report{page}": {"month": "2026-01"} for page in ("", "_sheet", "_pdf")},
        "scoring.answer_explanation": {"key": explanation(world.actor("hana"))},
        "scoring.object_to": {"key": suggestion(world.actor("hana")).key},
        **{f"scoring.{page}": {"key": challenger} for page in ("model", "promotion", "promote", "judge", "retire")},
        **{f"scoring.{page}": {"key": waiting} for page in ("job", "job_state")},
        "scoring.what_if_result": {"key": tried},
    }
