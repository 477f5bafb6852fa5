"""Suppliers side by side: public ones only, four at most, the address holds them."""

import pytest


@pytest.fixture
def five(make):
    return [make.approved_listing(name=f"합성 {number}") for number in range(5)]


def heads(page):
    return [cell.get_text(strip=True) for cell in page.soup.select("table.compare thead th")]


def test_chosen_suppliers_stand_side_by_side_in_the_order_chosen(client, five, make):
    make.build(five[2])
    listed = client.page("/suppliers")
    assert len(listed.soup.select("input[name=with]")) == 5
    page = client.page("/suppliers/compare", query_string={"with": [five[2].key, five[0].key, five[2].key]})
    assert heads(page) == ["합성 2", "합성 0"]
    builds = next(row for row in page.soup.select("table.compare tr") if row.th.get_text(strip=True) == "확인된 실적")
    assert [cell.get_text(strip=True) for cell in builds.select("td")] == ["1건", "–"]
    without = page.soup.find("a", string=lambda text: text and text.startswith("빼기")) or page.soup.select("td a")[-1]
    assert heads(client.page(without["href"])) in (["합성 0"], ["합성 2"])


def test_what_is_not_public_and_what_is_too_much_is_left_out_and_said(client, five, make):
    hidden = make.suspended_listing(name="숨은 (합성)")
    page = client.page("/suppliers/compare", query_string={"with": [hidden.key, "nothing", five[0].key]})
    assert (heads(page), "숨은" in page.text, "2곳은 지금 공개되지 않았거나" in page.text) == (["합성 0"], False, True)
    page = client.page("/suppliers/compare", query_string={"with": [row.key for row in five]})
    assert (len(heads(page)), "1곳은" in page.text) == (4, True)
    assert "비교할 공급기업을 골라 주세요" in client.page("/suppliers/compare").text


def test_the_choice_is_carried_through_lists_that_do_not_show_it(client, five, make):
    hidden = make.suspended_listing(name="숨은 (합성)")
    page = client.page(
        "/suppliers", query_string={"q": "합성 1", "with": [five[0].key, five[1].key, hidden.key, "nothing"]}
    )
    checked = [box["value"] for box in page.soup.select("input[name=with][checked]")]
    assert sorted(checked) == sorted([five[0].key, five[1].key])
    more = client.page("/suppliers/compare", query_string={"with": checked}).soup.find("a", string="목록에서 더 고르기")
    again = client.page(more["href"]).soup.select("input[name=with][checked]")
    assert sorted(box["value"] for box in again) == sorted(checked)
