"""Who reads which call's selection, how far it is, and what a ranking is made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, lazyload

from portal.accounts import queries as accounts
from portal.accounts.models import Person
from portal.accounts.rules import Role
from portal.applications import queries as applications
from portal.applications.models import Application, CostLine
from portal.applications.rules import DECISIONS, IN_EVALUATION, Status
from portal.base.access import Actor, NotVisible
from portal.base.db import session
from portal.evaluation import plans
from portal.evaluation.models import Assignment, Consensus, Decision, Finding, Panel, Review, ReviewVersion
from portal.evaluation.phases import Plan
from portal.evaluation.rules import OPEN_STATES, AssignmentState, Outcome
from portal.programmes import queries as programmes
from portal.programmes.models import Call
from portal.programmes.rules import Tier
from portal.selection import rules
from portal.selection.models import Bonus, Ranking, RankingEntry
from portal.selection.rules import Candidate, RankingState, Terms

BEFORE = (Status.SUBMITTED, Status.REQ_CHECK, Status.SUPPLEMENT)
LINES = (Application.costs, Application.kpis, Application.member, Application.papers)


# --- who sees what ------------------------------------------------------------------------------------------


def calls_visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """The WHERE of calls whose selection the actor reads: those that an operator runs, all of them for the auditor.

    A regional operator reads the calls of the region: a ranking of a part of a call would be none.
    """
    return sa.true() if actor.has(Role.AUDITOR) else programmes.run_by(actor)


def call_by_key(actor: Actor, key: str) -> Call:
    """Raises: NotVisible."""
    row = session.scalar(sa.select(Call).where(Call.key == key, calls_visible_to(actor)))
    if row is None:
        raise NotVisible
    return row


def rankings_visible_to(actor: Actor) -> sa.Select[tuple[Ranking]]:
    """The rankings that the actor was named to approve."""
    return sa.select(Ranking).where(Ranking.approver_id == actor.id if actor.has(Role.LEAD_EVALUATOR) else sa.false())


def rankings(actor: Actor) -> Sequence[Ranking]:
    """The approver's own list: what waits first, then the newest."""
    waits = sa.case((Ranking.state == RankingState.PROPOSED, 0), else_=1)
    return session.scalars(
        rankings_visible_to(actor).options(joinedload(Ranking.call)).order_by(waits, Ranking.created_at.desc())
    ).all()


def waiting(actor: Actor) -> Sequence[Ranking]:
    """What waits for this approver, the oldest first."""
    return session.scalars(
        rankings_visible_to(actor)
        .where(Ranking.state == RankingState.PROPOSED)
        .options(joinedload(Ranking.call))
        .order_by(Ranking.created_at)
    ).all()


def ranking_by_key(actor: Actor, key: str) -> Ranking:
    """A ranking that the actor approves. Raises: NotVisible."""
    row = session.scalar(rankings_visible_to(actor).where(Ranking.key == key).options(joinedload(Ranking.call)))
    if row is None:
        raise NotVisible
    return row


def ranking_in_call(actor: Actor, key: str) -> Ranking:
    """A ranking of a call that the actor runs or audits. Raises: NotVisible."""
    row = session.scalar(
        sa.select(Ranking)
        .join(Call, Call.id == Ranking.call_id)
        .where(Ranking.key == key, calls_visible_to(actor))
        .options(joinedload(Ranking.call))
    )
    if row is None:
        raise NotVisible
    return row


def _bare() -> list[object]:
    """A line of a list says nothing of an application's own lines."""
    return [lazyload(part) for part in LINES]


# --- how far a call is ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Progress:
    """How far the applications of one call are.

    before    : received, the requirements still checked
    waiting   : in evaluation without a panel; reviewing: reviews are missing; ready: the chair's turn
    finalised : the chair of a ranked call is done; decided: by outcome, withdrawn: by the firm
    reviews   : submitted and asked for
    """

    call: Call
    ranked: bool
    before: int = 0
    waiting: int = 0
    reviewing: int = 0
    ready: int = 0
    finalised: int = 0
    withdrawn: int = 0
    decided: Mapping[Outcome, int] = field(default_factory=dict)
    reviews: tuple[int, int] = (0, 0)
    ranking: Ranking | None = None

    @property
    def open(self) -> int:
        """What still stands in the way of a ranking."""
        return self.before + self.waiting + self.reviewing + self.ready

    @property
    def total(self) -> int:
        return self.open + self.finalised + sum(self.decided.values()) + self.withdrawn

    @property
    def done(self) -> int:
        return sum(self.decided.values())


def progress_of(actor: Actor) -> list[Progress]:
    """Every call of the actor that has applications, the newest first."""
    handed_in = sa.exists().where(Application.call_id == Call.id, Application.submitted_at.is_not(None))
    calls = session.scalars(
        sa.select(Call)
        .where(calls_visible_to(actor), handed_in)
        .order_by(Call.closes_at.desc(), Call.id.desc())
        .limit(100)
    ).all()
    return [progress(call) for call in calls]


def progress(call: Call) -> Progress:
    """One call that the actor was given."""
    handed_in = (Application.call_id == call.id, Application.submitted_at.is_not(None))
    statuses = Counter(
        dict(
            session.execute(
                sa.select(Application.status, sa.func.count()).where(*handed_in).group_by(Application.status)
            ).all()
        )
    )
    asked, done = _reviews_of(call)
    stages = _stages(call)
    return Progress(
        call=call,
        ranked=plans.plan_of(call).ranked,
        before=sum(statuses[one] for one in BEFORE),
        waiting=stages["waiting"],
        reviewing=stages["reviewing"],
        ready=stages["ready"],
        finalised=stages["finalised"],
        withdrawn=statuses[Status.WITHDRAWN],
        decided={Outcome(one.value): statuses[one] for one in DECISIONS if statuses[one]},
        reviews=(done, asked),
        ranking=running(call.id),
    )


def _stages(call: Call) -> Counter[str]:
    """Where the applications in evaluation are; one query, counted here."""
    open_seats = (
        sa.select(sa.func.count()).where(Assignment.panel_id == Panel.id, Assignment.state.in_(OPEN_STATES))
    ).scalar_subquery()
    rows = session.execute(
        sa.select(Panel.id, open_seats, _is_final())
        .select_from(Application)
        .outerjoin(Panel, Panel.application_id == Application.id)
        .outerjoin(Finding, Finding.application_id == Application.id)
        .where(Application.call_id == call.id, Application.status.in_(IN_EVALUATION))
    )
    return Counter(
        "waiting" if panel_id is None else "finalised" if final else "reviewing" if still else "ready"
        for panel_id, still, final in rows
    )


def _is_final() -> sa.ColumnElement[bool]:
    """The chair's finding stands: no seat and no meeting is open, and no review came in or was mended after it."""
    seat = sa.exists().where(
        Assignment.panel_id == Finding.panel_id,
        sa.or_(
            Assignment.state.in_(OPEN_STATES),
            sa.and_(Assignment.state == AssignmentState.SUBMITTED, Assignment.submitted_at > Finding.at),
        ),
    )
    meeting = sa.exists().where(Consensus.panel_id == Finding.panel_id, Consensus.ended_at.is_(None))
    mended = sa.exists().where(
        Review.application_id == Finding.application_id,
        ReviewVersion.review_id == Review.id,
        ReviewVersion.made_at > Finding.at,
    )
    return sa.and_(Finding.id.is_not(None), ~seat, ~meeting, ~mended)


def _reviews_of(call: Call) -> tuple[int, int]:
    """Reviews asked for and submitted."""
    asked, done = session.execute(
        sa.select(
            sa.func.count(),
            sa.func.coalesce(sa.func.sum(sa.case((Assignment.state == AssignmentState.SUBMITTED, 1), else_=0)), 0),
        )
        .join(Application, Application.id == Assignment.application_id)
        .where(Application.call_id == call.id, Assignment.state != AssignmentState.RECUSED)
    ).one()
    return asked, done


# --- what a ranking is made from --------------------------------------------------------------------------------


def terms_of(plan: Plan, budget: int | None = None, reserves: int | None = None) -> Terms:
    return Terms(budget or plan.budget_krw, dict(plan.quotas), plan.bonus_cap, plan.tie_rule, reserves)


def candidates(call: Call) -> list[Candidate]:
    """The finalised applications of a call that are not decided; a handful of columns, no objects."""
    cost = (
        sa.select(sa.func.coalesce(sa.func.sum(CostLine.unit_price_krw * CostLine.quantity), 0))
        .where(CostLine.application_id == Application.id)
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(
            Application.id,
            Application.number,
            Application.submitted_at,
            Application.same_level,
            Finding.total,
            Finding.critical,
            Finding.tier,
            Finding.recommended,
            sa.func.coalesce(Bonus.total, 0.0),
            cost,
        )
        .join(Finding, Finding.application_id == Application.id)
        .outerjoin(Bonus, Bonus.application_id == Application.id)
        .where(Application.call_id == call.id, Application.status.in_(IN_EVALUATION), _is_final())
    )
    return [
        Candidate(
            id=one_id,
            number=number or "",
            total=total,
            tier=tier,
            subsidy=subsidy(call, int(cost_krw), same_level),
            submitted_at=submitted_at,
            recommended=recommended,
            critical=critical,
            bonus=bonus,
        )
        for one_id, number, submitted_at, same_level, total, critical, tier, recommended, bonus, cost_krw in rows
    ]


def chairs_words(call: Call) -> dict[int, str]:
    """What the chairs wrote for the firms, by application id, in a call that the actor was given."""
    rows = session.execute(
        sa.select(Finding.application_id, Finding.reason)
        .join(Application, Application.id == Finding.application_id)
        .where(Application.call_id == call.id)
    )
    return dict(rows.all())


def subsidy(call: Call, cost_krw: int, same_level: bool) -> int:
    """min(ceiling, ratio × cost); the whole cost where the call names neither, so that the budget is never overdrawn."""
    expected, _ = programmes.expected_for(call, cost_krw, same_level=same_level)
    return cost_krw if expected is None else expected


def named(call: Call, ids: Sequence[int]) -> dict[int, Application]:
    """Applications of a call that the actor was given, for their numbers and names."""
    rows = session.scalars(
        sa.select(Application).where(Application.call_id == call.id, Application.id.in_(ids)).options(*_bare())
    )
    return {row.id: row for row in rows}


def bonus_of(application_id: int) -> Bonus | None:
    return session.scalar(sa.select(Bonus).where(Bonus.application_id == application_id))


def application_in(actor: Actor, key: str) -> Application:
    """An application in a call that the actor runs. Raises: NotVisible."""
    row = applications.by_key(actor, key)
    if session.scalar(sa.select(Call.id).where(Call.id == row.call_id, calls_visible_to(actor))) is None:
        raise NotVisible
    return row


def approvers(call: Call) -> list[Person]:
    """Chairs who neither assigned nor reviewed anything in this call; who chairs most of its panels comes first."""
    of_call = sa.select(Application.id).where(Application.call_id == call.id)
    busy = set(
        session.scalars(
            sa.union(
                sa.select(Assignment.evaluator_id).where(Assignment.application_id.in_(of_call)),
                sa.select(Assignment.assigned_by_id).where(Assignment.application_id.in_(of_call)),
                sa.select(Panel.assigned_by_id).where(Panel.application_id.in_(of_call)),
            )
        )
    )
    chaired = dict(
        session.execute(
            sa.select(Panel.chair_id, sa.func.count()).where(Panel.application_id.in_(of_call)).group_by(Panel.chair_id)
        ).all()
    )
    free = [one for one in accounts.people_with_role(Role.LEAD_EVALUATOR) if one.id not in busy]
    return sorted(free, key=lambda one: (-chaired.get(one.id, 0), one.name, one.id))


def took_part(call: Call, person_id: int) -> bool:
    """Whether somebody assigned or reviewed an application of the call, also one that was stepped down from."""
    of_call = sa.select(Application.id).where(Application.call_id == call.id)
    return bool(
        session.scalar(
            sa.select(
                sa.or_(
                    sa.exists().where(
                        Assignment.application_id.in_(of_call),
                        sa.or_(Assignment.evaluator_id == person_id, Assignment.assigned_by_id == person_id),
                    ),
                    sa.exists().where(Panel.application_id.in_(of_call), Panel.assigned_by_id == person_id),
                )
            )
        )
    )


# --- a ranking and what became of it ---------------------------------------------------------------------------


def running(call_id: int, *, lock: bool = False) -> Ranking | None:
    """The ranking of a call that waits for approval or was approved."""
    select = sa.select(Ranking).where(Ranking.call_id == call_id, Ranking.state.in_(rules.RUNNING))
    if lock:
        select = select.with_for_update(of=Ranking).execution_options(populate_existing=True)
    return session.scalar(select)


def lock_call(call_id: int) -> None:
    """One writer at a time on what a call's ranking is made from, also while it has no ranking that could be locked."""
    session.scalar(sa.select(Call.id).where(Call.id == call_id).with_for_update(of=Call))


def lock_panels(call_id: int) -> None:
    """Every panel of a call, always in the same order: a chair who finalises meanwhile waits."""
    panels = sa.select(Panel.id).join(Application, Application.id == Panel.application_id)
    session.execute(panels.where(Application.call_id == call_id).order_by(Panel.id).with_for_update(of=Panel)).all()


def lock(ranking: Ranking) -> None:
    """One writer at a time on a ranking."""
    session.refresh(ranking, with_for_update={"of": Ranking})


def past(call: Call) -> Sequence[Ranking]:
    """Earlier rankings of a call that the actor was given: sent back or taken back, the newest first."""
    return session.scalars(
        sa.select(Ranking)
        .where(Ranking.call_id == call.id, Ranking.state.not_in(rules.RUNNING))
        .order_by(Ranking.ended_at.desc())
        .limit(20)
    ).all()


def moves(ranking: Ranking) -> Sequence[Decision]:
    """What changed after the approval of a ranking that the actor was given, the newest first."""
    return session.scalars(
        sa.select(Decision)
        .join(RankingEntry, RankingEntry.application_id == Decision.application_id)
        .where(RankingEntry.ranking_id == ranking.id, Decision.sequence > 1)
        .options(joinedload(Decision.panel).joinedload(Panel.application).options(*_bare()))
        .order_by(Decision.decided_at.desc(), Decision.id.desc())
        .limit(100)
    ).all()


@dataclass(frozen=True)
class Line:
    """One line of a ranking and what counts for it now. decision: the newest one; None before the approval."""

    entry: RankingEntry
    decision: Decision | None

    @property
    def outcome(self) -> Outcome:
        return self.decision.outcome if self.decision else self.entry.outcome

    @property
    def has_moved(self) -> bool:
        return self.outcome is not self.entry.outcome

    @property
    def candidate(self) -> Candidate:
        """As it stands now: an appeal may have changed total and tier."""
        now = self.decision or self.entry
        return Candidate(
            id=self.entry.application_id,
            number=self.entry.application.number or "",
            total=now.total,
            tier=now.tier,
            subsidy=self.entry.subsidy_krw,
            submitted_at=self.entry.application.submitted_at,
            recommended=self.entry.recommended,
            critical=self.entry.critical,
            bonus=self.entry.bonus,
        )


@dataclass(frozen=True)
class Balance:
    """A ranking as it stands now: money, places and the reserve list in its order. cutoff: of those selected now."""

    budget: int
    spent: int
    taken: Counter[Tier]
    cutoff: float | None
    reserves: tuple[Line, ...]

    @property
    def left(self) -> int:
        return self.budget - self.spent

    @property
    def turns(self) -> dict[int, int]:
        """The place on the reserve list now, by application id."""
        return {line.entry.application_id: turn for turn, line in enumerate(self.reserves, start=1)}


def lines(ranking: Ranking) -> list[Line]:
    """The lines of a ranking that the actor was given, in their order."""
    rows = session.execute(
        sa.select(RankingEntry, Decision)
        .outerjoin(
            Decision,
            sa.and_(Decision.application_id == RankingEntry.application_id, Decision.superseded_at.is_(None)),
        )
        .where(RankingEntry.ranking_id == ranking.id)
        .options(joinedload(RankingEntry.application).options(*_bare()))
        .order_by(RankingEntry.line)
    )
    return [Line(entry, decision) for entry, decision in rows]


def balance(ranking: Ranking, rows: Sequence[Line] | None = None) -> Balance:
    """What is given and who waits."""
    rows = lines(ranking) if rows is None else rows
    chosen = [row for row in rows if row.outcome is Outcome.SELECTED]
    by_id = {row.entry.application_id: row for row in rows if row.outcome is Outcome.RESERVE}
    ordered = rules.in_order((row.candidate for row in by_id.values()), ranking.terms)
    return Balance(
        budget=ranking.budget_krw,
        spent=sum(row.entry.subsidy_krw for row in chosen),
        taken=Counter(row.candidate.tier for row in chosen),
        cutoff=min((row.candidate.with_bonus(ranking.terms.cap) for row in chosen), default=None),
        reserves=tuple(by_id[one.id] for one in ordered),
    )


def outcome_on_appeal(application_id: int, total: float, tier: Tier, *, lock: bool = False) -> Outcome:
    """What an application that passes on appeal becomes: in a ranked call its turn decides, elsewhere it is selected.

    total: with what was judged anew. Who calls has checked pass points and floors.
    lock : hold the ranking until the decision is written, so that nobody moves up into the same money meanwhile
    """
    call_id = session.scalar(sa.select(Application.call_id).where(Application.id == application_id))
    ranking = running(call_id, lock=lock)
    if ranking is None or ranking.state is not RankingState.APPROVED:
        return Outcome.SELECTED
    rows = lines(ranking)
    mine = next((row for row in rows if row.entry.application_id == application_id), None)
    if mine is None:
        return Outcome.SELECTED
    others = [row for row in rows if row is not mine]
    now = balance(ranking, others)
    candidate = replace(mine.candidate, total=total, tier=tier, recommended=True)
    return rules.on_appeal(candidate, [row.candidate for row in now.reserves], ranking.terms, now.left, now.taken)
