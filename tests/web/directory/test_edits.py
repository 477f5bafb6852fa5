"""The operators' queue of edits: from the last seen text on, nothing that was public in between is left out."""

import pytest

from portal.base.access import SYSTEM
from portal.directory import queries, service
from tests.factories.directory import FACTS


@pytest.fixture
def save(inside):
    """save(row, text): what a supplier saves; a public text is kept as a version."""

    def run(row, summary):
        facts = {**FACTS, "summary": summary}
        inside(lambda: service.save_listing(SYSTEM, facts, organisation_id=row.organisation_id))

    return run


def test_edits_are_read_from_the_earliest_unseen_text_and_one_taken_back_is_told(client_as, make, save, inside):
    row = make.approved_listing(name="합성 가온", summary="처음 글")
    un = client_as("un")
    assert "기다리는 것이 없습니다" in un.page("/operator/listings?which=edited").text
    save(row, "나쁜 글")
    save(row, "고운 글")
    page = un.page("/operator/listings?which=edited")
    whole = page.soup.select_one("article .diff")
    assert [tag.get_text() for tag in whole.select("del, ins")] == ["뺌: 처음 ", "더함: 고운 "]
    assert "나쁜" in page.text  # a text in between, however short it was public
    save(row, "처음 글")
    page = un.page("/operator/listings?which=edited")
    assert ("고쳤다가 되돌렸습니다" in page.text, "나쁜" in page.text, "합성 가온" in page.text) == (True, True, True)
    assert un.submit(page, action="/approve").status_code == 302
    assert "기다리는 것이 없습니다" in un.page("/operator/listings?which=edited").text
    assert inside(lambda: queries.review_counts(SYSTEM))["edited"] == 0
