"""Texts without what leads past the portal: mail addresses, telephone numbers, links and names of messengers. Pure.

People who want to slip one through write it in full width, with invisible marks, letter by letter, as words (골뱅이, 공일공)
or with look-alikes. What is looked at is therefore a plain copy of the text; what is masked is the same stretch of the
text itself. Every pattern is bounded, so that a text costs what its length costs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

MAIL, PHONE, LINK = "○○○@○○○", "○○○-○○○○", "○○○"

_SPACED = re.compile(r"(?<!\S)(?:[\x21-\x7e공영일이삼사오육칠팔구]\s){3,}[\x21-\x7e공영일이삼사오육칠팔구](?!\S)")
_LOOK_ALIKE = str.maketrans("。•∙●⁃‐‑‒–—―−", "..." + "." + "-" * 8)
_DIGITS = str.maketrans("공영일이삼사오육칠팔구OoIl|", "00123456789" + "00111")

_AT = re.compile(r"@|[\[({<]\s{0,3}(?:at|앳|에트|골뱅이)\s{0,3}[\])}>]|골뱅이|(?<=\s)at(?=\s)", re.IGNORECASE)
_DOT = (
    r"(?:\s{0,2}[.,·]\s{0,2}|\s{0,2}[\[({<]\s?(?:dot|닷|쩜|점)\s?[\])}>]\s{0,2}|\s{1,2}(?:dot|닷|쩜|점)\s{1,2}|닷|쩜)"
)
_LABEL = r"[^\W_](?:[\w-]{0,61}?[^\W_])??"
_PARTS = rf"(?:{_DOT}[\w-]{{1,63}})"
_SOME_DOMAIN = re.compile(rf"\s{{0,3}}[\w-]{{1,63}}{_PARTS}{{0,6}}", re.IGNORECASE)
_DOTTED_DOMAIN = re.compile(rf"\s{{0,3}}[a-z0-9-]{{1,63}}{_PARTS}{{1,6}}", re.IGNORECASE)
_KNOWN_DOMAIN = re.compile(
    rf"\s{{0,3}}{_LABEL}(?:{_DOT}{_LABEL}){{0,4}}{_DOT}(?:com|net|org|kr|io|biz|info|co|ai|dev|me|app|한국)(?![a-z])",
    re.IGNORECASE,
)
_LOCAL = frozenset(".+-_")

_S = r"[\W_]{0,3}"
_PHONE = re.compile(
    rf"(?<!\d)0{_S}1{_S}[016-9]{_S}\d{{3,4}}{_S}\d{{4}}"
    rf"|(?<!\d)0{_S}(?:2|[3-6]\d|[578]0\d?){_S}\d{{3,4}}{_S}\d{{4}}(?!\d)"
    rf"|\+?(?<!\d)82{_S}0?{_S}(?:1[016-9]|2|[3-6]\d|70){_S}\d{{3,4}}{_S}\d{{4}}(?!\d)"
    r"|(?<!\d)1(?:5(?:22|33|44|51|66|77|88|99)|6(?:44|6[0168]|70|88)|8(?:11|33|55|77|99))[-.\s]?\d{4}(?!\d)",
    re.ASCII,
)
_LINK = re.compile(
    r"(?:https?://|www\.)[^\s<>\"']{1,2000}|(?:open|pf)\.kakao\.com[^\s<>\"']{0,2000}"
    r"|(?:카톡|카카오톡|kakao(?:talk)?|텔레그램|telegram|라인|line)\s{0,2}(?:아이디|id)\s{0,2}[:은는]?\s{0,2}[a-z0-9_.-]{3,64}",
    re.IGNORECASE,
)


def masked(text: str) -> str:
    """A text without addresses and numbers, for who may not yet know how to reach the other."""
    plain, places = _plain(text)
    found = [(span, LINK) for span in _spans(_LINK, plain)]
    found += [(span, MAIL) for span in _addresses(plain)]
    found += [(span, PHONE) for read in (plain, plain.translate(_DIGITS)) for span in _spans(_PHONE, read)]
    kept, done = [], 0
    for (start, stop), sign in sorted(found):
        first, last = places[start], places[stop - 1] + 1
        if last <= done:
            continue
        if first >= done:
            kept += [text[done:first], sign]
        done = last
    return "".join([*kept, text[done:]])


def _plain(text: str) -> tuple[str, list[int]]:
    """The text as it is meant, and where each of its characters stands in the text itself."""
    marks: list[str] = []
    places: list[int] = []
    for place, mark in enumerate(text):
        if unicodedata.category(mark) in ("Cf", "Mn", "Cc") and mark not in "\n\t":
            continue
        for one in unicodedata.normalize("NFKC", mark).translate(_LOOK_ALIKE):
            marks.append(str(unicodedata.digit(one, one)))
            places.append(place)
    plain = "".join(marks)
    dropped = {
        at for start, stop in _spans(_SPACED, plain) for at in range(start, stop) if plain[at].isspace()
    }  # letter by letter
    if dropped:
        kept = [at for at in range(len(plain)) if at not in dropped]
        return "".join(plain[at] for at in kept), [places[at] for at in kept]
    return plain, places


def _spans(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    return (one.span() for one in pattern.finditer(text))


def _addresses(plain: str) -> Iterator[tuple[int, int]]:
    for sign in _AT.finditer(plain):
        sure = _SOME_DOMAIN if sign[0] == "@" else _DOTTED_DOMAIN
        domain = (_KNOWN_DOMAIN if sign[0].casefold() == "at" else sure).match(plain, sign.end())
        start = sign.start()
        while start > 0 and sign.start() - start < 3 and plain[start - 1].isspace():
            start -= 1
        end_of_name = start
        while start > 0 and (plain[start - 1].isalnum() or plain[start - 1] in _LOCAL):
            start -= 1
        if domain is not None and start < end_of_name:
            yield start, domain.end()
