"""The whole story in a real browser: from sign-up to a closed consultation, and what the auditor sees of it.

One step is one person's visit. Every page on the way is judged (tests/browser/serve.py: axe, title, width, complaints)
and its picture kept in tests/output/. The firm's own path is walked again on a phone, in English and without JavaScript.
"""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest

from tests.browser.serve import ROOT, Portal, Visitor
from tests.cast import EMAIL, PASSWORD
from tests.factories.profiles import pdf
from tests.papers import pages_of

NEW_PASSWORD = "봄볕 드는 작업장 넓은 창 9"
LONG = (
    "합성(예시) 프레스 공정의 불량이 잦아 실적을 자동으로 모으고 원인을 함께 찾으려 합니다. 현장 직원 여섯 명이 씁니다."
)
_serial = count(1)


def registration_number() -> str:
    """A number that no tax office gave out, with a right check digit."""
    digits = f"99881{next(_serial):04d}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, (1, 3, 7, 1, 3, 7, 1, 3, 5), strict=True))
    return digits + str((10 - (total + int(digits[8]) * 5 // 10) % 10) % 10)


def upload(name: str, words: str) -> dict[str, Any]:
    return {"name": name, "mimeType": "application/pdf", "buffer": pdf(words).read()}


def sign_up(who: Visitor, kind: str, name: str, email: str) -> None:
    """Sign up, be told of a wrong number, confirm by the letter, sign in."""
    who.go("/").look("front").go("/sign-up").look("sign-up")
    typed = {
        "kind": kind,
        "registration_number": "998-81-00019",
        "organisation_name": name,
        "name": "한여정",
        "email": email,
        "phone": "010-1234-5678",
        "password": NEW_PASSWORD,
        "consent_terms": True,
        "consent_privacy": True,
        "consent_supplier_sharing": True,
    }
    form = "form:has([name=registration_number])"
    who.fill(**typed).press_in(form).look("sign-up-refused")
    assert who.page.locator("main [name=registration_number][aria-invalid=true]").count() == 1
    assert who.page.locator("main [name=organisation_name]").input_value() == name
    who.fill(registration_number=registration_number(), password=NEW_PASSWORD).press_in(form).look("check-mail")
    who.go(f"/demo/mail?to={email}").look("mailbox")
    who.page.locator("main a[href*='/demo/mail/']").first.click()
    link = re.search(r"https?://\S+/confirm/\S+", who.look("letter").text)
    assert link, who.text
    who.go(link.group(0)).sign_in(email, NEW_PASSWORD)
    assert who.page.url.endswith("/home"), (who.page.url, who.text)
    who.look("home-new")


def describe_the_company(who: Visitor) -> None:
    who.go("/profile").look("profile-empty").go("/profile/edit").look("profile-edit")
    who.fill(
        ksic="251",
        region="gyeonggi-hwaseong",
        size="small",
        employees="20-49",
        sales="50-100",
        products="합성(예시) 알루미늄 케이스",
        processes=["machining", "assembly"],
        order_type="MTO",
        pains=["DEFECTS", "DELIVERY"],
        systems=["ERP"],
        contact_name="한여정",
        contact_phone="031-234-5678",
        contact_email="contact@firm.example",
    ).press_in("form:has([name=ksic])").look("profile")


def answer_every_item(who: Visitor) -> None:
    """Ten pages, 44 items; a file on the first one that asks for evidence."""
    who.go("/diagnosis").look("diagnosis-begin")
    areas = [link.get_attribute("href") for link in who.page.locator("main a.areas__link").all()]
    assert len(areas) == 10
    answered = 0
    for number, path in enumerate(areas):
        who.go(path)
        if number == 0:
            who.look("area-blank")
        names = who.page.locator("main fieldset.question input[type=radio]").evaluate_all(
            "radios => [...new Set(radios.map(radio => radio.name))]"
        )
        answered += len(names)
        who.fill(**{name: "3" if number % 3 else "2" for name in names})
        if number == 1:
            code = names[0].removeprefix("answer_")
            who.fill(**{f"tag_{code}": "screen", f"file_{code}": upload("화면 갈무리.pdf", path)})
            who.look("area-evidence")
            who.press_in("form:has(fieldset.question)", "button[name=action][value=draft]")
            assert "화면 갈무리.pdf" in who.text
            who.look("area-saved")
        who.press_in("form:has(fieldset.question)", "button[name=action][value=next]")
    assert answered == 44
    who.go("/diagnosis").look("diagnosis-done")
    who.press_in("form[action$='/diagnosis/finish']").look("result")
    assert who.page.url.endswith("/result"), who.page.url


def apply(who: Visitor, call: str | None = None) -> str:
    """The wizard from the call to the receipt; returns the 접수번호."""
    who.go("/calls").look("calls")
    if call is None:
        who.page.locator("main a[href*='/calls/']").first.click()
    else:
        who.page.locator("main").get_by_role("link", name=call).first.click()
    who.look("call")
    who.page.locator("main a[href*='/applications/new/']").first.click()
    who.look("apply-start")
    who.press_in("form[method=post]").look("apply-choice")
    wizard = "form:has([name=version])"
    # an empty page of a draft is kept without a word
    who.fill(tier="BASIC", target_level="1", scope=["AUTO", "MES"]).press_in(wizard, "button[value=next]")
    who.look("apply-need").fill(problem=LONG, goal=LONG, build=LONG).press_in(wizard, "button[value=next]")
    who.look("apply-plan").fill(schedule=LONG, people=LONG, effect=LONG).press_in(wizard, "button[value=next]")
    who.look("apply-costs")
    who.fill(
        **{
            "lines-0-kind": "hardware", "lines-0-item": "로봇 셀",
            "lines-0-unit_price_krw": "60,000,000", "lines-0-quantity": "1",
            "lines-1-kind": "software", "lines-1-item": "실적 수집",
            "lines-1-unit_price_krw": "10,000,000원", "lines-1-quantity": "2",
            "own_share_krw": "40,000,000", "own_share_source": "cash",
        }
    ).press_in(wizard, "button[value=next]")  # fmt: skip
    who.look("apply-kpi")
    who.fill(
        **{
            "rows-0-name": "공정 불량률", "rows-0-unit": "ppm", "rows-0-direction": "down",
            "rows-0-before": "5200", "rows-0-target": "3000",
        }
    ).press_in(wizard, "button[value=next]")  # fmt: skip
    if who.page.locator("main [name=supplier]").count():
        who.look("apply-partner")
        chosen = who.page.locator("main [name=supplier]").first.get_attribute("value")
        who.fill(supplier=chosen).press_in(wizard, "button[value=ask]").look("apply-partner-asked")
        supplier_agrees(who)
        who.page.reload()
        who.press_in(wizard, "button[value=next]")
    who.look("apply-papers")
    for field in who.page.locator("main input[type=file]:visible").all():
        field.set_input_files(upload("서류.pdf", field.get_attribute("name") or ""))
    for field in who.page.locator("main input[type=date]:visible").all():
        field.fill((date.today() - timedelta(days=7)).isoformat())
    who.press_in("form:has(input[type=file])", "button[value=next]").look("apply-pledges")
    names = who.page.locator("main input[type=radio]").evaluate_all(
        "radios => [...new Set(radios.map(radio => radio.name))].filter(name => name.startsWith('x_'))"
    )
    who.fill(**dict.fromkeys(names, "no"), writer="self", truth_pledged=True).press_in(wizard, "button[value=next]")
    who.look("apply-check")
    who.press_in("form[action$='/submit']").look("receipt")
    number = re.search(r"\d{4}-[A-Z0-9-]*\d{3,}", who.text)
    assert number, who.text
    link = who.page.locator("main a[href$='/receipt.pdf']").first.get_attribute("href")
    paper = who.context.request.get(who.portal.address + str(link))
    assert paper.headers["content-type"].startswith("application/pdf")
    assert number.group(0) in "".join(pages_of(paper.body()))
    return number.group(0)


def supplier_agrees(firm: Visitor) -> None:
    """The named supplier says yes to the consortium, in a browser of their own."""
    gong = Visitor(firm.context.browser, firm.portal, f"{firm.name}-supplier")
    try:
        gong.sign_in(EMAIL.format("gong"), PASSWORD).go("/consortium").look("consortium")
        gong.page.locator("main a[href*='/consortium/']").first.click()
        gong.look("consortium-request").press_in("form:has(button[name=answer])", "button[value=yes]")
        gong.look("consortium-agreed")
    finally:
        gong.close()


# --- the whole story --------------------------------------------------------------------------------------


def test_journey(visitor, portal: Portal):
    call = "여정 공고: 자동화 (합성)"
    un = visitor("operator").sign_in(EMAIL.format("un"), PASSWORD).look("home")
    open_a_call(un, call)

    supplier = visitor("supplier")
    sign_up(supplier, "supplier", "여정솔루션 (합성)", "journey-supplier@example.kr")
    list_oneself(supplier)
    approve_listing(un, "여정솔루션 (합성)")

    firm = visitor("firm")
    firm.go("/precheck").look("precheck")
    sign_up(firm, "company", "여정정공 (합성)", "journey@example.kr")
    describe_the_company(firm)
    answer_every_item(firm)
    firm.go("/matching").look("matching-before")
    assert "(합성)" in firm.text
    number = apply(firm, call)
    firm.go("/applications").look("applications")

    ask_for_supplement(un, number)
    answer_supplement(firm)
    pass_to_evaluation(un, number)
    assign_two_evaluators(un, number)
    review(visitor("pyeong"), "pyeong", number, confirms=True)
    review(visitor("nam"), "nam", number, confirms=False)
    decide(visitor("jang"), number)

    own_case(firm).look("case-decided")
    firm.go("/home").look("home-decided").go("/matching").look("matching-after")
    consult(firm, supplier)

    un.go("/applications/queue?status=").look("queue")
    open_case(un, number).look("operator-case").press("처리 이력").look("trail")
    gam = visitor("auditor").sign_in(EMAIL.format("gam"), PASSWORD).look("home").go("/audit").look("audit")
    assert "application.submit" in gam.text or "decision" in gam.text
    verify_audit(portal)


def open_a_call(un: Visitor, title: str) -> None:
    un.go("/operator/calls").look("calls").go("/operator/calls/new").look("call-new")
    un.press_in("form:has([name=title_ko])").look("call-new-refused")
    now = date.today()
    un.fill(
        programme="AUTOM",
        title_ko=title,
        title_en="Journey call: automation (synthetic)",
        tiers=["BASIC"],
        opens_at=f"{now - timedelta(days=1)}T09:00",
        closes_at=f"{now + timedelta(days=20)}T18:00",
        budget="500,000",
        reviews="2",
        summary_ko="합성(예시) 안내문입니다.",
        contact="운영기관 1357",
    ).press_in("form:has([name=title_ko])").look("call-open")
    assert "접수 중" in un.text


def list_oneself(supplier: Visitor) -> None:
    supplier.go("/supplier/listing").look("listing-empty")
    supplier.fill(
        summary="합성(예시) 프레스 자동화와 MES를 짓습니다",
        description="합성(예시) 프레스와 사출 공정의 자동화 경험이 많습니다. 현장 교육과 사후관리를 함께 합니다.",
        founded_year="2011",
        engineers="9",
        sectors=["25"],
        regions=["nationwide"],
        open_slots="2",
        lead_weeks="6",
        aftercare_hours="24",
        contact_name="강공급",
        contact_email="hello@journey.example",
    )
    supplier.fill(**{"capabilities-MES": "4", "capabilities-AUTO": "4"})
    supplier.press_in("form:has([name=summary])").look("listing-saved")
    supplier.press("승인 요청").look("listing-pending")


def approve_listing(un: Visitor, name: str) -> None:
    un.go("/operator/listings").look("listings")
    un.page.locator("main a[href*='/operator/listings/']").filter(has_text=name).first.click()
    un.look("listing-review").press_in("form[action$='/approve']").look("listing-approved")


def ask_for_supplement(un: Visitor, number: str) -> None:
    open_case(un, number).look("case-received")
    un.press_in("form[action$='/begin-check']").look("case-checking")
    un.press("보완 요청").look("return")
    un.fill(
        message="합성(예시) 기대 효과를 숫자로 적어 주세요.",
        parts=["plan"],
        due_on=(date.today() + timedelta(days=7)).isoformat(),
    ).press_in("form:has([name=message])")
    un.look("case-returned")


def open_case(un: Visitor, number: str) -> Visitor:
    un.go("/applications/queue")
    un.page.locator("main tr, main li, main article").filter(has_text=number).first.get_by_role("link").first.click()
    return un


def own_case(firm: Visitor) -> Visitor:
    firm.go("/applications")
    firm.page.locator("main a[href^='/applications/']:not([href*='/applications/new'])").first.click()
    return firm


def answer_supplement(firm: Visitor) -> None:
    own_case(firm).look("case-supplement").press("고치고 보내기").look("supplement")
    firm.page.locator("main a[href*='/edit/plan']").first.click()
    firm.look("supplement-plan").fill(effect=LONG + " 불량률을 5200ppm에서 3000ppm으로 낮춥니다.")
    firm.press_in("form:has([name=version])", "button[name=do]").look("supplement-ready")
    firm.fill(answer="효과를 숫자로 고쳤습니다.").press_in("form:has([name=answer])").look("supplement-sent")


def pass_to_evaluation(un: Visitor, number: str) -> None:
    open_case(un, number)
    if un.page.locator("main form[action$='/begin-check']").count():
        un.press_in("form[action$='/begin-check']")
    un.press_in("form[action$='/accept']").look("case-accepted")


def assign_two_evaluators(un: Visitor, number: str) -> None:
    un.go("/operator/assignments").look("assignments")
    un.page.locator("main tr, main li, main article").filter(has_text=number).first.get_by_role("link").first.click()
    un.look("assign")
    people = [box.get_attribute("value") for box in un.page.locator("main input[name=evaluators]").all()]
    assert len(people) >= 2
    un.fill(evaluators=people[:2], due=(date.today() + timedelta(days=10)).isoformat())
    chair = un.page.locator("main select[name=chair] option").last.get_attribute("value")
    un.fill(chair=chair).press_in("form#assign").look("assigned")


def review(who: Visitor, name: str, number: str, *, confirms: bool) -> None:
    who.sign_in(EMAIL.format(name), PASSWORD).look("home").go("/evaluation/queue").look("queue")
    who.page.locator("main tr, main li, main article").filter(has_text=number).first.get_by_role("link").first.click()
    who.look("declaration").fill(no_conflict=True).press_in("form#open").look("items")
    assert who.page.locator("main").get_by_text("산정 유형").count() == 0, "the suggestion shows before the own score"
    if not confirms:  # who overrides the machine corrects an item first, and says why
        code = who.page.locator("main .case-item").first.get_attribute("id")
        who.fill(**{f"{code}_verdict": "correct"}).fill(**{f"{code}_level": "0", f"{code}_note": LONG})
    who.press_in("form#items", "button[name=accept][value=all]").look("items-accepted")
    who.press_in("form#items", "button[name=action][value=next]").look("score")
    for field in who.page.locator("main input[name$=_points]").all():
        most = field.locator("xpath=following::*[starts-with(normalize-space(), '/')][1]").inner_text()
        field.fill(str(int(int(most.strip("/ ")) * 0.8)))
    for field in who.page.locator("main textarea[name$=_comment]").all():
        field.fill(LONG)
    who.fill(comment=LONG, own_tier="BASIC").press_in("form#scores", "button[name=action][value=lock]").look("final")
    assert "고도화" in who.text
    # the machine says ADVANCED: one evaluator comes round to it, the other stays with the own view and says why
    who.fill(final_tier="ADVANCED" if confirms else "BASIC", reason="" if confirms else LONG)
    who.page.locator("main [name=then]").set_checked(False)
    who.press_in("form#final", "button[name=action][value=submit]").look("submitted")
    assert who.h1 == "내 평가", who.text


def decide(jang: Visitor, number: str) -> None:
    jang.sign_in(EMAIL.format("jang"), PASSWORD).look("home").go("/evaluation/decisions").look("decisions")
    jang.page.locator("main tr, main li, main article").filter(has_text=number).first.get_by_role("link").first.click()
    jang.look("decide")
    outcome = jang.page.locator("main [name=outcome]").first.get_attribute("value")
    jang.fill(tier="BASIC", outcome=outcome, reason=LONG)
    for box in jang.page.locator("main [name=items]").all()[:1]:
        box.set_checked(True, force=True)
    jang.press_in("form#decision").look("decided")
    assert jang.page.locator("form#decision").count() == 0, jang.text


def consult(firm: Visitor, supplier: Visitor) -> None:
    """Ask a matched supplier, exchange words, and both close with an outcome."""
    firm.go("/suppliers").look("directory").fill(q="여정솔루션").press_in("form[role=search], form:has([name=q])")
    firm.look("directory-found").press("여정솔루션 (합성)").look("supplier")
    firm.page.locator("main a[href$='/consultation']").first.click()
    firm.look("ask")
    topic = firm.page.locator("main [name=topic]").first.get_attribute("value")
    firm.fill(topic=topic, need=LONG).press_in("form:has([name=need])").look("asked")

    supplier.go("/consultations").look("consultations")
    supplier.page.locator("main table a[href*='/consultations/']").first.click()
    supplier.look("request").press_in("form[action$='/accept']").look("accepted")
    supplier.fill(text="안녕하세요. 다음 주에 현장을 보고 말씀드리겠습니다.").press_in("form:has([name=text])")
    supplier.look("thread")
    firm.page.reload()
    firm.fill(text="화요일 오후가 좋습니다.").press_in("form:has([name=text])").look("thread")
    for who in (firm, supplier):
        who.page.reload()
        outcome = who.page.locator("main [name=outcome]").first.get_attribute("value")
        who.fill(outcome=outcome).press_in("form[action$='/outcome']").look("closed")
    firm.page.reload()
    firm.look("closed-by-both")


def verify_audit(portal: Portal) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "portal", "verify-audit"],
        cwd=ROOT, env=portal.environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


# --- the firm's own path, elsewhere ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "options"),
    [
        ("phone", {"width": 360}),
        ("english", {"language": "en"}),
        ("plain", {"js": False}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_firms_path(visitor, where: str, options: dict[str, Any]):
    firm = visitor("firm", **options)
    sign_up(firm, "company", f"{where} 정공 (합성)", f"{where}@example.kr")
    describe_the_company(firm)
    answer_every_item(firm)
    firm.go("/matching").look("matching")
    apply(firm)
    firm.go("/applications").look("applications")
