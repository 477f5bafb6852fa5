"""Pages of errors: the status, what happened, and a way on."""

from pathlib import Path

import pytest

from portal.base.access import StaleVersion
from portal.web import errors


@pytest.mark.parametrize("code", errors.DESIGNED)
def test_every_error_page_says_what_to_do_next(app, client, code):
    with app.test_request_context("/x"):
        text, status = errors.page(code)
    assert status == code
    assert "이렇게 해 보세요" in text
    assert f'<p class="sorry__code">{code}</p>' in text


def test_an_unknown_address_is_a_designed_page(client):
    answer = client.get("/no/such/place")
    assert answer.status_code == 404
    assert "화면을 찾을 수 없습니다" in answer.text


def test_a_form_without_a_token_is_refused_with_advice(client):
    answer = client.post("/sign-up", csrf=False)
    assert answer.status_code == 400
    assert "새로 고친 뒤 다시 보내세요" in answer.text


def test_a_stale_save_shows_both_texts_and_hides_what_is_equal(app):
    with app.test_request_context("/x"):
        text, status = errors._stale(StaleVersion({"상호": "한빛", "품목": "볼트"}, {"상호": "한빛", "품목": "너트"}))
    assert status == 409
    assert ("볼트" in text, "너트" in text, "상호" in text) == (True, True, False)


def test_a_silent_database_is_told_without_asking_it(app, client, monkeypatch):
    from sqlalchemy.exc import OperationalError

    from portal.base import marks

    def silent():
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(marks, "is_demo", silent)
    answer = client.get("/")
    assert answer.status_code == 503
    assert "점검" in answer.text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told_as_a_passing_trouble(app):
    with pytest.raises(OSError) as full, open("/dev/full", "wb", buffering=0) as file:
        file.write(b"x")
    with app.test_request_context("/papers"):
        page, code = app.handle_user_exception(full.value)
    assert code == 503
    assert "<h1" in page
