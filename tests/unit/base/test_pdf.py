"""Paper is searchable Korean text, repeatable, and names nobody."""

import io
import subprocess
import sys
from datetime import UTC, datetime

from pypdf import PdfReader

from portal.base import pdf as pdf_room
from portal.base.pdf import document
from tests.papers import pages_of

MADE = datetime(2026, 7, 1, 3, 0, tzinfo=UTC)


def receipt(**kwargs):
    pdf = document("신청 접수증", "ko", footer="스마트제조 포털 (예시)", **kwargs)
    pdf.heading("접수 내용").facts([("접수번호", "2026-000123"), ("기업", "한빛정밀 (합성)"), ("비고", "")])
    pdf.paragraph("공고 마감 전에 접수되었습니다.\n문의는 운영기관으로 해 주세요.")
    pdf.table(["항목", "금액"], [["MES", "3억 2,000만원"], ["교육", "1,500만원"]], widths=(3, 1))
    return pdf


def test_text_is_extractable_and_complete():
    (page,) = pages_of(receipt(made_at=MADE).bytes())
    assert page == (
        "신청접수증접수내용접수번호2026-000123기업한빛정밀(합성)비고–"
        "공고마감전에접수되었습니다.문의는운영기관으로해주세요."
        "항목금액MES3억2,000만원교육1,500만원스마트제조포털(예시)1/1"
    )


def test_font_is_embedded_as_a_subset():
    data = receipt(made_at=MADE).bytes()
    fonts = PdfReader(io.BytesIO(data)).pages[0]["/Resources"]["/Font"]
    names = [font.get_object()["/BaseFont"] for font in fonts.values()]
    assert [name.split("+")[1] for name in names] == ["NotoSansKR"]
    assert len(data) < 40_000


def test_same_content_gives_the_same_bytes():
    assert receipt(made_at=MADE).bytes() == receipt(made_at=MADE).bytes()


def test_file_names_no_author():
    reader = PdfReader(io.BytesIO(receipt(made_at=MADE).bytes()))
    assert dict(reader.metadata) == {
        "/Title": "신청 접수증",
        "/Producer": "portal",
        "/CreationDate": "D:20260701030000Z",
    }
    assert reader.trailer["/Root"]["/Lang"] == "ko-KR"


def test_direction_overrides_and_control_characters_are_dropped():
    (page,) = pages_of(document("제목", "ko").paragraph("홍\u202egpj.\x00길동").bytes())
    assert page.startswith("제목홍gpj.길동")


def test_decomposed_hangul_is_printed_composed():
    (page,) = pages_of(document("\u1112\u1161\u11ab\u1100\u1173\u11af", "ko").bytes())
    assert page.startswith("한글")


def test_long_table_repeats_its_head_and_numbers_pages():
    pdf = document("목록", "en")
    pdf.table(["Item", "Amount"], [[f"row {n}", n] for n in range(80)])
    pages = pages_of(pdf.bytes())
    assert len(pages) > 1
    assert ["ItemAmount" in page for page in pages] == [True] * len(pages)
    assert [page.endswith(f"{n}/{len(pages)}") for n, page in enumerate(pages, 1)] == [True] * len(pages)


def test_importing_the_module_loads_no_printer():
    code = "import sys, portal.base.pdf; print(sorted({'fpdf', 'PIL', 'fontTools'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_rare_signs_are_printed_too_where_the_font_is_cut(tmp_path):
    """똠 and 一 are not among the everyday signs: the whole font comes to help."""
    pdf_room.configure(tmp_path)
    try:
        common, again = receipt(made_at=MADE).bytes(), receipt(made_at=MADE).bytes()
        (rare,) = pages_of(document("똠방 一 가나", "ko").paragraph("다라 餠").bytes())
    finally:
        pdf_room.configure(None)
    assert common == again
    assert pages_of(common) == pages_of(receipt(made_at=MADE).bytes())
    assert rare.startswith("똠방一가나다라餠")
    assert [path.name for path in tmp_path.iterdir()] == [pdf_room._COMMON]
