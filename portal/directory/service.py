"""Writing the directory: suppliers write what they say, operators and finished projects write what is verified."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from portal.accounts.models import Organisation
from portal.accounts.rules import SUPPLIER, OrganisationKind
from portal.base import audit, clock, mail, outbox
from portal.base.access import SYSTEM, Actor, Forbidden, NotVisible, RuleBroken, RulesBroken, StaleVersion, ensure
from portal.base.db import session, transaction
from portal.directory import capacity, edits, queries, versions
from portal.directory.models import Listing, TrackRecord, running_month
from portal.directory.rules import (
    REVIEWED,
    ListingStatus,
    can_edit,
    can_judge,
    can_step,
    check_listing,
    clean,
)
from portal.programmes.rules import SystemLevel
from portal.reference import queries as reference
from portal.reference.rules import SizeClass

# Every field that a supplier writes, and what it is while nothing is written.
EMPTY: dict[str, Any] = {
    "summary": "",
    "description": "",
    "capabilities": {},
    "sectors": [],
    "regions": [],
    "processes": [],
    "programmes": [],
    "sizes": [],
    "standards": [],
    "products": [],
    "founded_year": None,
    "engineers": None,
    "engineer_grades": {},
    "open_slots": 0,
    "lead_weeks": None,
    "aftercare_hours": None,
    "contact_name": "",
    "contact_email": "",
    "contact_phone": "",
}

# A text that was approved before a field existed says nothing in it.
EMPTY_TEXT = {name: EMPTY[name] for name in REVIEWED}


def save_listing(
    actor: Actor, facts: Mapping[str, Any], *, version: int | None = None, organisation_id: int | None = None
) -> Listing:
    """Save what a supplier writes of itself; begins the listing at the first save.

    facts          : fields of `EMPTY`; a draft may be incomplete, a public listing may not
    version        : what the person saw; None for the first save (and for the system, which overwrites)
    organisation_id: only for the system (imports, the example country); people write for their own organisation
    Raises: RulesBroken for wrong facts; StaleVersion; Forbidden listing_not_yours, listing_suspended.
    Notes : an approved listing stays public, the change is shown at once and waits for an operator's look.
    """
    owner_id = organisation_id if actor.is_system else actor.organisation_id
    facts = {name: empty if facts.get(name) is None else _cleaned(facts[name]) for name, empty in EMPTY.items()}
    with transaction():
        row = queries.of_organisation(owner_id) if owner_id else None
        verdict = can_edit(actor, owner_id or 0, is_suspended=row is not None and row.suspension is not None)
        if not verdict:
            raise Forbidden(verdict.code)
        if row is not None and not actor.is_system and row.version != version:
            raise StaleVersion()
        _check(facts, complete=row is not None and row.status in (ListingStatus.APPROVED, ListingStatus.PENDING))
        if row is None:
            row = _begin(owner_id)
        changed = [name for name in EMPTY if getattr(row, name) != facts[name]]
        for name in changed:
            if name == "open_slots":
                capacity.state(row, {running_month(): facts[name]})
            else:
                setattr(row, name, facts[name])
        row.last_confirmed_at = clock.now()
        if row.status is ListingStatus.APPROVED:
            is_as_approved = row.text() == EMPTY_TEXT | (row.approved_text or {})
            row.unseen_since = None if is_as_approved else row.unseen_since or clock.now()
        session.flush()
        versions.keep(actor, row)
        audit.record(actor, "listing.save", "listing", row.id, {"fields": changed, "version": row.version})
        if row.status is ListingStatus.APPROVED:
            outbox.emit("listing.changed", listing_id=row.id)
        return row


def _begin(organisation_id: int) -> Listing:
    organisation = session.get(Organisation, organisation_id)
    if organisation is None or organisation.kind is not OrganisationKind.SUPPLIER:
        raise Forbidden("listing_not_yours")
    row = Listing(organisation_id=organisation_id, organisation=organisation, status=ListingStatus.DRAFT)
    for name, empty in EMPTY.items():
        if name != "open_slots":
            setattr(row, name, empty)
    session.add(row)
    session.flush()
    return row


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list | tuple):
        return [_cleaned(one) for one in value]
    if isinstance(value, dict):
        return {key: _cleaned(one) for key, one in value.items()}
    return value


def _check(facts: Mapping[str, Any], *, complete: bool) -> None:
    known = queries.Names()
    broken = check_listing(
        facts,
        technologies=known.technologies,
        sectors=known.sectors,
        regions=known.regions,
        programmes=known.programmes,
        complete=complete,
    )
    if broken:
        raise RulesBroken(broken)


def submit_listing(actor: Actor, listing_id: int | None = None) -> Listing:
    """Ask for approval of the own listing.

    listing_id: only for the system
    Raises: RuleBroken listing_not_there, listing_step; RulesBroken for what is missing.
    """
    with transaction():
        row = session.get(Listing, listing_id) if actor.is_system and listing_id else queries.own_to_edit(actor)
        ensure(can_step(row.status, ListingStatus.PENDING))
        _check({name: getattr(row, name) for name in EMPTY}, complete=True)
        row.status = ListingStatus.PENDING
        row.submitted_at = row.last_confirmed_at = clock.now()
        row.returned_reason = ""
        audit.record(actor, "listing.submit", "listing", row.id)
        outbox.emit("listing.submitted", listing_id=row.id)
        return row


def confirm_listing(actor: Actor) -> Listing:
    """Say that everything is still true; keeps the listing from going grey."""
    with transaction():
        row = queries.own_to_edit(actor)
        row.last_confirmed_at = clock.now()
        audit.record(actor, "listing.confirm", "listing", row.id)
        return row


# --- operators ---------------------------------------------------------------------------------------------


def _to_judge(actor: Actor, listing_id: int) -> Listing:
    row = queries.by_id(actor, listing_id)
    verdict = can_judge(actor, row.organisation_id)
    if not verdict:
        raise Forbidden(verdict.code)
    return row


def approve_listing(actor: Actor, listing_id: int, version: int | None = None) -> Listing:
    """Make a submitted listing public, or take an edit of a public one as seen.

    version: what the operator read; an edit that came in between is not approved unseen
    Raises : StaleVersion, RuleBroken listing_step, listing_nothing_to_review; Forbidden.
    """
    with transaction():
        row = _to_judge(actor, listing_id)
        if version is not None and row.version != version:
            raise StaleVersion()
        if row.status is ListingStatus.APPROVED:
            if row.unseen_since is None and not edits.has_unseen(row.id):
                raise RuleBroken("listing_nothing_to_review")
        else:
            ensure(can_step(row.status, ListingStatus.APPROVED))
            row.status = ListingStatus.APPROVED
        row.approved_text, row.approved_at, row.unseen_since = row.text(), clock.now(), None
        row.returned_reason = ""
        edits.take_as_seen(row.id)
        audit.record(actor, "listing.approve", "listing", row.id, {"version": row.version})
        outbox.emit("listing.approved", listing_id=row.id)
        return row


def return_listing(actor: Actor, listing_id: int, reason: str, version: int | None = None) -> Listing:
    """Send a listing back to its supplier with a reason; a public one leaves the directory until it is mended.

    Raises: RuleBroken listing_needs_reason (reason), listing_step; StaleVersion; Forbidden.
    """
    with transaction():
        row = _to_judge(actor, listing_id)
        if version is not None and row.version != version:
            raise StaleVersion()
        ensure(can_step(row.status, ListingStatus.DRAFT))
        if not clean(reason):
            raise RuleBroken("listing_needs_reason", "reason")
        row.status, row.unseen_since, row.returned_reason = ListingStatus.DRAFT, None, clean(reason)
        audit.record(actor, "listing.return", "listing", row.id)
        outbox.emit("listing.returned", listing_id=row.id)
        return row


# --- letters -----------------------------------------------------------------------------------------------


def tell_supplier(listing_id: int, template: str) -> None:
    """One letter to the supplier's administrator about what became of the listing."""
    row = queries.by_id(SYSTEM, listing_id)
    person = queries.person_in_charge(row.organisation_id)
    if person is None:
        return
    moment = row.approved_at if template == "listing_approved" else row.submitted_at
    mail.queue(
        person.email,
        template,
        person.language,
        f"{template}:{row.id}:{row.version}:{moment.isoformat() if moment else ''}",
        supplier=row.name,
        reason=row.returned_reason,
    )


def tell_listing_approved(listing_id: int) -> None:
    tell_supplier(listing_id, "listing_approved")


def tell_listing_returned(listing_id: int) -> None:
    tell_supplier(listing_id, "listing_returned")


# --- verified ----------------------------------------------------------------------------------------------


def check_build(
    year: int, technologies: Sequence[str], kpi_gain_ratio: float | None, levels: Sequence[int | None]
) -> None:
    """Whether the facts of a build can be true. Raises: RuleBroken record_year, record_ratio, technology_unknown."""
    if not 2000 <= year <= clock.today().year:
        raise RuleBroken("record_year", "year")
    if kpi_gain_ratio is not None and not -1 <= kpi_gain_ratio <= 10:
        raise RuleBroken("record_ratio", "kpi_gain_ratio")
    if any(level is not None and level not in list(SystemLevel) for level in levels):
        raise RuleBroken("record_ratio", "achieved_level")
    unknown = set(technologies) - {row.code for row in reference.technologies(technologies)}
    if unknown:
        raise RuleBroken("technology_unknown", "technologies", name=", ".join(sorted(unknown)))


def add_track_record(
    actor: Actor,
    organisation_id: int,
    *,
    year: int,
    programme: str,
    region: str = "",
    ksic: str = "",
    size: SizeClass | None = None,
    technologies: Sequence[str] = (),
    planned_months: int | None = None,
    actual_months: int | None = None,
    target_level: int | None = None,
    achieved_level: int | None = None,
    passed_first_audit: bool | None = None,
    kpi: str = "",
    kpi_gain_ratio: float | None = None,
    aftercare_hours: int | None = None,
    source: str = "",
    company_id: int | None = None,
) -> TrackRecord:
    """Add one finished build to a supplier's verified record.

    organisation_id: the supplier
    target_level   : with achieved_level, of the built system (SystemLevel 0–4)
    kpi_gain_ratio : how much better the KPI became, 0.12 = 12 %, −1 to 10
    company_id     : the company's organisation, where it has an account; it may then rate the supplier
    source         : what confirmed it ("project:<id>", or the paper that the operator checked)
    Raises: Forbidden for anybody but an operator or the system (a finished project); RuleBroken record_year,
    record_ratio, technology_unknown.
    """
    if not actor.is_system and (not can_judge(actor, organisation_id) or actor.has(*SUPPLIER)):
        raise Forbidden("no_right")
    with transaction():
        check_build(year, technologies, kpi_gain_ratio, (target_level, achieved_level))
        listing = queries.of_organisation(organisation_id)
        if listing is None:
            raise NotVisible
        row = TrackRecord(
            listing_id=listing.id,
            company_id=company_id,
            year=year,
            programme=clean(programme),
            region=region,
            ksic=ksic,
            size=size,
            technologies=list(technologies),
            planned_months=planned_months,
            actual_months=actual_months,
            target_level=target_level,
            achieved_level=achieved_level,
            passed_first_audit=passed_first_audit,
            kpi=clean(kpi),
            kpi_gain_ratio=kpi_gain_ratio,
            aftercare_hours=aftercare_hours,
            source=clean(source),
        )
        session.add(row)
        session.flush()
        audit.record(
            actor,
            "track_record.add",
            "track_record",
            row.id,
            {"listing": listing.id, "source": audit.digest(row.source)},
        )
        return row
