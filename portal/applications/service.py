"""Writing applications: begin, fill, hand in, mend, withdraw; check, return, accept; and the marks of floors above.

Each verb is one transaction with its audit row and its event. The answers freeze at submission (`Snapshot`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import IO, Any

import sqlalchemy as sa

from portal.accounts.rules import EVALUATORS, OPERATOR, SME, SUPPLIER, Role
from portal.applications import filling, queries, ties, tracks
from portal.applications.completeness import problems_of
from portal.applications.models import (
    Application,
    AttachedPaper,
    ConsortiumMember,
    ReceiptCounter,
    Snapshot,
    StatusChange,
    Supplement,
)
from portal.applications.parts import CONSORTIUM_PAPER, Consent, PaperState, Part, parts_of
from portal.applications.rules import (
    DECISIONS,
    LIVE,
    LONGEST_SUPPLEMENT,
    MIN_SUPPLEMENT_MESSAGE,
    Action,
    NotReady,
    Status,
    action_to,
    can,
    can_accept,
    can_redecide,
    can_submit,
    next_status,
)
from portal.base import audit, clock, files, grants, once, outbox
from portal.base.access import SYSTEM, Actor, Forbidden, NotVisible, RuleBroken, ensure
from portal.base.db import session, transaction
from portal.directory import queries as directory
from portal.profiles import service as profiles
from portal.programmes import queries as programmes
from portal.programmes import rules as programme_rules
from portal.programmes.rules import Tier
from portal.reference import queries as reference

SUBMIT = "application.submit"
OBJECT = "application"


def _write(actor: Actor, application: Application, action: Action, reason: str = "") -> None:
    """Move to the next status with its line in the trail. Raises: RuleBroken("wrong_status")."""
    ensure(can(application.status, action))
    before, application.status = application.status, next_status(application.status, action)
    session.add(
        StatusChange(
            application_id=application.id, before=before, after=application.status, actor_id=actor.id, reason=reason
        )
    )


def _require(actor: Actor, roles: frozenset[str]) -> None:
    if not (actor.is_system or actor.has(*roles)):
        raise Forbidden("no_right")


# --- the firm: begin and fill ------------------------------------------------------------------------------


def start(actor: Actor, call_key: str, *, arrived_at: datetime | None = None) -> Application:
    """Begin a draft for an open call, prefilled from the firm's last application; the running one when there is one.

    Raises: NotVisible for an unknown call; RuleBroken of `programmes.rules.can_apply`; Forbidden.
    Notes : pledges are never prefilled, a person answers them anew; tables application*, audit_log.
    """
    _require(actor, SME)
    if actor.organisation_id is None:
        raise Forbidden("no_right")
    with transaction():
        call = programmes.call(actor, call_key)
        if call is None:
            raise NotVisible
        if running := queries.live_of(actor.organisation_id, call.id):
            return running
        ensure(programme_rules.can_apply(call.status, call.opens_at, call.closes_at, arrived_at or clock.now()))
        version = queries.profile_version(actor.organisation_id)
        application = Application(
            organisation_id=actor.organisation_id,
            call_id=call.id,
            call=call,
            created_by=actor.id,
            status=Status.DRAFT,
            region=(version.region if version else None) or actor.region,
            part_versions={},
            scope=list(call.programme.scope),
            target_level=call.programme.target_level,
            tier=call.tiers[0] if len(call.tiers) == 1 else None,
            pledges={},
        )
        last = queries.last_of(actor.organisation_id)
        if last is not None:
            filling.copy_answers(last, application)
        session.add(application)
        session.flush()
        session.add(StatusChange(application_id=application.id, after=Status.DRAFT, actor_id=actor.id))
        audit.record(
            actor,
            "application.start",
            OBJECT,
            application.id,
            {"call": call.id, "organisation": application.organisation_id, "prefilled_from": last.id if last else None},
        )
        return application


def save_part(
    actor: Actor, application_key: str, part: Part, content: Mapping[str, Any], *, seen: int | None = None
) -> Application:
    """Save one page of the form; a draft may be unfinished, but what is there must fit.

    content: see `filling.read`, the names of the page's fields; `supplier` is the key of a public listing
    seen   : the version of the page that the person had on the screen; None = whatever stands
    Raises : NotVisible; RuleBroken locked, part_not_asked, supplement_late, and those of `filling.write`;
             StaleVersion with both texts.
    Notes  : saving the same again is no change.
    """
    with transaction():
        application = _editable(actor, application_key, part)
        if part is Part.PARTNER:
            content = {"supplier": _supplier(actor, application, content.get("supplier"))}
        if part is Part.CHOICE:
            _check_scope(content.get("scope", ()))
        changed = filling.write(application, part, content, seen)
        if changed:
            _touch(actor, application, part, changed)
        return application


def _supplier(actor: Actor, application: Application, listing_key: str | None) -> dict[str, Any] | None:
    """The organisation behind a public listing. Raises: RuleBroken("supplier_unknown")."""
    if not listing_key:
        return None
    member = application.member
    if member and listing_key == member.organisation.key:  # stays as it was, even when its listing is off the list now
        return {"id": member.organisation_id, "name": member.organisation.name}
    try:
        listing = directory.public_by_key(actor, listing_key)
    except NotVisible:
        raise RuleBroken("supplier_unknown", "supplier") from None
    if missing := tracks.missing_mark(application.call, listing.organisation_id):
        raise RuleBroken("supplier_lacks_mark", "supplier", mark=missing.label)
    return {"id": listing.organisation_id, "name": listing.name}


def _check_scope(codes: Sequence[str]) -> None:
    if len({row.code for row in reference.technologies(codes)}) != len(set(codes)):
        raise RuleBroken("choice_unknown", "scope")


def _editable(actor: Actor, application_key: str, part: Part) -> Application:
    _require(actor, SME)
    application = queries.own(actor, application_key, lock=True)
    ensure(queries.may_edit(application, part))
    return application


def _touch(actor: Actor, application: Application, part: Part, fields: Sequence[str]) -> None:
    """Count the page's version up and note which fields changed."""
    versions = dict(application.part_versions)
    versions[part.value] = versions.get(part.value, 0) + 1
    application.part_versions = versions
    application.updated_at = clock.now()
    session.flush()
    audit.record(actor, "application.edit", OBJECT, application.id, {"part": part.value, "fields": sorted(fields)})


def attach_paper(
    actor: Actor,
    application_key: str,
    code: str,
    stream: IO[bytes],
    filename: str,
    *,
    issued_on: date | None = None,
    field: str | None = None,
) -> None:
    """Attach one paper of the checklist; a kind that stays on file goes there and is not asked again.

    Raises: RuleBroken paper_not_asked, locked …, file_*, and those of `profiles.service.add_paper`, on `field`.
    """
    with transaction():
        application = _editable(actor, application_key, Part.PAPERS)
        if code not in application.programme.documents:
            raise RuleBroken("paper_not_asked", field)
        if application.is_draft and any(kind.on_file for kind in programmes.document_kinds([code])):
            profiles.add_paper(actor, code, stream, filename, issued_on=issued_on)
            session.execute(
                sa.delete(AttachedPaper).where(
                    AttachedPaper.application_id == application.id, AttachedPaper.code == code
                )
            )
            session.expire(application, ["papers"])
        else:
            stored = files.store(stream, filename, field=field)
            for paper in [one for one in application.papers if one.code == code]:
                application.papers.remove(paper)
            application.papers.append(
                AttachedPaper(code=code, blob_id=stored.blob_id, filename=stored.filename, from_file=False)
            )
        _touch(actor, application, Part.PAPERS, [code])


def remove_paper(actor: Actor, application_key: str, paper_key: str) -> None:
    """Take an attached paper off; one that is gone already is no error. Raises: NotVisible, RuleBroken locked …"""
    with transaction():
        application = _editable(actor, application_key, Part.PAPERS)
        for paper in [one for one in application.papers if one.key == paper_key]:
            application.papers.remove(paper)
            _touch(actor, application, Part.PAPERS, [paper.code])


def ask_supplier(actor: Actor, application_key: str) -> None:
    """Send the named supplier the request to confirm its part; asking again while it waits does nothing.

    Raises: RuleBroken no_supplier, locked …
    """
    with transaction():
        application = _editable(actor, application_key, Part.PARTNER)
        if application.member is None:
            raise RuleBroken("no_supplier", "supplier")
        _ask(actor, application)


def _ask(actor: Actor, application: Application) -> None:
    member = application.member
    if member is None or member.consent is not Consent.NAMED:
        return
    member.consent, member.asked_at = Consent.ASKED, clock.now()
    member.asked_times += 1
    session.flush()
    audit.record(actor, "application.ask_supplier", OBJECT, application.id, {"supplier": member.organisation_id})
    outbox.emit("application.supplier_asked", member_id=member.id, time=member.asked_times)


def answer_consortium(actor: Actor, member_key: str, *, takes_part: bool, reason: str = "") -> ConsortiumMember:
    """The named supplier confirms or declines. The same answer twice is one answer.

    Raises: NotVisible; RuleBroken already_answered, decline_reason; Forbidden.
    """
    _require(actor, SUPPLIER)
    with transaction():
        member = queries.own_membership(actor, member_key)
        wanted = Consent.CONFIRMED if takes_part else Consent.DECLINED
        if member.consent is wanted:
            return member
        if member.consent is not Consent.ASKED:
            raise RuleBroken("already_answered")
        reason = filling.tidy(reason)[:500]
        if not takes_part and not reason:
            raise RuleBroken("decline_reason", "reason")
        member.consent, member.reason = wanted, reason
        member.answered_at, member.answered_by = clock.now(), actor.id
        session.flush()
        audit.record(actor, "application.answer_supplier", OBJECT, member.application_id, {"consent": wanted.value})
        outbox.emit("application.supplier_answered", member_id=member.id, time=member.asked_times)
        return member


# --- the firm: hand in -------------------------------------------------------------------------------------


def submit(
    actor: Actor, application_key: str, *, once_key: str | None = None, arrived_at: datetime | None = None
) -> Application:
    """Hand in: 접수번호, frozen snapshot, audit row and event in one transaction.

    once_key   : of the form; a double click, a retry or a second tab gets the same 접수번호
    arrived_at : when the request reached the server (aware UTC); the deadline is judged by it. Default: now
    Raises     : NotVisible; Forbidden for a colleague who may not hand in; NotReady naming everything that bars it.
    Notes      : event application.submitted; tables application*, audit_log, outbox_event, once_key.
    """
    arrived_at = arrived_at or clock.now()
    with transaction():
        if done := once.claim(actor, once_key, SUBMIT):
            return queries.own(actor, done)
        application = queries.own(actor, application_key, lock=True)
        _require(actor, frozenset({Role.SME_OWNER}))
        if application.number is not None and application.status is not Status.WITHDRAWN:
            return application
        call = application.call
        rows = queries.papers(application)
        window = programme_rules.can_apply(call.status, call.opens_at, call.closes_at, arrived_at)
        if problems := can_submit(application.status, window, queries.filled(application, rows)):
            raise NotReady(problems)
        version = queries.profile_version(application.organisation_id)
        application.number = _next_number(application, arrived_at)
        application.submitted_at, application.submitted_by = arrived_at, actor.id
        application.region = version.region or application.region
        _take_over_papers(application, rows)
        _write(actor, application, Action.SUBMIT)
        session.flush()
        snapshot = _freeze(application, version.id)
        profiles.mark_submitted(actor, version.id)
        _ask(actor, application)
        audit.record(
            actor,
            SUBMIT,
            OBJECT,
            application.id,
            {"number": application.number, "call": call.id, "snapshot": snapshot.sha256, "profile_version": version.id},
        )
        ties.note_partner(actor, application)
        outbox.emit("application.submitted", application_id=application.id, profile_version_id=version.id)
        once.keep(actor, once_key, SUBMIT, application.key)
        return application


def _next_number(application: Application, moment: datetime) -> str:
    """접수번호: year of receipt in Korea, programme, running number. One row per series is the lock."""
    series = f"{clock.kst(moment).year}-{application.programme.code}"
    table = ReceiptCounter.__table__
    insert = _insert_for(session.get_bind().dialect.name)
    session.execute(insert(table).values(series=series, last=0).on_conflict_do_nothing())
    last = session.scalar(
        sa.update(ReceiptCounter)
        .where(ReceiptCounter.series == series)
        .values(last=ReceiptCounter.last + 1)
        .returning(ReceiptCounter.last)
        .execution_options(synchronize_session=False)
    )
    return f"{series}-{last:05d}"


def _insert_for(dialect: str) -> Any:
    from sqlalchemy.dialects import postgresql, sqlite

    return postgresql.insert if dialect == "postgresql" else sqlite.insert


def _take_over_papers(application: Application, rows: Sequence[queries.PaperRow]) -> None:
    """Papers on file become papers of this application: a later change of the file does not touch what was handed in."""
    on_file = queries.kept_papers(application.organisation_id)
    for row in rows:
        if row.state is PaperState.ON_FILE and row.own is None:
            kept = on_file[row.kind.code]
            application.papers.append(
                AttachedPaper(code=row.kind.code, blob_id=kept.blob_id, filename=kept.filename, from_file=True)
            )


def _freeze(application: Application, profile_version_id: int | None) -> Snapshot:
    before = queries.snapshots(application)
    session.refresh(application, ["papers"])
    content = audit.canonical(filling.frozen(application, queries.profile_hashes(profile_version_id)))
    snapshot = Snapshot(
        application_id=application.id,
        sequence=len(before) + 1,
        profile_version_id=profile_version_id,
        content=content,
        sha256=hashlib.sha256(content.encode()).hexdigest(),
    )
    session.add(snapshot)
    session.flush()
    return snapshot


def withdraw(actor: Actor, application_key: str, reason: str = "") -> Application:
    """The firm takes its application back; a second click is no error.

    Raises: NotVisible; Forbidden; RuleBroken("wrong_status") after the decision.
    """
    with transaction():
        application = queries.own(actor, application_key, lock=True)
        _require(actor, frozenset({Role.SME_OWNER}))
        if application.status is Status.WITHDRAWN:
            return application
        _write(actor, application, Action.WITHDRAW, filling.tidy(reason, lines=True)[:1000])
        session.flush()
        audit.record(actor, "application.withdraw", OBJECT, application.id)
        ties.note_partner(actor, application)
        outbox.emit("application.withdrawn", application_id=application.id)
        return application


def answer_supplement(actor: Actor, application_key: str, answer: str = "") -> Application:
    """The firm sends the mended parts back; a new snapshot is frozen, the earlier ones stay.

    Raises: NotVisible; Forbidden; RuleBroken supplement_late, wrong_status; NotReady when an asked part is unfinished.
    """
    with transaction():
        application = queries.own(actor, application_key, lock=True)
        _require(actor, frozenset({Role.SME_OWNER}))
        asked = queries.open_supplement(application)
        if asked is None:
            raise RuleBroken("wrong_status", status=application.status.label)
        if clock.now() >= asked.due_at:
            raise RuleBroken("supplement_late")
        filled = queries.filled(application)
        if problems := [found for part in asked.asked_parts for found in problems_of(part, filled)]:
            raise NotReady(problems)
        asked.answer = filling.tidy(answer, lines=True)[:2000]
        asked.answered_at, asked.answered_by = clock.now(), actor.id
        _write(actor, application, Action.ANSWER_SUPPLEMENT)
        _ask(actor, application)
        session.flush()
        snapshot = _freeze(application, queries.snapshots(application)[0].profile_version_id)
        audit.record(
            actor,
            "application.answer_supplement",
            OBJECT,
            application.id,
            {"supplement": asked.id, "snapshot": snapshot.sha256},
        )
        ties.note_partner(actor, application)
        outbox.emit("application.supplemented", application_id=application.id, supplement_id=asked.id)
        return application


# --- the operator ------------------------------------------------------------------------------------------


def _case(actor: Actor, application: Application | int | str) -> Application:
    """The operator's own sight of a case, locked. Raises: Forbidden, NotVisible."""
    _require(actor, OPERATOR)
    if isinstance(application, str):
        return queries.by_key(actor, application, lock=True)
    return queries.by_id(actor, application if isinstance(application, int) else application.id, lock=True)


def begin_check(actor: Actor, application: Application | int | str) -> Application:
    """Take a received application into the requirement check."""
    with transaction():
        row = _case(actor, application)
        _write(actor, row, Action.BEGIN_CHECK)
        session.flush()
        audit.record(actor, "application.begin_check", OBJECT, row.id)
        return row


def return_for_supplement(
    actor: Actor, application: Application | int | str, message: str, parts: Sequence[Part], due: date | datetime
) -> Supplement:
    """Ask the firm to mend some parts.

    message : what to mend and how, at least 10 characters
    parts   : pages that the firm may edit
    due     : last day (to its end in Korea) or an exact moment; within 60 days
    Raises  : RuleBroken supplement_message, supplement_parts, supplement_due, wrong_status; NotVisible; Forbidden.
    Notes   : event application.supplement_asked
    """
    message = filling.tidy(message, lines=True)[:4000]
    if len(message) < MIN_SUPPLEMENT_MESSAGE:
        raise RuleBroken("supplement_message", "message", least=MIN_SUPPLEMENT_MESSAGE)
    due_at = due if isinstance(due, datetime) else clock.from_kst(datetime.combine(due, time.max))
    if not clock.now() < due_at <= clock.now() + LONGEST_SUPPLEMENT:
        raise RuleBroken("supplement_due", "due_on")
    with transaction():
        row = _case(actor, application)
        allowed = parts_of(row.programme.consortium)
        chosen = [part for part in allowed if part in parts]
        if not chosen:
            raise RuleBroken("supplement_parts", "parts")
        _write(actor, row, Action.ASK_SUPPLEMENT, message)
        asked = Supplement(
            application_id=row.id,
            message=message,
            parts=[part.value for part in chosen],
            due_at=due_at,
            asked_by=actor.id,
        )
        session.add(asked)
        session.flush()
        audit.record(
            actor,
            "application.return_for_supplement",
            OBJECT,
            row.id,
            {"supplement": asked.id, "parts": asked.parts, "due": due_at},
        )
        outbox.emit("application.supplement_asked", application_id=row.id, supplement_id=asked.id)
        return asked


def accept(actor: Actor, application: Application | int | str) -> Application:
    """The requirements are met: into evaluation.

    Raises: RuleBroken wrong_status, supplier_not_confirmed; NotVisible; Forbidden.
    Notes : event application.accepted
    """
    with transaction():
        row = _case(actor, application)
        ensure(
            can_accept(
                row.status,
                row.programme.consortium,
                row.member.consent if row.member else None,
                any(paper.code == CONSORTIUM_PAPER for paper in row.papers),
            )
        )
        _write(actor, row, Action.ACCEPT)
        session.flush()
        audit.record(actor, "application.accept", OBJECT, row.id)
        outbox.emit("application.accepted", application_id=row.id)
        return row


def note_paper_read(actor: Actor, paper: AttachedPaper) -> None:
    """Leave a trace when somebody from outside the firm opens one of its papers (접속기록)."""
    application = session.get(Application, paper.application_id)
    if actor.organisation_id == application.organisation_id:
        return
    paper_id, detail = paper.id, {"application": application.id, "code": paper.code}
    with transaction():
        audit.record(actor, "application.read_paper", "application_paper", paper_id, detail)


def note_export(actor: Actor, count: int, filters: Sequence[str]) -> None:
    """Leave a trace of a list that was taken out (접속기록): how many rows, narrowed by what."""
    _require(actor, OPERATOR | {Role.AUDITOR})
    with transaction():
        audit.record(actor, "application.export", OBJECT, None, {"rows": count, "filters": list(filters)})


# --- for the floors above ----------------------------------------------------------------------------------


def mark_state(actor: Actor, application: Application | int, to_state: Status, reason: str = "") -> Application:
    """Move an application one step of the table; who calls has judged that the time has come.

    Raises: RuleBroken("wrong_status") when no single step leads there; Forbidden; NotVisible.
    """
    with transaction():
        row = _for_floors_above(actor, application)
        if row.status is to_state:
            return row
        action = action_to(row.status, to_state)
        if action is None or to_state in DECISIONS:
            raise RuleBroken("wrong_status", status=row.status.label)
        _write(actor, row, action, reason)
        session.flush()
        audit.record(actor, "application.mark_state", OBJECT, row.id, {"to": to_state.value})
        return row


def mark_decided(
    actor: Actor, application: Application | int, outcome: Status, tier: Tier | None, reason: str
) -> Application:
    """Write a decision down; called by evaluation, whose chair has decided.

    outcome : SELECTED, RESERVE or REJECTED
    reason  : shown to the firm
    Raises  : RuleBroken wrong_status, reason_needed; Forbidden; NotVisible.
    Notes   : event application.decided
    """
    if outcome not in DECISIONS:
        raise RuleBroken("wrong_status", status=outcome.label)
    if not reason.strip():
        raise RuleBroken("reason_needed", "reason")
    with transaction():
        row = _for_floors_above(actor, application)
        reason = filling.tidy(reason, lines=True)
        _write(actor, row, DECISIONS[outcome], reason)
        row.decided_at, row.decided_tier, row.decision_reason = clock.now(), tier, reason
        session.flush()
        audit.record(
            actor,
            "application.decide",
            OBJECT,
            row.id,
            {"outcome": outcome.value, "tier": tier.value if tier else None},
        )
        ties.note_partner(actor, row)
        outbox.emit("application.decided", application_id=row.id, outcome=outcome.value)
        return row


def mark_redecided(
    actor: Actor, application: Application | int, outcome: Status, tier: Tier | None, reason: str
) -> Application:
    """Write down that a decided application was decided anew (appeal, reserve list); called by evaluation.

    outcome : SELECTED, RESERVE or REJECTED; the same one again when only tier or total changed
    reason  : shown to the firm
    Raises  : RuleBroken wrong_status, reason_needed, another_application; Forbidden; NotVisible.
    Notes   : the trail keeps every earlier decision; event application.redecided
    """
    if not reason.strip():
        raise RuleBroken("reason_needed", "reason")
    with transaction():
        row = _for_floors_above(actor, application)
        before = row.status
        ensure(can_redecide(before, outcome))
        if before not in LIVE and queries.live_of(row.organisation_id, row.call_id) is not None:
            raise RuleBroken("another_application")
        reason = filling.tidy(reason, lines=True)
        row.status = outcome
        row.decided_at, row.decided_tier, row.decision_reason = clock.now(), tier, reason
        session.add(StatusChange(application_id=row.id, before=before, after=outcome, actor_id=actor.id, reason=reason))
        session.flush()
        audit.record(
            actor,
            "application.redecide",
            OBJECT,
            row.id,
            {"before": before.value, "outcome": outcome.value, "tier": tier.value if tier else None},
        )
        ties.note_partner(actor, row)
        outbox.emit("application.redecided", application_id=row.id, before=before.value, outcome=outcome.value)
        return row


def _for_floors_above(actor: Actor, application: Application | int) -> Application:
    """A chair needs the right to decide on this very case or on its call; the portal itself needs none.

    Raises: NotVisible, Forbidden.
    """
    application_id = application if isinstance(application, int) else application.id
    row = queries.by_id(SYSTEM, application_id, lock=True, bare=True)
    if actor.has(*EVALUATORS) and grants.has(actor, "call", row.call_id, "decide"):
        return row
    row = queries.by_id(actor, application_id, bare=True)
    if actor.is_system or (actor.has(*EVALUATORS) and grants.has(actor, OBJECT, application_id, "decide")):
        return row
    raise Forbidden("no_right")
