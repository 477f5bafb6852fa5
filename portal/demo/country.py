"""The story of the demo country, told through the services: who did what, and when.

The clock is set back and moves forward stage by stage, so that times, windows and due dates are believable. Each firm's
acts are one transaction, which keeps the whole under twenty seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import click

from portal.accounts.models import Person
from portal.accounts.rules import Role
from portal.applications.models import Application
from portal.base import clock, marks
from portal.base.access import Actor
from portal.base.db import transaction
from portal.demo import people
from portal.demo.names import Names
from portal.programmes.models import Call

SEED = 20261122
FIRMS = 60
SUPPLIERS = 40
EVALUATORS = 12

# The cast: the people of the tour. Address → (name, roles).
CAST = {
    "hana": ("김하나", {Role.SME_OWNER}),
    "duri": ("이두리", {Role.SME_OWNER}),
    "gong": ("공대현", {Role.SUPPLIER_ADMIN}),
    "pyeong": ("평윤서", {Role.EVALUATOR}),
    "nam": ("남도현", {Role.EVALUATOR}),
    "jang": ("장혜원", {Role.LEAD_EVALUATOR}),
    "un": ("운서진", {Role.OPERATOR_NATIONAL}),
    "gam": ("감우성", {Role.AUDITOR}),
}
DOMAIN = "demo.example"


@dataclass
class Country:
    """What has been built so far; later stages look their people up here."""

    random: Random
    names: Names
    now: datetime
    password_hash: str
    second_factor: Callable[[], str]
    operator: Actor = field(init=False)
    chair: Person = field(init=False)
    evaluators: list[Person] = field(default_factory=list)
    suppliers: list[tuple[Actor, int, str]] = field(default_factory=list)
    firms: list[tuple[Actor, people.Firm]] = field(default_factory=list)
    calls: dict[str, Call] = field(default_factory=dict)
    # the firm of the tour that has been through a whole call
    tour_firm: tuple[Actor, people.Firm] = field(init=False)
    applications: dict[str, list[Application]] = field(default_factory=dict)

    def day(self, days_ago: float, random: Random | None = None) -> datetime:
        """A moment of the past, in office hours, never the same second twice; `random` draws from another stream."""
        moment = self.now - timedelta(days=days_ago)
        morning = clock.kst(moment).replace(hour=9, minute=0, second=0, microsecond=0)
        return min(morning + timedelta(seconds=(random or self.random).randrange(8 * 3600)), self.now)

    @contextmanager
    def on(self, days_ago: float) -> Iterator[None]:
        with clock.freeze(self.day(days_ago)), transaction():
            yield


def build(password_hash: str, second_factor: Callable[[], str]) -> None:
    """Build the country on a prepared, empty database and mark it as a demo.

    second_factor: makes a TOTP secret (Flask-Security's own), one per person who needs one
    """
    random = Random(SEED)
    country = Country(random, Names(random), clock.now(), password_hash, second_factor)
    with transaction():
        marks.put(marks.DEMO, clock.now().isoformat())
    from portal.demo import (  # they look up the country's people here, so they come later
        actors,
        cases,
        cohort,
        gatherings,
        looking,
        offers,
        partners,
        rounds,
        talks,
        vouching,
    )

    stages = (
        actors.offices,
        cohort.cohort,
        actors.suppliers,
        cases.calls,
        actors.firms,
        actors.counted,
        cases.closed_call,
        cases.reviews,
        cases.open_calls,
        talks.talks,
        talks.cast_firms,
        gatherings.gatherings,
        rounds.candidates,
        rounds.ranked_call,
        rounds.decided_and_told,
        rounds.afterwards,
        vouching.vouching,
        offers.offers,
        partners.partners,
        looking.looks,
        cohort.night,
        looking.recommendations,
    )
    with click.progressbar(
        stages, label="예시 나라를 만드는 중(1~2분) · building the demo country (a minute or two)"
    ) as bar:
        for stage in bar:
            stage(country)
