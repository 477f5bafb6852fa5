"""The tie between a firm and the supplier that its application names, for the search for conflicts of interest."""

from __future__ import annotations

from portal.applications.models import Application
from portal.applications.rules import CLOSED, Status
from portal.base import clock
from portal.base.access import Actor
from portal.conflicts import service as conflicts
from portal.conflicts.rules import Source, TieKind


def note_partner(actor: Actor, application: Application) -> None:
    """Write the tie down as it is now: it begins with the submission and ends when the application comes to nothing.

    Notes: in the caller's transaction; a supplier that was exchanged keeps its tie until that day
    """
    origin = ("application", application.id)
    supplier = application.member.organisation_id if application.member else None
    is_partner = supplier is not None and supplier != application.organisation_id
    if application.submitted_at is None:
        return
    if application.status in CLOSED or application.status is Status.DRAFT or not is_partner:
        conflicts.end_ties_from(actor, origin)
        return
    conflicts.end_ties_from(actor, origin, but=supplier)
    conflicts.note_tie(
        actor,
        TieKind.TRADES,
        Source.APPLICATION,
        organisation_id=application.organisation_id,
        other_organisation_id=supplier,
        from_on=clock.kst(application.submitted_at).date(),
        origin=origin,
    )
