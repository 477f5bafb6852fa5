"""How well an evaluator's knowledge fits an application: what the draw maximises once conflicts are out.

0.55 text + 0.25 technology + 0.20 industry. Only the best arcs of each application are kept. Only the worker, commands
and tests import this room: it needs numpy, scipy and scikit-learn.

Source: the portal's own evaluation rules; the weights were chosen on synthetic calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, vstack

from portal.base.words import Words, say

TEXT, TECHNOLOGY, INDUSTRY = 0.55, 0.25, 0.20
TOP = 60
"""Arcs kept for each application."""
LONGEST_TEXT = 4000
BLOCK = 2000
DECIMALS = 6
"""Affinities are rounded, so that the frozen question of a draw is the same on every machine."""
HIGH_FROM, MIDDLE_FROM = 0.90, 0.50
"""Bands are quantiles over all pairs of the call: better than nine in ten, better than half."""
NEAR = {2: 0.4, 3: 0.6, 4: 0.8}
"""Industry: common leading digits of two codes where neither contains the other."""
SHARED_WORDS = 6

_WORD = re.compile(r"[0-9a-z가-힣]{2,}", re.IGNORECASE)


class Band(StrEnum):
    """A fit as operators read it: never a figure with decimals that promise more than they hold."""

    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"

    @property
    def label(self) -> Words:
        return BAND_LABELS[self]


BAND_LABELS = {
    Band.LOW: say("낮음", "Low"),
    Band.MIDDLE: say("보통", "Medium"),
    Band.HIGH: say("높음", "High"),
}


@dataclass(frozen=True)
class Applicant:
    """What is known of an application's subject. industry: KSIC code of 2–5 digits, "" where unknown."""

    id: int
    text: str
    technologies: frozenset[str] = frozenset()
    industry: str = ""


@dataclass(frozen=True)
class Expert:
    """What an evaluator says of the own field. industries: KSIC codes of 2–5 digits."""

    id: int
    text: str
    technologies: frozenset[str] = frozenset()
    industries: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Affinity:
    """The arcs of a call.

    matrix : CSR of float64 in [0, 1], shape (applicants, experts), the kept arcs only
    middle, high: from where a fit is called medium and high, over all pairs of the call
    """

    matrix: csr_matrix
    middle: float
    high: float
    _applicants: Sequence[Applicant] = field(repr=False)
    _experts: Sequence[Expert] = field(repr=False)
    _text: csr_matrix = field(repr=False)

    def band(self, value: float) -> Band:
        return band_of(value, self.middle, self.high)

    def evidence(self, row: int, column: int) -> dict[str, Any]:
        """Why a pair fits: the three parts, the shared technologies and words, the industry that matched."""
        applicant, expert = self._applicants[row], self._experts[column]
        found = self._text[row, column]
        return {
            "text": round(float(found), DECIMALS),
            "technology": round(technology_fit(applicant.technologies, expert.technologies), DECIMALS),
            "industry": industry_fit(applicant.industry, expert.industries),
            "technologies": sorted(applicant.technologies & expert.technologies),
            "industries": sorted(code for code in expert.industries if industry_fit(applicant.industry, {code}) > 0),
            "words": shared_words(applicant.text, expert.text),
        }


def band_of(value: float, middle: float, high: float) -> Band:
    return Band.HIGH if value >= high else Band.MIDDLE if value >= middle else Band.LOW


def technology_fit(needed: Collection[str], known: Collection[str]) -> float:
    """The share of the technologies of a plan that the evaluator knows; 0 where the plan names none."""
    return len(set(needed) & set(known)) / len(needed) if needed else 0.0


def industry_fit(code: str, known: Collection[str]) -> float:
    """1 where one of the evaluator's codes contains the firm's or is contained in it, less for near neighbours."""
    if len(code) < 2:
        return 0.0
    return max((_near(code, one) for one in known if len(one) >= 2), default=0.0)


def _near(one: str, other: str) -> float:
    short = min(len(one), len(other))
    common = next((at for at in range(short) if one[at] != other[at]), short)
    return 1.0 if common == short else NEAR.get(common, 0.0)


def shared_words(one: str, other: str) -> list[str]:
    """Words of the second text that the first one has too, endings aside; the longest first.

    Notes: two words are alike when they share their first two letters and at least half of the shorter one
    """
    heads: dict[str, set[str]] = {}
    for word in set(_WORD.findall(one.lower())):
        heads.setdefault(word[:2], set()).add(word)
    found = {
        word
        for word in set(_WORD.findall(other.lower()))
        if any(_alike(word, candidate) for candidate in heads.get(word[:2], ()))
    }
    return sorted(found, key=lambda word: (-len(word), word))[:SHARED_WORDS]


def _alike(one: str, other: str) -> bool:
    short = min(len(one), len(other))
    common = next((at for at in range(short) if one[at] != other[at]), short)
    return common >= 2 and 2 * common > short


def build(
    applicants: Sequence[Applicant],
    experts: Sequence[Expert],
    top: int = TOP,
    *,
    forbidden: csr_matrix | None = None,
    seed: int = 0,
    told: Callable[[int, int], None] | None = None,
) -> Affinity:
    """The best arcs of each application.

    forbidden: conflicts, shape (applicants, experts): each application still keeps `top` allowed arcs where it can
    seed     : of the order in which equally fitting evaluators are kept, so that no name is always first
    told     : hears (applications done, all) after each block
    Returns  : CSR arcs rounded to DECIMALS, with bands and evidence
    Notes    : texts beyond LONGEST_TEXT characters are cut; O(n·m) time in blocks of BLOCK rows; deterministic
    """
    n, m = len(applicants), len(experts)
    text = _similar([row.text for row in applicants], [row.text for row in experts])
    order = np.random.default_rng(seed).permutation(m)
    technology, industry = _technologies(applicants, experts), _Industries(experts)
    barred = csr_matrix(forbidden, dtype=bool) if forbidden is not None else csr_matrix((n, m), dtype=bool)
    parts, texts = [], []
    counts = np.zeros(1001, dtype=np.int64)
    for start in range(0, n, BLOCK):
        rows = slice(start, min(start + BLOCK, n))
        alike = text(rows)
        score = TEXT * alike + TECHNOLOGY * technology(rows) + INDUSTRY * industry(applicants[rows])
        score = np.round(np.clip(score, 0.0, 1.0), DECIMALS)
        counts += np.bincount((score * 1000).astype(np.int64).ravel(), minlength=1001)
        kept = _best(score, barred[rows].toarray(), top, order)
        parts.append(_only(score, kept))
        texts.append(_only(alike, kept))
        if told:
            told(rows.stop, n)
    matrix = vstack(parts, format="csr") if parts else csr_matrix((n, m))
    kept_text = vstack(texts, format="csr") if texts else csr_matrix((n, m))
    return Affinity(
        matrix, _quantile(counts, MIDDLE_FROM), _quantile(counts, HIGH_FROM), applicants, experts, kept_text
    )


def _only(values: np.ndarray, kept: np.ndarray) -> csr_matrix:
    """The kept cells as CSR; a kept zero stays an entry."""
    rows, cols = np.nonzero(kept)
    pointers = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])
    return csr_matrix((values[rows, cols].astype(np.float64), cols, pointers), shape=values.shape)


def _best(score: np.ndarray, barred: np.ndarray, top: int, order: np.ndarray) -> np.ndarray:
    """The `top` best of all (conflicts too: the plan tells how many it avoided) and the `top` best allowed."""
    if score.shape[1] <= top:
        return np.ones(score.shape, dtype=bool)
    shuffled, out = score[:, order], barred[:, order]
    ranked = np.argsort(-shuffled, axis=1, kind="stable")
    allowed = ~np.take_along_axis(out, ranked, axis=1)
    place = np.arange(score.shape[1])
    keep = (place < top) | (allowed & (np.cumsum(allowed, axis=1) <= top))
    kept = np.zeros(score.shape, dtype=bool)
    rows = np.broadcast_to(np.arange(len(score))[:, None], ranked.shape)[keep]
    kept[rows, order[ranked[keep]]] = True
    return kept


def _quantile(counts: np.ndarray, share: float) -> float:
    """Where a share of all pairs lies below, to a thousandth; just above 0 where most pairs have nothing in common."""
    total = counts.sum()
    if not total:
        return 1.0
    return max(int(np.searchsorted(np.cumsum(counts), share * total)), 1) / 1000


def _similar(needs: Sequence[str], fields: Sequence[str]) -> Callable[[slice], np.ndarray]:
    """Cosine of TF-IDF over character n-grams (1–3, within words), by rows of the needs.

    Notes: only n-grams that an evaluator uses are counted: others can't make anybody fit
    """
    from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

    counter = CountVectorizer(analyzer="char_wb", ngram_range=(1, 3), lowercase=True, dtype=np.float32)
    try:
        known = counter.fit_transform([one[:LONGEST_TEXT] for one in fields])
    except ValueError:  # nobody wrote a word
        return lambda rows: np.zeros((rows.stop - rows.start, len(fields)))
    blocks = [
        counter.transform([one[:LONGEST_TEXT] for one in needs[start : start + BLOCK]])
        for start in range(0, len(needs), BLOCK)
    ]
    weigh = TfidfTransformer(sublinear_tf=True).fit(vstack([known, *blocks], format="csr"))
    target = weigh.transform(known).T.tocsr()
    return lambda rows: (weigh.transform(blocks[rows.start // BLOCK]) @ target).toarray().astype(np.float64)


def _technologies(applicants: Sequence[Applicant], experts: Sequence[Expert]) -> Callable[[slice], np.ndarray]:
    codes = {code: at for at, code in enumerate(sorted({code for row in experts for code in row.technologies}))}
    known = np.zeros((len(codes), len(experts)))
    for column, row in enumerate(experts):
        known[[codes[code] for code in row.technologies], column] = 1.0

    def share(rows: slice) -> np.ndarray:
        chosen = applicants[rows]
        needed = np.zeros((len(chosen), len(codes)))
        for at, row in enumerate(chosen):
            needed[at, [codes[code] for code in row.technologies if code in codes]] = 1.0 / len(row.technologies or "1")
        return needed @ known

    return share


class _Industries:
    """Industry fits by the firm's code: a call has few different ones."""

    def __init__(self, experts: Sequence[Expert]) -> None:
        self._experts = experts
        self._rows: dict[str, np.ndarray] = {}

    def __call__(self, applicants: Sequence[Applicant]) -> np.ndarray:
        rows = [self._row(one.industry) for one in applicants]
        return np.vstack(rows) if rows else np.zeros((0, len(self._experts)))

    def _row(self, code: str) -> np.ndarray:
        if code not in self._rows:
            self._rows[code] = np.array([industry_fit(code, one.industries) for one in self._experts], dtype=float)
        return self._rows[code]
