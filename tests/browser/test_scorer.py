"""The scorer on the demo country: an operator tries, promotes and rolls back; a firm reads, compares and objects.

The demo holds one challenger that loses on its promotion report and one that wins. Jobs run in the real worker.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.serve import ROOT, Portal, Visitor
from tests.database import database_at

PASSWORD = "demo-password-1"
REASON = "시간 순서로 나눈 검증에서 순서 오차가 줄었고 뒤처진 집단이 더 뒤처지지 않아 채택합니다."
PATIENCE = 120
pytestmark = pytest.mark.one_database


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, database_kind: str) -> Iterator[Portal]:
    """The demo country, as `make run` builds it, on each database."""
    folder: Path = tmp_path_factory.mktemp("country") / "data"
    environment = {"PORTAL_DEMO_PASSWORD": PASSWORD, **database_at(database_kind, "country")}
    build = [sys.executable, "-m", "flask", "--app", "app", "portal", "init", "--demo"]
    running = Portal(folder, build, environment)
    yield running
    running.stop()


def command(portal: Portal, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "portal", *words],
        cwd=ROOT, env=portal.environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def wait_for_job(who: Visitor) -> Visitor:
    """Until the page of a running job shows none; with JavaScript it renews itself, so nothing is pressed."""
    who.page.wait_for_selector("[data-job]", state="detached", timeout=PATIENCE * 1000)
    assert who.page.get_by_text("끝내지 못했습니다").count() == 0, who.text
    return who


def come(visitor: Any, name: str, **options: Any) -> Visitor:
    return visitor(name, **options).sign_in(f"{name}@demo.example", PASSWORD)


def test_a_model_is_tried_promoted_and_taken_back(visitor, portal: Portal):
    un = come(visitor, "un")
    un.go("/operator/models").look("desk")
    loser, winner = "ordinal-logit-1", "ordinal-logit-2"

    un.press(loser).look("loser").press("채택 보고서").look("loser-report")
    assert un.page.locator("main [name=reason]").count() == 0

    un.go("/operator/models").press(winner).look("winner")
    un.press("채택 보고서").look("winner-report")
    promote = "form:has([name=reason])"
    un.fill(reason="짧음").press_in(promote).look("reason-refused")
    assert un.page.locator("main [name=reason]").input_value() == "짧음"
    un.fill(reason=REASON).press_in(promote).look("promoted")

    un.go("/operator/models/rescore").look("rescore").fill(sure=True).press_in("form:has([name=sure])")
    wait_for_job(un).look("everyone-again")

    firm = come(visitor, "duri")
    firm.go("/result").look("result")
    assert winner in firm.page.locator("main").text_content()
    replayed = command(portal, "replay")
    assert int(re.search(r"(\d+)건이 그대로 재현", replayed)[1]) > 1_000

    un.go("/operator/models/roll-back").look("roll-back").fill(reason=REASON).press_in(promote).look("rolled-back")
    assert winner in un.text and "instrument" not in un.h1
    command(portal, "verify-audit")


def test_a_cut_is_tried_out_and_the_months_are_read(visitor):
    un = come(visitor, "un")
    un.go("/operator/what-if").look("what-if")
    un.fill(advanced_total="300").press_in("form:has([name=advanced_total])")
    wait_for_job(un).press("결과 보기").look("what-if-result")
    assert "바뀐 것은 없습니다" in un.text
    un.go("/operator/monitoring").look("monitoring")
    un.go("/operator/monitoring?month=9999-99").look("odd-month")
    phone = come(visitor, "gam", width=360)
    phone.go("/operator/models").look("desk-for-the-auditor").go("/operator/monitoring").look("monitoring-phone")


def test_a_firm_compares_itself_and_objects_with_one_press(visitor):
    firm = come(visitor, "duri", width=360)
    firm.go("/result").look("result")
    firm.press("이 추천에 이의 있음").look("objected")
    firm.go("/result")
    assert "이의 제기함" in firm.text
    firm.go("/scorer").look("scorer")
    un = come(visitor, "un")
    un.go("/operator/explanations").look("explanations")
    assert "이의" in un.text
    english = visitor("reader", language="en")
    english.go("/scorer").look("scorer")
