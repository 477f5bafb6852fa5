"""What nobody may slip past the portal, in every disguise, and what has to stay readable."""

import time

import pytest

from portal.base.masking import masked


@pytest.mark.parametrize(
    "text",
    [
        "kim@firm.example 으로", "kim (at) firm.example", "KIM＠firm.co.kr", "ｋｉｍ＠ｆｉｒｍ．ｃｏ．ｋｒ", "kim[at]firm[dot]co[dot]kr",
        "kim\u200b@\u200bfirm.com", "kim\u00ad@firm.com", "kim@firm。com", "kim 골뱅이 firm.com", "kim at firm dot com",
        "k i m @ f i r m . c o m", "https://open.kakao.com/o/firm", "www.firm.co.kr", "카톡 아이디: firm12345678",
        "kim@firm.com_견적.pdf",
    ],
)  # fmt: skip
def test_addresses_are_masked(text):
    shown = masked(text)
    assert "○○○" in shown
    assert not any(secret in shown.casefold() for secret in ("kim", "firm", "ｆｉｒｍ", "f i r m", "@f"))


@pytest.mark.parametrize(
    "text",
    [
        "010-1234-5678", "01012345678", "010 - 1234 - 5678", "010–1234–5678", "０１０－１２３４－５６７８", "010\u200b1234\u200b5678",
        "010/1234/5678", "010·1234·5678", "견적_010_1234_5678.pdf", "0 1 0 1 2 3 4 5 6 7 8", "공일공 일이삼사 오육칠팔",
        "공일공-1234-5678", "O1O-1234-5678", "전화는 사010-1234-5678", "031-234-5678로 전화", "+82 10-1234-5678",
        "+821012345678", "02.555.0199", "021234567", "1588-1234",
    ],
)  # fmt: skip
def test_numbers_are_masked(text):
    shown = masked(text)
    assert "○○○-○○○○" in shown
    assert not any(secret in shown for secret in ("1234", "１２３４", "1 2 3", "일이삼", "234", "555"))


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22까지", "예산 3,000만원", "설비 12대, 불량 1.5%", "ISO 9001-2015", "123-45-67890", "1,200 - 1,500만원",
        "5000 ~ 7000만원, 2026 2027년", "이사 오기 일주일 전에", "look at this. 다음 주", "라인 3개, 설비 10대 2026-11-23 10:00",
    ],
)  # fmt: skip
def test_everything_else_stays(text):
    assert masked(text) == text


@pytest.mark.parametrize("pump", ["a", "1", "a.", "a@a.", "0 ", "-", "가", "영", "+82", "at ", "a@ "])
def test_a_long_text_costs_what_its_length_costs(pump):
    """Planted: patterns that begin anew at every character took a second for ten thousand."""
    began = time.process_time()
    masked(pump * (10_000 // len(pump)))
    assert time.process_time() - began < 0.3
