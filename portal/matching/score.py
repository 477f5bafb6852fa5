"""How well a supplier fits, in parts that are sentences; the order of the list, with its place for newcomers. Pure.

Maxima: technology 30, sector record 15, level step 10, size 10, region 10, audit and outcome 15, after-care 10 = 100.
There is no paid rank and no hidden part: what is not in a sentence is not in the score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from portal.base.words import Words, say
from portal.directory.rules import NATIONWIDE
from portal.matching.rules import NEAR_TIE, NEWCOMER_EVERY, Candidate, Need, Record, draw_of, gate
from portal.programmes.rules import SystemLevel
from portal.reference.rules import SizeClass

MAXIMA = {
    "technology": 30.0,
    "sector": 15.0,
    "level": 10.0,
    "size": 10.0,
    "region": 10.0,
    "outcome": 15.0,
    "aftercare": 10.0,
}
PART_LABELS = {
    "technology": say("필요한 기술", "Technology needed"),
    "sector": say("업종 경험", "Industry record"),
    "level": say("수준 향상", "Level step"),
    "size": say("기업 규모", "Company size"),
    "region": say("지역", "Region"),
    "outcome": say("감리와 성과", "Audit and outcome"),
    "aftercare": say("사후관리", "After-care"),
}

# How many outcomes the mean of all suppliers stands for: a single lucky build proves little.
SHRINK = 6.0
PRIOR = 0.6


@dataclass(frozen=True)
class Part:
    """One part of a score: points out of a maximum, and why."""

    code: str
    points: float
    reason: Words

    @property
    def maximum(self) -> float:
        return MAXIMA[self.code]

    @property
    def label(self) -> Words:
        return PART_LABELS[self.code]


@dataclass(frozen=True)
class Scored:
    """A supplier with its place in a list."""

    candidate: Candidate
    parts: tuple[Part, ...]
    place: int = 0
    is_by_slot: bool = False

    @property
    def score(self) -> float:
        return round(sum(part.points for part in self.parts), 2)


@dataclass(frozen=True)
class Ranking:
    """The order, and how many suppliers each gate kept out."""

    rows: tuple[Scored, ...]
    dropped: Mapping[str, int]
    considered: int


def rank(
    need: Need, candidates: Sequence[Candidate], *, seed: str, technology_names: Mapping[str, Words], limit: int
) -> Ranking:
    """Gate, score and order suppliers for one company.

    seed  : published; near-ties (within `NEAR_TIE` points of the first of their group) rotate by it
    limit : how many places are given
    Returns: places from 1. Deterministic in its arguments, whatever the order of `candidates`.
    """
    dropped: Counter[str] = Counter()
    fitting = []
    for candidate in candidates:
        if code := gate(need, candidate):
            dropped[code] += 1
        else:
            fitting.append(candidate)
    mean = mean_outcome(fitting)
    scored = [
        Scored(candidate, parts_of(need, candidate, mean=mean, technology_names=technology_names))
        for candidate in fitting
    ]
    return Ranking(tuple(place(_rotated(scored, seed), limit)), dict(sorted(dropped.items())), len(candidates))


def _rotated(scored: Sequence[Scored], seed: str) -> list[Scored]:
    """Best first; who is nearly as good as the first of a group takes turns with it from day to day."""
    waiting = sorted(scored, key=lambda row: (-row.score, row.candidate.key))
    ordered: list[Scored] = []
    while waiting:
        group = [row for row in waiting if waiting[0].score - row.score <= NEAR_TIE]
        waiting = waiting[len(group) :]
        ordered += sorted(group, key=lambda row: draw_of(seed, row.candidate.key))
    return ordered


def place(ordered: Sequence[Scored], limit: int) -> list[Scored]:
    """Give places; every fifth one goes to the best newcomer unless one stands among the four before by its score."""
    waiting = list(ordered)
    placed: list[Scored] = []
    while waiting and len(placed) < limit:
        spot = len(placed) + 1
        chosen, by_slot = waiting[0], False
        if spot % NEWCOMER_EVERY == 0 and not any(row.candidate.is_newcomer for row in placed[-(NEWCOMER_EVERY - 1) :]):
            newcomer = next((row for row in waiting if row.candidate.is_newcomer), None)
            by_slot = newcomer is not None and newcomer is not chosen
            chosen = newcomer or chosen
        waiting.remove(chosen)
        placed.append(Scored(chosen.candidate, chosen.parts, spot, by_slot))
    return placed


# --- the parts ---------------------------------------------------------------------------------------------


def parts_of(
    need: Need, candidate: Candidate, *, mean: float = PRIOR, technology_names: Mapping[str, Words]
) -> tuple[Part, ...]:
    """All seven parts, in the order of `MAXIMA`."""
    return (
        technology(need, candidate, technology_names),
        sector(need, candidate),
        level(need, candidate),
        size(need, candidate),
        region(need, candidate),
        outcome(candidate, mean),
        aftercare(candidate),
    )


def _part(code: str, share: float, reason: Words) -> Part:
    return Part(code, round(MAXIMA[code] * min(max(share, 0.0), 1.0), 2), reason)


def technology(need: Need, candidate: Candidate, names: Mapping[str, Words]) -> Part:
    """Needed technologies: in full when a verified build used it, 55–75 % by the own estimate."""
    if not need.technologies:
        return _part(
            "technology",
            0.5,
            say(
                "필요한 기술을 아직 몰라 모두에게 가운데 점수를 주었습니다.",
                "No needed technology is known yet, so everybody gets the middle.",
            ),
        )
    built = {code for record in candidate.records for code in record.technologies}
    proven = [code for code in need.technologies if code in built]
    stated = [code for code in need.technologies if code not in built and code in candidate.technologies]
    share = sum(need.technologies[code] for code in proven)
    share += sum(need.technologies[code] * (0.5 + candidate.technologies[code] / 20) for code in stated)
    if not proven and not stated:
        return _part(
            "technology", 0.0, say("필요한 기술은 다루지 않습니다.", "Offers none of the technologies needed.")
        )
    said = []
    if proven:
        said.append(
            say("확인된 실적이 있는 기술: {names}", "Proven by builds: {names}").format(names=_list(proven, names))
        )
    if stated:
        said.append(
            say("할 수 있다고 적은 기술: {names}", "By its own account: {names}").format(names=_list(stated, names))
        )
    return _part("technology", share, _join(said))


def sector(need: Need, candidate: Candidate) -> Part:
    """Builds in the company's division of industry (n of n + 2), and whether the supplier names it."""
    division = (need.ksic or "")[:2]
    if not division:
        return _part("sector", 0.3, say("우리 업종이 아직 적혀 있지 않습니다.", "Your industry is not known yet."))
    builds = sum(record.ksic[:2] == division for record in candidate.records)
    is_named = any(code[:2] == division for code in candidate.sectors)
    share = 0.3 * is_named + 0.7 * builds / (builds + 2)
    if builds:
        reason = say("같은 업종에서 확인된 실적 {n}건", "Verified builds in your industry: {n}").format(n=builds)
    elif is_named:
        reason = say(
            "우리 업종을 맡는다고 적었지만 확인된 실적은 아직 없습니다.",
            "Names your industry; no verified build in it yet.",
        )
    else:
        reason = say("우리 업종의 경험이 없습니다.", "No experience in your industry.")
    return _part("sector", share, reason)


def level(need: Need, candidate: Candidate) -> Part:
    """Builds that reached their target at the level wanted or above (n of n + 1)."""
    wanted = need.target_level if need.target_level is not None else 1
    reached = sum(
        bool(record.is_level_reached) and record.achieved_level >= wanted  # type: ignore[operator]
        for record in candidate.records
    )
    name = SystemLevel(min(max(wanted, 0), 4)).label
    if reached:
        reason = say("‘{level}’ 이상으로 올린 실적 {n}건", "{n} builds reached “{level}” or above")
    else:
        reason = say("‘{level}’ 이상으로 올린 실적은 아직 없습니다.", "No build has reached “{level}” yet.")
    return _part("level", reached / (reached + 1), reason.format(level=name, n=reached))


def size(need: Need, candidate: Candidate) -> Part:
    """Builds at companies of the same size class (n of n + 1)."""
    if need.size is None:
        return _part("size", 0.3, say("우리 기업 규모가 아직 적혀 있지 않습니다.", "Your size is not known yet."))
    builds = sum(record.size == need.size for record in candidate.records)
    name = SizeClass(need.size).label
    if builds:
        reason = say("우리와 같은 규모({size})에서 실적 {n}건", "{n} builds at companies of your size ({size})")
    else:
        reason = say(
            "우리와 같은 규모({size})의 실적은 아직 없습니다.", "No build yet at a company of your size ({size})."
        )
    return _part("size", builds / (builds + 1), reason.format(size=name, n=builds))


def region(need: Need, candidate: Candidate) -> Part:
    """Seat in the same 시도, then serving it by name, then serving the whole country."""
    if not need.regions.isdisjoint(candidate.home):
        return _part("region", 1.0, say("같은 시·도에 있습니다.", "Based in your province."))
    if not need.regions.isdisjoint(candidate.regions):
        return _part("region", 0.8, say("우리 지역을 맡는다고 적었습니다.", "Says it serves your region."))
    if NATIONWIDE in candidate.regions:
        return _part("region", 0.6, say("전국을 맡는다고 적었습니다.", "Says it serves the whole country."))
    return _part("region", 0.0, say("우리 지역에서 일하지 않습니다.", "Does not serve your region."))


def outcomes(records: Iterable[Record]) -> tuple[int, int]:
    """How many of the told outcomes were good: audit passed at once, on time, level reached."""
    told = [
        bool(one)
        for record in records
        for one in (record.passed_first_audit, record.is_on_time, record.is_level_reached)
        if one is not None
    ]
    return sum(told), len(told)


def mean_outcome(candidates: Iterable[Candidate]) -> float:
    """The share of good outcomes over all suppliers, itself held back by `PRIOR` while there are few."""
    good, told = outcomes(record for candidate in candidates for record in candidate.records)
    return (good + SHRINK * PRIOR) / (told + SHRINK)


def outcome(candidate: Candidate, mean: float) -> Part:
    """Good outcomes of all told ones, drawn to the mean of all suppliers as if it had been seen `SHRINK` times."""
    good, told = outcomes(candidate.records)
    share = (good + SHRINK * mean) / (told + SHRINK)
    if not told:
        reason = say(
            "감리 기록이 아직 없어 전체 평균으로 셉니다.", "No audits on record yet: counted as the average of all."
        )
    else:
        reason = say(
            "감리·기한·목표 {told}번 가운데 {good}번 좋았습니다. 기록이 적을수록 전체 평균에 가깝게 셉니다.",
            "{good} of {told} audits, deadlines and targets went well; few records count closer to the average of all.",
        ).format(good=good, told=told)
    return _part("outcome", share, reason)


def aftercare(candidate: Candidate) -> Part:
    """How fast help comes after the build: measured in full, promised by half. 24 hours is best, a week is none."""
    measured = sorted(record.aftercare_hours for record in candidate.records if record.aftercare_hours is not None)
    if measured:
        hours = measured[(len(measured) - 1) // 2]
        reason = say(
            "구축 뒤 도움 요청에 보통 {h}시간 안에 답했습니다.", "Usually answered calls for help within {h} h."
        )
        return _part("aftercare", _quick(hours), reason.format(h=hours))
    if candidate.aftercare_hours:
        reason = say(
            "도움 요청에 {h}시간 안에 답하겠다고 약속했습니다. 아직 확인되지 않아 절반만 셉니다.",
            "Promises to answer within {h} h; not verified yet, so it counts by half.",
        )
        return _part("aftercare", _quick(candidate.aftercare_hours) / 2, reason.format(h=candidate.aftercare_hours))
    return _part("aftercare", 0.0, say("사후관리 약속이 없습니다.", "No promise about after-care."))


def _quick(hours: int) -> float:
    return min(1.0, max(0.0, (168 - hours) / (168 - 24)))


def _list(codes: Sequence[str], names: Mapping[str, Words]) -> Words:
    named = [names.get(code, say(code, code)) for code in codes]
    return say(", ".join(one.ko for one in named), ", ".join(one.en for one in named))


def _join(said: Sequence[Words]) -> Words:
    return say(" · ".join(one.ko for one in said), " · ".join(one.en for one in said))
