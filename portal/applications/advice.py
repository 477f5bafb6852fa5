"""Advice on the check page: what floors above know (unmet gates, their cure) without this package knowing them.

The hook list keeps the check page, its errors and its submit button in one place; `portal.desk` fills it at start.
Advice never bars a submission.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from portal.applications.models import Application
from portal.base.access import Actor
from portal.base.words import Words


@dataclass(frozen=True)
class Advice:
    """One hint: what is missing and what helps. tone: info or warn; url: where it can be mended."""

    text: Words
    cure: Words | None = None
    tone: str = "warn"
    url: str = ""


Advisor = Callable[[Actor, Application], Sequence[Advice]]
ADVISORS: list[Advisor] = []


def collect(actor: Actor, application: Application) -> list[Advice]:
    """Everything the advisors say of an application, in their order."""
    return [advice for advisor in ADVISORS for advice in advisor(actor, application)]
