"""Reading applications. A draft is the firm's own; what was handed in is seen by those whose task it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import lazyload

from portal.accounts.models import Organisation, Person
from portal.accounts.rules import EVALUATORS, SME, SUPPLIER, Role
from portal.applications import questions, tracks
from portal.applications.completeness import Filled
from portal.applications.models import (
    Application,
    AttachedPaper,
    ConsortiumMember,
    Snapshot,
    StatusChange,
    Supplement,
)
from portal.applications.parts import CONSORTIUM_PAPER, OWN_SHARE_PAPER, PLAN_FIELDS, Consent, PaperState, Part
from portal.applications.rules import LIVE, Status, can_edit
from portal.base import clock, grants
from portal.base.access import SYSTEM, Actor, NotVisible
from portal.base.db import session
from portal.base.paging import Page, paginate
from portal.directory import marks
from portal.directory import queries as directory
from portal.directory.marks import Mark
from portal.directory.models import Listing
from portal.profiles import queries as profiles
from portal.programmes import catalogue
from portal.programmes.catalogue import DocumentKind
from portal.programmes.models import Call
from portal.programmes.rules import SystemLevel, Tier
from portal.reference import queries as reference

PAGE_SIZE = 20


# --- who sees what -----------------------------------------------------------------------------------------


def visible_to(actor: Actor) -> sa.Select[tuple[Application]]:
    """The applications that an actor may open.

    The own firm's people: all of theirs. Operators: what was handed in, regional ones in their region. Evaluators and
    chairs: what a grant (review, decide) names. Auditors: what was handed in. Suppliers: none; see
    `consortium_requests`.
    """
    handed_in = Application.submitted_at.is_not(None)
    allowed = []
    if actor.is_system:
        allowed.append(sa.true())
    if actor.has(*SME) and actor.organisation_id is not None:
        allowed.append(Application.organisation_id == actor.organisation_id)
    if actor.has(Role.OPERATOR_NATIONAL, Role.AUDITOR):
        allowed.append(handed_in)
    elif actor.has(Role.OPERATOR_REGION) and actor.region:
        allowed.append(sa.and_(handed_in, Application.region.in_(reference.within(actor.region))))
    if actor.has(*EVALUATORS):
        granted = [grants.granted_ids(actor, "application", right) for right in ("review", "decide")]
        allowed.append(sa.and_(handed_in, sa.or_(*(Application.id.in_(ids) for ids in granted))))
    return sa.select(Application).where(sa.or_(*allowed) if allowed else sa.false())


def by_key(actor: Actor, key: str, *, lock: bool = False) -> Application:
    """Raises: NotVisible."""
    return _one(visible_to(actor).where(Application.key == key), lock)


def by_id(actor: Actor, application_id: int, *, lock: bool = False, bare: bool = False) -> Application:
    """bare: without its costs, figures, partner and papers until they are asked for. Raises: NotVisible."""
    wanted = visible_to(actor).where(Application.id == application_id)
    return _one(wanted.options(*(lazyload(part) for part in _LINES)) if bare else wanted, lock)


def own(actor: Actor, key: str, *, lock: bool = False) -> Application:
    """An application of the actor's own firm, in any status. Raises: NotVisible."""
    return _one(_own(actor).where(Application.key == key), lock)


def _own(actor: Actor) -> sa.Select[tuple[Application]]:
    mine = actor.organisation_id is not None and actor.has(*SME)
    return sa.select(Application).where(Application.organisation_id == actor.organisation_id if mine else sa.false())


def _one(select: sa.Select[tuple[Application]], lock: bool) -> Application:
    if lock:  # one writer at a time decides on what the row says now
        select = select.with_for_update(of=Application).execution_options(populate_existing=True)
    row = session.scalar(select)
    if row is None:
        raise NotVisible
    return row


def mine(actor: Actor) -> Sequence[Application]:
    """The own firm's applications, the newest first."""
    newest = _own(actor).order_by(Application.updated_at.desc(), Application.id.desc())
    return session.scalars(newest.options(*(lazyload(part) for part in _LINES))).all()


def live_of(organisation_id: int, call_id: int) -> Application | None:
    """The firm's application to this call that is still running."""
    return session.scalar(
        sa.select(Application).where(
            Application.organisation_id == organisation_id,
            Application.call_id == call_id,
            Application.status.in_(LIVE),
        )
    )


def last_of(organisation_id: int) -> Application | None:
    """The firm's newest application: what the next one is prefilled from."""
    return session.scalar(
        sa.select(Application)
        .where(Application.organisation_id == organisation_id)
        .order_by(sa.func.coalesce(Application.submitted_at, Application.updated_at).desc(), Application.id.desc())
        .limit(1)
    )


# --- the operators' list -----------------------------------------------------------------------------------

SORTS = {
    "submitted": Application.submitted_at,
    "number": Application.number,
    "name": Organisation.name,
    "status": Application.status,
    "tier": Application.tier,
}


_LINES = (Application.costs, Application.kpis, Application.member, Application.papers)


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to; empty means all. The same WHERE gives rows, total and the counts by status."""

    text: str = ""
    call: str = ""
    tier: Tier | None = None
    status: Status | None = None
    region: str = ""
    sort: str = "-submitted"


def _filtered(actor: Actor, filters: Filters, *, with_status: bool = True) -> sa.Select[tuple[Application]]:
    wanted = (
        visible_to(actor)
        .join(Organisation, Organisation.id == Application.organisation_id)
        .join(Call, Call.id == Application.call_id)
        .where(Application.submitted_at.is_not(None))
    )
    for word in filters.text.split()[:8]:
        wanted = wanted.where(
            sa.or_(
                Organisation.name.icontains(word, autoescape=True),
                Application.number.icontains(word, autoescape=True),
                sa.func.replace(Organisation.name, " ", "").icontains(word, autoescape=True),
            )
        )
    if filters.call:
        wanted = wanted.where(Call.key == filters.call)
    if filters.tier:
        wanted = wanted.where(Application.tier == filters.tier)
    if filters.region:
        wanted = wanted.where(Application.region.in_(reference.within(filters.region)))
    if with_status and filters.status:
        wanted = wanted.where(Application.status == filters.status)
    return wanted


def queue(actor: Actor, filters: Filters, number: int = 1, size: int = PAGE_SIZE) -> Page[Application]:
    """Everything handed in that the actor may see, filtered and sorted."""
    return paginate(_sorted(_filtered(actor, filters), filters.sort), number, size)


def queue_rows(actor: Actor, filters: Filters, limit: int = 5_000) -> Sequence[Application]:
    """The same rows without pages, for the export of what is shown."""
    return session.scalars(_sorted(_filtered(actor, filters), filters.sort).limit(limit)).unique().all()


def _sorted(wanted: sa.Select[tuple[Application]], sort: str) -> sa.Select[tuple[Application]]:
    # a list shows none of the lines, so it does not load them
    wanted = wanted.options(*(lazyload(part) for part in _LINES))
    column = SORTS.get(sort.removeprefix("-"), Application.submitted_at)
    return wanted.order_by(column.desc() if sort.startswith("-") else column.asc(), Application.id.desc())


def queue_counts(actor: Actor, filters: Filters) -> dict[Status, int]:
    """How many rows each status holds under the other filters."""
    rows = session.execute(
        _filtered(actor, filters, with_status=False)
        .with_only_columns(Application.status, sa.func.count(), maintain_column_froms=True)
        .group_by(Application.status)
    )
    return {status: count for status, count in rows}


def queue_calls(actor: Actor) -> list[tuple[str, Any]]:
    """The calls that have applications in the actor's list, for its filter."""
    ids = visible_to(actor).where(Application.submitted_at.is_not(None)).with_only_columns(Application.call_id)
    rows = session.scalars(sa.select(Call).where(Call.id.in_(ids)).order_by(Call.closes_at.desc(), Call.id)).unique()
    return [(row.key, row.title) for row in rows]


# --- one application ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PaperRow:
    """One line of the checklist.

    until : the last day a paper on file is good for; None when it does not expire
    own   : the file attached to this application, to download or take away
    """

    kind: DocumentKind
    state: PaperState
    filename: str = ""
    until: date | None = None
    own: AttachedPaper | None = None
    sha256: str = ""


def papers(application: Application) -> list[PaperRow]:
    """The checklist of the programme against what is attached, on file, made here or confirmed by the supplier."""
    attached = {paper.code: paper for paper in application.papers}
    # every paper in force, the expired ones too, so that "expired" can be said; what was handed in is already attached
    on_file = profiles.papers_on_file(application.organisation_id, date.min) if application.number is None else {}
    rows = []
    for kind in catalogue.document_kinds(application.programme.documents):
        paper, kept = attached.get(kind.code), on_file.get(kind.code)
        if paper is not None:
            state = PaperState.ON_FILE if paper.from_file else PaperState.ATTACHED
            rows.append(PaperRow(kind, state, paper.filename, own=paper, sha256=paper.blob.sha256))
        elif kept is not None and (kept.expires_on is None or kept.expires_on >= clock.today()):
            rows.append(PaperRow(kind, PaperState.ON_FILE, kept.filename, kept.expires_on, sha256=kept.blob.sha256))
        elif kind.made_here:
            rows.append(PaperRow(kind, PaperState.MADE_HERE))
        elif kind.code == CONSORTIUM_PAPER and application.member is not None:
            # being asked is enough to hand in on time; evaluation begins only after the answer (rules.can_accept)
            rows.append(PaperRow(kind, PaperState.CONFIRMED_HERE))
        elif kind.optional or not _is_needed(application, kind):
            rows.append(PaperRow(kind, PaperState.OPTIONAL))
        elif kept is not None:
            rows.append(PaperRow(kind, PaperState.EXPIRED, kept.filename, kept.expires_on))
        else:
            rows.append(PaperRow(kind, PaperState.MISSING))
    return rows


def _is_needed(application: Application, kind: DocumentKind) -> bool:
    return kind.code != OWN_SHARE_PAPER or application.own_share_krw != 0


def filled(application: Application, rows: Sequence[PaperRow] | None = None) -> Filled:
    """The answers as plain values for the rules."""
    rows = papers(application) if rows is None else rows
    listed = questions.exclusions()
    version = profile_version(application.organisation_id)
    missing = tracks.missing_mark(application.call, application.member.organisation_id if application.member else None)
    return Filled(
        tier=application.tier,
        tiers_of_call=frozenset(application.call.tiers),
        target_level=application.target_level,
        current_level=None,
        same_level=application.same_level,
        scope=tuple(application.scope),
        texts={name: getattr(application, name) for name in PLAN_FIELDS},
        costs=tuple((line.kind, line.item, line.unit_price_krw, line.quantity) for line in application.costs),
        own_share_krw=application.own_share_krw,
        own_share_source=application.own_share_source,
        kpis=tuple((row.name, row.before, row.target, row.direction) for row in application.kpis),
        consortium=application.programme.consortium,
        missing_mark=missing.label if missing else None,
        supplier_id=application.member.organisation_id if application.member else None,
        consent=application.member.consent if application.member else None,
        exclusions=tuple(one.code for one in listed),
        barring=frozenset(one.code for one in listed if one.bars),
        pledges=dict(application.pledges),
        writer=application.writer,
        writer_name=application.writer_name,
        writer_fee_krw=application.writer_fee_krw,
        truth_pledged=application.truth_pledged,
        papers={row.kind.code: row.state for row in rows},
        has_profile=version is not None or application.number is not None,
    )


def profile_version(organisation_id: int) -> Any:
    """The firm's newest finished version, or None."""
    return profiles.latest_version(organisation_id)


def kept_papers(organisation_id: int) -> Mapping[str, Any]:
    """The firm's papers on file that are good today, by kind."""
    return profiles.papers_on_file(organisation_id)


def profile_hashes(version_id: int | None) -> dict[str, Any] | None:
    """What a snapshot keeps of the diagnosis: its version, its hash, the hash of each piece of evidence."""
    if version_id is None:
        return None
    version = profiles.version(SYSTEM, version_id)
    if version is None:
        return None
    evidence = {code: [one["sha256"] for one in rows] for code, rows in version.content["evidence"].items()}
    return {"version_id": version.id, "sha256": version.sha256, "evidence": evidence}


def level_options() -> list[tuple[int, Any]]:
    return [(level.value, level.label) for level in SystemLevel if level is not SystemLevel.NONE]


def timeline(application: Application) -> Sequence[StatusChange]:
    return session.scalars(
        sa.select(StatusChange)
        .where(StatusChange.application_id == application.id)
        .order_by(StatusChange.at, StatusChange.id)
    ).all()


def supplements(application: Application) -> Sequence[Supplement]:
    """Every round, the newest first."""
    return session.scalars(
        sa.select(Supplement)
        .where(Supplement.application_id == application.id)
        .order_by(Supplement.asked_at.desc(), Supplement.id.desc())
    ).all()


def open_supplement(application: Application) -> Supplement | None:
    """The round that waits for the firm's answer."""
    if application.status is not Status.SUPPLEMENT:
        return None
    return session.scalar(
        sa.select(Supplement)
        .where(Supplement.application_id == application.id, Supplement.answered_at.is_(None))
        .order_by(Supplement.id.desc())
        .limit(1)
    )


def may_edit(application: Application, part: Part, moment: datetime | None = None) -> Any:
    """The verdict on changing one page now."""
    asked = open_supplement(application)
    return can_edit(
        application.status,
        part,
        frozenset(asked.asked_parts) if asked else frozenset(),
        asked.due_at if asked else None,
        moment or clock.now(),
    )


def paper(actor: Actor, application_key: str, paper_key: str) -> AttachedPaper:
    """One attached file. Raises: NotVisible."""
    application = by_key(actor, application_key)
    found = next((one for one in application.papers if one.key == paper_key), None)
    if found is None:
        raise NotVisible
    return found


def snapshots(application: Application) -> Sequence[Snapshot]:
    return session.scalars(
        sa.select(Snapshot).where(Snapshot.application_id == application.id).order_by(Snapshot.sequence)
    ).all()


@dataclass(frozen=True)
class ReviewFile:
    """What the review and the decision stand on: the row for its status, the newest snapshot for its content."""

    application: Application
    content: Mapping[str, Any]
    sha256: str
    sequence: int
    profile_version_id: int | None
    papers: Sequence[AttachedPaper] = field(default_factory=tuple)


def for_review(application_id: int) -> ReviewFile:
    """The frozen file of an application that was handed in. The caller has checked who reads.

    Raises: NotVisible when it was never handed in.
    """
    application = session.get(Application, application_id)
    snapshot = session.scalar(
        sa.select(Snapshot).where(Snapshot.application_id == application_id).order_by(Snapshot.sequence.desc()).limit(1)
    )
    if application is None or snapshot is None:
        raise NotVisible
    return ReviewFile(
        application,
        json.loads(snapshot.content),
        snapshot.sha256,
        snapshot.sequence,
        snapshot.profile_version_id,
        tuple(application.papers),
    )


# --- the supplier's narrow view ----------------------------------------------------------------------------


@dataclass(frozen=True)
class ConsortiumRequest:
    """All that a named supplier sees of an application: who asks, for which programme, in which role, by when."""

    key: str
    firm: str
    programme: Any
    call: Any
    consent: Consent
    asked_at: datetime | None
    answered_at: datetime | None
    reason: str
    is_open: bool


def _requests(actor: Actor) -> sa.Select[Any]:
    mine = actor.organisation_id is not None and actor.has(*SUPPLIER)
    return (
        sa.select(ConsortiumMember, Organisation.name, Call, Application.status)
        .join(Application, Application.id == ConsortiumMember.application_id)
        .join(Organisation, Organisation.id == Application.organisation_id)
        .join(Call, Call.id == Application.call_id)
        .where(
            ConsortiumMember.organisation_id == actor.organisation_id if mine else sa.false(),
            ConsortiumMember.consent != Consent.NAMED,
        )
    )


def _request(row: Any) -> ConsortiumRequest:
    member, firm, call, status = row
    return ConsortiumRequest(
        member.key,
        firm,
        call.programme.label,
        call.title,
        member.consent,
        member.asked_at,
        member.answered_at,
        member.reason,
        member.consent is Consent.ASKED and status in LIVE,
    )


def consortium_requests(actor: Actor) -> list[ConsortiumRequest]:
    """What firms asked of the actor's organisation, the open ones first."""
    rows = session.execute(_requests(actor).order_by(ConsortiumMember.asked_at.desc(), ConsortiumMember.id.desc()))
    found = [_request(row) for row in rows.unique()]
    return sorted(found, key=lambda one: not one.is_open)


def consortium_request(actor: Actor, key: str) -> ConsortiumRequest:
    """Raises: NotVisible."""
    row = session.execute(_requests(actor).where(ConsortiumMember.key == key)).unique().first()
    if row is None:
        raise NotVisible
    return _request(row)


def own_membership(actor: Actor, key: str) -> ConsortiumMember:
    """The row behind a request to the actor's organisation, locked for the answer. Raises: NotVisible."""
    mine = actor.organisation_id is not None and actor.has(*SUPPLIER)
    row = session.scalar(
        sa.select(ConsortiumMember)
        .where(
            ConsortiumMember.key == key,
            ConsortiumMember.organisation_id == actor.organisation_id if mine else sa.false(),
            ConsortiumMember.consent != Consent.NAMED,
        )
        .with_for_update(of=ConsortiumMember)
    )
    if row is None:
        raise NotVisible
    return row


def suppliers(actor: Actor, text: str, limit: int, mark: Mark | None = None) -> list[Listing]:
    """Public listings whose name holds every word, to choose a supplier from. mark: what they have to hold today."""
    wanted = directory.public(actor).join(Organisation, Organisation.id == Listing.organisation_id)
    if mark is not None:
        wanted = wanted.where(Listing.id.in_(marks.holding(mark, clock.today())))
    for word in text.split()[:5]:
        bare = sa.func.replace(Organisation.name, " ", "")
        wanted = wanted.where(
            sa.or_(bare.icontains(word, autoescape=True), Listing.summary.icontains(word, autoescape=True))
        )
    return list(session.scalars(wanted.order_by(Organisation.name, Listing.id).limit(limit)).unique())


# --- for letters -------------------------------------------------------------------------------------------


def people_of(organisation_id: int) -> Sequence[Person]:
    """Who of an organisation gets its letters: active people with a confirmed address."""
    return session.scalars(
        sa.select(Person)
        .where(Person.organisation_id == organisation_id, Person.active.is_(True), Person.confirmed_at.is_not(None))
        .order_by(Person.id)
    ).all()
