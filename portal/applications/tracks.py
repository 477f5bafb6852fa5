"""A call for suppliers of one field: which of them hold the mark that an operator has verified."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from portal.applications.models import Application
from portal.applications.rules import LIVE
from portal.base import clock
from portal.base.db import session
from portal.directory import marks
from portal.directory.marks import Mark
from portal.directory.models import Listing
from portal.programmes.models import Call
from portal.programmes.rules import SupplierTrack

MARK_OF = {SupplierTrack.AI: Mark.AI, SupplierTrack.DIGITAL_TWIN: Mark.DIGITAL_TWIN}


def asked_mark(call: Call) -> Mark | None:
    """What the supplier of an application to this call must hold."""
    return MARK_OF[call.track] if call.track else None


def missing_mark(call: Call, organisation_id: int | None) -> Mark | None:
    """The mark that the call asks for and this supplier does not hold today; None when nothing is missing."""
    mark = asked_mark(call)
    if mark is None or organisation_id is None:
        return None
    held = session.scalar(
        sa.select(Listing.id).where(
            Listing.organisation_id == organisation_id, Listing.id.in_(marks.holding(mark, clock.today()))
        )
    )
    return mark if held is None else None


def asked_marks(organisation_ids: Collection[int]) -> dict[int, frozenset[Mark]]:
    """Company → what its newest running application asks of a supplier; companies without such a call are left out."""
    newest = (
        sa.select(sa.func.max(Application.id))
        .where(Application.organisation_id.in_(organisation_ids), Application.status.in_(LIVE))
        .group_by(Application.organisation_id)
    )
    rows = session.execute(
        sa.select(Application.organisation_id, Call.track)
        .join(Call, Call.id == Application.call_id)
        .where(Application.id.in_(newest), Call.track.is_not(None))
    )
    return {organisation_id: frozenset({MARK_OF[track]}) for organisation_id, track in rows}
