"""The offline score sheet: what leaves, and that of what comes back only the own, whole and unaltered is taken over."""

import io
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook

from portal.base import clock
from portal.base.access import NotVisible, RuleBroken
from portal.base.db import session
from portal.evaluation import service, takeaway
from portal.evaluation.models import PhaseRow, Review, SheetImport
from portal.evaluation.phases import PhaseKind
from portal.evaluation.rules import RecusalReason
from tests.client import Page
from tests.factories import evaluation as make


class Sheet:
    """A taken-along workbook as a person edits it."""

    def __init__(self, content):
        self.book = load_workbook(io.BytesIO(content))
        self.page = self.book.worksheets[0]

    def row(self, code, number=None):
        return next(
            row[0].row
            for row in self.page.iter_rows(min_row=2)
            if row[8].value == code and number in (None, row[0].value)
        )

    def set(self, code, column, value, number=None):
        self.page.cell(self.row(code, number), column).value = value
        return self

    def bytes(self):
        out = io.BytesIO()
        self.book.save(out)
        return out.getvalue()


@pytest.fixture
def pyeong(actor, case, panel):
    make.opened(actor("pyeong"), case)
    return actor("pyeong")


@pytest.fixture
def sheet(pyeong):
    return Sheet(takeaway.take_along(pyeong))


def brought(who, sheet):
    return takeaway.upload(who, io.BytesIO(sheet if isinstance(sheet, bytes) else sheet.bytes()), "평가표.xlsx")


def report(who, sheet):
    return takeaway.compare(who, brought(who, sheet))


def codes(found):
    return {(one.title, one.verdict.code) for one in found.refused}


def review_of(who, case):
    session.rollback()
    return session.scalar(
        sa.select(Review).where(Review.assignment_id == make.assignment_of(who, case).id)
    )


def test_only_own_opened_and_unlocked_cases_leave(actor, client_as, case, panel, bora):
    with pytest.raises(RuleBroken, match="offline_nothing"):
        takeaway.take_along(actor("pyeong"))
    make.opened(actor("pyeong"), case)
    make.opened(bora, case)
    content = takeaway.take_along(actor("pyeong"))
    page = Sheet(content).page
    mine = make.assignment_of(actor("pyeong"), case).key
    assert {row[7].value for row in page.iter_rows(min_row=2)} == {mine}
    assert make.assignment_of(bora, case).key.encode() not in content
    assert bora.name.encode() not in b"".join(cell.encode() for row in page.values for cell in map(str, row))
    assert page.protection.sheet
    open_columns = {cell.column_letter for row in page.iter_rows(min_row=2) for cell in row if not cell.protection.locked}
    assert open_columns == {"E", "F", "G"}
    assert all(page.column_dimensions[one].hidden for one in "HIJK")
    assert client_as("hana").get("/evaluation/offline").status_code == 403


def test_a_filled_sheet_is_looked_at_first_and_then_taken_over_once(pyeong, case, sheet):
    sheet.set("NEED", 5, 12.5).set("NEED", 7, "손실 자료가 뚜렷함").set("SUPPLIER", 6, "O").set("_comment", 7, "+합계 없음")
    sheet.set("_tier", 5, "고도화").set("FIT", 5, "19점")
    imported = brought(pyeong, sheet)
    found = takeaway.compare(pyeong, imported)
    assert (len(found.changed), found.refused, found.blocked) == (5, [], 0)
    assert review_of(pyeong, case).scores == {}
    imported = session.scalar(sa.select(SheetImport))
    assert takeaway.take_over(pyeong, imported, found.digest) == 1
    review = review_of(pyeong, case)
    assert review.points == {"NEED": 12.5, "SUPPLIER": None, "FIT": 19}
    assert (review.comment, review.own_tier.value, review.scored["NEED"].comment) == ("+합계 없음", "ADVANCED", "손실 자료가 뚜렷함")
    version = review.version
    assert takeaway.take_over(pyeong, imported, "whatever") == 1
    assert review_of(pyeong, case).version == version


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda sheet: sheet.set("NEED", 5, 15.5), "offline_points"),
        (lambda sheet: sheet.set("NEED", 5, -1), "offline_points"),
        (lambda sheet: sheet.set("NEED", 5, "많이"), "offline_points"),
        (lambda sheet: sheet.set("NEED", 5, "nan"), "offline_points"),
        (lambda sheet: sheet.set("NEED", 6, "O"), "offline_na"),
        (lambda sheet: sheet.set("SUPPLIER", 6, "글쎄"), "offline_na_word"),
        (lambda sheet: sheet.set("SUPPLIER", 6, "O").set("SUPPLIER", 5, 3), "offline_both"),
        (lambda sheet: sheet.set("_tier", 5, "최고"), "offline_tier"),
        (lambda sheet: sheet.set("NEED", 7, "가" * 1001), "offline_text"),
        (lambda sheet: sheet.set("NEED", 4, 100), "offline_altered"),
        (lambda sheet: sheet.set("NEED", 1, "2026-999"), "offline_altered"),
        (lambda sheet: sheet.set("NEED", 9, "FIT"), "offline_altered"),
        (lambda sheet: sheet.set("NEED", 10, "0" * 16), "offline_altered"),
        (lambda sheet: sheet.set("NEED", 11, None), "offline_altered"),
        (lambda sheet: sheet.set("NEED", 9, "MADE"), "offline_foreign"),
        (lambda sheet: sheet.set("NEED", 8, "another-case"), "offline_foreign"),
        (lambda sheet: sheet.page.delete_rows(sheet.row("NEED")), "offline_missing"),
        (lambda sheet: sheet.page.append([cell.value for cell in sheet.page[sheet.row("NEED")]]), "offline_twice"),
        (lambda sheet: sheet.page.append(["남의 건", "기업", "항목", 15, 15]), "offline_foreign"),
    ],
)
def test_one_wrong_row_and_nothing_is_taken_over(pyeong, case, sheet, change, code):
    sheet.set("FIT", 5, 20)
    change(sheet)
    imported = brought(pyeong, sheet)
    found = takeaway.compare(pyeong, imported)
    assert code in {one.verdict.code for one in found.refused}
    assert found.blocked
    with pytest.raises(RuleBroken, match="offline_blocked"):
        takeaway.take_over(pyeong, imported, found.digest)
    assert review_of(pyeong, case).scores == {}


def test_a_locked_case_is_left_out_whole_and_the_others_go(actor, pyeong, case, sheet):
    other = make.in_evaluation(make.a_firm("둘째기업 (합성)"), actor("gong"), call=case.call)
    make.assigned(actor("un"), other, [pyeong, make.an_evaluator("이보라")], actor("jang"))
    make.opened(pyeong, other)
    sheet = Sheet(takeaway.take_along(pyeong))
    for number in (case.number, other.number):
        sheet.set("NEED", 5, 10, number).set("FIT", 5, 15, number)
    assignment = make.assignment_of(pyeong, case)
    service.save_review(
        pyeong, assignment, None, items=make.words(assignment), scores=make.points(0.8), comment="합성",
        own_tier=make.suggested(case),
    )  # fmt: skip
    service.lock_own_score(pyeong, assignment, None)
    imported = brought(pyeong, sheet)
    found = takeaway.compare(pyeong, imported)
    assert {(one.number, one.verdict.code) for one in found.refused} == {(case.number, "offline_locked")}
    assert (found.blocked, found.left_out, len(found.take)) == (0, 1, 1)
    assert takeaway.take_over(pyeong, imported, found.digest) == 1
    assert review_of(pyeong, case).points["NEED"] == 12
    assert review_of(pyeong, other).points == {"NEED": 10, "FIT": 15}


def test_what_was_changed_online_meanwhile_stays_and_takes_its_case_out(pyeong, case, sheet):
    sheet.set("NEED", 5, 10).set("FIT", 5, 15)
    service.save_review(pyeong, make.assignment_of(pyeong, case), None, scores={"NEED": {"points": 14, "comment": ""}})
    found = report(pyeong, sheet)
    assert [one.verdict.code for one in found.refused] == ["offline_changed_online", "offline_case_left"]
    assert found.take == {}
    # the same words on both sides are no conflict
    service.save_review(pyeong, make.assignment_of(pyeong, case), None, scores={"NEED": {"points": 10, "comment": ""}})
    assert report(pyeong, sheet).refused == []


def test_a_case_that_is_gone_or_decided_is_refused_row_by_row(actor, pyeong, case, panel, bora, sheet):
    sheet.set("NEED", 5, 10)
    service.recuse(pyeong, make.assignment_of(pyeong, case), RecusalReason.ADVICE)
    found = report(pyeong, sheet)
    assert {one.verdict.code for one in found.refused} == {"offline_gone"}
    assert (found.take, found.left_out) == ({}, 1)


def test_a_late_sheet_is_refused_row_by_row(pyeong, case, sheet):
    sheet.set("NEED", 5, 10)
    session.add(
        PhaseRow(call_id=case.call_id, kind=PhaseKind.WRITTEN, closes_on=clock.today() - timedelta(days=1))
    )
    session.commit()
    found = report(pyeong, sheet)
    assert {one.verdict.code for one in found.refused} == {"evaluation_phase_over"}
    assert (found.take, found.blocked) == ({}, 0)


def test_a_sheet_of_somebody_else_is_not_read(actor, case, pyeong, bora, sheet):
    with pytest.raises(RuleBroken, match="offline_not_yours"):
        brought(bora, sheet)
    imported = brought(pyeong, sheet)
    with pytest.raises(NotVisible):
        takeaway.import_by_key(bora, imported.key)


@pytest.mark.parametrize("content", [b"PK\x03\x04 broken", b"hello", b""])
def test_what_is_no_workbook_is_refused_at_its_field(client_as, pyeong, content):
    browser = client_as("pyeong")
    answer = browser.post("/evaluation/offline", data={"file": (io.BytesIO(content), "평가표.xlsx")})
    assert answer.status_code == 422
    assert "file" in Page(answer).errors()


def test_a_workbook_of_another_kind_is_refused(pyeong):
    from openpyxl import Workbook

    out = io.BytesIO()
    Workbook().save(out)
    with pytest.raises(RuleBroken, match="offline_unreadable"):
        brought(pyeong, out.getvalue())


def test_the_whole_way_by_forms(client_as, pyeong, case):
    browser = client_as("pyeong")
    assert "1건" in browser.page("/evaluation/offline").text
    answer = browser.post("/evaluation/offline/sheet", data={"call": ""})
    assert answer.mimetype == takeaway.MEDIA_TYPE
    assert "attachment" in answer.headers["Content-Disposition"]
    sheet = Sheet(answer.data).set("NEED", 5, 11)
    answer = browser.post("/evaluation/offline", data={"file": (io.BytesIO(sheet.bytes()), "평가표.xlsx")})
    where = answer.headers["Location"]
    page = browser.page(where)
    assert re.search(r"옮길 건\s*1\s*건", page.text)
    service.save_review(pyeong, make.assignment_of(pyeong, case), None, comment="그사이 적은 글")
    stale = browser.submit(page)
    assert (stale.status_code, "다시 견주었습니다" in stale.get_data(as_text=True)) == (422, True)
    assert browser.submit(Page(stale)).status_code == 302
    assert review_of(pyeong, case).points == {"NEED": 11}
    assert "점수를 옮겼습니다" in browser.page(where).text
