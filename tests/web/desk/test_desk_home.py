"""The front page and each person's home."""

import pytest

from tests.cast import NAMES


def test_the_front_page_says_what_to_do_first_without_signing_in(client):
    page = client.page("/")
    assert page.h1 == "우리 공장에 맞는 지원을 찾아 드립니다"
    assert [link["href"] for link in page.soup.select(".hero .button")] == ["/precheck", "/calls"]


def test_the_front_page_shows_no_example_label_outside_a_demo(client):
    assert "합성" not in client.page("/").text


@pytest.mark.parametrize("name", NAMES)
def test_everybody_has_a_home(client_as, name):
    assert client_as(name).page("/home").h1 == "내 업무"


def test_a_new_firm_is_first_asked_about_itself(client_as):
    page = client_as("hana").page("/home")
    assert page.soup.select_one(".todo a")["href"] == "/profile/edit"
    assert page.soup.select_one("[aria-current=step]").get_text(strip=True).startswith("기업정보")


def test_the_auditor_is_led_to_the_log(client_as):
    assert client_as("gam").page("/home").soup.select_one(".todo a")["href"] == "/audit"
