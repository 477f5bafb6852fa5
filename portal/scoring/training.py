"""Training a challenger: which decisions may teach, what stops it, and what is kept; only the worker and commands.

A decision teaches when an evaluator gave a tier before seeing the suggestion. What came later (the final tier, the
reason, the words on single claims) is never read. Who the firm is only tells readings of one firm apart and looks for
gaps between groups afterwards; it is no column.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal.base import audit, marks
from portal.base.access import SYSTEM, Actor, RuleBroken
from portal.base.db import session, transaction
from portal.base.words import Words
from portal.programmes.rules import TIER_LABELS, Tier
from portal.scoring import card, champions, features, population, queries, record, registry
from portal.scoring.gates import RULE_VERSION, TIERS
from portal.scoring.instrument import Instrument, load
from portal.scoring.models import ModelVersion, Opinion, ScoringJob, Suggestion
from portal.scoring.rules import ModelKind, ModelState

LEAST_DECISIONS = 200
LEAST_OF_A_TIER = 20
LEAST_RATERS = 2
LEAST_FIRMS = 30
UNKNOWN = "unknown"

Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Decision:
    """One blind decision, as it teaches."""

    id: int
    suggestion_id: int
    person_id: int
    organisation_id: int
    tier: Tier
    at: datetime
    inputs_sha256: str
    instrument: str


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """The decisions that teach, the oldest first, ready for `trials`. sha256: of their canonical rows."""

    decisions: list[Decision]
    cases: Any
    sha256: str


def training_set(until: datetime | None = None) -> TrainingSet:
    """Every decision that may teach.

    until : leave out what came after this moment (to judge a model anew on what it had learned from)
    Raises: RuleBroken training_not_blind, training_few, training_versions, training_class_few, training_no_raters,
            training_firms_few, each with what was there and what is needed
    Notes : the same rows in the same order give the same hash
    """
    instrument = load()
    blind = _blind(until)
    if not blind and (seen := _count_seen(until)):
        raise RuleBroken("training_not_blind", had=seen, needed=LEAST_DECISIONS)
    _need("training_few", len(blind), LEAST_DECISIONS)
    entries = _entries(blind)
    usable = [one for one in blind if _fits(instrument, entries[one.suggestion_id])]
    if len(usable) < LEAST_DECISIONS:
        raise RuleBroken(
            "training_versions",
            had=len(blind) - len(usable),
            usable=len(usable),
            version=instrument.version,
            needed=LEAST_DECISIONS,
        )
    tiers = Counter(one.tier for one in usable)
    for tier in TIERS:
        _need("training_class_few", tiers[tier], LEAST_OF_A_TIER, tier=TIER_LABELS[tier])
    _need("training_no_raters", len({one.person_id for one in usable}), LEAST_RATERS)
    _need("training_firms_few", len({one.organisation_id for one in usable}), LEAST_FIRMS)
    rows = [
        [
            one.id,
            one.inputs_sha256,
            one.instrument,
            one.organisation_id,
            one.person_id,
            one.tier.value,
            one.at.isoformat(),
        ]
        for one in usable
    ]
    return TrainingSet(usable, _cases(instrument, usable, entries), record.digest(record.canonical(rows)))


def _need(code: str, had: int, needed: int, **values: Words) -> None:
    if had < needed:
        raise RuleBroken(code, had=had, needed=needed, **values)


def _of(blind: bool, until: datetime | None) -> sa.ColumnElement[bool]:
    wanted = sa.and_(Opinion.shown_before.is_(not blind), Opinion.tier.is_not(None))
    return wanted if until is None else sa.and_(wanted, Opinion.created_at <= until)


def _count_seen(until: datetime | None) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(Opinion).where(_of(False, until)))


def _blind(until: datetime | None) -> list[Decision]:
    wanted = (
        sa.select(
            Opinion.id,
            Opinion.suggestion_id,
            Opinion.person_id,
            Suggestion.organisation_id,
            Opinion.tier,
            Opinion.created_at,
            Suggestion.inputs_sha256,
            Suggestion.instrument_version,
        )
        .join(Suggestion, Suggestion.id == Opinion.suggestion_id)
        .where(_of(True, until))
        .order_by(Opinion.created_at, Opinion.id)
    )
    return [Decision(*row) for row in session.execute(wanted)]


def _entries(decisions: list[Decision]) -> dict[int, population.Entry]:
    ids = sorted({one.suggestion_id for one in decisions})
    return {one.suggestion_id: one for block in population.entries(ids) for one in block}


def _fits(instrument: Instrument, entry: population.Entry) -> bool:
    return instrument.misfit(entry.inputs["answers"], entry.instrument) is None


def _cases(instrument: Instrument, decisions: list[Decision], entries: dict[int, population.Entry]) -> Any:
    import numpy as np  # only a job pays for it

    from portal.scoring import trials

    def numbered(values: list[int]) -> np.ndarray:
        return np.unique(values, return_inverse=True)[1]

    def flags(name: str) -> np.ndarray:
        return np.array([[code in one.inputs[name] for code in instrument.codes] for one in read], bool)

    read = [entries[one.suggestion_id] for one in decisions]
    answers = [[one.inputs["answers"].get(code, 0) for code in instrument.codes] for one in read]
    return trials.Cases(
        instrument=instrument,
        answers=np.array([[-1 if level is None else level for level in row] for row in answers], np.int8),
        evidence=flags("evidence"),
        rejected=flags("rejected"),
        tier=np.array([TIERS.index(one.tier) for one in decisions]),
        file=numbered([one.suggestion_id for one in decisions]),
        firm=numbered([one.organisation_id for one in decisions]),
        rater=numbered([one.person_id for one in decisions]),
        at=np.array([one.at.timestamp() for one in decisions]),
        axes={
            "region": np.array([one.region or UNKNOWN for one in read]),
            "size": np.array([one.size.value if one.size else UNKNOWN for one in read]),
            "industry": np.array([one.division or UNKNOWN for one in read]),
        },
    )


def train(
    kind: ModelKind, *, note: str = "", by_id: int | None = None, told: Told | None = None, actor: Actor = SYSTEM
) -> ModelVersion:
    """Train a challenger of a kind on every blind decision, judge it on held-out ones, keep it with its report.

    Returns: the model; the one that is there when the same decisions had already made the same card
    Raises : RuleBroken as `training_set`, and training_late when nothing can be held out
    Notes  : deterministic; writes two files, then model_version, model_event, audit
    """
    learned = training_set()
    trial, report = _try(learned, kind, told)
    data = card.build(
        trial.estimator,
        features.names(learned.cases.instrument),
        trial.limits,
        report["conformal"]["alpha"],
        instrument={"version": learned.cases.instrument.version, "digest": learned.cases.instrument.digest},
        features=features.VERSION,
        data_sha256=learned.sha256,
    )
    card_sha256 = registry.put(record.canonical(data).encode(), ".json")
    if (same := queries.model_by_card(card_sha256)) and same.state is not ModelState.REFUSED:
        return same
    artefact_sha256 = registry.put(registry.pack(trial.estimator), ".skops")
    _ensure_same_voice(card_sha256, artefact_sha256, learned)
    row = ModelVersion(
        kind=kind,
        state=ModelState.CHALLENGER,
        instrument_version=learned.cases.instrument.version,
        feature_version=features.VERSION,
        rule_version=RULE_VERSION,
        trained_from=learned.decisions[0].at,
        trained_until=learned.decisions[-1].at,
        decisions=len(learned.decisions),
        files=len({one.suggestion_id for one in learned.decisions}),
        raters=len({one.person_id for one in learned.decisions}),
        synthetic=marks.is_demo(),
        data_sha256=learned.sha256,
        artefact_sha256=artefact_sha256,
        card_sha256=card_sha256,
        report=record.canonical(report),
        made_by_id=by_id,
        note=note[:200],
    )
    return champions.keep_model(actor, row)


def judge_anew(model: ModelVersion, told: Told | None = None, actor: Actor = SYSTEM) -> ModelVersion:
    """Make a challenger's report against who is champion now, from the decisions it had learned from.

    Raises: RuleBroken model_data_changed when these decisions are no longer the same
    Notes : writes model_version, audit
    """
    learned = training_set(until=model.trained_until)
    if learned.sha256 != model.data_sha256:
        raise RuleBroken("model_data_changed")
    _, report = _try(learned, model.kind, told)
    with transaction():
        row = queries.lock_model(model.id)
        row.report = record.canonical(report)
        row.__dict__.pop("facts", None)
        audit.record(actor, "model.judge", "model", row.id, {"against": report["against_sha256"]})
    return row


def _try(learned: TrainingSet, kind: ModelKind, told: Told | None) -> tuple[Any, dict[str, Any]]:
    """Fit and judge. Returns: the trial, and its report with the promotion report in it."""
    from portal.scoring import trials

    row = queries.champion()
    speaker = champions.speaking(learned.cases.instrument.version)
    name, sha256 = (row.name, row.card_sha256) if speaker else (record.CHAMPION, record.CHAMPION)
    champion = (lambda columns: speaker.card.judge_many(columns)[1].astype(int)) if speaker else None
    try:
        trial = trials.run(learned.cases, kind.name.lower(), champion, told)
    except ValueError:
        raise RuleBroken("training_late") from None
    found = trial.report | trials.against(learned.cases, trial, champion, name) | {"against_sha256": sha256}
    return trial, _plain(found)


def _plain(value: Any) -> Any:
    """Numbers as JSON knows them, eight digits."""
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if hasattr(value, "item"):
        value = value.item()
    return round(value, 8) if isinstance(value, float) else value


def _ensure_same_voice(card_sha256: str, artefact_sha256: str, learned: TrainingSet) -> None:
    """Read both files back: what speaks must say what was learned."""
    import numpy as np

    estimator = registry.unpack(artefact_sha256)
    said = registry.speaker("", card_sha256).card.judge_many(learned.cases.columns)[0]
    if not np.allclose(said, estimator.predict_proba(learned.cases.columns), atol=2e-6):
        raise registry.Damaged("model_damaged", sha256=card_sha256[:12])


def run_job(job: ScoringJob, progress: Callable[..., None]) -> dict[str, Any]:
    """JobKind.TRAIN: {"kind", "note"} trains a challenger; {"again": key} judges one anew. Returns: {"model": key}"""
    asked = job.asked
    if again := asked.get("again"):
        model = queries.model_by_key(SYSTEM, again)
        if model is None or model.state is not ModelState.CHALLENGER:
            raise RuleBroken("model_not_challenger", state=model.state.label if model else "-")
        return {"model": judge_anew(model, progress).key}
    model = train(ModelKind(asked["kind"]), note=asked.get("note", ""), by_id=job.asked_by_id, told=progress)
    return {"model": model.key}
