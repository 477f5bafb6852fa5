"""What floors above know of an application's way: the stages that are still to come, and days that are set.

The hook lists keep the firm's timeline in one place without this package knowing who fills it; `portal.evaluation` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from portal.applications.models import Application
from portal.applications.rules import Status
from portal.base.words import Words


@dataclass(frozen=True)
class Notice:
    """Something with a day that the firm should see first: a visit, a presentation."""

    title: Words
    text: str
    url: str = ""


AHEAD: list[Callable[[Application], Sequence[Words]]] = []
"""Stages of evaluation that an application has still to pass, when it is accepted or before."""
NOTICES: list[Callable[[Application], Sequence[Notice]]] = []


def ahead(application: Application) -> list[Words]:
    """The stages of evaluation still to come, by whoever knows; the written review where nobody does."""
    if not AHEAD:
        return [] if application.status is Status.WRITTEN else [Status.WRITTEN.label]
    return [words for source in AHEAD for words in source(application)]


def notices(application: Application) -> list[Notice]:
    return [notice for source in NOTICES for notice in source(application)]
