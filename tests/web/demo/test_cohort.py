"""The demo's cohort: written in bulk, and yet what the forms and services would have left behind."""

from __future__ import annotations

from random import Random

import pytest
import sqlalchemy as sa

from portal.accounts.models import Organisation
from portal.accounts.queries import actor_of
from portal.accounts.rules import Role
from portal.applications.models import Application
from portal.base import audit, clock
from portal.base.db import session
from portal.demo import actors
from portal.demo.cohort import cohort
from portal.demo.country import Country
from portal.demo.names import Names
from portal.profiles import queries as profiles
from portal.profiles.models import Profile
from portal.scoring import queries, service
from portal.scoring.models import Opinion, Suggestion

FIRMS, SHOWN = 60, 6


@pytest.fixture
def country(context):
    random = Random(1)
    made = Country(random, Names(random), clock.now(), "no password", lambda: "no secret")
    with made.on(600):
        made.evaluators = [
            actors.add_person(made, f"reader{number}", made.names.person(), {Role.EVALUATOR}) for number in range(5)
        ]
    cohort(made, FIRMS, SHOWN, learns=False)
    return made


def test_every_suggestion_replays_to_the_byte(country):
    made = queries.ids()
    assert len(made) == FIRMS
    assert [one for one in made if not service.replay(one).ok] == []


def test_finishing_again_would_freeze_the_same(country):
    drafts = session.scalars(sa.select(Profile)).all()
    assert len(drafts) == FIRMS
    assert all(profiles.is_unchanged(one, profiles.latest_version(one.organisation_id)) for one in drafts)


def test_two_evaluators_read_each_firm_blind_and_some_saw_the_suggestion(country):
    rows = session.scalars(sa.select(Opinion)).all()
    blind = [row for row in rows if not row.shown_before]
    readers = {key: set() for key in queries.ids()}
    for row in blind:
        readers[row.suggestion_id].add(row.person_id)
    assert {len(people) for people in readers.values()} == {2}
    assert len(rows) - len(blind) == SHOWN
    made = dict(session.execute(sa.select(Suggestion.id, Suggestion.created_at)).all())
    assert all(made[row.suggestion_id] < row.created_at < country.now for row in rows)
    assert (country.now - min(row.created_at for row in rows)).days > 400


def test_one_audit_row_for_each_act_and_an_unbroken_chain(country):
    assert audit.verify().ok
    count = dict(session.execute(sa.select(audit.AuditRow.action, sa.func.count()).group_by(audit.AuditRow.action)).all())
    wanted = {"diagnosis.finish": FIRMS, "suggestion.make": FIRMS, "suggestion.opine": 2 * FIRMS + SHOWN}
    assert {action: count[action] for action in wanted} == wanted


def test_names_and_numbers_are_plainly_invented_and_nobody_applied(country):
    firms = session.scalars(sa.select(Organisation).join(Profile, Profile.organisation_id == Organisation.id)).all()
    assert all(one.name.endswith("(예시)") and one.registration_number.startswith("99") for one in firms)
    assert len({one.name for one in firms}) == len(firms)
    assert session.scalar(sa.select(sa.func.count()).select_from(Application)) == 0


def test_the_same_seed_gives_the_same_answers(country):
    """A second country would draw the same world: what depends on the seed stands in the stored inputs."""
    from portal.demo.country import SEED
    from portal.demo.worlds import World
    from portal.scoring.instrument import load

    drawn = World("shifted", "realistic", SEED).firms(FIRMS, 0.08)
    first = session.scalars(sa.select(Suggestion).order_by(Suggestion.id).limit(1)).one()
    given = profiles.diagnosis_snapshot(first.profile_version_id)["answers"]
    assert list(given.values()) != []
    assert [-1 if given[code] is None else given[code] for code in load().codes] == drawn.answers[0].tolist()


def test_evaluators_are_people_of_the_pool(country):
    pool = {actor_of(person).id for person in country.evaluators}
    assert set(session.scalars(sa.select(Opinion.person_id))) == pool
