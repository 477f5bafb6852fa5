"""Reading programmes, calls and the progress to the national targets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from portal.accounts.models import Organisation
from portal.base import clock, marks
from portal.base.access import YES, Actor, Verdict, no
from portal.base.db import session
from portal.base.paging import Page, paginate
from portal.base.words import Words, say
from portal.programmes import rules
from portal.programmes.catalogue import DocumentKind, document_kinds
from portal.programmes.models import Call, CountedFirm, Programme, Target
from portal.programmes.rules import (
    CallStatus,
    Phase,
    ProgrammeKind,
    ProgrammeStatus,
    Tier,
    expected_subsidy,
    level_fits,
)
from portal.reference import queries as reference
from portal.reference.rules import SizeClass

# --- programmes --------------------------------------------------------------------------------------------


def programmes(
    *, running: bool = True, kind: ProgrammeKind | None = None, audience: str | None = None
) -> list[Programme]:
    # public: the catalogue
    wanted = sa.select(Programme).order_by(Programme.rank)
    if running:
        wanted = wanted.where(Programme.status == ProgrammeStatus.ACTIVE)
    if kind:
        wanted = wanted.where(Programme.kind == kind)
    if audience:
        wanted = wanted.where(Programme.audience == audience)
    return list(session.scalars(wanted))


def programme(code: str) -> Programme | None:
    # public: the catalogue
    return session.scalar(sa.select(Programme).where(Programme.code == code))


def documents_for(programme: Programme) -> list[DocumentKind]:
    """The papers that an application to this programme needs, in the checklist's order."""
    return document_kinds(programme.documents)


# --- calls -------------------------------------------------------------------------------------------------


def run_by(actor: Actor) -> sa.ColumnElement[bool]:
    """The WHERE of calls that this actor runs: all for the national operator, the own region's for a regional one."""
    if actor.is_system or actor.has("operator_national"):
        return sa.true()
    if actor.has("operator_region") and actor.region:
        return Call.region.in_(reference.within(actor.region))
    return sa.false()


def visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """The WHERE of calls that this actor may read: every published one, and drafts of who runs them."""
    return sa.or_(Call.status != CallStatus.DRAFT, run_by(actor))


def _in_phase(phase: Phase, at: datetime) -> sa.ColumnElement[bool]:
    published = Call.status == CallStatus.OPEN
    return {
        Phase.DRAFT: Call.status == CallStatus.DRAFT,
        Phase.CLOSED: Call.status == CallStatus.CLOSED,
        Phase.UPCOMING: sa.and_(published, Call.opens_at > at),
        Phase.OPEN: sa.and_(published, Call.opens_at <= at, Call.closes_at >= at),
        Phase.ENDED: sa.and_(published, Call.closes_at < at),
    }[phase]


def open_calls(at: datetime | None = None, *, region: str | None = None) -> list[Call]:
    """Calls that take applications at a moment (default: now), the first to end first.

    region: where the firm stands; calls of other regions are left out. None leaves none out.
    """
    # public: published calls
    wanted = sa.select(Call).where(_in_phase(Phase.OPEN, at or clock.now())).order_by(Call.closes_at, Call.id)
    if region:
        wanted = wanted.where(sa.or_(Call.region.is_(None), Call.region.in_(reference.containing(region))))
    return list(session.scalars(wanted))


def public_calls(at: datetime | None = None) -> dict[Phase, list[Call]]:
    """What the public page lists: open calls, those to come, and the last ones that ended."""
    # public: published calls
    at = at or clock.now()
    ended = sa.or_(_in_phase(Phase.ENDED, at), _in_phase(Phase.CLOSED, at))

    def some(where: sa.ColumnElement[bool], *order: sa.ColumnElement[object], limit: int = 100) -> list[Call]:
        return list(session.scalars(sa.select(Call).where(where).order_by(*order, Call.id).limit(limit)))

    return {
        Phase.OPEN: some(_in_phase(Phase.OPEN, at), Call.closes_at.asc()),
        Phase.UPCOMING: some(_in_phase(Phase.UPCOMING, at), Call.opens_at.asc()),
        Phase.ENDED: some(ended, Call.closes_at.desc(), limit=20),
    }


def call(actor: Actor, key: str) -> Call | None:
    """One call, when the actor may read it."""
    return session.scalar(sa.select(Call).where(Call.key == key, visible_to(actor)))


def call_run_by(actor: Actor, key: str) -> Call | None:
    """One call, when the actor runs it."""
    return session.scalar(sa.select(Call).where(Call.key == key, run_by(actor)))


def call_by_id(call_id: int) -> Call | None:
    return session.get(Call, call_id)


def can_apply(
    call: Call, *, at: datetime | None = None, tier: Tier | None = None, region: str | None = None
) -> Verdict:
    """Whether a firm may apply to a call: its window, the tier asked for, the place of the factory.

    at    : when the server received the application (default: now)
    tier, region: left out of the verdict when None
    Returns: YES, or the code call_not_yet, call_ended, call_closed, call_tier_not_offered, call_region_other.
    """
    in_time = rules.can_apply(call.status, call.opens_at, call.closes_at, at or clock.now())
    if not in_time:
        return in_time
    if tier and tier not in call.tiers:
        return no("call_tier_not_offered")
    if region and call.region and call.region not in reference.containing(region):
        return no("call_region_other")
    return YES


def calls_page(actor: Actor, *, phase: Phase | None = None, word: str = "", number: int = 1) -> Page[Call]:
    """The operator's list: the calls this actor runs, newest window first."""
    wanted = sa.select(Call).where(run_by(actor))
    if phase:
        wanted = wanted.where(_in_phase(phase, clock.now()))
    if word.strip():
        wanted = wanted.where(
            sa.or_(
                Call.title_ko.icontains(word.strip(), autoescape=True),
                Call.title_en.icontains(word.strip(), autoescape=True),
            )
        )
    return paginate(wanted.order_by(Call.opens_at.desc(), Call.id.desc()), number)


def own_region(actor: Actor) -> frozenset[str]:
    """Every region key that a regional operator is responsible for; empty for everyone else."""
    return reference.within(actor.region) if actor.has("operator_region") and actor.region else frozenset()


# --- the finder --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Need:
    """What a firm says about itself in the finder; None = not said.

    level: system level 0-4 · cost_krw: cost of the project without VAT · same_level: no level rise planned
    """

    tier: Tier | None = None
    level: int | None = None
    region: str | None = None
    size: SizeClass | None = None
    cost_krw: int | None = None
    same_level: bool = False


@dataclass(frozen=True)
class Fit:
    """A programme that fits a need: its open calls, and what it would pay (None where the figures are not known)."""

    programme: Programme
    calls: tuple[Call, ...]
    ceiling_krw: int | None
    subsidy_krw: int | None
    own_krw: int | None
    months: int | None


def find_programmes(need: Need, kind: ProgrammeKind | None = ProgrammeKind.BUILD) -> list[Fit]:
    """Programmes that fit a need, those with an open call first, then in the catalogue's order."""
    open_now = open_calls(region=need.region)
    found = []
    for row in programmes(kind=kind, audience="sme"):
        if need.tier and need.tier not in row.tiers:
            continue
        if not level_fits(need.level, row.level_min) or (need.size and row.sizes and need.size not in row.sizes):
            continue
        calls = tuple(
            call for call in open_now if call.programme_id == row.id and (not need.tier or need.tier in call.tiers)
        )
        found.append(_fit(row, calls, need))
    return sorted(found, key=lambda fit: not fit.calls)


def _fit(row: Programme, calls: tuple[Call, ...], need: Need) -> Fit:
    terms = calls[0] if calls else row
    known = row.shows_figures or bool(calls)
    ceiling = terms.ceiling_krw if known else None
    months = terms.months if known else None
    if need.same_level and known:
        ceiling, months = row.ceiling_same_level_krw or ceiling, row.months_same_level or months
    subsidy = own = None
    if need.cost_krw is not None and ceiling is not None:
        subsidy, own = expected_subsidy(need.cost_krw, ceiling, terms.subsidy_ratio, row.partner_ratio or 0.0)
    return Fit(row, calls, ceiling, subsidy, own, months)


def expected_for(call: Call, cost_krw: int, *, same_level: bool = False) -> tuple[int | None, int | None]:
    """Subsidy and own share of a project of this cost under this call, in won; (None, None) without a known ceiling."""
    ceiling = (call.programme.ceiling_same_level_krw if same_level else None) or call.ceiling_krw
    if ceiling is None:
        return None, None
    return expected_subsidy(cost_krw, ceiling, call.subsidy_ratio, call.programme.partner_ratio or 0.0)


# --- national targets --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GoalProgress:
    """One goal: counted firms, of which still in business, and the figure to reach."""

    code: str
    label: Words
    unit: str
    target: int
    counted: int | None
    in_business: int | None


@dataclass(frozen=True)
class TargetProgress:
    """Progress to one target set. `is_synthetic`: counted in an example database, no real firm."""

    set_code: str
    label: Words
    due_on: date
    count_from: date
    as_of: date
    is_synthetic: bool
    source: str
    goals: tuple[GoalProgress, ...]

    @property
    def main(self) -> GoalProgress:
        return self.goals[0]

    @property
    def meaning(self) -> Words:
        return say(
            "최종점검이나 수준확인으로 수준이 확정된 기업만 한 번씩 셉니다. 신청과 협약은 세지 않습니다.",
            "Counts only firms whose level was fixed by a final audit or certificate, once each; "
            "applications and agreements do not count.",
        )


def target_progress(set_code: str | None = None) -> TargetProgress | None:
    """Progress of a target set (default: the primary one); None when no targets are loaded.

    Goals that are not counted in firms by tier have `counted` None: the portal holds no figure for them.
    Source: counting rule: distinct 사업자등록번호, level fixed after the set's date, at its best tier.
    """
    # public: totals against published targets
    wanted = sa.select(Target).order_by(Target.rank)
    wanted = wanted.where(Target.set_code == set_code) if set_code else wanted.where(Target.is_primary)
    goals: Sequence[Target] = session.scalars(wanted).all()
    if not goals:
        return None
    first = goals[0]
    counts = _counted_by_tier(first.count_from)
    return TargetProgress(
        set_code=first.set_code,
        label=first.set_label,
        due_on=first.due_on,
        count_from=first.count_from,
        as_of=clock.today(),
        is_synthetic=marks.is_demo(),
        source=first.source,
        goals=tuple(_goal_progress(goal, counts) for goal in goals),
    )


def target_sets() -> list[str]:
    """Codes of all target sets, the primary one first."""
    rows = session.execute(sa.select(Target.set_code, Target.is_primary).order_by(Target.rank)).all()
    return list(dict.fromkeys(code for code, _ in sorted(rows, key=lambda row: not row.is_primary)))


def _counted_by_tier(since: date) -> dict[Tier, tuple[int, int]]:
    rows = session.execute(
        sa.select(
            CountedFirm.tier,
            sa.func.count(),
            sa.func.sum(sa.case((Organisation.closed_at.is_(None), 1), else_=0)),
        )
        .join(Organisation, Organisation.id == CountedFirm.organisation_id)
        .where(CountedFirm.fixed_on >= since)
        .group_by(CountedFirm.tier)
    )
    return {tier: (count, in_business) for tier, count, in_business in rows}


def _goal_progress(goal: Target, counts: dict[Tier, tuple[int, int]]) -> GoalProgress:
    counted = in_business = None
    if goal.tiers:
        found: Collection[tuple[int, int]] = [counts.get(tier, (0, 0)) for tier in goal.tiers]
        counted, in_business = sum(all_ for all_, _ in found), sum(alive for _, alive in found)
    return GoalProgress(goal.code, goal.label, goal.unit, goal.value, counted, in_business)
