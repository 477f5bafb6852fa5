"""Letters about decisions: what they say, that a preview is what goes out, and that many are sent once each."""

import io

import pytest

from portal.base import clock, files, workdays
from portal.base.access import SYSTEM, NotVisible, RuleBroken
from portal.base.db import session
from portal.evaluation import deciding
from portal.evaluation import queries as evaluation
from portal.evaluation.rules import Cause, Outcome
from portal.letters import paper, work
from portal.letters import queries as letters
from portal.letters.models import LetterBatch
from portal.letters.rules import BatchState, LetterKind
from portal.selection import notices
from tests.client import Page
from tests.factories import selection as make

COMPOSERS = {notices.PURPOSE: notices.prepare_one}


def text_of(data):
    from pypdf import PdfReader

    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages).replace("\x00", "")


@pytest.fixture
def ranked(actor, call, cases, head):
    make.approved(actor("un"), call, head)
    return cases


def test_each_decision_has_its_letter_with_scores_cutoff_and_remedy(actor, call, ranked):
    found = notices.lines(call)
    kinds = [LetterKind.SELECTED, LetterKind.SELECTED, LetterKind.RESERVE, LetterKind.RESERVE]
    assert sorted(line.kind for line in found) == sorted(kinds)
    line = notices.line_of(call, ranked[1].key)
    kind, content = notices.compose(line.decision, "ko")
    data = paper.pdf(kind, ranked[1].number, content, "ko", content.dated)
    text = text_of(data)
    last = workdays.last_day(clock.kst(line.decision.decided_at).date(), 14)
    for words in (
        "선정 통지서",
        "선정 점수",
        "항목별 점수",
        f"{last.isoformat()}까지",
        ranked[1].organisation.name.split()[0],
    ):
        assert words in text
    english = notices.compose(line.decision, "en")[1]
    assert english.title == "Letter of selection" and last.isoformat() in english.remedy


def test_no_letter_names_who_judged_or_decided(call, ranked):
    from portal.accounts.models import Person

    judges = {one.evaluator_id for case in ranked for one in evaluation.panel_of(case.id).assignments}
    judges |= {evaluation.panel_of(case.id).chair_id for case in ranked}
    names = [session.get(Person, one).name for one in judges]
    for line in notices.lines(call):
        _kind, content = notices.compose(line.decision, "ko")
        said = str(content.as_dict())
        assert [name for name in names if name in said] == []


def test_a_batch_sends_each_letter_once_and_the_preview_is_what_went_out(actor, call, ranked):
    un = actor("un")
    line = notices.line_of(call, ranked[0].key)
    kind, content = notices.compose(line.decision, "ko")
    preview = paper.pdf(kind, ranked[0].number, content, "ko", content.dated)
    batch = notices.send_all(un, call, "once-b")
    assert notices.send_all(un, call, "once-b").id == batch.id
    with pytest.raises(RuleBroken) as refused:
        notices.send_all(un, call, "another")
    assert refused.value.code == "letter_batch_runs"
    assert work.run_waiting(COMPOSERS) == 1
    batch = session.get(LetterBatch, batch.id)
    assert (batch.state, batch.done, batch.total, batch.skipped) == (BatchState.DONE, 4, 4, 0)
    (letter,) = letters.own(actor("hana"))
    assert letter.kind is LetterKind.SELECTED
    with files.open_blob(notices.line_of(call, ranked[0].key).letter.sha256) as file:
        assert file.read() == preview
    with pytest.raises(RuleBroken) as refused:
        notices.send_all(un, call, "third")
    assert refused.value.code == "letter_nothing"


def test_a_stopped_batch_goes_on_where_it_was(actor, call, ranked):
    batch = notices.send_all(actor("un"), call)
    made = []

    def breaks(who, subject):
        if len(made) == 2:
            raise OSError("the disk is full")
        made.append(subject)
        return notices.prepare_one(who, subject)

    work.run(batch.id, {notices.PURPOSE: breaks})
    row = session.get(LetterBatch, batch.id)
    assert (row.state, row.done, row.problem) == (BatchState.FAILED, 2, "letter_broken")
    again = notices.send_all(actor("un"), call)
    assert again.total == 2
    work.run_waiting(COMPOSERS)
    assert all(line.is_sent for line in notices.lines(call))


def test_who_moves_up_gets_a_letter_by_itself(actor, call, ranked, drain):
    un = actor("un")
    notices.send_all(un, call)
    work.run_waiting(COMPOSERS)
    deciding.decide_again(
        SYSTEM,
        ranked[0].id,
        cause=Cause.WITHDRAWAL,
        tier=None,
        outcome=Outcome.WITHDRAWN,
        reason="",
    )
    drain()
    duri = letters.own(actor("duri"))
    assert [row.kind for row in duri] == [LetterKind.PROMOTED, LetterKind.RESERVE]
    with pytest.raises(NotVisible):
        notices.compose(evaluation.decision_of(ranked[0].id), "ko")


def test_the_operator_previews_and_sends_by_the_screens(client_as, call, ranked):
    key, case = call.key, ranked[1]
    un = client_as("un")
    address = f"/operator/selection/{key}/letters"
    assert case.number in Page(un.get(address)).text
    assert "아직 보내지 않은 통지서" in Page(un.get(f"{address}/{case.key}")).text
    assert un.get(f"{address}/{case.key}/letter.pdf").data[:5] == b"%PDF-"
    assert un.submit(un.page(address), {}).status_code == 302
    assert "통지서 보내기" in Page(un.get(address)).text
    assert un.get(f"{address}/state").json == {"open": True, "state": "waiting", "done": 0, "total": 4}
    work.run_waiting(COMPOSERS)
    assert "통지서 4통을 보냈습니다" in Page(un.get(address)).text
    assert un.get(f"{address}/{case.key}").status_code == 302
    hana = client_as("hana")
    assert "선정 통지서" in Page(hana.get(f"/applications/{case.key}")).text
    for stranger in ("hana", "pyeong", "jang"):
        assert client_as(stranger).get(address).status_code == 403
