"""Rows that monitoring counts, written straight: a month of a country through the services would take minutes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal.accounts.models import Organisation
from portal.accounts.rules import OrganisationKind
from portal.base.db import session, transaction
from portal.profiles.models import Profile, ProfileVersion
from portal.programmes.rules import Tier
from portal.scoring import instrument, record
from portal.scoring.models import ClaimVerdict, Opinion, Suggestion
from portal.scoring.rules import ClaimWord


def watched(
    at: datetime,
    *,
    tier: Tier | None = Tier.BASIC,
    level: int = 2,
    but: Mapping[str, int | None] | None = None,
    region: str = "gyeonggi-suwon",
    size: str = "small",
    ksic: str = "25999",
    brought: bool = True,
    firm: int | None = None,
    model: str = "instrument",
    result: Mapping[str, Any] | None = None,
) -> Suggestion:
    """A firm's suggestion at a moment. brought: the firm handed it in; firm: an organisation that is there already."""
    answers = dict.fromkeys(instrument.load().codes, level) | dict(but or {})
    with transaction():
        if firm is None:
            organisation = Organisation(kind=OrganisationKind.COMPANY, name="합성 기업")
            session.add(organisation)
            session.flush()
            firm = organisation.id
        profile = session.query(Profile).filter_by(organisation_id=firm).first() or Profile(organisation_id=firm)
        session.add(profile)
        session.flush()
        company = {"organisation_id": firm, "region": region, "size": size, "ksic": ksic}
        version = ProfileVersion(
            profile_id=profile.id,
            organisation_id=firm,
            number=session.query(ProfileVersion).filter_by(profile_id=profile.id).count() + 1,
            instrument_version="0.1",
            snapshot=record.canonical({"company": company, "answers": answers}),
            sha256="0" * 64,
            region=region,
            finished_at=at,
            submitted_at=at if brought else None,
        )
        session.add(version)
        session.flush()
        made = Suggestion(
            organisation_id=firm,
            profile_version_id=version.id,
            model=model,
            model_hash="a" * 64,
            instrument_version="0.1",
            rule_version="1",
            inputs=record.canonical({"answers": answers}),
            inputs_sha256="0" * 64,
            result=record.canonical(dict(result or {})),
            tier=tier,
            provisional=False,
            total=400.0,
            system_level=1,
            capability_level=2,
            created_at=at,
        )
        session.add(made)
    return made


def said(
    suggestion: Suggestion,
    person_id: int,
    at: datetime,
    *,
    own: Tier | None,
    final: Tier | None = None,
    shown: bool = False,
    words: Mapping[str, ClaimWord] | None = None,
) -> Opinion:
    """An evaluator's tiers and item verdicts beside a suggestion."""
    with transaction():
        made = Opinion(
            suggestion_id=suggestion.id,
            person_id=person_id,
            tier=own,
            shown_before=shown,
            final_tier=final,
            created_at=at,
        )
        session.add(made)
        session.add_all(
            ClaimVerdict(suggestion_id=suggestion.id, person_id=person_id, item=item, word=word, created_at=at)
            for item, word in (words or {}).items()
        )
    return made
