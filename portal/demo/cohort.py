"""The firms behind the tour: a year and a half of finished diagnoses, each read blind by two evaluators.

Without them the model desk has nothing to learn from, nobody has peers and no shift can be watched. They come from a
synthetic world with a hidden truth (`worlds.py`, family `shifted`: the evaluators hold a harder standard than the
instrument, so there is something to learn). They have no accounts and no applications, so no queue shows them.

Written in bulk, for 700 firms through the forms would take minutes. The log keeps one row per act at its own time
(finish, suggestion, opinion); the rows of one firm's answers have no row of their own.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from portal.accounts import queries as account_queries
from portal.accounts.models import Organisation
from portal.accounts.rules import OrganisationKind
from portal.base import audit, clock, files
from portal.base.access import SYSTEM, Actor
from portal.base.db import new_key, session, transaction
from portal.demo import people, texts
from portal.demo.country import SEED, Country
from portal.demo.names import Names
from portal.profiles import queries as profiles
from portal.profiles import questionnaire
from portal.profiles.models import AreaSheet, Evidence, Profile, ProfileVersion, version_evidence
from portal.profiles.rules import NOT_APPLICABLE, EvidenceTag
from portal.programmes.rules import Tier
from portal.reference import queries as reference
from portal.reference.rules import SizeClass
from portal.scoring import monitoring
from portal.scoring import service as scoring
from portal.scoring.gates import Facts
from portal.scoring.models import ClaimVerdict, Opinion
from portal.scoring.rules import ClaimWord, ModelKind

FIRMS = 700
READERS = 2
INFLATORS = 0.08
SHOWN = 60
"""Opinions given after the suggestion was seen: the monitoring sets them against the blind ones."""
DAYS = (545, 20)
TURN = 300
"""Days ago, between the early firms and the late ones."""
_NOTES = ("첫 시도: 결정 1,000건이 되기 전에 배운 모형 (예시)", "1,400건으로 다시 배운 모형 (예시)")
_FIRST_NUMBER = 2_000
"""Registration numbers of the cohort begin here; those of the tour's firms stay below."""
_REASONS = (
    "현장 설비의 연결 상태가 답변보다 낮아 보입니다. (예시)",
    "증빙으로 보아 제안보다 앞서 있습니다. (예시)",
    "데이터를 쓰는 사람이 아직 없어 한 단계 낮게 봅니다. (예시)",
    "경영진의 참여와 투자 계획이 분명합니다. (예시)",
)
_TIERS = (Tier.BASIC, Tier.ADVANCED, Tier.LEADING)


@dataclass
class _Firm:
    """One firm of the cohort on its way into the tables."""

    row: int
    finished_at: datetime
    name: str
    number: str
    company: dict[str, Any]
    answers: dict[str, int | str]
    proven: tuple[str, ...]
    organisation_id: int = 0
    profile_id: int = 0
    version_id: int = 0
    snapshot: dict[str, Any] = field(default_factory=dict)
    suggestion_id: int = 0
    suggested: Tier | None = None


def cohort(country: Country, firms: int = FIRMS, shown: int = SHOWN, learns: bool = True) -> None:
    """Finished diagnoses with their suggestions, two blind opinions on each and some given with it in sight.

    learns: train a challenger at `TURN`, from too few decisions to be promoted, and one from all of them; nobody
            promotes either, for that is a person's act
    """
    from portal.demo.worlds import World  # numpy, and scikit-learn behind it: only this stage pays for them

    random = Random(SEED + 1)  # a stream of its own, so that the tour stays as it is
    world = World("shifted", "realistic", SEED)
    drawn = world.firms(firms, INFLATORS)
    said = world.decide(drawn, raters=len(country.evaluators), per_file=READERS)
    made = list(_firms(country, random, drawn))
    turn = country.day(TURN, random)
    early, late = ([one for one in made if (one.finished_at < turn) is before] for before in (True, False))
    for part, until, note in ((early, turn, _NOTES[0]), (late, None, _NOTES[1])):
        with transaction():
            _companies(part)
            _diagnoses(part, random)
            _suggestions(part)
            seen = round(shown * len(part) / len(made))
            acts = [*_finished(part), *_opinions(country, part, said, seen, until, random)]
            for moment, actor, action, kind, row_id, detail in sorted(acts, key=lambda act: act[0]):
                with clock.freeze(moment):
                    audit.record(actor, action, kind, row_id, detail)
        if learns:
            _challenger(country, until or country.day(1, random), note)


def _challenger(country: Country, moment: datetime, note: str) -> None:
    import scipy.optimize  # noqa: F401  (the limit holds for what is loaded by then)
    from threadpoolctl import threadpool_limits

    from portal.scoring import training

    # on matrices this small more threads only wait for one another, ten times as long on a busy machine
    with clock.freeze(moment), threadpool_limits(1):
        training.train(ModelKind.ORDINAL_LOGIT, note=note, by_id=country.operator.id, actor=country.operator)


def night(_country: Country) -> None:
    """What the worker does at night: the figures that a firm is set beside, the report of the month before."""
    scoring.refresh_peers()
    monitoring.make_due_report()


def _firms(country: Country, random: Random, drawn: Any) -> Iterator[_Firm]:
    asked, names = questionnaire.load(), Names(random, first_number=_FIRST_NUMBER)
    towns: dict[str, list[str]] = {}
    for _, options in reference.region_options():
        for key, _ in options:
            towns.setdefault(key.partition("-")[0], []).append(key)
    longest, shortest = DAYS
    for row in range(len(drawn)):
        size, division = str(drawn.size[row]), str(drawn.ksic2[row])
        levels = drawn.answers[row].tolist()
        answers = {
            code: NOT_APPLICABLE if level < 0 else level for code, level in zip(asked.codes, levels, strict=True)
        }
        yield _Firm(
            row=row,
            finished_at=country.day(random.uniform(shortest, longest), random),
            name=f"{names.company(division)}(예시)",
            number=names.registration_number(),
            company={
                "ksic": division,
                "region": random.choice(towns[str(drawn.region[row])]),
                "size": SizeClass(size),
                "employees": random.choice(people.EMPLOYEES[size]),
                "sales": random.choice(people.SALES[size]),
                "products": texts.PRODUCTS.get(division, "산업용 부품"),
                "processes": [random.choice(("assembly", "machining", "batch"))],
                "order_type": random.choice(("MTO", "MTS")),
                "pains": random.sample(("LABOUR", "DEFECTS", "DELIVERY", "COST", "SAFETY", "TRACEABILITY"), 2),
            },
            answers=answers,
            proven=tuple(code for code, held in zip(asked.codes, drawn.evidence[row].tolist(), strict=True) if held),
        )


def _insert(model: type, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Rows in bulk; their ids in the same order."""
    return list(session.scalars(sa.insert(model).returning(model.id, sort_by_parameter_order=True), rows))


def _companies(firms: list[_Firm]) -> None:
    ids = _insert(
        Organisation,
        [
            {
                "kind": OrganisationKind.COMPANY,
                "name": firm.name,
                "registration_number": firm.number,
                "created_at": firm.finished_at,
                "updated_at": firm.finished_at,
                "version": 1,
            }
            for firm in firms
        ],
    )
    for firm, organisation_id in zip(firms, ids, strict=True):
        firm.organisation_id = organisation_id
    ids = _insert(
        Profile,
        [
            {
                **firm.company,
                "organisation_id": firm.organisation_id,
                "facts_saved_at": firm.finished_at,
                "created_at": firm.finished_at,
                "updated_at": firm.finished_at,
                "version": 1,
            }
            for firm in firms
        ],
    )
    for firm, profile_id in zip(firms, ids, strict=True):
        firm.profile_id = profile_id
    _insert(
        AreaSheet,
        [
            {
                "profile_id": firm.profile_id,
                "area": area.code,
                "answers": {code: firm.answers[code] for code in area.items},
                "created_at": firm.finished_at,
                "updated_at": firm.finished_at,
                "version": 1,
            }
            for firm in firms
            for area in questionnaire.load().areas
        ],
    )


def _diagnoses(firms: list[_Firm], random: Random) -> None:
    """Evidence and the frozen versions; one file per item stands behind all of them."""
    asked = questionnaire.load()
    blobs = {
        code: files.store(io.BytesIO(f"합성(예시) 증빙\n문항 {code} {item.title.ko}\n".encode()), f"예시_{code}.txt")
        for code, item in asked.items.items()
    }
    tags = (EvidenceTag.SCREEN, EvidenceTag.LOG)
    held: list[dict[str, Any]] = [
        {
            "key": new_key(),
            "organisation_id": firm.organisation_id,
            "item": code,
            "tag": random.choice(tags),
            "blob_id": blobs[code].blob_id,
            "filename": f"예시_{code}.txt",
            "uploaded_at": firm.finished_at,
        }
        for firm in firms
        for code in firm.proven
    ]
    ids = iter(_insert(Evidence, held))
    rows = iter(held)
    evidence_ids: list[list[int]] = []
    versions = []
    for firm in firms:
        mine = {code: next(rows) for code in firm.proven}
        evidence_ids.append([next(ids) for _ in mine])
        files_of = {
            code: [SimpleNamespace(blob=blobs[code], filename=row["filename"], tag=row["tag"], key=row["key"])]
            for code, row in mine.items()
        }
        own = Profile(organisation_id=firm.organisation_id, **_whole(firm.company))
        own.organisation = Organisation(name=firm.name)
        snapshot, sha256 = profiles.frozen_text(own, firm.answers, files_of)
        firm.snapshot = json.loads(snapshot)
        versions.append(
            {
                "profile_id": firm.profile_id,
                "organisation_id": firm.organisation_id,
                "number": 1,
                "instrument_version": asked.version,
                "snapshot": snapshot,
                "sha256": sha256,
                "region": firm.company["region"],
                "finished_at": firm.finished_at,
                # shown to evaluators on that day, under a call of before the portal
                "submitted_at": firm.finished_at,
            }
        )
    for firm, version_id in zip(firms, _insert(ProfileVersion, versions), strict=True):
        firm.version_id = version_id
    links = [
        {"version_id": firm.version_id, "evidence_id": one}
        for firm, mine in zip(firms, evidence_ids, strict=True)
        for one in mine
    ]
    session.execute(sa.insert(version_evidence), links)


def _whole(company: dict[str, Any]) -> dict[str, Any]:
    """A profile that was never flushed has no defaults yet."""
    return {"systems": [], "systems_note": "", "plants": [], **company}


def _suggestions(firms: list[_Firm]) -> None:
    drafts = []
    for firm in firms:
        made = scoring.draft(
            firm.snapshot, Facts(), firm.snapshot["instrument"], None, profile_version_id=firm.version_id
        )
        made.created_at = firm.finished_at
        drafts.append(made)
    session.add_all(drafts)
    session.flush()
    for firm, made in zip(firms, drafts, strict=True):
        firm.suggestion_id, firm.suggested = made.id, made.tier


_Act = tuple[datetime, Actor, str, str, int, dict[str, Any]]


def _finished(firms: list[_Firm]) -> Iterator[_Act]:
    for firm in firms:
        detail = {"organisation": firm.organisation_id, "evidence": len(firm.proven)}
        yield firm.finished_at, SYSTEM, "diagnosis.finish", "profile_version", firm.version_id, detail
        detail = {"tier": firm.suggested.name if firm.suggested else None}
        yield firm.finished_at, SYSTEM, "suggestion.make", "suggestion", firm.suggestion_id, detail


def _opinions(
    country: Country, firms: list[_Firm], said: Any, shown: int, until: datetime | None, random: Random
) -> Iterator[_Act]:
    """Two blind tiers for each firm; for some a third that was given with the suggestion in sight."""
    readers = [account_queries.actor_of(person) for person in country.evaluators]
    rows, claims, here = [], [], {firm.row: firm for firm in firms}
    for file, rater, tier in zip(said.file.tolist(), said.rater.tolist(), said.tier.tolist(), strict=True):
        if file not in here:
            continue
        moment = _read_at(here[file], until, random)
        rows.append(_opinion(here[file], readers[rater], _TIERS[tier], moment, shown=False, random=random))
        claims += _claims(here[file], rows[-1], random)
    taken = {(row["suggestion_id"], row["person_id"]) for row in rows}
    for firm in random.sample(firms, shown):
        reader = next(one for one in random.sample(readers, READERS + 1) if (firm.suggestion_id, one.id) not in taken)
        own = next(row["tier"] for row in rows if row["suggestion_id"] == firm.suggestion_id)
        swayed = firm.suggested if random.random() < 0.7 else own
        rows.append(_opinion(firm, reader, swayed, _read_at(firm, until, random), shown=True, random=random))
    _insert(Opinion, rows)
    _insert(ClaimVerdict, claims)
    by_id = {actor.id: actor for actor in readers}
    for row in rows:
        detail = {"shown_before": row["shown_before"], "tier": row["tier"].name}
        yield row["created_at"], by_id[row["person_id"]], "suggestion.opine", "suggestion", row["suggestion_id"], detail


def _read_at(firm: _Firm, until: datetime | None, random: Random) -> datetime:
    """Days after the diagnosis, but before `until`."""
    after = timedelta(days=random.uniform(3, 16))
    return firm.finished_at + (min(after, (until - firm.finished_at) * random.uniform(0.3, 0.99)) if until else after)


def _opinion(
    firm: _Firm, reader: Actor, tier: Tier, moment: datetime, *, shown: bool, random: Random
) -> dict[str, Any]:
    """One row; a third of those who differ follow the suggestion once they have seen it."""
    follows = tier is not firm.suggested and random.random() < 0.33
    final = firm.suggested if follows else tier
    return {
        "suggestion_id": firm.suggestion_id,
        "person_id": reader.id,
        "tier": tier,
        "shown_before": shown,
        "final_tier": final,
        "reason": "" if final is firm.suggested else random.choice(_REASONS),
        "created_at": moment,
    }


def _claims(firm: _Firm, opinion: dict[str, Any], random: Random) -> list[dict[str, Any]]:
    """What the evaluator said of some of the high answers."""
    high = [code for code, level in firm.answers.items() if isinstance(level, int) and level >= 3]
    rows = []
    for code in random.sample(high, min(3, len(high))):
        chances = (0.86, 0.09, 0.05) if code in firm.proven else (0.35, 0.05, 0.6)
        rows.append(
            {
                "suggestion_id": opinion["suggestion_id"],
                "person_id": opinion["person_id"],
                "item": code,
                "word": random.choices((ClaimWord.ACCEPTED, ClaimWord.REJECTED, ClaimWord.CORRECTED), chances)[0],
                "created_at": opinion["created_at"],
            }
        )
    return rows
