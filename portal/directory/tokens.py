"""Reading Korean as people type it: the four kinds of units that a text is searched by. Pure.

Morphemes find a word in any inflection, grams of two characters find it in spite of wrong spaces and small slips,
words without their particles reward what was typed as it stands, pairs of neighbouring morphemes reward phrases.
A unit is a number of 64 bits, its kind in the two highest: an index needs no table of words.

Source: the kinds and their weights were compared on Korean question → passage sets (docs/figures.md); the analyser is
mecab-ko, which loads in milliseconds because its dictionary is mapped from its file.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from hashlib import blake2b

import numpy as np

MOST_MARKS = 100_000
"""Longer texts are cut: no listing comes near it."""

_WORD = re.compile(r"[^\W_]+")
_OPEN_SYLLABLE = re.compile("([가-힣])([\u1100-\u1112])")
# The leading consonants, as the tails that they are when no vowel follows.
_TAILS = dict(
    zip("ᄀᄁᄂᄃᄅᄆᄇᄉᄊᄋᄌᄎᄏᄐᄑᄒ", (1, 2, 4, 7, 8, 16, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27), strict=True)
)
# Nouns, verbs, adjectives, roots, foreign words, numbers, Chinese characters; without auxiliaries and particles.
_KEPT = ("NN", "VV", "VA", "XR", "SL", "SN", "SH")
_PARTICLES = (
    "이라는 에서는 으로는 에서도 으로도 으로서 으로써 입니다 인가요 이든지 라는 이란 에는 로는 에도 로도 하는 하고 하여 "
    "해서 이다 였다 했다 된다 한다 하면 로서 로써 보다 처럼 마다 께서 한테 이랑 든지 조차 마저 밖에 와의 과의 에의 로의 "
    "에서 에게 까지 부터 으로 이나 인가 되는 란 은 는 이 가 을 를 의 에 와 과 도 로 만 나 랑 한 된"
).split()
_PARTICLES.sort(key=len, reverse=True)
# by their last letter, longest first: most of a hundred need not be tried
_BY_LAST = {last: [one for one in _PARTICLES if one[-1] == last] for last in {one[-1] for one in _PARTICLES}}


class Kind(IntEnum):
    MORPHEME = 0
    GRAM = 1
    WORD = 2
    PAIR = 3


WEIGHTS = (2.0, 1.0, 1.0, 0.75)
"""How much each kind counts, by `Kind`."""

_BITS = np.uint64(62)
_MASK = (1 << 62) - 1
_ANALYSERS = threading.local()


def fold(text: str) -> str:
    """Comparable text: full width, taken-apart syllables (ㄱㅡㅁ, NFD) and case make no difference."""
    text = unicodedata.normalize("NFKC", text[:MOST_MARKS]).casefold()
    return _OPEN_SYLLABLE.sub(_closed, text)


def _closed(found: re.Match[str]) -> str:
    """A syllable without a tail, and a consonant that stands alone after it, as one syllable."""
    syllable, consonant = found.groups()
    if (ord(syllable) - ord("가")) % 28 or consonant not in _TAILS:
        return found.group()
    return chr(ord(syllable) + _TAILS[consonant])


def words(folded: str) -> list[str]:
    """The words of a folded text, each without its particle."""
    return [_bare(word) for word in _WORD.findall(folded)]


def _bare(word: str) -> str:
    for particle in _BY_LAST.get(word[-1:], ()):
        if word.endswith(particle) and len(word) - len(particle) >= 2:
            return word[: -len(particle)]
    return word


def morphemes(folded: str) -> list[str]:
    """The morphemes that carry meaning, in their order."""
    from mecab import MeCab, MeCabError  # only who searches or indexes needs the dictionary
    from mecab.utils import create_lattice

    tagger = getattr(_ANALYSERS, "tagger", None)
    if tagger is None:
        tagger = _ANALYSERS.tagger = MeCab()._tagger  # one for each thread: it keeps the sentence that it reads
    # MeCab.pos makes an object of eight features for each morpheme, which takes as long as finding them
    lattice = create_lattice(folded)
    if not tagger.parse(lattice):
        raise MeCabError(tagger.what())
    return [node.surface for _, node in lattice if node.feature.startswith(_KEPT)]


@lru_cache(maxsize=2**16)
def _number(unit: str) -> int:
    return int.from_bytes(blake2b(unit.encode(), digest_size=8).digest(), "little") & _MASK


@dataclass(frozen=True)
class Units:
    """keys: uint64, with repetitions, in no order that matters; lengths: how many of each kind, by `Kind`."""

    keys: np.ndarray
    lengths: tuple[int, int, int, int]

    def __bool__(self) -> bool:
        return len(self.keys) > 0


def units(text: str) -> Units:
    """Everything that a text is found by."""
    folded = fold(text)
    typed = _WORD.findall(folded)
    kinds = (
        _numbers(morphemes(folded)) if typed else _numbers([]),
        _grams("".join(typed)),
        _numbers([_bare(word) for word in typed]),
    )
    kinds = (*kinds, _pairs(kinds[Kind.MORPHEME]))
    keys = np.concatenate([part | (np.uint64(kind) << _BITS) for kind, part in enumerate(kinds)])
    return Units(keys, tuple(len(part) for part in kinds))


def key_of(kind: Kind, unit: str) -> int:
    """The number of one morpheme or word."""
    return _number(unit) | (int(kind) << 62)


def kind_of(keys: np.ndarray) -> np.ndarray:
    return (keys >> _BITS).astype(np.int64)


def _numbers(parts: list[str]) -> np.ndarray:
    return np.fromiter(map(_number, parts), dtype=np.uint64, count=len(parts))


def _grams(packed: str) -> np.ndarray:
    """Two neighbouring characters as one number, across the spaces, because people set them as they like."""
    marks = np.frombuffer(packed.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    return (marks[:-1] << np.uint64(21)) | marks[1:]


def _pairs(numbers: np.ndarray) -> np.ndarray:
    mixed = numbers[:-1] * np.uint64(0x9E3779B97F4A7C15) + numbers[1:]  # wraps; the order of the two matters
    return mixed & np.uint64(_MASK)
