"""Letters of advice: to the other side at each step, without a word of what was said."""

from __future__ import annotations

from portal.accounts.models import Person
from portal.advising.models import Advice
from portal.base import mail
from portal.base.db import session


def write_moved(advice_id: int, step: str, by_expert: bool) -> None:
    """To the supplier what the expert did; to the expert what the supplier did."""
    row = session.get(Advice, advice_id)
    reader = (row.asked_by_id if by_expert else row.expert_id) if row else None
    person = session.get(Person, reader) if reader else None
    if row is None or person is None or not person.active:
        return
    mail.queue(
        person.email,
        "advice_moved",
        person.language,
        f"advice_moved:{row.id}:{step}",
        kind=row.kind.label.in_(person.language),
        state=row.state.label.in_(person.language),
        is_visit=step.startswith("visit:"),
        path=f"/advising/{row.key}",
    )
