"""Reading requests for advice: a supplier its own, an expert the open ones and its own, operators and auditors all."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.accounts.models import Organisation
from portal.accounts.rules import EVALUATORS, OPERATOR, SUPPLIER, Role
from portal.advising.models import Advice
from portal.advising.rules import AdviceState, can_withdraw
from portal.applications.models import Application, ConsortiumMember
from portal.appointments import queries as appointments
from portal.appointments.models import Booking
from portal.base import clock, grants
from portal.base.access import Actor, NotVisible, Verdict
from portal.base.db import session
from portal.base.paging import Page, paginate
from portal.conflicts import queries as conflicts
from portal.conflicts.rules import TieKind
from portal.directory import marks
from portal.directory import queries as directory
from portal.evaluators import queries as pool
from portal.evaluators.rules import PoolStatus
from portal.reference import queries as reference

PURPOSE = "advising"
PAGE_SIZE = 20
BARRING = (TieKind.SHARES, TieKind.FAMILY, TieKind.EMPLOYED)
"""Ties that keep an expert from a supplier while they last."""


def visible_to(actor: Actor) -> sa.Select[tuple[Advice]]:
    """The requests that an actor may read; regional operators those of suppliers in their region."""
    allowed: list[sa.ColumnElement[bool]] = [sa.false()]
    if actor.is_system or actor.has(Role.OPERATOR_NATIONAL, Role.AUDITOR):
        allowed.append(sa.true())
    elif actor.has(*OPERATOR) and actor.region:
        inside = sa.select(Organisation.id).where(Organisation.region.in_(reference.within(actor.region)))
        allowed.append(Advice.supplier_id.in_(inside))
    if actor.has(*SUPPLIER) and actor.organisation_id is not None:
        allowed.append(Advice.supplier_id == actor.organisation_id)
    if actor.has(*EVALUATORS):
        allowed += [Advice.expert_id == actor.id, Advice.state == AdviceState.REQUESTED]
    return sa.select(Advice).where(sa.or_(*allowed))


def by_key(actor: Actor, key: str, *, lock: bool = False) -> Advice:
    """Raises: NotVisible."""
    wanted = visible_to(actor).where(Advice.key == key)
    if lock:
        wanted = wanted.with_for_update(of=Advice).execution_options(populate_existing=True)
    row = session.scalar(wanted)
    if row is None:
        raise NotVisible
    return row


TABS = {
    "open": lambda: Advice.state == AdviceState.REQUESTED,
    "running": lambda: Advice.state.in_((AdviceState.ACCEPTED, AdviceState.PLANNED)),
    "ended": lambda: Advice.state.in_((AdviceState.CONCLUDED, AdviceState.WITHDRAWN)),
}


def page(actor: Actor, which: str, number: int) -> Page[Advice]:
    """One tab, the longest waiting first; ended ones the newest first."""
    order = Advice.id.desc() if which == "ended" else Advice.id
    wanted = visible_to(actor).where(TABS[which]()).options(joinedload(Advice.expert))
    return paginate(wanted.order_by(order), number, PAGE_SIZE)


def counts(actor: Actor) -> dict[str, int]:
    """How many requests each tab holds."""
    columns = [sa.func.coalesce(sa.func.sum(sa.case((one(), 1), else_=0)), 0).label(name) for name, one in TABS.items()]
    return dict(session.execute(visible_to(actor).with_only_columns(*columns)).mappings().one())


def open_of(supplier_id: int, kind: str) -> Advice | None:
    return session.scalar(
        sa.select(Advice).where(
            Advice.supplier_id == supplier_id,
            Advice.kind == kind,
            Advice.state.not_in((AdviceState.CONCLUDED, AdviceState.WITHDRAWN)),
        )
    )


def visit_of(row: Advice) -> Booking | None:
    return appointments.booking_of(PURPOSE, "advice", row.id)


def is_visited(row: Advice) -> bool:
    """Whether the visit has begun."""
    visit = visit_of(row)
    return visit is not None and visit.slot.starts_at <= clock.now()


def may_withdraw(row: Advice) -> Verdict:
    return can_withdraw(row.state, is_visited=is_visited(row), has_expert=is_expert_still(row))


def is_expert_still(row: Advice) -> bool:
    """Whether the one who took a request can still give it: in the pool, absent or not."""
    if row.expert is None:
        return False
    entry = pool.of_person(row.expert_id)
    return bool(EVALUATORS & set(row.expert.role_names)) and (entry is None or entry.status is PoolStatus.ACTIVE)


def is_member(person_id: int) -> bool:
    """Whether somebody is in the pool and not absent today."""
    return pool.is_available(person_id)


def ties(person_id: int, supplier: Organisation) -> Sequence[str]:
    """What stands between an expert and a supplier: declared in the career, by id, number or name; or known of as
    shares, family or employment that have not ended. Advice given before does not bar more of it."""
    known = [
        tie.kind.value
        for tie in conflicts.ties_of([person_id], [])
        if tie.kind in BARRING
        and supplier.id in (tie.organisation_id, tie.other_organisation_id)
        and (tie.to_on is None or tie.to_on >= clock.today())
    ]
    return known + [
        line.kind.value
        for line in pool.careers([person_id])
        if line.organisation_id == supplier.id
        or (line.registration_number and line.registration_number == supplier.registration_number)
        or line.name.strip() == supplier.name.strip()
    ]


def reviews_a_case_of(actor: Actor, supplier_id: int) -> bool:
    """Whether the expert reviews or decides on an application that names this supplier."""
    cases = (
        sa.select(Application.id)
        .join(ConsortiumMember, ConsortiumMember.application_id == Application.id)
        .where(
            ConsortiumMember.organisation_id == supplier_id,
            sa.or_(
                *(Application.id.in_(grants.granted_ids(actor, "application", right)) for right in ("review", "decide"))
            ),
        )
    )
    return session.scalar(cases.limit(1)) is not None


def verified_level(supplier_id: int) -> marks.CapabilityLevel | None:
    """What an operator has verified of the supplier's capability until now."""
    listing = directory.of_organisation(supplier_id)
    return marks.levels([listing.id], clock.today()).get(listing.id) if listing else None
