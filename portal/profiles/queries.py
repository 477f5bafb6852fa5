"""Reading profiles: the company's own draft, frozen versions by right, evidence through the version that holds it.

Who sees a version (`visible_to`): the people of the company; who holds the grant ("profile_version", id, "read"),
written by `evaluation` on assignment and by `consultations` on acceptance; once an application has handed it in
(`service.mark_submitted`), national operators and auditors, and regional operators for firms of their region.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal.accounts.rules import SME, Role
from portal.base import clock, grants
from portal.base.access import Actor
from portal.base.audit import canonical
from portal.base.db import session
from portal.base.files import Blob
from portal.base.words import Words, say
from portal.profiles import questionnaire
from portal.profiles.models import AreaSheet, Evidence, Paper, Profile, ProfileVersion, version_evidence
from portal.profiles.rules import (
    CONTACT,
    READS_SUBMITTED,
    UNSURE,
    Answer,
    AreaProgress,
    fact_text,
    levels,
    needs_evidence,
    progress,
)
from portal.programmes.catalogue import DocumentKind, document_kinds
from portal.reference import queries as reference

# --- the company's own draft ------------------------------------------------------------------------------


def current_profile(actor: Actor) -> Profile | None:
    """The profile of the actor's own company, None while there is none."""
    return profile_of(actor.organisation_id) if actor.has(*SME) else None


def profile_of(organisation_id: int | None) -> Profile | None:
    if organisation_id is None:
        return None
    return session.scalar(sa.select(Profile).where(Profile.organisation_id == organisation_id))


def sheets(profile_id: int | None) -> dict[str, AreaSheet]:
    """The answers so far, by area."""
    if profile_id is None:
        return {}
    return {row.area: row for row in session.scalars(sa.select(AreaSheet).where(AreaSheet.profile_id == profile_id))}


def draft_answers(profile_id: int | None) -> dict[str, Answer]:
    """Every answer of the draft, by item code, in the questionnaire's order; other versions' items are left out."""
    given = {code: answer for sheet in sheets(profile_id).values() for code, answer in sheet.answers.items()}
    return {code: given[code] for code in questionnaire.load().codes if code in given}


def draft_evidence(organisation_id: int | None, items: Iterable[str] | None = None) -> dict[str, list[Evidence]]:
    """Files on the draft, by item code, oldest first."""
    if organisation_id is None:
        return {}
    wanted = sa.select(Evidence).where(Evidence.organisation_id == organisation_id, Evidence.removed_at.is_(None))
    if items is not None:
        wanted = wanted.where(Evidence.item.in_(list(items)))
    found: dict[str, list[Evidence]] = {}
    for row in session.scalars(wanted.order_by(Evidence.id)):
        found.setdefault(row.item, []).append(row)
    return found


def evidence_to_freeze(profile: Profile, answers: Mapping[str, Answer]) -> dict[str, list[Evidence]]:
    """The files that go along with a finished draft: those of answers that need evidence, by item code."""
    asked = questionnaire.load()
    found = draft_evidence(profile.organisation_id, asked.codes)
    return {code: rows for code, rows in found.items() if needs_evidence(asked, answers.get(code))}


def frozen_text(
    profile: Profile, answers: Mapping[str, Answer], evidence: Mapping[str, Sequence[Evidence]]
) -> tuple[str, str]:
    """What a version of this draft holds, as canonical JSON, and its SHA-256: the same draft gives the same bytes."""
    company = {name: value for name, value in profile.facts.items() if name not in CONTACT}
    text = canonical(
        {
            "instrument": questionnaire.load().version,
            "company": {"organisation_id": profile.organisation_id, "name": profile.organisation.name, **company},
            "answers": levels(answers),
            "unsure": [code for code, answer in answers.items() if answer == UNSURE],
            "evidence": {
                code: [
                    {
                        "sha256": one.blob.sha256,
                        "filename": one.filename,
                        "tag": one.tag.value,
                        "evidence_key": one.key,
                    }
                    for one in rows
                ]
                for code, rows in evidence.items()
            },
        }
    )
    return text, hashlib.sha256(text.encode()).hexdigest()


def is_unchanged(profile: Profile | None, latest: ProfileVersion | None) -> bool:
    """Whether the draft still says what its newest version froze."""
    if profile is None or latest is None:
        return False
    answers = draft_answers(profile.id)
    return frozen_text(profile, answers, evidence_to_freeze(profile, answers))[1] == latest.sha256


def draft_progress(actor: Actor) -> list[AreaProgress]:
    """How far the actor's company is, area by area."""
    profile = current_profile(actor)
    return progress(
        questionnaire.load(),
        draft_answers(profile.id if profile else None),
        draft_evidence(actor.organisation_id) if profile else (),
    )


# --- frozen versions --------------------------------------------------------------------------------------


def visible_to(actor: Actor) -> sa.Select[tuple[ProfileVersion]]:
    """The versions that the actor may read; the WHERE of every list, page and file of this package."""
    return sa.select(ProfileVersion).where(_may_read(actor))


def _may_read(actor: Actor) -> sa.ColumnElement[bool]:
    if actor.is_system:
        return sa.true()
    ways: list[sa.ColumnElement[bool]] = [ProfileVersion.id.in_(grants.granted_ids(actor, "profile_version", "read"))]
    if actor.has(*SME) and actor.organisation_id is not None:
        ways.append(ProfileVersion.organisation_id == actor.organisation_id)
    if actor.has(*READS_SUBMITTED):
        ways.append(ProfileVersion.submitted_at.is_not(None))
    elif actor.has(Role.OPERATOR_REGION) and actor.region:
        ways.append(
            sa.and_(ProfileVersion.submitted_at.is_not(None), ProfileVersion.region.in_(reference.within(actor.region)))
        )
    return sa.or_(*ways)


def versions(actor: Actor) -> Sequence[ProfileVersion]:
    """The finished diagnoses of the actor's own company, newest first."""
    return session.scalars(
        visible_to(actor)
        .where(ProfileVersion.organisation_id == actor.organisation_id)
        .order_by(ProfileVersion.number.desc())
    ).all()


def version_by_key(actor: Actor, key: str) -> ProfileVersion | None:
    return session.scalar(visible_to(actor).where(ProfileVersion.key == key))


def version(actor: Actor, version_id: int) -> ProfileVersion | None:
    return session.scalar(visible_to(actor).where(ProfileVersion.id == version_id))


def latest_version(organisation_id: int | None) -> ProfileVersion | None:
    """The newest finished diagnosis of a company (no visibility: for services and for the company itself)."""
    if organisation_id is None:
        return None
    return session.scalar(
        sa.select(ProfileVersion)
        .where(ProfileVersion.organisation_id == organisation_id)
        .order_by(ProfileVersion.number.desc())
        .limit(1)
    )


def diagnosis_snapshot(profile_version_id: int) -> dict[str, Any]:
    """What a version froze. Who calls has asked `visible_to` first.

    Returns: "instrument" version; "answers" {code: 0–5, None for not applicable}; "unsure" [codes, counted as 0];
             "evidence" {code: [{"sha256", "filename", "tag", "evidence_key"}]}; "company" (see `facts`)
    Raises : LookupError for an unknown version
    """
    return _content(profile_version_id)


def facts(profile_version_id: int) -> dict[str, Any]:
    """The company's facts as they stood: organisation_id, name, and rules.FACT_LABELS without the contact person.

    Raises: LookupError for an unknown version
    """
    return _content(profile_version_id)["company"]


def _content(profile_version_id: int) -> dict[str, Any]:
    row = session.get(ProfileVersion, profile_version_id)
    if row is None:
        raise LookupError(f"no profile version {profile_version_id}")
    return row.content


# --- evidence ---------------------------------------------------------------------------------------------


def evidence_visible_to(actor: Actor) -> sa.Select[tuple[Evidence]]:
    """Evidence on the actor's own draft, or frozen in a version that the actor may read."""
    frozen = (
        sa.select(version_evidence.c.evidence_id)
        .join(ProfileVersion, ProfileVersion.id == version_evidence.c.version_id)
        .where(_may_read(actor))
    )
    ways = [Evidence.id.in_(frozen)]
    if actor.has(*SME) and actor.organisation_id is not None:
        ways.append(sa.and_(Evidence.organisation_id == actor.organisation_id, Evidence.removed_at.is_(None)))
    return sa.select(Evidence).where(sa.or_(*ways))


def evidence_by_key(actor: Actor, key: str) -> Evidence | None:
    return session.scalar(evidence_visible_to(actor).where(Evidence.key == key))


def used_bytes(organisation_id: int) -> int:
    """Bytes of everything that an organisation keeps here, withdrawn papers included; each content counts once."""
    blobs = sa.union(
        sa.select(Evidence.blob_id).where(Evidence.organisation_id == organisation_id),
        sa.select(Paper.blob_id).where(Paper.organisation_id == organisation_id),
    ).subquery()
    return (
        session.scalar(sa.select(sa.func.coalesce(sa.func.sum(Blob.size), 0)).where(Blob.id.in_(sa.select(blobs)))) or 0
    )


def is_frozen(evidence_id: int) -> bool:
    """Whether a version holds this evidence."""
    return bool(
        session.scalar(
            sa.select(version_evidence.c.version_id).where(version_evidence.c.evidence_id == evidence_id).limit(1)
        )
    )


# --- papers -----------------------------------------------------------------------------------------------


def paper_kinds() -> dict[str, DocumentKind]:
    """The kinds of papers that are asked once and stay on file, by code."""
    return {kind.code: kind for kind in document_kinds() if kind.on_file}


def papers_visible_to(actor: Actor) -> sa.Select[tuple[Paper]]:
    """Only the company's own people; what an application hands in is shown through the application."""
    if not actor.has(*SME) or actor.organisation_id is None:
        return sa.select(Paper).where(sa.false())
    return sa.select(Paper).where(Paper.organisation_id == actor.organisation_id)


def papers(actor: Actor) -> dict[str, Paper]:
    """The paper in force of each kind, expired ones included, by kind."""
    rows = session.scalars(papers_visible_to(actor).where(Paper.withdrawn_at.is_(None)).order_by(Paper.id))
    return {row.kind: row for row in rows}


def paper_by_key(actor: Actor, key: str) -> Paper | None:
    return session.scalar(papers_visible_to(actor).where(Paper.key == key))


def papers_on_file(organisation_id: int, on: date | None = None) -> dict[str, Paper]:
    """The papers that need not be asked again: still good on a day (default today), by kind."""
    day = on or clock.today()
    rows = session.scalars(
        sa.select(Paper)
        .where(
            Paper.organisation_id == organisation_id,
            Paper.withdrawn_at.is_(None),
            sa.or_(Paper.expires_on.is_(None), Paper.expires_on >= day),
        )
        .order_by(Paper.id)
    )
    return {row.kind: row for row in rows}


# --- words ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Names of the codes that only the database can spell out."""

    industry: Words | None
    region: Words | None


def names(ksic: str | None, region: str | None) -> Place:
    """The industry (its narrowest known level) and the region in words."""
    path = reference.ksic_path(ksic, reference.newest_revision()) if ksic else []
    industry = say(f"C{ksic} {path[-1].label.ko}", f"C{ksic} {path[-1].label.en}") if path else None
    return Place(industry or (say(f"C{ksic}", f"C{ksic}") if ksic else None), reference.region_name(region))


def facts_in_words(given: dict[str, Any]) -> dict[str, Words | str]:
    """Facts as a person reads them, by name."""
    place = names(given.get("ksic"), given.get("region"))
    shown = {name: fact_text(name, value) for name, value in given.items()}
    return {**shown, "ksic": place.industry or "", "region": place.region or given.get("region") or ""}
