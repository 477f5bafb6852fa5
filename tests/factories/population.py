"""Many firms with a finished diagnosis, written straight to their tables: what goes through everybody needs many."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from portal.accounts.models import Organisation
from portal.accounts.rules import OrganisationKind
from portal.base import clock
from portal.base.audit import canonical
from portal.base.db import session, transaction
from portal.profiles import questionnaire
from portal.profiles.models import Profile, ProfileVersion
from portal.reference.rules import SizeClass


def firms(
    answers: Sequence[int | Mapping[str, int | None]],
    *,
    evidence: bool = True,
    handed_in: bool = True,
    **facts: Any,
) -> list[ProfileVersion]:
    """A firm for each entry: one level for all items, or levels by code (others 2).

    evidence : a file on every item
    facts    : region, size, ksic of all of them
    """
    asked = questionnaire.load()
    given = {"region": "gyeonggi-hwaseong", "size": "small", "ksic": "251", **facts}
    made = []
    with transaction():
        for at, levels in enumerate(answers):
            organisation = Organisation(
                kind=OrganisationKind.COMPANY, name=f"합성(예시) {at}호", region=given["region"]
            )
            session.add(organisation)
            session.flush()
            profile = Profile(
                organisation_id=organisation.id,
                ksic=given["ksic"],
                region=given["region"],
                size=SizeClass(given["size"]),
            )
            session.add(profile)
            session.flush()
            told = dict.fromkeys(asked.codes, levels if isinstance(levels, int) else 2)
            if not isinstance(levels, int):
                told |= levels
            file = {"sha256": "0" * 64, "filename": "화면.pdf", "tag": "screen", "evidence_key": "x"}
            text = canonical(
                {
                    "instrument": asked.version,
                    "company": {"organisation_id": organisation.id, "name": organisation.name, "pains": [], **given},
                    "answers": told,
                    "unsure": [],
                    "evidence": {code: [file] for code in asked.codes} if evidence else {},
                }
            )
            version = ProfileVersion(
                profile_id=profile.id,
                organisation_id=organisation.id,
                number=1,
                instrument_version=asked.version,
                snapshot=text,
                sha256=hashlib.sha256(text.encode()).hexdigest(),
                region=given["region"],
                submitted_at=clock.now() if handed_in else None,
            )
            session.add(version)
            made.append(version)
        session.flush()
    return made
