"""One call of 200 files through all phases, by five people: operator, two evaluators, chair and firm.

The other evaluators answer through the services (`tests.browser.desks`); draws, places that are filled again, letters and
the reserve list run in the real worker.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import hall
from tests.browser.serve import ROOT, Portal, Visitor
from tests.cast import EMAIL, PASSWORD
from tests.database import database_at
from tests.factories.profiles import pdf
from tests.papers import pages_of

PATIENCE = 120
pytestmark = pytest.mark.one_database
REASON = "합성(예시) 배점표와 증빙을 다시 견주어 보고 항목별 의견을 모두 읽은 다음 이렇게 판단했습니다."


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, database_kind: str) -> Iterator[Portal]:
    """A closed call with 200 files in evaluation."""
    folder: Path = tmp_path_factory.mktemp("hall") / "data"
    running = Portal(folder, [sys.executable, "-m", "tests.browser.hall"], database_at(database_kind, "hall"))
    yield running
    running.stop()


def at_other_desks(portal: Portal, *words: str) -> str:
    """What people without a browser do meanwhile; gives the last line that was said."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.browser.desks", *words],
        cwd=ROOT, env=portal.environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return (done.stdout.strip().splitlines() or [""])[-1]


def come(visitor: Any, name: str, **options: Any) -> Visitor:
    who = visitor(name, **options)
    who.context.set_default_timeout(60_000)  # approving a ranking decides 200 files in one request
    return who.sign_in(EMAIL.format(name), PASSWORD)


def until(what: Any, seconds: float = PATIENCE) -> Any:
    """Wait for the worker: until the call gives something true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.5)
    raise AssertionError("the worker did not come to it")


def wait_for_job(who: Visitor) -> Visitor:
    who.page.wait_for_selector("[data-job]", state="detached", timeout=PATIENCE * 1000)
    return who


def refused(who: Visitor) -> bool:
    return who.page.get_by_text("확인이 필요한 항목이 있습니다").count() > 0


def key_in(url: str) -> str:
    return re.search(r"[\w-]{22}", url).group()


# --- the story ------------------------------------------------------------------------------------------------


def plan_the_call(un: Visitor) -> str:
    """The call's evaluation as data; gives the call's key."""
    un.go("/operator/calls").press(hall.CALL)
    call = key_in(un.page.url)
    un.go(f"/operator/calls/{call}/evaluation").look("plan")
    un.fill(ranked=True, silence_days="7").press("저장")
    un.look("plan-saved")
    return call


def draw(un: Visitor, call: str) -> None:
    """Ask, read the plan, confirm; nobody is seated before."""
    un.go(f"/operator/draws/new/{call}").look("draw-ask").press("계획 세우기")
    wait_for_job(un).look("draw-plan")
    assert "400" in un.text
    un.press_in("form[action$='/confirm']")
    until(lambda: un.go(un.page.url).page.get_by_text("배정했습니다").count())
    un.look("draw-confirmed")


def step_down(pyeong: Visitor) -> None:
    """Declare an interest in the first case: it is gone at once."""
    pyeong.go("/evaluation/queue").look("queue")
    before = pyeong.page.locator("tr[id^=case-]").count()
    first = pyeong.page.locator("tr[id^=case-] a").first.inner_text()
    pyeong.page.keyboard.press("j")
    pyeong.press(first).look("declaration").fill(reason="other").press_in("form#recuse")
    assert pyeong.page.get_by_text(first).count() == 0
    assert pyeong.page.locator("tr[id^=case-]").count() == before - 1


def open_next(who: Visitor) -> str:
    """Declare that there is no interest in the next case; gives its key."""
    who.go("/evaluation/queue?sort=number")
    row = who.page.locator("tr[id^=case-]", has_text="이해충돌 확인 전").first
    key = row.get_attribute("id").removeprefix("case-")
    who.go(f"/evaluation/cases/{key}").fill(no_conflict=True)
    for question in who.page.locator("main input[type=radio][name^=soft_][value=no]").all():
        who._tick(question, True)
    who.press("자료 열기")
    return key


def review_offline(pyeong: Visitor, folder: Path) -> None:
    """Two open cases go out as XLSX and come back; a foreign row is refused and nothing is taken over."""
    keys = [open_next(pyeong), open_next(pyeong)]
    pyeong.go("/evaluation/offline").look("offline")
    with pyeong.page.expect_download() as waiting:
        pyeong.page.get_by_role("button", name="엑셀 평가표 내려받기").click()
    sheet = folder / "sheet.xlsx"
    waiting.value.save_as(sheet)
    filled, foreign = folder / "filled.xlsx", folder / "foreign.xlsx"
    fill_sheet(sheet, filled)
    fill_sheet(sheet, foreign, foreign=True)
    pyeong.go("/evaluation/offline").fill(file=str(foreign)).press("올리고 확인하기").look("offline-refused")
    assert pyeong.page.get_by_role("button", name="옮기기").count() == 0
    pyeong.go("/evaluation/offline").fill(file=str(filled)).press("올리고 확인하기").look("offline-preview")
    pyeong.press("건 옮기기").look("offline-taken")
    pyeong.go(f"/evaluation/cases/{keys[0]}/score").look("offline-score")
    assert pyeong.page.locator("main [name=NEED_points]").input_value() in ("12", "12.0", "12.00")


def fill_sheet(sheet: Path, target: Path, *, foreign: bool = False) -> None:
    """Points, a comment and a tier in every open cell. foreign: one row carries the key of a case nobody gave out."""
    from openpyxl import load_workbook

    book = load_workbook(sheet)
    page = book.worksheets[0]
    for row in range(2, page.max_row + 1):
        most, code = page.cell(row, 4).value, page.cell(row, 9).value
        if most is not None:
            page.cell(row, 5).value = round(float(most) * 0.8)
            page.cell(row, 7).value = f"합성(예시) 오프라인 의견 {code}"
        elif not page.cell(row, 5).protection.locked:
            page.cell(row, 5).value = "고도화"
        else:
            page.cell(row, 7).value = "합성(예시) 오프라인 종합 의견"
    if foreign:
        page.cell(2, 8).value = "nobody-gave-this-key-2"
    book.save(target)


def finish(pyeong: Visitor) -> None:
    """The case that came back from the sheet: words on the items, the own score locked, the suggestion read, handed in."""
    pyeong.go("/evaluation/queue?sort=number&step=").page.locator("tr[id^=case-]", has_text="검토 중").first.locator("a").click()
    pyeong.page.wait_for_load_state()
    pyeong.look("items")
    pyeong.press_in("form:has([name=version])", "button[name=accept][value=all]")
    pyeong.press_in("form:has([name=version])", "button[name=action][value=next]")
    pyeong.look("score").press_in("form:has([name=NEED_points])", "button[name=action][value=lock]")
    pyeong.look("suggestion")
    tier = pyeong.page.locator("main [name=final_tier]:checked").count()
    assert tier == 1
    pyeong.fill(reason=REASON).press_in("form:has([name=final_tier])", "button[name=action][value=submit]")


def agree(jang: Visitor) -> str:
    """A meeting about one file with both reviews side by side, then tier and recommendation; gives the case's key."""
    jang.go("/evaluation/decisions").look("decisions")
    jang.page.locator("main tbody tr", has_text="두리금속").or_(jang.page.locator("main tbody tr")).first.locator("a").first.click()
    jang.page.wait_for_load_state()
    key = key_in(jang.page.url)
    jang.look("side-by-side").go(f"/evaluation/decisions/{key}/consensus").look("consensus-convene")
    jang.fill(question="합성(예시) 비용 항목의 근거를 함께 보아 주세요.").press("합의 회의 열기").look("consensus-open")
    jang.fill(summary=REASON).press("합의 회의 마치기").look("consensus-ended")
    jang.go(f"/evaluation/decisions/{key}").look("finalise")
    jang.fill(outcome="selected", reason=REASON).press_in("form#decision")
    if refused(jang):  # a weak file can't be recommended, whatever the chair writes
        jang.look("too-weak").fill(outcome="rejected").press_in("form#decision")
    jang.look("finalised")
    assert not refused(jang)
    return key


def rank(un: Visitor, jang: Visitor, call: str) -> None:
    """The ranking within the budget, proposed by one and approved by another."""
    un.go(f"/operator/selection/{call}").look("ranking")
    un.page.locator("main select[name=approver]").select_option(label=un.page.locator("main select[name=approver] option", has_text="정위원장").first.inner_text())
    un.press("순위안 보내기").look("ranking-proposed")
    jang.go("/evaluation/rankings").look("rankings").press(hall.CALL).look("approve")
    jang.press("승인하기").look("approved")


def send_letters(un: Visitor, call: str) -> None:
    """Any letter can be read before; then all go out, with progress."""
    un.go(f"/operator/selection/{call}/letters").look("letters")
    un.page.locator("main tbody tr a").first.click()
    un.page.wait_for_load_state()
    un.look("letter-preview")
    un.go(f"/operator/selection/{call}/letters").press("모두 보내기")
    wait_for_job(un).look("letters-sent")
    assert un.page.get_by_role("button", name="모두 보내기").count() == 0


def read_letter(hana: Visitor) -> bytes:
    """The firm's letter as a page and as a PDF; anybody can check that it is genuine."""
    hana.go("/letters").look("letters")
    hana.page.locator("main a[href^='/letters/']:not([href$=verify])").first.click()
    hana.page.wait_for_load_state()
    hana.look("letter")
    paper = hana.page.get_by_role("link", name="PDF 열기").get_attribute("href")
    answer = hana.context.request.get(paper)
    assert answer.headers["content-type"] == "application/pdf" and answer.body().startswith(b"%PDF")
    hana.go("/letters/verify").fill(hash=hashlib.sha256(answer.body()).hexdigest()).press("확인").look("letter-genuine")
    return answer.body()


def appeal(hana: Visitor, un: Visitor, portal: Portal, visitor: Any) -> str:
    """Two criteria with new evidence; taken up, judged anew by people nobody names, upheld by a chair of its own."""
    hana.go("/appeals").look("appeals").press("이의신청하기").look("appeal-write")
    evidence = {"name": "새 증빙(예시).pdf", "mimeType": "application/pdf", "buffer": pdf("appeal").getvalue()}
    for code in ("NEED", "FIT"):
        hana.fill(**{f"{code}_kind": "overlooked", f"{code}_text": REASON, f"{code}_file": evidence})
    hana.press("이의신청 제출").look("appeal-filed")
    un.go("/operator/appeals").look("appeals").page.locator("main tbody tr a").first.click()
    un.page.wait_for_load_state()
    un.look("appeal-check").press("재검토하기").look("appeal-taken-up")
    chair = until(lambda: at_other_desks(portal, "readers"))
    head = visitor("appeal-chair").sign_in(chair, PASSWORD)
    head.context.set_default_timeout(60_000)
    head.go("/evaluation/appeals").look("seats").page.locator("main tbody tr a").first.click()
    head.page.wait_for_load_state()
    if head.page.locator("main [name=no_conflict]").count():
        head.fill(no_conflict=True).press("자료 열기")
    head.look("ruling").fill(accepted=["NEED", "FIT"], reason=REASON)
    if head.page.locator("main [name=outcome]").count():
        head.fill(outcome="reserve")
    head.press_in("form#ruling").look("ruled")
    hana.go("/appeals").look("appeal-decided")
    assert "후보" in hana.go("/applications").text or "선정" in hana.text
    return chair


def move_up(duri: Visitor, un: Visitor, call: str) -> None:
    """A selected firm gives its place up; the first of the reserve list has it at once."""
    un.go(f"/operator/selection/{call}").look("selected")
    before = reserves_left(un)
    hrefs = duri.go("/applications").page.locator("main a").evaluate_all("links => links.map(one => one.pathname)")
    key = next(key_in(one) for one in hrefs if re.fullmatch(r"/applications/[\w-]{22}", one))
    duri.go(f"/applications/{key}/withdraw").look("withdraw").fill(reason=REASON).press_in("form:has([name=reason])")
    until(lambda: reserves_left(un.go(f"/operator/selection/{call}")) < before)
    un.look("moved-up")


def names_nobody(who: Visitor, paper: bytes) -> None:
    """Every page that the firm can reach by links, and its letter: no name of anybody who judged."""
    names = ("합성위원", "박평가", "최남은", "정위원장")
    waiting, seen = ["/home", "/applications", "/letters", "/appeals"], set()
    while waiting and len(seen) < 120:
        path = waiting.pop(0)
        seen.add(path)
        body = who.context.request.get(path).text()
        assert not [name for name in names if name in body], path
        for link in re.findall(r'href="(/(?:applications|evaluation|letters|appeals|result)[^"#?]*)"', body):
            if link not in seen and not link.endswith((".pdf", ".xlsx")):
                waiting.append(link)
    assert len(seen) > 10
    text = "".join(pages_of(paper))
    assert "위원" in text and not [name for name in names if name in text]


def reserves_left(un: Visitor) -> int:
    return int(re.search(r"남은 후보 ([\d,]+)", un.text).group(1).replace(",", ""))


def test_a_call_of_200_files(visitor: Any, portal: Portal, tmp_path: Path) -> None:
    un = come(visitor, "un")
    call = plan_the_call(un)
    draw(un, call)

    pyeong = come(visitor, "pyeong")
    step_down(pyeong)
    review_offline(pyeong, tmp_path)
    finish(pyeong)

    assert int(at_other_desks(portal, "others")) > 300
    at_other_desks(portal, "everybody")
    # the file about which two lie far apart gets a third, and the place of who stepped down is drawn again
    until(lambda: int(at_other_desks(portal, "everybody")) == 0)
    un.go("/operator/evaluation/watch").look("watch")

    jang = come(visitor, "jang")
    agree(jang)
    assert at_other_desks(portal, "chairs") == str(hall.FILES - 1)
    rank(un, jang, call)
    send_letters(un, call)

    hana, duri = come(visitor, "hana", width=360), come(visitor, "duri")
    hana.go("/home").look("home")
    paper = read_letter(hana)
    appeal(hana, un, portal, visitor)
    move_up(duri, un, call)
    names_nobody(hana, paper)
