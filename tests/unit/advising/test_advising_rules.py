"""Who may take a request, and what may be written when."""

import pytest

from portal.advising.rules import AdviceState, NoteKind, can_take, can_write


@pytest.mark.parametrize(
    ("state", "is_member", "ties", "code"),
    [
        (AdviceState.REQUESTED, True, [], ""),
        (AdviceState.REQUESTED, True, ["employed"], "advice_tie"),
        (AdviceState.REQUESTED, False, [], "advice_pool"),
        (AdviceState.ACCEPTED, True, [], "advice_taken"),
    ],
)
def test_only_a_free_expert_of_the_pool_takes_a_request(state, is_member, ties, code):
    assert can_take(state, is_member=is_member, ties=ties).code == code


@pytest.mark.parametrize(
    ("state", "kind", "is_expert", "is_visited", "code"),
    [
        (AdviceState.ACCEPTED, NoteKind.PLAN, True, False, ""),
        (AdviceState.ACCEPTED, NoteKind.PLAN, False, False, "no_right"),
        (AdviceState.PLANNED, NoteKind.RESULT, True, False, "advice_visit"),
        (AdviceState.PLANNED, NoteKind.RESULT, True, True, ""),
        (AdviceState.PLANNED, NoteKind.FOLLOW_UP, False, False, ""),
        (AdviceState.WITHDRAWN, NoteKind.FOLLOW_UP, True, True, "advice_state"),
    ],
)
def test_each_side_writes_its_own_when_it_is_time(state, kind, is_expert, is_visited, code):
    assert can_write(state, kind, is_expert=is_expert, is_visited=is_visited).code == code
