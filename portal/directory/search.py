"""Finding a listing by what people type: loose Korean, wrong spaces, English and Korean names of one thing. Pure.

A query is read into units. A unit is a technology (any of its names, Korean or English, found as the longest match)
or a word that is left over. A listing matches when at least half of the units do; units that match weigh more than
how well they match, so that two names of the same technology give the same list in the same order.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Document:
    """A listing as the search sees it."""

    # technology → how strongly: merely mentioned 0.5, declared 1, with verified builds up to 1.5. The level that a
    # supplier gives itself counts nothing here: exaggerating must not lead upwards.
    technologies: Mapping[str, float]
    text: str
    grams: frozenset[str]


def document(
    declared: Iterable[str], text: str, labels: str, thesaurus: Thesaurus, proven: Mapping[str, int] | None = None
) -> Document:
    """Read a listing once; kept until its next version.

    proven: technology → number of verified builds with it
    text  : the supplier's own words, searched for names of technologies and for words
    labels: names of its industries and regions, searched for words only
    """
    folded = fold(text)
    named, _ = thesaurus.find(folded)
    strengths = {code: 0.5 for codes in named for code in codes}
    strengths.update(dict.fromkeys(declared, 1.0))
    strengths.update({code: 1 + 0.5 * builds / (builds + 2) for code, builds in (proven or {}).items() if builds})
    packed = f"{folded} {fold(labels)}".replace(" ", "")
    return Document(strengths, packed, grams(packed))


def grams(packed: str) -> frozenset[str]:
    return frozenset(packed[place : place + 2] for place in range(len(packed) - 1))


@dataclass(frozen=True)
class Hit:
    """One listing found: its score and which units of the question it answers."""

    id: int
    score: float
    technologies: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass
class _Tally:
    """How many listings hold a word: rare words weigh more."""

    total: int
    holding: dict[str, int] = field(default_factory=dict)

    def weight(self, word: str) -> float:
        return math.log(1 + self.total / (1 + self.holding.get(word, 0)))


def rank(question: Question, documents: Mapping[int, tuple[str, Document]]) -> list[Hit]:
    """Score every document; best first, equal scores by id.

    documents : id → (folded name of the supplier, document)
    Complexity: one pass over the documents for each unit.
    """
    coverage = {
        word: {key: share for key, (name, doc) in documents.items() if (share := _coverage(word, name, doc)) > 0}
        for word in question.words
    }
    tally = _Tally(len(documents), {word: len(found) for word, found in coverage.items()})
    units = len(question.technologies) + len(question.words)
    hits = []
    for key, (_, doc) in documents.items():
        codes, words, score = [], [], 0.0
        for group in question.technologies:
            best = max(((doc.technologies.get(code, 0.0), code) for code in sorted(group)), default=(0.0, ""))
            if best[0] > 0:
                codes.append(best[1])
                score += best[0]
        for word in question.words:
            if share := coverage[word].get(key, 0.0):
                words.append(word)
                score += share * min(tally.weight(word), 3.0) / 3.0
        matched = len(codes) + len(words)
        if matched and 2 * matched >= units:
            hits.append(Hit(key, round(10 * matched + score, 6), tuple(codes), tuple(words)))
    return sorted(hits, key=lambda hit: (-hit.score, hit.id))


def _coverage(word: str, name: str, doc: Document) -> float:
    """How much of a word a document holds: whole in the name 2, whole 1, by most of its letter pairs less."""
    if word in name:
        return 2.0
    if word in doc.text:
        return 1.0
    pairs = grams(word)
    if len(pairs) < 2:
        return 0.0
    share = len(pairs & (doc.grams | grams(name))) / len(pairs)
    return share / 2 if share >= 0.6 else 0.0


@lru_cache(maxsize=4)
def thesaurus_of(technologies: tuple[tuple[str, tuple[str, ...]], ...]) -> Thesaurus:
    return Thesaurus(technologies)
