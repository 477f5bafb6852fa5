"""Shared people of the selection tests: un proposes, a head chair approves, jang chaired the cases."""

from types import SimpleNamespace

import pytest

from tests.factories import selection as make


@pytest.fixture
def people(actor):
    """What the factories ask for: `.actor(name)`."""
    return SimpleNamespace(actor=actor)


@pytest.fixture
def head(context):
    return make.head_chair()


@pytest.fixture
def call(context):
    """A ranked call with money for two."""
    return make.a_ranked_call()


@pytest.fixture
def cases(people, actor, call):
    """Four finalised cases, the best first; hana's is second, duri's third."""
    best, *rest = [0.95, 0.9, 0.85, 0.8]
    made = make.finalised(people, call, rest, [actor("hana"), actor("duri")])
    return [*make.finalised(people, call, [best]), *made]
