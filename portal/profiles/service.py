"""Writing profiles: the draft is saved leniently and often, a finished diagnosis is frozen once and for all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.accounts import service as accounts
from portal.accounts.models import Organisation
from portal.base import audit, clock, files, outbox
from portal.base.access import Actor, Forbidden, NotVisible, RuleBroken, RulesBroken, StaleVersion
from portal.base.db import session, transaction
from portal.base.files import Blob
from portal.profiles import queries, questionnaire
from portal.profiles.models import AreaSheet, Evidence, Paper, Profile, ProfileVersion, version_evidence
from portal.profiles.questionnaire import Questionnaire
from portal.profiles.rules import (
    FACT_LABELS,
    MAX_FILE_BYTES,
    MAX_FILES_PER_ITEM,
    QUOTA_BYTES,
    Answer,
    EvidenceTag,
    answer_text,
    can_edit,
    check_finished,
    check_paper_dates,
    clean_facts,
    read_answer,
)
from portal.reference import queries as reference


@dataclass(frozen=True)
class Upload:
    """A file that came with a form. field: the form field that a refusal is pinned to."""

    item: str
    tag: str
    stream: IO[bytes]
    filename: str
    field: str | None = None


@dataclass(frozen=True)
class Saved:
    """What a save of answers led to. refused: the files that were not taken; everything else is kept."""

    sheet: AreaSheet
    refused: list[RuleBroken] = field(default_factory=list)


def _own_profile(actor: Actor) -> Profile:
    """The profile of the actor's company, locked for this transaction; made on the first save.

    Raises: Forbidden for who may not write one.
    """
    verdict = can_edit(actor)
    if not verdict.ok:
        raise Forbidden(verdict.code)
    # the organisation's row is the lock: two first saves at once must not make two profiles
    session.execute(sa.select(Organisation.id).where(Organisation.id == actor.organisation_id).with_for_update())
    profile = queries.profile_of(actor.organisation_id)
    if profile is None:
        profile = Profile(organisation_id=actor.organisation_id)
        session.add(profile)
        session.flush()
        audit.record(actor, "profile.begin", "profile", profile.id, {"organisation": actor.organisation_id})
    return profile


# --- the company's facts ----------------------------------------------------------------------------------


def save_company(actor: Actor, given: Mapping[str, Any], *, seen: int | None = None) -> Profile:
    """Save the company's facts; blanks are allowed, what is given must make sense.

    given : see `rules.clean_facts`
    seen  : the version that the person had on the screen; None = whatever stands
    Raises: RuleBroken of `clean_facts`, fact_region_unknown, phone_invalid, email_invalid; StaleVersion with both texts; Forbidden.
    Notes : tables profile, audit_log; event profile.changed when something changed. Saving the same again is no change.
    """
    with transaction():
        profile = _own_profile(actor)
        facts = _normal_contact(clean_facts(given))
        before = profile.facts
        changed = [name for name in FACT_LABELS if (facts[name] or None) != (before[name] or None)]
        if not changed and profile.facts_saved_at:
            return profile
        if seen is not None and profile.facts_saved_at and seen != profile.version:
            raise StaleVersion(_facts_shown(facts), _facts_shown(before))
        if facts["region"] and facts["region"] != before["region"]:
            _check_region(facts["region"])
        for name, value in facts.items():
            setattr(profile, name, value)
        profile.facts_saved_at = clock.now()
        session.flush()
        audit.record(actor, "profile.change", "profile", profile.id, {"fields": changed})
        outbox.emit("profile.changed", profile_id=profile.id, organisation_id=profile.organisation_id)
        return profile


def _normal_contact(facts: dict[str, Any]) -> dict[str, Any]:
    """Phone and e-mail in their normal form, by the rules of accounts."""
    for name, normal in (("contact_phone", accounts.normal_phone), ("contact_email", accounts.normal_email)):
        if facts[name]:
            try:
                facts[name] = normal(facts[name])
            except RuleBroken as broken:
                raise RuleBroken(broken.code, name, **broken.values) from None
    return facts


def _check_region(key: str) -> None:
    """A region of today that a firm can stand in: a 시군구, or a 시도 that has none."""
    if key not in {value for _, group in reference.region_options() for value, _ in group}:
        raise RuleBroken("fact_region_unknown", "region")


def _facts_shown(facts: Mapping[str, Any]) -> dict[str, str]:
    shown = queries.facts_in_words(dict(facts))
    return {str(FACT_LABELS[name]): str(shown[name]) for name in FACT_LABELS}


# --- answers ----------------------------------------------------------------------------------------------


def save_answers(
    actor: Actor,
    area: str,
    given: Mapping[str, object],
    *,
    seen: int | None = None,
    uploads: Iterable[Upload] = (),
    remove: str | None = None,
) -> Saved:
    """Save one page of the diagnosis: its answers, and the files that came or go with it.

    area   : code of the area
    given  : item code → answer as text; what is not given stays as it was
    seen   : the version of the sheet that the person had on the screen (0 = none yet); None = whatever stands
    uploads: files; one that is refused does not hold up the others, nor the answers
    remove : key of a file to take off
    Raises : RuleBroken of `rules.read_answer`; StaleVersion with both texts; NotVisible for an unknown area; Forbidden.
    Notes  : tables area_sheet, evidence, blob, audit_log. Saving the same again is no change.
    """
    asked = questionnaire.load()
    if area not in {one.code for one in asked.areas}:
        raise NotVisible
    with transaction():
        profile = _own_profile(actor)
        answers = {
            item.code: read_answer(item, given[item.code])
            for item in asked.items_of(area)
            if given.get(item.code) not in (None, "")
        }
        sheet = _write_sheet(actor, asked, profile, area, answers, seen)
        if remove:
            _remove_evidence(actor, remove)
        refused: list[RuleBroken] = []
        for upload in uploads:
            try:
                if upload.item not in asked.area(area).items:
                    raise NotVisible
                with session.begin_nested():
                    _keep_evidence(actor, upload)
            except RuleBroken as broken:
                refused.append(RuleBroken(broken.code, upload.field, **broken.values))
        return Saved(sheet, refused)


def _write_sheet(
    actor: Actor, asked: Questionnaire, profile: Profile, area: str, answers: dict[str, Answer], seen: int | None
) -> AreaSheet:
    sheet = session.scalar(sa.select(AreaSheet).where(AreaSheet.profile_id == profile.id, AreaSheet.area == area))
    before = dict(sheet.answers) if sheet else {}
    after = {**before, **answers}
    if sheet is None:
        sheet = AreaSheet(profile_id=profile.id, area=area, answers=after)
        session.add(sheet)
    elif after == before:
        return sheet
    elif seen is not None and seen != sheet.version:
        raise StaleVersion(_answers_shown(asked, area, after), _answers_shown(asked, area, before))
    else:
        sheet.answers = after
    session.flush()
    changed = {code: answer for code, answer in answers.items() if before.get(code) != answer}
    audit.record(actor, "diagnosis.answer", "profile", profile.id, {"area": area, "items": sorted(changed)})
    return sheet


def _answers_shown(asked: Questionnaire, area: str, answers: Mapping[str, Answer]) -> dict[str, str]:
    return {str(item.title): str(answer_text(item, answers.get(item.code))) for item in asked.items_of(area)}


# --- evidence ---------------------------------------------------------------------------------------------


def add_evidence(actor: Actor, item: str, tag: str, stream: IO[bytes], filename: str) -> Evidence:
    """Attach a file to an item of the draft. The same content again only renames it.

    Raises: RuleBroken file_* of `base.files`, evidence_tag_needed, evidence_too_many, quota_full; NotVisible for an unknown item.
    """
    with transaction():
        _own_profile(actor)
        return _keep_evidence(actor, Upload(item, tag, stream, filename))


def _keep_evidence(actor: Actor, upload: Upload) -> Evidence:
    if upload.item not in questionnaire.load().items:
        raise NotVisible
    if upload.tag not in set(EvidenceTag):
        raise RuleBroken("evidence_tag_needed", upload.field)
    stored = _store(actor, upload.stream, upload.filename, upload.field)
    present = queries.draft_evidence(actor.organisation_id, [upload.item]).get(upload.item, [])
    row = next((one for one in present if one.blob_id == stored.blob_id), None)
    if row is None:
        if len(present) >= MAX_FILES_PER_ITEM:
            raise RuleBroken("evidence_too_many", upload.field, limit=MAX_FILES_PER_ITEM)
        row = Evidence(
            organisation_id=actor.organisation_id,
            item=upload.item,
            tag=EvidenceTag(upload.tag),
            blob_id=stored.blob_id,
            filename=stored.filename,
            uploaded_by_id=actor.id,
        )
        session.add(row)
    elif not queries.is_frozen(row.id):
        row.filename, row.tag = stored.filename, EvidenceTag(upload.tag)
    session.flush()
    audit.record(
        actor, "evidence.add", "evidence", row.id, {"item": upload.item, "tag": upload.tag, "sha256": stored.sha256}
    )
    return row


def _store(actor: Actor, stream: IO[bytes], filename: str, field: str | None) -> files.StoredFile:
    stored = files.store(stream, filename, max_bytes=MAX_FILE_BYTES, field=field)
    already = queries.used_bytes(actor.organisation_id) if actor.organisation_id else 0
    if already + stored.size > QUOTA_BYTES:
        raise RuleBroken("quota_full", field)
    return stored


def remove_evidence(actor: Actor, key: str) -> None:
    """Take a file off the draft. Versions that froze it keep it; a key that is gone already is no error."""
    with transaction():
        _own_profile(actor)
        _remove_evidence(actor, key)


def _remove_evidence(actor: Actor, key: str) -> None:
    row = session.scalar(
        sa.select(Evidence).where(
            Evidence.key == key,
            Evidence.organisation_id == actor.organisation_id,
            Evidence.removed_at.is_(None),
        )
    )
    if row is None:
        return
    audit.record(actor, "evidence.remove", "evidence", row.id, {"item": row.item})
    if queries.is_frozen(row.id):
        row.removed_at = clock.now()
        session.flush()
        return
    blob_id = row.blob_id
    session.delete(row)
    session.flush()
    try:
        # the database knows who else names this content; the sweep then removes the file itself
        with session.begin_nested():
            session.execute(sa.delete(Blob).where(Blob.id == blob_id))
    except IntegrityError:
        pass


def note_evidence_read(actor: Actor, evidence: Evidence) -> None:
    """Leave a trace when somebody from outside the company opens its evidence (접속기록)."""
    if actor.organisation_id == evidence.organisation_id:
        return
    evidence_id, item = evidence.id, evidence.item
    with transaction():
        audit.record(actor, "evidence.read", "evidence", evidence_id, {"item": item})


# --- finishing --------------------------------------------------------------------------------------------


def finish(actor: Actor) -> ProfileVersion:
    """Freeze the draft as a version that suggestions and applications build on.

    Raises: RulesBroken diagnosis_company_needed, diagnosis_answers_missing (an open question is never silently 0); Forbidden.
    Notes : tables profile_version, profile_version_evidence, audit_log; event diagnosis.completed. A second click, and
            finishing again without a change, give the version that stands.
    """
    asked = questionnaire.load()
    with transaction():
        profile = _own_profile(actor)
        answers = queries.draft_answers(profile.id)
        if broken := check_finished(asked, profile.facts, answers):
            raise RulesBroken(broken)
        evidence = queries.evidence_to_freeze(profile, answers)
        snapshot, sha256 = queries.frozen_text(profile, answers, evidence)
        latest = queries.latest_version(profile.organisation_id)
        if latest is not None and latest.sha256 == sha256:
            return latest
        row = ProfileVersion(
            profile_id=profile.id,
            organisation_id=profile.organisation_id,
            number=latest.number + 1 if latest else 1,
            instrument_version=asked.version,
            snapshot=snapshot,
            sha256=sha256,
            region=profile.region,
            finished_by_id=actor.id,
        )
        session.add(row)
        session.flush()
        if held := [one.id for rows in evidence.values() for one in rows]:
            session.execute(sa.insert(version_evidence), [{"version_id": row.id, "evidence_id": one} for one in held])
        audit.record(
            actor,
            "diagnosis.finish",
            "profile_version",
            row.id,
            {"number": row.number, "instrument": asked.version, "sha256": sha256, "evidence": len(held)},
        )
        outbox.emit("diagnosis.completed", profile_version_id=row.id)
        return row


def mark_submitted(actor: Actor, profile_version_id: int) -> None:
    """An application hands this version in: from now on operators and auditors may read it.

    Raises: NotVisible for a version that the actor can't see.
    """
    with transaction():
        row = queries.version(actor, profile_version_id)
        if row is None:
            raise NotVisible
        if row.submitted_at is None:
            row.submitted_at = clock.now()
            session.flush()
            audit.record(actor, "diagnosis.hand_in", "profile_version", row.id)


# --- papers -----------------------------------------------------------------------------------------------


def add_paper(
    actor: Actor,
    kind: str,
    stream: IO[bytes],
    filename: str,
    *,
    issued_on: date | None = None,
    expires_on: date | None = None,
) -> Paper:
    """Put a paper on file; an older one of the same kind gives way to it. The same again is no change.

    issued_on, expires_on: as printed on the paper; see `rules.check_paper_dates`
    Raises: RuleBroken paper_unknown, file_*, quota_full, and those of `check_paper_dates`; Forbidden.
    """
    verdict = can_edit(actor)
    if not verdict.ok:
        raise Forbidden(verdict.code)
    with transaction():
        known = queries.paper_kinds().get(kind)
        if known is None:
            raise RuleBroken("paper_unknown", "kind")
        until = check_paper_dates(issued_on, expires_on, known.months, clock.today())
        stored = _store(actor, stream, filename, "file")
        before = session.scalars(
            sa.select(Paper).where(
                Paper.organisation_id == actor.organisation_id, Paper.kind == kind, Paper.withdrawn_at.is_(None)
            )
        ).all()
        for row in before:
            if (row.blob_id, row.issued_on, row.expires_on) == (stored.blob_id, issued_on, until):
                return row
            row.withdrawn_at = clock.now()
        paper = Paper(
            organisation_id=actor.organisation_id,
            kind=kind,
            blob_id=stored.blob_id,
            filename=stored.filename,
            issued_on=issued_on,
            expires_on=until,
            uploaded_by_id=actor.id,
        )
        session.add(paper)
        session.flush()
        audit.record(actor, "paper.add", "paper", paper.id, {"kind": kind, "sha256": stored.sha256, "until": until})
        return paper


def remove_paper(actor: Actor, key: str) -> None:
    """Take a paper off file. Applications that already hold it keep it."""
    with transaction():
        row = queries.paper_by_key(actor, key)
        if row is None:
            raise NotVisible
        if row.withdrawn_at is None:
            row.withdrawn_at = clock.now()
            session.flush()
            audit.record(actor, "paper.remove", "paper", row.id, {"kind": row.kind})
