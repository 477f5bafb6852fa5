"""A learned model speaks: its doubt calls a second reader, and the evaluator's page asks that model, not the instrument."""

import json
from pathlib import Path

import pytest

from portal.evaluation import casefile, queries
from portal.programmes.rules import Tier
from portal.scoring import record, registry
from portal.scoring.models import ModelState
from portal.scoring.rules import SecondReaderReason
from tests.factories import evaluation as make
from tests.factories import scoring as models


@pytest.fixture
def champion(monkeypatch, request, context):
    """A champion whose conformal limits are the test's: 0.99 takes almost every tier in, 0 none."""
    limit = request.param
    whole = models.card

    def card(name):
        data = json.loads(whole(name))
        data["conformal"]["limits"] = [limit] * 3
        return record.canonical(data)

    monkeypatch.setattr(models, "card", card)
    registry.forget()
    return models.model(state=ModelState.CHAMPION, files=True)


def handed_in(actor):
    case = make.in_evaluation(actor("hana"), actor("gong"))
    make.assigned(actor("un"), case, [actor("pyeong"), make.an_evaluator("이보라")], actor("jang"))
    return case


@pytest.mark.parametrize(
    ("champion", "reason"),
    [(0.999999, SecondReaderReason.WIDE), (0.0, SecondReaderReason.EMPTY)],
    indirect=["champion"],
)
def test_its_doubt_calls_a_second_reader_once(actor, champion, reason):
    case = handed_in(actor)
    assert queries.suggestion_of(case.id).model == champion.name
    assert [one.reason for one in queries.second_reader_calls(case.id)] == [reason]


@pytest.mark.parametrize("champion", [0.999999], indirect=True)
def test_the_evaluator_reads_probabilities_only_after_the_own_score(actor, champion, client_as):
    case = handed_in(actor)
    assignment = make.opened(actor("pyeong"), case)
    browser, path = client_as("pyeong"), f"/evaluation/cases/{assignment.key}"
    before = "".join(
        browser.get(path + end, follow_redirects=True).get_data(as_text=True) for end in ("", "/score", "/final")
    )
    heard = casefile.suggestion_in_words(case.id).heard
    assert [one for one in (champion.name, "odds", "하나로 좁히지") if one in before] == []
    make.service.save_review(
        actor("pyeong"),
        assignment,
        None,
        items=make.words(assignment),
        scores=make.points(),
        comment="합성",
        own_tier=Tier.BASIC,
    )
    make.service.lock_own_score(actor("pyeong"), assignment, None)
    after = browser.page(f"{path}/final")
    shown = [one.get_text(strip=True) for one in after.soup.select(".odds__figure")]
    assert shown == [f"{100 * share:.0f}%" for _, share in reversed(heard.probabilities)]
    assert after.soup.select_one(".case-settling") is not None


@pytest.mark.parametrize("champion", [0.9], indirect=True)
def test_the_settlement_is_what_this_model_would_say(actor, champion):
    case = handed_in(actor)
    assignment = make.locked(actor("pyeong"), case)
    suggestion = queries.suggestion_of(case.id)
    found, given = casefile.settlement(assignment), json.loads(suggestion.inputs)
    speaker = registry.speaker_of(suggestion)

    def said(proven, rejected):
        changed = {**given, "evidence": {code: [] for code in proven}, "rejected": sorted(rejected)}
        return record.result(changed, suggestion.instrument_version, speaker)["tier"]

    claims = [code for code, level in given["answers"].items() if level and level > 2]
    ends = (said({*given["evidence"]} - {*claims}, claims), said({*given["evidence"], *claims}, ()))
    assert tuple(tier.name if tier else None for tier in (found.low, found.high)) == ends


@pytest.mark.parametrize("champion", [0.9], indirect=True)
def test_a_lost_model_file_leaves_the_page_with_what_was_stored(actor, champion, client_as):
    case = handed_in(actor)
    assignment = make.locked(actor("pyeong"), case)
    Path(registry.folder() / f"{champion.card_sha256}.json").unlink()
    registry.forget()
    page = client_as("pyeong").page(f"/evaluation/cases/{assignment.key}/final")
    assert page.soup.select_one(".odds") is not None
    assert page.soup.select_one(".case-settling") is None
