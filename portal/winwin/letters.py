"""Letters of offers: to the firm when an operator has judged or a company asks, to the company when the firm answers."""

from __future__ import annotations

from portal.base import mail
from portal.base.db import session
from portal.winwin import queries
from portal.winwin.models import Joining, Offer


def _write(organisation_id: int, template: str, once_key: str, offer: Offer, other: str, state: object) -> None:
    for person in queries.people_for_letters(organisation_id):
        if person.confirmed_at is None:
            continue
        mail.queue(
            person.email,
            template,
            person.language,
            f"{once_key}:{person.id}",
            title=offer.title,
            other=other,
            state=state.label.in_(person.language),  # type: ignore[attr-defined]
            path=f"/winwin/{offer.key}",
        )


def write_judged(offer_id: int) -> None:
    row = session.get(Offer, offer_id)
    if row is not None and row.decided_at is not None:
        key = f"offer_judged:{row.id}:{row.decided_at.isoformat()}"
        _write(row.organisation_id, "offer_judged", key, row, "", row.state)


def write_asked(joining_id: int, time: int) -> None:
    row = session.get(Joining, joining_id)
    if row is not None:
        key = f"joining_asked:{row.id}:{time}"
        _write(row.offer.organisation_id, "joining_asked", key, row.offer, row.company.name, row.state)


def write_answered(joining_id: int, time: int) -> None:
    row = session.get(Joining, joining_id)
    if row is not None:
        key = f"joining_answered:{row.id}:{time}"
        _write(row.company_id, "joining_answered", key, row.offer, row.offer.organisation.name, row.state)
