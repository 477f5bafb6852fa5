"""Score sheets as data: drafted, checked, published and from then on unchangeable; a panel keeps the one it pinned."""

import pytest
import sqlalchemy as sa

from portal.base.access import Forbidden, RuleBroken, RulesBroken, StaleVersion
from portal.base.db import session
from portal.evaluation import drafting, rubric
from portal.evaluation.models import RubricVersion
from portal.evaluation.rules import RubricState
from tests.client import Page


@pytest.fixture
def draft(actor):
    return drafting.start(actor("un"), "default-1")


def source(row, **changes):
    return {**rubric.source_of(row), **changes}


def test_a_draft_is_a_copy_under_the_next_number_and_nobody_can_use_it(actor, draft):
    assert (draft.reference, draft.state) == ("default-2", RubricState.DRAFT)
    assert drafting.start(actor("un"), "default-1").reference == "default-3"
    assert drafting.start(actor("un"), "default-1", "site-visit").reference == "site-visit-1"
    assert [one.reference for one in rubric.published()] == ["default-1"]
    with pytest.raises(LookupError):
        rubric.load("default-2")


def test_only_the_national_operator_writes(actor, draft):
    for who in ("jang", "gam", "pyeong"):
        with pytest.raises(Forbidden):
            drafting.publish(actor(who), draft)
    with pytest.raises(RuleBroken, match="rubric_name"):
        drafting.start(actor("un"), "default-1", "이름")


def test_a_published_version_loads_and_never_changes(actor, draft):
    before = drafting.digest(rubric.source_of(draft))
    drafting.publish(actor("un"), draft)
    assert rubric.load("default-2").criteria == rubric.load("default-1").criteria
    for act in (
        lambda: drafting.save(actor("un"), draft, None, source(draft, ko="바뀐 제목")),
        lambda: drafting.discard(actor("un"), draft),
    ):
        with pytest.raises(RuleBroken, match="rubric_published"):
            act()
    row = session.scalar(sa.select(RubricVersion))
    assert row.sha256 == before == drafting.digest(rubric.source_of(row))


def test_everything_that_a_draft_lacks_is_named_at_its_field(actor, draft):
    criteria = [dict(one) for one in draft.criteria]
    criteria[0] |= {"points": 16, "en": ""}
    criteria[1] |= {"code": "need", "anchors": [{"from": 3, "ko": "가", "en": "a"}, {"from": 9, "ko": "나", "en": "b"}]}
    criteria[2] |= {"code": criteria[3]["code"]}
    drafting.save(actor("un"), draft, draft.version, source(draft, criteria=criteria, ko=""))
    with pytest.raises(RulesBroken) as refused:
        drafting.publish(actor("un"), draft)
    assert {(one.field, one.code) for one in refused.value.broken} == {
        ("title_ko", "rubric_title"),
        ("c0_en", "rubric_english"),
        ("c1_code", "rubric_code"),
        ("c1_anchors", "rubric_anchors_order"),
        ("c3_code", "rubric_code_twice"),
        (f"c{len(criteria) - 1}_points", "rubric_sum"),
    }
    with pytest.raises(StaleVersion):
        drafting.save(actor("un"), draft, 1, source(draft, ko="둘째 화면"))


def test_the_whole_way_by_forms(client_as, actor):
    browser = client_as("un")
    answer = browser.submit(browser.page("/operator/rubrics"), {"base": "default-1", "name": "lite"})
    where = answer.headers["Location"]
    page = browser.page(where)
    values = page.values()
    refused = Page(browser.post(where, data={**values, "c0_anchors": "많이 | 좋음 | good", "action": "save"}))
    assert "1번째 줄" in refused.errors()["c0_anchors"]
    assert "많이 | 좋음 | good" in refused.answer.get_data(as_text=True)
    # two criteria become one: the sum still has to be 100
    merged = {**values, "c0_points": str(int(values["c0_points"]) + int(values["c6_points"])), "c6_remove": "y"}
    added = browser.post(where, data={**merged, "action": "add"})
    assert added.status_code == 302
    page = browser.page(where)
    assert "c6_code" in page.values()
    assert page.values()["c6_code"] == ""
    data = {**page.values(), "c6_remove": "y", "title_ko": "가벼운 배점표 (합성)", "title_en": "Light sheet (synthetic)"}
    answer = browser.post(where, data={**data, "action": "publish"})
    assert answer.headers["Location"].endswith("/operator/rubrics/lite-1")
    assert "가벼운 배점표" in browser.page("/operator/rubrics/lite-1").text
    assert "lite-1" in client_as("gam").page("/operator/rubrics").text
    assert browser.get("/operator/rubrics/nothing-1").status_code == 404
    assert len(rubric.load("lite-1").criteria) == 6
