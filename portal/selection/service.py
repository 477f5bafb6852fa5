"""Every write of a selection: bonus, proposal, approval, the budget, and who moves up. One transaction each, audited."""

from __future__ import annotations

from collections.abc import Mapping

from portal.accounts.models import Person
from portal.accounts.rules import OPERATOR, Role
from portal.base import audit, clock, grants, mail, once, outbox
from portal.base.access import SYSTEM, Actor, Forbidden, RuleBroken, StaleVersion, ensure
from portal.base.db import session, transaction
from portal.evaluation import deciding, plans
from portal.evaluation.models import Decision
from portal.evaluation.rules import Cause, Outcome, Ranked
from portal.programmes.models import Call
from portal.selection import queries, rules
from portal.selection.models import Bonus, Ranking, RankingEntry
from portal.selection.rules import Ground, RankingState

OBJECT = "ranking"
RIGHT = "decide"
"""The right on the call that its approver holds while a ranking waits."""


ENDED_BY = {
    RankingState.APPROVED: "approve",
    RankingState.RETURNED: "send_back",
    RankingState.TAKEN_BACK: "take_back",
}


# --- the operator -------------------------------------------------------------------------------------------


def grant_bonus(
    actor: Actor, application_key: str, points: Mapping[Ground, float], note: str, version: int | None = None
) -> Bonus:
    """Say what bonus an application gets, all grounds at once; no ground takes the bonus away.

    note  : which papers show it
    Raises: RuleBroken selection_bonus_points (the ground), selection_bonus_closed; StaleVersion, NotVisible, Forbidden
    """
    _ensure_operator(actor)
    with transaction():
        application = queries.application_in(actor, application_key)
        queries.lock_call(application.call_id)
        if queries.running(application.call_id) is not None:
            raise RuleBroken("selection_bonus_closed")
        for ground, given in points.items():
            if not 0 <= given <= ground.most:
                raise RuleBroken("selection_bonus_points", ground.value, most=f"{ground.most:g}")
        row = queries.bonus_of(application.id)
        if row is not None and version is not None and version != row.version:
            raise StaleVersion()
        if row is None:
            row = Bonus(application_id=application.id)
            session.add(row)
        row.kept = {ground.value: given for ground, given in points.items() if given}
        row.total, row.note, row.by_id = round(sum(row.kept.values()), 2), note.strip(), actor.id
        session.flush()
        audit.record(actor, "bonus.grant", "application", application.id, {"points": row.kept})
        return row


def propose(
    actor: Actor,
    call: Call,
    approver_id: int,
    *,
    budget: int | None = None,
    reserves: int | None = None,
    expected: str | None = None,
    once_key: str | None = None,
) -> Ranking:
    """Lay a call's ranking before its chair.

    budget  : won, where it is not the plan's; reserves: the longest reserve list
    expected: the digest of the ranking that the operator was shown
    Raises  : RuleBroken selection_not_ranked, selection_open_cases, selection_nothing, selection_running,
              selection_changed, selection_budget (budget), selection_not_neutral (approver); NotVisible, Forbidden
    Notes   : the approver gets the right to decide on the call; emits ranking.proposed
    """
    _ensure_operator(actor)
    if budget is not None and budget < 1:
        raise RuleBroken("selection_budget", "budget")
    with transaction():
        call = queries.call_by_key(actor, call.key)
        queries.lock_call(call.id)
        if done := once.claim(actor, once_key, "selection.propose"):
            return queries.ranking_in_call(actor, done)
        plan = plans.plan_of(call)
        if not plan.ranked:
            raise RuleBroken("selection_not_ranked")
        if queries.running(call.id) is not None:
            raise RuleBroken("selection_running")
        if still := queries.progress(call).open:
            raise RuleBroken("selection_open_cases", count=still)
        rows = queries.candidates(call)
        if not rows:
            raise RuleBroken("selection_nothing")
        if approver_id not in {one.id for one in queries.approvers(call)} or approver_id == actor.id:
            raise RuleBroken("selection_not_neutral", "approver")
        terms = queries.terms_of(plan, budget, reserves)
        digest = rules.digest(rows, terms)
        if expected is not None and expected != digest:
            raise RuleBroken("selection_changed")
        result = rules.rank(rows, terms)
        ranking = Ranking(
            call_id=call.id,
            made_by_id=actor.id,
            approver_id=approver_id,
            terms_kept=terms.as_dict(),
            budget_krw=terms.budget,
            digest=digest,
            cutoff=result.cutoff,
        )
        session.add(ranking)
        session.flush()
        session.add_all(_entry(ranking, line, place) for line, place in enumerate(result.places, start=1))
        session.flush()
        grants.give(actor, "call", call.id, RIGHT, person_id=approver_id, reason="selection.proposed")
        audit.record(
            actor,
            "ranking.propose",
            OBJECT,
            ranking.id,
            {"call": call.id, "approver": approver_id, "digest": digest, "terms": terms.as_dict(), "lines": len(rows)},
        )
        once.keep(actor, once_key, "selection.propose", ranking.key)
        outbox.emit("ranking.proposed", ranking_id=ranking.id)
        return ranking


def _entry(ranking: Ranking, line: int, place: rules.Place) -> RankingEntry:
    one = place.candidate
    return RankingEntry(
        ranking_id=ranking.id,
        application_id=one.id,
        line=line,
        rank=place.rank,
        total=one.total,
        ranked_total=place.total,
        critical=one.critical,
        bonus=one.bonus,
        tier=one.tier,
        subsidy_krw=one.subsidy,
        recommended=one.recommended,
        outcome=place.outcome,
        reserve=place.reserve,
        limit=place.limit,
    )


def take_back(actor: Actor, ranking: Ranking, note: str = "") -> None:
    """The operators take a ranking back that is not approved yet. Raises: RuleBroken selection_ended; Forbidden."""
    _ensure_operator(actor)
    with transaction():
        queries.ranking_in_call(actor, ranking.key)
        _end(actor, ranking, RankingState.TAKEN_BACK, note)


def add_budget(
    actor: Actor,
    ranking: Ranking,
    budget: int,
    reason: str,
    *,
    version: int | None = None,
    once_key: str | None = None,
) -> list[Decision]:
    """Change what may be given after the approval; who is next on the reserve list moves up at once.

    Raises : RuleBroken selection_ended, selection_budget_spent (budget), selection_reason_short (reason);
             StaleVersion, NotVisible, Forbidden
    Returns: the decisions of those who moved up
    """
    _ensure_operator(actor)
    with transaction():
        queries.ranking_in_call(actor, ranking.key)
        queries.lock(ranking)
        if once.claim(actor, once_key, "selection.add_budget") == ranking.key:
            return []
        if ranking.state is not RankingState.APPROVED:
            raise RuleBroken("selection_ended")
        if version is not None and version != ranking.version:
            raise StaleVersion()
        ensure(rules.reason_suffices(reason), "reason")
        spent = queries.balance(ranking).spent
        if budget < max(spent, 1):
            raise RuleBroken("selection_budget_spent", "budget", spent=f"{spent:,}")
        before, ranking.budget_krw = ranking.budget_krw, budget
        session.flush()
        audit.record(
            actor,
            "ranking.change_budget",
            OBJECT,
            ranking.id,
            {"before": before, "after": budget, "reason": audit.digest(reason.strip())},
        )
        once.keep(actor, once_key, "selection.add_budget", ranking.key)
        return move_up(ranking.call_id)


def note_export(actor: Actor, ranking: Ranking, count: int) -> None:
    """Leave a trace of a ranking that was taken out (접속기록)."""
    with transaction():
        audit.record(actor, "ranking.export", OBJECT, ranking.id, {"rows": count})


# --- the call's chair -----------------------------------------------------------------------------------------


def approve(actor: Actor, ranking: Ranking, *, version: int | None = None, once_key: str | None = None) -> Ranking:
    """Approve: every case of the call is decided in this one transaction, as the ranking says.

    Raises: Forbidden selection_not_neutral; RuleBroken selection_ended, selection_changed, and those of
            `evaluation.deciding.decide_by_rank`; StaleVersion
    Notes : assigner ≠ reviewer ≠ approver over the whole call; emits decision.made for each case, ranking.approved
    """
    with transaction():
        queries.lock(ranking)
        if once.claim(actor, once_key, "selection.approve") == ranking.key:
            return ranking
        _ensure_approver(actor, ranking)
        if ranking.state is not RankingState.PROPOSED:
            raise RuleBroken("selection_ended")
        if version is not None and version != ranking.version:
            raise StaleVersion()
        queries.lock_panels(ranking.call_id)  # no finding changes between what is ranked and what is decided
        rows = queries.candidates(ranking.call)
        if queries.progress(ranking.call).open or rules.digest(rows, ranking.terms) != ranking.digest:
            raise RuleBroken("selection_changed")
        result = rules.rank(rows, ranking.terms)
        told = rules.standings(result)
        chairs_words = queries.chairs_words(ranking.call)
        deciding.decide_by_rank(
            actor,
            ranking.call_id,
            [
                Ranked(
                    place.candidate.id,
                    place.outcome,
                    # a recommended case that finds no room was not rejected for what its chair wrote
                    "" if place.limit and place.outcome is Outcome.REJECTED else chairs_words[place.candidate.id],
                    told[place.candidate.id],
                )
                for place in result.places
            ],
        )
        _end(actor, ranking, RankingState.APPROVED)
        once.keep(actor, once_key, "selection.approve", ranking.key)
        outbox.emit("ranking.approved", ranking_id=ranking.id)
        return ranking


def send_back(actor: Actor, ranking: Ranking, reason: str) -> None:
    """The chair sends a ranking back with a reason. Raises: RuleBroken selection_reason_short (reason), selection_ended."""
    with transaction():
        queries.lock(ranking)
        _ensure_approver(actor, ranking)
        ensure(rules.reason_suffices(reason), "reason")
        _end(actor, ranking, RankingState.RETURNED, reason)
        outbox.emit("ranking.returned", ranking_id=ranking.id)


def _end(actor: Actor, ranking: Ranking, state: RankingState, note: str = "") -> None:
    queries.lock(ranking)
    if ranking.state is not RankingState.PROPOSED:
        raise RuleBroken("selection_ended")
    ranking.state, ranking.ended_at, ranking.note = state, clock.now(), note.strip()
    session.flush()
    grants.take(actor, "call", ranking.call_id, RIGHT, person_id=ranking.approver_id, reason=f"selection.{state.value}")
    audit.record(
        actor, f"ranking.{ENDED_BY[state]}", OBJECT, ranking.id, {"call": ranking.call_id, "digest": ranking.digest}
    )


# --- the reserve list -------------------------------------------------------------------------------------------


def move_up(call_id: int) -> list[Decision]:
    """Select whoever is next on the reserve list and fits the money and places that are free; the portal does it alone.

    Notes: nobody overtakes; writes decisions with cause RESERVE, emits decision.changed for each
    """
    with transaction():
        ranking = queries.running(call_id, lock=True)
        if ranking is None or ranking.state is not RankingState.APPROVED:
            return []
        now = queries.balance(ranking)
        waiting = {line.entry.application_id: line for line in now.reserves}
        chosen = rules.next_up((line.candidate for line in now.reserves), ranking.terms, now.left, now.taken)
        made = []
        for one in chosen:
            told = waiting[one.id].decision.standing or {}
            made.append(
                deciding.decide_again(
                    SYSTEM,
                    one.id,
                    cause=Cause.RESERVE,
                    tier=None,
                    outcome=Outcome.SELECTED,
                    reason="",
                    standing={**told, "reserve": None},
                )
            )
        if made:
            audit.record(
                SYSTEM,
                "ranking.move_up",
                OBJECT,
                ranking.id,
                {"applications": [one.id for one in chosen], "left": now.left - sum(one.subsidy for one in chosen)},
            )
        return made


# --- what follows from events (portal/reactions.py) ---------------------------------------------------------


def on_decision_changed(application_id: int, decision_id: int) -> None:
    """decision.changed → a place that was given up or lost on appeal goes to who is next."""
    decision = session.get(Decision, decision_id)
    if decision is not None and decision.cause in (Cause.WITHDRAWAL, Cause.APPEAL):
        move_up(decision.panel.application.call_id)


def write_to_approver(ranking_id: int) -> None:
    """A letter to the call's chair: a ranking waits."""
    ranking = session.get(Ranking, ranking_id)
    if ranking.state is RankingState.PROPOSED:
        _write(ranking.approver, "ranking_proposed", ranking, f"/evaluation/rankings/{ranking.key}")


def write_to_maker(ranking_id: int) -> None:
    """A letter to the operator: approved, or sent back."""
    ranking = session.get(Ranking, ranking_id)
    maker = session.get(Person, ranking.made_by_id) if ranking.made_by_id else None
    if maker is not None:
        template = "ranking_approved" if ranking.state is RankingState.APPROVED else "ranking_returned"
        _write(maker, template, ranking, f"/operator/selection/{ranking.call.key}")


def _write(person: Person, template: str, ranking: Ranking, path: str) -> None:
    mail.queue(
        person.email,
        template,
        person.language,
        f"{template}-{ranking.id}",
        name=person.name,
        call=ranking.call.title.in_(person.language),
        path=path,
    )


# --- shared checks ------------------------------------------------------------------------------------------


def _ensure_operator(actor: Actor) -> None:
    if not (actor.is_system or actor.has(*OPERATOR)):
        raise Forbidden("no_right")


def _ensure_approver(actor: Actor, ranking: Ranking) -> None:
    took_part = actor.id is not None and queries.took_part(ranking.call, actor.id)
    allowed = rules.can_approve(actor.id, ranking.approver_id, ranking.made_by_id, took_part)
    if not actor.has(Role.LEAD_EVALUATOR) or not allowed:
        raise Forbidden("selection_not_neutral")
