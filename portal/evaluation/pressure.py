"""부당한 요구 신고: an evaluator reports pressure or solicitation; somebody who is not concerned looks at it.

What concerns the agency itself goes to the auditor alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.accounts import queries as accounts
from portal.accounts.rules import EVALUATORS, Role
from portal.applications.models import Application
from portal.base import audit, clock, mail, once, outbox
from portal.base.access import Actor, NotVisible, RuleBroken, RulesBroken, StaleVersion
from portal.base.db import session, transaction
from portal.base.paging import Page, paginate
from portal.evaluation import fairness, rules
from portal.evaluation.fairness import PressureSource, ReportState
from portal.evaluation.models import Assignment, PressureReport
from portal.evaluation.queries import PAGE_SIZE
from portal.evaluation.queries import visible_to as cases_visible_to

HANDLERS = rules.PERMISSIONS["evaluation:pressure:handle"]


# --- the evaluator ----------------------------------------------------------------------------------------------


def report(
    actor: Actor,
    *,
    source: PressureSource,
    text: str,
    happened_on: date | None = None,
    case_key: str = "",
    nameless: bool = False,
    once_key: str | None = None,
) -> PressureReport:
    """Report that somebody pressed or solicited.

    case_key: of an own assignment, where it concerns one
    nameless: operators don't read who reported; the auditor does
    Raises  : NotVisible for a case of somebody else; RulesBroken pressure_text (text), pressure_future (happened_on)
    Notes   : the same once_key gives the same report; emits pressure.reported
    """
    with transaction():
        if not actor.has(*EVALUATORS):
            raise NotVisible
        if once_key and (key := once.claim(actor, once_key, "pressure.report")):
            return session.scalar(sa.select(PressureReport).where(PressureReport.key == key))
        case = own_case(actor, case_key) if case_key else None
        if broken := fairness.pressure_problems(text, happened_on, clock.today()):
            raise RulesBroken(broken)
        row = PressureReport(
            reporter_id=actor.id,
            application_id=case.application_id if case else None,
            source=source,
            happened_on=happened_on,
            text=text.strip(),
            nameless=nameless,
            state=ReportState.OPEN,
        )
        session.add(row)
        session.flush()
        audit.record(
            actor,
            "pressure.report",
            "pressure_report",
            row.id,
            # without the application: operators read its trail, and a row there would name who reported
            {"source": source, "nameless": nameless},
        )
        once.keep(actor, once_key, "pressure.report", row.key)
        outbox.emit("pressure.reported", report_id=row.id)
        return row


def own_case(actor: Actor, case_key: str) -> Assignment:
    """Raises: NotVisible."""
    row = session.scalar(cases_visible_to(actor).where(Assignment.key == case_key))
    if row is None:
        raise NotVisible
    return row


def own_cases(actor: Actor) -> list[tuple[str, str]]:
    """Keys and numbers of the actor's own cases, for the form."""
    rows = session.execute(
        cases_visible_to(actor)
        .join(Application, Application.id == Assignment.application_id)
        .with_only_columns(Assignment.key, Application.number)
        .order_by(Application.number)
    )
    return [(key, number or "") for key, number in rows]


def own_reports(actor: Actor) -> Sequence[PressureReport]:
    """What the actor reported, the newest first."""
    return session.scalars(
        sa.select(PressureReport)
        .where(PressureReport.reporter_id == actor.id)
        .options(joinedload(PressureReport.application))
        .order_by(PressureReport.id.desc())
    ).all()


# --- who looks at it ----------------------------------------------------------------------------------------------


def visible_to(actor: Actor) -> sa.Select[tuple[PressureReport]]:
    """Reports that the actor handles: auditors all of them, operators those that don't concern the agency."""
    wanted = sa.select(PressureReport)
    if actor.has(Role.AUDITOR):
        return wanted
    if actor.has(Role.OPERATOR_NATIONAL):
        return wanted.where(PressureReport.source != PressureSource.AGENCY)
    return wanted.where(sa.false())


def reports(actor: Actor, state: str = "open", number: int = 1) -> Page[PressureReport]:
    """The oldest open ones first; closed ones the newest first."""
    wanted = visible_to(actor).options(
        joinedload(PressureReport.reporter), joinedload(PressureReport.application).joinedload(Application.organisation)
    )
    if state == "closed":
        wanted = wanted.where(PressureReport.state == ReportState.CLOSED).order_by(PressureReport.id.desc())
    else:
        wanted = wanted.where(PressureReport.state == ReportState.OPEN).order_by(PressureReport.id)
    return paginate(wanted, number, PAGE_SIZE)


def counts(actor: Actor) -> dict[str, int]:
    rows = session.execute(
        visible_to(actor).with_only_columns(PressureReport.state, sa.func.count()).group_by(PressureReport.state)
    )
    found = {state: count for state, count in rows}
    return {state.value: found.get(state, 0) for state in ReportState}


def by_key(actor: Actor, key: str) -> PressureReport:
    """Raises: NotVisible."""
    row = session.scalar(
        visible_to(actor).where(PressureReport.key == key).options(joinedload(PressureReport.application))
    )
    if row is None:
        raise NotVisible
    return row


def shows_reporter(actor: Actor, row: PressureReport) -> bool:
    """Whether the actor reads who reported."""
    return actor.has(Role.AUDITOR) or not row.nameless


def close(actor: Actor, key: str, answer: str, version: int | None = None) -> PressureReport:
    """Say what was done about a report; the evaluator reads it.

    Raises: NotVisible; RuleBroken pressure_answer (answer), pressure_closed; StaleVersion
    Notes : emits pressure.closed
    """
    with transaction():
        row = by_key(actor, key)
        session.refresh(row, with_for_update={"of": PressureReport})
        if row.state is ReportState.CLOSED:
            raise RuleBroken("pressure_closed")
        if version is not None and version != row.version:
            raise StaleVersion()
        if len(" ".join(answer.split())) < fairness.ANSWER_LENGTH:
            raise RuleBroken("pressure_answer", "answer", least=fairness.ANSWER_LENGTH)
        row.state, row.answer = ReportState.CLOSED, answer.strip()
        row.closed_by_id, row.closed_at = actor.id, clock.now()
        session.flush()
        audit.record(actor, "pressure.close", "pressure_report", row.id, {})
        outbox.emit("pressure.closed", report_id=row.id)
        return row


# --- what follows from events (portal/reactions.py) -----------------------------------------------------------


def tell_handlers(report_id: int, **_: Any) -> None:
    """pressure.reported → a letter to who handles it; it holds nothing of the report itself."""
    row = session.get(PressureReport, report_id)
    role = Role.AUDITOR if row.source is PressureSource.AGENCY else Role.OPERATOR_NATIONAL
    for person in accounts.people_with_role(role):
        mail.queue(
            person.email,
            "pressure_reported",
            person.language,
            f"pressure-{report_id}-{person.id}",
            name=person.name,
            path=f"/operator/pressure/{row.key}",
        )


def tell_reporter(report_id: int, **_: Any) -> None:
    """pressure.closed → a letter to the evaluator; the answer stands behind the sign-in."""
    row = session.get(PressureReport, report_id)
    mail.queue(
        row.reporter.email,
        "pressure_closed",
        row.reporter.language,
        f"pressure-closed-{report_id}",
        name=row.reporter.name,
        path="/evaluation/pressure",
    )
