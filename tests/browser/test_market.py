"""Two stories of the market: a firm finds a supplier and consults it; an operator holds a matching day of 40 × 20 × 8."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from portal.base import clock
from tests.browser.market import COMPANIES, SUPPLIERS, supplier_name
from tests.browser.serve import ROOT, Portal, Visitor
from tests.browser.test_evaluation import key_in, until, wait_for_job
from tests.cast import EMAIL, PASSWORD
from tests.database import database_at
from tests.papers import pages_of

pytestmark = pytest.mark.one_database
NEED = "합성(예시) 검사를 사람 눈으로 하다 보니 불량이 자주 새어 나갑니다. 카메라로 가려내고 싶습니다."


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, database_kind: str) -> Iterator[Portal]:
    """40 companies and 20 suppliers."""
    folder: Path = tmp_path_factory.mktemp("market") / "data"
    running = Portal(folder, [sys.executable, "-m", "tests.browser.market"], database_at(database_kind, "market"))
    yield running
    running.stop()


def come(visitor: Any, name: str, **options: Any) -> Visitor:
    who = visitor(name, **options)
    who.context.set_default_timeout(20_000)
    return who.sign_in(EMAIL.format(name), PASSWORD)


def fetched(who: Visitor, link: str, into: Path) -> bytes:
    """What a link of the page lets one take away."""
    with who.page.expect_download() as waiting:
        who.page.get_by_role("link", name=link).first.click()
    waiting.value.save_as(into)
    return into.read_bytes()


# --- a firm finds a supplier ----------------------------------------------------------------------------------


def find(hana: Visitor) -> None:
    """Loose Korean, live, with a facet; three are set side by side."""
    hana.go("/suppliers").look("all")
    box = hana.page.locator("#search-q")
    box.press_sequentially("비젼검사 업체", delay=20)
    hana.page.wait_for_url(re.compile(r"\?q="))
    hana.page.wait_for_function("document.querySelector('.find__results .why') !== null")
    hana.look("found")
    assert supplier_name(1) in hana.text and box.input_value() == "비젼검사 업체"
    hana.page.locator("#facets a", has_text="지금 맡을 수 있음").first.click()
    hana.page.wait_for_url(re.compile("capacity=1"))
    hana.page.go_back()
    hana.page.wait_for_function("!location.search.includes('capacity')")
    for choice in hana.page.locator(".supplier__choose input").all()[:3]:
        choice.check()
    hana.press("고른 곳 나란히 비교").look("compared")
    assert hana.page.locator("table.compare thead th").count() >= 2
    hana.go("/suppliers?q=qqqqqq").look("nothing")
    assert "찾지 못했습니다" in hana.text


def read_recommendation(hana: Visitor) -> None:
    """The recommended ones with their reasons, before one is asked."""
    until(lambda: hana.go("/matching").page.locator("article.supplier").count() >= 5)
    hana.look("recommended")
    assert "점" in hana.text


def ask(hana: Visitor) -> str:
    """Ask gong from its page; twice pressed is once asked. Gives the thread's address."""
    hana.go("/suppliers?q=공급솔루션").page.locator(".card__title a").first.click()
    hana.page.wait_for_load_state()
    assert "공급기업이 상담을 수락하면" in hana.text
    hana.press("상담 요청").fill(topic="what_fits", need=NEED + " 전화 02-555-0111").look("ask")
    hana.press_in("form:has([name=need])")
    return hana.look("asked").page.url


def accept(gong: Visitor, thread: str) -> None:
    """The inbox, the masked request, the answer, times to meet."""
    gong.go("/consultations").look("inbox")
    gong.go(thread)
    assert "02-555-0111" not in gong.text
    gong.look("request").press("상담 수락").look("accepted")
    assert "02-555-0111" in gong.text
    day = clock.today() + timedelta(days=7)
    day += timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))
    gong.go("/consultations/times")
    gong.fill(day=str(day), first="10:00", last="12:00", minutes="60", place="합성 회의실").press_in("form#slots-form")
    if "휴일" in gong.text or gong.page.locator(".field__error").count():
        day += timedelta(days=7)
        gong.fill(day=str(day)).press_in("form#slots-form")
    gong.look("times")


def meet(hana: Visitor, gong: Visitor, thread: str, folder: Path) -> None:
    """Talk, book, take the calendar, write down what came of it, rate."""
    hana.go(thread).fill(text="합성(예시) 다음 주에 뵐 수 있을까요?").press("보내기").look("talk")
    hana.page.locator("main input[name=slot]").first.check(force=True)
    hana.press("예약하기").look("booked")
    assert b"BEGIN:VEVENT" in fetched(hana, "달력 파일 받기", folder / "meeting.ics")
    for who in (hana, gong):
        who.go(thread)
        who.page.get_by_text("상담을 마치고 결과 적기").click()
        who.fill(outcome="contract").press("결과 저장")
    hana.go(thread).fill(stars="5", text="합성(예시) 성실합니다.").press("평가 남기기").look("rated")
    gong.go(thread).fill(stars="4").press("평가 남기기").look("rated-back")
    hana.go("/matching").page.locator("a[href*='/choices/']").first.click()
    hana.look("kept")


def test_a_firm_finds_a_supplier_and_consults_it(visitor: Any, tmp_path: Path) -> None:
    hana, gong = come(visitor, "hana"), come(visitor, "gong")
    find(hana)
    read_recommendation(hana)
    thread = ask(hana)
    accept(gong, thread)
    meet(hana, gong, thread, tmp_path)


# --- an operator holds a matching day ---------------------------------------------------------------------------


def plan(un: Visitor) -> str:
    """A day of 20 tables and 8 times; gives its key."""
    day = clock.today() + timedelta(days=21)
    un.go("/operator/matchdays/new").fill(
        title="합성 매칭데이", day=str(day), place="합성 컨벤션홀", region="", first="13:00", minutes="20", pause="5",
        slots="8", tables=str(SUPPLIERS), per_company="4", wishes_until=str(day - timedelta(days=10)),
    ).look("new-day").press("저장")  # fmt: skip
    key = key_in(un.page.url)
    for side in ("company", "supplier"):
        un.go(f"/operator/matchdays/{key}/people?side={side}")
        for choice in un.page.locator("form#invite input[type=checkbox]").all():
            choice.check(force=True)
        un.press("고른 곳 초대")
    un.look("invited").go(f"/operator/matchdays/{key}").press("희망 받기").look("open")
    return key


def take_wishes(un: Visitor, hana: Visitor, gong: Visitor, key: str, folder: Path) -> None:
    """hana and gong by themselves, the others on a sheet; one wrong row and nothing is taken over."""
    hana.go(f"/matchdays/{key}").fill(coming="yes", need="합성(예시) 외관 검사")
    for place, select in enumerate(hana.page.locator("select[name^=rank_]").all()[:3], start=1):
        select.select_option(str(place))
    hana.look("wishes").press("저장")
    gong.go(f"/matchdays/{key}").fill(coming="yes").press("저장").look("wishes")
    sheet = folder / "wishes.xlsx"
    fetched(un.go(f"/operator/matchdays/{key}/sheet"), "엑셀 양식 받기", sheet)
    fill(sheet, folder / "wrong.xlsx", wrong=True)
    un.fill(file=str(folder / "wrong.xlsx")).press("올리고 확인하기").look("sheet-refused")
    assert un.page.get_by_role("button", name="반영하기").count() == 0
    fill(sheet, folder / "right.xlsx")
    un.go(f"/operator/matchdays/{key}/sheet").fill(file=str(folder / "right.xlsx")).press("올리고 확인하기")
    un.look("sheet").press("반영하기").look("people")


def fill(template: Path, into: Path, *, wrong: bool = False) -> None:
    """Everybody who has not answered comes, and wishes for four of the other side."""
    book = load_workbook(template)
    page = book.worksheets[0]
    rows = list(page.iter_rows(min_row=2))
    names = {side: [row[2].value for row in rows if row[0].value == side] for side in {row[0].value for row in rows}}
    for number, row in enumerate(rows):
        if row[3].value:
            continue
        others = next(some for side, some in names.items() if side != row[0].value)
        row[3].value, row[4].value = "예", "합성(예시) 상담"
        for at in range(4):
            row[7 + at].value = others[(number * 3 + at * 5) % len(others)]
    if wrong:
        rows[5][7].value = "없는 공급기업"
    book.save(into)


def make_timetable(un: Visitor, key: str) -> None:
    """The worker solves it; one meeting is moved by hand, then everybody is told."""
    un.go(f"/operator/matchdays/{key}/timetable").press_in("form#solve")
    wait_for_job(un).look("timetable")
    assert un.page.locator(".seat").count() >= COMPANIES
    un.page.locator("a.seat").first.click()
    un.page.wait_for_load_state()
    un.look("meeting")
    free = un.page.locator("select[name=slot] option:not([disabled])")
    assert free.count() > 1
    un.go(f"/operator/matchdays/{key}/timetable").press("일정표 알리기").look("published")


def take_papers(un: Visitor, hana: Visitor, key: str, folder: Path) -> None:
    """Calendars and printable tables, for the hall and for one firm."""
    un.go(f"/operator/matchdays/{key}/timetable")
    assert fetched(un, "달력 파일 받기", folder / "day.ics").count(b"BEGIN:VEVENT") >= COMPANIES
    assert pages_of(fetched(un, "인쇄용 PDF", folder / "day.pdf"))
    assert load_workbook(folder / "day.xlsx") if fetched(un, "엑셀", folder / "day.xlsx") else False
    hana.go(f"/matchdays/{key}").look("timetable")
    assert 1 <= fetched(hana, "달력 파일 받기", folder / "own.ics").count(b"BEGIN:VEVENT") <= 4


def hold(un: Visitor, portal: Portal, key: str) -> None:
    """On the day: who came and what came of it, for the first time slot."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.browser.market", "the-day"],
        cwd=ROOT, env=portal.environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    un.go(f"/operator/matchdays/{key}/hall?slot=0").look("hall")
    for field, value in (("came_", "both"), ("outcome_", "talks")):
        for select in un.page.locator(f"select[name^={field}]").all():
            select.select_option(value)
    un.press("이 시간 저장").look("recorded")
    assert un.page.locator(".stat", has_text="이어 가기로 함").inner_text().split()[-2:] != ["0", "번"]


def test_an_operator_holds_a_matching_day(visitor: Any, portal: Portal, tmp_path: Path) -> None:
    un, hana, gong = (come(visitor, name) for name in ("un", "hana", "gong"))
    key = plan(un)
    take_wishes(un, hana, gong, key, tmp_path)
    make_timetable(un, key)
    take_papers(un, hana, key, tmp_path)
    hold(un, portal, key)
