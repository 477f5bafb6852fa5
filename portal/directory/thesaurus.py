"""Reading what people type as technologies: any of their names, Korean or English, whatever the spaces. Pure.

A technology is found as the longest match of any of its names; the words that are left over stay words. Query and
listing then speak of a technology by one made-up word (`sign_of`), so that all its names find the same listings in the
same order.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

MAX_QUERY = 200
MAX_UNITS = 12

_SPLIT = re.compile(r"[^\w]+|_+", re.UNICODE)
_PARTICLES = (
    "에서는", "에서", "으로", "하는", "하고", "까지", "부터", "라는", "에게", "이나", "입니다", "있는", "해주는",
    "을", "를", "은", "는", "이", "가", "의", "에", "와", "과", "도", "로", "나", "만", "용",
)  # fmt: skip
_STOP = frozenset(
    "업체 회사 기업 공급기업 공급업체 전문기업 전문업체 시스템 솔루션 구축 도입 설치 추천 찾기 찾아요 찾습니다 필요 필요해요 "
    "잘하는 가능한 하는 있는 관련 및 그리고 또는 좀 the a an of for in and or company supplier system solution".split()
)


def fold(text: str) -> str:
    """Comparable text: NFKC (full width, decomposed jamo), lower case, words apart by one space."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(part for part in _SPLIT.split(text) if part)


def _is_latin(mark: str) -> bool:
    return mark.isascii() and mark.isalnum()


@dataclass(frozen=True)
class _Packed:
    """A folded text without spaces, and where its words began and ended."""

    text: str
    starts: frozenset[int]
    ends: frozenset[int]


def _pack(folded: str) -> _Packed:
    starts, ends, place = [], [], 0
    for word in folded.split():
        starts.append(place)
        place += len(word)
        ends.append(place)
    return _Packed(folded.replace(" ", ""), frozenset(starts), frozenset(ends))


class Thesaurus:
    """Every name of every technology, folded, longest first."""

    def __init__(self, technologies: Iterable[tuple[str, Sequence[str]]]):
        names: dict[str, set[str]] = {}
        for code, words in technologies:
            for word in words:
                if packed := fold(word).replace(" ", ""):
                    names.setdefault(packed, set()).add(code)
        self._names = [
            (name, frozenset(codes)) for name, codes in sorted(names.items(), key=lambda one: (-len(one[0]), one[0]))
        ]

    @property
    def names(self) -> list[str]:
        """Every name, folded and without spaces."""
        return [name for name, _ in self._names]

    def find(self, folded: str) -> tuple[list[frozenset[str]], list[str]]:
        """The technologies named in a folded text, in its order, and the words that are left over."""
        packed = _pack(folded)
        taken = [False] * len(packed.text)
        found: list[tuple[int, frozenset[str]]] = []
        for name, codes in self._names:
            place = packed.text.find(name)
            while place >= 0:
                end = place + len(name)
                free = not any(taken[place:end])
                if (free or _is_set_in_korean(packed.text, place, end)) and _stands_alone(packed, place, end):
                    found.append((place, codes))
                    taken[place:end] = [True] * (end - place)
                place = packed.text.find(name, place + 1)
        seen: dict[frozenset[str], None] = {}
        for _, codes in sorted(found, key=lambda one: (one[0], sorted(one[1]))):
            seen.setdefault(codes)
        return list(seen), _left_over(folded, taken)


def _is_set_in_korean(text: str, start: int, end: int) -> bool:
    """Whether a Latin name sits inside a Korean one: "클라우드mes" names MES too, "공장보안" does not name 보안."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return text[start:end].isascii() and any(mark and not mark.isascii() for mark in (before, after))


def _stands_alone(packed: _Packed, start: int, end: int) -> bool:
    """Whether a stretch is a word of its own: Latin names by their edges, Korean ones unless they bridge two words."""
    text = packed.text
    if _is_latin(text[start]) and start > 0 and _is_latin(text[start - 1]) and start not in packed.starts:
        return False
    if _is_latin(text[end - 1]) and end < len(text) and _is_latin(text[end]) and end not in packed.ends:
        return False
    if not any(start < edge < end for edge in packed.starts):
        return True
    if start not in packed.starts:
        return False
    return end in packed.ends or any(
        text.startswith(particle, end) and end + len(particle) in packed.ends for particle in _PARTICLES
    )


def _left_over(folded: str, taken: Sequence[bool]) -> list[str]:
    words, place = [], 0
    for word in folded.split():
        kept = "".join(" " if taken[place + offset] else mark for offset, mark in enumerate(word))
        words += kept.split()
        place += len(word)
    return [stripped for word in words if (stripped := _strip(word)) and stripped not in _STOP]


def _strip(word: str) -> str:
    if word in _PARTICLES or word in _STOP:
        return ""
    for particle in _PARTICLES:
        if word.endswith(particle) and len(word) - len(particle) >= 2:
            return word[: -len(particle)]
    return word


@dataclass(frozen=True)
class Question:
    """What a typed query asks for."""

    technologies: tuple[frozenset[str], ...] = ()
    words: tuple[str, ...] = ()
    was_cut: bool = False

    @property
    def is_empty(self) -> bool:
        return not self.technologies and not self.words


def read(text: str, thesaurus: Thesaurus) -> Question:
    """Read a typed query; beyond `MAX_QUERY` characters it is cut, which the page says."""
    folded = fold(text[:MAX_QUERY])
    codes, words = thesaurus.find(folded)
    words = list(dict.fromkeys(words))
    if not codes and not words:  # only filler ("시스템", "company"): better to look for it than for nothing
        words = list(dict.fromkeys(folded.split()))
    return Question(tuple(codes[:MAX_UNITS]), tuple(words[:MAX_UNITS]), len(text) > MAX_QUERY)


@lru_cache(maxsize=4)
def thesaurus_of(technologies: tuple[tuple[str, tuple[str, ...]], ...]) -> Thesaurus:
    return Thesaurus(technologies)


def sign_of(code: str) -> str:
    """The word that stands for a technology in the index: nobody types it, and no analyser takes it apart."""
    return "x" + "".join(mark for mark in code.lower() if mark.isalnum())
