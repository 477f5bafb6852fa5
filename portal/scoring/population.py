"""Reading everybody's diagnoses at once, in blocks: what rescoring and "what if" go through."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.base.access import Actor
from portal.base.db import session
from portal.base.words import say
from portal.profiles.models import Profile, ProfileVersion
from portal.programmes.rules import Tier
from portal.reference.models import Region
from portal.reference.rules import SizeClass
from portal.scoring.models import Suggestion
from portal.scoring.queries import visible_to

BLOCK = 500

MISFITS = {
    "retired": say("지금 점검표에 없는 문항에 답함", "An answered item is not asked any more"),
    "added": say("새로 생긴 문항에 답이 없음", "An item that was added is not answered"),
    "not_applicable": say("이제 해당 없음을 고를 수 없는 문항", "An item does not allow 'not applicable' any more"),
}
"""Why a firm's answers could not be carried over to an instrument version (`Instrument.misfit`)."""


@dataclass(frozen=True)
class Entry:
    """A firm's newest suggestion: its inputs, and who the firm is to those who count. region: a 시도."""

    suggestion_id: int
    instrument: str
    inputs: dict[str, Any]
    region: str | None
    size: SizeClass | None
    division: str | None


def newest_suggestions(actor: Actor) -> list[int]:
    """The newest suggestion of each firm that the actor may read."""
    return list(
        session.scalars(
            sa.select(sa.func.max(Suggestion.id))
            .where(visible_to(actor))
            .group_by(Suggestion.organisation_id)
            .order_by(sa.func.max(Suggestion.id))
        )
    )


def entries(ids: Sequence[int]) -> Iterator[list[Entry]]:
    """The suggestions of these ids, in blocks. Who calls has asked `visible_to`."""
    place, above = sa.orm.aliased(Region), sa.orm.aliased(Region)
    wanted = (
        sa.select(
            Suggestion.id,
            Suggestion.instrument_version,
            Suggestion.inputs,
            sa.func.coalesce(above.key, place.key),
            Profile.size,
            sa.func.substr(Profile.ksic, 1, 2),
        )
        .outerjoin(Profile, Profile.organisation_id == Suggestion.organisation_id)
        .outerjoin(place, place.key == Profile.region)
        .outerjoin(above, above.key == place.parent)
        .order_by(Suggestion.id)
    )
    for start in range(0, len(ids), BLOCK):
        rows = session.execute(wanted.where(Suggestion.id.in_(ids[start : start + BLOCK])))
        yield [Entry(number, version, json.loads(inputs), *rest) for number, version, inputs, *rest in rows]


def by_ids(actor: Actor, ids: Sequence[int]) -> list[Suggestion]:
    """Those suggestions of these ids that the actor may read, in the order of the ids."""
    rows = session.scalars(sa.select(Suggestion).where(Suggestion.id.in_(ids), visible_to(actor)))
    found = {row.id: row for row in rows}
    return [found[one] for one in ids if one in found]


def newest_versions(after: int, limit: int) -> Sequence[ProfileVersion]:
    """The newest finished diagnosis of each firm, by firm, from the firm after `after` on."""
    newest = (
        sa.select(sa.func.max(ProfileVersion.id))
        .where(ProfileVersion.organisation_id > after)
        .group_by(ProfileVersion.organisation_id)
        .order_by(ProfileVersion.organisation_id)
        .limit(limit)
    )
    return session.scalars(
        sa.select(ProfileVersion).where(ProfileVersion.id.in_(newest)).order_by(ProfileVersion.organisation_id)
    ).all()


def firms_with_versions(after: int = 0) -> int:
    """How many firms have finished a diagnosis, from the firm after `after` on."""
    firms = sa.func.count(sa.distinct(ProfileVersion.organisation_id))
    return session.scalar(sa.select(firms).where(ProfileVersion.organisation_id > after)) or 0


@dataclass(frozen=True)
class Word:
    """What the newest suggestion on a diagnosis says, and from what."""

    inputs_sha256: str
    model_hash: str
    instrument_version: str
    rule_version: str
    tier: Tier | None


def newest_words(version_ids: Sequence[int]) -> dict[int, Word]:
    """The newest suggestion on each of these diagnoses alone, applications apart."""
    newest = (
        sa.select(sa.func.max(Suggestion.id))
        .where(Suggestion.profile_version_id.in_(version_ids), Suggestion.application_id.is_(None))
        .group_by(Suggestion.profile_version_id)
    )
    rows = session.execute(
        sa.select(
            Suggestion.profile_version_id,
            Suggestion.inputs_sha256,
            Suggestion.model_hash,
            Suggestion.instrument_version,
            Suggestion.rule_version,
            Suggestion.tier,
        ).where(Suggestion.id.in_(newest))
    )
    return {version_id: Word(*rest) for version_id, *rest in rows}
