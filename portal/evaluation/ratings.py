"""역평가: a firm says after the decision how it was evaluated. Once for each application; of the panel, never a person."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from portal.accounts.rules import SME
from portal.applications import queries as applications
from portal.applications.models import Application
from portal.base import audit, clock
from portal.base.access import Actor, NotVisible, RuleBroken, RulesBroken
from portal.base.db import session, transaction
from portal.evaluation import fairness, queries
from portal.evaluation.fairness import Question
from portal.evaluation.models import Rating


def rate(actor: Actor, application_key: str, marks: Mapping[str, int | None], comment: str = "") -> Rating:
    """Rate how an own, decided application was evaluated.

    marks : question → 1–5
    Raises: NotVisible for other firms' and undecided applications; RulesBroken rating_mark by question; RuleBroken
            rating_done
    """
    with transaction():
        application = ratable(actor, application_key)
        if broken := fairness.rating_problems(marks):
            raise RulesBroken(broken)
        application = applications.by_id(actor, application.id, lock=True)
        if of_application(application) is not None:
            raise RuleBroken("rating_done")
        row = Rating(
            application_id=application.id,
            organisation_id=application.organisation_id,
            by_id=actor.id,
            at=clock.now(),
            comment=comment.strip()[: fairness.COMMENT_LENGTH],
            **{one.value: marks[one.value] for one in Question},
        )
        session.add(row)
        session.flush()
        audit.record(actor, "rating.give", "application", application.id, {"rating": row.id})
        return row


def ratable(actor: Actor, application_key: str) -> Application:
    """An own application that was decided by a panel. Raises: NotVisible."""
    if not actor.has(*SME):
        raise NotVisible
    application = applications.own(actor, application_key)
    if queries.decision_of(application.id) is None:
        raise NotVisible
    return application


def of_application(application: Application) -> Rating | None:
    """What the firm said already."""
    return session.scalar(sa.select(Rating).where(Rating.application_id == application.id))
