"""What an application's declarations mean to the gates."""

import pytest

from portal.applications.parts import Answer
from portal.scoring.gates import Facts
from portal.scoring.rules import facts_from

BARRING = ("closed", "tax-arrears")


def facts(**changed):
    given = {
        "pledges": {},
        "barring": BARRING,
        "cost_krw": 100,
        "own_share_krw": None,
        "own_share_proven": False,
        "target_level": None,
    }
    return facts_from(**(given | changed))


def test_nothing_declared_is_nothing_known():
    assert facts() == Facts()


def test_all_barring_questions_answered_no_is_clear():
    assert facts(pledges=dict.fromkeys(BARRING, Answer.NO)).exclusions == ()


def test_one_yes_excludes_before_the_rest_is_answered():
    assert facts(pledges={"tax-arrears": Answer.YES}).exclusions == ("tax-arrears",)


def test_an_exception_does_not_exclude():
    assert facts(pledges={"closed": Answer.NO, "tax-arrears": Answer.EXCEPTED}).exclusions == ()


def test_some_answers_missing_is_not_asked_yet():
    assert facts(pledges={"closed": Answer.NO}).exclusions is None


@pytest.mark.parametrize(
    ("share", "proven", "ratio"),
    [(None, True, None), (49, False, 0.49), (50, False, None), (50, True, 0.5), (0, False, 0.0)],
)
def test_half_of_the_cost_needs_its_proof(share, proven, ratio):
    assert facts(own_share_krw=share, own_share_proven=proven).own_share_ratio == ratio


def test_no_cost_yet_is_no_ratio():
    assert facts(cost_krw=0, own_share_krw=50, own_share_proven=True).own_share_ratio is None


def test_history_is_read_from_its_own_questions():
    found = facts(pledges={"open-project": Answer.YES, "unpaid-clawback": Answer.NO})
    assert (found.open_project, found.unpaid_clawback, found.exclusions) == (True, False, None)
